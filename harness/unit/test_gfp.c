/* SPDX-License-Identifier: MIT */
/* test_gfp.c - requests: bits, text, zones, types and what is granted */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "gfp.h"

#define ZONE_BIT(type) (1u << (type))

enum {
	AMD64_ZONES = ZONE_BIT(ZONE_DMA) | ZONE_BIT(ZONE_DMA32) | ZONE_BIT(ZONE_NORMAL) |
		      ZONE_BIT(ZONE_MOVABLE) | ZONE_BIT(ZONE_DEVICE),
	I386_ZONES = ZONE_BIT(ZONE_DMA) | ZONE_BIT(ZONE_NORMAL) | ZONE_BIT(ZONE_HIGHMEM) |
		     ZONE_BIT(ZONE_MOVABLE),
	SMALL_ZONES = ZONE_BIT(ZONE_NORMAL) | ZONE_BIT(ZONE_MOVABLE),
};

/* Every bit that has a meaning, each alone. */
static const gfp_t all_bits[] = {
	__GFP_DMA, __GFP_HIGHMEM, __GFP_DMA32, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_HIGH,
	__GFP_IO, __GFP_FS, __GFP_ZERO, __GFP_ATOMIC, __GFP_DIRECT_RECLAIM, __GFP_KSWAPD_RECLAIM,
	__GFP_WRITE, __GFP_NOWARN, __GFP_RETRY_MAYFAIL, __GFP_NOFAIL, __GFP_NORETRY,
	__GFP_MEMALLOC, __GFP_COMP, __GFP_NOMEMALLOC, __GFP_HARDWALL, __GFP_THISNODE,
	__GFP_ACCOUNT, __GFP_ZEROTAGS, __GFP_SKIP_ZERO, __GFP_SKIP_KASAN_UNPOISON,
	__GFP_SKIP_KASAN_POISON,
};

enum { NR_BITS = sizeof(all_bits) / sizeof(all_bits[0]) };

static void assert_text(gfp_t gfp, const char *expected)
{
	char text[GFP_TEXT_MAX];
	size_t len = gfp_format(gfp, text);

	cr_assert_str_eq(text, expected, "0x%x is %s, not %s", gfp, expected, text);
	cr_assert_eq(len, strlen(text));
}

static gfp_t parse(const char *text)
{
	size_t bad = 12345;
	gfp_t gfp = 0;

	cr_assert(gfp_parse(text, strlen(text), &gfp, &bad), "%s, at %zu", text, bad);
	cr_assert_eq(bad, 12345);
	return gfp;
}

/* --- G1: bits and text ---------------------------------------------------------- */

Test(gfp, G1_numbers_are_those_of_6_1)
{
	/* As the 6.1 guests and the logs of 5.1 and later print them. */
	cr_assert_eq(GFP_KERNEL, 0xcc0);
	cr_assert_eq(GFP_KERNEL_ACCOUNT, 0x400cc0);
	cr_assert_eq(GFP_ATOMIC, 0xa20);
	cr_assert_eq(GFP_NOWAIT, 0x800);
	cr_assert_eq(GFP_NOIO, 0xc00);
	cr_assert_eq(GFP_NOFS, 0xc40);
	cr_assert_eq(GFP_USER, 0x100cc0);
	cr_assert_eq(GFP_DMA, 0x1);
	cr_assert_eq(GFP_DMA32, 0x4);
	cr_assert_eq(GFP_HIGHUSER, 0x100cc2);
	cr_assert_eq(GFP_HIGHUSER_MOVABLE, 0x100cca);
	cr_assert_eq(GFP_TRANSHUGE_LIGHT, 0x1c20ca);
	cr_assert_eq(GFP_TRANSHUGE, 0x1c24ca);
}

Test(gfp, G1_each_bit_has_its_place)
{
	gfp_t sum = 0;

	for (unsigned int i = 0; i < NR_BITS; i++) {
		cr_assert_eq(all_bits[i], 1u << i);
		sum |= all_bits[i];
	}
	cr_assert_eq(sum, __GFP_BITS_MASK);
}

