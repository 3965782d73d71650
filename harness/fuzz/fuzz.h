/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what fuzz targets share
 *
 * One struct fuzz per process, made by the driver.  A target's one() decodes
 * what it was given, runs it, and either returns or ends in fuzz_report(),
 * which prints the finding in the form that ci/fuzz reads, and aborts.
 */
#ifndef HARNESS_FUZZ_H
#define HARNESS_FUZZ_H

#include "targets.h"

enum { FUZZ_OPS_MAX = 256 };		/* longer programs are not worth their time */

struct fuzz_counts {			/* ci/fuzz reads these while we run */
	uint64_t execs;			/* inputs run, refused ones included */
	uint64_t ops;			/* ops applied */
	uint64_t refused;		/* inputs not worth running */
};

struct fuzz {
	const struct target *target;
	struct run	    *run;
	struct fuzz_counts  *counts;
	struct run_features *features;	/* fuzz_features(), or none */
	struct program	    program;	/* the decoded input */
	struct op_memo	    memo;	/* of fuzz_decode(): who calls it leaves `program` alone */
};

/* Decodes into f->program; false: too large a machine, or too many ops. */
bool fuzz_decode(struct fuzz *f, const uint8_t *data, size_t size);

/* Runs f->program with a recount interval drawn from the input; reports findings. */
void fuzz_run(struct fuzz *f, const uint8_t *data, size_t size);

/* fuzz_decode() and fuzz_run(): all that most targets do. */
bool fuzz_program(struct fuzz *f, const uint8_t *data, size_t size);

/* A finding of the target's own. */
_Noreturn void fuzz_report(const struct fuzz *f, const struct finding *finding);

#define fuzz_assert(f, tag, expr) \
	((expr) ? (void)0 : fuzz_fail(f, #tag, #expr, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const struct fuzz *f, const char *tag, const char *what, const char *file,
			 int line);

/*
 * Extra coverage, one of each per engine (libfuzzer_state.c, ...): the counters, zero
 * before each input, and telling the engine of them after it.
 */
struct run_features *fuzz_features(void);
void fuzz_tell_features(void);

#endif
