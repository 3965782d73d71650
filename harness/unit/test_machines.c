/* SPDX-License-Identifier: MIT */
/*
 * test_machines.c - real machines: what their kernels printed, number by number
 *
 * Each machine is a description in corpus/boot whose ops expect every number
 * that its kernel printed: min, low, high, protection, per-CPU high and batch,
 * counter thresholds.  What no description brings about is in `inexact`, with
 * the reason; a row there fails as soon as it is no longer true.  Where the
 * collection itself lies beside the tree, it is read and compared as well.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "pcp.h"
#include "stat.h"

#define COLLECTION "../shared/oracles/zoneinfo.json"

static const struct machine {
	const char *entry;		/* in the collection; NULL: from elsewhere */
	const char *name;		/* of the file in corpus/boot */
	unsigned int numbers;		/* that the file expects */
	bool reserves_only;		/* the source has no marks */
} machines[] = {
	{ NULL, "linux-6.1-amd64-512m", 46, false },
	{ NULL, "linux-6.1-i386-pae-2g", 37, false },
	{ NULL, "watermarks-zh-arm64-extra-free", 18, false },
	{ "arm64_cma_dma32_normal", "arm64-cma-5.x", 10, false },
	{ "arm64_qemu_5.0_256m", "arm64-5.0-256m-min-free", 3, false },
	{ "bigbox_normal_partial", "x86-normal-only-scale", 7, false },
	{ "chromeos_lmk_test_dma32", "chromeos-5.10-extra-free", 11, false },
	{ "crosvm_partial_3zones", "crosvm-3zones", 9, false },
	{ "csv_numa8_partial", "csv-numa8-normal-scale", 8, false },
	{ "d2000_2.6_dma_only", "arm-2.6-32m", 10, false },
	{ "debian_5.10_2g", "debian-5.10-2g", 46, false },
	{ "hotsos_ceph-mon", "ubuntu-5.4-ceph-mon", 49, false },
	{ "hotsos_kubernetes", "ubuntu-5.4-kubernetes", 46, false },
	{ "hotsos_openstack", "ubuntu-5.4-openstack", 49, false },
	{ "hotsos_rabbitmq", "ubuntu-5.4-rabbitmq", 49, false },
	{ "jiahe_ppc64_node3", "ppc64-4.10-64k-pages", 3, false },
	{ "luto_3.7rc6_x220", "x220-3.7-4g", 28, false },
	{ "pagecount_prot_only_a", "reserves-recomputed-6.10", 24, true },
	{ "rpi_4.1x_single", "rpi-4.14", 13, false },
	{ "s390_next_20181217", "s390-4.20-next", 22, false },
	{ "tencentos_16g_partial", "tencentos-5.4-16g-normal", 11, false },
	{ "ubuntu_3.2_8g", "ubuntu-3.2-8g", 30, false },
	{ "zcalusic_3.10_4g", "x86-3.10-4g", 30, false },
	{ "zte_4.1_single", "arm-4.1-128m", 8, false },
	{ "zynq_4.4_cma_single", "arm-4.4-cma", 9, false },
};

enum { NR_MACHINES = sizeof(machines) / sizeof(machines[0]) };

/* --- what is not exact, and why ----------------------------------------------------------- */

/*
 * From 2.6.38 on kswapd tightens the counters' thresholds when it wakes, to
 * (low - min) / CPUs and at most 125, and widens them again before it sleeps.
 * It does so in zones that have a drift mark: up to 3.x those where the first
 * marks, before huge pages raised them, were too close for the threshold; later
 * all zones, since CPUs came up before there were marks.
 */
#define KSWAPD_AWAKE "kswapd was awake"

/*
 * Up to 5.4 nothing recomputed the limits of per-CPU sets at boot once deferred
 * struct pages were there: they are those of the managed before that.
 */
#define DEFERRED_INIT "limits of before deferred struct pages (up to 5.4)"

