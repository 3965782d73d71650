/* SPDX-License-Identifier: MIT */
/*
 * test_linux_trace_order.c - recordings of a guest that is core itself
 *
 * Core does what a kernel would do, in the order in which it takes effect, and
 * what is said of it goes into a recording in the order in which a kernel says
 * it.  The replay must end where core ended; and must not, or must say why, when
 * the recording lacks what tells the order, or tells another one.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "linux/trace.h"
#include "linux/trace_order.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"zone DMA32 start=4096 spanned=28640 present=28640 managed=26000\nops\n";

enum { TEXT_BYTES = 1 << 16, WINDOW_BYTES = 16 << 20, PAGES = 8, FULL = 600 };
enum { TASK = '.', SOFT = 's', PROBE = 'Z' };

struct guest {
	struct mm	*mm;
	struct window	 w;
	struct wire_blob blob;
	char		 text[TEXT_BYTES];
	size_t		 used;
	unsigned int	 lines;
	bool		 quiet;		/* no line says when */
	unsigned int	 context;	/* in which core's own events are said */
	struct page	*page[PAGES];	/* from before the recording */
};

/* --- what is said ------------------------------------------------------------------------- */

static void say(struct guest *g, unsigned int context, const char *format, ...)
{
	va_list args;
	size_t room = TEXT_BYTES - g->used;

	if (context == PROBE && g->quiet)
		return;
	g->used += (size_t)snprintf(g->text + g->used, room, "  rm-49%d [00%d] d.%c1. %d: ",
				    g->mm->tun.hw->cpu, g->mm->tun.hw->cpu, (int)context,
				    (int)++g->lines);
	va_start(args, format);
	g->used += (size_t)vsnprintf(g->text + g->used, TEXT_BYTES - g->used, format, args);
	va_end(args);
	cr_assert_lt(g->used + 1, TEXT_BYTES);
	g->text[g->used++] = '\n';
}

static uint64_t pfn_of(const struct guest *g, const struct page *page)
{
	return mm_page_pfn(g->mm, page);
}

/* What is said under zone->lock, core says at the right moment. */
static void on_event(void *to, const struct event *event)
{
	struct guest *g = to;

	if (event->kind == EVENT_ALLOC_ZONE_LOCKED)
		say(g, g->context, "mm_page_alloc_zone_locked: page=0 pfn=0x%" PRIx64
		    " order=%d migratetype=%d", event->pfn, event->order, event->type);
	else if (event->kind == EVENT_PCPU_DRAIN)
		say(g, g->context, "mm_page_pcpu_drain: page=0 pfn=0x%" PRIx64
		    " order=%d migratetype=%d", event->pfn, event->order, event->type);
}

static void say_free(struct guest *g, unsigned int context, const struct page *page)
{
	say(g, context, "mm_page_free: page=0 pfn=0x%" PRIx64 " order=%d", pfn_of(g, page),
	    page->order);
}

/* Probes see the address of a page's record. */
static void say_commit(struct guest *g, const struct page *page, unsigned int type)
{
	say(g, PROBE, "commit: page=0x%" PRIx64 " order=%d type=%d",
	    0xffffea0000000000 + pfn_of(g, page) * 64, page->order, (int)type);
}

static void say_alloc(struct guest *g, unsigned int context, const struct page *page)
{
	say(g, context, "mm_page_alloc: page=0 pfn=0x%" PRIx64 " order=%d migratetype=0 "
	    "gfp_flags=GFP_ATOMIC", pfn_of(g, page), page->order);
}

/* --- what is done --------------------------------------------------------------------------- */

static void do_free(struct guest *g, unsigned int context, struct page *page, bool refused)
{
	unsigned int order = page->order;

	if (refused || order > 3)
		say(g, PROBE, "buddy_free: pfn=%" PRIu64 " order=%d type=0", pfn_of(g, page),
		    order);
	else
		say_commit(g, page, 0);
	g->context = context;
	g->mm->tun.hw->fail_trylock_at = refused;
	cr_assert_eq((int)mm_free_pages(g->mm, page, order), MM_OK);
	g->mm->tun.hw->fail_trylock_at = 0;
}

