/* SPDX-License-Identifier: GPL-2.0-only */
/* mobility.c - fallback between types, stealing, the highatomic reserve */
#include "mobility.h"

#include "watermark.h"

/* M2: whom a type takes from, in this order. */
static const uint8_t victims[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE]   = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE]     = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

/* The first victim of `type` that has a block of exactly `order`; NR_MIGRATETYPES: none. */
static enum migratetype find_victim(const struct zone *z, unsigned int order, enum migratetype type)
{
	for (unsigned int i = 0; i < 2; i++)
		if (!list_empty(&z->area[order].list[victims[type][i]]))
			return (enum migratetype)victims[type][i];
	return NR_MIGRATETYPES;
}

/*
 * M2: may all free pages of the pageblock be taken along?  For a request that
 * cannot move, always: spreading over many pageblocks would be worse.
 */
static bool may_steal_block(const struct zone *z, unsigned int order, enum migratetype type)
{
	return order >= z->blocks.order / 2 || type != MIGRATE_MOVABLE || z->tun->grouping_off;
}

uint64_t mobility_move_block(struct zone *z, const struct page *page, enum migratetype type,
			     uint64_t *movable)
{
	pfn_t pfn = zone_pfn(z, page);
	uint64_t size = pageblock_nr_pages(z->tun);
	pfn_t start = align_down(pfn, size), end = start + size;
	uint64_t moved = 0;

	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
	mm_assert(M3, zone_spans(z, pfn));
	if (movable)
		*movable = 0;
	if (!zone_spans(z, start))
		start = pfn;
	if (!zone_spans(z, end - 1))
		return 0;
	for (pfn = start; pfn < end;) {
		struct page *p = zone_page(z, pfn);

		if (observe(p->state) == PAGE_FREE) {
			buddy_move(z, p, type);
			moved += 1ULL << p->order;
			pfn += 1ULL << p->order;
			continue;
		}
		if (movable && (observe(p->flags) & PG_LRU))
			(*movable)++;
		pfn++;
	}
	return moved;
}

/*
 * M3: pages of the pageblock that suit `type`, besides those free.  A movable
 * request counts what can move; another one counts what cannot, where the
 * pageblock was movable, and elsewhere cannot tell its own from its victim's.
 */
static uint64_t alike_pages(const struct zone *z, enum migratetype type, enum migratetype old,
			    uint64_t moved, uint64_t movable)
{
	if (type == MIGRATE_MOVABLE)
		return movable;
	return old == MIGRATE_MOVABLE ? pageblock_nr_pages(z->tun) - (moved + movable) : 0;
}

/*
 * M3: turns the free block `page`, found on a victim's list, over to `type`,
 * with as much around it as the rules allow.
 */
static void steal(struct zone *z, struct page *page, enum migratetype type,
		  unsigned int alloc_flags, bool whole_block)
{
	pfn_t pfn = zone_pfn(z, page);
	enum migratetype old = pageblock_type(&z->blocks, pfn);
	uint64_t moved, movable;

	mm_assert(M3, page->state == PAGE_FREE);
	mm_assert(M3, page->type != type);
	if (old == MIGRATE_HIGHATOMIC) {
		/* Retyping it would lose it from the reserve's count. */
		buddy_move(z, page, type);
		return;
	}
	if (page->order >= z->blocks.order) {
		for (uint64_t i = 0; i < 1ULL << page->order; i += pageblock_nr_pages(z->tun))
			pageblock_set_type(z->tun, &z->blocks, pfn + i, type);
		buddy_move(z, page, type);
		return;
	}
	if (watermark_boost(z) && (alloc_flags & ALLOC_KSWAPD))
		publish(z->boosted, true);

	moved = whole_block ? mobility_move_block(z, page, type, &movable) : 0;
	if (!moved) {
		buddy_move(z, page, type);
		return;
	}
	if (moved + alike_pages(z, type, old, moved, movable) >= pageblock_nr_pages(z->tun) / 2 ||
	    z->tun->grouping_off)
		pageblock_set_type(z->tun, &z->blocks, pfn, type);
}

/* The order at which to take from a victim; NR_ORDERS: nobody has a block. */
static unsigned int fallback_order(const struct zone *z, unsigned int order, enum migratetype type,
				   unsigned int alloc_flags)
{
	unsigned int lowest = order, have;

	if (alloc_flags & ALLOC_NOFRAGMENT && order < z->blocks.order)
		lowest = z->blocks.order;
	for (have = NR_ORDERS; have-- > lowest;)
		if (find_victim(z, have, type) != NR_MIGRATETYPES)
			break;
	if (have + 1 == lowest)
		return NR_ORDERS;
	if (may_steal_block(z, have, type) || have == order)
		return have;
	/* One block only: the smallest does the least harm. */
	for (have = order; find_victim(z, have, type) == NR_MIGRATETYPES; have++)
		mm_assert(M2, have < MAX_ORDER);
	return have;
}

