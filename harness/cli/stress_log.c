/* SPDX-License-Identifier: MIT */
/* stress_log.c - reading a log of real threads */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "stress_log_impl.h"

enum { LINE_FIELDS = 7 };

void *log_add(struct table *t, size_t size)
{
	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->row = realloc(t->row, t->room * size);
		if (!t->row) {
			fputs("tidemark: out of memory\n", stderr);
			exit(EXIT_TROUBLE);
		}
	}
	return memset((char *)t->row + size * t->nr++, 0, size);
}

/* --- lines -------------------------------------------------------------------------------- */

struct reader {
	struct stress_log *log;
	FILE	  *file;
	const char *path;
	unsigned int line;
	char	  *text;
	size_t	   room;
	uint32_t   cpu;
	uint32_t   op, irq;		/* that run now; NO_OP: none */
	bool	   in_irq;
	uint32_t   irq_at;
};

static bool next_line(struct reader *rd)
{
	ssize_t len = getline(&rd->text, &rd->room, rd->file);

	rd->line++;
	if (len > 0 && rd->text[len - 1] == '\n')
		rd->text[len - 1] = '\0';
	return len >= 0;
}

static bool refuse(const struct reader *rd, const char *expected)
{
	fprintf(stderr, "%s:%u: expected %s, got \"%.60s\"\n", rd->path, rd->line, expected,
		feof(rd->file) ? "the end of the file" : rd->text);
	return false;
}

static unsigned int kind_named(const char *name)
{
	if (!strcmp(name, "free_list"))
		return OP_FREE_ONE;
	for (unsigned int kind = 0; kind < NR_OP_KINDS; kind++)
		if (!strcmp(op_kinds[kind].name, name))
			return kind;
	return NR_OP_KINDS;
}

/* "o KIND order context gfp n token value" */
static bool read_op(struct reader *rd)
{
	struct stress_log *log = rd->log;
	unsigned int order, context;
	uint32_t gfp, n, token, index = log->ops.nr;
	struct log_op *lop;
	struct item *item;
	char name[16];
	int64_t value;

	if (sscanf(rd->text, "o %15s %u %u %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNd64, name,
		   &order, &context, &gfp, &n, &token, &value) != LINE_FIELDS ||
	    kind_named(name) == NR_OP_KINDS)
		return refuse(rd, "an op");
	lop = log_add(&log->ops, sizeof(*lop));
	lop->op = (struct op){ .kind = (uint8_t)kind_named(name), .cpu = (uint8_t)rd->cpu,
			       .order = (uint8_t)order, .context = (uint8_t)context,
			       .nid = NODE_NONE, .gfp = gfp, .n = n, .value = value };
	lop->is_list = !strcmp(name, "free_list");
	lop->is_free = lop->op.kind == OP_FREE;
	lop->token = token;
	lop->outer = rd->in_irq ? rd->op : NO_OP;
	lop->also = log->also.nr;
	if (rd->in_irq) {
		lop->op.irq_at = (uint8_t)(rd->irq_at > UINT8_MAX ? UINT8_MAX : rd->irq_at);
		rd->irq = index;
		return true;
	}
	rd->op = index;
	item = log_add(&log->items[rd->cpu], sizeof(*item));
	item->op = index;
	return true;
}

/* "l rank zone cpu turn step", or r; an interrupt's steps are those of the op that it is in. */
static bool read_lock(struct reader *rd)
{
	unsigned int rank, zone, cpu;
	uint32_t turn, step;
	struct item *item;

	if (sscanf(rd->text + 1, " %u %u %u %" SCNu32 " %" SCNu32, &rank, &zone, &cpu, &turn,
		   &step) != 5 || rank > RANK_ZONE || zone >= MAX_ZONES || cpu >= MAX_CPUS)
		return refuse(rd, "a lock");
	if (rd->op == NO_OP)
		return true;		/* of an op whose begin is lost */
	item = log_add(&rd->log->items[rd->cpu], sizeof(*item));
	*item = (struct item){ .op = rd->op, .is_lock = true, .turn = turn, .step = step,
			       .refused = rd->text[0] == 'r',
			       .lock = (rank * MAX_ZONES + zone) * MAX_CPUS + cpu };
	return true;
}

