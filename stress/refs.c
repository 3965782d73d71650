/* SPDX-License-Identifier: MIT */
/*
 * refs.c - users of one block on two CPUs, each giving back its own (B5)
 *
 * The owner makes one more user, sends it to the next CPU and goes at once, so
 * that the two often meet: whoever is last frees what is left.
 */
#include "stress.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->order = (uint32_t)rng_below(rng, 5);
	p->burst = 1 + (uint32_t)rng_below(rng, 32);
	p->movable = (uint32_t)rng_below(rng, 256);
}

static void step(struct worker *w)
{
	uint32_t burst = w->s->params.burst;
	struct block block, user;

	for (uint32_t i = 0; i < burst; i++) {
		struct alloc_request req = draw_request(w);

		if (stress_alloc(w, &req, &block) != VERDICT_OK)
			break;
		stress_share(w, &block, &user);
		if (!mail_send(w, &user))
			stress_free(w, &user);
		stress_free(w, &block);
	}
	for (uint32_t i = 0; i < burst && mail_receive(w, &block); i++)
		stress_free(w, &block);
}

const struct stressor stressor_refs = { .draw = draw, .step = step };
