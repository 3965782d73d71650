/* SPDX-License-Identifier: MIT */
/* stress_log_impl.h - what the two files that know a stress log share */
#ifndef STRESS_LOG_IMPL_H
#define STRESS_LOG_IMPL_H

#include "stress_log.h"

#define NO_OP UINT32_MAX

enum { FINDING_MAX = 400 };

struct log_op {
	struct op op;
	bool	  is_list;		/* frees tokens[] one by one */
	bool	  is_free;
	bool	  placed;
	uint32_t  outer;		/* the op that it interrupts; NO_OP: none */
	uint32_t  token;		/* that it is done to */
	uint32_t  first_token;		/* of what it allocated */
	uint32_t  nr_tokens;
	uint32_t  also, nr_also;	/* in log->also[] */
	uint32_t  slot;			/* that it fills */
	uint32_t  out;			/* its place in the program; NO_OP: it has none */
	uint8_t	  *gone;		/* of its slot's pages, which are freed */
};

struct item {				/* an op begins, or takes a lock */
	uint32_t op;
	bool	 is_lock;
	bool	 refused;		/* it is not free: the turn is its holder's */
	uint32_t lock;			/* which one */
	uint32_t turn;
	uint32_t step;
};

struct token {				/* what became of a block */
	uint32_t token;
	uint32_t op;			/* that made it */
	uint32_t index;			/* among the pages of its slot */
};

struct table {				/* a growing array */
	void	 *row;
	uint32_t nr, room;
};

struct turn {				/* of a lock, as the merge came to it */
	uint32_t cpu, item;
};

struct stress_log {
	char	 finding[FINDING_MAX];
	struct program *machine;
	uint64_t lost;
	uint32_t nr_cpus;
	struct table ops;		/* struct log_op */
	struct table also;		/* uint32_t */
	struct table tokens;		/* struct token, sorted */
	struct table items[MAX_CPUS];	/* struct item */
	struct table order;		/* uint32_t: ops as they begin */
	struct table turns;		/* struct turn, as they came */
	uint32_t forced;
};


void *log_add(struct table *t, size_t size);	/* one more row, zeroed */

static inline struct log_op *op_at(const struct stress_log *log, uint32_t i)
{
	return (struct log_op *)log->ops.row + i;
}

static inline struct item *item_at(const struct stress_log *log, uint32_t cpu, uint32_t i)
{
	return (struct item *)log->items[cpu].row + i;
}

#endif
