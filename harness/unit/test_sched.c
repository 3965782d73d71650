/* SPDX-License-Identifier: MIT */
/* test_sched.c - fibers, schedules, what they record, and what they find */
#define _POSIX_C_SOURCE 200809L	/* open_memstream */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "drainer.h"
#include "fiber.h"
#include "fixture.h"
#include "op_compare.h"
#include "run.h"

static const char ops[] =
	"ops\na = alloc order=0 gfp=GFP_KERNEL\nb = bulk n=9 gfp=GFP_KERNEL cpu=1\n"
	"irq at=5 c = alloc order=0 gfp=GFP_ATOMIC\nd = alloc order=2 gfp=GFP_KERNEL cpu=2\n"
	"drain\nfree b cpu=2\nfree a cpu=1\ntick cpu=1\nsync\n"
	"e = alloc order=3 gfp=GFP_KERNEL cpu=1\nf = alloc order=3 gfp=GFP_ATOMIC\n"
	"drain cpu=2\nfree d\nfree f cpu=1\n";

static void parse(struct program *p, const char *schedule)
{
	struct op_error error;
	char text[2048];

	snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=3 pageblock_order=4\n"
		 "zone DMA32 start=0 spanned=512\npolicy pcp_batch=4\n%s%s", schedule, ops);
	cr_assert(op_parse(text, strlen(text), p, &error), "line %u: %s", error.line, error.what);
}

static uint64_t hash_under(struct run *r, struct program *p, const char *schedule)
{
	parse(p, schedule);
	cr_assert(run_program(r, p, RUN_HASH, 0), "%s: %s", schedule, run_finding(r)->what);
	return run_stats(r)->state_hash;
}

/* --- fibers ------------------------------------------------------------------------------- */

struct pair {
	struct fiber *main, *a, *b;
	unsigned int turns;
};

static void fiber_a(void *to)
{
	struct pair *p = to;
	volatile double kept = 1.5;

	for (;;) {
		p->turns++;
		fiber_switch(p->a, p->b);
		cr_assert_eq(kept, 1.5);
	}
}

static void fiber_b(void *to)
{
	struct pair *p = to;

	for (;;)
		fiber_switch(p->b, p->turns % 10 ? p->a : p->main);
}

Test(sched, X10_fibers_take_turns_and_begin_anew)
{
	struct pair p = { .main = fiber_of_thread() };

	p.a = fiber_new(fiber_a, &p);
	p.b = fiber_new(fiber_b, &p);
	for (unsigned int round = 1; round <= 3; round++) {
		fiber_switch(p.main, p.a);
		cr_assert_eq(p.turns, 10 * round);
		fiber_restart(p.a);
		fiber_restart(p.b);
	}
	fiber_delete(p.a);
	fiber_delete(p.b);
	fiber_delete(p.main);
}

/* --- schedules ---------------------------------------------------------------------------- */

Test(sched, X10_the_programs_own_order_ends_as_without_a_schedule)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	uint64_t want = hash_under(r, p, "");

	cr_expect_eq(hash_under(r, p, "schedule serial\n"), want);
	cr_expect_eq(hash_under(r, p, "schedule recorded\n"), want);
	cr_expect_eq(hash_under(r, p, "schedule bytes bytes=\n"), want);
	run_delete(r);
	free(p);
}

Test(sched, X10_what_was_drawn_is_recorded_and_replays)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	unsigned int other = 0;
	uint64_t serial = hash_under(r, p, "");

	for (unsigned int seed = 0; seed < 60; seed++) {
		char schedule[64];
		uint64_t want;

		snprintf(schedule, sizeof(schedule), seed % 3 == 0 ? "schedule burst seed=%u\n" :
			 seed % 3 == 1 ? "schedule pct depth=3 seed=%u\n" :
			 "schedule bytes bytes=%02xff001180\n", seed);
		want = hash_under(r, p, schedule);
		other += want != serial;
		schedule_copy(&p->schedule, run_recorded(r));
		for (unsigned int again = 0; again < 3; again++) {
			cr_assert(run_program(r, p, RUN_HASH, 0));
			cr_assert_eq(run_stats(r)->state_hash, want, "%s", schedule);
		}
		op_normalize(p);
		cr_assert_eq(run_recorded(r)->nr_switches, p->schedule.nr_switches);
	}
	cr_expect_gt(other, 20);
	run_delete(r);
	free(p);
}

