/* SPDX-License-Identifier: GPL-2.0-only */
/* mempolicy.c - which nodes a task's pages come from, see mempolicy.h */
#include "mempolicy.h"

#include "bits.h"

/*
 * A node's own zonelist tells what memory it has, highest type first; that of
 * a node that is not online is empty.  -1: nothing but Movable, or nothing.
 */
static int highest_fixed_type(const struct mm *mm, unsigned int nid)
{
	const uint8_t *list = mm->nodes[nid].zonelist[ZONELIST_NOFALLBACK];

	for (unsigned int i = 0; list[i] != ZONE_ID_END; i++)
		if (list[i] % NR_ZONE_TYPES < ZONE_MOVABLE)
			return list[i] % NR_ZONE_TYPES;
	return -1;
}

static bool node_has_memory(const struct mm *mm, unsigned int nid)
{
	return mm->nodes[nid].zonelist[ZONELIST_NOFALLBACK][0] != ZONE_ID_END;
}

/* The nodes that a policy means on this machine. */
static uint8_t policy_nodes(const struct mm *mm, const struct mempolicy *pol)
{
	unsigned int nodes = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if ((pol->nodes >> nid & 1) && node_has_memory(mm, nid))
			nodes |= 1u << nid;
	return (uint8_t)nodes;
}

static bool has_home(const struct mempolicy *pol)
{
	return (pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY) &&
	       pol->home != NODE_NONE;
}

enum mm_error mempolicy_check(const struct mm *mm, const struct mempolicy *pol)
{
	if (pol->mode >= NR_MEMPOLICY_MODES)
		return MM_BAD_VALUE;
	if (pol->mode != MPOL_DEFAULT && !policy_nodes(mm, pol))
		return MM_BAD_NODE;
	if (has_home(pol) && (pol->home >= MAX_NODES || !mm->nodes[pol->home].online))
		return MM_BAD_NODE;
	return MM_OK;
}

/*
 * A request is bound only when it could use the machine's best zone: binding
 * those that need a low zone would starve them, since few nodes have one.
 * Nodes with nothing but Movable bind the requests that can be met there.
 */
static bool zone_is_worth_binding(const struct mm *mm, unsigned int nodes, enum zone_type highest)
{
	int machine = 0;
	int policy = -1;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		int type = highest_fixed_type(mm, nid);

		if (type > machine)
			machine = type;
		if ((nodes >> nid & 1) && type > policy)
			policy = type;
	}
	return (int)highest >= (policy < 0 ? (int)ZONE_MOVABLE : machine);
}

/* Whose turn it is: the next of `nodes` after `prev`, around the end. */
static uint8_t next_turn(unsigned int nodes, uint8_t prev)
{
	unsigned int above = prev + 1 < MAX_NODES ? nodes >> (prev + 1) << (prev + 1) : 0;

	mm_assert(Z7, nodes != 0);
	return (uint8_t)ffs_u64(above ? above : nodes);
}

static void count_interleave(struct mm *mm, const struct page *page, uint8_t nid)
{
	struct hw *hw = mm->tun.hw;
	struct zone *z = mm_page_zone(mm, page);
	bool masked;

	if (z->nid != nid)
		return;
	masked = hook_irq_save(hw);
	stat_count(&zone_this_cpu(z)->numa[NUMA_INTERLEAVE], 1);
	hook_irq_restore(hw, masked);
}

static enum verdict alloc_interleave(struct mm *mm, struct mempolicy *pol, unsigned int nodes,
				     struct alloc_request *req, struct page **page)
{
	enum verdict verdict;

	pol->il_prev = req->nid = next_turn(nodes, pol->il_prev);
	mm_assert(Z7, nodes >> req->nid & 1);
	verdict = mm_alloc_pages(mm, req, page);
	if (verdict == VERDICT_OK)
		count_interleave(mm, *page, req->nid);
	return verdict;
}

/* First these nodes, without waiting and whatever the request says of failure; then all. */
static enum verdict alloc_preferred_many(struct mm *mm, unsigned int nodes,
					 struct alloc_request *req, struct page **page)
{
	struct alloc_request first = *req;
	enum verdict verdict;

	first.nodemask = (uint8_t)nodes;
	first.gfp |= __GFP_NOWARN;
	first.gfp &= ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	verdict = mm_alloc_pages(mm, &first, page);
	mm_assert(Z7, verdict == VERDICT_OK || verdict == VERDICT_FAILED);
	mm_assert(Z7, (verdict == VERDICT_OK) == (*page != NULL));
	return verdict == VERDICT_OK ? verdict : mm_alloc_pages(mm, req, page);
}

enum verdict mempolicy_alloc(struct mm *mm, struct mempolicy *pol,
			     const struct alloc_request *req, struct page **page)
{
	struct alloc_request r = *req;
	unsigned int mode = pol->mode, nodes;

	r.nid = NODE_NONE;
	r.nodemask = 0;
	*page = NULL;
	if (mempolicy_check(mm, pol) != MM_OK)
		return VERDICT_REFUSED;
	if ((r.context & CTX_IRQ) || (r.gfp & __GFP_THISNODE))
		mode = MPOL_DEFAULT;
	else if (has_home(pol))
		r.nid = pol->home;
	if (mode == MPOL_DEFAULT)
		return mm_alloc_pages(mm, &r, page);
	if (mm_request_check(mm, &r) != MM_OK)
		return VERDICT_REFUSED;

	nodes = policy_nodes(mm, pol);
	switch (mode) {
	case MPOL_BIND:
		if (zone_is_worth_binding(mm, nodes, gfp_zone(&mm->tun, r.gfp)))
			r.nodemask = (uint8_t)nodes;
		break;
	case MPOL_PREFERRED:
		r.nid = (uint8_t)ffs_u64(nodes);
		break;
	case MPOL_PREFERRED_MANY:
		return alloc_preferred_many(mm, nodes, &r, page);
	default:			/* MPOL_INTERLEAVE */
		return alloc_interleave(mm, pol, nodes, &r, page);
	}
	return mm_alloc_pages(mm, &r, page);
}
