/* SPDX-License-Identifier: MIT */
/* run.c - an instance, and one program from boot to the last check */
#include "run_internal.h"

#include <stdarg.h>
#include <stdlib.h>

#include "snapshot.h"
#include "validate.h"

/* The instance whose program this thread runs; hook_panic() has no other way to know. */
static _Thread_local struct run *running;

/* --- the way out -------------------------------------------------------------------------- */

static void report_panic(const char *tag, const char *what, const char *place)
{
	fprintf(stderr, "%s %s: %s\n", tag, place, what);
	fflush(stderr);
	abort();
}

static void record(struct finding *f, uint32_t op, const char *tag, const char *what,
		   const char *place)
{
	snprintf(f->tag, sizeof(f->tag), "%s", tag);
	snprintf(f->place, sizeof(f->place), "%s", place);
	snprintf(f->what, sizeof(f->what), "%s", what);
	f->op = op;
}

static _Noreturn void leave(const char *tag, const char *what, const char *place)
{
	struct run *r = running;

	if (!r || !r->armed) {
		report_panic(tag, what, place);
		abort();
	}
	record(&r->finding, r->op, tag, what, place);
	run_leave_task(r);
	longjmp(r->panic, 1);
}

_Noreturn void hook_panic(const char *tag, const char *what, const char *file, int line)
{
	const char *base = strrchr(file, '/');
	char place[64];

	snprintf(place, sizeof(place), "%s:%d", base ? base + 1 : file, line);
	leave(tag, what, place);
}

_Noreturn void run_fail(const char *tag, const char *place, const char *format, ...)
{
	char what[sizeof(((struct finding *)NULL)->what)];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	leave(tag, what, place);
}

void run_say(struct run *r, const char *format, ...)
{
	va_list args;

	if (!r->on_op)
		return;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

/* --- instances ---------------------------------------------------------------------------- */

struct run *run_new(void)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->slots = calloc(SLOTS_MAX, sizeof(*r->slots));
	r->oracle = calloc(1, oracle_size);
	if (!r->slots || !r->oracle)
		abort();
	r->contents = sim_contents_new();
	r->image = run_image_new();
	return r;
}

void run_delete(struct run *r)
{
	run_unboot(r);
	sim_contents_delete(r->contents);
	run_import_free(r);
	run_sched_delete(r);
	free(r->list[0]);
	free(r->list[1]);
	free(r->pieces);
	free(r->slots);
	free(r->oracle);
	free(r);
}

uint64_t run_pages(const struct mm_config *config)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < config->nr_zones; i++)
		pages += config->zones[i].spanned;
	return pages;
}

/*
 * X9: what one op may take.  The slow path's rounds are the most: there may be one
 * for each pageblock, when all are reserved, and it looks at every zone, whose
 * counters every CPU has a part of.
 */
enum { STEPS_MAX = 1 << 20, STEPS_PER_PAGE = 16, STEPS_PER_LOOK = 32, STEPS_PER_PART = 4 };

static uint64_t steps_max(const struct run *r, const struct mm_config *config)
{
	uint64_t pages = run_pages(config), rounds = pages >> config->pageblock_order;
	uint64_t look = STEPS_PER_LOOK + STEPS_PER_PART * (uint64_t)config->nr_cpus;

	return STEPS_MAX + STEPS_PER_PAGE * pages + rounds * r->nr_zone_ids * look;
}

/* --- one program -------------------------------------------------------------------------- */

/* The state that the program begins with, in place of what boot made. */
static void take_state(struct run *r, const struct snapshot *state)
{
	char wrong[160];

	for (unsigned int i = 0; i < r->nr_zone_ids; i++)
		r->imported |= 1ULL << r->zone_ids[i];
	if (!snapshot_apply(state, &r->mm, wrong))
		run_fail("STATE", "state", "%s", wrong);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++)
		run_see_zone(r, &r->mm.zones[r->zone_ids[i]]);
}

void run_begin(struct run *r)
{
	const struct mm_config *config = &r->program->config;

	run_boot(r, config);
	r->hw.budget = steps_max(r, config);
	r->hw.alarm = 0;
	if (!(r->flags & RUN_NO_CHECKS)) {
		sim_contents_boot(r->contents, &r->mm);
		r->hw.contents = r->contents;
	}
	r->hw.on_event = r->on_event;
	r->hw.on_event_to = r->on_event_to;
	if (r->flags & RUN_STEPS)
		run_watch_steps(r);
	if (r->program->state)
		take_state(r, r->program->state);
}

static void reset(struct run *r, const struct program *p, unsigned int flags)
{
	r->program = p;
	r->flags = flags;
	r->op = FINDING_AT_BOOT;
	r->nr_slots = 0;
	r->nr_pieces = 0;
	r->tokens = 0;
	r->irq_op = NULL;
	r->policy = (struct mempolicy){ .mode = MPOL_DEFAULT, .home = NODE_NONE };
	r->finding = (struct finding){ .op = 0 };
	r->stats = (struct run_stats){ .ops = 0 };
}

