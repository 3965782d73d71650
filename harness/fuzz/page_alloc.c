/* SPDX-License-Identifier: MIT */
/*
 * page_alloc.c - fuzz target: everything together
 *
 * All ops on machines of all shapes: what the other targets keep apart meets
 * here.
 */
#include "fuzz.h"

const struct target target_page_alloc = {
	.name = "page_alloc",
	.one = fuzz_program,
	.theme = {
		.name = "page_alloc",
		.op_weight = {
			[OP_ALLOC] = 110, [OP_BULK] = 6, [OP_EXACT] = 4, [OP_FREE] = 90,
			[OP_FREE_ONE] = 8, [OP_FREE_WRONG] = 2, [OP_SPLIT] = 4, [OP_GET] = 4,
			[OP_TOUCH] = 12, [OP_MOVABLE] = 6, [OP_DIRTY] = 4, [OP_DRAIN] = 3,
			[OP_DRAIN_ALL] = 4, [OP_TICK] = 4, [OP_CPU_DOWN] = 2, [OP_CPU_UP] = 2,
			[OP_SYSCTL] = 6, [OP_MEMPOLICY] = 4, [OP_RECLAIM_ACTIVE] = 2,
			[OP_FAIL_ALLOC] = 2, [OP_FAIL_TRYLOCK] = 2, [OP_IMPORT] = 2, [OP_PUT] = 6,
			[OP_PUT_AT] = 4, [OP_COUNTER] = 4, [OP_BOOST] = 3,
		},
		.pages_max = 4096, .zones_max = 6, .nodes_max = 3, .cpus_max = 4,
		.odd_geometry = true, .rich_gfp = true, .orders = MAX_ORDER, .irqs = 6,
		.policies = 96,
	},
};
