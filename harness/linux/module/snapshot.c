/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshot.c - the whole state of the allocator, as sections of a reply
 *
 * Takes no lock: the caller has stopped the machine.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/topology.h>
#include <linux/vmstat.h>

#include "compat.h"
#include "tidemark.h"

struct snapshot {
	const struct symbols	*symbols;
	const struct sysctls	*sysctls;
	struct reply		*reply;
};

static unsigned int wire_zone_type(unsigned int zone)
{
	switch (zone) {
#ifdef CONFIG_ZONE_DMA
	case ZONE_DMA:
		return WIRE_ZONE_DMA;
#endif
#ifdef CONFIG_ZONE_DMA32
	case ZONE_DMA32:
		return WIRE_ZONE_DMA32;
#endif
#ifdef CONFIG_HIGHMEM
	case ZONE_HIGHMEM:
		return WIRE_ZONE_HIGHMEM;
#endif
#ifdef CONFIG_ZONE_DEVICE
	case ZONE_DEVICE:
		return WIRE_ZONE_DEVICE;
#endif
	case ZONE_MOVABLE:
		return WIRE_ZONE_MOVABLE;
	default:
		return WIRE_ZONE_NORMAL;
	}
}

static unsigned int wire_type(unsigned long type)
{
	switch (type) {
	case MIGRATE_UNMOVABLE:
		return WIRE_UNMOVABLE;
	case MIGRATE_MOVABLE:
		return WIRE_MOVABLE_TYPE;
	case MIGRATE_RECLAIMABLE:
		return WIRE_RECLAIMABLE;
	case MIGRATE_HIGHATOMIC:
		return WIRE_HIGHATOMIC;
#ifdef CONFIG_CMA
	case MIGRATE_CMA:
		return WIRE_CMA;
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	case MIGRATE_ISOLATE:
		return WIRE_ISOLATE;
#endif
	default:
		return NR_WIRE_TYPES;
	}
}

static unsigned int type_of_block(const struct snapshot *snap, unsigned long pfn)
{
	const unsigned long mask = (1UL << (PB_migrate_end + 1)) - 1;

	return wire_type(snap->symbols->get_pfnblock_flags_mask(pfn_to_page(pfn), pfn, mask));
}

/* --- the machine ----------------------------------------------------------------------- */

/* Where the variable has no name: too few pageblocks for a list per type, as at boot. */
static bool no_grouping(const struct symbols *symbols)
{
	if (symbols->page_group_by_mobility_disabled)
		return *symbols->page_group_by_mobility_disabled;
	return totalram_pages() < pageblock_nr_pages * MIGRATE_TYPES;
}

static void write_machine(const struct snapshot *snap)
{
	const struct sysctls *sysctls = snap->sysctls;
	u64 words[NR_WM] = { 0 };
	unsigned int i;

	words[WM_KERNEL] = LINUX_VERSION_CODE;
	words[WM_NR_CPUS] = nr_cpu_ids;
	words[WM_ONLINE_CPUS] = cpumask_bits(cpu_online_mask)[0];
	words[WM_ONLINE_NODES] = nodes_addr(node_online_map)[0];
	words[WM_PAGE_SHIFT] = PAGE_SHIFT;
	words[WM_PAGEBLOCK_ORDER] = pageblock_order;
	words[WM_MAX_ORDER] = TOP_ORDER;
	words[WM_NO_GROUPING] = no_grouping(snap->symbols);
	words[WM_MIN_FREE_KBYTES] = sysctls->min_free_kbytes;
	words[WM_WATERMARK_SCALE_FACTOR] = sysctls->watermark_scale_factor;
	words[WM_WATERMARK_BOOST_FACTOR] = sysctls->watermark_boost_factor;
	words[WM_PCP_HIGH_FRACTION] = sysctls->percpu_pagelist_high_fraction;
	for (i = 0; i < MAX_NR_ZONES; i++) {
		words[WM_ZONE_TYPES] |= 1 << wire_zone_type(i);
		words[WM_LOWMEM_RATIO + wire_zone_type(i)] = sysctls->lowmem_reserve_ratio[i];
	}
	reply_section(snap->reply, WIRE_MACHINE, 0, 0, 0);
	reply_words(snap->reply, words, NR_WM);
}

