/* SPDX-License-Identifier: MIT */
/*
 * test_trace.c - core's per-CPU lists against recorded traces of real kernels
 *
 * The long trace has all that one CPU of a Linux 4.11 machine did for two
 * seconds: refills of its lists, order-0 requests, frees.  The other CPUs were
 * not stored.  Core replays it: before each refill the buddy gets the blocks
 * that the kernel's buddy must have had for the pages to come out in that
 * order, and from there on core is alone: it takes them, keeps them, and must
 * hand out the frames that the kernel handed out.
 *
 * A request is determined when the page at the head of its list came there by
 * a refill of the trace.  The others get pages that were freed; which list
 * those went to depends on the type of their pageblock, which no event says,
 * but which other events about that pageblock give away.
 *
 * The traces lie beside the tree, not in it; without them the tests are skipped.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "fixture.h"

#define TRACES		"../shared/oracles/traces/"
#define LONG_TRACE	TRACES "lttng_uneven-streams.mm_events.txt"
#define SHORT_TRACE	TRACES "gnome_2.6.3x_free_direct.txt"

enum {
	CPU		= 2,		/* the one that was recorded */
	BATCH		= 31,		/* pages per refill, as the trace has it */
	START_PFN	= 1 << 20,	/* of the zone: 4 GiB */
	SPANNED		= 5 << 18,	/* pages: 5 GiB, more than the trace names */
	NR_BLOCKS	= SPANNED >> 9,
	/* Free all the time, so that the marks hold. */
	RESERVE_PFN	= START_PFN + SPANNED - (64 << MAX_ORDER),
	EVENTS_MAX	= 4096,
	UNKNOWN		= NR_MIGRATETYPES,
};

enum record_kind { REC_OTHER, REC_ALLOC, REC_FREE, REC_TAKEN, REC_STOLEN };

struct record {
	uint8_t	 kind;			/* enum record_kind */
	uint8_t	 order;			/* STOLEN: of the block found */
	uint8_t	 type;			/* STOLEN: of the list it was found on */
	uint32_t gfp;			/* in the bits of that kernel */
	uint64_t pfn;
};

struct replay {
	struct mm	*mm;
	struct zone	*zone;
	unsigned int	 nr;
	struct record	 records[EVENTS_MAX];
	uint8_t		 block_type[NR_BLOCKS];	/* as events give it away; UNKNOWN */
	bool		 by_refill[SPANNED];	/* how the page came to its list */
	uint64_t	 want[BATCH];		/* pages of the refill that comes next */
	unsigned int	 nr_want, nr_taken;
	unsigned int	 refilled;		/* pages that came out as foreseen */
	unsigned int	 steals, drains;
	unsigned int	 determined, equal;	/* requests served by refills */
	unsigned int	 others, others_equal;	/* and by frees */
};

/* --- reading --------------------------------------------------------------------------- */

static FILE *open_trace(const char *path)
{
	FILE *in = fopen(path, "r");

	if (!in)
		cr_skip_test("%s is not there", path);
	return in;
}

/* The number after "key = ", or 0. */
static uint64_t value_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void read_line(struct replay *r, const char *line)
{
	struct record *rec = &r->records[r->nr];
	const char *name = strstr(line, "kmem_mm_page_");

	if (line[0] == '#' || !name)
		return;
	cr_assert_lt(r->nr, EVENTS_MAX);
	name += strlen("kmem_mm_page_");
	rec->pfn = value_of(line, "pfn = ");
	rec->order = (uint8_t)value_of(line, " order = ");
	rec->type = (uint8_t)value_of(line, " migratetype = ");
	rec->gfp = (uint32_t)value_of(line, "gfp_flags = ");
	if (strncmp(name, "alloc_zone_locked:", 18) == 0) {
		rec->kind = REC_TAKEN;
	} else if (strncmp(name, "alloc_extfrag:", 14) == 0) {
		rec->kind = REC_STOLEN;
		rec->order = (uint8_t)value_of(line, "fallback_order = ");
		rec->type = (uint8_t)value_of(line, "fallback_migratetype = ");
	} else if (strncmp(name, "alloc:", 6) == 0) {
		rec->kind = REC_ALLOC;
	} else if (strncmp(name, "free:", 5) == 0) {
		rec->kind = REC_FREE;	/* a batched free is followed by one of these */
	}
	r->nr++;
}

