/* SPDX-License-Identifier: MIT */
/*
 * oplog.c - rings of records, and the file they become
 *
 * A line of the file is a letter and numbers: `o` begins an op, `t` adds a
 * block to it, `l` is a lock it takes, `r` one that a trylock finds taken, `i`
 * and `j` an interrupt's begin and end, `e` its end.  Steps are counted from
 * the begin of the op; those of an interrupt again without those that had
 * interrupts masked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oplog.h"

struct record {
	char	 what;
	uint8_t	 a, b, c;
	uint32_t d, e, f;
	uint64_t g;
};

struct oplog {
	uint64_t nr;			/* ever written */
	uint64_t op_began;		/* the CPU's steps when the op began */
	uint64_t masked_began;		/* ... and those of them with interrupts masked */
	struct record ring[OPLOG_RECORDS];
};

static struct record *next(struct oplog *log)
{
	return &log->ring[log->nr++ % OPLOG_RECORDS];
}

/* Steps of the op so far, this one included. */
static uint32_t steps(const struct worker *w)
{
	return (uint32_t)(w->cpu.steps - w->log->op_began);
}

static void begin_count(struct worker *w)
{
	w->log->op_began = w->cpu.steps;
	w->log->masked_began = w->cpu.masked_steps;
}

static void on_lock(void *to, const struct spinlock *lock, bool taken)
{
	struct worker *w = to;

	*next(w->log) = (struct record){ .what = taken ? 'l' : 'r', .a = lock->rank,
					 .d = observe(lock->turn), .e = steps(w),
					 .g = (uintptr_t)lock };
	while (__atomic_load_n(&w->s->failed, __ATOMIC_RELAXED))
		pause();		/* the logs are being written */
}

void oplog_start(struct worker *w)
{
	w->log = malloc(sizeof(*w->log));
	if (!w->log) {
		perror("stress: memory");
		exit(2);
	}
	w->log->nr = 0;
	begin_count(w);
	w->cpu.on_lock = on_lock;
	w->cpu.on_lock_to = w;
}

void oplog_free(struct worker *w)
{
	free(w->log);
	w->log = NULL;
}

void oplog_begin(struct worker *w, const struct oplog_entry *entry)
{
	*next(w->log) = (struct record){ .what = 'o', .a = (uint8_t)entry->op, .b = entry->order,
					 .c = entry->context, .d = entry->gfp, .e = entry->n,
					 .f = entry->token, .g = (uint64_t)entry->value };
	if (w->cpu.in_irq)
		return;
	begin_count(w);
	if (w->cpu.irq_once)
		hw_arm(&w->cpu);
}

void oplog_also(struct worker *w, uint32_t token)
{
	*next(w->log) = (struct record){ .what = 't', .d = token };
}

void oplog_end(struct worker *w, unsigned int verdict, const struct block *first, uint32_t nr)
{
	struct record *r = next(w->log);

	*r = (struct record){ .what = 'e', .a = (uint8_t)verdict, .e = nr };
	if (nr) {
		r->d = first->token;
		r->g = mm_page_pfn(&w->s->mm, first->page);
	}
}

void oplog_irq(struct worker *w, bool begins)
{
	uint64_t masked = w->cpu.masked_steps - w->log->masked_began;

	*next(w->log) = (struct record){ .what = begins ? 'i' : 'j', .d = steps(w),
					 .e = steps(w) - (uint32_t)masked };
}

/* --- the file ------------------------------------------------------------------------------- */

/* The zone and CPU of a lock; the tunables' has neither. */
static void print_lock(const struct session *s, const struct record *r, FILE *f)
{
	for (unsigned int id = 0; id < s->mm.tun.zone_ids; id++) {
		const struct zone *z = &s->mm.zones[id];

		if ((uintptr_t)&z->lock == r->g)
			fprintf(f, "%c %u %u 0", r->what, r->a, id);
		for (unsigned int cpu = 0; z->cpu && cpu < s->mm.nr_cpus; cpu++)
			if ((uintptr_t)&z->cpu[cpu].pcp.lock == r->g)
				fprintf(f, "%c %u %u %u", r->what, r->a, id, cpu);
	}
	if (r->a == RANK_TUNABLES)
		fprintf(f, "%c %u 0 0", r->what, r->a);
	fprintf(f, " %" PRIu32 " %" PRIu32 "\n", r->d, r->e);
}

static void print_record(const struct session *s, const struct record *r, FILE *f)
{
	static const char *const names[NR_LOG_OPS] = {
		"alloc", "bulk", "exact", "split", "free", "free_list", "get", "movable", "dirty",
		"drain_cpu", "drain", "tick", "cpu_down", "cpu_up", "sysctl",
	};

	switch (r->what) {
	case 'o':
		fprintf(f, "o %s %u %u %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId64 "\n",
			names[r->a], r->b, r->c, r->d, r->e, r->f, (int64_t)r->g);
		break;
	case 't':
		fprintf(f, "t %" PRIu32 "\n", r->d);
		break;
	case 'l':
	case 'r':
		print_lock(s, r, f);
		break;
	case 'e':
		fprintf(f, "e %u %" PRIu32 " %" PRIu32 " %" PRIu64 "\n", r->a, r->d, r->e, r->g);
		break;
	default:
		fprintf(f, "%c %" PRIu32 " %" PRIu32 "\n", r->what, r->d, r->e);
	}
}

/*
 * Other threads may still be at their last record: it is read as it is.  Not
 * seen by ThreadSanitizer, in whose report this may be: another one would wait
 * for the end of the first.
 */
__attribute__((no_sanitize("thread"), noinline))
static uint64_t look(const struct oplog *log, uint64_t i, struct record *out)
{
	*out = log->ring[i % OPLOG_RECORDS];
	return log->nr;
}

static void print_log(const struct session *s, const struct worker *w, FILE *f)
{
	struct record record;
	uint64_t nr = look(w->log, 0, &record);
	uint64_t first = nr > OPLOG_RECORDS ? nr - OPLOG_RECORDS : 0;

	fprintf(f, "cpu %u %" PRIu64 "\n", w->id, first);
	for (uint64_t i = first; i < nr; i++) {
		look(w->log, i, &record);
		print_record(s, &record, f);
	}
}

void oplog_write(const struct session *s, const char *tag, const char *place, const char *what)
{
	const struct options *o = s->options;
	char *temporary;
	FILE *f;

	if (!o->log || !s->workers[0].log || asprintf(&temporary, "%s.part", o->log) < 0)
		return;
	usleep(50000);			/* the others come to a lock, and stop */
	f = fopen(temporary, "w");
	if (f) {
		fprintf(f, "tidemark-stress-log 1\nfinding %s %s %s\nstressor %s threads %u seed %"
			PRIu64 "\nmachine\n", tag, place, what, s->row->name, o->threads, o->seed);
		op_print(s->program, f);
		for (unsigned int i = 0; i < s->nr_workers; i++)
			print_log(s, &s->workers[i], f);
	}
	if (!f || fclose(f) || rename(temporary, o->log))
		fprintf(stderr, "%s: cannot be written: %s\n", o->log, strerror(errno));
	else
		fprintf(stderr, "  log: %s; try `tidemark import-stress %s'\n", o->log, o->log);
	free(temporary);
}
