/* SPDX-License-Identifier: MIT */
/*
 * driver.c - the entry points that libFuzzer and AFL++ call
 *
 * The program's own name says which target it is.  If TIDEMARK_COUNTS names a
 * file, our counts live in it, where ci/fuzz reads them even after a crash.
 */
#define _DEFAULT_SOURCE			/* ftruncate, MAP_SHARED */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed);

/* The fuzzer's entry points carry no context, so the one there is lives here. */
static struct driver {
	struct fuzz	   fuzz;
	struct fuzz_counts counts;	/* where no file was given */
	struct mutator	   *mutator;
	struct program	   scratch;
} driver;

static void quit(const char *what, const char *name)
{
	fprintf(stderr, "tidemark: %s \"%s\"\n", what, name);
	exit(2);
}

static struct fuzz_counts *map_counts(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);
	void *map;

	if (fd < 0 || ftruncate(fd, sizeof(struct fuzz_counts)))
		quit("TIDEMARK_COUNTS: expected a file to write, got", path);
	map = mmap(NULL, sizeof(struct fuzz_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		quit("TIDEMARK_COUNTS: expected a file to map, got", path);
	close(fd);
	return map;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = strrchr((*argv)[0], '/');
	const char *counts = getenv("TIDEMARK_COUNTS");
	struct fuzz *f = &driver.fuzz;

	(void)argc;
	name = name ? name + 1 : (*argv)[0];
	f->target = target_find(name);
	if (!f->target)
		quit("expected the program to have the name of a fuzz target, got", name);
	f->run = run_new();
	f->features = fuzz_features();
	run_on_feature(f->run, f->features);
	f->counts = counts ? map_counts(counts) : &driver.counts;
	driver.mutator = mutator_new(&f->target->theme, RUN_FUZZ_PAGES_MAX, FUZZ_OPS_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = &driver.fuzz;
	bool ran;

	f->counts->execs++;
	ran = f->target->one(f, data, size);
	fuzz_tell_features();
	f->counts->refused += !ran;
	return ran ? 0 : -1;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	const struct target *target = driver.fuzz.target;

	if (target->takes_text)
		return mutate_text(&target->theme, &driver.scratch, data, size, max, seed);
	return mutate_bytes(driver.mutator, data, size, max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed)
{
	size_t n = a_size < max ? a_size : max;

	if (!driver.fuzz.target->takes_text)
		return mutate_cross_bytes(driver.mutator, a, a_size, b, b_size, out, max, seed);
	n = n ? seed % (n + 1) : 0;		/* the head of one, the tail of the other */
	memcpy(out, a, n);
	if (b_size > max - n)
		b_size = max - n;
	memcpy(out + n, b, b_size);
	if (n + b_size)
		return n + b_size;
	out[0] = '\n';
	return 1;
}
