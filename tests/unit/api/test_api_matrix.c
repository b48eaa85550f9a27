/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every route, for every role, of one's own and of others: made from the
 * table of routes, so that a new one is held against what it declares.
 *
 * What is one's own are instances of three workflows and of two entities; a
 * token that is limited to other workflows, or to another entity, must not
 * learn that they are there.
 */
#include "api_server.h"

#include "api_priv.h"
#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define REFERENCE "matrix-1"

/* ---- who asks ---- */

enum scope { SCOPE_ALL, OWN_WORKFLOW, OWN_ENTITY, FOREIGN_WORKFLOW,
	FOREIGN_ENTITY, SCOPE_COUNT };

static const char *const scope_names[SCOPE_COUNT] = {
    "unlimited", "own workflow", "own entity", "foreign workflow",
    "foreign entity"};

static const struct str role_names[] = {
#define X(symbol, bit, name, may) STR_INIT(name),
    API_ROLES(X)
#undef X
};
static const unsigned role_bits[] = {
#define X(symbol, bit, name, may) bit,
    API_ROLES(X)
#undef X
};
#define ROLE_COUNT COUNT_OF(role_bits)

static const struct str own_workflows[] = {STR_INIT("payment"),
    STR_INIT("stuck"), STR_INIT("late"), STR_INIT("careful")};
static const struct str foreign_workflows[] = {STR_INIT("refund")};
static const struct str own_entities[] = {
    STR_INIT("DE01"), STR_INIT("DE02")};
static const struct str foreign_entities[] = {STR_INIT("FR02")};

static const char *
token_text(struct arena *arena, size_t role, enum scope scope)
{
	return arena_strf(arena, "t-%zu-%d", role, (int)scope).at;
}

static struct api_token
token_of(struct arena *arena, size_t role, enum scope scope)
{
	struct str *roles = ARENA_NEW(arena, struct str);
	struct api_token token = {
	    .name = arena_strf(arena, "person-%zu-%d", role, (int)scope),
	    .sha256 = digest_sha256(str_of(token_text(arena, role, scope))),
	    .roles = roles,
	    .role_count = 1,
	};

	*roles = role_bits[role] == API_APPROVER ? STR("approver:treasurer")
						 : role_names[role];
	switch (scope) {
	case OWN_WORKFLOW:
		token.workflows = own_workflows;
		token.workflow_count = COUNT_OF(own_workflows);
		break;
	case FOREIGN_WORKFLOW:
		token.workflows = foreign_workflows;
		token.workflow_count = 1;
		break;
	case OWN_ENTITY:
		token.entities = own_entities;
		token.entity_count = COUNT_OF(own_entities);
		break;
	case FOREIGN_ENTITY:
		token.entities = foreign_entities;
		token.entity_count = 1;
		break;
	default:
		break;
	}
	return token;
}

/* ---- what there is ---- */

struct world {
	struct api_server *server;
	struct str payment; /* identifiers */
	struct str task;
	struct str incident;
	struct str escalation;
	struct str proposal;
	struct str delegation;
	struct str hold;
	struct str token;
	unsigned starts;
};

static void
be_admin(struct api_server *server)
{
	size_t admin = ROLE_COUNT;

	while (role_bits[--admin] != API_ADMIN)
		must(admin > 0);
	server->token = token_text(server->arena, admin, SCOPE_ALL);
}

/* What a second person has to confirm. */
#define CAREFUL                                                             \
	"{\"files\":[{\"name\":\"a.yaml\",\"text\":\"workflow: careful\\n" \
	"version: 1\\nowner: desk\\nseparate: [[correct, confirm]]\\n"     \
	"labels: {entity: DE02}\\ninitial: failing\\nstates:\\n"           \
	"  failing: {entry: [{fail: no-luck}], on: {done: over}}\\n"        \
	"  over: {type: final, outcome: success}\\n\"}]}"

static struct str
propose(struct api_server *server)
{
	struct answer answer =
	    api_server_post(server, "/v1/definitions", CAREFUL);

	answer_must_be(&answer, 201);
	answer = api_server_post(
	    server, "/v1/workflows/careful/instances", "{\"input\":{}}");
	answer_must_be(&answer, 201);
	answer = api_server_post(server,
	    arena_strf(server->arena, "/v1/incidents/%.*s/skip",
		STR_ARG(answer_text(&answer, "incidents.0.id")))
		.at,
	    "{}");
	answer_must_be(&answer, 202);
	return answer_text(&answer, "proposals.0.id");
}

