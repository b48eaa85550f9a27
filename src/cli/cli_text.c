/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_text.c: text for people: colours, times, aligned tables.
 *
 * What is shown comes from outside: whatever a terminal would obey is
 * replaced before it gets there.
 */
#include "cli_priv.h"

#include "stated/clock.h"

#include <time.h>

static const char *const colours[] = {
    [COLOUR_NONE] = "",
    [COLOUR_BOLD] = "\033[1m",
    [COLOUR_DIM] = "\033[2m",
    [COLOUR_RED] = "\033[31m",
    [COLOUR_GREEN] = "\033[32m",
    [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_BLUE] = "\033[34m",
};

void
cli_text_paint(
    FILE *out, bool has_colours, enum cli_colour colour, struct str text)
{
	bool paints = has_colours && colour != COLOUR_NONE;

	fprintf(out, "%s%.*s%s", paints ? colours[colour] : "", STR_ARG(text),
	    paints ? "\033[0m" : "");
}

enum cli_colour
cli_text_status(struct str status)
{
	static const struct {
		const char *name;
		enum cli_colour colour;
	} rows[] = {
	    {"running", COLOUR_BLUE},
	    {"waiting", COLOUR_NONE},
	    {"suspended", COLOUR_YELLOW},
	    {"completed", COLOUR_GREEN},
	    {"cancelled", COLOUR_DIM},
	    {"faulted", COLOUR_RED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_equal(status, str_of(rows[i].name)))
			return rows[i].colour;
	return COLOUR_NONE;
}

/* C0, DEL, C1 and the marks that turn the direction of writing. */
static bool
is_dangerous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

struct str
cli_text_clean(struct arena *arena, struct str text)
{
	struct buf clean = {0};
	struct str result;

	if (text.at == NULL)
		return STR("");
	for (size_t at = 0; at < text.bytes;) {
		struct str one = str_codepoint_at(text, at);
		size_t offset = 0;

		if (one.bytes == 0) {
			buf_add_char(&clean, '?');
			at++;
			continue;
		}
		if (is_dangerous(str_next_codepoint(one, &offset)))
			buf_add_char(&clean, ' ');
		else
			buf_add_str(&clean, one);
		at += one.bytes;
	}
	result = clean.bytes > 0 ? arena_str(arena, buf_str(&clean)) : STR("");
	buf_fini(&clean);
	return result;
}

/* In JSON such characters stand within strings only, where they may be written
 * otherwise; line feeds lay it out. */
void
cli_text_add_json(struct str json, struct buf *out)
{
	for (size_t at = 0; at < json.bytes;) {
		struct str one = str_codepoint_at(json, at);
		size_t offset = 0;
		uint32_t c;

		if (one.bytes == 0) {
			buf_add_char(out, '?');
			at++;
			continue;
		}
		c = str_next_codepoint(one, &offset);
		if (c != '\n' && is_dangerous(c))
			buf_addf(out, "\\u%04x", (unsigned)c);
		else
			buf_add_str(out, one);
		at += one.bytes;
	}
}

/* A list of plain values reads better without JSON's signs. */
static bool
is_plain_list(const struct value *value)
{
	if (value->type != VALUE_LIST)
		return false;
	for (size_t i = 0; i < value->as.list.count; i++)
		if (value->as.list.items[i]->type == VALUE_LIST ||
		    value->as.list.items[i]->type == VALUE_CONTEXT)
			return false;
	return true;
}

static struct str
text_of_list(struct arena *arena, const struct value *list)
{
	struct buf text = {0};
	struct str result;

	for (size_t i = 0; i < list->as.list.count; i++) {
		if (i > 0)
			buf_add_cstr(&text, ", ");
		buf_add_str(&text, cli_text_of(arena, list->as.list.items[i]));
	}
	result = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return result.at != NULL ? result : STR("");
}

struct str
cli_text_of(struct arena *arena, const struct value *value)
{
	struct buf text = {0};
	struct str result;

	if (value == NULL || value->type == VALUE_NULL)
		return STR("");
	if (value->type == VALUE_STRING)
		return cli_text_clean(arena, value->as.string);
	if (is_plain_list(value))
		return text_of_list(arena, value);
	json_write(value, JSON_PLAIN, &text);
	result = cli_text_clean(arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

struct str
cli_text_time(struct arena *arena, struct str instant)
{
	char text[64];
	int64_t ms;
	struct tm tm;
	time_t seconds;

	if (!clock_parse(instant, &ms))
		return cli_text_clean(arena, instant);
	seconds = (time_t)(ms / 1000);
	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return cli_text_clean(arena, instant);
	return arena_str(arena, str_of(text));
}

struct str
cli_text_age(struct arena *arena, struct str instant)
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}};
	int64_t ms, age_ms;

	if (!clock_parse(instant, &ms))
		return STR("");
	age_ms = clock_now_ms(clock_system()) - ms;
	if (age_ms < 0)
		age_ms = -age_ms;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (age_ms >= units[i].ms)
			return arena_strf(arena, "%lld%c",
			    (long long)(age_ms / units[i].ms), units[i].unit);
	return arena_strf(arena, "%llds", (long long)(age_ms / 1000));
}

/* ---- tables ---- */

#define TABLE_COLUMNS_MAX 12

struct cell {
	struct str text;
	enum cli_colour colour;
};

struct cli_table {
	struct arena *arena;
	const char *const *headings;
	size_t columns;
	size_t widths[TABLE_COLUMNS_MAX];
	struct cell *cells;
	size_t count;
	size_t capacity;
};

struct cli_table *
cli_table_new(struct arena *arena, const char *const *headings)
{
	struct cli_table *table = ARENA_NEW(arena, struct cli_table);

	table->arena = arena;
	table->headings = headings;
	for (; headings[table->columns] != NULL; table->columns++) {
		must(table->columns < TABLE_COLUMNS_MAX);
		table->widths[table->columns] =
		    strlen(headings[table->columns]);
	}
	return table;
}

void
cli_table_add(struct cli_table *table, struct str text)
{
	struct str clean = cli_text_clean(table->arena, text);
	size_t *width = &table->widths[table->count % table->columns];
	size_t columns = str_count_codepoints(clean);

	table->cells = arena_grow(table->arena, table->cells, table->count,
	    &table->capacity, sizeof(*table->cells));
	table->cells[table->count++] = (struct cell){clean, COLOUR_NONE};
	if (columns > *width)
		*width = columns;
}

void
cli_table_paint(struct cli_table *table, enum cli_colour colour)
{
	must(table->count > 0);
	table->cells[table->count - 1].colour = colour;
}

static void
print_cell(const struct cli_table *table, FILE *out, bool has_colours,
    size_t column, struct cell cell)
{
	size_t width = str_count_codepoints(cell.text);

	cli_text_paint(out, has_colours, cell.colour, cell.text);
	if (column + 1 == table->columns)
		fputc('\n', out);
	else
		fprintf(
		    out, "%*s", (int)(table->widths[column] - width) + 2, "");
}

void
cli_table_print(const struct cli_table *table, FILE *out, bool has_colours)
{
	must(table->count % table->columns == 0);
	for (size_t i = 0; i < table->columns; i++)
		print_cell(table, out, has_colours, i,
		    (struct cell){str_of(table->headings[i]), COLOUR_DIM});
	for (size_t i = 0; i < table->count; i++)
		print_cell(table, out, has_colours, i % table->columns,
		    table->cells[i]);
}
