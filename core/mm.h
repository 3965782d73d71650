/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm.h - a whole machine: boot, and what an administrator does to it
 *
 * struct mm is one simulated machine.  Many live in one process; nothing is
 * shared between them.  The caller describes the machine in a struct
 * mm_config, asks mm_metadata_bytes() how much memory that needs, provides
 * that much, zeroed, and boots.
 *
 * Lock key as in zone.h; (h) changed by CPU hotplug only.
 */
#ifndef CORE_MM_H
#define CORE_MM_H

#include "node.h"

#define PAGES_UNSET	UINT64_MAX	/* "the description does not say" */

struct zone_config {
	uint8_t		nid;
	uint8_t		type;		/* enum zone_type */
	pfn_t		start;		/* first frame */
	uint64_t	spanned;	/* 0: the zone is empty */
	uint64_t	present;	/* PAGES_UNSET: spanned without the listed holes */
	uint64_t	managed;	/* PAGES_UNSET: present without the listed reservations */
	uint64_t	managed_marks;	/* PAGES_UNSET: managed (W9) */
	uint64_t	managed_reserve;	/* PAGES_UNSET: managed (W9) */
};

/* All that boot needs to know; mm_config_default() gives a start. */
struct mm_config {
	uint8_t		nr_cpus;	/* 1..MAX_CPUS, all online at boot */
	uint8_t		page_shift;	/* 12..16 */
	uint8_t		pageblock_order;	/* 1..MAX_ORDER */
	uint8_t		zone_types;	/* bit per configured type; Normal and Movable always */
	uint8_t		online_nodes;	/* bit per node named */
	uint8_t		nr_zones;
	uint8_t		nr_holes;
	uint8_t		nr_reserved;
	uint8_t		nr_cma;
	uint64_t	node_cpus[MAX_NODES];
	uint8_t		distance[MAX_NODES][MAX_NODES];	/* 10 on the diagonal */
	struct zone_config zones[MAX_ZONES];
	struct pfn_range holes[MAX_RANGES];
	struct pfn_range reserved[MAX_RANGES];
	struct pfn_range cma[MAX_RANGES];	/* whole pageblocks inside one zone */
	uint64_t	kernelcore;	/* pages; 0: not given (Z6) */
	uint64_t	movablecore;	/* pages; 0: not given (Z6) */
	struct sysctls	sysctl;
	struct policies	policy;
};

struct drainer {			/* drainer.h */
	struct waitq	waitq;		/* where the daemon waits */
	bool		wanted[MAX_CPUS];	/* (a) drain this CPU's sets */
};

enum compact_result { COMPACT_SKIPPED, COMPACT_DEFERRED, COMPACT_COMPLETE };

struct mm {
	struct tunables	tun;
	struct zone	zones[MAX_ZONES];	/* by id; those not configured are empty */
	struct node	nodes[MAX_NODES];
	struct memblock	memblock;	/* what the description said, for look-ups */
	uint64_t	online_cpus;	/* (h) bit per CPU */
	uint8_t		nr_cpus;	/* (c) */
	uint8_t		cpu_node[MAX_CPUS];	/* (c) */
	uint32_t	min_free_kbytes;	/* (t) in force */
	struct drainer	drainer;
	uint64_t	(*events)[VM_EVENT_ROW];	/* (o) one row per CPU */
	/* Stand in for what reclaim.h asks; NULL: nobody does. */
	uint64_t	(*reclaim)(struct mm *mm, gfp_t gfp, unsigned int order);
	enum compact_result (*compact)(struct mm *mm, gfp_t gfp, unsigned int order);
};

enum mm_error {
	MM_OK,
	MM_BAD_ORDER,			/* above MAX_ORDER, or not the block's */
	MM_BAD_GFP,			/* unknown bits, illegal zone or mobility bits */
	MM_BAD_NODE,			/* not online, or no node in the mask */
	MM_BAD_CONTEXT,			/* cannot wait here, or unknown bits */
	MM_BAD_PAGE,			/* not the head of an allocation */
	MM_BAD_COUNT,
	MM_BAD_CPU,
	MM_BAD_VALUE,
};

const char *mm_error_text(enum mm_error error);

/*
 * One 4-CPU, one-node machine without zones; sysctls at their defaults.  CPUs
 * that no node names belong to the first online node.
 */
