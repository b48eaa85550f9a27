/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h: what is wrong with a document, where, and how to mend it.
 *
 * Diagnostics are gathered, never printed as they are found: all the errors
 * of a file come in one run.  They are sorted by file, line and column and
 * printed as
 *
 *     payment.yaml:12:5: error: unknown key `complete` [D101]
 *        12 |     complete: all
 *           |     ^~~~~~~~
 *        expected `compensate`: did you mean that?
 */
#ifndef STATED_DIAG_H
#define STATED_DIAG_H

#include "stated/arena.h"
#include "stated/buf.h"

/* A text with a name, kept alive by the caller as long as the list. */
struct diag_source {
	struct str file; /* as the user named it */
	struct str text; /* whole */
};

/* A place in a source.  Lines and columns count from 1, columns in code
 * points; line 0 means the source as a whole. */
struct diag_span {
	const struct diag_source *source;
	uint32_t line;
	uint32_t column;
	uint32_t columns; /* how wide the caret's underline is; at least 1 */
};

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
	enum diag_level level;
	const char *code; /* stable: "D101" */
	struct diag_span span;
	struct str message; /* one sentence, no full stop */
	struct str path;    /* how an instance comes there; may be absent */
	struct str repair;  /* what to write instead; may be absent */
};

struct diag_list;

struct diag_list *diag_list_new(void);
void diag_list_free(struct diag_list **list);
/* The last diag gets a repair by diag_repair(), which may be left out. */
void diag_add(struct diag_list *list, enum diag_level level, const char *code,
    struct diag_span span, const char *format, ...) PRINTF_LIKE(5, 6);
void diag_repair(struct diag_list *list, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* The last diag gets the path that shows what it says.  Copied. */
void diag_path(struct diag_list *list, struct str path);
/* Adds one of another list, at a level of its own. */
void diag_copy(struct diag_list *list, const struct diag *diag,
    enum diag_level level);
size_t diag_count(const struct diag_list *list, enum diag_level level);
/* Sorted by place; *count gets how many. Valid until the list changes. */
const struct diag *diag_sorted(struct diag_list *list, size_t *count);
/* Text as above, for people; colour by ANSI sequences. */
void diag_format(struct diag_list *list, struct buf *out, bool colour);
/* The line of the place with a caret beneath, as diag_format() shows it;
 * nothing where there is no such line. */
void diag_excerpt(struct buf *out, struct diag_span span, bool colour);
/* A JSON array of {file, line, column, level, code, message, repair}, and path
 * where there is one. */
void diag_format_json(struct diag_list *list, struct buf *out);

#endif
