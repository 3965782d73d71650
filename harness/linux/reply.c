/* SPDX-License-Identifier: GPL-2.0-only */
/* reply.c - reading a guest's reply */
#include "linux/reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pcp.h"

enum { SECTION_BYTES = 16, KERNEL_6_12 = 6 << 16 | 12 << 8 };

struct section {
	unsigned int kind, node, zone;
	uint32_t index;
	uint64_t nr;
	const uint8_t *words;
};

struct reader {
	const uint8_t *at, *end;
	struct reply *reply;
	struct snapshot *s;		/* that is being read; NULL: none */
	unsigned int snapshots;		/* seen so far */
	char *wrong;
};

static bool refuse(const struct reader *r, const char *what, uint64_t number)
{
	snprintf(r->wrong, REPLY_SENTENCE, "%s %" PRIu64, what, number);
	return false;
}

static uint64_t word(const struct section *s, uint64_t i)
{
	return wire_word(s->words + i * 8);
}

static bool next_section(struct reader *r, struct section *s)
{
	if (r->end - r->at < SECTION_BYTES)
		return refuse(r, "the reply ends without its end, bytes left",
			      (uint64_t)(r->end - r->at));
	s->kind = (unsigned int)(r->at[0] | r->at[1] << 8);
	s->node = r->at[2];
	s->zone = r->at[3];
	s->index = (uint32_t)(wire_word(r->at) >> 32);
	s->nr = wire_word(r->at + 8);
	s->words = r->at + SECTION_BYTES;
	if (s->kind >= NR_WIRE_SECTIONS || s->node >= MAX_NODES || s->zone >= NR_ZONE_TYPES)
		return refuse(r, "no such section, node or zone; kind", s->kind);
	if (s->nr > (uint64_t)(r->end - s->words) / 8)
		return refuse(r, "a section leaves the reply; kind", s->kind);
	r->at = s->words + s->nr * 8;
	return true;
}

/* --- the parts of a snapshot -------------------------------------------------------------- */

static bool is_6_12(const struct reader *r)
{
	return r->reply->machine[WM_KERNEL] >= KERNEL_6_12;
}

static bool read_machine(struct reader *r, const struct section *s)
{
	uint64_t cpus;

	if (s->nr < NR_WM)
		return refuse(r, "the machine has too few words:", s->nr);
	for (unsigned int i = 0; i < NR_WM; i++)
		r->reply->machine[i] = word(s, i);
	cpus = r->reply->machine[WM_ONLINE_CPUS];
	if (!cpus || (cpus & (cpus + 1)))
		return refuse(r, "CPUs are offline; online are, as a mask,", cpus);
	r->s->nr_cpus = (uint8_t)popcount_u64(cpus);
	return true;
}

static bool read_node(struct reader *r, const struct section *s)
{
	if (!s->nr || s->nr > 1 + MAX_NODES)
		return refuse(r, "a node has a wrong number of words:", s->nr);
	r->reply->cpus[s->node] = word(s, 0);
	for (unsigned int i = 1; i < s->nr; i++)
		r->reply->distance[s->node][i - 1] = (uint8_t)word(s, i);
	return true;
}

static bool read_zonelist(struct reader *r, const struct section *s)
{
	uint8_t *ids;

	if (s->index >= NR_ZONELISTS || s->nr > MAX_ZONES)
		return refuse(r, "no such zonelist:", s->index);
	ids = r->s->zonelist[s->node][s->index];
	for (unsigned int i = 0; i < s->nr; i++) {
		if (word(s, i) >= MAX_ZONES)
			return refuse(r, "no such zone in a zonelist:", word(s, i));
		ids[i] = (uint8_t)word(s, i);
	}
	ids[s->nr] = ZONE_ID_END;
	r->s->has_zonelist[s->node][s->index] = true;
	return true;
}

