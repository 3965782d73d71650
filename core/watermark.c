/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watermark.c - computing marks and reserves, and asking whether they hold
 *
 * Counts of pages stay below 2^32 and min_free_kbytes below 2^31, so no product
 * of the two leaves 64 bits.
 */
#include "watermark.h"

enum {
	MIN_FREE_FLOOR	  = 128,	/* KiB */
	MIN_FREE_CAP	  = 262144,	/* KiB */
	MIN_FREE_CAP_64M  = 65536,	/* KiB */
	HIGHMEM_MIN_FLOOR = 32,		/* pages */
	HIGHMEM_MIN_CAP	  = 128,	/* pages */
	SCALE_UNIT	  = 10000,	/* of watermark_scale_factor, watermark_boost_factor */
	THP_BLOCKS	  = 2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES, /* per zone (W1) */
	THP_LOWMEM_SHARE  = 20,		/* at most one part in so many */
	BOOST_MIN_BLOCKS  = 4,		/* zones smaller than that are not boosted */
};

/* --- setting --------------------------------------------------------------------- */

/* May a kernel request without __GFP_HIGHMEM and __GFP_MOVABLE use the zone? */
static bool serves_kernel(const struct zone *z)
{
	return z->type <= ZONE_NORMAL && zone_populated(z);
}

/* W1: pages above the high mark in the zones that serve the kernel. */
static uint64_t lowmem_above_high(const struct tunables *t, const struct zone *zones)
{
	uint64_t sum = 0;

	for (unsigned int id = 0; id < t->zone_ids; id++) {
		const struct zone *z = &zones[id];
		uint64_t high;

		if (!serves_kernel(z))
			continue;
		high = zone_wmark(z, WMARK_HIGH);
		if (z->managed_marks > high)
			sum += z->managed_marks - high;
	}
	return sum;
}

uint32_t watermark_min_free_kbytes(const struct tunables *t, const struct zone *zones,
				   uint32_t now)
{
	uint64_t kbytes = lowmem_above_high(t, zones) << (t->page_shift - 10);
	uint64_t cap = t->policy.min_free_cap_64m ? MIN_FREE_CAP_64M : MIN_FREE_CAP;
	uint64_t computed = isqrt_u64(kbytes * 16);

	mm_assert(W1, t->page_shift >= 10);
	/* Compared before it is clamped. */
	if ((int64_t)computed <= t->sysctl.min_free_kbytes)
		return now;
	return (uint32_t)clamp_u64(computed, MIN_FREE_FLOOR, cap);
}

uint32_t watermark_thp_kbytes(const struct tunables *t, const struct zone *zones)
{
	uint64_t nr_zones = 0, pages;

	mm_assert(W1, t->page_shift >= 10);
	for (unsigned int id = 0; id < t->zone_ids; id++)
		nr_zones += serves_kernel(&zones[id]);
	pages = min_u64(pageblock_nr_pages(t) * nr_zones * THP_BLOCKS,
			lowmem_above_high(t, zones) / THP_LOWMEM_SHARE);
	return (uint32_t)(pages << (t->page_shift - 10));
}

/* What is shared out among the zones, in proportion to what they manage. */
struct marks_share {
	uint64_t pages_min;		/* of min_free_kbytes, over lowmem */
	uint64_t lowmem;		/* managed pages that are not high memory */
	uint64_t pages_extra;		/* of extra_free_kbytes, over everything */
	uint64_t total;			/* managed pages */
};

static struct marks_share marks_share(const struct tunables *t, const struct zone *zones,
				      uint32_t min_free_kbytes)
{
	struct marks_share s = {
		.pages_min = min_free_kbytes >> (t->page_shift - 10),
		.pages_extra = t->sysctl.extra_free_kbytes >> (t->page_shift - 10),
	};

	for (unsigned int id = 0; id < t->zone_ids; id++) {
		const struct zone *z = &zones[id];

		s.total += z->managed_marks;
		if (!zone_is_highmem(z))
			s.lowmem += z->managed_marks;
	}
	return s;
}

/* W2, W3: the three marks of one zone, without boost. */
static void compute_marks(const struct zone *z, const struct marks_share *s,
			  uint64_t mark[NR_WMARK])
{
	const struct tunables *t = z->tun;
	uint64_t managed = z->managed_marks;
	uint64_t tmp = s->lowmem ? s->pages_min * managed / s->lowmem : 0;
	uint64_t extra = s->total ? s->pages_extra * managed / s->total : 0;
	uint64_t min = zone_is_highmem(z)
		? clamp_u64(managed / 1024, HIGHMEM_MIN_FLOOR, HIGHMEM_MIN_CAP) : tmp;
	uint64_t gap = max_u64(tmp / 4, mul_div_u64(managed, t->sysctl.watermark_scale_factor,
						    SCALE_UNIT));

	mark[WMARK_MIN] = min;
	switch (t->policy.marks) {
	case MARKS_2_6_14:
		mark[WMARK_LOW] = min * 5 / 4;
		mark[WMARK_HIGH] = min * 6 / 4;
		break;
	case MARKS_4_5:
		mark[WMARK_LOW] = min + tmp / 4;
		mark[WMARK_HIGH] = min + tmp / 2;
		break;
	default:
		mark[WMARK_LOW] = min + gap;
		mark[WMARK_HIGH] = min + 2 * gap;
	}
	mark[WMARK_LOW] += extra;
	mark[WMARK_HIGH] += extra;
}

