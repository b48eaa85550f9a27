/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_config.c: stated.yaml.
 *
 * Every key stands in one table, from which reading, --help and the manual
 * come.  What is wrong is told with its place, all of it in one run.
 */
#include "serve_priv.h"

#include "stated/json.h"
#include "stated/store_keys.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (1024 * 1024)
#define SPAN_MS_MIN 1000
#define SPAN_MS_MAX (24LL * 60 * 60 * 1000)

struct reader {
	struct config *config;
	const struct yaml_places *places;
};

/* Reads the value of one key; path is its JSON Pointer. */
typedef void read_fn(
    struct reader *reader, struct str path, const struct value *value);

static read_fn read_environment, read_listen, read_certificate, read_key,
    read_store, read_workflows, read_settings, read_prefix, read_directory,
    read_systemd, read_vault_address, read_vault_namespace, read_vault_mount,
    read_vault_path, read_vault_ca, read_vault_token, read_vault_role,
    read_vault_secret, read_vault_refresh, read_required, read_tokens,
    read_insecure, read_body, read_connections, read_idle, read_queued,
    read_log_format, read_log_level, read_proofs, read_encryption_keys;

/* Keys that the language of interfaces has and this version has not. */
static read_fn not_yet;

static const struct {
	const char *path;
	read_fn *read;
	const char *otherwise; /* the default */
	const char *help;
} keys[] = {
    {"/environment", read_environment, "development",
	"its name; `production` refuses a fast clock"},
    {"/listen", read_listen, "127.0.0.1:8380", "addresses to serve on"},
    {"/tls/certificate", read_certificate, "none",
	"PEM file of the certificate and those above it"},
    {"/tls/key", read_key, "none", "PEM file of its key"},
    {"/tls/client-ca", not_yet, "none", "who signs clients' certificates"},
    {"/store", read_store, "sqlite:stated.db", "where everything is kept"},
    {"/encryption/keys", read_encryption_keys, "none",
	"list of {secret: NAME}; the database is written under the first"},
    {"/workflows", read_workflows, "workflows",
	"files and folders of definitions"},
    {"/proofs", read_proofs, "required in production",
	"required: nothing is published that has findings; or advised"},
    {"/settings", read_settings, "{}",
	"what connections read as settings.NAME"},
    {"/secrets/environment", read_prefix, "STATED_SECRET_",
	"how the variables begin that hold secrets"},
    {"/secrets/directory", read_directory, "none",
	"a folder with a file a secret"},
    {"/secrets/systemd", read_systemd, "true",
	"whether systemd's credentials are secrets"},
    {"/secrets/vault/address", read_vault_address, "none",
	"a Vault-compatible server (KV version 2)"},
    {"/secrets/vault/path", read_vault_path, "none",
	"its document; each field is a secret"},
    {"/secrets/vault/mount", read_vault_mount, "secret",
	"where its KV engine is mounted"},
    {"/secrets/vault/token", read_vault_token, "none",
	"{secret: NAME} of this machine, a token for it"},
    {"/secrets/vault/role-id", read_vault_role, "none",
	"{secret: NAME}, for AppRole in place of a token"},
    {"/secrets/vault/secret-id", read_vault_secret, "none",
	"{secret: NAME}, for AppRole"},
    {"/secrets/vault/namespace", read_vault_namespace, "none",
	"its namespace"},
    {"/secrets/vault/ca", read_vault_ca, "the system's",
	"PEM file of who signed its certificate"},
    {"/secrets/vault/refresh", read_vault_refresh, "5m",
	"how often it is read again"},
    {"/auth/required", read_required, "true",
	"whether callers need a token (without a file: no)"},
    {"/auth/tokens", read_tokens, "none",
	"list of {name, sha256 or token, roles, workflows, expires}"},
    {"/auth/oidc", not_yet, "none", "access tokens of an identity provider"},
    {"/insecure", read_insecure, "false",
	"serve others than this machine without TLS or without tokens"},
    {"/limits/body", read_body, "1MiB", "the largest request"},
    {"/limits/connections", read_connections, "10000", "open at once"},
    {"/limits/idle", read_idle, "60s",
	"how long a connection may be silent, a request take to come"},
    {"/limits/instances-queued", read_queued, "100000",
	"requests that wait for their turn"},
    {"/log/format", read_log_format, "text", "text or json"},
    {"/log/level", read_log_level, "info", "debug, info, warning or error"},
    {"/telemetry", not_yet, "none", "where traces go"},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* ---- complaints ---- */

/* "/auth/required" as people write it: auth.required. */
static const char *
name_of(struct reader *reader, struct str path)
{
	struct buf name = {0};
	const char *result;

	for (size_t i = 1; i < path.bytes; i++)
		buf_add_char(&name, path.at[i] == '/' ? '.' : path.at[i]);
	result = arena_strf(reader->config->arena, "%s", buf_cstr(&name)).at;
	buf_fini(&name);
	return result;
}

static void
complain(struct reader *reader, struct str path, const char *code,
    const char *text, const char *repair)
{
	diag_add(reader->config->diags, DIAG_ERROR, code,
	    yaml_place(reader->places, path), "`%s` %s", name_of(reader, path),
	    text);
	if (repair != NULL)
		diag_repair(reader->config->diags, "%s", repair);
}

static void
not_yet(struct reader *reader, struct str path, const struct value *value)
{
	(void)value;
	complain(reader, path, "C004", "is not available in this version",
	    "leave it out");
}

/* ---- kinds of values ---- */

static bool
take_text(struct reader *reader, struct str path, const struct value *value,
    struct str *out)
{
	if (value->type != VALUE_STRING || value->as.string.bytes == 0) {
		complain(reader, path, "C002", "takes a text", NULL);
		return false;
	}
	*out = value->as.string;
	return true;
}

static void
take_boolean(struct reader *reader, struct str path, const struct value *value,
    bool *out)
{
	if (value->type != VALUE_BOOLEAN)
		complain(reader, path, "C002", "takes true or false", NULL);
	else
		*out = value->as.boolean;
}

/* One text, or a list of them. */
static void
take_texts(struct reader *reader, struct str path, const struct value *value,
    const struct str **out, size_t *count)
{
	struct arena *arena = reader->config->arena;
	size_t wanted = value->type == VALUE_LIST ? value->as.list.count : 1;
	struct str *texts = ARENA_ARRAY(arena, wanted, struct str);

	for (size_t i = 0; i < wanted; i++) {
		struct str place =
		    value->type != VALUE_LIST
			? path
			: arena_strf(arena, "%.*s/%zu", STR_ARG(path), i);

		if (!take_text(reader, place,
			value->type == VALUE_LIST ? value->as.list.items[i]
						  : value,
			&texts[i]))
			return;
	}
	*out = texts;
	*count = wanted;
}

/* A number, or one with KiB, MiB or GiB behind it. */
static void
take_size(struct reader *reader, struct str path, const struct value *value,
    int64_t *out)
{
	static const struct {
		struct str unit;
		int64_t bytes;
	} units[] = {
	    {STR_INIT("KiB"), 1024},
	    {STR_INIT("MiB"), 1024 * 1024},
	    {STR_INIT("GiB"), 1024 * 1024 * 1024},
	};
	struct str text = value_str(value);
	int64_t unit = 1, n = 0;
	bool read;

	for (size_t i = 0; i < 3; i++)
		if (str_has_suffix(text, units[i].unit)) {
			text.bytes -= units[i].unit.bytes;
			unit = units[i].bytes;
		}
	read = value->type == VALUE_NUMBER
		   ? number_to_int(value->as.number, &n)
		   : str_parse_int(str_trim(text), 1, 1024 * 1024, &n);
	if (!read || n < 1)
		complain(reader, path, "C002",
		    "takes a whole number, or a size",
		    "write 1MiB, or 1048576");
	else
		*out = n * unit;
}

/* ---- keys ---- */

static void
read_environment(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->environment);
}

