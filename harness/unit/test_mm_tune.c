/* SPDX-License-Identifier: MIT */
/* test_mm_tune.c - sysctls, CPUs that come and go, ticks, and who wakes kswapd */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "fixture.h"
#include "pcp.h"
#include "validate.h"
#include "watermark.h"

#define MACHINE \
	"tidemark 1\nmachine cpus=4\nnode 0 cpus=0-1\n" \
	"zone DMA start=0 spanned=4096 managed=4000 managed_marks=2000 managed_reserve=1000\n" \
	"zone Normal start=4096 spanned=65536 managed_marks=32768 managed_reserve=25600\n" \
	"node 1 cpus=2-3\nzone Normal start=0x20000 spanned=16384\n"

/* --- sysctls (W9) ------------------------------------------------------------------------ */

Test(mm_tune, W9_first_marks_follow_what_managed_was)
{
	struct mm *mm = boot_text(MACHINE "sysctl min_free_kbytes=4096\nops\n");
	const struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);
	uint64_t all = 2000 + 32768 + 16384;

	cr_expect_eq(normal->watermark[WMARK_MIN], 1024 * 32768 / all);
	cr_expect_eq(dma->lowmem_reserve[ZONE_NORMAL], 25600 / 256);
	/* Every write that recomputes marks takes managed as it is now; reserves stay. */
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_WATERMARK_SCALE_FACTOR, 0, 10), MM_OK);
	all = 4000 + 65536 + 16384;
	cr_expect_eq(normal->watermark[WMARK_MIN], 1024 * 65536 / all);
	cr_expect_eq(dma->watermark[WMARK_MIN], 1024 * 4000 / all);
	cr_expect_eq(dma->lowmem_reserve[ZONE_NORMAL], 100);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_NORMAL, 32), MM_OK);
	cr_expect_eq(dma->lowmem_reserve[ZONE_NORMAL], 256);
	boot_done(mm);
}

Test(mm_tune, W9_P1_limits_follow_the_marks)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	const struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(z->pageset_batch, 7, "of 32768 pages");
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_MIN_FREE_KBYTES, 0, 100000), MM_OK);
	cr_expect_eq(z->pageset_batch, 15, "of 65536 pages");
	cr_expect_eq(z->pageset_high, z->watermark[WMARK_LOW] / 2, "two CPUs are local");
	cr_expect_eq(z->cpu[3].pcp.high, z->pageset_high, "every CPU has the same");
	cr_expect_eq(mm->min_free_kbytes, 100000);
	boot_done(mm);
}

Test(mm_tune, P1_percpu_pagelist_high_fraction)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	const struct zone *z = zone_of(mm, ZONE_NORMAL);
	uint64_t low = z->watermark[WMARK_LOW];

	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0), MM_OK);
	cr_expect_eq(z->pageset_batch, 7, "what does not change computes nothing");
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 64), MM_OK);
	cr_expect_eq(z->pageset_batch, 15);
	cr_expect_eq(z->pageset_high, 65536 / 64 / 2);
	cr_expect_eq(z->watermark[WMARK_LOW], low, "marks are not looked at");
	boot_done(mm);
}

Test(mm_tune, W1_huge_pages_raise_and_switching_them_off_computes)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	uint32_t first = mm->min_free_kbytes;
	uint64_t above = 0;

	cr_expect_not(mm->tun.sysctl.thp, "the machine has less than 512 MiB");
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_THP, 0, 1), MM_OK);
	cr_expect_gt(mm->min_free_kbytes, first);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_MIN_FREE_KBYTES, 0, 1000), MM_OK);
	cr_expect_eq(mm->min_free_kbytes, 1000, "what the user writes holds");
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		above += z->managed - z->watermark[WMARK_HIGH];
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_THP, 0, 0), MM_OK);
	cr_expect_eq(mm->min_free_kbytes, isqrt_u64(above * 4 * 16));
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_MIN_FREE_KBYTES, 0, 8000), MM_OK);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_THP, 0, 0), MM_OK);
	cr_expect_eq(mm->min_free_kbytes, 8000, "more than the computed one is kept");
	boot_done(mm);
}

