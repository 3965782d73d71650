/* SPDX-License-Identifier: MIT */
/* oracle_bench.c - see oracle_bench.h */
#define _POSIX_C_SOURCE 200809L	/* sigsetjmp, dup */

#include "oracle_bench.h"

#include <criterion/criterion.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench bench_up(const char *text)
{
	struct bench b = { .mm = boot_text(text), .o = malloc(oracle_size) };

	b.bytes = oracle_bytes(b.mm);
	b.memory = calloc(1, b.bytes);
	memset(b.o, 0xa5, oracle_size);		/* it need not be clean */
	oracle_init(b.o, b.mm, b.memory);
	return b;
}

void bench_down(struct bench *b)
{
	free(b->memory);
	free(b->o);
	boot_done(b->mm);
}

struct alloc_request request_of(gfp_t gfp, unsigned int order, unsigned int context)
{
	return (struct alloc_request){ .gfp = gfp, .order = (uint8_t)order, .nid = NODE_NONE,
				       .context = (uint8_t)context };
}

enum oracle_answer bench_ask(struct bench *b, const struct alloc_request *req)
{
	const char *why = NULL;
	enum oracle_answer answer = oracle_ask(b->o, req, b->mm->tun.hw->cpu, false, &why);

	cr_assert_not_null(why);
	return answer;
}

struct page *bench_both(struct bench *b, const struct alloc_request *req)
{
	static const enum verdict verdicts[] = {
		[MUST_SUCCEED] = VERDICT_OK, [MUST_FAIL] = VERDICT_FAILED,
		[MUST_STUCK] = VERDICT_STUCK, [MUST_REFUSE] = VERDICT_REFUSED,
	};
	enum oracle_answer answer = bench_ask(b, req);
	struct page *page;
	enum verdict verdict = mm_alloc_pages(b->mm, req, &page);

	cr_assert_neq(answer, MAY);
	cr_assert_eq(verdict, verdicts[answer], "gfp %#x order %u context %#x: %d, model %d",
		     req->gfp, req->order, req->context, verdict, answer);
	if (page)
		oracle_got(b->o, req, mm_page_pfn(b->mm, page), req->order, b->slots++);
	return page;
}

void bench_leave(struct bench *b, unsigned int id, int64_t left)
{
	struct zone *z = &b->mm->zones[id];
	struct alloc_request req = request_of(__GFP_MEMALLOC | __GFP_THISNODE, 0, 0);

	req.nid = z->nid;
	if (id % NR_ZONE_TYPES == ZONE_DMA32)
		req.gfp |= __GFP_DMA32;
	while (zone_free_pages(z) > left)
		cr_assert_not_null(bench_both(b, &req));
	mm_drain_all(b->mm);
	for (unsigned int cpu = 0; cpu < b->mm->nr_cpus; cpu++)
		stat_fold(b->mm->tun.hw, &z->stats, &z->cpu[cpu].stat);
	while (zone_free_pages(z) > left) {
		cr_assert_not_null(bench_both(b, &req));
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

const char *tag_of_panic(void (*fn)(void *to), void *to)
{
	static char text[256];
	int ends[2], old = dup(STDERR_FILENO);
	volatile ssize_t len = 0;
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

void bench_put(struct bench *b, pfn_t pfn, unsigned int order, enum migratetype type)
{
	struct zone *z = &b->mm->zones[ID_NORMAL];

	cr_assert(mm_import_free(b->mm, z, pfn, order, type));
	oracle_import_free(b->o, pfn, order);
}
