/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_svg.c: the picture as SVG, for a browser, a page or a printer.
 *
 * The document says what it shows to those who can't see it (title, desc and
 * a title on every state and arrow), and nothing by colour alone: deadlines
 * are dashed and have a clock, errors say so, where an instance stands is
 * written beside it.
 */
#include "draw_priv.h"

#define MARGIN (24 * DRAW_POINT)
#define BOX_PADDING (10 * DRAW_POINT)
#define LABEL_PADDING (3 * DRAW_POINT)
#define HEADING_WIDTH (560 * DRAW_POINT)
#define TITLE_HEIGHT (26 * DRAW_POINT)
#define HEADING_GAP (20 * DRAW_POINT)
#define LEGEND_GAP (16 * DRAW_POINT)
#define LEGEND_ABOVE (6 * DRAW_POINT)
#define ICON_SIZE 13

static const char *const style_classes[] = {
#define X(symbol, class, size, bold) [DRAW_##symbol] = class,
    DRAW_STYLES(X)
#undef X
};
static const char *const icon_ids[] = {
#define X(symbol, id, word) [DRAW_ICON_##symbol] = id,
    DRAW_ICONS(X)
#undef X
};
static const char *const arrow_classes[] = {
#define X(symbol, class) [DRAW_##symbol] = class,
    DRAW_ARROWS(X)
#undef X
};

static const char style_sheet[] =
    "text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',"
    "'Nimbus Sans',sans-serif;fill:#1f2937}\n"
    ".paper{fill:#ffffff}\n"
    ".title{font-size:20px;font-weight:600}\n"
    ".name{font-size:14px;font-weight:600}\n"
    ".step{font-size:12px}\n"
    ".note,.dim,.label{font-size:11px}\n"
    ".dim,.note{fill:#526071}\n"
    ".label{fill:#374151}\n"
    ".box{fill:#f8fafc;stroke:#64748b;stroke-width:1.2}\n"
    ".rule{stroke:#cbd5e1}\n"
    ".task>.box{fill:#eef4fb;stroke:#3b6ea5}\n"
    ".group>.box{fill:#64748b;fill-opacity:.06;stroke:#94a3b8}\n"
    ".region>.box{stroke-dasharray:7 4}\n"
    ".success>.box{fill:#e9f5ee;stroke:#2f7d54}\n"
    ".failure>.box{fill:#fbecea;stroke:#b0463c}\n"
    ".cancelled>.box{fill:#f1f2f4;stroke:#6b7280}\n"
    ".ring{fill:none;stroke-width:1.2}\n"
    ".success>.ring{stroke:#2f7d54}\n"
    ".failure>.ring{stroke:#b0463c}\n"
    ".cancelled>.ring{stroke:#6b7280}\n"
    ".dot{fill:#475569}\n"
    ".within{fill:none;stroke:#94a3b8}\n"
    ".arrow path{fill:none;stroke:#64748b;stroke-width:1.3}\n"
    ".arrow .head{fill:#64748b;stroke:none}\n"
    ".error path{stroke:#b0463c}.error .head{fill:#b0463c}\n"
    ".deadline path{stroke:#a5660b;stroke-dasharray:6 4}"
    ".deadline .head{fill:#a5660b}\n"
    ".alarm path{stroke:#a5660b;stroke-dasharray:2 3}"
    ".alarm .head{fill:#a5660b}\n"
    ".back{fill:#ffffff;fill-opacity:.88}\n"
    ".icon{fill:none;stroke:#526071;stroke-width:1.2;stroke-linecap:round;"
    "stroke-linejoin:round}\n"
    ".deadline .icon,.alarm .icon{stroke:#a5660b}\n"
    ".active>.box{stroke:#1d5fd1;stroke-width:3}\n"
    ".badge rect{fill:#1d5fd1}.badge text{fill:#ffffff;font-size:11px;"
    "font-weight:600}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e5e9f0}.paper{fill:#14181f}.dim,.note{fill:#a3afbf}"
    ".label{fill:#cbd5e1}\n"
    ".box{fill:#1e252f;stroke:#8091a7}.rule{stroke:#3a4656}\n"
    ".task>.box{fill:#1b2a3b;stroke:#6fa0d8}\n"
    ".success>.box{fill:#16302a;stroke:#57b386}"
    ".success>.ring{stroke:#57b386}\n"
    ".failure>.box{fill:#3a2120;stroke:#e07d73}"
    ".failure>.ring{stroke:#e07d73}\n"
    ".cancelled>.box{fill:#262b33;stroke:#98a2b3}"
    ".cancelled>.ring{stroke:#98a2b3}\n"
    ".dot{fill:#a3afbf}.back{fill:#14181f}.icon{stroke:#a3afbf}\n"
    ".arrow path{stroke:#8091a7}.arrow .head{fill:#8091a7}\n"
    ".error path{stroke:#e07d73}.error .head{fill:#e07d73}\n"
    ".deadline path,.alarm path{stroke:#dca54c}"
    ".deadline .head,.alarm .head{fill:#dca54c}"
    ".deadline .icon,.alarm .icon{stroke:#dca54c}\n"
    ".active>.box{stroke:#6ea4ff}.badge rect{fill:#2f6fe0}\n"
    "}\n";