void mm_config_default(struct mm_config *config);

/*
 * NULL if the description can boot, else a sentence that says what is wrong;
 * *culprit, unless NULL, is then the index of the zone or range meant.
 */
const char *mm_config_check(const struct mm_config *config, unsigned int *culprit);

/* Bytes that mm_boot() needs, for a checked description. */
size_t mm_metadata_bytes(const struct mm_config *config);

/*
 * Boots into `memory`: mm_metadata_bytes() of zeros, aligned to PAGE_BYTES, which
 * stays the machine's.  The description has been checked.  Ends with every
 * managed page free and all marks set.
 *
 * As in Linux, a pageblock whose first page is not memory stays
 * UNMOVABLE, all others are MOVABLE (M1), and huge pages are switched off
 * where the machine has less than 512 MiB (W1).  A min_free_kbytes that the
 * description gives holds as it is.
 */
void mm_boot(struct mm *mm, const struct mm_config *config, void *memory, struct hw *hw);

/* --- look-ups -------------------------------------------------------------------- */

/* The page of a frame that is memory, or NULL. */
struct page *mm_page(const struct mm *mm, pfn_t pfn);

/* Of a block's first page. */
static inline struct zone *mm_page_zone(struct mm *mm, const struct page *head)
{
	struct zone *z = &mm->zones[head->zone];

	mm_assert(X3, head->zone < mm->tun.zone_ids);
	mm_assert(X3, head >= z->pages && head < z->pages + zone_spanned(z));
	return z;
}

static inline pfn_t mm_page_pfn(const struct mm *mm, const struct page *head)
{
	const struct zone *z = &mm->zones[head->zone];

	mm_assert(X3, head->zone < mm->tun.zone_ids);
	mm_assert(X3, head >= z->pages && head < z->pages + zone_spanned(z));
	return zone_pfn(z, head);
}

/* Next zone of the machine that has present pages, after `z` (NULL: the first); NULL at the end. */
struct zone *mm_next_zone(struct mm *mm, struct zone *z);

uint64_t mm_event_sum(const struct mm *mm, enum vm_event event);
uint64_t mm_numa_sum(const struct mm *mm, const struct zone *z, enum numa_stat item);

/* On this CPU's row. */
static inline void mm_count(struct mm *mm, enum vm_event event, uint64_t nr)
{
	unsigned int cpu = hook_cpu(mm->tun.hw);

	mm_assert(S1, event < NR_VM_EVENTS);
	mm_assert(S1, cpu < mm->nr_cpus);
	stat_count(&mm->events[cpu][event], nr);
}

/* --- the administrator ------------------------------------------------------------ */

enum sysctl_name {
	SYSCTL_MIN_FREE_KBYTES, SYSCTL_EXTRA_FREE_KBYTES, SYSCTL_WATERMARK_SCALE_FACTOR,
	SYSCTL_WATERMARK_BOOST_FACTOR, SYSCTL_LOWMEM_RESERVE_RATIO,
	SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, SYSCTL_DIRTY_RATIO, SYSCTL_THP,
	NR_SYSCTLS,
};

const char *sysctl_text(enum sysctl_name name);	/* "min_free_kbytes", ... */

/*
 * W9: writes a sysctl and recomputes what hangs on it.  `index` is the zone
 * type for lowmem_reserve_ratio, else 0.  MM_BAD_VALUE changes nothing.
 */
enum mm_error mm_sysctl_write(struct mm *mm, enum sysctl_name name, unsigned int index,
			      int64_t value);

/* Is the value in the sysctl's range? */
bool sysctl_is_legal(enum sysctl_name name, int64_t value);

/* P4: empties every set of every online CPU, or of one CPU (cpu < nr_cpus). */
void mm_drain_all(struct mm *mm);
enum mm_error mm_drain_cpu(struct mm *mm, unsigned int cpu);

/* P4, W8: what each CPU does every second: folds counters, drains idle remote sets. */
void mm_tick(struct mm *mm);

/* P4: takes a CPU down (its sets are drained by this one) or up. */
enum mm_error mm_cpu_offline(struct mm *mm, unsigned int cpu);
enum mm_error mm_cpu_online(struct mm *mm, unsigned int cpu);

/* P3: kswapd says that it works in a zone, or has stopped. */
void mm_set_reclaim_active(struct mm *mm, struct zone *z, bool active);

