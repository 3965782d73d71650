/* SPDX-License-Identifier: MIT */
/*
 * blocks.c - allocations in the books: claimed, filled, checked, given back
 *
 * The exchanges are relaxed: all accesses to one word have one order, so of two
 * threads that claim a page one sees the other, however late.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "oplog.h"

enum { SERIAL_BITS = 24 };

void worker_count(struct worker *w, enum counter item, uint64_t delta)
{
	publish(w->count[item], w->count[item] + delta);
}

static uint32_t next_token(struct worker *w)
{
	w->serial = (w->serial + 1) & ((1u << SERIAL_BITS) - 1);
	return (w->id + 1) << SERIAL_BITS | w->serial;
}

/* The page's place in its zone, where its word in every book is. */
static uint64_t place(struct worker *w, const struct page *page)
{
	return (uint64_t)(page - w->s->mm.zones[page->zone].pages);
}

static pfn_t pfn_at(const struct session *s, unsigned int zone, uint64_t at)
{
	return s->mm.zones[zone].start_pfn + at;
}

static uint64_t *word_at(const struct session *s, unsigned int zone, uint64_t at)
{
	return hw_word(&s->hw.contents[zone], at);
}

/* The word after the page's contents is ours. */
static uint32_t *owner_of(const struct session *s, unsigned int zone, uint64_t at)
{
	return (uint32_t *)(word_at(s, zone, at) + 1);
}

static uint64_t word_of(uint32_t token, uint64_t at)
{
	return (uint64_t)token << 32 | (at & UINT32_MAX);
}

static void claim(struct worker *w, struct block *b)
{
	struct session *s = w->s;
	unsigned int zone = b->page->zone;
	uint64_t first = place(w, b->page);

	b->token = next_token(w);
	for (uint64_t at = first; at < first + (1ULL << b->order); at++) {
		uint32_t before = __atomic_exchange_n(owner_of(s, zone, at), b->token,
						      __ATOMIC_RELAXED);

		if (before)
			stress_fail(w, "X1", "pfn %" PRIu64 " is handed out twice: to %08" PRIx32
				    ", while it is %08" PRIx32 "'s", pfn_at(s, zone, at),
				    b->token, before);
		*word_at(s, zone, at) = word_of(b->token, at);
	}
	worker_count(w, COUNT_PAGES, 1ULL << b->order);
}

/* But the first `skip` pages, whose books are another user's. */
static void release_from(struct worker *w, const struct block *b, uint64_t skip)
{
	struct session *s = w->s;
	unsigned int zone = b->page->zone;
	uint64_t first = place(w, b->page);

	for (uint64_t at = first + skip; at < first + (1ULL << b->order); at++) {
		uint64_t word = *word_at(s, zone, at);
		uint32_t owner;

		if (word != word_of(b->token, at))
			stress_fail(w, "X8", "pfn %" PRIu64 " has %016" PRIx64 " in it, not %016"
				    PRIx64, pfn_at(s, zone, at), word, word_of(b->token, at));
		owner = __atomic_exchange_n(owner_of(s, zone, at), 0, __ATOMIC_RELAXED);
		if (owner != b->token)
			stress_fail(w, "X1", "pfn %" PRIu64 " is %08" PRIx32 "'s, but %08" PRIx32
				    " frees it", pfn_at(s, zone, at), owner, b->token);
	}
	worker_count(w, COUNT_PAGES, -((1ULL << b->order) - skip));
}

static void release(struct worker *w, const struct block *b)
{
	uint64_t skip = 0;

	if (b->part == PART_OWNER)
		skip = b->page->flags & PG_COMP ? 1ULL << b->order : 1;
	release_from(w, b, skip);
}

static void count_verdict(struct worker *w, enum verdict verdict, unsigned int order)
{
	worker_count(w, COUNT_OPS, 1);
	switch (verdict) {
	case VERDICT_OK:
		worker_count(w, COUNT_ALLOCS, 1);
		break;
	case VERDICT_FAILED:
		worker_count(w, order ? COUNT_NO_BLOCK : COUNT_NO_PAGE, 1);
		break;
	case VERDICT_STUCK:
		worker_count(w, COUNT_STUCK, 1);
		break;
	case VERDICT_REFUSED:
		stress_fail(w, "G2", "a legal request is refused");
	}
}

static void log_request(struct worker *w, enum oplog_op op, const struct alloc_request *req,
			uint32_t n)
{
	stress_log(w, &(struct oplog_entry){ .op = op, .order = req->order, .gfp = req->gfp,
					     .context = req->context, .n = n });
}

static void log_end(struct worker *w, unsigned int verdict, const struct block *first, uint32_t nr)
{
	if (w->log)
		oplog_end(w, verdict, first, nr);
}

enum verdict stress_alloc(struct worker *w, const struct alloc_request *req, struct block *out)
{
	enum verdict verdict;

