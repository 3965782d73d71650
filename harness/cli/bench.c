/* SPDX-License-Identifier: MIT */
/* bench.c - how fast core is on its own; ci/bench measures executions under the fuzzer */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cli.h"
#include "page_alloc.h"
#include "sim.h"
#include "world.h"

enum { ROUNDS = 5, PAIRS = 1000000, MIX_OPS = 1000000, MIX_HELD = 256 };

static const char small[] = "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
			    "zone Normal start=4096 spanned=4096\nops\n";
static const char medium[] = "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
			     "zone Normal start=1048576 spanned=1048576\nops\n";
static const char large[] = "tidemark 1\nmachine cpus=4 zones=DMA,DMA32,Normal,Movable\n"
			    "zone DMA start=1 spanned=4095\nzone DMA32 start=4096 spanned=1044480\n"
			    "zone Normal start=1048576 spanned=267386880\nops\n";

struct bench {				/* a machine and the memory that it is in */
	struct program	p;
	struct mm	mm;
	struct hw	hw;
	void	       *memory;
	size_t		bytes;
};

double bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Boots; how long that took, in ns, memory not counted but its first touch. */
static double boot(struct bench *b, const char *text)
{
	struct op_error error;
	double start;

	if (!op_parse(text, strlen(text), &b->p, &error))
		abort();
	b->bytes = mm_metadata_bytes(&b->p.config);
	b->memory = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->memory == MAP_FAILED) {
		perror("tidemark bench: memory");
		exit(EXIT_TROUBLE);
	}
	/* A hint: boot writes one page in four, large ones would all be cleared. */
	madvise(b->memory, b->bytes, MADV_NOHUGEPAGE);
	memset(&b->hw, 0, sizeof(b->hw));
	b->hw.budget = UINT64_MAX;
	start = bench_now_ns();
	mm_boot(&b->mm, &b->p.config, b->memory, &b->hw);
	return bench_now_ns() - start;
}

static void done(struct bench *b) { munmap(b->memory, b->bytes); }

static double boot_time(struct bench *b, const char *text)
{
	double ns = boot(b, text);

	done(b);
	return ns;
}

static double boot_small(struct bench *b) { return boot_time(b, small); }
static double boot_large(struct bench *b) { return boot_time(b, large); }

/* ns per allocation of one page and its free. */
static double pair(struct bench *b)
{
	struct alloc_request req = { .gfp = GFP_KERNEL, .nid = NODE_NONE };
	struct page *page;
	double start;

	boot(b, medium);
	start = bench_now_ns();
	for (int i = 0; i < PAIRS; i++) {
		if (mm_alloc_pages(&b->mm, &req, &page) == VERDICT_OK)
			mm_free_pages(&b->mm, page, 0);
	}
	start = bench_now_ns() - start;
	done(b);
	return start / (double)PAIRS;
}

/* ns per op of a random mix of orders 0..4, a few hundred blocks held. */
static double mix(struct bench *b)
{
	struct page *held[MIX_HELD] = { NULL };
	uint64_t rng = 1;
	double start;

	boot(b, medium);
	start = bench_now_ns();
	for (int i = 0; i < MIX_OPS; i++) {
		struct page **place = &held[rng_below(&rng, MIX_HELD)];

		if (*place) {
			mm_free_pages(&b->mm, *place, (*place)->order);
			*place = NULL;
		} else {
			struct alloc_request req = {
				.gfp = rng_below(&rng, 2) ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE,
				.order = (uint8_t)rng_below(&rng, 5), .nid = NODE_NONE };

			mm_alloc_pages(&b->mm, &req, place);
		}
	}
	start = bench_now_ns() - start;
	done(b);
	return start / (double)MIX_OPS;
}

static double bare_switch(struct bench *b)
{
	(void)b;
	return bench_switch();
}

static double schedules(struct bench *b)
{
	double rate, switches;

	(void)b;
	bench_schedules(&rate, &switches);
	return rate;
}

static double switches(struct bench *b)
{
	double rate, schedules;

	(void)b;
	bench_schedules(&schedules, &rate);
	return rate;
}

static const struct row {
	const char *name;
	const char *about;
	double	   (*run)(struct bench *b);
	bool	   rate;			/* more is better */
} rows[] = {
	{ "pair", "order-0 alloc and free, ns", pair, false },
	{ "mix", "random op, orders 0 to 4, ns", mix, false },
	{ "boot_4096_pages", "boot of 4096 pages, ns", boot_small, false },
	{ "boot_1_tib", "boot of 1 TiB, ns", boot_large, false },
	{ "switch", "bare switch, ns", bare_switch, false },
	{ "schedules", "schedules of 30 ops, 3 CPUs, 1/s", schedules, true },
	{ "switches", "switches of these, 1/s", switches, true },
};

enum { NR_ROWS = sizeof(rows) / sizeof(rows[0]) };

struct args {
	bool	 json;
	uint32_t chosen;		/* bit per row; 0: all */
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'j': args->json = true; return 0;
	case ARGP_KEY_ARG:
		for (unsigned int i = 0; i < NR_ROWS; i++)
			if (!strcmp(arg, rows[i].name)) {
				args->chosen |= 1u << i;
				return 0;
			}
		argp_error(state, "expected a row, such as %s, got %s", rows[0].name, arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static double best_of(const struct row *row, struct bench *b)
{
	double best = row->run(b);

	for (int round = 1; round < ROUNDS; round++) {
		double now = row->run(b);

		best = (now > best) == row->rate ? now : best;
	}
	return best;
}

int cmd_bench(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "One JSON object, for programs", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "[ROW...]",
		.doc = "Measure core on its own, without checks, and schedules, with all of them: "
		       "the best of five rounds, in CPU time."
		       "\vExample: tidemark bench --json switch",
	};
	struct bench *b = xmalloc(sizeof(*b));
	struct args args = { .chosen = 0 };
	const char *comma = "{";

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	for (unsigned int i = 0; i < NR_ROWS; i++) {
		double best;

		if (args.chosen && !(args.chosen >> i & 1))
			continue;
		best = best_of(&rows[i], b);
		if (args.json)
			printf("%s\"%s\": %.1f", comma, rows[i].name, best);
		else
			printf("%-32s %14.1f\n", rows[i].about, best);
		comma = ",\n ";
	}
	if (args.json)
		puts("}");
	free(b);
	return EXIT_GOOD;
}
