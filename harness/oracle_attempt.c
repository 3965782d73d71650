/* SPDX-License-Identifier: MIT */
/*
 * oracle_attempt.c - one look at the zones: marks, and blocks to be had
 *
 * Lengths of lists and raw counters are read from the machine.  A failed
 * attempt changes one thing that a later one looks at: see pass_on().
 */
#include "oracle_impl.h"

/* --- W5: the mark ----------------------------------------------------------------- */

/* A counter as it is read: drift may take it below zero, and then it reads zero (W8). */
static int64_t counter(const struct zone *z, enum zone_stat item)
{
	return z->stats.count[item] < 0 ? 0 : z->stats.count[item];
}

static int64_t free_pages(const struct question *q, const struct zone *z)
{
	int64_t nr = z->stats.count[NR_FREE_PAGES];

	if (!(q->o->passed_on >> z->id & 1))
		return counter(z, NR_FREE_PAGES);
	nr += z->cpu[q->cpu].stat.diff[NR_FREE_PAGES];
	return nr < 0 ? 0 : nr;
}

static int64_t unusable(const struct question *q, const struct zone *z, unsigned int flags)
{
	int64_t pages = (1LL << q->order) - 1;

	if (!(flags & (ALLOC_OOM | ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_HIGHATOMIC)))
		pages += (int64_t)z->nr_reserved_highatomic -
			 (q->thought.active ? (int64_t)q->thought.unreserved[z->id] : 0);
	if (!(flags & ALLOC_CMA))
		pages += counter(z, NR_FREE_CMA);
	return pages;
}

static bool has_block(const struct zone *z, unsigned int order, unsigned int type)
{
	for (; order <= MAX_ORDER; order++)
		if (z->area[order].list[type].nr)
			return true;
	return false;
}

static bool has_any_exactly(const struct zone *z, unsigned int order)
{
	const struct list *list = z->area[order].list;

	return list[MIGRATE_UNMOVABLE].nr | list[MIGRATE_MOVABLE].nr |
	       list[MIGRATE_RECLAIMABLE].nr;
}

/* The same for any of the types that mix; the largest order is the likeliest. */
static bool has_any_block(const struct zone *z, unsigned int order)
{
	if (has_any_exactly(z, MAX_ORDER))
		return true;
	for (; order < MAX_ORDER; order++)
		if (has_any_exactly(z, order))
			return true;
	return false;
}

static bool was_moved(const struct question *q, const struct zone *z)
{
	return q->thought.active && q->thought.moved_order[z->id] >= (int)q->order;
}

/*
 * Are there blocks of the order left, whatever others take?  A page that they
 * take spoils one at most.
 */
