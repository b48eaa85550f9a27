/* SPDX-License-Identifier: Apache-2.0 */
/* test_draw_text.c: how texts are measured and broken. */
#include "draw_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct draw_lines
broken(struct arena *arena, const char *text, int points, size_t rows)
{
	struct draw_lines lines = {.width_max = points * DRAW_POINT};
	struct draw_line line = {.text = str_of(text), .style = DRAW_STEP};

	draw_text_add(arena, &lines, line, rows);
	return lines;
}

static void
assert_line(const struct draw_lines *lines, size_t index, const char *text)
{
	assert_true(index < lines->count);
	assert_string_equal(lines->items[index].text.at, text);
}

static void
test_text_is_broken_between_words(void **state)
{
	struct arena *arena = arena_new();
	struct draw_lines lines =
	    broken(arena, "one business day\nafter", 88, 9);

	(void)state;
	assert_line(&lines, 0, "one business");
	assert_line(&lines, 1, "day after");
	assert_int_equal(lines.count, 2);
	assert_false(lines.items[0].continues);
	assert_true(lines.items[1].continues);
	arena_free(&arena);
}

static void
test_long_word_is_broken_at_its_joints(void **state)
{
	struct arena *arena = arena_new();
	struct draw_lines lines =
	    broken(arena, "bank.insufficient-funds", 80, 9);

	(void)state;
	assert_line(&lines, 0, "bank.");
	assert_line(&lines, 1, "insufficient-");
	assert_line(&lines, 2, "funds");
	arena_free(&arena);
}

static void
test_no_line_is_wider_than_allowed(void **state)
{
	struct arena *arena = arena_new();
	struct draw_lines lines = broken(arena,
	    "Überweisungsauftragsbestätigungsverfahren 支払いの承認 of a bill",
	    90, 50);

	(void)state;
	assert_true(lines.count > 3);
	for (size_t i = 0; i < lines.count; i++)
		assert_true(draw_text_width(lines.items[i].text, DRAW_STEP) <=
			    lines.width_max);
	arena_free(&arena);
}

static void
test_what_is_too_long_ends_with_an_ellipsis(void **state)
{
	struct arena *arena = arena_new();
	struct draw_lines lines = broken(arena, "a b c d e f g h i j", 15, 2);

	(void)state;
	assert_int_equal(lines.count, 2);
	assert_true(str_has_suffix(lines.items[1].text, STR("…")));
	arena_free(&arena);
}

static void
test_text_without_a_word_gives_no_line(void **state)
{
	struct arena *arena = arena_new();
	struct draw_lines lines = broken(arena, " \n\t ", 50, 2);

	(void)state;
	assert_int_equal(lines.count, 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_broken_between_words),
	    cmocka_unit_test(test_long_word_is_broken_at_its_joints),
	    cmocka_unit_test(test_no_line_is_wider_than_allowed),
	    cmocka_unit_test(test_what_is_too_long_ends_with_an_ellipsis),
	    cmocka_unit_test(test_text_without_a_word_gives_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