/* The steps of a run: kept, or compared with those that were. */
struct trace {
	uint64_t hash[4096];
	unsigned int nr, at, tasks, irqs;
	bool kept;
};

static void trace_step(void *to, const struct run_step *step)
{
	struct trace *t = to;

	cr_assert_lt(t->at, 4096);
	if (!t->kept) {
		t->hash[t->nr++] = step->hash;
		t->tasks |= 1u << step->task;
		t->irqs += step->in_irq;
	} else {
		cr_assert_lt(t->at, t->nr);
		cr_assert_eq(step->hash, t->hash[t->at], "step %u", t->at);
	}
	t->at++;
}

Test(sched, X10_every_step_has_the_hash_that_it_had)
{
	static const char *const schedules[] = {
		"schedule serial\n", "schedule burst seed=5\n", "schedule pct depth=3 seed=8\n",
		"schedule bytes bytes=20ff001180\n",
	};
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	uint64_t before = 0;

	for (unsigned int i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
		struct trace *t = calloc(1, sizeof(*t));
		uint64_t want = hash_under(r, p, schedules[i]), steps = run_stats(r)->steps;

		run_on_step(r, trace_step, t);
		for (unsigned int again = 0; again < 12; again++) {
			t->at = 0;
			cr_assert(run_program(r, p, RUN_HASH | RUN_STEPS, 0));
			t->kept = true;
			cr_assert_eq(t->at, t->nr);
			/* Looking changes nothing. */
			cr_assert_eq(run_stats(r)->state_hash, want);
			cr_assert_eq(run_stats(r)->steps, steps);
			if (again == 5)		/* and as switches it is the same */
				schedule_copy(&p->schedule, run_recorded(r));
		}
		cr_expect_gt(t->nr, steps);
		cr_expect_eq(t->tasks, 7);
		cr_expect_gt(t->irqs, 5);
		cr_expect_neq(run_stats(r)->trace_hash, before);
		before = run_stats(r)->trace_hash;
		run_on_step(r, NULL, NULL);
		free(t);
	}
	run_delete(r);
	free(p);
}

Test(sched, X10_every_order_is_tried_once)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	static const char text[] =
		"tidemark 1\nmachine cpus=2\nzone DMA32 start=0 spanned=512\n"
		"schedule exhaustive depth=0\nops\na = alloc order=0 gfp=GFP_KERNEL\n"
		"b = alloc order=0 gfp=GFP_KERNEL\nc = alloc order=0 gfp=GFP_KERNEL cpu=1\n"
		"d = alloc order=0 gfp=GFP_KERNEL cpu=1\n";
	uint32_t before;

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	cr_assert(run_program(r, p, 0, 0));
	/* The first op is the first CPU's; then three more in any order: 3 choose 1. */
	cr_expect_eq(run_stats(r)->runs, 3);
	before = run_stats(r)->runs;
	p->schedule.depth = 1;
	cr_assert(run_program(r, p, 0, 0));
	cr_expect_gt(run_stats(r)->runs, 20 * before);
	run_delete(r);
	free(p);
}

Test(sched, P7_X9_the_daemon_does_what_it_is_asked)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	static const char text[] =
		"tidemark 1\nmachine cpus=2\nzone DMA32 start=0 spanned=512\npolicy pcp_batch=8\n"
		"schedule burst seed=3\nops\na = alloc order=0 gfp=GFP_KERNEL\nfree a\n"
		"ask_drain n=0 cpu=1\n";

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	for (p->schedule.seed = 0; p->schedule.seed < 40; p->schedule.seed++) {
		cr_assert(run_program(r, p, RUN_VALIDATE | RUN_NO_END, 0));
		cr_assert_not(run_mm(r)->drainer.wanted[0]);
	}
	p->schedule.kind = SCHED_NONE;	/* without one its work is done on the spot */
	cr_assert(run_program(r, p, RUN_NO_END, 0));
	cr_assert_eq(run_mm(r)->zones[ZONE_DMA32].cpu[0].pcp.count, 0);
	run_delete(r);
	free(p);
}