static bool has_enough_blocks(const struct question *q, const struct zone *z)
{
	uint64_t nr = 0;

	for (unsigned int order = q->order; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
			nr += (uint64_t)z->area[order].list[type].nr << (order - q->order);
	return nr > q->o->less;
}

/* Is there a block of the order that the flags let the request see? */
static bool sees_block(const struct question *q, const struct zone *z, unsigned int flags)
{
	if (q->view != ORACLE_NOW)
		return q->view == ORACLE_BEST || has_enough_blocks(q, z);
	return has_any_block(z, q->order) || was_moved(q, z) ||
	       ((flags & ALLOC_CMA) && has_block(z, q->order, MIGRATE_CMA)) ||
	       ((flags & (ALLOC_HIGHATOMIC | ALLOC_OOM)) &&
		has_block(z, q->order, MIGRATE_HIGHATOMIC));
}

/* W8: by how much the counter may move without a page that does, whatever CPUs come. */
static int64_t drift(const struct question *q, const struct zone *z)
{
	return (int64_t)q->mm->nr_cpus * q->o->tuned.zone[z->id].threshold_boot;
}

/* W9: of what holds now and what a write makes of it, the one that the view is about. */
static uint64_t either(const struct question *q, uint64_t now, uint64_t ahead)
{
	if (!q->o->foreseen || q->view == ORACLE_NOW)
		return now;
	return (q->view == ORACLE_WORST) == (now > ahead) ? now : ahead;
}

static uint64_t mark_of(const struct question *q, const struct zone *z, unsigned int mark)
{
	return either(q, q->o->tuned.zone[z->id].mark[mark], q->o->ahead[z->id].mark[mark]);
}

static int64_t reserve_of(const struct question *q, const struct zone *z, unsigned int highest)
{
	return (int64_t)either(q, q->o->tuned.zone[z->id].reserve[highest],
			       q->o->ahead[z->id].reserve[highest]);
}

/* A write of marks ends every boost. */
static uint64_t boost_of(const struct question *q, const struct zone *z)
{
	return either(q, z->boost, q->view == ORACLE_BEST ? 0 : z->boost);
}

/* W7: the most that others can raise the marks by. */
static int64_t most_boost(const struct question *q, const struct zone *z)
{
	uint64_t block = 1ULL << q->mm->tun.pageblock_order;
	uint64_t limit = mark_of(q, z, WMARK_HIGH) *
			 either(q, q->o->sysctl->watermark_boost_factor, q->o->ahead_factor) /
			 10000;

	return (int64_t)(limit < block ? block : limit);
}

/* W5 in the worst or the best case. */
static bool holds_anyway(const struct question *q, const struct zone *z, int64_t min,
			 unsigned int highest, unsigned int flags)
{
	int64_t free = free_pages(q, z);

	if (q->view == ORACLE_WORST)
		free -= unusable(q, z, flags) + (int64_t)q->o->less + drift(q, z) +
			most_boost(q, z);
	else
		free += (int64_t)q->o->more + drift(q, z) - ((1LL << q->order) - 1);
	if (free <= min + reserve_of(q, z, highest))
		return false;
	return q->order == 0 || sees_block(q, z, flags);
}

/* W5: `mark` with its boost; `highest` selects the reserve. */
static bool holds(const struct question *q, const struct zone *z, uint64_t mark,
		  unsigned int highest, unsigned int flags)
{
	int64_t min = (int64_t)mark, free;

	if (flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (flags & ALLOC_OOM)
		min -= min / 2;
	if (q->view != ORACLE_NOW)
		return holds_anyway(q, z, min, highest, flags);
	free = free_pages(q, z) - unusable(q, z, flags);
	if (free <= min + (int64_t)q->o->tuned.zone[z->id].reserve[highest])
		return false;
	return q->order == 0 || sees_block(q, z, flags);
}

/* W6: atomic requests of order 0 need not leave the boost at the min mark. */
static bool mark_allows(const struct question *q, const struct zone *z, unsigned int flags)
{
	unsigned int wmark = flags & ALLOC_WMARK_MASK;
	uint64_t mark = mark_of(q, z, wmark);

	if (holds(q, z, mark + boost_of(q, z), q->highest, flags))
		return true;
	return q->order == 0 && (q->gfp & __GFP_ATOMIC) && wmark == WMARK_MIN &&
	       holds(q, z, mark, q->highest, flags);
}

/* --- M, P: taking a block --------------------------------------------------------- */

/* P1: its list in the CPU's set, NULL where the request goes past it. */
static const struct list *pcp_list(const struct question *q, const struct zone *z,
				   unsigned int flags)
{
	const struct pcp *pcp = &z->cpu[q->cpu].pcp;

	if (q->no_pcp || pcp->lock.holder)
		return NULL;		/* we interrupted who has it (P6) */
	/* CMA pages sit on the MOVABLE lists, so those are closed to who may not have them. */
	if (q->mm->tun.has_cma && q->type == MIGRATE_MOVABLE && !(flags & ALLOC_CMA))
		return NULL;
	if (q->order <= COSTLY_ORDER)
		return &pcp->lists[q->order * MIGRATE_PCPTYPES + q->type];
	if (q->order == q->mm->tun.pageblock_order)
		return &pcp->lists[NR_PCP_LOW_LISTS + (q->type == MIGRATE_MOVABLE)];
	return NULL;
}

static bool pcp_has_block(const struct question *q, const struct zone *z, unsigned int flags)
{
	const struct list *list = pcp_list(q, z, flags);

	return list && list->nr;
}

/*
 * W8: a refill that gets nothing counts nothing, and that is when what the CPU has
 * not passed on, and is beyond a threshold that was lowered since, reaches the counter.
 */
static void pass_on(const struct question *q, const struct zone *z, unsigned int flags)
{
	const struct stat_diff *stat = &z->cpu[q->cpu].stat;
	int diff = stat->diff[NR_FREE_PAGES];

	if (q->view == ORACLE_NOW && (diff > stat->threshold || diff < -stat->threshold) &&
	    pcp_list(q, z, flags))
		q->o->passed_on |= 1ULL << z->id;
}

/*
 * M2, M4: the request's own type or any other will do; with NOFRAGMENT another
 * type's only from a whole pageblock on.
 */
static bool can_take(const struct question *q, const struct zone *z, unsigned int flags)
{
	unsigned int order = q->order;

	if (q->view == ORACLE_BEST)
		return true;
	if (q->view == ORACLE_WORST)	/* without NOFRAGMENT it will be tried again */
		return !(flags & ALLOC_NOFRAGMENT) && has_enough_blocks(q, z);
	if (pcp_has_block(q, z, flags))
		return true;
	if ((flags & ALLOC_NOFRAGMENT) && order < q->mm->tun.pageblock_order)
		order = q->mm->tun.pageblock_order;
	if (has_any_block(z, order) || was_moved(q, z))
		return true;
	if (order > q->order && has_block(z, q->order, q->type))
		return true;
	if ((flags & ALLOC_CMA) && has_block(z, q->order, MIGRATE_CMA))
		return true;
	return (flags & (ALLOC_HIGHATOMIC | ALLOC_OOM | ALLOC_NON_BLOCK)) &&
	       has_block(z, q->order, MIGRATE_HIGHATOMIC);
}

/* --- G5: dirty pages -------------------------------------------------------------- */

static bool dirty_allows(const struct question *q, unsigned int nid)
{
	uint64_t pages = 0, limit;

	if (q->view != ORACLE_NOW)
		return q->view == ORACLE_BEST;
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		const struct zone *z = &q->mm->zones[nid * NR_ZONE_TYPES + type];

		if (z->present)
			pages += (uint64_t)free_pages(q, z);
	}
	if (pages > q->o->tuned.totalreserve[nid])
		pages -= q->o->tuned.totalreserve[nid];
	else
		pages = 0;
	pages += q->mm->nodes[nid].nr_dirty;	/* file pages, so reclaimable one day */
	limit = q->o->sysctl->dirty_ratio * pages / 100;
	if (q->context & CTX_REALTIME)
		limit += limit / 4;
	if (limit > UINT32_MAX)
		limit = UINT32_MAX;
	return q->mm->nodes[nid].nr_dirty <= limit;
}

/* --- an attempt ------------------------------------------------------------------- */

static unsigned int scan(const struct question *q, unsigned int flags)
{
	unsigned int first = *q->first;

	for (const uint8_t *id = q->first; *id != ZONE_ID_END; id++) {
		const struct zone *z = &q->mm->zones[*id];

		if (!oracle_is_candidate(q, *id))
			continue;
		q->o->boost[*id] = z->boost;
		if (q->spread_dirty && !dirty_allows(q, *id / NR_ZONE_TYPES))
			continue;
		if ((flags & ALLOC_NOFRAGMENT) && *id / NR_ZONE_TYPES != first / NR_ZONE_TYPES)
			break;		/* rather mix types here than go far */
		if (!(flags & ALLOC_NO_WATERMARKS) && !mark_allows(q, z, flags))
			continue;
		if (can_take(q, z, flags))
			return *id;
		pass_on(q, z, flags);
	}
	return ZONE_ID_END;
}

/* The zone that would serve it with these flags; ZONE_ID_END: none. */
unsigned int oracle_attempt(const struct question *q, unsigned int flags)
{
	unsigned int zone = scan(q, flags);

	if (zone == ZONE_ID_END && (flags & ALLOC_NOFRAGMENT))
		zone = scan(q, flags & ~(unsigned int)ALLOC_NOFRAGMENT);
	return zone;
}

/* M4 */
unsigned int oracle_nofragment_flag(const struct question *q)
{
	unsigned int first = *q->first;

	if (first % NR_ZONE_TYPES != ZONE_NORMAL || !(q->mm->tun.zone_types >> ZONE_DMA32 & 1))
		return 0;
	if (q->mm->tun.nr_nodes > 1 &&
	    !q->mm->zones[first - ZONE_NORMAL + ZONE_DMA32].present)
		return 0;
	return ALLOC_NOFRAGMENT;
}

/*
 * Several pages from one local zone's per-CPU list: the first zone of the
 * preferred node that would still hold its low mark, judged with that node's
 * own reserve.  6.1 does not apply the caller's scopes here.
 */
unsigned int oracle_bulk_zone(const struct question *q, uint32_t nr)
{
	unsigned int first = *q->first;
	unsigned int flags = ALLOC_WMARK_LOW | oracle_cma_flag(q);

	for (const uint8_t *id = q->first; *id != ZONE_ID_END; id++) {
		const struct zone *z = &q->mm->zones[*id];
		uint64_t mark = q->o->tuned.zone[*id].mark[WMARK_LOW] + z->boost + nr;

		if (!oracle_is_candidate(q, *id))
			continue;
		if (*id / NR_ZONE_TYPES != first / NR_ZONE_TYPES)
			break;
		q->o->boost[*id] = z->boost;
		if (!holds(q, z, mark, first % NR_ZONE_TYPES, flags))
			continue;
		if (z->cpu[q->cpu].pcp.lock.holder)
			break;		/* only a per-CPU set will do (P6) */
		if (can_take(q, z, flags))
			return *id;
		pass_on(q, z, flags);
		break;
	}
	return ZONE_ID_END;
}