Test(gfp, G1_composites_print_as_in_kernel_logs)
{
	assert_text(0, "none");
	assert_text(GFP_KERNEL, "GFP_KERNEL");
	assert_text(GFP_KERNEL_ACCOUNT | __GFP_ZERO, "GFP_KERNEL_ACCOUNT|__GFP_ZERO");
	assert_text(GFP_ATOMIC | __GFP_COMP, "GFP_ATOMIC|__GFP_COMP");
	assert_text(GFP_NOWAIT | __GFP_NOWARN, "GFP_NOWAIT|__GFP_NOWARN");
	assert_text(GFP_NOFS | __GFP_COMP, "GFP_NOFS|__GFP_COMP");
	assert_text(GFP_NOIO | __GFP_COMP, "GFP_NOIO|__GFP_COMP");
	assert_text(GFP_HIGHUSER | __GFP_ACCOUNT, "GFP_HIGHUSER|__GFP_ACCOUNT");
	assert_text(GFP_HIGHUSER_MOVABLE | __GFP_COMP, "GFP_HIGHUSER_MOVABLE|__GFP_COMP");
	assert_text(GFP_USER | __GFP_WRITE, "GFP_USER|__GFP_WRITE");
	assert_text(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, "GFP_KERNEL|__GFP_COMP|__GFP_ZERO");
	assert_text(GFP_TRANSHUGE, "GFP_TRANSHUGE");
	assert_text(GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM,
		    "GFP_TRANSHUGE_LIGHT|GFP_NOWAIT");
	assert_text(GFP_DMA | GFP_KERNEL, "GFP_KERNEL|GFP_DMA");
	assert_text(__GFP_DMA32 | __GFP_HIGHMEM, "__GFP_HIGHMEM|GFP_DMA32");
	assert_text(__GFP_DIRECT_RECLAIM | __GFP_IO, "__GFP_IO|__GFP_DIRECT_RECLAIM");
	assert_text(__GFP_SKIP_ZERO | __GFP_SKIP_KASAN_POISON | __GFP_SKIP_KASAN_UNPOISON,
		    "__GFP_SKIP_ZERO|__GFP_SKIP_KASAN_POISON|__GFP_SKIP_KASAN_UNPOISON");
}

Test(gfp, G1_bits_without_a_name_print_as_a_number)
{
	assert_text(GFP_KERNEL | 0x8000000, "GFP_KERNEL|0x8000000");
	assert_text(0xf0000000, "0xf0000000");
}

Test(gfp, G1_every_bit_reads_back_from_its_text)
{
	for (unsigned int i = 0; i < NR_BITS; i++) {
		for (unsigned int j = 0; j < NR_BITS; j++) {
			gfp_t gfp = all_bits[i] | all_bits[j];
			char text[GFP_TEXT_MAX];

			gfp_format(gfp, text);
			cr_assert_eq(parse(text), gfp, "%s", text);
		}
	}
}

Test(gfp, G1_any_mask_reads_back_from_its_text)
{
	uint64_t seed = 1;

	for (unsigned int i = 0; i < 200000; i++) {
		char text[GFP_TEXT_MAX];
		gfp_t gfp;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		gfp = (gfp_t)(seed >> 33) & __GFP_BITS_MASK;
		cr_assert_lt(gfp_format(gfp, text), GFP_TEXT_MAX);
		cr_assert_eq(parse(text), gfp, "%s", text);
	}
}

/* No mask has a longer text than all names of single bits together. */
Test(gfp, G1_the_longest_text_fits)
{
	size_t sum = strlen("|0xf8000000") + 1;

	for (unsigned int i = 0; i < NR_BITS; i++) {
		char text[GFP_TEXT_MAX];

		sum += gfp_format(all_bits[i], text) + 1;
	}
	cr_assert_leq(sum, GFP_TEXT_MAX);
}

Test(gfp, G1_names_and_numbers_are_read)
{
	cr_assert_eq(parse("GFP_KERNEL"), GFP_KERNEL);
	cr_assert_eq(parse("__GFP_DMA|__GFP_DMA32"), __GFP_DMA | __GFP_DMA32);
	cr_assert_eq(parse("__GFP_RECLAIM"), __GFP_RECLAIM);
	cr_assert_eq(parse("0xcc0"), GFP_KERNEL);
	cr_assert_eq(parse("0xCC0|__GFP_COMP"), GFP_KERNEL | __GFP_COMP);
	cr_assert_eq(parse("0Xcc0"), GFP_KERNEL);
	cr_assert_eq(parse("3264"), GFP_KERNEL);
	cr_assert_eq(parse("0010"), 10);
	cr_assert_eq(parse("0"), 0);
	cr_assert_eq(parse("0|none|0x0"), 0);
	cr_assert_eq(parse("0x7ffffff"), __GFP_BITS_MASK);
	cr_assert_eq(parse("GFP_TRANSHUGE_LIGHT"), GFP_TRANSHUGE_LIGHT);
}

