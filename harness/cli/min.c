/* SPDX-License-Identifier: MIT */
/* min.c - `tidemark min`: make a failing program smaller */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct args {
	const char *in;
	const char *out;
	bool	    no_expect;
	unsigned long seconds;		/* of CPU time; 0: as long as it takes */
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	char *end;

	switch (key) {
	case 'o': args->out = arg; return 0;
	case 'x': args->no_expect = true; return 0;
	case 's':
		args->seconds = strtoul(arg, &end, 10);
		if (*end || end == arg || !args->seconds)
			argp_error(state, "expected --seconds= to be a number above 0, got %s",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		if (args->in)
			argp_error(state, "expected one file, got %s as well", arg);
		args->in = arg;
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/*
 * Does it fail for what another machine answered?  Those answers are to these
 * ops and no others: fewer ops are a question that only that machine can answer.
 */
static bool is_recorded(const struct program *p, const struct outcome *out)
{
	if (!strcmp(out->tag, "EXPECT"))
		for (uint32_t i = 0; i < p->nr_ops; i++)
			if (p->ops[i].expect == EXPECT_PAGES)
				return true;
	return false;
}

static int min(struct program *p, const struct args *args)
{
	struct outcome want, now;
	struct output out;
	unsigned int flags, tries = 0;
	uint32_t before;

	if (!op_load(args->in, p))
		return EXIT_TROUBLE;
	flags = args->no_expect ? 0 : file_run_flags(args->in);
	trial_apart(p, flags, &want, NULL);
	if (want.clean) {
		fprintf(stderr, "%s: expected a program that fails, got one that passes\n",
			args->in);
		return EXIT_TROUBLE;
	}
	if (!output_open(&out, args->out))
		return EXIT_TROUBLE;
	before = p->nr_ops;
	if (!is_recorded(p, &want)) {
		tries = shrink(p, flags, &want, args->seconds);
	} else {
		p->nr_ops = want.op < p->nr_ops ? want.op + 1 : p->nr_ops;
		fprintf(stderr, "%s: pages that a kernel handed out: only cut to where it fails; "
			"harness/linux/shrink.py asks the kernel about fewer ops\n", args->in);
	}
	trial_apart(p, flags, &now, NULL);
	fprintf(out.file, "# %s %s: %s\n", now.tag, now.place, now.what);
	trial_apart(p, RUN_EXPECT, &now, NULL);
	if (!outcome_same(&now, &want))
		fputs("# Replay it with --no-expect.\n", out.file);
	op_print(p, out.file);
	fprintf(stderr, "%s: %s %s: %" PRIu32 " ops, were %" PRIu32 ", %" PRIu32
		" switches, in %u tries\n", args->in, want.tag, want.place, p->nr_ops, before,
		p->schedule.nr_switches, tries);
	return output_close(&out) ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_min(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write there instead of to standard output", 0 },
		{ "seconds", 's', "N", 0, "End after so much CPU time with what there is", 0 },
		{ "no-expect", 'x', NULL, 0, "Expectations do not count, as in fuzzing", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE",
		.doc = "Leave out ops and simplify what is left, and the machine, as long as the "
		       "program fails with the same tag at the same place.  The result is text.  A "
		       "program that expects the pages of a real kernel is only cut where it "
		       "fails."
		       "\vExample: tidemark min build/crashes/pcp-X2-pcp.c-120 -o small.ops",
	};
	struct args args = { .in = NULL };
	struct program *p = xmalloc(sizeof(*p));
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = min(p, &args);
	op_discard(p);
	free(p);
	return status;
}
