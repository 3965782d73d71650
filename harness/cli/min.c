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
	const char *ask;		/* a command in place of running the program; or NULL */
	bool	    no_expect;
	unsigned long seconds;		/* of CPU time; 0: as long as it takes */
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	char *end;

	switch (key) {
	case 'o': args->out = arg; return 0;
	case 'a': args->ask = arg; return 0;
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

static void said(const struct program *p, const struct args *args, const char *why,
		 uint32_t before, unsigned int tries)
{
	fprintf(stderr, "%s: %s: %" PRIu32 " ops, were %" PRIu32 ", %" PRIu32
		" switches, in %u tries\n", args->in, why, p->nr_ops, before,
		p->schedule.nr_switches, tries);
}

/* Fewer ops are another question: what was expected of all of them says nothing. */
static int min_asking(struct program *p, const struct args *args)
{
	uint32_t before;
	struct output out;
	unsigned int tries;
	bool failed;

	if (!op_load(args->in, p))
		return EXIT_TROUBLE;
	op_discard(p);
	for (uint32_t i = 0; i < p->nr_ops; i++)
		p->ops[i].expect = EXPECT_ANY;
	op_normalize(p);
	if (!trial_asked(args->ask, p, &failed)) {
		if (!failed)
			fprintf(stderr, "%s: expected a program to which the command says 0, got "
				"one to which it says 1\n", args->in);
		return EXIT_TROUBLE;
	}
	if (!output_open(&out, args->out))
		return EXIT_TROUBLE;
	before = p->nr_ops;
	if (!shrink_asking(p, args->ask, args->seconds, &tries)) {
		output_abandon(&out);
		return EXIT_TROUBLE;
	}
	op_print(p, out.file);
	said(p, args, "the command says so", before, tries);
	return output_close(&out) ? EXIT_GOOD : EXIT_TROUBLE;
}

static int min(struct program *p, const struct args *args)
{
	char why[sizeof(((struct outcome *)NULL)->tag) + sizeof(((struct outcome *)NULL)->place)];
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
	snprintf(why, sizeof(why), "%s %s", want.tag, want.place);
	said(p, args, why, before, tries);
	return output_close(&out) ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_min(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write there instead of to standard output", 0 },
		{ "ask", 'a', "COMMAND", 0, "Run no program, but leave out what can be left out as "
		  "long as COMMAND, with the name of a text, exits with 0 and not with 1", 0 },
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
		       "fails; with --ask what it expects is dropped, since that is not the "
		       "answer to fewer ops."
		       "\vExample: tidemark min build/crashes/pcp-X2-pcp.c-120 -o small.ops",
	};
	struct args args = { .in = NULL };
	struct program *p = xmalloc(sizeof(*p));
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = args.ask ? min_asking(p, &args) : min(p, &args);
	op_discard(p);
	free(p);
	return status;
}
