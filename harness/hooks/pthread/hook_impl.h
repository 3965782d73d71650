/* SPDX-License-Identifier: MIT */
/*
 * hook_impl.h - real threads, hot half (the rest is in pthread.c)
 *
 * A thread is a CPU: it says which one with hw_enter() before it calls core,
 * and no two threads are the same one at a time.  struct hw is what all of
 * them see of one machine and does not change after boot; struct hw_cpu is
 * one thread's own.
 *
 * Memory order.  A lock is taken with acquire and released with release, and
 * that is the only order core relies on: whatever is plain in core is guarded
 * by a lock or owned.  The accessors are relaxed.  What they read without a
 * lock is a number to compare with a mark, a hint, or a type that is looked at
 * again under the lock; nothing is followed from it to other memory, so no
 * reader needs to see what else the writer wrote.  Relaxed still means that an
 * access does not tear, and that add_shared() loses nothing.
 *
 * Each hook is a step; an interrupt can be set to strike at the n-th one.  It
 * is a nested call on the same thread, which is what an interrupt is to core.
 */
#ifndef HOOK_IMPL_H
#define HOOK_IMPL_H

#include <string.h>

struct spinlock {
	uint8_t	 holder;		/* CPU + 1; 0: free */
	uint8_t	 rank;			/* enum lock_rank */
	uint32_t turn;			/* how often it was taken; its holder publishes it */
};

struct hw_cpu {				/* only its own thread touches it, but where said */
	uint8_t	 cpu;			/* below the machine's CPUs */
	uint8_t	 held;			/* bit per rank of the locks held by this context */
	bool	 irq_masked;
	bool	 in_irq;
	uint64_t steps;			/* hooks passed, ever */
	uint64_t strike_at;		/* step at which an interrupt is due */
	uint64_t masked_at;		/* step at which interrupts were masked last */
	uint64_t masked_steps;		/* with interrupts masked, up to the last restore */
	uint64_t irq_every;		/* mean steps between interrupts; 0: there are none */
	bool	 irq_once;		/* the next one waits for hw_arm() */
	void	 (*irq)(void *to);
	void	 *irq_to;
	/* A lock is taken, or refused to a trylock; NULL: nobody listens. */
	void	 (*on_lock)(void *to, const struct spinlock *lock, bool taken);
	void	 *on_lock_to;
	void	 (*on_panic)(void *to, const char *tag, const char *what, const char *file,
			     int line);	/* does not return */
	void	 *on_panic_to;
	uint64_t random;		/* state of hook_random() */
	uint64_t nr_events[NR_EVENTS];
	uint64_t nr_irqs;		/* interrupts that struck */
	uint64_t refused;		/* trylocks that found the lock taken */
	uint64_t waited;		/* locks that were not free at once */
	uint64_t yields;		/* ... and for which the thread gave way */
};

/*
 * A word per page, and room for whoever keeps books of the pages.  The next
 * page may be another CPU's, and processors fetch a line's neighbour with it
 * and more lines ahead of a row of accesses.  So words are two lines apart,
 * and those of pages side by side stand in different rows.
 */
enum { HW_WORDS_APART = 16, HW_ROWS = 64 };

struct hw_contents {			/* of the pages of one zone */
	uint64_t *word;			/* NULL: none are kept */
	pfn_t	  start;		/* the zone's */
	uint64_t  row;			/* pages in each */
};

static inline uint64_t hw_row(uint64_t pages) { return (pages + HW_ROWS - 1) / HW_ROWS; }

static inline uint64_t hw_contents_bytes(uint64_t pages)
{
	return hw_row(pages) * HW_ROWS * HW_WORDS_APART * sizeof(uint64_t);
}

/* The word of the page that is `at` pages behind the first. */
static inline uint64_t *hw_word(const struct hw_contents *c, uint64_t at)
{
	return c->word + (at % HW_ROWS * c->row + at / HW_ROWS) * HW_WORDS_APART;
}

struct hw {				/* (c) after boot */
	struct hw_contents contents[MAX_ZONES];
};

extern _Thread_local struct hw_cpu *hw_self;

/* This thread is that CPU from now on; its fields are set.  NULL: it is none any more. */
void hw_enter(struct hw_cpu *self);

void hw_arm(struct hw_cpu *self);	/* draws when the next interrupt strikes */
void hw_strike(struct hw_cpu *self);	/* an interrupt is due */
void hw_lock_wait(struct hw_cpu *self, struct spinlock *lock);

