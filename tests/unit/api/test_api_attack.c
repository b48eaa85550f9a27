/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks on the wire, against a whole server: what is hidden in a request
 * must never be answered as one, and no spelling of a path opens another.
 */
#include "api_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* What somebody would like to have answered behind another's request. */
#define HIDDEN "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"

static size_t
count_of(struct str text, const char *part)
{
	size_t count = 0;

	for (size_t at; (at = str_find(text, str_of(part))) != SIZE_MAX;
	     count++)
		text = str_slice(text, at + 1, text.bytes);
	return count;
}

/* One answer, which is a problem of ours, and the end of the connection. */
static void
assert_refused(struct api_server *server, const char *request)
{
	struct str text = api_server_say(server, request);

	if (!str_has_prefix(text, STR("HTTP/1.1 400 ")) ||
	    count_of(text, "HTTP/1.1 ") != 1 ||
	    count_of(text, "urn:stated:problem:bad-request") != 1 ||
	    count_of(text, "Connection: close") != 1 ||
	    count_of(text, "X-Frame-Options: DENY") != 1 ||
	    count_of(text, "hidden") != 0)
		fail_msg("%s\nwas answered by\n%.*s", request, STR_ARG(text));
}

#define POST "POST /v1/events HTTP/1.1\r\nHost: x\r\n"

static void
test_hidden_requests_are_not_answered(void **state)
{
	static const char *const requests[] = {
	    /* CL.TE, TE.CL, CL.CL, TE.TE */
	    POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "0\r\n\r\n" HIDDEN,
	    POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
		 "24\r\n" HIDDEN "\r\n0\r\n\r\n",
	    POST "Content-Length: 0\r\nContent-Length: 36\r\n\r\n" HIDDEN,
	    POST "Content-Length: 36\r\nContent-Length: 0\r\n\r\n" HIDDEN,
	    POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"
		 "0\r\n\r\n" HIDDEN,
	    POST "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n"
		 HIDDEN,
	    POST "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n"
		 HIDDEN,
	    POST "Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n"
		 HIDDEN,
	    /* a body where none is expected */
	    "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n"
		HIDDEN,
	    "DELETE /x HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n"
		HIDDEN,
	    /* lines */
	    POST "X: y\n\n" HIDDEN,
	    POST "X: y\rContent-Length: 0\r\n\r\n" HIDDEN,
	    POST "X: a\r\n b\r\n\r\n" HIDDEN,
	    "GET /healthz HTTP/1.1\nHost: x\n\n" HIDDEN,
	    "GET /healthz HTTP/1.1\r\n\r\n" HIDDEN,
	    "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" HIDDEN,
	    /* chunks */
	    POST "Transfer-Encoding: chunked\r\n\r\n0;x\r\n\r\n" HIDDEN,
	    POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n" HIDDEN,
	    POST "Transfer-Encoding: chunked\r\n\r\n-1\r\n" HIDDEN,
	    POST "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n" HIDDEN,
	};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(requests); i++)
		assert_refused(server, requests[i]);
}

/* Byte by byte, evhttp has lines of it before the fault comes. */
static void
test_packets_make_no_difference(void **state)
{
	static const char request[] =
	    POST "Content-Length: 0\r\nX-Other: y\r\nContent-Length: 36\r\n"
		 "\r\n" HIDDEN;
	struct api_server *server = *state;
	int fd = api_server_connect(server);
	struct buf heard = {0};
	char bytes[4096];
	ssize_t n;

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		if (write(fd, &request[i], 1) != 1)
			break;
		usleep(200);
	}
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&heard, bytes, (size_t)n);
	close(fd);
	assert_true(str_has_prefix(buf_str(&heard), STR("HTTP/1.1 400 ")));
	assert_int_equal(count_of(buf_str(&heard), "HTTP/1.1 "), 1);
	buf_fini(&heard);
}

static void
test_good_requests_before_it_are_answered(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Content-Type: application/json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n" HIDDEN);

	assert_true(str_has_prefix(text, STR("HTTP/1.1 200 ")));
	assert_int_equal(count_of(text, "HTTP/1.1 422 "), 1);
	assert_int_equal(count_of(text, "HTTP/1.1 400 "), 1);
	assert_int_equal(count_of(text, "HTTP/1.1 "), 3);
}

/* ---- paths ---- */

static void
test_path_has_one_spelling(void **state)
{
	static const char *const paths[] = {"/v1/../v1/instances",
	    "/v1/./instances", "/v1/%2e%2e/v1/instances",
	    "/v1/%2e/instances", "/v1/instances/%2e%2e/tokens",
	    "/v1/instances/../tokens", "/v1//instances", "/v1/instances//",
	    "/v1/%69nstances", "/%76%31/instances", "/V1/instances",
	    "/v1/Instances", "/v1/instances%00", "/v1/instances%20",
	    "/v1/instances;x=y", "/v1/instances/.", "/v1/instances.json",
	    "/v1%2finstances", "/v1%5cinstances", "/v1/tokens%23",
	    "/v1/tokens%3fx", "/v1/..;/v1/tokens", "/v1/%252e%252e/tokens"};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct str text = api_server_say(server,
		    arena_strf(server->arena,
			"GET %s HTTP/1.1\r\nHost: x\r\nConnection: "
			"close\r\n\r\n",
			paths[i])
			.at);

		if (!str_has_prefix(text, STR("HTTP/1.1 404 ")) &&
		    !str_has_prefix(text, STR("HTTP/1.1 400 ")))
			fail_msg("%s: %.*s", paths[i], STR_ARG(text));
	}
}

