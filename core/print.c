/* SPDX-License-Identifier: GPL-2.0-only */
/* print.c - lines of text through a callback, see print.h */
#include "print.h"

void print_to(struct printer *p, const struct report_out *out)
{
	p->out = out;
	p->t = (struct text){ .buf = p->buf, .size = LINE_BYTES };
}

void print_end(struct printer *p)
{
	text_char(&p->t, '\n');
	p->out->write(p->out->to, p->buf, p->t.len);
	p->t.len = 0;
}

void print_line(struct printer *p, const char *text)
{
	text_str(&p->t, text);
	print_end(p);
}

void print_label(struct printer *p, const char *label, uint64_t v)
{
	text_str(&p->t, label);
	text_number(&p->t, v);
}

void print_number(struct printer *p, const char *label, uint64_t v)
{
	print_label(p, label, v);
	print_end(p);
}
