/* SPDX-License-Identifier: GPL-2.0-only */
/* report_failure.c - what the kernel logs when a request fails, see report.h */
#include "report.h"

#include "report_counts.h"

enum { COMM_MAX = 15 };			/* a task's name, as kernels cut it */

struct show {				/* which part of the machine concerns the request */
	struct mm	*mm;
	struct printer	*p;
	unsigned int	 nodes;		/* bit per node */
	enum zone_type	 highest;
};

static uint64_t kbytes(const struct mm *mm, uint64_t pages)
{
	return pages << mm->tun.page_shift >> 10;
}

static void print_kbytes(const struct show *s, const char *label, uint64_t pages,
			 const char *unit)
{
	print_label(s->p, label, kbytes(s->mm, pages));
	text_str(&s->p->t, unit);
}

/* The next zone that concerns the request, after `z`. */
static struct zone *next_shown(const struct show *s, struct zone *z)
{
	while ((z = mm_next_zone(s->mm, z)))
		if (z->type <= s->highest && (s->nodes >> z->nid & 1))
			return z;
	return NULL;
}

static bool node_has_managed(struct mm *mm, unsigned int nid, enum zone_type highest)
{
	bool any = false;

	for (unsigned int type = 0; type <= highest; type++)
		any |= zone_managed(report_zone(mm, nid, type));
	return any;
}

static uint64_t zone_pcp_pages(const struct mm *mm, const struct zone *z)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++)
		sum += report_pcp(z, cpu);
	return sum;
}

static void show_totals(const struct show *s)
{
	uint64_t pcp = 0;

	for (struct zone *z = next_shown(s, NULL); z; z = next_shown(s, z))
		pcp += zone_pcp_pages(s->mm, z);
	print_number(s->p, " dirty:", report_dirty(s->mm));
	print_label(s->p, " free:", report_total(s->mm, NR_FREE_PAGES));
	print_label(s->p, " free_pcp:", pcp);
	print_number(s->p, " free_cma:", report_total(s->mm, NR_FREE_CMA));
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		const struct node *node = &s->mm->nodes[nid];

		if (!(s->nodes >> nid & 1) || !node_has_managed(s->mm, nid, s->highest))
			continue;
		print_label(s->p, "Node ", nid);
		print_kbytes(s, " dirty:", read_shared(s->mm->tun.hw, node->nr_dirty), "kB");
		print_line(s->p, " all_unreclaimable? no");
	}
}

static void zone_name(const struct show *s, const struct zone *z)
{
	if (report_knows_numa(s->mm)) {
		print_label(s->p, "Node ", z->nid);
		text_char(&s->p->t, ' ');
	}
	text_str(&s->p->t, zone_type_name((enum zone_type)z->type));
}

static void show_zone(const struct show *s, const struct zone *z)
{
	struct hw *hw = s->mm->tun.hw;

	zone_name(s, z);
	print_kbytes(s, " free:", report_zone_count(z, NR_FREE_PAGES), "kB");
	print_kbytes(s, " boost:", read_shared(hw, z->boost), "kB");
	print_kbytes(s, " min:", zone_wmark(z, WMARK_MIN), "kB");
	print_kbytes(s, " low:", zone_wmark(z, WMARK_LOW), "kB");
	print_kbytes(s, " high:", zone_wmark(z, WMARK_HIGH), "kB");
	print_kbytes(s, " reserved_highatomic:", read_shared(hw, z->nr_reserved_highatomic),
			"KB");
	print_kbytes(s, " present:", z->present, "kB");
	print_kbytes(s, " managed:", z->managed, "kB");
	print_kbytes(s, " free_pcp:", zone_pcp_pages(s->mm, z), "kB");
	print_kbytes(s, " local_pcp:", report_pcp(z, hook_cpu(hw)), "kB");
	print_kbytes(s, " free_cma:", report_zone_count(z, NR_FREE_CMA), "kB");
	print_end(s->p);
	text_str(&s->p->t, "lowmem_reserve[]:");
	for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
		if (zone_type_configured(z->tun, type))
			print_label(s->p, " ", z->lowmem_reserve[type]);
	print_end(s->p);
}

