/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_characters_are_those_of_the_standard(void **state)
{
	static const uint32_t good[] = {
	    '\t', '\n', '\r', ' ', '~', 0x7f, 0xd7ff, 0xe000, 0xfffd, 0x10000,
	    0x10ffff,
	};
	static const uint32_t bad[] = {
	    0, 8, 0x0b, 0x0c, 0x1f, 0xd800, 0xdfff, 0xfffe, 0xffff, 0x110000,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(xml_is_character(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(xml_is_character(bad[i]));
}

static void
test_what_has_a_meaning_has_an_entity(void **state)
{
	(void)state;
	assert_string_equal(xml_entity('&'), "&amp;");
	assert_string_equal(xml_entity('<'), "&lt;");
	assert_string_equal(xml_entity('>'), "&gt;");
	assert_string_equal(xml_entity('"'), "&quot;");
	assert_string_equal(xml_entity('\r'), "&#13;");
	assert_null(xml_entity('a'));
	assert_null(xml_entity(' '));
	assert_null(xml_entity(0x20ac));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_characters_are_those_of_the_standard),
	    cmocka_unit_test(test_what_has_a_meaning_has_an_entity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
