/* SPDX-License-Identifier: GPL-2.0-only */
/* window.c - the memory that host and guest share, and the programs in it */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/reply.h"

_Static_assert((int)NR_WIRE_ZONES == (int)NR_ZONE_TYPES, "zones go by the same numbers");
_Static_assert((int)NR_WIRE_TYPES == (int)NR_MIGRATETYPES, "types go by the same numbers");
_Static_assert(__GFP_ACCOUNT == 1u << WIRE_GFP_ACCOUNT, "gfp bits have the same places");
_Static_assert(__GFP_ATOMIC == 1u << WIRE_GFP_ATOMIC, "gfp bits have the same places");
_Static_assert((int)OP_PAGES_MAX >= 1 << MAX_ORDER, "an exact request fits");

enum { NODE_ANY = 0xff };

/* --- the window --------------------------------------------------------------------------- */

static bool trouble(const char *path)
{
	fprintf(stderr, "%s: cannot be mapped: %s\n", path, strerror(errno));
	return false;
}

bool window_open(struct window *w, const char *path, uint64_t bytes)
{
	struct stat st;

	*w = (struct window){ .fd = open(path, bytes ? O_RDWR | O_CREAT : O_RDONLY, 0666) };
	if (w->fd < 0)
		return trouble(path);
	if ((bytes && (ftruncate(w->fd, 0) || ftruncate(w->fd, (off_t)bytes))) ||
	    fstat(w->fd, &st) || (uint64_t)st.st_size > SIZE_MAX) {
		close(w->fd);
		return trouble(path);
	}
	w->nr_bytes = (uint64_t)st.st_size;
	if (w->nr_bytes < sizeof(struct wire_head)) {
		fprintf(stderr, "%s: expected a window of at least %zu bytes, got %lld\n", path,
			sizeof(struct wire_head), (long long)st.st_size);
		close(w->fd);
		return false;
	}
	w->bytes = mmap(NULL, (size_t)w->nr_bytes, bytes ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_SHARED, w->fd, 0);
	if (w->bytes == MAP_FAILED) {
		close(w->fd);
		return trouble(path);
	}
	if (bytes)
		window_clear(w);
	return true;
}

void window_memory(struct window *w, uint64_t bytes)
{
	*w = (struct window){ .bytes = calloc(1, (size_t)bytes), .nr_bytes = bytes, .fd = -1 };
	if (!w->bytes)
		abort();
	window_clear(w);
}

void window_close(struct window *w)
{
	if (w->fd < 0) {
		free(w->bytes);
	} else {
		munmap(w->bytes, (size_t)w->nr_bytes);
		close(w->fd);
	}
	*w = (struct window){ .fd = -1 };
}

struct wire_head *window_head(const struct window *w)
{
	return (struct wire_head *)(void *)w->bytes;
}

void window_clear(struct window *w)
{
	struct wire_head *head = window_head(w);

	memset(head, 0, sizeof(*head));
	head->magic = WIRE_MAGIC;
	head->version = WIRE_VERSION;
	head->free = (sizeof(*head) + 7) / 8 * 8;
	head->bytes = w->nr_bytes;
}

const char *window_check(const struct window *w)
{
	const struct wire_head *head = window_head(w);

	if (head->magic != WIRE_MAGIC)
		return "it does not begin as a window does";
	if (head->version != WIRE_VERSION)
		return "it is of another version";
	if (head->nr_programs > WIRE_PROGRAMS_MAX || head->bytes > w->nr_bytes ||
	    head->free > head->bytes)
		return "its head does not add up";
	return NULL;
}

/* --- programs into it --------------------------------------------------------------------- */

/* What a slot will hold, as far as ops decide it. */
struct plan {
	uint8_t	kind;			/* of the op that fills it */
	uint8_t	order;
	bool	compound;
	bool	split;
	bool	broken;			/* a single page of it went */
};

static bool cannot(char wrong[REPLY_SENTENCE], const char *what, const char *kind)
{
	snprintf(wrong, REPLY_SENTENCE, "%s: %s", kind, what);
	return false;
}

