/* SPDX-License-Identifier: MIT */
/*
 * run_boot.c - a machine for each program
 *
 * A program whose machine is the one of the program before gets it back as it
 * was after boot, without booting: an image has all of it but the struct
 * pages, and of those the few that boot writes.  The others are cleared where
 * hooks saw core write, in a zone that was imported everywhere.  A program that
 * ended with a finding, or that somebody listened to, leaves nothing to build
 * on.  With RUN_VALIDATE every restored machine is compared with one that boots.
 */
#define _GNU_SOURCE
#include "run_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "bare.h"
#include "bits.h"

enum {
	KEEP_BYTES  = 64 << 20,		/* larger mappings are given back, not cleared */
	IMAGE_HEADS = 512,		/* struct pages that boot writes */
	IMAGE_CPUS  = 64,		/* sets, over all zones */
	IMAGE_TYPES = 4096,		/* pageblocks, over all zones */
};

struct image_head {
	uint32_t    index;		/* in its zone */
	uint32_t    zone;		/* id */
	struct page page;
};

/* A machine that has just booted.  One that is larger has no image. */
struct image {
	struct mm_config config;	/* of the last program */
	bool		 valid;		/* the rest is this machine's */
	struct mm	 mm;
	uint64_t	 random;	/* state of hook_random() */
	struct oracle	*oracle;
	struct zone_seen seen[MAX_ZONES];
	unsigned int	 nr_heads;
	struct image_head heads[IMAGE_HEADS];
	struct zone_cpu	 cpus[IMAGE_CPUS];	/* in the order of zone_ids[] */
	uint8_t		 types[IMAGE_TYPES];
};

/* --- memory ------------------------------------------------------------------------------- */

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("tidemark: memory for the machine");
		exit(2);
	}
	return p;
}

/* `bytes` of zeros; what the last program used is cleared, or given back if it was large. */
static void *zeroed(uint8_t **memory, size_t *room, size_t used, size_t bytes)
{
	if (*memory && (bytes > *room || used > KEEP_BYTES)) {
		munmap(*memory, *room);
		*memory = NULL;
	}
	if (!*memory) {
		*room = bytes < (1 << 20) ? 1 << 20 : bytes;
		*memory = map(*room);
	} else {
		memset(*memory, 0, used);
	}
	return *memory;
}

struct image *run_image_new(void)
{
	struct image *im = calloc(1, sizeof(*im));

	if (!im)
		abort();
	im->oracle = calloc(1, oracle_size);
	if (!im->oracle)
		abort();
	return im;
}

void run_unboot(struct run *r)
{
	if (r->memory)
		munmap(r->memory, r->memory_room);
	if (r->oracle_memory)
		munmap(r->oracle_memory, r->oracle_room);
	free(r->image->oracle);
	free(r->image);
}

/* --- booting ------------------------------------------------------------------------------ */

static void boot(struct run *r, const struct mm_config *config)
{
	size_t bytes = mm_metadata_bytes(config);
	size_t oracle_used = r->memory_used ? oracle_bytes(&r->mm) : 0;
	uint8_t *room = r->oracle_memory;
	void *memory;

	memory = zeroed(&r->memory, &r->memory_room, r->memory_used, bytes);
	r->memory_used = bytes;
	mm_boot(&r->mm, config, memory, &r->hw);
	r->nr_zone_ids = 0;
	for (unsigned int id = 0; id < r->mm.tun.zone_ids; id++) {
		if (!zone_populated(&r->mm.zones[id]))
			continue;
		r->zone_ids[r->nr_zone_ids++] = (uint8_t)id;
		run_see_zone(r, &r->mm.zones[id]);
	}
	if (r->flags & RUN_NO_CHECKS)
		return;
	bytes = oracle_bytes(&r->mm);
	oracle_init(r->oracle, &r->mm, zeroed(&room, &r->oracle_room, oracle_used, bytes));
	r->oracle_memory = room;
}

/* --- images ------------------------------------------------------------------------------- */

static size_t zones_end(const struct mm *mm)
{
	return offsetof(struct mm, zones) + mm->tun.zone_ids * sizeof(struct zone);
}

