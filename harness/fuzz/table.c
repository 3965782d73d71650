/* SPDX-License-Identifier: MIT */
/* table.c - the fuzz targets by name */
#include <string.h>

#include "targets.h"

#define TARGET_ROW(name, about) { &target_##name, about },

static const struct row {
	const struct target *target;
	const char	    *about;
} rows[] = {
	FUZZ_TARGETS(TARGET_ROW)
};

enum { NR_ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct target *target_find(const char *name)
{
	for (unsigned int i = 0; i < NR_ROWS; i++)
		if (!strcmp(rows[i].target->name, name))
			return rows[i].target;
	return NULL;
}

const struct target *target_at(unsigned int i)
{
	return i < NR_ROWS ? rows[i].target : NULL;
}

const char *target_about(unsigned int i)
{
	return rows[i].about;
}
