/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static void
assert_canonical(const char *json, const char *expected)
{
	struct arena *arena = arena_new();
	assert_json(value_of(arena, json), JSON_CANONICAL, expected);
	arena_free(&arena);
}

static void
test_strings_have_the_escapes_of_rfc_8785(void **state)
{
	struct buf out = {0};
	(void)state;
	json_write_string(&out,
	    STR("\xe2\x82\xac$\x0f\nA'B\"\\\\\"/\b\t\f\r\x7f\x1f"));
	assert_text(buf_str(&out), "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\"
				   "\\\"/\\b\\t\\f\\r\x7f\\u001f\"");
	buf_clear(&out);
	json_write_string(&out, STR(""));
	assert_text(buf_str(&out), "\"\"");
	buf_fini(&out);
}

/* RFC 8785, section 3.2.3. */
static void
test_canonical_keys_are_in_order_of_utf_16(void **state)
{
	(void)state;
	assert_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage "
			 "Return\",\"\\ufb33\":\"Hebrew Letter Dalet With "
			 "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: "
			 "Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":"
			 "\"Latin Small Letter O With Diaeresis\"}",
	    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":"
	    "\"Control\",\"\xc3\xb6\":\"Latin Small Letter O With "
	    "Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
	    "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
	    "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
	assert_canonical("{\"aa\":1,\"a\":2,\"\":3,\"B\":4}",
	    "{\"\":3,\"B\":4,\"a\":2,\"aa\":1}");
}

