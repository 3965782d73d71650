/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mobility.h - keeping pages that can move apart from those that cannot
 *
 * A request takes from the lists of its own type.  When they are empty it
 * takes from another type's, as much as possible at once, so that the mixing
 * stays in few pageblocks (M2, M3).  Some pageblocks are set aside for
 * high-order requests that cannot wait (M5).
 *
 * The caller holds zone->lock where it is named; `alloc_flags` are gfp.h's.
 */
#ifndef CORE_MOBILITY_H
#define CORE_MOBILITY_H

#include "claim.h"

/*
 * A block of `order` for a request of `type`: its own lists, CMA where allowed,
 * then a fallback.  NULL when no list has one.  Not accounted; page->type is
 * the list it came from at last.  zone->lock held.  *mode is TAKE_NORMAL at the
 * first of the takes of one hold, and NULL if there is one only; under RULES_6_12
 * all are accounted here.
 */
struct page *mobility_take(struct zone *z, unsigned int order, enum migratetype type,
			   unsigned int alloc_flags, enum take_mode *mode);

/*
 * M5: sets aside the pageblock of `page`, just allocated, unless enough are.
 * Takes zone->lock.
 */
void highatomic_reserve(struct zone *z, struct page *page);

/*
 * M5: turns one pageblock that has free pages back to `type`; true if some
 * pages moved.  Without `force` the last pageblock stays.  Takes zone->lock.
 */
bool highatomic_unreserve(struct zone *z, enum migratetype type, bool force);

/*
 * Moves the free blocks of the pageblock of `page` to the tails of `type`'s
 * lists; returns pages moved, 0 where the pageblock leaves the zone's end.
 * *movable, unless NULL, counts allocated pages that are PG_LRU.  zone->lock held.
 */
uint64_t mobility_move_block(struct zone *z, const struct page *page, enum migratetype type,
			     uint64_t *movable);

#endif
