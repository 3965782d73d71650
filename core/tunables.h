/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tunables.h - what an administrator may change, and which kernel's rules hold
 *
 * A sysctl keeps the kernel's name, unit and default.  A policy selects the
 * rule of another era where kernels differ; zero is always Linux 6.1.
 *
 * Lock key: (t) written under RANK_TUNABLES, read without; (c) constant after boot.
 */
#ifndef CORE_TUNABLES_H
#define CORE_TUNABLES_H

#include "hooks.h"

#define SYSCTL_UNSET	(-1)

struct sysctls {			/* (t) */
	int32_t	 min_free_kbytes;	/* KiB; SYSCTL_UNSET: compute it (W1) */
	uint32_t extra_free_kbytes;	/* KiB, between min and low, in all (W3) */
	uint32_t watermark_scale_factor;/* 1/10000 of managed, 1..3000 (W2) */
	uint32_t watermark_boost_factor;/* 1/10000 of the high mark; 0 is off (W7) */
	uint32_t percpu_pagelist_high_fraction; /* 0, or at least 8 (P1) */
	int32_t	 lowmem_reserve_ratio[NR_ZONE_TYPES]; /* 0 is no reserve (W4) */
	uint32_t dirty_ratio;		/* percent of dirtyable memory, for __GFP_WRITE (G5) */
	bool	 thp;			/* transparent huge pages raise min (W1) */
};

enum policy_marks { MARKS_6_1, MARKS_4_5, MARKS_2_6_14 };		/* W2, W3 */
enum policy_movable { MOVABLE_FOLLOWS, MOVABLE_HIGHMEM };		/* W2 */
enum policy_reserve { RESERVE_CUMULATIVE, RESERVE_SKIP_EMPTY, RESERVE_EMPTY_LOWER }; /* W4 */
enum policy_rules { RULES_6_1, RULES_6_12 };	/* M2, M3, M5, P1 to P3, W5, W6 */
enum policy_pcp_limits { PCP_LIMITS_6_1, PCP_LIMITS_5_13, PCP_LIMITS_4_18 }; /* P1 */

struct policies {			/* (c) */
	uint8_t	 marks;			/* enum policy_marks */
	uint8_t	 movable;		/* MOVABLE_HIGHMEM: its marks as high memory's, from 6.3 */
	uint8_t	 reserve;		/* SKIP_EMPTY: an empty upper zone reserves 0 (6.10);
					 * EMPTY_LOWER: an empty lower zone has reserves (5.6) */
	uint8_t	 pcp_limits;		/* enum policy_pcp_limits */
	bool	 min_free_cap_64m;	/* W1: computed min_free_kbytes up to 65536, not 262144 */
	bool	 init_on_alloc;		/* B6: zero every page that is handed out */
	bool	 init_on_free;		/* B6: zero every page that comes back */
	bool	 poison;		/* B6: fill free pages, check the filling on the way out */
	bool	 prezero;		/* B6: idle CPUs clear their pages in advance (PG_zero) */
	bool	 shuffle;		/* B6: random order of the largest blocks */
	uint8_t	 rules;			/* enum policy_rules */
	uint32_t pcp_batch;		/* P1: this batch in every zone; 0: from the zone's size */
};

struct tunables {
	struct spinlock	lock;
	struct hw	*hw;		/* (c) the machine beneath */
	struct sysctls	sysctl;
	struct policies	policy;
	uint32_t	zone_types;	/* (c) bit per configured enum zone_type (Z1) */
	uint8_t		page_shift;	/* (c) log2 of the page size in bytes */
	uint8_t		pageblock_order;/* (c) */
	uint8_t		nr_nodes;	/* (c) nodes that are online */
	uint8_t		online_nodes;	/* (c) bit per node that is online */
	uint8_t		zone_ids;	/* (c) zones of online nodes have ids below it */
	bool		has_cma;	/* (c) some CMA area exists (M1, G4) */
	bool		has_highmem;	/* (c) HighMem has frames, so Movable is high, too (W2) */
	bool		grouping_off;	/* (c) too few pageblocks to group by mobility (M1) */
};

static inline bool rules_6_12(const struct tunables *t)
{
	return t->policy.rules == RULES_6_12;
}

static inline bool zone_type_configured(const struct tunables *t, unsigned int type)
{
	return t->zone_types >> type & 1;
}

/* P1: is there a per-CPU list for blocks of this order? */
static inline bool pcp_has_order(const struct tunables *t, unsigned int order)
{
	return (order <= COSTLY_ORDER) | (order == t->pageblock_order);
}

static inline uint64_t pageblock_nr_pages(const struct tunables *t)
{
	return 1ULL << t->pageblock_order;
}

#endif
