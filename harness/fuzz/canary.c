/* SPDX-License-Identifier: MIT */
/*
 * canary.c - fuzz target that fails on purpose
 *
 * The bug is in the target: after a certain history it frees a page of the
 * program's behind the model's back.  The history is four ops in order that a
 * drawn program seldom has together, so it takes a thousand executions or so,
 * and the model's checks, to get there.  A campaign that does not catch this
 * would not catch much else.
 */
#include "fuzz.h"

enum { HISTORY = 4 };

/* Is `op` the next step of the history, after `done` steps? */
static bool is_step(const struct op *op, unsigned int done)
{
	switch (done) {
	case 0:
		return op->kind == OP_BULK && op->n >= 24;
	case 1:
		return op->kind == OP_TICK && op->cpu == 1;
	case 2:
		return op->kind == OP_SYSCTL && (op->name == SYSCTL_WATERMARK_SCALE_FACTOR ||
						 op->name == SYSCTL_MIN_FREE_KBYTES);
	default:
		return op->kind == OP_ALLOC && op->order >= 3;
	}
}

/* The op that ends the history, or nr_ops. */
static uint32_t history_end(const struct fuzz *f)
{
	const struct program *p = &f->program;
	unsigned int done = 0;

	for (uint32_t i = 0; i < p->nr_ops; i++) {
		if (!is_step(&p->ops[i], done))
			continue;
		if (f->features)
			f->features->history[done] = 1;
		if (++done == HISTORY)
			return i;
	}
	return p->nr_ops;
}

/* The bug: the first allocated page with one user is given back. */
static void free_behind(struct mm *mm)
{
	for (struct zone *z = mm_next_zone(mm, NULL); z; z = mm_next_zone(mm, z))
		for (pfn_t pfn = z->start_pfn; pfn < z->end_pfn; pfn++) {
			struct page *page = zone_page(z, pfn);

			if (page->state != PAGE_ALLOC || page->refs != 1)
				continue;
			/* ci/fuzz knows by this line that what follows is ours. */
			fprintf(stderr, "tidemark: canary: freed pfn %llu behind the model\n",
				(unsigned long long)pfn);
			mm_free_pages(mm, page, page->order);
			return;
		}
}

struct watch {
	struct run *run;
	uint32_t    at;
};

static void after_op(void *to, uint32_t op, const char *text)
{
	struct watch *watch = to;

	(void)text;
	if (op == watch->at)
		free_behind(run_mm(watch->run));
}

static bool canary(struct fuzz *f, const uint8_t *data, size_t size)
{
	struct watch watch = { .run = f->run };

	if (!fuzz_decode(f, data, size))
		return false;
	watch.at = history_end(f);
	if (watch.at < f->program.nr_ops)
		run_on_op(f->run, after_op, &watch);
	fuzz_run(f, data, size);
	run_on_op(f->run, NULL, NULL);
	return true;
}

const struct target target_canary = {
	.name = "canary",
	.one = canary,
	.theme = {
		.name = "canary",
		.op_weight = {
			[OP_ALLOC] = 80, [OP_BULK] = 16, [OP_FREE] = 60, [OP_TICK] = 6,
			[OP_SYSCTL] = 6, [OP_DRAIN] = 6, [OP_DRAIN_ALL] = 4, [OP_TOUCH] = 4,
		},
		.pages_max = 2048, .zones_max = 1, .nodes_max = 1, .cpus_max = 2,
		.orders = 8,
	},
};