/* Of struct mm all but zones that no online node has. */
static void copy_mm(struct mm *to, const struct mm *from)
{
	const size_t rest = offsetof(struct mm, nodes);

	bare_copy(to, from, zones_end(from));
	bare_copy((uint8_t *)to + rest, (const uint8_t *)from + rest, sizeof(*to) - rest);
}

/* False when there are more than fit. */
static bool keep_heads(struct image *im, const struct zone *z)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			uint32_t link = z->area[order].list[type].first;

			for (; link; link = list_entry(z->pages, link)->next) {
				if (im->nr_heads == IMAGE_HEADS)
					return false;
				im->heads[im->nr_heads++] = (struct image_head){
					.index = link - 1, .zone = z->id,
					.page = *list_entry(z->pages, link) };
			}
		}
	return true;
}

static bool take_image(struct run *r, struct image *im)
{
	uint64_t nr_types = 0;
	unsigned int nr_cpus = 0;

	im->nr_heads = 0;
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &r->mm.zones[r->zone_ids[i]];

		if (z->blocks.nr > IMAGE_TYPES - nr_types || r->mm.nr_cpus > IMAGE_CPUS - nr_cpus ||
		    !keep_heads(im, z))
			return false;
		memcpy(im->types + nr_types, z->blocks.type, (size_t)z->blocks.nr);
		memcpy(im->cpus + nr_cpus, z->cpu, r->mm.nr_cpus * sizeof(*z->cpu));
		nr_types += z->blocks.nr;
		nr_cpus += r->mm.nr_cpus;
		im->seen[z->id] = r->seen[z->id];
	}
	copy_mm(&im->mm, &r->mm);
	im->random = r->hw.random;
	oracle_copy(im->oracle, r->oracle);
	return true;
}

/* Takes the lowest run of bits out of *parts. */
static struct pfn_range next_parts(uint64_t *parts)
{
	unsigned int first = ffs_u64(*parts), nr = ffs_u64(~(*parts >> first));

	*parts &= nr == 64 ? 0 : ~(((1ULL << nr) - 1) << first);
	return (struct pfn_range){ first, first + nr };
}

/* The records that core may have written are zero again. */
static void scrub_records(struct zone *z, const struct sim_dirt *d)
{
	for (uint64_t word = 0; word < SIM_DIRT_WORDS; word++) {
		uint64_t parts = d->written[word];

		while (parts) {
			struct pfn_range at = next_parts(&parts);
			uint64_t start = (word * 64 + at.start) << d->written_shift;
			uint64_t end = (word * 64 + at.end) << d->written_shift;

			end = min_u64(end, zone_spanned(z));
			if (start >= end)
				return;
			bare_clear(z->pages + start, (size_t)(end - start) * sizeof(*z->pages));
		}
	}
}

static void scrub(struct run *r, struct zone *z)
{
	struct sim_dirt *d = &r->hw.dirt[z->id];
	uint64_t given;

	if (r->imported >> z->id & 1) {
		d->given = UINT64_MAX;
		memset(d->written, 0xff, sizeof(d->written));
	}
	scrub_records(z, d);
	for (given = d->given; given;) {
		struct pfn_range at = next_parts(&given);

		oracle_disown(r->oracle, z->id, z->start_pfn + (at.start << d->given_shift),
			      z->start_pfn + (at.end << d->given_shift));
	}
}

/* Nothing has been written since boot. */
static void all_clean(struct run *r)
{
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &r->mm.zones[r->zone_ids[i]];
		struct sim_dirt *d = &r->hw.dirt[z->id];
		unsigned int shift = fls_u64((zone_spanned(z) - 1) / 64);
		unsigned int finer = fls_u64(SIM_DIRT_WORDS - 1);

		*d = (struct sim_dirt){
			.start = z->start_pfn, .given_shift = (uint8_t)shift,
			.written_shift = (uint8_t)(shift > finer ? shift - finer : 0),
		};
	}
}

