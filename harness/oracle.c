/* SPDX-License-Identifier: MIT */
/*
 * oracle.c - who owns which page
 *
 * One number per managed page says which slot holds it.  The runs of managed
 * pages are found once, when the machine has just booted and every managed
 * page is on a free list; a page outside of them can never be handed out.
 */
#include "oracle_impl.h"

#include <string.h>

#include "bare.h"

const size_t oracle_size = sizeof(struct oracle);

static uint64_t managed_pages(const struct mm *mm)
{
	uint64_t nr = 0;

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		nr += mm->zones[id].managed;
	return nr;
}

size_t oracle_bytes(const struct mm *mm)
{
	uint64_t bytes = managed_pages(mm) * sizeof(uint16_t);

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		bytes += 2 * mm->zones[id].blocks.nr;
	return (size_t)bytes;
}

/* --- boot ------------------------------------------------------------------------- */

static void add_run(struct oracle *o, unsigned int zone, pfn_t start, pfn_t end)
{
	struct oracle_range *r = o->nr_ranges ? &o->range[o->nr_ranges - 1] : NULL;

	if (r && r->zone == zone && r->end == start) {
		r->end = end;
		return;
	}
	mm_assert(Z3, o->nr_ranges < ORACLE_RANGES);
	o->range[o->nr_ranges] = (struct oracle_range){
		.start = start,
		.end = end,
		.first = r ? r->first + (r->end - r->start) : 0,
		.zone = (uint8_t)zone,
	};
	o->nr_ranges++;
}

/* Z1, X1: all that is managed is free after boot, and nothing else is. */
static void find_runs(struct oracle *o, unsigned int id)
{
	const struct zone *z = &o->mm->zones[id];
	uint64_t nr_free = 0;
	pfn_t pfn = z->start_pfn;

	while (pfn < z->end_pfn) {
		const struct page *page = &z->pages[pfn - z->start_pfn];
		pfn_t end;

		if (page->state != PAGE_FREE) {
			pfn++;
			continue;
		}
		end = pfn + (1ULL << page->order);
		mm_assert(Z2, end <= z->end_pfn);
		add_run(o, id, pfn, end);
		nr_free += end - pfn;
		pfn = end;
	}
	mm_assert(Z1, nr_free == z->managed);
	mm_assert(Z1, z->managed <= z->present && z->present <= z->end_pfn - z->start_pfn);
}

void oracle_init(struct oracle *o, const struct mm *mm, void *memory)
{
	const uint8_t *types = NULL;	/* of the lowest pageblock */
	uint64_t blocks = 0;
	unsigned int nr_zones = 0;

	memset(o, 0, offsetof(struct oracle, zonelist));
	memset(o->last, 0, sizeof(o->last));
	memset(o->tuned.zone, 0, mm->tun.zone_ids * sizeof(o->tuned.zone[0]));
	o->mm = mm;
	o->sysctl = &mm->tun.sysctl;
	o->owner = memory;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		o->online_nodes |= (uint8_t)(mm->nodes[nid].online << nid);
	o->block_moved = (uint8_t *)(o->owner + managed_pages(mm));
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		const struct zone *z = &mm->zones[id];

		if (z->blocks.nr && (!types || z->blocks.type < types))
			types = z->blocks.type;
	}
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		const struct zone *z = &mm->zones[id];

		if (!mm->nodes[id / NR_ZONE_TYPES].online ||
		    !(mm->tun.zone_types >> (id % NR_ZONE_TYPES) & 1))
			continue;
		o->zones[nr_zones++] = (uint8_t)id;
		o->moved_first[id] = blocks;
		o->retyped_first[id] = z->blocks.nr ? (uint64_t)(z->blocks.type - types) : 0;
		blocks += z->blocks.nr;
		o->boost[id] = z->boost;
		find_runs(o, id);
	}
	o->zones[nr_zones] = ZONE_ID_END;
	o->block_retyped = o->block_moved + blocks;
	oracle_boot_tuned(o);
}