static void
read_listen(struct reader *reader, struct str path, const struct value *value)
{
	take_texts(reader, path, value, &reader->config->listen,
	    &reader->config->listen_count);
}

static void
read_certificate(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->tls_certificate);
}

static void
read_key(struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->tls_key);
}

static void
read_store(struct reader *reader, struct str path, const struct value *value)
{
	struct str text, prefix = STR("sqlite:");

	if (!take_text(reader, path, value, &text))
		return;
	if (!str_has_prefix(text, prefix) || text.bytes == prefix.bytes)
		complain(reader, path, "C003", "names no store that is known",
		    "write sqlite:PATH");
	else
		reader->config->store =
		    str_slice(text, prefix.bytes, text.bytes);
}

static void
read_workflows(
    struct reader *reader, struct str path, const struct value *value)
{
	take_texts(reader, path, value, &reader->config->workflows,
	    &reader->config->workflow_count);
}

static void
read_settings(struct reader *reader, struct str path, const struct value *value)
{
	if (value->type != VALUE_CONTEXT)
		complain(reader, path, "C002", "takes a mapping", NULL);
	else
		reader->config->settings = value;
}

static void
read_prefix(struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (take_text(reader, path, value, &text))
		secrets_set_environment(reader->config->secrets, text);
}

