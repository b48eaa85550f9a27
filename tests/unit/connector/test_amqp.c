/* SPDX-License-Identifier: Apache-2.0 */
/* test_amqp.c: messages for a broker, what it answers, and events both ways. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char broker[] =
    "connection: broker\n"
    "kind: amqp\n"
    "url: = settings.url\n"
    "auth: {basic: {user: us, password: {secret: broker}}}\n"
    "heartbeat: 10s\n"
    "timeout: 20s\n"
    "operations:\n"
    "  announce:\n"
    "    request:\n"
    "      publish: orders\n"
    "      routing-key: = \"order.\" + kind\n"
    "      headers: {x-kind: = kind, x-none: null}\n"
    "      body: {reference: = reference, pin: {secret: pin}}\n"
    "  own-id:\n"
    "    request: {publish: '', routing-key: q, message-id: = id,\n"
    "              content-type: text/plain, body: = text,\n"
    "              mandatory: false}\n"
    "    errors: [{if: = status = 312, code: nobody.listens,\n"
    "              transient: true}]\n"
    "  large: {request: {publish: a, headers: {x: = text}, body: {}}}\n"
    "publishes:\n"
    "  - {events: order.*, if: = event.data.amount > 100, exchange: large,\n"
    "     routing-key: '= event.type + \".\" + settings.region',\n"
    "     mode: structured}\n"
    "  - {events: [order.paid, invoice.sent], exchange: all}\n"
    "consumes:\n"
    "  - queue: = settings.queue\n"
    "    prefetch: 7\n"
    "    events:\n"
    "      - {if: = body.kind = \"paid\", type: bank.paid,\n"
    "         subject: = body.payment, id: = body.id, source: /bank,\n"
    "         data: {sum: = body.sum}, time: = body.at}\n"
    "      - {if: = headers.routing_key = \"lost\", type: bank.lost}\n"
    "  - {queue: clouds}\n";

static const char settings[] =
    "{\"url\":\"amqp://mq.example/fin%2Fance\",\"region\":\"eu\","
    "\"queue\":\"bank\"}";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, broker);
	desk.context.settings = desk_json(&desk, settings);
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static void
prepare(struct desk *desk, const char *operation, const char *args)
{
	if (!desk_prepare(desk, operation, args))
		fail_msg("%s", desk_str(desk, desk->outcome.message));
}

/* ---- messages ---- */

static void
test_message_has_what_is_written(void **state)
{
	struct desk *desk = *state;
	const struct message_request *request = &desk->request;

	prepare(desk, "announce", "{\"reference\":\"R\",\"kind\":\"new\"}");
	assert_string_equal(
	    desk_str(desk, request->broker->host), "mq.example");
	assert_string_equal(desk_str(desk, request->broker->port), "5672");
	assert_string_equal(
	    desk_str(desk, request->broker->vhost), "fin/ance");
	assert_string_equal(desk_str(desk, request->broker->user), "us");
	assert_string_equal(
	    desk_str(desk, request->broker->password), "secret of broker");
	assert_false(request->broker->is_tls);
	assert_int_equal(request->broker->heartbeat_ms, 10000);
	assert_int_equal(request->timeout_ms, 20000);
	assert_string_equal(
	    desk_str(desk, request->publish->exchange), "orders");
	assert_string_equal(
	    desk_str(desk, request->publish->routing_key), "order.new");
	assert_true(request->publish->is_mandatory);
	assert_string_equal(
	    desk_str(desk, request->publish->content_type), "application/json");
	assert_string_equal(desk_str(desk, request->body),
	    "{\"reference\":\"R\",\"pin\":\"secret of pin\"}");
	assert_int_equal(request->header_count, 1);
	assert_string_equal(desk_header(desk, "x-kind"), "new");
}

