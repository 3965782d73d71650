/* SPDX-License-Identifier: MIT */
/* zone_bench.h - one zone in one's hands: its lock, its lists put together block by block */
#ifndef UNIT_ZONE_BENCH_H
#define UNIT_ZONE_BENCH_H

#include "buddy.h"
#include "fixture.h"

void zone_lock(struct zone *z);
void zone_unlock(struct zone *z);

enum migratetype type_at(const struct zone *z, pfn_t pfn);	/* of the pageblock there */

/* Boots; in Normal of node 0 nothing is free then, and nothing is anybody's. */
struct zone *emptied(struct mm **mm, const char *text);

/* Frees a block of an emptied zone, unmerged; its pageblocks become `type`. */
void put_free(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order,
	      enum migratetype type);

/* A block that nobody has comes back, and merges. */
void give_back(struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type);

uint64_t pages_of(const struct zone *z, enum migratetype type);	/* on the lists of a type */

/* RULES_6_12: counters equal their lists (X2), each list has blocks of its own type. */
void assert_clean_lists(struct mm *mm, const struct zone *z);

#endif
