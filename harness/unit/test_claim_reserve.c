/* SPDX-License-Identifier: MIT */
/* test_claim_reserve.c - merging and the highatomic reserve by the rules of 6.12 */
#include <criterion/criterion.h>

#include "mobility.h"
#include "watermark.h"
#include "zone_bench.h"

#define MACHINE(words, zone) \
	"tidemark 1\nmachine cpus=1 " words " zones=Normal,Movable\nzone Normal " zone \
	"\npolicy rules=6.12\nops\n"

static const char plain[] = MACHINE("", "start=0 spanned=16384");
static const char small_blocks[] = MACHINE("pageblock_order=6", "start=0 spanned=6400");

/* --- merging and moving -------------------------------------------------------------------- */

Test(claim_reserve, B1_B3_merged_pageblocks_get_the_type_of_the_block_freed)
{
	for (unsigned int first = 0; first <= 1; first++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, small_blocks);
		pfn_t there = first ? 0 : 256, comes = first ? 256 : 0;

		/* Four pageblocks of one type, then four of another beside them. */
		put_free(mm, z, there, 8, MIGRATE_UNMOVABLE);
		for (pfn_t pfn = comes; pfn < comes + 256; pfn += 64)
			pageblock_set_type(z->tun, &z->blocks, pfn, MIGRATE_RECLAIMABLE);
		give_back(z, comes, 8, MIGRATE_RECLAIMABLE);
		cr_assert_eq(z->area[9].list[MIGRATE_RECLAIMABLE].nr, 1);
		for (pfn_t pfn = 0; pfn < 512; pfn += 64)
			cr_assert_eq(type_at(z, pfn), MIGRATE_RECLAIMABLE);
		cr_assert_eq(type_at(z, 512), MIGRATE_MOVABLE);
		assert_clean_lists(mm, z);
		boot_done(mm);
	}
}

Test(claim_reserve, B1_merged_pageblocks_that_are_alike_stay_so)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);

	put_free(mm, z, 512, 9, MIGRATE_MOVABLE);
	give_back(z, 0, 9, MIGRATE_MOVABLE);
	cr_assert_eq(z->area[10].list[MIGRATE_MOVABLE].nr, 1);
	cr_assert_eq(type_at(z, 512), MIGRATE_MOVABLE);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim_reserve, B4_a_block_is_counted_as_it_leaves_for_an_isolated_list_and_comes_back)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, plain);
	struct page *page = &z->pages[0];

	put_free(mm, z, 0, 5, MIGRATE_HIGHATOMIC);
	cr_assert_eq(zone_free_pages_exact(z, 1), 32);
	cr_assert_eq(z->free_highatomic, 32);
	zone_lock(z);
	buddy_move(z, page, MIGRATE_ISOLATE);
	cr_assert_eq(zone_free_pages_exact(z, 1), 0);
	cr_assert_eq(z->free_highatomic, 0);
	buddy_move(z, page, MIGRATE_CMA);
	zone_unlock(z);
	cr_assert_eq(zone_free_pages_exact(z, 1), 32);
	cr_assert_eq(z->stats.count[NR_FREE_CMA] + z->cpu[0].stat.diff[NR_FREE_CMA], 32);
	boot_done(mm);
}

/* --- the highatomic reserve ---------------------------------------------------------------- */

static void reserve(struct zone *z, pfn_t pfn, unsigned int order)
{
	*zone_page(z, pfn) = (struct page){ .state = PAGE_ALLOC, .refs = 1,
					    .order = (uint8_t)order, .zone = z->id };
	highatomic_reserve(z, zone_page(z, pfn));
}

Test(claim_reserve, M5_the_limit_is_a_hundredth_rounded_up_or_none)
{
	static const struct { uint64_t managed, reserved; } cases[] = {
		{ 6399, 0 },		/* 63: less than a pageblock of 64 */
		{ 6400, 64 },		/* 64: one */
		{ 6499, 64 },
		{ 6500, 128 },		/* 65, rounded up to 128: two */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm;
		struct zone *z = emptied(&mm, small_blocks);

		z->managed = cases[i].managed;
		for (pfn_t pfn = 0; pfn < 640; pfn += 64)
			reserve(z, pfn, 0);
		cr_assert_eq(z->nr_reserved_highatomic, cases[i].reserved, "case %zu", i);
		for (pfn_t pfn = 0; pfn < 640; pfn += 64)
			cr_assert_eq(type_at(z, pfn) == MIGRATE_HIGHATOMIC,
				     pfn < cases[i].reserved, "case %zu", i);
		boot_done(mm);
	}
}

