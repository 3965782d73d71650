/* SPDX-License-Identifier: MIT */
/*
 * test_linux.c - import and differ without a guest: core itself writes the reply
 *
 * A machine has some history, then runs a guest's program.  What it is like
 * before and after goes into a window as a guest's would; core, started from
 * there, must do the same; and must not, once the reply is falsified.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "linux/differ.h"
#include "linux/programs.h"
#include "world.h"

enum { HISTORY = 1200, OPS = 1500, WINDOW_BYTES = 16 << 20, RESULTS_MAX = 1 << 17 };

static const char *const machines[] = {
	"tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"zone DMA32 start=4096 spanned=28640 present=28640 managed=26000\nops\n",
	"tidemark 1\nmachine cpus=3\nnode 0 cpus=0-1\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"zone DMA32 start=4096 spanned=12288 managed=12000\n"
	"node 1 cpus=2\nzone DMA32 start=16384 spanned=8192\n"
	"zone Normal start=24576 spanned=9000\nzone Movable start=33792 spanned=4096\n"
	"distance 0 1 31\nsysctl watermark_scale_factor=100\nops\n",
	"tidemark 1\nmachine cpus=2 pageblock_order=9 zones=DMA,Normal,HighMem,Movable\n"
	"zone DMA start=0 spanned=4096 managed=3900\nzone Normal start=4096 spanned=9022\n"
	"zone HighMem start=13118 spanned=8000\nops\n",
	"tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"zone DMA32 start=4096 spanned=61440\npolicy movable=highmem\npolicy rules=6.12\nops\n",
};

enum { NR_MACHINES = sizeof(machines) / sizeof(machines[0]) };

struct guest {				/* core, in the guest's place */
	struct window	w;
	struct run	*run;
	struct program	*p;		/* history, then the program */
	uint32_t	first;		/* op of the program */
	struct reply_writer out;
	uint64_t	*results;
	uint64_t	nr_results;
};

/* The program's ops behind the history's, which hold slots of their own. */
static void join(struct program *to, const struct program *more, uint64_t *rng)
{
	uint32_t slots = to->nr_slots;

	for (uint32_t i = 0; i + 1 < to->nr_ops; i++)	/* some of what stays can move */
		if (to->ops[i].kind == OP_FREE && rng_chance(rng, 80)) {
			to->ops[i].kind = OP_MOVABLE;
			to->ops[i].on = 1;
			to->ops[i].cpu = 0;
		}
	for (uint32_t i = 0; i < more->nr_ops; i++) {
		struct op op = more->ops[i];

		if (op_kinds[op.kind].has >> FIELD_REF & 1)
			op.ref = (uint16_t)(op.ref + slots);
		to->ops[to->nr_ops++] = op;
	}
	to->nr_slots += more->nr_slots;
}

static bool guest_did(void *to, uint32_t op, uint32_t slot)
{
	struct guest *g = to;
	unsigned int kind = g->p->ops[op].kind;
	uint32_t nr = run_slot_nr(g->run, slot);

	if (op + 1 == g->first)
		reply_snapshot(&g->out, run_mm(g->run), 0);
	if (op < g->first || !op_kinds[kind].allocates)
		return true;
	cr_assert_lt(g->nr_results + nr + 1, RESULTS_MAX);
	if (kind == OP_BULK)
		g->results[g->nr_results++] = nr;
	for (uint32_t i = 0; i < nr && (kind == OP_BULK || i == 0); i++)
		g->results[g->nr_results++] = run_slot_pfn(g->run, slot, i);
	if (kind != OP_BULK && !nr)
		g->results[g->nr_results++] = WIRE_NONE;
	return true;
}

/* A window with one program and its reply. */
static void guest_run(struct guest *g, const char *machine, uint64_t seed)
{
	struct program *program = calloc(1, sizeof(*program));
	struct guest_shape shape;
	struct op_error error;
	char wrong[REPLY_SENTENCE];

	g->p = calloc(1, sizeof(*g->p));
	g->results = calloc(RESULTS_MAX, sizeof(*g->results));
	cr_assert(op_parse(machine, strlen(machine), g->p, &error), "%s", error.what);
	shape = (struct guest_shape){
		.cpus = g->p->config.nr_cpus, .nodes = (uint8_t)popcount_u64(
			g->p->config.online_nodes), .pages = run_pages(&g->p->config) };
	guest_program(&shape, (enum guest_theme)(seed % NR_GUEST_THEMES), seed, OPS, program);
	guest_program(&shape, (enum guest_theme)(seed / 7 % NR_GUEST_THEMES), ~seed, HISTORY,
		      g->p);
	window_memory(&g->w, WINDOW_BYTES);
	/* The ops that lead to the first snapshot may be in the window, too. */
	cr_assert(window_add(&g->w, seed & 1 ? g->p : NULL, program, wrong), "%s", wrong);
	g->first = g->p->nr_ops;
	join(g->p, program, &seed);
	free(program);

	g->run = run_new();
	cr_assert(reply_begin(&g->out, &g->w, 0));
	run_on_done(g->run, guest_did, g);
	cr_assert(run_program(g->run, g->p, RUN_NO_CHECKS, 0), "%s", run_finding(g->run)->what);
	reply_results(&g->out, g->results, g->nr_results);
	reply_snapshot(&g->out, run_mm(g->run), 1);
	cr_assert(reply_end(&g->out));
}

