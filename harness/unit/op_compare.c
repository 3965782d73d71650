/* SPDX-License-Identifier: MIT */
/* op_compare.c - programs field by field, for the tests of their encodings */
#include <criterion/criterion.h>
#include <string.h>

#include "op_compare.h"

#define SAME(field) cr_assert(a->field == b->field, #field " is %llx, not %llx", \
			      (unsigned long long)a->field, (unsigned long long)b->field)

/* --- the machine -------------------------------------------------------------------------- */

static void same_nodes(const struct mm_config *a, const struct mm_config *b)
{
	SAME(online_nodes);
	for (unsigned int i = 0; i < MAX_NODES; i++) {
		if (!(a->online_nodes >> i & 1))
			continue;
		SAME(node_cpus[i]);
		for (unsigned int j = 0; j < MAX_NODES; j++)
			if (a->online_nodes >> j & 1)
				SAME(distance[i][j]);
	}
}

static void same_ranges(const struct pfn_range *a, const struct pfn_range *b, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++, a++, b++) {
		SAME(start);
		SAME(end);
	}
}

static void same_zones(const struct zone_config *a, const struct zone_config *b, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++, a++, b++) {
		SAME(nid);
		SAME(type);
		SAME(start);
		SAME(spanned);
		SAME(present);
		SAME(managed);
		SAME(managed_marks);
		SAME(managed_reserve);
	}
}

static void same_sysctls(const struct sysctls *a, const struct sysctls *b)
{
	SAME(min_free_kbytes);
	SAME(extra_free_kbytes);
	SAME(watermark_scale_factor);
	SAME(watermark_boost_factor);
	SAME(percpu_pagelist_high_fraction);
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		SAME(lowmem_reserve_ratio[type]);
	SAME(dirty_ratio);
	SAME(thp);
}

static void same_policies(const struct policies *a, const struct policies *b)
{
	SAME(marks);
	SAME(movable);
	SAME(reserve);
	SAME(pcp_limits);
	SAME(min_free_cap_64m);
	SAME(init_on_alloc);
	SAME(init_on_free);
	SAME(poison);
	SAME(prezero);
	SAME(shuffle);
	SAME(pcp_batch);
}

static void same_machine(const struct mm_config *a, const struct mm_config *b)
{
	SAME(nr_cpus);
	SAME(page_shift);
	SAME(pageblock_order);
	SAME(zone_types);
	SAME(nr_zones);
	SAME(nr_holes);
	SAME(nr_reserved);
	SAME(nr_cma);
	SAME(kernelcore);
	SAME(movablecore);
	same_nodes(a, b);
	same_zones(a->zones, b->zones, a->nr_zones);
	same_ranges(a->holes, b->holes, a->nr_holes);
	same_ranges(a->reserved, b->reserved, a->nr_reserved);
	same_ranges(a->cma, b->cma, a->nr_cma);
	same_sysctls(&a->sysctl, &b->sysctl);
	same_policies(&a->policy, &b->policy);
}

/* --- ops ---------------------------------------------------------------------------------- */

static void same_op(const struct op *a, const struct op *b)
{
	SAME(kind);
	SAME(expect);
	SAME(irq_at);
	SAME(by);
	SAME(cpu);
	SAME(order);
	SAME(context);
	SAME(nid);
	SAME(nodes);
	SAME(zone);
	SAME(type);
	SAME(name);
	SAME(index);
	SAME(on);
	SAME(ref);
	SAME(n);
	SAME(gfp);
	SAME(pfn);
	SAME(value);
}

static void same_schedule(const struct schedule *a, const struct schedule *b)
{
	SAME(kind);
	SAME(depth);
	SAME(seed);
	SAME(nr_bytes);
	SAME(nr_switches);
	cr_assert_eq(memcmp(a->bytes, b->bytes, a->nr_bytes), 0);
	for (uint32_t i = 0; i < a->nr_switches; i++) {
		const struct sched_switch *x = &a->switches[i], *y = &b->switches[i];

		cr_assert(x->step == y->step && x->op == y->op && x->to == y->to &&
			  x->place == y->place && x->zone == y->zone && x->cpu == y->cpu);
	}
}

void assert_same_program(const struct program *a, const struct program *b)
{
	same_machine(&a->config, &b->config);
	SAME(nr_ops);
	SAME(nr_slots);
	for (uint32_t i = 0; i < a->nr_ops; i++)
		same_op(&a->ops[i], &b->ops[i]);
	same_schedule(&a->schedule, &b->schedule);
}

/* --- ranges ------------------------------------------------------------------------------- */

static bool has(const struct op *op, enum op_field field)
{
	return op_kinds[op->kind].has >> field & 1;
}

