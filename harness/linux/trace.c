/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.c - replaying kmem events, one line at a time */
#include "linux/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "linux/trace_line.h"
#include "linux/trace_order.h"
#include "buddy.h"
#include "page_alloc.h"

enum { AHEAD_MAX = 8192, BULKS_MAX = 32 };

/* A bulk request has no events of its own: its pages are taken some time before it ends. */
struct bulk {
	uint64_t pid;
	uint32_t nr;			/* 0: none of this task's is under way */
	gfp_t	 gfp;
};

struct replaying {
	struct mm *mm;
	struct run *run;
	struct program *p;
	struct trace_counts *c;
	struct trace_order order;
	uint32_t next_move;		/* the first that is not done */
	const char *at, *end;		/* what follows the line, and the end of the text */
	uint64_t exact;			/* pages of an exact request that comes next */
	uint64_t leftovers;		/* single frees that it has done itself */
	pfn_t begun;			/* a block that is free already when its event comes */
	struct bulk bulks[BULKS_MAX];
};

static gfp_t gfp_of(const struct line *l)
{
	const char *at = strstr(l->args, "gfp_flags=");
	size_t bad;
	gfp_t gfp = 0;

	if (!at || !gfp_parse(at + 10, strcspn(at + 10, " \n"), &gfp, &bad))
		return GFP_KERNEL;
	return gfp;
}

/* --- core's pages ------------------------------------------------------------------------- */

static struct page *page_at(const struct replaying *r, pfn_t pfn, struct zone **zone)
{
	for (unsigned int id = 0; id < r->mm->tun.zone_ids; id++)
		if (zone_populated(&r->mm->zones[id]) && zone_spans(&r->mm->zones[id], pfn)) {
			*zone = &r->mm->zones[id];
			return zone_page(*zone, pfn);
		}
	return NULL;
}

/* The list that a block is on. */
static struct list *list_of(struct zone *z, const struct page *page)
{
	enum migratetype type = (enum migratetype)page->type;

	if (page->state == PAGE_FREE)
		return &z->area[page->order].list[type];
	type = type < MIGRATE_PCPTYPES ? type : MIGRATE_MOVABLE;
	return &z->cpu[page->cpu].pcp.lists[pcp_list_index(z->tun, page->order, type)];
}

/* `got`, just handed out, takes the place on its list of `want`, which was the one. */
static bool change_places(struct replaying *r, struct page *got, struct zone *from, pfn_t pfn,
			  unsigned int order)
{
	struct zone *z;
	struct page *want = page_at(r, pfn, &z), old;
	struct list *l;
	uint32_t prev, next;

	if (!want || z != from || (want->state != PAGE_FREE && want->state != PAGE_PCP) ||
	    want->order != order)
		return false;
	l = list_of(z, want);
	prev = want->prev;
	next = want->next;
	old = *want;
	*want = *got;
	*got = old;
	/* The neighbours now name the other page. */
	if (prev)
		list_entry(z->pages, prev)->next = list_link(z->pages, got);
	else
		l->first = list_link(z->pages, got);
	if (next)
		list_entry(z->pages, next)->prev = list_link(z->pages, got);
	else
		l->last = list_link(z->pages, got);
	return true;
}

/* --- events ------------------------------------------------------------------------------- */

static void on_cpu(struct replaying *r, const struct line *l)
{
	r->mm->tun.hw->cpu = (uint8_t)(l->cpu < r->mm->nr_cpus ? l->cpu : 0);
	r->mm->tun.hw->steps = 0;
	r->mm->tun.hw->nr_touched = 0;
}

static void miss(struct replaying *r, const struct line *l, struct page *page, pfn_t pfn,
		 unsigned int order)
{
	pfn_t ours = page ? mm_page_pfn(r->mm, page) : PFN_NONE;

	if (!r->c->first_miss[0])
		snprintf(r->c->first_miss, sizeof(r->c->first_miss), "event %" PRIu64
			 ": pfn %" PRIu64 " of order %u, core's is %" PRId64, r->c->events, pfn,
			 order, (int64_t)ours);
	(void)l;
	if (page && change_places(r, page, mm_page_zone(r->mm, page), pfn, order))
		r->c->resynced++;
	else
		r->c->lost++;
}

static void do_alloc(struct replaying *r, const struct line *l)
{
	unsigned int order = (unsigned int)line_number(l, "order=");
	pfn_t pfn = line_number(l, "pfn=");
	struct alloc_request req = {
		.gfp = gfp_of(l), .order = (uint8_t)order, .nid = NODE_NONE,
		.context = line_irq(l) ? CTX_IRQ : 0 };
	struct page *page = NULL;

	r->c->allocs++;
	if (r->exact) {
		mm_alloc_exact(r->mm, &req, r->exact, &page);
		r->leftovers = (1ULL << order) - r->exact;
		r->exact = 0;
	} else {
		mm_alloc_pages(r->mm, &req, &page);
	}
	if (page && mm_page_pfn(r->mm, page) == pfn)
		r->c->hits++;
	else if (!page && !strstr(l->args, "pfn=0x"))
		r->c->hits++;
	else
		miss(r, l, page, pfn, order);
}

