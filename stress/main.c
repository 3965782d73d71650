/* SPDX-License-Identifier: MIT */
/*
 * main.c - the `stress` program: options, the machine, one session per stressor
 *
 * It is not part of the tidemark program, since core is compiled with other
 * hooks here; `tidemark stress` starts it.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stress.h"

enum { EXIT_TROUBLE = 2 };

/* Half a gigabyte: small enough to fill in a blink, in two zones with sets of a usual size. */
static const char built_in[] = "tidemark 1\nmachine cpus=%u zones=DMA,DMA32,Normal,Movable\n"
			       "zone DMA start=1 spanned=4095\n"
			       "zone DMA32 start=4096 spanned=61440\n"
			       "zone Normal start=1048576 spanned=65536\nops\n";

struct args {
	struct options options;
	unsigned int   nr;
	const struct stressor_row *rows[64];	/* to run; none: all */
};

/* --- options ------------------------------------------------------------------------------ */

static uint64_t number(struct argp_state *state, const char *what, const char *arg, uint64_t lo,
		       uint64_t hi)
{
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(arg, &end, 0);
	if (errno || *end || end == arg || *arg == '-' || v < lo || v > hi)
		argp_error(state, "%s: expected a number from %llu to %llu, got %s", what,
			   (unsigned long long)lo, (unsigned long long)hi, arg);
	return v;
}

static double seconds(struct argp_state *state, const char *arg)
{
	char *end;
	double v = strtod(arg, &end);

	if (*end || end == arg || !(v > 0 && v < 1e7))
		argp_error(state, "--seconds: expected a positive number, got %s", arg);
	return v;
}

static void add_stressor(struct argp_state *state, const char *name)
{
	struct args *args = state->input;

	for (unsigned int i = 0; i < nr_stressors; i++) {
		if (strcmp(stressors[i].name, name))
			continue;
		if (args->nr < sizeof(args->rows) / sizeof(args->rows[0]))
			args->rows[args->nr++] = &stressors[i];
		return;
	}
	argp_error(state, "expected the name of a stressor (see --list), got %s", name);
}

static void list(void)
{
	for (unsigned int i = 0; i < nr_stressors; i++)
		printf("%-9s %s\n", stressors[i].name, stressors[i].about);
	exit(0);
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	struct options *o = &args->options;

	switch (key) {
	case 't':
		o->threads = (unsigned int)number(state, "--threads", arg, 1, MAX_CPUS);
		return 0;
	case 's': o->seconds = seconds(state, arg); return 0;
	case 'o': o->ops = number(state, "--ops", arg, 1, UINT32_MAX); return 0;
	case 'r': o->round = number(state, "--round", arg, 1, UINT32_MAX); return 0;
	case 'S': o->seed = number(state, "--seed", arg, 0, UINT64_MAX); return 0;
	case 'm': o->machine = arg; return 0;
	case 'j': o->json = true; return 0;
	case 'c':
		o->scaling = (unsigned int)number(state, "--scaling", arg ? arg : "9", 1,
						  SCALING_ROUNDS_MAX);
		return 0;
	case 'L': o->log = *arg ? arg : NULL; return 0;
	case 'l': list(); return 0;
	case ARGP_KEY_ARG: add_stressor(state, arg); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "threads", 't', "N", 0, "Threads, each a CPU (default 2)", 0 },
	{ "seconds", 's', "S", 0, "For all stressors together (default 60)", 0 },
	{ "ops", 'o', "N", 0, "End each thread of each stressor after N ops instead", 0 },
	{ "round", 'r', "N", 0, "Boot anew after N ops of each thread, so that a failure's log "
	  "goes back to the boot", 0 },
	{ "seed", 'S', "N", 0, "What is drawn (default: from the clock)", 0 },
	{ "machine", 'm', "FILE", 0, "A program, text or binary, whose machine to use", 0 },
	{ "log", 'L', "FILE", 0, "Where a failure's op logs go (default tidemark-stress.log; "
	  "nothing: keep none)", 0 },
	{ "scaling", 'c', "ROUNDS", OPTION_ARG_OPTIONAL, "One thread against all of them, "
	  "together and each with an allocator of its own, by turns: what more threads are "
	  "worth, and what this machine would let them be (default 9 rounds)", 0 },
	{ "json", 'j', NULL, 0, "One JSON object, for programs", 0 },
	{ "list", 'l', NULL, 0, "Print the stressors and what they do", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = option,
	.args_doc = "[STRESSOR...]",
	.doc = "Let real threads use one machine, and recount everything while they do."
	       "\vExample: tidemark stress churn handoff --threads=8 --seconds=20\n"
	       "The seed fixes what each thread asks for, not how threads meet.\n"
	       "Exit status: 0 nothing found, 1 something found, 2 trouble.",
};

/* ThreadSanitizer's report is a finding like others, and the first one is enough. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1:exitcode=1:second_deadlock_stack=1";
}

/* --- the machine -------------------------------------------------------------------------- */

static void load_machine(const struct options *o, struct program *p)
{
	struct op_error error;
	char text[512];

	if (o->machine) {
		if (!op_load(o->machine, p))
			exit(EXIT_TROUBLE);
		if (p->config.nr_cpus < o->threads) {
			fprintf(stderr, "%s: expected a machine of at least %u CPUs, one per "
				"thread, got %u\n", o->machine, o->threads, p->config.nr_cpus);
			exit(EXIT_TROUBLE);
		}
		return;
	}
	snprintf(text, sizeof(text), built_in, o->threads > 1 ? o->threads : 2);
	if (!op_parse(text, strlen(text), p, &error)) {
		fprintf(stderr, "stress: built-in machine: line %u: %s\n", error.line, error.what);
		exit(EXIT_TROUBLE);
	}
}

static uint64_t clock_seed(void)
{
	struct timespec t;
	uint64_t state;

	clock_gettime(CLOCK_REALTIME, &t);
	state = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	return rng_next(&state) >> 32;
}

int main(int argc, char **argv)
{
	struct args args = { .options = { .threads = 2, .seconds = 60, .seed = clock_seed(),
					  .log = "tidemark-stress.log" } };
	struct program *p = calloc(1, sizeof(*p));
	struct result *results;

	argp_program_version = "tidemark 0.1";
	argp_err_exit_status = EXIT_TROUBLE;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.nr)
		for (; args.nr < nr_stressors; args.nr++)
			args.rows[args.nr] = &stressors[args.nr];
	results = calloc(args.nr, sizeof(*results));
	if (!p || !results) {
		perror("stress: memory");
		return EXIT_TROUBLE;
	}
	load_machine(&args.options, p);
	if (args.options.scaling) {
		scaling_run(&args.options, p, args.rows, args.nr);
		free(results);
		free(p);
		return 0;
	}
	report_heading(&args.options);
	for (unsigned int i = 0; i < args.nr; i++) {
		if (i && args.options.json)
			putchar(',');
		session_run(&args.options, p, args.rows[i], args.options.seconds / args.nr,
			    &results[i]);
	}
	report_end(&args.options, results, args.nr);
	free(results);
	free(p);
	return 0;
}
