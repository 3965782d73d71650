/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gfp.h - what the caller asks, and what that grants
 *
 * A gfp mask is the caller's words; alloc_flags are what the allocator lets it
 * do.  Everything here is a pure function of its arguments: no state, no locks.
 *
 * Bits have their Linux 6.1 positions (G1), so that numbers in kernel logs of
 * that version are ours.  Numbers of other versions go through gfp_decode().
 */
#ifndef CORE_GFP_H
#define CORE_GFP_H

#include "tunables.h"

#define __GFP_DMA		((gfp_t)0x01)
#define __GFP_HIGHMEM		((gfp_t)0x02)
#define __GFP_DMA32		((gfp_t)0x04)
#define __GFP_MOVABLE		((gfp_t)0x08)
#define __GFP_RECLAIMABLE	((gfp_t)0x10)
#define __GFP_HIGH		((gfp_t)0x20)
#define __GFP_IO		((gfp_t)0x40)
#define __GFP_FS		((gfp_t)0x80)
#define __GFP_ZERO		((gfp_t)0x100)
#define __GFP_ATOMIC		((gfp_t)0x200)
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x400)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x800)
#define __GFP_WRITE		((gfp_t)0x1000)
#define __GFP_NOWARN		((gfp_t)0x2000)
#define __GFP_RETRY_MAYFAIL	((gfp_t)0x4000)
#define __GFP_NOFAIL		((gfp_t)0x8000)
#define __GFP_NORETRY		((gfp_t)0x10000)
#define __GFP_MEMALLOC		((gfp_t)0x20000)
#define __GFP_COMP		((gfp_t)0x40000)
#define __GFP_NOMEMALLOC	((gfp_t)0x80000)
#define __GFP_HARDWALL		((gfp_t)0x100000)
#define __GFP_THISNODE		((gfp_t)0x200000)
#define __GFP_ACCOUNT		((gfp_t)0x400000)
#define __GFP_ZEROTAGS		((gfp_t)0x800000)
#define __GFP_SKIP_ZERO		((gfp_t)0x1000000)
#define __GFP_SKIP_KASAN_UNPOISON ((gfp_t)0x2000000)
#define __GFP_SKIP_KASAN_POISON	((gfp_t)0x4000000)
#define __GFP_BITS_MASK		((gfp_t)0x7ffffff)	/* every bit that means something */

#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ZONEMASK		(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)

#define GFP_ATOMIC		(__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT		__GFP_KSWAPD_RECLAIM
#define GFP_NOIO		__GFP_RECLAIM
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)
#define GFP_USER		(GFP_KERNEL | __GFP_HARDWALL)
#define GFP_DMA			__GFP_DMA
#define GFP_DMA32		__GFP_DMA32
#define GFP_HIGHUSER		(GFP_USER | __GFP_HIGHMEM)
/* As in kernels without KASAN in hardware, such as Debian's: there its bits are not set. */
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_TRANSHUGE_LIGHT	((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | \
				  __GFP_NOWARN) & ~__GFP_RECLAIM)
#define GFP_TRANSHUGE		(GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM)

/* Who asks (G6).  None set: a process that may sleep. */
enum caller_context {
	CTX_IRQ		= 1 << 0,	/* interrupt: cannot sleep, no task of its own */
	CTX_MEMALLOC	= 1 << 1,	/* reclaimer: freeing memory needs some */
	CTX_OOM_VICTIM	= 1 << 2,	/* chosen to die, and on its way */
	CTX_REALTIME	= 1 << 3,
	CTX_NOIO	= 1 << 4,	/* scope: no I/O to get memory; implies NOFS */
	CTX_NOFS	= 1 << 5,	/* scope: no file system to get memory */
	CTX_PIN		= 1 << 6,	/* scope: pages will be pinned, so not from Movable */
	CTX_MASK	= (1 << 7) - 1,
};

enum wmark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

/* What the allocator grants (G4).  The low two bits are the mark to hold. */
enum alloc_flags {
	ALLOC_WMARK_MIN		= WMARK_MIN,
	ALLOC_WMARK_LOW		= WMARK_LOW,
	ALLOC_WMARK_HIGH	= WMARK_HIGH,
	ALLOC_WMARK_MASK	= 0x03,
	ALLOC_NO_WATERMARKS	= 0x04,
	ALLOC_OOM		= 0x08,
	ALLOC_NON_BLOCK		= 0x10,
	ALLOC_MIN_RESERVE	= 0x20,
	ALLOC_CPUSET		= 0x40,	/* kept to its nodes; off for atomic requests */
	ALLOC_CMA		= 0x80,
	ALLOC_NOFRAGMENT	= 0x100,
	ALLOC_HIGHATOMIC	= 0x200,
	ALLOC_KSWAPD		= 0x800,
	ALLOC_RESERVES		= ALLOC_OOM | ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE |
				  ALLOC_HIGHATOMIC,
};

/* G2: is this combination of zone bits one that means something?  At most one of three is. */
static inline bool gfp_zone_is_legal(gfp_t gfp)
{
	gfp &= __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM;
	return (gfp & (gfp - 1)) == 0;
}

