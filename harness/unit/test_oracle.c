/* SPDX-License-Identifier: MIT */
/*
 * test_oracle.c - the model's answers, and that it notices a core that is wrong
 *
 * Answers are compared with numbers worked out by hand and with what core then
 * does.  A wrong core is made by hand too: a number changed in struct mm, a page
 * handed over that nobody may have.
 */
#define _POSIX_C_SOURCE 200809L	/* sigsetjmp, dup */

#include <criterion/criterion.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "oracle.h"

#define ONE_ZONE	"tidemark 1\n" \
			"machine cpus=2 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n" \
			"node 0 cpus=0-1\n" \
			"zone Normal start=0 spanned=4096\n" \
			"sysctl min_free_kbytes=1600\n" \
			"ops\n"
#define TWO_NODES	"tidemark 1\n" \
			"machine cpus=2 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n" \
			"node 0 cpus=0\n" \
			"zone DMA32 start=0 spanned=1024\n" \
			"zone Normal start=1024 spanned=1024\n" \
			"node 1 cpus=1\n" \
			"zone Normal start=4096 spanned=1024\n" \
			"zone Movable start=5120 spanned=512\n" \
			"node 2\n" \
			"distance 0 1 20\n" \
			"distance 0 2 30\n" \
			"distance 1 2 30\n" \
			"ops\n"

enum { ID_DMA32 = ZONE_DMA32, ID_NORMAL = ZONE_NORMAL };

struct bench {
	struct mm     *mm;
	struct oracle *o;
	void	      *memory;
	uint32_t       slots;
};

static struct bench set_up(const char *text)
{
	struct bench b = { .mm = boot_text(text), .o = malloc(oracle_size) };

	b.memory = calloc(1, oracle_bytes(b.mm));
	memset(b.o, 0xa5, oracle_size);		/* it need not be clean */
	oracle_init(b.o, b.mm, b.memory);
	return b;
}

static void take_down(struct bench *b)
{
	free(b->memory);
	free(b->o);
	boot_done(b->mm);
}

static struct alloc_request request(gfp_t gfp, unsigned int order, unsigned int context)
{
	return (struct alloc_request){ .gfp = gfp, .order = (uint8_t)order, .nid = NODE_NONE,
				       .context = (uint8_t)context };
}

static enum oracle_answer ask(struct bench *b, const struct alloc_request *req)
{
	const char *why = NULL;
	enum oracle_answer answer = oracle_ask(b->o, req, b->mm->tun.hw->cpu, false, &why);

	cr_assert_not_null(why);
	return answer;
}

/* Asks, allocates, and checks that core does what the model said; the page, if any. */
static struct page *both(struct bench *b, const struct alloc_request *req)
{
	static const enum verdict verdicts[] = {
		[MUST_SUCCEED] = VERDICT_OK, [MUST_FAIL] = VERDICT_FAILED,
		[MUST_STUCK] = VERDICT_STUCK, [MUST_REFUSE] = VERDICT_REFUSED,
	};
	enum oracle_answer answer = ask(b, req);
	struct page *page;
	enum verdict verdict = mm_alloc_pages(b->mm, req, &page);

	cr_assert_neq(answer, MAY);
	cr_assert_eq(verdict, verdicts[answer], "gfp %#x order %u context %#x: %d, model %d",
		     req->gfp, req->order, req->context, verdict, answer);
	if (page)
		oracle_got(b->o, req, mm_page_pfn(b->mm, page), req->order, b->slots++);
	return page;
}

/* Takes single pages until `left` are free, as far as the zone's global counter knows. */
static void leave(struct bench *b, unsigned int id, int64_t left)
{
	struct zone *z = &b->mm->zones[id];
	struct alloc_request req = request(__GFP_MEMALLOC | __GFP_THISNODE, 0, 0);

	req.nid = z->nid;
	if (id % NR_ZONE_TYPES == ZONE_DMA32)
		req.gfp |= __GFP_DMA32;
	while (zone_free_pages(z) > left)
		cr_assert_not_null(both(b, &req));
	mm_drain_all(b->mm);
	for (unsigned int cpu = 0; cpu < b->mm->nr_cpus; cpu++)
		stat_fold(b->mm->tun.hw, &z->stats, &z->cpu[cpu].stat);
	req.order = 0;
	while (zone_free_pages(z) > left) {
		cr_assert_not_null(both(b, &req));
		mm_drain_all(b->mm);
		stat_fold(b->mm->tun.hw, &z->stats, &z->cpu[b->mm->tun.hw->cpu].stat);
	}
}

