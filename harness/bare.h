/* SPDX-License-Identifier: MIT */
/*
 * bare.h - copying and clearing that no sanitizer looks at
 *
 * AddressSanitizer looks at all that a memcpy() or memset() reads or writes, also
 * where the caller is built without it.  For state that is put back before every
 * program that costs as much as several ops.  Fuzz builds compile the users of
 * these loops with -fno-builtin, so that they stay loops.
 */
#ifndef HARNESS_BARE_H
#define HARNESS_BARE_H

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

#endif
