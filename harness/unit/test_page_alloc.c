/* SPDX-License-Identifier: MIT */
/* test_page_alloc.c - the edge of the API, bulk and exact requests */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "validate.h"
#include "watermark.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2 pageblock_order=4 zones=DMA,Normal,Movable\n"
	"node 0 cpus=0-1\nzone Normal start=0 spanned=2048\n"
	"node 2\nzone Normal start=2048 spanned=1024\nzone Movable start=3072 spanned=1024\n"
	"sysctl min_free_kbytes=0\nops\n";

static const struct alloc_request ordinary = { .gfp = GFP_KERNEL, .nid = NODE_NONE };

/* Pages that are free in the buddy, all zones of both nodes together. */
static int64_t free_pages(struct mm *mm)
{
	int64_t sum = 0;

	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		sum += zone_free_pages_exact(z, mm->nr_cpus);
	return sum;
}

static pfn_t pfn_of(struct mm *mm, const struct page *page)
{
	cr_assert_not_null(page);
	return mm_page_pfn(mm, page);
}

/* --- what is refused, with nothing changed ------------------------------------------------ */

static const struct {
	struct alloc_request req;
	enum mm_error	     error;
} refusals[] = {
	{ { .gfp = GFP_KERNEL, .order = MAX_ORDER + 1, .nid = NODE_NONE }, MM_BAD_ORDER },
	{ { .gfp = GFP_KERNEL, .order = 255, .nid = NODE_NONE }, MM_BAD_ORDER },
	{ { .gfp = __GFP_BITS_MASK + 1, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = 0x80000000u, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = __GFP_DMA | __GFP_DMA32, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = __GFP_DMA | __GFP_HIGHMEM, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = __GFP_MOVABLE | __GFP_RECLAIMABLE, .nid = NODE_NONE }, MM_BAD_GFP },
	{ { .gfp = GFP_KERNEL, .nid = 1 }, MM_BAD_NODE },
	{ { .gfp = GFP_KERNEL, .nid = MAX_NODES }, MM_BAD_NODE },
	{ { .gfp = GFP_KERNEL, .nid = NODE_NONE - 1 }, MM_BAD_NODE },
	{ { .gfp = GFP_KERNEL, .nid = NODE_NONE, .nodemask = 0xfa }, MM_BAD_NODE },
	{ { .gfp = GFP_KERNEL, .nid = NODE_NONE, .context = CTX_MASK + 1 }, MM_BAD_CONTEXT },
	{ { .gfp = GFP_KERNEL, .nid = NODE_NONE, .context = CTX_IRQ }, MM_BAD_CONTEXT },
	{ { .gfp = __GFP_DIRECT_RECLAIM, .nid = NODE_NONE, .context = CTX_IRQ | CTX_MEMALLOC },
	  MM_BAD_CONTEXT },
};

Test(page_alloc, G2_G6_X6_every_refusal_of_a_request)
{
	struct mm *mm = boot_text(machine);
	struct page *page, *pages[4] = { NULL };
	uint64_t before = state_hash(mm);
	uint32_t filled;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct alloc_request *req = &refusals[i].req;

		page = (struct page *)mm;
		cr_assert_eq(mm_request_check(mm, req), refusals[i].error, "case %zu", i);
		cr_assert_eq(mm_alloc_pages(mm, req, &page), VERDICT_REFUSED);
		cr_assert_null(page);
		cr_assert_eq(mm_alloc_bulk(mm, req, pages, 4, &filled), VERDICT_REFUSED);
		cr_assert_eq(filled, 0);
		cr_assert_null(pages[0]);
		page = (struct page *)mm;
		/* Of an exact request the order is ignored. */
		if (req->order)
			continue;
		cr_assert_eq(mm_alloc_exact(mm, req, 3, &page), VERDICT_REFUSED);
		cr_assert_null(page);
	}
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm->tun.hw->nr_events[EVENT_PAGE_ALLOC], 0);
	boot_done(mm);
}

