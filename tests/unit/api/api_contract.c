/* SPDX-License-Identifier: Apache-2.0 */
#include "api_contract.h"

#include "stated/json.h"

/* A schema of the document, compiled when it was first needed. */
struct compiled {
	struct compiled *next;
	const struct value *document;
	const struct schema *schema;
};

struct api_contract {
	struct arena *arena;
	const struct value *openapi;
	struct compiled *compiled;
};

/* Schemas refer to those of the document, which stand beside each here. */
struct api_contract *
api_contract_new(struct arena *arena, struct str openapi)
{
	struct api_contract *contract = ARENA_NEW(arena, struct api_contract);
	struct str from = STR("#/components/schemas/");
	struct json_error error;
	struct buf text = {0};

	for (size_t at; (at = str_find(openapi, from)) != SIZE_MAX;) {
		buf_add(&text, openapi.at, at);
		buf_add_cstr(&text, "#/$defs/");
		openapi = str_slice(openapi, at + from.bytes, openapi.bytes);
	}
	buf_add_str(&text, openapi);
	contract->arena = arena;
	contract->openapi = json_read(arena, buf_str(&text), &error);
	must(contract->openapi != NULL);
	buf_fini(&text);
	return contract;
}

static bool
matches(struct str pattern, struct str path)
{
	while (pattern.at != NULL && path.at != NULL) {
		struct str want = str_split(pattern, '/', &pattern);
		struct str have = str_split(path, '/', &path);

		if (!str_equal(want, have) &&
		    !(want.bytes > 2 && want.at[0] == '{' && have.bytes > 0))
			return false;
	}
	return pattern.at == NULL && path.at == NULL;
}

/* NULL where the document has none. */
static const struct value *
find_operation(
    const struct api_contract *contract, const struct api_promise *promise)
{
	const struct value *paths = value_get_cstr(contract->openapi, "paths");
	const char *method =
	    str_equal(promise->method, STR("POST"))  ? "post"
	    : str_equal(promise->method, STR("GET")) ? "get"
						     : "none";

	for (size_t i = 0; i < paths->as.context.count; i++)
		if (matches(paths->as.context.fields[i].key, promise->path))
			return value_get_cstr(
			    paths->as.context.fields[i].value, method);
	return NULL;
}

/* NULL where nothing of that status is promised. */
static const struct value *
find_response(const struct value *operation, const struct api_promise *promise)
{
	const struct value *responses = value_get_cstr(operation, "responses");
	const struct value *response;
	char status[8];

	str_write(status, sizeof(status), "%d", promise->status);
	response = value_get_cstr(responses, status);
	return response == NULL && promise->status >= 400
	    ? value_get_cstr(responses, "default")
	    : response;
}

/* NULL where nothing of that status or type is promised. */
static const struct value *
find_schema(const struct value *operation, const struct api_promise *promise)
{
	const struct value *content = find_response(operation, promise);
	const struct value *media;
	struct str rest;

	if (content == NULL)
		return NULL;
	media = value_get(value_get_cstr(content, "content"),
	    str_split(promise->type, ';', &rest));
	return media != NULL ? value_get_cstr(media, "schema") : NULL;
}

static const struct schema *
compile(struct api_contract *contract, const struct value *document)
{
	struct schema_errors errors = {.arena = contract->arena};
	struct compiled *compiled = contract->compiled;
	const struct value *schemas = value_get_cstr(
	    value_get_cstr(contract->openapi, "components"), "schemas");

	while (compiled != NULL && compiled->document != document)
		compiled = compiled->next;
	if (compiled != NULL)
		return compiled->schema;
	compiled = ARENA_NEW(contract->arena, struct compiled);
	compiled->document = document;
	compiled->schema = schema_compile(contract->arena,
	    value_with(contract->arena, document, STR("$defs"), schemas),
	    &errors);
	must(compiled->schema != NULL);
	compiled->next = contract->compiled;
	contract->compiled = compiled;
	return compiled->schema;
}

static bool
is_valid(struct api_contract *contract, const struct value *document,
    const struct value *body, struct buf *why)
{
	struct schema_errors errors = {.arena = arena_new()};
	bool ok = schema_validate(compile(contract, document), body, &errors);

	if (!ok)
		buf_addf(why, "%.*s: %.*s", STR_ARG(errors.items[0].pointer),
		    STR_ARG(errors.items[0].message));
	arena_free(&errors.arena);
	return ok;
}

