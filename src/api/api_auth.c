/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_auth.c: who calls, and what they may.
 *
 * Tokens are known by their digest only, and all digests are compared, in
 * constant time each: how long it takes tells nothing about any of them.
 * Whether a person may decide a task is the engine's question, not ours.
 */
#include "api_priv.h"

#define NAME_BYTES_MAX 200

static const struct {
	unsigned bit;
	struct str name;
} roles[] = {
#define X(symbol, bit, name, may) {API_##symbol, STR_INIT(name)},
    API_ROLES(X)
#undef X
};
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

static unsigned
role_bit(struct str role)
{
	struct str approver = STR("approver:");

	if (str_has_prefix(role, approver))
		return role.bytes > approver.bytes ? API_APPROVER : 0;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (str_equal(roles[i].name, role))
			return roles[i].bit;
	return 0;
}

bool
api_role_is_known(struct str role)
{
	return role_bit(role) != 0;
}

static unsigned
roles_of(const struct api_token *token)
{
	unsigned set = 0;

	for (size_t i = 0; i < token->role_count; i++)
		set |= role_bit(token->roles[i]);
	return set;
}

/* ---- authentication off: callers name themselves ---- */

bool
api_auth_is_name(struct str name)
{
	if (str_trim(name).bytes == 0 || name.bytes > NAME_BYTES_MAX ||
	    !str_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.bytes; i++)
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	return true;
}

static bool
take_word(struct api_call *call)
{
	struct str name = api_call_header(call, "X-Stated-Actor");

	call->actor.name = STR(CHART_ANONYMOUS);
	if (name.at == NULL)
		return true;
	if (!api_auth_is_name(name)) {
		api_problem_reply(call, PROBLEM_BAD_REQUEST,
		    "X-Stated-Actor must be 1 to %d bytes of UTF-8 without "
		    "control characters, and not blank.",
		    NAME_BYTES_MAX);
		return false;
	}
	if (chart_person_is_machine(name)) {
		api_problem_reply(call, PROBLEM_BAD_REQUEST,
		    "X-Stated-Actor is `%.*s`, as histories call what the "
		    "engine does by itself: give your own name.",
		    STR_ARG(name));
		return false;
	}
	call->actor.name = arena_str(call->arena, name);
	return true;
}

/* ---- bearer tokens (RFC 6750) ---- */

static struct str
bearer_of(const struct api_call *call)
{
	struct str text = api_call_header(call, "Authorization");
	struct str token;
	struct str scheme = str_split(text, ' ', &token);

	if (text.at == NULL || !message_name_equal(scheme, STR("Bearer")))
		return (struct str){NULL, 0};
	return str_trim(token);
}

/* Tokens may be replaced while the call waits for the engine. */
static struct api_token *
copy_token(struct arena *arena, const struct api_token *token)
{
	struct api_token *copy = ARENA_NEW(arena, struct api_token);

	*copy = *token;
	copy->name = arena_str(arena, token->name);
	copy->roles = arena_strs(arena, token->roles, token->role_count);
	copy->workflows =
	    arena_strs(arena, token->workflows, token->workflow_count);
	copy->entities =
	    arena_strs(arena, token->entities, token->entity_count);
	return copy;
}

/* One that an admin gave, and nobody took back. */
static struct api_token *
read_given(struct api_call *call, const struct engine_token *given)
{
	struct arena *arena = call->arena;
	struct api_token *token = ARENA_NEW(arena, struct api_token);
	const struct value *grant = api_reply_stored(call, given->grant);

	token->name = arena_str(arena, given->name);
	token->expires_ms = given->expires_ms;
	token->roles = value_strs(arena,
	    value_field_or_null(grant, "roles"), &token->role_count);
	token->workflows = value_strs(arena,
	    value_field_or_null(grant, "workflows"), &token->workflow_count);
	token->entities = value_strs(arena,
	    value_field_or_null(grant, "entities"), &token->entity_count);
	return token;
}

/* All of the configuration's are compared: see above.  NULL: not known. */
static const struct api_token *
find_token(struct api_call *call, struct str text)
{
	const struct api_options *options = &call->api->options;
	struct digest digest = digest_sha256(text);
	const struct engine_token *given =
	    engine_find_token(options->engine, digest);
	const struct api_token *found = NULL;

	for (size_t i = 0; i < options->token_count; i++)
		if (digest_equal(options->tokens[i].sha256, digest))
			found = &options->tokens[i];
	if (found != NULL)
		return copy_token(call->arena, found);
	return given != NULL && given->revoked_ms == 0
	    ? read_given(call, given)
	    : NULL;
}

