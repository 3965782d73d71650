/* SPDX-License-Identifier: MIT */
/* test_report.c - zoneinfo, buddyinfo, pagetypeinfo, vmstat, fragmentation */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "guest_texts.h"
#include "report_text.h"

/* --- the guests ---------------------------------------------------------------------- */

static void set_numa(struct zone *z, uint64_t local, uint64_t interleave)
{
	z->cpu[0].numa[NUMA_HIT] = local;
	z->cpu[1].numa[NUMA_LOCAL] = local;
	z->cpu[0].numa[NUMA_INTERLEAVE] = interleave;
}

Test(report, S1_Z1_zoneinfo_of_an_amd64_guest)
{
	struct mm *mm = boot_text(amd64_machine);

	zone_of(mm, ZONE_DMA)->stats.count[NR_FREE_PAGES] = 3808;
	zone_of(mm, ZONE_DMA32)->stats.count[NR_FREE_PAGES] = 105692;
	set_numa(zone_of(mm, ZONE_DMA), 1, 1);
	set_numa(zone_of(mm, ZONE_DMA32), 5319, 621);
	set_pcp(zone_of(mm, ZONE_DMA32), 371, 295);
	assert_same(collected(report_zoneinfo, mm), amd64_zoneinfo);
	boot_done(mm);
}

Test(report, S1_Z1_zoneinfo_of_an_i386_guest)
{
	struct mm *mm = boot_text(i386_machine);

	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = 208006;
	zone_of(mm, ZONE_HIGHMEM)->stats.count[NR_FREE_PAGES] = 297906;
	set_pcp(zone_of(mm, ZONE_NORMAL), 558, 452);
	set_pcp(zone_of(mm, ZONE_HIGHMEM), 249, 153);
	assert_same(collected(report_zoneinfo, mm), i386_zoneinfo);
	boot_done(mm);
}

Test(report, S1_buddyinfo_of_an_amd64_guest)
{
	struct mm *mm = boot_text(amd64_machine);

	import_amd64(mm);
	assert_same(collected(report_buddyinfo, mm), amd64_buddyinfo);
	boot_done(mm);
}

Test(report, S1_M1_pagetypeinfo_of_an_amd64_guest)
{
	struct mm *mm = boot_text(amd64_machine);

	import_amd64(mm);
	assert_same(collected(report_pagetypeinfo, mm), amd64_pagetypeinfo);
	boot_done(mm);
}

/* --- other machines -------------------------------------------------------------------- */

Test(report, S1_Z5_nodes_and_zones_in_order)
{
	struct mm *mm = boot_text(numa_machine);
	const char *info = collected(report_zoneinfo, mm);
	const char *at = info;
	static const char *const heads[] = {
		"Node 0, zone    DMA32\n  per-node stats\n", "Node 0, zone   Normal\n  pages free",
		"Node 0, zone  Movable\n  pages free", "Node 1, zone    DMA32\n  pages free",
		"Node 1, zone   Normal\n  per-node stats\n", "Node 1, zone  Movable\n",
		"Node 2, zone    DMA32\n", "Node 2, zone   Normal\n",
		"Node 2, zone  Movable\n  per-node stats\n", "Node 3, zone    DMA32\n  pages free",
		"Node 3, zone   Normal\n  pages free", "Node 3, zone  Movable\n  pages free",
	};

	for (unsigned int i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		at = strstr(at, heads[i]);
		cr_assert_not_null(at, "%s", heads[i]);
	}
	assert_has_not(info, "zone      DMA");
	assert_has_not(info, "zone   Device");
	info = collected(report_buddyinfo, mm);
	assert_same(info,
		"Node 0, zone    DMA32      0      0      0      0      0      0      0      0"
		"      0      0      8 \n"
		"Node 0, zone   Normal      0      0      0      0      0      0      1      0"
		"      1      1      7 \n"
		"Node 1, zone   Normal      0      0      0      0      0      0      0      0"
		"      0      0      8 \n"
		"Node 2, zone  Movable      0      0      0      0      0      0      0      0"
		"      0      0      4 \n");
	boot_done(mm);
}

/* pagetypeinfo begins anew with each node, and says nothing of one without memory. */
Test(report, S1_Z5_pagetypeinfo_per_node)
{
	struct mm *mm = boot_text(numa_machine);
	const char *info = collected(report_pagetypeinfo, mm);
	unsigned int heads = 0;

	for (const char *at = info; (at = strstr(at, "Page block order: 9\n")); at++)
		heads++;
	cr_assert_eq(heads, 3);
	assert_has(info, "\nNode 2, zone  Movable            0            8            0"
		   "            0            0 \n");
	assert_has_not(info, "Node    3");
	assert_has_not(info, "CMA");
	boot_done(mm);
}

