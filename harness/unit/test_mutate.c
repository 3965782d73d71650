/* SPDX-License-Identifier: MIT */
/* test_mutate.c - mutated and crossed programs: valid, repeatable, still meaning the same */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "run.h"
#include "targets.h"

enum { STEPS = 400, PAGES = 1 << 14, NR_OPS = 24, OPS = 64, BYTES_MAX = 1 << 16 };

struct rig {
	struct mutator *m;
	const struct theme *theme;
	struct program a, b;
	uint8_t x[BYTES_MAX], y[BYTES_MAX];
};

static struct rig *rig_new(const char *name)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	cr_assert_not_null(rig);
	rig->theme = &target_find(name)->theme;
	rig->m = mutator_new(rig->theme, PAGES, OPS);
	return rig;
}

static void rig_delete(struct rig *rig)
{
	mutator_delete(rig->m);
	free(rig);
}

/* What every program must be: bootable, small enough, and itself after encoding. */
static void check_program(struct rig *rig, const struct program *p)
{
	size_t size = op_encode(p, rig->x, BYTES_MAX);

	cr_assert_null(mm_config_check(&p->config, NULL));
	cr_assert(p->nr_ops <= OPS);
	cr_assert(run_pages(&p->config) <= PAGES, "%d pages", (int)run_pages(&p->config));
	for (uint32_t i = 0, slots = 0; i < p->nr_ops; i++) {
		const struct op_info *info = &op_kinds[p->ops[i].kind];

		if (info->fields[0] == FIELD_REF)
			cr_assert_lt(p->ops[i].ref, slots);
		slots += info->allocates;
	}
	op_decode(rig->x, size, &rig->b);
	cr_assert_eq(op_encode(&rig->b, rig->y, BYTES_MAX), size);
	cr_assert_arr_eq(rig->x, rig->y, size);
}

Test(mutate, Z1_X10_every_theme_stays_valid_through_many_steps)
{
	for (unsigned int i = 0; target_at(i); i++) {
		struct rig *rig = rig_new(target_at(i)->name);
		uint64_t rng = i;

		world_draw(rig->theme, i, NR_OPS, &rig->a);
		for (int n = 0; n < STEPS; n++) {
			mutate_program(rig->m, &rig->a, &rng);
			check_program(rig, &rig->a);
		}
		rig_delete(rig);
	}
}

Test(mutate, Z1_X10_crossed_programs_are_valid)
{
	struct rig *rig = rig_new("page_alloc");
	struct program *other = calloc(1, sizeof(*other));
	uint64_t rng = 5;

	for (uint64_t seed = 0; seed < STEPS; seed++) {
		world_draw(rig->theme, seed, NR_OPS, &rig->a);
		world_draw(rig->theme, seed + STEPS, NR_OPS, other);
		if (run_pages(&rig->a.config) > PAGES)
			continue;
		mutate_cross(rig->m, &rig->a, other, &rng);
		check_program(rig, &rig->a);
	}
	free(other);
	rig_delete(rig);
}

Test(mutate, X10_same_seed_same_result)
{
	struct rig *rig = rig_new("page_alloc"), *fresh = rig_new("page_alloc");
	size_t start, a, b;

	for (uint64_t seed = 0; seed < STEPS; seed++) {
		world_draw(rig->theme, seed, NR_OPS, &rig->a);
		start = op_encode(&rig->a, rig->x, BYTES_MAX);
		memcpy(fresh->x, rig->x, start);
		a = mutate_bytes(rig->m, rig->x, start, 2048, seed);
		b = mutate_bytes(fresh->m, fresh->x, start, 2048, seed);
		cr_assert_eq(a, b);
		cr_assert_arr_eq(rig->x, fresh->x, a);
	}
	rig_delete(rig);
	rig_delete(fresh);
}

