/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols.c - what the kernel has but does not export to modules
 *
 * A probe on kallsyms_lookup_name() tells where that function is, and it tells
 * the rest.
 */
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "compat.h"
#include "tidemark.h"

typedef unsigned long (*lookup_fn)(const char *name);

static lookup_fn find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	lookup_fn lookup;

	if (register_kprobe(&probe))
		return NULL;
	lookup = (lookup_fn)probe.addr;
	unregister_kprobe(&probe);
	return lookup;
}

#define FIND(member, name) (symbols->member = (void *)lookup(name))

int symbols_find(struct symbols *symbols)
{
	lookup_fn lookup = find_lookup();

	if (!lookup) {
		pr_err("tidemark: no probe can be set on kallsyms_lookup_name\n");
		return -ENOENT;
	}
	symbols->lookup = lookup;
	FIND(size_of, "kallsyms_lookup_size_offset");
	FIND(drain_local_pages, "drain_local_pages");
	FIND(get_pfnblock_flags_mask, "get_pfnblock_flags_mask");
	if (!symbols->drain_local_pages || !symbols->get_pfnblock_flags_mask) {
		pr_err("tidemark: this kernel lacks what a snapshot needs\n");
		return -ENOENT;
	}
	/* Elsewhere the code is gone after boot, and the name is not. */
	if (IS_ENABLED(CONFIG_MEMORY_HOTPLUG))
		FIND(exact_on_node, COMPAT_EXACT_NID);
	FIND(page_group_by_mobility_disabled, "page_group_by_mobility_disabled");
	FIND(lowmem_reserve_ratio, "sysctl_lowmem_reserve_ratio");
	return 0;
}

/* x86: opcode, then the distance from the next instruction. */
void symbols_calls(const struct symbols *symbols, struct seq_file *out, const char *function,
		   const char *callee)
{
	enum { CALL = 0xe8, CALL_BYTES = 5 };
	const unsigned long start = symbols->lookup(function), target = symbols->lookup(callee);
	unsigned long size, offset, at;
	const u8 *code = (const u8 *)start;
	s32 distance;

	if (!start || !target || !symbols->size_of || !symbols->size_of(start, &size, &offset))
		return;
	for (at = 0; at + CALL_BYTES <= size; at++) {
		memcpy(&distance, &code[at + 1], sizeof(distance));
		if (code[at] == CALL && start + at + CALL_BYTES + distance == target)
			seq_printf(out, "%s+0x%lx\n", function, at);
	}
}
