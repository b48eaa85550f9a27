/* SPDX-License-Identifier: Apache-2.0 */
/* load_connection.c: an endpoint: where it is, who we are to it, its limits. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)
/* ---- limits ---- */

static void
load_rate(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
	struct def_connection *connection = into;
	struct str unit = {0};
	struct str count = node->kind == NODE_TEXT ?
	    str_split(node->text, '/', &unit) : STR("");

	connection->rate_ms = 0;
	for (size_t i = 0; i < 3; i++) {
		if (str_equal(unit, str_of(units[i].unit)))
			connection->rate_ms = units[i].ms;
	}
	if (connection->rate_ms > 0 && str_parse_int(count, 1, 1000000000,
	    &connection->rate_count))
		return;
	connection->rate_ms = 0;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`rate` takes a number per second, minute or hour");
	load_repair(load, "write 50/s, 600/m or 1000/h");
}

static const struct load_table rate_form = LOAD_PATTERN("^[0-9]+/[smh]$");

/* More than a GiB nobody can hold beside all else. */
static void
load_answer(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = {{"KiB", 1024}, {"MiB", 1024 * 1024}};
	struct def_connection *connection = into;
	int64_t count = 0;

	for (size_t i = 0; i < 2 && node->kind == NODE_TEXT; i++) {
		struct str unit = str_of(units[i].unit);

		if (str_has_suffix(node->text, unit) &&
		    str_parse_int(str_slice(node->text, 0,
		    node->text.bytes - unit.bytes), 1,
		    1024 * 1024 * 1024 / units[i].bytes, &count))
			connection->answer_bytes_max =
			    count * units[i].bytes;
	}
	if (count > 0)
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`answer` takes a size of at most 1024MiB");
	load_repair(load, "write 64MiB or 500KiB");
}

static const struct load_table answer_form =
    LOAD_PATTERN("^[0-9]+(KiB|MiB)$");

static const struct load_key limits_keys[] = {
	{"concurrency", KIND_POSITIVE, LOAD_MAY, IN(concurrency), NULL, NULL,
	    "calls at once; 64 unless told"},
	{"rate", KIND_OWN, LOAD_MAY, 0, load_rate, &rate_form,
	    "calls per second, minute or hour: 50/s"},
	{"answer", KIND_OWN, LOAD_MAY, 0, load_answer, &answer_form,
	    "the longest answer that is taken, unpacked: 64MiB; 16MiB unless "
	    "told"},
};
static const struct load_key breaker_keys[] = {
	{"failures", KIND_POSITIVE, LOAD_MUST, IN(breaker_failures), NULL, NULL,
	    "so many failures open it: no call is made then"},
	{"within", KIND_DURATION, LOAD_MAY, IN(breaker_within_ms), NULL, NULL,
	    "when they come within this time; 30s unless told"},
	{"open", KIND_DURATION, LOAD_MAY, IN(breaker_open_ms), NULL, NULL,
	    "no call is made for so long; 30s unless told"},
};
static const struct load_key tls_keys[] = {
	{"client-certificate", KIND_STRING, LOAD_MAY, IN(client_certificate),
	    NULL, NULL, "{secret: NAME} of key and certificate in PEM"},
	{"client-key", KIND_STRING, LOAD_MAY, IN(client_key), NULL, NULL,
	    "{secret: NAME}, the key, where it isn't with the certificate"},
	{"ca", KIND_STRING, LOAD_MAY, IN(ca), NULL, NULL,
	    "who the server's certificate is signed by, in PEM or a path"},
};
const struct load_table load_limits_table =
    LOAD_TABLE("`limits`", limits_keys);
const struct load_table load_breaker_table =
    LOAD_TABLE("`breaker`", breaker_keys);
const struct load_table load_tls_table = LOAD_TABLE("`tls`", tls_keys);

/* ---- the way there ---- */

#define IN_PROXY(field) offsetof(struct def_proxy, field)

static void
load_except(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_proxy *proxy = into;

	proxy->except =
	    load_texts(load, node, "except", &proxy->except_count);
}

