/* SPDX-License-Identifier: GPL-2.0-only */
/* node.c - zonelists, where Movable begins, how many dirty pages a node bears */
#include "node.h"

enum {
	CPU_PENALTY	= 1,		/* of a node that has CPUs of its own */
	LOAD_UNIT	= 1024,		/* any difference in distance outweighs all load */
};

/* --- zonelists (Z4) ------------------------------------------------------------------- */

static bool node_has_memory(const struct zone *zones, unsigned int nid)
{
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (zone_populated(&zones[nid * NR_ZONE_TYPES + type]))
			return true;
	return false;
}

/* The node to try next from `local`, not in `used`; MAX_NODES when there is no more. */
static unsigned int next_node(const struct node *nodes, unsigned int local, unsigned int memory,
			      unsigned int used, const uint32_t load[MAX_NODES])
{
	unsigned int best = MAX_NODES;
	uint64_t best_cost = UINT64_MAX;

	if (!(used >> local & 1))
		return local;
	for (unsigned int n = 0; n < MAX_NODES; n++) {
		uint64_t cost;

		if (!(memory >> n & 1) || (used >> n & 1))
			continue;
		cost = nodes[local].distance[n];
		cost += n < local;
		cost += nodes[n].cpus ? CPU_PENALTY : 0;
		cost = cost * LOAD_UNIT + load[n];
		if (cost < best_cost) {
			best_cost = cost;
			best = n;
		}
	}
	return best;
}

/* Appends the node's populated zones, highest first; the new length. */
static unsigned int add_zones(uint8_t *list, unsigned int len, const struct zone *zones,
			      unsigned int nid)
{
	for (unsigned int type = NR_ZONE_TYPES; type-- > 0;) {
		unsigned int id = nid * NR_ZONE_TYPES + type;

		if (zone_populated(&zones[id]))
			list[len++] = (uint8_t)id;
	}
	mm_assert(Z4, len <= MAX_ZONES);
	return len;
}

static void build_node(struct node *nodes, unsigned int local, const struct zone *zones,
		       unsigned int memory, uint32_t load[MAX_NODES])
{
	uint8_t *list = nodes[local].zonelist[ZONELIST_FALLBACK];
	uint8_t *own = nodes[local].zonelist[ZONELIST_NOFALLBACK];
	const uint8_t *distance = nodes[local].distance;
	unsigned int used = 0, previous = local, len = 0, nid;

	while ((nid = next_node(nodes, local, memory, used, load)) < MAX_NODES) {
		used |= 1U << nid;
		/* Who leads a group of equal distance here should not lead it everywhere. */
		if (distance[nid] != distance[previous])
			load[nid]++;
		len = add_zones(list, len, zones, nid);
		previous = nid;
	}
	list[len] = ZONE_ID_END;
	own[add_zones(own, 0, zones, local)] = ZONE_ID_END;
	mm_assert(Z4, len > 0 || !memory);
}

void zonelist_build(struct node nodes[MAX_NODES], const struct zone zones[MAX_ZONES])
{
	uint32_t load[MAX_NODES] = { 0 };
	unsigned int memory = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (nodes[nid].online && node_has_memory(zones, nid))
			memory |= 1U << nid;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		if (!nodes[nid].online)
			continue;
		mm_assert(Z4, nodes[nid].distance[nid] == 10);
		build_node(nodes, nid, zones, memory, load);
	}
}

/* --- Movable (Z6) ------------------------------------------------------------------------ */

enum { MOVABLE_ALIGN = 1 << MAX_ORDER };	/* pages */

/* How much is still to be found for the kernel, and who takes part. */
struct kernelcore {
	const struct memblock *mb;
	pfn_t	 lowest;		/* below it all is the kernel's */
	uint64_t wanted;		/* pages, over all nodes */
	uint64_t share;			/* of each node, in this pass */
	unsigned int nodes;		/* that the share is for */
};

static uint64_t take(uint64_t *from, uint64_t nr)
{
	nr = min_u64(*from, nr);
	*from -= nr;
	return nr;
}

/*
 * Gives the kernel a share of one node, from the bottom, on top of what it got
 * in earlier passes: *start is where that ended, and where Movable may begin.
 */