static const struct inexact {
	const char *name;
	enum zone_type type;
	enum zone_fact fact;
	uint64_t dump, ours;
	const char *reason;
} inexact[] = {
	{ "ubuntu-5.4-kubernetes", ZONE_DMA, FACT_STAT_THRESHOLD, 8, 4, KSWAPD_AWAKE },
	{ "ubuntu-5.4-kubernetes", ZONE_DMA32, FACT_STAT_THRESHOLD, 125, 24, KSWAPD_AWAKE },
	{ "ubuntu-5.4-kubernetes", ZONE_NORMAL, FACT_STAT_THRESHOLD, 125, 16, KSWAPD_AWAKE },
	{ "x220-3.7-4g", ZONE_DMA, FACT_STAT_THRESHOLD, 4, 6, KSWAPD_AWAKE },
	{ "x220-3.7-4g", ZONE_NORMAL, FACT_STAT_THRESHOLD, 125, 18, KSWAPD_AWAKE },
	{ "s390-4.20-next", ZONE_NORMAL, FACT_PCP_HIGH, 90, 378, DEFERRED_INIT },
	{ "s390-4.20-next", ZONE_NORMAL, FACT_PCP_BATCH, 15, 63, DEFERRED_INIT },
};

enum { NR_INEXACT = sizeof(inexact) / sizeof(inexact[0]) };

static const struct inexact *find_inexact(const char *name, enum zone_type type,
					  enum zone_fact fact)
{
	for (unsigned int i = 0; i < NR_INEXACT; i++)
		if (strcmp(inexact[i].name, name) == 0 && inexact[i].type == type &&
		    inexact[i].fact == fact)
			return &inexact[i];
	return NULL;
}

/* --- running one --------------------------------------------------------------------------- */

struct lab {
	struct run	*run;
	struct program	*program;
};

static struct lab open_lab(void)
{
	struct lab lab = { run_new(), calloc(1, sizeof(*lab.program)) };

	cr_assert_not_null(lab.program);
	return lab;
}

static void close_lab(struct lab *lab)
{
	run_delete(lab->run);
	free(lab->program);
}

/* Boots it and checks its expectations; the machine is then lab->run's. */
static struct mm *run_machine(struct lab *lab, const char *name)
{
	const struct finding *f = run_finding(lab->run);
	char path[128];

	snprintf(path, sizeof(path), "corpus/boot/%s.ops", name);
	cr_assert(op_load(path, lab->program), "%s cannot be read", path);
	cr_assert(run_program(lab->run, lab->program, RUN_EXPECT, 0),
		  "%s: op %u: %s %s: %s", path, f->op, f->tag, f->place, f->what);
	return run_mm(lab->run);
}

static uint64_t number(const struct zone *z, unsigned int fact)
{
	switch (fact) {
	case FACT_MIN: return z->watermark[WMARK_MIN];
	case FACT_LOW: return z->watermark[WMARK_LOW];
	case FACT_HIGH: return z->watermark[WMARK_HIGH];
	case FACT_PCP_HIGH: return z->pageset_high;
	case FACT_PCP_BATCH: return z->pageset_batch;
	case FACT_STAT_THRESHOLD: return z->cpu[0].stat.threshold;
	default: break;
	}
	cr_assert_geq(fact, FACT_PROTECTION);
	return z->lowmem_reserve[fact - FACT_PROTECTION];
}

Test(machines, W2_W3_W4_P1_every_machine_has_its_kernels_numbers)
{
	struct lab lab = open_lab();

	for (unsigned int i = 0; i < NR_MACHINES; i++) {
		unsigned int numbers = 0;

		run_machine(&lab, machines[i].name);
		for (uint32_t op = 0; op < lab.program->nr_ops; op++)
			numbers += lab.program->ops[op].kind == OP_EXPECT_ZONE;
		cr_expect_eq(numbers, machines[i].numbers, "%s expects %u numbers",
			     machines[i].name, numbers);
	}
	close_lab(&lab);
}

Test(machines, W8_P1_what_is_not_exact_differs_as_stated)
{
	struct lab lab = open_lab();

	for (unsigned int i = 0; i < NR_INEXACT; i++) {
		const struct inexact *x = &inexact[i];
		const struct mm *mm = run_machine(&lab, x->name);
		uint64_t ours = number(&mm->zones[x->type], x->fact);

		cr_expect_neq(ours, x->dump, "%s: zone %d is exact now", x->name, (int)x->type);
		cr_expect_eq(ours, x->ours, "%s: zone %d: %d, stated %d (%s)", x->name,
			     (int)x->type, (int)ours, (int)x->ours, x->reason);
	}
	close_lab(&lab);
}

