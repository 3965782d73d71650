/* SPDX-License-Identifier: MIT */
/*
 * test_reports.c - failure reports of real kernels: does the same request fail here?
 *
 * Each usable report of a collection is a program corpus/page_alloc/report-ID.ops:
 * the machine, the printed state, and the request.  The table says of every
 * report how that ends, and a row fails as soon as it is no longer true.  Core
 * and model are asked both.  Where the collection itself lies beside the tree,
 * the programs are compared with it, number by number.
 *
 * A report is printed after the failure, line by line, while other CPUs go on:
 * it is near the state in which the request failed, not that state.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define COLLECTION "../shared/oracles/failures.json"

enum outcome {
	AGREES,			/* fails as it did there */
	AGREES_AT_HIGH,		/* OOM: fails at the high mark, that of its last try; not at min */
	MISSES,			/* succeeds */
	NO_FIELD,		/* cannot be imported; `lacks` says why */
};

enum lack {
	ORDER = 1 << 0, GFP = 1 << 1, LISTS = 1 << 2, MANAGED = 1 << 3,
	REQUEST = ORDER | GFP,
};

static const struct report {
	const char *id;
	uint8_t outcome;		/* enum outcome */
	uint8_t lacks;			/* enum lack: what the report does not have */
	const char *why;		/* of a miss; of a use in spite of a lack */
} reports[] = {
	{ "arm64_4.4_samsung_atomic_o0_allH", MISSES, 0,
	  "6.1.192 gives HIGHATOMIC blocks to order-0 requests that cannot wait; 4.x did not" },
	{ "arm64_5.10.2_kernel_o5", AGREES, 0, NULL },
	{ "arm64_5.10.2_kernel_o6", AGREES, 0, NULL },
	{ "arm_2.6.38_evdev_kmalloc", NO_FIELD, REQUEST | MANAGED, NULL },
	{ "arm_ltp_ioctl_sg01_dma_normal", NO_FIELD, LISTS | MANAGED, NULL },
	{ "i386_5.7_user_write_o0", MISSES, 0,
	  "the killer decided earlier: a boost that is gone, and 56 pages fewer in DMA" },
	{ "i386_5.7next_user_write_o0", AGREES, LISTS,
	  "DMA does not hold its mark and HighMem is not asked: their lists do not matter" },
	{ "ltp_tcf_agent_normal", NO_FIELD, LISTS, NULL },
	{ "ppc32_5.15.5_vmalloc_b", NO_FIELD, ORDER, NULL },
	{ "ppc32_5.15.5_vmalloc_c", NO_FIELD, ORDER, NULL },
	{ "ppc32_6.14rc4_vmalloc_a", NO_FIELD, ORDER, NULL },
	{ "ppc32_6.14rc4_vmalloc_b", NO_FIELD, ORDER, NULL },
	{ "ppc32_6.14rc4_vmalloc_c", NO_FIELD, ORDER, NULL },
	{ "ppc32_6.8.9_atomic_o0", MISSES, 0,
	  "420 pages free, 325 wanted: memory came back while the report was printed" },
	{ "ppc32_6.9_kernel_o0_0", AGREES, 0, NULL },
	{ "ppc32_6.9_kernel_o0_2", AGREES, 0, NULL },
	{ "ppc32_6.9rc4_atomic_o0", AGREES, 0, NULL },
	{ "riscv_6.2rc4_boot", NO_FIELD, REQUEST, NULL },
	{ "x86_3.8rc4_kernel_o4", AGREES, 0, NULL },
	{ "x86_4.4.114_syz_0", NO_FIELD, REQUEST, NULL },
	{ "x86_4.4.114_syz_1", AGREES, 0, NULL },
	{ "x86_4.4_tetsuo_sysrq", NO_FIELD, REQUEST, NULL },
	{ "x86_5.10.6_movable_o0", AGREES, 0, NULL },
	{ "x86_5.13_ubuntu_moom", NO_FIELD, ORDER, NULL },	/* a key was pressed */
	{ "x86_5.15rc4_oom_gfp0", MISSES, 0,
	  "no request: a page fault ended in VM_FAULT_OOM, for a memory cgroup" },
	{ "x86_5.19_nofs_o4_a", AGREES, 0, NULL },
	{ "x86_5.19_nofs_o4_b", AGREES, 0, NULL },
	{ "x86_5.3rc1_movable_o0", MISSES, 0,
	  "Normal is above its high mark: memory came back while the report was printed" },
	{ "x86_5.4_hotsos_moom", NO_FIELD, ORDER, NULL },	/* a key was pressed */
	{ "x86_5.7rc4_atomic_o1", NO_FIELD, LISTS | MANAGED, NULL },
	{ "x86_5.8_movable_node4", AGREES, 0, NULL },
	{ "x86_6.10rc1_kernel_o1", AGREES_AT_HIGH, 0, NULL },
	{ "x86_6.3.1_vmalloc_o9_e350", AGREES, MANAGED,
	  "managed of DMA is known from other reports of the machine, and all of it is free" },
	{ "x86_6.3.9_vmalloc_o9_0", AGREES, 0, NULL },
	{ "x86_6.3.9_vmalloc_o9_1", AGREES, 0, NULL },
	{ "x86_6.8rc3_noio_o4", AGREES, 0, NULL },
	{ "x86_6.8rc5_kdump_dma0", AGREES, 0, NULL },
	{ "x86_6.9rc3_movable_o0", AGREES_AT_HIGH, 0, NULL },
	{ "x86_6.9xfstests_boost", NO_FIELD, REQUEST | MANAGED, NULL },
};

