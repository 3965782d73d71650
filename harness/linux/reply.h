/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reply.h - windows on the host's side: programs into them, replies out of them
 *
 * A window is memory that a guest fills; nothing in it is believed.  Whoever
 * reads it gets false and a sentence when something does not add up.
 */
#ifndef HARNESS_LINUX_REPLY_H
#define HARNESS_LINUX_REPLY_H

#include "linux/wire.h"
#include "op.h"
#include "snapshot.h"

enum { REPLY_SENTENCE = 200 };

struct window {
	uint8_t	 *bytes;
	uint64_t nr_bytes;
	int	 fd;			/* of its file; -1: plain memory */
};

/* --- window.c ----------------------------------------------------------------------------- */

/* Maps a file; `bytes` not 0: makes it that large and empty.  False, with a message to stderr. */
bool window_open(struct window *w, const char *path, uint64_t bytes);
void window_memory(struct window *w, uint64_t bytes);	/* one that is no file; aborts without */
void window_close(struct window *w);

struct wire_head *window_head(const struct window *w);
void window_clear(struct window *w);			/* an empty window */

/* NULL, or what is wrong with the head. */
const char *window_check(const struct window *w);

/* What guests can do: ops, requests that cannot sleep, and who asks. */
#define GUEST_OPS	(1ull << OP_ALLOC | 1ull << OP_BULK | 1ull << OP_EXACT | 1ull << OP_FREE | \
			 1ull << OP_FREE_ONE | 1ull << OP_SPLIT | 1ull << OP_DRAIN)
#define GUEST_GFP	(((1u << NR_WIRE_GFP) - 1) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL))
#define GUEST_CONTEXTS	((uint8_t)(CTX_REALTIME | CTX_IRQ | CTX_MEMALLOC))

/*
 * Adds the ops of a program that a guest can run; false: no room, or an op cannot be told.
 * The ops of `before`, if not NULL, run before it, and before the snapshot it begins with.
 */
bool window_add(struct window *w, const struct program *before, const struct program *p,
		char wrong[REPLY_SENTENCE]);

/* The ops of the window's program as ours; its machine and state are left alone. */
bool window_ops(const struct window *w, uint32_t program, struct program *p,
		char wrong[REPLY_SENTENCE]);

/* --- reply.c ------------------------------------------------------------------------------ */

struct reply {
	uint64_t machine[NR_WM];
	uint64_t cpus[MAX_NODES];	/* bit per CPU of the node */
	uint8_t	 distance[MAX_NODES][MAX_NODES];
	uint64_t zone_words[MAX_ZONES][NR_WZ];	/* of the snapshot before, empty zones too */
	uint64_t zone_seen;		/* bit per zone id that has words */
	struct snapshot *before;
	struct snapshot *after;
	const uint8_t *results;		/* words of 64 bits, little-endian, in the window */
	uint64_t nr_results;
};

bool reply_read(const struct window *w, uint32_t program, struct reply *r,
		char wrong[REPLY_SENTENCE]);
void reply_free(struct reply *r);
uint64_t reply_result(const struct reply *r, uint64_t i);

/* The machine that the snapshot before describes. */
bool reply_config(const struct reply *r, struct mm_config *config, char wrong[REPLY_SENTENCE]);

/* --- reply_write.c: what a guest would write, for tests without one ------------------------ */

struct reply_writer {
	struct window *w;
	struct wire_program *program;
	bool full;			/* no more room: nothing was written since */
};

bool reply_begin(struct reply_writer *out, struct window *w, uint32_t program);
void reply_snapshot(struct reply_writer *out, const struct mm *mm, unsigned int index);
void reply_results(struct reply_writer *out, const uint64_t *words, uint64_t nr);
bool reply_end(struct reply_writer *out);

static inline uint64_t wire_word(const uint8_t *bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 8; i-- > 0;)
		v = v << 8 | bytes[i];
	return v;
}

#endif
