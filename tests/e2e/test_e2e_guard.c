/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_guard.c: who gets in, and what who doesn't may leave behind.
 *
 * The provider is one of the test's own; its tokens are signed here, and so
 * are those that only look like them.
 */
#include "house.h"

#include "../unit/base/mint.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STARTS "/v1/workflows/payment/instances"

struct provider {
	struct arena *arena;
	struct key_pair pair;
	struct endpoint endpoint;
	struct str keys;
	char config[1024];
	struct house_options options;
};

/* ---- the provider ---- */

static void
say_json(int fd, const char *body)
{
	char head[160];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    strlen(body));
	endpoint_say(fd, head, strlen(head));
	endpoint_say(fd, body, strlen(body));
}

static void
answer(int fd, const char *request, void *arg)
{
	const struct provider *provider = arg;
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}",
	    provider->endpoint.url, provider->endpoint.url);
	say_json(fd, strncmp(request, "GET /keys ", 10) == 0
			 ? provider->keys.at
			 : body);
}

/* more: further lines of auth.oidc. */
static void
open_provider(struct provider *provider, const char *more)
{
	*provider = (struct provider){.arena = arena_new()};
	provider->pair = key_pair_new(provider->arena, PAIR_RSA);
	provider->keys =
	    mint_keys(provider->arena, &provider->pair, "k1", "");
	endpoint_open(&provider->endpoint, answer, provider);
	snprintf(provider->config, sizeof(provider->config),
	    "log: {level: debug}\n"
	    "auth:\n"
	    "  oidc:\n"
	    "    issuer: %s\n"
	    "    audience: stated\n"
	    "    roles-claim: realm_access.roles\n"
	    "%s",
	    provider->endpoint.url, more);
	provider->options.config = provider->config;
}

static void
close_provider(struct provider *provider)
{
	endpoint_close(&provider->endpoint);
	arena_free(&provider->arena);
}

