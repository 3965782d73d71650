/* SPDX-License-Identifier: MIT */
/* trial.c - how a program ends, also if it ends in a crash */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

enum { TRIAL_SECONDS = 30, LOG_MAX = 1 << 16 };

/* Pages that the recounts of one run visit, about a second's worth. */
#define VISITS_MAX	(UINT64_C(1) << 25)

bool recount_here(struct run *r, const struct program *p, unsigned int flags)
{
	uint64_t visits = run_pages(&p->config) * (p->nr_ops + UINT64_C(1));
	uint32_t interval = 1 + (uint32_t)(visits / VISITS_MAX);

	return run_program(r, p, flags | (interval == 1 ? RUN_VALIDATE : 0), interval);
}

static void take_finding(const struct run *r, struct outcome *out)
{
	const struct finding *f = run_finding(r);

	out->clean = false;
	memcpy(out->tag, f->tag, sizeof(out->tag));
	memcpy(out->place, f->place, sizeof(out->place));
	memcpy(out->what, f->what, sizeof(out->what));
	out->op = f->op;
}

void trial_here(struct run *r, const struct program *p, unsigned int flags, struct outcome *out)
{
	memset(out, 0, sizeof(*out));
	out->clean = true;
	if (run_program(r, p, flags, 0)) {
		if (recount_here(r, p, flags))
			return;
		out->recounted = true;
	}
	take_finding(r, out);
}

/* --- crashes ------------------------------------------------------------------------------ */

/* "buddy.c:12" out of ".../core/buddy.c:12:5", which ends at a blank or the end of the line. */
static void copy_place(char *place, size_t max, const char *from)
{
	size_t len = strcspn(from, " \n)"), start = 0, colons = 0;

	for (size_t i = 0; i < len; i++)
		if (from[i] == '/')
			start = i + 1;
	for (size_t i = start; i < len; i++)
		if (from[i] == ':' && ++colons == 2)
			len = i;
	snprintf(place, max, "%.*s", (int)(len - start), from + start);
}

/* Where the innermost frame of ours was, in a sanitizer's stack. */
static const char *first_frame(const char *log)
{
	const char *core = strstr(log, "/core/"), *harness = strstr(log, "/harness/");

	if (!core || !harness)
		return core ? core : harness;
	return core < harness ? core : harness;
}

static void take_crash(const char *log, int status, struct outcome *out)
{
	const char *asan = strstr(log, "AddressSanitizer: ");
	const char *ubsan = strstr(log, ": runtime error: ");
	const char *frame;

	out->clean = false;
	if (asan) {
		asan += strlen("AddressSanitizer: ");
		frame = first_frame(asan);
		snprintf(out->tag, sizeof(out->tag), "ASAN");
		copy_place(out->place, sizeof(out->place), frame ? frame : asan);
		snprintf(out->what, sizeof(out->what), "%.*s", (int)strcspn(asan, " \n"), asan);
	} else if (ubsan) {
		const char *line = ubsan;

		while (line > log && line[-1] != '\n')
			line--;
		snprintf(out->tag, sizeof(out->tag), "UBSAN");
		copy_place(out->place, sizeof(out->place), line);
		snprintf(out->what, sizeof(out->what), "%.*s", (int)strcspn(ubsan + 2, "\n"),
			 ubsan + 2);
	} else if (WIFSIGNALED(status)) {
		snprintf(out->tag, sizeof(out->tag), "CRASH");
		snprintf(out->place, sizeof(out->place), "signal %d", WTERMSIG(status));
		snprintf(out->what, sizeof(out->what), "%s", WTERMSIG(status) == SIGALRM ?
			 "the program takes too long" : strsignal(WTERMSIG(status)));
	} else {
		snprintf(out->tag, sizeof(out->tag), "CRASH");
		snprintf(out->place, sizeof(out->place), "exit %d", WEXITSTATUS(status));
	}
}

/* What a child is to do. */
struct task {
	struct program	*p;
	unsigned int	 flags;
	const struct outcome *want;	/* NULL: one run; else schedules until it ends so */
	void (*change)(const void *of, struct program *p, uint32_t i);
	const void	*of;
	uint32_t	 nr;
};