static bool read_zone(struct reader *r, const struct section *s, struct snapshot_zone *z,
		      unsigned int id)
{
	struct zone_numbers *n = &z->numbers;

	if (s->nr < NR_WZ)
		return refuse(r, "a zone has too few words:", s->nr);
	z->start = word(s, WZ_START);
	z->spanned = word(s, WZ_SPANNED);
	z->present_pages = word(s, WZ_PRESENT);
	z->managed = word(s, WZ_MANAGED);
	z->isolated_blocks = word(s, WZ_ISOLATED_BLOCKS);
	for (unsigned int i = 0; i < NR_WMARK; i++)
		n->watermark[i] = word(s, WZ_MIN + i);
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		n->lowmem_reserve[i] = word(s, WZ_RESERVE + i);
	n->boost = word(s, WZ_BOOST);
	n->highatomic = word(s, WZ_HIGHATOMIC);
	n->count[NR_FREE_PAGES] = (int64_t)word(s, WZ_FREE);
	n->count[NR_FREE_CMA] = (int64_t)word(s, WZ_FREE_CMA);
	n->boosted = word(s, WZ_FLAGS) & WIRE_BOOSTED;
	n->reclaim_active = (word(s, WZ_FLAGS) & WIRE_RECLAIM_ACTIVE) != 0;
	n->drift_mark = word(s, WZ_DRIFT_MARK);
	n->pageset_high = (uint32_t)word(s, WZ_PAGESET_HIGH);
	n->pageset_batch = (uint32_t)word(s, WZ_PAGESET_BATCH);
	n->pageset_high_max = n->pageset_high;
	if (is_6_12(r)) {
		n->pageset_high_max = (uint32_t)word(s, WZ_PAGESET_HIGH_MAX);
		n->free_highatomic = word(s, WZ_FREE_HIGHATOMIC);
		n->below_high = (word(s, WZ_FLAGS) & WIRE_BELOW_HIGH) != 0;
	}
	if (r->snapshots == 1) {
		r->reply->zone_seen |= UINT64_C(1) << id;
		for (unsigned int i = 0; i < NR_WZ; i++)
			r->reply->zone_words[id][i] = word(s, i);
	}
	return true;
}

static bool read_cpu(struct reader *r, const struct section *s, struct snapshot_zone *z)
{
	struct snapshot_cpu *c;

	if (s->index >= MAX_CPUS || s->nr < NR_WC)
		return refuse(r, "no such CPU, or too few words:", s->index);
	c = &z->cpu[s->index];
	c->count = (uint32_t)word(s, WC_COUNT);
	c->numbers = (struct cpu_numbers){
		.high = (uint32_t)word(s, WC_HIGH), .batch = (uint32_t)word(s, WC_BATCH),
		.free_factor = (uint8_t)word(s, WC_FREE_FACTOR),
		.expire = (uint8_t)word(s, WC_EXPIRE),
		.threshold = (uint8_t)word(s, WC_THRESHOLD),
		.high_min = (uint32_t)word(s, WC_HIGH), .high_max = (uint32_t)word(s, WC_HIGH),
	};
	if (is_6_12(r)) {
		c->numbers.alloc_factor = (uint8_t)word(s, WC_ALLOC_FACTOR);
		c->numbers.flags = (uint8_t)word(s, WC_FLAGS);
		c->numbers.high_min = (uint32_t)word(s, WC_HIGH_MIN);
		c->numbers.high_max = (uint32_t)word(s, WC_HIGH_MAX);
		c->numbers.free_count = (uint32_t)word(s, WC_FREE_COUNT);
	}
	c->numbers.diff[NR_FREE_PAGES] = (int16_t)word(s, WC_DIFF_FREE);
	c->numbers.diff[NR_FREE_CMA] = (int16_t)word(s, WC_DIFF_CMA);
	return true;
}

static bool read_list(struct reader *r, const struct section *s, struct snapshot_list *l)
{
	if (l->nr)
		return refuse(r, "a list comes twice:", s->index);
	for (uint64_t i = 0; i < s->nr; i++)
		if (!snapshot_add(r->s, l, word(s, i)))
			return refuse(r, "a list is not in one piece:", s->index);
	return true;
}

