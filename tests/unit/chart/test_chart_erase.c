/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chart_erase.c: digests of what is sensitive, and that nothing but they
 * is left of it; and how long a history is kept.
 */
#include "src/chart/chart_priv.h"

#include "stated/json.h"
#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795165200000)
#define DAY ((int64_t)24 * 60 * 60 * 1000)
#define IBAN "DE89370400440532013000"
#define BORN "1971-02-03"

#define WORKFLOW(name, retention)                                              \
	"workflow: " name "\n"                                                 \
	"version: 1\n" retention                                               \
	"sensitive: [input.iban, input.people.pin, copy, born, adult]\n"       \
	"business-key: = input.iban\n"                                         \
	"labels: {account: = input.iban, entity: = input.entity}\n"            \
	"data: {copy: null, text: null, born: null, adult: null, day: null}\n" \
	"events: {go: {correlate: = input.entity}}\n"                          \
	"initial: open\n"                                                      \
	"states:\n"                                                            \
	"  open:\n"                                                            \
	"    entry:\n"                                                         \
	"      - set:\n"                                                       \
	"          copy: = input.people[1].pin\n"                              \
	"          text: '= \"to \" + input.iban'\n"                           \
	"          born: '= date(\"" BORN "\")'\n"                             \
	"          adult: = true\n"                                            \
	"          day: = born\n"                                              \
	"    on: {go: over}\n"                                                 \
	"    after: {9d: over}\n"                                              \
	"  over: {type: final, outcome: success, output: {to: = text}}\n"      \
	"---\n"

static const char definitions[] =
    WORKFLOW("fixed", "retention: 10y\n")
    WORKFLOW("none", "")
    WORKFLOW("asked", "retention: '= input.keep'\n")
    WORKFLOW("months", "retention: '= duration(\"P10Y\")'\n")
    WORKFLOW("working", "retention: 3 business days\ncalendar: week\n")
    "calendar: week\n"
    "timezone: UTC\n"
    "weekend: [sat, sun]\n";

struct desk {
	struct arena *arena;
	struct library *library;
	struct rng_seeded rng;
	struct chart_context context;
	struct chart_effects effects;
	struct chart *chart;
};

static int
open_desk(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	assert_non_null(desk);
	desk->arena = arena_new();
	desk->library = written_library(definitions);
	rng_seeded_init(&desk->rng, 1);
	desk->context = (struct chart_context){
	    .now_ms = NOW_MS,
	    .arena = desk->arena,
	    .rng = &desk->rng.rng,
	    .environment = STR("test"),
	};
	*state = desk;
	return 0;
}

static int
close_desk(void **state)
{
	struct desk *desk = *state;

	chart_free(&desk->chart);
	library_free(&desk->library);
	arena_free(&desk->arena);
	free(desk);
	return 0;
}

static void
step(struct desk *desk, struct chart_event event)
{
	chart_step(desk->chart, &event, &desk->context, &desk->effects);
}

static void
start(struct desk *desk, const char *workflow, struct str salt)
{
	struct json_error error;
	struct chart_start begins = {
	    .definition = library_find_workflow(
		desk->library, str_of(workflow), 0),
	    .identity = {.number = 1},
	    .input = json_read(desk->arena,
		STR("{\"iban\":\"" IBAN "\",\"entity\":\"DE01\",\"keep\":\"P2D\","
		    "\"people\":[{\"pin\":7},{\"pin\":\"no\"},{\"pin\":null}]}"),
		&error),
	    .business_key = STR(IBAN),
	};

	assert_non_null(begins.definition);
	assert_non_null(begins.input);
	desk->chart = chart_new(&begins);
	chart_set_salt(desk->chart, salt);
	step(desk, (struct chart_event){.kind = EV_STARTED});
}

static void
end(struct desk *desk)
{
	step(desk, (struct chart_event){.kind = EV_EVENT_RECEIVED,
	    .type = STR("go"), .subject = STR("DE01"), .id = STR("1"),
	    .source = STR("/test"), .received_ms = NOW_MS});
	assert_true(chart_status_is_end(chart_status(desk->chart)));
}

