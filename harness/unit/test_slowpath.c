/* SPDX-License-Identifier: MIT */
/* test_slowpath.c - below the low mark: who is woken, what helps, and that it ends */
#include <criterion/criterion.h>

#include "event_log.h"
#include "validate.h"
#include "watermark.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2 pageblock_order=6 zones=DMA,Normal,Movable\n"
	"zone Normal start=0 spanned=4096\nops\n";

/* Marks of that machine: min 128, low 160, high 192. */
enum { MIN = 128, HIGH = 192 };

static struct event_log seen;

/* What a reclaimer of a test does; it is told nothing but the request. */
static struct {
	unsigned int	calls;
	uint64_t	progress;	/* what it says each time */
	unsigned int	frees_at;	/* the call at which it frees pages; 0: never */
	unsigned int	nr;		/* how many */
	struct page	*pages[512];
	gfp_t		gfp;
	unsigned int	order;
} reclaimer;

static uint64_t reclaim(struct mm *mm, gfp_t gfp, unsigned int order)
{
	reclaimer.gfp = gfp;
	reclaimer.order = order;
	if (++reclaimer.calls == reclaimer.frees_at) {
		for (unsigned int i = 0; i < reclaimer.nr; i++)
			cr_assert_eq(mm_free_pages(mm, reclaimer.pages[i], 0), MM_OK);
		mm_drain_all(mm);
		mm_tick(mm);
	}
	return reclaimer.progress;
}

/* Gives the zone `nr` free single pages and nothing else; one in two, so that they stay single. */
static void leave(struct mm *mm, unsigned int nr)
{
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 2 * nr; pfn += 2)
		cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	mm_tick(mm);
}

/* As leave(), with `held` more pages, which the reclaimer has in its hands. */
static void leave_and_hold(struct mm *mm, unsigned int nr, unsigned int held)
{
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = NODE_NONE,
				     .context = CTX_MEMALLOC };

	leave(mm, nr + held);
	for (unsigned int i = 0; i < held; i++) {
		cr_assert_eq(mm_alloc_pages(mm, &req, &reclaimer.pages[i]), VERDICT_OK);
		mm_tick(mm);
	}
	reclaimer.nr = held;
	mm->reclaim = reclaim;
	cr_assert_eq(zone_free_pages(zone_of(mm, ZONE_NORMAL)), nr);
}

/* The global counter, and what CPU 0 has besides. */
static void show(struct mm *mm, int64_t global, int8_t diff)
{
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	z->stats.count[NR_FREE_PAGES] = global;
	z->cpu[0].stat.diff[NR_FREE_PAGES] = diff;
}

static enum verdict verdict_of(struct mm *mm, gfp_t gfp, unsigned int order, unsigned int context)
{
	struct alloc_request req = { .gfp = gfp, .order = (uint8_t)order, .nid = NODE_NONE,
				     .context = (uint8_t)context };
	struct page *page;

	return mm_alloc_pages(mm, &req, &page);
}

static uint64_t stalls(struct mm *mm)
{
	return mm_event_sum(mm, (enum vm_event)(ALLOCSTALL_DMA + (int)ZONE_NORMAL));
}

/* --- what the caller is entitled to (G4) -------------------------------------------------- */

