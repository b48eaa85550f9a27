/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_write.c: values as JSON: plain, sent, typed, canonical or for reading.
 *
 * All the forms are one walk; they differ in how a scalar is written, whether
 * keys are sorted, whether a context gets a wrapper, and the white space.
 */
#include "stated/json.h"

#include <endian.h>
#include <stdlib.h>

#include "json_priv.h"

/* So many are sorted on the stack. */
#define FIELDS_FEW 16
/* \u001f */
#define ESCAPE_BYTES_MAX 6

struct writer {
	struct buf *out;
	enum json_form form;
	bool pretty;
	unsigned indent;
	struct arena *arena; /* for sorting; made when it is first needed */
};

static void write_value(struct writer *writer, const struct value *value);

/* ------------------------------------------------------------- strings */

/* What follows the backslash; 0: the byte has no short escape. */
static char
short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\f':
		return 'f';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

/* Which of a word's bytes, as they stand in memory, is the first not zero. */
static size_t
first_byte(uint64_t word)
{
	must(word != 0);
	return (size_t)__builtin_ctzll(le64toh(word)) / 8;
}

/* Sixteen bytes side by side: what GCC and clang make vectors of. */
typedef unsigned char lanes __attribute__((vector_size(16)));
#define LANES(c)                                                               \
	((lanes){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c})

/* The same as two words. */
typedef uint64_t words __attribute__((vector_size(16)));
#define WORD(c) (UINT64_C(0x0101010101010101) * (c))

/* Not zero where a byte must be escaped. */
static words
find_hits(lanes bytes)
{
	lanes hits = (lanes)(bytes < LANES(0x20)) |
	    (lanes)(bytes == LANES('"')) | (lanes)(bytes == LANES('\\'));

	return (words)hits;
}

/* How many of them stand for themselves before the first that does not. */
static size_t
count_lanes(const char *at)
{
	lanes bytes;

	memcpy(&bytes, at, sizeof(bytes));
	words hits = find_hits(bytes);
	if (hits[0] != 0)
		return first_byte(hits[0]);
	return hits[1] != 0 ? sizeof(hits[0]) + first_byte(hits[1])
			    : sizeof(lanes);
}

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

size_t
json_count_plain(struct str string, size_t from)
{
	size_t at = from;

	while (string.bytes - at >= sizeof(lanes)) {
		size_t count = count_lanes(string.at + at);
		at += count;
		if (count < sizeof(lanes))
			return at - from;
	}
	while (at < string.bytes && is_plain(string.at[at]))
		at++;
	return at - from;
}

/* The first few and the last few, which may overlap.  Each of these copies
 * bytes, and tells whether all stand for themselves. */
static inline bool
copy_ends(char *to, const char *from, size_t bytes, size_t few)
{
	uint64_t first = WORD(' '), last = WORD(' ');
	size_t rest = bytes - few;

	memcpy(&first, from, few);
	memcpy(&last, from + rest, few);
	memcpy(to, &first, few);
	memcpy(to + rest, &last, few);
	words hits = find_hits((lanes)(words){first, last});
	return (hits[0] | hits[1]) == 0;
}

static inline bool
copy_few(char *to, const char *from, size_t bytes)
{
	bool are = true;

	must(bytes < sizeof(lanes));
	if (bytes >= sizeof(uint64_t))
		return copy_ends(to, from, bytes, sizeof(uint64_t));
	if (bytes >= sizeof(uint32_t))
		return copy_ends(to, from, bytes, sizeof(uint32_t));
	for (size_t i = 0; i < bytes; i++) {
		to[i] = from[i];
		are = are && is_plain(from[i]);
	}
	return are;
}

/* As many at a time as a vector has; the last ones with some before them. */
static size_t
copy_many(char *to, struct str from)
{
	size_t at = 0, last = from.bytes - sizeof(lanes);

	must(from.bytes >= sizeof(lanes));
	for (;;) {
		size_t count = count_lanes(from.at + at);
		memcpy(to + at, from.at + at, sizeof(lanes));
		if (count < sizeof(lanes) || at == last)
			return at + count;
		at = at + sizeof(lanes) < last ? at + sizeof(lanes) : last;
	}
}

/* Copies bytes that stand for themselves, perhaps with others behind them,
 * and returns how many they are. */
static size_t
copy_plain(char *to, struct str from)
{
	if (from.bytes >= sizeof(lanes))
		return copy_many(to, from);
	return copy_few(to, from.at, from.bytes) ? from.bytes
						 : json_count_plain(from, 0);
}

