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
#define SKEW_MS (60LL * 1000)
#define SPAN_MS_MIN 1000
#define SPAN_MS_MAX (24LL * 60 * 60 * 1000)

static config_read_fn read_environment, read_listen, read_certificate, read_key,
    read_store, read_workflows, read_settings, read_prefix, read_directory,
    read_systemd, read_vault_address, read_vault_namespace, read_vault_mount,
    read_vault_path, read_vault_ca, read_vault_token, read_vault_role,
    read_vault_secret, read_vault_refresh, read_required, read_client_ca,
    read_client_certificate, read_sign_ins, read_insecure, read_body,
    read_connections, read_idle, read_queued, read_log_format, read_log_level,
    read_proofs, read_checkpoint_key, read_checkpoint_every,
    read_checkpoint_file, read_checkpoint_webhook, read_checkpoint_log,
    read_second_person, read_break_glass, read_encryption_keys;

/* Keys that the language of interfaces has and this version has not. */
static config_read_fn not_yet;

static const struct {
	const char *path;
	config_read_fn *read;
	const char *otherwise; /* the default */
	const char *help;
} keys[] = {
    {"/environment", read_environment, "development",
	"its name; `production` refuses a fast clock"},
    {"/listen", read_listen, "127.0.0.1:8380", "addresses to serve on"},
    {"/tls/certificate", read_certificate, "none",
	"PEM file of the certificate and those above it"},
    {"/tls/key", read_key, "none", "PEM file of its key, or {secret: NAME}"},
    {"/tls/client-ca", read_client_ca, "none",
	"PEM file of who signs clients' certificates"},
    {"/tls/client-certificate", read_client_certificate, "optional",
	"optional, or required: of every client"},
    {"/store", read_store, "sqlite:stated.db", "where everything is kept"},
    {"/encryption/keys", read_encryption_keys, "none",
	"list of {secret: NAME}; the database is written under the first"},
    {"/workflows", read_workflows, "workflows",
	"files and folders of definitions"},
    {"/proofs", read_proofs, "required in production",
	"required: nothing is published that has findings; or advised"},
    {"/publishing/second-person", read_second_person, "false",
	"whether another person has to confirm what is published"},
    {"/break-glass/contact", read_break_glass, "none: nobody may",
	"who is told of what is done without a second person"},
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
    {"/auth/tokens", access_read_tokens, "none",
	"list of {name, sha256 or token, roles, workflows, entities, expires}"},
    {"/auth/certificates", access_read_certificates, "none",
	"list of {subject or san, name, roles, workflows, entities}"},
    {"/auth/oidc/issuer", access_read_issuer, "none",
	"an OpenID provider whose access tokens are taken"},
    {"/auth/oidc/audience", access_read_audience, "none",
	"what its tokens for this server have as `aud`"},
    {"/auth/oidc/roles-claim", access_read_roles_claim, "roles",
	"the claim with the roles: a name, or a path with dots"},
    {"/auth/oidc/roles", access_read_rules, "its values are our roles",
	"a mapping of that claim's values to roles"},
    {"/auth/oidc/name-claim", access_read_name_claim, "sub",
	"the claim that says who it is"},
    {"/auth/oidc/workflows-claim", access_read_workflows_claim, "none",
	"the claim with the workflows that it is limited to"},
    {"/auth/oidc/entities-claim", access_read_entities_claim, "none",
	"the claim with the entities that it is limited to"},
    {"/auth/oidc/algorithms", access_read_algorithms, "all of key pairs",
	"those that are taken: RS256, PS256, ES256, EdDSA and others"},
    {"/auth/oidc/strict", access_read_strict, "false",
	"take only what calls itself at+jwt (RFC 9068)"},
    {"/auth/oidc/tolerance", access_read_tolerance, "60s",
	"how far its clock may be off"},
    {"/auth/oidc/ca", access_read_issuer_ca, "the system's",
	"PEM file of who signed its certificate"},
    {"/insecure", read_insecure, "false",
	"serve others than this machine without TLS or without tokens"},
    {"/limits/body", read_body, "1MiB", "the largest request"},
    {"/limits/connections", read_connections, "10000", "open at once"},
    {"/limits/idle", read_idle, "60s",
	"how long a connection may be silent, a request take to come"},
    {"/limits/sign-ins", read_sign_ins, "60",
	"sign-ins that may fail in a minute, from one address"},
    {"/limits/instances-queued", read_queued, "100000",
	"requests that wait for their turn"},
    {"/checkpoints/key", read_checkpoint_key, "none",
	"{secret: NAME}, a private key of Ed25519 in PEM: they are signed by "
	"it"},
    {"/checkpoints/every", read_checkpoint_every, "1h",
	"how often one is made where anything was recorded; off: when asked"},
    {"/checkpoints/file", read_checkpoint_file, "none",
	"each is appended to it, a line each"},
    {"/checkpoints/webhook", read_checkpoint_webhook, "none",
	"each is posted to that URL, until it is taken"},
    {"/checkpoints/log", read_checkpoint_log, "true",
	"whether each stands in the log"},
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

void
config_complain(struct reader *reader, struct str path, const char *code,
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
	config_complain(reader, path, "C004",
	    "is not available in this version", "leave it out");
}

/* ---- kinds of values ---- */

bool
config_take_text(struct reader *reader, struct str path,
    const struct value *value, struct str *out)
{
	if (value->type != VALUE_STRING || value->as.string.bytes == 0) {
		config_complain(reader, path, "C002", "takes a text", NULL);
		return false;
	}
	*out = value->as.string;
	return true;
}

void
config_take_boolean(struct reader *reader, struct str path,
    const struct value *value, bool *out)
{
	if (value->type != VALUE_BOOLEAN)
		config_complain(
		    reader, path, "C002", "takes true or false", NULL);
	else
		*out = value->as.boolean;
}

/* One text, or a list of them. */
void
config_take_texts(struct reader *reader, struct str path,
    const struct value *value, const struct str **out, size_t *count)
{
	struct arena *arena = reader->config->arena;
	size_t wanted = value->type == VALUE_LIST ? value->as.list.count : 1;
	struct str *texts = ARENA_ARRAY(arena, wanted, struct str);

	for (size_t i = 0; i < wanted; i++) {
		struct str place =
		    value->type != VALUE_LIST
			? path
			: arena_strf(arena, "%.*s/%zu", STR_ARG(path), i);

		if (!config_take_text(reader, place,
			value->type == VALUE_LIST ? value->as.list.items[i]
						  : value,
			&texts[i]))
			return;
	}
	*out = texts;
	*count = wanted;
}

/* A number, or one with KiB, MiB or GiB behind it. */
static bool
read_size(const struct value *value, int64_t *out)
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
		return false;
	*out = n * unit;
	return true;
}

