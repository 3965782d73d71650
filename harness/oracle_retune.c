/* SPDX-License-Identifier: MIT */
/*
 * oracle_retune.c - when which numbers change (W9), and comparing them
 */
#include "oracle_impl.h"

#include <string.h>

/* --- comparing -------------------------------------------------------------------- */

static const char *pcp_differs(const struct oracle *o, unsigned int id)
{
	const struct zone *z = &o->mm->zones[id];
	const struct oracle_zone *t = &o->tuned.zone[id];

	if (!z->present)
		return NULL;
	if (z->pageset_high != t->pcp_high || z->pageset_batch != t->pcp_batch)
		return "P1";
	for (unsigned int cpu = 0; cpu < o->mm->nr_cpus; cpu++) {
		if (z->cpu[cpu].pcp.high != t->pcp_high || z->cpu[cpu].pcp.batch != t->pcp_batch)
			return "P1";
		if ((o->mm->online_cpus >> cpu & 1) &&
		    z->cpu[cpu].stat.threshold != t->threshold)
			return "W8";
	}
	return z->percpu_drift_mark == t->drift_mark ? NULL : "W8";
}

static const char *zone_differs(const struct oracle *o, unsigned int id)
{
	const struct zone *z = &o->mm->zones[id];
	const struct oracle_zone *t = &o->tuned.zone[id];
	bool old_rule = o->mm->tun.policy.marks != MARKS_6_1 ||
			o->mm->tun.sysctl.extra_free_kbytes;

	for (unsigned int mark = 0; mark < NR_WMARK; mark++)
		if (z->watermark[mark] != t->mark[mark])
			return old_rule ? "W3" : "W2";
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if ((o->mm->tun.zone_types >> type & 1) &&
		    z->lowmem_reserve[type] != t->reserve[type])
			return "W4";
	return pcp_differs(o, id);
}

/* NULL, or the tag of the first rule by which core's numbers differ from ours. */
static const char *differs(const struct oracle *o)
{
	const char *tag = NULL;

	if (o->mm->min_free_kbytes != o->tuned.min_free_kbytes)
		return "W1";
	FOR_EACH_ZONE_ID(o, i, id) {
		tag = zone_differs(o, id);
		if (tag)
			return tag;
	}
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		if (o->mm->nodes[nid].online &&
		    o->mm->nodes[nid].totalreserve != o->tuned.totalreserve[nid])
			return "G5";
	return NULL;
}

bool oracle_agrees(const struct oracle *o) { return !differs(o); }

static void must_agree(const struct oracle *o)
{
	const char *tag = differs(o);

	if (tag)
		hook_panic(tag, "the numbers core set are those of SPEC.md", __FILE__, __LINE__);
}

static void check_zonelists(const struct oracle *o)
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int kind = 0; o->mm->nodes[nid].online && kind < NR_ZONELISTS; kind++)
			for (unsigned int i = 0;; i++) {
				uint8_t id = o->zonelist[nid][kind][i];

				mm_assert(Z4, o->mm->nodes[nid].zonelist[kind][i] == id);
				if (id == ZONE_ID_END)
					break;
			}
}

/* --- when ------------------------------------------------------------------------- */

void oracle_boot_tuned(struct oracle *o)
{
	const struct mm *mm = o->mm;

	FOR_EACH_ZONE_ID(o, i, id) {
		o->tuned.zone[id].managed_marks = mm->zones[id].managed_marks;
		o->tuned.zone[id].managed_reserve = mm->zones[id].managed_reserve;
	}
	o->tuned.online_cpus = mm->online_cpus;
	o->tuned.sysctl = mm->tun.sysctl;
	o->tuned.min_free_kbytes = mm->tun.sysctl.min_free_kbytes;
	if (mm->tun.sysctl.min_free_kbytes < 0)
		oracle_compute_min_free(o);
	oracle_set_marks(o);
	oracle_set_thresholds(o);
	FOR_EACH_ZONE_ID(o, i, id)
		o->tuned.zone[id].threshold_boot = o->tuned.zone[id].threshold;
	if (mm->tun.sysctl.thp && mm->tun.sysctl.min_free_kbytes < 0) {
		oracle_raise_min_free(o);
		oracle_set_marks(o);
	}
	oracle_set_pcp_limits(o, (struct oracle_cpus){ .online = mm->online_cpus, .boot = true });
	oracle_set_reserves(o);
	oracle_set_totalreserve(o);
	oracle_set_zonelists(o);
	must_agree(o);
	check_zonelists(o);
}

