/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is a request, and what could be read as two: each case as a whole, and
 * cut in two at every byte, for the answer must not depend on packets.
 */
#include "api_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOST "Host: x\r\n"
#define POST "POST /v1/events HTTP/1.1\r\n" HOST

static const char *const good[] = {
    "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
    "GET /healthz HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /a?b=c HTTP/1.1\r\n" HOST "X: \t a b \t\r\nEmpty:\r\n\r\n",
    "BREW / HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
    "GET http://x/v1 HTTP/1.1\r\n" HOST "\r\n",
    "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
    POST "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" HOST "\r\n",
    POST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n"
	 "0\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
    POST "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    POST "Content-Length: 000000003\r\n\r\nabc",
    "GET / HTTP/1.1\r\n" HOST "Accept: a\r\nAccept: b\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X: \xc3\xa9\r\n\r\n",
    "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1\r\n" HOST
    "A-header-with-a-name-that-is-much-longer-than-most: and a value that is "
    "longer than what is kept of it while it is looked at\r\n\r\n",
};

static const char *const bad[] = {
    /* lengths */
    POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    POST "Content-Length: 3\r\ncontent-length: 30\r\n\r\nabc",
    POST "Content-Length: 3, 3\r\n\r\nabc",
    POST "Content-Length: +3\r\n\r\nabc",
    POST "Content-Length: -3\r\n\r\nabc",
    POST "Content-Length: 0x3\r\n\r\nabc",
    POST "Content-Length: 3 3\r\n\r\nabc",
    POST "Content-Length: 3a\r\n\r\nabc",
    POST "Content-Length:\r\n\r\nabc",
    POST "Content-Length: 9999999999999999999\r\n\r\n",
    POST "Content-Length: 00000000000000000000000000003\r\n\r\nabc",
    POST "Content-Length: 3;x\r\n\r\nabc",
    /* a length and chunks */
    POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    /* encodings */
    POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: identity\r\n\r\n",
    POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "0\r\n\r\n",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    POST " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    POST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n",
    /* a body where none is expected */
    "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
    "DELETE / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
    "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    /* lines */
    "GET / HTTP/1.1\n" HOST "\r\n",
    "GET / HTTP/1.1\r\nHost: x\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "\n",
    "GET / HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X: a\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tfolded\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X y: a space\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
    /* first lines */
    "GET  / HTTP/1.1\r\n" HOST "\r\n",
    "GET / / HTTP/1.1\r\n" HOST "\r\n",
    "GET /  HTTP/1.1\r\n" HOST "\r\n",
    " GET / HTTP/1.1\r\n" HOST "\r\n",
    "GET /\r\n\r\n",
    "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
    "G(T / HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.2\r\n" HOST "\r\n",
    "GET / HTTP/2.0\r\n" HOST "\r\n",
    "GET / http/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1 \r\n" HOST "\r\n",
    "GET /a#b HTTP/1.1\r\n" HOST "\r\n",
    "GET //v1/tasks HTTP/1.1\r\n" HOST "\r\n",
    "GET /\\v1 HTTP/1.1\r\n" HOST "\r\n",
    "GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
    /* hosts, and who it is */
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "Host: y\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nauthorization: b\r\n\r\n",
    "GET / HTTP/1.1\r\n" HOST "X-Stated-Actor: a\r\nX-Stated-Actor: b\r\n\r\n",
    POST "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n",
    POST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
    POST "ce-id: a\r\nce-id: b\r\n\r\n",
    POST "ce-source: a\r\nCE-Source: a\r\n\r\n",
    POST "ce-type: a\r\nce-type: b\r\n\r\n",
    POST "ce-subject: a\r\nce-id: x\r\nce-subject: b\r\n\r\n",
    POST "ce-time: a\r\nce-time: b\r\n\r\n",
    POST "ce-specversion: 1.0\r\nce-specversion: 1.0\r\n\r\n",
    /* chunks */
    POST "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n123456789\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: trailer\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
};

static bool
is_taken(const char *text, size_t cut)
{
	struct api_frame frame = {.word_bytes = 0};
	struct str all = str_of(text);
	size_t taken;

	return api_frame_take(&frame, str_slice(all, 0, cut), &taken) &&
	       taken == cut &&
	       api_frame_take(
		   &frame, str_slice(all, cut, all.bytes - cut), &taken);
}

static void
test_requests_are_taken_wherever_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		for (size_t cut = 0; cut <= strlen(good[i]); cut++)
			if (!is_taken(good[i], cut))
				fail_msg("cut at %zu: %s", cut, good[i]);
}

static void
test_what_could_be_read_in_two_ways_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (size_t cut = 0; cut <= strlen(bad[i]); cut++)
			if (is_taken(bad[i], cut))
				fail_msg("cut at %zu: %s", cut, bad[i]);
}

static void
test_zero_byte_is_refused(void **state)
{
	static const char text[] =
	    "GET /a\0b HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n";
	struct api_frame frame = {.word_bytes = 0};
	size_t taken;

	(void)state;
	assert_false(api_frame_take(&frame,
	    (struct str){text, sizeof(text) - 1}, &taken));
	assert_int_equal(taken, 6);
}

/* All is looked at but the body, which is nobody's business. */
static void
test_body_is_not_looked_at(void **state)
{
	struct api_frame frame = {.word_bytes = 0};
	char body[256];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)i;
	assert_true(api_frame_take(
	    &frame, STR(POST "Content-Length: 256\r\n\r\n"), &taken));
	assert_int_equal(frame.state, FRAME_BODY);
	assert_true(api_frame_take(
	    &frame, (struct str){body, sizeof(body)}, &taken));
	assert_int_equal(frame.state, FRAME_METHOD);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests_are_taken_wherever_they_are_cut),
	    cmocka_unit_test(test_what_could_be_read_in_two_ways_is_refused),
	    cmocka_unit_test(test_zero_byte_is_refused),
	    cmocka_unit_test(test_body_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
