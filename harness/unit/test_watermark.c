/* SPDX-License-Identifier: MIT */
/* test_watermark.c - marks, reserves, boost and drift, and the check itself */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "fixture.h"
#include "watermark.h"

static void expect_marks(struct mm *mm, enum zone_type type, uint64_t min, uint64_t low,
			 uint64_t high)
{
	const struct zone *z = zone_of(mm, type);
	const char *name = zone_type_name(type);

	cr_expect_eq(z->watermark[WMARK_MIN], min, "%s min %lu, not %lu", name,
		     (unsigned long)z->watermark[WMARK_MIN], (unsigned long)min);
	cr_expect_eq(z->watermark[WMARK_LOW], low, "%s low %lu, not %lu", name,
		     (unsigned long)z->watermark[WMARK_LOW], (unsigned long)low);
	cr_expect_eq(z->watermark[WMARK_HIGH], high, "%s high %lu, not %lu", name,
		     (unsigned long)z->watermark[WMARK_HIGH], (unsigned long)high);
}

static void expect_reserve(struct mm *mm, enum zone_type type, const uint64_t *want)
{
	const struct zone *z = zone_of(mm, type);

	for (unsigned int j = 0; j < NR_ZONE_TYPES; j++)
		if (zone_type_configured(&mm->tun, j))
			cr_expect_eq(z->lowmem_reserve[j], want[j], "%s[%u]: %lu",
				     zone_type_name(type), j, (unsigned long)z->lowmem_reserve[j]);
}

/* A machine of DMA32 and Normal with these managed pages. */
#define TWO_ZONES(dma32, normal) \
	"tidemark 1\nmachine cpus=8 zones=DMA32,Normal,Movable\nnode 0 cpus=0-7\n" \
	"zone DMA32 start=0 spanned=523776 managed=" #dma32 "\n" \
	"zone Normal start=1048576 spanned=1048576 managed=" #normal "\n"

/* --- known machines -------------------------------------------------------------------- */

/* documents/watermarks.zh.txt */
Test(watermark, W3_the_table_of_the_document)
{
	struct mm *mm = boot_text(TWO_ZONES(440432, 1023570)
				  "sysctl min_free_kbytes=8972\nsysctl extra_free_kbytes=23404\n"
				  "ops\n");
	struct zone *z = zone_of(mm, ZONE_DMA32);

	cr_expect_eq(mm->min_free_kbytes, 8972);
	expect_marks(mm, ZONE_DMA32, 674, 2874, 3314);
	expect_marks(mm, ZONE_NORMAL, 1568, 6681, 7704);
	expect_marks(mm, ZONE_MOVABLE, 0, 0, 0);
	/* Its reserve is of another managed: 3998 * 256 = 1023488. */
	z->managed_reserve = 440432;
	zone_of(mm, ZONE_NORMAL)->managed_reserve = 1023488;
	watermark_set_reserves(&mm->tun, mm->zones);
	expect_reserve(mm, ZONE_DMA32, (uint64_t[]){ 0, 0, 3998, 0, 3998, 0 });
	expect_reserve(mm, ZONE_NORMAL, (uint64_t[]){ 0, 0, 0, 0, 0, 0 });
	boot_done(mm);
}

/* Linux 6.1.192 amd64, 512 MiB, two CPUs, with managed as its own reserves imply. */
Test(watermark, W1_W2_W4_W9_amd64_guest)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
				  "zone DMA32 start=4096 spanned=126944 managed=112697 "
				  "managed_marks=110448 managed_reserve=110448\nops\n");

	cr_expect_eq(mm->min_free_kbytes, 2704);
	expect_marks(mm, ZONE_DMA, 22, 27, 32);
	expect_marks(mm, ZONE_DMA32, 653, 816, 979);
	expect_marks(mm, ZONE_NORMAL, 0, 0, 0);
	expect_reserve(mm, ZONE_DMA, (uint64_t[]){ 0, 431, 431, 0, 431, 431 });
	expect_reserve(mm, ZONE_DMA32, (uint64_t[]){ 0, 0, 0, 0, 0, 0 });
	cr_expect_not(mm->tun.sysctl.thp, "huge pages are off below 512 MiB");
	cr_expect_eq(zone_of(mm, ZONE_DMA)->cpu[1].stat.threshold, 4);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->cpu[0].stat.threshold, 12);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->pageset_high, 408);
	cr_expect_eq(zone_of(mm, ZONE_DMA32)->pageset_batch, 31);
	boot_done(mm);
}

