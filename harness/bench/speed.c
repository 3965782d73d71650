/* SPDX-License-Identifier: MIT */
/*
 * speed.c - how fast programs run under libFuzzer, with all checks on
 *
 * A fuzz target that ignores its input: each execution decodes and runs the
 * next of 1,000 generated programs of 32 ops on a 4096-page machine, as the
 * fuzz targets do, with all checks after each op.  One program in 64 is checked
 * at its end as well (full recounts, X7); with TIDEMARK_ENDS=all every one is,
 * as by the fuzz targets.  ci/bench compares it with empty.c.
 */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"

enum { PROGRAMS = 1000, OPS = 32, BYTES = 1 << 20, RECOUNT = 64 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char machine[] =
	"tidemark 1\n"
	"machine cpus=2 zones=Normal,Movable pageblock_order=9\n"
	"zone Normal start=4096 spanned=4096\n"
	"ops\n";

static struct speed {
	struct run	*run;
	struct program	 program;
	struct op_memo	 memo;
	uint32_t	 next;
	uint32_t	 recount;	/* one program in so many is checked at its end */
	size_t		 end[PROGRAMS];	/* of each, in bytes[] */
	uint8_t		 bytes[BYTES];	/* all of them, one after the other */
} speed;

static void generate(uint32_t i, uint64_t seed, const struct mm_config *config)
{
	const struct theme *theme = &target_find("page_alloc")->theme;
	struct program *p = &speed.program;
	size_t start = i ? speed.end[i - 1] : 0;
	uint64_t rng = seed + i;

	p->config = *config;
	p->state = NULL;
	p->nr_ops = 0;
	p->nr_slots = 0;
	for (; p->nr_ops < OPS; p->nr_ops++) {
		world_draw_op(theme, &rng, p, &p->ops[p->nr_ops]);
		p->nr_slots += op_kinds[p->ops[p->nr_ops].kind].allocates;
	}
	op_normalize(p);
	speed.end[i] = start + op_encode(p, speed.bytes + start, BYTES - start);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *seed = getenv("TIDEMARK_SEED");
	struct op_error error;
	struct mm_config config;

	(void)argc;
	(void)argv;
	if (!op_parse(machine, strlen(machine), &speed.program, &error))
		abort();
	speed.recount = getenv("TIDEMARK_ENDS") ? 1 : RECOUNT;
	config = speed.program.config;
	for (uint32_t i = 0; i < PROGRAMS; i++)
		generate(i, seed ? strtoull(seed, NULL, 0) : 0, &config);
	speed.run = run_new();
	run_on_feature(speed.run, fuzz_features());
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t i = speed.next++ % PROGRAMS;
	size_t start = i ? speed.end[i - 1] : 0;

	(void)data;
	(void)size;
	op_decode_next(speed.bytes + start, speed.end[i] - start, &speed.program, &speed.memo);
	if (!run_program(speed.run, &speed.program, i % speed.recount ? RUN_NO_END : 0, 0))
		abort();
	return 0;
}
