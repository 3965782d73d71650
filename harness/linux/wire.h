/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire.h - what passes between the guest's module and the host
 *
 * A window of memory that both see (PCI memory of the guest, a file of the
 * host) begins with struct wire_head.  The host writes programs into it, the
 * module runs them one by one and writes a reply for each.  All numbers are
 * little-endian and of fixed width; bits and types that differ between kernel
 * versions go by our own numbers here, so that only the module, which is
 * compiled for one version, has to know that version's.
 *
 * A reply is a sequence of sections, each a struct wire_section and `nr` words
 * of 64 bits.  Its order:
 *
 *	WIRE_SNAPSHOT 0, the sections of a snapshot, WIRE_RESULTS,
 *	WIRE_SNAPSHOT 1, the sections of a snapshot, WIRE_END
 *
 * Both snapshots and the ops between are of one stop_machine() section, in
 * which the CPUs take turns as the ops say.  What the program still holds at
 * its end is given back after the second snapshot, in the same section.
 */
#ifndef HARNESS_LINUX_WIRE_H
#define HARNESS_LINUX_WIRE_H

#include <linux/types.h>

#define WIRE_MAGIC	0x6b72616d65646974ULL	/* "tidemark" */
#define WIRE_NONE	(~0ULL)			/* no page: the request failed */

enum {
	WIRE_VERSION = 1,
	WIRE_PROGRAMS_MAX = 1024,
	WIRE_TEXT_MAX = 128,
	WIRE_BLOBS_MAX = 64,
	WIRE_NAME_MAX = 32,
	WIRE_NID_OWN = 0xff,
};

/* --- requests -------------------------------------------------------------------------- */

enum wire_op_kind {
	WIRE_ALLOC,		/* alloc_pages_node or, with nodes, __alloc_pages with a nodemask */
	WIRE_BULK,		/* n pages of order 0 into an array */
	WIRE_EXACT,		/* alloc_pages_exact: n pages */
	WIRE_FREE,		/* all of a slot; a bulk slot page by page, first to last */
	WIRE_FREE_LIST,		/* all of a slot that holds single pages, as one list */
	WIRE_FREE_ONE,		/* the n-th (modulo what is left) page of a bulk, exact or split
				   slot; those behind it move up */
	WIRE_SPLIT,		/* split_page */
	WIRE_DRAIN,		/* this CPU's sets */
	WIRE_BEGIN,		/* the snapshot before is taken here: ops before this are part
				   of the state, and have no results; CPU 0 */
	NR_WIRE_OPS,
};

/* Bits of wire_op.gfp, in the order of Linux 6.1; the module drops those its kernel lacks. */
#define WIRE_GFP_BITS(BIT) \
	BIT(DMA) BIT(HIGHMEM) BIT(DMA32) BIT(MOVABLE) BIT(RECLAIMABLE) BIT(HIGH) BIT(IO) BIT(FS) \
	BIT(ZERO) BIT(ATOMIC) BIT(DIRECT_RECLAIM) BIT(KSWAPD_RECLAIM) BIT(WRITE) BIT(NOWARN) \
	BIT(RETRY_MAYFAIL) BIT(NOFAIL) BIT(NORETRY) BIT(MEMALLOC) BIT(COMP) BIT(NOMEMALLOC) \
	BIT(HARDWALL) BIT(THISNODE) BIT(ACCOUNT)

#define WIRE_GFP_ENUM(name)	WIRE_GFP_##name,
enum { WIRE_GFP_BITS(WIRE_GFP_ENUM) NR_WIRE_GFP };	/* bit numbers */

struct wire_op {
	__u8	kind;		/* enum wire_op_kind */
	__u8	cpu;		/* who does it */
	__u8	order;
	__u8	nid;		/* WIRE_NID_OWN: the CPU's own */
	__u32	gfp;		/* bits WIRE_GFP_* */
	__u32	slot;		/* which slot it fills or frees */
	__u32	n;		/* pages, or which page */
	__u32	nodes;		/* bit per node; 0: no nodemask */
	__u32	context;	/* bits WIRE_IN_* */
};