/* On a field of 12 by 12. */
static const char icons[] =
    "<symbol id=\"call\" viewBox=\"0 0 12 12\">"
    "<path d=\"M1 6H10M7 3L10 6L7 9\"/></symbol>\n"
    "<symbol id=\"verify\" viewBox=\"0 0 12 12\">"
    "<path d=\"M2 6.5L5 9.5L10.5 2.5\"/></symbol>\n"
    "<symbol id=\"undo\" viewBox=\"0 0 12 12\">"
    "<path d=\"M4 1.5L1.5 4L4 6.5M1.5 4H7.5A3 3 0 0 1 7.5 10H4\"/></symbol>\n"
    "<symbol id=\"person\" viewBox=\"0 0 12 12\">"
    "<circle cx=\"6\" cy=\"3.5\" r=\"2.3\"/>"
    "<path d=\"M1.5 11C1.5 5.8 10.5 5.8 10.5 11Z\"/></symbol>\n"
    "<symbol id=\"clock\" viewBox=\"0 0 12 12\">"
    "<circle cx=\"6\" cy=\"6\" r=\"4.8\"/><path d=\"M6 3V6L8.2 7.4\"/>"
    "</symbol>\n"
    "<symbol id=\"bell\" viewBox=\"0 0 12 12\">"
    "<path d=\"M1.5 9H10.5C9 7.5 9.4 6 9.2 4.6C8.8 .6 3.2 .6 2.8 4.6"
    "C2.6 6 3 7.5 1.5 9ZM5 11H7\"/></symbol>\n"
    "<symbol id=\"child\" viewBox=\"0 0 12 12\">"
    "<rect x=\"1\" y=\"1\" width=\"10\" height=\"10\" rx=\"2\"/>"
    "<path d=\"M6 3.5V8.5M3.5 6H8.5\"/></symbol>\n";

/* What the signs mean; only those that are used are told. */
static const struct {
	enum draw_icon icon;
	const char *meaning;
} legend[] = {
    {DRAW_ICON_CALL, "calls"},
    {DRAW_ICON_CHILD, "starts another workflow"},
    {DRAW_ICON_CHECK, "asked when nobody knows whether it happened"},
    {DRAW_ICON_UNDO, "undone by, or undoes"},
    {DRAW_ICON_PERSON, "a person decides"},
    {DRAW_ICON_BELL, "is told, after that time"},
    {DRAW_ICON_CLOCK, "when that time is over"},
};
#define LEGEND_COUNT (sizeof(legend) / sizeof(legend[0]))

struct page {
	const struct draw *draw;
	const struct draw_marks *marks;
	struct buf *out;
	struct arena *arena;
	struct draw_lines heading;
	struct draw_lines legend;
	int heading_height;
	int width; /* of what stands between the margins */
};

/* ---- writing ---- */

/* What XML can't carry is left out. */
static void
write_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];

		if (c == '&')
			buf_add_cstr(out, "&amp;");
		else if (c == '<')
			buf_add_cstr(out, "&lt;");
		else if (c == '>')
			buf_add_cstr(out, "&gt;");
		else if (c == '"')
			buf_add_cstr(out, "&quot;");
		else if ((unsigned char)c >= ' ' || c == '\n')
			buf_add_char(out, c);
	}
}

static void
write_length(struct buf *out, int length)
{
	unsigned magnitude =
	    length < 0 ? 0u - (unsigned)length : (unsigned)length;

	buf_addf(out, "%s%u", length < 0 ? "-" : "", magnitude / DRAW_POINT);
	if (magnitude % DRAW_POINT > 0)
		buf_addf(out, ".%02u", magnitude % DRAW_POINT);
}

