/* SPDX-License-Identifier: MIT */
/* fuzz.c - running one input of a target, and telling what was found */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

bool fuzz_decode(struct fuzz *f, const uint8_t *data, size_t size)
{
	op_decode_next(data, size, &f->program, &f->memo);
	/* All orders of one program are thousands of executions: ci/orders runs those. */
	return f->program.schedule.kind != SCHED_EXHAUSTIVE &&
	       f->program.nr_ops <= FUZZ_OPS_MAX &&
	       run_pages(&f->program.config) <= RUN_FUZZ_PAGES_MAX;
}

/*
 * Ops between full recounts; 0: only at the end.  Drawn from the input's last
 * bytes, which change with every mutation, so that most runs are fast and a
 * few look everywhere.
 */
static uint32_t recount_every(const uint8_t *data, size_t size)
{
	uint32_t mix = (uint32_t)size;

	for (size_t i = size > 8 ? size - 8 : 0; i < size; i++)
		mix = (mix ^ data[i]) * 0x01000193u;
	switch (mix >> 25) {		/* of 128 */
	case 0:
		return 1;
	case 1:
	case 2:
		return 8;
	default:
		return 0;
	}
}

void fuzz_run(struct fuzz *f, const uint8_t *data, size_t size)
{
	bool ok = run_program(f->run, &f->program, 0, recount_every(data, size));

	f->counts->ops += run_stats(f->run)->ops;
	if (!ok)
		fuzz_report(f, run_finding(f->run));
}

bool fuzz_program(struct fuzz *f, const uint8_t *data, size_t size)
{
	if (!fuzz_decode(f, data, size))
		return false;
	fuzz_run(f, data, size);
	return true;
}

void fuzz_report(const struct fuzz *f, const struct finding *finding)
{
	fprintf(stderr, "tidemark: finding: %s %s: %s\n", finding->tag, finding->place,
		finding->what);
	if (finding->op == FINDING_AT_BOOT) {
		fprintf(stderr, "tidemark: at boot, before %u ops\n", f->program.nr_ops);
	} else if (finding->op < f->program.nr_ops) {
		fprintf(stderr, "tidemark: at op %u of %u: ", finding->op + 1, f->program.nr_ops);
		op_print_op(&f->program, finding->op, stderr);
		fputc('\n', stderr);
	} else {
		fprintf(stderr, "tidemark: at the end, after %u ops\n", f->program.nr_ops);
	}
	fflush(stderr);
	abort();
}

void fuzz_fail(const struct fuzz *f, const char *tag, const char *what, const char *file, int line)
{
	const char *name = strrchr(file, '/');
	struct finding finding = { .op = f->program.nr_ops };

	snprintf(finding.tag, sizeof(finding.tag), "%s", tag);
	snprintf(finding.place, sizeof(finding.place), "%s:%d", name ? name + 1 : file, line);
	snprintf(finding.what, sizeof(finding.what), "%s", what);
	fuzz_report(f, &finding);
}
