/* SPDX-License-Identifier: MIT */
/*
 * stress_order.c - a log of real threads, put in order and made a program
 *
 * Each CPU has items: an op begins, a lock is taken.  The merge takes, again
 * and again, a CPU whose next lock has no earlier turn left and whose op uses
 * no block that is still to come.  A log that began too late may have no such
 * CPU; then the first one is taken, and counted.
 */
#include <stdlib.h>
#include <string.h>

#include "stress_log_impl.h"

struct merge {
	struct stress_log *log;
	uint32_t at[MAX_CPUS];		/* next item */
	struct turn *by_lock;		/* all turns, by lock and turn */
	uint32_t nr_turns;
	uint32_t *rank;			/* of an item among by_lock[], per CPU from base[] on */
	uint32_t base[MAX_CPUS];
	bool	 *done;			/* of by_lock[] */
};

/* --- blocks ------------------------------------------------------------------------------- */

static struct token *find_token(const struct stress_log *log, uint32_t token)
{
	struct token *row = log->tokens.row;
	uint32_t lo = 0, hi = log->tokens.nr;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (row[middle].token < token)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < log->tokens.nr && row[lo].token == token ? &row[lo] : NULL;
}

static bool is_placed(const struct stress_log *log, uint32_t token)
{
	const struct token *t = token ? find_token(log, token) : NULL;

	return !t || op_at(log, t->op)->placed;
}

static bool blocks_are_there(const struct stress_log *log, const struct log_op *lop)
{
	const uint32_t *also = log->also.row;

	for (uint32_t i = 0; i < lop->nr_also; i++)
		if (!is_placed(log, also[lop->also + i]))
			return false;
	return is_placed(log, lop->token);
}

/* --- order -------------------------------------------------------------------------------- */

static const struct stress_log *sorting;	/* qsort() has no argument for it */

static int by_turn(const void *a, const void *b)
{
	const struct turn *s = a, *t = b;
	const struct item *x = item_at(sorting, s->cpu, s->item);
	const struct item *y = item_at(sorting, t->cpu, t->item);

	if (x->lock != y->lock)
		return x->lock < y->lock ? -1 : 1;
	return (x->turn > y->turn) - (x->turn < y->turn);
}

static void sort_turns(struct merge *m)
{
	struct stress_log *log = m->log;
	uint32_t nr_items = 0;

	for (uint32_t cpu = 0; cpu < log->nr_cpus; cpu++) {
		m->base[cpu] = nr_items;
		nr_items += log->items[cpu].nr;
	}
	m->by_lock = calloc(nr_items + 1, sizeof(*m->by_lock));
	m->rank = calloc(nr_items + 1, sizeof(*m->rank));
	m->done = calloc(nr_items + 1, sizeof(*m->done));
	if (!m->by_lock || !m->rank || !m->done)
		abort();
	for (uint32_t cpu = 0; cpu < log->nr_cpus; cpu++)
		for (uint32_t i = 0; i < log->items[cpu].nr; i++)
			if (item_at(log, cpu, i)->is_lock && !item_at(log, cpu, i)->refused)
				m->by_lock[m->nr_turns++] = (struct turn){ cpu, i };
	sorting = log;
	qsort(m->by_lock, m->nr_turns, sizeof(*m->by_lock), by_turn);
	for (uint32_t i = 0; i < m->nr_turns; i++)
		m->rank[m->base[m->by_lock[i].cpu] + m->by_lock[i].item] = i;
}

/* A lock is refused while its holder has its turn, so that one comes first. */
static bool holder_is_there(const struct merge *m, const struct item *refused)
{
	uint32_t lo = 0, hi = m->nr_turns;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;
		const struct turn *t = &m->by_lock[middle];
		const struct item *item = item_at(m->log, t->cpu, t->item);

		if (item->lock == refused->lock && item->turn == refused->turn)
			return m->done[middle];
		if (item->lock < refused->lock ||
		    (item->lock == refused->lock && item->turn < refused->turn))
			lo = middle + 1;
		else
			hi = middle;
	}
	return true;
}

/* Are all earlier turns of the lock over? */
static bool is_its_turn(const struct merge *m, uint32_t cpu, uint32_t i)
{
	uint32_t rank = m->rank[m->base[cpu] + i];
	const struct turn *before = &m->by_lock[rank - 1];

	if (item_at(m->log, cpu, i)->refused)
		return holder_is_there(m, item_at(m->log, cpu, i));
	return rank == 0 || m->done[rank - 1] ||
	       item_at(m->log, before->cpu, before->item)->lock != item_at(m->log, cpu, i)->lock;
}

/* May the CPU's next item come now?  An op begins no earlier than it can take its first lock. */
static bool is_ready(const struct merge *m, uint32_t cpu)
{
	const struct stress_log *log = m->log;
	uint32_t i = m->at[cpu];
	const struct item *item = item_at(log, cpu, i);

	if (item->is_lock)
		return is_its_turn(m, cpu, i);
	if (!blocks_are_there(log, op_at(log, item->op)))
		return false;
	return i + 1 == log->items[cpu].nr || !item_at(log, cpu, i + 1)->is_lock ||
	       is_its_turn(m, cpu, i + 1);
}

