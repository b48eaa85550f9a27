/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_locate.c: from a byte of a text as read to the byte as written.
 *
 * An expression's error has to point into the file, where the text may be
 * quoted, escaped, folded over lines or indented in a block.  So the text as
 * written is walked once more beside the text as read.
 */
#include "yaml_priv.h"

struct walk {
	struct str raw;  /* the source from the node's first byte */
	struct str text; /* as read */
	size_t at;       /* in raw */
	size_t done;     /* in text */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
space_bytes(struct str s, size_t from, size_t *breaks)
{
	size_t at = from;

	*breaks = 0;
	while (at < s.bytes && is_space(s.at[at])) {
		*breaks += s.at[at] == '\n';
		at++;
	}
	return at - from;
}

/* How many bytes of UTF-8 an escape of a double-quoted text stands for. */
static size_t
escape_bytes(struct walk *walk)
{
	char kind = walk->at + 1 < walk->raw.bytes ?
	    walk->raw.at[walk->at + 1] : 'n';
	size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
	uint32_t codepoint = 0;
	char unused[4];

	for (size_t i = 0; i < digits && walk->at + 2 + i < walk->raw.bytes;
	     i++) {
		int digit = str_hex_digit(walk->raw.at[walk->at + 2 + i]);

		codepoint = codepoint * 16 + (digit > 0 ? (uint32_t)digit : 0);
	}
	walk->at += 2 + digits;
	if (digits > 0)
		return str_put_codepoint(unused, codepoint);
	return kind == 'N' || kind == '_' ? 2
	    : kind == 'L' || kind == 'P'  ? 3
					  : 1;
}

static void
step_double(struct walk *walk)
{
	size_t breaks;
	size_t spaces;

	if (walk->raw.at[walk->at] != '\\') {
		walk->at++;
		walk->done++;
		return;
	}
	if (walk->at + 1 < walk->raw.bytes &&
	    (walk->raw.at[walk->at + 1] == '\n' ||
	    walk->raw.at[walk->at + 1] == '\r')) {
		/* An escaped line break joins the lines without a blank. */
		spaces = space_bytes(walk->raw, walk->at + 1, &breaks);
		walk->at += 1 + spaces;
		walk->done += breaks > 1 ? breaks - 1 : 0;
		return;
	}
	walk->done += escape_bytes(walk);
}

/* Plain and quoted texts: one line break is a blank, n are n - 1 breaks. */
static void
step_flow(struct walk *walk, enum yaml_style style)
{
	size_t breaks;
	size_t spaces = space_bytes(walk->raw, walk->at, &breaks);

	if (breaks > 0) {
		walk->at += spaces;
		walk->done += breaks > 1 ? breaks - 1 : 1;
	} else if (style == STYLE_DOUBLE) {
		step_double(walk);
	} else {
		if (style == STYLE_SINGLE && walk->raw.at[walk->at] == '\'')
			walk->at++;
		walk->at++;
		walk->done++;
	}
}

/* Blocks: runs of white space match runs, all else matches itself. */
static void
step_block(struct walk *walk)
{
	size_t breaks;
	size_t raw_spaces = space_bytes(walk->raw, walk->at, &breaks);
	size_t text_spaces = space_bytes(walk->text, walk->done, &breaks);

	if (raw_spaces == 0 || text_spaces == 0) {
		walk->at++;
		walk->done++;
		return;
	}
	walk->at += raw_spaces;
	walk->done += text_spaces;
}

static void
skip_opening(struct walk *walk, enum yaml_style style)
{
	size_t newline;
	size_t breaks;

	switch (style) {
	case STYLE_PLAIN:
		return;
	case STYLE_SINGLE:
	case STYLE_DOUBLE:
		walk->at = 1;
		return;
	case STYLE_LITERAL:
	case STYLE_FOLDED:
		newline = str_find(walk->raw, STR("\n"));
		walk->at = newline == SIZE_MAX ? walk->raw.bytes : newline + 1;
		walk->at += space_bytes(walk->raw, walk->at, &breaks);
		walk->done += space_bytes(walk->text, 0, &breaks);
		return;
	}
	unreachable("all styles are handled");
}

/* The source's byte that a byte of a node's text was written at. */
static size_t
byte_of(const struct yaml_source *source, const struct yaml_node *node,
    size_t offset)
{
	struct walk walk = {
		.raw = str_slice(source->diag.text, node->from, SIZE_MAX),
		.text = node->text,
	};
	size_t before = 0;

	must(node->kind == NODE_TEXT);
	skip_opening(&walk, node->style);
	while (walk.done < offset && walk.at < walk.raw.bytes) {
		before = walk.at;
		if (node->style == STYLE_LITERAL || node->style == STYLE_FOLDED)
			step_block(&walk);
		else
			step_flow(&walk, node->style);
	}
	return node->from + (walk.done > offset ? before : walk.at);
}

struct diag_span
yaml_locate_span(const struct yaml_source *source, const struct yaml_node *node,
    size_t offset, size_t bytes)
{
	size_t from = byte_of(source, node, offset);
	size_t to = byte_of(source, node, offset + bytes);

	return yaml_source_span(source, from, to > from ? to - from : 1);
}