static void
read_directory(
    struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (take_text(reader, path, value, &text))
		secrets_set_directory(reader->config->secrets, text);
}

static void
read_systemd(struct reader *reader, struct str path, const struct value *value)
{
	bool systemd = true;

	take_boolean(reader, path, value, &systemd);
	secrets_set_systemd(reader->config->secrets, systemd);
}

static void
read_vault_address(
    struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (!take_text(reader, path, value, &text))
		return;
	if (!str_has_prefix(text, STR("https://")) &&
	    !str_has_prefix(text, STR("http://")))
		complain(reader, path, "C003", "is no address",
		    "write https://HOST:PORT");
	else
		reader->config->vault.address = text;
}

static void
read_vault_namespace(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(
	    reader, path, value, &reader->config->vault.namespace);
}

static void
read_vault_mount(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->vault.mount);
}

static void
read_vault_path(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->vault.path);
}

static void
read_vault_ca(struct reader *reader, struct str path, const struct value *value)
{
	(void)take_text(reader, path, value, &reader->config->vault.ca);
}

static void
take_secret_name(struct reader *reader, struct str path,
    const struct value *value, struct str *out)
{
	struct str name = value_str(value_field_or_null(value, "secret"));

	if (name.bytes == 0)
		complain(reader, path, "C002", "takes {secret: NAME}",
		    "a secret is named here, and not written");
	else
		*out = name;
}

static void
read_encryption_keys(
    struct reader *reader, struct str path, const struct value *value)
{
	struct arena *arena = reader->config->arena;
	struct str *names;

	if (value->type != VALUE_LIST || value->as.list.count == 0 ||
	    value->as.list.count > STORE_KEYS_MAX) {
		complain(reader, path, "C002",
		    "takes a list of one to 16 {secret: NAME}",
		    "leave `encryption` out where nothing is to be encrypted");
		return;
	}
	names = ARENA_ARRAY(arena, value->as.list.count, struct str);
	for (size_t i = 0; i < value->as.list.count; i++)
		take_secret_name(reader,
		    arena_strf(arena, "%.*s/%zu", STR_ARG(path), i),
		    value->as.list.items[i], &names[i]);
	reader->config->keys = names;
	reader->config->key_count = value->as.list.count;
}

static void
read_vault_token(
    struct reader *reader, struct str path, const struct value *value)
{
	take_secret_name(reader, path, value, &reader->config->vault.token);
}

static void
read_vault_role(
    struct reader *reader, struct str path, const struct value *value)
{
	take_secret_name(reader, path, value, &reader->config->vault.role_id);
}

static void
read_vault_secret(
    struct reader *reader, struct str path, const struct value *value)
{
	take_secret_name(
	    reader, path, value, &reader->config->vault.secret_id);
}

static void
read_required(struct reader *reader, struct str path, const struct value *value)
{
	take_boolean(reader, path, value, &reader->config->auth_required);
}

static void
read_insecure(struct reader *reader, struct str path, const struct value *value)
{
	take_boolean(reader, path, value, &reader->config->insecure);
}

static void
read_body(struct reader *reader, struct str path, const struct value *value)
{
	take_size(reader, path, value, &reader->config->body_bytes_max);
}

static void
read_connections(
    struct reader *reader, struct str path, const struct value *value)
{
	take_size(reader, path, value, &reader->config->connections_max);
}

static void
take_span(struct reader *reader, struct str path, const struct value *value,
    int64_t *out)
{
	struct def_span span;

	if (value->type != VALUE_STRING ||
	    !def_span_parse(value->as.string, &span) ||
	    span.kind != SPAN_FIXED || span.fixed_ms < SPAN_MS_MIN ||
	    span.fixed_ms > SPAN_MS_MAX)
		complain(reader, path, "C002",
		    "takes a time from 1s to 24h", "write 60s, or 2m");
	else
		*out = span.fixed_ms;
}

