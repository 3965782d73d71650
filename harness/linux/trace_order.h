/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_order.h - when what a recording tells of took effect
 *
 * mm_page_free is said before a page goes anywhere, mm_page_alloc when the page
 * was taken long since; in between another CPU or an interrupt may have come.
 * What orders effects is two locks, so what is said under them says when:
 *
 *	commit		a page goes to a set; that set's lock is held
 *	buddy_free	a block goes to the buddy, not from a set; zone->lock is held
 *	taken		a request lets go of a set, with its page
 *	bulk_taken	a bulk request likewise
 *	mm_page_alloc_zone_locked, mm_page_pcpu_drain	zone->lock is held
 *
 * An interrupt finds the set taken that the code below it has, and goes past it
 * to the buddy (SPEC P6): then it is refused.  A recording without those five
 * lines keeps the order of its lines.
 */
#ifndef HARNESS_LINUX_TRACE_ORDER_H
#define HARNESS_LINUX_TRACE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "tunables.h"

struct trace_step {
	const char *at;			/* the line that says what */
	uint32_t line;			/* its number */
	uint32_t when;			/* number of the line at which it took effect */
	uint16_t cpu;			/* of that line; its task may have gone elsewhere since */
	bool	 refused;		/* a set was not to be had */
	bool	 inner;			/* part of another step */
	bool	 unplaced;		/* no line says when */
};

struct trace_move {			/* a block that left the buddy, or came to it from a set */
	uint32_t line;
	bool	 drained;		/* into it */
	bool	 done;			/* for the replay: core's turn has come and gone */
	uint8_t	 order;
	uint8_t	 type;
	uint64_t pfn;
};

struct trace_order {
	struct trace_step *steps;	/* in the order of `when` */
	uint32_t nr;
	struct trace_move *moves;	/* in the order of lines */
	uint32_t nr_moves;
	bool	 marked;		/* it says when things took effect */
	uint64_t missing;		/* events that the guest could not record */
};

/* Of the machine, `t` says which orders have sets. */
void trace_order_find(struct trace_order *o, const struct tunables *t, const char *text,
		      const char *end);
void trace_order_delete(struct trace_order *o);

#endif
