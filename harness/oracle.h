/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the dumb model
 *
 * It keeps an owner per page and a few counts, and has SPEC.md's arithmetic
 * written out a second time; it calls no function of core/ and looks at the
 * machine only to read lengths of lists, page states and raw counters, which
 * the validators hold to be true.  Before each request it says what must
 * happen, and foretells the zone; after each operation it checks that what
 * happened was legal.
 *
 * The order for one request: ask, run it, then oracle_got() with the same
 * request for every block that came of it.
 */
#ifndef HARNESS_ORACLE_H
#define HARNESS_ORACLE_H

#include "op.h"

enum oracle_answer {
	MUST_SUCCEED,
	MUST_FAIL,
	MUST_STUCK,
	MUST_REFUSE,
	MAY,				/* see oracle->why */
	NR_ANSWERS,
};

struct oracle;				/* one machine's; oracle.c */

size_t oracle_bytes(const struct mm *mm);		/* memory for a booted machine */
/*
 * `memory` is zeroed, *o need not be; the machine has just booted: all managed
 * pages are free.  Compares core's numbers with ours, as oracle_retune() does.
 */
void oracle_init(struct oracle *o, const struct mm *mm, void *memory);
/* Another model of the same machine, with nothing owned; owners themselves are not copied. */
void oracle_copy(struct oracle *to, const struct oracle *from);

/* Do two models of one machine know the same?  Owners themselves are not compared. */
bool oracle_same(const struct oracle *a, const struct oracle *b);

/* Nobody owns the pages [start, end) of the zone any more; how many anybody owns is not changed. */
void oracle_disown(struct oracle *o, unsigned int zone, pfn_t start, pfn_t end);

extern const size_t oracle_size;			/* sizeof(struct oracle) */

/*
 * What a request on CPU `cpu` must end in, now.  `interrupted` says that an
 * interrupt or an injected fault may strike inside: then the answer is MAY.
 * *why is a literal that names the rule behind the answer.
 */
enum oracle_answer oracle_ask(struct oracle *o, const struct alloc_request *req, unsigned int cpu,
			      bool interrupted, const char **why);

/*
 * Among other CPUs' ops that may begin, end or lie inside of it, a request is
 * asked about in the worst case (they take up to `less` pages, and none comes
 * back) and in the best one (`more` pages come back, and none is taken): what
 * must succeed in the worst or must fail in the best does so in every order.
 * An answer under ORACLE_NOW counts only for a request that nothing overlaps.
 */
enum oracle_view { ORACLE_NOW, ORACLE_WORST, ORACLE_BEST };
void oracle_look(struct oracle *o, enum oracle_view view, uint64_t less, uint64_t more);

/*
 * One of those ops writes this sysctl (W9): until the next look at ORACLE_NOW
 * marks and reserves are the worst, or the best, of those before and after.
 * False: what it makes of them depends on more.
 */
bool oracle_foresee(struct oracle *o, enum sysctl_name name, unsigned int index, int64_t value);

/*
 * Do other CPUs' ops overlap the write that is told next?  Then what depends on
 * a boost may have been computed before or after one of them raised it.
 */
void oracle_among(struct oracle *o, bool others);

/* Which task of a schedule asks from now on: what was asked last is its own. */
void oracle_task(struct oracle *o, unsigned int task);

/* The request just run overlapped others: no zone was foretold for it. */
void oracle_overlapped(struct oracle *o);

/* For a bulk request: the same for "at least one page". */
enum oracle_answer oracle_ask_bulk(struct oracle *o, const struct alloc_request *req, uint32_t nr,
				   unsigned int cpu, bool interrupted, const char **why);

/* For alloc_pages_exact(): req->order is worked out from nr_pages. */
enum oracle_answer oracle_ask_exact(struct oracle *o, const struct alloc_request *req,
				    uint64_t nr_pages, unsigned int cpu, bool interrupted,
				    const char **why);

/* For mempolicy_alloc(); `pol` as it is before the request (Z7). */
enum oracle_answer oracle_ask_policy(struct oracle *o, const struct mempolicy *pol,
				     const struct alloc_request *req, unsigned int cpu,
				     bool interrupted, const char **why);

/*
 * After: the pages [pfn, pfn + 2^order) were handed out for `req` and now belong
 * to `slot`.  Panics through hook_panic() with X1 (owned twice, not managed), X4
 * (alignment), X5 (a zone or node the request may not use, or not the zone that
 * was foretold for the request last asked about) or W7 (an illegal boost).
 */
void oracle_got(struct oracle *o, const struct alloc_request *req, pfn_t pfn, unsigned int order,
		uint32_t slot);

/* The pages [pfn, pfn + nr) of `slot` were given back (X1). */
void oracle_gave(struct oracle *o, pfn_t pfn, uint64_t nr, uint32_t slot);

/*
 * A write of the sysctl was accepted (W9): recomputes what hangs on it, and
 * compares; panics with W1, W2, W3, W4, W7, W8, P1 or G5.
 */
void oracle_wrote(struct oracle *o, enum sysctl_name name);

/*
 * A CPU went down or up, or a boost was set by hand: the same.  Also finds out
 * which sysctl was written, as far as values tell; oracle_wrote() knows better.
 */
void oracle_retune(struct oracle *o);

/*
 * Pages that slots own or an import took, in zone id `zone`; the harness
 * compares with managed - free - PCP (X1).
 */
uint64_t oracle_owned(const struct oracle *o, unsigned int zone);

/* Every page core holds ALLOC is owned here, and no other; O(pages) (X1). */
void oracle_recount(struct oracle *o);

/* Imported state: pages taken by mm_import_empty() belong to nobody's slot. */
void oracle_import_empty(struct oracle *o, unsigned int zone);
void oracle_import_free(struct oracle *o, pfn_t pfn, unsigned int order);

/* Page contents (X8) are checked by the executor: see run.c. */

#endif
