/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * validate.c - recounting, and what is compared with what
 *
 * Nothing is written, and no hook is called but the panic, so that looking
 * never changes what follows.
 *
 * A list's type and its pageblocks' types may differ in one way only: among
 * UNMOVABLE, MOVABLE, RECLAIMABLE and HIGHATOMIC.  Stealing moves blocks and
 * leaves the pageblock; a pageblock may be set aside, or given back, while some
 * of its pages are on PCP lists with the older type, or part of a larger free
 * block.  CMA and ISOLATE are exact: their pages are counted by list.
 */
#include "validate.h"

#include "pcp.h"

enum {
	FREE_FLAGS  = PG_ZEROED | PG_POISONED,
	ALLOC_FLAGS = PG_COMP | PG_LRU | PG_DIRTY | PG_PFMEMALLOC,
};

/* What a walk over all pages of a zone found. */
struct recount {
	uint64_t free_heads[NR_ORDERS][NR_MIGRATETYPES];
	uint64_t free_pages;
	uint64_t pcp_heads;
	uint64_t alloc_pages;
};

/* --- one block --------------------------------------------------------------------------- */

/* Does the page say nothing but what these bits leave room for? */
static bool says_only(const struct page *page, uint64_t bits)
{
	return (page->says & ~bits) == 0;
}

/* Is the page's record zero, but for the flags in `allowed`? */
static bool is_blank(const struct page *page, unsigned int allowed)
{
	return (page->links == 0) & says_only(page, page_says(.flags = (uint8_t)allowed));
}

/* X3: do the links of a member agree with its neighbours and with the ends of its list? */
static void check_links(const struct zone *z, const struct list *l, const struct page *page)
{
	uint32_t self = list_link(z->pages, page), next = page->next, prev = page->prev;
	uint64_t spanned = zone_spanned(z);

	mm_assert(X3, next <= spanned && prev <= spanned);
	mm_assert(X3, l->nr > 0);
	mm_assert(X3, (prev ? z->pages[prev - 1].next : l->first) == self);
	if (next) {
		mm_assert(X3, z->pages[next - 1].prev == self);
		mm_assert(X3, z->pages[next - 1].state == page->state);
	} else {
		mm_assert(X3, l->last == self);
	}
}

/*
 * X4: may a block of a list of `type` be in this pageblock?  Another zone that has
 * pages there may retype it, but neither to nor from an exact type.
 */
static bool types_agree(const struct zone *z, pfn_t pfn, unsigned int type)
{
	unsigned int block = pageblock_type(&z->blocks, pfn);

	return block == type || (!migratetype_is_exact(block) && !migratetype_is_exact(type));
}

/*
 * X4: two free buddies of one order.  Below pageblock order the later one always
 * merges, whatever the types.  From there on types that may not mix keep them
 * apart: two of one exact type never are, two of which one is exact always.
 * Around HIGHATOMIC types change while blocks are free, which merges nothing;
 * so once a zone has had such a pageblock, any pair may be left over from it.
 */
static bool may_stay_apart(const struct zone *z, pfn_t pfn, pfn_t buddy, unsigned int order)
{
	unsigned int type = pageblock_type(&z->blocks, pfn);
	unsigned int other = pageblock_type(&z->blocks, buddy);
	bool exact = migratetype_is_exact(type) || migratetype_is_exact(other);

	return order >= z->blocks.order &&
	       (exact ? type != other : z->had_highatomic);
}

static void check_free_block(const struct zone *z, const struct page *page, pfn_t pfn)
{
	unsigned int order = page->order;
	pfn_t buddy = pfn ^ (1ULL << order);

	mm_assert(X3, page->type < NR_MIGRATETYPES);
	mm_assert(X3, says_only(page, page_says(
		.state = UINT8_MAX, .order = UINT8_MAX, .type = UINT8_MAX, .zone = UINT8_MAX,
		.flags = FREE_FLAGS)));
	mm_assert(X4, types_agree(z, pfn, page->type));
	if (order)
		mm_assert(X4, page[1ULL << (order - 1)].state == PAGE_NONE);
	if (order < MAX_ORDER && zone_spans(z, buddy)) {
		const struct page *b = zone_page(z, buddy);

		if (b->state == PAGE_FREE && b->order == order)
			mm_assert(X4, may_stay_apart(z, pfn, buddy, order));
	}
}