static void
read_idle(struct reader *reader, struct str path, const struct value *value)
{
	take_span(reader, path, value, &reader->config->idle_ms);
}

static void
read_vault_refresh(
    struct reader *reader, struct str path, const struct value *value)
{
	take_span(reader, path, value, &reader->config->vault.refresh_ms);
}

static void
read_queued(struct reader *reader, struct str path, const struct value *value)
{
	take_size(reader, path, value, &reader->config->instances_queued);
}

static void
take_word(struct reader *reader, struct str path, const struct value *value,
    const struct str *words, size_t count, struct str *out)
{
	struct str text;

	if (!take_text(reader, path, value, &text))
		return;
	for (size_t i = 0; i < count; i++)
		if (str_equal(words[i], text)) {
			*out = text;
			return;
		}
	complain(reader, path, "C003", "has no such value", NULL);
	diag_repair(reader->config->diags, "did you mean `%.*s`?",
	    STR_ARG(str_nearest(text, words, count).at != NULL
			? str_nearest(text, words, count)
			: words[0]));
}

static void
read_log_format(
    struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {STR_INIT("text"), STR_INIT("json")};

	take_word(reader, path, value, words, 2, &reader->config->log_format);
}

static void
read_log_level(
    struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {STR_INIT("debug"), STR_INIT("info"),
	    STR_INIT("warning"), STR_INIT("error")};

	take_word(reader, path, value, words, 4, &reader->config->log_level);
}

static void
read_proofs(struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {
	    STR_INIT("required"), STR_INIT("advised")};

	take_word(reader, path, value, words, 2, &reader->config->proofs);
}

/* ---- tokens ---- */

static bool
take_digest(struct reader *reader, struct str path, const struct value *value,
    struct api_token *token)
{
	const struct value *hash = value_get_cstr(value, "sha256");
	const struct value *text = value_get_cstr(value, "token");
	const struct value *secret = value_get_cstr(text, "secret");

	if (hash != NULL && text == NULL &&
	    digest_parse_hex(value_str(hash), &token->sha256))
		return true;
	if (secret == NULL || hash != NULL) {
		complain(reader, path, "C005",
		    "needs one of `sha256` (64 hex "
		    "digits of the token's SHA-256) and `token: {secret: "
		    "NAME}`",
		    NULL);
		return false;
	}
	secret = secrets_find_cb(reader->config->secrets, value_str(secret));
	if (secret == NULL) {
		complain(reader, path, "C006",
		    "names a secret that is not there",
		    "put it into the environment or the secrets' directory");
		return false;
	}
	token->sha256 = digest_sha256(value_str(secret));
	return true;
}

static void
take_roles(struct reader *reader, struct str path, const struct value *value,
    struct api_token *token)
{
	const struct value *roles = value_get_cstr(value, "roles");
	struct str place =
	    arena_strf(reader->config->arena, "%.*s/roles", STR_ARG(path));

	if (roles == NULL) {
		complain(reader, path, "C005", "needs `roles`",
		    "a token without a role may do nothing");
		return;
	}
	take_texts(reader, place, roles, &token->roles, &token->role_count);
	for (size_t i = 0; i < token->role_count; i++)
		if (!api_role_is_known(token->roles[i]))
			complain(reader, place, "C003",
			    "names a role that is not "
			    "known",
			    "initiator, approver:ROLE, operator, auditor, "
			    "author, publisher, admin");
}

static void
take_token(struct reader *reader, struct str path, const struct value *value,
    struct api_token *token)
{
	const struct value *part;

	for (size_t i = 0;
	     value->type == VALUE_CONTEXT && i < value->as.context.count; i++) {
		static const struct str known[] = {STR_INIT("name"),
		    STR_INIT("sha256"), STR_INIT("token"), STR_INIT("roles"),
		    STR_INIT("workflows"), STR_INIT("expires")};
		struct str key = value->as.context.fields[i].key;
		bool found = false;

		for (size_t j = 0; j < 6; j++)
			found = found || str_equal(known[j], key);
		if (!found)
			complain(reader,
			    arena_strf(reader->config->arena, "%.*s/%.*s",
				STR_ARG(path), STR_ARG(key)),
			    "C001", "is an unknown key", NULL);
	}
	part = value_get_cstr(value, "name");
	if (part == NULL || value_str(part).bytes == 0)
		complain(reader, path, "C005", "needs a `name`", NULL);
	else
		token->name = value_str(part);
	(void)take_digest(reader, path, value, token);
	take_roles(reader, path, value, token);
	part = value_get_cstr(value, "workflows");
	if (part != NULL)
		take_texts(reader, path, part, &token->workflows,
		    &token->workflow_count);
	part = value_get_cstr(value, "expires");
	if (part != NULL && !clock_parse(value_str(part), &token->expires_ms))
		complain(reader, path, "C002",
		    "has an `expires` that is no time", "2027-01-31T00:00:00Z");
}

