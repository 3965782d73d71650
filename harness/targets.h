/* SPDX-License-Identifier: MIT */
/*
 * targets.h - the fuzz targets: one row each
 *
 * A target is a theme (which machines and ops it draws, world.h) and a way to
 * run one input; fuzz/<name>.c has both.  All targets are linked into one
 * program per engine, fuzz/driver.c; the name it is called by (the last part of
 * argv[0]) says which target it is:
 *
 *   build/fuzz/bin/<name>   libFuzzer        build/afl/bin/<name>   AFL++
 *
 * A new target is a file there, a row here and corpus/<name>/.
 */
#ifndef HARNESS_TARGETS_H
#define HARNESS_TARGETS_H

#include "run.h"
#include "world.h"

#define FUZZ_TARGETS(ROW) \
	ROW(canary,	"fails on purpose: shows that the campaign finds what is there") \
	ROW(buddy,	"one zone: split, merge, placement, compound and exact blocks") \
	ROW(watermark,	"marks, reserves, boost and counter drift, sysctls written midway") \
	ROW(zonelist,	"many nodes: order of zones, nodemasks, memory policies") \
	ROW(gfp,	"any request: masks, contexts, refusals") \
	ROW(pcp,	"several CPUs: refill, bulk, drain, hotplug, interrupts inside") \
	ROW(mobility,	"fallback, stealing, highatomic, CMA, shaped free lists") \
	ROW(interleave,	"CPUs and a daemon at once, under a schedule; interrupts inside") \
	ROW(boot,	"odd geometries; memblock against a bitmap") \
	ROW(page_alloc,	"everything together") \
	ROW(text,	"the parser of .ops files on any bytes")

struct fuzz;				/* fuzz/fuzz.h */

struct target {
	const char	*name;
	struct theme	theme;
	bool		takes_text;	/* inputs are text, not binary programs */
	/* Runs one input; false: not worth keeping.  A finding does not return. */
	bool		(*one)(struct fuzz *f, const uint8_t *data, size_t size);
};

#define DECLARE_TARGET(name, what) extern const struct target target_##name;
FUZZ_TARGETS(DECLARE_TARGET)
#undef DECLARE_TARGET

/* The target of that name, or NULL; fuzz/table.c. */
const struct target *target_find(const char *name);

/* The i-th row, or NULL behind the last. */
const struct target *target_at(unsigned int i);
const char *target_about(unsigned int i);	/* its one line */

#endif
