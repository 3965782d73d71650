/* SPDX-License-Identifier: MIT */
/* snapshot.c - making, copying, taking and applying snapshots */
#include "snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pcp.h"

static void *zeroed(size_t bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p)
		abort();
	return p;
}

struct snapshot *snapshot_new(void)
{
	struct snapshot *s = zeroed(sizeof(*s));

	memset(s->zonelist, ZONE_ID_END, sizeof(s->zonelist));
	return s;
}

void snapshot_delete(struct snapshot *s)
{
	if (!s)
		return;
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		if (!s->zones[id])
			continue;
		free(s->zones[id]->types);
		free(s->zones[id]->movable);
		free(s->zones[id]);
	}
	free(s->blocks);
	free(s);
}

struct snapshot_zone *snapshot_zone(struct snapshot *s, unsigned int id)
{
	if (!s->zones[id])
		s->zones[id] = zeroed(sizeof(*s->zones[id]));
	s->zones[id]->present = true;
	return s->zones[id];
}

void snapshot_zone_size(struct snapshot_zone *z, uint64_t nr_types, uint64_t nr_pages)
{
	free(z->types);
	free(z->movable);
	z->nr_types = nr_types;
	z->types = zeroed((size_t)nr_types);
	z->nr_words = (nr_pages + 63) / 64;
	z->movable = zeroed((size_t)z->nr_words * sizeof(*z->movable));
}

bool snapshot_add(struct snapshot *s, struct snapshot_list *l, uint64_t entry)
{
	if (!l->nr)
		l->first = s->nr_blocks;
	else if (l->first + l->nr != s->nr_blocks)
		return false;
	if (s->nr_blocks == s->blocks_room) {
		s->blocks_room = s->blocks_room ? 2 * s->blocks_room : 1024;
		s->blocks = realloc(s->blocks, s->blocks_room * sizeof(*s->blocks));
		if (!s->blocks)
			abort();
	}
	s->blocks[s->nr_blocks++] = entry;
	l->nr++;
	return true;
}

struct snapshot *snapshot_copy(const struct snapshot *s)
{
	struct snapshot *copy = snapshot_new();

	*copy = *s;
	copy->blocks_room = s->nr_blocks;
	copy->blocks = zeroed(s->nr_blocks * sizeof(*s->blocks));
	if (s->nr_blocks)
		memcpy(copy->blocks, s->blocks, s->nr_blocks * sizeof(*s->blocks));
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		const struct snapshot_zone *z = s->zones[id];
		struct snapshot_zone *to;

		if (!z)
			continue;
		to = copy->zones[id] = zeroed(sizeof(*to));
		*to = *z;
		to->types = NULL;
		to->movable = NULL;
		snapshot_zone_size(to, z->nr_types, z->nr_words * 64);
		memcpy(to->types, z->types, (size_t)z->nr_types);
		memcpy(to->movable, z->movable, (size_t)z->nr_words * sizeof(*z->movable));
	}
	return copy;
}

/* --- taking ------------------------------------------------------------------------------- */

static void take_list(struct snapshot *s, struct snapshot_list *to, const struct zone *z,
		      const struct list *l, bool with_type)
{
	uint32_t left = l->nr;

	for (uint32_t link = l->first; link && left; left--) {
		const struct page *page = list_entry(z->pages, link);

		snapshot_add(s, to, SNAPSHOT_ENTRY(zone_pfn(z, page), with_type ? page->type : 0));
		link = page->next;
	}
}

static void take_cpu(struct snapshot *s, const struct zone *z, unsigned int cpu,
		     struct snapshot_cpu *to)
{
	const struct zone_cpu *c = &z->cpu[cpu];

