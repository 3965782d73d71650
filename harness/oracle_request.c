/* SPDX-License-Identifier: MIT */
/*
 * oracle_request.c - what a request says: zones, type, flags, nodes
 *
 * Pure functions of the request and of what the machine is configured with.
 */
#include "oracle_impl.h"

gfp_t oracle_gfp_in_context(gfp_t gfp, unsigned int context)
{
	if (context & CTX_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	if (context & CTX_NOFS)
		gfp &= ~__GFP_FS;
	if (context & CTX_PIN)
		gfp &= ~__GFP_MOVABLE;
	return gfp;
}

static bool configured(const struct mm *mm, unsigned int type)
{
	return mm->tun.zone_types >> type & 1;
}

unsigned int oracle_highest_zone(const struct mm *mm, gfp_t gfp)
{
	if ((gfp & __GFP_DMA) && configured(mm, ZONE_DMA))
		return ZONE_DMA;
	if ((gfp & __GFP_DMA32) && configured(mm, ZONE_DMA32))
		return ZONE_DMA32;
	if ((gfp & __GFP_HIGHMEM) && (gfp & __GFP_MOVABLE))
		return ZONE_MOVABLE;
	if ((gfp & __GFP_HIGHMEM) && configured(mm, ZONE_HIGHMEM))
		return ZONE_HIGHMEM;
	return ZONE_NORMAL;
}

static unsigned int migratetype_of(const struct mm *mm, gfp_t gfp)
{
	if (mm->tun.grouping_off)
		return MIGRATE_UNMOVABLE;
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

unsigned int oracle_reserve_flags(gfp_t gfp, unsigned int context)
{
	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (context & CTX_IRQ)
		return 0;		/* not the business of the task it interrupted */
	if (context & CTX_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	return context & CTX_OOM_VICTIM ? ALLOC_OOM : 0;
}

unsigned int oracle_cma_flag(const struct question *q)
{
	return q->mm->tun.has_cma && q->type == MIGRATE_MOVABLE ? ALLOC_CMA : 0;
}

/* Flags of the slow path's first attempt. */
unsigned int oracle_slow_flags(const struct question *q)
{
	unsigned int flags = ALLOC_WMARK_MIN | ALLOC_CPUSET | oracle_cma_flag(q);
	bool may_block = q->gfp & __GFP_DIRECT_RECLAIM;

	if (q->gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;
	if (may_block && (q->context & CTX_REALTIME) && !(q->context & CTX_IRQ))
		flags |= ALLOC_MIN_RESERVE;
	if (may_block)
		return flags;
	if (!(q->gfp & __GFP_NOMEMALLOC)) {
		flags |= ALLOC_NON_BLOCK;
		if (q->order > 0 && (q->gfp & __GFP_HIGH))
			flags |= ALLOC_HIGHATOMIC;
	}
	if (q->gfp & __GFP_HIGH)
		flags &= ~(unsigned int)ALLOC_CPUSET;
	return flags;
}

bool oracle_refuses(const struct oracle *o, const struct alloc_request *req)
{
	gfp_t zones = req->gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);
	gfp_t mobility = req->gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE);

	if (req->order > MAX_ORDER || (req->gfp & ~__GFP_BITS_MASK) ||
	    (req->context & ~(unsigned int)CTX_MASK))
		return true;
	if ((zones & (zones - 1)) || (mobility & (mobility - 1)))
		return true;		/* more than one bit */
	if ((req->gfp & __GFP_DIRECT_RECLAIM) && (req->context & CTX_IRQ))
		return true;
	if (req->nid != NODE_NONE &&
	    (req->nid >= MAX_NODES || !(o->online_nodes >> req->nid & 1)))
		return true;
	return req->nodemask && !(req->nodemask & o->online_nodes);
}

struct question *oracle_question(struct oracle *o, const struct alloc_request *req, gfp_t gfp,
				 unsigned int cpu)
{
	unsigned int nid = req->nid == NODE_NONE ? o->mm->cpu_node[cpu] : req->nid;
	struct question *q = &o->question;

	q->o = o;
	q->mm = o->mm;
	q->gfp = gfp;
	q->order = req->order;
	q->highest = oracle_highest_zone(o->mm, gfp);
	q->type = migratetype_of(o->mm, gfp);
	q->cpu = cpu;
	q->context = req->context;
	q->no_pcp = false;
	q->view = o->view;
	q->spread_dirty = gfp & __GFP_WRITE;
	q->zonelist = o->zonelist[nid][gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
							     : ZONELIST_FALLBACK];
	q->thought.active = false;
	oracle_set_nodes(q, req->nodemask);
	return q;
}

/* --- under a memory policy (Z7) --------------------------------------------------- */

static unsigned int first_node(unsigned int nodes)
{
	unsigned int nid = 0;

	while (!(nodes >> nid & 1))
		nid++;
	return nid;
}

/* Of the nodes it names, a policy means those with memory. */
static unsigned int policy_nodes(const struct mm *mm, const struct mempolicy *pol)
{
	unsigned int nodes = 0;

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		if (mm->zones[id].present)
			nodes |= 1u << id / NR_ZONE_TYPES;
	return nodes & pol->nodes;
}

bool oracle_refuses_policy(const struct mm *mm, const struct mempolicy *pol)
{
	bool has_home = pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY;

	if (pol->mode >= NR_MEMPOLICY_MODES)
		return true;
	if (has_home && pol->home != NODE_NONE &&
	    (pol->home >= MAX_NODES || !mm->nodes[pol->home].online))
		return true;
	return pol->mode != MPOL_DEFAULT && !policy_nodes(mm, pol);
}

/* BIND holds for the highest zones of the machine only, Movable apart. */
static bool is_bound(const struct mm *mm, unsigned int nodes, unsigned int highest)
{
	unsigned int worth = ZONE_DMA;	/* the highest type that has pages */
	bool memory = false;		/* below Movable, on the policy's nodes */

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		unsigned int type = id % NR_ZONE_TYPES;

		if (!mm->zones[id].present || type == ZONE_MOVABLE)
			continue;
		worth = type > worth ? type : worth;
		if (type < ZONE_MOVABLE && (nodes >> (id / NR_ZONE_TYPES) & 1))
			memory = true;
	}
	return highest >= (memory ? worth : ZONE_MOVABLE);
}

struct alloc_request oracle_under_policy(const struct oracle *o, const struct mempolicy *pol,
					 const struct alloc_request *req, unsigned int cpu)
{
	struct alloc_request r = *req;
	unsigned int nodes = policy_nodes(o->mm, pol), next = pol->il_prev + 1u;

	r.nid = o->mm->cpu_node[cpu];
	r.nodemask = 0;
	if ((req->context & CTX_IRQ) || (req->gfp & __GFP_THISNODE))
		return r;
	switch (pol->mode) {
	case MPOL_BIND:
		if (is_bound(o->mm, nodes, oracle_highest_zone(o->mm, req->gfp)))
			r.nodemask = (uint8_t)nodes;
		break;
	case MPOL_PREFERRED_MANY:
		r.nodemask = (uint8_t)nodes;
		r.gfp = (r.gfp | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
		break;
	case MPOL_PREFERRED:
		r.nid = (uint8_t)first_node(nodes);
		break;
	case MPOL_INTERLEAVE:
		if (next >= MAX_NODES || !(nodes >> next))
			next = 0;
		r.nid = (uint8_t)(next + first_node(nodes >> next));
		break;
	default:
		break;
	}
	if ((pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY) && pol->home != NODE_NONE)
		r.nid = pol->home;
	return r;
}
