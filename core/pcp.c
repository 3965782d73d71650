/* SPDX-License-Identifier: GPL-2.0-only */
/* pcp.c - limits, refill, free and drain of per-CPU sets */
#include "pcp.h"

#include "pcp_auto.h"

/* A quarter of a 1024th of the zone, at most a quarter of the cap; 2^n - 1, maybe 0. */
static uint32_t raw_batch(const struct zone *z)
{
	uint64_t cap = (z->tun->policy.pcp_limits == PCP_LIMITS_4_18 ? 512ULL << 10 : 1ULL << 20)
		       >> z->tun->page_shift;
	uint64_t batch = max_u64(min_u64(z->managed_marks >> 10, cap) / 4, 1);

	return (uint32_t)(rounddown_pow2(batch + batch / 2) - 1);
}

uint32_t pcp_batch(const struct zone *z)
{
	if (z->tun->policy.pcp_batch)
		return z->tun->policy.pcp_batch;
	return (uint32_t)max_u64(raw_batch(z), 1);
}

uint32_t pcp_high(const struct zone *z, uint32_t batch, unsigned int nr_local_cpus)
{
	uint32_t fraction = z->tun->sysctl.percpu_pagelist_high_fraction;
	uint64_t total;

	mm_assert(P1, nr_local_cpus > 0);
	mm_assert(P1, batch > 0);
	if (z->tun->policy.pcp_limits != PCP_LIMITS_6_1)
		return z->tun->policy.pcp_batch ? 6 * batch : 6 * raw_batch(z);
	total = fraction ? z->managed_marks / fraction : zone_wmark(z, WMARK_LOW);
	return (uint32_t)min_u64(max_u64(total / nr_local_cpus, 4ULL * batch), INT32_MAX);
}

/* RULES_6_12: sets may grow to an eighth of the zone, unless the administrator says how far. */
static uint32_t high_max_of(const struct zone *z, uint32_t high, uint32_t batch,
			    unsigned int nr_local_cpus)
{
	enum { SMALLEST_FRACTION = 8 };

	if (!rules_6_12(z->tun) || z->tun->sysctl.percpu_pagelist_high_fraction)
		return high;
	return (uint32_t)max_u64(z->managed_marks / SMALLEST_FRACTION / nr_local_cpus,
				 4ULL * batch);
}

void pcp_set_limits(struct zone *z, unsigned int nr_cpus, unsigned int nr_local_cpus)
{
	struct hw *hw = z->tun->hw;
	uint32_t batch = pcp_batch(z);
	uint32_t high = pcp_high(z, batch, nr_local_cpus);
	uint32_t high_max = high_max_of(z, high, batch, nr_local_cpus);

	mm_assert(P1, nr_cpus > 0 && nr_cpus <= MAX_CPUS);
	mm_assert(P1, batch > 0);
	if (z->pageset_high == high && z->pageset_batch == batch && z->pageset_high_max == high_max)
		return;
	z->pageset_high_max = high_max;
	z->pageset_high = high;
	z->pageset_batch = batch;
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		write_shared(hw, z->cpu[cpu].pcp.batch, batch);
		publish(z->cpu[cpu].pcp.high_min, high);
		publish(z->cpu[cpu].pcp.high_max, high_max);
		/* Under RULES_6_12 it finds its own way between the two. */
		if (!rules_6_12(z->tun))
			write_shared(hw, z->cpu[cpu].pcp.high, high);
	}
}

/* --- taking ------------------------------------------------------------------------------- */

