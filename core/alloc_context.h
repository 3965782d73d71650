/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc_context.h - one request on its way through the allocator
 *
 * Shared by fastpath.c (which zone), slowpath.c (what next) and page_free.c;
 * nobody else includes it.
 */
#ifndef CORE_ALLOC_CONTEXT_H
#define CORE_ALLOC_CONTEXT_H

#include "page_alloc.h"

struct alloc_context {
	struct mm	*mm;		/* set once at the edge, and so are the next six */
	gfp_t		 gfp;		/* what the caller asked, in its context (G6) */
	unsigned int	 order;
	unsigned int	 context;	/* enum caller_context */
	enum migratetype type;
	enum zone_type	 highest;
	const uint8_t	*zonelist;	/* zone ids, best first */
	unsigned int	 nodemask;	/* 0: any; the slow path may drop it */
	struct zone	*preferred;	/* where the walk begins; NULL: there is no zone for it */
	unsigned int	 start;		/* and where that is in the zonelist */
	bool		 spread_dirty;	/* fast path only: keep to nodes below their dirty limit */
};

/* The zone at or after `at` in the zonelist that the request may use; NULL: none left. */
static inline struct zone *context_next_zone(const struct alloc_context *ac, unsigned int *at)
{
	for (; ac->zonelist[*at] != ZONE_ID_END; (*at)++) {
		struct zone *z = &ac->mm->zones[ac->zonelist[*at]];

		mm_assert(Z4, *at < MAX_ZONES);
		if (z->type <= ac->highest && (!ac->nodemask || ac->nodemask >> z->nid & 1))
			return z;
	}
	return NULL;
}

/* Begins the walk at the first zone that the request may use; false: there is none. */
bool context_reset(struct alloc_context *ac);

/* One attempt: the first zone that holds the mark of alloc_flags and has a block. */
struct page *alloc_attempt(struct alloc_context *ac, unsigned int alloc_flags);

/* The slow path; ends in VERDICT_OK with *page, or otherwise. */
enum verdict alloc_slow(struct alloc_context *ac, struct page **page);

/* Gives a whole block back, whose last user is gone. */
void free_block(struct mm *mm, struct page *page, unsigned int order);

/* Gives one page straight to the tail of a buddy list: what an exact request has left over. */
void free_leftover(struct mm *mm, struct page *page);

#endif
