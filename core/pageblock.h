/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pageblock.h - the migratetype of each pageblock of a zone
 *
 * One byte per pageblock.  A pageblock in two zones, on the border of unaligned
 * ones or where the spans of nodes overlap, has one byte for both, as Linux keeps
 * types by pfn: what one zone makes of it, under its own lock, holds in the other.
 *
 * Lock key: (z) the zone's lock to write; free paths read without and check
 * again under the lock where it matters.
 */
#ifndef CORE_PAGEBLOCK_H
#define CORE_PAGEBLOCK_H

#include "bits.h"
#include "tunables.h"

struct pageblocks {
	uint8_t		*type;		/* (z) enum migratetype, one per pageblock */
	pfn_t		 first_pfn;	/* (c) where the first of them begins, aligned */
	uint64_t	 nr;		/* (c) */
	uint64_t	 own_first;	/* (c) index of the first that no other zone has */
	uint64_t	 own_nr;	/* (c) of those; some that are not shared may be left out */
	unsigned int	 order;		/* (c) log2 pages in each */
};

/* How many pageblocks a zone of these bounds touches. */
static inline uint64_t pageblocks_needed(pfn_t start, pfn_t end, unsigned int order)
{
	uint64_t size = 1ULL << order;

	return (align_up(end, size) - align_down(start, size)) >> order;
}

static inline uint64_t pageblock_index(const struct pageblocks *pb, pfn_t pfn)
{
	return (pfn - pb->first_pfn) >> pb->order;
}

/* Can no other zone retype it? */
static inline bool pageblock_is_own(const struct pageblocks *pb, pfn_t pfn)
{
	return pageblock_index(pb, pfn) - pb->own_first < pb->own_nr;
}

static inline enum migratetype pageblock_type(const struct pageblocks *pb, pfn_t pfn)
{
	return (enum migratetype)observe(pb->type[pageblock_index(pb, pfn)]);
}

/* Types that group by mobility become UNMOVABLE where grouping is off (M1). */
void pageblock_set_type(const struct tunables *t, struct pageblocks *pb, pfn_t pfn,
			enum migratetype type);

#endif
