/* SPDX-License-Identifier: MIT */
/*
 * test_oracle.c - the model's answers
 *
 * They are compared with numbers worked out by hand and with what core then does.
 */
#include <criterion/criterion.h>

#include "oracle_bench.h"

/* --- A, W, G: verdicts ----------------------------------------------------------------- */

Test(oracle, A1_A2_W5_every_verdict_until_nothing_is_left)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_KERNEL | __GFP_HIGH, GFP_HIGHUSER_MOVABLE,
		GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_NORETRY, GFP_TRANSHUGE,
		GFP_KERNEL | __GFP_NOFAIL, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_NOWAIT | __GFP_NOMEMALLOC, GFP_ATOMIC | __GFP_DIRECT_RECLAIM,
	};
	static const unsigned int contexts[] = { 0, CTX_REALTIME, CTX_OOM_VICTIM, CTX_MEMALLOC };
	uint32_t seed = 1, ok = 0, failed = 0;
	struct bench b = bench_up(ONE_ZONE);

	for (unsigned int i = 0; i < 2000; i++) {
		struct alloc_request req;

		seed = seed * 1664525 + 1013904223;
		req = request_of(gfps[(seed >> 8) % 12], (seed >> 16) % (i % 7 ? 3 : 11),
			      contexts[(seed >> 24) % 4]);
		if (bench_both(&b, &req))
			ok++;
		else
			failed++;
	}
	cr_assert_gt(ok, 200);
	cr_assert_gt(failed, 500);
	oracle_recount(b.o);
	bench_down(&b);
}

/* min is 400 pages, one zone; every caller stops at its own part of it. */
Test(oracle, G4_W5_each_caller_goes_as_far_below_min_as_it_may)
{
	static const struct { gfp_t gfp; unsigned int context; int64_t least; } rows[] = {
		{ GFP_KERNEL, 0, 400 },
		{ GFP_NOWAIT, 0, 400 },
		{ GFP_KERNEL | __GFP_HIGH, 0, 200 },
		{ GFP_KERNEL, CTX_REALTIME, 200 },
		{ GFP_ATOMIC | __GFP_NOMEMALLOC, 0, 200 },
		{ GFP_KERNEL, CTX_OOM_VICTIM, 200 },
		{ GFP_KERNEL | __GFP_NOFAIL, 0, 200 },
		{ GFP_ATOMIC, 0, 150 },
		{ GFP_KERNEL, CTX_MEMALLOC, -1 },
		{ GFP_NOWAIT | __GFP_MEMALLOC, 0, -1 },
		{ GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0, 400 },
	};
	struct bench b = bench_up(ONE_ZONE);

	cr_assert_eq(b.mm->zones[ID_NORMAL].watermark[WMARK_MIN], 400);
	for (int64_t left = 402; left >= 148; left--) {
		bench_leave(&b, ID_NORMAL, left);
		for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct alloc_request req = request_of(rows[i].gfp, 0, rows[i].context);
			enum oracle_answer answer = bench_ask(&b, &req);

			cr_assert_eq(answer == MUST_SUCCEED, left > rows[i].least,
				     "row %u with %d left: %d", i, (int)left, answer);
		}
	}
	bench_down(&b);
}

Test(oracle, W6_W7_atomic_order_0_may_leave_the_boost_out)
{
	struct bench b = bench_up(ONE_ZONE);
	struct alloc_request atomic = request_of(GFP_ATOMIC, 0, 0);
	struct alloc_request atomic_pair = request_of(GFP_ATOMIC, 1, 0);
	struct alloc_request high = request_of(__GFP_HIGH, 0, 0);

	bench_leave(&b, ID_NORMAL, 300);
	cr_assert_eq(bench_ask(&b, &high), MUST_SUCCEED);
	b.mm->zones[ID_NORMAL].boost = 600;
	oracle_retune(b.o);
	cr_assert_eq(bench_ask(&b, &high), MUST_FAIL);	/* (400 + 600) / 2 * 3 / 4 */
	cr_assert_eq(bench_ask(&b, &atomic), MUST_SUCCEED);
	cr_assert_eq(bench_ask(&b, &atomic_pair), MUST_FAIL);
	bench_both(&b, &high);
	bench_both(&b, &atomic_pair);
	cr_assert_not_null(bench_both(&b, &atomic));
	bench_down(&b);
}

