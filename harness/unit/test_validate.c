/* SPDX-License-Identifier: MIT */
/*
 * test_validate.c - every kind of damage is seen, and named by its tag
 *
 * Each row damages a machine in one place.  A child does it and validates; the
 * panic it must end in prints "TAG file:line: condition".
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buddy.h"
#include "oracle_bench.h"
#include "pcp.h"
#include "validate.h"

/*
 * Two zones; CMA; one order-3 block, one movable order-1 block, one page; full
 * PCP lists on CPU 0; a highatomic pageblock.
 */
#define MACHINE \
	"tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n" \
	"zone DMA32 start=1024 spanned=1024\n" \
	"zone Normal start=4096 spanned=8192\n" \
	"hole 6144-6200\nreserved 7000-7010\ncma 11776-12287\n" \
	"policy pcp_batch=7\nops\n"

struct scene {
	struct mm   *mm;
	struct zone *z;			/* Normal */
	struct page *block;		/* order 3 */
	struct page *movable;		/* order 1, PG_LRU on both */
	struct page *compound;		/* order 2 */
	struct page *pcp;		/* heads a PCP list of CPU 0, more behind it */
	struct page *free;		/* heads a free list, with a successor */
};

static struct page *first_of(const struct zone *z, const struct list *l)
{
	return list_entry(z->pages, l->first);
}

static void set_scene(struct scene *s)
{
	s->mm = boot_text(MACHINE);
	s->z = zone_of(s->mm, ZONE_NORMAL);
	s->block = get_pages(s->mm, GFP_KERNEL, 3);
	s->movable = get_pages(s->mm, GFP_KERNEL, 1);
	s->compound = get_pages(s->mm, GFP_KERNEL | __GFP_COMP, 2);
	cr_assert(s->block && s->movable && s->compound);
	cr_assert_eq(mm_set_movable(s->mm, s->movable, true), MM_OK);
	cr_assert_not_null(get_pages(s->mm, GFP_KERNEL, 0));
	highatomic_reserve(s->z, s->block);
	s->pcp = first_of(s->z, &s->z->cpu[0].pcp.lists[0]);
	s->free = first_of(s->z, &s->z->area[MAX_ORDER].list[MIGRATE_MOVABLE]);
	cr_assert(s->pcp && s->pcp->next && s->free && s->free->next);
	cr_assert_eq(s->z->nr_reserved_highatomic, 512);
	validate_mm(s->mm);
}

/* --- damage ---------------------------------------------------------------------------------- */

#define DAMAGE(name, ...) \
	static void name(struct scene *s) { struct zone *z = s->z; (void)z; __VA_ARGS__; }

DAMAGE(lose_block, memset(s->block, 0, sizeof(*s->block)))
DAMAGE(lose_free_block, buddy_list_del(z, s->free))
DAMAGE(lose_pcp_page, list_del(&z->cpu[0].pcp.lists[0], z->pages, s->pcp);
	memset(s->pcp, 0, sizeof(*s->pcp)))