enum { NR_REPORTS = sizeof(reports) / sizeof(reports[0]) };

static void path_of(const struct report *report, char path[160])
{
	snprintf(path, 160, "corpus/page_alloc/report-%s.ops", report->id);
}

/* --- running one ----------------------------------------------------------------------- */

/* What core did and what the model had said, per request, as the executor words it. */
struct outcomes {
	const struct program *program;
	bool	fails;			/* the request of the report failed and had to */
	bool	passes;			/* later, or instead, it succeeded and had to */
	bool	unsure;			/* the model had no answer */
};

/* The report's request is expected to fail, or else is the last one. */
static void note_request(void *to, uint32_t op, const char *text)
{
	struct outcomes *o = to;
	const struct op *request = &o->program->ops[op];

	if (!op_kinds[request->kind].allocates)
		return;
	if (strncmp(text, "failed (must fail", 17) == 0)
		o->fails = true;
	else if (strncmp(text, "ok, ", 4) == 0 && strstr(text, "(must succeed"))
		o->passes = op + 1 == o->program->nr_ops;
	else
		o->unsure = true;
}

static enum outcome outcome_of(const struct outcomes *o)
{
	if (!o->fails)
		return MISSES;
	return o->passes ? AGREES_AT_HIGH : AGREES;
}

static void run_report(const struct report *report, struct run *r, struct program *p)
{
	const struct finding *f = run_finding(r);
	struct outcomes o = { .program = p };
	char path[160];

	path_of(report, path);
	cr_assert(op_load(path, p), "%s cannot be read", path);
	run_on_op(r, note_request, &o);
	cr_expect(run_program(r, p, RUN_EXPECT, 0), "%s: op %u: %s %s: %s", path, f->op, f->tag,
		  f->place, f->what);
	cr_expect(!o.unsure, "%s: the model does not know", path);
	cr_expect(o.fails || o.passes, "%s asks for nothing", path);
	cr_expect_eq((int)outcome_of(&o), report->outcome, "%s: outcome %d, not %d as stated",
		     report->id, (int)outcome_of(&o), (int)report->outcome);
}

/* Runs all reports of one outcome; how many there are. */
static unsigned int run_reports(enum outcome outcome)
{
	struct program *p = calloc(1, sizeof(*p));
	struct run *r = run_new();
	unsigned int n = 0;

	cr_assert_not_null(p);
	for (unsigned int i = 0; i < NR_REPORTS; i++)
		if (reports[i].outcome == outcome) {
			run_report(&reports[i], r, p);
			n++;
		}
	run_delete(r);
	free(p);
	return n;
}

Test(reports, W5_M5_X5_what_failed_there_fails_here)
{
	cr_expect_eq(run_reports(AGREES), 17);
}