Test(sched, P4_P7_who_is_not_there_is_not_asked_for)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=3\nzone DMA32 start=0 spanned=512\n"
				  "policy pcp_batch=8\nops\n");
	struct zone *z = zone_of(mm, ZONE_DMA32);
	uint64_t before;

	cr_assert_eq(mm_cpu_offline(mm, 1), MM_OK);
	cr_assert_not_null(get_pages(mm, GFP_KERNEL, 0));
	cr_assert_gt(z->cpu[0].pcp.count, 0);
	before = state_hash(mm);
	cr_expect_not(drainer_ask(mm, 1), "it is offline");
	cr_expect_not(drainer_ask(mm, 3), "the machine has three");
	cr_expect_not(drainer_ask(mm, MAX_CPUS), "nobody has it");
	cr_expect_not(drainer_has_work(mm));
	cr_expect_eq(drainer_run(mm), 0);
	cr_expect_eq(state_hash(mm), before);
	cr_expect(drainer_ask(mm, 0));
	cr_expect(drainer_ask(mm, 0), "asking twice is asking once");
	cr_expect(drainer_has_work(mm));
	cr_expect_eq(drainer_run(mm), 1);
	cr_expect_eq(z->cpu[0].pcp.count, 0);
	cr_expect_not(drainer_has_work(mm));
	boot_done(mm);
}

static void ask_meanwhile(void *to, const struct event *event)
{
	if (event->kind == EVENT_PCPU_DRAIN)
		cr_assert(drainer_ask(to, 0));
}

Test(sched, P7_who_asks_during_a_drain_gets_another_one)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nzone DMA32 start=0 spanned=512\n"
				  "policy pcp_batch=8\nops\n");

	cr_assert_not_null(get_pages(mm, GFP_KERNEL, 0));
	cr_assert(drainer_ask(mm, 0));
	mm->tun.hw->on_event = ask_meanwhile;
	mm->tun.hw->on_event_to = mm;
	cr_expect_eq(drainer_run(mm), 1);
	cr_expect(drainer_has_work(mm), "what was asked meanwhile is still to be done");
	cr_expect_eq(drainer_run(mm), 1);
	cr_expect_not(drainer_has_work(mm), "there was nothing left, and nobody asked");
	boot_done(mm);
}

/*
 * Asked while it drains, after it looked or before it sleeps, it drains once
 * more: a request that is lost would leave a sleeper that has work (X9).
 */
Test(sched, K4_P7_a_request_at_any_step_of_the_daemons_is_served)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	static const char text[] =
		"tidemark 1\nmachine cpus=2 pageblock_order=4\nzone DMA32 start=0 spanned=256\n"
		"policy pcp_batch=4\nschedule exhaustive depth=2\nops\n"
		"a = alloc order=0 gfp=GFP_KERNEL\nask_drain n=0 cpu=1\nask_drain n=0 cpu=1\n";

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	cr_assert(run_program(r, p, RUN_NO_END, 0), "%s %s", run_finding(r)->tag,
		  run_finding(r)->what);
	cr_expect_gt(run_stats(r)->runs, 1000);
	cr_expect_not(drainer_has_work(run_mm(r)));
	run_delete(r);
	free(p);
}

/* Wants CPU 0's sets drained, and wakes nobody. */
static void forget_to_wake(void *to, uint32_t op, const char *text)
{
	struct mm *mm = run_mm(to);

	(void)text;
	if (op == 2)
		mm->drainer.wanted[0] = true;
}

