/* SPDX-License-Identifier: MIT */
/*
 * op.h - a program: a machine and the operations that run on it
 *
 * One program has two encodings, binary for fuzzers and text for people:
 *
 *   binary   decode is total: every byte string is some valid program, and the
 *            same one for ever (the first byte is the format's version);
 *            encode then decode is the identity;
 *   text     a line per fact, see op_text.c; what op_print() writes,
 *            op_parse() reads back to the same program.
 *
 * One table (op_kinds[]) says which fields each kind of op has; both encodings,
 * the mutator and the generator are driven by it, so a new op is one row.
 *
 * Allocations have no names here: the k-th op that allocates (alloc, bulk,
 * exact) fills slot k, and other ops refer to a slot.  Text names slots
 * a, b, ..., z, aa, ab and so on.  A reference to a slot that is empty, failed
 * or freed is legal and does nothing.
 *
 * Without a schedule ops run one after the other, each on its CPU.  With one,
 * every CPU takes the ops that name it in their order, and the schedule says
 * which CPU goes on at each step.  An op waits for those before it that use the
 * same slot, or write the same tunables.  Ops that name no CPU, and those that
 * put a state in place, wait for all before them and are waited for; `sync`
 * does nothing else.  What an owner or an administrator does names none: by=CPU
 * says that it is to be done there, among others.
 */
#ifndef HARNESS_OP_H
#define HARNESS_OP_H

#include <stdio.h>

#include "mempolicy.h"
#include "place.h"

enum {
	OPS_MAX = 4096,
	SLOTS_MAX = OPS_MAX,
	OP_PAGES_MAX = 2 << MAX_ORDER,	/* n of bulk and exact: 0..this, so some are refused */
};

enum op_kind {
	OP_ALLOC,		/* order gfp cpu node nodes ctx policy */
	OP_BULK,		/* n gfp cpu node nodes ctx; the slot holds up to n single pages */
	OP_EXACT,		/* n gfp cpu node ctx; the slot holds n single pages */
	OP_FREE,		/* ref cpu: all of the slot; a bulk slot goes as one list */
	OP_FREE_ONE,		/* ref n cpu: the n-th (modulo) single page still in the slot */
	OP_FREE_WRONG,		/* pfn order cpu: a free that the edge must refuse */
	OP_SPLIT,		/* ref by: split_page */
	OP_GET,			/* ref by: one more user */
	OP_TOUCH,		/* ref cpu: write a pattern into every page, checked later (X8) */
	OP_MOVABLE,		/* ref on by: PG_LRU of all its pages */
	OP_DIRTY,		/* ref on by */
	OP_DRAIN,		/* cpu: the sets of one CPU */
	OP_DRAIN_ALL,		/* cpu: who asks */
	OP_TICK,		/* cpu */
	OP_CPU_DOWN,		/* cpu by */
	OP_CPU_UP,		/* cpu by */
	OP_SYSCTL,		/* name index value by */
	OP_MEMPOLICY,		/* mode nodes node(home): policy of the task on every CPU */
	OP_RECLAIM_ACTIVE,	/* node zone on by */
	OP_FAIL_ALLOC,		/* n on: the n-th request from now fails; on: and all later ones */
	OP_FAIL_TRYLOCK,	/* n: the n-th trylock from now is refused */
	OP_IMPORT,		/* node zone: mm_import_empty() */
	OP_PUT,			/* node zone order type n: n free blocks, placed low to high */
	OP_PUT_AT,		/* node zone order type pfn: one free block there */
	OP_COUNTER,		/* node zone value: the free counter; CPUs hold the rest */
	OP_BOOST,		/* node zone value: pages of boost */
	OP_EXPECT_ZONE,		/* node zone name value: a derived number (text replay only) */
	OP_EXPECT_PFN,		/* ref pfn: where the slot's block is (text replay only) */
	OP_SYNC,		/* all CPUs are done with what comes before it */
	OP_ASK_DRAIN,		/* cpu n: on cpu, asks the daemon to drain CPU n (drainer.h) */
	NR_OP_KINDS,
};

/* What an allocating op must end in; checked in text replay, ignored by fuzzing. */
enum op_expect { EXPECT_ANY, EXPECT_OK, EXPECT_FAIL, EXPECT_STUCK, EXPECT_REFUSED, NR_EXPECTS,
	EXPECT_PAGES = NR_EXPECTS,	/* these pages: only where the program has a state */
};

/* Numbers that OP_EXPECT_ZONE can name. */
enum zone_fact {
	FACT_FREE, FACT_MIN, FACT_LOW, FACT_HIGH, FACT_BOOST, FACT_SPANNED, FACT_PRESENT,
	FACT_MANAGED, FACT_PCP_HIGH, FACT_PCP_BATCH, FACT_STAT_THRESHOLD, FACT_HIGHATOMIC,
	FACT_PROTECTION,		/* + enum zone_type of the column */
	NR_ZONE_FACTS = FACT_PROTECTION + NR_ZONE_TYPES,
};