Test(oracle, W8_the_global_counter_decides_not_what_is_there)
{
	struct bench b = bench_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request req = request_of(GFP_NOWAIT, 0, 0);

	bench_leave(&b, ID_NORMAL, 402);
	cr_assert_eq(bench_ask(&b, &req), MUST_SUCCEED);
	z->stats.count[NR_FREE_PAGES] -= 2;
	z->cpu[1].stat.diff[NR_FREE_PAGES] = 2;
	cr_assert_eq(bench_ask(&b, &req), MUST_FAIL);
	cr_assert_null(bench_both(&b, &req));
	z->stats.count[NR_FREE_PAGES] = -2;	/* reads as zero */
	cr_assert_eq(bench_ask(&b, &req), MUST_FAIL);
	bench_down(&b);
}

Test(oracle, G2_G6_what_the_edge_refuses)
{
	static const struct alloc_request refused[] = {
		{ .gfp = GFP_KERNEL, .order = MAX_ORDER + 1, .nid = NODE_NONE },
		{ .gfp = GFP_KERNEL | 0x8000000, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA | __GFP_HIGHMEM, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA | __GFP_DMA32, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE, .nid = NODE_NONE },
		{ .gfp = __GFP_MOVABLE | __GFP_RECLAIMABLE, .nid = NODE_NONE },
		{ .gfp = GFP_KERNEL, .nid = 3 },
		{ .gfp = GFP_KERNEL, .nid = MAX_NODES },
		{ .gfp = GFP_KERNEL, .nid = 0, .nodemask = 1 << 5 },
		{ .gfp = GFP_KERNEL, .nid = NODE_NONE, .context = CTX_IRQ },
		{ .gfp = GFP_NOWAIT, .nid = NODE_NONE, .context = CTX_MASK + 1 },
	};
	struct bench b = bench_up(TWO_NODES);
	const char *why;

	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		cr_assert_eq(bench_ask(&b, &refused[i]), MUST_REFUSE, "row %u", i);
		bench_both(&b, &refused[i]);
		/* Also when something may strike: nothing is refused by chance. */
		b.mm->tun.hw->irq_at = 1;
		cr_assert_eq(oracle_ask(b.o, &refused[i], 0, true, &why), MUST_REFUSE);
		b.mm->tun.hw->irq_at = 0;
	}
	bench_down(&b);
}

static uint64_t no_pages(struct mm *mm, gfp_t gfp, unsigned int order)
{
	(void)mm;
	(void)gfp;
	(void)order;
	return 0;
}

Test(oracle, G5_nofail_is_stuck_or_fails_and_a_reclaimer_may_help)
{
	struct bench b = bench_up(ONE_ZONE);
	struct alloc_request blocking = request_of(GFP_KERNEL | __GFP_NOFAIL, 0, 0);
	struct alloc_request atomic = request_of(GFP_NOWAIT | __GFP_NOFAIL, 0, 0);
	struct alloc_request plain = request_of(GFP_KERNEL, 0, 0);

	bench_leave(&b, ID_NORMAL, 100);
	cr_assert_eq(bench_ask(&b, &blocking), MUST_STUCK);
	cr_assert_eq(bench_ask(&b, &atomic), MUST_FAIL);
	bench_both(&b, &blocking);
	bench_both(&b, &atomic);
	b.mm->reclaim = no_pages;
	cr_assert_eq(bench_ask(&b, &blocking), MAY);
	cr_assert_eq(bench_ask(&b, &plain), MAY);
	cr_assert_eq(bench_ask(&b, &atomic), MUST_FAIL);
	bench_down(&b);
}

/* Node 2 has no memory: without anything to drop the mask for there is no way. */
Test(oracle, G5_Z5_nofail_and_nodes_without_memory)
{
	struct bench b = bench_up(TWO_NODES);
	struct alloc_request req = request_of(GFP_KERNEL | __GFP_NOFAIL, 0, 0);

	req.nodemask = 1 << 2;
	cr_assert_eq(bench_ask(&b, &req), MUST_STUCK);
	req.context = CTX_MEMALLOC;		/* memory policies do not bind reclaimers */
	cr_assert_eq(bench_ask(&b, &req), MUST_SUCCEED);
	req.gfp |= __GFP_THISNODE;
	req.nid = 2;
	cr_assert_eq(bench_ask(&b, &req), MUST_STUCK);
	bench_down(&b);
}