/* Part of its callers, which know what need not be read again; so is set_del(). */
static inline __attribute__((always_inline))
void set_add(struct zone *z, struct hw *hw, struct pcp *pcp, struct page *page,
	     unsigned int order, unsigned int index, bool tail)
{
	unsigned int cpu = hook_cpu(hw);
	struct page is = { .says = page->says };
	struct page *base = z->pages;
	pfn_t pfn = z->start_pfn + (pfn_t)(page - base);
	uint8_t id = z->id;

	mm_assert(X1, is.state == PAGE_NONE);
	mm_assert(P5, is.type != MIGRATE_ISOLATE);
	is.state = PAGE_PCP;
	is.order = (uint8_t)order;
	is.zone = id;
	is.cpu = (uint8_t)cpu;
	if (rules_6_12(z->tun))
		is.type = (uint8_t)pcp_list_type(index);
	publish(page->says, is.says);
	if (tail)
		list_add_tail(&pcp->lists[index], base, page);
	else
		list_add_head(&pcp->lists[index], base, page);
	publish(pcp->count, pcp->count + (1U << order));
	hook_touched(hw, id, pfn, LIST_OF_CPU + cpu);
}

/* Takes a block of `order` off a list; its page forgets whose that was. */
static inline __attribute__((always_inline))
void set_del(struct zone *z, struct hw *hw, struct pcp *pcp, struct page *page,
	     unsigned int order, unsigned int index)
{
	struct page is = { .says = page->says };
	struct page *base = z->pages;
	pfn_t pfn = z->start_pfn + (pfn_t)(page - base);
	unsigned int cpu = is.cpu;
	uint32_t count = pcp->count;

	mm_assert(X3, is.state == PAGE_PCP);
	mm_assert(X3, is.order == order);
	mm_assert(X2, count >= 1U << order);
	list_del(&pcp->lists[index], base, page);
	publish(pcp->count, count - (1U << order));
	is.state = PAGE_NONE;
	is.cpu = 0;
	publish(page->says, is.says);
	hook_touched(hw, z->id, pfn, LIST_OF_CPU + cpu);
}

/* P2: fills a list in one hold of zone->lock, in the order in which the buddy gives. */
static void refill(struct zone *z, struct hw *hw, struct zone_cpu *own, unsigned int order,
		   enum migratetype type, unsigned int index, unsigned int alloc_flags)
{
	struct pcp *pcp = &own->pcp;
	uint64_t want = read_shared(hw, pcp->batch);
	enum take_mode mode = TAKE_NORMAL;
	bool counted = rules_6_12(z->tun);
	uint64_t got = 0;
	bool masked;

	if (counted)
		want = pcp_auto_refill(z, pcp, order);
	else if (want > 1)
		want = max_u64(want >> order, 2);
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	for (; got < want; got++) {
		struct page *page = mobility_take(z, order, type, alloc_flags, &mode);
		struct page was;

		if (!page)
			break;
		was.says = page->says;
		set_add(z, hw, pcp, page, order, index, true);
		/* Under RULES_6_12 all is counted already. */
		if (was.type == MIGRATE_CMA && !counted)
			stat_mod(hw, &z->stats, &own->stat, NR_FREE_CMA, -((int64_t)1 << order));
	}
	if (!counted)
		stat_mod(hw, &z->stats, &own->stat, NR_FREE_PAGES, -(int64_t)(got << order));
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

/* The head of the list, refilled if need be; the set is ours. */
static struct page *take_one(struct zone *z, struct hw *hw, struct zone_cpu *own,
			     unsigned int order, enum migratetype type, unsigned int alloc_flags)
{
	struct pcp *pcp = &own->pcp;
	unsigned int index = pcp_list_index(z->tun, order, type);
	struct page *page;

	if (list_empty(&pcp->lists[index]))
		refill(z, hw, own, order, type, index, alloc_flags);
	page = list_entry(z->pages, pcp->lists[index].first);
	if (page)
		set_del(z, hw, pcp, page, order, index);
	return page;
}

struct page *pcp_alloc(struct zone *z, unsigned int order, enum migratetype type,
		       unsigned int alloc_flags)
{
	struct hw *hw = z->tun->hw;
	struct zone_cpu *own = zone_this_cpu(z);
	struct pcp *pcp = &own->pcp;
	struct page *page;

	if (!hook_trylock(hw, &pcp->lock))
		return NULL;
	pcp->free_factor >>= 1;
	pcp->free_count >>= 1;
	page = take_one(z, hw, own, order, type, alloc_flags);
	hook_unlock(hw, &pcp->lock);
	return page;
}

uint32_t pcp_alloc_bulk(struct zone *z, enum migratetype type, unsigned int alloc_flags,
			struct page **out, uint32_t nr)
{
	struct hw *hw = z->tun->hw;
	struct zone_cpu *own = zone_this_cpu(z);
	struct pcp *pcp = &own->pcp;
	uint32_t placed = 0;

