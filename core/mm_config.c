/* SPDX-License-Identifier: GPL-2.0-only */
/* mm_config.c - descriptions of machines: the default one, and what is wrong with others */
#include "mm.h"

enum { PFN_BITS = 48, SPANNED_BITS = 31, BATCH_MAX = 1 << 16 };

#define PFN_LIMIT	(1ULL << PFN_BITS)
#define SPANNED_LIMIT	(1ULL << SPANNED_BITS)

void mm_config_default(struct mm_config *config)
{
	*config = (struct mm_config){
		.nr_cpus = 4,
		.page_shift = 12,
		.pageblock_order = 9,
		.zone_types = 1 << ZONE_DMA | 1 << ZONE_DMA32 | 1 << ZONE_NORMAL |
			      1 << ZONE_MOVABLE | 1 << ZONE_DEVICE,
		.online_nodes = 1,
		.sysctl = {
			.min_free_kbytes = SYSCTL_UNSET,
			.watermark_scale_factor = 10,
			.watermark_boost_factor = 15000,
			.lowmem_reserve_ratio = {
				[ZONE_DMA] = 256, [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32 },
			.dirty_ratio = 20,
			.thp = true,
		},
	};
	for (unsigned int i = 0; i < MAX_NODES; i++)
		for (unsigned int j = 0; j < MAX_NODES; j++)
			config->distance[i][j] = i == j ? 10 : 20;
}

/* --- what is memory (Z1, Z3) ------------------------------------------------------------ */

/*
 * A zone gives one region, and every hole or reservation splits at most one of
 * them.  A zone's reserved tail joins what it covers, so it adds no more than
 * there are regions of memory.
 */
uint32_t mm_config_regions(const struct mm_config *config)
{
	return 1u + config->nr_zones + config->nr_holes + config->nr_reserved + config->nr_cma;
}

static bool is_some(uint64_t pages) { return pages && pages != PAGES_UNSET; }

/* The span without the holes, and of that the lowest `present` pages. */
static const char *add_zone(const struct mm_config *config, const struct zone_config *zc,
			    struct memblock *mb)
{
	struct mem_region arena[2 * (MAX_RANGES + 1)];
	pfn_t cursor = zc->start, end = zc->start + zc->spanned;
	struct memblock span;
	struct pfn_range r;
	uint64_t left;
	bool fits = true;

	memblock_init(&span, arena, 2 * (MAX_RANGES + 1), MAX_RANGES + 1);
	fits &= memblock_add(&span, zc->start, end, zc->nid);
	for (unsigned int i = 0; i < config->nr_holes; i++)
		fits &= memblock_remove(&span, config->holes[i].start, config->holes[i].end);
	left = memblock_pages(&span, zc->start, end, zc->nid);
	if (zc->present != PAGES_UNSET && zc->present > left)
		return "present is more than the zone spans without the holes";
	if (zc->present != PAGES_UNSET)
		left = zc->present;
	if (!left && (is_some(zc->managed_marks) || is_some(zc->managed_reserve)))
		return "a zone without pages has marks computed from some";
	while (left) {
		fits &= memblock_next_memory(&span, &cursor, end, zc->nid, &r);
		mm_assert(Z3, fits);
		r.end = min_u64(r.end, r.start + left);
		left -= r.end - r.start;
		if (memblock_pages(mb, r.start, r.end, NODE_NONE))
			return "the zone's memory is another zone's as well";
		fits &= memblock_add(mb, r.start, r.end, zc->nid);
	}
	mm_assert(Z3, fits);
	return NULL;
}

/* Keeps the lowest `managed` of the zone's free pages, and reserves the others. */
static const char *reserve_tail(const struct zone_config *zc, struct memblock *mb)
{
	pfn_t end = zc->start + zc->spanned, cursor = zc->start;
	uint64_t left = zc->managed;
	struct pfn_range r;
	bool fits = true;

	if (left == PAGES_UNSET) {
		if (zc->type != ZONE_DEVICE)
			return NULL;
		left = 0;
	}
	while (memblock_next_free(mb, &cursor, end, zc->nid, &r)) {
		uint64_t keep = min_u64(left, r.end - r.start);

		left -= keep;
		fits &= memblock_reserve(mb, r.start + keep, r.end);
	}
	mm_assert(Z3, fits);
	return left ? "managed is more than present without the reservations" : NULL;
}

const char *mm_config_memory(const struct mm_config *config, struct memblock *mb,
			     unsigned int *culprit)
{
	const char *wrong = NULL;
	unsigned int i;
	bool fits = true;

	mm_assert(Z3, mb->memory.nr == 0 && mb->reserved.nr == 0);
	for (i = 0; i < config->nr_zones && !wrong; i++)
		if (config->zones[i].spanned)
			wrong = add_zone(config, &config->zones[i], mb);
	for (unsigned int j = 0; j < config->nr_reserved; j++)
		fits &= memblock_reserve(mb, config->reserved[j].start, config->reserved[j].end);
	mm_assert(Z3, fits);
	if (wrong) {
		*culprit = i - 1;
		return wrong;
	}
	for (i = 0; i < config->nr_zones && !wrong; i++)
		if (config->zones[i].spanned)
			wrong = reserve_tail(&config->zones[i], mb);
	*culprit = wrong ? i - 1 : 0;
	return wrong;
}

/* --- checks, each for one part of the description --------------------------------------------- */

static const char *check_shape(const struct mm_config *config)
{
	const uint32_t needed = 1u << ZONE_NORMAL | 1u << ZONE_MOVABLE;

	if (!config->nr_cpus || config->nr_cpus > MAX_CPUS)
		return "the number of CPUs is not 1 to 64";
	if (config->page_shift < 12 || config->page_shift > 16)
		return "page_shift is not 12 to 16";
	if (!config->pageblock_order || config->pageblock_order > MAX_ORDER)
		return "pageblock_order is not 1 to 10";
	if (config->zone_types >> NR_ZONE_TYPES)
		return "a zone type does not exist";
	if ((config->zone_types & needed) != needed)
		return "Normal and Movable are always among the zones";
	if (!config->online_nodes)
		return "no node is online";
	if (config->nr_zones > MAX_ZONES)
		return "there are too many zones";
	if (config->nr_holes > MAX_RANGES || config->nr_reserved > MAX_RANGES ||
	    config->nr_cma > MAX_RANGES)
		return "there are too many holes, reserved or cma ranges";
	return NULL;
}

static const char *check_nodes(const struct mm_config *config)
{
	uint64_t seen = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		uint64_t cpus = config->node_cpus[nid];

		if (cpus && !(config->online_nodes >> nid & 1))
			return "CPUs are on a node that is not online";
		if (config->nr_cpus < 64 && cpus >> config->nr_cpus)
			return "a node has a CPU that the machine has not";
		if (cpus & seen)
			return "a CPU is on two nodes";
		seen |= cpus;
	}
	for (unsigned int i = 0; i < MAX_NODES; i++) {
		for (unsigned int j = 0; j < MAX_NODES; j++) {
			if (!(config->online_nodes >> i & config->online_nodes >> j & 1))
				continue;
			if (i == j && config->distance[i][j] != 10)
				return "a node's distance to itself is not 10";
			if (config->distance[i][j] < 10)
				return "a distance is less than 10";
		}
	}
	return NULL;
}