/* The reasons hold: they lead to the numbers that the kernels printed. */
Test(machines, W8_awake_kswapd_explains_the_thresholds)
{
	struct lab lab = open_lab();

	for (unsigned int i = 0; i < NR_INEXACT; i++) {
		const struct inexact *x = &inexact[i];
		const struct mm *mm = run_machine(&lab, x->name);
		const struct zone *z = &mm->zones[x->type];
		uint64_t tight = (number(z, FACT_LOW) - number(z, FACT_MIN)) / mm->nr_cpus;

		if (x->fact == FACT_STAT_THRESHOLD)
			cr_expect_eq(x->dump, tight < 125 ? tight : 125, "%s", x->name);
	}
	close_lab(&lab);
}

Test(machines, P1_an_earlier_managed_explains_the_limits_on_s390)
{
	static const struct {
		uint64_t managed;
		uint32_t high, batch;
	} rows[] = { { 45055, 42, 7 }, { 45056, 90, 15 }, { 90111, 90, 15 }, { 90112, 186, 31 } };

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct mm *mm;

		snprintf(text, sizeof(text), "tidemark 1\n"
			 "machine cpus=8 pageblock_order=8 zones=DMA,Normal,Movable\n"
			 "zone Normal start=524288 spanned=131072 managed=%d\n"
			 "policy pcp_limits=5.13\n", (int)rows[i].managed);
		mm = boot_text(text);
		cr_expect_eq(zone_of(mm, ZONE_NORMAL)->pageset_high, rows[i].high);
		cr_expect_eq(zone_of(mm, ZONE_NORMAL)->pageset_batch, rows[i].batch);
		boot_done(mm);
	}
}

/* --- by hand ------------------------------------------------------------------------------- */

static void marks_are(struct mm *mm, enum zone_type type, uint64_t min, uint64_t low, uint64_t high)
{
	const struct zone *z = zone_of(mm, type);

	cr_expect_eq(z->watermark[WMARK_MIN], min, "%d", (int)z->watermark[WMARK_MIN]);
	cr_expect_eq(z->watermark[WMARK_LOW], low, "%d", (int)z->watermark[WMARK_LOW]);
	cr_expect_eq(z->watermark[WMARK_HIGH], high, "%d", (int)z->watermark[WMARK_HIGH]);
}

/*
 * 8972 KiB are 2243 pages, 23404 are 5851.  Of 1464002 managed pages DMA32 has
 * 440432: min 674.8, extra 1760.2, gap 440 (a thousandth, for 168 is less).
 * Normal has 1023570: 1568.2, 4090.7, 1023.
 */
Test(machines, W3_zone_table_of_the_article)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine zones=DMA32,Normal,Movable\n"
		"zone DMA32 start=524288 spanned=523776 present=496128 managed=440432\n"
		"zone Normal start=1048576 spanned=1048576 managed=1023570\n"
		"sysctl min_free_kbytes=8972 extra_free_kbytes=23404\n");

	marks_are(mm, ZONE_DMA32, 674, 674 + 440 + 1760, 674 + 880 + 1760);
	marks_are(mm, ZONE_NORMAL, 1568, 1568 + 1023 + 4090, 1568 + 2046 + 4090);
	marks_are(mm, ZONE_DMA32, 674, 2874, 3314);
	marks_are(mm, ZONE_NORMAL, 1568, 6681, 7704);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->lowmem_reserve[ZONE_NORMAL], 3998);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->lowmem_reserve[ZONE_MOVABLE], 3998);
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->lowmem_reserve[ZONE_MOVABLE], 0);
	boot_done(mm);
}

/*
 * Huge pages in three zones: 3 * 11 * 512 = 16896 pages.  DMA32's share is
 * 14763.5, a quarter of that 3690, a half 7381: the high of 4.6 and later,
 * 14763 + 2 * 3690, is one less.
 */
Test(machines, W1_W3_high_before_4_6_is_half_above_min)
{
	static const char *const zones =
		"zone DMA start=16 spanned=3911\n"
		"zone DMA32 start=4096 spanned=874976\n"
		"zone Normal start=1048576 spanned=122472\n";
	char text[400];
	struct mm *mm;

	snprintf(text, sizeof(text), "tidemark 1\n%spolicy marks=4.5\n", zones);
	mm = boot_text(text);
	cr_expect_eq(mm->min_free_kbytes, 16896 * 4);
	marks_are(mm, ZONE_DMA, 65, 81, 97);
	marks_are(mm, ZONE_DMA32, 14763, 18453, 22144);
	marks_are(mm, ZONE_NORMAL, 2066, 2582, 3099);
	boot_done(mm);
	snprintf(text, sizeof(text), "tidemark 1\n%s", zones);
	mm = boot_text(text);
	marks_are(mm, ZONE_DMA32, 14763, 18453, 22143);
	boot_done(mm);
}

