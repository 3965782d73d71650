/* SPDX-License-Identifier: MIT */
/* test_report_failure.c - what is logged when a request fails */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "report_text.h"

static const struct alloc_request nofs = {
	.gfp = GFP_NOFS | __GFP_COMP, .order = 4, .nid = NODE_NONE,
};

Test(report_failure, S1_a_failure_report_as_a_whole)
{
	struct mm *mm = boot_text(amd64_machine);

	import_amd64(mm);
	zone_of(mm, ZONE_DMA32)->stats.count[NR_FREE_PAGES] = 105692;
	set_pcp(zone_of(mm, ZONE_DMA32), 371, 295);
	zone_of(mm, ZONE_DMA32)->boost = 512;
	zone_of(mm, ZONE_DMA32)->nr_reserved_highatomic = 512;
	assert_same(failure(mm, &nofs, "kworker/u8:1"),
		"kworker/u8:1: page allocation failure: order:4, mode:0x40c40(GFP_NOFS|__GFP_COMP),"
		" nodemask=(null),cpuset=/,mems_allowed=0\n"
		"Mem-Info:\n"
		" dirty:0\n"
		" free:109500 free_pcp:666 free_cma:0\n"
		"Node 0 dirty:0kB all_unreclaimable? no\n"
		"Node 0 DMA free:15232kB boost:0kB min:88kB low:108kB high:128kB"
		" reserved_highatomic:0KB present:15992kB managed:15360kB free_pcp:0kB"
		" local_pcp:0kB free_cma:0kB\n"
		"lowmem_reserve[]: 0 431 431 431 431\n"
		"Node 0 DMA32 free:422768kB boost:2048kB min:4660kB low:5312kB high:5964kB"
		" reserved_highatomic:2048KB present:507776kB managed:450788kB free_pcp:2664kB"
		" local_pcp:1484kB free_cma:0kB\n"
		"lowmem_reserve[]: 0 0 0 0 0\n"
		"Node 0 DMA: 0*4kB 0*8kB 0*16kB 0*32kB 0*64kB 1*128kB (U) 1*256kB (U) 1*512kB (U)"
		" 0*1024kB 1*2048kB (M) 3*4096kB (M) = 15232kB\n"
		"Node 0 DMA32: 3*4kB (UM) 3*8kB (ME) 8*16kB (UME) 15*32kB (UME) 14*64kB (UM)"
		" 9*128kB (UME) 7*256kB (UM) 5*512kB (UM) 2*1024kB (ME) 2*2048kB (ME)"
		" 100*4096kB (M) = 422788kB\n"
		"130942 pages RAM\n"
		"0 pages HighMem/MovableOnly\n"
		"14405 pages reserved\n");
	boot_done(mm);
}

/* As parsers of kernel logs take the lines apart. */
Test(report_failure, S1_a_failure_report_is_read_by_position)
{
	struct mm *mm = boot_text(amd64_machine);
	const char *text;
	unsigned long free_kb, boost, min, low, high, reserved, present, managed;
	const char *line;

	text = failure(mm, &nofs, "cat");
	line = strstr(text, "Node 0 DMA free:");
	cr_assert_not_null(line);
	cr_assert_eq(sscanf(line, "Node 0 DMA free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB"
			    " reserved_highatomic:%luKB present:%lukB managed:%lukB",
			    &free_kb, &boost, &min, &low, &high, &reserved, &present, &managed), 8);
	cr_assert_eq(free_kb, 15360);
	cr_assert_eq(low, 108);
	cr_assert_eq(managed, 15360);
	boot_done(mm);
}

Test(report_failure, S1_a_failure_report_without_NUMA_names_no_node)
{
	struct mm *mm = boot_text(i386_machine);
	const char *text;
	static const struct alloc_request high = {
		.gfp = GFP_HIGHUSER, .order = 0, .nid = NODE_NONE };

	text = failure(mm, &high, "cat");
	assert_has(text, "\nDMA free:15360kB boost:0kB min:760kB");
	assert_has(text, "\nHighMem free:1195912kB boost:0kB min:512kB low:15360kB high:30208kB");
	assert_has(text, "lowmem_reserve[]: 0 0 9343 9343\n");
	assert_has(text, "\nHighMem: ");
	assert_has(text, "\n298978 pages HighMem/MovableOnly\n");
	assert_has_not(text, "Node 0 DMA");
	boot_done(mm);
}