void watermark_set_marks(struct tunables *t, struct zone *zones, uint32_t min_free_kbytes)
{
	struct marks_share share = marks_share(t, zones, min_free_kbytes);

	mm_assert(W2, min_free_kbytes <= INT32_MAX);
	for (unsigned int id = 0; id < t->zone_ids; id++) {
		struct zone *z = &zones[id];
		uint64_t mark[NR_WMARK];
		bool masked;

		if (!zone_type_configured(t, z->type))
			continue;
		compute_marks(z, &share, mark);
		masked = hook_irq_save(t->hw);
		hook_lock(t->hw, &z->lock);
		for (unsigned int i = 0; i < NR_WMARK; i++)
			publish(z->watermark[i], mark[i]);
		publish(z->boost, 0);
		hook_unlock(t->hw, &z->lock);
		hook_irq_restore(t->hw, masked);
		mm_assert(W2, z->watermark[WMARK_MIN] <= z->watermark[WMARK_LOW]);
		mm_assert(W2, z->watermark[WMARK_LOW] <= z->watermark[WMARK_HIGH]);
	}
}

/* W4: what zone z keeps from requests that could have used any zone up to `upper`. */
static uint64_t reserve_from(const struct zone *z, const struct zone *upper, uint64_t above)
{
	const struct tunables *t = z->tun;
	int32_t ratio = t->sysctl.lowmem_reserve_ratio[z->type];

	if (ratio < 1)
		return 0;
	if (!z->managed_reserve && t->policy.reserve != RESERVE_EMPTY_LOWER)
		return 0;
	if (!upper->managed_reserve && t->policy.reserve == RESERVE_SKIP_EMPTY)
		return 0;
	return above / (uint32_t)ratio;
}

void watermark_set_reserves(struct tunables *t, struct zone *zones)
{
	mm_assert(W4, t->zone_ids % NR_ZONE_TYPES == 0);
	mm_assert(W4, t->zone_ids <= MAX_ZONES);
	for (unsigned int first = 0; first < t->zone_ids; first += NR_ZONE_TYPES) {
		for (unsigned int i = 0; i < NR_ZONE_TYPES; i++) {
			struct zone *z = &zones[first + i];
			uint64_t above = 0;

			if (!zone_type_configured(t, i))
				continue;
			for (unsigned int j = i + 1; j < NR_ZONE_TYPES; j++) {
				const struct zone *upper = &zones[first + j];

				above += upper->managed_reserve;
				publish(z->lowmem_reserve[j], reserve_from(z, upper, above));
			}
		}
	}
}

void watermark_set_thresholds(struct tunables *t, struct zone *zones, unsigned int nr_cpus,
			      unsigned int nr_online)
{
	mm_assert(W8, nr_online > 0 && nr_online <= nr_cpus);
	for (unsigned int id = 0; id < t->zone_ids; id++) {
		struct zone *z = &zones[id];
		unsigned int threshold;
		uint64_t drift;

		if (!zone_populated(z))
			continue;
		threshold = stat_threshold(z->managed, nr_online, t->page_shift);
		mm_assert(W8, threshold <= 125);
		for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
			publish(z->cpu[cpu].stat.threshold, (uint8_t)threshold);
		/* As in Linux, a mark that is no longer needed stays. */
		drift = (uint64_t)nr_online * threshold;
		if (drift > z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN])
			publish(z->percpu_drift_mark, zone_wmark(z, WMARK_HIGH) + drift);
	}
}

bool watermark_boost(struct zone *z)
{
	const struct tunables *t = z->tun;
	uint64_t block = pageblock_nr_pages(t), most;
	uint32_t factor = observe(t->sysctl.watermark_boost_factor);

	mm_assert(X9, hook_lock_is_held(t->hw, &z->lock));
	if (!factor)
		return false;
	if (z->managed < block * BOOST_MIN_BLOCKS)
		return false;
	most = mul_div_u64(z->watermark[WMARK_HIGH], factor, SCALE_UNIT);
	/* Marks that are not set yet, or a factor too small to matter. */
	if (!most)
		return false;
	most = max_u64(most, block);
	publish(z->boost, min_u64(z->boost + block, most));
	mm_assert(W7, z->boost <= most);
	return true;
}