static struct page *do_alloc(struct guest *g, unsigned int context, unsigned int order,
			     bool refused)
{
	struct alloc_request req = { .gfp = GFP_ATOMIC, .order = (uint8_t)order, .nid = NODE_NONE,
				     .context = context == SOFT ? CTX_IRQ : 0 };
	struct page *page;

	g->context = context;
	g->mm->tun.hw->fail_trylock_at = refused;
	cr_assert_eq((int)mm_alloc_pages(g->mm, &req, &page), VERDICT_OK);
	g->mm->tun.hw->fail_trylock_at = 0;
	if (!refused && order <= 3)
		say(g, PROBE, "taken:");
	return page;
}

/* --- the guest ------------------------------------------------------------------------------ */

static void snapshot(struct guest *g, uint32_t program)
{
	struct reply_writer out;

	say(g, TASK, "snapshot: index=0");
	cr_assert(reply_begin(&out, &g->w, program));
	reply_snapshot(&out, g->mm, 0);
	reply_results(&out, NULL, 0);
	reply_snapshot(&out, g->mm, 1);
	cr_assert(reply_end(&out));
	say(g, TASK, "snapshot: index=1");
}

/* One page less than at which the set goes to the buddy; none of them can merge. */
static void fill_the_set(struct guest *g)
{
	const struct pcp *pcp = &zone_of(g->mm, ZONE_DMA32)->cpu[0].pcp;
	struct page *pages[2 * FULL];

	for (unsigned int i = 0; i < 2 * FULL; i++)
		pages[i] = get_pages(g->mm, GFP_ATOMIC, 0);
	for (unsigned int i = 0; i < 2 * FULL && pcp->count + 1 < pcp->high; i += 2)
		cr_assert_eq((int)mm_free_pages(g->mm, pages[i], 0), MM_OK);
	cr_assert_eq(pcp->count + 1, pcp->high);
}

static void begin(struct guest *g, bool quiet, unsigned int order, bool full)
{
	struct program *empty = calloc(1, sizeof(*empty));
	char wrong[REPLY_SENTENCE];

	memset(g, 0, sizeof(*g));
	g->quiet = quiet;
	g->mm = boot_text(machine);
	for (unsigned int i = 0; i < PAGES; i++)
		g->page[i] = get_pages(g->mm, GFP_ATOMIC, order);
	if (full)
		fill_the_set(g);
	window_memory(&g->w, WINDOW_BYTES);
	cr_assert(window_add(&g->w, NULL, empty, wrong) &&
		  window_add(&g->w, NULL, empty, wrong), "%s", wrong);
	free(empty);
	snapshot(g, 0);
	g->mm->tun.hw->on_event = on_event;
	g->mm->tun.hw->on_event_to = g;
}

/* The recording ends; replays it. */
static struct trace_counts end(struct guest *g)
{
	struct wire_head *head = window_head(&g->w);
	struct trace_counts counts;
	char wrong[REPLY_SENTENCE];

	snapshot(g, 1);
	g->blob = (struct wire_blob){ .programs = 2, .offset = head->free, .bytes = g->used };
	cr_assert_leq(head->free + g->used, g->w.nr_bytes);
	memcpy(g->w.bytes + head->free, g->text, g->used);
	cr_assert(trace_replay(&g->w, &g->blob, &counts, wrong), "%s", wrong);
	window_close(&g->w);
	boot_done(g->mm);
	return counts;
}

static void expect_equal(const struct trace_counts *c)
{
	cr_expect(c->ended_equal, "%s", c->at_end);
	cr_expect_eq(c->hits, c->allocs, "%s", c->first_miss);
	cr_expect_eq(c->same_moves, c->moves, "%s", c->first_move);
	cr_expect_eq(c->resynced + c->lost + c->unplaced + c->missing, 0);
}

/* --- what an interrupt finds taken ---------------------------------------------------------- */

static struct trace_counts free_within_a_free(bool quiet)
{
	static struct guest g;

	begin(&g, quiet, 0, false);
	say_free(&g, TASK, g.page[0]);
	say_free(&g, SOFT, g.page[3]);
	do_free(&g, SOFT, g.page[3], true);
	do_free(&g, TASK, g.page[0], false);
	return end(&g);
}

Test(linux_trace_order, P6_a_free_in_an_interrupt_goes_past_the_set_that_is_taken)
{
	struct trace_counts c = free_within_a_free(false);

	expect_equal(&c);
	cr_expect_eq(c.refused, 1);
	/* Lines that tell of frees alone do not tell which went where. */
	c = free_within_a_free(true);
	cr_expect_not(c.ended_equal);
}

