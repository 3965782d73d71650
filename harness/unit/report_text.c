/* SPDX-License-Identifier: MIT */
/* report_text.c - see report_text.h */
#include "report_text.h"

#include <criterion/criterion.h>
#include <string.h>

#include "bits.h"

enum { TEXT_BYTES = 1 << 16 };

static char   text[TEXT_BYTES];
static size_t len;

static void collect(void *to, const char *piece, size_t piece_len)
{
	cr_assert_null(to);
	cr_assert_lt(len + piece_len, TEXT_BYTES);
	memcpy(text + len, piece, piece_len);
	len += piece_len;
	text[len] = '\0';
}

static const struct report_out out = { .write = collect, .to = NULL };

const char *collected(void (*report)(struct mm *mm, const struct report_out *out),
			     struct mm *mm)
{
	len = 0;
	text[0] = '\0';
	report(mm, &out);
	return text;
}

const char *failure(struct mm *mm, const struct alloc_request *req, const char *comm)
{
	len = 0;
	text[0] = '\0';
	report_failure(mm, req, comm, &out);
	return text;
}

void assert_same(const char *got, const char *expected)
{
	for (unsigned int line = 1; *got || *expected; line++) {
		size_t a = strcspn(got, "\n"), b = strcspn(expected, "\n");

		cr_assert(a == b && memcmp(got, expected, a) == 0,
			  "line %u: \"%.*s\", not \"%.*s\"", line, (int)a, got, (int)b, expected);
		got += a + (got[a] == '\n');
		expected += b + (expected[b] == '\n');
	}
}

void assert_has(const char *haystack, const char *line)
{
	cr_assert_not_null(strstr(haystack, line), "no \"%s\" in:\n%s", line, haystack);
}

void assert_has_not(const char *haystack, const char *line)
{
	cr_assert_null(strstr(haystack, line), "\"%s\" in:\n%s", line, haystack);
}

/* --- machines -------------------------------------------------------------------------- */

/* managed at the last computation is what the dump's own marks and reserves imply. */
const char amd64_machine[] =
	"tidemark 1\n"
	"machine cpus=2 pageblock_order=9 zones=DMA,DMA32,Normal,Movable,Device\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"hole 159-255\n"
	"reserved 1-158\n"
	"zone DMA32 start=4096 spanned=126944 managed=112697 managed_marks=110450"
	" managed_reserve=110450\n"
	"sysctl min_free_kbytes=2704\n"
	"sysctl thp=0\n"
	"ops\n";

const char i386_machine[] =
	"tidemark 1\n"
	"machine cpus=2 pageblock_order=9 zones=DMA,Normal,HighMem,Movable\n"
	"zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
	"hole 159-255\n"
	"reserved 1-158\n"
	"zone Normal start=4096 spanned=221182 managed=211948 managed_marks=211452"
	" managed_reserve=211452\n"
	"zone HighMem start=225278 spanned=298978\n"
	"sysctl min_free_kbytes=42776\n"
	"sysctl lowmem_reserve_ratio=256,32,0,0\n"
	"ops\n";

/* Node 0 has two zones, node 1 one, node 2 only Movable, node 3 no memory; one CPU each. */
const char numa_machine[] =
	"tidemark 1\n"
	"machine cpus=4 pageblock_order=9 zones=DMA32,Normal,Movable\n"
	"node 0 cpus=0\n"
	"zone DMA32 start=0 spanned=8192\n"
	"zone Normal start=16384 spanned=8192 managed=8000\n"
	"node 1 cpus=1\n"
	"zone Normal start=32768 spanned=8192\n"
	"node 2 cpus=2\n"
	"zone Movable start=65536 spanned=4096\n"
	"node 3 cpus=3\n"
	"sysctl min_free_kbytes=1024\n"
	"ops\n";

void set_pcp(struct zone *z, uint32_t first, uint32_t second)
{
	z->cpu[0].pcp.count = first;
	z->cpu[1].pcp.count = second;
}

/* Frees `nr` blocks from `*at` on, each beside a buddy that stays allocated. */
static void put(struct mm *mm, struct zone *z, pfn_t *at, unsigned int order,
		enum migratetype type, unsigned int nr)
{
	uint64_t stride = order < MAX_ORDER ? 2ULL << order : 1ULL << order;

	*at = align_up(*at, stride);
	for (unsigned int i = 0; i < nr; i++, *at += stride)
		cr_assert(mm_import_free(mm, z, *at, order, type), "order %u at %llu", order,
			  (unsigned long long)*at);
}

static void put_all(struct mm *mm, struct zone *z, pfn_t *at, enum migratetype type,
		    const unsigned int nr[NR_ORDERS])
{
	for (unsigned int order = NR_ORDERS; order-- > 0;)
		put(mm, z, at, order, type, nr[order]);
	*at = align_up(*at, pageblock_nr_pages(&mm->tun));
}

/* Gives pageblocks from the top of the zone the type, until `nr` have it. */
static void type_pageblocks(struct zone *z, enum migratetype type, uint64_t nr)
{
	for (uint64_t i = z->blocks.nr; i-- > 0 && nr;)
		nr -= z->blocks.type[i] == type;
	for (uint64_t i = z->blocks.nr; i-- > 0 && nr;) {
		if (z->blocks.type[i] != MIGRATE_MOVABLE)
			continue;
		z->blocks.type[i] = (uint8_t)type;
		nr--;
	}
}

void import_amd64(struct mm *mm)
{
	static const unsigned int unmovable[NR_ORDERS] = { 1, 0, 2, 10, 10, 5, 3, 2 };
	static const unsigned int movable[NR_ORDERS] = { 2, 2, 5, 4, 4, 3, 4, 3, 1, 1, 100 };
	static const unsigned int reclaimable[NR_ORDERS] = { 0, 1, 1, 1, 0, 1, 0, 0, 1, 1 };
	struct zone *dma = zone_of(mm, ZONE_DMA), *dma32 = zone_of(mm, ZONE_DMA32);
	pfn_t at = 4096;

	mm_import_empty(mm, dma);
	mm_import_empty(mm, dma32);
	cr_assert(mm_import_free(mm, dma, 288, 5, MIGRATE_UNMOVABLE));
	cr_assert(mm_import_free(mm, dma, 320, 6, MIGRATE_UNMOVABLE));
	cr_assert(mm_import_free(mm, dma, 384, 7, MIGRATE_UNMOVABLE));
	cr_assert(mm_import_free(mm, dma, 512, 9, MIGRATE_MOVABLE));
	for (pfn_t pfn = 1024; pfn < 4096; pfn += 1024)
		cr_assert(mm_import_free(mm, dma, pfn, 10, MIGRATE_MOVABLE));
	put_all(mm, dma32, &at, MIGRATE_MOVABLE, movable);
	put_all(mm, dma32, &at, MIGRATE_UNMOVABLE, unmovable);
	put_all(mm, dma32, &at, MIGRATE_RECLAIMABLE, reclaimable);
	type_pageblocks(dma32, MIGRATE_UNMOVABLE, 15);
	type_pageblocks(dma32, MIGRATE_RECLAIMABLE, 6);
}
