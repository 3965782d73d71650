/* SPDX-License-Identifier: MIT */
/*
 * pressure.c - allocation near the marks
 *
 * Every thread takes until it is refused and then gives a little back, so all
 * of them stay where marks, reserves and the slow path decide.  Who may wait
 * gets direct reclaim, which frees what its own thread holds.
 */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->order = (uint32_t)rng_below(rng, 6);
	p->burst = 1 + (uint32_t)rng_below(rng, 48);
	p->movable = (uint32_t)rng_below(rng, 256);
	p->atomic = (uint32_t)rng_below(rng, 256);
}

static void step(struct worker *w)
{
	uint32_t burst = w->s->params.burst;

	for (uint32_t i = 0; i < 64; i++) {
		struct alloc_request req = draw_request(w);

		if (rng_chance(&w->rng, 128))
			req.gfp &= ~__GFP_DIRECT_RECLAIM;
		if (hold_one(w, &req))
			continue;
		for (uint32_t n = 1 + (uint32_t)rng_below(&w->rng, burst); n && w->nr_held; n--)
			drop_any(w);
	}
}

const struct stressor stressor_pressure = { .draw = draw, .step = step, .reclaims = true };
