/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: tokens, roles, workflows, expiry. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static const struct str all[] = {STR_INIT("admin")};
static const struct str starts[] = {STR_INIT("initiator")};
static const struct str approves[] = {STR_INIT("approver:treasurer")};
static const struct str audits[] = {STR_INIT("auditor")};
static const struct str posts[] = {STR_INIT("events")};
static const struct str operates[] = {STR_INIT("operator")};
static const struct str corrects[] = {
    STR_INIT("operator"), STR_INIT("publisher")};
static const struct str refunds[] = {STR_INIT("refund")};

static const struct str entities[] = {STR_INIT("DE01")};

#define TOKEN_COUNT 12
#define TOKEN(text, who, what)                                             \
	{                                                                  \
		.name = STR_INIT(who), .sha256 = digest_sha256(STR(text)), \
		.roles = what, .role_count = 1                             \
	}

static int
set_up(void **state)
{
	struct api_server *server = api_server_new();
	struct api_token list[TOKEN_COUNT] = {
	    TOKEN("t-root", "root", all),
	    TOKEN("t-alice", "alice", starts),
	    TOKEN("t-bob", "bob", approves),
	    TOKEN("t-carol", "carol", audits),
	    TOKEN("t-bank", "bank", posts),
	    TOKEN("t-dave", "dave", operates),
	    TOKEN("t-old", "old", all),
	    TOKEN("t-erin", "erin", operates),
	    TOKEN("t-fred", "fred", approves),
	    TOKEN("t-gwen", "gwen", corrects),
	    TOKEN("t-hugo", "hugo", corrects),
	    TOKEN("t-engine", "Engine", all),
	};
	struct api_token *tokens =
	    ARENA_ARRAY(server->arena, TOKEN_COUNT, struct api_token);

	memcpy(tokens, list, sizeof(list));
	tokens[6].expires_ms = 1;
	tokens[7].workflows = refunds;
	tokens[7].workflow_count = 1;
	tokens[8].entities = entities;
	tokens[8].entity_count = 1;
	tokens[9].role_count = tokens[10].role_count = 2;
	tokens[10].entities = entities;
	tokens[10].entity_count = 1;
	server->options.auth_required = true;
	server->options.tokens = tokens;
	server->options.token_count = TOKEN_COUNT;
	api_server_open(server);
	*state = server;
	return 0;
}

static struct answer
get_as(struct api_server *server, const char *token, const char *target)
{
	server->token = token;
	return api_server_get(server, target);
}

static struct answer
post_as(struct api_server *server, const char *token, const char *target,
    const char *body)
{
	server->token = token;
	return api_server_post(server, target, body);
}

#define PAYMENTS "/v1/workflows/payment/instances"
#define PAYMENT "{\"input\":{\"reference\":\"r-1\",\"amount\":1}}"

static void
test_no_token_is_401(void **state)
{
	struct api_server *server = *state;
	struct answer answer = get_as(server, NULL, "/v1/tasks");

	answer_must_be_problem(&answer, 401, "unauthenticated");
	assert_true(str_has_prefix(
	    answer_header(&answer, "WWW-Authenticate"), STR("Bearer")));
	answer = get_as(server, "guess", "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	answer = get_as(server, "t-old", "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	server->token = NULL;
	answer = api_server_ask(server, "GET", "/v1/tasks",
	    "Authorization: Basic YWxpY2U6dC1hbGljZQ==", NULL);
	answer_must_be_problem(&answer, 401, "unauthenticated");
	answer = api_server_ask(
	    server, "GET", "/v1/tasks", "X-Stated-Actor: root", NULL);
	answer_must_be_problem(&answer, 401, "unauthenticated");
}

static void
test_health_needs_no_token(void **state)
{
	struct api_server *server = *state;
	struct answer answer = get_as(server, NULL, "/healthz");

	answer_must_be(&answer, 200);
	answer = get_as(server, NULL, "/metrics");
	answer_must_be(&answer, 401);
}

static void
test_actor_is_the_tokens_owner(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	server->token = "t-alice";
	answer = api_server_ask(server, "POST", PAYMENTS,
	    "Content-Type: application/json\nX-Stated-Actor: mallory", PAYMENT);
	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "initiator"), STR("alice")));
}

