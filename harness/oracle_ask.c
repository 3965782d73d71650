/* SPDX-License-Identifier: MIT */
/*
 * oracle_ask.c - what a request must end in, and which zone must serve it
 *
 * The state that decides is read from the machine: free counters, the lengths
 * of the free lists and of one CPU's lists.  An attempt that fails changes
 * none of these, so a request is a sequence of looks at one state, with two
 * exceptions: a refill that gets nothing may bring a counter up to date
 * (passed_on); and before giving up, a request that may block turns HIGHATOMIC
 * pageblocks back, one by one, looking again after each.  Those steps are
 * worked out here without touching the machine ("thought").
 *
 * Left out because they cannot change the answer: waking kswapd; compaction
 * and reclaim, which make no progress; the rounds of should_reclaim_retry()
 * between two looks, since nothing happens in them; ALLOC_CPUSET in the last
 * resort of __GFP_NOFAIL, since there are no cpusets here: the policy's nodes
 * bind both of its attempts.  There is no OOM killer in this version.
 */
#include "oracle_impl.h"

/* --- A: the whole request --------------------------------------------------------- */

/* May it turn to reclaim again after the first time (A3)? */
static bool may_repeat(const struct question *q)
{
	if (!(q->gfp & __GFP_DIRECT_RECLAIM) || (q->context & CTX_MEMALLOC) ||
	    (q->gfp & __GFP_NORETRY))
		return false;
	return q->order <= COSTLY_ORDER ||
	       ((q->gfp & __GFP_RETRY_MAYFAIL) && (q->gfp & __GFP_IO));
}

/* From the label "retry" to giving up once; the zone that serves it, or ZONE_ID_END. */
static unsigned int one_round(struct question *q, unsigned int *flags, bool *changed)
{
	unsigned int reserve = oracle_reserve_flags(q->gfp, q->context);
	unsigned int zone;

	if (reserve)
		*flags = reserve | oracle_cma_flag(q);
	if (!(*flags & ALLOC_CPUSET) || reserve)
		oracle_set_nodes(q, 0);
	for (;;) {
		zone = oracle_attempt(q, *flags);
		if (zone != ZONE_ID_END || !may_repeat(q))
			return zone;
		if (!oracle_think_unreserve(q, changed))
			break;
	}
	/* One last look before any killing (A4). */
	return oracle_attempt(q, ALLOC_WMARK_HIGH | ALLOC_CPUSET);
}

static enum oracle_answer slow_path(struct question *q, unsigned int *zone, const char **why)
{
	bool may_block = q->gfp & __GFP_DIRECT_RECLAIM;
	bool changed = true;
	unsigned int flags;

	if (may_block)
		q->gfp &= ~__GFP_ATOMIC;	/* a contradiction; waiting wins */
	flags = oracle_slow_flags(q);
	*why = "A2: the slow path's first attempt";
	*zone = oracle_attempt(q, flags);
	if (*zone != ZONE_ID_END)
		return MUST_SUCCEED;
	*why = "A2: what the caller is entitled to, or blocks no longer reserved (A4)";
	/* Without any zone of its own nodes a request goes straight to its end. */
	if (*q->first != ZONE_ID_END)
		*zone = one_round(q, &flags, &changed);
	if (*zone != ZONE_ID_END)
		return MUST_SUCCEED;
	if (!(q->gfp & __GFP_NOFAIL) || !may_block) {
		*why = "X5: no zone holds its mark and has a block";
		return MUST_FAIL;
	}
	*why = "G5: the last resort of __GFP_NOFAIL";
	for (;;) {
		*zone = oracle_attempt(q, ALLOC_MIN_RESERVE);
		if (*zone != ZONE_ID_END)
			return MUST_SUCCEED;
		if (!changed)
			break;
		changed = false;
		*zone = one_round(q, &flags, &changed);
		if (*zone != ZONE_ID_END)
			return MUST_SUCCEED;
	}
	*why = "G5: __GFP_NOFAIL without a way forward";
	return MUST_STUCK;
}

static enum oracle_answer decide(struct question *q, unsigned int *zone, const char **why)
{
	enum oracle_answer answer;

