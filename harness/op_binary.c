/* SPDX-License-Identifier: MIT */
/*
 * op_binary.c - programs as bytes
 *
 *   version   one byte
 *   head      one byte: enum part, the parts of the machine that follow
 *   parts     in the order of enum part; what is not there has its default
 *   zones     their number, then each
 *   schedule  from version 2 on, where the head says so
 *   ops       until the end
 *
 * An op is a byte with its kind and two flags, the expectation and the place
 * of the interrupt where the flags say so (from version 3 on, of what cannot be
 * one: who does it), then its fields in the order of op_kinds[].  Numbers are
 * little-endian, or base 128 with the low part first ("varint", signed ones
 * folded so that small magnitudes are short).  Where a zone or range begins is
 * said as the distance from the end of the one before, so that they stay in
 * order when one of them changes its size.
 *
 * Bytes past the end read as zero.  Nothing that is read is refused:
 * op_normalize() makes a program of it.
 */
#include <string.h>

#include "op_bytes.h"
#include "op_kinds.h"

enum part {
	PART_CPUS	= 1 << 0,	/* nr_cpus */
	PART_SHAPE	= 1 << 1,	/* page_shift, pageblock_order, zone_types */
	PART_NODES	= 1 << 2,	/* online_nodes, CPUs of each, distance of each pair */
	PART_CORE	= 1 << 3,	/* kernelcore, movablecore */
	PART_SYSCTLS	= 1 << 4,	/* mask of those given, their values */
	PART_POLICIES	= 1 << 5,	/* mask of those given, their values */
	PART_RANGES	= 1 << 6,	/* numbers of holes, reserved and CMA ranges, then each */
	PART_SCHEDULE	= 1 << 7,	/* stands behind the zones; see op_schedule.c */
};

enum zone_part {
	ZONE_PRESENT	= 1 << 0,
	ZONE_MANAGED	= 1 << 1,
	ZONE_MARKS	= 1 << 2,
	ZONE_RESERVE	= 1 << 3,
};

enum {
	KIND_MASK	= 0x3f,
	KIND_EXPECT	= 0x40,		/* an expectation follows */
	KIND_IRQ	= 0x80,		/* the place of the interrupt follows */
	NR_KINDS_V1	= 28,		/* kinds that version 1 knows, for ever */
	NR_KINDS_V2	= 30,		/* and versions 2 and 3 */
	OP_BYTES_MAX	= 96,		/* more than any op takes */
};

_Static_assert((int)NR_KINDS_V2 == (int)NR_OP_KINDS, "a new kind needs a new version");
_Static_assert(3 + (FIELDS_MAX - 1) * 10 <= OP_BYTES_MAX, "the longest op fits");

/* A number of things; larger ones than fit, which only noise contains, become few. */
static uint8_t get_count(struct bytes *b, unsigned int max)
{
	uint8_t n = get_byte(b);

	return n <= max ? n : n & 3;
}

/* --- the machine, reading ----------------------------------------------------------------- */

static void get_nodes(struct bytes *b, struct mm_config *c)
{
	c->online_nodes = get_byte(b);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (c->online_nodes >> nid & 1)
			c->node_cpus[nid] = get_varint(b);
	for (unsigned int i = 0; i < MAX_NODES; i++)
		for (unsigned int j = i + 1; j < MAX_NODES; j++)
			if (c->online_nodes >> i & c->online_nodes >> j & 1)
				c->distance[i][j] = get_byte(b);
}

static void get_sysctls(struct bytes *b, struct mm_config *c)
{
	uint64_t given = get_varint(b);

	for (unsigned int name = 0; name < NR_SYSCTLS; name++) {
		if (!(given >> name & 1))
			continue;
		if (name != SYSCTL_LOWMEM_RESERVE_RATIO) {
			machine_set_sysctl(&c->sysctl, name, 0, unfold(get_varint(b)));
			continue;
		}
		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
			if (c->zone_types >> type & 1)
				machine_set_sysctl(&c->sysctl, name, type, unfold(get_varint(b)));
	}
}

