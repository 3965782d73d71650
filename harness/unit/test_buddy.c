/* SPDX-License-Identifier: MIT */
/* test_buddy.c - split, merge and placement of one zone's free blocks */
#include <criterion/criterion.h>
#include <signal.h>

#include "validate.h"
#include "zone_bench.h"

#define MACHINE(zone) "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n" zone "\nops\n"

static const char aligned[] = MACHINE("zone Normal start=1024 spanned=4096");

/* A block of its own, accounted for. */
static struct page *take(struct zone *z, unsigned int order)
{
	struct page *page;

	zone_lock(z);
	page = buddy_take(z, order, MIGRATE_MOVABLE);
	if (page)
		buddy_account(z, -(1LL << order), MIGRATE_MOVABLE);
	zone_unlock(z);
	return page;
}

static void give(struct zone *z, struct page *page, unsigned int order, enum buddy_placement place)
{
	zone_lock(z);
	buddy_free(z, page, order, MIGRATE_MOVABLE, place);
	zone_unlock(z);
}

static pfn_t head(const struct zone *z, unsigned int order, unsigned int type)
{
	return zone_pfn(z, buddy_first(z, order, (enum migratetype)type));
}

Test(buddy, B1_split_returns_the_lower_half)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = take(z, 0);

	cr_assert_eq(zone_pfn(z, page), 1024);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		cr_assert_eq(z->area[order].list[MIGRATE_MOVABLE].nr, 1);
		cr_assert_eq(head(z, order, MIGRATE_MOVABLE), 1024 + (1ULL << order));
	}
	boot_done(mm);
}

Test(buddy, B1_a_freed_block_merges_all_the_way_up)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *page = take(z, order);

		give(z, page, order, PLACE_BY_MERGE);
		cr_assert_eq(z->area[MAX_ORDER].list[MIGRATE_MOVABLE].nr, 4);
		cr_assert_eq(buddy_nr_blocks(z, MAX_ORDER), 4);
		validate_zone(mm, z);
	}
	boot_done(mm);
}

Test(buddy, B1_nothing_as_large_is_refused)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=1024 spanned=512"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_null(take(z, 10));
	cr_assert_not_null(take(z, 9));
	cr_assert_null(take(z, 0));
	boot_done(mm);
}

Test(buddy, Z2_no_merge_across_the_zone_ends)
{
	/* 1023 pages that begin and end in the middle of everything. */
	struct mm *mm = boot_text(MACHINE("zone Normal start=1 spanned=1023"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *pages[1023];

	/* The pageblock that begins outside the zone is not Movable. */
	cr_assert_eq(head(z, 0, MIGRATE_UNMOVABLE), 1);
	zone_lock(z);
	for (unsigned int order = 0; order < 9; order++) {
		cr_assert_eq(z->area[order].list[MIGRATE_MOVABLE].nr, 0);
		buddy_move(z, buddy_first(z, order, MIGRATE_UNMOVABLE), MIGRATE_MOVABLE);
	}
	zone_unlock(z);
	for (int i = 0; i < 1023; i++)
		pages[i] = take(z, 0);
	for (int i = 0; i < 1023; i++)
		give(z, pages[i], 0, PLACE_BY_MERGE);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		cr_assert_eq(z->area[order].list[MIGRATE_MOVABLE].nr, 1);
		cr_assert_eq(head(z, order, MIGRATE_MOVABLE), 1ULL << order);
	}
	validate_zone(mm, z);
	boot_done(mm);
}

Test(buddy, Z2_no_merge_across_a_hole)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=1024 spanned=1024\n"
					  "hole 1028-1031"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_eq(z->area[2].list[MIGRATE_MOVABLE].nr, 1);
	cr_assert_eq(head(z, 2, MIGRATE_MOVABLE), 1024);
	validate_zone(mm, z);
	boot_done(mm);
}

Test(buddy, B2_head_by_default_tail_when_the_parent_is_about_to_merge)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *p[16];

	for (int i = 0; i < 16; i++)
		p[i] = take(z, 0);
	/* 1026..1027 free as one block of order 1: its would-be partner is 1024..1025. */
	give(z, p[2], 0, PLACE_BY_MERGE);
	give(z, p[3], 0, PLACE_BY_MERGE);
	give(z, p[8], 0, PLACE_BY_MERGE);
	cr_assert_eq(head(z, 0, MIGRATE_MOVABLE), 1032);
	/* 1024's parent would merge with 1026: to the tail. */
	give(z, p[0], 0, PLACE_BY_MERGE);
	cr_assert_eq(head(z, 0, MIGRATE_MOVABLE), 1032);
	cr_assert_eq(z->area[0].list[MIGRATE_MOVABLE].last, 1);
	/* 1036's would not: to the head. */
	give(z, p[12], 0, PLACE_BY_MERGE);
	cr_assert_eq(head(z, 0, MIGRATE_MOVABLE), 1036);
	boot_done(mm);
}

