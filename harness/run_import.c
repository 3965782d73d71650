/* SPDX-License-Identifier: MIT */
/*
 * run_import.c - ops that build a given state: a report's free lists
 *
 * A report says how many free blocks of each order and type a zone had, not
 * where.  Blocks are placed low to high, each in a pageblock of its own type,
 * with its buddy left allocated so that nothing merges; the largest have none.
 */
#include "run_internal.h"

#include <stdlib.h>

enum { UNTYPED = 0xff };

void run_import_free(struct run *r)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		free(r->import_type[id]);
}

struct zone *run_zone(struct run *r, const struct op *op)
{
	unsigned int nid = op->nid == NODE_NONE ? 0 : op->nid;
	struct zone *z;

	if (nid >= MAX_NODES || op->zone >= NR_ZONE_TYPES)
		return NULL;
	z = &r->mm.zones[nid * NR_ZONE_TYPES + op->zone];
	return zone_populated(z) ? z : NULL;
}

static bool is_imported(const struct run *r, const struct zone *z)
{
	return r->imported >> z->id & 1;
}

/* Only right after boot: what slots hold would be taken for imported pages. */
static void import_empty(struct run *r, struct zone *z)
{
	if (r->nr_pieces || is_imported(r, z))
		return;
	/* Kept: libFuzzer runs an input twice that allocates more than it frees. */
	if (r->import_room[z->id] < z->blocks.nr) {
		free(r->import_type[z->id]);
		r->import_type[z->id] = malloc((size_t)z->blocks.nr);
		if (!r->import_type[z->id])
			abort();
		r->import_room[z->id] = z->blocks.nr;
	}
	memset(r->import_type[z->id], UNTYPED, (size_t)z->blocks.nr);
	memset(r->import_cursor[z->id], 0, sizeof(r->import_cursor[z->id]));
	r->imported |= 1ULL << z->id;
	mm_import_empty(&r->mm, z);
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_import_empty(r->oracle, z->id);
}

/* May the block's pageblocks be, or become, of this type? */
static bool type_fits(struct run *r, const struct zone *z, pfn_t pfn, unsigned int order,
		      unsigned int type)
{
	const uint8_t *types = r->import_type[z->id];
	uint64_t first = pageblock_index(&z->blocks, pfn);
	uint64_t last = pageblock_index(&z->blocks, pfn + (1ULL << order) - 1);

	for (uint64_t i = first; i <= last; i++)
		if (types[i] != UNTYPED && types[i] != type)
			return false;
	return true;
}

static bool put_at(struct run *r, struct zone *z, pfn_t pfn, unsigned int order, unsigned int type)
{
	uint64_t first = pageblock_index(&z->blocks, pfn);
	uint64_t last = pageblock_index(&z->blocks, pfn + (1ULL << order) - 1);

	if (!zone_spans(z, pfn) || !is_aligned(pfn, 1ULL << order) ||
	    !zone_spans(z, pfn + (1ULL << order) - 1) || !type_fits(r, z, pfn, order, type))
		return false;
	if (!mm_import_free(&r->mm, z, pfn, order, (enum migratetype)type))
		return false;
	memset(r->import_type[z->id] + first, (int)type, (size_t)(last - first + 1));
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_import_free(r->oracle, pfn, order);
	return true;
}

/* How many of `nr` blocks found a place. */
static uint32_t put(struct run *r, struct zone *z, unsigned int order, unsigned int type,
		    uint32_t nr)
{
	pfn_t *cursor = &r->import_cursor[z->id][order][type];
	uint64_t stride = order < MAX_ORDER ? 2ULL << order : 1ULL << order;
	uint32_t placed = 0;

	if (!*cursor)
		*cursor = align_up(z->start_pfn, stride);
	for (; placed < nr && *cursor < z->end_pfn; *cursor += stride)
		placed += put_at(r, z, *cursor, order, type);
	return placed;
}

/* The zone's global counter shows `value`; online CPUs hold the difference, as far as they can. */
static bool set_counter(struct run *r, struct zone *z, int64_t value)
{
	int64_t rest = z->stats.count[NR_FREE_PAGES] - value;
	int64_t room = 0;

	for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++) {
		rest += z->cpu[cpu].stat.diff[NR_FREE_PAGES];
		if (r->mm.online_cpus >> cpu & 1)
			room += z->cpu[cpu].stat.threshold;
	}
	if (rest > room || rest < -room)
		return false;
	z->stats.count[NR_FREE_PAGES] = value;
	for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++) {
		int64_t limit = z->cpu[cpu].stat.threshold;
		int64_t part = rest > limit ? limit : rest < -limit ? -limit : rest;

		if (!(r->mm.online_cpus >> cpu & 1))
			continue;
		z->cpu[cpu].stat.diff[NR_FREE_PAGES] = (int8_t)part;
		rest -= part;
	}
	return true;
}

static void set_boost(struct run *r, struct zone *z, int64_t pages)
{
	uint64_t factor = r->mm.tun.sysctl.watermark_boost_factor;
	uint64_t most = mul_div_u64(z->watermark[WMARK_HIGH], factor, 10000);

	if (factor && pages >= 0 &&
	    (uint64_t)pages <= max_u64(most, pageblock_nr_pages(&r->mm.tun)))
		z->boost = (uint64_t)pages;
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_retune(r->oracle);
}

void run_import_op(struct run *r, const struct op *op)
{
	struct zone *z = run_zone(r, op);
	uint32_t placed = 0;

	if (!z)
		return;
	if (op->kind == OP_IMPORT)
		import_empty(r, z);
	else if (op->kind == OP_COUNTER)
		placed = set_counter(r, z, op->value);
	else if (op->kind == OP_BOOST)
		set_boost(r, z, op->value);
	else if (!is_imported(r, z))
		return;
	else if (op->kind == OP_PUT)
		placed = put(r, z, op->order, op->type, op->n);
	else
		placed = put_at(r, z, op->pfn, op->order, op->type);
	/* Somebody who wrote the state down wants all of it. */
	if ((r->flags & RUN_EXPECT) &&
	    ((op->kind == OP_PUT && placed != op->n) || (op->kind == OP_PUT_AT && !placed) ||
	     (op->kind == OP_COUNTER && !placed)))
		run_fail("EXPECT", op_kinds[op->kind].name, "the zone has room for %u", placed);
}
