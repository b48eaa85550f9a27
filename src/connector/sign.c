/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c: a request that is signed, last of all: over the bytes as they go.
 *
 * UK Open Banking has the time and who signs in the header, as extensions that
 * are critical; RFC 9421 has a text of its own, of which the body is a part by
 * its digest (RFC 9530).
 */
#include "connector_priv.h"

/* Who checks a signature may have a clock that is behind ours, and would
 * refuse what is made in its future. */
#define CLOCK_SECONDS 5

struct signing {
	struct call_scope *scope;
	struct arena *arena;
	const struct def_signature *signature;
	struct message_request *request;
	struct header_list headers;
	struct outcome *failure;
};

static bool
refuse(struct signing *signing, const char *why)
{
	return verdict_refuse(signing->failure, "connector.sign", false,
	    str_of(why));
}

static bool
set_header(struct signing *signing, struct str name, struct str value)
{
	return header_list_set(&signing->headers,
		   (struct message_header){.name = name, .value = value}) ||
	    refuse(signing, "a signature can't stand in its header");
}

static bool
read_text(struct signing *signing, const struct template *template,
    struct str *text)
{
	*text = (struct str){NULL, 0};
	return template == NULL ||
	    call_scope_text(signing->scope, template, text) ||
	    refuse(signing, "what a signature shall say is no text");
}

static struct str
lower(struct arena *arena, struct str text)
{
	struct str copy = arena_str(arena, text);
	char *at = (char *)copy.at;

	for (size_t i = 0; i < copy.bytes; i++)
		if (at[i] >= 'A' && at[i] <= 'Z')
			at[i] = (char)(at[i] + 32);
	return copy;
}

/* As it goes out: also an empty body of these has a length. */
static struct str
length_of(struct signing *signing)
{
	static const struct str long_ones[] = {
		STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("PATCH")};
	const struct message_request *request = signing->request;
	bool has_body = request->body.bytes > 0;

	for (size_t i = 0; i < COUNT_OF(long_ones); i++)
		has_body |= str_equal(request->method, long_ones[i]);
	if (!has_body || str_equal(request->method, STR("HEAD")))
		return (struct str){NULL, 0};
	return arena_strf(signing->arena, "%zu", request->body.bytes);
}

/* A field that else comes only on the way out, to go as it is signed. */
static bool
complete(struct signing *signing, struct str name)
{
	struct message_header header = {.name = lower(signing->arena, name)};

	if (header_list_find(&signing->headers, name).at != NULL)
		return true;
	if (str_equal(header.name, STR("host")))
		header.value = lower(signing->arena,
		    signed_text_authority(signing->request->url));
	if (str_equal(header.name, STR("content-length")))
		header.value = length_of(signing);
	if (str_equal(header.name, STR("user-agent")))
		header.value = STR(MESSAGE_USER_AGENT);
	return header.value.at == NULL ||
	    set_header(signing, header.name, header.value);
}

/* The secret's first text: where a list holds, one signs. */
static bool
read_secret(struct signing *signing, struct str *secret)
{
	const struct value *value =
	    call_scope_eval(signing->scope, signing->signature->secret);

	if (value->type == VALUE_LIST && value->as.list.count > 0)
		value = value->as.list.items[0];
	*secret = value_str(value);
	return secret->bytes > 0 ||
	    verdict_refuse(signing->failure, "connector.sign", true,
		STR("the key that requests are signed with is not at hand"));
}

/* NULL with *failure. */
static struct signature_key *
read_key(struct signing *signing, enum signature_algorithm *algorithm)
{
	struct signature_key *key;
	struct str secret;

	if (!read_secret(signing, &secret))
		return NULL;
	key = str_has_prefix(str_trim(secret), STR("-----BEGIN"))
	    ? signature_key_read(secret)
	    : signature_key_of_secret(secret);
	if (key == NULL) {
		(void)refuse(signing, "`secret` is no key that could sign");
		return NULL;
	}
	*algorithm = signature_algorithm_of(
	    signing->signature->algorithms, key);
	return key;
}

/* ------------------------------------------------------------------- HMAC */

static struct str
encoded(struct signing *signing, struct digest digest)
{
	char hex[DIGEST_HEX_BYTES];

	if (signing->signature->encoding == ENCODED_BASE64)
		return digest_base64(signing->arena,
		    (struct str){(const char *)digest.bytes, sizeof(digest)});
	return arena_str(signing->arena, digest_hex(digest, hex));
}

static bool
sign_hmac(struct signing *signing)
{
	const struct def_signature *signature = signing->signature;
	const struct message_request *request = signing->request;
	int64_t now_ms = signing->scope->context->now_ms;
	struct signed_message message = {
		.method = request->method,
		.url = request->url,
		.body = request->body,
		.timestamp = arena_strf(signing->arena, "%lld",
		    (long long)(signature->is_timestamp_ms ? now_ms
							   : now_ms / 1000)),
	};
	struct str secret, told;

	if (!read_secret(signing, &secret))
		return false;
	for (size_t i = 0; i < signature->part_count; i++)
		if (signature->parts[i].kind == SIGNED_PART_HEADER &&
		    !complete(signing, signature->parts[i].text))
			return false;
	message.headers = signing->headers.items;
	message.header_count = signing->headers.count;
	told = encoded(signing, digest_hmac_sha256(secret,
	    signed_text_make(signing->arena, signature, &message)));
	if (signature->timestamp_header.at != NULL &&
	    !set_header(signing, signature->timestamp_header,
		message.timestamp))
		return false;
	return set_header(signing, signature->header,
	    arena_strf(signing->arena, "%.*s%.*s",
		STR_ARG(signature->prefix), STR_ARG(told)));
}

