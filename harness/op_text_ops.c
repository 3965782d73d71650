/* SPDX-License-Identifier: MIT */
/*
 * op_text_ops.c - the lines of a .ops text that are ops
 *
 *   [expect ok|fail|stuck|refused] [irq at=N] [NAME =] KIND [SLOT] key=value ... word ...
 *   expect zone node=0 zone=DMA32 min=653 protection=0,431,431
 *   expect pfn NAME 12345
 *
 * Which keys a kind has is in op_kinds[].  A name may be given again; it then
 * means the newer slot.  One line can be several ops: expectations of a zone,
 * and sysctls.
 */
#include <string.h>

#include "op_text.h"
#include "snapshot.h"

enum { SETTINGS_MAX = 64 };		/* values on one line */
_Static_assert((int)SETTINGS_MAX >= (int)NR_ZONE_FACTS, "every fact fits");

/* A line as it is taken apart: one op, or several that differ in name, index and value. */
struct op_line {
	struct op	op;
	unsigned int	at;		/* the next word */
	const struct word *name;	/* of the slot to fill; NULL: none given */
	uint32_t	seen;		/* bit per enum op_field */
	uint32_t	facts_seen;	/* bit per zone_fact */
	unsigned int	nr_settings;
	struct setting	settings[SETTINGS_MAX];
};

/* --- names of slots ----------------------------------------------------------------------- */

static bool is_identifier(const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		char c = w->s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !(c >= '0' && c <= '9')))
			return false;
	}
	return w->len != 0 && w->len <= NAME_MAX_LEN;
}

/* Where the name is in the table, or the empty bucket where it would be. */
static uint16_t *find_name(struct parser *ps, const struct word *name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name->len; i++)
		hash = (hash ^ (uint8_t)name->s[i]) * 16777619u;
	for (;; hash++) {
		uint16_t *bucket = &ps->buckets[hash % NAME_BUCKETS];
		const struct word *have;

		if (!*bucket)
			return bucket;
		have = &ps->names[*bucket - 1].name;
		if (have->len == name->len && memcmp(have->s, name->s, name->len) == 0)
			return bucket;
	}
}

static void give_name(struct parser *ps, const struct word *name, uint32_t slot)
{
	uint16_t *bucket = find_name(ps, name);

	if (!*bucket) {
		ps->names[ps->nr_names].name = *name;
		*bucket = (uint16_t)++ps->nr_names;
	}
	ps->names[*bucket - 1].slot = (uint16_t)slot;
}

static bool take_ref(struct parser *ps, struct op_line *l)
{
	const struct word *w = l->at < ps->nr_words ? &ps->words[l->at] : NULL;
	uint16_t *bucket;

	if (!w)
		return refuse(ps, NULL, "the name of an allocation");
	bucket = find_name(ps, w);
	if (!*bucket)
		return refuse(ps, w, "the name of an allocation before this line");
	l->op.ref = ps->names[*bucket - 1].slot;
	l->at++;
	return true;
}

/* --- values of fields --------------------------------------------------------------------- */

static bool take_u8(struct parser *ps, const struct word *w, const char *what, unsigned int max,
		    uint8_t *v)
{
	uint64_t u;

	if (!take_u64(ps, w, what, 0, max, &u))
		return false;
	*v = (uint8_t)u;
	return true;
}

static bool take_node(struct parser *ps, const struct word *w, struct op *op)
{
	if (!take_u8(ps, w, "the node", MAX_NODES - 1, &op->nid))
		return false;
	if (op_has(op->kind, FIELD_ZONE) && !(ps->p->config.online_nodes >> op->nid & 1))
		return refuse(ps, w, "a node of the machine");
	return true;
}

static bool take_context(struct parser *ps, const struct word *w, uint8_t *context)
{
	struct word list = *w;
	unsigned int nr = 1;

	for (size_t i = 0; i < w->len; i++)
		nr += w->s[i] == '|';
	while (nr--) {
		struct word item = word_cut(&list, '|');
		unsigned int bit = word_among(&item, context_names, NR_CONTEXTS);

		if (bit == NR_CONTEXTS)
			return refuse(ps, &item, "ctx= out of irq, memalloc, oom_victim, realtime, "
				      "noio, nofs, pin, joined by '|'");
		*context |= (uint8_t)(1u << bit);
	}
	return true;
}