/* What is freed was an allocation of that order; core may know it as a part, or not at all. */
static struct page *freed_page(struct replaying *r, pfn_t pfn, unsigned int order)
{
	struct zone *z;
	struct page *page = page_at(r, pfn, &z);

	for (unsigned int o = order + 1; page && page->state == PAGE_NONE && o <= MAX_ORDER; o++) {
		pfn_t start = align_down(pfn, 1ULL << o);
		struct page *head = zone_spans(z, start) ? zone_page(z, start) : NULL;

		/* Its owner split it meanwhile, of which no event tells. */
		if (head && head->state == PAGE_ALLOC && head->order >= o) {
			head->flags &= (uint8_t)~PG_COMP;
			mm_split_page(r->mm, head);
		}
	}
	if (page && page->state == PAGE_ALLOC && page->order > order) {
		page->flags &= (uint8_t)~PG_COMP;
		mm_split_page(r->mm, page);
	}
	if (page && page->state == PAGE_NONE && !mm_state_adopt(r->mm, z, pfn, order))
		return NULL;
	return page && page->state == PAGE_ALLOC && page->order == order ? page : NULL;
}

/* As a block of that type, which its pageblock had when the free was said, and may have no more. */
static bool free_as(struct replaying *r, struct page *page, unsigned int order,
		    enum migratetype type)
{
	struct zone *z = mm_page_zone(r->mm, page);
	pfn_t pfn = zone_pfn(z, page);
	enum migratetype now = pageblock_type(&z->blocks, pfn);
	bool ok;

	/* What has no sets of its own is on those of movable pages. */
	if (type == now || (type == MIGRATE_MOVABLE && now >= MIGRATE_PCPTYPES))
		return mm_free_pages(r->mm, page, order) == MM_OK;
	r->c->retyped++;
	pageblock_set_type(z->tun, &z->blocks, pfn, type);
	ok = mm_free_pages(r->mm, page, order) == MM_OK;
	pageblock_set_type(z->tun, &z->blocks, pfn, now);
	return ok;
}

static void do_free(struct replaying *r, const struct line *l)
{
	unsigned int order = (unsigned int)line_number(l, "order=");
	unsigned int type = (unsigned int)line_number(l, "type=");
	struct page *page = freed_page(r, line_pfn(l), order);

	r->c->frees++;
	if (!page)
		r->c->lost++;
	else if (r->order.marked && type < NR_MIGRATETYPES)
		r->c->lost += !free_as(r, page, order, (enum migratetype)type);
	else
		r->c->lost += mm_free_pages(r->mm, page, order) != MM_OK;
}

/* Is this free one of a list, which goes to the sets page by page a little later? */
static bool is_batched(const struct replaying *r, const struct line *l, pfn_t pfn)
{
	const char *at = r->at;
	struct line ahead;

	for (unsigned int i = 0; i < AHEAD_MAX && line_next(&at, r->end, &ahead); i++) {
		if (ahead.cpu != l->cpu || !ahead.name[0])
			continue;
		if (line_is(&ahead, "mm_page_free_batched") && line_number(&ahead, "pfn=") == pfn)
			return true;
		if ((line_is(&ahead, "mm_page_alloc") || line_is(&ahead, "mm_page_free")) &&
		    line_number(&ahead, "pfn=") == pfn)
			return false;
	}
	return false;
}

static struct bulk *bulk_of(struct replaying *r, uint64_t pid)
{
	struct bulk *unused = &r->bulks[pid % BULKS_MAX];

	for (unsigned int i = 0; i < BULKS_MAX; i++) {
		if (r->bulks[i].nr && r->bulks[i].pid == pid)
			return &r->bulks[i];
		if (!r->bulks[i].nr)
			unused = &r->bulks[i];
	}
	return unused;
}

static void begin_bulk(struct replaying *r, const struct line *l)
{
	*bulk_of(r, l->pid) = (struct bulk){
		.pid = l->pid, .nr = (uint32_t)line_number(l, "nr="),
		.gfp = (gfp_t)line_number(l, "gfp=") & __GFP_BITS_MASK };
}

