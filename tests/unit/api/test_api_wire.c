/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the wire: methods, sizes, headers, broken requests. */
#include "api_server.h"

#include "stated/json.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_health_and_readiness(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/healthz");

	answer_must_be(&answer, 200);
	answer = api_server_get(server, "/readyz");
	answer_must_be(&answer, 200);
	answer = api_server_get(server, "/metrics");
	answer_must_be(&answer, 200);
	assert_true(str_has_suffix(answer.body, STR("# EOF\n")));
	assert_true(
	    str_find(answer.body,
		STR("stated_http_requests_total{method=\"GET\","
		    "route=\"/healthz\",status=\"2xx\"} 1\n")) != SIZE_MAX);
}

static void
test_openapi_names_the_routes(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/v1/openapi.json");
	static const char *const paths[] = {"/healthz", "/hooks/{connection}",
	    "/v1/definitions", "/v1/events", "/v1/export", "/v1/instances",
	    "/v1/schedules", "/v1/workflows/{name}/instances"};

	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "openapi"), STR("3.1.0")));
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_non_null(value_get_cstr(
		    answer_member(&answer, "paths"), paths[i]));
	assert_non_null(
	    value_get_cstr(value_get_cstr(answer_member(&answer, "paths"),
			       "/v1/tasks/{id}/decide"),
		"post"));
}

static void
test_unknown_path_is_404(void **state)
{
	struct api_server *server = *state;
	static const char *const paths[] = {"/", "/v1", "/v1/", "/v2/tasks",
	    "/v1/tasks/", "/v1/instances//history", "/v1/instances/x/y"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct answer answer = api_server_get(server, paths[i]);

		answer_must_be_problem(&answer, 404, "not-found");
	}
}

static void
test_other_method_is_405_with_those_allowed(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_ask(server, "DELETE", "/v1/instances/x", NULL, NULL);

	answer_must_be_problem(&answer, 405, "method-not-allowed");
	assert_true(
	    str_equal(answer_header(&answer, "Allow"), STR("GET, HEAD")));
	answer = api_server_ask(server, "PATCH", "/v1/events", NULL, "{}");
	answer_must_be_problem(&answer, 405, "method-not-allowed");
	assert_true(str_equal(answer_header(&answer, "Allow"), STR("POST")));
}

static void
test_head_has_headers_only(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

	assert_true(str_has_prefix(text, STR("HTTP/1.1 200 ")));
	assert_true(str_find(text, STR("Content-Length: ")) != SIZE_MAX);
	assert_true(str_has_suffix(text, STR("\r\n\r\n")));
	text = api_server_say(server,
	    "HEAD /v1/export HTTP/1.1\r\nHost: x\r\n\r\n"
	    "HEAD /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: "
	    "close\r\n\r\n");
	assert_true(str_has_prefix(text, STR("HTTP/1.1 200 ")));
	assert_true(
	    str_find(text, STR("\r\nContent-Disposition: ")) != SIZE_MAX);
	/* It is streamed: the only length is that of the second answer. */
	assert_true(str_find(text, STR("HTTP/1.1 404 ")) != SIZE_MAX);
	text = str_slice(text, 0, str_find(text, STR("HTTP/1.1 404 ")));
	assert_true(str_find(text, STR("\r\nContent-Length: ")) == SIZE_MAX);
	assert_true(
	    str_find(text, STR("\r\nTransfer-Encoding: ")) == SIZE_MAX);
}

static void
test_connection_is_kept_for_the_next_request(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: "
	    "close\r\n\r\n");

	assert_true(str_find(text, STR("200 OK")) != SIZE_MAX);
	assert_true(str_find(text, STR("404 Not Found")) != SIZE_MAX);
}

static void
test_request_id_is_taken_up_or_made(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(
	    server, "GET", "/healthz", "X-Request-Id: abc-1.2", NULL);

	assert_true(
	    str_equal(answer_header(&answer, "X-Request-Id"), STR("abc-1.2")));
	answer = api_server_ask(
	    server, "GET", "/nothing", "X-Request-Id: a<b", NULL);
	assert_int_equal(answer_header(&answer, "X-Request-Id").bytes, 32);
	assert_true(str_equal(answer_header(&answer, "X-Request-Id"),
	    answer_text(&answer, "request_id")));
}

