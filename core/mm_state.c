/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm_state.c - a zone in exactly the state that a snapshot of another machine shows
 *
 * A snapshot says which blocks are free or on a CPU's lists, in which order,
 * and all numbers.  Of the other managed pages it does not say where they are:
 * they are counted in zone->held, and their struct pages are blank.
 *
 * Nobody else runs meanwhile.  What no kernel could be in is refused, with
 * nothing changed, so that a damaged snapshot is told from a strange one.
 */
#include "buddy.h"
#include "mm.h"
#include "pcp.h"
#include "watermark.h"

/* Pages in the sets of all CPUs. */
static uint64_t pcp_pages(const struct mm *mm, const struct zone *z)
{
	uint64_t nr = 0;

	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		nr += z->cpu[cpu].pcp.count;
	return nr;
}

bool mm_state_begin(struct mm *mm, struct zone *z)
{
	uint64_t spanned = zone_spanned(z);

	mm_assert(X1, z->tun == &mm->tun);
	if ((uint64_t)zone_free_pages_exact(z, mm->nr_cpus) + pcp_pages(mm, z) != z->managed)
		return false;
	memset(z->pages, 0, (size_t)spanned * sizeof(*z->pages));
	memset(z->area, 0, sizeof(z->area));
	memset(z->blocks.type, 0, (size_t)z->blocks.nr);
	z->stats = (struct zone_stats){ .count = { 0 } };
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		struct pcp *pcp = &z->cpu[cpu].pcp;

		memset(pcp->lists, 0, sizeof(pcp->lists));
		pcp->count = 0;
		z->cpu[cpu].stat = (struct stat_diff){ .threshold = 0 };
	}
	z->cma_pages = 0;
	z->nr_reserved_highatomic = 0;
	z->free_highatomic = 0;
	z->nr_isolated_blocks = 0;
	z->held = z->managed;
	z->is_snapshot = true;
	hook_pages_alloc(mm->tun.hw, z->id, z->start_pfn, spanned);
	hook_tails_written(mm->tun.hw, z->id, z->start_pfn, spanned);
	mm_assert(X3, list_empty(&z->area[0].list[0]));
	mm_assert(X1, pcp_pages(mm, z) == 0);
	return true;
}

bool mm_state_pageblock(struct mm *mm, struct zone *z, uint64_t index, enum migratetype type)
{
	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (index >= z->blocks.nr || type >= NR_MIGRATETYPES)
		return false;
	/* Which zone would count it? */
	if ((type == MIGRATE_CMA || type == MIGRATE_ISOLATE) &&
	    !pageblock_is_own(&z->blocks, z->blocks.first_pfn + (index << z->blocks.order)))
		return false;
	z->blocks.type[index] = (uint8_t)type;
	if (type == MIGRATE_CMA) {
		z->cma_pages += pageblock_nr_pages(&mm->tun);
		mm->tun.has_cma = true;
	} else if (type == MIGRATE_ISOLATE) {
		z->nr_isolated_blocks++;
	}
	mm_assert(M1, z->nr_isolated_blocks <= z->blocks.nr);
	return true;
}

/* Held pages, wholly inside the zone, of which nobody says more yet than the flags `known`? */
static bool is_held(const struct zone *z, pfn_t pfn, unsigned int order, unsigned int known)
{
	const struct page *page;

	if (order > MAX_ORDER || !is_aligned(pfn, 1ULL << order) || !zone_spans(z, pfn) ||
	    (1ULL << order) > z->end_pfn - pfn || (1ULL << order) > z->held)
		return false;
	page = zone_page(z, pfn);
	for (uint64_t i = 0; i < 1ULL << order; i++)
		if (page[i].state != PAGE_NONE || (page[i].flags & ~known))
			return false;
	/* A block that begins below may reach here. */
	for (unsigned int o = order + 1; o <= MAX_ORDER; o++) {
		pfn_t start = align_down(pfn, 1ULL << o);

		if (!zone_spans(z, start))
			break;
		if (start != pfn && zone_page(z, start)->state != PAGE_NONE &&
		    zone_page(z, start)->order >= o)
			return false;
	}
	return true;
}

bool mm_state_block(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order,
		    enum migratetype type)
{
	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (type >= NR_MIGRATETYPES || !is_held(z, pfn, order, 0))
		return false;
	z->held -= 1ULL << order;
	buddy_list_add(z, zone_page(z, pfn), order, type, true);
	hook_pages_free(mm->tun.hw, z->id, pfn, 1ULL << order);
	mm_assert(X1, z->held <= z->managed);
	return true;
}

bool mm_state_pcp(struct mm *mm, struct zone *z, unsigned int cpu, unsigned int index, pfn_t pfn,
		  enum migratetype type)
{
	unsigned int order = index < NR_PCP_LISTS ? pcp_list_order(&mm->tun, index) : MAX_ORDER;
	enum migratetype list_type = type < MIGRATE_PCPTYPES ? type : MIGRATE_MOVABLE;
	struct page *page;
	struct pcp *pcp;

	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (index >= NR_PCP_LISTS || cpu >= mm->nr_cpus || type >= MIGRATE_ISOLATE ||
	    pcp_list_index(&mm->tun, order, list_type) != index || !is_held(z, pfn, order, 0))
		return false;
	pcp = &z->cpu[cpu].pcp;
	page = zone_page(z, pfn);
	*page = (struct page){ .state = PAGE_PCP, .order = (uint8_t)order, .zone = z->id,
			       .type = (uint8_t)type, .cpu = (uint8_t)cpu };
	list_add_tail(&pcp->lists[index], z->pages, page);
	pcp->count += 1U << order;
	z->held -= 1ULL << order;
	hook_pages_free(mm->tun.hw, z->id, pfn, 1ULL << order);
	mm_assert(X2, pcp->count >= 1U << order);
	return true;
}