static void end_bulk(struct replaying *r, const struct line *l)
{
	struct bulk *bulk = bulk_of(r, l->pid);
	struct alloc_request req = { .gfp = bulk->gfp, .nid = NODE_NONE,
				     .context = line_irq(l) ? CTX_IRQ : 0 };
	struct page **pages = calloc(bulk->nr + 1u, sizeof(*pages));
	uint32_t filled;

	if (!pages)
		abort();
	/* One page comes with an event of its own. */
	if (bulk->nr > 1)
		mm_alloc_bulk(r->mm, &req, pages, bulk->nr, &filled);
	bulk->nr = 0;
	free(pages);
}

/* Pages that were reserved become the allocator's, and are freed one by one after that. */
static void add_managed(struct replaying *r, pfn_t pfn, uint64_t pages)
{
	struct zone *z;

	if (!page_at(r, pfn, &z))
		return;
	z->managed += pages;
	z->held += pages;
}

/* A block that nobody had is the allocator's from now on; its event comes after this. */
static void add_block(struct replaying *r, const struct line *l)
{
	unsigned int order = (unsigned int)line_number(l, "order=");
	struct hw *hw = r->mm->tun.hw;
	pfn_t pfn = line_number(l, "pfn=");
	struct zone *z;
	struct page *page = page_at(r, pfn, &z);
	bool masked;

	if (!page || page->state != PAGE_NONE || order > MAX_ORDER) {
		r->c->lost++;
		return;
	}
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	pageblock_set_type(&r->mm->tun, &z->blocks, pfn,
			   (enum migratetype)line_number(l, "type="));
	z->managed += 1ULL << order;
	buddy_free(z, page, order, pageblock_type(&z->blocks, pfn), PLACE_TAIL);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	r->begun = pfn;
}

static void do_other(struct replaying *r, const struct line *l)
{
	struct zone *z;
	struct page *page;

	if (line_is(l, "mm_lru_insertion")) {
		page = page_at(r, line_number(l, "pfn="), &z);
		if (page && (page->state == PAGE_NONE || page->state == PAGE_ALLOC))
			page->flags |= PG_LRU;
	} else if (line_is(l, "fold")) {
		mm_tick(r->mm);
	} else if (line_is(l, "bulk")) {
		begin_bulk(r, l);
	} else if (line_is(l, "bulk_done")) {
		end_bulk(r, l);
	} else if (line_is(l, "exact")) {
		r->exact = (line_number(l, "bytes=") + 4095) >> 12;
	} else if (line_is(l, "begins")) {
		add_block(r, l);
	} else if (line_is(l, "managed")) {
		add_managed(r, line_number(l, "pfn="), line_number(l, "pages="));
	} else if (line_is(l, "drain_zone")) {
		mm_drain_cpu(r->mm, (unsigned int)line_number(l, "drained_cpu="));
	}
}

/* A line that says that a page goes, where no other says when it went. */
static bool is_free(const struct replaying *r, const struct line *l)
{
	if (r->order.marked)
		return line_is(l, "commit") || line_is(l, "buddy_free");
	return line_is(l, "mm_page_free_batched") ||
	       (line_is(l, "mm_page_free") &&
		(line_number(l, "order=") || !is_batched(r, l, line_pfn(l))));
}

static void do_event(struct replaying *r, const struct line *l)
{
	unsigned int order = (unsigned int)line_number(l, "order=");

	on_cpu(r, l);
	r->c->events++;
	if (line_is(l, "mm_page_alloc"))
		do_alloc(r, l);
	else if (!is_free(r, l))
		do_other(r, l);
	else if (r->begun && line_pfn(l) == r->begun)
		r->begun = 0;
	else if (r->leftovers && !order)
		r->leftovers--;
	else
		do_free(r, l);
}

static bool same_move(const struct trace_move *move, const struct event *event)
{
	return move->drained == (event->kind == EVENT_PCPU_DRAIN) && move->pfn == event->pfn &&
	       move->order == event->order && move->type == event->type;
}

static void first_move(struct replaying *r, const struct trace_move *there,
		       const struct event *event)
{
	struct trace_counts *c = r->c;
	size_t used;

	if (c->first_move[0])
		return;
	snprintf(c->first_move, sizeof(c->first_move), "event %" PRIu64 ": core %s %" PRIu64
		 " of order %d, type %d; the kernel", c->events,
		 event->kind == EVENT_PCPU_DRAIN ? "drained" : "took", event->pfn, event->order,
		 event->type);
	used = strlen(c->first_move);
	if (there)
		snprintf(c->first_move + used, sizeof(c->first_move) - used, " %s %" PRIu64
			 ", %d, %d", there->drained ? "drained" : "took", there->pfn,
			 there->order, there->type);
	else
		snprintf(c->first_move + used, sizeof(c->first_move) - used, " moved nothing");
}

