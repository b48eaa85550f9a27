/* SPDX-License-Identifier: Apache-2.0 */
/* test_e2e_body.c: bodies that are no sound JSON change nothing. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options bounded = {
    .config = "limits: {body: 64KiB}\n",
};

static size_t
count_instances(struct house *house)
{
	struct reply *reply = house_get(house, "/v1/instances?limit=1000");

	assert_status(reply, 200);
	return json_array_size(json_at(reply->json, "items"));
}

/* A 4xx problem, of any name. */
static void
assert_refused(struct house *house, const struct ask *ask, int status)
{
	struct reply *reply = house_ask(house, ask);

	if (reply->status != status ||
	    strcmp(reply_header(reply, "Content-Type"),
		"application/problem+json") != 0)
		print_error("%s: %.200s\n%s%s\n", ask->path,
		    ask->body ? ask->body : "", reply->headers, reply->body);
	assert_int_equal(reply->status, status);
	assert_string_equal(
	    reply_header(reply, "Content-Type"), "application/problem+json");
	assert_int_equal(integer_at(reply->json, "status"), status);
	assert_true(strncmp(text_at(reply->json, "type"),
			"urn:stated:problem:", 19) == 0);
	assert_true(strlen(reply_header(reply, "X-Request-Id")) > 0);
}

static const char *const paths[] = {
    "/v1/workflows/payment/instances",
    "/v1/events",
};

/* The same body on every route that takes one. */
static void
try_everywhere(
    struct house *house, const char *body, size_t bytes, int status)
{
	for (size_t i = 0; i < 2; i++)
		assert_refused(house,
		    &(struct ask){.path = paths[i],
			.body = body,
			.body_bytes = bytes},
		    status);
	assert_int_equal(count_instances(house), 1);
}

static char *
repeat(const char *begin, const char *middle, size_t count, const char *end)
{
	size_t bytes = strlen(middle);
	char *text =
	    calloc(1, strlen(begin) + bytes * count + strlen(end) + 1);
	char *at;

	assert_non_null(text);
	at = stpcpy(text, begin);
	for (size_t i = 0; i < count; i++, at += bytes)
		memcpy(at, middle, bytes);
	strcpy(at, end);
	return text;
}

static struct house *
open_with_one(void)
{
	struct house *house = house_open(&bounded);

	payment_start(house, "P-0", "60000", "ACME");
	return house;
}

static void
test_truncated_bodies_are_refused_at_every_byte(void **state)
{
	struct house *house = open_with_one();
	const char *whole = payment_body("P-1", "250.10", "ACME");
	char cut[1024];

	(void)state;
	for (size_t bytes = 1; bytes < strlen(whole); bytes += 3) {
		snprintf(cut, sizeof(cut), "%.*s", (int)bytes, whole);
		assert_refused(house,
		    &(struct ask){.path = paths[0], .body = cut}, 400);
	}
	try_everywhere(house, "{\"specversion\":\"1.0\"", 0, 400);
	try_everywhere(house, "\"unterminated", 0, 400);
	try_everywhere(house, "{} {}", 0, 400);
	try_everywhere(house, "nul", 0, 400);
	house_close(&house);
}

static void
test_bodies_nested_a_thousand_deep_are_refused(void **state)
{
	struct house *house = open_with_one();
	char *lists = repeat("{\"input\":", "[", 1000, "");
	char *closed, *objects;

	(void)state;
	try_everywhere(house, lists, 0, 400);
	closed = repeat(lists, "]", 1000, "}");
	try_everywhere(house, closed, 0, 400);
	objects = repeat("{\"input\":", "{\"a\":", 1000, "1");
	try_everywhere(house, objects, 0, 400);
	free(lists);
	free(closed);
	free(objects);
	house_close(&house);
}

/* The deepest that is taken: history wraps each of its levels, for {"n": …}
 * is what a number looks like there; and {"data": …} is around it in what the
 * command line reads. */
static void
test_deepest_body_is_proved_and_told(void **state)
{
	static const char workflow[] = "workflow: deep\n"
				       "version: 1\n"
				       "business-key: '= \"D\"'\n"
				       "input: {type: object}\n"
				       "data: {kept: = input.v}\n"
				       "initial: over\n"
				       "states: {over: {type: final, outcome: "
				       "success}}\n";
	static const char *const told[][5] = {
	    {"list", NULL}, {"history", "D", NULL}, {"show", "D", NULL}};
	struct house *house =
	    house_open_with(&bounded, "workflows/deep.yaml", workflow);
	char *opened = repeat("{\"input\":{\"v\":", "{\"n\":", 62, "1");
	char *body = repeat(opened, "}", 62, "}}");
	struct run run;

	(void)state;
	assert_status(house_ask(house, &(struct ask){
			  .path = "/v1/workflows/deep/instances",
			  .body = body}),
	    201);
	for (size_t i = 0; i < 3; i++) {
		run = house_run(house, told[i]);
		assert_int_equal(run.status, 0);
		assert_non_null(strstr(run.text, "over"));
		run_fini(&run);
	}
	free(opened);
	free(body);
	house_close(&house); /* verifies, and does again */
}

