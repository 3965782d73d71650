/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buddy.c - splitting, merging and placing free blocks
 *
 * Every change of a free list goes through buddy_list_add() and
 * buddy_list_del(), so a block's own record and its list cannot disagree.
 */
#include "buddy.h"

/* What a free block's head may still say besides its list. */
enum { FREE_FLAGS = PG_ZEROED | PG_POISONED };

static void assert_zone_locked(const struct zone *z)
{
	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
}

static void touched(const struct zone *z, pfn_t pfn, unsigned int order, unsigned int type)
{
	hook_touched(z->tun->hw, z->id, pfn, order * NR_MIGRATETYPES + type);
}

void buddy_list_add(struct zone *z, struct page *page, unsigned int order,
		    enum migratetype type, bool tail)
{
	struct list *l = &z->area[order].list[type];
	pfn_t pfn = zone_pfn(z, page);

	mm_assert(X4, order <= MAX_ORDER && type < NR_MIGRATETYPES);
	mm_assert(X1, page->state == PAGE_NONE);
	mm_assert(X4, is_aligned(pfn, 1ULL << order));
	mm_assert(Z2, zone_spans(z, pfn) && pfn + (1ULL << order) <= z->end_pfn);
	page->says = page_says(.state = PAGE_FREE, .order = (uint8_t)order, .type = (uint8_t)type,
			       .flags = page->flags, .zone = z->id);
	if (tail)
		list_add_tail(l, z->pages, page);
	else
		list_add_head(l, z->pages, page);
	touched(z, pfn, order, type);
}

void buddy_list_del(struct zone *z, struct page *page)
{
	const struct page is = { .says = page->says };

	mm_assert(X3, is.state == PAGE_FREE);
	mm_assert(X3, is.zone == z->id);
	list_del(&z->area[is.order].list[is.type], z->pages, page);
	page->says = page_says(.flags = is.flags & FREE_FLAGS);
	touched(z, zone_pfn(z, page), is.order, is.type);
}

void buddy_account(struct zone *z, int64_t nr, enum migratetype type)
{
	struct stat_diff *diff = &zone_this_cpu(z)->stat;

	assert_zone_locked(z);
	mm_assert(B4, type != MIGRATE_ISOLATE);
	stat_mod(z->tun->hw, &z->stats, diff, NR_FREE_PAGES, nr);
	if (type == MIGRATE_CMA)
		stat_mod(z->tun->hw, &z->stats, diff, NR_FREE_CMA, nr);
	else if (type == MIGRATE_HIGHATOMIC && rules_6_12(z->tun))
		publish(z->free_highatomic, z->free_highatomic + (uint64_t)nr);
}

/* The free block that the block at `pfn` merges with, or NULL (B1, Z2). */
static struct page *free_buddy(const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t buddy_pfn = pfn ^ (1ULL << order);
	struct page *buddy;

	if (!zone_spans(z, buddy_pfn))
		return NULL;
	buddy = zone_page(z, buddy_pfn);
	return observe(buddy->state) == PAGE_FREE && buddy->order == order ? buddy : NULL;
}

/* B3: below pageblock order both halves are in one pageblock; above, types must agree or mix. */
static bool may_merge(const struct zone *z, pfn_t buddy_pfn, unsigned int order,
		      enum migratetype type)
{
	enum migratetype other;

	if (order < z->blocks.order)
		return true;
	other = pageblock_type(&z->blocks, buddy_pfn);
	return type == other || (migratetype_is_mergeable(type) && migratetype_is_mergeable(other));
}

/*
 * B2: if the next larger block would find its own buddy free, this one is soon
 * to merge, should its buddy come back: keep it out of the way, at the tail.
 */
static bool merge_is_likely(const struct zone *z, pfn_t pfn, unsigned int order)
{
	if (order > MAX_ORDER - 2)
		return false;
	return free_buddy(z, pfn & ~(1ULL << order), order + 1) != NULL;
}

static bool goes_to_tail(const struct zone *z, pfn_t pfn, unsigned int order,
			 enum buddy_placement place)
{
	if (place == PLACE_TAIL)
		return true;
	if (z->tun->policy.shuffle && order == MAX_ORDER)
		return hook_random(z->tun->hw) & 1;
	return merge_is_likely(z, pfn, order);
}

/* Under RULES_6_12 a merged block's pageblocks are all of its list's type. */
static void retype_buddy(struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	mm_assert(B3, order >= z->blocks.order);
	for (uint64_t i = 0; i < 1ULL << order; i += pageblock_nr_pages(z->tun))
		if (pageblock_type(&z->blocks, pfn + i) != type)
			pageblock_set_type(z->tun, &z->blocks, pfn + i, type);
}

void buddy_free(struct zone *z, struct page *page, unsigned int order, enum migratetype type,
		enum buddy_placement place)
{
	pfn_t pfn = zone_pfn(z, page);
	uint8_t flags = page->flags & FREE_FLAGS;

	assert_zone_locked(z);
	mm_assert(X1, page->state == PAGE_NONE);
	mm_assert(X4, is_aligned(pfn, 1ULL << order));
	if (type != MIGRATE_ISOLATE)
		buddy_account(z, (int64_t)1 << order, type);

