/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a second person, and who acts for whom: asked for, listed,
 * looked at, confirmed, rejected, taken back. */
#include "api_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CAREFUL                                                     \
	"workflow: careful\\nversion: 1\\nowner: desk\\nseparate: " \
	"[[correct, confirm]]\\nbusiness-key: = input.key\\n"       \
	"initial: failing\\nstates:\\n  failing: {entry: [{fail: "  \
	"no-luck}], on: {done: over}}\\n  over: {type: final, "     \
	"outcome: success}\\n"
#define FILES "{\"files\":[{\"name\":\"a.yaml\",\"text\":\"" CAREFUL "\"}]}"

static struct answer
post_as(struct api_server *server, const char *actor, const char *target,
    const char *body)
{
	server->actor = actor;
	return api_server_post(server, target, body);
}

static struct answer
act(struct api_server *server, const char *actor, const char *kind,
    struct str id, const char *verb)
{
	return post_as(server, actor,
	    arena_strf(server->arena, "/v1/%s/%.*s/%s", kind, STR_ARG(id), verb)
		.at,
	    "{}");
}

static size_t
count_items(struct api_server *server, const char *target)
{
	struct answer answer = api_server_get(server, target);

	answer_must_be(&answer, 200);
	return answer_member(&answer, "items")->as.list.count;
}

static void
publish_careful(struct api_server *server)
{
	struct answer answer = post_as(server, "ada", "/v1/definitions", FILES);

	answer_must_be(&answer, 201);
}

/* bob proposes that the incident of a new instance be skipped. */
static struct str
propose(struct api_server *server, const char *key)
{
	struct answer answer = post_as(server, "alice",
	    "/v1/workflows/careful/instances",
	    arena_strf(
		server->arena, "{\"input\":{\"key\":\"%s\"}}", key)
		.at);
	struct str incident;

	answer_must_be(&answer, 201);
	incident = answer_text(&answer, "incidents.0.id");
	answer = act(server, "bob", "incidents", incident, "skip");
	answer_must_be(&answer, 202);
	assert_true(str_has_prefix(
	    answer_header(&answer, "Location"), STR("/v1/proposals/")));
	assert_true(
	    str_equal(answer_text(&answer, "incidents.0.proposal.act"),
		STR("skip")));
	return answer_text(&answer, "proposals.0.id");
}

static void
test_correction_is_proposed_and_confirmed(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	publish_careful(server);
	id = propose(server, "r-1");
	assert_int_equal(count_items(server, "/v1/proposals"), 1);
	answer = act(server, "Bob", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = act(server, "bob", "proposals", id, "acknowledge");
	answer_must_be_problem(&answer, 409, "already-closed");
	answer = act(server, "cyd", "proposals", id, "confirm");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("completed")));
	assert_int_equal(count_items(server, "/v1/proposals"), 0);
	assert_int_equal(
	    count_items(server, "/v1/proposals?open=false&instance=r-1"), 1);
	answer = api_server_get(server,
	    arena_strf(
		server->arena, "/v1/proposals/%.*s", STR_ARG(id))
		.at);
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("confirmed")));
	assert_true(str_equal(answer_text(&answer, "closed_by"), STR("cyd")));
}

static void
test_correction_is_taken_back(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;

	publish_careful(server);
	id = propose(server, "r-2");
	answer = act(server, "bob", "proposals", id, "reject");
	answer_must_be(&answer, 200);
	assert_int_equal(
	    answer_member(&answer, "incidents")->as.list.count, 1);
	answer = act(server, "cyd", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 409, "already-closed");
	answer = act(server, "cyd", "proposals",
	    arena_strf(server->arena, "%.*s0", STR_ARG(id)), "confirm");
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = act(server, "cyd", "proposals", STR("r-2.1"), "confirm");
	answer_must_be_problem(&answer, 404, "unknown-item");
}

static void
test_nobody_is_told_so_nobody_acts_alone(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	publish_careful(server);
	answer = post_as(server, "alice", "/v1/workflows/careful/instances",
	    "{\"input\":{\"key\":\"r-3\"}}");
	answer = post_as(server, "bob",
	    arena_strf(server->arena, "/v1/incidents/%.*s/skip",
		STR_ARG(answer_text(&answer, "incidents.0.id")))
		.at,
	    "{\"break_glass\":\"now\"}");
	answer_must_be_problem(&answer, 409, "wrong-state");
}

