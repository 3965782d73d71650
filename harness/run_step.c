/* SPDX-License-Identifier: MIT */
/*
 * run_step.c - the state at every step, as a number (X10)
 *
 * The state hash alone is taken after ops, when no lock is held and nothing is
 * half done.  Here it is taken wherever another CPU could go on, with who holds
 * which lock and who waits, so that two runs that part are told apart at the
 * first step that differs.
 */
#include "run_internal.h"

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

/* Who holds what: not part of the state between ops, for then nobody does. */
static uint64_t mix_locks(const struct run *r, uint64_t hash)
{
	const struct mm *mm = &r->mm;

	hash = mix(hash, mm->tun.lock.holder);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &mm->zones[r->zone_ids[i]];

		hash = mix(hash, z->lock.holder);
		for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
			hash = mix(hash, z->cpu[cpu].pcp.lock.holder);
	}
	return mix(hash, mm->drainer.waitq.waiters);
}

static void on_step(void *to, enum sim_place place, const volatile void *what)
{
	struct run *r = to;
	struct sched_switch at = { .step = 0 };
	struct run_step step;
	struct sched *s = r->hw.sched;

	sched_name_place(&r->mm, place, what, &at);
	step = (struct run_step){
		.op = s ? sched_op(s) : r->op, .step = (uint32_t)r->hw.steps,
		.task = (uint8_t)(s ? sched_task(s) : r->hw.cpu), .in_irq = r->hw.in_irq,
		.place = at.place, .zone = at.zone, .cpu = at.cpu };
	step.hash = mix(mix_locks(r, state_hash(&r->mm)), (uint64_t)step.op << 32 | step.step);
	step.hash = mix(step.hash, (uint64_t)step.task << 48 | (uint64_t)r->hw.irq_masked << 40 |
				   (uint64_t)step.in_irq << 32 | (uint64_t)step.place << 24 |
				   (uint64_t)step.zone << 16 | step.cpu);
	r->stats.trace_hash = mix(r->stats.trace_hash, step.hash);
	if (r->on_step)
		r->on_step(r->on_step_to, &step);
}

void run_watch_steps(struct run *r)
{
	r->hw.on_step = on_step;
	r->hw.on_step_to = r;
	r->hw.alarm = 0;
}

void run_on_step(struct run *r, void (*fn)(void *to, const struct run_step *step), void *to)
{
	r->on_step = fn;
	r->on_step_to = to;
}