static void take_item(struct merge *m, uint32_t cpu)
{
	struct stress_log *log = m->log;
	uint32_t i = m->at[cpu]++;
	const struct item *item = item_at(log, cpu, i);
	struct turn *turn;

	if (item->is_lock) {
		turn = log_add(&log->turns, sizeof(*turn));
		*turn = (struct turn){ cpu, i };
		if (!item->refused)
			m->done[m->rank[m->base[cpu] + i]] = true;
		return;
	}
	*(uint32_t *)log_add(&log->order, sizeof(uint32_t)) = item->op;
	op_at(log, item->op)->placed = true;
	for (uint32_t op = item->op + 1;
	     op < log->ops.nr && op_at(log, op)->outer == item->op; op++)
		op_at(log, op)->placed = true;
}

static void merge(struct stress_log *log)
{
	struct merge m = { .log = log };

	sort_turns(&m);
	for (;;) {
		uint32_t first = log->nr_cpus, cpu;

		for (cpu = 0; cpu < log->nr_cpus; cpu++) {
			if (m.at[cpu] == log->items[cpu].nr)
				continue;
			first = first == log->nr_cpus ? cpu : first;
			if (is_ready(&m, cpu))
				break;
		}
		if (first == log->nr_cpus)
			break;
		log->forced += cpu == log->nr_cpus;
		take_item(&m, cpu == log->nr_cpus ? first : cpu);
	}
	free(m.by_lock);
	free(m.rank);
	free(m.done);
}

/* --- the program ---------------------------------------------------------------------------- */

/* Who allocated the slot that the block is in, and which of its pages that is. */
static struct log_op *slot_of(const struct stress_log *log, uint32_t token, uint32_t *index)
{
	const struct token *t = find_token(log, token);
	struct log_op *lop = t ? op_at(log, t->op) : NULL;

	if (!lop)
		return NULL;
	*index = t->index;
	if (lop->op.kind == OP_SPLIT) {
		uint32_t whole;

		lop = slot_of(log, lop->token, &whole);
	}
	return lop && lop->out != NO_OP ? lop : NULL;
}

static void emit(struct program *p, struct log_op *lop, const struct op *op)
{
	if (lop->out == NO_OP)
		lop->out = p->nr_ops;
	if (p->nr_ops == OPS_MAX)
		return;
	p->ops[p->nr_ops] = *op;
	/* Who says so does it among the others: on real threads nothing was done alone. */
	if (op->kind == OP_SPLIT || op->kind == OP_GET || op->kind == OP_MOVABLE ||
	    op->kind == OP_DIRTY || op->kind == OP_SYSCTL || op->kind == OP_CPU_DOWN ||
	    op->kind == OP_CPU_UP)
		p->ops[p->nr_ops].by = (uint8_t)(lop->op.cpu + 1);
	p->nr_ops++;
}

static void emit_free(struct stress_log *log, struct program *p, struct log_op *lop,
		      uint32_t token, struct stress_log_counts *counts)
{
	struct op op = { .kind = OP_FREE, .cpu = lop->op.cpu, .irq_at = lop->op.irq_at,
			 .nid = NODE_NONE };
	uint32_t index;
	struct log_op *owner = slot_of(log, token, &index);

	if (!owner) {
		counts->left_out++;
		return;
	}
	op.ref = (uint16_t)owner->slot;
	if (owner->gone) {
		op.kind = OP_FREE_ONE;
		for (uint32_t i = 0; i < index; i++)
			op.n += !owner->gone[i];
		owner->gone[index] = true;
	}
	emit(p, lop, &op);
}

static void emit_on_block(struct stress_log *log, struct program *p, struct log_op *lop,
			  struct stress_log_counts *counts)
{
	struct op op = lop->op;
	uint32_t index;
	struct log_op *owner = slot_of(log, lop->token, &index);

	if (!owner) {
		counts->left_out++;
		return;
	}
	op.ref = (uint16_t)owner->slot;
	op.on = lop->op.gfp != 0;
	op.gfp = op.n = 0;
	emit(p, lop, &op);
	if (op.kind == OP_SPLIT)
		owner->gone = calloc(OP_PAGES_MAX, 1);
	if (op.kind == OP_GET && !lop->op.n)	/* the log means: and put it again */
		emit(p, lop, &(struct op){ .kind = OP_FREE, .cpu = op.cpu, .ref = op.ref });
}

static void emit_op(struct stress_log *log, struct program *p, struct log_op *lop,
		    struct stress_log_counts *counts)
{
	const uint32_t *also = log->also.row;
	struct op op = lop->op;

