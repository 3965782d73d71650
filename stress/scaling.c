/* SPDX-License-Identifier: MIT */
/*
 * scaling.c - what a second thread is worth: one thread, several, and several apart
 *
 * On a machine that others use as well, the clock on the wall measures them.
 * So what is compared is ops per second that a thread had the core, in rounds of
 * three sides on the same draw of the seed, each thread bound to a core:
 *
 *   alone      one thread, on each of the cores in turn: no core is as fast as
 *              the next one, so "one thread" is their mean;
 *   together   several threads on one allocator;
 *   apart      as many processes of one thread each, at the same time, with an
 *              allocator of their own: nothing is shared but the hardware.
 *
 * Together against alone is the scaling; apart against alone is the most that
 * this machine would have let it be.  Medians over all rounds; the clock's own
 * answer stands beside, with how much of the time threads ran.
 *
 * Threads that seldom run at the same time cost each other less: where `ran`
 * is small, the answer flatters.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

enum { ALONE, TOGETHER, APART, SIDES };

struct side {				/* means of one round, medians of all */
	double per_cpu_second;		/* ops of a thread */
	double per_second;		/* ops of all */
	double ran;			/* of the time that a thread was there, how much it ran */
};

struct ratio {
	double median, least, most;
};

struct scaling {
	struct side side[SIDES];
	struct ratio together, apart;	/* threads times what each keeps, by CPU time */
	double by_clock;
};

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), order);
	return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

