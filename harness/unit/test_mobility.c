/* SPDX-License-Identifier: MIT */
/* test_mobility.c - fallback, stealing, boost and the highatomic reserve */
#include <criterion/criterion.h>
#include <signal.h>

#include "mobility.h"
#include "validate.h"
#include "watermark.h"
#include "zone_bench.h"

#define MACHINE(zone) "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n" zone "\nops\n"

static const char plain[] = MACHINE("zone Normal start=0 spanned=16384");

static struct page *take(struct zone *z, unsigned int order, enum migratetype type,
			 unsigned int flags)
{
	struct page *page;

	zone_lock(z);
	page = mobility_take(z, order, type, flags, &(enum take_mode){ TAKE_NORMAL });
	if (page)
		buddy_account(z, -(1LL << order), (enum migratetype)page->type);
	zone_unlock(z);
	return page;
}

static void give(struct zone *z, struct page *page, unsigned int order, enum migratetype type)
{
	zone_lock(z);
	buddy_free(z, page, order, type, PLACE_BY_MERGE);
	zone_unlock(z);
}

static bool boost(struct zone *z)
{
	bool raised;

	zone_lock(z);
	raised = watermark_boost(z);
	zone_unlock(z);
	return raised;
}

Test(mobility, M1_everything_boots_movable)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (pfn_t pfn = 0; pfn < 16384; pfn += 512)
		cr_assert_eq(type_at(z, pfn), MIGRATE_MOVABLE);
	cr_assert_not(mm->tun.grouping_off);
	boot_done(mm);
}

Test(mobility, M1_too_few_pageblocks_turn_grouping_off)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=0 spanned=2048"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert(mm->tun.grouping_off);
	cr_assert_eq(gfp_migratetype(&mm->tun, GFP_HIGHUSER_MOVABLE), MIGRATE_UNMOVABLE);
	pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_MOVABLE);
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_HIGHATOMIC);
	cr_assert_eq(type_at(z, 0), MIGRATE_HIGHATOMIC);
	boot_done(mm);
}

Test(mobility, M3_a_block_of_several_pageblocks_changes_them_all)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_eq(zone_pfn(z, take(z, 0, MIGRATE_UNMOVABLE, 0)), 0);
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	cr_assert_eq(type_at(z, 512), MIGRATE_UNMOVABLE);
	cr_assert_eq(type_at(z, 1024), MIGRATE_MOVABLE);
	cr_assert_eq(z->boost, 0);
	boot_done(mm);
}

/* Takes everything as movable pages of order 0, then frees single blocks to given types. */
static struct zone *drained(struct mm **mm, const char *text)
{
	struct zone *z;

	*mm = boot_text(text);
	z = zone_of(*mm, ZONE_NORMAL);
	while (take(z, MAX_ORDER, MIGRATE_MOVABLE, 0))
		;
	return z;
}

Test(mobility, M2_victims_in_order_and_the_largest_block_first)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	give(z, &z->pages[0], 3, MIGRATE_MOVABLE);
	give(z, &z->pages[512], 5, MIGRATE_MOVABLE);
	give(z, &z->pages[1024], 5, MIGRATE_RECLAIMABLE);
	/* An unmovable request prefers reclaimable, among the largest blocks. */
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, 0), &z->pages[1024]);
	boot_done(mm);
}

Test(mobility, M2_a_movable_request_that_may_not_steal_takes_the_smallest)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	give(z, &z->pages[0], 3, MIGRATE_UNMOVABLE);
	give(z, &z->pages[512], 1, MIGRATE_UNMOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), &z->pages[512]);
	boot_done(mm);
}

Test(mobility, M2_half_the_pageblock_order_is_enough_to_steal)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	give(z, &z->pages[0], 4, MIGRATE_UNMOVABLE);
	give(z, &z->pages[512], 1, MIGRATE_UNMOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), &z->pages[0]);
	boot_done(mm);
}

Test(mobility, M3_free_and_alike_pages_reaching_half_change_the_type)
{
	for (uint64_t lru = 239; lru <= 240; lru++) {
		struct mm *mm;
		struct zone *z = drained(&mm, plain);

		pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_UNMOVABLE);
		give(z, &z->pages[0], 4, MIGRATE_UNMOVABLE);
		for (uint64_t i = 0; i < lru; i++)
			z->pages[16 + i].flags = PG_LRU;
		take(z, 0, MIGRATE_MOVABLE, 0);
		cr_assert_eq(type_at(z, 0), lru == 240 ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE);
		boot_done(mm);
	}
}