static void
take_count(struct reader *reader, struct str path, const struct value *value,
    int64_t *out)
{
	if (!read_size(value, out))
		config_complain(reader, path, "C002",
		    "takes a whole number, 1 or more", NULL);
}

/* ---- keys ---- */

static void
read_environment(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->environment);
}

static void
read_listen(struct reader *reader, struct str path, const struct value *value)
{
	config_take_texts(reader, path, value, &reader->config->listen,
	    &reader->config->listen_count);
}

static void
read_certificate(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->tls_certificate);
}

static void
read_key(struct reader *reader, struct str path,
    const struct value *value)
{
	struct str secret = value_field_str(value, "secret");

	if (secret.bytes > 0)
		reader->config->tls_key_secret = secret;
	else
		(void)config_take_text(
		    reader, path, value, &reader->config->tls_key);
}

static void
read_client_ca(struct reader *reader, struct str path,
    const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->tls_client_ca);
}

static void
read_client_certificate(struct reader *reader, struct str path,
    const struct value *value)
{
	static const struct str words[] = {
	    STR_INIT("optional"), STR_INIT("required")};
	struct str word = words[0];

	config_take_word(reader, path, value, words, 2, &word);
	reader->config->tls_client_required = str_equal(word, words[1]);
}

static void
read_store(struct reader *reader, struct str path, const struct value *value)
{
	struct str text, prefix = STR("sqlite:");

	if (!config_take_text(reader, path, value, &text))
		return;
	if (!str_has_prefix(text, prefix) || text.bytes == prefix.bytes)
		config_complain(reader, path, "C003",
		    "names no store that is known", "write sqlite:PATH");
	else
		reader->config->store =
		    str_slice(text, prefix.bytes, text.bytes);
}

