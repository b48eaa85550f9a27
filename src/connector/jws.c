/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.c: JSON Web Signatures (RFC 7515) by keys as they are given out: PEM, a
 * JWK or a set of them (RFC 7517), or a shared secret.
 *
 * What the header says is believed in nothing that matters: the algorithm has
 * to be among those that are taken and fit the key, keys that come along (jwk,
 * jku, x5c, x5u) are not looked at, and an extension that is critical and not
 * known refuses the whole.
 */
#include "connector_priv.h"

#define HEADER_BYTES_MAX (16 * 1024)

/* ------------------------------------------------------------------- keys */

static void
add_key(struct jws_keys *keys, struct signature_key *key_take, struct str id,
    enum signature_algorithm algorithm)
{
	if (key_take == NULL)
		return;
	if (keys->count == COUNT_OF(keys->items)) {
		signature_key_free(&key_take);
		return;
	}
	keys->items[keys->count++] = (struct jws_key){
		.key = key_take,
		.id = id,
		.algorithm = algorithm,
	};
}

static struct str
member(struct arena *arena, const struct value *jwk, const char *name)
{
	struct str bytes = {NULL, 0};
	struct str text = value_field_str(jwk, name);

	if (!digest_parse_base64url(arena, text, &bytes))
		return (struct str){NULL, 0};
	return bytes;
}

static struct signature_key *
key_of_jwk(struct arena *arena, const struct value *jwk)
{
	struct str type = value_field_str(jwk, "kty");
	struct str curve = value_field_str(jwk, "crv");

	if (str_equal(type, STR("RSA")))
		return signature_key_of_rsa(member(arena, jwk, "n"),
		    member(arena, jwk, "e"));
	if (str_equal(type, STR("EC")))
		return signature_key_of_point(curve, member(arena, jwk, "x"),
		    member(arena, jwk, "y"));
	if (str_equal(type, STR("OKP")) && str_equal(curve, STR("Ed25519")))
		return signature_key_of_ed25519(member(arena, jwk, "x"));
	if (str_equal(type, STR("oct")))
		return signature_key_of_secret(member(arena, jwk, "k"));
	return NULL;
}

static void
add_jwk(struct arena *arena, const struct value *jwk, struct jws_keys *keys)
{
	struct str use = value_field_str(jwk, "use");
	struct str name = value_field_str(jwk, "alg");
	enum signature_algorithm algorithm = signature_find(name);

	if ((use.bytes > 0 && !str_equal(use, STR("sig"))) ||
	    (name.bytes > 0 && algorithm == SIGNATURE_NONE))
		return;
	add_key(keys, key_of_jwk(arena, jwk),
	    value_field_str(jwk, "kid"), algorithm);
}

/* Which of many: id absent: all. */
struct wanted {
	struct str id;
	bool is_named; /* one without an id is none of them */
};

static bool
has_id(const struct value *jwk, struct wanted wanted)
{
	struct str id = value_field_str(jwk, "kid");

	return wanted.id.at == NULL || str_equal(id, wanted.id) ||
	    (id.at == NULL && !wanted.is_named);
}

static void
add_json(struct arena *arena, struct str text, struct wanted wanted,
    struct jws_keys *keys)
{
	struct json_error error;
	const struct value *json = json_read(arena, text, &error);
	const struct value *set = value_get_cstr(json, "keys");

	if (set == NULL && json != NULL && has_id(json, wanted))
		add_jwk(arena, json, keys);
	for (size_t i = 0; set != NULL && set->type == VALUE_LIST &&
	     i < set->as.list.count; i++)
		if (has_id(set->as.list.items[i], wanted))
			add_jwk(arena, set->as.list.items[i], keys);
}

/* The whole of it a SEQUENCE in DER, as keys and certificates are. */
static bool
is_der(struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	size_t head = 2, length;

	if (bytes.bytes < 2 || at[0] != 0x30)
		return false;
	length = at[1];
	if (length > 0x80) {
		head += length - 0x80;
		if (head > 2 + sizeof(length) || head > bytes.bytes)
			return false;
		length = 0;
		for (size_t i = 2; i < head; i++)
			length = length << 8 | at[i];
	}
	return length == bytes.bytes - head;
}

/* In a form in which public keys are given out: taken for a shared secret, it
 * would let everybody sign who has it. */
static bool
is_given_out(struct arena *arena, struct str text)
{
	struct str bytes;

	return str_find(text, STR("BEGIN ")) != SIZE_MAX ||
	    str_has_prefix(text, STR("ssh-")) ||
	    str_has_prefix(text, STR("ecdsa-")) ||
	    (digest_parse_base64(arena, text, &bytes) && is_der(bytes));
}

static void
add_text(struct arena *arena, struct str text, struct str id,
    struct jws_keys *keys)
{
	const struct str none = {NULL, 0}, mark = STR("\xef\xbb\xbf");
	size_t pem;

