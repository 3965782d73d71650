/* SPDX-License-Identifier: MIT */
/*
 * stress_log.h - what real threads did before a finding, as a program
 *
 * The log (stress/oplog.h) has each CPU's ops and the locks they took, with the
 * turn of each lock.  Turns order the CPUs; the program has its ops in that
 * order, and its schedule switches CPUs where the next turn is another one's.
 */
#ifndef STRESS_LOG_H
#define STRESS_LOG_H

#include "op.h"

struct stress_log;

/* NULL, after a message that names file and line, when it cannot be read. */
struct stress_log *stress_log_read(const char *path);
void stress_log_free(struct stress_log *log);

const char *stress_log_finding(const struct stress_log *log);	/* "TAG PLACE WHAT" */

struct stress_log_counts {
	uint64_t lost;			/* records that the rings no longer had */
	uint32_t ops;			/* read */
	uint32_t left_out;		/* too old for a program, or about blocks that are */
	uint32_t turns;			/* of locks */
	uint32_t switches;		/* within ops, which they ask for */
	uint32_t forced;		/* that could not be put in order */
};

/* Fills in the program. */
void stress_log_program(struct stress_log *log, struct program *p,
			struct stress_log_counts *counts);

#endif
