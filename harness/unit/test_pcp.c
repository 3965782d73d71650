/* SPDX-License-Identifier: MIT */
/* test_pcp.c - limits, refill, free and drain of per-CPU sets */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "fixture.h"
#include "pcp.h"
#include "validate.h"

#define MACHINE(policy, zone) \
	"tidemark 1\nmachine cpus=2 zones=Normal,Movable\n" zone "\n" policy "\nops\n"

static const char small[] = MACHINE("policy pcp_batch=7", "zone Normal start=4096 spanned=8192");

static struct pcp *set_of(struct mm *mm, unsigned int cpu)
{
	return &zone_of(mm, ZONE_NORMAL)->cpu[cpu].pcp;
}

static void limits(struct mm *mm, uint32_t high, uint32_t batch)
{
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		set_of(mm, cpu)->high = high;
		set_of(mm, cpu)->batch = batch;
	}
}

static pfn_t nth(struct mm *mm, unsigned int index, unsigned int n)
{
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *p = list_entry(z->pages, set_of(mm, 0)->lists[index].first);

	while (p && n--)
		p = list_entry(z->pages, p->next);
	return p ? zone_pfn(z, p) : PFN_NONE;
}

Test(pcp, P1_batch_and_high_of_known_machines)
{
	static const struct { uint64_t managed, low; uint32_t batch, high; } cases[] = {
		{ 3840, 27, 1, 13 },		/* DMA of the amd64 guest */
		{ 112697, 816, 31, 408 },	/* its DMA32 */
		{ 211948, 13128, 63, 6564 },	/* Normal of the i386 guest */
		{ 298978, 3840, 63, 1920 },	/* its HighMem */
		{ 12288, 40, 3, 20 },
		{ 100, 2, 1, 4 },		/* never less than four batches */
	};
	struct tunables tun = { .page_shift = 12, .pageblock_order = 9 };
	struct hw hw = { .budget = UINT64_MAX };

	tun.hw = &hw;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zone z = { .tun = &tun, .managed_marks = cases[i].managed };

		z.watermark[WMARK_LOW] = cases[i].low;
		cr_assert_eq(pcp_batch(&z), cases[i].batch, "case %zu", i);
		cr_assert_eq(pcp_high(&z, pcp_batch(&z), 2), cases[i].high, "case %zu", i);
	}
}

Test(pcp, P1_high_fraction_and_older_rules)
{
	struct tunables tun = { .page_shift = 12, .pageblock_order = 9 };
	struct hw hw = { .budget = UINT64_MAX };
	struct zone z = { .tun = &tun, .managed_marks = 758400 };

	tun.hw = &hw;
	tun.sysctl.percpu_pagelist_high_fraction = 8;
	cr_assert_eq(pcp_high(&z, 63, 4), 758400 / 8 / 4);
	tun.policy.pcp_limits = PCP_LIMITS_5_13;
	cr_assert_eq(pcp_high(&z, 63, 4), 378);
	tun.policy.pcp_batch = 7;
	cr_assert_eq(pcp_high(&z, 7, 4), 42, "six of the batches that are given");
	tun.policy.pcp_batch = 0;
	tun.policy.pcp_limits = PCP_LIMITS_4_18;
	cr_assert_eq(pcp_batch(&z), 31);
	cr_assert_eq(pcp_high(&z, 31, 4), 186);
	/* A zone too small for a batch kept nothing then. */
	z.managed_marks = 3977;
	cr_assert_eq(pcp_batch(&z), 1);
	cr_assert_eq(pcp_high(&z, 1, 4), 0);
}

/* Both high are four batches, whatever the fraction: only how far sets may grow changes. */
Test(pcp, P1_W9_a_fraction_keeps_sets_of_6_12_from_growing)
{
	struct mm *mm = boot_text(MACHINE("policy pcp_batch=63 rules=6.12",
					  "zone Normal start=4096 spanned=8192"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert_eq(z->pageset_high, 252);
	cr_assert_eq(z->pageset_high_max, 8192 / 8 / 2);
	cr_assert_eq(mm_sysctl_write(mm, SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 1000), MM_OK);
	cr_expect_eq(z->pageset_high, 252);
	cr_expect_eq(z->pageset_high_max, 252);
	cr_expect_eq(set_of(mm, 1)->high_max, 252);
	cr_assert_eq(mm_sysctl_write(mm, SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0), MM_OK);
	cr_expect_eq(z->pageset_high, 252);
	cr_expect_eq(z->pageset_high_max, 8192 / 8 / 2);
	cr_expect_eq(set_of(mm, 1)->high_max, 8192 / 8 / 2);
	boot_done(mm);
}

Test(pcp, P1_fourteen_lists)
{
	struct tunables tun = { .pageblock_order = 9 };
	bool seen[NR_PCP_LISTS] = { false };

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		if (!pcp_has_order(&tun, order))
			continue;
		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++) {
			unsigned int index = pcp_list_index(&tun, order, (enum migratetype)type);

			cr_assert_eq(pcp_list_order(&tun, index), order);
			seen[index] = true;
		}
	}
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		cr_assert(seen[i]);
	cr_assert_not(pcp_has_order(&tun, 4));
	cr_assert_not(pcp_has_order(&tun, 10));
}

