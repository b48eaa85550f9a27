/* SPDX-License-Identifier: Apache-2.0 */
/* test_sign.c: requests that are signed, and answers that have to be. */
#include "../base/key_pair.h"
#include "connector_priv.h"
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define BANK(more)                                                             \
	"connection: bank\n"                                                   \
	"kind: http\n"                                                         \
	"url: https://Example.com:443\n"                                       \
	more                                                                   \
	"operations:\n"                                                        \
	"  pay: {request: {post: /pay, query: {a: 1}, body: {hello: world}},\n" \
	"    output: {id: = body.id}}\n"                                       \
	"  look: {request: {get: /pay}}\n"                                     \
	"  text: {request: {post: /foo, headers: {date: 'Tue, 20 Apr 2021 "    \
	"02:07:55 GMT'}, body: {}}}\n"

static const char body[] = "{\"hello\":\"world\"}";

static struct key_pair
give_key(struct desk *desk, enum key_pair_kind kind)
{
	struct key_pair pair = key_pair_new(desk->arena, kind);

	desk_give(desk, "key", pair.private);
	desk_give(desk, "public", pair.public);
	return pair;
}

/* ------------------------------------------------------------------- HMAC */

static void
test_hmac_is_over_what_the_content_says(void **state)
{
	char hex[DIGEST_HEX_BYTES];
	struct digest digest;
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: hmac, secret: {secret: key},\n"
	    "  header: x-mac, prefix: 'v1=', timestamp-header: x-time,\n"
	    "  timestamp-unit: ms, content: '{timestamp}{method}{path}?{query}"
	    "{header:content-type}{body}'}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_header(&desk, "x-time"), "1700000000000");
	digest = digest_hmac_sha256(STR("secret of key"),
	    STR("1700000000000POST/pay?a=1application/json"
		"{\"hello\":\"world\"}"));
	digest_hex(digest, hex);
	assert_string_equal(desk_header(&desk, "x-mac"),
	    desk_str(&desk, arena_strf(desk.arena, "v1=%s", hex)));
	desk_close(&desk);

	desk_open(&desk, BANK("sign: {scheme: hmac, encoding: base64,\n"
	    "  secret: {secret: key}}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	digest = digest_hmac_sha256(STR("secret of key"), str_of(body));
	assert_string_equal(desk_header(&desk, "x-signature"),
	    desk_str(&desk, digest_base64(desk.arena,
		(struct str){(char *)digest.bytes, sizeof(digest)})));
	desk_close(&desk);
}

/* What the client would add goes along as it was signed. */
static void
test_fields_of_the_way_are_signed_as_they_go(void **state)
{
	static const char agent[] = MESSAGE_USER_AGENT;
	char hex[DIGEST_HEX_BYTES];
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: hmac, secret: {secret: key},\n"
	    "  header: x-mac, content: '{header:Host}|{header:content-length}|"
	    "{header:user-agent}'}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_header(&desk, "host"), "example.com");
	assert_string_equal(desk_header(&desk, "content-length"), "17");
	assert_string_equal(desk_header(&desk, "user-agent"), agent);
	digest_hex(digest_hmac_sha256(STR("secret of key"),
	    arena_strf(desk.arena, "example.com|17|%s", agent)), hex);
	assert_string_equal(desk_header(&desk, "x-mac"), hex);
	assert_true(desk_prepare(&desk, "look", "{}"));
	assert_string_equal(desk_header(&desk, "content-length"), "(absent)");
	digest_hex(digest_hmac_sha256(STR("secret of key"),
	    arena_strf(desk.arena, "example.com||%s", agent)), hex);
	assert_string_equal(desk_header(&desk, "x-mac"), hex);
	desk_close(&desk);

	desk_open(&desk, BANK("sign: {scheme: http-signature,\n"
	    "  secret: {secret: key}, components: [host, content-length]}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_header(&desk, "host"), "example.com");
	assert_string_equal(desk_header(&desk, "signature-input"),
	    "sig1=(\"host\" \"content-length\");created=1700000000");
	desk_close(&desk);
}

/* -------------------------------------------------------------------- JWS */

static struct jws
read_jws(struct desk *desk, struct str public)
{
	struct jws jws;
	struct jws_keys keys;

	assert_true(jws_parse(desk->arena,
	    str_of(desk_header(desk, "x-jws-signature")), &jws));
	assert_int_equal(jws.payload_text.bytes, 0);
	jws_keys_read(desk->arena, value_of_str(desk->arena, public),
	    (struct str){NULL, 0}, &keys);
	assert_int_equal(keys.count, 1);
	assert_true(jws_is_genuine(desk->arena, &jws, str_of(body), &keys, 0));
	assert_false(jws_is_genuine(desk->arena, &jws,
	    STR("{\"hello\":\"World\"}"), &keys, 0));
	jws_keys_fini(&keys);
	return jws;
}

static void
test_jws_of_open_banking(void **state)
{
	struct desk desk;
	struct key_pair pair;
	struct jws jws;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: jws, secret: {secret: key},\n"
	    "  key-id: 90210ABAD, issuer: org/ssa}\n"));
	pair = give_key(&desk, PAIR_RSA);
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_str(&desk, desk.request.body), body);
	jws = read_jws(&desk, pair.public);
	assert_string_equal(desk_text(&desk, jws.header),
	    "{\"alg\":\"PS256\",\"kid\":\"90210ABAD\","
	    "\"http://openbanking.org.uk/iat\":1699999995,"
	    "\"http://openbanking.org.uk/iss\":\"org/ssa\","
	    "\"http://openbanking.org.uk/tan\":\"openbanking.org.uk\","
	    "\"crit\":[\"http://openbanking.org.uk/iat\","
	    "\"http://openbanking.org.uk/iss\","
	    "\"http://openbanking.org.uk/tan\"]}");
	/* Nothing is signed that isn't there. */
	assert_true(desk_prepare(&desk, "look", "{}"));
	assert_string_equal(desk_header(&desk, "x-jws-signature"), "(absent)");
	desk_close(&desk);
}

static void
test_jws_may_sign_the_body_as_it_is(void **state)
{
	struct desk desk;
	struct key_pair pair;
	struct jws jws;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: jws, secret: {secret: key},\n"
	    "  unencoded: true, algorithm: ES256}\n"));
	pair = give_key(&desk, PAIR_P256);
	assert_true(desk_prepare(&desk, "pay", "{}"));
	jws = read_jws(&desk, pair.public);
	assert_string_equal(desk_text(&desk, jws.header),
	    "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}");
	desk_close(&desk);
}