/* One operation.  Fields that its kind does not have are zero. */
struct op {
	uint8_t  kind;		/* enum op_kind */
	uint8_t  expect;	/* enum op_expect */
	uint8_t  irq_at;	/* not 0: runs as an interrupt at the n-th step of the next op */
	uint8_t  cpu;
	uint8_t  order;
	uint8_t  context;	/* enum caller_context */
	uint8_t  nid;		/* NODE_NONE: not given */
	uint8_t  nodes;		/* bit per node */
	uint8_t  zone;		/* enum zone_type */
	uint8_t  type;		/* enum migratetype */
	uint8_t  name;		/* enum sysctl_name, zone_fact or mempolicy_mode */
	uint8_t  index;		/* enum zone_type, for lowmem_reserve_ratio */
	uint8_t  on;		/* bool; for OP_ALLOC: under the task's memory policy */
	uint8_t  by;		/* CPU + 1 that does it among others; 0: it is done alone */
	uint16_t ref;		/* slot */
	uint32_t n;
	gfp_t    gfp;
	uint64_t pfn;		/* EXPECT_PAGES: where in state->blocks[] the pfns are */
	int64_t  value;		/* EXPECT_PAGES: how many */
};

/* The fields a kind has, and how wide each is in binary. */
enum op_field {
	FIELD_END, FIELD_CPU, FIELD_ORDER, FIELD_CONTEXT, FIELD_NODE, FIELD_NODES, FIELD_ZONE,
	FIELD_TYPE, FIELD_SYSCTL, FIELD_FACT, FIELD_MODE, FIELD_INDEX, FIELD_ON, FIELD_POLICY,
	FIELD_REF, FIELD_N, FIELD_GFP, FIELD_PFN, FIELD_VALUE, NR_FIELDS,
};

enum { FIELDS_MAX = 8 };

struct op_info {
	const char   *name;			/* in text: "alloc", "free", ... */
	bool	      allocates;		/* fills the next slot */
	bool	      text_only;		/* an expectation: no effect when fuzzing */
	enum op_field fields[FIELDS_MAX];	/* ended by FIELD_END; a ref comes first */
	uint32_t      has;			/* the same: bit per enum op_field */
};

extern const struct op_info op_kinds[NR_OP_KINDS];

struct snapshot;			/* snapshot.h */

/* --- who runs when ------------------------------------------------------------------------ */

enum sched_kind {
	SCHED_NONE,		/* one op after the other, without any other CPU */
	SCHED_SERIAL,		/* in the program's order, on the CPUs' stacks: ends as without */
	SCHED_BYTES,		/* a byte says how long to go on, and who is next */
	SCHED_PCT,		/* random priorities, depth - 1 places where they change */
	SCHED_BURST,		/* long runs on one CPU, of random length */
	SCHED_EXHAUSTIVE,	/* every schedule with at most `depth` preemptions */
	SCHED_RECORDED,		/* switches[], and else the program's order */
	NR_SCHED_KINDS,
};

enum {
	SCHED_CPUS	= 8,		/* CPUs above these run as if they were barriers */
	SCHED_DAEMONS	= 1,		/* tasks SCHED_CPUS and up */
	SCHED_TASKS	= SCHED_CPUS + SCHED_DAEMONS,
	SCHED_DEPTH_MAX	= 16,
	SCHED_BYTES_MAX	= 1024,
	SWITCHES_MAX	= 2048,
	SWITCH_STEP_MAX	= (1 << 24) - 1,
};

/*
 * When op number `op` takes its step number `step`, task `to` goes on, if it
 * can.  Steps are counted in each op by itself, so leaving out another op does
 * not shift them; the last one is its end.  A daemon's steps are counted from
 * the program's start, and its `op` is OPS_MAX plus its number.
 */
struct sched_switch {
	uint32_t step;		/* from 1 */
	uint16_t op;
	uint8_t  to;		/* task: a CPU, or SCHED_CPUS + daemon */
	uint8_t  place;		/* what step that was, for readers: enum sim_place */
	uint8_t  zone;		/* ... of a lock or datum of this zone id; NODE_NONE: of none */
	uint8_t  cpu;		/* ... and of this CPU's part of it; NODE_NONE: of the whole */
};

