/* SPDX-License-Identifier: MIT */
/*
 * world_machine.c - drawing a machine, and changing one
 *
 * Drawing goes from the coarse to the fine: CPUs and nodes, then zones upward
 * in pfn, then what is missing from them, then settings.  Where the pieces do
 * not fit together the finest are left out first, so that a machine always
 * comes out.
 */
#include <string.h>

#include "world.h"

enum {
	ODD_TRIES = 4,			/* machines drawn before the odd parts are left out */
	START_MAX = 1 << 22,		/* no zone is moved to start above this */
};

static const uint8_t zone_sets[] = {
	1 << ZONE_DMA | 1 << ZONE_DMA32 | 1 << ZONE_NORMAL | 1 << ZONE_MOVABLE | 1 << ZONE_DEVICE,
	1 << ZONE_DMA | 1 << ZONE_NORMAL | 1 << ZONE_HIGHMEM | 1 << ZONE_MOVABLE,
	1 << ZONE_DMA32 | 1 << ZONE_NORMAL | 1 << ZONE_MOVABLE,
	1 << ZONE_NORMAL | 1 << ZONE_MOVABLE,
	1 << ZONE_DMA | 1 << ZONE_DMA32 | 1 << ZONE_NORMAL | 1 << ZONE_HIGHMEM | 1 << ZONE_MOVABLE,
};

/* --- CPUs and nodes -------------------------------------------------------------- */

static void draw_cpus(const struct theme *theme, uint64_t *rng, struct mm_config *c,
		      unsigned int nr_nodes)
{
	unsigned int least = theme->cpus_min ? theme->cpus_min : 1;

	c->nr_cpus = (uint8_t)(least + rng_below(rng, theme->cpus_max + 1u - least));
	memset(c->node_cpus, 0, sizeof(c->node_cpus));
	for (unsigned int cpu = 0; cpu < c->nr_cpus; cpu++) {
		unsigned int nid = rng_chance(rng, 224) ? cpu % nr_nodes
						       : (unsigned int)rng_below(rng, nr_nodes);

		c->node_cpus[nid] |= 1ULL << cpu;
	}
}

static void draw_distances(uint64_t *rng, struct mm_config *c)
{
	bool flat = rng_chance(rng, 96);

	for (unsigned int a = 0; a < MAX_NODES; a++)
		for (unsigned int b = 0; b < a; b++) {
			uint8_t d = flat ? 20 : (uint8_t)(11 + rng_below(rng, 4) * 10);

			c->distance[a][b] = d;
			c->distance[b][a] = d;
		}
	for (unsigned int a = 0; a < MAX_NODES; a++)
		c->distance[a][a] = 10;
}

/* --- zones ----------------------------------------------------------------------- */

static uint64_t draw_size(const struct theme *theme, uint64_t *rng, const struct mm_config *c)
{
	uint64_t pages = rng_chance(rng, 128) ? rng_scale(rng, theme->pages_max)
					      : (uint64_t)theme->pages_max >> rng_below(rng, 4);

	if (!theme->odd_geometry || rng_chance(rng, 64))
		pages &= ~((1ULL << c->pageblock_order) - 1);
	return pages < 32 ? 32 : pages;
}

static pfn_t draw_start(const struct theme *theme, uint64_t *rng, pfn_t after)
{
	unsigned int order = MAX_ORDER;

	if (theme->odd_geometry) {
		order = (unsigned int)rng_below(rng, NR_ORDERS);
		if (rng_chance(rng, 64))
			after += rng_scale(rng, 2048);
	}
	return (after + (1ULL << order) - 1) & ~((1ULL << order) - 1);
}

static void zone_counts(const struct theme *theme, uint64_t *rng, struct zone_config *z)
{
	z->present = PAGES_UNSET;
	z->managed = PAGES_UNSET;
	z->managed_marks = PAGES_UNSET;
	z->managed_reserve = PAGES_UNSET;
	if (!theme->odd_geometry)
		return;
	if (rng_chance(rng, 32))
		z->managed = rng_chance(rng, 32) ? 0
			   : z->spanned - rng_below(rng, z->spanned / 2 + 1);
	if (rng_chance(rng, 32))
		z->managed_marks = rng_below(rng, z->spanned * 2);
	if (rng_chance(rng, 32))
		z->managed_reserve = rng_below(rng, z->spanned * 2);
}

