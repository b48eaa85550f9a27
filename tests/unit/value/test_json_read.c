/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
assert_error(const char *text, uint32_t line, uint32_t column,
    const char *message)
{
	struct arena *arena = arena_new();
	struct json_error error;
	if (json_read(arena, str_of(text), &error))
		fail_msg("%s was read", text);
	if (!strstr(error.message, message))
		fail_msg("%s: \"%s\" has no \"%s\"", text, error.message,
		    message);
	assert_int_equal(error.line, line);
	assert_int_equal(error.column, column);
	arena_free(&arena);
}

static void
assert_reads(const char *text, const char *expected)
{
	struct arena *arena = arena_new();
	assert_json(value_of(arena, text), JSON_PLAIN, expected);
	arena_free(&arena);
}

static void
test_values_are_read_with_space_between(void **state)
{
	(void)state;
	assert_reads(" { \"a\" : [ 1 , true , null ] ,\r\n\t\"b\" : { } } ",
	    "{\"a\":[1,true,null],\"b\":{}}");
	assert_reads("[]", "[]");
	assert_reads("\"x\"", "\"x\"");
	assert_reads("-0.5", "-0.5");
}

static void
test_amounts_keep_every_digit(void **state)
{
	(void)state;
	assert_reads("[1234.10,99999999999999999999.99,1e2,0.1,-0]",
	    "[1234.10,99999999999999999999.99,1E+2,0.1,0]");
}

static void
test_escapes_become_their_characters(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_text(value_str(value_of(arena,
			"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\"")),
	    "\"\\/\b\f\n\r\t\xe2\x82\xac");
	assert_text(value_str(value_of(arena, "\"\\ud83d\\uDE00\"")),
	    "\xf0\x9f\x98\x80");
	assert_int_equal(
	    value_str(value_of(arena, "\"a\\u0000b\"")).bytes, 3);
	arena_free(&arena);
}

static void
test_a_text_that_ends_too_early(void **state)
{
	(void)state;
	assert_error("", 1, 1, "ends where a value should be");
	assert_error("  ", 1, 3, "ends where a value should be");
	assert_error("[1,2", 1, 5, "ends where ',' or ']'");
	assert_error("[1,", 1, 4, "ends where a value");
	assert_error("{", 1, 2, "ends where a key");
	assert_error("{\"a\"", 1, 5, "ends where ':'");
	assert_error("{\"a\":", 1, 6, "ends where a value");
	assert_error("{\"a\":1", 1, 7, "ends where ',' or '}'");
	assert_error("\"abc", 1, 1, "not closed");
	assert_error("\"abc\\", 1, 6, "ends where an escape");
	assert_error("\"\\u12", 1, 6, "ends where a hexadecimal");
	assert_error("tru", 1, 1, "true");
	assert_error("-", 1, 1, "not a number");
}

static void
test_what_json_does_not_have(void **state)
{
	(void)state;
	assert_error("NaN", 1, 1, "expected a value, found 'N'");
	assert_error("Infinity", 1, 1, "expected a value");
	assert_error("-Infinity", 1, 1, "not a number");
	assert_error("'a'", 1, 1, "expected a value");
	assert_error("[1,]", 1, 4, "expected a value, found ']'");
	assert_error("{\"a\":1,}", 1, 8, "expected a key");
	assert_error("{a:1}", 1, 2, "expected a key in quotes");
	assert_error("// x\n1", 1, 1, "expected a value");
	assert_error("\xef\xbb\xbf[]", 1, 1, "expected a value");
	assert_error("[1 2]", 1, 4, "expected ',' or ']', found '2'");
	assert_error("{} {}", 1, 4, "nothing after the document");
	assert_error("\"\\x\"", 1, 3, "an escape");
	assert_error("\"\\u12g4\"", 1, 6, "hexadecimal");
	assert_error("\"a\tb\"", 1, 3, "no control character");
}

static void
test_numbers_out_of_grammar_or_range(void **state)
{
	(void)state;
	assert_error("01", 1, 1, "not a number");
	assert_error("1.", 1, 1, "not a number");
	assert_error(".5", 1, 1, "expected a value");
	assert_error("+1", 1, 1, "expected a value");
	assert_error("1e", 1, 1, "not a number");
	assert_error("[12345678901234567890123456789012345]", 1, 2,
	    "more than 34 digits");
	assert_error("1E9999", 1, 1, "out of range");
}

