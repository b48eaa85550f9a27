/* SPDX-License-Identifier: Apache-2.0 */
/* value_priv.h: what the files of value share about contexts. */
#ifndef STATED_VALUE_PRIV_H
#define STATED_VALUE_PRIV_H

#include "stated/value.h"

/* Below this many fields a context is searched one by one. */
#define VALUE_INDEX_MIN 16
/* How deeply nested a packed value may be before it counts as damaged. */
#define VALUE_DEPTH_MAX 1024

/* A new value of the type, the rest zero. */
struct value *value_new(struct arena *arena, enum value_type type);

/* Position of the context's field of that key, or SIZE_MAX. */
size_t value_index_of(const struct value *context, struct str key);

#endif
