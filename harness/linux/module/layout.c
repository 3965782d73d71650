/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.c - where this kernel's structures have their members
 *
 * A module of its own that is never loaded.  The host, which reads the memory
 * of a guest that is still booting, takes from its file what only these headers
 * say: offsets, sizes, and the numbers that kernel and wire go by.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/version.h>

#include "compat.h"
#include "wire.h"

struct layout {
	char	name[56];
	u32	number;			/* an offset, a size or a constant */
	u32	bytes;			/* of the member */
};

#define MEMBER(type, member) \
	{ #type "." #member, offsetof(struct type, member), sizeof_field(struct type, member) }
#define SIZE(type)	{ #type, sizeof(struct type), 0 }
#define NUMBER(name)	{ #name, (u32)(name), 0 }

static const struct layout layout[] __used __section(".tidemark_layout") = {
	SIZE(page), MEMBER(page, flags), MEMBER(page, lru), MEMBER(page, mapping),
	MEMBER(page, index),
	MEMBER(pglist_data, node_zones), MEMBER(pglist_data, node_zonelists),
	SIZE(zonelist), MEMBER(zonelist, _zonerefs),
	SIZE(zoneref), MEMBER(zoneref, zone), MEMBER(zoneref, zone_idx),
	SIZE(zone), MEMBER(zone, zone_start_pfn), MEMBER(zone, spanned_pages),
	MEMBER(zone, present_pages), MEMBER(zone, managed_pages), MEMBER(zone, _watermark),
	MEMBER(zone, watermark_boost), MEMBER(zone, nr_reserved_highatomic),
	MEMBER(zone, vm_stat), MEMBER(zone, flags), MEMBER(zone, percpu_drift_mark),
	MEMBER(zone, nr_isolate_pageblock), MEMBER(zone, pageset_batch),
	MEMBER(zone, lowmem_reserve), MEMBER(zone, free_area), MEMBER(zone, per_cpu_pageset),
	MEMBER(zone, per_cpu_zonestats),
	SIZE(free_area), MEMBER(free_area, free_list), SIZE(list_head),
	{ "nodemask", sizeof(nodemask_t), 0 },
	MEMBER(per_cpu_pages, count), MEMBER(per_cpu_pages, high), MEMBER(per_cpu_pages, batch),
	MEMBER(per_cpu_pages, expire), MEMBER(per_cpu_pages, lists),
	MEMBER(per_cpu_zonestat, vm_stat_diff), MEMBER(per_cpu_zonestat, stat_threshold),
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	MEMBER(zone, pageset_high), MEMBER(per_cpu_pages, free_factor),
#endif
	SIZE(mem_section), MEMBER(mem_section, section_mem_map), MEMBER(mem_section, usage),
	MEMBER(mem_section_usage, pageblock_flags),

	NUMBER(LINUX_VERSION_CODE), NUMBER(PAGE_SHIFT), NUMBER(TOP_ORDER),
	NUMBER(pageblock_order), NUMBER(NR_PAGEBLOCK_BITS), NUMBER(PB_migrate_end),
	NUMBER(SECTION_SIZE_BITS), NUMBER(SECTIONS_PER_ROOT), NUMBER(SECTION_HAS_MEM_MAP),
	NUMBER(MAX_NR_ZONES), NUMBER(NR_PCP_LISTS), NUMBER(NR_FREE_PAGES),
	NUMBER(NR_FREE_CMA_PAGES), NUMBER(MIGRATE_TYPES), NUMBER(N_ONLINE),
	NUMBER(ZONE_BOOSTED_WATERMARK), NUMBER(ZONE_RECLAIM_ACTIVE), NUMBER(PG_lru),
	NUMBER(PAGE_MAPPING_FLAGS), NUMBER(PAGE_MAPPING_MOVABLE),
	NUMBER(ZONELIST_FALLBACK), NUMBER(ZONELIST_NOFALLBACK),

	NUMBER(ZONE_DMA), NUMBER(ZONE_DMA32), NUMBER(ZONE_NORMAL), NUMBER(ZONE_MOVABLE),
	NUMBER(ZONE_DEVICE), NUMBER(MIGRATE_UNMOVABLE), NUMBER(MIGRATE_MOVABLE),
	NUMBER(MIGRATE_RECLAIMABLE), NUMBER(MIGRATE_HIGHATOMIC), NUMBER(MIGRATE_ISOLATE),

	NUMBER(WIRE_ZONE_DMA), NUMBER(WIRE_ZONE_DMA32), NUMBER(WIRE_ZONE_NORMAL),
	NUMBER(WIRE_ZONE_MOVABLE), NUMBER(WIRE_ZONE_DEVICE), NUMBER(NR_WIRE_ZONES),
	NUMBER(WIRE_UNMOVABLE), NUMBER(WIRE_MOVABLE_TYPE), NUMBER(WIRE_RECLAIMABLE),
	NUMBER(WIRE_HIGHATOMIC), NUMBER(WIRE_ISOLATE), NUMBER(NR_WIRE_TYPES),
	NUMBER(WIRE_SNAPSHOT), NUMBER(WIRE_MACHINE), NUMBER(WIRE_NODE), NUMBER(WIRE_ZONELIST),
	NUMBER(WIRE_ZONE), NUMBER(WIRE_ZONE_CPU), NUMBER(WIRE_FREE_LIST_OF),
	NUMBER(WIRE_PCP_LIST), NUMBER(WIRE_BLOCKS), NUMBER(WIRE_MOVABLE), NUMBER(WIRE_RESULTS),
	NUMBER(WIRE_END), NUMBER(WIRE_DONE), NUMBER(WIRE_BOOSTED), NUMBER(WIRE_RECLAIM_ACTIVE),
	NUMBER(NR_WM), NUMBER(WM_KERNEL), NUMBER(WM_NR_CPUS), NUMBER(WM_ONLINE_CPUS),
	NUMBER(WM_ONLINE_NODES), NUMBER(WM_PAGE_SHIFT), NUMBER(WM_PAGEBLOCK_ORDER),
	NUMBER(WM_MAX_ORDER), NUMBER(WM_ZONE_TYPES), NUMBER(WM_NO_GROUPING),
	NUMBER(WM_MIN_FREE_KBYTES), NUMBER(WM_WATERMARK_SCALE_FACTOR),
	NUMBER(WM_WATERMARK_BOOST_FACTOR), NUMBER(WM_PCP_HIGH_FRACTION),
	NUMBER(WM_LOWMEM_RATIO),
	NUMBER(NR_WZ), NUMBER(WZ_START), NUMBER(WZ_SPANNED), NUMBER(WZ_PRESENT),
	NUMBER(WZ_MANAGED), NUMBER(WZ_MIN), NUMBER(WZ_BOOST), NUMBER(WZ_HIGHATOMIC),
	NUMBER(WZ_FREE), NUMBER(WZ_FREE_CMA), NUMBER(WZ_FLAGS), NUMBER(WZ_DRIFT_MARK),
	NUMBER(WZ_ISOLATED_BLOCKS), NUMBER(WZ_PAGESET_HIGH), NUMBER(WZ_PAGESET_BATCH),
	NUMBER(WZ_RESERVE),
	NUMBER(NR_WC), NUMBER(WC_COUNT), NUMBER(WC_HIGH), NUMBER(WC_BATCH),
	NUMBER(WC_FREE_FACTOR), NUMBER(WC_EXPIRE), NUMBER(WC_DIFF_FREE), NUMBER(WC_DIFF_CMA),
	NUMBER(WC_THRESHOLD),
};

MODULE_DESCRIPTION("Says where structures have their members; never loaded");
MODULE_LICENSE("GPL");