Test(page_alloc, G2_G6_what_is_just_not_refused)
{
	static const struct alloc_request legal[] = {
		{ .gfp = GFP_KERNEL, .order = MAX_ORDER, .nid = 0 },
		{ .gfp = GFP_KERNEL, .nid = 2, .nodemask = 0xff },
		{ .gfp = GFP_ATOMIC, .nid = NODE_NONE, .context = CTX_IRQ | CTX_REALTIME },
		{ .gfp = __GFP_BITS_MASK & ~(__GFP_DMA | __GFP_DMA32 | __GFP_RECLAIMABLE),
		  .nid = NODE_NONE, .context = CTX_MASK & ~CTX_IRQ },
		{ .gfp = 0, .nid = NODE_NONE },
	};
	struct mm *mm = boot_text(machine);
	struct page *page;

	for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
		cr_assert_eq(mm_request_check(mm, &legal[i]), MM_OK, "case %zu", i);
		cr_assert_eq(mm_alloc_pages(mm, &legal[i], &page), VERDICT_OK, "case %zu", i);
	}
	boot_done(mm);
}

Test(page_alloc, B5_X6_sizes_and_masks_that_exact_refuses)
{
	static const gfp_t bad[] = { GFP_KERNEL | __GFP_COMP, GFP_HIGHUSER };
	struct mm *mm = boot_text(machine);
	uint64_t before = state_hash(mm);
	struct alloc_request req = ordinary;
	struct page *page;

	cr_assert_eq(mm_alloc_exact(mm, &req, 0, &page), VERDICT_REFUSED);
	cr_assert_eq(mm_alloc_exact(mm, &req, 1025, &page), VERDICT_REFUSED);
	cr_assert_eq(mm_alloc_exact(mm, &req, UINT64_MAX, &page), VERDICT_REFUSED);
	for (size_t i = 0; i < 2; i++) {
		req.gfp = bad[i];
		cr_assert_eq(mm_alloc_exact(mm, &req, 2, &page), VERDICT_REFUSED);
		cr_assert_null(page);
	}
	cr_assert_eq(state_hash(mm), before);
	boot_done(mm);
}

/* All that an owner can do, on a page that is no allocation of the order. */
static void refuse_everything(struct mm *mm, struct page *page, enum mm_error error,
			      const char *what)
{
	uint64_t before = state_hash(mm);

	for (unsigned int order = 0; order <= MAX_ORDER + 1; order++)
		cr_assert_eq(mm_free_pages(mm, page, order), error, "%s: free", what);
	cr_assert_eq(mm_free_exact(mm, page, 1), error, "%s: free exact", what);
	cr_assert_eq(mm_free_page_list(mm, &page, 1), error, "%s: free list", what);
	cr_assert_eq(mm_split_page(mm, page), error, "%s: split", what);
	cr_assert_eq(mm_get_page(mm, page), error, "%s: get", what);
	cr_assert_eq(mm_set_movable(mm, page, true), error, "%s: movable", what);
	cr_assert_eq(mm_set_dirty(mm, page, true), error, "%s: dirty", what);
	cr_assert_eq(state_hash(mm), before, "%s: the state", what);
}

Test(page_alloc, B5_X6_pages_that_nobody_may_give_back)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *block = get_pages(mm, GFP_KERNEL, 3);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);

	refuse_everything(mm, NULL, MM_BAD_PAGE, "no page");
	refuse_everything(mm, block + 1, MM_BAD_PAGE, "a tail");
	refuse_everything(mm, zone_page(z, 1024), MM_BAD_PAGE, "a free block");
	cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
	cr_assert_eq(page->state, PAGE_PCP);
	refuse_everything(mm, page, MM_BAD_PAGE, "a page of a CPU's list");
	cr_assert_eq(mm_free_pages(mm, block, 3), MM_OK);
	mm_import_empty(mm, z);
	cr_assert_eq(zone_page(z, 0)->state, PAGE_ALLOC);
	refuse_everything(mm, zone_page(z, 0), MM_BAD_PAGE, "an imported block");
	boot_done(mm);
}