static bool plan_request(const struct op *op, struct wire_op *to, char wrong[REPLY_SENTENCE])
{
	const char *kind = op_kinds[op->kind].name;
	bool exact = op->kind == OP_EXACT;

	if (op->irq_at || op->on || (op->context & ~GUEST_CONTEXTS))
		return cannot(wrong, "no policies and scopes in a guest", kind);
	if (op->gfp & ~GUEST_GFP)
		return cannot(wrong, "no request that could sleep in a guest", kind);
	if (!gfp_zone_is_legal(op->gfp) || op->order > MAX_ORDER ||
	    ((op->gfp & __GFP_MOVABLE) && (op->gfp & __GFP_RECLAIMABLE)) ||
	    (exact && (op->gfp & (__GFP_COMP | __GFP_HIGHMEM))))
		return cannot(wrong, "no request in a guest that must be refused", kind);
	if ((op->kind != OP_ALLOC && !op->n) || (exact && op->n > 1u << MAX_ORDER))
		return cannot(wrong, "no request in a guest for no pages, or too many", kind);
	to->kind = op->kind == OP_ALLOC ? WIRE_ALLOC : exact ? WIRE_EXACT : WIRE_BULK;
	to->order = op->order;
	to->nid = op->nid == NODE_NONE ? NODE_ANY : op->nid;
	to->gfp = op->gfp;
	to->n = op->kind == OP_ALLOC ? 0 : op->n;
	to->nodes = op->nodes;
	to->context = (op->context & CTX_MEMALLOC ? WIRE_IN_RECLAIM : 0u) |
		      (op->context & CTX_IRQ ? WIRE_IN_INTERRUPT : 0u);
	return true;
}

/* Frees of a slot that does not hold single pages are all one: of the block. */
static uint8_t free_kind(const struct plan *plan, bool one)
{
	bool single = plan->kind == OP_BULK || plan->kind == OP_EXACT || plan->split;

	if (one)
		return single ? WIRE_FREE_ONE : WIRE_FREE;
	return plan->kind == OP_BULK && !plan->broken ? WIRE_FREE_LIST : WIRE_FREE;
}

/* One op; *skip when it does nothing that a guest would see. */
static bool plan_op(const struct op *op, struct plan *plan, uint32_t slot, struct wire_op *to,
		    bool *skip, char wrong[REPLY_SENTENCE])
{
	*to = (struct wire_op){ .cpu = op->cpu, .slot = slot };
	*skip = op->kind == OP_EXPECT_PFN || op->kind == OP_EXPECT_ZONE;
	if (*skip)
		return true;
	if (!(GUEST_OPS >> op->kind & 1))
		return cannot(wrong, "no such op in a guest", op_kinds[op->kind].name);
	switch (op->kind) {
	case OP_ALLOC:
	case OP_BULK:
	case OP_EXACT:
		*plan = (struct plan){ .kind = op->kind, .order = op->order,
				       .compound = (op->gfp & __GFP_COMP) != 0 };
		return plan_request(op, to, wrong);
	case OP_FREE:
		to->kind = free_kind(plan, false);
		return true;
	case OP_FREE_ONE:
		to->kind = free_kind(plan, true);
		to->n = op->n;
		plan->broken = true;
		return true;
	case OP_SPLIT:
		to->kind = WIRE_SPLIT;
		*skip = plan->kind != OP_ALLOC || !plan->order || plan->compound || plan->split;
		plan->split = plan->split || !*skip;
		return true;
	case OP_DRAIN:
		to->kind = WIRE_DRAIN;
		return true;
	}
	abort();			/* GUEST_OPS has one that is not above */
}

static uint64_t request_pages(const struct op *op)
{
	return op->kind == OP_ALLOC ? UINT64_C(1) << op->order :
	       op->kind == OP_EXACT ? UINT64_C(1) << MAX_ORDER : op->n;
}

struct adding {
	struct plan	*plans;		/* per slot */
	struct wire_op	*ops;
	uint32_t	 nr, slots;
	uint64_t	 pages;
};

static bool add_ops(struct adding *to, const struct program *p, char wrong[REPLY_SENTENCE])
{
	const uint32_t first = to->slots;

	for (uint32_t i = 0; i < p->nr_ops; i++) {
		const struct op *op = &p->ops[i];
		bool allocates = op_kinds[op->kind].allocates, skip;
		uint32_t slot = allocates ? to->slots++ : first + op->ref;

		if (slot >= SLOTS_MAX)
			return cannot(wrong, "too many slots", "program");
		if (!plan_op(op, &to->plans[slot], slot, &to->ops[to->nr], &skip, wrong))
			return false;
		to->pages += allocates ? request_pages(op) : 0;
		to->nr += !skip;
	}
	return true;
}