static void get_policies(struct bytes *b, struct mm_config *c)
{
	uint64_t given = get_varint(b);

	for (unsigned int i = 0; i < NR_POLICY_INFOS; i++)
		if (given >> i & 1)
			*policy_byte(&c->policy, i) =
				(uint8_t)(get_byte(b) % policy_infos[i].nr);
	if (given >> NR_POLICY_INFOS & 1)
		c->policy.pcp_batch = (uint32_t)get_varint(b);
}

static void get_ranges(struct bytes *b, struct pfn_range *ranges, unsigned int nr)
{
	uint64_t at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		ranges[i].start = unfold_diff(get_varint(b), at);
		at = ranges[i].end = ranges[i].start + get_varint(b);
	}
}

static void get_zones(struct bytes *b, struct mm_config *c)
{
	uint64_t at = 0;

	c->nr_zones = get_count(b, MAX_ZONES);
	for (unsigned int i = 0; i < c->nr_zones; i++) {
		struct zone_config *z = &c->zones[i];
		uint8_t id = get_byte(b), given = get_byte(b);
		uint64_t base;

		z->nid = id / 8 % MAX_NODES;
		z->type = id % 8;
		z->start = unfold_diff(get_varint(b), at);
		base = z->spanned = get_varint(b);
		at = z->start + z->spanned;
		z->present = z->managed = z->managed_marks = z->managed_reserve = PAGES_UNSET;
		if (given & ZONE_PRESENT)
			base = z->present = unfold_diff(get_varint(b), base);
		if (given & ZONE_MANAGED)
			base = z->managed = unfold_diff(get_varint(b), base);
		if (given & ZONE_MARKS)
			z->managed_marks = unfold_diff(get_varint(b), base);
		if (given & ZONE_RESERVE)
			z->managed_reserve = unfold_diff(get_varint(b), base);
	}
}

/* What it begins with says whether a schedule comes after it. */
static uint8_t get_machine(struct bytes *b, struct mm_config *c)
{
	uint8_t head = get_byte(b);

	mm_config_default(c);
	if (head & PART_CPUS)
		c->nr_cpus = get_byte(b);
	if (head & PART_SHAPE) {
		c->page_shift = get_byte(b);
		c->pageblock_order = get_byte(b);
		c->zone_types = get_byte(b);
	}
	if (head & PART_NODES)
		get_nodes(b, c);
	else
		c->node_cpus[0] = UINT64_MAX;
	if (head & PART_CORE) {
		c->kernelcore = get_varint(b);
		c->movablecore = get_varint(b);
	}
	if (head & PART_SYSCTLS)
		get_sysctls(b, c);
	if (head & PART_POLICIES)
		get_policies(b, c);
	if (head & PART_RANGES) {
		c->nr_holes = get_count(b, MAX_RANGES);
		c->nr_reserved = get_count(b, MAX_RANGES);
		c->nr_cma = get_count(b, MAX_RANGES);
		get_ranges(b, c->holes, c->nr_holes);
		get_ranges(b, c->reserved, c->nr_reserved);
		get_ranges(b, c->cma, c->nr_cma);
	}
	get_zones(b, c);
	return head;
}

/* --- the machine, writing ----------------------------------------------------------------- */

static void put_nodes(struct bytes *b, const struct mm_config *c)
{
	put_byte(b, c->online_nodes);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (c->online_nodes >> nid & 1)
			put_varint(b, c->node_cpus[nid]);
	for (unsigned int i = 0; i < MAX_NODES; i++)
		for (unsigned int j = i + 1; j < MAX_NODES; j++)
			if (c->online_nodes >> i & c->online_nodes >> j & 1)
				put_byte(b, c->distance[i][j]);
}

