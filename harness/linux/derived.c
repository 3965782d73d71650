/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * derived.c - marks, reserves and limits, from spans, managed and sysctls alone
 *
 * Core boots the guest's description and its numbers are held against the
 * kernel's.  What the kernel computed at boot followed from what was managed
 * then: pages of the initial file system and of the kernel's own image came
 * later, and the kernel's log says how many and where.  A sysctl recomputes
 * its own numbers from what is managed at that time (W9), so marks, reserves
 * and per-CPU limits may each be of one time or the other.
 */
#include "linux/differ.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_STARTS	(UINT64_C(16) << 20)	/* where x86 loads it, in bytes */

struct deriving {
	const struct reply *reply;
	struct program *p;
	struct run *run;
	struct derived *d;
	FILE *out;			/* NULL: differences are only counted */
};

/* --- the kernel's log --------------------------------------------------------------------- */

const char *window_blob(const struct window *w, const char *name, uint64_t *bytes)
{
	const struct wire_head *head = window_head(w);

	for (unsigned int i = 0; i < WIRE_BLOBS_MAX && i < head->nr_blobs; i++) {
		const struct wire_blob *b = &head->blobs[i];

		if (strncmp(b->name, name, WIRE_NAME_MAX) || b->offset > w->nr_bytes ||
		    b->bytes > w->nr_bytes - b->offset)
			continue;
		*bytes = b->bytes;
		return (const char *)w->bytes + b->offset;
	}
	return NULL;
}

/* The zone of the description that has this page. */
static struct zone_config *zone_of(struct mm_config *c, pfn_t pfn)
{
	for (unsigned int i = 0; i < c->nr_zones; i++)
		if (pfn >= c->zones[i].start && pfn < c->zones[i].start + c->zones[i].spanned)
			return &c->zones[i];
	return NULL;
}

static void came_later(struct mm_config *c, pfn_t pfn, uint64_t pages)
{
	struct zone_config *z = zone_of(c, pfn);

	if (!z)
		return;
	if (z->managed_marks == PAGES_UNSET)
		z->managed_marks = z->managed_reserve = z->managed;
	z->managed_marks -= min_u64(pages, z->managed_marks);
	z->managed_reserve = z->managed_marks;
}

/* One line of the log; *ramdisk is where the initial file system was. */
static void read_line(struct mm_config *c, const char *line, uint64_t *ramdisk)
{
	const char *freeing = strstr(line, "Freeing "), *at = strstr(line, "RAMDISK: [mem ");
	const char *memory = freeing ? strstr(freeing, " memory: ") : NULL;
	uint64_t pages;

	if (at)
		*ramdisk = strtoull(at + strlen("RAMDISK: [mem "), NULL, 16) >> c->page_shift;
	if (!memory || strstr(freeing, "SMP alternatives"))
		return;
	pages = strtoull(memory + strlen(" memory: "), NULL, 10) >> (c->page_shift - 10);
	came_later(c, strstr(freeing, "initrd") ? *ramdisk : KERNEL_STARTS >> c->page_shift,
		   pages);
}

static void read_log(struct mm_config *c, const char *text, uint64_t bytes)
{
	uint64_t ramdisk = 0;
	char line[256];

	while (bytes) {
		const char *end = memchr(text, '\n', (size_t)bytes);
		uint64_t len = end ? (uint64_t)(end - text) : bytes;

		snprintf(line, sizeof(line), "%.*s", (int)min_u64(len, sizeof(line) - 1),
			 text);
		read_line(c, line, &ramdisk);
		text += len + (end != NULL);
		bytes -= len + (end != NULL);
	}
}

/* --- holding them against each other ------------------------------------------------------ */

static void field(const struct deriving *v, unsigned int id, const char *name, uint64_t kernel,
		  uint64_t core)
{
	v->d->compared++;
	v->d->equal += kernel == core;
	if (kernel != core && v->out)
		fprintf(v->out, "  node %u, zone %s: %s is %" PRIu64 " in the kernel, core derives "
			"%" PRIu64 "\n", id / NR_ZONE_TYPES,
			zone_type_name((enum zone_type)(id % NR_ZONE_TYPES)), name, kernel, core);
}

static void hold_marks(const struct deriving *v, const struct mm *mm, unsigned int id)
{
	static const char *const names[NR_WMARK] = { "min", "low", "high" };

	for (unsigned int i = 0; i < NR_WMARK; i++)
		field(v, id, names[i], v->reply->zone_words[id][WZ_MIN + i],
		      mm->zones[id].watermark[i]);
}

static void hold_reserves(const struct deriving *v, const struct mm *mm, unsigned int id)
{
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		if (zone_type_configured(&mm->tun, i))
			field(v, id, "protection", v->reply->zone_words[id][WZ_RESERVE + i],
			      mm->zones[id].lowmem_reserve[i]);
}

