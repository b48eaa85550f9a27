/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
test_every_failure_has_a_name(void **state)
{
	(void)state;
	for (int i = MESSAGE_OK; i <= MESSAGE_CRASHED; i++)
		assert_true(
		    message_failure_name((enum message_failure)i).bytes > 0);
}

static void
test_headers_are_found_without_regard_to_case(void **state)
{
	const struct message_header headers[] = {
		{.name = STR_INIT("Retry-After"), .value = STR_INIT("1")},
		{.name = STR_INIT("retry-after"), .value = STR_INIT("2")},
	};

	(void)state;
	struct str found = message_find_header(headers, 2, STR("RETRY-AFTER"));
	assert_true(str_equal(found, STR("1")));
	assert_null(message_find_header(headers, 2, STR("Retry")).at);
	assert_null(message_find_header(NULL, 0, STR("Retry")).at);
}

static void
test_only_letters_have_case(void **state)
{
	(void)state;
	assert_true(message_name_equal(STR("X-a"), STR("x-A")));
	assert_false(message_name_equal(STR("[a"), STR("{a")));
}

static void
test_encoding_keeps_unreserved_characters_only(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	message_encode(STR("aZ09-._~ /?&=+%\xc3\xa9"), &out);
	assert_string_equal(buf_cstr(&out),
	    "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_failure_has_a_name),
	    cmocka_unit_test(test_headers_are_found_without_regard_to_case),
	    cmocka_unit_test(test_only_letters_have_case),
	    cmocka_unit_test(test_encoding_keeps_unreserved_characters_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
