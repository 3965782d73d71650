/* SPDX-License-Identifier: MIT */
/*
 * run_ops.c - applying one op to core and model
 *
 * What a slot holds is a list of pieces, so that a split or a free of one page
 * needs no special case.
 */
#include "run_internal.h"
#include "snapshot.h"

#include <inttypes.h>
#include <stdlib.h>

#include "drainer.h"

static const struct op none;		/* the interrupt has struck: nothing is armed */

/* --- pieces ------------------------------------------------------------------------------- */

/*
 * Room for all that one op and its interrupt can add, and `more`: an interrupt
 * strikes while pointers to pieces are held, so adding itself must not move them.
 */
void run_reserve_pieces(struct run *r, uint32_t more)
{
	uint32_t need = r->nr_pieces + more + 2 * (RUN_BULK_MAX + (1U << MAX_ORDER));

	if (need <= r->pieces_room)
		return;
	r->pieces_room = 2 * need;
	r->pieces = realloc(r->pieces, r->pieces_room * sizeof(*r->pieces));
	if (!r->pieces)
		abort();
}

void run_add_piece(struct run *r, struct slot *slot, unsigned int zone, pfn_t pfn,
		      unsigned int order)
{
	run_check(X9, r->nr_pieces < r->pieces_room);
	if (!slot->nr)
		slot->first = r->nr_pieces;
	r->pieces[r->nr_pieces++] = (struct piece){
		.pfn = pfn, .refs = 1, .order = (uint8_t)order, .zone = (uint8_t)zone };
	slot->nr++;
}

static struct page *piece_page(const struct run *r, const struct piece *p)
{
	return zone_page(&r->mm.zones[p->zone], p->pfn);
}

/* --- requests ----------------------------------------------------------------------------- */
/* --- what requests and frees share ----------------------------------------------------------- */

static unsigned int next_cpu(const struct run *r, uint64_t online, unsigned int cpu)
{
	if (cpu >= r->mm.nr_cpus)
		cpu %= r->mm.nr_cpus;
	while (!(online >> cpu & 1))
		cpu = (cpu + 1) % r->mm.nr_cpus;
	return cpu;
}

unsigned int run_pick_cpu(const struct run *r, unsigned int cpu)
{
	return next_cpu(r, r->mm.online_cpus, cpu);
}

/* No CPU takes itself down, if there is another. */
unsigned int run_op_cpu(const struct run *r, const struct op *op, uint64_t online)
{
	unsigned int cpu = next_cpu(r, online, op->by ? op->by - 1u : op->cpu);

	return op->kind == OP_CPU_DOWN && cpu == op->cpu ? next_cpu(r, online, cpu + 1) : cpu;
}

/* An array of `nr` NULLs; an interrupt has its own. */
struct page **run_scratch(struct run *r, uint32_t nr)
{
	struct page ***list = &r->list[r->hw.in_irq];

	if (!*list)
		*list = calloc(RUN_BULK_MAX, sizeof(struct page *));
	if (!*list)
		abort();
	run_check(X9, nr <= RUN_BULK_MAX);
	memset(*list, 0, nr * sizeof(struct page *));
	return *list;
}

/* --- giving back -------------------------------------------------------------------------- */

static void gave(struct run *r, const struct slot *slot, pfn_t pfn, uint64_t nr)
{
	if (!(r->flags & RUN_NO_CHECKS))
		oracle_gave(r->oracle, pfn, nr, (uint32_t)(slot - r->slots));
}