Test(mm_tune, W9_others_are_read_where_they_are_used)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	uint64_t before = zone_of(mm, ZONE_NORMAL)->watermark[WMARK_MIN];

	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_WATERMARK_BOOST_FACTOR, 0, 77), MM_OK);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_DIRTY_RATIO, 0, 33), MM_OK);
	cr_expect_eq(mm->tun.sysctl.watermark_boost_factor, 77);
	cr_expect_eq(mm->tun.sysctl.dirty_ratio, 33);
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->watermark[WMARK_MIN], before);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_EXTRA_FREE_KBYTES, 0, 4096), MM_OK);
	cr_expect_eq(mm->tun.sysctl.extra_free_kbytes, 4096);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA, -5), MM_OK);
	cr_expect_eq(mm->tun.sysctl.lowmem_reserve_ratio[ZONE_DMA], 0);
	boot_done(mm);
}

Test(mm_tune, W9_X6_values_out_of_range_change_nothing)
{
	static const struct { enum sysctl_name name; unsigned int index; int64_t value; } bad[] = {
		{ SYSCTL_MIN_FREE_KBYTES, 0, -1 },
		{ SYSCTL_MIN_FREE_KBYTES, 0, 1LL << 31 },
		{ SYSCTL_MIN_FREE_KBYTES, 1, 100 },
		{ SYSCTL_EXTRA_FREE_KBYTES, 0, -1 },
		{ SYSCTL_WATERMARK_SCALE_FACTOR, 0, 0 },
		{ SYSCTL_WATERMARK_SCALE_FACTOR, 0, 3001 },
		{ SYSCTL_WATERMARK_BOOST_FACTOR, 0, -1 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_HIGHMEM, 1 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, NR_ZONE_TYPES, 1 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA, 1LL << 31 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA, -(1LL << 31) - 1 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 7 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 1LL << 31 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, -8 },
		{ SYSCTL_DIRTY_RATIO, 0, -1 },
		{ SYSCTL_DIRTY_RATIO, 0, 101 },
		{ SYSCTL_THP, 0, 2 },
		{ SYSCTL_THP, 0, -1 },
		{ NR_SYSCTLS, 0, 1 },
	};
	struct mm *mm = boot_text(MACHINE "ops\n");
	uint64_t before = state_hash(mm);

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(mm_sysctl_write(mm, bad[i].name, bad[i].index, bad[i].value),
			     MM_BAD_VALUE, "case %u", i);
		cr_expect_eq(state_hash(mm), before, "case %u", i);
	}
	boot_done(mm);
}

/* --- CPUs (P1, P4, W8) -------------------------------------------------------------------- */

Test(mm_tune, P4_a_CPU_that_goes_leaves_nothing_behind)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page;

	mm->tun.hw->cpu = 1;
	page = get_pages(mm, GFP_KERNEL, 0);
	cr_assert_not_null(page);
	cr_expect_gt(z->cpu[1].pcp.count, 0);
	z->stats.count[NR_FREE_PAGES] -= 2;
	z->cpu[1].stat.diff[NR_FREE_PAGES] += 2;
	mm->tun.hw->cpu = 0;
	cr_expect_eq(mm_cpu_offline(mm, 1), MM_OK);
	cr_expect_eq(z->cpu[1].pcp.count, 0);
	cr_expect_eq(z->cpu[1].stat.diff[NR_FREE_PAGES], 0);
	cr_expect_eq(mm->online_cpus, 0xd);
	cr_expect_eq(zone_free_pages_exact(z, 4), 65535);
	validate_mm(mm);
	cr_expect_eq(mm_free_pages(mm, page, 0), MM_OK);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_tune, P4_which_CPUs_can_go_and_come)
{
	struct mm *mm = boot_text(MACHINE "ops\n");

	cr_expect_eq(mm_cpu_offline(mm, 0), MM_BAD_CPU, "not the one that does it");
	cr_expect_eq(mm_cpu_offline(mm, 4), MM_BAD_CPU);
	cr_expect_eq(mm_cpu_online(mm, 4), MM_BAD_CPU);
	cr_expect_eq(mm_cpu_online(mm, 3), MM_BAD_CPU);
	cr_expect_eq(mm_cpu_offline(mm, 3), MM_OK);
	cr_expect_eq(mm_cpu_offline(mm, 3), MM_BAD_CPU);
	cr_expect_eq(mm_cpu_offline(mm, 1), MM_OK);
	cr_expect_eq(mm_cpu_offline(mm, 2), MM_OK);
	cr_expect_eq(mm_cpu_offline(mm, 0), MM_BAD_CPU, "nor the last one");
	cr_expect_eq(mm_cpu_online(mm, 3), MM_OK);
	cr_expect_eq(mm->online_cpus, 0x9);
	cr_expect_eq(mm_drain_cpu(mm, 4), MM_BAD_CPU);
	cr_expect_eq(mm_drain_cpu(mm, 2), MM_OK, "one that is off has nothing to give");
	boot_done(mm);
}