static unsigned int pcp_index(const struct zone *z, const struct page *page)
{
	enum migratetype type = (enum migratetype)page->type;

	/* P5: the others have no lists of their own. */
	return pcp_list_index(z->tun, page->order,
			      type < MIGRATE_PCPTYPES ? type : MIGRATE_MOVABLE);
}

/* P5: under RULES_6_12 a page of a set bears its list's type: CMA's, MOVABLE. */
static bool set_type_agrees(const struct zone *z, pfn_t pfn, unsigned int type)
{
	if (rules_6_12(z->tun) && type == MIGRATE_MOVABLE &&
	    pageblock_type(&z->blocks, pfn) == MIGRATE_CMA)
		return true;
	return types_agree(z, pfn, type);
}

static void check_pcp_block(const struct mm *mm, const struct zone *z, const struct page *page,
			    pfn_t pfn)
{
	mm_assert(X3, page->cpu < mm->nr_cpus);
	mm_assert(P4, mm->online_cpus >> page->cpu & 1);
	mm_assert(P1, pcp_has_order(z->tun, page->order));
	mm_assert(P5, page->type < MIGRATE_ISOLATE);
	mm_assert(P5, set_type_agrees(z, pfn, page->type));
	mm_assert(X3, page->refs == 0);
	mm_assert(X3, !(page->flags & ~FREE_FLAGS));
}

/* The list that the block says it is on. */
static const struct list *list_of(const struct zone *z, const struct page *page)
{
	if (page->state == PAGE_FREE)
		return &z->area[page->order].list[page->type];
	return &z->cpu[page->cpu].pcp.lists[pcp_index(z, page)];
}

/* Nobody's list, and somebody's pages; without users: taken away by an import. */
static void check_allocation(const struct page *page)
{
	mm_assert(X3, !page->links);
	mm_assert(X3, says_only(page, page_says(
		.refs = UINT16_MAX, .state = UINT8_MAX, .order = UINT8_MAX, .zone = UINT8_MAX,
		.flags = ALLOC_FLAGS)));
	if (!page->refs)
		mm_assert(X1, page->flags == 0);
}

/* The head of a block that is on a list. */
static void check_listed(const struct mm *mm, const struct zone *z, const struct page *page,
			 pfn_t pfn)
{
	if (page->state == PAGE_FREE)
		check_free_block(z, page, pfn);
	else
		check_pcp_block(mm, z, page, pfn);
	check_links(z, list_of(z, page), page);
}

/* The head of any block: aligned, inside its zone. */
static inline void check_head(const struct zone *z, const struct page *page, pfn_t pfn)
{
	uint64_t nr = 1ULL << page->order % 64;

	mm_assert(X4, page->order <= MAX_ORDER);
	mm_assert(X4, is_aligned(pfn, nr) && pfn + nr <= z->end_pfn);
	mm_assert(X3, page->zone == z->id);
	mm_assert(X3, page->state <= PAGE_ALLOC);
}

static inline void check_block(const struct mm *mm, const struct zone *z,
			       const struct page *page, pfn_t pfn)
{
	check_head(z, page, pfn);
	if (page->state == PAGE_ALLOC)
		check_allocation(page);
	else
		check_listed(mm, z, page, pfn);
}

void validate_block(struct mm *mm, const struct zone *z, pfn_t pfn)
{
	const struct page *page = zone_page(z, pfn);	/* inside the zone, or it stops */

	if (page->state == PAGE_NONE) {
		mm_assert(X3, is_blank(page, PG_LRU));
		return;
	}
	check_block(mm, z, page, pfn);
}

/* --- counts ------------------------------------------------------------------------------- */

/* X3: an empty list has no ends, another has both; pages on it, of blocks of that order. */
static uint64_t list_pages(const struct list *l, unsigned int order)
{
	if (!(l->first | l->last | l->nr))
		return 0;
	mm_assert(X3, l->first && l->last && l->nr);
	return (uint64_t)l->nr << order;
}

static int64_t counter(const struct mm *mm, const struct zone *z, enum zone_stat item)
{
	int64_t sum = z->stats.count[item];

	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		sum += z->cpu[cpu].stat.diff[item];
	return sum;
}

