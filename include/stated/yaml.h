/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h: one YAML document as a value that knows where its parts stand, for
 * those who read other documents than definitions.
 *
 * YAML 1.2 core schema; duplicate keys, anchors' bombs, bad UTF-8 and the like
 * are diagnostics, as they are for definitions.
 */
#ifndef STATED_YAML_H
#define STATED_YAML_H

#include "stated/diag.h"
#include "stated/value.h"

struct yaml_places;

/* NULL with diags where the text can't be read; an empty text is an empty
 * context.  All is made in the arena. */
MUST_USE const struct value *yaml_read(struct arena *arena, struct str file,
    struct str text, struct diag_list *diags,
    const struct yaml_places **places);
/* Where the value stands that a JSON Pointer (RFC 6901) leads to. */
struct diag_span yaml_place(const struct yaml_places *places,
    struct str pointer);
/* The same of `bytes` bytes of a text, from `offset` on as it was read. */
struct diag_span yaml_place_within(const struct yaml_places *places,
    struct str pointer, size_t offset, size_t bytes);
/* Where the key stands that leads to it. */
struct diag_span yaml_place_of_key(const struct yaml_places *places,
    struct str pointer);

#endif
