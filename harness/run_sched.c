/* SPDX-License-Identifier: MIT */
/*
 * run_sched.c - a program's ops on several CPUs at once
 *
 * A phase is a run of ops that name a CPU.  Each goes to its CPU's queue with
 * the interrupt that is to strike in it; sched.c runs the queues until all are
 * empty.  Other ops are barriers: they run alone, between phases.
 *
 * What an op touched is looked at once no op is inside of core any more: only
 * then lists, counters and owners have to agree.  Owners themselves (X1) are
 * exact at every switch: a page gets one where a request returns and loses it
 * where a free begins, and between the two nobody else may get it.
 */
#include "run_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "drainer.h"

enum { NO_ITEM = UINT16_MAX };

struct item {				/* an op of this phase */
	uint32_t op;
	uint32_t slot;			/* that it fills or uses */
	const struct op *irq;		/* strikes in it; NULL: none does */
	uint32_t irq_slot;
	uint32_t less, more;		/* pages it takes, and gives back, at most */
	uint16_t next;			/* on its CPU */
	uint16_t after[2];		/* items that must have ended first, or NO_ITEM */
	bool	 done;
};

struct task_run {			/* of struct run, what belongs to a task */
	uint32_t op;
	const struct op *irq_op;
	uint32_t irq_slot;
	bool	 refused;
	uint8_t	 verdict;
	gfp_t	 refused_gfp;
	struct page **list[2];
};

struct run_sched {
	struct sched	*sched;
	struct schedule	*own;		/* the record, unless somebody else has room for it */
	uint32_t	 nr_items;
	struct item	 items[OPS_MAX];
	uint16_t	 head[SCHED_CPUS];	/* what the CPU does next, or NO_ITEM */
	uint16_t	 tail[SCHED_CPUS];
	uint64_t	 less[SCHED_CPUS];	/* over what is left of each queue */
	uint64_t	 more[SCHED_CPUS];
	uint16_t	 last_use[SLOTS_MAX];	/* the item that uses the slot last so far */
	struct task_run	 task[SCHED_TASKS];
	unsigned int	 task_now;	/* SCHED_TASKS: none */
	unsigned int	 inside;	/* ops that have begun and not ended */
	uint64_t	 begun;		/* ops, ever */
	uint64_t	 began[SCHED_TASKS];	/* `begun` when the task's op began; 0: not alone */
	unsigned int	 daemons;
	uint64_t	 switches, steps;
};

/* --- queues --------------------------------------------------------------------------- */

/* Does the op go into a queue?  The others are barriers. */
static bool is_queued(const struct run *r, const struct op *op)
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
		return run_pick_cpu(r, op->cpu) < SCHED_CPUS;
	default:
		return false;
	}
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

/* The item after which this use of the slot may begin. */
static uint16_t use_slot(struct run_sched *rs, uint32_t slot, uint16_t item)
{
	uint16_t before = rs->last_use[slot];

	rs->last_use[slot] = item;
	return before;
}

static bool has_ref(const struct op *op)
{
	return op_kinds[op->kind].fields[0] == FIELD_REF;
}

static uint32_t gives(const struct run *r, const struct run_sched *rs, const struct op *op)
{
	uint16_t before;

	if (op->kind != OP_FREE && op->kind != OP_FREE_ONE)
		return takes(r, op);	/* of an exact request, or one on its way */
	if (op->ref >= r->nr_slots)
		return 0;
	before = rs->last_use[op->ref];
	return before == NO_ITEM ? slot_pages(r, op->ref) : rs->items[before].more;
}

