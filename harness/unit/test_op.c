/* SPDX-License-Identifier: MIT */
/* test_op.c - programs: binary, machines made whole, ranges, files */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "op_compare.h"
#include "targets.h"

enum { BYTES_MAX = 1 << 17 };

static struct program first, second;
static uint8_t bytes[BYTES_MAX];

static const char small[] = "tidemark 1\nzone Normal start=4096 spanned=4096\nops\n";

static void parse(const char *text, struct program *p)
{
	struct op_error error = { 0 };

	cr_assert(op_parse(text, strlen(text), p, &error), "line %u: %s", error.line, error.what);
}

/* Decodes a copy of exactly this size, so that reading beyond it is noticed. */
static void decode_exactly(const uint8_t *data, size_t size, struct program *p)
{
	uint8_t *copy = malloc(size ? size : 1);

	cr_assert_not_null(copy);
	if (size)
		memcpy(copy, data, size);
	op_decode(copy, size, p);
	free(copy);
}

/* Binary gives the program back, and the same bytes again. */
static void assert_binary_identity(const struct program *p)
{
	static uint8_t again[BYTES_MAX];
	size_t size = op_encode(p, bytes, sizeof(bytes)), size_again;

	cr_assert_lt(size, sizeof(bytes));
	memset(&second, 0xa5, offsetof(struct program, ops));
	decode_exactly(bytes, size, &second);
	assert_same_program(p, &second);
	size_again = op_encode(&second, again, sizeof(again));
	cr_assert_eq(size, size_again);
	cr_assert(memcmp(bytes, again, size) == 0);
}

/* --- the table ---------------------------------------------------------------------------- */

Test(op, X10_each_kind_has_a_name_of_its_own_and_its_reference_first)
{
	for (unsigned int i = 0; i < NR_OP_KINDS; i++) {
		uint32_t has = 0;

		cr_assert_not_null(op_kinds[i].name);
		for (unsigned int j = 0; j < i; j++)
			cr_assert_str_neq(op_kinds[i].name, op_kinds[j].name);
		for (unsigned int f = 0; op_kinds[i].fields[f] != FIELD_END; f++) {
			cr_assert_lt(f, FIELDS_MAX - 1);
			cr_assert(f == 0 || op_kinds[i].fields[f] != FIELD_REF);
			cr_assert(!(has >> op_kinds[i].fields[f] & 1), "%s "
			  "twice", op_kinds[i].name);
			has |= 1u << op_kinds[i].fields[f];
		}
		cr_assert_eq(has, op_kinds[i].has & ~1u, "the mask of %s", op_kinds[i].name);
		cr_assert(!op_kinds[i].allocates || i <= OP_EXACT);
	}
}

Test(op, X10_slots_are_named_like_columns_of_a_sheet)
{
	static const struct {
		uint32_t    slot;
		const char *name;
	} cases[] = {
		{ 0, "a" }, { 1, "b" }, { 25, "z" }, { 26, "aa" }, { 27, "ab" }, { 51, "az" },
		{ 52, "ba" }, { 701, "zz" }, { 702, "aaa" }, { 4095, "fan" },
	};
	char name[8];

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		op_slot_name(cases[i].slot, name);
		cr_assert_str_eq(name, cases[i].name);
	}
}

/* --- binary ------------------------------------------------------------------------------- */

Test(op, X10_binary_gives_drawn_programs_back)
{
	for (unsigned int t = 0; target_at(t); t++)
		for (uint64_t seed = 0; seed < 60; seed++) {
			world_draw(&target_at(t)->theme, seed, 40, &first);
			op_normalize(&first);
			assert_valid_program(&first);
			assert_binary_identity(&first);
		}
}

Test(op, X10_any_bytes_are_a_program)
{
	uint64_t rng = 1;
	uint8_t noise[400];

	for (unsigned int round = 0; round < 2000; round++) {
		size_t size = (size_t)rng_below(&rng, sizeof(noise) + 1);

		for (size_t i = 0; i < size; i++)
			noise[i] = (uint8_t)(rng_next(&rng) >> (rng_chance(&rng, 128) ? 58 : 16));
		decode_exactly(noise, size, &first);
		assert_valid_program(&first);
		assert_binary_identity(&first);
	}
}

