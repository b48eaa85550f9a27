/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

/* More than an expression gives at the bottom of a template: 100 and 64. */
#define DEEPEST 200

static void
assert_untypes(const char *typed, const char *plain)
{
	struct arena *arena = arena_new();
	const struct value *value =
	    json_untype(arena, value_of(arena, typed));
	if (!value)
		fail_msg("%s is malformed", typed);
	assert_json(value, JSON_PLAIN, plain);
	arena_free(&arena);
}

static void
test_typed_forms_become_values(void **state)
{
	(void)state;
	assert_untypes("{\"n\":\"1.10\"}", "1.10");
	assert_untypes("{\"c\":{\"n\":{\"n\":\"5\"}}}", "{\"n\":5}");
	assert_untypes("[{\"d\":\"2026-11-22\"},{\"t\":\"10:00:00Z\"},"
		       "{\"dt\":\"2026-11-22T10:00:00\"},{\"dur\":\"P1D\"},"
		       "{\"dur\":\"P1M\"}]",
	    "[\"2026-11-22\",\"10:00:00Z\",\"2026-11-22T10:00:00\",\"P1D\","
	    "\"P1M\"]");
	assert_untypes("{\"a\":1,\"n\":\"x\"}", "{\"a\":1,\"n\":\"x\"}");
	assert_untypes("{\"x\":{\"n\":\"1.50\"}}", "{\"x\":1.50}");
	assert_untypes("{\"r\":[\"[\",1,null,\")\"]}", "\">= 1\"");
}

static void
test_malformed_forms_are_refused(void **state)
{
	static const char *const texts[] = {"{\"n\":1}", "{\"n\":\"x\"}",
	    "{\"n\":\"0x1\"}", "{\"c\":1}", "{\"c\":{\"a\":{\"d\":\"x\"}}}",
	    "{\"d\":\"2026-02-30\"}", "{\"t\":null}", "{\"dt\":\"10:00:00\"}",
	    "{\"dur\":\"P\"}", "[{\"n\":\"\"}]", "{\"r\":[]}",
	    "{\"r\":[\"[\",null,null,\"]\"]}", "{\"r\":[\"<\",1,2,\"]\"]}"};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (json_untype(arena, value_of(arena, texts[i])))
			fail_msg("%s was taken", texts[i]);
	arena_free(&arena);
}

/* Writes in a form, reads and untypes: the value must be the same. */
static void
assert_survives(struct arena *arena, const struct value *value,
    enum json_form form)
{
	struct buf text = {0};
	struct buf again = {0};
	struct json_error error;
	json_write(value, form, &text);
	const struct value *read =
	    json_read_written(arena, buf_str(&text), &error);
	assert_non_null(read);
	const struct value *untyped = json_untype(arena, read);
	assert_non_null(untyped);
	assert_true(value_equal(value, untyped));
	json_write(untyped, form, &again);
	assert_true(str_equal(buf_str(&text), buf_str(&again)));
	buf_fini(&text);
	buf_fini(&again);
}

static void
test_typed_and_canonical_text_lose_nothing(void **state)
{
	static const char *const texts[] = {"{\"n\":\"1\"}",
	    "{\"c\":{\"n\":1.0}}", "[1234.10,{\"a\":{\"dur\":[]}},null,\"x\"]",
	    "{\"d\":\"2026-01-01\"}", "{\"b\":1,\"a\":{\"r\":1}}"};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct value *value = value_of(arena, texts[i]);
		assert_survives(arena, value, JSON_TYPED);
		assert_survives(arena, value, JSON_CANONICAL);
	}
	struct value_range range = {
	    .low = value_of_date(arena, (struct date){2026, 1, 1}),
	    .high_closed = true};
	assert_survives(arena, value_of_range(arena, range), JSON_TYPED);
	assert_survives(arena, value_of_months(arena, -3), JSON_CANONICAL);
	arena_free(&arena);
}

static void
test_the_deepest_value_survives_its_typed_form(void **state)
{
	struct arena *arena = arena_new();
	const struct value *value = value_of_int(arena, 1);
	struct buf text = {0};
	struct json_error error;
	(void)state;
	for (int i = 0; i < DEEPEST; i++) {
		struct value_builder *outer = value_build_context(arena);
		value_put(outer, STR("c"), value);
		value = value_built(outer);
	}
	assert_survives(arena, value, JSON_TYPED);
	assert_survives(arena, value, JSON_CANONICAL);
	json_write(value, JSON_PLAIN, &text);
	assert_non_null(json_read_written(arena, buf_str(&text), &error));
	assert_null(json_read(arena, buf_str(&text), &error));
	buf_clear(&text);
	for (int i = 0; i <= JSON_WRITTEN_DEPTH_MAX; i++)
		buf_add_char(&text, '[');
	assert_null(json_read_written(arena, buf_str(&text), &error));
	assert_non_null(strstr(error.message, "deeper than 512 levels"));
	assert_null(json_read_typed(arena, STR("{\"n\":1}"), &error));
	assert_non_null(strstr(error.message, "malformed"));
	assert_null(json_read_typed(arena, STR("{"), &error));
	assert_int_equal(error.column, 2);
	buf_fini(&text);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_typed_forms_become_values),
	    cmocka_unit_test(test_malformed_forms_are_refused),
	    cmocka_unit_test(test_typed_and_canonical_text_lose_nothing),
	    cmocka_unit_test(test_the_deepest_value_survives_its_typed_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
