/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_proof.c: each scheme by the vector that its provider publishes, with
 * every single bit changed; or by keys made here, with a bit of every byte.
 */
#include "../base/key_pair.h"
#include "connector_priv.h"
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOOK(verify)                                                           \
	"connection: c\n"                                                      \
	"kind: http\n"                                                         \
	"url: https://api.example\n"                                           \
	"operations: {ping: {request: {get: /}}}\n"                            \
	"webhooks:\n"                                                          \
	"  verify: {" verify "}\n"                                             \
	"  events: [{type: t}]\n"

#define HEADERS_MAX 4

struct letter {
	struct desk desk;
	struct message_header headers[HEADERS_MAX];
	size_t count;
	struct str body;
	size_t stride; /* from a bit that is changed to the next */
};

static void
letter_open(struct letter *letter, const char *yaml)
{
	*letter = (struct letter){.stride = 1};
	desk_open(&letter->desk, yaml);
}

static struct str
own(struct letter *letter, const char *text)
{
	return arena_str(letter->desk.arena, str_of(text));
}

static void
add_header(struct letter *letter, const char *name, const char *value)
{
	assert_true(letter->count < HEADERS_MAX);
	letter->headers[letter->count++] = (struct message_header){
		.name = str_of(name),
		.value = own(letter, value),
	};
}

static bool
is_taken(struct letter *letter)
{
	struct connector_events events;
	enum webhook_result result = connector_webhook(
	    letter->desk.connection, letter->headers, letter->count,
	    letter->body, &letter->desk.context, &events);

	return result == WEBHOOK_ACCEPTED;
}

static bool
is_genuine(struct letter *letter)
{
	struct connector_events events;
	enum webhook_result result = connector_webhook(
	    letter->desk.connection, letter->headers, letter->count,
	    letter->body, &letter->desk.context, &events);

	return result != WEBHOOK_FORGED && result != WEBHOOK_SECRETLESS;
}

static void
assert_each_bit_counts(struct letter *letter, struct str text)
{
	char *at = (char *)text.at;

	for (size_t bit = 0; bit < 8 * text.bytes; bit += letter->stride) {
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		if (is_genuine(letter))
			fail_msg("still taken: %.*s", STR_ARG(text));
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
	}
}

/* It is genuine, and no longer so with a bit changed, a header gone or another
 * secret. */
static void
assert_proven(struct letter *letter)
{
	struct message_header *headers = letter->headers;

	assert_true(is_genuine(letter));
	assert_each_bit_counts(letter, letter->body);
	for (size_t i = 0; i < letter->count; i++)
		assert_each_bit_counts(letter, headers[i].value);
	for (size_t i = 0; i < letter->count; i++) {
		struct str name = headers[i].name;

		headers[i].name = STR("x-other");
		assert_false(is_genuine(letter));
		headers[i].name = name;
	}
	assert_true(is_genuine(letter));
	desk_give(&letter->desk, "key", STR("aW50cnVkZXI="));
	assert_false(is_genuine(letter));
}

/* Its time is signed: it is of no use much later, or before. */
static void
assert_timed(struct letter *letter, int64_t tolerance_ms)
{
	int64_t now_ms = letter->desk.context.now_ms;

	letter->desk.context.now_ms = now_ms + tolerance_ms;
	assert_true(is_genuine(letter));
	letter->desk.context.now_ms = now_ms + tolerance_ms + 1000;
	assert_false(is_genuine(letter));
	letter->desk.context.now_ms = now_ms - tolerance_ms;
	assert_true(is_genuine(letter));
	letter->desk.context.now_ms = now_ms - tolerance_ms - 1000;
	assert_false(is_genuine(letter));
	letter->desk.context.now_ms = now_ms;
}

/* -------------------------------------------------------- shared secrets */

static void
test_stripe(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: stripe, secret: {secret: key}"));
	desk_give(&letter.desk, "key", STR("whsec_test_secret"));
	letter.body = own(&letter, "{\"id\":\"evt_1\",\"object\":\"event\"}");
	add_header(&letter, "Stripe-Signature",
	    "t=1700000000,v1=0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a"
	    "2fbda99cd1e6edd");
	assert_true(is_taken(&letter));
	assert_timed(&letter, 300000);
	assert_proven(&letter);
	desk_close(&letter.desk);
}

