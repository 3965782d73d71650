/* SPDX-License-Identifier: MIT */
/* asm.c - `tidemark asm`: text to binary */
#include <argp.h>
#include <stdlib.h>

#include "cli.h"

struct args {
	const char *in;
	const char *out;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'o': args->out = arg; return 0;
	case ARGP_KEY_ARG:
		if (args->in)
			argp_error(state, "expected one file, got %s as well", arg);
		args->in = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->in)
			argp_error(state, "expected a file, got none");
		if (!args->out)
			argp_error(state, "expected --output=FILE, got none");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* A byte more would be another program, so all of it has to fit. */
enum { BINARY_MAX = 1 << 20 };

int cmd_asm(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "The binary program", 0 }, { 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE",
		.doc = "Turn a program into its binary encoding, as the fuzzers read it."
		       "\vExample: tidemark asm corpus/buddy/split.ops -o split",
	};
	struct args args = { .in = NULL };
	struct program *p = xmalloc(sizeof(*p));
	uint8_t *data = xmalloc(BINARY_MAX);
	int status = EXIT_TROUBLE;
	struct output out;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!op_load(args.in, p)) {
		status = EXIT_TROUBLE;
	} else if (p->state || p->config.policy.rules) {
		fprintf(stderr, "%s: expected a program that boot begins, got one with a state, "
			"which has no binary form\n", args.in);
	} else if (output_open(&out, args.out)) {
		fwrite(data, 1, op_encode(p, data, BINARY_MAX), out.file);
		if (output_close(&out))
			status = EXIT_GOOD;
	}
	free(data);
	op_discard(p);
	free(p);
	return status;
}
