/* SPDX-License-Identifier: MIT */
/* empty.c - the fuzz target that does nothing: the yardstick for speed.c */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return 0;
}