Test(slowpath, G4_G6_how_low_each_may_go)
{
	static const struct { gfp_t gfp; unsigned int context, floor; } cases[] = {
		{ GFP_KERNEL, 0, 128 },
		{ GFP_NOWAIT, 0, 128 },
		{ 0, 0, 128 },
		{ GFP_KERNEL | __GFP_HIGH, 0, 64 },
		{ GFP_ATOMIC, 0, 48 },
		{ GFP_ATOMIC, CTX_IRQ, 48 },
		{ GFP_NOWAIT | __GFP_HIGH, 0, 48 },
		{ GFP_ATOMIC | __GFP_NOMEMALLOC, 0, 64 },
		{ GFP_KERNEL, CTX_REALTIME, 64 },
		{ GFP_NOWAIT, CTX_REALTIME, 128 },
		{ GFP_KERNEL | __GFP_HIGH, CTX_REALTIME, 64 },
		{ GFP_KERNEL, CTX_OOM_VICTIM, 64 },
		{ GFP_KERNEL | __GFP_NOMEMALLOC, CTX_OOM_VICTIM, 128 },
		{ GFP_NOWAIT, CTX_OOM_VICTIM | CTX_IRQ, 128 },
		{ GFP_KERNEL, CTX_MEMALLOC, 0 },
		{ GFP_NOWAIT, CTX_MEMALLOC, 0 },
		{ GFP_KERNEL | __GFP_NOMEMALLOC, CTX_MEMALLOC, 128 },
		{ GFP_KERNEL | __GFP_MEMALLOC, 0, 0 },
		{ GFP_NOWAIT | __GFP_MEMALLOC, CTX_IRQ, 0 },
		{ GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0, 128 },
		{ GFP_NOWAIT, CTX_MEMALLOC | CTX_IRQ, 128 },
		{ GFP_KERNEL | __GFP_NOFAIL, 0, 64 },
		{ GFP_KERNEL | __GFP_NORETRY, 0, 128 },
		{ GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0, 128 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text(machine);
		bool nofail = cases[i].gfp & __GFP_NOFAIL;

		leave(mm, cases[i].floor + 1);
		cr_assert_eq(verdict_of(mm, cases[i].gfp, 0, cases[i].context), VERDICT_OK,
			     "case %zu at %u", i, cases[i].floor + 1);
		mm_tick(mm);
		cr_assert_eq(verdict_of(mm, cases[i].gfp, 0, cases[i].context),
			     nofail ? VERDICT_STUCK : VERDICT_FAILED,
			     "case %zu at %u", i, cases[i].floor);
		boot_done(mm);
	}
}

Test(slowpath, W6_G4_blocking_wins_over_atomic)
{
	struct mm *mm = boot_text(machine);
	const struct event *e;

	/* Boosted, so that only a true atomic request gets out of it. */
	leave(mm, 70);
	zone_of(mm, ZONE_NORMAL)->boost = 64;
	event_log_start(&seen, mm);
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_HIGH | __GFP_ATOMIC, 0, 0), VERDICT_FAILED);
	e = event_log_nth(&seen, EVENT_PAGE_ALLOC, 0);
	cr_assert_eq(e->gfp, GFP_KERNEL | __GFP_HIGH);
	cr_assert_eq(verdict_of(mm, GFP_ATOMIC, 0, 0), VERDICT_OK);
	boot_done(mm);
}

Test(slowpath, Z7_G4_who_may_leave_the_nodemask)
{
	static const struct { gfp_t gfp; unsigned int context; bool leaves; } cases[] = {
		{ GFP_KERNEL, 0, false }, { GFP_NOWAIT, 0, false }, { GFP_ATOMIC, 0, true },
		{ GFP_KERNEL | __GFP_HIGH, 0, false }, { GFP_KERNEL, CTX_MEMALLOC, true },
		{ GFP_KERNEL, CTX_OOM_VICTIM, true }, { GFP_NOWAIT | __GFP_HIGH, 0, true },
		{ GFP_KERNEL | __GFP_NOFAIL, 0, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=4 "
					  "zones=Normal,Movable\n"
					  "node 0\nzone Normal start=0 spanned=1024\n"
					  "node 1\nzone Normal start=1024 spanned=1024\nops\n");
		struct alloc_request req = { .gfp = cases[i].gfp, .nid = 1, .nodemask = 1,
					     .context = (uint8_t)cases[i].context };
		struct page *page;

		mm_import_empty(mm, zone_of(mm, ZONE_NORMAL));
		cr_assert_eq(mm_alloc_pages(mm, &req, &page) == VERDICT_OK, cases[i].leaves,
			     "case %zu", i);
		if (page)
			cr_assert_eq(mm_page_zone(mm, page)->nid, 1);
		boot_done(mm);
	}
}

