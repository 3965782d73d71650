/* SPDX-License-Identifier: MIT */
/*
 * text.c - fuzz target: the parser of .ops files on any bytes
 *
 * What the parser accepts must come out of printing and parsing as it went
 * in, and out of encoding and decoding as well.  What it refuses must be
 * refused with a line that exists and a reason.
 */
#define _POSIX_C_SOURCE 200809L	/* open_memstream */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { BINARY_MAX = 1 << 20 };

struct printed {
	char   *text;
	size_t	len;
};

static struct printed print_program(const struct program *p)
{
	struct printed printed = { NULL, 0 };
	FILE *out = open_memstream(&printed.text, &printed.len);

	if (!out)
		abort();
	op_print(p, out);
	if (fclose(out))
		abort();
	return printed;
}

static bool same_text(const struct program *p, const struct printed *text)
{
	struct printed again = print_program(p);
	bool same = again.len == text->len && !memcmp(again.text, text->text, text->len);

	free(again.text);
	return same;
}

static void check_refusal(const struct fuzz *f, const uint8_t *data, size_t size,
			  const struct op_error *error)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	fuzz_assert(f, X10, error->line <= lines);
	fuzz_assert(f, X10, memchr(error->what, '\0', sizeof(error->what)) != NULL);
	fuzz_assert(f, X10, error->what[0] != '\0');
}

/* Binary keeps all that text says. */
static void check_binary(struct fuzz *f, const struct printed *text)
{
	uint8_t *data = malloc(BINARY_MAX);
	size_t size;

	if (!data)
		abort();
	size = op_encode(&f->program, data, BINARY_MAX);
	op_decode(data, size, &f->program);
	free(data);
	fuzz_assert(f, X10, same_text(&f->program, text));
}

static bool parse(struct fuzz *f, const uint8_t *data, size_t size)
{
	struct op_error error = { 0 };
	struct printed text;

	f->program.nr_ops = 0;
	if (!op_parse((const char *)data, size, &f->program, &error)) {
		check_refusal(f, data, size, &error);
		return true;
	}
	f->counts->ops += f->program.nr_ops;
	fuzz_assert(f, Z1, mm_config_check(&f->program.config, NULL) == NULL);
	text = print_program(&f->program);
	check_binary(f, &text);
	fuzz_assert(f, X10, op_parse(text.text, text.len, &f->program, &error));
	fuzz_assert(f, X10, same_text(&f->program, &text));
	free(text.text);
	return true;
}

const struct target target_text = {
	.name = "text",
	.takes_text = true,
	.one = parse,
	.theme = {			/* of the programs whose text is the start */
		.name = "text",
		.op_weight = {
			[OP_ALLOC] = 10, [OP_BULK] = 10, [OP_EXACT] = 10, [OP_FREE] = 10,
			[OP_FREE_ONE] = 10, [OP_FREE_WRONG] = 10, [OP_SPLIT] = 10, [OP_GET] = 10,
			[OP_TOUCH] = 10, [OP_MOVABLE] = 10, [OP_DIRTY] = 10, [OP_DRAIN] = 10,
			[OP_DRAIN_ALL] = 10, [OP_TICK] = 10, [OP_CPU_DOWN] = 10, [OP_CPU_UP] = 10,
			[OP_SYSCTL] = 10, [OP_MEMPOLICY] = 10, [OP_RECLAIM_ACTIVE] = 10,
			[OP_FAIL_ALLOC] = 10, [OP_FAIL_TRYLOCK] = 10, [OP_IMPORT] = 10,
			[OP_PUT] = 10, [OP_PUT_AT] = 10, [OP_COUNTER] = 10, [OP_BOOST] = 10,
			[OP_EXPECT_ZONE] = 10, [OP_EXPECT_PFN] = 10,
		},
		.pages_max = 4096, .zones_max = 6, .nodes_max = 4, .cpus_max = 8,
		.odd_geometry = true, .rich_gfp = true, .orders = MAX_ORDER, .irqs = 32,
		.policies = 192,
	},
};
