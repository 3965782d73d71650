/* SPDX-License-Identifier: MIT */
/* fixture.h - a booted machine for unit tests; a failed assertion of core aborts the test */
#ifndef UNIT_FIXTURE_H
#define UNIT_FIXTURE_H

#include "op.h"
#include "page_alloc.h"
#include "run.h"
#include "sim.h"

/* Boots the machine of a program text; its ops are not run.  Fails the test on a bad text. */
struct mm *boot_text(const char *text);
void boot_done(struct mm *mm);

/* A page for GFP_KERNEL-like requests, or NULL. */
struct page *get_pages(struct mm *mm, gfp_t gfp, unsigned int order);

/* The zone of node 0. */
struct zone *zone_of(struct mm *mm, enum zone_type type);

/* Runs a program text through the executor with full checks; true when it is clean. */
bool run_text(const char *text);

#endif
