/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.h - what `tidemark linux` does; each returns an exit status as in cli.h */
#ifndef HARNESS_LINUX_LINUX_H
#define HARNESS_LINUX_LINUX_H

int linux_prepare(int argc, char **argv);	/* cli/prepare.c */
int linux_compare(int argc, char **argv);	/* cli/compare.c */
int linux_trace(int argc, char **argv);		/* cli/trace.c */

#endif
