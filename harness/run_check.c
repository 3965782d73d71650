/* SPDX-License-Identifier: MIT */
/* run_check.c - what must hold after each op and at the end; state as extra coverage */
#include "run_internal.h"

#include <inttypes.h>

#include "mobility.h"
#include "validate.h"

void run_begin_op(struct run *r)
{
	r->hw.steps = 0;
	sim_set_alarm(&r->hw);
	r->hw.struck = 0;
	r->hw.nr_touched = 0;
	r->hw.zones_touched = 0;
	memset(r->hw.nr_events, 0, sizeof(r->hw.nr_events));
	r->refused = false;
}

/* --- counts (X1, X2) ---------------------------------------------------------------------- */

static const struct list *list_at(const struct zone *z, unsigned int list)
{
	return (const struct list *)z->area + list;
}

static void see_list(struct zone_seen *seen, const struct list *l, unsigned int list)
{
	uint32_t was = seen->nr[list], nr = l->nr;
	unsigned int order, type;

	run_check(X3, nr ? l->first && l->last : !(l->first | l->last));
	if (nr == was)
		return;
	order = list / NR_MIGRATETYPES;
	type = list % NR_MIGRATETYPES;
	seen->nr[list] = nr;
	seen->pages[type] += ((int64_t)nr - was) * (1 << order);
	if (nr && was)
		return;
	seen->orders[type] ^= (uint16_t)(1u << order);
	seen->changed |= (uint8_t)(1u << type);
}

static void see_lists(struct run *r, const struct zone *z)
{
	struct zone_seen *seen = &r->seen[z->id];

	for (unsigned int list = 0; list < NR_ORDERS * NR_MIGRATETYPES; list++)
		if (list_at(z, list)->nr != seen->nr[list])
			see_list(seen, list_at(z, list), list);
}

void run_see_zone(struct run *r, const struct zone *z)
{
	r->seen[z->id] = (struct zone_seen){ .nr = { 0 } };
	see_lists(r, z);
}

/* No list changes without a word to hook_touched(). */
static void check_seen(const struct run *r, const struct zone *z)
{
	for (unsigned int list = 0; list < NR_ORDERS * NR_MIGRATETYPES; list++)
		run_check(X3, list_at(z, list)->nr == r->seen[z->id].nr[list]);
}

/* X2: counters against lists.  X1: a managed page is on some list, or somebody's. */
static void check_counts(struct run *r, const struct zone *z)
{
	const int64_t *on = r->seen[z->id].pages;
	int64_t free = z->stats.count[NR_FREE_PAGES], cma = z->stats.count[NR_FREE_CMA];
	int64_t listed = 0, sets = 0;

	for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++) {
		free += z->cpu[cpu].stat.diff[NR_FREE_PAGES];
		cma += z->cpu[cpu].stat.diff[NR_FREE_CMA];
		sets += z->cpu[cpu].pcp.count;
	}
	for (unsigned int type = 0; type < MIGRATE_ISOLATE; type++)
		listed += on[type];
	run_check(X2, free == listed && cma == on[MIGRATE_CMA]);
	/* What is isolated does not count as free (B4). */
	run_check(X1, free + on[MIGRATE_ISOLATE] + sets +
		      (int64_t)oracle_owned(r->oracle, z->id) == (int64_t)z->managed);
}

/*
 * The blocks that the op put on a list or took off one, and the lists.  What
 * follows itself, as a page does on its way through a set, is looked at once.
 */
static void see_touched(struct run *r, uint32_t nr)
{
	const struct touched *t = r->hw.touched, *end = t + nr;
	unsigned int set = UINT32_MAX, zone = MAX_ZONES;
	pfn_t pfn = PFN_NONE;

	for (; t < end; t++) {
		const struct zone *z = &r->mm.zones[t->zone];

		if (t->pfn != pfn || t->zone != zone) {
			pfn = t->pfn;
			zone = t->zone;
			validate_block(&r->mm, z, pfn);
		}
		if (t->list < LIST_OF_CPU) {
			see_list(&r->seen[zone], list_at(z, t->list), t->list);
		} else if (set != zone * 256 + t->list) {
			set = zone * 256 + t->list;
			validate_pcp_count(z, t->list - LIST_OF_CPU);
		}
	}
}