Test(page_alloc, B5_X6_frees_that_do_not_fit_the_allocation)
{
	struct mm *mm = boot_text(machine);
	struct page *block = get_pages(mm, GFP_KERNEL, 3);
	struct page *comp = get_pages(mm, GFP_KERNEL | __GFP_COMP, 5), *page;
	uint64_t before;

	mm_alloc_exact(mm, &ordinary, 5, &page);
	before = state_hash(mm);
	cr_assert_eq(mm_free_pages(mm, block, 0), MM_BAD_ORDER);
	cr_assert_eq(mm_free_pages(mm, block, 4), MM_BAD_ORDER);
	cr_assert_eq(mm_free_pages(mm, page, 3), MM_BAD_ORDER);
	cr_assert_eq(mm_free_exact(mm, block, 8), MM_BAD_PAGE);
	cr_assert_eq(mm_free_exact(mm, page, 0), MM_BAD_COUNT);
	cr_assert_eq(mm_free_exact(mm, page, 1025), MM_BAD_COUNT);
	/* One page too many: what follows belongs to somebody else, or to nobody. */
	cr_assert_eq(mm_free_exact(mm, page, 6), MM_BAD_PAGE);
	cr_assert_eq(mm_free_exact(mm, page, 1024), MM_BAD_PAGE);
	cr_assert_eq(mm_split_page(mm, comp), MM_BAD_PAGE);
	cr_assert_eq(mm_free_page_list(mm, &block, 1), MM_BAD_PAGE);
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm_free_exact(mm, page, 5), MM_OK);
	cr_assert_eq(mm_get_page(mm, block), MM_OK);
	before = state_hash(mm);
	cr_assert_eq(mm_split_page(mm, block), MM_BAD_COUNT);
	cr_assert_eq(state_hash(mm), before);
	boot_done(mm);
}

Test(page_alloc, B5_X6_an_exact_free_must_end_inside_the_zone)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=4 "
				  "zones=Normal,Movable\nzone Normal start=0 spanned=300\n"
				  "sysctl min_free_kbytes=0\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = NULL;
	uint64_t before;

	while (!page || zone_pfn(z, page) != 299)
		page = get_pages(mm, GFP_KERNEL, 0);
	before = state_hash(mm);
	cr_assert_eq(mm_free_exact(mm, page, 2), MM_BAD_PAGE);
	cr_assert_eq(mm_free_exact(mm, page - 2, 4), MM_BAD_PAGE);
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm_free_exact(mm, page, 1), MM_OK);
	boot_done(mm);
}

Test(page_alloc, B5_X6_a_list_is_checked_as_a_whole)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[5], *list[5];
	uint64_t before;

	for (unsigned int i = 0; i < 5; i++)
		pages[i] = get_pages(mm, GFP_KERNEL, 0);
	before = state_hash(mm);

	memcpy(list, pages, sizeof(list));
	list[4] = NULL;
	cr_assert_eq(mm_free_page_list(mm, list, 5), MM_BAD_PAGE);
	list[4] = pages[0];
	cr_assert_eq(mm_free_page_list(mm, list, 5), MM_BAD_COUNT);
	list[4] = pages[3];
	cr_assert_eq(mm_free_page_list(mm, list, 5), MM_BAD_COUNT);
	list[4] = mm_page(mm, 1500);
	cr_assert_eq(mm_free_page_list(mm, list, 5), MM_BAD_PAGE);
	cr_assert_eq(state_hash(mm), before);

	mm_get_page(mm, pages[4]);
	before = state_hash(mm);
	cr_assert_eq(mm_free_page_list(mm, pages, 5), MM_BAD_PAGE);
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm_free_page_list(mm, pages, 0), MM_OK);
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm_free_page_list(mm, pages, 4), MM_OK);
	cr_assert_eq(pages[4]->refs, 2);
	boot_done(mm);
}

Test(page_alloc, B5_X6_a_block_has_at_most_65535_users)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);
	uint64_t before;

	for (unsigned int users = 1; users < UINT16_MAX; users++)
		cr_assert_eq(mm_get_page(mm, page), MM_OK);
	before = state_hash(mm);
	cr_assert_eq(mm_get_page(mm, page), MM_BAD_COUNT);
	cr_assert_eq(state_hash(mm), before);
	boot_done(mm);
}