Test(gfp, G1_what_is_wrong_is_pointed_at)
{
	static const struct { const char *text; size_t bad; } cases[] = {
		{ "", 0 }, { "|", 0 }, { "GFP_KERNEL|", 11 }, { "|GFP_KERNEL", 0 },
		{ "GFP_KERNEL||__GFP_COMP", 11 }, { "GFP_KERNE", 0 }, { "GFP_KERNELS", 0 },
		{ "GFP_KERNEL|__GFP_COLD", 11 }, { " GFP_KERNEL", 0 }, { "GFP_KERNEL ", 0 },
		{ "gfp_kernel", 0 }, { "0x8000000", 0 }, { "0xcc0|134217728", 6 },
		{ "0x", 0 }, { "0x1g", 0 }, { "12a", 0 }, { "99999999999999999999999", 0 },
		{ "0x10000000000000cc0", 0 }, { "-1", 0 }, { "1-2", 0 }, { "0xZ", 0 },
		{ "0xcc0|nothing", 6 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gfp_t gfp = 77;
		size_t bad = 12345;

		cr_assert_not(gfp_parse(cases[i].text, strlen(cases[i].text), &gfp, &bad),
			      "\"%s\"", cases[i].text);
		cr_assert_eq(bad, cases[i].bad, "\"%s\": %zu", cases[i].text, bad);
		cr_assert_eq(gfp, 77);
	}
}

/* The text is not terminated: what follows it is not looked at. */
Test(gfp, G1_parsing_ends_where_the_text_ends)
{
	size_t bad;
	gfp_t gfp;

	cr_assert(gfp_parse("GFP_KERNEL_ACCOUNT", 10, &gfp, &bad));
	cr_assert_eq(gfp, GFP_KERNEL);
	cr_assert(gfp_parse("0xcc0f", 5, &gfp, &bad));
	cr_assert_eq(gfp, GFP_KERNEL);
	cr_assert_not(gfp_parse("GFP_KERNEL", 9, &gfp, &bad));
	cr_assert_not(gfp_parse("GFP_KERNEL\0", 11, &gfp, &bad));
	cr_assert_eq(bad, 0);
}

/* --- G1: other kernels' numbers --------------------------------------------------- */

struct logged {
	enum gfp_version version;
	uint32_t	 number;
	const char	*text;		/* as logged, in the names of 6.1 */
	const char	*source;
};

/*
 * Numbers and texts that kernels logged together.  What a log shows without a
 * text is written out by hand, and says so.
 */
static const struct logged logged[] = {
	/* Its kernel is said to be 4.9 to 4.14; the number is one of 4.18 to 5.0. */
	{ GFP_V4_18, 0x480020, "GFP_ATOMIC", "arm64 Android, linux-mm archive" },
	{ GFP_V5_1, 0x40dc0, "GFP_KERNEL|__GFP_COMP|__GFP_ZERO", "5.10.2 arm64, "
	  "d2d3e617-17bf-8d43-f4a2-e4a7a2d421bd@gmail.com" },
	{ GFP_V5_1, 0x100dca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO", "5.1x arm64, "
	  "202110201459177524146@chinatelecom.cn" },
	{ GFP_V5_1, 0x101cc0, "GFP_USER|__GFP_WRITE", "5.7.0-rc6-next-20200519 i386, "
	  "CALOAHbB3qy7JQj7Rfqt2=jxX86yG+D42vRW8Npyr5927+4qcwQ@mail.gmail.com" },
	{ GFP_V5_1, 0x101cc0, "GFP_USER|__GFP_WRITE", "5.7.0-rc6-next-20200521 i386, "
	  "CA+G9fYseWc_7yq0M5Onju_HxbFid6DbuuaEFf-KUpqfxdF-QTg@mail.gmail.com" },
	{ GFP_V5_14, 0x100cca, "GFP_HIGHUSER_MOVABLE", "kernel not stated, "
	  "20210924151130.GA4029248@maple.netwinder.org" },
	{ GFP_V5_14, 0xcc0, "GFP_KERNEL", "5.15.5 ppc32, 20211130150651.4aefba87@yea" },
	{ GFP_V6_3, 0xcc0, "GFP_KERNEL", "6.14.0-rc4 ppc32, 20250227155056.417e29ae@yea" },
	{ GFP_V6_3, 0xdc0, "GFP_KERNEL|__GFP_ZERO", "6.14.0-rc4 ppc32, "
	  "a5a36d4c-ab5a-49a3-80f7-4c7f07e217d1@csgroup.eu" },
	{ GFP_V6_3, 0x820, "GFP_ATOMIC", "6.8.9 ppc32, 20240508202111.768b7a4d@yea" },
	{ GFP_V6_3, 0xcc0, "GFP_KERNEL", "6.9.0 ppc32, 20240515224524.1c8befbe@yea" },
	{ GFP_V6_3, 0x820, "GFP_ATOMIC", "6.9.0-rc4 ppc32, 20240417025607.62957429@yea" },
	{ GFP_V2_6_38, 0x2000d0, "GFP_KERNEL", "3.8.0-rc4, linux-mm archive; no text: "
	  "GFP_KERNEL and NOTRACK" },
	{ GFP_V4_4, 0x24000c2, "GFP_KERNEL|__GFP_HIGHMEM", "4.4.114, "
	  "google/syzkaller pkg/report/testdata/linux/report/199; no text" },
	{ GFP_V5_1, 0x100cca, "GFP_HIGHUSER_MOVABLE", "5.10.6, "
	  "CA+G9fYv1UFr+7ePC7tLjCY4JPsoQdBdf-6Jpr40zmsoYRWVrdQ@mail.gmail.com" },
	{ GFP_V5_1, 0xcc0, "GFP_KERNEL", "5.13.0-19-generic, CarstenGrohmann/OOMAnalyser" },
	{ GFP_V5_14, 0x0, "none", "5.15.0-rc4, "
	  "9d10df01-0127-fb40-81c3-cc53c9733c3e@virtuozzo.com; no text" },
	{ GFP_V5_18, 0x40c40, "GFP_NOFS|__GFP_COMP", "5.19.0-1-amd64, "
	  "0c0ea8d6-b6ed-e942-6380-d720068668f0@o2.pl" },
	{ GFP_V5_1, 0x100dca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO", "5.3.0-rc1, "
	  "0f507f3d-eed0-f6b8-48fe-acc9fd872d6b@i-love.sakura.ne.jp" },
	{ GFP_V5_1, 0xcc0, "GFP_KERNEL", "5.4.0-120-generic, canonical/hotsos" },
	{ GFP_V5_1, 0x40a20, "GFP_ATOMIC|__GFP_COMP", "5.7.0-rc4, "
	  "87y2ptqqfv.fsf@our.domain.is.not.set" },
	{ GFP_V5_1, 0x500cc2, "GFP_HIGHUSER|__GFP_ACCOUNT", "5.8.2, "
	  "1631518709-42881-1-git-send-email-feng.tang@intel.com" },
	{ GFP_V6_3, 0x40cc0, "GFP_KERNEL|__GFP_COMP", "6.10.0-rc1, "
	  "fkotssj75qj5g5kosjgsewitoiyyqztj2hlxfmgwmwn6pxjhpl@ps57kalkeeqp" },
	{ GFP_V6_3, 0xdc2, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO", "6.3.9, "
	  "bf1ec36.86425ef5.188f80a223e@tnonline.net" },
	{ GFP_V6_3, 0xcc2, "GFP_KERNEL|__GFP_HIGHMEM", "6.3.9, the same report" },
	{ GFP_V6_3, 0x40c00, "GFP_NOIO|__GFP_COMP", "6.8.0-rc3, "
	  "96481a45-3547-4d23-ad34-3a8f1d90c1cd@suse.cz" },
	{ GFP_V6_3, 0xcc0, "GFP_KERNEL", "6.8.0-rc5, "
	  "20240220054941.qqezfubpr5dcfcrw@dell-per750-06-vm-08.rhts.eng.pek2.redhat.com" },
	{ GFP_V6_3, 0x152c4a, "GFP_NOFS|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|"
	  "__GFP_HARDWALL|__GFP_MOVABLE", "6.x, a trace-cmd record of kmem; no text" },
	{ GFP_V4_18, 0x6000c0, "GFP_KERNEL", "4.18.0-339.el8, a vmalloc failure on linux-mm" },
	{ GFP_V4_10, 0x14000c0, "GFP_KERNEL", "4.17.2-1-ARCH, an OOM report on linux-mm" },
	{ GFP_V4_10, 0x15000c0, "GFP_KERNEL_ACCOUNT", "4.15.0-108-generic, "
	  "shakenfist/shakenfist issue 177" },
	{ GFP_V4_5, 0x24000c0, "GFP_KERNEL", "4.8.11-200.fc24, an OOM report" },
	{ GFP_V4_5, 0x240c0d0, "GFP_KERNEL|__GFP_COMP|__GFP_ZERO|__GFP_RECLAIMABLE",
	  "4.9.56, QubesOS/qubes-issues issue 3079; logged as GFP_TEMPORARY" },
	{ GFP_V2_6_38, 0x10d0, "GFP_KERNEL|__GFP_NORETRY", "3.4.0-1.fc17, openzfs/spl issue 125; "
	  "no text" },
	{ GFP_V2_6_38, 0x20, "GFP_ATOMIC", "3.10.0-1062.el7, Seagate/cortx-prvsnr issue 5465; "
	  "no text" },
	{ GFP_V2_6_38, 0x200da, "GFP_HIGHUSER_MOVABLE", "3.0 Android, eolwral/OSMonitor issue 54; "
	  "no text" },
	{ GFP_V2_6_31, 0xd0, "GFP_KERNEL", "2.6.32; no text" },
};

Test(gfp, G1_logged_numbers_decode_to_the_logged_text)
{
	for (unsigned int i = 0; i < sizeof(logged) / sizeof(logged[0]); i++) {
		const struct logged *l = &logged[i];
		gfp_t gfp = 0;

		cr_assert(gfp_decode(l->version, l->number, &gfp), "0x%x: %s", l->number,
			  l->source);
		cr_assert_eq(gfp, parse(l->text), "0x%x: 0x%x, not %s: %s", l->number, gfp,
			     l->text, l->source);
	}
}

/* Ours is the identity, but for the bit that only lockdep knows. */
Test(gfp, G1_our_own_numbers_decode_to_themselves)
{
	gfp_t gfp;

	for (unsigned int i = 0; i < NR_BITS; i++) {
		cr_assert(gfp_decode(GFP_V5_18, all_bits[i], &gfp));
		cr_assert_eq(gfp, all_bits[i]);
	}
	cr_assert(gfp_decode(GFP_V5_18, 0x8000000 | GFP_KERNEL, &gfp));
	cr_assert_eq(gfp, GFP_KERNEL);
}

Test(gfp, G1_bits_unknown_to_a_kernel_are_refused)
{
	static const struct { enum gfp_version version; uint32_t number; } cases[] = {
		{ GFP_V6_3, 0x200 }, { GFP_V6_3, 0x10000000 }, { GFP_V5_18, 0x10000000 },
		{ GFP_V5_14, 0x4000000 }, { GFP_V5_1, 0x1000000 }, { GFP_V4_18, 0x1000000 },
		{ GFP_V4_10, 0x4000000 }, { GFP_V4_5, 0x4000000 }, { GFP_V4_4, 0x4000000 },
		{ GFP_V2_6_38, 0x2000000 }, { GFP_V2_6_31, 0x400000 }, { GFP_V2_6_31, 0x2000 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gfp_t gfp = 77;

		cr_assert_not(gfp_decode(cases[i].version, cases[i].number, &gfp), "case %u", i);
		cr_assert_eq(gfp, 77);
	}
}

Test(gfp, G1_bits_that_6_1_lacks_are_dropped)
{
	static const struct { enum gfp_version version; uint32_t number; } nothing[] = {
		{ GFP_V6_3, 0xf000000 }, { GFP_V5_14, 0x2000000 }, { GFP_V5_1, 0x800000 },
		{ GFP_V4_18, 0x800000 }, { GFP_V4_10, 0x2200100 }, { GFP_V4_5, 0xa00100 },
		{ GFP_V4_4, 0xb00100 },
	};
	gfp_t gfp;

	for (unsigned int i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		cr_assert(gfp_decode(nothing[i].version, nothing[i].number, &gfp), "case %u", i);
		cr_assert_eq(gfp, 0, "case %u: 0x%x", i, gfp);
	}
}

/* Before 4.4 kswapd was woken unless forbidden, and waiting was one bit. */
Test(gfp, G1_waiting_and_waking_before_4_4)
{
	gfp_t gfp;

	cr_assert(gfp_decode(GFP_V2_6_38, 0, &gfp));
	cr_assert_eq(gfp, GFP_NOWAIT);
	cr_assert(gfp_decode(GFP_V2_6_38, 0x400000, &gfp));
	cr_assert_eq(gfp, 0);
	cr_assert(gfp_decode(GFP_V2_6_38, 0x400010, &gfp));
	cr_assert_eq(gfp, __GFP_DIRECT_RECLAIM);
	cr_assert(gfp_decode(GFP_V2_6_38, 0x30, &gfp));
	cr_assert_eq(gfp, __GFP_RECLAIM | __GFP_HIGH);
	cr_assert(gfp_decode(GFP_V2_6_38, 0x400020, &gfp));
	cr_assert_eq(gfp, __GFP_HIGH);
	cr_assert(gfp_decode(GFP_V2_6_31, 0x200100, &gfp));
	cr_assert_eq(gfp, GFP_NOWAIT);
	cr_assert(gfp_decode(GFP_V2_6_38, 0x400 | 0x2000 | 0x80000 | 0x1000000, &gfp));
	cr_assert_eq(gfp, GFP_NOWAIT | __GFP_RETRY_MAYFAIL | __GFP_MEMALLOC | __GFP_RECLAIMABLE |
		     __GFP_WRITE);
}

/* A bit of another kernel becomes one bit, or none: no two become the same one. */
Test(gfp, G1_no_two_bits_become_one)
{
	for (int version = 0; version < NR_GFP_VERSIONS; version++) {
		gfp_t base, seen = 0;

		cr_assert(gfp_decode((enum gfp_version)version, 0, &base));
		for (unsigned int i = 0; i < 32; i++) {
			gfp_t gfp;

			if (!gfp_decode((enum gfp_version)version, 1u << i, &gfp))
				continue;
			gfp &= ~base & ~__GFP_ATOMIC;
			cr_assert_eq(gfp & (gfp - 1), 0, "version %d bit %u", version, i);
			cr_assert_eq(gfp & seen, 0, "version %d bit %u", version, i);
			seen |= gfp;
		}
	}
}

/* --- G2, G3: zones and types --------------------------------------------------------- */

static struct tunables tunables_of(unsigned int zone_types)
{
	struct tunables t;

	memset(&t, 0, sizeof(t));
	t.zone_types = zone_types;
	return t;
}

Test(gfp, G2_two_zone_bits_are_illegal)
{
	for (gfp_t bits = 0; bits <= GFP_ZONEMASK; bits++) {
		int zones = !!(bits & __GFP_DMA) + !!(bits & __GFP_DMA32) +
			    !!(bits & __GFP_HIGHMEM);

		cr_assert_eq(gfp_zone_is_legal(bits), zones < 2, "0x%x", bits);
		cr_assert_eq(gfp_zone_is_legal(bits | GFP_KERNEL), zones < 2, "0x%x", bits);
	}
}

Test(gfp, G2_highest_zone_of_every_legal_combination)
{
	static const struct {
		gfp_t gfp;
		enum zone_type amd64, i386, small;
	} cases[] = {
		{ 0, ZONE_NORMAL, ZONE_NORMAL, ZONE_NORMAL },
		{ __GFP_DMA, ZONE_DMA, ZONE_DMA, ZONE_NORMAL },
		{ __GFP_HIGHMEM, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_NORMAL },
		{ __GFP_DMA32, ZONE_DMA32, ZONE_NORMAL, ZONE_NORMAL },
		{ __GFP_MOVABLE, ZONE_NORMAL, ZONE_NORMAL, ZONE_NORMAL },
		{ __GFP_MOVABLE | __GFP_DMA, ZONE_DMA, ZONE_DMA, ZONE_NORMAL },
		{ __GFP_MOVABLE | __GFP_HIGHMEM, ZONE_MOVABLE, ZONE_MOVABLE, ZONE_MOVABLE },
		{ __GFP_MOVABLE | __GFP_DMA32, ZONE_DMA32, ZONE_NORMAL, ZONE_NORMAL },
	};
	struct tunables amd64 = tunables_of(AMD64_ZONES);
	struct tunables i386 = tunables_of(I386_ZONES);
	struct tunables small = tunables_of(SMALL_ZONES);

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(gfp_zone(&amd64, cases[i].gfp), cases[i].amd64, "case %u", i);
		cr_assert_eq(gfp_zone(&i386, cases[i].gfp), cases[i].i386, "case %u", i);
		cr_assert_eq(gfp_zone(&small, cases[i].gfp), cases[i].small, "case %u", i);
		cr_assert_eq(gfp_zone(&amd64, cases[i].gfp | GFP_KERNEL | __GFP_COMP),
			     cases[i].amd64, "case %u", i);
	}
}

Test(gfp, G2_an_illegal_combination_has_no_zone, .signal = SIGABRT)
{
	struct tunables t = tunables_of(AMD64_ZONES);

	gfp_zone(&t, __GFP_DMA | __GFP_HIGHMEM);
}

Test(gfp, G3_mobility_bits_give_the_type)
{
	struct tunables t = tunables_of(AMD64_ZONES);

	cr_assert_eq(gfp_migratetype(&t, GFP_KERNEL), MIGRATE_UNMOVABLE);
	cr_assert_eq(gfp_migratetype(&t, GFP_HIGHUSER), MIGRATE_UNMOVABLE);
	cr_assert_eq(gfp_migratetype(&t, GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	cr_assert_eq(gfp_migratetype(&t, GFP_KERNEL | __GFP_MOVABLE), MIGRATE_MOVABLE);
	cr_assert_eq(gfp_migratetype(&t, GFP_KERNEL | __GFP_RECLAIMABLE), MIGRATE_RECLAIMABLE);
}

Test(gfp, G3_M1_one_type_where_grouping_is_off)
{
	struct tunables t = tunables_of(AMD64_ZONES);

	t.grouping_off = true;
	cr_assert_eq(gfp_migratetype(&t, GFP_HIGHUSER_MOVABLE), MIGRATE_UNMOVABLE);
	cr_assert_eq(gfp_migratetype(&t, GFP_KERNEL | __GFP_RECLAIMABLE), MIGRATE_UNMOVABLE);
}

Test(gfp, G3_both_mobility_bits_are_a_bug, .signal = SIGABRT)
{
	struct tunables t = tunables_of(AMD64_ZONES);

	gfp_migratetype(&t, __GFP_MOVABLE | __GFP_RECLAIMABLE);
}

/* --- G4, G6: what is granted ------------------------------------------------------------ */

Test(gfp, G4_flags_of_the_slow_path)
{
	enum { BASE = ALLOC_WMARK_MIN | ALLOC_CPUSET };
	static const struct {
		const char *what;
		gfp_t gfp;
		unsigned int order, context, flags;
	} cases[] = {
		{ "kernel", GFP_KERNEL, 0, 0, BASE | ALLOC_KSWAPD },
		{ "kernel, large", GFP_KERNEL, 4, 0, BASE | ALLOC_KSWAPD },
		{ "no kswapd", __GFP_DIRECT_RECLAIM, 0, 0, BASE },
		{ "high and waiting", GFP_KERNEL | __GFP_HIGH, 3, 0,
		  BASE | ALLOC_KSWAPD | ALLOC_MIN_RESERVE },
		{ "atomic", GFP_ATOMIC, 0, 0,
		  ALLOC_WMARK_MIN | ALLOC_KSWAPD | ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK },
		{ "atomic, large", GFP_ATOMIC, 1, 0,
		  ALLOC_WMARK_MIN | ALLOC_KSWAPD | ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK |
		  ALLOC_HIGHATOMIC },
		{ "nowait", GFP_NOWAIT, 0, 0, BASE | ALLOC_KSWAPD | ALLOC_NON_BLOCK },
		{ "nowait, large", GFP_NOWAIT, 2, 0, BASE | ALLOC_KSWAPD | ALLOC_NON_BLOCK },
		{ "atomic without reserves", GFP_ATOMIC | __GFP_NOMEMALLOC, 1, 0,
		  ALLOC_WMARK_MIN | ALLOC_KSWAPD | ALLOC_MIN_RESERVE },
		{ "nowait without reserves", GFP_NOWAIT | __GFP_NOMEMALLOC, 1, 0,
		  BASE | ALLOC_KSWAPD },
		{ "nothing", 0, 0, 0, BASE | ALLOC_NON_BLOCK },
		{ "realtime", GFP_KERNEL, 1, CTX_REALTIME,
		  BASE | ALLOC_KSWAPD | ALLOC_MIN_RESERVE },
		{ "realtime that does not wait", GFP_NOWAIT, 1, CTX_REALTIME,
		  BASE | ALLOC_KSWAPD | ALLOC_NON_BLOCK },
		{ "interrupting realtime", GFP_KERNEL, 1, CTX_REALTIME | CTX_IRQ,
		  BASE | ALLOC_KSWAPD },
		{ "victim and reclaimer get theirs later", GFP_KERNEL, 0,
		  CTX_OOM_VICTIM | CTX_MEMALLOC, BASE | ALLOC_KSWAPD },
	};
	struct tunables t = tunables_of(AMD64_ZONES);

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(gfp_alloc_flags(&t, cases[i].gfp, cases[i].order, cases[i].context),
			     cases[i].flags, "%s", cases[i].what);
}

Test(gfp, G4_movable_requests_may_use_cma)
{
	struct tunables t = tunables_of(AMD64_ZONES);

	cr_assert_eq(gfp_cma_flag(&t, GFP_HIGHUSER_MOVABLE), 0);
	t.has_cma = true;
	cr_assert_eq(gfp_cma_flag(&t, GFP_HIGHUSER_MOVABLE), ALLOC_CMA);
	cr_assert_eq(gfp_cma_flag(&t, GFP_KERNEL | __GFP_RECLAIMABLE), 0);
	cr_assert_eq(gfp_cma_flag(&t, GFP_KERNEL), 0);
	cr_assert(gfp_alloc_flags(&t, GFP_HIGHUSER_MOVABLE, 0, 0) & ALLOC_CMA);
	cr_assert_not(gfp_alloc_flags(&t, GFP_KERNEL, 0, 0) & ALLOC_CMA);
	t.grouping_off = true;
	cr_assert_eq(gfp_cma_flag(&t, GFP_HIGHUSER_MOVABLE), 0);
}

Test(gfp, G4_G6_who_may_use_reserves)
{
	static const struct { gfp_t gfp; unsigned int context, flags; } cases[] = {
		{ GFP_KERNEL, 0, 0 },
		{ GFP_KERNEL | __GFP_MEMALLOC, 0, ALLOC_NO_WATERMARKS },
		{ GFP_ATOMIC | __GFP_MEMALLOC, CTX_IRQ, ALLOC_NO_WATERMARKS },
		{ GFP_KERNEL, CTX_MEMALLOC, ALLOC_NO_WATERMARKS },
		{ GFP_KERNEL, CTX_OOM_VICTIM, ALLOC_OOM },
		{ GFP_KERNEL, CTX_MEMALLOC | CTX_OOM_VICTIM, ALLOC_NO_WATERMARKS },
		{ GFP_KERNEL, CTX_REALTIME | CTX_NOIO | CTX_NOFS | CTX_PIN, 0 },
		{ GFP_ATOMIC, CTX_IRQ | CTX_MEMALLOC, 0 },
		{ GFP_ATOMIC, CTX_IRQ | CTX_OOM_VICTIM, 0 },
		{ GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0, 0 },
		{ GFP_KERNEL | __GFP_NOMEMALLOC, CTX_MEMALLOC, 0 },
		{ GFP_KERNEL | __GFP_NOMEMALLOC, CTX_OOM_VICTIM, 0 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(gfp_reserve_flags(cases[i].gfp, cases[i].context), cases[i].flags,
			     "case %u", i);
}

Test(gfp, G6_scopes_mask_the_request)
{
	cr_assert_eq(gfp_in_context(GFP_KERNEL, 0), GFP_KERNEL);
	cr_assert_eq(gfp_in_context(GFP_KERNEL, CTX_NOIO), GFP_NOIO);
	cr_assert_eq(gfp_in_context(GFP_KERNEL, CTX_NOFS), GFP_NOFS);
	cr_assert_eq(gfp_in_context(GFP_KERNEL, CTX_NOIO | CTX_NOFS), GFP_NOIO);
	cr_assert_eq(gfp_in_context(GFP_HIGHUSER_MOVABLE, CTX_PIN), GFP_HIGHUSER);
	cr_assert_eq(gfp_in_context(GFP_HIGHUSER_MOVABLE, CTX_NOFS | CTX_PIN),
		     GFP_HIGHUSER & ~__GFP_FS);
	cr_assert_eq(gfp_in_context(GFP_KERNEL, CTX_IRQ | CTX_NOIO), GFP_NOIO);
	cr_assert_eq(gfp_in_context(__GFP_BITS_MASK, CTX_MEMALLOC | CTX_OOM_VICTIM | CTX_REALTIME |
				    CTX_IRQ), __GFP_BITS_MASK);
}
