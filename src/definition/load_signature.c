/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_signature.c: how a message is signed.
 *
 * Each scheme has a table of its own, so that a key that it does nothing with
 * is an error: a tolerance that nobody looks at protects from nothing.
 */
#include "load_priv.h"
#include "stated/signature.h"

#define IN(field) offsetof(struct def_signature, field)

#define MINUTE_MS (60 * 1000)
#define TOLERANCE_MS (5 * MINUTE_MS)
#define SKEW_MS MINUTE_MS
/* So long PayPal repeats what nobody took. */
#define PAYPAL_TOLERANCE_MS (3 * 24 * 60 * (int64_t)MINUTE_MS)

static const struct load_word scheme_words[] = {
	{"hmac", SIGNED_HMAC},
	{"stripe", SIGNED_STRIPE},
	{"github", SIGNED_GITHUB},
	{"standard-webhooks", SIGNED_STANDARD},
	{"hubspot", SIGNED_HUBSPOT},
	{"paypal", SIGNED_PAYPAL},
	{"jws", SIGNED_JWS},
};
static const struct load_table scheme_form = LOAD_WORDS(scheme_words);

static void
load_scheme(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	signature->scheme = (enum def_signature_scheme)LOAD_CHOOSE(load, node,
	    scheme_words, "scheme");
}

static const struct load_word sign_words[] = {
	{"hmac", SIGNED_HMAC},
	{"jws", SIGNED_JWS},
	{"http-signature", SIGNED_HTTP},
};
static const struct load_table sign_scheme_form = LOAD_WORDS(sign_words);

static void
load_sign_scheme(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	signature->scheme = (enum def_signature_scheme)LOAD_CHOOSE(load, node,
	    sign_words, "scheme");
}

static const struct load_word answer_words[] = {
	{"hmac", SIGNED_HMAC},
	{"jws", SIGNED_JWS},
};
static const struct load_table answer_scheme_form = LOAD_WORDS(answer_words);

static void
load_answer_scheme(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_signature *signature = into;

	signature->scheme = (enum def_signature_scheme)LOAD_CHOOSE(load, node,
	    answer_words, "scheme");
}

/* ---- what an HMAC is over ---- */

static const struct {
	const char *word;
	enum def_signed_part_kind kind;
} placeholders[] = {
	{"method", SIGNED_PART_METHOD},
	{"url", SIGNED_PART_URL},
	{"path", SIGNED_PART_PATH},
	{"query", SIGNED_PART_QUERY},
	{"timestamp", SIGNED_PART_TIMESTAMP},
	{"body", SIGNED_PART_BODY},
	{"body-sha256", SIGNED_PART_BODY_SHA256},
};
static const struct str header_word = STR_INIT("header:");

struct parts {
	struct load *load;
	const struct yaml_node *node;
	struct def_signed_part *items;
	size_t count;
	size_t capacity;
};

static void
add_part(struct parts *parts, enum def_signed_part_kind kind, struct str text)
{
	if (kind == SIGNED_PART_TEXT && text.bytes == 0)
		return;
	parts->items = arena_grow(parts->load->arena, parts->items,
	    parts->count, &parts->capacity, sizeof(*parts->items));
	parts->items[parts->count++] = (struct def_signed_part){kind, text};
}

static void
add_placeholder(struct parts *parts, struct str word)
{
	if (str_has_prefix(word, header_word) &&
	    word.bytes > header_word.bytes) {
		add_part(parts, SIGNED_PART_HEADER,
		    str_slice(word, header_word.bytes, word.bytes));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(placeholders); i++) {
		if (!str_equal(word, str_of(placeholders[i].word)))
			continue;
		add_part(parts, placeholders[i].kind, word);
		return;
	}
	load_error(parts->load, LOAD_WRONG_WORD, parts->node->span,
	    "`content` knows no `{%.*s}`", STR_ARG(yaml_short(word)));
	load_repair(parts->load, "expected one of: {method}, {url}, {path}, "
	    "{query}, {timestamp}, {body}, {body-sha256}, {header:NAME}");
}

