/* SPDX-License-Identifier: MIT */
/*
 * op_text_machine.c - the lines of a .ops text that describe the machine
 *
 *   machine cpus=4 page_shift=12 pageblock_order=9 zones=DMA,DMA32,Normal,Movable
 *           kernelcore=PAGES movablecore=PAGES
 *   node 0 cpus=0-1                 what follows belongs to it; may be named again
 *   zone DMA start=1 spanned=4095 present=3998 managed=3840 managed_marks= managed_reserve=
 *   hole 159-255                    pfns, first-last; likewise reserved and cma
 *   distance 0 1 31                 both ways
 *   sysctl NAME=VALUE ...
 *   policy NAME=VALUE ... NAME ...
 */
#include <string.h>

#include "op_text.h"

/*
 * Can a small zone boot with what is set so far and with these ranges?  If
 * not, this line is to blame, and not a zone.
 */
static bool check_part(struct parser *ps, const struct pfn_range *ranges, uint8_t nr)
{
	struct mm_config part = ps->p->config;
	const char *wrong;

	part.online_nodes = 1;
	memset(part.node_cpus, 0, sizeof(part.node_cpus));
	machine_small_zone(&part);
	memcpy(part.holes, ranges, nr * sizeof(*ranges));
	part.nr_holes = nr;
	part.nr_reserved = part.nr_cma = 0;
	wrong = mm_config_check(&part, NULL);
	return !wrong || refuse(ps, &(struct word){ wrong, strlen(wrong) },
				"a machine that can boot");
}

static bool machine_zones(struct parser *ps, const struct word *value)
{
	struct word list = *value;
	unsigned int nr = word_items(value), types = 0;

	for (unsigned int i = 0; i < nr; i++) {
		struct word item = word_cut(&list, ',');
		unsigned int type = 0;

		while (type < NR_ZONE_TYPES &&
		       !word_is(&item, zone_type_name((enum zone_type)type)))
			type++;
		if (type == NR_ZONE_TYPES)
			return refuse(ps, &item, "zones= to be out of DMA, DMA32, Normal, "
				      "HighMem, Movable, Device");
		if (types >> type & 1)
			return refuse(ps, &item, "each of zones= once");
		types |= 1u << type;
	}
	if (!(types >> ZONE_NORMAL & types >> ZONE_MOVABLE & 1))
		return refuse(ps, value, "Normal and Movable among zones=");
	ps->p->config.zone_types = (uint8_t)types;
	return true;
}

static bool take_u8(struct parser *ps, const struct word *w, const char *what, uint8_t lo,
		    uint8_t hi, uint8_t *v)
{
	uint64_t u;

	if (!take_u64(ps, w, what, lo, hi, &u))
		return false;
	*v = (uint8_t)u;
	return true;
}

static bool line_machine(struct parser *ps)
{
	static const char *const keys[] = {
		"cpus", "page_shift", "pageblock_order", "zones", "kernelcore", "movablecore",
	};
	struct mm_config *c = &ps->p->config;
	uint32_t seen = 0;

	if (ps->saw_machine || ps->node != NODE_NONE || ps->ratios)
		return refuse(ps, &ps->words[0], "one machine line, before nodes, zones, ratios");
	ps->saw_machine = true;
	for (unsigned int i = 1; i < ps->nr_words; i++) {
		struct word v;
		bool ok = false;

		switch (take_key(ps, &ps->words[i], keys, 6, &seen, &v)) {
		case 0: ok = take_u8(ps, &v, "cpus", 1, MAX_CPUS, &c->nr_cpus); break;
		case 1: ok = take_u8(ps, &v, "page_shift", 12, 16, &c->page_shift); break;
		case 2:
			ok = take_u8(ps, &v, "pageblock_order", 1, MAX_ORDER, &c->pageblock_order);
			break;
		case 3: ok = machine_zones(ps, &v); break;
		case 4: ok = take_u64(ps, &v, "kernelcore", 0, UINT64_MAX, &c->kernelcore); break;
		case 5: ok = take_u64(ps, &v, "movablecore", 0, UINT64_MAX, &c->movablecore); break;
		}
		if (!ok)
			return false;
	}
	return check_part(ps, c->holes, 0);
}

/* --- nodes -------------------------------------------------------------------------------- */