/* More was touched than is remembered. */
static void see_everything(struct run *r)
{
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		const struct zone *z = &r->mm.zones[r->zone_ids[i]];

		see_lists(r, z);
		validate_zone_counts(&r->mm, z);
	}
}

/*
 * X6: what came to nothing moved nothing; but a request that may wait can have
 * made the highatomic reserve its own: free blocks, now on lists of its type.
 */
static void check_nothing_moved(struct run *r, uint32_t nr)
{
	unsigned int type = r->mm.tun.grouping_off ? 0 : r->refused_gfp >> 3 & 3;

	run_check(X6, nr == 0 || (r->refused_gfp & __GFP_DIRECT_RECLAIM));
	for (uint32_t i = 0; i < nr; i++) {
		const struct page *page = mm_page(&r->mm, r->hw.touched[i].pfn);

		run_check(X6, page->state == PAGE_FREE && page->type == type);
	}
}

void run_check_op(struct run *r)
{
	static const uint8_t none[RANK_ZONE + 1];
	struct hw *hw = &r->hw;
	uint32_t nr = hw->nr_touched < TOUCHED_MAX ? hw->nr_touched : TOUCHED_MAX;

	run_check(X9, memcmp(hw->held, none, sizeof(none)) == 0);
	run_check(X9, !hw->irq_masked);
	see_touched(r, nr);
	if (hw->nr_touched > TOUCHED_MAX)
		see_everything(r);
	for (uint64_t ids = hw->zones_touched; ids; ids &= ids - 1)
		check_counts(r, &r->mm.zones[ffs_u64(ids)]);
	if (r->refused && !hw->struck)
		check_nothing_moved(r, nr);
}

void run_check_everything(struct run *r)
{
	validate_mm(&r->mm);
	oracle_recount(r->oracle);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		check_seen(r, &r->mm.zones[r->zone_ids[i]]);
		check_counts(r, &r->mm.zones[r->zone_ids[i]]);
	}
}

/* --- the end (X7) ------------------------------------------------------------------------- */

static void fold_all(struct run *r)
{
	mm_drain_all(&r->mm);
	for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++) {
		if (!(r->mm.online_cpus >> cpu & 1))
			continue;
		r->hw.cpu = (uint8_t)cpu;
		mm_tick(&r->mm);
	}
	/* A tick may leave pages that it cleared in advance; they count as free all the same. */
	mm_drain_all(&r->mm);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		struct zone *z = &r->mm.zones[r->zone_ids[i]];

		for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++)
			stat_fold(&r->hw, &z->stats, &z->cpu[cpu].stat);
	}
}

/* The order of the largest free block that an ordinary request may have; -1: none. */
static int largest_order(const struct zone *z)
{
	for (int order = MAX_ORDER; order >= 0; order--)
		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
			if (z->area[order].list[type].nr)
				return order;
	return -1;
}

/* The largest block of every zone can be taken, whatever its type, and given back. */
static void check_largest(struct run *r, struct zone *z)
{
	int order = largest_order(z);
	enum take_mode mode = TAKE_NORMAL;
	struct page *page;

	run_begin_op(r);
	if (order < 0)
		return;
	hook_irq_save(&r->hw);
	hook_lock(&r->hw, &z->lock);
	page = mobility_take(z, (unsigned int)order, MIGRATE_UNMOVABLE, 0, &mode);
	run_check(X7, page != NULL && page->zone == z->id);
	buddy_account(z, -((int64_t)1 << order), (enum migratetype)page->type);
	buddy_free(z, page, (unsigned int)order, (enum migratetype)page->type, PLACE_BY_MERGE);
	hook_unlock(&r->hw, &z->lock);
	hook_irq_restore(&r->hw, false);
}

