/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.c - `tidemark linux trace`: how much of a guest's real work core foretells */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "linux/linux.h"
#include "linux/trace.h"

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct paths *paths = state->input;

	switch (key) {
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a window, got none"); return 0;
	case ARGP_KEY_ARG:
		if (!paths_add(paths, arg))
			exit(EXIT_TROUBLE);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void print_counts(const char *name, const struct trace_counts *c)
{
	printf("%-14s %8" PRIu64 " events, %8" PRIu64 " allocations, %8" PRIu64 " foretold: %.3f %%"
	       ", %" PRIu64 " resynchronised, %" PRIu64 " lost; at the end %s\n", name, c->events,
	       c->allocs, c->hits, c->allocs ? 100.0 * (double)c->hits / (double)c->allocs : 0.0,
	       c->resynced, c->lost, c->ended_equal ? "equal" : c->at_end);
	if (c->marked)
		printf("%-14s %8" PRIu64 " of %" PRIu64 " blocks moved as there, %" PRIu64
		       " sets refused, %" PRIu64 " pages retyped, %" PRIu64
		       " steps of unknown time\n", "", c->same_moves, c->moves, c->refused,
		       c->retyped, c->unplaced);
	if (c->missing)
		printf("%-14s %8" PRIu64 " events missing\n", "", c->missing);
	if (c->first_move[0])
		printf("%-14s %s\n", "", c->first_move);
	if (c->first_miss[0])
		printf("%-14s %s\n", "", c->first_miss);
}

/* Adds up; false when the window cannot be read. */
static bool trace_window(const char *path, uint64_t *allocs, uint64_t *hits, uint64_t *others)
{
	const struct wire_head *head;
	struct trace_counts c;
	char wrong[REPLY_SENTENCE] = "no trace in it";
	struct window w;
	bool ok = false;

	if (!window_open(&w, path, 0))
		return false;
	head = window_head(&w);
	for (unsigned int i = 0; !window_check(&w) && i < head->nr_blobs && i < WIRE_BLOBS_MAX;
	     i++) {
		const struct wire_blob *b = &head->blobs[i];

		if (strncmp(b->name, "trace.", 6))
			continue;
		ok = trace_replay(&w, b, &c, wrong);
		if (!ok)
			break;
		print_counts(b->name + 6, &c);
		*allocs += c.allocs;
		*hits += c.hits;
		*others += !trace_agrees(&c);
	}
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, wrong);
	window_close(&w);
	return ok;
}

int linux_trace(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = option,
		.args_doc = "WINDOW...",
		.doc = "Replay the kmem events that a guest recorded, in core, from the state "
		       "before them, in the order in which they took effect, and say for how "
		       "many allocations core had the same page, and how many blocks it moved "
		       "between sets and buddy at the same point.",
	};
	uint64_t allocs = 0, hits = 0, others = 0;
	struct paths paths = { .nr = 0 };
	int status = EXIT_GOOD;

	argp_parse(&argp, argc, argv, 0, NULL, &paths);
	for (size_t i = 0; i < paths.nr; i++)
		if (!trace_window(paths.path[i], &allocs, &hits, &others))
			status = EXIT_TROUBLE;
	printf("all: %" PRIu64 " of %" PRIu64 " allocations foretold, %.3f %%; %" PRIu64
	       " recordings differ\n", hits, allocs,
	       allocs ? 100.0 * (double)hits / (double)allocs : 0.0, others);
	if (status == EXIT_GOOD && (!allocs || hits * 100 < allocs * 99 || others))
		status = EXIT_FINDING;
	paths_free(&paths);
	return status;
}
