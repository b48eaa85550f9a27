/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chart.c: what transcripts (chart_case.c) don't show: identifiers,
 * memory, correlations, damaged snapshots, delays.
 */
#include "src/chart/chart_priv.h"

#include "stated/json.h"
#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795165200000)

static const char definitions[] =
    "connection: desk\n"
    "kind: http\n"
    "url: http://desk.invalid\n"
    "operations:\n"
    "  tell:\n"
    "    request: {post: /tell, body: {text: = text}}\n"
    "  find:\n"
    "    request: {get: /find}\n"
    "---\n"
    "contact: team\n"
    "notify: [{call: desk.tell, with: {text: = input.key}}, {log: info}]\n"
    "---\n"
    "contact: mail\n"
    "notify: [{email: [a@example.com]}]\n"
    "---\n"
    "workflow: talk\n"
    "version: 1\n"
    "owner: team\n"
    "business-key: = input.key\n"
    "data: {id: null}\n"
    "events: {go: {}, answered: {correlate: = id},\n"
    "  seen: {correlate: = id}, never: {correlate: '= [id]'}}\n"
    "initial: open\n"
    "states:\n"
    "  open:\n"
    "    entry:\n"
    "      - call: desk.tell\n"
    "        with: {text: = input.text}\n"
    "        output: {id: = response.id}\n"
    "        compensate: {call: desk.tell, with: {text: = id}}\n"
    "        verify: {call: desk.find, happened: = response.there}\n"
    "    user-task: {title: Talk, approvals: 2}\n"
    "    on: {go: open, answered: open, seen: over, approved: over}\n"
    "    after: {1d: over}\n"
    "    escalate: [{after: 1h, to: team, every: 1h}, {after: 2h, to: mail}]\n"
    "  over: {type: final, outcome: success, compensate: all}\n";

struct desk {
	struct arena *arena;
	struct library *library;
	const struct definition *definition;
	struct rng_seeded rng;
	struct chart_context context;
	struct chart *chart;
};