/* Histories would take them for what nobody did. */
static void
test_nobody_is_called_as_the_engine_is(void **state)
{
	static const char *const names[] = {"engine", "Schedule ", "anonymous"};
	struct api_server *server = *state;
	struct answer answer = get_as(server, "t-engine", "/v1/tasks");

	answer_must_be_problem(&answer, 401, "unauthenticated");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		answer = post_as(server, "t-root", "/v1/tokens",
		    arena_strf(server->arena,
			"{\"name\":\"%s\",\"roles\":[\"auditor\"]}", names[i])
			.at);
		answer_must_be_problem(&answer, 422, "invalid-body");
	}
}

static void
test_roles_open_their_routes_only(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "t-carol", PAYMENTS, PAYMENT);

	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-carol", "/v1/export");
	answer_must_be(&answer, 200);
	assert_non_null(answer_header(&answer, "Content-Location").at);
	answer = get_as(server, "t-alice", "/v1/export");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-bank", "/v1/instances");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = post_as(server, "t-bank", "/v1/events",
	    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
	    "\"type\":\"bank.settled\",\"subject\":\"x\"}");
	answer_must_be(&answer, 202);
	answer = post_as(server, "t-root", PAYMENTS, PAYMENT);
	answer_must_be(&answer, 201);
	answer = post_as(server, "t-alice", "/v1/instances/r-1/cancel", "{}");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = post_as(server, "t-dave", "/v1/instances/r-1/cancel", "{}");
	answer_must_be(&answer, 200);
}

static void
test_connections_are_paused_by_operators_of_all_workflows(void **state)
{
	static const char pause[] = "/v1/connections/bank/pause";
	struct api_server *server = *state;
	struct answer answer = get_as(server, "t-carol", "/v1/connections");

	answer_must_be(&answer, 200);
	answer = get_as(server, "t-alice", "/v1/connections");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = post_as(server, "t-carol", pause, "{}");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = post_as(server, "t-erin", pause, "{}"); /* of refunds only */
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = post_as(server, "t-dave", pause, "{}");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "switched_by"), STR("dave")));
}

static void
test_task_is_for_its_role(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "t-alice", PAYMENTS, PAYMENT);
	const char *target;

	answer_must_be(&answer, 201);
	target = arena_strf(server->arena, "/v1/tasks/%.*s/decide",
	    STR_ARG(answer_text(&answer, "tasks.0.id")))
		     .at;
	answer = post_as(server, "t-dave", target, "{\"choice\":\"approved\"}");
	answer_must_be_problem(&answer, 403, "role-required");
	answer = post_as(server, "t-bob", target, "{\"choice\":\"approved\"}");
	answer_must_be(&answer, 200);
}

static void
test_limited_token_sees_its_workflows_only(void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "t-root", PAYMENTS, PAYMENT);
	struct str id = answer_text(&answer, "id");

	answer = post_as(server, "t-root", "/v1/workflows/refund/instances",
	    "{\"input\":{\"reference\":\"f-1\"}}");
	answer_must_be(&answer, 201);
	answer = get_as(server, "t-erin", "/v1/instances");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	answer = get_as(server, "t-erin", "/v1/instances/f-1");
	answer_must_be(&answer, 200);
	answer = get_as(server, "t-erin", "/v1/instances/r-1");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = post_as(server, "t-erin",
	    arena_strf(server->arena, "/v1/instances/%.*s/cancel", STR_ARG(id))
		.at,
	    "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = get_as(server, "t-erin", "/v1/tasks");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = get_as(server, "t-erin", "/v1/export");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-erin", "/v1/population");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-erin", "/v1/export?workflow=refund");
	answer_must_be(&answer, 200);
	/* A moment would tell her how much others do. */
	assert_null(answer_header(&answer, "Content-Location").at);
	answer = get_as(server, "t-erin", "/v1/export?workflow=refund"
	    "&moment=1-1-0-00000000000000000000000000000000"
	    "00000000000000000000000000000000");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
	answer = get_as(server, "t-erin", "/v1/export?workflow=payment");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-erin", "/v1/dead-letters");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(server, "t-erin", "/v1/definitions/payment");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

static void
assert_last_refused(
    struct api_server *server, const char *path, const char *route)
{
	struct answer answer;

