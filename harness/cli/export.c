/* SPDX-License-Identifier: MIT */
/* export.c - `tidemark export`: a program as a Criterion test, on its own in one C file */
#define _GNU_SOURCE
#include <argp.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct args {
	const char *in;
	const char *out;
	const char *name;
};

static bool is_name(const char *s)
{
	if (isdigit((unsigned char)*s) || !*s)
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'o': args->out = arg; return 0;
	case 'n':
		if (!is_name(arg))
			argp_error(state, "expected --name= to be an identifier of C, got %s", arg);
		args->name = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->in)
			argp_error(state, "expected one file, got %s as well", arg);
		args->in = arg;
		return 0;
	case ARGP_KEY_NO_ARGS: argp_error(state, "expected a file, got none"); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The file's own name, as far as it is an identifier. */
static char *name_of(const char *path)
{
	const char *base = strrchr(path, '/'), *dot;
	char *name;

	base = base ? base + 1 : path;
	dot = strrchr(base, '.');
	if (asprintf(&name, "%s%.*s", is_name(base) || isalpha((unsigned char)*base) ? "" : "t",
		     dot && dot > base ? (int)(dot - base) : (int)strlen(base), base) < 0)
		exit(EXIT_TROUBLE);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

/* Each line of the text as a string of C; names and numbers need no escapes. */
static void print_strings(const struct program *p, FILE *out)
{
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		exit(EXIT_TROUBLE);
	op_print(p, f);
	fclose(f);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		fprintf(out, "\n\t\"%s\\n\"", line);
	free(text);
}

static void print_test(const struct program *p, const char *name, unsigned int flags, FILE *out)
{
	fputs("/* SPDX-License-Identifier: MIT */\n"
	      "#include <criterion/criterion.h>\n\n"
	      "#include \"run.h\"\n\n"
	      "static const char text[] =", out);
	print_strings(p, out);
	fprintf(out, ";\n\n"
		"Test(exported, %s)\n"
		"{\n"
		"\tstatic struct program p;\n"
		"\tstruct op_error error;\n"
		"\tstruct run *r = run_new();\n"
		"\tconst struct finding *f = run_finding(r);\n\n"
		"\tcr_assert(op_parse(text, sizeof(text) - 1, &p, &error), \"line %%u: %%s\",\n"
		"\t\t  error.line, error.what);\n"
		"\tcr_expect(run_program(r, &p, %sRUN_VALIDATE, 0),\n"
		"\t\t  \"op %%u: %%s %%s: %%s\", f->op, f->tag, f->place, f->what);\n"
		"\trun_delete(r);\n"
		"}\n", name, flags & RUN_EXPECT ? "RUN_EXPECT | " : "");
}

int cmd_export(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write there instead of to standard output", 0 },
		{ "name", 'n', "NAME", 0, "Of the test; it begins with SPEC tags", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.args_doc = "FILE",
		.doc = "Print a program, with its schedule, as a unit test in C, to keep a failure "
		       "from coming back."
		       "\vExample: tidemark export --name=X2_refill small.ops -o test_x.c",
	};
	struct args args = { .in = NULL };
	struct program *p = xmalloc(sizeof(*p));
	int status = EXIT_TROUBLE;
	struct output out;
	char *name;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	name = args.name ? strdup(args.name) : name_of(args.in);
	if (op_load(args.in, p) && output_open(&out, args.out)) {
		print_test(p, name, file_run_flags(args.in), out.file);
		status = output_close(&out) ? EXIT_GOOD : EXIT_TROUBLE;
	}
	free(name);
	op_discard(p);
	free(p);
	return status;
}
