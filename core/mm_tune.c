/* SPDX-License-Identifier: GPL-2.0-only */
/* mm_tune.c - sysctls and CPUs that come and go: what is recomputed, and when (W9) */
#include "mm.h"

#include "pcp.h"
#include "watermark.h"

enum { THP_MIN_SHIFT = 29 };		/* 512 MiB: huge pages are off below it (W1) */

const char *sysctl_text(enum sysctl_name name)
{
	static const char *const names[NR_SYSCTLS] = {
		"min_free_kbytes", "extra_free_kbytes", "watermark_scale_factor",
		"watermark_boost_factor", "lowmem_reserve_ratio",
		"percpu_pagelist_high_fraction", "dirty_ratio", "thp",
	};

	mm_assert(W9, name < NR_SYSCTLS);
	return names[name];
}

bool sysctl_is_legal(enum sysctl_name name, int64_t value)
{
	switch (name) {
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		return value >= 1 && value <= 3000;
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		return value >= INT32_MIN && value <= INT32_MAX;
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		return value == 0 || (value >= 8 && value <= INT32_MAX);
	case SYSCTL_DIRTY_RATIO:
		return value >= 0 && value <= 100;
	case SYSCTL_THP:
		return value == 0 || value == 1;
	default:
		return value >= 0 && value <= INT32_MAX;
	}
}

/* --- recomputing ----------------------------------------------------------------------- */

/*
 * P1: the CPUs among which a zone's pages are split.  A CPU that is about to
 * come online counts for every zone, wherever it belongs.
 */
static unsigned int local_cpus(const struct mm *mm, const struct zone *z, unsigned int coming)
{
	uint64_t online = observe(mm->online_cpus);
	unsigned int nr = popcount_u64(mm->nodes[z->nid].cpus & online) + coming;

	return nr ? nr : popcount_u64(online);
}

static void set_pcp_limits(struct mm *mm, unsigned int coming)
{
	mm_assert(P1, observe(mm->online_cpus) != 0);
	mm_assert(P1, coming <= 1);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		pcp_set_limits(z, mm->nr_cpus, local_cpus(mm, z, coming));
}

/* What is computed from now on follows the sizes of now. */
static void use_present_managed(struct mm *mm)
{
	/* Zones without pages too: a description may have given them an earlier size. */
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		mm->zones[id].managed_marks = mm->zones[id].managed;
}

static void set_marks(struct mm *mm)
{
	mm_assert(W2, mm->min_free_kbytes <= INT32_MAX);
	watermark_set_marks(&mm->tun, mm->zones, mm->min_free_kbytes);
	node_set_totalreserve(mm->nodes, mm->zones);
	set_pcp_limits(mm, 0);
}

static void set_reserves(struct mm *mm)
{
	watermark_set_reserves(&mm->tun, mm->zones);
	node_set_totalreserve(mm->nodes, mm->zones);
}

static void compute_min_free(struct mm *mm)
{
	mm->min_free_kbytes = watermark_min_free_kbytes(&mm->tun, mm->zones, mm->min_free_kbytes);
	mm_assert(W1, mm->min_free_kbytes <= INT32_MAX);
}

/* W1: huge pages only ever raise it. */
static void raise_min_free(struct mm *mm)
{
	uint32_t kbytes = watermark_thp_kbytes(&mm->tun, mm->zones);

	if (kbytes > mm->min_free_kbytes)
		mm->min_free_kbytes = kbytes;
	mm_assert(W1, mm->min_free_kbytes >= kbytes);
}

static uint64_t all_managed(struct mm *mm)
{
	uint64_t sum = 0;

	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		sum += z->managed;
	return sum;
}

void mm_tune_boot(struct mm *mm)
{
	struct sysctls *s = &mm->tun.sysctl;

	if (s->min_free_kbytes == SYSCTL_UNSET)
		compute_min_free(mm);
	else
		mm->min_free_kbytes = (uint32_t)s->min_free_kbytes;
	watermark_set_marks(&mm->tun, mm->zones, mm->min_free_kbytes);
	/* Thresholds are not looked at again when marks change, but when CPUs do. */
	watermark_set_thresholds(&mm->tun, mm->zones, mm->nr_cpus, mm->nr_cpus);
	s->thp = s->thp && all_managed(mm) >= 1ULL << (THP_MIN_SHIFT - mm->tun.page_shift);
	if (s->thp && s->min_free_kbytes == SYSCTL_UNSET) {
		raise_min_free(mm);
		watermark_set_marks(&mm->tun, mm->zones, mm->min_free_kbytes);
	}
	set_pcp_limits(mm, 0);
	set_reserves(mm);
	mm_assert(W9, mm->online_cpus != 0);
}

/* --- writing --------------------------------------------------------------------------- */