/* Drops one user of a piece (B5). */
static void free_piece(struct run *r, struct slot *slot, struct piece *p)
{
	struct page *page = piece_page(r, p);
	uint64_t nr = 1ULL << p->order;
	bool compound, left;
	enum mm_error error;

	if (!p->refs)
		return;
	compound = (page->flags & PG_COMP) != 0;
	run_check_contents(r, p, nr);
	if (p->refs == 1)
		gave(r, slot, p->pfn, nr);
	else if (!compound && nr > 1)
		gave(r, slot, p->pfn + 1, nr - 1);
	/* First here, then in core: an interrupt inside must not find it still to be freed. */
	left = p->left;
	p->left = --p->refs != 0;
	if (p->refs && !compound)
		p->order = 0;
	/* The owner may not have come far yet, on another CPU. */
	error = left ? mm_put_page(&r->mm, page) : mm_free_pages(&r->mm, page, page->order);
	run_check(B5, error == MM_OK);
}

/*
 * All pieces single pages with one user: then they can go in one call.  Not
 * where another CPU may still be about to drop what it uses.
 */
static bool is_page_list(const struct run *r, const struct slot *slot)
{
	for (uint32_t i = 0; i < slot->nr; i++) {
		const struct piece *p = &r->pieces[slot->first + i];

		if (p->refs != 1 || p->order || (p->left && r->hw.sched))
			return false;
	}
	return slot->nr > 0;
}

static void free_as_list(struct run *r, struct slot *slot)
{
	struct page **pages = run_scratch(r, slot->nr);
	struct piece *first = &r->pieces[slot->first];
	enum mm_error error;

	for (uint32_t i = 0; i < slot->nr; i++) {
		run_check_contents(r, &first[i], 1);
		gave(r, slot, first[i].pfn, 1);
		pages[i] = piece_page(r, &first[i]);
		first[i].refs = 0;
	}
	if (slot->kind == OP_EXACT)
		error = mm_free_exact(&r->mm, pages[0], slot->nr);
	else
		error = mm_free_page_list(&r->mm, pages, slot->nr);
	run_check(B5, error == MM_OK);
}

static void do_free(struct run *r, struct slot *slot)
{
	if ((slot->kind == OP_BULK || slot->kind == OP_EXACT) && is_page_list(r, slot)) {
		free_as_list(r, slot);
		return;
	}
	for (uint32_t i = 0; i < slot->nr; i++)
		free_piece(r, slot, &r->pieces[slot->first + i]);
}

static void do_free_one(struct run *r, const struct op *op, struct slot *slot)
{
	uint32_t live = 0, nth;

	for (uint32_t i = 0; i < slot->nr; i++)
		live += r->pieces[slot->first + i].refs != 0;
	if (!live)
		return;
	nth = op->n % live;
	for (uint32_t i = 0; i < slot->nr; i++) {
		struct piece *p = &r->pieces[slot->first + i];

		if (p->refs && nth-- == 0) {
			free_piece(r, slot, p);
			return;
		}
	}
}

/* X6: a free that nobody may do changes nothing; one that somebody may do is left alone. */
static void do_free_wrong(struct run *r, const struct op *op)
{
	struct page *page = mm_page(&r->mm, op->pfn);
	enum mm_error error;

	if (page && page->state == PAGE_ALLOC && page->order == op->order)
		return;
	error = mm_free_pages(&r->mm, page, op->order);
	run_check(X6, error != MM_OK);
	r->refused = true;
	r->refused_gfp = 0;
	run_say(r, "refused: %s", mm_error_text(error));
}

/* --- what an owner says ------------------------------------------------------------------- */

static void do_split(struct run *r, struct slot *slot)
{
	struct piece *p = slot->nr ? &r->pieces[slot->first] : NULL;
	struct piece old;
	struct page *page;
	enum mm_error error, want;

	if (slot->nr != 1 || !p->refs)
		return;
	old = *p;
	page = piece_page(r, &old);
	want = page->flags & PG_COMP ? MM_BAD_PAGE : old.refs > 1 ? MM_BAD_COUNT : MM_OK;
	error = mm_split_page(&r->mm, page);
	run_check(B5, error == want);
	if (error != MM_OK || !old.order)
		return;
	run_check_contents(r, &old, 1ULL << old.order);
	slot->nr = 0;
	for (uint64_t i = 0; i < 1ULL << old.order; i++)
		run_add_piece(r, slot, old.zone, old.pfn + i, 0);
}