static void
test_places_count_lines_and_code_points(void **state)
{
	(void)state;
	assert_error("{\n  \"\xe2\x82\xac\": 1,\n  \"b\" 2\n}", 3, 7,
	    "':' after the key");
	assert_error("[\"\xf0\x9f\x98\x80\" 1]", 1, 6, "',' or ']'");
}

static void
test_a_key_that_is_there_twice(void **state)
{
	(void)state;
	assert_error("{\"a\":1,\n \"b\":2,\"a\":3}", 2, 8,
	    "the key \"a\" is there twice");
	assert_error("{\"a\":1,\"\\u0061\":3}", 1, 8, "twice");
	assert_reads("[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]");
}

static void
test_bad_utf_8_is_found_at_its_byte(void **state)
{
	static const char *const bad[] = {"\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"",
	    "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xff\"",
	    "\"\xe2\x82\"", "\"\xf0\x9f\x98\""};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_error(bad[i], 1, 2, "not UTF-8");
	assert_error("\"a\xe2\x82\xac\xff\"", 1, 4, "not UTF-8");
	assert_error("{\"\xff\":1}", 1, 3, "not UTF-8");
	assert_reads("\"\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf\"",
	    "\"\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf\"");
}

static void
test_half_a_surrogate_pair_is_no_character(void **state)
{
	(void)state;
	assert_error("\"\\ud800\"", 1, 2, "half of a surrogate pair");
	assert_error("\"\\udc00\"", 1, 2, "half of a surrogate pair");
	assert_error("\"\\ud800\\u0041\"", 1, 2, "half of a surrogate pair");
	assert_error("\"\\ud800\\ud800\"", 1, 2, "half of a surrogate pair");
	assert_error("\"\\ud800x\"", 1, 2, "half of a surrogate pair");
}

static void
test_nesting_ends_at_64(void **state)
{
	struct arena *arena = arena_new();
	struct json_error error;
	char text[200];
	(void)state;
	memset(text, '[', 65);
	memset(text + 64, ']', 64);
	assert_non_null(
	    json_read(arena, (struct str){text, 128}, &error));
	memset(text, '[', 100);
	assert_null(json_read(arena, (struct str){text, 100}, &error));
	assert_int_equal(error.column, 65);
	assert_non_null(strstr(error.message, "deeper than 64"));
	arena_free(&arena);
}

static void
test_a_million_open_brackets_are_refused_at_once(void **state)
{
	struct arena *arena = arena_new();
	struct json_error error;
	struct buf text = {0};
	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&text, '[');
	assert_null(json_read(arena, buf_str(&text), &error));
	assert_true(arena_bytes(arena) < 100000);
	buf_fini(&text);
	arena_free(&arena);
}

static void
test_a_hundred_thousand_keys_take_no_time(void **state)
{
	struct arena *arena = arena_new();
	struct buf text = {0};
	struct json_error error;
	(void)state;
	buf_add_char(&text, '{');
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "%s\"key%d\":%d", i ? "," : "", i, i);
	buf_add_char(&text, '}');
	const struct value *value = json_read(arena, buf_str(&text), &error);
	assert_non_null(value);
	assert_int_equal(value->as.context.count, 100000);
	buf_fini(&text);
	arena_free(&arena);
}

static void
test_any_prefix_of_a_document_is_an_error(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e+3,\"\\u00e9\\n\"],"
				   "\"b\":{\"c\":null,\"d\":true}}";
	(void)state;
	for (size_t bytes = 0; bytes < sizeof(text) - 1; bytes++) {
		struct arena *arena = arena_new();
		struct json_error error;
		assert_null(
		    json_read(arena, (struct str){text, bytes}, &error));
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_are_read_with_space_between),
	    cmocka_unit_test(test_amounts_keep_every_digit),
	    cmocka_unit_test(test_escapes_become_their_characters),
	    cmocka_unit_test(test_a_text_that_ends_too_early),
	    cmocka_unit_test(test_what_json_does_not_have),
	    cmocka_unit_test(test_numbers_out_of_grammar_or_range),
	    cmocka_unit_test(test_places_count_lines_and_code_points),
	    cmocka_unit_test(test_a_key_that_is_there_twice),
	    cmocka_unit_test(test_bad_utf_8_is_found_at_its_byte),
	    cmocka_unit_test(test_half_a_surrogate_pair_is_no_character),
	    cmocka_unit_test(test_nesting_ends_at_64),
	    cmocka_unit_test(test_a_million_open_brackets_are_refused_at_once),
	    cmocka_unit_test(test_a_hundred_thousand_keys_take_no_time),
	    cmocka_unit_test(test_any_prefix_of_a_document_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
