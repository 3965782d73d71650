/* SPDX-License-Identifier: MIT */
/*
 * op_text.c - programs as text: words, numbers, and the order of the lines
 *
 *   tidemark 1
 *   machine, node, zone, hole, reserved, cma, distance, sysctl, policy ...
 *   state, and lines of it          only where the ops begin with one
 *   ops
 *   one line per op
 *
 * The lines of the machine are in op_text_machine.c, those of the ops in
 * op_text_ops.c.  Whatever is unknown, twice, out of range or left out is
 * refused, with its line.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "op_text.h"

/* --- errors ------------------------------------------------------------------------------- */

enum { QUOTE_MAX = 72 };		/* characters of a word that an error repeats */

bool refuse(struct parser *ps, const struct word *got, const char *format, ...)
{
	char *what = ps->error->what;
	size_t max = sizeof(ps->error->what), len;
	va_list args;

	ps->error->line = ps->line;
	len = (size_t)snprintf(what, max, "expected ");
	va_start(args, format);
	len += (size_t)vsnprintf(what + len, max - len, format, args);
	va_end(args);
	if (len > max - QUOTE_MAX - 16)
		len = max - QUOTE_MAX - 16;
	if (!got) {
		snprintf(what + len, max - len, ", got the end of the line");
		return false;
	}
	len += (size_t)snprintf(what + len, max - len, ", got '");
	for (size_t i = 0; i < got->len && i < QUOTE_MAX; i++)
		what[len++] = got->s[i] >= 0x20 && got->s[i] < 0x7f ? got->s[i] : '?';
	snprintf(what + len, max - len, got->len > QUOTE_MAX ? "...'" : "'");
	return false;
}

/* --- words -------------------------------------------------------------------------------- */

bool word_is(const struct word *w, const char *s)
{
	return strlen(s) == w->len && memcmp(w->s, s, w->len) == 0;
}

struct word word_from(const struct word *w, size_t skip)
{
	return (struct word){ w->s + skip, w->len - skip };
}

bool word_split(const struct word *w, struct word *key, struct word *value)
{
	const char *eq = memchr(w->s, '=', w->len);

	if (!eq)
		return false;
	*key = (struct word){ w->s, (size_t)(eq - w->s) };
	*value = word_from(w, key->len + 1);
	return true;
}

struct word word_cut(struct word *list, char separator)
{
	const char *at = list->len ? memchr(list->s, separator, list->len) : NULL;
	struct word item = *list;

	if (!at) {
		*list = (struct word){ list->s + list->len, 0 };
		return item;
	}
	item.len = (size_t)(at - list->s);
	*list = word_from(list, item.len + 1);
	return item;
}

unsigned int word_items(const struct word *list)
{
	unsigned int n = 1;

	for (size_t i = 0; i < list->len; i++)
		n += list->s[i] == ',';
	return n;
}

unsigned int word_among(const struct word *w, const char *const *names, unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr && !word_is(w, names[i]))
		i++;
	return i;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the next line into words; false when it has too many. */
static bool next_line(struct parser *ps)
{
	const char *s = ps->at, *end = memchr(s, '\n', (size_t)(ps->end - s)), *comment;

	ps->line++;
	ps->at = end ? end + 1 : ps->end;
	end = end ? end : ps->end;
	comment = memchr(s, '#', (size_t)(end - s));
	end = comment ? comment : end;
	for (ps->nr_words = 0; ; ps->nr_words++) {
		struct word w;

		while (s < end && is_blank(*s))
			s++;
		if (s == end)
			return true;
		for (w.s = s; s < end && !is_blank(*s); s++)
			;
		w.len = (size_t)(s - w.s);
		if (ps->nr_words == WORDS_MAX)
			return refuse(ps, &w, "at most %d words on a line", WORDS_MAX);
		ps->words[ps->nr_words] = w;
	}
}

/* --- numbers ------------------------------------------------------------------------------ */