static void write_zonelist(const struct snapshot *snap, unsigned int nid, unsigned int index,
			   unsigned int which)
{
	const struct zoneref *ref = NODE_DATA(nid)->node_zonelists[which]._zonerefs;

	reply_section(snap->reply, WIRE_ZONELIST, nid, 0, index);
	for (; ref->zone; ref++)
		reply_word(snap->reply, WIRE_ZONE_ID(zone_to_nid(ref->zone),
						     wire_zone_type(ref->zone_idx)));
}

static void write_node(const struct snapshot *snap, unsigned int nid)
{
	int other;

	reply_section(snap->reply, WIRE_NODE, nid, 0, 0);
	reply_word(snap->reply, cpumask_bits(cpumask_of_node(nid))[0]);
	for_each_online_node(other)
		reply_word(snap->reply, node_distance((int)nid, other));
	write_zonelist(snap, nid, 0, ZONELIST_FALLBACK);
#ifdef CONFIG_NUMA
	write_zonelist(snap, nid, 1, ZONELIST_NOFALLBACK);
#endif
}

/* --- zones ----------------------------------------------------------------------------- */

static u64 counter(const struct zone *zone, enum zone_stat_item item)
{
	return (u64)(s64)atomic_long_read(&zone->vm_stat[item]);
}

static void write_zone(const struct snapshot *snap, unsigned int nid, const struct zone *zone,
		       unsigned int type)
{
	u64 words[NR_WZ] = { 0 };
	unsigned int i;

	words[WZ_START] = zone->zone_start_pfn;
	words[WZ_SPANNED] = zone->spanned_pages;
	words[WZ_PRESENT] = zone->present_pages;
	words[WZ_MANAGED] = atomic_long_read(&zone->managed_pages);
	words[WZ_MIN] = zone->_watermark[WMARK_MIN];
	words[WZ_LOW] = zone->_watermark[WMARK_LOW];
	words[WZ_HIGH] = zone->_watermark[WMARK_HIGH];
	words[WZ_BOOST] = zone->watermark_boost;
	words[WZ_HIGHATOMIC] = zone->nr_reserved_highatomic;
	words[WZ_FREE] = counter(zone, NR_FREE_PAGES);
	words[WZ_FREE_CMA] = counter(zone, NR_FREE_CMA_PAGES);
	words[WZ_FLAGS] = compat_zone_flags(zone);
	words[WZ_DRIFT_MARK] = zone->percpu_drift_mark;
#ifdef CONFIG_MEMORY_ISOLATION
	words[WZ_ISOLATED_BLOCKS] = zone->nr_isolate_pageblock;
#endif
	words[WZ_PAGESET_BATCH] = zone->pageset_batch;
	compat_zone_words(zone, words);
	for (i = 0; i < MAX_NR_ZONES; i++)
		words[WZ_RESERVE + wire_zone_type(i)] = zone->lowmem_reserve[i];
	reply_section(snap->reply, WIRE_ZONE, nid, type, 0);
	reply_words(snap->reply, words, NR_WZ);
}

static void write_free_lists(const struct snapshot *snap, unsigned int nid, struct zone *zone,
			     unsigned int zone_type)
{
	const struct page *page;
	unsigned int order, type;

	for (order = 0; order <= TOP_ORDER; order++) {
		for (type = 0; type < MIGRATE_TYPES; type++) {
			reply_section(snap->reply, WIRE_FREE_LIST_OF, nid, zone_type,
				      WIRE_LIST(order, wire_type(type)));
			list_for_each_entry(page, &zone->free_area[order].free_list[type], lru)
				reply_word(snap->reply, page_to_pfn(page));
		}
	}
}

static void write_pcp_list(const struct snapshot *snap, const struct list_head *list)
{
	const struct page *page;
	unsigned long pfn;
	u64 type;

	list_for_each_entry(page, list, pcp_list) {
		pfn = page_to_pfn(page);
		if (PCP_PAGE_REMEMBERS)
			type = wire_type(compat_pcp_page_type(page));
		else
			type = type_of_block(snap, pfn);
		reply_word(snap->reply, WIRE_PCP_PAGE(pfn, type));
	}
}

