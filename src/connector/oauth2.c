/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth2.c: how a token is asked for, and what is answered.
 *
 * A JWT of ours is made anew for every exchange and lives for minutes: who
 * reads it afterwards has nothing.
 */
#include "connector_priv.h"

#define JWT_SECONDS 180
/* Who checks a JWT may have a clock that is behind ours. */
#define CLOCK_SECONDS 5

#define ASSERTION_TYPE                                                         \
	"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define GRANT_TYPE_JWT "urn:ietf:params:oauth:grant-type:jwt-bearer"

/* One exchange in the making. */
struct asking {
	struct call_scope *scope;
	const struct def_oauth2 *oauth2;
	struct value_builder *form;
	struct header_list headers;
	struct str url;
	struct str id; /* the client's; may be absent */
	struct str secret; /* may be absent */
	struct outcome *failure;
};

/* ----------------------------------------------------------------- client */

/* "id:secret", {id, secret}, or the id alone; false where nothing is there. */
static bool
read_client(struct asking *asking)
{
	const struct template *template = asking->oauth2->client;
	const struct value *client;

	if (template == NULL)
		return true;
	client = call_scope_eval(asking->scope, template);
	if (client->type == VALUE_STRING) {
		asking->id = str_split(client->as.string, ':', &asking->secret);
		connector_mask_add(asking->scope, asking->secret);
	} else {
		asking->id = value_field_str(client, "id");
		asking->secret =
		    value_field_str(client, "secret");
	}
	return asking->id.bytes > 0;
}

/* RFC 6749 section 2.3.1: both are form-encoded, then Basic. */
static struct str
basic_of(const struct asking *asking)
{
	struct arena *arena = asking->scope->arena;
	struct buf both = {0};
	struct str text;

	message_encode(asking->id, &both);
	buf_add_char(&both, ':');
	message_encode(asking->secret, &both);
	text = digest_base64(arena, buf_str(&both));
	buf_fini(&both);
	return arena_strf(arena, "Basic %.*s", STR_ARG(text));
}

/* -------------------------------------------------------------------- JWT */

static bool
read_claim(struct asking *asking, const struct template *template,
    struct str otherwise, struct str *text)
{
	*text = otherwise;
	return template == NULL ||
	    call_scope_text(asking->scope, template, text) ||
	    verdict_refuse(asking->failure, "connector.auth", false,
		STR("what a JWT shall say is no text"));
}

static struct str
new_number(struct asking *asking)
{
	struct rng *rng = asking->scope->context->rng;
	uint8_t bytes[16];
	char text[DIGEST_UUID_BYTES];

	must(rng != NULL);
	rng->fill(rng, bytes, sizeof(bytes));
	bytes[6] = (uint8_t)(0x40 | (bytes[6] & 15));
	bytes[8] = (uint8_t)(0x80 | (bytes[8] & 63));
	return arena_str(asking->scope->arena, digest_uuid(bytes, text));
}

/* RFC 7523 section 3. */
static bool
make_claims(struct asking *asking, const struct value **claims)
{
	const struct def_oauth2 *oauth2 = asking->oauth2;
	int64_t now = asking->scope->context->now_ms / 1000;
	struct value_builder *built =
	    value_build_context(asking->scope->arena);
	struct str issuer, subject, audience;

	if (!read_claim(asking, oauth2->issuer, asking->id, &issuer) ||
	    !read_claim(asking, oauth2->subject, issuer, &subject) ||
	    !read_claim(asking, oauth2->audience, asking->url, &audience))
		return false;
	value_put_str(built, "iss", issuer);
	value_put_str(built, "sub", subject);
	value_put_str(built, "aud", audience);
	value_put_str(built, "jti", new_number(asking));
	value_put_int(built, "iat", now - CLOCK_SECONDS);
	value_put_int(built, "exp", now + JWT_SECONDS);
	*claims = value_built(built);
	return true;
}

