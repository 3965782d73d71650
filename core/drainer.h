/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drainer.h - a daemon that empties per-CPU sets for those who cannot wait
 *
 * The work queue of P7: whoever wants a CPU's sets emptied says so and goes
 * on; the daemon does it when it runs.  Asking twice before it comes to that
 * is asking once.  A request that arrives while the daemon drains that very
 * CPU is kept: the wish is taken off before the work begins, not after.
 *
 * Nothing is lost between looking for work and sleeping (K4): the daemon looks
 * once more after it has said that it will wait.
 */
#ifndef CORE_DRAINER_H
#define CORE_DRAINER_H

#include "mm.h"

/* Asks for the sets of an online CPU to be drained; false: there is no such CPU. */
bool drainer_ask(struct mm *mm, unsigned int cpu);

bool drainer_has_work(const struct mm *mm);

/* Drains the sets of every CPU for which that was asked; how many CPUs. */
unsigned int drainer_run(struct mm *mm);

/* A daemon's whole life, for a context that may wait: it does not return. */
_Noreturn void drainer_loop(struct mm *mm);

#endif