static int
open_desk(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	desk->arena = arena_new();
	desk->library = written_library(definitions);
	desk->definition = library_find_workflow(desk->library, STR("talk"), 0);
	rng_seeded_init(&desk->rng, 1);
	desk->context = (struct chart_context){
	    .now_ms = NOW_MS,
	    .arena = desk->arena,
	    .rng = &desk->rng.rng,
	    .settings = value_built(value_build_context(desk->arena)),
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

static const struct value *
json(struct desk *desk, const char *text)
{
	struct json_error error;
	const struct value *value =
	    json_read(desk->arena, str_of(text), &error);

	assert_non_null(value);
	return value;
}

static struct chart_effects
step(struct desk *desk, struct chart_event event)
{
	struct chart_effects effects = {0};

	chart_step(desk->chart, &event, &desk->context, &effects);
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == DO_CALL)
			chart_call_sent(desk->chart, effects.items[i].serial,
			    NULL, &desk->context, &effects);
	return effects;
}

static void
start(struct desk *desk, const struct value *input)
{
	struct chart_start begin = {
	    .definition = desk->definition,
	    .identity = {.store = {1, 2, 3}, .number = 7},
	    .input = input,
	    .business_key = STR("A"),
	    .priority = STR("high"),
	    .trace = STR("00-1-2-03"),
	};

	desk->chart = chart_new(&begin);
	step(desk, (struct chart_event){
		       .kind = EV_STARTED, .actor = {.name = STR("ann")}});
}

static void
reply(struct desk *desk, uint64_t serial, struct outcome outcome)
{
	step(desk, (struct chart_event){.kind = EV_REPLY_ARRIVED,
		       .serial = serial,
		       .outcome = &outcome});
}

static void
test_an_identifier_leads_back_to_its_row_in_its_own_store(void **state)
{
	struct chart_identity identity = {
	    .store = {0xab, 0xcd, 1, 2, 3, 4, 5, 6},
	    .number = (UINT64_C(1) << 62) - 2,
	};
	const uint8_t other[16] = {0xab, 0xcd, 9};
	char text[CHART_ID_BYTES];
	uint64_t number = 0;

	(void)state;
	assert_string_equal(chart_id_format(identity, text).at,
	    "abcd0102-0304-8506-bfff-fffffffffffe");
	assert_true(chart_id_parse(str_of(text), identity.store, &number));
	assert_true(number == identity.number);
	assert_false(chart_id_parse(str_of(text), other, &number));
	assert_false(chart_id_parse(STR("abcd"), identity.store, &number));
	text[20] = 'x';
	assert_false(chart_id_parse(str_of(text), identity.store, &number));
	text[20] = 'F';
	assert_false(chart_id_parse(str_of(text), identity.store, &number));
	text[19] = '3';
	text[20] = 'f';
	assert_false(chart_id_parse(str_of(text), identity.store, &number));
}

static void
test_an_actor_has_a_role_by_itself_by_pattern_or_as_admin(void **state)
{
	const struct str roles[] = {STR_INIT("approver:*")};
	const struct str admin[] = {STR_INIT("admin")};
	struct chart_actor actor = {.name = STR("ann")};

	(void)state;
	assert_true(chart_actor_has(&actor, STR("operator")));
	actor.roles_checked = true;
	assert_false(chart_actor_has(&actor, STR("operator")));
	actor.roles = roles;
	actor.role_count = 1;
	assert_true(chart_actor_has(&actor, STR("approver:cfo")));
	assert_false(chart_actor_has(&actor, STR("operator")));
	actor.roles = admin;
	assert_true(chart_actor_has(&actor, STR("operator")));
}

static void
test_a_new_instance_tells_what_it_was_started_with(void **state)
{
	struct desk *desk = *state;
	const struct chart *chart;

	start(desk, json(desk, "{\"key\": \"A\", \"text\": \"hello\"}"));
	chart = desk->chart;
	assert_ptr_equal(chart_definition(chart), desk->definition);
	assert_true(str_equal(chart_key(chart), STR("A")));
	assert_true(str_equal(chart_initiator(chart), STR("ann")));
	assert_true(str_equal(chart_trace(chart), STR("00-1-2-03")));
	assert_int_equal(chart_priority(chart), PRIORITY_HIGH);
	assert_int_equal(chart_number(chart), 7);
	assert_true(chart_started_ms(chart) == NOW_MS);
	assert_non_null(value_get_cstr(chart_input(chart), "text"));
	assert_non_null(value_get_cstr(chart_data(chart), "id"));
	assert_int_equal(chart_head(desk->chart)->seq, 0);
	assert_true(value_is_null(chart_labels(chart)));
}

static void
test_correlations_are_told_event_by_event(void **state)
{
	struct desk *desk = *state;
	struct str *values;

	start(desk, json(desk, "{\"key\": \"A\", \"text\": \"hello\"}"));
	assert_int_equal(
	    chart_correlations(desk->chart, &desk->context, &values), 8);
	assert_true(str_equal(values[0], STR("A")));
	assert_int_equal(values[1].bytes, 0);
	assert_int_equal(values[3].bytes, 0);
	assert_int_equal(values[4].bytes, 0);
	reply(desk, 1,
	    (struct outcome){.kind = OUTCOME_DONE,
		.response = json(desk, "{\"id\": 12.50}")});
	assert_int_equal(
	    chart_correlations(desk->chart, &desk->context, &values), 8);
	/* A number in its one form, and as it was written. */
	assert_true(str_equal(values[1], STR("12.5")));
	assert_true(str_equal(values[2], STR("12.5")));
	assert_int_equal(values[4].bytes, 0);
	assert_true(str_equal(values[5], STR("12.50")));
	assert_true(
	    chart_takes(desk->chart, STR("seen"), STR("12.5"), &desk->context));
	assert_true(chart_takes(
	    desk->chart, STR("seen"), STR("12.50"), &desk->context));
	assert_false(chart_takes(
	    desk->chart, STR("seen"), STR("12.500"), &desk->context));
	assert_false(chart_takes(
	    desk->chart, STR("unheard-of"), STR("A"), &desk->context));
	step(desk, (struct chart_event){.kind = EV_CANCELLED});
	assert_int_equal(
	    chart_correlations(desk->chart, &desk->context, &values), 0);
}

/* As an engine starts it; or one of before that took another key. */
static void
begin(struct desk *desk, const char *input, const char *key)
{
	struct chart_start begin = {
	    .definition = desk->definition,
	    .input = json(desk, input),
	    .business_key = str_of(key),
	};

	chart_free(&desk->chart);
	desk->chart = chart_new(&begin);
	step(desk, (struct chart_event){.kind = EV_STARTED});
}

static bool
takes(struct desk *desk, const char *subject)
{
	return chart_takes(
	    desk->chart, STR("go"), str_of(subject), &desk->context);
}

static void
test_a_number_that_is_the_key_is_met_by_both_its_texts(void **state)
{
	struct desk *desk = *state;
	struct str *values;

	begin(desk, "{\"key\": 7.10}", "7.1");
	assert_true(takes(desk, "7.1"));
	assert_true(takes(desk, "7.10"));
	assert_false(takes(desk, "7.100"));
	assert_int_equal(
	    chart_correlations(desk->chart, &desk->context, &values), 8);
	assert_true(str_equal(values[0], STR("7.1")));
	assert_true(str_equal(values[4], STR("7.10")));

	/* Engines of before took what was written. */
	begin(desk, "{\"key\": 7.0}", "7.0");
	assert_true(takes(desk, "7"));
	assert_true(takes(desk, "7.0"));
	assert_false(takes(desk, "7.00"));
	chart_correlations(desk->chart, &desk->context, &values);
	assert_true(str_equal(values[0], STR("7")));
	assert_true(str_equal(values[4], STR("7.0")));
}

static void
test_a_text_that_is_the_key_is_met_by_itself_alone(void **state)
{
	struct desk *desk = *state;
	struct str *values;

	begin(desk, "{\"key\": \"7.10\"}", "7.10");
	assert_true(takes(desk, "7.10"));
	assert_false(takes(desk, "7.1"));
	chart_correlations(desk->chart, &desk->context, &values);
	assert_int_equal(values[4].bytes, 0);

	/* What gives another key by now says nothing. */
	begin(desk, "{\"key\": 8.10}", "7.10");
	assert_true(takes(desk, "7.10"));
	assert_false(takes(desk, "8.1"));
	assert_false(takes(desk, "8.10"));
}

/* ---- memory ---- */

static const struct value *
large_input(struct desk *desk)
{
	struct value_builder *input = value_build_context(desk->arena);
	size_t bytes = 100 * 1024;
	char *text = arena_alloc(desk->arena, bytes);

	memset(text, 'x', bytes);
	value_put_str(input, "key", STR("A"));
	value_put_str(input, "text", (struct str){text, bytes});
	return value_built(input);
}

static void
test_compaction_changes_nothing_and_bounds_the_memory(void **state)
{
	struct desk *desk = *state;
	const struct value *before;
	struct buf a = {0}, b = {0};

	start(desk, large_input(desk));
	assert_int_equal(chart_priority(desk->chart), PRIORITY_HIGH);
	before = chart_describe(desk->chart, desk->arena);
	for (int i = 0; i < 30; i++) {
		reply(desk, desk->chart->calls->serial,
		    (struct outcome){.kind = OUTCOME_DONE,
			.response = json(desk, "{\"id\": \"x\"}")});
		step(desk, (struct chart_event){.kind = EV_EVENT_RECEIVED,
			       .type = STR("go"),
			       .subject = STR("A"),
			       .id = STR("1"),
			       .source = STR("s"),
			       .data = large_input(desk),
			       .received_ms = NOW_MS});
		assert_true(arena_bytes(desk->chart->arena) < 4000 * 1024);
	}
	/* What was described earlier still stands there. */
	json_write(before, JSON_PLAIN, &a);
	json_write(chart_input(desk->chart), JSON_PLAIN, &b);
	assert_true(str_find(buf_str(&a), buf_str(&b)) != SIZE_MAX);
	buf_fini(&a);
	buf_fini(&b);
}

static void
test_a_step_that_adds_to_effects_moves_nothing_they_refer_to(void **state)
{
	struct desk *desk = *state;
	struct chart_event event = {.kind = EV_TIME_PASSED};
	struct chart_effects effects = {0};
	const struct value *input;
	struct buf text = {0};

	start(desk, large_input(desk));
	desk->context.now_ms = chart_due_ms(desk->chart);
	chart_step(desk->chart, &event, &desk->context, &effects);
	assert_true(effects.count > 0);
	desk->chart->arena_bytes_live = 1; /* ripe for compaction */
	input = chart_input(desk->chart);
	chart_step(desk->chart, &event, &desk->context, &effects);
	assert_ptr_equal(input, chart_input(desk->chart));
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].body != NULL)
			json_write(effects.items[i].body, JSON_PLAIN, &text);
	assert_true(text.bytes > 0);
	buf_fini(&text);
	effects = (struct chart_effects){0};
	chart_step(desk->chart, &event, &desk->context, &effects);
	assert_ptr_not_equal(input, chart_input(desk->chart));
}

