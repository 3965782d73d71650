/* SPDX-License-Identifier: MIT */
/* test_mm.c - a machine: what boots and what is refused, sysctls, CPUs, kswapd's wake-up */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "validate.h"
#include "watermark.h"

#define ONE_NODE "tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"

/* --- boot: present, managed, holes, reservations (Z1, Z2, Z3) ----------------------------- */

/* Free blocks of one type as "pfn:order ...", by order and then in list order. */
static void blocks_text(const struct zone *z, enum migratetype type, char *out, size_t size)
{
	size_t len = 0;

	out[0] = 0;
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		const struct page *p = list_entry(z->pages, z->area[order].list[type].first);

		for (; p; p = list_entry(z->pages, p->next))
			len += (size_t)snprintf(out + len, size - len, "%s%lu:%u", len ? " " : "",
						(unsigned long)zone_pfn(z, p), order);
	}
}

static void expect_blocks(const struct zone *z, enum migratetype type, const char *want)
{
	char text[1024];

	blocks_text(z, type, text, sizeof(text));
	cr_expect_str_eq(text, want, "got %s", text);
}

Test(mm, Z3_B2_largest_aligned_blocks_upward_at_the_tail)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=3 spanned=4098\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	expect_blocks(z, MIGRATE_MOVABLE, "4100:0 4096:2 512:9 1024:10 2048:10 3072:10");
	expect_blocks(z, MIGRATE_UNMOVABLE, "3:0 4:2 8:3 16:4 32:5 64:6 128:7 256:8");
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, M1_a_pageblock_that_begins_outside_stays_unmovable)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=512 spanned=2048\n"
				  "hole 1024-1039\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(pageblock_type(&z->blocks, 512), MIGRATE_MOVABLE);
	cr_expect_eq(pageblock_type(&z->blocks, 1040), MIGRATE_UNMOVABLE);
	cr_expect_eq(pageblock_type(&z->blocks, 1536), MIGRATE_MOVABLE);
	expect_blocks(z, MIGRATE_UNMOVABLE, "1040:4 1056:5 1088:6 1152:7 1280:8");
	boot_done(mm);
}

Test(mm, M1_Z1_a_pageblock_in_two_zones_has_one_type)
{
	struct mm *mm = boot_text(ONE_NODE "zone DMA start=0 spanned=1280\n"
				  "zone Normal start=1280 spanned=2816\nops\n");
	struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(pageblock_type(&normal->blocks, 1280), MIGRATE_MOVABLE);
	pageblock_set_type(&mm->tun, &dma->blocks, 1100, MIGRATE_RECLAIMABLE);
	cr_expect_eq(pageblock_type(&normal->blocks, 1500), MIGRATE_RECLAIMABLE);
	pageblock_set_type(&mm->tun, &normal->blocks, 1500, MIGRATE_HIGHATOMIC);
	cr_expect_eq(pageblock_type(&dma->blocks, 1100), MIGRATE_HIGHATOMIC);
	cr_expect_eq(pageblock_type(&dma->blocks, 1023), MIGRATE_MOVABLE);
	cr_expect_eq(pageblock_type(&normal->blocks, 1536), MIGRATE_MOVABLE);
	cr_expect(pageblock_is_own(&dma->blocks, 1023));
	cr_expect_not(pageblock_is_own(&dma->blocks, 1100));
	cr_expect_not(pageblock_is_own(&normal->blocks, 1500));
	cr_expect(pageblock_is_own(&normal->blocks, 4095));
	validate_zone(mm, dma);		/* no reserve of theirs, but maybe the other's */
	validate_zone(mm, normal);
	boot_done(mm);
}

