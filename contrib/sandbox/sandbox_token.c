/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_token.c: tokens are numbered; one below a bound is revoked. */
#include "sandbox_token.h"

#include "sandbox_json.h"
#include "sandbox_reply.h"

#include "stated/buf.h"
#include "stated/digest.h"
#include "stated/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#define TOKENS_MAX 4096
#define PREFIX "sandbox-token-"

struct sandbox_token {
	char client[128]; /* "id:secret" */
	char *public_key; /* PEM; NULL: no JWT is taken */
	char *signing_key; /* PEM, of answers; NULL: they aren't signed */
	int64_t expires_s;
	int given;
	int revoked; /* up to this one */
	int64_t until_ms[TOKENS_MAX];
};

struct sandbox_token *
sandbox_token_new(void)
{
	struct sandbox_token *token = calloc(1, sizeof(*token));

	must(token != NULL);
	sandbox_token_reset(token);
	return token;
}

void
sandbox_token_free(struct sandbox_token **token)
{
	if (*token == NULL)
		return;
	free((*token)->public_key);
	free((*token)->signing_key);
	free(*token);
	*token = NULL;
}

void
sandbox_token_reset(struct sandbox_token *token)
{
	free(token->public_key);
	free(token->signing_key);
	*token = (struct sandbox_token){.client = "us:hush", .expires_s = 3600};
}

/* ------------------------------------------------------------------- JWTs */

static json_t *
decode(struct arena *arena, struct str text)
{
	struct str json;

	return digest_parse_base64url(arena, text, &json)
	    ? sandbox_json_read(json)
	    : NULL;
}

static bool
is_signed(const struct sandbox_token *token, struct arena *arena,
    struct str signed_text, struct str told, const char *algorithm)
{
	struct signature_key *key;
	struct str signature;
	bool is_genuine;

	if (token->public_key == NULL ||
	    !digest_parse_base64url(arena, told, &signature))
		return false;
	key = signature_key_read(str_of(token->public_key));
	is_genuine = key != NULL &&
	    signature_is_of(key, signature_find(str_of(algorithm)),
		signed_text, signature);
	signature_key_free(&key);
	return is_genuine;
}

/* Signed by the registered key, for us, and neither old nor to come. */
static bool
is_jwt(const struct sandbox_token *token, const char *text)
{
	struct arena *arena = arena_new();
	struct str rest, whole = str_of(text);
	struct str header = str_split(whole, '.', &rest);
	struct str claims = str_split(rest, '.', &rest);
	json_t *head = decode(arena, header), *said = decode(arena, claims);
	int64_t now = sandbox_now_ms() / 1000;
	bool ok = head != NULL && said != NULL && rest.at != NULL &&
	    is_signed(token, arena,
		str_slice(whole, 0, header.bytes + 1 + claims.bytes), rest,
		sandbox_json_text(head, "alg")) &&
	    strstr(sandbox_json_text(said, "aud"), "/oauth2/token") != NULL &&
	    sandbox_json_text(said, "iss")[0] != '\0' &&
	    sandbox_json_text(said, "jti")[0] != '\0' &&
	    sandbox_json_int(said, "exp", INT64_MAX, 0) > now &&
	    sandbox_json_int(said, "iat", INT64_MAX, INT64_MAX) <= now;

	json_decref(head);
	json_decref(said);
	arena_free(&arena);
	return ok;
}

/* --------------------------------------------------------------- requests */

static const char *
field(const struct evkeyvalq *form, const char *name)
{
	const char *value = evhttp_find_header(form, name);

	return value != NULL ? value : "";
}

static bool
is_basic(const struct sandbox_token *token,
    const struct sandbox_request *request)
{
	struct arena *arena = arena_new();
	struct str wanted = digest_base64(arena, str_of(token->client));
	bool ok = strcmp(sandbox_request_header(request, "authorization"),
	    arena_strf(arena, "Basic %.*s", STR_ARG(wanted)).at) == 0;

	arena_free(&arena);
	return ok;
}

static bool
is_posted(const struct sandbox_token *token, const struct evkeyvalq *form)
{
	char client[256];

	snprintf(client, sizeof(client), "%s:%s", field(form, "client_id"),
	    field(form, "client_secret"));
	return strcmp(client, token->client) == 0;
}

