/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.c: OpenID providers and their access tokens.
 *
 * The order of the checks is that of their cost, and nothing that a token says
 * about itself is believed before its signature holds: until then its header
 * only chooses one of the keys and algorithms that are taken anyway.
 */
#include "stated/issuer.h"

#include "connector_priv.h"

#define DISCOVERY_PATH "/.well-known/openid-configuration"
#define TIMEOUT_MS 10000
#define ANSWER_BYTES_MAX (256 * 1024)
#define TEXTS_MAX 256

#define BIT(algorithm) (1u << SIGNATURE_##algorithm)
#define OF_KEY_PAIRS                                                           \
	(BIT(RS256) | BIT(RS512) | BIT(PS256) | BIT(PS512) | BIT(ES256) |      \
	    BIT(ES384) | BIT(EDDSA))

/* --------------------------------------------------------------- discovery */

bool
issuer_is_url(struct str url)
{
	static const struct str here[] = {STR_INIT("http://127.0.0.1"),
	    STR_INIT("http://localhost"), STR_INIT("http://[::1]")};
	struct str https = STR("https://");

	if (memchr(url.at, '?', url.bytes) != NULL ||
	    memchr(url.at, '#', url.bytes) != NULL)
		return false;
	for (size_t i = 0; i < COUNT_OF(here); i++) {
		char after = '/';

		if (url.bytes > here[i].bytes)
			after = url.at[here[i].bytes];
		if (str_has_prefix(url, here[i]) &&
		    (after == '/' || after == ':'))
			return true;
	}
	return str_has_prefix(url, https) && url.bytes > https.bytes;
}

static void
prepare(struct arena *arena, const struct issuer *issuer, struct str url,
    struct message_request *request)
{
	struct message_header *accept =
	    ARENA_NEW(arena, struct message_header);

	accept->name = STR("Accept");
	accept->value = STR("application/json");
	*request = (struct message_request){
	    .method = STR("GET"),
	    .url = url,
	    .headers = accept,
	    .header_count = 1,
	    .timeout_ms = TIMEOUT_MS,
	    .response_bytes_max = ANSWER_BYTES_MAX,
	    .ca = issuer->ca,
	};
}

void
issuer_discovery_prepare(struct arena *arena, const struct issuer *issuer,
    struct message_request *request)
{
	struct str url = issuer->url;

	if (str_has_suffix(url, STR("/")))
		url.bytes--;
	prepare(arena, issuer,
	    arena_strf(arena, "%.*s" DISCOVERY_PATH, STR_ARG(url)), request);
}

bool
issuer_discovery_interpret(struct arena *arena, const struct issuer *issuer,
    const struct message_response *response, struct str *keys_url,
    struct outcome *failure)
{
	struct json_error error;
	const struct value *found;

	if (response->failure != MESSAGE_OK) {
		*failure = verdict_of_failure(arena, response);
		return false;
	}
	found = json_read(arena, response->body, &error);
	if (response->status != 200 || found == NULL)
		return verdict_refuse(failure, "connector.issuer", true,
		    arena_strf(arena, "%d is no " DISCOVERY_PATH,
			response->status));
	if (!str_equal(value_field_str(found, "issuer"),
		issuer->url))
		return verdict_refuse(failure, "connector.issuer", false,
		    STR("it calls itself by another name than auth.oidc.issuer "
			"does"));
	*keys_url = value_field_str(found, "jwks_uri");
	if (keys_url->bytes == 0 || !issuer_is_url(*keys_url))
		return verdict_refuse(failure, "connector.issuer", false,
		    STR("its jwks_uri is none that may be asked"));
	return true;
}

void
issuer_keys_prepare(struct arena *arena, const struct issuer *issuer,
    struct str keys_url, struct message_request *request)
{
	prepare(arena, issuer, keys_url, request);
}

/* ------------------------------------------------------------------ tokens */

struct str
issuer_verdict_text(enum issuer_verdict verdict)
{
	static const struct str texts[] = {
#define X(symbol, text) [ISSUER_##symbol] = STR_INIT(text),
	    ISSUER_VERDICTS(X)
#undef X
	};

	must((size_t)verdict < COUNT_OF(texts));
	return texts[verdict];
}

static size_t
count_points(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.bytes; i++)
		count += text.at[i] == '.';
	return count;
}

/* Of an access token, or of one that doesn't say what it is. */
static bool
is_access_token(const struct issuer *issuer, const struct value *header)
{
	const struct value *type = value_get_cstr(header, "typ");
	struct str name = value_str(type);
	struct str prefix = STR("application/");

	if (name.bytes > prefix.bytes &&
	    message_name_equal(str_slice(name, 0, prefix.bytes), prefix))
		name = str_slice(name, prefix.bytes, name.bytes);
	if (message_name_equal(name, STR("at+jwt")))
		return true;
	return !issuer->is_strict &&
	    (type == NULL || message_name_equal(name, STR("JWT")));
}

/* ID tokens have the hash of what they came with (OpenID Connect Core 1.0,
 * section 3.3.2.11).  A token that is bound to a key (RFC 7800) is taken where
 * that is a client certificate's (RFC 8705): no other proof is asked for. */
static bool
is_for_bearers(const struct value *claims)
{
	const struct value *bound = value_get_cstr(claims, "cnf");

	return value_get_cstr(claims, "at_hash") == NULL &&
	    value_get_cstr(claims, "c_hash") == NULL &&
	    (bound == NULL || value_get_cstr(bound, "x5t#S256") != NULL);
}

/* A JWT is signed as it is encoded (RFC 7797, section 7), and has no
 * extension that would have to be understood; what is signed is no other
 * token (RFC 7519, section 5.2). */
