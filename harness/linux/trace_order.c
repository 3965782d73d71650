/* SPDX-License-Identifier: GPL-2.0-only */
/* trace_order.c - what a recording tells of, in the order in which it took effect */
#include "linux/trace_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linux/trace_line.h"

enum { FAR = 16384, NONE = INT32_MAX };	/* lines that are looked at around one */

enum kind {
	KIND_OTHER, KIND_ALLOC, KIND_FREE, KIND_COMMIT, KIND_BUDDY_FREE, KIND_TAKEN, KIND_BULK,
	KIND_BULK_TAKEN, KIND_BULK_DONE, KIND_LOCKED, KIND_DRAINED, KIND_DRAIN_ZONE,
};

struct record {
	uint8_t	 kind;
	uint8_t	 order;
	uint16_t cpu;
	char	 context;
	bool	 used;			/* LOCKED, TAKEN: it is known whose it is */
	uint64_t pid;
	uint64_t pfn;			/* BULK: how many pages */
};

struct ordering {
	struct trace_order *o;
	const struct tunables *tun;
	struct record *records;		/* one per step, in the order of lines */
	uint32_t room, moves_room;
};

/* --- reading ------------------------------------------------------------------------------ */

static enum kind kind_of(const struct line *l)
{
	static const struct { const char *name; enum kind kind; } names[] = {
		{ "mm_page_alloc", KIND_ALLOC }, { "mm_page_free", KIND_FREE },
		{ "mm_page_free_batched", KIND_FREE }, { "commit", KIND_COMMIT },
		{ "buddy_free", KIND_BUDDY_FREE }, { "taken", KIND_TAKEN }, { "bulk", KIND_BULK },
		{ "bulk_taken", KIND_BULK_TAKEN }, { "bulk_done", KIND_BULK_DONE },
		{ "mm_page_alloc_zone_locked", KIND_LOCKED },
		{ "mm_page_pcpu_drain", KIND_DRAINED }, { "drain_zone", KIND_DRAIN_ZONE },
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (line_is(l, names[i].name))
			return names[i].kind;
	return KIND_OTHER;
}

static void *grown(void *array, uint32_t nr, uint32_t *room, size_t bytes)
{
	if (nr < *room)
		return array;
	*room = *room ? *room * 2 : 1024;
	array = realloc(array, *room * bytes);
	if (!array)
		abort();
	return array;
}

/* What the recorder says about itself: events that were overwritten, probes that failed. */
static void read_comment(struct trace_order *o, const struct line *l)
{
	const char *at = strstr(l->text, "entries-written: ");
	char *slash;
	unsigned long long kept, hits, failed;

	if (at) {
		kept = strtoull(at + strlen("entries-written: "), &slash, 10);
		if (*slash == '/')
			o->missing += strtoull(slash + 1, NULL, 10) - kept;
	} else if (sscanf(l->text, "# probe %*s %llu %llu", &hits, &failed) == 2) {
		o->missing += failed;
	}
}

/* A probe in the middle of a function is an interrupt of its own, and hides whose it is. */
static bool hides_context(const struct record *r)
{
	return r->kind == KIND_COMMIT || r->kind == KIND_BUDDY_FREE || r->kind == KIND_TAKEN ||
	       r->kind == KIND_BULK_TAKEN;
}

static void add_line(struct ordering *g, const struct line *l, const char *at)
{
	struct trace_order *o = g->o;
	uint32_t before = g->room;
	struct record *r;

	o->steps = grown(o->steps, o->nr, &g->room, sizeof(*o->steps));
	if (g->room != before) {
		g->records = realloc(g->records, g->room * sizeof(*g->records));
		if (!g->records)
			abort();
	}
	r = &g->records[o->nr];
	*r = (struct record){
		.kind = (uint8_t)kind_of(l), .order = (uint8_t)line_number(l, "order="),
		.cpu = (uint16_t)l->cpu, .context = l->context, .pid = l->pid };
	r->pfn = r->kind == KIND_BULK ? line_number(l, "nr=") : line_pfn(l);
	if (r->kind == KIND_ALLOC && strstr(l->args, "pfn=0x") == NULL)
		r->used = true;		/* it got none */
	o->steps[o->nr] = (struct trace_step){
		.at = at, .line = o->nr, .when = o->nr, .cpu = r->cpu };
	o->marked |= hides_context(r);
	if (r->kind == KIND_LOCKED || r->kind == KIND_DRAINED) {
		o->moves = grown(o->moves, o->nr_moves, &g->moves_room, sizeof(*o->moves));
		o->moves[o->nr_moves++] = (struct trace_move){
			.line = o->nr, .drained = r->kind == KIND_DRAINED, .order = r->order,
			.type = (uint8_t)line_number(l, "migratetype="), .pfn = r->pfn };
	}
	o->nr++;
}

/* --- placing ------------------------------------------------------------------------------ */

/* Idle tasks are one per CPU; others may change it, though not with a set in their hands. */
static bool same_task(const struct record *a, const struct record *b)
{
	return a->pid == b->pid && (a->pid || a->cpu == b->cpu);
}

static void place_at(struct ordering *g, uint32_t i, uint32_t when)
{
	struct trace_step *step = &g->o->steps[i];

	step->unplaced = when == NONE;
	if (when == NONE)
		return;
	step->when = when;
	step->cpu = g->records[when].cpu;
}

static uint32_t far_back(uint32_t i) { return i > FAR ? i - FAR : 0; }

static bool has_sets(const struct ordering *g, const struct record *r)
{
	return pcp_has_order(g->tun, r->order);
}

/* What its task did in that context since its last request: refills, and letting go of a set. */
static void place_alloc(struct ordering *g, uint32_t i)
{
	const struct record *r = &g->records[i];
	uint32_t taken = NONE, locked = NONE;

	for (uint32_t j = i; j-- > far_back(i); ) {
		struct record *before = &g->records[j];

		if (!same_task(before, r))
			continue;
		if (before->kind == KIND_ALLOC && before->context == r->context)
			break;
		if (before->used)
			continue;
		if (before->kind == KIND_TAKEN && taken == NONE && has_sets(g, r)) {
			before->used = true;
			taken = j;
		} else if (before->kind == KIND_LOCKED && before->context == r->context) {
			before->used = true;
			locked = j;
		}
	}
	g->o->steps[i].refused = has_sets(g, r) && taken == NONE;
	place_at(g, i, locked != NONE ? locked : taken);
}

/* The request that ends in line i, or NONE.  It may have slept, but not with a set in its hands. */
static uint32_t begin_of_bulk(struct ordering *g, uint32_t i)
{
	for (uint32_t j = i; j-- > 0; ) {
		struct record *before = &g->records[j];

		if (before->kind == KIND_BULK && !before->used &&
		    same_task(before, &g->records[i]) && before->context == g->records[i].context) {
			before->used = true;
			return j;
		}
	}
	return NONE;
}

/* With what it refilled, or when it let go of the set; a single page has lines of its own. */
static void place_bulk(struct ordering *g, uint32_t i)
{
	const struct record *r = &g->records[i];
	uint32_t begin = begin_of_bulk(g, i), at = NONE;

	if (begin == NONE || g->records[begin].pfn <= 1)
		return;
	for (uint32_t j = begin; j < i; j++) {
		struct record *in = &g->records[j];

		if (!same_task(in, r))
			continue;
		if (in->kind == KIND_ALLOC && in->context == r->context)
			g->o->steps[j].inner = true;
		if (in->kind == KIND_LOCKED && in->context == r->context)
			in->used = true;
		else if (in->kind != KIND_BULK_TAKEN)
			continue;
		at = at == NONE ? j : at;
	}
	place_at(g, i, at);
}

/* The context in which the page was freed. */
static char context_of_free(const struct ordering *g, uint32_t i)
{
	for (uint32_t j = i; j-- > far_back(i); ) {
		const struct record *before = &g->records[j];

		if (before->kind == KIND_FREE && before->pfn == g->records[i].pfn &&
		    same_task(before, &g->records[i]))
			return before->context;
	}
	return '.';
}

/* A set that is full goes to the buddy under another lock, before which much may come. */
static void place_drain(struct ordering *g, uint32_t i, char context)
{
	uint32_t end = i + FAR < g->o->nr ? i + FAR : g->o->nr;

	for (uint32_t j = i + 1; j < end; j++) {
		const struct record *next = &g->records[j];

		if (!same_task(next, &g->records[i]) || hides_context(next) ||
		    next->context != context)
			continue;
		if (next->kind == KIND_DRAINED)
			g->o->steps[i].when = j;
		return;
	}
}

static void place(struct ordering *g, uint32_t i)
{
	const struct record *r = &g->records[i];

	switch (r->kind) {
	case KIND_ALLOC:
		if (!r->used)
			place_alloc(g, i);
		break;
	case KIND_BULK_DONE:
		place_bulk(g, i);
		break;
	case KIND_COMMIT:
		place_drain(g, i, context_of_free(g, i));
		break;
	case KIND_BUDDY_FREE:
		g->o->steps[i].refused = has_sets(g, r);
		break;
	case KIND_DRAIN_ZONE:
		place_drain(g, i, r->context);
		break;
	}
}

static int by_effect(const void *a, const void *b)
{
	const struct trace_step *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void trace_order_find(struct trace_order *o, const struct tunables *t, const char *text,
		      const char *end)
{
	struct ordering g = { .o = o, .tun = t };
	const char *at = text, *here = text;
	struct line l;

	memset(o, 0, sizeof(*o));
	for (; line_next(&at, end, &l); here = at) {
		if (l.name[0])
			add_line(&g, &l, here);
		else if (l.text[0] == '#')
			read_comment(o, &l);
	}
	if (o->marked) {
		for (uint32_t i = 0; i < o->nr; i++)
			place(&g, i);
		qsort(o->steps, o->nr, sizeof(*o->steps), by_effect);
	}
	free(g.records);
}

void trace_order_delete(struct trace_order *o)
{
	free(o->steps);
	free(o->moves);
	memset(o, 0, sizeof(*o));
}