/* Most lists of a set are: two are looked at as three words. */
static bool both_empty(const struct list *l)
{
	uint64_t word[3];

	_Static_assert(sizeof(word) == 2 * sizeof(*l), "two lists are three words");
	_Static_assert(NR_PCP_LISTS % 2 == 0, "lists of a set come in pairs");
	memcpy(word, l, sizeof(word));
	return (word[0] | word[1] | word[2]) == 0;
}

static uint64_t pcp_list_pages(const struct zone *z, const struct pcp *pcp, unsigned int i)
{
	return list_pages(&pcp->lists[i],
			  i < NR_PCP_LOW_LISTS ? i / MIGRATE_PCPTYPES : z->blocks.order);
}

uint64_t validate_pcp_count(const struct zone *z, unsigned int cpu)
{
	const struct pcp *pcp = &z->cpu[cpu].pcp;
	unsigned int filled = 0;
	uint64_t pages = 0;

	for (unsigned int i = 0; i < NR_PCP_LISTS; i += 2)
		if (!both_empty(&pcp->lists[i]))
			filled |= 1u << i;
	for (; filled; filled &= filled - 1) {
		unsigned int i = ffs_u64(filled);

		pages += pcp_list_pages(z, pcp, i) + pcp_list_pages(z, pcp, i + 1);
	}
	mm_assert(X2, pages == pcp->count);
	mm_assert(P3, pcp->free_factor <= PCP_FREE_FACTOR_MAX);
	return pages;
}

void validate_zone_counts(struct mm *mm, const struct zone *z)
{
	uint64_t pages[NR_MIGRATETYPES] = { 0 }, counted = 0, pcp = 0;

	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			pages[type] += list_pages(&z->area[order].list[type], order);
	for (unsigned int type = 0; type < MIGRATE_ISOLATE; type++)
		counted += pages[type];
	mm_assert(X2, counter(mm, z, NR_FREE_PAGES) == (int64_t)counted);
	mm_assert(X2, counter(mm, z, NR_FREE_CMA) == (int64_t)pages[MIGRATE_CMA]);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		pcp += validate_pcp_count(z, cpu);
	mm_assert(X1, counted + pages[MIGRATE_ISOLATE] + pcp + z->held <= z->managed);
}

/* --- every page --------------------------------------------------------------------------- */

/*
 * X1, X3: nobody's pages: inside a block, in a hole, or reserved.  If each page
 * is like the next one, the first one speaks for all.
 */
static void check_blank(const struct zone *z, pfn_t start, pfn_t end, unsigned int allowed)
{
	const struct page *page = &z->pages[start - z->start_pfn];	/* or just behind */
	uint64_t nr = end - start;

	if (nr && memcmp(page, page + 1, (size_t)(nr - 1) * sizeof(*page)) == 0)
		nr = 1;
	for (uint64_t i = 0; i < nr; i++)
		mm_assert(X3, is_blank(page + i, allowed));
}

/* X1: free memory is blocks, one after the other, and no block leaves it. */
static void walk_range(struct mm *mm, const struct zone *z, struct pfn_range r,
		       struct recount *rc)
{
	pfn_t pfn = r.start;

	while (pfn < r.end) {
		const struct page *page = zone_page(z, pfn);
		uint64_t nr;

		mm_assert(X1, page->state != PAGE_NONE);
		check_block(mm, z, page, pfn);
		nr = 1ULL << page->order;
		mm_assert(X4, nr <= r.end - pfn);
		check_blank(z, pfn + 1, pfn + nr, page->state == PAGE_ALLOC ? PG_LRU : 0);
		if (page->state == PAGE_FREE) {
			rc->free_heads[page->order][page->type]++;
			rc->free_pages += nr;
			for (uint64_t i = 0; i < nr; i += pageblock_nr_pages(z->tun))
				mm_assert(X4, types_agree(z, pfn + i, page->type));
		} else if (page->state == PAGE_PCP) {
			rc->pcp_heads++;
		} else {
			rc->alloc_pages += nr;
		}
		pfn += nr;
	}
}

/* X1: in a snapshot's zone anything may be between two blocks, and be movable. */
static void walk_snapshot(struct mm *mm, const struct zone *z, struct recount *rc)
{
	for (pfn_t pfn = z->start_pfn; pfn < z->end_pfn;) {
		const struct page *page = zone_page(z, pfn);
		uint64_t nr = 1;

		if (page->state == PAGE_NONE) {
			mm_assert(X3, is_blank(page, PG_LRU));
		} else {
			nr = 1ULL << page->order;
			mm_assert(X4, nr <= z->end_pfn - pfn);
			walk_range(mm, z, (struct pfn_range){ pfn, pfn + nr }, rc);
		}
		pfn += nr;
	}
}