static void do_owner(struct run *r, const struct op *op, struct slot *slot)
{
	for (uint32_t i = 0; i < slot->nr; i++) {
		struct piece *p = &r->pieces[slot->first + i];
		struct page *page = piece_page(r, p);
		enum mm_error error = MM_OK;

		if (!p->refs)
			continue;
		if (op->kind == OP_TOUCH) {
			run_check_contents(r, p, 1ULL << p->order);
			run_touch(r, p);
		} else if (op->kind == OP_MOVABLE) {
			error = mm_set_movable(&r->mm, page, op->on);
		} else if (op->kind == OP_DIRTY) {
			error = mm_set_dirty(&r->mm, page, op->on);
		} else if (p->refs < UINT16_MAX) {
			error = mm_get_page(&r->mm, page);
			p->refs++;
		}
		run_check(B5, error == MM_OK);
	}
}

/* --- the administrator -------------------------------------------------------------------- */

static void do_cpu(struct run *r, const struct op *op)
{
	unsigned int cpu = op->cpu;
	bool online = cpu < r->mm.nr_cpus && (r->mm.online_cpus >> cpu & 1);
	bool down = op->kind == OP_CPU_DOWN;
	enum mm_error error;

	error = down ? mm_cpu_offline(&r->mm, cpu) : mm_cpu_online(&r->mm, cpu);
	if (cpu >= r->mm.nr_cpus || online != down ||
	    (down && (r->mm.online_cpus & (r->mm.online_cpus - 1)) == 0 && error != MM_OK))
		run_check(P4, error == MM_BAD_CPU);
	else
		run_check(P4, error == MM_OK);
	if (r->flags & RUN_NO_CHECKS)
		return;
	oracle_among(r->oracle, r->hw.sched && !run_is_alone(r));
	oracle_retune(r->oracle);
}

/* W9; a value that is refused changes nothing. */
static void do_sysctl(struct run *r, const struct op *op)
{
	enum sysctl_name name = (enum sysctl_name)op->name;
	enum mm_error error = mm_sysctl_write(&r->mm, name, op->index, op->value);

	r->stats.refused += error != MM_OK;
	if (r->flags & RUN_NO_CHECKS)
		return;
	oracle_among(r->oracle, r->hw.sched && !run_is_alone(r));
	if (error == MM_OK)
		oracle_wrote(r->oracle, name);
	else
		oracle_retune(r->oracle);
}

static void do_mempolicy(struct run *r, const struct op *op)
{
	struct mempolicy pol = { .mode = op->name, .nodes = op->nodes, .home = op->nid,
				 .il_prev = MAX_NODES - 1 };

	if (mempolicy_check(&r->mm, &pol) == MM_OK)
		r->policy = pol;
	else
		r->stats.refused++;
}

/* Without a schedule there is no daemon that could run: its work is done on the spot. */
static void ask_drain(struct run *r, const struct op *op)
{
	unsigned int cpu = op->n % r->mm.nr_cpus;
	bool asked = drainer_ask(&r->mm, cpu);

	run_check(P4, asked == (r->mm.online_cpus >> cpu & 1));
	if (!r->hw.sched)
		drainer_run(&r->mm);
}

