/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct diag_source payment = {
    .file = STR_INIT("payment.yaml"),
    .text = STR_INIT("workflow: payment\n"
		     "states:\n"
		     "    complete: all\n"
		     "\tname: \xc3\x9c" "berweisung x\r\n"
		     "last"),
};

static struct diag_span
at(uint32_t line, uint32_t column, uint32_t columns)
{
	return (struct diag_span){&payment, line, column, columns};
}

static void
assert_shown(struct diag_list *list, const char *expected)
{
	struct buf out = {0};

	diag_format(list, &out, false);
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void
test_a_diagnostic_shows_line_caret_and_repair(void **state)
{
	struct diag_list *list = diag_list_new();

	(void)state;
	diag_add(list, DIAG_ERROR, "D101", at(3, 5, 8), "unknown key `%s`",
	    "complete");
	diag_repair(list, "expected `%s`: did you mean that?", "compensate");
	assert_shown(list,
	    "payment.yaml:3:5: error: unknown key `complete` [D101]\n"
	    "    3 |     complete: all\n"
	    "      |     ^~~~~~~~\n"
	    "   expected `compensate`: did you mean that?\n");
	diag_list_free(&list);
	assert_null(list);
}

static void
test_columns_count_code_points_and_tabs_are_repeated(void **state)
{
	struct diag_list *list = diag_list_new();

	(void)state;
	diag_add(list, DIAG_WARNING, "D102", at(4, 20, 1), "odd");
	assert_shown(list,
	    "payment.yaml:4:20: warning: odd [D102]\n"
	    "    4 | \tname: \xc3\x9c" "berweisung x\n"
	    "      | \t                  ^\n");
	diag_list_free(&list);
}

static void
test_an_underline_ends_with_its_line(void **state)
{
	struct diag_list *list = diag_list_new();

	(void)state;
	diag_add(list, DIAG_NOTE, "D103", at(5, 3, 99), "cut");
	diag_add(list, DIAG_NOTE, "D104", at(5, 99, 2), "beyond");
	diag_add(list, DIAG_NOTE, "D105", at(6, 1, 1), "no such line");
	assert_shown(list,
	    "payment.yaml:5:3: note: cut [D103]\n"
	    "    5 | last\n"
	    "      |   ^~\n"
	    "payment.yaml:5:99: note: beyond [D104]\n"
	    "    5 | last\n"
	    "      |     ^\n"
	    "payment.yaml:6:1: note: no such line [D105]\n");
	diag_list_free(&list);
}

static void
test_they_are_sorted_by_place_and_else_keep_their_order(void **state)
{
	static const struct diag_source other = {
	    STR_INIT("account.yaml"), STR_INIT("x")};
	struct diag_list *list = diag_list_new();
	size_t count;

	(void)state;
	diag_add(list, DIAG_ERROR, "D5", at(3, 5, 1), "e");
	diag_add(list, DIAG_ERROR, "D4", at(3, 4, 1), "d");
	diag_add(list, DIAG_NOTE, "D6", at(3, 5, 1), "f");
	diag_add(list, DIAG_ERROR, "D3", at(2, 9, 1), "c");
	diag_add(list, DIAG_ERROR, "D2", at(0, 0, 0), "b");
	diag_add(list, DIAG_ERROR, "D1",
	    (struct diag_span){&other, 9, 9, 1}, "a");
	const struct diag *diags = diag_sorted(list, &count);
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(diags[i].code[1], '1' + (int)i);
		assert_int_equal(diags[i].message.at[0], 'a' + (int)i);
	}
	diag_list_free(&list);
}

static void
test_a_path_stands_between_the_place_and_the_repair(void **state)
{
	struct diag_list *list = diag_list_new();
	struct diag_list *other = diag_list_new();
	struct diag_span span = {.line = 0};
	struct buf out = {0};
	size_t count;

	(void)state;
	diag_add(list, DIAG_WARNING, "P102", span, "no end");
	diag_path(list, STR("one -> two"));
	diag_repair(list, "mend");
	diag_copy(other, diag_sorted(list, &count), DIAG_ERROR);
	diag_format(other, &out, false);
	assert_string_equal(buf_cstr(&out), "error: no end [P102]\n"
					    "   path: one -> two\n"
					    "   mend\n");
	buf_clear(&out);
	diag_format_json(other, &out);
	assert_non_null(strstr(
	    buf_cstr(&out), "\"repair\":\"mend\",\"path\":\"one -> two\"}"));
	assert_int_equal(diag_count(list, DIAG_WARNING), 1);
	buf_fini(&out);
	diag_list_free(&other);
	diag_list_free(&list);
}

static void
test_a_repair_goes_to_the_last_added_even_after_sorting(void **state)
{
	struct diag_list *list = diag_list_new();
	size_t count;

	(void)state;
	diag_add(list, DIAG_ERROR, "D2", at(2, 1, 1), "late");
	diag_add(list, DIAG_ERROR, "D1", at(1, 1, 1), "early");
	(void)diag_sorted(list, &count);
	diag_repair(list, "mend");
	const struct diag *diags = diag_sorted(list, &count);
	assert_string_equal(diags[0].code, "D1");
	assert_true(str_equal(diags[0].repair, STR("mend")));
	assert_null(diags[1].repair.at);
	diag_list_free(&list);
}

