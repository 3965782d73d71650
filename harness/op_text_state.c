/* SPDX-License-Identifier: MIT */
/*
 * op_text_state.c - the lines of a .ops text that say what the ops begin with
 *
 *   state
 *   zone NODE TYPE min= low= high= boost= highatomic= free= cma= drift= pcp_high= pcp_batch=
 *           protection=,,, [boosted] [reclaim] [below_high] [pcp_high_max= free_highatomic=]
 *   cpu CPU high= batch= free_factor= expire= threshold= free= cma=    of the zone above
 *           [alloc_factor= flags= high_min= high_max= free_count=]     with rules=6.12
 *   blocks T*N ...                  types of its pageblocks, from the first on
 *   free ORDER T PFN[*N] ...        a list from its head on; N blocks in a row
 *   pcp CPU LIST T:PFN[*N] ...      likewise; T is the type that the pages remember
 *   movable FIRST-LAST ...          pages that can move
 *   zonelist NODE all|own NODE.TYPE ...
 *   ops
 *
 * Lines may be repeated, and then go on where the one before ended.  What is
 * not said is zero.  Such programs have no binary form.
 */
#include <string.h>

#include "op_text.h"
#include "snapshot.h"

static const struct word *word_at(const struct parser *ps, unsigned int i)
{
	return i < ps->nr_words ? &ps->words[i] : NULL;
}

static bool take_small(struct parser *ps, unsigned int i, const char *what, uint64_t most,
		       uint64_t *v)
{
	const struct word *w = word_at(ps, i);

	return w ? take_u64(ps, w, what, 0, most, v) : refuse(ps, NULL, "%s", what);
}

static bool take_letter(struct parser *ps, const struct word *w, unsigned int *type)
{
	for (*type = 0; *type < NR_MIGRATETYPES; ++*type)
		if (w && w->len == 1 && w->s[0] == migratetype_letter((enum migratetype)*type))
			return true;
	return refuse(ps, w, "a type, one of U, M, E, H, C, I");
}

/* The zone that lines are about. */
static bool current_zone(struct parser *ps, struct snapshot_zone **z)
{
	if (!ps->state_zone)
		return refuse(ps, &ps->words[0], "a zone line before it");
	*z = ps->p->state->zones[ps->state_zone - 1];
	return true;
}

/* --- numbers ------------------------------------------------------------------------------ */

struct number {
	const char *name;
	void	   *to;
	uint8_t	    bytes;		/* wide; 0: a signed 64-bit number */
};

/* name=value, among `numbers`; each goes where it belongs. */
static bool take_number(struct parser *ps, const struct word *w, const struct number *numbers,
			unsigned int nr)
{
	struct word key, value;
	uint64_t v;
	int64_t s;
	unsigned int i = nr;

	if (word_split(w, &key, &value))
		for (i = 0; i < nr && !word_is(&key, numbers[i].name);)
			i++;
	if (i == nr)
		return refuse(ps, w, "a number of the line's kind, such as %s=", numbers[0].name);
	if (numbers[i].bytes == 0 || numbers[i].bytes == 3) {
		if (!take_i64(ps, &value, numbers[i].name, &s))
			return false;
		if (numbers[i].bytes == 0)
			*(int64_t *)numbers[i].to = s;
		else
			*(int16_t *)numbers[i].to = (int16_t)s;
		return true;
	}
	if (!take_u64(ps, &value, numbers[i].name, 0,
		      UINT64_MAX >> (64 - 8 * numbers[i].bytes), &v))
		return false;
	if (numbers[i].bytes == 8)
		*(uint64_t *)numbers[i].to = v;
	else if (numbers[i].bytes == 4)
		*(uint32_t *)numbers[i].to = (uint32_t)v;
	else
		*(uint8_t *)numbers[i].to = (uint8_t)v;
	return true;
}

static bool take_protection(struct parser *ps, struct word list, struct zone_numbers *n)
{
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++) {
		struct word item = word_cut(&list, ',');

		if (!take_u64(ps, &item, "protection, one number for each of six zone types",
			      0, UINT64_MAX, &n->lowmem_reserve[type]))
			return false;
	}
	return true;
}

/* The description already says where the zone is. */
static bool begin_zone(struct parser *ps, unsigned int id, struct snapshot_zone *z)
{
	const struct mm_config *c = &ps->p->config;

	for (unsigned int i = 0; i < c->nr_zones; i++) {
		const struct zone_config *zc = &c->zones[i];

		if (zc->nid * (unsigned int)NR_ZONE_TYPES + zc->type != id)
			continue;
		z->start = zc->start;
		z->spanned = zc->spanned;
		z->present_pages = zc->present == PAGES_UNSET ? zc->spanned : zc->present;
		z->managed = zc->managed;
		snapshot_zone_size(z, pageblocks_needed(zc->start, zc->start + zc->spanned,
							c->pageblock_order), zc->spanned);
		if (zc->spanned && zc->managed != PAGES_UNSET)
			return true;
	}
	return refuse(ps, &ps->words[0], "a zone of the machine that says what it manages");
}

