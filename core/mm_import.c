/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm_import.c - putting a zone's free lists into a state seen elsewhere
 *
 * What mm_import_empty() takes away is PAGE_ALLOC without users, so no caller
 * can give it back by mistake.  Blocks of it are cut as mm_import_free() needs.
 */
#include "buddy.h"
#include "mm.h"
#include "pcp.h"
#include "watermark.h"

/* Makes a block an allocation that nobody uses. */
static void hold(const struct zone *z, struct page *page, unsigned int order)
{
	mm_assert(X1, page->state == PAGE_NONE);
	mm_assert(X4, order <= MAX_ORDER);
	*page = (struct page){ .state = PAGE_ALLOC, .order = (uint8_t)order, .zone = z->id };
}

static void hold_list(struct zone *z, unsigned int order, enum migratetype type)
{
	struct page *page;

	/* Each turn takes one off the list. */
	while ((page = buddy_first(z, order, type))) {
		buddy_list_del(z, page);
		if (type != MIGRATE_ISOLATE)
			buddy_account(z, -((int64_t)1 << order), type);
		page->flags = 0;
		hold(z, page, order);
		hook_pages_alloc(z->tun->hw, z->id, zone_pfn(z, page), 1ULL << order);
	}
	mm_assert(X3, z->area[order].list[type].nr == 0);
	mm_assert(X3, z->area[order].list[type].last == 0);
}

void mm_import_empty(struct mm *mm, struct zone *z)
{
	struct hw *hw = mm->tun.hw;
	bool masked;

	mm_assert(X1, z->tun == &mm->tun);
	for (unsigned int cpu = 0; zone_populated(z) && cpu < mm->nr_cpus; cpu++)
		pcp_drain(z, cpu);
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			hold_list(z, order, (enum migratetype)type);
	mm_assert(X2, zone_free_pages_exact(z, mm->nr_cpus) == 0);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

/* The head of the held block that `pfn` is in, or NULL. */
static struct page *held_head(const struct zone *z, pfn_t pfn)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		pfn_t start = align_down(pfn, 1ULL << order);
		struct page *page;

		if (!zone_spans(z, start))
			break;
		page = zone_page(z, start);
		if (page->state == PAGE_NONE)
			continue;
		/* The nearest head below: its block reaches pfn, or none does. */
		if (page->state == PAGE_ALLOC && !page->refs && page->order >= order)
			return page;
		break;
	}
	return NULL;
}

/* Is every page of the block held? */
static bool all_held(const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t end = pfn + (1ULL << order);

	while (pfn < end) {
		const struct page *head = held_head(z, pfn);

		if (!head)
			return false;
		pfn = zone_pfn(z, head) + (1ULL << head->order);
	}
	return true;
}

/* Lets go of the block: what is larger is cut, what is smaller joined. */
static struct page *release(struct zone *z, pfn_t pfn, unsigned int order)
{
	struct page *page = held_head(z, pfn);
	pfn_t end = pfn + (1ULL << order);
	unsigned int have = page->order;
	pfn_t start = zone_pfn(z, page);

	mm_assert(X1, page->refs == 0);
	*page = (struct page){ 0 };
	while (have > order) {
		pfn_t middle = start + (1ULL << --have);

		hold(z, zone_page(z, pfn < middle ? middle : start), have);
		start = pfn < middle ? start : middle;
	}
	for (pfn_t next = pfn + (1ULL << have); next < end;) {
		page = zone_page(z, next);
		mm_assert(X1, page->state == PAGE_ALLOC && page->refs == 0);
		next += 1ULL << page->order;
		*page = (struct page){ 0 };
	}
	return zone_page(z, pfn);
}

static bool buddy_is_free(const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t buddy = pfn ^ (1ULL << order);

	return order < MAX_ORDER && zone_spans(z, buddy) &&
	       zone_page(z, buddy)->state == PAGE_FREE && zone_page(z, buddy)->order == order;
}