static void draw_zones(const struct theme *theme, uint64_t *rng, struct mm_config *c,
		       unsigned int nr_nodes)
{
	pfn_t cursor = theme->odd_geometry && rng_chance(rng, 64) ? rng_scale(rng, START_MAX) : 0;
	unsigned int room = 1 + (unsigned int)rng_below(rng, theme->zones_max);

	c->nr_zones = 0;
	for (unsigned int nid = 0; nid < nr_nodes; nid++) {
		for (unsigned int type = 0; type < ZONE_DEVICE; type++) {
			struct zone_config *z = &c->zones[c->nr_zones];
			bool low = type < ZONE_NORMAL || type == ZONE_MOVABLE;

			if (!(c->zone_types >> type & 1) || c->nr_zones >= room)
				continue;
			if (rng_chance(rng, low ? 128 + 64 * (nid > 0) : 32))
				continue;
			memset(z, 0, sizeof(*z));
			z->nid = (uint8_t)nid;
			z->type = (uint8_t)type;
			z->start = draw_start(theme, rng, cursor);
			z->spanned = draw_size(theme, rng, c);
			zone_counts(theme, rng, z);
			cursor = z->start + z->spanned;
			c->nr_zones++;
		}
	}
	if (c->nr_zones)
		return;
	c->zones[0] = (struct zone_config){
		.type = ZONE_NORMAL, .start = cursor, .spanned = draw_size(theme, rng, c),
		.present = PAGES_UNSET, .managed = PAGES_UNSET,
		.managed_marks = PAGES_UNSET, .managed_reserve = PAGES_UNSET,
	};
	c->nr_zones = 1;
}

/* --- what is missing from zones, and what is special in them ---------------------- */

static struct pfn_range draw_range(uint64_t *rng, const struct mm_config *c)
{
	const struct zone_config *z = &c->zones[rng_below(rng, c->nr_zones)];
	struct pfn_range r;

	if (!z->spanned)
		return (struct pfn_range){ z->start, z->start + 1 };
	r.start = z->start + rng_below(rng, z->spanned);
	r.end = r.start + rng_scale(rng, z->start + z->spanned - r.start);
	if (rng_chance(rng, 64) && r.end - r.start > 64) {	/* a common shape: aligned */
		r.start &= ~15ULL;
		r.end &= ~15ULL;
	}
	return r;
}

static struct pfn_range draw_cma(uint64_t *rng, const struct mm_config *c)
{
	const struct zone_config *z = &c->zones[rng_below(rng, c->nr_zones)];
	uint64_t size = 1ULL << c->pageblock_order;
	pfn_t first = (z->start + size - 1) & ~(size - 1);
	uint64_t nr = z->start + z->spanned > first ? (z->start + z->spanned - first) / size : 0;
	uint64_t at;

	if (!nr)
		return (struct pfn_range){ first, first + size };	/* refused, and left out */
	at = rng_below(rng, nr);
	return (struct pfn_range){
		first + at * size, first + (at + rng_scale(rng, nr - at)) * size,
	};
}

/* Adds a range where it keeps the machine bootable. */
static void try_range(struct mm_config *c, struct pfn_range *ranges, uint8_t *nr,
		      struct pfn_range r)
{
	if (*nr >= MAX_RANGES || r.start >= r.end)
		return;
	ranges[(*nr)++] = r;
	if (mm_config_check(c, NULL))
		(*nr)--;
}

static void draw_ranges(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	c->nr_holes = c->nr_reserved = c->nr_cma = 0;
	if (theme->odd_geometry) {
		for (uint64_t n = rng_below(rng, 4); n; n--)
			try_range(c, c->holes, &c->nr_holes, draw_range(rng, c));
		for (uint64_t n = rng_below(rng, 4); n; n--)
			try_range(c, c->reserved, &c->nr_reserved, draw_range(rng, c));
	}
	if (!theme->one_movability && rng_chance(rng, 64))
		try_range(c, c->cma, &c->nr_cma, draw_cma(rng, c));
	if (theme->odd_geometry && rng_chance(rng, 32)) {
		uint64_t *core = rng_chance(rng, 128) ? &c->kernelcore : &c->movablecore;

		*core = rng_scale(rng, theme->pages_max);
		if (mm_config_check(c, NULL))
			*core = 0;
	}
}