/* To which payments may be moved. */
#define NEXT_PAYMENT                                                        \
	"{\"files\":[{\"name\":\"b.yaml\",\"text\":\"workflow: payment\\n"  \
	"version: 2\\nlabels: {entity: = input.entity}\\n"                  \
	"input: {type: object}\\nbusiness-key: = input.reference\\n"        \
	"initial: approving\\nstates:\\n"                                   \
	"  approving: {user-task: {title: Approve, role: treasurer},"         \
	" on: {approved: settled}}\\n"                                       \
	"  settled: {type: final}\\n\"}]}"

static void
fill(struct world *world)
{
	struct api_server *server = world->server;
	struct answer answer;

	be_admin(server);
	world->payment = api_server_start(server, REFERENCE);
	answer = api_server_post(server, "/v1/definitions", NEXT_PAYMENT);
	answer_must_be(&answer, 201);
	answer = api_server_get(server, "/v1/tasks");
	world->task = answer_text(&answer, "items.0.id");
	answer = api_server_post(
	    server, "/v1/workflows/stuck/instances", "{\"input\":{}}");
	answer_must_be(&answer, 201);
	answer = api_server_get(server, "/v1/incidents");
	world->incident = answer_text(&answer, "items.0.id");
	answer = api_server_post(
	    server, "/v1/workflows/late/instances", "{\"input\":{}}");
	answer_must_be(&answer, 201);
	answer = api_server_await(
	    server, "/v1/escalations", "items.0.workflow", "late");
	world->escalation = answer_text(&answer, "items.0.id");
	answer = api_server_post(server, "/v1/tokens",
	    "{\"name\":\"x\",\"roles\":[\"auditor\"]}");
	answer_must_be(&answer, 201);
	world->token = answer_text(&answer, "id");
	world->proposal = propose(server);
	answer = api_server_post(server, "/v1/delegations",
	    "{\"role\":\"approver:treasurer\",\"from\":\"carol\","
	    "\"to\":\"dave\",\"until\":\"14d\",\"workflow\":\"payment\"}");
	answer_must_be(&answer, 201);
	world->delegation = answer_text(&answer, "id");
	answer = api_server_post(server, "/v1/holds",
	    "{\"workflow\":\"payment\",\"reason\":\"a dispute\"}");
	answer_must_be(&answer, 201);
	world->hold = answer_text(&answer, "id");
	assert_true(world->task.bytes > 0);
	assert_true(world->incident.bytes > 0);
	assert_true(world->escalation.bytes > 0);
}

static int
set_up(void **state)
{
	static struct world world;
	struct api_server *server = api_server_new();
	struct api_token *tokens = ARENA_ARRAY(
	    server->arena, ROLE_COUNT * SCOPE_COUNT, struct api_token);
	size_t count = 0;

	for (size_t role = 0; role < ROLE_COUNT; role++)
		for (enum scope scope = 0; scope < SCOPE_COUNT; scope++)
			tokens[count++] =
			    token_of(server->arena, role, scope);
	server->options.auth_required = true;
	server->options.tokens = tokens;
	server->options.token_count = count;
	api_server_open(server);
	world = (struct world){.server = server};
	fill(&world);
	*state = &world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	api_server_free(&world->server);
	return 0;
}

/* ---- what is asked ---- */

static bool
begins(const struct api_route *route, const char *text)
{
	return strncmp(route->pattern, text, strlen(text)) == 0;
}

static struct str
param_of(const struct world *world, const struct api_route *route,
    struct str name)
{
	if (str_equal(name, STR("{name}")))
		return STR("payment");
	if (str_equal(name, STR("{connection}")))
		return STR("bank");
	if (str_equal(name, STR("{token}")))
		return world->token;
	if (begins(route, "/v1/tasks/"))
		return world->task;
	if (begins(route, "/v1/incidents/"))
		return world->incident;
	if (begins(route, "/v1/escalations/"))
		return world->escalation;
	if (begins(route, "/v1/proposals/"))
		return world->proposal;
	if (begins(route, "/v1/delegations/"))
		return world->delegation;
	if (begins(route, "/v1/holds/"))
		return world->hold;
	if (begins(route, "/v1/dead-letters/") ||
	    str_equal(name, STR("{number}")) || str_equal(name, STR("{first}")))
		return STR("1");
	return world->payment;
}

