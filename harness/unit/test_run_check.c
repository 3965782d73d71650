/* SPDX-License-Identifier: MIT */
/* test_run_check.c - what goes wrong while a program runs is a finding, with its tag and op */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "fixture.h"
#include "run.h"

/* Blocks of order 10 lie from 5120 on; the first op takes a page below. */
static const char text[] =
	"tidemark 1\nmachine cpus=1 zones=Normal,Movable\nzone Normal start=4096 spanned=8192\n"
	"policy pcp_batch=7\nops\n"
	"a = alloc order=0 gfp=GFP_KERNEL\nb = alloc order=0 gfp=GFP_KERNEL\n";

enum { BLOCK = 8192 };

static void retype(struct zone *z, pfn_t pfn, enum migratetype type)
{
	if (pageblock_type(&z->blocks, pfn) == MIGRATE_CMA)
		z->cma_pages -= pageblock_nr_pages(z->tun);
	if (type == MIGRATE_CMA)
		z->cma_pages += pageblock_nr_pages(z->tun);
	pageblock_set_type(z->tun, &z->blocks, pfn, type);
}

/* The free block of order 10 is two of order 9 on the list of `type`, or four of order 8. */
static void cut(struct zone *z, enum migratetype type, unsigned int order)
{
	struct page *page = zone_page(z, BLOCK);

	buddy_list_del(z, page);
	for (uint64_t i = 0; i < 1024; i += 1ULL << order)
		buddy_list_add(z, page + i, order, type, true);
	if (type == MIGRATE_CMA)
		z->stats.count[NR_FREE_CMA] += 1024;
}

static void movable_in_cma(struct zone *z) { retype(z, BLOCK, MIGRATE_CMA); }

static void cma_in_movable(struct zone *z) { cut(z, MIGRATE_CMA, 9); }

static void apart(struct zone *z) { cut(z, MIGRATE_MOVABLE, 9); }

static void apart_below(struct zone *z)
{
	z->had_highatomic = true;
	cut(z, MIGRATE_MOVABLE, 8);
}

static void apart_alike(struct zone *z)
{
	retype(z, BLOCK, MIGRATE_CMA);
	retype(z, BLOCK + 512, MIGRATE_CMA);
	cut(z, MIGRATE_CMA, 9);
}

static void tail_in_use(struct zone *z) { zone_page(z, BLOCK + 3)->refs = 1; }

static void lost(struct zone *z) { buddy_list_del(z, zone_page(z, BLOCK)); }

/* No damage: types that mix. */
static void reclaimable_in_movable(struct zone *z) { retype(z, BLOCK, MIGRATE_RECLAIMABLE); }

static const struct damage {
	const char *name;
	const char *tag;		/* "": it is none */
	void	  (*inflict)(struct zone *z);
} damages[] = {
#define ROW(tag, name) { #name, tag, name },
	ROW("X4", movable_in_cma) ROW("X4", cma_in_movable) ROW("X4", apart)
	ROW("X4", apart_below) ROW("X4", apart_alike) ROW("X3", tail_in_use) ROW("X1", lost)
	ROW("", reclaimable_in_movable)
#undef ROW
};

struct victim {
	struct run *r;
	const struct damage *damage;
};

static void strike(void *to, uint32_t op, const char *what)
{
	const struct victim *v = to;
	struct zone *z = &run_mm(v->r)->zones[ZONE_NORMAL];

	(void)what;
	if (op == 0) {
		cr_assert_eq(zone_page(z, BLOCK)->order, MAX_ORDER);
		v->damage->inflict(z);
	}
}

Test(run_check, X1_X3_X4_damage_is_found_by_the_recount_after_the_op)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	struct op_error error;

	cr_assert(op_parse(text, strlen(text), p, &error), "%s", error.what);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];
		struct victim v = { r, d };
		bool sound = !d->tag[0];

		run_on_op(r, strike, &v);
		cr_expect_eq(run_program(r, p, RUN_VALIDATE | RUN_NO_END, 0), sound, "%s: %s %s",
			     d->name, run_finding(r)->place, run_finding(r)->what);
		cr_expect_str_eq(run_finding(r)->tag, d->tag, "%s", d->name);
		cr_expect_eq(run_finding(r)->op, 0, "%s", d->name);
		cr_expect_eq(run_stats(r)->ops, sound ? 2 : 1, "%s", d->name);
		/* Nothing of it is left. */
		run_on_op(r, NULL, NULL);
		cr_assert(run_program(r, p, RUN_VALIDATE, 0), "after %s", d->name);
	}
	run_delete(r);
	free(p);
}

/* A round for each of 30,000 pageblocks, each of them past the zones of eight nodes. */
Test(run_check, X9_A3_M5_a_large_reserve_is_given_back_within_the_budget)
{
	cr_expect(run_text("tidemark 1\nmachine cpus=1 pageblock_order=1 zones=Normal,Movable\n"
			   "node 0 cpus=0\nzone Normal start=0 spanned=64\n"
			   "node 1\nzone Normal start=64 spanned=64\n"
			   "node 2\nzone Normal start=128 spanned=64\n"
			   "node 3\nzone Normal start=192 spanned=64\n"
			   "node 4\nzone Normal start=256 spanned=64\n"
			   "node 5\nzone Normal start=320 spanned=64\n"
			   "node 6\nzone Normal start=384 spanned=64\n"
			   "node 7\nzone Normal start=448 spanned=60000\n"
			   "ops\n"
			   "import node=0 zone=Normal\nimport node=1 zone=Normal\n"
			   "import node=2 zone=Normal\nimport node=3 zone=Normal\n"
			   "import node=4 zone=Normal\nimport node=5 zone=Normal\n"
			   "import node=6 zone=Normal\nimport node=7 zone=Normal\n"
			   "put node=7 zone=Normal order=0 type=H n=29990\n"
			   "expect stuck alloc order=1 gfp=GFP_KERNEL|__GFP_NOFAIL\n"));
}
