/* SPDX-License-Identifier: Apache-2.0 */
#include "http_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* "hello" each. */
static const unsigned char zlib_hello[] = {
	0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x06, 0x2c, 0x02,
	0x15,
};
static const unsigned char raw_hello[] = {
	0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00,
};
/* "hel" and "lo", two files. */
#define FIRST_BYTES 23
static const unsigned char gzip_hello[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48,
	0xcd, 0x01, 0x00, 0x1b, 0xf1, 0x0b, 0xe5, 0x03, 0x00, 0x00, 0x00, 0x1f,
	0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0xc9, 0x07,
	0x00, 0x9d, 0x4a, 0x9c, 0x55, 0x02, 0x00, 0x00, 0x00,
};
#define BYTES_OF(array) ((struct str){(const char *)(array), sizeof(array)})
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define GZIP HEAD "content-ENCODING: gzip\r\n\r\n"
#define DEFLATE HEAD "Content-Encoding: deflate\r\n\r\n"

static bool
keep(struct str bytes, void *arg)
{
	buf_add_str(arg, bytes);
	return true;
}

/* Given so many bytes at a time. */
static struct http_coding *
unpacked(const char *head, struct str packed, size_t step, struct buf *out)
{
	struct http_coding *coding = http_coding_new(str_of(head));

	assert_non_null(coding);
	buf_clear(out);
	for (size_t at = 0; at < packed.bytes; at += step) {
		struct str piece = str_slice(packed, at, step);

		if (!http_coding_unpack(coding, piece, keep, out))
			break;
	}
	return coding;
}

static void
assert_hello(const char *head, struct str packed)
{
	struct buf out = {0};

	for (size_t step = 1; step <= packed.bytes; step++) {
		struct http_coding *coding = unpacked(head, packed, step, &out);

		assert_string_equal(buf_cstr(&out), "hello");
		assert_false(http_coding_is_cut(coding));
		assert_null(http_coding_detail(coding).at);
		http_coding_free(&coding);
	}
	buf_fini(&out);
}

static void
test_whole_bodies_are_unpacked_in_whatever_pieces_they_come(void **state)
{
	(void)state;
	assert_hello(GZIP, BYTES_OF(gzip_hello));
	assert_hello(HEAD "Content-Encoding: X-Gzip\r\n\r\n",
	    BYTES_OF(gzip_hello));
	assert_hello(HEAD "Content-Encoding: identity\r\n"
	    "Content-Encoding: gzip\r\n\r\n", BYTES_OF(gzip_hello));
	assert_hello(HEAD "Content-Encoding: identity, gzip\r\n\r\n",
	    BYTES_OF(gzip_hello));
	assert_hello(HEAD "Content-Encoding: ,deflate ,, Identity\r\n\r\n",
	    BYTES_OF(zlib_hello));
	assert_hello(DEFLATE, BYTES_OF(zlib_hello));
	assert_hello(DEFLATE, BYTES_OF(raw_hello));
}

static void
assert_cut_anywhere(const char *head, struct str packed, size_t whole)
{
	struct buf out = {0};

	for (size_t bytes = 1; bytes < packed.bytes; bytes++) {
		struct http_coding *coding = unpacked(head,
		    str_slice(packed, 0, bytes), bytes, &out);

		assert_int_equal(http_coding_is_cut(coding), bytes != whole);
		assert_null(http_coding_detail(coding).at);
		http_coding_free(&coding);
	}
	buf_fini(&out);
}

static void
test_a_body_cut_anywhere_is_known_to_be_cut(void **state)
{
	(void)state;
	assert_cut_anywhere(GZIP, BYTES_OF(gzip_hello), FIRST_BYTES);
	assert_cut_anywhere(DEFLATE, BYTES_OF(zlib_hello), 0);
	assert_cut_anywhere(DEFLATE, BYTES_OF(raw_hello), 0);
}

static void
assert_unreadable(const char *head, struct str packed)
{
	struct buf out = {0};
	struct http_coding *coding =
	    unpacked(head, packed, packed.bytes, &out);

	assert_non_null(http_coding_detail(coding).at);
	http_coding_free(&coding);
	buf_fini(&out);
}

static void
test_what_is_not_so_packed_is_told(void **state)
{
	unsigned char wrong[sizeof(zlib_hello)];

	(void)state;
	memcpy(wrong, zlib_hello, sizeof(wrong));
	wrong[sizeof(wrong) - 1] ^= 1; /* the checksum */
	assert_unreadable(DEFLATE, BYTES_OF(wrong));
	assert_unreadable(GZIP, BYTES_OF(zlib_hello));
	assert_unreadable(HEAD "Content-Encoding: br\r\n\r\n", STR("hello"));
	assert_unreadable(HEAD "Content-Encoding: gzip, gzip\r\n\r\n",
	    BYTES_OF(gzip_hello));
	assert_unreadable(HEAD "Content-Encoding: deflate\r\n"
	    "Content-Encoding: gzip\r\n\r\n", BYTES_OF(gzip_hello));
}

static void
test_a_plain_body_needs_none(void **state)
{
	(void)state;
	assert_null(http_coding_new(STR(HEAD "\r\n")));
	assert_null(
	    http_coding_new(STR(HEAD "Content-Encoding: identity\r\n\r\n")));
	assert_null(http_coding_new(
	    STR(HEAD "Content-Encoding: identity, identity\r\n\r\n")));
	assert_null(http_coding_new(STR(HEAD "X-Content-Encoding: gzip\r\n")));
	assert_false(http_coding_is_cut(NULL));
	assert_null(http_coding_detail(NULL).at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_whole_bodies_are_unpacked_in_whatever_pieces_they_come),
		cmocka_unit_test(test_a_body_cut_anywhere_is_known_to_be_cut),
		cmocka_unit_test(test_what_is_not_so_packed_is_told),
		cmocka_unit_test(test_a_plain_body_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