/* --- what panics, and with which tag ---------------------------------------------- */

static sigjmp_buf abort_point;

static void on_abort(int signal)
{
	(void)signal;
	siglongjmp(abort_point, 1);
}

/* Runs fn(to); the tag it panicked with, "" if it did not. */
static const char *tag_of_panic(void (*fn)(void *to), void *to)
{
	static char text[256];
	int ends[2], old = dup(STDERR_FILENO);
	ssize_t len = 0;
	volatile bool panicked = true;

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	signal(SIGABRT, on_abort);
	if (!sigsetjmp(abort_point, 1)) {
		fn(to);
		panicked = false;
	}
	signal(SIGABRT, SIG_DFL);
	dup2(old, STDERR_FILENO);
	close(ends[1]);
	if (panicked)
		len = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	close(old);
	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, " ")] = '\0';
	return text;
}

/* --- A, W, G: verdicts ----------------------------------------------------------------- */

Test(oracle, A1_A2_W5_every_verdict_until_nothing_is_left)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_KERNEL | __GFP_HIGH, GFP_HIGHUSER_MOVABLE,
		GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_NORETRY, GFP_TRANSHUGE,
		GFP_KERNEL | __GFP_NOFAIL, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_NOWAIT | __GFP_NOMEMALLOC, GFP_ATOMIC | __GFP_DIRECT_RECLAIM,
	};
	static const unsigned int contexts[] = { 0, CTX_REALTIME, CTX_OOM_VICTIM, CTX_MEMALLOC };
	uint32_t seed = 1, ok = 0, failed = 0;
	struct bench b = set_up(ONE_ZONE);

	for (unsigned int i = 0; i < 2000; i++) {
		struct alloc_request req;

		seed = seed * 1664525 + 1013904223;
		req = request(gfps[(seed >> 8) % 12], (seed >> 16) % (i % 7 ? 3 : 11),
			      contexts[(seed >> 24) % 4]);
		if (both(&b, &req))
			ok++;
		else
			failed++;
	}
	cr_assert_gt(ok, 200);
	cr_assert_gt(failed, 500);
	oracle_recount(b.o);
	take_down(&b);
}

/* min is 400 pages, one zone; every caller stops at its own part of it. */
Test(oracle, G4_W5_each_caller_goes_as_far_below_min_as_it_may)
{
	static const struct { gfp_t gfp; unsigned int context; int64_t least; } rows[] = {
		{ GFP_KERNEL, 0, 400 },
		{ GFP_NOWAIT, 0, 400 },
		{ GFP_KERNEL | __GFP_HIGH, 0, 200 },
		{ GFP_KERNEL, CTX_REALTIME, 200 },
		{ GFP_ATOMIC | __GFP_NOMEMALLOC, 0, 200 },
		{ GFP_KERNEL, CTX_OOM_VICTIM, 200 },
		{ GFP_KERNEL | __GFP_NOFAIL, 0, 200 },
		{ GFP_ATOMIC, 0, 150 },
		{ GFP_KERNEL, CTX_MEMALLOC, -1 },
		{ GFP_NOWAIT | __GFP_MEMALLOC, 0, -1 },
		{ GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0, 400 },
	};
	struct bench b = set_up(ONE_ZONE);

	cr_assert_eq(b.mm->zones[ID_NORMAL].watermark[WMARK_MIN], 400);
	for (int64_t left = 402; left >= 148; left--) {
		leave(&b, ID_NORMAL, left);
		for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct alloc_request req = request(rows[i].gfp, 0, rows[i].context);
			enum oracle_answer answer = ask(&b, &req);

			cr_assert_eq(answer == MUST_SUCCEED, left > rows[i].least,
				     "row %u with %d left: %d", i, (int)left, answer);
		}
	}
	take_down(&b);
}

Test(oracle, W6_W7_atomic_order_0_may_leave_the_boost_out)
{
	struct bench b = set_up(ONE_ZONE);
	struct alloc_request atomic = request(GFP_ATOMIC, 0, 0);
	struct alloc_request atomic_pair = request(GFP_ATOMIC, 1, 0);
	struct alloc_request high = request(__GFP_HIGH, 0, 0);

	leave(&b, ID_NORMAL, 300);
	cr_assert_eq(ask(&b, &high), MUST_SUCCEED);
	b.mm->zones[ID_NORMAL].boost = 600;
	oracle_retune(b.o);
	cr_assert_eq(ask(&b, &high), MUST_FAIL);	/* (400 + 600) / 2 * 3 / 4 */
	cr_assert_eq(ask(&b, &atomic), MUST_SUCCEED);
	cr_assert_eq(ask(&b, &atomic_pair), MUST_FAIL);
	both(&b, &high);
	both(&b, &atomic_pair);
	cr_assert_not_null(both(&b, &atomic));
	take_down(&b);
}

