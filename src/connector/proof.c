/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.c: whether a message is from whom it says.
 *
 * A signature is over the bytes as they came: nothing is parsed before it
 * holds.  It is compared as the text that it has to be, in constant time: a
 * digit in another case, or Base64 in another alphabet, is another text.  Each
 * of several secrets will do, for the time of a rotation.
 */
#include "connector_priv.h"

/* What the sender's headers say, and what is looked up once. */
struct claim {
	struct arena *arena;
	const struct proof *proof;
	const struct def_signature *signature;
};

static struct str
find_header(const struct claim *claim, const char *name)
{
	return message_find_header(claim->proof->headers,
	    claim->proof->header_count, str_of(name));
}

static bool
is_near(const struct claim *claim, int64_t instant_ms)
{
	int64_t now_ms = claim->proof->scope->context->now_ms;
	int64_t tolerance_ms = claim->signature->tolerance_ms;

	return instant_ms >= now_ms - tolerance_ms &&
	    instant_ms <= now_ms + tolerance_ms;
}

static bool
is_timely(const struct claim *claim, struct str timestamp, bool is_ms)
{
	int64_t n;

	return str_parse_int(timestamp, 0, INT64_MAX / 2000, &n) &&
	    is_near(claim, is_ms ? n : n * 1000);
}

/* --------------------------------------------------------------- encodings */

static struct digest
hmac_of(const struct claim *claim, struct str key, struct str before,
    struct str after)
{
	struct buf text = buf_in(claim->arena);

	buf_add_str(&text, before);
	buf_add_str(&text, claim->proof->body);
	buf_add_str(&text, after);
	return digest_hmac_sha256(key, buf_str(&text));
}

static struct str
bytes_of(const struct digest *digest)
{
	return (struct str){(const char *)digest->bytes, sizeof(*digest)};
}

static bool
is_hex_of(struct str told, struct digest digest)
{
	char hex[DIGEST_HEX_BYTES];

	return digest_text_equal(told, digest_hex(digest, hex));
}

static bool
is_upper_hex_of(struct str told, struct digest digest)
{
	char hex[DIGEST_HEX_BYTES];

	digest_hex(digest, hex);
	for (char *c = hex; *c != '\0'; c++)
		if (*c >= 'a')
			*c = (char)(*c - 'a' + 'A');
	return digest_text_equal(told, str_of(hex));
}

static bool
is_base64_of(struct arena *arena, struct str told, struct digest digest)
{
	return digest_text_equal(told,
	    digest_base64(arena, bytes_of(&digest)));
}

static bool
is_encoded(const struct claim *claim, struct str told, struct digest digest)
{
	enum def_signature_encoding encoding = claim->signature->encoding;

	return (encoding != ENCODED_BASE64 &&
		   (is_hex_of(told, digest) ||
		       is_upper_hex_of(told, digest))) ||
	    (encoding != ENCODED_HEX &&
		is_base64_of(claim->arena, told, digest));
}

/* --------------------------------------------------------- shared secrets */

static bool
take_prefix(const struct claim *claim, struct str *told)
{
	struct str prefix = claim->signature->prefix;
	bool is_optional = prefix.at == NULL;

	if (is_optional)
		prefix = STR("sha256=");
	if (!str_has_prefix(*told, prefix))
		return is_optional;
	*told = str_slice(*told, prefix.bytes, told->bytes);
	return true;
}

static bool
verify_hmac(const struct claim *claim, struct str key)
{
	const struct def_signature *signature = claim->signature;
	const struct proof *proof = claim->proof;
	struct signed_message message = {
		.method = proof->method,
		.url = proof->url,
		.headers = proof->headers,
		.header_count = proof->header_count,
		.body = proof->body,
	};
	struct str told = str_trim(message_find_header(proof->headers,
	    proof->header_count, signature->header));

	if (signature->timestamp_header.at != NULL)
		message.timestamp = message_find_header(proof->headers,
		    proof->header_count, signature->timestamp_header);
	if (signature->url != NULL &&
	    !call_scope_text(proof->scope, signature->url, &message.url))
		return false;
	if (!take_prefix(claim, &told) ||
	    !is_encoded(claim, told, digest_hmac_sha256(key,
		signed_text_make(claim->arena, signature, &message))))
		return false;
	return signature->timestamp_header.at == NULL ||
	    is_timely(claim, message.timestamp, signature->is_timestamp_ms);
}

static bool
verify_github(const struct claim *claim, struct str key)
{
	struct str told = find_header(claim, "x-hub-signature-256");

	return str_has_prefix(told, STR("sha256=")) &&
	    is_hex_of(str_slice(told, 7, told.bytes),
		hmac_of(claim, key, STR(""), STR("")));
}

