/* SPDX-License-Identifier: MIT */
/*
 * stress.h - real threads on one machine, and what tells whether it holds
 *
 * A session boots a machine and lets every thread, each a CPU, call one
 * stressor's step() again and again.  Between two steps a thread holds only
 * blocks that are in its books, so there the world can be stopped and
 * recounted:
 *
 *   owner         a word per page: 0, or the token of the allocation that it
 *                 is part of, exchanged when a block comes and when it goes.
 *                 A page that is handed out twice, or taken from its owner,
 *                 shows at once.  It stands beside the next one, so that a
 *                 page that changes CPUs takes one cache line with it.
 *   contents      a plain word per page, written by the owner and read before
 *                 the block goes: what another thread wrote shows, and to
 *                 ThreadSanitizer also an allocator that orders too little.
 *   recount       core's validator, and the owners against core's own
 *                 count of allocated pages: lost pages and torn counters.
 *
 * At the end everything is freed and every page must be in the buddy's lists.
 */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdio.h>

#include "op.h"
#include "page_alloc.h"
#include "world.h"

enum {
	MAILBOX_BLOCKS	= 256,		/* a power of two */
	IRQ_BLOCKS	= 16,		/* what interrupts of one CPU hold */
	SCALING_ROUNDS_MAX = 101,
};

/* What a stressor draws from the seed before it starts; 0: of no use to it. */
struct params {
	uint32_t held;			/* blocks a thread aims to hold */
	uint32_t order;			/* highest order asked for */
	uint32_t single;		/* requests of 256 that are for one page all the same */
	uint32_t burst;			/* ops in a row of one kind */
	uint32_t irq_every;		/* mean steps between interrupts */
	uint32_t movable;		/* requests of 256 that are for movable pages */
	uint32_t atomic;		/* requests of 256 that may not wait */
};

struct block {				/* an allocation in somebody's books */
	struct page *page;
	uint32_t     token;
	uint8_t	     order;
	uint8_t	     part;		/* enum block_part */
};

/* Two users of one block: each has the books of a part, and gives back its own use. */
enum block_part { PART_ALL, PART_OWNER, PART_USER };

enum counter {				/* of one thread */
	COUNT_OPS,			/* allocations, frees, and whatever else a step does */
	COUNT_ALLOCS,
	COUNT_NO_PAGE,			/* failed, order 0 */
	COUNT_NO_BLOCK,			/* failed, a higher order */
	COUNT_STUCK,			/* failed, though asked with __GFP_NOFAIL */
	COUNT_PAGES,			/* in use now */
	NR_COUNTERS,
};

/* Blocks on their way from one thread to another: one writes, one reads. */
struct mailbox {
	_Alignas(CACHE_LINE) uint32_t put;	/* written by the sender, release */
	_Alignas(CACHE_LINE) uint32_t got;	/* written by the receiver, release */
	_Alignas(CACHE_LINE) struct block block[MAILBOX_BLOCKS];
};

struct session;

struct worker {				/* one thread; its own unless said otherwise */
	_Alignas(CACHE_LINE) struct hw_cpu cpu;
	struct session *s;
	unsigned int	id;		/* and CPU */
	uint64_t	rng;
	uint32_t	serial;		/* of its allocations */
	struct block   *held;
	uint32_t	nr_held;
	uint32_t	room;
	struct block	irq_held[IRQ_BLOCKS];	/* of its interrupts */
	uint32_t	nr_irq_held;
	uint32_t	phase;		/* exhaust: bool, it gives back */
	uint32_t	role;		/* mixed: whose step it takes */
	uint32_t	role_left;	/* ... and for how many more */
	uint64_t	limit;		/* ops after which it ends; 0: none */
	struct oplog   *log;		/* NULL: nobody wants one */
	pthread_t	thread;
	double		cpu_seconds;	/* that it ran, when it ends */
	_Alignas(CACHE_LINE) uint64_t count[NR_COUNTERS];	/* published, read by all */
	uint32_t	down;		/* atomic, enum down */
	struct mailbox	mail;		/* for it, from the one before it */
};

/* A CPU goes and comes: one thread asks, the CPU's own stands still meanwhile, or has left. */
enum down { DOWN_NO, DOWN_ASKED, DOWN_YES, DOWN_LEFT };

struct stressor {
	void (*draw)(struct params *p, uint64_t *rng);
	void (*step)(struct worker *w);	/* a few ops; called again and again */
	bool reclaims;			/* direct reclaim frees what the thread holds */
};

struct stressor_row {
	const char *name;
	const char *about;
	const struct stressor *what;
};

extern const struct stressor_row stressors[];
extern const unsigned int nr_stressors;
#define ROW(name, about) extern const struct stressor stressor_##name;
#include "stressors.h"
#undef ROW

struct options {
	const char *machine;		/* file; NULL: the built-in one */
	uint64_t    seed;
	uint64_t    ops;		/* per thread and stressor; 0: by time */
	uint64_t    round;		/* ops of a thread before the next boot; 0: one boot */
	double	    seconds;		/* for all stressors together */
	unsigned int threads;
	unsigned int scaling;		/* rounds of one thread against all; 0: none */
	unsigned int core;		/* scaling: of the machine's, where the first thread runs */
	bool	    json;
	const char *log;		/* where a failure's op logs go; NULL: nowhere */
};

