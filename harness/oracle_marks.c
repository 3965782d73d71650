/* SPDX-License-Identifier: MIT */
/*
 * oracle_marks.c - the numbers that follow from a machine's description
 *
 * Marks, reserves, limits of per-CPU lists, counter thresholds and zonelists,
 * computed a second time and compared with what core has.  What follows from
 * what is W9: marks and per-CPU limits from some sysctls, reserves from
 * another, limits and thresholds from CPUs coming and going; each keeps the
 * value of its last computation until then.
 */
#include "oracle_impl.h"

#include <string.h>

enum { NODE_LOAD_SCALE = 1024 };	/* loads decide only between equal distances */

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

static unsigned int bits_set(uint64_t v)
{
	unsigned int nr = 0;

	for (; v; v >>= 1)
		nr += v & 1;
	return nr;
}

/* How many binary digits the number has; 0 has none. */
static unsigned int digits(uint64_t v)
{
	unsigned int nr = 0;

	for (; v; v >>= 1)
		nr++;
	return nr;
}

static uint64_t square_root(uint64_t v)
{
	uint64_t lo = 0, hi = 1ULL << 32;	/* lo * lo <= v < hi * hi */

	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (mid * mid <= v)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t pageblock_pages(const struct oracle *o)
{
	return 1ULL << o->mm->tun.pageblock_order;
}

/* KiB of a number of pages, and back. */
static uint64_t kbytes(const struct oracle *o, uint64_t pages)
{
	return pages << (o->mm->tun.page_shift - 10);
}

static uint64_t pages_of(const struct oracle *o, int64_t kib)
{
	return (uint64_t)kib >> (o->mm->tun.page_shift - 10);
}

/* --- W1: min_free_kbytes ---------------------------------------------------------- */

/* Pages above the high mark in zones up to Normal. */
static uint64_t buffer_pages(const struct oracle *o)
{
	uint64_t nr = 0;

	FOR_EACH_ZONE_ID(o, i, id) {
		const struct oracle_zone *t = &o->tuned.zone[id];
		uint64_t high = t->mark[WMARK_HIGH] + o->boost[id];

		if (id % NR_ZONE_TYPES <= ZONE_NORMAL && t->managed_marks > high)
			nr += t->managed_marks - high;
	}
	return nr;
}

/* A user's value that is not below the computed one leaves the old value in force. */
void oracle_compute_min_free(struct oracle *o)
{
	int64_t user = o->sysctl->min_free_kbytes;
	int64_t cap = o->mm->tun.policy.min_free_cap_64m ? 65536 : 262144;
	int64_t kib = (int64_t)square_root(kbytes(o, buffer_pages(o)) * 16);

	if (kib <= user)
		return;
	o->tuned.min_free_kbytes = kib < 128 ? 128 : kib > cap ? cap : kib;
}

/* Huge pages want some pageblocks free of other types; they only ever raise it. */
void oracle_raise_min_free(struct oracle *o)
{
	uint64_t nr_zones = 0;
	int64_t kib;

	FOR_EACH_ZONE_ID(o, i, id)
		if (id % NR_ZONE_TYPES <= ZONE_NORMAL && o->mm->zones[id].present)
			nr_zones++;
	kib = (int64_t)kbytes(o, smaller(pageblock_pages(o) * nr_zones * 11,
					 buffer_pages(o) / 20));
	if (kib > o->tuned.min_free_kbytes)
		o->tuned.min_free_kbytes = kib;
}

/* --- W2, W3: marks ---------------------------------------------------------------- */

static bool is_high_memory(const struct oracle *o, unsigned int id)
{
	unsigned int type = id % NR_ZONE_TYPES;

	if (type == ZONE_MOVABLE)
		return o->mm->tun.has_highmem || o->mm->tun.policy.movable == MOVABLE_HIGHMEM;
	return type == ZONE_HIGHMEM;
}

static void set_zone_marks(const struct oracle *o, struct oracle_zone *t, bool high_memory,
			   uint64_t share, uint64_t extra)
{
	uint64_t managed = t->managed_marks;
	uint64_t min = share, low, high, gap;

	if (high_memory)
		min = larger(32, smaller(128, managed / 1024));
	switch (o->mm->tun.policy.marks) {
	case MARKS_2_6_14:
		low = min * 5 / 4;
		high = min * 6 / 4;
		break;
	case MARKS_4_5:
		low = min + share / 4;
		high = min + share / 2;
		break;
	default:
		gap = larger(share / 4,
			     managed * o->sysctl->watermark_scale_factor / 10000);
		low = min + gap;
		high = min + 2 * gap;
		break;
	}
	t->mark[WMARK_MIN] = min;
	t->mark[WMARK_LOW] = low + extra;
	t->mark[WMARK_HIGH] = high + extra;
}

void oracle_set_marks(struct oracle *o)
{
	uint64_t min_pages = pages_of(o, o->tuned.min_free_kbytes);
	uint64_t extra_pages = pages_of(o, o->sysctl->extra_free_kbytes);
	uint64_t lowmem = 0, total = 0;

	FOR_EACH_ZONE_ID(o, i, id) {
		total += o->tuned.zone[id].managed_marks;
		if (!is_high_memory(o, id))
			lowmem += o->tuned.zone[id].managed_marks;
	}
	FOR_EACH_ZONE_ID(o, i, id) {
		struct oracle_zone *t = &o->tuned.zone[id];

		set_zone_marks(o, t, is_high_memory(o, id),
			       lowmem ? min_pages * t->managed_marks / lowmem : 0,
			       total ? extra_pages * t->managed_marks / total : 0);
	}
}

/* --- P1: limits of per-CPU lists -------------------------------------------------- */

/* One below a power of two; 0 in small zones, where a batch is one page all the same. */
static uint32_t pcp_batch_of(const struct oracle *o, uint64_t managed)
{
	uint64_t most = o->mm->tun.policy.pcp_limits == PCP_LIMITS_4_18 ? 512 : 1024; /* KiB */
	uint64_t batch = smaller(managed / 1024, pages_of(o, (int64_t)most)) / 4;

	if (o->mm->tun.policy.pcp_batch)
		return o->mm->tun.policy.pcp_batch;
	batch = larger(batch, 1);
	return (1u << (digits(batch + batch / 2) - 1)) - 1;
}

static uint32_t pcp_high_of(const struct oracle *o, uint64_t pages, uint32_t batch)
{
	if (o->mm->tun.policy.pcp_limits != PCP_LIMITS_6_1)
		return 6 * batch;
	return (uint32_t)smaller(larger(pages, 4 * larger(batch, 1)), INT32_MAX);
}

/*
 * A CPU that is coming counts for every zone: 6.1 counts the node's CPUs
 * without it, and adds one wherever it belongs.
 */
void oracle_set_pcp_limits(struct oracle *o, struct oracle_cpus cpus)
{
	uint32_t fraction = o->sysctl->percpu_pagelist_high_fraction;

	FOR_EACH_ZONE_ID(o, i, id) {
		const struct zone *z = &o->mm->zones[id];
		struct oracle_zone *t = &o->tuned.zone[id];
		uint64_t managed = cpus.boot ? t->managed_marks : z->managed;
		uint64_t low = t->mark[WMARK_LOW] + z->boost;
		uint64_t local = o->mm->nodes[id / NR_ZONE_TYPES].cpus & cpus.online;
		unsigned int nr_cpus = bits_set(local) + cpus.coming;
		uint32_t batch;

		if (!z->present)
			continue;
		if (!nr_cpus)
			nr_cpus = bits_set(cpus.online);
		batch = pcp_batch_of(o, managed);
		t->pcp_high = pcp_high_of(o, (fraction ? managed / fraction : low) / nr_cpus,
					  batch);
		t->pcp_batch = batch ? batch : 1;
	}
}

/* --- W4, G5, W8 ------------------------------------------------------------------- */

void oracle_set_reserves(struct oracle *o)
{
	const struct policies *policy = &o->mm->tun.policy;

	FOR_EACH_ZONE_ID(o, i, id) {
		struct oracle_zone *t = &o->tuned.zone[id];
		unsigned int node = id - id % NR_ZONE_TYPES;
		int64_t ratio = o->sysctl->lowmem_reserve_ratio[id % NR_ZONE_TYPES];
		uint64_t sum = 0;
		bool none = ratio < 1 || (t->managed_reserve == 0 &&
					  policy->reserve != RESERVE_EMPTY_LOWER);

		for (unsigned int up = id + 1; up < node + NR_ZONE_TYPES; up++) {
			uint64_t managed = o->tuned.zone[up].managed_reserve;

			sum += managed;
			t->reserve[up - node] = none ? 0 : sum / (uint64_t)ratio;
			if (policy->reserve == RESERVE_SKIP_EMPTY && managed == 0)
				t->reserve[up - node] = 0;
		}
	}
}

/* G5: pages of a node that are not for dirty data; the marks count with their boost. */
void oracle_set_totalreserve(struct oracle *o)
{
	memset(o->tuned.totalreserve, 0, sizeof(o->tuned.totalreserve));
	FOR_EACH_ZONE_ID(o, i, id) {
		const struct oracle_zone *t = &o->tuned.zone[id];
		uint64_t most = 0;

		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
			if (o->mm->tun.zone_types >> type & 1)
				most = larger(most, t->reserve[type]);
		most += t->mark[WMARK_HIGH] + o->mm->zones[id].boost;
		o->tuned.totalreserve[id / NR_ZONE_TYPES] +=
			smaller(most, o->mm->zones[id].managed);
	}
}

void oracle_set_thresholds(struct oracle *o)
{
	unsigned int nr_online = bits_set(o->mm->online_cpus);

	FOR_EACH_ZONE_ID(o, i, id) {
		const struct zone *z = &o->mm->zones[id];
		struct oracle_zone *t = &o->tuned.zone[id];
		uint64_t mem = z->managed >> (27 - o->mm->tun.page_shift);	/* 128 MiB units */
		uint64_t drift;

		if (!z->present)
			continue;
		t->threshold = (uint8_t)smaller(125, 2ULL * digits(nr_online) * (1 + digits(mem)));
		drift = (uint64_t)nr_online * t->threshold;
		if (drift > t->mark[WMARK_LOW] - t->mark[WMARK_MIN])
			t->drift_mark = t->mark[WMARK_HIGH] + z->boost + drift;
	}
}

/* --- Z4: zonelists ---------------------------------------------------------------- */

static bool node_has_memory(const struct oracle *o, unsigned int nid)
{
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (o->mm->zones[nid * NR_ZONE_TYPES + type].present)
			return true;
	return false;
}

/* The node with memory that comes next for `nid`, none of `used`; MAX_NODES: none is left. */
static unsigned int next_node(const struct oracle *o, unsigned int nid, unsigned int used,
			      const unsigned int *load)
{
	const struct node *nodes = o->mm->nodes;
	unsigned int best = MAX_NODES, best_value = 0;

	for (unsigned int n = 0; n < MAX_NODES; n++) {
		unsigned int value = nodes[nid].distance[n];

		if ((used >> n & 1) || !nodes[n].online || !node_has_memory(o, n))
			continue;
		value += n < nid ? 1 : 0;
		value += nodes[n].cpus ? 1 : 0;
		value = value * NODE_LOAD_SCALE + load[n];
		if (best == MAX_NODES || value < best_value) {
			best = n;
			best_value = value;
		}
	}
	return best;
}

static uint8_t *append_zones(const struct oracle *o, uint8_t *list, unsigned int nid)
{
	for (unsigned int type = NR_ZONE_TYPES; type-- > 0;) {
		unsigned int id = nid * NR_ZONE_TYPES + type;

		if (o->mm->zones[id].present)
			*list++ = (uint8_t)id;
	}
	*list = ZONE_ID_END;
	return list;
}

void oracle_set_zonelists(struct oracle *o)
{
	unsigned int load[MAX_NODES] = { 0 };

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		const uint8_t *distance = o->mm->nodes[nid].distance;
		unsigned int used = 1u << nid, last = nid, n;
		uint8_t *end;

		if (!o->mm->nodes[nid].online)
			continue;
		append_zones(o, o->zonelist[nid][ZONELIST_NOFALLBACK], nid);
		end = append_zones(o, o->zonelist[nid][ZONELIST_FALLBACK], nid);
		while ((n = next_node(o, nid, used, load)) < MAX_NODES) {
			if (distance[n] != distance[last])
				load[n]++;	/* others shall start elsewhere */
			used |= 1u << n;
			last = n;
			end = append_zones(o, end, n);
		}
	}
}
