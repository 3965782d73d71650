/* SPDX-License-Identifier: MIT */
/* test_fastpath.c - one attempt: which zone, which list, what is counted and told */
#include <criterion/criterion.h>
#include <string.h>

#include "alloc_context.h"
#include "event_log.h"
#include "validate.h"
#include "watermark.h"

#define HEAD	"tidemark 1\nmachine cpus=1 pageblock_order=6 zones="

static struct event_log seen;

/* Takes all of a zone away and gives back blocks of one order, each with its buddy left out. */
static void shape(struct mm *mm, struct zone *z, unsigned int order, enum migratetype type,
		  unsigned int nr)
{
	pfn_t pfn = z->start_pfn;

	mm_import_empty(mm, z);
	for (unsigned int i = 0; i < nr; i++, pfn += 2ULL << order)
		cr_assert(mm_import_free(mm, z, pfn, order, type));
	mm_tick(mm);
}

static struct page *ask(struct mm *mm, gfp_t gfp, unsigned int order, unsigned int nid)
{
	struct alloc_request req = { .gfp = gfp, .order = (uint8_t)order, .nid = (uint8_t)nid };
	struct page *page;

	mm_alloc_pages(mm, &req, &page);
	return page;
}

static unsigned int zone_type_of(struct mm *mm, const struct page *page)
{
	cr_assert_not_null(page);
	return mm_page_zone(mm, page)->type;
}

static uint64_t pgalloc(struct mm *mm, enum zone_type type)
{
	return mm_event_sum(mm, (enum vm_event)(PGALLOC_DMA + (int)type));
}

/* --- which zone --------------------------------------------------------------------------- */

Test(fastpath, A1_G2_the_highest_zone_that_the_request_may_use)
{
	static const struct { gfp_t gfp; enum zone_type want; } cases[] = {
		{ GFP_KERNEL, ZONE_NORMAL },
		{ GFP_KERNEL | __GFP_MOVABLE, ZONE_NORMAL },
		{ GFP_KERNEL | __GFP_DMA, ZONE_DMA },
		{ GFP_KERNEL | __GFP_DMA32, ZONE_DMA32 },
		{ GFP_HIGHUSER, ZONE_HIGHMEM },
		{ GFP_HIGHUSER_MOVABLE, ZONE_MOVABLE },
		{ GFP_KERNEL | __GFP_DMA32 | __GFP_MOVABLE, ZONE_DMA32 },
	};
	struct mm *mm = boot_text(HEAD "DMA,DMA32,Normal,HighMem,Movable\n"
				  "zone DMA start=0 spanned=1024\n"
				  "zone DMA32 start=1024 spanned=1024\n"
				  "zone Normal start=2048 spanned=1024\n"
				  "zone HighMem start=3072 spanned=1024\n"
				  "zone Movable start=4096 spanned=1024\nops\n");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(zone_type_of(mm, get_pages(mm, cases[i].gfp, 0)), cases[i].want,
			     "case %zu", i);
	boot_done(mm);
}

Test(fastpath, A1_W4_downward_as_marks_and_reserves_allow)
{
	struct mm *mm = boot_text(HEAD "DMA,DMA32,Normal,Movable\n"
				  "zone DMA start=0 spanned=1024\n"
				  "zone DMA32 start=1024 spanned=2048\n"
				  "zone Normal start=4096 spanned=8192\n"
				  "sysctl min_free_kbytes=0\nops\n");
	unsigned int last = ZONE_NORMAL;
	uint64_t nr[NR_ZONE_TYPES] = { 0 };
	struct page *page;

	/* low is a thousandth, reserves are 8192 / 256 and 10240 / 256. */
	while ((page = get_pages(mm, GFP_NOWAIT, 3))) {
		unsigned int type = zone_type_of(mm, page);

		if (nr[ZONE_DMA] == 0)
			cr_assert_leq(type, last);
		last = type;
		nr[type] += 8;
		mm_tick(mm);
	}
	/* Min is 0, so what stays is the reserve, and at most the blocks that do not fit. */
	cr_assert_geq(nr[ZONE_NORMAL], 8192 - 8);
	cr_assert_eq(nr[ZONE_DMA32], 2048 - 32);
	cr_assert_eq(nr[ZONE_DMA], 1024 - 40);
	boot_done(mm);
}

