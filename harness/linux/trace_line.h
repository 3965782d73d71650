/* SPDX-License-Identifier: GPL-2.0-only */
/* trace_line.h - one line of a recording, as tracefs prints it */
#ifndef HARNESS_LINUX_TRACE_LINE_H
#define HARNESS_LINUX_TRACE_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum { LINE_MAX_BYTES = 512, NAME_BYTES = 40 };

struct line {				/* an event */
	char	 name[NAME_BYTES];	/* "": a comment, or nothing that we know */
	unsigned int cpu;
	uint64_t pid;
	char	 context;		/* '.': a task; else the interrupt, as tracefs has it */
	const char *args;		/* behind the name; inside text */
	char	 text[LINE_MAX_BYTES];
};

/* "TASK-PID [CPU] FLAGS TIME: NAME: args" at *at, which moves behind it; false at the end. */
bool line_next(const char **at, const char *end, struct line *l);

/* The number behind the first `key`, or 0. */
uint64_t line_number(const struct line *l, const char *key);

bool line_is(const struct line *l, const char *name);

/* Was it in an interrupt, hard or soft? */
bool line_irq(const struct line *l);

/* The page of the event: by number, or, where a probe saw the address of its record, by that. */
uint64_t line_pfn(const struct line *l);

#endif