static bool node_cpus(struct parser *ps, const struct word *value)
{
	struct mm_config *c = &ps->p->config;
	uint64_t cpus, taken = 0;

	if (!take_set(ps, value, "cpus", c->nr_cpus, &cpus))
		return false;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (ps->node_has_cpus >> nid & 1)
			taken |= c->node_cpus[nid];
	if (cpus & taken)
		return refuse(ps, value, "CPUs that no other node has");
	c->node_cpus[ps->node] = cpus;
	ps->node_has_cpus |= (uint8_t)(1u << ps->node);
	return true;
}

static bool line_node(struct parser *ps)
{
	static const char *const keys[] = { "cpus" };
	struct mm_config *c = &ps->p->config;
	uint32_t seen = 0;
	struct word value;
	uint8_t nid;

	if (ps->nr_words < 2)
		return refuse(ps, NULL, "the number of the node");
	if (!take_u8(ps, &ps->words[1], "the node", 0, MAX_NODES - 1, &nid))
		return false;
	if (ps->node == NODE_NONE)
		c->online_nodes = 0;
	ps->node = nid;
	c->online_nodes |= (uint8_t)(1u << nid);
	seen = ps->node_has_cpus >> nid & 1;
	for (unsigned int i = 2; i < ps->nr_words; i++)
		if (take_key(ps, &ps->words[i], keys, 1, &seen, &value) != 0 ||
		    !node_cpus(ps, &value))
			return false;
	return true;
}

static bool line_distance(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;
	uint8_t nid[2], distance;

	if (ps->nr_words != 4)
		return refuse(ps, ps->nr_words > 4 ? &ps->words[4] : NULL,
			      "two nodes and their distance");
	for (unsigned int i = 0; i < 2; i++) {
		if (!take_u8(ps, &ps->words[i + 1], "the node", 0, MAX_NODES - 1, &nid[i]))
			return false;
		if (!(c->online_nodes >> nid[i] & 1))
			return refuse(ps, &ps->words[i + 1], "a node that has a line");
	}
	if (nid[0] == nid[1])
		return refuse(ps, &ps->words[2], "two different nodes");
	if (!take_u8(ps, &ps->words[3], "the distance", 10, UINT8_MAX, &distance))
		return false;
	if (ps->distances >> (nid[0] * MAX_NODES + nid[1]) & 1)
		return refuse(ps, &ps->words[0], "each distance once");
	ps->distances |= UINT64_C(1) << (nid[0] * MAX_NODES + nid[1]) |
			 UINT64_C(1) << (nid[1] * MAX_NODES + nid[0]);
	c->distance[nid[0]][nid[1]] = c->distance[nid[1]][nid[0]] = distance;
	return true;
}

/* --- zones and ranges --------------------------------------------------------------------- */

static bool zone_keys(struct parser *ps, struct zone_config *z)
{
	static const char *const keys[] = {
		"start", "spanned", "present", "managed", "managed_marks", "managed_reserve",
	};
	uint64_t *fields[] = {
		&z->start, &z->spanned, &z->present, &z->managed, &z->managed_marks,
		&z->managed_reserve,
	};
	uint32_t seen = 0;

	for (unsigned int i = 2; i < ps->nr_words; i++) {
		struct word value;
		unsigned int k = take_key(ps, &ps->words[i], keys, 6, &seen, &value);

		if (k == 6 || !take_u64(ps, &value, keys[k], 0, PAGES_UNSET - 1, fields[k]))
			return false;
	}
	if (!(seen >> 1 & 1) || (!(seen & 1) && z->spanned))
		return refuse(ps, NULL, "start= and spanned=");
	return true;
}

static bool line_zone(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;
	struct zone_config *z = &c->zones[c->nr_zones];

	if (c->nr_zones == MAX_ZONES)
		return refuse(ps, &ps->words[0], "at most %d zones", MAX_ZONES);
	if (ps->node == NODE_NONE) {
		ps->node = 0;
		ps->implicit_node = true;
	}
	*z = (struct zone_config){
		.nid = ps->node, .present = PAGES_UNSET, .managed = PAGES_UNSET,
		.managed_marks = PAGES_UNSET, .managed_reserve = PAGES_UNSET,
	};
	if (ps->nr_words < 2)
		return refuse(ps, NULL, "the type of the zone");
	if (!take_zone_type(ps, &ps->words[1], &z->type))
		return false;
	for (unsigned int i = 0; i < c->nr_zones; i++)
		if (c->zones[i].nid == z->nid && c->zones[i].type == z->type)
			return refuse(ps, &ps->words[1], "each zone of a node once");
	if (!zone_keys(ps, z))
		return false;
	ps->zone_line[c->nr_zones++] = ps->line;
	return true;
}

