/* SPDX-License-Identifier: MIT */
/* sched.c - tasks: going from one to another, waiting, and what must not happen meanwhile */
#include "sched_impl.h"

#include "op_parts.h"

#include <stdlib.h>

/* --- who can go on ---------------------------------------------------------------- */

static struct task *current_task(struct sched *s)
{
	return &s->task[s->current];
}

static bool is_daemon(const struct task *t) { return t->id >= SCHED_CPUS; }

/* A daemon is bound to no CPU for ever: while it sleeps, its own may go. */
static void place_daemons(struct sched *s)
{
	uint64_t cpus = s->mm->online_cpus & (s->used & ((1u << SCHED_CPUS) - 1));

	for (unsigned int id = SCHED_CPUS; s->used >> id; id++)
		if (s->used >> id & 1 && cpus)
			s->task[id].hw.cpu = (uint8_t)(fls_u64(cpus) - 1);
}

/* Where the kernel would not preempt: nobody else runs on its CPU. */
static bool is_atomic(const struct sched *s, const struct task *t)
{
	const struct hw *hw = s->hw;
	unsigned int held = 0;

	if (t->state == TASK_IDLE || t->state == TASK_NEXT)
		return false;
	if (t->id == s->current) {
		for (unsigned int rank = 0; rank <= RANK_ZONE; rank++)
			held |= hw->held[rank];
		return held || hw->irq_masked || hw->in_irq;
	}
	for (unsigned int rank = 0; rank <= RANK_ZONE; rank++)
		held |= t->hw.held[rank];
	return held || t->hw.irq_masked || t->hw.in_irq;
}

/* Only daemons share a CPU, with its queue. */
static bool has_cpu(const struct sched *s, const struct task *t)
{
	uint32_t mates = s->used >> SCHED_CPUS ? s->used & ~(1u << t->id) : 0;

	for (unsigned int id = 0; mates >> id; id++)
		if (mates >> id & 1 && s->task[id].hw.cpu == t->hw.cpu &&
		    is_atomic(s, &s->task[id]))
			return false;
	return true;
}

static bool can_run(const struct sched *s, const struct task *t)
{
	switch (t->state) {
	case TASK_NEXT:
		if (!s->client.ready(s->client.to, t->id))
			return false;
		break;
	case TASK_RUNS:
		break;
	case TASK_LOCK:
		if (t->lock->holder)
			return false;
		break;
	case TASK_SLEEPS:
		if (t->waitq->waiters >> t->id & 1)
			return false;
		break;
	default:
		return false;
	}
	return has_cpu(s, t);
}

static uint32_t runnable(const struct sched *s)
{
	uint32_t mask = 0;

	for (unsigned int id = 0; s->used >> id; id++)
		if (s->used >> id & 1 && can_run(s, &s->task[id]))
			mask |= 1u << id;
	return mask;
}

/* The program's order. */
static unsigned int lowest_op(const struct sched *s, uint32_t mask)
{
	unsigned int best = SCHED_TASKS;

	for (unsigned int id = 0; mask >> id; id++)
		if (mask >> id & 1 && (best == SCHED_TASKS || s->task[id].op < s->task[best].op))
			best = id;
	return best;
}

/* --- names ------------------------------------------------------------------------ */

const char *sched_place_name(enum sim_place place) { return place_names[place % NR_PLACES]; }

void sched_name_place(const struct mm *mm, enum sim_place place, const volatile void *what,
		      struct sched_switch *sw)
{
	uintptr_t at = (uintptr_t)what, zones = (uintptr_t)mm->zones;

	sw->place = (uint8_t)place;
	sw->zone = sw->cpu = NODE_NONE;
	if (!what)
		return;
	if (at >= zones && at < zones + sizeof(mm->zones)) {
		sw->zone = (uint8_t)((at - zones) / sizeof(struct zone));
		return;
	}
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		uintptr_t cpus = (uintptr_t)mm->zones[id].cpu;

		if (!cpus || at < cpus || at >= cpus + mm->nr_cpus * sizeof(struct zone_cpu))
			continue;
		sw->zone = (uint8_t)id;
		sw->cpu = (uint8_t)((at - cpus) / sizeof(struct zone_cpu));
		return;
	}
}

static int lock_name(const struct mm *mm, const struct spinlock *lock, char *out, size_t room)
{
	struct sched_switch sw;

	sched_name_place(mm, PLACE_LOCK, lock, &sw);
	if (sw.zone == NODE_NONE)
		return snprintf(out, room, "the tunables' lock");
	if (sw.cpu == NODE_NONE)
		return snprintf(out, room, "zone_lock of %s", zone_type_name(
				(enum zone_type)(sw.zone % NR_ZONE_TYPES)));
	return snprintf(out, room, "pcp_lock of %s cpu%u", zone_type_name(
			(enum zone_type)(sw.zone % NR_ZONE_TYPES)), sw.cpu);
}

