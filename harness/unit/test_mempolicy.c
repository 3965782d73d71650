/* SPDX-License-Identifier: MIT */
/* test_mempolicy.c - which nodes a task's pages come from */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "mempolicy.h"

/*
 * Node 0 has DMA32 and Normal, nodes 1 and 2 Normal, node 3 nothing but
 * Movable, node 4 no memory.  Each node has the CPU of its number.
 */
static const char machine[] =
	"tidemark 1\n"
	"machine cpus=5 pageblock_order=9 zones=DMA32,Normal,Movable\n"
	"node 0 cpus=0\n"
	"zone DMA32 start=0 spanned=8192\n"
	"zone Normal start=16384 spanned=8192\n"
	"node 1 cpus=1\n"
	"zone Normal start=32768 spanned=8192\n"
	"node 2 cpus=2\n"
	"zone Normal start=49152 spanned=8192\n"
	"node 3 cpus=3\n"
	"zone Movable start=65536 spanned=8192\n"
	"node 4 cpus=4\n"
	"sysctl min_free_kbytes=512\n"
	"ops\n";

static struct mempolicy policy(enum mempolicy_mode mode, unsigned int nodes)
{
	return (struct mempolicy){ .mode = (uint8_t)mode, .nodes = (uint8_t)nodes,
				   .home = NODE_NONE, .il_prev = MAX_NODES - 1 };
}

static const struct alloc_request kernel_page = { .gfp = GFP_KERNEL, .nid = NODE_NONE };
static const struct alloc_request user_page = { .gfp = GFP_HIGHUSER_MOVABLE, .nid = NODE_NONE };

/* The zone that a page came from. */
static const struct zone *zone_got(struct mm *mm, struct mempolicy *pol,
				   const struct alloc_request *req)
{
	struct page *page = NULL;
	enum verdict verdict = mempolicy_alloc(mm, pol, req, &page);

	cr_assert_eq(verdict, VERDICT_OK, "verdict %d", (int)verdict);
	cr_assert_not_null(page);
	return mm_page_zone(mm, page);
}

static unsigned int node_got(struct mm *mm, struct mempolicy *pol, const struct alloc_request *req)
{
	return zone_got(mm, pol, req)->nid;
}

static void run_on(struct mm *mm, unsigned int cpu)
{
	mm->tun.hw->cpu = (uint8_t)cpu;
}

/* Takes all of a zone that an ordinary request can get. */
static void exhaust(struct mm *mm, unsigned int nid, enum zone_type type)
{
	struct zone *z = &mm->zones[nid * NR_ZONE_TYPES + type];

	z->stats.count[NR_FREE_PAGES] -= 1 << 20;
}

static void relent(struct mm *mm, unsigned int nid, enum zone_type type)
{
	struct zone *z = &mm->zones[nid * NR_ZONE_TYPES + type];

	z->stats.count[NR_FREE_PAGES] += 1 << 20;
}

/* --- what is a policy ------------------------------------------------------------------ */

Test(mempolicy, Z7_policies_that_mean_something)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_DEFAULT, 0);

	cr_assert_eq(mempolicy_check(mm, &pol), MM_OK);
	for (unsigned int mode = MPOL_BIND; mode < NR_MEMPOLICY_MODES; mode++) {
		pol = policy((enum mempolicy_mode)mode, 1 << 1);
		cr_assert_eq(mempolicy_check(mm, &pol), MM_OK, "mode %u", mode);
		pol = policy((enum mempolicy_mode)mode, 0xff);
		cr_assert_eq(mempolicy_check(mm, &pol), MM_OK, "mode %u", mode);
		pol = policy((enum mempolicy_mode)mode, 0);
		cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE, "mode %u", mode);
	}
	boot_done(mm);
}

Test(mempolicy, Z5_Z7_nodes_without_memory_are_not_enough)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 4);

	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE);
	pol = policy(MPOL_INTERLEAVE, 1 << 6);	/* a node the machine has not */
	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE);
	pol = policy(MPOL_PREFERRED, 1 << 4 | 1 << 2);
	cr_assert_eq(mempolicy_check(mm, &pol), MM_OK);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 2);
	boot_done(mm);
}

Test(mempolicy, Z7_home_is_an_online_node)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1);

	pol.home = 4;
	cr_assert_eq(mempolicy_check(mm, &pol), MM_OK);
	pol.home = 5;
	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE);
	pol.home = MAX_NODES;
	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE);
	pol.mode = MPOL_PREFERRED_MANY;
	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_NODE);
	pol.mode = MPOL_PREFERRED;		/* has no use for it */
	cr_assert_eq(mempolicy_check(mm, &pol), MM_OK);
	pol.mode = NR_MEMPOLICY_MODES;
	cr_assert_eq(mempolicy_check(mm, &pol), MM_BAD_VALUE);
	boot_done(mm);
}