static bool overlap(pfn_t a, pfn_t a_end, pfn_t b, pfn_t b_end)
{
	return a < b_end && b < a_end;
}

/* Zone k by itself. */
static const char *check_zone(const struct mm_config *config, const struct zone_config *z)
{
	if (z->nid >= MAX_NODES || !(config->online_nodes >> z->nid & 1))
		return "the zone's node is not online";
	if (z->type >= NR_ZONE_TYPES || !(config->zone_types >> z->type & 1))
		return "the zone's type is not among the machine's zones";
	if (z->start >= PFN_LIMIT || z->spanned >= SPANNED_LIMIT ||
	    z->start + z->spanned > PFN_LIMIT)
		return "the zone ends beyond pfn 2^48, or spans 2^31 pages";
	if (!z->spanned && (is_some(z->present) || is_some(z->managed) ||
			    is_some(z->managed_marks) || is_some(z->managed_reserve)))
		return "a zone that spans nothing has pages";
	if (z->type == ZONE_DEVICE && is_some(z->managed))
		return "a Device zone manages pages";
	if (z->managed_marks != PAGES_UNSET && z->managed_marks >= SPANNED_LIMIT)
		return "managed_marks is 2^31 or more";
	if (z->managed_reserve != PAGES_UNSET && z->managed_reserve >= SPANNED_LIMIT)
		return "managed_reserve is 2^31 or more";
	return NULL;
}

static const char *check_zones(const struct mm_config *config, unsigned int *culprit)
{
	uint64_t spanned = 0;

	for (unsigned int k = 0; k < config->nr_zones; k++) {
		const struct zone_config *z = &config->zones[k];
		const char *wrong = check_zone(config, z);

		*culprit = k;
		if (wrong)
			return wrong;
		for (unsigned int i = 0; i < k; i++) {
			const struct zone_config *other = &config->zones[i];

			if (other->nid != z->nid)
				continue;
			if (other->type == z->type)
				return "the node has two zones of one type";
			if (overlap(z->start, z->start + z->spanned, other->start,
				    other->start + other->spanned) && z->spanned && other->spanned)
				return "zones of one node overlap";
		}
		spanned += z->spanned;
		if (spanned >= SPANNED_LIMIT)
			return "all zones together span 2^31 pages or more";
		if (z->type == ZONE_MOVABLE && z->spanned &&
		    (config->kernelcore || config->movablecore))
			return "a Movable zone is given, so kernelcore= and movablecore= cannot be";
	}
	return NULL;
}

