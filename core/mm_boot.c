/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mm_boot.c - from a description to a machine whose pages are all free
 *
 * The work is in proportion to what is configured: of struct mm only zones of
 * online nodes are cleared, and of the pages only heads of blocks are written.
 */
#include "buddy.h"
#include "mm.h"

enum { METADATA_ALIGN = PAGE_BYTES };	/* the most that any of it needs */

/* --- metadata ------------------------------------------------------------------------- */

static uint64_t padded(uint64_t bytes) { return align_up(bytes, METADATA_ALIGN); }

/* The next `bytes` of the caller's memory, which are zero. */
static void *cut(uint8_t **memory, uint64_t bytes)
{
	void *start = *memory;

	*memory += padded(bytes);
	return start;
}

static uint64_t zone_cpu_bytes(const struct mm_config *config)
{
	return config->nr_cpus * (uint64_t)sizeof(struct zone_cpu);
}

size_t mm_metadata_bytes(const struct mm_config *config)
{
	uint64_t bytes = padded(2ULL * mm_config_regions(config) * sizeof(struct mem_region)) +
			 padded(config->nr_cpus * sizeof(uint64_t[VM_EVENT_ROW]));

	for (unsigned int i = 0; i < config->nr_zones; i++) {
		const struct zone_config *z = &config->zones[i];

		if (!z->spanned)
			continue;
		bytes += padded(z->spanned * sizeof(struct page)) +
			 padded(pageblocks_needed(z->start, z->start + z->spanned,
						  config->pageblock_order)) +
			 padded(zone_cpu_bytes(config));
		/* A part that is cut off needs sets of its own, but no more pages. */
		if (config->kernelcore || config->movablecore)
			bytes += padded(zone_cpu_bytes(config)) + 2 * METADATA_ALIGN;
	}
	return bytes <= SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

/* --- tunables, nodes, CPUs -------------------------------------------------------------- */

static void boot_tunables(struct mm *mm, const struct mm_config *config, struct hw *hw)
{
	struct tunables *t = &mm->tun;
	unsigned int nodes = fls_u64(config->online_nodes);

	mm_assert(Z1, nodes > 0 && nodes <= MAX_NODES);
	*t = (struct tunables){
		.hw = hw,
		.sysctl = config->sysctl,
		.policy = config->policy,
		.zone_types = config->zone_types,
		.page_shift = config->page_shift,
		.pageblock_order = config->pageblock_order,
		.nr_nodes = (uint8_t)popcount_u64(config->online_nodes),
		.online_nodes = config->online_nodes,
		.zone_ids = (uint8_t)(nodes * NR_ZONE_TYPES),
		.has_cma = config->nr_cma > 0,
	};
	hook_lock_init(&t->lock, RANK_TUNABLES);
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		if (t->sysctl.lowmem_reserve_ratio[i] < 1)
			t->sysctl.lowmem_reserve_ratio[i] = 0;
	for (unsigned int i = 0; i < config->nr_zones; i++)
		if (config->zones[i].type == ZONE_HIGHMEM && config->zones[i].spanned)
			t->has_highmem = true;
}

static void boot_nodes(struct mm *mm, const struct mm_config *config)
{
	uint64_t all = ~0ULL >> (64 - config->nr_cpus), left = all;
	unsigned int first = ffs_u64(config->online_nodes);

	mm->nr_cpus = config->nr_cpus;
	mm->online_cpus = all;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		struct node *node = &mm->nodes[nid];

		node->online = config->online_nodes >> nid & 1;
		node->cpus = config->node_cpus[nid];
		memcpy(node->distance, config->distance[nid], sizeof(node->distance));
		node->zonelist[ZONELIST_FALLBACK][0] = ZONE_ID_END;
		node->zonelist[ZONELIST_NOFALLBACK][0] = ZONE_ID_END;
		node->totalreserve = 0;
		node->nr_dirty = 0;
		node->kswapd_order = 0;
		node->kswapd_highest = NR_ZONE_TYPES;
		left &= ~node->cpus;
	}
	mm->nodes[first].cpus |= left;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
			if (mm->nodes[nid].cpus >> cpu & 1)
				mm->cpu_node[cpu] = (uint8_t)nid;
	mm_assert(Z4, mm->online_cpus != 0);
}

