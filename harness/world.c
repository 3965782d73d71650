/* SPDX-License-Identifier: MIT */
/*
 * world.c - drawing ops
 *
 * A value is drawn for the field it goes into and for the op that has it: what
 * is near a rule's border is likelier than what is not.
 */
#include <string.h>

#include "world.h"

#include "op_parts.h"

/* --- randomness ------------------------------------------------------------------ */

uint64_t rng_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t rng_below(uint64_t *state, uint64_t n)
{
	uint64_t draw, skip;

	if (n <= UINT32_MAX) {		/* the usual case needs no division */
		draw = (rng_next(state) >> 32) * n;
		if ((uint32_t)draw < n) {
			skip = (UINT32_MAX - n + 1) % n;
			while ((uint32_t)draw < skip)
				draw = (rng_next(state) >> 32) * n;
		}
		return draw >> 32;
	}
	skip = (UINT64_MAX - n + 1) % n;
	do
		draw = rng_next(state);
	while (draw < skip);
	return draw % n;
}

bool rng_chance(uint64_t *state, unsigned int n)
{
	return rng_next(state) >> 56 < n;
}

uint64_t rng_scale(uint64_t *state, uint64_t max)
{
	uint64_t bits = 1 + rng_below(state, fls_u64(max));
	uint64_t v = 1 + rng_below(state, bits > 63 ? max : 1ULL << bits);

	return v > max ? max : v;
}

/* --- fields ---------------------------------------------------------------------- */

static const gfp_t common_gfp[] = {
	GFP_KERNEL, GFP_KERNEL, GFP_NOWAIT, GFP_ATOMIC, GFP_KERNEL | __GFP_COMP,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_HIGHUSER_MOVABLE, GFP_HIGHUSER_MOVABLE,
	GFP_USER, GFP_TRANSHUGE_LIGHT, GFP_NOWAIT | __GFP_MOVABLE, GFP_DMA32 | GFP_KERNEL,
	GFP_DMA | GFP_NOWAIT,
};

/* Bits that change what a request is granted. */
static const gfp_t gfp_extras[] = {
	__GFP_HIGH, __GFP_DIRECT_RECLAIM, __GFP_KSWAPD_RECLAIM, __GFP_ZERO, __GFP_WRITE,
	__GFP_NOFAIL, __GFP_NORETRY, __GFP_RETRY_MAYFAIL, __GFP_MEMALLOC, __GFP_NOMEMALLOC,
	__GFP_COMP, __GFP_THISNODE, __GFP_HARDWALL, __GFP_ATOMIC, __GFP_DMA, __GFP_DMA32,
	__GFP_HIGHMEM, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_IO, __GFP_FS,
};

enum { NR_GFP_EXTRAS = sizeof(gfp_extras) / sizeof(gfp_extras[0]) };

static gfp_t draw_gfp(const struct theme *theme, uint64_t *rng)
{
	gfp_t gfp;

	if (theme->atomics && rng_chance(rng, theme->atomics))
		return GFP_ATOMIC;
	if (theme->rich_gfp && rng_chance(rng, 16))
		return (gfp_t)rng_next(rng) & (rng_chance(rng, 32) ? UINT32_MAX : __GFP_BITS_MASK);
	/* The first five have no mobility. */
	gfp = common_gfp[rng_below(rng, theme->one_movability ? 5
				   : sizeof(common_gfp) / sizeof(common_gfp[0]))];
	if (theme->rich_gfp)
		for (uint64_t n = rng_below(rng, 4); n; n--)
			gfp ^= gfp_extras[rng_below(rng, NR_GFP_EXTRAS)];
	else if (rng_chance(rng, 16))
		gfp |= __GFP_ZERO;
	return gfp;
}

static uint8_t draw_order(const struct theme *theme, uint64_t *rng, const struct mm_config *c)
{
	uint64_t kind = rng_below(rng, 16);

	if (kind < 8)
		return 0;
	if (kind < 12)			/* small blocks, as in real use */
		return (uint8_t)rng_below(rng, COSTLY_ORDER + 1u);
	if (kind < 14)
		return (uint8_t)rng_below(rng, theme->orders + 1u);
	if (kind < 15)
		return c->pageblock_order < theme->orders ? c->pageblock_order : theme->orders;
	return (uint8_t)rng_below(rng, rng_chance(rng, 32) ? MAX_ORDER + 2 : NR_ORDERS);
}

