/* SPDX-License-Identifier: MIT */
/*
 * zonelist.c - fuzz target: where a request looks, and in which order
 *
 * Many small zones on many nodes, some without memory or without CPUs;
 * nodemasks, __GFP_THISNODE and memory policies.
 */
#include "fuzz.h"

const struct target target_zonelist = {
	.name = "zonelist",
	.one = fuzz_program,
	.theme = {
		.name = "zonelist",
		.op_weight = {
			[OP_ALLOC] = 100, [OP_BULK] = 24, [OP_EXACT] = 6, [OP_FREE] = 32,
			[OP_MEMPOLICY] = 24, [OP_DRAIN_ALL] = 3, [OP_TICK] = 3, [OP_SYSCTL] = 4,
			[OP_COUNTER] = 4, [OP_DIRTY] = 4, [OP_CPU_DOWN] = 2, [OP_CPU_UP] = 2,
		},
		.pages_max = 1024, .zones_max = 16, .nodes_max = MAX_NODES, .cpus_max = 6,
		.rich_gfp = true, .orders = 5,
	},
};
