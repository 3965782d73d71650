/* SPDX-License-Identifier: MIT */
/* run_sched.h - what run_sched.c, which runs a phase, and run_queue.c, which fills it, share */
#ifndef HARNESS_RUN_SCHED_H
#define HARNESS_RUN_SCHED_H

#include "run_internal.h"

enum { NO_ITEM = UINT16_MAX, AFTERS = 6 };

struct item {				/* an op of this phase */
	uint32_t op;
	uint32_t slot;			/* that it fills or uses */
	const struct op *irq;		/* strikes in it; NULL: none does */
	uint32_t irq_slot;
	uint32_t less, more;		/* pages it takes, and gives back, at most */
	uint32_t holds;			/* ... and are in the slot that it uses */
	uint16_t next;			/* on its CPU */
	uint16_t after[AFTERS];		/* items that must have ended first, or NO_ITEM */
	bool	 done;
};

struct task_run {			/* of struct run, what belongs to a task */
	uint32_t op;
	const struct op *irq_op;
	uint32_t irq_slot;
	bool	 refused;
	uint8_t	 verdict;
	gfp_t	 refused_gfp;
	struct page **list[2];
};

struct run_sched {
	struct sched	*sched;
	struct schedule	*own;		/* the record, unless somebody else has room for it */
	uint32_t	 nr_items;
	struct item	 items[OPS_MAX];
	uint16_t	 head[SCHED_CPUS];	/* what the CPU does next, or NO_ITEM */
	uint16_t	 tail[SCHED_CPUS];
	uint64_t	 less[SCHED_CPUS];	/* over what is left of each queue */
	uint64_t	 more[SCHED_CPUS];
	uint16_t	 last_use[SLOTS_MAX];	/* the item that uses the slot last so far */
	uint16_t	 use_before[SLOTS_MAX];	/* ... and the one before it */
	uint16_t	 last_get[SLOTS_MAX];	/* ... that made one more user of it */
	uint16_t	 last_tuned;	/* the item that tunes last so far */
	uint16_t	 came_up[SCHED_CPUS];	/* the item that brings the CPU up */
	uint64_t	 online;	/* CPUs, once all that is queued is done */
	uint32_t	 pieces;	/* that splits make, at most */
	struct task_run	 task[SCHED_TASKS];
	unsigned int	 task_now;	/* SCHED_TASKS: none */
	unsigned int	 inside;	/* ops that have begun and not ended */
	uint64_t	 begun;		/* ops, ever */
	uint64_t	 began[SCHED_TASKS];	/* `begun` when the task's op began; 0: not alone */
	unsigned int	 daemons;
	uint64_t	 switches, steps;
};

/* --- run_queue.c ------------------------------------------------------------------------- */

void queue_begin(const struct run *r, struct run_sched *rs);	/* a phase, still empty */

/* Can the op be in a phase?  The others are barriers. */
bool queue_takes(const struct run *r, const struct run_sched *rs, const struct op *op);

/* Puts an op, and the interrupt that waits for one, into its CPU's queue. */
void queue_op(struct run *r, struct run_sched *rs, uint32_t index);

void queue_end(const struct run *r, struct run_sched *rs);	/* the phase is over */

#endif
