/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print.h - lines of text through a callback
 *
 * A printer holds one line at a time and sends it off when it ends.  The
 * longest is the first of a failure report, which has the text of a gfp mask.
 */
#ifndef CORE_PRINT_H
#define CORE_PRINT_H

#include "text.h"

enum { LINE_BYTES = 1280 };

struct report_out {
	void (*write)(void *to, const char *text, size_t len);	/* text is not terminated */
	void *to;
};

struct printer {
	const struct report_out *out;
	struct text t;			/* the line under construction */
	char	    buf[LINE_BYTES];
};

void print_to(struct printer *p, const struct report_out *out);
void print_end(struct printer *p);	/* ends the line and sends it off */
void print_line(struct printer *p, const char *text);	/* the rest of a line, and its end */

/* A label, which brings its own blanks, and a number; the second ends the line. */
void print_label(struct printer *p, const char *label, uint64_t v);
void print_number(struct printer *p, const char *label, uint64_t v);

#endif