static void
test_message_is_known_by_its_key_or_its_own_id(void **state)
{
	struct desk *desk = *state;
	struct connector_call call = desk_call(
	    desk, "announce", "{\"reference\":\"R\",\"kind\":\"new\"}");

	assert_true(connector_prepare(
	    &call, &desk->context, &desk->request, &desk->outcome));
	assert_true(str_equal(
	    desk->request.publish->message_id, call.idempotency_key));
	prepare(desk, "own-id", "{\"id\":\"M-1\",\"text\":\"hello\"}");
	assert_string_equal(
	    desk_str(desk, desk->request.publish->message_id), "M-1");
	assert_false(desk->request.publish->is_mandatory);
	assert_string_equal(desk_str(desk, desk->request.body), "hello");
}

static void
test_history_shows_where_it_went_without_secrets(void **state)
{
	struct desk *desk = *state;
	const char *shown;

	prepare(desk, "announce", "{\"reference\":\"R\",\"kind\":\"new\"}");
	shown = desk_text(desk,
	    connector_describe_request(desk->arena, &desk->request));
	assert_non_null(strstr(shown, "{\"method\":\"PUBLISH\",\"url\":"
	    "\"amqp://mq.example/fin%2Fance exchange=orders "
	    "routing-key=order.new\""));
	assert_non_null(strstr(shown, "***"));
	assert_null(strstr(shown, "secret of"));
}

static void
test_url_says_which_broker(void **state)
{
	static const struct {
		const char *url;
		const char *host; /* NULL: refused */
		const char *port;
		const char *vhost;
	} rows[] = {
		{"amqp://a", "a", "5672", "/"},
		{"amqp://a/", "a", "5672", "/"},
		{"amqp://a:1/v", "a", "1", "v"},
		{"amqps://[::1]/%2f", "[::1]", "5671", "/"},
		{"amqp://a/b/c", NULL, NULL, NULL},
		{"amqp://a/%2", NULL, NULL, NULL},
		{"amqp://a/%zz", NULL, NULL, NULL},
		{"amqp://u:p@a", NULL, NULL, NULL},
		{"amqp://a:0", NULL, NULL, NULL},
		{"amqp://", NULL, NULL, NULL},
		{"http://a", NULL, NULL, NULL},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct message_broker *found;
		bool is_ready;

		desk->context.settings = desk_json(desk, desk_str(desk,
		    arena_strf(desk->arena, "{\"url\":\"%s\"}", rows[i].url)));
		is_ready = desk_prepare(
		    desk, "own-id", "{\"id\":\"M\",\"text\":\"t\"}");
		assert_int_equal(is_ready, rows[i].host != NULL);
		if (!is_ready) {
			desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
			    "connector.url", false);
			continue;
		}
		found = desk->request.broker;
		assert_string_equal(desk_str(desk, found->host), rows[i].host);
		assert_string_equal(desk_str(desk, found->port), rows[i].port);
		assert_string_equal(
		    desk_str(desk, found->vhost), rows[i].vhost);
	}
}

static void
test_name_that_the_protocol_can_not_hold_is_refused(void **state)
{
	struct desk *desk = *state;
	char args[400];

	snprintf(args, sizeof(args), "{\"id\":\"%0300d\",\"text\":\"t\"}", 1);
	assert_false(desk_prepare(desk, "own-id", args));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.name", false);
	assert_false(desk_prepare(
	    desk, "own-id", "{\"id\":\"a\",\"text\":null}"));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.body", false);
}

static void
test_headers_that_no_frame_can_hold_are_refused(void **state)
{
	struct desk *desk = *state;
	size_t bytes = 70000;
	char *args = malloc(bytes + 100);

	assert_non_null(args);
	snprintf(args, bytes + 100, "{\"reference\":\"R\",\"kind\":\"%0*d\"}",
	    (int)bytes, 1);
	assert_false(desk_prepare(desk, "announce", args));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.name", false);
	snprintf(args, bytes + 100, "{\"text\":\"%0*d\"}", (int)bytes, 1);
	assert_false(desk_prepare(desk, "large", args));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.header", false);
	free(args);
}

