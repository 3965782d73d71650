/* SPDX-License-Identifier: MIT */
/* oracle_bench.h - a machine and its model side by side, for the model's tests */
#ifndef UNIT_ORACLE_BENCH_H
#define UNIT_ORACLE_BENCH_H

#include "fixture.h"
#include "oracle.h"

#define ONE_ZONE	"tidemark 1\n" \
			"machine cpus=2 page_shift=12 pageblock_order=4 " \
			"zones=DMA32,Normal,Movable\n" \
			"node 0 cpus=0-1\n" \
			"zone Normal start=0 spanned=4096\n" \
			"sysctl min_free_kbytes=1600\n" \
			"ops\n"
#define TWO_NODES	"tidemark 1\n" \
			"machine cpus=2 page_shift=12 pageblock_order=4 " \
			"zones=DMA32,Normal,Movable\n" \
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

enum { ID_DMA32 = ZONE_DMA32, ID_NORMAL = ZONE_NORMAL };	/* zone ids of node 0 */

struct bench {
	struct mm     *mm;
	struct oracle *o;
	void	      *memory;
	size_t	       bytes;		/* of memory */
	uint32_t       slots;
};

struct bench bench_up(const char *text);
void bench_down(struct bench *b);

struct alloc_request request_of(gfp_t gfp, unsigned int order, unsigned int context);
enum oracle_answer bench_ask(struct bench *b, const struct alloc_request *req);

/* Asks, allocates, and checks that core does what the model said; the page, if any. */
struct page *bench_both(struct bench *b, const struct alloc_request *req);

/* Takes single pages until `left` are free, as far as the zone's global counter knows. */
void bench_leave(struct bench *b, unsigned int id, int64_t left);

/* Frees a block of Normal that an import took. */
void bench_put(struct bench *b, pfn_t pfn, unsigned int order, enum migratetype type);

/* Runs fn(to); the tag it panicked with, "" if it did not. */
const char *tag_of_panic(void (*fn)(void *to), void *to);

#endif
