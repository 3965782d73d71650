/* SPDX-License-Identifier: MIT */
/*
 * test_linux_trace.c - replaying a recording without a guest: core itself makes it
 *
 * A machine with some history is the first snapshot.  From there another core
 * allocates and frees, gets pages that were reserved, and says so in lines as
 * tracefs prints them; what it is like then is the second snapshot.  The replay
 * must foretell every page and end alike; and must not, once a line is wrong.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "linux/programs.h"
#include "linux/trace.h"
#include "buddy.h"
#include "page_alloc.h"
#include "world.h"

enum { HISTORY = 800, STEPS = 3000, HELD = 64, RESERVED = 40, WINDOW_BYTES = 16 << 20,
       TEXT_BYTES = 1 << 20 };

static const char machine[] =
	"tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"zone DMA32 start=4096 spanned=28640 present=28640 managed=26000\nops\n";

struct recording {
	struct window	w;
	struct run	*run;
	struct program	*p;
	struct wire_blob blob;
	char		*text;
	size_t		length;
	unsigned int	nr;		/* lines */
	struct page	*held[HELD];
};

static void line(struct recording *r, const char *format, ...)
{
	va_list args;

	r->length += (size_t)snprintf(r->text + r->length, TEXT_BYTES - r->length,
				      "guest-7 [000] ..... %u: ", ++r->nr);
	va_start(args, format);
	r->length += (size_t)vsnprintf(r->text + r->length, TEXT_BYTES - r->length, format, args);
	va_end(args);
	r->text[r->length++] = '\n';
	cr_assert_lt(r->length, TEXT_BYTES - 256);
}

/* The reply of a program without ops. */
static void add_snapshot(struct recording *r, uint32_t program)
{
	struct reply_writer out;

	cr_assert(reply_begin(&out, &r->w, program));
	reply_snapshot(&out, run_mm(r->run), 0);
	reply_results(&out, NULL, 0);
	reply_snapshot(&out, run_mm(r->run), 1);
	cr_assert(reply_end(&out));
}

/* Core goes on from what the first snapshot says, as the replay will. */
static void begin(struct recording *r)
{
	struct program none = { .nr_ops = 0 };
	struct guest_shape shape = { .cpus = 1, .nodes = 1 };
	struct reply reply;
	struct op_error error;
	char wrong[REPLY_SENTENCE];

	memset(r, 0, sizeof(*r));
	r->p = calloc(1, sizeof(*r->p));
	r->text = calloc(1, TEXT_BYTES);
	cr_assert(op_parse(machine, strlen(machine), r->p, &error), "%s", error.what);
	shape.pages = run_pages(&r->p->config);
	guest_program(&shape, (enum guest_theme)0, 5, HISTORY, r->p);
	r->run = run_new();
	cr_assert(run_program(r->run, r->p, RUN_NO_CHECKS, 0), "%s", run_finding(r->run)->what);
	window_memory(&r->w, WINDOW_BYTES);
	cr_assert(window_add(&r->w, NULL, &none, wrong) &&
		  window_add(&r->w, NULL, &none, wrong), "%s", wrong);
	add_snapshot(r, 0);
	memset(r->p, 0, sizeof(*r->p));
	cr_assert(reply_read(&r->w, 0, &reply, wrong), "%s", wrong);
	cr_assert(reply_config(&reply, &r->p->config, wrong), "%s", wrong);
	r->p->state = reply.after;
	cr_assert(run_program(r->run, r->p, RUN_NO_CHECKS, 0), "%s", run_finding(r->run)->what);
	r->p->state = NULL;
	reply_free(&reply);
	run_mm(r->run)->tun.hw->budget = UINT64_MAX;
	line(r, "snapshot: index=1");
}

static void end(struct recording *r)
{
	struct wire_head *head = window_head(&r->w);

	line(r, "snapshot: index=0");
	add_snapshot(r, 1);
	r->blob = (struct wire_blob){ .name = "trace.t", .programs = 2, .offset = head->free,
				      .bytes = r->length };
	memcpy(r->w.bytes + head->free, r->text, r->length);
}

static void done(struct recording *r)
{
	window_close(&r->w);
	run_delete(r->run);
	free(r->p);
	free(r->text);
}

