/* SPDX-License-Identifier: MIT */
/* hash.c - `tidemark hash`: the state after every op, or at every step, as a number (X10) */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "sched.h"

struct args {
	struct paths  paths;
	bool	      final;
	bool	      steps;
	unsigned long times;
};

/* The steps of a run, to compare those of the next one with. */
struct steps {
	uint64_t *hash;
	size_t	  nr;			/* of the first run */
	size_t	  room;
	size_t	  at;			/* of this run so far */
	bool	  first;		/* this run is it */
	size_t	  differs;		/* first one that does, from 1; 0: none */
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	char *end;

	switch (key) {
	case 'f': args->final = true; return 0;
	case 's': args->steps = true; return 0;
	case 't':
		args->times = strtoul(arg, &end, 10);
		if (*end || end == arg || !args->times)
			argp_error(state, "expected --times= to be a number above 0, got %s", arg);
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	case ARGP_KEY_ARG:
		if (!paths_add(&args->paths, arg))
			exit(EXIT_TROUBLE);
		return 0;
	case ARGP_KEY_END:
		if (args->times > 1 && !args->steps)
			argp_error(state, "expected --times= with --steps");
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

static void print_step(void *to, const struct run_step *step)
{
	struct sched_switch at = {
		.op = (uint16_t)step->op, .step = step->step, .to = step->task,
		.place = step->place, .zone = step->zone, .cpu = step->cpu };

	(void)to;
	printf("%016" PRIx64 " ", step->hash);
	if (step->op < OPS_MAX)
		printf("%4" PRIu32 " ", step->op + 1);
	schedule_print_switch(&at, stdout);
	puts(step->in_irq ? ", in an interrupt" : "");
}

static void keep_step(void *to, const struct run_step *step)
{
	struct steps *s = to;
	size_t at = s->at++;

	if (!s->first) {
		if (!s->differs && (at >= s->nr || s->hash[at] != step->hash))
			s->differs = at + 1;
		return;
	}
	if (at == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->hash = realloc(s->hash, s->room * sizeof(s->hash[0]));
		if (!s->hash)
			exit(EXIT_TROUBLE);
	}
	s->hash[at] = step->hash;
	s->nr = at + 1;
}

static int tell_finding(const struct run *r, const char *path)
{
	const struct finding *f = run_finding(r);

	fprintf(stderr, "%s: %s %s: %s\n", path, f->tag, f->place, f->what);
	return EXIT_FINDING;
}

/* Runs the program again and again; do all steps have the hash that they had at first? */
static int compare_steps(struct run *r, const struct program *p, const char *path,
			 unsigned long times)
{
	struct steps s = { .first = true };
	int status = EXIT_GOOD;

	run_on_step(r, keep_step, &s);
	for (unsigned long i = 0; i < times && status == EXIT_GOOD; i++) {
		s.at = 0;
		if (!run_program(r, p, RUN_HASH | RUN_STEPS, 0))
			status = tell_finding(r, path);
		s.first = false;
		if (!s.differs && s.at == s.nr)
			continue;
		fprintf(stderr, "%s: X10: run %lu of %lu differs at step %zu of %zu\n", path,
			i + 1, times, s.differs ? s.differs : s.at + 1, s.nr);
		status = EXIT_FINDING;
	}
	run_on_step(r, NULL, NULL);
	if (status == EXIT_GOOD)
		printf("%016" PRIx64 " %s: %lu runs, %zu steps each\n", run_stats(r)->trace_hash,
		       path, times, s.nr);
	free(s.hash);
	return status;
}

static int hash_file(struct run *r, struct program *p, const char *path, const struct args *args)
{
	const struct run_stats *stats = run_stats(r);

	if (!op_load(path, p))
		return EXIT_TROUBLE;
	if (args->times)
		return compare_steps(r, p, path, args->times);
	if (!args->final && args->paths.nr > 1)
		printf("# %s\n", path);
	if (!args->final && args->steps)
		run_on_step(r, print_step, NULL);
	else if (!args->final)
		run_on_hash(r, print_hash, p);
	if (!run_program(r, p, RUN_HASH | (args->steps ? RUN_STEPS : 0), 0))
		return tell_finding(r, path);
	if (args->final)
		printf("%016" PRIx64 " %s\n", args->steps ? stats->trace_hash : stats->state_hash,
		       path);
	return EXIT_GOOD;
}

int cmd_hash(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "final", 'f', NULL, 0, "Only the hash after the last op, one line per file", 0 },
		{ "steps", 's', NULL, 0, "At every step at which another CPU could go on; "
		  "with --final, one hash of them all", 0 },
		{ "times", 't', "N", 0, "With --steps: run each file so often, and compare "
		  "every step", 0 },
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
