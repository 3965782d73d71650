/* SPDX-License-Identifier: MIT */
/* op_bytes.h - numbers as bytes: what op_binary.c and op_schedule.c write and read */
#ifndef HARNESS_OP_BYTES_H
#define HARNESS_OP_BYTES_H

#include "op_parts.h"

/* Bytes to read or to write; what is beyond the end reads as zero and is not written. */
struct bytes {
	const uint8_t *in;
	const uint8_t *in_end;
	uint8_t	      *out;
	uint8_t	      *out_end;
	bool	       full;		/* something was not written */
};

static inline uint64_t fold(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t unfold(uint64_t v)
{
	v = v >> 1 ^ (v & 1 ? UINT64_MAX : 0);
	return v <= INT64_MAX ? (int64_t)v : -(int64_t)(UINT64_MAX - v) - 1;
}

/* The signed distance between two numbers, as wrapping arithmetic has it, folded. */
static inline uint64_t fold_diff(uint64_t a, uint64_t b)
{
	uint64_t d = a - b;

	return d << 1 ^ (d >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t unfold_diff(uint64_t v, uint64_t b)
{
	return b + (v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static inline uint8_t get_byte(struct bytes *b)
{
	return b->in < b->in_end ? *b->in++ : 0;
}

static inline uint64_t get_varint(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = get_byte(b);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return v;
}

static inline void put_byte(struct bytes *b, uint8_t byte)
{
	if (b->out < b->out_end)
		*b->out++ = byte;
	else
		b->full = true;
}

static inline void put_varint(struct bytes *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put_byte(b, (uint8_t)(v | 0x80));
	put_byte(b, (uint8_t)v);
}

/* --- op_schedule.c ---------------------------------------------------------------------- */

void get_schedule(struct bytes *b, struct schedule *s);
void put_schedule(struct bytes *b, const struct schedule *s);

#endif