Test(claim_reserve, M5_a_pageblock_is_reserved_once_with_its_free_pages)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, small_blocks);

	z->managed = 6500;
	put_free(mm, z, 32, 5, MIGRATE_MOVABLE);
	put_free(mm, z, 64, 4, MIGRATE_MOVABLE);
	reserve(z, 0, 0);
	reserve(z, 1, 0);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	cr_assert_eq(z->free_highatomic, 32);
	cr_assert_eq(pages_of(z, MIGRATE_MOVABLE), 16);
	cr_assert(z->had_highatomic);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim_reserve, M5_Z2_a_pageblock_that_leaves_the_zone_is_not_reserved)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, MACHINE("pageblock_order=6", "start=0 spanned=6420"));

	reserve(z, 6400, 0);
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	cr_assert_eq(type_at(z, 6400), MIGRATE_MOVABLE);
	boot_done(mm);
}

Test(claim_reserve, M5_a_larger_block_is_reserved_and_given_back_as_a_whole)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, small_blocks);

	/* Below the limit of 64 before, so all four pageblocks go. */
	reserve(z, 256, 8);
	cr_assert_eq(z->nr_reserved_highatomic, 256);
	for (pfn_t pfn = 192; pfn < 576; pfn += 64)
		cr_assert_eq(type_at(z, pfn) == MIGRATE_HIGHATOMIC, pfn >= 256 && pfn < 512);
	give_back(z, 256, 8, MIGRATE_HIGHATOMIC);
	cr_assert_eq(z->free_highatomic, 256);
	cr_assert(highatomic_unreserve(z, MIGRATE_RECLAIMABLE, false));
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	cr_assert_eq(z->free_highatomic, 0);
	cr_assert_eq(z->area[8].list[MIGRATE_RECLAIMABLE].nr, 1);
	for (pfn_t pfn = 192; pfn < 576; pfn += 64)
		cr_assert_eq(type_at(z, pfn) == MIGRATE_RECLAIMABLE, pfn >= 256 && pfn < 512);
	cr_assert_not(highatomic_unreserve(z, MIGRATE_RECLAIMABLE, true));
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim_reserve, M5_one_pageblock_is_given_back_after_the_other)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, small_blocks);

	put_free(mm, z, 0, 3, MIGRATE_HIGHATOMIC);
	put_free(mm, z, 32, 4, MIGRATE_HIGHATOMIC);
	put_free(mm, z, 128, 2, MIGRATE_HIGHATOMIC);
	cr_assert_eq(z->nr_reserved_highatomic, 128);
	/* The smallest block first, with all else of its pageblock. */
	cr_assert(highatomic_unreserve(z, MIGRATE_MOVABLE, false));
	cr_assert_eq(type_at(z, 128), MIGRATE_MOVABLE);
	cr_assert_eq(z->nr_reserved_highatomic, 64);
	cr_assert_not(highatomic_unreserve(z, MIGRATE_MOVABLE, false));
	cr_assert(highatomic_unreserve(z, MIGRATE_UNMOVABLE, true));
	cr_assert_eq(pages_of(z, MIGRATE_UNMOVABLE), 24);
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	assert_clean_lists(mm, z);
	boot_done(mm);
}

Test(claim_reserve, M5_never_more_is_given_back_than_was_counted)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, small_blocks);

	put_free(mm, z, 256, 8, MIGRATE_HIGHATOMIC);
	z->nr_reserved_highatomic = 128;
	cr_assert(highatomic_unreserve(z, MIGRATE_MOVABLE, true));
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	/* A page that remembers a reserve that is gone counts for nothing. */
	put_free(mm, z, 0, 0, MIGRATE_HIGHATOMIC);
	pageblock_set_type(z->tun, &z->blocks, 0, MIGRATE_MOVABLE);
	put_free(mm, z, 640, 0, MIGRATE_HIGHATOMIC);
	z->nr_reserved_highatomic = 192;
	cr_assert(highatomic_unreserve(z, MIGRATE_UNMOVABLE, true));
	cr_assert_eq(type_at(z, 0), MIGRATE_UNMOVABLE);
	cr_assert_eq(z->nr_reserved_highatomic, 192);
	boot_done(mm);
}

Test(claim_reserve, M5_Z2_what_leaves_the_zone_is_passed_over)
{
	struct mm *mm;
	struct zone *z = emptied(&mm, MACHINE("pageblock_order=6", "start=0 spanned=6420"));

	put_free(mm, z, 6400, 2, MIGRATE_HIGHATOMIC);
	put_free(mm, z, 0, 4, MIGRATE_HIGHATOMIC);
	cr_assert_eq(z->nr_reserved_highatomic, 128);
	/* It stays where it is; its 64 pages are no longer counted all the same. */
	cr_assert(highatomic_unreserve(z, MIGRATE_MOVABLE, true));
	cr_assert_eq(type_at(z, 6400), MIGRATE_HIGHATOMIC);
	cr_assert_eq(type_at(z, 0), MIGRATE_MOVABLE);
	cr_assert_eq(z->free_highatomic, 4);
	cr_assert_eq(z->nr_reserved_highatomic, 0);
	cr_assert_not(highatomic_unreserve(z, MIGRATE_MOVABLE, true));
	boot_done(mm);
}