static bool
is_plain(const struct value *header)
{
	return value_get_cstr(header, "crit") == NULL &&
	    value_get_cstr(header, "b64") == NULL &&
	    value_get_cstr(header, "cty") == NULL;
}

static enum issuer_verdict
verify_header(const struct issuer *issuer, const struct jws *jws)
{
	uint32_t taken = issuer->algorithms ? issuer->algorithms : OF_KEY_PAIRS;

	if (jws->algorithm == SIGNATURE_NONE ||
	    (taken & OF_KEY_PAIRS & 1u << jws->algorithm) == 0)
		return ISSUER_ALGORITHM;
	if (!is_plain(jws->header))
		return ISSUER_EXTENDED;
	return is_access_token(issuer, jws->header) ? ISSUER_GENUINE
						    : ISSUER_OTHER_TYPE;
}

static enum issuer_verdict
verify_signature(struct arena *arena, const struct jws *jws, struct str set)
{
	const struct value *id = value_get_cstr(jws->header, "kid");
	struct jws_keys keys;
	enum issuer_verdict verdict;

	if (id != NULL && id->type != VALUE_STRING)
		return ISSUER_UNKNOWN_KEY;
	jws_keys_find(arena, set, value_str(id), &keys);
	verdict = keys.count == 0 ? ISSUER_UNKNOWN_KEY : ISSUER_FORGED;
	if (jws_is_genuine(arena, jws, STR(""), &keys, OF_KEY_PAIRS))
		verdict = ISSUER_GENUINE;
	jws_keys_fini(&keys);
	return verdict;
}

static enum issuer_verdict
verify_claims(const struct issuer *issuer, const struct value *claims,
    int64_t now_ms)
{
	static const enum issuer_verdict verdicts[] = {
	    [JWS_SOUND] = ISSUER_GENUINE,
	    [JWS_NO_CLAIMS] = ISSUER_NO_CLAIMS,
	    [JWS_UNTIMED] = ISSUER_UNTIMED,
	    [JWS_EXPIRED] = ISSUER_EXPIRED,
	    [JWS_EARLY] = ISSUER_EARLY,
	    [JWS_OTHER_ISSUER] = ISSUER_OTHER_ISSUER,
	    [JWS_OTHER_AUDIENCE] = ISSUER_OTHER_AUDIENCE,
	};
	enum jws_fault fault = jws_claims_fault(claims,
	    &(struct jws_terms){
		.now_ms = now_ms,
		.skew_ms = issuer->skew_ms,
		.issuer = issuer->url,
		.audience = issuer->audience,
		.must_expire = true,
	    });

	must((size_t)fault < COUNT_OF(verdicts));
	if (fault == JWS_SOUND && !is_for_bearers(claims))
		return ISSUER_OTHER_TYPE;
	return verdicts[fault];
}

/* keys: absent where the signature has held before. */
static enum issuer_verdict
judge(struct arena *arena, const struct issuer *issuer, struct str keys,
    struct str token, int64_t now_ms, const struct value **claims)
{
	enum issuer_verdict verdict;
	struct json_error error;
	struct str payload;
	struct jws jws;

	must(issuer->url.at != NULL);
	must(issuer->audience.at != NULL);
	if (token.bytes > ISSUER_TOKEN_BYTES_MAX)
		return ISSUER_TOO_LARGE;
	if (count_points(token) == 4)
		return ISSUER_ENCRYPTED; /* RFC 7516 */
	if (!jws_parse(arena, token, &jws))
		return ISSUER_MALFORMED;
	verdict = verify_header(issuer, &jws);
	if (verdict != ISSUER_GENUINE)
		return verdict;
	if (jws.payload_text.bytes == 0 || !jws_payload(arena, &jws, &payload))
		return ISSUER_MALFORMED;
	if (keys.at != NULL)
		verdict = verify_signature(arena, &jws, keys);
	if (verdict != ISSUER_GENUINE)
		return verdict;
	*claims = json_read(arena, payload, &error);
	return *claims != NULL ? verify_claims(issuer, *claims, now_ms)
			       : ISSUER_NO_CLAIMS;
}

enum issuer_verdict
issuer_verify(struct arena *arena, const struct issuer *issuer,
    struct str keys, struct str token, int64_t now_ms,
    const struct value **claims)
{
	must(keys.at != NULL);
	return judge(arena, issuer, keys, token, now_ms, claims);
}

enum issuer_verdict
issuer_verify_again(struct arena *arena, const struct issuer *issuer,
    struct str token, int64_t now_ms, const struct value **claims)
{
	return judge(arena, issuer, (struct str){NULL, 0}, token, now_ms,
	    claims);
}

/* ------------------------------------------------------------------ claims */

const struct value *
issuer_claim(const struct value *claims, struct str path)
{
	const struct value *value = value_get(claims, path);

	if (value != NULL)
		return value;
	value = claims;
	while (value != NULL && path.bytes > 0)
		value = value_get(value, str_split(path, '.', &path));
	return value == claims ? NULL : value;
}

const struct str *
issuer_claim_texts(struct arena *arena, const struct value *claims,
    struct str path, size_t *count)
{
	const struct value *claim = issuer_claim(claims, path);
	struct str *texts = ARENA_ARRAY(arena, TEXTS_MAX, struct str);
	struct str rest = value_str(claim);

	*count = 0;
	while (rest.at != NULL && *count < TEXTS_MAX) {
		struct str word = str_split(rest, ' ', &rest);

		if (word.bytes > 0)
			texts[(*count)++] = word;
	}
	for (size_t i = 0; claim != NULL && claim->type == VALUE_LIST &&
	     i < claim->as.list.count && *count < TEXTS_MAX; i++)
		if (value_str(claim->as.list.items[i]).bytes > 0)
			texts[(*count)++] = value_str(claim->as.list.items[i]);
	return texts;
}