Test(reports, W5_X5_last_try_before_the_killer_is_at_the_high_mark)
{
	cr_expect_eq(run_reports(AGREES_AT_HIGH), 2);
}

Test(reports, W5_X5_misses_are_those_that_are_explained)
{
	cr_expect_eq(run_reports(MISSES), 5);
	for (unsigned int i = 0; i < NR_REPORTS; i++)
		cr_expect_eq(reports[i].outcome == MISSES || (reports[i].outcome != NO_FIELD &&
			     reports[i].lacks), reports[i].why != NULL, "%s", reports[i].id);
}

Test(reports, S1_every_report_of_the_collection_is_accounted_for)
{
	unsigned int unusable = 0;

	for (unsigned int i = 0; i < NR_REPORTS; i++) {
		char path[160];
		FILE *in;

		path_of(&reports[i], path);
		in = fopen(path, "r");
		cr_expect_eq(in == NULL, reports[i].outcome == NO_FIELD, "%s", path);
		cr_expect(reports[i].outcome != NO_FIELD || reports[i].lacks, "%s", path);
		unusable += !in;
		if (in)
			fclose(in);
	}
	cr_expect_eq(NR_REPORTS, 39);
	cr_expect_eq(unusable, 15);
}

/* --- the collection itself, where there is one --------------------------------------------- */

struct seen_zone {
	unsigned int nid;
	char	 name[80];
	int64_t	 kb[FACT_HIGH + 1];	/* free, min, low, high */
	bool	 has_managed, has_list;
	uint32_t counts[NR_ORDERS];
};

struct reader {
	struct program	*program;
	char		 id[80];
	bool		 has_order, has_gfp;
	bool		 in_lists, in_counts;	/* where in the entry the line is */
	unsigned int	 nid, order;
	struct seen_zone zones[MAX_NODES];
	unsigned int	 nr_zones;
	struct seen_zone *zone;
	unsigned int	 entries, compared;
};

/* The zone that a "zone": line names: a new one, or one that has a list as well. */
static void next_zone(struct reader *rd, const char *name)
{
	for (unsigned int i = 0; rd->in_lists && i < rd->nr_zones; i++) {
		rd->zone = &rd->zones[i];
		if (rd->zone->nid == rd->nid && strcmp(rd->zone->name, name) == 0) {
			rd->zone->has_list = true;
			return;
		}
	}
	cr_assert(!rd->in_lists && rd->nr_zones < MAX_NODES, "zone %s", name);
	rd->zone = &rd->zones[rd->nr_zones++];
	*rd->zone = (struct seen_zone){ .nid = rd->nid };
	snprintf(rd->zone->name, sizeof(rd->zone->name), "%s", name);
}

static void next_number(struct reader *rd, const char *key, int64_t value)
{
	static const char *const keys[] = { "free_kb", "min_kb", "low_kb", "high_kb" };

	if (strcmp(key, "order") == 0)
		rd->has_order = value >= 0;	/* below: a key was pressed */
	else if (strcmp(key, "node") == 0)
		rd->nid = (unsigned int)value;
	else if (strcmp(key, "managed_kb") == 0)
		rd->zone->has_managed = true;
	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			rd->zone->kb[i] = value;
}

static unsigned int lacks(const struct reader *rd)
{
	unsigned int lack = (rd->has_order ? 0 : ORDER) | (rd->has_gfp ? 0 : GFP);

	for (unsigned int i = 0; i < rd->nr_zones; i++)
		lack |= (rd->zones[i].has_list ? 0 : LISTS) |
			(rd->zones[i].has_managed ? 0 : MANAGED);
	return lack;
}

static bool is_zone(const struct seen_zone *z, const struct op *op)
{
	return op->nid == z->nid && strcmp(zone_type_name((enum zone_type)op->zone), z->name) == 0;
}