/* Who asks; 0 is a task.  It must not sleep: DIRECT_RECLAIM and NOFAIL are dropped from gfp. */
enum wire_context {
	WIRE_IN_RECLAIM = 1,	/* PF_MEMALLOC is set */
	WIRE_IN_INTERRUPT = 2,
};

enum wire_status { WIRE_WAITING, WIRE_DONE, WIRE_REFUSED, WIRE_HELD };

struct wire_program {		/* the host fills in all but the last three */
	__u64	ops;		/* offset of its struct wire_op[] in the window */
	__u32	nr_ops;
	__u32	nr_slots;
	__u32	nr_pages;	/* the sum of what its ops may allocate */
	__u32	status;		/* enum wire_status */
	__u64	reply;		/* offset of its first section */
	__u64	reply_bytes;
};

/*
 * Text or bytes that the guest's script hands over by name: "zoneinfo.0" is
 * /proc/zoneinfo at its moment 0, and so on; and "done" as the last of all.
 */
struct wire_blob {
	char	name[WIRE_NAME_MAX];	/* NUL-terminated */
	__u32	programs;	/* how many programs had been run by then */
	__u32	reserved;
	__u64	offset;
	__u64	bytes;
};

struct wire_head {
	__u64	magic;
	__u32	version;
	__u32	nr_programs;
	__u64	free;		/* offset of the first byte nobody uses; 8-aligned, grows */
	__u64	bytes;		/* of the window */
	char	kernel[WIRE_TEXT_MAX];	/* from the module: "6.1.192 ...", NUL-terminated */
	char	error[WIRE_TEXT_MAX];	/* from the module: what went wrong; "" if nothing */
	__u32	nr_blobs;	/* from the module, like the blobs */
	__u32	hold;		/* from the host: 1 + the program before which the guest waits, and
				   marks it WIRE_HELD, until this is 0; it then goes on with the
				   first program of the window, which may be another by then */
	struct wire_blob blobs[WIRE_BLOBS_MAX];
	struct wire_program programs[WIRE_PROGRAMS_MAX];
};

/* --- replies --------------------------------------------------------------------------- */

enum wire_section_kind {
	WIRE_SNAPSHOT,		/* index 0: before, 1: after; no words */
	WIRE_MACHINE,		/* enum wire_machine */
	WIRE_NODE,		/* node; mask of its CPUs, then its distance to node 0, 1, ... */
	WIRE_ZONELIST,		/* node; index 0: fallback, 1: THISNODE; WIRE_ZONE_ID, best first */
	WIRE_ZONE,		/* node, zone; enum wire_zone */
	WIRE_ZONE_CPU,		/* node, zone, index: CPU; enum wire_zone_cpu */
	WIRE_FREE_LIST_OF,	/* node, zone, index: WIRE_LIST(order, type); pfns from the head */
	WIRE_PCP_LIST,		/* node, zone, index: WIRE_PCP(cpu, list); WIRE_PCP_PAGE likewise */
	WIRE_BLOCKS,		/* node, zone; a type per pageblock that the span touches, or
				   WIRE_NONE where there is no memory at all */
	WIRE_MOVABLE,		/* node, zone; bit per page from its start: on an LRU or movable */
	WIRE_RESULTS,		/* alloc, exact: pfn or WIRE_NONE; bulk: how many, then pfns */
	WIRE_END,
	NR_WIRE_SECTIONS,
};

struct wire_section {
	__u16	kind;		/* enum wire_section_kind */
	__u8	node;
	__u8	zone;		/* enum wire_zone_type */
	__u32	index;
	__u64	nr;		/* words of 64 bits that follow */
};