static bool
told(struct desk *desk, const char *what)
{
	bool found = false;

	for (size_t i = 0; i < desk->effects.record_count; i++) {
		struct buf text = {0};

		json_write(desk->effects.records[i], JSON_PLAIN, &text);
		found |= str_find(buf_str(&text), str_of(what)) != SIZE_MAX;
		buf_fini(&text);
	}
	return found;
}

static const char salt[] = "0123456789abcdef";

/* The digest of a text as history has it. */
static const char *
digest_of(struct desk *desk, const char *text, const char *key)
{
	char hex[DIGEST_HEX_BYTES];

	if (key == NULL)
		return arena_strf(desk->arena, "sha256:%.*s", STR_ARG(digest_hex(
		    digest_sha256(str_of(text)), hex))).at;
	return arena_strf(desk->arena, "hmac-sha256:%.*s", STR_ARG(digest_hex(
	    digest_hmac_sha256(str_of(key), str_of(text)), hex))).at;
}

static void
test_digests_are_salted_where_there_is_a_salt(void **state)
{
	struct desk *desk = *state;

	start(desk, "fixed", STR(salt));
	assert_false(told(desk, IBAN));
	assert_true(told(desk, digest_of(desk, IBAN, salt)));
	assert_false(told(desk, digest_of(desk, IBAN, NULL)));
	/* At a path, however short. */
	assert_true(told(desk, digest_of(desk, "7", salt)));
	assert_true(told(desk, digest_of(desk, "no", salt)));
	assert_false(told(desk, "\"no\""));
	assert_false(told(desk, "{\"pin\":7}"));
	/* And whatever it is. */
	assert_true(told(desk, digest_of(desk, BORN, salt)));
	assert_true(told(desk, digest_of(desk, "true", salt)));
	assert_false(told(desk, BORN));
}

static void
test_instance_without_salt_goes_on_as_it_began(void **state)
{
	struct desk *desk = *state;

	start(desk, "fixed", (struct str){NULL, 0});
	assert_true(told(desk, digest_of(desk, IBAN, NULL)));
	assert_false(told(desk, IBAN));
}

static void
test_erasing_leaves_digests_only(void **state)
{
	struct desk *desk = *state;
	struct buf snapshot = {0};
	struct chart_identity identity = {.number = 1};
	struct chart *again;

	start(desk, "fixed", STR(salt));
	step(desk, (struct chart_event){.kind = EV_ERASED});
	assert_int_equal(desk->effects.refusal, REFUSED_STATE);
	end(desk);
	step(desk, (struct chart_event){.kind = EV_ERASED,
	    .held = STR("held"), .comment = STR("law")});
	assert_int_equal(desk->effects.refusal, REFUSED_STATE);
	assert_true(value_equal(value_get_cstr(chart_input(desk->chart), "iban"),
	    value_of_str(desk->arena, STR(IBAN))));
	desk->effects.refusal = REFUSED_NOT;
	step(desk, (struct chart_event){.kind = EV_ERASED,
	    .comment = STR("law, for " IBAN)});
	assert_int_equal(desk->effects.refusal, REFUSED_NOT);
	assert_true(told(desk, "\"kind\":\"erased\""));
	assert_false(told(desk, IBAN));

	chart_save(desk->chart, &snapshot);
	assert_int_equal(
	    str_find(buf_str(&snapshot), STR(IBAN)), SIZE_MAX);
	assert_int_equal(
	    str_find(buf_str(&snapshot), STR(salt)), SIZE_MAX);
	assert_true(str_find(buf_str(&snapshot),
	    str_of(digest_of(desk, "no", salt))) != SIZE_MAX);
	assert_true(str_equal(
	    value_field_str(chart_data(desk->chart), "day"),
	    str_of(digest_of(desk, BORN, salt))));
	assert_true(str_equal(
	    value_field_str(chart_data(desk->chart), "adult"),
	    str_of(digest_of(desk, "true", salt))));
	assert_null(chart_salt(desk->chart).at);
	assert_int_equal(
	    str_find(chart_key(desk->chart), STR(IBAN)), SIZE_MAX);
	/* It can be read as before. */
	again = chart_load(chart_definition(desk->chart), identity,
	    buf_str(&snapshot));
	assert_non_null(again);
	assert_true(value_equal(chart_input(again), chart_input(desk->chart)));
	chart_free(&again);
	buf_fini(&snapshot);
}

