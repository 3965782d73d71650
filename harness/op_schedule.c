/* SPDX-License-Identifier: MIT */
/*
 * op_schedule.c - schedules: their ranges, as bytes, and as text
 *
 *   bytes     kind, then what it needs: depth, seed, or bytes with their
 *             number; recorded: the number of switches, each with the distance
 *             from the op before it, its step, task, place, zone and CPU
 *   text      "schedule KIND key=value" before the ops; after an op
 *             "at STEP TASK runs from PLACE of ZONE CPU", a line per switch
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "op_bytes.h"

const char *const sched_names[NR_SCHED_KINDS] = {
	"none", "serial", "bytes", "pct", "burst", "exhaustive", "recorded",
};

const char *const place_names[NR_PLACES] = {
	"", "begin", "end", "lock", "unlock", "trylock", "busy", "irq_restore", "read", "write",
	"add", "wait", "wake",
};

uint32_t schedule_find(const struct schedule *s, uint32_t op, uint32_t step)
{
	uint32_t lo = 0, hi = s->nr_switches;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;
		const struct sched_switch *sw = &s->switches[middle];

		if (sw->op < op || (sw->op == op && sw->step < step))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

void sched_task_name(unsigned int task, char name[12])
{
	if (task < SCHED_CPUS)
		snprintf(name, 12, "cpu%u", task % SCHED_CPUS);
	else
		snprintf(name, 12, "daemon%u", (task - SCHED_CPUS) % 8);
}

void schedule_copy(struct schedule *to, const struct schedule *from)
{
	memcpy(to, from, offsetof(struct schedule, bytes) + from->nr_bytes);
	memcpy(to->switches, from->switches, from->nr_switches * sizeof(from->switches[0]));
}

/* --- ranges ----------------------------------------------------------------------- */

static bool has_seed(unsigned int kind) { return kind == SCHED_PCT || kind == SCHED_BURST; }
static bool has_depth(unsigned int kind)
{
	return kind == SCHED_PCT || kind == SCHED_EXHAUSTIVE;
}

static int by_place(const void *a, const void *b)
{
	const struct sched_switch *x = a, *y = b;

	if (x->op != y->op)
		return x->op < y->op ? -1 : 1;
	return x->step < y->step ? -1 : x->step > y->step;
}

static void normalize_switch(struct sched_switch *sw)
{
	if (sw->step > SWITCH_STEP_MAX)
		sw->step &= SWITCH_STEP_MAX;
	sw->to %= SCHED_TASKS;
	sw->place %= NR_PLACES;
	if (sw->place == PLACE_NONE || sw->zone >= MAX_ZONES)
		sw->zone = NODE_NONE;
	if (sw->zone == NODE_NONE || sw->cpu >= MAX_CPUS)
		sw->cpu = NODE_NONE;
}

/* Keeps the legal ones; `ops`: where each op went, UINT16_MAX if it is gone; NULL: nowhere. */
static void normalize_switches(struct schedule *s, uint32_t nr_ops, const uint16_t *ops)
{
	uint32_t kept = 0;
	bool sorted = true;

	for (uint32_t i = 0; i < s->nr_switches && i < SWITCHES_MAX; i++) {
		struct sched_switch sw = s->switches[i];

		if (sw.op < OPS_MAX) {
			sw.op = sw.op >= nr_ops ? UINT16_MAX : ops ? ops[sw.op] : sw.op;
			if (sw.op == UINT16_MAX)
				continue;
		} else if (sw.op - OPS_MAX >= SCHED_DAEMONS) {
			continue;
		}
		normalize_switch(&sw);
		if (!sw.step)
			continue;
		s->switches[kept] = sw;
		sorted &= !kept || by_place(&s->switches[kept - 1], &sw) < 0;
		kept++;
	}
	s->nr_switches = kept;
	if (sorted)
		return;
	/* Of two at the same step the order of qsort() is nobody's: the smaller task counts. */
	qsort(s->switches, kept, sizeof(s->switches[0]), by_place);
	s->nr_switches = 0;
	for (uint32_t i = 0; i < kept; i++) {
		struct sched_switch *last = &s->switches[s->nr_switches - (s->nr_switches > 0)];

		if (s->nr_switches && by_place(last, &s->switches[i]) == 0) {
			if (s->switches[i].to < last->to)
				*last = s->switches[i];
			continue;
		}
		s->switches[s->nr_switches++] = s->switches[i];
	}
}

void schedule_normalize(struct schedule *s, uint32_t nr_ops, const uint16_t *ops)
{
	s->kind %= NR_SCHED_KINDS;
	if (!has_seed(s->kind))
		s->seed = 0;
	if (!has_depth(s->kind))
		s->depth = 0;
	if (s->depth > SCHED_DEPTH_MAX)
		s->depth %= SCHED_DEPTH_MAX + 1;
	if (s->kind == SCHED_PCT && !s->depth)
		s->depth = 1;
	if (s->kind != SCHED_BYTES)
		s->nr_bytes = 0;
	if (s->nr_bytes > SCHED_BYTES_MAX)
		s->nr_bytes = SCHED_BYTES_MAX;
	if (s->kind == SCHED_RECORDED)
		normalize_switches(s, nr_ops, ops);
	else
		s->nr_switches = 0;
}

