/* SPDX-License-Identifier: MIT */
/* test_list.c - lists linked by index, and the counters' arithmetic */
#include <criterion/criterion.h>
#include <signal.h>

#include "fixture.h"

enum { NR = 8 };

/* The links of a list, first to last, as a string of digits. */
static const char *order_of(const struct list *l, struct page *base, char text[NR + 1])
{
	struct page *p = list_entry(base, l->first);
	size_t n = 0;

	for (; p && n < NR; p = list_entry(base, p->next))
		text[n++] = (char)('0' + (p - base));
	text[n] = '\0';
	return text;
}

Test(list, X3_head_and_tail)
{
	struct page pages[NR] = { 0 };
	struct list l = { 0 };
	char text[NR + 1];

	cr_assert(list_empty(&l));
	list_add_head(&l, pages, &pages[1]);
	list_add_head(&l, pages, &pages[0]);
	list_add_tail(&l, pages, &pages[2]);
	cr_assert_str_eq(order_of(&l, pages, text), "012");
	cr_assert_eq(l.nr, 3);
	list_del(&l, pages, &pages[1]);
	cr_assert_str_eq(order_of(&l, pages, text), "02");
	list_del(&l, pages, &pages[0]);
	list_del(&l, pages, &pages[2]);
	cr_assert(list_empty(&l) && l.last == 0 && l.nr == 0);
	for (int i = 0; i < NR; i++)
		cr_assert(pages[i].next == 0 && pages[i].prev == 0);
}

Test(list, X3_tail_of_an_empty_list_is_its_head)
{
	struct page pages[NR] = { 0 };
	struct list l = { 0 };

	list_add_tail(&l, pages, &pages[5]);
	cr_assert_eq(l.first, 6);
	cr_assert_eq(l.last, 6);
}

Test(list, B6_swap_exchanges_any_two_members)
{
	for (int a = 0; a < NR; a++) {
		for (int b = 0; b < NR; b++) {
			struct page pages[NR] = { 0 };
			struct list l = { 0 };
			char text[NR + 1], want[NR + 1] = "01234567";

			if (a == b)
				continue;
			for (int i = 0; i < NR; i++)
				list_add_tail(&l, pages, &pages[i]);
			list_swap(&l, pages, &pages[a], &pages[b]);
			want[a] = (char)('0' + b);
			want[b] = (char)('0' + a);
			cr_assert_str_eq(order_of(&l, pages, text), want);
			cr_assert_eq(l.nr, NR);
			cr_assert_eq(pages[l.last - 1].next, 0);
			/* Backward links agree: unlink everything from the tail. */
			for (int i = NR - 1; i >= 0; i--)
				list_del(&l, pages, &pages[l.last - 1]);
			cr_assert(list_empty(&l));
		}
	}
}

Test(list, X3_adding_a_linked_page_panics, .signal = SIGABRT)
{
	struct page pages[NR] = { 0 };
	struct list l = { 0 };

	list_add_tail(&l, pages, &pages[0]);
	list_add_tail(&l, pages, &pages[1]);
	list_add_head(&l, pages, &pages[1]);
}

Test(list, X3_deleting_through_a_broken_link_panics, .signal = SIGABRT)
{
	struct page pages[NR] = { 0 };
	struct list l = { 0 };

	list_add_tail(&l, pages, &pages[0]);
	list_add_tail(&l, pages, &pages[1]);
	pages[0].next = 3;
	list_del(&l, pages, &pages[1]);
}

Test(stat, W8_threshold_follows_cpus_and_size)
{
	/* What real kernels print: guests, and the reports' machines. */
	cr_assert_eq(stat_threshold(3840, 2, 12), 4);
	cr_assert_eq(stat_threshold(112697, 2, 12), 12);
	cr_assert_eq(stat_threshold(211948, 2, 12), 16);
	cr_assert_eq(stat_threshold(298978, 2, 12), 20);
	cr_assert_eq(stat_threshold(3335917, 2, 12), 32);
	cr_assert_eq(stat_threshold(1022150, 8, 12), 48);
	cr_assert_eq(stat_threshold(1ULL << 30, 64, 12), 125);
}

Test(stat, W8_a_difference_is_passed_on_past_the_threshold)
{
	struct hw hw = { .budget = UINT64_MAX };
	struct zone_stats stats = { { 0 } };
	struct stat_diff diff = { .threshold = 4 };

	for (int i = 0; i < 4; i++)
		stat_mod(&hw, &stats, &diff, NR_FREE_PAGES, 1);
	cr_assert_eq(stats.count[NR_FREE_PAGES], 0);
	cr_assert_eq(diff.diff[NR_FREE_PAGES], 4);
	stat_mod(&hw, &stats, &diff, NR_FREE_PAGES, 1);
	cr_assert_eq(stats.count[NR_FREE_PAGES], 5);
	cr_assert_eq(diff.diff[NR_FREE_PAGES], 0);
	stat_mod(&hw, &stats, &diff, NR_FREE_PAGES, -4);
	cr_assert_eq(stats.count[NR_FREE_PAGES], 5);
	stat_mod(&hw, &stats, &diff, NR_FREE_PAGES, -1);
	cr_assert_eq(stats.count[NR_FREE_PAGES], 0);
	stat_mod(&hw, &stats, &diff, NR_FREE_CMA, 3);
	stat_fold(&hw, &stats, &diff);
	cr_assert_eq(stats.count[NR_FREE_CMA], 3);
	cr_assert_eq(diff.diff[NR_FREE_CMA], 0);
}

Test(bits, W1_square_root_floors)
{
	cr_assert_eq(isqrt_u64(0), 0);
	for (uint64_t r = 1; r < 70000; r += 13) {
		cr_assert_eq(isqrt_u64(r * r), r);
		cr_assert_eq(isqrt_u64(r * r - 1), r - 1);
		cr_assert_eq(isqrt_u64(r * r + 2 * r), r);
	}
	cr_assert_eq(isqrt_u64(UINT64_MAX), UINT32_MAX);
	cr_assert_eq(fls_u64(0), 0);
	cr_assert_eq(ffs_u64(0), 64);
	cr_assert_eq(mul_div_u64(1ULL << 60, 15000, 10000), 3ULL << 59);
}
