/* SPDX-License-Identifier: MIT */
/* test_pcp_auto.c - per-CPU sets that tune themselves, by the rules of 6.12 */
#include <criterion/criterion.h>

#include "fixture.h"
#include "pcp_auto.h"
#include "watermark.h"

static const char plain[] = "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
			    "zone Normal start=0 spanned=16384\npolicy rules=6.12\nops\n";

enum { BATCH = 7 };

/* A set between `low` and `most` that stands at `high`. */
static struct pcp set(uint32_t low, uint32_t most, uint32_t high, uint32_t count)
{
	return (struct pcp){ .batch = BATCH, .high_min = low, .high_max = most, .high = high,
			     .count = count };
}

/* Pages to give back when a block of `order` has come; 0: not full. */
static uint32_t full(struct zone *z, struct pcp *pcp, unsigned int order)
{
	int64_t surplus = pcp_auto_surplus(z, pcp, order);

	cr_assert_neq(surplus, 0);
	return surplus < 0 ? 0 : (uint32_t)surplus;
}

/* --- how much to take ---------------------------------------------------------------------- */

Test(pcp_auto, P2_refills_that_follow_each_other_double_up_to_the_room)
{
	static const uint32_t sizes[] = { 7, 14, 28, 56, 93, 93 };
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(100, 100, 100, 0);

	/* Room is 100 - 0 - 7. */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cr_assert_eq(pcp_auto_refill(z, &pcp, 0), sizes[i], "%zu", i);
	cr_assert_eq(pcp.alloc_factor, 4);
	cr_assert_eq(pcp.high, 100);
	/* 100 - 90 - 7 is less than a batch. */
	pcp.count = 90;
	cr_assert_eq(pcp_auto_refill(z, &pcp, 0), 7);
	boot_done(mm);
}

Test(pcp_auto, P2_refills_double_five_times_at_most)
{
	static const uint32_t sizes[] = { 7, 14, 28, 56, 112, 224, 224 };
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(100000, 100000, 0, 0);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cr_assert_eq(pcp_auto_refill(z, &pcp, 0), sizes[i], "%zu", i);
	cr_assert_eq(pcp.alloc_factor, 5);
	boot_done(mm);
}

Test(pcp_auto, P2_a_set_smaller_than_a_batch_takes_one)
{
	struct mm *mm = boot_text(plain);
	struct pcp pcp = set(BATCH - 1, BATCH - 1, 50, 0);

	cr_assert_eq(pcp_auto_refill(zone_of(mm, ZONE_NORMAL), &pcp, 0), 1);
	cr_assert_eq(pcp.high, BATCH - 1);
	cr_assert_eq(pcp.alloc_factor, 0);
	pcp.high_min = pcp.high_max = BATCH;
	cr_assert_eq(pcp_auto_refill(zone_of(mm, ZONE_NORMAL), &pcp, 0), BATCH);
	boot_done(mm);
}

Test(pcp_auto, P1_P2_running_empty_raises_high_unless_memory_is_low)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(50, 70, 20, 0);

	z->below_high = true;
	cr_assert_eq(pcp_auto_refill(z, &pcp, 0), 7);
	cr_assert_eq(pcp.high, 50);
	z->below_high = false;
	cr_assert_eq(pcp_auto_refill(z, &pcp, 0), 14);
	cr_assert_eq(pcp.high, 64);
	/* 64 + 28 is past the end. */
	cr_assert_eq(pcp_auto_refill(z, &pcp, 0), 28);
	cr_assert_eq(pcp.high, 70);
	boot_done(mm);
}

Test(pcp_auto, P2_refills_of_larger_blocks_do_not_double)
{
	static const uint32_t sizes[] = { 3, 2, 2 };
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(50, 1000, 50, 0);

	pcp.alloc_factor = 3;
	for (unsigned int order = 1; order <= 3; order++)
		cr_assert_eq(pcp_auto_refill(z, &pcp, order), sizes[order - 1]);
	cr_assert_eq(pcp.alloc_factor, 3);
	cr_assert_eq(pcp.high, 50 + 3 * BATCH);
	/* A batch of one stays one. */
	pcp.batch = 1;
	cr_assert_eq(pcp_auto_refill(z, &pcp, 3), 1);
	boot_done(mm);
}

