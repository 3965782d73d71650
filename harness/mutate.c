/* SPDX-License-Identifier: MIT */
/*
 * mutate.c - edits of a program
 *
 * An edit moves, adds or removes ops, so slot numbers, which count allocating
 * ops, shift under it.  While a program is open for an edit, each allocating
 * op has an id that goes where it goes, and references are kept as ids; closing
 * turns them back into slots.  A reference whose allocation is gone is pointed
 * at another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "run.h"

enum {
	BURST_MAX = 32,			/* ops that one edit copies */
	TAIL_MAX = 64,			/* ops that one edit draws */
	IDS_MAX = 2 * OPS_MAX,
	EDIT_AGAIN = 96,		/* of 256 */
};

#define ID_NONE UINT16_MAX

_Static_assert(OPS_MAX + BURST_MAX < IDS_MAX && IDS_MAX < ID_NONE, "ids fit");

struct mutator {
	struct theme	theme;
	uint64_t	pages_max;
	uint32_t	ops_max;
	uint16_t	next_id;
	uint16_t	id[OPS_MAX];	/* per op: its own if it allocates; else whom it names */
	uint16_t	slot[IDS_MAX];	/* by id, while closing */
	struct op	ops[OPS_MAX];	/* ops on their way */
	uint16_t	ops_id[OPS_MAX];
	struct program	a, b;		/* decoded inputs */
};

struct mutator *mutator_new(const struct theme *theme, uint64_t pages_max, uint32_t ops_max)
{
	struct mutator *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->theme = *theme;
	m->pages_max = pages_max;
	m->ops_max = ops_max < OPS_MAX ? ops_max : OPS_MAX;
	return m;
}

void mutator_delete(struct mutator *m)
{
	free(m);
}

/* --- open, edit, close ------------------------------------------------------------ */

static bool op_allocates(const struct op *op) { return op_kinds[op->kind].allocates; }

static bool has_field(const struct op *op, enum op_field field)
{
	return op_kinds[op->kind].has >> field & 1;
}

static void open_program(struct mutator *m, const struct program *p)
{
	uint16_t slot = 0;

	for (uint32_t i = 0; i < p->nr_ops; i++)
		m->id[i] = op_allocates(&p->ops[i]) ? slot++ : p->ops[i].ref;
	m->next_id = slot;
}

static void close_program(struct mutator *m, struct program *p)
{
	uint16_t slot = 0;

	memset(m->slot, 0xff, m->next_id * sizeof(m->slot[0]));
	for (uint32_t i = 0; i < p->nr_ops; i++)
		if (op_allocates(&p->ops[i]))
			m->slot[m->id[i]] = slot++;
	p->nr_slots = slot;
	slot = 0;
	for (uint32_t i = 0; i < p->nr_ops; i++) {
		struct op *op = &p->ops[i];
		uint16_t to;

		if (op_allocates(op)) {
			slot++;
		} else if (has_field(op, FIELD_REF)) {
			to = m->id[i] < m->next_id ? m->slot[m->id[i]] : ID_NONE;
			if (to >= slot)
				to = slot ? (uint16_t)(m->id[i] % slot) : 0;
			op->ref = to;
		}
	}
}

/* Opens a gap of up to `n` ops at `at`; returns how wide it is. */
static uint32_t make_room(struct mutator *m, struct program *p, uint32_t at, uint32_t n)
{
	uint32_t room = p->nr_ops < m->ops_max ? m->ops_max - p->nr_ops : 0;

	if (n > room)
		n = room;
	memmove(&p->ops[at + n], &p->ops[at], (p->nr_ops - at) * sizeof(p->ops[0]));
	memmove(&m->id[at + n], &m->id[at], (p->nr_ops - at) * sizeof(m->id[0]));
	p->nr_ops += n;
	for (uint32_t i = 0; i < p->schedule.nr_switches; i++)
		if (p->schedule.switches[i].op >= at && p->schedule.switches[i].op < OPS_MAX)
			p->schedule.switches[i].op = (uint16_t)(p->schedule.switches[i].op + n);
	return n;
}

