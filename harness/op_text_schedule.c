/* SPDX-License-Identifier: MIT */
/*
 * op_text_schedule.c - the lines of a .ops text that say who runs when
 *
 *   schedule serial|recorded|burst seed=N|pct depth=N seed=N|exhaustive depth=N|bytes bytes=HEX
 *   at STEP TASK runs [from PLACE [of ZONE[@NODE] [cpuN]]]	after the op it is about
 *   daemonN at STEP TASK runs ...				anywhere among the ops
 */
#include <string.h>

#include "op_text.h"

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_bytes(struct parser *ps, const struct word *w, struct schedule *s)
{
	if (w->len % 2 || w->len / 2 > SCHED_BYTES_MAX)
		return refuse(ps, w, "at most %d bytes of two hexadecimal digits",
			      SCHED_BYTES_MAX);
	for (size_t i = 0; i < w->len; i += 2) {
		int high = hex_digit(w->s[i]), low = hex_digit(w->s[i + 1]);

		if (high < 0 || low < 0)
			return refuse(ps, w, "bytes of two hexadecimal digits, 0-9 and a-f");
		s->bytes[s->nr_bytes++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The keys that a kind must have, as bits. */
static uint32_t keys_of(unsigned int kind)
{
	switch (kind) {
	case SCHED_PCT: return 3;
	case SCHED_BURST: return 2;
	case SCHED_EXHAUSTIVE: return 1;
	case SCHED_BYTES: return 4;
	default: return 0;
	}
}

bool parse_schedule_line(struct parser *ps)
{
	static const char *const keys[] = { "depth", "seed", "bytes" };
	struct schedule *s = &ps->p->schedule;
	const struct word *w = ps->nr_words > 1 ? &ps->words[1] : NULL;
	unsigned int kind = w ? word_among(w, sched_names, NR_SCHED_KINDS) : 0;
	uint32_t seen = 0;
	uint64_t depth;

	if (s->kind != SCHED_NONE)
		return refuse(ps, &ps->words[0], "one schedule line");
	if (kind == SCHED_NONE || kind == NR_SCHED_KINDS)
		return refuse(ps, w, "serial, bytes, pct, burst, exhaustive or recorded");
	s->kind = (uint8_t)kind;
	for (unsigned int i = 2; i < ps->nr_words; i++) {
		struct word v;
		bool ok = false;

		switch (take_key(ps, &ps->words[i], keys, 3, &seen, &v)) {
		case 0:
			ok = take_u64(ps, &v, "depth", kind == SCHED_PCT, SCHED_DEPTH_MAX, &depth);
			s->depth = ok ? (uint8_t)depth : 0;
			break;
		case 1: ok = take_u64(ps, &v, "seed", 0, UINT64_MAX, &s->seed); break;
		case 2: ok = take_bytes(ps, &v, s); break;
		}
		if (!ok)
			return false;
	}
	if (seen != keys_of(kind))
		return refuse(ps, NULL, "%s", kind == SCHED_PCT ? "depth= and seed=" :
			      kind == SCHED_BURST ? "seed= alone" :
			      kind == SCHED_EXHAUSTIVE ? "depth= alone" :
			      kind == SCHED_BYTES ? "bytes= alone" : "nothing more");
	return true;
}

/* --- switches --------------------------------------------------------------------- */

/* "cpu1", "daemon0": the number after the prefix, below `limit`; false, without an error. */
static bool word_number(const struct word *w, const char *prefix, unsigned int limit, uint8_t *n)
{
	size_t len = strlen(prefix);
	unsigned int v = 0;

	if (w->len <= len || w->len > len + 2 || memcmp(w->s, prefix, len) != 0)
		return false;
	for (size_t i = len; i < w->len; i++) {
		if (w->s[i] < '0' || w->s[i] > '9')
			return false;
		v = v * 10 + (unsigned int)(w->s[i] - '0');
	}
	*n = (uint8_t)v;
	return v < limit;
}

static bool take_task(struct parser *ps, const struct word *w, uint8_t *task)
{
	if (w && word_number(w, "cpu", SCHED_CPUS, task))
		return true;
	if (!w || !word_number(w, "daemon", SCHED_DAEMONS, task))
		return refuse(ps, w, "a task: cpu0 to cpu%d, or daemon0", SCHED_CPUS - 1);
	*task = (uint8_t)(*task + SCHED_CPUS);
	return true;
}

static bool take_switch_zone(struct parser *ps, const struct word *w, struct sched_switch *sw)
{
	struct word node = *w, type = word_cut(&node, '@');
	uint64_t nid = 0;

	for (unsigned int t = 0; t < NR_ZONE_TYPES; t++) {
		if (!word_is(&type, zone_type_name((enum zone_type)t)))
			continue;
		if (type.len != w->len && !take_u64(ps, &node, "the node", 1, MAX_NODES - 1, &nid))
			return false;
		sw->zone = (uint8_t)(nid * NR_ZONE_TYPES + t);
		return true;
	}
	return refuse(ps, w, "the type of a zone");
}

/* "from pcp_lock of Normal cpu0" */
static bool take_place(struct parser *ps, unsigned int at, struct sched_switch *sw)
{
	const struct word *name = at + 1 < ps->nr_words ? &ps->words[at + 1] : NULL;
	char word[PLACE_WORD_MAX];

	if (!word_is(&ps->words[at], "from"))
		return refuse(ps, &ps->words[at], "from, or nothing");
	if (!name)
		return refuse(ps, NULL, "where the task was");
	at += 2;
	if (at + 1 < ps->nr_words && word_is(&ps->words[at], "of")) {
		if (!take_switch_zone(ps, &ps->words[at + 1], sw))
			return false;
		at += 2;
		if (at < ps->nr_words) {
			if (!word_number(&ps->words[at], "cpu", MAX_CPUS, &sw->cpu))
				return refuse(ps, &ps->words[at], "a CPU, such as cpu0");
			at++;
		}
	}
	if (at < ps->nr_words)
		return refuse(ps, &ps->words[at], "nothing more");
	for (unsigned int place = PLACE_NONE + 1; place < NR_PLACES; place++) {
		sw->place = (uint8_t)place;
		place_word(sw, word);
		if (word_is(name, word))
			return true;
	}
	return refuse(ps, name, "a place, such as zone_lock of a zone, read, or end");
}

bool is_switch_line(const struct parser *ps)
{
	uint8_t n;

	if (ps->nr_words > 1 && word_is(&ps->words[1], "="))
		return false;
	return word_is(&ps->words[0], "at") || word_number(&ps->words[0], "daemon", 100, &n);
}

bool parse_switch_line(struct parser *ps)
{
	struct schedule *s = &ps->p->schedule;
	struct sched_switch sw = { .zone = NODE_NONE, .cpu = NODE_NONE };
	unsigned int at = 0;
	uint64_t step;
	uint8_t daemon;

	if (s->kind != SCHED_RECORDED)
		return refuse(ps, &ps->words[0], "'schedule recorded' before the ops");
	if (s->nr_switches == SWITCHES_MAX)
		return refuse(ps, &ps->words[0], "at most %d switches", SWITCHES_MAX);
	if (!word_is(&ps->words[0], "at")) {
		if (!word_number(&ps->words[0], "daemon", SCHED_DAEMONS, &daemon))
			return refuse(ps, &ps->words[0], "a daemon: daemon0");
		sw.op = (uint16_t)(OPS_MAX + daemon);
		at = 1;
		if (ps->nr_words < 2 || !word_is(&ps->words[1], "at"))
			return refuse(ps, ps->nr_words < 2 ? NULL : &ps->words[1], "at STEP");
	} else if (!ps->p->nr_ops) {
		return refuse(ps, &ps->words[0], "an op before this line");
	} else {
		sw.op = (uint16_t)(ps->p->nr_ops - 1);
	}
	if (at + 1 >= ps->nr_words)
		return refuse(ps, NULL, "the number of the step");
	if (!take_u64(ps, &ps->words[at + 1], "the step", 1, SWITCH_STEP_MAX, &step))
		return false;
	sw.step = (uint32_t)step;
	if (!take_task(ps, at + 2 < ps->nr_words ? &ps->words[at + 2] : NULL, &sw.to))
		return false;
	if (at + 3 >= ps->nr_words || !word_is(&ps->words[at + 3], "runs"))
		return refuse(ps, at + 3 < ps->nr_words ? &ps->words[at + 3] : NULL, "runs");
	if (at + 4 < ps->nr_words && !take_place(ps, at + 4, &sw))
		return false;
	s->switches[s->nr_switches++] = sw;
	return true;
}
