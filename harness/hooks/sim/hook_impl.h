/* SPDX-License-Identifier: MIT */
/*
 * hook_impl.h - the deterministic machine, hot half (the rest is in sim.c)
 *
 * Everything runs in one thread.  struct hw says which virtual CPU that thread
 * is at the moment; a lock is a byte that names its holder, and finding it
 * held where nobody else can run is a deadlock, reported at once.  Each hook
 * is one step: steps are counted against a budget (X9), and an interrupt or a
 * fault can be armed to strike at the n-th one.
 *
 * With a schedule (sched.h) CPUs are fibers, and each step is a place where
 * another one may go on.  The budget is then lowered to the next such place,
 * so that without a schedule nothing more is asked at a step than it was.
 */
#ifndef HOOK_IMPL_H
#define HOOK_IMPL_H

#include <string.h>

#include "place.h"

struct spinlock {
	uint8_t	holder;			/* CPU + 1; 0: free */
	uint8_t	rank;			/* enum lock_rank */
};

struct waitq {
	uint16_t waiters;		/* bit per task of the schedule */
};

enum { TOUCHED_MAX = 128 };		/* a power of two */

struct touched {			/* a block that changed lists */
	pfn_t	pfn;
	uint8_t	zone;
	uint8_t	list;			/* as hooks.h numbers them */
};

/*
 * What of a zone can be otherwise than after boot: the pages that were handed out,
 * a bit per 64th part of the zone, and the records that core can have written, a bit
 * per 1024th.
 */
enum { SIM_DIRT_WORDS = 16 };

struct sim_dirt {
	pfn_t	 start;			/* the zone's */
	uint64_t given;
	uint64_t written[SIM_DIRT_WORDS];
	uint8_t	 given_shift;		/* log2 pages in a part */
	uint8_t	 written_shift;
};

struct hw {
	uint8_t	 cpu;			/* who runs */
	uint8_t	 irq_masked;		/* bool */
	uint8_t	 in_irq;		/* bool: inside the armed interrupt */
	uint8_t	 held[RANK_ZONE + 1];	/* locks held by the running context, per rank */
	uint64_t steps;			/* hooks passed since the operation began */
	uint64_t alarm;			/* step after which sim_alarm() is asked; 0: at once */
	uint64_t budget;		/* steps until sim_over() decides what comes now */
	struct sched *sched;		/* who runs when; NULL: one after the other */
	/* Told of every step before anything else happens there; NULL: nobody. */
	void	(*on_step)(void *to, enum sim_place place, const volatile void *what);
	void	*on_step_to;

	/*
	 * Faults and interrupts; 0 is "not armed", n strikes at the n-th chance from now.
	 * Who arms the interrupt, or lowers the budget, sets the alarm to 0.
	 */
	uint32_t irq_at;		/* unmasked steps until the interrupt */
	uint32_t fail_alloc_at;		/* requests until the injected failure */
	bool	 fail_alloc_from;	/* and all after it */
	uint32_t fail_trylock_at;	/* trylocks until one is refused */
	uint32_t struck;		/* interrupts and faults that struck in this operation */
	void	(*irq)(void *to);	/* the armed interrupt */
	void	*irq_to;

	/* What happened in this operation. */
	uint32_t nr_touched;		/* may exceed TOUCHED_MAX: then the oldest are lost */
	uint64_t zones_touched;		/* bit per zone id */
	uint32_t nr_events[NR_EVENTS];
	void	(*on_event)(void *to, const struct event *event);	/* NULL: only counted */
	void	*on_event_to;

	uint64_t random;		/* state of hook_random */
	struct contents *contents;	/* simulated page contents, sim.c; NULL: none kept */
	struct touched touched[TOUCHED_MAX];	/* the latest */
	struct sim_dirt dirt[MAX_ZONES];	/* since run_boot() */
};

