/* SPDX-License-Identifier: MIT */
/* churn.c - alloc and free, each CPU its own: the fast paths, and what CPUs share by mistake */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 500);
	p->order = (uint32_t)rng_below(rng, 4);
	p->single = 192 + (uint32_t)rng_below(rng, 64);	/* mostly, as in real use */
	p->burst = 32;
	p->movable = (uint32_t)rng_below(rng, 256);
}

static void step(struct worker *w)
{
	const struct params *p = &w->s->params;

	for (uint32_t i = 0; i < p->burst; i++) {
		struct alloc_request req = draw_request(w);

		if (rng_below(&w->rng, 2 * p->held) < w->nr_held || !hold_one(w, &req))
			if (w->nr_held)
				drop_any(w);
	}
}

const struct stressor stressor_churn = { .draw = draw, .step = step };
