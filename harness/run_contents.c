/* SPDX-License-Identifier: MIT */
/*
 * run_contents.c - what an owner writes into its pages, and finds there later
 *
 * Of the executor only this file and sim.c touch simulated memory, so fuzz
 * builds keep AddressSanitizer for it.
 */
#include "run_internal.h"

/* Each page of a piece has its own pattern, so that swapped pages are noticed too. */
struct pattern {
	uint64_t word[CONTENT_BYTES / 8];
};

static struct pattern pattern(uint32_t token, uint64_t page)
{
	uint64_t x = ((uint64_t)token << 32) ^ (page * 0x9e3779b97f4a7c15u);

	return (struct pattern){ { x, ~x } };
}

void run_touch(struct run *r, struct piece *p)
{
	uint64_t nr = 1ULL << p->order;
	uint8_t *bytes = sim_pages_bytes(&r->hw, p->zone, p->pfn, nr);

	p->token = ++r->tokens;
	for (uint64_t i = 0; bytes && i < nr; i++) {
		struct pattern put = pattern(p->token, i);

		memcpy(bytes + i * CONTENT_BYTES, &put, CONTENT_BYTES);
	}
}

/* X8: nobody else wrote there. */
void run_check_contents(struct run *r, const struct piece *p, uint64_t nr)
{
	const uint8_t *bytes;

	if (!p->token)
		return;
	bytes = sim_pages_bytes(&r->hw, p->zone, p->pfn, nr);
	for (uint64_t i = 0; bytes && i < nr; i++) {
		struct pattern want = pattern(p->token, i), is;

		memcpy(&is, bytes + i * CONTENT_BYTES, CONTENT_BYTES);
		run_check(X8, is.word[0] == want.word[0] && is.word[1] == want.word[1]);
	}
}
