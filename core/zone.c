/* SPDX-License-Identifier: GPL-2.0-only */
/* zone.c - names, and what counts as high memory */
#include "zone.h"

bool zone_is_highmem(const struct zone *z)
{
	if (z->type == ZONE_HIGHMEM)
		return true;
	if (z->type != ZONE_MOVABLE)
		return false;
	return z->tun->has_highmem || z->tun->policy.movable == MOVABLE_HIGHMEM;
}

const char *zone_type_name(enum zone_type type)
{
	static const char *const names[NR_ZONE_TYPES] = {
		"DMA", "DMA32", "Normal", "HighMem", "Movable", "Device",
	};

	mm_assert(Z1, type < NR_ZONE_TYPES);
	return names[type];
}

const char *migratetype_name(enum migratetype type)
{
	static const char *const names[NR_MIGRATETYPES] = {
		"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
	};

	mm_assert(M1, type < NR_MIGRATETYPES);
	return names[type];
}

char migratetype_letter(enum migratetype type)
{
	mm_assert(M1, type < NR_MIGRATETYPES);
	return "UMEHCI"[type];
}