/* W9: everything that a new mark brings with it. */
static void marks_written(struct oracle *o)
{
	FOR_EACH_ZONE_ID(o, i, id)
		o->tuned.zone[id].managed_marks = o->mm->zones[id].managed;
	oracle_set_marks(o);
	oracle_set_pcp_limits(o, (struct oracle_cpus){ .online = o->mm->online_cpus });
	oracle_set_totalreserve(o);
}

void oracle_among(struct oracle *o, bool others) { o->among = others; }

/* May a boost have been raised inside the change, by an interrupt or another CPU? */
static bool was_struck(const struct oracle *o) { return o->mm->tun.hw->struck || o->among; }

/* What depends on a boost may have been computed before or after it was raised. */
static void adopt_if_struck(struct oracle *o)
{
	if (!was_struck(o))
		return;
	FOR_EACH_ZONE_ID(o, i, id) {
		o->tuned.zone[id].pcp_high = o->mm->zones[id].pageset_high;
		o->tuned.zone[id].drift_mark = o->mm->zones[id].percpu_drift_mark;
	}
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		o->tuned.totalreserve[nid] = o->mm->nodes[nid].totalreserve;
}

/* What follows from a write of `name`, the sysctl having its new value. */
static void written(struct oracle *o, enum sysctl_name name)
{
	const struct sysctls *now = o->sysctl;

	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES:
		o->tuned.min_free_kbytes = now->min_free_kbytes;
		marks_written(o);
		break;
	case SYSCTL_THP:
		FOR_EACH_ZONE_ID(o, i, id)
			o->tuned.zone[id].managed_marks = o->mm->zones[id].managed;
		if (now->thp)
			oracle_raise_min_free(o);
		else
			oracle_compute_min_free(o);
		if (was_struck(o))
			o->tuned.min_free_kbytes = o->mm->min_free_kbytes;
		marks_written(o);
		break;
	case SYSCTL_EXTRA_FREE_KBYTES:
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		marks_written(o);
		break;
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		FOR_EACH_ZONE_ID(o, i, id)
			o->tuned.zone[id].managed_reserve = o->mm->zones[id].managed;
		oracle_set_reserves(o);
		oracle_set_totalreserve(o);
		break;
	case SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION:
		if (now->percpu_pagelist_high_fraction !=
		    o->tuned.sysctl.percpu_pagelist_high_fraction)
			oracle_set_pcp_limits(o, (struct oracle_cpus){
				.online = o->mm->online_cpus });
		break;
	default:
		break;			/* read where it is used */
	}
	o->tuned.sysctl = *now;
	adopt_if_struck(o);
}

/* The sysctl in `s`, if it can have the value, and marks depend on nothing else. */
static bool set_ahead(struct sysctls *s, enum sysctl_name name, unsigned int index, int64_t value)
{
	if (value < 0 || value > INT32_MAX)
		return false;
	switch (name) {
	case SYSCTL_MIN_FREE_KBYTES:
		s->min_free_kbytes = (int32_t)value;
		return true;
	case SYSCTL_EXTRA_FREE_KBYTES:
		s->extra_free_kbytes = (uint32_t)value;
		return true;
	case SYSCTL_WATERMARK_SCALE_FACTOR:
		s->watermark_scale_factor = (uint32_t)value;
		return value >= 1 && value <= 3000;
	case SYSCTL_WATERMARK_BOOST_FACTOR:
		s->watermark_boost_factor = (uint32_t)value;
		return true;
	case SYSCTL_LOWMEM_RESERVE_RATIO:
		if (index >= NR_ZONE_TYPES)
			return false;
		s->lowmem_reserve_ratio[index] = (int32_t)value;
		return true;
	default:
		return false;		/* huge pages: on the free pages above the marks (W1) */
	}
}

bool oracle_foresee(struct oracle *o, enum sysctl_name name, unsigned int index, int64_t value)
{
	struct sysctls ahead = *o->sysctl;
	struct oracle_tuned now = o->tuned;

	if (!set_ahead(&ahead, name, index, value))
		return false;
	o->sysctl = &ahead;
	written(o, name);
	memcpy(o->ahead, o->tuned.zone, sizeof(o->ahead));
	o->ahead_factor = ahead.watermark_boost_factor;
	o->tuned = now;
	o->sysctl = &o->mm->tun.sysctl;
	o->foreseen = true;
	return true;
}