static void restore(struct run *r, const struct image *im)
{
	const uint8_t *types = im->types;
	const struct zone_cpu *cpus = im->cpus;

	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		unsigned int id = r->zone_ids[i];
		struct zone *z = &r->mm.zones[id];

		scrub(r, z);
		bare_copy(z->blocks.type, types, (size_t)z->blocks.nr);
		bare_copy(z->cpu, cpus, r->mm.nr_cpus * sizeof(*z->cpu));
		types += z->blocks.nr;
		cpus += r->mm.nr_cpus;
		r->seen[id] = im->seen[id];
	}
	copy_mm(&r->mm, &im->mm);
	r->hw.random = im->random;
	bare_clear(r->mm.events, r->mm.nr_cpus * sizeof(*r->mm.events));
	for (unsigned int i = 0; i < im->nr_heads; i++)
		r->mm.zones[im->heads[i].zone].pages[im->heads[i].index] = im->heads[i].page;
	oracle_copy(r->oracle, im->oracle);
}

static void *copy_of(const void *from, size_t bytes)
{
	void *copy = malloc(bytes);

	if (!copy)
		abort();
	return memcpy(copy, from, bytes);
}

/* X10: is a restored machine what boot makes, to the last bit, and has the model forgotten all? */
static void compare_with_boot(struct run *r, const struct mm_config *config)
{
	/* Before it are tables that nothing changes after boot, with padding of any content. */
	size_t first = (size_t)((uint8_t *)r->mm.events - r->memory);
	size_t owners = oracle_bytes(&r->mm);
	struct mm *mm = copy_of(&r->mm, sizeof(r->mm));
	void *memory = copy_of(r->memory + first, r->memory_used - first);
	void *oracle = copy_of(r->oracle, oracle_size);
	void *owner = copy_of(r->oracle_memory, owners);
	uint64_t hash = state_hash(&r->mm), random = r->hw.random;
	bool same;

	run_check_everything(r);
	r->hw.random = 0;
	boot(r, config);
	run_check(X10, r->hw.random == random);
	run_check(X10, hash == state_hash(&r->mm));
	same = memcmp(&r->mm, mm, zones_end(mm)) == 0 &&
	       memcmp(r->mm.nodes, mm->nodes, sizeof(*mm) - offsetof(struct mm, nodes)) == 0 &&
	       memcmp(r->memory + first, memory, r->memory_used - first) == 0 &&
	       oracle_same(r->oracle, oracle) && memcmp(r->oracle_memory, owner, owners) == 0;
	free(mm);
	free(memory);
	free(oracle);
	free(owner);
	run_check(X10, same);
}

#define SAME_BYTES(a, b, nr)	bare_same(a, b, (nr) * sizeof(*(a)))

/* The same machine?  What is beyond the number of zones or ranges means nothing. */
static bool same_config(const struct mm_config *a, const struct mm_config *b)
{
	const size_t core = offsetof(struct mm_config, kernelcore);

	return bare_same(a, b, offsetof(struct mm_config, zones)) &&
	       SAME_BYTES(a->zones, b->zones, a->nr_zones) &&
	       SAME_BYTES(a->holes, b->holes, a->nr_holes) &&
	       SAME_BYTES(a->reserved, b->reserved, a->nr_reserved) &&
	       SAME_BYTES(a->cma, b->cma, a->nr_cma) &&
	       bare_same((const uint8_t *)a + core, (const uint8_t *)b + core,
			 sizeof(*a) - core);
}

void run_boot(struct run *r, const struct mm_config *config)
{
	struct image *im = r->image;
	bool same = same_config(config, &im->config);
	bool clean = r->clean;

	r->clean = false;
	bare_clear(&r->hw, offsetof(struct hw, touched));
	r->hw.budget = UINT64_MAX;
	if (r->flags & RUN_NO_CHECKS) {
		boot(r, config);
	} else if (same && clean && im->valid) {
		restore(r, im);
		if (r->flags & RUN_VALIDATE)
			compare_with_boot(r, config);
	} else {
		boot(r, config);
		/* Most machines come once: only the second time it pays to keep one. */
		im->valid = same && take_image(r, im);
		if (!same)
			im->config = *config;
	}
	all_clean(r);
	r->imported = 0;
}