static bool line_zone(struct parser *ps)
{
	struct snapshot_zone *z = NULL;
	struct zone_numbers *n;
	uint8_t type;
	uint64_t nid;

	if (!take_small(ps, 1, "a node", MAX_NODES - 1, &nid))
		return false;
	if (!word_at(ps, 2))
		return refuse(ps, NULL, "a zone type");
	if (!take_zone_type(ps, word_at(ps, 2), &type))
		return false;
	ps->state_zone = 1 + (unsigned int)nid * NR_ZONE_TYPES + type;
	if (ps->p->state->zones[ps->state_zone - 1])
		return refuse(ps, &ps->words[2], "each zone once");
	z = snapshot_zone(ps->p->state, ps->state_zone - 1);
	if (!begin_zone(ps, ps->state_zone - 1, z))
		return false;
	n = &z->numbers;
	for (unsigned int i = 3; i < ps->nr_words; i++) {
		const struct number numbers[] = {
			{ "min", &n->watermark[WMARK_MIN], 8 },
			{ "low", &n->watermark[WMARK_LOW], 8 },
			{ "high", &n->watermark[WMARK_HIGH], 8 }, { "boost", &n->boost, 8 },
			{ "highatomic", &n->highatomic, 8 },
			{ "free", &n->count[NR_FREE_PAGES], 0 },
			{ "cma", &n->count[NR_FREE_CMA], 0 }, { "drift", &n->drift_mark, 8 },
			{ "pcp_high", &n->pageset_high, 4 }, { "pcp_batch", &n->pageset_batch, 4 },
			{ "pcp_high_max", &n->pageset_high_max, 4 },
			{ "free_highatomic", &n->free_highatomic, 8 },
		};
		struct word key, value;

		if (word_is(&ps->words[i], "boosted"))
			n->boosted = true;
		else if (word_is(&ps->words[i], "reclaim"))
			n->reclaim_active = true;
		else if (word_is(&ps->words[i], "below_high"))
			n->below_high = true;
		else if (word_split(&ps->words[i], &key, &value) && word_is(&key, "protection")) {
			if (!take_protection(ps, value, n))
				return false;
		} else if (!take_number(ps, &ps->words[i], numbers,
					sizeof(numbers) / sizeof(numbers[0]))) {
			return false;
		}
	}
	if (!n->pageset_high_max)
		n->pageset_high_max = n->pageset_high;
	return true;
}

static bool line_cpu(struct parser *ps)
{
	struct snapshot_zone *z = NULL;
	struct cpu_numbers *n;
	uint64_t cpu;

	if (!current_zone(ps, &z) ||
	    !take_small(ps, 1, "a CPU of the machine", ps->p->config.nr_cpus - 1u, &cpu))
		return false;
	n = &z->cpu[cpu].numbers;
	for (unsigned int i = 2; i < ps->nr_words; i++) {
		const struct number numbers[] = {
			{ "high", &n->high, 4 }, { "batch", &n->batch, 4 },
			{ "free_factor", &n->free_factor, 1 }, { "expire", &n->expire, 1 },
			{ "threshold", &n->threshold, 1 }, { "free", &n->diff[NR_FREE_PAGES], 3 },
			{ "cma", &n->diff[NR_FREE_CMA], 3 },
			{ "alloc_factor", &n->alloc_factor, 1 }, { "flags", &n->flags, 1 },
			{ "high_min", &n->high_min, 4 }, { "high_max", &n->high_max, 4 },
			{ "free_count", &n->free_count, 4 },
		};

		if (!take_number(ps, &ps->words[i], numbers,
				 sizeof(numbers) / sizeof(numbers[0])))
			return false;
	}
	/* Without rules=6.12 there is one limit. */
	if (!n->high_max)
		n->high_min = n->high_max = n->high;
	return true;
}

/* --- lists -------------------------------------------------------------------------------- */

/* PFN[*N]: N blocks of the order, one behind the other. */
static bool take_blocks(struct parser *ps, struct word w, struct snapshot_list *l,
			unsigned int order, unsigned int type)
{
	struct word count = w, first = word_cut(&count, '*');
	uint64_t pfn, nr = 1;

	if (!take_u64(ps, &first, "a pfn", 0, (1ULL << 48) - 1, &pfn) ||
	    (first.len != w.len && !take_u64(ps, &count, "a number of blocks", 1, 1 << 24, &nr)))
		return false;
	for (; nr; nr--, pfn += 1ULL << order)
		if (!snapshot_add(ps->p->state, l, SNAPSHOT_ENTRY(pfn, type)))
			return refuse(ps, &w, "all of a list before the next one begins");
	return true;
}

static bool line_free(struct parser *ps)
{
	struct snapshot_zone *z = NULL;
	unsigned int type;
	uint64_t order;

	if (!current_zone(ps, &z) || !take_small(ps, 1, "an order", MAX_ORDER, &order) ||
	    !take_letter(ps, word_at(ps, 2), &type))
		return false;
	for (unsigned int i = 3; i < ps->nr_words; i++)
		if (!take_blocks(ps, ps->words[i], &z->free[order][type], (unsigned int)order, 0))
			return false;
	return true;
}