/* Is the sysctl as `d` has it, for every configured type? */
static bool same_sysctl(const struct mm_config *c, const struct mm_config *d, unsigned int name)
{
	if (name != SYSCTL_LOWMEM_RESERVE_RATIO)
		return machine_sysctl(&c->sysctl, name, 0) == machine_sysctl(&d->sysctl, name, 0);
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (c->zone_types >> type & 1 && machine_sysctl(&c->sysctl, name, type) !=
		    machine_sysctl(&d->sysctl, name, type))
			return false;
	return true;
}

static uint64_t given_sysctls(const struct mm_config *c, const struct mm_config *d)
{
	uint64_t given = 0;

	for (unsigned int name = 0; name < NR_SYSCTLS; name++)
		if (!same_sysctl(c, d, name))
			given |= UINT64_C(1) << name;
	return given;
}

static void put_sysctls(struct bytes *b, const struct mm_config *c, uint64_t given)
{
	put_varint(b, given);
	for (unsigned int name = 0; name < NR_SYSCTLS; name++) {
		if (!(given >> name & 1))
			continue;
		if (name != SYSCTL_LOWMEM_RESERVE_RATIO) {
			put_varint(b, fold(machine_sysctl(&c->sysctl, name, 0)));
			continue;
		}
		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
			if (c->zone_types >> type & 1)
				put_varint(b, fold(machine_sysctl(&c->sysctl, name, type)));
	}
}

static uint64_t given_policies(const struct mm_config *c)
{
	uint64_t given = c->policy.pcp_batch ? UINT64_C(1) << NR_POLICY_INFOS : 0;

	for (unsigned int i = 0; i < NR_POLICY_INFOS; i++)
		if (policy_value(&c->policy, i))
			given |= UINT64_C(1) << i;
	return given;
}

static void put_policies(struct bytes *b, const struct mm_config *c, uint64_t given)
{
	put_varint(b, given);
	for (unsigned int i = 0; i < NR_POLICY_INFOS; i++)
		if (given >> i & 1)
			put_byte(b, policy_value(&c->policy, i));
	if (given >> NR_POLICY_INFOS & 1)
		put_varint(b, c->policy.pcp_batch);
}

static void put_ranges(struct bytes *b, const struct pfn_range *ranges, unsigned int nr)
{
	uint64_t at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		put_varint(b, fold_diff(ranges[i].start, at));
		put_varint(b, ranges[i].end - ranges[i].start);
		at = ranges[i].end;
	}
}

static void put_zones(struct bytes *b, const struct mm_config *c)
{
	uint64_t at = 0;

	put_byte(b, c->nr_zones);
	for (unsigned int i = 0; i < c->nr_zones; i++) {
		const struct zone_config *z = &c->zones[i];
		uint64_t base = z->spanned;

		put_byte(b, (uint8_t)(z->nid * 8 + z->type));
		put_byte(b, (uint8_t)((z->present != PAGES_UNSET) * ZONE_PRESENT |
				      (z->managed != PAGES_UNSET) * ZONE_MANAGED |
				      (z->managed_marks != PAGES_UNSET) * ZONE_MARKS |
				      (z->managed_reserve != PAGES_UNSET) * ZONE_RESERVE));
		put_varint(b, fold_diff(z->start, at));
		put_varint(b, z->spanned);
		at = z->start + z->spanned;
		if (z->present != PAGES_UNSET)
			put_varint(b, fold_diff(z->present, base));
		base = z->present != PAGES_UNSET ? z->present : base;
		if (z->managed != PAGES_UNSET)
			put_varint(b, fold_diff(z->managed, base));
		base = z->managed != PAGES_UNSET ? z->managed : base;
		if (z->managed_marks != PAGES_UNSET)
			put_varint(b, fold_diff(z->managed_marks, base));
		if (z->managed_reserve != PAGES_UNSET)
			put_varint(b, fold_diff(z->managed_reserve, base));
	}
}