static void guest_end(struct guest *g)
{
	window_close(&g->w);
	run_delete(g->run);
	free(g->results);
	free(g->p);
}

Test(linux_differ, X10_core_agrees_with_itself)
{
	struct differ_counts sum = { .programs = 0 };
	struct differ d;

	differ_init(&d);
	for (uint64_t seed = 0; seed < 7 * NR_MACHINES; seed++) {
		struct guest g = { .first = 0 };

		guest_run(&g, machines[seed % NR_MACHINES], seed);
		cr_assert_null(window_check(&g.w));
		cr_expect_eq(differ_program(&d, &g.w, 0), DIFFER_EQUAL, "seed %d: op %u: %s",
			     (int)seed, d.op, d.what);
		differ_add(&sum, &d.counts);
		guest_end(&g);
	}
	differ_done(&d);
	cr_expect_eq(sum.programs, sum.programs_equal);
	/* Otherwise agreeing would not say much. */
	cr_expect_gt(sum.splits, 100);
	cr_expect_gt(sum.merges, 100);
	cr_expect_gt(sum.refills, 100);
	cr_expect_gt(sum.bulk_frees, 50);
	cr_expect_gt(sum.failures, 100);
	cr_expect_gt(sum.conversions, 5);
}

/* --- falsified replies -------------------------------------------------------------------- */

/* The n-th section of a kind that has at least `least` words; its words' offset. */
static uint64_t find_words(const struct guest *g, unsigned int kind, unsigned int n,
			   uint64_t least)
{
	const struct wire_program *p = &window_head(&g->w)->programs[0];
	uint64_t at = p->reply, end = p->reply + p->reply_bytes;

	while (at < end) {
		const uint8_t *section = g->w.bytes + at;
		uint64_t nr = wire_word(section + 8);

		if (section[0] == kind && nr >= least && n-- == 0)
			return at + 16;
		at += 16 + nr * 8;
	}
	cr_assert_fail("no such section");
	return 0;
}

static void swap_words(struct guest *g, uint64_t at)
{
	uint8_t first[8];

	memcpy(first, g->w.bytes + at, 8);
	memmove(g->w.bytes + at, g->w.bytes + at + 8, 8);
	memcpy(g->w.bytes + at + 8, first, 8);
}

Test(linux_differ, X10_a_wrong_pfn_is_seen)
{
	struct guest g = { .first = 0 };
	struct differ d;
	uint64_t at;

	differ_init(&d);
	guest_run(&g, machines[0], 3);
	at = find_words(&g, WIRE_RESULTS, 0, 100);
	g.w.bytes[at + 40 * 8] ^= 1;
	cr_expect_eq(differ_program(&d, &g.w, 0), DIFFER_DIFFERENT);
	cr_expect_lt(d.op, d.p->nr_ops);
	cr_expect_not_null(d.now);
	guest_end(&g);
	differ_done(&d);
}

Test(linux_differ, X10_a_wrong_order_at_the_end_is_seen)
{
	static const unsigned int kinds[] = { WIRE_FREE_LIST_OF, WIRE_PCP_LIST };
	struct differ d;

	differ_init(&d);
	for (unsigned int i = 0; i < 2; i++) {
		struct guest g = { .first = 0 };

		guest_run(&g, machines[0], 10);
		for (unsigned int n = 0; ; n++) {
			uint64_t at = find_words(&g, kinds[i], n, 2);

			/* The first list of the snapshot after that has two members. */
			if (at < find_words(&g, WIRE_RESULTS, 0, 1))
				continue;
			swap_words(&g, at);
			break;
		}
		cr_expect_eq(differ_program(&d, &g.w, 0), DIFFER_DIFFERENT);
		cr_expect_eq(d.op, d.p->nr_ops);
		guest_end(&g);
	}
	differ_done(&d);
}

Test(linux_differ, X2_an_impossible_snapshot_is_refused)
{
	struct guest g = { .first = 0 };
	struct differ d;
	uint64_t at;

	differ_init(&d);
	guest_run(&g, machines[1], 5);
	at = find_words(&g, WIRE_ZONE, 0, NR_WZ);
	g.w.bytes[at + WZ_FREE * 8]++;
	cr_expect_eq(differ_program(&d, &g.w, 0), DIFFER_TROUBLE);
	cr_expect_not_null(strstr(d.what, "counter"));
	g.w.bytes[at + WZ_FREE * 8]--;
	/* A block of order 1 or more that is not where one can be. */
	for (unsigned int n = 0; ; n++) {
		at = find_words(&g, WIRE_FREE_LIST_OF, n, 1);
		if (g.w.bytes[at - 16 + 5])
			break;
	}
	g.w.bytes[at] ^= 1;
	cr_expect_eq(differ_program(&d, &g.w, 0), DIFFER_TROUBLE);
	guest_end(&g);
	differ_done(&d);
}
