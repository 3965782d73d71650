/* SPDX-License-Identifier: MIT */
/*
 * run_queue.c - which ops a phase has, on which CPU, and what each waits for
 *
 * An op waits for the last one before it that uses the same slot.  Where a
 * block has several users (get), two of them may give theirs back at once; what
 * uses the slot afterwards waits for both.
 *
 * Whoever writes tunables waits for the one before: all that two of them share
 * is behind the lock that they take first, so there is nothing to see where
 * they overlap, and the model can say what each of them makes.  A CPU goes down
 * when all is done that was queued on it, as its tasks would have left it; what
 * names it from then on is done by the next CPU, until it is up again.
 */
#include "run_sched.h"

static bool changes_cpus(const struct op *op)
{
	return op->kind == OP_CPU_DOWN || op->kind == OP_CPU_UP;
}

static bool tunes(const struct op *op)
{
	return op->kind == OP_SYSCTL || changes_cpus(op);
}

bool queue_takes(const struct run *r, const struct run_sched *rs, const struct op *op)
{
	switch (op->kind) {
	case OP_ALLOC:
	case OP_BULK:
	case OP_EXACT:
	case OP_FREE:
	case OP_FREE_ONE:
	case OP_FREE_WRONG:
	case OP_TOUCH:
	case OP_DRAIN:
	case OP_DRAIN_ALL:
	case OP_TICK:
	case OP_ASK_DRAIN:
		break;
	case OP_CPU_DOWN:
	case OP_CPU_UP:
		/* A daemon has a CPU, too, which must not go while it does something. */
		if (!op->by || rs->daemons || op->cpu >= SCHED_CPUS)
			return false;
		break;
	default:
		if (!op->by)
			return false;
	}
	return run_op_cpu(r, op, rs->online) < SCHED_CPUS;
}

static uint32_t most_batch(const struct run *r)
{
	uint32_t batch = 0;

	for (unsigned int i = 0; i < r->nr_zone_ids; i++)
		if (r->mm.zones[r->zone_ids[i]].pageset_batch > batch)
			batch = r->mm.zones[r->zone_ids[i]].pageset_batch;
	return batch;
}

/* Pages that a request takes off the free lists at most, with what a refill takes along. */
static uint32_t takes(const struct run *r, const struct op *op)
{
	uint32_t batch = most_batch(r), pages = 0;

	if (op->kind == OP_BULK)
		pages = op->n < RUN_BULK_MAX ? op->n : RUN_BULK_MAX;
	else if (op->kind == OP_EXACT)
		pages = 2 * op->n;
	else if (op->kind == OP_ALLOC)
		pages = 3u << (op->order < NR_ORDERS ? op->order : MAX_ORDER);
	else
		return 0;
	/* An atomic request of some order may turn a pageblock into a reserve (M5). */
	if (!(op->gfp & __GFP_DIRECT_RECLAIM))
		pages += 1u << r->mm.tun.pageblock_order;
	return pages + 2 * batch;
}

static uint32_t slot_pages(const struct run *r, uint32_t slot)
{
	const struct slot *s = &r->slots[slot];
	uint32_t pages = 0;

	for (uint32_t i = 0; i < s->nr; i++)
		if (r->pieces[s->first + i].refs)
			pages += 1u << r->pieces[s->first + i].order;
	return pages;
}

static void wait_for(struct item *it, uint16_t before)
{
	unsigned int i = 0;

	if (before == NO_ITEM)
		return;
	while (it->after[i] != NO_ITEM && it->after[i] != before)
		i++;
	run_check(X9, i < AFTERS);
	it->after[i] = before;
}

static bool has_ref(const struct op *op)
{
	return op_kinds[op->kind].fields[0] == FIELD_REF;
}

/* May the slot's users give it back at the same time as the op before this one does? */
static bool is_shared_free(const struct run *r, const struct run_sched *rs, const struct op *op)
{
	uint16_t last = rs->last_use[op->ref];

	return op->kind == OP_FREE && !op->irq_at && rs->last_get[op->ref] != NO_ITEM &&
	       last != NO_ITEM && r->program->ops[rs->items[last].op].kind == OP_FREE &&
	       r->program->ops[rs->items[last].op].ref == op->ref;
}

/* This use of the slot begins after those before it. */
static void use_slot(const struct run *r, struct run_sched *rs, const struct op *op,
		     uint32_t slot, uint16_t number)
{
	struct item *it = &rs->items[number];

	if (rs->last_use[slot] == number)
		return;			/* the op's own interrupt uses it as well */
	if (has_ref(op) && !is_shared_free(r, rs, op))
		wait_for(it, rs->last_use[slot]);
	if (has_ref(op))
		wait_for(it, rs->use_before[slot]);
	rs->use_before[slot] = rs->last_use[slot];
	rs->last_use[slot] = number;
	if (op->kind == OP_GET)
		rs->last_get[slot] = number;
}

