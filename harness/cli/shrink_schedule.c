/* SPDX-License-Identifier: MIT */
/*
 * shrink_schedule.c - fewer switches, and other ones where ops are left out
 *
 * A schedule becomes the switches that it came to, which are left out like ops;
 * what a try did of them is all that is kept.  Switches stand at steps of ops,
 * so a program with an op less may fail all the same, only elsewhere: before a
 * smaller program is given up, some schedules are drawn for it.
 */
#include <string.h>

#include "shrink_impl.h"
#include "world.h"

enum {
	DRAWN_SWITCHES	= 4,		/* at most, where ops are left out */
	OPS_RUN		= 30000,		/* with drawn schedules, per try */
	RUNS_MAX	= 3000,
	SEARCH_FACTOR	= 4,		/* more than that when fewer switches are looked for */
	NEAR_STEPS	= 4,		/* of an old switch */
};

/* --- fewer switches ----------------------------------------------------------------------- */

static bool without_switches(struct shrinker *s, uint32_t first, uint32_t nr)
{
	struct schedule *sc = &s->next->schedule;

	shrink_copy(s->next, s->best);
	memmove(&sc->switches[first], &sc->switches[first + nr],
		(sc->nr_switches - first - nr) * sizeof(sc->switches[0]));
	sc->nr_switches -= nr;
	return shrink_keep(s);
}

bool shrink_fewer_switches(struct shrinker *s)
{
	bool any = false;

	for (uint32_t nr = s->best->schedule.nr_switches; nr; nr /= 2)
		for (uint32_t end = s->best->schedule.nr_switches; end;
		     end = end > nr ? end - nr : 0) {
			uint32_t have = s->best->schedule.nr_switches;
			uint32_t last = end < have ? end : have;

			any |= last && without_switches(s, last > nr ? last - nr : 0,
							nr < last ? nr : last);
		}
	shrink_copy(s->next, s->best);
	if (s->best->schedule.kind == SCHED_RECORDED && !s->best->schedule.nr_switches) {
		s->next->schedule.kind = SCHED_NONE;
		any |= shrink_keep(s);
	}
	return any;
}

void shrink_record(struct shrinker *s)
{
	struct outcome out;

	if (s->best->schedule.kind == SCHED_NONE)
		return;
	trial_apart(s->best, s->flags, &out, s->recorded);
	shrink_copy(s->next, s->best);
	schedule_copy(&s->next->schedule, s->recorded);
	op_normalize(s->next);
	trial_apart(s->next, s->flags, &out, s->recorded);
	if (!outcome_same(&out, s->want))
		return;
	shrink_copy(s->best, s->next);
}

/* --- drawn switches ------------------------------------------------------------------------ */

/* Half of them are near what there was, in its order or not; the others are anywhere. */
static void draw_switches(const struct schedule *old, struct program *p, uint64_t seed,
			  uint32_t nr)
{
	uint64_t rng = seed;

	p->schedule.nr_switches = 0;
	for (uint32_t i = 0; i < nr; i++) {
		struct sched_switch *sw = &p->schedule.switches[p->schedule.nr_switches++];

		world_draw_switch(&rng, p, sw);
		if (!old->nr_switches || rng_chance(&rng, 128))
			continue;
		*sw = old->switches[rng_below(&rng, old->nr_switches)];
		if (rng_chance(&rng, 128))
			sw->step += (uint32_t)rng_below(&rng, 2 * NEAR_STEPS);
		if (sw->step > NEAR_STEPS)
			sw->step -= NEAR_STEPS;
	}
	op_normalize(p);
}

static void some_switches(const void *of, struct program *p, uint32_t i)
{
	draw_switches(of, p, i, 1 + i % DRAWN_SWITCHES);
}

/* One less than there are, or fewer still. */
static void fewer(const void *of, struct program *p, uint32_t i)
{
	const struct schedule *old = of;

	draw_switches(old, p, i, 1 + i % (old->nr_switches - 1));
}

static uint32_t runs_of(const struct program *p)
{
	uint32_t runs = OPS_RUN / (p->nr_ops + 1);

	return runs < RUNS_MAX ? runs : RUNS_MAX;
}

bool shrink_keep_anyhow(struct shrinker *s)
{
	struct schedule *old = s->old;
	uint32_t nr_ops = s->next->nr_ops;

	schedule_copy(old, &s->next->schedule);
	if (shrink_keep(s))
		return true;
	if (!s->reschedules || nr_ops >= s->best->nr_ops || shrink_is_over(s))
		return false;
	s->next->schedule.kind = SCHED_RECORDED;
	if (!trial_schedules(s->next, s->flags, s->want, some_switches, old, runs_of(s->next),
			     s->recorded))
		return false;
	schedule_copy(&s->next->schedule, s->recorded);
	return shrink_keep(s);
}

bool shrink_other_switches(struct shrinker *s)
{
	if (s->best->schedule.nr_switches < 2 || shrink_is_over(s))
		return false;
	shrink_copy(s->next, s->best);
	if (!trial_schedules(s->next, s->flags, s->want, fewer, &s->best->schedule,
			     SEARCH_FACTOR * runs_of(s->next), s->recorded))
		return false;
	schedule_copy(&s->next->schedule, s->recorded);
	return shrink_keep(s);
}
