/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an access token may be, and every way that is known in which one that
 * isn't good tries to look as if it were.
 */
#include "../base/mint.h"
#include "stated/digest.h"
#include "stated/issuer.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW 1700000000
#define ISSUER "https://id.example"
#define CLAIMS                                                                 \
	"\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":[\"stated\"],"       \
	"\"iat\":1699999990"
#define GOOD "{" CLAIMS ",\"exp\":1700000300}"

struct court {
	struct arena *arena;
	struct key_pair pair;
	struct issuer issuer;
	struct str keys;
	const struct value *claims;
};

/* RSA takes a moment to be made: once. */
static struct arena *shared_arena;
static struct key_pair shared_pair;

static int
set_up_all(void **state)
{
	(void)state;
	shared_arena = arena_new();
	shared_pair = key_pair_new(shared_arena, PAIR_RSA);
	return 0;
}

static int
tear_down_all(void **state)
{
	(void)state;
	arena_free(&shared_arena);
	return 0;
}

static int
set_up(void **state)
{
	static struct court court;

	court = (struct court){
	    .arena = arena_new(),
	    .pair = shared_pair,
	    .issuer = {.url = STR(ISSUER), .audience = STR("stated"),
		.skew_ms = 60000},
	};
	court.keys = mint_keys(court.arena, &court.pair, "k1", "");
	*state = &court;
	return 0;
}

static int
tear_down(void **state)
{
	struct court *court = *state;

	arena_free(&court->arena);
	return 0;
}

static enum issuer_verdict
judge(struct court *court, struct str token)
{
	return issuer_verify(court->arena, &court->issuer, court->keys, token,
	    NOW * 1000LL, &court->claims);
}

static struct str
mint(struct court *court, const char *header, const char *claims)
{
	return mint_token(court->arena, court->pair.private, SIGNATURE_RS256,
	    str_of(header), str_of(claims));
}

static void
assert_verdict(struct court *court, struct str token,
    enum issuer_verdict wanted)
{
	enum issuer_verdict verdict = judge(court, token);

	if (verdict != wanted)
		fail_msg("%.*s\nwanted: %.*s\n%.*s",
		    STR_ARG(issuer_verdict_text(verdict)),
		    STR_ARG(issuer_verdict_text(wanted)), STR_ARG(token));
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}"

static void
assert_header(struct court *court, const char *header,
    enum issuer_verdict verdict)
{
	assert_verdict(court, mint(court, header, GOOD), verdict);
}

static void
assert_claims(struct court *court, const char *claims,
    enum issuer_verdict verdict)
{
	assert_verdict(court, mint(court, HEADER, claims), verdict);
}

/* ---- good ones ---- */

static void
test_good_token_gives_its_claims(void **state)
{
	struct court *court = *state;

	assert_claims(court, GOOD, ISSUER_GENUINE);
	assert_true(str_equal(
	    value_str(issuer_claim(court->claims, STR("sub"))),
	    STR("alice")));
}

static void
test_each_algorithm_of_key_pairs_is_taken(void **state)
{
	static const struct {
		enum key_pair_kind kind;
		enum signature_algorithm algorithm;
	} cases[] = {
	    {PAIR_RSA, SIGNATURE_RS256},
	    {PAIR_RSA, SIGNATURE_RS512},
	    {PAIR_RSA, SIGNATURE_PS256},
	    {PAIR_RSA, SIGNATURE_PS512},
	    {PAIR_P256, SIGNATURE_ES256},
	    {PAIR_P384, SIGNATURE_ES384},
	    {PAIR_ED25519, SIGNATURE_EDDSA},
	};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct key_pair pair = cases[i].kind == PAIR_RSA
		    ? shared_pair
		    : key_pair_new(court->arena, cases[i].kind);
		struct str name = signature_name(cases[i].algorithm);

		court->keys = mint_keys(court->arena, &pair, "k1", "");
		assert_verdict(court,
		    mint_token(court->arena, pair.private, cases[i].algorithm,
			arena_strf(court->arena,
			    "{\"alg\":\"%.*s\",\"kid\":\"k1\"}",
			    STR_ARG(name)),
			STR(GOOD)),
		    ISSUER_GENUINE);
	}
}

