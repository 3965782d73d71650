/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watermark.h - how low a zone may run, and for whom
 *
 * The first group is arithmetic on a machine's zones, run when a sysctl is
 * written (W9); the second is asked by every allocation, without locks, and
 * works on counters that may be a little off (W8).
 */
#ifndef CORE_WATERMARK_H
#define CORE_WATERMARK_H

#include "zone.h"

/* --- setting: `zones` are all MAX_ZONES of a machine, by id -------------------- */

/* Marks follow managed_marks, reserves managed_reserve: the caller brings them up to date (W9). */

/*
 * W1: min_free_kbytes as computed from the zones' sizes and present marks, KiB;
 * `now`, what is in force, where the user wrote a value not below that.
 */
uint32_t watermark_min_free_kbytes(const struct tunables *t, const struct zone *zones,
				   uint32_t now);

/* W1: what transparent huge pages want min_free_kbytes to be at least; KiB. */
uint32_t watermark_thp_kbytes(const struct tunables *t, const struct zone *zones);

/* W2, W3: sets min, low and high of every zone for `min_free_kbytes`; clears boost. */
void watermark_set_marks(struct tunables *t, struct zone *zones, uint32_t min_free_kbytes);

/* W4: sets lowmem_reserve[] of every zone. */
void watermark_set_reserves(struct tunables *t, struct zone *zones);

/* W8: sets the counters' thresholds and percpu_drift_mark of every zone. */
void watermark_set_thresholds(struct tunables *t, struct zone *zones, unsigned int nr_cpus,
			      unsigned int nr_online);

/* W7: raises the boost by one pageblock; false where boosting makes no sense. */
bool watermark_boost(struct zone *z);

/* --- asking -------------------------------------------------------------------- */

/*
 * W5: would `free` pages (as counted, may be negative) leave `mark` after a
 * request of `order` whose highest zone is `highest`?  alloc_flags say how far
 * below the mark it may go.  For order > 0 a block must exist as well.
 */
bool watermark_ok(const struct zone *z, unsigned int order, uint64_t mark,
		  enum zone_type highest, unsigned int alloc_flags, int64_t free);

/* W6: the same for an allocation: a quick answer for order 0, and atomic's way out of boost. */
bool watermark_ok_fast(const struct zone *z, unsigned int order, uint64_t mark,
		       enum zone_type highest, unsigned int alloc_flags, gfp_t gfp);

/* W8: for kswapd: exact below percpu_drift_mark; counts differences of CPUs < nr_cpus. */
bool watermark_ok_safe(const struct zone *z, unsigned int order, uint64_t mark,
		       enum zone_type highest, unsigned int nr_cpus);

/* Global value plus all differences: exact when nobody allocates. */
int64_t zone_free_pages_exact(const struct zone *z, unsigned int nr_cpus);

#endif
