/* SPDX-License-Identifier: GPL-2.0-only */
/* programs.c - drawing programs for guests, phase by phase */
#include "linux/programs.h"

#include <string.h>

#include "world.h"

const char *const guest_theme_names[NR_GUEST_THEMES] = {
	"mixed", "sets", "fragments", "large", "bottom", "atomic", "zones",
};

/* What a live slot is, so that frees and splits find what they want. */
struct held {
	uint16_t slot;
	uint8_t	 kind;			/* op kind */
	uint8_t	 order;
	bool	 compound;
};

/* How likely things are while a program churns; of 256 unless said otherwise. */
struct habits {
	uint8_t	free;			/* an op gives back */
	uint8_t	bulk, exact;		/* a request is one */
	uint8_t	small;			/* a request is of order 0 */
	uint8_t	order_max;		/* of the others */
	uint8_t	types[3];		/* weights of UNMOVABLE, MOVABLE, RECLAIMABLE */
	uint8_t	urgent;			/* may go below the mark */
	uint8_t	zones;			/* names a zone */
	uint8_t	nodes;			/* names a node, or nodes */
	uint8_t	move;			/* another CPU goes on */
	uint8_t	drain;
	uint8_t	bulk_max;		/* pages / 4 */
};

struct drawing {
	const struct guest_shape *shape;
	struct program *p;
	uint64_t rng;
	uint32_t limit;			/* ops */
	uint8_t	 cpu;
	uint32_t nr_held;
	struct held held[SLOTS_MAX];
	struct habits h;
};

static bool chance(struct drawing *d, unsigned int n) { return rng_chance(&d->rng, n); }
static uint64_t below(struct drawing *d, uint64_t n) { return rng_below(&d->rng, n); }

static struct op *add(struct drawing *d, enum op_kind kind)
{
	struct op *op = &d->p->ops[d->p->nr_ops++];

	memset(op, 0, sizeof(*op));
	op->kind = (uint8_t)kind;
	op->cpu = kind == OP_SPLIT ? 0 : d->cpu;
	return op;
}

static bool is_full(const struct drawing *d) { return d->p->nr_ops >= d->limit; }

/* --- requests ----------------------------------------------------------------------------- */

static gfp_t draw_type(struct drawing *d)
{
	uint64_t movable = d->h.types[1], reclaimable = movable + d->h.types[2];
	uint64_t draw = below(d, reclaimable + d->h.types[0] + 1);

	if (draw < movable)
		return __GFP_MOVABLE | (chance(d, 160) ? __GFP_HIGHMEM | __GFP_HARDWALL : 0);
	return draw < reclaimable ? __GFP_RECLAIMABLE : 0;
}

static gfp_t draw_urgency(struct drawing *d)
{
	static const gfp_t urgent[] = {
		GFP_ATOMIC, GFP_ATOMIC, __GFP_HIGH | __GFP_KSWAPD_RECLAIM, __GFP_HIGH,
		__GFP_MEMALLOC | __GFP_KSWAPD_RECLAIM, GFP_ATOMIC | __GFP_NOMEMALLOC,
		__GFP_ATOMIC | __GFP_KSWAPD_RECLAIM, __GFP_MEMALLOC | GFP_ATOMIC,
	};

	if (chance(d, d->h.urgent))
		return urgent[below(d, sizeof(urgent) / sizeof(urgent[0]))];
	return chance(d, 200) ? GFP_NOWAIT : 0;
}

static gfp_t draw_gfp(struct drawing *d, bool exact)
{
	gfp_t gfp = draw_urgency(d) | draw_type(d) | __GFP_NOWARN;

	if (chance(d, d->h.zones) && !(gfp & __GFP_HIGHMEM))
		gfp |= chance(d, 100) ? __GFP_DMA : __GFP_DMA32;
	if (exact)
		return gfp & ~__GFP_HIGHMEM;
	if (chance(d, 24))
		gfp |= __GFP_COMP;
	if (chance(d, 6))
		gfp |= __GFP_ZERO;
	if (chance(d, 6))
		gfp |= __GFP_NORETRY;
	return gfp;
}

static void draw_nodes(struct drawing *d, struct op *op)
{
	unsigned int nodes = d->shape->nodes;

	op->nid = NODE_NONE;
	if (!chance(d, d->h.nodes))
		return;
	if (chance(d, 160))
		op->nid = (uint8_t)below(d, nodes);
	if (chance(d, 80))
		op->gfp |= __GFP_THISNODE;
	if (nodes > 1 && op->kind != OP_EXACT && chance(d, 80))
		op->nodes = (uint8_t)(1 + below(d, (1u << nodes) - 1));
}

