/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buddy.c - splitting, merging and placing free blocks
 *
 * A block is put on a list by enlist() and taken off by unlist(), so its own
 * record and its list cannot disagree.
 */
#include "buddy.h"

/* What a free block's head may still say besides its list. */
enum { FREE_FLAGS = PG_ZEROED | PG_POISONED };

static void assert_zone_locked(const struct zone *z)
{
	mm_assert(X9, hook_lock_is_held(z->tun->hw, &z->lock));
}

static void touched(struct hw *hw, pfn_t pfn, const struct page *is)
{
	hook_touched(hw, is->zone, pfn, is->order * (unsigned int)NR_MIGRATETYPES + is->type);
}

/* X4, Z2: it begins where a block of its order may, and ends inside the zone. */
static void assert_block(const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t start = z->start_pfn, end = z->end_pfn;

	mm_assert(X4, order <= MAX_ORDER);
	mm_assert(X4, is_aligned(pfn, 1ULL << order));
	mm_assert(Z2, pfn - start < end - start && 1ULL << order <= end - pfn);
}

/*
 * Puts a block on the list that `is` names, which its first page says from now
 * on.  Part of its callers: what one change after the other needs they read once,
 * `base` is the zone's first page.
 */
static inline __attribute__((always_inline))
void enlist(struct zone *z, struct hw *hw, struct page *base, struct page *page, pfn_t pfn,
	    const struct page *is, bool tail)
{
	struct list *l = &z->area[is->order].list[is->type];

	mm_assert(X1, page->says == 0);
	page->says = is->says;
	if (tail)
		list_add_tail(l, base, page);
	else
		list_add_head(l, base, page);
	touched(hw, pfn, is);
}

/* Takes a free block off its list.  Returns what its page said, which now says nothing. */
static inline __attribute__((always_inline))
uint64_t unlist(struct zone *z, struct hw *hw, struct page *base, struct page *page, pfn_t pfn)
{
	const struct page was = { .says = page->says };

	mm_assert(X3, was.state == PAGE_FREE);
	mm_assert(X3, (was.refs | was.cpu) == 0);
	mm_assert(X3, was.zone == z->id);
	list_del(&z->area[was.order].list[was.type], base, page);
	page->says = 0;
	touched(hw, pfn, &was);
	return was.says;
}

void buddy_list_add(struct zone *z, struct page *page, unsigned int order,
		    enum migratetype type, bool tail)
{
	const struct page was = { .says = page->says };
	const struct page is = { .state = PAGE_FREE, .order = (uint8_t)order,
				 .type = (uint8_t)type, .flags = was.flags, .zone = z->id };
	pfn_t pfn = zone_pfn(z, page);

	mm_assert(X4, type < NR_MIGRATETYPES);
	mm_assert(X1, was.state == PAGE_NONE);
	mm_assert(X3, (was.refs | was.cpu) == 0);
	assert_block(z, pfn, order);
	page->says = 0;
	enlist(z, z->tun->hw, z->pages, page, pfn, &is, tail);
}

void buddy_list_del(struct zone *z, struct page *page)
{
	pfn_t pfn = zone_pfn(z, page);
	const struct page was = { .says = unlist(z, z->tun->hw, z->pages, page, pfn) };

	page->flags = was.flags & FREE_FLAGS;
}

/* B4: zone->lock is held. */
static void account(struct zone *z, struct hw *hw, int64_t nr, enum migratetype type)
{
	struct stat_diff *diff = &z->cpu[hook_cpu(hw)].stat;

	mm_assert(B4, type != MIGRATE_ISOLATE);
	stat_mod(hw, &z->stats, diff, NR_FREE_PAGES, nr);
	if (type == MIGRATE_CMA)
		stat_mod(hw, &z->stats, diff, NR_FREE_CMA, nr);
	else if (type == MIGRATE_HIGHATOMIC && rules_6_12(z->tun))
		publish(z->free_highatomic, z->free_highatomic + (uint64_t)nr);
}