static void
test_github(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: github, secret: {secret: key}"));
	desk_give(&letter.desk, "key", STR("It's a Secret to Everybody"));
	letter.body = own(&letter, "Hello, World!");
	add_header(&letter, "X-Hub-Signature-256",
	    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b"
	    "043e17");
	assert_proven(&letter);
	desk_close(&letter.desk);
}

static void
test_standard_webhooks(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter,
	    HOOK("scheme: standard-webhooks, secret: {secret: key}"));
	letter.desk.context.now_ms = INT64_C(1614265330000);
	desk_give(&letter.desk, "key",
	    STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	letter.body = own(&letter, "{\"test\": 2432232314}");
	add_header(&letter, "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek");
	add_header(&letter, "webhook-timestamp", "1614265330");
	add_header(&letter, "webhook-signature",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_true(is_taken(&letter));
	assert_timed(&letter, 300000);
	assert_proven(&letter);
	desk_close(&letter.desk);
}

static void
test_hubspot(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: hubspot, secret: {secret: key}, "
	    "url: 'https://www.example.com/webhook_uri'"));
	desk_give(&letter.desk, "key",
	    STR("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"));
	letter.body = own(&letter, "{\"example_field\":\"example_value\"}");
	add_header(&letter, "X-HubSpot-Request-Timestamp", "1700000000000");
	add_header(&letter, "X-HubSpot-Signature-v3",
	    "rQEKkaNUiu+1qGF//O/pw4BCzstSqO1PyUnGICmf+7o=");
	assert_true(is_taken(&letter));
	assert_timed(&letter, 300000);
	assert_proven(&letter);
	desk_close(&letter.desk);
}

/* The vector of RFC 9421, B.2.5, whose text a `content` can write. */
static void
test_hmac_over_what_the_content_says(void **state)
{
	struct letter letter;
	struct str key;

	(void)state;
	letter_open(&letter, HOOK("scheme: hmac, header: x-proof, "
	    "encoding: base64, secret: {secret: key}, prefix: 'sig=', content: "
	    "\"\\\"date\\\": {header:date}\\n\\\"@authority\\\": example.com\\n"
	    "\\\"content-type\\\": {header:content-type}\\n"
	    "\\\"@signature-params\\\": (\\\"date\\\" \\\"@authority\\\" "
	    "\\\"content-type\\\");created=1618884473;"
	    "keyid=\\\"test-shared-secret\\\"\""));
	must(digest_parse_base64(letter.desk.arena,
	    STR("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJ"
		"PBtbmHhIDi6pcl8jsasjlTMtDQ=="), &key));
	desk_give(&letter.desk, "key", key);
	letter.body = STR("");
	add_header(&letter, "Date", "Tue, 20 Apr 2021 02:07:55 GMT");
	add_header(&letter, "Content-Type", "application/json");
	add_header(&letter, "x-proof",
	    "sig=pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
	assert_proven(&letter);
	desk_close(&letter.desk);
}

static const char *
hmac_of(struct letter *letter, const char *key, const char *text)
{
	char hex[DIGEST_HEX_BYTES];

	return arena_cstr(letter->desk.arena,
	    digest_hex(digest_hmac_sha256(str_of(key), str_of(text)), hex));
}

static void
test_hmac_with_a_time(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: hmac, secret: {secret: key}, "
	    "timestamp-header: x-time, timestamp-unit: ms, tolerance: 30s, "
	    "url: 'https://us.example/hooks/c?a=1', encoding: hex, "
	    "content: '{timestamp}:{method} {path}?{query} {body-sha256}'"));
	desk_give(&letter.desk, "key", STR("hush"));
	letter.body = own(&letter, "{}");
	add_header(&letter, "x-time", "1700000000000");
	add_header(&letter, "x-signature", hmac_of(&letter, "hush",
	    "1700000000000:POST /hooks/c?a=1 44136fa355b3678a1146ad16f7e8649e"
	    "94fb4fc21fe77e8310c060f61caaff8a"));
	assert_true(is_taken(&letter));
	assert_timed(&letter, 30000);
	assert_proven(&letter);
	desk_close(&letter.desk);
}