	log_request(w, LOG_ALLOC, req, 0);
	verdict = mm_alloc_pages(&w->s->mm, req, &out->page);
	count_verdict(w, verdict, req->order);
	if (verdict == VERDICT_OK) {
		out->order = req->order;
		out->part = PART_ALL;
		claim(w, out);
	}
	log_end(w, verdict, out, verdict == VERDICT_OK);
	return verdict;
}

static void check_freed(struct worker *w, enum mm_error error)
{
	if (error != MM_OK)
		stress_fail(w, "X1", "the owner's free is refused: %s", mm_error_text(error));
}

void stress_free(struct worker *w, const struct block *block)
{
	stress_log(w, &(struct oplog_entry){ .op = LOG_FREE, .order = block->order,
					     .token = block->token });
	release(w, block);
	if (block->part == PART_USER)
		check_freed(w, mm_put_page(&w->s->mm, block->page));
	else
		check_freed(w, mm_free_pages(&w->s->mm, block->page, block->order));
	worker_count(w, COUNT_OPS, 1);
	log_end(w, 0, NULL, 0);
}

void stress_share(struct worker *w, struct block *block, struct block *user)
{
	stress_log(w, &(struct oplog_entry){ .op = LOG_GET, .n = 1, .token = block->token });
	check_freed(w, mm_get_page(&w->s->mm, block->page));
	worker_count(w, COUNT_OPS, 1);
	log_end(w, 0, NULL, 0);
	*user = *block;
	block->part = PART_OWNER;
	user->part = PART_USER;
	if (!(block->page->flags & PG_COMP))
		user->order = 0;
}

/* --- many at once ------------------------------------------------------------------------- */

enum { LIST_MAX = 256 };

static void claim_singles(struct worker *w, struct block *out, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		out[i].order = 0;
		out[i].part = PART_ALL;
		claim(w, &out[i]);
	}
}

uint32_t stress_alloc_bulk(struct worker *w, const struct alloc_request *req,
			   struct block *out, uint32_t nr)
{
	struct page *pages[LIST_MAX] = { NULL };
	enum verdict verdict;
	uint32_t filled;

	nr = nr < LIST_MAX ? nr : LIST_MAX;
	log_request(w, LOG_BULK, req, nr);
	verdict = mm_alloc_bulk(&w->s->mm, req, pages, nr, &filled);
	count_verdict(w, verdict, 0);
	for (uint32_t i = 0; i < filled; i++)
		out[i].page = pages[i];
	claim_singles(w, out, filled);
	log_end(w, verdict, out, filled);
	return filled;
}

void stress_free_list(struct worker *w, const struct block *blocks, uint32_t nr)
{
	struct page *pages[LIST_MAX];

	while (nr) {
		uint32_t part = nr < LIST_MAX ? nr : LIST_MAX;

		stress_log(w, &(struct oplog_entry){ .op = LOG_FREE_LIST, .n = part });
		for (uint32_t i = 0; i < part; i++) {
			if (w->log)
				oplog_also(w, blocks[i].token);
			release(w, &blocks[i]);
			pages[i] = blocks[i].page;
		}
		check_freed(w, mm_free_page_list(&w->s->mm, pages, part));
		worker_count(w, COUNT_OPS, 1);
		log_end(w, 0, NULL, 0);
		blocks += part;
		nr -= part;
	}
}

uint32_t stress_alloc_exact(struct worker *w, const struct alloc_request *req,
			    struct block *out, uint32_t nr_pages)
{
	enum verdict verdict;
	struct page *page;

	log_request(w, LOG_EXACT, req, nr_pages);
	verdict = mm_alloc_exact(&w->s->mm, req, nr_pages, &page);
	count_verdict(w, verdict, nr_pages > 1);
	if (verdict != VERDICT_OK)
		nr_pages = 0;
	for (uint32_t i = 0; i < nr_pages; i++)
		out[i].page = page + i;
	claim_singles(w, out, nr_pages);
	log_end(w, verdict, out, nr_pages);
	return nr_pages;
}

uint32_t stress_split(struct worker *w, const struct block *block, struct block *out)
{
	struct block whole = *block;
	uint32_t nr = 1u << whole.order;

	/* out[] may begin where the block was. */
	stress_log(w, &(struct oplog_entry){ .op = LOG_SPLIT, .token = whole.token });
	release(w, &whole);
	check_freed(w, mm_split_page(&w->s->mm, whole.page));
	for (uint32_t i = 0; i < nr; i++)
		out[i].page = whole.page + i;
	claim_singles(w, out, nr);
	worker_count(w, COUNT_OPS, 1);
	log_end(w, 0, out, nr);
	return nr;
}

uint64_t owner_pages(const struct session *s, const struct zone *z)
{
	uint64_t nr = 0;

	for (uint64_t at = 0; at < zone_spanned(z); at++)
		nr += __atomic_load_n(owner_of(s, z->id, at), __ATOMIC_RELAXED) != 0;
	return nr;
}
