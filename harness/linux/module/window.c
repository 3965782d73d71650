/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.c - the memory that this guest shares with its host
 */
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "tidemark.h"

enum { IVSHMEM_VENDOR = 0x1af4, IVSHMEM_DEVICE = 0x1110, IVSHMEM_MEMORY = 2 };

void *window_at(const struct window *window, u64 offset, u64 bytes)
{
	if (offset % sizeof(u64) || offset > window->bytes || bytes > window->bytes - offset)
		return NULL;
	return window->base + offset;
}

static int check_head(const struct window *window)
{
	const struct wire_head *head = window->head;

	if (window->bytes < sizeof(*head) || head->magic != WIRE_MAGIC ||
	    head->version != WIRE_VERSION)
		return -EPROTO;
	if (head->nr_programs > WIRE_PROGRAMS_MAX || head->bytes > window->bytes ||
	    head->free < sizeof(*head) || head->free > head->bytes || head->free % sizeof(u64))
		return -EPROTO;
	return 0;
}

static int read_head(struct window *window)
{
	struct wire_head *head = window->head;
	int err = check_head(window);

	if (err)
		return err;
	window->bytes = head->bytes;
	window->free = head->free;
	window->nr_programs = head->nr_programs;
	snprintf(head->kernel, WIRE_TEXT_MAX, "%s %s %s", utsname()->release, utsname()->machine,
		 utsname()->version);
	return 0;
}

int window_open(struct window *window)
{
	struct pci_dev *device = pci_get_device(IVSHMEM_VENDOR, IVSHMEM_DEVICE, NULL);
	int err;

	if (!device)
		return -ENODEV;
	err = pci_enable_device(device);
	if (err)
		goto put;
	window->device = device;
	window->bytes = pci_resource_len(device, IVSHMEM_MEMORY);
	window->base = memremap(pci_resource_start(device, IVSHMEM_MEMORY), window->bytes,
				MEMREMAP_WB);
	err = -ENOMEM;
	if (!window->base)
		goto disable;
	window->head = window->base;
	err = read_head(window);
	if (!err)
		return 0;
	memunmap(window->base);
disable:
	pci_disable_device(device);
put:
	pci_dev_put(device);
	return err;
}

bool window_hold(struct window *window, u32 *index)
{
	struct wire_head *head = window->head;

	if (READ_ONCE(head->hold) != *index + 1)
		return true;
	smp_store_release(&head->programs[*index].status, WIRE_HELD);
	while (smp_load_acquire(&head->hold))
		cpu_relax();
	*index = 0;
	return !read_head(window) && window->nr_programs;
}

void window_close(struct window *window)
{
	memunmap(window->base);
	pci_disable_device(window->device);
	pci_dev_put(window->device);
}

void window_take(struct window *window, u64 bytes)
{
	window->free = min(ALIGN(window->free + bytes, sizeof(u64)), window->bytes);
	window->head->free = window->free;
}

void window_complain(struct window *window, const char *format, ...)
{
	char text[WIRE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pr_err("tidemark: %s\n", text);
	if (!window->head->error[0])
		strscpy(window->head->error, text, WIRE_TEXT_MAX);
}

/* --- blobs ----------------------------------------------------------------------------- */

int window_blob_begin(struct window *window, const char *name)
{
	struct wire_head *head = window->head;
	struct wire_blob *blob;
	u32 nr = READ_ONCE(head->nr_blobs);
	u32 i;

	if (nr >= WIRE_BLOBS_MAX || window->blob || !name[0] || strlen(name) >= WIRE_NAME_MAX)
		return -EINVAL;
	blob = &head->blobs[nr];
	memset(blob, 0, sizeof(*blob));
	strscpy(blob->name, name, WIRE_NAME_MAX);
	blob->offset = window->free;
	for (i = 0; i < window->nr_programs; i++)
		if (head->programs[i].status != WIRE_WAITING)
			blob->programs++;
	window->blob = blob;
	window->blob_bytes = 0;
	head->nr_blobs = nr + 1;
	return 0;
}

ssize_t window_blob_append(struct window *window, const char __user *from, size_t bytes)
{
	void *to;

	if (!window->blob)
		return -EINVAL;
	if (bytes > window->bytes - window->free - window->blob_bytes)
		return -ENOSPC;
	to = window->base + window->free + window->blob_bytes;
	if (copy_from_user(to, from, bytes))
		return -EFAULT;
	window->blob_bytes += bytes;
	return bytes;
}

void window_blob_end(struct window *window)
{
	if (!window->blob)
		return;
	window->blob->bytes = window->blob_bytes;
	window_take(window, window->blob_bytes);
	window->blob = NULL;
}