static void walk_zone(struct mm *mm, const struct zone *z, struct recount *rc)
{
	pfn_t cursor = z->start_pfn, done = z->start_pfn;
	struct pfn_range r;

	while (memblock_next_free(&mm->memblock, &cursor, z->end_pfn, z->nid, &r)) {
		check_blank(z, done, r.start, 0);
		walk_range(mm, z, r, rc);
		done = r.end;
	}
	check_blank(z, done, z->end_pfn, 0);
}

/* --- every list ---------------------------------------------------------------------------- */

/* X3: nr steps lead from first to last, over blocks of this state and order. */
static void walk_list(const struct zone *z, const struct list *l, enum page_state state,
		      unsigned int order, unsigned int owner)
{
	uint32_t link = l->first, prev = 0, nr = 0;

	while (link) {
		const struct page *page;

		mm_assert(X3, link <= zone_spanned(z));
		mm_assert(X3, nr < l->nr);
		page = list_entry(z->pages, link);
		mm_assert(X3, page->prev == prev);
		mm_assert(X3, page->state == state);
		mm_assert(X3, page->order == order);
		/* Whose list: a type's, or a CPU's. */
		mm_assert(X3, (state == PAGE_FREE ? page->type : page->cpu) == owner);
		prev = link;
		link = page->next;
		nr++;
	}
	mm_assert(X3, nr == l->nr);
	mm_assert(X3, prev == l->last);
}

/* A PCP list also knows which types it takes. */
static uint64_t walk_pcp(const struct zone *z, unsigned int cpu)
{
	const struct pcp *pcp = &z->cpu[cpu].pcp;
	uint64_t heads = 0;

	for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
		const struct list *l = &pcp->lists[i];

		walk_list(z, l, PAGE_PCP, pcp_list_order(z->tun, i), cpu);
		for (uint32_t link = l->first; link; link = list_entry(z->pages, link)->next)
			mm_assert(P5, pcp_index(z, list_entry(z->pages, link)) == i);
		heads += l->nr;
	}
	return heads;
}

/*
 * Members are told apart by what they say of themselves, and no list has one
 * twice; so equal numbers mean that every head is on the list it names.
 */
static void check_lists(const struct mm *mm, const struct zone *z, const struct recount *rc)
{
	uint64_t pcp_heads = 0;

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			const struct list *l = &z->area[order].list[type];

			walk_list(z, l, PAGE_FREE, order, type);
			mm_assert(X3, rc->free_heads[order][type] == l->nr);
		}
	}
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		pcp_heads += walk_pcp(z, cpu);
	mm_assert(X3, pcp_heads == rc->pcp_heads);
}

/* --- what the zone says of itself ------------------------------------------------------------ */

/* How many of these pageblocks have each type. */
static void count_types(const struct zone *z, uint64_t first, uint64_t nr_blocks,
			uint64_t nr[NR_MIGRATETYPES])
{
	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
		nr[type] = 0;
	for (uint64_t i = first; i < first + nr_blocks; i++) {
		mm_assert(M1, z->blocks.type[i] < NR_MIGRATETYPES);
		nr[z->blocks.type[i]]++;
	}
}

/*
 * M5: taking over a block of several pageblocks looks at the type of the first
 * alone, and so can overwrite a HIGHATOMIC one that stays in the count.  It is
 * exact where no block is larger than a pageblock.  A zone that shares a
 * pageblock can give back what the other one reserved, out of its own count;
 * no bound is left then.
 */
static void check_pageblocks(const struct zone *z)
{
	uint64_t own[NR_MIGRATETYPES], all[NR_MIGRATETYPES];
	uint64_t size = 1ULL << z->blocks.order;

	count_types(z, z->blocks.own_first, z->blocks.own_nr, own);
	count_types(z, 0, z->blocks.nr, all);
	mm_assert(M5, is_aligned(z->nr_reserved_highatomic, size));
	if (z->blocks.own_nr == z->blocks.nr) {
		mm_assert(M5, z->nr_reserved_highatomic >= own[MIGRATE_HIGHATOMIC] * size);
		if (z->blocks.order == MAX_ORDER)
			mm_assert(M5, z->nr_reserved_highatomic == own[MIGRATE_HIGHATOMIC] * size);
	}
	mm_assert(M5, !z->nr_reserved_highatomic || z->had_highatomic);
	mm_assert(M1, z->cma_pages >= own[MIGRATE_CMA] * size);
	mm_assert(M1, z->cma_pages <= all[MIGRATE_CMA] * size);
	mm_assert(M1, z->nr_isolated_blocks >= own[MIGRATE_ISOLATE]);
	mm_assert(M1, z->nr_isolated_blocks <= all[MIGRATE_ISOLATE]);
}

