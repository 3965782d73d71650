/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slowpath.c - what to do when the low mark does not hold
 *
 * The frame of A2 and A3: who is woken, which attempt comes with which flags,
 * when to go round again.  Reclaim and compaction are asked through reclaim.h.
 */
#include "alloc_context.h"

#include "reclaim.h"
#include "watermark.h"

struct slow {				/* one slow path's memory of its rounds */
	struct alloc_context	*ac;
	unsigned int		 alloc_flags;
	unsigned int		 rounds;	/* asked for because reclaim could help */
	unsigned int		 no_progress;	/* rounds without progress, in a row */
	enum compact_result	 compact;	/* what compaction last said */
	bool			 may_block;
	bool			 may_compact;
	bool			 costly;
};

enum next { NEXT_ROUND, NEXT_GIVE_UP, NEXT_GOT };

/* One wake-up per node of the walk. */
static void wake_kswapds(const struct slow *s)
{
	struct alloc_context *ac = s->ac;
	unsigned int last = NODE_NONE, at = 0;
	struct zone *z;

	if (!(s->alloc_flags & ALLOC_KSWAPD))
		return;
	for (; (z = context_next_zone(ac, &at)); at++) {
		if (!zone_managed(z) || z->nid == last)
			continue;
		mm_wakeup_kswapd(ac->mm, z, ac->gfp, ac->order, ac->highest);
		last = z->nid;
	}
}

/* M5: turns one pageblock back, of the first zone that has one to give. */
static bool unreserve(const struct alloc_context *ac, bool force)
{
	unsigned int at = 0;
	struct zone *z;

	for (; (z = context_next_zone(ac, &at)); at++)
		if (highatomic_unreserve(z, ac->type, force))
			return true;
	return false;
}

/* Blocks of this order may be made by moving pages; NULL also when that was not even tried. */
static struct page *try_compact(struct slow *s)
{
	struct alloc_context *ac = s->ac;

	if (!ac->order)
		return NULL;
	s->compact = compact_direct(ac->mm, ac->gfp, ac->order);
	if (s->compact == COMPACT_SKIPPED)
		return NULL;
	mm_count(ac->mm, COMPACTSTALL, 1);
	return alloc_attempt(ac, s->alloc_flags);
}

/* Reclaims, then tries again; pages may hide in per-CPU sets or in the reserve. */
static struct page *try_reclaim(struct slow *s, uint64_t *progress)
{
	struct alloc_context *ac = s->ac;
	struct page *page;

	*progress = reclaim_direct(ac->mm, ac->gfp, ac->order);
	if (!*progress)
		return NULL;
	page = alloc_attempt(ac, s->alloc_flags);
	if (page)
		return page;
	unreserve(ac, false);
	mm_drain_all(ac->mm);
	return alloc_attempt(ac, s->alloc_flags);
}

/* Compaction comes early where it likely helps more than reclaim. */
static bool wants_early_compaction(const struct slow *s)
{
	const struct alloc_context *ac = s->ac;

	return s->may_block && s->may_compact &&
	       (s->costly || (ac->order > 0 && ac->type != MIGRATE_MOVABLE)) &&
	       !gfp_reserve_flags(ac->gfp, ac->context);
}

/* Everything that may be reclaimed, taken as free: would the min mark hold? */
static bool reclaim_could_help(const struct slow *s)
{
	struct alloc_context *ac = s->ac;
	unsigned int at = 0;
	struct zone *z;

	for (; (z = context_next_zone(ac, &at)); at++) {
		int64_t free = zone_free_pages_exact(z, ac->mm->nr_cpus);

		if (watermark_ok(z, ac->order, zone_wmark(z, WMARK_MIN), ac->highest,
				 s->alloc_flags, free))
			return true;
	}
	return false;
}

/*
 * A3: another round?  Before saying no, the highatomic reserve is given up, a
 * pageblock a round; there are only so many of them.
 */
static bool should_retry(struct slow *s, uint64_t progress)
{
	s->no_progress = progress && !s->costly ? 0 : s->no_progress + 1;
	if (s->no_progress <= MAX_RECLAIM_RETRIES && reclaim_could_help(s) &&
	    ++s->rounds < MAX_PROGRESS_ROUNDS)
		return true;
	return unreserve(s->ac, true);
}