Test(pcp, P2_refill_takes_a_batch_and_hands_out_ascending)
{
	struct mm *mm = boot_text(small);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (pfn_t want = 4096; want < 4096 + 7; want++)
		cr_assert_eq(zone_pfn(z, get_pages(mm, GFP_HIGHUSER_MOVABLE, 0)), want);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_eq(set_of(mm, 0)->count, 6);
	boot_done(mm);
}

Test(pcp, P2_refill_shrinks_with_the_order_to_two_and_is_one_when_batch_is_one)
{
	struct mm *mm = boot_text(small);

	limits(mm, 1000, 7);
	get_pages(mm, GFP_KERNEL, 1);
	cr_assert_eq(set_of(mm, 0)->count, (7 / 2 - 1) * 2);
	get_pages(mm, GFP_KERNEL, 3);
	cr_assert_eq(set_of(mm, 0)->count, (7 / 2 - 1) * 2 + 8);
	mm_drain_all(mm);
	limits(mm, 1000, 1);
	get_pages(mm, GFP_KERNEL, 0);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	boot_done(mm);
}

/* RULES_6_12 count when pages leave the buddy's lists, RULES_6_1 when the set has them. */
Test(pcp, P2_B4_a_refill_counts_CMA_pages_once_under_either_rules)
{
	static const char *const rules[] = { "6.1", "6.12" };

	for (unsigned int i = 0; i < 2; i++) {
		struct mm *mm;
		struct zone *z;
		char text[256];

		snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
			 "zone Normal start=4096 spanned=8192\ncma 4096-12287\n"
			 "policy pcp_batch=7 rules=%s\nops\n", rules[i]);
		mm = boot_text(text);
		z = zone_of(mm, ZONE_NORMAL);
		cr_assert_not_null(get_pages(mm, GFP_HIGHUSER_MOVABLE, 0));
		cr_expect_geq(set_of(mm, 0)->count, 6, "rules %s", rules[i]);
		cr_expect_eq(z->stats.count[NR_FREE_CMA] + z->cpu[0].stat.diff[NR_FREE_CMA],
			     8192 - 1 - set_of(mm, 0)->count, "rules %s", rules[i]);
		validate_mm(mm);
		boot_done(mm);
	}
}

Test(pcp, P2_last_in_first_out)
{
	struct mm *mm = boot_text(small);
	struct page *a = get_pages(mm, GFP_KERNEL, 0), *b = get_pages(mm, GFP_KERNEL, 0);

	mm_free_pages(mm, a, 0);
	mm_free_pages(mm, b, 0);
	cr_assert_eq(get_pages(mm, GFP_KERNEL, 0), b);
	cr_assert_eq(get_pages(mm, GFP_KERNEL, 0), a);
	boot_done(mm);
}

/* Holds enough pages that frees do not meet an empty buddy or a low mark. */
static void hold(struct mm *mm, struct page **pages, unsigned int nr, unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++)
		pages[i] = get_pages(mm, GFP_HIGHUSER_MOVABLE, order);
	mm_drain_all(mm);
}

Test(pcp, P3_bulk_free_at_high_grows_with_free_factor)
{
	struct mm *mm = boot_text(small);
	struct page *pages[256];
	unsigned int i = 0;

	hold(mm, pages, 256, 0);
	limits(mm, 40, 4);
	set_of(mm, 0)->free_factor = 0;
	/* Full at 40; gives back 4, then 8, 16, 32, and then at most high - batch. */
	for (unsigned int round = 0; round < 5; round++) {
		unsigned int back[] = { 4, 8, 16, 32, 36 };

		while (set_of(mm, 0)->count < 39)
			mm_free_pages(mm, pages[i++], 0);
		mm_free_pages(mm, pages[i++], 0);
		cr_assert_eq(set_of(mm, 0)->count, 40 - back[round], "round %u", round);
	}
	/* It stops growing once the clamp is reached. */
	cr_assert_eq(set_of(mm, 0)->free_factor, 4);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_eq(set_of(mm, 0)->free_factor, 2);
	boot_done(mm);
}

