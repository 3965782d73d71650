/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pages.c - what the slots of a program hold, and giving it back
 */
#include <linux/mm.h>

#include "tidemark.h"

void slot_put_block(struct slot *slot, struct page *page, unsigned int order, bool compound)
{
	slot->kind = compound && order ? SLOT_COMPOUND : SLOT_BLOCK;
	slot->pfn = page_to_pfn(page);
	slot->order = order;
}

/* Room for nr single pages; check_program() has summed up that it suffices. */
u32 *slot_put_pages(struct run *run, struct slot *slot, u32 nr)
{
	slot->kind = SLOT_PAGES;
	slot->first = run->used_pfns;
	slot->nr = nr;
	run->used_pfns += nr;
	return &run->pfns[slot->first];
}

void slot_split(struct run *run, struct slot *slot)
{
	const u32 nr = 1U << slot->order;
	const u32 pfn = slot->pfn;
	u32 *pfns;
	u32 i;

	if (slot->kind != SLOT_BLOCK)
		return;
	split_page(pfn_to_page(pfn), slot->order);
	pfns = slot_put_pages(run, slot, nr);
	for (i = 0; i < nr; i++)
		pfns[i] = pfn + i;
}

void slot_free(struct run *run, struct slot *slot)
{
	u32 i;

	if (slot->kind == SLOT_BLOCK || slot->kind == SLOT_COMPOUND) {
		__free_pages(pfn_to_page(slot->pfn), slot->order);
	} else if (slot->kind == SLOT_PAGES) {
		for (i = 0; i < slot->nr; i++)
			__free_page(pfn_to_page(run->pfns[slot->first + i]));
	}
	slot->kind = SLOT_EMPTY;
}

void slot_free_list(struct run *run, struct slot *slot)
{
	LIST_HEAD(list);
	u32 i;

	if (slot->kind != SLOT_PAGES) {
		slot_free(run, slot);
		return;
	}
	for (i = 0; i < slot->nr; i++)
		list_add_tail(&pfn_to_page(run->pfns[slot->first + i])->lru, &list);
	put_pages_list(&list);
	slot->kind = SLOT_EMPTY;
}

void slot_free_one(struct run *run, struct slot *slot, u32 n)
{
	u32 *pfns = &run->pfns[slot->first];
	u32 i;

	if (slot->kind != SLOT_PAGES || !slot->nr)
		return;
	i = n % slot->nr;
	__free_page(pfn_to_page(pfns[i]));
	slot->nr--;
	memmove(&pfns[i], &pfns[i + 1], (slot->nr - i) * sizeof(*pfns));
}
