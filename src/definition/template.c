/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.c: a definition's values, made real for one instance.
 *
 * Nesting is bounded by the reader of documents (64 levels), so recursion is
 * safe.
 */
#include "stated/template.h"

/* What one evaluation needs on its way down. */
struct template_scope {
	struct feel_env *env;
	template_secret_fn *secret;
	void *secret_arg;
	template_null_fn *tell;
	void *tell_arg;
};

static const struct value *eval(const struct template *template,
    const struct template_scope *scope);

static const struct value *
eval_list(const struct template *template, const struct template_scope *scope)
{
	struct value_builder *list = value_build_list(scope->env->arena);

	for (size_t i = 0; i < template->count; i++)
		value_append(list, eval(template->items[i], scope));
	return value_built(list);
}

static const struct value *
eval_context(const struct template *template,
    const struct template_scope *scope)
{
	struct value_builder *context = value_build_context(scope->env->arena);

	for (size_t i = 0; i < template->count; i++) {
		const struct template_field *field = &template->fields[i];

		value_put(context, field->key, eval(field->value, scope));
	}
	return value_built(context);
}

static const struct value *
eval_feel(const struct template *template, const struct template_scope *scope)
{
	struct feel_env *env = scope->env;
	const struct value *value;

	must(template->feel != NULL);
	value = feel_eval(template->feel, env);
	if (scope->tell != NULL && value_is_null(value) &&
	    env->note[0] != '\0')
		scope->tell(scope->tell_arg, template, env);
	return value;
}

static const struct value *
eval_secret(const struct template *template, const struct template_scope *scope)
{
	const struct value *value = NULL;

	must(template->secret.at != NULL);
	if (scope->secret != NULL)
		value = scope->secret(scope->secret_arg, template->secret);
	return value != NULL ? value : &value_null;
}

static const struct value *
eval(const struct template *template, const struct template_scope *scope)
{
	must(template != NULL);
	switch (template->kind) {
	case TEMPLATE_LITERAL:
		must(template->literal != NULL);
		return template->literal;
	case TEMPLATE_FEEL:
		return eval_feel(template, scope);
	case TEMPLATE_LIST:
		return eval_list(template, scope);
	case TEMPLATE_CONTEXT:
		return eval_context(template, scope);
	case TEMPLATE_SECRET:
		return eval_secret(template, scope);
	}
	unreachable("every kind of template is listed");
}

const struct value *
template_eval(const struct template *template, struct feel_env *env,
    template_secret_fn *secret, void *secret_arg)
{
	const struct template_scope scope = {
		.env = env, .secret = secret, .secret_arg = secret_arg};

	must(env != NULL && env->arena != NULL);
	return eval(template, &scope);
}

const struct value *
template_eval_telling(const struct template *template, struct feel_env *env,
    template_null_fn *tell, void *tell_arg)
{
	const struct template_scope scope = {
		.env = env, .tell = tell, .tell_arg = tell_arg};

	must(env != NULL && env->arena != NULL);
	return eval(template, &scope);
}