	server->token = "t-root";
	answer = api_server_await(
	    server, "/v1/journal?tail=1", "items.0.path", path);
	server->token = NULL;
	assert_true(str_equal(
	    answer_text(&answer, "items.0.kind"), STR("access-refused")));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.actor"), STR("erin")));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.route"), str_of(route)));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.problem"), STR("forbidden")));
}

/* What is there and what isn't have one answer, and the journal knows which
 * it was. */
static void
test_who_asks_for_what_is_not_there_for_them_stands_in_the_journal(
    void **state)
{
	struct api_server *server = *state;
	struct answer answer = post_as(server, "t-root", PAYMENTS, PAYMENT);
	const char *by_id = arena_strf(server->arena,
	    "/v1/instances/%.*s/suspend",
	    STR_ARG(answer_text(&answer, "id"))).at;
	const char *task = arena_strf(server->arena, "/v1/incidents/%.*s/retry",
	    STR_ARG(answer_text(&answer, "tasks.0.id"))).at;

	answer_must_be(&answer, 201);
	answer = post_as(server, "t-erin", "/v1/instances/r-1/cancel", "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	assert_last_refused(server, "/v1/instances/r-1/cancel",
	    "POST /v1/instances/{id}/cancel");
	answer = post_as(server, "t-erin", by_id, "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	assert_last_refused(server, by_id, "POST /v1/instances/{id}/suspend");
	answer = post_as(server, "t-erin", task, "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	assert_last_refused(server, task, "POST /v1/incidents/{id}/retry");
	answer = post_as(server, "t-erin", "/v1/instances/r-2/resume", "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = post_as(server, "t-erin", "/v1/instances/r-1/resume", "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	/* It is the first of that route that is told at once. */
	assert_last_refused(server, "/v1/instances/r-1/resume",
	    "POST /v1/instances/{id}/resume");
}

static void
assert_fate(struct api_server *server, const char *token, const char *type,
    const char *subject, const char *id, const char *fate)
{
	struct answer answer = post_as(server, token, "/v1/events",
	    arena_strf(server->arena,
		"{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/bank\","
		"\"type\":\"%s\",\"subject\":\"%s\"}", id, type, subject).at);

	answer_must_be(&answer, 202);
	assert_true(str_equal(
	    answer_text(&answer, "events.0.status"), str_of(fate)));
	assert_true(str_equal(
	    answer_text(&answer, "events.0.source"), STR("/bank")));
	assert_int_equal(
	    answer_text(&answer, "limited_to.workflows.0").bytes > 0,
	    strcmp(token, "t-erin") == 0);
}

static void
start_refund(struct api_server *server, const char *reference)
{
	struct answer answer = post_as(server, "t-root",
	    "/v1/workflows/refund/instances",
	    arena_strf(server->arena, "{\"input\":{\"reference\":\"%s\"}}",
		reference).at);

	answer_must_be(&answer, 201);
}

static void
pay(struct api_server *server, const char *reference)
{
	struct answer answer = post_as(server, "t-alice", PAYMENTS,
	    arena_strf(server->arena,
		"{\"input\":{\"reference\":\"%s\",\"amount\":1}}",
		reference).at);

	answer_must_be(&answer, 201);
	answer = post_as(server, "t-bob",
	    arena_strf(server->arena, "/v1/tasks/%.*s/decide",
		STR_ARG(answer_text(&answer, "tasks.0.id"))).at,
	    "{\"choice\":\"approved\"}");
	answer_must_be(&answer, 200);
}

static void
assert_state(struct api_server *server, const char *reference,
    const char *status)
{
	struct answer answer = get_as(server, "t-root",
	    arena_strf(server->arena, "/v1/instances/%s", reference).at);

	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), str_of(status)));
}

/* At once and after having been held; and without taking an event's identity
 * from whoever may reach more, or finding out whether it has come. */
