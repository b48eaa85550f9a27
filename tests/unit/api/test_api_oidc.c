/* SPDX-License-Identifier: Apache-2.0 */
/* Callers whom an OpenID provider vouches for. */
#include "api_server.h"
#include "provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct str treasurer[] = {STR_INIT("approver:treasurer")};
static const struct str admin[] = {STR_INIT("admin")};
static const struct api_role_rule rules[] = {
    {.value = STR_INIT("treasury"), .roles = treasurer, .role_count = 1},
    {.value = STR_INIT("boss"), .roles = admin, .role_count = 1},
};

struct house {
	struct api_server *server;
	struct provider *provider;
	struct api_oidc oidc;
	struct api_token local;
};

static struct house *
build(void)
{
	static struct house house;

	house = (struct house){
	    .server = api_server_new(), .provider = provider_open()};
	house.oidc = (struct api_oidc){
	    .issuer = {.url = str_of(house.provider->url),
		.audience = STR("stated"), .skew_ms = 60000},
	    .name_claim = STR("sub"),
	    .roles_claim = STR("roles"),
	};
	house.local = (struct api_token){.name = STR("local"),
	    .sha256 = digest_sha256(STR("a.local.token")), .roles = admin,
	    .role_count = 1};
	house.server->options.auth_required = true;
	house.server->options.tokens = &house.local;
	house.server->options.token_count = 1;
	house.server->options.oidc = &house.oidc;
	return &house;
}

static struct house *
open_house(void **state)
{
	struct house *house = build();

	api_server_open(house->server);
	*state = house;
	return house;
}

static int
tear_down(void **state)
{
	struct house *house = *state;

	api_server_free(&house->server);
	provider_close(&house->provider);
	return 0;
}

static struct answer
get_as(struct house *house, const char *claims, const char *target)
{
	house->server->token = provider_token(house->provider, claims);
	return api_server_get(house->server, target);
}

static void
test_person_of_the_provider_is_let_in_by_name(void **state)
{
	struct house *house = open_house(state);
	struct answer answer;

	house->server->token = provider_token(house->provider,
	    ",\"sub\":\"alice\",\"roles\":[\"initiator\",\"nonsense\"]");
	answer = api_server_post(house->server,
	    "/v1/workflows/payment/instances",
	    "{\"input\":{\"reference\":\"r-1\",\"amount\":1}}");
	answer_must_be(&answer, 201);
	assert_true(str_equal(answer_text(&answer, "initiator"), STR("alice")));
	answer = api_server_get(house->server, "/v1/instances/r-1/history");
	assert_true(str_equal(
	    answer_text(&answer, "items.0.actor"), STR("alice")));
	assert_true(str_equal(answer_text(&answer, "items.0.issuer"),
	    str_of(house->provider->url)));
	answer = api_server_get(house->server, "/v1/tokens");
	answer_must_be_problem(&answer, 403, "forbidden");
}

static void
test_tokens_of_ours_are_taken_beside(void **state)
{
	struct house *house = open_house(state);
	struct answer answer;

	house->server->token = "a.local.token";
	answer = api_server_get(house->server, "/v1/tokens");
	answer_must_be(&answer, 200);
	house->server->token = "a.local.tokem";
	answer = api_server_get(house->server, "/v1/tokens");
	answer_must_be_problem(&answer, 401, "unauthenticated");
}

static void
test_roles_come_from_a_nested_claim_by_rules(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	house->oidc.roles_claim = STR("realm_access.groups");
	house->oidc.rules = rules;
	house->oidc.rule_count = COUNT_OF(rules);
	api_server_open(house->server);
	/* Roles of ours are none of theirs where rules say so. */
	answer = get_as(house,
	    ",\"sub\":\"eve\",\"realm_access\":{\"groups\":[\"admin\"]}",
	    "/v1/tasks");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(house, ",\"sub\":\"eve\",\"roles\":[\"admin\"]",
	    "/v1/tasks");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(house,
	    ",\"sub\":\"bob\",\"realm_access\":{\"groups\":[\"x\","
	    "\"treasury\"]}",
	    "/v1/tasks");
	answer_must_be(&answer, 200);
	answer = get_as(house,
	    ",\"sub\":\"bob\",\"realm_access\":{\"groups\":[\"treasury\"]}",
	    "/v1/tokens");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(house,
	    ",\"sub\":\"root\",\"realm_access\":{\"groups\":\"x boss\"}",
	    "/v1/tokens");
	answer_must_be(&answer, 200);
}

