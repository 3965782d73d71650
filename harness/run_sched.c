/* SPDX-License-Identifier: MIT */
/*
 * run_sched.c - a program's ops on several CPUs at once
 *
 * A phase is a run of ops that name a CPU.  Each goes to its CPU's queue with
 * the interrupt that is to strike in it (run_queue.c); sched.c runs the queues
 * until all are empty.  Other ops are barriers: they run alone, between phases.
 *
 * What an op touched is looked at once no op is inside of core any more: only
 * then lists, counters and owners have to agree.  Owners themselves (X1) are
 * exact at every switch: a page gets one where a request returns and loses it
 * where a free begins, and between the two nobody else may get it.
 */
#include "run_sched.h"

#include <inttypes.h>
#include <stdlib.h>

#include "drainer.h"

/* --- windows ---------------------------------------------------------------------------- */

bool run_is_alone(const struct run *r)
{
	const struct run_sched *rs = r->sched;

	return rs->began[rs->task_now] && rs->began[rs->task_now] == rs->begun;
}

/* Do marks, reserves or boosts depend on it? */
static bool writes_marks(const struct op *op)
{
	return op->kind == OP_SYSCTL && op->name != SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION &&
	       op->name != SYSCTL_DIRTY_RATIO;
}

bool run_writer(const struct run *r, const struct op **writer)
{
	const struct run_sched *rs = r->sched;

	*writer = NULL;
	for (unsigned int cpu = 0; cpu < SCHED_CPUS; cpu++) {
		uint16_t i = cpu == rs->task_now ? NO_ITEM : rs->head[cpu];

		for (; i != NO_ITEM; i = rs->items[i].next) {
			const struct op *op = &r->program->ops[rs->items[i].op];

			if (!writes_marks(op))
				continue;
			if (*writer)
				return false;
			*writer = op;
		}
	}
	return true;
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

	for (unsigned int i = 0; i < AFTERS && it->after[i] != NO_ITEM; i++)
		if (!rs->items[it->after[i]].done)
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
	if (r->features)
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
		if (r->features)
			run_switch_feature(r, rs->task[from].op, rs->task[task].op, place);
	}
	load_task(r, &rs->task[task]);
	rs->task_now = task;
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_task(r->oracle, task);
}

/* --- phases ------------------------------------------------------------------------------- */

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
		if (!queue_takes(r, rs, op))
			break;
		queue_op(r, rs, index);
	}
	return index;
}

static void run_phase(struct run *r, struct run_sched *rs)
{
	struct task_run outside;
	uint64_t more = rs->pieces;
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
	r->hw.cpu = (uint8_t)run_pick_cpu(r, r->hw.cpu);	/* it may have gone meanwhile */
	run_check(X9, rs->inside == 0);
	if (!(r->flags & RUN_NO_CHECKS)) {
		oracle_task(r->oracle, 0);
		r->refused = false;
		run_check_op(r);
	}
	queue_end(r, rs);
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
	memset(rs->use_before, 0xff, sizeof(rs->use_before));
	memset(rs->last_get, 0xff, sizeof(rs->last_get));
	sched_begin(rs->sched, &r->mm, &r->program->schedule, &client, rs->daemons,
		    r->record ? r->record : rs->own);
	while (index < r->program->nr_ops || r->irq_op) {
		const struct op *irq;

		queue_begin(r, rs);
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
