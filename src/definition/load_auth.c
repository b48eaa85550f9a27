/* SPDX-License-Identifier: Apache-2.0 */
/* load_auth.c: who we are to an endpoint, and how we prove it. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_auth, field)
#define IN_OAUTH2(field) offsetof(struct def_oauth2, field)

static const struct load_key basic_keys[] = {
	{"user", KIND_STRING, LOAD_MUST, IN(user), NULL, NULL,
	    "the user's name"},
	{"password", KIND_STRING, LOAD_MUST, IN(password), NULL, NULL,
	    "the password: {secret: NAME}"},
};
static const struct load_key header_keys[] = {
	{"name", KIND_NAME, LOAD_MUST, IN(header), NULL, NULL,
	    "the name of the header field"},
	{"value", KIND_STRING, LOAD_MUST, IN(password), NULL, NULL,
	    "its value: {secret: NAME}"},
};
static const struct load_key query_keys[] = {
	{"name", KIND_NAME, LOAD_MUST, IN(header), NULL, NULL,
	    "the name of the query's parameter"},
	{"value", KIND_STRING, LOAD_MUST, IN(password), NULL, NULL,
	    "its value: {secret: NAME}"},
};
static const struct load_key odoo_keys[] = {
	{"database", KIND_STRING, LOAD_MUST, IN(database), NULL, NULL,
	    "the database's name"},
	{"login", KIND_STRING, LOAD_MUST, IN(user), NULL, NULL,
	    "the user's login"},
	{"password", KIND_STRING, LOAD_MUST, IN(password), NULL, NULL,
	    "{secret: NAME}, an API key"},
};
static const struct load_key key_keys[] = {
	{"user", KIND_STRING, LOAD_MUST, IN(user), NULL, NULL,
	    "the user's name"},
	{"key", KIND_STRING, LOAD_MUST, IN(password), NULL, NULL,
	    "{secret: NAME}, the private key as ssh-keygen writes it"},
	{"passphrase", KIND_STRING, LOAD_MAY, IN(passphrase), NULL, NULL,
	    "{secret: NAME}, what the key is locked with"},
};
static const struct load_table key_table = LOAD_TABLE("`key`", key_keys);
static const struct load_table basic_table = LOAD_TABLE("`basic`", basic_keys);
static const struct load_table header_table =
    LOAD_TABLE("`header`", header_keys);
static const struct load_table query_table = LOAD_TABLE("`query`", query_keys);
static const struct load_table odoo_table = LOAD_TABLE("`odoo`", odoo_keys);

/* ---- OAuth2 ---- */

static const struct load_word grant_words[] = {
	{"client-credentials", GRANT_CLIENT},
	{"jwt-bearer", GRANT_JWT},
};
static const struct load_table grant_form = LOAD_WORDS(grant_words);

static void
load_grant(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_oauth2 *oauth2 = into;

	oauth2->grant = (enum def_oauth2_grant)LOAD_CHOOSE(load, node,
	    grant_words, "grant");
}

static const struct load_word client_words[] = {
	{"client-secret-basic", CLIENT_SECRET_BASIC},
	{"client-secret-post", CLIENT_SECRET_POST},
	{"private-key-jwt", CLIENT_PRIVATE_KEY_JWT},
	{"tls-client-auth", CLIENT_TLS},
	{"none", CLIENT_NONE},
};
static const struct load_table client_form = LOAD_WORDS(client_words);

static void
load_client_auth(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_oauth2 *oauth2 = into;

	oauth2->by = (enum def_oauth2_client)LOAD_CHOOSE(load, node,
	    client_words, "client-auth");
}