/* Linux 6.1.176 i386 with PAE, 2 GiB: huge pages raise min_free_kbytes to their 5 %. */
Test(watermark, W1_W2_W4_i386_guest)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2 zones=DMA,Normal,HighMem,Movable\n"
				  "node 0 cpus=0-1\n"
				  "zone DMA start=1 spanned=4095 present=3998 managed=3840\n"
				  "zone Normal start=4096 spanned=221182 managed=211948 "
				  "managed_marks=211440 managed_reserve=211440\n"
				  "zone HighMem start=225278 spanned=298978\nops\n");

	cr_expect_eq(mm->min_free_kbytes, 42776);
	expect_marks(mm, ZONE_DMA, 190, 237, 284);
	expect_marks(mm, ZONE_NORMAL, 10503, 13128, 15753);
	expect_marks(mm, ZONE_HIGHMEM, 128, 3840, 7552);
	expect_marks(mm, ZONE_MOVABLE, 32, 32, 32);
	expect_reserve(mm, ZONE_DMA, (uint64_t[]){ 0, 0, 825, 1993, 1993, 0 });
	expect_reserve(mm, ZONE_NORMAL, (uint64_t[]){ 0, 0, 0, 9343, 9343, 0 });
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->pageset_high, 6564);
	cr_expect_eq(zone_of(mm, ZONE_HIGHMEM)->pageset_high, 1920);
	cr_expect_eq(zone_of(mm, ZONE_HIGHMEM)->cpu[1].stat.threshold, 20);
	boot_done(mm);
}

/* --- min_free_kbytes (W1) --------------------------------------------------------------- */

Test(watermark, W1_isqrt_of_lowmem_within_bounds)
{
	static const struct { const char *machine; uint32_t kbytes; } cases[] = {
		{ "zone Normal start=0 spanned=1024\nops\n", 256 },
		{ "zone Normal start=0 spanned=255\nops\n", 128 },
		{ "zone Normal start=0 spanned=65536\nops\n", 2048 },
		{ "zone Normal start=0 spanned=65535\nops\n", 2047 },
		{ "zone Normal start=0 spanned=1024\nzone Movable start=1024 spanned=9999\nops\n",
		  256 },
		{ "zone Normal start=0 spanned=4096 managed=0\nops\n", 128 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct mm *mm;

		snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n%s",
			 cases[i].machine);
		mm = boot_text(text);
		cr_expect_eq(mm->min_free_kbytes, cases[i].kbytes, "case %u: %u", i,
			     mm->min_free_kbytes);
		boot_done(mm);
	}
}

/* 2 TiB would be beyond both caps; it is enough to let the zone say so. */
Test(watermark, W1_caps)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=4096 managed_marks=2147483647\n"
				  "sysctl thp=0\nops\n");

	cr_expect_eq(mm->min_free_kbytes, 262144);
	mm->tun.policy.min_free_cap_64m = true;
	cr_expect_eq(watermark_min_free_kbytes(&mm->tun, mm->zones, 5), 65536);
	boot_done(mm);
}

Test(watermark, W1_a_user_value_not_below_the_computed_one_stays)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=65536\nops\n");
	uint64_t managed = zone_of(mm, ZONE_NORMAL)->managed;
	uint64_t above = managed - zone_of(mm, ZONE_NORMAL)->watermark[WMARK_HIGH];
	uint32_t computed = (uint32_t)isqrt_u64(above * 4 * 16);

	cr_expect_eq(watermark_min_free_kbytes(&mm->tun, mm->zones, 77), computed);
	mm->tun.sysctl.min_free_kbytes = (int32_t)computed - 1;
	cr_expect_eq(watermark_min_free_kbytes(&mm->tun, mm->zones, 77), computed);
	mm->tun.sysctl.min_free_kbytes = (int32_t)computed;
	cr_expect_eq(watermark_min_free_kbytes(&mm->tun, mm->zones, 77), 77);
	/* Boost belongs to the high mark. */
	mm->tun.sysctl.min_free_kbytes = SYSCTL_UNSET;
	zone_of(mm, ZONE_NORMAL)->boost = above;
	cr_expect_eq(watermark_min_free_kbytes(&mm->tun, mm->zones, 77), 128);
	boot_done(mm);
}

