/* SPDX-License-Identifier: MIT */
/* sched_impl.h - what sched.c, which switches, and sched_choose.c, which says when, share */
#ifndef HARNESS_SCHED_IMPL_H
#define HARNESS_SCHED_IMPL_H

#include "fiber.h"
#include "sched.h"

enum task_state {
	TASK_IDLE,			/* nothing to do in this phase */
	TASK_NEXT,			/* between two ops */
	TASK_RUNS,			/* inside one, wherever it stopped */
	TASK_LOCK,			/* finds a lock held */
	TASK_SLEEPS,			/* a daemon, until it is woken */
};

/* Of struct hw, what belongs to the task and not to the machine. */
struct task_hw {
	uint8_t	 cpu;
	uint8_t	 irq_masked;
	uint8_t	 in_irq;
	uint8_t	 held[RANK_ZONE + 1];
	uint32_t irq_at;
	uint32_t struck;
	uint64_t steps;
	void	(*irq)(void *to);
	void	*irq_to;
};

struct task {
	struct fiber	*fiber;
	struct sched	*sched;
	enum task_state	 state;
	uint8_t		 id;
	bool		 fresh;		/* its fiber begins anew at the next switch to it */
	uint32_t	 op;		/* that it is in, or does next */
	uint32_t	 at_op;		/* whose steps hw->steps counts */
	uint64_t	 limit;		/* steps that op may take */
	const struct spinlock *lock;	/* TASK_LOCK */
	const struct waitq *waitq;	/* TASK_SLEEPS */
	bool		(*has_work)(const void *of);
	const void	*work_of;
	struct task_hw	 hw;		/* while it does not run */
};

enum { PATH_MAX_CHOICES = 1 << 15 };

struct choice {				/* EXHAUSTIVE: one place with several ways to go on */
	uint16_t left;			/* tasks not tried yet */
	uint8_t	 taken;
};

struct sched {
	struct mm	*mm;
	struct hw	*hw;
	struct sched_client client;
	const struct schedule *schedule;
	struct schedule	*record;
	struct fiber	*main;
	struct task	 task[SCHED_TASKS];
	uint16_t	 used;		/* bit per task of this program */
	uint8_t		 current;	/* task that runs; SCHED_TASKS: none */
	bool		 left;		/* somebody called sched_leave() */
	uint64_t	 budget;
	uint64_t	 base;		/* hw->steps up to which counts.steps is counted */
	struct sched_counts counts;

	/* sched_choose.c */
	uint64_t	 rng;
	uint64_t	 until;		/* counts.steps at which the strategy has its say */
	uint64_t	 since;		/* ... at which the current task was chosen */
	uint32_t	 nr_bytes;	/* used so far */
	uint8_t		 priority[SCHED_TASKS];
	uint8_t		 lowest;	/* priority given out last at a change point */
	uint32_t	 nr_changes;
	uint64_t	 changes[SCHED_DEPTH_MAX];
	uint32_t	 preemptions;	/* so far in this run */
	uint32_t	 at;		/* in path[] */
	uint32_t	 nr_path;
	struct choice	*path;		/* PATH_MAX_CHOICES */
};

/* Before the program's first step; it has about so many ops. */
void choose_begin(struct sched *s, uint32_t nr_ops);

/* Steps that the current task may take before the strategy wants to be asked. */
uint64_t choose_after(struct sched *s);

/*
 * Who goes on: one of `mask`, in which `usual` is.  `own` says whether the
 * current task could go on in the middle of its op, so that leaving it is a preemption.
 */
unsigned int choose_next(struct sched *s, uint32_t mask, unsigned int usual, bool own);

#endif
