/* SPDX-License-Identifier: MIT */
/* gen.c - `tidemark gen`: a random program */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "targets.h"

struct args {
	uint64_t    seed;
	uint64_t    ops;
	const char *theme;
	const char *out;
};

static uint64_t number(struct argp_state *state, const char *option, const char *arg, uint64_t max)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(arg, &end, 0);
	if (errno || *end || end == arg || *arg == '-' || v > max)
		argp_error(state, "expected --%s=NUMBER of at most %" PRIu64 ", got %s", option,
			   max, arg);
	return v;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 's': args->seed = number(state, "seed", arg, UINT64_MAX); return 0;
	case 'n': args->ops = number(state, "ops", arg, OPS_MAX); return 0;
	case 't': args->theme = arg; return 0;
	case 'o': args->out = arg; return 0;
	case ARGP_KEY_ARG: argp_error(state, "expected no file, got %s", arg); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int unknown_theme(const char *name)
{
	fprintf(stderr, "tidemark gen: expected a theme out of");
	for (unsigned int i = 0; target_at(i); i++)
		fprintf(stderr, "%s %s", i ? "," : "", target_at(i)->name);
	fprintf(stderr, "; got %s\n", name);
	return EXIT_TROUBLE;
}

int cmd_gen(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "seed", 's', "N", 0, "The same seed gives the same program (default 1)", 0 },
		{ "ops", 'n', "N", 0, "How many ops (default 32)", 0 },
		{ "theme", 't', "NAME", 0, "What a fuzz target wants (default page_alloc)", 0 },
		{ "output", 'o', "FILE", 0, "Write there instead of to standard output", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.doc = "Print a random program, a machine and ops."
		       "\vExample: tidemark gen --seed=7 --ops=100 --theme=pcp > pcp.ops",
	};
	struct args args = { .seed = 1, .ops = 32, .theme = "page_alloc" };
	const struct target *target;
	struct program *p;
	struct output out;
	bool ok;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	target = target_find(args.theme);
	if (!target)
		return unknown_theme(args.theme);
	if (!output_open(&out, args.out))
		return EXIT_TROUBLE;
	p = xmalloc(sizeof(*p));
	world_draw(&target->theme, args.seed, (uint32_t)args.ops, p);
	fprintf(out.file, "# tidemark gen --seed=%" PRIu64 " --ops=%" PRIu64 " --theme=%s\n",
		args.seed, args.ops, args.theme);
	fputs("# Nothing here is an expectation: replay it with --no-expect.\n", out.file);
	op_print(p, out.file);
	ok = output_close(&out);
	free(p);
	return ok ? EXIT_GOOD : EXIT_TROUBLE;
}
