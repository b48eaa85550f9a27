/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_proof.c: who is who: tokens by secrets and by JWTs, answers that
 * are signed, and webhooks of every provider.
 */
#include "../unit/base/key_pair.h"
#include "house.h"

#include "stated/buf.h"
#include "stated/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct house_options quiet = {.quiet_bank = true};

static json_t *
calls_of(struct house *house)
{
	struct reply *reply = house_ask(house,
	    &(struct ask){.url = house->sandbox_url,
		.path = "/control/ledger"});

	assert_status(reply, 200);
	return json_object_get(reply->json, "calls");
}

static long long
count_calls(struct house *house, const char *route)
{
	return json_integer_value(json_object_get(calls_of(house), route));
}

/* As a JSON string. */
static const char *
quoted(struct arena *arena, struct str text)
{
	struct buf out = buf_in(arena);

	buf_add_json_string(&out, text);
	return buf_cstr(&out);
}

/* ---- tokens ---- */

#define AUTH(name, more)                                                       \
	"---\nworkflow: by-" name "\nversion: 1\ninitial: asking\nstates:\n"    \
	"  asking:\n    entry: [{call: by-" name ".ask, retry: {limit: 0}}]\n" \
	"    on: {done: ended, error: failed}\n"                               \
	"  ended: {type: final}\n"                                             \
	"  failed: {type: final, outcome: failure}\n"                          \
	"---\nconnection: by-" name "\nkind: http\nurl: = settings.id.url\n"   \
	"auth: {oauth2: {token-url: '= settings.id.url + \"/token\"', "        \
	more "}}\noperations:\n  ask: {request: {post: /protected/1, "         \
	"headers: {x-idempotency-key: = idempotency_key}}, idempotent: true}\n"

static const char tokens[] =
    AUTH("basic", "client: {secret: client}")
    AUTH("post", "client: {secret: client}, client-auth: client-secret-post")
    AUTH("jwt", "client: {id: us}, client-auth: private-key-jwt, "
	"key: {secret: key}")
    AUTH("grant", "grant: jwt-bearer, issuer: us, key: {secret: key}, "
	"algorithm: RS256");

static struct house *
open_tokens(struct arena *arena)
{
	struct house *house = house_build(&quiet);
	struct key_pair pair = key_pair_new(arena, PAIR_RSA);
	char settings[256];

	setenv("STATED_SECRET_CLIENT", "us:hush", 1);
	setenv("STATED_SECRET_KEY", arena_cstr(arena, pair.private), 1);
	snprintf(settings, sizeof(settings),
	    "settings:\n  id: {url: '%s/oauth2'}\n", house->sandbox_url);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_write(house, "workflows/tokens.yaml", tokens + 4);
	house_control(house, "/control/oauth2", "{\"public_key\":%s}",
	    quoted(arena, pair.public));
	house_start_engine(house);
	return house;
}

static const char *
ask_by(struct house *house, const char *name)
{
	char path[128];
	struct reply *reply;

	snprintf(path, sizeof(path),
	    "/v1/workflows/by-%s/instances?wait=20s", name);
	reply = house_post(house, path, "{\"input\":{}}");
	assert_status(reply, 201);
	return text_at(reply->json, "state");
}

static void
test_token_is_had_in_every_way(void **state)
{
	static const char *const names[] = {"basic", "post", "jwt", "grant"};
	struct arena *arena = arena_new();
	struct house *house = open_tokens(arena);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(ask_by(house, names[i]), "ended");
		assert_string_equal(ask_by(house, names[i]), "ended");
	}
	assert_int_equal(count_calls(house, "POST /oauth2/token"), 4);
	/* Revoked: each call goes out once more, with another token. */
	house_control(house, "/control/oauth2", "{\"revoke\":true}");
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(ask_by(house, names[i]), "ended");
	assert_int_equal(count_calls(house, "POST /oauth2/token"), 8);
	assert_int_equal(count_calls(house, "* /oauth2/protected/{n}"), 16);
	/* Who is not known any more has failed, at once. */
	house_control(house, "/control/oauth2",
	    "{\"revoke\":true,\"client\":\"them:other\",\"public_key\":\"\"}");
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(ask_by(house, names[i]), "failed");
	house_close(&house);
	arena_free(&arena);
}

/* ---- answers ---- */

