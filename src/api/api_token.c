/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_token.c: tokens that admins give and take back.
 *
 * The text of a token is shown once, to whoever asked for it; what is kept is
 * its digest.  It has 256 bits of chance, so that nobody finds one by trying,
 * and begins with a word by which it is known where it has no business, as in
 * a repository.
 */
#include "api_priv.h"

#include "stated/rng.h"

#define SECRET_BYTES 32
#define ID_BYTES 8

/* ---- making ---- */

static struct str
random_text(struct arena *arena, const char *prefix, struct rng *rng,
    size_t bytes)
{
	uint8_t random[SECRET_BYTES];
	struct buf text = buf_in(arena);

	must(bytes <= sizeof(random));
	rng->fill(rng, random, bytes);
	buf_add_cstr(&text, prefix);
	for (size_t i = 0; i < bytes; i++)
		buf_addf(&text, "%02x", random[i]);
	return buf_keep(&text);
}

struct api_new_token
api_token_make(struct arena *arena, struct rng *rng)
{
	struct api_new_token made = {
	    .text = random_text(arena, "stated_", rng, SECRET_BYTES),
	    .id = random_text(arena, "tok_", rng, ID_BYTES),
	};

	made.sha256 = digest_sha256(made.text);
	return made;
}

struct str
api_token_grant(struct arena *arena, const struct api_token *token)
{
	struct value_builder *grant = value_build_context(arena);
	struct buf json = buf_in(arena);

	value_put(grant, STR("roles"),
	    value_of_strs(arena, token->roles, token->role_count));
	value_put(grant, STR("workflows"),
	    value_of_strs(arena, token->workflows, token->workflow_count));
	value_put(grant, STR("entities"),
	    value_of_strs(arena, token->entities, token->entity_count));
	json_write(value_built(grant), JSON_PLAIN, &json);
	return buf_keep(&json);
}

bool
api_token_expiry(struct str text, int64_t now_ms, int64_t *expires_ms)
{
	struct def_span span;

	if (!def_span_parse(text, &span))
		return clock_parse(text, expires_ms) && *expires_ms > now_ms;
	if (span.kind != SPAN_FIXED || span.fixed_ms <= 0)
		return false;
	*expires_ms = now_ms + span.fixed_ms;
	return true;
}

/* ---- showing ---- */

static struct str
status_of(const struct engine_token *token, int64_t now_ms)
{
	if (token->revoked_ms != 0)
		return STR("revoked");
	return token->expires_ms != 0 && token->expires_ms <= now_ms
	    ? STR("expired")
	    : STR("active");
}

/* Tokens that were given before there were any are limited to none. */
static const struct value *
entities_of(struct api_call *call, const struct value *grant)
{
	const struct value *entities = value_field_or_null(grant, "entities");

	return value_is_null(entities) ? value_of_strs(call->arena, NULL, 0)
				       : entities;
}

static struct value_builder *
build(struct api_call *call, const struct engine_token *token)
{
	struct value_builder *built = value_build_context(call->arena);
	const struct value *grant = api_reply_stored(call, token->grant);

	value_put_str(built, "id", token->id);
	value_put_str(built, "name", token->name);
	value_put_str(built, "status", status_of(token, api_now_ms(call)));
	value_put(built, STR("roles"), value_field_or_null(grant, "roles"));
	value_put(built, STR("workflows"),
	    value_field_or_null(grant, "workflows"));
	value_put(built, STR("entities"), entities_of(call, grant));
	api_reply_instant(built, "given_at", token->given_ms);
	value_put_str(built, "given_by", token->given_by);
	api_reply_instant(built, "expires_at", token->expires_ms);
	api_reply_instant(built, "revoked_at", token->revoked_ms);
	value_put_str(built, "revoked_by", token->revoked_by);
	return built;
}

static void
list_cb(const struct engine_token *token, void *arg)
{
	struct api_page *page = arg;

	json_write(value_built(build(page->call, token)), JSON_PLAIN,
	    api_page_item(page));
}

void
api_token_list(struct api_call *call)
{
	struct api_page page;

	api_page_begin(&page, call, SIZE_MAX);
	engine_each_token(call->api->options.engine, list_cb, &page);
	api_page_end(&page, "cursor", (struct str){NULL, 0});
}

/* ---- giving ---- */

struct giving {
	struct api_call *call;
	struct api_new_token made;
};