/* Puts an op, and the interrupt that waits for one, into its CPU's queue. */
static void queue_op(struct run *r, struct run_sched *rs, uint32_t index)
{
	const struct op *op = &r->program->ops[index];
	uint16_t number = (uint16_t)rs->nr_items++;
	struct item *it = &rs->items[number];
	unsigned int cpu = run_pick_cpu(r, op->cpu);

	*it = (struct item){ .op = index, .irq = r->irq_op, .irq_slot = r->irq_slot,
			     .next = NO_ITEM, .after = { NO_ITEM, NO_ITEM },
			     .less = takes(r, op), .more = gives(r, rs, op) };
	r->irq_op = NULL;
	if (op_kinds[op->kind].allocates) {
		it->slot = r->nr_slots++;
		r->slots[it->slot] = (struct slot){ .kind = op->kind };
		rs->last_use[it->slot] = number;
	} else if (has_ref(op) && op->ref < r->nr_slots) {
		it->after[0] = use_slot(rs, op->ref, number);
	}
	if (it->irq) {
		it->less += takes(r, it->irq);
		it->more += gives(r, rs, it->irq);
		if (!has_ref(it->irq))
			rs->last_use[it->irq_slot] = number;
		else if (it->irq->ref < r->nr_slots)
			it->after[1] = use_slot(rs, it->irq->ref, number);
	}
	if (it->after[1] == number)
		it->after[1] = NO_ITEM;
	if (rs->head[cpu] == NO_ITEM)
		rs->head[cpu] = number;
	else
		rs->items[rs->tail[cpu]].next = number;
	rs->tail[cpu] = number;
	rs->less[cpu] += it->less;
	rs->more[cpu] += it->more;
}

/* --- windows ---------------------------------------------------------------------------- */

bool run_is_alone(const struct run *r)
{
	const struct run_sched *rs = r->sched;

	return rs->began[rs->task_now] && rs->began[rs->task_now] == rs->begun;
}

void run_bounds(struct run *r, uint64_t *less, uint64_t *more)
{
	const struct run_sched *rs = r->sched;

	*less = *more = 0;
	for (unsigned int cpu = 0; cpu < SCHED_CPUS; cpu++) {
		if (cpu == rs->task_now)
			continue;
		*less += rs->less[cpu];
		*more += rs->more[cpu];
	}
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &r->mm.zones[r->zone_ids[i]];

		*more += z->nr_reserved_highatomic;
		for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++)
			*more += z->cpu[cpu].pcp.count;
	}
}

static void open_window(struct run_sched *rs)
{
	rs->begun++;
	rs->began[rs->task_now] = rs->inside == 0 && !rs->daemons ? rs->begun : 0;
	rs->inside++;
}

/* Is a daemon in the middle of something?  CPUs are not: nobody is inside. */
static bool daemon_holds(const struct run *r)
{
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &r->mm.zones[r->zone_ids[i]];

		if (z->lock.holder)
			return true;
		for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++)
			if (z->cpu[cpu].pcp.lock.holder)
				return true;
	}
	return false;
}

/* An op has ended.  When it was the last one inside, all must agree. */
static void close_window(struct run *r, struct run_sched *rs)
{
	bool alone = run_is_alone(r);

	rs->inside--;
	if (rs->inside || (rs->daemons && daemon_holds(r)) || (r->flags & RUN_NO_CHECKS))
		return;
	if (!alone)
		r->refused = false;	/* what others moved is not its doing (X6) */
	run_check_op(r);
	r->hw.nr_touched = 0;
	r->hw.zones_touched = 0;
	run_after_op(r);
}

/* --- what sched.c asks ------------------------------------------------------------------- */

static bool next_op(void *to, unsigned int cpu, uint32_t *op)
{
	const struct run_sched *rs = ((struct run *)to)->sched;
	uint16_t head = rs->head[cpu];

	if (head == NO_ITEM)
		return false;
	*op = rs->items[head].op;
	return true;
}

static bool is_ready(void *to, unsigned int cpu)
{
	const struct run_sched *rs = ((struct run *)to)->sched;
	const struct item *it = &rs->items[rs->head[cpu]];

	for (unsigned int i = 0; i < 2; i++)
		if (it->after[i] != NO_ITEM && !rs->items[it->after[i]].done)
			return false;
	return true;
}