	*why = "A1: the fast path";
	*zone = oracle_attempt(q, ALLOC_WMARK_LOW | oracle_cma_flag(q) | oracle_nofragment_flag(q));
	if (*zone != ZONE_ID_END)
		return MUST_SUCCEED;
	q->spread_dirty = false;
	answer = slow_path(q, zone, why);
	oracle_forget(q);
	if (!(q->gfp & __GFP_DIRECT_RECLAIM) || !q->mm->reclaim)
		return answer;
	*zone = ZONE_ID_END;
	if (answer == MUST_SUCCEED)
		return answer;
	*why = "A2: a reclaimer may find pages";
	return MAY;
}

/* --- among others ----------------------------------------------------------------- */

void oracle_look(struct oracle *o, enum oracle_view view, uint64_t less, uint64_t more)
{
	o->view = view;
	o->foreseen = o->foreseen && view != ORACLE_NOW;
	o->less = less;
	o->more = more;
}

void oracle_task(struct oracle *o, unsigned int task)
{
	mm_assert(X9, task < SCHED_TASKS);
	o->task = (uint8_t)task;
}

void oracle_overlapped(struct oracle *o)
{
	oracle_memo(o)->zone = ZONE_ID_END;
	oracle_see_boosts(o);
}

/* --- the question ----------------------------------------------------------------- */

/* Remembers what was asked, for oracle_got(). */
static void remember(struct oracle *o, const struct alloc_request *key,
		     const struct alloc_request *req, gfp_t gfp, unsigned int cpu)
{
	struct oracle_memo *memo = oracle_memo(o);

	memo->key = oracle_key(key);
	memo->req = *req;
	memo->gfp = gfp;
	memo->highest = oracle_highest_zone(o->mm, gfp);
	memo->cpu = cpu;
	memo->zone = ZONE_ID_END;
	memo->asked = true;
}

/*
 * May anything strike that decides by itself?  A refused trylock does not: it
 * only hides a per-CPU set.  An injected failure does where an operation makes
 * two requests; of one the caller knows.  An interrupt inside a write of marks
 * meets some that are new and some that are not (W9).
 */
static bool may_be_struck(const struct oracle *o, bool interrupted, unsigned int requests)
{
	const struct hw *hw = o->mm->tun.hw;

	if (hw->in_irq && !oracle_agrees(o))
		return true;
	if (!interrupted)
		return false;
	return hw->irq_at || (requests > 1 && hw->fail_alloc_at && hw->fail_alloc_at <= requests);
}

/* A trylock is going to be refused, perhaps here: the answer if it is of no importance. */
static enum oracle_answer without_pcp(struct question *q, enum oracle_answer answer,
				      unsigned int *zone, const char **why)
{
	const char *other_why;
	unsigned int other;

	q->no_pcp = true;
	if (decide(q, &other, &other_why) != answer) {
		*why = "P6: a per-CPU set may be taken";
		answer = MAY;
	}
	if (other != *zone || other_why != *why)
		*zone = ZONE_ID_END;
	return answer;
}

static enum oracle_answer ask(struct oracle *o, const struct alloc_request *req, gfp_t gfp,
			      unsigned int cpu, bool strike, const char **why)
{
	uint64_t passed_on = o->passed_on;
	struct question *q;
	enum oracle_answer answer;
	unsigned int zone;

	if (oracle_refuses(o, req)) {
		*why = "G2, G6: the edge refuses it";
		return MUST_REFUSE;
	}
	if (strike) {
		oracle_see_boosts(o);
		*why = "P6: an interrupt or a fault may strike";
		return MAY;
	}
	q = oracle_question(o, req, gfp, cpu);
	answer = decide(q, &zone, why);
	if (o->mm->tun.hw->fail_trylock_at) {
		q = oracle_question(o, req, gfp, cpu);
		o->passed_on = passed_on;
		answer = without_pcp(q, answer, &zone, why);
	}
	oracle_memo(o)->zone = zone;
	return answer;
}

enum oracle_answer oracle_ask(struct oracle *o, const struct alloc_request *req, unsigned int cpu,
			      bool interrupted, const char **why)
{
	gfp_t gfp = oracle_gfp_in_context(req->gfp, req->context);

	o->passed_on = 0;
	remember(o, req, req, gfp, cpu);
	return ask(o, req, gfp, cpu, may_be_struck(o, interrupted, 1), why);
}

