/* SPDX-License-Identifier: MIT */
/*
 * world_schedule.c - drawing schedules
 *
 * Most are bursts, or a few switches at places of their own: most races need
 * one CPU to stop in the right place and another to run for long, and only few
 * of such stops.  Switching at every other step stays shallow.
 */
#include <string.h>

#include "world.h"

enum { USUAL_STEPS = 48, SWITCHES_DRAWN = 6, BYTES_DRAWN = 64 };

void world_draw_switch(uint64_t *rng, const struct program *p, struct sched_switch *sw)
{
	unsigned int cpus = p->config.nr_cpus < SCHED_CPUS ? p->config.nr_cpus : SCHED_CPUS;

	*sw = (struct sched_switch){ .zone = NODE_NONE, .cpu = NODE_NONE };
	sw->op = (uint16_t)rng_below(rng, p->nr_ops ? p->nr_ops : 1);
	if (rng_chance(rng, 12))
		sw->op = OPS_MAX;	/* the daemon's */
	sw->step = (uint32_t)(1 + rng_below(rng, USUAL_STEPS));
	if (rng_chance(rng, 128))	/* the slow path is longer */
		sw->step = (uint32_t)(1 + rng_below(rng, 3 * USUAL_STEPS));
	if (rng_chance(rng, 24))
		sw->step = (uint32_t)rng_scale(rng, 1024);
	sw->to = (uint8_t)rng_below(rng, cpus);
	if (rng_chance(rng, 24))
		sw->to = SCHED_CPUS;
}

static void draw_bytes(uint64_t *rng, struct schedule *s)
{
	s->nr_bytes = (uint16_t)rng_scale(rng, BYTES_DRAWN);
	for (uint32_t i = 0; i < s->nr_bytes; i++)
		s->bytes[i] = (uint8_t)rng_next(rng);
}

void world_draw_schedule(const struct theme *theme, uint64_t *rng, const struct program *p,
			 struct schedule *s)
{
	memset(s, 0, offsetof(struct schedule, bytes));
	if (!rng_chance(rng, theme->schedules))
		return;
	switch (rng_below(rng, 16)) {
	case 0:
		s->kind = SCHED_SERIAL;
		break;
	case 1:
	case 2:
		s->kind = SCHED_BYTES;
		draw_bytes(rng, s);
		break;
	case 3:
	case 4:
		s->kind = SCHED_PCT;
		s->depth = (uint8_t)(1 + rng_below(rng, 5));
		s->seed = rng_next(rng) & UINT16_MAX;
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		s->kind = SCHED_RECORDED;
		s->nr_switches = (uint32_t)rng_scale(rng, SWITCHES_DRAWN);
		for (uint32_t i = 0; i < s->nr_switches; i++)
			world_draw_switch(rng, p, &s->switches[i]);
		break;
	default:
		s->kind = SCHED_BURST;
		s->seed = rng_next(rng) & UINT16_MAX;
	}
}

static void change_switches(uint64_t *rng, const struct program *p, struct schedule *s)
{
	uint64_t at = s->nr_switches ? rng_below(rng, s->nr_switches) : 0;
	uint64_t what = s->nr_switches ? rng_below(rng, 6) : 0;
	struct sched_switch *sw = &s->switches[at];

	if (what < 2 && s->nr_switches < SWITCHES_MAX) {
		world_draw_switch(rng, p, &s->switches[s->nr_switches++]);
	} else if (what == 2) {
		*sw = s->switches[--s->nr_switches];
	} else if (what == 3) {
		world_draw_switch(rng, p, sw);
	} else if (what == 4) {		/* a little earlier or later */
		sw->step += (uint32_t)rng_scale(rng, 8);
		sw->step -= sw->step > 8 ? 8 : 0;
	} else {
		sw->op = (uint16_t)rng_below(rng, p->nr_ops ? p->nr_ops : 1);
	}
}

void world_change_schedule(const struct theme *theme, uint64_t *rng, const struct program *p,
			   struct schedule *s)
{
	bool anew = s->kind == SCHED_NONE || s->kind == SCHED_SERIAL || rng_chance(rng, 48);

	if (anew || s->kind == SCHED_EXHAUSTIVE)
		world_draw_schedule(theme, rng, p, s);
	else if (s->kind == SCHED_RECORDED)
		change_switches(rng, p, s);
	else if (s->kind == SCHED_BYTES && s->nr_bytes && rng_chance(rng, 192))
		s->bytes[rng_below(rng, s->nr_bytes)] = (uint8_t)rng_next(rng);
	else if (s->kind == SCHED_BYTES)
		draw_bytes(rng, s);
	else
		s->seed = rng_next(rng) & UINT16_MAX;
}
