/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_text.c: how wide a text is, and where it is broken.
 *
 * The reader's browser chooses the font, so widths can only be estimated:
 * those of Helvetica, which all of the fonts we name share, and something on
 * top for the fonts that stand in for them.
 */
#include "draw_priv.h"

#include "stated/json.h"

#define ICON_POINTS 16
#define RESERVE_PERCENT 116
#define BOLD_PERCENT 113
/* What is no ASCII: wide enough for accents and Greek; what is beyond is
 * mostly as wide as it is high. */
#define FOREIGN_WIDTH 610
#define SQUARE_WIDTH 1000
#define SQUARE_FROM 0x1100

/* Of the characters from blank to tilde, in thousandths of the font's size. */
static const int widths[] = {278, 278, 355, 556, 556, 889, 667, 191, 333, 333,
    389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667,
    944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556,
    278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278,
    556, 500, 722, 500, 500, 500, 334, 260, 334, 584};

struct style {
	int size;
	bool bold;
};
static const struct style styles[] = {
#define X(symbol, class, size, bold) [DRAW_##symbol] = {size, bold},
    DRAW_STYLES(X)
#undef X
};

static const char *const words[] = {
#define X(symbol, id, word) [DRAW_ICON_##symbol] = word,
    DRAW_ICONS(X)
#undef X
};

int
draw_text_size(enum draw_style style)
{
	must((size_t)style < sizeof(styles) / sizeof(styles[0]));
	return styles[style].size;
}

static int
width_of(uint32_t codepoint)
{
	if (codepoint >= ' ' && codepoint <= '~')
		return widths[codepoint - ' '];
	return codepoint < SQUARE_FROM ? FOREIGN_WIDTH : SQUARE_WIDTH;
}

int
draw_text_width(struct str text, enum draw_style style)
{
	int64_t thousandths = 0;
	int percent = styles[style].bold ? BOLD_PERCENT : 100;

	for (size_t at = 0; at < text.bytes;)
		thousandths += width_of(str_next_codepoint(text, &at));
	return (int)(thousandths * styles[style].size * percent *
		     RESERVE_PERCENT / (1000 * 100));
}

int
draw_text_height(const struct draw_line *line)
{
	return draw_text_size(line->style) * DRAW_POINT * 135 / 100;
}

int
draw_text_left(const struct draw_line *line)
{
	return (line->indent +
		   (line->icon != DRAW_ICON_BARE ? ICON_POINTS : 0)) *
	       DRAW_POINT;
}

/* ---- breaking ---- */

/* After which a line may end though no blank follows. */
static bool
is_joint(char c)
{
	return c == '.' || c == '-' || c == '/' || c == '_' || c == ',';
}

/* How many bytes of the text go into a line of that width: as many whole
 * words as fit, else of a word what fits, at least one character. */
static size_t
fit(struct str text, enum draw_style style, int width)
{
	size_t end = 0, blank = 0, joint = 0;

	for (size_t at = 0; at < text.bytes;) {
		size_t before = at;
		char c = text.at[at];

		(void)str_next_codepoint(text, &at);
		if (c == ' ')
			blank = before;
		if (draw_text_width(str_slice(text, 0, at), style) > width &&
		    before > 0)
			return blank > 0 ? blank : joint > 0 ? joint : before;
		if (is_joint(c))
			joint = at;
		end = at;
	}
	return end;
}

/* Line feeds and tabs would break what is broken here. */
static struct str
flatten(struct arena *arena, struct str text)
{
	char *flat = arena_alloc(arena, text.bytes + 1);
	bool is_blank = true;
	size_t bytes = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		bool blank = (unsigned char)text.at[i] <= ' ';

		if (!blank || !is_blank)
			flat[bytes++] = blank ? ' ' : text.at[i];
		is_blank = blank;
	}
	return str_trim((struct str){flat, bytes});
}

static void
append(struct arena *arena, struct draw_lines *lines, struct draw_line line)
{
	lines->items = arena_grow(arena, lines->items, lines->count,
	    &lines->capacity, sizeof(*lines->items));
	lines->items[lines->count++] = line;
}

void
draw_text_add(struct arena *arena, struct draw_lines *lines,
    struct draw_line line, size_t rows)
{
	struct str rest = flatten(arena, line.text);
	int width = lines->width_max - draw_text_left(&line);

	must(rows > 0);
	for (size_t row = 1; rest.bytes > 0; row++) {
		size_t bytes = fit(rest, line.style, width);

		line.text = arena_str(arena, str_slice(rest, 0, bytes));
		rest = str_trim(str_slice(rest, bytes, SIZE_MAX));
		if (row == rows && rest.bytes > 0) {
			line.text = arena_strf(
			    arena, "%.*s…", STR_ARG(str_trim(line.text)));
			rest.bytes = 0;
		}
		append(arena, lines, line);
		line.continues = true;
	}
}

struct draw_area
draw_text_extent(const struct draw_lines *lines)
{
	struct draw_area extent = {0};

	for (size_t i = 0; i < lines->count; i++) {
		const struct draw_line *line = &lines->items[i];
		int width = draw_text_left(line) +
			    draw_text_width(line->text, line->style);

		if (width > extent.width)
			extent.width = width;
		extent.height += draw_text_height(line);
	}
	return extent;
}

struct str
draw_text_of(struct arena *arena, const struct template *template)
{
	struct buf text = {0};
	struct str result;

	if (template->kind == TEMPLATE_FEEL)
		return str_trim(template->text);
	if (template->kind != TEMPLATE_LITERAL)
		return STR("…");
	if (template->literal->type == VALUE_STRING)
		return template->literal->as.string;
	json_write(template->literal, JSON_PLAIN, &text);
	result = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

struct str
draw_text_plain(struct arena *arena, const struct draw_line *line)
{
	if (line->continues)
		return line->text;
	return arena_strf(
	    arena, "%s%.*s", words[line->icon], STR_ARG(line->text));
}
