/* SPDX-License-Identifier: MIT */
/*
 * afl_state.c - states of the allocator as coverage, for AFL++
 *
 * Guards that no code has are reserved among the compiler's own; AFL's runtime
 * numbers them at start, and their places in the map are ours.  Compiled
 * without coverage: AFL's compiler would take the map's name for its own use.
 */
#include <string.h>

#include "fuzz.h"

extern uint8_t *__afl_area_ptr;

__attribute__((used, section("__sancov_guards")))
static uint32_t guards[sizeof(struct run_features)];

static struct run_features counters;

struct run_features *fuzz_features(void) { return &counters; }

void fuzz_tell_features(void)
{
	const uint8_t *counter = (const uint8_t *)&counters;

	for (size_t i = 0; i < sizeof(counters); i++)
		if (counter[i])
			__afl_area_ptr[guards[i]] = counter[i];
	memset(&counters, 0, sizeof(counters));
}