Test(op, X10_a_damaged_program_is_a_program)
{
	static uint8_t damaged[BYTES_MAX];
	uint64_t rng = 2;

	for (unsigned int t = 0; target_at(t); t++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			size_t size;

			world_draw(&target_at(t)->theme, seed, 24, &first);
			size = op_encode(&first, damaged, sizeof(damaged));
			for (unsigned int i = 0; i < 8; i++)
				damaged[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
			decode_exactly(damaged, (size_t)rng_below(&rng, size + 1), &first);
			assert_valid_program(&first);
			assert_binary_identity(&first);
		}
}

/* What memory held before must not matter. */
Test(op, X10_decoding_leaves_nothing_of_the_program_before)
{
	for (uint64_t seed = 0; seed < 40; seed++) {
		size_t size;

		world_draw(&target_find("page_alloc")->theme, seed, 30, &first);
		op_normalize(&first);
		size = op_encode(&first, bytes, sizeof(bytes));
		memset(&first, 0xff, sizeof(first));
		memset(&second, 0, sizeof(second));
		op_decode(bytes, size, &first);
		op_decode(bytes, size, &second);
		assert_same_program(&first, &second);
	}
}

/* Each input is like the one before but for a few bytes, or shorter, or another one. */
Test(op, X10_one_after_the_other_decodes_like_each_alone)
{
	struct op_memo memo = { .size = 0 };
	uint64_t rng = 4;
	size_t size = 0;

	for (uint64_t i = 0; i < 4000; i++) {
		if (i % 8 == 0) {
			world_draw(&target_find("page_alloc")->theme, i, 8, &first);
			size = op_encode(&first, bytes, sizeof(bytes));
		}
		for (uint64_t n = rng_below(&rng, 3); n && size; n--)
			bytes[rng_below(&rng, rng_chance(&rng, 64) ? size : size / 2 + 1)] ^=
				(uint8_t)rng_next(&rng);
		if (rng_chance(&rng, 32))
			size = (size_t)rng_below(&rng, size + 1);
		op_decode_next(bytes, size, &second, &memo);
		op_decode(bytes, size, &first);
		assert_same_program(&first, &second);
	}
}

Test(op, Z1_no_bytes_are_one_small_zone_and_no_ops)
{
	op_decode(NULL, 0, &first);
	assert_valid_program(&first);
	cr_assert_eq(first.nr_ops, 0);
	cr_assert_eq(first.config.nr_zones, 1);
	cr_assert_eq(first.config.zones[0].type, ZONE_NORMAL);
	cr_assert_eq(first.config.zones[0].spanned, 4096);
	cr_assert_eq(first.config.nr_cpus, 4);
}

Test(op, X10_the_longest_program_and_no_longer)
{
	size_t size;

	parse(small, &first);
	size = op_encode(&first, bytes, sizeof(bytes));
	for (unsigned int i = 0; i < OPS_MAX + 100; i++) {
		bytes[size++] = OP_TICK;
		bytes[size++] = 1;
	}
	decode_exactly(bytes, size, &first);
	cr_assert_eq(first.nr_ops, OPS_MAX);
	assert_binary_identity(&first);
}

Test(op, X10_ops_that_do_not_fit_are_left_out_whole)
{
	size_t machine, size;
	uint32_t last = 0;

	parse(small, &first);
	machine = op_encode(&first, bytes, sizeof(bytes));
	world_draw(&target_find("page_alloc")->theme, 5, 20, &second);
	memcpy(first.ops, second.ops, sizeof(second.ops[0]) * second.nr_ops);
	first.nr_ops = second.nr_ops;
	op_normalize(&first);
	size = op_encode(&first, bytes, sizeof(bytes));
	for (size_t max = 0; max <= size; max++) {
		size_t used = op_encode(&first, bytes, max);

		cr_assert_leq(used, max);
		decode_exactly(bytes, used, &second);
		if (max < machine)
			continue;
		cr_assert_geq(second.nr_ops, last);
		last = second.nr_ops;
	}
	assert_same_program(&first, &second);
	cr_assert_eq(last, first.nr_ops);
}

/* What version 1 wrote for the text below, which has every part, kind and field. */
static const uint8_t version_1[] = {
	0x01, 0x7f, 0x02, 0x0d, 0x04, 0x1c, 0x0a, 0x01, 0x02, 0x1f, 0x80, 0x0a,
	0x00, 0x91, 0x01, 0xd8, 0x04, 0x12, 0x00, 0x01, 0x00, 0x81, 0x0c, 0x02,
	0x01, 0x07, 0x01, 0x01, 0x01, 0x90, 0x4e, 0x0a, 0x80, 0x80, 0x02, 0x11,
	0xc0, 0x80, 0x02, 0x20, 0x02, 0x0a, 0x0f, 0x80, 0x40, 0x80, 0x20, 0xbf,
	0x01, 0xc7, 0x01, 0xc8, 0x01, 0xc7, 0x01, 0x1b, 0x00, 0x80, 0x80, 0x01,
	0xf0, 0xa2, 0x04, 0x40, 0x01, 0x03, 0xc0, 0x0c, 0x00, 0x00, 0x01, 0xff,
	0x0a, 0x48, 0x01, 0x81, 0x09, 0xac, 0x02, 0x00, 0x08, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x00, 0x02, 0x05, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff, 0x00,
	0x83, 0xff, 0x00, 0x00, 0x01, 0x04, 0x01, 0x00, 0xf0, 0xa2, 0x04, 0x00,
	0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x0b,
	0x00, 0x06, 0x00, 0x00, 0x07, 0x01, 0x00, 0x08, 0x00, 0x00, 0x01, 0x09,
	0x01, 0x00, 0x01, 0x0a, 0x01, 0x00, 0x00, 0x0b, 0x01, 0x0c, 0x00, 0x0d,
	0x01, 0x0e, 0x01, 0x0f, 0x01, 0x10, 0x04, 0x03, 0x09, 0x10, 0x06, 0x00,
	0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x11, 0x03,
	0x02, 0x03, 0x12, 0x03, 0x03, 0x01, 0x13, 0x03, 0x01, 0x14, 0x01, 0x15,
	0x01, 0x02, 0x16, 0x01, 0x02, 0x0a, 0x04, 0x02, 0x17, 0x01, 0x02, 0x04,
	0x02, 0x90, 0x20, 0x18, 0x01, 0x02, 0x01, 0x19, 0x01, 0x02, 0x20, 0x1a,
	0x03, 0x04, 0x00, 0x00, 0x1a, 0x03, 0x04, 0x0f, 0x18, 0x1b, 0x00, 0x00,
	0x80, 0x20,
};

static const char version_1_text[] =
	"tidemark 1\n"
	"machine cpus=2 page_shift=13 pageblock_order=4 zones=Normal,HighMem,Movable "
	"kernelcore=0x500\n"
	"node 1 cpus=0\n"
	"zone Normal start=4096 spanned=4096 present=4000 managed=3900 managed_marks=4000 "
	"managed_reserve=3800\n"
	"node 3 cpus=1\n"
	"zone HighMem start=16384 spanned=70000\n"
	"hole 5000-5009\n"
	"reserved 16384-16400\n"
	"cma 16416-16447\n"
	"distance 1 3 31\n"
	"sysctl min_free_kbytes=300 thp=0 lowmem_reserve_ratio=9,0,-1\n"
	"policy marks=2.6.14 pcp_batch=7 shuffle\n"
	"ops\n"
	"expect ok a = alloc order=3 gfp=GFP_KERNEL cpu=1 nodes=1,3 ctx=realtime|pin policy\n"
	"irq at=9 b = bulk n=300 gfp=GFP_NOWAIT node=1\n"
	"exact n=5 gfp=0 cpu=1\n"
	"irq at=255 free a cpu=1\n"
	"free_one b n=70000\n"
	"free_wrong pfn=18446744073709551615 order=11\n"
	"split a\n"
	"get b\n"
	"touch a cpu=1\n"
	"movable b\n"
	"dirty b off\n"
	"drain_cpu cpu=1\n"
	"drain\n"
	"tick cpu=1\n"
	"cpu_down cpu=1\n"
	"cpu_up cpu=1\n"
	"sysctl lowmem_reserve_ratio.HighMem=-5 dirty_ratio=9223372036854775807\n"
	"mempolicy preferred_many nodes=1 home=3\n"
	"reclaim_active node=3 zone=HighMem\n"
	"fail_alloc n=3 onwards\n"
	"fail_trylock n=1\n"
	"import node=1 zone=Normal\n"
	"put node=1 zone=Normal order=10 type=C n=2\n"
	"put_at node=1 zone=Normal order=4 type=E pfn=4112\n"
	"counter node=1 zone=Normal value=-1\n"
	"boost node=1 zone=Normal value=16\n"
	"expect zone node=3 zone=Movable free=0 protection.HighMem=12\n"
	"expect pfn a 4096\n";

Test(op, X10_version_1_means_what_it_meant)
{
	parse(version_1_text, &first);
	decode_exactly(version_1, sizeof(version_1), &second);
	assert_same_program(&first, &second);
	assert_binary_identity(&first);
	cr_assert_eq(op_encode(&first, bytes, sizeof(bytes)), sizeof(version_1));
	cr_assert(memcmp(bytes, version_1, sizeof(version_1)) == 0);
}

Test(op, X10_any_version_byte_is_read)
{
	memcpy(bytes, version_1, sizeof(version_1));
	parse(version_1_text, &first);
	for (unsigned int version = 0; version <= UINT8_MAX; version++) {
		bytes[0] = (uint8_t)version;
		op_decode(bytes, sizeof(version_1), &second);
		assert_valid_program(&second);
		assert_same_program(&first, &second);
	}
}

/* --- ranges ------------------------------------------------------------------------------- */

/* Noise in every field, but for bools, which can only be two things. */
static void fill_with_noise(struct program *p, uint64_t *rng)
{
	uint8_t *at = (uint8_t *)p;

	for (size_t i = 0; i < offsetof(struct program, ops) + 64 * sizeof(struct op); i++)
		at[i] = (uint8_t)rng_next(rng);
	memset(&p->config.sysctl.thp, (int)rng_below(rng, 2), 1);
	p->nr_ops = (uint32_t)rng_below(rng, 65);
}

Test(op, X10_normalizing_makes_any_content_a_program)
{
	uint64_t rng = 3;

	for (unsigned int round = 0; round < 500; round++) {
		fill_with_noise(&first, &rng);
		first.state = NULL;	/* noise makes no snapshot */
		op_normalize(&first);
		assert_valid_program(&first);
		memcpy(&second, &first, sizeof(first));
		op_normalize(&second);
		assert_same_program(&first, &second);
	}
}

Test(op, X10_normalizing_keeps_a_valid_program)
{
	parse(version_1_text, &first);
	parse(version_1_text, &second);
	op_normalize(&second);
	assert_same_program(&first, &second);
}

Test(op, X10_references_before_any_allocation_are_left_out)
{
	parse(small, &first);
	first.nr_ops = 5;
	first.ops[0] = (struct op){ .kind = OP_FREE, .ref = 0 };
	first.ops[1] = (struct op){ .kind = OP_TICK };
	first.ops[2] = (struct op){ .kind = OP_ALLOC, .nid = NODE_NONE };
	first.ops[3] = (struct op){ .kind = OP_BULK, .nid = NODE_NONE, .n = OP_PAGES_MAX + 5 };
	first.ops[4] = (struct op){ .kind = OP_FREE, .ref = 7 };
	op_normalize(&first);
	cr_assert_eq(first.nr_ops, 4);
	cr_assert_eq(first.nr_slots, 2);
	cr_assert_eq(first.ops[0].kind, OP_TICK);
	cr_assert_eq(first.ops[2].n, 4);
	cr_assert_eq(first.ops[3].ref, 1, "7 modulo the two slots so far");
}

Test(op, X10_too_many_ops_are_cut_off)
{
	parse(small, &first);
	for (unsigned int i = 0; i < OPS_MAX; i++)
		first.ops[i] = (struct op){ .kind = OP_TICK };
	first.nr_ops = UINT32_MAX;
	op_normalize(&first);
	cr_assert_eq(first.nr_ops, OPS_MAX);
}

/* --- machines made whole ------------------------------------------------------------------ */

static struct zone_config zone(unsigned int nid, enum zone_type type, pfn_t start, uint64_t spanned)
{
	return (struct zone_config){
		.nid = (uint8_t)nid, .type = (uint8_t)type, .start = start, .spanned = spanned,
		.present = PAGES_UNSET, .managed = PAGES_UNSET, .managed_marks = PAGES_UNSET,
		.managed_reserve = PAGES_UNSET,
	};
}

static struct mm_config *two_zones(void)
{
	struct mm_config *c = &first.config;

	mm_config_default(c);
	c->nr_zones = 2;
	c->zones[0] = zone(0, ZONE_DMA32, 4096, 4096);
	c->zones[1] = zone(0, ZONE_NORMAL, 8192, 4096);
	first.nr_ops = 0;
	return c;
}

Test(op, Z1_of_zones_that_cannot_be_together_the_first_stays)
{
	struct mm_config *c = two_zones();

	c->zones[1].start = 8191;
	op_normalize(&first);
	cr_assert_eq(c->nr_zones, 1);
	cr_assert_eq(c->zones[0].type, ZONE_DMA32);
	c = two_zones();
	c->zones[1].type = ZONE_DMA32;
	op_normalize(&first);
	cr_assert_eq(c->nr_zones, 1);
}

Test(op, Z1_a_zone_whose_counts_do_not_fit_loses_them)
{
	struct mm_config *c = two_zones();

	c->zones[1].managed = 4097;
	c->zones[0].managed = 4000;
	op_normalize(&first);
	cr_assert_eq(c->nr_zones, 2);
	cr_assert_eq(c->zones[0].managed, 4000);
	cr_assert_eq(c->zones[1].managed, PAGES_UNSET);
}

Test(op, Z1_Z3_ranges_that_cannot_be_are_left_out)
{
	struct mm_config *c = two_zones();

	c->nr_holes = c->nr_reserved = c->nr_cma = 2;
	c->holes[0] = (struct pfn_range){ 5000, 5000 };
	c->holes[1] = (struct pfn_range){ 5000, 5001 };
	c->reserved[0] = (struct pfn_range){ 6000, 6001 };
	c->reserved[1] = (struct pfn_range){ 1, 0 };
	c->cma[0] = (struct pfn_range){ 8192, 8192 + 512 };
	c->cma[1] = (struct pfn_range){ 8192 + 256, 8192 + 1024 };
	op_normalize(&first);
	assert_valid_program(&first);
	cr_assert_eq(c->nr_zones, 2);
	cr_assert(c->nr_holes == 1 && c->holes[0].end == 5001);
	cr_assert(c->nr_reserved == 1 && c->reserved[0].start == 6000);
	cr_assert(c->nr_cma == 1 && c->cma[0].start == 8192);
}

Test(op, Z1_Z4_each_cpu_is_on_one_node_and_distances_are_the_same_both_ways)
{
	struct mm_config *c = two_zones();

	c->nr_cpus = 6;
	c->online_nodes = 0x26;			/* nodes 1, 2 and 5 */
	c->node_cpus[0] = 0xff;
	c->node_cpus[1] = 0x03;
	c->node_cpus[2] = 0x06;
	c->node_cpus[5] = 0x10;
	c->distance[1][2] = 0;
	c->distance[1][5] = 33;
	c->distance[5][1] = 44;
	c->distance[2][2] = 99;
	op_normalize(&first);
	assert_valid_program(&first);
	cr_assert_eq(c->node_cpus[0], 0);
	cr_assert_eq(c->node_cpus[1], 0x2b, "its own, and those that are on no node");
	cr_assert_eq(c->node_cpus[2], 0x04);
	cr_assert_eq(c->node_cpus[5], 0x10);
	cr_assert(c->distance[1][2] == 20 && c->distance[2][1] == 20);
	cr_assert(c->distance[1][5] == 33 && c->distance[5][1] == 33);
	cr_assert_eq(c->distance[2][2], 10);
}

Test(op, Z1_W9_what_is_out_of_range_gets_its_default)
{
	struct mm_config *c = two_zones();

	c->page_shift = 99;
	c->sysctl.watermark_scale_factor = 0;
	c->sysctl.percpu_pagelist_high_fraction = 7;
	c->sysctl.dirty_ratio = 101;
	c->sysctl.min_free_kbytes = -2;
	c->sysctl.lowmem_reserve_ratio[ZONE_HIGHMEM] = 5;
	c->policy.marks = 200;
	op_normalize(&first);
	assert_valid_program(&first);
	cr_assert_eq(c->nr_zones, 2);
	cr_assert_eq(c->page_shift, 12);
	cr_assert_eq(c->sysctl.watermark_scale_factor, 10);
	cr_assert_eq(c->sysctl.percpu_pagelist_high_fraction, 0);
	cr_assert_eq(c->sysctl.dirty_ratio, 20);
	cr_assert_eq(c->sysctl.min_free_kbytes, SYSCTL_UNSET);
	cr_assert_eq(c->sysctl.lowmem_reserve_ratio[ZONE_HIGHMEM], 0, "no such zones");
}

Test(op, Z1_without_a_zone_that_boots_there_is_a_small_one)
{
	struct mm_config *c = two_zones();

	c->nr_cpus = 2;
	c->zones[0].start = c->zones[1].start = UINT64_MAX;
	op_normalize(&first);
	assert_valid_program(&first);
	cr_assert(c->nr_zones == 1 && c->zones[0].spanned == 4096);
	cr_assert_eq(c->nr_cpus, 2, "what can be kept is kept");
	c = two_zones();
	c->nr_cpus = 2;
	c->kernelcore = UINT64_MAX;		/* nothing boots with this */
	op_normalize(&first);
	assert_valid_program(&first);
	cr_assert(c->nr_zones == 1 && c->zones[0].spanned == 4096);
	cr_assert_eq(c->nr_cpus, 4);
}

/* --- files -------------------------------------------------------------------------------- */

static void write_file(char path[], const void *data, size_t size)
{
	int fd;

	strcpy(path, "/tmp/tidemark-test-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
}

Test(op, X10_text_is_told_from_binary_by_how_it_begins)
{
	static const char *const texts[] = {
		"# x", "tidemark", "tidemark 1\n", " ", "\n", "\t", "\r\n",
	};

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(op_is_text((const uint8_t *)texts[i], strlen(texts[i])));
	cr_assert_not(op_is_text((const uint8_t *)"tidemar", 7));
	cr_assert_not(op_is_text((const uint8_t *)"", 0));
	cr_assert_not(op_is_text(version_1, sizeof(version_1)));
}

Test(op, X10_both_encodings_load)
{
	char path[32];

	write_file(path, version_1, sizeof(version_1));
	cr_assert(op_load(path, &first));
	unlink(path);
	write_file(path, version_1_text, sizeof(version_1_text) - 1);
	cr_assert(op_load(path, &second));
	unlink(path);
	assert_same_program(&first, &second);
}

Test(op, X10_a_refused_file_is_named_with_its_line, .init = cr_redirect_stderr)
{
	char path[32], expected[256];

	write_file(path, "tidemark 1\n\nzome\n", 17);
	cr_assert_not(op_load(path, &first));
	unlink(path);
	snprintf(expected, sizeof(expected), "%s:3: expected machine, node, zone, hole, reserved, "
		 "cma, distance, sysctl, policy, schedule or ops, got 'zome'\n", path);
	fflush(stderr);
	cr_assert_stderr_eq_str(expected);
}

Test(op, X10_a_file_that_cannot_be_read_is_named_with_the_reason, .init = cr_redirect_stderr)
{
	cr_assert_not(op_load("/nonexistent/x.ops", &first));
	cr_assert_not(op_load("/", &first));
	fflush(stderr);
	cr_assert_stderr_eq_str("/nonexistent/x.ops: cannot be read: No such file or directory\n"
				"/: cannot be read: Is a directory\n");
}

Test(op, X10_a_file_that_is_too_long_is_refused, .init = cr_redirect_stderr)
{
	char path[32], expected[256];

	write_file(path, "\1", 1);
	cr_assert_eq(truncate(path, (4 << 20) + 1), 0);
	cr_assert_not(op_load(path, &first));
	unlink(path);
	snprintf(expected, sizeof(expected), "%s: expected at most 4194304 bytes, got "
	  "more\n", path);
	fflush(stderr);
	cr_assert_stderr_eq_str(expected);
}
