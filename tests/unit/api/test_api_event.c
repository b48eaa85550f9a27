/* SPDX-License-Identifier: Apache-2.0 */
/* Events: CloudEvents in their three forms, and webhooks. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENT(id, subject)                                          \
	"{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/" \
	"bank\",\"type\":\"bank.settled\",\"subject\":\"" subject   \
	"\",\"data\":{\"amount\":10.50}}"
#define STRUCTURED "Content-Type: application/cloudevents+json; charset=utf-8"
#define BATCH "Content-Type: application/cloudevents-batch+json"

static void
approve(struct api_server *server)
{
	struct answer answer = api_server_get(server, "/v1/tasks");
	const char *target = arena_strf(server->arena, "/v1/tasks/%.*s/decide",
	    STR_ARG(answer_text(&answer, "items.0.id")))
				 .at;

	server->actor = "bob";
	answer = api_server_post(server, target, "{\"choice\":\"approved\"}");
	server->actor = NULL;
	answer_must_be(&answer, 200);
}

static void
expect_fate(const struct answer *answer, const char *fate)
{
	answer_must_be(answer, 202);
	if (!str_equal(answer_text(answer, "events.0.status"), str_of(fate)))
		fail_msg("not %s: %.*s", fate, STR_ARG(answer->body));
}

static void
test_structured_event_moves_its_instance(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	approve(server);
	answer = api_server_ask(
	    server, "POST", "/v1/events", STRUCTURED, EVENT("e-1", "r-1"));
	expect_fate(&answer, "matched");
	answer = api_server_get(server, "/v1/instances/r-1");
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("completed")));
}

static void
test_event_that_comes_twice_is_a_duplicate(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(
	    server, "POST", "/v1/events", STRUCTURED, EVENT("e-1", "r-1"));

	expect_fate(&answer, "held");
	answer = api_server_ask(
	    server, "POST", "/v1/events", STRUCTURED, EVENT("e-1", "r-1"));
	expect_fate(&answer, "duplicate");
}

static void
test_plain_json_is_taken_for_a_structured_event(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, "/v1/events", EVENT("e-1", "r-1"));

	expect_fate(&answer, "held");
}

static void
test_binary_event_has_its_attributes_in_headers(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(server, "POST", "/v1/events",
	    "Content-Type: application/json\nce-specversion: 1.0\n"
	    "ce-id: e-1\nce-source: /bank\nce-type: bank.settled\n"
	    "ce-subject: r%2F1\nce-time: 2026-11-22T09:30:00Z",
	    "{\"amount\":10.50}");

	expect_fate(&answer, "held");
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "items.0.subject"), STR("r/1")));
	assert_true(str_find(answer.body, STR("10.50")) != SIZE_MAX);
}

static void
test_quoted_headers_are_unquoted(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(server, "POST", "/v1/events",
	    "Content-Type: APPLICATION/VND.X+JSON\nce-specversion: \"1.0\"\n"
	    "ce-id: \"e-\\\"1\"\nce-source: /bank\nce-type: bank.settled\n"
	    "ce-subject: \"r%2F1\"",
	    "{\"amount\":10.50}");

	expect_fate(&answer, "held");
	assert_true(
	    str_equal(answer_text(&answer, "events.0.id"), STR("e-\"1")));
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	assert_true(
	    str_equal(answer_text(&answer, "items.0.subject"), STR("r/1")));
}

static void
test_data_in_two_forms_is_refused(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(server, "POST", "/v1/events",
	    STRUCTURED,
	    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\","
	    "\"type\":\"t\",\"data\":{},\"data_base64\":\"e30=\"}");

	answer_must_be_problem(&answer, 422, "invalid-event");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.pointer"), STR("/data_base64")));
}

static void
test_batch_tells_what_became_of_each(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	approve(server);
	answer = api_server_ask(server, "POST", "/v1/events", BATCH,
	    "[" EVENT("e-1", "r-1") "," EVENT("e-2", "r-9") "," EVENT(
		"e-1", "r-1") "]");
	expect_fate(&answer, "matched");
	assert_true(
	    str_equal(answer_text(&answer, "events.1.status"), STR("held")));
	assert_true(str_equal(
	    answer_text(&answer, "events.2.status"), STR("duplicate")));
	answer = api_server_ask(server, "POST", "/v1/events", BATCH, "[]");
	answer_must_be(&answer, 202);
}

static void
test_faults_of_an_event_are_all_named(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_ask(server, "POST", "/v1/events", BATCH,
		"[" EVENT("e-1", "r-1") ",{\"specversion\":\"0.3\",\"id\":\"\","
					"\"type\":5,\"time\":\"noon\"}]");

	answer_must_be_problem(&answer, 422, "invalid-event");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.pointer"), STR("/1/specversion")));
	/* `type` is no string, and so isn't missing besides. */
	assert_int_equal(answer_member(&answer, "errors")->as.list.count, 5);
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_ask(server, "POST", "/v1/events",
	    "Content-Type: application/json\nce-id: 1", "{}");
	answer_must_be_problem(&answer, 422, "invalid-event");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.pointer"), STR("ce-specversion")));
}

