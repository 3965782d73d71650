/* SPDX-License-Identifier: MIT */
/*
 * shrink.c - a smaller program that ends the same way
 *
 * Whole ops are left out first, many at a time, then fewer; then each op and
 * the machine are made simpler in every way of a fixed list.  This repeats
 * until nothing changes any more.  Each try runs in a child process.
 *
 * A schedule becomes the switches that it came to, which are left out in the
 * same way; what a try did of them is all that is kept.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { ROUNDS_MAX = 8, TRIES_MAX = 20000, BYTES_MAX = 1 << 18 };

struct shrinker {
	struct program	*best;
	struct program	*next;		/* what is being tried */
	const struct outcome *want;
	unsigned int	 flags;
	unsigned int	 tries;
	uint8_t		*best_bytes;	/* encoded: to see what is smaller, or the same */
	uint8_t		*next_bytes;
	struct schedule	*recorded;	/* what the last try came to */
	size_t		 best_size;
};

static void copy_program(struct program *to, const struct program *from)
{
	to->config = from->config;
	to->state = from->state;
	to->nr_ops = from->nr_ops;
	to->nr_slots = from->nr_slots;
	memcpy(to->ops, from->ops, from->nr_ops * sizeof(from->ops[0]));
	schedule_copy(&to->schedule, &from->schedule);
}

static void show_progress(const struct shrinker *s, const char *end)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%u tries: %u ops, %zu bytes %s", s->tries, s->best->nr_ops,
			s->best_size, end);
}

/* Does s->next end as wanted?  Then it is the best now. */
static bool keep_next(struct shrinker *s)
{
	struct outcome out;
	size_t size;

	op_normalize(s->next);
	size = op_encode(s->next, s->next_bytes, BYTES_MAX);
	if (size > s->best_size || s->tries == TRIES_MAX ||
	    (size == s->best_size && !memcmp(s->next_bytes, s->best_bytes, size)))
		return false;
	s->tries++;
	trial_apart(s->next, s->flags, &out, s->recorded);
	if (!outcome_same(&out, s->want))
		return false;
	copy_program(s->best, s->next);
	memcpy(s->best_bytes, s->next_bytes, size);
	s->best_size = size;
	if (s->best->schedule.nr_switches > s->recorded->nr_switches) {
		schedule_copy(&s->best->schedule, s->recorded);
		s->best_size = op_encode(s->best, s->best_bytes, BYTES_MAX);
	}
	show_progress(s, "");
	return true;
}

/* --- fewer ops ---------------------------------------------------------------------------- */

/* Without ops [first, first + nr), and without what refers to slots they fill. */
static bool without_ops(struct shrinker *s, uint32_t first, uint32_t nr)
{
	uint16_t *moved = xmalloc(SLOTS_MAX * sizeof(*moved));
	uint16_t *at = xmalloc(OPS_MAX * sizeof(*at));
	const struct program *from = s->best;
	struct program *to = s->next;
	uint32_t slot = 0, kept = 0;

	to->config = from->config;
	to->state = from->state;
	to->nr_ops = 0;
	for (uint32_t i = 0; i < from->nr_ops; i++) {
		const struct op *op = &from->ops[i];
		bool has_ref = op_kinds[op->kind].has >> FIELD_REF & 1;
		bool out = (i >= first && i - first < nr) ||
			   (has_ref && moved[op->ref] == UINT16_MAX);

		if (op_kinds[op->kind].allocates)
			moved[slot++] = out ? UINT16_MAX : (uint16_t)kept++;
		at[i] = out ? UINT16_MAX : (uint16_t)to->nr_ops;
		if (out)
			continue;
		to->ops[to->nr_ops] = *op;
		if (has_ref)
			to->ops[to->nr_ops].ref = moved[op->ref];
		to->nr_ops++;
	}
	schedule_copy(&to->schedule, &from->schedule);
	schedule_map(&to->schedule, from->nr_ops, at);
	free(at);
	free(moved);
	return keep_next(s);
}

