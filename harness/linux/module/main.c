/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - /proc/tidemark, by which the guest's script says what happens when
 *
 *	echo run K > control	runs program K of the window
 *	echo blob NAME > control, then write to blob and close it: one named blob
 *	cat control		how many programs there are
 *	echo FUNCTION CALLEE > calls, cat calls: where in the kernel the one calls the other
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "tidemark.h"

enum { COMMAND_MAX = 128 };

/* The one instance; its mutex orders whoever writes to the files. */
static struct {
	struct mutex		 lock;
	struct window		 window;
	struct symbols		 symbols;
	struct proc_dir_entry	*directory;
	char			 question[COMMAND_MAX];	/* last written to calls */
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

/* A line of at most COMMAND_MAX - 1 bytes. */
static int read_line(char *line, const char __user *from, size_t bytes)
{
	if (bytes >= COMMAND_MAX)
		return -EINVAL;
	if (copy_from_user(line, from, bytes))
		return -EFAULT;
	line[bytes] = '\0';
	return 0;
}

static ssize_t control_write(struct file *file, const char __user *from, size_t bytes,
			     loff_t *pos)
{
	char command[COMMAND_MAX];
	int err = read_line(command, from, bytes);

	if (err)
		return err;
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

static ssize_t calls_write(struct file *file, const char __user *from, size_t bytes,
			   loff_t *pos)
{
	int err;

	mutex_lock(&tidemark.lock);
	err = read_line(tidemark.question, from, bytes);
	mutex_unlock(&tidemark.lock);
	return err ? err : bytes;
}

static int calls_show(struct seq_file *file, void *unused)
{
	char question[COMMAND_MAX];
	char *callee = question;
	char *function;

	mutex_lock(&tidemark.lock);
	strscpy(question, tidemark.question, sizeof(question));
	mutex_unlock(&tidemark.lock);
	function = strsep(&callee, " ");
	if (callee)
		symbols_calls(&tidemark.symbols, file, function, strim(callee));
	return 0;
}

static int calls_open(struct inode *inode, struct file *file)
{
	return single_open(file, calls_show, NULL);
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

static const struct proc_ops calls_ops = {
	.proc_open	= calls_open,
	.proc_read	= seq_read,
	.proc_write	= calls_write,
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
	    proc_create("calls", 0600, tidemark.directory, &calls_ops) &&
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