	to->count = c->pcp.count;
	to->numbers = (struct cpu_numbers){
		.high = c->pcp.high, .batch = c->pcp.batch, .free_factor = c->pcp.free_factor,
		.expire = c->pcp.expire, .threshold = c->stat.threshold,
		.alloc_factor = c->pcp.alloc_factor, .flags = c->pcp.flags,
		.high_min = c->pcp.high_min, .high_max = c->pcp.high_max,
		.free_count = c->pcp.free_count };
	for (unsigned int i = 0; i < NR_ZONE_STATS; i++)
		to->numbers.diff[i] = c->stat.diff[i];
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		take_list(s, &to->lists[i], z, &c->pcp.lists[i], true);
}

static void take_numbers(const struct zone *z, struct zone_numbers *n)
{
	memcpy(n->watermark, z->watermark, sizeof(n->watermark));
	memcpy(n->lowmem_reserve, z->lowmem_reserve, sizeof(n->lowmem_reserve));
	memcpy(n->count, z->stats.count, sizeof(n->count));
	n->boost = z->boost;
	n->highatomic = z->nr_reserved_highatomic;
	n->drift_mark = z->percpu_drift_mark;
	n->pageset_high = z->pageset_high;
	n->pageset_batch = z->pageset_batch;
	n->pageset_high_max = z->pageset_high_max;
	n->free_highatomic = z->free_highatomic;
	n->below_high = z->below_high;
	n->boosted = z->boosted;
	n->reclaim_active = z->reclaim_active;
}

static void take_zone(struct snapshot *s, const struct mm *mm, const struct zone *z)
{
	struct snapshot_zone *to = snapshot_zone(s, z->id);

	to->start = z->start_pfn;
	to->spanned = zone_spanned(z);
	to->present_pages = z->present;
	to->managed = z->managed;
	to->isolated_blocks = z->nr_isolated_blocks;
	take_numbers(z, &to->numbers);
	snapshot_zone_size(to, z->blocks.nr, to->spanned);
	memcpy(to->types, z->blocks.type, (size_t)z->blocks.nr);
	for (uint64_t i = 0; i < to->spanned; i++)
		if (z->pages[i].flags & PG_LRU)
			snapshot_set_movable(to, i);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			take_list(s, &to->free[order][type], z, &z->area[order].list[type], false);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		take_cpu(s, z, cpu, &to->cpu[cpu]);
}

struct snapshot *snapshot_take(const struct mm *mm)
{
	struct snapshot *s = snapshot_new();

	s->nr_cpus = mm->nr_cpus;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		if (!mm->nodes[nid].online)
			continue;
		for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++)
			s->has_zonelist[nid][kind] = true;
		memcpy(s->zonelist[nid], mm->nodes[nid].zonelist, sizeof(s->zonelist[nid]));
	}
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		if (zone_populated(&mm->zones[id]))
			take_zone(s, mm, &mm->zones[id]);
	return s;
}

/* --- applying ----------------------------------------------------------------------------- */

struct applying {
	const struct snapshot *s;
	struct mm *mm;
	struct zone *z;
	const struct snapshot_zone *from;
	char *wrong;
};

static bool wrong(const struct applying *a, const char *what, uint64_t number)
{
	snprintf(a->wrong, 160, "node %u, zone %s: %s %" PRIu64, a->z->nid,
		 zone_type_name((enum zone_type)a->z->type), what, number);
	return false;
}

static bool apply_blocks(const struct applying *a)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			const struct snapshot_list *l = &a->from->free[order][type];

			for (uint32_t i = 0; i < l->nr; i++) {
				pfn_t pfn = SNAPSHOT_PFN(a->s->blocks[l->first + i]);

				if (!mm_state_block(a->mm, a->z, pfn, order,
						    (enum migratetype)type))
					return wrong(a, "no free block can be at pfn", pfn);
			}
		}
	return true;
}

