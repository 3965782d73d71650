/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops.c - one op of a program
 *
 * Runs with interrupts off inside stop_machine(), so nothing may sleep.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "compat.h"
#include "tidemark.h"

#define NAMED_GFP_DMA			__GFP_DMA
#define NAMED_GFP_HIGHMEM		__GFP_HIGHMEM
#define NAMED_GFP_DMA32			__GFP_DMA32
#define NAMED_GFP_MOVABLE		__GFP_MOVABLE
#define NAMED_GFP_RECLAIMABLE		__GFP_RECLAIMABLE
#define NAMED_GFP_HIGH			__GFP_HIGH
#define NAMED_GFP_IO			__GFP_IO
#define NAMED_GFP_FS			__GFP_FS
#define NAMED_GFP_ZERO			__GFP_ZERO
#define NAMED_GFP_ATOMIC		COMPAT_GFP_ATOMIC
#define NAMED_GFP_DIRECT_RECLAIM	((__force gfp_t)0)	/* would sleep */
#define NAMED_GFP_KSWAPD_RECLAIM	__GFP_KSWAPD_RECLAIM
#define NAMED_GFP_WRITE			__GFP_WRITE
#define NAMED_GFP_NOWARN		__GFP_NOWARN
#define NAMED_GFP_RETRY_MAYFAIL		__GFP_RETRY_MAYFAIL
#define NAMED_GFP_NOFAIL		((__force gfp_t)0)	/* without the former: a warning */
#define NAMED_GFP_NORETRY		__GFP_NORETRY
#define NAMED_GFP_MEMALLOC		__GFP_MEMALLOC
#define NAMED_GFP_COMP			__GFP_COMP
#define NAMED_GFP_NOMEMALLOC		__GFP_NOMEMALLOC
#define NAMED_GFP_HARDWALL		__GFP_HARDWALL
#define NAMED_GFP_THISNODE		__GFP_THISNODE
#define NAMED_GFP_ACCOUNT		((__force gfp_t)0)	/* charges nobody here */

#define GFP_OF_BIT(name) [WIRE_GFP_##name] = NAMED_GFP_##name,
static const gfp_t gfp_of_bit[NR_WIRE_GFP] = { WIRE_GFP_BITS(GFP_OF_BIT) };

/* The kernel's gfp; a report of each failure would take longer than the program. */
static gfp_t kernel_gfp(u32 bits)
{
	gfp_t gfp = __GFP_NOWARN;
	unsigned int i;

	for (i = 0; i < NR_WIRE_GFP; i++)
		if (bits & 1U << i)
			gfp |= gfp_of_bit[i];
	return gfp;
}

struct request {
	gfp_t		 gfp;
	int		 nid;
	nodemask_t	 mask;
	nodemask_t	*nodes;		/* &mask or NULL */
};

static void request_from_op(struct request *request, const struct wire_op *op)
{
	request->gfp = kernel_gfp(op->gfp);
	request->nid = op->nid == WIRE_NID_OWN ? numa_mem_id() : op->nid;
	nodes_clear(request->mask);
	nodes_addr(request->mask)[0] = op->nodes;
	request->nodes = op->nodes ? &request->mask : NULL;
}

static void run_alloc(struct run *run, const struct wire_op *op, struct request *request)
{
	struct page *page = __alloc_pages(request->gfp, op->order, request->nid, request->nodes);

	reply_word(&run->reply, page ? page_to_pfn(page) : WIRE_NONE);
	if (page)
		slot_put_block(&run->slots[op->slot], page, op->order,
			       request->gfp & __GFP_COMP);
}

static void run_bulk(struct run *run, const struct wire_op *op, struct request *request)
{
	unsigned long got, i;
	u32 *pfns;

	memset(run->array, 0, op->n * sizeof(*run->array));
	got = __alloc_pages_bulk(request->gfp, request->nid, request->nodes, op->n, NULL,
				 run->array);
	pfns = slot_put_pages(run, &run->slots[op->slot], got);
	reply_word(&run->reply, got);
	for (i = 0; i < got; i++) {
		pfns[i] = page_to_pfn(run->array[i]);
		reply_word(&run->reply, pfns[i]);
	}
}

static void run_exact(struct run *run, const struct wire_op *op, struct request *request)
{
	const gfp_t gfp = request->gfp & ~(__GFP_COMP | __GFP_HIGHMEM);
	const size_t bytes = (size_t)op->n << PAGE_SHIFT;
	void *address;
	u32 *pfns;
	u32 pfn, i;

	if (op->nid == WIRE_NID_OWN || !run->symbols->exact_on_node)
		address = alloc_pages_exact(bytes, gfp);
	else
		address = run->symbols->exact_on_node(request->nid, bytes, gfp);
	if (!address) {
		reply_word(&run->reply, WIRE_NONE);
		return;
	}
	pfn = page_to_pfn(virt_to_page(address));
	reply_word(&run->reply, pfn);
	pfns = slot_put_pages(run, &run->slots[op->slot], op->n);
	for (i = 0; i < op->n; i++)
		pfns[i] = pfn + i;
}

static void run_in_context(struct run *run, const struct wire_op *op)
{
	struct slot *slot = &run->slots[op->slot];
	struct request request;

	request_from_op(&request, op);
	switch (op->kind) {
	case WIRE_ALLOC:
		run_alloc(run, op, &request);
		break;
	case WIRE_BULK:
		run_bulk(run, op, &request);
		break;
	case WIRE_EXACT:
		run_exact(run, op, &request);
		break;
	case WIRE_FREE:
		slot_free(run, slot);
		break;
	case WIRE_FREE_LIST:
		slot_free_list(run, slot);
		break;
	case WIRE_FREE_ONE:
		slot_free_one(run, slot, op->n);
		break;
	case WIRE_SPLIT:
		slot_split(run, slot);
		break;
	case WIRE_DRAIN:
		run->symbols->drain_local_pages(NULL);
		break;
	case WIRE_BEGIN:
		program_begin(run);
		break;
	}
}

void op_run(struct run *run, const struct wire_op *op)
{
	const unsigned int reclaimer = current->flags & PF_MEMALLOC;
	const bool interrupt = op->context & WIRE_IN_INTERRUPT;

	if (op->context & WIRE_IN_RECLAIM)
		current->flags |= PF_MEMALLOC;
	if (interrupt)
		preempt_count_add(HARDIRQ_OFFSET);
	run_in_context(run, op);
	if (interrupt)
		preempt_count_sub(HARDIRQ_OFFSET);
	current->flags = (current->flags & ~PF_MEMALLOC) | reclaimer;
}
