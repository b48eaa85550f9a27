/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

/* A value with all that can be packed. */
static const struct value *
everything(struct arena *arena)
{
	struct value_builder *all = value_build_context(arena);
	struct time_of_day time;
	struct date_time date_time;
	assert_true(time_parse(STR("10:20:00.5@Europe/Berlin"), &time));
	assert_true(date_time_parse(STR("-0044-03-15T12:00:00-02:45:55"),
	    &date_time));
	value_put(all, STR("json"),
	    value_of(arena, "[null,true,false,1234.10,-1E-100,\"\",\"\\u0000"
			    "\xe2\x82\xac\",[],{},{\"a\":{\"b\":[[]]}}]"));
	value_put(all, STR("date"),
	    value_of_date(arena, (struct date){-999999999, 1, 1}));
	value_put(all, STR("time"), value_of_time(arena, time));
	value_put(all, STR("at"), value_of_date_time(arena, date_time));
	value_put(all, STR("for"),
	    value_of_duration(arena, (struct duration){-1, -500000000}));
	value_put(all, STR("months"), value_of_months(arena, INT64_MIN));
	value_put(all, STR("range"),
	    value_of_range(arena, (struct value_range){
		.high = value_of_int(arena, 5), .high_closed = true}));
	return value_built(all);
}

static void
test_all_values_survive_packing(void **state)
{
	struct arena *arena = arena_new();
	struct arena *other = arena_new();
	struct buf packed = {0};
	const struct value *value = everything(arena);
	(void)state;
	value_pack(value, &packed);
	struct str in = buf_str(&packed);
	const struct value *unpacked = value_unpack(other, &in);
	assert_non_null(unpacked);
	assert_int_equal(in.bytes, 0);
	assert_true(value_equal(value, unpacked));
	/* Digits, too, and the order of the keys. */
	struct buf again = {0};
	value_pack(unpacked, &again);
	assert_true(str_equal(buf_str(&packed), buf_str(&again)));
	buf_fini(&packed);
	buf_fini(&again);
	arena_free(&arena);
	arena_free(&other);
}

static void
test_values_follow_one_another(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	(void)state;
	value_pack(value_of_int(arena, 1), &packed);
	value_pack(value_of_int(arena, 2), &packed);
	struct str in = buf_str(&packed);
	const struct value *first = value_unpack(arena, &in);
	const struct value *second = value_unpack(arena, &in);
	assert_non_null(first);
	assert_non_null(second);
	assert_number(first->as.number, "1");
	assert_number(second->as.number, "2");
	assert_null(value_unpack(arena, &in));
	buf_fini(&packed);
	arena_free(&arena);
}

static void
test_a_cut_text_is_damaged(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	(void)state;
	value_pack(everything(arena), &packed);
	for (size_t bytes = 0; bytes < packed.bytes; bytes++) {
		struct str in = str_slice(buf_str(&packed), 0, bytes);
		assert_null(value_unpack(arena, &in));
	}
	buf_fini(&packed);
	arena_free(&arena);
}

/* Whatever byte is wrong, the answer is NULL or a sound value. */
static void
test_a_wrong_byte_never_gives_an_unsound_value(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct buf text = {0};
	(void)state;
	value_pack(everything(arena), &packed);
	for (size_t i = 0; i < packed.bytes; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct arena *other = arena_new();
			packed.at[i] = (char)(packed.at[i] ^ 1 << bit);
			struct str in = buf_str(&packed);
			const struct value *value = value_unpack(other, &in);
			if (value) {
				buf_clear(&text);
				json_write(value, JSON_TYPED, &text);
				assert_true(str_is_utf8(buf_str(&text)));
			}
			packed.at[i] = (char)(packed.at[i] ^ 1 << bit);
			arena_free(&other);
		}
	buf_fini(&packed);
	buf_fini(&text);
	arena_free(&arena);
}

static void
test_a_count_that_was_made_up_allocates_nothing(void **state)
{
	struct arena *arena = arena_new();
	struct str list = STR("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
	struct str text = STR("\x04\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
	(void)state;
	assert_null(value_unpack(arena, &list));
	assert_null(value_unpack(arena, &text));
	assert_true(arena_bytes(arena) < 10000);
	arena_free(&arena);
}

static void
test_nesting_without_end_is_damaged(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add(&packed, "\x0a\x01", 2);
	struct str in = buf_str(&packed);
	assert_null(value_unpack(arena, &in));
	buf_fini(&packed);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_values_survive_packing),
	    cmocka_unit_test(test_values_follow_one_another),
	    cmocka_unit_test(test_a_cut_text_is_damaged),
	    cmocka_unit_test(test_a_wrong_byte_never_gives_an_unsound_value),
	    cmocka_unit_test(test_a_count_that_was_made_up_allocates_nothing),
	    cmocka_unit_test(test_nesting_without_end_is_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
