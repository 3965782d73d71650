/* SPDX-License-Identifier: MIT */
/* import_stress.c - `tidemark import-stress`: a failure of real threads as a program */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "stress_log.h"
#include "world.h"

enum { TRIES = 50 };

struct args {
	const char *in;
	const char *out;
	uint32_t    tries;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	char *end;

	switch (key) {
	case 'o': args->out = arg; return 0;
	case 'n':
		args->tries = (uint32_t)strtoul(arg, &end, 10);
		if (*end || end == arg || !args->tries)
			argp_error(state, "--tries: expected a number from 1, got %s", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (args->in)
			argp_error(state, "expected one log, got %s as well", arg);
		args->in = arg;
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a log, got none"); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The finding's first word is its tag. */
static bool same_tag(const struct outcome *found, const char *finding)
{
	size_t len = strcspn(finding, " ");

	return !found->clean && strlen(found->tag) == len && !strncmp(found->tag, finding, len);
}

/* An order like the one in the log: some interrupts strike elsewhere, some neighbours swap. */
static void vary(struct program *p, const struct program *from, uint64_t *rng)
{
	memcpy(p, from, sizeof(*p));
	for (uint32_t i = 0; i + 1 < p->nr_ops; i++) {
		struct op *a = &p->ops[i], *b = &p->ops[i + 1];

		if (a->irq_at && rng_chance(rng, 64))
			a->irq_at = (uint8_t)(1 + rng_below(rng, 2u * a->irq_at));
		/* Slots are numbered by who fills them, so those stay in order. */
		if (a->cpu != b->cpu && !a->irq_at && !b->irq_at && rng_chance(rng, 16) &&
		    !op_kinds[a->kind].allocates && !op_kinds[b->kind].allocates) {
			struct op swapped = *a;

			*a = *b;
			*b = swapped;
		}
	}
	op_normalize(p);
}

static void print_counts(const struct args *args, const struct stress_log *log,
			 const struct stress_log_counts *c, const struct program *p)
{
	fprintf(stderr, "%s: %s\n", args->in, stress_log_finding(log));
	fprintf(stderr, "  %" PRIu32 " ops read, %" PRIu32 " in the program, %" PRIu32
		" left out; %" PRIu32 " turns of locks, %" PRIu32 " not in order\n", c->ops,
		p->nr_ops, c->left_out, c->turns, c->forced);
	if (c->lost || c->left_out)
		fprintf(stderr, "  the log does not go back to the boot (%" PRIu64 " records are "
			"gone): use --round=N when stressing\n", c->lost);
}

/* How many of the tries end like the log; *kept is the first of them. */
static uint32_t try_variants(const struct program *p, const struct stress_log *log,
			     uint32_t tries, struct program *kept)
{
	struct program *variant = xmalloc(sizeof(*variant));
	struct outcome out;
	uint32_t hits = 0;
	uint64_t rng = 1;

	for (uint32_t i = 0; i < tries; i++) {
		vary(variant, p, &rng);
		trial_apart(variant, 0, &out);
		if (same_tag(&out, stress_log_finding(log)) && !hits++)
			memcpy(kept, variant, sizeof(*kept));
	}
	free(variant);
	return hits;
}

static bool write_program(const struct args *args, const struct stress_log *log,
			  const struct program *p, bool reproduces)
{
	struct output out;

	if (!output_open(&out, args->out))
		return false;
	fprintf(out.file, "# From a stress log: %s\n# %s\n", stress_log_finding(log), reproduces ?
		"Fails in the same way." : "Does not fail: what is missing is how the CPUs met.");
	op_print(p, out.file);
	return output_close(&out);
}

static int import_stress(const struct args *args)
{
	struct program *p = xmalloc(sizeof(*p)), *kept = xmalloc(sizeof(*kept));
	struct stress_log *log = stress_log_read(args->in);
	struct stress_log_counts counts;
	struct outcome out;
	bool same, written;
	uint32_t hits;

	if (!log)
		return EXIT_TROUBLE;
	stress_log_program(log, p, &counts);
	print_counts(args, log, &counts, p);
	trial_apart(p, 0, &out);
	same = same_tag(&out, stress_log_finding(log));
	if (out.clean)
		fprintf(stderr, "  as recorded: nothing is found\n");
	else
		fprintf(stderr, "  as recorded: %s %s: %s%s\n", out.tag, out.place, out.what,
			same ? "" : " (another finding)");
	hits = try_variants(p, log, args->tries, kept);
	fprintf(stderr, "  reproduced by %u of 1 as recorded, by %" PRIu32 " of %" PRIu32
		" varied a little\n", same, hits, args->tries);
	written = write_program(args, log, same || !hits ? p : kept, same || hits);
	stress_log_free(log);
	free(p);
	free(kept);
	return !written ? EXIT_TROUBLE : same || hits ? EXIT_FINDING : EXIT_GOOD;
}

int cmd_import_stress(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write there instead of to standard output", 0 },
		{ "tries", 'n', "N", 0, "Variants to try (default 50)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "LOG",
		.doc = "Turn the log of a failed stress run into a program whose ops come in the "
		       "order of the locks' turns, and try whether it fails as well.  The "
		       "program is printed whether or not it does."
		       "\vExample: tidemark import-stress tidemark-stress.log -o found.ops",
	};
	struct args args = { .tries = TRIES };

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	return import_stress(&args);
}
