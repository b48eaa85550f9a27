/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks, incidents and escalations: listed, decided, settled, taken up. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static struct str
first_item(struct api_server *server, const char *list)
{
	struct answer answer;

	for (int i = 0; i < 100; i++) {
		answer = api_server_get(
		    server, arena_strf(server->arena, "/v1/%s", list).at);
		answer_must_be(&answer, 200);
		if (answer_member(&answer, "items")->as.list.count > 0)
			return answer_text(&answer, "items.0.id");
		usleep(50 * 1000);
	}
	fail_msg("no %s", list);
	return STR("");
}

static struct answer
act(struct api_server *server, const char *list, struct str id,
    const char *verb, const char *body)
{
	return api_server_post(server,
	    arena_strf(server->arena, "/v1/%s/%.*s/%s", list, STR_ARG(id), verb)
		.at,
	    body);
}

static void
test_task_is_decided_once(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	server->actor = "alice";
	api_server_start(server, "r-1");
	id = first_item(server, "tasks?role=treasurer");
	server->actor = "bob";
	answer = act(server, "tasks", id, "decide",
	    "{\"choice\":\"approved\",\"comment\":\"seen\"}");
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "state"), STR("waiting")));
	answer =
	    act(server, "tasks", id, "decide", "{\"choice\":\"approved\"}");
	answer_must_be_problem(&answer, 409, "already-closed");
	answer = api_server_get(server, "/v1/tasks");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_get(server, "/v1/tasks?open=false&instance=r-1");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	assert_true(answer_text(&answer, "items.0.closed").bytes > 0);
}

static void
test_initiator_may_not_approve(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	server->actor = "alice";
	api_server_start(server, "r-1");
	id = first_item(server, "tasks");
	answer =
	    act(server, "tasks", id, "decide", "{\"choice\":\"approved\"}");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = api_server_get(server, "/v1/instances/r-1/history?limit=1000");
	assert_true(
	    str_find(answer.body, STR("\"kind\":\"refused\"")) != SIZE_MAX);
}

static void
test_choice_must_be_one_of_the_task(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	api_server_start(server, "r-1");
	id = first_item(server, "tasks");
	server->actor = "bob";
	answer = act(server, "tasks", id, "decide", "{\"choice\":\"maybe\"}");
	answer_must_be_problem(&answer, 422, "invalid-choice");
	answer = act(server, "tasks", id, "decide", "{\"comment\":\"?\"}");
	answer_must_be_problem(&answer, 422, "invalid-body");
}

static void
test_task_that_never_was_is_404(void **state)
{
	struct api_server *server = *state;
	struct str id = api_server_start(server, "r-1");
	struct answer answer;

	answer = act(server, "tasks",
	    arena_strf(server->arena, "%.*s.99", STR_ARG(id)), "decide",
	    "{\"choice\":\"approved\"}");
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = act(server, "tasks", STR("r-1.1"), "decide",
	    "{\"choice\":\"approved\"}");
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = act(
	    server, "incidents", first_item(server, "tasks"), "retry", "{}");
	answer_must_be_problem(&answer, 404, "unknown-item");
}

static void
test_tasks_are_paged(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	char name[16];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "r-%d", i);
		api_server_start(server, name);
	}
	answer = api_server_get(server, "/v1/tasks?limit=2");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 2);
	answer = api_server_get(
	    server, arena_strf(server->arena, "/v1/tasks?limit=2&cursor=%.*s",
			STR_ARG(answer_text(&answer, "next")))
			.at);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	assert_true(value_is_null(answer_member(&answer, "next")));
	answer = api_server_get(server, "/v1/tasks?role=approver:treasurer");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 3);
	answer = api_server_get(server, "/v1/tasks?role=clerk");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static void
start_stuck(struct api_server *server)
{
	struct answer answer = api_server_post(
	    server, "/v1/workflows/stuck/instances?wait=5s", "{\"input\":{}}");

	answer_must_be(&answer, 201);
}

static void
test_incident_is_retried_and_skipped(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	start_stuck(server);
	id = first_item(server, "incidents?owner=desk");
	answer = act(
	    server, "incidents", id, "retry", "{\"comment\":\"once more\"}");
	answer_must_be(&answer, 200);
	/* It would not be read: nothing is done. */
	answer = act(server, "incidents", id, "skip", "{\"result\":{}}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = act(server, "incidents", id, "retry", "{}");
	answer_must_be_problem(&answer, 409, "already-closed");
	id = first_item(server, "incidents");
	answer = act(server, "incidents", id, "skip", "{}");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("completed")));
}