static bool take_type(struct parser *ps, const struct word *w, uint8_t *type)
{
	for (unsigned int t = 0; t < NR_MIGRATETYPES; t++)
		if (w->len == 1 && w->s[0] == migratetype_letter((enum migratetype)t)) {
			*type = (uint8_t)t;
			return true;
		}
	return refuse(ps, w, "type= one of U, M, E, H, C, I");
}

static bool take_gfp(struct parser *ps, const struct word *w, gfp_t *gfp)
{
	size_t bad = 0;
	struct word rest;

	if (gfp_parse(w->s, w->len, gfp, &bad))
		return true;
	rest = word_from(w, bad < w->len ? bad : w->len);
	return refuse(ps, &rest, "names of gfp flags or a number of them, joined by '|'");
}

static bool take_n(struct parser *ps, const struct word *w, struct op *op)
{
	bool pages = op->kind == OP_BULK || op->kind == OP_EXACT;
	uint64_t n;

	if (!take_u64(ps, w, "n", 0, pages ? OP_PAGES_MAX : UINT32_MAX, &n))
		return false;
	op->n = (uint32_t)n;
	return true;
}

static bool take_value(struct parser *ps, const struct word *w, struct op *op)
{
	if (!take_i64(ps, w, "value", &op->value))
		return false;
	if (op->value > OP_VALUE_MAX || op->value < (op->kind == OP_BOOST ? 0 : -OP_VALUE_MAX))
		return refuse(ps, w, "value within 2^40%s",
			      op->kind == OP_BOOST ? ", not below 0" : "");
	return true;
}

static bool take_field(struct parser *ps, struct op *op, enum op_field field, const struct word *w)
{
	uint64_t set;

	switch (field) {
	case FIELD_CPU:
		return take_u8(ps, w, "cpu", ps->p->config.nr_cpus - 1u, &op->cpu);
	case FIELD_ORDER: return take_u8(ps, w, "order", op_order_max(op->kind), &op->order);
	case FIELD_CONTEXT: return take_context(ps, w, &op->context);
	case FIELD_NODE: return take_node(ps, w, op);
	case FIELD_NODES:
		if (!take_set(ps, w, "nodes", MAX_NODES, &set))
			return false;
		op->nodes = (uint8_t)set;
		return true;
	case FIELD_ZONE: return take_zone_type(ps, w, &op->zone);
	case FIELD_TYPE: return take_type(ps, w, &op->type);
	case FIELD_N: return take_n(ps, w, op);
	case FIELD_GFP: return take_gfp(ps, w, &op->gfp);
	case FIELD_PFN:
		return take_u64(ps, w, "pfn", 0,
				op->kind == OP_PUT_AT ? OP_PFN_MAX : UINT64_MAX, &op->pfn);
	case FIELD_VALUE: return take_value(ps, w, op);
	default: return false;		/* no key names the others */
	}
}

/* --- words of a line ---------------------------------------------------------------------- */

static enum op_field field_of_key(const struct word *key, unsigned int kind)
{
	static const struct {
		const char   *key;
		enum op_field field;
	} keys[] = {
		{ "cpu", FIELD_CPU }, { "order", FIELD_ORDER }, { "ctx", FIELD_CONTEXT },
		{ "nodes", FIELD_NODES }, { "zone", FIELD_ZONE }, { "type", FIELD_TYPE },
		{ "n", FIELD_N }, { "gfp", FIELD_GFP }, { "pfn", FIELD_PFN },
		{ "value", FIELD_VALUE },
	};

	if (word_is(key, kind == OP_MEMPOLICY ? "home" : "node"))
		return FIELD_NODE;
	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (word_is(key, keys[i].key))
			return keys[i].field;
	return FIELD_END;
}

static bool once(struct parser *ps, const struct word *w, uint32_t *seen, unsigned int bit)
{
	if (*seen >> bit & 1)
		return refuse(ps, w, "each key once");
	*seen |= 1u << bit;
	return true;
}