/* The lower zone has the higher id. */
Test(mm, M1_Z1_a_pageblock_in_two_zones_whichever_comes_first)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 zones=Normal,Movable\n"
				  "node 0 cpus=0\nzone Normal start=8448 spanned=4096\n"
				  "node 1 cpus=1\nzone Normal start=4096 spanned=4352\n"
				  "node 2\nzone Normal start=16384 spanned=4096\nops\n");
	struct zone *high = &mm->zones[ZONE_NORMAL];
	struct zone *low = &mm->zones[NR_ZONE_TYPES + ZONE_NORMAL];

	pageblock_set_type(&mm->tun, &high->blocks, 8448, MIGRATE_RECLAIMABLE);
	cr_expect_eq(pageblock_type(&low->blocks, 8447), MIGRATE_RECLAIMABLE);
	cr_expect_not(pageblock_is_own(&low->blocks, 8447));
	cr_expect_not(pageblock_is_own(&high->blocks, 8448));
	cr_expect_eq(low->blocks.own_nr, low->blocks.nr - 1);
	cr_expect_eq(high->blocks.own_first, 1);
	cr_expect_eq(high->blocks.own_nr, high->blocks.nr - 1);
	cr_expect_eq(pageblock_type(&low->blocks, 8191), MIGRATE_MOVABLE);
	cr_expect_eq(pageblock_type(&high->blocks, 8704), MIGRATE_MOVABLE);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm, M1_Z1_pageblocks_where_the_spans_of_nodes_overlap)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 page_shift=12 pageblock_order=4 "
				  "zones=Normal,Movable\nnode 0 cpus=0\n"
				  "zone Normal start=8 spanned=1016 present=242\n"
				  "node 1 cpus=1\nzone Normal start=250 spanned=512\nops\n");
	struct zone *low = &mm->zones[ZONE_NORMAL];
	struct zone *high = &mm->zones[NR_ZONE_TYPES + ZONE_NORMAL];

	for (pfn_t pfn = 250; pfn < 762; pfn += 8) {
		pageblock_set_type(&mm->tun, &high->blocks, pfn, MIGRATE_RECLAIMABLE);
		cr_expect_eq(pageblock_type(&low->blocks, pfn), MIGRATE_RECLAIMABLE);
		cr_expect_not(pageblock_is_own(&low->blocks, pfn));
		cr_expect_not(pageblock_is_own(&high->blocks, pfn));
	}
	cr_expect_eq(pageblock_type(&low->blocks, 239), MIGRATE_MOVABLE);
	cr_expect_eq(pageblock_type(&low->blocks, 768), MIGRATE_UNMOVABLE);
	cr_expect(pageblock_is_own(&low->blocks, 239));
	boot_done(mm);
}