static const char signed_answers[] =
    "workflow: trusting\nversion: 1\ninitial: asking\nstates:\n"
    "  asking:\n    entry: [{call: trusting.ask, retry: {limit: 0}}]\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\nconnection: trusting\nkind: http\nurl: = settings.id.url\n"
    "auth: {oauth2: {token-url: '= settings.id.url + \"/token\"', "
    "client: {secret: client}}}\n"
    "verify: {scheme: jws, secret: {secret: bank_key}}\n"
    "operations:\n  ask: {request: {post: /protected/1}}\n";

static void
test_answer_that_is_not_signed_leaves_it_unknown(void **state)
{
	struct arena *arena = arena_new();
	struct key_pair pair = key_pair_new(arena, PAIR_P256);
	struct key_pair other = key_pair_new(arena, PAIR_P256);
	struct house *house;
	struct reply *reply;

	(void)state;
	setenv("STATED_SECRET_BANK_KEY", arena_cstr(arena, pair.jwk), 1);
	house = house_build(&quiet);
	char settings[256];
	snprintf(settings, sizeof(settings),
	    "settings:\n  id: {url: '%s/oauth2'}\n", house->sandbox_url);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_write(house, "workflows/trusting.yaml", signed_answers);
	setenv("STATED_SECRET_CLIENT", "us:hush", 1);
	house_start_engine(house);
	house_control(house, "/control/oauth2", "{\"signing_key\":%s}",
	    quoted(arena, pair.private));
	reply = house_post(house,
	    "/v1/workflows/trusting/instances?wait=20s", "{\"input\":{}}");
	assert_string_equal(text_at(reply->json, "state"), "ended");
	house_control(house, "/control/oauth2", "{\"signing_key\":%s}",
	    quoted(arena, other.private));
	reply = house_post(house,
	    "/v1/workflows/trusting/instances?wait=20s", "{\"input\":{}}");
	assert_string_equal(text_at(reply->json, "state"), "asking");
	reply = house_get(house, "/v1/incidents");
	assert_string_equal(text_at(reply->json, "items.0.error.code"),
	    "http.forged");
	house_close(&house);
	arena_free(&arena);
}

/* ---- webhooks ---- */

static const struct {
	const char *scheme;
	const char *verify; /* after the scheme and the secret */
	enum key_pair_kind kind;
	bool has_keys; /* and not a shared secret */
} providers[] = {
	{"stripe", "", PAIR_RSA, false},
	{"github", "", PAIR_RSA, false},
	{"standard-webhooks", "", PAIR_RSA, false},
	{"hubspot", "", PAIR_RSA, false},
	{"paypal", ", webhook-id: WH-SANDBOX", PAIR_RSA, true},
	{"jws", ", algorithms: [PS256]", PAIR_RSA, true},
};
#define PROVIDERS (sizeof(providers) / sizeof(providers[0]))

static void
write_hooks(const struct house *house)
{
	FILE *out = fopen(house_path(house, "workflows/hooks.yaml"), "we");

	assert_non_null(out);
	for (size_t i = 0; i < PROVIDERS; i++) {
		const char *scheme = providers[i].scheme;
		char url[160] = "";

		if (strcmp(scheme, "hubspot") == 0)
			snprintf(url, sizeof(url), ", url: '%s/hooks/by-%s'",
			    house->url, scheme);
		fprintf(out, "---\nconnection: by-%s\nkind: http\n"
		    "url: http://127.0.0.1:1\noperations: {}\n"
		    "webhooks:\n"
		    "  verify: {scheme: %s, secret: [{secret: hook_new}, "
		    "{secret: hook_%zu}]%s%s}\n"
		    "  events: [{type: '= \"%s.\" + body.type', "
		    "id: = body.id}]\n",
		    scheme, scheme, i, providers[i].verify, url, scheme);
	}
	assert_int_equal(fclose(out), 0);
}

static const char *
secret_of(struct arena *arena, size_t i, struct str *public)
{
	struct key_pair pair = key_pair_new(arena, providers[i].kind);

	*public = providers[i].has_keys ? pair.certificate
					: STR("aHVzaGh1c2hodXNo");
	return arena_cstr(arena, providers[i].has_keys ? pair.private
						       : *public);
}

static size_t
count_held(struct house *house, const char *type)
{
	struct reply *reply =
	    house_get(house, "/v1/dead-letters?status=held&limit=100");

	return json_count_with(json_at(reply->json, "items"), "type", type);
}

