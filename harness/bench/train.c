/* SPDX-License-Identifier: MIT */
/*
 * train.c - what is hot, for who compiles the fuzz targets
 *
 * Runs programs as speed.c does, but of other seeds: what is measured has not been
 * seen before.  Built to count how often each line ran (see Makefile).
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	if (setenv("TIDEMARK_SEED", "1000000", 1))
		abort();
	LLVMFuzzerInitialize(&argc, &argv);
	for (unsigned int i = 0; i < 1000; i++)
		LLVMFuzzerTestOneInput(NULL, 0);
	return 0;
}
