/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_vault.c: secrets that a Vault-compatible server keeps (KV version 2).
 *
 * One document holds them, a field a secret.  It is read whole, kept, and read
 * again from time to time and whenever somebody has reason to doubt it; until
 * the next one is here the last one serves, also while the server is away.
 * Nothing waits: exchanges go through the loop like all others.
 *
 *   IDLE    -> LOGIN    tick(): no token, or an old one; by AppRole
 *   IDLE    -> RENEWAL  tick(): an old token that was given to us
 *   IDLE    -> READING  tick(): it is time
 *   LOGIN, RENEWAL -> READING   the token is there
 *   any     -> IDLE     it was read, or can't be for the moment
 */
#include "serve_priv.h"

#include "stated/json.h"

#include <stdlib.h>

#define TIMEOUT_MS 10000
#define RETRY_MS 5000
#define REFRESH_MS (5 * 60 * 1000)
/* Doubt is answered at once, but not by each of many calls. */
#define DOUBT_MS 1000
#define DOCUMENT_BYTES_MAX (4 * 1024 * 1024)

enum vault_state { VAULT_IDLE, VAULT_LOGIN, VAULT_RENEWAL, VAULT_READING };

struct vault {
	struct vault_config config;
	template_secret_fn *find; /* what we prove ourselves with */
	void *find_arg;
	struct http_port *http;
	const struct clock *clock; /* for spans; can't be set */
	enum vault_state state;
	struct arena *arena; /* of the exchange under way */
	char *token;	     /* by AppRole; NULL: none */
	int64_t token_ms;    /* when it is renewed; 0: never */
	bool is_new_token;   /* not shown to the server yet */
	struct arena *kept;  /* what was read last */
	const struct value *secrets;
	int64_t read_ms;  /* when it was read; 0: never */
	int64_t next_ms;  /* when it is read again */
	bool is_settled;  /* it was tried */
};

/* ------------------------------------------------------------------- life */

struct vault *
vault_new(const struct vault_config *config, template_secret_fn *find,
    void *find_arg)
{
	struct vault *vault = calloc(1, sizeof(*vault));

	must(vault != NULL);
	must(config->address.at != NULL && config->path.at != NULL);
	vault->config = *config;
	if (vault->config.mount.at == NULL)
		vault->config.mount = STR("secret");
	if (vault->config.refresh_ms == 0)
		vault->config.refresh_ms = REFRESH_MS;
	vault->find = find;
	vault->find_arg = find_arg;
	return vault;
}

static void
drop_token(struct vault *vault)
{
	if (vault->token != NULL)
		explicit_bzero(vault->token, strlen(vault->token));
	free(vault->token);
	vault->token = NULL;
	vault->token_ms = 0;
}

void
vault_free(struct vault **vault)
{
	if (*vault == NULL)
		return;
	drop_token(*vault);
	arena_free(&(*vault)->arena);
	arena_free(&(*vault)->kept);
	free(*vault);
	*vault = NULL;
}

/* ---------------------------------------------------------------- requests */

static struct str
own_secret(struct vault *vault, struct str name)
{
	if (name.at == NULL)
		return name;
	return value_str(vault->find(vault->find_arg, name));
}

static bool
has_role(const struct vault *vault)
{
	return vault->config.role_id.at != NULL;
}

static struct str
token_of(struct vault *vault)
{
	return has_role(vault) ? str_of(vault->token)
			       : own_secret(vault, vault->config.token);
}

static void answer_cb(const struct message_response *response, void *arg);

static void
send(struct vault *vault, enum vault_state state, struct str method,
    struct str path, struct str body)
{
	const struct vault_config *config = &vault->config;
	struct message_header headers[3];
	struct message_request request = {
	    .method = method,
	    .url = arena_strf(vault->arena, "%.*s/v1/%.*s",
		STR_ARG(config->address), STR_ARG(path)),
	    .headers = headers,
	    .body = body,
	    .timeout_ms = TIMEOUT_MS,
	    .response_bytes_max = DOCUMENT_BYTES_MAX,
	    .ca = config->ca,
	};
	struct str token = token_of(vault);

