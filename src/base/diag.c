/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.c: diagnostics gathered, sorted and shown.
 *
 * Sources come from outside: a line is shown with control characters and
 * broken UTF-8 replaced, so that a document cannot drive the terminal of
 * whoever reads the message, and a very long line is cut to a window around
 * the place.  Columns count code points; a tab is repeated in the line of the
 * caret, so that the caret stands right whatever the terminal's tab width.
 */
#include "stated/diag.h"

#include "stated/must.h"

#include <stdarg.h>
#include <stdlib.h>

#define DIAG_WINDOW_COLUMNS 120
#define DIAG_WINDOW_LEAD 60

struct diag_list {
	struct arena *arena;
	struct diag *items; /* in the order of adding */
	size_t count;
	size_t capacity;
	struct diag *sorted;
	size_t sorted_count;
};

struct level_look {
	const char *name;
	const char *colour;
};

static const struct level_look level_looks[] = {
    [DIAG_ERROR] = {"error", "\033[1;31m"},
    [DIAG_WARNING] = {"warning", "\033[1;35m"},
    [DIAG_NOTE] = {"note", "\033[1;36m"},
};

struct diag_list *
diag_list_new(void)
{
	struct diag_list *list = calloc(1, sizeof(*list));

	must(list != NULL);
	list->arena = arena_new();
	return list;
}

void
diag_list_free(struct diag_list **list)
{
	must(list != NULL);
	if (*list == NULL)
		return;
	arena_free(&(*list)->arena);
	free((*list)->sorted);
	free(*list);
	*list = NULL;
}

static struct str PRINTF_LIKE(2, 0)
format_text(struct arena *arena, const char *format, va_list arguments)
{
	struct buf text = {0};

	buf_addv(&text, format, arguments);
	struct str copy = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

void
diag_add(struct diag_list *list, enum diag_level level, const char *code,
    struct diag_span span, const char *format, ...)
{
	va_list arguments;

	must(level <= DIAG_NOTE);
	must(code != NULL);
	list->items = arena_grow(list->arena, list->items, list->count,
	    &list->capacity, sizeof(list->items[0]));
	struct diag *diag = &list->items[list->count++];
	*diag = (struct diag){.level = level, .code = code, .span = span};
	if (diag->span.column == 0)
		diag->span.column = 1;
	if (diag->span.columns == 0)
		diag->span.columns = 1;
	va_start(arguments, format);
	diag->message = format_text(list->arena, format, arguments);
	va_end(arguments);
	list->sorted_count = 0;
}

void
diag_repair(struct diag_list *list, const char *format, ...)
{
	va_list arguments;

	must(list->count > 0);
	va_start(arguments, format);
	list->items[list->count - 1].repair =
	    format_text(list->arena, format, arguments);
	va_end(arguments);
	list->sorted_count = 0;
}

void
diag_path(struct diag_list *list, struct str path)
{
	must(list->count > 0);
	list->items[list->count - 1].path = arena_str(list->arena, path);
	list->sorted_count = 0;
}

void
diag_copy(struct diag_list *list, const struct diag *diag,
    enum diag_level level)
{
	diag_add(list, level, diag->code, diag->span, "%.*s",
	    STR_ARG(diag->message));
	if (diag->path.at != NULL)
		diag_path(list, diag->path);
	if (diag->repair.at != NULL)
		diag_repair(list, "%.*s", STR_ARG(diag->repair));
}

size_t
diag_count(const struct diag_list *list, enum diag_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].level == level)
			count++;
	return count;
}

/* ---------------------------------------------------------------- sorting */

static struct str
file_of(const struct diag *diag)
{
	if (diag->span.source == NULL)
		return (struct str){NULL, 0};
	return diag->span.source->file;
}

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_places(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left;
	const struct diag *b = *(const struct diag *const *)right;
	int order = str_compare(file_of(a), file_of(b));

	if (order == 0)
		order = compare_numbers(a->span.line, b->span.line);
	if (order == 0)
		order = compare_numbers(a->span.column, b->span.column);
	/* At one place they stay in the order in which they were found. */
	return order != 0 ? order : (a > b) - (a < b);
}

const struct diag *
diag_sorted(struct diag_list *list, size_t *count)
{
	*count = list->count;
	if (list->sorted_count == list->count)
		return list->sorted;
	const struct diag **order = malloc(list->count * sizeof(order[0]));
	struct diag *sorted =
	    realloc(list->sorted, list->count * sizeof(sorted[0]));
	must(order != NULL && sorted != NULL);
	for (size_t i = 0; i < list->count; i++)
		order[i] = &list->items[i];
	qsort(order, list->count, sizeof(order[0]), compare_places);
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = *order[i];
	free(order);
	list->sorted = sorted;
	list->sorted_count = list->count;
	return sorted;
}

/* -------------------------------------------------------- text for people */

/* The line without its end; the absent string where there is none such. */
static struct str
line_at(struct str text, uint32_t line)
{
	struct str rest = text;
	struct str found = {NULL, 0};

	for (uint32_t i = 0; i < line; i++) {
		if (rest.at == NULL)
			return rest;
		found = str_split(rest, '\n', &rest);
	}
	if (found.bytes > 0 && found.at[found.bytes - 1] == '\r')
		found.bytes--;
	return found;
}

/* Takes a column from the front of a line: a code point, or a byte that
 * belongs to none, for which the absent string is given. */
static struct str
take_column(struct str *line)
{
	struct str column = str_codepoint_at(*line, 0);
	size_t bytes = column.bytes > 0 ? column.bytes : 1;

	*line = str_slice(*line, bytes, line->bytes);
	return column;
}