/* Pages of the slot that the op uses, or fills, at most. */
static uint32_t holds(const struct run *r, const struct run_sched *rs, const struct op *op)
{
	uint16_t before;

	if (!has_ref(op))
		return takes(r, op);	/* of an exact request, or one on its way */
	if (op->ref >= r->nr_slots)
		return 0;
	before = rs->last_use[op->ref];
	return before == NO_ITEM ? slot_pages(r, op->ref) : rs->items[before].holds;
}

static uint32_t gives(const struct op *op, uint32_t held)
{
	return !has_ref(op) || op->kind == OP_FREE || op->kind == OP_FREE_ONE ? held : 0;
}

/* The order among those who write tunables, and what CPUs that go or come wait for. */
static void queue_tuning(const struct run *r, struct run_sched *rs, const struct op *op,
			 uint16_t number)
{
	struct item *it = &rs->items[number];
	uint64_t cpu = UINT64_C(1) << op->cpu;

	wait_for(it, rs->last_tuned);
	rs->last_tuned = number;
	if (op->kind == OP_CPU_DOWN && (rs->online & cpu) && (rs->online & ~cpu)) {
		if (rs->head[op->cpu] != NO_ITEM)
			wait_for(it, rs->tail[op->cpu]);
		rs->online &= ~cpu;
	} else if (op->kind == OP_CPU_UP && !(rs->online & cpu)) {
		run_check(P4, op->cpu < r->mm.nr_cpus);
		rs->online |= cpu;
		rs->came_up[op->cpu] = number;
	}
}

static void append(struct run_sched *rs, uint16_t number, unsigned int cpu)
{
	struct item *it = &rs->items[number];

	wait_for(it, rs->came_up[cpu]);
	rs->came_up[cpu] = NO_ITEM;	/* the others come after this one */
	if (rs->head[cpu] == NO_ITEM)
		rs->head[cpu] = number;
	else
		rs->items[rs->tail[cpu]].next = number;
	rs->tail[cpu] = number;
	rs->less[cpu] += it->less;
	rs->more[cpu] += it->more;
}

static void use_slots(struct run *r, struct run_sched *rs, const struct op *op, uint16_t number)
{
	struct item *it = &rs->items[number];

	it->holds = holds(r, rs, op);
	it->more = gives(op, it->holds);
	if (op_kinds[op->kind].allocates) {
		it->slot = r->nr_slots++;
		r->slots[it->slot] = (struct slot){ .kind = op->kind };
		use_slot(r, rs, op, it->slot, number);
	} else if (has_ref(op) && op->ref < r->nr_slots) {
		use_slot(r, rs, op, op->ref, number);
	}
	if (!it->irq)
		return;
	it->less += takes(r, it->irq);
	it->more += gives(it->irq, holds(r, rs, it->irq));
	if (!has_ref(it->irq))
		use_slot(r, rs, it->irq, it->irq_slot, number);
	else if (it->irq->ref < r->nr_slots)
		use_slot(r, rs, it->irq, it->irq->ref, number);
}

void queue_op(struct run *r, struct run_sched *rs, uint32_t index)
{
	const struct op *op = &r->program->ops[index];
	uint16_t number = (uint16_t)rs->nr_items++;
	struct item *it = &rs->items[number];
	unsigned int cpu = run_op_cpu(r, op, rs->online);

	*it = (struct item){ .op = index, .irq = r->irq_op, .irq_slot = r->irq_slot,
			     .next = NO_ITEM, .less = takes(r, op) };
	memset(it->after, 0xff, sizeof(it->after));
	r->irq_op = NULL;
	use_slots(r, rs, op, number);
	if (op->kind == OP_SPLIT)
		rs->pieces += 1u << MAX_ORDER;
	if (tunes(op))
		queue_tuning(r, rs, op, number);
	append(rs, number, cpu);
}

/* --- phases ------------------------------------------------------------------------------ */

void queue_begin(const struct run *r, struct run_sched *rs)
{
	rs->nr_items = 0;
	rs->pieces = 0;
	rs->online = r->mm.online_cpus;
	rs->last_tuned = NO_ITEM;
	for (unsigned int cpu = 0; cpu < SCHED_CPUS; cpu++) {
		rs->head[cpu] = rs->came_up[cpu] = NO_ITEM;
		rs->less[cpu] = rs->more[cpu] = 0;
	}
}

static void forget(struct run_sched *rs, uint32_t slot)
{
	rs->last_use[slot] = rs->use_before[slot] = rs->last_get[slot] = NO_ITEM;
}

void queue_end(const struct run *r, struct run_sched *rs)
{
	for (uint32_t i = 0; i < rs->nr_items; i++) {
		const struct item *it = &rs->items[i];
		const struct op *op = &r->program->ops[it->op];

		forget(rs, it->slot);
		if (has_ref(op))
			forget(rs, op->ref);
		if (it->irq)
			forget(rs, has_ref(it->irq) ? it->irq->ref : it->irq_slot);
	}
}