/* M2: makes a block of another type ours; false when nobody has one. */
static bool fallback(struct zone *z, unsigned int order, enum migratetype type,
		     unsigned int alloc_flags)
{
	unsigned int have = fallback_order(z, order, type, alloc_flags);
	enum migratetype victim;
	struct page *page;
	pfn_t pfn;

	if (have == NR_ORDERS)
		return false;
	victim = find_victim(z, have, type);
	mm_assert(M2, victim != NR_MIGRATETYPES);
	page = buddy_first(z, have, victim);
	mm_assert(M2, page != NULL);
	pfn = zone_pfn(z, page);
	steal(z, page, type, alloc_flags, may_steal_block(z, have, type));
	hook_event(z->tun->hw, (struct event){
		.kind = EVENT_ALLOC_EXTFRAG, .pfn = pfn, .zone = z->id, .order = (uint8_t)order,
		.type = (uint8_t)type, .fallback_order = (uint8_t)have,
		.fallback_type = (uint8_t)victim,
		.extra = pageblock_type(&z->blocks, pfn) == type });
	return true;
}

/* More than half of the free pages are CMA's: movable requests should use those up first. */
static bool cma_is_plenty(const struct zone *z)
{
	struct hw *hw = z->tun->hw;
	int64_t cma = read_shared(hw, z->stats.count[NR_FREE_CMA]);

	return cma > read_shared(hw, z->stats.count[NR_FREE_PAGES]) / 2;
}

struct page *mobility_take(struct zone *z, unsigned int order, enum migratetype type,
			   unsigned int alloc_flags, enum take_mode *mode)
{
	const struct tunables *t = z->tun;
	bool cma = t->has_cma && (alloc_flags & ALLOC_CMA);
	struct page *page = NULL;

	mm_assert(M2, type < MIGRATE_PCPTYPES);
	if (cma && cma_is_plenty(z))
		page = buddy_take(z, order, MIGRATE_CMA);
	if (rules_6_12(t))
		return page ? page : claim_take(z, order, type, alloc_flags, mode);
	if (!page)
		page = buddy_take(z, order, type);
	if (!page && cma)
		page = buddy_take(z, order, MIGRATE_CMA);
	if (!page && fallback(z, order, type, alloc_flags)) {
		page = buddy_take(z, order, type);
		mm_assert(M2, page != NULL);
	}
	return page;
}

void highatomic_reserve(struct zone *z, struct page *page)
{
	struct hw *hw = z->tun->hw;
	uint64_t limit = z->managed / 100 + pageblock_nr_pages(z->tun);
	pfn_t pfn = zone_pfn(z, page);
	bool masked;

	if (read_shared(hw, z->nr_reserved_highatomic) >= limit)
		return;
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	/* Another CPU may have reserved since. */
	if (rules_6_12(z->tun))
		claim_highatomic(z, page, page->order);
	else if (z->nr_reserved_highatomic < limit &&
	    migratetype_is_mergeable(pageblock_type(&z->blocks, pfn))) {
		publish(z->nr_reserved_highatomic,
			z->nr_reserved_highatomic + pageblock_nr_pages(z->tun));
		publish(z->had_highatomic, true);
		pageblock_set_type(z->tun, &z->blocks, pfn, MIGRATE_HIGHATOMIC);
		mobility_move_block(z, page, MIGRATE_HIGHATOMIC, NULL);
		mm_assert(M5, z->nr_reserved_highatomic < limit + pageblock_nr_pages(z->tun));
	}
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

/* Turns over the first pageblock that has a free highatomic block; zone->lock held. */
static bool unreserve_one(struct zone *z, enum migratetype type)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *page = buddy_first(z, order, MIGRATE_HIGHATOMIC);
		pfn_t pfn;

		if (!page)
			continue;
		if (rules_6_12(z->tun)) {
			if (claim_unreserve(z, page, type))
				return true;
			continue;
		}
		pfn = zone_pfn(z, page);
		if (pageblock_type(&z->blocks, pfn) == MIGRATE_HIGHATOMIC)
			publish(z->nr_reserved_highatomic, z->nr_reserved_highatomic -
				min_u64(z->nr_reserved_highatomic, pageblock_nr_pages(z->tun)));
		pageblock_set_type(z->tun, &z->blocks, pfn, type);
		if (mobility_move_block(z, page, type, NULL))
			return true;
	}
	return false;
}

bool highatomic_unreserve(struct zone *z, enum migratetype type, bool force)
{
	struct hw *hw = z->tun->hw;
	bool masked, moved;

	mm_assert(M5, type < MIGRATE_PCPTYPES);
	if (!force && read_shared(hw, z->nr_reserved_highatomic) <= pageblock_nr_pages(z->tun))
		return false;
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	/* Whole pageblocks count, so it can be more than the zone manages. */
	mm_assert(M5, is_aligned(z->nr_reserved_highatomic, pageblock_nr_pages(z->tun)));
	moved = unreserve_one(z, type);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	return moved;
}