struct session {
	const struct stressor_row *row;
	const struct options  *options;
	struct params	params;
	struct program *program;	/* whose machine it is */
	struct mm	mm;
	struct hw	hw;
	void	       *memory;
	size_t		memory_bytes;
	struct worker  *workers;
	unsigned int	nr_workers;
	struct hw_cpu	main_cpu;	/* what the main thread is while all others stand */

	/* Stopping the world. */
	pthread_mutex_t	mutex;
	pthread_cond_t	parked_one;	/* ... or left */
	pthread_cond_t	go_on;
	uint32_t	pause;		/* atomic flag */
	uint32_t	stop;		/* atomic flag */
	uint32_t	failed;		/* atomic flag: somebody reports a finding */
	unsigned int	parked;		/* under mutex, and so is the next one */
	unsigned int	running;	/* threads that have not left */
	uint64_t	pauses;

	uint64_t	round;		/* from 0: the how manieth boot */
	uint64_t	limit;		/* ops of a thread; 0: by time */
	double		next_line;	/* when the live line is due */
	uint64_t	most_pages;	/* in use, as far as the main thread saw */
	double		seconds;	/* it took */
};

/* What is left of a session for the table. */
struct result {
	const struct stressor_row *row;
	double	     seconds;
	double	     cpu_seconds;	/* of all threads */
	uint64_t     count[NR_COUNTERS];
	uint64_t     irqs, refused, waited, recounts, rounds;
	double	     most_mib;
	unsigned int nr_threads;
	uint64_t     ops[MAX_CPUS];	/* per thread */
};

/* From any thread. */
static inline uint64_t worker_counted(const struct worker *w, enum counter item)
{
	return __atomic_load_n(&w->count[item], __ATOMIC_RELAXED);
}

/* The sum over all threads. */
uint64_t session_count(const struct session *s, enum counter item);

/* --- session.c ---------------------------------------------------------------------------- */

/* Runs one stressor to its end; a finding ends the process. */
void session_run(const struct options *o, struct program *machine,
		 const struct stressor_row *row, double seconds, struct result *result);

/* Between two steps: stands still while the world is recounted, or the CPU is down. */
void worker_checkpoint(struct worker *w);
bool worker_stops(const struct worker *w);

/* --- scaling.c ---------------------------------------------------------------------------- */

/* One thread, o->threads of them together and apart, o->scaling times each; prints a table. */
void scaling_run(const struct options *o, struct program *machine,
		 const struct stressor_row *const *rows, unsigned int nr);

/* --- blocks.c: allocations in the books ------------------------------------------------------ */

/* Asks core; on VERDICT_OK the block is claimed and filled. */
enum verdict stress_alloc(struct worker *w, const struct alloc_request *req, struct block *out);

/* Checks the block, clears it from the books and gives it back. */
void stress_free(struct worker *w, const struct block *block);

/*
 * One more user, for another thread; the books of what it holds, the first page
 * or a whole compound block, become its own.  Both go in any order.
 */
void stress_share(struct worker *w, struct block *block, struct block *user);

/* Single pages at once: up to nr into out[]; how many. */
uint32_t stress_alloc_bulk(struct worker *w, const struct alloc_request *req,
			   struct block *out, uint32_t nr);
void stress_free_list(struct worker *w, const struct block *blocks, uint32_t nr);

/* nr_pages single pages in a row, or none. */
uint32_t stress_alloc_exact(struct worker *w, const struct alloc_request *req,
			    struct block *out, uint32_t nr_pages);

/* A block becomes single pages, which go to out[]; how many. */
uint32_t stress_split(struct worker *w, const struct block *block, struct block *out);

/* The books, recounted: pages that have an owner. */
uint64_t owner_pages(const struct session *s, const struct zone *z);

void worker_count(struct worker *w, enum counter item, uint64_t delta);

/* --- common.c: what stressors share ---------------------------------------------------------- */

struct alloc_request draw_request(struct worker *w);	/* by the parameters */

/* One allocation into the held blocks; false when it failed or there is no room. */
bool hold_one(struct worker *w, const struct alloc_request *req);
void drop_any(struct worker *w);	/* frees one held block, a random one */
void drop_all(struct worker *w);

/* To the next thread; false when its mailbox is full. */
bool mail_send(struct worker *w, const struct block *block);
bool mail_receive(struct worker *w, struct block *block);

/* What an interrupt does: one allocation, or one free. */
void stress_interrupt(void *to);

/* --- report.c ------------------------------------------------------------------------------- */

void report_heading(const struct options *o);	/* the seed, first of all */
void report_begin(const struct options *o, const struct stressor_row *row,
		  const struct params *p);	/* what was drawn from it */
void report_for(const struct session *s);	/* who is to blame for a sanitizer's report */
void report_live(const struct session *s, double seconds);
void report_live_end(const struct session *s);
void report_add(const struct session *s, struct result *r);
void report_result(const struct options *o, const struct result *r);
void report_end(const struct options *o, const struct result *results, unsigned int nr);

/* A finding, with its own words; ends the process with status 1. */
_Noreturn void stress_fail(struct worker *w, const char *tag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for what hook_panic() says; `to` is the worker. */
void stress_panic(void *to, const char *tag, const char *what, const char *file, int line);

#endif
