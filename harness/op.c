/* SPDX-License-Identifier: MIT */
/*
 * op.c - what is known of each kind of op, their ranges, and files of programs
 *
 * The encodings are in op_binary.c, op_text.c and op_print.c; what a machine
 * may look like is in op_machine.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "op_kinds.h"
#include "op_parts.h"
#include "snapshot.h"

#define BIT(field)	(1u << (field))
#define OR8(a, b, c, d, e, f, g, h, ...) \
	(BIT(a) | BIT(b) | BIT(c) | BIT(d) | BIT(e) | BIT(f) | BIT(g) | BIT(h))

/* The fields, once as a list in the order of the text and once as a mask. */
#define FIELDS(...) \
	.fields = { __VA_ARGS__ }, \
	.has = OR8(__VA_ARGS__, FIELD_END, FIELD_END, FIELD_END, FIELD_END, FIELD_END, \
		   FIELD_END, FIELD_END, FIELD_END)

#define KIND(kind, word, allocates, text_only, ...) \
	[kind] = { word, allocates, text_only, FIELDS(__VA_ARGS__) },

const struct op_info op_kinds[NR_OP_KINDS] = { OP_KINDS };

const char *const expect_names[NR_EXPECTS] = { "any", "ok", "fail", "stuck", "refused" };

const char *const context_names[NR_CONTEXTS] = {
	"irq", "memalloc", "oom_victim", "realtime", "noio", "nofs", "pin",
};

const char *const mode_names[NR_MEMPOLICY_MODES] = {
	"default", "bind", "preferred", "preferred_many", "interleave",
};

const char *const fact_names[FACT_PROTECTION + 1] = {
	"free", "min", "low", "high", "boost", "spanned", "present", "managed",
	"pcp_high", "pcp_batch", "stat_threshold", "highatomic", "protection",
};

unsigned int op_nth_bit(uint64_t mask, uint64_t n)
{
	unsigned int bit = 0;

	for (n %= (unsigned int)__builtin_popcountll(mask); ; bit++)
		if (mask >> bit & 1 && n-- == 0)
			return bit;
}

/* --- ranges ------------------------------------------------------------------------------- */

/* Zero in every field that the kind does not have. */
static void clear_absent(struct op *op)
{
	uint32_t has = op_kinds[op->kind].has;

	if (!(has & BIT(FIELD_CPU)))
		op->cpu = 0;
	if (!(has & BIT(FIELD_ORDER)))
		op->order = 0;
	if (!(has & BIT(FIELD_CONTEXT)))
		op->context = 0;
	if (!(has & BIT(FIELD_NODE)))
		op->nid = 0;
	if (!(has & BIT(FIELD_NODES)))
		op->nodes = 0;
	if (!(has & BIT(FIELD_ZONE)))
		op->zone = 0;
	if (!(has & BIT(FIELD_TYPE)))
		op->type = 0;
	if (!(has & (BIT(FIELD_SYSCTL) | BIT(FIELD_FACT) | BIT(FIELD_MODE))))
		op->name = 0;
	if (!(has & BIT(FIELD_INDEX)))
		op->index = 0;
	if (!(has & (BIT(FIELD_ON) | BIT(FIELD_POLICY))))
		op->on = 0;
	if (!(has & BIT(FIELD_REF)))
		op->ref = 0;
	if (!(has & BIT(FIELD_N)))
		op->n = 0;
	if (!(has & BIT(FIELD_GFP)))
		op->gfp = 0;
	if (!(has & BIT(FIELD_PFN)) && op->expect != EXPECT_PAGES)
		op->pfn = 0;
	if (!(has & BIT(FIELD_VALUE)) && op->expect != EXPECT_PAGES)
		op->value = 0;
}

/* `type` if the machine has such zones, else some type that it has. */
static uint8_t configured(const struct mm_config *c, uint8_t type)
{
	if (type < NR_ZONE_TYPES && c->zone_types >> type & 1)
		return type;
	return (uint8_t)op_nth_bit(c->zone_types, type);
}

