/* SPDX-License-Identifier: MIT */
/*
 * sched.h - virtual CPUs and daemons as fibers, and who of them runs when
 *
 * A task is a CPU with its queue of ops, or a daemon.  All run in one thread,
 * one at a time; at each step of the deterministic machine (hooks/sim) another
 * one may go on.  A task that finds a lock held does not spin: it stops until
 * the lock is free.  A daemon shares its CPU with that CPU's queue, so it runs
 * only where the kernel could preempt: no lock held, interrupts unmasked.
 *
 * The usual choice, from which a schedule deviates, is: whoever runs goes on;
 * at the end of an op, or when it cannot go on, the task with the lowest op
 * does, daemons last.  That is the program's own order.  Every deviation is
 * recorded as a struct sched_switch, whatever strategy it came from; a schedule
 * of these alone is replayed step by step (X10).
 *
 * Checked here (X9): deadlock, with the holders named; a lock taken twice;
 * waiting with a lock held, masked, or in an interrupt; a daemon that sleeps
 * although it has work, when nothing else can run; steps per op; a per-CPU set
 * that changes without its lock.  Strategies that draw leave no task waiting
 * for more than SCHED_FAIR_STEPS of the one that runs.
 *
 * What 6.1 reads or writes without a lock, and tolerates, is no finding: the
 * approximate free counter, marks and boost in checks; count, high and batch of
 * a set in a tick and on a free; nr_reserved_highatomic before it is looked at
 * again under the lock; the type of a pageblock on a free, which is why a page
 * may come back to a list of the type it had; the flags of zones and the
 * wishes to daemons, each a byte of its own; statistics of events.
 */
#ifndef HARNESS_SCHED_H
#define HARNESS_SCHED_H

#include "op.h"
#include "sim.h"

enum { SCHED_FAIR_STEPS = 1 << 14 };

struct sched;

/* What the tasks do; `to` is the client's own. */
struct sched_client {
	void *to;
	uint32_t nr_ops;		/* of the program */
	/* The op that a CPU would do next; false: it has none in this phase. */
	bool (*next)(void *to, unsigned int cpu, uint32_t *op);
	/* May that op begin? */
	bool (*ready)(void *to, unsigned int cpu);
	void (*run)(void *to, unsigned int cpu);
	/* A daemon's life: does not return. */
	void (*daemon)(void *to, unsigned int daemon);
	/* Another task goes on: what the client keeps per task changes hands. */
	void (*swap)(void *to, unsigned int from, unsigned int task, enum sim_place place);
};

struct sched_counts {
	uint64_t switches;		/* from one task to another */
	uint64_t steps;
	uint32_t runs;			/* EXHAUSTIVE: schedules tried */
};

struct sched *sched_new(void);
void sched_delete(struct sched *s);

/*
 * Before a program's first phase: the machine has booted.  Deviations go to
 * `record`, which it empties.  `daemons` of them live as long as the program.
 */
void sched_begin(struct sched *s, struct mm *mm, const struct schedule *schedule,
		 const struct sched_client *client, unsigned int daemons,
		 struct schedule *record);

/*
 * Runs what the CPUs have to do until nobody can go on; every op may take
 * `budget` steps.  False: somebody left by sched_leave().
 */
bool sched_run(struct sched *s, uint64_t budget);

/* From within a task: ends the phase at once.  Returns only when called outside of one. */
void sched_leave(struct sched *s);

/* EXHAUSTIVE: is there another schedule to try?  Then the next program is run with it. */
bool sched_more(struct sched *s);

const struct sched_counts *sched_counts(const struct sched *s);

void sched_restart(struct sched *s);	/* before the first run of a program */

const char *sched_place_name(enum sim_place place);

/* The task that runs, and the op that it is in; a daemon's is OPS_MAX plus its number. */
unsigned int sched_task(const struct sched *s);
uint32_t sched_op(const struct sched *s);

/* Which lock or datum of the machine `what` is: place, zone and cpu of *sw. */
void sched_name_place(const struct mm *mm, enum sim_place place, const volatile void *what,
		      struct sched_switch *sw);

#endif
