/* SPDX-License-Identifier: GPL-2.0-only */
/* differ.c - one program, op by op and list by list */
#include "linux/differ.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const differ_class_names[NR_FAILED] = { "min", "high", "atomic", "none" };

void differ_add(struct differ_counts *to, const struct differ_counts *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;

	for (unsigned int i = 0; i < NR_DIFFER_COUNTS; i++)
		a[i] += b[i];
}

void differ_init(struct differ *d)
{
	*d = (struct differ){ .run = run_new(), .p = calloc(1, sizeof(*d->p)) };
	if (!d->p)
		abort();
}

static void forget(struct differ *d)
{
	reply_free(&d->reply);
	snapshot_delete(d->now);
	d->now = NULL;
	d->p->state = NULL;		/* was the reply's */
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		free(d->types[id]);
		d->types[id] = NULL;
	}
}

void differ_done(struct differ *d)
{
	forget(d);
	run_delete(d->run);
	free(d->p);
}

/* --- what happened ------------------------------------------------------------------------ */

static uint32_t listed_blocks(const struct mm *mm)
{
	uint32_t nr = 0;

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
				nr += mm->zones[id].area[order].list[type].nr;
	return nr;
}

static void count_conversions(struct differ *d, const struct mm *mm, const struct event *event)
{
	const struct zone *z = &mm->zones[event->zone];
	uint64_t first = pageblock_index(&z->blocks, event->pfn);
	uint64_t last = pageblock_index(&z->blocks,
					event->pfn + (1ULL << event->fallback_order) - 1);

	if (!d->types[event->zone])
		return;
	for (uint64_t i = first; i <= last && i < z->blocks.nr; i++) {
		d->counts.conversions += d->types[event->zone][i] != z->blocks.type[i];
		d->types[event->zone][i] = z->blocks.type[i];
	}
}

static void on_event(void *to, const struct event *event)
{
	struct differ *d = to;
	const struct mm *mm = run_mm(d->run);

	switch (event->kind) {
	case EVENT_ALLOC_ZONE_LOCKED:
		d->op_takes++;
		break;
	case EVENT_PCPU_DRAIN:
		d->op_frees++;
		break;
	case EVENT_PAGE_FREE:
		d->op_frees += !pcp_has_order(&mm->tun, event->order);
		break;
	case EVENT_ALLOC_EXTFRAG:
		d->counts.fallbacks[event->type][event->fallback_type]++;
		count_conversions(d, mm, event);
		break;
	case EVENT_WAKEUP_KSWAPD:
		d->counts.slow++;
		break;
	default:
		break;
	}
}

static unsigned int failed_class(gfp_t gfp)
{
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		return FAILED_MEMALLOC;
	if ((gfp & (__GFP_HIGH | __GFP_ATOMIC)) == (__GFP_HIGH | __GFP_ATOMIC))
		return FAILED_ATOMIC;
	return gfp & __GFP_HIGH ? FAILED_HIGH : FAILED_PLAIN;
}

/* Per op, so that splits and merges can be told from what the lists gained and lost. */
static void count_op(struct differ *d, const struct op *op)
{
	const struct mm *mm = run_mm(d->run);
	uint32_t listed = listed_blocks(mm);
	int64_t gained = (int64_t)listed - d->listed;
	uint64_t reserve = 0, boost = 0;

	if (op->kind == OP_ALLOC || op->kind == OP_BULK)
		d->counts.splits += (uint64_t)(gained + d->op_takes);
	else if (op->kind != OP_EXACT)
		d->counts.merges += (uint64_t)(d->op_frees - gained);
	d->counts.refills += d->op_takes > 0 && op_kinds[op->kind].allocates &&
			     (op->kind != OP_ALLOC || pcp_has_order(&mm->tun, op->order));
	d->counts.bulk_frees += d->op_frees > 1 && !op_kinds[op->kind].allocates;
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		reserve += mm->zones[id].nr_reserved_highatomic;
		boost += mm->zones[id].boost;
	}
	if (reserve > d->highatomic)
		d->counts.highatomic += (reserve - d->highatomic) >> mm->tun.pageblock_order;
	d->counts.boosts += boost > d->boost;
	d->listed = listed;
	d->highatomic = reserve;
	d->boost = boost;
	d->op_takes = d->op_frees = 0;
}