static void
test_levels_are_counted(void **state)
{
	struct diag_list *list = diag_list_new();

	(void)state;
	assert_int_equal(diag_count(list, DIAG_ERROR), 0);
	diag_add(list, DIAG_ERROR, "D1", at(1, 1, 1), "a");
	diag_add(list, DIAG_WARNING, "D2", at(1, 1, 1), "b");
	diag_add(list, DIAG_ERROR, "D3", at(1, 1, 1), "c");
	assert_int_equal(diag_count(list, DIAG_ERROR), 2);
	assert_int_equal(diag_count(list, DIAG_WARNING), 1);
	assert_int_equal(diag_count(list, DIAG_NOTE), 0);
	diag_list_free(&list);
}

static void
test_a_source_as_a_whole_or_none_shows_no_line(void **state)
{
	struct diag_list *list = diag_list_new();

	(void)state;
	diag_add(list, DIAG_ERROR, "D1", at(0, 0, 0), "empty");
	diag_add(list, DIAG_ERROR, "D2", (struct diag_span){0}, "nowhere");
	assert_shown(list,
	    "error: nowhere [D2]\n"
	    "payment.yaml: error: empty [D1]\n");
	diag_list_free(&list);
}

static void
test_hostile_bytes_do_not_reach_the_terminal(void **state)
{
	static const struct diag_source hostile = {STR_INIT("h"),
	    STR_INIT("a\x1b[2J\xff\xc2\x9b" "b")};
	struct diag_list *list = diag_list_new();

	(void)state;
	diag_add(list, DIAG_ERROR, "D1",
	    (struct diag_span){&hostile, 1, 8, 1}, "bad");
	assert_shown(list,
	    "h:1:8: error: bad [D1]\n"
	    "    1 | a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd" "b\n"
	    "      |        ^\n");
	diag_list_free(&list);
}

static void
test_a_long_line_is_cut_around_the_place(void **state)
{
	char text[5000];
	struct diag_source source = {STR("l"), {text, sizeof(text)}};
	struct diag_list *list = diag_list_new();
	struct buf out = {0};

	(void)state;
	memset(text, '.', sizeof(text));
	text[2999] = 'X';
	diag_add(list, DIAG_ERROR, "D1",
	    (struct diag_span){&source, 1, 3000, 1000}, "far");
	diag_format(list, &out, false);
	assert_true(buf_str(&out).bytes < 400);
	const char *line = strchr(buf_cstr(&out), '\n') + 1;
	const char *caret = strchr(line, '\n') + 1;
	/* The cut's sign is three bytes wide but one column. */
	assert_int_equal(strchr(line, 'X') - line - 2,
	    strchr(caret, '^') - caret);
	buf_fini(&out);
	diag_list_free(&list);
}

static void
test_colour_is_added_only_when_asked_for(void **state)
{
	struct diag_list *list = diag_list_new();
	struct buf out = {0};

	(void)state;
	diag_add(list, DIAG_ERROR, "D1", at(1, 1, 1), "a");
	diag_format(list, &out, true);
	assert_non_null(strstr(buf_cstr(&out), "\033[1;31merror:\033[0m"));
	buf_fini(&out);
	diag_list_free(&list);
}

static void
test_json_holds_every_member(void **state)
{
	struct diag_list *list = diag_list_new();
	struct buf out = {0};

	(void)state;
	diag_add(list, DIAG_ERROR, "D1", at(1, 2, 3), "say \"x\"");
	diag_add(list, DIAG_WARNING, "D2", at(2, 1, 1), "b");
	diag_repair(list, "mend");
	diag_format_json(list, &out);
	assert_string_equal(buf_cstr(&out),
	    "[{\"file\":\"payment.yaml\",\"line\":1,\"column\":2,"
	    "\"level\":\"error\",\"code\":\"D1\","
	    "\"message\":\"say \\\"x\\\"\",\"repair\":null},\n"
	    "{\"file\":\"payment.yaml\",\"line\":2,\"column\":1,"
	    "\"level\":\"warning\",\"code\":\"D2\","
	    "\"message\":\"b\",\"repair\":\"mend\"}]\n");
	buf_fini(&out);
	diag_list_free(&list);
}

static void
test_nothing_wrong_shows_nothing(void **state)
{
	struct diag_list *list = diag_list_new();
	struct buf out = {0};

	(void)state;
	assert_shown(list, "");
	diag_format_json(list, &out);
	assert_string_equal(buf_cstr(&out), "[]\n");
	buf_fini(&out);
	diag_list_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_diagnostic_shows_line_caret_and_repair),
	    cmocka_unit_test(
		test_a_path_stands_between_the_place_and_the_repair),
	    cmocka_unit_test(
		test_columns_count_code_points_and_tabs_are_repeated),
	    cmocka_unit_test(test_an_underline_ends_with_its_line),
	    cmocka_unit_test(
		test_they_are_sorted_by_place_and_else_keep_their_order),
	    cmocka_unit_test(
		test_a_repair_goes_to_the_last_added_even_after_sorting),
	    cmocka_unit_test(test_levels_are_counted),
	    cmocka_unit_test(test_a_source_as_a_whole_or_none_shows_no_line),
	    cmocka_unit_test(test_hostile_bytes_do_not_reach_the_terminal),
	    cmocka_unit_test(test_a_long_line_is_cut_around_the_place),
	    cmocka_unit_test(test_colour_is_added_only_when_asked_for),
	    cmocka_unit_test(test_json_holds_every_member),
	    cmocka_unit_test(test_nothing_wrong_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