Test(page_alloc, X6_an_injected_failure_is_no_refusal_and_no_change)
{
	struct mm *mm = boot_text(machine);
	uint64_t before = state_hash(mm);
	struct page *page, *pages[3] = { NULL };
	uint32_t filled;

	mm->tun.hw->fail_alloc_at = 1;
	mm->tun.hw->fail_alloc_from = true;
	cr_assert_eq(mm_alloc_pages(mm, &ordinary, &page), VERDICT_FAILED);
	cr_assert_null(page);
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 3, &filled), VERDICT_FAILED);
	cr_assert_eq(filled, 0);
	cr_assert_eq(mm_alloc_exact(mm, &ordinary, 3, &page), VERDICT_FAILED);
	cr_assert_eq(state_hash(mm), before);
	cr_assert_eq(mm->tun.hw->struck, 3);
	mm->tun.hw->fail_alloc_at = 0;
	cr_assert_eq(mm_alloc_pages(mm, &ordinary, &page), VERDICT_OK);
	boot_done(mm);
}

/* --- bulk --------------------------------------------------------------------------------- */

Test(page_alloc, B5_bulk_fills_the_empty_places)
{
	struct mm *mm = boot_text(machine);
	struct page *first = get_pages(mm, GFP_KERNEL, 0);
	struct page *second = get_pages(mm, GFP_KERNEL, 0);
	struct page *pages[8] = { first, NULL, NULL, second };
	uint32_t filled = 99;

	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 8, &filled), VERDICT_OK);
	cr_assert_eq(filled, 8);
	cr_assert_eq(pages[0], first);
	cr_assert_eq(pages[3], second);
	for (unsigned int i = 0; i < 8; i++) {
		cr_assert_eq(pages[i]->state, PAGE_ALLOC);
		cr_assert_eq(pages[i]->refs, 1);
		for (unsigned int j = 0; j < i; j++)
			cr_assert_neq(pages[i], pages[j]);
	}
	cr_assert_eq(pfn_of(mm, pages[1]), pfn_of(mm, second) + 1);
	/* Full already: nothing to do, nothing done. */
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 8, &filled), VERDICT_OK);
	cr_assert_eq(filled, 8);
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 0, &filled), VERDICT_OK);
	cr_assert_eq(filled, 0);
	cr_assert_eq(free_pages(mm), 4096 - 8);
	cr_assert_eq(mm_free_page_list(mm, pages, 8), MM_OK);
	boot_done(mm);
}

Test(page_alloc, B5_bulk_of_the_last_place_is_an_ordinary_request)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[3] = { get_pages(mm, GFP_KERNEL, 0), get_pages(mm, GFP_KERNEL, 0) };
	uint32_t filled, events = mm->tun.hw->nr_events[EVENT_PAGE_ALLOC];

	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 3, &filled), VERDICT_OK);
	cr_assert_eq(filled, 3);
	/* The fast way has no tracepoint of its own. */
	cr_assert_eq(mm->tun.hw->nr_events[EVENT_PAGE_ALLOC], events + 1);
	memset(pages, 0, sizeof(pages));
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 3, &filled), VERDICT_OK);
	cr_assert_eq(mm->tun.hw->nr_events[EVENT_PAGE_ALLOC], events + 1);
	cr_assert_eq(mm_event_sum(mm, PGALLOC_DMA + (int)ZONE_NORMAL), 6);
	cr_assert_eq(mm_numa_sum(mm, zone_of(mm, ZONE_NORMAL), NUMA_HIT), 6);
	cr_assert_eq(mm_numa_sum(mm, zone_of(mm, ZONE_NORMAL), NUMA_LOCAL), 6);
	boot_done(mm);
}