static void
test_answers_may_not_be_kept_or_framed(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/healthz");

	assert_true(str_equal(
	    answer_header(&answer, "Cache-Control"), STR("no-store")));
	assert_true(str_equal(
	    answer_header(&answer, "X-Content-Type-Options"), STR("nosniff")));
	assert_true(
	    answer_header(&answer, "Content-Security-Policy").bytes > 0);
}

static void
test_trace_goes_into_history(void **state)
{
	struct api_server *server = *state;
	static const char trace[] =
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	struct answer answer =
	    api_server_ask(server, "POST", "/v1/workflows/payment/instances",
		arena_strf(server->arena,
		    "Content-Type: application/json\ntraceparent: %s", trace)
		    .at,
		"{\"input\":{\"reference\":\"r-1\",\"amount\":1}}");

	answer_must_be(&answer, 201);
	answer = api_server_get(server, "/v1/instances/r-1/history");
	assert_true(str_find(answer.body, str_of(trace)) != SIZE_MAX);
}

/* What the W3C calls invalid is not handed on; what a later version says is,
 * as far as it is known. */
static void
test_trace_is_taken_as_the_standard_says(void **state)
{
#define SPANS "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
	static const struct {
		const char *sent, *kept;
	} traces[] = {
	    {"00-00000000000000000000000000000000-b7ad6b7169203331-01", NULL},
	    {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", NULL},
	    {"ff" SPANS "01", NULL},
	    {"00" SPANS "01-more", NULL},
	    {"01" SPANS "01more", NULL},
	    {"00" SPANS "01\ntraceparent: 00" SPANS "01", NULL},
	    {"00" SPANS "03", "00" SPANS "03"},
	    {"cc" SPANS "03", "00" SPANS "01"},
	    {"01" SPANS "02-more", "00" SPANS "00"},
	};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(traces); i++) {
		struct answer answer = api_server_ask(server, "POST",
		    "/v1/workflows/payment/instances",
		    arena_strf(server->arena,
			"Content-Type: application/json\ntraceparent: %s",
			traces[i].sent).at,
		    arena_strf(server->arena,
			"{\"input\":{\"reference\":\"t-%zu\",\"amount\":1}}",
			i).at);

		answer_must_be(&answer, 201);
		answer = api_server_get(server,
		    arena_strf(server->arena,
			"/v1/instances/t-%zu/history", i).at);
		if (traces[i].kept == NULL)
			assert_true(str_find(answer.body, STR("\"trace\"")) ==
				    SIZE_MAX);
		else
			assert_true(str_find(answer.body,
					str_of(traces[i].kept)) != SIZE_MAX);
	}
}

/* A limit that is null would be none. */
static void
test_null_is_taken_only_where_it_is_promised(void **state)
{
	static const struct {
		const char *target, *body, *pointer;
	} wrong[] = {
	    {"/v1/tokens", "{'name':'a','roles':['admin'],'workflows':null}",
		"/workflows"},
	    {"/v1/tokens", "{'name':'a','roles':['admin'],'entities':null}",
		"/entities"},
	    {"/v1/tokens", "{'name':'a','roles':null}", "/roles"},
	    {"/v1/migrations", "{'workflow':'payment','from':1,'to':1,"
		"'instances':null}", "/instances"},
	    {"/v1/migrations", "{'workflow':'payment','from':1,'to':1,"
		"'dry_run':null}", "/dry_run"},
	    {"/v1/delegations", "{'role':'approver:x','to':'b','until':'1d',"
		"'workflow':null}", "/workflow"},
	    {"/v1/holds", "{'key':'a','label':null,'reason':'x'}", "/label"},
	};
	struct api_server *server = *state;
	struct answer answer;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		char *body = (char *)arena_strf(
		    server->arena, "%s", wrong[i].body).at;

		for (char *c = body; *c != '\0'; c++)
			*c = *c == '\'' ? '"' : *c;
		answer = api_server_post(server, wrong[i].target, body);
		answer_must_be_problem(&answer, 422, "invalid-body");
		assert_true(str_equal(answer_text(&answer, "errors.0.pointer"),
		    str_of(wrong[i].pointer)));
		assert_true(str_has_prefix(
		    answer_text(&answer, "errors.0.message"),
		    STR("must not be null")));
	}
	answer = api_server_post(server, "/v1/tokens",
	    "{\"name\":\"a\",\"roles\":[\"auditor\"],\"expires\":null}");
	answer_must_be(&answer, 201);
	/* As systems write what they leave out. */
	answer = api_server_post(server, "/v1/workflows/late/instances",
	    "{\"input\":{},\"version\":null,\"priority\":null}");
	answer_must_be(&answer, 201);
}

