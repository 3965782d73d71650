/* SPDX-License-Identifier: MIT */
/* zone_bench.c - see zone_bench.h */
#include "zone_bench.h"

#include <criterion/criterion.h>

#include "validate.h"

void zone_lock(struct zone *z)
{
	hook_irq_save(z->tun->hw);
	hook_lock(z->tun->hw, &z->lock);
}

void zone_unlock(struct zone *z)
{
	hook_unlock(z->tun->hw, &z->lock);
	hook_irq_restore(z->tun->hw, false);
}

enum migratetype type_at(const struct zone *z, pfn_t pfn)
{
	return pageblock_type(&z->blocks, pfn);
}

struct zone *emptied(struct mm **mm, const char *text)
{
	struct zone *z;

	*mm = boot_text(text);
	z = zone_of(*mm, ZONE_NORMAL);
	mm_import_empty(*mm, z);
	return z;
}

void put_free(struct mm *mm, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	cr_assert(mm_import_free(mm, z, pfn, order, type), "%u at %u", order, (unsigned int)pfn);
}

void give_back(struct zone *z, pfn_t pfn, unsigned int order, enum migratetype type)
{
	struct page *page = zone_page(z, pfn);

	*page = (struct page){ .zone = z->id };
	zone_lock(z);
	buddy_free(z, page, order, type, PLACE_BY_MERGE);
	zone_unlock(z);
}

uint64_t pages_of(const struct zone *z, enum migratetype type)
{
	uint64_t sum = 0;

	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		sum += (uint64_t)z->area[order].list[type].nr << order;
	return sum;
}

void assert_clean_lists(struct mm *mm, const struct zone *z)
{
	validate_zone_counts(mm, z);
	for (pfn_t pfn = z->start_pfn; pfn < z->end_pfn; pfn++) {
		const struct page *page = zone_page(z, pfn);

		if (page->state == PAGE_FREE)
			cr_assert_eq(page->type, type_at(z, pfn), "pfn %u", (unsigned int)pfn);
	}
	cr_assert_eq(z->free_highatomic, pages_of(z, MIGRATE_HIGHATOMIC));
}