static void
test_many_faults_are_not_all_told(void **state)
{
	struct api_server *server = *state;
	struct buf batch = {0};
	struct answer answer;

	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&batch, i == 0 ? "[{}" : ",{}");
	buf_add_char(&batch, ']');
	answer = api_server_ask(server, "POST", "/v1/events", BATCH,
	    buf_cstr(&batch));
	answer_must_be_problem(&answer, 422, "invalid-event");
	assert_int_equal(answer_member(&answer, "errors")->as.list.count, 100);
	buf_fini(&batch);
}

static void
test_base64_data_is_decoded(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_ask(server, "POST", "/v1/events", STRUCTURED,
		"{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"s\","
		"\"type\":\"bank.settled\",\"subject\":\"x\","
		"\"data_base64\":\"eyJhIjoxLjEwfQ==\"}");

	expect_fate(&answer, "held");
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	assert_true(str_find(answer.body, STR("{\"a\":1.10}")) != SIZE_MAX);
}

static void
test_other_types_are_refused(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_ask(server, "POST", "/v1/events",
	    "Content-Type: application/xml", "<event/>");

	answer_must_be_problem(&answer, 415, "unsupported-media-type");
}

/* ---- dead letters ---- */

static void
test_held_event_is_replayed(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	const char *target;

	answer = api_server_ask(
	    server, "POST", "/v1/events", STRUCTURED, EVENT("e-1", "r-1"));
	expect_fate(&answer, "held");
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	target = arena_strf(server->arena, "/v1/dead-letters/%.*s/replay",
	    STR_ARG(answer_text(&answer, "items.0.id")))
		     .at;
	answer = api_server_post(server, target, "{}");
	answer_must_be_problem(&answer, 409, "wrong-state");
	answer = api_server_post(server, "/v1/dead-letters/77/replay", "{}");
	answer_must_be_problem(&answer, 404, "unknown-item");
	answer = api_server_post(server, "/v1/dead-letters/x/replay", "{}");
	answer_must_be_problem(&answer, 404, "unknown-item");
}

static void
test_dead_letters_are_paged(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_ask(server, "POST", "/v1/events", BATCH,
		"[" EVENT("e-1", "a") "," EVENT("e-2", "b") "," EVENT(
		    "e-3", "c") "]");

	answer = api_server_get(server, "/v1/dead-letters?status=held&limit=2");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 2);
	answer = api_server_get(
	    server, arena_strf(server->arena,
			"/v1/dead-letters?status=held&limit=2&cursor=%.*s",
			STR_ARG(answer_text(&answer, "next")))
			.at);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	assert_true(value_is_null(answer_member(&answer, "next")));
	answer = api_server_get(server, "/v1/dead-letters");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_get(server, "/v1/dead-letters?status=lost");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
}

/* ---- webhooks ---- */

static struct answer
ring(struct api_server *server, const char *target, const char *secret,
    const char *body)
{
	char hex[DIGEST_HEX_BYTES];
	struct digest digest = digest_hmac_sha256(str_of(secret), str_of(body));

	return api_server_ask(server, "POST", target,
	    arena_strf(server->arena,
		"Content-Type: application/json\nx-sign: %.*s",
		STR_ARG(digest_hex(digest, hex)))
		.at,
	    body);
}

static void
test_signed_webhook_moves_its_instance(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	approve(server);
	answer = ring(server, "/hooks/bank", "hush",
	    "{\"kind\":\"settled\",\"reference\":\"r-1\",\"id\":\"7\"}");
	answer_must_be(&answer, 202);
	assert_true(str_equal(answer_text(&answer, "status"), STR("matched")));
	answer = api_server_get(server, "/v1/instances/r-1");
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("completed")));
	answer = ring(server, "/v1/hooks/bank", "hush",
	    "{\"kind\":\"settled\",\"reference\":\"r-1\",\"id\":\"7\"}");
	answer_must_be(&answer, 202);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("duplicate")));
}