Test(mm, Z1_holes_are_not_present_and_reservations_not_managed)
{
	struct mm *mm = boot_text(ONE_NODE "zone DMA start=1 spanned=4095\n"
				  "zone Normal start=4096 spanned=4096\n"
				  "hole 159-255\nhole 4090-4105\nhole 4100-4110\n"
				  "reserved 100-200\nreserved 8000-9999\nops\n");
	struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(zone_spanned(dma), 4095);
	cr_expect_eq(dma->present, 4095 - 97 - 6);
	cr_expect_eq(dma->managed, 4095 - 97 - 6 - 59);
	cr_expect_eq(normal->present, 4096 - 15);
	cr_expect_eq(normal->managed, 4096 - 15 - 192);
	cr_expect_null(mm_page(mm, 0));
	cr_expect_null(mm_page(mm, 200));
	cr_expect_null(mm_page(mm, 4095));
	cr_expect_not_null(mm_page(mm, 150), "reserved memory is memory");
	cr_expect_eq(mm_page(mm, 4111), zone_page(normal, 4111));
	cr_expect_null(mm_page(mm, PFN_NONE));
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, Z1_what_is_left_over_is_at_the_top)
{
	struct mm *mm = boot_text(ONE_NODE
				  "zone Normal start=0 spanned=4096 present=3000 managed=2000\n"
				  "hole 1000-1099\nreserved 0-9\nreserved 2900-3050\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(z->present, 3000);
	cr_expect_eq(z->managed, 2000);
	cr_expect_not_null(mm_page(mm, 3099));
	cr_expect_null(mm_page(mm, 3100), "the highest 996 pages are holes");
	cr_expect(memblock_is_free(&mm->memblock, 2109));
	cr_expect_not(memblock_is_free(&mm->memblock, 2110));
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, Z1_Z5_managed_0_and_present_0)
{
	struct mm *mm = boot_text(ONE_NODE "zone DMA start=1 spanned=4095 managed=0\n"
				  "zone DMA32 start=4096 spanned=4096 present=0\n"
				  "zone Normal start=8192 spanned=4096\n"
				  "zone Device start=16384 spanned=512\nops\n");

	cr_expect_eq(zone_of(mm, ZONE_DMA)->present, 4095);
	cr_expect_eq(zone_of(mm, ZONE_DMA)->managed, 0);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->present, 0);
	cr_expect_eq(zone_of(mm, ZONE_DEVICE)->managed, 0, "nobody can ask for Device pages");
	cr_expect_eq(mm_next_zone(mm, NULL), zone_of(mm, ZONE_DMA));
	cr_expect_eq(mm_next_zone(mm, zone_of(mm, ZONE_DMA)), zone_of(mm, ZONE_NORMAL));
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, Z2_spans_of_nodes_may_overlap_where_memory_does_not)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\n"
				  "node 0 cpus=0\n"
				  "zone Normal start=1024 spanned=3072 present=1024\n"
				  "node 1 cpus=1\nzone Normal start=2048 spanned=4096\nops\n");
	struct page *page = mm_page(mm, 2048);

	cr_assert_not_null(page);
	cr_expect_eq(page, zone_page(&mm->zones[NR_ZONE_TYPES + ZONE_NORMAL], 2048));
	cr_expect_eq(mm_page_zone(mm, page)->nid, 1);
	cr_expect_eq(mm_page_pfn(mm, page), 2048);
	cr_expect_eq(mm->zones[ZONE_NORMAL].managed, 1024);
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, M1_grouping_needs_a_pageblock_per_type)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=0 spanned=2559\nops\n");

	cr_expect(mm->tun.grouping_off);
	boot_done(mm);
	mm = boot_text(ONE_NODE "zone Normal start=0 spanned=2560\nops\n");
	cr_expect_not(mm->tun.grouping_off);
	boot_done(mm);
	/* A kernel with CMA has one type more; Device pages do not count. */
	mm = boot_text(ONE_NODE "zone Normal start=0 spanned=3071\n"
		       "zone Device start=4096 spanned=4096\ncma 512-1023\nops\n");
	cr_expect(mm->tun.grouping_off);
	boot_done(mm);
}

Test(mm, M1_CMA_pageblocks_are_freed_last_as_what_they_are)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=0 spanned=4096\n"
				  "cma 512-1023\ncma 1024-2047\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	expect_blocks(z, MIGRATE_CMA, "512:9 1024:10");
	expect_blocks(z, MIGRATE_MOVABLE, "0:9 2048:10 3072:10");
	cr_expect_eq(z->cma_pages, 1536);
	cr_expect_eq(z->managed, 4096);
	cr_expect_eq(z->stats.count[NR_FREE_CMA], 1536);
	cr_expect_eq(z->stats.count[NR_FREE_PAGES], 4096);
	cr_expect(mm->tun.has_cma);
	validate_all_free(mm);
	boot_done(mm);
}

Test(mm, B6_shuffle_mixes_the_largest_blocks_only)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=0 spanned=33280\n"
				  "policy shuffle\nops\n");
	char text[1024];

	blocks_text(zone_of(mm, ZONE_NORMAL), MIGRATE_MOVABLE, text, sizeof(text));
	cr_expect_eq(strncmp(text, "32768:9 ", 8), 0);
	cr_expect_str_neq(text + 8, "0:10 1024:10 2048:10 3072:10 4096:10 5120:10");
	validate_all_free(mm);
	boot_done(mm);
}

static void one_zone(struct mm_config *c, pfn_t start, uint64_t spanned)
{
	mm_config_default(c);
	c->nr_zones = 1;
	c->zones[0] = (struct zone_config){
		.type = ZONE_NORMAL, .start = start, .spanned = spanned, .present = PAGES_UNSET,
		.managed = PAGES_UNSET, .managed_marks = PAGES_UNSET,
		.managed_reserve = PAGES_UNSET };
}

/* Boots into memory of its own; the caller frees it. */
static void *boot(struct mm *mm, const struct mm_config *config, struct hw *hw)
{
	size_t bytes = (mm_metadata_bytes(config) + 15) & ~(size_t)15;
	void *memory = aligned_alloc(16, bytes);

	cr_assert_not_null(memory);
	memset(memory, 0, bytes);
	*hw = (struct hw){ .budget = UINT64_MAX };
	mm_boot(mm, config, memory, hw);
	return memory;
}

