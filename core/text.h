/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - building text in a buffer, since core/ has no stdio
 *
 * The caller owns the buffer and makes it large enough for all that it will
 * ever add: running out is a bug in the caller, and an assertion.  Nothing is
 * terminated; `len` says how much there is.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "assert.h"
#include "types.h"

struct text {
	char	*buf;
	size_t	 size;			/* bytes at buf */
	size_t	 len;			/* of them, written */
};

void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);

/* Padded with blanks to at least `width`, to the right or to the left end of the field. */
void text_right(struct text *t, const char *s, unsigned int width);
void text_left(struct text *t, const char *s, unsigned int width);

void text_number(struct text *t, uint64_t v);
void text_number_right(struct text *t, uint64_t v, unsigned int width);
void text_hex(struct text *t, uint64_t v);	/* 0x and lower case, "0x0" for 0 */

/* The numbers of the bits set, in ranges: "0-2,5"; nothing for no bits. */
void text_bits(struct text *t, uint64_t bits);

#endif