/* Zones above the request's highest are left out, but for the totals. */
Test(report_failure, S1_G2_a_failure_report_shows_the_zones_that_were_asked)
{
	struct mm *mm = boot_text(numa_machine);
	const char *text;
	static const struct alloc_request dma32 = {
		.gfp = GFP_KERNEL | __GFP_DMA32, .order = 1, .nid = NODE_NONE };

	zone_of(mm, ZONE_NORMAL)->cpu[0].pcp.count = 7;
	text = failure(mm, &dma32, "cat");
	assert_has(text, "Node 0 DMA32 free:32768kB");
	assert_has(text, " free:28480 free_pcp:0 free_cma:0\n");
	assert_has_not(text, "Normal");
	assert_has_not(text, "Node 1");
	assert_has(text, "28672 pages RAM\n");
	assert_has(text, "192 pages reserved\n");
	zone_of(mm, ZONE_NORMAL)->cpu[0].pcp.count = 0;
	boot_done(mm);
}

Test(report_failure, S1_Z7_a_failure_report_keeps_to_the_nodemask)
{
	struct mm *mm = boot_text(numa_machine);
	const char *text;
	struct alloc_request req = {
		.gfp = GFP_HIGHUSER_MOVABLE, .nid = NODE_NONE, .nodemask = 0x6 };
	static const struct { gfp_t gfp; uint8_t context; bool all; } cases[] = {
		{ GFP_HIGHUSER_MOVABLE, 0, false },
		{ GFP_HIGHUSER_MOVABLE, CTX_MEMALLOC, true },
		{ GFP_HIGHUSER_MOVABLE, CTX_OOM_VICTIM, true },
		{ GFP_HIGHUSER_MOVABLE | __GFP_NOMEMALLOC, CTX_MEMALLOC, false },
		{ GFP_HIGHUSER_MOVABLE | __GFP_NOMEMALLOC, CTX_OOM_VICTIM, false },
		{ GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, 0, true },
		{ GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, CTX_IRQ, true },
		{ GFP_HIGHUSER_MOVABLE, CTX_IRQ, true },
	};

	text = failure(mm, &req, "cat");
	assert_has(text, "nodemask=1-2,cpuset=/,mems_allowed=0-2\n");
	assert_has(text, "Node 1 Normal free:");
	assert_has(text, "Node 2 Movable free:");
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		req.gfp = cases[i].gfp;
		req.context = cases[i].context;
		text = failure(mm, &req, "cat");
		cr_assert_eq(strstr(text, "Node 0 Normal free:") != NULL, cases[i].all,
			     "case %u", i);
		cr_assert_eq(strstr(text, "Node 0 dirty:") != NULL, cases[i].all, "case %u", i);
		assert_has(text, "Node 1 Normal: ");
	}
	req.nodemask = 0;
	req.gfp = GFP_HIGHUSER_MOVABLE;
	req.context = 0;
	assert_has(failure(mm, &req, "cat"), "Node 0 Normal free:");
	boot_done(mm);
}

Test(report_failure, S1_G6_a_failure_report_shows_the_mask_left_by_scopes)
{
	struct mm *mm = boot_text(amd64_machine);
	struct alloc_request req = {
		.gfp = GFP_KERNEL, .nid = NODE_NONE, .context = CTX_NOIO };

	assert_has(failure(mm, &req, "a name that is too long"),
		   "a name that is : page allocation failure: order:0, mode:0xc00(GFP_NOIO), ");
	boot_done(mm);
}

Test(report_failure, S1_G5_NOWARN_is_silent)
{
	struct mm *mm = boot_text(amd64_machine);
	struct alloc_request req = nofs;

	req.gfp |= __GFP_NOWARN;
	cr_assert_str_empty(failure(mm, &req, "cat"));
	boot_done(mm);
}

Test(report_failure, S1_Z5_DMA_of_a_machine_without_any_is_silent)
{
	static const struct alloc_request dma = { .gfp = GFP_DMA, .nid = NODE_NONE };
	struct mm *mm = boot_text(numa_machine);

	cr_assert_str_empty(failure(mm, &dma, "cat"));
	boot_done(mm);
	mm = boot_text(amd64_machine);
	cr_assert_str_not_empty(failure(mm, &dma, "cat"));
	boot_done(mm);
}

Test(report_failure, S1_CMA_in_a_failure_report)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=1 pageblock_order=9 zones=Normal,Movable\n"
		"zone Normal start=0 spanned=8192\n"
		"cma 4096-5119\n"
		"ops\n");
	const char *text;

	text = failure(mm, &nofs, "cat");
	assert_has(text, " free_cma:1024\n");
	assert_has(text, " free_cma:4096kB\n");
	assert_has(text, "8*4096kB (MC) = 32768kB\n");
	assert_has(text, "\n1024 pages cma reserved\n");
	boot_done(mm);
}
