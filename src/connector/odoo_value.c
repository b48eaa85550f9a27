/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odoo_value.c: values in the forms that Odoo's fields take.
 *
 * A datetime field takes "2026-11-22 10:20:00" in UTC and refuses ISO 8601.
 * The cells of `load` are texts, as in the file that it was made to import: a
 * number is written digit for digit, and nothing is the empty text.
 */
#include "connector_priv.h"

static const struct value *
date_time_value(struct arena *arena, const struct date_time *date_time)
{
	struct buf text = buf_in(arena);
	struct date_time utc;
	int64_t seconds;
	uint32_t nanoseconds;

	date_time_to_utc(date_time, &seconds, &nanoseconds);
	utc = date_time_of_instant(seconds * 1000);
	date_format(utc.date, &text);
	buf_addf(&text, " %02d:%02d:%02d", utc.time.hour, utc.time.minute,
	    utc.time.second);
	return value_of_str(arena, buf_keep(&text));
}

static const struct value *
list_value(struct arena *arena, const struct value *list)
{
	struct value_builder *built = value_build_list(arena);

	for (size_t i = 0; i < list->as.list.count; i++)
		value_append(built, odoo_value(arena, list->as.list.items[i]));
	return value_built(built);
}

static const struct value *
context_value(struct arena *arena, const struct value *context)
{
	struct value_builder *built = value_build_context(arena);

	for (size_t i = 0; i < context->as.context.count; i++)
		value_put_kept(built, context->as.context.fields[i].key,
		    odoo_value(arena, context->as.context.fields[i].value));
	return value_built(built);
}

/* Most calls have none, and are given on as they are. */
static bool
has_date_time(const struct value *value)
{
	switch (value->type) {
	case VALUE_DATE_TIME:
		return true;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			if (has_date_time(value->as.list.items[i]))
				return true;
		return false;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			if (has_date_time(value->as.context.fields[i].value))
				return true;
		return false;
	default:
		return false;
	}
}

const struct value *
odoo_value(struct arena *arena, const struct value *value)
{
	if (!has_date_time(value))
		return value;
	if (value->type == VALUE_LIST)
		return list_value(arena, value);
	if (value->type == VALUE_CONTEXT)
		return context_value(arena, value);
	return date_time_value(arena, value->as.date_time);
}

static const struct value *
cell_value(struct arena *arena, const struct value *cell)
{
	struct str text = STR("");

	cell = odoo_value(arena, cell);
	if (cell->type == VALUE_STRING ||
	    (!value_is_null(cell) && !value_text(arena, cell, &text)))
		return cell;
	return value_of_str(arena, text);
}

static const struct value *
row_value(struct arena *arena, const struct value *row)
{
	struct value_builder *cells = value_build_list(arena);

	if (row->type != VALUE_LIST)
		return row;
	for (size_t i = 0; i < row->as.list.count; i++)
		value_append(cells, cell_value(arena, row->as.list.items[i]));
	return value_built(cells);
}

const struct value *
odoo_rows(struct arena *arena, const struct value *rows)
{
	struct value_builder *built = value_build_list(arena);

	if (rows->type != VALUE_LIST)
		return rows;
	for (size_t i = 0; i < rows->as.list.count; i++)
		value_append(built, row_value(arena, rows->as.list.items[i]));
	return value_built(built);
}
