/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.c - `tidemark linux compare`: windows with replies, and a table of them */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "linux/differ.h"
#include "linux/linux.h"

struct guest {				/* a row of the table */
	const char *path;
	char	 name[32];
	struct differ_counts counts;
	uint32_t ran, trouble, refused;
	struct derived derived;
	unsigned int moments;		/* at which derived numbers were compared */
	struct reply last;		/* its numbers only */
	int64_t	 first_op;		/* the earliest at which a program differed; -1: none */
	bool	 bad;			/* the window itself */
	char	 kernel[WIRE_TEXT_MAX];
};

struct args {
	struct paths paths;
	const char *texts;		/* folder for programs that differ */
	bool json, quiet, all_texts;
	unsigned int shown;		/* differences told in full, per window */
};

/* --- one window --------------------------------------------------------------------------- */

/* The program up to where it differs, to be replayed without the guest. */
static bool write_text(const struct args *args, const struct guest *g, struct differ *d,
		       uint32_t program)
{
	struct output out;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s-%" PRIu32 ".ops", args->texts, g->name, program);
	if (!output_open(&out, path))
		return false;
	fprintf(out.file, "# X10: what the kernel of guest %s did, program %" PRIu32 "\n", g->name,
		program);
	if (d->what[0])
		fprintf(out.file, "# %s\n", d->what);
	differ_print(d, out.file);
	return output_close(&out);
}

/* Whenever sysctls or marks moved since the program before. */
static void compare_derived(const struct args *args, struct guest *g, struct differ *d,
			    const struct window *w)
{
	unsigned int before = g->derived.compared - g->derived.equal;

	if (g->moments && !derived_moved(&g->last, &d->reply))
		return;
	g->moments++;
	g->last = d->reply;
	if (!args->quiet)
		fflush(stdout);
	if (!differ_derived(w, &d->reply, &g->derived, args->quiet ? NULL : stdout))
		g->trouble++;
	else if (g->derived.compared - g->derived.equal != before && !args->quiet)
		printf("%s: those were derived numbers of moment %u\n", g->name, g->moments);
}

static void compare_one(const struct args *args, struct guest *g, struct differ *d,
			const struct window *w, uint32_t program)
{
	enum differ_result result;

	if (window_head(w)->programs[program].status == WIRE_REFUSED) {
		g->refused++;
		return;
	}
	result = differ_program(d, w, program);
	g->ran++;
	if (result == DIFFER_TROUBLE) {
		g->trouble++;
		fprintf(stderr, "%s: program %" PRIu32 ": %s\n", g->path, program, d->what);
		return;
	}
	differ_add(&g->counts, &d->counts);
	compare_derived(args, g, d, w);
	if (args->texts && (result != DIFFER_EQUAL || args->all_texts) &&
	    !write_text(args, g, d, program))
		g->trouble++;
	if (result == DIFFER_EQUAL)
		return;
	if (g->first_op < 0 || d->op < g->first_op)
		g->first_op = d->op;
	if (args->quiet)
		return;
	if (g->counts.programs - g->counts.programs_equal > args->shown) {
		printf("%s: program %" PRIu32 " at op %" PRIu32 ": %s\n", g->path, program,
		       d->op + 1, d->what);
		return;
	}
	printf("%s: program %" PRIu32 ": ", g->path, program);
	differ_report(d, stdout);
}

static void compare_window(const struct args *args, struct guest *g, struct differ *d)
{
	const struct wire_head *head;
	const char *wrong;
	struct window w;

	g->bad = true;
	if (!window_open(&w, g->path, 0))
		return;
	head = window_head(&w);
	wrong = window_check(&w);
	if (wrong) {
		fprintf(stderr, "%s: expected a window, got something else: %s\n", g->path, wrong);
	} else {
		g->bad = false;
		snprintf(g->kernel, sizeof(g->kernel), "%.*s", WIRE_TEXT_MAX - 1, head->kernel);
		if (head->error[0]) {
			fprintf(stderr, "%s: the guest says: %.*s\n", g->path, WIRE_TEXT_MAX - 1,
				head->error);
			g->bad = true;
		}
		for (uint32_t i = 0; i < head->nr_programs; i++)
			compare_one(args, g, d, &w, i);
	}
	window_close(&w);
}

