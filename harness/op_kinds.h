/* SPDX-License-Identifier: MIT */
/*
 * op_kinds.h - the table of ops: KIND(kind, word, allocates, text only, fields...)
 *
 * One row per kind, in the order of enum op_kind; the fields are in the order in
 * which both encodings have them.  op.c makes op_kinds[] of it, and op_binary.c
 * a reader for each kind, which knows its fields without looking them up.
 */
#ifndef HARNESS_OP_KINDS_H
#define HARNESS_OP_KINDS_H

#define OP_KINDS \
	KIND(OP_ALLOC, "alloc", true, false, FIELD_ORDER, FIELD_GFP, FIELD_CPU, FIELD_NODE, \
	     FIELD_NODES, FIELD_CONTEXT, FIELD_POLICY) \
	KIND(OP_BULK, "bulk", true, false, FIELD_N, FIELD_GFP, FIELD_CPU, FIELD_NODE, \
	     FIELD_NODES, FIELD_CONTEXT) \
	KIND(OP_EXACT, "exact", true, false, FIELD_N, FIELD_GFP, FIELD_CPU, FIELD_NODE, \
	     FIELD_CONTEXT) \
	KIND(OP_FREE, "free", false, false, FIELD_REF, FIELD_CPU) \
	KIND(OP_FREE_ONE, "free_one", false, false, FIELD_REF, FIELD_N, FIELD_CPU) \
	KIND(OP_FREE_WRONG, "free_wrong", false, false, FIELD_PFN, FIELD_ORDER, FIELD_CPU) \
	KIND(OP_SPLIT, "split", false, false, FIELD_REF) \
	KIND(OP_GET, "get", false, false, FIELD_REF) \
	KIND(OP_TOUCH, "touch", false, false, FIELD_REF, FIELD_CPU) \
	KIND(OP_MOVABLE, "movable", false, false, FIELD_REF, FIELD_ON) \
	KIND(OP_DIRTY, "dirty", false, false, FIELD_REF, FIELD_ON) \
	KIND(OP_DRAIN, "drain_cpu", false, false, FIELD_CPU) \
	KIND(OP_DRAIN_ALL, "drain", false, false, FIELD_CPU) \
	KIND(OP_TICK, "tick", false, false, FIELD_CPU) \
	KIND(OP_CPU_DOWN, "cpu_down", false, false, FIELD_CPU) \
	KIND(OP_CPU_UP, "cpu_up", false, false, FIELD_CPU) \
	KIND(OP_SYSCTL, "sysctl", false, false, FIELD_SYSCTL, FIELD_INDEX, FIELD_VALUE) \
	KIND(OP_MEMPOLICY, "mempolicy", false, false, FIELD_MODE, FIELD_NODES, FIELD_NODE) \
	KIND(OP_RECLAIM_ACTIVE, "reclaim_active", false, false, FIELD_NODE, FIELD_ZONE, \
	     FIELD_ON) \
	KIND(OP_FAIL_ALLOC, "fail_alloc", false, false, FIELD_N, FIELD_ON) \
	KIND(OP_FAIL_TRYLOCK, "fail_trylock", false, false, FIELD_N) \
	KIND(OP_IMPORT, "import", false, false, FIELD_NODE, FIELD_ZONE) \
	KIND(OP_PUT, "put", false, false, FIELD_NODE, FIELD_ZONE, FIELD_ORDER, FIELD_TYPE, \
	     FIELD_N) \
	KIND(OP_PUT_AT, "put_at", false, false, FIELD_NODE, FIELD_ZONE, FIELD_ORDER, \
	     FIELD_TYPE, FIELD_PFN) \
	KIND(OP_COUNTER, "counter", false, false, FIELD_NODE, FIELD_ZONE, FIELD_VALUE) \
	KIND(OP_BOOST, "boost", false, false, FIELD_NODE, FIELD_ZONE, FIELD_VALUE) \
	KIND(OP_EXPECT_ZONE, "expect zone", false, true, FIELD_NODE, FIELD_ZONE, FIELD_FACT, \
	     FIELD_VALUE) \
	KIND(OP_EXPECT_PFN, "expect pfn", false, true, FIELD_REF, FIELD_PFN) \
	KIND(OP_SYNC, "sync", false, false, FIELD_END) \
	KIND(OP_ASK_DRAIN, "ask_drain", false, false, FIELD_N, FIELD_CPU)

#endif