Test(watermark, W1_huge_pages_want_eleven_pageblocks_a_zone)
{
	/* 2 zones * 11 * 512 pages; a twentieth of lowmem is more. */
	struct mm *mm = boot_text(TWO_ZONES(440432, 1023570) "ops\n");

	cr_expect(mm->tun.sysctl.thp);
	cr_expect_eq(mm->min_free_kbytes, 2 * 11 * 512 * 4);
	cr_expect_eq(watermark_thp_kbytes(&mm->tun, mm->zones), 2 * 11 * 512 * 4);
	/* A twentieth of what is above the high marks of now. */
	zone_of(mm, ZONE_NORMAL)->managed_marks = 0;
	zone_of(mm, ZONE_DMA32)->managed_marks = 100000;
	cr_expect_eq(watermark_thp_kbytes(&mm->tun, mm->zones),
		     (100000 - zone_of(mm, ZONE_DMA32)->watermark[WMARK_HIGH]) / 20 * 4);
	boot_done(mm);
}

Test(watermark, W1_a_described_min_free_kbytes_holds_as_it_is)
{
	struct mm *mm = boot_text(TWO_ZONES(440432, 1023570) "sysctl min_free_kbytes=0\nops\n");

	cr_expect_eq(mm->min_free_kbytes, 0);
	expect_marks(mm, ZONE_DMA32, 0, 440, 880);
	boot_done(mm);
}

/* --- marks (W2, W3) ----------------------------------------------------------------------- */

/* pages_min 16000 of 65536 managed: a share of 3906 and 12093. */
#define MARKS(policy) \
	"tidemark 1\nmachine cpus=2 zones=DMA,Normal,HighMem,Movable\nnode 0 cpus=0-1\n" \
	"zone DMA start=0 spanned=16000\nzone Normal start=16384 spanned=49536\n" \
	"zone HighMem start=65920 spanned=65536\n" \
	"sysctl min_free_kbytes=64000\nsysctl watermark_scale_factor=1000\n" policy "ops\n"

Test(watermark, W2_gap_is_the_larger_of_a_quarter_and_the_scale)
{
	struct mm *mm = boot_text(MARKS(""));

	/* 16000 * 16000 / 65536 = 3906; a tenth of managed: 1600, a quarter of min: 976. */
	expect_marks(mm, ZONE_DMA, 3906, 5506, 7106);
	expect_marks(mm, ZONE_NORMAL, 12093, 17046, 21999);
	/* High memory: min from its own size, the gap from its share. */
	expect_marks(mm, ZONE_HIGHMEM, 64, 64 + 6553, 64 + 2 * 6553);
	expect_marks(mm, ZONE_MOVABLE, 32, 32, 32);
	cr_expect_eq(mm_sysctl_write(mm, SYSCTL_WATERMARK_SCALE_FACTOR, 0, 1), MM_OK);
	expect_marks(mm, ZONE_DMA, 3906, 3906 + 976, 3906 + 2 * 976);
	expect_marks(mm, ZONE_HIGHMEM, 64, 64 + 4000, 64 + 8000);
	boot_done(mm);
}

Test(watermark, W3_marks_of_4_5_and_2_6_14)
{
	struct mm *mm = boot_text(MARKS("policy marks=4.5\n"));

	expect_marks(mm, ZONE_DMA, 3906, 3906 + 976, 3906 + 1953);
	expect_marks(mm, ZONE_HIGHMEM, 64, 64 + 4000, 64 + 8000);
	boot_done(mm);
	mm = boot_text(MARKS("policy marks=2.6.14\n"));
	expect_marks(mm, ZONE_DMA, 3906, 4882, 5859);
	expect_marks(mm, ZONE_HIGHMEM, 64, 80, 96);
	boot_done(mm);
}