static void
test_body_is_utf8_as_it_is(void **state)
{
	static const struct {
		const char *headers;
		int status;
	} sent[] = {
	    {"Content-Type: application/json; charset=utf-8", 201},
	    {"Content-Type: application/json; x=y; Charset=\"UTF-8\"", 200},
	    {"Content-Type: application/json\nContent-Encoding: identity", 200},
	    {"Content-Type: application/json; charset=iso-8859-1", 415},
	    {"Content-Type: application/json; x=y;charset=utf-16", 415},
	    {"Content-Type: application/json\nContent-Encoding: gzip", 415},
	};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(sent); i++) {
		struct answer answer = api_server_ask(server, "POST",
		    "/v1/workflows/payment/instances", sent[i].headers,
		    "{\"input\":{\"reference\":\"u-1\",\"amount\":1}}");

		answer_must_be(&answer, sent[i].status);
	}
}

static void
test_requests_without_a_route_are_counted(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/nothing");

	answer_must_be(&answer, 404);
	(void)api_server_say(server, "NONSENSE\r\n\r\n");
	(void)api_server_say(
	    server, "BREW /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n");
	answer = api_server_ask(server, "DELETE", "/v1/tasks", NULL, NULL);
	answer_must_be(&answer, 405);
	answer = api_server_get(server, "/metrics");
	assert_true(str_find(answer.body,
	    STR("stated_http_requests_total{method=\"\",route=\"none\","
		"status=\"4xx\"} 2\n")) != SIZE_MAX);
	assert_true(str_find(answer.body,
	    STR("stated_http_requests_total{method=\"\",route=\"none\","
		"status=\"5xx\"} 1\n")) != SIZE_MAX);
	assert_true(str_find(answer.body,
	    STR("stated_http_requests_total{method=\"other\","
		"route=\"/v1/tasks\",status=\"4xx\"} 1\n")) != SIZE_MAX);
}

