/* SPDX-License-Identifier: MIT */
/*
 * session.c - one stressor on one machine: boot, threads, recounts, the end
 *
 * The main thread is no CPU while the others run.  It stops the world now and
 * then: every thread parks between two of its steps, so what core and the
 * books say must agree exactly.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "oplog.h"
#include "validate.h"
#include "watermark.h"

enum {
	TURN_MS	      = 100,		/* the main thread looks */
	PAUSE_TURNS   = 5,		/* ... and stops the world */
};

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("stress: memory");
		exit(2);
	}
	return memory;
}

static bool flag(const uint32_t *f)
{
	return __atomic_load_n(f, __ATOMIC_RELAXED) != 0;
}

/* --- threads ------------------------------------------------------------------------------ */

/* The mutex orders all that was done before against the recount, and that against the rest. */
static void park(struct session *s)
{
	pthread_mutex_lock(&s->mutex);
	s->parked++;
	pthread_cond_signal(&s->parked_one);
	while (flag(&s->pause))
		pthread_cond_wait(&s->go_on, &s->mutex);
	s->parked--;
	pthread_mutex_unlock(&s->mutex);
}

/* Release and acquire: who takes the CPU down sees all it did, and it what was done meanwhile. */
static void stay_down(struct worker *w)
{
	__atomic_store_n(&w->down, DOWN_YES, __ATOMIC_RELEASE);
	while (__atomic_load_n(&w->down, __ATOMIC_ACQUIRE) == DOWN_YES) {
		if (flag(&w->s->pause))
			park(w->s);
		sched_yield();
	}
}

void worker_checkpoint(struct worker *w)
{
	if (flag(&w->s->pause))
		park(w->s);
	if (__atomic_load_n(&w->down, __ATOMIC_RELAXED) == DOWN_ASKED)
		stay_down(w);
}

bool worker_stops(const struct worker *w)
{
	return flag(&w->s->stop) || (w->limit && w->count[COUNT_OPS] >= w->limit);
}

/* A core for each, where there are so many: who shares one does not meet the other. */
static void bind_to_core(unsigned int id)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(id % (unsigned int)(nr > 0 ? nr : 1), &cores);
	sched_setaffinity(0, sizeof(cores), &cores);	/* if not, so be it */
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	struct session *s = w->s;

	if (s->options->scaling)
		bind_to_core(s->options->core + w->id);
	hw_enter(&w->cpu);
	while (!worker_stops(w)) {
		worker_checkpoint(w);
		s->row->what->step(w);
	}
	w->cpu.irq_every = 0;
	drop_all(w);
	hw_enter(NULL);
	w->cpu_seconds = now(CLOCK_THREAD_CPUTIME_ID);
	__atomic_store_n(&w->down, DOWN_LEFT, __ATOMIC_RELEASE);
	pthread_mutex_lock(&s->mutex);
	s->running--;
	pthread_cond_signal(&s->parked_one);
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* --- recounting --------------------------------------------------------------------------- */

uint64_t session_count(const struct session *s, enum counter item)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->nr_workers; i++)
		sum += worker_counted(&s->workers[i], item);
	return sum;
}

/* X1: what core says is allocated has an owner, and nothing else has. */
static void recount(struct session *s)
{
	hw_enter(&s->main_cpu);
	validate_mm(&s->mm);
	for (struct zone *z = mm_next_zone(&s->mm, NULL); z; z = mm_next_zone(&s->mm, z)) {
		uint64_t free = (uint64_t)zone_free_pages_exact(z, s->mm.nr_cpus);

		for (unsigned int cpu = 0; cpu < s->mm.nr_cpus; cpu++)
			free += z->cpu[cpu].pcp.count;
		mm_assert(X1, free + owner_pages(s, z) == z->managed);
	}
	hw_enter(NULL);
}