static void
order(struct house *house, const char *reference)
{
	struct reply *reply;
	char body[256];

	snprintf(body, sizeof(body), "{\"Data\":{\"Initiation\":{"
	    "\"InstructionIdentification\":\"%s\",\"InstructedAmount\":"
	    "{\"Amount\":\"1\",\"Currency\":\"EUR\"}}}}", reference);
	reply = house_ask(house, &(struct ask){
	    .url = house->sandbox_url,
	    .path = "/bank/domestic-payments",
	    .body = body,
	    .headers = {"Content-Type: application/json"},
	});
	assert_status(reply, 201);
}

/* Each twice, so that none is on its way any more. */
static void
await_all_taken(struct house *house, const char *reference)
{
	int64_t until_ms = time_ms() + 20000;

	for (;;) {
		json_t *hooks = json_at(payment_ledger(house, reference),
		    "webhooks"), *hook;
		size_t i, taken = 0;

		json_array_foreach(hooks, i, hook) {
			assert_int_equal(
			    integer_at(hook, "forgeries_taken"), 0);
			taken += integer_at(hook, "deliveries") == 2;
		}
		if (json_array_size(hooks) == 4 && taken == 4)
			return;
		if (time_ms() > until_ms)
			fail_msg("%s: %zu of its webhooks taken", reference,
			    taken);
		time_sleep(20);
	}
}

static void
test_webhooks_of_every_provider_are_taken_and_no_forgery(void **state)
{
	static const struct house_options brisk = {.quiet_bank = true,
	    .sandbox = {"--delay-accepted", "10", "--delay-settling", "20",
		"--delay-settled", "30", "--delay-matched", "40"}};
	struct arena *arena = arena_new();
	const char *secrets[PROVIDERS];
	struct house *house = house_build(&brisk);

	(void)state;
	for (size_t i = 0; i < PROVIDERS; i++) {
		struct str public;
		char name[64];

		secrets[i] = secret_of(arena, i, &public);
		snprintf(name, sizeof(name), "STATED_SECRET_HOOK_%zu", i);
		setenv(name, arena_cstr(arena, public), 1);
	}
	write_hooks(house);
	house_start_engine(house);
	house_control(house, "/control/faults",
	    "[{\"fault\":\"forged-webhook\",\"path\":\"/bank\"},"
	    "{\"fault\":\"duplicate-webhook\",\"path\":\"/bank\"}]");
	for (size_t i = 0; i < PROVIDERS; i++) {
		const char *scheme = providers[i].scheme;
		char type[64];

		house_control(house, "/control/webhooks",
		    "{\"url\":\"%s/hooks/by-%s\",\"scheme\":\"%s\","
		    "\"secret\":%s}", house->url, scheme, scheme,
		    quoted(arena, str_of(secrets[i])));
		order(house, scheme);
		await_all_taken(house, scheme);
		snprintf(type, sizeof(type), "%s.payment.settled", scheme);
		assert_int_equal(count_held(house, type), 1);
	}
	house_close(&house);
	arena_free(&arena);
}

static const char *
ring(struct house *house, struct arena *arena, const char *body)
{
	char hex[DIGEST_HEX_BYTES], header[160];
	struct str signed_text;
	struct reply *reply;
	long long now = time(NULL);

	signed_text = arena_strf(arena, "%lld.%s", now, body);
	digest_hex(digest_hmac_sha256(STR("whsec_mine"), signed_text), hex);
	snprintf(header, sizeof(header), "Stripe-Signature: t=%lld,v1=%s",
	    now, hex);
	reply = house_ask(house, &(struct ask){
	    .path = "/hooks/by-stripe",
	    .body = body,
	    .headers = {header},
	});
	assert_status(reply, 202);
	return text_at(reply->json, "status");
}

static void
test_valid_delivery_again_does_nothing_even_after_a_crash(void **state)
{
	struct arena *arena = arena_new();
	struct house *house = house_build(&quiet);
	const char *body = "{\"id\":\"evt_1\",\"type\":\"paid\"}";

	(void)state;
	setenv("STATED_SECRET_HOOK_NEW", "whsec_mine", 1);
	write_hooks(house);
	house_start_engine(house);
	assert_string_equal(ring(house, arena, body), "held");
	assert_string_equal(ring(house, arena, body), "duplicate");
	program_kill(&house->engine);
	house_start_engine(house);
	assert_string_equal(ring(house, arena, body), "duplicate");
	assert_int_equal(count_held(house, "stripe.paid"), 1);
	house_close(&house);
	unsetenv("STATED_SECRET_HOOK_NEW");
	arena_free(&arena);
}