static void
write_number(struct buf *out, const char *name, int length)
{
	buf_addf(out, " %s=\"", name);
	write_length(out, length);
	buf_add_char(out, '"');
}

static void
write_rectangle(
    struct buf *out, const char *class, struct draw_area area, int radius)
{
	buf_addf(out, "<rect class=\"%s\"", class);
	write_number(out, "x", area.x);
	write_number(out, "y", area.y);
	write_number(out, "width", area.width);
	write_number(out, "height", area.height);
	write_number(out, "rx", radius);
	buf_add_cstr(out, "/>\n");
}

static void
write_words(struct buf *out, const char *class, int x, int y, struct str text)
{
	buf_addf(out, "<text class=\"%s\"", class);
	write_number(out, "x", x);
	write_number(out, "y", y);
	buf_add_char(out, '>');
	write_text(out, text);
	buf_add_cstr(out, "</text>\n");
}

static void
write_icon(struct buf *out, enum draw_icon icon, int x, int y)
{
	buf_addf(out, "<use class=\"icon\" href=\"#%s\"", icon_ids[icon]);
	write_number(out, "x", x);
	write_number(out, "y", y);
	buf_addf(out, " width=\"%d\" height=\"%d\"/>\n", ICON_SIZE, ICON_SIZE);
}

/* Lines from (x, y) down; gives where they end. */
static int
write_lines(
    struct buf *out, const struct draw_lines *lines, size_t from, int x, int y)
{
	for (size_t i = from; i < lines->count; i++) {
		const struct draw_line *line = &lines->items[i];
		int height = draw_text_height(line);
		int left = draw_text_left(line);
		int baseline = y + draw_text_size(line->style) * DRAW_POINT;

		if (line->icon != DRAW_ICON_BARE && !line->continues)
			write_icon(out, line->icon,
			    x + line->indent * DRAW_POINT,
			    y + (height - ICON_SIZE * DRAW_POINT) / 2);
		write_words(out, style_classes[line->style], x + left, baseline,
		    line->text);
		y += height;
	}
	return y;
}

/* ---- boxes ---- */

static bool
is_active(const struct page *page, const struct def_state *state)
{
	return str_is_among(
	    state->name, page->marks->active, page->marks->active_count);
}

static bool
is_region(const struct def_state *state)
{
	return state->parent != NULL && state->parent->kind == STATE_PARALLEL;
}

static void
write_classes(const struct page *page, const struct draw_box *box)
{
	const struct def_state *state = box->state;

	buf_addf(page->out, "<g class=\"state%s%s%s",
	    box->shape == DRAW_GROUP ? " group" : "",
	    state->task != NULL ? " task" : "",
	    is_region(state) ? " region" : "");
	if (box->shape == DRAW_FINAL)
		buf_addf(page->out, " %.*s",
		    STR_ARG(def_ending_name(state->outcome)));
	buf_addf(page->out, "%s\" id=\"state-",
	    is_active(page, state) ? " active" : "");
	write_text(page->out, state->name);
	buf_add_cstr(page->out, "\">\n<title>");
	write_text(page->out, state->name);
	if (state->description.bytes > 0) {
		buf_add_cstr(page->out, ": ");
		write_text(page->out, state->description);
	}
	buf_add_cstr(page->out, "</title>\n");
}

/* Upon the lower right corner: most arrows come from above. */
static void
write_badge(struct buf *out, const struct draw_area *area)
{
	struct draw_area badge = {
	    .width = draw_text_width(STR("active"), DRAW_NAME),
	    .height = 17 * DRAW_POINT,
	};

	badge.x = area->x + area->width - badge.width - 6 * DRAW_POINT;
	badge.y = area->y + area->height - badge.height / 2;
	buf_add_cstr(out, "<g class=\"badge\">\n");
	write_rectangle(out, "pin", badge, badge.height / 2);
	write_words(out, "pin", badge.x + 6 * DRAW_POINT,
	    badge.y + 12 * DRAW_POINT, STR("active"));
	buf_add_cstr(out, "</g>\n");
}

static struct draw_area
shrink(struct draw_area area, int by)
{
	return (struct draw_area){
	    .x = area.x + by,
	    .y = area.y + by,
	    .width = area.width - 2 * by,
	    .height = area.height - 2 * by,
	};
}

