/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_counts.h - what more than one report counts
 *
 * A zone's lock is held while counting, never while text goes out.  What the
 * kernel reads without a lock (marks, boost, counters, PCP counts) is read
 * without one.
 */
#ifndef CORE_REPORT_COUNTS_H
#define CORE_REPORT_COUNTS_H

#include "page_alloc.h"

/* Kernels with high memory are 32-bit ones and, unless there are more nodes, built without NUMA. */
bool report_knows_numa(const struct mm *mm);

/* Counters as the kernel shows them: without the CPUs' differences, never below zero (W8). */
uint64_t report_zone_count(const struct zone *z, enum zone_stat item);
uint64_t report_total(struct mm *mm, enum zone_stat item);

uint32_t report_pcp(const struct zone *z, unsigned int cpu);	/* pages in the CPU's set */
uint64_t report_dirty(const struct mm *mm);

struct zone *report_zone(struct mm *mm, unsigned int nid, unsigned int type);
bool report_node_has_memory(struct mm *mm, unsigned int nid);

struct free_counts {
	uint32_t nr[NR_MIGRATETYPES][NR_ORDERS];	/* blocks */
};

void report_count_free(struct zone *z, struct free_counts *counts);
uint64_t report_blocks(const struct free_counts *counts, unsigned int order);	/* of all types */

#endif
