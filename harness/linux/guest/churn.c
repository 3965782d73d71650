/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * churn.c - a process that leaves memory fragmented, and stays
 *
 * churn PERCENT KEEP: touches PERCENT of the free memory page by page, and
 * gives back all but about one page in KEEP, drawn at random but always alike.
 * Then it makes as many pipes, which hold unmovable pages, says one line on
 * standard output and sleeps until the guest ends.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, PIPES = 400, PIPE_BYTES = 8 * PAGE_BYTES };

static uint32_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static size_t touch_and_give_back(size_t pages, unsigned int keep)
{
	uint64_t state = 1;
	size_t kept = 0;
	size_t i;
	char *memory = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 0;
	madvise(memory, pages * PAGE_BYTES, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		memory[i * PAGE_BYTES] = 1;
	for (i = 0; i < pages; i++) {
		if (draw(&state) % keep == 0)
			kept++;
		else
			madvise(memory + i * PAGE_BYTES, PAGE_BYTES, MADV_DONTNEED);
	}
	return kept;
}

static unsigned int fill_pipes(void)
{
	static char bytes[PIPE_BYTES];
	unsigned int i;
	int ends[2];

	for (i = 0; i < PIPES && pipe(ends) == 0; i++)
		if (write(ends[1], bytes, sizeof(bytes)) < 0)
			break;
	return i;
}

int main(int argc, char **argv)
{
	struct sysinfo info;
	size_t kept, pages;
	unsigned int pipes;

	if (argc != 3 || sysinfo(&info) != 0)
		return 2;
	pages = info.freeram / 100 * strtoul(argv[1], NULL, 10) * info.mem_unit / PAGE_BYTES;
	kept = touch_and_give_back(pages, (unsigned int)strtoul(argv[2], NULL, 10));
	pipes = fill_pipes();
	printf("%zu pages touched, %zu kept, %u pipes\n", pages, kept, pipes);
	fflush(stdout);
	fclose(stdout);
	for (;;)
		pause();
}
