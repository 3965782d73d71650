/* SPDX-License-Identifier: MIT */
/*
 * op_text.h - the parser of .ops files, as its files share it
 *
 * A text is lines, a line is words between blanks; '#' starts a comment.  Each
 * function that returns bool or a count has, when that is false or zero,
 * already said in parser->error what it expected and what it got.
 */
#ifndef HARNESS_OP_TEXT_H
#define HARNESS_OP_TEXT_H

#include "op_parts.h"

struct word {
	const char *s;			/* into the text; not terminated */
	size_t	    len;
};

enum { WORDS_MAX = 32, NAME_MAX_LEN = 32, NAME_BUCKETS = 2 * SLOTS_MAX };

struct slot_name {
	struct word	name;
	uint16_t	slot;
};

struct parser {
	struct program	*p;
	struct op_error	*error;
	const char	*at;		/* the next line */
	const char	*end;
	unsigned int	 line;		/* the current one, from 1 */
	unsigned int	 nr_words;
	struct word	 words[WORDS_MAX];

	/* The machine: what was seen, and where. */
	bool		 saw_machine;
	bool		 saw_cpus;	/* some node says which CPUs it has */
	bool		 implicit_node;	/* a zone came before any node line */
	uint8_t		 node;		/* that zones belong to now; NODE_NONE: none yet */
	uint8_t		 node_has_cpus;	/* bit per node */
	uint64_t	 distances;	/* bit per pair, a * MAX_NODES + b */
	uint32_t	 settings;	/* bit per sysctl; the ratio of one type counts apart */
	uint32_t	 ratios;	/* bit per zone type */
	uint32_t	 policies;	/* bit per policy, then pcp_batch */
	unsigned int	 zone_line[MAX_ZONES];
	unsigned int	 cma_line[MAX_RANGES];

	/* The state. */
	unsigned int	 state_zone;	/* id + 1 of the zone that lines are about; 0: none yet */
	uint64_t	 state_blocks;	/* of its pageblocks, those that have a type */

	/* The ops: names given to slots, newest first among equals. */
	uint32_t	 nr_names;
	struct slot_name names[SLOTS_MAX];
	uint16_t	 buckets[NAME_BUCKETS];	/* index into names[] + 1; 0: empty */
};

/* --- op_text.c: errors, words, numbers ---------------------------------------------------- */

/* Always false: "expected <format>, got '<word>'"; `got` NULL: the end of the line. */
bool refuse(struct parser *ps, const struct word *got, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool word_is(const struct word *w, const char *s);
struct word word_from(const struct word *w, size_t skip);

/* Splits "key=value"; false, without an error, when there is no '='. */
bool word_split(const struct word *w, struct word *key, struct word *value);

/* The part before the separator, cut off *list; it may be empty. */
struct word word_cut(struct word *list, char separator);

unsigned int word_items(const struct word *list);	/* commas + 1 */

/* Index of the word among names[0..nr), or nr. */
unsigned int word_among(const struct word *w, const char *const *names, unsigned int nr);

/* Decimal or 0x, lo..hi. */
bool take_u64(struct parser *ps, const struct word *w, const char *what, uint64_t lo, uint64_t hi,
	      uint64_t *v);
bool take_i64(struct parser *ps, const struct word *w, const char *what, int64_t *v);

/* A list of numbers and ranges below `limit` ("0-1,3"), none twice, as bits. */
bool take_set(struct parser *ps, const struct word *w, const char *what, unsigned int limit,
	      uint64_t *set);

/* A type of zone that this machine has. */
bool take_zone_type(struct parser *ps, const struct word *w, uint8_t *type);

/*
 * One of "key=value" that is among keys[0..nr) and not yet in *seen; its index,
 * or nr after an error.
 */
unsigned int take_key(struct parser *ps, const struct word *w, const char *const *keys,
		      unsigned int nr, uint32_t *seen, struct word *value);

struct setting {
	uint8_t	name;			/* enum sysctl_name */
	uint8_t	index;			/* as in mm_sysctl_write() */
	int64_t	value;
};

/*
 * "name=value"; for lowmem_reserve_ratio one value per configured zone type, or
 * "lowmem_reserve_ratio.DMA32=value".  How many settings that is; 0 is an error.
 */
unsigned int take_sysctl(struct parser *ps, const struct word *w,
			 struct setting out[NR_ZONE_TYPES]);

/* --- op_text_machine.c -------------------------------------------------------------------- */

/* A line before "ops". */
bool parse_machine_line(struct parser *ps);

/* The machine is complete: fills in what was left open, and checks that it can boot. */
bool finish_machine(struct parser *ps);

/* --- op_text_state.c ---------------------------------------------------------------------- */

bool begin_state(struct parser *ps);		/* the line "state" */
bool parse_state_line(struct parser *ps);	/* a line between it and "ops" */

/* --- op_text_schedule.c ------------------------------------------------------------------- */

bool parse_schedule_line(struct parser *ps);

/* "at 12 cpu1 runs ...", after an op. */
bool is_switch_line(const struct parser *ps);
bool parse_switch_line(struct parser *ps);

/* --- op_text_ops.c ------------------------------------------------------------------------ */

/* A line after "ops". */
bool parse_op_line(struct parser *ps);

#endif