/* --- asking ---------------------------------------------------------------------- */

/* A counter may be below zero for a moment; nobody means less than nothing by it. */
static int64_t at_least_zero(int64_t v)
{
	return v > 0 ? v : 0;
}

/* W5: free pages that are of no use to this request. */
static int64_t unusable_pages(const struct zone *z, unsigned int order, unsigned int alloc_flags)
{
	struct hw *hw = z->tun->hw;
	int64_t nr = ((int64_t)1 << order) - 1;

	if (!(alloc_flags & ALLOC_RESERVES))
		nr += (int64_t)(rules_6_12(z->tun) ? read_shared(hw, z->free_highatomic)
						   : read_shared(hw, z->nr_reserved_highatomic));
	if (!(alloc_flags & ALLOC_CMA))
		nr += at_least_zero(read_shared(hw, z->stats.count[NR_FREE_CMA]));
	return nr;
}

/* W5, G4: the mark, as far as the caller may go below it. */
static int64_t lowered_mark(uint64_t mark, unsigned int alloc_flags)
{
	int64_t min = (int64_t)mark;

	if (alloc_flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (alloc_flags & ALLOC_OOM)
		min -= min / 2;
	return min;
}

/* Is there a free block of exactly this order that the request may take? */
static bool has_block(const struct zone *z, unsigned int order, unsigned int alloc_flags)
{
	const struct list *list = z->area[order].list;
	struct hw *hw = z->tun->hw;

	for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
		if (read_shared(hw, list[type].first))
			return true;
	if ((alloc_flags & ALLOC_CMA) && read_shared(hw, list[MIGRATE_CMA].first))
		return true;
	return (alloc_flags & (ALLOC_HIGHATOMIC | ALLOC_OOM)) &&
	       read_shared(hw, list[MIGRATE_HIGHATOMIC].first);
}

bool watermark_ok(const struct zone *z, unsigned int order, uint64_t mark,
		  enum zone_type highest, unsigned int alloc_flags, int64_t free)
{
	int64_t reserve = (int64_t)observe(z->lowmem_reserve[highest]);

	mm_assert(W5, order <= MAX_ORDER);
	mm_assert(W5, highest < NR_ZONE_TYPES);
	free -= unusable_pages(z, order, alloc_flags);
	if (free <= lowered_mark(mark, alloc_flags) + reserve)
		return false;
	if (order == 0)
		return true;
	for (; order <= MAX_ORDER; order++)
		if (has_block(z, order, alloc_flags))
			return true;
	return false;
}

/* W6: the whole mark holds, without looking at what the caller is entitled to. */
static bool plainly_ok(const struct zone *z, uint64_t mark, enum zone_type highest,
		       unsigned int alloc_flags, int64_t free)
{
	int64_t usable = free - unusable_pages(z, 0, alloc_flags);

	return usable > (int64_t)(mark + observe(z->lowmem_reserve[highest]));
}

bool watermark_ok_fast(const struct zone *z, unsigned int order, uint64_t mark,
		       enum zone_type highest, unsigned int alloc_flags, gfp_t gfp)
{
	int64_t free = at_least_zero(zone_free_pages(z));

	if (order == 0 && plainly_ok(z, mark, highest, alloc_flags, free))
		return true;
	if (watermark_ok(z, order, mark, highest, alloc_flags, free))
		return true;
	/* Boost is there to wake kswapd early, not to fail who cannot wait. */
	if (order == 0 && (rules_6_12(z->tun) ? alloc_flags & ALLOC_MIN_RESERVE
					      : gfp & __GFP_ATOMIC) &&
	    read_shared(z->tun->hw, z->boost) &&
	    (alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN)
		return watermark_ok(z, 0, observe(z->watermark[WMARK_MIN]), highest, alloc_flags,
				    free);
	return false;
}

bool watermark_ok_safe(const struct zone *z, unsigned int order, uint64_t mark,
		       enum zone_type highest, unsigned int nr_cpus)
{
	int64_t free = at_least_zero(zone_free_pages(z));
	uint64_t drift = observe(z->percpu_drift_mark);

	if (drift && free < (int64_t)drift)
		free = at_least_zero(zone_free_pages_exact(z, nr_cpus));
	return watermark_ok(z, order, mark, highest, 0, free);
}

int64_t zone_free_pages_exact(const struct zone *z, unsigned int nr_cpus)
{
	int64_t sum = zone_free_pages(z);

	mm_assert(W8, nr_cpus <= MAX_CPUS);
	if (!z->cpu)
		return sum;
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		sum += read_shared(z->tun->hw, z->cpu[cpu].stat.diff[NR_FREE_PAGES]);
	return sum;
}