/* An encoded slash is part of a key, and no other path. */
static void
test_encoded_slash_stays_within_its_part(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	(void)api_server_start(server, "a/history");
	answer = api_server_get(server, "/v1/instances/a%2Fhistory");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "business_key"), STR("a/history")));
	answer = api_server_get(server, "/v1/instances/a/history");
	answer_must_be_problem(&answer, 404, "unknown-instance");
}

static void
test_zero_byte_does_not_end_a_name(void **state)
{
	static const char *const targets[] = {"/v1/instances/r-1%00",
	    "/v1/instances/r-1%00.x", "/v1/instances?business_key=r-1%00x"};
	struct api_server *server = *state;

	(void)api_server_start(server, "r-1");
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		struct answer answer = api_server_get(server, targets[i]);

		assert_true(str_find(answer.body,
				STR("\"initiator\"")) == SIZE_MAX);
	}
}

static void
test_key_is_no_sql(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	(void)api_server_start(server, "r-1");
	answer = api_server_get(server,
	    "/v1/instances/x'%20OR%20'1'%3D'1");
	answer_must_be(&answer, 404);
	answer = api_server_get(server,
	    "/v1/instances?business_key=x'%20OR%20'1'%3D'1");
	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_get(server, "/v1/instances?state=%25");
	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

/* ---- headers ---- */

static void
test_answer_cannot_be_split(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str text;

	/* Into the header Link, by a parameter. */
	(void)api_server_start(server, "r-1");
	(void)api_server_start(server, "r-2");
	answer = api_server_get(server,
	    "/v1/instances?limit=1&workflow=payment%0d%0aX-Split:%201");
	answer_must_be(&answer, 200);
	assert_null(answer_header(&answer, "X-Split").at);
	/* Into Location, by a key; into X-Request-Id. */
	text = api_server_say(server,
	    "GET /v1/instances/a%0d%0aX-Split:%201 HTTP/1.1\r\nHost: x\r\n"
	    "X-Request-Id: a%0d%0aX-Split: 1\r\nConnection: close\r\n\r\n");
	assert_true(str_find(text, STR("\nX-Split")) == SIZE_MAX);
}

static void
test_other_spellings_of_a_header_are_other_headers(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(server, "POST",
	    "/v1/workflows/payment/instances",
	    "Content-Type: application/json\nX_Stated_Actor: root\n"
	    "X-Stated-Actor: eve\nX-Forwarded-User: root\nRemote-User: root",
	    "{\"input\":{\"reference\":\"r-1\",\"amount\":1}}");

	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "initiator"), STR("eve")));
}

static void
test_headers_without_end_are_refused(void **state)
{
	struct api_server *server = *state;
	struct buf request = {0};
	struct str text;

	buf_add_cstr(&request, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 2000; i++)
		buf_addf(&request, "X-%d: 0123456789012345\r\n", i);
	buf_add_cstr(&request, "\r\n");
	text = api_server_say(server, buf_cstr(&request));
	assert_true(str_find(text, STR("200 OK")) == SIZE_MAX);
	buf_fini(&request);
}

/* ---- time ---- */

static void
test_body_that_comes_byte_by_byte_is_not_waited_for(void **state)
{
	struct api_server *server = api_server_new();
	time_t begun = time(NULL);
	bool is_open = true;
	int fd;

	(void)state;
	server->options.limits.idle_ms = 500;
	api_server_open(server);
	fd = api_server_connect(server);
	assert_true(write(fd, POST "Content-Length: 1000\r\n\r\n",
			strlen(POST) + 24) > 0);
	while (is_open && time(NULL) - begun < 20) {
		char byte = ' ';

		is_open = write(fd, &byte, 1) == 1;
		usleep(50 * 1000);
	}
	assert_false(is_open);
	close(fd);
	api_server_free(&server);
}

static void
test_many_slow_callers_keep_nobody_out(void **state)
{
	struct api_server *server = api_server_new();
	struct answer answer;
	int fds[40];

	(void)state;
	server->options.limits.connections_max = 40;
	server->options.limits.idle_ms = 1000;
	api_server_open(server);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = api_server_connect(server);
		(void)!write(fds[i], "GET /h", 6);
	}
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	api_server_free(&server);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_hidden_requests_are_not_answered),
	    TEST(test_packets_make_no_difference),
	    TEST(test_good_requests_before_it_are_answered),
	    TEST(test_path_has_one_spelling),
	    TEST(test_encoded_slash_stays_within_its_part),
	    TEST(test_zero_byte_does_not_end_a_name),
	    TEST(test_key_is_no_sql),
	    TEST(test_answer_cannot_be_split),
	    TEST(test_other_spellings_of_a_header_are_other_headers),
	    TEST(test_headers_without_end_are_refused),
	    cmocka_unit_test(
		test_body_that_comes_byte_by_byte_is_not_waited_for),
	    cmocka_unit_test(test_many_slow_callers_keep_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
