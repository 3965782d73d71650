/* SPDX-License-Identifier: GPL-2.0-only */
/* bits.h - arithmetic on powers of two; every function is total where it says so */
#ifndef CORE_BITS_H
#define CORE_BITS_H

#include "types.h"

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

static inline uint64_t clamp_u64(uint64_t v, uint64_t lo, uint64_t hi)
{
	return min_u64(max_u64(v, lo), hi);
}

/* `v` rounded to a multiple of `align`, a power of two. */
static inline uint64_t align_down(uint64_t v, uint64_t align) { return v & ~(align - 1); }

static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return align_down(v + align - 1, align);
}

static inline bool is_aligned(uint64_t v, uint64_t align) { return (v & (align - 1)) == 0; }

/* Position of the highest bit, counted from 1; 0 for 0. */
static inline unsigned int fls_u64(uint64_t v)
{
	return v ? 64u - (unsigned int)__builtin_clzll(v) : 0;
}

/* Position of the lowest bit, counted from 0; 64 for 0. */
static inline unsigned int ffs_u64(uint64_t v)
{
	return v ? (unsigned int)__builtin_ctzll(v) : 64;
}

static inline unsigned int popcount_u64(uint64_t v)
{
	return (unsigned int)__builtin_popcountll(v);
}

/* The largest power of two that is not above `v`; `v` is not 0. */
static inline uint64_t rounddown_pow2(uint64_t v) { return 1ULL << (fls_u64(v) - 1); }

/* The largest r with r * r <= v. */
static inline uint64_t isqrt_u64(uint64_t v)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ULL << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= v)
			root += bit;
	return root;
}

/* v * num / den, floored, without overflow as long as the result and num * den fit. */
static inline uint64_t mul_div_u64(uint64_t v, uint64_t num, uint64_t den)
{
	return v / den * num + v % den * num / den;
}

#endif