Test(fastpath, Z4_Z7_nodes_by_distance_and_mask)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=3 pageblock_order=6 "
				  "zones=Normal,Movable\n"
				  "node 0 cpus=0\nzone Normal start=0 spanned=1024\n"
				  "node 1 cpus=1\nzone Normal start=1024 spanned=1024\n"
				  "node 2 cpus=2\nzone Normal start=2048 spanned=1024\n"
				  "distance 0 1 40\nops\n");
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = NODE_NONE };
	struct page *page;

	for (uint8_t cpu = 0; cpu < 3; cpu++) {
		mm->tun.hw->cpu = cpu;
		cr_assert_eq(mm_page_zone(mm, get_pages(mm, GFP_KERNEL, 0))->nid, cpu);
	}
	mm->tun.hw->cpu = 0;
	cr_assert_eq(mm_page_zone(mm, ask(mm, GFP_KERNEL, 0, 2))->nid, 2);
	req.nodemask = 6;
	cr_assert_eq(mm_alloc_pages(mm, &req, &page), VERDICT_OK);
	cr_assert_eq(mm_page_zone(mm, page)->nid, 2);
	req.nid = 1;
	cr_assert_eq(mm_alloc_pages(mm, &req, &page), VERDICT_OK);
	cr_assert_eq(mm_page_zone(mm, page)->nid, 1);
	req.gfp |= __GFP_THISNODE;
	req.nodemask = 4;
	cr_assert_eq(mm_alloc_pages(mm, &req, &page), VERDICT_FAILED);
	boot_done(mm);
}

Test(fastpath, Z4_a_walk_begins_where_the_request_may_go)
{
	struct mm *mm = boot_text(HEAD "DMA,Normal,Movable\nzone DMA start=0 spanned=1024\n"
				  "zone Normal start=1024 spanned=1024\nops\n");
	struct alloc_context ac = { .mm = mm, .highest = ZONE_DMA,
				    .zonelist = mm->nodes[0].zonelist[ZONELIST_FALLBACK] };
	unsigned int at = 0;

	cr_assert(context_reset(&ac));
	cr_assert_eq(ac.start, 1);
	cr_assert_eq(ac.preferred, zone_of(mm, ZONE_DMA));
	cr_assert_eq(context_next_zone(&ac, &at), zone_of(mm, ZONE_DMA));
	at++;
	cr_assert_null(context_next_zone(&ac, &at));
	ac.nodemask = 2;
	cr_assert_not(context_reset(&ac));
	cr_assert_null(alloc_attempt(&ac, ALLOC_WMARK_MIN));
	boot_done(mm);
}

/* --- M4 ----------------------------------------------------------------------------------- */

#define DMA32		"zone DMA32 start=0 spanned=1024\n"
#define NORMAL		"zone Normal start=1024 spanned=4096\n"
#define NODE1		"node 1\nzone Normal start=8192 spanned=4096\n"
#define SMALL_MARKS	"sysctl min_free_kbytes=64\n"

/* A kernel page, where Normal of the node has only small Movable blocks. */
static struct page *page_of_fragmented_normal(struct mm *mm, unsigned int nid)
{
	shape(mm, &mm->zones[nid * NR_ZONE_TYPES + ZONE_NORMAL], 4, MIGRATE_MOVABLE, 60);
	return ask(mm, GFP_KERNEL, 0, nid);
}

