/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat.h - counters that may drift
 *
 * A zone's counter is one global value plus a small difference per CPU.  A CPU
 * adds to its own difference and passes the whole of it on when it grows past
 * a threshold (W8).  Allocation checks read the global value alone, so what
 * they see is off by at most CPUs * threshold; the sum is exact.
 *
 * Invariant (X2): global + the sum of the differences == a recount.
 *
 * Lock key: (z) changed under the zone's lock; the global value is read
 * without it.  (o) only its CPU writes it, interrupts masked.
 */
#ifndef CORE_STAT_H
#define CORE_STAT_H

#include "hooks.h"

enum zone_stat {
	NR_FREE_PAGES,			/* on free lists, isolated pageblocks left out */
	NR_FREE_CMA,			/* those of them in CMA pageblocks */
	NR_ZONE_STATS,
};

enum numa_stat {			/* events, exact sums on reading */
	NUMA_HIT, NUMA_MISS, NUMA_FOREIGN, NUMA_INTERLEAVE, NUMA_LOCAL, NUMA_OTHER,
	NR_NUMA_STATS,
};

enum vm_event {				/* events of a CPU, exact sums on reading */
	PGALLOC_DMA,			/* one per zone type, in the order of enum zone_type */
	PGALLOC_LAST = PGALLOC_DMA + NR_ZONE_TYPES - 1,
	ALLOCSTALL_DMA,			/* direct reclaim entered, per zone type */
	ALLOCSTALL_LAST = ALLOCSTALL_DMA + NR_ZONE_TYPES - 1,
	PGFREE,
	COMPACTSTALL, COMPACTFAIL,
	NR_VM_EVENTS,
	VM_EVENT_ROW = NR_VM_EVENTS + CACHE_LINE / sizeof(uint64_t),	/* of a CPU, and a gap */
};

struct stat_diff {			/* one CPU's part of one zone's counters */
	int8_t	diff[NR_ZONE_STATS];	/* (o) */
	uint8_t	threshold;		/* (t) at most 125 */
};

struct zone_stats {
	int64_t	count[NR_ZONE_STATS];	/* (z) the global values */
};

/* Adds to a counter on behalf of the CPU that owns `diff`. */
static inline void stat_mod(struct hw *hw, struct zone_stats *stats, struct stat_diff *diff,
			    enum zone_stat item, int64_t delta)
{
	int64_t sum = diff->diff[item] + delta, threshold = observe(diff->threshold);

	if ((sum > threshold) | (sum < -threshold)) {
		add_shared(hw, stats->count[item], sum);
		sum = 0;
	}
	publish(diff->diff[item], (int8_t)sum);
}

/* Counts events of this CPU: only it writes them. */
static inline void stat_count(uint64_t *count, uint64_t nr)
{
	publish(*count, *count + nr);
}

/* Passes on all that `diff` holds; the CPU's own business, or that of a dead CPU's heir. */
void stat_fold(struct hw *hw, struct zone_stats *stats, struct stat_diff *diff);

/* W8: the threshold for `managed` pages with `nr_cpus` CPUs online; at most 125. */
unsigned int stat_threshold(uint64_t managed, unsigned int nr_cpus, unsigned int page_shift);

#endif