	headers[request.header_count++] = (struct message_header){
	    .name = STR("content-type"), .value = STR("application/json")};
	if (token.bytes > 0)
		headers[request.header_count++] = (struct message_header){
		    .name = STR("x-vault-token"),
		    .value = arena_str(vault->arena, token),
		    .secret = true};
	if (config->namespace.at != NULL)
		headers[request.header_count++] = (struct message_header){
		    .name = STR("x-vault-namespace"),
		    .value = config->namespace};
	vault->state = state;
	http_send(vault->http, &request, answer_cb, vault);
}

static void
log_in(struct vault *vault)
{
	struct value_builder *body = value_build_context(vault->arena);
	struct buf text = buf_in(vault->arena);

	value_put_str(body, "role_id",
	    own_secret(vault, vault->config.role_id));
	value_put_str(body, "secret_id",
	    own_secret(vault, vault->config.secret_id));
	json_write(value_built(body), JSON_PLAIN, &text);
	drop_token(vault);
	send(vault, VAULT_LOGIN, STR("POST"), STR("auth/approle/login"),
	    buf_keep(&text));
}

static void
read_document(struct vault *vault)
{
	const struct vault_config *config = &vault->config;

	send(vault, VAULT_READING, STR("GET"),
	    arena_strf(vault->arena, "%.*s/data/%.*s", STR_ARG(config->mount),
		STR_ARG(config->path)),
	    STR(""));
}

static bool
is_old(const struct vault *vault, int64_t now_ms)
{
	return vault->token_ms != 0 && now_ms >= vault->token_ms;
}

static void
begin(struct vault *vault, int64_t now_ms)
{
	vault->arena = arena_new();
	if (has_role(vault) && (vault->token == NULL || is_old(vault, now_ms)))
		log_in(vault);
	else if (!has_role(vault) &&
		 (vault->read_ms == 0 || is_old(vault, now_ms)))
		send(vault, VAULT_RENEWAL, STR("POST"),
		    STR("auth/token/renew-self"), STR("{}"));
	else
		read_document(vault);
}

/* ----------------------------------------------------------------- answers */

static void
end(struct vault *vault, int64_t delay_ms)
{
	vault->state = VAULT_IDLE;
	vault->is_settled = true;
	vault->next_ms = clock_now_ms(vault->clock) + delay_ms;
	arena_free(&vault->arena);
}

static void
fail(struct vault *vault, const struct message_response *response)
{
	log_error("secrets not read", "vault=%.*s failure=%.*s status=%d: %s",
	    STR_ARG(vault->config.address),
	    STR_ARG(message_failure_name(response->failure)),
	    response->status,
	    vault->secrets != NULL ? "those of before serve"
				   : "there are none");
	end(vault, RETRY_MS);
}

static const struct value *
read_json(struct vault *vault, const struct message_response *response)
{
	struct json_error error;

	if (response->failure != MESSAGE_OK || response->status != 200)
		return NULL;
	return json_read(vault->arena, response->body, &error);
}

/* Renewed when a third of its life is left. */
static void
note_lease(struct vault *vault, const struct value *auth)
{
	const struct value *lease = value_field_or_null(auth, "lease_duration");
	int64_t seconds;

	vault->token_ms = 0;
	if (value_to_int(lease, &seconds) && seconds > 0 &&
	    seconds < INT32_MAX)
		vault->token_ms =
		    clock_now_ms(vault->clock) + seconds * 1000 / 3 * 2;
}

static void
logged_in(struct vault *vault, const struct message_response *response)
{
	const struct value *auth =
	    value_get_cstr(read_json(vault, response), "auth");
	struct str token = value_field_str(auth, "client_token");

	if (token.bytes == 0) {
		fail(vault, response);
		return;
	}
	vault->token = strndup(token.at, token.bytes);
	must(vault->token != NULL);
	vault->is_new_token = true;
	note_lease(vault, auth);
	read_document(vault);
}

