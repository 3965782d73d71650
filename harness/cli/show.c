/* SPDX-License-Identifier: MIT */
/* show.c - `tidemark show`: programs as text */
#include <argp.h>
#include <stdlib.h>

#include "cli.h"

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct paths *paths = state->input;

	if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "expected a file, got none");
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (!paths_add(paths, arg))
		exit(EXIT_TROUBLE);
	return 0;
}

int cmd_show(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = option,
		.args_doc = "FILE...",
		.doc = "Print programs, binary or text, as text in its one canonical form."
		       "\vExample: tidemark show build/crashes/buddy-B1 > bug.ops",
	};
	struct program *p = xmalloc(sizeof(*p));
	struct paths paths = { .nr = 0 };
	int status = EXIT_GOOD;

	argp_parse(&argp, argc, argv, 0, NULL, &paths);
	for (size_t i = 0; i < paths.nr && status == EXIT_GOOD; i++) {
		if (!op_load(paths.path[i], p)) {
			status = EXIT_TROUBLE;
			break;
		}
		if (paths.nr > 1)
			printf("# %s\n", paths.path[i]);
		op_print(p, stdout);
		op_discard(p);
	}
	paths_free(&paths);
	free(p);
	return status;
}
