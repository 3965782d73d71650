/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcp.h - per-CPU lists of free pages
 *
 * Each CPU keeps a few blocks of each zone so that most requests need no zone
 * lock.  There is a list per type for each order up to COSTLY_ORDER, and two
 * for the pageblock order (movable, and others).  Allocation and free use the
 * head; a refill appends to the tail; a drain takes from the tail (P2).
 *
 * A set is taken by trylock only: an interrupt that finds it taken by the code
 * it interrupted goes to the buddy directly (P6).  All orders that have no
 * list go there too.
 *
 * Invariant (X2): count == sum of lists[i].nr << order of list i.
 */
#ifndef CORE_PCP_H
#define CORE_PCP_H

#include "mobility.h"

static inline unsigned int pcp_list_index(const struct tunables *t, unsigned int order,
					  enum migratetype type)
{
	mm_assert(P1, pcp_has_order(t, order));
	mm_assert(P1, type < MIGRATE_PCPTYPES);
	if (order > COSTLY_ORDER)
		return NR_PCP_LOW_LISTS + (type == MIGRATE_MOVABLE);
	return order * MIGRATE_PCPTYPES + (unsigned int)type;
}

/* Of the requests that a list serves; that of others on huge pages' list: one of them. */
static inline enum migratetype pcp_list_type(unsigned int index)
{
	mm_assert(P1, index < NR_PCP_LISTS);
	if (index < NR_PCP_LOW_LISTS)
		return (enum migratetype)(index % MIGRATE_PCPTYPES);
	return index == NR_PCP_LOW_LISTS ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE;
}

static inline unsigned int pcp_list_order(const struct tunables *t, unsigned int index)
{
	mm_assert(P1, index < NR_PCP_LISTS);
	return index < NR_PCP_LOW_LISTS ? index / MIGRATE_PCPTYPES : t->pageblock_order;
}

/* P1: pages to move at once, and pages to keep, for a zone of this size. */
uint32_t pcp_batch(const struct zone *z);
uint32_t pcp_high(const struct zone *z, uint32_t batch, unsigned int nr_local_cpus);

/* Sets high and batch of every CPU's set of the zone, if they changed (W9, P1). */
void pcp_set_limits(struct zone *z, unsigned int nr_cpus, unsigned int nr_local_cpus);

/*
 * One block from this CPU's list, refilled from the buddy if empty; NULL when
 * the buddy has none either, or when the set is taken (P6).  page->state is
 * PAGE_NONE.
 */
struct page *pcp_alloc(struct zone *z, unsigned int order, enum migratetype type,
		       unsigned int alloc_flags);

/*
 * Pages of order 0 into the empty (NULL) places of out[0..nr), in one hold of
 * the set; returns how many it placed, 0 also when the set is taken.
 * free_factor stays (P3).
 */
uint32_t pcp_alloc_bulk(struct zone *z, enum migratetype type, unsigned int alloc_flags,
			struct page **out, uint32_t nr);

/*
 * Puts a block on this CPU's list, page->type being its pageblock's; drains
 * when there are too many (P3).  False when the set is taken: nothing changed.
 */
bool pcp_free(struct zone *z, struct page *page, unsigned int order);

/*
 * Frees pages[0], [1], ... of order 0, as long as they are of zone `z`, at most
 * PCP_FREE_RUN of them, in one hold of the set; how many, 0 when it is taken.
 */
enum { PCP_FREE_RUN = 32 };
uint32_t pcp_free_run(struct zone *z, struct page **pages, uint32_t nr);

/* P4: empties a CPU's set of the zone, in slices. */
void pcp_drain(struct zone *z, unsigned int cpu);

/* B6: clears up to a batch of this CPU's pages that are not known to be zero (PG_zero). */
void pcp_prezero(struct zone *z);

/* P4: gives back up to one batch: a remote node's set that was idle for long. */
void pcp_drain_batch(struct zone *z, unsigned int cpu);

#endif
