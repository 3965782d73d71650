/* SPDX-License-Identifier: MIT */
/* test_mm_import.c - taking a zone's pages away, and putting given free blocks in their place */
#include <criterion/criterion.h>

#include "buddy.h"
#include "fixture.h"
#include "validate.h"
#include "world.h"

#define MACHINE \
	"tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\nzone Normal start=4096 spanned=8192\n" \
	"hole 5000-5099\n"

static struct mm *emptied(const char *text, struct zone **z)
{
	struct mm *mm = boot_text(text);

	*z = zone_of(mm, ZONE_NORMAL);
	mm_import_empty(mm, *z);
	validate_mm(mm);
	return mm;
}

static uint64_t free_pages(const struct zone *z)
{
	uint64_t nr = 0;

	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		nr += buddy_nr_blocks(z, order) << order;
	return nr;
}

Test(mm_import, X1_empty_takes_free_and_PCP_pages)
{
	struct mm *mm = boot_text(MACHINE "policy pcp_batch=7\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *mine = get_pages(mm, GFP_KERNEL, 0);

	cr_assert_not_null(mine);
	cr_assert_gt(z->cpu[0].pcp.count, 0);
	mm_import_empty(mm, z);
	cr_expect_eq(free_pages(z), 0);
	cr_expect_eq(z->cpu[0].pcp.count, 0);
	cr_expect_null(get_pages(mm, GFP_ATOMIC, 0));
	validate_mm(mm);
	/* What was somebody's still is, and only that. */
	cr_expect_eq(mm_free_pages(mm, mine, 0), MM_OK);
	cr_expect_eq(mm_free_pages(mm, mm_page(mm, 8192), MAX_ORDER), MM_BAD_PAGE);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X3_blocks_go_to_the_tail_as_they_are)
{
	struct zone *z;
	struct mm *mm = emptied(MACHINE "ops\n", &z);
	const struct page *p;

	cr_expect(mm_import_free(mm, z, 8192 + 24, 3, MIGRATE_UNMOVABLE));
	cr_expect(mm_import_free(mm, z, 8192 + 8, 3, MIGRATE_UNMOVABLE));
	cr_expect(mm_import_free(mm, z, 4096 + 512, 8, MIGRATE_MOVABLE));
	cr_expect(mm_import_free(mm, z, 10240, MAX_ORDER, MIGRATE_RECLAIMABLE));
	p = buddy_first(z, 3, MIGRATE_UNMOVABLE);
	cr_assert_not_null(p);
	cr_expect_eq(zone_pfn(z, p), 8192 + 24);
	p = list_entry(z->pages, p->next);
	cr_assert_not_null(p);
	cr_expect_eq(zone_pfn(z, p), 8192 + 8);
	cr_expect_eq(free_pages(z), 8 + 8 + 256 + 1024);
	cr_expect_eq(zone_free_pages(z), 8 + 8 + 256 + 1024);
	cr_expect_eq(pageblock_type(&z->blocks, 8192), MIGRATE_UNMOVABLE);
	cr_expect_eq(pageblock_type(&z->blocks, 10240 + 512), MIGRATE_RECLAIMABLE);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X3_a_block_may_be_larger_than_what_was_taken)
{
	struct mm *mm = boot_text(MACHINE "cma 8192-8703\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page[8];

	/* CMA keeps 8192 and 8704 apart; singles are taken one by one. */
	for (unsigned int i = 0; i < 8; i++) {
		page[i] = get_pages(mm, GFP_KERNEL, 0);
		cr_assert_not_null(page[i]);
	}
	for (unsigned int i = 0; i < 8; i++)
		cr_assert_eq(mm_free_pages(mm, page[i], 0), MM_OK);
	mm_import_empty(mm, z);
	validate_mm(mm);
	cr_expect(mm_import_free(mm, z, 8192, MAX_ORDER, MIGRATE_MOVABLE));
	cr_expect_eq(z->cma_pages, 0, "the pageblock is no longer CMA");
	cr_expect_eq(buddy_nr_blocks(z, MAX_ORDER), 1);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X1_what_is_not_held_is_refused)
{
	struct zone *z;
	struct mm *mm = emptied(MACHINE "reserved 6000-6001\nops\n", &z);
	uint64_t before = state_hash(mm);

	cr_expect_not(mm_import_free(mm, z, 4992, 7, MIGRATE_MOVABLE), "a hole");
	cr_expect_not(mm_import_free(mm, z, 6000, 0, MIGRATE_MOVABLE), "reserved");
	cr_expect_not(mm_import_free(mm, z, 5888, 7, MIGRATE_MOVABLE), "partly reserved");
	cr_expect_not(mm_import_free(mm, z, 4095, 0, MIGRATE_MOVABLE), "below the zone");
	cr_expect_not(mm_import_free(mm, z, 12288, 0, MIGRATE_MOVABLE), "above it");
	cr_expect_not(mm_import_free(mm, z, 8193, 1, MIGRATE_MOVABLE), "not aligned");
	cr_expect_not(mm_import_free(mm, z, 8192, MAX_ORDER + 1, MIGRATE_MOVABLE));
	cr_expect_not(mm_import_free(mm, z, 8192, 0, NR_MIGRATETYPES));
	cr_expect_eq(state_hash(mm), before);
	cr_expect(mm_import_free(mm, z, 8192, 3, MIGRATE_MOVABLE));
	cr_expect_not(mm_import_free(mm, z, 8192, 3, MIGRATE_MOVABLE), "free already");
	cr_expect_not(mm_import_free(mm, z, 8192, 4, MIGRATE_MOVABLE), "partly free");
	cr_expect_not(mm_import_free(mm, z, 8193, 0, MIGRATE_MOVABLE), "in a free block");
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X1_reserved_pages_at_the_edge_and_in_bulk)
{
	struct zone *z;
	struct mm *mm = emptied("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				"zone Normal start=4097 spanned=8190\n"
				"reserved 4097-4097\nreserved 8192-9215\nops\n", &z);

	cr_expect_not(mm_import_free(mm, z, 4097, 0, MIGRATE_MOVABLE), "nothing below it either");
	cr_expect_not(mm_import_free(mm, z, 9000, 0, MIGRATE_MOVABLE), "no head for 1024 pages");
	cr_expect_not(mm_import_free(mm, z, 12286, 1, MIGRATE_MOVABLE), "one page too far");
	cr_expect(mm_import_free(mm, z, 12286, 0, MIGRATE_MOVABLE));
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X4_no_state_that_a_kernel_could_not_be_in)
{
	struct zone *z;
	struct mm *mm = emptied(MACHINE "ops\n", &z);

	cr_expect(mm_import_free(mm, z, 8192, 3, MIGRATE_MOVABLE));
	cr_expect_not(mm_import_free(mm, z, 8200, 3, MIGRATE_MOVABLE), "they would have merged");
	cr_expect(mm_import_free(mm, z, 8208, 3, MIGRATE_HIGHATOMIC), "types may differ here");
	cr_expect_not(mm_import_free(mm, z, 8224, 3, MIGRATE_CMA), "CMA is whole pageblocks");
	cr_expect(mm_import_free(mm, z, 8704, 3, MIGRATE_CMA));
	cr_expect_not(mm_import_free(mm, z, 8720, 3, MIGRATE_MOVABLE));
	cr_expect(mm_import_free(mm, z, 8720, 3, MIGRATE_CMA));
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, X1_P5_pages_in_use_or_on_a_CPUs_list_are_not_held)
{
	struct mm *mm = boot_text(MACHINE "policy pcp_batch=7\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *mine = get_pages(mm, GFP_KERNEL, 0);
	pfn_t pfn = zone_pfn(z, mine), later = align_down(pfn, 8) + 64;

	mm_import_empty(mm, z);
	cr_expect_not(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE), "in use");
	cr_expect_eq(mm_free_pages(mm, mine, 0), MM_OK);
	cr_expect_not(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE), "on a list");
	cr_expect_not(mm_import_free(mm, z, later, 3, MIGRATE_CMA), "a free page is not CMA's");
	cr_expect(mm_import_free(mm, z, later, 3, MIGRATE_MOVABLE));
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, Z5_a_zone_without_pages_has_nothing_to_take)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_MOVABLE);

	mm_import_empty(mm, z);
	cr_expect_not(mm_import_free(mm, z, 0, 0, MIGRATE_MOVABLE));
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, M1_M5_pageblocks_are_counted_by_their_type)
{
	struct zone *z;
	struct mm *mm = emptied(MACHINE "ops\n", &z);

	cr_expect(mm_import_free(mm, z, 8192, 10, MIGRATE_HIGHATOMIC));
	cr_expect_eq(z->nr_reserved_highatomic, 1024);
	cr_expect(mm_import_free(mm, z, 9216, 5, MIGRATE_CMA));
	cr_expect_eq(z->cma_pages, 512);
	cr_expect_eq(z->stats.count[NR_FREE_CMA], 32);
	cr_expect(mm->tun.has_cma, "a machine with CMA pages has a kernel that knows them");
	cr_expect(mm_import_free(mm, z, 10240, 4, MIGRATE_ISOLATE));
	cr_expect_eq(z->nr_isolated_blocks, 1);
	cr_expect_eq(zone_free_pages(z), 1024 + 32, "isolated pages do not count as free");
	validate_mm(mm);
	mm_import_empty(mm, z);
	cr_expect_eq(zone_free_pages(z), 0);
	validate_mm(mm);
	cr_expect(mm_import_free(mm, z, 8192, 10, MIGRATE_MOVABLE));
	cr_expect(mm_import_free(mm, z, 10240, 4, MIGRATE_UNMOVABLE));
	cr_expect_eq(z->nr_reserved_highatomic, 0);
	cr_expect_eq(z->nr_isolated_blocks, 0);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_import, M1_X2_who_would_count_a_pageblock_in_two_zones)
{
	struct zone *z;
	struct mm *mm = emptied("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				"zone DMA32 start=0 spanned=4196\n"
				"zone Normal start=4196 spanned=4096\nops\n", &z);

	cr_expect_not(mm_import_free(mm, z, 4224, 3, MIGRATE_CMA));
	cr_expect_not(mm_import_free(mm, z, 4224, 3, MIGRATE_HIGHATOMIC));
	cr_expect(mm_import_free(mm, z, 4224, 3, MIGRATE_RECLAIMABLE));
	cr_expect_eq(pageblock_type(&zone_of(mm, ZONE_DMA32)->blocks, 4100), MIGRATE_RECLAIMABLE);
	cr_expect(mm_import_free(mm, z, 4608, 3, MIGRATE_CMA));
	validate_mm(mm);
	boot_done(mm);
}

/* Whatever is put is there, nothing else is, and the zone still works. */
Test(mm_import, X2_any_blocks_in_any_order)
{
	struct zone *z;
	struct mm *mm = emptied(MACHINE "ops\n", &z);
	uint64_t rng = 7, nr = 0;
	struct page *page;

	for (unsigned int i = 0; i < 400; i++) {
		unsigned int order = (unsigned int)rng_below(&rng, MAX_ORDER + 1);
		pfn_t pfn = align_down(4096 + rng_below(&rng, 8192), 1ULL << order);
		enum migratetype type = (enum migratetype)rng_below(&rng, MIGRATE_PCPTYPES);

		if (mm_import_free(mm, z, pfn, order, type))
			nr += 1ULL << order;
	}
	cr_expect_gt(nr, 4000);
	cr_expect_eq(free_pages(z), nr);
	validate_mm(mm);
	while ((page = get_pages(mm, GFP_ATOMIC | __GFP_MEMALLOC, 0)))
		nr--;
	cr_expect_eq(nr, 0);
	validate_mm(mm);
	boot_done(mm);
}