static void do_admin(struct run *r, const struct op *op)
{
	struct zone *z;
	enum mm_error error = MM_OK;

	switch (op->kind) {
	case OP_DRAIN:
		error = mm_drain_cpu(&r->mm, run_pick_cpu(r, op->cpu));
		break;
	case OP_DRAIN_ALL:
		mm_drain_all(&r->mm);
		break;
	case OP_TICK:
		mm_tick(&r->mm);
		break;
	case OP_SYSCTL:
		do_sysctl(r, op);
		break;
	case OP_RECLAIM_ACTIVE:
		z = run_zone(r, op);
		if (z)
			mm_set_reclaim_active(&r->mm, z, op->on);
		break;
	case OP_SYNC:
		break;
	case OP_ASK_DRAIN:
		ask_drain(r, op);
		break;
	case OP_FAIL_ALLOC:
		r->hw.fail_alloc_at = op->n;
		r->hw.fail_alloc_from = op->on;
		break;
	case OP_FAIL_TRYLOCK:
		r->hw.fail_trylock_at = op->n;
		break;
	default:
		run_check(X9, op->kind < NR_OP_KINDS);
	}
	run_check(P4, error == MM_OK);
}

/* --- dispatch ----------------------------------------------------------------------------- */

static void interrupt(void *to)
{
	struct run *r = to;
	const struct op *op = r->irq_op;

	r->irq_op = &none;
	run_apply(r, op, r->irq_slot);
}

static void run_slot_op(struct run *r, const struct op *op, struct slot *slot)
{
	switch (op->kind) {
	case OP_FREE:
		do_free(r, slot);
		break;
	case OP_FREE_ONE:
		do_free_one(r, op, slot);
		break;
	case OP_SPLIT:
		do_split(r, slot);
		break;
	case OP_EXPECT_PFN:
		if ((r->flags & RUN_EXPECT) &&
		    (!slot->nr || r->pieces[slot->first].pfn != op->pfn))
			run_fail("EXPECT", "expect pfn", "the slot's block is at %" PRIu64,
				 slot->nr ? r->pieces[slot->first].pfn : PFN_NONE);
		break;
	default:
		do_owner(r, op, slot);
	}
}

/* The armed interrupt, if there is one that may strike inside of `op`. */
static void arm(struct run *r, const struct op *op)
{
	if (!r->irq_op || r->irq_op == &none || !run_may_strike(r->irq_op, op))
		return;
	r->hw.irq = interrupt;
	r->hw.irq_to = r;
	r->hw.irq_at = r->irq_op->irq_at;
	r->hw.alarm = 0;
}

void run_apply(struct run *r, const struct op *op, uint32_t slot)
{
	const struct op_info *info = &op_kinds[op->kind];

	if (!op->irq_at) {
		if (!r->hw.sched)
			r->hw.cpu = (uint8_t)run_op_cpu(r, op, r->mm.online_cpus);
		run_reserve_pieces(r, 0);
		arm(r, op);
	}
	if (info->allocates) {
		run_request(r, op, &r->slots[slot]);
	} else if (info->fields[0] == FIELD_REF) {
		if (op->ref < r->nr_slots)
			run_slot_op(r, op, &r->slots[op->ref]);
	} else if (op->kind == OP_FREE_WRONG) {
		do_free_wrong(r, op);
	} else if (op->kind == OP_CPU_DOWN || op->kind == OP_CPU_UP) {
		do_cpu(r, op);
	} else if (op->kind == OP_MEMPOLICY) {
		do_mempolicy(r, op);
	} else if (op->kind == OP_EXPECT_ZONE) {
		if (r->flags & RUN_EXPECT)
			run_expect_zone(r, op);
	} else if (run_sets_state(op)) {
		run_import_op(r, op);
	} else {
		do_admin(r, op);
	}
	if (!op->irq_at) {
		r->hw.irq_at = 0;
		r->irq_op = NULL;
	}
}

void run_free_everything(struct run *r)
{
	r->hw.irq_at = 0;
	r->hw.fail_alloc_at = 0;
	r->hw.fail_trylock_at = 0;
	for (uint32_t s = 0; s < r->nr_slots; s++)
		for (uint32_t i = 0; i < r->slots[s].nr; i++)
			while (r->pieces[r->slots[s].first + i].refs) {
				run_begin_op(r);
				free_piece(r, &r->slots[s], &r->pieces[r->slots[s].first + i]);
			}
}