static void
test_types_of_access_tokens_are_taken(void **state)
{
	struct court *court = *state;

	assert_header(court, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
	    ISSUER_GENUINE);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
	    ISSUER_GENUINE);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\","
	    "\"typ\":\"application/AT+JWT\"}",
	    ISSUER_GENUINE);
	court->issuer.is_strict = true;
	assert_header(court, HEADER, ISSUER_GENUINE);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
	    ISSUER_OTHER_TYPE);
	assert_header(court, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
	    ISSUER_OTHER_TYPE);
}

/* All but the signature is looked at each time. */
static void
test_token_that_was_genuine_is_held_against_the_time_again(void **state)
{
	struct court *court = *state;
	struct str token = mint(court, HEADER, GOOD);

	assert_int_equal(issuer_verify_again(court->arena, &court->issuer,
			     token, NOW * 1000LL, &court->claims),
	    ISSUER_GENUINE);
	assert_int_equal(issuer_verify_again(court->arena, &court->issuer,
			     token, (NOW + 400) * 1000LL, &court->claims),
	    ISSUER_EXPIRED);
	court->issuer.audience = STR("other");
	assert_int_equal(issuer_verify_again(court->arena, &court->issuer,
			     token, NOW * 1000LL, &court->claims),
	    ISSUER_OTHER_AUDIENCE);
}

/* ---- algorithms ---- */

