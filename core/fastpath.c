/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fastpath.c - the edge, the fast path, and one attempt
 *
 * An attempt is the same for everybody; what differs between paths is only
 * the alloc_flags it runs with.
 */
#include "alloc_context.h"

#include "watermark.h"

/* --- walking a zonelist ------------------------------------------------------------------- */

bool context_reset(struct alloc_context *ac)
{
	ac->start = 0;
	ac->preferred = context_next_zone(ac, &ac->start);
	return ac->preferred != NULL;
}

/* --- handing a block out ------------------------------------------------------------------ */

static void count_numa(struct mm *mm, const struct zone *preferred, struct zone *z, uint64_t nr)
{
	unsigned int cpu = hook_cpu(mm->tun.hw);
	uint64_t *numa = z->cpu[cpu].numa;

	if (z->nid == preferred->nid) {
		stat_count(&numa[NUMA_HIT], nr);
	} else {
		stat_count(&numa[NUMA_MISS], nr);
		stat_count(&preferred->cpu[cpu].numa[NUMA_FOREIGN], nr);
	}
	stat_count(&numa[z->nid == mm->cpu_node[cpu] ? NUMA_LOCAL : NUMA_OTHER], nr);
}

static void count_alloc(struct mm *mm, const struct zone *preferred, struct zone *z, uint64_t nr,
			unsigned int order)
{
	mm_count(mm, (enum vm_event)(PGALLOC_DMA + (int)z->type), nr << order);
	count_numa(mm, preferred, z, nr);
}

/* B6: checks the poison, clears if asked for, unless the page is known to be zero. */
static void prepare_contents(struct zone *z, struct page *page, unsigned int order, gfp_t gfp)
{
	const struct policies *policy = &z->tun->policy;
	struct hw *hw = z->tun->hw;
	pfn_t pfn = zone_pfn(z, page);
	uint64_t nr = 1ULL << order;

	hook_pages_alloc(hw, z->id, pfn, nr);
	if (page->flags & PG_POISONED)
		mm_assert(B6, hook_pages_poison_intact(hw, z->id, pfn, nr));
	if ((policy->init_on_alloc || (gfp & __GFP_ZERO)) && !(page->flags & PG_ZEROED))
		hook_pages_clear(hw, z->id, pfn, nr);
}

static void prepare_page(struct zone *z, struct page *page, unsigned int order, gfp_t gfp,
			 unsigned int alloc_flags)
{
	unsigned int flags = 0;

	mm_assert(X1, page->state == PAGE_NONE);
	mm_assert(X4, is_aligned(zone_pfn(z, page), 1ULL << order));
	prepare_contents(z, page, order, gfp);
	if (order && (gfp & __GFP_COMP))
		flags |= PG_COMP;
	if (alloc_flags & ALLOC_NO_WATERMARKS)
		flags |= PG_PFMEMALLOC;
	publish(page->says, page_says(.state = PAGE_ALLOC, .refs = 1, .order = (uint8_t)order,
				      .zone = z->id, .flags = (uint8_t)flags));
}

/* --- one zone ----------------------------------------------------------------------------- */

/* Straight from the buddy; the reserve is first for those it is for, last for the needy. */
static struct page *take_from_buddy(struct zone *z, unsigned int order, enum migratetype type,
				    unsigned int alloc_flags)
{
	struct hw *hw = z->tun->hw;
	bool masked = hook_irq_save(hw);
	struct page *page = NULL;

	hook_lock(hw, &z->lock);
	if (alloc_flags & ALLOC_HIGHATOMIC)
		page = buddy_take(z, order, MIGRATE_HIGHATOMIC);
	if (!page)
		page = mobility_take(z, order, type, alloc_flags, NULL);
	if (!page && (alloc_flags & (ALLOC_OOM | ALLOC_NON_BLOCK)))
		page = buddy_take(z, order, MIGRATE_HIGHATOMIC);
	if (page && !rules_6_12(z->tun))
		buddy_account(z, -((int64_t)1 << order), (enum migratetype)page->type);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	return page;
}

