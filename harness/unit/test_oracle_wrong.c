/* SPDX-License-Identifier: MIT */
/*
 * test_oracle_wrong.c - the model notices a core that is wrong
 *
 * A wrong core is made by hand: a number changed in struct mm, a page handed
 * over that nobody may have.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "oracle_bench.h"

/* --- a core that is wrong: pages ---------------------------------------------------------- */

struct handing {			/* a page handed over, or taken back */
	struct bench  b;
	struct alloc_request req;
	pfn_t	      pfn;
	unsigned int  order;
	bool	      ask;
	bool	      twice;
	bool	      back;		/* given back by a slot that never had it */
};

static void hand_over(void *to)
{
	struct handing *h = to;

	if (h->ask)
		bench_ask(&h->b, &h->req);
	if (h->back)
		oracle_gave(h->b.o, h->pfn, 1ULL << h->order, 6);
	oracle_got(h->b.o, &h->req, h->pfn, h->order, 7);
	if (h->twice)
		oracle_got(h->b.o, &h->req, h->pfn, h->order, 8);
}

Test(oracle, X1_X4_X5_pages_that_must_not_be_handed_out)
{
	static const struct { const char *tag; struct handing h; } rows[] = {
		{ "", { .pfn = 1024, .order = 3 } },
		{ "", { .pfn = 1024, .ask = true } },
		{ "X1", { .pfn = 1024, .order = 3, .twice = true } },
		{ "X1", { .pfn = 1024, .back = true } },
		{ "X1", { .pfn = 3000 } },			/* nobody's */
		{ "X1", { .pfn = 2047, .order = 1 } },	/* across a zone's end */
		{ "X4", { .pfn = 1026, .order = 2 } },
		{ "X5", { .pfn = 5120 } },			/* Movable, for GFP_KERNEL */
		{ "X5", { .req.gfp = __GFP_DMA32, .pfn = 1024 } },
		{ "X5", { .req.gfp = __GFP_THISNODE, .pfn = 4096 } },
		{ "X5", { .req.nodemask = 1, .pfn = 4096 } },
		{ "", { .req.gfp = GFP_ATOMIC, .req.nodemask = 1, .pfn = 4096 } },
		{ "X5", { .pfn = 0, .ask = true } },		/* not the foretold zone */
		{ "X5", { .pfn = 4096, .ask = true } },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct handing h = rows[i].h;

		h.b = bench_up(TWO_NODES);
		cr_assert_str_eq(tag_of_panic(hand_over, &h), rows[i].tag, "row %u", i);
		bench_down(&h.b);
	}
}

static void recount(void *to) { oracle_recount(to); }

Test(oracle, X1_a_recount_finds_what_nobody_told)
{
	struct bench b = bench_up(ONE_ZONE);
	struct alloc_request req = request_of(GFP_KERNEL, 2, 0);
	struct page *page = bench_both(&b, &req);
	pfn_t pfn = mm_page_pfn(b.mm, page);

	cr_assert_str_eq(tag_of_panic(recount, b.o), "");
	page->state = PAGE_FREE;
	cr_assert_str_eq(tag_of_panic(recount, b.o), "X1");
	page->state = PAGE_ALLOC;
	oracle_gave(b.o, pfn + 3, 1, 0);
	cr_assert_str_eq(tag_of_panic(recount, b.o), "X1");
	bench_down(&b);
}

Test(oracle, X1_imported_pages_belong_to_nobodys_slot)
{
	struct bench b = bench_up(ONE_ZONE);

	mm_import_empty(b.mm, &b.mm->zones[ID_NORMAL]);
	oracle_import_empty(b.o, ID_NORMAL);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), 4096);
	bench_put(&b, 64, 5, MIGRATE_MOVABLE);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), 4096 - 32);
	oracle_recount(b.o);
	bench_down(&b);
}

Test(oracle, X5_a_page_past_the_mark_aborts, .signal = SIGABRT)
{
	struct bench b = bench_up(TWO_NODES);
	struct alloc_request req = request_of(GFP_NOWAIT, 0, 0);
	struct page *page;

	bench_ask(&b, &req);
	/* Core forgets Normal's pages and falls back to DMA32, which the model did not foretell. */
	b.mm->zones[ID_NORMAL].stats.count[NR_FREE_PAGES] = 0;
	mm_alloc_pages(b.mm, &req, &page);
	oracle_got(b.o, &req, mm_page_pfn(b.mm, page), 0, 0);
}