static bool fewer_ops(struct shrinker *s)
{
	bool any = false;

	for (uint32_t nr = s->best->nr_ops; nr; nr /= 2)
		for (uint32_t end = s->best->nr_ops; end; end = end > nr ? end - nr : 0) {
			uint32_t last = end < s->best->nr_ops ? end : s->best->nr_ops;

			any |= last && without_ops(s, last > nr ? last - nr : 0,
						   nr < last ? nr : last);
		}
	return any;
}

/* --- fewer switches ----------------------------------------------------------------------- */

static bool without_switches(struct shrinker *s, uint32_t first, uint32_t nr)
{
	struct schedule *sc = &s->next->schedule;

	copy_program(s->next, s->best);
	memmove(&sc->switches[first], &sc->switches[first + nr],
		(sc->nr_switches - first - nr) * sizeof(sc->switches[0]));
	sc->nr_switches -= nr;
	return keep_next(s);
}

static bool fewer_switches(struct shrinker *s)
{
	bool any = false;

	for (uint32_t nr = s->best->schedule.nr_switches; nr; nr /= 2)
		for (uint32_t end = s->best->schedule.nr_switches; end;
		     end = end > nr ? end - nr : 0) {
			uint32_t have = s->best->schedule.nr_switches;
			uint32_t last = end < have ? end : have;

			any |= last && without_switches(s, last > nr ? last - nr : 0,
							nr < last ? nr : last);
		}
	copy_program(s->next, s->best);
	if (s->best->schedule.kind == SCHED_RECORDED && !s->best->schedule.nr_switches) {
		s->next->schedule.kind = SCHED_NONE;
		any |= keep_next(s);
	}
	return any;
}

/* From here on the schedule is what it came to, if that fails as well. */
static void record_schedule(struct shrinker *s)
{
	struct outcome out;

	if (s->best->schedule.kind == SCHED_NONE)
		return;
	trial_apart(s->best, s->flags, &out, s->recorded);
	copy_program(s->next, s->best);
	schedule_copy(&s->next->schedule, s->recorded);
	op_normalize(s->next);
	trial_apart(s->next, s->flags, &out, s->recorded);
	if (!outcome_same(&out, s->want))
		return;
	copy_program(s->best, s->next);
	s->best_size = op_encode(s->best, s->best_bytes, BYTES_MAX);
}

/* --- simpler ops -------------------------------------------------------------------------- */

enum { GFP_STEPS = 27, CONTEXT_STEPS = 7, OP_STEPS = 15 + GFP_STEPS + CONTEXT_STEPS };

static void simplify_op(struct op *op, unsigned int step)
{
	uint32_t has = op_kinds[op->kind].has;

	switch (step) {
	case 0: op->expect = EXPECT_ANY; break;
	case 1: op->irq_at = 0; break;
	case 2: op->irq_at /= 2; break;
	case 3: op->cpu = 0; break;
	case 4: op->context = 0; break;
	case 5: op->nid = has >> FIELD_ZONE & 1 ? op->nid : (uint8_t)NODE_NONE; break;
	case 6: op->nodes = 0; break;
	case 7: op->on = 0; break;
	case 8: op->order = 0; break;
	case 9: op->order = (uint8_t)(op->order - (op->order > 0)); break;
	case 10: op->n = 1; break;
	case 11: op->n /= 2; break;
	case 12: op->n -= op->n > 1; break;
	case 13: op->value /= 2; break;
	case 14:
		if (popcount_u64(op->gfp) > popcount_u64(GFP_KERNEL))
			op->gfp = GFP_KERNEL;
		break;
	default:
		step -= 15;
		if (step < GFP_STEPS)
			op->gfp &= ~(1u << step);
		else
			op->context &= (uint8_t)~(1u << (step - GFP_STEPS));
	}
}

static bool simpler_ops(struct shrinker *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->best->nr_ops; i++)
		for (unsigned int step = 0; step < OP_STEPS; step++) {
			copy_program(s->next, s->best);
			simplify_op(&s->next->ops[i], step);
			any |= memcmp(&s->next->ops[i], &s->best->ops[i], sizeof(struct op)) != 0 &&
			       keep_next(s);
		}
	return any;
}

/* --- a simpler machine -------------------------------------------------------------------- */

enum { WHOLE_STEPS = 13, ZONE_STEPS = 4 };