static void valid_absent(const struct op *op)
{
	cr_assert(has(op, FIELD_CPU) || !op->cpu);
	cr_assert(has(op, FIELD_ORDER) || !op->order);
	cr_assert(has(op, FIELD_CONTEXT) || !op->context);
	cr_assert(has(op, FIELD_NODE) || !op->nid);
	cr_assert(has(op, FIELD_NODES) || !op->nodes);
	cr_assert(has(op, FIELD_ZONE) || !op->zone);
	cr_assert(has(op, FIELD_TYPE) || !op->type);
	cr_assert(has(op, FIELD_SYSCTL) || has(op, FIELD_FACT) || has(op, FIELD_MODE) || !op->name);
	cr_assert(has(op, FIELD_INDEX) || !op->index);
	cr_assert(has(op, FIELD_ON) || has(op, FIELD_POLICY) || !op->on);
	cr_assert(has(op, FIELD_REF) || !op->ref);
	cr_assert(has(op, FIELD_N) || !op->n);
	cr_assert(has(op, FIELD_GFP) || !op->gfp);
	cr_assert(has(op, FIELD_PFN) || !op->pfn);
	cr_assert(has(op, FIELD_VALUE) || !op->value);
}

static void valid_places(const struct mm_config *c, const struct op *op)
{
	cr_assert_lt(op->cpu, c->nr_cpus);
	if (has(op, FIELD_ZONE)) {
		cr_assert(op->nid < MAX_NODES && (c->online_nodes >> op->nid & 1));
		cr_assert(op->zone < NR_ZONE_TYPES && (c->zone_types >> op->zone & 1));
	}
	cr_assert(op->nid < MAX_NODES || op->nid == NODE_NONE);
	cr_assert_lt(op->type, NR_MIGRATETYPES);
	if (has(op, FIELD_SYSCTL)) {
		cr_assert_lt(op->name, NR_SYSCTLS);
		if (op->name == SYSCTL_LOWMEM_RESERVE_RATIO)
			cr_assert(c->zone_types >> op->index & 1);
		else
			cr_assert_eq(op->index, 0);
	}
	if (has(op, FIELD_MODE))
		cr_assert_lt(op->name, NR_MEMPOLICY_MODES);
	if (has(op, FIELD_FACT))
		cr_assert(op->name < FACT_PROTECTION ||
			  (op->name < NR_ZONE_FACTS &&
			   (c->zone_types >> (op->name - FACT_PROTECTION) & 1)));
}

static void valid_numbers(const struct op *op)
{
	const int64_t limit = INT64_C(1) << 40;
	bool put = op->kind == OP_PUT || op->kind == OP_PUT_AT;

	cr_assert_leq(op->order, put ? MAX_ORDER : MAX_ORDER + 1);
	cr_assert_eq(op->context & ~CTX_MASK, 0);
	cr_assert_eq(op->gfp & ~__GFP_BITS_MASK, 0);
	cr_assert_leq(op->on, 1);
	if (op->kind == OP_BULK || op->kind == OP_EXACT)
		cr_assert_leq(op->n, OP_PAGES_MAX);
	if (op->kind == OP_PUT_AT)
		cr_assert(op->pfn >> 52 == 0 && op->pfn % (UINT64_C(1) << op->order) == 0);
	if (op->kind == OP_COUNTER)
		cr_assert(op->value >= -limit && op->value <= limit);
	if (op->kind == OP_BOOST)
		cr_assert(op->value >= 0 && op->value <= limit);
}

void assert_valid_program(const struct program *p)
{
	const char *wrong = mm_config_check(&p->config, NULL);
	uint32_t slots = 0;

	cr_assert_null(wrong, "%s", wrong);
	cr_assert_gt(p->config.nr_zones, 0);
	cr_assert_leq(p->nr_ops, OPS_MAX);
	for (uint32_t i = 0; i < p->nr_ops; i++) {
		const struct op *op = &p->ops[i];

		cr_assert_lt(op->kind, NR_OP_KINDS);
		cr_assert_lt(op->expect, op_kinds[op->kind].allocates ? NR_EXPECTS : 1);
		cr_assert(!op->irq_at || op->kind == OP_ALLOC || op->kind == OP_BULK ||
			  op->kind == OP_EXACT || op->kind == OP_FREE || op->kind == OP_FREE_ONE);
		cr_assert_leq(op->by, p->config.nr_cpus);
		cr_assert(!op->by || (!has(op, FIELD_CPU) && !op_kinds[op->kind].allocates) ||
			  op->kind == OP_CPU_DOWN || op->kind == OP_CPU_UP);
		cr_assert(!has(op, FIELD_REF) || op->ref < slots);
		valid_absent(op);
		valid_places(&p->config, op);
		valid_numbers(op);
		slots += op_kinds[op->kind].allocates;
	}
	cr_assert_eq(p->nr_slots, slots);
}
