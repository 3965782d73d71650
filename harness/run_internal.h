/* SPDX-License-Identifier: MIT */
/*
 * run_internal.h - what the files of the executor share
 *
 *   run.c           an instance, one program from boot to the last check
 *   run_boot.c      the machine of a program
 *   run_ops.c       applying one op to core and model
 *   run_contents.c  what owners write into their pages
 *   run_request.c   ... that asks for pages
 *   run_sched.c     ops on several CPUs at once
 *   run_queue.c     ... which ones, and what each waits for
 *   run_import.c    ops that build a given state
 *   run_check.c     what must hold after each op and at the end
 *   run_step.c      the state at every step, as a number
 */
#ifndef RUN_INTERNAL_H
#define RUN_INTERNAL_H

#include <setjmp.h>

#include "oracle.h"
#include "run.h"
#include "sched.h"

/* One block that a slot holds, as the executor remembers it. */
struct piece {
	pfn_t	 pfn;
	uint32_t refs;			/* users; 0: freed */
	uint32_t token;			/* pattern in its pages; 0: never touched */
	uint8_t	 order;
	uint8_t	 zone;			/* id */
	bool	 left;			/* by its owner, and there are other users */
};

struct slot {
	uint32_t first;			/* its pieces in run->pieces[] */
	uint32_t nr;
	uint8_t	 kind;			/* the op that filled it; 0 pieces: nothing there */
};

/* Lengths of the buddy's lists after the last op: the next one need count only what it touched. */
struct zone_seen {
	uint32_t nr[NR_ORDERS * NR_MIGRATETYPES];	/* blocks, by list as in hooks.h */
	int64_t	 pages[NR_MIGRATETYPES];		/* on lists of the type */
	uint16_t orders[NR_MIGRATETYPES];		/* bit per order that has some */
	uint8_t	 changed;				/* bit per type whose orders did */
};

struct run {
	struct mm	 mm;
	struct hw	 hw;
	struct oracle	*oracle;
	void		*oracle_memory;
	size_t		 oracle_room;
	uint8_t		*memory;	/* of the machine; zero beyond what it uses */
	size_t		 memory_room;
	size_t		 memory_used;
	struct contents	*contents;

	const struct program *program;
	unsigned int	 flags;		/* enum run_flags */
	uint32_t	 recount_every;
	uint32_t	 op;		/* index of the op that runs */
	struct slot	*slots;		/* SLOTS_MAX */
	uint32_t	 nr_slots;	/* filled or skipped so far */
	struct piece	*pieces;
	uint32_t	 nr_pieces;
	uint32_t	 pieces_room;
	struct page	**list[2];	/* scratch: pages of one bulk call, and of an interrupt's */
	uint32_t	 tokens;	/* given out so far */
	struct mempolicy policy;
	const struct op	*irq_op;	/* armed for the next op */
	uint32_t	 irq_slot;
	bool		 refused;	/* the op was a request or a free that came to nothing */
	uint8_t		 verdict;	/* of the last request */
	gfp_t		 refused_gfp;	/* what it asked */
	uint8_t		 zone_ids[MAX_ZONES];	/* zones with present pages */
	unsigned int	 nr_zone_ids;
	struct zone_seen seen[MAX_ZONES];
	struct image	*image;
	struct run_sched *sched;	/* NULL: no program had a schedule yet */
	struct schedule	*record;	/* deviations from the usual order go there */
	bool		 clean;		/* the last program came to its end, and all is recorded */
	uint64_t	 imported;	/* bit per zone with pages in no slot */
	uint8_t		*import_type[MAX_ZONES];	/* per pageblock: see run_import.c */
	uint64_t	 import_room[MAX_ZONES];	/* pageblocks that fit there */
	pfn_t		 import_cursor[MAX_ZONES][NR_ORDERS][NR_MIGRATETYPES];

	struct finding	 finding;
	struct run_stats stats;
	jmp_buf		 panic;		/* where hook_panic() goes while a program runs */
	bool		 armed;		/* ... if it does */