void oracle_copy(struct oracle *to, const struct oracle *from)
{
	const size_t rest = offsetof(struct oracle, tuned) + offsetof(struct oracle_tuned, zone) +
			    sizeof(from->tuned.zone);
	const size_t end = offsetof(struct oracle, range) + from->nr_ranges * sizeof(*from->range);

	bare_copy(to, from, offsetof(struct oracle, tuned) + offsetof(struct oracle_tuned, zone));
	bare_copy(to->tuned.zone, from->tuned.zone,
	       from->mm->tun.zone_ids * sizeof(from->tuned.zone[0]));
	bare_copy((uint8_t *)to + rest, (const uint8_t *)from + rest, end - rest);
}

bool oracle_same(const struct oracle *a, const struct oracle *b)
{
	const size_t zones = offsetof(struct oracle, tuned) + offsetof(struct oracle_tuned, zone);
	const size_t rest = zones + sizeof(a->tuned.zone);
	const size_t ids = a->mm->tun.zone_ids;

	return a->nr_ranges == b->nr_ranges && memcmp(a, b, zones) == 0 &&
	       memcmp(a->tuned.zone, b->tuned.zone, ids * sizeof(a->tuned.zone[0])) == 0 &&
	       memcmp((const uint8_t *)a + rest, (const uint8_t *)b + rest,
		      offsetof(struct oracle, question) - rest) == 0 &&
	       memcmp(a->range, b->range, a->nr_ranges * sizeof(a->range[0])) == 0;
}

void oracle_disown(struct oracle *o, unsigned int zone, pfn_t start, pfn_t end)
{
	for (uint32_t i = 0; i < o->nr_ranges; i++) {
		const struct oracle_range *r = &o->range[i];
		pfn_t from = r->start > start ? r->start : start;
		pfn_t to = r->end < end ? r->end : end;

		if (r->zone == zone && from < to)
			for (uint64_t p = from; p < to; p++)
				o->owner[r->first + (p - r->start)] = OWNER_NOBODY;
	}
}

/* --- ownership -------------------------------------------------------------------- */

/* The run that holds all of [pfn, pfn + nr), or NULL.  Runs of nodes may interleave. */
static const struct oracle_range *find_range(const struct oracle *o, pfn_t pfn, uint64_t nr)
{
	for (uint32_t i = 0; i < o->nr_ranges; i++)
		if (pfn >= o->range[i].start && pfn < o->range[i].end)
			return nr <= o->range[i].end - pfn ? &o->range[i] : NULL;
	return NULL;
}

/* X5: may a page of this zone serve the request at all? */
static void check_zone(struct oracle *o, const struct alloc_request *req, unsigned int zone)
{
	const struct oracle_memo *q = oracle_memo(o);
	bool known = q->asked && q->key == oracle_key(req);
	const struct alloc_request *r = known ? &q->req : req;
	gfp_t gfp = known ? q->gfp : oracle_gfp_in_context(r->gfp, r->context);
	unsigned int nid = zone / NR_ZONE_TYPES;

	mm_assert(X5, zone % NR_ZONE_TYPES <=
		      (known ? q->highest : oracle_highest_zone(o->mm, gfp)));
	/* The slow path of some requests looks at every node (A2). */
	if (r->nodemask && ((gfp & __GFP_DIRECT_RECLAIM) || !(gfp & __GFP_HIGH)) &&
	    !oracle_reserve_flags(gfp, r->context))
		mm_assert(X5, r->nodemask >> nid & 1);
	if ((gfp & __GFP_THISNODE) && r->nid != NODE_NONE)
		mm_assert(X5, nid == r->nid);
	if ((gfp & __GFP_THISNODE) && r->nid == NODE_NONE && known)
		mm_assert(X5, nid == o->mm->cpu_node[q->cpu]);
	if (known && q->zone != ZONE_ID_END)
		mm_assert(X5, zone == q->zone);
}

static uint16_t owner_of(uint32_t slot)
{
	mm_assert(X1, slot < SLOTS_MAX);
	return (uint16_t)(slot + 1);
}