static void
take_bearer(struct api_call *call, struct str text)
{
	const struct api_token *token = find_token(call, text);

	if (token == NULL && api_oidc_is_meant(call, text))
		api_oidc_take(call, text);
	else if (token == NULL)
		api_auth_refuse(call,
		    STR("This token is not known here; ask for a new one."),
		    true);
	else if (token->expires_ms != 0 &&
		 token->expires_ms <= api_now_ms(call))
		api_auth_refuse(call,
		    STR("This token has expired; ask for a new one."), false);
	else if (chart_person_is_reserved(token->name))
		api_auth_refuse(call,
		    STR("This token's name is not a caller's: "
			CHART_RESERVED_WHY
			"; ask for a new one."),
		    false);
	else
		api_auth_settle(call, token, (struct str){NULL, 0});
}

/* ---- client certificates ---- */

/* Where a token is shown too, that says who calls, and the certificate has
 * but let it in. */
static void
take_certificate(struct api_call *call)
{
	const struct api_token *grant = api_tls_caller(call);

	if (grant != NULL)
		api_auth_settle(call, copy_token(call->arena, grant),
		    (struct str){NULL, 0});
	else if (api_tls_has_certificate(call))
		api_auth_refuse(call,
		    STR("Nobody has this certificate in auth.certificates; "
			"show another, or send `Authorization: Bearer "
			"TOKEN`."),
		    false);
	else
		api_auth_refuse(call,
		    STR("Send `Authorization: Bearer TOKEN`."), false);
}

/* ---- who guesses ---- */

static bool
may_try(struct api_call *call)
{
	struct str address = api_call_address(call);
	int64_t wait_ms = 0;

	if (address.at != NULL)
		wait_ms = api_lockout_wait_ms(
		    call->api->lockout, address.at, clock_monotonic_us());
	if (wait_ms == 0)
		return true;
	call->api->shut_out++;
	api_reply_header(call, "Retry-After",
	    arena_strf(call->arena, "%lld",
		(long long)((wait_ms + 999) / 1000)));
	api_problem_reply(call, PROBLEM_SHUT_OUT,
	    "Too many sign-ins from this address have failed; try again "
	    "later.");
	return false;
}

void
api_auth_refuse(struct api_call *call, struct str detail, bool is_guess)
{
	struct str address = api_call_address(call);

	if (is_guess) {
		call->api->guesses++;
		if (address.at != NULL &&
		    api_lockout_note(call->api->lockout, address.at,
			clock_monotonic_us()))
			log_warning("sign-ins shut out",
			    "address=%.*s: too many have failed",
			    STR_ARG(address));
	}
	api_problem_with(call, PROBLEM_UNKNOWN_CALLER, detail, NULL);
}

/* ---- whether it may ---- */

static struct str
role_names(struct api_call *call, unsigned set)
{
	struct str text = STR("");

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (set & roles[i].bit)
			text =
			    arena_strf(call->arena, "%.*s%s%.*s", STR_ARG(text),
				text.bytes ? ", " : "", STR_ARG(roles[i].name));
	return text;
}

static bool
is_open(struct api_call *call)
{
	unsigned needed = call->route->roles | API_ADMIN;

	if ((roles_of(call->token) & needed) == 0) {
		api_problem_reply(call, PROBLEM_FORBIDDEN,
		    "This needs one of the roles %.*s; ask for a token that "
		    "has it.",
		    STR_ARG(role_names(call, needed)));
		return false;
	}
	if (call->route->reach == REACH_WHOLE && api_auth_is_limited(call)) {
		api_problem_reply(call, PROBLEM_FORBIDDEN,
		    "This concerns the whole installation, and the token is "
		    "limited to some workflows or entities.");
		return false;
	}
	return true;
}

static const struct chart_limits *
limits_of(struct api_call *call)
{
	const struct api_token *token = call->token;
	struct chart_limits *limits;

	if (!api_auth_is_limited(call))
		return NULL;
	limits = ARENA_NEW(call->arena, struct chart_limits);
	*limits = (struct chart_limits){
	    .workflows = token->workflows,
	    .workflow_count = token->workflow_count,
	    .entities = token->entities,
	    .entity_count = token->entity_count,
	};
	return limits;
}

