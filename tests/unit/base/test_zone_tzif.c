/* SPDX-License-Identifier: Apache-2.0 */
#include "../../../src/base/zone_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/buf.h"
#include "stated/zone.h"

/* A file that is written by hand, part by part. */
struct recipe {
	const char *magic;
	char version;
	uint32_t leap_count;
	int64_t times[4];
	unsigned char types[4];
	uint32_t time_count;
	int32_t offsets[2];
	const char *footer;
};

static const struct recipe plain = {
    .magic = "TZif",
    .version = '2',
    .times = {-1000, 1000, 2000},
    .types = {1, 0, 1},
    .time_count = 3,
    .offsets = {0, 3600},
    .footer = "\nXXX-1\n",
};

static void
add_big_endian(struct buf *out, int64_t n, size_t bytes)
{
	for (size_t i = bytes; i > 0; i--)
		buf_add_char(out, (char)((uint64_t)n >> (8 * (i - 1))));
}

static void
add_copy(struct buf *out, const struct recipe *recipe, size_t time_bytes)
{
	static const char reserved[15];

	buf_add_cstr(out, recipe->magic);
	buf_add_char(out, recipe->version);
	buf_add(out, reserved, sizeof(reserved));
	add_big_endian(out, 0, 4);
	add_big_endian(out, 0, 4);
	add_big_endian(out, recipe->leap_count, 4);
	add_big_endian(out, recipe->time_count, 4);
	add_big_endian(out, 2, 4);
	add_big_endian(out, 4, 4);
	for (uint32_t i = 0; i < recipe->time_count; i++)
		add_big_endian(out, recipe->times[i], time_bytes);
	buf_add(out, recipe->types, recipe->time_count);
	for (int i = 0; i < 2; i++) {
		add_big_endian(out, recipe->offsets[i], 4);
		add_big_endian(out, 0, 2);
	}
	buf_add(out, "XXX", 4);
	for (uint32_t i = 0; i < recipe->leap_count; i++) {
		add_big_endian(out, i, time_bytes);
		add_big_endian(out, 1, 4);
	}
}

static void
build(struct buf *out, const struct recipe *recipe)
{
	add_copy(out, recipe, 4);
	if (recipe->version == '\0')
		return;
	add_copy(out, recipe, 8);
	buf_add_cstr(out, recipe->footer);
}

static void
assert_rejected(const struct recipe *recipe)
{
	struct arena *arena = arena_new();
	struct buf bytes = {0};
	struct zone zone = {0};

	build(&bytes, recipe);
	assert_false(zone_tzif_parse(arena, buf_str(&bytes), &zone));
	buf_fini(&bytes);
	arena_free(&arena);
}

static void
test_transitions_and_footer_are_read(void **state)
{
	struct arena *arena = arena_new();
	struct buf bytes = {0};
	struct zone zone = {0};

	(void)state;
	build(&bytes, &plain);
	assert_true(zone_tzif_parse(arena, buf_str(&bytes), &zone));
	assert_int_equal(zone_offset_at(&zone, -1001), 0);
	assert_int_equal(zone_offset_at(&zone, -1000), 3600);
	assert_int_equal(zone_offset_at(&zone, 1000), 0);
	assert_int_equal(zone_offset_at(&zone, 2000), 3600);
	assert_true(zone.has_rule);
	buf_fini(&bytes);
	arena_free(&arena);
}

static void
test_the_oldest_version_has_one_copy_and_no_footer(void **state)
{
	struct arena *arena = arena_new();
	struct buf bytes = {0};
	struct zone zone = {0};
	struct recipe recipe = plain;

	(void)state;
	recipe.version = '\0';
	build(&bytes, &recipe);
	assert_true(zone_tzif_parse(arena, buf_str(&bytes), &zone));
	assert_false(zone.has_rule);
	assert_int_equal(zone.transition_count, 3);
	assert_int_equal(zone_offset_at(&zone, INT64_MAX), 3600);
	buf_fini(&bytes);
	arena_free(&arena);
}

static void
test_a_footer_may_leave_the_future_open(void **state)
{
	struct arena *arena = arena_new();
	struct buf bytes = {0};
	struct zone zone = {0};
	struct recipe recipe = plain;

	(void)state;
	recipe.footer = "\n\n";
	build(&bytes, &recipe);
	assert_true(zone_tzif_parse(arena, buf_str(&bytes), &zone));
	assert_false(zone.has_rule);
	buf_fini(&bytes);
	arena_free(&arena);
}

static void
test_a_file_cut_anywhere_is_rejected(void **state)
{
	struct arena *arena = arena_new();
	struct buf bytes = {0};

	(void)state;
	build(&bytes, &plain);
	for (size_t i = 0; i < buf_str(&bytes).bytes; i++) {
		struct zone zone = {0};
		struct str cut = str_slice(buf_str(&bytes), 0, i);
		assert_false(zone_tzif_parse(arena, cut, &zone));
	}
	buf_fini(&bytes);
	arena_free(&arena);
}

static void
test_broken_parts_are_rejected(void **state)
{
	struct recipe recipe;

	(void)state;
	recipe = plain;
	recipe.magic = "TZiF";
	assert_rejected(&recipe);
	recipe = plain;
	recipe.leap_count = 1;
	assert_rejected(&recipe);
	recipe = plain;
	recipe.types[1] = 2;
	assert_rejected(&recipe);
	recipe = plain;
	recipe.times[1] = recipe.times[0];
	assert_rejected(&recipe);
	recipe = plain;
	recipe.offsets[1] = 93600;
	assert_rejected(&recipe);
	recipe = plain;
	recipe.footer = "\nnonsense\n";
	assert_rejected(&recipe);
	recipe = plain;
	recipe.footer = "XXX-1\n";
	assert_rejected(&recipe);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transitions_and_footer_are_read),
	    cmocka_unit_test(
		test_the_oldest_version_has_one_copy_and_no_footer),
	    cmocka_unit_test(test_a_footer_may_leave_the_future_open),
	    cmocka_unit_test(test_a_file_cut_anywhere_is_rejected),
	    cmocka_unit_test(test_broken_parts_are_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