static void cpus_changed(struct oracle *o)
{
	uint64_t now = o->mm->online_cpus, was = o->tuned.online_cpus;

	if (now == was)
		return;
	if (now & ~was)
		oracle_set_pcp_limits(o, (struct oracle_cpus){ .online = was, .coming = 1 });
	else
		oracle_set_pcp_limits(o, (struct oracle_cpus){ .online = now });
	oracle_set_thresholds(o);
	o->tuned.online_cpus = now;
	adopt_if_struck(o);
}

void oracle_see_boosts(struct oracle *o)
{
	FOR_EACH_ZONE_ID(o, i, id)
		o->boost[id] = o->mm->zones[id].boost;
}

void oracle_wrote(struct oracle *o, enum sysctl_name name)
{
	bool marks = name == SYSCTL_MIN_FREE_KBYTES || name == SYSCTL_EXTRA_FREE_KBYTES ||
		     name == SYSCTL_WATERMARK_SCALE_FACTOR || name == SYSCTL_THP;
	bool struck = was_struck(o);

	written(o, name);
	must_agree(o);
	FOR_EACH_ZONE_ID(o, i, id)
		mm_assert(W7, !marks || struck || o->mm->zones[id].boost == 0);
	oracle_see_boosts(o);
}

/* Which sysctl has another value than at our last look; NR_SYSCTLS: none. */
static enum sysctl_name changed_sysctl(const struct oracle *o)
{
	const struct sysctls *now = &o->mm->tun.sysctl, *was = &o->tuned.sysctl;

	if (now->min_free_kbytes != was->min_free_kbytes)
		return SYSCTL_MIN_FREE_KBYTES;
	if (now->extra_free_kbytes != was->extra_free_kbytes)
		return SYSCTL_EXTRA_FREE_KBYTES;
	if (now->watermark_scale_factor != was->watermark_scale_factor)
		return SYSCTL_WATERMARK_SCALE_FACTOR;
	if (now->thp != was->thp)
		return SYSCTL_THP;
	if (memcmp(now->lowmem_reserve_ratio, was->lowmem_reserve_ratio,
		   sizeof(now->lowmem_reserve_ratio)) != 0)
		return SYSCTL_LOWMEM_RESERVE_RATIO;
	if (now->percpu_pagelist_high_fraction != was->percpu_pagelist_high_fraction)
		return SYSCTL_PERCPU_PAGELIST_HIGH_FRACTION;
	return NR_SYSCTLS;
}

/* A sysctl may have been written the value it had: then one of these explains core's numbers. */
static void explain(struct oracle *o)
{
	static const enum sysctl_name causes[] = {
		SYSCTL_WATERMARK_SCALE_FACTOR, SYSCTL_THP, SYSCTL_LOWMEM_RESERVE_RATIO,
		SYSCTL_MIN_FREE_KBYTES,
	};
	struct oracle_tuned before = o->tuned;

	for (unsigned int i = 0; i < sizeof(causes) / sizeof(causes[0]) && differs(o); i++) {
		o->tuned = before;
		written(o, causes[i]);
	}
	if (differs(o))
		o->tuned = before;	/* nothing does */
}

void oracle_retune(struct oracle *o)
{
	written(o, changed_sysctl(o));
	cpus_changed(o);
	if (differs(o))
		explain(o);
	must_agree(o);
	oracle_see_boosts(o);
}

/* --- W7 --------------------------------------------------------------------------- */

/*
 * Every fallback adds one pageblock, as far as the limit; nothing else raises a
 * boost.  An interrupt inside a write of marks goes by what the zone has by
 * then, which is compared when the write is done.
 */
void oracle_saw_boost(struct oracle *o, unsigned int id)
{
	const struct zone *z = &o->mm->zones[id];
	uint64_t boost = o->boost[id], block = 1ULL << o->mm->tun.pageblock_order;
	uint64_t high = o->mm->tun.hw->in_irq ? z->watermark[WMARK_HIGH]
					      : o->tuned.zone[id].mark[WMARK_HIGH];
	uint64_t limit;

	if (z->boost == boost)
		return;
	limit = high * o->mm->tun.sysctl.watermark_boost_factor / 10000;
	mm_assert(W7, limit != 0);
	mm_assert(W7, z->managed >= 4 * block);
	limit = limit < block ? block : limit;
	do
		boost = boost + block < limit ? boost + block : limit;
	while (boost < z->boost && boost < limit);
	mm_assert(W7, z->boost == boost);
	o->boost[id] = z->boost;
}
