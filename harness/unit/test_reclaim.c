/* SPDX-License-Identifier: MIT */
/* test_reclaim.c - when the slow path asks for compaction, and what comes of the answers */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "reclaim.h"
#include "validate.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2 pageblock_order=6 zones=DMA,Normal,Movable\n"
	"zone Normal start=0 spanned=4096\nops\n";

enum { ENOUGH = 200 };			/* single pages; the min mark is 128 */

/* Who stands in for reclaim and compaction, and in which order they were called. */
static struct {
	enum compact_result says;
	unsigned int makes_at;		/* the call at which there is a block; 0: never */
	unsigned int calls;
	unsigned int order;
	gfp_t	     gfp;
	char	     order_of_calls[64];
	unsigned int nr;
} stand_in;

static void called(char who)
{
	if (stand_in.nr + 1 < sizeof(stand_in.order_of_calls))
		stand_in.order_of_calls[stand_in.nr++] = who;
}

static enum compact_result compact(struct mm *mm, gfp_t gfp, unsigned int order)
{
	called('c');
	stand_in.gfp = gfp;
	stand_in.order = order;
	if (++stand_in.calls == stand_in.makes_at) {
		cr_assert(mm_import_free(mm, zone_of(mm, ZONE_NORMAL), 2048, order,
					 MIGRATE_UNMOVABLE));
		mm_tick(mm);
	}
	return stand_in.says;
}

static uint64_t reclaim(struct mm *mm, gfp_t gfp, unsigned int order)
{
	(void)mm;
	(void)gfp;
	(void)order;
	called('r');
	return 0;
}

/* Enough free pages for any mark, and no two of them together. */
static struct mm *fragmented(enum compact_result says, unsigned int makes_at)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	mm_import_empty(mm, z);
	for (pfn_t pfn = 0; pfn < 2 * ENOUGH; pfn += 2)
		cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	mm_tick(mm);
	memset(&stand_in, 0, sizeof(stand_in));
	stand_in.says = says;
	stand_in.makes_at = makes_at;
	mm->compact = compact;
	mm->reclaim = reclaim;
	return mm;
}

/* The block's pfn, or PFN_NONE when the request failed. */
static pfn_t ask(struct mm *mm, gfp_t gfp, unsigned int order)
{
	struct page *page = get_pages(mm, gfp, order);

	validate_mm(mm);
	return page ? mm_page_pfn(mm, page) : PFN_NONE;
}

Test(reclaim, A2_early_compaction_spares_reclaim)
{
	struct mm *mm = fragmented(COMPACT_COMPLETE, 1);

	cr_assert_eq(ask(mm, GFP_KERNEL, 4), 2048);
	cr_expect_str_eq(stand_in.order_of_calls, "c");
	cr_expect_eq(stand_in.order, 4);
	cr_expect_eq(stand_in.gfp, GFP_KERNEL);
	cr_expect_eq(mm_event_sum(mm, COMPACTSTALL), 1);
	boot_done(mm);
}

Test(reclaim, A2_after_reclaim_compaction_is_asked_again)
{
	struct mm *mm = fragmented(COMPACT_COMPLETE, 2);

	cr_assert_eq(ask(mm, GFP_KERNEL, 4), 2048);
	cr_expect_str_eq(stand_in.order_of_calls, "crc");
	cr_expect_eq(mm_event_sum(mm, COMPACTSTALL), 2);
	boot_done(mm);
}

/* What is found anyhow is taken; who skips has not stalled the request, and nobody looks. */
Test(reclaim, A2_a_compaction_that_was_skipped_is_no_stall)
{
	struct mm *mm = fragmented(COMPACT_SKIPPED, 1);

	cr_assert_eq(ask(mm, GFP_KERNEL | __GFP_NORETRY, 4), PFN_NONE);
	cr_expect_str_eq(stand_in.order_of_calls, "c");
	cr_expect_eq(mm_event_sum(mm, COMPACTSTALL), 0);
	boot_done(mm);
	mm = fragmented(COMPACT_DEFERRED, 1);
	cr_assert_eq(ask(mm, GFP_KERNEL | __GFP_NORETRY, 4), 2048);
	cr_expect_eq(mm_event_sum(mm, COMPACTSTALL), 1);
	boot_done(mm);
}

Test(reclaim, A2_who_compacts_before_reclaiming)
{
	static const struct { gfp_t gfp; unsigned int order; const char *begins; } cases[] = {
		{ GFP_KERNEL, 4, "c" },
		{ GFP_KERNEL | __GFP_MOVABLE, 4, "c" },
		{ GFP_KERNEL, 1, "c" },
		{ GFP_KERNEL | __GFP_RECLAIMABLE, 1, "c" },
		{ GFP_KERNEL | __GFP_MOVABLE, 3, "rc" },
		{ GFP_NOFS, 4, "c" },
		{ GFP_NOIO, 4, "rc" },
		{ GFP_KERNEL | __GFP_MEMALLOC, 4, "rc" },
		/* Who may not wait asks neither. */
		{ GFP_NOWAIT, 4, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = fragmented(COMPACT_COMPLETE, 0);
		size_t len = strlen(cases[i].begins);

		cr_expect_eq(ask(mm, cases[i].gfp, cases[i].order), PFN_NONE, "case %zu", i);
		cr_expect_eq(strncmp(stand_in.order_of_calls, cases[i].begins, len), 0,
			     "case %zu: %s", i, stand_in.order_of_calls);
		cr_expect(len > 0 || !stand_in.nr, "case %zu: %s", i, stand_in.order_of_calls);
		boot_done(mm);
	}
}

/* A costly request that is not to be retried tries reclaim only where compaction really tried. */
Test(reclaim, G5_A2_what_a_costly_request_without_retry_does_after_each_answer)
{
	static const struct { enum compact_result says; gfp_t more; const char *calls; } cases[] = {
		{ COMPACT_SKIPPED, 0, "c" },
		{ COMPACT_DEFERRED, 0, "c" },
		{ COMPACT_COMPLETE, 0, "crc" },
		{ COMPACT_COMPLETE, __GFP_THISNODE, "c" },
		{ COMPACT_SKIPPED, __GFP_THISNODE, "c" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *mm = fragmented(cases[i].says, 0);

		cr_expect_eq(ask(mm, GFP_KERNEL | __GFP_NORETRY | cases[i].more, 4), PFN_NONE);
		cr_expect_str_eq(stand_in.order_of_calls, cases[i].calls, "case %zu", i);
		boot_done(mm);
		/* An order that is not costly goes on. */
		mm = fragmented(cases[i].says, 0);
		cr_expect_eq(ask(mm, GFP_KERNEL | __GFP_NORETRY | cases[i].more, 3), PFN_NONE);
		cr_expect_str_eq(stand_in.order_of_calls, "crc", "case %zu", i);
		boot_done(mm);
	}
}

Test(reclaim, A2_single_pages_need_no_compaction)
{
	struct mm *mm = fragmented(COMPACT_COMPLETE, 0);

	mm_import_empty(mm, zone_of(mm, ZONE_NORMAL));
	cr_expect_eq(ask(mm, GFP_KERNEL, 0), PFN_NONE);
	cr_expect_eq(stand_in.calls, 0);
	cr_expect_eq(stand_in.order_of_calls[0], 'r');
	boot_done(mm);
}
