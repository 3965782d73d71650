/* SPDX-License-Identifier: MIT */
/*
 * bare.h - copying, clearing and comparing that no sanitizer looks at
 *
 * AddressSanitizer looks at all that a memcpy(), memset() or memcmp() touches, also
 * where the caller is built without it.  For state that is put back before every
 * program that costs as much as several ops.  Fuzz builds compile the users of
 * these loops with -fno-builtin, so that they stay loops.
 */
#ifndef HARNESS_BARE_H
#define HARNESS_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void bare_copy(void *restrict to, const void *restrict from, size_t bytes)
{
	const uint8_t *in = from;
	uint8_t *out = to;

	for (size_t i = 0; i < bytes; i++)
		out[i] = in[i];
}

static inline void bare_clear(void *at, size_t bytes)
{
	uint8_t *out = at;

	for (size_t i = 0; i < bytes; i++)
		out[i] = 0;
}

static inline bool bare_same(const void *a, const void *b, size_t bytes)
{
	const uint8_t *left = a, *right = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < bytes; i++)
		differ |= left[i] ^ right[i];
	return !differ;
}

#endif
