/* SPDX-License-Identifier: MIT */
/*
 * run_request.c - one request: the model speaks first, then core does it, then the two
 * are compared
 */
#include "run_internal.h"
#include "snapshot.h"

#include <inttypes.h>

static const char *const verdict_names[] = { "ok", "failed", "stuck", "refused" };
static const char *const answer_names[NR_ANSWERS] = {
	"must succeed", "must fail", "must get stuck", "must be refused", "may do either",
};

static struct alloc_request request_of(const struct op *op)
{
	return (struct alloc_request){
		.gfp = op->gfp, .order = op->order, .nid = op->nid, .nodemask = op->nodes,
		.context = (uint8_t)(op->context | (op->irq_at ? CTX_IRQ : 0)) };
}

/* May something strike inside that the model does not follow? */
static bool is_interrupted(const struct run *r, const struct op *op, unsigned int requests)
{
	return r->hw.irq_at || op->irq_at || r->hw.fail_trylock_at ||
	       (r->hw.fail_alloc_at && r->hw.fail_alloc_at <= requests && requests > 1);
}

/* What the model said before: if nothing overlaps the request, and if other CPUs' ops do. */
struct forecast {
	enum oracle_answer answer, anyway;
	const char *why, *why_anyway;
};

static enum oracle_answer ask(struct run *r, const struct op *op, const struct alloc_request *req,
			      const char **why)
{
	unsigned int two = op->kind == OP_BULK ? op->n > 1 : op->on;
	bool struck = is_interrupted(r, op, 1 + two);

	if (op->kind == OP_BULK)
		return oracle_ask_bulk(r->oracle, req, op->n < RUN_BULK_MAX ? op->n : RUN_BULK_MAX,
				       r->hw.cpu, struck, why);
	if (op->kind == OP_EXACT)
		return oracle_ask_exact(r->oracle, req, op->n, r->hw.cpu, struck, why);
	if (op->on)
		return oracle_ask_policy(r->oracle, &r->policy, req, r->hw.cpu, struck, why);
	return oracle_ask(r->oracle, req, r->hw.cpu, struck, why);
}

/* What holds in every order of this op and those that may overlap it. */
static void ask_anyway(struct run *r, const struct op *op, const struct alloc_request *req,
		       struct forecast *f)
{
	const struct op *writer;
	uint64_t less, more;

	if (!run_writer(r, &writer) ||
	    (writer && !oracle_foresee(r->oracle, (enum sysctl_name)writer->name, writer->index,
				       writer->value))) {
		f->anyway = ask(r, op, req, &f->why_anyway);
		if (f->anyway != MUST_REFUSE)
			f->anyway = MAY;
		f->why_anyway = f->anyway == MAY ? "W9: marks may change" : f->why_anyway;
		return;
	}
	run_bounds(r, &less, &more);
	oracle_look(r->oracle, ORACLE_WORST, less, more);
	f->anyway = ask(r, op, req, &f->why_anyway);
	if (f->anyway == MUST_FAIL || f->anyway == MUST_STUCK) {
		oracle_look(r->oracle, ORACLE_BEST, less, more);
		f->anyway = ask(r, op, req, &f->why_anyway);
		if (f->anyway == MUST_SUCCEED)
			f->anyway = MAY;
	}
	oracle_look(r->oracle, ORACLE_NOW, 0, 0);
	if (r->hw.fail_alloc_at && f->anyway != MUST_REFUSE)
		f->anyway = MAY;	/* whose request it strikes is the schedule's choice */
	if (f->anyway == MAY)
		f->why_anyway = "other CPUs' ops overlap";
}

/* X5, G5: what happened against what had to happen. */
static void compare(struct run *r, struct forecast *f, enum verdict verdict)
{
	static const enum verdict only[] = {
		[MUST_SUCCEED] = VERDICT_OK, [MUST_FAIL] = VERDICT_FAILED,
		[MUST_STUCK] = VERDICT_STUCK, [MUST_REFUSE] = VERDICT_REFUSED,
	};

	if (r->hw.sched && !run_is_alone(r)) {
		r->stats.overlapped++;
		r->stats.may_overlapped += f->anyway == MAY;
		f->answer = f->anyway;
		f->why = f->why_anyway;
		oracle_overlapped(r->oracle);
	}
	r->stats.answers[f->answer]++;
	if (f->answer != MAY && verdict != only[f->answer])
		run_fail(f->answer == MUST_REFUSE ? "G2" : "X5", "the request's verdict",
			 "the model: %s (%s); core: %s", answer_names[f->answer], f->why,
			 verdict_names[verdict]);
}

/* An injected failure is certain when its number is up. */
static enum oracle_answer with_fault(const struct run *r, enum oracle_answer answer,
				     const char **why)
{
	if (r->hw.fail_alloc_at != 1 || answer == MUST_REFUSE || answer == MAY)
		return answer;
	*why = "an injected failure";
	return MUST_FAIL;
}

static struct forecast foretell(struct run *r, const struct op *op,
				const struct alloc_request *req)
{
	struct forecast f = { .answer = MAY, .anyway = MAY, .why = "not asked" };

	if (r->flags & RUN_NO_CHECKS)
		return f;
	if (r->hw.sched)
		ask_anyway(r, op, req, &f);
	f.answer = ask(r, op, req, &f.why);
	if (op->kind != OP_BULK || op->n)	/* who asks for nothing meets no fault */
		f.answer = with_fault(r, f.answer, &f.why);
	return f;
}