static void
test_answer_decides_what_became_of_it(void **state)
{
	static const struct {
		int status;
		const char *code;
		bool transient;
	} rows[] = {
		{312, "amqp.no-route", false}, {404, "amqp.not-found", false},
		{403, "amqp.permission-denied", false},
		{401, "amqp.access-denied", false},
		{506, "amqp.nacked", true}, {320, "amqp.closed", true},
		{399, "amqp.399", false},
	};
	static const char args[] = "{\"reference\":\"R\",\"kind\":\"new\"}";
	struct desk *desk = *state;
	struct outcome *outcome = desk_answer(
	    desk, "announce", args, 200, NULL, "{\"message_id\":\"k\"}");

	assert_int_equal(outcome->kind, OUTCOME_DONE);
	assert_string_equal(
	    desk_text(desk, outcome->response), "{\"message_id\":\"k\"}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		desk_assert_outcome(
		    desk_answer(desk, "announce", args, rows[i].status, NULL,
			"no"),
		    OUTCOME_NOT_DONE, rows[i].code, rows[i].transient);
	desk_assert_outcome(desk_answer(desk, "own-id",
				"{\"id\":\"a\",\"text\":\"t\"}", 312, NULL,
				"no"),
	    OUTCOME_NOT_DONE, "nobody.listens", true);
	desk_assert_outcome(desk_fail(desk, "announce", MESSAGE_RESET),
	    OUTCOME_UNKNOWN, "amqp.reset", false);
	desk_assert_outcome(desk_fail(desk, "announce", MESSAGE_TIMEOUT),
	    OUTCOME_UNKNOWN, "amqp.timeout", false);
	desk_assert_outcome(desk_fail(desk, "announce", MESSAGE_UNREACHABLE),
	    OUTCOME_NOT_DONE, "amqp.unreachable", true);
}

/* ---- events out ---- */

static bool
publish_value(struct desk *desk, const char *type, const struct value *data)
{
	const struct connector_event event = {
		.type = str_of(type),
		.subject = STR("s"),
		.id = STR("i/1"),
		.source = STR("/workflows/order"),
		.time = STR("2026-03-02T12:00:00.000Z"),
		.data = data,
	};
	bool is_wanted = false;

	if (!connector_publish(desk->connection, &event, &desk->context,
		&desk->request, &is_wanted, &desk->outcome))
		fail_msg("%s", desk_str(desk, desk->outcome.message));
	return is_wanted;
}

static bool
publish(struct desk *desk, const char *type, const char *data)
{
	return publish_value(desk, type, desk_json(desk, data));
}

static void
test_event_tells_a_zone_by_its_offset(void **state)
{
	struct desk *desk = *state;
	struct json_error error;
	const struct value *data = json_read_typed(desk->arena,
	    STR("{\"amount\":1,\"at\":"
		"{\"dt\":\"2026-11-24T01:12:46@Europe/Berlin\"}}"), &error);

	assert_non_null(data);
	assert_true(publish_value(desk, "order.paid", data));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"amount\":1,\"at\":\"2026-11-24T01:12:46+01:00\"}");
}

