/* SPDX-License-Identifier: MIT */
/*
 * storm.c - interrupts that allocate and free, wherever core has them unmasked (P6)
 *
 * They strike at hooks, a few steps apart; what they do is stress_interrupt().
 */
#include "oplog.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 300);
	p->order = (uint32_t)rng_below(rng, 5);
	p->burst = 32;
	p->movable = (uint32_t)rng_below(rng, 256);
	p->atomic = (uint32_t)rng_below(rng, 128);
	p->irq_every = 2 + (uint32_t)rng_below(rng, 60);
}

static void step(struct worker *w)
{
	stressor_churn.step(w);
	stress_log(w, &(struct oplog_entry){ .op = LOG_TICK });
	mm_tick(&w->s->mm);
}

const struct stressor stressor_storm = { .draw = draw, .step = step };
