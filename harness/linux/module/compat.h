/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - where kernels differ, and nothing else
 *
 * Built for 6.1 and 6.12; whatever depends on the version is decided here, so
 * that no other file asks.  Bits and types of the wire that a kernel lacks are 0.
 */
#ifndef TIDEMARK_COMPAT_H
#define TIDEMARK_COMPAT_H

#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/version.h>

#include "wire.h"

/* The highest order, which MAX_ORDER was one above until 6.4. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define TOP_ORDER	MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define TOP_ORDER	MAX_ORDER
#else
#define TOP_ORDER	(MAX_ORDER - 1)
#endif

/* A page of a PCP list remembers its type until 6.10; since then the pageblock is asked. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define PCP_PAGE_REMEMBERS	0
#else
#define PCP_PAGE_REMEMBERS	1
#endif

static inline int compat_pcp_page_type(const struct page *page)
{
	return page->index;
}

static inline void compat_zone_words(const struct zone *zone, u64 *words)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	words[WZ_PAGESET_HIGH] = zone->pageset_high_min;
	words[WZ_PAGESET_HIGH_MAX] = zone->pageset_high_max;
#else
	words[WZ_PAGESET_HIGH] = zone->pageset_high;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	words[WZ_FREE_HIGHATOMIC] = zone->nr_free_highatomic;
#endif
}

static inline u64 compat_zone_flags(const struct zone *zone)
{
	u64 flags = 0;

	if (test_bit(ZONE_BOOSTED_WATERMARK, &zone->flags))
		flags |= WIRE_BOOSTED;
	if (test_bit(ZONE_RECLAIM_ACTIVE, &zone->flags))
		flags |= WIRE_RECLAIM_ACTIVE;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	if (test_bit(ZONE_BELOW_HIGH, &zone->flags))
		flags |= WIRE_BELOW_HIGH;
#endif
	return flags;
}

static inline void compat_pcp_words(const struct per_cpu_pages *pcp, u64 *words)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	words[WC_FREE_COUNT] = pcp->free_count;
	words[WC_HIGH_MIN] = pcp->high_min;
	words[WC_HIGH_MAX] = pcp->high_max;
	words[WC_ALLOC_FACTOR] = pcp->alloc_factor;
	if (pcp->flags & PCPF_PREV_FREE_HIGH_ORDER)
		words[WC_FLAGS] |= WIRE_PREV_FREE_HIGH_ORDER;
	if (pcp->flags & PCPF_FREE_HIGH_BATCH)
		words[WC_FLAGS] |= WIRE_FREE_HIGH_BATCH;
#else
	words[WC_FREE_FACTOR] = pcp->free_factor;
#endif
#ifdef CONFIG_NUMA
	words[WC_EXPIRE] = pcp->expire;
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define COMPAT_EXACT_NID	"alloc_pages_exact_nid_noprof"
#else
#define COMPAT_EXACT_NID	"alloc_pages_exact_nid"
#endif

/* Bits of struct gfp that came or went between the versions. */
#ifdef ___GFP_ATOMIC
#define COMPAT_GFP_ATOMIC	__GFP_ATOMIC
#else
#define COMPAT_GFP_ATOMIC	((__force gfp_t)0)
#endif

#endif
