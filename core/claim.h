/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim.h - mobility under RULES_6_12: a list has blocks of its own type only
 *
 * In 6.12 a free block is on the list of its pageblock's type, always.  A
 * fallback either claims a pageblock, so that all its free blocks change lists
 * together with its type, or takes one block and leaves the rest where it is.
 * Each block is counted when it leaves a list.  See mobility.h for the rest.
 */
#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H

#include "buddy.h"

/* What worked last, within one hold of zone->lock: a refill goes on from there. */
enum take_mode { TAKE_NORMAL, TAKE_CMA, TAKE_CLAIM, TAKE_STEAL };

/* As mobility_take(), but accounted, and page->type is that of the list it came from. */
struct page *claim_take(struct zone *z, unsigned int order, enum migratetype type,
			unsigned int alloc_flags, enum take_mode *mode);

/* M5: sets aside the pageblocks of a block of `order`; zone->lock held. */
void claim_highatomic(struct zone *z, struct page *page, unsigned int order);

/*
 * M5: gives the pageblocks of a free highatomic block back to `type`; false
 * when they leave the zone.  zone->lock held.
 */
bool claim_unreserve(struct zone *z, struct page *page, enum migratetype type);

#endif