Test(buddy, B2_tail_when_asked_for)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *p[8];

	for (int i = 0; i < 8; i++)
		p[i] = take(z, 0);
	give(z, p[0], 0, PLACE_TAIL);
	give(z, p[4], 0, PLACE_TAIL);
	cr_assert_eq(head(z, 0, MIGRATE_MOVABLE), 1024);
	boot_done(mm);
}

Test(buddy, B2_orders_from_nine_up_never_expect_a_merge)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *a = take(z, 9), *b = take(z, 9), *c = take(z, 9), *d = take(z, 9);

	/* a and b are one block of order 10, c and d the next. */
	give(z, c, 9, PLACE_BY_MERGE);
	give(z, a, 9, PLACE_BY_MERGE);
	cr_assert_eq(head(z, 9, MIGRATE_MOVABLE), zone_pfn(z, a));
	give(z, b, 9, PLACE_BY_MERGE);
	give(z, d, 9, PLACE_BY_MERGE);
	cr_assert_eq(head(z, 10, MIGRATE_MOVABLE), zone_pfn(z, c));
	boot_done(mm);
}

Test(buddy, B3_types_that_may_not_mix_stay_apart_at_pageblock_order)
{
	static const struct { uint8_t mine, theirs; bool merges; } cases[] = {
		{ MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, true },
		{ MIGRATE_MOVABLE, MIGRATE_HIGHATOMIC, false },
		{ MIGRATE_HIGHATOMIC, MIGRATE_MOVABLE, false },
		{ MIGRATE_HIGHATOMIC, MIGRATE_HIGHATOMIC, true },
		{ MIGRATE_CMA, MIGRATE_UNMOVABLE, false },
		{ MIGRATE_ISOLATE, MIGRATE_MOVABLE, false },
		{ MIGRATE_ISOLATE, MIGRATE_CMA, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = boot_text(aligned);
		struct zone *z = zone_of(mm, ZONE_NORMAL);
		struct page *low = take(z, 9), *high = take(z, 9);

		pageblock_set_type(z->tun, &z->blocks, 1024, (enum migratetype)cases[i].mine);
		pageblock_set_type(z->tun, &z->blocks, 1536, (enum migratetype)cases[i].theirs);
		zone_lock(z);
		buddy_free(z, high, 9, (enum migratetype)cases[i].theirs, PLACE_BY_MERGE);
		buddy_free(z, low, 9, (enum migratetype)cases[i].mine, PLACE_BY_MERGE);
		zone_unlock(z);
		cr_assert_eq(buddy_nr_blocks(z, 9), cases[i].merges ? 0 : 2, "case %zu", i);
		cr_assert_eq(z->area[10].list[cases[i].mine].nr,
			     (cases[i].merges ? 1u : 0u) +
			     (cases[i].mine == MIGRATE_MOVABLE ? 3u : 0u), "case %zu", i);
		boot_done(mm);
	}
}

Test(buddy, B3_below_pageblock_order_types_do_not_matter)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *low = take(z, 8), *high = take(z, 8);

	zone_lock(z);
	buddy_free(z, high, 8, MIGRATE_UNMOVABLE, PLACE_BY_MERGE);
	buddy_free(z, low, 8, MIGRATE_RECLAIMABLE, PLACE_BY_MERGE);
	zone_unlock(z);
	cr_assert_eq(buddy_nr_blocks(z, 10), 4);
	cr_assert_eq(z->area[10].list[MIGRATE_RECLAIMABLE].nr, 1);
	boot_done(mm);
}

Test(buddy, B4_counts_move_with_the_list_exactly_once)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct stat_diff *diff = &z->cpu[0].stat;
	int64_t before = z->stats.count[NR_FREE_PAGES] + diff->diff[NR_FREE_PAGES];
	struct page *page = take(z, 3);

	cr_assert_eq(z->stats.count[NR_FREE_PAGES] + diff->diff[NR_FREE_PAGES], before - 8);
	give(z, page, 3, PLACE_BY_MERGE);
	cr_assert_eq(z->stats.count[NR_FREE_PAGES] + diff->diff[NR_FREE_PAGES], before);
	boot_done(mm);
}

