/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_priv.h: private to src/definition: YAML documents as trees that know
 * where each node stands.
 *
 * A source is cut into documents before anything is parsed, at lines that
 * begin with "---" or "...": such a line ends a document wherever it stands,
 * so that a mistake in one document does not hide those of the next.
 */
#ifndef STATED_YAML_PRIV_H
#define STATED_YAML_PRIV_H

#include "stated/diag.h"
#include "stated/value.h"

#define YAML_BYTES_MAX (1024 * 1024)      /* of a document */
#define YAML_DEPTH_MAX 64
#define YAML_ALIAS_NODES_MAX 10000        /* brought in by aliases */
#define YAML_SOURCE_BYTES_MAX (16 * 1024 * 1024)

enum yaml_node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };
enum yaml_style {
	STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE, STYLE_LITERAL, STYLE_FOLDED,
};

struct yaml_pair {
	const struct yaml_node *key; /* NODE_TEXT */
	const struct yaml_node *value;
};

struct yaml_node {
	enum yaml_node_kind kind;
	enum yaml_style style; /* NODE_TEXT */
	struct diag_span span;
	size_t from;           /* bytes of the source that it was written in */
	size_t to;
	struct str text;       /* NODE_TEXT: as read, escapes undone */
	const struct yaml_pair *pairs;               /* NODE_MAP */
	const struct yaml_node *const *items;        /* NODE_LIST */
	size_t count;          /* of pairs or items */
	size_t weight;         /* nodes in it, itself and aliased ones too */
	size_t height;         /* 1 for a text */
};

/* A text with its lines; diag comes first, so that spans point here. */
struct yaml_source {
	struct diag_source diag;
	const size_t *lines; /* where each begins, in bytes */
	size_t line_count;
};

struct yaml_document {
	const struct yaml_source *source;
	struct str text;              /* its part of the source */
	const struct yaml_node *root; /* never NULL */
};

/* Stops nothing: false where the text can't be read at all (diags say why). */
MUST_USE bool yaml_source_init(struct yaml_source *source, struct arena *arena,
    struct str file, struct str text, struct diag_list *diags);
/* The next document's text, from *offset on, which moves past it; false at
 * the end.  Parts with nothing in them are passed over. */
MUST_USE bool yaml_source_next(const struct yaml_source *source, size_t *offset,
    struct str *out);
/* NULL with diags where the document's form is wrong. */
MUST_USE const struct yaml_document *yaml_tree_read(struct arena *arena,
    const struct yaml_source *source, struct str text, struct diag_list *diags);

/* The place of a part of the source. */
struct diag_span yaml_source_span(const struct yaml_source *source, size_t from,
    size_t bytes);
/* The place of a part of a node's text. */
struct diag_span yaml_locate_span(const struct yaml_source *source,
    const struct yaml_node *node, size_t offset, size_t bytes);

/* The text's beginning, short enough for a message. */
struct str yaml_short(struct str text);
/* The value of that key, or NULL. */
const struct yaml_node *yaml_tree_find(
    const struct yaml_node *map, const char *key);
/* The node that a JSON Pointer leads to, or the nearest one above it. */
const struct yaml_node *yaml_tree_follow(
    const struct yaml_node *node, struct str pointer);

/* What a text is under the core schema (YAML 1.2.2, section 10.3). */
enum yaml_scalar {
	SCALAR_NULL,
	SCALAR_BOOLEAN,
	SCALAR_NUMBER,
	SCALAR_STRING,
	SCALAR_BAD
};
/* SCALAR_BAD: a number that can't be carried; *error says why. */
enum yaml_scalar yaml_scalar_read(const struct yaml_node *text, bool *boolean,
    struct number *number, const char **error);
/* Whether it is a string (quoted, or of no other kind). */
bool yaml_scalar_is_string(const struct yaml_node *node);
/* The whole node as a value; numbers that can't be carried are diags. */
const struct value *yaml_scalar_value(struct arena *arena,
    const struct yaml_node *node, struct diag_list *diags);

#endif