static const char *check_ranges(const struct pfn_range *ranges, unsigned int nr,
				unsigned int *culprit)
{
	for (unsigned int i = 0; i < nr; i++) {
		*culprit = i;
		if (ranges[i].start >= ranges[i].end)
			return "a range ends before it begins";
		if (ranges[i].end > PFN_LIMIT)
			return "a range ends beyond pfn 2^48";
	}
	return NULL;
}

/* Is all of the range free memory of one zone? */
static bool is_free_in_a_zone(const struct mm_config *config, const struct memblock *mb,
			      const struct pfn_range *want)
{
	for (unsigned int k = 0; k < config->nr_zones; k++) {
		const struct zone_config *z = &config->zones[k];
		pfn_t cursor = want->start;
		struct pfn_range r;

		if (want->start < z->start || want->end > z->start + z->spanned)
			continue;
		if (memblock_next_free(mb, &cursor, want->end, z->nid, &r) &&
		    r.start == want->start && r.end == want->end)
			return true;
	}
	return false;
}

static const char *check_cma(const struct mm_config *config, const struct memblock *mb,
			     unsigned int *culprit)
{
	uint64_t block = 1ULL << config->pageblock_order;

	for (unsigned int i = 0; i < config->nr_cma; i++) {
		const struct pfn_range *r = &config->cma[i];

		*culprit = i;
		if (!is_aligned(r->start, block) || !is_aligned(r->end, block))
			return "a cma range is not made of whole pageblocks";
		for (unsigned int j = 0; j < i; j++)
			if (overlap(r->start, r->end, config->cma[j].start, config->cma[j].end))
				return "cma ranges overlap";
		if (!is_free_in_a_zone(config, mb, r))
			return "a cma range is not all unreserved memory of one zone";
	}
	return NULL;
}

static const char *check_sysctls(const struct sysctls *s)
{
	if (s->min_free_kbytes != SYSCTL_UNSET && s->min_free_kbytes < 0)
		return "min_free_kbytes is negative";
	if (!sysctl_is_legal(SYSCTL_EXTRA_FREE_KBYTES, s->extra_free_kbytes))
		return "extra_free_kbytes is more than 2147483647";
	if (!sysctl_is_legal(SYSCTL_WATERMARK_SCALE_FACTOR, s->watermark_scale_factor))
		return "watermark_scale_factor is not 1 to 3000";
	if (!sysctl_is_legal(SYSCTL_WATERMARK_BOOST_FACTOR, s->watermark_boost_factor))
		return "watermark_boost_factor is more than 2147483647";
	if (!sysctl_is_legal(SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION,
			     s->percpu_pagelist_high_fraction))
		return "percpu_pagelist_high_fraction is neither 0 nor at least 8";
	if (!sysctl_is_legal(SYSCTL_DIRTY_RATIO, s->dirty_ratio))
		return "dirty_ratio is more than 100";
	return NULL;
}

static const char *check_policies(const struct policies *p)
{
	if (p->marks > MARKS_2_6_14)
		return "the policy for marks does not exist";
	if (p->movable > MOVABLE_HIGHMEM)
		return "the policy for movable does not exist";
	if (p->reserve > RESERVE_EMPTY_LOWER)
		return "the policy for reserve does not exist";
	if (p->pcp_limits > PCP_LIMITS_4_18)
		return "the policy for pcp_limits does not exist";
	if (p->rules > RULES_6_12)
		return "the policy for rules does not exist";
	if (p->pcp_batch > BATCH_MAX)
		return "pcp_batch is more than 65536";
	return NULL;
}

static const char *check_memory(const struct mm_config *config, unsigned int *culprit)
{
	struct mem_region arena[2 * (MAX_ZONES + 3 * MAX_RANGES + 1)];
	uint32_t room = mm_config_regions(config);
	struct memblock mb;
	const char *wrong;

	memblock_init(&mb, arena, 2 * room, room);
	wrong = mm_config_memory(config, &mb, culprit);
	return wrong ? wrong : check_cma(config, &mb, culprit);
}

const char *mm_config_check(const struct mm_config *config, unsigned int *culprit)
{
	const char *wrong;
	unsigned int nobody;

	if (!culprit)
		culprit = &nobody;
	*culprit = 0;
	wrong = check_shape(config);
	wrong = wrong ? wrong : check_nodes(config);
	wrong = wrong ? wrong : check_sysctls(&config->sysctl);
	wrong = wrong ? wrong : check_policies(&config->policy);
	if (!wrong && (config->kernelcore >= PFN_LIMIT || config->movablecore >= PFN_LIMIT))
		wrong = "kernelcore or movablecore is 2^48 pages or more";
	wrong = wrong ? wrong : check_zones(config, culprit);
	wrong = wrong ? wrong : check_ranges(config->holes, config->nr_holes, culprit);
	wrong = wrong ? wrong : check_ranges(config->reserved, config->nr_reserved, culprit);
	wrong = wrong ? wrong : check_ranges(config->cma, config->nr_cma, culprit);
	return wrong ? wrong : check_memory(config, culprit);
}