static uint8_t draw_context(const struct theme *theme, uint64_t *rng)
{
	if (!theme->rich_gfp || rng_chance(rng, 160))
		return 0;
	if (rng_chance(rng, 16))
		return (uint8_t)(rng_next(rng) & CTX_MASK);
	return (uint8_t)(1u << rng_below(rng, 7));
}

static uint8_t draw_node(const struct theme *theme, uint64_t *rng, const struct mm_config *c)
{
	if (rng_chance(rng, theme->nodes_max > 1 ? 96 : 224))
		return NODE_NONE;
	if (rng_chance(rng, 248))
		return (uint8_t)rng_below(rng, fls_u64(c->online_nodes | 1u));
	return (uint8_t)rng_below(rng, MAX_NODES);
}

static uint8_t draw_nodes(const struct theme *theme, uint64_t *rng, const struct mm_config *c,
			  const struct op *op)
{
	uint8_t mask = (uint8_t)(rng_next(rng) & c->online_nodes);

	if (op->kind == OP_MEMPOLICY)
		return mask ? mask : c->online_nodes;
	return rng_chance(rng, theme->nodes_max > 1 ? 96 : 8) ? mask : 0;
}

/* A slot that is probably still held: one of the last 64 that no free names, mostly. */
static uint16_t draw_ref(uint64_t *rng, const struct program *p)
{
	enum { LOOK_BACK = 96, WINDOW = 64 };
	uint32_t base = p->nr_slots > WINDOW ? p->nr_slots - WINDOW : 0;
	uint32_t stop = p->nr_ops > LOOK_BACK ? p->nr_ops - LOOK_BACK : 0;
	uint64_t held = UINT64_MAX;
	uint64_t skip;

	if (!p->nr_slots)
		return 0;
	if (p->nr_slots - base < WINDOW)
		held = (1ULL << (p->nr_slots - base)) - 1;
	for (uint32_t i = p->nr_ops; i > stop; i--) {
		const struct op *op = &p->ops[i - 1];

		if (op->kind == OP_FREE && op->ref >= base && op->ref < p->nr_slots)
			held &= ~(1ULL << (op->ref - base));
	}
	if (!held || rng_chance(rng, 16))
		return (uint16_t)rng_below(rng, p->nr_slots);
	for (skip = rng_below(rng, popcount_u64(held)); skip; skip--)
		held &= held - 1;
	return (uint16_t)(base + ffs_u64(held));
}

/* Pages at once: mostly a few, now and then dozens, rarely enough to empty a zone. */
static uint32_t draw_pages(uint64_t *rng, uint64_t most)
{
	if (rng_chance(rng, 3))
		return (uint32_t)rng_scale(rng, most);
	return (uint32_t)rng_scale(rng, rng_chance(rng, 24) ? 64 : 8);
}

static uint32_t draw_n(const struct theme *theme, uint64_t *rng, const struct op *op)
{
	switch (op->kind) {
	case OP_BULK:
		return draw_pages(rng, 1024);
	case OP_EXACT:
		return draw_pages(rng, (2ULL << theme->orders) - 1);
	case OP_PUT:
		return (uint32_t)rng_scale(rng, 32);
	case OP_FREE_ONE:
		return (uint32_t)rng_below(rng, 64);
	case OP_ASK_DRAIN:
		return (uint32_t)rng_below(rng, 8);	/* modulo CPUs */
	default:			/* n-th chances of faults */
		return (uint32_t)rng_scale(rng, 8);
	}
}

static pfn_t draw_pfn(uint64_t *rng, const struct mm_config *c)
{
	const struct zone_config *z;
	pfn_t pfn;

	if (!c->nr_zones)
		return rng_below(rng, 4096);
	z = &c->zones[rng_below(rng, c->nr_zones)];
	switch (rng_below(rng, 8)) {
	case 0:
		return z->start;
	case 1:
		return z->start + z->spanned;	/* the first page behind */
	default:
		pfn = z->start + rng_below(rng, z->spanned + 1);
		return pfn & ~((1ULL << rng_below(rng, NR_ORDERS)) - 1);
	}
}

