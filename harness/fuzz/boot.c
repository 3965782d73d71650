/* SPDX-License-Identifier: MIT */
/*
 * boot.c - fuzz target: odd geometries, and memblock against a bitmap
 *
 * The input is used twice: as a program, whose machine has holes, reserved
 * ranges, unaligned ends, empty zones and CMA areas, and as bytes that drive
 * memblock's four verbs over a small range of frames.  A map with one entry
 * per frame must say the same (Z3): lengths after each verb, walks now and then.
 */
#include <string.h>

#include "fuzz.h"
#include "memblock.h"

enum {
	FRAMES	   = 128,		/* frames in the game */
	VERB_BYTES = 3,
	VERBS_MAX  = 24,
	WALK_EVERY = 8,			/* verbs between walks of everything */
	ARENA_MAX  = 512,		/* regions */
	NODES	   = 3,
	NO_MEMORY  = 0xff,
};

struct map {				/* one entry per frame */
	uint8_t	nid[FRAMES];		/* NO_MEMORY, or the node */
	bool	reserved[FRAMES];
};

/* Runs of frames with the same answer: what a merged table has as regions. */
static uint32_t memory_runs(const struct map *map)
{
	uint32_t runs = 0;

	for (unsigned int i = 0; i < FRAMES; i++)
		runs += map->nid[i] != NO_MEMORY && (i == 0 || map->nid[i - 1] != map->nid[i]);
	return runs;
}

static uint32_t reserved_runs(const struct map *map)
{
	uint32_t runs = 0;

	for (unsigned int i = 0; i < FRAMES; i++)
		runs += map->reserved[i] && (i == 0 || !map->reserved[i - 1]);
	return runs;
}

/* Walks one iterator over the whole range; every frame it shows must be due, and none missed. */
static void check_walk(const struct fuzz *f, const struct memblock *mb, const struct map *map,
		       uint32_t nid, bool only_free)
{
	pfn_t cursor = 0, at = 0;
	struct pfn_range r;
	bool more = true;

	while (more) {
		more = only_free ? memblock_next_free(mb, &cursor, FRAMES, nid, &r)
				 : memblock_next_memory(mb, &cursor, FRAMES, nid, &r);
		if (!more)
			r.start = r.end = FRAMES;
		fuzz_assert(f, Z3, r.start >= at && r.end <= FRAMES);
		fuzz_assert(f, Z3, !more || r.start < r.end);
		for (; at < r.end; at++) {
			bool wanted = nid == NODE_NONE || nid == map->nid[at];
			bool taken = only_free && map->reserved[at];
			bool due = map->nid[at] != NO_MEMORY && wanted && !taken;

			fuzz_assert(f, Z3, due == (at >= r.start));
		}
	}
}

static void check_lengths(const struct fuzz *f, const struct memblock *mb, const struct map *map)
{
	fuzz_assert(f, Z3, mb->memory.nr == memory_runs(map));
	fuzz_assert(f, Z3, mb->reserved.nr == reserved_runs(map));
}

static void check_map(const struct fuzz *f, const struct memblock *mb, const struct map *map)
{
	check_walk(f, mb, map, NODE_NONE, true);
	check_walk(f, mb, map, NODE_NONE, false);
	for (uint32_t nid = 0; nid < NODES; nid++) {
		uint64_t pages = 0;

		check_walk(f, mb, map, nid, true);
		for (unsigned int i = 0; i < FRAMES; i++)
			pages += map->nid[i] == nid;
		fuzz_assert(f, Z3, memblock_pages(mb, 0, FRAMES, nid) == pages);
	}
	for (unsigned int i = 0; i < FRAMES; i++)
		fuzz_assert(f, Z3, memblock_is_free(mb, i) ==
				   (map->nid[i] != NO_MEMORY && !map->reserved[i]));
}

/* One verb on both; a refusal, for lack of room, must have left the tables alone. */
static void apply(struct memblock *mb, struct map *map, const uint8_t *bytes)
{
	uint8_t nid = (uint8_t)((bytes[0] >> 2) % NODES);
	unsigned int start = bytes[1] % FRAMES, len = bytes[2] % 48;
	unsigned int end = start + len < FRAMES ? start + len : FRAMES;
	bool done;

	switch (bytes[0] & 3) {
	case 0:
		done = memblock_add(mb, start, end, nid);
		break;
	case 1:
		done = memblock_remove(mb, start, end);
		nid = NO_MEMORY;
		break;
	case 2:
		done = memblock_reserve(mb, start, end);
		break;
	default:
		done = memblock_free(mb, start, end);
		break;
	}
	for (unsigned int i = start; done && i < end; i++) {
		if (bytes[0] & 2)
			map->reserved[i] = (bytes[0] & 3) == 2;
		else
			map->nid[i] = nid;
	}
}

static void run_memblock(const struct fuzz *f, const uint8_t *data, size_t size)
{
	struct mem_region arena[ARENA_MAX];
	struct memblock mb;
	struct map map;
	uint32_t room = data[0] & 1 ? ARENA_MAX : 8 + data[0] % 64;

	memset(map.nid, NO_MEMORY, sizeof(map.nid));
	memset(map.reserved, 0, sizeof(map.reserved));
	memblock_init(&mb, arena, room, 1 + data[0] % 4);
	data++;
	size--;
	for (unsigned int n = 0; n < VERBS_MAX && size >= VERB_BYTES; n++) {
		apply(&mb, &map, data);
		check_lengths(f, &mb, &map);
		if (n % WALK_EVERY == WALK_EVERY - 1)
			check_map(f, &mb, &map);
		data += VERB_BYTES;
		size -= VERB_BYTES;
	}
	check_map(f, &mb, &map);
}

static bool boot(struct fuzz *f, const uint8_t *data, size_t size)
{
	if (!fuzz_program(f, data, size))
		return false;
	if (size)
		run_memblock(f, data, size);
	return true;
}

const struct target target_boot = {
	.name = "boot",
	.one = boot,
	.theme = {
		.name = "boot",
		.op_weight = {
			[OP_ALLOC] = 60, [OP_BULK] = 10, [OP_EXACT] = 10, [OP_FREE] = 50,
			[OP_DRAIN_ALL] = 6, [OP_SYSCTL] = 8, [OP_CPU_DOWN] = 2, [OP_CPU_UP] = 2,
		},
		.pages_max = 8192, .zones_max = 12, .nodes_max = 4, .cpus_max = 5,
		.odd_geometry = true, .orders = MAX_ORDER, .policies = 128,
	},
};
