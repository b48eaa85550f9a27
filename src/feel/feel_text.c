/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_text.c: string(): values as text that FEEL would read again.
 */
#include "feel_priv.h"

#define QUOTED_BYTES_PER_STEP 16
#define ESCAPES_PER_STEP 2

static bool add_value(struct feel_run *run, const struct value *value,
    struct buf *out, unsigned depth);

/* Where the next character stands that needs a backslash, or the end. */
static size_t
skip_plain(struct str string, size_t at)
{
	while (at < string.bytes && string.at[at] != '"' &&
	    string.at[at] != '\\' && string.at[at] != '\n' &&
	    string.at[at] != '\r' && string.at[at] != '\t')
		at++;
	return at;
}

static bool
add_quoted(struct feel_run *run, struct str string, struct buf *out)
{
	static const char special[] = "\"\\\n\r\t";
	static const char escaped[] = "\"\\nrt";

	size_t escapes = 0;

	if (!feel_spend(run, string.bytes / QUOTED_BYTES_PER_STEP))
		return false;
	buf_add_char(out, '"');
	for (size_t at = 0;; at++) {
		size_t end = skip_plain(string, at);
		const char *found;

		buf_add_str(out, str_slice(string, at, end - at));
		at = end;
		if (at == string.bytes)
			break;
		found = strchr(special, string.at[at]);
		must(found != NULL && *found != '\0');
		buf_add_char(out, '\\');
		buf_add_char(out, escaped[found - special]);
		escapes++;
	}
	buf_add_char(out, '"');
	return feel_spend(run, escapes / ESCAPES_PER_STEP);
}

static bool
add_list(struct feel_run *run, const struct value *list, struct buf *out,
    unsigned depth)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < list->as.list.count; i++) {
		if (i > 0)
			buf_add_cstr(out, ", ");
		if (!add_value(run, list->as.list.items[i], out, depth))
			return false;
	}
	buf_add_char(out, ']');
	return true;
}

static bool
is_plain_key(struct str key)
{
	for (size_t i = 0; i < key.bytes; i++) {
		if (strchr("{}[](),:\"\\\n\r\t", key.at[i]) != NULL)
			return false;
	}
	return key.bytes > 0;
}

static bool
add_context(struct feel_run *run, const struct value *context,
    struct buf *out, unsigned depth)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < context->as.context.count; i++) {
		const struct value_field *field =
		    &context->as.context.fields[i];

		if (i > 0)
			buf_add_cstr(out, ", ");
		if (!feel_spend_bytes(run, field->key.bytes))
			return false;
		if (is_plain_key(field->key))
			buf_add_str(out, field->key);
		else if (!add_quoted(run, field->key, out))
			return false;
		buf_add_cstr(out, ": ");
		if (!add_value(run, field->value, out, depth))
			return false;
	}
	buf_add_char(out, '}');
	return true;
}

static bool
add_one_sided(struct feel_run *run, const struct value_range *range,
    struct buf *out, unsigned depth)
{
	const struct value *end = range->low;
	const char *sign;

	if (range->low != NULL && range->high != NULL)
		sign = "=";
	else if (range->low != NULL)
		sign = range->low_closed ? ">=" : ">";
	else
		sign = range->high_closed ? "<=" : "<";
	if (end == NULL)
		end = range->high;
	buf_add_cstr(out, sign);
	buf_add_char(out, ' ');
	return add_value(run, end, out, depth);
}

static bool
add_range(struct feel_run *run, const struct value_range *range,
    struct buf *out, unsigned depth)
{
	if (range->low == NULL || range->high == NULL ||
	    range->low == range->high)
		return add_one_sided(run, range, out, depth);
	buf_add_char(out, range->low_closed ? '[' : '(');
	if (!add_value(run, range->low, out, depth))
		return false;
	buf_add_cstr(out, "..");
	if (!add_value(run, range->high, out, depth))
		return false;
	buf_add_char(out, range->high_closed ? ']' : ')');
	return true;
}