/* The node of a zone must exist; a request may name one that does not, and be refused. */
static void normalize_node(const struct mm_config *c, struct op *op, uint32_t has)
{
	if (has & BIT(FIELD_ZONE)) {
		op->zone = configured(c, op->zone);
		if (op->nid >= MAX_NODES || !(c->online_nodes >> op->nid & 1))
			op->nid = (uint8_t)op_nth_bit(c->online_nodes, op->nid);
	} else if (has & BIT(FIELD_NODE) && op->nid >= MAX_NODES && op->nid != NODE_NONE) {
		op->nid = (uint8_t)op_nth_bit(c->online_nodes, op->nid);
	}
}

static void normalize_name(const struct mm_config *c, struct op *op, uint32_t has)
{
	if (has & BIT(FIELD_SYSCTL)) {
		op->name %= NR_SYSCTLS;
		op->index = op->name == SYSCTL_LOWMEM_RESERVE_RATIO ?
			    configured(c, op->index) : 0;
	} else if (has & BIT(FIELD_FACT)) {
		op->name %= NR_ZONE_FACTS;
		if (op->name >= FACT_PROTECTION)
			op->name = (uint8_t)(FACT_PROTECTION +
					     configured(c, (uint8_t)(op->name - FACT_PROTECTION)));
	} else if (has & BIT(FIELD_MODE)) {
		op->name %= NR_MEMPOLICY_MODES;
	}
}