Test(oracle, G5_dirty_nodes_are_passed_over_on_the_fast_path)
{
	struct bench b = bench_up(TWO_NODES);
	struct alloc_request req = request_of(GFP_KERNEL | __GFP_WRITE, 0, 0);
	struct page *page;

	req.nid = 0;
	b.mm->nodes[0].nr_dirty = 1 << 20;
	page = bench_both(&b, &req);
	cr_assert_eq(page->zone / NR_ZONE_TYPES, 1);
	b.mm->nodes[1].nr_dirty = 1 << 20;	/* nowhere: then the limit is forgotten */
	page = bench_both(&b, &req);
	cr_assert_eq(page->zone / NR_ZONE_TYPES, 0);
	bench_down(&b);
}

/* --- M5: the reserve -------------------------------------------------------------------- */

Test(oracle, M5_A4_unreserving_is_foretold_and_changes_nothing)
{
	struct bench b = bench_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request kernel = request_of(GFP_KERNEL, 2, 0);
	struct alloc_request noretry = request_of(GFP_KERNEL | __GFP_NORETRY, 2, 0);
	struct alloc_request atomic = request_of(GFP_ATOMIC, 2, 0);
	uint64_t before;

	mm_import_empty(b.mm, z);
	oracle_import_empty(b.o, ID_NORMAL);
	for (pfn_t pfn = 0; pfn < 1024; pfn += 2)
		bench_put(&b, pfn, 0, MIGRATE_MOVABLE);
	bench_put(&b, 2048, 2, MIGRATE_HIGHATOMIC);
	bench_put(&b, 2064, 3, MIGRATE_HIGHATOMIC);
	before = state_hash(b.mm);
	cr_assert_eq(bench_ask(&b, &atomic), MUST_SUCCEED);
	cr_assert_eq(bench_ask(&b, &noretry), MUST_FAIL);
	for (unsigned int i = 0; i < 3; i++)
		cr_assert_eq(bench_ask(&b, &kernel), MUST_SUCCEED);
	cr_assert_eq(state_hash(b.mm), before);
	bench_both(&b, &noretry);
	cr_assert_not_null(bench_both(&b, &kernel));
	kernel.order = 4;
	cr_assert_eq(bench_ask(&b, &kernel), MUST_FAIL);
	bench_down(&b);
}

/* A pageblock that leaves the zone's end is counted out of the reserve, but stays where it is. */
Test(oracle, M5_a_pageblock_across_the_zones_end_never_moves)
{
	struct bench b = bench_up("tidemark 1\n"
		"machine cpus=1 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n"
		"node 0 cpus=0\n"
		"zone Normal start=8 spanned=1024\n"
		"sysctl min_free_kbytes=40\n"
		"ops\n");
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request pair = request_of(GFP_KERNEL, 1, 0);

	mm_import_empty(b.mm, z);
	oracle_import_empty(b.o, ID_NORMAL);
	for (pfn_t pfn = 128; pfn < 256; pfn += 2)
		bench_put(&b, pfn, 0, MIGRATE_MOVABLE);
	bench_put(&b, 1026, 1, MIGRATE_HIGHATOMIC);
	cr_assert_eq(bench_ask(&b, &pair), MUST_FAIL);
	cr_assert_null(bench_both(&b, &pair));
	bench_put(&b, 10, 1, MIGRATE_HIGHATOMIC);	/* this one would move */
	cr_assert_eq(bench_ask(&b, &pair), MUST_FAIL);	/* not while the other heads the list */
	bench_down(&b);
}

/* --- Z: where from ----------------------------------------------------------------------- */

Test(oracle, Z4_Z7_M4_the_zone_is_foretold)
{
	struct bench b = bench_up(TWO_NODES);
	struct alloc_request req = request_of(GFP_KERNEL, 0, 0);

	for (unsigned int i = 0; i < 2600; i++) {
		req.order = i % 3 ? 0 : 2;
		req.nid = i & 4 ? 1 : 0;
		req.nodemask = i & 8 ? 2 : i & 16 ? 3 : 0;
		req.gfp = i & 32 ? GFP_HIGHUSER_MOVABLE : i & 64 ? GFP_ATOMIC : GFP_KERNEL;
		if (i % 11 == 0)
			req.gfp |= __GFP_THISNODE;
		bench_both(&b, &req);
	}
	oracle_recount(b.o);
	bench_down(&b);
}