/* All of the word as an unsigned number; false, without an error, if it is none. */
static bool word_u64(const struct word *w, uint64_t *v)
{
	bool hex = w->len > 2 && w->s[0] == '0' && (w->s[1] == 'x' || w->s[1] == 'X');
	uint64_t base = hex ? 16 : 10, sum = 0;

	for (size_t i = hex ? 2 : 0; i < w->len; i++) {
		char c = w->s[i];
		uint64_t digit = c >= '0' && c <= '9' ? (uint64_t)(c - '0') :
				 c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10) :
				 c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10) : 16;

		if (digit >= base || sum > (UINT64_MAX - digit) / base)
			return false;
		sum = sum * base + digit;
	}
	*v = sum;
	return w->len != 0;
}

bool take_u64(struct parser *ps, const struct word *w, const char *what, uint64_t lo, uint64_t hi,
	      uint64_t *v)
{
	if (word_u64(w, v) && *v >= lo && *v <= hi)
		return true;
	if (hi == UINT64_MAX)
		return refuse(ps, w, "%s to be a number", what);
	return refuse(ps, w, "%s to be a number from %llu to %llu", what,
		      (unsigned long long)lo, (unsigned long long)hi);
}

bool take_i64(struct parser *ps, const struct word *w, const char *what, int64_t *v)
{
	bool minus = w->len && w->s[0] == '-';
	struct word digits = word_from(w, minus);
	uint64_t u;

	if (!word_u64(&digits, &u) || u > (uint64_t)INT64_MAX + minus)
		return refuse(ps, w, "%s to be a number", what);
	*v = minus && u ? -(int64_t)(u - 1) - 1 : (int64_t)u;
	return true;
}

bool take_set(struct parser *ps, const struct word *w, const char *what, unsigned int limit,
	      uint64_t *set)
{
	struct word list = *w;

	*set = 0;
	do {
		bool more = list.len && memchr(list.s, ',', list.len);
		struct word item = word_cut(&list, ','), last = item, first;
		uint64_t a, b;

		first = word_cut(&last, '-');
		if (first.len == item.len)
			last = first;
		if (!word_u64(&first, &a) || !word_u64(&last, &b) || a > b || b >= limit)
			return refuse(ps, w, "%s to be numbers below %u, as in 0-1,3", what, limit);
		for (; a <= b; a++) {
			if (*set >> a & 1)
				return refuse(ps, w, "each of %s once", what);
			*set |= UINT64_C(1) << a;
		}
		if (!more)
			return true;
	} while (true);
}

bool take_zone_type(struct parser *ps, const struct word *w, uint8_t *type)
{
	char list[80] = "";

	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++) {
		if (!(ps->p->config.zone_types >> i & 1))
			continue;
		if (word_is(w, zone_type_name((enum zone_type)i))) {
			*type = (uint8_t)i;
			return true;
		}
		strcat(strcat(list, *list ? ", " : ""), zone_type_name((enum zone_type)i));
	}
	return refuse(ps, w, "a zone type of the machine (%s)", list);
}

unsigned int take_key(struct parser *ps, const struct word *w, const char *const *keys,
		      unsigned int nr, uint32_t *seen, struct word *value)
{
	struct word key;
	unsigned int i = nr;

	if (word_split(w, &key, value))
		i = word_among(&key, keys, nr);
	if (i == nr) {
		char list[140] = "";

		for (unsigned int k = 0; k < nr; k++) {
			strcat(list, k == 0 ? "" : k == nr - 1 ? " or " : ", ");
			strcat(strcat(list, keys[k]), "=");
		}
		refuse(ps, w, "%s", list);
		return nr;
	}
	if (*seen >> i & 1) {
		refuse(ps, w, "%s= once", keys[i]);
		return nr;
	}
	*seen |= 1u << i;
	return i;
}

/* --- sysctls, which are lines of the machine and ops -------------------------------------- */

/* One value per configured zone type. */
static unsigned int take_ratios(struct parser *ps, const struct word *w, struct word list,
				struct setting out[NR_ZONE_TYPES])
{
	unsigned int want = (unsigned int)__builtin_popcount(ps->p->config.zone_types), n = 0;

	if (word_items(&list) != want) {
		refuse(ps, w, "%u values, one per zone type of the machine", want);
		return 0;
	}
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		struct word item;