/* Returns how many bytes it wrote. */
static size_t
put_escape(char to[ESCAPE_BYTES_MAX], unsigned char c)
{
	char escape = short_escape(c);

	to[0] = '\\';
	to[1] = escape;
	if (escape != 0)
		return 2;
	must(c < 0x20);
	memcpy(to + 1, "u00", 3);
	to[4] = (char)('0' + c / 16);
	to[5] = "0123456789abcdef"[c % 16];
	return ESCAPE_BYTES_MAX;
}

/* Into a buffer that has a bound, where no room may be reserved. */
static void
write_bounded(struct buf *out, struct str string)
{
	char escape[ESCAPE_BYTES_MAX];
	size_t at = 0;

	buf_add_char(out, '"');
	while (at < string.bytes) {
		size_t plain = json_count_plain(string, at);

		buf_add(out, string.at + at, plain);
		at += plain;
		if (at < string.bytes)
			buf_add(out, escape, put_escape(escape,
			    (unsigned char)string.at[at++]));
	}
	buf_add_char(out, '"');
}

static void
write_any(struct buf *out, struct str string)
{
	*buf_reserve(out, string.bytes + 2) = '"';
	out->bytes++;
	for (size_t at = 0; at < string.bytes;) {
		struct str rest = {string.at + at, string.bytes - at};
		char *to = buf_reserve(out, rest.bytes + ESCAPE_BYTES_MAX);
		size_t plain = copy_plain(to, rest);
		out->bytes += plain;
		at += plain;
		if (plain < rest.bytes)
			out->bytes += put_escape(to + plain,
			    (unsigned char)string.at[at++]);
	}
	buf_add_char(out, '"');
}

/* Keys, names and most texts are short and need no escape. */
void
json_write_string(struct buf *out, struct str string)
{
	if (out->bytes_max > 0) {
		write_bounded(out, string);
		return;
	}
	char *to = buf_reserve(out, string.bytes + 2);
	if (string.bytes >= sizeof(lanes) ||
	    !copy_few(to + 1, string.at, string.bytes)) {
		write_any(out, string);
		return;
	}
	to[0] = '"';
	to[string.bytes + 1] = '"';
	out->bytes += string.bytes + 2;
}

/* ------------------------------------------------------------- scalars */

/* Whether scalars are what they look like, without a form of their own. */
static bool
is_untyped(const struct writer *writer)
{
	return writer->form == JSON_PLAIN || writer->form == JSON_SENT;
}

static void
write_number_text(struct writer *writer, struct number number)
{
	char text[NUMBER_TEXT_BYTES];
	buf_add_str(writer->out, number_format(number, text));
}

/* The text of a date, time or duration, without quotes.  None of them needs
 * an escape: names of zones are letters, digits and "_+-/". */
static void
write_temporal_text(struct writer *writer, const struct value *value)
{
	switch (value->type) {
	case VALUE_DATE:
		date_format(value->as.date, writer->out);
		return;
	case VALUE_TIME:
		time_format(&value->as.time, writer->out);
		return;
	case VALUE_DATE_TIME:
		if (writer->form == JSON_SENT)
			date_time_format_offset(
			    value->as.date_time, writer->out);
		else
			date_time_format(value->as.date_time, writer->out);
		return;
	case VALUE_DURATION:
		duration_format(value->as.duration, writer->out);
		return;
	case VALUE_MONTHS:
		months_format(value->as.months, writer->out);
		return;
	default:
		unreachable("the caller has looked at the type");
	}
}

static void
open_form(struct writer *writer, const char *key)
{
	buf_add_cstr(writer->out, "{\"");
	buf_add_cstr(writer->out, key);
	buf_add_cstr(writer->out, "\":");
}

static void
close_form(struct writer *writer)
{
	buf_add_char(writer->out, '}');
}

static void
write_number(struct writer *writer, struct number number)
{
	bool as_is = is_untyped(writer) ||
	    (writer->form == JSON_CANONICAL && number_is_jcs_exact(number));
	if (as_is) {
		write_number_text(writer, number);
		return;
	}
	open_form(writer, JSON_KEY_NUMBER);
	buf_add_char(writer->out, '"');
	write_number_text(writer, number);
	buf_add_char(writer->out, '"');
	close_form(writer);
}

static const char *
temporal_key(enum value_type type)
{
	switch (type) {
	case VALUE_DATE:
		return JSON_KEY_DATE;
	case VALUE_TIME:
		return JSON_KEY_TIME;
	case VALUE_DATE_TIME:
		return JSON_KEY_DATE_TIME;
	case VALUE_DURATION:
	case VALUE_MONTHS:
		return JSON_KEY_DURATION;
	default:
		unreachable("the caller has looked at the type");
	}
}