/* RFC 8785, section 3.2.2, but for the numbers that a double would change. */
static void
test_canonical_form_of_the_rfc_s_sample(void **state)
{
	(void)state;
	assert_canonical("{\"numbers\":[4.5,0.002],\"string\":"
			 "\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\"
			 "\\\"\\/\",\"literals\":[null,true,false]}",
	    "{\"literals\":[null,true,false],\"numbers\":[4.5,0.002],"
	    "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

static void
test_canonical_numbers_are_plain_only_where_a_double_agrees(void **state)
{
	(void)state;
	assert_canonical("[0,-0,1,0.5,123456789012345]",
	    "[0,0,1,0.5,123456789012345]");
	assert_canonical("[1234.10,1.0,1E30,4.50,2e-3]",
	    "[{\"n\":\"1234.10\"},{\"n\":\"1.0\"},{\"n\":\"1E+30\"},"
	    "{\"n\":\"4.50\"},0.002]");
	assert_canonical("333333333.33333329",
	    "{\"n\":\"333333333.33333329\"}");
}

static void
test_canonical_contexts_cannot_be_taken_for_typed_forms(void **state)
{
	(void)state;
	assert_canonical("{\"n\":\"1\"}", "{\"c\":{\"n\":\"1\"}}");
	assert_canonical("{\"c\":{}}", "{\"c\":{\"c\":{}}}");
	assert_canonical("{\"dt\":1,\"x\":2}", "{\"dt\":1,\"x\":2}");
	assert_canonical("{\"nn\":1}", "{\"nn\":1}");
	assert_canonical("{}", "{}");
}

/* A list of one value of each kind that JSON doesn't have. */
static const struct value *
temporal_list(struct arena *arena)
{
	struct time_of_day time;
	assert_true(time_parse(STR("10:20:00.50+02:00"), &time));
	const struct value *items[] = {
	    value_of_date(arena, (struct date){2026, 11, 22}),
	    value_of_time(arena, time),
	    value_of_instant(arena, 0),
	    value_of_duration(arena, (struct duration){90061, 0}),
	    value_of_months(arena, 14),
	};
	return value_of_list(arena, items, 5);
}

static void
test_dates_are_plain_strings_or_typed(void **state)
{
	struct arena *arena = arena_new();
	const struct value *list = temporal_list(arena);
	(void)state;
	assert_json(list, JSON_PLAIN,
	    "[\"2026-11-22\",\"10:20:00.5+02:00\",\"1970-01-01T00:00:00Z\","
	    "\"P1DT1H1M1S\",\"P1Y2M\"]");
	assert_json(list, JSON_TYPED,
	    "[{\"d\":\"2026-11-22\"},{\"t\":\"10:20:00.5+02:00\"},"
	    "{\"dt\":\"1970-01-01T00:00:00Z\"},{\"dur\":\"P1DT1H1M1S\"},"
	    "{\"dur\":\"P1Y2M\"}]");
	arena_free(&arena);
}

static void
test_zone_is_sent_as_its_offset(void **state)
{
	static const struct {
		const char *value;
		const char *sent;
	} rows[] = {
		{"2026-11-24T01:12:46.464@Europe/Berlin",
		    "2026-11-24T01:12:46.464+01:00"},
		{"2026-07-01T12:00:00@Europe/Berlin",
		    "2026-07-01T12:00:00+02:00"},
		{"2026-01-01T12:00:00@Europe/London", "2026-01-01T12:00:00Z"},
		/* Which no clock shows. */
		{"2026-03-29T02:30:00@Europe/Berlin",
		    "2026-03-29T03:30:00+02:00"},
		{"2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"2026-11-22T10:00:00", "2026-11-22T10:00:00"},
	};

	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct date_time date_time;
		const struct value *value;
		struct str text;

		assert_true(date_time_parse(str_of(rows[i].value), &date_time));
		value = value_of_date_time(arena, date_time);
		assert_true(value_sent_text(arena, value, &text));
		assert_text(text, rows[i].sent);
		/* Within, the zone stays. */
		assert_true(value_text(arena, value, &text));
		assert_text(text, rows[i].value);
	}
	arena_free(&arena);
}

static void
test_typed_form_wraps_every_number_and_context(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_json(value_of(arena, "{\"b\":1.10,\"a\":[\"x\",null,true]}"),
	    JSON_TYPED,
	    "{\"c\":{\"b\":{\"n\":\"1.10\"},\"a\":[\"x\",null,true]}}");
	arena_free(&arena);
}

static void
test_ranges_read_as_in_feel(void **state)
{
	struct arena *arena = arena_new();
	struct value_range range = {.low = value_of_int(arena, 1),
	    .high = value_copy_str(arena, STR("z")),
	    .high_closed = true};
	(void)state;
	assert_json(value_of_range(arena, range), JSON_PLAIN,
	    "\"(1..\\\"z\\\"]\"");
	assert_json(value_of_range(arena, range), JSON_TYPED,
	    "{\"r\":[\"(\",{\"n\":\"1\"},\"z\",\"]\"]}");
	range.high = NULL;
	range.low_closed = true;
	assert_json(value_of_range(arena, range), JSON_PLAIN, "\">= 1\"");
	range.high = value_of_date(arena, (struct date){2026, 1, 2});
	range.low = NULL;
	range.high_closed = false;
	assert_json(value_of_range(arena, range), JSON_PLAIN,
	    "\"< @\\\"2026-01-02\\\"\"");
	arena_free(&arena);
}

static void
test_pretty_is_indented_by_two(void **state)
{
	struct arena *arena = arena_new();
	struct buf out = {0};
	(void)state;
	json_write_pretty(
	    value_of(arena, "{\"a\":[1,{\"b\":null}],\"c\":{},\"d\":[]}"),
	    &out);
	assert_text(buf_str(&out), "{\n"
				   "  \"a\": [\n"
				   "    1,\n"
				   "    {\n"
				   "      \"b\": null\n"
				   "    }\n"
				   "  ],\n"
				   "  \"c\": {},\n"
				   "  \"d\": []\n"
				   "}");
	buf_fini(&out);
	arena_free(&arena);
}

static void
test_what_must_be_escaped_is_found_wherever_it_stands(void **state)
{
	static const char escaped[] = "\"\\\n\x1f";
	static const char *const escapes[] = {
	    "\\\"", "\\\\", "\\n", "\\u001f"};
	char text[40], expected[48];

	(void)state;
	for (size_t bytes = 1; bytes < sizeof(text); bytes++)
		for (size_t at = 0; at < bytes; at++)
			for (size_t which = 0; which < 4; which++) {
				struct buf out = {0};

				/* Bytes beyond ASCII, too. */
				memset(text, which % 2 ? '\x80' : '!', bytes);
				text[at] = escaped[which];
				json_write_string(
				    &out, (struct str){text, bytes});
				(void)snprintf(expected, sizeof(expected),
				    "\"%.*s%s%.*s\"", (int)at, text,
				    escapes[which], (int)(bytes - at - 1),
				    text + at + 1);
				assert_string_equal(buf_cstr(&out), expected);
				buf_fini(&out);
				/* With a bound that it just keeps. */
				buf_init(&out, strlen(expected));
				json_write_string(
				    &out, (struct str){text, bytes});
				assert_string_equal(buf_cstr(&out), expected);
				buf_fini(&out);
			}
}

static void
test_fields_that_are_added_stand_where_they_belong(void **state)
{
	struct arena *arena = arena_new();
	struct value_builder *built = value_build_context(arena);
	const struct value_field more[] = {
		{STR("a"), value_of_int(arena, 1)},
		{STR("n"), &value_null},
		{STR("z"), &value_null},
	};
	struct buf out = {0}, once = {0};
	const struct value *few;

	(void)state;
	value_put_int(built, "m", 2);
	value_put_int(built, "b", 3);
	few = value_built(built);
	json_write_canonical_with(few, more, 3, &out);
	assert_string_equal(buf_cstr(&out),
	    "{\"a\":1,\"b\":3,\"m\":2,\"n\":null,\"z\":null}");
	buf_clear(&out);
	/* And among many. */
	built = value_build_context(arena);
	for (int i = 0; i < 40; i++)
		value_put(built, arena_strf(arena, "k%02d", 39 - i),
		    &value_null);
	few = value_built(built);
	json_write_canonical_with(few, more, 3, &out);
	for (size_t i = 0; i < 3; i++)
		few = value_with(arena, few, more[i].key, more[i].value);
	json_write(few, JSON_CANONICAL, &once);
	assert_string_equal(buf_cstr(&out), buf_cstr(&once));
	buf_fini(&out);
	buf_fini(&once);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_what_must_be_escaped_is_found_wherever_it_stands),
	    cmocka_unit_test(test_fields_that_are_added_stand_where_they_belong),
	    cmocka_unit_test(test_strings_have_the_escapes_of_rfc_8785),
	    cmocka_unit_test(test_canonical_keys_are_in_order_of_utf_16),
	    cmocka_unit_test(test_canonical_form_of_the_rfc_s_sample),
	    cmocka_unit_test(
		test_canonical_numbers_are_plain_only_where_a_double_agrees),
	    cmocka_unit_test(
		test_canonical_contexts_cannot_be_taken_for_typed_forms),
	    cmocka_unit_test(test_dates_are_plain_strings_or_typed),
	    cmocka_unit_test(test_zone_is_sent_as_its_offset),
	    cmocka_unit_test(test_typed_form_wraps_every_number_and_context),
	    cmocka_unit_test(test_ranges_read_as_in_feel),
	    cmocka_unit_test(test_pretty_is_indented_by_two),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
