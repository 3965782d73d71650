/* SPDX-License-Identifier: MIT */
/* replay.c - `tidemark replay`: run programs again and tell what happens */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct replay {
	struct paths	paths;
	bool		quiet;
	bool		every;
	bool		no_expect;
	struct run     *run;
	struct program *p;
	uint32_t	printed;	/* ops of this program that the trace has shown */
	uint32_t	passed, failed, unread;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct replay *replay = state->input;

	switch (key) {
	case 'q': replay->quiet = true; return 0;
	case 'e': replay->every = true; return 0;
	case 'x': replay->no_expect = true; return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	case ARGP_KEY_ARG:
		if (!paths_add(&replay->paths, arg))
			exit(EXIT_TROUBLE);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* --- the trace ---------------------------------------------------------------------------- */

static void print_line(const struct program *p, uint32_t op, const char *text)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (!f)
		return;
	op_print_op(p, op, f);
	fclose(f);
	printf("%5" PRIu32 "  %-*s%s%s\n", op + 1, *text ? 56 : 0, line, *text ? "  " : "", text);
	free(line);
}

/* Ops that run as interrupts have no call of their own: they wait for the next one. */
static void print_until(struct replay *replay, uint32_t op)
{
	for (; replay->printed < op; replay->printed++)
		print_line(replay->p, replay->printed, "");
}

/* Under a schedule ops end in any order: each in its CPU's column, when it ends. */
static void trace_column(const struct program *p, uint32_t op, const char *text)
{
	unsigned int cpu = p->ops[op].cpu;

	printf("cpu%u %*s", cpu, (int)(cpu % SCHED_CPUS) * 4, "");
	print_line(p, op, text);
	fflush(stdout);
}

static void trace_switch(void *to, const char *text)
{
	(void)to;
	printf("     -- %s\n", text);
}

static void trace(void *to, uint32_t op, const char *text)
{
	struct replay *replay = to;

	if (replay->p->schedule.kind != SCHED_NONE) {
		trace_column(replay->p, op, text);
		return;
	}

	print_until(replay, op);
	print_line(replay->p, op, text);
	fflush(stdout);			/* a crash may be next */
	replay->printed = op + 1;
}

/* --- findings ----------------------------------------------------------------------------- */

static void report(struct replay *replay, const char *path, bool recounted)
{
	const struct finding *f = run_finding(replay->run);
	uint32_t nr = replay->p->nr_ops;

	if (recounted || replay->quiet)
		replay->printed = 0;
	if (f->op != FINDING_AT_BOOT && replay->p->schedule.kind == SCHED_NONE)
		print_until(replay, f->op < nr ? f->op + 1 : nr);
	printf("%s: FAILED %s %s: %s\n", path, f->tag, f->place, f->what);
	if (f->op == FINDING_AT_BOOT)
		printf("  while the machine boots, before %" PRIu32 " ops\n", nr);
	else if (f->op < nr)
		printf("  at op %" PRIu32 " of %" PRIu32 "%s\n", f->op + 1, nr,
		       recounted ? ", by a full recount" : "");
	else
		printf("  at the end, after %" PRIu32 " ops%s\n", nr,
		       recounted ? ", with full recounts" : "");
	run_print_lists(replay->run, stdout);
	fflush(stdout);
}

static void print_pass(const struct run *r, const char *path)
{
	const struct run_stats *s = run_stats(r);

	printf("%s: passed, %" PRIu32 " ops: %" PRIu32 " ok, %" PRIu32 " failed, %" PRIu32
	       " stuck, %" PRIu32 " refused\n", path, s->ops, s->ok, s->failed, s->stuck,
	       s->refused);
	if (s->switches)
		printf("  %" PRIu64 " switches in %" PRIu64 " steps; of %" PRIu32 " requests that "
		       "others overlapped, %" PRIu32 " may go either way for that\n",
		       s->switches, s->steps, s->overlapped, s->may_overlapped);
	if (s->runs)
		printf("  %" PRIu32 " schedules, which are all\n", s->runs);
}

/*
 * A sanitizer ends the process by itself.  Where one is linked in, it calls
 * back first, so how far the program had come and the lists are told all the
 * same.  The callback carries no context, hence the one here.
 */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));
static struct replay *speaking;

static void last_words(void)
{
	struct replay *replay = speaking;

	speaking = NULL;		/* should the lists be what is broken */
	if (!replay)
		return;
	print_until(replay, replay->printed + (replay->printed < replay->p->nr_ops));
	printf("FAILED by the sanitizer's report\n  after %" PRIu32 " of %" PRIu32 " ops\n",
	       run_stats(replay->run)->ops, replay->p->nr_ops);
	run_print_lists(replay->run, stdout);
	fflush(stdout);
}

static void replay_file(struct replay *replay, const char *path)
{
	unsigned int flags = (replay->no_expect ? 0 : file_run_flags(path)) |
			     (replay->every ? RUN_VALIDATE : 0);
	bool ok, all;

	if (!op_load(path, replay->p)) {
		replay->unread++;
		return;
	}
	all = replay->p->schedule.kind == SCHED_EXHAUSTIVE;
	replay->printed = 0;
	if (!replay->quiet) {
		printf("# %s\n", path);
		if (!all) {
			run_on_op(replay->run, trace, replay);
			run_on_switch(replay->run, trace_switch, replay);
		}
		speaking = replay;
	}
	ok = run_program(replay->run, replay->p, flags, 0);
	run_on_op(replay->run, NULL, NULL);
	run_on_switch(replay->run, NULL, NULL);
	if (!ok) {
		report(replay, path, false);
	} else if (!replay->every && !all) {
		ok = recount_here(replay->run, replay->p, flags);
		if (!ok)
			report(replay, path, true);
	}
	speaking = NULL;
	if (ok && !replay->quiet)
		print_pass(replay->run, path);
	op_discard(replay->p);
	replay->passed += ok;
	replay->failed += !ok;
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "quiet", 'q', NULL, 0, "No trace; only findings and the summary", 0 },
		{ "every", 'e', NULL, 0, "Recount everything after every op of the traced run", 0 },
		{ "no-expect", 'x', NULL, 0, "Expectations do not count, as in fuzzing", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE...",
		.doc = "Run programs, text or binary, with all checks on: first as fuzzers do, "
		       "with a trace, then with full recounts.  Folders are searched.  "
		       "Expectations count in text only, where what is put in place has to fit."
		       "\vExample: tidemark replay build/crashes/pcp-X2-pcp.c-120",
	};
	struct replay replay = { .passed = 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &replay);
	replay.p = xmalloc(sizeof(*replay.p));
	replay.run = run_new();
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(last_words);
	for (size_t i = 0; i < replay.paths.nr; i++)
		replay_file(&replay, replay.paths.path[i]);
	printf("%" PRIu32 " passed, %" PRIu32 " failed", replay.passed, replay.failed);
	if (replay.unread)
		printf(", %" PRIu32 " not read", replay.unread);
	putchar('\n');
	run_delete(replay.run);
	free(replay.p);
	paths_free(&replay.paths);
	return replay.unread ? EXIT_TROUBLE : replay.failed ? EXIT_FINDING : EXIT_GOOD;
}