static void put_machine(struct bytes *b, const struct program *p)
{
	const struct mm_config *c = &p->config;
	struct mm_config d;
	uint64_t sysctls, policies = given_policies(c);
	bool shape;
	uint8_t head;

	mm_config_default(&d);
	sysctls = given_sysctls(c, &d);
	shape = c->page_shift != d.page_shift || c->pageblock_order != d.pageblock_order ||
		c->zone_types != d.zone_types;
	head = (uint8_t)((c->nr_cpus != d.nr_cpus) * PART_CPUS | shape * PART_SHAPE |
			 (c->online_nodes != 1) * PART_NODES |
			 (c->kernelcore || c->movablecore) * PART_CORE |
			 (sysctls != 0) * PART_SYSCTLS | (policies != 0) * PART_POLICIES |
			 (c->nr_holes || c->nr_reserved || c->nr_cma) * PART_RANGES |
			 (p->schedule.kind != SCHED_NONE) * PART_SCHEDULE);
	put_byte(b, head);
	if (head & PART_CPUS)
		put_byte(b, c->nr_cpus);
	if (head & PART_SHAPE) {
		put_byte(b, c->page_shift);
		put_byte(b, c->pageblock_order);
		put_byte(b, c->zone_types);
	}
	if (head & PART_NODES)
		put_nodes(b, c);
	if (head & PART_CORE) {
		put_varint(b, c->kernelcore);
		put_varint(b, c->movablecore);
	}
	if (head & PART_SYSCTLS)
		put_sysctls(b, c, sysctls);
	if (head & PART_POLICIES)
		put_policies(b, c, policies);
	if (head & PART_RANGES) {
		put_byte(b, c->nr_holes);
		put_byte(b, c->nr_reserved);
		put_byte(b, c->nr_cma);
		put_ranges(b, c->holes, c->nr_holes);
		put_ranges(b, c->reserved, c->nr_reserved);
		put_ranges(b, c->cma, c->nr_cma);
	}
	put_zones(b, c);
	if (head & PART_SCHEDULE)
		put_schedule(b, &p->schedule);
}

/* --- ops ---------------------------------------------------------------------------------- */

/* These read without looking for the end: OP_BYTES_MAX bytes are there. */

static inline uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline const uint8_t *load_varint(const uint8_t *p, uint64_t *v)
{
	uint64_t sum = *p & 0x7f;

	for (unsigned int shift = 7; *p++ & 0x80 && shift < 64; shift += 7)
		sum |= (uint64_t)(*p & 0x7f) << shift;
	*v = sum;
	return p;
}

/* Where the fields of one byte are; the others have UINT8_MAX here. */
static const uint8_t byte_fields[NR_FIELDS] = {
	[FIELD_END] = UINT8_MAX,
	[FIELD_CPU] = offsetof(struct op, cpu),
	[FIELD_ORDER] = offsetof(struct op, order),
	[FIELD_CONTEXT] = offsetof(struct op, context),
	[FIELD_NODE] = offsetof(struct op, nid),
	[FIELD_NODES] = offsetof(struct op, nodes),
	[FIELD_ZONE] = offsetof(struct op, zone),
	[FIELD_TYPE] = offsetof(struct op, type),
	[FIELD_SYSCTL] = offsetof(struct op, name),
	[FIELD_FACT] = offsetof(struct op, name),
	[FIELD_MODE] = offsetof(struct op, name),
	[FIELD_INDEX] = offsetof(struct op, index),
	[FIELD_ON] = offsetof(struct op, on),
	[FIELD_POLICY] = offsetof(struct op, on),
	[FIELD_REF] = UINT8_MAX,
	[FIELD_N] = UINT8_MAX,
	[FIELD_GFP] = UINT8_MAX,
	[FIELD_PFN] = UINT8_MAX,
	[FIELD_VALUE] = UINT8_MAX,
};

