/* SPDX-License-Identifier: MIT */
/*
 * mobility.c - fuzz target: keeping pages apart by movability
 *
 * Requests of all types on free lists that were shaped beforehand, with small
 * pageblocks, CMA areas and atomic high-order requests, so that fallbacks,
 * steals and the highatomic reserve are the usual case.
 */
#include "fuzz.h"

const struct target target_mobility = {
	.name = "mobility",
	.one = fuzz_program,
	.theme = {
		.name = "mobility",
		.op_weight = {
			[OP_ALLOC] = 110, [OP_BULK] = 16, [OP_FREE] = 70, [OP_FREE_ONE] = 6,
			[OP_MOVABLE] = 14, [OP_DRAIN_ALL] = 8, [OP_SYSCTL] = 3, [OP_IMPORT] = 4,
			[OP_PUT] = 14, [OP_PUT_AT] = 10, [OP_COUNTER] = 2, [OP_BOOST] = 2,
			[OP_FAIL_TRYLOCK] = 1,
		},
		.pages_max = 4096, .zones_max = 2, .nodes_max = 1, .cpus_max = 2,
		.orders = MAX_ORDER, .policies = 32,
	},
};
