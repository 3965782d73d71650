/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.h - doubly linked lists of pages, linked by 32-bit index
 *
 * A list belongs to one zone.  Its links are positions in the zone's array of
 * struct page, plus one; zero is "nobody", so zeroed memory is an empty list
 * and an unlinked page.  A list counts its members.
 *
 * No locking here: the owner of the list has its lock.
 *
 * Invariants (X3), checked by validate.h: first is 0 exactly when last is, and
 * when nr is 0; first->prev and last->next are 0; a->next == b exactly when
 * b->prev == a; nr steps from first lead to last.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include "hooks.h"
#include "page.h"

struct list {
	uint32_t	first;		/* the head: allocations take from here */
	uint32_t	last;		/* the tail */
	uint32_t	nr;		/* members */
};

static inline bool list_empty(const struct list *l) { return l->first == 0; }

/* The member that a link names, NULL for 0; `base` is the zone's first struct page. */
static inline struct page *list_entry(struct page *base, uint32_t link)
{
	return link ? base + (link - 1) : NULL;
}

static inline uint32_t list_link(const struct page *base, const struct page *page)
{
	return (uint32_t)(page - base) + 1;
}

/* `first` and `nr` are also read without the lock. */
static inline void list_add_head(struct list *l, struct page *base, struct page *page)
{
	uint32_t link = list_link(base, page), first = l->first;

	mm_assert(X3, page->links == 0);
	mm_assert(X3, first != link);
	page->next = first;
	*(first ? &base[first - 1].prev : &l->last) = link;
	publish(l->first, link);
	publish(l->nr, l->nr + 1);
}

static inline void list_add_tail(struct list *l, struct page *base, struct page *page)
{
	uint32_t link = list_link(base, page), last = l->last;

	mm_assert(X3, page->links == 0);
	mm_assert(X3, last != link);
	page->prev = last;
	publish(*(last ? &base[last - 1].next : &l->first), link);
	l->last = link;
	publish(l->nr, l->nr + 1);
}

static inline void list_del(struct list *l, struct page *base, struct page *page)
{
	const struct page is = { .links = page->links };
	uint32_t *to = is.prev ? &base[is.prev - 1].next : &l->first;
	uint32_t *back = is.next ? &base[is.next - 1].prev : &l->last;
	uint32_t link = list_link(base, page), nr = l->nr;

	mm_assert(X3, nr > 0);
	mm_assert(X3, *to == link);
	mm_assert(X3, *back == link);
	publish(*to, is.next);
	*back = is.prev;
	page->links = 0;
	publish(l->nr, nr - 1);
}

/* Two members change places. */
void list_swap(struct list *l, struct page *base, struct page *a, struct page *b);

#endif