/* What the replay reads instead of the first `from`; of the same length. */
static void falsify(struct recording *r, const char *from, const char *to)
{
	char *at = strstr((char *)r->w.bytes + r->blob.offset, from);

	cr_assert_not_null(at, "no line has %s", from);
	cr_assert_eq(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

/* --- what it does ------------------------------------------------------------------------- */

static void allocate(struct recording *r, unsigned int slot, uint8_t order)
{
	struct alloc_request req = { .gfp = __GFP_KSWAPD_RECLAIM | (order & 1 ? __GFP_MOVABLE : 0),
				     .order = order, .nid = NODE_NONE };
	struct mm *mm = run_mm(r->run);

	mm->tun.hw->steps = 0;
	mm->tun.hw->nr_touched = 0;
	mm_alloc_pages(mm, &req, &r->held[slot]);
	cr_assert_not_null(r->held[slot]);
	line(r, "mm_page_alloc: page=x pfn=%#" PRIx64 " order=%u migratetype=0 gfp_flags=%s",
	     mm_page_pfn(mm, r->held[slot]), order,
	     order & 1 ? "__GFP_KSWAPD_RECLAIM|__GFP_MOVABLE" : "__GFP_KSWAPD_RECLAIM");
}

static void release(struct recording *r, struct page *page)
{
	struct mm *mm = run_mm(r->run);

	line(r, "mm_page_free: page=x pfn=%#" PRIx64 " order=%u", mm_page_pfn(mm, page),
	     page->order);
	mm->tun.hw->steps = 0;
	mm->tun.hw->nr_touched = 0;
	cr_assert_eq(mm_free_pages(mm, page, page->order), MM_OK);
}

static void work(struct recording *r, uint64_t seed)
{
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int slot = (unsigned int)(rng_next(&seed) % HELD);

		if (r->held[slot]) {
			release(r, r->held[slot]);
			r->held[slot] = NULL;
		} else {
			allocate(r, slot, (uint8_t)(rng_next(&seed) % 5));
		}
	}
}

/* As free_initmem() does: pages that nobody had become the allocator's. */
static void give_reserved(struct recording *r)
{
	struct mm *mm = run_mm(r->run);
	struct zone *z = &mm->zones[ZONE_DMA32];
	unsigned int given = 0;
	pfn_t first = z->end_pfn - RESERVED;

	while (given < RESERVED) {	/* the last ones in a row that are not on lists */
		for (given = 0; given < RESERVED; given++)
			if (zone_page(z, first + given)->state != PAGE_NONE)
				break;
		cr_assert_gt(first, z->start_pfn);
		first -= given < RESERVED;
	}
	line(r, "managed: pfn=%#" PRIx64 " pages=%u", first, RESERVED);
	z->managed += RESERVED;
	z->held += RESERVED;
	for (pfn_t pfn = first; pfn < first + RESERVED; pfn++) {
		cr_assert(mm_state_adopt(mm, z, pfn, 0));
		release(r, zone_page(z, pfn));
	}
}

/* As memory that is initialised late: a block goes to the tail, and its event says nothing new. */
static void give_block(struct recording *r)
{
	struct mm *mm = run_mm(r->run);
	struct zone *z = &mm->zones[ZONE_DMA32];
	struct page *page = zone_page(z, z->end_pfn - 1);
	pfn_t pfn;

	while (page->state != PAGE_NONE)
		page--;
	pfn = zone_pfn(z, page);
	line(r, "begins: pfn=%#" PRIx64 " order=0 type=1", pfn);
	line(r, "mm_page_free: page=x pfn=%#" PRIx64 " order=0", pfn);
	pageblock_set_type(&mm->tun, &z->blocks, pfn, MIGRATE_MOVABLE);
	z->managed++;
	hook_lock(mm->tun.hw, &z->lock);
	buddy_free(z, page, 0, MIGRATE_MOVABLE, PLACE_TAIL);
	hook_unlock(mm->tun.hw, &z->lock);
}

static void replay(const struct recording *r, struct trace_counts *c)
{
	char wrong[REPLY_SENTENCE] = "";

	cr_assert(trace_replay(&r->w, &r->blob, c, wrong), "%s", wrong);
}

Test(linux_trace, X10_core_foretells_what_it_did_itself)
{
	struct trace_counts c;
	struct recording r;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		begin(&r);
		work(&r, seed);
		give_reserved(&r);
		give_block(&r);
		give_block(&r);
		work(&r, seed + 100);
		end(&r);
		replay(&r, &c);
		cr_expect_gt(c.allocs, STEPS / 2);
		cr_expect_eq(c.hits, c.allocs, "%s", c.first_miss);
		cr_expect_eq(c.lost, 0);
		cr_expect(c.ended_equal, "%s", c.at_end);
		done(&r);
	}
}

Test(linux_trace, X10_another_page_is_a_miss)
{
	struct trace_counts c;
	struct recording r;
	char was[32], is[32];

	begin(&r);
	allocate(&r, 0, 0);
	allocate(&r, 1, 0);
	allocate(&r, 2, 0);
	end(&r);
	snprintf(was, sizeof(was), "pfn=%#" PRIx64, mm_page_pfn(run_mm(r.run), r.held[1]));
	snprintf(is, sizeof(is), "pfn=%#" PRIx64, mm_page_pfn(run_mm(r.run), r.held[2]));
	falsify(&r, was, is);
	replay(&r, &c);
	cr_expect_eq(c.allocs, 3);
	cr_expect_lt(c.hits, 3);
	cr_expect_gt(c.resynced + c.lost, 0);
	cr_expect_neq(c.first_miss[0], '\0');
	done(&r);
}

Test(linux_trace, X10_a_block_that_is_there_already_is_lost)
{
	struct trace_counts c;
	struct recording r;

	begin(&r);
	allocate(&r, 0, 0);
	line(&r, "begins: pfn=%#" PRIx64 " order=0 type=1",
	     mm_page_pfn(run_mm(r.run), r.held[0]));
	end(&r);
	replay(&r, &c);
	cr_expect_eq(c.hits, 1);
	cr_expect_eq(c.lost, 1);
	done(&r);
}

Test(linux_trace, X10_reserved_pages_that_nobody_gave_are_seen)
{
	struct trace_counts c;
	struct recording r;

	begin(&r);
	give_reserved(&r);
	end(&r);
	falsify(&r, "managed:", "nothing:");
	replay(&r, &c);
	cr_expect(!c.ended_equal);
	cr_expect_not_null(strstr(c.at_end, "managed"), "%s", c.at_end);
	done(&r);
}