static void
test_token_without_a_signature_is_refused(void **state)
{
	static const char *const names[] = {
	    "none", "None", "NONE", "nOnE", "", "HS256none"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_verdict(court,
		    mint_token(court->arena, STR(""), SIGNATURE_NONE,
			arena_strf(court->arena,
			    "{\"alg\":\"%s\",\"kid\":\"k1\"}", names[i]),
			STR(GOOD)),
		    ISSUER_ALGORITHM);
	/* The name is there, the signature is not. */
	assert_verdict(court,
	    mint_token(court->arena, STR(""), SIGNATURE_NONE, STR(HEADER),
		STR(GOOD)),
	    ISSUER_FORGED);
}

/* The public key, which everybody has, as the secret of an HMAC. */
static void
test_public_key_is_no_secret(void **state)
{
	struct court *court = *state;
	const struct str secrets[] = {court->pair.public,
	    str_trim(court->pair.public), court->pair.certificate,
	    court->pair.jwk, court->keys, STR("")};
	static const enum signature_algorithm hmacs[] = {
	    SIGNATURE_HS256, SIGNATURE_HS512};

	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		for (size_t j = 0; j < COUNT_OF(hmacs); j++) {
			struct str name = signature_name(hmacs[j]);
			struct str header = arena_strf(court->arena,
			    "{\"alg\":\"%.*s\",\"kid\":\"k1\"}",
			    STR_ARG(name));

			assert_verdict(court,
			    mint_token(court->arena, secrets[i], hmacs[j],
				header, STR(GOOD)),
			    ISSUER_ALGORITHM);
			/* Nor under a name that is taken. */
			assert_verdict(court,
			    mint_token(court->arena, secrets[i], hmacs[j],
				STR(HEADER), STR(GOOD)),
			    ISSUER_FORGED);
		}
}

static void
test_shared_secret_of_the_issuer_is_not_taken(void **state)
{
	struct court *court = *state;

	court->keys = STR("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k1\","
			  "\"k\":\"c2VjcmV0\"}]}");
	assert_verdict(court,
	    mint_token(court->arena, STR("secret"), SIGNATURE_HS256,
		STR("{\"alg\":\"HS256\",\"kid\":\"k1\"}"), STR(GOOD)),
	    ISSUER_ALGORITHM);
	court->issuer.algorithms = 1u << SIGNATURE_HS256;
	assert_verdict(court,
	    mint_token(court->arena, STR("secret"), SIGNATURE_HS256,
		STR("{\"alg\":\"HS256\",\"kid\":\"k1\"}"), STR(GOOD)),
	    ISSUER_ALGORITHM);
}

static void
test_only_algorithms_that_are_listed_are_taken(void **state)
{
	struct court *court = *state;

	court->issuer.algorithms = 1u << SIGNATURE_PS256;
	assert_header(court, HEADER, ISSUER_ALGORITHM);
	assert_verdict(court,
	    mint_token(court->arena, court->pair.private, SIGNATURE_PS256,
		STR("{\"alg\":\"PS256\",\"kid\":\"k1\"}"), STR(GOOD)),
	    ISSUER_GENUINE);
}

static void
test_key_serves_its_own_algorithm_only(void **state)
{
	struct court *court = *state;

	court->keys = mint_keys(
	    court->arena, &court->pair, "k1", ",\"alg\":\"PS256\"");
	assert_header(court, HEADER, ISSUER_FORGED);
	/* One for encryption verifies nothing. */
	court->keys =
	    mint_keys(court->arena, &court->pair, "k1", ",\"use\":\"enc\"");
	assert_header(court, HEADER, ISSUER_UNKNOWN_KEY);
}

static void
test_weak_key_verifies_nothing(void **state)
{
	struct court *court = *state;
	struct key_pair weak = key_pair_new(court->arena, PAIR_RSA_WEAK);

	court->keys = mint_keys(court->arena, &weak, "k1", "");
	assert_header(court, HEADER, ISSUER_UNKNOWN_KEY);
}

/* ---- keys ---- */

static void
test_key_id_is_a_name_and_nothing_else(void **state)
{
	static const char *const ids[] = {"../../../../dev/null",
	    "k1' OR '1'='1", "k1; DROP TABLE keys", "/etc/passwd", "k1\\u0000",
	    "", "K1", "k1 ", "http://evil.example/keys", "${k1}", "*"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		assert_header(court,
		    arena_strf(court->arena,
			"{\"alg\":\"RS256\",\"kid\":\"%s\"}", ids[i])
			.at,
		    ISSUER_UNKNOWN_KEY);
	assert_header(court, "{\"alg\":\"RS256\",\"kid\":1}",
	    ISSUER_UNKNOWN_KEY);
	assert_header(court, "{\"alg\":\"RS256\",\"kid\":[\"k1\"]}",
	    ISSUER_UNKNOWN_KEY);
	assert_header(court, "{\"alg\":\"RS256\",\"kid\":null}",
	    ISSUER_UNKNOWN_KEY);
}

static void
test_token_without_a_key_id_is_tried_by_all(void **state)
{
	assert_header(*state, "{\"alg\":\"RS256\"}", ISSUER_GENUINE);
}

/* The header brings the attacker's own key along, or says where it is. */
static void
test_keys_that_come_along_are_not_looked_at(void **state)
{
	struct court *court = *state;
	struct key_pair mine = key_pair_new(court->arena, PAIR_P256);
	struct str certificate =
	    digest_base64(court->arena, mine.certificate);
	const struct str brought[] = {
	    arena_strf(court->arena, "\"jwk\":%.*s", STR_ARG(mine.jwk)),
	    STR("\"jku\":\"https://evil.example/keys\""),
	    STR("\"x5u\":\"https://evil.example/keys\""),
	    arena_strf(court->arena, "\"x5c\":[\"%.*s\"]",
		STR_ARG(certificate)),
	};

	for (size_t i = 0; i < COUNT_OF(brought); i++)
		assert_verdict(court,
		    mint_token(court->arena, mine.private, SIGNATURE_ES256,
			arena_strf(court->arena,
			    "{\"alg\":\"ES256\",\"kid\":\"k1\",%.*s}",
			    STR_ARG(brought[i])),
			STR(GOOD)),
		    ISSUER_FORGED);
}

static void
test_signature_of_another_key_is_forged(void **state)
{
	struct court *court = *state;
	struct key_pair other = key_pair_new(court->arena, PAIR_P256);

	assert_verdict(court,
	    mint_token(court->arena, other.private, SIGNATURE_ES256,
		STR("{\"alg\":\"ES256\",\"kid\":\"k1\"}"), STR(GOOD)),
	    ISSUER_FORGED);
}

/* Any byte of it. */
static void
test_change_of_a_byte_is_noticed(void **state)
{
	struct court *court = *state;
	struct str token = mint(court, HEADER, GOOD);

	for (size_t i = 0; i < token.bytes; i++) {
		char *copy = (char *)arena_str(court->arena, token).at;

		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (i + 1 == token.bytes || copy[i + 1] == '.')
			continue; /* bits that Base64 doesn't use */
		if (judge(court, (struct str){copy, token.bytes}) ==
		    ISSUER_GENUINE)
			fail_msg("byte %zu", i);
	}
}

static void
test_ecdsa_of_zeros_is_forged(void **state)
{
	struct court *court = *state;
	struct key_pair pair = key_pair_new(court->arena, PAIR_P256);
	struct str zeros = digest_base64url(court->arena,
	    (struct str){(char[64]){0}, 64});
	struct str text = mint_token(court->arena, STR(""), SIGNATURE_NONE,
	    STR("{\"alg\":\"ES256\",\"kid\":\"k1\"}"), STR(GOOD));

	court->keys = mint_keys(court->arena, &pair, "k1", "");
	assert_verdict(court,
	    arena_strf(court->arena, "%.*s%.*s", STR_ARG(text),
		STR_ARG(zeros)),
	    ISSUER_FORGED);
}

/* ---- form ---- */

static void
test_what_is_no_jwt_is_refused(void **state)
{
	static const char *const texts[] = {"", ".", "..", "a.b", "a.b.c",
	    "e30.e30.e30", "e30..", "....", "W10.e30.AAAA", "bnVsbA.e30.AAAA",
	    "e30=.e30.AAAA", "e 30.e30.AA", "\xff\xfe.\xff.\xff"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_not_equal(
		    judge(court, str_of(texts[i])), ISSUER_GENUINE);
}

static void
test_encrypted_token_is_refused(void **state)
{
	assert_verdict(*state, STR("e30.e30.e30.e30.e30"), ISSUER_ENCRYPTED);
}

static void
test_detached_token_is_refused(void **state)
{
	struct court *court = *state;

	assert_verdict(court, mint(court, HEADER, ""), ISSUER_MALFORMED);
}

static void
test_huge_token_is_refused_unread(void **state)
{
	struct court *court = *state;
	struct buf claims = buf_in(court->arena);

	buf_add_cstr(&claims, "{" CLAIMS ",\"exp\":1700000300,\"x\":\"");
	while (claims.bytes < ISSUER_TOKEN_BYTES_MAX)
		buf_add_cstr(&claims, "0123456789abcdef");
	buf_add_cstr(&claims, "\"}");
	assert_claims(court, buf_cstr(&claims), ISSUER_TOO_LARGE);
}

static void
test_deeply_nested_claims_are_refused(void **state)
{
	struct court *court = *state;
	struct buf claims = buf_in(court->arena);

	buf_add_cstr(&claims, "{" CLAIMS ",\"exp\":1700000300,\"x\":");
	for (int i = 0; i < 2000; i++)
		buf_add_cstr(&claims, "[");
	for (int i = 0; i < 2000; i++)
		buf_add_cstr(&claims, "]");
	buf_add_cstr(&claims, "}");
	assert_claims(court, buf_cstr(&claims), ISSUER_NO_CLAIMS);
}

/* Whoever reads the first, and whoever reads the last, would differ. */
static void
test_claim_that_is_there_twice_is_refused(void **state)
{
	struct court *court = *state;

	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1700000300,\"sub\":\"root\"}",
	    ISSUER_NO_CLAIMS);
	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1,\"exp\":1700000300}", ISSUER_NO_CLAIMS);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"k1\"}",
	    ISSUER_MALFORMED);
}