/* Does a page of the pageblock sit on a list of the buddy or of a CPU? */
static bool pageblock_has_free(const struct zone *z, pfn_t pfn)
{
	uint64_t size = pageblock_nr_pages(z->tun);
	pfn_t start = align_down(pfn, size), end = min_u64(start + size, z->end_pfn);

	for (pfn_t p = start < z->start_pfn ? z->start_pfn : start; p < end; p++) {
		const struct page *page = zone_page(z, p);

		if (page->state == PAGE_FREE || page->state == PAGE_PCP)
			return true;
	}
	/* A larger free block would cover the held one as well. */
	return false;
}

/* May the pageblock become `type`, whatever else is in it, also of another zone? */
static bool may_retype(const struct zone *z, pfn_t pfn, enum migratetype type)
{
	enum migratetype old = pageblock_type(&z->blocks, pfn);

	if (old == type || (old < MIGRATE_PCPTYPES && type < MIGRATE_PCPTYPES))
		return true;
	if (!pageblock_is_own(&z->blocks, pfn))		/* the other zone may count it */
		return false;
	return (!migratetype_is_exact(old) && !migratetype_is_exact(type)) ||
	       !pageblock_has_free(z, pfn);
}

/* Takes the pageblock out of one type's count (nr -1) or into it (nr 1). */
static void count_pageblock(struct zone *z, enum migratetype type, int64_t nr)
{
	uint64_t pages = (uint64_t)nr << z->blocks.order;

	if (type == MIGRATE_HIGHATOMIC)
		publish(z->nr_reserved_highatomic, z->nr_reserved_highatomic + pages);
	else if (type == MIGRATE_CMA)
		z->cma_pages += pages;
	else if (type == MIGRATE_ISOLATE)
		z->nr_isolated_blocks += (uint64_t)nr;
}

static void retype(struct zone *z, pfn_t pfn, enum migratetype type)
{
	enum migratetype old = pageblock_type(&z->blocks, pfn);

	mm_assert(M1, type < NR_MIGRATETYPES);
	if (old == type)
		return;
	count_pageblock(z, old, -1);
	pageblock_set_type(z->tun, &z->blocks, pfn, type);
	count_pageblock(z, type, 1);
	if (type == MIGRATE_CMA)
		z->tun->has_cma = true;
	if (type == MIGRATE_HIGHATOMIC)
		publish(z->had_highatomic, true);
	mm_assert(M5, is_aligned(z->nr_reserved_highatomic, 1ULL << z->blocks.order));
}

/* Does the block lie in the zone, held, with nothing in the way? */
static bool may_free(const struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	if (order > MAX_ORDER || type >= NR_MIGRATETYPES || !is_aligned(pfn, 1ULL << order))
		return false;
	if (!zone_spans(z, pfn) || (1ULL << order) > z->end_pfn - pfn)
		return false;
	if (!all_held(z, pfn, order) || buddy_is_free(z, pfn, order))
		return false;
	for (uint64_t i = 0; i < 1ULL << order; i += pageblock_nr_pages(z->tun))
		if (!may_retype(z, pfn + i, type))
			return false;
	return true;
}

/* zone->lock held. */
static void free_held(struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	struct page *page;

	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
	for (uint64_t i = 0; i < 1ULL << order; i += pageblock_nr_pages(z->tun))
		retype(z, pfn + i, type);
	page = release(z, pfn, order);
	hook_pages_free(z->tun->hw, z->id, pfn, 1ULL << order);
	buddy_list_add(z, page, order, type, true);
	if (type != MIGRATE_ISOLATE)
		buddy_account(z, (int64_t)1 << order, type);
	mm_assert(X1, page->state == PAGE_FREE);
}

bool mm_import_free(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order,
		    enum migratetype type)
{
	struct hw *hw = mm->tun.hw;
	bool masked;

	mm_assert(X1, z->tun == &mm->tun);
	if (!may_free(z, pfn, order, type))
		return false;
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	free_held(z, pfn, order, type);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	return true;
}
