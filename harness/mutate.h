/* SPDX-License-Identifier: MIT */
/*
 * mutate.h - changing a program into another program
 *
 * Works on machine and ops, not on bytes, so that what comes out means
 * something: references follow the allocation they meant when ops move, new
 * values are those a theme would draw, and the machine still boots.  libFuzzer
 * and AFL++ both come here (fuzz/driver.c, fuzz/afl.c).
 *
 * All randomness comes from the seed given: the same arguments give the same
 * result.  A mutator keeps scratch memory, but no state from call to call.
 */
#ifndef HARNESS_MUTATE_H
#define HARNESS_MUTATE_H

#include "world.h"

struct mutator;

/* Keeps to machines of `pages_max` pages and programs of `ops_max` ops; aborts without memory. */
struct mutator *mutator_new(const struct theme *theme, uint64_t pages_max, uint32_t ops_max);
void mutator_delete(struct mutator *m);

/* Changes *p in one to a few places. */
void mutate_program(struct mutator *m, struct program *p, uint64_t *rng);

/* Puts ops of `other` into *p, or gives it the other's machine. */
void mutate_cross(struct mutator *m, struct program *p, const struct program *other,
		  uint64_t *rng);

/* The same on encoded programs: data[0..size) in place, room for `max`; returns the new size. */
size_t mutate_bytes(struct mutator *m, uint8_t *data, size_t size, size_t max, uint64_t seed);

/* Crosses a with b into out[0..max). */
size_t mutate_cross_bytes(struct mutator *m, const uint8_t *a, size_t a_size,
			  const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
			  uint64_t seed);

/*
 * For targets that take text: cuts, copies and moves lines, changes words and
 * numbers, or prints a drawn program.  In place like mutate_bytes(); `scratch`
 * holds what is drawn.
 */
size_t mutate_text(const struct theme *theme, struct program *scratch, uint8_t *data, size_t size,
		   size_t max, uint64_t seed);

#endif
