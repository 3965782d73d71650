/* SPDX-License-Identifier: MIT */
/* op_compare.h - are two programs the same, is one valid: field by field, by no encoding */
#ifndef UNIT_OP_COMPARE_H
#define UNIT_OP_COMPARE_H

#include "op.h"

/* All that can matter of both is equal; the test fails if it is not. */
void assert_same_program(const struct program *a, const struct program *b);

/* Every field is in the range that op.h gives, and the machine can boot. */
void assert_valid_program(const struct program *p);

#endif
