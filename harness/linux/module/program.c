/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program.c - checks a program and runs it while the machine stands still
 *
 * Snapshot, ops, snapshot and giving back are one stop_machine() section: no
 * kswapd, no timer and no other task comes between, and what a wake-up asks
 * for happens afterwards.
 */
#include <linux/cpumask.h>
#include <linux/nmi.h>
#include <linux/stop_machine.h>

#include "compat.h"
#include "tidemark.h"

/* --- what the host says -------------------------------------------------------------- */

static bool fills_slot(unsigned int kind)
{
	return kind == WIRE_ALLOC || kind == WIRE_BULK || kind == WIRE_EXACT;
}

static const char *check_op(struct run *run, const struct wire_op *op, u64 *room)
{
	if (op->kind >= NR_WIRE_OPS)
		return "an op of unknown kind";
	if (op->cpu >= nr_cpu_ids || !cpu_online(op->cpu))
		return "an op on a CPU that is not there";
	if (op->nid != WIRE_NID_OWN && (op->nid >= MAX_NUMNODES || !node_online(op->nid)))
		return "a node that is not there";
	if (op->kind != WIRE_DRAIN && op->kind != WIRE_BEGIN && op->slot >= run->nr_slots)
		return "a slot beyond nr_slots";
	if (op->kind == WIRE_BEGIN)
		run->begins_later = true;
	if (!fills_slot(op->kind))
		return NULL;
	if (op->order > TOP_ORDER)
		return "an order beyond the highest";
	if (op->kind == WIRE_EXACT && (!op->n || op->n > 1U << TOP_ORDER))
		return "an exact request of no or too many pages";
	if (run->slots[op->slot].kind != SLOT_UNUSED)
		return "a slot that is filled twice";
	run->slots[op->slot].kind = SLOT_EMPTY;
	*room += op->kind == WIRE_ALLOC ? 1U << op->order : op->n;
	if (*room > run->nr_pfns)
		return "more pages than nr_pages";
	if (op->kind == WIRE_BULK && op->n > run->bulk_max)
		run->bulk_max = op->n;
	return NULL;
}

static const char *check_ops(struct run *run)
{
	const char *wrong = NULL;
	u64 room = 0;
	u32 i;

	for (i = 0; i < run->nr_ops && !wrong; i++)
		wrong = check_op(run, &run->ops[i], &room);
	return wrong;
}

/* The last `bytes` before *end, and *end is now their beginning. */
static void *take_scratch(const struct window *window, u64 *end, u64 bytes)
{
	bytes = ALIGN(bytes, sizeof(u64));
	if (bytes > *end - window->free)
		return NULL;
	*end -= bytes;
	return window->base + *end;
}

static const char *prepare(struct window *window, struct run *run)
{
	const struct wire_program *program = &window->head->programs[run->index];
	const char *wrong;
	u64 end = ALIGN_DOWN(window->bytes, sizeof(u64));

	run->nr_ops = READ_ONCE(program->nr_ops);
	run->nr_slots = READ_ONCE(program->nr_slots);
	run->nr_pfns = READ_ONCE(program->nr_pages);
	run->ops = window_at(window, READ_ONCE(program->ops),
			     (u64)run->nr_ops * sizeof(*run->ops));
	if (!run->ops)
		return "ops that are not in the window";
	run->slots = take_scratch(window, &end, (u64)run->nr_slots * sizeof(*run->slots));
	run->pfns = take_scratch(window, &end, (u64)run->nr_pfns * sizeof(*run->pfns));
	if (!run->slots || !run->pfns)
		return "no room in the window for slots";
	memset(run->slots, 0, (size_t)run->nr_slots * sizeof(*run->slots));
	wrong = check_ops(run);
	if (wrong)
		return wrong;
	run->array = take_scratch(window, &end, (u64)run->bulk_max * sizeof(*run->array));
	if (!run->array)
		return "no room in the window for a bulk request";
	reply_begin(&run->reply, window->base + window->free, end - window->free);
	return NULL;
}

/* --- while the machine stands still ----------------------------------------------------- */

/* Each CPU runs its ops when their turn has come, and hands on. */
static void take_turns(struct run *run, unsigned int cpu)
{
	u32 next = smp_load_acquire(&run->next);

	while (next < run->nr_ops) {
		if (run->ops[next].cpu == cpu) {
			op_run(run, &run->ops[next]);
			smp_store_release(&run->next, next + 1);
			touch_nmi_watchdog();
		} else {
			cpu_relax();
		}
		next = smp_load_acquire(&run->next);
	}
}

static void give_back(struct run *run)
{
	u32 i;

	for (i = 0; i < run->nr_slots; i++)
		slot_free(run, &run->slots[i]);
}

void program_begin(struct run *run)
{
	struct reply *reply = &run->reply;

	reply_begin(reply, reply->start, (reply->end - reply->start) * sizeof(*reply->start));
	snapshot_write(run->symbols, &run->sysctls, reply, 0);
	reply_section(reply, WIRE_RESULTS, 0, 0, 0);
}

/* Where a guest is held, nothing but the program comes between that and its reply. */
static const char *begin(struct run *run)
{
	const char *wrong = "a window in its place that is none";

	if (window_hold(run->window, &run->index))
		wrong = prepare(run->window, run);
	if (wrong)
		return wrong;
	if (run->begins_later)
		reply_section(&run->reply, WIRE_RESULTS, 0, 0, 0);
	else
		program_begin(run);
	return NULL;
}

static int run_stopped(void *data)
{
	struct run *run = data;
	const int cpu = smp_processor_id();

	if (cpu == run->leader) {
		run->wrong = begin(run);
		smp_store_release(&run->started, true);
	}
	while (!smp_load_acquire(&run->started))
		cpu_relax();
	if (run->wrong)
		return -EINVAL;
	take_turns(run, cpu);
	if (cpu == run->leader) {
		snapshot_write(run->symbols, &run->sysctls, &run->reply, 1);
		reply_section(&run->reply, WIRE_END, 0, 0, 0);
		give_back(run);
	}
	return 0;
}

int program_run(struct window *window, const struct symbols *symbols, u32 index)
{
	struct wire_program *program;
	struct run run = { .symbols = symbols, .window = window, .index = index };
	int err;

	if (index >= window->nr_programs || window->blob)
		return -EINVAL;
	window->head->programs[index].status = WIRE_REFUSED;
	err = sysctls_read(symbols, &run.sysctls);
	if (err)
		return err;
	run.leader = cpumask_first(cpu_online_mask);
	err = stop_machine(run_stopped, &run, cpu_online_mask);
	if (run.wrong)
		window_complain(window, "program %u: %s", index, run.wrong);
	if (err)
		return err;
	if (run.reply.full) {
		window_complain(window, "program %u: no room in the window for its reply", index);
		return -ENOSPC;
	}
	program = &window->head->programs[run.index];
	program->reply = window->free;
	program->reply_bytes = reply_bytes(&run.reply);
	window_take(window, program->reply_bytes);
	program->status = WIRE_DONE;
	return 0;
}
