/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_access.c: who may call, as stated.yaml has it: tokens, client
 * certificates, and an OpenID provider.
 */
#include "serve_priv.h"

#include "stated/signature.h"

#define ROLES "initiator, approver:ROLE, operator, auditor, author, " \
	"publisher, events, admin"
#define NAMES_MAX 8

/* ---- what they have in common ---- */

static struct str
place_of(struct reader *reader, struct str path, struct str key)
{
	return arena_strf(reader->config->arena, "%.*s/%.*s", STR_ARG(path),
	    STR_ARG(key));
}

/* known: ends with the absent string. */
static void
check_keys(struct reader *reader, struct str path,
    const struct value *value, const struct str *known)
{
	for (size_t i = 0;
	     value->type == VALUE_CONTEXT && i < value->as.context.count; i++) {
		struct str key = value->as.context.fields[i].key;
		bool found = false;

		for (size_t j = 0; known[j].at != NULL; j++)
			found = found || str_equal(known[j], key);
		if (!found)
			config_complain(reader, place_of(reader, path, key),
			    "C001", "is an unknown key", NULL);
	}
}

static void
take_roles(struct reader *reader, struct str path,
    const struct value *value, const struct str **roles, size_t *count)
{
	config_take_texts(reader, path, value, roles, count);
	for (size_t i = 0; i < *count; i++)
		if (!api_role_is_known((*roles)[i]))
			config_complain(reader, path, "C003",
			    "names a role that is not known", ROLES);
}

static void
take_limit(struct reader *reader, struct str path,
    const struct value *value, const char *key, const struct str **texts,
    size_t *count)
{
	const struct value *part = value_get_cstr(value, key);

	if (part != NULL)
		config_take_texts(reader, place_of(reader, path, str_of(key)),
		    part, texts, count);
}

/* Whom it makes of its owner, and what that may. */
static void
take_grant(struct reader *reader, struct str path,
    const struct value *value, struct api_token *token)
{
	struct str name = value_field_str(value, "name");
	const struct value *roles = value_get_cstr(value, "roles");

	if (name.bytes == 0)
		config_complain(reader, path, "C005", "needs a `name`", NULL);
	else if (chart_person_is_reserved(name))
		config_complain(reader, place_of(reader, path, STR("name")),
		    "C003", "is a name that no caller has",
		    "choose another: " CHART_RESERVED_WHY);
	token->name = name;
	if (roles == NULL)
		config_complain(reader, path, "C005", "needs `roles`",
		    "who has no role may do nothing");
	else
		take_roles(reader, place_of(reader, path, STR("roles")), roles,
		    &token->roles, &token->role_count);
	take_limit(reader, path, value, "workflows", &token->workflows,
	    &token->workflow_count);
	take_limit(reader, path, value, "entities", &token->entities,
	    &token->entity_count);
}

/* A row of a list, and its place. */
static const struct value *
row_at(struct reader *reader, struct str path,
    const struct value *list, size_t index, struct str *place)
{
	*place =
	    arena_strf(reader->config->arena, "%.*s/%zu", STR_ARG(path), index);
	return list->as.list.items[index];
}

static bool
is_list(struct reader *reader, struct str path,
    const struct value *value)
{
	if (value->type == VALUE_LIST)
		return true;
	config_complain(reader, path, "C002", "takes a list", NULL);
	return false;
}

/* ---- tokens ---- */

static void
take_digest(struct reader *reader, struct str path,
    const struct value *value, struct api_token *token)
{
	const struct value *hash = value_get_cstr(value, "sha256");
	const struct value *text = value_get_cstr(value, "token");
	const struct value *secret = value_get_cstr(text, "secret");

	if (hash != NULL && text == NULL &&
	    digest_parse_hex(value_str(hash), &token->sha256))
		return;
	if (secret == NULL || hash != NULL) {
		config_complain(reader, path, "C005",
		    "needs one of `sha256` (64 hex digits of the token's "
		    "SHA-256) and `token: {secret: NAME}`",
		    NULL);
		return;
	}
	secret = secrets_find_cb(reader->config->secrets, value_str(secret));
	if (secret == NULL) {
		config_complain(reader, path, "C006",
		    "names a secret that is not there",
		    "put it into the environment or the secrets' directory");
		return;
	}
	token->sha256 = digest_sha256(value_str(secret));
}

