/* SPDX-License-Identifier: MIT */
/*
 * op_print.c - programs as text, in the one canonical form
 *
 * What has its default is left out; slots are named a, b, c ... in order.
 */
#include <inttypes.h>
#include <string.h>

#include "op_parts.h"
#include "snapshot.h"

/* --- the machine -------------------------------------------------------------------------- */

/* "0-1,3" */
static void print_set(uint64_t set, FILE *out)
{
	const char *comma = "";

	for (unsigned int first = 0; first < 64; first++) {
		unsigned int last = first;

		if (!(set >> first & 1))
			continue;
		while (last < 63 && set >> (last + 1) & 1)
			last++;
		fprintf(out, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ",";
		first = last;
	}
}

static void print_machine_line(const struct mm_config *c, FILE *out)
{
	const char *comma = "";

	fprintf(out, "machine cpus=%u page_shift=%u pageblock_order=%u zones=", c->nr_cpus,
		c->page_shift, c->pageblock_order);
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		if (!(c->zone_types >> type & 1))
			continue;
		fprintf(out, "%s%s", comma, zone_type_name((enum zone_type)type));
		comma = ",";
	}
	if (c->kernelcore)
		fprintf(out, " kernelcore=%" PRIu64, c->kernelcore);
	if (c->movablecore)
		fprintf(out, " movablecore=%" PRIu64, c->movablecore);
	fputc('\n', out);
}

static void print_node(const struct mm_config *c, unsigned int nid, bool again, FILE *out)
{
	fprintf(out, "node %u", nid);
	if (c->node_cpus[nid] && !again) {
		fputs(" cpus=", out);
		print_set(c->node_cpus[nid], out);
	}
	fputc('\n', out);
}

static void print_zone(const struct zone_config *z, FILE *out)
{
	fprintf(out, "zone %s start=%" PRIu64 " spanned=%" PRIu64,
		zone_type_name((enum zone_type)z->type), z->start, z->spanned);
	if (z->present != PAGES_UNSET)
		fprintf(out, " present=%" PRIu64, z->present);
	if (z->managed != PAGES_UNSET)
		fprintf(out, " managed=%" PRIu64, z->managed);
	if (z->managed_marks != PAGES_UNSET)
		fprintf(out, " managed_marks=%" PRIu64, z->managed_marks);
	if (z->managed_reserve != PAGES_UNSET)
		fprintf(out, " managed_reserve=%" PRIu64, z->managed_reserve);
	fputc('\n', out);
}

/* Zones in their order, each under its node; then the nodes without any. */
static void print_nodes(const struct mm_config *c, FILE *out)
{
	unsigned int current = MAX_NODES, printed = 0;

	for (unsigned int i = 0; i < c->nr_zones; i++) {
		unsigned int nid = c->zones[i].nid;

		if (nid != current)
			print_node(c, nid, printed >> nid & 1, out);
		current = nid;
		printed |= 1u << nid;
		print_zone(&c->zones[i], out);
	}
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (c->online_nodes >> nid & ~printed >> nid & 1)
			print_node(c, nid, false, out);
}

static void print_ranges(const char *word, const struct pfn_range *ranges, unsigned int nr,
			 FILE *out)
{
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%s %" PRIu64 "-%" PRIu64 "\n", word, ranges[i].start,
			ranges[i].end - 1);
}

static void print_distances(const struct mm_config *c, const struct mm_config *d, FILE *out)
{
	for (unsigned int a = 0; a < MAX_NODES; a++)
		for (unsigned int b = a + 1; b < MAX_NODES; b++)
			if (c->online_nodes >> a & c->online_nodes >> b & 1 &&
			    c->distance[a][b] != d->distance[a][b])
				fprintf(out, "distance %u %u %u\n", a, b, c->distance[a][b]);
}