static void draw_context(struct drawing *d, struct op *op)
{
	op->context = CTX_REALTIME;
	if (chance(d, d->h.urgent / 8))
		op->context |= CTX_MEMALLOC;
	if (chance(d, 8))
		op->context |= CTX_IRQ;
}

static void hold(struct drawing *d, const struct op *op)
{
	d->held[d->nr_held++] = (struct held){
		.slot = (uint16_t)d->p->nr_slots++, .kind = op->kind, .order = op->order,
		.compound = (op->gfp & __GFP_COMP) != 0 };
}

static void request(struct drawing *d, enum op_kind kind, unsigned int order, gfp_t gfp)
{
	struct op *op = add(d, kind);

	op->gfp = gfp;
	op->order = kind == OP_ALLOC ? (uint8_t)order : 0;
	if (kind == OP_BULK)
		op->n = (uint32_t)rng_scale(&d->rng, 4u * d->h.bulk_max + 1u);
	if (kind == OP_EXACT)
		op->n = (uint32_t)rng_scale(&d->rng, chance(d, 16) ? 1024 : 40);
	draw_nodes(d, op);
	draw_context(d, op);
	hold(d, op);
}

static void draw_request(struct drawing *d)
{
	unsigned int order = 0;
	enum op_kind kind = OP_ALLOC;

	if (chance(d, d->h.bulk))
		kind = OP_BULK;
	else if (chance(d, d->h.exact))
		kind = OP_EXACT;
	else if (!chance(d, d->h.small))
		order = (unsigned int)below(d, d->h.order_max + 1u);
	request(d, kind, order, draw_gfp(d, kind == OP_EXACT));
}

/* --- giving back -------------------------------------------------------------------------- */

static void free_nth(struct drawing *d, uint32_t i)
{
	struct held *held = &d->held[i];
	bool block = held->kind == OP_ALLOC;
	struct op *op;

	if (block && held->order && !held->compound && chance(d, 24)) {
		add(d, OP_SPLIT)->ref = held->slot;
		held->kind = OP_SPLIT;
		return;
	}
	if (!block && chance(d, 96)) {
		op = add(d, OP_FREE_ONE);
		op->ref = held->slot;
		op->n = (uint32_t)below(d, 64);
		return;
	}
	add(d, OP_FREE)->ref = held->slot;
	*held = d->held[--d->nr_held];
}

static void draw_free(struct drawing *d)
{
	uint32_t recent = d->nr_held < 16 ? d->nr_held : 16;

	if (!d->nr_held)
		return;
	/* What is still warm, or anything. */
	free_nth(d, (uint32_t)(chance(d, 128) ? d->nr_held - 1 - below(d, recent)
					      : below(d, d->nr_held)));
}

/* --- phases ------------------------------------------------------------------------------- */

static void move(struct drawing *d)
{
	if (chance(d, d->h.move))
		d->cpu = (uint8_t)below(d, d->shape->cpus);
	if (chance(d, d->h.drain) && !is_full(d))
		add(d, OP_DRAIN);
}

static void churn(struct drawing *d, uint32_t nr)
{
	for (; nr && !is_full(d); nr--) {
		move(d);
		if (is_full(d))
			break;
		if (d->nr_held && chance(d, d->h.free))
			draw_free(d);
		else
			draw_request(d);
	}
}

/* So many blocks of one order; what does not fit fails, and costs an op. */
static void fill(struct drawing *d, unsigned int order, uint64_t nr, gfp_t gfp)
{
	for (; nr && !is_full(d); nr--)
		request(d, OP_ALLOC, order, gfp | __GFP_NOWARN);
}

/* Most of memory, in the largest blocks, leaving about one part in `left`. */
static void fill_most(struct drawing *d, unsigned int left)
{
	uint64_t blocks = d->shape->pages >> MAX_ORDER;
	gfp_t movable = chance(d, 128) ? __GFP_MOVABLE | __GFP_HIGHMEM : 0;

	/* Behind 3 GiB there is a Normal zone: with that full, NOFRAGMENT has a say (M4). */
	if (d->shape->pages > 3u << 18 && chance(d, 160))
		blocks = (d->shape->pages - (3u << 18)) >> MAX_ORDER;
	else if (left)
		blocks -= blocks / left;
	fill(d, MAX_ORDER, blocks + !left, GFP_NOWAIT | movable);
}

