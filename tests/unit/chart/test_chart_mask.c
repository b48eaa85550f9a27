/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chart_mask.c: sensitive texts among many, of which some begin alike.  What
 * is masked, and where: tests/cases/chart/sensitive*.case.
 */
#include "src/chart/chart_priv.h"

#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LINES 8000
#define LENGTHS 60
#define LONG_BYTES (400 * 1000)

static const char definitions[] =
    "workflow: w\n"
    "version: 1\n"
    "sensitive: [input]\n"
    "initial: open\n"
    "states: {open: {type: final, outcome: success}}\n";

struct desk {
	struct arena *arena;
	struct library *library;
	struct chart *chart;
	const struct mask *mask;
};

static void
desk_open(struct desk *desk, const struct value *sensitive)
{
	struct chart_start begins = {
	    .identity = {.number = 1}, .input = sensitive};

	desk->library = written_library(definitions);
	begins.definition = library_find_workflow(desk->library, STR("w"), 0);
	assert_non_null(begins.definition);
	desk->chart = chart_new(&begins);
	desk->mask = chart_mask_of(desk->chart, false);
	assert_non_null(desk->mask);
}

static void
desk_close(struct desk *desk)
{
	chart_free(&desk->chart);
	library_free(&desk->library);
	arena_free(&desk->arena);
}

/* With "<secret>" in place of its digest. */
static void
check(struct desk *desk, const char *text, const char *wanted)
{
	struct buf built = buf_in(desk->arena);
	struct str masked =
	    chart_mask_text(desk->mask, desk->arena, str_of(text));

	for (struct str rest = str_of(wanted), secret; rest.bytes > 0;) {
		struct str before = str_split(rest, '<', &rest);

		buf_add_str(&built, before);
		if (rest.at == NULL)
			break;
		secret = str_split(rest, '>', &rest);
		chart_sensitive_digest((struct str){NULL, 0}, secret, &built);
	}
	if (!str_equal(masked, buf_str(&built)))
		fail_msg("%s: %.*s", text, STR_ARG(masked));
}

static void
test_longest_of_those_that_begin_alike_is_found(void **state)
{
	static const char *const secrets[] = {
	    "abcd", "abcdef", "abcXYZ", "bcdefg", "\xc3\xa4" "bc", "a+b c",
	};
	struct desk desk = {.arena = arena_new()};
	struct value_builder *list = value_build_list(desk.arena);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		value_append(
		    list, value_of_str(desk.arena, str_of(secrets[i])));
	desk_open(&desk, value_built(list));
	check(&desk, "", "");
	check(&desk, "abc", "abc");
	check(&desk, "abcd", "<abcd>");
	check(&desk, "abcdeabcdef", "<abcd>e<abcdef>");
	check(&desk, "aabcXYabcXYZ", "aabcXY<abcXYZ>");
	check(&desk, "xbcdefgabc", "x<bcdefg>abc");
	check(&desk, "%61bcd\\u0065f%C3%A4bc", "<abcdef><\xc3\xa4" "bc>");
	check(&desk, "a%2Bb+c a%2Bb%20c a+b&#32;c", "<a+b c> <a+b c> <a+b c>");
	check(&desk, "%5Cu0061bcd abc%64", "<abcd> <abcd>");
	desk_close(&desk);
}

/* Text in which much is escaped, in each form, and that nearly is secret. */
static struct str
long_text(struct arena *arena)
{
	struct buf text = buf_in(arena);

	while (text.bytes < LONG_BYTES)
		buf_add_cstr(&text, "a%41+\\u0041&amp;=3D%25&#65; Z%34\\u0035");
	return buf_keep(&text);
}

static void
test_what_nearly_is_one_of_many_secrets_stays(void **state)
{
	static const char filling[LENGTHS] =
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct desk desk = {.arena = arena_new()};
	struct value_builder *list = value_build_list(desk.arena);
	struct str text = long_text(desk.arena);

	(void)state;
	for (int i = 0; i < LINES; i++) {
		value_append(list, value_of_str(desk.arena,
		    arena_strf(desk.arena, "Z%d%.*s", i, i % LENGTHS + 3,
			filling)));
		value_append(list, value_of_str(desk.arena,
		    arena_strf(desk.arena, "%d.25", 1000 + 7 * i)));
	}
	desk_open(&desk, value_built(list));
	assert_true(str_equal(
	    chart_mask_text(desk.mask, desk.arena, text), text));
	desk_close(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_longest_of_those_that_begin_alike_is_found),
	    cmocka_unit_test(test_what_nearly_is_one_of_many_secrets_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