/* The program puts as many blocks of each order, and expects the same marks. */
static void compare_zone(struct reader *rd, const struct seen_zone *z)
{
	uint32_t put[NR_ORDERS] = { 0 }, reserved[NR_ORDERS] = { 0 }, facts = 0;

	for (uint32_t i = 0; i < rd->program->nr_ops; i++) {
		const struct op *op = &rd->program->ops[i];

		if (op->kind == OP_ALLOC && i + 1 < rd->program->nr_ops && reserved[op->order])
			put[op->order] -= op->expect == EXPECT_OK;	/* taken again */
		if (!(op_kinds[op->kind].has >> FIELD_ZONE & 1) || !is_zone(z, op))
			continue;
		if (op->kind == OP_PUT || op->kind == OP_PUT_AT)
			put[op->order] += op->kind == OP_PUT ? op->n : 1;
		if (op->kind == OP_PUT && op->type == MIGRATE_HIGHATOMIC)
			reserved[op->order] += op->n;
		if (op->kind == OP_EXPECT_ZONE && op->name <= FACT_HIGH) {
			facts |= 1u << op->name;
			cr_expect_eq(op->value, z->kb[op->name] / 4, "%s %s: number %d", rd->id,
				     z->name, (int)op->name);
		}
	}
	cr_expect_eq(facts, 0xf, "%s %s: free, min, low, high", rd->id, z->name);
	for (unsigned int order = 0; z->has_list && order < NR_ORDERS; order++)
		cr_expect_eq(put[order], z->counts[order], "%s %s: order %u: %u blocks", rd->id,
			     z->name, order, put[order]);
	rd->compared++;
}

static void end_entry(struct reader *rd)
{
	const struct report *report = NULL;
	char path[160];

	for (unsigned int i = 0; i < NR_REPORTS; i++)
		if (strcmp(reports[i].id, rd->id) == 0)
			report = &reports[i];
	cr_assert_not_null(report, "entry %s is not in the table", rd->id);
	cr_expect_eq(lacks(rd), report->lacks, "%s lacks %u", rd->id, lacks(rd));
	rd->entries++;
	if (report->outcome == NO_FIELD)
		return;
	path_of(report, path);
	cr_assert(op_load(path, rd->program), "%s", path);
	for (unsigned int i = 0; i < rd->nr_zones; i++)
		compare_zone(rd, &rd->zones[i]);
}

/* The file has one key, one value or one bracket on each line. */
static void next_line(struct reader *rd, const char *line)
{
	char key[32], word[80];
	long long value;

	if (strncmp(line, " }", 2) == 0) {
		end_entry(rd);
		*rd = (struct reader){ .program = rd->program, .entries = rd->entries,
				       .compared = rd->compared };
	} else if (sscanf(line, " \"id\": \"%79[^\"]\"", word) == 1) {
		snprintf(rd->id, sizeof(rd->id), "%s", word);
	} else if (sscanf(line, " \"zone\": \"%79[^\"]\"", word) == 1) {
		next_zone(rd, word);
	} else if (sscanf(line, " \"gfp_%31[a-z]\": \"%79[^\"]\"", key, word) == 2) {
		rd->has_gfp = true;
	} else if (strstr(line, "\"freelists\": [")) {
		rd->in_lists = true;
	} else if (strstr(line, "\"counts\": [")) {
		rd->in_counts = true;
		rd->order = 0;
	} else if (strchr(line, ']')) {
		rd->in_counts = false;
	} else if (sscanf(line, " \"%31[a-z_]\": %lld", key, &value) == 2) {
		next_number(rd, key, value);
	} else if (rd->in_counts && rd->order < NR_ORDERS && sscanf(line, " %lld", &value) == 1) {
		rd->zone->counts[rd->order++] = (uint32_t)value;
	}
}

Test(reports, S1_W5_programs_have_the_numbers_of_the_collection)
{
	FILE *in = fopen(COLLECTION, "r");
	struct reader rd = { 0 };
	char line[1024];

	if (!in)
		cr_skip_test(COLLECTION " is not there");
	rd.program = calloc(1, sizeof(*rd.program));
	cr_assert_not_null(rd.program);
	while (fgets(line, sizeof(line), in))
		next_line(&rd, line);
	fclose(in);
	cr_expect_eq(rd.entries, NR_REPORTS);
	cr_expect_eq(rd.compared, 57, "%u zones compared", rd.compared);
	free(rd.program);
}
