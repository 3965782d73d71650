/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * types.h - the nouns every module shares
 *
 * A *pfn* numbers a page frame of the machine.  An *order* is log2 of a number
 * of pages.  A *block* is 2^order pages that begin at a multiple of 2^order.
 * A *pageblock* is the 2^pageblock_order pages that share a migratetype.
 * Ranges are a start, inclusive, and an end, exclusive, always in a pair.
 *
 * Counts of pages are 64 bits wide on every architecture, so that a 32-bit
 * build computes, reports and hashes the same numbers.
 */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

typedef uint64_t pfn_t;
typedef uint32_t gfp_t;

#define PFN_NONE	UINT64_MAX	/* "no such page" in events and reports */
#define NODE_NONE	0xffu		/* "no node asked for": the caller's own */

struct pfn_range {
	pfn_t	start;			/* first page */
	pfn_t	end;			/* one past the last page */
};

/* Every type a zone can have.  A machine configures some of them (Z1). */
enum zone_type {
	ZONE_DMA,
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_HIGHMEM,
	ZONE_MOVABLE,
	ZONE_DEVICE,
	NR_ZONE_TYPES,
};

enum { MAX_ZONES = MAX_NODES * NR_ZONE_TYPES };

/* Mobility of a pageblock, of a free list and of a request (M1). */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,		/* types up to here have per-CPU lists */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_CMA,
	MIGRATE_ISOLATE,
	NR_MIGRATETYPES,
};

static inline bool migratetype_is_mergeable(unsigned int type)
{
	return type < MIGRATE_PCPTYPES;
}

/* Their free pages are counted by list, and so are never in pageblocks of another type. */
static inline bool migratetype_is_exact(unsigned int type)
{
	return type == MIGRATE_CMA || type == MIGRATE_ISOLATE;
}

#endif
