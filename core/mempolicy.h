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

struct mempolicy {
	uint8_t	mode;			/* enum mempolicy_mode */
	uint8_t	nodes;			/* bit per node; not empty unless DEFAULT */
	uint8_t	home;			/* node to start from, for BIND and PREFERRED_MANY; NODE_NONE */
	uint8_t	il_prev;		/* the node interleaving used last; the task's own */
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