/* "first-last", both inclusive. */
static bool take_range(struct parser *ps, struct pfn_range *ranges, uint8_t *nr)
{
	struct word last, first;
	uint64_t a, b;

	if (ps->nr_words != 2)
		return refuse(ps, ps->nr_words > 2 ? &ps->words[2] : NULL, "one range FIRST-LAST");
	if (*nr == MAX_RANGES)
		return refuse(ps, &ps->words[1], "at most %d ranges of a kind", MAX_RANGES);
	last = ps->words[1];
	first = word_cut(&last, '-');
	if (first.len == ps->words[1].len)
		return refuse(ps, &ps->words[1], "a range FIRST-LAST");
	if (!take_u64(ps, &first, "the first pfn", 0, UINT64_MAX - 1, &a) ||
	    !take_u64(ps, &last, "the last pfn", 0, UINT64_MAX - 1, &b))
		return false;
	if (a > b)
		return refuse(ps, &ps->words[1], "a range whose last pfn is not below its first");
	ranges[*nr] = (struct pfn_range){ a, b + 1 };
	return check_part(ps, &ranges[(*nr)++], 1);
}

static bool line_hole(struct parser *ps)
{
	return take_range(ps, ps->p->config.holes, &ps->p->config.nr_holes);
}

static bool line_reserved(struct parser *ps)
{
	return take_range(ps, ps->p->config.reserved, &ps->p->config.nr_reserved);
}

static bool line_cma(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;

	ps->cma_line[c->nr_cma % MAX_RANGES] = ps->line;
	return take_range(ps, c->cma, &c->nr_cma);
}

/* --- sysctls and policies ----------------------------------------------------------------- */

static bool one_sysctl(struct parser *ps, const struct word *w)
{
	struct setting set[NR_ZONE_TYPES];
	unsigned int nr = take_sysctl(ps, w, set);

	for (unsigned int i = 0; i < nr; i++) {
		bool ratio = set[i].name == SYSCTL_LOWMEM_RESERVE_RATIO;
		uint32_t *seen = ratio ? &ps->ratios : &ps->settings;
		uint32_t bit = 1u << (ratio ? set[i].index : set[i].name);

		if (*seen & bit)
			return refuse(ps, w, "each sysctl once");
		*seen |= bit;
		if (!machine_set_sysctl(&ps->p->config.sysctl, set[i].name, set[i].index,
					set[i].value))
			return refuse(ps, w, "a value that %s can have", sysctl_text(set[i].name));
	}
	return nr != 0;
}

static bool line_sysctl(struct parser *ps)
{
	if (ps->nr_words < 2)
		return refuse(ps, NULL, "NAME=VALUE after sysctl");
	for (unsigned int i = 1; i < ps->nr_words; i++)
		if (!one_sysctl(ps, &ps->words[i]))
			return false;
	return check_part(ps, ps->p->config.holes, 0);
}

/* A choice has a word, a flag has none. */
static bool set_policy(struct parser *ps, const struct word *w, unsigned int i,
		       const struct word *value)
{
	unsigned int nr = policy_infos[i].nr, v = 1;
	char list[80] = "";

	if (policy_infos[i].values[0]) {
		v = value ? word_among(value, policy_infos[i].values, nr) : nr;
	} else if (value) {
		return refuse(ps, w, "%s without a value", policy_infos[i].name);
	}
	if (v < nr) {
		*policy_byte(&ps->p->config.policy, i) = (uint8_t)v;
		return true;
	}
	for (unsigned int k = 0; k < nr; k++)
		strcat(strcat(list, k ? "|" : ""), policy_infos[i].values[k]);
	return refuse(ps, w, "%s=%s", policy_infos[i].name, list);
}

/* Which kernel's lists and sets; it has no binary form. */
static bool set_rules(struct parser *ps, const struct word *w, const struct word *value)
{
	if (!value || (!word_is(value, "6.1") && !word_is(value, "6.12")))
		return refuse(ps, w, "rules=6.1|6.12");
	ps->p->config.policy.rules = word_is(value, "6.12") ? RULES_6_12 : RULES_6_1;
	return true;
}

