/* SPDX-License-Identifier: GPL-2.0-only */
/* report_counts.c - what more than one report counts, see report_counts.h */
#include "report_counts.h"

bool report_knows_numa(const struct mm *mm)
{
	return mm->tun.nr_nodes > 1 || !zone_type_configured(&mm->tun, ZONE_HIGHMEM);
}

uint64_t report_zone_count(const struct zone *z, enum zone_stat item)
{
	int64_t v = read_shared(z->tun->hw, z->stats.count[item]);

	return v < 0 ? 0 : (uint64_t)v;
}

uint64_t report_total(struct mm *mm, enum zone_stat item)
{
	int64_t sum = 0;

	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		sum += read_shared(mm->tun.hw, z->stats.count[item]);
	return sum < 0 ? 0 : (uint64_t)sum;
}

uint32_t report_pcp(const struct zone *z, unsigned int cpu)
{
	return read_shared(z->tun->hw, z->cpu[cpu].pcp.count);
}

struct zone *report_zone(struct mm *mm, unsigned int nid, unsigned int type)
{
	return &mm->zones[nid * NR_ZONE_TYPES + type];
}

bool report_node_has_memory(struct mm *mm, unsigned int nid)
{
	bool any = false;

	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		any |= zone_populated(report_zone(mm, nid, type));
	return any;
}

void report_count_free(struct zone *z, struct free_counts *counts)
{
	struct hw *hw = z->tun->hw;
	bool masked;

	mm_assert(S1, !hook_lock_is_held(hw, &z->lock));
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
		for (unsigned int order = 0; order < NR_ORDERS; order++)
			counts->nr[type][order] = z->area[order].list[type].nr;
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

uint64_t report_blocks(const struct free_counts *counts, unsigned int order)
{
	uint64_t sum = 0;

	for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
		sum += counts->nr[type][order];
	return sum;
}

uint64_t report_dirty(const struct mm *mm)
{
	uint64_t sum = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		sum += read_shared(mm->tun.hw, mm->nodes[nid].nr_dirty);
	return sum;
}