Test(pcp, P3_bulk_allocation_keeps_free_factor)
{
	struct mm *mm = boot_text(small);
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = NODE_NONE };
	struct page *pages[4] = { NULL };
	uint32_t filled;

	set_of(mm, 0)->free_factor = 4;
	cr_assert_eq(mm_alloc_bulk(mm, &req, pages, 4, &filled), VERDICT_OK);
	cr_assert_eq(filled, 4);
	cr_assert_eq(set_of(mm, 0)->free_factor, 4);
	boot_done(mm);
}

Test(pcp, P3_higher_orders_empty_the_set_when_frees_pile_up)
{
	struct mm *mm = boot_text(small);
	struct page *pages[4], *big = get_pages(mm, GFP_HIGHUSER_MOVABLE, 2);

	hold(mm, pages, 4, 0);
	limits(mm, 1000, 7);
	set_of(mm, 0)->free_factor = 1;
	mm_free_pages(mm, pages[0], 0);
	cr_assert_eq(set_of(mm, 0)->count, 1);
	mm_free_pages(mm, big, 2);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	boot_done(mm);
}

Test(pcp, P3_sets_stay_short_while_reclaim_is_active)
{
	struct mm *mm = boot_text(small);
	struct page *pages[64];

	hold(mm, pages, 64, 0);
	limits(mm, 1000, 4);
	set_of(mm, 0)->free_factor = 0;
	mm_set_reclaim_active(mm, zone_of(mm, ZONE_NORMAL), true);
	for (int i = 0; i < 16; i++)
		mm_free_pages(mm, pages[i], 0);
	cr_assert_eq(set_of(mm, 0)->count, 12);
	mm_set_reclaim_active(mm, zone_of(mm, ZONE_NORMAL), false);
	for (int i = 16; i < 48; i++)
		mm_free_pages(mm, pages[i], 0);
	cr_assert_eq(set_of(mm, 0)->count, 44);
	boot_done(mm);
}

Test(pcp, P2_bulk_free_takes_tails_and_begins_with_the_list_just_freed_to)
{
	struct mm *mm = boot_text(small);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *m[3], *u[3];

	for (int i = 0; i < 3; i++) {
		m[i] = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
		u[i] = get_pages(mm, GFP_KERNEL, 0);
	}
	mm_drain_all(mm);
	limits(mm, 6, 2);
	set_of(mm, 0)->free_factor = 0;
	for (int i = 0; i < 3; i++)
		mm_free_pages(mm, m[i], 0);
	mm_free_pages(mm, u[0], 0);
	mm_free_pages(mm, u[1], 0);
	mm_free_pages(mm, u[2], 0);
	/* Two go: the oldest of the list of u. */
	cr_assert_eq(set_of(mm, 0)->count, 4);
	cr_assert_eq(nth(mm, MIGRATE_UNMOVABLE, 0), zone_pfn(z, u[2]));
	cr_assert_eq(nth(mm, MIGRATE_UNMOVABLE, 1), PFN_NONE);
	cr_assert_eq(nth(mm, MIGRATE_MOVABLE, 2), zone_pfn(z, m[0]));
	boot_done(mm);
}

Test(pcp, P4_drain_one_cpu_all_cpus_and_offline)
{
	struct mm *mm = boot_text(small);
	struct hw *hw = mm->tun.hw;

	for (uint8_t cpu = 0; cpu < 2; cpu++) {
		hw->cpu = cpu;
		get_pages(mm, GFP_KERNEL, 0);
		cr_assert_gt(set_of(mm, cpu)->count, 0);
	}
	cr_assert_eq(mm_drain_cpu(mm, 0), MM_OK);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	cr_assert_gt(set_of(mm, 1)->count, 0);
	hw->cpu = 0;
	cr_assert_eq(mm_cpu_offline(mm, 1), MM_OK);
	cr_assert_eq(set_of(mm, 1)->count, 0);
	get_pages(mm, GFP_KERNEL, 0);
	mm_drain_all(mm);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	cr_assert_eq(mm_drain_cpu(mm, 2), MM_BAD_CPU);
	boot_done(mm);
}

Test(pcp, P5_isolated_pages_go_to_the_buddy_highatomic_ones_remember)
{
	struct mm *mm = boot_text(small);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *a = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	struct page *b = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);

	mm_drain_all(mm);
	pageblock_set_type(z->tun, &z->blocks, zone_pfn(z, a), MIGRATE_HIGHATOMIC);
	mm_free_pages(mm, a, 0);
	cr_assert_eq(set_of(mm, 0)->lists[MIGRATE_MOVABLE].nr, 1);
	cr_assert_eq(a->type, MIGRATE_HIGHATOMIC);
	pageblock_set_type(z->tun, &z->blocks, zone_pfn(z, b), MIGRATE_ISOLATE);
	z->nr_isolated_blocks = 1;
	mm_free_pages(mm, b, 0);
	cr_assert_eq(b->state, PAGE_FREE);
	cr_assert_eq(b->type, MIGRATE_ISOLATE);
	/* What a drained page remembers is out of date while something is isolated. */
	mm_drain_all(mm);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	cr_assert_eq(z->area[0].list[MIGRATE_HIGHATOMIC].nr, 0);
	boot_done(mm);
}