Test(fastpath, M4_where_dma32_is_rather_taken_than_types_mixed)
{
	static const struct {
		const char     *machine;
		unsigned int	nid;
		enum zone_type	want;
	} cases[] = {
		{ HEAD "DMA32,Normal,Movable\n" DMA32 NORMAL SMALL_MARKS "ops\n", 0, ZONE_DMA32 },
		/* Not configured; configured, but Normal is not where the walk begins. */
		{ HEAD "DMA,Normal,Movable\nzone DMA start=0 spanned=1024\n" NORMAL SMALL_MARKS
		  "ops\n", 0, ZONE_NORMAL },
		/* One node, whose DMA32 is empty: nothing to find there, so it is tried again. */
		{ HEAD "DMA32,Normal,Movable\n" NORMAL SMALL_MARKS "ops\n", 0, ZONE_NORMAL },
		/* Several nodes: with a DMA32 of its own, and without. */
		{ HEAD "DMA32,Normal,Movable\nnode 0\n" DMA32 NORMAL
		  NODE1 SMALL_MARKS "ops\n", 0, ZONE_DMA32 },
		{ HEAD "DMA32,Normal,Movable\nnode 0\n" DMA32 NORMAL
		  NODE1 SMALL_MARKS "ops\n", 1, ZONE_NORMAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text(cases[i].machine);
		struct page *page = page_of_fragmented_normal(mm, cases[i].nid);

		cr_assert_eq(zone_type_of(mm, page), cases[i].want, "case %zu", i);
		cr_assert_eq(mm_page_zone(mm, page)->nid, cases[i].nid, "case %zu", i);
		boot_done(mm);
	}
}

Test(fastpath, M4_rather_mixed_than_far)
{
	struct mm *mm = boot_text(HEAD "DMA32,Normal,Movable\nnode 0\n" DMA32 NORMAL
				  NODE1 SMALL_MARKS "ops\n");
	struct page *page;

	mm_import_empty(mm, zone_of(mm, ZONE_DMA32));
	page = page_of_fragmented_normal(mm, 0);
	cr_assert_eq(mm_page_zone(mm, page), zone_of(mm, ZONE_NORMAL));
	boot_done(mm);
}

Test(fastpath, M4_whole_pageblocks_and_movable_requests_mix_nothing)
{
	struct mm *mm = boot_text(HEAD "DMA32,Normal,Movable\n" DMA32 NORMAL SMALL_MARKS "ops\n");

	shape(mm, zone_of(mm, ZONE_NORMAL), 6, MIGRATE_MOVABLE, 4);
	cr_assert_eq(zone_type_of(mm, get_pages(mm, GFP_KERNEL, 0)), ZONE_NORMAL);
	cr_assert_eq(zone_type_of(mm, get_pages(mm, GFP_HIGHUSER_MOVABLE, 0)), ZONE_NORMAL);
	boot_done(mm);
}

/* --- which list --------------------------------------------------------------------------- */

static struct page *attempt(struct mm *mm, unsigned int order, enum migratetype type,
			    unsigned int alloc_flags)
{
	struct alloc_context ac = { .mm = mm, .gfp = GFP_ATOMIC, .order = order, .type = type,
				    .highest = ZONE_NORMAL,
				    .zonelist = mm->nodes[0].zonelist[ZONELIST_FALLBACK] };

	cr_assert(context_reset(&ac));
	return alloc_attempt(&ac, alloc_flags);
}

Test(fastpath, M5_the_reserve_first_for_those_it_is_for_last_for_the_needy)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\n"
				  SMALL_MARKS "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 128; pfn += 32)
		cr_assert(mm_import_free(mm, z, pfn, 4, MIGRATE_HIGHATOMIC));
	for (pfn_t pfn = 1024; pfn < 1024 + 256; pfn += 32)
		cr_assert(mm_import_free(mm, z, pfn, 4, MIGRATE_UNMOVABLE));
	mm_tick(mm);
	cr_assert_eq(z->nr_reserved_highatomic, 128);

	page = attempt(mm, 4, MIGRATE_UNMOVABLE, ALLOC_HIGHATOMIC | ALLOC_NON_BLOCK);
	cr_assert_eq(zone_pfn(z, page), 0);
	page = attempt(mm, 4, MIGRATE_UNMOVABLE, ALLOC_NON_BLOCK);
	cr_assert_eq(zone_pfn(z, page), 1024);
	for (unsigned int i = 0; i < 7; i++)
		cr_assert_geq(zone_pfn(z, attempt(mm, 4, MIGRATE_UNMOVABLE, ALLOC_NON_BLOCK)),
			      1024);
	mm_tick(mm);
	/* 48 pages are left, all of the reserve. */
	cr_assert_null(attempt(mm, 0, MIGRATE_UNMOVABLE, ALLOC_MIN_RESERVE));
	page = attempt(mm, 0, MIGRATE_UNMOVABLE, ALLOC_NON_BLOCK);
	cr_assert_eq(zone_pfn(z, page), 32);
	page = attempt(mm, 0, MIGRATE_MOVABLE, ALLOC_OOM);
	cr_assert_eq(zone_pfn(z, page), 33);
	cr_assert_null(attempt(mm, 0, MIGRATE_UNMOVABLE, ALLOC_NO_WATERMARKS));
	boot_done(mm);
}

