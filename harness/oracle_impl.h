/* SPDX-License-Identifier: MIT */
/*
 * oracle_impl.h - what the files of the model share; see oracle.h
 *
 * Of core/ only struct layouts, constants and field values are used.  All
 * arithmetic is written out again from SPEC.md, in its plainest form, so that
 * a mistake would have to be made twice to stay unseen.
 */
#ifndef HARNESS_ORACLE_IMPL_H
#define HARNESS_ORACLE_IMPL_H

#include "oracle.h"

enum { ORACLE_RANGES = 5 * MAX_RANGES };	/* runs of managed pages of a machine */

#define OWNER_NOBODY	0
#define OWNER_IMPORT	UINT16_MAX		/* taken by an import */

_Static_assert(SLOTS_MAX < OWNER_IMPORT, "every slot is an owner");

_Static_assert(ORACLE_RANGES >= 2 * MAX_RANGES + 2 * MAX_ZONES, "every hole cuts one run in two");

struct oracle_range {			/* managed pages of one zone, without a gap */
	pfn_t	 start;
	pfn_t	 end;
	uint64_t first;			/* of owner[]: that of `start` */
	uint8_t	 zone;
};

/* Numbers that follow from sysctls and zone sizes: what core's must equal. */
struct oracle_zone {
	uint64_t mark[NR_WMARK];	/* W2 */
	uint64_t reserve[NR_ZONE_TYPES];	/* W4 */
	uint64_t drift_mark;		/* W8 */
	uint64_t managed_marks;		/* W9: managed when marks were last computed */
	uint64_t managed_reserve;	/* W9: and reserves */
	uint32_t pcp_high;		/* P1 */
	uint32_t pcp_batch;
	uint8_t	 threshold;		/* W8: of CPUs online at the last change of CPUs */
	uint8_t	 threshold_boot;	/* ... and with all of them */
};

struct oracle_tuned {
	struct oracle_zone zone[MAX_ZONES];
	uint64_t totalreserve[MAX_NODES];	/* G5 */
	uint64_t online_cpus;
	int64_t	 min_free_kbytes;	/* in force (W1) */
	struct sysctls sysctl;		/* as last seen */
};

/* --- a question being worked out -------------------------------------------------- */

struct oracle;

struct thought {			/* what unreserving would have done so far (M5) */
	bool	 active;
	uint64_t unreserved[MAX_ZONES];	/* pages less in the reserve */
	int8_t	 moved_order[MAX_ZONES];	/* the largest block moved; -1: none */
	pfn_t	 moved_from[MAX_ZONES];	/* in a pageblock that begins before its zone */
	uint32_t next[MAX_ZONES][NR_ORDERS];	/* the first that did not move; LINK_UNSET */
};

#define LINK_UNSET	UINT32_MAX

struct question {
	struct oracle	*o;
	const struct mm	*mm;
	gfp_t		 gfp;
	unsigned int	 order;
	unsigned int	 highest;	/* enum zone_type (G2) */
	unsigned int	 type;		/* enum migratetype (G3) */
	unsigned int	 cpu;
	unsigned int	 context;
	unsigned int	 nodemask;	/* 0: every node */
	bool		 no_pcp;	/* as if its per-CPU sets were taken (P6) */
	bool		 spread_dirty;	/* fast path of __GFP_WRITE (G5) */
	enum oracle_view view;
	const uint8_t	*zonelist;
	const uint8_t	*first;		/* in it: the preferred zone, or the end */
	struct thought	 thought;	/* set up when first needed */
};

/* The request last asked about, and where it must get its pages. */
struct oracle_memo {
	uint64_t     key;		/* oracle_key() of what the caller wrote */
	struct alloc_request req;	/* what it comes to: policy and count worked in */
	gfp_t	     gfp;		/* in the caller's scopes; bulk: they do not apply */
	unsigned int highest;		/* enum zone_type, for that gfp (G2) */
	unsigned int cpu;
	unsigned int zone;		/* id; ZONE_ID_END: not foretold */
	bool asked;
};

/* All of a request as one number. */
static inline uint64_t oracle_key(const struct alloc_request *r)
{
	return r->gfp | (uint64_t)r->order << 32 | (uint64_t)r->nid << 40 |
	       (uint64_t)r->nodemask << 48 | (uint64_t)r->context << 56;
}

struct oracle {
	const struct mm *mm;
	const struct sysctls *sysctl;	/* the machine's, or what they may become */
	uint16_t *owner;		/* per managed page: slot + 1, or OWNER_* */
	uint8_t	 *block_moved;		/* per pageblock of a zone, zero between questions */
	uint8_t	 *block_retyped;	/* per pageblock, whose zones may be several; as well */
	uint64_t  moved_first[MAX_ZONES];	/* of block_moved[]: that of the zone's first */
	uint64_t  retyped_first[MAX_ZONES];
	uint64_t  owned[MAX_ZONES];	/* pages with an owner */
	uint64_t  boost[MAX_ZONES];	/* as last seen (W7) */
	uint64_t  passed_on;		/* bit per zone id: by the request asked about (W8) */
	uint8_t	  zones[MAX_ZONES + 1];	/* ids of zones of online nodes and configured types */
	uint8_t	  online_nodes;		/* bit per node */
	uint32_t  nr_ranges;
	uint8_t	  task;			/* of a schedule; else 0 */
	bool	  among;		/* see oracle_among() */
	bool	  foreseen;		/* see oracle_foresee(), and so are the last two */
	enum oracle_view view;
	uint64_t  less, more;		/* pages, see oracle_look() */

