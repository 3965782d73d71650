/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks.h - everything core/ asks of the machine, and nothing else
 *
 * Link exactly one implementation, and put the folder of its hook_impl.h on
 * the include path: that header defines struct hw, the machine beneath one
 * struct mm, and the hot hooks as inline functions; the others are linked.
 * Pointers are never NULL.  A hook that can fail returns false and has then
 * changed nothing.  Hooks do not call core/, except that an interrupt may run
 * nested, through core's public functions, wherever interrupts are unmasked.
 *
 * Every lock, unlock and trylock and every lock-free access to shared state
 * passes through here: each is a place where a scheduler may switch CPUs.
 */
#ifndef CORE_HOOKS_H
#define CORE_HOOKS_H

#include "assert.h"
#include "types.h"

struct hw;				/* defined by hook_impl.h */
struct spinlock;			/* likewise */
struct waitq;				/* likewise */

/* Lock ranks, in the order of acquisition: a CPU takes them upward only. */
enum lock_rank { RANK_NONE, RANK_TUNABLES, RANK_PCP, RANK_ZONE };

/* What happened, with the names and fields of the kernel's tracepoints (S3). */
enum event_kind {
	EVENT_PAGE_ALLOC,		/* mm_page_alloc; pfn PFN_NONE when it failed */
	EVENT_PAGE_FREE,		/* mm_page_free */
	EVENT_PAGE_FREE_BATCHED,	/* mm_page_free_batched */
	EVENT_ALLOC_ZONE_LOCKED,	/* mm_page_alloc_zone_locked; extra: goes to a PCP list */
	EVENT_PCPU_DRAIN,		/* mm_page_pcpu_drain */
	EVENT_ALLOC_EXTFRAG,		/* mm_page_alloc_extfrag; see the fields below */
	EVENT_WAKEUP_KSWAPD,		/* mm_vmscan_wakeup_kswapd; zone, order, gfp */
	NR_EVENTS,
};

struct event {
	enum event_kind	kind;
	pfn_t		pfn;
	gfp_t		gfp;
	uint8_t		zone;		/* zone id, see zone.h; for PAGE_ALLOC of the page */
	uint8_t		order;		/* of the request, or of the block */
	uint8_t		type;		/* migratetype */
	uint8_t		fallback_order;	/* EXTFRAG: of the block that was found */
	uint8_t		fallback_type;	/* EXTFRAG: of the list it was found on */
	bool		extra;		/* EXTFRAG: the pageblock changed its type */
};

/* --- CPUs and interrupts -------------------------------------------------- */

static inline unsigned int hook_cpu(struct hw *hw);		/* < the machine's CPUs */
static inline bool hook_irq_save(struct hw *hw);		/* masks; true if it was masked */
static inline void hook_irq_restore(struct hw *hw, bool masked);

/* --- locks: never recursive ------------------------------------------------ */

static inline void hook_lock_init(struct spinlock *lock, enum lock_rank rank);
static inline void hook_lock(struct hw *hw, struct spinlock *lock);
static inline bool hook_trylock(struct hw *hw, struct spinlock *lock);
static inline void hook_unlock(struct hw *hw, struct spinlock *lock);
static inline bool hook_lock_is_held(struct hw *hw, const struct spinlock *lock); /* by us */

/*
 * Lock-free shared state: read_shared(hw, x), write_shared(hw, x, value) and
 * add_shared(hw, x, delta) are macros of hook_impl.h, each one access that
 * cannot tear.  add_shared is indivisible and has no result.  drop_shared(hw, x)
 * takes one user off the count x, indivisibly, and says whether that was the
 * last, who then sees all that the others did before; the only user drops it
 * without a step, for nobody else can change the count.  publish(x, value)
 * is a write, under a lock or by the owner, to something that others read
 * without it: it cannot tear either, and is no place to switch; observe(x) is
 * such a read.
 * No expression, nor a call's arguments, has two that are places to switch, or
 * one and an observe(): C leaves open which comes first, and compilers differ (X10).
 */

/*
 * --- waiting: daemons only, with no lock held and interrupts unmasked ---------
 *
 * A daemon prepares, looks whether there is work, and waits if there is none:
 * a wake-up that comes after the preparation ends the wait at once, so nothing
 * is lost between looking and sleeping (K4).  `has_work` is for the machine's
 * own checks: a sleeper that has work, and nobody to wake it, is a bug (X9).
 */
static inline void hook_waitq_init(struct waitq *q);
void hook_wait_prepare(struct hw *hw, struct waitq *q);
void hook_wait(struct hw *hw, struct waitq *q, bool (*has_work)(const void *of), const void *of);
void hook_wake(struct hw *hw, struct waitq *q);

/* --- page contents: `nr` pages from `pfn` on; `zone` is a zone id ----------- */

static inline void hook_pages_alloc(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
static inline void hook_pages_free(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
void hook_pages_clear(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
void hook_pages_poison(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);
bool hook_pages_poison_intact(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);

/* Also of pages behind the first one of a block the records were written. */
static inline void hook_tails_written(struct hw *hw, unsigned int zone, pfn_t pfn, uint64_t nr);

/* --- the rest --------------------------------------------------------------- */

static inline void hook_event(struct hw *hw, struct event event);

/*
 * A block was put on or taken off a list of `zone`: for checks after each
 * operation.  `list` is order * NR_MIGRATETYPES + type in the buddy, and
 * LIST_OF_CPU + cpu in that CPU's set.
 */
enum { LIST_OF_CPU = NR_ORDERS * NR_MIGRATETYPES };
static inline void hook_touched(struct hw *hw, unsigned int zone, pfn_t pfn, unsigned int list);

/* May the request go ahead?  false is an injected failure. */
static inline bool hook_may_alloc(struct hw *hw, gfp_t gfp, unsigned int order);

uint64_t hook_random(struct hw *hw);				/* uniform in 64 bits */

#include "hook_impl.h"

#endif