/* Looks at budget and interrupt, sets the alarm anew. */
void sim_alarm(struct hw *hw, enum sim_place place, const volatile void *what);
/* Past hw->budget: another CPU's turn, or too many steps (X9). */
void sim_over(struct hw *hw, enum sim_place place, const volatile void *what);
/* Returns once the lock is free; where nobody can free it, that is a deadlock. */
void sim_lock_busy(struct hw *hw, const struct spinlock *lock);
/* A CPU's set changes: only with its lock (sched.h has the rest). */
void sim_touched(struct hw *hw, unsigned int zone, unsigned int cpu);
void sim_event(struct hw *hw, struct event event);
void sim_pages_alloc(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
void sim_pages_free(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);

/*
 * Hooks are the machine, not what is under test: fuzz builds leave them without
 * sanitizers and counters of their own, one copy per file that calls them.
 */
#ifdef __has_feature
#if __has_feature(coverage_sanitizer)
#define SIM_BARE	__attribute__((no_sanitize("address", "undefined", "coverage")))
#endif
#endif
#ifndef SIM_BARE
#define SIM_BARE
#endif

/* One step: the place where a schedule may switch.  `what` is the lock or the datum, if any. */
SIM_BARE static inline void sim_step(struct hw *hw, enum sim_place place, const volatile void *what)
{
	if (++hw->steps > hw->alarm)
		sim_alarm(hw, place, what);
}

/* With an interrupt armed, or somebody who listens, each step counts. */
static inline void sim_set_alarm(struct hw *hw)
{
	hw->alarm = hw->irq_at || hw->on_step ? 0 : hw->budget;
}

static inline void hook_step(struct hw *hw) { sim_step(hw, PLACE_NONE, NULL); }

#define read_shared(hw, x)		(sim_step(hw, PLACE_READ, &(x)), (x))
#define write_shared(hw, x, value)	(sim_step(hw, PLACE_WRITE, &(x)), (void)((x) = (value)))
#define add_shared(hw, x, delta)	(sim_step(hw, PLACE_ADD, &(x)), (void)((x) += (delta)))
#define drop_shared(hw, x)		sim_drop(hw, &(x))
#define publish(x, value)		((void)((x) = (value)))
#define observe(x)			(x)

SIM_BARE static inline bool sim_drop(struct hw *hw, uint16_t *users)
{
	if (*users == 1)
		return --*users == 0;
	sim_step(hw, PLACE_ADD, users);
	if (--*users == 0)
		return true;
	sim_step(hw, PLACE_ADD, users);	/* from here on the page may be anybody's */
	return false;
}

static inline unsigned int hook_cpu(struct hw *hw) { return hw->cpu; }

static inline bool hook_irq_save(struct hw *hw)
{
	bool masked = hw->irq_masked;

	hw->irq_masked = true;
	return masked;
}

SIM_BARE static inline void hook_irq_restore(struct hw *hw, bool masked)
{
	hw->irq_masked = masked;
	sim_step(hw, PLACE_IRQ, NULL);
}

static inline void hook_lock_init(struct spinlock *lock, enum lock_rank rank)
{
	lock->holder = 0;
	lock->rank = (uint8_t)rank;
}

static inline void hook_waitq_init(struct waitq *q)
{
	q->waiters = 0;
}

SIM_BARE static inline void sim_lock_taken(struct hw *hw, struct spinlock *lock)
{
	for (unsigned int rank = lock->rank; rank <= RANK_ZONE; rank++)
		mm_assert(X9, hw->held[rank] == 0);
	lock->holder = (uint8_t)(hw->cpu + 1);
	hw->held[lock->rank]++;
}

SIM_BARE static inline void hook_lock(struct hw *hw, struct spinlock *lock)
{
	sim_step(hw, PLACE_LOCK, lock);
	if (lock->holder)
		sim_lock_busy(hw, lock);
	sim_lock_taken(hw, lock);
}

SIM_BARE static inline bool hook_trylock(struct hw *hw, struct spinlock *lock)
{
	sim_step(hw, PLACE_TRYLOCK, lock);
	if (hw->fail_trylock_at && --hw->fail_trylock_at == 0) {
		hw->struck++;
		return false;
	}
	if (lock->holder)
		return false;
	sim_lock_taken(hw, lock);
	return true;
}

SIM_BARE static inline void hook_unlock(struct hw *hw, struct spinlock *lock)
{
	mm_assert(X9, lock->holder == hw->cpu + 1);
	mm_assert(X9, hw->held[lock->rank] > 0);
	lock->holder = 0;
	hw->held[lock->rank]--;
	sim_step(hw, PLACE_UNLOCK, lock);
}

static inline bool hook_lock_is_held(struct hw *hw, const struct spinlock *lock)
{
	return lock->holder == hw->cpu + 1;
}

/*
 * Core writes the record of the first page of a block that goes on or off a list, or is
 * given back; its neighbours on a list were named before.
 */
SIM_BARE static inline void sim_written(struct hw *hw, unsigned int zone, pfn_t pfn)
{
	struct sim_dirt *d = &hw->dirt[zone];
	uint64_t part = (pfn - d->start) >> d->written_shift;

	d->written[part / 64 % SIM_DIRT_WORDS] |= 1ULL << part % 64;
}

SIM_BARE static inline void hook_tails_written(struct hw *hw, unsigned int zone, pfn_t pfn,
					       uint64_t nr)
{
	const uint64_t part = 1ULL << hw->dirt[zone].written_shift;

	for (uint64_t i = 0; i < nr; i += part)
		sim_written(hw, zone, pfn + i);
	sim_written(hw, zone, pfn + nr - 1);
}

SIM_BARE static inline void sim_given(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	struct sim_dirt *d = &hw->dirt[zone];
	uint64_t first = (pfn - d->start) >> d->given_shift;
	uint64_t last = (pfn + nr - 1 - d->start) >> d->given_shift;

	d->given |= (UINT64_MAX >> (63 - last % 64)) & (UINT64_MAX << first % 64);
}

static inline void hook_pages_alloc(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	sim_given(hw, zone, pfn, nr);
	if (hw->contents)
		sim_pages_alloc(hw, zone, pfn, nr);
}

static inline void hook_pages_free(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	sim_written(hw, zone, pfn);
	if (hw->contents)
		sim_pages_free(hw, zone, pfn, nr);
}

static inline void hook_event(struct hw *hw, struct event event)
{
	hw->nr_events[event.kind]++;
	if (hw->on_event)
		sim_event(hw, event);
}

SIM_BARE static inline void hook_touched(struct hw *hw, unsigned int zone, pfn_t pfn,
					 unsigned int list)
{
	struct touched *t = &hw->touched[hw->nr_touched++ & (TOUCHED_MAX - 1)];

	t->pfn = pfn;
	t->zone = (uint8_t)zone;
	t->list = (uint8_t)list;
	hw->zones_touched |= 1ULL << zone;
	sim_written(hw, zone, pfn);
	if (hw->sched && list >= LIST_OF_CPU)
		sim_touched(hw, zone, list - LIST_OF_CPU);
}

static inline bool hook_may_alloc(struct hw *hw, gfp_t gfp, unsigned int order)
{
	(void)gfp;
	(void)order;
	if (!hw->fail_alloc_at || --hw->fail_alloc_at)
		return true;
	hw->fail_alloc_at = hw->fail_alloc_from;
	hw->struck++;
	return false;
}

#endif
