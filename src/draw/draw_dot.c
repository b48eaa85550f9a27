/* SPDX-License-Identifier: Apache-2.0 */
/* draw_dot.c: the picture in Graphviz's language, for its own tools. */
#include "draw_priv.h"

static void
write_escaped(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.at[i]);
	}
}

/* Each line ends with \l: set to the left. */
static void
write_label(
    const struct draw *draw, const struct draw_lines *lines, struct buf *out)
{
	buf_add_cstr(out, "label=\"");
	for (size_t i = 0; i < lines->count; i++) {
		for (int blank = 0; blank < lines->items[i].indent; blank += 5)
			buf_add_char(out, ' ');
		write_escaped(
		    out, draw_text_plain(draw->arena, &lines->items[i]));
		buf_add_cstr(out, "\\l");
	}
	buf_add_char(out, '"');
}

static const char *
final_colours(enum def_ending ending)
{
	switch (ending) {
	case ENDING_SUCCESS:
		return "color=\"#2f7d54\" fillcolor=\"#e9f5ee\"";
	case ENDING_FAILURE:
		return "color=\"#b0463c\" fillcolor=\"#fbecea\"";
	case ENDING_CANCELLED:
		return "color=\"#6b7280\" fillcolor=\"#f1f2f4\"";
	}
	unreachable("every ending is above");
}

static void
write_node(const struct draw *draw, size_t index, struct buf *out)
{
	const struct draw_box *box = &draw->boxes[index];

	buf_addf(out, "n%zu [", index);
	switch (box->shape) {
	case DRAW_FINAL:
		buf_addf(out, "peripheries=2 %s ",
		    final_colours(box->state->outcome));
		write_label(draw, &box->lines, out);
		break;
	case DRAW_HISTORY:
		buf_addf(out, "shape=circle label=\"%s\"",
		    box->state->deep ? "H*" : "H");
		break;
	case DRAW_START:
		buf_add_cstr(out, "shape=point width=0.15 style=filled "
				  "fillcolor=\"#475569\"");
		break;
	case DRAW_WITHIN:
		buf_add_cstr(out, "fillcolor=none fontsize=10 ");
		write_label(draw, &box->lines, out);
		break;
	case DRAW_FORK:
		buf_add_cstr(out, "shape=box style=filled height=0.06 "
				  "fillcolor=\"#475569\" label=\"\"");
		break;
	case DRAW_BOX:
		if (box->state->task != NULL)
			buf_add_cstr(out, "color=\"#3b6ea5\" "
					  "fillcolor=\"#eef4fb\" ");
		write_label(draw, &box->lines, out);
		break;
	case DRAW_GROUP:
		unreachable("groups are written as clusters");
	}
	buf_add_cstr(out, "]\n");
}

static void
write_boxes(const struct draw *draw, size_t parent, struct buf *out)
{
	for (size_t i = 0; i < draw->box_count; i++) {
		const struct draw_box *box = &draw->boxes[i];

		if (box->parent != parent)
			continue;
		if (box->shape != DRAW_GROUP) {
			write_node(draw, i, out);
			continue;
		}
		buf_addf(out,
		    "subgraph cluster_%zu {\nlabeljust=l style=\"rounded%s\" ",
		    i,
		    box->state->parent != NULL &&
			    box->state->parent->kind == STATE_PARALLEL
			? ",dashed"
			: "");
		write_label(draw, &box->lines, out);
		buf_add_char(out, '\n');
		write_boxes(draw, i, out);
		buf_add_cstr(out, "}\n");
	}
}

static const char *
arrow_look(enum draw_arrow_kind kind)
{
	switch (kind) {
	case DRAW_EVENT:
	case DRAW_BEGIN:
		return "color=\"#64748b\"";
	case DRAW_ERROR:
		return "color=\"#b0463c\"";
	case DRAW_DEADLINE:
		return "color=\"#a5660b\" style=dashed";
	case DRAW_ALARM:
		return "color=\"#a5660b\" style=dotted";
	}
	unreachable("every kind of arrow is above");
}

static void
write_arrow(
    const struct draw *draw, const struct draw_arrow *arrow, struct buf *out)
{
	size_t from = draw_node_for(draw, arrow->from, true);
	size_t to = draw_node_for(draw, arrow->to, false);

	buf_addf(out, "n%zu -> n%zu [%s ", from, to, arrow_look(arrow->kind));
	if (from != arrow->from)
		buf_addf(out, "ltail=cluster_%zu ", arrow->from);
	if (to != arrow->to)
		buf_addf(out, "lhead=cluster_%zu ", arrow->to);
	if (arrow->lines.count > 0)
		write_label(draw, &arrow->lines, out);
	buf_add_cstr(out, "]\n");
}

void
draw_dot(const struct draw *draw, struct buf *out)
{
	buf_addf(out, "digraph \"%.*s\" {\nlabelloc=t labeljust=l label=\"",
	    STR_ARG(draw->definition->name));
	write_escaped(out, draw->definition->title.bytes > 0
			       ? draw->definition->title
			       : draw->definition->name);
	buf_addf(out,
	    "\\l%.*s, version %lld\\l\"\n"
	    "compound=true rankdir=TB fontname=Helvetica\n"
	    "node [shape=box style=\"rounded,filled\" fontname=Helvetica "
	    "fontsize=12 color=\"#64748b\" fillcolor=\"#f8fafc\"]\n"
	    "edge [fontname=Helvetica fontsize=11 arrowsize=0.8]\n",
	    STR_ARG(draw->definition->name),
	    (long long)draw->definition->version);
	write_boxes(draw, DRAW_NOWHERE, out);
	for (size_t i = 0; i < draw->arrow_count; i++)
		write_arrow(draw, &draw->arrows[i], out);
	buf_add_cstr(out, "}\n");
}
