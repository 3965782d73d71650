/* SPDX-License-Identifier: MIT */
/* report_text.h - collecting and comparing reports; machines that tests of them share */
#ifndef UNIT_REPORT_TEXT_H
#define UNIT_REPORT_TEXT_H

#include "fixture.h"
#include "report.h"

/* Both return the text, which lives until the next call. */
const char *collected(void (*report)(struct mm *mm, const struct report_out *out), struct mm *mm);
const char *failure(struct mm *mm, const struct alloc_request *req, const char *comm);

void assert_same(const char *got, const char *expected);	/* says which line differs */
void assert_has(const char *haystack, const char *line);
void assert_has_not(const char *haystack, const char *line);

/* The guests of guest_texts.h; and four nodes: two zones, one, only Movable, no memory. */
extern const char amd64_machine[];
extern const char i386_machine[];
extern const char numa_machine[];

void import_amd64(struct mm *mm);	/* the guest's free lists, somewhere */
void set_pcp(struct zone *z, uint32_t first, uint32_t second);	/* counts of two CPUs */

#endif
