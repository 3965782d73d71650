/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h - one page frame: 16 bytes
 *
 * Only the first page of a block says anything: its `state` tells who owns the
 * block, its `order` how long it is.  All other pages of the block are zero,
 * but for PG_LRU in an allocated block.  So zeroed memory is "inside a block,
 * in a hole, or reserved", boot touches the heads of free blocks only, and
 * freeing never has to visit the tails.
 *
 * Ownership has one record, `state`; no flag can disagree with it:
 *
 *   PAGE_NONE    not a head (or a hole, or reserved at boot)
 *   PAGE_FREE    on a free list of the buddy, of order `order` and type `type`
 *   PAGE_PCP     on a per-CPU list; `type` is the pageblock's type when it came,
 *                and the list it goes back to (P5); `cpu` says whose list
 *   PAGE_ALLOC   handed out; `refs` counts its users; none: taken away by
 *                mm_import_empty(), and not the business of any caller
 *
 * A page on its way between two lists is PAGE_NONE, under the lock of the list
 * that it left or joins.
 *
 * Lock key: (z) the zone's lock while FREE, (p) the owning PCP lock while PCP,
 * the owner's business while ALLOC, but for `refs`, which users on several CPUs
 * may raise and drop at once: (a).  Who dropped its own looks at the page no
 * more.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include "types.h"

enum page_state { PAGE_NONE, PAGE_FREE, PAGE_PCP, PAGE_ALLOC };

enum page_flags {
	PG_COMP		= 1 << 0,	/* compound: freed as a whole, whoever holds it */
	PG_LRU		= 1 << 1,	/* each page: on an LRU, or otherwise movable (M3) */
	PG_DIRTY	= 1 << 2,	/* head: its pages count as dirty file pages (G5) */
	PG_ZEROED	= 1 << 3,	/* head of a free block: contents are zero (B6) */
	PG_PFMEMALLOC	= 1 << 4,	/* head: taken without watermarks (G4) */
	PG_POISONED	= 1 << 5,	/* head of a free block: contents are the poison (B6) */
};

struct page {
	_Alignas(PAGE_BYTES)
	union {
		struct {
			uint32_t next;	/* links of the list it is on, see list.h */
			uint32_t prev;
		};
		uint64_t links;		/* both */
	};
	union {
		struct {
			uint16_t refs;	/* users, when ALLOC */
			uint8_t	 state;	/* enum page_state */
			uint8_t	 order;
			uint8_t	 type;	/* migratetype of the list it belongs to */
			uint8_t	 flags;	/* enum page_flags */
			uint8_t	 zone;	/* zone id, for heads */
			uint8_t	 cpu;	/* whose PCP list, when PCP */
		};
		uint64_t says;		/* all of these */
	};
};

/* The word that says this and nothing else: page_says(.state = PAGE_FREE, .order = 3). */
#define page_says(...)	((struct page){ __VA_ARGS__ }.says)

_Static_assert(sizeof(struct page) == PAGE_BYTES, "struct page has no more than it needs");
_Static_assert(MAX_ZONES <= UINT8_MAX && MAX_CPUS <= UINT8_MAX + 1, "ids fit struct page");

#endif