static void print_sysctls(const struct mm_config *c, const struct mm_config *d, FILE *out)
{
	for (unsigned int name = 0; name < NR_SYSCTLS; name++) {
		bool ratio = name == SYSCTL_LOWMEM_RESERVE_RATIO;

		for (unsigned int i = 0; i < (ratio ? NR_ZONE_TYPES : 1); i++) {
			int64_t value = machine_sysctl(&c->sysctl, name, i);

			if ((ratio && !(c->zone_types >> i & 1)) ||
			    value == machine_sysctl(&d->sysctl, name, i))
				continue;
			fprintf(out, "sysctl %s", sysctl_text(name));
			if (ratio)
				fprintf(out, ".%s", zone_type_name((enum zone_type)i));
			fprintf(out, "=%" PRId64 "\n", value);
		}
	}
}

static void print_policies(const struct policies *policy, FILE *out)
{
	for (unsigned int i = 0; i < NR_POLICY_INFOS; i++) {
		unsigned int value = policy_value(policy, i);

		if (!value)
			continue;
		fprintf(out, "policy %s", policy_infos[i].name);
		if (policy_infos[i].values[0])
			fprintf(out, "=%s", policy_infos[i].values[value]);
		fputc('\n', out);
	}
	if (policy->rules == RULES_6_12)
		fputs("policy rules=6.12\n", out);
	if (policy->pcp_batch)
		fprintf(out, "policy pcp_batch=%" PRIu32 "\n", policy->pcp_batch);
}

static void print_machine(const struct mm_config *c, FILE *out)
{
	struct mm_config defaults;

	mm_config_default(&defaults);
	print_machine_line(c, out);
	print_nodes(c, out);
	print_ranges("hole", c->holes, c->nr_holes, out);
	print_ranges("reserved", c->reserved, c->nr_reserved, out);
	print_ranges("cma", c->cma, c->nr_cma, out);
	print_distances(c, &defaults, out);
	print_sysctls(c, &defaults, out);
	print_policies(&c->policy, out);
}

/* A text has always said 1: what is new in it has words of its own. */
enum { TEXT_VERSION = 1 };

/* --- ops ---------------------------------------------------------------------------------- */

static void print_on(const struct op *op, FILE *out)
{
	if (op->kind == OP_FAIL_ALLOC)
		fputs(op->on ? " onwards" : "", out);
	else
		fputs(op->on ? " on" : " off", out);
}

static void print_context(unsigned int context, FILE *out)
{
	const char *before = " ctx=";

	for (unsigned int bit = 0; bit < NR_CONTEXTS; bit++) {
		if (!(context >> bit & 1))
			continue;
		fprintf(out, "%s%s", before, context_names[bit]);
		before = "|";
	}
}

static void print_gfp(gfp_t gfp, FILE *out)
{
	char text[GFP_TEXT_MAX];

	if (gfp)
		gfp_format(gfp, text);
	fprintf(out, " gfp=%s", gfp ? text : "0");
}

static void print_node_field(const struct op *op, FILE *out)
{
	if (op->kind == OP_MEMPOLICY && op->nid != NODE_NONE)
		fprintf(out, " home=%u", op->nid);
	else if (op->nid != NODE_NONE)
		fprintf(out, " node=%u", op->nid);
}

/* A sysctl or a fact; the value follows, with its '='. */
static void print_name(const struct op *op, enum op_field field, FILE *out)
{
	if (field == FIELD_SYSCTL) {
		fprintf(out, " %s", sysctl_text(op->name));
		if (op->name == SYSCTL_LOWMEM_RESERVE_RATIO)
			fprintf(out, ".%s", zone_type_name(op->index));
	} else if (op->name < FACT_PROTECTION) {
		fprintf(out, " %s", fact_names[op->name]);
	} else {
		fprintf(out, " %s.%s", fact_names[FACT_PROTECTION],
			zone_type_name((enum zone_type)(op->name - FACT_PROTECTION)));
	}
}

