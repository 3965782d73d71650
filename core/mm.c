/* SPDX-License-Identifier: GPL-2.0-only */
/* mm.c - look-ups, sums, and the machine's CPUs */
#include "mm.h"

#include "pcp.h"
#include "watermark.h"

enum { REMOTE_IDLE_TICKS = 3 };		/* before a remote node's set gives pages back */

const char *mm_error_text(enum mm_error error)
{
	switch (error) {
	case MM_OK:
		return "no error";
	case MM_BAD_ORDER:
		return "the order is above the largest, or not the block's";
	case MM_BAD_GFP:
		return "unknown gfp bits, or zone or mobility bits that exclude each other";
	case MM_BAD_NODE:
		return "the node is not online, or the mask has no node";
	case MM_BAD_CONTEXT:
		return "the context does not exist, or cannot wait";
	case MM_BAD_PAGE:
		return "the page does not begin an allocation";
	case MM_BAD_COUNT:
		return "the count is out of range";
	case MM_BAD_CPU:
		return "the CPU does not exist, or is in the wrong state";
	case MM_BAD_VALUE:
		return "the value is out of range";
	}
	return "unknown error";
}

/* --- look-ups ----------------------------------------------------------------------------- */

struct page *mm_page(const struct mm *mm, pfn_t pfn)
{
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		const struct zone *z = &mm->zones[id];

		/* Spans may overlap; unless a zone has no holes, memory says whose page it is. */
		if (zone_spans(z, pfn) && (z->present == zone_spanned(z) ||
					   memblock_is_memory(&mm->memblock, pfn, z->nid)))
			return zone_page(z, pfn);
	}
	return NULL;
}

struct zone *mm_next_zone(struct mm *mm, struct zone *z)
{
	unsigned int id = z ? z->id + 1u : 0;

	for (; id < mm->tun.zone_ids; id++)
		if (zone_populated(&mm->zones[id]))
			return &mm->zones[id];
	return NULL;
}

uint64_t mm_event_sum(const struct mm *mm, enum vm_event event)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		sum += read_shared(mm->tun.hw, mm->events[cpu][event]);
	return sum;
}

uint64_t mm_numa_sum(const struct mm *mm, const struct zone *z, enum numa_stat item)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; z->cpu && cpu < mm->nr_cpus; cpu++)
		sum += read_shared(mm->tun.hw, z->cpu[cpu].numa[item]);
	return sum;
}

/* --- CPUs (P4) ---------------------------------------------------------------------------- */

/* All sets of one CPU, whichever CPU runs this. */
static void drain_cpu(struct mm *mm, unsigned int cpu)
{
	mm_assert(P4, cpu < mm->nr_cpus);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z)) {
		pcp_drain(z, cpu);
		mm_assert(P4, z->cpu[cpu].pcp.lock.rank == RANK_PCP);
	}
}

void mm_drain_all(struct mm *mm)
{
	struct hw *hw = mm->tun.hw;

	mm_assert(P4, mm->nr_cpus > 0);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		if (read_shared(hw, mm->online_cpus) >> cpu & 1)
			drain_cpu(mm, cpu);
}

enum mm_error mm_drain_cpu(struct mm *mm, unsigned int cpu)
{
	if (cpu >= mm->nr_cpus)
		return MM_BAD_CPU;
	drain_cpu(mm, cpu);
	return MM_OK;
}

/* W8: passes on what this CPU's counters hold; true if that was anything. */
static bool fold_this_cpu(struct zone *z)
{
	struct hw *hw = z->tun->hw;
	bool masked = hook_irq_save(hw);
	struct stat_diff *diff = &zone_this_cpu(z)->stat;
	bool any = false;

	for (unsigned int item = 0; item < NR_ZONE_STATS; item++)
		any |= diff->diff[item] != 0;
	stat_fold(hw, &z->stats, diff);
	mm_assert(W8, diff->diff[NR_FREE_PAGES] == 0);
	hook_irq_restore(hw, masked);
	return any;
}

/* P4: a set of another node's zone that did nothing for some ticks gives a batch back. */
static void expire_set(struct zone *z, unsigned int cpu, bool local)
{
	struct hw *hw = z->tun->hw;
	struct pcp *pcp = &z->cpu[cpu].pcp;

	mm_assert(P4, pcp->expire <= REMOTE_IDLE_TICKS);
	if (!pcp->expire || !read_shared(hw, pcp->count))
		return;
	if (local) {
		pcp->expire = 0;
		return;
	}
	pcp->expire--;
	if (!pcp->expire)
		pcp_drain_batch(z, cpu);
}

void mm_tick(struct mm *mm)
{
	unsigned int cpu = hook_cpu(mm->tun.hw);

	mm_assert(P4, cpu < mm->nr_cpus);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z)) {
		if (fold_this_cpu(z))
			z->cpu[cpu].pcp.expire = REMOTE_IDLE_TICKS;
		expire_set(z, cpu, z->nid == mm->cpu_node[cpu]);
		if (mm->tun.policy.prezero)
			pcp_prezero(z);
	}
}

/* --- kswapd ------------------------------------------------------------------------------- */

void mm_set_reclaim_active(struct mm *mm, struct zone *z, bool active)
{
	mm_assert(P3, z->tun == &mm->tun);
	mm_assert(P3, zone_populated(z));
	write_shared(mm->tun.hw, z->reclaim_active, active);
}

/*
 * One zone above its high mark is enough.  A node that has no managed zone for
 * the request has nothing to balance.
 */
static bool node_is_balanced(const struct mm *mm, unsigned int nid, unsigned int order,
			     enum zone_type highest)
{
	bool any = false;

	for (unsigned int type = 0; type <= (unsigned int)highest; type++) {
		const struct zone *z = &mm->zones[nid * NR_ZONE_TYPES + type];

		if (!zone_managed(z))
			continue;
		any = true;
		if (watermark_ok_safe(z, order, zone_wmark(z, WMARK_HIGH), highest, mm->nr_cpus))
			return true;
	}
	return !any;
}

static bool node_is_boosted(const struct mm *mm, unsigned int nid, enum zone_type highest)
{
	for (unsigned int type = (unsigned int)highest + 1; type-- > 0;) {
		const struct zone *z = &mm->zones[nid * NR_ZONE_TYPES + type];

		if (zone_managed(z) && read_shared(mm->tun.hw, z->boost))
			return true;
	}
	return false;
}

void mm_wakeup_kswapd(struct mm *mm, struct zone *z, gfp_t gfp, unsigned int order,
		      enum zone_type highest)
{
	struct hw *hw = mm->tun.hw;
	struct node *node = &mm->nodes[z->nid];
	unsigned int had;

	mm_assert(W7, order <= MAX_ORDER);
	mm_assert(W7, highest < NR_ZONE_TYPES);
	if (!zone_managed(z))
		return;
	had = read_shared(hw, node->kswapd_highest);
	if (had == NR_ZONE_TYPES || had < (unsigned int)highest)
		write_shared(hw, node->kswapd_highest, (uint8_t)highest);
	if (read_shared(hw, node->kswapd_order) < order)
		write_shared(hw, node->kswapd_order, (uint8_t)order);
	if (node_is_balanced(mm, z->nid, order, highest) && !node_is_boosted(mm, z->nid, highest))
		return;
	hook_event(hw, (struct event){
		.kind = EVENT_WAKEUP_KSWAPD, .pfn = PFN_NONE, .gfp = gfp, .order = (uint8_t)order,
		.zone = (uint8_t)(z->nid * NR_ZONE_TYPES + (unsigned int)highest) });
}