static void
read_tokens(struct reader *reader, struct str path, const struct value *value)
{
	struct arena *arena = reader->config->arena;
	struct api_token *tokens;

	if (value->type != VALUE_LIST) {
		complain(reader, path, "C002", "takes a list", NULL);
		return;
	}
	tokens = ARENA_ARRAY(arena, value->as.list.count, struct api_token);
	for (size_t i = 0; i < value->as.list.count; i++)
		take_token(reader,
		    arena_strf(arena, "%.*s/%zu", STR_ARG(path), i),
		    value->as.list.items[i], &tokens[i]);
	reader->config->tokens = tokens;
	reader->config->token_count = value->as.list.count;
}

/* ---- the Vault ---- */

static void
open_vault(struct reader *reader)
{
	const struct vault_config *vault = &reader->config->vault;
	bool has_role =
	    vault->role_id.at != NULL && vault->secret_id.at != NULL;
	struct str path = STR("/secrets/vault/address");

	if (vault->address.at == NULL)
		return;
	if (vault->path.at == NULL)
		complain(reader, path, "C005", "needs `path` beside it",
		    "the document that holds the secrets");
	else if ((vault->token.at != NULL) == has_role)
		complain(reader, path, "C005",
		    "needs either `token`, or `role-id` and `secret-id`", NULL);
	else
		secrets_set_vault(reader->config->secrets, vault);
}

/* ---- the keys of the database ---- */

static bool
read_key_of(struct reader *reader, size_t index, struct secrets *secrets,
    struct cipher_key *key)
{
	struct config *config = reader->config;
	struct str path = arena_strf(
	    config->arena, "/encryption/keys/%zu", index);
	const struct value *text =
	    secrets_find_cb(secrets, config->keys[index]);

	if (text == NULL)
		complain(reader, path, "C006",
		    "names a secret that is not there",
		    "put it where `secrets` looks for it: `stated serve "
		    "--help` tells; what was encrypted can't be read without");
	else if (!cipher_key_parse(str_trim(value_str(text)), key))
		complain(reader, path, "C003",
		    "names a secret that is no key: 32 bytes, as 64 "
		    "hexadecimal digits or as Base64",
		    "openssl rand -hex 32 makes one");
	else
		return true;
	return false;
}

bool
config_keys(struct config *config, struct secrets *secrets,
    struct store_keys **ring)
{
	struct reader reader = {.config = config, .places = config->places};
	struct cipher_key read[STORE_KEYS_MAX];
	bool is_done = true;

	must(config->key_count <= STORE_KEYS_MAX);
	for (size_t i = 0; i < config->key_count; i++)
		is_done &= read_key_of(&reader, i, secrets, &read[i]);
	for (size_t i = 0; i < config->key_count && is_done; i++) {
		if (*ring == NULL)
			*ring = store_keys_new();
		is_done = i == 0 ? store_keys_lead(
				       *ring, config->keys[i], &read[i])
				 : store_keys_add(
				       *ring, config->keys[i], &read[i]);
		if (!is_done)
			complain(&reader, STR("/encryption/keys"), "C003",
			    "has more keys than may be known until a restart",
			    "`stated rekey`, and name the first one only");
	}
	for (size_t i = 0; i < config->key_count; i++)
		cipher_key_forget(&read[i]);
	return is_done;
}

/* ---- the whole ---- */

static bool
is_group(struct str path)
{
	struct buf prefix = {0};
	bool found = false;

	buf_add_str(&prefix, path);
	buf_add_char(&prefix, '/');
	for (size_t i = 0; i < KEY_COUNT; i++)
		found = found ||
			str_has_prefix(str_of(keys[i].path), buf_str(&prefix));
	buf_fini(&prefix);
	return found;
}

