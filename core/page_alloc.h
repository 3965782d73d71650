/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_alloc.h - the API: asking for pages, giving them back
 *
 * Every function here validates its arguments and refuses with an error, with
 * nothing changed; below this edge there are only assertions.
 *
 * An attempt walks a zonelist and takes from the first zone that holds the
 * mark and has a block.  The fast path (A1) is one attempt at the low mark.
 * The slow path wakes kswapd, tries at min with what the caller is entitled
 * to, asks for compaction and reclaim, and repeats while there is progress.
 * Every loop is bounded: MAX_RECLAIM_RETRIES rounds without progress,
 * MAX_PROGRESS_ROUNDS with it, one for each pageblock that was reserved, and
 * MAX_NOFAIL_ROUNDS times that for a request that may not fail, which then
 * ends STUCK.
 */
#ifndef CORE_PAGE_ALLOC_H
#define CORE_PAGE_ALLOC_H

#include "mm.h"
#include "pcp.h"

enum {
	MAX_RECLAIM_RETRIES	= 16,	/* rounds without progress (A3) */
	MAX_COMPACT_RETRIES	= 16,
	MAX_NOFAIL_ROUNDS	= 32,	/* whole rounds of the slow path for __GFP_NOFAIL (G5) */
	MAX_PROGRESS_ROUNDS	= 1024,	/* while reclaim says that it helped */
};

struct alloc_request {
	gfp_t		gfp;
	uint8_t		order;
	uint8_t		nid;		/* preferred node; NODE_NONE: that of the CPU */
	uint8_t		nodemask;	/* bit per allowed node; 0: all of them */
	uint8_t		context;	/* enum caller_context */
};

enum verdict {
	VERDICT_OK,
	VERDICT_FAILED,
	VERDICT_STUCK,			/* __GFP_NOFAIL, and no way forward (G5) */
	VERDICT_REFUSED,		/* the arguments; see mm_request_check() */
};

/* MM_OK, or why the request is refused (G2, G6). */
enum mm_error mm_request_check(const struct mm *mm, const struct alloc_request *req);

/* On VERDICT_OK *page is the first of 2^order pages, with one user; else NULL. */
enum verdict mm_alloc_pages(struct mm *mm, const struct alloc_request *req, struct page **page);

/*
 * B5: up to `nr` pages of order 0 into the empty (NULL) places of pages[0..nr);
 * *filled counts the places that are full from the start on.  VERDICT_FAILED
 * when not one was added although one was wanted.
 */
enum verdict mm_alloc_bulk(struct mm *mm, const struct alloc_request *req,
			   struct page **pages, uint32_t nr, uint32_t *filled);

/*
 * B5: `nr_pages` contiguous pages, each an allocation of order 0; what the next
 * power of two has beyond is given back.  req->order is ignored, __GFP_COMP refused.
 */
enum verdict mm_alloc_exact(struct mm *mm, const struct alloc_request *req, uint64_t nr_pages,
			    struct page **page);
enum mm_error mm_free_exact(struct mm *mm, struct page *page, uint64_t nr_pages);

/*
 * Drops one user of the block; the last one frees it.  A block that is still
 * used and is not compound loses its tails and stays as one page (B5).
 */
enum mm_error mm_free_pages(struct mm *mm, struct page *page, unsigned int order);

/*
 * Drops a user that mm_get_page() made, while the owner may be giving the block
 * back: of a block that is not compound the first page alone is held that way,
 * so it alone is freed here (B5).  MM_BAD_COUNT: there is no user but the owner.
 */
enum mm_error mm_put_page(struct mm *mm, struct page *page);

/* B5: frees a list of order-0 pages, a few per lock hold.  Checked as a whole first. */
enum mm_error mm_free_page_list(struct mm *mm, struct page **pages, uint32_t nr);

/* B5: a non-compound block with one user becomes 2^order single pages, each with one. */
enum mm_error mm_split_page(struct mm *mm, struct page *page);

enum mm_error mm_get_page(struct mm *mm, struct page *page);	/* one more user; at most 65535 */

/* M3: the owner says that all pages of the block can be moved (on an LRU), or no longer. */
enum mm_error mm_set_movable(struct mm *mm, struct page *page, bool movable);

/* G5: the owner says that all pages of the block are dirty file pages, or clean again. */
enum mm_error mm_set_dirty(struct mm *mm, struct page *page, bool dirty);

#endif