Test(page_alloc, B5_A1_bulk_that_would_pass_the_low_mark_gets_one_page)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
				  "zone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *pages[100] = { NULL };
	uint32_t filled;

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 400; pfn += 2)
		cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	mm_tick(mm);
	/* 200 > 160 + 39, and not more than 160 + 40. */
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 40, &filled), VERDICT_OK);
	cr_assert_eq(filled, 1);
	cr_assert_eq(mm_free_page_list(mm, pages, 1), MM_OK);
	mm_drain_all(mm);
	mm_tick(mm);
	memset(pages, 0, sizeof(pages));
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 39, &filled), VERDICT_OK);
	cr_assert_eq(filled, 39);
	boot_done(mm);
}

Test(page_alloc, B5_bulk_stays_on_its_node)
{
	struct mm *mm = boot_text(machine);
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = 0 };
	struct page *pages[10] = { NULL };
	uint32_t filled;

	mm_import_empty(mm, zone_of(mm, ZONE_NORMAL));
	/* One page from the other node, by the usual way. */
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 10, &filled), VERDICT_OK);
	cr_assert_eq(filled, 1);
	cr_assert_eq(mm_page_zone(mm, pages[0])->nid, 2);
	req.nodemask = 1;
	memset(pages, 0, sizeof(pages));
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 10, &filled), VERDICT_FAILED);
	cr_assert_eq(filled, 0);
	boot_done(mm);
}

/* The counter may promise more than there is (W8). */
Test(page_alloc, B5_W8_bulk_ends_where_the_zone_does)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = 0 };
	struct page *pages[10] = { NULL };
	uint32_t filled;

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 12; pfn += 2)
		cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	z->stats.count[NR_FREE_PAGES] = 50;
	z->cpu[1].stat.diff[NR_FREE_PAGES] = -44;
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 10, &filled), VERDICT_OK);
	cr_assert_eq(filled, 6);
	cr_assert_null(pages[6]);
	boot_done(mm);
}

Test(page_alloc, B5_bulk_from_no_zone_fails)
{
	struct mm *mm = boot_text(machine);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_DMA, .nid = NODE_NONE };
	struct page *pages[10] = { NULL };
	uint32_t filled;

	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 10, &filled), VERDICT_FAILED);
	cr_assert_eq(filled, 0);
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 1, &filled), VERDICT_FAILED);
	req.gfp |= __GFP_NOFAIL;
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 10, &filled), VERDICT_STUCK);
	boot_done(mm);
}

Test(page_alloc, B5_G6_scopes_do_not_reach_bulk)
{
	struct mm *mm = boot_text(machine);
	struct alloc_request req = { .gfp = GFP_HIGHUSER_MOVABLE, .nid = 2, .context = CTX_PIN };
	struct page *pages[4] = { NULL }, *page;
	uint32_t filled;

	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 4, &filled), VERDICT_OK);
	for (unsigned int i = 0; i < 4; i++)
		cr_assert_eq(mm_page_zone(mm, pages[i])->type, ZONE_MOVABLE);
	cr_assert_eq(mm_alloc_pages(mm, &req, &page), VERDICT_OK);
	cr_assert_eq(mm_page_zone(mm, page)->type, ZONE_NORMAL);
	boot_done(mm);
}

Test(page_alloc, B5_P6_bulk_that_does_not_get_the_set_gets_one_page)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[4] = { NULL };
	uint32_t filled;

	mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(mm_alloc_bulk(mm, &ordinary, pages, 4, &filled), VERDICT_OK);
	cr_assert_eq(filled, 1);
	cr_assert_eq(mm->tun.hw->struck, 1);
	boot_done(mm);
}

/* --- exact, split, users ------------------------------------------------------------------ */

