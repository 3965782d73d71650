/* SPDX-License-Identifier: MIT */
/*
 * report.c - what people and programs read: parameters, live line, table, findings
 *
 * With --json only the object goes to standard output, one row per stressor; a
 * finding is its last member.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#include "oplog.h"

enum { WHAT_MAX = 256, SHOWN_THREADS = 8 };

static double mops(uint64_t ops, double seconds)
{
	return seconds > 0 ? (double)ops / seconds / 1e6 : 0;
}

static double mib(const struct session *s, uint64_t pages)
{
	return (double)pages * (double)(1ULL << s->mm.tun.page_shift) / (1 << 20);
}

void report_heading(const struct options *o)
{
	if (o->json) {
		printf("{\"seed\": %" PRIu64 ", \"threads\": %u, \"stressors\": [", o->seed,
		       o->threads);
		return;
	}
	printf("seed %" PRIu64 ", %u threads, machine %s, ", o->seed, o->threads,
	       o->machine ? o->machine : "built in");
	if (o->ops)
		printf("%" PRIu64 " ops a thread\n", o->ops);
	else
		printf("%.1f s in all\n", o->seconds);
	fflush(stdout);
}

static void print_again(const struct session *s)
{
	const struct options *o = s->options;

	fprintf(stderr, "  again: tidemark stress %s --threads=%u --seed=%" PRIu64, s->row->name,
		o->threads, o->seed);
	if (o->ops)
		fprintf(stderr, " --ops=%" PRIu64, o->ops);
	if (o->round)
		fprintf(stderr, " --round=%" PRIu64, o->round);
	if (o->machine)
		fprintf(stderr, " --machine=%s", o->machine);
	fputc('\n', stderr);
}

/*
 * A sanitizer ends the process by itself.  Where one is linked in, it calls
 * back first; the callback carries no context, hence the one here.
 */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));
static const struct session *speaking;

static void last_words(void)
{
	const struct session *s = speaking;

	speaking = NULL;
	if (!s || __atomic_load_n(&s->failed, __ATOMIC_RELAXED))
		return;
	report_live_end(s);
	fprintf(stderr, "FAILED by the sanitizer's report\n  %s, CPU %d\n", s->row->name,
		hw_self ? hw_self->cpu : -1);
	print_again(s);
	oplog_write(s, "sanitizer", "-", "see its report");
}

void report_for(const struct session *s)
{
	speaking = s;
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(last_words);
}

/* Parameters that mean nothing to a stressor are 0 and not shown. */
void report_begin(const struct options *o, const struct stressor_row *row,
		  const struct params *p)
{
	const struct { const char *name; uint32_t value; } rows[] = {
		{ "held", p->held }, { "order", p->order }, { "single", p->single },
		{ "burst", p->burst }, { "irq_every", p->irq_every }, { "movable", p->movable },
		{ "atomic", p->atomic },
	};

	if (o->scaling)
		return;
	if (o->json) {
		printf("\n  {\"name\": \"%s\", \"params\": {", row->name);
		for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			printf("%s\"%s\": %" PRIu32, i ? ", " : "", rows[i].name, rows[i].value);
		printf("}");
		return;
	}
	printf("%-9s", row->name);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value)
			printf(" %s=%" PRIu32, rows[i].name, rows[i].value);
	putchar('\n');
	fflush(stdout);
}

/* --- while it runs -------------------------------------------------------------------------- */

static void print_state(const struct session *s, double seconds)
{
	uint64_t pages = session_count(s, COUNT_PAGES);

	printf("%-9s %5.1f", s->row->name, s->seconds);
	if (!s->limit)
		printf(" of %.1f", seconds);
	printf(" s  %6.2f Mops/s [", mops(session_count(s, COUNT_OPS), s->seconds));
	for (unsigned int i = 0; i < s->nr_workers && i < SHOWN_THREADS; i++)
		printf("%s%.2f", i ? " " : "", mops(worker_counted(&s->workers[i], COUNT_OPS),
						    s->seconds));
	printf("%s]  failed %" PRIu64 " page %" PRIu64 " block %" PRIu64 " stuck  %.1f MiB",
	       s->nr_workers > SHOWN_THREADS ? " ..." : "", session_count(s, COUNT_NO_PAGE),
	       session_count(s, COUNT_NO_BLOCK), session_count(s, COUNT_STUCK),
	       mib(s, pages < 1ULL << 48 ? pages : 0));
}

void report_live(const struct session *s, double seconds)
{
	if (s->options->json || s->options->scaling)
		return;
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
	else if (s->seconds <= 0.1)
		return;			/* it has just begun */
	print_state(s, seconds);
	if (!isatty(STDOUT_FILENO))
		putchar('\n');
	fflush(stdout);
}

void report_live_end(const struct session *s)
{
	if (!s->options->json && !s->options->scaling && isatty(STDOUT_FILENO))
		printf("\r\033[K");
}

/* --- when it is over ------------------------------------------------------------------------- */

