/* SPDX-License-Identifier: MIT */
/*
 * afl_mutator.c - mutate.h behind AFL++'s custom mutator interface
 *
 * A shared library of its own, loaded by afl-fuzz and not by the target, so
 * the target's name comes in the environment: TIDEMARK_TARGET.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mutate.h"

enum { INPUT_MAX = 4096 };

struct afl_mutator {
	const struct target *target;
	struct mutator	    *mutator;
	uint64_t	    rng;
	uint8_t		    out[INPUT_MAX];
	struct program	    scratch;
};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
		       size_t other_size, size_t max);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed)
{
	struct afl_mutator *m = calloc(1, sizeof(*m));
	const char *name = getenv("TIDEMARK_TARGET");

	(void)afl;
	if (!m)
		return NULL;
	m->target = target_find(name ? name : "page_alloc");
	if (!m->target) {
		fprintf(stderr, "TIDEMARK_TARGET: expected a fuzz target, got \"%s\"\n", name);
		free(m);
		return NULL;
	}
	m->rng = seed;
	m->mutator = mutator_new(&m->target->theme, RUN_FUZZ_PAGES_MAX, FUZZ_OPS_MAX);
	return m;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
		       size_t other_size, size_t max)
{
	struct afl_mutator *m = data;

	if (max > sizeof(m->out))
		max = sizeof(m->out);
	if (size > max)
		size = max;
	*out = m->out;
	memcpy(m->out, buf, size);
	if (m->target->takes_text)
		return mutate_text(&m->target->theme, &m->scratch, m->out, size, max,
				   rng_next(&m->rng));
	if (other && rng_chance(&m->rng, 48))
		return mutate_cross_bytes(m->mutator, buf, size, other, other_size, m->out, max,
					  rng_next(&m->rng));
	return mutate_bytes(m->mutator, m->out, size, max, rng_next(&m->rng));
}

void afl_custom_deinit(void *data)
{
	struct afl_mutator *m = data;

	mutator_delete(m->mutator);
	free(m);
}