static void try_schedules(struct run *r, const struct task *t, struct outcome *out)
{
	memset(out, 0, sizeof(*out));
	out->clean = true;
	for (uint32_t i = 0; i < t->nr && out->clean; i++) {
		t->change(t->of, t->p, i);
		if (t->want->recounted ? recount_here(r, t->p, t->flags) :
					 run_program(r, t->p, t->flags, 0))
			continue;
		take_finding(r, out);
		out->clean = !outcome_same(out, t->want);	/* another end is none */
	}
}

static _Noreturn void child(const struct task *t, int answer, FILE *log, struct schedule *record)
{
	struct run *r = run_new();
	struct outcome out;
	ssize_t written;

	if (dup2(fileno(log), STDERR_FILENO) < 0 || dup2(fileno(log), STDOUT_FILENO) < 0)
		_exit(EXIT_TROUBLE);
	alarm(TRIAL_SECONDS);
	run_record(r, record);
	if (t->want)
		try_schedules(r, t, &out);
	else
		trial_here(r, t->p, t->flags, &out);
	written = write(answer, &out, sizeof(out));
	_exit(written == (ssize_t)sizeof(out) ? EXIT_GOOD : EXIT_TROUBLE);
}

static _Noreturn void cannot(const char *what)
{
	perror(what);
	exit(EXIT_TROUBLE);
}

/* Memory that a child writes to for its parent. */
static struct schedule *shared_schedule(void)
{
	void *p = mmap(NULL, sizeof(struct schedule), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		cannot("tidemark: memory shared with a child process");
	return p;
}

static void do_apart(const struct task *t, struct outcome *out, struct schedule *recorded)
{
	struct schedule *record = shared_schedule();
	FILE *log = tmpfile();
	int answer[2], status;
	pid_t pid;
	ssize_t len;

	if (!log || pipe(answer))
		cannot("tidemark: a child process");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		cannot("tidemark: a child process");
	if (pid == 0)
		child(t, answer[1], log, record);
	close(answer[1]);
	memset(out, 0, sizeof(*out));
	len = read(answer[0], out, sizeof(*out));
	close(answer[0]);
	if (waitpid(pid, &status, 0) < 0)
		cannot("tidemark: a child process");
	if (len != (ssize_t)sizeof(*out)) {
		char *text = xmalloc(LOG_MAX);

		memset(out, 0, sizeof(*out));
		out->op = t->p->nr_ops;
		rewind(log);
		text[fread(text, 1, LOG_MAX - 1, log)] = '\0';
		take_crash(text, status, out);
		free(text);
	}
	fclose(log);
	schedule_map(record, t->p->nr_ops, NULL);	/* should the child not have come to that */
	if (recorded)
		schedule_copy(recorded, record);
	munmap(record, sizeof(*record));
}

void trial_apart(struct program *p, unsigned int flags, struct outcome *out,
		 struct schedule *recorded)
{
	const struct task t = { .p = p, .flags = flags };

	do_apart(&t, out, recorded);
}

bool trial_schedules(struct program *p, unsigned int flags, const struct outcome *want,
		     void (*change)(const void *of, struct program *p, uint32_t i),
		     const void *of, uint32_t nr, struct schedule *recorded)
{
	const struct task t = { .p = p, .flags = flags, .want = want, .change = change,
				.of = of, .nr = nr };
	struct outcome out;

	do_apart(&t, &out, recorded);
	return outcome_same(&out, want);
}

bool trial_asked(const char *command, const struct program *p, bool *failed)
{
	const char *folder = getenv("TMPDIR");
	char *path, *line;
	int status;
	FILE *file;

	if (asprintf(&path, "%s/tidemark-XXXXXX", folder ? folder : "/tmp") < 0 ||
	    asprintf(&line, "%s %s", command, path) < 0)
		exit(EXIT_TROUBLE);
	status = mkstemp(path);
	file = status < 0 ? NULL : fdopen(status, "w");
	if (!file)
		cannot(path);
	strcpy(line + strlen(command) + 1, path);
	op_print(p, file);
	status = fclose(file) ? -1 : system(line);
	unlink(path);
	*failed = !WIFEXITED(status) || WEXITSTATUS(status) > EXIT_FINDING;
	if (*failed)
		fprintf(stderr, "%s: expected to exit with 0 or 1, got status %d\n", command,
			WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	free(path);
	free(line);
	return status == 0;
}

bool outcome_same(const struct outcome *a, const struct outcome *b)
{
	return a->clean == b->clean && !strcmp(a->tag, b->tag) && !strcmp(a->place, b->place);
}
