/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differ.h - the same program in a guest and in core
 *
 * Core begins with the guest's snapshot, runs the same ops, and must return
 * the same pfn or failure for every one; after the last op its lists and
 * numbers must be those of the guest's second snapshot.  A program ends at the
 * first difference: what follows it means nothing.
 */
#ifndef HARNESS_LINUX_DIFFER_H
#define HARNESS_LINUX_DIFFER_H

#include "linux/reply.h"
#include "run.h"

enum differ_class { FAILED_PLAIN, FAILED_HIGH, FAILED_ATOMIC, FAILED_MEMALLOC, NR_FAILED };

extern const char *const differ_class_names[NR_FAILED];

struct differ_counts {			/* over programs; 64 bits each, so that they can be added */
	uint64_t programs, programs_equal;
	uint64_t ops;			/* run on both sides */
	uint64_t allocations;		/* pages or blocks handed out, and requests refused */
	uint64_t pfns_equal;
	uint64_t failures, failures_equal;
	uint64_t lists, lists_equal;	/* programs whose end was compared */
	uint64_t splits, merges;
	uint64_t refills, bulk_frees;	/* ops with at least one */
	uint64_t slow;			/* wake-ups of kswapd that had a cause: the low mark */
	uint64_t fallbacks[MIGRATE_PCPTYPES][NR_MIGRATETYPES];	/* requester, victim */
	uint64_t conversions;		/* pageblocks that changed type */
	uint64_t highatomic;		/* pageblocks that were set aside */
	uint64_t boosts;
	uint64_t failed[NR_FAILED];
};

enum { NR_DIFFER_COUNTS = sizeof(struct differ_counts) / sizeof(uint64_t) };

void differ_add(struct differ_counts *to, const struct differ_counts *from);

struct differ {				/* an instance, reused from program to program */
	struct run	*run;
	struct program	*p;		/* the last one, with its state */
	struct reply	 reply;
	struct differ_counts counts;	/* of the last one */
	uint32_t	 op;		/* where it differed; nr_ops: at the end */
	char		 what[256];	/* "" when nothing differed */
	struct snapshot	*now;		/* core's state where it differed; NULL: equal */

	uint64_t	 result;	/* word of the reply that comes next */
	uint32_t	 listed;	/* blocks on free lists after the last op */
	uint64_t	 highatomic;	/* pages in reserves */
	uint64_t	 boost;
	uint32_t	 op_takes, op_frees;
	uint8_t		*types[MAX_ZONES];	/* of pageblocks, as last seen */
};

enum differ_result { DIFFER_EQUAL, DIFFER_DIFFERENT, DIFFER_TROUBLE };

void differ_init(struct differ *d);
void differ_done(struct differ *d);

/* Compares one program of a window. */
enum differ_result differ_program(struct differ *d, const struct window *w, uint32_t program);

/* The program up to the difference as text, with the guest's state and pages. */
void differ_print(struct differ *d, FILE *out);

/* The difference, with the state of both sides where there is one. */
void differ_report(const struct differ *d, FILE *out);

/* --- derived.c ---------------------------------------------------------------------------- */

struct derived {
	unsigned int compared, equal;
	bool min_free_computed;		/* min_free_kbytes is what boot computes */
};

/*
 * Numbers of the snapshot before that follow from spans, managed and sysctls
 * alone, against core's: adds to *d; differences go to `out`, unless NULL.  A guest
 * that did not hand over its log adds nothing.
 */
bool differ_derived(const struct window *w, const struct reply *reply, struct derived *d,
		    FILE *out);

/* Do two snapshots differ in what differ_derived() looks at? */
bool derived_moved(const struct reply *a, const struct reply *b);

/* A text that the guest handed over, not terminated; NULL: it did not. */
const char *window_blob(const struct window *w, const char *name, uint64_t *bytes);

#endif
