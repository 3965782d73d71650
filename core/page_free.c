/* SPDX-License-Identifier: GPL-2.0-only */
/* page_free.c - giving pages back, and what an owner may say of its pages */
#include "alloc_context.h"

/* The owner's marks end with its ownership; each page of a movable block has one. */
static void drop_marks(struct mm *mm, struct zone *z, struct page *page, unsigned int order)
{
	if (page->flags & PG_DIRTY)
		add_shared(mm->tun.hw, mm->nodes[z->nid].nr_dirty, -(1ULL << order));
	if (page->flags & PG_LRU)
		for (uint64_t i = 1; i < 1ULL << order; i++)
			publish(page[i].flags, 0);
}

/* B6: what the contents of a free page are. */
static uint8_t retire_contents(struct zone *z, pfn_t pfn, uint64_t nr)
{
	const struct policies *policy = &z->tun->policy;
	struct hw *hw = z->tun->hw;
	uint8_t flags = 0;

	if (policy->poison) {
		hook_pages_poison(hw, z->id, pfn, nr);
		flags = PG_POISONED;
	} else if (policy->init_on_free) {
		hook_pages_clear(hw, z->id, pfn, nr);
		flags = PG_ZEROED;
	}
	hook_pages_free(hw, z->id, pfn, nr);
	return flags;
}

/* Makes a block nobody's: PAGE_NONE, with its pageblock's type remembered. */
static struct zone *retire(struct mm *mm, struct page *page, unsigned int order)
{
	struct zone *z = mm_page_zone(mm, page);
	pfn_t pfn = zone_pfn(z, page);
	uint8_t flags;

	mm_assert(X1, page->state == PAGE_ALLOC);
	mm_assert(X4, is_aligned(pfn, 1ULL << order));
	hook_event(mm->tun.hw, (struct event){ .kind = EVENT_PAGE_FREE, .pfn = pfn,
					       .zone = z->id, .order = (uint8_t)order });
	drop_marks(mm, z, page, order);
	flags = retire_contents(z, pfn, 1ULL << order);
	publish(page->says, page_says(.zone = z->id, .flags = flags,
				      .type = (uint8_t)pageblock_type(&z->blocks, pfn)));
	return z;
}

/* RULES_6_12: each pageblock by its own type; what the first page says holds for all. */
static void free_by_pageblock(struct zone *z, struct page *page, unsigned int order,
			      enum buddy_placement place)
{
	unsigned int part = order < z->blocks.order ? order : z->blocks.order;
	uint8_t flags = page->flags;

	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
	for (uint64_t i = 0; i < 1ULL << order; i += 1ULL << part) {
		page[i].flags = flags;
		buddy_free(z, page + i, part, pageblock_type(&z->blocks, zone_pfn(z, page + i)),
			   place);
	}
}

/* To the buddy; an isolated zone's types are read again under the lock. */
static void free_to_buddy(struct zone *z, struct page *page, unsigned int order,
			  enum buddy_placement place)
{
	struct hw *hw = z->tun->hw;
	enum migratetype type = (enum migratetype)page->type;
	bool masked = hook_irq_save(hw);

