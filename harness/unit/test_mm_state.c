/* SPDX-License-Identifier: MIT */
/* test_mm_state.c - a zone put together piece by piece: what is refused, and what is counted */
#include <criterion/criterion.h>
#include <string.h>

#include "buddy.h"
#include "fixture.h"
#include "validate.h"

/* Ends in the middle of a block of order 2; 7 blocks of order 10 leave 832 pages held. */
#define MACHINE(policy) \
	"tidemark 1\nmachine cpus=2 zones=DMA32,Normal,Movable\nnode 0 cpus=0-1\n" \
	"zone DMA32 start=4096 spanned=9214 present=9214 managed=8000\n" policy "ops\n"

#define EACH(i, table) (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

static struct mm *begun(const char *text, struct zone **z)
{
	struct mm *mm = boot_text(text);

	*z = zone_of(mm, ZONE_DMA32);
	cr_assert(mm_state_begin(mm, *z));
	return mm;
}

/* All of the state, with what state_hash() leaves out: the flags of pages that are held. */
static uint64_t everything(const struct mm *mm, const struct zone *z)
{
	uint64_t hash = state_hash(mm) + mm->tun.has_cma;

	for (uint64_t i = 0; i < zone_spanned(z); i++)
		hash = hash * 31 + z->pages[i].flags;
	return hash;
}

/*
 * A block, a page of a set, an LRU page and somebody's block, so that there is
 * something to be refused because of, and to be changed by mistake.
 */
static struct mm *furnished(struct zone **z)
{
	struct mm *mm = begun(MACHINE(""), z);

	cr_assert(mm_state_pageblock(mm, *z, 0, MIGRATE_MOVABLE));
	cr_assert(mm_state_block(mm, *z, 4096, 3, MIGRATE_MOVABLE));
	cr_assert(mm_state_pcp(mm, *z, 1, 1, 4104, MIGRATE_MOVABLE));
	cr_assert(mm_state_movable(mm, *z, 4110));
	cr_assert(mm_state_movable(mm, *z, 4122));
	cr_assert(mm_state_adopt(mm, *z, 4112, 3));
	return mm;
}

/* Numbers of a zone with that much free; what boot gave its sets holds on. */
static struct zone_numbers numbers(const struct zone *z, int64_t free, int64_t cma)
{
	return (struct zone_numbers){
		.watermark = { 1, 2, 3 }, .pageset_high = z->pageset_high,
		.pageset_batch = z->pageset_batch, .pageset_high_max = z->pageset_high_max,
		.count[NR_FREE_PAGES] = free, .count[NR_FREE_CMA] = cma,
	};
}

/* furnished() and held pages make up a whole machine. */
static void validated(struct mm *mm, struct zone *z)
{
	struct zone_numbers n = numbers(z, 8, 0);

	cr_assert(mm_state_numbers(mm, z, &n));
	cr_assert_null(mm_state_end(mm, z));
	validate_mm(mm);
	boot_done(mm);
}

/* --- what is refused ---------------------------------------------------------------------- */

Test(mm_state, X1_begin_refuses_a_zone_whose_pages_are_somebodys)
{
	struct mm *mm = boot_text(MACHINE(""));
	struct zone *z = zone_of(mm, ZONE_DMA32);
	struct page *page = get_pages(mm, GFP_KERNEL, 0);
	uint64_t before;

	cr_assert_not_null(page);
	before = everything(mm, z);
	cr_expect_not(mm_state_begin(mm, z));
	cr_expect_eq(everything(mm, z), before);
	validate_mm(mm);
	cr_assert_eq(mm_free_pages(mm, page, 0), MM_OK);
	cr_assert_gt(z->cpu[0].pcp.count, 0);
	cr_expect(mm_state_begin(mm, z), "what lies in sets is nobody's");
	boot_done(mm);
}

