/* SPDX-License-Identifier: MIT */
/* test_claim.c - fallback by the rules of 6.12 */
#include <criterion/criterion.h>

#include "mobility.h"
#include "validate.h"
#include "watermark.h"
#include "zone_bench.h"

#define MACHINE(words, zone) \
	"tidemark 1\nmachine cpus=1 " words " zones=Normal,Movable\nzone Normal " zone \
	"\npolicy rules=6.12\nops\n"

static const char plain[] = MACHINE("", "start=0 spanned=16384");

static struct page *take_on(struct zone *z, unsigned int order, enum migratetype type,
			    unsigned int flags, enum take_mode *mode)
{
	struct page *page;

	zone_lock(z);
	page = mobility_take(z, order, type, flags, mode);
	zone_unlock(z);
	if (page)
		*page = (struct page){ .state = PAGE_ALLOC, .refs = 1, .order = (uint8_t)order,
				       .zone = z->id };
	return page;
}

/* The first of a hold; the pfn, or PFN_NONE. */
static pfn_t take(struct zone *z, unsigned int order, enum migratetype type, unsigned int flags)
{
	struct page *page = take_on(z, order, type, flags, &(enum take_mode){ TAKE_NORMAL });

	return page ? zone_pfn(z, page) : PFN_NONE;
}

/* --- whose pageblock is claimed ------------------------------------------------------------ */

Test(claim, M2_M3_a_block_of_several_pageblocks_changes_them_all)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_eq(take(z, 3, MIGRATE_UNMOVABLE, ALLOC_KSWAPD), 0);
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	cr_assert_eq(type_at(z, 512), MIGRATE_UNMOVABLE);
	cr_assert_eq(type_at(z, 1024), MIGRATE_MOVABLE);
	cr_assert_eq(pages_of(z, MIGRATE_UNMOVABLE), 1024 - 8);
	cr_assert_eq(z->boost, 0);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim, M4_M2_nofragment_takes_whole_pageblocks_or_nothing)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);

	put_free(mm, z, 0, 8, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), PFN_NONE);
	cr_assert_eq(z->area[8].list[MIGRATE_MOVABLE].nr, 1);
	put_free(mm, z, 512, 9, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), 512);
	cr_assert_eq(type_at(z, 0), MIGRATE_MOVABLE);
	cr_assert_eq(type_at(z, 512), MIGRATE_UNMOVABLE);
	/* Whoever asks for a pageblock or more cannot break one. */
	put_free(mm, z, 1024, 10, MIGRATE_MOVABLE);
	cr_assert_eq(take(z, 10, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), 1024);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim, M2_a_movable_request_claims_from_half_the_pageblock_order_on)
{
	for (unsigned int order = 3; order <= 4; order++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, plain);
		enum take_mode mode = TAKE_NORMAL;
		struct page *page;

		/* Half of the pageblock is free, in blocks of no more than `order`. */
		for (pfn_t pfn = 0; pfn < 512; pfn += 2ULL << order)
			put_free(mm, z, pfn, order, MIGRATE_UNMOVABLE);
		put_free(mm, z, 1024, 1, MIGRATE_UNMOVABLE);
		page = take_on(z, 0, MIGRATE_MOVABLE, ALLOC_KSWAPD, &mode);
		/* Below that: one page of the smallest block, and nobody is alarmed. */
		cr_assert_eq(zone_pfn(z, page), order == 3 ? 1024 : 0);
		cr_assert_eq(type_at(z, 0), order == 3 ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE);
		cr_assert_eq(mode, order == 3 ? TAKE_STEAL : TAKE_NORMAL);
		cr_assert_eq(z->boost, order == 3 ? 0 : 512);
		cr_assert_eq(z->boosted, order != 3);
		cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), order == 3 ? 0 : 255);
		assert_clean_lists(mm, z);
		boot_done(mm);
	}
}

Test(claim, M3_free_and_movable_pages_reaching_half_change_the_type)
{
	for (uint64_t lru = 239; lru <= 240; lru++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, plain);
		bool half = lru == 240;

		put_free(mm, z, 0, 4, MIGRATE_UNMOVABLE);
		for (uint64_t i = 0; i < lru; i++)
			z->pages[16 + i].flags = PG_LRU;
		cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), 0);
		cr_assert_eq(type_at(z, 0), half ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE);
		/* What is left stays the victim's, or comes along: never between the two. */
		cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), half ? 15 : 0);
		cr_assert_eq(pages_of(z, MIGRATE_UNMOVABLE), half ? 0 : 15);
		assert_clean_lists(mm, z);
		boot_done(mm);
	}
}

