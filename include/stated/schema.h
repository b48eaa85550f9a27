/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h: JSON Schema 2020-12, the validation and applicator vocabularies.
 *
 * A keyword that is not implemented is refused at compile time, never
 * ignored: a promise in a schema that nobody checks is worse than none.
 */
#ifndef STATED_SCHEMA_H
#define STATED_SCHEMA_H

#include "stated/value.h"

struct schema;

/* A finding: where, by JSON Pointer (RFC 6901), and what was expected. */
struct schema_error {
	/* in the instance, or in the schema when compiling */
	struct str pointer;
	struct str keyword;
	struct str message;
};

struct schema_errors {
	struct arena *arena; /* the caller's: texts are made here */
	struct schema_error *items;
	size_t count;
	size_t capacity;
};

/* NULL with *errors filled in.  All that the schema needs is in the arena. */
MUST_USE const struct schema *schema_compile(struct arena *arena,
    const struct value *document, struct schema_errors *errors);
/* What it was compiled from, if that still lives. */
const struct value *schema_document(const struct schema *schema);
/* true where valid; all findings, at most 100. */
MUST_USE bool schema_validate(const struct schema *schema,
    const struct value *value, struct schema_errors *errors);

#endif