	if (str_has_prefix(text, mark))
		text = str_slice(text, mark.bytes, text.bytes);
	text = str_trim(text);
	pem = str_find(text, STR("-----BEGIN"));
	if (str_has_prefix(text, STR("{")))
		add_json(arena, text, (struct wanted){.id = id}, keys);
	else if (pem != SIZE_MAX)
		add_key(keys,
		    signature_key_read(str_slice(text, pem, text.bytes)), none,
		    SIGNATURE_NONE);
	else if (!is_given_out(arena, text))
		add_key(keys, signature_key_of_secret(text), none,
		    SIGNATURE_NONE);
}

void
jws_keys_read(struct arena *arena, const struct value *given, struct str id,
    struct jws_keys *keys)
{
	*keys = (struct jws_keys){0};
	if (given->type == VALUE_STRING)
		add_text(arena, given->as.string, id, keys);
	for (size_t i = 0; given->type == VALUE_LIST &&
	     i < given->as.list.count; i++)
		if (given->as.list.items[i]->type == VALUE_STRING)
			add_text(arena, given->as.list.items[i]->as.string, id,
			    keys);
}

void
jws_keys_find(struct arena *arena, struct str set, struct str id,
    struct jws_keys *keys)
{
	*keys = (struct jws_keys){0};
	add_json(arena, set, (struct wanted){.id = id, .is_named = true}, keys);
}

void
jws_keys_fini(struct jws_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		signature_key_free(&keys->items[i].key);
	keys->count = 0;
}

/* ------------------------------------------------------------------- read */

/* What may be critical: RFC 7797's, and UK Open Banking's claims. */
static bool
is_known_extension(struct str name)
{
	return str_equal(name, STR("b64")) ||
	    str_equal(name, STR(JWS_OBIE "iat")) ||
	    str_equal(name, STR(JWS_OBIE "iss")) ||
	    str_equal(name, STR(JWS_OBIE "tan"));
}

/* RFC 7515 section 4.1.11: a list that isn't empty, of what is there. */
static bool
is_understood(const struct value *header)
{
	const struct value *critical = value_get_cstr(header, "crit");

	if (critical == NULL)
		return true;
	if (critical->type != VALUE_LIST || critical->as.list.count == 0)
		return false;
	for (size_t i = 0; i < critical->as.list.count; i++) {
		struct str name = value_str(critical->as.list.items[i]);

		if (!is_known_extension(name) ||
		    value_get(header, name) == NULL)
			return false;
	}
	return true;
}

static bool
is_critical(const struct value *header, struct str name)
{
	const struct value *critical = value_field_or_null(header, "crit");

	for (size_t i = 0; critical->type == VALUE_LIST &&
	     i < critical->as.list.count; i++)
		if (str_equal(value_str(critical->as.list.items[i]), name))
			return true;
	return false;
}

/* RFC 7797: only where it is critical. */
static bool
read_form(struct jws *jws)
{
	const struct value *b64 = value_get_cstr(jws->header, "b64");

	if (b64 == NULL)
		return true;
	if (b64->type != VALUE_BOOLEAN || !is_critical(jws->header, STR("b64")))
		return false;
	jws->is_plain = !b64->as.boolean;
	return true;
}

bool
jws_parse(struct arena *arena, struct str text, struct jws *jws)
{
	struct str rest, header;
	struct json_error error;

	*jws = (struct jws){0};
	jws->header_text = str_split(text, '.', &rest);
	jws->payload_text = str_split(rest, '.', &rest);
	if (rest.at == NULL || memchr(rest.at, '.', rest.bytes) != NULL ||
	    jws->header_text.bytes > HEADER_BYTES_MAX ||
	    !digest_parse_base64url(arena, jws->header_text, &header) ||
	    !digest_parse_base64url(arena, rest, &jws->signature))
		return false;
	jws->header = json_read(arena, header, &error);
	if (jws->header == NULL || jws->header->type != VALUE_CONTEXT)
		return false;
	jws->algorithm = signature_find(
	    value_field_str(jws->header, "alg"));
	return is_understood(jws->header) && read_form(jws);
}

/* Any algorithm that fits the key is as good as another, unless told. */
static bool
is_taken(const struct jws *jws, const struct jws_key *key,
    uint32_t algorithms)
{
	struct str id = value_field_str(jws->header, "kid");

	if (algorithms != 0 && (algorithms & 1u << jws->algorithm) == 0)
		return false;
	if (key->algorithm != SIGNATURE_NONE &&
	    key->algorithm != jws->algorithm)
		return false;
	return id.at == NULL || key->id.at == NULL || str_equal(id, key->id);
}

/* What is signed: the header's text, a point, and the payload. */
static struct str
signed_text(struct arena *arena, const struct jws *jws, struct str payload)
{
	struct buf text = buf_in(arena);

	buf_add_str(&text, jws->header_text);
	buf_add_char(&text, '.');
	if (jws->payload_text.bytes > 0)
		buf_add_str(&text, jws->payload_text);
	else if (jws->is_plain)
		buf_add_str(&text, payload);
	else
		buf_add_str(&text, digest_base64url(arena, payload));
	return buf_keep(&text);
}

