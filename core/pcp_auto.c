/* SPDX-License-Identifier: GPL-2.0-only */
/* pcp_auto.c - how much to take, to keep and to give back, in 6.12 */
#include "pcp_auto.h"

#include "watermark.h"

enum { BATCH_SCALE_MAX = PCP_FREE_FACTOR_MAX };

/* The upper bound wins where the two cross. */
static int64_t clamp_i64(int64_t v, int64_t lo, int64_t hi)
{
	return v >= hi ? hi : v <= lo ? lo : v;
}

static int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

struct bounds {				/* read once: a sysctl may write them meanwhile */
	int64_t batch, low, most;
};

static struct bounds bounds_of(const struct zone *z, const struct pcp *pcp)
{
	struct hw *hw = z->tun->hw;
	struct bounds b;

	b.batch = read_shared(hw, pcp->batch);
	b.low = read_shared(hw, pcp->high_min);
	b.most = read_shared(hw, pcp->high_max);
	return b;
}

uint32_t pcp_auto_refill(struct zone *z, struct pcp *pcp, unsigned int order)
{
	const struct bounds b = bounds_of(z, pcp);
	int64_t high = clamp_i64(pcp->high, b.low, b.most), batch, room;

	pcp->high = (uint32_t)high;
	if (high < b.batch)
		return 1;
	batch = order ? b.batch : b.batch << pcp->alloc_factor;
	/* With a larger set it would not have run empty. */
	if (b.low != b.most && !read_shared(z->tun->hw, z->below_high)) {
		high = high + batch < b.most ? high + batch : b.most;
		pcp->high = (uint32_t)high;
	}
	if (!order) {
		room = max_i64(high - pcp->count - b.batch, b.batch);
		if (batch <= room && pcp->alloc_factor < BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = batch < room ? batch : room;
	}
	mm_assert(P2, batch > 0);
	mm_assert(P1, pcp->high <= b.most);
	return (uint32_t)(batch > 1 ? max_i64(batch >> order, 2) : batch);
}

/* The limit in force; 0: everything has to go. */
static int64_t limit(const struct zone *z, struct pcp *pcp, const struct bounds *b, bool free_high)
{
	struct hw *hw = z->tun->hw;
	int64_t high = clamp_i64(pcp->high, b->low, b->most);
	int64_t freed = max_i64(pcp->free_count, b->batch), need;

	pcp->high = (uint32_t)high;
	if (!high)
		return 0;
	if (free_high) {
		pcp->high = (uint32_t)max_i64(high - (b->batch << BATCH_SCALE_MAX), b->low);
		return 0;
	}
	if (read_shared(hw, z->reclaim_active)) {
		pcp->high = (uint32_t)max_i64(high - freed, b->low);
		return b->batch << 2 < (int64_t)pcp->high ? b->batch << 2 : (int64_t)pcp->high;
	}
	if (b->low == b->most)
		return high;
	if (read_shared(hw, z->below_high)) {
		pcp->high = (uint32_t)max_i64(high - freed, b->low);
		return max_i64(pcp->count, b->low);
	}
	need = pcp->free_count + b->batch;
	if (pcp->count >= high && (int64_t)pcp->high < need)
		pcp->high = (uint32_t)clamp_i64(need, b->low, b->most);
	return high;
}

/* Blocks of order 1..3 come one after the other: is it time to empty the set? */
static bool frees_high(struct pcp *pcp, unsigned int order, uint32_t batch)
{
	bool result = false;

	if (order && order <= COSTLY_ORDER) {
		result = pcp->free_count >= batch && (pcp->flags & PCP_PREV_FREE_HIGH) &&
			 (!(pcp->flags & PCP_FREE_HIGH_BATCH) || pcp->count >= batch);
		pcp->flags |= PCP_PREV_FREE_HIGH;
	} else {
		pcp->flags &= (uint8_t)~PCP_PREV_FREE_HIGH;
	}
	return result;
}

int64_t pcp_auto_surplus(struct zone *z, struct pcp *pcp, unsigned int order)
{
	const struct bounds b = bounds_of(z, pcp);
	uint32_t batch = (uint32_t)b.batch;
	bool free_high;
	int64_t high;

	mm_assert(P3, pcp->count >= 1U << order);
	pcp->alloc_factor >>= 1;
	free_high = frees_high(pcp, order, batch);
	if (pcp->free_count < batch << BATCH_SCALE_MAX)
		pcp->free_count += 1U << order;
	high = limit(z, pcp, &b, free_high);
	if (pcp->count < high)
		return -1;
	mm_assert(P3, pcp->high <= b.most);
	if (free_high)
		return (int64_t)min_u64(pcp->count, (uint64_t)batch << BATCH_SCALE_MAX);
	return high < batch ? 1 : clamp_i64(pcp->free_count, batch, high - batch);
}

void pcp_auto_freed(struct zone *z)
{
	struct hw *hw = z->tun->hw;
	int64_t free;

	mm_assert(P3, z->tun->policy.rules == RULES_6_12);
	if (!read_shared(hw, z->below_high))
		return;
	free = zone_free_pages(z);
	if (watermark_ok(z, 0, zone_wmark(z, WMARK_HIGH), ZONE_MOVABLE, 0, free))
		write_shared(hw, z->below_high, false);
}