Test(claim, M3_others_count_what_cannot_move_in_movable_pageblocks_only)
{
	for (uint64_t lru = 256; lru <= 257; lru++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, plain);

		put_free(mm, z, 0, 4, MIGRATE_MOVABLE);
		for (uint64_t i = 0; i < lru; i++)
			z->pages[16 + i].flags = PG_LRU;
		cr_assert_eq(take(z, 0, MIGRATE_RECLAIMABLE, 0), 0);
		cr_assert_eq(type_at(z, 0), lru == 256 ? MIGRATE_RECLAIMABLE : MIGRATE_MOVABLE);
		boot_done(mm);
	}
	for (unsigned int lowest = 0; lowest <= 1; lowest++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, plain);

		/* Orders 7 down to 0 are 255 pages; a second page at the end makes it half. */
		for (unsigned int order = 8; order-- > 0;)
			put_free(mm, z, 1ULL << order, order, MIGRATE_RECLAIMABLE);
		if (lowest)
			put_free(mm, z, 510, 0, MIGRATE_RECLAIMABLE);
		take(z, 3, MIGRATE_UNMOVABLE, 0);
		cr_assert_eq(type_at(z, 0), lowest ? MIGRATE_UNMOVABLE : MIGRATE_RECLAIMABLE);
		boot_done(mm);
	}
}

Test(claim, M2_a_pageblock_that_cannot_be_claimed_is_passed_over)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);
	enum take_mode mode = TAKE_NORMAL;

	mm_sysctl_write(mm, SYSCTL_WATERMARK_BOOST_FACTOR, 0, 300000);
	put_free(mm, z, 0, 6, MIGRATE_UNMOVABLE);
	for (pfn_t pfn = 512; pfn < 1024; pfn += 32)
		put_free(mm, z, pfn, 4, MIGRATE_UNMOVABLE);
	/* The largest victim's pageblock has 64 free pages, the other one 256. */
	cr_assert_eq(zone_pfn(z, take_on(z, 2, MIGRATE_MOVABLE, 0, &mode)), 512);
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	cr_assert_eq(type_at(z, 512), MIGRATE_MOVABLE);
	/* Both tries raised the boost; only who may wake kswapd wants it woken. */
	cr_assert_eq(z->boost, 1024);
	cr_assert_not(z->boosted);
	cr_assert_eq(mode, TAKE_NORMAL);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim, W7_the_boost_wakes_kswapd_for_those_who_may)
{
	for (unsigned int may = 0; may <= 1; may++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, plain);

		put_free(mm, z, 0, 5, MIGRATE_UNMOVABLE);
		/* 32 free pages are not half: the boost stays though nothing was claimed. */
		cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, may ? ALLOC_KSWAPD : 0), 0);
		cr_assert_eq(z->boost, 512);
		cr_assert_eq(z->boosted, may == 1);
		boot_done(mm);
	}
}

Test(claim, W7_without_boost_nobody_is_woken)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);

	mm_sysctl_write(mm, SYSCTL_WATERMARK_BOOST_FACTOR, 0, 0);
	put_free(mm, z, 0, 5, MIGRATE_UNMOVABLE);
	take(z, 0, MIGRATE_MOVABLE, ALLOC_KSWAPD);
	cr_assert_eq(z->boost, 0);
	cr_assert_not(z->boosted);
	boot_done(mm);
}

Test(claim, M3_Z2_pageblocks_that_leave_the_zone_are_not_claimed)
{
	static const struct { const char *text; pfn_t pfn; } cases[] = {
		{ MACHINE("", "start=0 spanned=16000"), 15872 },	/* would end at 16384 */
		{ MACHINE("", "start=256 spanned=16128"), 256 },	/* would begin at 0 */
	};

	for (size_t i = 0; i < 2; i++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, cases[i].text);
		pfn_t pfn = cases[i].pfn;

		/* All 64 free pages and all others, which cannot move, would be alike. */
		put_free(mm, z, pfn, 6, MIGRATE_MOVABLE);
		cr_assert_eq(take(z, 1, MIGRATE_UNMOVABLE, 0), pfn);
		cr_assert_eq(type_at(z, pfn), MIGRATE_MOVABLE);
		cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), 62);
		cr_assert_eq(pages_of(z, MIGRATE_UNMOVABLE), 0);
		assert_clean_lists(mm, z);
		boot_done(mm);
	}
}

Test(claim, M3_M5_a_highatomic_pageblock_is_not_claimed)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);

	/* A page may still be on a list of the type that the pageblock had. */
	put_free(mm, z, 0, 8, MIGRATE_MOVABLE);
	pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_HIGHATOMIC);
	z->nr_reserved_highatomic = 512;
	cr_assert_eq(take(z, 0, MIGRATE_UNMOVABLE, ALLOC_KSWAPD), 0);
	cr_assert_eq(type_at(z, 0), MIGRATE_HIGHATOMIC);
	cr_assert_eq(z->nr_reserved_highatomic, 512);
	cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), 255);
	cr_assert_eq(z->boost, 0);
	validate_zone_counts(mm, z);
	boot_done(mm);
}

