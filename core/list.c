/* SPDX-License-Identifier: GPL-2.0-only */
/* list.c - what is done with lists now and then */
#include "list.h"

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
