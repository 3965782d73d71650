/* SPDX-License-Identifier: MIT */
/*
 * mutate_text.c - changing a text of ops
 *
 * Whole lines move about, words of the language appear where they should not,
 * numbers become borderline ones, single bytes break.  What comes out is
 * usually refused, but by a rule deep in the parser rather than by its first.
 */
#define _POSIX_C_SOURCE 200809L	/* open_memstream */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"

enum { TEXT_EDITS_MAX = 6, DRAWN_OPS_MAX = 24 };

struct text {
	uint8_t *data;
	size_t	 size;
	size_t	 max;
};

static const char *const words[] = {
	"tidemark 1\n", "machine ", "cpus=", "page_shift=", "pageblock_order=", "zones=", "DMA",
	"DMA32", "Normal", "HighMem", "Movable", "Device", "node ", "zone ", "start=", "spanned=",
	"present=", "managed=", "managed_marks=", "managed_reserve=", "hole ", "reserved ", "cma ",
	"distance ", "sysctl ", "policy ", "marks=", "4.5", "2.6.14", "kernelcore=", "movablecore=",
	"ops\n", "alloc", "order=", "gfp=", "cpu=", "nodes=", "ctx=", "n=", "expect ", "fail ",
	"ok ", "stuck ", "refused ", "GFP_KERNEL", "GFP_ATOMIC", "__GFP_COMP", "|", "=", ",", "-",
	"#", "\n", " ", "irq=", "0x", "a", "b", "z", "aa", "\t", "\r", "\"",
};

static const char *const numbers[] = {
	"0", "1", "2", "-1", "9", "10", "11", "63", "64", "65", "255", "256", "4095", "4096",
	"65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "0x7fffffff",
	"9223372036854775807", "9223372036854775808", "18446744073709551615",
	"18446744073709551616", "0x", "0xffffffffffffffff", "007", "1e3", "",
};

/* Replaces [at, at + cut) by n bytes, as far as there is room. */
static void replace(struct text *t, size_t at, size_t cut, const void *with, size_t n)
{
	if (t->size - cut + n > t->max)
		return;
	memmove(t->data + at + n, t->data + at + cut, t->size - at - cut);
	memcpy(t->data + at, with, n);
	t->size = t->size - cut + n;
}

/* The line around a random place: its start, and its length with the newline. */
static size_t draw_line(const struct text *t, uint64_t *rng, size_t *len)
{
	size_t start = t->size ? (size_t)rng_below(rng, t->size) : 0;
	size_t end = start;

	while (start && t->data[start - 1] != '\n')
		start--;
	while (end < t->size && t->data[end] != '\n')
		end++;
	*len = end + (end < t->size) - start;
	return start;
}

static void copy_line(struct text *t, uint64_t *rng, bool move)
{
	uint8_t line[256];
	size_t len, to_len, from = draw_line(t, rng, &len);
	size_t to = draw_line(t, rng, &to_len);

	if (len > sizeof(line))
		return;
	memcpy(line, t->data + from, len);
	if (!move) {
		replace(t, to, 0, line, len);
		return;
	}
	replace(t, from, len, "", 0);
	replace(t, to > t->size ? t->size : to, 0, line, len);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Another number in place of one that is there. */
static void change_number(struct text *t, uint64_t *rng)
{
	size_t at = t->size ? (size_t)rng_below(rng, t->size) : 0;
	size_t end;
	char drawn[24];
	const char *with = numbers[rng_below(rng, sizeof(numbers) / sizeof(numbers[0]))];

	while (at < t->size && !is_digit(t->data[at]))
		at++;
	for (end = at; end < t->size && is_digit(t->data[end]); )
		end++;
	if (rng_chance(rng, 128)) {
		snprintf(drawn, sizeof(drawn), "%" PRIu64, rng_scale(rng, 1 << 20));
		with = drawn;
	}
	if (at < end)
		replace(t, at, end - at, with, strlen(with));
}

static void change_bytes(struct text *t, uint64_t *rng)
{
	size_t at = (size_t)rng_below(rng, t->size + 1);
	size_t cut = (size_t)rng_scale(rng, 8);
	uint8_t byte = (uint8_t)rng_next(rng);

	switch (rng_below(rng, 3)) {
	case 0:
		if (at < t->size)
			t->data[at] = byte;
		break;
	case 1:
		replace(t, at, 0, &byte, 1);
		break;
	default:
		replace(t, at, cut > t->size - at ? t->size - at : cut, "", 0);
		break;
	}
}

/* A program as op_print() writes it, instead of what was there. */
static void print_drawn(const struct theme *theme, struct program *p, uint64_t *rng, struct text *t)
{
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	if (!out)
		abort();
	world_draw(theme, rng_next(rng), (uint32_t)rng_scale(rng, DRAWN_OPS_MAX), p);
	op_print(p, out);
	fclose(out);
	if (size <= t->max) {
		memcpy(t->data, printed, size);
		t->size = size;
	}
	free(printed);
}

size_t mutate_text(const struct theme *theme, struct program *scratch, uint8_t *data, size_t size,
		   size_t max, uint64_t seed)
{
	struct text t = { data, size, max };
	uint64_t *rng = &seed;

	uint64_t edits = rng_scale(rng, TEXT_EDITS_MAX);

	if (size < 8 || rng_chance(rng, 4)) {
		print_drawn(theme, scratch, rng, &t);
		if (rng_chance(rng, 128))
			edits = 0;	/* a text that is right, as a start */
	}
	for (uint64_t n = edits; n; n--) {
		size_t at = (size_t)rng_below(rng, t.size + 1), len;
		const char *word = words[rng_below(rng, sizeof(words) / sizeof(words[0]))];

		switch (rng_below(rng, 8)) {
		case 0:
			copy_line(&t, rng, false);
			break;
		case 1:
			copy_line(&t, rng, true);
			break;
		case 2:
			at = draw_line(&t, rng, &len);
			replace(&t, at, len, "", 0);
			break;
		case 3:
			replace(&t, at, 0, word, strlen(word));
			break;
		case 4:
		case 5:
			change_number(&t, rng);
			break;
		default:
			change_bytes(&t, rng);
			break;
		}
	}
	if (!t.size && max) {
		data[0] = '\n';
		t.size = 1;
	}
	return t.size;
}
