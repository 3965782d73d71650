/* SPDX-License-Identifier: MIT */
/*
 * bench_sched.c - the bare switch between fibers, and schedules explored per second
 *
 * The program is three CPUs' and the daemon's, with interrupts inside: thirty
 * ops on a small machine, the model and all checks on, another schedule of long
 * and short runs each time.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fiber.h"

enum { TURNS = 1000000, SCHEDULES = 2000, OPS = 30 };

static const char program[] =
	"tidemark 1\n"
	"machine cpus=3 pageblock_order=4 zones=DMA32,Normal,Movable\n"
	"zone DMA32 start=0 spanned=1024\n"
	"policy pcp_batch=4\n"
	"schedule burst seed=0\n"
	"ops\n"
	"a = alloc order=0 gfp=GFP_KERNEL\n"
	"b = alloc order=0 gfp=GFP_KERNEL cpu=1\n"
	"c = bulk n=8 gfp=GFP_KERNEL cpu=2\n"
	"d = alloc order=2 gfp=GFP_HIGHUSER_MOVABLE cpu=1\n"
	"irq at=9 e = alloc order=0 gfp=GFP_ATOMIC\n"
	"f = alloc order=0 gfp=GFP_KERNEL|__GFP_RECLAIMABLE\n"
	"free a cpu=1\n"
	"g = alloc order=1 gfp=GFP_ATOMIC cpu=2\n"
	"h = alloc order=4 gfp=GFP_KERNEL\n"
	"touch d cpu=2\n"
	"free c cpu=2\n"
	"ask_drain n=2 cpu=1\n"
	"i = bulk n=12 gfp=GFP_HIGHUSER_MOVABLE\n"
	"j = alloc order=3 gfp=GFP_KERNEL cpu=1\n"
	"free b\n"
	"irq at=5 free f cpu=1\n"
	"k = alloc order=0 gfp=GFP_NOWAIT cpu=1\n"
	"l = exact n=5 gfp=GFP_KERNEL cpu=2\n"
	"drain_cpu cpu=1\n"
	"free_one i n=3 cpu=2\n"
	"free d\n"
	"m = alloc order=0 gfp=GFP_KERNEL cpu=2\n"
	"n = alloc order=2 gfp=GFP_ATOMIC|__GFP_COMP cpu=1\n"
	"free h cpu=2\n"
	"tick\n"
	"free g cpu=1\n"
	"o = bulk n=6 gfp=GFP_KERNEL cpu=1\n"
	"drain cpu=2\n"
	"free j\n"
	"free m cpu=1\n";

struct pair {
	struct fiber *main, *a, *b;
	uint32_t turns;
};

static void to_b(void *to)
{
	struct pair *p = to;

	for (;;)
		fiber_switch(p->a, p->b);
}

static void to_a(void *to)
{
	struct pair *p = to;

	for (;;)
		fiber_switch(p->b, ++p->turns % (TURNS / 2) ? p->a : p->main);
}

double bench_switch(void)
{
	struct pair p = { .main = fiber_of_thread() };
	double start;

	p.a = fiber_new(to_b, &p);
	p.b = fiber_new(to_a, &p);
	fiber_switch(p.main, p.a);	/* the stacks are touched */
	start = bench_now_ns();
	fiber_switch(p.main, p.a);
	start = bench_now_ns() - start;
	fiber_delete(p.a);
	fiber_delete(p.b);
	fiber_delete(p.main);
	return start / (double)TURNS;
}

void bench_schedules(double *schedules, double *switches)
{
	struct program *p = xmalloc(sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	uint64_t nr = 0;
	double start;

	if (!op_parse(program, strlen(program), p, &error) || p->nr_ops != OPS) {
		fprintf(stderr, "tidemark bench: line %u: %s\n", error.line, error.what);
		exit(EXIT_TROUBLE);
	}
	start = bench_now_ns();
	for (uint64_t i = 0; i < SCHEDULES; i++) {
		p->schedule.seed = i;
		if (!run_program(r, p, 0, 0)) {
			fprintf(stderr, "tidemark bench: schedule %u: %s\n", (unsigned int)i,
				run_finding(r)->what);
			exit(EXIT_TROUBLE);
		}
		nr += run_stats(r)->switches;
	}
	start = bench_now_ns() - start;
	*schedules = (double)SCHEDULES * 1e9 / start;
	*switches = (double)nr * 1e9 / start;
	run_delete(r);
	free(p);
}