/* -------------------------------------------------------------------- JWS */

static void
put_open_banking(struct signing *signing, struct value_builder *header,
    struct value_builder *critical, struct str issuer)
{
	static const char *const names[] = {"iat", "iss", "tan"};
	struct arena *arena = signing->arena;
	struct str anchor = signing->signature->trust_anchor;

	value_put(header, STR(JWS_OBIE "iat"), value_of_int(arena,
	    signing->scope->context->now_ms / 1000 - CLOCK_SECONDS));
	value_put(header, STR(JWS_OBIE "iss"), value_of_str(arena, issuer));
	value_put(header, STR(JWS_OBIE "tan"), value_of_str(arena,
	    anchor.at != NULL ? anchor : STR("openbanking.org.uk")));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		value_append(critical, value_of_str(arena,
		    arena_strf(arena, JWS_OBIE "%s", names[i])));
}

static bool
make_header(struct signing *signing, enum signature_algorithm algorithm,
    const struct value **out)
{
	const struct def_signature *signature = signing->signature;
	struct value_builder *header = value_build_context(signing->arena);
	struct value_builder *critical = value_build_list(signing->arena);
	struct str key_id, issuer;

	if (!read_text(signing, signature->key_id, &key_id) ||
	    !read_text(signing, signature->issuer, &issuer))
		return false;
	value_put_str(header, "alg", signature_name(algorithm));
	if (key_id.at != NULL)
		value_put_str(header, "kid", key_id);
	if (signature->is_plain) {
		value_put(header, STR("b64"), &value_false);
		value_append(critical, value_of_str(signing->arena,
		    STR("b64")));
	}
	if (issuer.at != NULL)
		put_open_banking(signing, header, critical, issuer);
	if (signature->is_plain || issuer.at != NULL)
		value_put(header, STR("crit"), value_built(critical));
	*out = value_built(header);
	return true;
}

static bool
sign_jws(struct signing *signing)
{
	const struct def_signature *signature = signing->signature;
	enum signature_algorithm algorithm;
	struct signature_key *key;
	const struct value *header;
	struct str told;
	bool is_made;

	if (signing->request->body.bytes == 0)
		return true; /* there is nothing to sign */
	key = read_key(signing, &algorithm);
	if (key == NULL)
		return false;
	is_made = make_header(signing, algorithm, &header) &&
	    (jws_make(signing->arena, key, algorithm, header,
		 signing->request->body,
		 signature->is_plain ? JWS_DETACHED_PLAIN : JWS_DETACHED,
		 &told) ||
		refuse(signing, "`secret` can't sign by `algorithm`"));
	signature_key_free(&key);
	return is_made && set_header(signing, signature->header, told);
}

/* --------------------------------------------------------------- RFC 9421 */

/* Section 2.2: what isn't a field.  The absent string where there is none. */
static struct str
derived(struct signing *signing, struct str name)
{
	const struct message_request *request = signing->request;
	struct str query, target = signed_text_target(request->url);
	struct str path = str_split(target, '?', &query);
	struct str rest, scheme = str_split(request->url, ':', &rest);

	if (str_equal(name, STR("@method")))
		return request->method;
	if (str_equal(name, STR("@target-uri")))
		return request->url;
	if (str_equal(name, STR("@authority")))
		return lower(signing->arena,
		    signed_text_authority(request->url));
	if (str_equal(name, STR("@scheme")))
		return lower(signing->arena, scheme);
	if (str_equal(name, STR("@request-target")))
		return target;
	if (str_equal(name, STR("@path")))
		return path.bytes > 0 ? path : STR("/");
	if (str_equal(name, STR("@query")))
		return arena_strf(signing->arena, "?%.*s", STR_ARG(query));
	return (struct str){NULL, 0};
}

static bool
add_component(struct signing *signing, struct str name, struct buf *list,
    struct buf *base)
{
	bool is_derived = str_has_prefix(name, STR("@"));
	struct str value;

	if (!is_derived && !complete(signing, name))
		return false;
	value = is_derived ? derived(signing, name)
			   : header_list_find(&signing->headers, name);
	if (value.at == NULL)
		return is_derived
		    ? refuse(signing, "`components` has what no request has")
		    : true; /* a field that this request hasn't */
	name = lower(signing->arena, name);
	buf_addf(list, "%s\"%.*s\"", list->bytes > 1 ? " " : "",
	    STR_ARG(name));
	buf_addf(base, "\"%.*s\": ", STR_ARG(name));
	buf_add_str(base, value);
	buf_add_char(base, '\n');
	return true;
}

