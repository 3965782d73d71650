/* SPDX-License-Identifier: MIT */
/*
 * interleave.c - fuzz target: several CPUs at once
 *
 * Two to four CPUs and a daemon on a small machine, interrupts inside, and a
 * schedule that says at every step who goes on.  What one CPU leaves half done
 * is what the next one finds.
 */
#include "fuzz.h"

const struct target target_interleave = {
	.name = "interleave",
	.one = fuzz_program,
	.theme = {
		.name = "interleave",
		.op_weight = {
			[OP_ALLOC] = 80, [OP_BULK] = 24, [OP_EXACT] = 4, [OP_FREE] = 70,
			[OP_FREE_ONE] = 8, [OP_FREE_WRONG] = 1, [OP_TOUCH] = 4, [OP_DRAIN] = 4,
			[OP_DRAIN_ALL] = 16, [OP_TICK] = 6, [OP_ASK_DRAIN] = 14, [OP_SYNC] = 2,
			[OP_RECLAIM_ACTIVE] = 1, [OP_CPU_DOWN] = 2, [OP_CPU_UP] = 3,
			[OP_SYSCTL] = 8, [OP_FAIL_TRYLOCK] = 1, [OP_MOVABLE] = 2,
			[OP_SPLIT] = 2, [OP_GET] = 8, [OP_DIRTY] = 2,
			[OP_BOOST] = 2, [OP_COUNTER] = 2,
		},
		.pages_max = 1024, .zones_max = 2, .nodes_max = 1, .cpus_max = 4, .cpus_min = 2,
		.orders = 4, .irqs = 24, .policies = 96, .schedules = 250,
		.atomics = 80, .pressure = 96, .rivals = 64,
	},
};
