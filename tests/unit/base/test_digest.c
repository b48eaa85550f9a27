/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
assert_hex(struct digest digest, const char *expected)
{
	char out[DIGEST_HEX_BYTES];

	assert_int_equal(digest_hex(digest, out).bytes, 64);
	assert_string_equal(out, expected);
}

static void
test_sha256_agrees_with_fips_180(void **state)
{
	(void)state;
	assert_hex(digest_sha256(STR("abc")),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_hex(digest_sha256((struct str){NULL, 0}),
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}

static void
test_parts_and_streams_are_the_whole(void **state)
{
	static const struct str parts[] = {
	    STR_INIT("a"), {NULL, 0}, STR_INIT("bc")};
	struct digest_stream *stream = digest_stream_new();

	(void)state;
	for (size_t i = 0; i < 3; i++)
		digest_stream_add(stream, parts[i]);
	struct digest streamed = digest_stream_end(&stream);
	assert_null(stream);
	assert_true(digest_equal(streamed, digest_sha256(STR("abc"))));
	assert_true(digest_equal(
	    digest_sha256_parts(parts, 3), digest_sha256(STR("abc"))));
	assert_false(digest_equal(streamed, digest_sha256(STR("abd"))));
}

static void
test_hmac_agrees_with_rfc_4231(void **state)
{
	(void)state;
	assert_hex(digest_hmac_sha256(STR("Jefe"),
	    STR("what do ya want for nothing?")),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	struct str absent = {NULL, 0};
	assert_hex(digest_hmac_sha256(absent, absent),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad");
}

static void
test_hex_is_read_in_both_cases_and_nothing_else(void **state)
{
	struct digest expected = digest_sha256(STR("abc"));
	struct digest digest;
	char hex[DIGEST_HEX_BYTES];

	(void)state;
	assert_true(digest_parse_hex(digest_hex(expected, hex), &digest));
	assert_true(digest_equal(digest, expected));
	for (char *at = hex; *at != '\0'; at++)
		if (*at >= 'a')
			*at = (char)(*at - 'a' + 'A');
	assert_true(digest_parse_hex(str_of(hex), &digest));
	assert_true(digest_equal(digest, expected));
	hex[63] = 'g';
	assert_false(digest_parse_hex(str_of(hex), &digest));
	assert_false(digest_parse_hex(STR("abcd"), &digest));
	assert_false(digest_parse_hex((struct str){NULL, 0}, &digest));
}

static void
test_base64_agrees_with_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xfb\xff\xbf", "+/+/"}};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct str bytes = str_of(pairs[i][0]);
		struct str back;
		assert_string_equal(
		    digest_base64(arena, bytes).at, pairs[i][1]);
		assert_true(digest_parse_base64(
		    arena, str_of(pairs[i][1]), &back));
		assert_true(str_equal(back, bytes));
	}
	arena_free(&arena);
}

static void
test_base64_takes_the_url_alphabet_and_no_padding(void **state)
{
	struct arena *arena = arena_new();
	struct str out;

	(void)state;
	assert_true(digest_parse_base64(arena, STR("-_-_"), &out));
	assert_true(str_equal(out, STR("\xfb\xff\xbf")));
	assert_true(digest_parse_base64(arena, STR("Zg"), &out));
	assert_true(str_equal(out, STR("f")));
	assert_true(digest_parse_base64(arena, STR("Zm8"), &out));
	assert_true(str_equal(out, STR("fo")));
	arena_free(&arena);
}

static void
test_base64_has_one_text_for_one_meaning(void **state)
{
	static const char *const texts[] = {"Z", "Zm9vY", "Zg=", "Zg===",
	    "Zm9v=", "====", "=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Z=9v",
	    "Zm9v\x80zzz"};
	struct arena *arena = arena_new();
	struct str out;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (digest_parse_base64(arena, str_of(texts[i]), &out))
			fail_msg("%s was accepted", texts[i]);
	arena_free(&arena);
}

static void
test_a_uuid_is_written_in_lower_case_and_five_groups(void **state)
{
	static const uint8_t bytes[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
	    0x86, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	char text[DIGEST_UUID_BYTES];

	(void)state;
	assert_int_equal(digest_uuid(bytes, text).bytes, 36);
	assert_string_equal(text, "00112233-4455-8677-8899-aabbccddeeff");
}

static void
test_bytes_are_written_as_two_digits_each(void **state)
{
	char text[7] = "??????";

	(void)state;
	assert_int_equal(digest_format_hex(STR("\x00\x9f\xff"), text).bytes, 6);
	assert_string_equal(text, "009fff");
	assert_int_equal(digest_format_hex(STR(""), text).bytes, 0);
	assert_string_equal(text, "");
}

static void
test_bytes_of_any_length_are_told_by_two_digits_each(void **state)
{
	char bytes[11], out[2 * sizeof(bytes) + 1], expected[sizeof(out)];

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			unsigned byte = (first + (unsigned)i * 37) % 256;
			bytes[i] = (char)byte;
			(void)snprintf(expected + 2 * i, 3, "%02x", byte);
		}
		for (size_t count = 0; count <= sizeof(bytes); count++) {
			struct str hex = digest_format_hex(
			    (struct str){bytes, count}, out);
			assert_int_equal(hex.bytes, 2 * count);
			assert_int_equal(strlen(out), 2 * count);
			assert_memory_equal(out, expected, 2 * count);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_bytes_of_any_length_are_told_by_two_digits_each),
	    cmocka_unit_test(
		test_a_uuid_is_written_in_lower_case_and_five_groups),
	    cmocka_unit_test(test_sha256_agrees_with_fips_180),
	    cmocka_unit_test(test_parts_and_streams_are_the_whole),
	    cmocka_unit_test(test_hmac_agrees_with_rfc_4231),
	    cmocka_unit_test(test_hex_is_read_in_both_cases_and_nothing_else),
	    cmocka_unit_test(test_bytes_are_written_as_two_digits_each),
	    cmocka_unit_test(test_base64_agrees_with_rfc_4648),
	    cmocka_unit_test(test_base64_takes_the_url_alphabet_and_no_padding),
	    cmocka_unit_test(test_base64_has_one_text_for_one_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
