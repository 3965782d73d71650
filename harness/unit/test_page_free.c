/* SPDX-License-Identifier: MIT */
/* test_page_free.c - where freed pages go, and what of their owner ends with them */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "alloc_context.h"
#include "event_log.h"
#include "validate.h"

static const char machine[] =
	"tidemark 1\nmachine cpus=2 pageblock_order=6 zones=DMA,Normal,Movable\n"
	"zone DMA start=0 spanned=1024\nzone Normal start=1024 spanned=4096\n"
	"sysctl lowmem_reserve_ratio=0,0,0\nops\n";

static struct event_log seen;

static struct pcp *set_of(struct mm *mm, enum zone_type type, unsigned int cpu)
{
	return &zone_of(mm, type)->cpu[cpu].pcp;
}

static uint64_t pgfree(struct mm *mm) { return mm_event_sum(mm, PGFREE); }

/* As an isolation in progress would leave it. */
static void isolate_pageblock_of(struct zone *z, const struct page *page)
{
	pageblock_set_type(z->tun, &z->blocks, zone_pfn(z, page), MIGRATE_ISOLATE);
	z->nr_isolated_blocks++;
}

/* --- where to ----------------------------------------------------------------------------- */

Test(page_free, P1_B2_to_the_set_or_to_the_buddy_by_order)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *page = get_pages(mm, GFP_KERNEL, order);
		bool listed = order <= COSTLY_ORDER || order == 6;

		mm_drain_all(mm);
		cr_assert_eq(mm_free_pages(mm, page, order), MM_OK);
		cr_assert_eq(page->state == PAGE_PCP, listed, "order %u", order);
		cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, listed ? 1u << order : 0);
	}
	boot_done(mm);
}

Test(page_free, P2_to_the_set_of_the_cpu_that_frees)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 2);

	mm->tun.hw->cpu = 1;
	mm_free_pages(mm, page, 2);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, 0);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 1)->count, 4);
	cr_assert_eq(page->cpu, 1);
	boot_done(mm);
}

Test(page_free, P6_a_free_that_does_not_get_the_set_goes_to_the_buddy)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);

	mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, 0);
	mm_tick(mm);
	cr_assert_eq(zone_free_pages(zone_of(mm, ZONE_NORMAL)), 4096);
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_free, P5_isolated_pages_go_to_the_buddy_and_are_not_counted)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *small = get_pages(mm, GFP_KERNEL, 0), *large = get_pages(mm, GFP_KERNEL, 4);

	mm_drain_all(mm);
	isolate_pageblock_of(z, small);
	cr_assert_eq(pageblock_type(&z->blocks, zone_pfn(z, large)), MIGRATE_ISOLATE);
	mm_tick(mm);
	cr_assert_eq(zone_free_pages(z), 4096 - 17);
	cr_assert_eq(mm_free_pages(mm, small, 0), MM_OK);
	cr_assert_eq(mm_free_pages(mm, large, 4), MM_OK);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, 0);
	mm_tick(mm);
	cr_assert_eq(zone_free_pages(z), 4096 - 17);
	cr_assert_gt(z->area[0].list[MIGRATE_ISOLATE].nr + z->area[4].list[MIGRATE_ISOLATE].nr +
		     z->area[6].list[MIGRATE_ISOLATE].nr, 0);
	boot_done(mm);
}

Test(page_free, P5_isolated_pages_of_a_list_go_their_own_way)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *pages[4];

	for (unsigned int i = 0; i < 4; i++)
		pages[i] = get_pages(mm, i % 2 ? GFP_KERNEL : GFP_KERNEL | __GFP_MOVABLE, 0);
	isolate_pageblock_of(z, pages[1]);
	cr_assert_eq(mm_free_page_list(mm, pages, 4), MM_OK);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, 2);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->lists[MIGRATE_MOVABLE].nr, 2);
	boot_done(mm);
}