static void
test_event_goes_by_the_first_rule_that_takes_it(void **state)
{
	struct desk *desk = *state;
	const struct message_publish *sent;

	assert_true(publish(desk, "order.paid", "{\"amount\":100.01}"));
	sent = desk->request.publish;
	assert_string_equal(desk_str(desk, sent->exchange), "large");
	assert_string_equal(
	    desk_str(desk, sent->routing_key), "order.paid.eu");
	assert_string_equal(desk_str(desk, sent->content_type),
	    "application/cloudevents+json; charset=utf-8");
	assert_string_equal(desk_str(desk, sent->message_id), "i/1");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "{\"specversion\":\"1.0\",\"id\":\"i/1\",\"source\":"
	    "\"/workflows/order\",\"type\":\"order.paid\",\"subject\":\"s\","
	    "\"time\":\"2026-03-02T12:00:00.000Z\",\"datacontenttype\":"
	    "\"application/json\",\"data\":{\"amount\":100.01}}");
	assert_true(publish(desk, "order.paid", "{\"amount\":1.10}"));
	sent = desk->request.publish;
	assert_string_equal(desk_str(desk, sent->exchange), "all");
	assert_string_equal(desk_str(desk, sent->routing_key), "order.paid");
	assert_false(sent->is_mandatory);
	assert_string_equal(
	    desk_str(desk, desk->request.body), "{\"amount\":1.10}");
	assert_string_equal(
	    desk_header(desk, "cloudEvents_type"), "order.paid");
	assert_string_equal(desk_header(desk, "cloudEvents_id"), "i/1");
	assert_string_equal(desk_header(desk, "cloudEvents_subject"), "s");
	assert_false(publish(desk, "order.sent", "{\"amount\":1}"));
	assert_false(publish(desk, "other", "{}"));
	assert_true(publish(desk, "invoice.sent", "null"));
	assert_int_equal(desk->request.body.bytes, 0);
}

/* ---- events in ---- */

static enum webhook_result
deliver(struct desk *desk, size_t queue, const char *headers, const char *body,
    struct connector_event *event)
{
	struct message_response message = {.status = 200};

	message.headers =
	    desk_headers(desk, headers, &message.header_count);
	message.body = str_of(body);
	return connector_delivery(&desk->connection->subscriptions[queue],
	    &message, &desk->context, event);
}

static void
test_queue_is_asked_for_as_it_is_written(void **state)
{
	struct desk *desk = *state;
	struct str queue;

	assert_true(connector_subscribe(desk->connection,
	    &desk->connection->subscriptions[0], &desk->context,
	    &desk->request, &queue, &desk->outcome));
	assert_string_equal(desk_str(desk, queue), "bank");
	assert_int_equal(desk->connection->subscriptions[0].prefetch, 7);
	assert_int_equal(desk->connection->subscriptions[1].prefetch, 100);
	desk->context.settings =
	    desk_json(desk, "{\"url\":\"amqp://mq.example\"}");
	assert_false(connector_subscribe(desk->connection,
	    &desk->connection->subscriptions[0], &desk->context,
	    &desk->request, &queue, &desk->outcome));
	desk_assert_outcome(
	    &desk->outcome, OUTCOME_NOT_DONE, "connector.name", false);
}

static void
test_message_is_mapped_by_rules(void **state)
{
	struct desk *desk = *state;
	struct connector_event event;

	assert_int_equal(deliver(desk, 0, "routing_key: x",
	    "{\"kind\":\"paid\",\"payment\":\"P\",\"id\":7,\"sum\":1.10,"
	    "\"at\":\"2026-03-02T12:00:00Z\"}", &event), WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(desk, event.type), "bank.paid");
	assert_string_equal(desk_str(desk, event.subject), "P");
	assert_string_equal(desk_str(desk, event.id), "7");
	assert_string_equal(desk_str(desk, event.source), "/bank");
	assert_string_equal(desk_str(desk, event.time), "2026-03-02T12:00:00Z");
	assert_string_equal(desk_text(desk, event.data), "{\"sum\":1.10}");
	/* By its message's id, else by its digest. */
	assert_int_equal(deliver(desk, 0,
	    "message_id: m-1\nrouting_key: lost", "{}", &event),
	    WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(desk, event.id), "m-1");
	assert_null(event.source.at);
	assert_int_equal(
	    deliver(desk, 0, "routing_key: lost", "{}", &event),
	    WEBHOOK_ACCEPTED);
	assert_int_equal(event.id.bytes, 64);
}