static void
test_nobody_acts_alone_without_saying_why(void **state)
{
	struct api_server *server = *state;
	static const char *const acts[][2] = {
	    {"incidents", "skip"}, {"instances", "cancel"}};
	static const char *const reasons[] = {"", " ", "\\t\\n"};
	struct str ids[2];
	struct answer answer;

	publish_careful(server);
	answer = post_as(server, "alice", "/v1/workflows/careful/instances",
	    "{\"input\":{\"key\":\"r-4\"}}");
	ids[0] = answer_text(&answer, "incidents.0.id");
	ids[1] = answer_text(&answer, "id");
	for (size_t i = 0; i < COUNT_OF(acts) * COUNT_OF(reasons); i++) {
		answer = post_as(server, "bob",
		    arena_strf(server->arena, "/v1/%s/%.*s/%s",
			acts[i % 2][0], STR_ARG(ids[i % 2]),
			acts[i % 2][1]).at,
		    arena_strf(server->arena, "{\"break_glass\":\"%s\"}",
			reasons[i / 2]).at);
		answer_must_be_problem(&answer, 422, "invalid-body");
		assert_true(str_equal(answer_text(&answer,
		    "errors.0.pointer"), STR("/break_glass")));
	}
	answer = api_server_get(server, "/v1/proposals");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static void
test_workflow_is_proposed_and_confirmed(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str id;
	const char *path;

	answer = post_as(server, "ada", "/v1/proposals?dry_run=true", FILES);
	answer_must_be(&answer, 200);
	answer = post_as(server, "ada", "/v1/proposals", FILES);
	answer_must_be(&answer, 202);
	id = answer_text(&answer, "id");
	path =
	    arena_strf(server->arena, "/v1/proposals/%.*s", STR_ARG(id)).at;
	answer = api_server_get(server, "/v1/proposals");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "items.0.what"), STR("careful 1")));
	assert_int_equal(
	    answer_member(&answer, "items.0.files")->type, VALUE_NULL);
	answer = api_server_get(server, path);
	answer_must_be(&answer, 200);
	assert_true(str_has_prefix(
	    answer_text(&answer, "files.0.text"), STR("workflow: careful")));
	answer = act(server, "ada", "proposals", id, "acknowledge");
	answer_must_be_problem(&answer, 409, "wrong-state");
	answer = act(server, "ada", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = api_server_get(server, "/v1/definitions/careful");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
	answer = act(server, "bob", "proposals", id, "confirm");
	answer_must_be(&answer, 200);
	answer = api_server_get(server, "/v1/definitions/careful");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "versions.0.published_by"), STR("bob")));
}

/* What was sound when it was proposed may not be any more. */
static void
test_workflow_is_looked_at_anew_when_it_is_confirmed(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    post_as(server, "ada", "/v1/proposals", FILES);
	struct str id = answer_text(&answer, "id");

	answer_must_be(&answer, 202);
	answer = post_as(server, "eve", "/v1/definitions",
	    "{\"files\":[{\"name\":\"b.yaml\",\"text\":\"workflow: careful\\n"
	    "version: 1\\ninitial: over\\nstates: {over: {type: final, "
	    "outcome: success}}\\n\"}]}");
	answer_must_be(&answer, 201);
	answer = act(server, "bob", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 409, "version-published");
	assert_int_equal(count_items(server, "/v1/proposals"), 1);
	answer = act(server, "bob", "proposals", id, "reject");
	answer_must_be(&answer, 200);
	assert_int_equal(count_items(server, "/v1/proposals"), 0);
}

static void
test_role_is_delegated_and_taken_back(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "dan", "/v1/delegations",
	    "{\"role\":\"approver:clerk\",\"to\":\"eve\",\"until\":\"14d\","
	    "\"workflow\":\"payment\"}");
	struct str id = answer_text(&answer, "id");

	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "status"), STR("active")));
	answer = api_server_get(server, "/v1/delegations?owner=eve");
	assert_true(
	    str_equal(answer_text(&answer, "items.0.from"), STR("dan")));
	answer = act(server, "eve", "delegations", id, "revoke");
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "status"), STR("revoked")));
	answer = act(server, "eve", "delegations", id, "revoke");
	answer_must_be_problem(&answer, 409, "already-closed");
	assert_int_equal(count_items(server, "/v1/delegations"), 0);
	assert_int_equal(count_items(server, "/v1/delegations?open=false"), 1);
}