Test(watermark, W3_extra_free_kbytes_is_shared_by_all_zones)
{
	struct mm *mm = boot_text(MARKS("sysctl extra_free_kbytes=131072\n"));
	uint64_t all = 16000 + 49536 + 65536;

	expect_marks(mm, ZONE_DMA, 3906, 5506 + 32768 * 16000ULL / all,
		     7106 + 32768 * 16000ULL / all);
	expect_marks(mm, ZONE_HIGHMEM, 64, 64 + 6553 + 16384, 64 + 2 * 6553 + 16384);
	boot_done(mm);
}

Test(watermark, W2_Movable_counts_as_lowmem_unless_cut_from_high_memory)
{
	static const char text[] =
		"tidemark 1\nmachine cpus=1\nnode 0 cpus=0\nzone Normal start=0 spanned=32768\n"
		"zone Movable start=32768 spanned=32768\nsysctl min_free_kbytes=4000\n%sops\n";
	char machine[512];
	struct mm *mm;

	snprintf(machine, sizeof(machine), text, "");
	mm = boot_text(machine);
	expect_marks(mm, ZONE_NORMAL, 500, 625, 750);
	expect_marks(mm, ZONE_MOVABLE, 500, 625, 750);
	boot_done(mm);
	snprintf(machine, sizeof(machine), text, "policy movable=highmem\n");
	mm = boot_text(machine);
	expect_marks(mm, ZONE_NORMAL, 1000, 1250, 1500);
	expect_marks(mm, ZONE_MOVABLE, 32, 32 + 250, 32 + 500);
	boot_done(mm);
}

Test(watermark, W2_W7_new_marks_clear_the_boost)
{
	struct mm *mm = boot_text(MARKS(""));

	zone_of(mm, ZONE_NORMAL)->boost = 512;
	watermark_set_marks(&mm->tun, mm->zones, 100);
	cr_expect_eq(zone_of(mm, ZONE_NORMAL)->boost, 0);
	boot_done(mm);
}

/* --- reserves (W4) --------------------------------------------------------------------------- */

#define RESERVES(policy) \
	"tidemark 1\nmachine cpus=1\nnode 0 cpus=0\nzone DMA start=0 spanned=4096 managed=0\n" \
	"zone DMA32 start=4096 spanned=65536\nzone Movable start=0x20000 spanned=25600\n" \
	"sysctl lowmem_reserve_ratio=256,100,32,-7,0\n" policy "ops\n"

Test(watermark, W4_cumulative_over_upper_zones)
{
	struct mm *mm = boot_text(RESERVES(""));

	expect_reserve(mm, ZONE_DMA, (uint64_t[]){ 0, 0, 0, 0, 0, 0 });
	expect_reserve(mm, ZONE_DMA32, (uint64_t[]){ 0, 0, 0, 0, 256, 256 });
	expect_reserve(mm, ZONE_NORMAL, (uint64_t[]){ 0, 0, 0, 0, 0, 0 });
	cr_expect_eq(mm->tun.sysctl.lowmem_reserve_ratio[ZONE_MOVABLE], 0, "less than 1 is 0");
	boot_done(mm);
}

Test(watermark, W4_policies_for_empty_zones)
{
	struct mm *mm = boot_text(RESERVES("policy reserve=skip_empty\n"));

	expect_reserve(mm, ZONE_DMA32, (uint64_t[]){ 0, 0, 0, 0, 256, 0 });
	boot_done(mm);
	mm = boot_text(RESERVES("policy reserve=empty_lower\n"));
	expect_reserve(mm, ZONE_DMA, (uint64_t[]){ 0, 256, 256, 0, 356, 356 });
	expect_reserve(mm, ZONE_NORMAL, (uint64_t[]){ 0, 0, 0, 0, 800, 800 });
	boot_done(mm);
}

/* --- drift (W8) ------------------------------------------------------------------------------- */