static void
test_key_that_can_not_sign_sends_nothing(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: jws, secret: {secret: key},\n"
	    "  algorithm: ES256}\n"));
	give_key(&desk, PAIR_RSA);
	assert_false(desk_prepare(&desk, "pay", "{}"));
	desk_assert_outcome(&desk.outcome, OUTCOME_NOT_DONE, "connector.sign",
	    false);
	desk_give(&desk, "key", STR("-----BEGIN NOTHING-----"));
	assert_false(desk_prepare(&desk, "pay", "{}"));
	desk_assert_outcome(&desk.outcome, OUTCOME_NOT_DONE, "connector.sign",
	    false);
	desk_close(&desk);
}

/* --------------------------------------------------------------- RFC 9421 */

/* B.2.5, and the digest of RFC 9530's example. */
static void
test_message_signature_by_the_vector(void **state)
{
	struct desk desk;
	struct str key;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: http-signature,\n"
	    "  secret: {secret: key}, key-id: test-shared-secret,\n"
	    "  components: [Date, '@authority', content-type, x-absent]}\n"));
	desk.context.now_ms = INT64_C(1618884473000);
	must(digest_parse_base64(desk.arena,
	    STR("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJ"
		"PBtbmHhIDi6pcl8jsasjlTMtDQ=="), &key));
	desk_give(&desk, "key", key);
	assert_true(desk_prepare(&desk, "text", "{}"));
	assert_string_equal(desk_header(&desk, "signature-input"),
	    "sig1=(\"date\" \"@authority\" \"content-type\")"
	    ";created=1618884473;keyid=\"test-shared-secret\"");
	assert_string_equal(desk_header(&desk, "signature"),
	    "sig1=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
	desk_close(&desk);
}

