/* SPDX-License-Identifier: MIT */
/* libfuzzer_state.c - states of the allocator as coverage, for libFuzzer */
#include "fuzz.h"

/* libFuzzer scans and clears the section at every input; "used", or the linker would drop it. */
__attribute__((used, aligned(8), section("__libfuzzer_extra_counters")))
static struct run_features counters;

struct run_features *fuzz_features(void) { return &counters; }

void fuzz_tell_features(void) { }
