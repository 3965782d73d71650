/* SPDX-License-Identifier: MIT */
/*
 * stress.c - `tidemark stress`: starts the program that has real threads
 *
 * It is another one, since core is compiled with other hooks there, and stands
 * in the build's folder for that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int cmd_stress(int argc, char **argv)
{
	char self[PATH_MAX] = "", *program;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)argc;
	if (len < 0 || asprintf(&program, "%s/../stress/tidemark-stress", dirname(self)) < 0) {
		fprintf(stderr, "%s: cannot tell where it stands: %s\n", argv[0], strerror(errno));
		return EXIT_TROUBLE;
	}
	execv(program, argv);
	fprintf(stderr, "%s: %s: %s; `make stress' builds it\n", argv[0], program, strerror(errno));
	free(program);
	return EXIT_TROUBLE;
}