static bool
is_client(const struct sandbox_token *token,
    const struct sandbox_request *request, const struct evkeyvalq *form)
{
	const char *grant = field(form, "grant_type");

	if (strstr(grant, "jwt-bearer") != NULL)
		return is_jwt(token, field(form, "assertion"));
	return strcmp(grant, "client_credentials") == 0 &&
	    (is_basic(token, request) || is_posted(token, form) ||
		is_jwt(token, field(form, "client_assertion")));
}

static void
give(struct sandbox_token *token, struct sandbox_reply *reply)
{
	char text[64];

	if (token->given + 1 == TOKENS_MAX) {
		sandbox_reply_error(reply, 503, "too many tokens");
		return;
	}
	token->until_ms[++token->given] =
	    sandbox_now_ms() + token->expires_s * 1000;
	snprintf(text, sizeof(text), PREFIX "%d", token->given);
	sandbox_reply_json_take(reply, 200, json_pack("{s:s,s:s,s:I}",
	    "access_token", text, "token_type", "Bearer", "expires_in",
	    (json_int_t)token->expires_s));
}

void
sandbox_token_give(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_token *token = sandbox->token;
	struct evkeyvalq form;
	char *body = strndup(request->body.at != NULL ? request->body.at : "",
	    request->body.bytes);

	must(body != NULL);
	if (evhttp_parse_query_str(body, &form) != 0)
		sandbox_reply_error(reply, 400, "no form");
	else if (is_client(token, request, &form))
		give(token, reply);
	else
		sandbox_reply_json_take(reply, 401,
		    json_pack("{s:s}", "error", "invalid_client"));
	evhttp_clear_headers(&form);
	free(body);
}

/* ------------------------------------------------------------ what it opens */

static bool
is_open(const struct sandbox_token *token,
    const struct sandbox_request *request)
{
	const char *shown = sandbox_request_header(request, "authorization");
	int64_t number;

	return str_has_prefix(str_of(shown), STR("Bearer " PREFIX)) &&
	    str_parse_int(str_of(shown + strlen("Bearer " PREFIX)), 1,
		token->given, &number) &&
	    number > token->revoked &&
	    token->until_ms[number] > sandbox_now_ms();
}

/* A detached JWS, as UK Open Banking has it. */
static void
sign(const struct sandbox_token *token, struct sandbox_reply *reply)
{
	struct arena *arena = arena_new();
	struct signature_key *key =
	    signature_key_read(str_of(token->signing_key));
	struct str header = digest_base64url(arena, STR("{\"alg\":\"ES256\"}"));
	struct str body = digest_base64url(arena, buf_str(&reply->body));
	struct str text = arena_strf(arena, "%.*s.%.*s", STR_ARG(header),
	    STR_ARG(body));
	struct str signature;

	if (key != NULL &&
	    signature_make(arena, key, SIGNATURE_ES256, text, &signature)) {
		signature = digest_base64url(arena, signature);
		sandbox_reply_header(reply, "x-jws-signature",
		    arena_strf(arena, "%.*s..%.*s", STR_ARG(header),
			STR_ARG(signature)).at);
	}
	signature_key_free(&key);
	arena_free(&arena);
}

void
sandbox_token_guard(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	if (is_open(sandbox->token, request))
		sandbox_reply_json_take(reply, 200, json_pack("{s:s,s:s}",
		    "id", request->params[0], "key",
		    sandbox_request_header(request, "x-idempotency-key")));
	else
		sandbox_reply_json_take(reply, 401,
		    json_pack("{s:s}", "error", "invalid_token"));
	if (sandbox->token->signing_key != NULL)
		sign(sandbox->token, reply);
}

/* ---------------------------------------------------------------- control */

static void
set_text(const json_t *body, const char *name, char **text)
{
	if (json_object_get(body, name) == NULL)
		return;
	free(*text);
	*text = strdup(sandbox_json_text(body, name));
	must(*text != NULL);
}

void
sandbox_token_control(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_token *token = sandbox->token;
	json_t *body = sandbox_request_object(request, reply);
	const char *client;

	if (body == NULL)
		return;
	client = sandbox_json_text(body, "client");
	if (client[0] != '\0')
		snprintf(token->client, sizeof(token->client), "%s", client);
	set_text(body, "public_key", &token->public_key);
	set_text(body, "signing_key", &token->signing_key);
	token->expires_s = sandbox_json_int(body, "expires_in", INT32_MAX,
	    token->expires_s);
	if (json_is_true(json_object_get(body, "revoke")))
		token->revoked = token->given;
	sandbox_reply_json_take(reply, 200, json_pack("{s:i,s:i}", "given",
	    token->given, "revoked", token->revoked));
	json_decref(body);
}