static void hold_sets(const struct deriving *v, const struct mm *mm, unsigned int id)
{
	const struct zone *z = &mm->zones[id];

	if (!zone_populated(z))
		return;
	field(v, id, "pageset high", v->reply->zone_words[id][WZ_PAGESET_HIGH], z->pageset_high);
	field(v, id, "pageset batch", v->reply->zone_words[id][WZ_PAGESET_BATCH],
	      z->pageset_batch);
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		field(v, id, "stat threshold",
		      v->reply->before->zones[id]->cpu[cpu].numbers.threshold,
		      z->cpu[cpu].stat.threshold);
}

static void hold_zonelists(const struct deriving *v, const struct mm *mm)
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++) {
			const uint8_t *a = v->reply->before->zonelist[nid][kind];
			const uint8_t *b = mm->nodes[nid].zonelist[kind];
			unsigned int i = 0;

			if (!v->reply->before->has_zonelist[nid][kind])
				continue;
			while (a[i] == b[i] && a[i] != ZONE_ID_END)
				i++;
			field(v, nid * NR_ZONE_TYPES, kind ? "zonelist of its own" : "zonelist",
			      a[i], b[i]);
		}
}

typedef void holder(const struct deriving *v, const struct mm *mm, unsigned int id);

static void hold_all(struct deriving *v, holder *hold)
{
	const struct mm *mm = run_mm(v->run);

	for (unsigned int id = 0; id < mm->tun.zone_ids; id++)
		if (v->reply->zone_seen >> id & 1)
			hold(v, mm, id);
}

/* Boots with what was managed then, or with what is now, and with min_free_kbytes or without. */
static bool boot(struct deriving *v, const struct mm_config *then, bool now, bool compute)
{
	v->p->config = *then;
	for (unsigned int i = 0; now && i < then->nr_zones; i++)
		v->p->config.zones[i].managed_marks = v->p->config.zones[i].managed_reserve =
			PAGES_UNSET;
	if (compute)
		v->p->config.sysctl.min_free_kbytes = SYSCTL_UNSET;
	return run_program(v->run, v->p, RUN_NO_CHECKS, 0);
}

/* The best of the times that one group of numbers may be of; told once it is known. */
static bool hold_group(struct deriving *v, const struct mm_config *then, holder *hold)
{
	struct derived *sum = v->d, best = { .compared = 0 }, one;
	unsigned int best_way = 0;
	FILE *out = v->out;

	v->out = NULL;
	v->d = &one;
	for (unsigned int way = 0; way < 2; way++) {
		one = (struct derived){ .compared = 0 };
		if (!boot(v, then, way & 1, false))
			return false;
		hold_all(v, hold);
		if (!way || one.equal > best.equal) {
			best = one;
			best_way = way;
		}
	}
	v->d = sum;
	v->out = out;
	if (!boot(v, then, best_way & 1, false))
		return false;
	hold_all(v, hold);
	return true;
}

bool differ_derived(const struct window *w, const struct reply *reply, struct derived *d,
		    FILE *out)
{
	struct deriving v = { .reply = reply, .d = d, .out = out };
	char wrong[REPLY_SENTENCE];
	struct mm_config config;
	const char *log;
	uint64_t bytes;
	bool ok;

	if (!reply_config(reply, &config, wrong))
		return false;
	log = window_blob(w, "log", &bytes);
	log = log ? log : window_blob(w, "dmesg", &bytes);
	if (!log)
		return true;		/* what boot saw is not known */
	read_log(&config, log, bytes);
	v.p = calloc(1, sizeof(*v.p));
	v.run = run_new();
	if (!v.p)
		abort();
	/* Is what is in force what boot computes? */
	ok = boot(&v, &config, false, true);
	d->min_free_computed = ok && run_mm(v.run)->min_free_kbytes ==
				     reply->machine[WM_MIN_FREE_KBYTES];
	ok = ok && hold_group(&v, &config, hold_marks);
	ok = ok && hold_group(&v, &config, hold_reserves);
	ok = ok && hold_group(&v, &config, hold_sets);
	if (ok)
		hold_zonelists(&v, run_mm(v.run));
	run_delete(v.run);
	free(v.p);
	return ok;
}

bool derived_moved(const struct reply *a, const struct reply *b)
{
	if (memcmp(a->machine, b->machine, sizeof(a->machine)) || a->zone_seen != b->zone_seen)
		return true;
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		for (unsigned int i = 0; i < NR_WZ; i++) {
			bool counts = i < WZ_BOOST || i >= WZ_RESERVE || i == WZ_PAGESET_HIGH ||
				      i == WZ_PAGESET_BATCH;

			if (counts && a->zone_words[id][i] != b->zone_words[id][i])
				return true;
		}
	return false;
}