static void
load_content(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;
	struct parts parts = {.load = load, .node = node};
	struct str rest = load_text(load, node, "content");

	while (rest.bytes > 0) {
		struct str text = str_split(rest, '{', &rest);
		struct str word;

		add_part(&parts, SIGNED_PART_TEXT, text);
		if (rest.at == NULL)
			break;
		word = str_split(rest, '}', &rest);
		add_placeholder(&parts, word);
	}
	signature->parts = parts.items;
	signature->part_count = parts.count;
}

static bool
has_part(const struct def_signature *signature, enum def_signed_part_kind kind)
{
	for (size_t i = 0; i < signature->part_count; i++)
		if (signature->parts[i].kind == kind)
			return true;
	return false;
}

static const struct load_word encoding_words[] = {
	{"hex", ENCODED_HEX},
	{"base64", ENCODED_BASE64},
};
static const struct load_table encoding_form = LOAD_WORDS(encoding_words);

static void
load_encoding(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	signature->encoding = (enum def_signature_encoding)LOAD_CHOOSE(load,
	    node, encoding_words, "encoding");
}

static const struct load_word unit_words[] = {
	{"s", false},
	{"ms", true},
};
static const struct load_table unit_form = LOAD_WORDS(unit_words);

static void
load_unit(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	signature->is_timestamp_ms =
	    LOAD_CHOOSE(load, node, unit_words, "timestamp-unit") != 0;
}

/* ---- algorithms ---- */

static const struct load_word algorithm_words[] = {
	{"PS256", SIGNATURE_PS256},
	{"PS512", SIGNATURE_PS512},
	{"RS256", SIGNATURE_RS256},
	{"RS512", SIGNATURE_RS512},
	{"ES256", SIGNATURE_ES256},
	{"ES384", SIGNATURE_ES384},
	{"EdDSA", SIGNATURE_EDDSA},
	{"HS256", SIGNATURE_HS256},
	{"HS512", SIGNATURE_HS512},
};
const struct load_table load_form_algorithm = LOAD_WORDS(algorithm_words);
static const struct load_table algorithms_form =
    LOAD_LIST(&load_form_algorithm);

void
load_signature_algorithm(struct load *load, const struct yaml_node *node,
    void *into)
{
	uint32_t *algorithms = into;

	*algorithms |=
	    1u << LOAD_CHOOSE(load, node, algorithm_words, "algorithm");
}

static void
load_algorithms(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	for (size_t i = 0; i < node->count; i++)
		load_signature_algorithm(load, node->items[i],
		    &signature->algorithms);
	if (node->count == 0)
		load_error(load, LOAD_BAD_FORM, node->span,
		    "`algorithms` names none: nothing would be genuine");
}

/* ---- components ---- */

/* RFC 9421 section 2.2, of requests; "@query-param" needs a name of its own. */
static const char *const derived_components[] = {
	"@method", "@target-uri", "@authority", "@scheme", "@request-target",
	"@path", "@query",
};

static bool
is_component(struct str name)
{
	if (!str_has_prefix(name, STR("@")))
		return true;
	for (size_t i = 0; i < COUNT_OF(derived_components); i++)
		if (str_equal(name, str_of(derived_components[i])))
			return true;
	return false;
}

/* Case is nothing to a field's name. */
static bool
is_among(struct str name, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (message_name_equal(name, names[i]))
			return true;
	return false;
}

static void
check_component(struct load *load, const struct yaml_node *node,
    struct str name, const struct str *before, size_t count)
{
	if (!is_component(name)) {
		load_error(load, LOAD_WRONG_WORD, node->span,
		    "no request has a component `%.*s`",
		    STR_ARG(yaml_short(name)));
		load_repair(load, "expected a header's name, or one of: "
		    "@method, @target-uri, @authority, @scheme, "
		    "@request-target, @path, @query");
	}
	if (is_among(name, before, count))
		load_error(load, LOAD_BAD_FORM, node->span,
		    "`components` has `%.*s` twice: nobody would take such a "
		    "signature", STR_ARG(yaml_short(name)));
}