/* One value per configured zone type, or that of the one column that is named. */
static bool take_protection(struct parser *ps, struct op_line *l, const struct word *w,
			    const struct word *column, struct word list)
{
	unsigned int types = ps->p->config.zone_types;
	uint8_t only = NR_ZONE_TYPES;

	if (column && !take_zone_type(ps, column, &only))
		return false;
	if (column)
		types = 1u << only;
	if (word_items(&list) != popcount_u64(types))
		return refuse(ps, w, "%u values, one per zone type", popcount_u64(types));
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		struct setting *s = &l->settings[l->nr_settings];
		struct word item;

		if (!(types >> type & 1))
			continue;
		item = word_cut(&list, ',');
		s->name = (uint8_t)(FACT_PROTECTION + type);
		if (!once(ps, w, &l->facts_seen, s->name) ||
		    !take_i64(ps, &item, "protection", &s->value))
			return false;
		l->nr_settings++;
	}
	return true;
}

/* "min=653"; the word is not one of the other keys. */
static bool take_fact(struct parser *ps, struct op_line *l, const struct word *w)
{
	struct word key, value, name, column;
	struct setting *s = &l->settings[l->nr_settings];
	unsigned int fact = FACT_PROTECTION + 1;

	if (word_split(w, &key, &value)) {
		column = key;
		name = word_cut(&column, '.');
		fact = word_among(&name, fact_names, FACT_PROTECTION + 1);
		if (fact < FACT_PROTECTION && name.len != key.len)
			fact = FACT_PROTECTION + 1;
	}
	if (fact > FACT_PROTECTION)
		return refuse(ps, w, "node=, zone= or a number of the zone: free=, min=, low=, "
			      "high=, boost=, managed=, protection= ...");
	l->seen |= 1u << FIELD_FACT;
	if (fact == FACT_PROTECTION)
		return take_protection(ps, l, w, name.len != key.len ? &column : NULL, value);
	s->name = (uint8_t)fact;
	l->nr_settings++;
	return once(ps, w, &l->facts_seen, fact) &&
	       take_i64(ps, &value, fact_names[fact], &s->value);
}

static bool take_settings(struct parser *ps, struct op_line *l, const struct word *w)
{
	unsigned int nr;

	if (l->nr_settings + NR_ZONE_TYPES > SETTINGS_MAX)
		return refuse(ps, w, "fewer settings on a line");
	nr = take_sysctl(ps, w, &l->settings[l->nr_settings]);
	l->nr_settings += nr;
	l->seen |= 1u << FIELD_SYSCTL;
	return nr != 0;
}

/* Words without '=': on, off, onwards, policy. */
static bool take_flag(struct parser *ps, struct op_line *l, const struct word *w)
{
	struct op *op = &l->op;
	bool toggles = op_has(op->kind, FIELD_ON) && op->kind != OP_FAIL_ALLOC;
	enum op_field field = FIELD_ON;

	if (toggles && word_is(w, "on")) {
		op->on = 1;
	} else if (toggles && word_is(w, "off")) {
		op->on = 0;
	} else if (op->kind == OP_FAIL_ALLOC && word_is(w, "onwards")) {
		op->on = 1;
	} else if (op_has(op->kind, FIELD_POLICY) && word_is(w, "policy")) {
		op->on = 1;
		field = FIELD_POLICY;
	} else {
		return refuse(ps, w, "nothing more, or something that %s has",
			      op_kinds[op->kind].name);
	}
	return once(ps, w, &l->seen, field);
}

static bool take_by(struct parser *ps, struct op_line *l, const struct word *value)
{
	if (l->op.by)
		return refuse(ps, value, "each key once");
	if (!take_u8(ps, value, "by", ps->p->config.nr_cpus - 1u, &l->op.by))
		return false;
	l->op.by++;
	return true;
}

static bool take_word(struct parser *ps, struct op_line *l, const struct word *w)
{
	struct word key, value;
	enum op_field field;
	bool split = word_split(w, &key, &value);

	if (split && op_may_name_by(l->op.kind) && word_is(&key, "by"))
		return take_by(ps, l, &value);
	if (op_has(l->op.kind, FIELD_SYSCTL))
		return take_settings(ps, l, w);
	if (!split)
		return take_flag(ps, l, w);
	field = field_of_key(&key, l->op.kind);
	if (op_has(l->op.kind, FIELD_FACT) && field != FIELD_NODE && field != FIELD_ZONE)
		return take_fact(ps, l, w);
	if (field == FIELD_END || !op_has(l->op.kind, field))
		return refuse(ps, w, "a key that %s has", op_kinds[l->op.kind].name);
	return once(ps, w, &l->seen, field) && take_field(ps, &l->op, field, &value);
}