Test(oracle, W8_the_global_counter_decides_not_what_is_there)
{
	struct bench b = set_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request req = request(GFP_NOWAIT, 0, 0);

	leave(&b, ID_NORMAL, 402);
	cr_assert_eq(ask(&b, &req), MUST_SUCCEED);
	z->stats.count[NR_FREE_PAGES] -= 2;
	z->cpu[1].stat.diff[NR_FREE_PAGES] = 2;
	cr_assert_eq(ask(&b, &req), MUST_FAIL);
	cr_assert_null(both(&b, &req));
	z->stats.count[NR_FREE_PAGES] = -2;	/* reads as zero */
	cr_assert_eq(ask(&b, &req), MUST_FAIL);
	take_down(&b);
}

Test(oracle, G2_G6_what_the_edge_refuses)
{
	static const struct alloc_request refused[] = {
		{ .gfp = GFP_KERNEL, .order = MAX_ORDER + 1, .nid = NODE_NONE },
		{ .gfp = GFP_KERNEL | 0x8000000, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA | __GFP_HIGHMEM, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA | __GFP_DMA32, .nid = NODE_NONE },
		{ .gfp = __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE, .nid = NODE_NONE },
		{ .gfp = __GFP_MOVABLE | __GFP_RECLAIMABLE, .nid = NODE_NONE },
		{ .gfp = GFP_KERNEL, .nid = 3 },
		{ .gfp = GFP_KERNEL, .nid = MAX_NODES },
		{ .gfp = GFP_KERNEL, .nid = 0, .nodemask = 1 << 5 },
		{ .gfp = GFP_KERNEL, .nid = NODE_NONE, .context = CTX_IRQ },
		{ .gfp = GFP_NOWAIT, .nid = NODE_NONE, .context = CTX_MASK + 1 },
	};
	struct bench b = set_up(TWO_NODES);
	const char *why;

	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		cr_assert_eq(ask(&b, &refused[i]), MUST_REFUSE, "row %u", i);
		both(&b, &refused[i]);
		/* Also when something may strike: nothing is refused by chance. */
		b.mm->tun.hw->irq_at = 1;
		cr_assert_eq(oracle_ask(b.o, &refused[i], 0, true, &why), MUST_REFUSE);
		b.mm->tun.hw->irq_at = 0;
	}
	take_down(&b);
}

static uint64_t no_pages(struct mm *mm, gfp_t gfp, unsigned int order)
{
	(void)mm;
	(void)gfp;
	(void)order;
	return 0;
}

Test(oracle, G5_nofail_is_stuck_or_fails_and_a_reclaimer_may_help)
{
	struct bench b = set_up(ONE_ZONE);
	struct alloc_request blocking = request(GFP_KERNEL | __GFP_NOFAIL, 0, 0);
	struct alloc_request atomic = request(GFP_NOWAIT | __GFP_NOFAIL, 0, 0);
	struct alloc_request plain = request(GFP_KERNEL, 0, 0);

	leave(&b, ID_NORMAL, 100);
	cr_assert_eq(ask(&b, &blocking), MUST_STUCK);
	cr_assert_eq(ask(&b, &atomic), MUST_FAIL);
	both(&b, &blocking);
	both(&b, &atomic);
	b.mm->reclaim = no_pages;
	cr_assert_eq(ask(&b, &blocking), MAY);
	cr_assert_eq(ask(&b, &plain), MAY);
	cr_assert_eq(ask(&b, &atomic), MUST_FAIL);
	take_down(&b);
}

/* Node 2 has no memory: without anything to drop the mask for there is no way. */
Test(oracle, G5_Z5_nofail_and_nodes_without_memory)
{
	struct bench b = set_up(TWO_NODES);
	struct alloc_request req = request(GFP_KERNEL | __GFP_NOFAIL, 0, 0);

	req.nodemask = 1 << 2;
	cr_assert_eq(ask(&b, &req), MUST_STUCK);
	req.context = CTX_MEMALLOC;		/* memory policies do not bind reclaimers */
	cr_assert_eq(ask(&b, &req), MUST_SUCCEED);
	req.gfp |= __GFP_THISNODE;
	req.nid = 2;
	cr_assert_eq(ask(&b, &req), MUST_STUCK);
	take_down(&b);
}

