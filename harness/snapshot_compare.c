/* SPDX-License-Identifier: MIT */
/* snapshot_compare.c - the first difference between two snapshots, and a zone for people */
#include "snapshot.h"

#include <inttypes.h>
#include <string.h>

struct comparing {
	const struct snapshot *a, *b;
	unsigned int skip;
	unsigned int id;
	char *what;			/* 200 bytes */
};

static bool differs(const struct comparing *c, const char *name, int64_t a, int64_t b)
{
	snprintf(c->what, 200, "node %u, zone %s: %s is %" PRId64 " and %" PRId64,
		 c->id / NR_ZONE_TYPES, zone_type_name((enum zone_type)(c->id % NR_ZONE_TYPES)),
		 name, a, b);
	return false;
}

static bool same_number(const struct comparing *c, const char *name, int64_t a, int64_t b)
{
	return a == b || differs(c, name, a, b);
}

static bool same_list(const struct comparing *c, const char *name, const struct snapshot_list *la,
		      const struct snapshot_list *lb)
{
	const uint64_t *a = c->a->blocks + la->first, *b = c->b->blocks + lb->first;
	uint32_t nr = la->nr < lb->nr ? la->nr : lb->nr;
	char text[120];

	for (uint32_t i = 0; i < nr; i++) {
		if (a[i] == b[i])
			continue;
		snprintf(text, sizeof(text), "%s, block %" PRIu32 " of %" PRIu32 " (types %u, %u)",
			 name, i, nr, SNAPSHOT_TYPE(a[i]), SNAPSHOT_TYPE(b[i]));
		return differs(c, text, (int64_t)SNAPSHOT_PFN(a[i]), (int64_t)SNAPSHOT_PFN(b[i]));
	}
	snprintf(text, sizeof(text), "the length of %s", name);
	return same_number(c, text, la->nr, lb->nr);
}

static bool same_numbers(const struct comparing *c, const struct zone_numbers *a,
			 const struct zone_numbers *b)
{
	static const char *const marks[NR_WMARK] = { "min", "low", "high" };

	for (unsigned int i = 0; i < NR_WMARK; i++)
		if (!same_number(c, marks[i], (int64_t)a->watermark[i], (int64_t)b->watermark[i]))
			return false;
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		if (!same_number(c, "protection", (int64_t)a->lowmem_reserve[i],
				 (int64_t)b->lowmem_reserve[i]))
			return false;
	return same_number(c, "boost", (int64_t)a->boost, (int64_t)b->boost) &&
	       same_number(c, "highatomic", (int64_t)a->highatomic, (int64_t)b->highatomic) &&
	       same_number(c, "free", a->count[NR_FREE_PAGES], b->count[NR_FREE_PAGES]) &&
	       same_number(c, "free_cma", a->count[NR_FREE_CMA], b->count[NR_FREE_CMA]) &&
	       same_number(c, "drift_mark", (int64_t)a->drift_mark, (int64_t)b->drift_mark) &&
	       same_number(c, "pageset_high", a->pageset_high, b->pageset_high) &&
	       same_number(c, "pageset_batch", a->pageset_batch, b->pageset_batch) &&
	       same_number(c, "boosted", a->boosted, b->boosted) &&
	       same_number(c, "free_highatomic", (int64_t)a->free_highatomic,
			   (int64_t)b->free_highatomic) &&
	       same_number(c, "below_high", a->below_high, b->below_high) &&
	       same_number(c, "reclaim_active", a->reclaim_active, b->reclaim_active);
}

static bool same_cpu(const struct comparing *c, unsigned int cpu, const struct snapshot_cpu *a,
		     const struct snapshot_cpu *b)
{
	const struct cpu_numbers *m = &a->numbers, *n = &b->numbers;
	char name[48];

	for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
		snprintf(name, sizeof(name), "cpu %u, per-CPU list %u", cpu, i);
		if (!same_list(c, name, &a->lists[i], &b->lists[i]))
			return false;
	}
	snprintf(name, sizeof(name), "cpu %u, count, high, batch or expire", cpu);
	if (!same_number(c, name, a->count, b->count) || !same_number(c, name, m->high, n->high) ||
	    !same_number(c, name, m->batch, n->batch) ||
	    (!(c->skip & SKIP_EXPIRE) && !same_number(c, name, m->expire, n->expire)))
		return false;
	snprintf(name, sizeof(name), "cpu %u, free_factor", cpu);
	if (!same_number(c, name, m->free_factor, n->free_factor))
		return false;
	snprintf(name, sizeof(name), "cpu %u, alloc_factor, flags or free_count", cpu);
	if (!same_number(c, name, m->alloc_factor, n->alloc_factor) ||
	    !same_number(c, name, m->flags, n->flags) ||
	    !same_number(c, name, m->free_count, n->free_count))
		return false;
	snprintf(name, sizeof(name), "cpu %u, threshold", cpu);
	if (!same_number(c, name, m->threshold, n->threshold))
		return false;
	snprintf(name, sizeof(name), "cpu %u, part of a counter", cpu);
	return same_number(c, name, m->diff[NR_FREE_PAGES], n->diff[NR_FREE_PAGES]) &&
	       same_number(c, name, m->diff[NR_FREE_CMA], n->diff[NR_FREE_CMA]);
}