Test(watermark, W8_thresholds_and_drift_mark)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=4\nnode 0 cpus=0-3\n"
				  "zone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);
	uint64_t gap = z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN];

	/* Four CPUs, less than 128 MiB: 2 * 3 * 1. */
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		cr_expect_eq(z->cpu[cpu].stat.threshold, 6);
	cr_expect_gt(gap, 24);
	cr_expect_eq(z->percpu_drift_mark, 0, "24 pages of drift cannot cross 32");
	mm_sysctl_write(mm, SYSCTL_MIN_FREE_KBYTES, 0, 300);
	gap = z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN];
	cr_expect_lt(gap, 24);
	cr_expect_eq(z->percpu_drift_mark, 0, "marks alone do not look at it");
	watermark_set_thresholds(&mm->tun, mm->zones, 4, 4);
	cr_expect_eq(z->percpu_drift_mark, z->watermark[WMARK_HIGH] + 24);
	/* It stays when nobody needs it any more. */
	mm_sysctl_write(mm, SYSCTL_MIN_FREE_KBYTES, 0, 4000);
	watermark_set_thresholds(&mm->tun, mm->zones, 4, 4);
	cr_expect_eq(z->percpu_drift_mark, 75 + 2 * 18 + 24);
	boot_done(mm);
}

Test(watermark, W8_kswapd_sums_exactly_below_the_drift_mark)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone Normal start=0 spanned=4096\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	z->stats.count[NR_FREE_PAGES] = 101;
	z->cpu[0].stat.diff[NR_FREE_PAGES] = -3;
	z->cpu[1].stat.diff[NR_FREE_PAGES] = 2;
	cr_expect_eq(zone_free_pages_exact(z, 2), 100);
	cr_expect_eq(zone_free_pages_exact(z, 1), 98);
	z->percpu_drift_mark = 101;
	cr_expect(watermark_ok_safe(z, 0, 100, ZONE_NORMAL, 2), "101 is not below the mark");
	z->percpu_drift_mark = 102;
	cr_expect_not(watermark_ok_safe(z, 0, 100, ZONE_NORMAL, 2));
	z->percpu_drift_mark = 0;
	cr_expect(watermark_ok_safe(z, 0, 100, ZONE_NORMAL, 2));
	cr_expect_eq(zone_free_pages_exact(zone_of(mm, ZONE_DMA), 2), 0, "no pages, no sets");
	boot_done(mm);
}

/* --- boost (W7) ----------------------------------------------------------------------------- */

static bool boost(struct zone *z)
{
	struct hw *hw = z->tun->hw;
	bool masked = hook_irq_save(hw), raised;

	hook_lock(hw, &z->lock);
	raised = watermark_boost(z);
	hook_unlock(hw, &z->lock);
	hook_irq_restore(hw, masked);
	return raised;
}

Test(watermark, W7_a_pageblock_at_a_time_up_to_the_factor)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=4\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=4096\n"
				  "sysctl min_free_kbytes=1024\n"
				  "sysctl watermark_boost_factor=1000\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	/* High is 384: a tenth is 38. */
	cr_expect(boost(z));
	cr_expect_eq(z->boost, 16);
	cr_expect_eq(zone_wmark(z, WMARK_MIN), 256 + 16);
	cr_expect(boost(z) && boost(z) && boost(z));
	cr_expect_eq(z->boost, 38);
	/* At least one pageblock, however small the factor. */
	z->boost = 0;
	mm->tun.sysctl.watermark_boost_factor = 30;
	cr_expect(boost(z) && boost(z));
	cr_expect_eq(z->boost, 16);
	z->boost = 0;
	mm->tun.sysctl.watermark_boost_factor = 26;
	cr_expect_not(boost(z), "26/10000 of 384 is no page at all");
	mm->tun.sysctl.watermark_boost_factor = 0;
	cr_expect_not(boost(z));
	cr_expect_eq(z->boost, 0);
	boot_done(mm);
}

Test(watermark, W7_not_in_zones_under_four_pageblocks)
{
	for (unsigned int pages = 2047; pages <= 2048; pages++) {
		char text[256];
		struct mm *mm;

		snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
			 "zone Normal start=0 spanned=2048 managed=%u\nops\n", pages);
		mm = boot_text(text);
		cr_expect_eq(boost(zone_of(mm, ZONE_NORMAL)), pages == 2048);
		boot_done(mm);
	}
}

