/* SPDX-License-Identifier: MIT */
/*
 * boot.c - `tidemark boot`: what a user of a described machine would read
 *
 * Of a program with ops only those are applied that say what state the
 * machine is in, so that an imported report can be printed again.
 */
#include <argp.h>
#include <stdlib.h>

#include "cli.h"
#include "report.h"

struct args {
	const char *path;
	unsigned int nr;
	int	    reports[16];	/* letters of the options, in their order */
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'z': case 'b': case 'p': case 'v':
		if (args->nr < sizeof(args->reports) / sizeof(args->reports[0]))
			args->reports[args->nr++] = key;
		return 0;
	case ARGP_KEY_ARG:
		if (args->path)
			argp_error(state, "expected one file, got %s as well", arg);
		args->path = arg;
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool sets_state(unsigned int kind)
{
	switch (kind) {
	case OP_IMPORT:
	case OP_PUT:
	case OP_PUT_AT:
	case OP_COUNTER:
	case OP_BOOST:
	case OP_SYSCTL:
	case OP_CPU_DOWN:
	case OP_CPU_UP:
		return true;
	}
	return false;
}

static void keep_state_ops(struct program *p)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->nr_ops; i++)
		if (sets_state(p->ops[i].kind))
			p->ops[kept++] = p->ops[i];
	p->nr_ops = kept;
	p->nr_slots = 0;
}

static void write_text(void *to, const char *text, size_t len)
{
	fwrite(text, 1, len, to);
}

static void print_report(struct mm *mm, int which)
{
	const struct report_out out = { write_text, stdout };

	switch (which) {
	case 'z': report_zoneinfo(mm, &out); break;
	case 'b': report_buddyinfo(mm, &out); break;
	case 'p': report_pagetypeinfo(mm, &out); break;
	case 'v': report_vmstat(mm, &out); break;
	}
}

static int boot(struct run *r, struct program *p, const struct args *args)
{
	const struct finding *f = run_finding(r);

	if (!op_load(args->path, p))
		return EXIT_TROUBLE;
	keep_state_ops(p);
	if (!run_program(r, p, RUN_NO_CHECKS | RUN_EXPECT, 0)) {
		fprintf(stderr, "%s: %s %s: %s\n", args->path, f->tag, f->place, f->what);
		return EXIT_FINDING;
	}
	for (unsigned int i = 0; i < args->nr; i++)
		print_report(run_mm(r), args->reports[i]);
	if (!args->nr)
		print_report(run_mm(r), 'z');
	return EXIT_GOOD;
}

int cmd_boot(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "zoneinfo", 'z', NULL, 0, "As /proc/zoneinfo has it (default)", 0 },
		{ "buddyinfo", 'b', NULL, 0, "As /proc/buddyinfo has it", 0 },
		{ "pagetypeinfo", 'p', NULL, 0, "As /proc/pagetypeinfo has it", 0 },
		{ "vmstat", 'v', NULL, 0, "As /proc/vmstat has it", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE",
		.doc = "Boot the machine of a program and print what its user would read.  Ops "
		       "that say what state it is in (import, put, put_at, counter, boost, "
		       "sysctl, cpu_down, cpu_up) are applied, all others are not."
		       "\vExample: tidemark boot --buddyinfo corpus/boot/guest.ops",
	};
	struct args args = { .nr = 0 };
	struct program *p = xmalloc(sizeof(*p));
	struct run *r = run_new();
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = boot(r, p, &args);
	run_delete(r);
	op_discard(p);
	free(p);
	return status;
}
