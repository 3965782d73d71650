/* SPDX-License-Identifier: MIT */
/*
 * sim.c - the deterministic machine, cold half: page contents, interrupts
 *
 * A simulated page has CONTENT_BYTES bytes of contents.  All machines of a
 * process share the address layout but not the memory: each struct contents
 * owns one arena, cut by zone.  What is free is poisoned for AddressSanitizer,
 * so a touch of a freed page is a report with a stack.  Most pages come and go
 * without anybody looking: they stay poisoned until somebody does.
 */
#define _GNU_SOURCE
#include "sim.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Also said by who builds this file without AddressSanitizer for a program that has it. */
#ifdef __SANITIZE_ADDRESS__
#define SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN 1
#endif
#endif

#ifdef SIM_ASAN
#include <sanitizer/asan_interface.h>
#else
#define __asan_poison_memory_region(p, n)	((void)(p), (void)(n))
#define __asan_unpoison_memory_region(p, n)	((void)(p), (void)(n))
#endif

enum {
	POISON_BYTE = 0xaa,		/* core's poison */
	JUNK_BYTE   = 0x5d,		/* what memory holds that nobody wrote since boot */
	PAGE_WORDS  = SIM_PAGES_MAX / 64,
};

struct zone_contents {
	pfn_t	 start;
	uint64_t nr;			/* pages */
	uint64_t first;			/* place of the first one in the arena, in pages */
};

struct page_bits {			/* of 64 pages */
	uint64_t given;			/* handed out at the moment */
	uint64_t open;			/* ... and not poisoned, since somebody looked */
	uint64_t known;			/* have contents; else these are junk to come */
};

struct contents {
	uint8_t	*arena;
	size_t	 bytes;			/* of the arena */
	size_t	 closed;		/* bytes from its start that were ever poisoned */
	bool	 on;			/* the machine is not too large */
	struct zone_contents zones[MAX_ZONES];
	uint64_t words;			/* of the next that may be set */
	struct page_bits word[PAGE_WORDS];
};

struct contents *sim_contents_new(void)
{
	struct contents *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->bytes = (size_t)SIM_PAGES_MAX * CONTENT_BYTES;
	c->arena = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->arena == MAP_FAILED)
		abort();
	return c;
}

void sim_contents_delete(struct contents *c)
{
	__asan_unpoison_memory_region(c->arena, c->bytes);
	munmap(c->arena, c->bytes);
	free(c);
}

/* Nothing of what the last machine handed out is left open, or known. */
static void close_pages(struct contents *c)
{
	for (uint64_t i = 0; i < c->words; i++) {
		if (c->word[i].open)
			__asan_poison_memory_region(c->arena + i * 64 * CONTENT_BYTES,
						    64 * CONTENT_BYTES);
		c->word[i] = (struct page_bits){ .open = 0 };
	}
}

void sim_contents_boot(struct contents *c, const struct mm *mm)
{
	uint64_t used = 0;

	close_pages(c);
	c->on = true;
	for (unsigned int id = 0; id < mm->tun.zone_ids; id++) {
		struct zone_contents *zc = &c->zones[id];
		const struct zone *z = &mm->zones[id];

		zc->start = z->start_pfn;
		zc->nr = z->present ? z->end_pfn - z->start_pfn : 0;
		zc->first = used;
		if (zc->nr > SIM_PAGES_MAX - used) {
			zc->nr = 0;
			c->on = false;
		}
		used += zc->nr;
	}
	c->words = (used + 63) / 64;
	used *= CONTENT_BYTES;
	if (used > c->closed) {
		__asan_poison_memory_region(c->arena + c->closed, (size_t)used - c->closed);
		c->closed = (size_t)used;
	}
}

/* Where the page is in the arena, in pages. */
static uint64_t page_place(const struct contents *c, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	const struct zone_contents *zc = &c->zones[zone];
	uint64_t at = pfn - zc->start;

	mm_assert(X1, pfn >= zc->start && at + nr <= zc->nr);
	return zc->first + at;
}

/* The bits of pages [*at, end) in the word of the first one; goes on to the next word. */
static uint64_t next_bits(uint64_t *at, uint64_t end)
{
	uint64_t next = min_u64((*at / 64 + 1) * 64, end);
	uint64_t bits = UINT64_MAX >> (64 - (next - *at)) << *at % 64;

	*at = next;
	return bits;
}

void sim_pages_alloc(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	struct contents *c = hw->contents;
	uint64_t at, end;

	if (!c->on)
		return;
	at = page_place(c, zone, pfn, nr);
	end = at + nr;
	while (at < end) {
		uint64_t *given = &c->word[at / 64].given;

		*given |= next_bits(&at, end);
	}
}

