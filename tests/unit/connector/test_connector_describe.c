/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/connector.h"
#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
assert_json(const struct value *value, const char *expected)
{
	struct buf text = {0};

	json_write(value, JSON_PLAIN, &text);
	assert_string_equal(buf_cstr(&text), expected);
	buf_fini(&text);
}

static void
test_answer_is_shown_without_its_cookies(void **state)
{
	const struct message_header headers[] = {
		{.name = STR_INIT("Content-Type"),
		    .value = STR_INIT("text/plain")},
		{.name = STR_INIT("Set-Cookie"),
		    .value = STR_INIT("session=abc")},
	};
	const struct message_response response = {
		.status = 200,
		.headers = headers,
		.header_count = 2,
		.body = STR_INIT("hello"),
		.elapsed_ms = 12,
	};
	struct arena *arena = arena_new();

	(void)state;
	assert_json(connector_describe_response(arena, &response),
	    "{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain\","
	    "\"Set-Cookie\":\"***\"},\"body\":\"hello\",\"elapsed_ms\":12}");
	arena_free(&arena);
}

static void
test_header_that_came_several_times_is_a_list(void **state)
{
	const struct message_header headers[] = {
		{.name = STR_INIT("X-A"), .value = STR_INIT("1")},
		{.name = STR_INIT("Set-Cookie"), .value = STR_INIT("a=1")},
		{.name = STR_INIT("x-a"), .value = STR_INIT("2, 3")},
		{.name = STR_INIT("set-cookie"), .value = STR_INIT("b=1")},
		{.name = STR_INIT("X-B"), .value = STR_INIT("")},
	};
	const struct message_response response = {
		.status = 200,
		.headers = headers,
		.header_count = 5,
	};
	struct arena *arena = arena_new();

	(void)state;
	assert_json(value_get_cstr(
			connector_describe_response(arena, &response),
			"headers"),
	    "{\"X-A\":[\"1\",\"2, 3\"],\"Set-Cookie\":[\"***\",\"***\"],"
	    "\"X-B\":\"\"}");
	arena_free(&arena);
}

static void
test_failure_is_shown_with_its_reason(void **state)
{
	const struct message_response response = {
		.failure = MESSAGE_TIMEOUT,
		.detail = STR_INIT("after 10 s"),
		.elapsed_ms = 10000,
	};
	struct arena *arena = arena_new();

	(void)state;
	assert_json(connector_describe_response(arena, &response),
	    "{\"failure\":\"timeout\",\"detail\":\"after 10 s\",\"headers\":{},"
	    "\"body\":null,\"elapsed_ms\":10000}");
	arena_free(&arena);
}

static void
test_large_and_binary_bodies_are_told_by_digest(void **state)
{
	size_t bytes = 16 * 1024 + 1;
	char *body = calloc(1, bytes);
	struct message_request request = {
		.method = STR_INIT("POST"),
		.url = STR_INIT("https://x/"),
		.body = {body, bytes},
	};
	struct arena *arena = arena_new();
	const struct value *shown;

	(void)state;
	memset(body, 'a', bytes);
	shown = value_get_cstr(connector_describe_request(arena, &request),
	    "body");
	assert_json(value_get_cstr(shown, "bytes"), "16385");
	assert_int_equal(value_field_str(shown, "sha256").bytes, 64);
	request.body.bytes--;
	shown = value_get_cstr(connector_describe_request(arena, &request),
	    "body");
	assert_int_equal(shown->type, VALUE_STRING);
	request.body = STR("\xff\xfe");
	shown = value_get_cstr(connector_describe_request(arena, &request),
	    "body");
	assert_json(value_get_cstr(shown, "bytes"), "2");
	arena_free(&arena);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_is_shown_without_its_cookies),
		cmocka_unit_test(test_header_that_came_several_times_is_a_list),
		cmocka_unit_test(test_failure_is_shown_with_its_reason),
		cmocka_unit_test(
		    test_large_and_binary_bodies_are_told_by_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