/* Single pages as long as the low mark holds, which is where a bulk request gets slow. */
static void fill_low(struct drawing *d, gfp_t gfp)
{
	for (uint32_t nr = 2048; nr >= 16 && !is_full(d); nr /= 2) {
		request(d, OP_BULK, 0, gfp | __GFP_NOWARN);
		d->p->ops[d->p->nr_ops - 1].n = nr;
	}
}

/* Down to the mark that `gfp` may reach, in smaller and smaller blocks. */
static void fill_up(struct drawing *d, gfp_t gfp)
{
	for (unsigned int order = MAX_ORDER; order > 3; order--)
		fill(d, order, 2 + below(d, 4), gfp);
	for (uint64_t i = below(d, 6); i; i--)
		fill_low(d, gfp);
	for (unsigned int order = 4; order-- > 0;)
		fill(d, order, 8 + below(d, 40), gfp);
}

static void give_back(struct drawing *d, uint32_t nr)
{
	for (; nr && d->nr_held && !is_full(d); nr--)
		draw_free(d);
}

/* Every other one of what is held from there on: freed together, so that none is taken again. */
static void free_alternate(struct drawing *d, uint32_t first)
{
	for (uint32_t i = d->nr_held; i >= first + 2 && !is_full(d); i -= 2) {
		add(d, OP_FREE)->ref = d->held[i - 1].slot;
		d->held[i - 1] = d->held[--d->nr_held];
	}
}

/* Small blocks of one type, of which then every other one goes. */
static void checkerboard(struct drawing *d, gfp_t type, uint32_t nr)
{
	uint32_t first = d->nr_held;

	for (uint32_t i = 0; i < nr && !is_full(d); i++)
		request(d, OP_ALLOC, (unsigned int)below(d, 3), GFP_NOWAIT | type | __GFP_NOWARN);
	free_alternate(d, first);
}

/*
 * M4: a Normal zone without blocks of pageblock order, and still well above its
 * low mark, as movable halves of pageblocks lie there free.  Another type's large
 * requests first use up what that type has, then go to DMA32, and smaller ones
 * follow: who may not mix types leaves the halves alone.
 */
static void fragment_normal(struct drawing *d)
{
	uint64_t normal = d->shape->pages - (3u << 18);
	gfp_t movable = GFP_NOWAIT | __GFP_MOVABLE | __GFP_HIGHMEM;
	gfp_t other = GFP_NOWAIT | (chance(d, 128) ? __GFP_RECLAIMABLE : 0);
	uint32_t first = d->nr_held;

	fill(d, 8, 240, movable);
	free_alternate(d, first);
	fill(d, MAX_ORDER, normal >> MAX_ORDER, movable);
	fill(d, 9, 6, movable);
	for (unsigned int order = 9; order-- > 0;)
		fill(d, order, 60, other);
}

static uint32_t part(const struct drawing *d, unsigned int of)
{
	return (d->limit - d->p->nr_ops) / of;
}

/* --- themes ------------------------------------------------------------------------------- */

static const struct habits habits[NR_GUEST_THEMES] = {
	[THEME_MIXED] = { .free = 118, .bulk = 12, .exact = 8, .small = 120, .order_max = 10,
		.types = { 3, 3, 2 }, .urgent = 40, .zones = 10, .nodes = 60, .move = 16,
		.drain = 1, .bulk_max = 16 },
	[THEME_SETS] = { .free = 128, .bulk = 10, .exact = 2, .small = 160, .order_max = 3,
		.types = { 1, 1, 1 }, .urgent = 10, .zones = 4, .nodes = 20, .move = 40,
		.drain = 2, .bulk_max = 60 },
	[THEME_FRAGMENTS] = { .free = 120, .bulk = 20, .exact = 10, .small = 150, .order_max = 5,
		.types = { 2, 2, 2 }, .urgent = 30, .zones = 4, .nodes = 20, .move = 8,
		.drain = 1, .bulk_max = 100 },
	[THEME_LARGE] = { .free = 120, .bulk = 2, .exact = 12, .small = 20, .order_max = 10,
		.types = { 2, 3, 2 }, .urgent = 30, .zones = 2, .nodes = 40, .move = 16,
		.drain = 1, .bulk_max = 8 },
	[THEME_BOTTOM] = { .free = 112, .bulk = 8, .exact = 6, .small = 110, .order_max = 5,
		.types = { 3, 2, 2 }, .urgent = 150, .zones = 16, .nodes = 40, .move = 16,
		.drain = 1, .bulk_max = 24 },
	[THEME_ATOMIC] = { .free = 116, .bulk = 4, .exact = 2, .small = 60, .order_max = 5,
		.types = { 4, 1, 1 }, .urgent = 190, .zones = 4, .nodes = 20, .move = 16,
		.drain = 1, .bulk_max = 8 },
	[THEME_ZONES] = { .free = 116, .bulk = 16, .exact = 8, .small = 130, .order_max = 6,
		.types = { 2, 2, 1 }, .urgent = 60, .zones = 110, .nodes = 150, .move = 24,
		.drain = 1, .bulk_max = 24 },
};

