/* SPDX-License-Identifier: GPL-2.0-only */
/* report.c - the files a user of the machine can read, see report.h */
#include "report.h"

#include "report_counts.h"

enum {
	NAME_WIDTH = 12,		/* of a counter in zoneinfo */
	COUNT_CAP  = 100000,		/* pagetypeinfo counts no further */
};

static void print_node_zone(struct printer *p, const struct zone *z)
{
	print_label(p, "Node ", z->nid);
	text_str(&p->t, ", zone ");
	text_right(&p->t, zone_type_name((enum zone_type)z->type), 8);
}

/* --- zoneinfo ----------------------------------------------------------------------- */

static void stat_line(struct printer *p, const char *name, uint64_t v)
{
	text_str(&p->t, "      ");
	text_left(&p->t, name, NAME_WIDTH);
	print_number(p, " ", v);
}

/* The columns are the configured zone types. */
static void zoneinfo_protection(struct printer *p, const struct zone *z)
{
	const char *before = "        protection: (";

	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		if (!zone_type_configured(z->tun, type))
			continue;
		print_label(p, before, z->lowmem_reserve[type]);
		before = ", ";
	}
	print_line(p, ")");
}

static void zoneinfo_sizes(struct printer *p, const struct zone *z)
{
	print_number(p, "  pages free     ", report_zone_count(z, NR_FREE_PAGES));
	print_number(p, "        boost    ", read_shared(z->tun->hw, z->boost));
	print_number(p, "        min      ", zone_wmark(z, WMARK_MIN));
	print_number(p, "        low      ", zone_wmark(z, WMARK_LOW));
	print_number(p, "        high     ", zone_wmark(z, WMARK_HIGH));
	print_number(p, "        spanned  ", zone_spanned(z));
	print_number(p, "        present  ", z->present);
	print_number(p, "        managed  ", z->managed);
	print_number(p, "        cma      ", z->cma_pages);
	zoneinfo_protection(p, z);
}

static const char numa_names[NR_NUMA_STATS][16] = {
	[NUMA_HIT] = "numa_hit", [NUMA_MISS] = "numa_miss", [NUMA_FOREIGN] = "numa_foreign",
	[NUMA_INTERLEAVE] = "numa_interleave", [NUMA_LOCAL] = "numa_local",
	[NUMA_OTHER] = "numa_other",
};

static void zoneinfo_pagesets(struct printer *p, const struct mm *mm, const struct zone *z)
{
	print_line(p, "  pagesets");
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		const struct zone_cpu *zc = &z->cpu[cpu];

		if (!(mm->online_cpus >> cpu & 1))
			continue;
		print_number(p, "    cpu: ", cpu);
		print_number(p, "              count: ", report_pcp(z, cpu));
		print_number(p, "              high:  ", zc->pcp.high);
		print_number(p, "              batch: ", zc->pcp.batch);
		print_number(p, "  vm stats threshold: ", zc->stat.threshold);
	}
}

static void zoneinfo_zone(struct printer *p, const struct mm *mm, const struct zone *z,
			  bool with_node)
{
	print_node_zone(p, z);
	print_end(p);
	if (with_node) {
		print_line(p, "  per-node stats");
		stat_line(p, "nr_dirty", read_shared(z->tun->hw, mm->nodes[z->nid].nr_dirty));
	}
	zoneinfo_sizes(p, z);
	if (!zone_populated(z))
		return;
	stat_line(p, "nr_free_pages", report_zone_count(z, NR_FREE_PAGES));
	stat_line(p, "nr_free_cma", report_zone_count(z, NR_FREE_CMA));
	for (unsigned int i = 0; report_knows_numa(mm) && i < NR_NUMA_STATS; i++)
		stat_line(p, numa_names[i], mm_numa_sum(mm, z, (enum numa_stat)i));
	zoneinfo_pagesets(p, mm, z);
	print_number(p, "  node_unreclaimable:  ", 0);	/* kswapd never gives up here */
	print_number(p, "  start_pfn:           ", z->start_pfn);
}

