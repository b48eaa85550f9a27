/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_body.c: what is sent: JSON objects whose members are all known.
 *
 * Faults are gathered and told all at once; a member that nobody reads is a
 * fault as well, since it was written for something.
 */
#include "api_priv.h"

#define MEMBERS_MAX 16
/* Who made more has seen enough of them; and each takes memory. */
#define FAULTS_MAX 100

bool
api_body_is_type(const struct api_call *call, const char *type)
{
	struct str rest;
	struct str given =
	    str_split(api_call_header(call, "Content-Type"), ';', &rest);

	return given.at != NULL &&
	       message_name_equal(str_trim(given), str_of(type));
}

const struct value *
api_body_json(struct api_call *call)
{
	struct json_error error;
	const struct value *value = json_read(call->arena, call->body, &error);
	struct value_builder *more;

	if (value != NULL)
		return value;
	more = value_build_context(call->arena);
	value_put_int(more, "line", error.line);
	value_put_int(more, "column", error.column);
	api_problem_with(call, PROBLEM_BAD_JSON,
	    arena_strf(call->arena, "line %u, column %u: %s", error.line,
		error.column, error.message),
	    value_built(more));
	return NULL;
}

/* What is something else altogether lacks nothing besides. */
static bool
is_of_wrong_type(const struct schema_errors *faults, struct str pointer)
{
	for (size_t i = 0; i < faults->count; i++)
		if (str_equal(faults->items[i].keyword, STR("type")) &&
		    str_equal(faults->items[i].pointer, pointer))
			return true;
	return false;
}

void
api_body_fault(struct api_call *call, struct str pointer, const char *keyword,
    const char *message)
{
	struct schema_errors *faults = &call->faults;

	if (faults->count == FAULTS_MAX || is_of_wrong_type(faults, pointer))
		return;
	faults->items = arena_grow(call->arena, faults->items, faults->count,
	    &faults->capacity, sizeof(*faults->items));
	faults->items[faults->count++] = (struct schema_error){
	    .pointer = arena_str(call->arena, pointer),
	    .keyword = str_of(keyword),
	    .message = arena_str(call->arena, str_of(message)),
	};
}

/* A member's JSON Pointer (RFC 6901). */
static struct str
pointer_to(struct api_call *call, struct str member)
{
	struct buf out = {0};
	struct str pointer;

	buf_add_char(&out, '/');
	for (size_t i = 0; i < member.bytes; i++)
		if (member.at[i] == '~')
			buf_add_cstr(&out, "~0");
		else if (member.at[i] == '/')
			buf_add_cstr(&out, "~1");
		else
			buf_add_char(&out, member.at[i]);
	pointer = arena_str(call->arena, buf_str(&out));
	buf_fini(&out);
	return pointer;
}

/* A limit that is null would be none: what was meant by it nobody knows. */
static void
check_null(struct api_call *call, struct str pointer,
    const struct value *value, bool may_be_null)
{
	if (value->type == VALUE_NULL && !may_be_null)
		api_body_fault(call, pointer, "type",
		    "must not be null: give it a value, or leave it out");
}

static void
check_member(struct api_call *call, struct str at,
    const struct value_field *field, const char *const *members)
{
	struct str pointer = arena_strf(call->arena, "%.*s%.*s", STR_ARG(at),
	    STR_ARG(pointer_to(call, field->key)));
	struct str names[MEMBERS_MAX];
	size_t count = 0;
	struct str nearest;

	for (; *members != NULL; members++) {
		struct str mark;
		struct str name = str_split(str_of(*members), '?', &mark);

		if (str_equal(field->key, name)) {
			check_null(
			    call, pointer, field->value, mark.at != NULL);
			return;
		}
		must(count < MEMBERS_MAX);
		names[count++] = name;
	}
	nearest = str_nearest(field->key, names, count);
	api_body_fault(call, pointer, "unevaluatedProperties",
	    nearest.at == NULL
		? "is not known here"
		: arena_strf(call->arena, "is not known; did you mean %.*s?",
		      STR_ARG(nearest))
		      .at);
}

void
api_body_members(struct api_call *call, const struct value *object,
    struct str at, const char *const *members)
{
	must(object->type == VALUE_CONTEXT);
	for (size_t i = 0; i < object->as.context.count; i++)
		check_member(
		    call, at, &object->as.context.fields[i], members);
}

const struct value *
api_body_object(struct api_call *call, const char *const *members)
{
	const struct value *body;

	if (str_trim(call->body).bytes == 0)
		return value_built(value_build_context(call->arena));
	body = api_body_json(call);
	if (body == NULL)
		return NULL;
	if (body->type != VALUE_CONTEXT) {
		api_problem_reply(call, PROBLEM_INVALID_BODY,
		    "The body must be a JSON object.");
		return NULL;
	}
	api_body_members(call, body, STR(""), members);
	return body;
}

struct str
api_body_text(
    struct api_call *call, const struct value *body, const char *member)
{
	const struct value *value = value_field_or_null(body, member);

	if (value->type != VALUE_STRING && value->type != VALUE_NULL)
		api_body_fault(call, pointer_to(call, str_of(member)), "type",
		    "must be a string");
	return value_str(value);
}

bool
api_body_flag(
    struct api_call *call, const struct value *body, const char *member)
{
	const struct value *value = value_field_or_null(body, member);

	if (value->type != VALUE_BOOLEAN && value->type != VALUE_NULL)
		api_body_fault(call, pointer_to(call, str_of(member)), "type",
		    "must be true or false");
	return value_is_true(value);
}

bool
api_body_is_empty(struct api_call *call)
{
	static const char *const none[] = {NULL};

	return api_body_object(call, none) != NULL &&
	       api_body_is_sound(call, PROBLEM_INVALID_BODY);
}

bool
api_body_is_sound(struct api_call *call, enum api_problem problem)
{
	if (call->faults.count == 0)
		return true;
	api_problem_errors(call, problem, &call->faults,
	    STR("Correct what `errors` names and send it again."));
	return false;
}