static void
test_hmac_encodings_are_told_apart(void **state)
{
	struct letter letter;
	struct str told;

	(void)state;
	letter_open(&letter, HOOK("scheme: hmac, secret: {secret: key}, "
	    "encoding: base64"));
	desk_give(&letter.desk, "key", STR("hush"));
	letter.body = own(&letter, "{}");
	add_header(&letter, "x-signature", hmac_of(&letter, "hush", "{}"));
	assert_false(is_genuine(&letter));
	desk_close(&letter.desk);

	letter_open(&letter, HOOK("scheme: hmac, secret: {secret: key}"));
	desk_give(&letter.desk, "key", STR("hush"));
	letter.body = own(&letter, "{}");
	add_header(&letter, "x-signature", hmac_of(&letter, "hush", "{}"));
	assert_true(is_genuine(&letter));
	told = letter.headers[0].value;
	for (size_t i = 0; i < told.bytes; i++)
		if (told.at[i] >= 'a')
			((char *)told.at)[i] = (char)(told.at[i] - 32);
	assert_true(is_genuine(&letter)); /* wholly in capitals */
	desk_close(&letter.desk);
}

static void
test_any_of_several_secrets_will_do(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: github, "
	    "secret: [{secret: new}, {secret: unknown}, {secret: old}]"));
	desk_give(&letter.desk, "new", STR("new-one"));
	desk_give(&letter.desk, "old", STR("It's a Secret to Everybody"));
	letter.body = own(&letter, "Hello, World!");
	add_header(&letter, "X-Hub-Signature-256",
	    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b"
	    "043e17");
	assert_true(is_genuine(&letter));
	desk_give(&letter.desk, "old", STR("new-one"));
	assert_false(is_genuine(&letter));
	desk_close(&letter.desk);
}

/* --------------------------------------------------------------- key pairs */

static struct str
sign(struct letter *letter, const struct key_pair *pair,
    enum signature_algorithm algorithm, struct str text)
{
	struct signature_key *key = signature_key_read(pair->private);
	struct str signature;

	must(signature_make(letter->desk.arena, key, algorithm, text,
	    &signature));
	signature_key_free(&key);
	letter->stride = 9;
	return digest_base64(letter->desk.arena, signature);
}

