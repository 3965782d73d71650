/* SPDX-License-Identifier: MIT */
/* test_run_boot.c - nothing of one program is left for the next, however its machine came about */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "targets.h"

enum { PROGRAMS = 60, OPS = 40 };

static const char plain[] = "tidemark 1\nmachine cpus=2 zones=Normal,Movable\n"
			    "zone Normal start=4096 spanned=4096\nops\n";

/*
 * The block's last user but one gives back all of it but its first page (B5);
 * its first pageblock is HIGHATOMIC, and never merges with the rest (M5).
 */
static const char pieces[] = "tidemark 1\n"
			     "machine cpus=1 pageblock_order=4 zones=Normal,Movable\n"
			     "zone Normal start=0 spanned=1024\n"
			     "sysctl min_free_kbytes=3750\nops\n"
			     "a = alloc order=7 gfp=GFP_ATOMIC\nget a\n";

static void parse(struct program *p, const char *text)
{
	struct op_error error;

	cr_assert(op_parse(text, strlen(text), p, &error));
}

static void draw(struct program *p, uint64_t seed, const struct mm_config *config)
{
	const struct theme *theme = &target_find("page_alloc")->theme;

	if (!config) {
		world_draw(theme, seed, OPS, p);
		return;
	}
	p->config = *config;
	p->nr_ops = p->nr_slots = 0;
	world_draw_more(theme, &seed, OPS, p);
	op_normalize(p);
}

static uint64_t hash_of(struct run *r, const struct program *p, unsigned int flags)
{
	cr_assert(run_program(r, p, flags | RUN_HASH, 0), "%s %s: %s", run_finding(r)->tag,
		  run_finding(r)->place, run_finding(r)->what);
	return run_stats(r)->state_hash;
}

/* Runs each program alone, and all of them one after the other, each `times` times. */
static void compare(uint64_t (*seed_of)(unsigned int i), const struct mm_config *config,
		    unsigned int times, unsigned int flags)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *all = run_new();

	for (unsigned int i = 0; i < PROGRAMS; i++) {
		struct run *alone = run_new();
		uint64_t hash;

		draw(p, seed_of(i), config);
		hash = hash_of(alone, p, 0);
		for (unsigned int k = 0; k < times; k++)
			cr_assert_eq(hash_of(all, p, flags), hash, "program %u, time %u", i, k);
		run_delete(alone);
	}
	run_delete(all);
	free(p);
}

static uint64_t number(unsigned int i) { return i; }

Test(run_boot, X10_programs_on_one_machine_do_not_influence_each_other)
{
	struct program *first = calloc(1, sizeof(*first));

	draw(first, 7, NULL);
	compare(number, &first->config, 1, 0);
	compare(number, &first->config, 1, RUN_NO_END);
	free(first);
}

Test(run_boot, X10_a_restored_machine_is_one_that_boots)
{
	struct program *first = calloc(1, sizeof(*first));

	/* RUN_VALIDATE boots after each restoring, and compares. */
	for (uint64_t seed = 1; seed < 4; seed++) {
		draw(first, seed, NULL);
		compare(number, &first->config, 1, RUN_VALIDATE);
		compare(number, &first->config, 1, RUN_VALIDATE | RUN_NO_END);
	}
	/* Shuffling takes random numbers at boot; the ops go on from there. */
	parse(first, plain);
	first->config.policy.shuffle = true;
	compare(number, &first->config, 1, RUN_VALIDATE);
	free(first);
}

Test(run_boot, X10_programs_on_changing_machines_do_not_influence_each_other)
{
	compare(number, NULL, 3, 0);
}

/* Ends with a finding, in the middle of everything. */
static void spoil(void *to, uint32_t op, const char *text)
{
	(void)text;
	if (op == 9)
		run_mm(to)->zones[ZONE_NORMAL].pages[100].refs = 77;
}

Test(run_boot, X10_a_finding_leaves_nothing_behind)
{
	struct program *p = calloc(1, sizeof(*p));
	struct mm_config config;
	struct run *r = run_new();
	uint64_t hash;

	parse(p, plain);
	config = p->config;
	draw(p, 5, &config);
	hash = hash_of(r, p, 0);
	cr_assert_eq(hash_of(r, p, 0), hash);
	run_on_op(r, spoil, r);
	cr_assert_not(run_program(r, p, 0, 0));
	run_on_op(r, NULL, NULL);
	cr_assert_eq(hash_of(r, p, RUN_VALIDATE), hash);
	cr_assert_eq(hash_of(r, p, RUN_VALIDATE), hash);
	run_delete(r);
	free(p);
}

Test(run_boot, X10_B5_blocks_cut_at_the_end_leave_nothing_behind)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	uint64_t hash;

	parse(p, pieces);
	hash = hash_of(r, p, 0);
	for (unsigned int k = 0; k < 3; k++)
		cr_assert_eq(hash_of(r, p, RUN_VALIDATE), hash, "time %u", k);
	run_delete(r);
	free(p);
}