static void
load_components(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	signature->components = load_texts(load, node, "components",
	    &signature->component_count);
	for (size_t i = 0; i < signature->component_count; i++)
		check_component(load,
		    node->kind == NODE_LIST ? node->items[i] : node,
		    signature->components[i], signature->components, i);
}

/* ---- tables ---- */

#define ROW_SCHEME                                                             \
	{"scheme", KIND_OWN, LOAD_MUST, 0, load_scheme, &scheme_form,          \
	    "hmac, stripe, github, standard-webhooks, hubspot, paypal or jws"}
#define ROW_SIGN_SCHEME                                                        \
	{"scheme", KIND_OWN, LOAD_MUST, 0, load_sign_scheme,                   \
	    &sign_scheme_form, "hmac, jws or http-signature"}
#define ROW_ANSWER_SCHEME                                                      \
	{"scheme", KIND_OWN, LOAD_MUST, 0, load_answer_scheme,                 \
	    &answer_scheme_form, "hmac or jws"}
#define ROW_SECRET(help)                                                       \
	{"secret", KIND_VALUE, LOAD_MUST, IN(secret), NULL, NULL, help}
#define ROW_TOLERANCE(help)                                                    \
	{"tolerance", KIND_DURATION, LOAD_MAY, IN(tolerance_ms), NULL, NULL,   \
	    help}
#define SHARED_SECRET                                                          \
	"{secret: NAME}, the key that both sides know; a list while it is "    \
	"being changed"
#define FIVE_MINUTES                                                           \
	"how old a message may be, or how far ahead; 5m unless told"

#define ROWS_HMAC                                                              \
	{"header", KIND_NAME, LOAD_MAY, IN(header), NULL, NULL,                \
	    "where the signature stands; x-signature unless told"},            \
	{"encoding", KIND_OWN, LOAD_MAY, 0, load_encoding, &encoding_form,     \
	    "hex or base64"},                                                  \
	{"content", KIND_OWN, LOAD_MAY, 0, load_content, &load_form_text,      \
	    "what is signed: '{timestamp}.{body}'; {body} unless told"},       \
	{"timestamp-header", KIND_NAME, LOAD_MAY, IN(timestamp_header), NULL,  \
	    NULL, "where the time stands that is signed with it"},             \
	{"timestamp-unit", KIND_OWN, LOAD_MAY, 0, load_unit, &unit_form,       \
	    "s or ms, since 1970; s unless told"}
#define ROW_PREFIX(help)                                                       \
	{"prefix", KIND_TEXT, LOAD_MAY, IN(prefix), NULL, NULL, help}
#define PREFIX_TAKEN                                                           \
	"what stands before it there; sha256= or nothing unless told"

static const struct load_key hmac_keys[] = {
	ROW_SCHEME,
	ROW_SECRET(SHARED_SECRET),
	ROWS_HMAC,
	ROW_PREFIX(PREFIX_TAKEN),
	{"url", KIND_STRING, LOAD_MAY, IN(url), NULL, NULL,
	    "the address that is called, where it is signed"},
	ROW_TOLERANCE(FIVE_MINUTES),
};
static const struct load_key sign_hmac_keys[] = {
	ROW_SIGN_SCHEME,
	ROW_SECRET("{secret: NAME}, the key that both sides know"),
	ROWS_HMAC,
	ROW_PREFIX("what stands before it there; nothing unless told"),
};
static const struct load_key answer_hmac_keys[] = {
	ROW_ANSWER_SCHEME,
	ROW_SECRET(SHARED_SECRET),
	ROWS_HMAC,
	ROW_PREFIX(PREFIX_TAKEN),
	ROW_TOLERANCE(FIVE_MINUTES),
};
static const struct load_key timed_keys[] = {
	ROW_SCHEME,
	ROW_SECRET(SHARED_SECRET),
	ROW_TOLERANCE(FIVE_MINUTES),
};
static const struct load_key github_keys[] = {
	ROW_SCHEME,
	ROW_SECRET(SHARED_SECRET),
};
static const struct load_key hubspot_keys[] = {
	ROW_SCHEME,
	ROW_SECRET(SHARED_SECRET),
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "the address that HubSpot calls, as it is set there"},
	ROW_TOLERANCE(FIVE_MINUTES),
};
static const struct load_key paypal_keys[] = {
	ROW_SCHEME,
	ROW_SECRET("{secret: NAME}, PayPal's certificate in PEM; a list while "
	    "it is being changed"),
	{"webhook-id", KIND_STRING, LOAD_MUST, IN(webhook_id), NULL, NULL,
	    "PayPal's number of this webhook"},
	ROW_TOLERANCE("how old a message may be; 3d unless told"),
};
#define PUBLIC_KEYS                                                            \
	"{secret: NAME} of a public key or certificate in PEM, a JWK or a set "\
	"of them, or a shared key; or a list"