static void
test_claims_limit_to_workflows_and_entities(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	house->oidc.workflows_claim = STR("flows");
	house->oidc.entities_claim = STR("companies");
	api_server_open(house->server);
	house->server->token = "a.local.token";
	(void)api_server_start(house->server, "r-1"); /* DE01 */
#define AS ",\"sub\":\"x\",\"roles\":[\"auditor\"]"
	answer = get_as(house,
	    AS ",\"flows\":[\"*\"],\"companies\":[\"DE01\"]",
	    "/v1/instances/r-1");
	answer_must_be(&answer, 200);
	answer = get_as(house,
	    AS ",\"flows\":[\"*\"],\"companies\":[\"FR02\"]",
	    "/v1/instances/r-1");
	answer_must_be(&answer, 404);
	answer = get_as(house,
	    AS ",\"flows\":[\"refund\"],\"companies\":[\"*\"]",
	    "/v1/instances/r-1");
	answer_must_be(&answer, 404);
	/* To leave a limit out doesn't lift it. */
	answer = get_as(house, AS ",\"flows\":[\"*\"]", "/v1/instances/r-1");
	answer_must_be_problem(&answer, 403, "forbidden");
	answer = get_as(house, AS ",\"flows\":[\"*\"],\"companies\":[]",
	    "/v1/instances/r-1");
	answer_must_be_problem(&answer, 403, "forbidden");
}

static void
test_name_is_a_name(void **state)
{
	static const char *const names[] = {"", ",\"sub\":\"\"",
	    ",\"sub\":7", ",\"sub\":\"a\\nb\"", ",\"sub\":[\"root\"]",
	    ",\"sub\":\"engine\"", ",\"sub\":\" Schedule\"",
	    ",\"sub\":\"anonymous\""};
	struct house *house = open_house(state);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct answer answer = get_as(house,
		    arena_strf(house->server->arena,
			"%s,\"roles\":[\"admin\"]", names[i])
			.at,
		    "/v1/tasks");

		answer_must_be_problem(&answer, 401, "unauthenticated");
	}
}

static void
test_bad_token_is_told_from_none(void **state)
{
	struct house *house = open_house(state);
	struct answer answer;

	house->server->token = NULL;
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	assert_true(str_find(answer_header(&answer, "WWW-Authenticate"),
			STR("error=")) == SIZE_MAX);
	house->server->token = "e30.e30.e30";
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	assert_true(str_find(answer_header(&answer, "WWW-Authenticate"),
			STR("error=\"invalid_token\"")) != SIZE_MAX);
	house->server->token = "e30.e30.e30.e30.e30";
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	assert_true(str_find(answer.body, STR("encrypted")) != SIZE_MAX);
}

#define ALICE ",\"sub\":\"alice\",\"roles\":[\"auditor\"]"

static void
test_keys_are_fetched_once_and_again_for_a_new_one(void **state)
{
	struct house *house = open_house(state);
	struct answer answer;

	for (int i = 0; i < 5; i++) {
		answer = get_as(house, ALICE, "/v1/tasks");
		answer_must_be(&answer, 200);
	}
	assert_int_equal(atomic_load(&house->provider->asked), 1);
	provider_rotate(house->provider, "second");
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be(&answer, 200);
	assert_int_equal(atomic_load(&house->provider->asked), 2);
	/* Who makes keys up causes no traffic. */
	for (int i = 0; i < 10; i++) {
		house->provider->id = "made-up";
		answer = get_as(house, ALICE, "/v1/tasks");
		answer_must_be_problem(&answer, 401, "unauthenticated");
	}
	assert_int_equal(atomic_load(&house->provider->asked), 2);
	house->provider->id = "second";
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be(&answer, 200);
}

/* A signature that has held is not looked at again; one that is like it is. */
static void
test_token_with_another_signature_is_another_token(void **state)
{
	struct house *house = open_house(state);
	struct answer answer = get_as(house, ALICE, "/v1/tasks");
	char *copy;

	answer_must_be(&answer, 200);
	copy = (char *)arena_str(
	    house->server->arena, str_of(house->server->token)).at;
	copy[strlen(copy) - 10] = copy[strlen(copy) - 10] == 'A' ? 'B' : 'A';
	house->server->token = copy;
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
}

