/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_validate.c: a value against a schema.
 *
 * Findings are gathered, not just the first.  While alternatives are tried
 * nothing is noted, and the first failure is enough.  A budget of steps
 * bounds what a schema of many alternatives within alternatives may cost.
 */
#include "stated/schema.h"

#include "stated/json.h"

#include "schema_priv.h"

#define STEPS_MAX 10000000

static void PRINTF_LIKE(4, 0)
add_error(struct schema_run *run, const struct schema_place *place,
    enum schema_keyword keyword, const char *format, va_list args)
{
	struct schema_errors *errors = run->errors;
	struct str name = keyword == SCHEMA_KEYWORD_COUNT
	    ? STR("")
	    : schema_rows[keyword].name;
	if (errors->count < SCHEMA_ERRORS_MAX)
		schema_error_add(errors,
		    schema_error_pointer(run->arena, place), name, format,
		    args);
	if (errors->count >= SCHEMA_ERRORS_MAX)
		run->stopped = true;
}

bool
schema_validate_fail(struct schema_at *at, enum schema_keyword keyword,
    const struct schema_place *place, const char *format, ...)
{
	if (at->run->quiet || at->run->stopped)
		return false;
	va_list args;
	va_start(args, format);
	add_error(at->run, place, keyword, format, args);
	va_end(args);
	return false;
}

void
schema_validate_stop(struct schema_run *run, const struct schema_place *place,
    enum schema_keyword keyword, const char *format, ...)
{
	if (run->stopped)
		return;
	va_list args;
	va_start(args, format);
	add_error(run, place, keyword, format, args);
	va_end(args);
	run->stopped = true;
}

/* ----------------------------------------------------------------- seen */

/* How many parts a value has that can be seen. */
static size_t
count_parts(const struct value *value)
{
	if (value->type == VALUE_LIST)
		return value->as.list.count;
	if (value->type == VALUE_CONTEXT)
		return value->as.context.count;
	return 0;
}

static void
seen_init(struct schema_seen *seen, struct arena *arena, size_t count)
{
	seen->count = count;
	seen->bits = ARENA_ARRAY(arena, count / 64 + 1, uint64_t);
}

void
schema_validate_see(struct schema_at *at, size_t index)
{
	if (!at->seen)
		return;
	must(index < at->seen->count);
	at->seen->bits[index / 64] |= UINT64_C(1) << index % 64;
}

bool
schema_validate_has_seen(const struct schema_at *at, size_t index)
{
	must(at->seen && index < at->seen->count);
	return at->seen->bits[index / 64] >> index % 64 & 1;
}

static void
merge_seen(struct schema_seen *seen, const struct schema_seen *other)
{
	must(seen->count == other->count);
	for (size_t i = 0; i <= seen->count / 64; i++)
		seen->bits[i] |= other->bits[i];
}

/* ---------------------------------------------------------------- steps */

/* Spends a step and goes one deeper; false where the bounds are reached. */
static bool
enter(struct schema_run *run, const struct schema_place *place)
{
	if (run->stopped)
		return false;
	run->steps++;
	if (run->steps < STEPS_MAX && run->depth < 4 * SCHEMA_DEPTH_MAX) {
		run->depth++;
		return true;
	}
	schema_validate_stop(run, place, SCHEMA_KEYWORD_COUNT,
	    run->steps < STEPS_MAX ? "nested too deeply to be checked"
				   : "too many alternatives to be checked");
	return false;
}

static bool
check_keywords(struct schema_at *at)
{
	bool valid = true;
	for (int i = 0; i < SCHEMA_KEYWORD_COUNT; i++) {
		const struct schema_check *check = at->schema->checks[i];
		if (!check || !schema_rows[i].check)
			continue;
		if (!schema_rows[i].check(at, check))
			valid = false;
		if (at->run->stopped || (!valid && at->run->quiet))
			return false;
	}
	return valid;
}

/* seen: where to add what this schema has seen; may be NULL. */
static bool
check_schema(const struct schema_at *outer, const struct schema *schema,
    const struct value *value, const struct schema_place *place,
    struct schema_seen *seen)
{
	struct schema_run *run = outer->run;
	if (!enter(run, place))
		return false;
	struct schema_seen own;
	struct schema_at at = {
	    .run = run, .schema = schema, .value = value, .place = place};
	if (schema->tracks || seen) {
		seen_init(&own, run->arena, count_parts(value));
		at.seen = &own;
	}
	bool valid = schema->possible;
	if (valid)
		valid = check_keywords(&at);
	else
		schema_validate_fail(&at, SCHEMA_KEYWORD_COUNT, place,
		    "nothing is allowed here");
	if (valid && seen)
		merge_seen(seen, &own);
	run->depth--;
	return valid;
}

bool
schema_validate_also(struct schema_at *at, const struct schema *schema)
{
	return check_schema(at, schema, at->value, at->place, at->seen);
}

bool
schema_validate_quietly(struct schema_at *at, const struct schema *schema)
{
	at->run->quiet++;
	bool valid = schema_validate_also(at, schema);
	at->run->quiet--;
	return valid;
}

/* Values that JSON doesn't have, as the strings that it gets. */
static const struct value *
as_json(struct schema_run *run, const struct value *value)
{
	switch (value->type) {
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
	case VALUE_RANGE:
		break;
	case VALUE_FUNCTION:
		return &value_null;
	default:
		return value;
	}
	struct buf text = {0};
	json_write(value, JSON_PLAIN, &text);
	struct json_error error;
	const struct value *string =
	    json_read(run->arena, buf_str(&text), &error);
	buf_fini(&text);
	must(string);
	return string;
}

bool
schema_validate_child(struct schema_at *at, const struct schema *schema,
    const struct value *value, const struct schema_place *place)
{
	return check_schema(at, schema, as_json(at->run, value), place, NULL);
}

bool
schema_validate(const struct schema *schema, const struct value *value,
    struct schema_errors *errors)
{
	must(schema && value);
	must(errors && errors->arena);
	struct schema_run run = {.arena = arena_new(), .errors = errors};
	struct schema_at at = {.run = &run};
	bool valid = schema_validate_child(&at, schema, value, NULL);
	must(run.depth == 0 && run.quiet == 0);
	arena_free(&run.arena);
	return valid;
}
