/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - the state of a machine's zones, in full and in order
 *
 * What a running kernel shows of itself, or core of itself: every number, every
 * free list and per-CPU list from its head on, every pageblock's type, and
 * which pages can move.  A snapshot is read from a guest's reply (linux/), taken
 * from core, or parsed from text; it can be put in place of what boot made,
 * printed as text, and compared with another one.
 *
 * Blocks of all lists are in one array, a list is a part of it; entries are
 * added list by list.
 */
#ifndef HARNESS_SNAPSHOT_H
#define HARNESS_SNAPSHOT_H

#include <stdio.h>

#include "mm.h"

struct snapshot_list {			/* blocks[first .. first + nr) */
	uint32_t first;
	uint32_t nr;
};

struct snapshot_cpu {
	uint32_t count;			/* pages, as the set says */
	struct cpu_numbers numbers;
	struct snapshot_list lists[NR_PCP_LISTS];
};

struct snapshot_zone {
	bool	 present;		/* the snapshot has this zone */
	pfn_t	 start;
	uint64_t spanned, present_pages, managed;
	uint64_t isolated_blocks;
	struct zone_numbers numbers;
	struct snapshot_list free[NR_ORDERS][NR_MIGRATETYPES];
	struct snapshot_cpu cpu[MAX_CPUS];
	uint64_t nr_types;		/* pageblocks that the span touches */
	uint8_t	 *types;
	uint64_t nr_words;		/* of movable[] */
	uint64_t *movable;		/* bit per page from start on */
};

/* A list's entry: the pfn of a block, and above it the type that a per-CPU page remembers. */
#define SNAPSHOT_ENTRY(pfn, type)	((uint64_t)(type) << 56 | (pfn))
#define SNAPSHOT_PFN(entry)		((entry) & (UINT64_MAX >> 8))
#define SNAPSHOT_TYPE(entry)		((unsigned int)((entry) >> 56))

struct snapshot {
	uint8_t	 nr_cpus;
	uint8_t	 zonelist[MAX_NODES][NR_ZONELISTS][MAX_ZONES + 1];	/* ids, ZONE_ID_END */
	bool	 has_zonelist[MAX_NODES][NR_ZONELISTS];
	struct snapshot_zone *zones[MAX_ZONES];	/* by id; NULL: not there */
	uint64_t *blocks;
	uint32_t nr_blocks;
	uint32_t blocks_room;
};

struct snapshot *snapshot_new(void);	/* empty; aborts without memory */
void snapshot_delete(struct snapshot *s);	/* NULL is nothing */
struct snapshot *snapshot_copy(const struct snapshot *s);

/* The zone's part, made if there is none; with room for that many pageblocks and pages. */
struct snapshot_zone *snapshot_zone(struct snapshot *s, unsigned int id);
void snapshot_zone_size(struct snapshot_zone *z, uint64_t nr_types, uint64_t nr_pages);

/* Adds a block to the end of a list; only the list that was last added to may have some. */
bool snapshot_add(struct snapshot *s, struct snapshot_list *l, uint64_t entry);

static inline bool snapshot_is_movable(const struct snapshot_zone *z, uint64_t index)
{
	return z->movable[index / 64] >> index % 64 & 1;
}

static inline void snapshot_set_movable(struct snapshot_zone *z, uint64_t index)
{
	z->movable[index / 64] |= UINT64_C(1) << index % 64;
}

/* The state of a machine that core runs.  Pages of allocations are movable where they say so. */
struct snapshot *snapshot_take(const struct mm *mm);

/*
 * Puts the state in place on a machine that has just booted.  False, with a
 * sentence in *wrong, when the machine is another one or no kernel can be like that.
 */
bool snapshot_apply(const struct snapshot *s, struct mm *mm, char wrong[160]);

/*
 * Compares all that both have; false at the first difference, which is then
 * described in `what`.  `skip` is a set of what does not count.
 */
enum snapshot_skip {
	SKIP_MOVABLE	= 1 << 0,
	SKIP_ZONELISTS	= 1 << 1,
	SKIP_EXPIRE	= 1 << 2,	/* follows counters that core does not have */
};
bool snapshot_same(const struct snapshot *a, const struct snapshot *b, unsigned int skip,
		   char what[200]);

/* The lists and numbers of one zone, for people. */
void snapshot_print_zone(const struct snapshot *s, unsigned int id, FILE *out);

#endif