Test(oracle, Z7_policies_pick_the_node)
{
	static const struct { struct mempolicy pol; gfp_t gfp; unsigned int nid; } rows[] = {
		{ { .mode = MPOL_DEFAULT, .home = NODE_NONE }, GFP_KERNEL, 0 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE }, GFP_DMA32, 0 },
		{ { .mode = MPOL_BIND, .nodes = 3, .home = 1 }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_PREFERRED, .nodes = 6, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_PREFERRED_MANY, .nodes = 2, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_INTERLEAVE, .nodes = 3, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_INTERLEAVE, .nodes = 3, .home = NODE_NONE, .il_prev = 1 },
		  GFP_KERNEL, 0 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE },
		  GFP_KERNEL | __GFP_THISNODE, 0 },
	};
	struct bench b = bench_up(TWO_NODES);
	struct mempolicy nobody = { .mode = MPOL_BIND, .nodes = 4, .home = NODE_NONE };
	struct alloc_request req = request_of(GFP_KERNEL, 0, 0);
	struct page *page;
	const char *why;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mempolicy pol = rows[i].pol;

		req.gfp = rows[i].gfp;
		cr_assert_eq(oracle_ask_policy(b.o, &pol, &req, 0, false, &why), MUST_SUCCEED);
		cr_assert_eq(mempolicy_alloc(b.mm, &pol, &req, &page), VERDICT_OK);
		oracle_got(b.o, &req, mm_page_pfn(b.mm, page), 0, i);
		cr_assert_eq(page->zone / NR_ZONE_TYPES, rows[i].nid, "row %u", i);
	}
	cr_assert_eq(oracle_ask_policy(b.o, &nobody, &req, 0, false, &why), MUST_REFUSE);
	bench_down(&b);
}

/* --- B5, P6 ------------------------------------------------------------------------------- */

Test(oracle, B5_bulk_and_exact)
{
	struct bench b = bench_up(ONE_ZONE);
	struct alloc_request req = request_of(GFP_NOWAIT, 0, 0);
	struct page *pages[64] = { NULL };
	uint32_t filled;
	const char *why;

	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(mm_alloc_bulk(b.mm, &req, pages, 64, &filled), VERDICT_OK);
	for (uint32_t i = 0; i < filled; i++)
		oracle_got(b.o, &req, mm_page_pfn(b.mm, pages[i]), 0, 0);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), filled);
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 0, 0, false, &why), MUST_SUCCEED);
	req.order = 7;				/* bulk has none; exact has its own */
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 8, 0, false, &why), MUST_REFUSE);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 0, 0, false, &why), MUST_REFUSE);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 1024, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 1025, 0, false, &why), MUST_REFUSE);
	req.gfp |= __GFP_COMP;
	cr_assert_eq(oracle_ask_exact(b.o, &req, 8, 0, false, &why), MUST_REFUSE);
	bench_leave(&b, ID_NORMAL, 400);
	req = request_of(GFP_NOWAIT, 0, 0);
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_FAIL);
	req.gfp = GFP_ATOMIC;			/* one page, the slow way */
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_SUCCEED);
	bench_down(&b);
}

Test(oracle, P6_a_refused_trylock_matters_only_where_the_set_has_the_last_page)
{
	struct bench b = bench_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request req = request_of(GFP_NOWAIT | __GFP_MEMALLOC, 0, 0);
	struct page *page;
	const char *why;

	b.mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MUST_SUCCEED);
	b.mm->tun.hw->fail_trylock_at = 0;
	page = bench_both(&b, &req);
	while (bench_both(&b, &req))
		;
	cr_assert_eq(z->cpu[0].pcp.count, 0);
	oracle_gave(b.o, mm_page_pfn(b.mm, page), 1, 0);
	cr_assert_eq(mm_free_pages(b.mm, page, 0), MM_OK);
	cr_assert_eq(z->cpu[0].pcp.count, 1);
	b.mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MAY);
	b.mm->tun.hw->fail_trylock_at = 0;
	cr_assert_eq(oracle_ask(b.o, &req, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(oracle_ask(b.o, &req, 1, false, &why), MUST_FAIL);	/* another's set */
	b.mm->tun.hw->irq_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MAY);
	bench_down(&b);
}
