/* SPDX-License-Identifier: MIT */
/* event_log.c - see event_log.h */
#include "event_log.h"

#include <criterion/criterion.h>

static void keep(void *to, const struct event *event)
{
	struct event_log *log = to;

	cr_assert_lt(log->nr, EVENT_LOG_MAX);
	log->events[log->nr++] = *event;
}

void event_log_start(struct event_log *log, struct mm *mm)
{
	log->nr = 0;
	mm->tun.hw->on_event = keep;
	mm->tun.hw->on_event_to = log;
}

unsigned int event_log_count(const struct event_log *log, enum event_kind kind)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < log->nr; i++)
		nr += log->events[i].kind == kind;
	return nr;
}

const struct event *event_log_nth(const struct event_log *log, enum event_kind kind,
				  unsigned int n)
{
	for (unsigned int i = 0; i < log->nr; i++)
		if (log->events[i].kind == kind && n-- == 0)
			return &log->events[i];
	cr_assert_fail("there is no such event");
	return NULL;
}