/* A page that a request of some type gets is of a pageblock of that type, unless it was stolen. */
static void learn_block_types(struct replay *r)
{
	memset(r->block_type, UNKNOWN, sizeof(r->block_type));
	for (unsigned int i = 0; i < r->nr; i++) {
		const struct record *rec = &r->records[i];
		uint8_t *type = &r->block_type[(rec->pfn - START_PFN) >> 9];

		if (rec->kind != REC_ALLOC && rec->kind != REC_TAKEN)
			continue;
		cr_assert(*type == UNKNOWN || *type == rec->type,
			  "pageblock of %d: two types", (int)rec->pfn);
		*type = rec->type;
	}
}

/* --- the rest of the machine --------------------------------------------------------------- */

static void note_event(void *to, const struct event *event)
{
	struct replay *r = to;

	r->drains += event->kind == EVENT_PCPU_DRAIN;
	r->steals += event->kind == EVENT_ALLOC_EXTFRAG;
	if (event->kind != EVENT_ALLOC_ZONE_LOCKED)
		return;
	if (r->nr_taken < r->nr_want && r->want[r->nr_taken] == event->pfn)
		r->refilled++;
	r->nr_taken++;
}

/* The first free block of the list, as an allocation with `refs` users; false: it is empty. */
static bool take_block(struct replay *r, unsigned int order, enum migratetype type, uint16_t refs)
{
	struct hw *hw = r->mm->tun.hw;
	struct zone *z = r->zone;
	bool masked = hook_irq_save(hw);
	struct page *page;

	hook_lock(hw, &z->lock);
	page = buddy_first(z, order, type);
	if (page) {
		buddy_list_del(z, page);
		buddy_account(z, -((int64_t)1 << order), type);
		*page = (struct page){ .state = PAGE_ALLOC, .order = (uint8_t)order,
				       .zone = z->id, .refs = refs };
		hook_pages_alloc(hw, z->id, zone_pfn(z, page), 1ULL << order);
	}
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	return page != NULL;
}

/* Other CPUs took what is left on the lists of `type`; the reserve is movable and stays. */
static void take_rest(struct replay *r, enum migratetype type)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		while ((order < MAX_ORDER || type != MIGRATE_MOVABLE) &&
		       take_block(r, order, type, 0))
			;
}

/* Other CPUs freed what this one allocated there: the block is free now. */
static void give_block(struct replay *r, pfn_t pfn, unsigned int order, enum migratetype type)
{
	for (pfn_t p = pfn; p < pfn + (1ULL << order); p++) {
		struct page *page = zone_page(r->zone, p);

		cr_assert(page->state != PAGE_PCP, "%d is on a list of this CPU", (int)p);
		if (page->state == PAGE_ALLOC && page->order == 0)
			page->refs = 0;
	}
	cr_assert(mm_import_free(r->mm, r->zone, pfn, order, type), "%d, order %u", (int)pfn,
		  order);
}

/* --- refills ------------------------------------------------------------------------------- */

/* How many pages from want[i] on follow each other. */
static unsigned int run_length(const struct replay *r, unsigned int i)
{
	unsigned int n = 1;

	while (i + n < r->nr_want && r->want[i + n] == r->want[i] + n)
		n++;
	return n;
}

/*
 * The block that begins at want[i].  Requests for single pages use up the
 * smallest block first and a block from its beginning, so the blocks of one
 * refill have growing orders, and only the last may be used in part.
 */
static unsigned int block_order(const struct replay *r, unsigned int i, unsigned int order_min)
{
	unsigned int length = run_length(r, i), align = ffs_u64(r->want[i]), order = order_min;

	if (i + length == r->nr_want) {
		while ((1U << order) < length)
			order++;
		if (order <= align)
			return order;
	}
	order = align < MAX_ORDER ? align : MAX_ORDER;
	while (order > 0 && (1U << order) > length)
		order--;
	cr_assert_geq(order, order_min, "the refill at %d is no kernel's", (int)r->want[i]);
	return order;
}

