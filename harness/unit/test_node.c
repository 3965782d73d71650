/* SPDX-License-Identifier: MIT */
/* test_node.c - zonelists, where Movable begins, reserves and dirty pages of a node */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "fixture.h"
#include "node.h"

#define ID(nid, type)	((nid) * NR_ZONE_TYPES + (type))

/* The fallback list of a node as "1N 1D 0N": node and first letter of each zone. */
static void list_text(const struct mm *mm, unsigned int nid, enum zonelist_kind kind, char *out)
{
	const uint8_t *list = mm->nodes[nid].zonelist[kind];

	for (unsigned int i = 0; list[i] != ZONE_ID_END; i++) {
		if (i)
			*out++ = ' ';
		*out++ = (char)('0' + list[i] / NR_ZONE_TYPES);
		*out++ = zone_type_name((enum zone_type)(list[i] % NR_ZONE_TYPES))[0];
	}
	*out = 0;
}

static void expect_list(const struct mm *mm, unsigned int nid, enum zonelist_kind kind,
			const char *want)
{
	char text[3 * MAX_ZONES + 1];

	list_text(mm, nid, kind, text);
	cr_expect_str_eq(text, want, "node %u: got %s", nid, text);
}

Test(node, Z4_within_a_node_the_highest_zone_first)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone DMA start=1 spanned=1023\n"
				  "zone Normal start=4096 spanned=4096\n"
				  "zone Movable start=8192 spanned=1024\nops\n");

	expect_list(mm, 0, ZONELIST_FALLBACK, "0M 0N 0D");
	expect_list(mm, 0, ZONELIST_NOFALLBACK, "0M 0N 0D");
	boot_done(mm);
}

#define FOUR_NODES \
	"tidemark 1\nmachine cpus=4\n" \
	"node 0 cpus=0\nzone Normal start=0x10000 spanned=1024\n" \
	"node 1 cpus=1\nzone Normal start=0x20000 spanned=1024\n" \
	"node 2 cpus=2\nzone Normal start=0x30000 spanned=1024\n" \
	"node 3 cpus=3\nzone Normal start=0x40000 spanned=1024\n"

Test(node, Z4_equal_distances_are_spread_by_load)
{
	struct mm *mm = boot_text(FOUR_NODES "ops\n");

	/* The next node comes first, nodes below are dearer, and leaders take turns. */
	expect_list(mm, 0, ZONELIST_FALLBACK, "0N 1N 2N 3N");
	expect_list(mm, 1, ZONELIST_FALLBACK, "1N 2N 3N 0N");
	expect_list(mm, 2, ZONELIST_FALLBACK, "2N 3N 0N 1N");
	expect_list(mm, 3, ZONELIST_FALLBACK, "3N 0N 1N 2N");
	expect_list(mm, 3, ZONELIST_NOFALLBACK, "3N");
	boot_done(mm);
}

Test(node, Z4_load_moves_the_lead_of_a_group)
{
	/* To both 0 and 1 the nodes 2 and 3 are equally far: 0 leads with 2, 1 with 3. */
	struct mm *mm = boot_text(FOUR_NODES
				  "distance 0 1 15\ndistance 0 2 30\ndistance 0 3 30\n"
				  "distance 1 2 30\ndistance 1 3 30\ndistance 2 3 15\nops\n");

	expect_list(mm, 0, ZONELIST_FALLBACK, "0N 1N 2N 3N");
	expect_list(mm, 1, ZONELIST_FALLBACK, "1N 0N 3N 2N");
	expect_list(mm, 2, ZONELIST_FALLBACK, "2N 3N 0N 1N");
	expect_list(mm, 3, ZONELIST_FALLBACK, "3N 2N 1N 0N");
	boot_done(mm);
}

Test(node, Z4_distance_outweighs_all_penalties)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=3\n"
				  "node 0 cpus=0\nzone Normal start=0x10000 spanned=1024\n"
				  "node 1\nzone Normal start=0x20000 spanned=1024\n"
				  "node 2 cpus=1-2\nzone Normal start=0x30000 spanned=1024\n"
				  "distance 0 1 31\ndistance 0 2 11\ndistance 1 2 21\nops\n");

	expect_list(mm, 0, ZONELIST_FALLBACK, "0N 2N 1N");
	expect_list(mm, 1, ZONELIST_FALLBACK, "1N 2N 0N");
	expect_list(mm, 2, ZONELIST_FALLBACK, "2N 0N 1N");
	boot_done(mm);
}

Test(node, Z4_a_node_without_CPUs_is_cheaper)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\n"
				  "node 0 cpus=0\nzone Normal start=0x10000 spanned=1024\n"
				  "node 1 cpus=1\nzone Normal start=0x20000 spanned=1024\n"
				  "node 2\nzone Normal start=0x30000 spanned=1024\nops\n");

	expect_list(mm, 0, ZONELIST_FALLBACK, "0N 2N 1N");
	expect_list(mm, 1, ZONELIST_FALLBACK, "1N 2N 0N");
	boot_done(mm);
}