static void print_field(const struct op *op, enum op_field field, FILE *out)
{
	char name[8];

	switch (field) {
	case FIELD_CPU:
		if (op->cpu)
			fprintf(out, " cpu=%u", op->cpu);
		break;
	case FIELD_ORDER: fprintf(out, " order=%u", op->order); break;
	case FIELD_CONTEXT: print_context(op->context, out); break;
	case FIELD_NODE: print_node_field(op, out); break;
	case FIELD_NODES:
		if (op->nodes) {
			fputs(" nodes=", out);
			print_set(op->nodes, out);
		}
		break;
	case FIELD_ZONE: fprintf(out, " zone=%s", zone_type_name(op->zone)); break;
	case FIELD_TYPE: fprintf(out, " type=%c", migratetype_letter(op->type)); break;
	case FIELD_SYSCTL:
	case FIELD_FACT: print_name(op, field, out); break;
	case FIELD_MODE: fprintf(out, " %s", mode_names[op->name]); break;
	case FIELD_ON: print_on(op, out); break;
	case FIELD_POLICY: fputs(op->on ? " policy" : "", out); break;
	case FIELD_REF:
		op_slot_name(op->ref, name);
		fprintf(out, " %s", name);
		break;
	case FIELD_N: fprintf(out, " n=%" PRIu32, op->n); break;
	case FIELD_GFP: print_gfp(op->gfp, out); break;
	case FIELD_PFN:
		fprintf(out, op->kind == OP_EXPECT_PFN ? " %" PRIu64 : " pfn=%" PRIu64, op->pfn);
		break;
	case FIELD_VALUE:
		fprintf(out, op_has(op->kind, FIELD_SYSCTL) || op_has(op->kind, FIELD_FACT) ?
			"=%" PRId64 : " value=%" PRId64, op->value);
		break;
	case FIELD_INDEX:		/* is part of the name */
	case FIELD_END:
	case NR_FIELDS: break;
	}
}

/* "123,200-203 " */
static void print_pages(const uint64_t *pages, int64_t nr, FILE *out)
{
	for (int64_t i = 0, n; i < nr; i += n) {
		for (n = 1; i + n < nr && pages[i + n] == pages[i] + (uint64_t)n;)
			n++;
		fprintf(out, n > 1 ? "%s%" PRIu64 "-%" PRIu64 : "%s%" PRIu64, i ? "," : "",
			pages[i], pages[i + n - 1]);
	}
	fputc(' ', out);
}

static void print_op(const struct program *p, const struct op *op, uint32_t slot, FILE *out)
{
	const struct op_info *info = &op_kinds[op->kind];
	char name[8];

	if (op->expect == EXPECT_PAGES) {
		fputs("expect ", out);
		print_pages(p->state->blocks + op->pfn, op->value, out);
	} else if (op->expect) {
		fprintf(out, "expect %s ", expect_names[op->expect]);
	}
	if (op->irq_at)
		fprintf(out, "irq at=%u ", op->irq_at);
	if (info->allocates) {
		op_slot_name(slot, name);
		fprintf(out, "%s = ", name);
	}
	fputs(info->name, out);
	for (const enum op_field *field = info->fields; *field != FIELD_END; field++)
		print_field(op, *field, out);
	if (op->by)
		fprintf(out, " by=%u", op->by - 1u);
}

void op_print_op(const struct program *p, uint32_t index, FILE *out)
{
	uint32_t slot = 0;

	for (uint32_t i = 0; i < index; i++)
		slot += op_kinds[p->ops[i].kind].allocates;
	print_op(p, &p->ops[index], slot, out);
}

void op_print(const struct program *p, FILE *out)
{
	uint32_t slot = 0;

	fprintf(out, "tidemark %d\n", TEXT_VERSION);
	print_machine(&p->config, out);
	print_schedule(&p->schedule, out);
	if (p->state)
		print_state(p->state, p->config.pageblock_order, out);
	fputs("ops\n", out);
	for (uint32_t i = 0; i < p->nr_ops; i++) {
		print_op(p, &p->ops[i], slot, out);
		fputc('\n', out);
		print_switches(&p->schedule, i, out);
		slot += op_kinds[p->ops[i].kind].allocates;
	}
	for (uint32_t d = 0; d < SCHED_DAEMONS; d++)
		print_switches(&p->schedule, OPS_MAX + d, out);
}