	/* From here on a new machine does not find zeros, but what it sets itself. */
	uint8_t	  zonelist[MAX_NODES][NR_ZONELISTS][MAX_ZONES + 1];
	struct oracle_tuned tuned;
	struct oracle_memo last[SCHED_TASKS][2];	/* [1]: inside an interrupt */
	struct question question;	/* scratch: asking never nests */
	struct oracle_range range[ORACLE_RANGES];
	struct oracle_zone ahead[MAX_ZONES];	/* marks and reserves */
	uint64_t  ahead_factor;		/* watermark_boost_factor */
};

#define FOR_EACH_ZONE_ID(o, i, id) \
	for (unsigned int i = 0, id = (o)->zones[0]; id != ZONE_ID_END; id = (o)->zones[++i])

static inline struct oracle_memo *oracle_memo(struct oracle *o)
{
	return &o->last[o->task][o->mm->tun.hw->in_irq];
}

/* --- oracle_request.c: what a request says ---------------------------------------- */

gfp_t oracle_gfp_in_context(gfp_t gfp, unsigned int context);		/* G6 */
unsigned int oracle_highest_zone(const struct mm *mm, gfp_t gfp);	/* G2 */
unsigned int oracle_reserve_flags(gfp_t gfp, unsigned int context);	/* G4 */
unsigned int oracle_cma_flag(const struct question *q);
unsigned int oracle_slow_flags(const struct question *q);
bool oracle_refuses(const struct oracle *o, const struct alloc_request *req);	/* G2, G6 */

/* Sets up the one question; what it says of earlier ones is gone. */
struct question *oracle_question(struct oracle *o, const struct alloc_request *req, gfp_t gfp,
				 unsigned int cpu);

bool oracle_refuses_policy(const struct mm *mm, const struct mempolicy *pol);	/* Z7 */

/* The request that a legal policy makes of one; PREFERRED_MANY: its first pass. */
struct alloc_request oracle_under_policy(const struct oracle *o, const struct mempolicy *pol,
					 const struct alloc_request *req, unsigned int cpu);

/* --- oracle_attempt.c: one look at the zones -------------------------------------- */

/* The zone that would serve it with these flags; ZONE_ID_END: none. */
unsigned int oracle_attempt(const struct question *q, unsigned int flags);
unsigned int oracle_nofragment_flag(const struct question *q);		/* M4 */
unsigned int oracle_bulk_zone(const struct question *q, uint32_t nr);	/* B5 */

/* May the zone serve the request at all? */
static inline bool oracle_is_candidate(const struct question *q, unsigned int id)
{
	return id % NR_ZONE_TYPES <= q->highest &&
	       (!q->nodemask || (q->nodemask >> (id / NR_ZONE_TYPES) & 1));
}

/* From now on with these nodes (0: all); finds the preferred zone. */
static inline void oracle_set_nodes(struct question *q, unsigned int nodemask)
{
	q->nodemask = nodemask;
	q->first = q->zonelist;
	while (*q->first != ZONE_ID_END && !oracle_is_candidate(q, *q->first))
		q->first++;
}

/* --- oracle_thought.c: unreserving without touching the machine ------------------- */

/* True if blocks moved: the request looks again.  *changed: if anything did. */
bool oracle_think_unreserve(struct question *q, bool *changed);
void oracle_forget(struct question *q);

/* --- oracle_marks.c, oracle_retune.c ---------------------------------------------- */

struct oracle_cpus {			/* CPUs as the limits of per-CPU lists count them */
	uint64_t     online;
	unsigned int coming;		/* not online yet, but counted for every zone */
	bool	     boot;
};

void oracle_compute_min_free(struct oracle *o);				/* W1 */
void oracle_raise_min_free(struct oracle *o);				/* W1: huge pages */
void oracle_set_marks(struct oracle *o);				/* W2, W3 */
void oracle_set_pcp_limits(struct oracle *o, struct oracle_cpus cpus);	/* P1 */
void oracle_set_reserves(struct oracle *o);				/* W4 */
void oracle_set_totalreserve(struct oracle *o);				/* G5 */
void oracle_set_thresholds(struct oracle *o);				/* W8 */
void oracle_set_zonelists(struct oracle *o);				/* Z4 */

void oracle_boot_tuned(struct oracle *o);	/* computes all, and compares */
bool oracle_agrees(const struct oracle *o);	/* are core's numbers ours, just now? */
void oracle_see_boosts(struct oracle *o);	/* takes all boosts as they are */
void oracle_saw_boost(struct oracle *o, unsigned int zone);	/* W7: only legal steps */

#endif