/*
 * 42776 KiB are 10694 pages for 215280 pages of lowmem.  HighMem's share would
 * be 14851: its min is 128 all the same, its gap a quarter of the share.
 */
Test(machines, W2_W4_P1_high_memory_of_an_i386_guest)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=2 zones=DMA,Normal,HighMem,Movable\n"
		"zone DMA start=1 spanned=3840\n"
		"zone Normal start=4096 spanned=211440\n"
		"zone HighMem start=225278 spanned=298978\n"
		"sysctl min_free_kbytes=42776\n");

	marks_are(mm, ZONE_DMA, 190, 237, 284);
	marks_are(mm, ZONE_NORMAL, 10503, 13128, 15753);
	marks_are(mm, ZONE_HIGHMEM, 128, 128 + 3712, 128 + 2 * 3712);
	marks_are(mm, ZONE_MOVABLE, 32, 32, 32);
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->lowmem_reserve[ZONE_HIGHMEM], 298978 / 32);
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->pageset_high, 13128 / 2);
	cr_expect_eq(zone_of(mm, ZONE_HIGHMEM)->pageset_high, 3840 / 2);
	cr_expect_eq(zone_of(mm, ZONE_DMA)->pageset_high, 237 / 2);
	boot_done(mm);
}

/* 180544 KiB are 2821 pages of 64 KiB; a quarter is 705, a thousandth of the zone only 245. */
Test(machines, W2_pages_of_64_kib)
{
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine page_shift=16 pageblock_order=8 zones=DMA,Normal,Movable\n"
		"zone DMA start=786432 spanned=245760 managed=245388\n"
		"sysctl min_free_kbytes=180544\n");

	marks_are(mm, ZONE_DMA, 2821, 3526, 4231);
	boot_done(mm);
}

/*
 * Nobody had allocated from the guest's DMA zone: what boot freed was all there.
 * buddyinfo has one block of order 8, one of 9 and three of 10; pagetypeinfo
 * calls the first one Unmovable.
 */
Test(machines, Z3_M1_dma_zone_of_an_i386_guest)
{
	static const unsigned int unmovable[NR_ORDERS] = { [8] = 1 };
	static const unsigned int movable[NR_ORDERS] = { [9] = 1, [10] = 3 };
	struct mm *mm = boot_text(
		"tidemark 1\n"
		"machine cpus=2 zones=DMA,Normal,HighMem,Movable\n"
		"zone DMA start=1 spanned=4095\n"
		"hole 159-255\n"
		"reserved 1-158\n"
		"zone Normal start=4096 spanned=221182 managed=211948\n");
	const struct zone *z = zone_of(mm, ZONE_DMA);

	cr_expect_eq(z->present, 3998);
	cr_expect_eq(z->managed, 3840);
	for (unsigned int order = 0; order < NR_ORDERS; order++) {
		cr_expect_eq(z->area[order].list[MIGRATE_UNMOVABLE].nr, unmovable[order]);
		cr_expect_eq(z->area[order].list[MIGRATE_MOVABLE].nr, movable[order]);
		cr_expect_eq(z->area[order].list[MIGRATE_RECLAIMABLE].nr, 0);
	}
	boot_done(mm);
}

/* --- the collection itself, where there is one --------------------------------------------- */

struct reader {
	struct lab	lab;
	const struct machine *machine;
	struct mm	*mm;
	unsigned int	 nid;
	enum zone_type	 type;
	bool		 in_pcp;
	int		 column;	/* of protection; below 0: not inside it */
	unsigned int	 compared;
	bool		 entries[NR_MACHINES];
	bool		 seen[NR_INEXACT];
};

