/* SPDX-License-Identifier: MIT */
/*
 * scaling.c - what a second thread is worth: one thread against several, by turns
 *
 * On a machine that others use as well, the clock on the wall measures them.
 * So each round runs one thread and then several on the same draw of the seed,
 * each thread bound to a core of its own, and compares ops per second that a
 * thread had the core: what is lost there is what CPUs cost each other, by
 * locks waited for and cache lines taken away.  Medians over all rounds; the
 * clock's own answer stands beside, with how much of the time threads ran.
 *
 * Threads that seldom run at the same time cost each other less: where `ran`
 * is small, the answer flatters.
 */
#include <stdlib.h>
#include <unistd.h>

#include "stress.h"

enum { SIDES = 2 };			/* one thread, several threads */

struct side {				/* medians */
	double per_cpu_second;		/* ops of a thread */
	double per_second;		/* ops of all */
	double ran;			/* of the time that a thread was there, how much it ran */
};

struct scaling {
	struct side side[SIDES];
	double by_cpu, least, most;	/* threads times what each keeps */
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

/* Pairs are compared first, then the middle is taken: draws differ more than rounds do. */
static struct scaling summary(const struct options *o, struct side side[SIDES][SCALING_ROUNDS_MAX])
{
	double by_cpu[SCALING_ROUNDS_MAX], by_clock[SCALING_ROUNDS_MAX];
	struct scaling s;

	for (unsigned int i = 0; i < o->scaling; i++) {
		by_cpu[i] = o->threads * over(side[1][i].per_cpu_second, side[0][i].per_cpu_second);
		by_clock[i] = over(side[1][i].per_second, side[0][i].per_second);
	}
	for (unsigned int i = 0; i < SIDES; i++)
		s.side[i] = median_side(side[i], o->scaling);
	s.by_cpu = median(by_cpu, o->scaling);
	s.least = by_cpu[0];		/* they are in order now */
	s.most = by_cpu[o->scaling - 1];
	s.by_clock = median(by_clock, o->scaling);
	return s;
}

static void print_row(const struct stressor_row *row, const struct scaling *s)
{
	printf("%-9s %8.2f %8.2f %8.2f  %5.2f ... %-5.2f %8.2f %8.2f %7.2f %6.0f%% %6.0f%%\n",
	       row->name, s->side[0].per_cpu_second / 1e6, s->side[1].per_cpu_second / 1e6,
	       s->by_cpu, s->least, s->most, s->side[0].per_second / 1e6,
	       s->side[1].per_second / 1e6, s->by_clock, 100 * s->side[0].ran,
	       100 * s->side[1].ran);
	fflush(stdout);
}

static void print_json(const struct stressor_row *row, const struct scaling *s, bool first)
{
	printf("%s\n  {\"name\": \"%s\", \"scaling_by_cpu\": %.3f, \"least\": %.3f, "
	       "\"most\": %.3f, \"scaling_by_clock\": %.3f", first ? "" : ",", row->name,
	       s->by_cpu, s->least, s->most, s->by_clock);
	printf(", \"ops_per_cpu_second\": [%.0f, %.0f], \"ops_per_second\": [%.0f, %.0f], "
	       "\"ran\": [%.3f, %.3f]}", s->side[0].per_cpu_second, s->side[1].per_cpu_second,
	       s->side[0].per_second, s->side[1].per_second, s->side[0].ran, s->side[1].ran);
	fflush(stdout);
}

static struct scaling measure(const struct options *o, struct program *machine,
			      const struct stressor_row *row, double seconds)
{
	struct side side[SIDES][SCALING_ROUNDS_MAX];

	for (unsigned int i = 0; i < o->scaling; i++) {
		for (unsigned int k = 0; k < SIDES; k++) {
			struct options one = *o;

			one.seed = o->seed + i;
			one.threads = k ? o->threads : 1;
			side[k][i] = run_side(&one, machine, row, seconds / (2.0 * o->scaling));
		}
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
		printf("%u rounds of 1 and %u threads\n"
		       "          Mops per CPU second    scaling by CPU time    Mops per second  "
		       "scaling      threads ran\n"
		       "stressor         1       %2u   median  least ... most         1       %2u "
		       "  clock       1      %2u\n", o->scaling, o->threads, o->threads, o->threads,
		       o->threads);
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