struct schedule {
	uint8_t  kind;		/* enum sched_kind; what it does not need is zero */
	uint8_t  depth;		/* PCT: 1 and up; EXHAUSTIVE: 0 and up */
	uint16_t nr_bytes;
	uint32_t nr_switches;	/* in order of op and step, one per step */
	uint64_t seed;		/* PCT, BURST */
	uint8_t  bytes[SCHED_BYTES_MAX];
	struct sched_switch switches[SWITCHES_MAX];
};

/* The switch at that step, or the first one after it; nr_switches: none. */
uint32_t schedule_find(const struct schedule *s, uint32_t op, uint32_t step);

/* "at 12 cpu1 runs from zone_lock of Normal", without the end of the line. */
void schedule_print_switch(const struct sched_switch *sw, FILE *out);

/* "cpu1", "daemon0" */
void sched_task_name(unsigned int task, char name[12]);

/*
 * Ops have moved: `at` says where each of the nr_ops is now; UINT16_MAX: nowhere.
 * NULL: they have not, but switches were recorded as they came and are put in order.
 */
void schedule_map(struct schedule *s, uint32_t nr_ops, const uint16_t *at);

/* Only as much as there is. */
void schedule_copy(struct schedule *to, const struct schedule *from);

struct program {
	struct mm_config config;	/* passes mm_config_check() */
	struct snapshot	*state;		/* what the ops begin with; NULL: what boot makes */
	uint32_t	 nr_ops;
	uint32_t	 nr_slots;	/* allocating ops among ops[] */
	struct op	 ops[OPS_MAX];
	struct schedule	 schedule;
};

/*
 * Makes any content a program: repairs the machine, brings every field into
 * range, zeroes those that a kind does not have, leaves out ops that refer to
 * a slot where none is filled before them, recounts nr_slots.  What decode
 * ends with; a valid program stays as it is.  The ranges:
 *
 *   cpu     below the machine's nr_cpus; may be offline
 *   order   0..MAX_ORDER + 1, the last one to be refused; put: 0..MAX_ORDER
 *   nid     of a zone: online; of a request: any, or NODE_NONE
 *   zone, index, protection column: a configured type; the zone may be empty
 *   ref     a slot filled by an op before this one
 *   n       bulk, exact: 0..OP_PAGES_MAX; else any
 *   gfp     known bits only, legal together or not
 *   pfn     any; put_at: aligned to the order, below 2^52
 *   value   sysctl and expect: any; counter: within 2^40; boost: 0..2^40
 *   expect  on allocating ops only
 *   irq_at  on alloc, bulk, exact, free and free_one only
 *   by      on split, get, movable, dirty, sysctl, reclaim_active, cpu_down and
 *           cpu_up only; at most the machine's nr_cpus; may be offline
 *
 * and of a switch: step 1..SWITCH_STEP_MAX, op below nr_ops or a daemon's, `to`
 * below SCHED_TASKS; they are sorted, and the first one of a step counts.
 */
void op_normalize(struct program *p);

/* --- binary ------------------------------------------------------------------------------- */

enum {
	OP_FORMAT_VERSION = 3,
	OP_FORMAT_SCHEDULES = 2,	/* without by= */
	OP_FORMAT_PLAIN	  = 1,		/* without schedules and what came with them */
};

void   op_decode(const uint8_t *data, size_t size, struct program *p);

/* The bytes that told the machine of the last input: mostly the next one has the same. */
struct op_memo {
	uint32_t size;			/* 0: none are kept */
	uint8_t	 bytes[252];
};

/*
 * op_decode(), of one input after the other into the same program, which nobody
 * else changes meanwhile.  *memo is zero at first.
 */
void   op_decode_next(const uint8_t *data, size_t size, struct program *p, struct op_memo *memo);

/* Bytes written, at most `max`; ops that no longer fit are left out. */
size_t op_encode(const struct program *p, uint8_t *data, size_t max);

/* --- text --------------------------------------------------------------------------------- */

struct op_error {		/* the first thing wrong with a text */
	unsigned int line;	/* from 1; 0: the file as a whole */
	char	     what[200];	/* "expected ..., got ..." */
};

/* False, with *error filled, unless all of text[0..len) is a program. */
bool op_parse(const char *text, size_t len, struct program *p, struct op_error *error);

void op_print(const struct program *p, FILE *out);		/* the whole program */
void op_print_op(const struct program *p, uint32_t index, FILE *out);	/* one line, no newline */
void op_slot_name(uint32_t slot, char name[8]);

/* Gives back what op_parse() or op_load() made; copies share it, and only one may do this. */
void op_discard(struct program *p);

/* Text if it begins with a comment, blank or the word "tidemark"; else binary. */
bool op_is_text(const uint8_t *data, size_t size);

/* Reads either encoding (*.ops is text); on failure prints "FILE:LINE: ..." to stderr. */
bool op_load(const char *path, struct program *p);

#endif
