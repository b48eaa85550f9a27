/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_record.c: reading what a record of history says.
 *
 * Records come from a file that somebody may have changed: nothing here takes
 * a field for granted.
 */
#include "export_priv.h"

#include "stated/clock.h"
#include "stated/json.h"

const struct value *
export_record_read(struct arena *arena, struct str canonical)
{
	struct json_error error;
	const struct value *read = json_read(arena, canonical, &error);

	if (read == NULL || read->type != VALUE_CONTEXT)
		return NULL;
	const struct value *record = json_untype(arena, read);
	if (record == NULL || record->type != VALUE_CONTEXT)
		return NULL;
	return record;
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