/* By then the daemon has looked, and sleeps. */
Test(sched, K4_X9_a_daemon_that_sleeps_over_its_work_is_a_finding)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	static const char text[] =
		"tidemark 1\nmachine cpus=2\nzone DMA32 start=0 spanned=512\nschedule serial\nops\n"
		"ask_drain n=1 cpu=0\nsync\na = alloc order=0 gfp=GFP_KERNEL\n";

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	cr_assert(run_program(r, p, 0, 0), "who is not wanted may sleep");
	run_on_op(r, forget_to_wake, r);
	cr_assert_not(run_program(r, p, 0, 0));
	cr_expect_str_eq(run_finding(r)->tag, "X9");
	cr_expect_not_null(strstr(run_finding(r)->what, "lost wake-up: daemon0"), "%s",
			   run_finding(r)->what);
	run_on_op(r, NULL, NULL);
	cr_assert(run_program(r, p, 0, 0));
	run_delete(r);
	free(p);
}

/* --- encodings ---------------------------------------------------------------------------- */

Test(sched, X10_schedules_come_back_from_bytes_and_text)
{
	static const char *const schedules[] = {
		"", "schedule serial\n", "schedule burst seed=77\n",
		"schedule pct depth=2 seed=5\n",
		"schedule exhaustive depth=2\n", "schedule bytes bytes=00ff10\n",
		"schedule recorded\n",
	};
	struct program *p = calloc(2, sizeof(*p));
	uint8_t *bytes = malloc(1 << 16);

	for (unsigned int i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
		size_t size;

		parse(&p[0], schedules[i]);
		if (p[0].schedule.kind == SCHED_RECORDED) {
			p[0].schedule.nr_switches = 2;
			p[0].schedule.switches[0] = (struct sched_switch){
				.step = 7, .op = 1, .to = 2, .place = PLACE_LOCK,
				.zone = ZONE_DMA32, .cpu = NODE_NONE };
			p[0].schedule.switches[1] = (struct sched_switch){
				.step = 9, .op = OPS_MAX, .to = 1, .place = PLACE_TRYLOCK,
				.zone = ZONE_DMA32, .cpu = 1 };
		}
		size = op_encode(&p[0], bytes, 1 << 16);
		cr_assert_eq(bytes[0], OP_FORMAT_SCHEDULES);	/* there is a sync */
		op_decode(bytes, size, &p[1]);
		assert_same_program(&p[0], &p[1]);
	}
	free(bytes);
	free(p);
}

Test(sched, X10_a_switch_line_says_who_runs_from_where)
{
	static const char text[] =
		"tidemark 1\nmachine cpus=2\nzone Normal start=0 spanned=512\n"
		"schedule recorded\nops\na = alloc order=0 gfp=GFP_KERNEL\n"
		"\tat 12 cpu1 runs from zone_lock of Normal\n"
		"b = alloc order=0 gfp=GFP_KERNEL cpu=1\n"
		"\tat 3 cpu0 runs from pcp_trylock of Normal cpu1\n\tat 30 daemon0 runs\n"
		"daemon0 at 4 cpu1 runs from read\n";
	struct program *p = calloc(1, sizeof(*p));
	struct op_error error;
	char *out = NULL;
	size_t len;
	FILE *f;

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	cr_assert_eq(p->schedule.nr_switches, 4);
	f = open_memstream(&out, &len);
	op_print(p, f);
	fclose(f);
	cr_expect(strstr(out, strstr(text, "ops\n")) != NULL, "%s", out);
	free(out);
	free(p);
}

/* Ops that name no CPU of their own, each done by one, among others. */
Test(sched, X10_who_does_it_comes_back_from_bytes_and_text)
{
	static const char text[] =
		"tidemark 1\nmachine cpus=3\nzone Normal start=0 spanned=1024\nschedule serial\n"
		"ops\na = alloc order=2 gfp=GFP_KERNEL\nget a by=1\nmovable a on by=2\n"
		"dirty a off by=0\nsplit a\nsysctl min_free_kbytes=64 by=1\n"
		"reclaim_active node=0 zone=Normal on by=2\ncpu_down cpu=1 by=2\n"
		"cpu_up cpu=1 by=0\n";
	static const uint8_t by[] = { 0, 2, 3, 1, 0, 2, 3, 3, 1 };
	struct program *p = calloc(1, sizeof(*p)), *q = calloc(1, sizeof(*q));
	uint8_t bytes[512];
	struct op_error error;
	size_t size;

	cr_assert(op_parse(text, strlen(text), p, &error), "line %u: %s", error.line, error.what);
	cr_assert_eq(p->nr_ops, sizeof(by));
	for (uint32_t i = 0; i < p->nr_ops; i++)
		cr_assert_eq(p->ops[i].by, by[i], "op %u", i);
	size = op_encode(p, bytes, sizeof(bytes));
	cr_assert_eq(bytes[0], OP_FORMAT_VERSION);
	op_decode(bytes, size, q);
	assert_same_program(p, q);
	/* Older bytes have nobody there. */
	bytes[0] = OP_FORMAT_SCHEDULES;
	op_decode(bytes, size, q);
	for (uint32_t i = 0; i < q->nr_ops; i++)
		cr_assert_eq(q->ops[i].by, 0);
	free(p);
	free(q);
}

