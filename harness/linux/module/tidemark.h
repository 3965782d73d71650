/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tidemark.h - the module: runs the window's programs in this kernel's allocator
 *
 * The window is memory of a PCI device that the host maps too (see wire.h), so
 * neither programs nor results nor scratch space take a page of this machine:
 * what is measured is not disturbed by who measures.
 *
 * Everything in the window is the host's word and is checked before use.
 */
#ifndef TIDEMARK_MODULE_H
#define TIDEMARK_MODULE_H

#include <linux/list.h>
#include <linux/mmzone.h>
#include <linux/types.h>

#include "wire.h"

struct pci_dev;
struct seq_file;

/* --- window.c ------------------------------------------------------------------------------ */

struct window {
	struct pci_dev	 *device;
	void		 *base;
	struct wire_head *head;		/* the same address */
	struct wire_blob *blob;		/* the open one, or NULL */
	u64		  bytes;
	u64		  blob_bytes;
	u32		  nr_programs;
	u64		  free;		/* ours to use from here on; head->free tells the host */
};

int window_open(struct window *window);
void window_close(struct window *window);

/*
 * Waits before this program as long as the host wants that.  Copies of a guest that
 * waits find other windows in its place: *index is then the first program there, and
 * false says that there is none.
 */
bool window_hold(struct window *window, u32 *index);

/* The address of `bytes` at `offset`, 8-aligned, or NULL: not inside the window. */
void *window_at(const struct window *window, u64 offset, u64 bytes);

/* The bytes from `free` up to the new `free`, which is rounded up, are in use. */
void window_take(struct window *window, u64 bytes);

/* Says in the window and in the log what went wrong; the first complaint stays. */
void window_complain(struct window *window, const char *format, ...) __printf(2, 3);

int window_blob_begin(struct window *window, const char *name);
ssize_t window_blob_append(struct window *window, const char __user *from, size_t bytes);
void window_blob_end(struct window *window);

/* --- reply.c --------------------------------------------------------------------------- */

/* Writes sections one behind the other; once the room is used up only `full` is set. */
struct reply {
	u64			*start;
	u64			*at;
	u64			*end;
	struct wire_section	*section;	/* the open one */
	bool			 full;
};

void reply_begin(struct reply *reply, void *start, u64 bytes);
void reply_section(struct reply *reply, unsigned int kind, unsigned int node, unsigned int zone,
		   u32 index);
void reply_word(struct reply *reply, u64 word);
void reply_words(struct reply *reply, const u64 *words, unsigned int nr);
u64 reply_bytes(const struct reply *reply);

/* --- symbols.c ----------------------------------------------------------------------- */

/* What this kernel has but does not export. */
struct symbols {
	unsigned long (*lookup)(const char *name);
	int (*size_of)(unsigned long address, unsigned long *size, unsigned long *offset);
	void (*drain_local_pages)(struct zone *zone);
	unsigned long (*get_pfnblock_flags_mask)(const struct page *page, unsigned long pfn,
						 unsigned long mask);
	/* May be NULL: functions of many nodes, and variables, which not every kernel names. */
	void *(*exact_on_node)(int nid, size_t bytes, gfp_t gfp);
	const int *page_group_by_mobility_disabled;
	const int *lowmem_reserve_ratio;
};

int symbols_find(struct symbols *symbols);

/* Where the code of `function` calls `callee`, as FUNCTION+OFFSET, one a line. */
void symbols_calls(const struct symbols *symbols, struct seq_file *out, const char *function,
		   const char *callee);

/* --- sysctls.c ------------------------------------------------------------------------- */

struct sysctls {
	int min_free_kbytes;
	int watermark_scale_factor;
	int watermark_boost_factor;
	int percpu_pagelist_high_fraction;
	int lowmem_reserve_ratio[MAX_NR_ZONES];
};

/* May sleep. */
int sysctls_read(const struct symbols *symbols, struct sysctls *sysctls);

/* --- snapshot.c ------------------------------------------------------------------------ */

/* Only where nothing else runs: takes no lock. */
void snapshot_write(const struct symbols *symbols, const struct sysctls *sysctls,
		    struct reply *reply, u32 index);

/* --- program.c ------------------------------------------------------------------------- */

/* A slot holds a block, or nr single pages (then `first` is where in run->pfns). */
struct slot {
	u32 pfn;
	u32 first;
	u32 nr;
	u8  order;
	u8  kind;			/* enum slot_kind */
	u16 reserved;
};

enum slot_kind { SLOT_UNUSED, SLOT_EMPTY, SLOT_BLOCK, SLOT_COMPOUND, SLOT_PAGES };

/* One program while it runs; all of it lies in the window but for this struct. */
struct run {
	const struct symbols	*symbols;
	struct window		*window;
	const char		*wrong;		/* with the program, or NULL */
	u32			 index;		/* in the window */
	struct sysctls		 sysctls;
	const struct wire_op	*ops;
	struct slot		*slots;
	u32			*pfns;		/* of slots that hold single pages */
	struct page		**array;	/* for one bulk request */
	u32			 nr_ops;
	u32			 nr_slots;
	u32			 nr_pfns;	/* room */
	u32			 used_pfns;
	u32			 bulk_max;
	u32			 next;		/* op whose turn it is: smp_load_acquire() */
	int			 leader;	/* CPU that takes the snapshots */
	bool			 begins_later;	/* there is a WIRE_BEGIN */
	bool			 started;	/* ops may run */
	struct reply		 reply;
};

int program_run(struct window *window, const struct symbols *symbols, u32 index);

/* The reply begins here, with the snapshot before; what it had is forgotten. */
void program_begin(struct run *run);

/* --- ops.c, pages.c ------------------------------------------------------------------ */

void op_run(struct run *run, const struct wire_op *op);

void slot_put_block(struct slot *slot, struct page *page, unsigned int order, bool compound);
u32 *slot_put_pages(struct run *run, struct slot *slot, u32 nr);
void slot_split(struct run *run, struct slot *slot);
void slot_free(struct run *run, struct slot *slot);
void slot_free_list(struct run *run, struct slot *slot);
void slot_free_one(struct run *run, struct slot *slot, u32 n);

#endif