static void
test_limited_token_posts_events_to_its_own_only(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	pay(server, "e-1");
	assert_fate(server, "t-erin", "bank.settled", "e-1", "1", "held");
	assert_state(server, "e-1", "waiting");
	assert_fate(server, "t-erin", "bank.settled", "e-1", "1", "duplicate");
	assert_fate(server, "t-bank", "bank.settled", "e-1", "1", "matched");
	assert_state(server, "e-1", "completed");
	assert_fate(server, "t-bank", "refund.done", "e-2", "2", "held");
	assert_fate(server, "t-erin", "refund.done", "e-3", "2", "held");
	assert_fate(server, "t-erin", "bank.settled", "e-4", "3", "held");
	start_refund(server, "e-3");
	assert_state(server, "e-3", "completed");
	pay(server, "e-4");
	assert_state(server, "e-4", "waiting");
	start_refund(server, "e-5");
	assert_fate(server, "t-erin", "refund.done", "e-5", "4", "matched");
	assert_state(server, "e-5", "completed");
	/* Nor may anybody else take a name of theirs. */
	answer = post_as(server, "t-bank", "/v1/events",
	    "{\"specversion\":\"1.0\",\"id\":\"5\",\"type\":\"refund.done\","
	    "\"source\":\"/bank#limited-0123456789abcdef0123456789abcdef\","
	    "\"subject\":\"e-6\"}");
	answer_must_be_problem(&answer, 422, "invalid-event");
}

static struct answer
decide(struct api_server *server, const char *token, const char *reference,
    const char *entity)
{
	struct answer answer = post_as(server, "t-alice", PAYMENTS,
	    arena_strf(server->arena,
		"{\"input\":{\"reference\":\"%s\",\"amount\":1,"
		"\"entity\":\"%s\"}}", reference, entity).at);

	answer_must_be(&answer, 201);
	return post_as(server, token,
	    arena_strf(server->arena, "/v1/tasks/%.*s/decide",
		STR_ARG(answer_text(&answer, "tasks.0.id"))).at,
	    "{\"choice\":\"approved\"}");
}

#define DELEGATIONS "/v1/delegations"
#define TO_DAVE "{\"role\":\"approver:treasurer\",\"to\":\"dave\",\"until\":\"14d\"}"

/* Whom a limited token lets act in its role has the same limits; and what
 * reaches further isn't taken back by it. */
static void
test_limited_token_delegates_within_its_limits(void **state)
{
	struct api_server *server = *state;
	struct answer answer = decide(server, "t-dave", "d-1", "DE01");
	const char *revoke;

	answer_must_be_problem(&answer, 403, "role-required");
	answer = post_as(server, "t-fred", DELEGATIONS, TO_DAVE);
	answer_must_be(&answer, 201);
	assert_true(str_equal(
	    answer_text(&answer, "limited_to.entities.0"), STR("DE01")));
	revoke = arena_strf(server->arena, DELEGATIONS "/%.*s/revoke",
	    STR_ARG(answer_text(&answer, "id"))).at;
	answer = decide(server, "t-dave", "d-2", "DE01");
	answer_must_be(&answer, 200);
	answer = decide(server, "t-dave", "d-3", "DE02");
	answer_must_be_problem(&answer, 403, "role-required");
	answer = get_as(server, "t-fred", DELEGATIONS);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	answer = post_as(server, "t-fred", revoke, "{}");
	answer_must_be(&answer, 200);
	answer = decide(server, "t-dave", "d-4", "DE01");
	answer_must_be_problem(&answer, 403, "role-required");

	answer = post_as(server, "t-root", DELEGATIONS,
	    "{\"role\":\"approver:treasurer\",\"from\":\"fred\","
	    "\"to\":\"dave\",\"until\":\"14d\"}");
	answer_must_be(&answer, 201);
	assert_int_equal(
	    answer_text(&answer, "limited_to.entities.0").bytes, 0);
	revoke = arena_strf(server->arena, DELEGATIONS "/%.*s/revoke",
	    STR_ARG(answer_text(&answer, "id"))).at;
	answer = post_as(server, "t-fred", revoke, "{}");
	answer_must_be_problem(&answer, 403, "role-required");
	server->token = "t-root";
	answer = api_server_await(
	    server, "/v1/journal?tail=1", "items.0.actor", "fred");
	assert_true(str_equal(
	    answer_text(&answer, "items.0.problem"), STR("role-required")));
}

static void
expect_page(struct api_server *server, const char *target, size_t count,
    bool has_next)
{
	struct answer answer = get_as(server, "t-hugo", target);

	answer_must_be(&answer, 200);
	assert_int_equal(
	    answer_member(&answer, "items")->as.list.count, count);
	assert_int_equal(answer_text(&answer, "next").bytes > 0, has_next);
	assert_int_equal(
	    answer_header(&answer, "Link").bytes > 0, has_next);
}