static void compare(struct reader *rd, enum zone_fact fact, uint64_t dump)
{
	const char *name = rd->machine->name;
	const struct inexact *x = find_inexact(name, rd->type, fact);
	uint64_t ours;

	if (rd->machine->reserves_only && fact < FACT_PROTECTION)
		return;
	ours = number(&rd->mm->zones[rd->nid * NR_ZONE_TYPES + rd->type], fact);
	rd->compared++;
	if (!x) {
		cr_expect_eq(ours, dump, "%s: zone %d, number %d: %d, in the dump %d", name,
			     (int)rd->type, (int)fact, (int)ours, (int)dump);
		return;
	}
	rd->seen[x - inexact] = true;
	cr_expect_eq(dump, x->dump, "%s: the dump has %d", name, (int)dump);
	cr_expect_eq(ours, x->ours, "%s: we have %d", name, (int)ours);
}

static void next_entry(struct reader *rd, const char *id)
{
	for (unsigned int i = 0; i < NR_MACHINES; i++) {
		if (!machines[i].entry || strcmp(machines[i].entry, id) != 0)
			continue;
		rd->machine = &machines[i];
		rd->mm = run_machine(&rd->lab, machines[i].name);
		rd->entries[i] = true;
		return;
	}
	cr_assert_fail("entry %s has no machine", id);
}

static void next_zone(struct reader *rd, const char *zone)
{
	unsigned int type = 0;

	while (type < NR_ZONE_TYPES && strcmp(zone_type_name((enum zone_type)type), zone) != 0)
		type++;
	cr_assert_lt(type, NR_ZONE_TYPES, "zone %s", zone);
	rd->type = (enum zone_type)type;
	rd->in_pcp = false;
}

/* One value of the protection, for the next type that the machine has. */
static void next_column(struct reader *rd, uint64_t value)
{
	while (rd->column < NR_ZONE_TYPES && !(rd->mm->tun.zone_types >> rd->column & 1))
		rd->column++;
	cr_assert_lt(rd->column, NR_ZONE_TYPES, "%s has more columns", rd->machine->name);
	compare(rd, (enum zone_fact)(FACT_PROTECTION + rd->column), value);
	rd->column++;
}

static void next_number(struct reader *rd, const char *key, uint64_t value)
{
	static const struct {
		const char *key;
		bool in_pcp;
		enum zone_fact fact;
	} facts[] = {
		{ "min", false, FACT_MIN }, { "low", false, FACT_LOW },
		{ "high", false, FACT_HIGH },
		{ "high", true, FACT_PCP_HIGH }, { "batch", true, FACT_PCP_BATCH },
		{ "stat_threshold", false, FACT_STAT_THRESHOLD },
	};

	if (strcmp(key, "node") == 0)
		rd->nid = (unsigned int)value;
	for (unsigned int i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (strcmp(key, facts[i].key) == 0 && rd->in_pcp == facts[i].in_pcp)
			compare(rd, facts[i].fact, value);
}

/* The file has one key, one value or one bracket on each line. */
static void next_line(struct reader *rd, const char *line)
{
	char key[32], word[80];
	unsigned long long value;

	if (sscanf(line, " \"id\": \"%79[^\"]\"", word) == 1)
		next_entry(rd, word);
	else if (sscanf(line, " \"zone\": \"%79[^\"]\"", word) == 1)
		next_zone(rd, word);
	else if (strstr(line, "\"protection\": ["))
		rd->column = 0;
	else if (strstr(line, "\"pcp\": {"))
		rd->in_pcp = true;
	else if (strchr(line, ']'))
		rd->column = -1;
	else if (strchr(line, '}'))
		rd->in_pcp = false;
	else if (rd->column >= 0 && sscanf(line, " %llu", &value) == 1)
		next_column(rd, value);
	else if (sscanf(line, " \"%31[^\"]\": %llu", key, &value) == 2)
		next_number(rd, key, value);
}

Test(machines, W2_W4_P1_every_number_of_the_collection)
{
	FILE *file = fopen(COLLECTION, "r");
	struct reader rd = { .column = -1 };
	char line[1024];

	if (!file)
		cr_skip_test("no " COLLECTION);
	rd.lab = open_lab();
	while (fgets(line, sizeof(line), file))
		next_line(&rd, line);
	fclose(file);
	close_lab(&rd.lab);
	for (unsigned int i = 0; i < NR_MACHINES; i++)
		cr_expect(!machines[i].entry || rd.entries[i], "%s is not in it", machines[i].name);
	for (unsigned int i = 0; i < NR_INEXACT; i++)
		cr_expect(rd.seen[i], "%s: not in it", inexact[i].name);
	cr_expect_eq(rd.compared, 469, "%u numbers compared", rd.compared);
}
