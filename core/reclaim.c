/* SPDX-License-Identifier: GPL-2.0-only */
/* reclaim.c - "no progress", unless a test says otherwise */
#include "reclaim.h"

uint64_t reclaim_direct(struct mm *mm, gfp_t gfp, unsigned int order)
{
	mm_assert(A1, gfp_may_block(gfp));
	mm_count(mm, (enum vm_event)(ALLOCSTALL_DMA + (int)gfp_zone(&mm->tun, gfp)), 1);
	return mm->reclaim ? mm->reclaim(mm, gfp, order) : 0;
}

enum compact_result compact_direct(struct mm *mm, gfp_t gfp, unsigned int order)
{
	mm_assert(A1, gfp_may_block(gfp));
	mm_assert(A1, order > 0);
	return mm->compact ? mm->compact(mm, gfp, order) : COMPACT_SKIPPED;
}