/* --- zones ------------------------------------------------------------------------------- */

/* Every zone an empty one; of those that no online node has, only what others look at. */
static void boot_empty_zones(struct mm *mm)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		struct zone *z = &mm->zones[id];

		if (id < mm->tun.zone_ids) {
			memset(z, 0, sizeof(*z));
			hook_lock_init(&z->lock, RANK_ZONE);
		}
		z->tun = &mm->tun;
		z->id = (uint8_t)id;
		z->nid = (uint8_t)(id / NR_ZONE_TYPES);
		z->type = (uint8_t)(id % NR_ZONE_TYPES);
		z->pages = NULL;
		z->cpu = NULL;
		z->start_pfn = z->end_pfn = 0;
		z->present = z->managed = 0;
	}
}

static uint64_t free_pages(const struct memblock *mb, const struct zone *z)
{
	pfn_t cursor = z->start_pfn;
	struct pfn_range r;
	uint64_t nr = 0;

	while (memblock_next_free(mb, &cursor, z->end_pfn, z->nid, &r))
		nr += r.end - r.start;
	return nr;
}

/*
 * M1: pageblocks that begin with memory are typed MOVABLE; the others keep what
 * zeroed memory means, UNMOVABLE.  Whether grouping is off is not known yet.
 */
static void type_pageblocks(const struct memblock *mb, struct zone *z)
{
	uint64_t size = 1ULL << z->blocks.order;
	pfn_t cursor = z->start_pfn;
	struct pfn_range r;

	mm_assert(M1, z->blocks.nr > 0);
	while (memblock_next_memory(mb, &cursor, z->end_pfn, z->nid, &r)) {
		pfn_t first = align_up(r.start, size);

		if (first < r.end)
			memset(z->blocks.type + pageblock_index(&z->blocks, first),
			       MIGRATE_MOVABLE, (size_t)pageblocks_needed(first, r.end,
									   z->blocks.order));
	}
}

/* The zone that begins next after `z`; NULL: the first one. */
static struct zone *next_by_start(struct mm *mm, const struct zone *z)
{
	struct zone *next = NULL;

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		struct zone *other = &mm->zones[id];
		bool after = !z || other->start_pfn > z->start_pfn ||
			     (other->start_pfn == z->start_pfn && id > z->id);

		if (other->pages && after && (!next || other->start_pfn < next->start_pfn))
			next = other;
	}
	return next;
}

/* Zones so far have pageblocks up to number `shared`: those of `z` below are not its own. */
static void share_pageblocks(struct mm *mm, struct zone *z, uint64_t shared)
{
	uint64_t first = z->blocks.first_pfn >> z->blocks.order;
	uint64_t nr = min_u64(shared - first, z->blocks.nr);

	z->blocks.own_first = nr;
	z->blocks.own_nr = z->blocks.nr - nr;
	for (struct zone *low = next_by_start(mm, NULL); low != z; low = next_by_start(mm, low)) {
		uint64_t low_first = low->blocks.first_pfn >> low->blocks.order;
		uint64_t left = first - low_first;

		mm_assert(M1, low_first <= first);
		left -= min_u64(left, low->blocks.own_first);
		low->blocks.own_nr = min_u64(low->blocks.own_nr, left);
	}
}

/* M1: zones in the order of their pages, so that pageblocks in several have one byte. */
static void boot_pageblocks(struct mm *mm, uint8_t **memory)
{
	uint8_t *types = *memory;	/* of a run of zones that touch, from pageblock `run` on */
	uint64_t run = 0, end = 0;

	for (struct zone *z = next_by_start(mm, NULL); z; z = next_by_start(mm, z)) {
		uint64_t first = z->blocks.first_pfn >> z->blocks.order;

		if (first >= end) {
			types += end - run;
			run = end = first;
		}
		z->blocks.type = types + (first - run);
		share_pageblocks(mm, z, end);
		type_pageblocks(&mm->memblock, z);
		end = max_u64(end, first + z->blocks.nr);
	}
	cut(memory, (uint64_t)(types - *memory) + end - run);
}