/* --- the table ---------------------------------------------------------------------------- */

static uint64_t least_fallbacks(const struct differ_counts *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int a = 0; a < MIGRATE_PCPTYPES; a++)
		for (unsigned int b = 0; b < MIGRATE_PCPTYPES; b++)
			if (a != b && c->fallbacks[a][b] < least)
				least = c->fallbacks[a][b];
	return least;
}

/* "one" for build/linux/one/window.bin and for one.bin. */
static void guest_name(const char *path, char name[32])
{
	const char *end = path + strlen(path), *start;

	if (strlen(path) > 11 && !strcmp(end - 11, "/window.bin"))
		end -= 11;
	else if (strlen(path) > 4 && !strcmp(end - 4, ".bin"))
		end -= 4;
	for (start = end; start > path && start[-1] != '/'; start--)
		;
	snprintf(name, 32, "%.*s", (int)(end - start), start);
}

static void print_row(const char *name, const struct differ_counts *c,
		      const struct derived *derived)
{
	printf("%-16s %8" PRIu64 " %10" PRIu64 " %11" PRIu64 " %10" PRIu64 " %7" PRIu64 "/%-7"
	       PRIu64 " %5" PRIu64 "/%-5" PRIu64 " %6u/%-6u\n", name, c->programs, c->ops,
	       c->allocations, c->pfns_equal, c->failures_equal, c->failures, c->lists_equal,
	       c->programs, derived->equal, derived->compared);
}

static void print_counts(const struct differ_counts *c)
{
	printf("splits %" PRIu64 ", merges %" PRIu64 ", refills %" PRIu64 ", bulk frees %" PRIu64
	       ", conversions %" PRIu64 ", highatomic reserves %" PRIu64 ", boosts %" PRIu64
	       ", below low %" PRIu64 "\n", c->splits, c->merges, c->refills, c->bulk_frees,
	       c->conversions, c->highatomic, c->boosts, c->slow);
	printf("fallbacks:");
	for (unsigned int a = 0; a < MIGRATE_PCPTYPES; a++)
		for (unsigned int b = 0; b < NR_MIGRATETYPES; b++)
			if (c->fallbacks[a][b])
				printf(" %c<-%c %" PRIu64, migratetype_letter(a),
				       migratetype_letter(b), c->fallbacks[a][b]);
	printf("\nfailures by mark:");
	for (unsigned int i = 0; i < NR_FAILED; i++)
		printf(" %s %" PRIu64, differ_class_names[i], c->failed[i]);
	putchar('\n');
}

static void print_table(const struct guest *guests, size_t nr, const struct differ_counts *sum)
{
	struct derived derived = { .compared = 0 };

	printf("%-16s %8s %10s %11s %10s %15s %11s %13s\n", "guest", "programs", "ops",
	       "allocations", "pfn equal", "failures equal", "lists equal", "derived equal");
	for (size_t i = 0; i < nr; i++) {
		print_row(guests[i].name, &guests[i].counts, &guests[i].derived);
		derived.compared += guests[i].derived.compared;
		derived.equal += guests[i].derived.equal;
	}
	if (nr > 1)
		print_row("all", sum, &derived);
	print_counts(sum);
}

/* What to do about programs that differ. */
static void print_hints(const struct guest *guests, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct guest *g = &guests[i];
		size_t len = strlen(g->path);

		if (g->counts.programs_equal != g->counts.programs && len > 11 &&
		    !strcmp(g->path + len - 11, "/window.bin"))
			printf("%s: its kernel and core differ; harness/linux/shrink.py %s makes "
			       "the first such program small\n", g->name, g->name);
	}
}

