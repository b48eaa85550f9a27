/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/template.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	struct arena *arena = *state;

	arena_free(&arena);
	return 0;
}

static const struct template *
literal(struct arena *arena, const char *text)
{
	struct template *template = ARENA_NEW(arena, struct template);

	template->kind = TEMPLATE_LITERAL;
	template->literal = value_of_str(arena, str_of(text));
	return template;
}

static const struct template *
expression(struct arena *arena, const char *text)
{
	struct template *template = ARENA_NEW(arena, struct template);
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error;

	feel_names_add(names, STR("amount"));
	template->kind = TEMPLATE_FEEL;
	template->text = str_of(text);
	template->feel = feel_parse(arena, str_of(text), names, &error);
	assert_non_null(template->feel);
	return template;
}

static const struct template *
secret(struct arena *arena, const char *name)
{
	struct template *template = ARENA_NEW(arena, struct template);

	template->kind = TEMPLATE_SECRET;
	template->secret = str_of(name);
	return template;
}

static const struct value *
lookup_amount(void *arg, struct str name)
{
	return str_equal(name, STR("amount")) ? arg : NULL;
}

static const struct value *
lookup_secret(void *arg, struct str name)
{
	return str_equal(name, STR("token")) ? arg : NULL;
}

static void
assert_json(const struct value *value, const char *expected)
{
	struct buf out = {0};

	json_write(value, JSON_PLAIN, &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void
test_literal_stays_as_it_is(void **state)
{
	struct arena *arena = *state;
	struct feel_env env = {.arena = arena};
	const struct template *template = literal(arena, "amount + 1");

	assert_ptr_equal(template_eval(template, &env, NULL, NULL),
	    template->literal);
}

static void
test_expressions_are_evaluated_at_any_depth(void **state)
{
	struct arena *arena = *state;
	struct number amount;
	const struct template *items[2] = {
	    literal(arena, "EUR"), expression(arena, "amount + 1")};
	const struct template list = {
	    .kind = TEMPLATE_LIST, .items = items, .count = 2};
	const struct template_field fields[] = {
	    {STR("paid"), &list}, {STR("by"), items[0]}};
	const struct template context = {
	    .kind = TEMPLATE_CONTEXT, .fields = fields, .count = 2};
	struct feel_env env = {.arena = arena, .lookup = lookup_amount};

	assert_int_equal(number_parse(STR("1234.10"), &amount), NUMBER_OK);
	env.arg = (void *)(uintptr_t)value_of_number(arena, amount);
	assert_json(template_eval(&context, &env, NULL, NULL),
	    "{\"paid\":[\"EUR\",1235.10],\"by\":\"EUR\"}");
}

static void
test_empty_list_and_context_stay_empty(void **state)
{
	struct feel_env env = {.arena = *state};
	const struct template list = {.kind = TEMPLATE_LIST};
	const struct template context = {.kind = TEMPLATE_CONTEXT};

	assert_json(template_eval(&list, &env, NULL, NULL), "[]");
	assert_json(template_eval(&context, &env, NULL, NULL), "{}");
}

static void
test_secret_is_asked_for_by_name(void **state)
{
	struct arena *arena = *state;
	struct feel_env env = {.arena = arena};
	const struct value *token = value_of_str(arena, STR("t0ken"));
	void *arg = (void *)(uintptr_t)token;

	assert_ptr_equal(template_eval(secret(arena, "token"), &env,
	    lookup_secret, arg), token);
	assert_true(value_is_null(template_eval(secret(arena, "other"), &env,
	    lookup_secret, arg)));
}

static void
test_secret_is_null_where_nobody_may_ask(void **state)
{
	struct arena *arena = *state;
	struct feel_env env = {.arena = arena};

	assert_true(value_is_null(
	    template_eval(secret(arena, "token"), &env, NULL, NULL)));
}

#define WITH_ARENA(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(test_literal_stays_as_it_is),
	    WITH_ARENA(test_expressions_are_evaluated_at_any_depth),
	    WITH_ARENA(test_empty_list_and_context_stay_empty),
	    WITH_ARENA(test_secret_is_asked_for_by_name),
	    WITH_ARENA(test_secret_is_null_where_nobody_may_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