static const char *
target_of(const struct world *world, const struct api_route *route)
{
	struct str rest = str_of(route->pattern);
	struct buf target = buf_in(world->server->arena);

	(void)str_split(rest, '/', &rest);
	while (rest.at != NULL) {
		struct str part = str_split(rest, '/', &rest);

		buf_add_char(&target, '/');
		buf_add_str(&target, str_has_prefix(part, STR("{"))
					 ? param_of(world, route, part)
					 : part);
	}
	/* Of these a token that is limited to workflows names one. */
	if (route->handle == api_export_get ||
	    route->handle == api_population_get)
		buf_add_cstr(&target, "?workflow=payment");
	if (route->handle == api_sample_get)
		buf_add_cstr(&target, "?workflow=payment&seed=s");
	return arena_cstr(world->server->arena, buf_str(&target));
}

static const char *
body_of(struct world *world, const struct api_route *route)
{
	struct arena *arena = world->server->arena;

	if (route->handle == api_start_post)
		return arena_strf(arena,
		    "{\"input\":{\"reference\":\"start-%u\",\"amount\":1,"
		    "\"entity\":\"DE01\"}}",
		    world->starts++)
		    .at;
	if (route->handle == api_event_post)
		return "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
		       "\"type\":\"bank.settled\",\"subject\":\"x\"}";
	if (route->handle == api_item_decide)
		return "{\"choice\":\"approved\"}";
	if (route->handle == api_item_settle)
		return strstr(route->pattern, "/supply") ? "{\"result\":{}}"
							 : "{}";
	if (route->handle == api_migrate_post)
		return arena_strf(arena,
		    "{\"workflow\":\"payment\",\"from\":1,\"to\":2,"
		    "\"instances\":[\"%.*s\"],\"dry_run\":true}",
		    STR_ARG(world->payment))
		    .at;
	if (route->handle == api_retention_erase ||
	    route->handle == api_retention_release)
		return "{\"reason\":\"to see whether it may\"}";
	if (route->handle == api_token_post)
		return "{\"name\":\"y\",\"roles\":[\"auditor\"]}";
	return "{}";
}

static struct answer
ask(struct world *world, const struct api_route *route, const char *token)
{
	bool is_read = strcmp(route->method, "GET") == 0;

	world->server->token = token;
	return api_server_ask(world->server, route->method,
	    target_of(world, route),
	    is_read ? NULL : "Content-Type: application/json",
	    is_read ? NULL : body_of(world, route));
}

/* ---- what is to be answered ---- */

/* That the token doesn't allow it: that another person or role has to decide
 * is another matter. */
static bool
is_forbidden(const struct answer *answer)
{
	return answer->status == 403 &&
	       str_equal(answer_text(answer, "type"),
		   STR(API_PROBLEM_PREFIX "forbidden"));
}

static bool
is_told(const struct world *world, const struct answer *answer)
{
	return str_find(answer->body, world->payment) != SIZE_MAX ||
	       str_find(answer->body, STR(REFERENCE)) != SIZE_MAX ||
	       str_find(answer->body, world->task) != SIZE_MAX;
}

static bool
is_let_in(const struct answer *answer)
{
	return answer->status != 401 && answer->status != 404 &&
	       !is_forbidden(answer);
}

/* There is no dead letter, and no checkpoint. */
static bool
is_absent(const struct api_route *route, const struct answer *answer)
{
	return answer->status == 404 &&
	       (begins(route, "/v1/dead-letters/") ||
		   begins(route, "/v1/checkpoint"));
}

static bool
is_foreign(enum scope scope)
{
	return scope == FOREIGN_WORKFLOW || scope == FOREIGN_ENTITY;
}

static bool
is_as_declared(const struct world *world, const struct api_route *route,
    size_t role, enum scope scope, const struct answer *answer)
{
	if (route->roles == API_EVERYBODY)
		return answer->status < 400 || answer->status == 401;
	if ((role_bits[role] & (route->roles | API_ADMIN)) == 0)
		return is_forbidden(answer);
	if (scope == SCOPE_ALL)
		return is_let_in(answer) || is_absent(route, answer);
	switch (route->reach) {
	case REACH_WHOLE:
		return is_forbidden(answer);
	case REACH_INSTANCE:
		if (!is_foreign(scope))
			return is_let_in(answer) || is_absent(route, answer);
		return answer->status == 404 || is_forbidden(answer);
	case REACH_WORKFLOW:
		return scope == FOREIGN_WORKFLOW ? answer->status == 404
						 : is_let_in(answer);
	case REACH_LIST:
		if (!is_foreign(scope))
			return is_let_in(answer);
		return !is_told(world, answer) &&
		       (answer->status == 200 || is_forbidden(answer));
	case REACH_EFFECT:
		return !is_told(world, answer) &&
		       (is_let_in(answer) ||
			   (is_foreign(scope) && answer->status == 404));
	case REACH_NOBODY:
		return is_let_in(answer);
	}
	return false;
}