/* An op that runs as an interrupt waits for the next one that does not. */
bool run_one_op(struct run *r, const struct op *op)
{
	uint32_t slot = 0;

	if (op_kinds[op->kind].allocates) {
		slot = r->nr_slots++;
		r->slots[slot] = (struct slot){ .kind = op->kind };
	}
	if (op->irq_at) {
		r->irq_op = op;
		r->irq_slot = slot;
		return true;
	}
	r->text[0] = '\0';
	run_begin_op(r);
	run_apply(r, op, slot);
	r->stats.ops++;
	if (!(r->flags & RUN_NO_CHECKS))
		run_check_op(r);
	if (r->features)
		run_features(r, op);
	if (r->on_op)
		r->on_op(r->on_op_to, r->op, r->text);
	return !r->on_done || r->on_done(r->on_done_to, r->op, slot);
}

void run_after_op(struct run *r)
{
	if (!(r->flags & RUN_NO_CHECKS) &&
	    ((r->flags & RUN_VALIDATE) ||
	     (r->recount_every && (r->op + 1) % r->recount_every == 0)))
		run_check_everything(r);
	if (r->flags & RUN_HASH) {
		r->stats.state_hash = state_hash(&r->mm);
		if (r->on_hash)
			r->on_hash(r->on_hash_to, r->op, r->stats.state_hash);
	}
}

static void run_ops(struct run *r)
{
	bool checks = !(r->flags & RUN_NO_CHECKS);

	run_begin(r);
	if (checks && (r->flags & RUN_VALIDATE))
		run_check_everything(r);
	if (r->program->schedule.kind != SCHED_NONE) {
		if (!run_scheduled(r))
			return;
	} else {
		for (r->op = 0; r->op < r->program->nr_ops; r->op++) {
			if (!run_one_op(r, &r->program->ops[r->op]))
				return;
			run_after_op(r);
		}
	}
	if ((r->flags & RUN_HASH) && !r->program->nr_ops)
		r->stats.state_hash = state_hash(&r->mm);
	if (checks && !(r->flags & RUN_NO_END))
		run_check_end(r);
	if (r->program->state && (r->flags & RUN_EXPECT))
		validate_mm(&r->mm);
}

bool run_program(struct run *r, const struct program *p, unsigned int flags,
		 uint32_t recount_every)
{
	struct run *outer = running;
	/* The model knows no pages but those that boot made free, and the rules of 6.1. */
	bool blind = p->state || p->config.policy.rules;
	volatile bool clean = false;

	running = r;
	if (p->schedule.kind != SCHED_NONE)
		run_schedule_start(r);
	r->recount_every = recount_every;
	if (setjmp(r->panic) == 0) {
		r->armed = true;
		do {
			reset(r, p, blind ? flags | RUN_NO_CHECKS : flags);
			run_ops(r);
			r->clean = !(r->flags & RUN_NO_CHECKS) && !r->on_op && !r->on_done;
		} while (p->schedule.kind == SCHED_EXHAUSTIVE && run_schedule_again(r));
		clean = true;
	}
	if (p->schedule.kind != SCHED_NONE)
		run_schedule_end(r);
	r->armed = false;
	running = outer;
	return clean;
}

const struct finding *run_finding(const struct run *r) { return &r->finding; }
const struct run_stats *run_stats(const struct run *r) { return &r->stats; }
struct mm *run_mm(struct run *r) { return &r->mm; }

void run_on_op(struct run *r, void (*fn)(void *to, uint32_t op, const char *text), void *to)
{
	r->on_op = fn;
	r->on_op_to = to;
}

void run_on_hash(struct run *r, void (*fn)(void *to, uint32_t op, uint64_t hash), void *to)
{
	r->on_hash = fn;
	r->on_hash_to = to;
}

void run_on_done(struct run *r, bool (*fn)(void *to, uint32_t op, uint32_t slot), void *to)
{
	r->on_done = fn;
	r->on_done_to = to;
}

uint32_t run_slot_nr(const struct run *r, uint32_t slot) { return r->slots[slot].nr; }

pfn_t run_slot_pfn(const struct run *r, uint32_t slot, uint32_t i)
{
	return r->pieces[r->slots[slot].first + i].pfn;
}

void run_on_event(struct run *r, void (*fn)(void *to, const struct event *event), void *to)
{
	r->on_event = fn;
	r->on_event_to = to;
}

void run_record(struct run *r, struct schedule *to) { r->record = to; }

void run_on_switch(struct run *r, void (*fn)(void *to, const char *text), void *to)
{
	r->on_switch = fn;
	r->on_switch_to = to;
}

void run_on_feature(struct run *r, struct run_features *features) { r->features = features; }