/* --- kswapd ------------------------------------------------------------------------------- */

static const char nodes[] =
	"tidemark 1\nmachine cpus=1 pageblock_order=6 zones=DMA,Normal,Movable\n"
	"node 0\nzone DMA start=0 spanned=1024\nzone Normal start=1024 spanned=1024\n"
	"node 1\nzone Normal start=4096 spanned=1024\n"
	"node 2\nzone Normal start=8192 spanned=1024 managed=0\nops\n";

static void empty_machine(struct mm *mm)
{
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		mm_import_empty(mm, z);
	mm_tick(mm);
}

Test(slowpath, S3_W7_one_wake_up_for_each_node_on_the_way)
{
	struct mm *mm = boot_text(nodes);

	empty_machine(mm);
	event_log_start(&seen, mm);
	cr_assert_eq(verdict_of(mm, GFP_NOWAIT, 2, 0), VERDICT_FAILED);
	/* Once before the slow path's first attempt, once in its round; not for node 2. */
	cr_assert_eq(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 4);
	for (unsigned int i = 0; i < 4; i++) {
		const struct event *e = event_log_nth(&seen, EVENT_WAKEUP_KSWAPD, i);

		cr_assert_eq(e->zone, i % 2 * NR_ZONE_TYPES + ZONE_NORMAL);
		cr_assert_eq(e->order, 2);
		cr_assert_eq(e->gfp, GFP_NOWAIT);
		cr_assert_eq(e->pfn, PFN_NONE);
	}
	cr_assert_eq(mm->nodes[0].kswapd_order, 2);
	cr_assert_eq(mm->nodes[1].kswapd_highest, ZONE_NORMAL);
	cr_assert_eq(mm->nodes[2].kswapd_highest, NR_ZONE_TYPES);
	boot_done(mm);
}

Test(slowpath, S3_the_wish_keeps_the_most_that_was_asked)
{
	struct mm *mm = boot_text(nodes);

	empty_machine(mm);
	verdict_of(mm, GFP_NOWAIT | __GFP_DMA, 3, 0);
	cr_assert_eq(mm->nodes[0].kswapd_highest, ZONE_DMA);
	cr_assert_eq(mm->nodes[1].kswapd_highest, NR_ZONE_TYPES);
	verdict_of(mm, GFP_NOWAIT, 1, 0);
	cr_assert_eq(mm->nodes[0].kswapd_highest, ZONE_NORMAL);
	cr_assert_eq(mm->nodes[0].kswapd_order, 3);
	verdict_of(mm, GFP_NOWAIT | __GFP_DMA, 1, 0);
	cr_assert_eq(mm->nodes[0].kswapd_highest, ZONE_NORMAL);
	boot_done(mm);
}

Test(slowpath, G4_without_its_flag_nobody_is_woken)
{
	struct mm *mm = boot_text(nodes);

	empty_machine(mm);
	event_log_start(&seen, mm);
	verdict_of(mm, 0, 0, 0);
	verdict_of(mm, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0, 0);
	verdict_of(mm, __GFP_HIGH, 1, 0);
	cr_assert_eq(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 0);
	cr_assert_eq(mm->nodes[0].kswapd_highest, NR_ZONE_TYPES);
	boot_done(mm);
}

Test(slowpath, W7_a_balanced_node_is_not_disturbed)
{
	struct mm *mm = boot_text(machine);

	/* Enough pages for kswapd; what is missing is a block of order 1 ... */
	leave(mm, 500);
	event_log_start(&seen, mm);
	verdict_of(mm, GFP_NOWAIT, 1, 0);
	cr_assert_gt(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 0);
	/* ... or nothing: then it sleeps on. */
	event_log_start(&seen, mm);
	mm_wakeup_kswapd(mm, zone_of(mm, ZONE_NORMAL), 0, 0, ZONE_NORMAL);
	cr_assert_eq(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 0);
	boot_done(mm);
}