static bool line_pcp(struct parser *ps)
{
	struct snapshot_zone *z = NULL;
	uint64_t cpu, list;
	unsigned int order;

	if (!current_zone(ps, &z) ||
	    !take_small(ps, 1, "a CPU of the machine", ps->p->config.nr_cpus - 1u, &cpu) ||
	    !take_small(ps, 2, "a list", NR_PCP_LISTS - 1, &list))
		return false;
	order = list < NR_PCP_LOW_LISTS ? (unsigned int)list / MIGRATE_PCPTYPES
					: ps->p->config.pageblock_order;
	for (unsigned int i = 3; i < ps->nr_words; i++) {
		struct snapshot_list *l = &z->cpu[cpu].lists[list];
		struct word block = ps->words[i], letter = word_cut(&block, ':');
		uint32_t before = l->nr;
		unsigned int type;

		if (!take_letter(ps, &letter, &type) || !take_blocks(ps, block, l, order, type))
			return false;
		z->cpu[cpu].count += (l->nr - before) << order;
	}
	return true;
}

static bool line_blocks(struct parser *ps)
{
	struct snapshot_zone *z = NULL;

	if (!current_zone(ps, &z))
		return false;
	for (unsigned int i = 1; i < ps->nr_words; i++) {
		struct word count = ps->words[i], letter = word_cut(&count, '*');
		unsigned int type;
		uint64_t nr = 1;

		if (!take_letter(ps, &letter, &type) ||
		    (letter.len != ps->words[i].len &&
		     !take_u64(ps, &count, "a number of pageblocks", 1, 1 << 24, &nr)))
			return false;
		if (nr > z->nr_types - ps->state_blocks)
			return refuse(ps, &ps->words[i], "no more pageblocks than the zone has");
		memset(z->types + ps->state_blocks, (int)type, (size_t)nr);
		for (uint64_t k = 0; k < nr; k++)
			z->isolated_blocks += type == MIGRATE_ISOLATE;
		ps->state_blocks += nr;
	}
	return true;
}

static bool line_movable(struct parser *ps)
{
	struct snapshot_zone *z = NULL;

	if (!current_zone(ps, &z))
		return false;
	for (unsigned int i = 1; i < ps->nr_words; i++) {
		struct word last = ps->words[i], first = word_cut(&last, '-');
		uint64_t from, to;

		if (first.len == ps->words[i].len)
			last = first;
		if (!take_u64(ps, &first, "a pfn of the zone", z->start,
			      z->start + z->spanned - 1, &from) ||
		    !take_u64(ps, &last, "a pfn of the zone", from, z->start + z->spanned - 1, &to))
			return false;
		for (; from <= to; from++)
			snapshot_set_movable(z, from - z->start);
	}
	return true;
}

static bool line_zonelist(struct parser *ps)
{
	const struct word *w = word_at(ps, 2);
	unsigned int kind;
	uint64_t nid;
	uint8_t *ids;

	if (!take_small(ps, 1, "a node", MAX_NODES - 1, &nid))
		return false;
	kind = w && word_is(w, "own");
	if (!w || (!kind && !word_is(w, "all")))
		return refuse(ps, w, "all or own");
	ids = ps->p->state->zonelist[nid][kind];
	ps->p->state->has_zonelist[nid][kind] = true;
	for (unsigned int i = 3; i < ps->nr_words; i++) {
		struct word type = ps->words[i], node = word_cut(&type, '.');
		uint64_t n;
		uint8_t t;

		if (!take_u64(ps, &node, "a node", 0, MAX_NODES - 1, &n) ||
		    !take_zone_type(ps, &type, &t))
			return false;
		ids[i - 3] = (uint8_t)(n * NR_ZONE_TYPES + t);
	}
	return true;
}

/* --- the line ----------------------------------------------------------------------------- */

bool parse_state_line(struct parser *ps)
{
	static const struct {
		const char *name;
		bool (*line)(struct parser *ps);
	} lines[] = {
		{ "zone", line_zone }, { "cpu", line_cpu }, { "free", line_free },
		{ "pcp", line_pcp }, { "blocks", line_blocks }, { "movable", line_movable },
		{ "zonelist", line_zonelist },
	};

	if (word_is(&ps->words[0], "zone"))
		ps->state_blocks = 0;
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (word_is(&ps->words[0], lines[i].name))
			return lines[i].line(ps);
	return refuse(ps, &ps->words[0], "zone, cpu, free, pcp, blocks, movable, zonelist or ops");
}

bool begin_state(struct parser *ps)
{
	ps->p->state = snapshot_new();
	ps->p->state->nr_cpus = ps->p->config.nr_cpus;
	return ps->nr_words == 1 || refuse(ps, &ps->words[1], "nothing after 'state'");
}