Test(mm_state, M1_X6_refused_pageblocks_change_nothing)
{
	static const struct { uint64_t index; unsigned int type; const char *why; } table[] = {
		{ 18, MIGRATE_MOVABLE, "the zone touches 18" },
		{ UINT64_MAX, MIGRATE_MOVABLE, "far away" },
		{ 1, NR_MIGRATETYPES, "no such type" },
		{ 18, NR_MIGRATETYPES, "neither" },
	};
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	cr_assert_eq(z->blocks.nr, 18);
	for EACH(i, table) {
		cr_expect_not(mm_state_pageblock(mm, z, table[i].index,
						 (enum migratetype)table[i].type), "%s",
			      table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect(mm_state_pageblock(mm, z, 17, MIGRATE_RECLAIMABLE));
	validated(mm, z);
}

/* Whose pages would it count? */
Test(mm_state, M1_X2_a_pageblock_in_two_zones_is_nobodys_CMA)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 zones=DMA,Normal,Movable\n"
				  "zone DMA start=0 spanned=1280\n"
				  "zone Normal start=1280 spanned=2816\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	cr_assert(mm_state_begin(mm, z));
	cr_expect_not(mm_state_pageblock(mm, z, 0, MIGRATE_CMA));
	cr_expect_not(mm_state_pageblock(mm, z, 0, MIGRATE_ISOLATE));
	cr_expect_eq(z->cma_pages, 0);
	cr_expect_eq(z->nr_isolated_blocks, 0);
	cr_expect_not(mm->tun.has_cma);
	cr_expect(mm_state_pageblock(mm, z, 0, MIGRATE_RECLAIMABLE));
	cr_expect_eq(pageblock_type(&zone_of(mm, ZONE_DMA)->blocks, 1279), MIGRATE_RECLAIMABLE);
	cr_expect(mm_state_pageblock(mm, z, 1, MIGRATE_CMA));
	cr_expect_eq(z->cma_pages, 512);
	boot_done(mm);
}

/* What block, set and owner have in common. */
static const struct { pfn_t pfn; unsigned int order; const char *why; } no_block[] = {
	{ 6144, MAX_ORDER + 1, "larger than the largest" },
	{ 6145, 1, "not aligned" },
	{ 4095, 0, "below the zone" },
	{ 13310, 0, "above it" },
	{ 13308, 2, "reaches out of it" },
	{ 4096, 3, "free already" },
	{ 4096, 4, "begins with a free block" },
	{ 4098, 1, "in a free block" },
	{ 4104, 0, "in a CPU's set" },
	{ 4104, 2, "begins in a CPU's set" },
	{ 4112, 3, "somebody's" },
	{ 4118, 1, "in somebody's block" },
	{ 4096, 5, "somebody's in the middle" },
};

Test(mm_state, X1_X4_X6_refused_blocks_change_nothing)
{
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, no_block) {
		cr_expect_not(mm_state_block(mm, z, no_block[i].pfn, no_block[i].order,
					     MIGRATE_MOVABLE), "%s", no_block[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", no_block[i].why);
	}
	cr_expect_not(mm_state_block(mm, z, 6144, 3, NR_MIGRATETYPES), "no such type");
	cr_expect_not(mm_state_block(mm, z, 4110, 0, MIGRATE_MOVABLE), "an LRU page");
	cr_expect_not(mm_state_block(mm, z, 4120, 3, MIGRATE_MOVABLE), "an LRU page inside");
	cr_expect_eq(everything(mm, z), before);
	validated(mm, z);
}

Test(mm_state, X1_X6_refused_owners_change_nothing)
{
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, no_block) {
		cr_expect_not(mm_state_adopt(mm, z, no_block[i].pfn, no_block[i].order), "%s",
			      no_block[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", no_block[i].why);
	}
	/* Its LRU page stays one. */
	cr_expect_not(mm_state_adopt(mm, z, 4104, 3), "a page of a set, an LRU page");
	cr_expect_eq(everything(mm, z), before);
	/* Of an LRU page that turns out to be somebody's, the flag is forgotten. */
	cr_expect(mm_state_adopt(mm, z, 4120, 2));
	cr_expect_eq(zone_page(z, 4122)->flags, 0);
	cr_expect(mm_state_adopt(mm, z, 4110, 0));
	cr_expect_eq(zone_page(z, 4110)->flags, 0);
	validated(mm, z);
}

Test(mm_state, X1_no_more_is_free_or_somebodys_than_is_held)
{
	struct zone *z;
	struct mm *mm = begun(MACHINE(""), &z);
	uint64_t before;

	for (pfn_t pfn = 4096; pfn < 11264; pfn += 1024)
		cr_assert(mm_state_block(mm, z, pfn, MAX_ORDER, MIGRATE_UNMOVABLE));
	cr_assert_eq(z->held, 832);
	before = everything(mm, z);
	cr_expect_not(mm_state_block(mm, z, 11264, MAX_ORDER, MIGRATE_UNMOVABLE));
	cr_expect_not(mm_state_adopt(mm, z, 11264, MAX_ORDER));
	cr_expect_eq(everything(mm, z), before);
	cr_expect(mm_state_block(mm, z, 11264, 9, MIGRATE_UNMOVABLE));
	cr_expect_eq(z->held, 832 - 512);
	boot_done(mm);
}

Test(mm_state, P1_X6_refused_pages_of_sets_change_nothing)
{
	static const struct {
		unsigned int cpu, index;
		pfn_t pfn;
		unsigned int type;
		const char *why;
	} table[] = {
		{ 0, NR_PCP_LISTS, 6144, MIGRATE_MOVABLE, "no such list" },
		{ 0, UINT32_MAX, 6144, MIGRATE_MOVABLE, "far from a list" },
		{ 2, 1, 6144, MIGRATE_MOVABLE, "no such CPU" },
		{ 0, 1, 6144, MIGRATE_ISOLATE, "isolated pages are in no set" },
		{ 0, 1, 6144, NR_MIGRATETYPES, "no such type" },
		{ 0, 0, 6144, MIGRATE_MOVABLE, "another type's list" },
		{ 0, 2, 6144, MIGRATE_CMA, "CMA goes with MOVABLE" },
		{ 0, NR_PCP_LOW_LISTS, 6144, MIGRATE_MOVABLE, "huge pages of others" },
		{ 0, 4, 6145, MIGRATE_MOVABLE, "a pair that is not aligned" },
		{ 0, 1, 13310, MIGRATE_MOVABLE, "outside" },
		{ 0, 1, 4104, MIGRATE_MOVABLE, "in another set" },
		{ 0, 1, 4097, MIGRATE_MOVABLE, "in a free block" },
		{ 0, 1, 4110, MIGRATE_MOVABLE, "an LRU page" },
	};
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, table) {
		cr_expect_not(mm_state_pcp(mm, z, table[i].cpu, table[i].index, table[i].pfn,
					   (enum migratetype)table[i].type), "%s", table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect(mm_state_pcp(mm, z, 0, 4, 6144, MIGRATE_MOVABLE), "a pair");
	cr_expect(mm_state_pcp(mm, z, 0, NR_PCP_LOW_LISTS, 6656, MIGRATE_UNMOVABLE));
	cr_expect_eq(z->cpu[0].pcp.count, 2 + 512);
	validated(mm, z);
}

Test(mm_state, M3_X6_pages_that_are_not_held_are_on_no_LRU)
{
	static const struct { pfn_t pfn; const char *why; } table[] = {
		{ 4096, "free" }, { 4099, "in a free block" }, { 4104, "in a set" },
		{ 4110, "said already" }, { 4112, "somebody's" }, { 4117, "in somebody's block" },
		{ 4095, "below" }, { 13310, "above" },
	};
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, table) {
		cr_expect_not(mm_state_movable(mm, z, table[i].pfn), "%s", table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect(mm_state_movable(mm, z, 13309));
	validated(mm, z);
}

Test(mm_state, W2_M5_X6_refused_numbers_change_nothing)
{
	static const struct { struct zone_numbers n; const char *why; } table[] = {
		{ { .watermark = { 3, 2, 3 }, .pageset_batch = 1 }, "min above low" },
		{ { .watermark = { 1, 4, 3 }, .pageset_batch = 1 }, "low above high" },
		{ { .watermark = { 1, 2, 3 } }, "a batch of none" },
		{ { .pageset_high = 1u << 31, .pageset_batch = 1 }, "high is no int" },
		{ { .highatomic = 511, .pageset_batch = 1 }, "a reserve of no pageblock" },
		{ { .highatomic = 513, .pageset_batch = 1 }, "a reserve of one and a page" },
	};
	struct zone_numbers n = { .watermark = { 2, 2, 2 }, .pageset_high = INT32_MAX,
				  .pageset_batch = 1, .highatomic = 1024 };
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, table) {
		cr_expect_not(mm_state_numbers(mm, z, &table[i].n), "%s", table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect(mm_state_numbers(mm, z, &n));
	cr_expect_eq(z->nr_reserved_highatomic, 1024);
	cr_expect_eq(z->pageset_high, INT32_MAX);
	boot_done(mm);
}

Test(mm_state, P3_W8_X6_refused_numbers_of_a_CPU_change_nothing)
{
	static const struct { unsigned int cpu; struct cpu_numbers n; const char *why; } table[] = {
		{ 2, { .batch = 1 }, "no such CPU" },
		{ 0, { .batch = 0 }, "a batch of none" },
		{ 0, { .batch = 1, .free_factor = PCP_FREE_FACTOR_MAX + 1 }, "free_factor" },
		{ 0, { .batch = 1, .threshold = 126 }, "threshold" },
		{ 0, { .batch = 1, .diff[NR_FREE_PAGES] = 126 }, "more than it may" },
		{ 0, { .batch = 1, .diff[NR_FREE_CMA] = -126 }, "less than it may" },
	};
	struct cpu_numbers n = { .batch = 1, .free_factor = PCP_FREE_FACTOR_MAX, .threshold = 125,
				 .diff[NR_FREE_PAGES] = 125, .diff[NR_FREE_CMA] = -125 };
	struct zone *z;
	struct mm *mm = furnished(&z);
	uint64_t before = everything(mm, z);

	for EACH(i, table) {
		cr_expect_not(mm_state_cpu(mm, z, table[i].cpu, &table[i].n), "%s", table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect(mm_state_cpu(mm, z, 1, &n));
	cr_expect_eq(z->cpu[1].stat.diff[NR_FREE_CMA], -125);
	boot_done(mm);
}

Test(mm_state, Z4_X6_refused_zonelists_change_nothing)
{
	static const uint8_t dma32[MAX_ZONES + 1] = { ZONE_DMA32, ZONE_DMA32 };
	static const struct {
		unsigned int nid, kind;
		uint8_t ids[2];
		unsigned int nr;
		const char *why;
	} table[] = {
		{ MAX_NODES, 0, { ZONE_DMA32 }, 1, "no such node" },
		{ 1, 0, { ZONE_DMA32 }, 1, "a node that is not online" },
		{ 0, NR_ZONELISTS, { ZONE_DMA32 }, 1, "no such list" },
		{ 0, 0, { ZONE_DMA32, ZONE_NORMAL }, 2, "a zone without pages" },
		{ 0, 0, { ZONE_DMA32, MAX_ZONES - 1 }, 2, "a zone of no node" },
	};
	struct mm *mm = boot_text(MACHINE(""));
	struct zone *z = zone_of(mm, ZONE_DMA32);
	uint64_t before = everything(mm, z);

	for EACH(i, table) {
		cr_expect_not(mm_state_zonelist(mm, table[i].nid, table[i].kind, table[i].ids,
						table[i].nr), "%s", table[i].why);
		cr_expect_eq(everything(mm, z), before, "%s", table[i].why);
	}
	cr_expect_not(mm_state_zonelist(mm, 0, 0, dma32, MAX_ZONES + 1), "too many");
	cr_expect_eq(everything(mm, z), before);
	cr_expect(mm_state_zonelist(mm, 0, 0, dma32, 0), "none at all");
	cr_expect_null(get_pages(mm, GFP_KERNEL, 0));
	cr_expect(mm_state_zonelist(mm, 0, 0, dma32, 1));
	cr_expect_not_null(get_pages(mm, GFP_KERNEL, 0));
	boot_done(mm);
}

/* --- what is counted ---------------------------------------------------------------------- */

/* Pageblock 2 is CMA, 3 is isolated, and of each 512 pages are free. */
static struct mm *with_cma(struct zone **z)
{
	struct mm *mm = begun(MACHINE("policy pcp_batch=7\n"), z);

	cr_assert_not(mm->tun.has_cma);
	cr_assert(mm_state_pageblock(mm, *z, 1, MIGRATE_MOVABLE));
	cr_assert_not(mm->tun.has_cma);
	cr_assert(mm_state_pageblock(mm, *z, 2, MIGRATE_CMA));
	cr_assert(mm_state_pageblock(mm, *z, 3, MIGRATE_ISOLATE));
	cr_assert(mm_state_block(mm, *z, 5120, 9, MIGRATE_CMA));
	cr_assert(mm_state_block(mm, *z, 5632, 9, MIGRATE_ISOLATE));
	return mm;
}

Test(mm_state, M1_P5_CMA_and_isolated_pageblocks_are_counted)
{
	struct zone *z;
	struct mm *mm = with_cma(&z);
	struct zone_numbers n = numbers(z, 512, 512);
	struct page *page;

	cr_expect(mm->tun.has_cma);
	cr_expect_eq(z->cma_pages, 512);
	cr_expect_eq(z->nr_isolated_blocks, 1);
	cr_expect_eq(z->held, 8000 - 1024);
	cr_assert(mm_state_numbers(mm, z, &n));
	cr_assert_null(mm_state_end(mm, z), "isolated pages do not count as free");
	validate_mm(mm);
	/* CMA's pages are for movable requests, and isolated ones for nobody. */
	cr_expect_null(get_pages(mm, GFP_KERNEL, 0));
	page = get_pages(mm, GFP_HIGHUSER_MOVABLE, 0);
	cr_assert_not_null(page);
	cr_expect_eq(zone_pfn(z, page), 5120);
	cr_expect_null(get_pages(mm, GFP_HIGHUSER_MOVABLE, 9));
	validate_mm(mm);
	boot_done(mm);
}

Test(mm_state, X2_counters_that_are_not_the_sum_of_their_lists)
{
	struct zone *z;
	struct mm *mm = with_cma(&z);
	struct zone_numbers n = numbers(z, 512, 500);
	struct cpu_numbers c = { .batch = n.pageset_batch, .high = n.pageset_high,
				 .diff[NR_FREE_CMA] = 12, .threshold = 20 };
	const char *wrong;

	cr_assert(mm_state_numbers(mm, z, &n));
	wrong = mm_state_end(mm, z);
	cr_assert_not_null(wrong);
	cr_expect_not_null(strstr(wrong, "CMA"), "%s", wrong);
	/* What a CPU has not passed on yet counts too. */
	cr_assert(mm_state_cpu(mm, z, 1, &c));
	cr_expect_null(mm_state_end(mm, z));
	validate_mm(mm);
	c.diff[NR_FREE_CMA] = 13;
	cr_assert(mm_state_cpu(mm, z, 1, &c));
	cr_expect_not_null(mm_state_end(mm, z));
	/* As if isolated pages were free. */
	n.count[NR_FREE_PAGES] = 1024;
	n.count[NR_FREE_CMA] = 499;
	cr_assert(mm_state_numbers(mm, z, &n));
	wrong = mm_state_end(mm, z);
	cr_assert_not_null(wrong);
	cr_expect_not_null(strstr(wrong, "free pages"), "%s", wrong);
	boot_done(mm);
}