/* records[i] is the first of a refill: gives the buddy what core will take. */
static unsigned int prepare_refill(struct replay *r, unsigned int i)
{
	enum migratetype type = (enum migratetype)r->records[i].type;
	unsigned int order = 0, at = 0, stolen = BATCH;

	take_rest(r, type);
	for (r->nr_want = r->nr_taken = 0; r->nr_want < BATCH; i++) {
		const struct record *rec = &r->records[i];

		if (rec->kind == REC_STOLEN) {
			give_block(r, rec->pfn, rec->order, (enum migratetype)rec->type);
			stolen = r->nr_want;
			continue;
		}
		cr_assert(rec->kind == REC_TAKEN && rec->order == 0 && rec->type == (uint8_t)type);
		r->by_refill[rec->pfn - START_PFN] = true;
		r->want[r->nr_want++] = rec->pfn;
	}
	while (at < BATCH && at < stolen) {
		order = block_order(r, at, order);
		give_block(r, r->want[at], order, type);
		at += 1U << order;
	}
	return i;
}

/* --- requests and frees ---------------------------------------------------------------- */

static void replay_alloc(struct replay *r, const struct record *rec)
{
	struct alloc_request req = { .nid = NODE_NONE };
	bool *by_refill = &r->by_refill[rec->pfn - START_PFN];
	struct page *page = NULL;
	bool equal;

	cr_assert(gfp_decode(GFP_V4_10, rec->gfp, &req.gfp));
	cr_assert_eq((int)gfp_migratetype(&r->mm->tun, req.gfp), rec->type);
	cr_assert_eq((int)mm_alloc_pages(r->mm, &req, &page), VERDICT_OK);
	equal = mm_page_pfn(r->mm, page) == rec->pfn;
	r->determined += *by_refill;
	r->equal += *by_refill && equal;
	r->others += !*by_refill;
	r->others_equal += !*by_refill && equal;
	cr_expect(equal, "got %d, the kernel %d", (int)mm_page_pfn(r->mm, page), (int)rec->pfn);
}

static void replay_free(struct replay *r, const struct record *rec)
{
	uint8_t type = r->block_type[(rec->pfn - START_PFN) >> 9];
	struct page *page = zone_page(r->zone, rec->pfn);

	if (page->state != PAGE_ALLOC || !page->refs || page->order) {
		/* Allocated before the trace, or on another CPU. */
		take_rest(r, (enum migratetype)type);
		give_block(r, rec->pfn, 0, (enum migratetype)type);
		cr_assert(take_block(r, 0, (enum migratetype)type, 1));
	}
	r->by_refill[rec->pfn - START_PFN] = false;
	cr_assert_eq((int)mm_free_pages(r->mm, page, 0), MM_OK);
}

static void replay_all(struct replay *r)
{
	for (unsigned int i = 0; i < r->nr; i++) {
		const struct record *rec = &r->records[i];

		if (rec->order)
			continue;	/* 4.11 has no per-CPU lists for these */
		if (rec->kind == REC_TAKEN)
			i = prepare_refill(r, i) - 1;
		else if (rec->kind == REC_ALLOC)
			replay_alloc(r, rec);
		else if (rec->kind == REC_FREE)
			replay_free(r, rec);
	}
}