Test(mempolicy, X6_Z7_what_is_refused_changes_nothing)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_INTERLEAVE, 0x7);
	struct alloc_request req = { .gfp = __GFP_DMA | __GFP_HIGHMEM, .nid = NODE_NONE };
	struct page *page = (struct page *)mm;
	uint64_t before = state_hash(mm);

	cr_assert_eq(mempolicy_alloc(mm, &pol, &req, &page), VERDICT_REFUSED);
	cr_assert_null(page);
	cr_assert_eq(pol.il_prev, MAX_NODES - 1);
	pol.nodes = 1 << 4;
	cr_assert_eq(mempolicy_alloc(mm, &pol, &kernel_page, &page), VERDICT_REFUSED);
	cr_assert_eq(pol.il_prev, MAX_NODES - 1);
	cr_assert_eq(state_hash(mm), before);
	boot_done(mm);
}

/* The request's own node and mask mean nothing here, even when they are nonsense. */
Test(mempolicy, Z7_the_policy_alone_decides)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1);
	struct alloc_request req = {
		.gfp = GFP_KERNEL, .nid = 77, .nodemask = 1 << 6 };

	cr_assert_eq(node_got(mm, &pol, &req), 1);
	pol = policy(MPOL_DEFAULT, 0);
	req.nid = 2;
	cr_assert_eq(node_got(mm, &pol, &req), 0);
	boot_done(mm);
}

/* --- modes ----------------------------------------------------------------------------- */

Test(mempolicy, Z7_default_begins_where_the_CPU_is)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_DEFAULT, 0);

	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		run_on(mm, cpu);
		cr_assert_eq(node_got(mm, &pol, &kernel_page), cpu);
	}
	run_on(mm, 3);
	cr_assert_eq(node_got(mm, &pol, &user_page), 3);
	boot_done(mm);
}

Test(mempolicy, Z7_bind_stays_on_its_nodes)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1 | 1 << 2);
	struct page *page;

	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	run_on(mm, 2);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 2);
	exhaust(mm, 2, ZONE_NORMAL);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	exhaust(mm, 1, ZONE_NORMAL);
	cr_assert_eq(mempolicy_alloc(mm, &pol, &kernel_page, &page), VERDICT_FAILED);
	cr_assert_null(page);
	relent(mm, 1, ZONE_NORMAL);
	relent(mm, 2, ZONE_NORMAL);
	boot_done(mm);
}

/* The machine's best zone that is not Movable is Normal; DMA32 is below it. */
Test(mempolicy, Z7_bind_leaves_requests_for_low_zones_alone)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1);
	struct alloc_request low = { .gfp = GFP_KERNEL | __GFP_DMA32, .nid = NODE_NONE };

	cr_assert_eq(zone_got(mm, &pol, &low)->type, ZONE_DMA32);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	boot_done(mm);
}

/* Bound to Movable alone, a request that cannot go there is not bound. */
Test(mempolicy, Z6_Z7_bind_to_nodes_with_only_Movable)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 3);

	cr_assert_eq(node_got(mm, &pol, &user_page), 3);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 0);
	pol.nodes |= 1 << 1;
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	boot_done(mm);
}

/* Where no node has more than DMA32, that is worth binding. */
Test(mempolicy, Z7_bind_on_a_machine_without_Normal)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=2 pageblock_order=9 zones=DMA32,Normal,Movable\n"
		"node 0 cpus=0\n"
		"zone DMA32 start=0 spanned=8192\n"
		"node 1 cpus=1\n"
		"zone DMA32 start=16384 spanned=8192\n"
		"ops\n");
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1);
	struct alloc_request low = { .gfp = GFP_KERNEL | __GFP_DMA32, .nid = NODE_NONE };

	cr_assert_eq(node_got(mm, &pol, &low), 1);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	boot_done(mm);
}

Test(mempolicy, Z7_home_is_where_bind_and_preferred_many_begin)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_BIND, 1 << 1 | 1 << 2);

	run_on(mm, 1);
	pol.home = 2;
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 2);
	pol.mode = MPOL_PREFERRED_MANY;
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 2);
	pol.home = 0;			/* not one of them: the nearest of them serves */
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	boot_done(mm);
}

Test(mempolicy, Z7_preferred_takes_the_first_node_and_then_any)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED, 1 << 1 | 1 << 2);

	pol.home = 0;
	run_on(mm, 2);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	exhaust(mm, 1, ZONE_NORMAL);
	cr_assert_neq(node_got(mm, &pol, &kernel_page), 1);
	relent(mm, 1, ZONE_NORMAL);
	boot_done(mm);
}