/* ---- whether all of it is told of ---- */

/* What is the same on all answers isn't told of each. */
static bool
is_common(struct str name)
{
	static const char *const names[] = {"Cache-Control", "Connection",
	    "Content-Length", "Content-Security-Policy", "Content-Type",
	    "Date", "Referrer-Policy", "Strict-Transport-Security",
	    "Transfer-Encoding", "X-Content-Type-Options", "X-Frame-Options",
	    "X-Request-Id"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (message_name_equal(name, str_of(names[i])))
			return true;
	return false;
}

static bool
are_headers_told(const struct value *operation,
    const struct api_promise *promise, struct buf *why)
{
	const struct value *headers = value_get_cstr(
	    find_response(operation, promise), "headers");

	for (size_t i = 0; i < promise->header_count; i++) {
		struct str name = promise->headers[i].name;
		bool found = is_common(name);

		for (size_t j = 0; !found && headers != NULL &&
		     j < headers->as.context.count; j++)
			found = message_name_equal(
			    headers->as.context.fields[j].key, name);
		if (found)
			continue;
		buf_addf(why, "the header %.*s is not promised", STR_ARG(name));
		return false;
	}
	return true;
}

static bool is_told(const struct api_contract *contract,
    const struct value *schema, const struct value *body, struct buf *why);

static bool
are_members_told(const struct api_contract *contract,
    const struct value *schema, const struct value *body, struct buf *why)
{
	const struct value *properties = value_get_cstr(schema, "properties");

	for (size_t i = 0;
	     properties != NULL && i < body->as.context.count; i++) {
		const struct value_field *field = &body->as.context.fields[i];
		const struct value *member = value_get(properties, field->key);

		if (member == NULL &&
		    value_get_cstr(schema, "additionalProperties") == NULL) {
			buf_addf(why, "%.*s is not told of",
			    STR_ARG(field->key));
			return false;
		}
		if (member != NULL &&
		    !is_told(contract, member, field->value, why))
			return false;
	}
	return true;
}

static bool
is_any_told(const struct api_contract *contract, const struct value *any,
    const struct value *body, struct buf *why)
{
	for (size_t i = 0; i < any->as.list.count; i++) {
		buf_clear(why);
		if (is_told(contract, any->as.list.items[i], body, why))
			return true;
	}
	return false;
}

/* Schemas that let later members by must tell of all that there are now. */
static bool
is_told(const struct api_contract *contract, const struct value *schema,
    const struct value *body, struct buf *why)
{
	struct str from = STR("#/$defs/");
	struct str name = value_field_str(schema, "$ref");
	const struct value *any, *items;

	if (name.at != NULL)
		return is_told(contract,
		    value_get(value_get_cstr(value_get_cstr(contract->openapi,
				  "components"), "schemas"),
			str_slice(name, from.bytes, name.bytes)),
		    body, why);
	any = value_get_cstr(schema, "anyOf");
	if (any != NULL)
		return is_any_told(contract, any, body, why);
	if (body->type == VALUE_CONTEXT)
		return are_members_told(contract, schema, body, why);
	items = value_get_cstr(schema, "items");
	for (size_t i = 0; items != NULL && body->type == VALUE_LIST &&
	     i < body->as.list.count; i++)
		if (!is_told(contract, items, body->as.list.items[i], why))
			return false;
	return true;
}

bool
api_contract_allows(struct api_contract *contract,
    const struct api_promise *promise, struct buf *why)
{
	const struct value *operation = find_operation(contract, promise);
	const struct value *document;

	if (operation == NULL) {
		buf_addf(why, "%d by no operation", promise->status);
		return promise->status >= 400 && promise->status < 500;
	}
	document = find_schema(operation, promise);
	if (document == NULL) {
		buf_addf(why, "%d as %.*s is not promised", promise->status,
		    STR_ARG(promise->type));
		return false;
	}
	if (!are_headers_told(operation, promise, why))
		return false;
	/* What is not JSON has no schema that is told of. */
	return promise->body == NULL ||
	       value_get_cstr(document, "$ref") == NULL ||
	       (is_valid(contract, document, promise->body, why) &&
		   is_told(contract, document, promise->body, why));
}