Test(oracle, G5_dirty_nodes_are_passed_over_on_the_fast_path)
{
	struct bench b = set_up(TWO_NODES);
	struct alloc_request req = request(GFP_KERNEL | __GFP_WRITE, 0, 0);
	struct page *page;

	req.nid = 0;
	b.mm->nodes[0].nr_dirty = 1 << 20;
	page = both(&b, &req);
	cr_assert_eq(page->zone / NR_ZONE_TYPES, 1);
	b.mm->nodes[1].nr_dirty = 1 << 20;	/* nowhere: then the limit is forgotten */
	page = both(&b, &req);
	cr_assert_eq(page->zone / NR_ZONE_TYPES, 0);
	take_down(&b);
}

/* --- M5: the reserve -------------------------------------------------------------------- */

static void put(struct bench *b, pfn_t pfn, unsigned int order, enum migratetype type)
{
	struct zone *z = &b->mm->zones[ID_NORMAL];

	cr_assert(mm_import_free(b->mm, z, pfn, order, type));
	oracle_import_free(b->o, pfn, order);
}

Test(oracle, M5_A4_unreserving_is_foretold_and_changes_nothing)
{
	struct bench b = set_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request kernel = request(GFP_KERNEL, 2, 0);
	struct alloc_request noretry = request(GFP_KERNEL | __GFP_NORETRY, 2, 0);
	struct alloc_request atomic = request(GFP_ATOMIC, 2, 0);
	uint64_t before;

	mm_import_empty(b.mm, z);
	oracle_import_empty(b.o, ID_NORMAL);
	for (pfn_t pfn = 0; pfn < 1024; pfn += 2)
		put(&b, pfn, 0, MIGRATE_MOVABLE);
	put(&b, 2048, 2, MIGRATE_HIGHATOMIC);
	put(&b, 2064, 3, MIGRATE_HIGHATOMIC);
	before = state_hash(b.mm);
	cr_assert_eq(ask(&b, &atomic), MUST_SUCCEED);
	cr_assert_eq(ask(&b, &noretry), MUST_FAIL);
	for (unsigned int i = 0; i < 3; i++)
		cr_assert_eq(ask(&b, &kernel), MUST_SUCCEED);
	cr_assert_eq(state_hash(b.mm), before);
	both(&b, &noretry);
	cr_assert_not_null(both(&b, &kernel));
	kernel.order = 4;
	cr_assert_eq(ask(&b, &kernel), MUST_FAIL);
	take_down(&b);
}

/* A pageblock that leaves the zone's end is counted out of the reserve, but stays where it is. */
Test(oracle, M5_a_pageblock_across_the_zones_end_never_moves)
{
	struct bench b = set_up("tidemark 1\n"
		"machine cpus=1 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n"
		"node 0 cpus=0\n"
		"zone Normal start=8 spanned=1024\n"
		"sysctl min_free_kbytes=40\n"
		"ops\n");
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request pair = request(GFP_KERNEL, 1, 0);

	mm_import_empty(b.mm, z);
	oracle_import_empty(b.o, ID_NORMAL);
	for (pfn_t pfn = 128; pfn < 256; pfn += 2)
		put(&b, pfn, 0, MIGRATE_MOVABLE);
	put(&b, 1026, 1, MIGRATE_HIGHATOMIC);
	cr_assert_eq(ask(&b, &pair), MUST_FAIL);
	cr_assert_null(both(&b, &pair));
	put(&b, 10, 1, MIGRATE_HIGHATOMIC);	/* before the zone's start: that one moves */
	cr_assert_eq(ask(&b, &pair), MUST_FAIL);	/* not while the other heads the list */
	take_down(&b);
}

/* --- Z: where from ----------------------------------------------------------------------- */

Test(oracle, Z4_Z7_M4_the_zone_is_foretold)
{
	struct bench b = set_up(TWO_NODES);
	struct alloc_request req = request(GFP_KERNEL, 0, 0);

	for (unsigned int i = 0; i < 2600; i++) {
		req.order = i % 3 ? 0 : 2;
		req.nid = i & 4 ? 1 : 0;
		req.nodemask = i & 8 ? 2 : i & 16 ? 3 : 0;
		req.gfp = i & 32 ? GFP_HIGHUSER_MOVABLE : i & 64 ? GFP_ATOMIC : GFP_KERNEL;
		if (i % 11 == 0)
			req.gfp |= __GFP_THISNODE;
		both(&b, &req);
	}
	oracle_recount(b.o);
	take_down(&b);
}

