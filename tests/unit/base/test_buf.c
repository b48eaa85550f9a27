/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/buf.h"

#include "stated/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
assert_text(struct buf *buf, const char *expected)
{
	assert_int_equal(buf_str(buf).bytes, strlen(expected));
	assert_string_equal(buf_cstr(buf), expected);
}

static void
test_an_empty_buffer_is_an_empty_string_not_an_absent_one(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_non_null(buf_str(&buf).at);
	assert_int_equal(buf_str(&buf).bytes, 0);
	assert_text(&buf, "");
	buf_fini(&buf);
}

static void
test_pieces_follow_one_another(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add_cstr(&buf, "pay ");
	buf_addf(&buf, "%d %s", 100, "EUR");
	buf_add_char(&buf, ';');
	buf_add_str(&buf, (struct str){NULL, 0});
	buf_add_str(&buf, STR("\n"));
	assert_text(&buf, "pay 100 EUR;\n");
	buf_fini(&buf);
}

static void
test_growth_keeps_every_byte(void **state)
{
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_addf(&buf, "%04d", i);
	assert_int_equal(buf_str(&buf).bytes, 40000);
	assert_memory_equal(buf_str(&buf).at + 4 * 9876, "9876", 4);
	buf_fini(&buf);
}

static void
test_what_does_not_fit_is_dropped_whole_and_the_error_sticks(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 8);
	buf_add_cstr(&buf, "12345");
	buf_addf(&buf, "%s", "6789");
	assert_true(buf_is_over(&buf));
	buf_add_char(&buf, '6');
	assert_text(&buf, "12345");
	buf_clear(&buf);
	assert_false(buf_is_over(&buf));
	buf_add_cstr(&buf, "12345678");
	assert_false(buf_is_over(&buf));
	assert_text(&buf, "12345678");
	buf_add_char(&buf, '9');
	assert_true(buf_is_over(&buf));
	buf_fini(&buf);
}

static void
test_varints_survive_the_round_trip(void **state)
{
	static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384,
	    UINT32_MAX, INT64_MAX, UINT64_MAX};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		buf_add_varint(&buf, numbers[i]);
	struct str in = buf_str(&buf);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t n = 42;
		assert_true(buf_take_varint(&in, &n));
		assert_true(n == numbers[i]);
	}
	assert_int_equal(in.bytes, 0);
	buf_fini(&buf);
}

static void
test_a_cut_or_too_long_varint_takes_nothing(void **state)
{
	struct str cut = STR("\x80\x80");
	struct str too_long = STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
	struct str absent = {NULL, 0};
	uint64_t n = 42;

	(void)state;
	assert_false(buf_take_varint(&cut, &n));
	assert_false(buf_take_varint(&too_long, &n));
	assert_false(buf_take_varint(&absent, &n));
	assert_int_equal(cut.bytes, 2);
	assert_int_equal(too_long.bytes, 10);
	assert_int_equal(n, 42);
}

static void
test_bytes_are_taken_from_the_front(void **state)
{
	struct str in = STR("abcdef");
	struct str out = {NULL, 0};

	(void)state;
	assert_true(buf_take_bytes(&in, 2, &out));
	assert_true(str_equal(out, STR("ab")));
	assert_false(buf_take_bytes(&in, 5, &out));
	assert_true(buf_take_bytes(&in, 4, &out));
	assert_true(str_equal(out, STR("cdef")));
	assert_true(buf_take_bytes(&in, 0, &out));
	assert_non_null(out.at);
	assert_int_equal(in.bytes, 0);
}

static void
test_json_strings_are_escaped_and_mended(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add_json_string(&buf,
	    STR("a\"b\\c\n\t\x01\x7f \xe2\x82\xac \xff\xe2\x82"));
	assert_text(&buf,
	    "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f \xe2\x82\xac "
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_fini(&buf);
}

static void
test_a_file_is_read_to_its_end_or_to_the_bound(void **state)
{
	char text[] = "what a file holds";
	FILE *file = fmemopen(text, sizeof(text) - 1, "r");
	struct buf buf = {0};

	(void)state;
	buf_add_cstr(&buf, "> ");
	assert_true(buf_add_file(&buf, file, 100));
	assert_text(&buf, "> what a file holds");
	rewind(file);
	buf_clear(&buf);
	assert_true(buf_add_file(&buf, file, 3));
	assert_true(buf.bytes > 3);
	assert_int_equal(fclose(file), 0);
	buf_fini(&buf);
}

static void
test_a_directory_is_no_file_to_read(void **state)
{
	FILE *file = fopen("/", "r");
	struct buf buf = {0};

	(void)state;
	assert_non_null(file);
	assert_false(buf_add_file(&buf, file, 100));
	assert_int_equal(buf.bytes, 0);
	assert_int_equal(fclose(file), 0);
}

static void
test_a_text_written_in_an_arena_stays_there(void **state)
{
	struct arena *arena = arena_new();
	struct buf buf = buf_in(arena);
	struct str first, second;

	(void)state;
	buf_reserve(&buf, 1000);
	buf_add_cstr(&buf, "first");
	first = buf_keep(&buf);
	for (int i = 0; i < 5000; i++) {
		buf_add_cstr(&buf, "second");
		/* Something in its way: it goes on elsewhere. */
		if (i % 1000 == 0)
			memset(arena_alloc(arena, 100), 'x', 100);
	}
	second = buf_keep(&buf);
	assert_string_equal(first.at, "first");
	assert_int_equal(first.bytes, 5);
	assert_int_equal(second.bytes, 30000);
	for (size_t i = 0; i < second.bytes; i += 6)
		assert_memory_equal(second.at + i, "second", 6);
	assert_int_equal(second.at[second.bytes], 0);
	arena_free(&arena);
}

static void
test_what_was_reserved_and_not_used_is_given_back(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct buf buf = buf_in(arena);

		buf_reserve(&buf, 1024);
		buf_add_cstr(&buf, "short");
		assert_int_equal(buf_keep(&buf).bytes, 5);
	}
	assert_true(arena_bytes(arena) < 10000);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_an_empty_buffer_is_an_empty_string_not_an_absent_one),
	    cmocka_unit_test(test_pieces_follow_one_another),
	    cmocka_unit_test(test_growth_keeps_every_byte),
	    cmocka_unit_test(
		test_what_does_not_fit_is_dropped_whole_and_the_error_sticks),
	    cmocka_unit_test(test_varints_survive_the_round_trip),
	    cmocka_unit_test(test_a_cut_or_too_long_varint_takes_nothing),
	    cmocka_unit_test(test_bytes_are_taken_from_the_front),
	    cmocka_unit_test(test_json_strings_are_escaped_and_mended),
	    cmocka_unit_test(test_a_file_is_read_to_its_end_or_to_the_bound),
	    cmocka_unit_test(test_a_directory_is_no_file_to_read),
	    cmocka_unit_test(test_a_text_written_in_an_arena_stays_there),
	    cmocka_unit_test(test_what_was_reserved_and_not_used_is_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
