/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_oidc.c: callers whom an OpenID provider vouches for.
 *
 * The engine fetches the provider's keys and keeps them; a token by a key that
 * is not among them is worth another look at most once a minute, so that a
 * rotation is noticed at once and a guesser causes no traffic.  What a token's
 * claims give is made into a token as ours are, and from there on nothing is
 * different.
 *
 * People show the same token for minutes, and signatures are dear: of tokens
 * whose signature has held, the digest is kept, together with that of the keys,
 * so that nothing need be forgotten when these change.
 */
#include "api_priv.h"

#include <stdlib.h>

#define PROVEN_MAX 1024 /* a power of two */

/* What a token that isn't ours can be: three parts, or five if encrypted. */
bool
api_oidc_is_meant(const struct api_call *call, struct str text)
{
	size_t points = 0;

	for (size_t i = 0; i < text.bytes; i++)
		points += text.at[i] == '.';
	return call->api->options.oidc != NULL && (points == 2 || points == 4);
}

static void
ignore_cb(struct str keys, void *arg)
{
	(void)keys, (void)arg;
}

void
api_oidc_prepare(struct api *api)
{
	const struct api_oidc *oidc = api->options.oidc;

	if (oidc != NULL && api->options.auth_required)
		engine_issuer_keys(api->options.engine, &oidc->issuer, false,
		    ignore_cb, NULL);
}

/* ---- what the claims give ---- */

static void
add_roles(struct arena *arena, struct api_token *token, size_t *capacity,
    const struct str *roles, size_t count)
{
	struct str *grown = (struct str *)token->roles;

	for (size_t i = 0; i < count; i++) {
		grown = arena_grow(arena, grown, token->role_count, capacity,
		    sizeof(*grown));
		grown[token->role_count++] = roles[i];
	}
	token->roles = grown;
}

static void
read_roles(struct arena *arena, const struct api_oidc *oidc,
    const struct value *claims, struct api_token *token)
{
	size_t capacity = 0, count;
	const struct str *values =
	    issuer_claim_texts(arena, claims, oidc->roles_claim, &count);

	for (size_t i = 0; i < count; i++) {
		if (oidc->rule_count == 0 && api_role_is_known(values[i]))
			add_roles(arena, token, &capacity, &values[i], 1);
		for (size_t j = 0; j < oidc->rule_count; j++)
			if (str_equal(oidc->rules[j].value, values[i]))
				add_roles(arena, token, &capacity,
				    oidc->rules[j].roles,
				    oidc->rules[j].role_count);
	}
}

/* A claim that is asked for and not there gives nothing: to leave it out must
 * not open what it closes.  false then. */
static bool
read_limit(struct arena *arena, const struct value *claims, struct str claim,
    const struct str **texts, size_t *count)
{
	*texts = NULL;
	*count = 0;
	if (claim.at == NULL)
		return true;
	*texts = issuer_claim_texts(arena, claims, claim, count);
	if (*count == 0)
		return false;
	if (str_is_among(STR("*"), *texts, *count))
		*count = 0;
	return true;
}

static void
settle(struct api_call *call, const struct value *claims)
{
	const struct api_oidc *oidc = call->api->options.oidc;
	struct arena *arena = call->arena;
	struct api_token *token = ARENA_NEW(arena, struct api_token);

	token->name = value_str(issuer_claim(claims, oidc->name_claim));
	if (!api_auth_is_name(token->name)) {
		api_auth_refuse(call,
		    arena_strf(arena,
			"The token's claim %.*s is no name: a text of 1 to 200 "
			"bytes without control characters.",
			STR_ARG(oidc->name_claim)),
		    false);
		return;
	}
	if (chart_person_is_reserved(token->name)) {
		api_auth_refuse(call,
		    arena_strf(arena,
			"The token's claim %.*s is not a caller's name: "
			CHART_RESERVED_WHY ".",
			STR_ARG(oidc->name_claim)),
		    false);
		return;
	}
	read_roles(arena, oidc, claims, token);
	if (!read_limit(arena, claims, oidc->workflows_claim,
		&token->workflows, &token->workflow_count) ||
	    !read_limit(arena, claims, oidc->entities_claim, &token->entities,
		&token->entity_count)) {
		api_problem_reply(call, PROBLEM_FORBIDDEN,
		    "The token does not say which workflows or entities it is "
		    "for.");
		return;
	}
	api_auth_settle(call, token, arena_str(arena, oidc->issuer.url));
}

