/* SPDX-License-Identifier: MIT */
/*
 * cli.h - the `tidemark` program: its subcommands, and what they share
 *
 * A subcommand is one file with one function, and one row of the table in
 * main.c.  It returns the exit status: 0 is good news, 1 a finding, 2 that it
 * could not do what was asked; it has then said why on stderr.
 */
#ifndef CLI_H
#define CLI_H

#include <stdio.h>

#include "run.h"

enum { EXIT_GOOD = 0, EXIT_FINDING = 1, EXIT_TROUBLE = 2 };

/* argv[0] is "tidemark NAME", for messages. */
int cmd_replay(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_asm(int argc, char **argv);
int cmd_gen(int argc, char **argv);
int cmd_min(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_hash(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_stress(int argc, char **argv);
int cmd_import_stress(int argc, char **argv);
int cmd_linux(int argc, char **argv);

/* --- files.c ------------------------------------------------------------------------------ */

struct paths {				/* names of files, in the order they are to be taken */
	char   **path;
	size_t	 nr;
};

/*
 * Adds a file, or all files below a folder, sorted, without those whose names
 * begin with a dot.  False, with a message, if there is no such thing.
 */
bool paths_add(struct paths *paths, const char *path);
void paths_free(struct paths *paths);

/* A file that appears under its name only once it is complete; without a name, stdout. */
struct output {
	FILE	   *file;
	const char *path;		/* NULL: stdout */
	char	   *temporary;
};

bool output_open(struct output *out, const char *path);
/* False, with a message, if not all could be written; then there is no file. */
bool output_close(struct output *out);
void output_abandon(struct output *out);

/* Which flags of run_program() a file asks for: only a text has expectations that count. */
unsigned int file_run_flags(const char *path);

void *xmalloc(size_t bytes);		/* zeroed; exits with EXIT_TROUBLE without memory */

/* --- trial.c ------------------------------------------------------------------------------ */

/* How a program ended: a finding of a check, or a crash with what the sanitizer said. */
struct outcome {
	bool	 clean;
	bool	 recounted;		/* only full recounts showed it */
	char	 tag[16];
	char	 place[64];
	char	 what[160];
	uint32_t op;
};

/* Runs the program with full recounts, as often as a second or so allows. */
bool recount_here(struct run *r, const struct program *p, unsigned int flags);

/* Runs it without, then with recounts, until it fails.  `flags` are enum run_flags. */
void trial_here(struct run *r, const struct program *p, unsigned int flags, struct outcome *out);

/*
 * The same in a child process, which may crash, or take too long.  *recorded, if
 * not NULL, is then what its schedule came to; of kind SCHED_NONE if it has none.
 */
void trial_apart(struct program *p, unsigned int flags, struct outcome *out,
		 struct schedule *recorded);

/*
 * Runs *p in a child process with one schedule after the other, as `change` makes
 * them, until it ends like `want`; then *recorded is what that schedule came to.
 * False: it never does.
 */
bool trial_schedules(struct program *p, unsigned int flags, const struct outcome *want,
		     void (*change)(const void *of, struct program *p, uint32_t i),
		     const void *of, uint32_t nr, struct schedule *recorded);

/*
 * Whether `command`, with the name of a file that has *p as text, exits with 0; if it
 * does neither that nor exit with 1, *failed is set, and said on stderr.
 */
bool trial_asked(const char *command, const struct program *p, bool *failed);

/* The same tag at the same place. */
bool outcome_same(const struct outcome *a, const struct outcome *b);

/* --- shrink.c ----------------------------------------------------------------------------- */

/*
 * Makes *p smaller as long as it ends like `want`; how many programs that took.
 * Ends early after so many seconds of CPU time; 0: never.
 */
unsigned int shrink(struct program *p, unsigned int flags, const struct outcome *want,
		    unsigned long seconds);

/*
 * Leaves out and simplifies ops as long as trial_asked() says so; the machine and the
 * schedule stay.  False: the command could not say.
 */
bool shrink_asking(struct program *p, const char *command, unsigned long seconds,
		   unsigned int *tries);

/* --- bench.c, bench_sched.c --------------------------------------------------------------- */

double bench_now_ns(void);		/* of CPU time: others use the machine, too */
double bench_switch(void);		/* ns from one fiber to another */
void bench_schedules(double *schedules, double *switches);	/* per second */

#endif
