/* SPDX-License-Identifier: GPL-2.0-only */
/* claim.c - fallback and the highatomic reserve where lists are clean (6.12) */
#include "claim.h"

#include "watermark.h"

/* M2: the order of victims is that of all versions. */
static const uint8_t victims[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE]   = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE]     = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

static struct page *victim_block(const struct zone *z, unsigned int order, enum migratetype type)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct page *page = buddy_first(z, order, victims[type][i]);

		if (page)
			return page;
	}
	return NULL;
}

static void retype(struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	mm_assert(M3, order >= z->blocks.order);
	for (uint64_t i = 0; i < 1ULL << order; i += pageblock_nr_pages(z->tun))
		pageblock_set_type(z->tun, &z->blocks, pfn + i, type);
}

/* The pageblock of the page, if all of it is in the zone. */
static bool whole_pageblock(const struct zone *z, const struct page *page, pfn_t *start)
{
	*start = align_down(zone_pfn(z, page), pageblock_nr_pages(z->tun));
	return zone_spans(z, *start) && zone_spans(z, *start + pageblock_nr_pages(z->tun) - 1);
}

static void count_pageblock(const struct zone *z, pfn_t start, uint64_t *free, uint64_t *movable)
{
	pfn_t end = start + pageblock_nr_pages(z->tun);

	*free = *movable = 0;
	for (pfn_t pfn = start; pfn < end;) {
		const struct page *page = zone_page(z, pfn);

		if (observe(page->state) == PAGE_FREE) {
			*free += 1ULL << page->order;
			pfn += 1ULL << page->order;
			continue;
		}
		*movable += (observe(page->flags) & PG_LRU) != 0;
		pfn++;
	}
}

/* All free blocks, and the pageblock itself. */
static void move_pageblock(struct zone *z, pfn_t start, enum migratetype type)
{
	pfn_t end = start + pageblock_nr_pages(z->tun);

	mm_assert(M3, hook_lock_is_held(z->tun->hw, &z->lock));
	for (pfn_t pfn = start; pfn < end;) {
		struct page *page = zone_page(z, pfn);
		uint64_t nr = 1;

		if (observe(page->state) == PAGE_FREE) {
			nr = 1ULL << page->order;
			buddy_move(z, page, type);
		}
		pfn += nr;
	}
	pageblock_set_type(z->tun, &z->blocks, start, type);
}

/* M3: claims the pageblocks of a victim's block; what the request then gets, or NULL. */
static struct page *claim_block(struct zone *z, struct page *page, unsigned int order,
				enum migratetype type, unsigned int alloc_flags)
{
	enum migratetype old = pageblock_type(&z->blocks, zone_pfn(z, page));
	unsigned int have = page->order;
	uint64_t free, movable, alike = 0;
	pfn_t start;

	mm_assert(M3, page->state == PAGE_FREE);
	if (old == MIGRATE_HIGHATOMIC)
		return NULL;
	if (have >= z->blocks.order) {
		retype(z, zone_pfn(z, page), have, type);
		return buddy_take_block(z, page, order, old, type);
	}
	if (watermark_boost(z) && (alloc_flags & ALLOC_KSWAPD))
		publish(z->boosted, true);
	if (!whole_pageblock(z, page, &start))
		return NULL;
	count_pageblock(z, start, &free, &movable);
	if (type == MIGRATE_MOVABLE)
		alike = movable;
	else if (old == MIGRATE_MOVABLE)
		alike = pageblock_nr_pages(z->tun) - (free + movable);
	if (free + alike < pageblock_nr_pages(z->tun) / 2 && !z->tun->grouping_off)
		return NULL;
	move_pageblock(z, start, type);
	return buddy_take(z, order, type);
}

static void trace_fallback(struct zone *z, const struct page *page, unsigned int order,
			   unsigned int have, enum migratetype type, enum migratetype victim)
{
	pfn_t pfn = zone_pfn(z, page);

	hook_event(z->tun->hw, (struct event){
		.kind = EVENT_ALLOC_EXTFRAG, .pfn = pfn, .zone = z->id, .order = (uint8_t)order,
		.type = (uint8_t)type, .fallback_order = (uint8_t)have,
		.fallback_type = (uint8_t)victim,
		.extra = pageblock_type(&z->blocks, pfn) == type });
}