/* ---- damaged snapshots ---- */

/* Whatever can be loaded can be looked at and saved again. */
static void
try_snapshot(struct desk *desk, struct str bytes)
{
	struct chart_identity identity = {.number = 7};
	struct chart *chart = chart_load(desk->definition, identity, bytes);
	struct arena *arena;
	struct buf again = {0};

	if (chart == NULL)
		return;
	arena = arena_new();
	assert_non_null(chart_describe(chart, arena));
	(void)chart_due_ms(chart);
	chart_save(chart, &again);
	buf_fini(&again);
	arena_free(&arena);
	chart_free(&chart);
}

static void
damage(struct desk *desk)
{
	struct buf bytes = {0};

	chart_save(desk->chart, &bytes);
	for (size_t i = 0; i < bytes.bytes; i++) {
		char kept = bytes.at[i];

		try_snapshot(desk, str_slice(buf_str(&bytes), 0, i));
		for (int bit = 0; bit < 8; bit++) {
			bytes.at[i] = (char)(kept ^ (1 << bit));
			try_snapshot(desk, buf_str(&bytes));
		}
		bytes.at[i] = kept;
	}
	buf_add_char(&bytes, 'x');
	assert_null(chart_load(desk->definition,
	    (struct chart_identity){.number = 7}, buf_str(&bytes)));
	buf_fini(&bytes);
}

