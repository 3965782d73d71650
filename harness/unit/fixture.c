/* SPDX-License-Identifier: MIT */
/* fixture.c - see fixture.h */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A machine with what it stands on; mm comes first, so that it can be freed by it. */
struct fixture {
	struct mm	 mm;
	struct hw	 hw;
	struct contents	*contents;
	void		*memory;
};

static struct program *parse(const char *text)
{
	struct program *p = calloc(1, sizeof(*p));
	struct op_error error;

	cr_assert_not_null(p);
	if (!op_parse(text, strlen(text), p, &error))
		cr_assert_fail("line %u: %s", error.line, error.what);
	return p;
}

struct mm *boot_text(const char *text)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct program *p = parse(text);
	size_t bytes;

	cr_assert_not_null(f);
	bytes = (mm_metadata_bytes(&p->config) + 15) & ~(size_t)15;
	f->memory = aligned_alloc(16, bytes);
	cr_assert_not_null(f->memory);
	memset(f->memory, 0, bytes);
	f->hw.budget = UINT64_MAX;
	mm_boot(&f->mm, &p->config, f->memory, &f->hw);
	f->contents = sim_contents_new();
	sim_contents_boot(f->contents, &f->mm);
	f->hw.contents = f->contents;
	free(p);
	return &f->mm;
}

void boot_done(struct mm *mm)
{
	struct fixture *f = (struct fixture *)mm;

	sim_contents_delete(f->contents);
	free(f->memory);
	free(f);
}

struct page *get_pages(struct mm *mm, gfp_t gfp, unsigned int order)
{
	struct alloc_request req = { .gfp = gfp, .order = (uint8_t)order, .nid = NODE_NONE };
	struct page *page;

	mm_alloc_pages(mm, &req, &page);
	return page;
}

struct zone *zone_of(struct mm *mm, enum zone_type type) { return &mm->zones[type]; }

bool run_text(const char *text)
{
	struct program *p = parse(text);
	struct run *r = run_new();
	bool clean = run_program(r, p, RUN_EXPECT | RUN_VALIDATE, 0);
	const struct finding *f = run_finding(r);

	if (!clean)
		cr_log_error("op %u: %s %s: %s", f->op, f->tag, f->place, f->what);
	run_delete(r);
	free(p);
	return clean;
}