/* What was a digest already stays the one that history has. */
static void
test_erased_one_shows_the_digests_of_its_history(void **state)
{
	struct desk *desk = *state;
	const struct value *shown, *again, *first;
	struct str key;

	start(desk, "fixed", STR(salt));
	end(desk);
	shown = chart_describe_masked(desk->chart, desk->arena);
	step(desk, (struct chart_event){.kind = EV_ERASED});
	again = chart_describe_masked(desk->chart, desk->arena);
	assert_true(value_equal(value_get_cstr(shown, "input"),
	    value_get_cstr(again, "input")));
	assert_true(value_equal(value_get_cstr(shown, "labels"),
	    value_get_cstr(again, "labels")));
	assert_true(value_equal(value_get_cstr(shown, "business_key"),
	    value_get_cstr(again, "business_key")));
	first = value_field_or_null(
	    chart_disclose(desk->chart, desk->arena), "values")
	    ->as.list.items[0];
	assert_true(str_equal(value_field_str(first, "digest"),
	    str_of(digest_of(desk, IBAN, salt))));
	key = arena_str(desk->arena, chart_key(desk->chart));
	step(desk, (struct chart_event){.kind = EV_ERASED});
	assert_int_equal(desk->effects.refusal, REFUSED_NOT);
	assert_true(str_equal(chart_key(desk->chart), key));
	assert_true(value_equal(value_get_cstr(shown, "input"),
	    chart_input(desk->chart)));
}

/* A variable in it may have had another value then. */
static void
test_erased_key_is_the_one_of_its_first_record(void **state)
{
	struct desk *desk = *state;

	start(desk, "fixed", STR(salt));
	end(desk);
	step(desk, (struct chart_event){
	    .kind = EV_ERASED, .key = STR("as it began")});
	assert_true(str_equal(chart_key(desk->chart), STR("as it began")));
}

static void
test_disclosure_leads_from_values_to_digests(void **state)
{
	struct desk *desk = *state;
	const struct value *shown, *list;

	start(desk, "fixed", STR(salt));
	shown = chart_disclose(desk->chart, desk->arena);
	list = value_field_or_null(shown, "values");
	assert_int_equal(list->as.list.count, 6);
	assert_true(str_equal(
	    value_field_str(list->as.list.items[1], "path"),
	    STR("input.people[1].pin")));
	assert_true(str_equal(
	    value_field_str(list->as.list.items[1], "digest"),
	    str_of(digest_of(desk, "7", salt))));
	assert_true(str_equal(
	    value_field_str(list->as.list.items[3], "path"),
	    STR("copy")));
	assert_true(str_equal(
	    value_field_str(list->as.list.items[4], "value"),
	    STR(BORN)));
	assert_true(str_equal(
	    value_field_str(list->as.list.items[5], "digest"),
	    str_of(digest_of(desk, "true", salt))));
}

static int64_t
kept_days(struct desk *desk, const char *workflow)
{
	int64_t until_ms;

	start(desk, workflow, STR(salt));
	end(desk);
	until_ms = chart_retained_until(desk->chart, &desk->context);
	chart_free(&desk->chart);
	desk->effects = (struct chart_effects){0};
	return until_ms == 0 ? 0 : (until_ms - NOW_MS) / DAY;
}

static void
test_retention_counts_from_the_end(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(kept_days(desk, "none"), 0);
	assert_int_equal(kept_days(desk, "fixed"), 3660);
	assert_int_equal(kept_days(desk, "asked"), 2);
	assert_int_equal(kept_days(desk, "months"), 3660);
	assert_true(kept_days(desk, "working") >= 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_digests_are_salted_where_there_is_a_salt),
	    TEST(test_instance_without_salt_goes_on_as_it_began),
	    TEST(test_erasing_leaves_digests_only),
	    TEST(test_erased_one_shows_the_digests_of_its_history),
	    TEST(test_erased_key_is_the_one_of_its_first_record),
	    TEST(test_disclosure_leads_from_values_to_digests),
	    TEST(test_retention_counts_from_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