/* --- nobody can go on --------------------------------------------------------------- */

static _Noreturn void deadlock(const struct sched *s)
{
	char what[160] = "deadlock:";
	size_t len = strlen(what);

	for (unsigned int id = 0; id < SCHED_TASKS; id++) {
		const struct task *t = &s->task[id];
		char name[12], lock[48];

		if (!(s->used >> id & 1) || t->state != TASK_LOCK || len > sizeof(what) - 2)
			continue;
		sched_task_name(id, name);
		lock_name(s->mm, t->lock, lock, sizeof(lock));
		len += (size_t)snprintf(what + len, sizeof(what) - len,
					" %s waits for %s held by cpu%u;", name, lock,
					t->lock->holder - 1u);
	}
	hook_panic("X9", what, __FILE__, __LINE__);
}

/* X9: what is left is asleep, between phases, or wrong. */
static void check_rest(const struct sched *s)
{
	for (unsigned int id = 0; id < SCHED_TASKS; id++) {
		const struct task *t = &s->task[id];
		char what[64], name[12];

		if (!(s->used >> id & 1))
			continue;
		if (t->state == TASK_LOCK)
			deadlock(s);
		mm_assert(X9, t->state == TASK_IDLE || t->state == TASK_SLEEPS);
		if (t->state != TASK_SLEEPS || !t->has_work(t->work_of))
			continue;
		sched_task_name(id, name);
		snprintf(what, sizeof(what), "lost wake-up: %s sleeps, but has work", name);
		hook_panic("X9", what, __FILE__, __LINE__);
	}
}

/* --- going from one to another ------------------------------------------------------- */

static void save(const struct hw *hw, struct task_hw *t)
{
	t->cpu = hw->cpu;
	t->irq_masked = hw->irq_masked;
	t->in_irq = hw->in_irq;
	memcpy(t->held, hw->held, sizeof(t->held));
	t->irq_at = hw->irq_at;
	t->struck = hw->struck;
	t->steps = hw->steps;
	t->irq = hw->irq;
	t->irq_to = hw->irq_to;
}

static void load(struct hw *hw, const struct task_hw *t)
{
	hw->cpu = t->cpu;
	hw->irq_masked = t->irq_masked;
	hw->in_irq = t->in_irq;
	memcpy(hw->held, t->held, sizeof(t->held));
	hw->irq_at = t->irq_at;
	hw->struck = t->struck;
	hw->steps = t->steps;
	hw->irq = t->irq;
	hw->irq_to = t->irq_to;
}

/* Until then nobody asks. */
static void arm(struct sched *s)
{
	struct hw *hw = s->hw;
	uint64_t limit = current_task(s)->limit, left = choose_after(s);

	hw->budget = left < limit - hw->steps ? hw->steps + left : limit;
	sim_set_alarm(hw);
}

static void count_steps(struct sched *s)
{
	s->counts.steps += s->hw->steps - s->base;
	s->base = s->hw->steps;
}

/* Returns when this task is switched to again. */
static void go_to(struct sched *s, unsigned int next, enum sim_place place)
{
	struct task *from = current_task(s), *to = &s->task[next];

	save(s->hw, &from->hw);
	s->client.swap(s->client.to, s->current, next, place);
	load(s->hw, &to->hw);
	s->base = s->hw->steps;
	s->since = s->counts.steps;
	s->counts.switches++;
	s->current = (uint8_t)next;
	if (to->fresh)
		fiber_restart(to->fiber);
	to->fresh = false;
	fiber_switch(from->fiber, to->fiber);
}

static void record(struct sched *s, unsigned int next, enum sim_place place,
		   const volatile void *what)
{
	struct sched_switch *sw = &s->record->switches[s->record->nr_switches];

	sw->op = (uint16_t)current_task(s)->at_op;
	sw->step = (uint32_t)s->hw->steps;
	sw->to = (uint8_t)next;
	sched_name_place(s->mm, place, what, sw);
	s->record->nr_switches++;
}

/* Back to who called sched_run(); returns in the next phase. */
static void leave_phase(struct sched *s)
{
	struct task *t = current_task(s);

	save(s->hw, &t->hw);
	s->current = SCHED_TASKS;
	fiber_switch(t->fiber, s->main);
}

/* A step that does not come through the machine's hooks. */
static void own_step(struct sched *s, enum sim_place place, const volatile void *what)
{
	s->hw->steps++;
	if (s->hw->on_step)
		s->hw->on_step(s->hw->on_step_to, place, what);
}