#define ROWS_JWS                                                               \
	{"algorithms", KIND_LIST, LOAD_MAY, 0, load_algorithms,                \
	    &algorithms_form,                                                  \
	    "which are taken: [PS256]; those that fit the key unless told"},   \
	{"issuer", KIND_STRING, LOAD_MAY, IN(issuer), NULL, NULL,              \
	    "who it has to be from: `iss`"},                                   \
	ROW_TOLERANCE("how far clocks may differ; 1m unless told")

static const struct load_key jws_keys[] = {
	ROW_SCHEME,
	ROWS_JWS,
	{"secret", KIND_VALUE, LOAD_MAY, IN(secret), NULL, NULL, PUBLIC_KEYS},
	{"keys-url", KIND_STRING, LOAD_MAY, IN(keys_url), NULL, NULL,
	    "where the provider publishes them as a JWK set, in place of "
	    "`secret`"},
	{"header", KIND_NAME, LOAD_MAY, IN(header), NULL, NULL,
	    "where a detached one stands; x-jws-signature unless told, where "
	    "the body is none"},
	{"audience", KIND_STRING, LOAD_MAY, IN(audience), NULL, NULL,
	    "whom it has to be for: `aud`"},
};
static const struct load_key answer_jws_keys[] = {
	ROW_ANSWER_SCHEME,
	ROW_SECRET(PUBLIC_KEYS),
	ROWS_JWS,
	{"header", KIND_NAME, LOAD_MAY, IN(header), NULL, NULL,
	    "where it stands; x-jws-signature unless told"},
};

#define ROWS_KEY                                                               \
	ROW_SECRET("{secret: NAME}, the private key in PEM, or a shared key"), \
	{"algorithm", KIND_OWN, LOAD_MAY, IN(algorithms),                      \
	    load_signature_algorithm, &load_form_algorithm,                    \
	    "what it is signed by; as the kind of key says unless told"},      \
	{"key-id", KIND_STRING, LOAD_MAY, IN(key_id), NULL, NULL,              \
	    "the key's name"}

static const struct load_key sign_jws_keys[] = {
	ROW_SIGN_SCHEME,
	ROWS_KEY,
	{"header", KIND_NAME, LOAD_MAY, IN(header), NULL, NULL,
	    "where it stands; x-jws-signature unless told"},
	{"unencoded", KIND_BOOLEAN, LOAD_MAY, IN(is_plain), NULL, NULL,
	    "true: the body is signed as it is (RFC 7797)"},
	{"issuer", KIND_STRING, LOAD_MAY, IN(issuer), NULL, NULL,
	    "who we are to UK Open Banking: ORGANISATION/SOFTWARE; adds its "
	    "iat, iss and tan"},
	{"trust-anchor", KIND_TEXT, LOAD_MAY, IN(trust_anchor), NULL, NULL,
	    "its tan; openbanking.org.uk unless told"},
};
static const struct load_key sign_http_keys[] = {
	ROW_SIGN_SCHEME,
	ROWS_KEY,
	{"components", KIND_LIST, LOAD_MAY, 0, load_components,
	    &load_form_texts,
	    "what is signed, fields by name; '@method', '@target-uri' and "
	    "content-digest unless told"},
};