Test(fastpath, M5_what_an_atomic_request_got_is_set_aside)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\n"
				  SMALL_MARKS "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	attempt(mm, 1, MIGRATE_UNMOVABLE, ALLOC_NON_BLOCK);
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	attempt(mm, 1, MIGRATE_UNMOVABLE, ALLOC_HIGHATOMIC);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	validate_mm(mm);
	boot_done(mm);
}

/* Its pages lie on the movable list, where a request without a right to CMA would find them. */
Test(fastpath, P5_the_set_is_not_for_movable_requests_without_cma)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=1024\n"
				  "cma 512-1023\nsysctl min_free_kbytes=0\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	for (unsigned int order = 6; order <= 8; order++)
		get_pages(mm, GFP_HIGHUSER_MOVABLE, order);
	mm_tick(mm);
	/* Most of what is free is CMA's. */
	page = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_geq(zone_pfn(z, page), 512);
	cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
	cr_assert_eq(page->state, PAGE_PCP);
	cr_assert_lt(zone_pfn(z, attempt(mm, 0, MIGRATE_MOVABLE, ALLOC_WMARK_MIN)), 512);
	cr_assert_eq(page->state, PAGE_PCP);
	cr_assert_eq(attempt(mm, 0, MIGRATE_MOVABLE, ALLOC_WMARK_MIN | ALLOC_CMA), page);
	boot_done(mm);
}

/* --- the page that comes out -------------------------------------------------------------- */

Test(fastpath, G4_G5_what_the_head_says)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\nops\n");
	struct page *page = get_pages(mm, GFP_KERNEL | __GFP_COMP, 2);

	cr_assert_eq(page->state, PAGE_ALLOC);
	cr_assert_eq(page->refs, 1);
	cr_assert_eq(page->order, 2);
	cr_assert_eq(page->flags, PG_COMP);
	cr_assert_eq(page->zone, ZONE_NORMAL);
	cr_assert_eq(page->next | page->prev | page->type | page->cpu, 0);
	/* One page alone is compound with nobody. */
	cr_assert_eq(get_pages(mm, GFP_KERNEL | __GFP_COMP, 0)->flags, 0);
	cr_assert_eq(get_pages(mm, GFP_KERNEL, 2)->flags, 0);
	cr_assert_eq(attempt(mm, 0, MIGRATE_UNMOVABLE, ALLOC_NO_WATERMARKS)->flags, PG_PFMEMALLOC);
	boot_done(mm);
}