static void
test_claims_that_are_no_object_are_refused(void **state)
{
	struct court *court = *state;

	assert_claims(court, "[]", ISSUER_NO_CLAIMS);
	assert_claims(court, "\"alice\"", ISSUER_NO_CLAIMS);
	assert_claims(court, "null", ISSUER_NO_CLAIMS);
	assert_claims(court, GOOD "x", ISSUER_NO_CLAIMS);
}

static void
test_token_within_a_token_is_refused(void **state)
{
	struct court *court = *state;
	struct str inner = mint(court, HEADER, GOOD);

	assert_verdict(court,
	    mint_token(court->arena, court->pair.private, SIGNATURE_RS256,
		STR("{\"alg\":\"RS256\",\"kid\":\"k1\",\"cty\":\"JWT\"}"),
		inner),
	    ISSUER_EXTENDED);
	assert_verdict(court,
	    mint_token(court->arena, court->pair.private, SIGNATURE_RS256,
		STR(HEADER), inner),
	    ISSUER_NO_CLAIMS);
}

static void
test_critical_extensions_are_refused(void **state)
{
	struct court *court = *state;

	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"],"
	    "\"exp\":1}",
	    ISSUER_MALFORMED);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[]}",
	    ISSUER_MALFORMED);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":\"b64\"}",
	    ISSUER_MALFORMED);
	/* Known elsewhere here, and not meant for tokens. */
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],"
	    "\"b64\":true}",
	    ISSUER_EXTENDED);
	assert_header(court,
	    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],"
	    "\"b64\":false}",
	    ISSUER_EXTENDED);
}