/* Pages change from one owner to another; false if some were not that one's. */
static bool hand_over(uint16_t *owner, uint64_t nr, uint16_t from, uint16_t to)
{
	uint16_t differ = 0;

	for (uint64_t i = 0; i < nr; i++) {
		differ |= owner[i] ^ from;
		owner[i] = to;
	}
	return differ == 0;
}

/* The same for pages of one run, and for the number of those that are owned. */
static void change_owner(struct oracle *o, const struct oracle_range *r, pfn_t pfn, uint64_t nr,
			 uint16_t from, uint16_t to)
{
	bool all;

	mm_assert(X1, r != NULL);
	all = hand_over(&o->owner[r->first + (pfn - r->start)], nr, from, to);
	mm_assert(X1, all);
	if (to == OWNER_NOBODY) {
		mm_assert(X1, o->owned[r->zone] >= nr);
		o->owned[r->zone] -= nr;
	} else {
		o->owned[r->zone] += nr;
	}
}

void oracle_got(struct oracle *o, const struct alloc_request *req, pfn_t pfn, unsigned int order,
		uint32_t slot)
{
	uint64_t nr = 1ULL << order;
	const struct oracle_range *r = find_range(o, pfn, nr);

	mm_assert(X1, r != NULL);
	mm_assert(X4, (pfn & (nr - 1)) == 0);
	check_zone(o, req, r->zone);
	oracle_saw_boost(o, r->zone);
	change_owner(o, r, pfn, nr, OWNER_NOBODY, owner_of(slot));
}

void oracle_gave(struct oracle *o, pfn_t pfn, uint64_t nr, uint32_t slot)
{
	change_owner(o, find_range(o, pfn, nr), pfn, nr, owner_of(slot), OWNER_NOBODY);
}

uint64_t oracle_owned(const struct oracle *o, unsigned int zone)
{
	return o->owned[zone];
}

void oracle_import_empty(struct oracle *o, unsigned int zone)
{
	for (uint32_t i = 0; i < o->nr_ranges; i++) {
		const struct oracle_range *r = &o->range[i];

		if (r->zone != zone)
			continue;
		for (uint64_t p = r->first; p < r->first + (r->end - r->start); p++)
			if (o->owner[p] == OWNER_NOBODY)
				o->owner[p] = OWNER_IMPORT;
	}
	o->owned[zone] = o->mm->zones[zone].managed;
}

void oracle_import_free(struct oracle *o, pfn_t pfn, unsigned int order)
{
	uint64_t nr = 1ULL << order;

	change_owner(o, find_range(o, pfn, nr), pfn, nr, OWNER_IMPORT, OWNER_NOBODY);
}

/* --- recount ---------------------------------------------------------------------- */

/* Do all pages of a block have one owner, and is it somebody exactly if they are handed out? */
static bool block_agrees(const uint16_t *owner, uint64_t nr, bool allocated)
{
	for (uint64_t i = 1; i < nr; i++)
		if (owner[i] != owner[0])
			return false;
	return (owner[0] != OWNER_NOBODY) == allocated;
}

static uint64_t recount_range(const struct oracle *o, const struct oracle_range *r)
{
	const struct zone *z = &o->mm->zones[r->zone];
	uint64_t nr_owned = 0;
	pfn_t pfn = r->start;

	while (pfn < r->end) {
		const struct page *page = &z->pages[pfn - z->start_pfn];
		uint64_t nr = 1ULL << page->order;
		bool allocated = page->state == PAGE_ALLOC;

		mm_assert(X1, page->state != PAGE_NONE);
		mm_assert(X4, nr <= r->end - pfn);
		mm_assert(X1, block_agrees(&o->owner[r->first + (pfn - r->start)], nr, allocated));
		nr_owned += allocated ? nr : 0;
		pfn += nr;
	}
	return nr_owned;
}

void oracle_recount(struct oracle *o)
{
	uint64_t nr[MAX_ZONES] = { 0 };

	for (uint32_t i = 0; i < o->nr_ranges; i++)
		nr[o->range[i].zone] += recount_range(o, &o->range[i]);
	for (unsigned int i = 0; o->zones[i] != ZONE_ID_END; i++)
		mm_assert(X1, nr[o->zones[i]] == o->owned[o->zones[i]]);
}