Test(linux_trace_order, P6_a_request_in_an_interrupt_too)
{
	static struct guest g;
	struct trace_counts c;
	struct page *page;

	begin(&g, false, 0, false);
	say_free(&g, TASK, g.page[2]);
	page = do_alloc(&g, SOFT, 0, true);
	say_alloc(&g, SOFT, page);
	do_free(&g, TASK, g.page[2], false);
	c = end(&g);
	expect_equal(&c);
	cr_expect_eq(c.refused, 1);
}

/* --- what is said late, or early -------------------------------------------------------------- */

static struct trace_counts free_after_a_request(bool quiet)
{
	static struct guest g;
	struct page *page;

	begin(&g, quiet, 0, false);
	page = do_alloc(&g, TASK, 0, false);
	say_free(&g, SOFT, g.page[5]);
	do_free(&g, SOFT, g.page[5], false);
	say_alloc(&g, TASK, page);
	return end(&g);
}

Test(linux_trace_order, P2_a_request_took_its_page_before_it_says_so)
{
	struct trace_counts c = free_after_a_request(false);

	expect_equal(&c);
	cr_expect_eq(c.refused, 0);
	c = free_after_a_request(true);
	cr_expect_lt(c.hits, c.allocs);
}

static struct trace_counts frees_of_two_CPUs(bool quiet)
{
	static struct guest g;

	begin(&g, quiet, 4, false);
	say_free(&g, TASK, g.page[0]);
	g.mm->tun.hw->cpu = 1;
	say_free(&g, TASK, g.page[2]);
	do_free(&g, TASK, g.page[2], false);
	g.mm->tun.hw->cpu = 0;
	do_free(&g, TASK, g.page[0], false);
	return end(&g);
}

Test(linux_trace_order, B1_who_has_the_lock_first_frees_first)
{
	struct trace_counts c = frees_of_two_CPUs(false);

	expect_equal(&c);
	c = frees_of_two_CPUs(true);
	cr_expect_not(c.ended_equal);
}

/* The set that this free fills goes to the buddy only when another CPU has done with it. */
static struct trace_counts drain_after_another_CPU(bool quiet)
{
	static struct guest g;

	begin(&g, quiet, 0, true);
	say_free(&g, TASK, g.page[0]);
	say_commit(&g, g.page[0], 0);
	g.mm->tun.hw->cpu = 1;
	say_free(&g, SOFT, g.page[7]);
	do_free(&g, SOFT, g.page[7], true);
	g.mm->tun.hw->cpu = 0;
	g.context = TASK;
	cr_assert_eq((int)mm_free_pages(g.mm, g.page[0], 0), MM_OK);
	return end(&g);
}

Test(linux_trace_order, P2_a_full_set_goes_to_the_buddy_when_it_has_the_lock)
{
	struct trace_counts c = drain_after_another_CPU(false);

	expect_equal(&c);
	cr_expect_gt(c.moves, 0);
	c = drain_after_another_CPU(true);
	cr_expect_not(c.ended_equal);
}

/* --- what a recording can be wrong in --------------------------------------------------------- */

/* Another page, of the same number of digits, in the first line of that name. */
static void falsify(struct guest *g, const char *name)
{
	char *at = strstr(g->text, name);

	cr_assert_not_null(at);
	at = strstr(at, "pfn=0x") + strlen("pfn=0x");
	at[2] = at[2] == '7' ? '8' : '7';
}

Test(linux_trace_order, X10_another_block_under_the_lock_is_seen)
{
	static const char *const names[] = { "mm_page_alloc_zone_locked", "mm_page_pcpu_drain" };
	static struct guest g;
	struct trace_counts c;
	struct page *page;

	for (unsigned int i = 0; i < 2; i++) {
		begin(&g, false, 0, true);
		page = do_alloc(&g, TASK, 4, false);
		say_alloc(&g, TASK, page);
		say_free(&g, TASK, g.page[0]);
		do_free(&g, TASK, g.page[0], false);
		falsify(&g, names[i]);
		c = end(&g);
		cr_expect(c.ended_equal, "%s", c.at_end);
		cr_expect_eq(c.same_moves + 1, c.moves);
		cr_expect_neq(c.first_move[0], 0);
	}
}