DAMAGE(count_free, z->stats.count[NR_FREE_PAGES]++)
DAMAGE(count_diff, z->cpu[1].stat.diff[NR_FREE_PAGES]--)
DAMAGE(count_cma, z->stats.count[NR_FREE_CMA]--)
DAMAGE(count_pcp, z->cpu[0].pcp.count++)
DAMAGE(count_list, z->area[MAX_ORDER].list[MIGRATE_MOVABLE].nr++)
DAMAGE(count_highatomic, z->nr_reserved_highatomic = 0)
DAMAGE(count_half_highatomic, z->nr_reserved_highatomic += 3)
DAMAGE(count_unknown_highatomic, z->had_highatomic = false)
DAMAGE(count_cma_pages, z->cma_pages -= 512)
DAMAGE(count_isolated, z->nr_isolated_blocks++)
DAMAGE(managed, z->managed--)
DAMAGE(present, z->present++)
DAMAGE(link_next, s->free->next = s->pcp->next)
DAMAGE(link_prev, list_entry(z->pages, s->free->next)->prev = 0)
DAMAGE(link_far, s->free->next = 1u << 30)
DAMAGE(link_last, z->area[MAX_ORDER].list[MIGRATE_MOVABLE].last = 0)
DAMAGE(link_pcp, s->pcp->next = 0)
DAMAGE(link_alloc, s->block->next = 1)
DAMAGE(cycle, list_entry(z->pages, s->free->next)->next = list_link(z->pages, s->free))
DAMAGE(state_free, s->block->state = PAGE_FREE)
DAMAGE(state_pcp, s->free->state = PAGE_PCP)
DAMAGE(state_none, s->free->state = PAGE_NONE)
DAMAGE(state_unknown, s->block->state = 9)
DAMAGE(order_high, s->block->order = MAX_ORDER + 1)
DAMAGE(order_unaligned, s->pcp->order = 3; s->pcp++; s->pcp->state = PAGE_ALLOC;
	s->pcp->order = 10)
DAMAGE(order_of_alloc, s->block->order = 2)
DAMAGE(order_of_free, s->free->order = 9)
DAMAGE(type_of_free, s->free->type = MIGRATE_RECLAIMABLE)
DAMAGE(type_unknown, s->free->type = NR_MIGRATETYPES)
DAMAGE(type_of_pcp, s->pcp->type = MIGRATE_ISOLATE)
DAMAGE(type_of_pcp_list, s->pcp->type = MIGRATE_RECLAIMABLE)
DAMAGE(type_of_alloc, s->block->type = 1)
DAMAGE(zone_of_block, s->block->zone = ZONE_DMA)
DAMAGE(cpu_of_pcp, s->pcp->cpu = 1)
DAMAGE(cpu_unknown, s->pcp->cpu = 7)
DAMAGE(cpu_offline, s->mm->online_cpus = 2)
DAMAGE(refs_of_free, s->free->refs = 1)
DAMAGE(refs_of_pcp, s->pcp->refs = 1)
DAMAGE(flags_of_free, s->free->flags = PG_COMP)
DAMAGE(flags_of_pcp, s->pcp->flags = PG_DIRTY)
DAMAGE(flags_of_alloc, s->block->flags = PG_ZEROED)
DAMAGE(flags_of_held, s->movable->refs = 0)
DAMAGE(tail_flags, s->block[1].flags = PG_DIRTY)
DAMAGE(tail_of_free, s->free[3].flags = PG_LRU)
DAMAGE(tail_link, s->compound[1].next = 1)
DAMAGE(tail_state, s->compound[1].state = PAGE_ALLOC)
DAMAGE(hole, zone_page(z, 6150)->state = PAGE_ALLOC; zone_page(z, 6150)->zone = z->id)
DAMAGE(reserved, zone_page(z, 7005)->refs = 1)
DAMAGE(free_into_hole, zone_page(z, 6200)->flags = PG_LRU)
DAMAGE(pageblock_unknown, z->blocks.type[3] = NR_MIGRATETYPES)
DAMAGE(pageblock_cma, z->blocks.type[z->blocks.nr - 1] = MIGRATE_MOVABLE)
DAMAGE(pageblock_isolate, z->blocks.type[0] = MIGRATE_ISOLATE; z->nr_isolated_blocks = 1)
DAMAGE(mark_min, z->watermark[WMARK_MIN] = z->watermark[WMARK_LOW] + 1)
DAMAGE(mark_low, z->watermark[WMARK_LOW] = z->watermark[WMARK_HIGH] + 1)
DAMAGE(limit_high, z->cpu[1].pcp.high++)
DAMAGE(limit_batch, z->cpu[0].pcp.batch++)
DAMAGE(limit_factor, z->cpu[0].pcp.free_factor = PCP_FREE_FACTOR_MAX + 1)
DAMAGE(diff_large, z->cpu[0].stat.diff[NR_FREE_PAGES] = 126)
DAMAGE(cpu_twice, s->mm->nodes[1].cpus = 1)
DAMAGE(cpu_elsewhere, s->mm->cpu_node[1] = 1)
DAMAGE(zonelist, s->mm->nodes[0].zonelist[0][0] = ZONE_NORMAL + NR_ZONE_TYPES)
DAMAGE(tunables, z->tun = NULL)