static bool overlaps(const char *ops_text)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;
	char text[1024];
	bool more;

	snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=3 pageblock_order=4\n"
		 "zone DMA32 start=0 spanned=512\nschedule exhaustive depth=1\n"
		 "ops\n%s", ops_text);
	cr_assert(op_parse(text, strlen(text), p, &error), "line %u: %s", error.line, error.what);
	cr_assert(run_program(r, p, 0, 0), "%s", run_finding(r)->what);
	more = run_stats(r)->runs > 1;
	run_delete(r);
	free(p);
	return more;
}

Test(sched, W9_P4_B5_what_names_a_cpu_overlaps_and_what_names_none_does_not)
{
	cr_expect(overlaps("sysctl min_free_kbytes=64 by=0\ndrain cpu=1\n"));
	cr_expect_not(overlaps("sysctl min_free_kbytes=64\ndrain cpu=1\n"));
	cr_expect(overlaps("cpu_down cpu=2 by=0\ndrain cpu=1\n"));
	cr_expect_not(overlaps("cpu_down cpu=2\ndrain cpu=1\n"));
	/* Writers of tunables wait for each other. */
	cr_expect_not(overlaps("cpu_down cpu=2 by=0\nsysctl min_free_kbytes=64 by=1\n"));
	cr_expect(overlaps("a = alloc order=1 gfp=GFP_KERNEL\nget a by=0\n"
			   "free a\nfree a cpu=1\n"));
	/* A CPU goes when its queue is empty, and works once it is there again. */
	cr_expect_not(overlaps("a = alloc order=0 gfp=GFP_KERNEL cpu=2\ncpu_down cpu=2 by=0\n"
			       "cpu_up cpu=2 by=0\nfree a cpu=2\n"));
}

Test(sched, X10_schedules_that_are_refused)
{
	static const char *const bad[] = {
		"schedule\n", "schedule none\n", "schedule pct seed=1\n", "schedule burst\n",
		"schedule serial seed=1\n", "schedule bytes bytes=0g\n", "schedule bytes bytes=0\n",
		"schedule exhaustive depth=17\n", "schedule serial\nschedule serial\n",
		"ops\nat 1 cpu0 runs\n", "schedule recorded\nops\nat 1 cpu0 runs\n",
		"schedule recorded\nops\ndrain\nat 0 cpu0 runs\n",
		"schedule recorded\nops\ndrain\nat 1 cpu9 runs\n",
		"schedule recorded\nops\ndrain\nat 1 cpu0\n",
		"schedule recorded\nops\ndrain\nat 1 cpu0 runs from nowhere\n",
		"schedule recorded\nops\ndrain\nat 1 cpu0 runs from zone_lock of Nirvana\n",
		"schedule recorded\nops\ndrain\ndaemon1 at 1 cpu0 runs\n",
		"ops\ndrain by=0\n", "ops\nsysctl min_free_kbytes=64 by=2\n",
		"ops\ncpu_down cpu=1 by=0 by=0\n",
	};
	struct program *p = calloc(1, sizeof(*p));
	struct op_error error;
	char text[256];

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=2\n"
			 "zone Normal start=0 spanned=64\n%s", bad[i]);
		cr_expect_not(op_parse(text, strlen(text), p, &error), "%s", bad[i]);
	}
	free(p);
}
