/* SPDX-License-Identifier: MIT */
/* files.c - which files to read, and files that appear whole or not at all */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

void *xmalloc(size_t bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p) {
		fputs("tidemark: out of memory\n", stderr);
		exit(EXIT_TROUBLE);
	}
	return p;
}

static void append(struct paths *paths, char *path)
{
	char **grown = realloc(paths->path, (paths->nr + 1) * sizeof(*grown));

	if (!grown || !path) {
		fputs("tidemark: out of memory\n", stderr);
		exit(EXIT_TROUBLE);
	}
	paths->path = grown;
	paths->path[paths->nr++] = path;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool add_folder(struct paths *paths, const char *path)
{
	struct dirent **entries;
	int nr = scandir(path, &entries, is_shown, by_bytes);
	bool ok = nr >= 0;

	if (nr < 0)
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
	for (int i = 0; i < nr; i++) {
		char *below;

		if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
			exit(EXIT_TROUBLE);
		ok = ok && paths_add(paths, below);
		free(below);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	return ok;
}

bool paths_add(struct paths *paths, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(paths, path);
	append(paths, strdup(path));
	return true;
}

void paths_free(struct paths *paths)
{
	for (size_t i = 0; i < paths->nr; i++)
		free(paths->path[i]);
	free(paths->path);
	*paths = (struct paths){ .nr = 0 };
}

unsigned int file_run_flags(const char *path)
{
	uint8_t start[16];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(start, 1, sizeof(start), f) : 0;

	if (f)
		fclose(f);
	return op_is_text(start, len) ? RUN_EXPECT : 0;
}

bool output_open(struct output *out, const char *path)
{
	mode_t mask;
	int fd;

	*out = (struct output){ .file = stdout, .path = path };
	if (!path)
		return true;
	if (asprintf(&out->temporary, "%s.XXXXXX", path) < 0)
		exit(EXIT_TROUBLE);
	fd = mkstemp(out->temporary);
	out->file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!out->file) {
		fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
		free(out->temporary);
		return false;
	}
	mask = umask(0);		/* mkstemp() is for secrets; this is an ordinary file */
	umask(mask);
	if (fchmod(fd, 0666 & ~mask))
		perror(out->temporary);
	return true;
}

bool output_close(struct output *out)
{
	bool ok;

	if (!out->path)
		return true;		/* main() looks at stdout */
	ok = !ferror(out->file);
	ok = !fclose(out->file) && ok;
	ok = ok && !rename(out->temporary, out->path);
	if (!ok) {
		fprintf(stderr, "%s: cannot be written: %s\n", out->path, strerror(errno));
		unlink(out->temporary);
	}
	free(out->temporary);
	return ok;
}

void output_abandon(struct output *out)
{
	if (!out->path)
		return;
	fclose(out->file);
	unlink(out->temporary);
	free(out->temporary);
}