Test(report, S1_M1_CMA_has_a_row_where_there_is_some)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=1 pageblock_order=9 zones=Normal,Movable\n"
		"zone Normal start=0 spanned=8192\n"
		"cma 4096-5119\n"
		"ops\n");
	const char *info = collected(report_pagetypeinfo, mm);

	assert_has(info, "Node    0, zone   Normal, type          CMA      0      0      0      0"
		   "      0      0      0      0      0      0      1 \n");
	assert_has(info, "Number of blocks type     Unmovable      Movable  Reclaimable"
		   "   HighAtomic          CMA      Isolate \n");
	assert_has(info, "Node 0, zone   Normal            0           14            0"
		   "            0            2            0 \n");
	info = collected(report_zoneinfo, mm);
	assert_has(info, "        cma      1024\n");
	assert_has(info, "      nr_free_cma  1024\n");
	boot_done(mm);
}

/* The first frame of the zone decides which frames are looked at. */
Test(report, S1_Z2_pageblocks_of_holes_and_cut_ends_do_not_count)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=1 pageblock_order=9 zones=Normal,Movable\n"
		"zone Normal start=100 spanned=8092\n"
		"hole 1024-2047\n"
		"ops\n");

	assert_has(collected(report_pagetypeinfo, mm),
		   "Node 0, zone   Normal            1           13            0            0"
		   "            0 \n");
	boot_done(mm);
}

Test(report, S1_pagetypeinfo_counts_no_further_than_100000)
{
	struct mm *mm = boot_text(numa_machine);
	struct list *list = &zone_of(mm, ZONE_NORMAL)->area[0].list[MIGRATE_MOVABLE];

	list->nr = 99999;
	assert_has(collected(report_pagetypeinfo, mm),
		   "Node    0, zone   Normal, type      Movable  99999      0");
	list->nr = 100000;
	assert_has(collected(report_pagetypeinfo, mm),
		   "Node    0, zone   Normal, type      Movable >100000      0");
	list->nr = 123456;
	assert_has(collected(report_pagetypeinfo, mm),
		   "Node    0, zone   Normal, type      Movable >100000      0");
	list->nr = 0;
	boot_done(mm);
}