Test(oracle, Z7_policies_pick_the_node)
{
	static const struct { struct mempolicy pol; gfp_t gfp; unsigned int nid; } rows[] = {
		{ { .mode = MPOL_DEFAULT, .home = NODE_NONE }, GFP_KERNEL, 0 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE }, GFP_DMA32, 0 },
		{ { .mode = MPOL_BIND, .nodes = 3, .home = 1 }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_PREFERRED, .nodes = 6, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_PREFERRED_MANY, .nodes = 2, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_INTERLEAVE, .nodes = 3, .home = NODE_NONE }, GFP_KERNEL, 1 },
		{ { .mode = MPOL_INTERLEAVE, .nodes = 3, .home = NODE_NONE, .il_prev = 1 },
		  GFP_KERNEL, 0 },
		{ { .mode = MPOL_BIND, .nodes = 2, .home = NODE_NONE },
		  GFP_KERNEL | __GFP_THISNODE, 0 },
	};
	struct bench b = set_up(TWO_NODES);
	struct mempolicy nobody = { .mode = MPOL_BIND, .nodes = 4, .home = NODE_NONE };
	struct alloc_request req = request(GFP_KERNEL, 0, 0);
	struct page *page;
	const char *why;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mempolicy pol = rows[i].pol;

		req.gfp = rows[i].gfp;
		cr_assert_eq(oracle_ask_policy(b.o, &pol, &req, 0, false, &why), MUST_SUCCEED);
		cr_assert_eq(mempolicy_alloc(b.mm, &pol, &req, &page), VERDICT_OK);
		oracle_got(b.o, &req, mm_page_pfn(b.mm, page), 0, i);
		cr_assert_eq(page->zone / NR_ZONE_TYPES, rows[i].nid, "row %u", i);
	}
	cr_assert_eq(oracle_ask_policy(b.o, &nobody, &req, 0, false, &why), MUST_REFUSE);
	take_down(&b);
}

/* --- B5, P6 ------------------------------------------------------------------------------- */

Test(oracle, B5_bulk_and_exact)
{
	struct bench b = set_up(ONE_ZONE);
	struct alloc_request req = request(GFP_NOWAIT, 0, 0);
	struct page *pages[64] = { NULL };
	uint32_t filled;
	const char *why;

	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(mm_alloc_bulk(b.mm, &req, pages, 64, &filled), VERDICT_OK);
	for (uint32_t i = 0; i < filled; i++)
		oracle_got(b.o, &req, mm_page_pfn(b.mm, pages[i]), 0, 0);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), filled);
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 0, 0, false, &why), MUST_SUCCEED);
	req.order = 7;				/* bulk has none; exact has its own */
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 8, 0, false, &why), MUST_REFUSE);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 0, 0, false, &why), MUST_REFUSE);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 1024, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(oracle_ask_exact(b.o, &req, 1025, 0, false, &why), MUST_REFUSE);
	req.gfp |= __GFP_COMP;
	cr_assert_eq(oracle_ask_exact(b.o, &req, 8, 0, false, &why), MUST_REFUSE);
	leave(&b, ID_NORMAL, 400);
	req = request(GFP_NOWAIT, 0, 0);
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_FAIL);
	req.gfp = GFP_ATOMIC;			/* one page, the slow way */
	cr_assert_eq(oracle_ask_bulk(b.o, &req, 64, 0, false, &why), MUST_SUCCEED);
	take_down(&b);
}

Test(oracle, P6_a_refused_trylock_matters_only_where_the_set_has_the_last_page)
{
	struct bench b = set_up(ONE_ZONE);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	struct alloc_request req = request(GFP_NOWAIT | __GFP_MEMALLOC, 0, 0);
	struct page *page;
	const char *why;

	b.mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MUST_SUCCEED);
	b.mm->tun.hw->fail_trylock_at = 0;
	page = both(&b, &req);
	while (both(&b, &req))
		;
	cr_assert_eq(z->cpu[0].pcp.count, 0);
	oracle_gave(b.o, mm_page_pfn(b.mm, page), 1, 0);
	cr_assert_eq(mm_free_pages(b.mm, page, 0), MM_OK);
	cr_assert_eq(z->cpu[0].pcp.count, 1);
	b.mm->tun.hw->fail_trylock_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MAY);
	b.mm->tun.hw->fail_trylock_at = 0;
	cr_assert_eq(oracle_ask(b.o, &req, 0, false, &why), MUST_SUCCEED);
	cr_assert_eq(oracle_ask(b.o, &req, 1, false, &why), MUST_FAIL);	/* another's set */
	b.mm->tun.hw->irq_at = 1;
	cr_assert_eq(oracle_ask(b.o, &req, 0, true, &why), MAY);
	take_down(&b);
}