/* --- settings -------------------------------------------------------------------- */

static void draw_sysctl(const struct theme *theme, uint64_t *rng, struct sysctls *s)
{
	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
		s->min_free_kbytes = rng_chance(rng, 64) ? SYSCTL_UNSET
				   : (int32_t)rng_below(rng, (uint64_t)theme->pages_max * 2);
		break;
	case 2:
		s->extra_free_kbytes = (uint32_t)rng_scale(rng, theme->pages_max);
		break;
	case 3:
		s->watermark_scale_factor = (uint32_t)rng_scale(rng, 1000);
		break;
	case 4:
		s->watermark_boost_factor = rng_chance(rng, 96) ? 0
					  : (uint32_t)rng_scale(rng, 30000);
		break;
	case 5:
		s->percpu_pagelist_high_fraction = rng_chance(rng, 64) ? 0
						 : 8 + (uint32_t)rng_scale(rng, 500);
		break;
	case 6:
		s->lowmem_reserve_ratio[rng_below(rng, NR_ZONE_TYPES)] =
			rng_chance(rng, 64) ? 0 : (int32_t)rng_scale(rng, 512);
		break;
	default:
		s->dirty_ratio = (uint32_t)rng_below(rng, 101);
		break;
	}
}

static void draw_policy(uint64_t *rng, struct policies *p)
{
	switch (rng_below(rng, 11)) {
	case 0: p->marks = (uint8_t)rng_below(rng, 3); break;
	case 1: p->movable = (uint8_t)rng_below(rng, 2); break;
	case 2: p->reserve = (uint8_t)rng_below(rng, 3); break;
	case 3: p->pcp_limits = (uint8_t)rng_below(rng, 3); break;
	case 4: p->min_free_cap_64m = !p->min_free_cap_64m; break;
	case 5: p->init_on_alloc = !p->init_on_alloc; break;
	case 6: p->init_on_free = !p->init_on_free; break;
	case 7: p->poison = !p->poison; break;
	case 8: p->prezero = !p->prezero; break;
	case 9: p->shuffle = !p->shuffle; break;
	default: p->pcp_batch = (uint32_t)rng_below(rng, 64); break;
	}
}

static void draw_pageblock_order(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	/* Small pageblocks make a small machine behave as a large one does. */
	unsigned int most = rng_chance(rng, 192) ? fls_u64(theme->pages_max) / 2 : MAX_ORDER;

	c->pageblock_order = (uint8_t)(1 + rng_below(rng, most < MAX_ORDER ? most : MAX_ORDER));
	if (rng_chance(rng, 64))
		c->pageblock_order = 9;
}

/*
 * Marks near what the zones for the kernel have: half of that to two and a half
 * times as much.  What an ordinary request may not have is then what those who
 * may go below the marks live on.
 */
static void draw_pressure(uint64_t *rng, struct mm_config *c)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < c->nr_zones; i++)
		if (c->zones[i].type <= ZONE_NORMAL)
			pages += c->zones[i].spanned;
	pages = pages * (128 + rng_below(rng, 512)) / 256;
	c->sysctl.min_free_kbytes = (int32_t)(pages << (c->page_shift - 10));
}

static void draw_once(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	unsigned int nr_nodes = 1 + (unsigned int)rng_below(rng, theme->nodes_max);

	mm_config_default(c);
	c->page_shift = rng_chance(rng, 8) ? (uint8_t)(12 + rng_below(rng, 5)) : 12;
	draw_pageblock_order(theme, rng, c);
	c->zone_types = zone_sets[rng_below(rng, sizeof(zone_sets))];
	c->online_nodes = (uint8_t)((1u << nr_nodes) - 1);
	draw_cpus(theme, rng, c, nr_nodes);
	draw_distances(rng, c);
	draw_zones(theme, rng, c, nr_nodes);
	for (uint64_t n = rng_below(rng, 4); n; n--)
		draw_sysctl(theme, rng, &c->sysctl);
	if (rng_chance(rng, theme->pressure))
		draw_pressure(rng, c);
	while (rng_chance(rng, theme->policies))
		draw_policy(rng, &c->policy);
}

