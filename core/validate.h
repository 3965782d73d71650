/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * validate.h - recounting everything
 *
 * Slow, read-only checks of X1 to X4, for tests and the harness.  The first
 * rule that does not hold ends in hook_panic() with its tag.  A validator
 * proves that the state is consistent, not that it is the right one: that is
 * the model's business.
 */
#ifndef CORE_VALIDATE_H
#define CORE_VALIDATE_H

#include "mm.h"

/* X1 to X4 for the whole machine, page by page; X1 as far as core knows owners. */
void validate_mm(struct mm *mm);
void validate_zone(struct mm *mm, struct zone *z);

/* O(lists): the zone's counters against the lengths of its lists (X2). */
void validate_zone_counts(struct mm *mm, const struct zone *z);

/* O(lists): the count of one CPU's set against the lengths of its lists (X2); the count. */
uint64_t validate_pcp_count(const struct zone *z, unsigned int cpu);

/* O(1): what the block at `pfn` says of itself, its links and its buddy (X3, X4). */
void validate_block(struct mm *mm, const struct zone *z, pfn_t pfn);

/*
 * X7: with every page freed, sets drained and counters folded: all managed
 * pages are free, in blocks as large as boot's, pageblocks that may not mix excepted.
 */
void validate_all_free(struct mm *mm);

#endif