static void
write_temporal(struct writer *writer, const struct value *value)
{
	bool typed = !is_untyped(writer);
	if (typed)
		open_form(writer, temporal_key(value->type));
	buf_add_char(writer->out, '"');
	write_temporal_text(writer, value);
	buf_add_char(writer->out, '"');
	if (typed)
		close_form(writer);
}

/* -------------------------------------------------------------- ranges */

/* An end as FEEL would write it; the range's own quotes come later. */
static void
format_end(struct writer *writer, const struct value *end)
{
	struct buf *out = writer->out;
	switch (end->type) {
	case VALUE_NUMBER:
		number_format_plain(end->as.number, out);
		return;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
		buf_add_cstr(out, "@\"");
		write_temporal_text(writer, end);
		buf_add_char(out, '"');
		return;
	default:
		write_value(writer, end);
		return;
	}
}

static void
format_range(struct writer *writer, const struct value_range *range)
{
	struct buf *out = writer->out;
	if (!range->low) {
		buf_add_cstr(out, range->high_closed ? "<= " : "< ");
		format_end(writer, range->high);
		return;
	}
	if (!range->high) {
		buf_add_cstr(out, range->low_closed ? ">= " : "> ");
		format_end(writer, range->low);
		return;
	}
	buf_add_char(out, range->low_closed ? '[' : '(');
	format_end(writer, range->low);
	buf_add_cstr(out, "..");
	format_end(writer, range->high);
	buf_add_char(out, range->high_closed ? ']' : ')');
}

/* FEEL's text as a JSON string: "[1..10)". */
static void
write_plain_range(struct writer *writer, const struct value_range *range)
{
	struct buf text = {0};
	struct writer inner = *writer;
	inner.out = &text;
	inner.pretty = false;
	format_range(&inner, range);
	writer->arena = inner.arena;
	json_write_string(writer->out, buf_str(&text));
	buf_fini(&text);
}

static void
write_end(struct writer *writer, const struct value *end)
{
	write_value(writer, end ? end : &value_null);
}

/* {"r":["[",1,10,")"]}; an end that is missing is null. */
static void
write_typed_range(struct writer *writer, const struct value_range *range)
{
	open_form(writer, JSON_KEY_RANGE);
	buf_add_cstr(writer->out, range->low_closed ? "[\"[\"," : "[\"(\",");
	write_end(writer, range->low);
	buf_add_char(writer->out, ',');
	write_end(writer, range->high);
	buf_add_cstr(writer->out, range->high_closed ? ",\"]\"]" : ",\")\"]");
	close_form(writer);
}

/* -------------------------------------------------- lists and contexts */

/* Starts the next item, or ends the last one, on a line of its own. */
static void
write_break(struct writer *writer)
{
	if (!writer->pretty)
		return;
	buf_add_char(writer->out, '\n');
	for (unsigned i = 0; i < writer->indent; i++)
		buf_add_cstr(writer->out, "  ");
}

static void
write_list(struct writer *writer, const struct value *list)
{
	size_t count = list->as.list.count;
	buf_add_char(writer->out, '[');
	writer->indent++;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(writer->out, ',');
		write_break(writer);
		write_value(writer, list->as.list.items[i]);
	}
	writer->indent--;
	if (count > 0)
		write_break(writer);
	buf_add_char(writer->out, ']');
}

/*
 * Order by UTF-16 code units, from UTF-8.  Both encodings order code points
 * alike but for one thing: UTF-16 writes those from U+10000 on (bytes F0 to
 * F4) with surrogates, which come before U+E000 to U+FFFF (bytes EE and EF).
 */
static int
compare_utf16(struct str a, struct str b)
{
	size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
	size_t i = 0;
	while (i < common && a.at[i] == b.at[i])
		i++;
	if (i == common)
		return (a.bytes > b.bytes) - (a.bytes < b.bytes);
	unsigned char x = (unsigned char)a.at[i];
	unsigned char y = (unsigned char)b.at[i];
	if (x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0))
		return x >= 0xf0 ? -1 : 1;
	return x < y ? -1 : 1;
}

static int
compare_fields(const void *a, const void *b)
{
	const struct value_field *const *x = a;
	const struct value_field *const *y = b;
	int order = compare_utf16((*x)->key, (*y)->key);

	must(order != 0 || *x == *y); /* no key stands twice */
	return order;
}

/* Few fields, which mostly stand in order already. */
static void
insert_fields(const struct value_field **sorted, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct value_field *moved = sorted[i];
		size_t to = i;
		for (; to > 0 && compare_fields(&moved, &sorted[to - 1]) < 0;
		     to--)
			sorted[to] = sorted[to - 1];
		sorted[to] = moved;
	}
}