static void
test_message_of_which_no_event_can_be_made_is_told(void **state)
{
	struct desk *desk = *state;
	struct connector_event event;

	assert_int_equal(deliver(desk, 0, NULL, "{\"kind\":\"other\"}",
			     &event), WEBHOOK_IGNORED);
	assert_int_equal(
	    deliver(desk, 0, "content-type: application/json", "{", &event),
	    WEBHOOK_MALFORMED);
	assert_int_equal(deliver(desk, 0, NULL, "hello", &event),
	    WEBHOOK_MALFORMED);
	assert_int_equal(deliver(desk, 0, NULL, "\xff\xfe", &event),
	    WEBHOOK_MALFORMED);
	/* No id, where the rule gives one. */
	assert_int_equal(deliver(desk, 0, NULL, "{\"kind\":\"paid\"}",
			     &event), WEBHOOK_MALFORMED);
}

static void
test_cloud_events_are_read_in_both_modes(void **state)
{
	struct desk *desk = *state;
	struct connector_event event;

	assert_int_equal(deliver(desk, 1,
	    "cloudEvents:specversion: 1.0\n", "{}", &event),
	    WEBHOOK_MALFORMED);
	assert_int_equal(deliver(desk, 1,
	    "cloudEvents_specversion: 1.0\ncloudEvents_id: i\n"
	    "cloudEvents_source: /s\ncloudEvents_type: t\n"
	    "cloudEvents_subject: u\ncontent-type: application/json",
	    "{\"a\":1.0}", &event), WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(desk, event.id), "i");
	assert_string_equal(desk_str(desk, event.source), "/s");
	assert_string_equal(desk_str(desk, event.type), "t");
	assert_string_equal(desk_str(desk, event.subject), "u");
	assert_string_equal(desk_text(desk, event.data), "{\"a\":1.0}");
	assert_int_equal(deliver(desk, 1,
	    "content-type: application/cloudevents+json; charset=utf-8",
	    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/s\","
	    "\"type\":\"t\",\"data_base64\":\"eyJhIjoxfQ==\"}", &event),
	    WEBHOOK_ACCEPTED);
	assert_string_equal(desk_text(desk, event.data), "{\"a\":1}");
	assert_null(event.subject.at);
}

static void
test_what_is_no_cloud_event_is_malformed(void **state)
{
	static const char *const documents[] = {
	    "", "[]", "{",
	    "{\"specversion\":\"0.3\",\"id\":\"i\",\"source\":\"/s\","
	    "\"type\":\"t\"}",
	    "{\"specversion\":\"1.0\",\"source\":\"/s\",\"type\":\"t\"}",
	    "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"/s\","
	    "\"type\":\"t\"}",
	    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/s\","
	    "\"type\":\"t\",\"time\":\"yesterday\"}",
	    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/s\","
	    "\"type\":\"t\",\"data_base64\":\"?\"}",
	};
	struct desk *desk = *state;
	struct connector_event event;

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		assert_int_equal(deliver(desk, 1,
				     "content-type: "
				     "application/cloudevents+json",
				     documents[i], &event),
		    WEBHOOK_MALFORMED);
	assert_int_equal(deliver(desk, 1, NULL, "{}", &event),
	    WEBHOOK_MALFORMED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_message_has_what_is_written),
		TEST(test_message_is_known_by_its_key_or_its_own_id),
		TEST(test_history_shows_where_it_went_without_secrets),
		TEST(test_url_says_which_broker),
		TEST(test_name_that_the_protocol_can_not_hold_is_refused),
		TEST(test_headers_that_no_frame_can_hold_are_refused),
		TEST(test_answer_decides_what_became_of_it),
		TEST(test_event_tells_a_zone_by_its_offset),
		TEST(test_event_goes_by_the_first_rule_that_takes_it),
		TEST(test_queue_is_asked_for_as_it_is_written),
		TEST(test_message_is_mapped_by_rules),
		TEST(test_message_of_which_no_event_can_be_made_is_told),
		TEST(test_cloud_events_are_read_in_both_modes),
		TEST(test_what_is_no_cloud_event_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
