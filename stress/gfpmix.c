/* SPDX-License-Identifier: MIT */
/* gfpmix.c - all kinds of requests (G1 to G6), and all that owners may say of their blocks */
#include "oplog.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 2000);
	p->order = (uint32_t)rng_below(rng, MAX_ORDER + 1);
	p->burst = 32;
}

/* Bits and contexts at random until they are legal together; most often a usual mask. */
static struct alloc_request draw_any(struct worker *w)
{
	struct alloc_request req = draw_request(w);

	for (unsigned int tries = 0; tries < 16 && rng_chance(&w->rng, 192); tries++) {
		struct alloc_request wild = req;

		wild.gfp = (gfp_t)rng_next(&w->rng) & (gfp_t)rng_next(&w->rng) & __GFP_BITS_MASK;
		wild.context = (uint8_t)(rng_next(&w->rng) & rng_next(&w->rng) & CTX_MASK);
		if (mm_request_check(&w->s->mm, &wild) == MM_OK)
			return wild;
	}
	return req;
}

static bool stays_whole(const struct block *b)
{
	return !b->order || (b->page->flags & PG_COMP);
}

/* What the owner says of one of its blocks. */
static void say(struct worker *w)
{
	struct block *b = &w->held[rng_below(&w->rng, w->nr_held)];
	struct mm *mm = &w->s->mm;
	enum mm_error error = MM_OK;
	bool on = rng_next(&w->rng) & 1;

	unsigned int what = (unsigned int)rng_below(&w->rng, 3);

	if (what == 2 && !stays_whole(b))
		return;
	stress_log(w, &(struct oplog_entry){ .op = what == 0 ? LOG_MOVABLE : what == 1 ? LOG_DIRTY
					     : LOG_GET, .gfp = on, .token = b->token });
	switch (what) {
	case 0:
		error = mm_set_movable(mm, b->page, on);
		break;
	case 1:
		error = mm_set_dirty(mm, b->page, on);
		break;
	default:
		error = mm_get_page(mm, b->page);
		if (error == MM_OK)
			error = mm_free_pages(mm, b->page, b->order);
	}
	if (error != MM_OK)
		stress_fail(w, "X1", "what the owner says is refused: %s", mm_error_text(error));
	worker_count(w, COUNT_OPS, 1);
}

static void step(struct worker *w)
{
	const struct params *p = &w->s->params;

	for (uint32_t i = 0; i < p->burst; i++) {
		struct alloc_request req = draw_any(w);

		if (w->nr_held && rng_chance(&w->rng, 64))
			say(w);
		if (rng_below(&w->rng, 2 * p->held) < w->nr_held || !hold_one(w, &req))
			if (w->nr_held)
				drop_any(w);
	}
}

const struct stressor stressor_gfpmix = { .draw = draw, .step = step, .reclaims = true };