static double over(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static struct side run_side(const struct options *o, struct program *machine,
			    const struct stressor_row *row, double seconds)
{
	struct result r;
	double ops;

	session_run(o, machine, row, seconds, &r);
	ops = (double)r.count[COUNT_OPS];
	return (struct side){ .per_cpu_second = over(ops, r.cpu_seconds),
			      .per_second = over(ops, r.seconds),
			      .ran = over(r.cpu_seconds, r.seconds * o->threads) };
}

static void add_side(struct side *sum, const struct side *one, double share)
{
	sum->per_cpu_second += one->per_cpu_second * share;
	sum->per_second += one->per_second * share;
	sum->ran += one->ran * share;
}

static struct side run_alone(const struct options *o, struct program *machine,
			     const struct stressor_row *row, double seconds)
{
	struct side mean = { 0 };

	for (unsigned int core = 0; core < o->threads; core++) {
		struct options one = *o;
		struct side side;

		one.threads = 1;
		one.core = core;
		side = run_side(&one, machine, row, seconds / o->threads);
		add_side(&mean, &side, 1.0 / o->threads);
	}
	return mean;
}

/* What a process of its own measured; one that failed has said why, and ends this one. */
static struct side hear(int from, pid_t child)
{
	struct side side;
	bool heard = read(from, &side, sizeof(side)) == (ssize_t)sizeof(side);
	int status;

	close(from);
	if (waitpid(child, &status, 0) != child || !heard)
		exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
	return side;
}

static struct side run_apart(const struct options *o, struct program *machine,
			     const struct stressor_row *row, double seconds)
{
	struct side mean = { 0 };
	int from[MAX_CPUS];
	pid_t child[MAX_CPUS];

	fflush(stdout);			/* or each process says it again */
	for (unsigned int core = 0; core < o->threads; core++) {
		struct options one = *o;
		int ends[2];

		one.threads = 1;
		one.core = core;
		if (pipe(ends) || (child[core] = fork()) < 0) {
			perror("stress: a process of its own");
			exit(2);
		}
		if (!child[core]) {
			struct side side = run_side(&one, machine, row, seconds);

			_exit(write(ends[1], &side, sizeof(side)) != (ssize_t)sizeof(side));
		}
		close(ends[1]);
		from[core] = ends[0];
	}
	for (unsigned int core = 0; core < o->threads; core++) {
		struct side side = hear(from[core], child[core]);

		add_side(&mean, &side, 1.0 / o->threads);
	}
	mean.per_second *= o->threads;
	return mean;
}

static struct side median_side(const struct side *of, unsigned int nr)
{
	double values[3][SCALING_ROUNDS_MAX];

	for (unsigned int i = 0; i < nr; i++) {
		values[0][i] = of[i].per_cpu_second;
		values[1][i] = of[i].per_second;
		values[2][i] = of[i].ran;
	}
	return (struct side){ .per_cpu_second = median(values[0], nr),
			      .per_second = median(values[1], nr), .ran = median(values[2], nr) };
}

/* Sides of a round are compared first, then the middle is taken: draws differ more than rounds. */
static struct ratio against_alone(const struct options *o, const struct side *side,
				  const struct side *alone)
{
	double kept[SCALING_ROUNDS_MAX];
	struct ratio ratio;

	for (unsigned int i = 0; i < o->scaling; i++)
		kept[i] = o->threads * over(side[i].per_cpu_second, alone[i].per_cpu_second);
	ratio.median = median(kept, o->scaling);	/* they are in order now */
	ratio.least = kept[0];
	ratio.most = kept[o->scaling - 1];
	return ratio;
}

static struct scaling summary(const struct options *o, struct side side[SIDES][SCALING_ROUNDS_MAX])
{
	double by_clock[SCALING_ROUNDS_MAX];
	struct scaling s;

	for (unsigned int i = 0; i < o->scaling; i++)
		by_clock[i] = over(side[TOGETHER][i].per_second, side[ALONE][i].per_second);
	s.by_clock = median(by_clock, o->scaling);
	s.together = against_alone(o, side[TOGETHER], side[ALONE]);
	s.apart = against_alone(o, side[APART], side[ALONE]);
	for (unsigned int i = 0; i < SIDES; i++)
		s.side[i] = median_side(side[i], o->scaling);
	return s;
}

static void print_ratio(const struct ratio *r)
{
	printf("  %5.2f (%4.2f to %4.2f)", r->median, r->least, r->most);
}

static void print_row(const struct stressor_row *row, const struct scaling *s)
{
	printf("%-9s", row->name);
	for (unsigned int i = 0; i < SIDES; i++)
		printf(" %8.2f", s->side[i].per_cpu_second / 1e6);
	print_ratio(&s->together);
	print_ratio(&s->apart);
	printf(" %8.2f %7.0f%% %6.0f%% %5.0f%%\n", s->by_clock, 100 * s->side[ALONE].ran,
	       100 * s->side[TOGETHER].ran, 100 * s->side[APART].ran);
	fflush(stdout);
}

static void print_heading(const struct options *o)
{
	printf("%u rounds of 1 thread alone, %u together on one allocator, %u apart from each "
	       "other\n"
	       "            Mops per CPU second and thread   scaling: together           "
	       "the most: apart    by the         threads ran\n"
	       "stressor     alone together    apart  median (of rounds)    "
	       "median (of rounds)     clock    alone together apart\n",
	       o->scaling, o->threads, o->threads);
}

static void print_json(const struct stressor_row *row, const struct scaling *s, bool first)
{
	static const char *const name[SIDES] = { "alone", "together", "apart" };

	printf("%s\n  {\"name\": \"%s\", \"scaling_by_cpu\": %.3f, \"least\": %.3f, "
	       "\"most\": %.3f, \"scaling_apart\": %.3f, \"scaling_by_clock\": %.3f",
	       first ? "" : ",", row->name, s->together.median, s->together.least,
	       s->together.most, s->apart.median, s->by_clock);
	for (unsigned int i = 0; i < SIDES; i++)
		printf(", \"%s\": {\"ops_per_cpu_second\": %.0f, \"ops_per_second\": %.0f, "
		       "\"ran\": %.3f}", name[i], s->side[i].per_cpu_second,
		       s->side[i].per_second, s->side[i].ran);
	printf("}");
	fflush(stdout);
}

static struct scaling measure(const struct options *o, struct program *machine,
			      const struct stressor_row *row, double seconds)
{
	struct side side[SIDES][SCALING_ROUNDS_MAX];
	double share = seconds / ((double)SIDES * o->scaling);

	for (unsigned int i = 0; i < o->scaling; i++) {
		struct options round = *o;

		round.seed = o->seed + i;
		side[ALONE][i] = run_alone(&round, machine, row, share);
		side[TOGETHER][i] = run_side(&round, machine, row, share);
		side[APART][i] = run_apart(&round, machine, row, share);
	}
	return summary(o, side);
}

void scaling_run(const struct options *o, struct program *machine,
		 const struct stressor_row *const *rows, unsigned int nr)
{
	if (o->json)
		printf("{\"seed\": %llu, \"threads\": %u, \"rounds\": %u, \"scaling\": [",
		       (unsigned long long)o->seed, o->threads, o->scaling);
	else
		print_heading(o);
	for (unsigned int i = 0; i < nr; i++) {
		struct scaling s = measure(o, machine, rows[i], o->seconds / nr);

		if (o->json)
			print_json(rows[i], &s, i == 0);
		else
			print_row(rows[i], &s);
	}
	if (o->json)
		puts("]}");
	else if ((long)o->threads > sysconf(_SC_NPROCESSORS_ONLN))
		puts("more threads than cores: they take turns, so this says little");
}
