/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_layout.c: where everything goes, by Graphviz in this process.
 *
 * Graphviz gets boxes of the sizes that we need, without a text in them, and
 * gives back places.  So it loads no fonts, and what it makes of them is not
 * our concern.  Its plug-in for layouts is linked, so that it looks for none.
 *
 * Graphviz keeps its state in globals of the process: one lock around all of
 * it, which is why the lock is a global too.  What it has to say it says
 * through a callback, which takes no argument of ours: the words are kept
 * beside the lock and under it.
 *
 * It forgets to free some of what it knows about groups (a few kilobytes a
 * layout, up to version 2.43 at least).  Whoever lays out again and again
 * keeps what was placed; a leak detector is told not to look at these calls.
 */
#include "draw_priv.h"

#include <gvc.h>
#include <pthread.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_DETECTOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_DETECTOR 1
#endif
#endif
#ifdef HAS_LEAK_DETECTOR
#include <sanitizer/lsan_interface.h>
#define FORGETS_BEGIN() __lsan_disable()
#define FORGETS_END() __lsan_enable()
#else
#define FORGETS_BEGIN() ((void)0)
#define FORGETS_END() ((void)0)
#endif

#define POINTS_PER_INCH 72

static pthread_mutex_t graphviz_lock = PTHREAD_MUTEX_INITIALIZER;
static struct buf graphviz_words;

extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
static const lt_symlist_t plugins[] = {
    {"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
    {NULL, NULL},
};

static int
words_cb(char *message)
{
	buf_add_cstr(&graphviz_words, message);
	return 0;
}

/* ---- the graph, as DOT without words ---- */

/* Graphviz takes sizes in inches. */
static void
write_inches(struct buf *dot, const char *name, int length)
{
	int thousandths = length * 10 / POINTS_PER_INCH;

	buf_addf(
	    dot, "%s=%d.%03d ", name, thousandths / 1000, thousandths % 1000);
}

/* Room for words that Graphviz doesn't know. */
static void
write_room(struct buf *dot, int width, int height)
{
	buf_addf(dot,
	    "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
	    "CELLPADDING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"%d\" HEIGHT=\"%d\">"
	    "<TR><TD></TD></TR></TABLE>>",
	    width / DRAW_POINT + 1, height / DRAW_POINT + 1);
}

static void
write_node(const struct draw *draw, size_t index, struct buf *dot)
{
	const struct draw_box *item = &draw->boxes[index];

	buf_addf(dot, "n%zu [", index);
	write_inches(dot, "width", item->area.width);
	write_inches(dot, "height", item->area.height);
	if (item->shape == DRAW_START || item->shape == DRAW_HISTORY)
		buf_add_cstr(dot, "shape=circle ");
	buf_add_cstr(dot, "];\n");
}

static void
write_boxes(const struct draw *draw, size_t parent, struct buf *dot)
{
	for (size_t i = 0; i < draw->box_count; i++) {
		const struct draw_box *item = &draw->boxes[i];

		if (item->parent != parent)
			continue;
		if (item->shape != DRAW_GROUP) {
			write_node(draw, i, dot);
			continue;
		}
		buf_addf(
		    dot, "subgraph cluster_%zu { margin=14; labeljust=l; ", i);
		write_room(dot, item->area.width, item->area.height);
		buf_add_cstr(dot, ";\n");
		write_boxes(draw, i, dot);
		buf_add_cstr(dot, "}\n");
	}
}

/* What an arrow weighs decides how straight and short it is: the way through
 * a process more than what leads off it. */
static int
weight_of(const struct draw *draw, const struct draw_arrow *arrow)
{
	const struct def_state *to = draw->boxes[arrow->to].state;

	if (arrow->kind == DRAW_BEGIN)
		return 8;
	if (arrow->kind != DRAW_EVENT)
		return 1;
	return to != NULL && to->kind == STATE_FINAL &&
		       to->outcome != ENDING_SUCCESS
		   ? 1
		   : 3;
}

static void
write_arrow(const struct draw *draw, size_t index, struct buf *dot)
{
	const struct draw_arrow *arrow = &draw->arrows[index];
	size_t from = draw_node_for(draw, arrow->from, true);
	size_t to = draw_node_for(draw, arrow->to, false);

	buf_addf(dot, "n%zu -> n%zu [key=a%zu weight=%d ", from, to, index,
	    weight_of(draw, arrow));
	if (from != arrow->from)
		buf_addf(dot, "ltail=cluster_%zu ", arrow->from);
	if (to != arrow->to)
		buf_addf(dot, "lhead=cluster_%zu ", arrow->to);
	if (arrow->label.height > 0)
		write_room(dot, arrow->label.width, arrow->label.height);
	buf_add_cstr(dot, "];\n");
}

/* By the new way of ranking no arrow lies within a rank: Graphviz 2 frees the
 * first rank twice where one with words does. */
static void
write_graph(const struct draw *draw, struct buf *dot)
{
	buf_add_cstr(dot,
	    "digraph g { compound=true newrank=true rankdir=TB nodesep=0.35 "
	    "ranksep=0.4 "
	    "node [shape=box fixedsize=true label=\"\"]\n"
	    "edge [arrowsize=0.8]\n");
	write_boxes(draw, DRAW_NOWHERE, dot);
	for (size_t i = 0; i < draw->arrow_count; i++)
		write_arrow(draw, i, dot);
	buf_add_cstr(dot, "}\n");
}

/* ---- reading places ---- */

/* A decimal in points at the front of *text, in hundredths; passes what
 * parts it from the next. */
static bool
take_length(struct str *text, int *length)
{
	bool is_negative = text->bytes > 0 && text->at[0] == '-';
	size_t at = is_negative ? 1 : 0, decimals = 0, digits = 0;
	bool has_point = false;
	int64_t value = 0;

	for (; at < text->bytes; at++) {
		char c = text->at[at];

		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		digits++;
		if (decimals < 2 && value < INT32_MAX / 1000)
			value = value * 10 + (c - '0');
		decimals += has_point && decimals < 2;
	}
	for (; decimals < 2; decimals++)
		value *= 10;
	*length = (int)(is_negative ? -value : value);
	if (at < text->bytes && (text->at[at] == ',' || text->at[at] == ' '))
		at++;
	*text = str_slice(*text, at, SIZE_MAX);
	return digits > 0;
}

/* Graphviz counts upwards. */
static bool
take_point(const struct draw *draw, struct str *text, struct draw_point *spot)
{
	if (!take_length(text, &spot->x) || !take_length(text, &spot->y))
		return false;
	spot->y = draw->extent.height - spot->y;
	return true;
}

static struct str
attribute(void *object, const char *name)
{
	return str_of(agget(object, (char *)name));
}

static bool
read_rectangle(struct draw *draw, struct str text, struct draw_area *area)
{
	struct draw_point low, high;

	if (!take_point(draw, &text, &low) || !take_point(draw, &text, &high))
		return false;
	*area = (struct draw_area){
	    .x = low.x,
	    .y = high.y,
	    .width = high.x - low.x,
	    .height = low.y - high.y,
	};
	return true;
}

/* Keeps the size and moves the middle. */
static bool
read_middle(struct draw *draw, struct str text, struct draw_area *area)
{
	struct draw_point middle;

	if (!take_point(draw, &text, &middle))
		return false;
	area->x = middle.x - area->width / 2;
	area->y = middle.y - area->height / 2;
	return true;
}

/* "e,x,y x,y x,y x,y x,y": the tip, then the curve. */
static bool
read_curve(struct draw *draw, struct str text, struct draw_arrow *arrow)
{
	struct draw_point spot;
	size_t capacity = 0;

	arrow->tip.x = INT32_MIN;
	if (str_has_prefix(text, STR("e,"))) {
		text = str_slice(text, 2, SIZE_MAX);
		if (!take_point(draw, &text, &arrow->tip))
			return false;
	}
	while (text.bytes > 0 && text.at[0] != ';') {
		if (!take_point(draw, &text, &spot))
			return false;
		arrow->points = arena_grow(draw->arena, arrow->points,
		    arrow->point_count, &capacity, sizeof(spot));
		arrow->points[arrow->point_count++] = spot;
	}
	if (arrow->point_count % 3 != 1 || arrow->point_count < 4)
		return false;
	if (arrow->tip.x == INT32_MIN)
		arrow->tip = arrow->points[arrow->point_count - 1];
	return true;
}

static bool
read_box(struct draw *draw, Agraph_t *graph, size_t index)
{
	char name[24];
	Agnode_t *node;

	snprintf(name, sizeof(name), "n%zu", index);
	node = agnode(graph, name, 0);
	return node != NULL && read_middle(draw, attribute(node, "pos"),
				   &draw->boxes[index].area);
}

/* Groups lie within groups. */
static bool
read_groups(struct draw *draw, Agraph_t *graph)
{
	struct str prefix = STR("cluster_");

	for (Agraph_t *group = agfstsubg(graph); group != NULL;
	     group = agnxtsubg(group)) {
		struct str name = str_of(agnameof(group));
		int64_t index;

		if (!str_has_prefix(name, prefix) ||
		    !str_parse_int(str_slice(name, prefix.bytes, SIZE_MAX), 0,
			(int64_t)draw->box_count - 1, &index) ||
		    !read_rectangle(draw, attribute(group, "bb"),
			&draw->boxes[index].area) ||
		    !read_groups(draw, group))
			return false;
	}
	return true;
}

static bool
read_arrows(struct draw *draw, Agraph_t *graph)
{
	for (Agnode_t *node = agfstnode(graph); node != NULL;
	     node = agnxtnode(graph, node))
		for (Agedge_t *edge = agfstout(graph, node); edge != NULL;
		     edge = agnxtout(graph, edge)) {
			struct str name = str_of(agnameof(edge));
			struct draw_arrow *arrow;
			int64_t index;

			if (!str_parse_int(str_slice(name, 1, SIZE_MAX), 0,
				(int64_t)draw->arrow_count - 1, &index))
				return false;
			arrow = &draw->arrows[index];
			if (!read_curve(draw, attribute(edge, "pos"), arrow) ||
			    (arrow->label.height > 0 &&
				!read_middle(draw, attribute(edge, "lp"),
				    &arrow->label)))
				return false;
		}
	return true;
}

static bool
read_places(struct draw *draw, Agraph_t *graph)
{
	struct str whole = attribute(graph, "bb");
	int ignored;

	draw->extent = (struct draw_area){0};
	if (!take_length(&whole, &ignored) || !take_length(&whole, &ignored) ||
	    !take_length(&whole, &draw->extent.width) ||
	    !take_length(&whole, &draw->extent.height))
		return false;
	for (size_t i = 0; i < draw->box_count; i++)
		if (draw->boxes[i].shape != DRAW_GROUP &&
		    !read_box(draw, graph, i))
			return false;
	return read_groups(draw, graph) && read_arrows(draw, graph);
}

/* ---- laying out ---- */

static bool
lay_out(struct draw *draw, GVC_t *context, const char *dot)
{
	Agraph_t *graph = agmemread(dot);
	bool is_placed;

	must(graph != NULL); /* the text is ours */
	FORGETS_BEGIN();
	is_placed = gvLayout(context, graph, "dot") == 0;
	if (is_placed)
		attach_attrs(graph);
	FORGETS_END();
	if (is_placed) {
		is_placed = read_places(draw, graph);
		(void)gvFreeLayout(context, graph);
	}
	(void)agclose(graph);
	return is_placed;
}

static void
say_why(struct buf *why)
{
	buf_add_cstr(why, "Graphviz could not lay the picture out");
	if (graphviz_words.bytes > 0) {
		buf_add_cstr(why, ": ");
		buf_add_str(why, str_trim(buf_str(&graphviz_words)));
	}
}

bool
draw_layout(struct draw *draw, struct buf *why)
{
	struct buf dot = {0};
	GVC_t *context;
	bool is_placed;

	write_graph(draw, &dot);
	must(pthread_mutex_lock(&graphviz_lock) == 0);
	(void)agseterrf(words_cb);
	(void)agseterr(AGERR);
	context = gvContextPlugins(plugins, 0);
	must(context != NULL);
	is_placed = lay_out(draw, context, buf_cstr(&dot));
	(void)gvFreeContext(context);
	if (!is_placed)
		say_why(why);
	buf_fini(&graphviz_words);
	must(pthread_mutex_unlock(&graphviz_lock) == 0);
	buf_fini(&dot);
	return is_placed;
}