/* "e verdict token nr pfn" */
static bool read_end(struct reader *rd)
{
	uint32_t token, nr, index = rd->in_irq ? rd->irq : rd->op;
	unsigned int verdict;
	uint64_t pfn;

	if (sscanf(rd->text, "e %u %" SCNu32 " %" SCNu32 " %" SCNu64, &verdict, &token, &nr,
		   &pfn) != 4 || nr > OP_PAGES_MAX)
		return refuse(rd, "the end of an op");
	if (index == NO_OP)
		return true;
	op_at(rd->log, index)->first_token = token;
	op_at(rd->log, index)->nr_tokens = nr;
	for (uint32_t i = 0; i < nr; i++) {
		struct token *t = log_add(&rd->log->tokens, sizeof(*t));

		*t = (struct token){ .token = token + i, .op = index, .index = i };
	}
	return true;
}

static bool read_record(struct reader *rd)
{
	switch (rd->text[0]) {
	case 'o':
		return read_op(rd);
	case 'l':
	case 'r':
		return read_lock(rd);
	case 'e':
		return read_end(rd);
	case 't':
		if (rd->op == NO_OP)
			return true;
		*(uint32_t *)log_add(&rd->log->also, sizeof(uint32_t)) =
			(uint32_t)strtoul(rd->text + 1, NULL, 10);
		op_at(rd->log, rd->op)->nr_also++;
		return true;
	case 'i':
		rd->in_irq = true;
		return sscanf(rd->text, "i %*u %" SCNu32, &rd->irq_at) == 1 ||
		       refuse(rd, "an interrupt");
	case 'j':
		rd->in_irq = false;
		return true;
	}
	return refuse(rd, "a record");
}

/* --- the file ------------------------------------------------------------------------------- */

static bool read_machine(struct reader *rd)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct op_error error;
	bool ok = f != NULL;

	while (ok && (ok = next_line(rd))) {
		fprintf(f, "%s\n", rd->text);
		if (!strcmp(rd->text, "ops"))
			break;
	}
	if (f)
		fclose(f);
	if (!ok)
		refuse(rd, "a machine that ends with \"ops\"");
	else if (!op_parse(text, len, rd->log->machine, &error)) {
		fprintf(stderr, "%s: its machine: %s\n", rd->path, error.what);
		ok = false;
	}
	free(text);
	return ok;
}

static bool read_file(struct reader *rd)
{
	struct stress_log *log = rd->log;
	uint64_t lost;

	if (!next_line(rd) || strcmp(rd->text, "tidemark-stress-log 1"))
		return refuse(rd, "\"tidemark-stress-log 1\"");
	if (!next_line(rd) || strncmp(rd->text, "finding ", 8))
		return refuse(rd, "\"finding\"");
	snprintf(log->finding, sizeof(log->finding), "%s", rd->text + 8);
	while (next_line(rd) && strcmp(rd->text, "machine"))
		;
	if (!read_machine(rd))
		return false;
	while (next_line(rd)) {
		if (sscanf(rd->text, "cpu %" SCNu32 " %" SCNu64, &rd->cpu, &lost) == 2) {
			if (rd->cpu >= log->machine->config.nr_cpus)
				return refuse(rd, "a CPU of the machine");
			log->lost += lost;
			log->nr_cpus = rd->cpu + 1;
			rd->op = rd->irq = NO_OP;
			rd->in_irq = false;
			continue;
		}
		if (!log->nr_cpus)
			return refuse(rd, "a CPU");
		if (!read_record(rd))
			return false;
	}
	return true;
}

static int by_token(const void *a, const void *b)
{
	const struct token *s = a, *t = b;

	return (s->token > t->token) - (s->token < t->token);
}

struct stress_log *stress_log_read(const char *path)
{
	struct stress_log *log = xmalloc(sizeof(*log));
	struct reader rd = { .log = log, .path = path, .file = fopen(path, "r") };
	bool ok;

	log->machine = xmalloc(sizeof(*log->machine));
	if (!rd.file) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
		stress_log_free(log);
		return NULL;
	}
	ok = read_file(&rd);
	fclose(rd.file);
	free(rd.text);
	if (!ok) {
		stress_log_free(log);
		return NULL;
	}
	if (log->tokens.nr)
		qsort(log->tokens.row, log->tokens.nr, sizeof(struct token), by_token);
	return log;
}

void stress_log_free(struct stress_log *log)
{
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		free(log->items[cpu].row);
	for (uint32_t i = 0; i < log->ops.nr; i++)
		free(op_at(log, i)->gone);
	free(log->ops.row);
	free(log->also.row);
	free(log->tokens.row);
	free(log->order.row);
	free(log->turns.row);
	free(log->machine);
	free(log);
}

const char *stress_log_finding(const struct stress_log *log)
{
	return log->finding;
}
