/* SPDX-License-Identifier: MIT */
/*
 * world.h - programs drawn from a seed: the machine and the ops
 *
 * A theme is what one fuzz target wants to see: how machines are shaped and
 * which ops are likely.  Drawn weights vary per program, some of them zero, so
 * that some programs do a few things very often.
 *
 * All randomness comes from one 64-bit state; the same seed gives the same program.
 */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include "op.h"

struct theme {
	const char *name;
	uint8_t  op_weight[NR_OP_KINDS];	/* relative; 0: never */
	uint16_t pages_max;		/* largest zone drawn, in pages */
	uint8_t  zones_max;		/* zones drawn, in all */
	uint8_t  nodes_max;
	uint8_t  cpus_max;
	uint8_t	 cpus_min;		/* 0: 1 */
	bool	 odd_geometry;		/* holes, reservations, unaligned ends, kernelcore */
	bool	 rich_gfp;		/* any mask; else a few common ones */
	bool	 one_movability;	/* only UNMOVABLE requests */
	uint8_t	 atomics;		/* requests of 256 that are GFP_ATOMIC; high marks, too */
	uint8_t  orders;		/* highest order usually asked for */
	uint8_t	 irqs;			/* ops of 256 that run as an interrupt of the next */
	uint8_t	 policies;		/* machines of 256 with a rule of another era */
	uint8_t	 schedules;		/* programs of 256 with a schedule */
	uint8_t	 pressure;		/* machines of 256 whose marks are near all they have */
	uint8_t	 rivals;		/* ops of 256 that several CPUs do at once */
};

uint64_t rng_next(uint64_t *state);
uint64_t rng_below(uint64_t *state, uint64_t n);	/* uniform in 0..n-1; n is not 0 */
bool	 rng_chance(uint64_t *state, unsigned int n);	/* true n times of 256 */

/* A number of 1..max, small ones as likely as large ones; max is not 0. */
uint64_t rng_scale(uint64_t *state, uint64_t max);

/* A machine that passes mm_config_check(). */
void world_draw_machine(const struct theme *theme, uint64_t *rng, struct mm_config *config);

/* Changes one thing about a machine; the result may fail mm_config_check(). */
void world_change_machine(const struct theme *theme, uint64_t *rng, struct mm_config *config);

/* Who does it, of an op that has no field for that; false: the op is another one. */
bool world_draw_by(const struct theme *theme, uint64_t *rng, const struct program *p,
		   struct op *op);

/* One op of the theme; `p` is the program so far, so that references hit live slots. */
void world_draw_op(const struct theme *theme, uint64_t *rng, const struct program *p,
		   struct op *op);

/* One field of an op of p whose kind is set. */
void world_draw_field(const struct theme *theme, uint64_t *rng, const struct program *p,
		      struct op *op, enum op_field field);

/* Up to `nr_ops` more ops at the end of p, with weights of their own. */
void world_draw_more(const struct theme *theme, uint64_t *rng, uint32_t nr_ops, struct program *p);

/* A schedule for p's ops, or none; and one thing about one changed. */
void world_draw_schedule(const struct theme *theme, uint64_t *rng, const struct program *p,
			 struct schedule *s);
void world_change_schedule(const struct theme *theme, uint64_t *rng, const struct program *p,
			   struct schedule *s);
void world_draw_switch(uint64_t *rng, const struct program *p, struct sched_switch *sw);

/* A whole program of `nr_ops` ops. */
void world_draw(const struct theme *theme, uint64_t seed, uint32_t nr_ops, struct program *p);

#endif