static void
test_other_kinds_of_tokens_are_refused(void **state)
{
	static const char *const types[] = {"\"logout+jwt\"",
	    "\"secevent+jwt\"", "\"dpop+jwt\"", "\"JOSE\"", "\"\"", "null", "7",
	    "[\"at+jwt\"]"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(types); i++)
		assert_header(court,
		    arena_strf(court->arena,
			"{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":%s}",
			types[i])
			.at,
		    ISSUER_OTHER_TYPE);
	/* An ID token. */
	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1700000300,\"at_hash\":\"x\"}",
	    ISSUER_OTHER_TYPE);
	/* One that is nothing without a proof that isn't asked for. */
	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1700000300,\"cnf\":{\"jkt\":\"x\"}}",
	    ISSUER_OTHER_TYPE);
}

/* ---- claims ---- */

static void
test_token_has_its_time(void **state)
{
	struct court *court = *state;

	assert_claims(court, "{" CLAIMS "}", ISSUER_UNTIMED);
	/* A minute is forgiven, for clocks differ. */
	assert_claims(
	    court, "{" CLAIMS ",\"exp\":1699999941}", ISSUER_GENUINE);
	assert_claims(
	    court, "{" CLAIMS ",\"exp\":1699999940}", ISSUER_EXPIRED);
	assert_claims(
	    court, "{" CLAIMS ",\"exp\":\"1700000300\"}", ISSUER_EXPIRED);
	assert_claims(court, "{" CLAIMS ",\"exp\":null}", ISSUER_EXPIRED);
	assert_claims(court, "{" CLAIMS ",\"exp\":-1}", ISSUER_EXPIRED);
	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1700000300,\"nbf\":1700000060}",
	    ISSUER_GENUINE);
	assert_claims(court,
	    "{" CLAIMS ",\"exp\":1700000300,\"nbf\":1700000061}",
	    ISSUER_EARLY);
	assert_claims(court,
	    "{\"iss\":\"" ISSUER "\",\"aud\":\"stated\",\"exp\":1700000300,"
	    "\"iat\":1700000061}",
	    ISSUER_EARLY);
}