static void remove_ops(struct mutator *m, struct program *p, uint32_t at, uint32_t n)
{
	uint32_t tail = p->nr_ops - at - n;

	memmove(&p->ops[at], &p->ops[at + n], tail * sizeof(p->ops[0]));
	memmove(&m->id[at], &m->id[at + n], tail * sizeof(m->id[0]));
	p->nr_ops -= n;
	for (uint32_t i = 0; i < p->schedule.nr_switches; i++) {
		struct sched_switch *sw = &p->schedule.switches[i];

		if (sw->op < at || sw->op >= OPS_MAX)
			continue;
		if (sw->op >= at + n)
			sw->op = (uint16_t)(sw->op - n);
		else
			sw->step = 0;	/* gone: op_normalize() takes it out */
	}
}

/* Copies ops with their ids out of the program, to be put in elsewhere. */
static void take_copy(struct mutator *m, const struct program *p, uint32_t at, uint32_t n)
{
	memcpy(m->ops, &p->ops[at], n * sizeof(m->ops[0]));
	memcpy(m->ops_id, &m->id[at], n * sizeof(m->ops_id[0]));
}

static void put_copy(struct mutator *m, struct program *p, uint32_t at, uint32_t n)
{
	n = make_room(m, p, at, n);
	memcpy(&p->ops[at], m->ops, n * sizeof(m->ops[0]));
	memcpy(&m->id[at], m->ops_id, n * sizeof(m->id[0]));
}

/*
 * Gives the copy's allocations ids of their own, and lets the copy's references
 * to them follow.  References to what lies outside stay, or with `foreign` name
 * anything.
 */
static void rename_copy(struct mutator *m, uint32_t n, bool foreign)
{
	memset(m->slot, 0xff, IDS_MAX * sizeof(m->slot[0]));
	for (uint32_t i = 0; i < n; i++) {
		uint16_t *id = &m->ops_id[i];

		if (op_allocates(&m->ops[i])) {
			m->slot[*id] = m->next_id;
			*id = m->next_id++;
		} else if (m->slot[*id] != ID_NONE) {
			*id = m->slot[*id];
		} else if (foreign && m->next_id) {
			*id = (uint16_t)(*id % m->next_id);
		}
	}
}

/* A new op for position `at`: what is before it is what it may refer to. */
static uint16_t draw_at(struct mutator *m, struct program *p, uint64_t *rng, uint32_t at,
			struct op *op)
{
	uint32_t nr_ops = p->nr_ops, nr_slots = p->nr_slots;
	uint16_t slots = 0;

	for (uint32_t i = 0; i < at; i++)
		slots = (uint16_t)(slots + op_allocates(&p->ops[i]));
	p->nr_ops = at;
	p->nr_slots = slots;
	world_draw_op(&m->theme, rng, p, op);
	p->nr_ops = nr_ops;
	p->nr_slots = nr_slots;
	return op_allocates(op) ? m->next_id++ : op->ref;
}

/* --- edits of ops ------------------------------------------------------------------ */

/* A short run of ops [*at, *at + n) of a program that has some. */
static uint32_t draw_run(const struct program *p, uint64_t *rng, uint32_t *at)
{
	*at = (uint32_t)rng_below(rng, p->nr_ops);
	return (uint32_t)rng_scale(rng, p->nr_ops - *at < BURST_MAX ? p->nr_ops - *at : BURST_MAX);
}

static void edit_insert(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at = rng_chance(rng, 96) ? p->nr_ops : (uint32_t)rng_below(rng, p->nr_ops + 1);
	uint32_t n = rng_chance(rng, 160) ? 1 : (uint32_t)rng_scale(rng, 8);

	for (; n; n--, at++) {
		struct op op;
		uint16_t id = draw_at(m, p, rng, at, &op);

		if (!make_room(m, p, at, 1))
			return;
		p->ops[at] = op;
		m->id[at] = id;
	}
}

/* A new end, of ops that one drawing of weights makes likely: mutation alone drifts too slowly. */
static void edit_tail(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t n = (uint32_t)rng_scale(rng, TAIL_MAX), slots = 0;

	p->nr_ops = rng_chance(rng, 64) ? 0 : (uint32_t)rng_below(rng, p->nr_ops + 1);
	for (uint32_t i = 0; i < p->nr_ops; i++)
		slots += op_allocates(&p->ops[i]);
	p->nr_slots = slots;
	if (n > m->ops_max - p->nr_ops)
		n = m->ops_max - p->nr_ops;
	world_draw_more(&m->theme, rng, n, p);
	open_program(m, p);
}

