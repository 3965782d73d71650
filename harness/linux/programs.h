/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.h - programs for a guest, drawn from a seed
 *
 * A guest's state is not known when its programs are made, so a program has
 * phases instead of aims: it fills memory in large blocks as far as a mark
 * allows, goes on in smaller ones, and churns where that leads.  No request may
 * sleep, none is refused at the edge, and none asks what a snapshot does not
 * tell: no __GFP_WRITE (dirty pages), no __GFP_ACCOUNT (groups).
 */
#ifndef HARNESS_LINUX_PROGRAMS_H
#define HARNESS_LINUX_PROGRAMS_H

#include "op.h"

struct guest_shape {
	uint8_t	 cpus;
	uint8_t	 nodes;
	uint64_t pages;			/* of the whole guest */
};

enum guest_theme {
	THEME_MIXED,			/* everything, in the middle of memory */
	THEME_SETS,			/* per-CPU lists: bursts, drains, other CPUs */
	THEME_FRAGMENTS,		/* single pages of one type, every other one freed */
	THEME_LARGE,			/* orders 4 to 10, the per-CPU huge pages */
	THEME_BOTTOM,			/* every mark, from above and from below */
	THEME_ATOMIC,			/* between min and low: the highatomic reserve */
	THEME_ZONES,			/* DMA, DMA32, one node, some nodes */
	NR_GUEST_THEMES,
};

extern const char *const guest_theme_names[NR_GUEST_THEMES];

/* Ops only; p->config is left alone. */
void guest_program(const struct guest_shape *shape, enum guest_theme theme, uint64_t seed,
		   uint32_t nr_ops, struct program *p);

#endif