	mm_assert(P1, type < MIGRATE_PCPTYPES);
	if (!hook_trylock(hw, &pcp->lock))
		return 0;
	for (uint32_t i = 0; i < nr; i++) {
		if (out[i])
			continue;
		out[i] = take_one(z, hw, own, 0, type, alloc_flags);
		if (!out[i])
			break;
		placed++;
	}
	hook_unlock(hw, &pcp->lock);
	return placed;
}

/* --- giving back -------------------------------------------------------------------------- */

/* Gives the block at the tail of a list to the buddy; zone->lock held. */
static void drain_one(struct zone *z, struct hw *hw, struct pcp *pcp, unsigned int index)
{
	struct page *page = list_entry(z->pages, pcp->lists[index].last);
	unsigned int order = pcp_list_order(z->tun, index);
	enum migratetype type = (enum migratetype)page->type;
	pfn_t pfn = zone_pfn(z, page);

	set_del(z, hw, pcp, page, order, index);
	/* What it remembers may be out of date once pageblocks can be isolated. */
	if (z->nr_isolated_blocks || rules_6_12(z->tun))
		type = pageblock_type(&z->blocks, pfn);
	buddy_free(z, page, order, type, PLACE_BY_MERGE);
	hook_event(hw, (struct event){
		.kind = EVENT_PCPU_DRAIN, .pfn = pfn, .zone = z->id, .order = (uint8_t)order,
		.type = (uint8_t)type });
}

/*
 * P2: gives back at least `nr` pages, or all there are: list `index` first, to
 * its end or until enough, then the next one round the circle.
 */
static void bulk_free(struct zone *z, struct pcp *pcp, uint32_t nr, unsigned int index)
{
	struct hw *hw = z->tun->hw;
	int64_t left = (int64_t)min_u64(nr, pcp->count);
	bool masked = hook_irq_save(hw);

	hook_lock(hw, &z->lock);
	for (unsigned int empty = 0; left > 0; index = (index + 1) % NR_PCP_LISTS) {
		empty = list_empty(&pcp->lists[index]) ? empty + 1 : 0;
		mm_assert(X2, empty < NR_PCP_LISTS);
		while (left > 0 && !list_empty(&pcp->lists[index])) {
			drain_one(z, hw, pcp, index);
			left -= (int64_t)1 << pcp_list_order(z->tun, index);
		}
	}
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

/* P3: pages to give back now that the set is full; grows as frees follow each other. */
static uint32_t drain_size(struct pcp *pcp, uint32_t high, uint32_t batch, bool everything)
{
	int64_t most = (int64_t)high - batch;
	int64_t size;

	if (everything)
		return pcp->count;
	if (high < batch)
		return 1;
	size = (int64_t)batch << pcp->free_factor;
	if (size < most && pcp->free_factor < PCP_FREE_FACTOR_MAX)
		pcp->free_factor++;
	return (uint32_t)(size > most ? most : size);
}

/* P3: the limit in force. */
static uint32_t high_now(const struct zone *z, struct hw *hw, const struct pcp *pcp,
			 bool everything)
{
	uint32_t high = read_shared(hw, pcp->high);

	if (!high || everything)
		return 0;
	if (!read_shared(hw, z->reclaim_active))
		return high;
	return (uint32_t)min_u64((uint64_t)read_shared(hw, pcp->batch) << 2, high);
}

/* Adds to the head of its list and drains when full; the set is ours. */
static void commit(struct zone *z, struct hw *hw, struct pcp *pcp, struct page *page,
		   unsigned int order)
{
	const struct page was = { .says = page->says };
	enum migratetype list_type = was.type < MIGRATE_PCPTYPES ?
				     (enum migratetype)was.type : MIGRATE_MOVABLE;
	unsigned int index = pcp_list_index(z->tun, order, list_type);
	bool everything = pcp->free_factor && order > 0 && order <= COSTLY_ORDER;
	bool tuned = rules_6_12(z->tun);
	uint32_t high, batch;

	set_add(z, hw, pcp, page, order, index, false);
	if (tuned) {
		int64_t surplus = pcp_auto_surplus(z, pcp, order);

		if (surplus >= 0) {
			bulk_free(z, pcp, (uint32_t)surplus, index);
			pcp_auto_freed(z);
		}
		return;
	}
	high = high_now(z, hw, pcp, everything);
	if (pcp->count < high)
		return;
	batch = read_shared(hw, pcp->batch);
	bulk_free(z, pcp, drain_size(pcp, high, batch, everything), index);
}

bool pcp_free(struct zone *z, struct page *page, unsigned int order)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &zone_this_cpu(z)->pcp;

	if (!hook_trylock(hw, &pcp->lock))
		return false;
	commit(z, hw, pcp, page, order);
	hook_unlock(hw, &pcp->lock);
	return true;
}

uint32_t pcp_free_run(struct zone *z, struct page **pages, uint32_t nr)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &zone_this_cpu(z)->pcp;
	uint32_t i;