/* --- reclaim ------------------------------------------------------------------------------ */

Test(slowpath, A2_reclaim_that_frees_pages_helps)
{
	struct mm *mm = boot_text(machine);

	leave_and_hold(mm, 120, 20);
	reclaimer.progress = 20;
	reclaimer.frees_at = 1;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_OK);
	cr_assert_eq(reclaimer.calls, 1);
	cr_assert_eq(reclaimer.gfp, GFP_KERNEL);
	cr_assert_eq(stalls(mm), 1);
	boot_done(mm);
}

Test(slowpath, P4_after_progress_the_sets_of_all_cpus_are_drained)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	leave_and_hold(mm, 120, 20);
	mm->tun.hw->cpu = 1;
	for (unsigned int i = 0; i < 20; i++)
		mm_free_pages(mm, reclaimer.pages[i], 0);
	mm->tun.hw->cpu = 0;
	cr_assert_eq(z->cpu[1].pcp.count, 20);
	/* Without progress nobody looks there. */
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_FAILED);
	cr_assert_eq(z->cpu[1].pcp.count, 20);
	reclaimer.progress = 1;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_OK);
	cr_assert_eq(z->cpu[1].pcp.count, 0);
	boot_done(mm);
}

/* Free pages in a reserve of three pageblocks; 200 besides are needed to hold min. */
static void leave_reserve(struct mm *mm)
{
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 3 * 64; pfn += 64)
		cr_assert(mm_import_free(mm, z, pfn, 5, MIGRATE_HIGHATOMIC));
	for (pfn_t pfn = 1024; pfn < 1024 + 160; pfn += 2)
		cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	mm_tick(mm);
	cr_assert_eq(z->nr_reserved_highatomic, 192);
	mm->reclaim = reclaim;
}

Test(slowpath, M5_after_progress_one_pageblock_of_the_reserve_goes_back)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	/* 176 - 192; with one pageblock back 48, with two 112, with all three 176. */
	leave_reserve(mm);
	reclaimer.progress = 1;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_NORETRY, 0, 0), VERDICT_FAILED);
	cr_assert_eq(z->nr_reserved_highatomic, 128);
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_NORETRY, 0, 0), VERDICT_FAILED);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	/* The last one only when all else fails. */
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_NORETRY, 0, 0), VERDICT_FAILED);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_OK);
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	validate_mm(mm);
	boot_done(mm);
}