/* --- the line ----------------------------------------------------------------------------- */

/* "123,200-203": the pages of a request, in order. */
static bool take_pages(struct parser *ps, struct word list, struct op *op)
{
	struct snapshot_list pages = { .nr = 0 };

	while (list.len) {
		struct word last = word_cut(&list, ','), first = word_cut(&last, '-');
		uint64_t from, to;

		if (!last.len)
			last = first;
		if (!take_u64(ps, &first, "a pfn", 0, (1ULL << 48) - 1, &from) ||
		    !take_u64(ps, &last, "a pfn", from, (1ULL << 48) - 1, &to))
			return false;
		if (to - from > OP_PAGES_MAX)
			return refuse(ps, &last, "at most %d pages", OP_PAGES_MAX);
		for (; from <= to; from++)
			snapshot_add(ps->p->state, &pages, from);
	}
	op->expect = EXPECT_PAGES;
	op->pfn = pages.first;
	op->value = pages.nr;
	return true;
}

/* What stands before the kind, in any order: a name, an expectation, an interrupt. */
static bool take_prefixes(struct parser *ps, struct op_line *l)
{
	for (; l->at + 1 < ps->nr_words; l->at += 2) {
		const struct word *w = &ps->words[l->at], *next = w + 1;
		struct word at;
		uint64_t n;

		if (word_is(next, "=") && !l->name) {
			if (!is_identifier(w))
				return refuse(ps, w, "a name of at most %d letters, digits and '_'",
					      NAME_MAX_LEN);
			l->name = w;
		} else if (word_is(w, "expect") && !l->op.expect &&
			   !word_is(next, "zone") && !word_is(next, "pfn")) {
			if (ps->p->state && next->s[0] >= '0' && next->s[0] <= '9') {
				if (!take_pages(ps, *next, &l->op))
					return false;
				continue;
			}
			l->op.expect = (uint8_t)word_among(next, expect_names, NR_EXPECTS);
			if (l->op.expect == EXPECT_ANY || l->op.expect == NR_EXPECTS)
				return refuse(ps, next, "ok, fail, stuck, refused, zone or pfn "
					      "after 'expect'");
		} else if (word_is(w, "irq") && !l->op.irq_at) {
			at = word_from(next, next->len > 3 ? 3 : next->len);
			if (next->len < 3 || memcmp(next->s, "at=", 3) != 0)
				return refuse(ps, next, "at=N after 'irq'");
			if (!take_u64(ps, &at, "at", 1, UINT8_MAX, &n))
				return false;
			l->op.irq_at = (uint8_t)n;
		} else {
			break;
		}
	}
	return true;
}

static bool take_kind(struct parser *ps, struct op_line *l)
{
	const struct word *w = l->at < ps->nr_words ? &ps->words[l->at] : NULL;
	unsigned int kind = 0;

	if (w && word_is(w, "expect") && l->at + 1 < ps->nr_words) {
		l->at++;
		kind = word_is(w + 1, "zone") ? OP_EXPECT_ZONE :
		       word_is(w + 1, "pfn") ? OP_EXPECT_PFN : NR_OP_KINDS;
	} else {
		while (w && kind < NR_OP_KINDS && !word_is(w, op_kinds[kind].name))
			kind++;
	}
	if (!w || kind == NR_OP_KINDS)
		return refuse(ps, w, "an operation, such as alloc, free or drain");
	if (l->name && !op_kinds[kind].allocates)
		return refuse(ps, w, "alloc, bulk or exact after a name");
	if (l->op.expect && !op_kinds[kind].allocates)
		return refuse(ps, w, "alloc, bulk or exact after an expectation");
	if (l->op.irq_at && !op_may_interrupt(kind))
		return refuse(ps, w, "alloc, bulk, exact, free or free_one in an interrupt");
	l->op.kind = (uint8_t)kind;
	l->at++;
	return true;
}

