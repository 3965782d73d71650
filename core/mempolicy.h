/* SPDX-License-Identifier: GPL-2.0-only */
/* mempolicy.h - which nodes a task's pages come from (Z7) */
#ifndef CORE_MEMPOLICY_H
#define CORE_MEMPOLICY_H

#include "page_alloc.h"

enum mempolicy_mode {
	MPOL_DEFAULT,			/* the CPU's own node first */
	MPOL_BIND,			/* these nodes only, for zones worth binding */
	MPOL_PREFERRED,			/* the first of these nodes first */
	MPOL_PREFERRED_MANY,		/* these nodes without trying hard, then all */
	MPOL_INTERLEAVE,		/* these nodes in turn */
	NR_MEMPOLICY_MODES,
};

/* Nodes without memory do not count; a policy needs at least one that has some. */
struct mempolicy {
	uint8_t	mode;			/* enum mempolicy_mode */
	uint8_t	nodes;			/* bit per node; DEFAULT has no use for it */
	uint8_t	home;			/* where BIND and PREFERRED_MANY start; NODE_NONE: here */
	uint8_t	il_prev;		/* node of the last turn; MAX_NODES - 1 in a new policy */
};

/* MM_OK, or why the policy is refused on this machine. */
enum mm_error mempolicy_check(const struct mm *mm, const struct mempolicy *pol);

/*
 * As mm_alloc_pages(), under a policy: req->nid and req->nodemask are ignored.
 * Interrupts and __GFP_THISNODE requests follow MPOL_DEFAULT.
 */
enum verdict mempolicy_alloc(struct mm *mm, struct mempolicy *pol,
			     const struct alloc_request *req, struct page **page);

#endif