enum wire_zone_type {
	WIRE_ZONE_DMA, WIRE_ZONE_DMA32, WIRE_ZONE_NORMAL, WIRE_ZONE_HIGHMEM, WIRE_ZONE_MOVABLE,
	WIRE_ZONE_DEVICE, NR_WIRE_ZONES,
};

enum wire_type {		/* migratetypes */
	WIRE_UNMOVABLE, WIRE_MOVABLE_TYPE, WIRE_RECLAIMABLE, WIRE_HIGHATOMIC, WIRE_CMA,
	WIRE_ISOLATE, NR_WIRE_TYPES,
};

#define WIRE_ZONE_ID(node, zone)	((node) * NR_WIRE_ZONES + (zone))
#define WIRE_LIST(order, type)		((order) << 8 | (type))
#define WIRE_PCP(cpu, list)		((cpu) << 8 | (list))
#define WIRE_PCP_PAGE(pfn, type)	((__u64)(type) << 56 | (pfn))

enum wire_machine {
	WM_KERNEL,		/* LINUX_VERSION_CODE */
	WM_NR_CPUS,		/* possible ones */
	WM_ONLINE_CPUS,		/* mask */
	WM_ONLINE_NODES,	/* mask */
	WM_PAGE_SHIFT,
	WM_PAGEBLOCK_ORDER,
	WM_MAX_ORDER,		/* inclusive */
	WM_ZONE_TYPES,		/* mask of enum wire_zone_type that the kernel was built with */
	WM_NO_GROUPING,		/* page_group_by_mobility_disabled */
	WM_MIN_FREE_KBYTES,
	WM_WATERMARK_SCALE_FACTOR,
	WM_WATERMARK_BOOST_FACTOR,
	WM_PCP_HIGH_FRACTION,
	WM_LOWMEM_RATIO,	/* one per enum wire_zone_type; 0 where there is none */
	NR_WM = WM_LOWMEM_RATIO + NR_WIRE_ZONES,
};

enum wire_zone_flag { WIRE_BOOSTED = 1, WIRE_RECLAIM_ACTIVE = 2, WIRE_BELOW_HIGH = 4 };

enum wire_zone {
	WZ_START, WZ_SPANNED, WZ_PRESENT, WZ_MANAGED,
	WZ_MIN, WZ_LOW, WZ_HIGH,	/* without boost */
	WZ_BOOST,
	WZ_HIGHATOMIC,		/* pages in the reserve */
	WZ_FREE,		/* the global counter, as two's complement */
	WZ_FREE_CMA,
	WZ_FLAGS,		/* enum wire_zone_flag */
	WZ_DRIFT_MARK,
	WZ_ISOLATED_BLOCKS,
	WZ_PAGESET_HIGH, WZ_PAGESET_BATCH,	/* from 6.7 on: the lowest high */
	WZ_PAGESET_HIGH_MAX,	/* from 6.7 on */
	WZ_FREE_HIGHATOMIC,	/* from 6.12 on: free pages of the reserve */
	WZ_RESERVE,		/* lowmem_reserve, one per enum wire_zone_type */
	NR_WZ = WZ_RESERVE + NR_WIRE_ZONES,
};

enum wire_pcp_flag { WIRE_PREV_FREE_HIGH_ORDER = 1, WIRE_FREE_HIGH_BATCH = 2 };

enum wire_zone_cpu {
	WC_COUNT, WC_HIGH, WC_BATCH, WC_FREE_FACTOR, WC_EXPIRE,
	WC_DIFF_FREE,		/* of the free counter, as two's complement */
	WC_DIFF_CMA,
	WC_THRESHOLD,
	WC_FREE_COUNT,		/* 6.7 and later: free_count; high_min and high_max with it */
	WC_HIGH_MIN, WC_HIGH_MAX,
	WC_ALLOC_FACTOR,
	WC_FLAGS,		/* 6.7 and later: enum wire_pcp_flag */
	NR_WC,
};

#endif
