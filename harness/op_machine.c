/* SPDX-License-Identifier: MIT */
/*
 * op_machine.c - machines of programs: sysctls and policies by name, and repair
 *
 * Repair is what makes decoding total.  A description that can boot is left
 * alone.  Of any other, single fields are first brought into range; if that
 * is not enough, zones and ranges are taken up one by one and those that the
 * rest cannot boot with are left out; if nothing is left, it becomes one small
 * zone.  mm_config_check() alone judges, so no rule of core is repeated here.
 */
#include <string.h>

#include "op_parts.h"

/* --- sysctls and policies ----------------------------------------------------------------- */

int64_t machine_sysctl(const struct sysctls *s, enum sysctl_name name, unsigned int index)
{
	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES: return s->min_free_kbytes;
	case SYSCTL_EXTRA_FREE_KBYTES: return s->extra_free_kbytes;
	case SYSCTL_WATERMARK_SCALE_FACTOR: return s->watermark_scale_factor;
	case SYSCTL_WATERMARK_BOOST_FACTOR: return s->watermark_boost_factor;
	case SYSCTL_LOWMEM_RESERVE_RATIO: return s->lowmem_reserve_ratio[index];
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION: return s->percpu_pagelist_high_fraction;
	case SYSCTL_DIRTY_RATIO: return s->dirty_ratio;
	case SYSCTL_THP: return s->thp;
	case NR_SYSCTLS: break;
	}
	return 0;
}

static bool set_i32(int32_t *field, int64_t value)
{
	if (value < INT32_MIN || value > INT32_MAX)
		return false;
	*field = (int32_t)value;
	return true;
}

static bool set_u32(uint32_t *field, int64_t value)
{
	if (value < 0 || value > UINT32_MAX)
		return false;
	*field = (uint32_t)value;
	return true;
}

bool machine_set_sysctl(struct sysctls *s, enum sysctl_name name, unsigned int index, int64_t value)
{
	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES: return set_i32(&s->min_free_kbytes, value);
	case SYSCTL_EXTRA_FREE_KBYTES: return set_u32(&s->extra_free_kbytes, value);
	case SYSCTL_WATERMARK_SCALE_FACTOR: return set_u32(&s->watermark_scale_factor, value);
	case SYSCTL_WATERMARK_BOOST_FACTOR: return set_u32(&s->watermark_boost_factor, value);
	case SYSCTL_LOWMEM_RESERVE_RATIO: return set_i32(&s->lowmem_reserve_ratio[index], value);
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		return set_u32(&s->percpu_pagelist_high_fraction, value);
	case SYSCTL_DIRTY_RATIO: return set_u32(&s->dirty_ratio, value);
	case SYSCTL_THP:
		s->thp = value == 1;
		return value == 0 || value == 1;
	case NR_SYSCTLS: break;
	}
	return false;
}

const struct policy_info policy_infos[NR_POLICY_INFOS] = {
	{ "marks", offsetof(struct policies, marks), 3, { "6.1", "4.5", "2.6.14" } },
	{ "movable", offsetof(struct policies, movable), 2, { "follows", "highmem" } },
	{ "reserve", offsetof(struct policies, reserve), 3,
	  { "cumulative", "skip_empty", "empty_lower" } },
	{ "pcp_limits", offsetof(struct policies, pcp_limits), 3, { "6.1", "5.13", "4.18" } },
	{ "min_free_cap", offsetof(struct policies, min_free_cap_64m), 2, { "262144", "65536" } },
	{ "init_on_alloc", offsetof(struct policies, init_on_alloc), 2, { NULL } },
	{ "init_on_free", offsetof(struct policies, init_on_free), 2, { NULL } },
	{ "poison", offsetof(struct policies, poison), 2, { NULL } },
	{ "prezero", offsetof(struct policies, prezero), 2, { NULL } },
	{ "shuffle", offsetof(struct policies, shuffle), 2, { NULL } },
};

_Static_assert(sizeof(bool) == 1, "a flag is one byte");

/* --- single fields ------------------------------------------------------------------------ */

static void clamp_sizes(struct mm_config *c)
{
	if (c->nr_cpus == 0 || c->nr_cpus > MAX_CPUS)
		c->nr_cpus = (uint8_t)(c->nr_cpus % MAX_CPUS + 1);
	if (c->page_shift < 12 || c->page_shift > 16)
		c->page_shift = 12;
	if (c->pageblock_order == 0 || c->pageblock_order > MAX_ORDER)
		c->pageblock_order = (uint8_t)(c->pageblock_order % MAX_ORDER + 1);
	c->zone_types &= (1u << NR_ZONE_TYPES) - 1;
	c->zone_types |= 1u << ZONE_NORMAL | 1u << ZONE_MOVABLE;
	if (c->online_nodes == 0)
		c->online_nodes = 1;
	if (c->nr_zones > MAX_ZONES)
		c->nr_zones = MAX_ZONES;
	if (c->nr_holes > MAX_RANGES)
		c->nr_holes = MAX_RANGES;
	if (c->nr_reserved > MAX_RANGES)
		c->nr_reserved = MAX_RANGES;
	if (c->nr_cma > MAX_RANGES)
		c->nr_cma = MAX_RANGES;
}

/* Each CPU to exactly one online node, the first that claims it; the others to the first node. */
static void clamp_nodes(struct mm_config *c)
{
	uint64_t left = c->nr_cpus == MAX_CPUS ? UINT64_MAX : (UINT64_C(1) << c->nr_cpus) - 1;
	unsigned int first = MAX_NODES;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		if (!(c->online_nodes >> nid & 1)) {
			c->node_cpus[nid] = 0;
			continue;
		}
		if (first == MAX_NODES)
			first = nid;
		c->node_cpus[nid] &= left;
		left &= ~c->node_cpus[nid];
	}
	c->node_cpus[first] |= left;
}