static void run_item(void *to, unsigned int cpu)
{
	struct run *r = to;
	struct run_sched *rs = r->sched;
	struct item *it = &rs->items[rs->head[cpu]];
	const struct op *op = &r->program->ops[it->op];

	r->op = it->op;
	r->irq_op = it->irq;
	r->irq_slot = it->irq_slot;
	r->refused = false;
	r->text[0] = '\0';
	open_window(rs);
	run_apply(r, op, it->slot);
	r->op = it->op;
	r->stats.ops++;
	it->done = true;
	rs->less[cpu] -= it->less;
	rs->more[cpu] -= it->more;
	rs->head[cpu] = it->next;
	if (r->on_op)
		r->on_op(r->on_op_to, it->op, r->text);
	close_window(r, rs);
	if (r->on_done)
		r->on_done(r->on_done_to, it->op, it->slot);	/* the others go on regardless */
	if (r->on_feature)
		run_features(r, op);
}

static void run_daemon(void *to, unsigned int daemon)
{
	struct run *r = to;

	run_check(X9, daemon < SCHED_DAEMONS);
	drainer_loop(&r->mm);
}

static void save_task(const struct run *r, struct task_run *t)
{
	t->op = r->op;
	t->irq_op = r->irq_op;
	t->irq_slot = r->irq_slot;
	t->refused = r->refused;
	t->verdict = r->verdict;
	t->refused_gfp = r->refused_gfp;
	t->list[0] = r->list[0];
	t->list[1] = r->list[1];
}

static void load_task(struct run *r, const struct task_run *t)
{
	r->op = t->op;
	r->irq_op = t->irq_op;
	r->irq_slot = t->irq_slot;
	r->refused = t->refused;
	r->verdict = t->verdict;
	r->refused_gfp = t->refused_gfp;
	r->list[0] = t->list[0];
	r->list[1] = t->list[1];
}

/* A switch to print: the place is known if it was recorded just now. */
static void tell_switch(struct run *r, unsigned int from, unsigned int task, enum sim_place place)
{
	char text[96], name[2][12];

	sched_task_name(from, name[0]);
	sched_task_name(task, name[1]);
	snprintf(text, sizeof(text), "%s runs, %s was at %s, step %" PRIu64, name[1], name[0],
		 sched_place_name(place), r->hw.steps);
	r->on_switch(r->on_switch_to, text);
}

static void swap_tasks(void *to, unsigned int from, unsigned int task, enum sim_place place)
{
	struct run *r = to;
	struct run_sched *rs = r->sched;

	if (r->on_switch && from < SCHED_TASKS)
		tell_switch(r, from, task, place);
	if (from < SCHED_TASKS) {
		save_task(r, &rs->task[from]);
		if (r->on_feature)
			run_switch_feature(r, rs->task[from].op, rs->task[task].op, place);
	}
	load_task(r, &rs->task[task]);
	rs->task_now = task;
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_task(r->oracle, task);
}

/* --- phases ------------------------------------------------------------------------------- */

static void begin_phase(struct run_sched *rs)
{
	rs->nr_items = 0;
	for (unsigned int cpu = 0; cpu < SCHED_CPUS; cpu++) {
		rs->head[cpu] = NO_ITEM;
		rs->less[cpu] = rs->more[cpu] = 0;
	}
}

static void forget_uses(const struct run *r, struct run_sched *rs)
{
	for (uint32_t i = 0; i < rs->nr_items; i++) {
		const struct item *it = &rs->items[i];
		const struct op *op = &r->program->ops[it->op];

		rs->last_use[it->slot] = NO_ITEM;
		if (has_ref(op))
			rs->last_use[op->ref] = NO_ITEM;
		if (it->irq)
			rs->last_use[has_ref(it->irq) ? it->irq->ref : it->irq_slot] = NO_ITEM;
	}
}

/* Queues ops from `index` on as far as the phase goes; the first one behind it. */
static uint32_t collect(struct run *r, struct run_sched *rs, uint32_t index)
{
	const struct program *p = r->program;

	for (; index < p->nr_ops; index++) {
		const struct op *op = &p->ops[index];

		if (op->irq_at) {	/* waits for the next op, whatever that is */
			r->irq_slot = op_kinds[op->kind].allocates ? r->nr_slots++ : 0;
			if (op_kinds[op->kind].allocates)
				r->slots[r->irq_slot] = (struct slot){ .kind = op->kind };
			r->irq_op = op;
			continue;
		}
		if (!is_queued(r, op))
			break;
		queue_op(r, rs, index);
	}
	return index;
}