/* --- op by op ----------------------------------------------------------------------------- */

static bool differs(struct differ *d, uint32_t op, const char *name, uint64_t guest, uint64_t core)
{
	char side[2][24] = { "none", "none" };

	if (guest != WIRE_NONE)
		snprintf(side[0], sizeof(side[0]), "%" PRIu64, guest);
	if (core != WIRE_NONE)
		snprintf(side[1], sizeof(side[1]), "%" PRIu64, core);
	d->op = op;
	snprintf(d->what, sizeof(d->what), "%s: the guest's is %s, core's is %s", name, side[0],
		 side[1]);
	return false;
}

static bool same_bulk(struct differ *d, uint32_t op, uint32_t slot)
{
	uint64_t nr = reply_result(&d->reply, d->result++);
	uint32_t have = run_slot_nr(d->run, slot);

	d->counts.allocations += nr == WIRE_NONE || nr == 0 ? 1 : nr;
	d->counts.failures += nr == 0;
	for (uint32_t i = 0; i < nr && i < have; i++) {
		uint64_t guest = reply_result(&d->reply, d->result++);

		if (guest != run_slot_pfn(d->run, slot, i))
			return differs(d, op, "a page of a bulk", guest,
				       run_slot_pfn(d->run, slot, i));
		d->counts.pfns_equal++;
	}
	if (nr != have)
		return differs(d, op, "the number of pages", nr, have);
	d->counts.failures_equal += nr == 0;
	return true;
}

static bool same_block(struct differ *d, uint32_t op, uint32_t slot)
{
	uint64_t guest = reply_result(&d->reply, d->result++);
	uint64_t core = run_slot_nr(d->run, slot) ? run_slot_pfn(d->run, slot, 0) : WIRE_NONE;

	d->counts.allocations++;
	d->counts.failures += guest == WIRE_NONE;
	if (guest != core)
		return differs(d, op, "the pfn", guest, core);
	d->counts.pfns_equal += guest != WIRE_NONE;
	d->counts.failures_equal += guest == WIRE_NONE;
	return true;
}

static bool on_done(void *to, uint32_t index, uint32_t slot)
{
	struct differ *d = to;
	const struct op *op = &d->p->ops[index];

	d->counts.ops++;
	count_op(d, op);
	if (!op_kinds[op->kind].allocates)
		return true;
	if (!run_slot_nr(d->run, slot))
		d->counts.failed[failed_class(op->gfp)]++;
	return op->kind == OP_BULK ? same_bulk(d, index, slot) : same_block(d, index, slot);
}

/* --- one program -------------------------------------------------------------------------- */

static enum differ_result trouble(struct differ *d, const char *what)
{
	snprintf(d->what, sizeof(d->what), "%s", what);
	return DIFFER_TROUBLE;
}

static bool read_program(struct differ *d, const struct window *w, uint32_t program)
{
	char wrong[REPLY_SENTENCE];

	if (reply_read(w, program, &d->reply, wrong) &&
	    reply_config(&d->reply, &d->p->config, wrong) &&
	    window_ops(w, program, d->p, wrong)) {
		d->p->state = d->reply.before;
		return true;
	}
	trouble(d, wrong);
	return false;
}

static void remember(struct differ *d)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		const struct snapshot_zone *z = d->reply.before->zones[id];

		if (!z)
			continue;
		d->types[id] = malloc((size_t)z->nr_types + 1);
		if (!d->types[id])
			abort();
		memcpy(d->types[id], z->types, (size_t)z->nr_types);
		d->highatomic += z->numbers.highatomic;
		d->boost += z->numbers.boost;
		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
				d->listed += z->free[order][type].nr;
	}
}

