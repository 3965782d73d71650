/* SPDX-License-Identifier: MIT */
/* test_op_text.c - programs as text: what is accepted, what it means, what is refused and why */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "op_compare.h"
#include "targets.h"

static struct program first, second;

static void parse(const char *text, struct program *p)
{
	struct op_error error = { 0 };

	cr_assert(op_parse(text, strlen(text), p, &error), "line %u: %s", error.line, error.what);
}

static char *print(const struct program *p, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	cr_assert_not_null(f);
	op_print(p, f);
	cr_assert_eq(fclose(f), 0);
	return text;
}

/* Text gives the program back, and the same text again. */
static void assert_text_identity(const struct program *p)
{
	size_t len, len_again;
	char *text = print(p, &len), *exact = malloc(len), *again;
	struct op_error error = { 0 };

	cr_assert_not_null(exact);
	memcpy(exact, text, len);	/* without the NUL, so that reading it is noticed */
	memset(&second, 0xa5, offsetof(struct program, ops));
	cr_assert(op_parse(exact, len, &second, &error), "line %u: %s", error.line, error.what);
	assert_same_program(p, &second);
	again = print(&second, &len_again);
	cr_assert_str_eq(text, again);
	free(again);
	free(exact);
	free(text);
}

/* --- identity ----------------------------------------------------------------------------- */

Test(op_text, X10_text_gives_drawn_programs_back)
{
	for (unsigned int t = 0; target_at(t); t++)
		for (uint64_t seed = 100; seed < 130; seed++) {
			world_draw(&target_at(t)->theme, seed, 40, &first);
			op_normalize(&first);
			assert_text_identity(&first);
		}
}

Test(op_text, X10_text_gives_programs_made_of_noise_back)
{
	uint64_t rng = 9;
	uint8_t noise[300];

	for (unsigned int round = 0; round < 700; round++) {
		size_t size = (size_t)rng_below(&rng, sizeof(noise) + 1);

		for (size_t i = 0; i < size; i++)
			noise[i] = (uint8_t)(rng_next(&rng) >> (rng_chance(&rng, 128) ? 58 : 16));
		op_decode(noise, size, &first);
		assert_text_identity(&first);
	}
}

Test(op_text, X10_the_longest_program_has_a_text)
{
	parse("tidemark 1\nzone Normal start=0 spanned=64\n", &first);
	for (uint32_t i = 0; i < OPS_MAX; i += 2) {
		first.ops[i] = (struct op){ .kind = OP_ALLOC, .nid = NODE_NONE };
		first.ops[i + 1] = (struct op){ .kind = OP_FREE, .ref = (uint16_t)(i / 2) };
	}
	first.nr_ops = OPS_MAX;
	op_normalize(&first);
	cr_assert_eq(first.nr_slots, OPS_MAX / 2);
	assert_text_identity(&first);
}

/* --- what a text means -------------------------------------------------------------------- */

static const char example[] =
	"# comments may come first\n"
	"\n"
	"tidemark 1\n"
	"machine cpus=4 page_shift=12 pageblock_order=9 zones=DMA,DMA32,Normal,Movable,Device\n"
	"node 0 cpus=0-1\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"hole 159-255                          # pfns, first-last\n"
	"zone DMA32 start=4096 spanned=126976 present=126976 managed=112503 managed_marks=109000 "
	"managed_reserve=112503\n"
	"node 1 cpus=2-3\n"
	"zone Normal start=1048576 spanned=65536 managed=65000\n"
	"reserved 1048576-1048703\n"
	"distance 0 1 31\n"
	"sysctl watermark_scale_factor=137\n"
	"sysctl lowmem_reserve_ratio=256,256,32,0,0\n"
	"policy marks=4.5\n"
	"ops\n"
	"a = alloc order=3 gfp=GFP_KERNEL|__GFP_COMP cpu=0 node=0\n"
	"b = bulk n=40 gfp=GFP_NOWAIT cpu=1\n"
	"touch a\n"
	"free a cpu=1\n"
	"drain\n"
	"expect ok alloc order=10 gfp=GFP_ATOMIC\n"
	"expect fail alloc order=0 gfp=GFP_DMA|__GFP_THISNODE node=1   # node 1 has no DMA zone\n";