static uint64_t memblock_free_pages(const struct mm *mm, const struct zone *z)
{
	pfn_t cursor = z->start_pfn;
	struct pfn_range r;
	uint64_t nr = 0;

	while (memblock_next_free(&mm->memblock, &cursor, z->end_pfn, z->nid, &r))
		nr += r.end - r.start;
	return nr;
}

static void check_zone(const struct mm *mm, const struct zone *z)
{
	mm_assert(Z1, z->tun == &mm->tun);
	mm_assert(Z1, &mm->zones[z->id] == z);
	mm_assert(Z1, z->present ==
		      memblock_pages(&mm->memblock, z->start_pfn, z->end_pfn, z->nid));
	mm_assert(Z1, z->managed == memblock_free_pages(mm, z));
	mm_assert(W2, z->watermark[WMARK_MIN] <= z->watermark[WMARK_LOW]);
	mm_assert(W2, z->watermark[WMARK_LOW] <= z->watermark[WMARK_HIGH]);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		const struct zone_cpu *zc = &z->cpu[cpu];

		mm_assert(P1, rules_6_12(z->tun) ? zc->pcp.high_max == z->pageset_high_max
						 : zc->pcp.high == z->pageset_high);
		mm_assert(P1, zc->pcp.batch == z->pageset_batch);
		for (unsigned int item = 0; item < NR_ZONE_STATS; item++)
			mm_assert(W8, zc->stat.diff[item] <= 125 && zc->stat.diff[item] >= -125);
		if (!(mm->online_cpus >> cpu & 1))
			mm_assert(P4, zc->pcp.count == 0 && zc->stat.diff[NR_FREE_PAGES] == 0);
	}
}

void validate_zone(struct mm *mm, struct zone *z)
{
	struct recount rc = { 0 };
	uint64_t pcp_pages = 0;

	check_zone(mm, z);
	if (z->is_snapshot)
		walk_snapshot(mm, z, &rc);
	else
		walk_zone(mm, z, &rc);
	check_lists(mm, z, &rc);
	check_pageblocks(z);
	validate_zone_counts(mm, z);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		pcp_pages += z->cpu[cpu].pcp.count;
	mm_assert(X1, rc.free_pages + pcp_pages + rc.alloc_pages + z->held == z->managed);
}

static void check_nodes(const struct mm *mm)
{
	uint64_t seen = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		const struct node *node = &mm->nodes[nid];
		const uint8_t *list = node->zonelist[ZONELIST_FALLBACK];

		mm_assert(Z4, !(node->cpus & seen));
		seen |= node->cpus;
		for (unsigned int i = 0; node->online && list[i] != ZONE_ID_END; i++)
			mm_assert(Z4, list[i] < MAX_ZONES && zone_populated(&mm->zones[list[i]]));
	}
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		mm_assert(Z4, mm->nodes[mm->cpu_node[cpu]].cpus >> cpu & 1);
}

void validate_mm(struct mm *mm)
{
	check_nodes(mm);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		validate_zone(mm, z);
}

/* X7: nothing is missing from the buddy's lists. */
static void check_all_free(const struct mm *mm, const struct zone *z)
{
	uint64_t isolated = 0;

	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		isolated += (uint64_t)z->area[order].list[MIGRATE_ISOLATE].nr << order;
	mm_assert(X7, counter(mm, z, NR_FREE_PAGES) == (int64_t)(z->managed - isolated));
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		mm_assert(X7, z->cpu[cpu].pcp.count == 0);
}

/*
 * If all of a block's memory is free but the block is not, the smallest parts
 * it is in are a pair of free buddies; and those validate_block() refuses.
 */
void validate_all_free(struct mm *mm)
{
	validate_mm(mm);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		check_all_free(mm, z);
}
