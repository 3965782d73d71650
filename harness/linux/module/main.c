/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - /proc/tidemark, by which the guest's script says what happens when
 *
 *	echo run K > control	runs program K of the window
 *	echo blob NAME > control, then write to blob and close it: one named blob
 *	cat control		how many programs there are
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "tidemark.h"

enum { COMMAND_MAX = 64 };

/* The one instance; its mutex orders whoever writes to the files. */
static struct {
	struct mutex		 lock;
	struct window		 window;
	struct symbols		 symbols;
	struct proc_dir_entry	*directory;
} tidemark;

static int obey(char *command)
{
	char *word = strsep(&command, " ");
	u32 index;
	int err;

	if (!command)
		return -EINVAL;
	if (!strcmp(word, "blob"))
		return window_blob_begin(&tidemark.window, command);
	if (strcmp(word, "run"))
		return -EINVAL;
	err = kstrtou32(command, 10, &index);
	if (err)
		return err;
	return program_run(&tidemark.window, &tidemark.symbols, index);
}

static ssize_t control_write(struct file *file, const char __user *from, size_t bytes,
			     loff_t *pos)
{
	char command[COMMAND_MAX];
	int err;

	if (bytes >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, from, bytes))
		return -EFAULT;
	command[bytes] = '\0';
	mutex_lock(&tidemark.lock);
	err = obey(strim(command));
	mutex_unlock(&tidemark.lock);
	return err ? err : bytes;
}

static int control_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%u\n", tidemark.window.nr_programs);
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	return single_open(file, control_show, NULL);
}

static ssize_t blob_write(struct file *file, const char __user *from, size_t bytes, loff_t *pos)
{
	ssize_t done;

	mutex_lock(&tidemark.lock);
	done = window_blob_append(&tidemark.window, from, bytes);
	mutex_unlock(&tidemark.lock);
	return done;
}

static int blob_release(struct inode *inode, struct file *file)
{
	mutex_lock(&tidemark.lock);
	window_blob_end(&tidemark.window);
	mutex_unlock(&tidemark.lock);
	return 0;
}

static const struct proc_ops control_ops = {
	.proc_open	= control_open,
	.proc_read	= seq_read,
	.proc_write	= control_write,
	.proc_lseek	= seq_lseek,
	.proc_release	= single_release,
};

static const struct proc_ops blob_ops = {
	.proc_write	= blob_write,
	.proc_release	= blob_release,
};

static int __init tidemark_init(void)
{
	int err;

	mutex_init(&tidemark.lock);
	err = symbols_find(&tidemark.symbols);
	if (err)
		return err;
	err = window_open(&tidemark.window);
	if (err) {
		pr_err("tidemark: no window that is ready (%d)\n", err);
		return err;
	}
	tidemark.directory = proc_mkdir("tidemark", NULL);
	if (tidemark.directory &&
	    proc_create("control", 0600, tidemark.directory, &control_ops) &&
	    proc_create("blob", 0200, tidemark.directory, &blob_ops))
		return 0;
	proc_remove(tidemark.directory);
	window_close(&tidemark.window);
	return -ENOMEM;
}

static void __exit tidemark_exit(void)
{
	proc_remove(tidemark.directory);
	window_close(&tidemark.window);
}

module_init(tidemark_init);
module_exit(tidemark_exit);
MODULE_DESCRIPTION("Runs page allocator programs that a host left in shared memory");
MODULE_LICENSE("GPL");