Test(op_text, Z1_Z2_W9_the_example_machine)
{
	const struct mm_config *c = &first.config;

	parse(example, &first);
	cr_assert(c->nr_cpus == 4 && c->page_shift == 12 && c->pageblock_order == 9);
	cr_assert_eq(c->zone_types, 0x37);
	cr_assert(c->online_nodes == 3 && c->node_cpus[0] == 3 && c->node_cpus[1] == 12);
	cr_assert(c->nr_zones == 3 && c->nr_holes == 1 && c->nr_reserved == 1 && c->nr_cma == 0);
	cr_assert(c->zones[0].type == ZONE_DMA && c->zones[0].start == 1);
	cr_assert(c->zones[0].present == 3998 && c->zones[0].managed_marks == PAGES_UNSET);
	cr_assert(c->zones[1].managed_marks == 109000 && c->zones[1].managed_reserve == 112503);
	cr_assert(c->zones[2].nid == 1 && c->zones[2].present == PAGES_UNSET);
	cr_assert(c->holes[0].start == 159 && c->holes[0].end == 256, "both ends are inside");
	cr_assert_eq(c->reserved[0].end, 1048704);
	cr_assert(c->distance[0][1] == 31 && c->distance[1][0] == 31);
	cr_assert_eq(c->sysctl.watermark_scale_factor, 137);
	cr_assert_eq(c->policy.marks, MARKS_4_5);
}

Test(op_text, G1_B5_the_example_ops)
{
	const struct op *op = first.ops;

	parse(example, &first);
	cr_assert(first.nr_ops == 7 && first.nr_slots == 4);
	cr_assert(op[0].kind == OP_ALLOC && op[0].order == 3 && op[0].nid == 0);
	cr_assert_eq(op[0].gfp, GFP_KERNEL | __GFP_COMP);
	cr_assert(op[1].kind == OP_BULK && op[1].n == 40 && op[1].nid == NODE_NONE);
	cr_assert(op[2].kind == OP_TOUCH && op[2].ref == 0);
	cr_assert(op[3].kind == OP_FREE && op[3].ref == 0 && op[3].cpu == 1);
	cr_assert_eq(op[4].kind, OP_DRAIN_ALL);
	cr_assert(op[5].expect == EXPECT_OK && op[5].order == 10 && op[5].gfp == GFP_ATOMIC);
	cr_assert(op[6].expect == EXPECT_FAIL && op[6].nid == 1);
	assert_text_identity(&first);
}

/* Both texts are the same program. */
static void assert_equal_texts(const char *a, const char *b)
{
	parse(a, &first);
	parse(b, &second);
	assert_same_program(&first, &second);
}

#define ZONE	"zone Normal start=4096 spanned=4096\n"
#define HEAD	"tidemark 1\n" ZONE "ops\n"

Test(op_text, Z1_what_is_left_out_has_a_default)
{
	assert_equal_texts("tidemark 1\n" ZONE,
			   "tidemark 1\n"
			   "machine cpus=4 page_shift=12 pageblock_order=9 "
			   "zones=DMA,DMA32,Normal,Movable,Device kernelcore=0\n"
			   "node 0 cpus=0-3\n" ZONE
			   "sysctl watermark_scale_factor=10 min_free_kbytes=-1\n"
			   "policy marks=6.1 movable=follows reserve=cumulative pcp_limits=6.1 "
			   "min_free_cap=262144 pcp_batch=0\nops\n");
	assert_equal_texts(HEAD "a = alloc gfp=0x0\nb = bulk n=1 gfp=0\nmovable a\ndirty a\n"
			   "reclaim_active node=0 zone=DMA\nfree_one b\n",
			   HEAD "a = alloc order=0 gfp=0 cpu=0\nb = bulk n=1 gfp=0 cpu=0\n"
			   "movable a on\ndirty a on\nreclaim_active zone=DMA on node=0\n"
			   "free_one b n=0\n");
}

Test(op_text, Z1_cpus_that_no_line_places)
{
	const struct mm_config *c = &first.config;

	parse("tidemark 1\nnode 2\nnode 1\n" ZONE, &first);
	cr_assert(c->online_nodes == 6 && c->node_cpus[1] == 15 && c->node_cpus[2] == 0);
	assert_equal_texts("tidemark 1\n" ZONE "node 1 cpus=1,3\n",
			   "tidemark 1\nnode 1 cpus=1,3\nnode 0 cpus=0,2\n" ZONE);
	parse("tidemark 1\nmachine cpus=64\n" ZONE, &first);
	cr_assert_eq(c->node_cpus[0], UINT64_MAX);
}