bool mm_state_movable(struct mm *mm, struct zone *z, pfn_t pfn)
{
	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (!is_held(z, pfn, 0, 0))
		return false;
	zone_page(z, pfn)->flags = PG_LRU;
	return true;
}

bool mm_state_adopt(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order)
{
	struct page *page;

	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (!is_held(z, pfn, order, PG_LRU))
		return false;
	page = zone_page(z, pfn);
	for (uint64_t i = 1; i < 1ULL << order; i++)
		page[i].flags = 0;
	*page = (struct page){ .state = PAGE_ALLOC, .refs = 1, .order = (uint8_t)order,
			       .zone = z->id };
	z->held -= 1ULL << order;
	mm_assert(X1, z->held <= z->managed);
	return true;
}

static bool numbers_are_possible(const struct zone *z, const struct zone_numbers *n)
{
	if (n->watermark[WMARK_MIN] > n->watermark[WMARK_LOW] ||
	    n->watermark[WMARK_LOW] > n->watermark[WMARK_HIGH])
		return false;
	if (!is_aligned(n->highatomic, 1ULL << z->blocks.order))
		return false;
	return n->pageset_batch > 0 && n->pageset_high <= INT32_MAX;
}

bool mm_state_numbers(struct mm *mm, struct zone *z, const struct zone_numbers *n)
{
	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (!numbers_are_possible(z, n))
		return false;
	memcpy(z->watermark, n->watermark, sizeof(z->watermark));
	memcpy(z->lowmem_reserve, n->lowmem_reserve, sizeof(z->lowmem_reserve));
	memcpy(z->stats.count, n->count, sizeof(z->stats.count));
	z->boost = n->boost;
	z->nr_reserved_highatomic = n->highatomic;
	z->percpu_drift_mark = n->drift_mark;
	z->pageset_high = n->pageset_high;
	z->pageset_batch = n->pageset_batch;
	z->pageset_high_max = n->pageset_high_max;
	z->free_highatomic = n->free_highatomic;
	z->below_high = n->below_high;
	z->boosted = n->boosted;
	z->reclaim_active = n->reclaim_active;
	z->had_highatomic = true;	/* nobody knows what it had */
	mm_assert(W2, z->watermark[WMARK_MIN] <= z->watermark[WMARK_HIGH]);
	return true;
}

bool mm_state_cpu(struct mm *mm, struct zone *z, unsigned int cpu, const struct cpu_numbers *n)
{
	struct zone_cpu *c;

	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	if (cpu >= mm->nr_cpus || n->free_factor > PCP_FREE_FACTOR_MAX || n->threshold > 125 ||
	    !n->batch)
		return false;
	for (unsigned int i = 0; i < NR_ZONE_STATS; i++)
		if (n->diff[i] > 125 || n->diff[i] < -125)
			return false;
	c = &z->cpu[cpu];
	c->pcp.high = n->high;
	c->pcp.batch = n->batch;
	c->pcp.free_factor = n->free_factor;
	c->pcp.expire = n->expire;
	c->pcp.alloc_factor = n->alloc_factor;
	c->pcp.flags = n->flags;
	c->pcp.high_min = n->high_min;
	c->pcp.high_max = n->high_max;
	c->pcp.free_count = n->free_count;
	for (unsigned int i = 0; i < NR_ZONE_STATS; i++)
		c->stat.diff[i] = (int8_t)n->diff[i];
	c->stat.threshold = n->threshold;
	mm_assert(P3, c->pcp.free_factor <= PCP_FREE_FACTOR_MAX);
	mm_assert(W8, c->stat.threshold <= 125);
	return true;
}

bool mm_state_zonelist(struct mm *mm, unsigned int nid, unsigned int kind, const uint8_t *ids,
		       unsigned int nr)
{
	if (nid >= MAX_NODES || !mm->nodes[nid].online || kind >= NR_ZONELISTS || nr > MAX_ZONES)
		return false;
	for (unsigned int i = 0; i < nr; i++)
		if (ids[i] >= mm->tun.zone_ids || !zone_populated(&mm->zones[ids[i]]))
			return false;
	memcpy(mm->nodes[nid].zonelist[kind], ids, nr);
	mm->nodes[nid].zonelist[kind][nr] = ZONE_ID_END;
	mm_assert(Z4, mm->nodes[nid].zonelist[kind][nr] == ZONE_ID_END);
	return true;
}

/* Pages on the buddy's lists that count as free; *cma, those of CMA. */
static int64_t listed_pages(const struct zone *z, int64_t *cma)
{
	int64_t nr = 0;

	*cma = 0;
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < MIGRATE_ISOLATE; type++) {
			int64_t pages = (int64_t)z->area[order].list[type].nr << order;

			nr += pages;
			*cma += type == MIGRATE_CMA ? pages : 0;
		}
	return nr;
}

const char *mm_state_end(struct mm *mm, struct zone *z)
{
	int64_t cma, listed = listed_pages(z, &cma), counted = z->stats.count[NR_FREE_CMA];

	mm_assert(X1, z->is_snapshot && z->tun == &mm->tun);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		counted += z->cpu[cpu].stat.diff[NR_FREE_CMA];
	if (zone_free_pages_exact(z, mm->nr_cpus) != listed)
		return "the counter of free pages is not the sum of the free lists";
	if (counted != cma)
		return "the counter of free CMA pages is not the sum of their lists";
	node_set_totalreserve(mm->nodes, mm->zones);
	mm_assert(X1, z->held <= z->managed);
	return NULL;
}