static void
test_what_is_no_delegation_is_refused(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *problem;
	} wrong[] = {
	    {"{\"role\":\"approver:a\",\"to\":\"eve\"}", 422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"until\":\"1d\"}", 422,
		"invalid-body"},
	    {"{\"to\":\"eve\",\"until\":\"1d\"}", 422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"eve\",\"until\":\"2001-01-01\"}"
	     ,
		422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"eve\",\"until\":\"900d\"}", 422,
		"invalid-body"},
	    {"{\"role\":\"operator\",\"to\":\"eve\",\"until\":\"1d\"}", 422,
		"invalid-choice"},
	    {"{\"role\":\"approver:*\",\"to\":\"eve\",\"until\":\"1d\"}", 422,
		"invalid-choice"},
	    {"{\"role\":\"approver:a\",\"to\":\" DAN\",\"until\":\"1d\"}", 422,
		"invalid-choice"},
	    {"{\"role\":\"approver:a\",\"to\":\"Engine\",\"until\":\"1d\"}",
		422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"  \",\"until\":\"1d\"}", 422,
		"invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"eve\",\"from\":\" schedule \","
	     "\"until\":\"1d\"}",
		422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"eve\",\"from\":\"anonymous\","
	     "\"until\":\"1d\"}",
		422, "invalid-body"},
	    {"{\"role\":\"approver:a\",\"to\":\"eve\",\"until\":\"1d\","
	     "\"workflow\":\"none\"}",
		404, "unknown-workflow"},
	};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct answer answer = post_as(
		    server, "dan", "/v1/delegations", wrong[i].body);

		answer_must_be_problem(
		    &answer, wrong[i].status, wrong[i].problem);
	}
	assert_int_equal(count_items(server, "/v1/delegations"), 0);
}

static void
expect_refusal(struct api_server *server, const char *actor,
    const char *route, const char *problem)
{
	struct answer answer = api_server_await(
	    server, "/v1/journal?tail=1", "items.0.actor", actor);

	assert_true(str_equal(
	    answer_text(&answer, "items.0.kind"), STR("access-refused")));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.route"), str_of(route)));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.problem"), str_of(problem)));
}

/* What is no instance's has no history to stand in. */
static void
test_who_was_kept_from_it_stands_in_the_journal(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "ada", "/v1/proposals", FILES);
	struct str id = answer_text(&answer, "id");

	answer_must_be(&answer, 202);
	answer = act(server, "Ada", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	expect_refusal(server, "Ada", "POST /v1/proposals/{id}/confirm",
	    "four-eyes");
	server->actor = NULL;
}

/* Two of them may be one person. */
static void
test_who_has_no_name_does_nothing_that_takes_two(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "ada", "/v1/proposals", FILES);
	struct str id = answer_text(&answer, "id");

	answer_must_be(&answer, 202);
	answer = act(server, NULL, "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = act(server, "Anonymous", "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = post_as(server, NULL, "/v1/proposals", FILES);
	answer_must_be_problem(&answer, 403, "four-eyes");
	publish_careful(server);
	id = propose(server, "r-9");
	answer = act(server, NULL, "proposals", id, "confirm");
	answer_must_be_problem(&answer, 403, "four-eyes");
	answer = act(server, "cyd", "proposals", id, "confirm");
	answer_must_be(&answer, 200);
	server->actor = NULL;
}

#define TEST(test)                       \
	cmocka_unit_test_setup_teardown( \
	    test, api_server_set_up, api_server_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_correction_is_proposed_and_confirmed),
	    TEST(test_correction_is_taken_back),
	    TEST(test_nobody_is_told_so_nobody_acts_alone),
	    TEST(test_nobody_acts_alone_without_saying_why),
	    TEST(test_workflow_is_proposed_and_confirmed),
	    TEST(test_workflow_is_looked_at_anew_when_it_is_confirmed),
	    TEST(test_role_is_delegated_and_taken_back),
	    TEST(test_what_is_no_delegation_is_refused),
	    TEST(test_who_was_kept_from_it_stands_in_the_journal),
	    TEST(test_who_has_no_name_does_nothing_that_takes_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