Test(mm_tune, P1_W8_limits_and_thresholds_follow_the_CPUs)
{
	struct mm *mm = boot_text(MACHINE "sysctl min_free_kbytes=65536\nops\n");
	struct zone *a = zone_of(mm, ZONE_NORMAL), *b = &mm->zones[NR_ZONE_TYPES + ZONE_NORMAL];
	uint64_t low = a->watermark[WMARK_LOW], low_b = b->watermark[WMARK_LOW];

	cr_expect_eq(a->pageset_high, low / 2);
	cr_expect_eq(a->cpu[0].stat.threshold, 2 * 3 * 3);
	mm_cpu_offline(mm, 1);
	cr_expect_eq(a->pageset_high, low);
	cr_expect_eq(b->pageset_high, low_b / 2);
	cr_expect_eq(a->cpu[0].stat.threshold, 2 * 2 * 3, "three CPUs are left");
	/* A node without CPUs is split among all of them. */
	mm_cpu_offline(mm, 2);
	mm_cpu_offline(mm, 3);
	cr_expect_eq(b->pageset_high, low_b);
	cr_expect_eq(a->cpu[0].stat.threshold, 2 * 1 * 3);
	/* One that comes counts everywhere, since it is not yet anywhere. */
	mm_cpu_online(mm, 3);
	cr_expect_eq(a->pageset_high, low / 2);
	cr_expect_eq(b->pageset_high, low_b / 1);
	cr_expect_eq(a->cpu[0].stat.threshold, 2 * 2 * 3);
	validate_mm(mm);
	boot_done(mm);
}

/* --- drains and ticks (P4, W8) ---------------------------------------------------------------- */

Test(mm_tune, P4_drain_all_and_drain_one)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		mm->tun.hw->cpu = (uint8_t)cpu;
		cr_expect_not_null(get_pages(mm, GFP_KERNEL, 0));
	}
	cr_expect(z->cpu[0].pcp.count > 0 && z->cpu[1].pcp.count > 0);
	cr_expect_eq(mm_drain_cpu(mm, 0), MM_OK);
	cr_expect(z->cpu[0].pcp.count == 0 && z->cpu[1].pcp.count > 0);
	mm_drain_all(mm);
	cr_expect_eq(z->cpu[1].pcp.count, 0);
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_tune, W8_P4_a_tick_folds_and_remote_sets_expire)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = &mm->zones[NR_ZONE_TYPES + ZONE_NORMAL];
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_THISNODE, .nid = 1 };
	struct pcp *pcp = &z->cpu[0].pcp;
	struct page *page;
	uint32_t had;

	cr_expect_eq(mm_alloc_pages(mm, &req, &page), VERDICT_OK);
	cr_assert_gt(pcp->count, 0);
	had = pcp->count;
	cr_assert_neq(z->cpu[0].stat.diff[NR_FREE_PAGES], 0);
	mm_tick(mm);
	cr_expect_eq(z->cpu[0].stat.diff[NR_FREE_PAGES], 0);
	cr_expect_eq(pcp->expire, 2, "three ticks from the last change, this one counted");
	mm_tick(mm);
	cr_expect_eq(pcp->expire, 1);
	cr_expect_eq(pcp->count, had);
	mm_tick(mm);
	cr_expect_eq(pcp->expire, 0);
	cr_expect_lt(pcp->count, had, "a batch goes back");
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_tune, P4_local_sets_do_not_expire)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct pcp *pcp = &zone_of(mm, ZONE_NORMAL)->cpu[0].pcp;
	uint32_t had;

	cr_expect_not_null(get_pages(mm, GFP_KERNEL, 0));
	had = pcp->count;
	cr_expect_gt(had, 0);
	for (unsigned int i = 0; i < 6; i++) {
		mm_tick(mm);
		cr_expect_eq(pcp->expire, 0);
	}
	cr_expect_eq(pcp->count, had);
	boot_done(mm);
}