static void
take_token(struct reader *reader, struct str path,
    const struct value *value, struct api_token *token)
{
	static const struct str known[NAMES_MAX] = {STR_INIT("name"),
	    STR_INIT("sha256"), STR_INIT("token"), STR_INIT("roles"),
	    STR_INIT("workflows"), STR_INIT("entities"), STR_INIT("expires")};
	const struct value *expires = value_get_cstr(value, "expires");

	check_keys(reader, path, value, known);
	take_digest(reader, path, value, token);
	take_grant(reader, path, value, token);
	if (expires != NULL &&
	    !clock_parse(value_str(expires), &token->expires_ms))
		config_complain(reader, path, "C002",
		    "has an `expires` that is no time", "2027-01-31T00:00:00Z");
}

void
access_read_tokens(struct reader *reader, struct str path,
    const struct value *value)
{
	struct config *config = reader->config;
	struct api_token *tokens;
	struct str place;

	if (!is_list(reader, path, value))
		return;
	tokens =
	    ARENA_ARRAY(config->arena, value->as.list.count, struct api_token);
	config->tokens = tokens;
	config->token_count = value->as.list.count;
	for (size_t i = 0; i < config->token_count; i++) {
		const struct value *row =
		    row_at(reader, path, value, i, &place);

		take_token(reader, place, row, &tokens[i]);
	}
}

/* ---- client certificates ---- */

static bool
is_san(struct str text)
{
	return str_has_prefix(text, STR("DNS:")) ||
	       str_has_prefix(text, STR("URI:")) ||
	       str_has_prefix(text, STR("email:"));
}

static void
take_certificate(struct reader *reader, struct str path,
    const struct value *value, struct api_certificate *row)
{
	static const struct str known[NAMES_MAX] = {STR_INIT("subject"),
	    STR_INIT("san"), STR_INIT("name"), STR_INIT("roles"),
	    STR_INIT("workflows"), STR_INIT("entities")};

	check_keys(reader, path, value, known);
	row->subject = value_field_str(value, "subject");
	row->san = value_field_str(value, "san");
	if ((row->subject.bytes > 0) == (row->san.bytes > 0))
		config_complain(reader, path, "C005",
		    "needs one of `subject` and `san`",
		    "subject: CN=ops,O=Bank or san: DNS:ops.example");
	else if (row->san.bytes > 0 && !is_san(row->san))
		config_complain(reader, path, "C003",
		    "has a `san` without its kind",
		    "write DNS:…, URI:… or email:…");
	take_grant(reader, path, value, &row->grant);
}

void
access_read_certificates(struct reader *reader, struct str path,
    const struct value *value)
{
	struct config *config = reader->config;
	struct api_certificate *rows;
	struct str place;

	if (!is_list(reader, path, value))
		return;
	rows = ARENA_ARRAY(
	    config->arena, value->as.list.count, struct api_certificate);
	config->certificates = rows;
	config->certificate_count = value->as.list.count;
	for (size_t i = 0; i < config->certificate_count; i++) {
		const struct value *row =
		    row_at(reader, path, value, i, &place);

		take_certificate(reader, place, row, &rows[i]);
	}
}

/* ---- the provider ---- */

void
access_read_issuer(struct reader *reader, struct str path,
    const struct value *value)
{
	struct str text;

	if (!config_take_text(reader, path, value, &text))
		return;
	if (!issuer_is_url(text))
		config_complain(reader, path, "C003",
		    "is no address that tokens can be trusted from",
		    "write https://HOST/…, as the provider's tokens say it");
	else
		reader->config->oidc.issuer.url = text;
}