	hook_lock(hw, &z->lock);
	mm_assert(P5, z->nr_isolated_blocks || type != MIGRATE_ISOLATE);
	if (z->nr_isolated_blocks)
		type = pageblock_type(&z->blocks, zone_pfn(z, page));
	if (rules_6_12(z->tun))
		free_by_pageblock(z, page, order, place);
	else
		buddy_free(z, page, order, type, place);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

void free_block(struct mm *mm, struct page *page, unsigned int order)
{
	struct zone *z = retire(mm, page, order);

	mm_assert(P5, page->type < NR_MIGRATETYPES);
	if (!pcp_has_order(&mm->tun, order)) {
		free_to_buddy(z, page, order, PLACE_BY_MERGE);
		mm_count(mm, PGFREE, 1ULL << order);
	} else if (page->type == MIGRATE_ISOLATE || !pcp_free(z, page, order)) {
		/* As in Linux, these two are not counted in pgfree. */
		free_to_buddy(z, page, order, PLACE_BY_MERGE);
	} else {
		mm_count(mm, PGFREE, 1ULL << order);
	}
}

void free_leftover(struct mm *mm, struct page *page)
{
	struct zone *z = retire(mm, page, 0);

	mm_assert(B5, page->refs == 0);
	free_to_buddy(z, page, 0, PLACE_TAIL);
	mm_count(mm, PGFREE, 1);
}

/* --- the edge ----------------------------------------------------------------------------- */

static bool is_allocation(const struct page *page)
{
	return page && page->state == PAGE_ALLOC && observe(page->refs);
}

/*
 * B5: the owner gives a block back that others use as well, and that is not
 * compound: its first page stays theirs.  They may be quicker than we; and once
 * our own use is dropped they may free that page, so nothing is read from it.
 */
static void free_shared(struct mm *mm, struct page *page, unsigned int order)
{
	const struct page part_of = { .state = PAGE_ALLOC, .zone = page->zone,
				      .flags = page->flags & (PG_LRU | PG_DIRTY) };

	mm_assert(B5, order > 0);
	mm_assert(B5, !(page->flags & PG_COMP));
	publish(page->order, 0);
	if (drop_shared(mm->tun.hw, page->refs)) {
		publish(page->order, (uint8_t)order);
		free_block(mm, page, order);
		return;
	}
	while (order-- > 0) {
		struct page *part = page + (1ULL << order), is = part_of;

		is.order = (uint8_t)order;
		publish(part->says, is.says);
		free_block(mm, part, order);
	}
}

enum mm_error mm_free_pages(struct mm *mm, struct page *page, unsigned int order)
{
	if (!is_allocation(page))
		return MM_BAD_PAGE;
	if (order != observe(page->order))
		return MM_BAD_ORDER;
	if (order && !(page->flags & PG_COMP) && observe(page->refs) > 1)
		free_shared(mm, page, order);
	else if (drop_shared(mm->tun.hw, page->refs))
		free_block(mm, page, order);
	return MM_OK;
}

enum mm_error mm_put_page(struct mm *mm, struct page *page)
{
	if (!is_allocation(page))
		return MM_BAD_PAGE;
	if (!drop_shared(mm->tun.hw, page->refs))
		return MM_OK;
	/* All ours now.  The owner, if it is gone, said before that it took the rest along. */
	if (page->order && !(page->flags & PG_COMP)) {
		publish(page->refs, 1);
		return MM_BAD_COUNT;
	}
	mm_assert(B5, page->order <= MAX_ORDER);
	free_block(mm, page, page->order);
	return MM_OK;
}

enum mm_error mm_free_exact(struct mm *mm, struct page *page, uint64_t nr_pages)
{
	if (!nr_pages || nr_pages > 1ULL << MAX_ORDER)
		return MM_BAD_COUNT;
	if (!is_allocation(page))
		return MM_BAD_PAGE;
	if (nr_pages > mm_page_zone(mm, page)->end_pfn - mm_page_pfn(mm, page))
		return MM_BAD_PAGE;
	for (uint64_t i = 0; i < nr_pages; i++)
		if (!is_allocation(page + i) || page[i].order)
			return MM_BAD_PAGE;
	for (uint64_t i = 0; i < nr_pages; i++) {
		enum mm_error error = mm_free_pages(mm, page + i, 0);

		mm_assert(B5, error == MM_OK);
	}
	return MM_OK;
}

/* Every page once, all single and with one user; marks them while it looks. */
static enum mm_error check_page_list(struct page *const *pages, uint32_t nr)
{
	enum mm_error error = MM_OK;
	uint32_t seen = 0;