Test(slowpath, G5_A1_who_does_not_reclaim)
{
	static const struct { gfp_t gfp; unsigned int order, context; uint64_t stalls; } cases[] = {
		{ GFP_KERNEL, 0, 0, 1 },
		{ GFP_KERNEL | __GFP_NORETRY, 0, 0, 1 },
		{ GFP_NOWAIT, 0, 0, 0 },
		{ GFP_ATOMIC, 0, 0, 0 },
		{ GFP_KERNEL, 0, CTX_MEMALLOC, 0 },
		/* A costly order that will not be retried gives up before it reclaims. */
		{ GFP_KERNEL | __GFP_NORETRY, 4, 0, 0 },
		{ GFP_KERNEL | __GFP_NORETRY | __GFP_THISNODE, 4, 0, 0 },
		{ GFP_NOIO | __GFP_NORETRY, 4, 0, 1 },
		{ GFP_KERNEL | __GFP_NORETRY, 3, 0, 1 },
		{ GFP_KERNEL | __GFP_NORETRY, 4, CTX_OOM_VICTIM, 1 },
		{ GFP_KERNEL, 4, 0, 1 },
		{ GFP_NOIO | __GFP_RETRY_MAYFAIL, 4, 0, 1 },
		{ GFP_KERNEL | __GFP_MOVABLE, 2, 0, 1 },
		{ GFP_KERNEL, 2, 0, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text(machine);

		mm_import_empty(mm, zone_of(mm, ZONE_NORMAL));
		cr_assert_eq(verdict_of(mm, cases[i].gfp, cases[i].order, cases[i].context),
			     VERDICT_FAILED);
		cr_assert_eq(stalls(mm), cases[i].stalls, "case %zu", i);
		cr_assert_eq(mm_event_sum(mm, COMPACTSTALL), 0);
		boot_done(mm);
	}
}

/* --- every loop ends (A3, X9) ------------------------------------------------------------- */

/*
 * Exact sums say that reclaiming could help, while requests, who look at the
 * global counter, still fail: the one way to be sent round and round.
 */
Test(slowpath, A3_W8_sixteen_rounds_without_progress)
{
	struct mm *mm = boot_text(machine);

	leave(mm, MIN + 2);
	mm->reclaim = reclaim;
	show(mm, MIN, 2);
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_FAILED);
	cr_assert_eq(reclaimer.calls, MAX_RECLAIM_RETRIES + 1);
	validate_mm(mm);
	boot_done(mm);
}

Test(slowpath, A3_W8_rounds_with_progress_are_bounded_as_well)
{
	struct mm *mm = boot_text(machine);

	leave(mm, MIN + 2);
	mm->reclaim = reclaim;
	show(mm, MIN, 2);
	reclaimer.progress = 1;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_FAILED);
	cr_assert_eq(reclaimer.calls, MAX_PROGRESS_ROUNDS);
	boot_done(mm);
}

Test(slowpath, A3_progress_does_not_count_for_costly_orders)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 32 * 12; pfn += 32)
		cr_assert(mm_import_free(mm, z, pfn, 4, MIGRATE_UNMOVABLE));
	mm->reclaim = reclaim;
	reclaimer.progress = 1;
	show(mm, MIN + 15, 3);
	/* What the CPU holds is out of order 4's reach: 143 - 15 is not above 128, 146 - 15 is. */
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_RETRY_MAYFAIL, 4, 0), VERDICT_FAILED);
	cr_assert_eq(reclaimer.calls, MAX_RECLAIM_RETRIES + 1);
	boot_done(mm);
}

Test(slowpath, A3_progress_starts_the_count_anew)
{
	struct mm *mm = boot_text(machine);

	leave_and_hold(mm, MIN + 2, 20);
	show(mm, MIN, 2);
	reclaimer.progress = 1;
	reclaimer.frees_at = 3 * MAX_RECLAIM_RETRIES;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0), VERDICT_OK);
	cr_assert_eq(reclaimer.calls, 3 * MAX_RECLAIM_RETRIES);
	boot_done(mm);
}

/* A4: at the end somebody else may just have freed a lot; less than the high mark is not enough. */
Test(slowpath, A4_a_last_try_at_the_high_mark)
{
	for (unsigned int more = 0; more < 2; more++) {
		struct mm *mm = boot_text(machine);
		unsigned int held = HIGH + more - (MIN + 2);

		reclaimer.calls = 0;
		leave_and_hold(mm, MIN + 2, held);
		show(mm, MIN, 2);
		/* Its last chance: the seventeenth round without progress. */
		reclaimer.frees_at = MAX_RECLAIM_RETRIES + 1;
		cr_assert_eq(verdict_of(mm, GFP_KERNEL, 0, 0),
			     more ? VERDICT_OK : VERDICT_FAILED);
		cr_assert_eq(reclaimer.calls, MAX_RECLAIM_RETRIES + 1);
		boot_done(mm);
	}
}

/* --- __GFP_NOFAIL ------------------------------------------------------------------------- */