/* Neither how many there are of others' nor what they are called: a page ends
 * where one's own do. */
static void
test_pages_of_a_limited_token_tell_of_no_others(void **state)
{
	static const char *const owners[] = {
	    "DE02", "DE01", "DE02", "DE01", "DE02", "DE02"};
	struct api_server *server = *state;
	struct answer answer;
	const char *next;

	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		answer = post_as(server, "t-alice", PAYMENTS,
		    arena_strf(server->arena,
			"{\"input\":{\"reference\":\"p-%zu\",\"amount\":1,"
			"\"entity\":\"%s\"}}", i, owners[i]).at);
		answer_must_be(&answer, 201);
	}
	expect_page(server, "/v1/instances?limit=2", 2, false);
	expect_page(server, "/v1/instances?limit=2&order=oldest", 2, false);
	expect_page(server, "/v1/instances?limit=1", 1, true);
	expect_page(server, "/v1/instances?entity=DE02&limit=1", 0, false);
	expect_page(server, "/v1/tasks?limit=2", 2, false);
	expect_page(server, "/v1/tasks?limit=1", 1, true);
	answer = get_as(server, "t-hugo", "/v1/tasks?limit=1");
	next = arena_strf(server->arena, "/v1/tasks?limit=1&cursor=%.*s",
	    STR_ARG(answer_text(&answer, "next"))).at;
	assert_true(str_equal(answer_text(&answer, "next"),
	    answer_text(&answer, "items.0.id")));
	expect_page(server, next, 1, false);
}

#define WORKFLOW                                                            \
	"{\"files\":[{\"name\":\"a.yaml\",\"text\":\"workflow: more\\n"        \
	"version: 1\\ninitial: over\\nstates: {over: {type: final, outcome: " \
	"success}}\\n\"}]}"

/* What is proposed for the whole installation is none of a limited token's. */
static void
test_limited_token_judges_nothing_of_the_whole(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    post_as(server, "t-gwen", "/v1/proposals", WORKFLOW);
	const char *path, *confirm;

	answer_must_be(&answer, 202);
	path = arena_strf(server->arena, "/v1/proposals/%.*s",
	    STR_ARG(answer_text(&answer, "id"))).at;
	confirm = arena_strf(server->arena, "%s/confirm", path).at;
	answer = get_as(server, "t-hugo", "/v1/proposals");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = get_as(server, "t-hugo", path);
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = post_as(server, "t-hugo", confirm, "{}");
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = post_as(server, "t-root", confirm, "{}");
	answer_must_be(&answer, 200);
}

static void
test_revoked_token_is_refused_at_once(void **state)
{
	struct api_server *server = *state;
	struct answer answer = get_as(server, "t-root", "/v1/tasks");

	answer_must_be(&answer, 200);
	api_server_revoke(server);
	usleep(50 * 1000);
	answer = get_as(server, "t-root", "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
}

static void
test_known_roles(void **state)
{
	(void)state;
	assert_true(api_role_is_known(STR("operator")));
	assert_true(api_role_is_known(STR("approver:cfo")));
	assert_true(api_role_is_known(STR("approver:*")));
	assert_false(api_role_is_known(STR("approver:")));
	assert_false(api_role_is_known(STR("king")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_no_token_is_401),
	    TEST(test_health_needs_no_token),
	    TEST(test_actor_is_the_tokens_owner),
	    TEST(test_nobody_is_called_as_the_engine_is),
	    TEST(test_roles_open_their_routes_only),
	    TEST(
		test_connections_are_paused_by_operators_of_all_workflows),
	    TEST(test_task_is_for_its_role),
	    TEST(test_limited_token_sees_its_workflows_only),
	    TEST(
		test_who_asks_for_what_is_not_there_for_them_stands_in_the_journal),
	    TEST(test_limited_token_posts_events_to_its_own_only),
	    TEST(test_limited_token_delegates_within_its_limits),
	    TEST(test_pages_of_a_limited_token_tell_of_no_others),
	    TEST(test_limited_token_judges_nothing_of_the_whole),
	    TEST(test_revoked_token_is_refused_at_once),
	    TEST(test_known_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