/* A free block cut in two, both halves listed: as if they had never merged. */
DAMAGE(unmerged, buddy_list_del(z, s->free);
	buddy_list_add(z, s->free, 9, MIGRATE_MOVABLE, true);
	buddy_list_add(z, s->free + 512, 9, MIGRATE_MOVABLE, true);
	z->had_highatomic = false; z->nr_reserved_highatomic = 0;
	for (uint64_t i = 0; i < z->blocks.nr; i++)
		if (z->blocks.type[i] == MIGRATE_HIGHATOMIC)
			z->blocks.type[i] = MIGRATE_MOVABLE)

static void unmerged_small(struct scene *s)
{
	for (struct page *p = s->free; p < s->free + 1024; p += 256)
		if (p == s->free)
			buddy_list_del(s->z, p);
	for (unsigned int i = 0; i < 4; i++)
		buddy_list_add(s->z, s->free + i * 256, 8, MIGRATE_MOVABLE, true);
}

/* Two CMA pageblocks side by side would be one block. */
static void unmerged_cma(struct scene *s)
{
	struct zone *z = s->z;

	for (unsigned int i = 0; i < 2; i++)
		pageblock_set_type(&s->mm->tun, &z->blocks, zone_pfn(z, s->free) + i * 512,
				   MIGRATE_CMA);
	z->cma_pages += 1024;
	buddy_list_del(z, s->free);
	buddy_list_add(z, s->free, 9, MIGRATE_CMA, true);
	buddy_list_add(z, s->free + 512, 9, MIGRATE_CMA, true);
	z->stats.count[NR_FREE_CMA] += 1024;
}

static const struct damage {
	const char *name;
	const char *tag;
	void	  (*inflict)(struct scene *s);
} damages[] = {
#define ROW(tag, name) { #name, tag " ", name },
	ROW("X1", lose_block) ROW("X1", lose_free_block) ROW("X1", lose_pcp_page)
	ROW("X2", count_free) ROW("X2", count_diff) ROW("X2", count_cma) ROW("X2", count_pcp)
	ROW("X3", count_list) ROW("M5", count_highatomic) ROW("M5", count_half_highatomic)
	ROW("M5", count_unknown_highatomic) ROW("M1", count_cma_pages) ROW("M1", count_isolated)
	ROW("Z1", managed) ROW("Z1", present)
	ROW("X3", link_next) ROW("X3", link_prev) ROW("X3", link_far) ROW("X3", link_last)
	ROW("X3", link_pcp) ROW("X3", link_alloc) ROW("X3", cycle)
	ROW("X3", state_free) ROW("P1", state_pcp) ROW("X1", state_none) ROW("X3", state_unknown)
	ROW("X4", order_high) ROW("X3", order_unaligned) ROW("X1", order_of_alloc)
	ROW("X3", order_of_free) ROW("X3", type_of_free) ROW("X3", type_unknown)
	ROW("P5", type_of_pcp) ROW("X3", type_of_pcp_list) ROW("X3", type_of_alloc)
	ROW("X3", zone_of_block) ROW("X3", cpu_of_pcp) ROW("X3", cpu_unknown)
	ROW("P4", cpu_offline) ROW("X3", refs_of_free) ROW("X3", refs_of_pcp)
	ROW("X3", flags_of_free) ROW("X3", flags_of_pcp) ROW("X3", flags_of_alloc)
	ROW("X1", flags_of_held) ROW("X3", tail_flags) ROW("X3", tail_of_free)
	ROW("X3", tail_link) ROW("X3", tail_state) ROW("X3", hole) ROW("X3", reserved)
	ROW("X3", free_into_hole)
	ROW("M1", pageblock_unknown) ROW("X4", pageblock_cma) ROW("X4", pageblock_isolate)
	ROW("W2", mark_min) ROW("W2", mark_low) ROW("P1", limit_high) ROW("P1", limit_batch)
	ROW("P3", limit_factor) ROW("W8", diff_large) ROW("Z4", cpu_twice)
	ROW("Z4", cpu_elsewhere) ROW("Z4", zonelist) ROW("Z1", tunables)
	ROW("X4", unmerged) ROW("X4", unmerged_small) ROW("X4", unmerged_cma)
#undef ROW
};