Test(node, Z4_Z5_empty_zones_and_memoryless_nodes)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=3\n"
				  "node 0 cpus=0\n"
				  "zone Normal start=0x10000 spanned=1024 present=0\n"
				  "node 1 cpus=1\n"
				  "zone Normal start=0x20000 spanned=1024 managed=0\n"
				  "node 2 cpus=2\nzone Normal start=0x30000 spanned=1024\nops\n");

	/* Present without managed stays on the list; nothing present does not. */
	expect_list(mm, 0, ZONELIST_FALLBACK, "1N 2N");
	expect_list(mm, 0, ZONELIST_NOFALLBACK, "");
	expect_list(mm, 1, ZONELIST_FALLBACK, "1N 2N");
	expect_list(mm, 2, ZONELIST_FALLBACK, "2N 1N");
	cr_expect_eq(mm->zones[ID(1, ZONE_NORMAL)].managed, 0);
	boot_done(mm);
}

Test(node, Z4_distance_to_itself_is_10, .signal = SIGABRT)
{
	static struct node nodes[MAX_NODES];
	static struct zone zones[MAX_ZONES];

	nodes[0].online = true;
	nodes[0].distance[0] = 11;
	zonelist_build(nodes, zones);
}

/* --- Movable ------------------------------------------------------------------------------ */

struct table {
	struct memblock	  mb;
	struct mem_region arena[64];
};

static void add(struct table *t, unsigned int nid, pfn_t start, pfn_t end)
{
	if (!t->mb.arena)
		memblock_init(&t->mb, t->arena, 64, 32);
	cr_assert(memblock_add(&t->mb, start, end, nid));
}

static void expect_starts(const struct table *t, uint64_t kernelcore, uint64_t movablecore,
			  pfn_t lowest, pfn_t want0, pfn_t want1, pfn_t want2)
{
	pfn_t start[MAX_NODES];

	node_movable_start(&t->mb, kernelcore, movablecore, lowest, start);
	cr_expect_eq(start[0], want0, "node 0: %lu", (unsigned long)start[0]);
	cr_expect_eq(start[1], want1, "node 1: %lu", (unsigned long)start[1]);
	cr_expect_eq(start[2], want2, "node 2: %lu", (unsigned long)start[2]);
}

Test(node, Z6_kernelcore_is_spread_evenly)
{
	struct table t = { 0 };

	add(&t, 0, 0, 16384);
	add(&t, 1, 16384, 32768);
	expect_starts(&t, 16384, 0, 0, 8192, 24576, 0);
	expect_starts(&t, 2, 0, 0, 1024, 17408, 0);
	/* One page above a whole block is one block more. */
	expect_starts(&t, 16386, 0, 0, 9216, 25600, 0);
}

Test(node, Z6_movablecore_is_what_kernelcore_leaves)
{
	struct table t = { 0 };

	add(&t, 0, 0, 16384);
	add(&t, 1, 16384, 32768);
	expect_starts(&t, 0, 16384, 0, 8192, 24576, 0);
	/* Rounded up, so that there is at least as much as was asked for. */
	expect_starts(&t, 0, 16385, 0, 8192, 24576, 0);
	/* The larger of the two kernelcores counts. */
	expect_starts(&t, 24576, 16384, 0, 12288, 28672, 0);
	expect_starts(&t, 1024, 16384, 0, 8192, 24576, 0);
}

Test(node, Z6_nothing_asked_or_too_much_is_no_Movable)
{
	struct table t = { 0 };

	add(&t, 0, 0, 16384);
	expect_starts(&t, 0, 0, 0, 0, 0, 0);
	expect_starts(&t, 16384, 0, 0, 0, 0, 0);
	expect_starts(&t, 99999, 5, 0, 0, 0, 0);
	expect_starts(&t, 16383, 0, 0, 0, 0, 0);
	/* All of it movable: nothing is wanted for the kernel. */
	expect_starts(&t, 0, 99999, 0, 0, 0, 0);
}

Test(node, Z6_small_nodes_leave_their_share_to_others)
{
	struct table t = { 0 };

	add(&t, 0, 0, 1024);
	add(&t, 1, 16384, 32768);
	add(&t, 2, 32768, 49152);
	/* 12288 each is more than node 0 has; its rest is shared again. */
	expect_starts(&t, 12288, 0, 0, 0, 22528, 38912);
}

Test(node, Z6_what_lies_below_counts_but_is_never_movable)
{
	struct table t = { 0 };

	add(&t, 0, 0, 4096);
	add(&t, 0, 8192, 16384);
	add(&t, 1, 16384, 24576);
	/* 8192 wanted, 4096 a node: what node 0 has below is all of its share. */
	expect_starts(&t, 8192, 0, 8192, 8192, 20480, 0);
	/*
	 * A range may begin below and end above: 6144 are below, so 2048 are
	 * left, of which node 1 gives half and node 0, in a second pass, the rest.
	 */
	expect_starts(&t, 8192, 0, 10240, 11264, 17408, 0);
	/* A node that lies below as a whole has no Movable, and gives all that is wanted. */
	expect_starts(&t, 4096, 0, 16384, 0, 16384, 0);
}

