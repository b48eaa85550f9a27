/* SPDX-License-Identifier: Apache-2.0 */
/* schema_logic.c: keywords that apply other schemas to the same value. */
#include "stated/schema.h"

#include "schema_priv.h"

bool
schema_logic_ref(struct schema_at *at, const struct schema_check *check)
{
	must(check->schema);
	return schema_validate_also(at, check->schema);
}

bool
schema_logic_all_of(struct schema_at *at, const struct schema_check *check)
{
	bool valid = true;
	for (size_t i = 0; i < check->count; i++)
		if (!schema_validate_also(at, check->members[i].schema))
			valid = false;
	return valid;
}

/* How many alternatives hold.  All are tried up to `enough`, or to the end
 * where what they see is asked for. */
static size_t
count_valid(struct schema_at *at, const struct schema_check *check,
    size_t enough)
{
	size_t valid = 0;
	for (size_t i = 0; i < check->count; i++) {
		if (valid >= enough && !at->seen)
			break;
		if (schema_validate_quietly(at, check->members[i].schema))
			valid++;
	}
	return valid;
}

bool
schema_logic_any_of(struct schema_at *at, const struct schema_check *check)
{
	if (count_valid(at, check, 1) > 0)
		return true;
	/* The only alternative can say more about itself. */
	if (check->count == 1)
		return schema_validate_also(at, check->members[0].schema);
	return schema_validate_fail(at, check->keyword, at->place,
	    "matches none of the %zu alternatives", check->count);
}

bool
schema_logic_one_of(struct schema_at *at, const struct schema_check *check)
{
	size_t valid = count_valid(at, check, 2);
	if (valid == 1)
		return true;
	if (valid > 1)
		return schema_validate_fail(at, check->keyword, at->place,
		    "matches more than one of the %zu alternatives",
		    check->count);
	if (check->count == 1)
		return schema_validate_also(at, check->members[0].schema);
	return schema_validate_fail(at, check->keyword, at->place,
	    "matches none of the %zu alternatives", check->count);
}

bool
schema_logic_not(struct schema_at *at, const struct schema_check *check)
{
	/* What a forbidden schema has seen doesn't count. */
	struct schema_at blind = *at;
	blind.seen = NULL;
	if (!schema_validate_quietly(&blind, check->schema))
		return !at->run->stopped;
	return schema_validate_fail(at, check->keyword, at->place,
	    "is what must not be");
}

bool
schema_logic_if(struct schema_at *at, const struct schema_check *check)
{
	bool holds = schema_validate_quietly(at, check->schema);
	const struct schema_check *branch =
	    at->schema->checks[holds ? SCHEMA_THEN : SCHEMA_ELSE];
	if (at->run->stopped)
		return false;
	return !branch || schema_validate_also(at, branch->schema);
}

bool
schema_logic_dependent_schemas(struct schema_at *at,
    const struct schema_check *check)
{
	bool valid = true;
	for (size_t i = 0; i < check->count; i++) {
		const struct schema_member *member = &check->members[i];
		if (value_get(at->value, member->name) &&
		    !schema_validate_also(at, member->schema))
			valid = false;
	}
	return valid;
}