static const struct load_key proxy_keys[] = {
	{"url", KIND_STRING, LOAD_MUST, IN_PROXY(url), NULL, NULL,
	    "http:// or https://, with its port; null: no proxy"},
	{"user", KIND_STRING, LOAD_MAY, IN_PROXY(user), NULL, NULL,
	    "who we are to the proxy"},
	{"password", KIND_STRING, LOAD_MAY, IN_PROXY(password), NULL, NULL,
	    "the password: {secret: NAME}"},
	{"ca", KIND_STRING, LOAD_MAY, IN_PROXY(ca), NULL, NULL,
	    "who its certificate is signed by, in PEM or a path"},
	{"except", KIND_OWN, LOAD_MAY, 0, load_except, &load_form_texts,
	    "hosts, domains and networks that are asked directly"},
};
static const struct load_table proxy_table =
    LOAD_TABLE("`proxy`", proxy_keys);

static void
load_proxy(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;
	struct def_proxy *proxy = ARENA_NEW(load->arena, struct def_proxy);

	load_map(load, node, &proxy_table, proxy);
	load_doubt_secret(load, proxy->password);
	if (!proxy->url)
		proxy->url = load_literal(load, &value_null, node->span);
	connection->proxy = proxy;
}

/* ---- the connection ---- */

static const struct load_word kind_words[] = {
	{"http", CONNECTION_HTTP},
	{"odoo", CONNECTION_ODOO},
	{"smtp", CONNECTION_SMTP},
	{"sftp", CONNECTION_SFTP},
	{"amqp", CONNECTION_AMQP},
};
const struct load_table load_form_connection_kind = LOAD_WORDS(kind_words);

void
load_connection_kind(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_connection *connection = into;

	connection->kind = (enum def_connection_kind)LOAD_CHOOSE(load, node,
	    kind_words, "kind");
}

void
load_connection_errors(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_connection *connection = into;

	load_error_rules(load, node, &connection->errors,
	    &connection->error_count);
}

static const struct load_key connection_keys[] = {
	LOAD_ROWS_CONNECTION(
	    "how it is spoken to: http, odoo, smtp, sftp or amqp"),
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "where it is, usually = settings.…"},
	{"auth", KIND_MAP, LOAD_MAY, IN(auth), load_auth, &load_auth_table,
	    "who we are to it, and how we prove it"},
	{"tls", KIND_MAP, LOAD_MAY, 0, NULL, &load_tls_table,
	    "our certificate, and whom we trust"},
	{"sign", KIND_MAP, LOAD_MAY, IN(sign), load_signature_sign,
	    &load_signature_sign_table, "how requests are signed"},
	{"verify", KIND_MAP, LOAD_MAY, IN(verify), load_signature_answer,
	    &load_signature_answer_table, "how answers have to be signed"},
	{"proxy", KIND_MAP, LOAD_MAY, 0, load_proxy, &proxy_table,
	    "the host that calls go through; none unless told"},
	LOAD_ROWS_CONNECTION_LIMITS(
	    "how long to wait for an answer; 30s unless told"),
	{"headers", KIND_VALUE, LOAD_MAY, IN(headers), NULL, NULL,
	    "header fields of all requests"},
	{"operations", KIND_MAP, LOAD_MUST, 0, load_operations,
	    &load_form_operations, "what it can be asked to do"},
	LOAD_ROW_CONNECTION_ERRORS,
	{"webhooks", KIND_MAP, LOAD_MAY, 0, NULL, &load_webhooks_table,
	    "what it may send to /hooks/NAME"},
};
const struct load_table load_connection_table =
    LOAD_TABLE("a connection", connection_keys);

static const struct load_case connection_cases[] = {
	{"kind", "smtp", CONNECTION_SMTP, &load_smtp_table},
	{"kind", "sftp", CONNECTION_SFTP, &load_sftp_table},
	{"kind", "amqp", CONNECTION_AMQP, &load_amqp_table},
	{NULL, NULL, CONNECTION_HTTP, &load_connection_table},
};
const struct load_table load_connection_cases_table =
    LOAD_CASES("a connection of any kind", connection_cases);

