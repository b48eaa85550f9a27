/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/escape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* NULL: nothing in it is escaped. */
static void
check(enum escape form, const char *text, const char *wanted)
{
	const struct meant plain = {.text = str_of(text)};
	struct meant meant;

	if (!escape_undo(&plain, form, NULL, &meant)) {
		if (wanted != NULL)
			fail_msg("nothing in %s", text);
		return;
	}
	if (wanted == NULL || !str_equal(meant.text, str_of(wanted)))
		fail_msg("%s: %.*s", text, STR_ARG(meant.text));
	escape_free(&meant);
}

static void
test_escapes_become_what_they_mean(void **state)
{
	(void)state;
	check(ESCAPE_JSON, "", NULL);
	check(ESCAPE_JSON, "a/b", NULL);
	check(ESCAPE_JSON, "a\\/b\\\"\\\\n\\n", "a/b\"\\n\n");
	check(ESCAPE_JSON, "\\u00e4\\u20AC\\ud83d\\ude00\\u002f",
	    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80/");
	check(ESCAPE_PERCENT, "%41+%c3%A4", "A+\xc3\xa4");
	check(ESCAPE_FORM, "%41+%c3%A4+", "A \xc3\xa4 ");
	check(ESCAPE_FORM, "+", " ");
	check(ESCAPE_FORM, "%41", NULL); /* as an address has it */
	check(ESCAPE_XML, "&amp;lt;&lt;&gt;&quot;&apos;&#65;&#x20aC;&#0000065;",
	    "&lt;<>\"'A\xe2\x82\xac" "A");
	check(ESCAPE_MAIL, "=41=\r\n=C3=a4=\nb=3D", "A\xc3\xa4" "b=");
}

static void
test_what_is_no_escape_stays(void **state)
{
	(void)state;
	check(ESCAPE_JSON, "\\", NULL);
	check(ESCAPE_JSON, "\\x \\u12 \\u12g4 \\ud83d \\ude00", NULL);
	check(ESCAPE_JSON, "\\ud83d\\u0041\\", "\\ud83d" "A\\");
	check(ESCAPE_PERCENT, "100% %4 %g1 %", NULL);
	check(ESCAPE_PERCENT, "%%41%4", "%A%4");
	check(ESCAPE_XML, "& &a; &amp &#; &#x; &#65 &#xd800; &#x110000;", NULL);
	check(ESCAPE_XML, "&#99999999999999999999999;&&#65;&",
	    "&#99999999999999999999999;&A&");
	check(ESCAPE_MAIL, "a=b =g1 =", NULL);
}

static bool
is_undone(enum escape form, const char *text, const char *wanted)
{
	const struct meant plain = {.text = str_of(text)};
	struct escape_bytes bytes = {.has = {false}};
	struct meant meant;

	for (; *wanted != '\0'; wanted++)
		bytes.has[(uint8_t)*wanted] = true;
	if (!escape_undo(&plain, form, &bytes, &meant))
		return false;
	escape_free(&meant);
	return true;
}

static void
test_only_what_is_wanted_is_undone(void **state)
{
	(void)state;
	assert_false(is_undone(ESCAPE_PERCENT, "a%41%42", "aC"));
	assert_true(is_undone(ESCAPE_PERCENT, "a%41%42", "B"));
	assert_false(is_undone(ESCAPE_JSON, "\\u00e4", "\xc3"));
	assert_false(is_undone(ESCAPE_JSON, "\\u00e4", "\xa4"));
	assert_true(is_undone(ESCAPE_JSON, "\\n\\u00e4", "\xc3\xa4"));
	assert_true(is_undone(ESCAPE_MAIL, "a=\nb", "x"));
	assert_false(is_undone(ESCAPE_MAIL, "ab", "ab"));
}

static struct str
source(const struct meant *meant, const char *part)
{
	size_t at = str_find(meant->text, str_of(part));

	assert_true(at != SIZE_MAX);
	return escape_source(meant, at, strlen(part));
}

static void
test_what_is_meant_is_found_where_it_is_written(void **state)
{
	const struct meant text = {
	    .text = STR("ab %5Cu0041bc=\\\"%C3%A4 c \\ud83d\\ude00%21")};
	struct meant address, json;

	(void)state;
	assert_true(escape_undo(&text, ESCAPE_PERCENT, NULL, &address));
	assert_true(escape_undo(&address, ESCAPE_JSON, NULL, &json));
	assert_true(str_equal(json.text,
	    STR("ab Abc=\"\xc3\xa4 c \xf0\x9f\x98\x80!")));
	assert_true(str_equal(source(&json, "ab"), STR("ab")));
	assert_true(str_equal(source(&json, "Ab"), STR("%5Cu0041b")));
	assert_true(str_equal(source(&json, "bc="), STR("bc=")));
	assert_true(str_equal(source(&json, "\"\xc3\xa4"), STR("\\\"%C3%A4")));
	assert_true(str_equal(
	    source(&json, "\xf0\x9f\x98\x80"), STR("\\ud83d\\ude00")));
	assert_true(str_equal(source(&json, "!"), STR("%21")));
	assert_true(str_equal(
	    escape_source(&json, 0, json.text.bytes), text.text));
	assert_int_equal(escape_source(&json, json.text.bytes, 0).bytes, 0);
	/* What only the address escapes has been found there. */
	assert_true(escape_is_in(&address, 3, 1));
	assert_true(escape_is_in(&json, 3, 1));
	assert_false(escape_is_in(&json, 4, 3));
	assert_false(escape_is_in(&json, 8, 2));
	assert_true(escape_is_in(&address, 13, 2));
	assert_false(escape_is_in(&text, 3, 1));
	escape_free(&json);
	escape_free(&address);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escapes_become_what_they_mean),
	    cmocka_unit_test(test_what_is_no_escape_stays),
	    cmocka_unit_test(test_only_what_is_wanted_is_undone),
	    cmocka_unit_test(test_what_is_meant_is_found_where_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