static void
test_key_that_was_taken_back_opens_nothing(void **state)
{
	struct house *house = open_house(state);
	struct answer answer = get_as(house, ALICE, "/v1/tasks");
	const char *old = house->server->token;

	answer_must_be(&answer, 200);
	provider_rotate(house->provider, "second");
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be(&answer, 200);
	house->server->token = old;
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
}

static void
test_keys_serve_while_the_provider_is_away(void **state)
{
	struct house *house = open_house(state);
	struct answer answer = get_as(house, ALICE, "/v1/tasks");

	answer_must_be(&answer, 200);
	atomic_store(&house->provider->is_away, true);
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be(&answer, 200);
	house->provider->id = "unknown";
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be_problem(&answer, 401, "unauthenticated");
	house->provider->id = "first";
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be(&answer, 200);
}

static void
test_without_keys_nobody_is_let_in(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	atomic_store(&house->provider->is_away, true);
	api_server_open(house->server);
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	house->server->token = "a.local.token";
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be(&answer, 200);
	answer = api_server_get(house->server, "/healthz");
	answer_must_be(&answer, 200);
}

static void
test_provider_of_another_name_is_not_believed(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	house->provider->alias = "https://other.example";
	api_server_open(house->server);
	answer = get_as(house, ALICE, "/v1/tasks");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_int_equal(atomic_load(&house->provider->asked), 0);
}

static void
test_bound_token_needs_its_certificate(void **state)
{
	struct house *house = open_house(state);
	struct answer answer = get_as(house,
	    ALICE ",\"cnf\":{\"x5t#S256\":\"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O8"
		  "9jdN-dg2\"}",
	    "/v1/tasks");

	answer_must_be_problem(&answer, 401, "unauthenticated");
	assert_true(str_find(answer.body, STR("certificate")) != SIZE_MAX);
}

static void
test_address_that_guesses_is_shut_out(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	house->server->options.limits.sign_ins_max = 5;
	api_server_open(house->server);
	for (int i = 0; i < 5; i++) {
		house->server->token = "guess";
		answer = api_server_get(house->server, "/v1/tasks");
		answer_must_be_problem(&answer, 401, "unauthenticated");
	}
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 429, "too-many-sign-ins");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	/* Else it could go on guessing until it is let in. */
	house->server->token = "a.local.token";
	answer = api_server_get(house->server, "/v1/tasks");
	answer_must_be_problem(&answer, 429, "too-many-sign-ins");
	house->server->token = NULL;
	answer = api_server_get(house->server, "/healthz");
	answer_must_be(&answer, 200);
}

static void
test_expired_token_is_no_guess(void **state)
{
	struct house *house = build();
	struct answer answer;

	*state = house;
	house->server->options.limits.sign_ins_max = 2;
	house->local.expires_ms = 1;
	api_server_open(house->server);
	for (int i = 0; i < 10; i++) {
		house->server->token = "a.local.token";
		answer = api_server_get(house->server, "/v1/tasks");
		answer_must_be_problem(&answer, 401, "unauthenticated");
		house->server->token = NULL;
		answer = api_server_get(house->server, "/v1/tasks");
		answer_must_be_problem(&answer, 401, "unauthenticated");
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_person_of_the_provider_is_let_in_by_name),
	    TEST(test_tokens_of_ours_are_taken_beside),
	    TEST(test_roles_come_from_a_nested_claim_by_rules),
	    TEST(test_claims_limit_to_workflows_and_entities),
	    TEST(test_name_is_a_name),
	    TEST(test_bad_token_is_told_from_none),
	    TEST(test_keys_are_fetched_once_and_again_for_a_new_one),
	    TEST(test_token_with_another_signature_is_another_token),
	    TEST(test_key_that_was_taken_back_opens_nothing),
	    TEST(test_keys_serve_while_the_provider_is_away),
	    TEST(test_without_keys_nobody_is_let_in),
	    TEST(test_provider_of_another_name_is_not_believed),
	    TEST(test_bound_token_needs_its_certificate),
	    TEST(test_address_that_guesses_is_shut_out),
	    TEST(test_expired_token_is_no_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