static const struct load_key oauth2_keys[] = {
	{"token-url", KIND_STRING, LOAD_MUST, IN_OAUTH2(token_url), NULL, NULL,
	    "where tokens are asked for"},
	{"grant", KIND_OWN, LOAD_MAY, 0, load_grant, &grant_form,
	    "client-credentials or jwt-bearer (RFC 7523); the first unless "
	    "told"},
	{"client", KIND_VALUE, LOAD_MAY, IN_OAUTH2(client), NULL, NULL,
	    "{secret: NAME} of \"id:secret\", or {id, secret}"},
	{"client-auth", KIND_OWN, LOAD_MAY, 0, load_client_auth, &client_form,
	    "client-secret-basic, client-secret-post, private-key-jwt, "
	    "tls-client-auth or none"},
	{"scope", KIND_STRING, LOAD_MAY, IN_OAUTH2(scope), NULL, NULL,
	    "what the token is for"},
	{"parameters", KIND_VALUE, LOAD_MAY, IN_OAUTH2(parameters), NULL, NULL,
	    "more that the endpoint wants to be told: {resource: …}"},
	{"key", KIND_STRING, LOAD_MAY, IN_OAUTH2(key), NULL, NULL,
	    "{secret: NAME}, the private key in PEM that a JWT is signed with"},
	{"key-id", KIND_STRING, LOAD_MAY, IN_OAUTH2(key_id), NULL, NULL,
	    "the key's name, `kid`"},
	{"algorithm", KIND_OWN, LOAD_MAY, IN_OAUTH2(algorithms),
	    load_signature_algorithm, &load_form_algorithm,
	    "PS256, ES256, ES384 or EdDSA by the kind of key unless told"},
	{"issuer", KIND_STRING, LOAD_MAY, IN_OAUTH2(issuer), NULL, NULL,
	    "`iss` of the JWT; the client's id unless told"},
	{"subject", KIND_STRING, LOAD_MAY, IN_OAUTH2(subject), NULL, NULL,
	    "`sub` of the JWT; its issuer unless told"},
	{"audience", KIND_STRING, LOAD_MAY, IN_OAUTH2(audience), NULL, NULL,
	    "`aud` of the JWT; token-url unless told"},
};
static const struct load_table oauth2_table =
    LOAD_TABLE("`oauth2`", oauth2_keys);

static bool
makes_jwt(const struct def_oauth2 *oauth2)
{
	return oauth2->grant == GRANT_JWT ||
	    oauth2->by == CLIENT_PRIVATE_KEY_JWT;
}

static void
check_oauth2(struct load *load, const struct yaml_node *node,
    const struct def_oauth2 *oauth2)
{
	if (oauth2->client == NULL &&
	    (oauth2->by != CLIENT_NONE ||
		(oauth2->grant == GRANT_CLIENT || oauth2->issuer == NULL)))
		load_error(load, LOAD_MISSING_KEY, node->span,
		    oauth2->grant == GRANT_JWT && oauth2->by == CLIENT_NONE
			? "`oauth2` needs `client` or `issuer`"
			: "`oauth2` needs `client`");
	if (makes_jwt(oauth2) && oauth2->key == NULL)
		load_error(load, LOAD_MISSING_KEY, node->span,
		    "`oauth2` needs `key`, to sign the JWT with");
	if (!makes_jwt(oauth2) && oauth2->key != NULL) {
		load_error(load, LOAD_EXCLUSIVE, load_key_span(node, "key"),
		    "no JWT is made that `key` could sign");
		load_repair(load, "write `grant: jwt-bearer` or "
		    "`client-auth: private-key-jwt`");
	}
}

static void
load_oauth2(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_oauth2 *oauth2 = into;

	load_map(load, node, &oauth2_table, oauth2);
	if (oauth2->grant == GRANT_JWT &&
	    yaml_tree_find(node, "client-auth") == NULL)
		oauth2->by = CLIENT_NONE;
	load_doubt_secret(load, oauth2->key);
	if (oauth2->by == CLIENT_SECRET_BASIC ||
	    oauth2->by == CLIENT_SECRET_POST)
		load_doubt_secret(load, oauth2->client);
	check_oauth2(load, node, oauth2);
}

/* ---- the whole ---- */