/* The same op many times, to empty a zone or fill a list; or once more on each CPU. */
static void edit_burst(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at, n = 1 + (uint32_t)rng_scale(rng, BURST_MAX - 1);
	bool rivals = m->theme.rivals && rng_chance(rng, 128);
	struct op op;
	uint16_t id;

	if (!p->nr_ops)
		return;
	at = (uint32_t)rng_below(rng, p->nr_ops);
	op = p->ops[at];
	id = m->id[at];
	n = make_room(m, p, at, rivals ? p->config.nr_cpus - 1u : n);
	for (uint32_t i = at; i < at + n; i++) {
		op.cpu = (uint8_t)((op.cpu + rivals) % p->config.nr_cpus);
		p->ops[i] = op;
		m->id[i] = op_allocates(&op) ? m->next_id++ : id;
		if (!op_allocates(&op) && has_field(&op, FIELD_REF))
			m->id[i] = (uint16_t)((id + i - at) % (m->next_id ? m->next_id : 1));
	}
}

static void edit_erase(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at, n;

	if (!p->nr_ops)
		return;
	n = draw_run(p, rng, &at);
	remove_ops(m, p, at, rng_chance(rng, 128) ? 1 : n);
}

static void edit_copy(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at, n;

	if (!p->nr_ops)
		return;
	n = draw_run(p, rng, &at);
	take_copy(m, p, at, n);
	rename_copy(m, n, false);
	put_copy(m, p, at + (uint32_t)rng_below(rng, p->nr_ops - at + 1), n);
}

static void edit_move(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at, n;

	if (!p->nr_ops)
		return;
	n = draw_run(p, rng, &at);
	take_copy(m, p, at, n);
	remove_ops(m, p, at, n);
	put_copy(m, p, (uint32_t)rng_below(rng, p->nr_ops + 1), n);
}

static void edit_swap(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t i, j;
	struct op op;
	uint16_t id;

	if (!p->nr_ops)
		return;
	i = (uint32_t)rng_below(rng, p->nr_ops);
	j = (uint32_t)rng_below(rng, p->nr_ops);
	op = p->ops[i];
	p->ops[i] = p->ops[j];
	p->ops[j] = op;
	id = m->id[i];
	m->id[i] = m->id[j];
	m->id[j] = id;
}

static void edit_replace(struct mutator *m, struct program *p, uint64_t *rng)
{
	uint32_t at;
	bool allocated;
	struct op op;
	uint16_t id;

	if (!p->nr_ops)
		return;
	at = (uint32_t)rng_below(rng, p->nr_ops);
	allocated = op_allocates(&p->ops[at]);
	id = draw_at(m, p, rng, at, &op);
	if (!(allocated && op_allocates(&op)))
		m->id[at] = id;		/* else those who named the old one name the new */
	p->ops[at] = op;
}

/* Another kind, with the fields that both have kept. */
static void edit_kind(struct mutator *m, struct program *p, uint64_t *rng)
{
	struct op *op, drawn;
	uint32_t at;
	uint16_t id;

	if (!p->nr_ops)
		return;
	at = (uint32_t)rng_below(rng, p->nr_ops);
	id = draw_at(m, p, rng, at, &drawn);
	op = &p->ops[at];
	if (op_allocates(op) != op_allocates(&drawn))
		return;
	if (!op_allocates(op) && !has_field(op, FIELD_REF))
		m->id[at] = id;
	drawn.cpu = has_field(op, FIELD_CPU) ? op->cpu : drawn.cpu;
	drawn.gfp = has_field(op, FIELD_GFP) ? op->gfp : drawn.gfp;
	drawn.nid = has_field(op, FIELD_NODE) ? op->nid : drawn.nid;
	drawn.context = has_field(op, FIELD_CONTEXT) ? op->context : drawn.context;
	drawn.irq_at = op->irq_at;
	*op = drawn;
}

/* --- edits of fields ---------------------------------------------------------------- */

static uint64_t nudge(uint64_t *rng, uint64_t v)
{
	switch (rng_below(rng, 6)) {
	case 0: return v + 1;
	case 1: return v - 1;
	case 2: return v << 1;
	case 3: return v >> 1;
	case 4: return v ^ 1ULL << rng_below(rng, 16);
	default: return v + rng_scale(rng, 64) - 32;
	}
}