	mm_assert(P5, nr > 0);
	if (!hook_trylock(hw, &pcp->lock))
		return 0;
	for (i = 0; i < nr && i < PCP_FREE_RUN && pages[i]->zone == z->id; i++) {
		hook_event(hw, (struct event){ .kind = EVENT_PAGE_FREE_BATCHED, .zone = z->id,
					       .pfn = zone_pfn(z, pages[i]) });
		commit(z, hw, pcp, pages[i], 0);
	}
	hook_unlock(hw, &pcp->lock);
	return i;
}

/* --- draining ----------------------------------------------------------------------------- */

void pcp_drain(struct zone *z, unsigned int cpu)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &z->cpu[cpu].pcp;
	uint32_t left;

	do {
		uint32_t slice;

		hook_lock(hw, &pcp->lock);
		left = pcp->count;
		slice = (uint32_t)min_u64(left, (uint64_t)observe(pcp->batch) <<
						PCP_FREE_FACTOR_MAX);
		if (slice)
			bulk_free(z, pcp, slice, 0);
		left -= slice;
		hook_unlock(hw, &pcp->lock);
	} while (left);
}

void pcp_drain_batch(struct zone *z, unsigned int cpu)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &z->cpu[cpu].pcp;
	uint32_t batch = read_shared(hw, pcp->batch);
	uint32_t nr = (uint32_t)min_u64(read_shared(hw, pcp->count), batch);

	if (!nr)
		return;
	hook_lock(hw, &pcp->lock);
	bulk_free(z, pcp, nr, 0);
	hook_unlock(hw, &pcp->lock);
}

void pcp_prezero(struct zone *z)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &zone_this_cpu(z)->pcp;
	uint32_t budget;

	mm_assert(B6, z->tun->policy.prezero);
	if (!hook_trylock(hw, &pcp->lock))
		return;
	budget = observe(pcp->batch);
	for (unsigned int i = 0; i < MIGRATE_PCPTYPES; i++) {
		struct page *page = list_entry(z->pages, pcp->lists[i].first);

		for (; page && budget; page = list_entry(z->pages, page->next)) {
			if (page->flags & (PG_ZEROED | PG_POISONED))
				continue;
			hook_pages_alloc(hw, z->id, zone_pfn(z, page), 1);
			hook_pages_clear(hw, z->id, zone_pfn(z, page), 1);
			hook_pages_free(hw, z->id, zone_pfn(z, page), 1);
			publish(page->flags, page->flags | PG_ZEROED);
			budget--;
		}
	}
	hook_unlock(hw, &pcp->lock);
}