/* --- a core that is wrong: numbers ---------------------------------------------------------- */

static void boot_again(void *to)
{
	struct bench *b = to;

	memset(b->memory, 0, b->bytes);
	oracle_init(b->o, b->mm, b->memory);
}

static void retune(void *to) { oracle_retune(((struct bench *)to)->o); }

Test(oracle, W1_W2_W4_W8_P1_G5_Z4_every_wrong_number_is_noticed)
{
	struct bench b = bench_up(TWO_NODES);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	const struct {
		const char *tag;
		void	   *at;
		size_t	    size;
		bool	    boot_only;
	} rows[] = {
		{ "W1", &b.mm->min_free_kbytes, 4, false },
		{ "W2", &z->watermark[WMARK_MIN], 8, false },
		{ "W2", &z->watermark[WMARK_LOW], 8, false },
		{ "W2", &b.mm->zones[ID_DMA32].watermark[WMARK_HIGH], 8, false },
		{ "W4", &b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 8, false },
		{ "W4", &z->lowmem_reserve[ZONE_MOVABLE], 8, false },
		{ "P1", &z->pageset_high, 4, false },
		{ "P1", &z->pageset_batch, 4, false },
		{ "P1", &z->cpu[1].pcp.high, 4, false },
		{ "P1", &z->cpu[1].pcp.batch, 4, false },
		{ "W8", &z->cpu[0].stat.threshold, 1, false },
		{ "W8", &z->percpu_drift_mark, 8, false },
		{ "G5", &b.mm->nodes[1].totalreserve, 8, false },
		{ "Z4", &b.mm->nodes[0].zonelist[ZONELIST_FALLBACK][1], 1, true },
		{ "Z4", &b.mm->nodes[2].zonelist[ZONELIST_NOFALLBACK][0], 1, true },
		{ "Z1", &z->managed, 8, true },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char *byte = rows[i].at;

		cr_assert_str_eq(tag_of_panic(boot_again, &b), "");
		*byte ^= 1;
		if (!rows[i].boot_only)
			cr_assert_str_eq(tag_of_panic(retune, &b), rows[i].tag, "row %u", i);
		cr_assert_str_eq(tag_of_panic(boot_again, &b), rows[i].tag, "row %u", i);
		*byte ^= 1;
	}
	bench_down(&b);
}

struct writing {
	struct bench	 b;
	enum sysctl_name name;
};

static void say_written(void *to)
{
	struct writing *w = to;

	oracle_wrote(w->b.o, w->name);
}

static void write_sysctl(struct bench *b, enum sysctl_name name, unsigned int index, int64_t value)
{
	cr_assert_eq(mm_sysctl_write(b->mm, name, index, value), MM_OK);
}

Test(oracle, W1_W2_W3_W4_W9_P1_sysctls_and_cpus_are_followed)
{
	static const struct { enum sysctl_name name; unsigned int index; int64_t value; } rows[] = {
		{ SYSCTL_WATERMARK_SCALE_FACTOR, 0, 300 },
		{ SYSCTL_EXTRA_FREE_KBYTES, 0, 1000 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA32, 3 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_NORMAL, -1 },
		{ SYSCTL_THP, 0, 1 },
		{ SYSCTL_MIN_FREE_KBYTES, 0, 900 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 8 },
		{ SYSCTL_WATERMARK_BOOST_FACTOR, 0, 0 },
		{ SYSCTL_DIRTY_RATIO, 0, 1 },
		{ SYSCTL_THP, 0, 0 },
		{ SYSCTL_MIN_FREE_KBYTES, 0, 900 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0 },
	};
	struct bench told = bench_up(TWO_NODES), found = bench_up(TWO_NODES);

	for (unsigned int i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int row = i % (sizeof(rows) / sizeof(rows[0]));

		write_sysctl(&told, rows[row].name, rows[row].index, rows[row].value);
		oracle_wrote(told.o, rows[row].name);
		write_sysctl(&found, rows[row].name, rows[row].index, rows[row].value);
		oracle_retune(found.o);
		if (i % 3)
			continue;
		cr_assert_eq(mm_cpu_offline(told.mm, 1), MM_OK);
		oracle_retune(told.o);
		cr_assert_eq(mm_cpu_online(told.mm, 1), MM_OK);
		oracle_retune(told.o);
	}
	bench_down(&told);
	bench_down(&found);
}