static const struct load_key auth_keys[] = {
	{"basic", KIND_MAP, LOAD_MAY, 0, NULL, &basic_table,
	    "user and password (RFC 7617)"},
	{"bearer", KIND_STRING, LOAD_MAY, IN(password), NULL, NULL,
	    "{secret: NAME}, a token (RFC 6750)"},
	{"header", KIND_MAP, LOAD_MAY, 0, NULL, &header_table,
	    "a header field of the endpoint's own"},
	{"query", KIND_MAP, LOAD_MAY, 0, NULL, &query_table,
	    "a parameter in the address of every request"},
	{"oauth2", KIND_MAP, LOAD_MAY, IN(oauth2), load_oauth2, &oauth2_table,
	    "a token that is fetched (RFC 6749)"},
	{"odoo", KIND_MAP, LOAD_MAY, 0, NULL, &odoo_table,
	    "database, login and API key"},
};
const struct load_table load_auth_table = LOAD_TABLE("`auth`", auth_keys);

static const struct load_key smtp_auth_keys[] = {
	{"basic", KIND_MAP, LOAD_MUST, 0, NULL, &basic_table,
	    "user and password (RFC 4954)"},
};
const struct load_table load_smtp_auth_table =
    LOAD_TABLE("`auth`", smtp_auth_keys);

static const struct load_key sftp_auth_keys[] = {
	{"basic", KIND_MAP, LOAD_MAY, 0, NULL, &basic_table,
	    "user and password"},
	{"key", KIND_MAP, LOAD_MAY, 0, NULL, &key_table,
	    "user and private key"},
};
const struct load_table load_sftp_auth_table =
    LOAD_TABLE("`auth`", sftp_auth_keys);

static const struct load_key amqp_auth_keys[] = {
	{"basic", KIND_MAP, LOAD_MAY, 0, NULL, &basic_table,
	    "user and password (SASL PLAIN)"},
	{"external", KIND_BOOLEAN, LOAD_MAY, IN(is_external), NULL, NULL,
	    "true: by our certificate, `tls.client-certificate` (SASL "
	    "EXTERNAL)"},
};
const struct load_table load_amqp_auth_table =
    LOAD_TABLE("`auth`", amqp_auth_keys);

void
load_amqp_auth(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_auth *auth = into;
	bool has_basic = yaml_tree_find(node, "basic") != NULL;

	load_map(load, node, &load_amqp_auth_table, auth);
	load_doubt_secret(load, auth->password);
	auth->kind = auth->is_external && !has_basic ? AUTH_EXTERNAL
						     : AUTH_BASIC;
	if (auth->is_external != has_basic)
		return;
	load_error(load, LOAD_EXCLUSIVE, node->span,
	    "`auth` takes one way of authentication");
	load_repair(load, "write basic or external");
}

void
load_sftp_auth(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_auth *auth = into;
	bool has_key = yaml_tree_find(node, "key") != NULL;

	load_map(load, node, &load_sftp_auth_table, auth);
	load_doubt_secret(load, auth->password);
	load_doubt_secret(load, auth->passphrase);
	auth->kind = has_key ? AUTH_KEY : AUTH_BASIC;
	if (has_key != (yaml_tree_find(node, "basic") != NULL))
		return;
	load_error(load, LOAD_EXCLUSIVE, node->span,
	    "`auth` takes one way of authentication");
	load_repair(load, "write basic or key");
}

void
load_auth(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct {
		const char *key;
		enum def_auth_kind kind;
	} kinds[] = {
		{"basic", AUTH_BASIC}, {"bearer", AUTH_BEARER},
		{"header", AUTH_HEADER}, {"query", AUTH_QUERY},
		{"oauth2", AUTH_OAUTH2}, {"odoo", AUTH_ODOO},
	};
	struct def_auth *auth = into;
	size_t found = 0;

	load_map(load, node, &load_auth_table, auth);
	load_doubt_secret(load, auth->password);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!yaml_tree_find(node, kinds[i].key))
			continue;
		auth->kind = kinds[i].kind;
		found++;
	}
	if (found == 1)
		return;
	load_error(load, LOAD_EXCLUSIVE, node->span,
	    "`auth` takes one way of authentication");
	load_repair(load, "write basic, bearer, header, query, oauth2 or odoo");
}