/* A child of a long turn is stored before it begins. */
static void
test_one_that_has_not_begun_is_saved_and_loaded(void **state)
{
	struct desk *desk = *state;
	struct chart_start begin = {
	    .definition = desk->definition,
	    .identity = {.number = 7},
	    .input = value_built(value_build_context(desk->arena)),
	    .awaiter = {.number = 3, .serial = 4},
	};
	struct buf bytes = {0};
	const void *cursor = NULL;
	uint64_t awaiter;

	desk->chart = chart_new(&begin);
	chart_save(desk->chart, &bytes);
	chart_free(&desk->chart);
	desk->chart =
	    chart_load(desk->definition, begin.identity, buf_str(&bytes));
	buf_fini(&bytes);
	assert_non_null(desk->chart);
	assert_int_equal(chart_started_ms(desk->chart), 0);
	assert_true(chart_awaiter_next(desk->chart, &cursor, &awaiter));
	assert_int_equal(awaiter, 3);
}

static void
test_a_damaged_snapshot_is_refused_or_harmless(void **state)
{
	struct desk *desk = *state;
	struct outcome unknown = {
	    .kind = OUTCOME_UNKNOWN,
	    .code = STR("http.timeout"),
	    .message = STR("none"),
	    .status = 504,
	    .reference = STR("r-1"),
	};

	start(desk, json(desk, "{\"key\": \"A\", \"text\": \"hello\"}"));
	damage(desk);
	reply(desk, 1, unknown);
	desk->context.now_ms += 3600 * 1000;
	step(desk, (struct chart_event){.kind = EV_TIME_PASSED});
	damage(desk);
	reply(desk, 1,
	    (struct outcome){.kind = OUTCOME_DONE,
		.response = json(desk, "{\"there\": true, \"id\": 5}")});
	desk->context.now_ms += 3600 * 1000;
	step(desk, (struct chart_event){.kind = EV_TIME_PASSED});
	step(desk, (struct chart_event){.kind = EV_TASK_DECIDED,
		       .actor = {.name = STR("bob")},
		       .serial = 3,
		       .choice = STR("approved")});
	damage(desk);
}