/* "t=1700000000,v1=…,v1=…,v0=…": the time and the body are signed. */
static bool
verify_stripe(const struct claim *claim, struct str key)
{
	struct str rest = find_header(claim, "stripe-signature");
	struct str timestamp = {NULL, 0};
	struct digest digest = {{0}};
	bool is_genuine = false;

	while (rest.at != NULL) {
		struct str item = str_trim(str_split(rest, ',', &rest));
		struct str value;
		struct str name = str_split(item, '=', &value);

		if (str_equal(name, STR("t")) && timestamp.at == NULL) {
			timestamp = value;
			digest = hmac_of(claim, key, arena_strf(claim->arena,
			    "%.*s.", STR_ARG(timestamp)), STR(""));
		} else if (str_equal(name, STR("v1")) && timestamp.at != NULL) {
			is_genuine |= is_hex_of(value, digest);
		}
	}
	return is_genuine && is_timely(claim, timestamp, false);
}

/* Over the method, the address, the body and the time, which is in
 * milliseconds. */
static bool
verify_hubspot(const struct claim *claim, struct str key)
{
	struct str told = find_header(claim, "x-hubspot-signature-v3");
	struct str timestamp =
	    find_header(claim, "x-hubspot-request-timestamp");
	struct str url;

	if (!call_scope_text(claim->proof->scope, claim->signature->url, &url))
		return false;
	return is_base64_of(claim->arena, told,
		   hmac_of(claim, key,
		       arena_strf(claim->arena, "POST%.*s", STR_ARG(url)),
		       timestamp)) &&
	    is_timely(claim, timestamp, true);
}

/* ------------------------------------------------------ Standard Webhooks */

/* Base64 after "whsec_" (HMAC) or "whpk_" (Ed25519). */
static struct signature_key *
standard_key(const struct claim *claim, struct str secret)
{
	static const struct str shared = STR_INIT("whsec_");
	static const struct str public = STR_INIT("whpk_");
	bool is_public = str_has_prefix(secret, public);
	struct str bytes;

	if (is_public)
		secret = str_slice(secret, public.bytes, secret.bytes);
	else if (str_has_prefix(secret, shared))
		secret = str_slice(secret, shared.bytes, secret.bytes);
	if (!digest_parse_base64(claim->arena, secret, &bytes))
		return NULL;
	return is_public ? signature_key_of_ed25519(bytes)
			 : signature_key_of_secret(bytes);
}

/* "v1,BASE64 v1a,BASE64 …", of which any will do. */
static bool
is_any_of(const struct claim *claim, const struct signature_key *key,
    struct str text)
{
	bool is_shared = signature_key_fits(key, SIGNATURE_HS256);
	struct str rest = find_header(claim, "webhook-signature");
	bool is_genuine = false;

	while (rest.at != NULL) {
		struct str item = str_split(rest, ' ', &rest);
		struct str told, bytes;
		struct str version = str_split(item, ',', &told);

		if (!str_equal(version, is_shared ? STR("v1") : STR("v1a")) ||
		    memchr(told.at, '-', told.bytes) != NULL ||
		    memchr(told.at, '_', told.bytes) != NULL ||
		    !digest_parse_base64(claim->arena, told, &bytes))
			continue;
		is_genuine |= signature_is_of(key,
		    is_shared ? SIGNATURE_HS256 : SIGNATURE_EDDSA, text,
		    bytes);
	}
	return is_genuine;
}

/* Over "id.timestamp.body". */
static bool
verify_standard(const struct claim *claim, struct str secret)
{
	struct str id = find_header(claim, "webhook-id");
	struct str timestamp = find_header(claim, "webhook-timestamp");
	struct signature_key *key = standard_key(claim, secret);
	struct buf text = buf_in(claim->arena);
	bool is_genuine = false;

	buf_addf(&text, "%.*s.%.*s.", STR_ARG(id), STR_ARG(timestamp));
	buf_add_str(&text, claim->proof->body);
	if (key != NULL && id.bytes > 0 &&
	    memchr(id.at, '.', id.bytes) == NULL)
		is_genuine = is_any_of(claim, key, buf_str(&text)) &&
		    is_timely(claim, timestamp, false);
	signature_key_free(&key);
	return is_genuine;
}

/* ----------------------------------------------------------------- PayPal */