/* What a connection may have goes by its kind, wherever that stands. */
static enum def_connection_kind
find_kind(const struct yaml_node *root)
{
	const struct yaml_node *kind = yaml_tree_find(root, "kind");

	for (size_t i = 0; kind && kind->kind == NODE_TEXT &&
	    i < sizeof(kind_words) / sizeof(kind_words[0]); i++) {
		if (str_equal(kind->text, str_of(kind_words[i].name)))
			return (enum def_connection_kind)kind_words[i].value;
	}
	return CONNECTION_HTTP;
}

struct def_connection *
load_connection_made(struct load *load, enum def_connection_kind kind,
    struct str name, struct diag_span span)
{
	struct def_connection *connection =
	    ARENA_NEW(load->arena, struct def_connection);

	connection->name = name;
	connection->file = load->document->source->diag.file;
	connection->span = span;
	connection->kind = kind;
	connection->concurrency = 64;
	connection->timeout_ms = 30 * 1000;
	connection->heartbeat_ms = 30 * 1000;
	connection->breaker_within_ms = 30 * 1000;
	connection->breaker_open_ms = 30 * 1000;
	return connection;
}

static void
check_certificate(struct load *load, const struct def_connection *connection)
{
	if (connection->client_key != NULL &&
	    connection->client_certificate == NULL)
		load_error(load, LOAD_MISSING_KEY,
		    connection->client_key->span,
		    "`client-key` needs `client-certificate`");
}

static void
check_odoo(struct load *load, const struct def_connection *connection)
{
	if (connection->sign.scheme != SIGNED_NONE ||
	    connection->verify.scheme != SIGNED_NONE)
		load_error(load, LOAD_EXCLUSIVE, connection->span,
		    "Odoo neither verifies requests nor signs answers: "
		    "`sign` and `verify` are for kind http");
	if (connection->auth.kind == AUTH_ODOO ||
	    connection->auth.kind == AUTH_BEARER)
		return;
	/* A bearer's API key speaks JSON-2. */
	load_error(load, LOAD_MISSING_KEY, connection->span,
	    "a connection of kind odoo needs `auth: {odoo: …}` "
	    "or `auth: {bearer: …}`");
}

/* One that is written down has to say how the endpoint is spoken to. */
static void
check_url(struct load *load, const struct def_connection *connection)
{
	const struct value *url = connection->url->literal;
	static const char *const schemes[] = {
		[CONNECTION_HTTP] = "https:// or http://",
		[CONNECTION_ODOO] = "https:// or http://",
		[CONNECTION_SMTP] = "smtp:// or smtps://",
		[CONNECTION_SFTP] = "sftp://",
		[CONNECTION_AMQP] = "amqp:// or amqps://",
	};

	if (connection->url->kind != TEMPLATE_LITERAL ||
	    url->type != VALUE_STRING ||
	    str_find(url->as.string, STR("://")) != SIZE_MAX)
		return;
	load_error(load, LOAD_BAD_FORM, connection->url->span,
	    "`url` has to begin with %s", schemes[connection->kind]);
}

static const struct load_table *
table_of(enum def_connection_kind kind)
{
	switch (kind) {
	case CONNECTION_SMTP:
		return &load_smtp_table;
	case CONNECTION_SFTP:
		return &load_sftp_table;
	case CONNECTION_AMQP:
		return &load_amqp_table;
	case CONNECTION_HTTP:
	case CONNECTION_ODOO:
		break;
	}
	return &load_connection_table;
}

struct def_connection *
load_connection(struct load *load)
{
	const struct yaml_node *root = load->document->root;
	enum def_connection_kind kind = find_kind(root);
	struct def_connection *connection = load_connection_made(load, kind,
	    (struct str){0}, root->span);

	load->scope = load_connection_scope(load);
	load_map(load, root, table_of(kind), connection);
	if (!connection->url)
		connection->url = load_literal(load, &value_null, root->span);
	check_url(load, connection);
	if (kind == CONNECTION_SMTP)
		load_mail_operations(load, connection);
	if (kind == CONNECTION_ODOO)
		check_odoo(load, connection);
	if (kind == CONNECTION_AMQP)
		load_amqp_check(load, connection);
	check_certificate(load, connection);
	load_scope_free(&load->scope);
	return connection;
}