static void simplify_machine(struct mm_config *c, unsigned int step)
{
	struct mm_config defaults;

	mm_config_default(&defaults);
	switch (step) {
	case 0: *c = defaults; break;	/* which normalizing gives a small zone */
	case 1: c->sysctl = defaults.sysctl; break;
	case 2: c->policy = defaults.policy; break;
	case 3: c->kernelcore = c->movablecore = 0; break;
	case 4: c->nr_cma = 0; break;
	case 5: c->nr_reserved = 0; break;
	case 6: c->nr_holes = 0; break;
	case 7: c->page_shift = defaults.page_shift; break;
	case 8: c->pageblock_order = defaults.pageblock_order; break;
	case 9: c->zone_types = defaults.zone_types; break;
	case 10: c->nr_cpus = 1; break;
	case 11: c->nr_cpus = (uint8_t)(c->nr_cpus - (c->nr_cpus > 1)); break;
	case 12:			/* without the last node */
		c->online_nodes &= (uint8_t)(c->online_nodes - 1);
		c->online_nodes = c->online_nodes ? c->online_nodes : 1;
		break;
	}
}

static void simplify_zone(struct mm_config *c, unsigned int i, unsigned int step)
{
	struct zone_config *z = &c->zones[i];

	switch (step) {
	case 0:
		c->nr_zones--;
		memmove(z, z + 1, (c->nr_zones - i) * sizeof(*z));
		break;
	case 1:
		z->present = z->managed = z->managed_marks = z->managed_reserve = PAGES_UNSET;
		break;
	case 2: z->spanned /= 2; break;
	case 3: z->managed_marks = z->managed_reserve = PAGES_UNSET; break;
	}
}

static bool without_range(struct shrinker *s, size_t ranges, size_t nr_at)
{
	bool any = false;

	for (uint8_t i = *((uint8_t *)&s->best->config + nr_at); i-- > 0; ) {
		struct pfn_range *r;
		uint8_t *nr;

		copy_program(s->next, s->best);
		r = (struct pfn_range *)(void *)((uint8_t *)&s->next->config + ranges);
		nr = (uint8_t *)&s->next->config + nr_at;
		--*nr;
		memmove(r + i, r + i + 1, (size_t)(*nr - i) * sizeof(*r));
		any |= keep_next(s);
	}
	return any;
}

static bool simpler_machine(struct shrinker *s)
{
	bool any = false;

	for (unsigned int step = 0; step < WHOLE_STEPS; step++) {
		copy_program(s->next, s->best);
		simplify_machine(&s->next->config, step);
		any |= keep_next(s);
	}
	for (unsigned int i = s->best->config.nr_zones * ZONE_STEPS; i-- > 0; ) {
		if (i / ZONE_STEPS >= s->best->config.nr_zones)
			continue;
		copy_program(s->next, s->best);
		simplify_zone(&s->next->config, i / ZONE_STEPS, i % ZONE_STEPS);
		any |= keep_next(s);
	}
	any |= without_range(s, offsetof(struct mm_config, holes),
			     offsetof(struct mm_config, nr_holes));
	any |= without_range(s, offsetof(struct mm_config, reserved),
			     offsetof(struct mm_config, nr_reserved));
	any |= without_range(s, offsetof(struct mm_config, cma),
			     offsetof(struct mm_config, nr_cma));
	return any;
}

unsigned int shrink(struct program *p, unsigned int flags, const struct outcome *want)
{
	struct shrinker s = {
		.best = p, .next = xmalloc(sizeof(*p)), .want = want, .flags = flags,
		.best_bytes = xmalloc(BYTES_MAX), .next_bytes = xmalloc(BYTES_MAX),
	};
	bool any = true;

	s.recorded = xmalloc(sizeof(*s.recorded));
	s.best_size = op_encode(p, s.best_bytes, BYTES_MAX);
	record_schedule(&s);
	for (unsigned int round = 0; any && round < ROUNDS_MAX; round++) {
		any = fewer_switches(&s);
		any |= fewer_ops(&s);
		any |= simpler_machine(&s);
		any |= simpler_ops(&s);
	}
	show_progress(&s, "\n");
	free(s.recorded);
	free(s.best_bytes);
	free(s.next_bytes);
	free(s.next);
	return s.tries;
}