/* ISO 3309, as in gzip and PNG. */
static uint32_t
crc32_of(struct str bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes.bytes; i++) {
		crc ^= (unsigned char)bytes.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

/* Over "transmission|time|webhook|crc32 of the body", by the key of PayPal's
 * certificate. */
static bool
verify_paypal(const struct claim *claim, struct str certificate)
{
	struct str id = find_header(claim, "paypal-transmission-id");
	struct str time = find_header(claim, "paypal-transmission-time");
	struct str told = find_header(claim, "paypal-transmission-sig");
	struct str algorithm = find_header(claim, "paypal-auth-algo");
	struct signature_key *key = signature_key_read(certificate);
	struct str webhook, signature;
	bool is_genuine = false;
	int64_t instant_ms;

	if (key != NULL && id.bytes > 0 &&
	    str_equal(algorithm, STR("SHA256withRSA")) &&
	    clock_parse(time, &instant_ms) && is_near(claim, instant_ms) &&
	    call_scope_text(claim->proof->scope, claim->signature->webhook_id,
		&webhook) &&
	    digest_parse_base64(claim->arena, told, &signature) &&
	    digest_text_equal(told, digest_base64(claim->arena, signature)))
		is_genuine = signature_is_of(key, SIGNATURE_RS256,
		    arena_strf(claim->arena, "%.*s|%.*s|%.*s|%u", STR_ARG(id),
			STR_ARG(time), STR_ARG(webhook),
			crc32_of(claim->proof->body)),
		    signature);
	signature_key_free(&key);
	return is_genuine;
}

/* -------------------------------------------------------------------- JWS */

/* Absent where it doesn't matter. */
static bool
wanted(struct call_scope *scope, const struct template *template,
    struct str *out)
{
	return template == NULL || call_scope_text(scope, template, out);
}

static bool
has_claims(const struct claim *claim, const struct jws *jws, bool is_detached,
    struct str payload)
{
	const struct def_signature *signature = claim->signature;
	struct call_scope *scope = claim->proof->scope;
	struct jws_terms terms = {
		.now_ms = scope->context->now_ms,
		.skew_ms = signature->tolerance_ms,
	};
	const struct value *claims;
	struct json_error error;

	if (!wanted(scope, signature->issuer, &terms.issuer) ||
	    !wanted(scope, signature->audience, &terms.audience))
		return false;
	if (is_detached)
		return jws_header_holds(jws->header, &terms);
	claims = json_read(claim->arena, payload, &error);
	return claims != NULL && jws_claims_hold(claims, &terms);
}

/* Detached in a header, over the body; or the body itself. */
static bool
verify_jws(const struct claim *claim, const struct value *secrets,
    struct str *payload)
{
	struct str name = claim->signature->header;
	bool is_named = name.at != NULL;
	struct str told = message_find_header(claim->proof->headers,
	    claim->proof->header_count,
	    is_named ? name : STR("x-jws-signature"));
	bool is_detached = is_named || told.at != NULL;
	struct str body = claim->proof->body;
	struct jws_keys keys;
	struct jws jws;
	bool is_genuine;

	if (!jws_parse(claim->arena, is_detached ? told : str_trim(body),
		&jws) ||
	    is_detached != (jws.payload_text.bytes == 0))
		return false;
	jws_keys_read(claim->arena, secrets,
	    value_field_str(jws.header, "kid"), &keys);
	is_genuine = jws_is_genuine(claim->arena, &jws, body, &keys,
	    claim->signature->algorithms);
	jws_keys_fini(&keys);
	*payload = body;
	return is_genuine &&
	    (is_detached || jws_payload(claim->arena, &jws, payload)) &&
	    has_claims(claim, &jws, is_detached, *payload);
}

/* ------------------------------------------------------------ all of them */

typedef bool verify_fn(const struct claim *claim, struct str secret);

static verify_fn *const verify_fns[] = {
	[SIGNED_HMAC] = verify_hmac,
	[SIGNED_STRIPE] = verify_stripe,
	[SIGNED_GITHUB] = verify_github,
	[SIGNED_STANDARD] = verify_standard,
	[SIGNED_HUBSPOT] = verify_hubspot,
	[SIGNED_PAYPAL] = verify_paypal,
};

/* All are tried, so that time doesn't tell which one it was. */
static bool
verify_any(const struct claim *claim, const struct value *secrets)
{
	enum def_signature_scheme scheme = claim->signature->scheme;
	bool is_any = false;

	must((size_t)scheme < COUNT_OF(verify_fns));
	if (value_str(secrets).bytes > 0)
		return verify_fns[scheme](claim, value_str(secrets));
	for (size_t i = 0; secrets->type == VALUE_LIST &&
	     i < secrets->as.list.count; i++) {
		struct str one = value_str(secrets->as.list.items[i]);

		is_any |= one.bytes > 0 && verify_fns[scheme](claim, one);
	}
	return is_any;
}

bool
proof_holds(struct proof *proof)
{
	const struct claim claim = {
		.arena = proof->scope->arena,
		.proof = proof,
		.signature = proof->signature,
	};
	const struct value *secrets;

	/* What nothing verifies is nobody's. */
	if (proof->signature->scheme == SIGNED_NONE)
		return false;
	proof->payload = proof->body;
	secrets = proof->signature->secret != NULL
	    ? call_scope_eval(proof->scope, proof->signature->secret)
	    : value_of_str(claim.arena, proof->scope->context->keys);
	if (proof->signature->scheme == SIGNED_JWS)
		return verify_jws(&claim, secrets, &proof->payload);
	return verify_any(&claim, secrets);
}