static void
test_bodies_over_the_limit_are_refused(void **state)
{
	struct house *house = open_with_one();
	char *big = repeat("{\"input\":\"", "x", 70 * 1024, "\"}");
	char *huge = repeat("{\"input\":\"", "x", 8 * 1024 * 1024, "\"}");

	(void)state;
	try_everywhere(house, big, 0, 413);
	/* The server may hang up before it has all been sent. */
	for (size_t i = 0; i < 2; i++) {
		struct reply *reply = house_ask(
		    house, &(struct ask){.path = paths[i], .body = huge});

		assert_true(reply->status == 413 || reply->status == 0);
	}
	assert_int_equal(count_instances(house), 1);
	free(big);
	free(huge);
	house_close(&house);
}

static void
test_wrong_kinds_and_unknown_members_are_refused(void **state)
{
	struct house *house = open_with_one();
	static const char *const bodies[] = {
	    "[]", "null", "42", "\"text\"", "{}", "{\"inputs\":{}}",
	    "{\"input\":{},\"priority\":7}",
	    "{\"input\":{},\"priority\":\"soon\"}",
	};
	struct reply *reply;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_refused(house,
		    &(struct ask){.path = paths[0], .body = bodies[i]}, 422);
	reply = house_post(house, paths[0], "%s",
	    payment_body("P-1", "\"250\"", "ACME"));
	assert_problem(reply, 422, "invalid-input");
	assert_string_equal(
	    text_at(reply->json, "errors.0.pointer"), "/amount");
	reply = house_post(
	    house, paths[0], "%s", payment_body("P-1", "1.234", "ACME"));
	assert_problem(reply, 422, "invalid-input");
	assert_string_equal(
	    text_at(reply->json, "errors.0.keyword"), "multipleOf");
	assert_refused(house,
	    &(struct ask){.path = paths[0],
		.body = payment_body("P-1", "250", "ACME"),
		.headers = {"Content-Type: text/csv"}},
	    415);
	assert_int_equal(count_instances(house), 1);
	house_close(&house);
}

static void
test_duplicate_keys_are_refused(void **state)
{
	struct house *house = open_with_one();

	(void)state;
	try_everywhere(house,
	    "{\"input\":{\"amount\":1,\"amount\":1000000}}", 0, 400);
	try_everywhere(house, "{\"input\":{},\"input\":{}}", 0, 400);
	/* However they are written. */
	try_everywhere(house, "{\"a\":1,\"\\u0061\":2}", 0, 400);
	house_close(&house);
}

static void
test_bad_utf8_is_refused(void **state)
{
	struct house *house = open_with_one();
	static const char *const bad[] = {
	    "\xff",		/* no such byte */
	    "\xc0\xaf",		/* overlong */
	    "\xe2\x82",		/* cut off */
	    "\xed\xa0\x80",	/* a surrogate */
	    "\xf4\x90\x80\x80", /* beyond Unicode */
	    "\\ud800",		/* a lone surrogate, escaped */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(house,
		    &(struct ask){.path = paths[0],
			.body = payment_body("P-1", "250", bad[i])},
		    400);
	try_everywhere(house, "{\"a\":\"\0\"}", 10, 400);
	assert_int_equal(count_instances(house), 1);
	house_close(&house);
}

static void
test_numbers_out_of_range_are_refused(void **state)
{
	struct house *house = open_with_one();
	static const char *const numbers[] = {
	    "1e7000", "01", "+1", ".5", "1.", "NaN", "Infinity", "0x10", "-"};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_refused(house,
		    &(struct ask){.path = paths[0],
			.body = payment_body("P-1", numbers[i], "ACME")},
		    400);
	assert_int_equal(count_instances(house), 1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_truncated_bodies_are_refused_at_every_byte),
	    HOUSE_TEST(test_bodies_nested_a_thousand_deep_are_refused),
	    HOUSE_TEST(test_deepest_body_is_proved_and_told),
	    HOUSE_TEST(test_bodies_over_the_limit_are_refused),
	    HOUSE_TEST(test_wrong_kinds_and_unknown_members_are_refused),
	    HOUSE_TEST(test_duplicate_keys_are_refused),
	    HOUSE_TEST(test_bad_utf8_is_refused),
	    HOUSE_TEST(test_numbers_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
