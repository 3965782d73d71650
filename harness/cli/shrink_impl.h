/* SPDX-License-Identifier: MIT */
/* shrink_impl.h - what shrink.c, for ops and machine, and shrink_schedule.c share */
#ifndef SHRINK_IMPL_H
#define SHRINK_IMPL_H

#include "cli.h"

struct shrinker {
	struct program	*best;
	struct program	*next;		/* what is being tried */
	const struct outcome *want;
	unsigned int	 flags;
	unsigned int	 tries;
	uint8_t		*best_bytes;	/* encoded: to see what is smaller, or the same */
	uint8_t		*next_bytes;
	struct schedule	*recorded;	/* what the last try came to */
	struct schedule	*old;		/* of the try before others are drawn for it */
	size_t		 best_size;
	unsigned long	 seconds;	/* of CPU time that may be used; 0: no bound */
	bool		 reschedules;	/* where a try fails, other schedules are tried, too */
	const char	*ask;		/* a command to ask in place of running it; or NULL */
	uint64_t	*asked;		/* hashes of what was asked: it says the same again */
	bool		 failed;	/* it could not say */
};

void shrink_copy(struct program *to, const struct program *from);

/* Is the time up, or were there too many tries? */
bool shrink_is_over(const struct shrinker *s);

/* Is s->next smaller than the best, and does it end as wanted?  Then it is the best now. */
bool shrink_keep(struct shrinker *s);

/* The same, with other schedules if its own does not do. */
bool shrink_keep_anyhow(struct shrinker *s);

/* From here on the schedule is what it came to, if that fails as well. */
void shrink_record(struct shrinker *s);

bool shrink_fewer_switches(struct shrinker *s);

/* Looks for a schedule of fewer switches that have nothing to do with those there are. */
bool shrink_other_switches(struct shrinker *s);

#endif