/* A request for CMA-less movable pages must not get those that lie on the MOVABLE list. */
static bool may_use_pcp(const struct zone *z, unsigned int order, enum migratetype type,
			unsigned int alloc_flags)
{
	return pcp_has_order(z->tun, order) &&
	       (!z->tun->has_cma || (alloc_flags & ALLOC_CMA) || type != MIGRATE_MOVABLE);
}

static struct page *take_from_zone(struct alloc_context *ac, struct zone *z,
				   unsigned int alloc_flags)
{
	struct hw *hw = z->tun->hw;
	struct page *page = NULL;

	if (may_use_pcp(z, ac->order, ac->type, alloc_flags))
		page = pcp_alloc(z, ac->order, ac->type, alloc_flags);
	if (!page)
		page = take_from_buddy(z, ac->order, ac->type, alloc_flags);
	if (page)
		count_alloc(ac->mm, ac->preferred, z, 1, ac->order);
	if (read_shared(hw, z->boosted) &&
	    ((alloc_flags & ALLOC_KSWAPD) || !rules_6_12(z->tun))) {
		write_shared(hw, z->boosted, false);
		mm_wakeup_kswapd(ac->mm, z, 0, 0, (enum zone_type)z->type);
	}
	return page;
}

/* --- one attempt -------------------------------------------------------------------------- */

/* RULES_6_12: whether the high mark holds decides how long sets may be (pcp_auto.h). */
static bool holds_high(const struct alloc_context *ac, struct zone *z, unsigned int alloc_flags)
{
	if (read_shared(z->tun->hw, z->below_high))
		return false;
	if (watermark_ok_fast(z, ac->order, zone_wmark(z, WMARK_HIGH), ac->highest, alloc_flags,
			      ac->gfp))
		return true;
	write_shared(z->tun->hw, z->below_high, true);
	return false;
}

static bool watermark_holds(const struct alloc_context *ac, struct zone *z,
			    unsigned int alloc_flags)
{
	enum wmark mark = (enum wmark)(alloc_flags & ALLOC_WMARK_MASK);

	if (rules_6_12(z->tun) && holds_high(ac, z, alloc_flags))
		return true;
	/* NO_WATERMARKS has a mark too, but does not care. */
	return watermark_ok_fast(z, ac->order, zone_wmark(z, mark), ac->highest, alloc_flags,
				 ac->gfp) || (alloc_flags & ALLOC_NO_WATERMARKS);
}

/* G5: asked once per node on the way; zones of a node stand together. */
static bool dirty_allows(const struct alloc_context *ac, const struct zone *z)
{
	return !ac->spread_dirty || node_dirty_ok(&ac->mm->tun, &ac->mm->nodes[z->nid],
						  ac->mm->zones, z->nid, ac->context);
}

/* NULL also when the walk ends at another node, which being near forbids. */
static struct page *walk_zones(struct alloc_context *ac, unsigned int alloc_flags)
{
	const struct zone *preferred = ac->preferred;
	unsigned int at = ac->start;
	struct zone *z;

	for (; (z = context_next_zone(ac, &at)); at++) {
		struct page *page;

		if (!dirty_allows(ac, z))
			continue;
		/* Being near matters more than not mixing types (M4). */
		if ((alloc_flags & ALLOC_NOFRAGMENT) && ac->mm->tun.nr_nodes > 1 &&
		    z->nid != preferred->nid)
			return NULL;
		if (!watermark_holds(ac, z, alloc_flags))
			continue;
		page = take_from_zone(ac, z, alloc_flags);
		if (!page)
			continue;
		prepare_page(z, page, ac->order, ac->gfp, alloc_flags);
		if (alloc_flags & ALLOC_HIGHATOMIC)
			highatomic_reserve(z, page);
		return page;
	}
	return NULL;
}

struct page *alloc_attempt(struct alloc_context *ac, unsigned int alloc_flags)
{
	struct page *page;

	mm_assert(A1, ac->order <= MAX_ORDER);
	if (!ac->preferred)
		return NULL;
	page = walk_zones(ac, alloc_flags);
	if (!page && (alloc_flags & ALLOC_NOFRAGMENT))
		page = walk_zones(ac, alloc_flags & ~(unsigned int)ALLOC_NOFRAGMENT);
	return page;
}

/* --- the edge ----------------------------------------------------------------------------- */

