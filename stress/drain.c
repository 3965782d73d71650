/* SPDX-License-Identifier: MIT */
/* drain.c - sets are emptied from afar, and counters folded, while their owners use them (P4) */
#include "oplog.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 200);
	p->order = (uint32_t)rng_below(rng, 4);
	p->burst = 1 + (uint32_t)rng_below(rng, 32);
	p->movable = (uint32_t)rng_below(rng, 256);
}

static void drain_something(struct worker *w)
{
	struct mm *mm = &w->s->mm;
	unsigned int cpu = (unsigned int)rng_below(&w->rng, mm->nr_cpus);

	switch (rng_below(&w->rng, 8)) {
	case 0:
		stress_log(w, &(struct oplog_entry){ .op = LOG_DRAIN_ALL });
		mm_drain_all(mm);
		break;
	case 1:
	case 2:
		stress_log(w, &(struct oplog_entry){ .op = LOG_TICK });
		mm_tick(mm);
		break;
	default:
		stress_log(w, &(struct oplog_entry){ .op = LOG_DRAIN, .n = cpu });
		if (mm_drain_cpu(mm, cpu) != MM_OK)
			stress_fail(w, "P4", "CPU %u cannot be drained", cpu);
	}
	worker_count(w, COUNT_OPS, 1);
}

static void step(struct worker *w)
{
	stressor_churn.step(w);
	for (uint32_t i = 0; i < w->s->params.burst; i++) {
		struct alloc_request req = draw_request(w);

		if (rng_below(&w->rng, 4) == 0)
			drain_something(w);
		else if (w->nr_held)
			drop_any(w);
		hold_one(w, &req);
	}
}

const struct stressor stressor_drain = { .draw = draw, .step = step };