void run_check_end(struct run *r)
{
	run_check_everything(r);
	run_free_everything(r);
	fold_all(r);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++)
		see_lists(r, &r->mm.zones[r->zone_ids[i]]);
	if (r->imported) {
		run_check_everything(r);
		return;
	}
	validate_all_free(&r->mm);
	for (unsigned int i = 0; i < r->nr_zone_ids; i++) {
		run_check(X7, oracle_owned(r->oracle, r->zone_ids[i]) == 0);
		check_largest(r, &r->mm.zones[r->zone_ids[i]]);
		run_check_op(r);
	}
	oracle_recount(r->oracle);
}

/* --- expectations ------------------------------------------------------------------------- */

static uint64_t zone_fact(const struct run *r, const struct zone *z, unsigned int fact)
{
	switch (fact) {
	case FACT_FREE:
		return (uint64_t)z->stats.count[NR_FREE_PAGES];
	case FACT_MIN:
		return z->watermark[WMARK_MIN] + z->boost;
	case FACT_LOW:
		return z->watermark[WMARK_LOW] + z->boost;
	case FACT_HIGH:
		return z->watermark[WMARK_HIGH] + z->boost;
	case FACT_BOOST:
		return z->boost;
	case FACT_SPANNED:
		return zone_spanned(z);
	case FACT_PRESENT:
		return z->present;
	case FACT_MANAGED:
		return z->managed;
	case FACT_PCP_HIGH:
		return z->pageset_high;
	case FACT_PCP_BATCH:
		return z->pageset_batch;
	case FACT_STAT_THRESHOLD:
		return z->present ? z->cpu[0].stat.threshold : 0;
	case FACT_HIGHATOMIC:
		return z->nr_reserved_highatomic;
	default:
		(void)r;
		return z->lowmem_reserve[fact - FACT_PROTECTION];
	}
}

void run_expect_zone(struct run *r, const struct op *op)
{
	unsigned int nid = op->nid == NODE_NONE ? 0 : op->nid;
	const struct zone *z = &r->mm.zones[nid * NR_ZONE_TYPES + op->zone];
	uint64_t is = zone_fact(r, z, op->name);

	if ((int64_t)is != op->value)
		run_fail("EXPECT", "expect zone", "the number is %" PRIu64 ", not %" PRId64, is,
			 op->value);
}

/* --- state as coverage -------------------------------------------------------------------- */

enum { LEVEL_MAX = 7 };

static void reach(uint8_t *counter, unsigned int level)
{
	*counter |= (uint8_t)(1u << level % (LEVEL_MAX + 1));
}

static unsigned int at_most(unsigned int level)
{
	return level < LEVEL_MAX ? level : LEVEL_MAX;
}

/* How many of the zone's marks are not held, and 4 where nothing is free. */
static unsigned int marks_missed(const struct zone *z)
{
	int64_t free = z->stats.count[NR_FREE_PAGES], beyond = free - (int64_t)z->boost;
	unsigned int missed = 0;

	if (free <= 0)
		return NR_WMARK + 1;
	while (missed < NR_WMARK && beyond <= (int64_t)z->watermark[WMARK_HIGH - missed])
		missed++;
	return missed;
}

static void zone_features(struct run *r, const struct zone *z)
{
	const struct pcp *pcp = &z->cpu[r->hw.cpu].pcp;
	struct run_features *f = r->features;
	struct zone_seen *seen = &r->seen[z->id];

	reach(&f->band[z->id][z->boost != 0], marks_missed(z));
	reach(&f->set[z->type][pcp->free_factor],
	      pcp->high ? at_most(pcp->count * 8u / pcp->high) : 0);
	for (; seen->changed; seen->changed &= (uint8_t)(seen->changed - 1)) {
		unsigned int type = ffs_u64(seen->changed);
		unsigned int smaller = NR_ORDERS - fls_u64(seen->orders[type]);

		reach(&f->largest[z->type][smaller / 6][type], smaller % 6);
	}
}

