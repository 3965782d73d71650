/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - array bounds, and nothing else
 *
 * What a machine looks like is decided at run time (struct mm_config in mm.h).
 * The numbers here only say how large the arrays are that hold it, so that
 * core/ needs no allocator of its own.  A build may shrink or grow them.
 *
 * MAX_ORDER is inclusive; NR_ORDERS counts.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

/* Where CPUs are real, two lines: processors fetch a line's neighbour with it. */
#ifndef CORE_CACHE_LINE
#define CORE_CACHE_LINE	64
#endif

/* Where CPUs are real, as far as the lines above: neighbours may be other CPUs' pages. */
#ifndef CORE_PAGE_BYTES
#define CORE_PAGE_BYTES	16
#endif

enum {
	MAX_ORDER	= 10,		/* the largest block is 2^MAX_ORDER pages */
	NR_ORDERS	= MAX_ORDER + 1,
	COSTLY_ORDER	= 3,		/* above it a request may simply fail */
	MAX_NODES	= 8,
	MAX_CPUS	= 64,
	CACHE_LINE	= CORE_CACHE_LINE, /* bytes; what CPUs do not share is that far apart */
	PAGE_BYTES	= CORE_PAGE_BYTES, /* from one struct page to the next */
	MAX_RANGES	= 64,		/* holes, reserved and CMA ranges, each, in a machine */
};

#endif