/* --- a core that is wrong: pages ---------------------------------------------------------- */

struct handing {			/* a page handed over, or taken back */
	struct bench  b;
	struct alloc_request req;
	pfn_t	      pfn;
	unsigned int  order;
	bool	      ask;
	bool	      twice;
	bool	      back;		/* given back by a slot that never had it */
};

static void hand_over(void *to)
{
	struct handing *h = to;

	if (h->ask)
		ask(&h->b, &h->req);
	if (h->back)
		oracle_gave(h->b.o, h->pfn, 1ULL << h->order, 6);
	oracle_got(h->b.o, &h->req, h->pfn, h->order, 7);
	if (h->twice)
		oracle_got(h->b.o, &h->req, h->pfn, h->order, 8);
}

Test(oracle, X1_X4_X5_pages_that_must_not_be_handed_out)
{
	static const struct { const char *tag; struct handing h; } rows[] = {
		{ "", { .pfn = 1024, .order = 3 } },
		{ "", { .pfn = 1024, .ask = true } },
		{ "X1", { .pfn = 1024, .order = 3, .twice = true } },
		{ "X1", { .pfn = 1024, .back = true } },
		{ "X1", { .pfn = 3000 } },			/* nobody's */
		{ "X1", { .pfn = 2047, .order = 1 } },	/* across a zone's end */
		{ "X4", { .pfn = 1026, .order = 2 } },
		{ "X5", { .pfn = 5120 } },			/* Movable, for GFP_KERNEL */
		{ "X5", { .req.gfp = __GFP_DMA32, .pfn = 1024 } },
		{ "X5", { .req.gfp = __GFP_THISNODE, .pfn = 4096 } },
		{ "X5", { .req.nodemask = 1, .pfn = 4096 } },
		{ "", { .req.gfp = GFP_ATOMIC, .req.nodemask = 1, .pfn = 4096 } },
		{ "X5", { .pfn = 0, .ask = true } },		/* not the foretold zone */
		{ "X5", { .pfn = 4096, .ask = true } },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct handing h = rows[i].h;

		h.b = set_up(TWO_NODES);
		cr_assert_str_eq(tag_of_panic(hand_over, &h), rows[i].tag, "row %u", i);
		take_down(&h.b);
	}
}

static void recount(void *to) { oracle_recount(to); }

Test(oracle, X1_a_recount_finds_what_nobody_told)
{
	struct bench b = set_up(ONE_ZONE);
	struct alloc_request req = request(GFP_KERNEL, 2, 0);
	struct page *page = both(&b, &req);
	pfn_t pfn = mm_page_pfn(b.mm, page);

	cr_assert_str_eq(tag_of_panic(recount, b.o), "");
	page->state = PAGE_FREE;
	cr_assert_str_eq(tag_of_panic(recount, b.o), "X1");
	page->state = PAGE_ALLOC;
	oracle_gave(b.o, pfn + 3, 1, 0);
	cr_assert_str_eq(tag_of_panic(recount, b.o), "X1");
	take_down(&b);
}

Test(oracle, X1_imported_pages_belong_to_nobodys_slot)
{
	struct bench b = set_up(ONE_ZONE);

	mm_import_empty(b.mm, &b.mm->zones[ID_NORMAL]);
	oracle_import_empty(b.o, ID_NORMAL);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), 4096);
	put(&b, 64, 5, MIGRATE_MOVABLE);
	cr_assert_eq(oracle_owned(b.o, ID_NORMAL), 4096 - 32);
	oracle_recount(b.o);
	take_down(&b);
}

