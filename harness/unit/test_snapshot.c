/* SPDX-License-Identifier: MIT */
/* test_snapshot.c - a machine's state taken, put in place, printed and read */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdlib.h>

#include "fixture.h"
#include "op.h"
#include "snapshot.h"
#include "validate.h"

#define MACHINE \
	"tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n" \
	"zone DMA32 start=4096 spanned=8192 present=8192 managed=8000\n"

/* A machine that has done something. */
static struct mm *used(void)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct page *page = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);

	cr_assert_not_null(get_pages(mm, GFP_ATOMIC, 3));
	cr_assert_not_null(get_pages(mm, GFP_KERNEL | __GFP_RECLAIMABLE, 5));
	cr_assert_eq(mm_set_movable(mm, page, true), MM_OK);
	cr_assert_eq(mm_free_pages(mm, get_pages(mm, GFP_KERNEL, 1), 1), MM_OK);
	return mm;
}

Test(snapshot, X10_what_is_put_in_place_is_what_was_taken)
{
	struct mm *mm = used();
	struct snapshot *s = snapshot_take(mm), *again;
	char what[200] = "";

	boot_done(mm);
	mm = boot_text(MACHINE "ops\n");
	cr_assert(snapshot_apply(s, mm, what), "%s", what);
	validate_mm(mm);
	again = snapshot_take(mm);
	cr_expect(snapshot_same(s, again, 0, what), "%s", what);
	cr_expect_gt(zone_of(mm, ZONE_DMA32)->held, 0);
	snapshot_delete(again);
	again = snapshot_copy(s);
	cr_expect(snapshot_same(s, again, 0, what), "%s", what);
	again->zones[ZONE_DMA32]->types[3] ^= 1;
	cr_expect(!snapshot_same(s, again, 0, what));
	snapshot_delete(again);
	snapshot_delete(s);
	boot_done(mm);
}

Test(snapshot, X1_held_pages_may_turn_out_to_be_somebodys)
{
	struct mm *mm = used();
	struct snapshot *s = snapshot_take(mm);
	char what[200];
	struct zone *z;
	uint64_t held;
	pfn_t pfn;

	boot_done(mm);
	mm = boot_text(MACHINE "ops\n");
	cr_assert(snapshot_apply(s, mm, what), "%s", what);
	z = zone_of(mm, ZONE_DMA32);
	held = z->held;
	for (pfn = z->start_pfn; zone_page(z, pfn)->state != PAGE_NONE ||
	     !mm_state_adopt(mm, z, pfn, 0); pfn++)
		;
	cr_expect_eq(z->held, held - 1);
	cr_expect(!mm_state_adopt(mm, z, pfn, 0));
	validate_mm(mm);
	cr_expect_eq(mm_free_pages(mm, mm_page(mm, pfn), 0), MM_OK);
	validate_mm(mm);
	snapshot_delete(s);
	boot_done(mm);
}

Test(snapshot, X1_X2_impossible_states_are_refused)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_DMA32);
	struct zone_numbers n = { .watermark = { 1, 2, 3 }, .pageset_batch = 1 };
	struct cpu_numbers c = { .batch = 1, .free_factor = PCP_FREE_FACTOR_MAX + 1 };

	cr_assert(mm_state_begin(mm, z));
	cr_expect_eq(z->held, z->managed);
	cr_expect(!mm_state_pageblock(mm, z, z->blocks.nr, MIGRATE_MOVABLE));
	cr_expect(mm_state_pageblock(mm, z, 0, MIGRATE_MOVABLE));
	cr_expect(mm_state_block(mm, z, 4096, 3, MIGRATE_MOVABLE));
	cr_expect(!mm_state_block(mm, z, 4096, 3, MIGRATE_MOVABLE), "twice");
	cr_expect(!mm_state_block(mm, z, 4100, 2, MIGRATE_MOVABLE), "inside of another");
	cr_expect(!mm_state_block(mm, z, 4098, 3, MIGRATE_MOVABLE), "not aligned");
	cr_expect(!mm_state_block(mm, z, z->end_pfn, 0, MIGRATE_MOVABLE), "outside");
	cr_expect(!mm_state_pcp(mm, z, 0, 0, 4104, MIGRATE_MOVABLE), "not that list");
	cr_expect(mm_state_pcp(mm, z, 1, 1, 4104, MIGRATE_MOVABLE));
	cr_expect(!mm_state_pcp(mm, z, 2, 1, 4105, MIGRATE_MOVABLE), "no such CPU");
	cr_expect(!mm_state_movable(mm, z, 4096), "a free page");
	cr_expect(!mm_state_cpu(mm, z, 0, &c));
	n.watermark[WMARK_LOW] = 9;
	cr_expect(!mm_state_numbers(mm, z, &n), "low above high");
	n.watermark[WMARK_LOW] = 2;
	cr_expect(mm_state_numbers(mm, z, &n));
	cr_expect_not_null(mm_state_end(mm, z), "eight pages are free, none is counted");
	n.count[NR_FREE_PAGES] = 8;
	cr_expect(mm_state_numbers(mm, z, &n));
	cr_expect_null(mm_state_end(mm, z));
	boot_done(mm);
}

/* --- as text ------------------------------------------------------------------------------ */

static char *print(const struct program *p)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_not_null(f);
	op_print(p, f);
	fclose(f);
	return text;
}

Test(snapshot, X10_text_gives_the_state_back)
{
	static struct program p, again;
	struct mm *mm = used();
	struct op_error error;
	char *text, *second;

	cr_assert(op_parse(MACHINE "ops\na = alloc order=0 gfp=GFP_NOWAIT\n",
			   strlen(MACHINE "ops\na = alloc order=0 gfp=GFP_NOWAIT\n"), &p, &error));
	p.state = snapshot_take(mm);
	boot_done(mm);
	text = print(&p);
	cr_assert(op_parse(text, strlen(text), &again, &error), "%u: %s", error.line, error.what);
	second = print(&again);
	cr_expect_str_eq(text, second);
	free(text);
	free(second);
	op_discard(&p);
	op_discard(&again);
}

Test(snapshot, X10_lines_of_a_state_are_refused_with_what_is_wrong)
{
	static const struct {
		const char *line, *what;
	} wrong[] = {
		{ "free 0 U 4096\n", "a zone line" },
		{ "zone 0 Normal\n", "of the machine" },
		{ "zone 0 DMA32 min=x\n", "min" },
		{ "zone 0 DMA32\nzone 0 DMA32\n", "once" },
		{ "zone 0 DMA32\nfree 11 U 4096\n", "an order" },
		{ "zone 0 DMA32\nfree 0 Q 4096\n", "a type" },
		{ "zone 0 DMA32\nfree 0 U 1\nfree 1 U 2\nfree 0 U 3\n", "all of a list" },
		{ "zone 0 DMA32\nblocks M*17\n", "pageblocks" },
		{ "zone 0 DMA32\nmovable 1\n", "a pfn of the zone" },
		{ "zone 0 DMA32\ncpu 2\n", "a CPU" },
		{ "zonelist 0 some\n", "all or own" },
		{ "alloc\n", "zone, cpu, free" },
	};
	static struct program p;
	struct op_error error;
	char text[512];

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "%sstate\n%sops\n", MACHINE, wrong[i].line);
		cr_assert(!op_parse(text, strlen(text), &p, &error), "%s", wrong[i].line);
		cr_expect_not_null(strstr(error.what, wrong[i].what), "%s: %s", wrong[i].line,
				   error.what);
		cr_expect_geq(error.line, 6);
		cr_expect_null(p.state);
	}
}