/* The zone as the CPU sees it at first: nothing is free but the reserve. */
static void boot_replay(struct replay *r)
{
	struct zone *z;

	r->mm = boot_text("tidemark 1\n"
			  "machine cpus=4 zones=DMA,DMA32,Normal,Movable\n"
			  "zone Normal start=1048576 spanned=1310720\n"
			  "sysctl min_free_kbytes=4096\n"
			  "policy pcp_limits=4.18 pcp_batch=31\n");
	z = r->zone = zone_of(r->mm, ZONE_NORMAL);
	r->mm->tun.hw->cpu = CPU;
	r->mm->tun.hw->on_event = note_event;
	r->mm->tun.hw->on_event_to = r;
	mm_import_empty(r->mm, z);
	for (uint64_t i = 0; i < NR_BLOCKS; i++) {
		/*
		 * Two pages are freed of which no other event tells the type: it is
		 * neither of the types whose next requests did not get them.
		 */
		if (r->block_type[i] == UNKNOWN)
			r->block_type[i] = MIGRATE_RECLAIMABLE;
		pageblock_set_type(&r->mm->tun, &z->blocks, START_PFN + (i << 9),
				   (enum migratetype)r->block_type[i]);
	}
	for (pfn_t pfn = RESERVE_PFN; pfn < z->end_pfn; pfn += 1 << MAX_ORDER)
		cr_assert(mm_import_free(r->mm, z, pfn, MAX_ORDER, MIGRATE_MOVABLE));
}

Test(trace, P1_P2_B1_M2_M3_a_cpu_of_linux_4_11)
{
	FILE *in = open_trace(LONG_TRACE);
	struct replay *r = calloc(1, sizeof(*r));
	char line[512];

	cr_assert_not_null(r);
	while (fgets(line, sizeof(line), in))
		read_line(r, line);
	fclose(in);
	cr_assert_eq(r->nr, 2424);
	learn_block_types(r);
	boot_replay(r);
	r->drains = r->steals = 0;
	replay_all(r);

	cr_expect_eq(r->determined, 939, "%u requests are determined", r->determined);
	cr_expect_eq(r->equal, 939, "%u of them got the kernel's frame", r->equal);
	/* With the types of pageblocks that the trace gives away, all others too. */
	cr_expect_eq(r->others, 1125 - 939, "%u", r->others);
	cr_expect_eq(r->others_equal, r->others, "%u", r->others_equal);
	/* And the buddy gave out 31 refills in the kernel's order, one of them stolen. */
	cr_expect_eq(r->refilled, 31 * BATCH, "%u", r->refilled);
	cr_expect_eq(r->steals, 1);
	cr_expect_eq(r->drains, 0);
	boot_done(r->mm);
	free(r);
}

/* A page that somebody has, while others are on the CPU's list. */
static struct page *page_in_use(struct mm *mm, struct zone *z, pfn_t pfn)
{
	struct page *page;

	mm_import_empty(mm, z);
	cr_assert(mm_import_free(mm, z, pfn, 0, MIGRATE_UNMOVABLE));
	page = get_pages(mm, GFP_KERNEL | __GFP_MEMALLOC, 0);
	for (pfn_t other = z->start_pfn; other < z->start_pfn + 64; other += 2)
		cr_assert(mm_import_free(mm, z, other, 0, MIGRATE_UNMOVABLE));
	cr_assert_not_null(get_pages(mm, GFP_KERNEL | __GFP_MEMALLOC, 0));
	return page;
}

/* The page that was freed last is handed out next: in 2.6.3x, and here. */
Test(trace, P2_last_freed_first_out_as_in_linux_2_6)
{
	FILE *in = open_trace(SHORT_TRACE);
	struct mm *mm = boot_text("tidemark 1\n"
				  "machine zones=DMA,DMA32,Normal,Movable\n"
				  "zone Normal start=1048576 spanned=262144\n");
	struct page *page = page_in_use(mm, zone_of(mm, ZONE_NORMAL), 1155800);
	unsigned int compared = 0;
	char line[512];

	while (fgets(line, sizeof(line), in)) {
		uint64_t pfn = value_of(line, " pfn=");

		if (strstr(line, "mm_page_free_direct:") && page) {
			cr_expect_eq(mm_page_pfn(mm, page), pfn);
			cr_expect_eq((int)mm_free_pages(mm, page, 0), MM_OK);
			page = NULL;	/* that kernel prints one free twice */
		} else if (strstr(line, "mm_page_alloc:")) {
			page = get_pages(mm, GFP_KERNEL | __GFP_MEMALLOC, 0);
			cr_assert_not_null(page);
			cr_expect_eq(mm_page_pfn(mm, page), pfn);
			compared++;
		}
	}
	fclose(in);
	cr_expect_eq(compared, 1);
	boot_done(mm);
}