/* The API asks for one type only then; the rule holds for whoever comes. */
Test(claim, M1_M2_M3_without_grouping_everything_is_claimed)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, MACHINE("pageblock_order=8", "start=0 spanned=1024"));

	cr_assert(z->tun->grouping_off);
	put_free(mm, z, 256, 1, MIGRATE_UNMOVABLE);
	put_free(mm, z, 512, 0, MIGRATE_UNMOVABLE);
	put_free(mm, z, 260, 0, MIGRATE_UNMOVABLE);
	/* Order 1, the largest, although below half the order, with 3 of 256 pages free. */
	cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), 260);
	cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), 2);
	cr_assert_eq(pages_of(z, MIGRATE_UNMOVABLE), 1);
	boot_done(mm);
}

/* --- CMA, and where a refill goes on ------------------------------------------------------- */

Test(claim, M2_G4_cma_comes_before_a_claim_and_is_remembered)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);
	enum take_mode mode = TAKE_NORMAL;

	put_free(mm, z, 0, 9, MIGRATE_UNMOVABLE);
	put_free(mm, z, 512, 1, MIGRATE_CMA);
	/* 2 of 514: CMA is not plenty, but there is nothing of their own. */
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode)), 512);
	cr_assert_eq(mode, TAKE_CMA);
	/* Within the hold nobody looks at the lists before it again. */
	put_free(mm, z, 1024, 0, MIGRATE_MOVABLE);
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode)), 513);
	/* Its CMA is used up: it claims, and then has a list to begin with again. */
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode)), 0);
	cr_assert_eq(mode, TAKE_NORMAL);
	cr_assert_eq(type_at(z, 0), MIGRATE_MOVABLE);
	cr_assert_eq(z->stats.count[NR_FREE_CMA] + z->cpu[0].stat.diff[NR_FREE_CMA], 0);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim, G4_without_the_flag_cma_is_not_touched)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);

	put_free(mm, z, 0, 9, MIGRATE_UNMOVABLE);
	put_free(mm, z, 512, 1, MIGRATE_CMA);
	cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), 0);
	cr_assert_eq(pages_of(z, MIGRATE_CMA), 2);
	boot_done(mm);
}

Test(claim, M2_G4_more_than_half_of_the_free_pages_being_cma_they_come_first)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);
	enum take_mode mode = TAKE_NORMAL;

	put_free(mm, z, 0, 6, MIGRATE_MOVABLE);
	put_free(mm, z, 512, 6, MIGRATE_CMA);
	mm_tick(mm);
	/* 64 of 128 are not more than half; 64 of 127 are. */
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode)), 0);
	mm_tick(mm);
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode)), 512);
	cr_assert_eq(mode, TAKE_NORMAL);
	mm_tick(mm);
	cr_assert_eq(z->stats.count[NR_FREE_CMA], 63);
	cr_assert_eq(z->stats.count[NR_FREE_PAGES], 126);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim, M2_once_it_steals_a_hold_goes_on_stealing)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);
	enum take_mode mode = TAKE_NORMAL;

	put_free(mm, z, 0, 1, MIGRATE_UNMOVABLE);
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, 0, &mode)), 0);
	cr_assert_eq(mode, TAKE_STEAL);
	put_free(mm, z, 512, 0, MIGRATE_MOVABLE);
	cr_assert_eq(zone_pfn(z, take_on(z, 0, MIGRATE_MOVABLE, 0, &mode)), 1);
	cr_assert_null(take_on(z, 0, MIGRATE_MOVABLE, 0, &mode));
	cr_assert_eq(take(z, 0, MIGRATE_MOVABLE, 0), 512);
	boot_done(mm);
}

/* --- waking kswapd ------------------------------------------------------------------------- */

Test(claim, W7_after_a_boost_only_who_may_wake_kswapd_does)
{
	static const char before[] = "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
				     "zone Normal start=0 spanned=16384\nops\n";

	for (unsigned int old = 0; old <= 1; old++) {
		struct mm *mm = boot_text(old ? before : plain);
		struct zone *z = zone_of(mm, ZONE_NORMAL);

		z->boosted = true;
		cr_assert_not_null(get_pages(mm, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0));
		/* 6.1 lets anybody. */
		cr_assert_eq(z->boosted, !old);
		cr_assert_not_null(get_pages(mm, GFP_KERNEL, 0));
		cr_assert_not(z->boosted);
		boot_done(mm);
	}
}