Test(fastpath, B6_G5_contents)
{
	static const struct { const char *policy; gfp_t gfp; bool zero; } cases[] = {
		{ "", GFP_KERNEL, false },
		{ "", GFP_KERNEL | __GFP_ZERO, true },
		{ "policy init_on_alloc\n", GFP_KERNEL, true },
		{ "policy init_on_free\n", GFP_KERNEL, true },
		{ "policy init_on_free\n", GFP_KERNEL | __GFP_ZERO, true },
		{ "policy poison\n", GFP_KERNEL, false },
		{ "policy poison\n", GFP_KERNEL | __GFP_ZERO, true },
		{ "policy poison init_on_free\n", GFP_KERNEL | __GFP_ZERO, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400];
		struct mm *mm;
		struct hw *hw;
		struct page *page;

		snprintf(text, sizeof(text), HEAD "Normal,Movable\n"
			 "zone Normal start=0 spanned=4096\n%sops\n", cases[i].policy);
		mm = boot_text(text);
		hw = mm->tun.hw;
		page = get_pages(mm, GFP_KERNEL, 1);
		memset(sim_page_bytes(hw, ZONE_NORMAL, mm_page_pfn(mm, page)), 0x77, CONTENT_BYTES);
		mm_free_pages(mm, page, 1);
		cr_assert_eq(get_pages(mm, cases[i].gfp, 1), page);
		cr_assert_eq(sim_pages_are_zero(hw, ZONE_NORMAL, mm_page_pfn(mm, page), 2),
			     cases[i].zero, "case %zu", i);
		boot_done(mm);
	}
}

/* --- counters ----------------------------------------------------------------------------- */

Test(fastpath, S1_pages_are_counted_by_zone)
{
	struct mm *mm = boot_text(HEAD "DMA,Normal,Movable\nzone DMA start=0 spanned=1024\n"
				  "zone Normal start=1024 spanned=1024\n"
				  "zone Movable start=2048 spanned=1024\nops\n");

	get_pages(mm, GFP_KERNEL, 3);
	get_pages(mm, GFP_KERNEL, 0);
	get_pages(mm, GFP_KERNEL | __GFP_DMA, 5);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 1);
	cr_assert_eq(pgalloc(mm, ZONE_NORMAL), 9);
	cr_assert_eq(pgalloc(mm, ZONE_DMA), 32);
	cr_assert_eq(pgalloc(mm, ZONE_MOVABLE), 2);
	/* Blocks, not pages. */
	cr_assert_eq(mm_numa_sum(mm, zone_of(mm, ZONE_NORMAL), NUMA_HIT), 2);
	boot_done(mm);
}

Test(fastpath, S1_Z4_hits_misses_and_where_the_cpu_is)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 pageblock_order=6 "
				  "zones=Normal,Movable\n"
				  "node 0 cpus=0\nzone Normal start=0 spanned=1024\n"
				  "node 1 cpus=1\nzone Normal start=1024 spanned=1024\nops\n");
	struct zone *near = zone_of(mm, ZONE_NORMAL);
	struct zone *far = &mm->zones[NR_ZONE_TYPES + ZONE_NORMAL];
	static const struct { enum numa_stat item; uint64_t near, far; } want[] = {
		/* 1 here; 2 asked of the far node; 1 asked here, when the near one is empty. */
		{ NUMA_HIT, 1, 2 }, { NUMA_MISS, 0, 1 }, { NUMA_FOREIGN, 1, 0 },
		{ NUMA_LOCAL, 1, 0 }, { NUMA_OTHER, 0, 3 }, { NUMA_INTERLEAVE, 0, 0 },
	};

	ask(mm, GFP_KERNEL, 4, NODE_NONE);
	ask(mm, GFP_KERNEL, 4, 1);
	ask(mm, GFP_KERNEL, 4, 1);
	mm_import_empty(mm, near);
	ask(mm, GFP_KERNEL, 4, 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		cr_assert_eq(mm_numa_sum(mm, near, want[i].item), want[i].near, "near %zu", i);
		cr_assert_eq(mm_numa_sum(mm, far, want[i].item), want[i].far, "far %zu", i);
	}
	boot_done(mm);
}

/* --- events (S3) -------------------------------------------------------------------------- */

