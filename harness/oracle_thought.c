/* SPDX-License-Identifier: MIT */
/*
 * oracle_thought.c - turning HIGHATOMIC pageblocks back, in thought
 *
 * Before a request that may block gives up, pageblocks of the reserve are
 * turned back one by one, and it looks again after each (M5, A4).  Here the
 * machine stays as it is: marks per pageblock say what would have happened.
 */
#include "oracle_impl.h"

#include <string.h>

static uint64_t block_of(const struct zone *z, pfn_t pfn)
{
	return (pfn - z->blocks.first_pfn) >> z->blocks.order;
}

static uint8_t *moved(const struct question *q, const struct zone *z, pfn_t pfn)
{
	return &q->o->block_moved[q->o->moved_first[z->id] + block_of(z, pfn)];
}

static uint8_t *retyped(const struct question *q, const struct zone *z, pfn_t pfn)
{
	return &q->o->block_retyped[q->o->retyped_first[z->id] + block_of(z, pfn)];
}

static bool is_moved(const struct question *q, const struct zone *z, pfn_t pfn)
{
	if (!*moved(q, z, pfn))
		return false;
	return block_of(z, pfn) > 0 || pfn >= q->thought.moved_from[z->id];
}

static pfn_t pfn_at(const struct zone *z, uint32_t link)
{
	return z->start_pfn + (link - 1);
}

/*
 * The first HIGHATOMIC block of the order that is still there; 0: none.  A link,
 * see list.h.  What has moved stays so, and is not looked at again.
 */
static uint32_t next_reserved(struct question *q, const struct zone *z, unsigned int order)
{
	uint32_t *from = &q->thought.next[z->id][order];

	if (*from == LINK_UNSET)
		*from = z->area[order].list[MIGRATE_HIGHATOMIC].first;
	while (*from && is_moved(q, z, pfn_at(z, *from)))
		*from = z->pages[*from - 1].next;
	return *from;
}

/* Marks the pageblock of `pfn` as moved, and notes the largest block that moved with it. */
static void move_block(struct question *q, const struct zone *z, pfn_t pfn)
{
	struct thought *t = &q->thought;
	uint64_t size = 1ULL << z->blocks.order;
	pfn_t first = z->blocks.first_pfn + block_of(z, pfn) * size;

	/* Where the pageblock begins before the zone, only from `pfn` on. */
	for (pfn_t p = first < z->start_pfn ? pfn : first; p < first + size; p++) {
		const struct page *page = &z->pages[p - z->start_pfn];

		if (page->state == PAGE_FREE && page->type == MIGRATE_HIGHATOMIC &&
		    t->moved_order[z->id] < (int)page->order)
			t->moved_order[z->id] = (int8_t)page->order;
	}
	*moved(q, z, pfn) = 1;
	if (block_of(z, pfn) == 0)
		t->moved_from[z->id] = first < z->start_pfn ? pfn : z->start_pfn;
}

/* One pageblock of the zone turned back; false when nothing moves. */
static bool unreserve_zone(struct question *q, const struct zone *z, bool *changed)
{
	struct thought *t = &q->thought;
	uint64_t size = 1ULL << z->blocks.order;

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		uint32_t link = next_reserved(q, z, order);
		pfn_t pfn, last;

		if (!link)
			continue;
		pfn = pfn_at(z, link);
		if (!*retyped(q, z, pfn) &&
		    z->blocks.type[block_of(z, pfn)] == MIGRATE_HIGHATOMIC) {
			uint64_t left = z->nr_reserved_highatomic - t->unreserved[z->id];

			t->unreserved[z->id] += left < size ? left : size;
			*changed = true;
		}
		*retyped(q, z, pfn) = 1;
		/* A pageblock that leaves the zone changes type but keeps its blocks. */
		last = z->blocks.first_pfn + (block_of(z, pfn) + 1) * size - 1;
		if (last >= z->end_pfn)
			continue;
		move_block(q, z, pfn);
		*changed = true;
		return true;
	}
	return false;
}

/* True if blocks moved: the request looks again. */
bool oracle_think_unreserve(struct question *q, bool *changed)
{
	struct thought *t = &q->thought;

	if (q->view != ORACLE_NOW)
		return false;		/* what this could give is in the bounds */
	if (!t->active) {
		t->active = true;
		memset(t->unreserved, 0, sizeof(t->unreserved));
		memset(t->moved_order, -1, sizeof(t->moved_order));
		memset(t->next, UINT8_MAX, sizeof(t->next));
	}
	for (const uint8_t *id = q->zonelist; *id != ZONE_ID_END; id++)
		if (oracle_is_candidate(q, *id) && unreserve_zone(q, &q->mm->zones[*id], changed))
			return true;
	return false;
}

/* Forgets: block_moved[] and block_retyped[] are zero again. */
void oracle_forget(struct question *q)
{
	if (!q->thought.active)
		return;
	for (const uint8_t *id = q->zonelist; *id != ZONE_ID_END; id++) {
		const struct zone *z = &q->mm->zones[*id];

		for (unsigned int order = 0; order <= MAX_ORDER; order++) {
			uint32_t link = z->area[order].list[MIGRATE_HIGHATOMIC].first;

			for (; link; link = z->pages[link - 1].next) {
				*moved(q, z, pfn_at(z, link)) = 0;
				*retyped(q, z, pfn_at(z, link)) = 0;
			}
		}
	}
	q->thought.active = false;
}
