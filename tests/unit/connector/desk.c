/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"
#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Secret NAME is "secret of NAME", but for those that tests need to be more. */
static const struct value *
secret_cb(void *arg, struct str name)
{
	struct desk *desk = arg;

	if (value_get(desk->secrets, name) != NULL)
		return value_get(desk->secrets, name);
	if (str_equal(name, STR("unknown")))
		return NULL;
	if (str_equal(name, STR("oauth")))
		return value_of_str(desk->arena, STR("my id:my/secret"));
	if (str_equal(name, STR("whsec")))
		return value_of_str(desk->arena,
		    STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	if (str_equal(name, STR("github")))
		return value_of_str(desk->arena,
		    STR("It's a Secret to Everybody"));
	if (str_equal(name, STR("stripe")))
		return desk_json(desk,
		    "[\"whsec_of_yesterday\", \"whsec_test_secret\"]");
	return value_of_str(desk->arena,
	    arena_strf(desk->arena, "secret of %.*s", STR_ARG(name)));
}

void
desk_open(struct desk *desk, const char *yaml)
{
	*desk = (struct desk){
		.arena = arena_new(),
		.library = written_library(yaml),
	};
	desk->connection = library_connection_at(desk->library, 0);
	assert_non_null(desk->connection);
	desk->context = (struct connector_context){
		.arena = desk->arena,
		.now_ms = DESK_NOW_MS,
		.settings = desk_json(desk,
		    "{\"url\": \"https://api.example\"}"),
		.secret = secret_cb,
		.secret_arg = desk,
		.rng = rng_system(),
	};
}

void
desk_close(struct desk *desk)
{
	library_free(&desk->library);
	arena_free(&desk->arena);
}

void
desk_give(struct desk *desk, const char *name, struct str secret)
{
	desk->secrets = value_with(desk->arena,
	    desk->secrets != NULL ? desk->secrets : desk_json(desk, "{}"),
	    str_of(name), value_copy_str(desk->arena, secret));
}

const struct value *
desk_json(struct desk *desk, const char *text)
{
	struct json_error error;
	const struct value *value =
	    json_read(desk->arena, str_of(text), &error);

	if (value == NULL)
		fail_msg("%s: %s", error.message, text);
	return value;
}

struct connector_call
desk_call(struct desk *desk, const char *operation, const char *args)
{
	struct connector_call call = {
		.operation = def_connection_find(desk->connection,
		    str_of(operation)),
		.args = desk_json(desk, args),
		.idempotency_key = STR("key-1"),
		.token = desk->token,
	};

	assert_non_null(call.operation);
	return call;
}

bool
desk_prepare(struct desk *desk, const char *operation, const char *args)
{
	struct connector_call call = desk_call(desk, operation, args);

	return connector_prepare(&call, &desk->context, &desk->request,
	    &desk->outcome);
}

const struct message_header *
desk_headers(struct desk *desk, const char *lines, size_t *count)
{
	struct message_header *headers =
	    ARENA_ARRAY(desk->arena, 16, struct message_header);
	struct str rest = str_of(lines);

	*count = 0;
	while (rest.bytes > 0) {
		struct str value;
		struct str line = str_split(rest, '\n', &rest);
		struct str name = str_split(line, ':', &value);
		assert_true(*count < 16);
		headers[(*count)++] = (struct message_header){
			.name = name,
			.value = str_trim(value),
		};
	}
	return headers;
}

struct outcome *
desk_answer(struct desk *desk, const char *operation, const char *args,
    int status, const char *headers, const char *body)
{
	struct connector_call call = desk_call(desk, operation, args);
	struct message_response response = {
		.status = status,
		.body = str_of(body),
	};

	if (headers == NULL)
		headers = "Content-Type: application/json";
	response.headers = desk_headers(desk, headers, &response.header_count);
	desk->outcome =
	    connector_interpret(&call, &response, &desk->context);
	return &desk->outcome;
}

struct outcome *
desk_fail(struct desk *desk, const char *operation,
    enum message_failure failure)
{
	struct connector_call call = desk_call(desk, operation, "{}");
	struct message_response response = {.failure = failure};

	desk->outcome =
	    connector_interpret(&call, &response, &desk->context);
	return &desk->outcome;
}

const char *
desk_header(struct desk *desk, const char *name)
{
	return desk_str(desk, message_find_header(desk->request.headers,
	    desk->request.header_count, str_of(name)));
}

const char *
desk_text(struct desk *desk, const struct value *value)
{
	struct buf text = {0};
	const char *copy;

	json_write(value, JSON_PLAIN, &text);
	copy = desk_str(desk, buf_str(&text));
	buf_fini(&text);
	return copy;
}

const char *
desk_str(struct desk *desk, struct str text)
{
	return text.at != NULL ? arena_cstr(desk->arena, text) : "(absent)";
}

void
desk_assert_outcome(const struct outcome *outcome, enum outcome_kind kind,
    const char *code, bool transient)
{
	assert_int_equal(outcome->kind, kind);
	assert_string_equal(outcome->code.at, code);
	assert_int_equal(outcome->transient, transient);
}