/* What needs no quotes outside of lists, contexts and ranges. */
static bool
add_scalar(const struct value *value, struct buf *out)
{
	switch (value->type) {
	case VALUE_NULL:
		buf_add_cstr(out, "null");
		return true;
	case VALUE_BOOLEAN:
		buf_add_cstr(out, value->as.boolean ? "true" : "false");
		return true;
	case VALUE_NUMBER:
		number_format_plain(value->as.number, out);
		return true;
	case VALUE_DATE:
		date_format(value->as.date, out);
		return true;
	case VALUE_TIME:
		time_format(&value->as.time, out);
		return true;
	case VALUE_DATE_TIME:
		date_time_format(value->as.date_time, out);
		return true;
	case VALUE_DURATION:
		duration_format(value->as.duration, out);
		return true;
	case VALUE_MONTHS:
		months_format(value->as.months, out);
		return true;
	case VALUE_FUNCTION:
		buf_add_cstr(out, "function");
		return true;
	default:
		return false;
	}
}

static bool
is_temporal(const struct value *value)
{
	return value->type >= VALUE_DATE && value->type <= VALUE_MONTHS;
}

/* Pays for its digits: 10**6000 has 6001. */
static bool
add_bare(struct feel_run *run, const struct value *value, struct buf *out)
{
	size_t before = out->bytes;

	return add_scalar(value, out) &&
	    feel_spend_bytes(run, out->bytes - before);
}

static bool
add_value(struct feel_run *run, const struct value *value, struct buf *out,
    unsigned depth)
{
	if (depth == 0 || !feel_spend(run, 2) || buf_is_over(out))
		return false;
	switch (value->type) {
	case VALUE_STRING:
		return add_quoted(run, value->as.string, out);
	case VALUE_LIST:
		return add_list(run, value, out, depth - 1);
	case VALUE_CONTEXT:
		return add_context(run, value, out, depth - 1);
	case VALUE_RANGE:
		return add_range(run, value->as.range, out, depth - 1);
	default:
		break;
	}
	if (!is_temporal(value))
		return add_bare(run, value, out);
	buf_add_cstr(out, "@\"");
	if (!add_bare(run, value, out))
		return false;
	buf_add_char(out, '"');
	return true;
}

const struct value *
feel_text_of(struct feel_run *run, const struct value *value)
{
	struct buf out;

	if (value->type == VALUE_STRING)
		return value;
	buf_init(&out, feel_text_bytes_max(run));
	if (add_bare(run, value, &out) ||
	    add_value(run, value, &out, FEEL_VALUE_DEPTH_MAX) ||
	    buf_is_over(&out))
		return feel_text_take(run, &out);
	buf_fini(&out);
	return NULL;
}

/* The budget keeps what is written in proportion to what is shown. */
struct str
feel_text(struct arena *arena, const struct value *value, size_t bytes_max)
{
	struct feel_env env = {.arena = arena};
	struct feel_run run = {
		.env = &env,
		.arena = arena,
		.steps = 16 + (int64_t)bytes_max,
		.bytes_max = SIZE_MAX,
	};
	struct value start = {.type = VALUE_STRING};
	struct buf out = {0};
	bool is_whole;
	struct str text;

	if (value->type == VALUE_STRING) {
		start.as.string = str_slice(value->as.string, 0, bytes_max);
		value = &start;
	}
	is_whole = add_value(&run, value, &out, FEEL_VALUE_DEPTH_MAX) &&
	    out.bytes <= bytes_max;
	text = str_slice(buf_str(&out), 0, bytes_max);
	/* Cut between characters. */
	while (!is_whole && !str_is_utf8(text))
		text.bytes--;
	text = arena_strf(arena, "%.*s%s", STR_ARG(text), is_whole ? "" : "…");
	buf_fini(&out);
	return text;
}