static const struct load_table hmac_table =
    LOAD_TABLE("`verify` of scheme hmac", hmac_keys);
static const struct load_table stripe_table =
    LOAD_TABLE("`verify` of scheme stripe", timed_keys);
static const struct load_table github_table =
    LOAD_TABLE("`verify` of scheme github", github_keys);
static const struct load_table standard_table =
    LOAD_TABLE("`verify` of scheme standard-webhooks", timed_keys);
static const struct load_table hubspot_table =
    LOAD_TABLE("`verify` of scheme hubspot", hubspot_keys);
static const struct load_table paypal_table =
    LOAD_TABLE("`verify` of scheme paypal", paypal_keys);
static const struct load_table jws_table =
    LOAD_TABLE("`verify` of scheme jws", jws_keys);

static const struct load_table sign_hmac_table =
    LOAD_TABLE("`sign` of scheme hmac", sign_hmac_keys);
static const struct load_table sign_jws_table =
    LOAD_TABLE("`sign` of scheme jws", sign_jws_keys);
static const struct load_table sign_http_table =
    LOAD_TABLE("`sign` of scheme http-signature", sign_http_keys);
static const struct load_table answer_hmac_table =
    LOAD_TABLE("an answer's `verify` of scheme hmac", answer_hmac_keys);
static const struct load_table answer_jws_table =
    LOAD_TABLE("an answer's `verify` of scheme jws", answer_jws_keys);

static const struct load_case sign_cases[] = {
	{"scheme", "hmac", SIGNED_HMAC, &sign_hmac_table},
	{"scheme", "jws", SIGNED_JWS, &sign_jws_table},
	{"scheme", "http-signature", SIGNED_HTTP, &sign_http_table},
};
const struct load_table load_signature_sign_table =
    LOAD_CASES("`sign`", sign_cases);

static const struct load_case answer_cases[] = {
	{"scheme", "hmac", SIGNED_HMAC, &answer_hmac_table},
	{"scheme", "jws", SIGNED_JWS, &answer_jws_table},
};
const struct load_table load_signature_answer_table =
    LOAD_CASES("an answer's `verify`", answer_cases);

static const struct load_case verify_cases[] = {
	{"scheme", "hmac", SIGNED_HMAC, &hmac_table},
	{"scheme", "stripe", SIGNED_STRIPE, &stripe_table},
	{"scheme", "github", SIGNED_GITHUB, &github_table},
	{"scheme", "standard-webhooks", SIGNED_STANDARD, &standard_table},
	{"scheme", "hubspot", SIGNED_HUBSPOT, &hubspot_table},
	{"scheme", "paypal", SIGNED_PAYPAL, &paypal_table},
	{"scheme", "jws", SIGNED_JWS, &jws_table},
};
const struct load_table load_signature_verify_table =
    LOAD_CASES("`verify`", verify_cases);

/* ---- the whole ---- */

/* The first stands in for a scheme that there isn't. */
static const struct load_table *
table_of(const struct load_table *cases, const struct yaml_node *node)
{
	const struct yaml_node *scheme = yaml_tree_find(node, "scheme");

	for (size_t i = 0; scheme && scheme->kind == NODE_TEXT &&
	     i < cases->count; i++)
		if (str_equal(scheme->text, str_of(cases->cases[i].word)))
			return cases->cases[i].table;
	return cases->cases[0].table;
}

static int64_t
usual_tolerance_ms(enum def_signature_scheme scheme)
{
	switch (scheme) {
	case SIGNED_JWS:
		return SKEW_MS;
	case SIGNED_PAYPAL:
		return PAYPAL_TOLERANCE_MS;
	default:
		return TOLERANCE_MS;
	}
}