/* Blocks of each order, with the letters of the types that have some. */
static void show_free_lists(const struct show *s, struct zone *z)
{
	struct text *t = &s->p->t;
	struct free_counts counts;
	uint64_t total = 0;

	report_count_free(z, &counts);
	zone_name(s, z);
	text_str(t, ": ");
	for (unsigned int order = 0; order < NR_ORDERS; order++) {
		uint64_t nr = report_blocks(&counts, order);

		total += nr << order;
		text_number(t, nr);
		print_kbytes(s, "*", 1ULL << order, "kB ");
		if (!nr)
			continue;
		text_char(t, '(');
		for (unsigned int type = 0; type < NR_MIGRATETYPES; type++)
			if (counts.nr[type][order])
				text_char(t, migratetype_letter((enum migratetype)type));
		text_str(t, ") ");
	}
	print_kbytes(s, "= ", total, "kB");
	print_end(s->p);
}

static void show_ram(const struct show *s)
{
	uint64_t present = 0, reserved = 0, high = 0, cma = 0;

	for (struct zone *z = mm_next_zone(s->mm, NULL); z; z = mm_next_zone(s->mm, z)) {
		present += z->present;
		reserved += z->present - z->managed;
		high += zone_is_highmem(z) ? z->present : 0;
		cma += z->cma_pages;
	}
	text_number(&s->p->t, present);
	print_line(s->p, " pages RAM");
	text_number(&s->p->t, high);
	print_line(s->p, " pages HighMem/MovableOnly");
	text_number(&s->p->t, reserved);
	print_line(s->p, " pages reserved");
	if (s->mm->tun.has_cma) {
		text_number(&s->p->t, cma);
		print_line(s->p, " pages cma reserved");
	}
}

/* Who is not confined to its nodes is shown all of them. */
static bool shows_allowed_nodes_only(gfp_t gfp, unsigned int context)
{
	if (!(gfp & __GFP_NOMEMALLOC) && (context & (CTX_OOM_VICTIM | CTX_MEMALLOC)))
		return false;
	return !(context & CTX_IRQ) && gfp_may_block(gfp);
}

static bool is_silent(struct mm *mm, gfp_t gfp)
{
	bool any_dma = false;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		any_dma |= zone_managed(report_zone(mm, nid, ZONE_DMA));
	return (gfp & __GFP_NOWARN) || ((gfp & __GFP_DMA) && !any_dma);
}

static void failure_line(struct mm *mm, const struct alloc_request *req, gfp_t gfp,
			 const char *comm, struct printer *p)
{
	char names[GFP_TEXT_MAX];
	unsigned int allowed = 0;

	for (unsigned int nid = 0; nid < MAX_NODES; nid++)
		allowed |= (unsigned int)report_node_has_memory(mm, nid) << nid;
	gfp_format(gfp, names);
	for (unsigned int i = 0; i < COMM_MAX && comm[i]; i++)
		text_char(&p->t, comm[i]);
	print_label(p, ": page allocation failure: order:", req->order);
	text_str(&p->t, ", mode:");
	text_hex(&p->t, gfp);
	text_char(&p->t, '(');
	text_str(&p->t, names);
	text_str(&p->t, "), nodemask=");
	if (req->nodemask)
		text_bits(&p->t, req->nodemask);
	else
		text_str(&p->t, "(null)");
	text_str(&p->t, ",cpuset=/,mems_allowed=");
	text_bits(&p->t, allowed);
	print_end(p);
}

void report_failure(struct mm *mm, const struct alloc_request *req, const char *comm,
		    const struct report_out *out)
{
	gfp_t gfp = gfp_in_context(req->gfp, req->context);
	struct printer p;
	struct show s = { .mm = mm, .p = &p, .nodes = (1u << MAX_NODES) - 1 };

	if (is_silent(mm, gfp))
		return;
	s.highest = gfp_zone(&mm->tun, gfp);
	if (req->nodemask && shows_allowed_nodes_only(gfp, req->context))
		s.nodes = req->nodemask;
	print_to(&p, out);
	failure_line(mm, req, gfp, comm, &p);
	print_line(&p, "Mem-Info:");
	show_totals(&s);
	for (struct zone *z = next_shown(&s, NULL); z; z = next_shown(&s, z))
		show_zone(&s, z);
	for (struct zone *z = next_shown(&s, NULL); z; z = next_shown(&s, z))
		show_free_lists(&s, z);
	show_ram(&s);
}