/* Who goes on at this step of the current task's? */
static void decide(struct sched *s, enum sim_place place, const volatile void *what)
{
	struct task *t = current_task(s);
	uint32_t mask = runnable(s);
	bool own = t->state == TASK_RUNS && (mask >> t->id & 1);
	unsigned int usual, next;

	count_steps(s);
	if (!mask) {
		check_rest(s);
		leave_phase(s);
		return;
	}
	usual = own ? t->id : lowest_op(s, mask);
	next = usual;
	if (s->hw->steps <= SWITCH_STEP_MAX && s->record->nr_switches < SWITCHES_MAX)
		next = choose_next(s, mask, usual, own);
	if (next != usual)
		record(s, next, place, what);
	if (next != t->id)
		go_to(s, next, place);
}

/* --- what the machine asks ------------------------------------------------------------ */

void sim_over(struct hw *hw, enum sim_place place, const volatile void *what)
{
	struct sched *s = hw->sched;

	if (!s || hw->steps > current_task(s)->limit)
		hook_panic("X9", "the operation ends within its step budget", __FILE__, __LINE__);
	decide(s, place, what);
	arm(s);
}

void sim_lock_busy(struct hw *hw, const struct spinlock *lock)
{
	struct sched *s = hw->sched;
	char what[128], name[48];

	if (!s || lock->holder == hw->cpu + 1) {
		if (s) {
			lock_name(s->mm, lock, name, sizeof(name));
			snprintf(what, sizeof(what), "cpu%u takes %s, which it holds%s", hw->cpu,
				 name, hw->in_irq ? ", in an interrupt" : "");
		}
		hook_panic("X9", s ? what : "lock->holder == 0", __FILE__, __LINE__);
	}
	while (lock->holder) {
		struct task *t = current_task(s);

		t->state = TASK_LOCK;
		t->lock = lock;
		own_step(s, PLACE_BUSY, lock);	/* each try is one, to be told apart */
		mm_assert(X9, hw->steps <= t->limit);
		decide(s, PLACE_BUSY, lock);
		t->state = TASK_RUNS;
	}
	arm(s);
}

void sim_touched(struct hw *hw, unsigned int zone, unsigned int cpu)
{
	const struct sched *s = hw->sched;

	mm_assert(P4, s->mm->zones[zone].cpu[cpu].pcp.lock.holder == hw->cpu + 1);
}

/* --- waiting ---------------------------------------------------------------------------- */

static void assert_may_wait(const struct hw *hw)
{
	for (unsigned int rank = 0; rank <= RANK_ZONE; rank++)
		mm_assert(X9, hw->held[rank] == 0);
	mm_assert(X9, !hw->irq_masked);
	mm_assert(X9, !hw->in_irq);
}

void hook_wait_prepare(struct hw *hw, struct waitq *q)
{
	assert_may_wait(hw);
	if (hw->sched)
		q->waiters |= (uint16_t)(1u << current_task(hw->sched)->id);
	sim_step(hw, PLACE_WAIT, NULL);
}

void hook_wait(struct hw *hw, struct waitq *q, bool (*has_work)(const void *of), const void *of)
{
	struct sched *s = hw->sched;
	struct task *t;

	assert_may_wait(hw);
	mm_assert(X9, s != NULL);	/* nobody else is there to wake us */
	sim_step(hw, PLACE_WAIT, NULL);
	t = current_task(s);
	if (!(q->waiters >> t->id & 1))
		return;
	t->waitq = q;
	t->has_work = has_work;
	t->work_of = of;
	t->state = TASK_SLEEPS;
	own_step(s, PLACE_WAIT, NULL);
	decide(s, PLACE_WAIT, NULL);
	t->state = TASK_RUNS;
	t->limit = hw->steps + s->budget;	/* a new piece of work */
	arm(s);
}

void hook_wake(struct hw *hw, struct waitq *q)
{
	q->waiters = 0;
	sim_step(hw, PLACE_WAKE, NULL);
}

/* --- tasks -------------------------------------------------------------------------------- */

/* One op of a CPU: its beginning and its end are steps, too. */
static void one_op(struct sched *s, struct task *t)
{
	struct hw *hw = s->hw;

	t->state = TASK_RUNS;
	t->at_op = t->op;
	t->limit = s->budget;
	hw->steps = 0;
	hw->struck = 0;
	s->base = 0;
	arm(s);
	sim_step(hw, PLACE_BEGIN, NULL);
	s->client.run(s->client.to, t->id);
	own_step(s, PLACE_END, NULL);
}

static void find_next(struct sched *s, struct task *t)
{
	t->state = s->client.next(s->client.to, t->id, &t->op) ? TASK_NEXT : TASK_IDLE;
}