/* What was computed from an earlier managed stays until something recomputes it. */
Test(oracle, W9_managed_at_the_last_computation)
{
	static const char text[] = "tidemark 1\n"
		"machine cpus=2 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n"
		"node 0 cpus=0-1\n"
		"zone DMA32 start=0 spanned=4096 managed_marks=3000 managed_reserve=3500\n"
		"zone Normal start=4096 spanned=65536 managed_marks=50000 managed_reserve=60000\n"
		"ops\n";
	struct writing w = { .b = bench_up(text), .name = SYSCTL_WATERMARK_SCALE_FACTOR };
	struct zone *z = &w.b.mm->zones[ID_NORMAL];
	uint64_t low = z->watermark[WMARK_LOW];

	cr_assert_eq(w.b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 60000 / 256);
	write_sysctl(&w.b, SYSCTL_WATERMARK_SCALE_FACTOR, 0, 10);
	cr_assert_neq(z->watermark[WMARK_LOW], low);
	oracle_wrote(w.b.o, SYSCTL_WATERMARK_SCALE_FACTOR);
	write_sysctl(&w.b, SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA32, 256);
	oracle_wrote(w.b.o, SYSCTL_LOWMEM_RESERVE_RATIO);
	cr_assert_eq(w.b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 65536 / 256);
	/* A core that does not recompute is noticed although no value changed. */
	bench_down(&w.b);
	w.b = bench_up(text);
	cr_assert_str_eq(tag_of_panic(say_written, &w), "W2");
	w.name = SYSCTL_LOWMEM_RESERVE_RATIO;
	bench_down(&w.b);
	w.b = bench_up(text);
	cr_assert_str_eq(tag_of_panic(say_written, &w), "W4");
	bench_down(&w.b);
}

struct boosting {
	struct bench b;
	uint64_t     boost;
};

static void got_boosted(void *to)
{
	struct boosting *t = to;
	struct alloc_request req = request_of(GFP_KERNEL, 0, 0);

	bench_ask(&t->b, &req);
	t->b.mm->zones[ID_NORMAL].boost = t->boost;
	oracle_got(t->b.o, &req, 0, 0, 0);
}

Test(oracle, W7_a_boost_grows_by_pageblocks_up_to_its_limit)
{
	static const struct { uint64_t boost; const char *tag; } rows[] = {
		{ 0, "" }, { 16, "" }, { 48, "" }, { 17, "W7" }, { 8, "W7" },
		{ 720, "" }, { 728, "W7" },	/* the limit: 150 % of the high mark, 480 */
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct boosting t = { .b = bench_up(ONE_ZONE), .boost = rows[i].boost };

		cr_assert_eq(t.b.mm->zones[ID_NORMAL].watermark[WMARK_HIGH], 600);
		cr_assert_str_eq(tag_of_panic(got_boosted, &t), rows[i].tag, "row %u", i);
		bench_down(&t.b);
	}
}

Test(oracle, W7_marks_that_are_written_clear_the_boost)
{
	struct writing w = { .b = bench_up(ONE_ZONE), .name = SYSCTL_MIN_FREE_KBYTES };

	w.b.mm->zones[ID_NORMAL].boost = 32;
	oracle_retune(w.b.o);
	write_sysctl(&w.b, SYSCTL_MIN_FREE_KBYTES, 0, 1600);
	oracle_wrote(w.b.o, SYSCTL_MIN_FREE_KBYTES);
	w.b.mm->zones[ID_NORMAL].boost = 32;
	oracle_retune(w.b.o);
	cr_assert_str_neq(tag_of_panic(say_written, &w), "");
	bench_down(&w.b);
}

Test(oracle, W1_a_wrong_mark_aborts_at_boot, .signal = SIGABRT)
{
	struct bench b = bench_up(ONE_ZONE);

	b.mm->zones[ID_NORMAL].watermark[WMARK_LOW]++;
	boot_again(&b);
}