Test(mm_tune, B6_P4_a_tick_clears_pages_in_advance)
{
	struct mm *mm = boot_text(MACHINE "policy prezero\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	const struct page *page;

	cr_expect_not_null(get_pages(mm, GFP_KERNEL, 0));
	mm_tick(mm);
	page = list_entry(z->pages, z->cpu[0].pcp.lists[MIGRATE_UNMOVABLE].first);
	cr_assert_not_null(page);
	cr_expect(page->flags & PG_ZEROED);
	validate_mm(mm);
	boot_done(mm);
}

/* --- kswapd (W7, K1) --------------------------------------------------------------------- */

static uint32_t wakeups(const struct mm *mm)
{
	return mm->tun.hw->nr_events[EVENT_WAKEUP_KSWAPD];
}

static void last_event(void *to, const struct event *event)
{
	if (event->kind == EVENT_WAKEUP_KSWAPD)
		*(struct event *)to = *event;
}

Test(mm_tune, K1_what_was_asked_is_remembered)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct node *node = &mm->nodes[0];

	cr_expect_eq(node->kswapd_highest, NR_ZONE_TYPES);
	mm_wakeup_kswapd(mm, z, GFP_KERNEL, 3, ZONE_DMA);
	cr_expect(node->kswapd_highest == ZONE_DMA && node->kswapd_order == 3);
	mm_wakeup_kswapd(mm, z, GFP_KERNEL, 1, ZONE_MOVABLE);
	cr_expect(node->kswapd_highest == ZONE_MOVABLE && node->kswapd_order == 3);
	mm_wakeup_kswapd(mm, z, GFP_KERNEL, 5, ZONE_NORMAL);
	cr_expect(node->kswapd_highest == ZONE_MOVABLE && node->kswapd_order == 5);
	cr_expect_eq(mm->nodes[1].kswapd_highest, NR_ZONE_TYPES);
	cr_expect_eq(wakeups(mm), 0, "the node is balanced");
	boot_done(mm);
}

Test(mm_tune, K1_W7_it_wakes_below_the_high_mark_or_when_boosted)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);
	struct event event = { .kind = NR_EVENTS };

	mm->tun.hw->on_event = last_event;
	mm->tun.hw->on_event_to = &event;
	normal->stats.count[NR_FREE_PAGES] = (int64_t)normal->watermark[WMARK_HIGH];
	dma->stats.count[NR_FREE_PAGES] = 0;
	mm_wakeup_kswapd(mm, dma, GFP_ATOMIC, 2, ZONE_NORMAL);
	cr_expect_eq(wakeups(mm), 1);
	cr_expect(event.zone == ZONE_NORMAL && event.order == 2 && event.gfp == GFP_ATOMIC);
	cr_expect_eq(event.pfn, PFN_NONE);
	/* One page more in one zone is enough. */
	normal->stats.count[NR_FREE_PAGES]++;
	mm_wakeup_kswapd(mm, dma, GFP_ATOMIC, 0, ZONE_NORMAL);
	cr_expect_eq(wakeups(mm), 1);
	/* But not for a request that may not use that zone. */
	mm_wakeup_kswapd(mm, dma, GFP_ATOMIC, 0, ZONE_DMA);
	cr_expect_eq(wakeups(mm), 2);
	/* A boost is worth waking for, though its zone is below it or not. */
	normal->stats.count[NR_FREE_PAGES] = 60000;
	normal->boost = 1;
	mm_wakeup_kswapd(mm, normal, 0, 0, ZONE_NORMAL);
	cr_expect_eq(wakeups(mm), 3);
	boot_done(mm);
}

Test(mm_tune, K1_Z5_zones_without_pages_wake_nobody)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				  "zone DMA start=0 spanned=1024 managed=0\n"
				  "zone Normal start=1024 spanned=4096\nops\n");

	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = 0;
	mm_wakeup_kswapd(mm, zone_of(mm, ZONE_DMA), GFP_KERNEL, 0, ZONE_NORMAL);
	cr_expect_eq(mm->nodes[0].kswapd_highest, NR_ZONE_TYPES);
	/* No managed zone up to DMA: there is nothing to balance. */
	mm_wakeup_kswapd(mm, zone_of(mm, ZONE_NORMAL), GFP_KERNEL, 0, ZONE_DMA);
	cr_expect_eq(wakeups(mm), 0);
	mm_wakeup_kswapd(mm, zone_of(mm, ZONE_NORMAL), GFP_KERNEL, 0, ZONE_NORMAL);
	cr_expect_eq(wakeups(mm), 1);
	boot_done(mm);
}

Test(mm_tune, P3_reclaim_says_when_it_works)
{
	struct mm *mm = boot_text(MACHINE "ops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	z->boosted = true;
	mm_set_reclaim_active(mm, z, true);
	cr_expect(z->reclaim_active);
	mm_set_reclaim_active(mm, z, false);
	mm_set_reclaim_active(mm, z, false);
	cr_expect(!z->reclaim_active && z->boosted);
	boot_done(mm);
}