static int64_t clamp_value(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void normalize_numbers(struct op *op)
{
	if (op->kind == OP_PUT_AT)
		op->pfn = (op->pfn & OP_PFN_MAX) >> op->order << op->order;
	if (op->kind == OP_COUNTER)
		op->value = clamp_value(op->value, -OP_VALUE_MAX, OP_VALUE_MAX);
	if (op->kind == OP_BOOST)
		op->value = clamp_value(op->value, 0, OP_VALUE_MAX);
}

/* What few programs say: expectations, interrupts, and who does what names no CPU. */
static void normalize_manner(const struct program *p, struct op *op)
{
	if (op->expect && !(op->expect == EXPECT_PAGES && p->state))
		op->expect = op_kinds[op->kind].allocates ? (uint8_t)(op->expect % NR_EXPECTS) : 0;
	if (op->irq_at && !op_may_interrupt(op->kind))
		op->irq_at = 0;
	if (op->by && !op_may_name_by(op->kind))
		op->by = 0;
	if (op->by > p->config.nr_cpus)
		op->by = (uint8_t)((op->by - 1) % p->config.nr_cpus + 1);
}

/* Fields that requests and frees have not; absent ones are zero. */
enum {
	STATE_FIELDS = BIT(FIELD_ZONE) | BIT(FIELD_TYPE) | BIT(FIELD_SYSCTL) | BIT(FIELD_FACT) |
		       BIT(FIELD_MODE) | BIT(FIELD_PFN) | BIT(FIELD_VALUE),
};

static void normalize_op(const struct program *p, struct op *op)
{
	const struct mm_config *c = &p->config;
	uint32_t has = op_kinds[op->kind].has;

	if (op->expect | op->irq_at | op->by)
		normalize_manner(p, op);
	if (op->cpu >= c->nr_cpus)
		op->cpu %= c->nr_cpus;
	op->context &= CTX_MASK;
	op->on &= 1;
	op->gfp &= __GFP_BITS_MASK;
	if (op->order > MAX_ORDER && op->order > op_order_max(op->kind))
		op->order %= NR_ORDERS;
	if (op->n > OP_PAGES_MAX && (op->kind == OP_BULK || op->kind == OP_EXACT))
		op->n %= OP_PAGES_MAX + 1;
	if (op->nid >= MAX_NODES || has & BIT(FIELD_ZONE))
		normalize_node(c, op, has);
	if (has & STATE_FIELDS) {
		op->type %= NR_MIGRATETYPES;
		normalize_name(c, op, has);
		normalize_numbers(op);
	}
}

struct op *op_next(struct program *p, unsigned int kind)
{
	struct op *op = &p->ops[p->nr_ops];

	*op = (struct op){ .kind = (uint8_t)kind };
	return op;
}

uint16_t op_take(struct program *p, struct op *op)
{
	if (p->nr_slots == 0 && op_has(op->kind, FIELD_REF))
		return UINT16_MAX;
	normalize_op(p, op);
	if (op->ref && op->ref >= p->nr_slots)
		op->ref = (uint16_t)(op->ref % p->nr_slots);
	p->nr_slots += op_kinds[op->kind].allocates;
	if (op != &p->ops[p->nr_ops])
		p->ops[p->nr_ops] = *op;
	return (uint16_t)p->nr_ops++;
}

void op_normalize(struct program *p)
{
	uint32_t nr = p->nr_ops < OPS_MAX ? p->nr_ops : OPS_MAX;
	uint8_t rules = p->state ? p->config.policy.rules : 0;
	uint16_t at[OPS_MAX];

	machine_repair(&p->config);
	p->config.policy.rules = rules;
	p->nr_ops = p->nr_slots = 0;
	for (uint32_t i = 0; i < nr; i++) {
		p->ops[i].kind %= NR_OP_KINDS;
		if (!p->state || !op_kinds[p->ops[i].kind].allocates)
			p->ops[i].expect %= NR_EXPECTS;
		clear_absent(&p->ops[i]);
		at[i] = op_take(p, &p->ops[i]);
	}
	if (p->schedule.kind != SCHED_NONE)
		schedule_normalize(&p->schedule, nr, at);
}

void op_discard(struct program *p)
{
	snapshot_delete(p->state);
	p->state = NULL;
}

/* --- names -------------------------------------------------------------------------------- */

void op_slot_name(uint32_t slot, char name[8])
{
	char digits[8];
	unsigned int n = 0;

	for (slot++; slot && n < sizeof(digits) - 1; slot = (slot - 1) / 26)
		digits[n++] = (char)('a' + (slot - 1) % 26);
	for (unsigned int i = 0; i < n; i++)
		name[i] = digits[n - 1 - i];
	name[n] = '\0';
}

/* --- files -------------------------------------------------------------------------------- */

bool op_is_text(const uint8_t *data, size_t size)
{
	static const char word[] = "tidemark";

	if (size == 0)
		return false;
	if (data[0] == '#' || data[0] == ' ' || data[0] == '\t' || data[0] == '\n' ||
	    data[0] == '\r')
		return true;
	return size >= sizeof(word) - 1 && memcmp(data, word, sizeof(word) - 1) == 0;
}

enum { FILE_BYTES_MAX = 4 << 20 };

/* The whole file in fresh memory, or NULL with the reason on stderr. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (!f) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
		return NULL;
	}
	data = malloc(FILE_BYTES_MAX + 1);
	if (!data) {
		fprintf(stderr, "%s: out of memory\n", path);
		fclose(f);
		return NULL;
	}
	*size = fread(data, 1, FILE_BYTES_MAX + 1, f);
	if (ferror(f)) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
	} else if (*size > FILE_BYTES_MAX) {
		fprintf(stderr, "%s: expected at most %d bytes, got more\n", path, FILE_BYTES_MAX);
	} else {
		fclose(f);
		return data;
	}
	fclose(f);
	free(data);
	return NULL;
}

/* A name that says "text" is believed, so that a slip in the first word is told as one. */
static bool named_as_text(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".ops") == 0;
}

bool op_load(const char *path, struct program *p)
{
	struct op_error error;
	size_t size;
	uint8_t *data = read_file(path, &size);
	bool ok = true;

	if (!data)
		return false;
	if (!op_is_text(data, size) && !named_as_text(path)) {
		op_decode(data, size, p);
	} else if (!op_parse((const char *)data, size, p, &error)) {
		fprintf(stderr, "%s:%u: %s\n", path, error.line, error.what);
		ok = false;
	}
	free(data);
	return ok;
}