Test(page_free, B5_B2_what_an_exact_request_leaves_over_goes_to_the_tails)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *one = get_pages(mm, GFP_KERNEL, 0);
	struct page *two = get_pages(mm, GFP_KERNEL, 0);
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = NODE_NONE };
	struct page *page;

	cr_assert_not_null(two);
	mm_free_pages(mm, one, 0);
	mm_drain_all(mm);
	/* Of 8 pages five are kept: 6-7 merge, and 5 goes behind the page that was there. */
	cr_assert_eq(mm_alloc_exact(mm, &req, 5, &page), VERDICT_OK);
	cr_assert_eq(zone_pfn(z, buddy_first(z, 0, MIGRATE_UNMOVABLE)), zone_pfn(z, one));
	cr_assert_eq(z->area[0].list[MIGRATE_UNMOVABLE].last, list_link(z->pages, page + 5));
	cr_assert_eq(page[6].state, PAGE_FREE);
	cr_assert_eq(page[6].order, 1);
	validate_mm(mm);
	boot_done(mm);
}

/* --- what ends with the ownership --------------------------------------------------------- */

Test(page_free, M3_G5_marks_end_with_the_owner)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int order = 0; order <= 5; order++) {
		struct page *page = get_pages(mm, GFP_KERNEL, order);

		mm_set_movable(mm, page, true);
		mm_set_dirty(mm, page, true);
		cr_assert_eq(mm->nodes[0].nr_dirty, 1u << order);
		cr_assert_eq(mm_free_pages(mm, page, order), MM_OK);
		cr_assert_eq(mm->nodes[0].nr_dirty, 0);
		for (unsigned int i = 0; i < 1u << order; i++)
			cr_assert_eq(page[i].flags, 0);
	}
	validate_mm(mm);
	boot_done(mm);
}

Test(page_free, G5_dirty_pages_of_a_list_are_counted_off)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[3];

	for (unsigned int i = 0; i < 3; i++) {
		pages[i] = get_pages(mm, GFP_KERNEL, 0);
		mm_set_dirty(mm, pages[i], true);
	}
	cr_assert_eq(mm->nodes[0].nr_dirty, 3);
	cr_assert_eq(mm_free_page_list(mm, pages, 3), MM_OK);
	cr_assert_eq(mm->nodes[0].nr_dirty, 0);
	boot_done(mm);
}

Test(page_free, B6_a_free_page_is_poison_or_zero_or_neither)
{
	static const struct { const char *policy; uint8_t flags; } cases[] = {
		{ "", 0 }, { "policy init_on_free\n", PG_ZEROED },
		{ "policy poison\n", PG_POISONED }, { "policy poison init_on_free\n", PG_POISONED },
		{ "policy init_on_alloc\n", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400];
		struct page *page;
		struct mm *mm;

		snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
			 "zone Normal start=0 spanned=4096\n%sops\n", cases[i].policy);
		mm = boot_text(text);
		page = get_pages(mm, GFP_KERNEL, 0);
		mm_free_pages(mm, page, 0);
		cr_assert_eq(page->flags, cases[i].flags, "case %zu", i);
		/* Merged with what was never touched, nothing can be said of the whole. */
		mm_drain_all(mm);
		cr_assert_eq(page->state, PAGE_FREE);
		cr_assert_eq(page->order, 10);
		cr_assert_eq(page->flags, 0);
		validate_mm(mm);
		boot_done(mm);
	}
}

Test(page_free, B6_a_write_to_poisoned_memory_is_found, .signal = SIGABRT)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
				  "zone Normal start=0 spanned=4096\npolicy poison\nops\n");
	struct page *page = get_pages(mm, GFP_KERNEL, 0);
	pfn_t pfn = mm_page_pfn(mm, page);

	mm_free_pages(mm, page, 0);
	hook_pages_alloc(mm->tun.hw, ZONE_NORMAL, pfn, 1);
	sim_page_bytes(mm->tun.hw, ZONE_NORMAL, pfn)[7] ^= 1;
	get_pages(mm, GFP_KERNEL, 0);
}