Test(fastpath, S3_an_allocation_tells_what_was_asked_and_what_came)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\nops\n");
	const struct event *e;
	struct page *page;

	event_log_start(&seen, mm);
	page = get_pages(mm, GFP_KERNEL | __GFP_RECLAIMABLE, 5);
	/* Stolen, cut from the buddy, handed out. */
	cr_assert_eq(seen.nr, 3);
	e = event_log_nth(&seen, EVENT_ALLOC_EXTFRAG, 0);
	cr_assert_eq(e->pfn, 0);
	cr_assert_eq(e->order, 5);
	cr_assert_eq(e->type, MIGRATE_RECLAIMABLE);
	cr_assert_eq(e->fallback_order, 10);
	cr_assert_eq(e->fallback_type, MIGRATE_MOVABLE);
	cr_assert(e->extra);
	e = event_log_nth(&seen, EVENT_ALLOC_ZONE_LOCKED, 0);
	cr_assert_eq(e->pfn, 0);
	cr_assert_eq(e->order, 5);
	cr_assert_eq(e->type, MIGRATE_RECLAIMABLE);
	cr_assert_not(e->extra);
	e = event_log_nth(&seen, EVENT_PAGE_ALLOC, 0);
	cr_assert_eq(e->pfn, mm_page_pfn(mm, page));
	cr_assert_eq(e->order, 5);
	cr_assert_eq(e->gfp, GFP_KERNEL | __GFP_RECLAIMABLE);
	cr_assert_eq(e->type, MIGRATE_RECLAIMABLE);
	cr_assert_eq(e->zone, ZONE_NORMAL);
	boot_done(mm);
}

Test(fastpath, S3_a_refill_tells_of_each_block_and_that_it_goes_to_a_set)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\n"
				  "policy pcp_batch=5\nops\n");

	event_log_start(&seen, mm);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_eq(event_log_count(&seen, EVENT_ALLOC_ZONE_LOCKED), 5);
	for (unsigned int i = 0; i < 5; i++) {
		cr_assert_eq(event_log_nth(&seen, EVENT_ALLOC_ZONE_LOCKED, i)->pfn, i);
		cr_assert(event_log_nth(&seen, EVENT_ALLOC_ZONE_LOCKED, i)->extra);
	}
	/* The next ones find their pages there. */
	event_log_start(&seen, mm);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_eq(seen.nr, 1);
	boot_done(mm);
}

Test(fastpath, S3_a_failure_is_told_as_no_page)
{
	struct mm *mm = boot_text(HEAD "DMA,Normal,Movable\n"
				  "zone Normal start=0 spanned=4096\nops\n");
	const struct event *e;

	event_log_start(&seen, mm);
	cr_assert_null(get_pages(mm, GFP_NOWAIT | __GFP_DMA, 2));
	e = event_log_nth(&seen, EVENT_PAGE_ALLOC, 0);
	cr_assert_eq(e->pfn, PFN_NONE);
	cr_assert_eq(e->zone, ZONE_ID_END);
	cr_assert_eq(e->order, 2);
	cr_assert_eq(e->gfp, GFP_NOWAIT | __GFP_DMA);
	/* Refused and injected ones never came so far. */
	event_log_start(&seen, mm);
	get_pages(mm, GFP_KERNEL, 11);
	mm->tun.hw->fail_alloc_at = 1;
	get_pages(mm, GFP_KERNEL, 0);
	cr_assert_eq(seen.nr, 0);
	boot_done(mm);
}

Test(fastpath, S3_G6_the_mask_is_told_as_its_scope_leaves_it)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\nops\n");
	struct alloc_request req = { .gfp = GFP_HIGHUSER_MOVABLE, .nid = NODE_NONE };
	static const struct { uint8_t context; gfp_t gfp; } cases[] = {
		{ 0, GFP_HIGHUSER_MOVABLE },
		{ CTX_NOFS, GFP_HIGHUSER_MOVABLE & ~__GFP_FS },
		{ CTX_NOIO, GFP_HIGHUSER_MOVABLE & ~(__GFP_IO | __GFP_FS) },
		{ CTX_PIN, GFP_HIGHUSER },
		{ CTX_MEMALLOC | CTX_OOM_VICTIM | CTX_REALTIME, GFP_HIGHUSER_MOVABLE },
	};
	struct page *page;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		event_log_start(&seen, mm);
		req.context = cases[i].context;
		cr_assert_eq(mm_alloc_pages(mm, &req, &page), VERDICT_OK);
		cr_assert_eq(event_log_nth(&seen, EVENT_PAGE_ALLOC, 0)->gfp, cases[i].gfp,
			     "case %zu", i);
	}
	boot_done(mm);
}

