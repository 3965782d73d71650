/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * node.h - nodes, and the order in which their zones are tried
 *
 * A zonelist is an array of zone ids, best first, ended by ZONE_ID_END.  Only
 * zones with present pages are on it.
 */
#ifndef CORE_NODE_H
#define CORE_NODE_H

#include "memblock.h"
#include "zone.h"

#define ZONE_ID_END	0xffu

enum zonelist_kind {
	ZONELIST_FALLBACK,		/* every node, nearest first (Z4) */
	ZONELIST_NOFALLBACK,		/* this node only: __GFP_THISNODE */
	NR_ZONELISTS,
};

struct node {
	bool		online;		/* (c) named in the machine's description */
	uint64_t	cpus;		/* (c) bit per CPU that belongs here */
	uint8_t		distance[MAX_NODES];	/* (c) 10 is local */
	uint8_t		zonelist[NR_ZONELISTS][MAX_ZONES + 1];	/* (c) */
	uint64_t	totalreserve;	/* (t) pages that are not for dirty file pages (G5) */
	uint64_t	nr_dirty;	/* (a) pages; changed by add_shared */
	uint8_t		kswapd_order;	/* (a) the largest order asked for since it last looked */
	uint8_t		kswapd_highest;	/* (a) enum zone_type; NR_ZONE_TYPES: nothing asked */
};

/* Z4: builds both lists of every online node. */
void zonelist_build(struct node nodes[MAX_NODES], const struct zone zones[MAX_ZONES]);

/*
 * Z6: where Movable begins on each node, for kernelcore= or movablecore= pages
 * (0: not given); 0 where the node has none.  `lowest` is the first pfn that
 * may become Movable.
 */
void node_movable_start(const struct memblock *mb, uint64_t kernelcore, uint64_t movablecore,
			pfn_t lowest, pfn_t start[MAX_NODES]);

/* W9: recomputes totalreserve of every node from marks and reserves. */
void node_set_totalreserve(struct node nodes[MAX_NODES], const struct zone zones[MAX_ZONES]);

/* G5: may another page of this node become dirty?  `context` is gfp.h's. */
bool node_dirty_ok(const struct tunables *t, const struct node *node,
		   const struct zone *zones, unsigned int nid, unsigned int context);

#endif