/* One field, known where this is compiled. */
static inline const uint8_t *load_field(const uint8_t *p, enum op_field field, struct op *op)
{
	uint64_t v;

	switch (field) {
	case FIELD_END:
		return p;
	case FIELD_GFP:
		op->gfp = load_u32(p);
		return p + 4;
	case FIELD_REF:
		op->ref = (uint16_t)(p[0] | p[1] << 8);
		return p + 2;
	case FIELD_N:
		p = load_varint(p, &v);
		op->n = (uint32_t)v;
		return p;
	case FIELD_PFN:
		return load_varint(p, &op->pfn);
	case FIELD_VALUE:
		p = load_varint(p, &v);
		op->value = unfold(v);
		return p;
	default:
		((uint8_t *)op)[byte_fields[field]] = *p;
		return p + 1;
	}
}

#define LOAD_FIELDS(a, b, c, d, e, f, g, ...) \
	p = load_field(p, a, op), p = load_field(p, b, op), p = load_field(p, c, op), \
	p = load_field(p, d, op), p = load_field(p, e, op), p = load_field(p, f, op), \
	p = load_field(p, g, op)

#define KIND(kind, word, allocates, text_only, ...) \
	case kind: \
		LOAD_FIELDS(__VA_ARGS__, FIELD_END, FIELD_END, FIELD_END, FIELD_END, FIELD_END, \
			    FIELD_END, FIELD_END); \
		break;

/* The op is zero but for its kind, and so are then the fields that the kind does not have. */
static const uint8_t *load_fields(const uint8_t *p, struct op *op)
{
	switch (op->kind) {
	OP_KINDS
	}
	return p;
}

static const uint8_t *load_op(const uint8_t *p, struct program *to, unsigned int version)
{
	unsigned int nr_kinds = version == OP_FORMAT_PLAIN ? NR_KINDS_V1 : NR_KINDS_V2;
	uint8_t head = *p++;
	struct op *op = op_next(to, (head & KIND_MASK) % nr_kinds);

	if (head & KIND_EXPECT)
		op->expect = *p++;
	if (head & KIND_IRQ) {
		if (version >= OP_FORMAT_VERSION)
			op->by = *p;
		op->irq_at = *p++;
	}
	return load_fields(p, op);
}

/*
 * All that is left; the fast loop as long as no op can reach behind the end.
 * at[], unless NULL, tells where each went; the number of those read.
 */
static uint32_t get_ops(struct bytes *b, struct program *p, unsigned int version, uint16_t *at)
{
	uint8_t tail[2 * OP_BYTES_MAX] = { 0 };
	const uint8_t *in = tail;
	uint32_t loaded = 0;
	uint16_t where;
	size_t size;

	p->state = NULL;
	p->nr_ops = p->nr_slots = 0;
	for (; b->in_end - b->in >= OP_BYTES_MAX && loaded < OPS_MAX; loaded++) {
		b->in = load_op(b->in, p, version);
		where = op_take(p, &p->ops[p->nr_ops]);
		if (at)
			at[loaded] = where;
	}
	size = (size_t)(b->in_end - b->in);
	if (size && size < OP_BYTES_MAX)
		memcpy(tail, b->in, size);
	for (; size < OP_BYTES_MAX && in < tail + size && loaded < OPS_MAX; loaded++) {
		in = load_op(in, p, version);
		where = op_take(p, &p->ops[p->nr_ops]);
		if (at)
			at[loaded] = where;
	}
	return loaded;
}

/* A function of its own, for the sake of those that have no schedule and no such array. */
static __attribute__((noinline)) void get_scheduled_ops(struct bytes *b, struct program *p,
							unsigned int version)
{
	uint16_t at[OPS_MAX];
	uint32_t nr = get_ops(b, p, version, at);

	schedule_normalize(&p->schedule, nr, at);
}