Test(linux_trace_order, M1_a_free_goes_by_the_type_that_its_pageblock_had)
{
	static struct guest g;
	struct trace_counts c;
	struct zone *z;

	begin(&g, false, 0, false);
	z = zone_of(g.mm, ZONE_DMA32);
	say_free(&g, TASK, g.page[0]);
	say_commit(&g, g.page[0], 2);
	pageblock_set_type(z->tun, &z->blocks, pfn_of(&g, g.page[0]), MIGRATE_RECLAIMABLE);
	cr_assert_eq((int)mm_free_pages(g.mm, g.page[0], 0), MM_OK);
	pageblock_set_type(z->tun, &z->blocks, pfn_of(&g, g.page[0]), MIGRATE_UNMOVABLE);
	c = end(&g);
	expect_equal(&c);
	cr_expect_eq(c.retyped, 1);
}

static const struct tunables amd64 = { .pageblock_order = 9 };

Test(linux_trace_order, P1_the_machine_says_which_orders_have_sets)
{
	static const struct tunables small = { .pageblock_order = 4 };
	static const char text[] =
		"  rm-8 [001] d.Z1. 1: taken:\n"
		"  rm-8 [001] ..... 2: mm_page_alloc: page=0 pfn=0x1230 order=4\n"
		"  rm-8 [001] ..... 3: mm_page_alloc: page=0 pfn=0x1400 order=9\n";
	struct trace_order o;

	trace_order_find(&o, &small, text, text + strlen(text));
	cr_assert_eq(o.nr, 3);
	cr_expect(!o.steps[0].refused && !o.steps[1].refused && !o.steps[2].refused);
	trace_order_delete(&o);
	trace_order_find(&o, &amd64, text, text + strlen(text));
	cr_expect(!o.steps[0].refused && !o.steps[1].refused && o.steps[2].refused);
	trace_order_delete(&o);
}

Test(linux_trace_order, P2_a_bulk_request_is_where_its_pages_come_from)
{
	static const char text[] =
		"  sh-7 [001] ..... 1: bulk: gfp=0xcc0 nr=4\n"
		"  rm-8 [001] d..3. 2: mm_page_alloc_zone_locked: page=0 pfn=0x1233 order=0\n"
		"  rm-8 [001] d.Z1. 3: taken:\n"
		"  rm-8 [001] ..... 4: mm_page_alloc: page=0 pfn=0x1233 order=0\n"
		"  sh-7 [000] d..3. 5: mm_page_alloc_zone_locked: page=0 pfn=0x1234 order=0\n"
		"  sh-7 [000] d.Z1. 6: taken:\n"	/* of an interrupt */
		"  sh-7 [000] ..s.. 7: mm_page_alloc: page=0 pfn=0x1235 order=0\n"
		"  sh-7 [000] d.Z1. 8: bulk_taken:\n"
		"  sh-7 [001] ..... 9: bulk_done: got=4\n";
	static const uint32_t lines[] = { 0, 1, 3, 2, 4, 8, 5, 6, 7 };
	struct trace_order o;

	trace_order_find(&o, &amd64, text, text + strlen(text));
	cr_assert_eq(o.nr, 9);
	for (uint32_t i = 0; i < 9; i++) {
		cr_expect_eq(o.steps[i].line, lines[i], "%u: line %u", i, o.steps[i].line);
		cr_expect(!o.steps[i].inner && !o.steps[i].unplaced && !o.steps[i].refused);
	}
	cr_expect_eq(o.steps[5].cpu, 0);
	trace_order_delete(&o);
}

Test(linux_trace_order, X10_what_the_recorder_lost_is_counted)
{
	static const char lost[] =
		"# entries-in-buffer/entries-written: 4/6   #P:2\n"
		"  rm-49 [000] ..... 1: mm_page_alloc: page=0 pfn=0x1234 order=0 migratetype=0\n"
		"  rm-49 [000] d.Z1. 2: commit: page=0xffffea0000000000 order=0 type=0\n"
		"# probe commit    12    3\n";
	struct trace_order o;

	trace_order_find(&o, &amd64, lost, lost + strlen(lost));
	cr_expect_eq(o.missing, 5);
	cr_expect_eq(o.nr, 2);
	cr_expect(o.marked);
	cr_expect(o.steps[0].unplaced);
	cr_expect(!o.steps[1].unplaced);
	trace_order_delete(&o);
}
