/* SPDX-License-Identifier: GPL-2.0-only */
/* stat.c - folding differences, and how large they may grow */
#include "stat.h"

#include "bits.h"

void stat_fold(struct hw *hw, struct zone_stats *stats, struct stat_diff *diff)
{
	for (unsigned int item = 0; item < NR_ZONE_STATS; item++) {
		if (!diff->diff[item])
			continue;
		add_shared(hw, stats->count[item], diff->diff[item]);
		publish(diff->diff[item], 0);
	}
}

unsigned int stat_threshold(uint64_t managed, unsigned int nr_cpus, unsigned int page_shift)
{
	uint64_t size = managed >> (27 - page_shift);	/* units of 128 MiB */
	unsigned int threshold = 2 * fls_u64(nr_cpus) * (1 + fls_u64(size));

	return threshold < 125 ? threshold : 125;
}
