/* SPDX-License-Identifier: MIT */
/*
 * watermark.c - fuzz target: how low zones run, and for whom
 *
 * Zones are filled by bulk requests and high orders, counters and boost are
 * set, sysctls are written while pages are out: most of the time some zone is
 * near one of its marks.
 */
#include "fuzz.h"

const struct target target_watermark = {
	.name = "watermark",
	.one = fuzz_program,
	.theme = {
		.name = "watermark",
		.op_weight = {
			[OP_ALLOC] = 80, [OP_BULK] = 24, [OP_EXACT] = 4, [OP_FREE] = 30,
			[OP_FREE_ONE] = 4, [OP_DRAIN_ALL] = 3, [OP_TICK] = 8, [OP_CPU_DOWN] = 1,
			[OP_CPU_UP] = 1, [OP_SYSCTL] = 24, [OP_RECLAIM_ACTIVE] = 2,
			[OP_DIRTY] = 4, [OP_COUNTER] = 12, [OP_BOOST] = 8, [OP_FAIL_ALLOC] = 1,
		},
		.pages_max = 4096, .zones_max = 3, .nodes_max = 1, .cpus_max = 3,
		.odd_geometry = true, .rich_gfp = true, .orders = MAX_ORDER, .policies = 96,
	},
};
