/* SPDX-License-Identifier: GPL-2.0-only */
/* reply_write.c - core in the place of a guest: its state as a reply */
#include "linux/reply.h"

#include <string.h>

enum { KERNEL_6_1 = 6 << 16 | 1 << 8, KERNEL_6_12 = 6 << 16 | 12 << 8 };

static void put_word(struct reply_writer *out, uint64_t v)
{
	struct wire_head *head = window_head(out->w);

	if (out->full || out->w->nr_bytes - head->free < 8) {
		out->full = true;
		return;
	}
	for (unsigned int i = 0; i < 8; i++)
		out->w->bytes[head->free + i] = (uint8_t)(v >> 8 * i);
	head->free += 8;
}

static void put_section(struct reply_writer *out, unsigned int kind, unsigned int id,
			uint32_t index, uint64_t nr)
{
	put_word(out, (uint64_t)kind | (uint64_t)(id / NR_ZONE_TYPES) << 16 |
		      (uint64_t)(id % NR_ZONE_TYPES) << 24 | (uint64_t)index << 32);
	put_word(out, nr);
}

bool reply_begin(struct reply_writer *out, struct window *w, uint32_t program)
{
	struct wire_head *head = window_head(w);

	*out = (struct reply_writer){ .w = w, .program = &head->programs[program] };
	head->free = (head->free + 7) / 8 * 8;
	out->program->reply = head->free;
	out->program->status = WIRE_WAITING;
	return program < head->nr_programs;
}

/* --- the machine -------------------------------------------------------------------------- */

static void put_machine(struct reply_writer *out, const struct mm *mm)
{
	const struct sysctls *s = &mm->tun.sysctl;
	uint64_t words[NR_WM] = {
		[WM_KERNEL] = rules_6_12(&mm->tun) ? KERNEL_6_12 : KERNEL_6_1,
		[WM_NR_CPUS] = mm->nr_cpus, [WM_ONLINE_CPUS] = mm->online_cpus,
		[WM_PAGE_SHIFT] = mm->tun.page_shift,
		[WM_PAGEBLOCK_ORDER] = mm->tun.pageblock_order, [WM_MAX_ORDER] = MAX_ORDER,
		[WM_ZONE_TYPES] = mm->tun.zone_types, [WM_NO_GROUPING] = mm->tun.grouping_off,
		[WM_MIN_FREE_KBYTES] = mm->min_free_kbytes,
		[WM_WATERMARK_SCALE_FACTOR] = s->watermark_scale_factor,
		[WM_WATERMARK_BOOST_FACTOR] = s->watermark_boost_factor,
		[WM_PCP_HIGH_FRACTION] = s->percpu_pagelist_high_fraction,
	};

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		words[WM_ONLINE_NODES] |= (uint64_t)mm->nodes[nid].online << nid;
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		words[WM_LOWMEM_RATIO + i] = (uint64_t)s->lowmem_reserve_ratio[i];
	put_section(out, WIRE_MACHINE, 0, 0, NR_WM);
	for (unsigned int i = 0; i < NR_WM; i++)
		put_word(out, words[i]);
}

static void put_node(struct reply_writer *out, const struct mm *mm, unsigned int nid)
{
	const struct node *node = &mm->nodes[nid];

	put_section(out, WIRE_NODE, nid * NR_ZONE_TYPES, 0, 1 + MAX_NODES);
	put_word(out, node->cpus);
	for (unsigned int to = 0; to < MAX_NODES; to++)
		put_word(out, node->distance[to]);
	for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++) {
		unsigned int nr = 0;

		while (node->zonelist[kind][nr] != ZONE_ID_END)
			nr++;
		put_section(out, WIRE_ZONELIST, nid * NR_ZONE_TYPES, kind, nr);
		for (unsigned int i = 0; i < nr; i++)
			put_word(out, node->zonelist[kind][i]);
	}
}

/* --- zones -------------------------------------------------------------------------------- */