		if (!(ps->p->config.zone_types >> type & 1))
			continue;
		item = word_cut(&list, ',');
		out[n].name = SYSCTL_LOWMEM_RESERVE_RATIO;
		out[n].index = (uint8_t)type;
		if (!take_i64(ps, &item, "lowmem_reserve_ratio", &out[n].value))
			return 0;
		n++;
	}
	return n;
}

unsigned int take_sysctl(struct parser *ps, const struct word *w,
			 struct setting out[NR_ZONE_TYPES])
{
	struct word key, value, name;
	bool one_type;
	unsigned int i = 0;

	if (!word_split(w, &key, &value)) {
		refuse(ps, w, "NAME=VALUE after sysctl");
		return 0;
	}
	one_type = memchr(key.s, '.', key.len) != NULL;
	name = word_cut(&key, '.');
	while (i < NR_SYSCTLS && !word_is(&name, sysctl_text((enum sysctl_name)i)))
		i++;
	if (i == NR_SYSCTLS || (one_type && i != SYSCTL_LOWMEM_RESERVE_RATIO)) {
		refuse(ps, w, "the name of a sysctl, such as %s",
		       sysctl_text(SYSCTL_MIN_FREE_KBYTES));
		return 0;
	}
	if (i == SYSCTL_LOWMEM_RESERVE_RATIO && !one_type)
		return take_ratios(ps, w, value, out);
	out[0] = (struct setting){ .name = (uint8_t)i };
	if (one_type && !take_zone_type(ps, &key, &out[0].index))
		return 0;
	return take_i64(ps, &value, sysctl_text((enum sysctl_name)i), &out[0].value);
}

/* --- the whole ---------------------------------------------------------------------------- */

static bool parse_header(struct parser *ps)
{
	uint64_t version;

	if (!word_is(&ps->words[0], "tidemark"))
		return refuse(ps, &ps->words[0], "'tidemark 1' before anything else");
	if (ps->nr_words != 2)
		return refuse(ps, ps->nr_words > 2 ? &ps->words[2] : NULL,
			      "one version after 'tidemark'");
	return take_u64(ps, &ps->words[1], "the version", 1, 1, &version);
}

static bool parse_lines(struct parser *ps)
{
	enum { HEADER, MACHINE, STATE, OPS } part = HEADER;

	while (ps->at < ps->end) {
		if (!next_line(ps))
			return false;
		if (ps->nr_words == 0)
			continue;
		if (part == HEADER) {
			if (!parse_header(ps))
				return false;
			part = MACHINE;
		} else if (part == MACHINE && word_is(&ps->words[0], "state")) {
			if (!finish_machine(ps) || !begin_state(ps))
				return false;
			part = STATE;
		} else if (part != OPS && word_is(&ps->words[0], "ops")) {
			if (ps->nr_words > 1)
				return refuse(ps, &ps->words[1], "nothing after 'ops'");
			if (part == MACHINE && !finish_machine(ps))
				return false;
			part = OPS;
		} else if (!(part == MACHINE ? parse_machine_line :
			     part == STATE ? parse_state_line : parse_op_line)(ps)) {
			return false;
		}
	}
	if (part == HEADER)
		return refuse(ps, &(struct word){ "nothing", 7 }, "a line 'tidemark 1'");
	return part != MACHINE || finish_machine(ps);
}

bool op_parse(const char *text, size_t len, struct program *p, struct op_error *error)
{
	struct parser *ps = malloc(sizeof(*ps));
	bool ok;

	if (!ps) {
		error->line = 0;
		snprintf(error->what, sizeof(error->what), "expected memory, got none");
		return false;
	}
	memset(ps, 0, offsetof(struct parser, names));
	memset(ps->buckets, 0, sizeof(ps->buckets));
	ps->p = p;
	ps->error = error;
	ps->at = text;
	ps->end = text + len;
	ps->node = NODE_NONE;
	mm_config_default(&p->config);
	p->state = NULL;
	memset(&p->schedule, 0, offsetof(struct schedule, bytes));
	p->nr_ops = 0;
	p->nr_slots = 0;
	ok = parse_lines(ps);
	if (!ok)
		op_discard(p);
	if (ok)				/* lines may come in any order */
		schedule_normalize(&p->schedule, p->nr_ops, NULL);
	free(ps);
	return ok;
}
