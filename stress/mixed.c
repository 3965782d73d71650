/* SPDX-License-Identifier: MIT */
/* mixed.c - all stressors on one machine: each thread takes steps of one, then of another */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 2000);
	p->order = (uint32_t)rng_below(rng, MAX_ORDER + 1);
	p->burst = 1 + (uint32_t)rng_below(rng, 64);
	p->movable = (uint32_t)rng_below(rng, 256);
	p->atomic = (uint32_t)rng_below(rng, 256);
	p->irq_every = rng_below(rng, 2) ? 0 : 20 + (uint32_t)rng_below(rng, 2000);
}

static void step(struct worker *w)
{
	if (!w->role_left) {
		do
			w->role = (uint32_t)rng_below(&w->rng, nr_stressors);
		while (stressors[w->role].what == &stressor_mixed);
		w->role_left = (uint32_t)rng_scale(&w->rng, 1000);
	}
	w->role_left--;
	stressors[w->role].what->step(w);
}

const struct stressor stressor_mixed = { .draw = draw, .step = step, .reclaims = true };