void
api_auth_settle(struct api_call *call, const struct api_token *token,
    struct str issuer)
{
	must(call->token == NULL);
	call->token = token;
	call->actor = (struct chart_actor){
	    .name = token->name,
	    .issuer = issuer,
	    .roles = token->roles,
	    .role_count = token->role_count,
	    .roles_checked = true,
	    .limits = limits_of(call),
	};
	if (is_open(call))
		call->admitted(call);
}

void
api_auth_admit(
    struct api_call *call, void (*admitted)(struct api_call *call))
{
	struct str bearer;

	call->admitted = admitted;
	if (!call->api->options.auth_required) {
		if (take_word(call))
			admitted(call);
		return;
	}
	if (call->route->roles == API_EVERYBODY) {
		admitted(call);
		return;
	}
	bearer = bearer_of(call);
	if (bearer.bytes == 0)
		take_certificate(call);
	else if (may_try(call))
		take_bearer(call, bearer);
}

/* ---- what a token is limited to ---- */

const struct str *
api_auth_entities(const struct api_call *call, size_t *count)
{
	*count = call->token != NULL ? call->token->entity_count : 0;
	return call->token != NULL ? call->token->entities : NULL;
}

bool
api_auth_is_limited(const struct api_call *call)
{
	const struct api_token *token = call->token;

	return token != NULL &&
	       (token->workflow_count > 0 || token->entity_count > 0);
}

bool
api_auth_reaches(const struct api_call *call, struct str workflow)
{
	return chart_limits_reach_workflow(call->actor.limits, workflow);
}

bool
api_auth_reaches_entity(const struct api_call *call, struct str entity)
{
	return chart_limits_reach_entity(call->actor.limits, entity);
}

bool
api_auth_reaches_row(
    const struct api_call *call, const struct store_instance *row)
{
	const struct api_token *token = call->token;

	return api_auth_reaches(call, row->workflow) &&
	       (token == NULL || token->entity_count == 0 ||
		   store_has_label(row, STR(CHART_ENTITY), token->entities,
		       token->entity_count));
}

bool
api_auth_reaches_view(const struct api_call *call, const struct value *view)
{
	const struct api_token *token = call->token;
	const struct value *labels = value_field_or_null(view, "labels");
	struct str entity;

	if (!api_auth_reaches(
		call, value_field_str(view, "workflow")))
		return false;
	if (token == NULL || token->entity_count == 0)
		return true;
	return value_text(call->arena,
		   value_field_or_null(labels, CHART_ENTITY), &entity) &&
	       api_auth_reaches_entity(call, entity);
}

/* STORE_ABSENT: a limited token reaches what isn't there no more than others'
 * instances. */
static enum store_error
look_at(const struct api_call *call, uint64_t number, bool *reaches)
{
	struct store_instance row;
	struct arena *arena;
	enum store_error error;

	/* The installation's own items tell what they are about. */
	*reaches = true;
	if (!api_auth_is_limited(call) || number == STORE_JOURNAL)
		return STORE_OK;
	arena = arena_new();
	error = store_find_instance(
	    engine_store(call->api->options.engine), arena, number, &row);
	*reaches = error == STORE_OK && api_auth_reaches_row(call, &row);
	arena_free(&arena);
	return error;
}

enum store_error
api_auth_reaches_number(
    const struct api_call *call, uint64_t number, bool *reaches)
{
	enum store_error error = look_at(call, number, reaches);

	return error == STORE_ABSENT ? STORE_OK : error;
}

enum store_error
api_auth_asks_number(struct api_call *call, uint64_t number, bool *reaches)
{
	enum store_error error = look_at(call, number, reaches);

	if (error == STORE_OK && !*reaches)
		api_problem_note_hidden(call);
	return error == STORE_ABSENT ? STORE_OK : error;
}

bool
api_auth_has_all_workflows(struct api_call *call)
{
	if (call->token == NULL || call->token->workflow_count == 0)
		return true;
	api_problem_reply(call, PROBLEM_FORBIDDEN,
	    "The token is limited to some workflows: name one of them, by "
	    "?workflow=NAME.");
	return false;
}
