/* SPDX-License-Identifier: Apache-2.0 */
#include "http_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool
says_unsent(enum message_failure failure)
{
	return failure == MESSAGE_UNRESOLVED ||
	       failure == MESSAGE_UNREACHABLE || failure == MESSAGE_TLS ||
	       failure == MESSAGE_CERTIFICATE || failure == MESSAGE_UNSENT;
}

static void
test_no_result_is_called_unsent_once_bytes_have_left(void **state)
{
	(void)state;
	for (int i = CURLE_OK + 1; i < CURL_LAST; i++) {
		CURLcode result = (CURLcode)i;
		assert_false(says_unsent(http_failure_of(result, true)));
		assert_true(says_unsent(http_failure_of(result, false)));
	}
}

static void
test_a_bad_certificate_is_told_from_a_broken_handshake(void **state)
{
	(void)state;
	assert_int_equal(
	    http_failure_of(CURLE_PEER_FAILED_VERIFICATION, false),
	    MESSAGE_CERTIFICATE);
	assert_int_equal(http_failure_of(CURLE_SSL_CONNECT_ERROR, false),
	    MESSAGE_TLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_no_result_is_called_unsent_once_bytes_have_left),
		cmocka_unit_test(
		    test_a_bad_certificate_is_told_from_a_broken_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