	if (op_kinds[op.kind].allocates) {
		lop->slot = p->nr_slots++;
		lop->gone = op.kind == OP_ALLOC ? NULL : calloc(OP_PAGES_MAX, 1);
		emit(p, lop, &op);
	} else if (lop->is_list) {
		for (uint32_t i = 0; i < lop->nr_also; i++)
			emit_free(log, p, lop, also[lop->also + i], counts);
	} else if (lop->is_free) {
		emit_free(log, p, lop, lop->token, counts);
	} else if (op_kinds[op.kind].fields[0] == FIELD_REF) {
		emit_on_block(log, p, lop, counts);
	} else {
		if (op.kind == OP_DRAIN && op.n != op.cpu)
			op.kind = OP_DRAIN_ALL;	/* the nearest to draining another CPU */
		if (op.kind == OP_CPU_DOWN || op.kind == OP_CPU_UP)
			op.cpu = (uint8_t)op.n;
		if (op.kind == OP_SYSCTL) {
			op.name = op.order;
			op.index = (uint8_t)op.n;
		}
		emit(p, lop, &op);
	}
}

/* The first interrupt strikes in its op, so it stands before it; others come after it. */
static void emit_with_irqs(struct stress_log *log, struct program *p, uint32_t i,
			   struct stress_log_counts *counts)
{
	bool struck = false;
	uint32_t irq;

	for (irq = i + 1; irq < log->ops.nr && op_at(log, irq)->outer == i && !struck; irq++) {
		emit_op(log, p, op_at(log, irq), counts);
		struck = op_at(log, irq)->out != NO_OP;
	}
	emit_op(log, p, op_at(log, i), counts);
	for (; irq < log->ops.nr && op_at(log, irq)->outer == i; irq++) {
		op_at(log, irq)->op.irq_at = 0;
		emit_op(log, p, op_at(log, irq), counts);
	}
}

/* The last ops that a program has room for. */
static uint32_t first_kept(const struct stress_log *log)
{
	const uint32_t *order = log->order.row;
	uint32_t i = log->order.nr;
	uint64_t nr = 0;

	while (i > 0) {
		const struct log_op *lop = op_at(log, order[i - 1]);

		nr += 1 + lop->nr_also + (lop->op.kind == OP_GET);
		for (uint32_t irq = order[i - 1] + 1; irq < log->ops.nr &&
		     op_at(log, irq)->outer == order[i - 1]; irq++)
			nr++;
		if (nr > OPS_MAX)
			break;
		i--;
	}
	return i;
}

static bool is_refused_by(const struct stress_log *log, const struct turn *turn,
			  const struct item *holder)
{
	const struct item *item = item_at(log, turn->cpu, turn->item);

	return item->refused && item->lock == holder->lock && item->turn == holder->turn;
}

/*
 * The step at which the CPU of `now` lets that of `next` go on; 0: nowhere.  It
 * waits with its own next lock, if that is in the same op, or right after it
 * has taken what the other one is refused.
 */
static uint32_t switch_step(const struct stress_log *log, const struct turn *now,
			    const struct turn *next)
{
	const struct item *item = item_at(log, now->cpu, now->item), *later = item + 1;

	if (now->cpu == next->cpu || next->cpu >= SCHED_CPUS)
		return 0;
	if (is_refused_by(log, next, item))
		return item->step + 1;
	if (now->item + 1 == log->items[now->cpu].nr || !later->is_lock ||
	    later->op != item->op || later->step <= item->step)
		return 0;
	return later->step;
}

/* At the end of an op the program's order decides, and that is the order in which ops began. */
static void add_switches(const struct stress_log *log, struct program *p)
{
	const struct turn *turns = log->turns.row;
	struct schedule *s = &p->schedule;

	s->kind = SCHED_RECORDED;
	for (uint32_t i = 0; i + 1 < log->turns.nr && s->nr_switches < SWITCHES_MAX; i++) {
		const struct item *item = item_at(log, turns[i].cpu, turns[i].item);
		const struct log_op *lop = op_at(log, item->op);
		uint32_t step = switch_step(log, &turns[i], &turns[i + 1]);

		if (!step || lop->out == NO_OP || lop->is_list)
			continue;
		s->switches[s->nr_switches++] = (struct sched_switch){
			.step = step, .op = (uint16_t)lop->out, .to = (uint8_t)turns[i + 1].cpu,
			.zone = NODE_NONE, .cpu = NODE_NONE };
	}
}

void stress_log_program(struct stress_log *log, struct program *p,
			struct stress_log_counts *counts)
{
	const uint32_t *order;
	uint32_t first;

	*counts = (struct stress_log_counts){ .lost = log->lost, .ops = log->ops.nr };
	merge(log);
	p->config = log->machine->config;
	p->nr_ops = p->nr_slots = 0;
	for (uint32_t i = 0; i < log->ops.nr; i++)
		op_at(log, i)->out = NO_OP;
	order = log->order.row;
	first = first_kept(log);
	counts->left_out = first;
	for (uint32_t i = first; i < log->order.nr; i++)
		emit_with_irqs(log, p, order[i], counts);
	counts->turns = log->turns.nr;
	counts->forced = log->forced;
	memset(&p->schedule, 0, sizeof(p->schedule));
	add_switches(log, p);
	op_normalize(p);
	counts->switches = p->schedule.nr_switches;
}
