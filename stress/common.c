/* SPDX-License-Identifier: MIT */
/* common.c - what stressors share: requests, held blocks, mailboxes, interrupts */
#include "oplog.h"

#define ROW(name, about) { #name, about, &stressor_##name },
const struct stressor_row stressors[] = {
#include "stressors.h"
};
#undef ROW

const unsigned int nr_stressors = sizeof(stressors) / sizeof(stressors[0]);

struct alloc_request draw_request(struct worker *w)
{
	const struct params *p = &w->s->params;
	struct alloc_request req = { .nid = NODE_NONE, .gfp = GFP_KERNEL };

	if (p->order && !(p->single && rng_chance(&w->rng, p->single)))
		req.order = (uint8_t)(rng_scale(&w->rng, p->order + 1) - 1);
	if (rng_chance(&w->rng, p->movable))
		req.gfp = GFP_HIGHUSER_MOVABLE;
	else if (rng_chance(&w->rng, p->atomic))
		req.gfp = GFP_ATOMIC;
	else if (req.order && rng_chance(&w->rng, 64))
		req.gfp |= __GFP_COMP;
	return req;
}

/* --- held blocks ---------------------------------------------------------------------------- */

bool hold_one(struct worker *w, const struct alloc_request *req)
{
	struct block block;

	if (w->nr_held == w->room || stress_alloc(w, req, &block) != VERDICT_OK)
		return false;
	/* Only now: reclaim may have taken some away meanwhile. */
	w->held[w->nr_held++] = block;
	return true;
}

void drop_any(struct worker *w)
{
	uint32_t i = (uint32_t)rng_below(&w->rng, w->nr_held);
	struct block block = w->held[i];

	w->held[i] = w->held[--w->nr_held];
	stress_free(w, &block);
}

void drop_all(struct worker *w)
{
	while (w->nr_held)
		drop_any(w);
	while (w->nr_irq_held)
		stress_free(w, &w->irq_held[--w->nr_irq_held]);
}

/* --- mailboxes ------------------------------------------------------------------------------ */

/* Release and acquire: who gets a block sees what the sender wrote into it. */
bool mail_send(struct worker *w, const struct block *block)
{
	struct mailbox *m = &w->s->workers[(w->id + 1) % w->s->nr_workers].mail;
	uint32_t put = m->put;

	if (put - __atomic_load_n(&m->got, __ATOMIC_ACQUIRE) == MAILBOX_BLOCKS)
		return false;
	m->block[put % MAILBOX_BLOCKS] = *block;
	__atomic_store_n(&m->put, put + 1, __ATOMIC_RELEASE);
	return true;
}

bool mail_receive(struct worker *w, struct block *block)
{
	struct mailbox *m = &w->mail;
	uint32_t got = m->got;

	if (got == __atomic_load_n(&m->put, __ATOMIC_ACQUIRE))
		return false;
	*block = m->block[got % MAILBOX_BLOCKS];
	__atomic_store_n(&m->got, got + 1, __ATOMIC_RELEASE);
	return true;
}

/* --- interrupts ----------------------------------------------------------------------------- */

void stress_interrupt(void *to)
{
	struct worker *w = to;
	struct alloc_request req = { .gfp = GFP_ATOMIC, .nid = NODE_NONE, .context = CTX_IRQ };

	if (w->log)
		oplog_irq(w, true);
	if (w->nr_irq_held == IRQ_BLOCKS || (w->nr_irq_held && hook_random(NULL) & 1)) {
		stress_free(w, &w->irq_held[--w->nr_irq_held]);
	} else {
		req.order = hook_random(NULL) % 4 ? 0 : (uint8_t)(hook_random(NULL) % 4);
		if (stress_alloc(w, &req, &w->irq_held[w->nr_irq_held]) == VERDICT_OK)
			w->nr_irq_held++;
	}
	if (w->log)
		oplog_irq(w, false);
}