/* What stands in a header proves nothing unless it is signed. */
static void
check_timestamp(struct load *load, const struct yaml_node *node,
    const struct def_signature *signature)
{
	bool is_signed = has_part(signature, SIGNED_PART_TIMESTAMP);
	bool is_sent = signature->timestamp_header.at != NULL;

	if (is_sent && !is_signed)
		load_error(load, LOAD_BAD_FORM,
		    load_key_span(node, "content"),
		    "`content` has no {timestamp}: the time in "
		    "`timestamp-header` would not be signed");
	if (is_signed && !is_sent)
		load_error(load, LOAD_MISSING_KEY,
		    load_key_span(node, "content"),
		    "`content` has a {timestamp}, and no `timestamp-header` "
		    "says where it comes from");
}

static void
check_url(struct load *load, const struct yaml_node *node,
    const struct def_signature *signature)
{
	if (signature->url == NULL &&
	    (has_part(signature, SIGNED_PART_URL) ||
		has_part(signature, SIGNED_PART_PATH) ||
		has_part(signature, SIGNED_PART_QUERY)))
		load_error(load, LOAD_MISSING_KEY,
		    load_key_span(node, "content"),
		    "`content` has the address, and no `url` says what it is "
		    "called by");
}

static void
complete_hmac(struct load *load, const struct yaml_node *node,
    struct def_signature *signature)
{
	static const struct def_signed_part timed[] = {
		{SIGNED_PART_TIMESTAMP, STR_INIT("timestamp")},
		{SIGNED_PART_TEXT, STR_INIT(".")},
		{SIGNED_PART_BODY, STR_INIT("body")},
	};
	bool is_timed = signature->timestamp_header.at != NULL;

	if (signature->header.at == NULL)
		signature->header = STR("x-signature");
	if (signature->part_count == 0) {
		signature->parts = is_timed ? timed : timed + 2;
		signature->part_count = is_timed ? 3 : 1;
	}
	check_timestamp(load, node, signature);
}

static void
check_keys(struct load *load, const struct yaml_node *node,
    const struct def_signature *signature)
{
	if ((signature->secret == NULL) == (signature->keys_url == NULL))
		load_error(load, signature->secret == NULL ? LOAD_MISSING_KEY
							   : LOAD_EXCLUSIVE,
		    node->span,
		    "`verify` of scheme jws needs either `secret` or "
		    "`keys-url`");
}

void
load_signature_verify(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_signature *signature = into;

	load_map(load, node, table_of(&load_signature_verify_table, node),
	    signature);
	/* What verifies these two is public. */
	if (signature->scheme != SIGNED_JWS &&
	    signature->scheme != SIGNED_PAYPAL)
		load_doubt_secret(load, signature->secret);
	if (signature->tolerance_ms == 0)
		signature->tolerance_ms = usual_tolerance_ms(signature->scheme);
	if (signature->scheme == SIGNED_JWS)
		check_keys(load, node, signature);
	if (signature->scheme != SIGNED_HMAC)
		return;
	complete_hmac(load, node, signature);
	check_url(load, node, signature);
}

static void
complete_components(struct def_signature *signature)
{
	static const struct str usual[] = {
		STR_INIT("@method"),
		STR_INIT("@target-uri"),
		STR_INIT("content-digest"),
	};

	if (signature->component_count > 0)
		return;
	signature->components = usual;
	signature->component_count = COUNT_OF(usual);
}

void
load_signature_sign(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_signature *signature = into;

	load_map(load, node, table_of(&load_signature_sign_table, node),
	    signature);
	load_doubt_secret(load, signature->secret);
	if (signature->scheme == SIGNED_HMAC)
		complete_hmac(load, node, signature);
	if (signature->scheme == SIGNED_JWS && signature->header.at == NULL)
		signature->header = STR("x-jws-signature");
	if (signature->scheme == SIGNED_HTTP)
		complete_components(signature);
}

/* An answer's is beside its body, never around it. */
void
load_signature_answer(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_signature *signature = into;

	load_map(load, node, table_of(&load_signature_answer_table, node),
	    signature);
	if (signature->tolerance_ms == 0)
		signature->tolerance_ms = usual_tolerance_ms(signature->scheme);
	if (signature->scheme == SIGNED_HMAC)
		complete_hmac(load, node, signature);
	else if (signature->header.at == NULL)
		signature->header = STR("x-jws-signature");
}
