/* SPDX-License-Identifier: GPL-2.0-only */
/* trace_line.c - reading a recording, one line at a time */
#include "linux/trace_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind the last '-' of the task's name. */
static uint64_t pid_before(const char *text, const char *end)
{
	const char *at = end;

	while (at > text && at[-1] != '-')
		at--;
	return strtoull(at, NULL, 10);
}

static void copy_text(const char **at, const char *end, struct line *l)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t len;

	stop = stop ? stop : end;
	len = (size_t)(stop - *at);
	len = len < LINE_MAX_BYTES - 1 ? len : LINE_MAX_BYTES - 1;
	memcpy(l->text, *at, len);
	l->text[len] = '\0';
	*at = stop < end ? stop + 1 : end;
}

bool line_next(const char **at, const char *end, struct line *l)
{
	const char *cpu, *name;

	if (*at >= end)
		return false;
	copy_text(at, end, l);
	l->name[0] = '\0';
	l->args = l->text;
	cpu = strstr(l->text, " [");
	if (l->text[0] == '#' || !cpu)
		return true;
	l->cpu = (unsigned int)strtoul(cpu + 2, NULL, 10);
	l->pid = pid_before(l->text, cpu);
	cpu = strstr(cpu, "] ");
	if (!cpu || strlen(cpu) < 8)
		return true;
	l->context = cpu[4];
	name = strstr(cpu, ": ");
	if (!name)
		return true;
	name += 2;
	l->args = strchr(name, ':');
	if (!l->args || l->args - name >= NAME_BYTES) {
		l->args = l->text;
		return true;
	}
	snprintf(l->name, NAME_BYTES, "%.*s", (int)(l->args - name), name);
	return true;
}

uint64_t line_number(const struct line *l, const char *key)
{
	const char *at = strstr(l->args, key);

	return at ? strtoull(at + strlen(key), NULL, 0) : 0;
}

bool line_is(const struct line *l, const char *name) { return !strcmp(l->name, name); }

bool line_irq(const struct line *l) { return strchr("hsHZz", l->context) != NULL; }

uint64_t line_pfn(const struct line *l)
{
	/* Records are 64 bytes each, from an address that is a multiple of 1 GiB. */
	enum { RECORD_SHIFT = 6 };
	const uint64_t within = (1ULL << 30) - 1;

	if (strstr(l->args, " pfn="))
		return line_number(l, " pfn=");
	return (line_number(l, " page=") & within) >> RECORD_SHIFT;
}