enum oracle_answer oracle_ask_exact(struct oracle *o, const struct alloc_request *req,
				    uint64_t nr_pages, unsigned int cpu, bool interrupted,
				    const char **why)
{
	gfp_t gfp = oracle_gfp_in_context(req->gfp, req->context);
	struct alloc_request whole = *req;

	whole.order = 0;
	while (whole.order <= MAX_ORDER && 1ULL << whole.order < nr_pages)
		whole.order++;
	o->passed_on = 0;
	remember(o, req, &whole, gfp, cpu);
	if (nr_pages == 0 || (req->gfp & (__GFP_COMP | __GFP_HIGHMEM))) {
		*why = "B5: alloc_pages_exact() of nothing, or compound, or of high memory";
		return MUST_REFUSE;
	}
	return ask(o, &whole, gfp, cpu, may_be_struck(o, interrupted, 1), why);
}

enum oracle_answer oracle_ask_bulk(struct oracle *o, const struct alloc_request *req, uint32_t nr,
				   unsigned int cpu, bool interrupted, const char **why)
{
	bool strike = may_be_struck(o, interrupted, nr > 1 ? 2 : 1);
	gfp_t gfp = oracle_gfp_in_context(req->gfp, req->context);
	enum oracle_answer answer;
	struct question *q;
	unsigned int zone;

	o->passed_on = 0;
	remember(o, req, req, req->gfp, cpu);
	if (req->order) {
		*why = "B5: bulk is for single pages";
		return MUST_REFUSE;
	}
	if (oracle_refuses(o, req) || strike)
		return ask(o, req, gfp, cpu, strike, why);
	if (nr == 0) {
		*why = "B5: nothing is wanted";
		return MUST_SUCCEED;
	}
	q = oracle_question(o, req, req->gfp, cpu);
	if (nr > 1 && o->view == ORACLE_BEST) {
		*why = "B5: more than one way to succeed";
		return MAY;
	}
	zone = nr > 1 && o->view == ORACLE_NOW ? oracle_bulk_zone(q, nr) : ZONE_ID_END;
	if (zone == ZONE_ID_END) {
		remember(o, req, req, gfp, cpu);
		return ask(o, req, gfp, cpu, strike, why);
	}
	if (o->mm->tun.hw->fail_trylock_at) {	/* if it strikes, one page will do */
		answer = ask(o, req, gfp, cpu, strike, why);
		oracle_memo(o)->zone = ZONE_ID_END;
		return answer == MUST_SUCCEED ? MUST_SUCCEED : MAY;
	}
	oracle_memo(o)->zone = zone;
	*why = "B5: a local zone holds its mark with that many less";
	return MUST_SUCCEED;
}

enum oracle_answer oracle_ask_policy(struct oracle *o, const struct mempolicy *pol,
				     const struct alloc_request *req, unsigned int cpu,
				     bool interrupted, const char **why)
{
	struct alloc_request r;
	bool many = pol->mode == MPOL_PREFERRED_MANY;
	bool strike = may_be_struck(o, interrupted, many ? 2 : 1);
	enum oracle_answer answer, second;
	gfp_t gfp;

	o->passed_on = 0;
	if (oracle_refuses_policy(o->mm, pol)) {
		*why = "Z7: no such policy here";
		return MUST_REFUSE;
	}
	r = oracle_under_policy(o, pol, req, cpu);
	gfp = oracle_gfp_in_context(r.gfp, r.context);
	remember(o, req, &r, gfp, cpu);
	answer = ask(o, &r, gfp, cpu, strike, why);
	if ((answer != MUST_FAIL && answer != MAY) || !many || r.nodemask == 0)
		return answer;
	r.gfp = req->gfp;		/* the second pass: every node, trying hard */
	r.nodemask = 0;
	gfp = oracle_gfp_in_context(r.gfp, r.context);
	remember(o, req, &r, gfp, cpu);
	second = ask(o, &r, gfp, cpu, strike, why);
	if (answer == MUST_FAIL)
		return second;
	oracle_memo(o)->zone = ZONE_ID_END;
	return second == MUST_SUCCEED ? MUST_SUCCEED : MAY;
}