	for (; order < MAX_ORDER; order++) {
		struct page *buddy = free_buddy(z, pfn, order);

		if (!buddy || !may_merge(z, zone_pfn(z, buddy), order, type))
			break;
		if (order >= z->blocks.order && rules_6_12(z->tun))
			retype_buddy(z, zone_pfn(z, buddy), order, type);
		buddy_list_del(z, buddy);
		flags &= buddy->flags;
		buddy->flags = 0;
		*page = (struct page){ 0 };
		pfn &= ~(1ULL << order);
		page = zone_page(z, pfn);
	}
	page->flags = flags;
	buddy_list_add(z, page, order, type, goes_to_tail(z, pfn, order, place));
}

/*
 * Cuts the block at `page` from order `high` to order `low`: each cut frees the
 * upper half, so what is left starts where the block did.  Upper halves, so
 * that a run of small requests gets ascending pfns.  Nothing added here can
 * merge: the buddy of each upper half is the lower half, still in our hands.
 */
static void expand(struct zone *z, struct page *page, unsigned int low, unsigned int high,
		   enum migratetype type)
{
	mm_assert(B1, low <= high && high <= MAX_ORDER);
	mm_assert(B1, page->state == PAGE_NONE);
	while (high > low) {
		struct page *upper;

		high--;
		upper = page + (1ULL << high);
		upper->flags = page->flags;
		buddy_list_add(z, upper, high, type, false);
	}
}

static void trace_take(const struct zone *z, const struct page *page, unsigned int order,
		       enum migratetype type)
{
	hook_event(z->tun->hw, (struct event){
		.kind = EVENT_ALLOC_ZONE_LOCKED, .pfn = zone_pfn(z, page), .zone = z->id,
		.order = (uint8_t)order, .type = (uint8_t)type,
		.extra = pcp_has_order(z->tun, order) && type < MIGRATE_PCPTYPES });
}

struct page *buddy_take_block(struct zone *z, struct page *page, unsigned int order,
			      enum migratetype from, enum migratetype to)
{
	unsigned int have = page->order;

	mm_assert(M3, page->state == PAGE_FREE && page->type == from);
	mm_assert(B1, order <= have);
	buddy_list_del(z, page);
	expand(z, page, order, have, to);
	if (from == to) {
		buddy_account(z, -((int64_t)1 << order), from);
	} else {
		buddy_account(z, -((int64_t)1 << have), from);
		buddy_account(z, ((int64_t)1 << have) - ((int64_t)1 << order), to);
	}
	page->type = (uint8_t)to;
	page->zone = z->id;
	trace_take(z, page, order, to);
	return page;
}

struct page *buddy_take(struct zone *z, unsigned int order, enum migratetype type)
{
	assert_zone_locked(z);
	mm_assert(B1, order <= MAX_ORDER);
	for (unsigned int have = order; have <= MAX_ORDER; have++) {
		struct page *page = buddy_first(z, have, type);

		if (!page)
			continue;
		buddy_list_del(z, page);
		expand(z, page, order, have, type);
		if (rules_6_12(z->tun))
			buddy_account(z, -((int64_t)1 << order), type);
		page->type = (uint8_t)type;
		page->zone = z->id;
		trace_take(z, page, order, type);
		return page;
	}
	return NULL;
}

void buddy_move(struct zone *z, struct page *page, enum migratetype type)
{
	struct free_area *area = &z->area[page->order];

	assert_zone_locked(z);
	mm_assert(X3, page->state == PAGE_FREE);
	mm_assert(X3, type < NR_MIGRATETYPES);
	if (rules_6_12(z->tun) && page->type != MIGRATE_ISOLATE)
		buddy_account(z, -((int64_t)1 << page->order), (enum migratetype)page->type);
	if (rules_6_12(z->tun) && type != MIGRATE_ISOLATE)
		buddy_account(z, (int64_t)1 << page->order, type);
	list_del(&area->list[page->type], z->pages, page);
	list_add_tail(&area->list[type], z->pages, page);
	touched(z, zone_pfn(z, page), page->order, page->type);
	page->type = (uint8_t)type;
	touched(z, zone_pfn(z, page), page->order, type);
}

/* A random free block like `page`, or NULL when a few draws find none. */
static struct page *random_partner(const struct zone *z, const struct page *page)
{
	for (unsigned int tries = 0; tries < 10; tries++) {
		pfn_t pfn = align_down(z->start_pfn + hook_random(z->tun->hw) % zone_spanned(z),
				       1ULL << MAX_ORDER);
		struct page *other;

		if (!zone_spans(z, pfn))
			continue;
		other = zone_page(z, pfn);
		if (other != page && other->state == PAGE_FREE && other->order == page->order &&
		    other->type == page->type)
			return other;
	}
	return NULL;
}

void buddy_shuffle(struct zone *z)
{
	uint64_t step = 1ULL << MAX_ORDER;

	assert_zone_locked(z);
	mm_assert(B6, z->tun->policy.shuffle);
	for (pfn_t pfn = align_up(z->start_pfn, step); pfn < z->end_pfn; pfn += step) {
		struct page *page = zone_page(z, pfn), *other;

		if (page->state != PAGE_FREE || page->order != MAX_ORDER)
			continue;
		other = random_partner(z, page);
		if (other)
			list_swap(&z->area[MAX_ORDER].list[page->type], z->pages, page, other);
	}
}