Test(oracle, X5_a_page_past_the_mark_aborts, .signal = SIGABRT)
{
	struct bench b = set_up(TWO_NODES);
	struct alloc_request req = request(GFP_NOWAIT, 0, 0);
	struct page *page;

	ask(&b, &req);
	/* Core forgets Normal's pages and falls back to DMA32, which the model did not foretell. */
	b.mm->zones[ID_NORMAL].stats.count[NR_FREE_PAGES] = 0;
	mm_alloc_pages(b.mm, &req, &page);
	oracle_got(b.o, &req, mm_page_pfn(b.mm, page), 0, 0);
}

/* --- a core that is wrong: numbers ---------------------------------------------------------- */

static void boot_again(void *to)
{
	struct bench *b = to;

	memset(b->memory, 0, oracle_bytes(b->mm));
	oracle_init(b->o, b->mm, b->memory);
}

static void retune(void *to) { oracle_retune(((struct bench *)to)->o); }

Test(oracle, W1_W2_W4_W8_P1_G5_Z4_every_wrong_number_is_noticed)
{
	struct bench b = set_up(TWO_NODES);
	struct zone *z = &b.mm->zones[ID_NORMAL];
	const struct {
		const char *tag;
		void	   *at;
		size_t	    size;
		bool	    boot_only;
	} rows[] = {
		{ "W1", &b.mm->min_free_kbytes, 4, false },
		{ "W2", &z->watermark[WMARK_MIN], 8, false },
		{ "W2", &z->watermark[WMARK_LOW], 8, false },
		{ "W2", &b.mm->zones[ID_DMA32].watermark[WMARK_HIGH], 8, false },
		{ "W4", &b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 8, false },
		{ "W4", &z->lowmem_reserve[ZONE_MOVABLE], 8, false },
		{ "P1", &z->pageset_high, 4, false },
		{ "P1", &z->pageset_batch, 4, false },
		{ "P1", &z->cpu[1].pcp.high, 4, false },
		{ "P1", &z->cpu[1].pcp.batch, 4, false },
		{ "W8", &z->cpu[0].stat.threshold, 1, false },
		{ "W8", &z->percpu_drift_mark, 8, false },
		{ "G5", &b.mm->nodes[1].totalreserve, 8, false },
		{ "Z4", &b.mm->nodes[0].zonelist[ZONELIST_FALLBACK][1], 1, true },
		{ "Z4", &b.mm->nodes[2].zonelist[ZONELIST_NOFALLBACK][0], 1, true },
		{ "Z1", &z->managed, 8, true },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char *byte = rows[i].at;

		cr_assert_str_eq(tag_of_panic(boot_again, &b), "");
		*byte ^= 1;
		if (!rows[i].boot_only)
			cr_assert_str_eq(tag_of_panic(retune, &b), rows[i].tag, "row %u", i);
		cr_assert_str_eq(tag_of_panic(boot_again, &b), rows[i].tag, "row %u", i);
		*byte ^= 1;
	}
	take_down(&b);
}

struct writing {
	struct bench	 b;
	enum sysctl_name name;
};

static void say_written(void *to)
{
	struct writing *w = to;

	oracle_wrote(w->b.o, w->name);
}

static void write_sysctl(struct bench *b, enum sysctl_name name, unsigned int index, int64_t value)
{
	cr_assert_eq(mm_sysctl_write(b->mm, name, index, value), MM_OK);
}

Test(oracle, W1_W2_W3_W4_W9_P1_sysctls_and_cpus_are_followed)
{
	static const struct { enum sysctl_name name; unsigned int index; int64_t value; } rows[] = {
		{ SYSCTL_WATERMARK_SCALE_FACTOR, 0, 300 },
		{ SYSCTL_EXTRA_FREE_KBYTES, 0, 1000 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA32, 3 },
		{ SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_NORMAL, -1 },
		{ SYSCTL_THP, 0, 1 },
		{ SYSCTL_MIN_FREE_KBYTES, 0, 900 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 8 },
		{ SYSCTL_WATERMARK_BOOST_FACTOR, 0, 0 },
		{ SYSCTL_DIRTY_RATIO, 0, 1 },
		{ SYSCTL_THP, 0, 0 },
		{ SYSCTL_MIN_FREE_KBYTES, 0, 900 },
		{ SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0 },
	};
	struct bench told = set_up(TWO_NODES), found = set_up(TWO_NODES);

	for (unsigned int i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int row = i % (sizeof(rows) / sizeof(rows[0]));

		write_sysctl(&told, rows[row].name, rows[row].index, rows[row].value);
		oracle_wrote(told.o, rows[row].name);
		write_sysctl(&found, rows[row].name, rows[row].index, rows[row].value);
		oracle_retune(found.o);
		if (i % 3)
			continue;
		cr_assert_eq(mm_cpu_offline(told.mm, 1), MM_OK);
		oracle_retune(told.o);
		cr_assert_eq(mm_cpu_online(told.mm, 1), MM_OK);
		oracle_retune(told.o);
	}
	take_down(&told);
	take_down(&found);
}