Test(page_alloc, B5_B4_exact_of_every_size)
{
	struct mm *mm = boot_text(machine);

	for (uint64_t nr = 1; nr <= 1ULL << MAX_ORDER; nr++) {
		struct page *page;

		cr_assert_eq(mm_alloc_exact(mm, &ordinary, nr, &page), VERDICT_OK);
		for (uint64_t i = 0; i < nr; i++) {
			cr_assert_eq(page[i].state, PAGE_ALLOC);
			cr_assert_eq(page[i].refs, 1);
			cr_assert_eq(page[i].order, 0);
		}
		mm_drain_all(mm);
		cr_assert_eq(free_pages(mm), (int64_t)(4096 - nr), "of %u", (unsigned int)nr);
		if (nr % 37 == 0)
			validate_mm(mm);
		cr_assert_eq(mm_free_exact(mm, page, nr), MM_OK);
		mm_drain_all(mm);
		mm_tick(mm);
	}
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_alloc, B5_split_pages_are_each_freed_alone)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *page = get_pages(mm, GFP_KERNEL, order);
		uint64_t nr = 1ULL << order;

		mm_set_movable(mm, page, true);
		cr_assert_eq(mm_split_page(mm, page), MM_OK);
		for (uint64_t i = 0; i < nr; i++) {
			/* From the middle outwards. */
			struct page *one = page + (i + nr / 2) % nr;

			cr_assert_eq(one->refs, 1);
			cr_assert_eq(one->flags, PG_LRU);
			cr_assert_eq(mm_free_pages(mm, one, 0), MM_OK);
			cr_assert_eq(mm_free_pages(mm, one, 0), MM_BAD_PAGE);
		}
		mm_drain_all(mm);
		mm_tick(mm);
	}
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_alloc, B5_the_last_user_frees)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int order = 0; order <= 6; order++) {
		for (unsigned int users = 1; users < 4; users++) {
			struct page *page = get_pages(mm, GFP_KERNEL | __GFP_COMP, order);
			int64_t left = free_pages(mm);

			cr_assert_eq((page->flags & PG_COMP) != 0, order > 0);
			for (unsigned int i = 1; i < users; i++)
				mm_get_page(mm, page);
			for (unsigned int i = users; i > 0; i--) {
				cr_assert_eq(page->state, PAGE_ALLOC);
				cr_assert_eq(page->refs, i);
				cr_assert_eq(page->order, order);
				cr_assert_eq(mm_free_pages(mm, page, order), MM_OK);
			}
			mm_drain_all(mm);
			cr_assert_geq(free_pages(mm), left + (1 << order));
		}
	}
	mm_tick(mm);
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_alloc, B5_M3_tails_of_a_block_with_users_left)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int order = 1; order <= MAX_ORDER; order++) {
		struct page *page = get_pages(mm, GFP_KERNEL, order);

		mm_set_movable(mm, page, true);
		mm_set_dirty(mm, page, true);
		cr_assert_eq(mm->nodes[0].nr_dirty, 1u << order);
		mm_get_page(mm, page);
		cr_assert_eq(mm_free_pages(mm, page, order), MM_OK);
		/* What stays is one page, marked as before. */
		cr_assert_eq(page->order, 0);
		cr_assert_eq(page->refs, 1);
		cr_assert_eq(page->flags, PG_LRU | PG_DIRTY);
		cr_assert_eq(mm->nodes[0].nr_dirty, 1);
		cr_assert_eq(mm_free_pages(mm, page, order), MM_BAD_ORDER);
		validate_mm(mm);
		cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
		cr_assert_eq(mm->nodes[0].nr_dirty, 0);
		mm_drain_all(mm);
		mm_tick(mm);
	}
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_alloc, M3_G5_marks_are_set_and_taken_back)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 3);

	cr_assert_eq(mm_set_movable(mm, page, true), MM_OK);
	for (unsigned int i = 0; i < 8; i++)
		cr_assert_eq(page[i].flags, PG_LRU);
	cr_assert_eq(mm_set_movable(mm, page, false), MM_OK);
	for (unsigned int i = 0; i < 8; i++)
		cr_assert_eq(page[i].flags, 0);
	/* Said twice, counted once. */
	cr_assert_eq(mm_set_dirty(mm, page, true), MM_OK);
	cr_assert_eq(mm_set_dirty(mm, page, true), MM_OK);
	cr_assert_eq(mm->nodes[0].nr_dirty, 8);
	cr_assert_eq(mm_set_dirty(mm, page, false), MM_OK);
	cr_assert_eq(mm_set_dirty(mm, page, false), MM_OK);
	cr_assert_eq(mm->nodes[0].nr_dirty, 0);
	boot_done(mm);
}
