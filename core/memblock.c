/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memblock.c - two sorted tables of ranges
 *
 * Every change of a table is one operation: cut [start, end) out of it and
 * put one region, or none, in its place.  The regions that touch the range are
 * neighbours in the table, so at most three regions replace them.
 */
#include "memblock.h"

#include "assert.h"
#include "bits.h"

void memblock_init(struct memblock *mb, struct mem_region *arena, uint32_t arena_max,
		   uint32_t initial)
{
	mm_assert(Z3, initial > 0);
	mm_assert(Z3, arena_max / 2 >= initial);
	mb->memory = (struct mem_table){ .regions = arena, .max = initial };
	mb->reserved = (struct mem_table){ .regions = arena + initial, .max = initial };
	mb->arena = arena;
	mb->arena_used = 2 * initial;
	mb->arena_max = arena_max;
}

/* The first region that ends after `pfn`; t->nr when there is none. */
static uint32_t find_region(const struct mem_table *t, pfn_t pfn)
{
	uint32_t low = 0, high = t->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->regions[middle].end > pfn)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Makes room for `nr` regions; false when the arena has none. */
static bool grow(struct memblock *mb, struct mem_table *t, uint32_t nr)
{
	struct mem_region *to = mb->arena + mb->arena_used;
	uint64_t max = t->max;

	mm_assert(Z3, t->max > 0);
	if (nr <= t->max)
		return true;
	while (max < nr)
		max *= 2;
	if (max > mb->arena_max - mb->arena_used)
		return false;
	for (uint32_t i = 0; i < t->nr; i++)
		to[i] = t->regions[i];
	mb->arena_used += (uint32_t)max;
	t->regions = to;
	t->max = (uint32_t)max;
	mm_assert(Z3, mb->arena_used <= mb->arena_max);
	return true;
}

/* Replaces regions [first, last) by new[0..nr). */
static bool splice(struct memblock *mb, struct mem_table *t, uint32_t first, uint32_t last,
		   const struct mem_region *new, uint32_t nr)
{
	uint32_t total = t->nr - (last - first) + nr;

	mm_assert(Z3, first <= last && last <= t->nr);
	if (!grow(mb, t, total))
		return false;
	if (first + nr > last)
		for (uint32_t i = t->nr; i-- > last;)
			t->regions[i - last + first + nr] = t->regions[i];
	else if (first + nr < last)
		for (uint32_t i = last; i < t->nr; i++)
			t->regions[i - last + first + nr] = t->regions[i];
	for (uint32_t i = 0; i < nr; i++)
		t->regions[first + i] = new[i];
	t->nr = total;
	mm_assert(Z3, t->nr <= t->max);
	return true;
}

/*
 * Clears the range and, if `put`, makes it one region of `nid`, joined with
 * what touches it and has the same node.
 */
static bool set_range(struct memblock *mb, struct mem_table *t, pfn_t start, pfn_t end,
		      bool put, uint32_t nid)
{
	struct mem_region middle = { start, end, nid }, new[3];
	uint32_t first = find_region(t, start), last = first, nr = 0;

	mm_assert(Z3, start <= end);
	if (start == end)
		return true;
	while (last < t->nr && t->regions[last].start < end)
		last++;
	if (put && first > 0 && t->regions[first - 1].end == start)
		first--;
	if (put && last < t->nr && t->regions[last].start == end)
		last++;
	if (first < last) {
		const struct mem_region *l = &t->regions[first], *r = &t->regions[last - 1];

		if (put && l->nid == nid)
			middle.start = min_u64(l->start, start);
		else if (l->start < start)
			new[nr++] = (struct mem_region){ l->start, start, l->nid };
		if (put && r->nid == nid)
			middle.end = max_u64(r->end, end);
	}
	if (put)
		new[nr++] = middle;
	if (first < last && t->regions[last - 1].end > middle.end)
		new[nr++] = (struct mem_region){ max_u64(end, t->regions[last - 1].start),
						 t->regions[last - 1].end,
						 t->regions[last - 1].nid };
	return splice(mb, t, first, last, new, nr);
}

bool memblock_add(struct memblock *mb, pfn_t start, pfn_t end, uint32_t nid)
{
	return set_range(mb, &mb->memory, start, end, true, nid);
}

bool memblock_remove(struct memblock *mb, pfn_t start, pfn_t end)
{
	return set_range(mb, &mb->memory, start, end, false, NODE_NONE);
}

bool memblock_reserve(struct memblock *mb, pfn_t start, pfn_t end)
{
	return set_range(mb, &mb->reserved, start, end, true, NODE_NONE);
}

bool memblock_free(struct memblock *mb, pfn_t start, pfn_t end)
{
	return set_range(mb, &mb->reserved, start, end, false, NODE_NONE);
}

bool memblock_next_memory(const struct memblock *mb, pfn_t *cursor, pfn_t end, uint32_t nid,
			  struct pfn_range *out)
{
	const struct mem_table *t = &mb->memory;

	for (uint32_t i = find_region(t, *cursor); i < t->nr; i++) {
		const struct mem_region *r = &t->regions[i];

		if (r->start >= end)
			break;
		if (nid != NODE_NONE && r->nid != nid)
			continue;
		out->start = max_u64(r->start, *cursor);
		out->end = min_u64(r->end, end);
		if (out->start >= out->end)
			break;
		*cursor = out->end;
		return true;
	}
	return false;
}

bool memblock_next_free(const struct memblock *mb, pfn_t *cursor, pfn_t end, uint32_t nid,
			struct pfn_range *out)
{
	const struct mem_table *t = &mb->reserved;
	struct pfn_range memory;

	/* Each turn passes the end of a region of one table: the loop ends. */
	while (memblock_next_memory(mb, cursor, end, nid, &memory)) {
		uint32_t i = find_region(t, memory.start);

		*out = memory;
		if (i < t->nr && t->regions[i].start <= memory.start) {
			*cursor = min_u64(t->regions[i].end, memory.end);
			continue;
		}
		if (i < t->nr)
			out->end = min_u64(out->end, t->regions[i].start);
		*cursor = out->end;
		return true;
	}
	return false;
}

uint64_t memblock_pages(const struct memblock *mb, pfn_t start, pfn_t end, uint32_t nid)
{
	struct pfn_range r;
	uint64_t nr = 0;

	while (memblock_next_memory(mb, &start, end, nid, &r))
		nr += r.end - r.start;
	return nr;
}

bool memblock_is_memory(const struct memblock *mb, pfn_t pfn, uint32_t nid)
{
	uint32_t i = find_region(&mb->memory, pfn);

	return i < mb->memory.nr && mb->memory.regions[i].start <= pfn &&
	       mb->memory.regions[i].nid == nid;
}

bool memblock_is_free(const struct memblock *mb, pfn_t pfn)
{
	struct pfn_range r;

	return memblock_next_free(mb, &pfn, pfn + 1, NODE_NONE, &r);
}