static void write_zone_cpu(const struct snapshot *snap, unsigned int nid, struct zone *zone,
			   unsigned int type, unsigned int cpu)
{
	const struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);
	const struct per_cpu_zonestat *stat = per_cpu_ptr(zone->per_cpu_zonestats, cpu);
	u64 words[NR_WC] = { 0 };
	unsigned int i;

	words[WC_COUNT] = pcp->count;
	words[WC_HIGH] = pcp->high;
	words[WC_BATCH] = pcp->batch;
#ifdef CONFIG_SMP
	words[WC_DIFF_FREE] = (u64)(s64)stat->vm_stat_diff[NR_FREE_PAGES];
	words[WC_DIFF_CMA] = (u64)(s64)stat->vm_stat_diff[NR_FREE_CMA_PAGES];
	words[WC_THRESHOLD] = stat->stat_threshold;
#endif
	compat_pcp_words(pcp, words);
	reply_section(snap->reply, WIRE_ZONE_CPU, nid, type, cpu);
	reply_words(snap->reply, words, NR_WC);
	for (i = 0; i < NR_PCP_LISTS; i++) {
		reply_section(snap->reply, WIRE_PCP_LIST, nid, type, WIRE_PCP(cpu, i));
		write_pcp_list(snap, &pcp->lists[i]);
	}
}

static void write_blocks(const struct snapshot *snap, unsigned int nid, const struct zone *zone,
			 unsigned int type)
{
	unsigned long pfn = ALIGN_DOWN(zone->zone_start_pfn, pageblock_nr_pages);
	const unsigned long end = zone_end_pfn(zone);

	reply_section(snap->reply, WIRE_BLOCKS, nid, type, 0);
	for (; pfn < end; pfn += pageblock_nr_pages)
		reply_word(snap->reply, pfn_valid(pfn) ? type_of_block(snap, pfn) : WIRE_NONE);
}

static void write_movable(const struct snapshot *snap, unsigned int nid, const struct zone *zone,
			  unsigned int type)
{
	const unsigned long start = zone->zone_start_pfn;
	const unsigned long end = zone_end_pfn(zone);
	unsigned long pfn;
	u64 word = 0;

	reply_section(snap->reply, WIRE_MOVABLE, nid, type, 0);
	for (pfn = start; pfn < end; pfn++) {
		const unsigned int bit = (pfn - start) % 64;
		struct page *page;

		if (pfn_valid(pfn)) {
			page = pfn_to_page(pfn);
			if (PageLRU(page) || __PageMovable(page))
				word |= 1ULL << bit;
		}
		if (bit == 63 || pfn == end - 1) {
			reply_word(snap->reply, word);
			word = 0;
		}
	}
}

static void write_whole_zone(const struct snapshot *snap, unsigned int nid, struct zone *zone,
			     unsigned int type)
{
	int cpu;

	write_zone(snap, nid, zone, type);
	if (!populated_zone(zone))
		return;
	for_each_online_cpu(cpu)
		write_zone_cpu(snap, nid, zone, type, cpu);
	write_free_lists(snap, nid, zone, type);
	write_blocks(snap, nid, zone, type);
	write_movable(snap, nid, zone, type);
}

void snapshot_write(const struct symbols *symbols, const struct sysctls *sysctls,
		    struct reply *reply, u32 index)
{
	const struct snapshot snap = { .symbols = symbols, .sysctls = sysctls, .reply = reply };
	unsigned int i;
	int nid;

	reply_section(reply, WIRE_SNAPSHOT, 0, 0, index);
	write_machine(&snap);
	for_each_online_node(nid) {
		write_node(&snap, nid);
		for (i = 0; i < MAX_NR_ZONES; i++)
			write_whole_zone(&snap, nid, &NODE_DATA(nid)->node_zones[i],
					 wire_zone_type(i));
	}
}