/* Below the name, where more follows. */
static void
write_rule(struct buf *out, const struct draw_box *box, int y)
{
	buf_add_cstr(out, "<line class=\"rule\"");
	write_number(out, "x1", box->area.x + 1 * DRAW_POINT);
	write_number(out, "x2", box->area.x + box->area.width - DRAW_POINT);
	write_number(out, "y1", y);
	write_number(out, "y2", y);
	buf_add_cstr(out, "/>\n");
}

/* How many lines at its head are the name. */
static size_t
heading_rows(const struct draw_lines *lines)
{
	size_t rows = 0;

	while (rows < lines->count && (lines->items[rows].style == DRAW_NAME ||
					  lines->items[rows].style == DRAW_AKA))
		rows++;
	return rows;
}

static void
write_box(const struct page *page, const struct draw_box *box)
{
	struct draw_lines head = box->lines;
	int radius =
	    box->shape == DRAW_FINAL ? 16 * DRAW_POINT : 8 * DRAW_POINT;
	int x = box->area.x + BOX_PADDING, y = box->area.y + BOX_PADDING;

	write_classes(page, box);
	write_rectangle(page->out, "box", box->area, radius);
	if (box->shape == DRAW_FINAL)
		write_rectangle(page->out, "ring",
		    shrink(box->area, 3 * DRAW_POINT), radius - 3 * DRAW_POINT);
	head.count = heading_rows(&head);
	y = write_lines(page->out, &head, 0, x, y);
	if (head.count < box->lines.count && box->shape == DRAW_BOX)
		write_rule(page->out, box, y + DRAW_POINT);
	if (box->shape == DRAW_BOX)
		y += 3 * DRAW_POINT;
	(void)write_lines(page->out, &box->lines, head.count, x, y);
	if (is_active(page, box->state))
		write_badge(page->out, &box->area);
	buf_add_cstr(page->out, "</g>\n");
}

static void
write_circle(struct buf *out, const char *class, const struct draw_area *area)
{
	buf_addf(out, "<circle class=\"%s\"", class);
	write_number(out, "cx", area->x + area->width / 2);
	write_number(out, "cy", area->y + area->height / 2);
	write_number(out, "r", area->width / 2);
	buf_add_cstr(out, "/>\n");
}

static void
write_history(const struct page *page, const struct draw_box *box)
{
	struct str text = box->state->deep ? STR("H*") : STR("H");

	write_classes(page, box);
	write_circle(page->out, "box", &box->area);
	write_words(page->out, "step",
	    box->area.x + box->area.width / 2 -
		draw_text_width(text, DRAW_STEP) / 2,
	    box->area.y + box->area.height / 2 + 4 * DRAW_POINT, text);
	buf_add_cstr(page->out, "</g>\n");
}

static void
write_shape(const struct page *page, const struct draw_box *box)
{
	switch (box->shape) {
	case DRAW_BOX:
	case DRAW_FINAL:
		write_box(page, box);
		return;
	case DRAW_HISTORY:
		write_history(page, box);
		return;
	case DRAW_START:
		write_circle(page->out, "dot", &box->area);
		return;
	case DRAW_WITHIN:
		write_rectangle(
		    page->out, "within", box->area, box->area.height / 2);
		(void)write_lines(page->out, &box->lines, 0,
		    box->area.x + 6 * DRAW_POINT, box->area.y + 3 * DRAW_POINT);
		return;
	case DRAW_FORK:
		write_rectangle(page->out, "dot", box->area, 2 * DRAW_POINT);
		return;
	case DRAW_GROUP:
		return; /* drawn before the arrows */
	}
	unreachable("every shape is above");
}

/* ---- arrows ---- */

static void
write_point(struct buf *out, const char *before, struct draw_point point)
{
	buf_add_cstr(out, before);
	write_length(out, point.x);
	buf_add_char(out, ' ');
	write_length(out, point.y);
}

/* A triangle whose base stands across the line from its foot to its tip. */
static void
write_head(struct buf *out, struct draw_point foot, struct draw_point tip)
{
	int x = (tip.x - foot.x) * 2 / 5, y = (tip.y - foot.y) * 2 / 5;

	write_point(out, "<path class=\"head\" d=\"M", tip);
	write_point(out, "L", (struct draw_point){foot.x - y, foot.y + x});
	write_point(out, "L", (struct draw_point){foot.x + y, foot.y - x});
	buf_add_cstr(out, "Z\"/>\n");
}

