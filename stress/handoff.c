/* SPDX-License-Identifier: MIT */
/*
 * handoff.c - alloc here, free there: every block crosses over to the next CPU
 *
 * One CPU's sets run empty while another's run over, so all pages pass through
 * the buddy; with one thread, it frees its own.
 */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->order = (uint32_t)rng_below(rng, 3);
	p->burst = 16 + (uint32_t)rng_below(rng, 112);
	p->movable = (uint32_t)rng_below(rng, 256);
}

static void step(struct worker *w)
{
	uint32_t burst = w->s->params.burst;
	struct block block;

	for (uint32_t i = 0; i < burst; i++) {
		struct alloc_request req = draw_request(w);

		if (stress_alloc(w, &req, &block) != VERDICT_OK)
			break;
		if (!mail_send(w, &block)) {
			stress_free(w, &block);
			break;
		}
	}
	for (uint32_t i = 0; i < burst && mail_receive(w, &block); i++)
		stress_free(w, &block);
}

const struct stressor stressor_handoff = { .draw = draw, .step = step };