static void boot_zone(struct mm *mm, unsigned int id, pfn_t start, pfn_t end, uint8_t **memory)
{
	struct zone *z = &mm->zones[id];
	unsigned int order = mm->tun.pageblock_order;

	mm_assert(Z1, start < end);
	mm_assert(Z1, z->pages == NULL);
	z->start_pfn = start;
	z->end_pfn = end;
	z->pages = cut(memory, (end - start) * sizeof(struct page));
	/* Field by field: padding stays zero, and machines can be compared as bytes. */
	z->blocks.first_pfn = align_down(start, 1ULL << order);
	z->blocks.nr = pageblocks_needed(start, end, order);
	z->blocks.order = order;
	z->cpu = cut(memory, mm->nr_cpus * (uint64_t)sizeof(*z->cpu));
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		hook_lock_init(&z->cpu[cpu].pcp.lock, RANK_PCP);
	z->present = memblock_pages(&mm->memblock, start, end, z->nid);
	z->managed = free_pages(&mm->memblock, z);
	z->managed_marks = z->managed;
	z->managed_reserve = z->managed;
	mm_assert(Z1, z->managed <= z->present);
	mm_assert(Z1, z->present <= zone_spanned(z));
}

/* Z6: the highest zone type that the kernel itself can use, and where its zones begin. */
static unsigned int movable_source(const struct mm_config *config, pfn_t *lowest)
{
	unsigned int type = ZONE_DMA;

	for (unsigned int i = 0; i < config->nr_zones; i++)
		if (config->zones[i].spanned && config->zones[i].type < ZONE_MOVABLE &&
		    config->zones[i].type > type)
			type = config->zones[i].type;
	*lowest = PFN_NONE;
	for (unsigned int i = 0; i < config->nr_zones; i++)
		if (config->zones[i].spanned && config->zones[i].type == type)
			*lowest = min_u64(*lowest, config->zones[i].start);
	return type;
}

static void boot_zones(struct mm *mm, const struct mm_config *config, uint8_t **memory)
{
	pfn_t movable[MAX_NODES] = { 0 }, lowest;
	unsigned int source = NR_ZONE_TYPES;

	boot_empty_zones(mm);
	if (config->kernelcore || config->movablecore) {
		source = movable_source(config, &lowest);
		node_movable_start(&mm->memblock, config->kernelcore, config->movablecore,
				   lowest, movable);
	}
	for (unsigned int i = 0; i < config->nr_zones; i++) {
		const struct zone_config *zc = &config->zones[i];
		unsigned int first = zc->nid * (unsigned int)NR_ZONE_TYPES, id = first + zc->type;
		pfn_t end = zc->start + zc->spanned, middle = end;

		if (zc->type == source && movable[zc->nid])
			middle = clamp_u64(movable[zc->nid], zc->start, end);
		if (zc->start < middle)
			boot_zone(mm, id, zc->start, middle, memory);
		if (middle < end) {
			/* What managed was earlier is not known of either part. */
			boot_zone(mm, first + ZONE_MOVABLE, middle, end, memory);
			continue;
		}
		if (zc->managed_marks != PAGES_UNSET)
			mm->zones[id].managed_marks = zc->managed_marks;
		if (zc->managed_reserve != PAGES_UNSET)
			mm->zones[id].managed_reserve = zc->managed_reserve;
	}
	boot_pageblocks(mm, memory);
	zonelist_build(mm->nodes, mm->zones);
}

/* M1: with too few pageblocks every type would soon be in every one of them. */
static void decide_grouping(struct mm *mm)
{
	unsigned int nr_types = mm->tun.has_cma ? NR_MIGRATETYPES : NR_MIGRATETYPES - 1;
	uint64_t managed = 0;

	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		if (z->type <= ZONE_MOVABLE)
			managed += z->managed;
	mm->tun.grouping_off = managed < pageblock_nr_pages(&mm->tun) * nr_types;
}

/* --- free pages ----------------------------------------------------------------------------- */

