/* SPDX-License-Identifier: GPL-2.0-only */
/* drainer.c - asking, looking, draining, sleeping */
#include "drainer.h"

bool drainer_ask(struct mm *mm, unsigned int cpu)
{
	struct hw *hw = mm->tun.hw;

	if (cpu >= mm->nr_cpus || !(read_shared(hw, mm->online_cpus) >> cpu & 1))
		return false;
	mm_assert(P4, cpu < MAX_CPUS);
	mm_assert(P4, mm->nr_cpus <= MAX_CPUS);
	write_shared(hw, mm->drainer.wanted[cpu], true);
	hook_wake(hw, &mm->drainer.waitq);
	return true;
}

bool drainer_has_work(const struct mm *mm)
{
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		if (read_shared(mm->tun.hw, mm->drainer.wanted[cpu]))
			return true;
	return false;
}

unsigned int drainer_run(struct mm *mm)
{
	struct hw *hw = mm->tun.hw;
	unsigned int nr = 0;

	mm_assert(P4, mm->nr_cpus > 0 && mm->nr_cpus <= MAX_CPUS);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		enum mm_error error;

		if (!read_shared(hw, mm->drainer.wanted[cpu]))
			continue;
		/* First the wish, then the work: what is asked meanwhile is asked anew. */
		write_shared(hw, mm->drainer.wanted[cpu], false);
		error = mm_drain_cpu(mm, cpu);
		mm_assert(P4, error == MM_OK);
		nr++;
	}
	return nr;
}

/* For hook_wait(), which knows nothing of machines; asked while nobody runs. */
static bool has_work(const void *mm)
{
	const struct drainer *d = &((const struct mm *)mm)->drainer;

	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (d->wanted[cpu])
			return true;
	return false;
}

_Noreturn void drainer_loop(struct mm *mm)
{
	struct hw *hw = mm->tun.hw;

	for (;;) {
		drainer_run(mm);
		hook_wait_prepare(hw, &mm->drainer.waitq);
		if (!drainer_has_work(mm))
			hook_wait(hw, &mm->drainer.waitq, has_work, mm);
	}
}