static bool
sign_claims(struct asking *asking, const struct signature_key *key,
    const struct value *claims, struct str *jwt)
{
	struct arena *arena = asking->scope->arena;
	enum signature_algorithm algorithm =
	    signature_algorithm_of(asking->oauth2->algorithms, key);
	struct value_builder *header = value_build_context(arena);
	struct buf payload = buf_in(arena);
	struct str key_id;

	if (!read_claim(asking, asking->oauth2->key_id, (struct str){NULL, 0},
		&key_id))
		return false;
	value_put_str(header, "alg", signature_name(algorithm));
	value_put_str(header, "typ", STR("JWT"));
	if (key_id.at != NULL)
		value_put_str(header, "kid", key_id);
	json_write(claims, JSON_PLAIN, &payload);
	if (jws_make(arena, key, algorithm, value_built(header),
		buf_keep(&payload), JWS_COMPACT, jwt))
		return true;
	return verdict_refuse(asking->failure, "connector.auth", false,
	    arena_strf(arena, "`key` can't sign a JWT by %.*s",
		STR_ARG(signature_name(algorithm))));
}

static bool
make_jwt(struct asking *asking, struct str *jwt)
{
	const struct value *claims;
	struct signature_key *key;
	struct str pem;
	bool is_made;

	if (!make_claims(asking, &claims))
		return false;
	if (!call_scope_text(asking->scope, asking->oauth2->key, &pem))
		return verdict_refuse(asking->failure, "connector.auth", true,
		    STR("the key that JWTs are signed with is not at hand"));
	key = signature_key_read(pem);
	if (key == NULL)
		return verdict_refuse(asking->failure, "connector.auth", false,
		    STR("`key` is no private key in PEM that could sign"));
	is_made = sign_claims(asking, key, claims, jwt);
	if (is_made)
		connector_mask_add(asking->scope, *jwt);
	signature_key_free(&key);
	return is_made;
}

/* ---------------------------------------------------------------- request */

static bool
refuse_client(struct asking *asking)
{
	return verdict_refuse(asking->failure, "connector.auth", true,
	    STR("the OAuth2 client is not at hand; write it as "
		"\"id:secret\" or {id, secret}"));
}

static bool
prove_client(struct asking *asking)
{
	bool has_secret = asking->secret.at != NULL;
	struct str jwt;

	switch (asking->oauth2->by) {
	case CLIENT_SECRET_BASIC:
		if (!has_secret)
			return refuse_client(asking);
		must(header_list_set(&asking->headers, (struct message_header){
		    .name = STR("authorization"),
		    .value = basic_of(asking),
		    .secret = true}));
		return true;
	case CLIENT_SECRET_POST:
		if (!has_secret)
			return refuse_client(asking);
		value_put_str(asking->form, "client_id", asking->id);
		value_put_str(asking->form, "client_secret", asking->secret);
		return true;
	case CLIENT_PRIVATE_KEY_JWT:
		if (!make_jwt(asking, &jwt))
			return false;
		value_put_str(asking->form, "client_id", asking->id);
		value_put_str(asking->form, "client_assertion_type",
		    STR(ASSERTION_TYPE));
		value_put_str(asking->form, "client_assertion", jwt);
		return true;
	case CLIENT_TLS:
		value_put_str(asking->form, "client_id", asking->id);
		return true;
	case CLIENT_NONE:
		return true;
	}
	unreachable("every way is listed");
}

static bool
put_grant(struct asking *asking)
{
	struct str jwt;

	if (asking->oauth2->grant == GRANT_CLIENT) {
		value_put_str(asking->form, "grant_type",
		    STR("client_credentials"));
		return true;
	}
	if (!make_jwt(asking, &jwt))
		return false;
	value_put_str(asking->form, "grant_type", STR(GRANT_TYPE_JWT));
	value_put_str(asking->form, "assertion", jwt);
	return true;
}

static bool
put_scope(struct asking *asking)
{
	struct str text;

	if (asking->oauth2->scope == NULL)
		return true;
	if (!call_scope_text(asking->scope, asking->oauth2->scope, &text))
		return verdict_refuse(asking->failure, "connector.auth", false,
		    STR("the OAuth2 scope is not a string"));
	value_put_str(asking->form, "scope", text);
	return true;
}