/* A small step from the value that is there: what climbs towards a border. */
static void nudge_field(struct mutator *m, uint64_t *rng, struct op *op, uint16_t *id,
			enum op_field field)
{
	switch (field) {
	case FIELD_ORDER:
		op->order = (uint8_t)(nudge(rng, op->order) % NR_ORDERS);
		break;
	case FIELD_N:
		op->n = (uint32_t)nudge(rng, op->n);
		break;
	case FIELD_PFN:
		op->pfn = nudge(rng, op->pfn);
		break;
	case FIELD_VALUE:
		op->value = (int64_t)nudge(rng, (uint64_t)op->value);
		break;
	case FIELD_GFP:
		op->gfp ^= (gfp_t)1 << rng_below(rng, 27);
		break;
	case FIELD_CONTEXT:
		op->context ^= (uint8_t)(1u << rng_below(rng, 7));
		break;
	case FIELD_NODES:
		op->nodes ^= (uint8_t)(1u << rng_below(rng, m->theme.nodes_max));
		break;
	case FIELD_REF:
		*id = m->next_id ? (uint16_t)((*id + rng_scale(rng, 4)) % m->next_id) : 0;
		break;
	case FIELD_ON:
	case FIELD_POLICY:
		op->on ^= 1;
		break;
	default:
		op->cpu = (uint8_t)nudge(rng, op->cpu);
		break;
	}
}

static void edit_field(struct mutator *m, struct program *p, uint64_t *rng)
{
	const struct op_info *info;
	enum op_field field;
	unsigned int nr = 0;
	struct op *op;
	uint32_t at;

	if (!p->nr_ops)
		return;
	at = (uint32_t)rng_below(rng, p->nr_ops);
	op = &p->ops[at];
	info = &op_kinds[op->kind];
	while (nr < FIELDS_MAX && info->fields[nr] != FIELD_END)
		nr++;
	if (!nr)
		return;
	field = info->fields[rng_below(rng, nr)];
	if (rng_chance(rng, 128)) {
		nudge_field(m, rng, op, &m->id[at], field);
		return;
	}
	world_draw_field(&m->theme, rng, p, op, field);
	if (field == FIELD_REF)
		m->id[at] = op->ref;
}

/* One field of a run of ops, the same in all of them. */
static void edit_run(struct mutator *m, struct program *p, uint64_t *rng)
{
	static const enum op_field fields[] = {
		FIELD_CPU, FIELD_ORDER, FIELD_GFP, FIELD_NODE, FIELD_CONTEXT,
	};
	enum op_field field = fields[rng_below(rng, sizeof(fields) / sizeof(fields[0]))];
	uint64_t drawn = *rng;
	uint32_t at, n;

	if (!p->nr_ops)
		return;
	n = draw_run(p, &drawn, &at);
	for (uint32_t i = at; i < at + n; i++) {
		uint64_t same = drawn;

		if (has_field(&p->ops[i], field))
			world_draw_field(&m->theme, &same, p, &p->ops[i], field);
	}
	rng_next(rng);
}

static void edit_interrupt(struct mutator *m, struct program *p, uint64_t *rng)
{
	struct op *op;

	if (!p->nr_ops || !m->theme.irqs)
		return;
	op = &p->ops[rng_below(rng, p->nr_ops)];
	if (!world_draw_by(&m->theme, rng, p, op))
		op->irq_at = op->irq_at && rng_chance(rng, 96) ? 0 : (uint8_t)rng_scale(rng, 64);
	if (op_allocates(op) && op->irq_at)
		op->gfp &= ~__GFP_DIRECT_RECLAIM;
}

/* --- edits of the machine ------------------------------------------------------------ */

static bool machine_fits(const struct mutator *m, const struct mm_config *c)
{
	return !mm_config_check(c, NULL) && run_pages(c) <= m->pages_max;
}

/* A machine small enough; where the theme draws too large ones, of a single zone. */
static void draw_fitting(const struct mutator *m, struct program *p, uint64_t *rng)
{
	struct theme small = m->theme;

	for (unsigned int tries = 0; tries < 4; tries++) {
		world_draw_machine(&m->theme, rng, &p->config);
		if (machine_fits(m, &p->config))
			return;
	}
	small.zones_max = 1;
	small.pages_max = (uint16_t)min_u64(small.pages_max, m->pages_max);
	world_draw_machine(&small, rng, &p->config);
}