/* --- how much to keep ---------------------------------------------------------------------- */

Test(pcp_auto, P3_frees_are_counted_up_to_32_batches_and_halve_the_refill)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(1000, 1000, 1000, 16);

	pcp.alloc_factor = 5;
	pcp.free_count = 7 * 32 - 1;
	cr_assert_eq(full(z, &pcp, 2), 0);
	cr_assert_eq(pcp.free_count, 7 * 32 + 3);
	cr_assert_eq(full(z, &pcp, 0), 0);
	cr_assert_eq(pcp.free_count, 7 * 32 + 3);
	cr_assert_eq(pcp.alloc_factor, 1);
	boot_done(mm);
}

Test(pcp_auto, P3_a_set_that_keeps_nothing_gives_one_page_at_a_time)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(0, 0, 50, 1);

	cr_assert_eq(full(z, &pcp, 0), 1);
	cr_assert_eq(pcp.high, 0);
	/* Less than a batch: the same once it is full. */
	pcp = set(3, 3, 3, 2);
	pcp.free_count = 20;
	cr_assert_eq(full(z, &pcp, 0), 0);
	pcp.count = 3;
	cr_assert_eq(full(z, &pcp, 0), 1);
	boot_done(mm);
}

Test(pcp_auto, P3_a_fixed_limit_is_met_by_as_much_as_was_freed_lately)
{
	static const struct { uint32_t lately, nr; } cases[] = {
		{ 0, 7 },		/* at least a batch */
		{ 20, 21 },		/* this page is one of them */
		{ 92, 93 },
		{ 93, 93 },		/* a batch stays */
	};
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	/* Where the two ends are one, being below the high mark changes nothing. */
	for (unsigned int below = 0; below <= 1; below++) {
		z->below_high = below;
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct pcp pcp = set(100, 100, 30, 100);

			pcp.free_count = cases[i].lately;
			cr_assert_eq(full(z, &pcp, 0), cases[i].nr, "case %zu", i);
			cr_assert_eq(pcp.high, 100);
			pcp.count = 99;
			cr_assert_eq(full(z, &pcp, 0), 0);
		}
	}
	boot_done(mm);
}

Test(pcp_auto, P3_while_reclaim_works_sets_shrink_to_four_batches_and_less)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(10, 100, 100, 27);

	mm_set_reclaim_active(mm, z, true);
	pcp.free_count = 20;
	/* 100 - 21 is above 28. */
	cr_assert_eq(full(z, &pcp, 0), 0);
	cr_assert_eq(pcp.high, 79);
	pcp.count = 28;
	pcp.free_count = 0;
	/* 79 - 7: what was freed is less than a batch; 28 - 7 may go, 7 do. */
	cr_assert_eq(full(z, &pcp, 0), 7);
	cr_assert_eq(pcp.high, 72);
	/* 41 - 21 is less than four batches, and what stays. */
	pcp = set(10, 100, 41, 20);
	pcp.free_count = 20;
	cr_assert_eq(full(z, &pcp, 0), 13);
	cr_assert_eq(pcp.high, 20);
	/* 30 - 21 is below the lower end: 10 stay, of which a batch may not go. */
	pcp = set(10, 100, 30, 10);
	pcp.free_count = 20;
	cr_assert_eq(full(z, &pcp, 0), 3);
	cr_assert_eq(pcp.high, 10);
	boot_done(mm);
}

Test(pcp_auto, P3_below_the_high_mark_nothing_more_is_kept)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct pcp pcp = set(10, 100, 100, 40);

	z->below_high = true;
	pcp.free_count = 20;
	/* What it has is its limit: 21 of 40 go. */
	cr_assert_eq(full(z, &pcp, 0), 21);
	cr_assert_eq(pcp.high, 79);
	/* But for the lower end. */
	pcp.count = 9;
	cr_assert_eq(full(z, &pcp, 0), 0);
	cr_assert_eq(pcp.high, 79 - 22);
	boot_done(mm);
}