bool
jws_is_genuine(struct arena *arena, const struct jws *jws, struct str payload,
    const struct jws_keys *keys, uint32_t algorithms)
{
	struct str text;

	if (jws->algorithm == SIGNATURE_NONE)
		return false;
	text = signed_text(arena, jws, payload);
	for (size_t i = 0; i < keys->count; i++)
		if (is_taken(jws, &keys->items[i], algorithms) &&
		    signature_is_of(keys->items[i].key, jws->algorithm, text,
			jws->signature))
			return true;
	return false;
}

/* ----------------------------------------------------------------- claims */

static bool
read_seconds(const struct value *claims, const char *name, int64_t *seconds)
{
	const struct value *value = value_get_cstr(claims, name);
	struct number whole;

	return value != NULL && value->type == VALUE_NUMBER &&
	    number_round(value->as.number, 0, NUMBER_FLOOR, &whole) ==
		NUMBER_OK &&
	    number_to_int(whole, seconds);
}

/* Absent, or an instant that is not past, or not to come. */
static enum jws_fault
fault_in_time(const struct value *claims, const struct jws_terms *terms)
{
	int64_t now = terms->now_ms / 1000, skew = terms->skew_ms / 1000;
	const struct value *expiry = value_get_cstr(claims, "exp");
	int64_t at = 0;

	if (expiry == NULL && terms->must_expire)
		return JWS_UNTIMED;
	if (expiry != NULL &&
	    (!read_seconds(claims, "exp", &at) || at <= now - skew))
		return JWS_EXPIRED;
	if (value_get_cstr(claims, "nbf") != NULL &&
	    (!read_seconds(claims, "nbf", &at) || at > now + skew))
		return JWS_EARLY;
	if (value_get_cstr(claims, "iat") != NULL &&
	    (!read_seconds(claims, "iat", &at) || at > now + skew))
		return JWS_EARLY;
	return JWS_SOUND;
}

static bool
has_audience(const struct value *audience, struct str wanted)
{
	if (audience->type != VALUE_LIST)
		return str_equal(value_str(audience), wanted);
	for (size_t i = 0; i < audience->as.list.count; i++)
		if (str_equal(value_str(audience->as.list.items[i]), wanted))
			return true;
	return false;
}

enum jws_fault
jws_claims_fault(const struct value *claims, const struct jws_terms *terms)
{
	enum jws_fault fault;

	if (claims->type != VALUE_CONTEXT)
		return JWS_NO_CLAIMS;
	fault = fault_in_time(claims, terms);
	if (fault != JWS_SOUND)
		return fault;
	if (terms->issuer.at != NULL &&
	    !str_equal(value_field_str(claims, "iss"),
		terms->issuer))
		return JWS_OTHER_ISSUER;
	if (terms->audience.at != NULL &&
	    !has_audience(value_field_or_null(claims, "aud"), terms->audience))
		return JWS_OTHER_AUDIENCE;
	return JWS_SOUND;
}

bool
jws_claims_hold(const struct value *claims, const struct jws_terms *terms)
{
	return jws_claims_fault(claims, terms) == JWS_SOUND;
}

bool
jws_header_holds(const struct value *header, const struct jws_terms *terms)
{
	int64_t now = terms->now_ms / 1000, skew = terms->skew_ms / 1000;
	const struct value *issuer = value_get_cstr(header, JWS_OBIE "iss");
	int64_t at;

	if (value_get_cstr(header, JWS_OBIE "iat") != NULL &&
	    (!read_seconds(header, JWS_OBIE "iat", &at) || at > now + skew))
		return false;
	return terms->issuer.at == NULL || issuer == NULL ||
	    str_equal(value_str(issuer), terms->issuer);
}

bool
jws_payload(struct arena *arena, const struct jws *jws, struct str *payload)
{
	if (jws->is_plain) {
		*payload = jws->payload_text;
		return true;
	}
	return digest_parse_base64url(arena, jws->payload_text, payload);
}

/* ------------------------------------------------------------------ write */

static struct str
write_header(struct arena *arena, const struct value *header)
{
	struct buf text = buf_in(arena);

	json_write(header, JSON_PLAIN, &text);
	return digest_base64url(arena, buf_keep(&text));
}

bool
jws_make(struct arena *arena, const struct signature_key *key,
    enum signature_algorithm algorithm, const struct value *header,
    struct str payload, enum jws_form form, struct str *out)
{
	struct jws jws = {
		.header_text = write_header(arena, header),
		.is_plain = form == JWS_DETACHED_PLAIN,
	};
	struct str signature, middle = STR("");

	if (!signature_make(arena, key, algorithm,
		signed_text(arena, &jws, payload), &signature))
		return false;
	if (form == JWS_COMPACT)
		middle = digest_base64url(arena, payload);
	signature = digest_base64url(arena, signature);
	*out = arena_strf(arena, "%.*s.%.*s.%.*s", STR_ARG(jws.header_text),
	    STR_ARG(middle), STR_ARG(signature));
	return true;
}