/* Remembers a wish and tells the machine, unless the zone has no pages (W7). */
void mm_wakeup_kswapd(struct mm *mm, struct zone *z, gfp_t gfp, unsigned int order,
		      enum zone_type highest);

/* --- import: put the free lists into a known state ---------------------------------- */

/* Takes every free and PCP page of the zone away, as allocations of the biggest blocks. */
void mm_import_empty(struct mm *mm, struct zone *z);

/*
 * Frees [pfn, pfn + 2^order), inside such an allocation, to the tail of `type`'s
 * list, without merging, and sets its pageblocks to `type`.  False, with
 * nothing changed, when the block is not wholly allocated by mm_import_empty(),
 * or when no kernel could be in that state: its buddy is free and of the same
 * order, or it would leave free pages of CMA or ISOLATE in other pageblocks.
 */
bool mm_import_free(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order,
		    enum migratetype type);

/* --- state: a zone as a snapshot of another machine shows it (mm_state.c) ----------------- */

struct zone_numbers {
	uint64_t watermark[NR_WMARK];	/* without boost */
	uint64_t boost;
	uint64_t lowmem_reserve[NR_ZONE_TYPES];
	uint64_t highatomic;		/* pages in the reserve */
	int64_t	 count[NR_ZONE_STATS];	/* the global counters */
	uint64_t drift_mark;
	uint32_t pageset_high;
	uint32_t pageset_batch;
	uint32_t pageset_high_max;	/* RULES_6_12, and the next two */
	uint64_t free_highatomic;
	bool	 below_high;
	bool	 boosted;		/* the zone's flag */
	bool	 reclaim_active;	/* likewise */
};

struct cpu_numbers {			/* of one CPU in one zone */
	uint32_t high;
	uint32_t batch;
	uint8_t	 free_factor;
	uint8_t	 expire;
	uint8_t	 threshold;
	uint8_t	 alloc_factor;		/* RULES_6_12, and the next four */
	uint8_t	 flags;
	uint32_t high_min;
	uint32_t high_max;
	uint32_t free_count;
	int16_t	 diff[NR_ZONE_STATS];
};

/*
 * Right after boot, for one zone after the other: begin, every pageblock, every
 * block of every list from its head on, the numbers, end.  Each returns false,
 * with nothing changed, where no kernel could be in that state.
 *
 * Begin: what is managed is nobody's we know, wherever it is (zone->held);
 * every pageblock is UNMOVABLE.  False if pages of the zone were handed out.
 */
bool mm_state_begin(struct mm *mm, struct zone *z);
bool mm_state_pageblock(struct mm *mm, struct zone *z, uint64_t index, enum migratetype type);

/* Each to the tail of a list, unmerged; what is counted comes with the numbers. */
bool mm_state_block(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order,
		    enum migratetype type);
bool mm_state_pcp(struct mm *mm, struct zone *z, unsigned int cpu, unsigned int index, pfn_t pfn,
		  enum migratetype type);

/* A held page is on an LRU, or movable otherwise (M3); after all blocks. */
bool mm_state_movable(struct mm *mm, struct zone *z, pfn_t pfn);

bool mm_state_numbers(struct mm *mm, struct zone *z, const struct zone_numbers *n);
bool mm_state_cpu(struct mm *mm, struct zone *z, unsigned int cpu, const struct cpu_numbers *n);
bool mm_state_zonelist(struct mm *mm, unsigned int nid, unsigned int kind, const uint8_t *ids,
		       unsigned int nr);

/* NULL, or a sentence that says which counter its lists do not add up to. */
const char *mm_state_end(struct mm *mm, struct zone *z);

/* Later: held pages turn out to be an allocation of somebody's, who now may free it. */
bool mm_state_adopt(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order);

/* --- what the files of this header share ------------------------------------------------ */

/* Regions that each of a description's two tables has at most. */
uint32_t mm_config_regions(const struct mm_config *config);

/*
 * Z1, Z3: fills both tables of `mb`, which are empty and have that much room,
 * from zones, holes and reservations.  Returns as mm_config_check() does.
 */
const char *mm_config_memory(const struct mm_config *config, struct memblock *mb,
			     unsigned int *culprit);

/* W9: computes min_free_kbytes, all marks, reserves and limits for the first time. */
void mm_tune_boot(struct mm *mm);

#endif