static void
test_standard_webhooks_by_a_public_key(void **state)
{
	struct letter letter;
	struct key_pair pair;
	struct json_error error;
	const struct value *jwk;
	struct str raw;

	(void)state;
	letter_open(&letter,
	    HOOK("scheme: standard-webhooks, secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_ED25519);
	jwk = json_read(letter.desk.arena, pair.jwk, &error);
	must(digest_parse_base64(letter.desk.arena,
	    value_field_str(jwk, "x"), &raw));
	raw = digest_base64(letter.desk.arena, raw);
	desk_give(&letter.desk, "key", arena_strf(letter.desk.arena,
	    "whpk_%.*s", STR_ARG(raw)));
	letter.body = own(&letter, "{}");
	raw = sign(&letter, &pair, SIGNATURE_EDDSA, STR("m1.1700000000.{}"));
	add_header(&letter, "webhook-id", "m1");
	add_header(&letter, "webhook-timestamp", "1700000000");
	add_header(&letter, "webhook-signature", arena_cstr(letter.desk.arena,
	    arena_strf(letter.desk.arena, "v1a,%.*s", STR_ARG(raw))));
	assert_true(is_taken(&letter));
	assert_proven(&letter);
	desk_close(&letter.desk);
}

/* "{}" has the CRC 2745614147. */
static void
test_paypal(void **state)
{
	struct letter letter;
	struct key_pair pair;
	struct str signature;

	(void)state;
	letter_open(&letter, HOOK("scheme: paypal, webhook-id: WH-1, "
	    "secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_RSA);
	desk_give(&letter.desk, "key", pair.certificate);
	letter.body = own(&letter, "{}");
	signature = sign(&letter, &pair, SIGNATURE_RS256,
	    STR("69cd13f0-d67a|2023-11-14T22:13:20Z|WH-1|2745614147"));
	add_header(&letter, "PayPal-Transmission-Id", "69cd13f0-d67a");
	add_header(&letter, "PayPal-Transmission-Time", "2023-11-14T22:13:20Z");
	add_header(&letter, "PayPal-Auth-Algo", "SHA256withRSA");
	add_header(&letter, "PayPal-Transmission-Sig",
	    arena_cstr(letter.desk.arena, signature));
	assert_true(is_taken(&letter));
	assert_timed(&letter, INT64_C(3) * 24 * 60 * 60 * 1000);
	assert_proven(&letter);
	desk_close(&letter.desk);
}

/* -------------------------------------------------------------------- JWS */

static struct str
make_jws(struct letter *letter, struct str private,
    enum signature_algorithm algorithm, const char *header,
    const char *payload, enum jws_form form)
{
	struct signature_key *key = signature_key_read(private);
	struct str text;

	if (key == NULL)
		key = signature_key_of_secret(private);
	must(jws_make(letter->desk.arena, key, algorithm,
	    desk_json(&letter->desk, header), str_of(payload), form, &text));
	signature_key_free(&key);
	letter->stride = 9;
	return text;
}

static void
test_jws_may_be_the_body(void **state)
{
	static const struct {
		enum key_pair_kind kind;
		enum signature_algorithm algorithm;
		const char *header;
	} cases[] = {
		{PAIR_RSA, SIGNATURE_PS256, "{\"alg\":\"PS256\"}"},
		{PAIR_RSA, SIGNATURE_RS256, "{\"alg\":\"RS256\"}"},
		{PAIR_P256, SIGNATURE_ES256, "{\"alg\":\"ES256\"}"},
		{PAIR_P384, SIGNATURE_ES384,
		    "{\"alg\":\"ES384\",\"kid\":\"k1\"}"},
		{PAIR_ED25519, SIGNATURE_EDDSA, "{\"alg\":\"EdDSA\"}"},
	};
	struct letter letter;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		letter_open(&letter,
		    HOOK("scheme: jws, secret: {secret: key}"));
		struct key_pair pair =
		    key_pair_new(letter.desk.arena, cases[i].kind);

		letter.body = make_jws(&letter, pair.private,
		    cases[i].algorithm, cases[i].header,
		    "{\"jti\":\"j1\",\"iat\":1700000000}", JWS_COMPACT);
		desk_give(&letter.desk, "key", pair.jwk);
		assert_true(is_taken(&letter));
		desk_give(&letter.desk, "key", pair.public);
		assert_true(is_taken(&letter));
		assert_proven(&letter);
		desk_close(&letter.desk);
	}
}

/* The lines of a PEM text between its marks. */
static struct str
bare(struct arena *arena, struct str pem)
{
	struct str all = STR("");

	while (pem.at != NULL) {
		struct str line = str_split(pem, '\n', &pem);

		if (line.bytes > 0 && line.at[0] != '-')
			all = arena_strf(arena, "%.*s%.*s", STR_ARG(all),
			    STR_ARG(line));
	}
	return all;
}

/* Whoever has the public key could sign, if it were taken for a shared one. */
static void
test_jws_takes_no_public_key_for_a_shared_one(void **state)
{
	static const char *const before[] = {"\xef\xbb\xbf", "the key:\n",
	    "BEGIN PUBLIC KEY ", "ssh-ed25519 ", ""};
	struct letter letter;
	struct arena *arena;

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, secret: {secret: key}"));
	arena = letter.desk.arena;
	struct key_pair pair = key_pair_new(arena, PAIR_P256);

	for (size_t i = 0; i < COUNT_OF(before); i++) {
		struct str text = arena_strf(arena, "%s%.*s", before[i],
		    STR_ARG(i < 2 ? pair.public : bare(arena, pair.public)));
		struct signature_key *key = signature_key_of_secret(text);

		must(jws_make(arena, key, SIGNATURE_HS256,
		    desk_json(&letter.desk, "{\"alg\":\"HS256\"}"),
		    STR("{\"jti\":\"j1\"}"), JWS_COMPACT, &letter.body));
		signature_key_free(&key);
		desk_give(&letter.desk, "key", text);
		assert_false(is_taken(&letter));
	}
	desk_close(&letter.desk);
}

static void
test_jws_may_be_detached(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"PS256\",\"kid\":\"k1\","
		"\"http://openbanking.org.uk/iat\":1699999990,"
		"\"http://openbanking.org.uk/iss\":\"bank\","
		"\"http://openbanking.org.uk/tan\":\"openbanking.org.uk\","
		"\"crit\":[\"http://openbanking.org.uk/iat\","
		"\"http://openbanking.org.uk/iss\","
		"\"http://openbanking.org.uk/tan\"]}",
		"{\"alg\":\"PS256\",\"b64\":false,\"crit\":[\"b64\"]}",
	};
	struct letter letter;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		letter_open(&letter, HOOK("scheme: jws, issuer: bank, "
		    "algorithms: [PS256], secret: {secret: key}"));
		struct key_pair pair =
		    key_pair_new(letter.desk.arena, PAIR_RSA);

		letter.body = own(&letter, "{\"a\":1}");
		desk_give(&letter.desk, "key",
		    arena_strf(letter.desk.arena, "{\"keys\":[{\"kty\":\"x\"},"
			"%.*s]}", STR_ARG(pair.jwk)));
		add_header(&letter, "x-jws-signature",
		    arena_cstr(letter.desk.arena, make_jws(&letter,
			pair.private, SIGNATURE_PS256, headers[i],
			"{\"a\":1}", i == 0 ? JWS_DETACHED :
			    JWS_DETACHED_PLAIN)));
		assert_true(is_taken(&letter));
		assert_proven(&letter);
		desk_close(&letter.desk);
	}
}

/* Each is signed by the right key, and worth nothing. */
static void
test_jws_that_claims_too_much(void **state)
{
	static const struct {
		const char *header;
		const char *payload;
		bool is_taken;
	} cases[] = {
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\"}",
		    true},
		{"{\"alg\":\"RS256\"}",
		    "{\"iss\":\"bank\",\"aud\":[\"x\",\"us\"]}", true},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\","
		    "\"exp\":1700000010.5,\"nbf\":1700000000}", true},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\"}", false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"them\"}",
		    false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"Bank\",\"aud\":\"us\"}",
		    false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\","
		    "\"exp\":1699999940}", false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\","
		    "\"exp\":\"never\"}", false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\","
		    "\"nbf\":1700000061}", false},
		{"{\"alg\":\"RS256\"}", "{\"iss\":\"bank\",\"aud\":\"us\","
		    "\"iat\":1700000061}", false},
		{"{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}",
		    "{\"iss\":\"bank\",\"aud\":\"us\"}", false},
		{"{\"alg\":\"RS256\",\"crit\":[]}",
		    "{\"iss\":\"bank\",\"aud\":\"us\"}", false},
		{"{\"alg\":\"RS256\",\"crit\":[\"b64\"]}",
		    "{\"iss\":\"bank\",\"aud\":\"us\"}", false},
		{"{\"alg\":\"RS256\",\"b64\":true}",
		    "{\"iss\":\"bank\",\"aud\":\"us\"}", false},
		{"{\"alg\":\"RS512\"}", "{\"iss\":\"bank\",\"aud\":\"us\"}",
		    false},
		{"{\"alg\":\"none\"}", "{\"iss\":\"bank\",\"aud\":\"us\"}",
		    false},
		{"{}", "{\"iss\":\"bank\",\"aud\":\"us\"}", false},
		{"{\"alg\":\"RS256\"}", "[1]", false},
		{"{\"alg\":\"RS256\"}", "no json", false},
	};
	struct letter letter;
	struct key_pair pair;

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, issuer: bank, audience: us, "
	    "algorithms: [RS256, RS512], secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_RSA);
	desk_give(&letter.desk, "key", pair.public);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		letter.body = make_jws(&letter, pair.private, SIGNATURE_RS256,
		    cases[i].header, cases[i].payload, JWS_COMPACT);
		assert_int_equal(is_taken(&letter), cases[i].is_taken);
	}
	desk_close(&letter.desk);
}

