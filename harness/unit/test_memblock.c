/* SPDX-License-Identifier: MIT */
/* test_memblock.c - tables of ranges, one by one and against a byte per page */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "memblock.h"
#include "world.h"

enum { ARENA = 64, PAGES = 96, NODES = 3, NOTHING = 0xff };

struct tables {
	struct memblock	  mb;
	struct mem_region arena[ARENA];
};

static void init(struct tables *t, uint32_t arena_max, uint32_t initial)
{
	memset(t, 0, sizeof(*t));
	memblock_init(&t->mb, t->arena, arena_max, initial);
}

/* Does the table hold exactly these start, end, nid triples? */
static bool holds(const struct mem_table *t, const uint64_t (*want)[3], uint32_t nr)
{
	if (t->nr != nr)
		return false;
	for (uint32_t i = 0; i < nr; i++)
		if (t->regions[i].start != want[i][0] || t->regions[i].end != want[i][1] ||
		    t->regions[i].nid != want[i][2])
			return false;
	return true;
}

#define expect_table(t, ...) do { \
	static const uint64_t want[][3] = { __VA_ARGS__ }; \
	cr_expect(holds(&(t), want, sizeof(want) / sizeof(want[0]))); \
} while (0)

Test(memblock, Z3_neighbours_of_one_node_become_one)
{
	struct tables t;

	init(&t, ARENA, 8);
	cr_expect(memblock_add(&t.mb, 10, 20, 0));
	cr_expect(memblock_add(&t.mb, 30, 40, 0));
	cr_expect(memblock_add(&t.mb, 20, 30, 1));
	expect_table(t.mb.memory, { 10, 20, 0 }, { 20, 30, 1 }, { 30, 40, 0 });
	cr_expect(memblock_add(&t.mb, 20, 30, 0));
	expect_table(t.mb.memory, { 10, 40, 0 });
	cr_expect(memblock_add(&t.mb, 40, 41, 0));
	cr_expect(memblock_add(&t.mb, 9, 10, 0));
	expect_table(t.mb.memory, { 9, 41, 0 });
}

Test(memblock, Z3_a_new_node_wins_and_splits)
{
	struct tables t;

	init(&t, ARENA, 8);
	memblock_add(&t.mb, 0, 100, 0);
	memblock_add(&t.mb, 40, 50, 2);
	expect_table(t.mb.memory, { 0, 40, 0 }, { 40, 50, 2 }, { 50, 100, 0 });
	memblock_add(&t.mb, 30, 60, 1);
	expect_table(t.mb.memory, { 0, 30, 0 }, { 30, 60, 1 }, { 60, 100, 0 });
	memblock_add(&t.mb, 45, 200, 0);
	expect_table(t.mb.memory, { 0, 30, 0 }, { 30, 45, 1 }, { 45, 200, 0 });
}

Test(memblock, Z3_removing_splits_trims_and_swallows)
{
	struct tables t;

	init(&t, ARENA, 8);
	memblock_add(&t.mb, 10, 50, 0);
	cr_expect(memblock_remove(&t.mb, 20, 30));
	expect_table(t.mb.memory, { 10, 20, 0 }, { 30, 50, 0 });
	cr_expect(memblock_remove(&t.mb, 45, 60));
	cr_expect(memblock_remove(&t.mb, 0, 11));
	expect_table(t.mb.memory, { 11, 20, 0 }, { 30, 45, 0 });
	cr_expect(memblock_remove(&t.mb, 20, 30));
	expect_table(t.mb.memory, { 11, 20, 0 }, { 30, 45, 0 });
	cr_expect(memblock_remove(&t.mb, 0, 100));
	cr_expect_eq(t.mb.memory.nr, 0);
}

Test(memblock, Z3_empty_ranges_change_nothing)
{
	struct tables t;

	init(&t, 2, 1);
	cr_expect(memblock_add(&t.mb, 10, 20, 0));
	cr_expect(memblock_add(&t.mb, 15, 15, 1));
	cr_expect(memblock_remove(&t.mb, 15, 15));
	cr_expect(memblock_reserve(&t.mb, 5, 5));
	expect_table(t.mb.memory, { 10, 20, 0 });
	cr_expect_eq(t.mb.reserved.nr, 0);
}

Test(memblock, Z3_a_full_table_moves_to_twice_its_size)
{
	struct tables t;

	init(&t, 2 + 2 + 4, 1);
	cr_expect(memblock_add(&t.mb, 0, 1, 0));
	cr_expect(memblock_add(&t.mb, 2, 3, 0));
	cr_expect_eq(t.mb.memory.max, 2);
	cr_expect(memblock_add(&t.mb, 4, 5, 0));
	cr_expect_eq(t.mb.memory.max, 4);
	cr_expect_eq(t.mb.arena_used, 8);
	expect_table(t.mb.memory, { 0, 1, 0 }, { 2, 3, 0 }, { 4, 5, 0 });
}

Test(memblock, Z3_without_room_nothing_changes)
{
	struct tables t;

	init(&t, 3, 1);
	cr_expect(memblock_add(&t.mb, 10, 20, 0));
	cr_expect_not(memblock_remove(&t.mb, 12, 14), "two regions need two more than there are");
	cr_expect_not(memblock_add(&t.mb, 30, 40, 0));
	expect_table(t.mb.memory, { 10, 20, 0 });
	cr_expect(memblock_reserve(&t.mb, 1, 2));
	cr_expect_not(memblock_reserve(&t.mb, 5, 6));
	expect_table(t.mb.reserved, { 1, 2, NODE_NONE });
	cr_expect(memblock_reserve(&t.mb, 2, 6), "joining needs no room");
	cr_expect(memblock_free(&t.mb, 0, 6), "nor does taking away");
	cr_expect_eq(t.mb.reserved.nr, 0);
}