/* Core moved a block out of the buddy, or from a set into it: so did the kernel, and in turn. */
static void on_move(void *to, const struct event *event)
{
	struct replaying *r = to;
	struct trace_move *there, *end;
	struct zone *z;

	if ((event->kind != EVENT_ALLOC_ZONE_LOCKED && event->kind != EVENT_PCPU_DRAIN) ||
	    !r->order.nr_moves)
		return;
	there = &r->order.moves[r->next_move];
	end = r->order.moves + r->order.nr_moves;
	/* Two zones have two locks. */
	while (there < end && (there->done || !page_at(r, there->pfn, &z) || z->id != event->zone))
		there++;
	r->c->moves++;
	if (there < end && same_move(there, event))
		r->c->same_moves++;
	else
		first_move(r, there < end ? there : NULL, event);
	if (there < end)
		there->done = true;
	while (r->next_move < r->order.nr_moves && r->order.moves[r->next_move].done)
		r->next_move++;
}

/* Blocks that core should have moved before that line; they count if they are of the recording. */
static void pass_moves(struct replaying *r, uint32_t line, bool count)
{
	struct trace_order *o = &r->order;

	for (; r->next_move < o->nr_moves && o->moves[r->next_move].line < line; r->next_move++)
		r->c->moves += count && !o->moves[r->next_move].done;
}

/* --- the whole ---------------------------------------------------------------------------- */

/* Events count between the end of the first stopped section and the start of the second. */
static void replay_lines(struct replaying *r)
{
	struct trace_order *o = &r->order;
	bool begun = false;
	struct line l;

	for (uint32_t i = 0; i < o->nr; i++) {
		const struct trace_step *step = &o->steps[i];

		r->at = step->at;
		line_next(&r->at, r->end, &l);
		l.cpu = step->cpu;
		if (line_is(&l, "snapshot")) {
			pass_moves(r, step->line, begun);
			if (begun)
				return;
			begun = line_number(&l, "index=") == 1;
		} else if (begun && !step->inner) {
			r->c->unplaced += step->unplaced;
			r->c->refused += step->refused;
			r->mm->tun.hw->fail_trylock_at = step->refused;
			do_event(r, &l);
			r->mm->tun.hw->fail_trylock_at = 0;
		}
	}
}

static void compare_end(struct replaying *r, const struct window *w, uint32_t program)
{
	char wrong[REPLY_SENTENCE];
	struct snapshot *now;
	struct reply reply;

	if (!reply_read(w, program, &reply, wrong)) {
		reply_free(&reply);
		return;
	}
	now = snapshot_take(r->mm);
	r->c->ended_equal = snapshot_same(reply.before, now, SKIP_MOVABLE | SKIP_EXPIRE,
					   r->c->at_end);
	snapshot_delete(now);
	reply_free(&reply);
}

bool trace_agrees(const struct trace_counts *c)
{
	if (c->marked && (c->same_moves != c->moves || c->unplaced))
		return false;
	return c->ended_equal && !c->missing;
}

bool trace_replay(const struct window *w, const struct wire_blob *blob, struct trace_counts *c,
		  char wrong[REPLY_SENTENCE])
{
	struct replaying r = { .c = c };
	struct reply reply = { .before = NULL };
	bool ok;

	memset(c, 0, sizeof(*c));
	if (blob->programs < 2 || blob->offset > w->nr_bytes ||
	    blob->bytes > w->nr_bytes - blob->offset) {
		snprintf(wrong, REPLY_SENTENCE, "no snapshots around it, or not in the window");
		return false;
	}
	r.end = (const char *)w->bytes + blob->offset + blob->bytes;
	r.p = calloc(1, sizeof(*r.p));
	r.run = run_new();
	if (!r.p)
		abort();
	ok = reply_read(w, blob->programs - 2, &reply, wrong) &&
	     reply_config(&reply, &r.p->config, wrong);
	r.p->state = ok ? reply.after : NULL;
	if (ok && !run_program(r.run, r.p, RUN_NO_CHECKS, 0)) {
		snprintf(wrong, REPLY_SENTENCE, "%s", run_finding(r.run)->what);
		ok = false;
	}
	if (ok) {
		r.mm = run_mm(r.run);
		r.mm->tun.hw->budget = UINT64_MAX;
		r.mm->tun.hw->on_event = on_move;
		r.mm->tun.hw->on_event_to = &r;
		trace_order_find(&r.order, &r.mm->tun, (const char *)w->bytes + blob->offset,
				 r.end);
		c->missing = r.order.missing;
		c->marked = r.order.marked;
		replay_lines(&r);
		compare_end(&r, w, blob->programs - 1);
	}
	reply_free(&reply);
	run_delete(r.run);
	trace_order_delete(&r.order);
	free(r.p);
	return ok;
}