static bool one_policy(struct parser *ps, const struct word *w)
{
	struct word key = *w, value;
	bool has_value = word_split(w, &key, &value);
	uint64_t batch;
	unsigned int i = 0;

	if (word_is(&key, "rules"))
		return set_rules(ps, w, has_value ? &value : NULL);
	while (i < NR_POLICY_INFOS && !word_is(&key, policy_infos[i].name))
		i++;
	if (i == NR_POLICY_INFOS && !word_is(&key, "pcp_batch"))
		return refuse(ps, w, "the name of a policy, such as marks");
	if (ps->policies >> i & 1)
		return refuse(ps, w, "each policy once");
	ps->policies |= 1u << i;
	if (i < NR_POLICY_INFOS)
		return set_policy(ps, w, i, has_value ? &value : NULL);
	if (!has_value)
		return refuse(ps, w, "pcp_batch=PAGES");
	if (!take_u64(ps, &value, "pcp_batch", 0, UINT32_MAX, &batch))
		return false;
	ps->p->config.policy.pcp_batch = (uint32_t)batch;
	return true;
}

static bool line_policy(struct parser *ps)
{
	if (ps->nr_words < 2)
		return refuse(ps, NULL, "NAME or NAME=VALUE after policy");
	for (unsigned int i = 1; i < ps->nr_words; i++)
		if (!one_policy(ps, &ps->words[i]))
			return false;
	return check_part(ps, ps->p->config.holes, 0);
}

/* --- the whole ---------------------------------------------------------------------------- */

bool parse_machine_line(struct parser *ps)
{
	static const struct {
		const char *word;
		bool	  (*parse)(struct parser *ps);
	} lines[] = {
		{ "machine", line_machine }, { "node", line_node }, { "zone", line_zone },
		{ "hole", line_hole }, { "reserved", line_reserved }, { "cma", line_cma },
		{ "distance", line_distance }, { "sysctl", line_sysctl },
		{ "policy", line_policy }, { "schedule", parse_schedule_line },
	};

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (word_is(&ps->words[0], lines[i].word))
			return lines[i].parse(ps);
	return refuse(ps, &ps->words[0], "machine, node, zone, hole, reserved, cma, distance, "
		      "sysctl, policy, schedule or ops");
}

/* CPUs that no line names belong to the node that has no line, or to the first one. */
static bool finish_cpus(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;
	uint64_t left = c->nr_cpus == MAX_CPUS ? UINT64_MAX : (UINT64_C(1) << c->nr_cpus) - 1;
	char cpu[16];

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		if (!(ps->node_has_cpus >> nid & 1))
			c->node_cpus[nid] = 0;
		left &= ~c->node_cpus[nid];
	}
	if (!ps->node_has_cpus)
		c->node_cpus[ffs_u64(c->online_nodes)] = left;
	else if (ps->implicit_node && !(ps->node_has_cpus & 1))
		c->node_cpus[0] = left;
	else if (left)
		return refuse(ps, &(struct word){ cpu, (size_t)snprintf(cpu, sizeof(cpu), "CPU %u",
				      ffs_u64(left)) }, "every CPU on some node");
	return true;
}

/* All but zones and CMA ranges has been checked line by line. */
static bool check_whole(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;
	struct mm_config part = *c;
	unsigned int culprit = 0;
	const char *wrong;

	part.nr_cma = 0;
	wrong = mm_config_check(&part, &culprit);
	if (wrong) {
		ps->line = ps->zone_line[culprit];
	} else {
		wrong = mm_config_check(c, &culprit);
		if (!wrong)
			return true;
		ps->line = ps->cma_line[culprit];
	}
	return refuse(ps, &(struct word){ wrong, strlen(wrong) }, "a machine that can boot");
}

bool finish_machine(struct parser *ps)
{
	struct mm_config *c = &ps->p->config;

	if (!c->nr_zones)
		return refuse(ps, ps->nr_words ? &ps->words[0] : &(struct word){ "none", 4 },
			      "a line for at least one zone before the ops");
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (!(c->zone_types >> type & 1))
			c->sysctl.lowmem_reserve_ratio[type] = 0;
	return finish_cpus(ps) && check_whole(ps);
}