/* --- counters and events ------------------------------------------------------------------ */

Test(page_free, S1_pgfree_counts_pages_but_not_those_that_miss_their_set)
{
	struct mm *mm = boot_text(machine);
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	struct page *page = get_pages(mm, GFP_KERNEL, 5);
	struct page *pages[3];

	mm_free_pages(mm, page, 5);
	cr_assert_eq(pgfree(mm), 32);
	page = get_pages(mm, GFP_KERNEL, 2);
	mm_free_pages(mm, page, 2);
	cr_assert_eq(pgfree(mm), 36);
	for (unsigned int i = 0; i < 3; i++)
		pages[i] = get_pages(mm, GFP_KERNEL, 0);
	cr_assert_eq(mm_free_page_list(mm, pages, 3), MM_OK);
	cr_assert_eq(pgfree(mm), 39);

	page = get_pages(mm, GFP_KERNEL, 2);
	mm->tun.hw->fail_trylock_at = 1;
	mm_free_pages(mm, page, 2);
	cr_assert_eq(pgfree(mm), 39);
	page = get_pages(mm, GFP_KERNEL, 0);
	isolate_pageblock_of(z, page);
	mm_free_pages(mm, page, 0);
	cr_assert_eq(pgfree(mm), 39);
	boot_done(mm);
}

Test(page_free, S3_a_free_tells_page_and_order)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 3);
	const struct event *e;

	event_log_start(&seen, mm);
	mm_free_pages(mm, page, 3);
	cr_assert_eq(seen.nr, 1);
	e = event_log_nth(&seen, EVENT_PAGE_FREE, 0);
	cr_assert_eq(e->pfn, 1024);
	cr_assert_eq(e->order, 3);
	cr_assert_eq(e->zone, ZONE_NORMAL);
	mm_drain_all(mm);
	e = event_log_nth(&seen, EVENT_PCPU_DRAIN, 0);
	cr_assert_eq(e->pfn, 1024);
	cr_assert_eq(e->order, 3);
	cr_assert_eq(e->type, MIGRATE_UNMOVABLE);
	cr_assert_eq(e->zone, ZONE_NORMAL);
	cr_assert_eq(seen.nr, 2);
	boot_done(mm);
}

Test(page_free, S3_B5_tails_are_told_one_by_one_from_the_largest)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 5);

	mm_get_page(mm, page);
	event_log_start(&seen, mm);
	mm_free_pages(mm, page, 5);
	cr_assert_eq(event_log_count(&seen, EVENT_PAGE_FREE), 5);
	for (unsigned int i = 0; i < 5; i++) {
		cr_assert_eq(event_log_nth(&seen, EVENT_PAGE_FREE, i)->order, 4 - i);
		cr_assert_eq(event_log_nth(&seen, EVENT_PAGE_FREE, i)->pfn, 1024 + (16u >> i));
	}
	boot_done(mm);
}

/* --- several users ------------------------------------------------------------------------ */

Test(page_free, B5_who_is_last_frees_what_is_left)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 2);

	/* The owner goes first: it takes all along but the page that the other one holds. */
	mm_get_page(mm, page);
	cr_assert_eq(mm_free_pages(mm, page, 2), MM_OK);
	cr_assert_eq(page->state, PAGE_ALLOC);
	cr_assert_eq(page->order, 0);
	cr_assert_eq(set_of(mm, ZONE_NORMAL, 0)->count, 3);
	cr_assert_eq(mm_put_page(mm, page), MM_OK);
	cr_assert_eq(page->state, PAGE_PCP);
	cr_assert_eq(mm_put_page(mm, page), MM_BAD_PAGE);

	/* The other one goes first: nothing is freed before the owner frees the whole. */
	page = get_pages(mm, GFP_KERNEL, 2);
	mm_get_page(mm, page);
	cr_assert_eq(mm_put_page(mm, page), MM_OK);
	cr_assert_eq(page->refs, 1);
	cr_assert_eq(page->order, 2);
	cr_assert_eq(mm_free_pages(mm, page, 2), MM_OK);
	cr_assert_eq(page->order, 2);
	cr_assert_eq(page->state, PAGE_PCP);
	boot_done(mm);
}

