/* SPDX-License-Identifier: MIT */
/*
 * gfp.c - fuzz target: what a request may ask and what it is granted
 *
 * Any mask in any context, legal or not, on a small machine with every zone
 * type; what is refused must have changed nothing.
 */
#include "fuzz.h"

const struct target target_gfp = {
	.name = "gfp",
	.one = fuzz_program,
	.theme = {
		.name = "gfp",
		.op_weight = {
			[OP_ALLOC] = 140, [OP_BULK] = 16, [OP_EXACT] = 12, [OP_FREE] = 30,
			[OP_FREE_WRONG] = 8, [OP_DIRTY] = 6, [OP_FAIL_ALLOC] = 6, [OP_COUNTER] = 10,
			[OP_MEMPOLICY] = 4, [OP_SYSCTL] = 2,
		},
		.pages_max = 1024, .zones_max = 5, .nodes_max = 2, .cpus_max = 2,
		.rich_gfp = true, .orders = MAX_ORDER, .policies = 64,
	},
};