void sim_pages_free(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	struct contents *c = hw->contents;
	uint64_t at, end, opened = 0;

	if (!c->on)
		return;
	at = page_place(c, zone, pfn, nr);
	end = at + nr;
	while (at < end) {
		struct page_bits *word = &c->word[at / 64];
		uint64_t pages = next_bits(&at, end);

		opened |= word->open & pages;
		word->given &= ~pages;
		word->open &= ~pages;
	}
	if (opened)
		__asan_poison_memory_region(c->arena + (end - nr) * CONTENT_BYTES,
					    (size_t)nr * CONTENT_BYTES);
}

/* What pages hold that nobody wrote since boot: the same junk whatever ran before. */
static void fill_junk(uint8_t *bytes, size_t nr)
{
	memset(bytes, JUNK_BYTE, nr);
}

static void open_pages(uint8_t *bytes, size_t nr)
{
	__asan_unpoison_memory_region(bytes, nr);
}

/* Calls `fn` for each run of pages, given as bits of a word. */
static void for_each_run(struct contents *c, uint64_t word, uint64_t pages,
			 void (*fn)(uint8_t *bytes, size_t nr))
{
	while (pages) {
		unsigned int bit = ffs_u64(pages), nr = ffs_u64(~(pages >> bit));

		fn(c->arena + (word * 64 + bit) * CONTENT_BYTES, (size_t)nr * CONTENT_BYTES);
		pages &= nr == 64 ? 0 : ~(((1ULL << nr) - 1) << bit);
	}
}

/* Somebody looks, or writes a part (`junk`), or all. */
static uint8_t *known_bytes(struct contents *c, unsigned int zone, pfn_t pfn, uint64_t nr,
			    bool junk)
{
	uint64_t at, end;

	if (!c || !c->on)
		return NULL;
	at = page_place(c, zone, pfn, nr);
	end = at + nr;
	while (at < end) {
		struct page_bits *is = &c->word[at / 64];
		uint64_t word = at / 64, pages = next_bits(&at, end) & is->given;

		for_each_run(c, word, pages & ~is->open, open_pages);
		if (junk)
			for_each_run(c, word, pages & ~is->known, fill_junk);
		is->open |= pages;
		is->known |= pages;
	}
	return c->arena + (end - nr) * CONTENT_BYTES;
}

static void fill(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr, int byte)
{
	uint8_t *bytes = known_bytes(hw->contents, zone, pfn, nr, false);

	if (bytes)
		memset(bytes, byte, (size_t)nr * CONTENT_BYTES);
}

void hook_pages_clear(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	fill(hw, zone, pfn, nr, 0);
}

void hook_pages_poison(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	fill(hw, zone, pfn, nr, POISON_BYTE);
}

static bool all_bytes_are(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr, uint8_t byte)
{
	const uint8_t *bytes = known_bytes(hw->contents, zone, pfn, nr, true);

	return !bytes || (bytes[0] == byte &&
			  memcmp(bytes, bytes + 1, (size_t)nr * CONTENT_BYTES - 1) == 0);
}

bool hook_pages_poison_intact(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	return all_bytes_are(hw, zone, pfn, nr, POISON_BYTE);
}

bool sim_pages_are_zero(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	return all_bytes_are(hw, zone, pfn, nr, 0);
}

uint8_t *sim_pages_bytes(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr)
{
	return known_bytes(hw->contents, zone, pfn, nr, true);
}

uint8_t *sim_page_bytes(struct hw *hw, unsigned int zone, pfn_t pfn)
{
	return sim_pages_bytes(hw, zone, pfn, 1);
}

uint64_t hook_random(struct hw *hw)
{
	uint64_t x = hw->random += 0x9e3779b97f4a7c15u;	/* splitmix64 */

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void sim_event(struct hw *hw, struct event event)
{
	hw->on_event(hw->on_event_to, &event);
}

/* Runs the armed interrupt, once. */
static void interrupt(struct hw *hw)
{
	uint8_t held[RANK_ZONE + 1];

	if (!hw->irq)
		return;
	/* It has its own stack of locks; what the code below it holds stays held. */
	memcpy(held, hw->held, sizeof(held));
	memset(hw->held, 0, sizeof(hw->held));
	hw->in_irq = true;
	hw->irq_masked = true;
	hw->struck++;
	hw->irq(hw->irq_to);
	for (unsigned int rank = 0; rank <= RANK_ZONE; rank++)
		mm_assert(X9, hw->held[rank] == 0);
	memcpy(hw->held, held, sizeof(held));
	hw->in_irq = false;
	hw->irq_masked = false;
}

void sim_alarm(struct hw *hw, enum sim_place place, const volatile void *what)
{
	if (hw->on_step)
		hw->on_step(hw->on_step_to, place, what);
	if (hw->steps > hw->budget)
		sim_over(hw, place, what);
	if (hw->irq_at && !hw->irq_masked && --hw->irq_at == 0)
		interrupt(hw);
	sim_set_alarm(hw);
}