Test(mm, Z1_CPUs_that_no_node_names_are_the_first_nodes)
{
	static struct mm mm;
	struct mm_config c;
	struct hw hw;
	void *memory;

	mm_config_default(&c);
	cr_expect_null(mm_config_check(&c, NULL), "a machine without zones is one");
	one_zone(&c, 0, 4096);
	c.nr_cpus = 5;
	c.zones[0].nid = 3;
	c.online_nodes = 1 << 1 | 1 << 3;
	c.node_cpus[1] = 1 << 3;
	c.node_cpus[3] = 1 << 1;
	cr_expect_null(mm_config_check(&c, NULL));
	memory = boot(&mm, &c, &hw);
	cr_expect_eq(mm.nodes[1].cpus, 0x1d);
	cr_expect_eq(mm.nodes[3].cpus, 0x02);
	cr_expect_eq(mm.cpu_node[4], 1);
	cr_expect_eq(mm.cpu_node[1], 3);
	cr_expect_eq(mm.tun.nr_nodes, 2);
	cr_expect_eq(mm.online_cpus, 0x1f);
	validate_all_free(&mm);
	free(memory);
}

/* Nothing of what struct mm held before is left. */
Test(mm, X10_boot_does_not_depend_on_what_struct_mm_held)
{
	static struct mm mm;
	struct mm_config c;
	struct hw hw;
	uint64_t hash[2];

	one_zone(&c, 5, 5000);
	for (unsigned int i = 0; i < 2; i++) {
		void *memory;

		memset(&mm, i ? 0xa5 : 0x5a, sizeof(mm));
		memory = boot(&mm, &c, &hw);
		validate_all_free(&mm);
		hash[i] = state_hash(&mm);
		free(memory);
	}
	cr_expect_eq(hash[0], hash[1]);
}

/* --- what cannot boot ------------------------------------------------------------- */

static void two_zones(struct mm_config *c)
{
	one_zone(c, 0, 4096);
	c->nr_zones = 2;
	c->zones[1] = c->zones[0];
	c->zones[1].type = ZONE_MOVABLE;
	c->zones[1].start = 4096;
}

static void expect_refused(const struct mm_config *c, const char *want, unsigned int culprit)
{
	unsigned int at = 99;
	const char *got = mm_config_check(c, &at);

	cr_assert_not_null(got, "accepted; wanted: %s", want);
	cr_expect_not_null(strstr(got, want), "got: %s; wanted: %s", got, want);
	cr_expect_eq(at, culprit, "culprit %u of: %s", at, got);
}

#define refused(change, want, culprit) do { \
	struct mm_config c; \
	two_zones(&c); \
	cr_assert_null(mm_config_check(&c, NULL)); \
	change; \
	expect_refused(&c, want, culprit); \
} while (0)

Test(mm, Z1_shapes_that_are_refused)
{
	refused(c.nr_cpus = 0, "number of CPUs", 0);
	refused(c.nr_cpus = MAX_CPUS + 1, "number of CPUs", 0);
	refused(c.page_shift = 11, "page_shift", 0);
	refused(c.page_shift = 17, "page_shift", 0);
	refused(c.pageblock_order = 0, "pageblock_order", 0);
	refused(c.pageblock_order = MAX_ORDER + 1, "pageblock_order", 0);
	refused(c.zone_types |= 1 << NR_ZONE_TYPES, "does not exist", 0);
	refused(c.zone_types = 1 << ZONE_NORMAL, "Normal and Movable", 0);
	refused(c.zone_types = 1 << ZONE_MOVABLE, "Normal and Movable", 0);
	refused(c.online_nodes = 0, "no node", 0);
	refused(c.nr_zones = MAX_ZONES + 1, "too many zones", 0);
	refused(c.nr_holes = MAX_RANGES + 1, "too many holes", 0);
	refused(c.nr_reserved = MAX_RANGES + 1, "too many holes", 0);
	refused(c.nr_cma = MAX_RANGES + 1, "too many holes", 0);
	refused(c.node_cpus[1] = 1, "not online", 0);
	refused(c.node_cpus[0] = 0x10, "has not", 0);
	refused((c.online_nodes = 3, c.node_cpus[0] = 3, c.node_cpus[1] = 2), "two nodes", 0);
	refused(c.distance[0][0] = 9, "not 10", 0);
	refused((c.online_nodes = 3, c.distance[0][1] = 9), "less than 10", 0);
	refused(c.kernelcore = 1ULL << 48, "2^48", 0);
	refused(c.kernelcore = 5, "Movable zone is given", 1);
	refused(c.movablecore = 5, "Movable zone is given", 1);
}