static void
add_column(struct buf *out, struct str column)
{
	unsigned char first = 0;

	if (column.bytes > 0)
		first = (unsigned char)column.at[0];
	bool is_c1 = first == 0xc2 && (unsigned char)column.at[1] < 0xa0;

	if (first == '\t' || (first >= 0x20 && first != 0x7f && !is_c1))
		buf_add_str(out, column);
	else
		buf_add_cstr(out, "\xef\xbf\xbd");
}

/* The part of a line that is shown. */
struct window {
	struct str line; /* from the first shown column on */
	uint32_t first;  /* that column, from 1 */
};

static struct window
window_of(struct str line, uint32_t column)
{
	struct window window = {line, 1};

	if (str_count_codepoints(line) <= DIAG_WINDOW_COLUMNS)
		return window;
	while (window.first + DIAG_WINDOW_LEAD < column &&
	    window.line.bytes > 0) {
		(void)take_column(&window.line);
		window.first++;
	}
	return window;
}

static void
format_line(struct buf *out, uint32_t number, struct window window)
{
	struct str left = window.line;

	buf_addf(out, "%5u | ", number);
	if (window.first > 1)
		buf_add_cstr(out, "\xe2\x80\xa6");
	for (int i = 0; i < DIAG_WINDOW_COLUMNS && left.bytes > 0; i++)
		add_column(out, take_column(&left));
	if (left.bytes > 0)
		buf_add_cstr(out, "\xe2\x80\xa6");
	buf_add_char(out, '\n');
}

static void
format_caret(struct buf *out, struct diag_span span, struct window window,
    bool colour)
{
	struct str left = window.line;

	buf_add_cstr(out, "      | ");
	if (window.first > 1)
		buf_add_char(out, ' ');
	for (uint32_t i = window.first; i < span.column; i++) {
		bool is_tab = left.bytes > 0 && left.at[0] == '\t';
		buf_add_char(out, is_tab ? '\t' : ' ');
		if (left.bytes > 0)
			(void)take_column(&left);
	}
	size_t columns_left = str_count_codepoints(left);
	if (columns_left > DIAG_WINDOW_COLUMNS - DIAG_WINDOW_LEAD)
		columns_left = DIAG_WINDOW_COLUMNS - DIAG_WINDOW_LEAD;
	buf_add_cstr(out, colour ? "\033[1;32m^" : "^");
	for (uint32_t i = 1; i < span.columns && i < columns_left; i++)
		buf_add_char(out, '~');
	buf_add_cstr(out, colour ? "\033[0m\n" : "\n");
}

void
diag_excerpt(struct buf *out, struct diag_span span, bool colour)
{
	if (span.source == NULL || span.line == 0)
		return;
	struct str line = line_at(span.source->text, span.line);
	/* What is missing at the end of a text has no line to show. */
	if (line.at == NULL)
		return;
	size_t columns = str_count_codepoints(line);
	if (span.column > columns + 1)
		span.column = (uint32_t)columns + 1;
	struct window window = window_of(line, span.column);
	format_line(out, span.line, window);
	format_caret(out, span, window, colour);
}

static void
format_heading(struct buf *out, const struct diag *diag, bool colour)
{
	const struct level_look *look = &level_looks[diag->level];
	const char *bold = colour ? "\033[1m" : "";
	const char *plain = colour ? "\033[0m" : "";

	if (diag->span.source != NULL) {
		buf_addf(out, "%s%.*s:", bold, STR_ARG(file_of(diag)));
		if (diag->span.line > 0)
			buf_addf(out, "%u:%u:", diag->span.line,
			    diag->span.column);
		buf_addf(out, "%s ", plain);
	}
	buf_addf(out, "%s%s:%s %.*s [%s]\n", colour ? look->colour : "",
	    look->name, plain, STR_ARG(diag->message), diag->code);
}

void
diag_format(struct diag_list *list, struct buf *out, bool colour)
{
	size_t count;
	const struct diag *diags = diag_sorted(list, &count);

	for (size_t i = 0; i < count; i++) {
		format_heading(out, &diags[i], colour);
		diag_excerpt(out, diags[i].span, colour);
		if (diags[i].path.at != NULL)
			buf_addf(out, "   path: %.*s\n",
			    STR_ARG(diags[i].path));
		if (diags[i].repair.at != NULL)
			buf_addf(out, "   %.*s\n", STR_ARG(diags[i].repair));
	}
}

/* ------------------------------------------------------------------- JSON */

static void
format_member(struct buf *out, const char *name, struct str text)
{
	buf_addf(out, "\"%s\":", name);
	if (text.at != NULL)
		buf_add_json_string(out, text);
	else
		buf_add_cstr(out, "null");
}

void
diag_format_json(struct diag_list *list, struct buf *out)
{
	size_t count;
	const struct diag *diags = diag_sorted(list, &count);

	buf_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		const struct diag *diag = &diags[i];
		buf_add_cstr(out, i > 0 ? ",\n{" : "{");
		format_member(out, "file", file_of(diag));
		buf_addf(out, ",\"line\":%u,\"column\":%u,", diag->span.line,
		    diag->span.line > 0 ? diag->span.column : 0);
		format_member(out, "level",
		    str_of(level_looks[diag->level].name));
		buf_add_char(out, ',');
		format_member(out, "code", str_of(diag->code));
		buf_add_char(out, ',');
		format_member(out, "message", diag->message);
		buf_add_char(out, ',');
		format_member(out, "repair", diag->repair);
		if (diag->path.at != NULL) {
			buf_add_char(out, ',');
			format_member(out, "path", diag->path);
		}
		buf_add_char(out, '}');
	}
	buf_add_cstr(out, "]\n");
}