Test(buddy, B4_isolated_pages_are_not_counted)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = take(z, 9);
	int64_t before = z->stats.count[NR_FREE_PAGES] + z->cpu[0].stat.diff[NR_FREE_PAGES];

	pageblock_set_type(z->tun, &z->blocks, zone_pfn(z, page), MIGRATE_ISOLATE);
	zone_lock(z);
	buddy_free(z, page, 9, MIGRATE_ISOLATE, PLACE_BY_MERGE);
	zone_unlock(z);
	cr_assert_eq(z->stats.count[NR_FREE_PAGES] + z->cpu[0].stat.diff[NR_FREE_PAGES], before);
	cr_assert_eq(z->area[9].list[MIGRATE_ISOLATE].nr, 1);
	boot_done(mm);
}

Test(buddy, B6_shuffling_changes_the_order_and_nothing_else)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=1024 spanned=65536"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	unsigned int moved = 0;
	pfn_t want = 1024;

	z->tun->policy.shuffle = true;
	zone_lock(z);
	buddy_shuffle(z);
	zone_unlock(z);
	for (struct page *p = buddy_first(z, 10, MIGRATE_MOVABLE); p;
	     p = list_entry(z->pages, p->next), want += 1024)
		moved += zone_pfn(z, p) != want;
	cr_assert_eq(z->area[10].list[MIGRATE_MOVABLE].nr, 64);
	cr_assert_gt(moved, 32);
	validate_zone(mm, z);
	boot_done(mm);
}

/* The only block of the largest order, at the end of a zone that begins below it. */
Test(buddy, B6_shuffling_leaves_alone_what_has_no_partner)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=1000 spanned=1048\n"
					  "policy shuffle"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_eq(z->area[10].list[MIGRATE_MOVABLE].nr, 1);
	cr_assert_eq(head(z, 10, MIGRATE_MOVABLE), 1024);
	validate_zone(mm, z);
	boot_done(mm);
}

/* Around three whole blocks there are broken, missing and taken ones, and one of another type. */
Test(buddy, B6_shuffling_changes_places_among_equals_only)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=0 spanned=8192\n"
					  "hole 1024-2047\nreserved 2050-2050"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	page = take(z, 10);
	cr_assert_eq(zone_pfn(z, page), 0);
	zone_lock(z);
	buddy_move(z, zone_page(z, 3072), MIGRATE_UNMOVABLE);
	z->tun->policy.shuffle = true;
	for (unsigned int i = 0; i < 20; i++)
		buddy_shuffle(z);
	buddy_move(z, zone_page(z, 3072), MIGRATE_MOVABLE);
	zone_unlock(z);
	give(z, page, 10, PLACE_BY_MERGE);
	cr_assert_eq(z->area[10].list[MIGRATE_MOVABLE].nr, 6);
	validate_zone(mm, z);
	boot_done(mm);
}

Test(buddy, B6_B2_with_shuffling_the_largest_go_to_a_random_end)
{
	struct mm *mm = boot_text(MACHINE("zone Normal start=0 spanned=8192\n"
					  "policy shuffle"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	unsigned int heads = 0;

	for (unsigned int i = 0; i < 100; i++) {
		struct page *page = take(z, 10);

		give(z, page, 10, PLACE_BY_MERGE);
		heads += buddy_first(z, 10, MIGRATE_MOVABLE) == page;
	}
	cr_assert(heads > 25 && heads < 75);
	/* Smaller ones go where they always go. */
	for (unsigned int i = 0; i < 20; i++) {
		struct page *a = take(z, 4), *b = take(z, 4);

		give(z, a, 4, PLACE_BY_MERGE);
		cr_assert_eq(buddy_first(z, 4, MIGRATE_MOVABLE), a);
		give(z, b, 4, PLACE_BY_MERGE);
	}
	boot_done(mm);
}

Test(buddy, X1_freeing_what_is_free_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	give(z, z->pages, 10, PLACE_BY_MERGE);
}

Test(buddy, X9_without_the_lock_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(aligned);

	buddy_take(zone_of(mm, ZONE_NORMAL), 0, MIGRATE_MOVABLE);
}

Test(buddy, X4_an_unaligned_block_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(aligned);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = take(z, 1);

	give(z, page + 1, 1, PLACE_BY_MERGE);
}
