/* SPDX-License-Identifier: GPL-2.0-only */
/* prepare.c - `tidemark linux prepare`: a window with programs for a guest */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "linux/linux.h"
#include "linux/programs.h"
#include "linux/reply.h"

enum { WINDOW_MIB = 64 };

struct args {
	const char *window;
	uint64_t cpus, nodes, mib, programs, ops, seed, bytes;
	uint64_t name;			/* of the guest, hashed */
	uint32_t themes;		/* bit per enum guest_theme; 0: all */
	struct paths files;		/* programs to put before those drawn */
	const char *before;		/* one whose ops run before each of them; or NULL */
	struct paths corpus;		/* and those of them that a guest can run */
};

static uint64_t number(struct argp_state *state, const char *what, const char *arg, uint64_t lo,
		       uint64_t hi)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(arg, &end, 0);
	if (errno || *end || end == arg || *arg == '-' || v < lo || v > hi)
		argp_error(state, "expected --%s=NUMBER from %" PRIu64 " to %" PRIu64 ", got %s",
			   what, lo, hi, arg);
	return v;
}

static void take_theme(struct argp_state *state, struct args *args, const char *arg)
{
	for (unsigned int i = 0; i < NR_GUEST_THEMES; i++)
		if (!strcmp(arg, guest_theme_names[i])) {
			args->themes |= 1u << i;
			return;
		}
	argp_error(state, "expected a theme out of mixed, sets, fragments, large, bottom, atomic, "
		   "zones; got %s", arg);
}

/* Every guest has programs of its own. */
static void take_name(struct args *args, const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 1099511628211u;
	args->name = hash;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'c': args->cpus = number(state, "cpus", arg, 1, MAX_CPUS); return 0;
	case 'd': args->nodes = number(state, "nodes", arg, 1, MAX_NODES); return 0;
	case 'm': args->mib = number(state, "mib", arg, 16, 1 << 20); return 0;
	case 'p': args->programs = number(state, "programs", arg, 0, WIRE_PROGRAMS_MAX); return 0;
	case 'n': args->ops = number(state, "ops", arg, 1, OPS_MAX); return 0;
	case 's': args->seed = number(state, "seed", arg, 0, UINT64_MAX); return 0;
	case 'b': args->bytes = number(state, "bytes", arg, 1 << 20, 1ULL << 32); return 0;
	case 'N': take_name(args, arg); return 0;
	case 't': take_theme(state, args, arg); return 0;
	case 'B': args->before = arg; return 0;
	case 'f':
		if (!paths_add(&args->files, arg))
			exit(EXIT_TROUBLE);
		return 0;
	case 'o':
		if (!paths_add(&args->corpus, arg))
			exit(EXIT_TROUBLE);
		return 0;
	case ARGP_KEY_ARG:
		if (args->window)
			argp_error(state, "expected one window, got %s as well", arg);
		args->window = arg;
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a window, got none"); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool add_file(struct window *w, const char *path, const struct program *before,
		     struct program *p)
{
	char wrong[REPLY_SENTENCE];
	bool ok;

	if (!op_load(path, p))
		return false;
	ok = window_add(w, before, p, wrong);
	op_discard(p);
	if (!ok)
		fprintf(stderr, "%s: expected a program for a guest, got another: %s\n", path,
			wrong);
	return ok;
}

/* The request as this guest can be asked: without sleep, on CPUs and nodes that it has. */
static void fit_request(const struct args *args, struct op *op)
{
	op->gfp = (op->gfp & GUEST_GFP) | __GFP_NOWARN;
	op->context &= GUEST_CONTEXTS;
	op->on = op->irq_at = 0;
	if (op->nid != NODE_NONE)
		op->nid = (uint8_t)(op->nid % args->nodes);
	if (op->nodes && !(op->nodes &= (uint8_t)((1u << args->nodes) - 1)))
		op->nodes = 1;
}

/* Leaves out what guests do not do; false if nothing is left. */
static bool fit_program(const struct args *args, struct program *p)
{
	uint32_t nr = 0, requests = 0;

	for (uint32_t i = 0; i < p->nr_ops; i++) {
		struct op *op = &p->ops[i];

		if (!(GUEST_OPS >> op->kind & 1))
			continue;
		if (op_kinds[op->kind].allocates) {
			fit_request(args, op);
			requests++;
		}
		op->cpu = (uint8_t)(op->cpu % args->cpus);
		p->ops[nr++] = *op;
	}
	p->nr_ops = nr;
	return requests > 0;
}