/* The public key's text as the secret of an HMAC: the oldest of all tricks. */
static void
test_jws_of_another_kind_of_key_is_forged(void **state)
{
	struct letter letter;
	struct key_pair pair;

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, algorithms: [HS256, RS256], "
	    "secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_RSA);
	desk_give(&letter.desk, "key", pair.public);
	letter.body = make_jws(&letter, STR("not PEM"), SIGNATURE_HS256,
	    "{\"alg\":\"HS256\"}", "{}", JWS_COMPACT);
	assert_false(is_genuine(&letter));
	desk_give(&letter.desk, "key", STR("not PEM"));
	assert_true(is_genuine(&letter));
	desk_close(&letter.desk);
}

static void
test_jws_is_by_the_key_that_it_names(void **state)
{
	struct letter letter;
	struct key_pair pair;

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_P256);
	desk_give(&letter.desk, "key", pair.jwk);
	letter.body = make_jws(&letter, pair.private, SIGNATURE_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{}", JWS_COMPACT);
	assert_true(is_genuine(&letter));
	letter.body = make_jws(&letter, pair.private, SIGNATURE_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"k2\"}", "{}", JWS_COMPACT);
	assert_false(is_genuine(&letter));
	desk_close(&letter.desk);
}

/* However many others are in the set before it. */
static void
test_jws_is_by_any_key_of_a_large_set(void **state)
{
	struct letter letter;
	struct key_pair pair;
	struct buf set = {0};

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, secret: {secret: key}"));
	pair = key_pair_new(letter.desk.arena, PAIR_P256);
	buf_add_cstr(&set, "{\"keys\":[");
	for (int i = 0; i < 2 * JWS_KEYS_MAX; i++)
		buf_addf(&set, "{\"kty\":\"oct\",\"kid\":\"o%d\","
			       "\"k\":\"c2VjcmV0\"},", i);
	buf_addf(&set, "%.*s]}", STR_ARG(pair.jwk));
	desk_give(&letter.desk, "key", buf_str(&set));
	buf_fini(&set);
	letter.body = make_jws(&letter, pair.private, SIGNATURE_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{}", JWS_COMPACT);
	assert_true(is_genuine(&letter));
	letter.body = make_jws(&letter, pair.private, SIGNATURE_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"o1\"}", "{}", JWS_COMPACT);
	assert_false(is_genuine(&letter));
	desk_close(&letter.desk);
}

/* A body of its own in a header is not about the body that came. */
static void
test_jws_in_a_header_has_no_payload(void **state)
{
	struct letter letter;

	(void)state;
	letter_open(&letter, HOOK("scheme: jws, header: x-sign, "
	    "secret: {secret: key}"));
	desk_give(&letter.desk, "key", STR("hush"));
	letter.body = own(&letter, "{\"amount\":9}");
	add_header(&letter, "x-sign", arena_cstr(letter.desk.arena,
	    make_jws(&letter, STR("hush"), SIGNATURE_HS256,
		"{\"alg\":\"HS256\"}", "{\"amount\":1}", JWS_COMPACT)));
	assert_false(is_genuine(&letter));
	desk_close(&letter.desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stripe),
		cmocka_unit_test(test_github),
		cmocka_unit_test(test_standard_webhooks),
		cmocka_unit_test(test_hubspot),
		cmocka_unit_test(test_hmac_over_what_the_content_says),
		cmocka_unit_test(test_hmac_with_a_time),
		cmocka_unit_test(test_hmac_encodings_are_told_apart),
		cmocka_unit_test(test_any_of_several_secrets_will_do),
		cmocka_unit_test(test_standard_webhooks_by_a_public_key),
		cmocka_unit_test(test_paypal),
		cmocka_unit_test(test_jws_may_be_the_body),
		cmocka_unit_test(
		    test_jws_takes_no_public_key_for_a_shared_one),
		cmocka_unit_test(test_jws_may_be_detached),
		cmocka_unit_test(test_jws_that_claims_too_much),
		cmocka_unit_test(test_jws_of_another_kind_of_key_is_forged),
		cmocka_unit_test(test_jws_is_by_the_key_that_it_names),
		cmocka_unit_test(test_jws_is_by_any_key_of_a_large_set),
		cmocka_unit_test(test_jws_in_a_header_has_no_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
