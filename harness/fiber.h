/* SPDX-License-Identifier: MIT */
/*
 * fiber.h - several stacks in one thread, and going from one to another
 *
 * A fiber is a function with a stack of its own, a guard page below it.  It
 * runs when somebody switches to it and stops where it switches away; nothing
 * else ever interrupts it.  The function never returns: a fiber that has no
 * more to do switches away for good, or until it is restarted.
 *
 * The switch is hand-written for x86-64 and AArch64, and ucontext elsewhere.
 * AddressSanitizer is told of each.  A thread's own stack is a fiber, too: one
 * made by fiber_of_thread(), to switch back to.
 */
#ifndef HARNESS_FIBER_H
#define HARNESS_FIBER_H

struct fiber;

/* Both abort without memory. */
struct fiber *fiber_new(void (*fn)(void *to), void *to);
struct fiber *fiber_of_thread(void);
void fiber_delete(struct fiber *f);	/* not the one that runs */

/* The next switch to it begins at the function's start, wherever it had stopped. */
void fiber_restart(struct fiber *f);

/* Leaves `from`, which runs, for `to`; returns when somebody switches to `from`. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