Test(node, Z6_later_ranges_continue_where_the_share_ran_out)
{
	struct table t = { 0 };

	add(&t, 0, 0, 2048);
	add(&t, 0, 4096, 8192);
	add(&t, 0, 10240, 20480);
	expect_starts(&t, 3072, 0, 0, 5120, 0, 0);
	expect_starts(&t, 6144, 0, 0, 8192, 0, 0);
	expect_starts(&t, 7168, 0, 0, 11264, 0, 0);
}

Test(node, Z6_a_machine_gets_its_Movable_zone)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 kernelcore=12288\n"
				  "node 0 cpus=0-1\nzone DMA start=0 spanned=4096\n"
				  "zone DMA32 start=4096 spanned=20480 managed_marks=7\n"
				  "hole 24000-24099\nops\n");
	const struct zone *dma32 = zone_of(mm, ZONE_DMA32), *movable = zone_of(mm, ZONE_MOVABLE);

	cr_expect_eq(dma32->end_pfn, 12288);
	cr_expect_eq(dma32->managed, 8192);
	cr_expect_eq(dma32->managed_marks, 8192, "what it was before the cut says nothing now");
	cr_expect_eq(movable->start_pfn, 12288);
	cr_expect_eq(zone_spanned(movable), 12288);
	cr_expect_eq(movable->managed, 12188);
	cr_expect_eq(zone_of(mm, ZONE_DMA)->managed, 4096);
	expect_list(mm, 0, ZONELIST_FALLBACK, "0M 0D 0D");
	boot_done(mm);
}

Test(node, Z6_movablecore_makes_a_zone_too)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 movablecore=2000\nnode 0 cpus=0\n"
				  "zone DMA start=0 spanned=0\n"
				  "zone Normal start=4096 spanned=8192\nops\n");

	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->managed, 6144);
	cr_expect_eq(zone_of(mm, ZONE_MOVABLE)->start_pfn, 10240);
	cr_expect_eq(zone_of(mm, ZONE_MOVABLE)->managed, 2048);
	boot_done(mm);
}

Test(node, Z6_a_whole_zone_can_become_Movable)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 kernelcore=4096\n"
				  "node 0 cpus=0-1\nzone DMA start=0 spanned=4096\n"
				  "zone Normal start=5120 spanned=4096\n"
				  "node 1\nzone Normal start=10241 spanned=4096\nops\n");

	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->present, 0);
	cr_expect_eq(zone_of(mm, ZONE_MOVABLE)->managed, 4096);
	/* DMA is all that is wanted, so node 1 keeps only what rounding leaves it. */
	cr_expect_eq(mm->zones[ID(1, ZONE_NORMAL)].end_pfn, 11264);
	cr_expect_eq(mm->zones[ID(1, ZONE_MOVABLE)].start_pfn, 11264);
	cr_expect_eq(mm->zones[ID(1, ZONE_MOVABLE)].managed, 3073);
	boot_done(mm);
}

/* --- reserves, dirty pages ------------------------------------------------------------------ */

Test(node, G5_W9_totalreserve_is_largest_reserve_plus_high)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone DMA start=0 spanned=4096\n"
				  "zone Normal start=4096 spanned=65536\n"
				  "sysctl lowmem_reserve_ratio=64,0,0,0,0\nops\n");
	const struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);

	cr_expect_eq(dma->lowmem_reserve[ZONE_NORMAL], 1024);
	cr_expect_eq(mm->nodes[0].totalreserve, 1024 + dma->watermark[WMARK_HIGH] +
					       normal->watermark[WMARK_HIGH]);
	/* Never more than a zone has. */
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA, 1), MM_OK);
	cr_expect_eq(mm->nodes[0].totalreserve, 4096 + normal->watermark[WMARK_HIGH]);
	boot_done(mm);
}

Test(node, G5_dirty_limit)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone Normal start=4096 spanned=16384\n"
				  "sysctl dirty_ratio=50\nops\n");
	struct node *node = &mm->nodes[0];
	uint64_t base = 16384 - node->totalreserve;
	/* dirty <= (base + dirty) / 2 holds up to dirty == base. */
	const struct tunables *t = &mm->tun;

	node->nr_dirty = base;
	cr_expect(node_dirty_ok(t, node, mm->zones, 0, 0));
	node->nr_dirty = base + 1;
	cr_expect_not(node_dirty_ok(t, node, mm->zones, 0, 0));
	cr_expect(node_dirty_ok(t, node, mm->zones, 0, CTX_REALTIME), "a quarter more");
	node->nr_dirty = base * 5 / 3 + 2;
	cr_expect_not(node_dirty_ok(t, node, mm->zones, 0, CTX_REALTIME));
	/* With nothing free beyond the reserves, one dirty page is too many. */
	zone_of(mm, ZONE_NORMAL)->stats.count[NR_FREE_PAGES] = -5;
	node->nr_dirty = 0;
	cr_expect(node_dirty_ok(t, node, mm->zones, 0, 0));
	node->nr_dirty = 1;
	cr_expect_not(node_dirty_ok(t, node, mm->zones, 0, 0));
	boot_done(mm);
}
