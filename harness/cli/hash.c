/* SPDX-License-Identifier: MIT */
/* hash.c - `tidemark hash`: the state after every op, as a number (X10) */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"

struct args {
	struct paths paths;
	bool	     final;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'f': args->final = true; return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	case ARGP_KEY_ARG:
		if (!paths_add(&args->paths, arg))
			exit(EXIT_TROUBLE);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void print_hash(void *to, uint32_t op, uint64_t hash)
{
	const struct program *p = to;

	printf("%016" PRIx64 " %4" PRIu32 " ", hash, op + 1);
	op_print_op(p, op, stdout);
	putchar('\n');
}

static int hash_file(struct run *r, struct program *p, const char *path, const struct args *args)
{
	const struct finding *f = run_finding(r);

	if (!op_load(path, p))
		return EXIT_TROUBLE;
	if (!args->final && args->paths.nr > 1)
		printf("# %s\n", path);
	if (!args->final)
		run_on_hash(r, print_hash, p);
	if (!run_program(r, p, RUN_HASH, 0)) {
		fprintf(stderr, "%s: %s %s: %s\n", path, f->tag, f->place, f->what);
		return EXIT_FINDING;
	}
	if (args->final)
		printf("%016" PRIx64 " %s\n", run_stats(r)->state_hash, path);
	return EXIT_GOOD;
}

int cmd_hash(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "final", 'f', NULL, 0, "Only the hash after the last op, one line per file", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE...",
		.doc = "Print the hash of all of the machine's state after every op.  It is equal "
		       "on every build, compiler and architecture."
		       "\vExample: tidemark hash --final corpus",
	};
	struct args args = { .final = false };
	struct program *p = xmalloc(sizeof(*p));
	struct run *r = run_new();
	int status = EXIT_GOOD;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	for (size_t i = 0; i < args.paths.nr; i++) {
		int one = hash_file(r, p, args.paths.path[i], &args);

		op_discard(p);
		status = one > status ? one : status;
	}
	run_delete(r);
	paths_free(&args.paths);
	free(p);
	return status;
}