/* The fields that are words in a fixed place, after the kind. */
static bool take_positions(struct parser *ps, struct op_line *l)
{
	const struct word *w;

	if (op_has(l->op.kind, FIELD_REF) && !take_ref(ps, l))
		return false;
	w = l->at < ps->nr_words ? &ps->words[l->at] : NULL;
	if (l->op.kind == OP_MEMPOLICY) {
		l->op.name = w ? (uint8_t)word_among(w, mode_names, NR_MEMPOLICY_MODES) :
			     (uint8_t)NR_MEMPOLICY_MODES;
		if (l->op.name == NR_MEMPOLICY_MODES)
			return refuse(ps, w, "default, bind, preferred, preferred_many or "
				      "interleave");
		l->seen |= 1u << FIELD_MODE;
		l->at++;
	} else if (l->op.kind == OP_EXPECT_PFN) {
		if (!w)
			return refuse(ps, NULL, "a pfn");
		if (!take_field(ps, &l->op, FIELD_PFN, w))
			return false;
		l->seen |= 1u << FIELD_PFN;
		l->at++;
	}
	return true;
}

/* Fields that a line must give, with how to write them. */
static bool check_complete(struct parser *ps, const struct op_line *l)
{
	static const struct {
		enum op_field field;
		const char   *how;
	} needed[] = {
		{ FIELD_GFP, "gfp=" }, { FIELD_ZONE, "zone=" }, { FIELD_TYPE, "type=" },
		{ FIELD_N, "n=" }, { FIELD_PFN, "pfn=" }, { FIELD_VALUE, "value=" },
		{ FIELD_SYSCTL, "NAME=VALUE" }, { FIELD_FACT, "a number, such as min=" },
	};
	unsigned int kind = l->op.kind;

	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		enum op_field field = needed[i].field;

		if (!op_has(kind, field) || l->seen >> field & 1)
			continue;
		if (field == FIELD_VALUE && kind != OP_COUNTER && kind != OP_BOOST)
			continue;	/* the value of a fact or a sysctl */
		if (field == FIELD_N && kind == OP_FREE_ONE)
			continue;
		return refuse(ps, NULL, "%s", needed[i].how);
	}
	if (op_has(kind, FIELD_ZONE) && !(l->seen >> FIELD_NODE & 1))
		return refuse(ps, NULL, "node=");
	if (kind == OP_PUT_AT && l->op.pfn & ((UINT64_C(1) << l->op.order) - 1))
		return refuse(ps, NULL, "a pfn that is a multiple of 2^order");
	return true;
}

static bool add_op(struct parser *ps, const struct op *op)
{
	struct program *p = ps->p;

	if (p->nr_ops == OPS_MAX)
		return refuse(ps, &ps->words[0], "at most %d ops", OPS_MAX);
	p->ops[p->nr_ops++] = *op;
	return true;
}

/* One op per sysctl or expected number. */
static bool add_settings(struct parser *ps, const struct op_line *l)
{
	struct op op = l->op;

	for (unsigned int i = 0; i < l->nr_settings; i++) {
		op.name = l->settings[i].name;
		op.index = l->settings[i].index;
		op.value = l->settings[i].value;
		if (!add_op(ps, &op))
			return false;
	}
	return true;
}

bool parse_op_line(struct parser *ps)
{
	struct op_line l = { .at = 0 };

	if (is_switch_line(ps))
		return parse_switch_line(ps);
	if (!take_prefixes(ps, &l) || !take_kind(ps, &l))
		return false;
	if (op_has(l.op.kind, FIELD_NODE) && !op_has(l.op.kind, FIELD_ZONE))
		l.op.nid = NODE_NONE;
	l.op.on = op_has(l.op.kind, FIELD_ON) && l.op.kind != OP_FAIL_ALLOC;
	if (!take_positions(ps, &l))
		return false;
	for (; l.at < ps->nr_words; l.at++)
		if (!take_word(ps, &l, &ps->words[l.at]))
			return false;
	if (!check_complete(ps, &l))
		return false;
	if (l.nr_settings ? !add_settings(ps, &l) : !add_op(ps, &l.op))
		return false;
	if (op_kinds[l.op.kind].allocates) {
		if (l.name)
			give_name(ps, l.name, ps->p->nr_slots);
		ps->p->nr_slots++;
	}
	return true;
}
