/* SPDX-License-Identifier: MIT */
/*
 * pcp.c - fuzz target: per-CPU lists
 *
 * Several CPUs allocate and free the same pages, in bulk and singly; sets are
 * drained, CPUs go down and up, interrupts and refused trylocks strike inside.
 */
#include "fuzz.h"

const struct target target_pcp = {
	.name = "pcp",
	.one = fuzz_program,
	.theme = {
		.name = "pcp",
		.op_weight = {
			[OP_ALLOC] = 80, [OP_BULK] = 30, [OP_FREE] = 80, [OP_FREE_ONE] = 16,
			[OP_SPLIT] = 3, [OP_TOUCH] = 3, [OP_DRAIN] = 8, [OP_DRAIN_ALL] = 4,
			[OP_TICK] = 8, [OP_CPU_DOWN] = 5, [OP_CPU_UP] = 5, [OP_SYSCTL] = 6,
			[OP_RECLAIM_ACTIVE] = 6, [OP_FAIL_TRYLOCK] = 8,
		},
		.pages_max = 8192, .zones_max = 2, .nodes_max = 2, .cpus_max = 4,
		.orders = 4, .irqs = 16, .policies = 64,
	},
};
