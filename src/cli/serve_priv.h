/* SPDX-License-Identifier: Apache-2.0 */
/* serve_priv.h: private to src/cli: the configuration and what reads it. */
#ifndef SERVE_PRIV_H
#define SERVE_PRIV_H

#include "stated/api.h"
#include "stated/clock.h"
#include "stated/definition.h"
#include "stated/http.h"
#include "stated/log.h"
#include "stated/map.h"
#include "stated/yaml.h"

/* ---- serve_vault.c: secrets of a Vault-compatible server ---- */

struct vault_config {
	struct str address;   /* https://vault.example:8200 */
	struct str namespace; /* may be absent */
	struct str mount;     /* of the KV engine; absent: secret */
	struct str path;      /* of the document */
	struct str ca;	      /* PEM or a path; absent: the system's */
	/* names of secrets: a token, or what AppRole wants */
	struct str token;
	struct str role_id;
	struct str secret_id;
	int64_t refresh_ms; /* 0: the default */
};
struct vault;
/* The texts are borrowed; find gives the secrets that it needs itself. */
struct vault *vault_new(const struct vault_config *config,
    template_secret_fn *find, void *find_arg);
/* Not while the client may still answer. */
void vault_free(struct vault **vault);
/* Begins to read. */
void vault_open(
    struct vault *vault, struct http_port *http, const struct clock *clock);
/* To be called every few seconds. */
void vault_tick(struct vault *vault);
/* What was read may be over: it is read again. */
void vault_doubt(struct vault *vault);
/* Whether it was read, or can't be for the moment. */
bool vault_is_settled(const struct vault *vault);
/* NULL: there is none.  Valid until it was read twice more. */
const struct value *vault_find(const struct vault *vault, struct str name);

/* ---- serve_secret.c: secrets by name ---- */

/*
 * Where secrets are looked for, in this order: the environment (prefix and
 * the name in upper case), the directory, systemd's credentials, the Vault.  A
 * file is read again once it has changed, so that rotation needs no restart.
 */
struct secrets;
struct secrets *secrets_new(void);
void secrets_free(struct secrets **secrets);
void secrets_set_environment(struct secrets *secrets, struct str prefix);
void secrets_set_directory(struct secrets *secrets, struct str directory);
void secrets_set_systemd(struct secrets *secrets, bool systemd);
void secrets_set_vault(
    struct secrets *secrets, const struct vault_config *config);
struct vault *secrets_vault(struct secrets *secrets); /* NULL: none */
/* A credential was refused: true where another may come. */
bool secrets_refused_cb(void *arg);
/* A template_secret_fn; arg is the struct secrets. */
const struct value *secrets_find_cb(void *arg, struct str name);

/* ---- serve_config.c ---- */

struct config {
	struct arena *arena;
	struct diag_list *diags;
	struct secrets *secrets;
	struct vault_config vault; /* without an address: none */
	struct str file; /* absent: there is none */
	const struct yaml_places *places; /* in it */
	struct str environment;
	struct str proofs; /* required or advised; absent: by environment */
	bool publishing_needs_two;
	struct str alarm; /* a contact's name; absent: nobody acts alone */
	const struct str *listen;
	size_t listen_count;
	struct str tls_certificate;
	struct str tls_key; /* path; or: */
	struct str tls_key_secret;
	struct str tls_client_ca;
	bool tls_client_required;
	struct str store; /* path */
	const struct str *keys; /* names of secrets, the first for writing */
	size_t key_count;
	const struct str *workflows;
	size_t workflow_count;
	const struct value *settings;
	bool auth_required;
	bool insecure; /* other than loopback without TLS and authentication */
	const struct api_token *tokens;
	size_t token_count;
	const struct api_certificate *certificates;
	size_t certificate_count;
	struct api_oidc oidc; /* without an issuer's url: none */
	int64_t sign_ins_max; /* 0: the default */
	int64_t body_bytes_max;
	int64_t connections_max;
	int64_t idle_ms; /* 0: the default */
	int64_t instances_queued;
	struct api_checkpoints checkpoints;
	struct str log_format;
	struct str log_level;
};

/* While it is read. */
struct reader {
	struct config *config;
	const struct yaml_places *places;
};
/* Reads the value of one key; path is its JSON Pointer. */
typedef void config_read_fn(struct reader *reader, struct str path,
    const struct value *value);

/* `path` text; repair may be NULL. */
void config_complain(struct reader *reader, struct str path,
    const char *code, const char *text, const char *repair);
/* What isn't of the kind is complained about, and *out stays as it is. */
bool config_take_text(struct reader *reader, struct str path,
    const struct value *value, struct str *out);
void config_take_boolean(struct reader *reader, struct str path,
    const struct value *value, bool *out);
/* One text, or a list of them. */
void config_take_texts(struct reader *reader, struct str path,
    const struct value *value, const struct str **out, size_t *count);
void config_take_word(struct reader *reader, struct str path,
    const struct value *value, const struct str *words, size_t count,
    struct str *out);
void config_take_span(struct reader *reader, struct str path,
    const struct value *value, int64_t *out);

/* ---- serve_access.c: who may call ---- */
config_read_fn access_read_tokens, access_read_certificates,
    access_read_issuer, access_read_audience, access_read_issuer_ca,
    access_read_roles_claim, access_read_name_claim,
    access_read_workflows_claim, access_read_entities_claim,
    access_read_rules, access_read_algorithms, access_read_tolerance,
    access_read_strict;
/* Once all is read: whether it fits together. */
void access_check(struct reader *reader);

/* Defaults, as they are without a file. */
struct config *config_new(void);
void config_free(struct config **config);
/* false with config->diags where the file can't be used. */
MUST_USE bool config_read(struct config *config, struct str file);
/* Adds the keys that the database is encrypted under to *keys, which is made
 * where it is NULL, the first of them before all others; nothing where none
 * are named.  false with config->diags. */
struct store_keys;
MUST_USE bool config_keys(struct config *config, struct secrets *secrets,
    struct store_keys **keys);
/* The table of keys, for --help and the manual. */
void config_describe(struct buf *out);

/* ---- serve_systemd.c: sd_notify(3) and socket activation ---- */

/* "READY=1" and the like; nothing where systemd does not wait for it. */
void systemd_notify(const char *state);
/* How many sockets were passed on; they begin at file descriptor 3. */
int systemd_socket_count(void);

#endif