/* Most requests name no node and have no context; asked without a branch per question. */
static bool is_plain_request(const struct alloc_request *req)
{
	const gfp_t both = __GFP_MOVABLE | __GFP_RECLAIMABLE;

	return (req->order <= MAX_ORDER) & !(req->gfp & ~__GFP_BITS_MASK) &
	       gfp_zone_is_legal(req->gfp) & ((req->gfp & both) != both) &
	       (req->nid == NODE_NONE) & !req->nodemask & !req->context;
}

enum mm_error mm_request_check(const struct mm *mm, const struct alloc_request *req)
{
	unsigned int online = mm->tun.online_nodes;

	if (is_plain_request(req))
		return MM_OK;
	if (req->order > MAX_ORDER)
		return MM_BAD_ORDER;
	if (req->gfp & ~__GFP_BITS_MASK || !gfp_zone_is_legal(req->gfp))
		return MM_BAD_GFP;
	if ((req->gfp & __GFP_MOVABLE) && (req->gfp & __GFP_RECLAIMABLE))
		return MM_BAD_GFP;
	if (req->nid != NODE_NONE && (req->nid >= MAX_NODES || !(online >> req->nid & 1)))
		return MM_BAD_NODE;
	if (req->nodemask && !(req->nodemask & online))
		return MM_BAD_NODE;
	if (req->context & ~CTX_MASK)
		return MM_BAD_CONTEXT;
	if ((req->context & CTX_IRQ) && gfp_may_block(req->gfp))
		return MM_BAD_CONTEXT;
	return MM_OK;
}

/* False when no zone that the request may use exists. */
static bool context_init(struct alloc_context *ac, struct mm *mm, const struct alloc_request *req,
			 gfp_t gfp)
{
	unsigned int nid = req->nid == NODE_NONE ? mm->cpu_node[hook_cpu(mm->tun.hw)] : req->nid;

	ac->mm = mm;
	ac->gfp = gfp;
	ac->order = req->order;
	ac->context = req->context;
	ac->type = gfp_migratetype(&mm->tun, gfp);
	ac->highest = gfp_zone(&mm->tun, gfp);
	ac->zonelist = mm->nodes[nid].zonelist[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
								     : ZONELIST_FALLBACK];
	ac->nodemask = req->nodemask;
	ac->spread_dirty = (gfp & __GFP_WRITE) != 0;
	return context_reset(ac);
}

/* M4: only DMA32 is a good place to go to instead of mixing types in Normal. */
static unsigned int nofragment_flag(const struct alloc_context *ac)
{
	const struct mm *mm = ac->mm;
	const struct zone *z = ac->preferred;

	if (!zone_type_configured(&mm->tun, ZONE_DMA32) || z->type != ZONE_NORMAL)
		return 0;
	if (mm->tun.nr_nodes > 1 &&
	    !zone_populated(&mm->zones[z->nid * NR_ZONE_TYPES + ZONE_DMA32]))
		return 0;
	return ALLOC_NOFRAGMENT;
}

static void trace_alloc(const struct alloc_context *ac, const struct page *page)
{
	hook_event(ac->mm->tun.hw, (struct event){
		.kind = EVENT_PAGE_ALLOC, .pfn = page ? mm_page_pfn(ac->mm, page) : PFN_NONE,
		.zone = page ? page->zone : ZONE_ID_END, .order = (uint8_t)ac->order,
		.gfp = ac->gfp, .type = (uint8_t)ac->type });
}

enum verdict mm_alloc_pages(struct mm *mm, const struct alloc_request *req, struct page **page)
{
	enum verdict verdict = VERDICT_OK;
	struct alloc_context ac;

	*page = NULL;
	if (mm_request_check(mm, req) != MM_OK)
		return VERDICT_REFUSED;
	if (!hook_may_alloc(mm->tun.hw, req->gfp, req->order))
		return VERDICT_FAILED;
	if (context_init(&ac, mm, req, gfp_in_context(req->gfp, req->context)))
		*page = alloc_attempt(&ac, ALLOC_WMARK_LOW | gfp_cma_flag(&mm->tun, ac.gfp) |
				      (ac.gfp & __GFP_KSWAPD_RECLAIM ? ALLOC_KSWAPD : 0) |
				      nofragment_flag(&ac));
	if (!*page)
		verdict = alloc_slow(&ac, page);
	mm_assert(G5, (verdict == VERDICT_OK) == (*page != NULL));
	trace_alloc(&ac, *page);
	return verdict;
}

