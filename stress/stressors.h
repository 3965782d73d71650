/* SPDX-License-Identifier: MIT */
/*
 * stressors.h - the table of stressors: one row and one file each
 *
 * ROW(name, about): stress/<name>.c defines `stressor_<name>`.  Include it
 * with ROW defined.
 */
ROW(churn, "alloc and free, each CPU its own")
ROW(handoff, "alloc here, free there")
ROW(refs, "users of one block on two CPUs, whoever is last frees it")
ROW(drain, "sets are emptied from afar while their owners use them")
ROW(pressure, "allocation near the marks, with direct reclaim")
ROW(exhaust, "everything is taken, then given back")
ROW(gfpmix, "all kinds of requests, orders and marks of owners")
ROW(bulk, "bulk, exact, split, lists of pages")
ROW(hotcpu, "CPUs go and come, sysctls change")
ROW(storm, "interrupts that allocate and free, at every hook")
ROW(mixed, "all of these, a burst each, as the seed says")