Test(slowpath, G5_nofail_ends_stuck_after_bounded_work)
{
	static const struct { gfp_t gfp; unsigned int order; enum verdict want; } cases[] = {
		{ GFP_KERNEL | __GFP_NOFAIL, 0, VERDICT_STUCK },
		{ GFP_KERNEL | __GFP_NOFAIL, 3, VERDICT_STUCK },
		{ GFP_KERNEL | __GFP_NOFAIL, 5, VERDICT_STUCK },
		{ GFP_NOFS | __GFP_NOFAIL | __GFP_NORETRY, 0, VERDICT_STUCK },
		{ GFP_KERNEL | __GFP_NOFAIL | __GFP_DMA, 0, VERDICT_STUCK },
		{ GFP_NOWAIT | __GFP_NOFAIL, 0, VERDICT_FAILED },
		{ GFP_ATOMIC | __GFP_NOFAIL, 3, VERDICT_FAILED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text(machine);

		mm_import_empty(mm, zone_of(mm, ZONE_NORMAL));
		mm->tun.hw->steps = 0;
		cr_assert_eq(verdict_of(mm, cases[i].gfp, cases[i].order, 0), cases[i].want,
			     "case %zu", i);
		cr_assert_lt(mm->tun.hw->steps, 20000, "case %zu", i);
		cr_assert_leq(stalls(mm), MAX_NOFAIL_ROUNDS + 1);
		validate_mm(mm);
		boot_done(mm);
	}
}

Test(slowpath, A3_X9_the_worst_request_ends_within_its_budget)
{
	struct mm *mm = boot_text(machine);

	leave(mm, MIN / 2);
	mm->reclaim = reclaim;
	reclaimer.progress = 1;
	/* The exact sum holds min, and what can be seen is not even half of it. */
	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = MIN / 2;
	zone_of(mm, ZONE_NORMAL)->cpu[0].stat.diff[NR_FREE_PAGES] = MIN / 2 + 1;
	mm->tun.hw->budget = 1 << 22;
	mm->tun.hw->alarm = 0;
	mm->tun.hw->steps = 0;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_NOFAIL, 0, 0), VERDICT_STUCK);
	cr_assert_eq(reclaimer.calls, (MAX_NOFAIL_ROUNDS + 1) * MAX_PROGRESS_ROUNDS);
	boot_done(mm);
}

Test(slowpath, G5_nofail_goes_on_when_pages_come_back)
{
	struct mm *mm = boot_text(machine);

	leave_and_hold(mm, 30, 200);
	reclaimer.frees_at = 7;
	cr_assert_eq(verdict_of(mm, GFP_KERNEL | __GFP_NOFAIL, 0, 0), VERDICT_OK);
	cr_assert_eq(reclaimer.calls, 7);
	boot_done(mm);
}

Test(slowpath, X6_a_failed_request_moves_nothing)
{
	static const struct { gfp_t gfp; unsigned int order, context; } cases[] = {
		{ GFP_KERNEL, 0, 0 }, { GFP_KERNEL, 1, 0 }, { GFP_KERNEL, 9, 0 },
		{ GFP_ATOMIC, 0, 0 }, { GFP_ATOMIC, 2, CTX_IRQ }, { GFP_KERNEL, 1, CTX_MEMALLOC },
		{ GFP_HIGHUSER_MOVABLE, 0, 0 }, { GFP_KERNEL | __GFP_NOFAIL, 1, 0 },
		{ GFP_KERNEL | __GFP_DMA, 0, CTX_OOM_VICTIM },
	};
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	leave(mm, 40);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_neq(verdict_of(mm, cases[i].gfp, cases[i].order, cases[i].context),
			      VERDICT_OK, "case %zu", i);
		cr_assert_eq(z->area[0].list[MIGRATE_UNMOVABLE].nr, 40);
		cr_assert_eq(zone_free_pages(z), 40);
		cr_assert_eq(z->boost, 0);
		validate_mm(mm);
	}
	boot_done(mm);
}