/* What was computed from an earlier managed stays until something recomputes it. */
Test(oracle, W9_managed_at_the_last_computation)
{
	static const char text[] = "tidemark 1\n"
		"machine cpus=2 page_shift=12 pageblock_order=4 zones=DMA32,Normal,Movable\n"
		"node 0 cpus=0-1\n"
		"zone DMA32 start=0 spanned=4096 managed_marks=3000 managed_reserve=3500\n"
		"zone Normal start=4096 spanned=65536 managed_marks=50000 managed_reserve=60000\n"
		"ops\n";
	struct writing w = { .b = set_up(text), .name = SYSCTL_WATERMARK_SCALE_FACTOR };
	struct zone *z = &w.b.mm->zones[ID_NORMAL];
	uint64_t low = z->watermark[WMARK_LOW];

	cr_assert_eq(w.b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 60000 / 256);
	write_sysctl(&w.b, SYSCTL_WATERMARK_SCALE_FACTOR, 0, 10);
	cr_assert_neq(z->watermark[WMARK_LOW], low);
	oracle_wrote(w.b.o, SYSCTL_WATERMARK_SCALE_FACTOR);
	write_sysctl(&w.b, SYSCTL_LOWMEM_RESERVE_RATIO, ZONE_DMA32, 256);
	oracle_wrote(w.b.o, SYSCTL_LOWMEM_RESERVE_RATIO);
	cr_assert_eq(w.b.mm->zones[ID_DMA32].lowmem_reserve[ZONE_NORMAL], 65536 / 256);
	/* A core that does not recompute is noticed although no value changed. */
	take_down(&w.b);
	w.b = set_up(text);
	cr_assert_str_eq(tag_of_panic(say_written, &w), "W2");
	w.name = SYSCTL_LOWMEM_RESERVE_RATIO;
	take_down(&w.b);
	w.b = set_up(text);
	cr_assert_str_eq(tag_of_panic(say_written, &w), "W4");
	take_down(&w.b);
}

struct boosting {
	struct bench b;
	uint64_t     boost;
};

static void got_boosted(void *to)
{
	struct boosting *t = to;
	struct alloc_request req = request(GFP_KERNEL, 0, 0);

	ask(&t->b, &req);
	t->b.mm->zones[ID_NORMAL].boost = t->boost;
	oracle_got(t->b.o, &req, 0, 0, 0);
}

Test(oracle, W7_a_boost_grows_by_pageblocks_up_to_its_limit)
{
	static const struct { uint64_t boost; const char *tag; } rows[] = {
		{ 0, "" }, { 16, "" }, { 48, "" }, { 17, "W7" }, { 8, "W7" },
		{ 720, "" }, { 728, "W7" },	/* the limit: 150 % of the high mark, 480 */
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct boosting t = { .b = set_up(ONE_ZONE), .boost = rows[i].boost };

		cr_assert_eq(t.b.mm->zones[ID_NORMAL].watermark[WMARK_HIGH], 600);
		cr_assert_str_eq(tag_of_panic(got_boosted, &t), rows[i].tag, "row %u", i);
		take_down(&t.b);
	}
}

Test(oracle, W7_marks_that_are_written_clear_the_boost)
{
	struct writing w = { .b = set_up(ONE_ZONE), .name = SYSCTL_MIN_FREE_KBYTES };

	w.b.mm->zones[ID_NORMAL].boost = 32;
	oracle_retune(w.b.o);
	write_sysctl(&w.b, SYSCTL_MIN_FREE_KBYTES, 0, 1600);
	oracle_wrote(w.b.o, SYSCTL_MIN_FREE_KBYTES);
	w.b.mm->zones[ID_NORMAL].boost = 32;
	oracle_retune(w.b.o);
	cr_assert_str_neq(tag_of_panic(say_written, &w), "");
	take_down(&w.b);
}

Test(oracle, W1_a_wrong_mark_aborts_at_boot, .signal = SIGABRT)
{
	struct bench b = set_up(ONE_ZONE);

	b.mm->zones[ID_NORMAL].watermark[WMARK_LOW]++;
	boot_again(&b);
}