static void
test_supply_needs_a_result(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	start_stuck(server);
	id = first_item(server, "incidents");
	answer = act(server, "incidents", id, "supply", "{}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = act(server, "incidents", id, "supply",
	    "{\"result\":{\"luck\":true},\"comment\":\"seen it\"}");
	answer_must_be(&answer, 200);
}

static void
test_incident_cancels_the_instance(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	start_stuck(server);
	answer = act(server, "incidents", first_item(server, "incidents"),
	    "cancel", "{}");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("cancelled")));
	start_stuck(server);
	answer = act(server, "incidents", first_item(server, "incidents"),
	    "compensate", "{}");
	answer_must_be(&answer, 200);
}

static void
test_escalation_is_acknowledged(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(
	    server, "/v1/workflows/late/instances", "{\"input\":{}}");
	struct answer described;
	struct str id = first_item(server, "escalations?owner=desk");

	answer = act(server, "escalations", id, "acknowledge",
	    "{\"comment\":\"on it\"}");
	answer_must_be(&answer, 200);
	assert_true(value_is_true(
	    answer_member(&answer, "escalations.0.acknowledged")));
	assert_non_null(
	    answer_text(&answer, "escalations.0.acknowledged_by").at);
	described = api_server_get(server, "/openapi.json");
	assert_int_equal(answer_member(&described, "components.schemas."
	    "Escalation.properties.acknowledged_by")->type, VALUE_CONTEXT);
	/* Once, whoever does it. */
	for (int i = 0; i < 2; i++) {
		server->actor = i == 0 ? "nora" : "anonymous";
		answer = act(server, "escalations", id, "acknowledge", "{}");
		answer_must_be_problem(&answer, 409, "already-closed");
	}
	server->actor = NULL;
}

/* All that is wrong with what was filled in, as of the input of a start. */
static void
test_form_is_told_all_that_is_wrong(void **state)
{
	static const char form[] =
	    "{\"files\":[{\"name\":\"f.yaml\",\"text\":"
	    "\"workflow: filled\\nversion: 1\\ninitial: ask\\nstates:\\n"
	    "  ask:\\n    user-task:\\n      title: Fill in\\n"
	    "      form: {type: object, required: [n], properties:\\n"
	    "        {n: {type: integer}, l: {type: array,\\n"
	    "        uniqueItems: true}}}\\n"
	    "    on: {approved: end, rejected: end}\\n"
	    "  end: {type: final}\\n\"}]}";
	struct api_server *server = *state;
	struct answer answer = api_server_post(server, "/v1/definitions", form);
	struct str id;

	answer_must_be(&answer, 201);
	answer = api_server_post(
	    server, "/v1/workflows/filled/instances", "{\"input\":{}}");
	answer_must_be(&answer, 201);
	id = first_item(server, "tasks");
	server->actor = "bob";
	answer = act(server, "tasks", id, "decide",
	    "{\"choice\":\"approved\",\"data\":{\"n\":\"x\",\"l\":[1,1]}}");
	answer_must_be_problem(&answer, 422, "invalid-form");
	assert_int_equal(answer_member(&answer, "errors")->as.list.count, 2);
	assert_true(
	    str_equal(answer_text(&answer, "errors.0.pointer"), STR("/n")));
	assert_true(
	    str_equal(answer_text(&answer, "errors.0.keyword"), STR("type")));
	assert_true(
	    str_equal(answer_text(&answer, "errors.1.pointer"), STR("/l")));
	assert_true(str_equal(answer_text(&answer, "errors.1.message"),
	    STR("the items 0 and 1 are the same")));
	assert_true(str_equal(answer_text(&answer, "detail"),
	    STR("the form, at /n: must be of type integer, not string")));
	answer = act(server, "tasks", id, "decide",
	    "{\"choice\":\"approved\",\"data\":{}}");
	answer_must_be_problem(&answer, 422, "invalid-form");
	assert_true(str_equal(answer_text(&answer, "detail"),
	    STR("the form: the field \"n\" is missing")));
	answer = act(server, "tasks", id, "decide",
	    "{\"choice\":\"approved\",\"data\":{\"n\":1}}");
	answer_must_be(&answer, 200);
	server->actor = NULL;
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_task_is_decided_once),
	    TEST(test_initiator_may_not_approve),
	    TEST(test_choice_must_be_one_of_the_task),
	    TEST(test_task_that_never_was_is_404),
	    TEST(test_tasks_are_paged),
	    TEST(test_incident_is_retried_and_skipped),
	    TEST(test_supply_needs_a_result),
	    TEST(test_incident_cancels_the_instance),
	    TEST(test_escalation_is_acknowledged),
	    TEST(test_form_is_told_all_that_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
