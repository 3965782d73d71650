/* SPDX-License-Identifier: MIT */
/*
 * shrink.c - a smaller program that ends the same way
 *
 * Whole ops are left out first, many at a time, then fewer, and neighbours that
 * ask for pages become one; then each op and the machine are made simpler in
 * every way of a fixed list.  This repeats until nothing changes any more.
 * Fewer ops count most, then fewer switches, then fewer bytes.  Each try runs
 * in a child process; shrink_schedule.c has what concerns schedules.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shrink_impl.h"

enum { ROUNDS_MAX = 8, TRIES_MAX = 20000, BYTES_MAX = 1 << 18 };

void shrink_copy(struct program *to, const struct program *from)
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

static unsigned long cpu_seconds(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return (unsigned long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
}

/* Of ours and of the tries that have ended. */
bool shrink_is_over(const struct shrinker *s)
{
	return s->failed || s->tries == TRIES_MAX ||
	       (s->seconds && cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN) >=
			      s->seconds);
}

/* Counts for those who compare sizes; the schedule is recorded, or there is none. */
static bool is_smaller(struct shrinker *s, size_t *size)
{
	const struct program *best = s->best, *next = s->next;

	op_normalize(s->next);
	*size = op_encode(s->next, s->next_bytes, BYTES_MAX);
	if (next->nr_ops != best->nr_ops)
		return next->nr_ops < best->nr_ops;
	if (next->schedule.nr_switches != best->schedule.nr_switches)
		return next->schedule.nr_switches < best->schedule.nr_switches;
	/* One order for all, so that no two programs take turns. */
	return *size < s->best_size ||
	       (*size == s->best_size && memcmp(s->next_bytes, s->best_bytes, *size) < 0);
}

static bool ends_as_wanted(struct shrinker *s)
{
	struct outcome out;

	trial_apart(s->next, s->flags, &out, s->recorded);
	return outcome_same(&out, s->want);
}

/* s->next_bytes are s->next's; what was said yes to was smaller than all before. */
static bool ask(struct shrinker *s, size_t size)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ s->next_bytes[i]) * 1099511628211u;
	for (unsigned int i = 0; i < s->tries; i++)
		if (s->asked[i] == hash)
			return false;
	s->asked[s->tries++] = hash;
	return trial_asked(s->ask, s->next, &s->failed);
}

bool shrink_keep(struct shrinker *s)
{
	size_t size;

	if (!is_smaller(s, &size) || shrink_is_over(s))
		return false;
	if (s->ask) {
		if (!ask(s, size))
			return false;
	} else {
		s->tries++;
		if (!ends_as_wanted(s))
			return false;
	}
	shrink_copy(s->best, s->next);
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

/* s->next: without ops [first, first + nr), and without what refers to slots they fill. */
static void leave_out(struct shrinker *s, uint32_t first, uint32_t nr)
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
}

static bool without_ops(struct shrinker *s, uint32_t first, uint32_t nr)
{
	leave_out(s, first, nr);
	return shrink_keep_anyhow(s);
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

/* --- neighbours that become one ----------------------------------------------------------- */

static uint32_t asked_pages(const struct op *op)
{
	return op->kind == OP_ALLOC ? UINT32_C(1) << op->order : op->n;
}

static bool asks(const struct op *op)
{
	return (op->kind == OP_ALLOC && op->order <= MAX_ORDER) || op->kind == OP_BULK ||
	       op->kind == OP_EXACT;
}

/* One block of twice the size, or all pages in bulk. */
static bool merged(struct shrinker *s, uint32_t i, bool in_bulk)
{
	const struct op *a = &s->best->ops[i - 1], *b = &s->best->ops[i];
	uint32_t pages = asked_pages(a) + asked_pages(b);
	struct op *op;

	if (!in_bulk && (pages != 2 * asked_pages(a) || pages > 1u << MAX_ORDER))
		return false;
	leave_out(s, i, 1);
	op = &s->next->ops[i - 1];
	op->kind = in_bulk ? OP_BULK : OP_ALLOC;
	op->order = in_bulk ? 0 : (uint8_t)(fls_u64(pages) - 1);
	op->n = in_bulk ? pages : 0;
	return shrink_keep_anyhow(s);
}

static bool merged_ops(struct shrinker *s)
{
	bool any = false;

	for (uint32_t i = s->best->nr_ops; i-- > 1; ) {
		const struct op *a, *b;

		if (i >= s->best->nr_ops)
			continue;
		a = &s->best->ops[i - 1];
		b = &s->best->ops[i];
		if (!asks(a) || !asks(b) || a->irq_at || b->irq_at)
			continue;
		any |= merged(s, i, true) || merged(s, i, false);
	}
	return any;
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
	case 3: op->cpu = 0; op->by = op->by ? 1 : 0; break;
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

/* Every op at once, before one by one: fewer tries where tries are slow. */
static bool simpler_together(struct shrinker *s)
{
	bool any = false;

	for (unsigned int step = 0; step < OP_STEPS; step++) {
		shrink_copy(s->next, s->best);
		for (uint32_t i = 0; i < s->next->nr_ops; i++)
			simplify_op(&s->next->ops[i], step);
		any |= shrink_keep(s);
	}
	return any;
}

static bool simpler_ops(struct shrinker *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->best->nr_ops; i++)
		for (unsigned int step = 0; step < OP_STEPS; step++) {
			shrink_copy(s->next, s->best);
			simplify_op(&s->next->ops[i], step);
			any |= memcmp(&s->next->ops[i], &s->best->ops[i], sizeof(struct op)) != 0 &&
			       shrink_keep(s);
		}
	return any;
}

/* --- a simpler machine -------------------------------------------------------------------- */

enum { WHOLE_STEPS = 14, ZONE_STEPS = 4 };

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
	case 13:			/* of half the size, with marks of half the size */
		for (unsigned int i = 0; i < c->nr_zones; i++)
			c->zones[i].spanned /= 2;
		if (c->sysctl.min_free_kbytes > 0)
			c->sysctl.min_free_kbytes /= 2;
		c->sysctl.extra_free_kbytes /= 2;
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

		shrink_copy(s->next, s->best);
		r = (struct pfn_range *)(void *)((uint8_t *)&s->next->config + ranges);
		nr = (uint8_t *)&s->next->config + nr_at;
		--*nr;
		memmove(r + i, r + i + 1, (size_t)(*nr - i) * sizeof(*r));
		any |= shrink_keep(s);
	}
	return any;
}