	for (; seen < nr; seen++) {
		struct page *page = pages[seen];

		if (!is_allocation(page) || page->order || page->refs != 1)
			error = MM_BAD_PAGE;
		else if (page->type)
			error = MM_BAD_COUNT;
		if (error != MM_OK)
			break;
		page->type = 1;		/* of no use in an allocation otherwise */
	}
	while (seen-- > 0)
		pages[seen]->type = 0;
	return error;
}

/* Takes the isolated ones out, straight to the buddy; how many are left. */
static uint32_t retire_page_list(struct mm *mm, struct page **pages, uint32_t nr)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct zone *z = retire(mm, pages[i], 0);

		if (pages[i]->type == MIGRATE_ISOLATE)
			free_to_buddy(z, pages[i], 0, PLACE_BY_MERGE);
		else
			pages[kept++] = pages[i];
	}
	return kept;
}

enum mm_error mm_free_page_list(struct mm *mm, struct page **pages, uint32_t nr)
{
	enum mm_error error = check_page_list(pages, nr);
	uint32_t kept;

	if (error != MM_OK)
		return error;
	kept = retire_page_list(mm, pages, nr);
	for (uint32_t i = 0; i < kept;) {
		struct zone *z = mm_page_zone(mm, pages[i]);
		uint32_t freed = pcp_free_run(z, pages + i, kept - i);

		if (freed)
			mm_count(mm, PGFREE, freed);
		else
			free_to_buddy(z, pages[i], 0, PLACE_BY_MERGE);
		i += freed ? freed : 1;
	}
	return MM_OK;
}

/* --- what an owner says ------------------------------------------------------------------- */

static void tails_written(struct mm *mm, const struct page *head)
{
	hook_tails_written(mm->tun.hw, head->zone, mm_page_pfn(mm, head), 1ULL << head->order);
}

enum mm_error mm_split_page(struct mm *mm, struct page *page)
{
	if (!is_allocation(page) || (page->flags & PG_COMP))
		return MM_BAD_PAGE;
	if (page->refs != 1)
		return MM_BAD_COUNT;
	mm_assert(B5, page->order <= MAX_ORDER);
	tails_written(mm, page);
	for (uint64_t i = (1ULL << page->order) - 1; i > 0; i--)
		publish(page[i].says, page_says(.state = PAGE_ALLOC, .refs = 1,
						.zone = page->zone, .flags = page->flags));
	page->order = 0;
	mm_assert(B5, mm_page_zone(mm, page)->managed > 0);
	return MM_OK;
}

enum mm_error mm_get_page(struct mm *mm, struct page *page)
{
	if (!is_allocation(page))
		return MM_BAD_PAGE;
	if (observe(page->refs) == UINT16_MAX)
		return MM_BAD_COUNT;
	add_shared(mm->tun.hw, page->refs, 1);
	mm_assert(B5, observe(page->refs) > 0);
	return MM_OK;
}

enum mm_error mm_set_movable(struct mm *mm, struct page *page, bool movable)
{
	if (!is_allocation(page))
		return MM_BAD_PAGE;
	tails_written(mm, page);
	for (uint64_t i = 0; i < 1ULL << page->order; i++)
		publish(page[i].flags, (uint8_t)(movable ? page[i].flags | PG_LRU
							 : page[i].flags & ~PG_LRU));
	return MM_OK;
}

enum mm_error mm_set_dirty(struct mm *mm, struct page *page, bool dirty)
{
	uint64_t nr;

	if (!is_allocation(page))
		return MM_BAD_PAGE;
	if (dirty == ((page->flags & PG_DIRTY) != 0))
		return MM_OK;
	nr = 1ULL << page->order;
	publish(page->flags, page->flags ^ PG_DIRTY);
	add_shared(mm->tun.hw, mm->nodes[mm_page_zone(mm, page)->nid].nr_dirty, dirty ? nr : -nr);
	return MM_OK;
}