static void
read_workflows(
    struct reader *reader, struct str path, const struct value *value)
{
	config_take_texts(reader, path, value, &reader->config->workflows,
	    &reader->config->workflow_count);
}

static void
read_settings(struct reader *reader, struct str path, const struct value *value)
{
	if (value->type != VALUE_CONTEXT)
		config_complain(reader, path, "C002", "takes a mapping", NULL);
	else
		reader->config->settings = value;
}

static void
read_prefix(struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (config_take_text(reader, path, value, &text))
		secrets_set_environment(reader->config->secrets, text);
}

static void
read_directory(
    struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (config_take_text(reader, path, value, &text))
		secrets_set_directory(reader->config->secrets, text);
}

static void
read_systemd(struct reader *reader, struct str path, const struct value *value)
{
	bool systemd = true;

	config_take_boolean(reader, path, value, &systemd);
	secrets_set_systemd(reader->config->secrets, systemd);
}

static void
read_vault_address(
    struct reader *reader, struct str path, const struct value *value)
{
	struct str text;

	if (!config_take_text(reader, path, value, &text))
		return;
	if (!str_has_prefix(text, STR("https://")) &&
	    !str_has_prefix(text, STR("http://")))
		config_complain(reader, path, "C003", "is no address",
		    "write https://HOST:PORT");
	else
		reader->config->vault.address = text;
}

static void
read_vault_namespace(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->vault.namespace);
}

static void
read_vault_mount(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->vault.mount);
}

static void
read_vault_path(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->vault.path);
}

static void
read_vault_ca(struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(reader, path, value, &reader->config->vault.ca);
}