struct fields {
	const struct value_field *at;
	size_t count;
};

static struct fields
fields_of(const struct value *context)
{
	return (struct fields){
		context->as.context.fields, context->as.context.count};
}

/* Those of both.  Fills `few` where it has room; else there is memory of the
 * arena's. */
static const struct value_field **
sort_fields(struct writer *writer, struct fields own, struct fields more,
    const struct value_field *few[FIELDS_FEW])
{
	size_t count = own.count + more.count;
	const struct value_field **sorted = few;
	if (count > FIELDS_FEW) {
		if (!writer->arena)
			writer->arena = arena_new();
		sorted = ARENA_ARRAY(writer->arena, count,
		    const struct value_field *);
	}
	for (size_t i = 0; i < own.count; i++)
		sorted[i] = &own.at[i];
	for (size_t i = 0; i < more.count; i++)
		sorted[own.count + i] = &more.at[i];
	if (count > FIELDS_FEW)
		qsort(sorted, count, sizeof(sorted[0]), compare_fields);
	else
		insert_fields(sorted, count);
	return sorted;
}

static void
write_field(struct writer *writer, const struct value_field *field, bool first)
{
	if (!first)
		buf_add_char(writer->out, ',');
	write_break(writer);
	json_write_string(writer->out, field->key);
	buf_add_char(writer->out, ':');
	if (writer->pretty)
		buf_add_char(writer->out, ' ');
	write_value(writer, field->value);
}

static void
write_sorted(struct writer *writer, struct fields own, struct fields more)
{
	const struct value_field *few[FIELDS_FEW];
	const struct value_field **sorted =
	    sort_fields(writer, own, more, few);

	must(writer->form == JSON_CANONICAL && !writer->pretty);
	buf_add_char(writer->out, '{');
	for (size_t i = 0; i < own.count + more.count; i++)
		write_field(writer, sorted[i], i == 0);
	buf_add_char(writer->out, '}');
}

static void
write_unsorted(struct writer *writer, struct fields fields)
{
	buf_add_char(writer->out, '{');
	writer->indent++;
	for (size_t i = 0; i < fields.count; i++)
		write_field(writer, &fields.at[i], i == 0);
	writer->indent--;
	if (fields.count > 0)
		write_break(writer);
	buf_add_char(writer->out, '}');
}

static void
write_fields(struct writer *writer, const struct value *context)
{
	static const struct fields none;

	if (writer->form == JSON_CANONICAL)
		write_sorted(writer, fields_of(context), none);
	else
		write_unsorted(writer, fields_of(context));
}

static void
write_context(struct writer *writer, const struct value *context)
{
	bool wrapped = writer->form == JSON_TYPED ||
	    (writer->form == JSON_CANONICAL && json_looks_typed(context));
	if (wrapped)
		open_form(writer, JSON_KEY_CONTEXT);
	write_fields(writer, context);
	if (wrapped)
		close_form(writer);
}

static void
write_value(struct writer *writer, const struct value *value)
{
	must(value);
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_FUNCTION:
		buf_add_cstr(writer->out, "null");
		return;
	case VALUE_BOOLEAN:
		buf_add_cstr(writer->out, value->as.boolean ? "true" : "false");
		return;
	case VALUE_NUMBER:
		write_number(writer, value->as.number);
		return;
	case VALUE_STRING:
		json_write_string(writer->out, value->as.string);
		return;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
		write_temporal(writer, value);
		return;
	case VALUE_LIST:
		write_list(writer, value);
		return;
	case VALUE_CONTEXT:
		write_context(writer, value);
		return;
	case VALUE_RANGE:
		if (is_untyped(writer))
			write_plain_range(writer, value->as.range);
		else
			write_typed_range(writer, value->as.range);
		return;
	}
	unreachable("all types are listed");
}

void
json_write(const struct value *value, enum json_form form, struct buf *out)
{
	must(out);
	struct writer writer = {.out = out, .form = form};
	write_value(&writer, value);
	arena_free(&writer.arena);
}

void
json_write_canonical_with(const struct value *context,
    const struct value_field *more, size_t count, struct buf *out)
{
	must(out);
	must(context->type == VALUE_CONTEXT);
	must(context->as.context.count + count > 1); /* looks not typed */
	struct writer writer = {.out = out, .form = JSON_CANONICAL};
	write_sorted(
	    &writer, fields_of(context), (struct fields){more, count});
	arena_free(&writer.arena);
}

void
json_write_pretty(const struct value *value, struct buf *out)
{
	must(out);
	struct writer writer = {.out = out, .form = JSON_PLAIN, .pretty = true};
	write_value(&writer, value);
	arena_free(&writer.arena);
}