static bool simpler_machine(struct shrinker *s)
{
	bool any = false;

	for (unsigned int step = 0; step < WHOLE_STEPS; step++) {
		shrink_copy(s->next, s->best);
		simplify_machine(&s->next->config, step);
		any |= shrink_keep(s);
	}
	for (unsigned int i = s->best->config.nr_zones * ZONE_STEPS; i-- > 0; ) {
		if (i / ZONE_STEPS >= s->best->config.nr_zones)
			continue;
		shrink_copy(s->next, s->best);
		simplify_zone(&s->next->config, i / ZONE_STEPS, i % ZONE_STEPS);
		any |= shrink_keep(s);
	}
	any |= without_range(s, offsetof(struct mm_config, holes),
			     offsetof(struct mm_config, nr_holes));
	any |= without_range(s, offsetof(struct mm_config, reserved),
			     offsetof(struct mm_config, nr_reserved));
	any |= without_range(s, offsetof(struct mm_config, cma),
			     offsetof(struct mm_config, nr_cma));
	return any;
}

/* --- another machine in place of ops -------------------------------------------------------- */

enum { FEW_OPS = 4, PARTS_MAX = 4, OTHER_MACHINES = 8 };

/*
 * Many ops may only be there to bring free pages near a mark, or to get at
 * several pageblocks: marks near what there is, and small pageblocks, do that, too.
 */
static void another_machine(struct mm_config *c, unsigned int i)
{
	static const uint8_t quarters[OTHER_MACHINES / 2] = { 4, 6, 8, 3 };	/* of all pages */
	uint64_t kbytes = run_pages(c) << (c->page_shift - 10);

	kbytes = min_u64(kbytes, INT32_MAX / 8) * quarters[i % (OTHER_MACHINES / 2)] / 4;
	c->sysctl.min_free_kbytes = (int32_t)kbytes;
	if (i >= OTHER_MACHINES / 2)
		c->pageblock_order = 1;
}

static bool fewer_ops_elsewhere(struct shrinker *s)
{
	for (unsigned int i = 0; i < OTHER_MACHINES && s->best->nr_ops > FEW_OPS; i++)
		for (uint32_t parts = 2; parts <= PARTS_MAX; parts++) {
			uint32_t nr = s->best->nr_ops / parts;

			for (uint32_t first = 0; first + nr <= s->best->nr_ops; first += nr) {
				leave_out(s, first, nr);
				another_machine(&s->next->config, i);
				if (shrink_keep_anyhow(s))
					return true;
			}
		}
	return false;
}

static void begin(struct shrinker *s)
{
	s->next = xmalloc(sizeof(*s->next));
	s->recorded = xmalloc(sizeof(*s->recorded));
	s->old = xmalloc(sizeof(*s->old));
	s->best_bytes = xmalloc(BYTES_MAX);
	s->next_bytes = xmalloc(BYTES_MAX);
	s->asked = xmalloc(TRIES_MAX * sizeof(*s->asked));
}

static void end(struct shrinker *s)
{
	show_progress(s, "\n");
	free(s->asked);
	free(s->next_bytes);
	free(s->best_bytes);
	free(s->old);
	free(s->recorded);
	free(s->next);
}

unsigned int shrink(struct program *p, unsigned int flags, const struct outcome *want,
		    unsigned long seconds)
{
	struct shrinker s = { .best = p, .want = want, .flags = flags, .seconds = seconds };
	bool any = true;

	begin(&s);
	shrink_record(&s);
	s.best_size = op_encode(p, s.best_bytes, BYTES_MAX);
	for (unsigned int round = 0; any && round < ROUNDS_MAX; round++) {
		any = shrink_fewer_switches(&s);
		any |= fewer_ops(&s);
		any |= merged_ops(&s);
		any |= s.reschedules && shrink_other_switches(&s);
		any |= s.reschedules && fewer_ops_elsewhere(&s);
		any |= simpler_machine(&s);
		any |= simpler_ops(&s);
		if (!any && !s.reschedules && p->schedule.kind == SCHED_RECORDED)
			any = s.reschedules = true;
	}
	end(&s);
	return s.tries;
}

bool shrink_asking(struct program *p, const char *command, unsigned long seconds,
		   unsigned int *tries)
{
	struct shrinker s = { .best = p, .ask = command, .seconds = seconds };
	bool any = true;

	begin(&s);
	s.best_size = op_encode(p, s.best_bytes, BYTES_MAX);
	for (unsigned int round = 0; any && round < ROUNDS_MAX; round++) {
		any = fewer_ops(&s);
		any |= simpler_together(&s);
		any |= merged_ops(&s);
		any |= simpler_ops(&s);
	}
	end(&s);
	*tries = s.tries;
	return !s.failed;
}