static void
renew_later(struct vault *vault)
{
	vault->token_ms = clock_now_ms(vault->clock) + RETRY_MS;
}

static bool
is_refused(const struct message_response *response)
{
	return response->failure == MESSAGE_OK && response->status >= 400 &&
	       response->status <= 499 && response->status != 429;
}

/* A token that can't be renewed may still hold; where nobody says so, it is
 * tried again soon. */
static void
renewed(struct vault *vault, const struct message_response *response)
{
	const struct value *json = read_json(vault, response);

	if (json != NULL || is_refused(response))
		note_lease(vault, value_get_cstr(json, "auth"));
	else
		renew_later(vault);
	read_document(vault);
}

static const struct value *
text_of(struct arena *arena, const struct value *value)
{
	struct buf text = buf_in(arena);

	if (value->type == VALUE_STRING)
		return value_copy_str(arena, value->as.string);
	json_write(value, JSON_PLAIN, &text);
	return value_of_str(arena, buf_keep(&text));
}

static void
keep(struct vault *vault, const struct value *document)
{
	struct arena *arena = arena_new();
	struct value_builder *secrets = value_build_context(arena);

	for (size_t i = 0; i < document->as.context.count; i++) {
		const struct value_field *field =
		    &document->as.context.fields[i];

		/* A null is none. */
		if (field->value->type != VALUE_NULL)
			value_put(secrets, field->key,
			    text_of(arena, field->value));
	}
	arena_free(&vault->kept);
	vault->kept = arena;
	vault->secrets = value_built(secrets);
	if (vault->read_ms == 0)
		log_info("secrets read", "vault=%.*s count=%zu",
		    STR_ARG(vault->config.address),
		    document->as.context.count);
	vault->read_ms = clock_now_ms(vault->clock);
	end(vault, vault->config.refresh_ms);
}

static void
was_read(struct vault *vault, const struct message_response *response)
{
	const struct value *document = value_get_cstr(
	    value_get_cstr(read_json(vault, response), "data"), "data");

	if (document != NULL && document->type == VALUE_CONTEXT) {
		vault->is_new_token = false;
		keep(vault, document);
	} else if (response->status == 403 && has_role(vault) &&
		   !vault->is_new_token) {
		log_in(vault); /* the token has been revoked */
	} else {
		if (has_role(vault))
			drop_token(vault);
		else if (response->status == 403)
			renew_later(vault); /* it may have been put off */
		fail(vault, response);
	}
}

static void
answer_cb(const struct message_response *response, void *arg)
{
	struct vault *vault = arg;

	switch (vault->state) {
	case VAULT_LOGIN:
		logged_in(vault, response);
		return;
	case VAULT_RENEWAL:
		renewed(vault, response);
		return;
	case VAULT_READING:
		was_read(vault, response);
		return;
	case VAULT_IDLE:
		break;
	}
	unreachable("nothing was asked");
}

/* -------------------------------------------------------------------- uses */

void
vault_open(
    struct vault *vault, struct http_port *http, const struct clock *clock)
{
	vault->http = http;
	vault->clock = clock;
	vault_tick(vault);
}

void
vault_tick(struct vault *vault)
{
	int64_t now_ms;

	if (vault->http == NULL || vault->state != VAULT_IDLE)
		return;
	now_ms = clock_now_ms(vault->clock);
	if (now_ms >= vault->next_ms || is_old(vault, now_ms))
		begin(vault, now_ms);
}

void
vault_doubt(struct vault *vault)
{
	if (vault->http == NULL || vault->state != VAULT_IDLE ||
	    clock_now_ms(vault->clock) < vault->read_ms + DOUBT_MS)
		return;
	vault->next_ms = 0;
	vault_tick(vault);
}

bool
vault_is_settled(const struct vault *vault)
{
	return vault->is_settled;
}

const struct value *
vault_find(const struct vault *vault, struct str name)
{
	return value_get(vault->secrets, name);
}