/* B2: the largest aligned blocks, upward, each to the tail of its list. */
static void free_range(struct zone *z, pfn_t start, pfn_t end)
{
	mm_assert(Z3, zone_spans(z, start));
	mm_assert(Z3, end <= z->end_pfn);
	while (start < end) {
		uint64_t fits = min_u64(ffs_u64(start), fls_u64(end - start) - 1);
		unsigned int order = (unsigned int)min_u64(fits, MAX_ORDER);
		struct page *page = zone_page(z, start);

		/* Written before it is read, fresh memory is mapped once and not twice. */
		page->links = 0;
		buddy_free(z, page, order, pageblock_type(&z->blocks, start), PLACE_TAIL);
		start += 1ULL << order;
	}
}

static void free_zone(struct mm *mm, struct zone *z)
{
	struct hw *hw = mm->tun.hw;
	pfn_t cursor = z->start_pfn;
	bool masked = hook_irq_save(hw);
	struct pfn_range r;

	hook_lock(hw, &z->lock);
	while (memblock_next_free(&mm->memblock, &cursor, z->end_pfn, z->nid, &r))
		free_range(z, r.start, r.end);
	if (mm->tun.policy.shuffle)
		buddy_shuffle(z);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

/* A pageblock of a CMA area, given to the buddy after everything else. */
static void free_cma_pageblock(struct mm *mm, pfn_t pfn)
{
	struct hw *hw = mm->tun.hw;
	unsigned int order = mm->tun.pageblock_order;
	struct zone *z = mm_next_zone(mm, NULL);
	bool masked;

	while (!zone_spans(z, pfn) || !memblock_pages(&mm->memblock, pfn, pfn + 1, z->nid)) {
		z = mm_next_zone(mm, z);
		mm_assert(I3, z != NULL);
	}
	masked = hook_irq_save(hw);
	hook_lock(hw, &z->lock);
	mm_assert(I3, pageblock_type(&z->blocks, pfn) == MIGRATE_MOVABLE);
	pageblock_set_type(&mm->tun, &z->blocks, pfn, MIGRATE_CMA);
	buddy_free(z, zone_page(z, pfn), order, MIGRATE_CMA, PLACE_BY_MERGE);
	z->cma_pages += 1ULL << order;
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
}

static void free_everything(struct mm *mm, const struct mm_config *config)
{
	bool fits = true;

	/* Until they are typed, CMA areas are reserved. */
	for (unsigned int i = 0; i < config->nr_cma; i++)
		fits &= memblock_reserve(&mm->memblock, config->cma[i].start, config->cma[i].end);
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		free_zone(mm, z);
	for (unsigned int i = 0; i < config->nr_cma; i++) {
		fits &= memblock_free(&mm->memblock, config->cma[i].start, config->cma[i].end);
		for (pfn_t pfn = config->cma[i].start; pfn < config->cma[i].end;
		     pfn += pageblock_nr_pages(&mm->tun))
			free_cma_pageblock(mm, pfn);
	}
	mm_assert(Z3, fits);
}

void mm_boot(struct mm *mm, const struct mm_config *config, void *memory, struct hw *hw)
{
	uint32_t room = mm_config_regions(config);
	uint8_t *next = memory;
	struct mem_region *arena = cut(&next, 2ULL * room * sizeof(*arena));
	const char *wrong;
	unsigned int culprit;

	mm_assert(Z1, is_aligned((uintptr_t)memory, METADATA_ALIGN));
	mm->events = cut(&next, config->nr_cpus * (uint64_t)sizeof(*mm->events));
	mm->reclaim = NULL;
	mm->drainer = (struct drainer){ .wanted = { false } };
	hook_waitq_init(&mm->drainer.waitq);
	mm->min_free_kbytes = 0;
	boot_tunables(mm, config, hw);
	boot_nodes(mm, config);
	memblock_init(&mm->memblock, arena, 2 * room, room);
	wrong = mm_config_memory(config, &mm->memblock, &culprit);
	mm_assert(Z1, wrong == NULL);
	boot_zones(mm, config, &next);
	mm_assert(Z1, (size_t)(next - (uint8_t *)memory) <= mm_metadata_bytes(config));
	decide_grouping(mm);
	free_everything(mm, config);
	mm_tune_boot(mm);
}