static void
write_end_name(struct buf *out, const struct draw *draw, size_t box)
{
	const struct def_state *state = draw->boxes[box].state;

	if (state == NULL && draw->boxes[box].parent != DRAW_NOWHERE)
		state = draw->boxes[draw->boxes[box].parent].state;
	write_text(out, state ? state->name : STR("the start"));
}

static void
write_arrow(const struct page *page, const struct draw_arrow *arrow)
{
	struct buf *out = page->out;
	const struct draw_point *points = arrow->points;
	size_t last = arrow->point_count - 1;

	must(arrow->point_count > 0);
	buf_addf(
	    out, "<g class=\"arrow %s\"><title>", arrow_classes[arrow->kind]);
	write_end_name(out, page->draw, arrow->from);
	buf_add_cstr(out, " → ");
	write_end_name(out, page->draw, arrow->to);
	buf_add_cstr(out, "</title>");
	write_point(out, "<path d=\"M", points[0]);
	for (size_t i = 1; i <= last; i++)
		write_point(out, i % 3 == 1 ? "C" : " ", points[i]);
	buf_add_cstr(out, "\"/>");
	write_head(out, points[last], arrow->tip);
	buf_add_cstr(out, "</g>\n");
}

static void
write_label(const struct page *page, const struct draw_arrow *arrow)
{
	if (arrow->label.height == 0)
		return;
	buf_addf(page->out, "<g class=\"%s\">\n", arrow_classes[arrow->kind]);
	write_rectangle(page->out, "back", arrow->label, 3 * DRAW_POINT);
	(void)write_lines(page->out, &arrow->lines, 0,
	    arrow->label.x + LABEL_PADDING, arrow->label.y + LABEL_PADDING);
	buf_add_cstr(page->out, "</g>\n");
}

/* ---- the page ---- */

static struct str
title_of(const struct definition *definition)
{
	return definition->title.bytes > 0 ? definition->title
					   : definition->name;
}

/* For those who hear it. */
static void
write_description(const struct page *page)
{
	const struct definition *definition = page->draw->definition;
	size_t finals = 0;

	for (size_t i = 0; i < definition->state_count; i++)
		finals += definition->states[i]->kind == STATE_FINAL;
	buf_addf(page->out,
	    "<desc id=\"what\">The workflow %.*s, version %lld, as a "
	    "statechart: %zu states, of which %zu are final",
	    STR_ARG(definition->name), (long long)definition->version,
	    definition->state_count, finals);
	if (definition->initial.count > 0) {
		buf_add_cstr(page->out, "; it begins at ");
		write_text(page->out, definition->initial.items[0]->name);
	}
	for (size_t i = 0; i < page->marks->active_count; i++) {
		buf_add_cstr(page->out, i == 0 ? ". Active now: " : ", ");
		write_text(page->out, page->marks->active[i]);
	}
	buf_add_cstr(page->out, ".</desc>\n");
}

static void
write_open(const struct page *page, struct draw_area paper)
{
	buf_add_cstr(page->out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "aria-labelledby=\"title what\" viewBox=\"0 0 ");
	write_length(page->out, paper.width);
	buf_add_char(page->out, ' ');
	write_length(page->out, paper.height);
	buf_add_char(page->out, '"');
	write_number(page->out, "width", paper.width);
	write_number(page->out, "height", paper.height);
	buf_add_cstr(page->out, ">\n<title id=\"title\">");
	write_text(page->out, title_of(page->draw->definition));
	buf_add_cstr(page->out, "</title>\n");
	write_description(page);
	buf_addf(page->out, "<style>\n%s</style>\n<defs>\n%s</defs>\n",
	    style_sheet, icons);
	write_rectangle(page->out, "paper", paper, 0);
}

static bool
lines_use(const struct draw_lines *lines, enum draw_icon icon)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->items[i].icon == icon)
			return true;
	return false;
}

static bool
is_used(const struct draw *draw, enum draw_icon icon)
{
	for (size_t i = 0; i < draw->box_count; i++)
		if (lines_use(&draw->boxes[i].lines, icon))
			return true;
	for (size_t i = 0; i < draw->arrow_count; i++)
		if (lines_use(&draw->arrows[i].lines, icon))
			return true;
	return false;
}