static void
given_cb(const struct engine_reply *reply, void *arg)
{
	struct giving *giving = arg;
	struct api_call *call = giving->call;
	const struct engine_token *token;
	struct value_builder *built;

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		token = engine_find_token(
		    call->api->options.engine, giving->made.sha256);
		must(token != NULL);
		built = build(call, token);
		value_put_str(built, "token", giving->made.text);
		api_reply_header(call, "Cache-Control", STR("no-store"));
		api_reply_value(call, 201, value_built(built));
	}
	api_call_unref(call);
}

static const struct str *
read_texts(struct api_call *call, const struct value *body,
    const char *member, size_t *count)
{
	const struct value *list = value_field_or_null(body, member);
	struct str pointer = arena_strf(call->arena, "/%s", member);
	const struct str *texts = value_strs(call->arena, list, count);

	if (list->type != VALUE_LIST && list->type != VALUE_NULL)
		api_body_fault(call, pointer, "type", "must be a list");
	for (size_t i = 0; i < *count; i++)
		if (texts[i].bytes == 0)
			api_body_fault(call, pointer, "items",
			    "must hold names, as strings");
	return texts;
}

static void
read_grant(struct api_call *call, const struct value *body,
    struct api_token *token)
{
	token->roles = read_texts(call, body, "roles", &token->role_count);
	token->workflows =
	    read_texts(call, body, "workflows", &token->workflow_count);
	token->entities =
	    read_texts(call, body, "entities", &token->entity_count);
	if (token->role_count == 0)
		api_body_fault(call, STR("/roles"), "minItems",
		    "a token without a role may do nothing");
	for (size_t i = 0; i < token->role_count; i++)
		if (token->roles[i].bytes > 0 &&
		    !api_role_is_known(token->roles[i]))
			api_body_fault(call, STR("/roles"), "enum",
			    "initiator, approver:ROLE, operator, auditor, "
			    "author, publisher, events or admin");
}

static void
read_expiry(struct api_call *call, const struct value *body,
    struct api_token *token)
{
	struct str expires = api_body_text(call, body, "expires");

	if (expires.at != NULL &&
	    !api_token_expiry(expires, api_now_ms(call), &token->expires_ms))
		api_body_fault(call, STR("/expires"), "format",
		    "an instant to come, or a duration such as 90d");
}

void
api_token_post(struct api_call *call)
{
	static const char *const members[] = {
	    "name", "roles", "workflows", "entities", "expires?", NULL};
	const struct value *body = api_body_object(call, members);
	struct api_token token = {.expires_ms = 0};
	struct giving *giving;

	if (body == NULL)
		return;
	token.name = api_body_text(call, body, "name");
	if (!api_auth_is_name(token.name))
		api_body_fault(call, STR("/name"), "minLength",
		    "who the token makes of its owner: at most 200 bytes, and "
		    "not blank");
	else if (chart_person_is_reserved(token.name))
		api_body_fault(call, STR("/name"), "not",
		    "must be another: " CHART_RESERVED_WHY);
	read_grant(call, body, &token);
	read_expiry(call, body, &token);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	giving = ARENA_NEW(call->arena, struct giving);
	giving->call = call;
	giving->made = api_token_make(call->arena, rng_system());
	api_call_ref(call);
	engine_give(call->api->options.engine, &(struct engine_grant){
	    .id = giving->made.id,
	    .name = token.name,
	    .sha256 = giving->made.sha256,
	    .grant = api_token_grant(call->arena, &token),
	    .expires_ms = token.expires_ms,
	    .actor = call->actor,
	}, given_cb, giving);
}

/* ---- taking back ---- */

struct found {
	struct api_call *call;
	const struct engine_token *token;
};

static void
find_cb(const struct engine_token *token, void *arg)
{
	struct found *found = arg;

	if (str_equal(token->id, found->call->params[0]))
		found->token = token;
}

static void
revoked_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);
	struct found found = {.call = call};

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		engine_each_token(
		    call->api->options.engine, find_cb, &found);
		must(found.token != NULL);
		api_reply_value(
		    call, 200, value_built(build(call, found.token)));
	}
	api_call_unref(call);
}

void
api_token_revoke(struct api_call *call)
{
	if (!api_body_is_empty(call))
		return;
	api_call_ref(call);
	engine_give(call->api->options.engine, &(struct engine_grant){
	    .id = call->params[0],
	    .revokes = true,
	    .actor = call->actor,
	}, revoked_cb, call);
}
