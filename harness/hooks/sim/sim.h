/* SPDX-License-Identifier: MIT */
/* sim.h - what the harness does with the deterministic machine; see hook_impl.h */
#ifndef SIM_H
#define SIM_H

#include "mm.h"

enum {
	CONTENT_BYTES	= 16,		/* of contents that a simulated page has */
	SIM_PAGES_MAX	= 1 << 22,	/* larger machines have no contents at all */
};

struct contents;

struct contents *sim_contents_new(void);	/* aborts without memory */
void sim_contents_delete(struct contents *c);

/* For a machine that has just booted: everything is free, so nothing may be touched. */
void sim_contents_boot(struct contents *c, const struct mm *mm);

/* The contents of pages that are handed out, one after the other; NULL where none are kept. */
uint8_t *sim_pages_bytes(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
uint8_t *sim_page_bytes(struct hw *hw, unsigned int zone, pfn_t pfn);	/* of one */

bool sim_pages_are_zero(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);

#endif
