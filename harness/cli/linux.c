/* SPDX-License-Identifier: MIT */
/* linux.c - `tidemark linux`: programs for a guest's real kernel, and its answers against core's */
#include <string.h>

#include "cli.h"
#include "linux/linux.h"

static int help(FILE *out, int status)
{
	fputs("Usage: tidemark linux prepare [OPTION...] WINDOW\n"
	      "  or:  tidemark linux compare [OPTION...] WINDOW...\n"
	      "  or:  tidemark linux trace WINDOW...\n"
	      "Run programs in a real kernel and in core, and compare page by page.\n\n"
	      "`tidemark linux COMMAND --help' tells more.\n", out);
	return status;
}

int cmd_linux(int argc, char **argv)
{
	static char name[3][32] = {
		"tidemark linux prepare", "tidemark linux compare", "tidemark linux trace",
	};

	if (argc > 1 && !strcmp(argv[1], "prepare")) {
		argv[1] = name[0];
		return linux_prepare(argc - 1, argv + 1);
	}
	if (argc > 1 && !strcmp(argv[1], "compare")) {
		argv[1] = name[1];
		return linux_compare(argc - 1, argv + 1);
	}
	if (argc > 1 && !strcmp(argv[1], "trace")) {
		argv[1] = name[2];
		return linux_trace(argc - 1, argv + 1);
	}
	if (argc > 1 && !strcmp(argv[1], "--help"))
		return help(stdout, EXIT_GOOD);
	return help(stderr, EXIT_TROUBLE);
}
