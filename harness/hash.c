/* SPDX-License-Identifier: MIT */
/*
 * hash.c - one number for all of a machine's state (X10)
 *
 * Fields are written out one by one, in 64 little-endian bits each, so that
 * neither padding nor byte order nor the width of a pointer can matter.  Of a
 * block only the first page is read; the others say nothing (page.h), so that
 * a large machine is hashed as fast as its blocks can be walked.
 */
#include <assert.h>

#define XXH_INLINE_ALL			/* no library to link, the same code everywhere */
#include <xxhash.h>

#include "run.h"

enum { WORDS = 512 };

struct hasher {
	XXH64_state_t	*xxh;
	unsigned int	 nr;		/* words waiting */
	uint8_t		 bytes[WORDS * 8];
};

static void flush(struct hasher *h)
{
	XXH64_update(h->xxh, h->bytes, h->nr * 8);
	h->nr = 0;
}

static void add(struct hasher *h, uint64_t word)
{
	uint8_t *out = h->bytes + h->nr * 8;

	for (unsigned int i = 0; i < 8; i++)
		out[i] = (uint8_t)(word >> 8 * i);
	if (++h->nr == WORDS)
		flush(h);
}

static void add_list(struct hasher *h, const struct list *l)
{
	add(h, l->first);
	add(h, l->last);
	add(h, l->nr);
}

static void add_cpu(struct hasher *h, const struct zone_cpu *c)
{
	add(h, c->pcp.count);
	add(h, c->pcp.high);
	add(h, c->pcp.batch);
	add(h, c->pcp.free_factor);
	add(h, c->pcp.expire);
	add(h, (uint64_t)c->pcp.alloc_factor << 32 | c->pcp.flags);
	add(h, (uint64_t)c->pcp.high_min << 32 | c->pcp.high_max);
	add(h, c->pcp.free_count);
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		add_list(h, &c->pcp.lists[i]);
	for (unsigned int i = 0; i < NR_ZONE_STATS; i++)
		add(h, (uint64_t)(int64_t)c->stat.diff[i]);
	add(h, c->stat.threshold);
	for (unsigned int i = 0; i < NR_NUMA_STATS; i++)
		add(h, c->numa[i]);
}

static void add_pages(struct hasher *h, const struct zone *z)
{
	for (uint64_t i = 0; i < zone_spanned(z);) {
		const struct page *p = &z->pages[i];

		if (p->state == PAGE_NONE) {
			i++;
			continue;
		}
		add(h, i);
		add(h, (uint64_t)p->next << 32 | p->prev);
		add(h, (uint64_t)p->refs << 48 | (uint64_t)p->state << 40 |
		       (uint64_t)p->order << 32 | (uint64_t)p->type << 24 |
		       (uint64_t)p->flags << 16 | (uint64_t)p->zone << 8 | p->cpu);
		i += 1ULL << p->order;
	}
}

static void add_zone(struct hasher *h, const struct zone *z, unsigned int nr_cpus)
{
	const uint64_t words[] = {
		z->id, z->boosted | (z->reclaim_active ? 2u : 0) | (z->had_highatomic ? 4u : 0),
		z->start_pfn, z->end_pfn, z->present, z->managed, z->managed_marks,
		z->managed_reserve, z->cma_pages, z->boost, z->nr_reserved_highatomic,
		z->nr_isolated_blocks, z->percpu_drift_mark, z->pageset_high, z->pageset_batch,
		z->held, z->free_highatomic, z->below_high, z->pageset_high_max,
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add(h, words[i]);
	for (unsigned int i = 0; i < NR_WMARK; i++)
		add(h, z->watermark[i]);
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		add(h, z->lowmem_reserve[i]);
	for (unsigned int i = 0; i < NR_ZONE_STATS; i++)
		add(h, (uint64_t)z->stats.count[i]);
	for (unsigned int order = 0; order < NR_ORDERS; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			add_list(h, &z->area[order].list[type]);
	for (uint64_t i = 0; i < z->blocks.nr; i++)
		add(h, z->blocks.type[i]);
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		add_cpu(h, &z->cpu[cpu]);
	add_pages(h, z);
}

static void add_node(struct hasher *h, const struct node *n)
{
	add(h, n->totalreserve);
	add(h, n->nr_dirty);
	add(h, n->kswapd_order);
	add(h, n->kswapd_highest);
	for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++)
		for (unsigned int i = 0; n->zonelist[kind][i] != ZONE_ID_END; i++)
			add(h, n->zonelist[kind][i]);
}

/* Read past the hooks: looking must not be a step of the machine's. */
static uint64_t event_sum(const struct mm *mm, unsigned int event)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		sum += mm->events[cpu][event];
	return sum;
}

uint64_t state_hash(const struct mm *mm)
{
	XXH64_state_t xxh;
	struct hasher h = { .xxh = &xxh, .nr = 0 };

	XXH64_reset(&xxh, 0);
	add(&h, mm->online_cpus);
	add(&h, mm->min_free_kbytes);
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		if (zone_populated(&mm->zones[id]))
			add_zone(&h, &mm->zones[id], mm->nr_cpus);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (mm->nodes[nid].online)
			add_node(&h, &mm->nodes[nid]);
	for (unsigned int event = 0; event < NR_VM_EVENTS; event++)
		add(&h, event_sum(mm, event));
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		add(&h, mm->drainer.wanted[cpu]);
	flush(&h);
	return XXH64_digest(&xxh);
}