void schedule_map(struct schedule *s, uint32_t nr_ops, const uint16_t *at)
{
	if (s->kind == SCHED_RECORDED)
		normalize_switches(s, nr_ops, at);
}

/* --- bytes ------------------------------------------------------------------------ */

static void get_switches(struct bytes *b, struct schedule *s)
{
	uint64_t nr = get_varint(b), op = 0;

	s->nr_switches = 0;
	while (s->nr_switches < nr && s->nr_switches < SWITCHES_MAX && b->in < b->in_end) {
		struct sched_switch *sw = &s->switches[s->nr_switches++];

		op += get_varint(b);
		sw->op = op < UINT16_MAX ? (uint16_t)op : UINT16_MAX;
		sw->step = (uint32_t)get_varint(b);
		sw->to = get_byte(b);
		sw->place = get_byte(b);
		sw->zone = get_byte(b);
		sw->cpu = get_byte(b);
	}
}

void get_schedule(struct bytes *b, struct schedule *s)
{
	s->kind = get_byte(b) % NR_SCHED_KINDS;
	s->depth = has_depth(s->kind) ? get_byte(b) : 0;
	s->seed = has_seed(s->kind) ? get_varint(b) : 0;
	s->nr_bytes = 0;
	s->nr_switches = 0;
	if (s->kind == SCHED_BYTES) {
		uint64_t nr = get_varint(b);

		while (s->nr_bytes < nr && s->nr_bytes < SCHED_BYTES_MAX && b->in < b->in_end)
			s->bytes[s->nr_bytes++] = get_byte(b);
	} else if (s->kind == SCHED_RECORDED) {
		get_switches(b, s);
	}
}

void put_schedule(struct bytes *b, const struct schedule *s)
{
	uint16_t op = 0;

	put_byte(b, s->kind);
	if (has_depth(s->kind))
		put_byte(b, s->depth);
	if (has_seed(s->kind))
		put_varint(b, s->seed);
	if (s->kind == SCHED_BYTES) {
		put_varint(b, s->nr_bytes);
		for (uint32_t i = 0; i < s->nr_bytes; i++)
			put_byte(b, s->bytes[i]);
	} else if (s->kind == SCHED_RECORDED) {
		put_varint(b, s->nr_switches);
		for (uint32_t i = 0; i < s->nr_switches; i++) {
			const struct sched_switch *sw = &s->switches[i];

			put_varint(b, (uint64_t)sw->op - op);
			op = sw->op;
			put_varint(b, sw->step);
			put_byte(b, sw->to);
			put_byte(b, sw->place);
			put_byte(b, sw->zone);
			put_byte(b, sw->cpu);
		}
	}
}

/* --- text ------------------------------------------------------------------------- */

void print_schedule(const struct schedule *s, FILE *out)
{
	if (s->kind == SCHED_NONE)
		return;
	fprintf(out, "schedule %s", sched_names[s->kind]);
	if (has_depth(s->kind))
		fprintf(out, " depth=%u", s->depth);
	if (has_seed(s->kind))
		fprintf(out, " seed=%" PRIu64, s->seed);
	if (s->kind == SCHED_BYTES)
		fputs(" bytes=", out);
	for (uint32_t i = 0; i < s->nr_bytes; i++)
		fprintf(out, "%02x", s->bytes[i]);
	fputc('\n', out);
}

void place_word(const struct sched_switch *sw, char word[PLACE_WORD_MAX])
{
	bool lock = sw->place >= PLACE_LOCK && sw->place <= PLACE_BUSY;
	const char *whose = !lock ? "" : sw->zone == NODE_NONE ? "tunables_" :
			    sw->cpu == NODE_NONE ? "zone_" : "pcp_";

	snprintf(word, PLACE_WORD_MAX, "%s%s", whose, place_names[sw->place]);
}

void schedule_print_switch(const struct sched_switch *sw, FILE *out)
{
	char task[12], word[PLACE_WORD_MAX];

	if (sw->op >= OPS_MAX)
		fprintf(out, "daemon%u ", sw->op - OPS_MAX);
	sched_task_name(sw->to, task);
	fprintf(out, "at %" PRIu32 " %s runs", sw->step, task);
	if (sw->place == PLACE_NONE)
		return;
	place_word(sw, word);
	fprintf(out, " from %s", word);
	if (sw->zone == NODE_NONE)
		return;
	fprintf(out, " of %s", zone_type_name((enum zone_type)(sw->zone % NR_ZONE_TYPES)));
	if (sw->zone >= NR_ZONE_TYPES)
		fprintf(out, "@%u", sw->zone / NR_ZONE_TYPES);
	if (sw->cpu != NODE_NONE)
		fprintf(out, " cpu%u", sw->cpu);
}

void print_switches(const struct schedule *s, uint32_t op, FILE *out)
{
	uint32_t i = schedule_find(s, op, 0);

	for (; i < s->nr_switches && s->switches[i].op == op; i++) {
		fputs(op < OPS_MAX ? "\t" : "", out);
		schedule_print_switch(&s->switches[i], out);
		fputc('\n', out);
	}
}
