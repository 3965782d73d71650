/* SPDX-License-Identifier: MIT */
/*
 * afl_state.c - states of the allocator as coverage, for AFL++
 *
 * Guards that no code has are reserved among the compiler's own; AFL's runtime
 * numbers them at start, and their places in the map are ours.  Compiled
 * without coverage: AFL's compiler would take the map's name for its own use.
 */
#include "fuzz.h"

extern uint8_t *__afl_area_ptr;

__attribute__((used, section("__sancov_guards")))
static uint32_t state_guards[RUN_FEATURES];

void fuzz_feature(unsigned int feature)
{
	__afl_area_ptr[state_guards[feature % RUN_FEATURES]] = 1;
}
