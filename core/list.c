/* SPDX-License-Identifier: GPL-2.0-only */
/* list.c - linking and unlinking; `first` and `nr` are also read without the lock */
#include "list.h"

#include "hooks.h"

void list_add_head(struct list *l, struct page *base, struct page *page)
{
	uint32_t link = list_link(base, page);

	mm_assert(X3, page->next == 0 && page->prev == 0);
	mm_assert(X3, l->first != link);
	page->next = l->first;
	if (l->first)
		base[l->first - 1].prev = link;
	else
		l->last = link;
	publish(l->first, link);
	publish(l->nr, l->nr + 1);
}

void list_add_tail(struct list *l, struct page *base, struct page *page)
{
	uint32_t link = list_link(base, page);

	mm_assert(X3, page->next == 0 && page->prev == 0);
	mm_assert(X3, l->last != link);
	page->prev = l->last;
	if (l->last)
		base[l->last - 1].next = link;
	else
		publish(l->first, link);
	l->last = link;
	publish(l->nr, l->nr + 1);
}

void list_del(struct list *l, struct page *base, struct page *page)
{
	uint32_t link = list_link(base, page);

	mm_assert(X3, l->nr > 0);
	mm_assert(X3, page->prev ? base[page->prev - 1].next == link : l->first == link);
	mm_assert(X3, page->next ? base[page->next - 1].prev == link : l->last == link);
	if (page->prev)
		base[page->prev - 1].next = page->next;
	else
		publish(l->first, page->next);
	if (page->next)
		base[page->next - 1].prev = page->prev;
	else
		l->last = page->prev;
	page->next = 0;
	page->prev = 0;
	publish(l->nr, l->nr - 1);
}

/* Puts an unlinked page behind `after`, a link of the list; 0: at the head. */
static void insert_after(struct list *l, struct page *base, struct page *page, uint32_t after)
{
	uint32_t link = list_link(base, page);

	if (!after) {
		list_add_head(l, base, page);
		return;
	}
	if (after == l->last) {
		list_add_tail(l, base, page);
		return;
	}
	page->prev = after;
	page->next = base[after - 1].next;
	base[page->next - 1].prev = link;
	base[after - 1].next = link;
	publish(l->nr, l->nr + 1);
}

void list_swap(struct list *l, struct page *base, struct page *a, struct page *b)
{
	uint32_t before_a = a->prev, before_b = b->prev;

	mm_assert(X3, a != b);
	mm_assert(X3, l->nr >= 2);
	if (before_b == list_link(base, a)) {
		list_del(l, base, b);
		insert_after(l, base, b, before_a);
	} else if (before_a == list_link(base, b)) {
		list_del(l, base, a);
		insert_after(l, base, a, before_b);
	} else {
		list_del(l, base, a);
		list_del(l, base, b);
		insert_after(l, base, a, before_b);
		insert_after(l, base, b, before_a);
	}
}
