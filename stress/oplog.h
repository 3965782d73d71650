/* SPDX-License-Identifier: MIT */
/*
 * oplog.h - what each CPU did last, and in which order the locks saw it
 *
 * Every thread writes a ring of records of its own: the ops it begins and how
 * they end, and each lock it takes, with the lock's own count of turns.  No
 * clock and no counter is shared, so logging orders nothing that was not
 * ordered before.  Turns of one lock order the threads that took it; that is
 * what `tidemark import-stress` puts a program together from.
 */
#ifndef STRESS_OPLOG_H
#define STRESS_OPLOG_H

#include "stress.h"

enum { OPLOG_RECORDS = 1 << 15 };	/* of a thread; a power of two */

enum oplog_op {
	LOG_ALLOC, LOG_BULK, LOG_EXACT, LOG_SPLIT, LOG_FREE, LOG_FREE_LIST, LOG_GET, LOG_MOVABLE,
	LOG_DIRTY, LOG_DRAIN, LOG_DRAIN_ALL, LOG_TICK, LOG_CPU_DOWN, LOG_CPU_UP, LOG_SYSCTL,
	NR_LOG_OPS,
};

/* Begins an op; what its kind has no use for is 0. */
struct oplog_entry {
	enum oplog_op op;
	uint8_t	 order;			/* SYSCTL: which one */
	uint8_t	 context;
	uint32_t gfp;			/* MOVABLE, DIRTY: on */
	uint32_t n;			/* pages; DRAIN, CPU_*: the CPU; SYSCTL: the index;
					 * GET: 1 if the new user stays */
	uint32_t token;			/* of the block it is done to */
	int64_t	 value;
};

void oplog_start(struct worker *w);
void oplog_free(struct worker *w);
void oplog_begin(struct worker *w, const struct oplog_entry *entry);

/* The same where logs are wanted. */
static inline void stress_log(struct worker *w, const struct oplog_entry *entry)
{
	if (w->log)
		oplog_begin(w, entry);
}

/* One more block that the op is done to. */
void oplog_also(struct worker *w, uint32_t token);

/* The op's end: of what it allocated, the first token and where that is. */
void oplog_end(struct worker *w, unsigned int verdict, const struct block *first, uint32_t nr);

void oplog_irq(struct worker *w, bool begins);

/*
 * All threads' logs, with the machine and the finding, to the session's file.
 * The threads stop at the next lock they take.
 */
void oplog_write(const struct session *s, const char *tag, const char *place, const char *what);

#endif
