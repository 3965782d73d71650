/* SPDX-License-Identifier: MIT */
/*
 * run.h - the one executor
 *
 * Boots a program's machine, applies its ops to core and model, compares, and
 * validates.  Everything that runs programs (fuzz targets, replay, min, hash,
 * tests, bench) runs them here.
 *
 * A failure of any check ends the program with a finding: a tag of SPEC.md, a
 * place and the op.  An instance is reused from program to program; nothing of
 * one is left for the next.
 */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include "op.h"

enum run_flags {
	RUN_EXPECT	= 1 << 0,	/* honour expectations */
	RUN_VALIDATE	= 1 << 1,	/* full recount after every op */
	RUN_HASH	= 1 << 2,	/* state hash after every op, see on_hash */
	RUN_NO_CHECKS	= 1 << 3,	/* core alone: for benchmarks */
	RUN_NO_END	= 1 << 4,	/* no checks after the last op: for benchmarks */
	RUN_STEPS	= 1 << 5,	/* state hash at every step, see on_step */
};

struct finding {
	char	 tag[16];		/* "X1", "W5", ... ; "" when there is none */
	char	 place[64];		/* "buddy.c:123" */
	char	 what[160];		/* the condition that did not hold */
	uint32_t op;			/* index of the op; nr_ops: at the end; FINDING_AT_BOOT */
};

#define FINDING_AT_BOOT UINT32_MAX

struct run_stats {			/* of the last program */
	uint32_t ops;			/* applied */
	uint32_t ok, failed, stuck, refused, skipped;
	uint32_t answers[5];		/* by enum oracle_answer */
	uint32_t overlapped;		/* requests that other CPUs' ops overlapped */
	uint32_t may_overlapped;	/* ... and whose answer was MAY for that reason alone */
	uint32_t runs;			/* an exhaustive schedule: how many there were */
	uint64_t switches;		/* from one CPU or daemon to another */
	uint64_t steps;
	uint64_t state_hash;		/* with RUN_HASH: after the last op */
	uint64_t trace_hash;		/* with RUN_STEPS: of all steps so far */
};

struct run;				/* an instance */
struct schedule;

struct run *run_new(void);		/* aborts without memory */
void run_delete(struct run *r);

/* Largest machine, in spanned pages over all zones, that a fuzz target accepts. */
enum { RUN_FUZZ_PAGES_MAX = 1 << 16 };

uint64_t run_pages(const struct mm_config *config);	/* spanned, over all zones */

/*
 * A program that begins with a state runs without the model, and with core's
 * own recounts where expectations count.
 *
 * Runs the program; true when nothing was found.  `recount_every`: a full
 * recount after every n-th op (0: only at the end), on top of what each op touched.
 */
bool run_program(struct run *r, const struct program *p, unsigned int flags,
		 uint32_t recount_every);

const struct finding *run_finding(const struct run *r);
const struct run_stats *run_stats(const struct run *r);
struct mm *run_mm(struct run *r);	/* the machine as the last program left it */

/*
 * What the last program's schedule came to, as switches: with it in place of its
 * own it does the same, step by step.  With run_record() switches are put into
 * the caller's memory while they happen, so that they outlive a crash; NULL: ours.
 */
const struct schedule *run_recorded(const struct run *r);
void run_record(struct run *r, struct schedule *to);

/* Called when another task goes on; `text` says which, and from where. */
void run_on_switch(struct run *r, void (*fn)(void *to, const char *text), void *to);

/* Called after each op; NULL to stop.  `text` is one line on what it did. */
void run_on_op(struct run *r, void (*fn)(void *to, uint32_t op, const char *text), void *to);
void run_on_hash(struct run *r, void (*fn)(void *to, uint32_t op, uint64_t hash), void *to);

/*
 * One step of the machine: a place where a schedule may switch.  The hash is of
 * all state at that moment, core's with its locks, in the middle of whatever
 * ops are there, and of what else is said here.
 */
struct run_step {
	uint64_t hash;
	uint32_t op;			/* as in struct sched_switch; nr_ops: at the end */
	uint32_t step;			/* in the op, from 1 */
	uint8_t  task;			/* a CPU, or SCHED_CPUS + daemon */
	bool	 in_irq;
	uint8_t  place;			/* as in struct sched_switch */
	uint8_t  zone;
	uint8_t  cpu;
};

void run_on_step(struct run *r, void (*fn)(void *to, const struct run_step *step), void *to);

/*
 * Called after each op, whatever the flags; false ends the program there, clean.
 * An op that allocates fills `slot`, whose blocks run_slot_pfn() tells.
 */
void run_on_done(struct run *r, bool (*fn)(void *to, uint32_t op, uint32_t slot), void *to);
uint32_t run_slot_nr(const struct run *r, uint32_t slot);	/* blocks, also those freed since */
pfn_t run_slot_pfn(const struct run *r, uint32_t slot, uint32_t i);

/* Called at each event of core (hooks.h); NULL to stop. */
void run_on_event(struct run *r, void (*fn)(void *to, const struct event *event), void *to);

/*
 * Extra coverage: points of the abstract state that a program came through.  A counter
 * has a bit per level; engines tell counters apart by their highest bit, and 1 and 2
 * from 3.  What one program reaches lies close together: a row of eight bytes of which
 * any is set costs libFuzzer as much as three lines of what is under test.
 */
enum { SWITCH_FEATURES = 512 };

struct run_features {
	uint8_t verdict[8][16];		/* by flags; bulk, exact, order + 2: bit per verdict */
	uint8_t event[8];		/* per enum event_kind: log2 how many in one op */
	uint8_t set[NR_ZONE_TYPES][8];	/* per free_factor: eighths of its high mark */
	uint8_t band[MAX_ZONES][2];	/* per id and "boosted": marks that are not held */
	uint8_t largest[NR_ZONE_TYPES][2][8];	/* by type: how small the largest block is */
	uint8_t history[8];		/* a target's own */
	uint8_t from_to[SWITCH_FEATURES];	/* which op gave way to which, and where */
};

/* Zeroed by the caller before each program; NULL: nobody wants to know. */
void run_on_feature(struct run *r, struct run_features *features);

/* The lists of every zone, for people: what a replay prints at a finding. */
void run_print_lists(struct run *r, FILE *out);

/* Hash of all of the machine's state, equal on every build and architecture (X10). */
uint64_t state_hash(const struct mm *mm);

#endif
