/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_record.c: reading what a record of history says.
 *
 * Records come from a file that somebody may have changed: nothing here takes
 * a field for granted.
 */
#include "export_priv.h"

#include "stated/audit_tree.h"
#include "stated/clock.h"
#include "stated/json.h"

const struct value *
export_record_read(struct arena *arena, struct str canonical)
{
	struct json_error error;
	const struct value *record = json_read_typed(arena, canonical, &error);

	if (record == NULL || record->type != VALUE_CONTEXT)
		return NULL;
	return record;
}

const struct value *
export_record_read_or_empty(struct arena *arena, const struct export_row *row)
{
	const struct value *record =
	    export_record_read(arena, row->record.canonical);

	return record != NULL ? record
			      : value_built(value_build_context(arena));
}

void
export_record_name(struct export_telling *telling, const struct export_row *row)
{
	struct str name = export_record_instance(telling->scratch,
	    export_record_read_or_empty(telling->scratch, row));
	char id[AUDIT_ID_BYTES];

	buf_clear(&telling->name);
	buf_add_str(&telling->name, name);
	if (export_is_purged(row->instance))
		buf_add_str(&telling->name, audit_id_format(
		    store_identity(telling->store).bytes,
		    row->instance->number, id));
	else if (name.bytes == 0)
		buf_addf(&telling->name, "%llu",
		    (unsigned long long)row->instance->number);
}

bool
export_record_time(const struct value *record, int64_t *time_ms)
{
	must(record->type == VALUE_CONTEXT);
	const struct value *time = value_field_or_null(record, "time");
	if (time->type == VALUE_STRING)
		return clock_parse(time->as.string, time_ms);
	if (time->type == VALUE_DATE_TIME)
		return date_time_to_instant(time->as.date_time, time_ms);
	return false;
}

int64_t
export_record_time_or_zero(const struct value *record)
{
	int64_t time_ms = 0;

	return export_record_time(record, &time_ms) ? time_ms : 0;
}

bool
export_record_uint(const struct value *value, uint64_t *out)
{
	int64_t n;

	if (!value_to_int(value, &n) || n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

struct str
export_record_instance(struct arena *arena, const struct value *record)
{
	must(record->type == VALUE_CONTEXT);
	const struct value *instance = value_field_or_null(record, "instance");
	char text[NUMBER_TEXT_BYTES];

	if (instance->type == VALUE_STRING)
		return instance->as.string;
	if (instance->type != VALUE_NUMBER)
		return (struct str){NULL, 0};
	return arena_str(arena, number_format(instance->as.number, text));
}

bool
export_record_number(struct str name, uint64_t *number)
{
	uint64_t bits = 0;
	size_t digits = 0;

	if (name.bytes != DIGEST_UUID_BYTES - 1)
		return str_parse_int(name, 1, INT64_MAX, (int64_t *)number);
	for (size_t i = 19; i < name.bytes; i++) {
		char c = name.at[i];
		if (c == '-')
			continue;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		bits = bits << 4 |
		    (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		digits++;
	}
	*number = bits & (((uint64_t)1 << 62) - 1);
	return digits == 16;
}

bool
export_record_is_journal(struct str name)
{
	uint64_t number;

	return name.bytes == DIGEST_UUID_BYTES - 1 &&
	    export_record_number(name, &number) && number == STORE_JOURNAL;
}

static bool
is_list_of_strings(const struct value *value)
{
	if (value->type != VALUE_LIST)
		return false;
	for (size_t i = 0; i < value->as.list.count; i++)
		if (value->as.list.items[i]->type != VALUE_STRING)
			return false;
	return true;
}

void
export_record_text(struct buf *out, const struct value *value)
{
	must(value != NULL);
	if (value->type == VALUE_STRING) {
		buf_add_str(out, value->as.string);
	} else if (is_list_of_strings(value)) {
		for (size_t i = 0; i < value->as.list.count; i++) {
			if (i > 0)
				buf_add_char(out, ' ');
			buf_add_str(out, value->as.list.items[i]->as.string);
		}
	} else if (value->type != VALUE_NULL) {
		json_write(value, JSON_PLAIN, out);
	}
}
