/* SPDX-License-Identifier: MIT */
/*
 * exhaust.c - everything is taken, reserves included, then given back
 *
 * The threads do not wait for each other: while one still takes, another may
 * give back already, and the last pages of a zone change hands.
 */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->order = (uint32_t)rng_below(rng, MAX_ORDER + 1);
	p->burst = 64 + (uint32_t)rng_below(rng, 192);
	p->movable = (uint32_t)rng_below(rng, 256);
}

/* As a reclaimer, who has no mark to hold; the last resort may not fail, and gets stuck. */
static bool take_reserves(struct worker *w)
{
	struct alloc_request req = { .gfp = GFP_ATOMIC, .nid = NODE_NONE,
				     .context = CTX_MEMALLOC };
	struct block block;

	if (hold_one(w, &req))
		return true;
	req = (struct alloc_request){ .gfp = GFP_KERNEL | __GFP_NOFAIL, .nid = NODE_NONE };
	if (rng_below(&w->rng, 4) == 0 && stress_alloc(w, &req, &block) == VERDICT_OK)
		stress_free(w, &block);
	return false;
}

static void step(struct worker *w)
{
	for (uint32_t i = 0; i < w->s->params.burst; i++) {
		struct alloc_request req = draw_request(w);

		if (w->phase) {
			if (w->nr_held)
				drop_any(w);
			else
				w->phase = false;
		} else if (!hold_one(w, &req) && !take_reserves(w)) {
			w->phase = true;
		}
	}
}

const struct stressor stressor_exhaust = { .draw = draw, .step = step };