static enum differ_result compare_end(struct differ *d)
{
	char what[200];

	d->counts.lists++;
	d->now = snapshot_take(run_mm(d->run));
	if (!snapshot_same(d->reply.after, d->now, SKIP_MOVABLE, what)) {
		d->op = d->p->nr_ops;
		snprintf(d->what, sizeof(d->what), "at the end, guest and core: %s", what);
		return DIFFER_DIFFERENT;
	}
	snapshot_delete(d->now);
	d->now = NULL;
	d->counts.lists_equal++;
	d->counts.programs_equal++;
	return DIFFER_EQUAL;
}

enum differ_result differ_program(struct differ *d, const struct window *w, uint32_t program)
{
	bool clean;

	forget(d);
	d->counts = (struct differ_counts){ .programs = 1 };
	d->what[0] = '\0';
	d->op = 0;
	d->result = 0;
	d->listed = 0;
	d->highatomic = d->boost = 0;
	d->op_takes = d->op_frees = 0;
	if (!read_program(d, w, program))
		return DIFFER_TROUBLE;
	remember(d);
	run_on_done(d->run, on_done, d);
	run_on_event(d->run, on_event, d);
	clean = run_program(d->run, d->p, RUN_NO_CHECKS, 0);
	if (!clean) {
		const struct finding *f = run_finding(d->run);

		d->op = f->op == FINDING_AT_BOOT ? 0 : f->op;
		snprintf(d->what, sizeof(d->what), "core ends with %s %s: %s", f->tag, f->place,
			 f->what);
		return f->op == FINDING_AT_BOOT ? DIFFER_TROUBLE : DIFFER_DIFFERENT;
	}
	if (d->what[0]) {
		d->now = snapshot_take(run_mm(d->run));
		return DIFFER_DIFFERENT;
	}
	return compare_end(d);
}

/* --- for people --------------------------------------------------------------------------- */

void differ_report(const struct differ *d, FILE *out)
{
	if (d->op < d->p->nr_ops) {
		fprintf(out, "op %" PRIu32 " of %" PRIu32 ": ", d->op + 1, d->p->nr_ops);
		op_print_op(d->p, d->op, out);
		fputc('\n', out);
	}
	fprintf(out, "%s\n", d->what);
	if (!d->now)
		return;
	fprintf(out, "core's zones now:\n");
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		if (d->now->zones[id])
			snapshot_print_zone(d->now, id, out);
	fprintf(out, d->op < d->p->nr_ops ? "the guest's zones after all ops:\n"
					  : "the guest's zones:\n");
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		if (d->reply.after->zones[id])
			snapshot_print_zone(d->reply.after, id, out);
}

/* --- as text ------------------------------------------------------------------------------ */

static void expect_result(struct differ *d, struct op *op, uint64_t *result)
{
	struct snapshot_list pages = { .nr = 0 };
	uint64_t nr = 1, pfn = reply_result(&d->reply, (*result)++);

	if (op->kind == OP_BULK) {
		nr = pfn == WIRE_NONE ? 0 : pfn;
		for (uint64_t i = 0; i < nr; i++)
			snapshot_add(d->p->state, &pages, reply_result(&d->reply, (*result)++));
	} else if (pfn != WIRE_NONE) {
		snapshot_add(d->p->state, &pages, pfn);
	}
	op->expect = pages.nr ? EXPECT_PAGES : EXPECT_FAIL;
	op->pfn = pages.first;
	op->value = pages.nr;
}

void differ_print(struct differ *d, FILE *out)
{
	uint64_t result = 0;

	if (d->op < d->p->nr_ops && d->what[0])
		d->p->nr_ops = d->op + 1;
	for (uint32_t i = 0; i < d->p->nr_ops; i++)
		if (op_kinds[d->p->ops[i].kind].allocates)
			expect_result(d, &d->p->ops[i], &result);
	op_print(d->p, out);
}