/*
 * G2: the highest zone type that may serve the request; `gfp` is legal.
 * __GFP_MOVABLE names a zone only together with __GFP_HIGHMEM; alone it is about mobility.
 */
static inline enum zone_type gfp_zone(const struct tunables *t, gfp_t gfp)
{
	enum zone_type wanted = ZONE_NORMAL;

	mm_assert(G2, gfp_zone_is_legal(gfp));
	if (gfp & __GFP_DMA)
		wanted = ZONE_DMA;
	else if (gfp & __GFP_DMA32)
		wanted = ZONE_DMA32;
	else if (gfp & __GFP_HIGHMEM)
		wanted = gfp & __GFP_MOVABLE ? ZONE_MOVABLE : ZONE_HIGHMEM;
	return zone_type_configured(t, wanted) ? wanted : ZONE_NORMAL;
}

/* G3; MOVABLE and RECLAIMABLE together are refused at the API edge. */
static inline enum migratetype gfp_migratetype(const struct tunables *t, gfp_t gfp)
{
	const gfp_t both = __GFP_MOVABLE | __GFP_RECLAIMABLE;

	mm_assert(G3, (gfp & both) != both);
	if (t->grouping_off || !(gfp & both))
		return MIGRATE_UNMOVABLE;
	return gfp & __GFP_MOVABLE ? MIGRATE_MOVABLE : MIGRATE_RECLAIMABLE;
}

/*
 * G6: the mask that is left inside the scopes of `context`.  An interrupt runs
 * inside the scopes of the task it interrupted, so CTX_IRQ is not asked.
 */
static inline gfp_t gfp_in_context(gfp_t gfp, unsigned int context)
{
	if (!context)
		return gfp;
	if (context & CTX_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	if (context & CTX_NOFS)
		gfp &= ~__GFP_FS;
	if (context & CTX_PIN)
		gfp &= ~__GFP_MOVABLE;
	return gfp;
}

/* G4: flags of the slow path's first attempt; enum alloc_flags. */
unsigned int gfp_alloc_flags(const struct tunables *t, gfp_t gfp, unsigned int order,
			     unsigned int context);

/* G4: ALLOC_NO_WATERMARKS, ALLOC_OOM or 0: what the caller's state adds later. */
unsigned int gfp_reserve_flags(gfp_t gfp, unsigned int context);

/* ALLOC_CMA if the request may use CMA pageblocks, else 0. */
static inline unsigned int gfp_cma_flag(const struct tunables *t, gfp_t gfp)
{
	return t->has_cma && gfp_migratetype(t, gfp) == MIGRATE_MOVABLE ? ALLOC_CMA : 0;
}

static inline bool gfp_may_block(gfp_t gfp) { return (gfp & __GFP_DIRECT_RECLAIM) != 0; }

/* --- text (G1) -------------------------------------------------------------- */

enum { GFP_TEXT_MAX = 512 };	/* the longest text of any mask, with its final NUL */

/* Writes the names as kernel logs do, "GFP_KERNEL|__GFP_ZERO", "none" for 0; returns length. */
size_t gfp_format(gfp_t gfp, char text[GFP_TEXT_MAX]);

/*
 * Reads names and numbers joined by '|', all of text[0..len).  False when a
 * name is unknown or a number has unknown bits; *bad is then where it begins.
 */
bool gfp_parse(const char *text, size_t len, gfp_t *gfp, size_t *bad);

/* Kernels whose bits have the same places, named by the first of them. */
enum gfp_version {
	GFP_V6_3,			/* 6.3 and later: no __GFP_ATOMIC */
	GFP_V5_18,			/* 5.18 to 6.2: ours */
	GFP_V5_14,			/* 5.14 to 5.17 */
	GFP_V5_1,			/* 5.1 to 5.13 */
	GFP_V4_18,			/* 4.18 to 5.0 */
	GFP_V4_10,			/* 4.10 to 4.17 */
	GFP_V4_5,			/* 4.5 to 4.9 */
	GFP_V4_4,			/* 4.4 */
	GFP_V2_6_38,			/* 2.6.38 to 4.3: one __GFP_WAIT, and __GFP_NO_KSWAPD */
	GFP_V2_6_31,			/* 2.6.31 to 2.6.37: kswapd is always woken */
	NR_GFP_VERSIONS,
};

/*
 * Translates a number printed by another kernel; false when it has bits
 * unknown there.  What 6.1 does not have is mapped where 6.1 has an equal:
 * __GFP_REPEAT to __GFP_RETRY_MAYFAIL, __GFP_WAIT to __GFP_DIRECT_RECLAIM, no
 * __GFP_NO_KSWAPD to __GFP_KSWAPD_RECLAIM, and where there is no __GFP_ATOMIC
 * bit, high priority without waiting to __GFP_ATOMIC.  The rest says nothing
 * to the allocator of 6.1 and is dropped: __GFP_COLD, __GFP_NOTRACK,
 * __GFP_OTHER_NODE, __GFP_NOLOCKDEP, __GFP_NO_OBJ_EXT, __GFP_NOACCOUNT and
 * __GFP_KMEMCG.
 */
bool gfp_decode(enum gfp_version version, uint32_t number, gfp_t *gfp);

#endif