static void count_verdict(struct run *r, const struct op *op, enum verdict verdict)
{
	static const enum op_expect as[] = { EXPECT_OK, EXPECT_FAIL, EXPECT_STUCK, EXPECT_REFUSED };
	uint32_t *const counters[] = {
		&r->stats.ok, &r->stats.failed, &r->stats.stuck, &r->stats.refused,
	};

	++*counters[verdict];
	r->refused = verdict != VERDICT_OK;
	r->refused_gfp = op->context & CTX_PIN ? op->gfp & ~__GFP_MOVABLE : op->gfp;
	r->verdict = (uint8_t)verdict;
	if ((r->flags & RUN_EXPECT) && op->expect && op->expect != EXPECT_PAGES &&
	    op->expect != as[verdict])
		run_fail("EXPECT", "expect", "the request ended %s", verdict_names[verdict]);
}

/* What a page is like when it comes: X5 in the model, cleared if that was asked for. */
static void got(struct run *r, const struct alloc_request *req, struct slot *slot,
		const struct page *page, unsigned int order)
{
	pfn_t pfn = mm_page_pfn(&r->mm, page);
	bool zero = (req->gfp & __GFP_ZERO) || r->mm.tun.policy.init_on_alloc;

	run_add_piece(r, slot, page->zone, pfn, order);
	if (r->flags & RUN_NO_CHECKS)
		return;
	oracle_got(r->oracle, req, pfn, order, (uint32_t)(slot - r->slots));
	run_check(X1, page->state == PAGE_ALLOC && page->refs == 1);
	run_check(G5, !zero || sim_pages_are_zero(&r->hw, page->zone, pfn, 1ULL << order));
}

/* Does it; pages go to the slot. */
static enum verdict do_request(struct run *r, const struct op *op,
			       const struct alloc_request *req, struct page **page,
			       struct page **pages, uint32_t *filled)
{
	if (op->kind == OP_BULK)
		return mm_alloc_bulk(&r->mm, req, pages,
				     op->n < RUN_BULK_MAX ? op->n : RUN_BULK_MAX, filled);
	if (op->kind == OP_EXACT)
		return mm_alloc_exact(&r->mm, req, op->n, page);
	if (op->on)
		return mempolicy_alloc(&r->mm, &r->policy, req, page);
	return mm_alloc_pages(&r->mm, req, page);
}

static void say(struct run *r, const struct op *op, const struct forecast *f,
		enum verdict verdict, const struct page *page, uint32_t filled)
{
	const char *said = answer_names[f->answer], *did = verdict_names[verdict];

	if (op->kind == OP_BULK)
		run_say(r, "%s %u of %u (%s: %s)", did, filled,
			op->n < RUN_BULK_MAX ? op->n : RUN_BULK_MAX, said, f->why);
	else if (op->kind == OP_ALLOC && page)
		run_say(r, "%s, pfn %" PRIu64 " (%s: %s)", did, mm_page_pfn(&r->mm, page), said,
			f->why);
	else
		run_say(r, "%s (%s: %s)", did, said, f->why);
}

/* The pages that another machine handed out from the same state. */
static void expect_pages(const struct run *r, const struct op *op, const struct slot *slot)
{
	bool exact = op->kind == OP_EXACT;
	const uint64_t *pages;

	if (!(r->flags & RUN_EXPECT) || op->expect != EXPECT_PAGES || !r->program->state)
		return;
	pages = r->program->state->blocks + op->pfn;
	for (uint32_t i = 0; i < slot->nr && i < op->value; i++)
		if (r->pieces[slot->first + i].pfn != pages[i])
			run_fail("EXPECT", "expect pages", "page %" PRIu32 " is %" PRIu64
				 ", not %" PRIu64, i, r->pieces[slot->first + i].pfn, pages[i]);
	if (slot->nr != op->value && !(exact && slot->nr))
		run_fail("EXPECT", "expect pages", "%" PRIu32 " blocks, not %" PRId64, slot->nr,
			 op->value);
}

void run_request(struct run *r, const struct op *op, struct slot *slot)
{
	struct alloc_request req = request_of(op);
	uint32_t nr = op->n < RUN_BULK_MAX ? op->n : RUN_BULK_MAX, filled = 0;
	struct page **pages = op->kind == OP_BULK ? run_scratch(r, nr) : NULL;
	struct forecast f = foretell(r, op, &req);
	struct page *page = NULL;
	enum verdict verdict = do_request(r, op, &req, &page, pages, &filled);

	if (!(r->flags & RUN_NO_CHECKS))
		compare(r, &f, verdict);
	run_check(B5, filled <= nr);
	for (uint32_t i = 0; i < filled; i++)
		got(r, &req, slot, pages[i], 0);
	if (op->kind == OP_EXACT)
		for (uint32_t i = 0; verdict == VERDICT_OK && i < op->n; i++)
			got(r, &req, slot, page + i, 0);
	else if (op->kind == OP_ALLOC && verdict == VERDICT_OK)
		got(r, &req, slot, page, op->order);
	count_verdict(r, op, verdict);
	expect_pages(r, op, slot);
	if (r->on_op)
		say(r, op, &f, verdict, page, filled);
}
