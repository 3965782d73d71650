/* SPDX-License-Identifier: MIT */
/* libfuzzer_state.c - states of the allocator as coverage, for libFuzzer */
#include "fuzz.h"

/* libFuzzer scans and clears the section at every input; "used", or the linker would drop it. */
__attribute__((used, section("__libfuzzer_extra_counters")))
static uint8_t state_counters[RUN_FEATURES];

void fuzz_feature(unsigned int feature)
{
	state_counters[feature % RUN_FEATURES] = 1;
}