static void
test_body_over_the_bound_is_413(void **state)
{
	struct api_server *server = *state;
	size_t bytes = (1u << 20) + 1;
	char *body = arena_alloc(server->arena, 8 * bytes);
	struct answer answer;
	struct str text;

	memset(body, ' ', bytes);
	answer =
	    api_server_post(server, "/v1/workflows/payment/instances", body);
	answer_must_be_problem(&answer, 413, "too-large");
	/* Far over it evhttp answers for us, before it has read it all. */
	text = api_server_say(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n");
	assert_true(str_find(text, STR("413 ")) != SIZE_MAX);
}

static void
expect_refusal(struct api_server *server, const char *request, int status,
    const char *name)
{
	struct str text = api_server_say(server, request);
	char line[64];

	snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
	assert_true(str_has_prefix(text, str_of(line)));
	assert_true(
	    str_find(
		text, STR("\r\nContent-Type: application/problem+json\r\n")) !=
	    SIZE_MAX);
	assert_true(
	    str_find(text, STR("\r\nConnection: close\r\n")) != SIZE_MAX);
	snprintf(line, sizeof(line), "{\"type\":\"urn:stated:problem:%s\",",
	    name);
	assert_true(str_find(text, str_of(line)) != SIZE_MAX);
	/* One answer, and nothing of evhttp's. */
	assert_true(str_has_suffix(text, STR("\"}\n")));
	assert_true(str_find(text, STR("HTML")) == SIZE_MAX);
}

static void
test_what_cannot_be_read_is_a_problem_too(void **state)
{
	struct api_server *server = *state;

	expect_refusal(server, "NONSENSE\r\n\r\n", 400, "bad-request");
	expect_refusal(server, "GET / HTTP/7.0\r\nHost: x\r\n\r\n", 400,
	    "bad-request");
	expect_refusal(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
	    400, "bad-request");
	expect_refusal(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 99999999999\r\n\r\n",
	    413, "too-large");
	expect_refusal(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
	    400, "bad-request");
	expect_refusal(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
	    400, "bad-request");
	expect_refusal(server, "BREW /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n",
	    501, "unknown-method");
	assert_int_equal(str_find(api_server_say(server,
	    "BREW /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n"),
	    STR("\r\nAllow:")), SIZE_MAX);
	expect_refusal(server, "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501,
	    "unknown-method");
	assert_true(str_find(api_server_say(server,
	    "TRACE /v1/tasks HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n"),
	    STR("\r\nAllow: GET, HEAD\r\n")) != SIZE_MAX);
}

static void
test_what_cannot_be_read_comes_after_what_could(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nNONSENSE\r\n\r\n");

	assert_true(str_has_prefix(text, STR("HTTP/1.1 200 ")));
	assert_true(str_find(text, STR("HTTP/1.1 400 ")) != SIZE_MAX);
	assert_true(str_find(text, STR("HTML")) == SIZE_MAX);
}

static void
test_large_body_is_asked_for_where_the_caller_waits(void **state)
{
	struct api_server *server = *state;
	struct str text = api_server_say(server,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");

	assert_true(str_has_prefix(text, STR("HTTP/1.1 100 Continue\r\n")));
}

static void
test_actor_must_be_a_name(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(
	    server, "GET", "/v1/tasks", "X-Stated-Actor: a\x01", NULL);

	answer_must_be_problem(&answer, 400, "bad-request");
	answer = api_server_ask(
	    server, "GET", "/v1/tasks", "X-Stated-Actor: engine", NULL);
	answer_must_be_problem(&answer, 400, "bad-request");
}

/* Anybody can send such bytes, also where nobody has to sign in. */
static void
test_actor_that_is_no_utf8_is_refused(void **state)
{
	static const char *const names[] = {"\xf6", "b\xf6", "\xc3", "\xff \xfe",
	    "engin\xe9", "\xed\xa0\x80"};
	static const char *const paths[] = {"/healthz", "/v1/tasks"};
	struct api_server *server = *state;
	struct answer answer;
	char header[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(header, sizeof(header), "X-Stated-Actor: %s",
		    names[i]);
		answer = api_server_ask(
		    server, "GET", paths[i % 2], header, NULL);
		answer_must_be_problem(&answer, 400, "bad-request");
		assert_true(str_find(answer_text(&answer, "detail"),
				STR("bytes of UTF-8")) != SIZE_MAX);
	}
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
}

static void
test_draining_server_is_not_ready(void **state)
{
	struct api_server *server = *state;
	static const char request[] = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = api_server_connect(server);
	char bytes[2048] = "";

	/* A connection from before keeps being answered. */
	usleep(50 * 1000);
	api_server_drain(server);
	usleep(50 * 1000);
	assert_int_equal(write(fd, request, sizeof(request) - 1),
	    (ssize_t)sizeof(request) - 1);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) > 0);
	assert_non_null(strstr(bytes, " 503 "));
	assert_non_null(strstr(bytes, "Connection: close"));
	close(fd);
}

static void
test_draining_server_answers_new_callers(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_drain(server);
	usleep(50 * 1000);
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_header(&answer, "Connection"), STR("close")));
	answer = api_server_get(server, "/readyz");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(str_find(answer.body, STR("The server stops.")) !=
	    SIZE_MAX);
	answer = api_server_get(server, "/metrics");
	answer_must_be(&answer, 200);
}

static void
test_draining_server_sends_all_others_away(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_drain(server);
	usleep(50 * 1000);
	answer = api_server_get(server, "/v1/instances");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	answer = api_server_post(
	    server, "/v1/workflows/late/instances", "{\"input\":{}}");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_health_and_readiness),
	    TEST(test_openapi_names_the_routes),
	    TEST(test_unknown_path_is_404),
	    TEST(test_other_method_is_405_with_those_allowed),
	    TEST(test_head_has_headers_only),
	    TEST(test_connection_is_kept_for_the_next_request),
	    TEST(test_request_id_is_taken_up_or_made),
	    TEST(test_answers_may_not_be_kept_or_framed),
	    TEST(test_trace_goes_into_history),
	    TEST(test_trace_is_taken_as_the_standard_says),
	    TEST(test_null_is_taken_only_where_it_is_promised),
	    TEST(test_body_is_utf8_as_it_is),
	    TEST(test_requests_without_a_route_are_counted),
	    TEST(test_body_over_the_bound_is_413),
	    TEST(test_what_cannot_be_read_is_a_problem_too),
	    TEST(test_what_cannot_be_read_comes_after_what_could),
	    TEST(test_large_body_is_asked_for_where_the_caller_waits),
	    TEST(test_actor_must_be_a_name),
	    TEST(test_actor_that_is_no_utf8_is_refused),
	    TEST(test_draining_server_is_not_ready),
	    TEST(test_draining_server_answers_new_callers),
	    TEST(test_draining_server_sends_all_others_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
