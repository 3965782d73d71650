/* SPDX-License-Identifier: MIT */
/*
 * hotcpu.c - CPUs go and come, sysctls change
 *
 * Thread 0 takes others down, one at a time: hotplug is serialised by whoever
 * calls it.  A CPU is down only while its thread stands still between two
 * steps, so nobody but the one who takes it down touches its counters; its sets
 * have their lock.  Sysctls are written by everybody, under the tunables' lock.
 */
#include <sched.h>

#include "oplog.h"

static void draw(struct params *p, uint64_t *rng)
{
	p->held = 16 + (uint32_t)rng_below(rng, 300);
	p->order = (uint32_t)rng_below(rng, 5);
	p->burst = 4 + (uint32_t)rng_below(rng, 60);
	p->movable = (uint32_t)rng_below(rng, 256);
}

static void write_sysctl(struct worker *w)
{
	static const struct {
		enum sysctl_name name;
		uint32_t	 lowest;
		uint32_t	 range;
	} rows[] = {
		{ SYSCTL_MIN_FREE_KBYTES, 0, 4096 },
		{ SYSCTL_WATERMARK_SCALE_FACTOR, 1, 100 },
		{ SYSCTL_WATERMARK_BOOST_FACTOR, 0, 30000 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 8, 200 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, 16, 512 },
		{ SYSCTL_DIRTY_RATIO, 0, 101 },
	};
	uint64_t row = rng_below(&w->rng, sizeof(rows) / sizeof(rows[0]));
	int64_t value = rows[row].lowest + (int64_t)rng_below(&w->rng, rows[row].range);
	unsigned int index = rows[row].name == SYSCTL_LOWMEM_RESERVE_RATIO ? ZONE_NORMAL : 0;

	stress_log(w, &(struct oplog_entry){ .op = LOG_SYSCTL, .order = (uint8_t)rows[row].name,
					     .n = index, .value = value });
	if (mm_sysctl_write(&w->s->mm, rows[row].name, index, value) != MM_OK)
		stress_fail(w, "W9", "%s=%lld is refused", sysctl_text(rows[row].name),
			    (long long)value);
	worker_count(w, COUNT_OPS, 1);
}

/* Asks the CPU's thread to stand still, and waits until it does, or has left for good. */
static void ask_down(struct worker *w, struct worker *victim)
{
	uint32_t down = DOWN_NO;

	if (!__atomic_compare_exchange_n(&victim->down, &down, DOWN_ASKED, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		return;
	while (__atomic_load_n(&victim->down, __ATOMIC_ACQUIRE) == DOWN_ASKED) {
		worker_checkpoint(w);
		sched_yield();
	}
}

static void go_on(struct worker *victim)
{
	uint32_t down = DOWN_YES;

	__atomic_compare_exchange_n(&victim->down, &down, DOWN_NO, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED);
}

/* A CPU without a thread of its own is there for the taking. */
static void bounce(struct worker *w)
{
	struct session *s = w->s;
	unsigned int cpu = 1 + (unsigned int)rng_below(&w->rng, s->mm.nr_cpus - 1u);
	struct worker *victim = cpu < s->nr_workers ? &s->workers[cpu] : NULL;

	if (victim)
		ask_down(w, victim);
	stress_log(w, &(struct oplog_entry){ .op = LOG_CPU_DOWN, .n = cpu });
	if (mm_cpu_offline(&s->mm, cpu) != MM_OK)
		stress_fail(w, "P4", "CPU %u cannot go", cpu);
	worker_checkpoint(w);		/* the world may be recounted without it */
	stressor_churn.step(w);
	stress_log(w, &(struct oplog_entry){ .op = LOG_CPU_UP, .n = cpu });
	if (mm_cpu_online(&s->mm, cpu) != MM_OK)
		stress_fail(w, "P4", "CPU %u cannot come", cpu);
	if (victim)
		go_on(victim);
	worker_count(w, COUNT_OPS, 2);
}

static void step(struct worker *w)
{
	stressor_churn.step(w);
	if (rng_below(&w->rng, 16) == 0)
		write_sysctl(w);
	if (!w->id && w->s->mm.nr_cpus > 1)
		bounce(w);
}

const struct stressor stressor_hotcpu = { .draw = draw, .step = step };
