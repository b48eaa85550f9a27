/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.h: a text as it is meant where parts of it are escaped, and where
 * what is found in that stands in the text itself.
 */
#ifndef STATED_ESCAPE_H
#define STATED_ESCAPE_H

#include "stated/must.h"
#include "stated/str.h"

enum escape {
	ESCAPE_JSON,
	ESCAPE_PERCENT, /* in addresses */
	ESCAPE_FORM,    /* the same, and "+" for a blank */
	ESCAPE_XML,
	ESCAPE_MAIL, /* quoted-printable */
	ESCAPES
};

/* From that byte on, up to the next shift, what is meant stands byte by byte in
 * what it is of, from there on. */
struct escape_shift {
	size_t at;
	size_t from;
};

/* A text as it is meant; {.text = …} is one as it is written. */
struct meant {
	struct str text;
	const struct meant *of; /* where it is escaped; NULL: nowhere */
	struct escape_shift *shifts; /* behind escapes, in order */
	size_t shift_count;
	size_t shift_capacity;
};

/* Which bytes somebody looks for. */
struct escape_bytes {
	bool has[UINT8_MAX + 1];
};

/* false where nothing in it is escaped in that form, or none of `wanted`
 * (NULL: of any) is; else to be freed before what it is of. */
MUST_USE bool escape_undo(const struct meant *of, enum escape form,
    const struct escape_bytes *wanted, struct meant *meant);
void escape_free(struct meant *meant);
/* Whether any of those bytes is escaped in the text that it is of. */
bool escape_is_in(const struct meant *meant, size_t at, size_t bytes);
/* What those bytes are written as in the text that all of it is of. */
struct str escape_source(const struct meant *meant, size_t at, size_t bytes);

#endif
