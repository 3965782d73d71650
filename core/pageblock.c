/* SPDX-License-Identifier: GPL-2.0-only */
/* pageblock.c - retyping a pageblock */
#include "pageblock.h"

void pageblock_set_type(const struct tunables *t, struct pageblocks *pb, pfn_t pfn,
			enum migratetype type)
{
	uint64_t index = pageblock_index(pb, pfn);

	mm_assert(M1, type < NR_MIGRATETYPES);
	mm_assert(M1, pfn >= pb->first_pfn && index < pb->nr);
	if (t->grouping_off && type < MIGRATE_PCPTYPES)
		type = MIGRATE_UNMOVABLE;
	publish(pb->type[index], (uint8_t)type);
}