Test(op_text, Z1_a_node_may_be_named_again)
{
	assert_equal_texts("tidemark 1\nnode 0 cpus=0-2\nnode 1 cpus=3\n"
			   "zone DMA start=0 spanned=16\nnode 0\nzone DMA start=16 spanned=16\n",
			   "tidemark 1\nnode 1\nzone DMA start=0 spanned=16\nnode 0 cpus=0,1,2\n"
			   "zone DMA start=16 spanned=16\nnode 1 cpus=3\n");
	assert_text_identity(&first);
}

Test(op_text, Z5_a_zone_may_be_empty)
{
	assert_equal_texts("tidemark 1\nzone Movable spanned=0\n" ZONE,
			   "tidemark 1\nzone Movable start=0 spanned=0\n" ZONE);
	assert_text_identity(&first);
}

Test(op_text, X10_numbers_are_decimal_or_hexadecimal)
{
	assert_equal_texts("tidemark 0x1\nzone Normal start=0x1000 spanned=0X1000\nhole "
	  "0x1000-4097\n"
			   "ops\nalloc order=0xA gfp=0xcc0 cpu=0x3\nfree_wrong "
			   "pfn=0xffffffffffffffff\n"
			   "sysctl thp=-0x2\n",
			   "tidemark 1\n" ZONE "hole 4096-0x1001\nops\n"
			   "alloc order=10 gfp=GFP_KERNEL cpu=3\nfree_wrong "
			   "pfn=18446744073709551615\n"
			   "sysctl thp=-2\n");
}

Test(op_text, X10_blanks_comments_and_line_ends_do_not_matter)
{
	assert_equal_texts("\n  # first\n\ttidemark\t1 # one\r\n" ZONE "\r\n \t \nops#\ntick  "
	  "cpu=1\t#x",
			   HEAD "tick cpu=1\n");
}

Test(op_text, X10_names_are_free_and_may_be_given_again)
{
	parse(HEAD "x = alloc gfp=0\nx = alloc gfp=0\nfree x\n_y2 = alloc gfp=0\nalloc gfp=0\n"
	      "free _y2\nfree x\nexpect = exact n=1 gfp=0\nfree expect\n",
	      &first);
	cr_assert_eq(first.nr_slots, 5);
	cr_assert_eq(first.ops[2].ref, 1, "x is the newer one");
	cr_assert_eq(first.ops[5].ref, 2);
	cr_assert_eq(first.ops[6].ref, 1);
	cr_assert_eq(first.ops[8].ref, 4);
}

Test(op_text, X10_many_names)
{
	static char text[OPS_MAX * 64];
	size_t len = (size_t)sprintf(text, HEAD);

	for (unsigned int i = 0; i < OPS_MAX / 2; i++)
		len += (size_t)sprintf(text + len, "name_%u = alloc gfp=0\n", i);
	for (unsigned int i = 0; i < OPS_MAX / 2; i++)
		len += (size_t)sprintf(text + len, "free name_%u\n", i);
	parse(text, &first);
	for (unsigned int i = 0; i < OPS_MAX / 2; i++)
		cr_assert_eq(first.ops[OPS_MAX / 2 + i].ref, i);
}

Test(op_text, P6_what_comes_before_an_op_may_come_in_any_order)
{
	assert_equal_texts(HEAD "expect ok irq at=3 a = alloc gfp=0\n",
			   HEAD "a = irq at=0x3 expect ok alloc gfp=0\n");
	cr_assert(first.ops[0].irq_at == 3 && first.ops[0].expect == EXPECT_OK);
	assert_equal_texts(HEAD "expect refused alloc gfp=0\nexpect stuck alloc gfp=0\n",
			   HEAD "expect refused q = alloc gfp=0\nr = expect stuck alloc gfp=0\n");
}