static void
test_message_signature_of_all_parts(void **state)
{
	static const char base[] =
	    "\"@method\": POST\n"
	    "\"@target-uri\": https://Example.com:443/pay?a=1\n"
	    "\"@scheme\": https\n"
	    "\"@request-target\": /pay?a=1\n"
	    "\"@path\": /pay\n"
	    "\"@query\": ?a=1\n"
	    "\"content-digest\": sha-256=:k6I5cakU5erL8KjSUVTNownDwccvu5kU1Hxg"
	    "88toFYg=:\n"
	    "\"@signature-params\": (\"@method\" \"@target-uri\" \"@scheme\" "
	    "\"@request-target\" \"@path\" \"@query\" \"content-digest\")"
	    ";created=1700000000;keyid=\"k1\";alg=\"rsa-pss-sha512\"";
	struct desk desk;
	struct key_pair pair;
	struct signature_key *public;
	struct str told;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: http-signature, key-id: k1,\n"
	    "  secret: {secret: key}, algorithm: PS512,\n"
	    "  components: ['@method', '@target-uri', '@scheme',\n"
	    "    '@request-target', '@path', '@query', content-digest]}\n"));
	pair = give_key(&desk, PAIR_RSA);
	assert_true(desk_prepare(&desk, "pay", "{}"));
	told = str_of(desk_header(&desk, "signature"));
	assert_true(str_has_prefix(told, STR("sig1=:")));
	must(digest_parse_base64(desk.arena,
	    str_slice(told, 6, told.bytes - 7), &told));
	public = signature_key_read(pair.public);
	assert_true(signature_is_of(public, SIGNATURE_PS512, str_of(base),
	    told));
	signature_key_free(&public);
	desk_close(&desk);
}

static void
test_key_id_is_escaped(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("sign: {scheme: http-signature,\n"
	    "  secret: {secret: key}, key-id: 'CN=\"A \\ B\"',\n"
	    "  components: ['@method']}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_header(&desk, "signature-input"),
	    "sig1=(\"@method\");created=1700000000;"
	    "keyid=\"CN=\\\"A \\\\ B\\\"\"");
	desk_close(&desk);

	desk_open(&desk, BANK("sign: {scheme: http-signature,\n"
	    "  secret: {secret: key}, key-id: 'O=\xc3\xa4'}\n"));
	assert_false(desk_prepare(&desk, "pay", "{}"));
	desk_assert_outcome(
	    &desk.outcome, OUTCOME_NOT_DONE, "connector.sign", false);
	desk_close(&desk);
}

/* ---------------------------------------------------------------- answers */

static struct outcome
answer_to(struct desk *desk, struct message_request request,
    const char *operation, const char *header, const char *text)
{
	struct connector_call call = desk_call(desk, operation, "{}");
	struct message_response response = {
		.status = 200,
		.body = str_of(text),
	}, received;

	response.headers = desk_headers(desk,
	    arena_cstr(desk->arena, arena_strf(desk->arena,
		"Content-Type: application/json\n%s", header)),
	    &response.header_count);
	received = connector_receive(&call, &request, &response,
	    &desk->context);
	return connector_interpret(&call, &received, &desk->context);
}

static struct outcome
answer(struct desk *desk, const char *operation, const char *header,
    const char *text)
{
	return answer_to(desk, (struct message_request){0}, operation, header,
	    text);
}