void report_zoneinfo(struct mm *mm, const struct report_out *out)
{
	struct printer p;

	print_to(&p, out);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		bool node_shown = false;

		if (!mm->nodes[nid].online)
			continue;
		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
			const struct zone *z = report_zone(mm, nid, type);
			bool with_node = zone_populated(z) && !node_shown;

			if (!zone_type_configured(&mm->tun, type))
				continue;
			zoneinfo_zone(&p, mm, z, with_node);
			node_shown |= with_node;
		}
	}
}

/* --- buddyinfo, pagetypeinfo ---------------------------------------------------------- */

void report_buddyinfo(struct mm *mm, const struct report_out *out)
{
	struct free_counts counts;
	struct printer p;

	print_to(&p, out);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z)) {
		report_count_free(z, &counts);
		print_node_zone(&p, z);
		for (unsigned int order = 0; order < NR_ORDERS; order++) {
			text_char(&p.t, ' ');
			text_number_right(&p.t, report_blocks(&counts, order), 6);
		}
		print_line(&p, " ");
	}
}

/* Kernels without CMA do not have the type. */
static bool type_is_shown(const struct mm *mm, unsigned int type)
{
	return type != MIGRATE_CMA || mm->tun.has_cma;
}

static void pagetypeinfo_free(struct printer *p, const struct mm *mm, struct zone *z)
{
	struct free_counts counts;

	report_count_free(z, &counts);
	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
		if (!type_is_shown(mm, type))
			continue;
		text_str(&p->t, "Node ");
		text_number_right(&p->t, z->nid, 4);
		text_str(&p->t, ", zone ");
		text_right(&p->t, zone_type_name((enum zone_type)z->type), 8);
		text_str(&p->t, ", type ");
		text_right(&p->t, migratetype_name((enum migratetype)type), 12);
		for (unsigned int order = 0; order < NR_ORDERS; order++) {
			uint32_t nr = counts.nr[type][order];

			text_str(&p->t, nr < COUNT_CAP ? " " : " >");
			text_number_right(&p->t, min_u64(nr, COUNT_CAP), 6);
		}
		print_line(p, " ");
	}
}

/*
 * Looks at one frame per pageblock, the first and those whole pageblocks
 * further on, as the kernel does; a frame that is not the zone's memory does
 * not count, whatever the rest of its pageblock is.
 */
static void pagetypeinfo_blocks(struct printer *p, const struct mm *mm, const struct zone *z)
{
	uint64_t nr[NR_MIGRATETYPES] = { 0 };

	for (pfn_t pfn = z->start_pfn; pfn < z->end_pfn; pfn += pageblock_nr_pages(z->tun))
		if (mm_page(mm, pfn) == zone_page(z, pfn))
			nr[pageblock_type(&z->blocks, pfn)]++;
	print_node_zone(p, z);
	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
		if (!type_is_shown(mm, type))
			continue;
		text_char(&p->t, ' ');
		text_number_right(&p->t, nr[type], 12);
	}
	print_line(p, " ");
}

static void pagetypeinfo_node(struct printer *p, struct mm *mm, unsigned int nid)
{
	print_number(p, "Page block order: ", mm->tun.pageblock_order);
	print_number(p, "Pages per block:  ", pageblock_nr_pages(&mm->tun));
	print_end(p);
	text_left(&p->t, "Free pages count per migrate type at order", 43);
	for (unsigned int order = 0; order < NR_ORDERS; order++) {
		text_char(&p->t, ' ');
		text_number_right(&p->t, order, 6);
	}
	print_line(p, " ");
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (zone_populated(report_zone(mm, nid, type)))
			pagetypeinfo_free(p, mm, report_zone(mm, nid, type));
	print_end(p);
	text_left(&p->t, "Number of blocks type ", 23);
	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
		if (!type_is_shown(mm, type))
			continue;
		text_right(&p->t, migratetype_name((enum migratetype)type), 12);
		text_char(&p->t, ' ');
	}
	print_end(p);
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (zone_populated(report_zone(mm, nid, type)))
			pagetypeinfo_blocks(p, mm, report_zone(mm, nid, type));
}