static void store(struct mm *mm, enum sysctl_name name, unsigned int index, int64_t value)
{
	struct sysctls *s = &mm->tun.sysctl;

	mm_assert(W9, sysctl_is_legal(name, value));
	mm_assert(W9, index < NR_ZONE_TYPES);
	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES:
		s->min_free_kbytes = (int32_t)value;
		break;
	case SYSCTL_EXTRA_FREE_KBYTES:
		s->extra_free_kbytes = (uint32_t)value;
		break;
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		s->watermark_scale_factor = (uint32_t)value;
		break;
	case SYSCTL_WATERMARK_BOOST_FACTOR:
		publish(s->watermark_boost_factor, (uint32_t)value);
		break;
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		s->lowmem_reserve_ratio[index] = value > 0 ? (int32_t)value : 0;
		break;
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		s->percpu_pagelist_high_fraction = (uint32_t)value;
		break;
	case SYSCTL_DIRTY_RATIO:
		publish(s->dirty_ratio, (uint32_t)value);
		break;
	default:
		s->thp = value != 0;
	}
}

/* W9: each sysctl recomputes its own, and nothing else. */
static void recompute(struct mm *mm, enum sysctl_name name)
{
	mm_assert(W9, name < NR_SYSCTLS);
	mm_assert(W9, hook_lock_is_held(mm->tun.hw, &mm->tun.lock));
	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES:
	case SYSCTL_EXTRA_FREE_KBYTES:
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		if (name == SYSCTL_MIN_FREE_KBYTES)
			mm->min_free_kbytes = (uint32_t)mm->tun.sysctl.min_free_kbytes;
		use_present_managed(mm);
		set_marks(mm);
		break;
	case SYSCTL_THP:
		use_present_managed(mm);
		if (mm->tun.sysctl.thp)
			raise_min_free(mm);
		else
			compute_min_free(mm);
		set_marks(mm);
		break;
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
			mm->zones[id].managed_reserve = mm->zones[id].managed;
		set_reserves(mm);
		break;
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		use_present_managed(mm);
		set_pcp_limits(mm, 0);
		break;
	default:
		break;			/* read where it is used */
	}
}

enum mm_error mm_sysctl_write(struct mm *mm, enum sysctl_name name, unsigned int index,
			      int64_t value)
{
	struct tunables *t = &mm->tun;
	bool same;

	if (name >= NR_SYSCTLS || !sysctl_is_legal(name, value))
		return MM_BAD_VALUE;
	if (name == SYSCTL_LOWMEM_RESERVE_RATIO
	    ? index >= NR_ZONE_TYPES || !zone_type_configured(t, index) : index != 0)
		return MM_BAD_VALUE;
	hook_lock(t->hw, &t->lock);
	same = name == SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION &&
	       value == t->sysctl.percpu_pagelist_high_fraction;
	store(mm, name, index, value);
	if (!same)
		recompute(mm, name);
	hook_unlock(t->hw, &t->lock);
	return MM_OK;
}

/* --- CPUs (P4) ---------------------------------------------------------------------------- */

/* A dead CPU's differences pass to the global counters; nobody else can touch them. */
static void fold_cpu(struct mm *mm, unsigned int cpu)
{
	mm_assert(P4, !(mm->online_cpus >> cpu & 1));
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z)) {
		stat_fold(mm->tun.hw, &z->stats, &z->cpu[cpu].stat);
		mm_assert(W8, z->cpu[cpu].stat.diff[NR_FREE_PAGES] == 0);
	}
}

enum mm_error mm_cpu_offline(struct mm *mm, unsigned int cpu)
{
	struct tunables *t = &mm->tun;
	enum mm_error error;

	if (cpu >= mm->nr_cpus || !(mm->online_cpus >> cpu & 1) || cpu == hook_cpu(t->hw))
		return MM_BAD_CPU;
	write_shared(t->hw, mm->online_cpus, mm->online_cpus & ~(1ULL << cpu));
	mm_assert(P4, mm->online_cpus != 0);
	error = mm_drain_cpu(mm, cpu);
	mm_assert(P4, error == MM_OK);
	fold_cpu(mm, cpu);
	hook_lock(t->hw, &t->lock);
	use_present_managed(mm);
	set_pcp_limits(mm, 0);
	watermark_set_thresholds(t, mm->zones, mm->nr_cpus, popcount_u64(mm->online_cpus));
	hook_unlock(t->hw, &t->lock);
	return MM_OK;
}

enum mm_error mm_cpu_online(struct mm *mm, unsigned int cpu)
{
	struct tunables *t = &mm->tun;

	if (cpu >= mm->nr_cpus || (mm->online_cpus >> cpu & 1))
		return MM_BAD_CPU;
	hook_lock(t->hw, &t->lock);
	use_present_managed(mm);
	set_pcp_limits(mm, 1);
	write_shared(t->hw, mm->online_cpus, mm->online_cpus | 1ULL << cpu);
	watermark_set_thresholds(t, mm->zones, mm->nr_cpus, popcount_u64(mm->online_cpus));
	hook_unlock(t->hw, &t->lock);
	mm_assert(P4, mm->online_cpus >> cpu & 1);
	mm_assert(P4, mm->online_cpus >> (mm->nr_cpus - 1) <= 1);
	return MM_OK;
}