static void
test_issuer_is_the_one_byte_for_byte(void **state)
{
	static const char *const issuers[] = {"\"https://id.example/\"",
	    "\"https://ID.example\"", "\"http://id.example\"",
	    "\"https://id.example.evil.example\"", "\"\"", "null",
	    "[\"https://id.example\"]"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(issuers); i++)
		assert_claims(court,
		    arena_strf(court->arena,
			"{\"iss\":%s,\"aud\":\"stated\",\"exp\":1700000300}",
			issuers[i])
			.at,
		    ISSUER_OTHER_ISSUER);
	assert_claims(court, "{\"aud\":\"stated\",\"exp\":1700000300}",
	    ISSUER_OTHER_ISSUER);
}

static void
test_audience_is_this_server(void **state)
{
	static const char *const audiences[] = {"\"other\"", "[\"other\"]",
	    "[]", "null", "\"\"", "\"Stated\"", "\"stated2\"",
	    "{\"stated\":true}", "[[\"stated\"]]"};
	struct court *court = *state;

	for (size_t i = 0; i < COUNT_OF(audiences); i++)
		assert_claims(court,
		    arena_strf(court->arena,
			"{\"iss\":\"" ISSUER "\",\"aud\":%s,"
			"\"exp\":1700000300}",
			audiences[i])
			.at,
		    ISSUER_OTHER_AUDIENCE);
	assert_claims(court,
	    "{\"iss\":\"" ISSUER "\",\"exp\":1700000300}",
	    ISSUER_OTHER_AUDIENCE);
	assert_claims(court,
	    "{\"iss\":\"" ISSUER "\",\"aud\":[\"other\",\"stated\"],"
	    "\"exp\":1700000300}",
	    ISSUER_GENUINE);
}

static void
test_claims_are_found_by_name_or_path(void **state)
{
	struct court *court = *state;
	struct json_error error;
	const struct value *claims = json_read(court->arena,
	    STR("{\"https://a.b/roles\":[\"x\"],\"realm\":{\"roles\":[\"y\",7,"
		"\"z\"]},\"scope\":\"p  q\",\"a.b\":\"exact\","
		"\"a\":{\"b\":\"deep\"}}"),
	    &error);
	const struct str *texts;
	size_t count;

	texts = issuer_claim_texts(
	    court->arena, claims, STR("https://a.b/roles"), &count);
	assert_int_equal(count, 1);
	assert_true(str_equal(texts[0], STR("x")));
	texts = issuer_claim_texts(
	    court->arena, claims, STR("realm.roles"), &count);
	assert_int_equal(count, 2);
	assert_true(str_equal(texts[1], STR("z")));
	texts =
	    issuer_claim_texts(court->arena, claims, STR("scope"), &count);
	assert_int_equal(count, 2);
	assert_true(str_equal(texts[1], STR("q")));
	assert_true(str_equal(
	    value_str(issuer_claim(claims, STR("a.b"))), STR("exact")));
	assert_null(issuer_claim(claims, STR("")));
	assert_null(issuer_claim(claims, STR("realm.none")));
	assert_null(issuer_claim(claims, STR("scope.x")));
	(void)issuer_claim_texts(court->arena, claims, STR("no"), &count);
	assert_int_equal(count, 0);
}

/* ---- discovery ---- */

static bool
discover(struct court *court, int status, const char *body, struct str *url)
{
	struct message_response response = {
	    .status = status, .body = str_of(body)};
	struct outcome failure;

	return issuer_discovery_interpret(
	    court->arena, &court->issuer, &response, url, &failure);
}

