/* SPDX-License-Identifier: MIT */
/* test_text.c - text in a buffer, and lines of it through a callback */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "print.h"

enum { BYTES = 256 };

static char buf[BYTES];

static struct text empty(void)
{
	return (struct text){ .buf = buf, .size = BYTES };
}

static void assert_is(const struct text *t, const char *expected)
{
	cr_assert_eq(t->len, strlen(expected), "%.*s", (int)t->len, t->buf);
	cr_assert_eq(memcmp(t->buf, expected, t->len), 0, "%.*s", (int)t->len, t->buf);
}

Test(text, S1_numbers)
{
	struct text t = empty();

	text_number(&t, 0);
	text_char(&t, ' ');
	text_number(&t, 1234567890);
	text_char(&t, ' ');
	text_number(&t, UINT64_MAX);
	assert_is(&t, "0 1234567890 18446744073709551615");
}

Test(text, S1_hexadecimal_has_its_prefix_even_for_zero)
{
	struct text t = empty();

	text_hex(&t, 0);
	text_hex(&t, 0xcc0);
	text_hex(&t, UINT64_MAX);
	assert_is(&t, "0x00xcc00xffffffffffffffff");
}

Test(text, S1_fields_are_padded_and_never_cut)
{
	struct text t = empty();

	text_right(&t, "DMA", 8);
	text_right(&t, "Normal", 6);
	text_right(&t, "Movable", 3);
	text_left(&t, "nr_dirty", 12);
	text_left(&t, "numa_interleave", 12);
	text_number_right(&t, 42, 6);
	text_number_right(&t, 1234567, 6);
	text_right(&t, "", 2);
	assert_is(&t, "     DMANormalMovablenr_dirty    numa_interleave    421234567  ");
}

Test(text, S1_bits_print_as_ranges)
{
	static const struct { uint64_t bits; const char *text; } cases[] = {
		{ 0, "" }, { 1, "0" }, { 3, "0-1" }, { 0x25, "0,2,5" }, { 0xf6, "1-2,4-7" },
		{ 1ULL << 63, "63" }, { UINT64_MAX, "0-63" }, { UINT64_MAX << 62 | 1, "0,62-63" },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text t = empty();

		text_bits(&t, cases[i].bits);
		assert_is(&t, cases[i].text);
	}
}

Test(text, S1_a_buffer_may_be_filled)
{
	struct text t = { .buf = buf, .size = 4 };

	text_str(&t, "abcd");
	assert_is(&t, "abcd");
}

Test(text, S1_a_buffer_that_is_too_small_is_a_bug, .signal = SIGABRT)
{
	struct text t = { .buf = buf, .size = 4 };

	text_str(&t, "abcde");
}

struct sink {
	unsigned int	pieces;
	struct text	t;
};

static void collect(void *to, const char *text, size_t len)
{
	struct sink *sink = to;

	sink->pieces++;
	for (size_t i = 0; i < len; i++)
		text_char(&sink->t, text[i]);
}

Test(text, S1_lines_go_out_one_by_one)
{
	struct sink sink = { .t = empty() };
	struct report_out out = { .write = collect, .to = &sink };
	struct printer p;

	print_to(&p, &out);
	print_line(&p, "Mem-Info:");
	print_label(&p, "Node ", 0);
	cr_assert_eq(sink.pieces, 1);
	print_number(&p, " free:", 12);
	print_end(&p);
	cr_assert_eq(sink.pieces, 3);
	assert_is(&sink.t, "Mem-Info:\nNode 0 free:12\n\n");
}
