/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * assert.h - checks that are always on
 *
 * An assertion names the rule of SPEC.md that it enforces, so that a failure
 * can be told by tag and place, and a reader can grep from rule to code.  The
 * expression is the message.  Only O(1) conditions go here; what walks lists
 * or maps belongs to validate.h.  No assertion has a side effect.
 */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

/* Never returns to the caller.  The strings are literals. */
_Noreturn void hook_panic(const char *tag, const char *what, const char *file, int line);

#define mm_assert(tag, expr) \
	((expr) ? (void)0 : hook_panic(#tag, #expr, __FILE__, __LINE__))

#endif