static void
check(struct world *world, const struct api_route *route, size_t role,
    enum scope scope)
{
	struct answer answer = ask(
	    world, route, token_text(world->server->arena, role, scope));

	if (!is_as_declared(world, route, role, scope, &answer))
		fail_msg("%s %s as %.*s, %s: %d\n%.*s", route->method,
		    route->pattern, STR_ARG(role_names[role]),
		    scope_names[scope], answer.status, STR_ARG(answer.body));
}

/* Those that only look come first: what others do doesn't change it. */
static void
test_each_route_is_open_to_whom_it_declares(void **state)
{
	struct world *world = *state;
	const struct api_route *route;

	for (int acts = 0; acts < 2; acts++)
		for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
			if ((strcmp(route->method, "GET") != 0) != acts)
				continue;
			for (size_t role = 0; role < ROLE_COUNT; role++)
				for (int scope = SCOPE_COUNT - 1; scope >= 0;
				     scope--)
					check(world, route, role,
					    (enum scope)scope);
		}
}

static void
test_nothing_is_open_to_nobody_but_what_says_so(void **state)
{
	static const char *const open[] = {"/healthz", "/readyz",
	    "/hooks/{connection}", "/v1/hooks/{connection}"};
	struct world *world = *state;
	const struct api_route *route;

	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		struct answer answer = ask(world, route, NULL);
		bool may_be = false;

		for (size_t j = 0; j < COUNT_OF(open); j++)
			may_be = may_be || strcmp(open[j], route->pattern) == 0;
		if (!may_be && answer.status != 401)
			fail_msg("%s %s without a token: %d", route->method,
			    route->pattern, answer.status);
		/* Not by having no token, but by having no signature. */
		if (route->handle == api_hook_post)
			answer_must_be_problem(&answer, 401, "bad-signature");
	}
}

/* A member that nobody reads was written for something. */
static void
test_no_act_ignores_a_member_that_it_does_not_know(void **state)
{
	struct world *world = *state;
	struct api_server *server = world->server;
	const struct api_route *route;
	size_t count = 0;

	be_admin(server);
	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		struct str body;
		struct answer answer;

		if (route->takes == NULL || route->handle == api_event_post)
			continue;
		body = str_trim(str_of(body_of(world, route)));
		body = arena_strf(server->arena, "%.*s%s\"nonsense\":1}",
		    STR_ARG(str_slice(body, 0, body.bytes - 1)),
		    body.bytes > 2 ? "," : "");
		answer = api_server_ask(server, route->method,
		    target_of(world, route), "Content-Type: application/json",
		    body.at);
		if (answer.status != 422 ||
		    str_find(answer.body, STR("\"/nonsense\"")) == SIZE_MAX)
			fail_msg("%s %s: %d\n%.*s", route->method,
			    route->pattern, answer.status,
			    STR_ARG(answer.body));
		count++;
	}
	assert_true(count > 20);
}

/* Else what the matrix says of others would be said of nothing. */
static void
test_lists_have_what_is_ones_own(void **state)
{
	static const char *const lists[] = {
	    "/v1/instances", "/v1/tasks", "/v1/export?workflow=payment"};
	static const struct {
		const char *path;
		size_t count;
	} ids[] = {{"/v1/incidents", 2}, {"/v1/escalations", 1},
	    {"/v1/proposals", 1}};
	struct world *world = *state;
	size_t admin = ROLE_COUNT - 1;

	assert_int_equal(role_bits[admin], API_ADMIN);
	for (enum scope scope = SCOPE_ALL; scope <= OWN_ENTITY; scope++) {
		world->server->token =
		    token_text(world->server->arena, admin, scope);
		for (size_t i = 0; i < COUNT_OF(lists); i++) {
			struct answer answer =
			    api_server_get(world->server, lists[i]);

			answer_must_be(&answer, 200);
			if (!is_told(world, &answer))
				fail_msg("%s: %s", lists[i],
				    scope_names[scope]);
		}
		for (size_t i = 0; i < COUNT_OF(ids); i++) {
			struct answer answer =
			    api_server_get(world->server, ids[i].path);

			assert_int_equal(
			    answer_member(&answer, "items")->as.list.count,
			    ids[i].count);
		}
	}
}

