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

/* An order like the one in the log: interrupts strike a little elsewhere, and so do switches. */
static void vary(struct program *p, uint64_t *rng)
{
	struct schedule *s = &p->schedule;

	for (uint32_t i = 0; i < p->nr_ops; i++)
		if (p->ops[i].irq_at && rng_chance(rng, 64))
			p->ops[i].irq_at = (uint8_t)(1 + rng_below(rng, 2u * p->ops[i].irq_at));
	for (uint32_t i = 0; i < s->nr_switches; i++) {
		struct sched_switch *sw = &s->switches[i];

		if (rng_chance(rng, 16))
			sw->to = (uint8_t)rng_below(rng, p->config.nr_cpus);
		if (rng_chance(rng, 64))
			sw->step = (uint32_t)(1 + rng_below(rng, sw->step + 8));
	}
}

/* The same ops, in an order of its own: what it does not say, chance does. */
static void shuffle(struct program *p, uint64_t *rng)
{
	memset(&p->schedule, 0, sizeof(p->schedule));
	p->schedule.kind = rng_chance(rng, 128) ? SCHED_BURST : SCHED_PCT;
	p->schedule.depth = (uint8_t)(1 + rng_below(rng, 4));
	p->schedule.seed = rng_next(rng);
}

static void print_counts(const struct args *args, const struct stress_log *log,
			 const struct stress_log_counts *c, const struct program *p)
{
	fprintf(stderr, "%s: %s\n", args->in, stress_log_finding(log));
	fprintf(stderr, "  %" PRIu32 " ops read, %" PRIu32 " in the program, %" PRIu32
		" left out; %" PRIu32 " turns of locks, %" PRIu32 " not in order, %" PRIu32
		" switches\n", c->ops, p->nr_ops, c->left_out, c->turns, c->forced, c->switches);
	if (c->lost || c->left_out)
		fprintf(stderr, "  the log does not go back to the boot (%" PRIu64 " records are "
			"gone): use --round=N when stressing\n", c->lost);
}

/* What a way of running the ops came to. */
struct rate {
	uint32_t failed;		/* in any way */
	uint32_t same;			/* with the log's tag */
};

/* The first program that fails like the log is kept, or else the first that fails. */
struct kept {
	struct program *program;
	struct outcome	out;
	bool		any, same;
};

static void in_one_order(struct program *p, uint64_t *rng)
{
	(void)rng;
	memset(&p->schedule, 0, sizeof(p->schedule));
}

static void as_recorded(struct program *p, uint64_t *rng)
{
	(void)p;
	(void)rng;
}

static struct rate try_way(const struct program *p, const struct stress_log *log, uint32_t tries,
			   void (*change)(struct program *p, uint64_t *rng), struct kept *kept)
{
	struct program *variant = xmalloc(sizeof(*variant));
	struct rate rate = { 0 };
	uint64_t rng = 1;

	for (uint32_t i = 0; i < tries; i++) {
		struct outcome out;
		bool same;

		memcpy(variant, p, sizeof(*variant));
		change(variant, &rng);
		op_normalize(variant);
		trial_apart(variant, 0, &out, NULL);
		same = same_tag(&out, stress_log_finding(log));
		rate.failed += !out.clean;
		rate.same += same;
		if (!out.clean && (!kept->any || (same && !kept->same))) {
			memcpy(kept->program, variant, sizeof(*variant));
			kept->out = out;
			kept->any = true;
			kept->same = same;
		}
	}
	free(variant);
	return rate;
}

/* A try that ends with another tag may have met the same bug earlier: it is counted apart. */
static void try_all(const struct program *p, const struct stress_log *log, uint32_t tries,
		    struct kept *kept)
{
	const struct {
		const char *name;
		void	   (*change)(struct program *p, uint64_t *rng);
		uint32_t    tries;
	} ways[] = {
		{ "as recorded", as_recorded, 1 },
		{ "op after op", in_one_order, 1 },
		{ "varied a little", vary, tries },
		{ "in random orders", shuffle, tries },
	};

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct rate rate = try_way(p, log, ways[i].tries, ways[i].change, kept);

		fprintf(stderr, "  %-17s %3" PRIu32 " of %3" PRIu32 " reproduce it, %" PRIu32
			" fail in another way\n", ways[i].name, rate.same, ways[i].tries,
			rate.failed - rate.same);
	}
}

static bool write_program(const struct args *args, const struct stress_log *log,
			  const struct program *p, const struct kept *kept)
{
	struct output out;

	if (!output_open(&out, args->out))
		return false;
	fprintf(out.file, "# From a stress log: %s\n", stress_log_finding(log));
	if (kept->any)
		fprintf(out.file, "# Here: %s %s %s\n", kept->out.tag, kept->out.place,
			kept->out.what);
	else
		fputs("# Here nothing is found: how the CPUs met between locks is not known.\n",
		      out.file);
	op_print(kept->any ? kept->program : p, out.file);
	return output_close(&out);
}

static int import_stress(const struct args *args)
{
	struct program *p = xmalloc(sizeof(*p));
	struct kept kept = { .program = xmalloc(sizeof(*kept.program)) };
	struct stress_log *log = stress_log_read(args->in);
	struct stress_log_counts counts;
	bool written;

	if (!log)
		return EXIT_TROUBLE;
	stress_log_program(log, p, &counts);
	print_counts(args, log, &counts, p);
	try_all(p, log, args->tries, &kept);
	written = write_program(args, log, p, &kept);
	stress_log_free(log);
	free(p);
	free(kept.program);
	return !written ? EXIT_TROUBLE : kept.any ? EXIT_FINDING : EXIT_GOOD;
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
		.doc = "Turn the log of a failed stress run into a program whose ops, and CPUs, "
		       "come in the order of the locks' turns, and try whether it fails as "
		       "well.  The program is printed whether or not it does."
		       "\vExample: tidemark import-stress tidemark-stress.log -o found.ops",
	};
	struct args args = { .tries = TRIES };

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	return import_stress(&args);
}
