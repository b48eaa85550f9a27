/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_mermaid.c: the picture as a stateDiagram-v2 of Mermaid.
 *
 * Mermaid reads its texts for meaning: what would end one early is replaced
 * by a look-alike or an entity.  Names of states may hold dashes, which its
 * identifiers may not.
 */
#include "draw_priv.h"

static void
write_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		switch (text.at[i]) {
		case '"':
			buf_add_cstr(out, "#quot;");
			break;
		case '#':
			buf_add_cstr(out, "#35;");
			break;
		case ':':
			buf_add_cstr(out, "#58;");
			break;
		case ';':
			buf_add_cstr(out, "#59;");
			break;
		case '<':
			buf_add_cstr(out, "#lt;");
			break;
		case '>':
			buf_add_cstr(out, "#gt;");
			break;
		default:
			buf_add_char(out, text.at[i]);
		}
	}
}

static void
write_lines(
    const struct draw *draw, const struct draw_lines *lines, struct buf *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct draw_line *line = &lines->items[i];

		if (i > 0)
			buf_add_cstr(out, line->continues ? " " : "<br/>");
		write_text(out, draw_text_plain(draw->arena, line));
	}
}

static void
write_indent(struct buf *out, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_add_cstr(out, "    ");
}

/* Helpers that Mermaid has signs of its own for, or that stand for the group
 * around them, have no name: the box that is meant. */
static size_t
meant_by(const struct draw *draw, size_t index, bool is_head)
{
	const struct draw_box *box = &draw->boxes[index];

	if (box->shape == DRAW_WITHIN || (box->shape == DRAW_START && is_head))
		return box->parent;
	return index;
}

/* An arrow stands in the innermost group around both of its ends. */
static size_t
home_of(const struct draw *draw, const struct draw_arrow *arrow)
{
	size_t from = meant_by(draw, arrow->from, false);
	size_t to = meant_by(draw, arrow->to, true);
	size_t home = draw->boxes[from].parent;

	while (home != DRAW_NOWHERE &&
	       (to == home || !draw_is_within(draw, to, home)))
		home = draw->boxes[home].parent;
	return home;
}

static void
write_arrow(const struct draw *draw, const struct draw_arrow *arrow, int depth,
    struct buf *out)
{
	write_indent(out, depth);
	if (draw->boxes[arrow->from].shape == DRAW_START)
		buf_add_cstr(out, "[*]");
	else
		buf_addf(out, "s%zu", meant_by(draw, arrow->from, false));
	buf_addf(out, " --> s%zu", meant_by(draw, arrow->to, true));
	if (arrow->lines.count > 0) {
		buf_add_cstr(out, " : ");
		write_lines(draw, &arrow->lines, out);
	}
	buf_add_char(out, '\n');
}

static void write_group(
    const struct draw *draw, size_t group, int depth, struct buf *out);

static void
write_box(const struct draw *draw, size_t index, int depth, struct buf *out)
{
	const struct draw_box *box = &draw->boxes[index];

	if (box->shape == DRAW_START || box->shape == DRAW_WITHIN)
		return;
	write_indent(out, depth);
	if (box->shape == DRAW_FORK) {
		buf_addf(out, "state s%zu <<fork>>\n", index);
		return;
	}
	buf_add_cstr(out, "state \"");
	if (box->shape == DRAW_HISTORY)
		buf_add_cstr(out, box->state->deep ? "H*" : "H");
	else
		write_lines(draw, &box->lines, out);
	buf_addf(out, "\" as s%zu", index);
	if (box->shape == DRAW_GROUP) {
		buf_add_cstr(out, " {\n");
		write_group(draw, index, depth + 1, out);
		write_indent(out, depth);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '\n');
	if (box->shape == DRAW_FINAL) {
		write_indent(out, depth);
		buf_addf(out, "s%zu --> [*]\n", index);
	}
}

static void
write_group(const struct draw *draw, size_t group, int depth, struct buf *out)
{
	bool is_parallel = group != DRAW_NOWHERE &&
			   draw->boxes[group].state->kind == STATE_PARALLEL;
	bool is_first = true;

	for (size_t i = 0; i < draw->box_count; i++) {
		if (draw->boxes[i].parent != group)
			continue;
		if (is_parallel && !is_first) {
			write_indent(out, depth);
			buf_add_cstr(out, "--\n");
		}
		write_box(draw, i, depth, out);
		is_first = false;
	}
	for (size_t i = 0; i < draw->arrow_count; i++)
		if (home_of(draw, &draw->arrows[i]) == group)
			write_arrow(draw, &draw->arrows[i], depth, out);
}

void
draw_mermaid(const struct draw *draw, struct buf *out)
{
	buf_add_cstr(out, "---\ntitle: ");
	buf_add_json_string(out, draw->definition->title.bytes > 0
				     ? draw->definition->title
				     : draw->definition->name);
	buf_add_cstr(out, "\n---\nstateDiagram-v2\n");
	write_group(draw, DRAW_NOWHERE, 1, out);
}