static void run_phase(struct run *r, struct run_sched *rs)
{
	struct task_run outside;
	uint64_t more = 0;
	bool done;

	for (unsigned int cpu = 0; cpu < SCHED_CPUS; cpu++)
		more += rs->less[cpu];	/* no piece moves while tasks hold pointers to some */
	run_reserve_pieces(r, (uint32_t)more);
	run_begin_op(r);
	save_task(r, &outside);
	done = sched_run(rs->sched, r->hw.budget);
	if (rs->task_now < SCHED_TASKS)
		save_task(r, &rs->task[rs->task_now]);
	load_task(r, &outside);
	if (!done)
		longjmp(r->panic, 1);
	rs->task_now = SCHED_TASKS;
	run_check(X9, rs->inside == 0);
	if (!(r->flags & RUN_NO_CHECKS)) {
		oracle_task(r->oracle, 0);
		r->refused = false;
		run_check_op(r);
	}
	forget_uses(r, rs);
}

static bool uses_daemon(const struct program *p)
{
	for (uint32_t i = 0; i < p->nr_ops; i++)
		if (p->ops[i].kind == OP_ASK_DRAIN)
			return true;
	return false;
}

bool run_scheduled(struct run *r)
{
	struct run_sched *rs = r->sched;
	struct sched_client client = {
		.to = r, .nr_ops = r->program->nr_ops, .next = next_op, .ready = is_ready,
		.run = run_item, .daemon = run_daemon, .swap = swap_tasks };
	uint32_t index = 0;

	rs->task_now = SCHED_TASKS;
	rs->inside = 0;
	rs->daemons = uses_daemon(r->program);
	memset(rs->last_use, 0xff, sizeof(rs->last_use));
	sched_begin(rs->sched, &r->mm, &r->program->schedule, &client, rs->daemons,
		    r->record ? r->record : rs->own);
	while (index < r->program->nr_ops || r->irq_op) {
		const struct op *irq;

		begin_phase(rs);
		r->irq_op = NULL;
		index = collect(r, rs, index);
		irq = r->irq_op;
		r->irq_op = NULL;
		if (rs->nr_items)
			run_phase(r, rs);
		if (index == r->program->nr_ops)
			break;
		r->irq_op = irq;
		r->op = index;
		if (!run_one_op(r, &r->program->ops[index++]))
			return false;
		run_after_op(r);
	}
	r->op = r->program->nr_ops;
	r->stats.switches = sched_counts(rs->sched)->switches;
	r->stats.steps = sched_counts(rs->sched)->steps;
	return true;
}

/* --- instances ------------------------------------------------------------------------------ */

void run_schedule_start(struct run *r)
{
	struct run_sched *rs = r->sched;

	if (!rs) {
		rs = r->sched = calloc(1, sizeof(*rs));
		if (!rs)
			abort();
		rs->sched = sched_new();
		rs->own = calloc(1, sizeof(*rs->own));
		if (!rs->own)
			abort();
	}
	rs->switches = rs->steps = 0;
	sched_restart(rs->sched);
}

bool run_schedule_again(struct run *r)
{
	struct run_sched *rs = r->sched;
	bool more = sched_more(rs->sched);

	rs->switches += r->stats.switches;
	rs->steps += r->stats.steps;
	r->stats.switches = rs->switches;
	r->stats.steps = rs->steps;
	r->stats.runs = sched_counts(rs->sched)->runs;
	return more;
}

void run_schedule_end(struct run *r)
{
	schedule_map(r->record ? r->record : r->sched->own, r->program->nr_ops, NULL);
}

bool run_leave_task(struct run *r)
{
	if (r->sched)
		sched_leave(r->sched->sched);
	return false;
}

const struct schedule *run_recorded(const struct run *r)
{
	return r->record ? r->record : r->sched ? r->sched->own : NULL;
}

void run_sched_delete(struct run *r)
{
	struct run_sched *rs = r->sched;

	if (!rs)
		return;
	for (unsigned int id = 0; id < SCHED_TASKS; id++) {
		free(rs->task[id].list[0]);
		free(rs->task[id].list[1]);
	}
	sched_delete(rs->sched);
	free(rs->own);
	free(rs);
}