static unsigned int inside;		/* interrupts that found the set taken */

static void take_in_interrupt(void *to)
{
	struct mm *mm = to;
	bool taken = set_of(mm, 0)->lock.holder != 0;
	struct page *page = get_pages(mm, GFP_ATOMIC, 0);

	inside += taken;
	cr_assert_not_null(page);
	cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
	cr_assert_eq(page->state == PAGE_PCP, !taken);
}

Test(pcp, P6_an_interrupt_inside_uses_the_buddy)
{
	unsigned int struck = 0;

	for (uint32_t at = 1; at < 40; at++) {
		struct mm *mm = boot_text(small);
		struct hw *hw = mm->tun.hw;

		hw->irq = take_in_interrupt;
		hw->irq_to = mm;
		hw->irq_at = at;
		hw->alarm = 0;
		get_pages(mm, GFP_KERNEL, 0);
		struck += hw->struck;
		hw->irq_at = 0;
		validate_mm(mm);
		boot_done(mm);
	}
	cr_assert_gt(inside, 0);
	cr_assert_gt(struck, inside);
}

Test(pcp, P6_a_refused_trylock_uses_the_buddy)
{
	struct mm *mm = boot_text(small);
	struct page *page;

	mm->tun.hw->fail_trylock_at = 1;
	page = get_pages(mm, GFP_KERNEL, 0);
	cr_assert_not_null(page);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	mm->tun.hw->fail_trylock_at = 1;
	mm_free_pages(mm, page, 0);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	cr_assert_eq(page->state == PAGE_PCP, false);
	validate_mm(mm);
	boot_done(mm);
}

Test(pcp, P4_a_batch_goes_back_if_there_is_one)
{
	struct mm *mm = boot_text(small);
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	pcp_drain_batch(z, 0);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	get_pages(mm, GFP_KERNEL, 0);
	get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_eq(set_of(mm, 0)->count, 12);
	pcp_drain_batch(z, 0);
	cr_assert_eq(set_of(mm, 0)->count, 5);
	pcp_drain_batch(z, 0);
	cr_assert_eq(set_of(mm, 0)->count, 0);
	boot_done(mm);
}

Test(pcp, B6_P6_clearing_needs_the_set_and_clears_once)
{
	struct mm *mm = boot_text(MACHINE("policy pcp_batch=3\npolicy prezero",
					  "zone Normal start=4096 spanned=8192"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *pages[8], *page;
	unsigned int zeroed = 0;

	for (unsigned int i = 0; i < 8; i++)
		pages[i] = get_pages(mm, GFP_KERNEL, 0);
	for (unsigned int i = 0; i < 8; i++)
		mm_free_pages(mm, pages[i], 0);
	mm->tun.hw->fail_trylock_at = 1;
	pcp_prezero(z);
	cr_assert_eq(mm->tun.hw->struck, 1);
	cr_assert_eq(pages[7]->flags, 0);
	/* A batch at a time, those that are not zero yet. */
	for (unsigned int turn = 1; turn <= 4; turn++) {
		pcp_prezero(z);
		zeroed = 0;
		page = list_entry(z->pages, set_of(mm, 0)->lists[MIGRATE_UNMOVABLE].first);
		for (; page; page = list_entry(z->pages, page->next))
			zeroed += (page->flags & PG_ZEROED) != 0;
		cr_assert_eq(zeroed, turn < 3 ? 3 * turn : 9);
	}
	boot_done(mm);
}

Test(pcp, B6_idle_cpus_clear_pages_in_advance)
{
	struct mm *mm = boot_text(MACHINE("policy pcp_batch=7\npolicy prezero",
					  "zone Normal start=4096 spanned=8192"));
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);

	mm_tick(mm);
	page = list_entry(z->pages, set_of(mm, 0)->lists[MIGRATE_UNMOVABLE].first);
	cr_assert(page->flags & PG_ZEROED);
	cr_assert_eq(get_pages(mm, GFP_KERNEL | __GFP_ZERO, 0), page);
	cr_assert(sim_pages_are_zero(mm->tun.hw, z->id, zone_pfn(z, page), 1));
	boot_done(mm);
}