static void bottom(struct drawing *d)
{
	static const gfp_t marks[] = {
		GFP_NOWAIT, __GFP_HIGH | __GFP_KSWAPD_RECLAIM, GFP_ATOMIC,
		__GFP_MEMALLOC | __GFP_KSWAPD_RECLAIM,
	};
	unsigned int deepest = (unsigned int)below(d, sizeof(marks) / sizeof(marks[0]));

	fill_most(d, 0);
	for (unsigned int i = 0; i <= deepest; i++) {
		fill_up(d, marks[i]);
		churn(d, part(d, 8));
	}
	give_back(d, part(d, 8));
	while (!is_full(d)) {
		fill_up(d, marks[below(d, deepest + 1)]);
		churn(d, 50 + part(d, 4));
		give_back(d, (uint32_t)below(d, 60));
	}
}

/* Just under the low mark, where urgent high orders are set pageblocks aside for. */
static void atomic(struct drawing *d)
{
	fill_most(d, 0);
	while (!is_full(d)) {
		for (unsigned int order = 9; order > 2; order--)
			fill(d, order, 1 + below(d, 4), GFP_NOWAIT);
		for (uint64_t i = 4 + below(d, 20); i && !is_full(d); i--)
			request(d, OP_ALLOC, 1 + (unsigned int)below(d, 4),
				GFP_ATOMIC | __GFP_NOWARN);
		churn(d, 60);
		give_back(d, 20 + (uint32_t)below(d, 60));
	}
}

static void fragments(struct drawing *d)
{
	static const gfp_t types[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

	if (d->shape->pages > 3u << 18 && chance(d, 160))
		fragment_normal(d);
	else if (chance(d, 200))
		fill_most(d, chance(d, 128) ? 0 : 16);
	for (unsigned int order = MAX_ORDER; order > 4 && chance(d, 200); order--)
		fill(d, order, 1 + below(d, 4), GFP_NOWAIT);
	while (!is_full(d)) {
		unsigned int first = (unsigned int)below(d, 3);

		checkerboard(d, types[first], 40 + (uint32_t)below(d, 200));
		/* Now one of the others has to take from it. */
		d->h.types[0] = d->h.types[1] = d->h.types[2] = 0;
		d->h.types[(first + 1 + below(d, 2)) % 3] = 4;
		churn(d, 100 + (uint32_t)below(d, 200));
		memcpy(d->h.types, habits[THEME_FRAGMENTS].types, sizeof(d->h.types));
		give_back(d, (uint32_t)below(d, 120));
	}
}

/* Some weights are zero, some large: a few things very often. */
static void vary(struct drawing *d)
{
	struct habits *h = &d->h;

	if (chance(d, 64))
		h->types[below(d, 3)] = 0;
	if (chance(d, 64))
		h->move = 0;
	if (chance(d, 96))
		h->bulk = chance(d, 128) ? 0 : 60;
	if (chance(d, 96))
		h->exact = 0;
	if (chance(d, 96))
		h->drain = 0;
	if (chance(d, 64))
		h->small = (uint8_t)below(d, 256);
	if (chance(d, 64))
		h->free = (uint8_t)(100 + below(d, 40));
	if (h->types[0] + h->types[1] + h->types[2] == 0)
		h->types[1] = 1;
}

void guest_program(const struct guest_shape *shape, enum guest_theme theme, uint64_t seed,
		   uint32_t nr_ops, struct program *p)
{
	static _Thread_local struct drawing drawing;
	struct drawing *d = &drawing;

	d->shape = shape;
	d->p = p;
	d->rng = seed;
	d->limit = nr_ops < OPS_MAX ? nr_ops : OPS_MAX;
	d->nr_held = 0;
	d->h = habits[theme];
	d->cpu = (uint8_t)below(d, shape->cpus);
	p->nr_ops = 0;
	p->nr_slots = 0;
	vary(d);
	if (theme == THEME_BOTTOM)
		bottom(d);
	else if (theme == THEME_ATOMIC)
		atomic(d);
	else if (theme == THEME_FRAGMENTS)
		fragments(d);
	else if (chance(d, 96))
		fill_most(d, 2 + (unsigned int)below(d, 8));
	churn(d, d->limit);
}
