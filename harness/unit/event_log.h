/* SPDX-License-Identifier: MIT */
/* event_log.h - the events of a machine, kept for a test to look at */
#ifndef UNIT_EVENT_LOG_H
#define UNIT_EVENT_LOG_H

#include "fixture.h"

enum { EVENT_LOG_MAX = 4096 };

struct event_log {
	unsigned int	nr;
	struct event	events[EVENT_LOG_MAX];
};

/* From now on; what was kept before is forgotten. */
void event_log_start(struct event_log *log, struct mm *mm);

unsigned int event_log_count(const struct event_log *log, enum event_kind kind);

/* The n-th event of the kind; fails the test when there is none. */
const struct event *event_log_nth(const struct event_log *log, enum event_kind kind,
				  unsigned int n);

#endif
