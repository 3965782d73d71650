/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctls.c - the sysctls of vm that the allocator's figures come from
 *
 * Read as files, since not every kernel tells where its variables are.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "tidemark.h"

enum { TEXT_MAX = 128 };

static int read_text(const char *path, char *text)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t got;

	if (IS_ERR(file))
		return PTR_ERR(file);
	got = kernel_read(file, text, TEXT_MAX - 1, &pos);
	filp_close(file, NULL);
	if (got < 0)
		return got;
	text[got] = '\0';
	return 0;
}

static int read_numbers(const char *path, int *numbers, unsigned int nr)
{
	char text[TEXT_MAX];
	char *at = text;
	char *word;
	unsigned int i = 0;
	int err = read_text(path, text);

	while (!err && i < nr && (word = strsep(&at, " \t\n"))) {
		if (*word)
			err = kstrtoint(word, 10, &numbers[i++]);
	}
	if (!err && i < nr)
		err = -EINVAL;
	if (err)
		pr_err("tidemark: %s: expected %u numbers (%d)\n", path, nr, err);
	return err;
}

/* The file of the ratios computes the reserves anew whenever it is read. */
static int read_ratios(const struct symbols *symbols, int *ratios)
{
	if (!symbols->lowmem_reserve_ratio)
		return read_numbers("/proc/sys/vm/lowmem_reserve_ratio", ratios, MAX_NR_ZONES);
	memcpy(ratios, symbols->lowmem_reserve_ratio, MAX_NR_ZONES * sizeof(*ratios));
	return 0;
}

int sysctls_read(const struct symbols *symbols, struct sysctls *sysctls)
{
	const struct {
		const char *path;
		int *number;
	} table[] = {
		{ "/proc/sys/vm/min_free_kbytes", &sysctls->min_free_kbytes },
		{ "/proc/sys/vm/watermark_scale_factor", &sysctls->watermark_scale_factor },
		{ "/proc/sys/vm/watermark_boost_factor", &sysctls->watermark_boost_factor },
		{ "/proc/sys/vm/percpu_pagelist_high_fraction",
		  &sysctls->percpu_pagelist_high_fraction },
	};
	unsigned int i;
	int err = read_ratios(symbols, sysctls->lowmem_reserve_ratio);

	for (i = 0; i < ARRAY_SIZE(table) && !err; i++)
		err = read_numbers(table[i].path, table[i].number, 1);
	return err;
}