/* ---- delays ---- */

static void
test_delays_grow_as_told_and_never_over_their_bound(void **state)
{
	struct desk *desk = *state;
	struct rng *rng = &desk->rng.rng;
	struct def_retry retry = {
	    .delay_ms = 1000, .backoff = BACKOFF_EXPONENTIAL};
	int64_t longest_ms = 0;

	assert_int_equal(retry_delay_ms(&retry, 1, rng), 1000);
	assert_int_equal(retry_delay_ms(&retry, 4, rng), 8000);
	assert_true(retry_delay_ms(&retry, 500, rng) > 0);
	retry.max_delay_ms = 5000;
	assert_int_equal(retry_delay_ms(&retry, 4, rng), 5000);
	retry.backoff = BACKOFF_LINEAR;
	assert_int_equal(retry_delay_ms(&retry, 3, rng), 3000);
	assert_int_equal(retry_delay_ms(&retry, INT64_MAX, rng), 5000);
	retry.backoff = BACKOFF_CONSTANT;
	assert_int_equal(retry_delay_ms(&retry, 9, rng), 1000);
	retry.max_delay_ms = 10;
	assert_int_equal(retry_delay_ms(&retry, 9, rng), 1000);
	retry.jitter_percent = 20;
	for (int i = 0; i < 100; i++) {
		int64_t delay_ms = retry_delay_ms(&retry, 1, rng);

		assert_true(delay_ms >= 800 && delay_ms <= 1200);
	}
	/* Nor does the lot lead over it; below it both sides are open. */
	retry.max_delay_ms = 4000;
	retry.backoff = BACKOFF_EXPONENTIAL;
	for (int i = 0; i < 100; i++) {
		int64_t last_ms = retry_delay_ms(&retry, 9, rng);
		int64_t second_ms = retry_delay_ms(&retry, 2, rng);

		assert_true(last_ms >= 3200 && last_ms <= 4000);
		assert_true(second_ms >= 1600 && second_ms <= 2400);
		longest_ms = second_ms > longest_ms ? second_ms : longest_ms;
	}
	assert_true(longest_ms > 2000);
}

/* ---- persons ---- */

/* Callers, certificates and files name people: none may end the engine. */
static void
test_names_that_are_no_text_are_nobody_elses(void **state)
{
	(void)state;
	assert_true(chart_person_is(STR("Ida  B\xc3\x96hm"),
	    STR("ida b\xc3\xb6hm")));
	assert_true(chart_person_is(STR(" b\xf6 "), STR("b\xf6")));
	assert_false(chart_person_is(STR("b\xf6"), STR("b")));
	assert_false(chart_person_is(STR("b\xf6"), STR("b\xfc")));
	assert_false(chart_person_is_reserved(STR("engin\xe9")));
	assert_true(chart_person_is_known(STR("\xff")));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
	const struct CMUnitTest tests[] = {
	    TEST(test_an_identifier_leads_back_to_its_row_in_its_own_store),
	    TEST(test_an_actor_has_a_role_by_itself_by_pattern_or_as_admin),
	    TEST(test_a_new_instance_tells_what_it_was_started_with),
	    TEST(test_correlations_are_told_event_by_event),
	    TEST(test_a_number_that_is_the_key_is_met_by_both_its_texts),
	    TEST(test_a_text_that_is_the_key_is_met_by_itself_alone),
	    TEST(test_compaction_changes_nothing_and_bounds_the_memory),
	    TEST(test_a_step_that_adds_to_effects_moves_nothing_they_refer_to),
	    TEST(test_one_that_has_not_begun_is_saved_and_loaded),
	    TEST(test_a_damaged_snapshot_is_refused_or_harmless),
	    TEST(test_delays_grow_as_told_and_never_over_their_bound),
	    TEST(test_names_that_are_no_text_are_nobody_elses),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