static void
add_legend(struct page *page)
{
	for (size_t i = 0; i < LEGEND_COUNT; i++)
		if (is_used(page->draw, legend[i].icon))
			draw_text_add(page->arena, &page->legend,
			    (struct draw_line){
				.text = str_of(legend[i].meaning),
				.style = DRAW_NOTE,
				.icon = legend[i].icon,
			    },
			    1);
}

/* Beside one another, in as many rows as it takes; gives their height.
 * out NULL: only measures. */
static int
write_legend(const struct page *page, int y, struct buf *out)
{
	int x = 0, height = 0;

	for (size_t i = 0; i < page->legend.count; i++) {
		struct draw_lines one = {&page->legend.items[i], 1, 1, 0};
		struct draw_area extent = draw_text_extent(&one);

		if (x > 0 && x + extent.width > page->width)
			x = 0;
		if (x == 0)
			height += extent.height;
		if (out != NULL)
			(void)write_lines(out, &one, 0, MARGIN + x,
			    y + height - extent.height);
		x += extent.width + LEGEND_GAP;
	}
	return height;
}

static int
width_of(const struct page *page)
{
	int heading = draw_text_extent(&page->heading).width;
	int title =
	    draw_text_width(title_of(page->draw->definition), DRAW_NAME) * 20 /
	    14;
	int width = page->draw->extent.width;

	if (heading > width)
		width = heading;
	return title > width ? title : width;
}

static void
make_heading(struct page *page)
{
	const struct definition *definition = page->draw->definition;
	struct arena *arena = page->arena;
	struct draw_line line = {.style = DRAW_STEP};

	page->heading.width_max = HEADING_WIDTH;
	line.text = arena_strf(arena, "%.*s, version %lld",
	    STR_ARG(definition->name), (long long)definition->version);
	if (definition->owner != NULL)
		line.text = arena_strf(arena, "%.*s, owned by %.*s",
		    STR_ARG(line.text), STR_ARG(definition->owner->name));
	draw_text_add(arena, &page->heading, line, 2);
	line.style = DRAW_AKA;
	line.text = definition->description;
	if (line.text.bytes > 0)
		draw_text_add(arena, &page->heading, line, 4);
	page->legend.width_max = HEADING_WIDTH;
	add_legend(page);
	page->width = width_of(page);
	page->heading_height = TITLE_HEIGHT +
			       draw_text_extent(&page->heading).height +
			       write_legend(page, 0, NULL) + HEADING_GAP;
}

static void
write_heading(const struct page *page)
{
	int y = MARGIN + TITLE_HEIGHT;

	write_words(page->out, "title", MARGIN, MARGIN + 18 * DRAW_POINT,
	    title_of(page->draw->definition));
	y = write_lines(page->out, &page->heading, 0, MARGIN, y);
	(void)write_legend(page, y + LEGEND_ABOVE, page->out);
}

static struct draw_area
paper_of(const struct page *page)
{
	return (struct draw_area){
	    .width = page->width + 2 * MARGIN,
	    .height =
		page->draw->extent.height + page->heading_height + 2 * MARGIN,
	};
}

static void
write_drawing(const struct page *page)
{
	const struct draw *draw = page->draw;

	for (size_t i = 0; i < draw->box_count; i++)
		if (draw->boxes[i].shape == DRAW_GROUP)
			write_box(page, &draw->boxes[i]);
	for (size_t i = 0; i < draw->arrow_count; i++)
		write_arrow(page, &draw->arrows[i]);
	for (size_t i = 0; i < draw->box_count; i++)
		write_shape(page, &draw->boxes[i]);
	for (size_t i = 0; i < draw->arrow_count; i++)
		write_label(page, &draw->arrows[i]);
}

void
draw_svg(
    const struct draw *draw, const struct draw_marks *marks, struct buf *out)
{
	struct page page = {.draw = draw, .marks = marks, .out = out};

	must(draw->is_placed);
	must(marks != NULL);
	page.arena = arena_new();
	make_heading(&page);
	write_open(&page, paper_of(&page));
	write_heading(&page);
	buf_add_cstr(out, "<g transform=\"translate(");
	write_length(out, MARGIN);
	buf_add_char(out, ' ');
	write_length(out, MARGIN + page.heading_height);
	buf_add_cstr(out, ")\">\n");
	write_drawing(&page);
	buf_add_cstr(out, "</g>\n</svg>\n");
	arena_free(&page.arena);
}
