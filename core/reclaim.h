/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim.h - where the slow path asks for help, compaction's included
 *
 * Getting memory back is not part of this version: both answers are "no
 * progress", so a request that finds no page ends in failure, or STUCK, and
 * the slow path's rounds are bounded.  A test may put its own reclaimer into
 * mm->reclaim, which may free pages and returns how many it freed, and its own
 * compactor into mm->compact, which may make blocks of them.
 */
#ifndef CORE_RECLAIM_H
#define CORE_RECLAIM_H

#include "mm.h"

/* Frees pages for the caller, as a reclaimer; pages freed. */
uint64_t reclaim_direct(struct mm *mm, gfp_t gfp, unsigned int order);

/* Tries to make a block of `order` by moving pages; COMPACT_SKIPPED: it did not even look. */
enum compact_result compact_direct(struct mm *mm, gfp_t gfp, unsigned int order);

#endif