/* Distances between online nodes: 10 to itself, the same both ways; 20 if it makes no sense. */
static void clamp_distances(struct mm_config *c)
{
	for (unsigned int a = 0; a < MAX_NODES; a++) {
		if (!(c->online_nodes >> a & 1))
			continue;
		c->distance[a][a] = 10;
		for (unsigned int b = a + 1; b < MAX_NODES; b++) {
			if (!(c->online_nodes >> b & 1))
				continue;
			if (c->distance[a][b] < 10)
				c->distance[a][b] = 20;
			c->distance[b][a] = c->distance[a][b];
		}
	}
}

static void clamp_zones(struct mm_config *c)
{
	for (unsigned int i = 0; i < c->nr_zones; i++) {
		struct zone_config *z = &c->zones[i];

		if (z->nid >= MAX_NODES || !(c->online_nodes >> z->nid & 1))
			z->nid = (uint8_t)op_nth_bit(c->online_nodes, z->nid);
		if (z->type >= NR_ZONE_TYPES || !(c->zone_types >> z->type & 1))
			z->type = (uint8_t)op_nth_bit(c->zone_types, z->type);
	}
}

/* A sysctl that is out of its range gets its default. */
static void clamp_sysctl(struct sysctls *s, enum sysctl_name name)
{
	int64_t value = machine_sysctl(s, name, 0);
	struct mm_config defaults;

	if (sysctl_is_legal(name, value) || (name == SYSCTL_MIN_FREE_KBYTES &&
					     value == SYSCTL_UNSET))
		return;
	mm_config_default(&defaults);
	machine_set_sysctl(s, name, 0, machine_sysctl(&defaults.sysctl, name, 0));
}

static void clamp_sysctls(struct mm_config *c)
{
	for (unsigned int name = 0; name < NR_SYSCTLS; name++)
		if (name != SYSCTL_LOWMEM_RESERVE_RATIO)
			clamp_sysctl(&c->sysctl, name);
}

/* What mm_config_check() does not look at: it means nothing, but has to be the same everywhere. */
static void clamp_meaningless(struct mm_config *c)
{
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (!(c->zone_types >> type & 1))
			c->sysctl.lowmem_reserve_ratio[type] = 0;
	for (unsigned int i = 0; i < NR_POLICY_INFOS; i++) {
		uint8_t *value = policy_byte(&c->policy, i);

		if (*value >= policy_infos[i].nr)
			*value = (uint8_t)(*value % policy_infos[i].nr);
	}
	c->policy.rules = RULES_6_1;	/* others are for programs that begin with a state */
}

/* --- the whole ---------------------------------------------------------------------------- */

/* A machine without zones could boot, but nothing would ever happen there. */
static bool boots(const struct mm_config *c)
{
	return c->nr_zones && mm_config_check(c, NULL) == NULL;
}

void machine_small_zone(struct mm_config *c)
{
	c->nr_zones = 1;
	c->zones[0] = (struct zone_config){
		.nid = (uint8_t)op_nth_bit(c->online_nodes, 0),
		.type = ZONE_NORMAL, .start = 4096, .spanned = 4096, .present = PAGES_UNSET,
		.managed = PAGES_UNSET, .managed_marks = PAGES_UNSET,
		.managed_reserve = PAGES_UNSET,
	};
}

/* Takes up the zones that boot together with those before them, if need be without their counts. */
static void keep_zones(struct mm_config *c, const struct mm_config *from)
{
	c->nr_zones = 0;
	for (unsigned int i = 0; i < from->nr_zones; i++) {
		struct zone_config *z = &c->zones[c->nr_zones++];

		*z = from->zones[i];
		if (boots(c))
			continue;
		z->present = z->managed = z->managed_marks = z->managed_reserve = PAGES_UNSET;
		if (!boots(c))
			c->nr_zones--;
	}
}

static void keep_ranges(struct mm_config *c, struct pfn_range *ranges, uint8_t *nr,
			const struct pfn_range *from, unsigned int nr_from)
{
	*nr = 0;
	for (unsigned int i = 0; i < nr_from; i++) {
		ranges[(*nr)++] = from[i];
		if (!boots(c))
			(*nr)--;
	}
}

/* Builds *c anew from the parts of `from` that boot together. */
static void rebuild(struct mm_config *c, const struct mm_config *from)
{
	c->nr_holes = 0;
	c->nr_reserved = 0;
	c->nr_cma = 0;
	keep_zones(c, from);
	if (c->nr_zones == 0)
		machine_small_zone(c);
	if (!boots(c)) {
		mm_config_default(c);
		clamp_nodes(c);
		clamp_meaningless(c);
		machine_small_zone(c);
		return;
	}
	keep_ranges(c, c->holes, &c->nr_holes, from->holes, from->nr_holes);
	keep_ranges(c, c->reserved, &c->nr_reserved, from->reserved, from->nr_reserved);
	keep_ranges(c, c->cma, &c->nr_cma, from->cma, from->nr_cma);
}

void machine_repair(struct mm_config *c)
{
	clamp_sizes(c);
	clamp_nodes(c);
	clamp_distances(c);
	clamp_meaningless(c);
	if (!boots(c)) {
		struct mm_config from;

		clamp_sysctls(c);
		clamp_zones(c);
		from = *c;
		rebuild(c, &from);
	}
}