void buddy_account(struct zone *z, int64_t nr, enum migratetype type)
{
	assert_zone_locked(z);
	account(z, z->tun->hw, nr, type);
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
	if (order == MAX_ORDER && z->tun->policy.shuffle)
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
	const struct page was = { .says = page->says };
	struct page is = { .state = PAGE_FREE, .type = (uint8_t)type,
			   .flags = was.flags & FREE_FLAGS, .zone = z->id };
	struct page *base = z->pages;
	struct hw *hw = z->tun->hw;
	pfn_t pfn = z->start_pfn + (pfn_t)(page - base);

	mm_assert(X9, hook_lock_is_held(hw, &z->lock));
	mm_assert(X1, was.state == PAGE_NONE);
	mm_assert(X3, (was.refs | was.cpu) == 0);
	mm_assert(X4, is_aligned(pfn, 1ULL << order));
	if (type != MIGRATE_ISOLATE)
		account(z, hw, (int64_t)1 << order, type);

	/* All are nobody's until it is known with which of them the block begins. */
	page->says = 0;
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = free_buddy(z, pfn, order);
		pfn_t buddy_pfn = pfn ^ (1ULL << order);

		if (!buddy || !may_merge(z, buddy_pfn, order, type))
			break;
		if (order >= z->blocks.order && rules_6_12(z->tun))
			retype_buddy(z, buddy_pfn, order, type);
		is.flags &= (struct page){ .says = unlist(z, hw, base, buddy, buddy_pfn) }.flags;
		pfn &= buddy_pfn;
		page = buddy < page ? buddy : page;
	}
	is.order = (uint8_t)order;
	assert_block(z, pfn, order);
	enlist(z, hw, base, page, pfn, &is, goes_to_tail(z, pfn, order, place));
}

/*
 * Takes a block of a list of `from` and cuts it down to `order`: each cut frees
 * the upper half, so what is left starts where the block did.  Upper halves, so
 * that a run of small requests gets ascending pfns.  Nothing added here can
 * merge: the buddy of each upper half is the lower half, still in our hands.
 * And as the block is aligned and inside the zone, so is each half.
 */
static struct page *take_and_cut(struct zone *z, struct page *page, unsigned int order,
				 enum migratetype from, enum migratetype to)
{
	const struct tunables *t = z->tun;
	struct page *base = z->pages;
	struct hw *hw = t->hw;
	pfn_t pfn = z->start_pfn + (pfn_t)(page - base);
	const struct page was = { .says = unlist(z, hw, base, page, pfn) };
	struct page is = { .state = PAGE_FREE, .type = (uint8_t)to,
			   .flags = was.flags & FREE_FLAGS, .zone = was.zone };

	mm_assert(M3, was.type == from);
	mm_assert(B1, order <= was.order);
	assert_block(z, pfn, was.order);
	for (unsigned int high = was.order; high-- > order;) {
		uint64_t half = 1ULL << high;

		is.order = (uint8_t)high;
		enlist(z, hw, base, page + half, pfn + half, &is, false);
	}
	page->says = page_says(.type = is.type, .flags = is.flags, .zone = is.zone);
	if (rules_6_12(t) && from == to) {
		account(z, hw, -((int64_t)1 << order), from);
	} else if (rules_6_12(t)) {
		account(z, hw, -((int64_t)1 << was.order), from);
		account(z, hw, ((int64_t)1 << was.order) - ((int64_t)1 << order), to);
	}
	hook_event(hw, (struct event){
		.kind = EVENT_ALLOC_ZONE_LOCKED, .pfn = pfn, .zone = is.zone,
		.order = (uint8_t)order, .type = (uint8_t)to,
		.extra = pcp_has_order(t, order) && to < MIGRATE_PCPTYPES });
	return page;
}

struct page *buddy_take_block(struct zone *z, struct page *page, unsigned int order,
			      enum migratetype from, enum migratetype to)
{
	assert_zone_locked(z);
	mm_assert(M3, rules_6_12(z->tun));
	return take_and_cut(z, page, order, from, to);
}

struct page *buddy_take(struct zone *z, unsigned int order, enum migratetype type)
{
	assert_zone_locked(z);
	mm_assert(B1, order <= MAX_ORDER);
	for (unsigned int have = order; have <= MAX_ORDER; have++)
		if (!list_empty(&z->area[have].list[type]))
			return take_and_cut(z, buddy_first(z, have, type), order, type, type);
	return NULL;
}

void buddy_move(struct zone *z, struct page *page, enum migratetype type)
{
	struct page is = { .says = page->says };
	struct free_area *area = &z->area[is.order];
	struct page *base = z->pages;
	struct hw *hw = z->tun->hw;
	pfn_t pfn = z->start_pfn + (pfn_t)(page - base);

	mm_assert(X9, hook_lock_is_held(hw, &z->lock));
	mm_assert(X3, is.state == PAGE_FREE);
	mm_assert(X3, type < NR_MIGRATETYPES);
	if (rules_6_12(z->tun) && is.type != MIGRATE_ISOLATE)
		account(z, hw, -((int64_t)1 << is.order), (enum migratetype)is.type);
	if (rules_6_12(z->tun) && type != MIGRATE_ISOLATE)
		account(z, hw, (int64_t)1 << is.order, type);
	list_del(&area->list[is.type], base, page);
	list_add_tail(&area->list[type], base, page);
	touched(hw, pfn, &is);
	is.type = (uint8_t)type;
	page->says = is.says;
	touched(hw, pfn, &is);
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