/* G4: a reclaimer, or a process that dies, may have the reserves. */
static void raise_entitlement(struct slow *s)
{
	struct alloc_context *ac = s->ac;
	unsigned int reserve = gfp_reserve_flags(ac->gfp, ac->context);

	if (reserve)
		s->alloc_flags = reserve | gfp_cma_flag(&ac->mm->tun, ac->gfp) |
				 (s->alloc_flags & ALLOC_KSWAPD);
	if (reserve || !(s->alloc_flags & ALLOC_CPUSET)) {
		ac->nodemask = 0;
		context_reset(ac);
	}
}

/* One round of the loop; *page is set on NEXT_GOT. */
static enum next slow_round(struct slow *s, struct page **page)
{
	struct alloc_context *ac = s->ac;
	uint64_t progress;

	wake_kswapds(s);
	raise_entitlement(s);
	*page = alloc_attempt(ac, s->alloc_flags);
	if (*page)
		return NEXT_GOT;
	if (!s->may_block || (ac->context & CTX_MEMALLOC))
		return NEXT_GIVE_UP;

	*page = try_reclaim(s, &progress);
	if (!*page)
		*page = try_compact(s);
	if (*page)
		return NEXT_GOT;

	if (ac->gfp & __GFP_NORETRY)
		return NEXT_GIVE_UP;
	if (s->costly && (!s->may_compact || !(ac->gfp & __GFP_RETRY_MAYFAIL)))
		return NEXT_GIVE_UP;
	if (should_retry(s, progress))
		return NEXT_ROUND;
	/* A4: pages may have come back meanwhile; the high mark says "enough of them". */
	*page = alloc_attempt(ac, ALLOC_WMARK_HIGH | ALLOC_CPUSET);
	return *page ? NEXT_GOT : NEXT_GIVE_UP;
}

/* First tries, once; NEXT_ROUND leads into the loop. */
static enum next slow_begin(struct slow *s, struct page **page)
{
	struct alloc_context *ac = s->ac;

	if (!context_reset(ac))
		return NEXT_GIVE_UP;	/* nowhere to wait for */
	wake_kswapds(s);
	*page = alloc_attempt(ac, s->alloc_flags);
	if (*page)
		return NEXT_GOT;
	if (!wants_early_compaction(s))
		return NEXT_ROUND;
	*page = try_compact(s);
	if (*page)
		return NEXT_GOT;
	if (s->costly && (ac->gfp & __GFP_NORETRY) &&
	    (s->compact != COMPACT_COMPLETE || (ac->gfp & __GFP_THISNODE)))
		return NEXT_GIVE_UP;
	return NEXT_ROUND;
}

/* Rounds until something decides; bounded even while reclaim reports progress. */
static enum next slow_rounds(struct slow *s, struct page **page)
{
	enum next next;

	s->rounds = 0;
	do
		next = slow_round(s, page);
	while (next == NEXT_ROUND);
	return next;
}

enum verdict alloc_slow(struct alloc_context *ac, struct page **page)
{
	struct slow s = {
		.ac = ac, .compact = COMPACT_SKIPPED,
		.may_compact = (ac->gfp & __GFP_IO) != 0,
		.costly = ac->order > COSTLY_ORDER };
	enum next next;

	ac->spread_dirty = false;
	s.may_block = gfp_may_block(ac->gfp);
	if (s.may_block)
		ac->gfp &= ~__GFP_ATOMIC;	/* a contradiction; blocking wins */
	s.alloc_flags = gfp_alloc_flags(&ac->mm->tun, ac->gfp, ac->order, ac->context);

	next = slow_begin(&s, page);
	if (next == NEXT_ROUND)
		next = slow_rounds(&s, page);
	if (next == NEXT_GOT)
		return VERDICT_OK;
	if (!(ac->gfp & __GFP_NOFAIL) || !s.may_block)
		return VERDICT_FAILED;

	/* G5: may not fail; some of the reserves help, all of them would harm others. */
	for (unsigned int i = 0; i < MAX_NOFAIL_ROUNDS; i++) {
		*page = alloc_attempt(ac, ALLOC_WMARK_MIN | ALLOC_MIN_RESERVE);
		if (*page || slow_rounds(&s, page) == NEXT_GOT)
			return VERDICT_OK;
	}
	return VERDICT_STUCK;
}
