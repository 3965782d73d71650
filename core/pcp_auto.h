/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcp_auto.h - per-CPU limits that tune themselves (RULES_6_12)
 *
 * `high` moves between high_min and high_max: up when sets are emptied and
 * filled in turn, down when memory runs low.  alloc_factor doubles refills that
 * follow each other, free_count makes the next bulk free as large as the frees
 * before it.  Under RULES_6_1 none of this is looked at.
 */
#ifndef CORE_PCP_AUTO_H
#define CORE_PCP_AUTO_H

#include "claim.h"

enum pcp_flags {
	PCP_PREV_FREE_HIGH	= 1 << 0,	/* the last block that came was of order 1..3 */
	PCP_FREE_HIGH_BATCH	= 1 << 1,	/* keep a batch of those (a small cache) */
};

/* Blocks to take at once for a list of this order. */
uint32_t pcp_auto_refill(struct zone *z, struct pcp *pcp, unsigned int order);

/*
 * A block of `order` came back, and is counted: as many pages go to the buddy
 * now; -1: the set is not full.
 */
int64_t pcp_auto_surplus(struct zone *z, struct pcp *pcp, unsigned int order);

/* After a bulk free: is the zone above its high mark again? */
void pcp_auto_freed(struct zone *z);

#endif