Test(mobility, M3_an_unmovable_request_counts_what_cannot_move)
{
	for (uint64_t lru = 256; lru <= 257; lru++) {
		struct mm *mm;
		struct zone *z = drained(&mm, plain);

		give(z, &z->pages[0], 4, MIGRATE_MOVABLE);
		for (uint64_t i = 0; i < lru; i++)
			z->pages[16 + i].flags = PG_LRU;
		take(z, 0, MIGRATE_UNMOVABLE, 0);
		/* 512 - lru pages are free or cannot move. */
		cr_assert_eq(type_at(z, 0), lru == 256 ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE);
		boot_done(mm);
	}
}

Test(mobility, M3_free_pages_of_the_pageblock_move_to_the_tails)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	give(z, &z->pages[512], 0, MIGRATE_UNMOVABLE);
	give(z, &z->pages[8], 5 - 5, MIGRATE_MOVABLE);
	give(z, &z->pages[64], 5, MIGRATE_MOVABLE);
	take(z, 1, MIGRATE_UNMOVABLE, 0);
	cr_assert_eq(z->area[0].list[MIGRATE_MOVABLE].nr, 0);
	cr_assert_eq(z->area[0].list[MIGRATE_UNMOVABLE].nr, 2);
	cr_assert_eq(buddy_first(z, 0, MIGRATE_UNMOVABLE), &z->pages[512]);
	boot_done(mm);
}

Test(mobility, M3_a_pageblock_beyond_the_zone_end_gives_one_block_only)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=0 spanned=16000"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	while ((page = take(z, 0, MIGRATE_MOVABLE, 0)))
		page->says = 0;		/* as behind the first page of a block */
	give(z, &z->pages[15872], 5, MIGRATE_MOVABLE);
	give(z, &z->pages[15968], 0, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, 0), &z->pages[15872]);
	cr_assert_eq(type_at(z, 15872), MIGRATE_MOVABLE);
	cr_assert_eq(z->area[0].list[MIGRATE_MOVABLE].nr, 1);
	boot_done(mm);
}

Test(mobility, M4_nofragment_takes_whole_pageblocks_only)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	give(z, &z->pages[0], 8, MIGRATE_MOVABLE);
	cr_assert_null(take(z, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT));
	give(z, &z->pages[512], 9, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), &z->pages[512]);
	boot_done(mm);
}

Test(mobility, W7_a_fallback_below_pageblock_order_boosts)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	mm_sysctl_write(mm, SYSCTL_WATERMARK_BOOST_FACTOR, 0, 300000);
	give(z, &z->pages[0], 1, MIGRATE_UNMOVABLE);
	give(z, &z->pages[512], 1, MIGRATE_UNMOVABLE);
	take(z, 0, MIGRATE_MOVABLE, ALLOC_KSWAPD);
	cr_assert_eq(z->boost, 512);
	cr_assert(z->boosted);
	z->boosted = false;
	take(z, 1, MIGRATE_MOVABLE, 0);
	cr_assert_eq(z->boost, 1024);
	cr_assert_not(z->boosted);
	boot_done(mm);
}

Test(mobility, W7_boost_stops_at_its_bound_and_spares_small_zones)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	uint64_t most = z->watermark[WMARK_HIGH] * 15000 / 10000;

	for (int i = 0; i < 40; i++)
		cr_assert(boost(z));
	cr_assert_eq(z->boost, most > 512 ? most : 512);
	z->boost = 0;
	z->managed = 2047;
	cr_assert_not(boost(z));
	z->managed = 2048;
	cr_assert(boost(z));
	mm_sysctl_write(mm, SYSCTL_WATERMARK_BOOST_FACTOR, 0, 0);
	z->boost = 0;
	cr_assert_not(boost(z));
	boot_done(mm);
}

