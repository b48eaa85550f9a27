/* SPDX-License-Identifier: Apache-2.0 */
/* api_contract.c: whether an answer is one that /openapi.json promises. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool
matches(struct str pattern, struct str path)
{
	while (pattern.at != NULL && path.at != NULL) {
		struct str want = str_split(pattern, '/', &pattern);
		struct str have = str_split(path, '/', &path);

		if (!str_equal(want, have) &&
		    !(want.bytes > 2 && want.at[0] == '{'))
			return false;
	}
	return pattern.at == NULL && path.at == NULL;
}

static const struct value *
find_operation(const struct value *openapi, const char *method, struct str path)
{
	const struct value *paths = value_get_cstr(openapi, "paths");
	const char *name = strcmp(method, "POST") == 0 ? "post" : "get";

	assert_non_null(paths);
	for (size_t i = 0; i < paths->as.context.count; i++) {
		const struct value_field *field = &paths->as.context.fields[i];

		if (matches(field->key, path))
			return value_get_cstr(field->value, name);
	}
	return NULL;
}

static struct str
media_of(const struct answer *answer)
{
	struct str rest;

	return str_split(answer_header(answer, "Content-Type"), ';', &rest);
}

/* The schema that the operation promises for the answer's status and type. */
static const struct value *
find_schema(const struct value *operation, const struct answer *answer)
{
	const struct value *responses = value_get_cstr(operation, "responses");
	const struct value *content, *media;
	char status[8];

	snprintf(status, sizeof(status), "%d", answer->status);
	content = value_get_cstr(responses, status);
	if (content == NULL && answer->status >= 400)
		content = value_get_cstr(responses, "default");
	if (content == NULL)
		fail_msg("%s is not among the responses", status);
	content = value_get_cstr(content, "content");
	media = value_get(content, media_of(answer));
	if (media == NULL)
		fail_msg("%.*s is not promised", STR_ARG(media_of(answer)));
	return value_get_cstr(media, "schema");
}

static const struct schema *
compile(const struct value *openapi, struct arena *arena,
    const struct value *schema)
{
	struct schema_errors errors = {.arena = arena};
	const struct schema *compiled;
	const struct value *components =
	    value_get_cstr(value_get_cstr(openapi, "components"), "schemas");

	compiled = schema_compile(arena,
	    value_with(arena, schema, STR("$defs"), components), &errors);
	if (compiled == NULL)
		fail_msg("%.*s: %.*s", STR_ARG(errors.items[0].pointer),
		    STR_ARG(errors.items[0].message));
	return compiled;
}

void
api_contract_check(const struct value *openapi, struct arena *arena,
    const char *method, const char *target, const struct answer *answer)
{
	struct schema_errors errors = {.arena = arena};
	struct str query;
	struct str path = str_split(str_of(target), '?', &query);
	const struct value *operation = find_operation(openapi, method, path);
	const struct value *schema;

	if (operation == NULL) {
		assert_true(answer->status == 404 || answer->status == 405);
		return;
	}
	schema = find_schema(operation, answer);
	if (value_get_cstr(schema, "$ref") == NULL)
		return; /* no JSON */
	if (!schema_validate(
		compile(openapi, arena, schema), answer->json, &errors))
		fail_msg("%s %s: %.*s: %.*s\n%.*s", method, target,
		    STR_ARG(errors.items[0].pointer),
		    STR_ARG(errors.items[0].message), STR_ARG(answer->body));
}
