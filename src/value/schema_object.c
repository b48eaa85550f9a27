/* SPDX-License-Identifier: Apache-2.0 */
/* schema_object.c: keywords about contexts, which JSON calls objects. */
#include "stated/schema.h"

#include "schema_priv.h"
#include "value_priv.h"

static bool
is_object(const struct schema_at *at)
{
	return at->value->type == VALUE_CONTEXT;
}

static size_t
count_fields(const struct schema_at *at)
{
	return at->value->as.context.count;
}

bool
schema_object_max_properties(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at) || count_fields(at) <= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at most %llu fields", (unsigned long long)check->limit);
}

bool
schema_object_min_properties(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at) || count_fields(at) >= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at least %llu fields",
	    (unsigned long long)check->limit);
}

bool
schema_object_required(struct schema_at *at, const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < check->value->as.list.count; i++) {
		struct str name = value_str(check->value->as.list.items[i]);
		if (!value_get(at->value, name))
			valid = schema_validate_fail(at, check->keyword,
			    at->place, "the field \"%.*s\" is missing",
			    STR_ARG(name));
	}
	return valid;
}

static bool
check_dependents(struct schema_at *at, const struct schema_check *check,
    const struct schema_member *member)
{
	bool valid = true;
	for (size_t i = 0; i < member->names->as.list.count; i++) {
		struct str name = value_str(member->names->as.list.items[i]);
		if (!value_get(at->value, name))
			valid = schema_validate_fail(at, check->keyword,
			    at->place,
			    "the field \"%.*s\" is missing beside \"%.*s\"",
			    STR_ARG(name), STR_ARG(member->name));
	}
	return valid;
}

bool
schema_object_dependent_required(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < check->count; i++)
		if (value_get(at->value, check->members[i].name) &&
		    !check_dependents(at, check, &check->members[i]))
			valid = false;
	return valid;
}

/* ------------------------------------------------ schemas of the fields */

static bool
check_field(struct schema_at *at, const struct schema *schema, size_t index)
{
	const struct value_field *field = &at->value->as.context.fields[index];
	struct schema_place place = {.outer = at->place, .key = field->key};
	schema_validate_see(at, index);
	return schema_validate_child(at, schema, field->value, &place);
}

bool
schema_object_property_names(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < count_fields(at); i++) {
		struct str key = at->value->as.context.fields[i].key;
		struct schema_place place = {.outer = at->place, .key = key};
		const struct value *name = value_of_str(at->run->arena, key);
		if (!schema_validate_child(at, check->schema, name, &place))
			valid = false;
	}
	return valid;
}

/* What "properties" says of a name: its members are in the order of its
 * fields. */
static const struct schema_member *
find_property(const struct schema *schema, struct str name)
{
	const struct schema_check *check = schema->checks[SCHEMA_PROPERTIES];
	size_t index = check ? value_index_of(check->value, name) : SIZE_MAX;
	return index == SIZE_MAX ? NULL : &check->members[index];
}

bool
schema_object_properties(struct schema_at *at, const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	must(at->schema->checks[SCHEMA_PROPERTIES] == check);
	bool valid = true;
	for (size_t i = 0; i < count_fields(at); i++) {
		const struct schema_member *member = find_property(at->schema,
		    at->value->as.context.fields[i].key);
		if (member && !check_field(at, member->schema, i))
			valid = false;
	}
	return valid;
}

/* One field against all the patterns. */
static bool
check_patterns(struct schema_at *at, const struct schema_check *check,
    size_t index)
{
	struct str key = at->value->as.context.fields[index].key;
	bool valid = true;
	for (size_t i = 0; i < check->count; i++) {
		const struct schema_member *member = &check->members[i];
		int matched = schema_pattern_match(member->pattern, key);
		if (matched < 0) {
			schema_validate_stop(at->run, at->place, check->keyword,
			    "\"%.*s\" takes too long to compare with the "
			    "pattern %.*s", STR_ARG(key),
			    STR_ARG(member->name));
			return false;
		}
		if (matched > 0 && !check_field(at, member->schema, index))
			valid = false;
	}
	return valid;
}

bool
schema_object_pattern_properties(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < count_fields(at); i++)
		if (!check_patterns(at, check, i))
			valid = false;
	return valid;
}

static bool
matches_pattern(const struct schema *schema, struct str key)
{
	const struct schema_check *check =
	    schema->checks[SCHEMA_PATTERN_PROPERTIES];
	for (size_t i = 0; check && i < check->count; i++)
		if (schema_pattern_match(check->members[i].pattern, key) > 0)
			return true;
	return false;
}

/* A field that no schema knows: perhaps only misspelt. */
static bool
fail_unknown(struct schema_at *at, const struct schema_check *check,
    struct str key)
{
	const struct schema_check *known =
	    at->schema->checks[SCHEMA_PROPERTIES];
	struct schema_place place = {.outer = at->place, .key = key};
	struct str nearest = {0};
	if (at->run->quiet)
		return false;
	if (known && known->count > 0) {
		struct str *names =
		    ARENA_ARRAY(at->run->arena, known->count, struct str);
		for (size_t i = 0; i < known->count; i++)
			names[i] = known->members[i].name;
		nearest = str_nearest(key, names, known->count);
	}
	if (nearest.at)
		return schema_validate_fail(at, check->keyword, &place,
		    "unknown field \"%.*s\", did you mean \"%.*s\"?",
		    STR_ARG(key), STR_ARG(nearest));
	return schema_validate_fail(at, check->keyword, &place,
	    "unknown field \"%.*s\"", STR_ARG(key));
}

static bool
check_extra_field(struct schema_at *at, const struct schema_check *check,
    size_t index)
{
	if (!check->schema->possible)
		return fail_unknown(at, check,
		    at->value->as.context.fields[index].key);
	return check_field(at, check->schema, index);
}

bool
schema_object_additional(struct schema_at *at, const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < count_fields(at); i++) {
		struct str key = at->value->as.context.fields[i].key;
		if (find_property(at->schema, key) ||
		    matches_pattern(at->schema, key))
			continue;
		if (!check_extra_field(at, check, i))
			valid = false;
	}
	return valid;
}

bool
schema_object_unevaluated(struct schema_at *at,
    const struct schema_check *check)
{
	if (!is_object(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < count_fields(at); i++)
		if (!schema_validate_has_seen(at, i) &&
		    !check_extra_field(at, check, i))
			valid = false;
	return valid;
}
