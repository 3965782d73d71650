/* SPDX-License-Identifier: MIT */
/* test_sim.c - the deterministic machine: contents, interrupts, faults, and what it panics about */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "fixture.h"
#include "hooks.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2 pageblock_order=4 zones=DMA,Normal,Movable\n"
	"zone DMA start=0 spanned=256\nzone Normal start=256 spanned=1024\nops\n";

static bool all_bytes(struct mm *mm, const struct page *page, uint8_t byte)
{
	const uint8_t *bytes = sim_page_bytes(mm->tun.hw, page->zone, mm_page_pfn(mm, page));

	for (unsigned int i = 0; i < CONTENT_BYTES; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

/* --- contents ----------------------------------------------------------------------------- */

Test(sim, X10_memory_that_nobody_wrote_is_the_same_junk)
{
	struct mm *mm = boot_text(machine);
	struct page *low = get_pages(mm, GFP_KERNEL, 0);
	/* Further up first, then below: what lies between is junk as well. */
	struct page *high = get_pages(mm, GFP_KERNEL, 8), *between = get_pages(mm, GFP_KERNEL, 1);

	cr_assert(all_bytes(mm, low, 0x5d));
	cr_assert(all_bytes(mm, high, 0x5d));
	cr_assert(all_bytes(mm, between, 0x5d));
	/* Used and freed, it is what its owner wrote. */
	memset(sim_page_bytes(mm->tun.hw, low->zone, mm_page_pfn(mm, low)), 3, CONTENT_BYTES);
	mm_free_pages(mm, low, 0);
	cr_assert_eq(get_pages(mm, GFP_KERNEL, 0), low);
	cr_assert(all_bytes(mm, low, 3));
	boot_done(mm);
}

Test(sim, B6_clear_and_poison)
{
	struct mm *mm = boot_text(machine);
	struct hw *hw = mm->tun.hw;
	struct page *page = get_pages(mm, GFP_KERNEL, 2);
	pfn_t pfn = mm_page_pfn(mm, page);

	/* What was not cleared is junk, whoever looks first. */
	hook_pages_clear(hw, ZONE_NORMAL, pfn + 1, 2);
	cr_assert(sim_pages_are_zero(hw, ZONE_NORMAL, pfn + 1, 2));
	cr_assert_not(sim_pages_are_zero(hw, ZONE_NORMAL, pfn, 1));
	cr_assert_eq(sim_page_bytes(hw, ZONE_NORMAL, pfn)[0], 0x5d);
	cr_assert_eq(sim_page_bytes(hw, ZONE_NORMAL, pfn + 3)[0], 0x5d);
	cr_assert(sim_pages_are_zero(hw, ZONE_NORMAL, pfn + 1, 2));
	hook_pages_clear(hw, ZONE_NORMAL, pfn, 4);
	cr_assert(sim_pages_are_zero(hw, ZONE_NORMAL, pfn, 4));
	hook_pages_poison(hw, ZONE_NORMAL, pfn + 1, 2);
	cr_assert(hook_pages_poison_intact(hw, ZONE_NORMAL, pfn + 1, 2));
	cr_assert_not(hook_pages_poison_intact(hw, ZONE_NORMAL, pfn, 2));
	cr_assert_not(sim_pages_are_zero(hw, ZONE_NORMAL, pfn, 4));
	cr_assert(sim_pages_are_zero(hw, ZONE_NORMAL, pfn + 3, 1));
	sim_page_bytes(hw, ZONE_NORMAL, pfn + 2)[CONTENT_BYTES - 1] = 0;
	cr_assert_not(hook_pages_poison_intact(hw, ZONE_NORMAL, pfn + 1, 2));
	boot_done(mm);
}

Test(sim, X8_pages_and_zones_do_not_share_contents)
{
	struct mm *mm = boot_text(machine);
	struct hw *hw = mm->tun.hw;
	struct page *a = get_pages(mm, GFP_KERNEL, 1);
	struct page *b = get_pages(mm, GFP_KERNEL | __GFP_DMA, 1);

	for (unsigned int i = 0; i < 2; i++) {
		memset(sim_page_bytes(hw, a->zone, mm_page_pfn(mm, a) + i), 0x10 + (int)i,
		       CONTENT_BYTES);
		memset(sim_page_bytes(hw, b->zone, mm_page_pfn(mm, b) + i), 0x20 + (int)i,
		       CONTENT_BYTES);
	}
	cr_assert(all_bytes(mm, a, 0x10));
	cr_assert(all_bytes(mm, b, 0x20));
	cr_assert_eq(sim_page_bytes(hw, a->zone, mm_page_pfn(mm, a) + 1)[0], 0x11);
	boot_done(mm);
}

Test(sim, X10_a_machine_boots_anew_with_closed_contents)
{
	struct mm *mm = boot_text(machine);
	struct hw *hw = mm->tun.hw;
	struct page *page = get_pages(mm, GFP_KERNEL, 0);

	memset(sim_page_bytes(hw, page->zone, mm_page_pfn(mm, page)), 9, CONTENT_BYTES);
	sim_contents_boot(hw->contents, mm);
	hook_pages_alloc(hw, page->zone, mm_page_pfn(mm, page), 1);
	cr_assert(all_bytes(mm, page, 0x5d));
	boot_done(mm);
}

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>

/* Of the pages of a block, given by where the contents of its first one are. */
static unsigned int open_pages(const uint8_t *bytes, unsigned int nr)
{
	unsigned int open = 0;

	for (unsigned int i = 0; i < nr; i++)
		open += !__asan_address_is_poisoned(bytes + (size_t)i * CONTENT_BYTES);
	return open;
}

Test(sim, X8_only_pages_that_are_handed_out_can_be_touched)
{
	struct mm *mm = boot_text(machine);
	struct hw *hw = mm->tun.hw;
	struct page *page = get_pages(mm, GFP_KERNEL, 3);
	pfn_t pfn = mm_page_pfn(mm, page);
	uint8_t *bytes = sim_pages_bytes(hw, page->zone, pfn, 1);

	cr_assert_eq(open_pages(bytes, 8), 1, "opened when somebody looks");
	sim_pages_bytes(hw, page->zone, pfn, 8);
	cr_assert_eq(open_pages(bytes, 8), 8);
	cr_assert_eq(mm_free_pages(mm, page, 3), MM_OK);
	cr_assert_eq(open_pages(bytes, 8), 0);
	sim_pages_bytes(hw, ZONE_NORMAL, pfn, 8);
	cr_assert_eq(open_pages(bytes, 8), 0, "looking does not open what is free");
	hook_pages_alloc(hw, ZONE_NORMAL, pfn, 2);
	cr_assert_eq(open_pages(bytes, 8), 0);
	sim_pages_bytes(hw, ZONE_NORMAL, pfn, 8);
	cr_assert_eq(open_pages(bytes, 8), 2);
	sim_contents_boot(hw->contents, mm);
	cr_assert_eq(open_pages(bytes, 8), 0);
	boot_done(mm);
}
#endif
#endif

Test(sim, Z1_a_machine_may_be_without_contents)
{
	struct mm *mm = boot_text(machine);
	struct hw *hw = mm->tun.hw;
	struct contents *kept = hw->contents;
	struct page *page;

	hw->contents = NULL;
	page = get_pages(mm, GFP_KERNEL | __GFP_ZERO, 3);
	cr_assert_not_null(page);
	cr_assert_null(sim_page_bytes(hw, page->zone, mm_page_pfn(mm, page)));
	/* Nothing can be said against what is not kept. */
	cr_assert(sim_pages_are_zero(hw, page->zone, mm_page_pfn(mm, page), 8));
	cr_assert(hook_pages_poison_intact(hw, page->zone, mm_page_pfn(mm, page), 8));
	cr_assert_eq(mm_free_pages(mm, page, 3), MM_OK);
	hw->contents = kept;
	boot_done(mm);
}

Test(sim, Z1_very_large_machines_have_none)
{
	/* One page more than contents are kept for, with a zone before it that would fit. */
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 zones=DMA,Normal,Movable\n"
				  "zone DMA start=0 spanned=1024\n"
				  "zone Normal start=1024 spanned=4193281\nops\n");
	struct page *page = get_pages(mm, GFP_KERNEL | __GFP_ZERO, 0);

	cr_assert_eq(1024 + 4193281, SIM_PAGES_MAX + 1);
	cr_assert_null(sim_page_bytes(mm->tun.hw, page->zone, mm_page_pfn(mm, page)));
	page = get_pages(mm, GFP_KERNEL | __GFP_DMA, 0);
	cr_assert_null(sim_page_bytes(mm->tun.hw, page->zone, mm_page_pfn(mm, page)));
	boot_done(mm);
}

Test(sim, X1_contents_beyond_the_zone_panic, .signal = SIGABRT)
{
	struct mm *mm = boot_text(machine);

	hook_pages_alloc(mm->tun.hw, ZONE_DMA, 255, 2);
}

/* --- interrupts and faults ---------------------------------------------------------------- */

static unsigned int interrupts;

static void count_interrupt(void *to)
{
	struct hw *hw = to;

	interrupts++;
	cr_assert(hw->in_irq);
	cr_assert(hw->irq_masked);
	for (unsigned int rank = 0; rank <= RANK_ZONE; rank++)
		cr_assert_eq(hw->held[rank], 0);
}

static struct hw hardware(uint64_t budget)
{
	return (struct hw){ .budget = budget, .irq = count_interrupt };
}

Test(sim, P6_an_interrupt_comes_once_at_its_unmasked_step)
{
	struct hw hw = hardware(1000);
	bool masked;

	hw.irq_to = &hw;
	hw.irq_at = 3;
	hook_step(&hw);
	masked = hook_irq_save(&hw);
	cr_assert_not(masked);
	for (unsigned int i = 0; i < 10; i++)
		hook_step(&hw);
	/* Masked inside masked stays masked. */
	cr_assert(hook_irq_save(&hw));
	hook_irq_restore(&hw, true);
	cr_assert_eq(interrupts, 0);
	/* Unmasking is a step itself: the second one that counts. */
	hook_irq_restore(&hw, masked);
	cr_assert_eq(interrupts, 0);
	hook_step(&hw);
	cr_assert_eq(interrupts, 1);
	cr_assert_eq(hw.struck, 1);
	cr_assert_not(hw.in_irq);
	cr_assert_not(hw.irq_masked);
	hook_step(&hw);
	cr_assert_eq(interrupts, 1);
	boot_done(boot_text(machine));
}

Test(sim, P6_locks_below_an_interrupt_stay_held)
{
	struct hw hw = hardware(1000);
	struct spinlock pcp, zone;

	hw.irq_to = &hw;
	hook_lock_init(&pcp, RANK_PCP);
	hook_lock_init(&zone, RANK_ZONE);
	hook_lock(&hw, &pcp);
	hw.irq_at = 1;
	hw.alarm = 0;
	/* What it interrupted holds the set's lock, and it must not. */
	hook_step(&hw);
	cr_assert_eq(interrupts, 1);
	cr_assert_eq(hw.held[RANK_PCP], 1);
	cr_assert(hook_lock_is_held(&hw, &pcp));
	cr_assert_not(hook_trylock(&hw, &pcp));
	hook_unlock(&hw, &pcp);
	cr_assert_not(hook_lock_is_held(&hw, &pcp));
	cr_assert(hook_trylock(&hw, &zone));
	/* An interrupt that nobody handles does nothing. */
	hw.irq = NULL;
	hw.irq_at = 1;
	hw.alarm = 0;
	hook_step(&hw);
	cr_assert_eq(hw.struck, 1);
}

Test(sim, P6_one_trylock_is_refused)
{
	struct hw hw = hardware(1000);
	struct spinlock lock;

	hook_lock_init(&lock, RANK_PCP);
	hw.fail_trylock_at = 2;
	cr_assert(hook_trylock(&hw, &lock));
	hook_unlock(&hw, &lock);
	cr_assert_not(hook_trylock(&hw, &lock));
	cr_assert_eq(hw.struck, 1);
	cr_assert(hook_trylock(&hw, &lock));
}

Test(sim, X6_requests_fail_once_or_from_there_on)
{
	struct hw hw = hardware(1000);

	cr_assert(hook_may_alloc(&hw, 0, 0));
	hw.fail_alloc_at = 2;
	cr_assert(hook_may_alloc(&hw, 0, 0));
	cr_assert_not(hook_may_alloc(&hw, 0, 0));
	cr_assert(hook_may_alloc(&hw, 0, 0));
	hw.fail_alloc_at = 2;
	hw.fail_alloc_from = true;
	cr_assert(hook_may_alloc(&hw, 0, 0));
	for (unsigned int i = 0; i < 5; i++)
		cr_assert_not(hook_may_alloc(&hw, 0, 0));
	cr_assert_eq(hw.struck, 6);
}

Test(sim, X10_B6_random_numbers_are_splitmix64)
{
	struct hw hw = hardware(1000);

	cr_assert_eq(hook_random(&hw), 0xe220a8397b1dcdafu);
	cr_assert_eq(hook_random(&hw), 0x6e789e6aa1b965f4u);
	cr_assert_eq(hook_random(&hw), 0x06c45d188009454fu);
}

Test(sim, S3_events_and_touched_blocks_are_kept)
{
	struct hw hw = hardware(1000);

	hook_event(&hw, (struct event){ .kind = EVENT_PAGE_FREE });
	hook_event(&hw, (struct event){ .kind = EVENT_PAGE_FREE });
	cr_assert_eq(hw.nr_events[EVENT_PAGE_FREE], 2);
	cr_assert_eq(hw.nr_events[EVENT_PAGE_ALLOC], 0);
	/* More than there is room for: the latest are kept. */
	for (unsigned int i = 0; i < TOUCHED_MAX + 2; i++)
		hook_touched(&hw, 5, i, 3);
	cr_assert_eq(hw.nr_touched, TOUCHED_MAX + 2);
	cr_assert_eq(hw.touched[1].pfn, TOUCHED_MAX + 1);
	cr_assert_eq(hw.touched[2].pfn, 2);
	cr_assert_eq(hw.touched[2].list, 3);
	cr_assert_eq(hw.zones_touched, 1u << 5);
}

Test(sim, X10_shared_state_is_stepped_over)
{
	struct hw hw = hardware(1000);
	int x = 1;

	cr_assert_eq(read_shared(&hw, x), 1);
	write_shared(&hw, x, 4);
	add_shared(&hw, x, 3);
	cr_assert_eq(hw.steps, 3);
	publish(x, x + 1);
	cr_assert_eq(x, 8);
	cr_assert_eq(hw.steps, 3);
}

/* --- what it panics about (X9) ------------------------------------------------------------ */

Test(sim, X9_an_operation_beyond_its_budget_panics, .signal = SIGABRT)
{
	struct mm *mm = boot_text(machine);

	mm->tun.hw->steps = 0;
	mm->tun.hw->budget = 5;
	mm->tun.hw->alarm = 0;
	get_pages(mm, GFP_KERNEL, 0);
}

Test(sim, X9_a_budget_is_spent_to_the_last_step)
{
	struct hw hw = hardware(3);

	for (unsigned int i = 0; i < 3; i++)
		hook_step(&hw);
	cr_assert_eq(hw.steps, 3);
}

Test(sim, X9_locks_are_taken_upward_only, .signal = SIGABRT)
{
	struct hw hw = hardware(1000);
	struct spinlock pcp, zone;

	hook_lock_init(&pcp, RANK_PCP);
	hook_lock_init(&zone, RANK_ZONE);
	hook_lock(&hw, &zone);
	hook_lock(&hw, &pcp);
}

Test(sim, X9_two_locks_of_a_rank_panic, .signal = SIGABRT)
{
	struct hw hw = hardware(1000);
	struct spinlock a, b;

	hook_lock_init(&a, RANK_ZONE);
	hook_lock_init(&b, RANK_ZONE);
	hook_lock(&hw, &a);
	hook_trylock(&hw, &b);
}

Test(sim, X9_a_lock_that_is_held_can_never_be_had, .signal = SIGABRT)
{
	struct hw hw = hardware(1000);
	struct spinlock lock;

	hook_lock_init(&lock, RANK_TUNABLES);
	hook_lock(&hw, &lock);
	hw.cpu = 1;
	hook_lock(&hw, &lock);
}

Test(sim, X9_only_the_holder_unlocks, .signal = SIGABRT)
{
	struct hw hw = hardware(1000);
	struct spinlock lock;

	hook_lock_init(&lock, RANK_PCP);
	hook_lock(&hw, &lock);
	hw.cpu = 1;
	hook_unlock(&hw, &lock);
}

static void keep_a_lock(void *to)
{
	static struct spinlock lock = { .rank = RANK_PCP };

	hook_lock(to, &lock);
}

Test(sim, X9_an_interrupt_that_keeps_a_lock_panics, .signal = SIGABRT)
{
	struct hw hw = hardware(1000);

	hw.irq = keep_a_lock;
	hw.irq_to = &hw;
	hw.irq_at = 1;
	hook_step(&hw);
}
