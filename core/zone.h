/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zone.h - a range of frames of one node that serve the same requests
 *
 * A zone spans [start_pfn, end_pfn): `spanned` frames, of which `present` are
 * memory and `managed` were given to the buddy.  Neither bound need be aligned
 * (Z2), the span may have holes and may overlap another node's, and a zone may
 * be empty (Z5).  Its struct pages and pageblocks are its own arrays, so no
 * look-up ever leaves it.
 *
 * A zone id is nid * NR_ZONE_TYPES + type.
 *
 * Invariants: spanned >= present >= managed (Z1);
 *   free pages + PCP pages + allocated pages + held == managed     (X1)
 *   stats + differences == pages on lists whose type is not ISOLATE (X2)
 *   watermark[MIN] <= [LOW] <= [HIGH]                               (W2)
 *
 * Lock key: (z) zone->lock; (p) the PCP's lock; (t) RANK_TUNABLES to write,
 * free to read; (a) one access each, no lock; (c) constant after boot.
 */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include "gfp.h"
#include "list.h"
#include "pageblock.h"
#include "stat.h"

struct free_area {
	struct list	list[NR_MIGRATETYPES];	/* (z) heads of free blocks of one order */
};

enum {
	NR_PCP_LOW_LISTS = MIGRATE_PCPTYPES * (COSTLY_ORDER + 1),
	NR_PCP_LISTS	 = NR_PCP_LOW_LISTS + 2, /* pageblock order: others, movable */
	PCP_FREE_FACTOR_MAX = 5,
};

struct pcp {				/* one CPU's pages of one zone, see pcp.h */
	struct spinlock	lock;
	uint32_t	count;		/* (p) pages, not blocks */
	uint32_t	high;		/* (t) pages; 0 keeps none */
	uint32_t	batch;		/* (t) pages */
	uint8_t		free_factor;	/* (p) 0..PCP_FREE_FACTOR_MAX */
	uint8_t		expire;		/* (o) ticks until a remote set is drained (P4) */
	uint8_t		alloc_factor;	/* (p) the next five: RULES_6_12, see pcp_auto.h */
	uint8_t		flags;		/* (p) enum pcp_flags */
	uint32_t	high_min;	/* (t) pages */
	uint32_t	high_max;	/* (t) pages */
	uint32_t	free_count;	/* (p) pages freed lately */
	struct list	lists[NR_PCP_LISTS];	/* (p) */
};

struct zone_cpu {			/* all that one CPU keeps of one zone */
	struct pcp	 pcp;
	struct stat_diff stat;
	uint64_t	 numa[NR_NUMA_STATS];	/* (o) */
	uint8_t		 gap[CACHE_LINE];	/* to the next CPU's */
};

/*
 * What every request reads comes first, then, each in cache lines of its own,
 * the counters, which all read and a batch changes, and what the lock is for.
 */
struct zone {
	struct tunables	 *tun;		/* (c) the machine's */
	struct page	 *pages;	/* (c) pages[0] is start_pfn */
	pfn_t		  start_pfn;	/* (c) */
	pfn_t		  end_pfn;	/* (c) one past the last */
	uint64_t	  present;	/* (c) */
	uint64_t	  managed;	/* (c) */
	uint64_t	  managed_marks;	/* (c) managed when marks were last computed (W9) */
	uint64_t	  managed_reserve;	/* (c) and when reserves were (W9) */
	uint64_t	  cma_pages;	/* (c) of managed, those in CMA pageblocks */
	uint64_t	  held;		/* (c) of a snapshot: managed pages, nobody knows where */
	bool		  is_snapshot;	/* (c) taken over by mm_state_begin() */
	uint8_t		  id;		/* (c) */
	uint8_t		  nid;		/* (c) */
	uint8_t		  type;		/* (c) enum zone_type */
	/* A byte each, for they are written under different locks or under none. */
	bool		  boosted;	/* set under (z), cleared without: wake kswapd soon (W7) */
	bool		  reclaim_active;	/* (a) kswapd works here: sets stay short (P3) */
	bool		  below_high;	/* (a) free pages were below the high mark (RULES_6_12) */
	bool		  had_highatomic;	/* (z) a pageblock is or was HIGHATOMIC (X4) */
	uint64_t	  watermark[NR_WMARK];	/* (t) without boost */
	uint64_t	  boost;	/* (z) added to every mark; read without (W7) */
	uint64_t	  lowmem_reserve[NR_ZONE_TYPES]; /* (t) by the highest zone asked (W4) */
	uint64_t	  nr_reserved_highatomic;	/* (z) pages; read without (M5) */
	uint64_t	  free_highatomic;	/* (z) its free pages; read without (RULES_6_12) */
	uint64_t	  nr_isolated_blocks;	/* (z) pageblocks of type ISOLATE */
	uint64_t	  percpu_drift_mark;	/* (t) below it kswapd sums exactly, if set (W8) */
	uint32_t	  pageset_high;	/* (t) what every pcp.high was set to (P1) */
	uint32_t	  pageset_batch;	/* (t) */
	uint32_t	  pageset_high_max;	/* (t) RULES_6_12 */
	struct zone_cpu	 *cpu;		/* (c) one per CPU of the machine */
	struct pageblocks blocks;	/* (z) */
	uint8_t		  gap1[CACHE_LINE];
	struct zone_stats stats;	/* (z) */
	uint8_t		  gap2[CACHE_LINE];
	struct spinlock	  lock;		/* ranks above the PCP locks */
	struct free_area  area[NR_ORDERS];	/* (z) */
};

static inline uint64_t zone_spanned(const struct zone *z) { return z->end_pfn - z->start_pfn; }
static inline bool zone_populated(const struct zone *z) { return z->present != 0; }
static inline bool zone_managed(const struct zone *z) { return z->managed != 0; }

static inline bool zone_spans(const struct zone *z, pfn_t pfn)
{
	return pfn - z->start_pfn < z->end_pfn - z->start_pfn;
}

static inline struct page *zone_page(const struct zone *z, pfn_t pfn)
{
	mm_assert(Z2, pfn - z->start_pfn < z->end_pfn - z->start_pfn);
	return z->pages + (pfn - z->start_pfn);
}

static inline pfn_t zone_pfn(const struct zone *z, const struct page *page)
{
	return z->start_pfn + (pfn_t)(page - z->pages);
}

static inline struct zone_cpu *zone_this_cpu(const struct zone *z)
{
	return &z->cpu[hook_cpu(z->tun->hw)];
}

/* The approximate count that allocation checks use (W8); negative is possible. */
static inline int64_t zone_free_pages(const struct zone *z)
{
	return read_shared(z->tun->hw, z->stats.count[NR_FREE_PAGES]);
}

/* W2 with boost: the mark that a request must leave. */
static inline uint64_t zone_wmark(const struct zone *z, enum wmark mark)
{
	uint64_t boost = read_shared(z->tun->hw, z->boost);

	/* Only now, or it were the compiler's choice: the mark may change at that step. */
	return observe(z->watermark[mark]) + boost;
}

/* Is the memory high memory, for the marks (W2)?  A HIGHMEM zone, or MOVABLE cut from one. */
bool zone_is_highmem(const struct zone *z);

/* "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device", as the kernel prints them. */
const char *zone_type_name(enum zone_type type);
const char *migratetype_name(enum migratetype type);	/* "Unmovable", ... as in pagetypeinfo */
char migratetype_letter(enum migratetype type);		/* U M E H C I, as in failure reports */

#endif