static void json_row(const struct result *r)
{
	printf(", \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"ops\": %" PRIu64
	       ", \"allocs\": %" PRIu64 ", \"no_page\": %" PRIu64 ", \"no_block\": %" PRIu64
	       ", \"stuck\": %" PRIu64, r->seconds, r->cpu_seconds, r->count[COUNT_OPS],
	       r->count[COUNT_ALLOCS], r->count[COUNT_NO_PAGE], r->count[COUNT_NO_BLOCK],
	       r->count[COUNT_STUCK]);
	printf(", \"rounds\": %" PRIu64 ", \"recounts\": %" PRIu64 ", \"irqs\": %" PRIu64
	       ", \"trylocks_refused\": %" PRIu64 ", \"locks_waited\": %" PRIu64
	       ", \"most_mib\": %.1f, \"ops_per_second\": [", r->rounds, r->recounts, r->irqs,
	       r->refused, r->waited, r->most_mib);
	for (unsigned int i = 0; i < r->nr_threads; i++)
		printf("%s%.0f", i ? ", " : "", mops(r->ops[i], r->seconds) * 1e6);
	printf("]}");
	fflush(stdout);
}

void report_add(const struct session *s, struct result *r)
{
	double most = mib(s, s->most_pages);

	r->seconds += s->seconds;
	r->recounts += s->pauses;
	r->most_mib = most > r->most_mib ? most : r->most_mib;
	r->rounds++;
	for (unsigned int item = 0; item < NR_COUNTERS; item++)
		r->count[item] += session_count(s, (enum counter)item);
	for (unsigned int i = 0; i < s->nr_workers; i++) {
		const struct worker *w = &s->workers[i];

		r->ops[i] += w->count[COUNT_OPS];
		r->cpu_seconds += w->cpu_seconds;
		r->irqs += w->cpu.nr_irqs;
		r->refused += w->cpu.refused;
		r->waited += w->cpu.waited;
	}
}

void report_result(const struct options *o, const struct result *r)
{
	if (o->json && !o->scaling)
		json_row(r);
}

static void table_row(const struct result *r)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned int i = 0; i < r->nr_threads; i++) {
		least = min_u64(least, r->ops[i]);
		most = max_u64(most, r->ops[i]);
	}
	printf("%-9s %6.1f %8.2f %6.2f %6.2f %9" PRIu64 " %9" PRIu64 " %7" PRIu64 " %9" PRIu64
	       " %9" PRIu64 " %9" PRIu64 " %7.1f %8" PRIu64 "\n", r->row->name, r->seconds,
	       mops(r->count[COUNT_OPS], r->seconds), mops(least, r->seconds),
	       mops(most, r->seconds), r->count[COUNT_NO_PAGE], r->count[COUNT_NO_BLOCK],
	       r->count[COUNT_STUCK], r->irqs, r->refused, r->waited, r->most_mib, r->recounts);
}

void report_end(const struct options *o, const struct result *results, unsigned int nr)
{
	if (o->json) {
		puts("],\n \"finding\": null}");
		return;
	}
	puts("\n                   Mops/s  of a thread        failed: by reason            "
	     "trylocks     locks     MiB");
	puts("stressor       s      all  least   most   no page  no block   stuck      irqs   "
	     "refused    waited    most recounts");
	for (unsigned int i = 0; i < nr; i++)
		table_row(&results[i]);
	puts("clean: no page lost or owned twice, every counter equal to its recount");
}

/* --- findings -------------------------------------------------------------------------------- */

/* The first one reports; whoever fails in its wake waits for the end of the process. */
static void only_one(struct session *s)
{
	if (!__atomic_exchange_n(&s->failed, 1, __ATOMIC_RELAXED))
		return;
	for (;;)
		pause();
}

static _Noreturn void finding(struct worker *w, const char *tag, const char *place,
			      const char *what)
{
	const struct session *s = w->s;

	report_live_end(s);
	if (s->options->json && !s->options->scaling) {
		printf("}],\n \"finding\": {\"tag\": \"%s\", \"place\": \"%s\", "
		       "\"what\": \"%s\"}}\n", tag, place, what);
	}
	fflush(stdout);
	fprintf(stderr, "FAILED %s %s: %s\n  %s, CPU %u, after %" PRIu64 " ops of its own\n", tag,
		place, what, s->row->name, hw_self ? hw_self->cpu : 0,
		worker_counted(w, COUNT_OPS));
	print_again(s);
	oplog_write(s, tag, place, what);
	_exit(1);
}

void stress_fail(struct worker *w, const char *tag, const char *format, ...)
{
	char what[WHAT_MAX];
	va_list args;

	only_one(w->s);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	finding(w, tag, "stress", what);
}

void stress_panic(void *to, const char *tag, const char *what, const char *file, int line)
{
	struct worker *w = to;
	char place[WHAT_MAX];

	only_one(w->s);
	snprintf(place, sizeof(place), "%s:%d", file, line);
	finding(w, tag, place, what);
}