Test(mobility, M5_the_reserve_grows_to_its_limit_and_is_given_back)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=0 spanned=131072"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	uint64_t limit = z->managed / 100 + 512;

	/* Half of each block of order 10 stays taken: two reserved halves would merge. */
	for (unsigned int i = 0; i < 8; i++) {
		struct page *page = take(z, 9, MIGRATE_MOVABLE, 0);
		struct page *half = take(z, 9, MIGRATE_MOVABLE, 0);

		*half = (struct page){ .state = PAGE_ALLOC, .refs = 1, .order = 9, .zone = z->id };
		highatomic_reserve(z, page);
		give(z, page, 9, type_at(z, zone_pfn(z, page)));
	}
	cr_assert_geq(z->nr_reserved_highatomic, limit);
	cr_assert_lt(z->nr_reserved_highatomic, limit + 512);
	validate_zone(mm, z);
	/* Without force the last pageblock stays. */
	while (highatomic_unreserve(z, MIGRATE_MOVABLE, false))
		;
	cr_assert_eq(z->nr_reserved_highatomic, 512);
	cr_assert(highatomic_unreserve(z, MIGRATE_UNMOVABLE, true));
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	cr_assert_not(highatomic_unreserve(z, MIGRATE_UNMOVABLE, true));
	validate_zone(mm, z);
	boot_done(mm);
}

Test(mobility, M5_a_pageblock_is_never_counted_twice)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = take(z, 1, MIGRATE_MOVABLE, 0);

	highatomic_reserve(z, page);
	highatomic_reserve(z, page);
	cr_assert_eq(z->nr_reserved_highatomic, 512);
	boot_done(mm);
}

Test(mobility, M3_a_highatomic_pageblock_keeps_its_type_when_stolen_from)
{
	struct mm *mm;
	struct zone *z = drained(&mm, plain);

	pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_HIGHATOMIC);
	z->nr_reserved_highatomic = 512;
	give(z, &z->pages[0], 5, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, 0), &z->pages[0]);
	cr_assert_eq(type_at(z, 0), MIGRATE_HIGHATOMIC);
	boot_done(mm);
}

/* The API asks for one type only then; the rule holds for whoever comes. */
Test(mobility, M2_M3_without_grouping_everything_is_taken_along)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=8 "
				  "zones=Normal,Movable\nzone Normal start=0 spanned=1024\n"
				  "sysctl min_free_kbytes=0\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	cr_assert(z->tun->grouping_off);
	mm_import_empty(mm, z);
	cr_assert(mm_import_free(mm, z, 256, 1, MIGRATE_UNMOVABLE));
	cr_assert(mm_import_free(mm, z, 512, 0, MIGRATE_UNMOVABLE));
	cr_assert(mm_import_free(mm, z, 260, 0, MIGRATE_UNMOVABLE));
	z->blocks.type[1] = MIGRATE_MOVABLE;
	/* Order 1, the largest, although order 0 would do; and 260, from the same pageblock. */
	page = take(z, 0, MIGRATE_MOVABLE, 0);
	cr_assert_eq(zone_pfn(z, page), 260);
	cr_assert_eq(zone_page(z, 256)->type, MIGRATE_MOVABLE);
	/* Of 256 pages 3 were free: far from half, but there is nothing to keep apart. */
	cr_assert_eq(type_at(z, 256), MIGRATE_UNMOVABLE);
	boot_done(mm);
}

Test(mobility, M5_pages_that_remember_a_reserve_that_is_gone)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=6 "
				  "zones=Normal,Movable\nzone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);

	mm_drain_all(mm);
	highatomic_reserve(z, page);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	/* It waits on the CPU's list while the pageblock is given back ... */
	mm_free_pages(mm, page, 0);
	cr_assert_eq(page->type, MIGRATE_HIGHATOMIC);
	cr_assert(highatomic_unreserve(z, MIGRATE_MOVABLE, true));
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	/* ... and then lies on the highatomic list of a pageblock that is not. */
	mm_drain_all(mm);
	cr_assert_eq(page->state, PAGE_FREE);
	cr_assert_eq(page->type, MIGRATE_HIGHATOMIC);
	validate_mm(mm);
	/* It is given back as well, and nothing is counted for it. */
	cr_assert(highatomic_unreserve(z, MIGRATE_RECLAIMABLE, true));
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	cr_assert_eq(page->type, MIGRATE_RECLAIMABLE);
	cr_assert_not(highatomic_unreserve(z, MIGRATE_RECLAIMABLE, true));
	validate_mm(mm);
	boot_done(mm);
}

Test(mobility, M5_a_reserve_of_half_a_pageblock_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	z->nr_reserved_highatomic = pageblock_nr_pages(z->tun) / 2;
	highatomic_unreserve(z, MIGRATE_MOVABLE, true);
}

Test(mobility, M2_without_the_lock_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(plain);

	mobility_take(zone_of(mm, ZONE_NORMAL), 0, MIGRATE_MOVABLE, 0,
		      &(enum take_mode){ TAKE_NORMAL });
}
