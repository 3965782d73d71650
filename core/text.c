/* SPDX-License-Identifier: GPL-2.0-only */
/* text.c - building text in a buffer, see text.h */
#include "text.h"

#include "bits.h"

enum { DIGITS_MAX = 20 };		/* of a 64-bit number, in decimal */

void text_char(struct text *t, char c)
{
	mm_assert(S1, t->buf != NULL);
	mm_assert(S1, t->len < t->size);
	t->buf[t->len++] = c;
}

void text_str(struct text *t, const char *s)
{
	while (*s)
		text_char(t, *s++);
}

static void add_blanks(struct text *t, size_t len, unsigned int width)
{
	for (size_t i = len; i < width; i++)
		text_char(t, ' ');
}

static size_t str_len(const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	return len;
}

void text_right(struct text *t, const char *s, unsigned int width)
{
	add_blanks(t, str_len(s), width);
	text_str(t, s);
}

void text_left(struct text *t, const char *s, unsigned int width)
{
	text_str(t, s);
	add_blanks(t, str_len(s), width);
}

/* Writes the digits from the last one backwards, and pads when their number is known. */
static void add_number(struct text *t, uint64_t v, unsigned int base, unsigned int width)
{
	char digits[DIGITS_MAX];
	unsigned int nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	add_blanks(t, nr, width);
	while (nr)
		text_char(t, digits[--nr]);
}

void text_number(struct text *t, uint64_t v)
{
	add_number(t, v, 10, 0);
}

void text_number_right(struct text *t, uint64_t v, unsigned int width)
{
	add_number(t, v, 10, width);
}

void text_hex(struct text *t, uint64_t v)
{
	text_str(t, "0x");
	add_number(t, v, 16, 0);
}

void text_bits(struct text *t, uint64_t bits)
{
	bool first = true;

	while (bits) {
		unsigned int from = ffs_u64(bits);
		unsigned int past = from + ffs_u64(~(bits >> from));

		if (!first)
			text_char(t, ',');
		first = false;
		text_number(t, from);
		if (past > from + 1) {
			text_char(t, '-');
			text_number(t, past - 1);
		}
		bits = past < 64 ? bits >> past << past : 0;
	}
}