static void edit_machine(struct mutator *m, struct program *p, uint64_t *rng)
{
	struct mm_config before = p->config;

	if (rng_chance(rng, 24))
		world_draw_machine(&m->theme, rng, &p->config);
	else
		world_change_machine(&m->theme, rng, &p->config);
	if (!machine_fits(m, &p->config))
		p->config = before;
}

static void edit_schedule(struct mutator *m, struct program *p, uint64_t *rng)
{
	if (m->theme.schedules)
		world_change_schedule(&m->theme, rng, p, &p->schedule);
}

/* --- all of it ----------------------------------------------------------------------- */

static const struct edit {
	unsigned int weight;
	void (*fn)(struct mutator *m, struct program *p, uint64_t *rng);
} edits[] = {
	{ 16, edit_insert }, { 6, edit_burst }, { 10, edit_erase }, { 8, edit_copy },
	{ 6, edit_move }, { 4, edit_swap }, { 6, edit_replace }, { 4, edit_kind },
	{ 20, edit_field }, { 4, edit_run }, { 3, edit_interrupt }, { 8, edit_machine },
	{ 12, edit_tail }, { 30, edit_schedule },
};

static void edit_once(struct mutator *m, struct program *p, uint64_t *rng)
{
	unsigned int sum = 0, i = 0;
	uint64_t at;

	for (unsigned int k = 0; k < sizeof(edits) / sizeof(edits[0]); k++)
		sum += edits[k].fn == edit_schedule && !m->theme.schedules ? 0 : edits[k].weight;
	at = rng_below(rng, sum);
	while (at >= edits[i].weight)
		at -= edits[i++].weight;
	open_program(m, p);
	edits[i].fn(m, p, rng);
	close_program(m, p);
}

void mutate_program(struct mutator *m, struct program *p, uint64_t *rng)
{
	if (p->nr_ops > m->ops_max)
		p->nr_ops = m->ops_max;
	if (run_pages(&p->config) > m->pages_max)
		draw_fitting(m, p, rng);
	do
		edit_once(m, p, rng);
	while (rng_chance(rng, EDIT_AGAIN));
	op_normalize(p);
}

void mutate_cross(struct mutator *m, struct program *p, const struct program *other, uint64_t *rng)
{
	uint32_t at, n;

	if (rng_chance(rng, 32) && machine_fits(m, &other->config)) {
		p->config = other->config;
		op_normalize(p);
		return;
	}
	if (!other->nr_ops)
		return;
	open_program(m, p);
	n = draw_run(other, rng, &at);
	memcpy(m->ops, &other->ops[at], n * sizeof(m->ops[0]));
	for (uint32_t i = 0, slot = 0; i < at + n; i++) {
		const struct op *op = &other->ops[i];
		uint16_t id = op_allocates(op) ? (uint16_t)slot++ : op->ref;

		if (i >= at)
			m->ops_id[i - at] = id;
	}
	rename_copy(m, n, true);
	at = (uint32_t)rng_below(rng, p->nr_ops + 1);
	if (rng_chance(rng, 64))	/* one head, the other's tail */
		remove_ops(m, p, at, p->nr_ops - at);
	put_copy(m, p, at, n);
	close_program(m, p);
	op_normalize(p);
}

/* --- on bytes -------------------------------------------------------------------------- */

static size_t encode(const struct program *p, uint8_t *data, size_t max)
{
	size_t size = op_encode(p, data, max);

	if (!size && max) {		/* no room for anything: still some program */
		data[0] = OP_FORMAT_PLAIN;
		size = 1;
	}
	return size;
}

size_t mutate_bytes(struct mutator *m, uint8_t *data, size_t size, size_t max, uint64_t seed)
{
	op_decode(data, size, &m->a);
	mutate_program(m, &m->a, &seed);
	return encode(&m->a, data, max);
}

size_t mutate_cross_bytes(struct mutator *m, const uint8_t *a, size_t a_size,
			  const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
			  uint64_t seed)
{
	op_decode(a, a_size, &m->a);
	op_decode(b, b_size, &m->b);
	mutate_cross(m, &m->a, &m->b, &seed);
	if (rng_chance(&seed, 64))
		mutate_program(m, &m->a, &seed);
	return encode(&m->a, out, max);
}
