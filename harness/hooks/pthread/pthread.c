/* SPDX-License-Identifier: MIT */
/*
 * pthread.c - real threads, cold half: waiting, interrupts, page contents
 *
 * Who waits for a lock spins for a while, in case the holder runs on another
 * core, and then gives way at every turn, since there may be more CPUs than
 * cores.  A lock that stays taken for seconds is a deadlock: no hold of it has
 * so much to do.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "hooks.h"

#if HW_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)		((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n)	((void)(p), (void)(n))
#endif

enum {
	SPINS		 = 200,		/* looks at a taken lock before giving way */
	YIELDS_PER_LOOK	 = 1024,	/* at the clock */
	DEADLOCK_SECONDS = 20,
};

#define POISON_WORD	0xaaaaaaaaaaaaaaaaULL	/* core's poison */

_Thread_local struct hw_cpu *hw_self;

/* --- the CPU ------------------------------------------------------------------------------ */

uint64_t hook_random(struct hw *hw)
{
	uint64_t x = hw_self->random += 0x9e3779b97f4a7c15u;	/* splitmix64 */

	(void)hw;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void hw_arm(struct hw_cpu *self)
{
	self->strike_at = UINT64_MAX;
	if (self->irq_every)
		self->strike_at = self->steps + 1 + hook_random(NULL) % (2 * self->irq_every);
}

void hw_enter(struct hw_cpu *self)
{
	hw_self = self;
	if (self)
		hw_arm(self);
}

void hw_strike(struct hw_cpu *self)
{
	uint8_t held = self->held;

	if (self->irq_masked || self->in_irq)
		return;			/* as soon as it may */
	self->strike_at = UINT64_MAX;
	if (!self->irq_every)
		return;
	/* It has its own stack of locks; what the code below it holds stays held. */
	self->held = 0;
	self->in_irq = true;
	self->irq_masked = true;
	self->nr_irqs++;
	self->irq(self->irq_to);
	mm_assert(X9, self->held == 0);
	mm_assert(X9, self->irq_masked);
	self->held = held;
	self->in_irq = false;
	self->irq_masked = false;
	if (!self->irq_once)
		hw_arm(self);
}

_Noreturn void hook_panic(const char *tag, const char *what, const char *file, int line)
{
	struct hw_cpu *self = hw_self;

	if (self && self->on_panic)
		self->on_panic(self->on_panic_to, tag, what, file, line);
	abort();
}

/* --- waiting ------------------------------------------------------------------------------ */

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static inline void relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

void hw_lock_wait(struct hw_cpu *self, struct spinlock *lock)
{
	time_t start = now();

	mm_assert(X9, __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) != self->cpu + 1);
	self->waited++;
	for (;;) {
		for (unsigned int i = 0; i < SPINS; i++) {
			if (hw_lock_try(self, lock))
				return;
			relax();
		}
		sched_yield();
		if (++self->yields % YIELDS_PER_LOOK == 0)
			mm_assert(X9, now() - start < DEADLOCK_SECONDS);
	}
}

/* --- waiting ------------------------------------------------------------------------------- */

void hook_wait_prepare(struct hw *hw, struct waitq *q)
{
	(void)hw;
	(void)q;
}

void hook_wait(struct hw *hw, struct waitq *q, bool (*has_work)(const void *of), const void *of)
{
	(void)hw;
	(void)q;
	while (!has_work(of))
		sched_yield();
}

void hook_wake(struct hw *hw, struct waitq *q)
{
	(void)hw;
	(void)q;
}

/* --- page contents ------------------------------------------------------------------------ */

/*
 * Plain memory, on purpose: the owner's alone, like the contents of a page, so
 * that ThreadSanitizer sees whether core orders the last owner's accesses
 * before the next one's.
 */
static void fill(const struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr, uint64_t value)
{
	const struct hw_contents *c = &hw->contents[zone];

	for (uint64_t i = 0; c->word && i < nr; i++)
		*hw_word(c, pfn - c->start + i) = value;
}

void hook_pages_clear(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	fill(hw, zone, pfn, nr, 0);
}

void hook_pages_poison(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	fill(hw, zone, pfn, nr, POISON_WORD);
}

bool hook_pages_poison_intact(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	const struct hw_contents *c = &hw->contents[zone];

	for (uint64_t i = 0; c->word && i < nr; i++)
		if (*hw_word(c, pfn - c->start + i) != POISON_WORD)
			return false;
	return true;
}

void hw_pages_open(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	const struct hw_contents *c = &hw->contents[zone];

	for (uint64_t i = 0; c->word && i < nr; i++)
		ASAN_UNPOISON_MEMORY_REGION(hw_word(c, pfn - c->start + i), sizeof(uint64_t));
}

void hw_pages_close(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	const struct hw_contents *c = &hw->contents[zone];

	for (uint64_t i = 0; c->word && i < nr; i++)
		ASAN_POISON_MEMORY_REGION(hw_word(c, pfn - c->start + i), sizeof(uint64_t));
}