static void stop_the_world(struct session *s)
{
	pthread_mutex_lock(&s->mutex);
	__atomic_store_n(&s->pause, 1, __ATOMIC_RELAXED);
	while (s->parked < s->running)
		pthread_cond_wait(&s->parked_one, &s->mutex);
	recount(s);
	s->pauses++;
	__atomic_store_n(&s->pause, 0, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&s->go_on);
	pthread_mutex_unlock(&s->mutex);
}

/* X7: everything given back, every CPU's sets emptied and differences passed on. */
static void finish(struct session *s)
{
	struct worker *first = &s->workers[0];
	struct block block;

	hw_enter(&first->cpu);
	for (unsigned int i = 0; i < s->nr_workers; i++)
		while (mail_receive(&s->workers[i], &block))
			stress_free(first, &block);
	hw_enter(&s->main_cpu);
	mm_drain_all(&s->mm);
	for (unsigned int cpu = 0; cpu < s->mm.nr_cpus; cpu++) {
		s->main_cpu.cpu = (uint8_t)cpu;
		mm_tick(&s->mm);
	}
	s->main_cpu.cpu = 0;
	recount(s);
	s->pauses++;
	hw_enter(&s->main_cpu);
	validate_all_free(&s->mm);
	hw_enter(NULL);
}

/* --- boot --------------------------------------------------------------------------------- */

static uint64_t spanned(const struct zone *z)
{
	return zone_populated(z) ? zone_spanned(z) : 0;
}

/* Contents and owners of every zone's pages. */
static void boot_books(struct session *s)
{
	for (unsigned int id = 0; id < s->mm.tun.zone_ids; id++) {
		const struct zone *z = &s->mm.zones[id];

		if (!spanned(z))
			continue;
		s->hw.contents[id] = (struct hw_contents){
			.word = map(hw_contents_bytes(spanned(z))),
			.start = z->start_pfn, .row = hw_row(spanned(z)) };
		hw_pages_close(&s->hw, id, z->start_pfn, spanned(z));
	}
}

static void unboot(struct session *s)
{
	for (unsigned int id = 0; id < s->mm.tun.zone_ids; id++) {
		const struct zone *z = &s->mm.zones[id];

		if (!spanned(z))
			continue;
		hw_pages_open(&s->hw, id, z->start_pfn, spanned(z));
		munmap(s->hw.contents[id].word, hw_contents_bytes(spanned(z)));
	}
	for (unsigned int i = 0; i < s->nr_workers; i++) {
		oplog_free(&s->workers[i]);
		free(s->workers[i].held);
	}
	munmap(s->workers, s->nr_workers * sizeof(*s->workers));
	munmap(s->memory, s->memory_bytes);
	pthread_mutex_destroy(&s->mutex);
	pthread_cond_destroy(&s->parked_one);
	pthread_cond_destroy(&s->go_on);
}

/* The core asks for pages: the thread that asked gives up some of its own. */
static uint64_t reclaim_held(struct mm *mm, gfp_t gfp, unsigned int order)
{
	struct worker *w = hw_self->irq_to;
	uint64_t pages = 0;

	(void)mm;
	(void)gfp;
	for (uint32_t i = 0; i < w->s->params.burst && w->nr_held; i++) {
		pages += 1ULL << w->held[w->nr_held - 1].order;
		drop_any(w);
	}
	return pages >> order;
}

static void init_worker(struct session *s, unsigned int id, uint32_t room)
{
	struct worker *w = &s->workers[id];
	uint64_t seed = (s->options->seed + s->round) ^ (id + 1) * 0x9e3779b97f4a7c15u;

	w->s = s;
	w->id = id;
	w->rng = rng_next(&seed);
	w->room = room;
	w->held = malloc(room * sizeof(*w->held));
	w->limit = s->limit;
	if (!w->held) {
		perror("stress: memory");
		exit(2);
	}
	w->cpu = (struct hw_cpu){
		.cpu = (uint8_t)id, .random = rng_next(&seed), .on_panic = stress_panic,
		.on_panic_to = w, .irq = stress_interrupt, .irq_to = w,
		.irq_every = s->params.irq_every,
		/* A program has one interrupt in an op, so where a log is to become one ... */
		.irq_once = s->options->round && s->options->log };
	if (s->options->log)
		oplog_start(w);
}