Test(mm, Z1_zones_that_are_refused)
{
	refused(c.zones[1].nid = 1, "not online", 1);
	refused(c.zones[1].nid = MAX_NODES, "not online", 1);
	refused(c.zones[1].type = ZONE_HIGHMEM, "among the machine's zones", 1);
	refused(c.zones[1].type = NR_ZONE_TYPES, "among the machine's zones", 1);
	refused(c.zones[1].type = ZONE_NORMAL, "two zones of one type", 1);
	refused(c.zones[1].start = 4095, "overlap", 1);
	refused(c.zones[1].start = 1ULL << 48, "beyond pfn 2^48", 1);
	refused(c.zones[1].start = (1ULL << 48) - 4095, "beyond pfn 2^48", 1);
	refused(c.zones[1].spanned = 1ULL << 31, "beyond pfn 2^48, or spans", 1);
	refused(c.zones[1].spanned = (1ULL << 31) - 4096, "all zones together", 1);
	refused((c.zones[1].spanned = 0, c.zones[1].present = 1), "spans nothing", 1);
	refused((c.zones[1].spanned = 0, c.zones[1].managed = 1), "spans nothing", 1);
	refused((c.zones[1].spanned = 0, c.zones[1].managed_marks = 1), "spans nothing", 1);
	refused((c.zones[1].present = 0, c.zones[1].managed_reserve = 1), "without pages", 1);
	refused((c.zones[1].type = ZONE_DEVICE, c.zones[1].managed = 1), "Device zone manages", 1);
	refused(c.zones[1].managed_marks = 1ULL << 31, "managed_marks", 1);
	refused(c.zones[1].managed_reserve = 1ULL << 31, "managed_reserve", 1);
	refused(c.zones[1].present = 4097, "present is more", 1);
	refused(c.zones[1].managed = 4097, "managed is more", 1);
	refused((c.zones[0].present = 100, c.zones[0].managed = 101), "managed is more", 0);
	refused((c.nr_holes = 1, c.holes[0] = (struct pfn_range){ 4000, 4196 },
		 c.zones[1].present = 3997), "present is more", 1);
	refused((c.nr_reserved = 1, c.reserved[0] = (struct pfn_range){ 4000, 4196 },
		 c.zones[0].managed = 4001), "managed is more", 0);
	refused((c.online_nodes = 3, c.zones[1].nid = 1, c.zones[1].start = 4095),
		"another zone's as well", 1);
}

Test(mm, Z1_ranges_that_are_refused)
{
	const struct pfn_range backward = { 9, 9 }, far = { 1, (1ULL << 48) + 1 };

	refused((c.nr_holes = 2, c.holes[0] = (struct pfn_range){ 1, 2 }, c.holes[1] = backward),
		"ends before it begins", 1);
	refused((c.nr_reserved = 1, c.reserved[0] = backward), "ends before it begins", 0);
	refused((c.nr_cma = 1, c.cma[0] = backward), "ends before it begins", 0);
	refused((c.nr_reserved = 1, c.reserved[0] = far), "beyond pfn 2^48", 0);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 1, 512 }), "whole pageblocks", 0);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 0, 511 }), "whole pageblocks", 0);
	refused((c.nr_cma = 2, c.cma[0] = (struct pfn_range){ 0, 1024 },
		 c.cma[1] = (struct pfn_range){ 512, 1024 }), "overlap", 1);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 3584, 4608 }), "of one zone", 0);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 8192, 8704 }), "of one zone", 0);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 512, 1024 }, c.nr_reserved = 1,
		 c.reserved[0] = (struct pfn_range){ 1023, 1024 }), "unreserved", 0);
	refused((c.nr_cma = 1, c.cma[0] = (struct pfn_range){ 512, 1024 },
		 c.zones[0].managed = 600), "unreserved", 0);
}