Test(op_text, W4_W9_one_line_can_be_several_ops)
{
	assert_equal_texts(HEAD "expect zone node=0 zone=DMA32 min=653 protection=0,1,2,3,4 "
	  "low=-1\n",
			   HEAD "expect zone node=0 zone=DMA32 min=653\n"
			   "expect zone node=0 zone=DMA32 protection.DMA=0\n"
			   "expect zone node=0 zone=DMA32 protection.DMA32=1\n"
			   "expect zone zone=DMA32 node=0 protection.Normal=2\n"
			   "expect zone node=0 zone=DMA32 protection.Movable=3 "
			   "protection.Device=4\n"
			   "expect zone node=0 zone=DMA32 low=-1\n");
	cr_assert_eq(first.nr_ops, 7);
	assert_equal_texts(HEAD "sysctl lowmem_reserve_ratio=1,2,3,4,5 thp=1\n",
			   HEAD "sysctl lowmem_reserve_ratio.DMA=1\nsysctl "
			     "lowmem_reserve_ratio.DMA32=2\n"
			   "sysctl lowmem_reserve_ratio.Normal=3\n"
			   "sysctl lowmem_reserve_ratio.Movable=4 lowmem_reserve_ratio.Device=5\n"
			   "sysctl thp=1\n");
}

Test(op_text, W4_reserve_ratios_go_by_the_configured_types)
{
	const char text[] = "tidemark 1\nmachine zones=Normal,HighMem,Movable\n" ZONE
			    "sysctl lowmem_reserve_ratio=7,8,9\n";

	parse(text, &first);
	cr_assert_eq(first.config.sysctl.lowmem_reserve_ratio[ZONE_DMA], 0);
	cr_assert_eq(first.config.sysctl.lowmem_reserve_ratio[ZONE_NORMAL], 7);
	cr_assert_eq(first.config.sysctl.lowmem_reserve_ratio[ZONE_HIGHMEM], 8);
	cr_assert_eq(first.config.sysctl.lowmem_reserve_ratio[ZONE_MOVABLE], 9);
	assert_text_identity(&first);
}

Test(op_text, W3_P1_B6_every_policy_has_its_words)
{
	static const char *const choices[] = {
		"marks=4.5", "marks=2.6.14", "movable=highmem", "reserve=skip_empty",
		"reserve=empty_lower", "pcp_limits=5.13", "pcp_limits=4.18", "min_free_cap=65536",
		"init_on_alloc", "init_on_free", "poison", "prezero", "shuffle", "pcp_batch=7",
	};
	char text[128], wanted[64];
	size_t len;

	for (unsigned int i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		char *printed;

		snprintf(text, sizeof(text), "tidemark 1\n" ZONE "policy %s\n", choices[i]);
		parse(text, &first);
		assert_text_identity(&first);
		printed = print(&first, &len);
		snprintf(wanted, sizeof(wanted), "\npolicy %s\n", choices[i]);
		cr_assert_not_null(strstr(printed, wanted), "%s", printed);
		free(printed);
	}
}

Test(op_text, X10_one_op_prints_as_in_the_whole)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	parse(example, &first);
	op_print_op(&first, 5, f);
	fclose(f);
	cr_assert_str_eq(line, "expect ok c = alloc order=10 gfp=GFP_ATOMIC");
	free(line);
}

/* --- damage ------------------------------------------------------------------------------- */

/* Cutting a text anywhere gives a program or a reason with a line that exists. */
Test(op_text, X10_a_cut_text_is_a_program_or_refused)
{
	for (size_t len = 0; len < sizeof(example); len++) {
		char *exact = malloc(len ? len : 1);
		struct op_error error = { 0 };
		unsigned int lines = 1;

		memcpy(exact, example, len);
		for (size_t i = 0; i < len; i++)
			lines += exact[i] == '\n';
		if (op_parse(exact, len, &first, &error)) {
			assert_valid_program(&first);
		} else {
			cr_assert_leq(error.line, lines);
			cr_assert_eq(strncmp(error.what, "expected ", 9), 0);
		}
		free(exact);
	}
}

/* Whatever is changed in a text, what is accepted is a program that prints and parses. */
Test(op_text, X10_a_damaged_text_is_a_program_or_refused)
{
	static const char marks[] = "=-,.|# \n0x19aZ_\t";
	uint64_t rng = 4;
	unsigned int accepted = 0;

	for (unsigned int round = 0; round < 3000; round++) {
		char text[sizeof(example)];
		struct op_error error = { 0 };

		memcpy(text, example, sizeof(text));
		for (uint64_t i = rng_below(&rng, 3); i < 3; i++)
			text[rng_below(&rng, sizeof(text) - 1)] =
				marks[rng_below(&rng, sizeof(marks) - 1)];
		if (!op_parse(text, sizeof(text) - 1, &first, &error))
			continue;
		accepted++;
		assert_valid_program(&first);
		assert_text_identity(&first);
	}
	cr_assert_gt(accepted, 100);
}