/* A token that is bound to a certificate is nothing without it (RFC 8705). */
static bool
is_held(const struct api_call *call, const struct value *claims)
{
	const struct value *bound = value_get_cstr(claims, "cnf");

	return bound == NULL ||
	       api_tls_is_bound(
		   call, value_field_str(bound, "x5t#S256"));
}

/* ---- the keys it is verified by ---- */

struct sign_in {
	struct str text;
	const struct api_oidc *oidc;
	bool is_doubted; /* the newest keys have been asked for */
};

static engine_keys_fn keys_cb;

static void
want_keys(struct api_call *call, bool is_doubted)
{
	struct sign_in *sign_in = call->state;

	sign_in->is_doubted = is_doubted;
	api_call_ref(call);
	engine_issuer_keys(call->api->options.engine,
	    &sign_in->oidc->issuer, is_doubted, keys_cb, call);
}

/* Of the token under these keys. */
static struct digest *
place_of(struct api *api, struct digest digest)
{
	size_t index = ((size_t)digest.bytes[0] << 8 | digest.bytes[1]) %
		       PROVEN_MAX;

	if (api->proven == NULL)
		api->proven = calloc(PROVEN_MAX, sizeof(*api->proven));
	must(api->proven != NULL);
	return &api->proven[index];
}

static enum issuer_verdict
judge(struct api_call *call, struct str keys, const struct value **claims)
{
	const struct sign_in *sign_in = call->state;
	const struct issuer *issuer = &sign_in->oidc->issuer;
	int64_t now_ms = api_outer_now_ms(call);
	struct str both = arena_strf(call->arena, "%.*s %.*s",
	    STR_ARG(sign_in->text), STR_ARG(keys));
	struct digest digest = digest_sha256(both);
	struct digest *place = place_of(call->api, digest);
	enum issuer_verdict verdict;

	if (digest_equal(*place, digest))
		return issuer_verify_again(
		    call->arena, issuer, sign_in->text, now_ms, claims);
	verdict = issuer_verify(
	    call->arena, issuer, keys, sign_in->text, now_ms, claims);
	if (verdict == ISSUER_GENUINE)
		*place = digest;
	return verdict;
}

static void
verify(struct api_call *call, struct str keys)
{
	const struct sign_in *sign_in = call->state;
	const struct value *claims;
	enum issuer_verdict verdict = judge(call, keys, &claims);

	if (verdict == ISSUER_UNKNOWN_KEY && !sign_in->is_doubted)
		want_keys(call, true);
	else if (verdict != ISSUER_GENUINE)
		api_auth_refuse(call, issuer_verdict_text(verdict),
		    verdict != ISSUER_EXPIRED && verdict != ISSUER_EARLY);
	else if (!is_held(call, claims))
		api_auth_refuse(call,
		    STR("The token is bound to a client certificate, which "
			"was not shown."),
		    true);
	else
		settle(call, claims);
}

static void
keys_cb(struct str keys, void *arg)
{
	struct api_call *call = api_call_of(arg);
	const struct sign_in *sign_in = call->state;

	if (call->request == NULL) {
		api_call_unref(call);
		return;
	}
	/* The provider may be another by now. */
	if (keys.at == NULL || call->api->options.oidc != sign_in->oidc) {
		api_reply_header(call, "Retry-After", STR("5"));
		api_problem_reply(call, PROBLEM_UNAVAILABLE,
		    "The keys of the tokens' issuer can't be had for the "
		    "moment; the server's log says why.");
	} else {
		verify(call, keys);
	}
	api_call_unref(call);
}

void
api_oidc_take(struct api_call *call, struct str text)
{
	struct sign_in *sign_in = ARENA_NEW(call->arena, struct sign_in);

	sign_in->text = arena_str(call->arena, text);
	sign_in->oidc = call->api->options.oidc;
	call->state = sign_in;
	want_keys(call, false);
}