/* From 6.12 on per-CPU pages remember no type: they are of the list that they are on. */
static bool forget_types(struct reader *r, const struct snapshot_list *l, unsigned int list)
{
	for (uint32_t i = 0; is_6_12(r) && i < l->nr; i++) {
		uint64_t *entry = &r->s->blocks[l->first + i];

		*entry = SNAPSHOT_ENTRY(SNAPSHOT_PFN(*entry), pcp_list_type(list));
	}
	return true;
}

static bool read_places(struct reader *r, const struct section *s, struct snapshot_zone *z)
{
	uint64_t i;

	if (s->kind == WIRE_BLOCKS) {
		free(z->types);
		z->nr_types = s->nr;
		z->types = calloc((size_t)s->nr + 1, 1);
		/* A pageblock without any memory has no type: it is as zeroed memory says. */
		for (i = 0; z->types && i < s->nr; i++) {
			uint64_t type = word(s, i) == WIRE_NONE ? MIGRATE_UNMOVABLE : word(s, i);

			if (type >= NR_MIGRATETYPES)
				break;
			z->types[i] = (uint8_t)type;
		}
	} else {
		free(z->movable);
		z->nr_words = s->nr;
		z->movable = calloc((size_t)s->nr + 1, 8);
		for (i = 0; z->movable && i < s->nr; i++)
			z->movable[i] = word(s, i);
	}
	return i == s->nr || refuse(r, "no such type of pageblock", i);
}

static bool read_zone_part(struct reader *r, const struct section *s)
{
	unsigned int id = s->node * NR_ZONE_TYPES + s->zone;
	struct snapshot_zone *z = snapshot_zone(r->s, id);

	switch (s->kind) {
	case WIRE_ZONE:
		return read_zone(r, s, z, id);
	case WIRE_ZONE_CPU:
		return read_cpu(r, s, z);
	case WIRE_FREE_LIST_OF:
		if (s->index >> 8 > MAX_ORDER || (s->index & 0xff) >= NR_MIGRATETYPES)
			return refuse(r, "no such free list:", s->index);
		return read_list(r, s, &z->free[s->index >> 8][s->index & 0xff]);
	case WIRE_PCP_LIST:
		if (s->index >> 8 >= MAX_CPUS || (s->index & 0xff) >= NR_PCP_LISTS)
			return refuse(r, "no such per-CPU list:", s->index);
		return read_list(r, s, &z->cpu[s->index >> 8].lists[s->index & 0xff]) &&
		       forget_types(r, &z->cpu[s->index >> 8].lists[s->index & 0xff],
				    s->index & 0xff);
	default:
		return read_places(r, s, z);
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

static bool read_section(struct reader *r, const struct section *s)
{
	if (s->kind == WIRE_SNAPSHOT) {
		if (s->index != r->snapshots || s->index > 1)
			return refuse(r, "snapshots are out of order:", s->index);
		r->s = snapshot_new();
		*(s->index ? &r->reply->after : &r->reply->before) = r->s;
		r->snapshots++;
		return true;
	}
	if (s->kind == WIRE_RESULTS) {
		r->reply->results = s->words;
		r->reply->nr_results = s->nr;
		r->s = NULL;
		return true;
	}
	if (!r->s)
		return refuse(r, "a section outside of a snapshot:", s->kind);
	switch (s->kind) {
	case WIRE_MACHINE: return read_machine(r, s);
	case WIRE_NODE: return read_node(r, s);
	case WIRE_ZONELIST: return read_zonelist(r, s);
	default: return read_zone_part(r, s);
	}
}

/* Zones without pages say something of the machine, but have no state. */
static void drop_empty(struct snapshot *s)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		struct snapshot_zone *z = s->zones[id];

		if (!z || z->present_pages)
			continue;
		free(z->types);
		free(z->movable);
		free(z);
		s->zones[id] = NULL;
	}
}

