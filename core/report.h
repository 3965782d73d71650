/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what a user of the machine can read (S1, S2)
 *
 * The formats are those of Linux 6.1, so that existing parsers read them.
 * Counters of parts that do not exist yet are left out, not printed as zero.
 * Text goes out in pieces through the callback; nothing is kept.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "page_alloc.h"
#include "print.h"

void report_zoneinfo(struct mm *mm, const struct report_out *out);
void report_buddyinfo(struct mm *mm, const struct report_out *out);
void report_pagetypeinfo(struct mm *mm, const struct report_out *out);
void report_vmstat(struct mm *mm, const struct report_out *out);

/*
 * The page-allocation-failure report for a request, with the memory state as
 * the kernel logs it, seen from this CPU.  Nothing comes out when the request
 * asked for silence, or for DMA memory of a machine that has none (G5).
 */
void report_failure(struct mm *mm, const struct alloc_request *req, const char *comm,
		    const struct report_out *out);

/*
 * S2: -1000 when a block of `order` is free; else 0 (lack of memory) .. 1000
 * (fragmentation); 0 with nothing free, -500 at the least with one block free.
 */
int report_extfrag_index(const struct zone *z, unsigned int order);

/* S2: share of the free pages that is of no use at `order`, 0..1000. */
unsigned int report_unusable_index(const struct zone *z, unsigned int order);

#endif