/* The first attempt may not wait, so it does not reclaim and does not fall back. */
static unsigned int reclaims;

static uint64_t count_reclaims(struct mm *mm, gfp_t gfp, unsigned int order)
{
	(void)mm;
	(void)gfp;
	(void)order;
	reclaims++;
	return 0;
}

Test(mempolicy, Z7_preferred_many_does_not_try_hard_before_it_takes_any_node)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED_MANY, 1 << 1 | 1 << 2);

	mm->reclaim = count_reclaims;
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 1);
	exhaust(mm, 1, ZONE_NORMAL);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 2);
	exhaust(mm, 2, ZONE_NORMAL);
	cr_assert_eq(node_got(mm, &pol, &kernel_page), 0);
	cr_assert_eq(reclaims, 0);
	relent(mm, 1, ZONE_NORMAL);
	relent(mm, 2, ZONE_NORMAL);
	boot_done(mm);
}

static gfp_t gfp_tried[2];
static unsigned int tries;

static void note_gfp(void *to, const struct event *event)
{
	(void)to;
	if (event->kind == EVENT_PAGE_ALLOC && tries < 2)
		gfp_tried[tries++] = event->gfp;
}

Test(mempolicy, S3_Z7_preferred_many_asks_modestly_first)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED_MANY, 1 << 1);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_NOFAIL, .nid = NODE_NONE };

	exhaust(mm, 1, ZONE_NORMAL);
	mm->tun.hw->on_event = note_gfp;
	node_got(mm, &pol, &req);
	cr_assert_eq(tries, 2);
	cr_assert_eq(gfp_tried[0], (GFP_KERNEL | __GFP_NOWARN) & ~__GFP_DIRECT_RECLAIM);
	cr_assert_eq(gfp_tried[1], req.gfp);
	relent(mm, 1, ZONE_NORMAL);
	boot_done(mm);
}

/* It keeps to its nodes for low zones as well: there is no way to starve. */
Test(mempolicy, Z7_preferred_many_and_low_zones)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED_MANY, 1 << 1);
	struct alloc_request low = { .gfp = GFP_KERNEL | __GFP_DMA32, .nid = NODE_NONE };

	cr_assert_eq(zone_got(mm, &pol, &low)->type, ZONE_DMA32);
	boot_done(mm);
}

Test(mempolicy, G5_Z7_preferred_many_and_NOFAIL)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED_MANY, 1 << 1);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_NOFAIL, .nid = NODE_NONE };
	struct page *page;

	exhaust(mm, 1, ZONE_NORMAL);
	cr_assert_eq(node_got(mm, &pol, &req), 0);
	exhaust(mm, 0, ZONE_NORMAL);
	exhaust(mm, 0, ZONE_DMA32);
	exhaust(mm, 2, ZONE_NORMAL);
	cr_assert_eq(mempolicy_alloc(mm, &pol, &req, &page), VERDICT_STUCK);
	relent(mm, 0, ZONE_NORMAL);
	relent(mm, 0, ZONE_DMA32);
	relent(mm, 1, ZONE_NORMAL);
	relent(mm, 2, ZONE_NORMAL);
	boot_done(mm);
}

Test(mempolicy, Z7_interleave_takes_turns)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_INTERLEAVE, 0xff);
	static const unsigned int turns[] = { 0, 1, 2, 3, 0, 1, 2, 3, 0 };

	run_on(mm, 2);
	for (unsigned int i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
		cr_assert_eq(node_got(mm, &pol, &user_page), turns[i], "turn %u", i);
	cr_assert_eq(pol.il_prev, 0);
	pol = policy(MPOL_INTERLEAVE, 1 << 2);
	cr_assert_eq(node_got(mm, &pol, &user_page), 2);
	cr_assert_eq(node_got(mm, &pol, &user_page), 2);
	boot_done(mm);
}

/* Whatever the last turn was said to be, the next one is one of the nodes. */
Test(mempolicy, Z7_interleave_from_any_last_turn)
{
	struct mm *mm = boot_text(machine);

	for (unsigned int prev = 0; prev <= UINT8_MAX; prev++) {
		struct mempolicy pol = policy(MPOL_INTERLEAVE, 1 << 1 | 1 << 3);

		pol.il_prev = (uint8_t)prev;
		cr_assert_eq(node_got(mm, &pol, &user_page), prev == 1 || prev == 2 ? 3 : 1,
			     "after %u", prev);
	}
	boot_done(mm);
}