bool reply_read(const struct window *w, uint32_t program, struct reply *reply,
		char wrong[REPLY_SENTENCE])
{
	const struct wire_program *p = &window_head(w)->programs[program];
	struct reader r = { .reply = reply, .wrong = wrong };
	struct section s = { .kind = NR_WIRE_SECTIONS };

	memset(reply, 0, sizeof(*reply));
	if (p->status != WIRE_DONE)
		return refuse(&r, "the guest has not run it; status", p->status);
	if (p->reply > w->nr_bytes || p->reply % 8 || p->reply_bytes > w->nr_bytes - p->reply)
		return refuse(&r, "the reply is not in the window, at", p->reply);
	r.at = w->bytes + p->reply;
	r.end = r.at + p->reply_bytes;
	while (next_section(&r, &s) && s.kind != WIRE_END)
		if (!read_section(&r, &s))
			return false;
	if (s.kind != WIRE_END)
		return false;
	if (r.snapshots != 2 || !reply->results)
		return refuse(&r, "snapshots or results are missing; snapshots", r.snapshots);
	drop_empty(reply->before);
	drop_empty(reply->after);
	return true;
}

void reply_free(struct reply *r)
{
	snapshot_delete(r->before);
	snapshot_delete(r->after);
	memset(r, 0, sizeof(*r));
}

uint64_t reply_result(const struct reply *r, uint64_t i)
{
	return i < r->nr_results ? wire_word(r->results + i * 8) : WIRE_NONE;
}

/* --- the machine -------------------------------------------------------------------------- */

static void config_sysctls(const struct reply *r, struct sysctls *s)
{
	const uint64_t *m = r->machine;

	s->min_free_kbytes = (int32_t)m[WM_MIN_FREE_KBYTES];
	s->watermark_scale_factor = (uint32_t)m[WM_WATERMARK_SCALE_FACTOR];
	s->watermark_boost_factor = (uint32_t)m[WM_WATERMARK_BOOST_FACTOR];
	s->percpu_pagelist_high_fraction = (uint32_t)m[WM_PCP_HIGH_FRACTION];
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		s->lowmem_reserve_ratio[i] = (int32_t)m[WM_LOWMEM_RATIO + i];
}

static void config_zones(const struct reply *r, struct mm_config *c)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		const uint64_t *z = r->zone_words[id];

		if (!(r->zone_seen >> id & 1) || !z[WZ_PRESENT])
			continue;
		c->zones[c->nr_zones++] = (struct zone_config){
			.nid = (uint8_t)(id / NR_ZONE_TYPES), .type = (uint8_t)(id % NR_ZONE_TYPES),
			.start = z[WZ_START], .spanned = z[WZ_SPANNED], .present = z[WZ_PRESENT],
			.managed = z[WZ_MANAGED], .managed_marks = PAGES_UNSET,
			.managed_reserve = PAGES_UNSET };
	}
}

bool reply_config(const struct reply *r, struct mm_config *c, char wrong[REPLY_SENTENCE])
{
	const uint64_t *m = r->machine;
	unsigned int culprit;
	const char *sentence;

	mm_config_default(c);
	if (m[WM_MAX_ORDER] != MAX_ORDER) {
		snprintf(wrong, REPLY_SENTENCE, "the kernel's largest order is %" PRIu64,
			 m[WM_MAX_ORDER]);
		return false;
	}
	c->nr_cpus = (uint8_t)popcount_u64(m[WM_ONLINE_CPUS]);
	c->page_shift = (uint8_t)m[WM_PAGE_SHIFT];
	c->pageblock_order = (uint8_t)m[WM_PAGEBLOCK_ORDER];
	c->zone_types = (uint8_t)m[WM_ZONE_TYPES];
	c->online_nodes = (uint8_t)m[WM_ONLINE_NODES];
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		c->node_cpus[nid] = r->cpus[nid] & m[WM_ONLINE_CPUS];
		for (unsigned int to = 0; to < MAX_NODES; to++)
			if (r->distance[nid][to])
				c->distance[nid][to] = r->distance[nid][to];
	}
	config_sysctls(r, &c->sysctl);
	if (m[WM_KERNEL] >= KERNEL_6_12) {
		c->policy.rules = RULES_6_12;
		c->policy.movable = MOVABLE_HIGHMEM;
	}
	config_zones(r, c);
	sentence = mm_config_check(c, &culprit);
	if (sentence)
		snprintf(wrong, REPLY_SENTENCE, "the machine cannot be described: %s (%u)",
			 sentence, culprit);
	return !sentence;
}