static void print_json_counts(const struct differ_counts *c)
{
	printf("\"programs\": %" PRIu64 ", \"programs_equal\": %" PRIu64 ", \"ops\": %" PRIu64
	       ", \"allocations\": %" PRIu64 ", \"pfns_equal\": %" PRIu64 ", \"failures\": %" PRIu64
	       ", \"failures_equal\": %" PRIu64 ", \"lists_equal\": %" PRIu64, c->programs,
	       c->programs_equal, c->ops, c->allocations, c->pfns_equal, c->failures,
	       c->failures_equal, c->lists_equal);
	printf(", \"splits\": %" PRIu64 ", \"merges\": %" PRIu64 ", \"refills\": %" PRIu64
	       ", \"bulk_frees\": %" PRIu64 ", \"conversions\": %" PRIu64 ", \"highatomic\": %"
	       PRIu64 ", \"boosts\": %" PRIu64 ", \"fallbacks_least\": %" PRIu64, c->splits,
	       c->merges, c->refills, c->bulk_frees, c->conversions, c->highatomic, c->boosts,
	       least_fallbacks(c));
	printf(", \"failed\": {");
	for (unsigned int i = 0; i < NR_FAILED; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "", differ_class_names[i], c->failed[i]);
	putchar('}');
}

static void print_json(const struct guest *guests, size_t nr, const struct differ_counts *sum)
{
	printf("{\"guests\": [");
	for (size_t i = 0; i < nr; i++) {
		printf("%s\n  {\"guest\": \"%s\", \"trouble\": %" PRIu32 ", \"refused\": %" PRIu32
		       ", \"derived\": %u, \"derived_equal\": %u, \"first_op\": ", i ? "," : "",
		       guests[i].name, guests[i].trouble, guests[i].refused,
		       guests[i].derived.compared, guests[i].derived.equal);
		if (guests[i].first_op < 0)
			printf("null, ");
		else
			printf("%" PRId64 ", ", guests[i].first_op + 1);
		print_json_counts(&guests[i].counts);
		putchar('}');
	}
	printf("],\n \"all\": {");
	print_json_counts(sum);
	printf("}}\n");
}

/* --- the command -------------------------------------------------------------------------- */

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'j': args->json = true; return 0;
	case 't': args->texts = arg; return 0;
	case 'a': args->all_texts = true; return 0;
	case 'q': args->quiet = true; return 0;
	case 'n': args->shown = (unsigned int)strtoul(arg, NULL, 10); return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a window, got none"); return 0;
	case ARGP_KEY_ARG:
		if (!paths_add(&args->paths, arg))
			exit(EXIT_TROUBLE);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int compare_all(const struct args *args)
{
	struct guest *guests = xmalloc(args->paths.nr * sizeof(*guests));
	struct differ_counts sum = { .programs = 0 };
	int status = EXIT_GOOD;
	struct differ d;

	differ_init(&d);
	for (size_t i = 0; i < args->paths.nr; i++) {
		guests[i].path = args->paths.path[i];
		guests[i].first_op = -1;
		guest_name(guests[i].path, guests[i].name);
		compare_window(args, &guests[i], &d);
		differ_add(&sum, &guests[i].counts);
		if ((guests[i].counts.programs_equal != guests[i].counts.programs ||
		     guests[i].derived.equal != guests[i].derived.compared) &&
		    status == EXIT_GOOD)
			status = EXIT_FINDING;
		if (guests[i].bad || guests[i].trouble || !guests[i].ran)
			status = EXIT_TROUBLE;
	}
	differ_done(&d);
	if (args->json) {
		print_json(guests, args->paths.nr, &sum);
	} else {
		print_table(guests, args->paths.nr, &sum);
		print_hints(guests, args->paths.nr);
	}
	free(guests);
	return status;
}

int linux_compare(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "The table for machines", 0 },
		{ "texts", 't', "FOLDER", 0, "Write each program that differs, up to there, as a "
		  "text with its state and the guest's pages", 0 },
		{ "all-texts", 'a', NULL, 0, "Also those that agree", 0 },
		{ "quiet", 'q', NULL, 0, "Only the table", 0 },
		{ "shown", 'n', "N", 0, "Tell so many differences of a window in full (1)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "WINDOW...",
		.doc = "Run each window's programs in core, from the state that its guest had, and "
		       "compare every page, every failure, and every list at the end.",
	};
	struct args args = { .shown = 1 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = compare_all(&args);
	paths_free(&args.paths);
	return status;
}