void world_draw_machine(const struct theme *theme, uint64_t *rng, struct mm_config *config)
{
	struct theme plain = *theme;

	for (unsigned int tries = 0; tries < ODD_TRIES; tries++) {
		draw_once(theme, rng, config);
		if (!mm_config_check(config, NULL)) {
			draw_ranges(theme, rng, config);
			return;
		}
	}
	plain.odd_geometry = false;
	plain.nodes_max = 1;
	plain.zones_max = 1;
	plain.policies = 0;
	draw_once(&plain, rng, config);
	mm_assert(X10, mm_config_check(config, NULL) == NULL);
}

/* --- changing -------------------------------------------------------------------- */

static void change_zone(const struct theme *theme, uint64_t *rng, struct zone_config *z,
			const struct mm_config *c)
{
	switch (rng_below(rng, 6)) {
	case 0:
		z->spanned = draw_size(theme, rng, c);
		break;
	case 1:
		z->spanned += rng_scale(rng, 1ULL << c->pageblock_order);
		break;
	case 2:
		z->spanned -= rng_below(rng, z->spanned / 2 + 1);
		break;
	case 3:
		z->start += rng_scale(rng, 1ULL << c->pageblock_order);
		break;
	case 4:
		z->start -= rng_below(rng, z->start < 1024 ? z->start + 1 : 1024);
		break;
	default:
		zone_counts(theme, rng, z);
		break;
	}
}

/* A zone comes behind all others, or the last one goes. */
static void change_nr_zones(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	struct zone_config *z = &c->zones[c->nr_zones];
	pfn_t end = 0;

	if (c->nr_zones >= theme->zones_max || (c->nr_zones > 1 && rng_chance(rng, 64))) {
		if (c->nr_zones > 1)
			c->nr_zones--;
		return;
	}
	for (unsigned int i = 0; i < c->nr_zones; i++)
		if (c->zones[i].start + c->zones[i].spanned > end)
			end = c->zones[i].start + c->zones[i].spanned;
	memset(z, 0, sizeof(*z));
	z->nid = (uint8_t)rng_below(rng, theme->nodes_max);
	z->type = (uint8_t)rng_below(rng, ZONE_DEVICE);
	z->start = draw_start(theme, rng, end);
	z->spanned = rng_chance(rng, 16) ? 0 : draw_size(theme, rng, c);
	zone_counts(theme, rng, z);
	c->zone_types |= (uint8_t)(1u << z->type);
	c->online_nodes |= (uint8_t)(1u << z->nid);
	c->nr_zones++;
}

static void change_range(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	struct pfn_range *ranges = c->holes;
	uint8_t *nr = &c->nr_holes;
	bool cma = !theme->one_movability && (!theme->odd_geometry || rng_chance(rng, 85));

	if (cma) {
		ranges = c->cma;
		nr = &c->nr_cma;
	} else if (rng_chance(rng, 128)) {
		ranges = c->reserved;
		nr = &c->nr_reserved;
	}
	if (*nr && rng_chance(rng, 128)) {
		ranges[rng_below(rng, *nr)] = ranges[*nr - 1];
		(*nr)--;
	} else if (cma || theme->odd_geometry) {
		try_range(c, ranges, nr, cma ? draw_cma(rng, c) : draw_range(rng, c));
	}
}

void world_change_machine(const struct theme *theme, uint64_t *rng, struct mm_config *c)
{
	switch (rng_below(rng, 12)) {
	case 0:
		draw_cpus(theme, rng, c, fls_u64(c->online_nodes));
		break;
	case 1:
		draw_distances(rng, c);
		break;
	case 2:
		draw_pageblock_order(theme, rng, c);
		break;
	case 3:
		change_nr_zones(theme, rng, c);
		break;
	case 4:
	case 5:
		if (c->nr_zones)
			change_zone(theme, rng, &c->zones[rng_below(rng, c->nr_zones)], c);
		break;
	case 6:
	case 7:
		if (c->nr_zones)
			change_range(theme, rng, c);
		break;
	case 8:
		if (rng_chance(rng, theme->policies))
			draw_policy(rng, &c->policy);
		break;
	case 9:
		if (theme->odd_geometry)
			c->kernelcore = rng_chance(rng, 128) ? 0 : rng_scale(rng, theme->pages_max);
		break;
	default:
		draw_sysctl(theme, rng, &c->sysctl);
		break;
	}
}