static void cpu_fiber(void *to)
{
	struct task *t = to;
	struct sched *s = t->sched;

	for (;;) {
		mm_assert(X9, t->state == TASK_NEXT);
		one_op(s, t);
		find_next(s, t);
		decide(s, PLACE_END, NULL);
	}
}

static void daemon_fiber(void *to)
{
	struct task *t = to;
	struct sched *s = t->sched;

	t->state = TASK_RUNS;
	t->limit = s->budget;
	s->base = s->hw->steps = 0;
	arm(s);
	s->client.daemon(s->client.to, t->id - SCHED_CPUS);
	abort();			/* it lives for ever */
}

/* --- life ----------------------------------------------------------------------------------- */

struct sched *sched_new(void)
{
	struct sched *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->main = fiber_of_thread();
	s->path = calloc(PATH_MAX_CHOICES, sizeof(*s->path));
	if (!s->path)
		abort();
	s->current = SCHED_TASKS;
	return s;
}

void sched_delete(struct sched *s)
{
	if (!s)
		return;
	for (unsigned int id = 0; id < SCHED_TASKS; id++)
		if (s->task[id].fiber)
			fiber_delete(s->task[id].fiber);
	fiber_delete(s->main);
	free(s->path);
	free(s);
}

static void use_task(struct sched *s, unsigned int id, unsigned int cpu)
{
	struct task *t = &s->task[id];
	struct fiber *fiber = t->fiber;

	*t = (struct task){ .sched = s, .id = (uint8_t)id, .fresh = true, .fiber = fiber };
	t->hw.cpu = (uint8_t)cpu;
	if (!fiber)
		t->fiber = fiber_new(is_daemon(t) ? daemon_fiber : cpu_fiber, t);
	if (is_daemon(t)) {
		t->state = TASK_RUNS;
		t->op = t->at_op = OPS_MAX + id - SCHED_CPUS;
	}
	s->used |= (uint16_t)(1u << id);
}

void sched_begin(struct sched *s, struct mm *mm, const struct schedule *schedule,
		 const struct sched_client *client, unsigned int daemons, struct schedule *to)
{
	unsigned int nr = mm->nr_cpus < SCHED_CPUS ? mm->nr_cpus : SCHED_CPUS;

	s->mm = mm;
	s->hw = mm->tun.hw;
	s->client = *client;
	s->schedule = schedule;
	s->record = to;
	s->used = 0;
	s->left = false;
	s->current = SCHED_TASKS;
	s->counts.switches = s->counts.steps = 0;
	to->kind = SCHED_RECORDED;
	to->depth = 0;
	to->seed = 0;
	to->nr_bytes = 0;
	to->nr_switches = 0;
	for (unsigned int cpu = 0; cpu < nr; cpu++)
		use_task(s, cpu, cpu);
	for (unsigned int d = 0; d < daemons; d++)	/* the queues of high CPUs are short */
		use_task(s, SCHED_CPUS + d, nr - 1);
	choose_begin(s, client->nr_ops);
}

bool sched_run(struct sched *s, uint64_t budget)
{
	struct hw *hw = s->hw;
	uint64_t serial = hw->budget;
	uint8_t cpu = hw->cpu;
	uint32_t mask;

	s->budget = budget;
	place_daemons(s);
	for (unsigned int id = 0; id < SCHED_CPUS && s->used >> id; id++)
		if (s->used >> id & 1)
			find_next(s, &s->task[id]);
	mask = runnable(s);
	if (mask) {
		unsigned int first = lowest_op(s, mask);
		struct task *t = &s->task[first];

		hw->sched = s;
		load(hw, &t->hw);
		s->base = hw->steps;
		s->current = (uint8_t)first;
		s->client.swap(s->client.to, SCHED_TASKS, first, PLACE_NONE);
		if (t->fresh)
			fiber_restart(t->fiber);
		t->fresh = false;
		fiber_switch(s->main, t->fiber);
		hw->sched = NULL;
		s->current = SCHED_TASKS;
	}
	hw->budget = serial;
	hw->alarm = 0;
	hw->steps = 0;
	hw->cpu = cpu;
	hw->irq_at = 0;
	return !s->left;
}

void sched_leave(struct sched *s)
{
	if (!s || s->current == SCHED_TASKS)
		return;
	s->left = true;
	fiber_switch(current_task(s)->fiber, s->main);
	abort();			/* nobody comes back here */
}

unsigned int sched_task(const struct sched *s) { return s->current; }
uint32_t sched_op(const struct sched *s) { return s->task[s->current].at_op; }

const struct sched_counts *sched_counts(const struct sched *s) { return &s->counts; }