static bool apply_cpu(const struct applying *a, unsigned int cpu)
{
	const struct snapshot_cpu *c = &a->from->cpu[cpu];

	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		for (uint32_t k = 0; k < c->lists[i].nr; k++) {
			uint64_t entry = a->s->blocks[c->lists[i].first + k];

			if (SNAPSHOT_TYPE(entry) >= NR_MIGRATETYPES ||
			    !mm_state_pcp(a->mm, a->z, cpu, i, SNAPSHOT_PFN(entry),
					  (enum migratetype)SNAPSHOT_TYPE(entry)))
				return wrong(a, "no per-CPU list can have pfn",
					     SNAPSHOT_PFN(entry));
		}
	if (c->count != a->z->cpu[cpu].pcp.count)
		return wrong(a, "a per-CPU count does not match its lists:", c->count);
	return mm_state_cpu(a->mm, a->z, cpu, &c->numbers) ||
	       wrong(a, "impossible per-CPU numbers, cpu", cpu);
}

static bool apply_movable(const struct applying *a)
{
	for (uint64_t word = 0; word < a->from->nr_words; word++) {
		if (!a->from->movable[word])
			continue;
		for (unsigned int bit = 0; bit < 64; bit++) {
			pfn_t pfn = a->from->start + word * 64 + bit;

			if (a->from->movable[word] >> bit & 1 &&
			    !mm_state_movable(a->mm, a->z, pfn))
				return wrong(a, "a free page is movable, pfn", pfn);
		}
	}
	return true;
}

static bool apply_zone(const struct applying *a)
{
	const struct snapshot_zone *from = a->from;
	struct zone *z = a->z;
	const char *sentence;

	if (from->start != z->start_pfn || from->spanned != zone_spanned(z) ||
	    from->managed != z->managed)
		return wrong(a, "not the zone of the description, pages managed", from->managed);
	if (from->nr_types != z->blocks.nr)
		return wrong(a, "a wrong number of pageblock types:", from->nr_types);
	if (!mm_state_begin(a->mm, z))
		return wrong(a, "pages are handed out, of managed", z->managed);
	for (uint64_t i = 0; i < from->nr_types; i++)
		if (!mm_state_pageblock(a->mm, z, i, (enum migratetype)from->types[i]))
			return wrong(a, "no such type for pageblock", i);
	if (!apply_blocks(a))
		return false;
	for (unsigned int cpu = 0; cpu < a->mm->nr_cpus; cpu++)
		if (!apply_cpu(a, cpu))
			return false;
	if (!apply_movable(a))
		return false;
	if (!mm_state_numbers(a->mm, z, &from->numbers))
		return wrong(a, "impossible numbers, reserve of highatomic",
			     from->numbers.highatomic);
	if (from->isolated_blocks != z->nr_isolated_blocks)
		return wrong(a, "isolated pageblocks are not", from->isolated_blocks);
	sentence = mm_state_end(a->mm, z);
	return !sentence || wrong(a, sentence, (uint64_t)from->numbers.count[NR_FREE_PAGES]);
}

static bool apply_zonelists(const struct snapshot *s, struct mm *mm, char what[160])
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++) {
			const uint8_t *ids = s->zonelist[nid][kind];
			unsigned int nr = 0;

			if (!s->has_zonelist[nid][kind])
				continue;
			while (ids[nr] != ZONE_ID_END)
				nr++;
			if (!mm_state_zonelist(mm, nid, kind, ids, nr)) {
				snprintf(what, 160, "node %u: an impossible zonelist", nid);
				return false;
			}
		}
	return true;
}

bool snapshot_apply(const struct snapshot *s, struct mm *mm, char what[160])
{
	struct applying a = { .s = s, .mm = mm, .wrong = what };

	if (s->nr_cpus != mm->nr_cpus) {
		snprintf(what, 160, "the snapshot has %u CPUs, the machine %u", s->nr_cpus,
			 mm->nr_cpus);
		return false;
	}
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		a.z = &mm->zones[id];
		a.from = s->zones[id];
		if (!zone_populated(a.z))
			continue;
		if (!a.from)
			return wrong(&a, "not in the snapshot, pages", a.z->present);
		if (!apply_zone(&a))
			return false;
	}
	return apply_zonelists(s, mm, what);
}
