/* SPDX-License-Identifier: MIT */
/* op_parts.h - what the op*.c files share; for everyone else there is op.h */
#ifndef HARNESS_OP_PARTS_H
#define HARNESS_OP_PARTS_H

#include "op.h"

/* --- op.c --------------------------------------------------------------------------------- */

/* Does the kind have the field? */
static inline bool op_has(unsigned int kind, enum op_field field)
{
	return op_kinds[kind].has >> field & 1;
}

/* May an op of this kind run as an interrupt? */
static inline bool op_may_interrupt(unsigned int kind)
{
	return kind == OP_ALLOC || kind == OP_BULK || kind == OP_EXACT ||
	       kind == OP_FREE || kind == OP_FREE_ONE;
}

/* May an op of this kind, which has no field for it, say which CPU does it? */
static inline bool op_may_name_by(unsigned int kind)
{
	return kind == OP_SPLIT || kind == OP_GET || kind == OP_MOVABLE || kind == OP_DIRTY ||
	       kind == OP_SYSCTL || kind == OP_RECLAIM_ACTIVE || kind == OP_CPU_DOWN ||
	       kind == OP_CPU_UP;
}

/* The largest order that an op of this kind may name. */
static inline unsigned int op_order_max(unsigned int kind)
{
	return kind == OP_PUT || kind == OP_PUT_AT ? MAX_ORDER : MAX_ORDER + 1;
}

#define OP_VALUE_MAX	(INT64_C(1) << 40)	/* of counter and boost */
#define OP_PFN_MAX	((UINT64_C(1) << 52) - 1)	/* of put_at */

/* Position of the n-th bit of `mask` (not 0), counted from 0, modulo the number of bits. */
unsigned int op_nth_bit(uint64_t mask, uint64_t n);

/*
 * For decode, one op after the other: takes up `op`, which lies at or behind
 * p->ops[p->nr_ops], whose kind is right and whose absent fields are zero, as
 * op_normalize() does.  The machine is repaired.  Where it is now; UINT16_MAX: left out.
 */
uint16_t op_take(struct program *p, struct op *op);

/* The next op to be read and taken, zero but for its kind. */
struct op *op_next(struct program *p, unsigned int kind);

/* --- op_machine.c ------------------------------------------------------------------------- */

/* Makes any content a machine that passes mm_config_check(); a valid one stays as it is. */
void machine_repair(struct mm_config *config);

/* Instead of its zones one Normal zone of 4096 pages, on the first node. */
void machine_small_zone(struct mm_config *config);

/* A sysctl of a description by name; `index` as in mm_sysctl_write(). */
int64_t machine_sysctl(const struct sysctls *s, enum sysctl_name name, unsigned int index);
/* False when the field cannot hold the value. */
bool machine_set_sysctl(struct sysctls *s, enum sysctl_name name, unsigned int index,
			int64_t value);

/* Policies: a choice out of words, a flag, or a number. */
struct policy_info {
	const char *name;
	size_t	    offset;		/* in struct policies, of one byte */
	uint8_t	    nr;			/* values it can have */
	const char *values[3];		/* their words; none: a flag */
};

enum { NR_POLICY_INFOS = 10 };		/* without pcp_batch */
extern const struct policy_info policy_infos[NR_POLICY_INFOS];

static inline uint8_t *policy_byte(struct policies *p, unsigned int i)
{
	return (uint8_t *)p + policy_infos[i].offset;
}

static inline uint8_t policy_value(const struct policies *p, unsigned int i)
{
	return *((const uint8_t *)p + policy_infos[i].offset);
}

/* --- op_print_state.c --------------------------------------------------------------------- */

void print_state(const struct snapshot *s, unsigned int pageblock_order, FILE *out);

/* --- op_schedule.c ------------------------------------------------------------------------ */

/*
 * Brings a schedule into range.  `ops`: where each op of before went, or
 * UINT16_MAX; NULL: they are where they were.
 */
void schedule_normalize(struct schedule *s, uint32_t nr_ops, const uint16_t *ops);

enum { PLACE_WORD_MAX = 24 };

/* "zone_lock", "read" */
void place_word(const struct sched_switch *sw, char word[PLACE_WORD_MAX]);
void print_schedule(const struct schedule *s, FILE *out);
void print_switches(const struct schedule *s, uint32_t op, FILE *out);	/* those of one op */

/* --- words of the text, by value ---------------------------------------------------------- */

enum { NR_CONTEXTS = 7 };		/* bits of enum caller_context */

extern const char *const place_names[];	/* by enum sim_place */
extern const char *const sched_names[NR_SCHED_KINDS];
extern const char *const expect_names[NR_EXPECTS];
extern const char *const context_names[NR_CONTEXTS];
extern const char *const mode_names[NR_MEMPOLICY_MODES];
extern const char *const fact_names[FACT_PROTECTION + 1];

#endif