static void
complain_unknown(struct reader *reader, struct str path)
{
	struct str known[KEY_COUNT], near;

	for (size_t i = 0; i < KEY_COUNT; i++)
		known[i] = str_of(keys[i].path);
	near = str_nearest(path, known, KEY_COUNT);
	diag_add(reader->config->diags, DIAG_ERROR, "C001",
	    yaml_place_of_key(reader->places, path), "unknown key `%s`",
	    name_of(reader, path));
	if (near.at != NULL)
		diag_repair(reader->config->diags, "did you mean `%s`?",
		    name_of(reader, near));
	else
		diag_repair(reader->config->diags,
		    "`stated serve --help` lists the keys");
}

static void
read_map(struct reader *reader, struct str path, const struct value *map)
{
	for (size_t i = 0; i < map->as.context.count; i++) {
		const struct value_field *field = &map->as.context.fields[i];
		struct str below = arena_strf(reader->config->arena,
		    "%.*s/%.*s", STR_ARG(path), STR_ARG(field->key));
		size_t key = 0;

		while (key < KEY_COUNT &&
		       !str_equal(str_of(keys[key].path), below))
			key++;
		if (key < KEY_COUNT)
			keys[key].read(reader, below, field->value);
		else if (!is_group(below))
			complain_unknown(reader, below);
		else if (field->value->type == VALUE_CONTEXT)
			read_map(reader, below, field->value);
		else
			complain(
			    reader, below, "C002", "takes a mapping", NULL);
	}
}

static const struct value *
read_document(struct reader *reader, struct str path)
{
	struct arena *arena = reader->config->arena;
	struct diag_source *source = ARENA_NEW(arena, struct diag_source);
	struct diag_span span = {.source = source};
	FILE *file = fopen(arena_cstr(arena, path), "re");
	const struct value *value = NULL;
	struct buf text = {0};

	source->file = path;
	if (file == NULL || !buf_add_file(&text, file, FILE_BYTES_MAX))
		diag_add(reader->config->diags, DIAG_ERROR, "C000", span,
		    "the configuration can't be read: %m");
	else if (text.bytes > FILE_BYTES_MAX)
		diag_add(reader->config->diags, DIAG_ERROR, "C000", span,
		    "the configuration is larger than 1 MiB");
	else
		value = yaml_read(arena, path, buf_str(&text),
		    reader->config->diags, &reader->places);
	if (file != NULL)
		fclose(file);
	buf_fini(&text);
	return value;
}

struct config *
config_new(void)
{
	static const struct str listen = STR_INIT("127.0.0.1:8380");
	static const struct str workflows = STR_INIT("workflows");
	struct config *config = calloc(1, sizeof(*config));

	must(config != NULL);
	config->arena = arena_new();
	config->diags = diag_list_new();
	config->secrets = secrets_new();
	config->environment = STR("development");
	config->listen = &listen;
	config->listen_count = 1;
	config->store = STR("stated.db");
	config->workflows = &workflows;
	config->workflow_count = 1;
	config->settings = value_built(value_build_context(config->arena));
	config->connections_max = 10000;
	config->log_format = STR("text");
	config->log_level = STR("info");
	return config;
}

void
config_free(struct config **config)
{
	if (*config == NULL)
		return;
	secrets_free(&(*config)->secrets);
	diag_list_free(&(*config)->diags);
	arena_free(&(*config)->arena);
	free(*config);
	*config = NULL;
}

bool
config_read(struct config *config, struct str file)
{
	struct reader reader = {.config = config};
	const struct value *value;

	config->file = file;
	config->auth_required = true;
	value = read_document(&reader, file);
	if (value != NULL && value->type == VALUE_CONTEXT)
		read_map(&reader, STR(""), value);
	else if (value != NULL)
		complain(&reader, STR("/"), "C002",
		    "the configuration must be a mapping", NULL);
	open_vault(&reader);
	config->places = reader.places;
	return diag_count(config->diags, DIAG_ERROR) == 0;
}

void
config_describe(struct buf *out)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].read == not_yet)
			continue;
		buf_addf(out, "  ");
		for (const char *c = keys[i].path + 1; *c; c++)
			buf_add_char(out, *c == '/' ? '.' : *c);
		buf_addf(out, "%*s %s (%s)\n", (int)(24 - strlen(keys[i].path)),
		    "", keys[i].help, keys[i].otherwise);
	}
}