/* Only pages that came from the node whose turn it was count. */
Test(mempolicy, S1_Z7_interleave_is_counted_where_it_worked)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_INTERLEAVE, 1 << 1 | 1 << 2);
	const struct zone *one = &mm->zones[1 * NR_ZONE_TYPES + ZONE_NORMAL];
	const struct zone *two = &mm->zones[2 * NR_ZONE_TYPES + ZONE_NORMAL];
	uint64_t sum = 0;

	run_on(mm, 2);
	for (unsigned int i = 0; i < 5; i++)
		node_got(mm, &pol, &kernel_page);
	cr_assert_eq(mm_numa_sum(mm, one, NUMA_INTERLEAVE), 3);
	cr_assert_eq(two->cpu[2].numa[NUMA_INTERLEAVE], 2);
	exhaust(mm, 2, ZONE_NORMAL);
	cr_assert_neq(node_got(mm, &pol, &kernel_page), 2);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		sum += mm_numa_sum(mm, z, NUMA_INTERLEAVE);
	cr_assert_eq(sum, 5);
	cr_assert_eq(pol.il_prev, 2);		/* the turn is over all the same */
	relent(mm, 2, ZONE_NORMAL);
	boot_done(mm);
}

Test(mempolicy, Z7_a_failure_ends_the_turn_too)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_INTERLEAVE, 0x7);
	struct alloc_request req = { .gfp = GFP_NOWAIT, .nid = NODE_NONE };
	struct page *page;

	mm->tun.hw->fail_alloc_at = 1;
	cr_assert_eq(mempolicy_alloc(mm, &pol, &req, &page), VERDICT_FAILED);
	cr_assert_null(page);
	cr_assert_eq(pol.il_prev, 0);
	cr_assert_eq(node_got(mm, &pol, &req), 1);
	boot_done(mm);
}

/* --- who has no policy ----------------------------------------------------------------- */

Test(mempolicy, G6_Z7_interrupts_have_no_policy)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_INTERLEAVE, 1 << 1 | 1 << 2);
	struct alloc_request req = { .gfp = GFP_ATOMIC, .nid = NODE_NONE, .context = CTX_IRQ };

	cr_assert_eq(node_got(mm, &pol, &req), 0);
	cr_assert_eq(pol.il_prev, MAX_NODES - 1);
	pol = policy(MPOL_BIND, 1 << 1);
	pol.home = 1;
	cr_assert_eq(node_got(mm, &pol, &req), 0);
	req.context = 0;
	cr_assert_eq(node_got(mm, &pol, &req), 1);
	boot_done(mm);
}

Test(mempolicy, G5_Z7_THISNODE_has_no_policy)
{
	struct mm *mm = boot_text(machine);
	struct mempolicy pol = policy(MPOL_PREFERRED, 1 << 1);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_THISNODE, .nid = NODE_NONE };

	run_on(mm, 2);
	cr_assert_eq(node_got(mm, &pol, &req), 2);
	boot_done(mm);
}

/* --- against the rule, written out once more ------------------------------------------- */

/* Every mode, node set, home and CPU: where a page must come from while all zones are full. */
static unsigned int expected_node(unsigned int mode, unsigned int nodes, unsigned int home,
				  unsigned int cpu)
{
	unsigned int start = home != NODE_NONE ? home : cpu;
	unsigned int first = 0;

	while (!(nodes >> first & 1))
		first++;
	if (mode == MPOL_PREFERRED || mode == MPOL_INTERLEAVE)
		return first;
	if (nodes >> start & 1)
		return start;
	/* All others are equally far: those above come before those below. */
	for (unsigned int i = 1; i < 3; i++)
		if (nodes >> (start + i) % 3 & 1)
			return (start + i) % 3;
	return NODE_NONE;
}

Test(mempolicy, Z4_Z7_all_policies_on_three_nodes)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=3 pageblock_order=9 zones=Normal,Movable\n"
		"node 0 cpus=0\n"
		"zone Normal start=0 spanned=16384\n"
		"node 1 cpus=1\n"
		"zone Normal start=16384 spanned=16384\n"
		"node 2 cpus=2\n"
		"zone Normal start=32768 spanned=16384\n"
		"ops\n");

	for (unsigned int i = 0; i < 4 * 7 * 4 * 3; i++) {
		unsigned int mode = MPOL_BIND + i % 4;
		unsigned int nodes = 1 + i / 4 % 7;
		unsigned int home = i / 28 % 4 < 3 ? i / 28 % 4 : NODE_NONE;
		unsigned int cpu = i / 112;
		struct mempolicy pol = policy((enum mempolicy_mode)mode, nodes);

		pol.home = (uint8_t)home;
		run_on(mm, cpu);
		cr_assert_eq(node_got(mm, &pol, &kernel_page),
			     expected_node(mode, nodes, home, cpu),
			     "mode %u nodes 0x%x home %u cpu %u", mode, nodes, home, cpu);
	}
	boot_done(mm);
}
