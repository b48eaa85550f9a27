/* SPDX-License-Identifier: Apache-2.0 */
/* How connections stand, and what operators do to them. */
#include "api_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
test_all_connections_are_listed(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/v1/connections");

	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 3);
	assert_true(
	    str_equal(answer_text(&answer, "items.1.name"), STR("bank")));
	assert_true(
	    str_equal(answer_text(&answer, "items.1.state"), STR("closed")));
	answer = api_server_get(server, "/metrics");
	assert_true(str_find(answer.body,
			STR("stated_connection_breaker{connection=\"bank\","
			    "state=\"closed\"} 1\n")) != SIZE_MAX);
}

static void
test_pause_is_kept_with_who_and_why(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	server->actor = "olga";
	answer = api_server_post(server, "/v1/connections/bank/pause",
	    "{\"reason\": \"they asked us\"}");
	answer_must_be(&answer, 200);
	assert_true(value_is_true(answer_member(&answer, "paused")));
	assert_true(
	    str_equal(answer_text(&answer, "waits_for"), STR("pause")));
	server->actor = "piet";
	answer = api_server_post(
	    server, "/v1/connections/bank/resume", "{}");
	answer_must_be(&answer, 200);
	assert_false(value_is_true(answer_member(&answer, "paused")));
	answer = api_server_get(server, "/v1/connections/bank");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "switches.0.by"), STR("piet")));
	assert_true(
	    str_equal(answer_text(&answer, "switches.1.act"), STR("pause")));
	assert_true(str_equal(answer_text(&answer, "switches.1.reason"),
	    STR("they asked us")));
	assert_int_equal(answer_member(&answer, "switches")->as.list.count, 2);
}

static void
test_connection_is_tried_in_words(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(
	    server, "/v1/connections/silent/test", "{}");

	answer_must_be(&answer, 200);
	assert_false(value_is_true(answer_member(&answer, "ok")));
	assert_true(str_equal(
	    answer_text(&answer, "code"), STR("http.unreachable")));
	assert_true(str_find(answer_text(&answer, "message"),
			STR("is the port")) != SIZE_MAX);
}

static void
test_only_what_changes_nothing_is_tried(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(server,
	    "/v1/connections/silent/test", "{\"operation\": \"pay\"}");

	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_post(server, "/v1/connections/silent/test",
	    "{\"operation\": \"ask\", \"with\": []}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_post(server, "/v1/connections/silent/test",
	    "{\"operation\": \"ask\", \"with\": {}}");
	answer_must_be(&answer, 200);
}

static void
test_unknown_connection_is_404(void **state)
{
	static const char *const acts[] = {"test", "pause", "resume"};
	struct api_server *server = *state;
	struct answer answer =
	    api_server_get(server, "/v1/connections/nobody");

	answer_must_be_problem(&answer, 404, "unknown-connection");
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/v1/connections/nobody/%s",
		    acts[i]);
		answer = api_server_post(server, path, "{}");
		answer_must_be_problem(&answer, 404, "unknown-connection");
	}
}

#define TEST(name)                      \
	cmocka_unit_test_setup_teardown( \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_all_connections_are_listed),
	    TEST(test_pause_is_kept_with_who_and_why),
	    TEST(test_connection_is_tried_in_words),
	    TEST(test_only_what_changes_nothing_is_tried),
	    TEST(test_unknown_connection_is_404),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