void op_decode_next(const uint8_t *data, size_t size, struct program *p, struct op_memo *memo)
{
	struct bytes b = { .in = data, .in_end = size ? data + size : data };
	/* What is no version is the first. */
	bool plain = !size || (data[0] != OP_FORMAT_VERSION && data[0] != OP_FORMAT_SCHEDULES);
	unsigned int version;
	uint8_t head;
	size_t used;

	if (memo->size && memo->size <= size && memcmp(data, memo->bytes, memo->size) == 0) {
		b.in += memo->size;
		head = data[1];
	} else {
		get_byte(&b);
		head = get_machine(&b, &p->config);
		used = (size_t)(b.in - data);
		/* With a byte left nothing was read behind the end: the rest does not matter. */
		memo->size = used < size && used <= sizeof(memo->bytes) ? (uint32_t)used : 0;
		if (memo->size)
			memcpy(memo->bytes, data, memo->size);
		machine_repair(&p->config);
	}
	memset(&p->schedule, 0, offsetof(struct schedule, bytes));
	if ((head & PART_SCHEDULE) && !plain)
		get_schedule(&b, &p->schedule);
	version = plain ? OP_FORMAT_PLAIN : data[0];
	if (p->schedule.kind != SCHED_NONE)
		get_scheduled_ops(&b, p, version);
	else
		get_ops(&b, p, version, NULL);
}

void op_decode(const uint8_t *data, size_t size, struct program *p)
{
	struct op_memo memo = { .size = 0 };

	op_decode_next(data, size, p, &memo);
}

static void put_wide(struct bytes *b, enum op_field field, const struct op *op)
{
	if (field == FIELD_GFP) {
		for (unsigned int shift = 0; shift < 32; shift += 8)
			put_byte(b, (uint8_t)(op->gfp >> shift));
	} else if (field == FIELD_REF) {
		put_byte(b, (uint8_t)op->ref);
		put_byte(b, (uint8_t)(op->ref >> 8));
	} else if (field == FIELD_N) {
		put_varint(b, op->n);
	} else if (field == FIELD_PFN) {
		put_varint(b, op->pfn);
	} else {
		put_varint(b, fold(op->value));
	}
}

static void put_op(struct bytes *b, const struct op *op)
{
	put_byte(b, (uint8_t)(op->kind | (op->expect ? KIND_EXPECT : 0) |
			      (op->irq_at || op->by ? KIND_IRQ : 0)));
	if (op->expect)
		put_byte(b, op->expect);
	if (op->irq_at || op->by)
		put_byte(b, op->by ? op->by : op->irq_at);
	for (const enum op_field *f = op_kinds[op->kind].fields; *f != FIELD_END; f++) {
		if (byte_fields[*f] != UINT8_MAX)
			put_byte(b, ((const uint8_t *)op)[byte_fields[*f]]);
		else
			put_wide(b, *f, op);
	}
}

/* The first version that can say it. */
static uint8_t version_of(const struct program *p)
{
	uint8_t version = p->schedule.kind == SCHED_NONE ? OP_FORMAT_PLAIN : OP_FORMAT_SCHEDULES;

	for (uint32_t i = 0; i < p->nr_ops; i++) {
		if (p->ops[i].by)
			return OP_FORMAT_VERSION;
		if (p->ops[i].kind >= NR_KINDS_V1)
			version = OP_FORMAT_SCHEDULES;
	}
	return version;
}

size_t op_encode(const struct program *p, uint8_t *data, size_t max)
{
	struct bytes b = { .out = data, .out_end = data + max };

	put_byte(&b, version_of(p));
	put_machine(&b, p);
	for (uint32_t i = 0; i < p->nr_ops; i++) {
		uint8_t *before = b.out;

		put_op(&b, &p->ops[i]);
		if (b.full) {
			b.out = before;		/* a part of an op would be another one */
			break;
		}
	}
	return (size_t)(b.out - data);
}
