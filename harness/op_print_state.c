/* SPDX-License-Identifier: MIT */
/* op_print_state.c - a snapshot as lines of text, see op_text_state.c */
#include <inttypes.h>

#include "op_parts.h"
#include "snapshot.h"

enum { PER_LINE = 12 };

/* Begins a line, or goes on with it. */
static void item(FILE *out, const char *start, unsigned int *on_line)
{
	if (*on_line % PER_LINE == 0)
		fprintf(out, "%s%s", *on_line ? "\n" : "", start);
	++*on_line;
}

static void print_list(const struct snapshot *s, const struct snapshot_list *l, const char *start,
		       unsigned int order, bool typed, FILE *out)
{
	unsigned int on_line = 0;

	for (uint32_t i = 0; i < l->nr;) {
		uint64_t entry = s->blocks[l->first + i];
		uint32_t n = 1;

		while (i + n < l->nr && s->blocks[l->first + i + n] ==
					entry + ((uint64_t)n << order))
			n++;
		item(out, start, &on_line);
		fputc(' ', out);
		if (typed)
			fprintf(out, "%c:", migratetype_letter(SNAPSHOT_TYPE(entry)));
		fprintf(out, "%" PRIu64, SNAPSHOT_PFN(entry));
		if (n > 1)
			fprintf(out, "*%" PRIu32, n);
		i += n;
	}
	if (on_line)
		fputc('\n', out);
}

static void print_numbers(const struct zone_numbers *n, FILE *out)
{
	fprintf(out, " min=%" PRIu64 " low=%" PRIu64 " high=%" PRIu64 " boost=%" PRIu64
		" highatomic=%" PRIu64 " free=%" PRId64 " cma=%" PRId64 " drift=%" PRIu64
		" pcp_high=%u pcp_batch=%u protection=", n->watermark[WMARK_MIN],
		n->watermark[WMARK_LOW], n->watermark[WMARK_HIGH], n->boost, n->highatomic,
		n->count[NR_FREE_PAGES], n->count[NR_FREE_CMA], n->drift_mark, n->pageset_high,
		n->pageset_batch);
	for (unsigned int i = 0; i < NR_ZONE_TYPES; i++)
		fprintf(out, i ? ",%" PRIu64 : "%" PRIu64, n->lowmem_reserve[i]);
	if (n->pageset_high_max != n->pageset_high)
		fprintf(out, " pcp_high_max=%u", n->pageset_high_max);
	if (n->free_highatomic)
		fprintf(out, " free_highatomic=%" PRIu64, n->free_highatomic);
	fputs(n->boosted ? " boosted" : "", out);
	fputs(n->below_high ? " below_high" : "", out);
	fputs(n->reclaim_active ? " reclaim\n" : "\n", out);
}

static void print_cpu(const struct snapshot *s, const struct snapshot_zone *z, unsigned int cpu,
		      unsigned int pageblock_order, FILE *out)
{
	const struct cpu_numbers *n = &z->cpu[cpu].numbers;
	char start[32];

	fprintf(out, "cpu %u high=%u batch=%u free_factor=%u expire=%u threshold=%u free=%d "
		"cma=%d", cpu, n->high, n->batch, n->free_factor, n->expire, n->threshold,
		n->diff[NR_FREE_PAGES], n->diff[NR_FREE_CMA]);
	if (n->high_min != n->high || n->high_max != n->high || n->free_count)
		fprintf(out, " alloc_factor=%u flags=%u high_min=%u high_max=%u free_count=%u",
			n->alloc_factor, n->flags, n->high_min, n->high_max, n->free_count);
	fputc('\n', out);
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
		snprintf(start, sizeof(start), "pcp %u %u", cpu, i);
		print_list(s, &z->cpu[cpu].lists[i], start, i < NR_PCP_LOW_LISTS ?
			   i / MIGRATE_PCPTYPES : pageblock_order, true, out);
	}
}

static void print_places(const struct snapshot_zone *z, FILE *out)
{
	unsigned int on_line = 0;

	for (uint64_t i = 0, n; i < z->nr_types; i += n) {
		for (n = 1; i + n < z->nr_types && z->types[i + n] == z->types[i];)
			n++;
		item(out, "blocks", &on_line);
		fprintf(out, " %c*%" PRIu64, migratetype_letter(z->types[i]), n);
	}
	fputs(on_line ? "\n" : "", out);
	on_line = 0;
	for (uint64_t i = 0, n; i < z->spanned; i += n) {
		n = 1;
		if (!snapshot_is_movable(z, i))
			continue;
		while (i + n < z->spanned && snapshot_is_movable(z, i + n))
			n++;
		item(out, "movable", &on_line);
		fprintf(out, n > 1 ? " %" PRIu64 "-%" PRIu64 : " %" PRIu64, z->start + i,
			z->start + i + n - 1);
	}
	fputs(on_line ? "\n" : "", out);
}

static void print_zone(const struct snapshot *s, unsigned int id, unsigned int pageblock_order,
		       FILE *out)
{
	const struct snapshot_zone *z = s->zones[id];
	char start[32];

	fprintf(out, "zone %u %s", id / NR_ZONE_TYPES,
		zone_type_name((enum zone_type)(id % NR_ZONE_TYPES)));
	print_numbers(&z->numbers, out);
	print_places(z, out);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++) {
			snprintf(start, sizeof(start), "free %u %c", order,
				 migratetype_letter((enum migratetype)type));
			print_list(s, &z->free[order][type], start, order, false, out);
		}
	for (unsigned int cpu = 0; cpu < s->nr_cpus; cpu++)
		print_cpu(s, z, cpu, pageblock_order, out);
}

void print_state(const struct snapshot *s, unsigned int pageblock_order, FILE *out)
{
	fputs("state\n", out);
	for (unsigned int id = 0; id < MAX_ZONES; id++)
		if (s->zones[id])
			print_zone(s, id, pageblock_order, out);
	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		for (unsigned int kind = 0; kind < NR_ZONELISTS; kind++) {
			const uint8_t *ids = s->zonelist[nid][kind];

			if (!s->has_zonelist[nid][kind])
				continue;
			fprintf(out, "zonelist %u %s", nid, kind ? "own" : "all");
			for (; *ids != ZONE_ID_END; ids++)
				fprintf(out, " %u.%s", *ids / NR_ZONE_TYPES,
					zone_type_name((enum zone_type)(*ids % NR_ZONE_TYPES)));
			fputc('\n', out);
		}
}