static void boot(struct session *s)
{
	uint64_t managed = 0;

	s->main_cpu = (struct hw_cpu){ .on_panic = stress_panic, .on_panic_to = &s->workers[0] };
	hw_enter(&s->main_cpu);
	s->memory_bytes = mm_metadata_bytes(&s->program->config);
	s->memory = map(s->memory_bytes);
	mm_boot(&s->mm, &s->program->config, s->memory, &s->hw);
	if (s->row->what->reclaims)
		s->mm.reclaim = reclaim_held;
	boot_books(s);
	hw_enter(NULL);
	for (struct zone *z = mm_next_zone(&s->mm, NULL); z; z = mm_next_zone(&s->mm, z))
		managed += z->managed;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->parked_one, NULL);
	pthread_cond_init(&s->go_on, NULL);
	for (unsigned int i = 0; i < s->nr_workers; i++)
		init_worker(s, i, (uint32_t)managed);
}

/* --- a run -------------------------------------------------------------------------------- */

static void start(struct session *s)
{
	s->running = s->nr_workers;
	for (unsigned int i = 0; i < s->nr_workers; i++) {
		int error = pthread_create(&s->workers[i].thread, NULL, run_worker, &s->workers[i]);

		if (error) {
			fprintf(stderr, "stress: thread %u: %s\n", i, strerror(error));
			exit(2);
		}
	}
}

static unsigned int still_running(struct session *s)
{
	unsigned int running;

	pthread_mutex_lock(&s->mutex);
	running = s->running;
	pthread_mutex_unlock(&s->mutex);
	return running;
}

/* Until the time is over, or everybody has done its ops. */
static void watch(struct session *s, double seconds)
{
	double began = now(CLOCK_MONOTONIC);

	for (unsigned int turn = 1; still_running(s); turn++) {
		uint64_t pages = session_count(s, COUNT_PAGES);

		s->seconds = now(CLOCK_MONOTONIC) - began;
		if (!s->limit && s->seconds >= seconds)
			break;
		if (pages > s->most_pages && pages < 1ULL << 48)
			s->most_pages = pages;
		if (s->seconds >= s->next_line) {
			report_live(s, seconds);
			s->next_line = s->seconds + (isatty(STDOUT_FILENO) ? 0.2 : 5);
		}
		usleep((s->limit ? 1 : TURN_MS) * 1000);
		if (turn % PAUSE_TURNS == 0)
			stop_the_world(s);
	}
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < s->nr_workers; i++)
		pthread_join(s->workers[i].thread, NULL);
	s->seconds = now(CLOCK_MONOTONIC) - began;
	report_live_end(s);
}

static void run_round(struct session *s, double seconds, struct result *result)
{
	s->workers = map(s->nr_workers * sizeof(*s->workers));
	boot(s);
	start(s);
	watch(s, seconds);
	finish(s);
	report_add(s, result);
	unboot(s);
}

void session_run(const struct options *o, struct program *machine,
		 const struct stressor_row *row, double seconds, struct result *result)
{
	uint64_t rng = o->seed + (uint64_t)(row - stressors);
	struct session *s = malloc(sizeof(*s));
	struct params params = { .held = 1, .burst = 1 };

	if (!s) {
		perror("stress: memory");
		exit(2);
	}
	row->what->draw(&params, &rng);
	report_begin(o, row, &params);
	*result = (struct result){ .row = row, .nr_threads = o->threads };
	do {
		memset(s, 0, sizeof(*s));
		s->options = o;
		s->program = machine;
		s->nr_workers = o->threads;
		s->row = row;
		s->params = params;
		s->round = result->rounds;
		s->limit = o->round ? o->round : o->ops;
		report_for(s);
		run_round(s, seconds - result->seconds, result);
	} while (o->round && result->seconds < seconds);
	report_for(NULL);
	free(s);
	report_result(o, result);
}