void report_pagetypeinfo(struct mm *mm, const struct report_out *out)
{
	struct printer p;

	print_to(&p, out);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (report_node_has_memory(mm, nid))
			pagetypeinfo_node(&p, mm, nid);
}

/* --- vmstat --------------------------------------------------------------------------- */

static void vmstat_line(struct printer *p, const char *name, const char *suffix, uint64_t v)
{
	text_str(&p->t, name);
	text_str(&p->t, suffix);
	print_number(p, " ", v);
}

/* One counter per configured zone type; the events follow each other in that order. */
static void vmstat_per_type(struct printer *p, const struct mm *mm, const char *name,
			    enum vm_event first)
{
	static const char suffixes[NR_ZONE_TYPES][8] = {
		[ZONE_DMA] = "dma", [ZONE_DMA32] = "dma32", [ZONE_NORMAL] = "normal",
		[ZONE_HIGHMEM] = "high", [ZONE_MOVABLE] = "movable", [ZONE_DEVICE] = "device",
	};

	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (zone_type_configured(&mm->tun, type))
			vmstat_line(p, name, suffixes[type],
				    mm_event_sum(mm, (enum vm_event)(first + type)));
}

static uint64_t numa_total(struct mm *mm, enum numa_stat item)
{
	uint64_t sum = 0;

	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		sum += mm_numa_sum(mm, z, item);
	return sum;
}

void report_vmstat(struct mm *mm, const struct report_out *out)
{
	struct printer p;

	print_to(&p, out);
	vmstat_line(&p, "nr_free_pages", "", report_total(mm, NR_FREE_PAGES));
	vmstat_line(&p, "nr_free_cma", "", report_total(mm, NR_FREE_CMA));
	for (unsigned int i = 0; report_knows_numa(mm) && i < NR_NUMA_STATS; i++)
		vmstat_line(&p, numa_names[i], "", numa_total(mm, (enum numa_stat)i));
	vmstat_line(&p, "nr_dirty", "", report_dirty(mm));
	vmstat_per_type(&p, mm, "pgalloc_", PGALLOC_DMA);
	vmstat_per_type(&p, mm, "allocstall_", ALLOCSTALL_DMA);
	vmstat_line(&p, "pgfree", "", mm_event_sum(mm, PGFREE));
	vmstat_line(&p, "compact_stall", "", mm_event_sum(mm, COMPACTSTALL));
	vmstat_line(&p, "compact_fail", "", mm_event_sum(mm, COMPACTFAIL));
}

/* --- fragmentation (S2) ------------------------------------------------------------------- */

struct fragments {
	uint64_t blocks;
	uint64_t pages;
	uint64_t suitable;		/* blocks of the wanted order that these contain */
};

static struct fragments count_fragments(const struct zone *z, unsigned int wanted)
{
	struct fragments f = { 0 };

	mm_assert(S2, wanted <= MAX_ORDER);
	for (unsigned int order = 0; order < NR_ORDERS; order++) {
		uint64_t nr = 0;

		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			nr += read_shared(z->tun->hw, z->area[order].list[type].nr);
		f.blocks += nr;
		f.pages += nr << order;
		if (order >= wanted)
			f.suitable += nr << (order - wanted);
	}
	return f;
}

int report_extfrag_index(const struct zone *z, unsigned int order)
{
	struct fragments f = count_fragments(z, order);

	if (!f.blocks)
		return 0;
	if (f.suitable)
		return -1000;
	return 1000 - (int)((1000 + (f.pages * 1000 >> order)) / f.blocks);
}

unsigned int report_unusable_index(const struct zone *z, unsigned int order)
{
	struct fragments f = count_fragments(z, order);

	if (!f.pages)
		return 1000;
	return (unsigned int)((f.pages - (f.suitable << order)) * 1000 / f.pages);
}
