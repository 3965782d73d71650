/* SPDX-License-Identifier: MIT */
/* bulk.c - many pages at once: bulk, exact, split, lists that are freed together (B5) */
#include "stress.h"

enum { BULK_MAX = 200, SPLIT_ORDER_MAX = 6 };

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 256 + (uint32_t)rng_below(rng, 4000);
	p->order = (uint32_t)rng_below(rng, SPLIT_ORDER_MAX + 1);
	p->burst = 4;
	p->movable = (uint32_t)rng_below(rng, 256);
}

/* Takes the last `nr` single pages from the books and frees them as one list. */
static void drop_list(struct worker *w, uint32_t nr)
{
	uint32_t first = w->nr_held;

	while (first && w->nr_held - first < nr && !w->held[first - 1].order)
		first--;
	nr = w->nr_held - first;
	w->nr_held = first;
	if (nr)
		stress_free_list(w, &w->held[first], nr);
	else if (w->nr_held)
		drop_any(w);
}

static void take(struct worker *w)
{
	uint32_t nr = 1 + (uint32_t)rng_below(&w->rng, BULK_MAX);
	struct alloc_request req = draw_request(w);

	/* None of these asks reclaim, so the end of held[] stays where it is. */
	if (w->room - w->nr_held < 1U << MAX_ORDER)
		return;
	req.gfp &= ~(__GFP_DIRECT_RECLAIM | __GFP_COMP);
	switch (rng_below(&w->rng, 3)) {
	case 0:
		req.order = 0;
		w->nr_held += stress_alloc_bulk(w, &req, &w->held[w->nr_held], nr);
		break;
	case 1:
		req.gfp &= ~__GFP_HIGHMEM;
		req.order = 0;
		w->nr_held += stress_alloc_exact(w, &req, &w->held[w->nr_held], nr);
		break;
	default:
		if (!hold_one(w, &req))
			return;
		w->nr_held--;
		w->nr_held += stress_split(w, &w->held[w->nr_held], &w->held[w->nr_held]);
	}
}

static void step(struct worker *w)
{
	const struct params *p = &w->s->params;

	for (uint32_t i = 0; i < p->burst; i++) {
		if (rng_below(&w->rng, 2 * p->held) < w->nr_held)
			drop_list(w, 1 + (uint32_t)rng_below(&w->rng, BULK_MAX));
		else
			take(w);
	}
}

const struct stressor stressor_bulk = { .draw = draw, .step = step };