static void
test_discovery_is_of_the_issuer_that_is_meant(void **state)
{
	struct court *court = *state;
	struct message_request request;
	struct str url;

	issuer_discovery_prepare(court->arena, &court->issuer, &request);
	assert_true(str_equal(request.url,
	    STR(ISSUER "/.well-known/openid-configuration")));
	court->issuer.url = STR("https://id.example/realms/x/");
	issuer_discovery_prepare(court->arena, &court->issuer, &request);
	assert_true(str_equal(request.url,
	    STR("https://id.example/realms/x/.well-known/"
		"openid-configuration")));
	court->issuer.url = STR(ISSUER);
	assert_true(discover(court, 200,
	    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://k.example/\"}",
	    &url));
	assert_true(str_equal(url, STR("https://k.example/")));
	assert_false(discover(court, 200,
	    "{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://k.example/\"}",
	    &url));
	assert_false(discover(
	    court, 200, "{\"jwks_uri\":\"https://k.example/\"}", &url));
	assert_false(discover(court, 200,
	    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://k.example/\"}",
	    &url));
	assert_false(discover(court, 200,
	    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"file:///etc/passwd\"}",
	    &url));
	assert_false(
	    discover(court, 200, "{\"issuer\":\"" ISSUER "\"}", &url));
	assert_false(discover(court, 200, "<html>", &url));
	assert_false(discover(court, 404,
	    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://k.example/\"}",
	    &url));
}

static void
test_issuers_are_asked_over_tls_or_on_this_machine(void **state)
{
	(void)state;
	assert_true(issuer_is_url(STR("https://id.example")));
	assert_true(issuer_is_url(STR("http://127.0.0.1:8080/x")));
	assert_true(issuer_is_url(STR("http://localhost")));
	assert_true(issuer_is_url(STR("http://[::1]:1")));
	assert_false(issuer_is_url(STR("http://id.example")));
	assert_false(issuer_is_url(STR("http://localhost.evil.example")));
	assert_false(issuer_is_url(STR("http://127.0.0.1@evil.example")));
	assert_false(issuer_is_url(STR("https://")));
	assert_false(issuer_is_url(STR("https://id.example?x")));
	assert_false(issuer_is_url(STR("https://id.example#x")));
	assert_false(issuer_is_url(STR("ftp://id.example")));
	assert_false(issuer_is_url(STR("")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_good_token_gives_its_claims),
	    TEST(test_each_algorithm_of_key_pairs_is_taken),
	    TEST(test_types_of_access_tokens_are_taken),
	    TEST(test_token_that_was_genuine_is_held_against_the_time_again),
	    TEST(test_token_without_a_signature_is_refused),
	    TEST(test_public_key_is_no_secret),
	    TEST(test_shared_secret_of_the_issuer_is_not_taken),
	    TEST(test_only_algorithms_that_are_listed_are_taken),
	    TEST(test_key_serves_its_own_algorithm_only),
	    TEST(test_weak_key_verifies_nothing),
	    TEST(test_key_id_is_a_name_and_nothing_else),
	    TEST(test_token_without_a_key_id_is_tried_by_all),
	    TEST(test_keys_that_come_along_are_not_looked_at),
	    TEST(test_signature_of_another_key_is_forged),
	    TEST(test_change_of_a_byte_is_noticed),
	    TEST(test_ecdsa_of_zeros_is_forged),
	    TEST(test_what_is_no_jwt_is_refused),
	    TEST(test_encrypted_token_is_refused),
	    TEST(test_detached_token_is_refused),
	    TEST(test_huge_token_is_refused_unread),
	    TEST(test_deeply_nested_claims_are_refused),
	    TEST(test_claim_that_is_there_twice_is_refused),
	    TEST(test_claims_that_are_no_object_are_refused),
	    TEST(test_token_within_a_token_is_refused),
	    TEST(test_critical_extensions_are_refused),
	    TEST(test_other_kinds_of_tokens_are_refused),
	    TEST(test_token_has_its_time),
	    TEST(test_issuer_is_the_one_byte_for_byte),
	    TEST(test_audience_is_this_server),
	    TEST(test_claims_are_found_by_name_or_path),
	    TEST(test_discovery_is_of_the_issuer_that_is_meant),
	    TEST(test_issuers_are_asked_over_tls_or_on_this_machine),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