Test(memblock, Z3_free_is_memory_that_is_not_reserved)
{
	struct tables t;
	struct pfn_range r;
	pfn_t cursor = 0;

	init(&t, ARENA, 8);
	memblock_add(&t.mb, 10, 50, 0);
	memblock_add(&t.mb, 50, 90, 1);
	memblock_reserve(&t.mb, 0, 15);
	memblock_reserve(&t.mb, 48, 55);
	cr_expect(memblock_next_free(&t.mb, &cursor, 85, NODE_NONE, &r));
	cr_expect(r.start == 15 && r.end == 48);
	cr_expect(memblock_next_free(&t.mb, &cursor, 85, NODE_NONE, &r));
	cr_expect(r.start == 55 && r.end == 85);
	cr_expect_not(memblock_next_free(&t.mb, &cursor, 85, NODE_NONE, &r));
	cursor = 0;
	cr_expect(memblock_next_free(&t.mb, &cursor, 100, 1, &r));
	cr_expect(r.start == 55 && r.end == 90);
	cursor = 12;
	cr_expect(memblock_next_memory(&t.mb, &cursor, 100, 0, &r));
	cr_expect(r.start == 12 && r.end == 50);
	cr_expect_eq(memblock_pages(&t.mb, 40, 60, NODE_NONE), 20);
	cr_expect_eq(memblock_pages(&t.mb, 40, 60, 1), 10);
	cr_expect_eq(memblock_pages(&t.mb, 90, 600, NODE_NONE), 0);
	cr_expect_not(memblock_is_free(&t.mb, 14));
	cr_expect(memblock_is_free(&t.mb, 15));
	cr_expect_not(memblock_is_free(&t.mb, 9));
	cr_expect_not(memblock_is_free(&t.mb, PFN_NONE));
}

Test(memblock, Z3_a_table_needs_room_at_all, .signal = SIGABRT)
{
	struct tables t;

	init(&t, ARENA, 0);
}

Test(memblock, Z3_two_tables_need_room, .signal = SIGABRT)
{
	struct tables t;

	init(&t, 3, 2);
}

Test(memblock, Z3_a_range_does_not_end_before_it_begins, .signal = SIGABRT)
{
	struct tables t;

	init(&t, ARENA, 8);
	memblock_add(&t.mb, 2, 1, 0);
}

/* --- against a byte per page ---------------------------------------------------------- */

struct model {
	uint8_t node[PAGES];		/* NOTHING: no memory */
	bool	reserved[PAGES];
};

static void check_table(const struct mem_table *t)
{
	for (uint32_t i = 0; i < t->nr; i++) {
		const struct mem_region *r = &t->regions[i];

		cr_assert_lt(r->start, r->end);
		if (i + 1 < t->nr) {
			cr_assert_leq(r->end, r[1].start);
			cr_assert(r->end != r[1].start || r->nid != r[1].nid);
		}
	}
}

static void compare(const struct memblock *mb, const struct model *m)
{
	check_table(&mb->memory);
	check_table(&mb->reserved);
	for (pfn_t pfn = 0; pfn < PAGES; pfn++) {
		cr_assert_eq(memblock_is_free(mb, pfn),
			     m->node[pfn] != NOTHING && !m->reserved[pfn]);
		for (uint32_t nid = 0; nid < NODES; nid++)
			cr_assert_eq(memblock_pages(mb, pfn, pfn + 1, nid), m->node[pfn] == nid);
	}
}

/* Is every range that the walk gives free on the node, and nothing between left out? */
static void compare_walk(const struct memblock *mb, const struct model *m, uint32_t nid,
			 pfn_t start, pfn_t end)
{
	pfn_t cursor = start, next = start;
	struct pfn_range r = { 0, 0 };
	bool more = true;

	while (more) {
		more = memblock_next_free(mb, &cursor, end, nid, &r);
		if (!more)
			r.start = r.end = end;
		cr_assert(r.start >= next && (r.start < r.end || !more) && r.end <= end);
		for (; next < r.end || (!more && next < end); next++) {
			bool free = m->node[next] != NOTHING && !m->reserved[next] &&
				    (nid == NODE_NONE || m->node[next] == nid);

			cr_assert_eq(free, next >= r.start);
		}
	}
}

static void step(struct tables *t, struct model *m, uint64_t *rng)
{
	pfn_t start = rng_below(rng, PAGES), end = start + rng_below(rng, PAGES - start + 1);
	uint32_t nid = (uint32_t)rng_below(rng, NODES);
	uint64_t what = rng_below(rng, 4);
	bool done = what == 0 ? memblock_add(&t->mb, start, end, nid)
		  : what == 1 ? memblock_remove(&t->mb, start, end)
		  : what == 2 ? memblock_reserve(&t->mb, start, end)
			      : memblock_free(&t->mb, start, end);

	for (pfn_t pfn = start; done && pfn < end; pfn++) {
		if (what < 2)
			m->node[pfn] = what ? NOTHING : (uint8_t)nid;
		else
			m->reserved[pfn] = what == 2;
	}
}

Test(memblock, Z3_agrees_with_a_byte_per_page)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t rng = seed;
		struct tables t;
		struct model m;

		memset(&m, 0, sizeof(m));
		memset(m.node, NOTHING, sizeof(m.node));
		init(&t, (uint32_t)(seed % 2 ? ARENA : 10), (uint32_t)(seed % 5 + 1));
		for (unsigned int i = 0; i < 40; i++) {
			step(&t, &m, &rng);
			compare(&t.mb, &m);
			compare_walk(&t.mb, &m, seed % 2 ? NODE_NONE : (uint32_t)(seed % NODES),
				     rng_below(&rng, 10), PAGES - rng_below(&rng, 10));
		}
	}
}