Test(watermark, W7_boost_needs_the_lock, .signal = SIGABRT)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=4096\nops\n");

	watermark_boost(zone_of(mm, ZONE_NORMAL));
}

/* --- the check (W5, W6) --------------------------------------------------------------------- */

/* A zone of 4096 pages without blocks, marks or reserves; the test sets what it needs. */
static struct mm *bare_zone(struct zone **z)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=4096\nops\n");

	*z = zone_of(mm, ZONE_NORMAL);
	memset((*z)->area, 0, sizeof((*z)->area));
	memset((*z)->watermark, 0, sizeof((*z)->watermark));
	return mm;
}

Test(watermark, W5_more_than_the_mark_must_be_free)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	cr_expect_not(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 100));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 101));
	cr_expect_not(watermark_ok(z, 0, 0, ZONE_NORMAL, 0, 0));
	cr_expect_not(watermark_ok(z, 0, 0, ZONE_NORMAL, 0, -7));
	z->lowmem_reserve[ZONE_MOVABLE] = 50;
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 101));
	cr_expect_not(watermark_ok(z, 0, 100, ZONE_MOVABLE, 0, 150));
	cr_expect(watermark_ok(z, 0, 100, ZONE_MOVABLE, 0, 151));
	boot_done(mm);
}

Test(watermark, W5_G4_how_far_below_the_mark)
{
	static const struct { unsigned int flags; int64_t mark; } cases[] = {
		{ 0, 101 },
		{ ALLOC_MIN_RESERVE, 51 },			/* 101 - 50 */
		{ ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 39 },	/* 51 - 12 */
		{ ALLOC_NON_BLOCK, 101 },
		{ ALLOC_OOM, 51 },
		{ ALLOC_MIN_RESERVE | ALLOC_OOM, 26 },		/* 51 - 25 */
		{ ALLOC_HIGHATOMIC, 101 },
		{ ALLOC_NO_WATERMARKS, 101 },
	};
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_not(watermark_ok(z, 0, 101, ZONE_NORMAL, cases[i].flags, cases[i].mark));
		cr_expect(watermark_ok(z, 0, 101, ZONE_NORMAL, cases[i].flags, cases[i].mark + 1));
	}
	boot_done(mm);
}

Test(watermark, W5_M5_the_highatomic_reserve_is_for_the_entitled)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	z->nr_reserved_highatomic = 30;
	cr_expect_not(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 130));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 131));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, ALLOC_HIGHATOMIC, 101));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, ALLOC_NON_BLOCK, 101));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, ALLOC_OOM, 51));
	boot_done(mm);
}

Test(watermark, W5_free_CMA_pages_count_for_those_who_may_use_them)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	z->stats.count[NR_FREE_CMA] = 40;
	cr_expect_not(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 140));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 141));
	cr_expect(watermark_ok(z, 0, 100, ZONE_NORMAL, ALLOC_CMA, 101));
	/* A counter that is off by a CPU's part does not give anything away. */
	z->stats.count[NR_FREE_CMA] = -40;
	cr_expect_not(watermark_ok(z, 0, 100, ZONE_NORMAL, 0, 100));
	boot_done(mm);
}

static void put(struct zone *z, unsigned int order, enum migratetype type, uint32_t nr)
{
	z->area[order].list[type].first = nr ? 1 : 0;
	z->area[order].list[type].nr = nr;
}

