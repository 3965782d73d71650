/* SPDX-License-Identifier: MIT */
/*
 * buddy.c - fuzz target: one zone, one CPU, blocks of all orders
 *
 * Few gfp bits and one movability, so that what happens is splitting, merging
 * and placing.  Odd zone ends come from the boot target.
 */
#include "fuzz.h"

const struct target target_buddy = {
	.name = "buddy",
	.one = fuzz_program,
	.theme = {
		.name = "buddy",
		.op_weight = {
			[OP_ALLOC] = 80, [OP_FREE] = 80, [OP_EXACT] = 12, [OP_BULK] = 6,
			[OP_FREE_ONE] = 12, [OP_FREE_WRONG] = 4, [OP_SPLIT] = 10, [OP_GET] = 8,
			[OP_TOUCH] = 8, [OP_DRAIN_ALL] = 6, [OP_IMPORT] = 1, [OP_PUT] = 3,
			[OP_PUT_AT] = 6,
		},
		.pages_max = 4096, .zones_max = 1, .nodes_max = 1, .cpus_max = 1,
		.one_movability = true, .orders = MAX_ORDER,
	},
};