/* What the child printed when it validated the damaged machine; "" if it lived. */
static void verdict_on(struct scene *s, const struct damage *d, char *text, size_t size)
{
	int fds[2], status;
	ssize_t len;
	pid_t child;

	cr_assert_eq(pipe(fds), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		d->inflict(s);
		validate_mm(s->mm);
		_exit(0);
	}
	close(fds[1]);
	len = read(fds[0], text, size - 1);
	text[len > 0 ? len : 0] = 0;
	close(fds[0]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		text[0] = 0;
}

Test(validate, X1_X2_X3_X4_every_damage_is_seen)
{
	struct scene s;

	set_scene(&s);
	for (unsigned int i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];
		size_t len = strlen(d->tag) - 1;
		char text[400];

		verdict_on(&s, d, text, sizeof(text));
		cr_expect(!strncmp(text, d->tag, len) && strstr(text, "validate.c"),
			  "%s: expected %s, got %s", d->name, d->tag, text[0] ? text : "nothing");
	}
	boot_done(s.mm);
}

/* --- what is no damage ------------------------------------------------------------------------ */

Test(validate, X4_pairs_that_types_hold_apart)
{
	struct scene s;
	struct zone *z;

	set_scene(&s);
	z = s.z;
	/* CMA is at 11776, and its buddy at 11264 is free as well. */
	cr_expect_eq(zone_page(z, 11264)->state, PAGE_FREE);
	cr_expect_eq(zone_page(z, 11264)->order, 9);
	validate_block(s.mm, z, 11264);
	/* A pageblock that was highatomic left its halves apart. */
	buddy_list_del(z, s.free);
	buddy_list_add(z, s.free, 9, MIGRATE_MOVABLE, true);
	buddy_list_add(z, s.free + 512, 9, MIGRATE_MOVABLE, true);
	cr_expect(z->had_highatomic);
	validate_mm(s.mm);
	boot_done(s.mm);
}

Test(validate, X4_list_and_pageblock_may_differ_after_stealing)
{
	struct scene s;

	set_scene(&s);
	buddy_list_del(s.z, s.free);
	buddy_list_add(s.z, s.free, MAX_ORDER, MIGRATE_HIGHATOMIC, true);
	validate_mm(s.mm);
	boot_done(s.mm);
}

Test(validate, X3_a_page_inside_a_block_is_fine)
{
	struct scene s;

	set_scene(&s);
	validate_block(s.mm, s.z, zone_pfn(s.z, s.free) + 1);
	validate_block(s.mm, s.z, zone_pfn(s.z, s.movable) + 1);
	validate_block(s.mm, s.z, zone_pfn(s.z, s.movable));
	validate_block(s.mm, s.z, zone_pfn(s.z, s.pcp));
	validate_block(s.mm, s.z, 7005);
	validate_zone_counts(s.mm, s.z);
	boot_done(s.mm);
}

/* Where no block is larger than a pageblock, the reserve is exact. */
Test(validate, M5_pageblocks_of_the_largest_order, .signal = SIGABRT)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=10\nnode 0 cpus=0\n"
				  "zone Normal start=0 spanned=8192\nops\n");
	struct zone *z = zone_of(mm, ZONE_NORMAL);

	highatomic_reserve(z, get_pages(mm, GFP_KERNEL, 0));
	cr_assert_eq(z->nr_reserved_highatomic, 1024);
	validate_mm(mm);
	z->nr_reserved_highatomic = 2048;
	validate_mm(mm);
}

