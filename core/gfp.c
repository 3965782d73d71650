/* SPDX-License-Identifier: GPL-2.0-only */
/* gfp.c - requests: zones, types, what is granted, and their text; see gfp.h */
#include "gfp.h"

#include "bits.h"
#include "text.h"

unsigned int gfp_alloc_flags(const struct tunables *t, gfp_t gfp, unsigned int order,
			     unsigned int context)
{
	unsigned int flags = ALLOC_WMARK_MIN | ALLOC_CPUSET | gfp_cma_flag(t, gfp);

	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;

	if (gfp_may_block(gfp)) {
		if ((context & CTX_REALTIME) && !(context & CTX_IRQ))
			flags |= ALLOC_MIN_RESERVE;
		return flags;
	}

	if (!(gfp & __GFP_NOMEMALLOC)) {
		flags |= ALLOC_NON_BLOCK;
		if (order > 0 && (gfp & __GFP_HIGH))
			flags |= ALLOC_HIGHATOMIC;
	}
	if (gfp & __GFP_HIGH)
		flags &= ~(unsigned int)ALLOC_CPUSET;
	return flags;
}

/* What a task is entitled to means nothing in an interrupt, which only borrows the task. */
unsigned int gfp_reserve_flags(gfp_t gfp, unsigned int context)
{
	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (context & CTX_IRQ)
		return 0;
	if (context & CTX_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	return context & CTX_OOM_VICTIM ? ALLOC_OOM : 0;
}

/* --- text -------------------------------------------------------------------- */

enum { GFP_NAME_MAX = 28 };

struct gfp_name {
	gfp_t	mask;
	char	name[GFP_NAME_MAX];
};

/*
 * In the order in which kernels try them: a name is printed when all of its
 * bits are left, so composites come before their parts.  The last two are
 * never printed, because others with the same bit come first.
 */
static const struct gfp_name gfp_names[] = {
	{ GFP_TRANSHUGE,	"GFP_TRANSHUGE" },
	{ GFP_TRANSHUGE_LIGHT,	"GFP_TRANSHUGE_LIGHT" },
	{ GFP_HIGHUSER_MOVABLE,	"GFP_HIGHUSER_MOVABLE" },
	{ GFP_HIGHUSER,		"GFP_HIGHUSER" },
	{ GFP_USER,		"GFP_USER" },
	{ GFP_KERNEL_ACCOUNT,	"GFP_KERNEL_ACCOUNT" },
	{ GFP_KERNEL,		"GFP_KERNEL" },
	{ GFP_NOFS,		"GFP_NOFS" },
	{ GFP_ATOMIC,		"GFP_ATOMIC" },
	{ GFP_NOIO,		"GFP_NOIO" },
	{ GFP_NOWAIT,		"GFP_NOWAIT" },
	{ GFP_DMA,		"GFP_DMA" },
	{ __GFP_HIGHMEM,	"__GFP_HIGHMEM" },
	{ GFP_DMA32,		"GFP_DMA32" },
	{ __GFP_HIGH,		"__GFP_HIGH" },
	{ __GFP_ATOMIC,		"__GFP_ATOMIC" },
	{ __GFP_IO,		"__GFP_IO" },
	{ __GFP_FS,		"__GFP_FS" },
	{ __GFP_NOWARN,		"__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL,	"__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL,		"__GFP_NOFAIL" },
	{ __GFP_NORETRY,	"__GFP_NORETRY" },
	{ __GFP_COMP,		"__GFP_COMP" },
	{ __GFP_ZERO,		"__GFP_ZERO" },
	{ __GFP_NOMEMALLOC,	"__GFP_NOMEMALLOC" },
	{ __GFP_MEMALLOC,	"__GFP_MEMALLOC" },
	{ __GFP_HARDWALL,	"__GFP_HARDWALL" },
	{ __GFP_THISNODE,	"__GFP_THISNODE" },
	{ __GFP_RECLAIMABLE,	"__GFP_RECLAIMABLE" },
	{ __GFP_MOVABLE,	"__GFP_MOVABLE" },
	{ __GFP_ACCOUNT,	"__GFP_ACCOUNT" },
	{ __GFP_WRITE,		"__GFP_WRITE" },
	{ __GFP_RECLAIM,	"__GFP_RECLAIM" },
	{ __GFP_DIRECT_RECLAIM,	"__GFP_DIRECT_RECLAIM" },
	{ __GFP_KSWAPD_RECLAIM,	"__GFP_KSWAPD_RECLAIM" },
	{ __GFP_ZEROTAGS,	"__GFP_ZEROTAGS" },
	{ __GFP_SKIP_ZERO,	"__GFP_SKIP_ZERO" },
	{ __GFP_SKIP_KASAN_POISON, "__GFP_SKIP_KASAN_POISON" },
	{ __GFP_SKIP_KASAN_UNPOISON, "__GFP_SKIP_KASAN_UNPOISON" },
	{ __GFP_DMA,		"__GFP_DMA" },
	{ __GFP_DMA32,		"__GFP_DMA32" },
};

enum { NR_GFP_NAMES = sizeof(gfp_names) / sizeof(gfp_names[0]) };

size_t gfp_format(gfp_t gfp, char text[GFP_TEXT_MAX])
{
	struct text t = { .buf = text, .size = GFP_TEXT_MAX - 1 };
	gfp_t left = gfp;

	for (unsigned int i = 0; i < NR_GFP_NAMES; i++) {
		if ((left & gfp_names[i].mask) != gfp_names[i].mask)
			continue;
		if (t.len)
			text_char(&t, '|');
		text_str(&t, gfp_names[i].name);
		left &= ~gfp_names[i].mask;
	}
	if (left) {			/* bits without a name, as kernels show them */
		if (t.len)
			text_char(&t, '|');
		text_hex(&t, left);
	}
	if (!gfp)
		text_str(&t, "none");
	text[t.len] = '\0';
	return t.len;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* A decimal number, or a hexadecimal one after 0x, that fills text[0..len). */
static bool parse_number(const char *text, size_t len, gfp_t *gfp)
{
	bool hex = len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned int base = hex ? 16 : 10;
	uint64_t v = 0;

	for (size_t i = hex ? 2 : 0; i < len; i++) {
		unsigned int digit = (unsigned int)digit_value(text[i]);

		if (digit >= base)
			return false;
		v = v * base + digit;
		if (v > __GFP_BITS_MASK)
			return false;
	}
	*gfp = (gfp_t)v;
	return true;
}

/* Is text[0..len) the string s? */
static bool is_string(const char *text, size_t len, const char *s)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\0' || s[i] != text[i])
			return false;
	return s[len] == '\0';
}

static bool parse_word(const char *text, size_t len, gfp_t *gfp)
{
	if (len == 0)
		return false;
	if (text[0] >= '0' && text[0] <= '9')
		return parse_number(text, len, gfp);
	if (is_string(text, len, "none")) {
		*gfp = 0;
		return true;
	}
	for (unsigned int i = 0; i < NR_GFP_NAMES; i++) {
		if (is_string(text, len, gfp_names[i].name)) {
			*gfp = gfp_names[i].mask;
			return true;
		}
	}
	return false;
}

bool gfp_parse(const char *text, size_t len, gfp_t *gfp, size_t *bad)
{
	gfp_t sum = 0;
	size_t begin = 0;

	for (size_t end = 0; end <= len; end++) {
		gfp_t word;

		if (end < len && text[end] != '|')
			continue;
		if (!parse_word(text + begin, end - begin, &word)) {
			*bad = begin;
			return false;
		}
		sum |= word;
		begin = end + 1;
	}
	*gfp = sum;
	return true;
}

/* --- numbers of other kernels --------------------------------------------------- */

enum { BITS_MAX = 28 };			/* the most that any kernel here has */

struct gfp_bits {
	gfp_t	 bit[BITS_MAX];		/* what a bit is in 6.1 */
	uint32_t dropped;		/* bits known there that are nothing in 6.1 */
	uint32_t no_kswapd;		/* the bit that forbids waking it, if there is one */
	bool	 kswapd_implied;	/* it is woken unless forbidden */
	bool	 no_atomic;		/* there is no __GFP_ATOMIC */
};

/* The places that did not change from 2.6.31 to 5.0. */
#define OLD_PLACES \
	[0] = __GFP_DMA, [1] = __GFP_HIGHMEM, [2] = __GFP_DMA32, [3] = __GFP_MOVABLE, \
	[5] = __GFP_HIGH, [6] = __GFP_IO, [7] = __GFP_FS, [9] = __GFP_NOWARN, \
	[10] = __GFP_RETRY_MAYFAIL, [11] = __GFP_NOFAIL, [12] = __GFP_NORETRY, \
	[14] = __GFP_COMP, [15] = __GFP_ZERO, [16] = __GFP_NOMEMALLOC, \
	[17] = __GFP_HARDWALL, [18] = __GFP_THISNODE

/* And those from 5.1 on, up to __GFP_ACCOUNT, which are ours. */
#define NEW_PLACES \
	[0] = __GFP_DMA, [1] = __GFP_HIGHMEM, [2] = __GFP_DMA32, [3] = __GFP_MOVABLE, \
	[4] = __GFP_RECLAIMABLE, [5] = __GFP_HIGH, [6] = __GFP_IO, [7] = __GFP_FS, \
	[8] = __GFP_ZERO, [10] = __GFP_DIRECT_RECLAIM, [11] = __GFP_KSWAPD_RECLAIM, \
	[12] = __GFP_WRITE, [13] = __GFP_NOWARN, [14] = __GFP_RETRY_MAYFAIL, \
	[15] = __GFP_NOFAIL, [16] = __GFP_NORETRY, [17] = __GFP_MEMALLOC, [18] = __GFP_COMP, \
	[19] = __GFP_NOMEMALLOC, [20] = __GFP_HARDWALL, [21] = __GFP_THISNODE, \
	[22] = __GFP_ACCOUNT

static const struct gfp_bits gfp_versions[NR_GFP_VERSIONS] = {
	[GFP_V6_3] = {			/* which bits follow 23 depends on the configuration */
		.bit = { NEW_PLACES, [23] = __GFP_ZEROTAGS },
		.dropped = 0xf000000,
		.no_atomic = true,
	},
	[GFP_V5_18] = {
		.bit = { NEW_PLACES, [9] = __GFP_ATOMIC, [23] = __GFP_ZEROTAGS,
			 [24] = __GFP_SKIP_ZERO, [25] = __GFP_SKIP_KASAN_UNPOISON,
			 [26] = __GFP_SKIP_KASAN_POISON },
		.dropped = 0x8000000,	/* NOLOCKDEP */
	},
	[GFP_V5_14] = {
		.bit = { NEW_PLACES, [9] = __GFP_ATOMIC, [23] = __GFP_ZEROTAGS,
			 [24] = __GFP_SKIP_KASAN_POISON },
		.dropped = 0x2000000,	/* NOLOCKDEP */
	},
	[GFP_V5_1] = {
		.bit = { NEW_PLACES, [9] = __GFP_ATOMIC },
		.dropped = 0x800000,	/* NOLOCKDEP */
	},
	[GFP_V4_18] = {
		.bit = { OLD_PLACES, [4] = __GFP_RECLAIMABLE, [8] = __GFP_WRITE,
			 [13] = __GFP_MEMALLOC, [19] = __GFP_ATOMIC, [20] = __GFP_ACCOUNT,
			 [21] = __GFP_DIRECT_RECLAIM, [22] = __GFP_KSWAPD_RECLAIM },
		.dropped = 0x800000,	/* NOLOCKDEP */
	},
	[GFP_V4_10] = {
		.bit = { OLD_PLACES, [4] = __GFP_RECLAIMABLE, [13] = __GFP_MEMALLOC,
			 [19] = __GFP_ATOMIC, [20] = __GFP_ACCOUNT,
			 [22] = __GFP_DIRECT_RECLAIM, [23] = __GFP_WRITE,
			 [24] = __GFP_KSWAPD_RECLAIM },
		.dropped = 0x2200100,	/* NOLOCKDEP, NOTRACK, COLD */
	},
	[GFP_V4_5] = {
		.bit = { OLD_PLACES, [4] = __GFP_RECLAIMABLE, [13] = __GFP_MEMALLOC,
			 [19] = __GFP_ATOMIC, [20] = __GFP_ACCOUNT,
			 [22] = __GFP_DIRECT_RECLAIM, [24] = __GFP_WRITE,
			 [25] = __GFP_KSWAPD_RECLAIM },
		.dropped = 0xa00100,	/* OTHER_NODE, NOTRACK, COLD */
	},
	[GFP_V4_4] = {
		.bit = { OLD_PLACES, [4] = __GFP_RECLAIMABLE, [13] = __GFP_MEMALLOC,
			 [19] = __GFP_ATOMIC, [22] = __GFP_DIRECT_RECLAIM,
			 [24] = __GFP_WRITE, [25] = __GFP_KSWAPD_RECLAIM },
		.dropped = 0xb00100,	/* OTHER_NODE, NOTRACK, NOACCOUNT, COLD */
	},
	[GFP_V2_6_38] = {
		.bit = { OLD_PLACES, [4] = __GFP_DIRECT_RECLAIM, [13] = __GFP_MEMALLOC,
			 [19] = __GFP_RECLAIMABLE, [24] = __GFP_WRITE },
		.dropped = 0xb00100,	/* OTHER_NODE, NOTRACK, NOACCOUNT or KMEMCG, COLD */
		.no_kswapd = 0x400000,
		.kswapd_implied = true,
		.no_atomic = true,
	},
	[GFP_V2_6_31] = {
		.bit = { OLD_PLACES, [4] = __GFP_DIRECT_RECLAIM, [19] = __GFP_RECLAIMABLE },
		.dropped = 0x200100,	/* NOTRACK, COLD */
		.kswapd_implied = true,
		.no_atomic = true,
	},
};

bool gfp_decode(enum gfp_version version, uint32_t number, gfp_t *gfp)
{
	const gfp_t urgent = GFP_ATOMIC & ~__GFP_ATOMIC;
	const struct gfp_bits *v = &gfp_versions[version];
	uint32_t left = number & ~(v->dropped | v->no_kswapd);
	gfp_t sum = 0;

	if (left >> BITS_MAX)
		return false;
	for (unsigned int i = 0; i < BITS_MAX; i++) {
		if (!(left >> i & 1))
			continue;
		if (!v->bit[i])
			return false;
		sum |= v->bit[i];
	}
	if (v->kswapd_implied && !(number & v->no_kswapd))
		sum |= __GFP_KSWAPD_RECLAIM;
	if (v->no_atomic && (sum & (urgent | __GFP_DIRECT_RECLAIM)) == urgent)
		sum |= __GFP_ATOMIC;
	*gfp = sum;
	return true;
}