static bool
add_digest(struct signing *signing)
{
	struct digest digest = digest_sha256(signing->request->body);
	struct str text = digest_base64(signing->arena,
	    (struct str){(const char *)digest.bytes, sizeof(digest)});

	if (signing->request->body.bytes == 0)
		return true;
	return set_header(signing, STR("content-digest"),
	    arena_strf(signing->arena, "sha-256=:%.*s:", STR_ARG(text)));
}

/* Section 3.3.7's names; nothing is said where the key alone decides. */
static struct str
algorithm_parameter(struct signing *signing, enum signature_algorithm algorithm)
{
	static const struct str names[SIGNATURE_COUNT] = {
		[SIGNATURE_HS256] = STR_INIT("hmac-sha256"),
		[SIGNATURE_RS256] = STR_INIT("rsa-v1_5-sha256"),
		[SIGNATURE_PS512] = STR_INIT("rsa-pss-sha512"),
		[SIGNATURE_ES256] = STR_INIT("ecdsa-p256-sha256"),
		[SIGNATURE_ES384] = STR_INIT("ecdsa-p384-sha384"),
		[SIGNATURE_EDDSA] = STR_INIT("ed25519"),
	};

	if (signing->signature->algorithms == 0 || names[algorithm].at == NULL)
		return STR("");
	return arena_strf(signing->arena, ";alg=\"%.*s\"",
	    STR_ARG(names[algorithm]));
}

/* RFC 8941 section 3.3.3: printable ASCII, of which two are escaped. */
static bool
add_key_id(struct signing *signing, struct buf *list)
{
	struct str key_id;

	if (!read_text(signing, signing->signature->key_id, &key_id))
		return false;
	if (key_id.at == NULL)
		return true;
	buf_add_cstr(list, ";keyid=\"");
	for (size_t i = 0; i < key_id.bytes; i++) {
		char c = key_id.at[i];

		if (c < ' ' || c > '~')
			return refuse(signing,
			    "`key-id` has more than printable ASCII");
		if (c == '"' || c == '\\')
			buf_add_char(list, '\\');
		buf_add_char(list, c);
	}
	buf_add_char(list, '"');
	return true;
}

static bool
make_base(struct signing *signing, enum signature_algorithm algorithm,
    struct str *parameters, struct str *base)
{
	const struct def_signature *signature = signing->signature;
	struct buf list = buf_in(signing->arena);
	struct buf text = buf_in(signing->arena);
	struct str alg = algorithm_parameter(signing, algorithm);

	buf_add_char(&list, '(');
	for (size_t i = 0; i < signature->component_count; i++)
		if (!add_component(signing, signature->components[i], &list,
			&text))
			return false;
	buf_addf(&list, ");created=%lld",
	    (long long)(signing->scope->context->now_ms / 1000));
	if (!add_key_id(signing, &list))
		return false;
	buf_add_str(&list, alg);
	*parameters = buf_keep(&list);
	buf_addf(&text, "\"@signature-params\": %.*s", STR_ARG(*parameters));
	*base = buf_keep(&text);
	return true;
}

static bool
sign_message(struct signing *signing)
{
	static const struct str label = STR_INIT("sig1");
	enum signature_algorithm algorithm;
	struct signature_key *key = read_key(signing, &algorithm);
	struct str parameters, base, told;
	bool is_made;

	if (key == NULL)
		return false;
	is_made = add_digest(signing) &&
	    make_base(signing, algorithm, &parameters, &base) &&
	    (signature_make(signing->arena, key, algorithm, base, &told) ||
		refuse(signing, "`secret` can't sign by `algorithm`"));
	signature_key_free(&key);
	if (!is_made)
		return false;
	told = digest_base64(signing->arena, told);
	return set_header(signing, STR("signature-input"),
		   arena_strf(signing->arena, "%.*s=%.*s", STR_ARG(label),
		       STR_ARG(parameters))) &&
	    set_header(signing, STR("signature"),
		arena_strf(signing->arena, "%.*s=:%.*s:", STR_ARG(label),
		    STR_ARG(told)));
}

/* ---------------------------------------------------------------- the whole */

static bool
sign_by_scheme(struct signing *signing)
{
	switch (signing->signature->scheme) {
	case SIGNED_HMAC:
		return sign_hmac(signing);
	case SIGNED_JWS:
		return sign_jws(signing);
	case SIGNED_HTTP:
		return sign_message(signing);
	default:
		unreachable("requests are signed in three ways");
	}
}

bool
sign_request(struct call_scope *scope, const struct def_signature *signature,
    struct message_request *request, struct outcome *failure)
{
	struct signing signing = {
		.scope = scope,
		.arena = scope->arena,
		.signature = signature,
		.request = request,
		.headers = {.arena = scope->arena},
		.failure = failure,
	};

	if (signature->scheme == SIGNED_NONE)
		return true;
	for (size_t i = 0; i < request->header_count; i++)
		must(header_list_set(&signing.headers, request->headers[i]));
	if (!sign_by_scheme(&signing))
		return false;
	request->headers = signing.headers.items;
	request->header_count = signing.headers.count;
	return true;
}