Test(page_free, B5_a_compound_block_goes_whole_with_its_last_user)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int owner_last = 0; owner_last < 2; owner_last++) {
		struct page *page = get_pages(mm, GFP_KERNEL | __GFP_COMP, 3);

		mm_get_page(mm, page);
		for (unsigned int i = 0; i < 2; i++) {
			cr_assert_eq(page->state, PAGE_ALLOC);
			cr_assert_eq(i == owner_last ? mm_free_pages(mm, page, 3)
						     : mm_put_page(mm, page), MM_OK);
		}
		cr_assert_eq(page->state, PAGE_PCP);
		cr_assert_eq(page->order, 3);
		mm_drain_all(mm);
	}
	boot_done(mm);
}

Test(page_free, B5_X6_the_owners_own_use_is_not_put)
{
	struct mm *mm = boot_text(machine);
	struct page *page = get_pages(mm, GFP_KERNEL, 1), before = *page;

	cr_assert_eq(mm_put_page(mm, page), MM_BAD_COUNT);
	cr_assert_eq(memcmp(page, &before, sizeof(before)), 0);
	cr_assert_eq(mm_put_page(mm, NULL), MM_BAD_PAGE);
	cr_assert_eq(mm_free_pages(mm, page, 1), MM_OK);
	boot_done(mm);
}

Test(page_free, S3_B5_a_list_is_freed_in_runs_of_a_zone)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[80];

	/* 40 of Normal, 3 of DMA, 37 of Normal: runs of 32, 8, 3, 32, 5. */
	for (unsigned int i = 0; i < 80; i++)
		pages[i] = get_pages(mm, GFP_KERNEL | (i >= 40 && i < 43 ? __GFP_DMA : 0), 0);
	event_log_start(&seen, mm);
	/* One hold of the set each: the fourth run does not get it, for one page. */
	mm->tun.hw->fail_trylock_at = 4;
	cr_assert_eq(mm_free_page_list(mm, pages, 80), MM_OK);
	cr_assert_eq(mm->tun.hw->struck, 1);
	cr_assert_eq(event_log_count(&seen, EVENT_PAGE_FREE), 80);
	cr_assert_eq(event_log_count(&seen, EVENT_PAGE_FREE_BATCHED), 79);
	cr_assert_eq(event_log_nth(&seen, EVENT_PAGE_FREE_BATCHED, 40)->zone, ZONE_DMA);
	cr_assert_eq(event_log_nth(&seen, EVENT_PAGE_FREE_BATCHED, 43)->zone, ZONE_NORMAL);
	cr_assert_eq(pgfree(mm), 79);
	mm_drain_all(mm);
	mm_tick(mm);
	validate_all_free(mm);
	boot_done(mm);
}

Test(page_free, X7_everything_freed_is_the_machine_of_boot)
{
	struct mm *mm = boot_text(machine);
	struct page *pages[600];
	unsigned int nr = 0;

	for (unsigned int order = 0; order <= 9; order++)
		for (unsigned int i = 0; i < 3; i++) {
			mm->tun.hw->cpu = (uint8_t)(i & 1);
			pages[nr] = get_pages(mm, i ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, order);
			nr += pages[nr] != NULL;
		}
	while (nr-- > 0) {
		mm->tun.hw->cpu = (uint8_t)(nr % 3 == 0);
		cr_assert_eq(mm_free_pages(mm, pages[nr], pages[nr]->order), MM_OK);
		validate_mm(mm);
	}
	mm_drain_all(mm);
	for (uint8_t cpu = 0; cpu < 2; cpu++) {
		mm->tun.hw->cpu = cpu;
		mm_tick(mm);
	}
	validate_all_free(mm);
	boot_done(mm);
}
