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

static void
test_refusal_of_our_certificate_is_known_by_its_number(void **state)
{
	static const struct {
		CURLcode result;
		const char *error;
		bool refuses;
	} cases[] = {
		{CURLE_RECV_ERROR, "OpenSSL SSL_read: OpenSSL/3.0.15: error:"
		    "0A00045C:SSL routines::tlsv13 alert certificate "
		    "required, errno 0", true},
		{CURLE_SSL_CONNECT_ERROR, "error:0A000412:SSL routines::sslv3 "
		    "alert bad certificate", true},
		/* unexpected eof while reading */
		{CURLE_RECV_ERROR, "error:0A000126:SSL routines::", false},
		/* alert internal error, close notify */
		{CURLE_RECV_ERROR, "error:0A000438:SSL routines::", false},
		{CURLE_RECV_ERROR, "error:0A0003E8:SSL routines::", false},
		/* of another library */
		{CURLE_RECV_ERROR, "error:0B00045C:x509", false},
		{CURLE_SEND_ERROR, "error:0A00045C:SSL routines::", false},
		{CURLE_RECV_ERROR, "error:0A00045", false},
		{CURLE_RECV_ERROR, "error:", false},
		{CURLE_RECV_ERROR, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(http_failure_refuses_us(cases[i].result,
				     cases[i].error),
		    cases[i].refuses);
}

static void
test_broken_chunk_is_no_broken_connection(void **state)
{
	(void)state;
	assert_true(http_failure_is_of_chunks(CURLE_RECV_ERROR,
	    "Illegal or missing hexadecimal sequence in chunked-encoding"));
	assert_false(http_failure_is_of_chunks(
	    CURLE_RECV_ERROR, "Recv failure: Connection reset by peer"));
	assert_false(http_failure_is_of_chunks(
	    CURLE_SEND_ERROR, "chunk hex-length char not a hex digit"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_no_result_is_called_unsent_once_bytes_have_left),
		cmocka_unit_test(
		    test_a_bad_certificate_is_told_from_a_broken_handshake),
		cmocka_unit_test(
		    test_refusal_of_our_certificate_is_known_by_its_number),
		cmocka_unit_test(test_broken_chunk_is_no_broken_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