static void
test_forged_webhook_is_refused_and_counted(void **state)
{
	struct api_server *server = *state;
	struct answer answer = ring(server, "/hooks/bank", "guess",
	    "{\"kind\":\"settled\",\"reference\":\"r-1\",\"id\":\"7\"}");

	answer_must_be_problem(&answer, 401, "bad-signature");
	answer = api_server_ask(server, "POST", "/hooks/bank",
	    "Content-Type: application/json", "{}");
	answer_must_be_problem(&answer, 401, "bad-signature");
	answer = api_server_get(server, "/metrics");
	assert_true(str_find(answer.body,
			STR("stated_webhooks_forged_total 2\n")) != SIZE_MAX);
	answer = api_server_get(server, "/v1/dead-letters?status=held");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static int
set_up_without_secrets(void **state)
{
	struct api_server *server = api_server_new();

	server->options.secret = NULL;
	api_server_open(server);
	*state = server;
	return 0;
}

/* Who sent it sends it again: it may be genuine. */
static void
test_webhook_whose_secret_is_missing_is_put_off(void **state)
{
	struct api_server *server = *state;
	struct answer answer = ring(server, "/hooks/bank", "hush",
	    "{\"kind\":\"settled\",\"reference\":\"r-1\",\"id\":\"7\"}");

	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	answer = api_server_get(server, "/metrics");
	assert_true(str_find(answer.body,
			STR("stated_webhooks_forged_total 0\n")) != SIZE_MAX);
	answer = api_server_get(server, "/v1/journal?kind=sign-in-failed");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static void
test_webhook_that_nothing_maps_is_ignored(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    ring(server, "/hooks/bank", "hush", "{\"kind\":\"ping\"}");

	answer_must_be(&answer, 202);
	assert_true(str_equal(answer_text(&answer, "status"), STR("ignored")));
	answer = ring(server, "/hooks/nobody", "hush", "{}");
	answer_must_be_problem(&answer, 404, "not-found");
	answer = ring(server, "/hooks/silent", "hush", "{}");
	answer_must_be_problem(&answer, 404, "not-found");
	answer = ring(server, "/hooks/bank", "hush", "no json");
	answer_must_be_problem(&answer, 422, "invalid-body");
}

static void
test_delivery_of_many_messages_tells_each_fate(void **state)
{
	struct api_server *server = *state;
	const struct value *fates;
	struct answer answer;

	api_server_start(server, "r-1");
	approve(server);
	answer = ring(server, "/hooks/ledger", "hush",
	    "{\"entries\":[{\"type\":\"bank.settled\",\"of\":\"r-1\","
	    "\"id\":\"1\"},{\"type\":7,\"of\":\"r-1\"},{\"of\":\"r-1\"},"
	    "{\"type\":\"bank.settled\",\"of\":\"r-2\",\"id\":\"2\"},"
	    "{\"type\":\"bank.settled\",\"of\":\"r-1\",\"id\":\"1\"}]}");
	answer_must_be(&answer, 202);
	fates = answer_member(&answer, "events");
	assert_int_equal(fates->as.list.count, 3);
	assert_true(str_equal(value_field_str(
	    fates->as.list.items[0], "status"), STR("matched")));
	assert_true(str_equal(value_field_str(
	    fates->as.list.items[1], "status"), STR("held")));
	assert_true(str_equal(value_field_str(
	    fates->as.list.items[2], "status"), STR("duplicate")));
	answer = ring(server, "/hooks/ledger", "hush", "{\"entries\":[]}");
	answer_must_be(&answer, 202);
	answer = ring(server, "/hooks/ledger", "hush", "{\"entries\":1}");
	answer_must_be_problem(&answer, 422, "invalid-body");
}

static int
set_up_short_queue(void **state)
{
	struct api_server *server = api_server_new();

	server->queue_max = 10;
	api_server_open(server);
	*state = server;
	return 0;
}

static void
test_batch_longer_than_the_queue_is_taken_whole(void **state)
{
	struct api_server *server = *state;
	struct buf body = {0};
	struct answer answer;
	const struct value *fates;

	for (int i = 0; i < 35; i++)
		buf_addf(&body,
		    "%s{\"specversion\":\"1.0\",\"id\":\"%d\",\"source\":\"/s\","
		    "\"type\":\"bank.settled\",\"subject\":\"r\"}",
		    i > 0 ? "," : "[", i);
	buf_add_char(&body, ']');
	for (int i = 0; i < 2; i++) {
		answer = api_server_ask(
		    server, "POST", "/v1/events", BATCH, buf_cstr(&body));
		answer_must_be(&answer, 202);
		fates = answer_member(&answer, "events");
		assert_int_equal(fates->as.list.count, 35);
		assert_true(str_equal(
		    value_field_str(fates->as.list.items[34], "status"),
		    i == 0 ? STR("held") : STR("duplicate")));
	}
	buf_fini(&body);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_structured_event_moves_its_instance),
	    TEST(test_event_that_comes_twice_is_a_duplicate),
	    TEST(test_plain_json_is_taken_for_a_structured_event),
	    TEST(test_binary_event_has_its_attributes_in_headers),
	    TEST(test_quoted_headers_are_unquoted),
	    TEST(test_data_in_two_forms_is_refused),
	    TEST(test_batch_tells_what_became_of_each),
	    cmocka_unit_test_setup_teardown(
		test_batch_longer_than_the_queue_is_taken_whole,
		set_up_short_queue, api_server_tear_down),
	    TEST(test_faults_of_an_event_are_all_named),
	    TEST(test_many_faults_are_not_all_told),
	    TEST(test_base64_data_is_decoded),
	    TEST(test_other_types_are_refused),
	    TEST(test_held_event_is_replayed),
	    TEST(test_dead_letters_are_paged),
	    TEST(test_signed_webhook_moves_its_instance),
	    TEST(test_forged_webhook_is_refused_and_counted),
	    cmocka_unit_test_setup_teardown(
		test_webhook_whose_secret_is_missing_is_put_off,
		set_up_without_secrets, api_server_tear_down),
	    TEST(test_webhook_that_nothing_maps_is_ignored),
	    TEST(test_delivery_of_many_messages_tells_each_fate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