Test(mm, W1_W3_sysctls_and_policies_that_are_refused)
{
	refused(c.sysctl.min_free_kbytes = -2, "min_free_kbytes", 0);
	refused(c.sysctl.extra_free_kbytes = 1u << 31, "extra_free_kbytes", 0);
	refused(c.sysctl.watermark_scale_factor = 0, "watermark_scale_factor", 0);
	refused(c.sysctl.watermark_scale_factor = 3001, "watermark_scale_factor", 0);
	refused(c.sysctl.watermark_boost_factor = 1u << 31, "watermark_boost_factor", 0);
	refused(c.sysctl.percpu_pagelist_high_fraction = 7, "percpu_pagelist_high_fraction", 0);
	refused(c.sysctl.dirty_ratio = 101, "dirty_ratio", 0);
	refused(c.policy.marks = 3, "marks", 0);
	refused(c.policy.movable = 2, "movable", 0);
	refused(c.policy.reserve = 3, "reserve", 0);
	refused(c.policy.pcp_limits = 3, "pcp_limits", 0);
	refused(c.policy.rules = 2, "rules", 0);
	refused(c.policy.pcp_batch = 65537, "pcp_batch", 0);
}

Test(mm, Z1_metadata_of_a_machine_that_is_too_large_for_the_host)
{
	struct mm_config c;

	one_zone(&c, 0, (1ULL << 31) - 1);
	cr_expect_null(mm_config_check(&c, NULL));
	cr_expect_gt(mm_metadata_bytes(&c), sizeof(size_t) > 4 ? 1ULL << 35 : SIZE_MAX - 1);
}

Test(mm, Z1_boot_refuses_what_the_check_refuses, .signal = SIGABRT)
{
	static struct mm mm;
	static struct hw hw = { .budget = UINT64_MAX };
	static _Alignas(16) uint8_t memory[1 << 17];
	struct mm_config c;

	one_zone(&c, 0, 4096);
	c.zones[0].managed = 5000;
	mm_boot(&mm, &c, memory, &hw);
}

/* --- texts ----------------------------------------------------------------------------- */

Test(mm, S1_texts)
{
	for (unsigned int e = MM_OK; e <= MM_BAD_VALUE; e++)
		for (unsigned int f = 0; f < e; f++)
			cr_expect_str_neq(mm_error_text((enum mm_error)e),
					  mm_error_text((enum mm_error)f));
	cr_expect_str_eq(mm_error_text((enum mm_error)99), "unknown error");
	cr_expect_str_eq(sysctl_text(SYSCTL_MIN_FREE_KBYTES), "min_free_kbytes");
	cr_expect_str_eq(sysctl_text(SYSCTL_THP), "thp");
}

Test(mm, S1_there_is_no_text_for_an_unknown_sysctl, .signal = SIGABRT)
{
	sysctl_text(NR_SYSCTLS);
}

Test(mm, X3_a_page_of_no_zone_has_no_zone, .signal = SIGABRT)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=0 spanned=4096\nops\n");
	struct page stray = { .zone = ZONE_NORMAL };

	mm_page_zone(mm, &stray);
}

Test(mm, S1_sums_are_over_all_CPUs)
{
	struct mm *mm = boot_text(ONE_NODE "zone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	mm_count(mm, PGFREE, 5);
	mm->tun.hw->cpu = 1;
	mm_count(mm, PGFREE, 7);
	cr_expect_eq(mm->events[1][PGFREE], 7);
	cr_expect_eq(mm_event_sum(mm, PGFREE), 12);
	cr_expect_eq(mm_event_sum(mm, COMPACTSTALL), 0);
	z->cpu[0].numa[NUMA_MISS] = 3;
	z->cpu[1].numa[NUMA_MISS] = 4;
	cr_expect_eq(mm_numa_sum(mm, z, NUMA_MISS), 7);
	cr_expect_eq(mm_numa_sum(mm, zone_of(mm, ZONE_DMA), NUMA_MISS), 0);
	boot_done(mm);
}