static void put_numbers(struct reply_writer *out, const struct zone *z,
			const struct zone_numbers *n)
{
	uint64_t words[NR_WZ] = {
		[WZ_START] = z->start_pfn, [WZ_SPANNED] = zone_spanned(z),
		[WZ_PRESENT] = z->present, [WZ_MANAGED] = z->managed, [WZ_BOOST] = n->boost,
		[WZ_HIGHATOMIC] = n->highatomic,
		[WZ_FREE] = (uint64_t)n->count[NR_FREE_PAGES],
		[WZ_FREE_CMA] = (uint64_t)n->count[NR_FREE_CMA],
		[WZ_FLAGS] = (n->boosted ? WIRE_BOOSTED : 0u) |
			     (n->reclaim_active ? WIRE_RECLAIM_ACTIVE : 0u) |
			     (n->below_high ? WIRE_BELOW_HIGH : 0u),
		[WZ_PAGESET_HIGH_MAX] = n->pageset_high_max,
		[WZ_FREE_HIGHATOMIC] = n->free_highatomic,
		[WZ_DRIFT_MARK] = n->drift_mark, [WZ_ISOLATED_BLOCKS] = z->nr_isolated_blocks,
		[WZ_PAGESET_HIGH] = n->pageset_high, [WZ_PAGESET_BATCH] = n->pageset_batch,
	};

	for (unsigned int i = 0; i < NR_WMARK; i++)
		words[WZ_MIN + i] = n->watermark[i];
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		words[WZ_RESERVE + i] = n->lowmem_reserve[i];
	put_section(out, WIRE_ZONE, z->id, 0, NR_WZ);
	for (unsigned int i = 0; i < NR_WZ; i++)
		put_word(out, words[i]);
}

static void put_list(struct reply_writer *out, const struct snapshot *s, unsigned int kind,
		     unsigned int id, uint32_t index, const struct snapshot_list *l)
{
	put_section(out, kind, id, index, l->nr);
	for (uint32_t i = 0; i < l->nr; i++)
		put_word(out, s->blocks[l->first + i]);
}

static void put_cpu(struct reply_writer *out, const struct snapshot *s, unsigned int id,
		    unsigned int cpu)
{
	const struct snapshot_cpu *c = &s->zones[id]->cpu[cpu];
	uint64_t words[NR_WC] = {
		[WC_COUNT] = c->count, [WC_HIGH] = c->numbers.high, [WC_BATCH] = c->numbers.batch,
		[WC_FREE_FACTOR] = c->numbers.free_factor, [WC_EXPIRE] = c->numbers.expire,
		[WC_DIFF_FREE] = (uint64_t)c->numbers.diff[NR_FREE_PAGES],
		[WC_DIFF_CMA] = (uint64_t)c->numbers.diff[NR_FREE_CMA],
		[WC_THRESHOLD] = c->numbers.threshold,
		[WC_FREE_COUNT] = c->numbers.free_count, [WC_HIGH_MIN] = c->numbers.high_min,
		[WC_HIGH_MAX] = c->numbers.high_max, [WC_ALLOC_FACTOR] = c->numbers.alloc_factor,
		[WC_FLAGS] = c->numbers.flags,
	};

	put_section(out, WIRE_ZONE_CPU, id, cpu, NR_WC);
	for (unsigned int i = 0; i < NR_WC; i++)
		put_word(out, words[i]);
	for (uint32_t i = 0; i < NR_PCP_LISTS; i++)
		put_list(out, s, WIRE_PCP_LIST, id, WIRE_PCP((uint32_t)cpu, i), &c->lists[i]);
}

static void put_zone(struct reply_writer *out, const struct snapshot *s, const struct mm *mm,
		     const struct zone *z)
{
	const struct snapshot_zone *from = s->zones[z->id];

	put_numbers(out, z, &from->numbers);
	for (uint32_t order = 0; order <= MAX_ORDER; order++)
		for (uint32_t type = 0; type < NR_MIGRATETYPES; type++)
			put_list(out, s, WIRE_FREE_LIST_OF, z->id, WIRE_LIST(order, type),
				 &from->free[order][type]);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		put_cpu(out, s, z->id, cpu);
	put_section(out, WIRE_BLOCKS, z->id, 0, from->nr_types);
	for (uint64_t i = 0; i < from->nr_types; i++)
		put_word(out, from->types[i]);
	put_section(out, WIRE_MOVABLE, z->id, 0, from->nr_words);
	for (uint64_t i = 0; i < from->nr_words; i++)
		put_word(out, from->movable[i]);
}

void reply_snapshot(struct reply_writer *out, const struct mm *mm, unsigned int index)
{
	struct snapshot *s = snapshot_take(mm);

	put_section(out, WIRE_SNAPSHOT, 0, index, 0);
	put_machine(out, mm);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (mm->nodes[nid].online)
			put_node(out, mm, nid);
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		if (s->zones[id])
			put_zone(out, s, mm, &mm->zones[id]);
	snapshot_delete(s);
}

void reply_results(struct reply_writer *out, const uint64_t *words, uint64_t nr)
{
	put_section(out, WIRE_RESULTS, 0, 0, nr);
	for (uint64_t i = 0; i < nr; i++)
		put_word(out, words[i]);
}

bool reply_end(struct reply_writer *out)
{
	put_section(out, WIRE_END, 0, 0, 0);
	if (out->full)
		return false;
	out->program->reply_bytes = window_head(out->w)->free - out->program->reply;
	out->program->status = WIRE_DONE;
	return true;
}
