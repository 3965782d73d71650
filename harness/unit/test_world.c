/* SPDX-License-Identifier: MIT */
/* test_world.c - drawn programs: valid, repeatable, and of every kind */
#include <criterion/criterion.h>
#include <string.h>

#include "run.h"
#include "targets.h"

enum { DRAWS = 300, NR_OPS = 48, BYTES_MAX = 1 << 16 };

/* A test is a process of its own: this much is enough for any. */
static struct program program[2];
static uint8_t bytes[2][BYTES_MAX];

/* The program in binary: equal bytes are equal programs. */
static size_t encode(const struct program *p, uint8_t *data)
{
	size_t size = op_encode(p, data, BYTES_MAX);

	cr_assert(size > 0 && size < BYTES_MAX);
	return size;
}

Test(world, X10_below_is_even_and_in_range)
{
	uint64_t rng = 1, seen[7] = { 0 };

	for (int i = 0; i < 70000; i++)
		seen[rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		cr_assert(seen[i] > 9500 && seen[i] < 10500, "%d: %d", i, (int)seen[i]);
	for (int i = 0; i < 1000; i++) {
		cr_assert_lt(rng_below(&rng, (1ULL << 40) + 1), (1ULL << 40) + 1);
		cr_assert_eq(rng_below(&rng, 1), 0);
	}
}

Test(world, X10_scale_reaches_both_ends)
{
	uint64_t rng = 2, low = 0, high = 0, v;

	for (int i = 0; i < 5000; i++) {
		v = rng_scale(&rng, 1000);
		cr_assert(v >= 1 && v <= 1000);
		low += v < 10;
		high += v > 500;
	}
	cr_assert(low > 500 && high > 200);
	cr_assert_eq(rng_scale(&rng, 1), 1);
}

Test(world, X10_same_seed_same_program)
{
	struct program *a = &program[0], *b = &program[1];
	uint8_t *x = bytes[0], *y = bytes[1];

	memset(b, 0x5a, sizeof(*b));		/* what was there before must not show */
	for (unsigned int i = 0; target_at(i); i++) {
		size_t size;

		world_draw(&target_at(i)->theme, 7 + i, NR_OPS, a);
		world_draw(&target_at(i)->theme, 7 + i, NR_OPS, b);
		size = encode(a, x);
		cr_assert_eq(encode(b, y), size);
		cr_assert_arr_eq(x, y, size);
	}
}

Test(world, Z1_X10_every_theme_draws_machines_that_boot_and_survive_encoding)
{
	struct program *p = &program[0], *q = &program[1];
	uint8_t *x = bytes[0], *y = bytes[1];

	for (unsigned int i = 0; target_at(i); i++)
		for (uint64_t seed = 0; seed < DRAWS; seed++) {
			size_t size;

			world_draw(&target_at(i)->theme, seed, NR_OPS, p);
			cr_assert_null(mm_config_check(&p->config, NULL));
			cr_assert(p->nr_ops > 0 && p->nr_ops <= NR_OPS);
			size = encode(p, x);
			op_decode(x, size, q);
			cr_assert_eq(encode(q, y), size, "%s %d", target_at(i)->name, (int)seed);
			cr_assert_arr_eq(x, y, size, "%s %d", target_at(i)->name, (int)seed);
		}
}

/* A theme that refuses most of what it draws would waste its time. */
Test(world, Z1_most_machines_are_small_enough_to_fuzz)
{
	struct program *p = &program[0];

	for (unsigned int i = 0; target_at(i); i++) {
		unsigned int small = 0;

		for (uint64_t seed = 0; seed < DRAWS; seed++) {
			world_draw(&target_at(i)->theme, seed, 1, p);
			small += run_pages(&p->config) <= RUN_FUZZ_PAGES_MAX;
		}
		cr_assert(small > DRAWS * 9 / 10, "%s: %u", target_at(i)->name, small);
	}
}

Test(world, X10_every_theme_reaches_every_op_it_weighs_and_no_other)
{
	struct program *p = &program[0];

	for (unsigned int i = 0; target_at(i); i++) {
		const struct theme *theme = &target_at(i)->theme;
		uint64_t seen[NR_OP_KINDS] = { 0 };

		for (uint64_t seed = 0; seed < DRAWS; seed++) {
			world_draw(theme, seed, NR_OPS, p);
			for (uint32_t n = 0; n < p->nr_ops; n++)
				seen[p->ops[n].kind]++;
		}
		for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
			cr_assert_eq(seen[kind] != 0, theme->op_weight[kind] != 0, "%s: %s",
				     theme->name, op_kinds[kind].name);
	}
}

Test(world, X10_together_the_themes_reach_every_op)
{
	unsigned int weight[NR_OP_KINDS] = { 0 };

	for (unsigned int i = 0; target_at(i); i++)
		for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
			weight[kind] += target_at(i)->theme.op_weight[kind];
	for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
		cr_assert(weight[kind], "%s", op_kinds[kind].name);
}

/* Odd geometry is there to be met: each of its parts, in the machines of one theme. */
Test(world, Z1_Z2_Z5_Z6_odd_geometry_has_holes_reservations_borders_and_movable)
{
	const struct theme *theme = &target_find("boot")->theme;
	struct mm_config *c = &program[0].config;
	unsigned int holes = 0, reserved = 0, cma = 0, odd_start = 0, odd_end = 0, movable = 0;
	unsigned int nodes = 0, unmanaged = 0;
	uint64_t rng = 3;

	for (int i = 0; i < 10 * DRAWS; i++) {
		world_draw_machine(theme, &rng, c);
		cr_assert_null(mm_config_check(c, NULL));
		holes += c->nr_holes != 0;
		reserved += c->nr_reserved != 0;
		cma += c->nr_cma != 0;
		movable += c->kernelcore || c->movablecore;
		nodes += c->online_nodes > 1;
		for (unsigned int z = 0; z < c->nr_zones; z++) {
			odd_start += c->zones[z].start % 1024 != 0;
			odd_end += (c->zones[z].start + c->zones[z].spanned) % 2 != 0;
			unmanaged += c->zones[z].managed == 0;
		}
	}
	cr_assert(holes > 200 && reserved > 200 && nodes > 200 && odd_start > 200 && odd_end > 200);
	cr_assert(cma > 20 && movable > 20 && unmanaged > 5, "%u %u %u", cma, movable, unmanaged);
}

Test(world, X10_references_are_to_slots_that_exist)
{
	struct program *p = &program[0];
	uint64_t live = 0, all = 0;

	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		bool freed[NR_OPS] = { false };
		uint32_t slots = 0, held = 0;

		world_draw(&target_find("page_alloc")->theme, seed, NR_OPS, p);
		for (uint32_t n = 0; n < p->nr_ops; n++) {
			const struct op *op = &p->ops[n];

			if (op_kinds[op->kind].allocates) {
				slots++;
				held++;
			}
			if (op->kind != OP_FREE)
				continue;
			cr_assert_lt(op->ref, slots);
			all += held != 0;
			live += !freed[op->ref];
			held -= !freed[op->ref];
			freed[op->ref] = true;
		}
	}
	cr_assert(live * 10 > all * 9, "%d of %d frees are of something held", (int)live, (int)all);
}