static struct str
claims_of(const struct provider *provider, const char *audience,
    const char *name, const char *role)
{
	return arena_strf(provider->arena,
	    "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"%s\",\"exp\":%lld,"
	    "\"realm_access\":{\"roles\":[\"%s\"]}}",
	    provider->endpoint.url, audience, name,
	    (long long)time(NULL) + 300, role);
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"

static const char *
token_of(const struct provider *provider, const char *name, const char *role)
{
	return mint_token(provider->arena, provider->pair.private,
	    SIGNATURE_RS256, STR(HEADER),
	    claims_of(provider, "stated", name, role))
	    .at;
}

static struct reply *
ask_as(struct house *house, const char *token, const char *path,
    const char *body)
{
	char header[4096];

	snprintf(header, sizeof(header), "authorization: Bearer %s", token);
	return house_ask(house, &(struct ask){.path = path, .body = body,
	    .headers = {header, body ? "content-type: application/json"
				     : NULL}});
}

/* ---- tests ---- */

static void
test_person_of_a_provider_starts_and_is_recorded(void **state)
{
	struct provider provider;
	struct house *house;
	const char *alice;
	struct reply *reply;

	(void)state;
	open_provider(&provider, "");
	house = house_open(&provider.options);
	alice = token_of(&provider, "alice", "initiator");
	assert_status(ask_as(house, alice, STARTS,
			  payment_body("P-1", "60000", "ACME")), 201);
	reply = ask_as(house, alice, "/v1/instances/P-1/history", NULL);
	assert_status(reply, 200);
	assert_string_equal(
	    text_at(reply->json, "items.0.actor"), "alice");
	assert_string_equal(text_at(reply->json, "items.0.issuer"),
	    provider.endpoint.url);
	assert_problem(
	    ask_as(house, alice, "/v1/tokens", NULL), 403, "forbidden");
	house_close(&house);
	close_provider(&provider);
}

static void
test_what_only_looks_like_a_token_opens_nothing(void **state)
{
	struct provider provider;
	struct key_pair other;
	struct house *house;
	struct arena *arena;
	struct str claims;

	(void)state;
	open_provider(&provider, "");
	arena = provider.arena;
	claims = claims_of(&provider, "stated", "eve", "admin");
	other = key_pair_new(arena, PAIR_RSA);
	house = house_open(&provider.options);
	const struct str tokens[] = {
	    mint_token(arena, STR(""), SIGNATURE_NONE,
		STR("{\"alg\":\"none\"}"), claims),
	    mint_token(arena, STR(""), SIGNATURE_NONE, STR(HEADER), claims),
	    mint_token(arena, provider.pair.public, SIGNATURE_HS256,
		STR("{\"alg\":\"HS256\",\"kid\":\"k1\"}"), claims),
	    mint_token(arena, other.private, SIGNATURE_RS256, STR(HEADER),
		claims),
	    mint_token(arena, provider.pair.private, SIGNATURE_RS256,
		STR(HEADER), claims_of(&provider, "other", "eve", "admin")),
	    mint_token(arena, provider.pair.private, SIGNATURE_RS256,
		STR(HEADER), STR("{\"sub\":\"eve\"}")),
	};
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_problem(
		    ask_as(house, tokens[i].at, "/v1/instances", NULL), 401,
		    "unauthenticated");
	assert_status(ask_as(house, token_of(&provider, "root", "admin"),
			  "/v1/instances", NULL), 200);
	house_close(&house);
	close_provider(&provider);
}

static void
test_sighup_reads_again_who_may_call(void **state)
{
	struct provider provider;
	struct house *house;
	const char *bob;
	int64_t until_ms;

	(void)state;
	open_provider(&provider, "    roles: {staff: auditor}\n");
	house = house_open(&provider.options);
	bob = token_of(&provider, "bob", "staff");
	assert_status(ask_as(house, bob, "/v1/export", NULL), 200);
	house_edit(house, "stated.yaml", "{staff: auditor}",
	    "{staff: initiator}");
	kill(house->engine.pid, SIGHUP);
	until_ms = time_ms() + 5000;
	while (ask_as(house, bob, "/v1/export", NULL)->status == 200 &&
	       time_ms() < until_ms)
		time_sleep(20);
	assert_problem(
	    ask_as(house, bob, "/v1/export", NULL), 403, "forbidden");
	assert_status(ask_as(house, bob, "/v1/instances", NULL), 200);
	/* What is wrong leaves things as they are. */
	house_edit(house, "stated.yaml", "audience: stated", "audiens: x");
	kill(house->engine.pid, SIGHUP);
	until_ms = time_ms() + 5000;
	while (house_logged(house, "not reloaded") == 0 &&
	       time_ms() < until_ms)
		time_sleep(20);
	assert_status(ask_as(house, bob, "/v1/instances", NULL), 200);
	house_close(&house);
	close_provider(&provider);
}

static void
test_guesser_is_shut_out(void **state)
{
	struct provider provider;
	struct house *house;
	struct reply *reply = NULL;
	int guesses = 0;

	(void)state;
	open_provider(&provider, "limits: {sign-ins: 20}\n");
	house = house_open(&provider.options);
	do
		reply = ask_as(house, "stated_guess", "/v1/instances", NULL);
	while (reply->status == 401 && ++guesses < 100);
	assert_problem(reply, 429, "too-many-sign-ins");
	assert_true(guesses >= 20 && guesses < 40);
	assert_true(atoi(reply_header(reply, "retry-after")) > 0);
	assert_status(house_get(house, "/healthz"), 200);
	house_close(&house);
	close_provider(&provider);
}

/* Whatever comes from outside, a line of the log is one that the engine has
 * written. */
static void
test_log_cannot_be_written_by_callers(void **state)
{
	static const char forged[] = "2026-01-01T00:00:00.000Z error   forged";
	static const struct house_options debugging = {
	    .config = "log: {level: debug}\n",
	};
	struct house *house = house_open(&debugging);
	char path[512], *log, *at;

	(void)state;
	snprintf(path, sizeof(path), "/v1/instances/x%%0a%s",
	    "2026-01-01T00:00:00.000Z%20error%20%20%20forged");
	assert_status(house_get(house, "%s", path), 404);
	house_post_as(house, "eve status=200 path=/x", STARTS, "%s",
	    payment_body("P\\n2026-01-01T00:00:00.000Z error   forged",
		"60000", "\\u001b[2J\\u0085\\u2028=1+1"));
	assert_status(house_ask(house,
			  &(struct ask){.path = "/v1/instances",
			      .headers = {"x-request-id: a b",
				  "x-stated-actor: m\xc2\x85y"}}),
	    200);
	log = house_read(house->engine.log);
	assert_null(strstr(log, "\n2026-01-01"));
	assert_null(strstr(log, "actor=eve status=200"));
	assert_null(strchr(log, '\x1b'));
	assert_null(strstr(log, "\xc2\x85"));
	for (at = log; (at = strstr(at, forged)) != NULL; at++)
		assert_true(at > log && at[-1] != '\n');
	free(log);
	house_close(&house);
}

static void
test_cell_of_an_export_is_no_formula(void **state)
{
	struct house *house = house_open(NULL);
	struct reply *reply;

	(void)state;
	payment_start(house, "=cmd|' /C calc'!A0", "60000", "@SUM(1)");
	reply = house_get(house, "/v1/export?format=csv");
	assert_status(reply, 200);
	assert_non_null(strstr(reply->body, "'=cmd|"));
	for (const char *at = reply->body; (at = strchr(at, ',')) != NULL; at++)
		assert_null(strchr("=+@\t\r|%", at[1] == '"' ? at[2] : at[1]));
	house_close(&house);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_person_of_a_provider_starts_and_is_recorded),
	    HOUSE_TEST(test_what_only_looks_like_a_token_opens_nothing),
	    HOUSE_TEST(test_sighup_reads_again_who_may_call),
	    HOUSE_TEST(test_guesser_is_shut_out),
	    HOUSE_TEST(test_log_cannot_be_written_by_callers),
	    HOUSE_TEST(test_cell_of_an_export_is_no_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