Test(pcp_auto, P1_P3_a_full_set_grows_to_what_was_freed_lately_and_a_batch)
{
	static const struct { uint32_t most, count, lately, high, nr; } cases[] = {
		{ 100, 20, 29, 37, 13 },	/* 30 + 7; 20 - 7 go */
		{ 30, 20, 29, 30, 13 },		/* not past the upper end */
		{ 100, 19, 29, 20, 0 },		/* not full */
		{ 100, 20, 11, 20, 12 },	/* 12 + 7 is no more than it has */
	};
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pcp pcp = set(10, cases[i].most, 20, cases[i].count);

		pcp.free_count = cases[i].lately;
		cr_assert_eq(full(z, &pcp, 0), cases[i].nr, "case %zu", i);
		cr_assert_eq(pcp.high, cases[i].high, "case %zu", i);
	}
	boot_done(mm);
}

/* --- blocks of order 1 to 3 in a row ------------------------------------------------------- */

Test(pcp_auto, P3_the_second_larger_block_empties_the_set_once_a_batch_was_freed)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (uint32_t lately = BATCH - 1; lately <= BATCH; lately++) {
		struct pcp pcp = set(100, 1000, 500, 40);

		pcp.free_count = lately;
		pcp.flags = PCP_PREV_FREE_HIGH;
		cr_assert_eq(full(z, &pcp, 1), lately == BATCH ? 40 : 0);
		/* 500 - 7 * 32. */
		cr_assert_eq(pcp.high, lately == BATCH ? 276 : 500);
		cr_assert_eq(pcp.flags, PCP_PREV_FREE_HIGH);
	}
	boot_done(mm);
}

Test(pcp_auto, P3_at_most_32_batches_go_at_once_and_the_lower_end_stays)
{
	struct mm *mm = boot_text(plain);
	struct pcp pcp = set(300, 1000, 500, 225);

	pcp.free_count = BATCH;
	pcp.flags = PCP_PREV_FREE_HIGH;
	cr_assert_eq(full(zone_of(mm, ZONE_NORMAL), &pcp, 3), 224);
	cr_assert_eq(pcp.high, 300);
	boot_done(mm);
}

Test(pcp_auto, P3_single_pages_and_huge_ones_break_the_row)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (unsigned int order = 0; order <= 9; order += 9) {
		struct pcp pcp = set(2000, 2000, 2000, 600);

		pcp.free_count = 100;
		cr_assert_eq(full(z, &pcp, 3), 0);
		cr_assert_eq(pcp.flags, PCP_PREV_FREE_HIGH);
		cr_assert_eq(full(z, &pcp, order), 0);
		cr_assert_eq(pcp.flags, 0);
		cr_assert_eq(full(z, &pcp, 3), 0);
		cr_assert_eq(full(z, &pcp, 3), 224);
	}
	boot_done(mm);
}

Test(pcp_auto, P3_with_a_small_cache_a_batch_is_kept)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (uint32_t count = BATCH - 1; count <= BATCH; count++) {
		struct pcp pcp = set(100, 1000, 500, count);

		pcp.free_count = BATCH;
		pcp.flags = PCP_PREV_FREE_HIGH | PCP_FREE_HIGH_BATCH;
		cr_assert_eq(full(z, &pcp, 1), count == BATCH ? BATCH : 0);
		cr_assert_eq(pcp.flags, PCP_PREV_FREE_HIGH | PCP_FREE_HIGH_BATCH);
	}
	boot_done(mm);
}

/* --- afterwards ---------------------------------------------------------------------------- */

Test(pcp_auto, P3_W5_above_the_high_mark_sets_may_grow_again)
{
	struct mm *mm = boot_text(plain);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	/* The column is Movable's, whatever was freed. */
	int64_t mark = (int64_t)(zone_wmark(z, WMARK_HIGH) + z->lowmem_reserve[ZONE_MOVABLE]);
	const struct { int64_t free; bool below; } cases[] = {
		{ -5, true }, { 0, true }, { mark, true }, { mark + 1, false },
	};

	cr_assert_gt(mark, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		z->below_high = true;
		z->stats.count[NR_FREE_PAGES] = cases[i].free;
		pcp_auto_freed(z);
		cr_assert_eq(z->below_high, cases[i].below, "case %zu", i);
	}
	pcp_auto_freed(z);
	cr_assert_not(z->below_high);
	boot_done(mm);
}