Test(report, S1_W7_boost_is_part_of_every_mark_shown)
{
	struct mm *mm = boot_text(numa_machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	char expected[200];

	z->boost = 512;
	snprintf(expected, sizeof(expected),
		 "        boost    512\n        min      %llu\n        low      %llu\n"
		 "        high     %llu\n",
		 (unsigned long long)z->watermark[WMARK_MIN] + 512,
		 (unsigned long long)z->watermark[WMARK_LOW] + 512,
		 (unsigned long long)z->watermark[WMARK_HIGH] + 512);
	assert_has(collected(report_zoneinfo, mm), expected);
	boot_done(mm);
}

/* For a moment a counter that CPUs hold parts of can be negative. */
Test(report, S1_W8_a_counter_below_zero_shows_as_zero)
{
	struct mm *mm = boot_text(numa_machine);

	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = -5;
	assert_has(collected(report_zoneinfo, mm),
		   "Node 0, zone   Normal\n  pages free     0\n");
	boot_done(mm);
}

Test(report, S1_W8_a_total_below_zero_shows_as_zero)
{
	struct mm *mm = boot_text(numa_machine);

	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = -1000000;
	assert_has(collected(report_vmstat, mm), "nr_free_pages 0\n");
	boot_done(mm);
}

Test(report, S1_P4_a_CPU_that_is_down_has_no_pageset)
{
	struct mm *mm = boot_text(numa_machine);

	cr_assert_eq(mm_cpu_offline(mm, 2), MM_OK);
	assert_has_not(collected(report_zoneinfo, mm), "    cpu: 2\n");
	assert_has(collected(report_zoneinfo, mm), "    cpu: 3\n");
	boot_done(mm);
}

/* --- vmstat -------------------------------------------------------------------------------- */

Test(report, S1_vmstat_has_the_kernels_names_in_its_order)
{
	struct mm *mm = boot_text(numa_machine);
	struct page *page;
	const char *info;

	page = get_pages(mm, GFP_HIGHUSER_MOVABLE, 4);
	cr_assert_not_null(page);
	cr_assert_not_null(get_pages(mm, __GFP_DMA32, 0));
	cr_assert_eq(mm_set_dirty(mm, page, true), MM_OK);
	mm_tick(mm);
	mm->events[3][ALLOCSTALL_DMA + (int)ZONE_NORMAL] = 2;
	mm->events[1][COMPACTSTALL] = 3;
	mm->events[2][COMPACTFAIL] = 4;
	info = collected(report_vmstat, mm);
	assert_same(strstr(info, "nr_free_cma"),
		"nr_free_cma 0\nnuma_hit 2\nnuma_miss 0\nnuma_foreign 0\nnuma_interleave 0\n"
		"numa_local 2\nnuma_other 0\nnr_dirty 16\npgalloc_dma32 1\npgalloc_normal 16\n"
		"pgalloc_movable 0\nallocstall_dma32 0\nallocstall_normal 2\n"
		"allocstall_movable 0\npgfree 0\ncompact_stall 3\ncompact_fail 4\n");
	cr_assert_eq(strncmp(info, "nr_free_pages ", 14), 0);
	cr_assert_eq(mm_free_pages(mm, page, 4), MM_OK);
	assert_has(collected(report_vmstat, mm), "\npgfree 16\n");
	assert_has(info, "\nnr_dirty 0\n");
	boot_done(mm);
}

Test(report, S1_vmstat_of_a_machine_without_NUMA)
{
	struct mm *mm = boot_text(i386_machine);
	const char *info;

	info = collected(report_vmstat, mm);
	assert_has(info, "nr_free_pages 514766\nnr_free_cma 0\nnr_dirty 0\npgalloc_dma 0\n"
		   "pgalloc_normal 0\npgalloc_high 0\npgalloc_movable 0\nallocstall_dma 0\n");
	assert_has_not(info, "numa");
	boot_done(mm);
}

Test(report, S1_vmstat_of_a_machine_with_high_memory_and_NUMA)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=2 pageblock_order=9 zones=DMA,Normal,HighMem,Movable\n"
		"node 0 cpus=0\n"
		"zone Normal start=4096 spanned=8192\n"
		"node 1 cpus=1\n"
		"zone HighMem start=16384 spanned=8192\n"
		"ops\n");

	assert_has(collected(report_vmstat, mm), "\nnuma_hit 0\n");
	assert_has(collected(report_zoneinfo, mm), "      numa_hit     0\n");
	boot_done(mm);
}

/* --- fragmentation ----------------------------------------------------------------- */

static struct zone *with_blocks(struct mm *mm, uint32_t singles, uint32_t pairs)
{
	struct zone *z = zone_of(mm, ZONE_DMA32);

	for (unsigned int order = 0; order < NR_ORDERS; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			z->area[order].list[type].nr = 0;
	z->area[0].list[MIGRATE_MOVABLE].nr = singles;
	z->area[1].list[MIGRATE_UNMOVABLE].nr = pairs;
	return z;
}

Test(report, S2_fragmentation_index)
{
	struct mm *mm = boot_text(numa_machine);

	/* As the kernel's formula has it: 1000 - (1000 + pages * 1000 / wanted) / blocks. */
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 0, 0), 0), 0);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 5, 0), 0), -1000);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 5, 1), 1), -1000);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 1, 0), 1), -500);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 2, 0), 1), 0);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 100, 0), 1), 490);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 100, 0), 10), 990);
	cr_assert_eq(report_extfrag_index(with_blocks(mm, 100, 50), 3), 827);
	boot_done(mm);
}

Test(report, S2_share_of_free_memory_that_is_of_no_use)
{
	struct mm *mm = boot_text(numa_machine);

	cr_assert_eq(report_unusable_index(with_blocks(mm, 0, 0), 0), 1000);
	cr_assert_eq(report_unusable_index(with_blocks(mm, 5, 0), 0), 0);
	cr_assert_eq(report_unusable_index(with_blocks(mm, 5, 0), 1), 1000);
	cr_assert_eq(report_unusable_index(with_blocks(mm, 5, 1), 1), 714);
	cr_assert_eq(report_unusable_index(with_blocks(mm, 0, 3), 1), 0);
	cr_assert_eq(report_unusable_index(zone_of(mm, ZONE_NORMAL), 10), 104);
	boot_done(mm);
}

Test(report, S2_an_order_that_does_not_exist, .signal = SIGABRT)
{
	struct mm *mm = boot_text(numa_machine);

	report_extfrag_index(zone_of(mm, ZONE_NORMAL), MAX_ORDER + 1);
}