static bool
put_parameters(struct asking *asking)
{
	const struct template *template = asking->oauth2->parameters;
	const struct value *more;

	if (template == NULL)
		return true;
	more = call_scope_eval(asking->scope, template);
	if (more->type != VALUE_CONTEXT)
		return verdict_refuse(asking->failure, "connector.auth", false,
		    STR("the OAuth2 parameters are no context"));
	for (size_t i = 0; i < more->as.context.count; i++)
		value_put(asking->form, more->as.context.fields[i].key,
		    more->as.context.fields[i].value);
	return true;
}

static bool
make_form(struct asking *asking, struct str *body)
{
	struct buf out = buf_in(asking->scope->arena);

	if (!put_grant(asking) || !put_scope(asking) ||
	    !put_parameters(asking) || !prove_client(asking))
		return false;
	if (!rest_form(asking->scope->arena, value_built(asking->form), &out))
		return verdict_refuse(asking->failure, "connector.auth", false,
		    STR("an OAuth2 parameter is no text"));
	*body = buf_keep(&out);
	return true;
}

bool
oauth2_prepare(const struct def_connection *connection,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure)
{
	struct asking asking = {
		.scope = scope,
		.oauth2 = &connection->auth.oauth2,
		.form = value_build_context(scope->arena),
		.headers = {.arena = scope->arena},
		.failure = failure,
	};

	if (!rest_base_url(scope, asking.oauth2->token_url, &asking.url,
		failure))
		return false;
	if (!read_client(&asking))
		return refuse_client(&asking);
	if (!make_form(&asking, &request->body))
		return false;
	must(header_list_set(&asking.headers, (struct message_header){
	    .name = STR("content-type"),
	    .value = STR("application/x-www-form-urlencoded")}));
	request->method = STR("POST");
	request->url = asking.url;
	return rest_finish(scope, connection, &asking.headers, request,
	    failure);
}

/* ----------------------------------------------------------------- answer */

/* Seconds, as a number or, against the standard, as its text. */
static int64_t
expires_in_ms(struct arena *arena, const struct value *body)
{
	const struct value *field = value_field_or_null(body, "expires_in");
	struct str text;
	int64_t seconds;

	if (!value_text(arena, field, &text) ||
	    !str_parse_int(text, 0, INT32_MAX, &seconds))
		return 0;
	return seconds * 1000;
}

static bool
refused(const struct reply *reply, struct arena *arena,
    struct outcome *failure)
{
	int status = reply->response->status;
	struct str error = value_field_str(reply->body, "error");
	bool is_transient = status == 408 || status == 429 || status >= 500;
	struct str message = reply_message(reply);

	message = arena_strf(arena, "the token endpoint answered %d%s%.*s",
	    status, message.bytes > 0 ? ": " : "", STR_ARG(message));
	if (error.bytes > 0 && error.bytes <= 64 && !is_transient)
		return verdict_refuse(failure,
		    arena_cstr(arena, arena_strf(arena, "oauth2.%.*s",
				   STR_ARG(error))),
		    false, message);
	return verdict_refuse(failure, "oauth2.no-token", is_transient,
	    message);
}

bool
oauth2_interpret(const struct reply *reply, struct arena *arena,
    struct connector_token *token, struct outcome *failure)
{
	int status = reply->response->status;
	struct str text =
	    value_field_str(reply->body, "access_token");
	struct str type =
	    value_field_str(reply->body, "token_type");

	if (status < 200 || status > 299 || text.bytes == 0)
		return refused(reply, arena, failure);
	if (type.bytes > 0 && !message_name_equal(type, STR("bearer")))
		return verdict_refuse(failure, "oauth2.token-type", false,
		    STR("the token is not a bearer token"));
	token->token = text;
	token->expires_in_ms = expires_in_ms(arena, reply->body);
	return true;
}