	void (*on_op)(void *to, uint32_t op, const char *text);
	void *on_op_to;
	void (*on_hash)(void *to, uint32_t op, uint64_t hash);
	void *on_hash_to;
	void (*on_step)(void *to, const struct run_step *step);
	void *on_step_to;
	bool (*on_done)(void *to, uint32_t op, uint32_t slot);
	void *on_done_to;
	void (*on_event)(void *to, const struct event *event);
	void *on_event_to;
	void (*on_switch)(void *to, const char *text);
	void *on_switch_to;
	struct run_features *features;	/* NULL: not wanted */
	char text[256];			/* what the op did, for on_op */
};

/* A rule of the harness that did not hold; the same way out as core's mm_assert. */
#define run_check(tag, expr) mm_assert(tag, expr)

/* Ends the program with a finding that has its own words. */
_Noreturn void run_fail(const char *tag, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what the op did, when somebody listens. */
void run_say(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Putting a state in place is no work of the machine's, so nothing strikes inside. */
static inline bool run_sets_state(const struct op *op)
{
	return op->kind >= OP_IMPORT && op->kind <= OP_BOOST;
}

/* Nor does an interrupt free what the operation works on: that would be its owner's mistake. */
static inline bool run_may_strike(const struct op *irq, const struct op *op)
{
	bool both = op_kinds[irq->kind].fields[0] == FIELD_REF &&
		    op_kinds[op->kind].fields[0] == FIELD_REF;

	return !run_sets_state(op) && !(both && irq->ref == op->ref);
}

/* run_ops.c */
enum { RUN_BULK_MAX = 4096 };		/* pages of one bulk op; more are not asked for */

struct page **run_scratch(struct run *r, uint32_t nr);
void run_reserve_pieces(struct run *r, uint32_t more);
void run_add_piece(struct run *r, struct slot *slot, unsigned int zone, pfn_t pfn,
		   unsigned int order);
void run_apply(struct run *r, const struct op *op, uint32_t slot);
void run_free_everything(struct run *r);
unsigned int run_pick_cpu(const struct run *r, unsigned int cpu);	/* an online one */
/* Which CPU does the op, with these online? */
unsigned int run_op_cpu(const struct run *r, const struct op *op, uint64_t online);

/* run_contents.c */
void run_touch(struct run *r, struct piece *p);		/* writes a new pattern into its pages */
void run_check_contents(struct run *r, const struct piece *p, uint64_t nr);	/* X8 */

/* run_request.c */
void run_request(struct run *r, const struct op *op, struct slot *slot);

/* run.c */
void run_begin(struct run *r);
bool run_one_op(struct run *r, const struct op *op);	/* false: enough, says on_done */
void run_after_op(struct run *r);	/* recount and hash, where that is wanted */

/* run_sched.c */
bool run_scheduled(struct run *r);	/* all ops of a program with a schedule; as above */
bool run_leave_task(struct run *r);	/* a finding: away from a CPU's stack; false: not on one */
void run_schedule_start(struct run *r);	/* before such a program */
bool run_schedule_again(struct run *r);	/* EXHAUSTIVE: once more, another way */
void run_schedule_end(struct run *r);	/* puts what was recorded in order */
void run_sched_delete(struct run *r);

/* Has nothing overlapped the running op so far? */
bool run_is_alone(const struct run *r);

/* The op that may write marks or reserves meanwhile, NULL for none; false: more than one may. */
bool run_writer(const struct run *r, const struct op **writer);

/* Pages that ops which may overlap the running one take at most, and give back at most. */
void run_bounds(struct run *r, uint64_t *less, uint64_t *more);

/* run_step.c */
void run_watch_steps(struct run *r);		/* from now on */

/* run_boot.c */
struct image *run_image_new(void);
void run_boot(struct run *r, const struct mm_config *config);
void run_unboot(struct run *r);			/* gives all memory back */

/* run_import.c */
void run_import_op(struct run *r, const struct op *op);
void run_import_free(struct run *r);
struct zone *run_zone(struct run *r, const struct op *op);	/* NULL: there is none */

/* run_check.c */
void run_begin_op(struct run *r);
void run_see_zone(struct run *r, const struct zone *z);	/* just booted */
void run_check_op(struct run *r);
void run_check_everything(struct run *r);
void run_check_end(struct run *r);		/* X7: frees everything first */
void run_features(struct run *r, const struct op *op);
void run_switch_feature(struct run *r, uint32_t from_op, uint32_t to_op, enum sim_place place);
void run_expect_zone(struct run *r, const struct op *op);

#endif
