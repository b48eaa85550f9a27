/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_vector.h: what the lines of the DMN Technology Compatibility Kit have
 * in common, be they expressions or tables.
 */
#ifndef STATED_TEST_FEEL_VECTOR_H
#define STATED_TEST_FEEL_VECTOR_H

#include "stated/feel.h"

/* As the kit's own runners compare: many expected numbers are rounded. */
bool feel_vector_same(const struct value *expected, const struct value *got);
/* A context of the values that a line's `context` holds in typed form. */
const struct value *feel_vector_context(
    struct arena *arena, const struct value *typed);
/* For feel_env: arg is such a context. */
const struct value *feel_vector_lookup_cb(void *arg, struct str name);

#endif
