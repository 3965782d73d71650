/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memblock.h - memory before there is an allocator (Z3)
 *
 * Two tables of ranges: what is memory (with the node it belongs to) and what
 * of it is reserved.  Each is sorted, its ranges do not overlap, and
 * neighbours that touch and have the same node are one.  At boot what is
 * memory and not reserved goes to the buddy.
 *
 * The tables live in an arena that the caller gave; a full table moves to one
 * of twice the size at the arena's end.  Single-threaded: boot only.
 *
 * Invariants (Z3): sorted; start < end; regions[i].end <= regions[i+1].start,
 * and equal only where the nodes differ.
 */
#ifndef CORE_MEMBLOCK_H
#define CORE_MEMBLOCK_H

#include "types.h"

struct mem_region {
	pfn_t		start;
	pfn_t		end;
	uint32_t	nid;		/* NODE_NONE in the table of reserved ranges */
};

struct mem_table {
	struct mem_region *regions;
	uint32_t	   nr;
	uint32_t	   max;		/* room in regions[] */
};

struct memblock {
	struct mem_table  memory;
	struct mem_table  reserved;
	struct mem_region *arena;	/* caller's; tables are cut from its start */
	uint32_t	   arena_used;	/* regions */
	uint32_t	   arena_max;
};

/* Both tables start with room for `initial` regions (at least 1) out of arena[0..arena_max). */
void memblock_init(struct memblock *mb, struct mem_region *arena, uint32_t arena_max,
		   uint32_t initial);

/*
 * Each returns false, with both tables as before, when the arena has no room
 * for a longer table.  Empty ranges are accepted and change nothing.
 */
bool memblock_add(struct memblock *mb, pfn_t start, pfn_t end, uint32_t nid); /* new node wins */
bool memblock_remove(struct memblock *mb, pfn_t start, pfn_t end);	/* no longer memory */
bool memblock_reserve(struct memblock *mb, pfn_t start, pfn_t end);
bool memblock_free(struct memblock *mb, pfn_t start, pfn_t end);	/* no longer reserved */

/*
 * Walks the memory of [start, end) that is not reserved, upward, on node `nid`
 * (NODE_NONE: any).  Begin with *cursor = start.  False when there is no more;
 * else *out is the next range and *cursor is past it.
 */
bool memblock_next_free(const struct memblock *mb, pfn_t *cursor, pfn_t end, uint32_t nid,
			struct pfn_range *out);

/* The same, over memory whether reserved or not. */
bool memblock_next_memory(const struct memblock *mb, pfn_t *cursor, pfn_t end, uint32_t nid,
			  struct pfn_range *out);

/* Pages of [start, end) that are memory of `nid` (NODE_NONE: of any node). */
uint64_t memblock_pages(const struct memblock *mb, pfn_t start, pfn_t end, uint32_t nid);

/* Is the page memory of `nid`? */
bool memblock_is_memory(const struct memblock *mb, pfn_t pfn, uint32_t nid);

/* Is the page memory, and not reserved? */
bool memblock_is_free(const struct memblock *mb, pfn_t pfn);

#endif