void run_features(struct run *r, const struct op *op)
{
	struct run_features *f = r->features;

	for (uint64_t ids = r->hw.zones_touched; ids; ids &= ids - 1)
		zone_features(r, &r->mm.zones[ffs_u64(ids)]);
	for (unsigned int kind = 0; kind < NR_EVENTS; kind++)
		if (r->hw.nr_events[kind])
			reach(&f->event[kind], at_most(fls_u64(r->hw.nr_events[kind]) - 1));
	if (op_kinds[op->kind].allocates)
		reach(&f->verdict[(op->gfp >> 5 & 1) | (op->gfp >> 9 & 6)]
				 [op->kind == OP_ALLOC ? op->order + 2 : op->kind - OP_BULK],
		      r->verdict);
}

/* Which op gave way to which, where, and with what locks. */
void run_switch_feature(struct run *r, uint32_t from_op, uint32_t to_op, enum sim_place place)
{
	const struct program *p = r->program;
	unsigned int from = from_op < p->nr_ops ? p->ops[from_op].kind : NR_OP_KINDS;
	unsigned int to = to_op < p->nr_ops ? p->ops[to_op].kind : NR_OP_KINDS;
	unsigned int locks = (r->hw.held[RANK_PCP] != 0) + 2u * (r->hw.held[RANK_ZONE] != 0) +
			     4u * r->hw.in_irq;
	uint32_t x = (from * 64u + to) * 0x85ebca6bu ^
		     ((unsigned int)place * 8u + locks) * 0xc2b2ae35u;

	x ^= x >> 15;
	reach(&r->features->from_to[x / 8 % SWITCH_FEATURES], x % 8);
}

/* --- for people --------------------------------------------------------------------------- */

static void print_pcps(struct run *r, const struct zone *z, FILE *out)
{
	for (unsigned int cpu = 0; cpu < r->mm.nr_cpus; cpu++) {
		const struct pcp *pcp = &z->cpu[cpu].pcp;

		fprintf(out, "  cpu %u: count %u high %u batch %u free_factor %u, lists", cpu,
			pcp->count, pcp->high, pcp->batch, pcp->free_factor);
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
			if (pcp->lists[i].nr)
				fprintf(out, " %u:%u", i, pcp->lists[i].nr);
		fprintf(out, "\n");
	}
}

/* The first few blocks of a list; `nr` may be wrong by now, so the walk has a bound. */
static void print_list(const struct zone *z, const struct list *l, FILE *out)
{
	const struct page *page = list_entry(z->pages, l->first);

	for (unsigned int i = 0; page && i < 8; i++, page = list_entry(z->pages, page->next))
		fprintf(out, " %" PRIu64, zone_pfn(z, page));
	fprintf(out, l->nr > 8 ? " ... (%u)\n" : "\n", l->nr);
}

void run_print_lists(struct run *r, FILE *out)
{
	for (unsigned int id = 0; id < MAX_ZONES; id++) {
		const struct zone *z = &r->mm.zones[id];

		if (!zone_populated(z))
			continue;
		fprintf(out, "Node %u, zone %s: pfn %" PRIu64 "-%" PRIu64 " free %" PRId64
			" managed %" PRIu64 " min %" PRIu64 " low %" PRIu64 " high %" PRIu64
			" boost %" PRIu64 " highatomic %" PRIu64 "\n",
			z->nid, zone_type_name((enum zone_type)z->type),
			z->start_pfn, z->end_pfn - 1, z->stats.count[NR_FREE_PAGES], z->managed,
			z->watermark[WMARK_MIN], z->watermark[WMARK_LOW],
			z->watermark[WMARK_HIGH], z->boost, z->nr_reserved_highatomic);
		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
				const struct list *l = &z->area[order].list[type];

				if (list_empty(l))
					continue;
				fprintf(out, "  order %u %s:", order,
					migratetype_name((enum migratetype)type));
				print_list(z, l, out);
			}
		print_pcps(r, z, out);
	}
}