static void take_share(struct kernelcore *kc, unsigned int nid, pfn_t *start)
{
	uint64_t left;
	pfn_t cursor = 0;
	struct pfn_range r;

	if (kc->wanted < kc->share)
		kc->share = kc->wanted / kc->nodes;
	left = kc->share;
	while (memblock_next_memory(kc->mb, &cursor, PFN_NONE, nid, &r)) {
		uint64_t nr;

		r.start = max_u64(r.start, *start);
		if (r.start >= r.end)
			continue;
		if (r.start < kc->lowest) {
			nr = min_u64(r.end, kc->lowest) - r.start;
			take(&left, nr);
			take(&kc->wanted, nr);
			if (r.end <= kc->lowest) {
				/* Counted for good: a later pass begins behind it. */
				*start = r.end;
				continue;
			}
			r.start = kc->lowest;
		}
		nr = take(&left, r.end - r.start);
		take(&kc->wanted, nr);
		*start = r.start + nr;
		if (!left)
			break;
	}
}

/* kernelcore= that a movablecore= amounts to, if it is more than what was asked. */
static uint64_t kernelcore_wanted(uint64_t kernelcore, uint64_t movablecore, uint64_t total)
{
	if (!movablecore)
		return kernelcore;
	movablecore = min_u64(align_up(movablecore, MOVABLE_ALIGN), total);
	return max_u64(kernelcore, total - movablecore);
}

static pfn_t node_end(const struct memblock *mb, unsigned int nid)
{
	pfn_t cursor = 0, end = 0;
	struct pfn_range r;

	while (memblock_next_memory(mb, &cursor, PFN_NONE, nid, &r))
		end = r.end;
	return end;
}

void node_movable_start(const struct memblock *mb, uint64_t kernelcore, uint64_t movablecore,
			pfn_t lowest, pfn_t start[MAX_NODES])
{
	uint64_t total = memblock_pages(mb, 0, PFN_NONE, NODE_NONE);
	struct kernelcore kc = { .mb = mb, .lowest = lowest };
	pfn_t end[MAX_NODES];

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		start[nid] = 0;
		end[nid] = node_end(mb, nid);
		kc.nodes += end[nid] > 0;
	}
	kc.wanted = kernelcore_wanted(kernelcore, movablecore, total);
	if (!kc.wanted || kc.wanted >= total)
		return;

	/* What nodes too small for their share leave over, the others bear: one fewer a pass. */
	do {
		kc.share = kc.wanted / kc.nodes;
		for (unsigned int nid = 0; nid < MAX_NODES; nid++)
			if (end[nid])
				take_share(&kc, nid, &start[nid]);
		kc.nodes--;
	} while (kc.nodes && kc.wanted > kc.nodes);

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		start[nid] = align_up(start[nid], MOVABLE_ALIGN);
		if (start[nid] >= end[nid])
			start[nid] = 0;
		mm_assert(Z6, start[nid] == 0 || start[nid] >= align_down(lowest, MOVABLE_ALIGN));
	}
	mm_assert(Z6, is_aligned(start[0], MOVABLE_ALIGN));
}

/* --- reserves and dirty pages ------------------------------------------------------------- */

/* Pages of a zone that are kept free: its largest reserve, and the high mark. */
static uint64_t zone_reserve(const struct zone *z)
{
	uint64_t most = 0;

	for (unsigned int j = z->type; j < NR_ZONE_TYPES; j++)
		most = max_u64(most, z->lowmem_reserve[j]);
	return min_u64(most + zone_wmark(z, WMARK_HIGH), z->managed);
}

void node_set_totalreserve(struct node nodes[MAX_NODES], const struct zone zones[MAX_ZONES])
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		uint64_t sum = 0;

		if (!nodes[nid].online)
			continue;
		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
			const struct zone *z = &zones[nid * NR_ZONE_TYPES + type];

			if (zone_managed(z))
				sum += zone_reserve(z);
		}
		publish(nodes[nid].totalreserve, sum);
	}
}

/*
 * G5: what may become dirty is what is free beyond the reserves, and what is a
 * file page already: in this version that is what is dirty.
 */
bool node_dirty_ok(const struct tunables *t, const struct node *node,
		   const struct zone *zones, unsigned int nid, unsigned int context)
{
	uint64_t dirty = read_shared(t->hw, node->nr_dirty);
	uint64_t pages = 0, limit;

	mm_assert(G5, nid < MAX_NODES);
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		const struct zone *z = &zones[nid * NR_ZONE_TYPES + type];
		int64_t free = zone_populated(z) ? zone_free_pages(z) : 0;

		if (free > 0)
			pages += (uint64_t)free;
	}
	pages -= min_u64(pages, observe(node->totalreserve));
	pages += dirty;
	limit = pages * observe(t->sysctl.dirty_ratio) / 100;
	if (context & CTX_REALTIME)
		limit += limit / 4;
	return dirty <= min_u64(limit, UINT32_MAX);
}