/* For AddressSanitizer, which then reports whoever touches what is free. */
#if defined(__SANITIZE_ADDRESS__)
#define HW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HW_ASAN 1
#endif
#endif
#ifndef HW_ASAN
#define HW_ASAN 0
#endif
void hw_pages_open(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
void hw_pages_close(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);

static inline void hook_step(struct hw *hw)
{
	struct hw_cpu *self = hw_self;

	(void)hw;
	if (++self->steps >= self->strike_at)
		hw_strike(self);
}

#define read_shared(hw, x)	(hook_step(hw), __atomic_load_n(&(x), __ATOMIC_RELAXED))
#define write_shared(hw, x, value) \
	(hook_step(hw), __atomic_store_n(&(x), (value), __ATOMIC_RELAXED))
#define add_shared(hw, x, delta) \
	(hook_step(hw), (void)__atomic_fetch_add(&(x), (delta), __ATOMIC_RELAXED))
#define drop_shared(hw, x)	hw_drop(hw, &(x))
#define publish(x, value)	__atomic_store_n(&(x), (value), __ATOMIC_RELAXED)
#define observe(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)

/* Release for who goes first, acquire for who is last: all that was done is seen by then. */
static inline bool hw_drop(struct hw *hw, uint16_t *users)
{
	if (__atomic_load_n(users, __ATOMIC_ACQUIRE) == 1) {
		publish(*users, 0);
		return true;
	}
	hook_step(hw);
	return __atomic_sub_fetch(users, 1, __ATOMIC_ACQ_REL) == 0;
}

static inline unsigned int hook_cpu(struct hw *hw)
{
	(void)hw;
	return hw_self->cpu;
}

static inline bool hook_irq_save(struct hw *hw)
{
	struct hw_cpu *self = hw_self;
	bool masked = self->irq_masked;

	(void)hw;
	if (!masked)
		self->masked_at = self->steps;
	self->irq_masked = true;
	return masked;
}

static inline void hook_irq_restore(struct hw *hw, bool masked)
{
	struct hw_cpu *self = hw_self;

	self->irq_masked = masked;
	if (!masked)
		self->masked_steps += self->steps - self->masked_at;
	hook_step(hw);
}

/* No thread is a daemon yet; one that waits looks for work again and again. */
struct waitq {
	uint8_t	unused;
};

static inline void hook_waitq_init(struct waitq *q)
{
	q->unused = 0;
}

static inline void hook_lock_init(struct spinlock *lock, enum lock_rank rank)
{
	*lock = (struct spinlock){ .rank = (uint8_t)rank };
}

/* Acquire: what earlier holders wrote is seen by this one. */
static inline bool hw_lock_try(struct hw_cpu *self, struct spinlock *lock)
{
	uint8_t nobody = 0;

	/* The plain look first: a failed exchange takes the line away from the holder. */
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == 0 &&
	       __atomic_compare_exchange_n(&lock->holder, &nobody, (uint8_t)(self->cpu + 1), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void hw_lock_taken(struct hw_cpu *self, struct spinlock *lock)
{
	mm_assert(X9, self->held >> lock->rank == 0);
	mm_assert(X9, lock->rank != RANK_ZONE || self->irq_masked);
	self->held |= (uint8_t)(1 << lock->rank);
	publish(lock->turn, lock->turn + 1);
	if (self->on_lock)
		self->on_lock(self->on_lock_to, lock, true);
}

static inline void hook_lock(struct hw *hw, struct spinlock *lock)
{
	struct hw_cpu *self = hw_self;

	hook_step(hw);
	if (!hw_lock_try(self, lock))
		hw_lock_wait(self, lock);
	hw_lock_taken(self, lock);
}

static inline bool hook_trylock(struct hw *hw, struct spinlock *lock)
{
	struct hw_cpu *self = hw_self;

	hook_step(hw);
	if (!hw_lock_try(self, lock)) {
		self->refused++;
		if (self->on_lock)
			self->on_lock(self->on_lock_to, lock, false);
		return false;
	}
	hw_lock_taken(self, lock);
	return true;
}

/* Release: what this holder wrote is seen by the next one. */
static inline void hook_unlock(struct hw *hw, struct spinlock *lock)
{
	struct hw_cpu *self = hw_self;

	mm_assert(X9, __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == self->cpu + 1);
	mm_assert(X9, self->held >> lock->rank & 1);
	self->held &= (uint8_t)~(1 << lock->rank);
	__atomic_store_n(&lock->holder, (uint8_t)0, __ATOMIC_RELEASE);
	hook_step(hw);
}

static inline bool hook_lock_is_held(struct hw *hw, const struct spinlock *lock)
{
	(void)hw;
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == hw_self->cpu + 1;
}

static inline void hook_pages_alloc(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	if (HW_ASAN)
		hw_pages_open(hw, zone, pfn, nr);
}

static inline void hook_pages_free(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	if (HW_ASAN)
		hw_pages_close(hw, zone, pfn, nr);
}

static inline void hook_tails_written(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	(void)hw;
	(void)zone;
	(void)pfn;
	(void)nr;
}

static inline void hook_event(struct hw *hw, struct event event)
{
	(void)hw;
	hw_self->nr_events[event.kind]++;
}

/* Nobody checks after each operation here: others are in the middle of theirs. */
static inline void hook_touched(struct hw *hw, unsigned int zone, pfn_t pfn, unsigned int list)
{
	(void)hw;
	(void)zone;
	(void)pfn;
	(void)list;
}

static inline bool hook_may_alloc(struct hw *hw, gfp_t gfp, unsigned int order)
{
	(void)hw;
	(void)gfp;
	(void)order;
	return true;
}

#endif
