/* SPDX-License-Identifier: MIT */
/* sched_choose.c - the strategies: when another task goes on, and which */
#include "sched_impl.h"

#include "op_parts.h"

enum {
	BURST_STEPS_MAX = 1024,		/* runs are as often short as long */
	STEPS_PER_OP	= 40,		/* about; PCT spreads its change points over all of them */
};

static uint64_t draw(struct sched *s)
{
	uint64_t x = s->rng += 0x9e3779b97f4a7c15u;	/* splitmix64 */

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t draw_below(struct sched *s, uint64_t n) { return (draw(s) >> 32) * n >> 32; }

/* The n-th task of the mask, counted modulo. */
static unsigned int nth_task(uint32_t mask, uint64_t n) { return op_nth_bit(mask, n); }

/* 1..BURST_STEPS_MAX, each power of two as likely. */
static uint64_t draw_burst(struct sched *s)
{
	uint64_t most = UINT64_C(2) << draw_below(s, 10);

	return 1 + draw_below(s, most);
}

static bool draws(const struct sched *s)
{
	return s->schedule->kind == SCHED_BYTES || s->schedule->kind == SCHED_PCT ||
	       s->schedule->kind == SCHED_BURST;
}

/* --- bytes ---------------------------------------------------------------------------- */

/* Of a byte the upper five bits say for how many steps to go on, about exponentially. */
static uint64_t byte_steps(uint8_t byte)
{
	unsigned int code = byte >> 3;

	return code < 16 ? code + 1 : 16 + (code - 15) * (code - 15);
}

static void next_byte(struct sched *s)
{
	const struct schedule *sc = s->schedule;

	s->until = s->nr_bytes < sc->nr_bytes ?
		   s->counts.steps + byte_steps(sc->bytes[s->nr_bytes]) : UINT64_MAX;
}

/* --- PCT ------------------------------------------------------------------------------ */

static unsigned int highest_priority(const struct sched *s, uint32_t mask)
{
	unsigned int best = SCHED_TASKS;

	for (unsigned int id = 0; mask >> id; id++)
		if (mask >> id & 1 &&
		    (best == SCHED_TASKS || s->priority[id] > s->priority[best]))
			best = id;
	return best;
}

static void next_change(struct sched *s)
{
	s->until = UINT64_MAX;
	for (uint32_t i = 0; i < s->nr_changes; i++)
		if (s->changes[i] > s->counts.steps && s->changes[i] < s->until)
			s->until = s->changes[i];
}

static void begin_pct(struct sched *s, uint32_t nr_ops)
{
	uint64_t steps = 1 + (uint64_t)STEPS_PER_OP * nr_ops;

	for (unsigned int id = 0; id < SCHED_TASKS; id++) {
		unsigned int other = (unsigned int)draw_below(s, id + 1);

		s->priority[id] = s->priority[other];
		s->priority[other] = (uint8_t)(SCHED_DEPTH_MAX + id);
	}
	s->lowest = SCHED_DEPTH_MAX;
	s->nr_changes = s->schedule->depth ? s->schedule->depth - 1u : 0;
	for (uint32_t i = 0; i < s->nr_changes; i++)
		s->changes[i] = 1 + draw_below(s, steps);
	next_change(s);
}

/* --- exhaustive ------------------------------------------------------------------------- */

/* Along the path as far as it goes, then the usual way, leaving the others for later. */
static unsigned int follow_path(struct sched *s, uint32_t mask, unsigned int usual, bool own)
{
	uint32_t others = mask & ~(1u << usual);
	struct choice *c;

	if (own && s->preemptions >= s->schedule->depth)
		others = 0;
	if (!others || s->at == PATH_MAX_CHOICES)
		return usual;
	c = &s->path[s->at++];
	if (s->at > s->nr_path) {
		*c = (struct choice){ .left = (uint16_t)others, .taken = (uint8_t)usual };
		s->nr_path = s->at;
	}
	s->preemptions += own && c->taken != usual;
	return c->taken;
}

void sched_restart(struct sched *s)
{
	s->nr_path = 0;
	s->counts.runs = 0;
}

bool sched_more(struct sched *s)
{
	s->counts.runs++;
	while (s->nr_path && !s->path[s->nr_path - 1].left)
		s->nr_path--;
	if (s->nr_path) {
		struct choice *c = &s->path[s->nr_path - 1];

		c->taken = (uint8_t)nth_task(c->left, 0);
		c->left &= (uint16_t)(c->left - 1);
		return true;
	}
	return false;
}

/* --- all of them ------------------------------------------------------------------------- */

void choose_begin(struct sched *s, uint32_t nr_ops)
{
	s->rng = s->schedule->seed;
	s->since = 0;
	s->preemptions = 0;
	s->at = 0;
	s->nr_bytes = 0;
	s->until = UINT64_MAX;
	if (s->schedule->kind == SCHED_PCT)
		begin_pct(s, nr_ops);
	if (s->schedule->kind == SCHED_BURST)
		s->until = draw_burst(s);
	if (s->schedule->kind == SCHED_BYTES)
		next_byte(s);
}

uint64_t choose_after(struct sched *s)
{
	uint64_t until = s->until, now = s->counts.steps + (s->hw->steps - s->base);
	const struct schedule *sc = s->schedule;
	uint32_t op = s->task[s->current].at_op, i;

	if (sc->kind == SCHED_EXHAUSTIVE)
		return 0;
	if (sc->kind == SCHED_RECORDED) {
		i = schedule_find(sc, op, (uint32_t)s->hw->steps + 1);
		return i < sc->nr_switches && sc->switches[i].op == op ?
		       sc->switches[i].step - s->hw->steps - 1 : UINT64_MAX;
	}
	if (draws(s) && s->since + SCHED_FAIR_STEPS < until)
		until = s->since + SCHED_FAIR_STEPS;
	return until == UINT64_MAX ? until : until > now ? until - now - 1 : 0;
}

static unsigned int recorded(struct sched *s, uint32_t mask, unsigned int usual)
{
	const struct schedule *sc = s->schedule;
	uint32_t op = s->task[s->current].at_op, step = (uint32_t)s->hw->steps;
	uint32_t i = schedule_find(sc, op, step);

	if (i < sc->nr_switches && sc->switches[i].op == op && sc->switches[i].step == step &&
	    (mask >> sc->switches[i].to & 1))
		return sc->switches[i].to;
	return usual;
}

/* Not the one that runs, if there is another. */
static unsigned int another(struct sched *s, uint32_t mask, uint64_t n)
{
	uint32_t others = mask & ~(1u << s->current);

	return nth_task(others ? others : mask, n);
}

static unsigned int burst(struct sched *s, uint32_t mask, bool due)
{
	bool can_stay = mask >> s->current & 1;

	if (!due && can_stay)
		return s->current;
	s->until = s->counts.steps + draw_burst(s);
	return another(s, mask, draw(s) >> 32);
}

static unsigned int pct(struct sched *s, uint32_t mask, bool due)
{
	if (due) {
		s->priority[s->current] = s->lowest ? --s->lowest : 0;
		next_change(s);
	}
	return highest_priority(s, mask);
}

unsigned int choose_next(struct sched *s, uint32_t mask, unsigned int usual, bool own)
{
	bool due = s->counts.steps >= s->until;
	bool unfair = draws(s) && s->counts.steps - s->since >= SCHED_FAIR_STEPS;

	if (unfair && own)
		return another(s, mask, draw(s) >> 32);
	switch (s->schedule->kind) {
	case SCHED_BYTES:
		if (!due)
			return usual;
		usual = another(s, mask, s->schedule->bytes[s->nr_bytes++] & 7);
		next_byte(s);
		return usual;
	case SCHED_PCT:
		return pct(s, mask, due);
	case SCHED_BURST:
		return burst(s, mask, due);
	case SCHED_EXHAUSTIVE:
		return follow_path(s, mask, usual, own);
	case SCHED_RECORDED:
		return recorded(s, mask, usual);
	default:
		return usual;
	}
}