static int64_t draw_sysctl_value(const struct theme *theme, uint64_t *rng, const struct op *op)
{
	if (rng_chance(rng, 8))
		return (int64_t)rng_next(rng) >> rng_below(rng, 64);	/* mostly refused */
	switch (op->name) {
	case SYSCTL_MIN_FREE_KBYTES:
		if (theme->atomics)	/* up to all of a zone: only reserves are left */
			return (int64_t)rng_below(rng, (uint64_t)theme->pages_max * 4);
		return (int64_t)rng_below(rng, (uint64_t)theme->pages_max * 2);
	case SYSCTL_EXTRA_FREE_KBYTES:
		return (int64_t)rng_below(rng, theme->pages_max);
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		return (int64_t)rng_scale(rng, 3001);
	case SYSCTL_WATERMARK_BOOST_FACTOR:
		return rng_chance(rng, 64) ? 0 : (int64_t)rng_scale(rng, 40000);
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		return rng_chance(rng, 64) ? 0 : (int64_t)(7 + rng_scale(rng, 1000));
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		return rng_chance(rng, 32) ? 0 : (int64_t)rng_scale(rng, 512);
	case SYSCTL_DIRTY_RATIO:
		return (int64_t)rng_below(rng, 102);
	default:
		return (int64_t)rng_below(rng, 2);
	}
}

static int64_t draw_value(const struct theme *theme, uint64_t *rng, const struct mm_config *c,
			  const struct op *op)
{
	if (op->kind == OP_SYSCTL)
		return draw_sysctl_value(theme, rng, op);
	if (op->kind == OP_BOOST)
		return (int64_t)rng_scale(rng, 4ULL << c->pageblock_order);
	return (int64_t)rng_scale(rng, theme->pages_max);
}

static uint8_t draw_zone(uint64_t *rng, const struct mm_config *c, struct op *op)
{
	const struct zone_config *z;

	if (!c->nr_zones || rng_chance(rng, 4))
		return (uint8_t)rng_below(rng, NR_ZONE_TYPES);
	z = &c->zones[rng_below(rng, c->nr_zones)];
	op->nid = z->nid;		/* a zone that exists */
	return z->type;
}

static uint8_t draw_cpu(uint64_t *rng, const struct mm_config *c)
{
	return rng_chance(rng, 96) ? 0 : (uint8_t)rng_below(rng, c->nr_cpus);
}

void world_draw_field(const struct theme *theme, uint64_t *rng, const struct program *p,
		      struct op *op, enum op_field field)
{
	const struct mm_config *c = &p->config;

	switch (field) {
	case FIELD_CPU:		op->cpu = draw_cpu(rng, c); break;
	case FIELD_ORDER:	op->order = draw_order(theme, rng, c); break;
	case FIELD_CONTEXT:	op->context = draw_context(theme, rng); break;
	case FIELD_NODE:	op->nid = draw_node(theme, rng, c); break;
	case FIELD_NODES:	op->nodes = draw_nodes(theme, rng, c, op); break;
	case FIELD_ZONE:	op->zone = draw_zone(rng, c, op); break;
	case FIELD_TYPE:	op->type = (uint8_t)rng_below(rng, MIGRATE_ISOLATE); break;
	case FIELD_SYSCTL:	op->name = (uint8_t)rng_below(rng, NR_SYSCTLS); break;
	case FIELD_FACT:	op->name = (uint8_t)rng_below(rng, NR_ZONE_FACTS); break;
	case FIELD_MODE:	op->name = (uint8_t)rng_below(rng, NR_MEMPOLICY_MODES); break;
	case FIELD_INDEX:	op->index = (uint8_t)rng_below(rng, NR_ZONE_TYPES); break;
	case FIELD_ON:		op->on = rng_chance(rng, 160); break;
	case FIELD_POLICY:
		op->on = theme->op_weight[OP_MEMPOLICY] && rng_chance(rng, 96);
		break;
	case FIELD_REF:		op->ref = draw_ref(rng, p); break;
	case FIELD_N:		op->n = draw_n(theme, rng, op); break;
	case FIELD_GFP:		op->gfp = draw_gfp(theme, rng); break;
	case FIELD_PFN:		op->pfn = draw_pfn(rng, c); break;
	case FIELD_VALUE:	op->value = draw_value(theme, rng, c, op); break;
	case FIELD_END:
	case NR_FIELDS:
		break;
	}
}

/* --- ops ------------------------------------------------------------------------- */

static enum op_kind draw_kind(const struct theme *theme, uint64_t *rng)
{
	uint64_t sum = 0, at;

	for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
		sum += theme->op_weight[kind];
	if (!sum)
		return OP_ALLOC;
	at = rng_below(rng, sum);
	for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++) {
		if (at < theme->op_weight[kind])
			return (enum op_kind)kind;
		at -= theme->op_weight[kind];
	}
	return OP_ALLOC;
}

