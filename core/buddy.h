/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buddy.h - the free blocks of one zone
 *
 * The buddy of a block of order o at pfn p is the block of order o at
 * p ^ 2^o.  A freed block merges with its buddy while that is free, of the same
 * order and in the same zone (B1, Z2); pageblocks whose types may not mix stay
 * apart at pageblock order and above (B3).
 *
 * No policy lives here: which type to take, how low a zone may run and what to
 * do when nothing is left is decided in mobility.h and above.  The caller
 * holds zone->lock and has interrupts masked.
 *
 * Accounting (B4): buddy_free() counts what it adds.  buddy_take() does not
 * count what it takes, since callers take many blocks in one lock hold and
 * count once; buddy_account() is for them.
 *
 * Invariants (X3, X4): the free block headed by p is on
 * area[p->order].list[p->type]; it is aligned and inside the zone; it has no
 * free buddy of its order unless their types may not mix, or could not when
 * they were freed.
 */
#ifndef CORE_BUDDY_H
#define CORE_BUDDY_H

#include "zone.h"

enum buddy_placement {
	PLACE_BY_MERGE,			/* head, or tail where a merge is likely (B2) */
	PLACE_TAIL,			/* boot, onlining, isolation undone */
};

/* Gives back a block, merging it.  A merged block goes to the list of `type`. */
void buddy_free(struct zone *z, struct page *page, unsigned int order, enum migratetype type,
		enum buddy_placement place);

/*
 * The smallest block of at least `order` on the lists of `type`, cut down to
 * `order`, or NULL.  Its state is PAGE_NONE, its type is `type`; the upper
 * halves went to the heads of `type`'s lists (B1).  Not accounted, except
 * under RULES_6_12.
 */
struct page *buddy_take(struct zone *z, unsigned int order, enum migratetype type);

/*
 * RULES_6_12: takes this very block, of a list of `from`, and cuts it down to
 * `order`; the upper halves go to the lists of `to`.  Accounted.
 */
struct page *buddy_take_block(struct zone *z, struct page *page, unsigned int order,
			      enum migratetype from, enum migratetype to);

/* Counts `nr` pages (negative: taken) of `type`. */
void buddy_account(struct zone *z, int64_t nr, enum migratetype type);

/* Moves one free block to the tail of `type`'s list of the same order. */
void buddy_move(struct zone *z, struct page *page, enum migratetype type);

/* Puts a block on a list as it is, head or tail, without merging or accounting. */
void buddy_list_add(struct zone *z, struct page *page, unsigned int order,
		    enum migratetype type, bool tail);
void buddy_list_del(struct zone *z, struct page *page);

/* The first block on a list, or NULL. */
static inline struct page *buddy_first(const struct zone *z, unsigned int order,
				       enum migratetype type)
{
	return list_entry(z->pages, z->area[order].list[type].first);
}

/* Free blocks of an order, over all types. */
static inline uint64_t buddy_nr_blocks(const struct zone *z, unsigned int order)
{
	uint64_t nr = 0;

	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
		nr += z->area[order].list[type].nr;
	return nr;
}

/* B6: puts the largest free blocks of every list in random order. */
void buddy_shuffle(struct zone *z);

#endif
