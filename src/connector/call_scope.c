/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_scope.c: the names that a connection's expressions may read.
 *
 * The arguments are names of their own, beside `settings` and
 * `idempotency_key`, and of an answer `status`, `headers`, `body` and
 * `result`.  Once there is an answer these are its own; a request, which is
 * made before, may have arguments of these names.
 */
#include "connector_priv.h"

static const struct value masked_secret = {
	.type = VALUE_STRING,
	.as.string = STR_INIT("***"),
};

static const struct value *
find_in_reply(struct call_scope *scope, struct str name)
{
	struct reply *reply = scope->reply;

	if (reply == NULL)
		return NULL;
	if (str_equal(name, STR("body")))
		return reply->body;
	if (str_equal(name, STR("status")))
		return value_of_int(scope->arena, reply->response->status);
	if (str_equal(name, STR("headers")))
		return reply_headers(scope->arena, reply);
	if (str_equal(name, STR("result")))
		return reply->result;
	if (str_equal(name, STR("item")))
		return reply->item;
	return NULL;
}

static const struct value *
scope_lookup_cb(void *arg, struct str name)
{
	struct call_scope *scope = arg;
	const struct value *found = find_in_reply(scope, name);

	if (found != NULL)
		return found;
	if (str_equal(name, STR("settings")))
		return scope->context->settings;
	if (str_equal(name, STR("idempotency_key")))
		return scope->idempotency_key.at != NULL
		    ? value_of_str(scope->arena, scope->idempotency_key)
		    : &value_null;
	return scope->args != NULL ? value_get(scope->args, name) : NULL;
}

/* A copy: a request lives longer than a secret that is changed meanwhile. */
static const struct value *
scope_secret_cb(void *arg, struct str name)
{
	struct call_scope *scope = arg;
	const struct connector_context *context = scope->context;
	const struct value *found = NULL;

	if (scope->is_masked)
		return &masked_secret;
	if (context->secret != NULL)
		found = context->secret(context->secret_arg, name);
	if (found == NULL && scope->missing_secret.at == NULL)
		scope->missing_secret = name;
	if (found == NULL)
		return NULL;
	connector_mask_add(scope, value_str(found));
	return value_copy(scope->arena, found);
}

void
call_scope_init(struct call_scope *scope,
    const struct connector_context *context, const struct value *args)
{
	must(context != NULL && context->arena != NULL);
	must(args == NULL || args->type == VALUE_CONTEXT);
	*scope = (struct call_scope){
		.context = context,
		.arena = context->arena,
		.env = {
			.arena = context->arena,
			.lookup = scope_lookup_cb,
			.arg = scope,
			.now_ms = context->now_ms,
		},
		.args = args,
	};
	feel_env_share(&scope->env);
}

const struct value *
call_scope_eval(struct call_scope *scope, const struct template *template)
{
	must(template != NULL);
	return template_eval(template, &scope->env, scope_secret_cb, scope);
}

bool
call_scope_lacks_secret(
    const struct call_scope *scope, struct outcome *failure)
{
	if (scope->missing_secret.at == NULL)
		return false;
	(void)verdict_refuse(failure, "connector.secret", true,
	    arena_strf(scope->arena,
		"there is no secret named %.*s, or it can't be read for the "
		"moment",
		STR_ARG(scope->missing_secret)));
	return true;
}

bool
call_scope_is_true(struct call_scope *scope, const struct template *template)
{
	return value_is_true(call_scope_eval(scope, template));
}

bool
call_scope_text(struct call_scope *scope, const struct template *template,
    struct str *out)
{
	return value_sent_text(
	    scope->arena, call_scope_eval(scope, template), out);
}

const struct value *
call_scope_assigns(struct call_scope *scope, const struct def_assigns *assigns)
{
	struct value_builder *context = value_build_context(scope->arena);

	for (size_t i = 0; i < assigns->count; i++)
		value_put(context, assigns->items[i].name,
		    call_scope_eval(scope, assigns->items[i].value));
	return value_built(context);
}

bool
template_has_secret(const struct template *template)
{
	if (template == NULL)
		return false;
	if (template->kind == TEMPLATE_SECRET)
		return true;
	for (size_t i = 0; i < template->count; i++) {
		const struct template *part = template->kind == TEMPLATE_LIST
		    ? template->items[i]
		    : template->fields[i].value;
		if (template_has_secret(part))
			return true;
	}
	return false;
}

struct name_search {
	struct str name;
	bool is_found;
};

static void
search_name_cb(struct str name, size_t offset, void *arg)
{
	struct name_search *search = arg;

	(void)offset;
	search->is_found |= str_equal(name, search->name);
}

bool
template_reads(const struct template *template, struct str name)
{
	struct name_search search = {.name = name};

	if (template == NULL)
		return false;
	if (template->kind == TEMPLATE_FEEL)
		feel_each_free_name(template->feel, search_name_cb, &search);
	for (size_t i = 0; i < template->count && !search.is_found; i++) {
		const struct template *part = template->kind == TEMPLATE_LIST
		    ? template->items[i]
		    : template->fields[i].value;
		search.is_found = template_reads(part, name);
	}
	return search.is_found;
}