static bool same_places(const struct comparing *c, const struct snapshot_zone *a,
			const struct snapshot_zone *b, unsigned int skip)
{
	char name[48];

	for (uint64_t i = 0; i < a->nr_types; i++) {
		snprintf(name, sizeof(name), "the type of pageblock %" PRIu64, i);
		if (!same_number(c, name, a->types[i], b->types[i]))
			return false;
	}
	for (uint64_t i = 0; !(skip & SKIP_MOVABLE) && i < a->nr_words; i++) {
		snprintf(name, sizeof(name), "movable pages from %" PRIu64 " on", i * 64);
		if (!same_number(c, name, (int64_t)a->movable[i], (int64_t)b->movable[i]))
			return false;
	}
	return true;
}

static bool same_zone(const struct comparing *c, unsigned int skip)
{
	const struct snapshot_zone *a = c->a->zones[c->id], *b = c->b->zones[c->id];
	char name[48];

	if (!same_number(c, "start", (int64_t)a->start, (int64_t)b->start) ||
	    !same_number(c, "spanned", (int64_t)a->spanned, (int64_t)b->spanned) ||
	    !same_number(c, "present", (int64_t)a->present_pages, (int64_t)b->present_pages) ||
	    !same_number(c, "managed", (int64_t)a->managed, (int64_t)b->managed) ||
	    !same_number(c, "pageblocks", (int64_t)a->nr_types, (int64_t)b->nr_types))
		return false;
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			snprintf(name, sizeof(name), "free list of order %u, %s", order,
				 migratetype_name((enum migratetype)type));
			if (!same_list(c, name, &a->free[order][type], &b->free[order][type]))
				return false;
		}
	for (unsigned int cpu = 0; cpu < c->a->nr_cpus; cpu++)
		if (!same_cpu(c, cpu, &a->cpu[cpu], &b->cpu[cpu]))
			return false;
	return same_numbers(c, &a->numbers, &b->numbers) && same_places(c, a, b, skip) &&
	       same_number(c, "isolated pageblocks", (int64_t)a->isolated_blocks,
			   (int64_t)b->isolated_blocks);
}

static bool same_zonelists(const struct snapshot *a, const struct snapshot *b, char what[200])
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++) {
			const uint8_t *la = a->zonelist[nid][kind], *lb = b->zonelist[nid][kind];
			unsigned int i = 0;

			if (!a->has_zonelist[nid][kind] || !b->has_zonelist[nid][kind])
				continue;
			while (la[i] == lb[i] && la[i] != ZONE_ID_END)
				i++;
			if (la[i] == lb[i])
				continue;
			snprintf(what, 200, "node %u: zonelist %u, place %u: zone %u and %u", nid,
				 kind, i, la[i], lb[i]);
			return false;
		}
	return true;
}

bool snapshot_same(const struct snapshot *a, const struct snapshot *b, unsigned int skip,
		   char what[200])
{
	struct comparing c = { .a = a, .b = b, .skip = skip, .what = what };

	if (a->nr_cpus != b->nr_cpus) {
		snprintf(what, 200, "CPUs are %u and %u", a->nr_cpus, b->nr_cpus);
		return false;
	}
	for (c.id = 0; c.id < MAX_ZONES; c.id++) {
		if (!a->zones[c.id] != !b->zones[c.id])
			return differs(&c, "present", a->zones[c.id] != NULL,
				       b->zones[c.id] != NULL);
		if (a->zones[c.id] && !same_zone(&c, skip))
			return false;
	}
	return skip & SKIP_ZONELISTS || same_zonelists(a, b, what);
}

/* --- for people --------------------------------------------------------------------------- */

static void print_list(const struct snapshot *s, const struct snapshot_list *l, FILE *out)
{
	for (uint32_t i = 0; i < l->nr && i < 8; i++)
		fprintf(out, " %" PRIu64, SNAPSHOT_PFN(s->blocks[l->first + i]));
	fprintf(out, l->nr > 8 ? " ... (%" PRIu32 ")\n" : "\n", l->nr);
}

void snapshot_print_zone(const struct snapshot *s, unsigned int id, FILE *out)
{
	const struct snapshot_zone *z = s->zones[id];
	const struct zone_numbers *n = &z->numbers;

	fprintf(out, "  node %u, zone %s: free %" PRId64 " min %" PRIu64 " low %" PRIu64 " high %"
		PRIu64 " boost %" PRIu64 " highatomic %" PRIu64 "\n", id / NR_ZONE_TYPES,
		zone_type_name((enum zone_type)(id % NR_ZONE_TYPES)), n->count[NR_FREE_PAGES],
		n->watermark[WMARK_MIN], n->watermark[WMARK_LOW], n->watermark[WMARK_HIGH],
		n->boost, n->highatomic);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			if (!z->free[order][type].nr)
				continue;
			fprintf(out, "    order %u %s:", order,
				migratetype_name((enum migratetype)type));
			print_list(s, &z->free[order][type], out);
		}
	for (unsigned int cpu = 0; cpu < s->nr_cpus; cpu++) {
		const struct snapshot_cpu *c = &z->cpu[cpu];

		fprintf(out, "    cpu %u: count %u high %u batch %u free_factor %u diff %d\n", cpu,
			c->count, c->numbers.high, c->numbers.batch, c->numbers.free_factor,
			c->numbers.diff[NR_FREE_PAGES]);
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
			if (!c->lists[i].nr)
				continue;
			fprintf(out, "      list %u:", i);
			print_list(s, &c->lists[i], out);
		}
	}
}