/* M2: from the largest victim down, as long as pageblocks may be claimed for such orders. */
static struct page *claim(struct zone *z, unsigned int order, enum migratetype type,
			  unsigned int alloc_flags)
{
	unsigned int lowest = order;

	if (order < z->blocks.order && (alloc_flags & ALLOC_NOFRAGMENT))
		lowest = z->blocks.order;
	for (unsigned int have = NR_ORDERS; have-- > lowest;) {
		struct page *page = victim_block(z, have, type);
		enum migratetype victim;

		if (!page)
			continue;
		if (have < z->blocks.order / 2 && type == MIGRATE_MOVABLE && !z->tun->grouping_off)
			break;
		victim = (enum migratetype)page->type;
		page = claim_block(z, page, order, type, alloc_flags);
		if (page) {
			trace_fallback(z, page, order, have, type, victim);
			return page;
		}
	}
	return NULL;
}

/* M2: one block, the smallest that is large enough; what is left of it stays the victim's. */
static struct page *steal_one(struct zone *z, unsigned int order, enum migratetype type)
{
	for (unsigned int have = order; have <= MAX_ORDER; have++) {
		struct page *page = victim_block(z, have, type);
		enum migratetype victim;

		if (!page)
			continue;
		victim = (enum migratetype)page->type;
		page = buddy_take_block(z, page, order, victim, victim);
		trace_fallback(z, page, order, have, type, victim);
		return page;
	}
	return NULL;
}

struct page *claim_take(struct zone *z, unsigned int order, enum migratetype type,
			unsigned int alloc_flags, enum take_mode *mode)
{
	enum take_mode once = TAKE_NORMAL;
	struct page *page = NULL;

	mm_assert(M2, type < MIGRATE_PCPTYPES);
	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
	if (!mode)
		mode = &once;
	if (*mode == TAKE_NORMAL) {
		page = buddy_take(z, order, type);
		if (page)
			return page;
	}
	if (*mode <= TAKE_CMA && z->tun->has_cma && (alloc_flags & ALLOC_CMA)) {
		page = buddy_take(z, order, MIGRATE_CMA);
		if (page) {
			*mode = TAKE_CMA;
			return page;
		}
	}
	if (*mode <= TAKE_CLAIM) {
		page = claim(z, order, type, alloc_flags);
		if (page) {
			*mode = TAKE_NORMAL;
			return page;
		}
	}
	if (alloc_flags & ALLOC_NOFRAGMENT)
		return NULL;
	page = steal_one(z, order, type);
	if (page)
		*mode = TAKE_STEAL;
	return page;
}

void claim_highatomic(struct zone *z, struct page *page, unsigned int order)
{
	uint64_t one = pageblock_nr_pages(z->tun), limit = align_up(z->managed / 100, one);
	pfn_t start;

	mm_assert(M5, hook_lock_is_held(z->tun->hw, &z->lock));
	if (z->managed / 100 < one || z->nr_reserved_highatomic >= limit ||
	    !migratetype_is_mergeable(pageblock_type(&z->blocks, zone_pfn(z, page))))
		return;
	if (order >= z->blocks.order) {
		retype(z, zone_pfn(z, page), order, MIGRATE_HIGHATOMIC);
		publish(z->nr_reserved_highatomic, z->nr_reserved_highatomic + (1ULL << order));
	} else if (whole_pageblock(z, page, &start)) {
		move_pageblock(z, start, MIGRATE_HIGHATOMIC);
		publish(z->nr_reserved_highatomic, z->nr_reserved_highatomic + one);
	}
	publish(z->had_highatomic, true);
	mm_assert(M5, is_aligned(z->nr_reserved_highatomic, one));
}

bool claim_unreserve(struct zone *z, struct page *page, enum migratetype type)
{
	unsigned int order = page->order;
	pfn_t pfn = zone_pfn(z, page), start;

	mm_assert(M5, page->state == PAGE_FREE);
	if (pageblock_type(&z->blocks, pfn) == MIGRATE_HIGHATOMIC)
		publish(z->nr_reserved_highatomic, z->nr_reserved_highatomic -
			min_u64(z->nr_reserved_highatomic,
				max_u64(pageblock_nr_pages(z->tun), 1ULL << order)));
	if (order >= z->blocks.order) {
		buddy_move(z, page, type);
		retype(z, pfn, order, type);
		return true;
	}
	if (!whole_pageblock(z, page, &start))
		return false;
	move_pageblock(z, start, type);
	mm_assert(M5, pageblock_type(&z->blocks, pfn) == type);
	return true;
}