static void
test_answer_that_is_not_genuine_is_unknown(void **state)
{
	struct desk desk;
	struct outcome outcome;
	struct signature_key *key;
	struct key_pair pair;
	struct str jws;
	const char *header;

	(void)state;
	desk_open(&desk, BANK("verify: {scheme: jws, secret: {secret: public},\n"
	    "  issuer: bank, algorithms: [PS256]}\n"));
	pair = give_key(&desk, PAIR_RSA);
	key = signature_key_read(pair.private);
	must(jws_make(desk.arena, key, SIGNATURE_PS256, desk_json(&desk,
	    "{\"alg\":\"PS256\",\"http://openbanking.org.uk/iss\":\"bank\","
	    "\"crit\":[\"http://openbanking.org.uk/iss\"]}"),
	    STR("{\"id\":1}"), JWS_DETACHED, &jws));
	signature_key_free(&key);
	header = arena_cstr(desk.arena, arena_strf(desk.arena,
	    "x-jws-signature: %.*s", STR_ARG(jws)));
	outcome = answer(&desk, "pay", header, "{\"id\":1}");
	assert_int_equal(outcome.kind, OUTCOME_DONE);
	assert_string_equal(desk_text(&desk, outcome.response), "{\"id\":1}");
	outcome = answer(&desk, "pay", header, "{\"id\":2}");
	desk_assert_outcome(&outcome, OUTCOME_UNKNOWN, "http.forged", false);
	assert_int_equal(outcome.status, 200);
	outcome = answer(&desk, "pay", "", "{\"id\":1}");
	desk_assert_outcome(&outcome, OUTCOME_UNKNOWN, "http.forged", false);
	/* What changes nothing is asked again. */
	outcome = answer(&desk, "look", "", "{\"id\":1}");
	desk_assert_outcome(&outcome, OUTCOME_NOT_DONE, "http.forged", true);
	desk_close(&desk);
}

static void
test_answer_may_be_signed_by_hmac(void **state)
{
	char hex[DIGEST_HEX_BYTES];
	struct desk desk;
	struct outcome outcome;

	(void)state;
	desk_open(&desk, BANK("verify: {scheme: hmac, header: x-mac,\n"
	    "  secret: {secret: key}}\n"));
	digest_hex(digest_hmac_sha256(STR("secret of key"), STR("{\"id\":1}")),
	    hex);
	outcome = answer(&desk, "pay", arena_cstr(desk.arena,
	    arena_strf(desk.arena, "x-mac: %s", hex)), "{\"id\":1}");
	assert_int_equal(outcome.kind, OUTCOME_DONE);
	outcome = answer(&desk, "pay", "x-mac: 00", "{\"id\":1}");
	assert_int_equal(outcome.kind, OUTCOME_UNKNOWN);
	desk_close(&desk);
}

static void
test_answer_is_signed_with_what_it_was_asked_by(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "GET"};
	char hex[DIGEST_HEX_BYTES];
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("verify: {scheme: hmac, header: x-mac,\n"
	    "  secret: {secret: key}, content: '{method} {path} {body}'}\n"));
	digest_hex(digest_hmac_sha256(STR("secret of key"),
	    STR("PUT /pay {\"id\":1}")), hex);
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		struct message_request request = {
			.method = str_of(methods[i]),
			.url = STR("https://example.com/pay?a=1"),
		};
		struct outcome outcome = answer_to(&desk, request, "pay",
		    arena_cstr(desk.arena,
			arena_strf(desk.arena, "x-mac: %s", hex)),
		    "{\"id\":1}");

		assert_int_equal(outcome.kind,
		    i == 1 ? OUTCOME_DONE : OUTCOME_UNKNOWN);
	}
	desk_close(&desk);
}

/* ------------------------------------------------------------ certificates */

static void
test_certificate_and_key_may_be_apart(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, BANK("tls: {client-certificate: {secret: cert},\n"
	    "  client-key: {secret: key}}\n"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(desk_str(&desk, desk.request.client_certificate),
	    "secret of cert\nsecret of key");
	desk_close(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac_is_over_what_the_content_says),
		cmocka_unit_test(test_fields_of_the_way_are_signed_as_they_go),
		cmocka_unit_test(test_jws_of_open_banking),
		cmocka_unit_test(test_jws_may_sign_the_body_as_it_is),
		cmocka_unit_test(test_key_that_can_not_sign_sends_nothing),
		cmocka_unit_test(test_message_signature_by_the_vector),
		cmocka_unit_test(test_message_signature_of_all_parts),
		cmocka_unit_test(test_key_id_is_escaped),
		cmocka_unit_test(test_answer_that_is_not_genuine_is_unknown),
		cmocka_unit_test(test_answer_may_be_signed_by_hmac),
		cmocka_unit_test(
		    test_answer_is_signed_with_what_it_was_asked_by),
		cmocka_unit_test(test_certificate_and_key_may_be_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
