/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - kmem events of a guest's real work, replayed in core
 *
 * Core begins with the snapshot that was taken before the recording.  Each
 * mm_page_alloc event asks core for such a page; where it would have given
 * another one, that is a miss, and the two pages change places, so that core
 * goes on from where the kernel is.  What was allocated before the recording
 * is known when it is freed.
 */
#ifndef HARNESS_LINUX_TRACE_H
#define HARNESS_LINUX_TRACE_H

#include "linux/reply.h"
#include "run.h"

struct trace_counts {
	uint64_t events;		/* lines that say something */
	uint64_t allocs;		/* mm_page_alloc */
	uint64_t hits;			/* of them, those that core foretold */
	uint64_t resynced;		/* misses after which both go on alike */
	uint64_t lost;			/* misses after which not, and frees of strange pages */
	uint64_t frees;
	uint64_t refused;		/* requests and frees that found a set taken */
	uint64_t retyped;		/* frees whose pageblock had another type when said */
	uint64_t moves;			/* out of the buddy, or from a set into it */
	uint64_t same_moves;		/* of them, those that the kernel made at that point */
	uint64_t unplaced;		/* steps of which no line says when they took effect */
	uint64_t missing;		/* events that the guest could not record */
	bool	 marked;		/* it says when things took effect (trace_order.h) */
	bool	 ended_equal;		/* core's lists at the end are the next snapshot's */
	char	 first_miss[160];	/* the first one, and what differed at the end */
	char	 first_move[160];
	char	 at_end[200];
};

/* Did core do all that the recording says, as far as it says? */
bool trace_agrees(const struct trace_counts *c);

/* Replays a blob "trace.*"; false, with a sentence, when it cannot. */
bool trace_replay(const struct window *w, const struct wire_blob *blob, struct trace_counts *c,
		  char wrong[REPLY_SENTENCE]);

#endif