void
access_read_audience(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.issuer.audience);
}

void
access_read_issuer_ca(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.issuer.ca);
}

void
access_read_roles_claim(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.roles_claim);
}

void
access_read_name_claim(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.name_claim);
}

void
access_read_workflows_claim(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.workflows_claim);
}

void
access_read_entities_claim(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->oidc.entities_claim);
}

/* {VALUE: ROLE, VALUE: [ROLE, …]} */
void
access_read_rules(struct reader *reader, struct str path,
    const struct value *value)
{
	struct config *config = reader->config;
	struct api_role_rule *rules;

	if (value->type != VALUE_CONTEXT || value->as.context.count == 0) {
		config_complain(reader, path, "C002",
		    "takes a mapping of the claim's values to roles",
		    "roles: {treasury: approver:treasurer}");
		return;
	}
	rules = ARENA_ARRAY(
	    config->arena, value->as.context.count, struct api_role_rule);
	config->oidc.rules = rules;
	config->oidc.rule_count = value->as.context.count;
	for (size_t i = 0; i < config->oidc.rule_count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		rules[i].value = field->key;
		take_roles(reader, place_of(reader, path, field->key),
		    field->value, &rules[i].roles, &rules[i].role_count);
	}
}

static bool
is_of_key_pair(enum signature_algorithm algorithm)
{
	return algorithm != SIGNATURE_NONE && algorithm != SIGNATURE_HS256 &&
	       algorithm != SIGNATURE_HS512;
}

void
access_read_algorithms(struct reader *reader, struct str path,
    const struct value *value)
{
	const struct str *names = NULL;
	size_t count = 0;

	config_take_texts(reader, path, value, &names, &count);
	for (size_t i = 0; i < count; i++) {
		enum signature_algorithm algorithm = signature_find(names[i]);

		if (!is_of_key_pair(algorithm))
			config_complain(reader, path, "C003",
			    "names an algorithm that is not taken",
			    "RS256, RS512, PS256, PS512, ES256, ES384, EdDSA");
		else
			reader->config->oidc.issuer.algorithms |=
			    1u << algorithm;
	}
}

void
access_read_tolerance(struct reader *reader, struct str path,
    const struct value *value)
{
	config_take_span(
	    reader, path, value, &reader->config->oidc.issuer.skew_ms);
}

void
access_read_strict(struct reader *reader, struct str path,
    const struct value *value)
{
	config_take_boolean(
	    reader, path, value, &reader->config->oidc.issuer.is_strict);
}

/* ---- whether it fits together ---- */

void
access_check(struct reader *reader)
{
	const struct config *config = reader->config;
	const struct issuer *issuer = &config->oidc.issuer;

	if (issuer->url.at != NULL && issuer->audience.at == NULL)
		config_complain(reader, STR("/auth/oidc/issuer"), "C005",
		    "needs `audience` beside it",
		    "what tokens for this server have as their `aud`: others' "
		    "tokens would be taken without it");
	if (issuer->audience.at != NULL && issuer->url.at == NULL)
		config_complain(reader, STR("/auth/oidc/audience"), "C005",
		    "needs `issuer` beside it", NULL);
	if (config->certificate_count > 0 && config->tls_client_ca.at == NULL)
		config_complain(reader, STR("/auth/certificates"), "C005",
		    "needs `tls.client-ca`",
		    "else no client is asked for its certificate");
	if (config->tls_certificate.at != NULL && config->tls_key.at == NULL &&
	    config->tls_key_secret.at == NULL)
		config_complain(reader, STR("/tls/certificate"), "C005",
		    "needs `key` beside it", NULL);
	if (config->tls_client_ca.at != NULL &&
	    config->tls_certificate.at == NULL)
		config_complain(reader, STR("/tls/client-ca"), "C005",
		    "needs `certificate` and `key` beside it", NULL);
}