Test(watermark, W5_a_block_must_exist)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	cr_expect_not(watermark_ok(z, 3, 0, ZONE_NORMAL, 0, 4096), "no block at all");
	for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++) {
		put(z, 2, (enum migratetype)type, 1);
		cr_expect_not(watermark_ok(z, 3, 0, ZONE_NORMAL, 0, 4096), "a block too small");
		put(z, 2, (enum migratetype)type, 0);
		put(z, 3, (enum migratetype)type, 1);
		cr_expect(watermark_ok(z, 3, 0, ZONE_NORMAL, 0, 4096));
		put(z, 3, (enum migratetype)type, 0);
		put(z, MAX_ORDER, (enum migratetype)type, 1);
		cr_expect(watermark_ok(z, 3, 0, ZONE_NORMAL, 0, 4096));
		put(z, MAX_ORDER, (enum migratetype)type, 0);
	}
	put(z, 3, MIGRATE_CMA, 1);
	cr_expect_not(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_OOM, 4096));
	cr_expect(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_CMA, 4096));
	put(z, 3, MIGRATE_CMA, 0);
	put(z, 4, MIGRATE_HIGHATOMIC, 1);
	cr_expect_not(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_CMA | ALLOC_MIN_RESERVE, 4096));
	cr_expect(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_HIGHATOMIC, 4096));
	cr_expect(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_OOM, 4096));
	put(z, 4, MIGRATE_HIGHATOMIC, 0);
	put(z, 4, MIGRATE_ISOLATE, 1);
	cr_expect_not(watermark_ok(z, 3, 0, ZONE_NORMAL, ALLOC_CMA | ALLOC_OOM, 4096));
	boot_done(mm);
}

Test(watermark, W5_a_block_of_the_order_must_be_left_of_free)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	put(z, 3, MIGRATE_MOVABLE, 1);
	cr_expect_not(watermark_ok(z, 3, 100, ZONE_NORMAL, 0, 107));
	cr_expect(watermark_ok(z, 3, 100, ZONE_NORMAL, 0, 108));
	boot_done(mm);
}

Test(watermark, W6_fast_and_full_agree_on_order_0)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	z->lowmem_reserve[ZONE_MOVABLE] = 9;
	for (int64_t free = -20; free < 150; free += 3) {
		for (unsigned int flags = 0; flags < 0x400; flags += 4) {
			z->nr_reserved_highatomic = flags & 8 ? 16 : 0;
			z->stats.count[NR_FREE_CMA] = flags & 16 ? 11 : 0;
			z->stats.count[NR_FREE_PAGES] = free;
			cr_assert_eq(watermark_ok_fast(z, 0, 80, ZONE_MOVABLE, flags, 0),
				     watermark_ok(z, 0, 80, ZONE_MOVABLE, flags, free));
		}
	}
	boot_done(mm);
}

Test(watermark, W6_W7_atomic_order_0_at_min_ignores_the_boost)
{
	struct zone *z;
	struct mm *mm = bare_zone(&z);

	z->watermark[WMARK_MIN] = 100;
	z->boost = 50;
	z->stats.count[NR_FREE_PAGES] = 120;
	cr_expect(watermark_ok_fast(z, 0, 150, ZONE_NORMAL, ALLOC_WMARK_MIN, __GFP_ATOMIC));
	cr_expect_not(watermark_ok_fast(z, 0, 150, ZONE_NORMAL, ALLOC_WMARK_MIN, __GFP_HIGH));
	cr_expect_not(watermark_ok_fast(z, 0, 150, ZONE_NORMAL, ALLOC_WMARK_LOW, __GFP_ATOMIC));
	put(z, 1, MIGRATE_MOVABLE, 1);
	cr_expect_not(watermark_ok_fast(z, 1, 150, ZONE_NORMAL, ALLOC_WMARK_MIN, __GFP_ATOMIC));
	z->stats.count[NR_FREE_PAGES] = 100;
	cr_expect_not(watermark_ok_fast(z, 0, 150, ZONE_NORMAL, ALLOC_WMARK_MIN, __GFP_ATOMIC));
	/* Without a boost there is nothing to ignore. */
	z->boost = 0;
	z->stats.count[NR_FREE_PAGES] = 120;
	cr_expect_not(watermark_ok_fast(z, 0, 150, ZONE_NORMAL, ALLOC_WMARK_MIN, __GFP_ATOMIC));
	boot_done(mm);
}

Test(watermark, W5_the_order_is_one_that_exists, .signal = SIGABRT)
{
	struct zone *z;

	bare_zone(&z);
	watermark_ok(z, MAX_ORDER + 1, 0, ZONE_NORMAL, 0, 0);
}