/* --- bulk (B5) ---------------------------------------------------------------------------- */

/*
 * The zone that can give `nr` pages at once and stay above its low mark: one of
 * the preferred node, or none.
 */
static struct zone *bulk_zone(const struct alloc_context *ac, unsigned int alloc_flags, uint32_t nr)
{
	const struct zone *preferred = ac->preferred;
	unsigned int at = ac->start;
	struct zone *z;

	for (; (z = context_next_zone(ac, &at)); at++) {
		if (ac->mm->tun.nr_nodes > 1 && z->nid != preferred->nid)
			return NULL;
		if (watermark_ok_fast(z, 0, zone_wmark(z, WMARK_LOW) + nr,
				      (enum zone_type)preferred->type, alloc_flags, ac->gfp))
			return z;
	}
	return NULL;
}

/* Pages placed by the fast way; 0: the caller must ask for one in the usual way. */
static uint32_t bulk_fast(struct alloc_context *ac, struct page **pages, uint32_t nr)
{
	struct mm *mm = ac->mm;
	unsigned int alloc_flags = ALLOC_WMARK_LOW | gfp_cma_flag(&mm->tun, ac->gfp);
	struct zone *z = bulk_zone(ac, alloc_flags, nr);
	uint32_t placed;

	if (!z)
		return 0;
	placed = pcp_alloc_bulk(z, ac->type, alloc_flags, pages, nr);
	for (uint32_t i = 0; i < nr && pages[i]; i++)
		if (pages[i]->state == PAGE_NONE)
			prepare_page(z, pages[i], 0, ac->gfp, 0);
	if (placed)
		count_alloc(mm, ac->preferred, z, placed, 0);
	return placed;
}

/* How many places are full from the start on. */
static uint32_t filled_places(struct page *const *pages, uint32_t nr)
{
	uint32_t i = 0;

	while (i < nr && pages[i])
		i++;
	return i;
}

enum verdict mm_alloc_bulk(struct mm *mm, const struct alloc_request *req,
			   struct page **pages, uint32_t nr, uint32_t *filled)
{
	struct alloc_request one = *req;
	enum verdict verdict = VERDICT_OK;
	struct alloc_context ac;

	*filled = filled_places(pages, nr);
	one.order = 0;
	if (mm_request_check(mm, &one) != MM_OK || req->order)
		return VERDICT_REFUSED;
	if (*filled == nr)
		return VERDICT_OK;
	if (nr - *filled > 1) {
		if (!hook_may_alloc(mm->tun.hw, one.gfp, 0))
			return VERDICT_FAILED;
		/* As in Linux, the scopes of G6 do not reach here. */
		if (context_init(&ac, mm, &one, one.gfp) && bulk_fast(&ac, pages, nr))
			goto filled;
	}
	verdict = mm_alloc_pages(mm, &one, &pages[*filled]);
filled:
	*filled = filled_places(pages, nr);
	return verdict;
}

/* --- exact (B5) --------------------------------------------------------------------------- */

enum verdict mm_alloc_exact(struct mm *mm, const struct alloc_request *req, uint64_t nr_pages,
			    struct page **page)
{
	struct alloc_request whole = *req;
	enum verdict verdict;
	enum mm_error split;

	*page = NULL;
	if (!nr_pages || nr_pages > 1ULL << MAX_ORDER || (req->gfp & (__GFP_COMP | __GFP_HIGHMEM)))
		return VERDICT_REFUSED;
	whole.order = (uint8_t)fls_u64(nr_pages - 1);
	verdict = mm_alloc_pages(mm, &whole, page);
	if (verdict != VERDICT_OK)
		return verdict;
	split = mm_split_page(mm, *page);
	mm_assert(B5, split == MM_OK);
	for (uint64_t i = nr_pages; i < 1ULL << whole.order; i++)
		free_leftover(mm, *page + i);
	return VERDICT_OK;
}