static void look_at_set(void *to)
{
	const struct scene *s = to;

	validate_block(s->mm, s->z, zone_pfn(s->z, s->pcp));
}

/* Of a page of a set whose pageblock is CMA's from now on; its list is `type`'s. */
static const char *tag_of_cma_in_a_set(const char *rules, enum migratetype type)
{
	struct scene s;
	char text[256];
	const char *tag;

	snprintf(text, sizeof(text), "tidemark 1\nmachine cpus=1 zones=Normal,Movable\n"
		 "zone Normal start=4096 spanned=8192\npolicy pcp_batch=7 rules=%s\nops\n", rules);
	s.mm = boot_text(text);
	s.z = zone_of(s.mm, ZONE_NORMAL);
	cr_assert_not_null(get_pages(s.mm, type == MIGRATE_MOVABLE ? GFP_HIGHUSER_MOVABLE
								   : GFP_KERNEL, 0));
	s.pcp = first_of(s.z, &s.z->cpu[0].pcp.lists[type]);
	cr_assert_str_empty(tag_of_panic(look_at_set, &s));
	pageblock_set_type(&s.mm->tun, &s.z->blocks, zone_pfn(s.z, s.pcp), MIGRATE_CMA);
	tag = tag_of_panic(look_at_set, &s);
	boot_done(s.mm);
	return tag;
}

/* Under 6.1's rules such a page says itself that it is CMA's. */
Test(validate, P5_CMA_in_sets_under_either_rules)
{
	cr_expect_str_eq(tag_of_cma_in_a_set("6.1", MIGRATE_MOVABLE), "P5");
	cr_expect_str_eq(tag_of_cma_in_a_set("6.1", MIGRATE_UNMOVABLE), "P5");
	cr_expect_str_eq(tag_of_cma_in_a_set("6.12", MIGRATE_MOVABLE), "");
	cr_expect_str_eq(tag_of_cma_in_a_set("6.12", MIGRATE_UNMOVABLE), "P5");
}

/* A pageblock on the border may be the other zone's reserve. */
Test(validate, M5_Z1_pageblocks_of_the_largest_order_in_two_zones)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=1 pageblock_order=10 "
				  "zones=DMA,Normal,Movable\nzone DMA start=0 spanned=6656\n"
				  "zone Normal start=6656 spanned=8192\nops\n");
	struct zone *dma = zone_of(mm, ZONE_DMA), *normal = zone_of(mm, ZONE_NORMAL);

	highatomic_reserve(normal, zone_page(normal, 6656));
	cr_expect_eq(normal->nr_reserved_highatomic, 1024);
	cr_expect_eq(pageblock_type(&dma->blocks, 6655), MIGRATE_HIGHATOMIC);
	cr_expect_eq(dma->nr_reserved_highatomic, 0);
	validate_mm(mm);
	boot_done(mm);
}

/* --- X7 --------------------------------------------------------------------------------------- */

Test(validate, X7_all_free_after_boot)
{
	struct mm *mm = boot_text(MACHINE);

	validate_all_free(mm);
	boot_done(mm);
}

Test(validate, X7_a_page_that_is_out_is_not_free, .signal = SIGABRT)
{
	struct mm *mm = boot_text("tidemark 1\nmachine cpus=2\nnode 0 cpus=0-1\n"
				  "zone Normal start=4096 spanned=8192\nops\n");

	get_pages(mm, GFP_KERNEL, 10);
	validate_all_free(mm);
}

Test(validate, X7_a_page_on_a_CPUs_list_is_not_free, .signal = SIGABRT)
{
	struct mm *mm = boot_text(MACHINE);

	mm_free_pages(mm, get_pages(mm, GFP_KERNEL, 0), 0);
	validate_all_free(mm);
}