static void
take_secret_name(struct reader *reader, struct str path,
    const struct value *value, struct str *out)
{
	struct str name = value_field_str(value, "secret");

	if (name.bytes == 0)
		config_complain(reader, path, "C002", "takes {secret: NAME}",
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
		config_complain(reader, path, "C002",
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
read_checkpoint_key(
    struct reader *reader, struct str path, const struct value *value)
{
	take_secret_name(
	    reader, path, value, &reader->config->checkpoints.key);
}

static void
read_checkpoint_file(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(
	    reader, path, value, &reader->config->checkpoints.file);
}

static void
read_checkpoint_webhook(
    struct reader *reader, struct str path, const struct value *value)
{
	struct str url;

	if (!config_take_text(reader, path, value, &url))
		return;
	if (!str_has_prefix(url, STR("https://")) &&
	    !str_has_prefix(url, STR("http://")))
		config_complain(reader, path, "C002", "takes a URL of http or https",
		    NULL);
	reader->config->checkpoints.webhook = url;
}

static void
read_checkpoint_log(
    struct reader *reader, struct str path, const struct value *value)
{
	config_take_boolean(reader, path, value, &reader->config->checkpoints.log);
}

static void
read_required(struct reader *reader, struct str path, const struct value *value)
{
	config_take_boolean(
	    reader, path, value, &reader->config->auth_required);
}

static void
read_insecure(struct reader *reader, struct str path, const struct value *value)
{
	config_take_boolean(reader, path, value, &reader->config->insecure);
}

static void
read_body(struct reader *reader, struct str path, const struct value *value)
{
	if (!read_size(value, &reader->config->body_bytes_max))
		config_complain(reader, path, "C002",
		    "takes a whole number, or a size",
		    "write 1MiB, or 1048576");
}

static void
read_connections(
    struct reader *reader, struct str path, const struct value *value)
{
	take_count(reader, path, value, &reader->config->connections_max);
}

void
config_take_span(struct reader *reader, struct str path,
    const struct value *value, int64_t *out)
{
	struct def_span span;

	if (value->type != VALUE_STRING ||
	    !def_span_parse(value->as.string, &span) ||
	    span.kind != SPAN_FIXED || span.fixed_ms < SPAN_MS_MIN ||
	    span.fixed_ms > SPAN_MS_MAX)
		config_complain(reader, path, "C002",
		    "takes a time from 1s to 24h", "write 60s, or 2m");
	else
		*out = span.fixed_ms;
}

static void
read_checkpoint_every(
    struct reader *reader, struct str path, const struct value *value)
{
	if (str_equal(value_str(value), STR("off")) ||
	    (value->type == VALUE_BOOLEAN && !value_is_true(value)))
		reader->config->checkpoints.every_ms = 0;
	else
		config_take_span(reader, path, value,
		    &reader->config->checkpoints.every_ms);
}

static void
read_idle(struct reader *reader, struct str path, const struct value *value)
{
	config_take_span(reader, path, value, &reader->config->idle_ms);
}

static void
read_vault_refresh(
    struct reader *reader, struct str path, const struct value *value)
{
	config_take_span(
	    reader, path, value, &reader->config->vault.refresh_ms);
}

static void
read_sign_ins(struct reader *reader, struct str path,
    const struct value *value)
{
	take_count(reader, path, value, &reader->config->sign_ins_max);
}

static void
read_queued(struct reader *reader, struct str path, const struct value *value)
{
	take_count(reader, path, value, &reader->config->instances_queued);
}

void
config_take_word(struct reader *reader, struct str path,
    const struct value *value, const struct str *words, size_t count,
    struct str *out)
{
	struct str text, near;
	struct buf all = {0};

	if (!config_take_text(reader, path, value, &text))
		return;
	for (size_t i = 0; i < count; i++)
		if (str_equal(words[i], text)) {
			*out = text;
			return;
		}
	config_complain(reader, path, "C003", "has no such value", NULL);
	near = str_nearest(text, words, count);
	for (size_t i = 0; i < count; i++)
		buf_addf(&all, "%s%.*s", i > 0 ? ", " : "", STR_ARG(words[i]));
	if (near.at != NULL)
		diag_repair(reader->config->diags, "did you mean `%.*s`?",
		    STR_ARG(near));
	else
		diag_repair(reader->config->diags, "expected one of: %s",
		    buf_cstr(&all));
	buf_fini(&all);
}

static void
read_log_format(
    struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {STR_INIT("text"), STR_INIT("json")};

	config_take_word(
	    reader, path, value, words, 2, &reader->config->log_format);
}

static void
read_log_level(
    struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {STR_INIT("debug"), STR_INIT("info"),
	    STR_INIT("warning"), STR_INIT("error")};

	config_take_word(
	    reader, path, value, words, 4, &reader->config->log_level);
}

static void
read_proofs(struct reader *reader, struct str path, const struct value *value)
{
	static const struct str words[] = {
	    STR_INIT("required"), STR_INIT("advised")};

	config_take_word(
	    reader, path, value, words, 2, &reader->config->proofs);
}

static void
read_second_person(
    struct reader *reader, struct str path, const struct value *value)
{
	config_take_boolean(
	    reader, path, value, &reader->config->publishing_needs_two);
}

static void
read_break_glass(
    struct reader *reader, struct str path, const struct value *value)
{
	(void)config_take_text(reader, path, value, &reader->config->alarm);
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
		config_complain(reader, path, "C005", "needs `path` beside it",
		    "the document that holds the secrets");
	else if ((vault->token.at != NULL) == has_role)
		config_complain(reader, path, "C005",
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
		config_complain(reader, path, "C006",
		    "names a secret that is not there",
		    "put it where `secrets` looks for it: `stated serve "
		    "--help` tells; what was encrypted can't be read without");
	else if (!cipher_key_parse(str_trim(value_str(text)), key))
		config_complain(reader, path, "C003",
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
			config_complain(&reader, STR("/encryption/keys"), "C003",
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
			config_complain(
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
	config->checkpoints.every_ms = 60LL * 60 * 1000;
	config->checkpoints.log = true;
	config->oidc.name_claim = STR("sub");
	config->oidc.roles_claim = STR("roles");
	config->oidc.issuer.skew_ms = SKEW_MS;
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
		diag_add(config->diags, DIAG_ERROR, "C002",
		    yaml_place(reader.places, STR("")),
		    "the configuration must be a mapping");
	open_vault(&reader);
	access_check(&reader);
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