static const char *
count_as(struct world *world, enum scope scope, const char *target,
    const char *path)
{
	struct answer answer;
	struct buf text = buf_in(world->server->arena);

	world->server->token =
	    token_text(world->server->arena, ROLE_COUNT - 1, scope);
	answer = api_server_get(world->server, target);
	answer_must_be(&answer, 200);
	json_write(answer_member(&answer, path), JSON_PLAIN, &text);
	return arena_cstr(world->server->arena, buf_str(&text));
}

static void
test_population_counts_what_is_ones_own(void **state)
{
	static const char target[] = "/v1/population?workflow=payment";

	assert_string_equal(
	    count_as(*state, OWN_ENTITY, target, "started"), "1");
	assert_string_equal(
	    count_as(*state, FOREIGN_ENTITY, target, "started"), "0");
}

static void
test_sample_is_drawn_from_what_is_ones_own(void **state)
{
	static const char target[] = "/v1/sample?workflow=payment&seed=s";

	assert_string_equal(
	    count_as(*state, OWN_ENTITY, target, "population"), "1");
	assert_string_equal(
	    count_as(*state, FOREIGN_ENTITY, target, "population"), "0");
}

/* ---- entities, where a start has them ---- */

static void
test_start_of_another_entity_is_refused_and_leaves_nothing(void **state)
{
	struct world *world = *state;
	struct api_server *server = world->server;
	struct answer answer;

	server->token = token_text(server->arena, ROLE_COUNT - 1, OWN_ENTITY);
	answer = api_server_post(server, "/v1/workflows/payment/instances",
	    "{\"input\":{\"reference\":\"fr\",\"amount\":1,"
	    "\"entity\":\"FR02\"}}");
	answer_must_be_problem(&answer, 403, "forbidden");
	/* Of no entity at all. */
	answer = api_server_post(server, "/v1/workflows/payment/instances",
	    "{\"input\":{\"reference\":\"fr\",\"amount\":1}}");
	answer_must_be_problem(&answer, 403, "forbidden");
	be_admin(server);
	answer = api_server_get(server, "/v1/instances/fr");
	answer_must_be(&answer, 404);
}

static void
test_key_of_another_entity_does_not_tell_whose_it_is(void **state)
{
	struct world *world = *state;
	struct api_server *server = world->server;
	struct answer answer;

	server->token =
	    token_text(server->arena, ROLE_COUNT - 1, FOREIGN_ENTITY);
	answer = api_server_post(server, "/v1/workflows/payment/instances",
	    "{\"input\":{\"reference\":\"" REFERENCE "\",\"amount\":1,"
	    "\"entity\":\"FR02\"}}");
	answer_must_be_problem(&answer, 409, "business-key-taken");
	assert_null(answer_header(&answer, "Location").at);
	assert_true(str_find(answer.body, world->payment) == SIZE_MAX);
}

static void
test_answer_is_not_repeated_to_another_entity(void **state)
{
	static const char body[] =
	    "{\"input\":{\"reference\":\"once\",\"amount\":1,"
	    "\"entity\":\"DE01\"}}";
	static const char headers[] =
	    "Content-Type: application/json\nIdempotency-Key: k-1";
	struct api_token pair[2];
	struct world *world = *state;
	struct api_server *server = world->server;
	struct answer answer;

	/* Two tokens of one person. */
	pair[0] = token_of(server->arena, ROLE_COUNT - 1, OWN_ENTITY);
	pair[1] = token_of(server->arena, ROLE_COUNT - 1, FOREIGN_ENTITY);
	pair[1].name = pair[0].name;
	memcpy((struct api_token *)server->options.tokens, pair, sizeof(pair));
	server->token = token_text(server->arena, ROLE_COUNT - 1, OWN_ENTITY);
	answer = api_server_ask(server, "POST",
	    "/v1/workflows/payment/instances", headers, body);
	answer_must_be(&answer, 201);
	server->token =
	    token_text(server->arena, ROLE_COUNT - 1, FOREIGN_ENTITY);
	answer = api_server_ask(server, "POST",
	    "/v1/workflows/payment/instances", headers, body);
	answer_must_be_problem(&answer, 403, "forbidden");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_each_route_is_open_to_whom_it_declares),
	    TEST(test_nothing_is_open_to_nobody_but_what_says_so),
	    TEST(test_no_act_ignores_a_member_that_it_does_not_know),
	    TEST(test_lists_have_what_is_ones_own),
	    TEST(test_population_counts_what_is_ones_own),
	    TEST(test_sample_is_drawn_from_what_is_ones_own),
	    TEST(test_start_of_another_entity_is_refused_and_leaves_nothing),
	    TEST(test_key_of_another_entity_does_not_tell_whose_it_is),
	    TEST(test_answer_is_not_repeated_to_another_entity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