static void add_corpus(struct window *w, const struct args *args, struct program *p)
{
	char wrong[REPLY_SENTENCE];
	size_t added = 0;

	for (size_t i = 0; i < args->corpus.nr; i++) {
		if (!op_load(args->corpus.path[i], p))
			continue;		/* the parser's own seeds */
		added += fit_program(args, p) && window_add(w, NULL, p, wrong);
		op_discard(p);
	}
	printf("%s: %zu of %zu files have a program for the guest\n", args->window, added,
	       args->corpus.nr);
}

static bool add_drawn(struct window *w, const struct args *args, struct program *p)
{
	const struct guest_shape shape = {
		.cpus = (uint8_t)args->cpus, .nodes = (uint8_t)args->nodes,
		.pages = args->mib << 8 };
	uint32_t themes = args->themes ? args->themes : (1u << NR_GUEST_THEMES) - 1;
	char wrong[REPLY_SENTENCE];

	for (uint64_t i = 0; i < args->programs; i++) {
		unsigned int theme = 0;

		for (uint64_t n = i % popcount_u64(themes); ; theme++)
			if (themes >> theme & 1 && n-- == 0)
				break;
		guest_program(&shape, theme, (args->seed << 20) + args->name + i,
			      (uint32_t)args->ops, p);
		if (!window_add(w, NULL, p, wrong)) {
			fprintf(stderr, "%s: program %" PRIu64 ": %s\n", args->window, i, wrong);
			return false;
		}
	}
	return true;
}

static bool add_files(struct window *w, const struct args *args, struct program *p)
{
	struct program *before = NULL;
	bool ok = true;

	if (args->before) {
		before = xmalloc(sizeof(*before));
		ok = op_load(args->before, before);
	}
	for (size_t i = 0; ok && i < args->files.nr; i++)
		ok = add_file(w, args->files.path[i], before, p);
	if (before)
		op_discard(before);
	free(before);
	return ok;
}

static int prepare(const struct args *args)
{
	struct program *p = xmalloc(sizeof(*p));
	struct window w;
	bool ok;

	if (!window_open(&w, args->window, args->bytes)) {
		free(p);
		return EXIT_TROUBLE;
	}
	ok = add_files(&w, args, p);
	if (ok && args->corpus.nr)
		add_corpus(&w, args, p);
	ok = ok && add_drawn(&w, args, p);
	/* A guest takes no window that is not whole. */
	if (!ok)
		window_head(&w)->magic = 0;
	window_close(&w);
	free(p);
	return ok ? EXIT_GOOD : EXIT_TROUBLE;
}

int linux_prepare(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "cpus", 'c', "N", 0, "CPUs of the guest (1)", 0 },
		{ "nodes", 'd', "N", 0, "Nodes of the guest (1)", 0 },
		{ "mib", 'm', "N", 0, "Memory of the guest (512)", 0 },
		{ "programs", 'p', "N", 0, "How many to draw (14)", 0 },
		{ "ops", 'n', "N", 0, "Ops of each (4000)", 0 },
		{ "seed", 's', "N", 0, "The same seed draws the same programs (1)", 0 },
		{ "theme", 't', "NAME", 0, "mixed, sets, fragments, large, bottom, atomic or "
		  "zones; may be given again (all)", 0 },
		{ "file", 'f', "FILE", 0, "A program, or a folder of them, to put first", 0 },
		{ "before", 'B', "FILE", 0, "A program whose ops run before each of those, and "
		  "before the snapshot that it begins with", 0 },
		{ "corpus", 'o', "FOLDER", 0, "Programs whose requests fit once they may not "
		  "sleep, on CPUs and nodes that the guest has", 0 },
		{ "name", 'N', "NAME", 0, "Of the guest: others get other programs", 0 },
		{ "bytes", 'b', "N", 0, "Size of the window (64 MiB)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "WINDOW",
		.doc = "Write a window with programs for a guest's kernel, to be run there.",
	};
	struct args args = { .cpus = 1, .nodes = 1, .mib = 512, .programs = 14, .ops = 4000,
			     .seed = 1, .bytes = (uint64_t)WINDOW_MIB << 20 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = prepare(&args);
	paths_free(&args.files);
	paths_free(&args.corpus);
	return status;
}