/* A fallback boosts the marks, and kswapd is told once, by the allocation that did it. */
Test(fastpath, W7_S3_a_boost_wakes_kswapd_after_the_fallback)
{
	struct mm *mm = boot_text(HEAD "Normal,Movable\nzone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	const struct event *e;

	shape(mm, z, 4, MIGRATE_MOVABLE, 100);
	event_log_start(&seen, mm);
	cr_assert_not_null(get_pages(mm, GFP_KERNEL, 0));
	cr_assert_eq(z->boost, 64);
	cr_assert_not(z->boosted);
	cr_assert_eq(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 1);
	e = event_log_nth(&seen, EVENT_WAKEUP_KSWAPD, 0);
	cr_assert_eq(e->zone, ZONE_NORMAL);
	cr_assert_eq(e->order, 0);
	cr_assert_eq(e->gfp, 0);
	cr_assert_eq(mm->nodes[0].kswapd_highest, ZONE_NORMAL);
	/* Not asked for by __GFP_KSWAPD_RECLAIM: the marks rise all the same. */
	event_log_start(&seen, mm);
	cr_assert_not_null(get_pages(mm, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 5 - 1));
	cr_assert_not_null(get_pages(mm, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 5 - 1));
	cr_assert_eq(z->boost, 128);
	cr_assert_eq(event_log_count(&seen, EVENT_WAKEUP_KSWAPD), 0);
	boot_done(mm);
}

/* --- __GFP_WRITE (G5) --------------------------------------------------------------------- */

Test(fastpath, G5_writers_go_where_few_pages_are_dirty)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=6 "
				  "zones=Normal,Movable\n"
				  "node 0\nzone Normal start=0 spanned=1024\n"
				  "node 1\nzone Normal start=1024 spanned=1024\n"
				  "sysctl min_free_kbytes=0 dirty_ratio=20\nops\n");
	struct page *page = ask(mm, GFP_KERNEL, 8, 0);
	struct page *far = ask(mm, GFP_KERNEL, 8, 1);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_WRITE, .nid = 0 };
	struct page *one;

	mm_set_dirty(mm, page, true);
	/* About 1022 * 20 / 100 = 204 may be dirty, 256 are. */
	cr_assert_eq(mm_page_zone(mm, ask(mm, GFP_KERNEL, 0, 0))->nid, 0);
	cr_assert_eq(mm_page_zone(mm, ask(mm, GFP_KERNEL | __GFP_WRITE, 0, 0))->nid, 1);
	/* A quarter more for real-time tasks: 255. */
	req.context = CTX_REALTIME;
	mm_alloc_pages(mm, &req, &one);
	cr_assert_eq(mm_page_zone(mm, one)->nid, 1);
	mm_sysctl_write(mm, SYSCTL_DIRTY_RATIO, 0, 21);
	mm_alloc_pages(mm, &req, &one);
	cr_assert_eq(mm_page_zone(mm, one)->nid, 0);
	cr_assert_eq(mm_page_zone(mm, ask(mm, GFP_KERNEL | __GFP_WRITE, 0, 0))->nid, 1);
	/* With both beyond their limits the slow path does not mind. */
	mm_set_dirty(mm, far, true);
	cr_assert_eq(mm_page_zone(mm, ask(mm, GFP_KERNEL | __GFP_WRITE, 0, 0))->nid, 0);
	boot_done(mm);
}
