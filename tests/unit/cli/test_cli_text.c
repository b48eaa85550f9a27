/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_text.c: what people are shown, and what a terminal must not get. */
#include "../../../src/cli/cli_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	setenv("TZ", "UTC", 1);
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

#define assert_text(text, expected)                                            \
	assert_true(str_equal(text, STR(expected)))

static void
test_what_a_terminal_would_obey_is_replaced(void **state)
{
	assert_text(cli_text_clean(*state, STR("a\033[31mb\nc")), "a [31mb c");
	assert_text(cli_text_clean(*state, STR("a\xc2\x9b\x31")), "a 1");
	assert_text(cli_text_clean(*state, STR("x\xe2\x80\xaey")), "x y");
	assert_text(cli_text_clean(*state, STR("\xff" "a")), "?a");
	assert_text(cli_text_clean(*state, STR("Zürich")), "Zürich");
	assert_text(cli_text_clean(*state, (struct str){NULL, 0}), "");
}

static void
test_json_that_a_terminal_would_obey_is_written_otherwise(void **state)
{
	struct buf out = {0};

	(void)state;
	cli_text_add_json(STR("{\n  \"a\": \"b\xc2\x9b\x31\x7f\xe2\x80\xae\xe2\x81"
			      "\xa6Zürich\"\n}"), &out);
	assert_string_equal(buf_cstr(&out),
	    "{\n  \"a\": \"b\\u009b1\\u007f\\u202e\\u2066Zürich\"\n}");
	buf_fini(&out);
}

static const struct value *
read(struct arena *arena, const char *json)
{
	struct json_error error;
	const struct value *value = json_read(arena, str_of(json), &error);

	assert_non_null(value);
	return value;
}

static void
test_values_are_shown_in_one_line(void **state)
{
	assert_text(cli_text_of(*state, NULL), "");
	assert_text(cli_text_of(*state, &value_null), "");
	assert_text(cli_text_of(*state, read(*state, "\"a b\"")), "a b");
	assert_text(cli_text_of(*state, read(*state, "1234.10")), "1234.10");
	assert_text(cli_text_of(*state, read(*state, "[\"a\", 2]")), "a, 2");
	assert_text(cli_text_of(*state, read(*state, "[]")), "");
	assert_text(cli_text_of(*state, read(*state, "{\"a\": [1]}")),
	    "{\"a\":[1]}");
	assert_text(cli_text_of(*state, read(*state, "[{\"a\": 1}]")),
	    "[{\"a\":1}]");
}

static void
test_instants_are_shown_in_the_zone_of_the_user(void **state)
{
	assert_text(cli_text_time(*state, STR("2026-11-22T09:30:00.123Z")),
	    "2026-11-22 09:30:00");
	assert_text(cli_text_time(*state, STR("soon")), "soon");
}

static void
test_ages_have_one_unit(void **state)
{
	struct str age = cli_text_age(*state, STR("2020-01-01T00:00:00Z"));

	assert_true(age.bytes > 1 && age.at[age.bytes - 1] == 'd');
	assert_text(cli_text_age(*state, STR("nonsense")), "");
}

static void
test_columns_are_aligned_by_characters(void **state)
{
	static const char *const headings[] = {"NAME", "N", NULL};
	struct cli_table *table = cli_table_new(*state, headings);
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	cli_table_add(table, STR("Müller"));
	cli_table_add(table, STR("1"));
	cli_table_add(table, STR("Li"));
	cli_table_add(table, STR("22"));
	cli_table_print(table, out, false);
	fclose(out);
	assert_string_equal(text, "NAME    N\n"
				  "Müller  1\n"
				  "Li      22\n");
	free(text);
}

static void
test_colour_is_only_where_it_is_wanted(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	cli_text_paint(out, false, COLOUR_RED, STR("a"));
	cli_text_paint(out, true, COLOUR_NONE, STR("b"));
	cli_text_paint(out, true, COLOUR_RED, STR("c"));
	fclose(out);
	assert_string_equal(text, "ab\033[31mc\033[0m");
	free(text);
	assert_int_equal(cli_text_status(STR("faulted")), COLOUR_RED);
	assert_int_equal(cli_text_status(STR("strange")), COLOUR_NONE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_a_terminal_would_obey_is_replaced),
	    TEST(test_json_that_a_terminal_would_obey_is_written_otherwise),
	    TEST(test_values_are_shown_in_one_line),
	    TEST(test_instants_are_shown_in_the_zone_of_the_user),
	    TEST(test_ages_have_one_unit),
	    TEST(test_columns_are_aligned_by_characters),
	    TEST(test_colour_is_only_where_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