bool window_add(struct window *w, const struct program *before, const struct program *p,
		char wrong[REPLY_SENTENCE])
{
	struct wire_head *head = window_head(w);
	struct adding to = { .ops = (struct wire_op *)(void *)(w->bytes + head->free) };
	uint64_t room = p->nr_ops + (before ? before->nr_ops + UINT64_C(1) : 0);
	bool ok;

	if (head->nr_programs == WIRE_PROGRAMS_MAX ||
	    head->free + room * sizeof(to.ops[0]) > w->nr_bytes)
		return cannot(wrong, "the window is full", "program");
	to.plans = calloc(SLOTS_MAX, sizeof(to.plans[0]));
	if (!to.plans)
		abort();
	ok = !before || add_ops(&to, before, wrong);
	if (ok && before)
		to.ops[to.nr++] = (struct wire_op){ .kind = WIRE_BEGIN };
	ok = ok && add_ops(&to, p, wrong);
	free(to.plans);
	if (!ok)
		return false;
	head->programs[head->nr_programs++] = (struct wire_program){
		.ops = head->free, .nr_ops = to.nr, .nr_slots = to.slots,
		.nr_pages = (uint32_t)to.pages, .status = WIRE_WAITING,
	};
	head->free += to.nr * sizeof(to.ops[0]);
	head->free = (head->free + 7) / 8 * 8;
	return true;
}

/* --- and out of it ------------------------------------------------------------------------ */

static bool read_op(const struct wire_op *from, uint16_t *slot_of, uint32_t nr_slots,
		    struct program *p, char wrong[REPLY_SENTENCE])
{
	static const uint8_t kinds[NR_WIRE_OPS] = {
		[WIRE_ALLOC] = OP_ALLOC, [WIRE_BULK] = OP_BULK, [WIRE_EXACT] = OP_EXACT,
		[WIRE_FREE] = OP_FREE, [WIRE_FREE_LIST] = OP_FREE, [WIRE_FREE_ONE] = OP_FREE_ONE,
		[WIRE_SPLIT] = OP_SPLIT, [WIRE_DRAIN] = OP_DRAIN,
	};
	struct op op = { .cpu = from->cpu };

	if (from->kind == WIRE_BEGIN) {
		p->nr_ops = p->nr_slots = 0;	/* what came before is in the state */
		return true;
	}
	if (from->kind >= NR_WIRE_OPS || (from->slot >= nr_slots && from->kind != WIRE_DRAIN))
		return cannot(wrong, "an op or a slot that does not exist", "window");
	op.kind = kinds[from->kind];
	if (op_kinds[op.kind].allocates) {
		slot_of[from->slot] = (uint16_t)p->nr_slots++;
		op.order = from->order;
		op.gfp = from->gfp;
		op.n = from->n;
		op.nodes = (uint8_t)from->nodes;
		op.nid = from->nid == NODE_ANY ? NODE_NONE : from->nid;
		/* Whoever stops a machine is above every other task. */
		op.context = (uint8_t)(CTX_REALTIME |
				       (from->context & WIRE_IN_RECLAIM ? CTX_MEMALLOC : 0) |
				       (from->context & WIRE_IN_INTERRUPT ? CTX_IRQ : 0));
	} else if (op.kind != OP_DRAIN) {
		op.ref = slot_of[from->slot];
		op.n = from->kind == WIRE_FREE_ONE ? from->n : 0;
		if (op.kind == OP_SPLIT)
			op.cpu = 0;
	}
	p->ops[p->nr_ops++] = op;
	return true;
}

bool window_ops(const struct window *w, uint32_t program, struct program *p,
		char wrong[REPLY_SENTENCE])
{
	const struct wire_program *from = &window_head(w)->programs[program];
	const struct wire_op *ops = (const struct wire_op *)(const void *)(w->bytes + from->ops);
	uint16_t *slot_of;
	bool ok = true;

	if (from->nr_ops > OPS_MAX || from->nr_slots > SLOTS_MAX || from->ops > w->nr_bytes ||
	    from->ops % 8 || from->nr_ops * sizeof(*ops) > w->nr_bytes - from->ops)
		return cannot(wrong, "its ops are too many, or not in the window", "program");
	slot_of = calloc(SLOTS_MAX, sizeof(*slot_of));
	if (!slot_of)
		abort();
	p->nr_ops = 0;
	p->nr_slots = 0;
	for (uint32_t i = 0; ok && i < from->nr_ops; i++)
		ok = read_op(&ops[i], slot_of, from->nr_slots, p, wrong);
	free(slot_of);
	return ok;
}