bool world_draw_by(const struct theme *theme, uint64_t *rng, const struct program *p,
		   struct op *op)
{
	if (!theme->schedules || !op_may_name_by(op->kind))
		return false;
	op->by = rng_chance(rng, 32) ? 0 : (uint8_t)(1 + draw_cpu(rng, &p->config));
	return true;
}

void world_draw_op(const struct theme *theme, uint64_t *rng, const struct program *p, struct op *op)
{
	const struct op_info *info;

	memset(op, 0, sizeof(*op));
	op->kind = (uint8_t)draw_kind(theme, rng);
	info = &op_kinds[op->kind];
	for (unsigned int i = 0; i < FIELDS_MAX && info->fields[i] != FIELD_END; i++)
		world_draw_field(theme, rng, p, op, info->fields[i]);
	if (world_draw_by(theme, rng, p, op) || !rng_chance(rng, theme->irqs))
		return;
	op->irq_at = (uint8_t)rng_scale(rng, 64);
	if (info->allocates && rng_chance(rng, 240))
		op->gfp &= ~__GFP_DIRECT_RECLAIM;	/* an interrupt cannot wait */
}

/* Weights of one draw: some kinds often, some not at all. */
static void draw_weights(struct theme *theme, uint64_t *rng)
{
	static const uint8_t factor[8] = { 0, 1, 4, 4, 4, 4, 8, 16 };
	unsigned int allocating = 0;

	for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++) {
		unsigned int weight = theme->op_weight[kind] * factor[rng_below(rng, 8)];

		weight = (weight + 3) / 4;
		theme->op_weight[kind] = (uint8_t)(weight > UINT8_MAX ? UINT8_MAX : weight);
		if (op_kinds[kind].allocates)
			allocating += theme->op_weight[kind];
	}
	if (!allocating)
		theme->op_weight[OP_ALLOC] = 64;
}

/* The op before, on the CPUs next to its own: they meet where it is not alone. */
static void draw_rivals(const struct theme *theme, uint64_t *rng, uint32_t nr_ops,
			struct program *p)
{
	struct op op = p->ops[p->nr_ops - 1];
	uint64_t rivals = 1 + rng_below(rng, p->config.nr_cpus - 1u);

	if (!(op_kinds[op.kind].has >> FIELD_CPU & 1))
		return;
	for (; rivals && p->nr_ops < nr_ops; rivals--) {
		op.cpu = (uint8_t)((op.cpu + 1) % p->config.nr_cpus);
		/* Now and then it is about the very same pages. */
		if ((op_kinds[op.kind].has >> FIELD_REF & 1) && rng_chance(rng, 160))
			op.ref = draw_ref(rng, p);
		if (rng_chance(rng, 64) && (op_kinds[op.kind].has >> FIELD_ORDER & 1))
			op.order = draw_order(theme, rng, &p->config);
		p->nr_slots += op_kinds[op.kind].allocates;
		p->ops[p->nr_ops++] = op;
	}
}

void world_draw_more(const struct theme *theme, uint64_t *rng, uint32_t nr_ops, struct program *p)
{
	struct theme drawn = *theme;

	if (nr_ops > OPS_MAX - p->nr_ops)
		nr_ops = OPS_MAX - p->nr_ops;
	nr_ops += p->nr_ops;
	draw_weights(&drawn, rng);
	while (p->nr_ops < nr_ops) {
		struct op *op = &p->ops[p->nr_ops];

		world_draw_op(&drawn, rng, p, op);
		p->nr_slots += op_kinds[op->kind].allocates;
		p->nr_ops++;
		if (p->config.nr_cpus > 1 && rng_chance(rng, theme->rivals))
			draw_rivals(theme, rng, nr_ops, p);
	}
}

void world_draw(const struct theme *theme, uint64_t seed, uint32_t nr_ops, struct program *p)
{
	uint64_t rng = seed;

	p->state = NULL;
	p->nr_ops = 0;
	p->nr_slots = 0;
	memset(&p->schedule, 0, offsetof(struct schedule, bytes));
	world_draw_machine(theme, &rng, &p->config);
	world_draw_more(theme, &rng, nr_ops, p);
	if (theme->schedules)
		world_draw_schedule(theme, &rng, p, &p->schedule);
	op_normalize(p);
}