Test(mutate, X10_any_bytes_and_any_room_give_a_program)
{
	struct rig *rig = rig_new("page_alloc");
	uint64_t rng = 11;

	for (int n = 0; n < STEPS; n++) {
		size_t size = rng_below(&rng, 300), max = size + rng_below(&rng, 300) + 1, got;

		for (size_t i = 0; i < size; i++)
			rig->x[i] = (uint8_t)rng_next(&rng);
		memset(rig->x + max, 0x77, 16);
		got = mutate_bytes(rig->m, rig->x, size, max, rng_next(&rng));
		cr_assert(got > 0 && got <= max);
		for (int i = 0; i < 16; i++)
			cr_assert_eq(rig->x[max + (size_t)i], 0x77);
	}
	rig_delete(rig);
}

/* Frees name what they named before: an edit elsewhere does not change what a program does. */
Test(mutate, X10_references_follow_their_allocation)
{
	struct rig *rig = rig_new("buddy");
	struct program *p = &rig->a;
	unsigned int kept = 0, all = 0;

	for (uint64_t seed = 0; seed < STEPS; seed++) {
		uint64_t rng = seed;

		world_draw(rig->theme, 1, 1, p);
		p->nr_ops = 16;			/* eight allocations, each freed at once */
		memset(p->ops, 0, 16 * sizeof(p->ops[0]));
		for (uint16_t i = 0; i < 8; i++) {
			p->ops[2 * i].gfp = GFP_KERNEL;
			p->ops[2 * i].order = (uint8_t)i;
			p->ops[2 * i + 1].kind = OP_FREE;
			p->ops[2 * i + 1].ref = i;
		}
		op_normalize(p);
		mutate_program(rig->m, p, &rng);
		for (uint32_t i = 1; i < p->nr_ops; i++) {
			const struct op *alloc = &p->ops[i - 1], *free = &p->ops[i];
			uint16_t slot = 0;

			if (alloc->kind != OP_ALLOC || free->kind != OP_FREE)
				continue;
			for (uint32_t k = 0; k < i - 1; k++)
				slot = (uint16_t)(slot + op_kinds[p->ops[k].kind].allocates);
			all++;
			kept += free->ref == slot;
		}
	}
	cr_assert(kept * 10 > all * 8, "%u of %u", kept, all);
	rig_delete(rig);
}

Test(mutate, X10_every_kind_is_reached_from_one_op)
{
	for (unsigned int i = 0; target_at(i); i++) {
		struct rig *rig = rig_new(target_at(i)->name);
		bool seen[NR_OP_KINDS] = { false };
		uint64_t rng = i;

		world_draw(rig->theme, i, 1, &rig->a);
		for (int n = 0; n < 20 * STEPS; n++) {
			mutate_program(rig->m, &rig->a, &rng);
			for (uint32_t k = 0; k < rig->a.nr_ops; k++)
				seen[rig->a.ops[k].kind] = true;
		}
		for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
			cr_assert(seen[kind] || !rig->theme->op_weight[kind], "%s: %s",
				  rig->theme->name, op_kinds[kind].name);
		rig_delete(rig);
	}
}

Test(mutate, X10_text_stays_in_its_room_and_is_often_accepted_at_first)
{
	struct rig *rig = rig_new("text");
	uint64_t rng = 3;
	unsigned int parsed = 0;

	for (int n = 0; n < STEPS; n++) {
		struct op_error error;
		size_t max = 64 + rng_below(&rng, 4000), size = 0;

		memset(rig->x + max, 0x77, 16);
		for (int step = 0; step < 2; step++) {
			size = mutate_text(rig->theme, &rig->a, rig->x, size, max, rng_next(&rng));
			cr_assert(size > 0 && size <= max);
			parsed += op_parse((const char *)rig->x, size, &rig->b, &error);
		}
		for (int i = 0; i < 16; i++)
			cr_assert_eq(rig->x[max + (size_t)i], 0x77);
	}
	cr_assert(parsed > STEPS / 10, "%u of %d", parsed, STEPS);
	rig_delete(rig);
}