/* ---- keys that a provider publishes ---- */

struct publisher {
	const char *_Atomic keys; /* NULL: it is out of order */
};

static void
publish(int fd, const char *request, void *arg)
{
	struct publisher *publisher = arg;
	const char *keys = publisher->keys;
	char *text;
	int bytes = asprintf(&text, "HTTP/1.1 %d So\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    keys != NULL ? 200 : 500, keys != NULL ? strlen(keys) : 0,
	    keys != NULL ? keys : "");

	(void)request;
	endpoint_say(fd, text, (size_t)bytes);
	free(text);
}

static const char *
key_set(struct arena *arena, const struct key_pair *pair)
{
	return arena_cstr(arena,
	    arena_strf(arena, "{\"keys\":[%.*s]}", STR_ARG(pair->jwk)));
}

/* The body is the JWS; gives the answer's status. */
static int
deliver_jws(struct house *house, struct arena *arena,
    const struct key_pair *pair, const char *id)
{
	struct str head = digest_base64url(arena, STR("{\"alg\":\"ES256\"}"));
	struct str claims = digest_base64url(arena,
	    arena_strf(arena, "{\"jti\":\"%s\"}", id));
	struct str text = arena_strf(arena, "%.*s.%.*s", STR_ARG(head),
	    STR_ARG(claims));
	struct signature_key *key = signature_key_read(pair->private);
	struct str told;

	assert_true(signature_make(arena, key, SIGNATURE_ES256, text, &told));
	signature_key_free(&key);
	told = digest_base64url(arena, told);
	return house_ask(house, &(struct ask){
	    .path = "/hooks/publisher",
	    .body = arena_strf(arena, "%.*s.%.*s", STR_ARG(text),
		STR_ARG(told)).at,
	    .headers = {"Content-Type: application/jwt"},
	})->status;
}

static void
test_keys_that_are_published_are_fetched_and_changed(void **state)
{
	static const struct house_options fast = {
	    .quiet_bank = true, .clock = "60x"};
	struct arena *arena = arena_new();
	struct key_pair first = key_pair_new(arena, PAIR_P256);
	struct key_pair second = key_pair_new(arena, PAIR_P256);
	struct publisher publisher = {NULL};
	struct house *house = house_build(&fast);
	struct endpoint endpoint;
	char text[512];

	(void)state;
	endpoint_open(&endpoint, publish, &publisher);
	snprintf(text, sizeof(text), "connection: publisher\nkind: http\n"
	    "url: http://127.0.0.1:1\noperations: {}\nwebhooks:\n"
	    "  verify: {scheme: jws, keys-url: '%s/keys'}\n"
	    "  events: [{type: published}]\n", endpoint.url);
	house_write(house, "workflows/publisher.yaml", text);
	house_start_engine(house);
	/* Without keys nothing is refused for good. */
	assert_int_equal(deliver_jws(house, arena, &first, "1"), 503);
	time_sleep(600); /* half a minute there */
	publisher.keys = key_set(arena, &first);
	assert_int_equal(deliver_jws(house, arena, &first, "1"), 202);
	assert_int_equal(deliver_jws(house, arena, &first, "2"), 202);
	assert_int_equal(deliver_jws(house, arena, &second, "3"), 401);
	assert_int_equal(atomic_load(&endpoint.requests), 2);
	time_sleep(600);
	publisher.keys = key_set(arena, &second);
	assert_int_equal(deliver_jws(house, arena, &second, "3"), 202);
	assert_int_equal(deliver_jws(house, arena, &first, "4"), 401);
	assert_int_equal(count_held(house, "published"), 3);
	house_close(&house);
	endpoint_close(&endpoint);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_token_is_had_in_every_way),
	    HOUSE_TEST(test_answer_that_is_not_signed_leaves_it_unknown),
	    HOUSE_TEST(
		test_webhooks_of_every_provider_are_taken_and_no_forgery),
	    HOUSE_TEST(
		test_valid_delivery_again_does_nothing_even_after_a_crash),
	    HOUSE_TEST(test_keys_that_are_published_are_fetched_and_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
