/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static void
assert_str(struct str actual, const char *expected)
{
	if (!str_equal(actual, str_of(expected)))
		fail_msg("%.*s is not %s", STR_ARG(actual), expected);
}

static void
assert_fixed(const char *text, int64_t ms)
{
	struct def_span span = {0};

	if (!def_span_parse(str_of(text), &span))
		fail_msg("%s is refused", text);
	assert_int_equal(span.kind, SPAN_FIXED);
	assert_int_equal(span.fixed_ms, ms);
	assert_str(span.text, text);
}

static void
assert_no_span(const char *text)
{
	struct def_span span = {.fixed_ms = 77};

	if (def_span_parse(str_of(text), &span))
		fail_msg("%s is taken", text);
	assert_int_equal(span.fixed_ms, 77);
}

static void
test_span_in_short_units(void **state)
{
	(void)state;
	assert_fixed("250ms", 250);
	assert_fixed("30s", 30000);
	assert_fixed("15m", 15 * 60000);
	assert_fixed("4h", 4 * HOUR_MS);
	assert_fixed("2d", 2 * DAY_MS);
	assert_fixed("1w", 7 * DAY_MS);
	assert_fixed("0s", 0);
}

static void
test_span_of_years_is_never_shorter_than_the_calendar_years(void **state)
{
	(void)state;
	assert_fixed("10y", 3660 * DAY_MS);
	assert_fixed("P10Y", 3660 * DAY_MS);
	assert_fixed("P1Y2M", (366 + 62) * DAY_MS);
}

static void
test_span_of_months_is_at_most_a_thousand_years(void **state)
{
	int64_t ms = 77;

	(void)state;
	assert_true(def_span_of_months(14, &ms));
	assert_int_equal(ms, (366 + 62) * DAY_MS);
	assert_true(def_span_of_months(-14, &ms));
	assert_int_equal(ms, -(366 + 62) * DAY_MS);
	assert_true(def_span_of_months(12000, &ms));
	assert_int_equal(ms, 366000 * DAY_MS);
	assert_false(def_span_of_months(12001, &ms));
	assert_false(def_span_of_months(-12001, &ms));
	assert_false(def_span_of_months(INT64_MIN, &ms));
	assert_int_equal(ms, 366000 * DAY_MS);
}

static void
test_span_as_iso_8601(void **state)
{
	(void)state;
	assert_fixed("PT4H", 4 * HOUR_MS);
	assert_fixed("P1DT2H30M", DAY_MS + 2 * HOUR_MS + HOUR_MS / 2);
	assert_fixed("PT0.5S", 500);
	assert_fixed("PT0.0001S", 1);
}

static void
test_span_of_business_days(void **state)
{
	struct def_span span = {0};

	(void)state;
	assert_true(def_span_parse(STR("3 business days"), &span));
	assert_int_equal(span.kind, SPAN_BUSINESS_DAYS);
	assert_int_equal(span.business_days, 3);
	assert_true(def_span_parse(STR("1 business day"), &span));
	assert_int_equal(span.business_days, 1);
}

static void
test_what_is_no_span_is_refused(void **state)
{
	static const char *const texts[] = {"", "s", "5", "-5s", "+5s", "1.5h",
	    "5 s", "5S", "1h30m", "-PT1H", "-P1Y", "PT", "soon", "1001y",
	    "9223372036854775807w", "3  business days", "3 business weeks",
	    "business days", "-1 business days", "100001 business days",
	    "P9999999Y"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_no_span(texts[i]);
}

static void
test_event_matches_itself_its_prefix_or_anything(void **state)
{
	(void)state;
	assert_true(def_event_matches(STR("bank.paid"), STR("bank.paid")));
	assert_false(def_event_matches(STR("bank"), STR("bank.paid")));
	assert_true(def_event_matches(STR("bank.*"), STR("bank.paid")));
	assert_true(def_event_matches(STR("bank.*"), STR("bank.a.b")));
	assert_true(def_event_matches(STR("bank.*"), STR("bank")));
	assert_false(def_event_matches(STR("bank.*"), STR("bankrupt")));
	assert_false(def_event_matches(STR("bank.a.*"), STR("bank.b")));
	assert_true(def_event_matches(STR("*"), STR("anything.at.all")));
}

static void
test_state_contains_itself_and_what_is_below(void **state)
{
	const struct def_state top = {.depth = 0};
	const struct def_state middle = {.depth = 1, .parent = &top};
	const struct def_state leaf = {.depth = 2, .parent = &middle};
	const struct def_state other = {.depth = 0};

	(void)state;
	assert_true(def_state_contains(&top, &top));
	assert_true(def_state_contains(&top, &leaf));
	assert_false(def_state_contains(&leaf, &top));
	assert_false(def_state_contains(&other, &leaf));
	assert_false(def_state_contains(&top, NULL));
}

static void
test_states_steps_and_events_are_found_by_name(void **state)
{
	const struct def_state a = {.index = 0, .name = STR("a")};
	const struct def_state b = {.index = 1, .name = STR("b")};
	const struct def_state *const states[] = {&a, &b};
	const struct def_step step = {.index = 0, .id = STR("a.entry.1")};
	const struct def_step *const steps[] = {&step};
	const struct def_event events[] = {{.type = STR("bank.paid")}};
	const struct definition definition = {
	    .states = states, .state_count = 2,
	    .steps = steps, .step_count = 1,
	    .events = events, .event_count = 1,
	};

	(void)state;
	assert_ptr_equal(definition_find_state(&definition, STR("b")), &b);
	assert_null(definition_find_state(&definition, STR("c")));
	assert_ptr_equal(definition_find_step(&definition, STR("a.entry.1")),
	    &step);
	assert_null(definition_find_step(&definition, STR("a")));
	assert_ptr_equal(definition_find_event(&definition, STR("bank.paid")),
	    &events[0]);
	assert_null(definition_find_event(&definition, STR("bank.*")));
}

static void
test_operations_are_found_by_name(void **state)
{
	const struct def_operation pay = {.name = STR("pay")};
	const struct def_operation *const operations[] = {&pay};
	const struct def_connection connection = {
	    .operations = operations, .operation_count = 1};

	(void)state;
	assert_ptr_equal(def_connection_find(&connection, STR("pay")), &pay);
	assert_null(def_connection_find(&connection, STR("pa")));
}

static void
test_words_of_enums_go_there_and_back(void **state)
{
	enum def_priority priority = PRIORITY_LOW;

	(void)state;
	assert_str(def_priority_name(PRIORITY_CRITICAL), "critical");
	assert_true(def_priority_parse(STR("high"), &priority));
	assert_int_equal(priority, PRIORITY_HIGH);
	assert_false(def_priority_parse(STR("High"), &priority));
	assert_str(def_part_name(PART_CORRECT), "correct");
	assert_str(def_method_name(METHOD_DELETE), "DELETE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_span_in_short_units),
	    cmocka_unit_test(
		test_span_of_years_is_never_shorter_than_the_calendar_years),
	    cmocka_unit_test(test_span_of_months_is_at_most_a_thousand_years),
	    cmocka_unit_test(test_span_as_iso_8601),
	    cmocka_unit_test(test_span_of_business_days),
	    cmocka_unit_test(test_what_is_no_span_is_refused),
	    cmocka_unit_test(test_event_matches_itself_its_prefix_or_anything),
	    cmocka_unit_test(test_state_contains_itself_and_what_is_below),
	    cmocka_unit_test(test_states_steps_and_events_are_found_by_name),
	    cmocka_unit_test(test_operations_are_found_by_name),
	    cmocka_unit_test(test_words_of_enums_go_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
