/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HEAD                                                                   \
	"connection: bank\n"                                                   \
	"kind: http\n"                                                         \
	"url: https://api.example\n"                                           \
	"operations:\n"                                                        \
	"  ping: {request: {get: /}}\n"

#define WEBHOOKS(scheme, secret)                                               \
	HEAD                                                                   \
	"webhooks:\n"                                                          \
	"  verify: {scheme: " scheme ", secret: {secret: " secret "}}\n"        \
	"  events:\n"                                                          \
	"    - {if: '= body.object = \"event\"', type: bank.settled,\n"         \
	"       subject: = body.id, id: = body.id}\n"                          \
	"    - {if: '= body.test > 0', type: '= \"bank.test\"', data: = body.test}\n" \
	"    - {if: '= body.kind = \"bad\"', type: '= body.type'}\n"

/* What stands in the signed text, and its signature by the vectors that the
 * providers publish. */
#define STRIPE_BODY "{\"id\":\"evt_1\",\"object\":\"event\"}"
#define STRIPE_V1                                                              \
	"0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a2fbda99cd1e6edd"
#define STANDARD_BODY "{\"test\": 2432232314}"
#define STANDARD_V1 "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define STANDARD_NOW_MS INT64_C(1614265330000)

struct hook {
	struct desk desk;
	struct connector_events events;
	struct connector_event event; /* the first */
};

static void
hook_open(struct hook *hook, const char *yaml)
{
	desk_open(&hook->desk, yaml);
}

static enum webhook_result
receive(struct hook *hook, const char *headers, const char *body)
{
	size_t count;
	const struct message_header *list =
	    desk_headers(&hook->desk, headers, &count);
	enum webhook_result result = connector_webhook(
	    hook->desk.connection, list, count, str_of(body),
	    &hook->desk.context, &hook->events);

	if (hook->events.count > 0)
		hook->event = hook->events.items[0];
	return result;
}

/* A header with the HMAC that our own digest gives, for bodies without a
 * published vector. */
static const char *
signed_by(struct hook *hook, const char *name, const char *prefix,
    const char *key, const char *text)
{
	char hex[DIGEST_HEX_BYTES];

	digest_hex(digest_hmac_sha256(str_of(key), str_of(text)), hex);
	return arena_cstr(hook->desk.arena,
	    arena_strf(hook->desk.arena, "%s: %s%s", name, prefix, hex));
}

static void
test_stripe_is_verified_by_the_vector(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("stripe", "stripe"));
	assert_int_equal(receive(&hook, "Stripe-Signature: t=1700000000,v1="
	    STRIPE_V1, STRIPE_BODY), WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(&hook.desk, hook.event.type),
	    "bank.settled");
	assert_string_equal(desk_str(&hook.desk, hook.event.subject), "evt_1");
	assert_string_equal(desk_str(&hook.desk, hook.event.id), "evt_1");
	assert_string_equal(
	    desk_text(&hook.desk, hook.event.data), STRIPE_BODY);
	assert_int_equal(receive(&hook, "Stripe-Signature: t=1700000000,v1=00,"
	    "v0=" STRIPE_V1 ",v1=" STRIPE_V1, STRIPE_BODY), WEBHOOK_ACCEPTED);
	desk_close(&hook.desk);
}

static void
test_stripe_forgeries(void **state)
{
	static const char *const headers[] = {
		"",
		"Stripe-Signature: ",
		"Stripe-Signature: t=1700000000",
		"Stripe-Signature: v1=" STRIPE_V1,
		"Stripe-Signature: v1=" STRIPE_V1 ",t=1700000000",
		"Stripe-Signature: t=1700000001,v1=" STRIPE_V1,
		"Stripe-Signature: t=1700000000,v0=" STRIPE_V1,
		"Stripe-Signature: t=1700000000,t=1700000001,v1=00",
	};
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("stripe", "stripe"));
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_int_equal(receive(&hook, headers[i], STRIPE_BODY),
		    WEBHOOK_FORGED);
	assert_int_equal(receive(&hook, "Stripe-Signature: t=1700000000,v1="
	    STRIPE_V1, STRIPE_BODY " "), WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_old_signature_is_a_replay(void **state)
{
	static const char header[] =
	    "Stripe-Signature: t=1700000000,v1=" STRIPE_V1;
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("stripe", "stripe"));
	hook.desk.context.now_ms = DESK_NOW_MS + 300000;
	assert_int_equal(receive(&hook, header, STRIPE_BODY), WEBHOOK_ACCEPTED);
	hook.desk.context.now_ms = DESK_NOW_MS + 301000;
	assert_int_equal(receive(&hook, header, STRIPE_BODY), WEBHOOK_FORGED);
	hook.desk.context.now_ms = DESK_NOW_MS - 301000;
	assert_int_equal(receive(&hook, header, STRIPE_BODY), WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_standard_webhooks_by_the_vector(void **state)
{
	static const char head[] = "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\n"
				   "webhook-timestamp: 1614265330\n";
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("standard-webhooks", "whsec"));
	hook.desk.context.now_ms = STANDARD_NOW_MS;
	const char *headers = arena_cstr(hook.desk.arena,
	    arena_strf(hook.desk.arena,
		"%swebhook-signature: v1a,xx v1,AAAA nonsense v1," STANDARD_V1,
		head));
	assert_int_equal(receive(&hook, headers, STANDARD_BODY),
	    WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(&hook.desk, hook.event.id),
	    "msg_p5jXN8AQM9LWM0D4loKWxJek");
	assert_string_equal(desk_text(&hook.desk, hook.event.data),
	    "2432232314");
	assert_int_equal(receive(&hook, headers, "{\"test\": 2432232315}"),
	    WEBHOOK_FORGED);
	hook.desk.context.now_ms += 301000;
	assert_int_equal(receive(&hook, headers, STANDARD_BODY),
	    WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_github_by_the_vector(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("github", "github"));
	/* Genuine, though no JSON. */
	assert_int_equal(receive(&hook, "X-Hub-Signature-256: sha256="
	    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
	    "Hello, World!"), WEBHOOK_MALFORMED);
	assert_int_equal(receive(&hook, "X-Hub-Signature-256: "
	    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
	    "Hello, World!"), WEBHOOK_FORGED);
	assert_int_equal(receive(&hook, "X-Hub-Signature: sha1=00",
	    "Hello, World!"), WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_github_event_has_the_delivery_as_id(void **state)
{
	struct hook hook;
	const char *header;

	(void)state;
	hook_open(&hook, WEBHOOKS("github", "github"));
	header = signed_by(&hook, "X-GitHub-Delivery: d-1\nX-Hub-Signature-256",
	    "sha256=", "It's a Secret to Everybody", "{\"test\":1}");
	assert_int_equal(receive(&hook, header, "{\"test\":1}"),
	    WEBHOOK_ACCEPTED);
	assert_string_equal(desk_str(&hook.desk, hook.event.id), "d-1");
	assert_null(hook.event.subject.at);
	desk_close(&hook.desk);
}

static const char hmac[] = HEAD
    "webhooks:\n"
    "  verify: {scheme: hmac, header: X-Signature, secret: {secret: hook}}\n"
    "  events:\n"
    "    - {if: '= body.object = \"event\"', type: bank.settled,\n"
    "       subject: = body.id, id: = body.id}\n"
    "    - {if: '= body.test > 0', type: '= \"bank.test\"', data: = body.test}\n"
    "    - {if: '= body.kind = \"bad\"', type: '= body.type'}\n";

static void
test_hmac_may_be_hex_or_base64(void **state)
{
	struct hook hook;
	struct digest digest;
	struct str base64;

	(void)state;
	hook_open(&hook, hmac);
	assert_int_equal(receive(&hook, signed_by(&hook, "x-signature", "",
	    "secret of hook", "{\"test\":1}"), "{\"test\":1}"),
	    WEBHOOK_ACCEPTED);
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Signature",
	    "sha256=", "secret of hook", "{\"test\":1}"), "{\"test\":1}"),
	    WEBHOOK_ACCEPTED);
	digest = digest_hmac_sha256(STR("secret of hook"), STR("{\"test\":1}"));
	base64 = digest_base64(hook.desk.arena,
	    (struct str){(const char *)digest.bytes, sizeof(digest.bytes)});
	assert_int_equal(receive(&hook, arena_cstr(hook.desk.arena,
	    arena_strf(hook.desk.arena, "X-Signature: %.*s", STR_ARG(base64))),
	    "{\"test\":1}"), WEBHOOK_ACCEPTED);
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Signature", "",
	    "another secret", "{\"test\":1}"), "{\"test\":1}"),
	    WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_event_without_id_gets_the_digest_of_its_body(void **state)
{
	char hex[DIGEST_HEX_BYTES];
	struct hook hook;

	(void)state;
	hook_open(&hook, hmac);
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Signature", "",
	    "secret of hook", "{\"test\":1}"), "{\"test\":1}"),
	    WEBHOOK_ACCEPTED);
	digest_hex(digest_sha256(STR("{\"test\":1}")), hex);
	assert_string_equal(desk_str(&hook.desk, hook.event.id), hex);
	desk_close(&hook.desk);
}

static void
test_genuine_message_that_no_rule_maps_is_ignored(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, hmac);
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Signature", "",
	    "secret of hook", "{\"x\":1}"), "{\"x\":1}"), WEBHOOK_IGNORED);
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Signature", "",
	    "secret of hook", "{\"kind\":\"bad\"}"), "{\"kind\":\"bad\"}"),
	    WEBHOOK_MALFORMED);
	desk_close(&hook.desk);
}

static const char hubspot[] = HEAD
    "webhooks:\n"
    "  verify: {scheme: hubspot, secret: {secret: hook},\n"
    "    url: 'https://us.example/hooks/crm'}\n"
    "  each: = body\n"
    "  events:\n"
    "    - {if: '= item.subscriptionType = \"deal.creation\"',\n"
    "       type: crm.deal, subject: = string(item.objectId)}\n"
    "    - {if: '= item.broken', type: = item.type, id: = item.id}\n"
    "    - {if: '= item.order > 0', type: crm.order, subject: = item.order}\n"
    "    - {if: '= item.nameless', type: crm.other}\n";

static enum webhook_result
receive_hubspot(struct hook *hook, const char *body)
{
	struct str text = arena_strf(hook->desk.arena,
	    "POSThttps://us.example/hooks/crm%s1700000000000", body);
	struct digest digest =
	    digest_hmac_sha256(STR("secret of hook"), text);
	struct str told = digest_base64(hook->desk.arena,
	    (struct str){(const char *)digest.bytes, sizeof(digest.bytes)});

	return receive(hook, arena_cstr(hook->desk.arena,
	    arena_strf(hook->desk.arena,
		"X-HubSpot-Request-Timestamp: 1700000000000\n"
		"X-HubSpot-Signature-v3: %.*s", STR_ARG(told))), body);
}

static void
test_each_message_of_a_delivery_is_an_event(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, hubspot);
	assert_int_equal(receive_hubspot(&hook,
	    "[{\"eventId\":1,\"subscriptionId\":7,\"objectId\":42,"
	    "\"subscriptionType\":\"deal.creation\"},"
	    "{\"broken\":true},{\"ignored\":true},{\"nameless\":true},"
	    "{\"eventId\":2,\"subscriptionId\":7,\"objectId\":43,"
	    "\"subscriptionType\":\"deal.creation\"}]"), WEBHOOK_ACCEPTED);
	assert_true(hook.events.is_list);
	assert_int_equal(hook.events.count, 3);
	assert_int_equal(hook.events.malformed, 1);
	assert_string_equal(desk_str(&hook.desk, hook.events.items[0].id),
	    "1-7");
	assert_string_equal(desk_str(&hook.desk, hook.events.items[0].subject),
	    "42");
	assert_string_equal(desk_str(&hook.desk, hook.events.items[2].id),
	    "2-7");
	/* Its own digest, and not that of all of them. */
	assert_int_equal(hook.events.items[1].id.bytes, 64);
	assert_string_equal(desk_text(&hook.desk, hook.events.items[1].data),
	    "{\"nameless\":true}");
	assert_int_equal(receive_hubspot(&hook, "[]"), WEBHOOK_ACCEPTED);
	assert_int_equal(hook.events.count, 0);
	assert_int_equal(receive_hubspot(&hook, "{}"), WEBHOOK_MALFORMED);
	desk_close(&hook.desk);
}

#define TWINS(id) "{\"list\":[{\"a\":1},{\"a\":1},{\"a\":2}],\"n\":\"" id "\"}"

static const char of_many[] = HEAD
    "webhooks:\n"
    "  verify: {scheme: github, secret: {secret: hook}}\n"
    "  each: = body.list\n"
    "  events: [{type: bank.paid, subject: = string(item.a)}]\n";

static void
receive_github(struct hook *hook, const char *id, const char *body)
{
	const char *told = signed_by(
	    hook, "X-Hub-Signature-256", "sha256=", "secret of hook", body);

	assert_int_equal(receive(hook,
	    arena_strf(hook->desk.arena, "%s\nX-GitHub-Delivery: %s", told,
		id).at, body), WEBHOOK_ACCEPTED);
	assert_int_equal(hook->events.count, 3);
}

/* Equal items of two deliveries are two events, and of one delivery as well;
 * the same delivery has the same ones when it comes again, in any order. */
static void
test_equal_items_are_events_of_their_own(void **state)
{
	struct hook hook;
	const struct connector_event *first;

	(void)state;
	hook_open(&hook, of_many);
	receive_github(&hook, "d-1", TWINS("x"));
	first = hook.events.items;
	assert_true(str_has_prefix(first[0].id, STR("d-1-")));
	assert_string_equal(
	    desk_str(&hook.desk, first[1].id),
	    arena_strf(hook.desk.arena, "%.*s-2", STR_ARG(first[0].id)).at);
	assert_false(str_equal(first[0].id, first[2].id));
	assert_int_equal(first[0].former_id.bytes, 64);
	assert_true(str_has_suffix(first[0].id, first[0].former_id));
	receive_github(&hook, "d-1",
	    "{\"list\":[{\"a\":2},{\"a\":1},{\"a\":1}]}");
	assert_true(str_equal(first[0].id, hook.events.items[1].id));
	assert_true(str_equal(first[1].id, hook.events.items[2].id));
	assert_true(str_equal(first[2].id, hook.events.items[0].id));
	receive_github(&hook, "d-2", TWINS("x"));
	assert_false(str_equal(first[0].id, hook.events.items[0].id));
	desk_close(&hook.desk);
}

static struct str
receive_jws(struct hook *hook, const char *claims)
{
	struct arena *arena = hook->desk.arena;
	struct str text = arena_strf(arena, "%.*s.%.*s",
	    STR_ARG(digest_base64url(arena, STR("{\"alg\":\"HS256\"}"))),
	    STR_ARG(digest_base64url(arena, str_of(claims))));
	struct digest digest = digest_hmac_sha256(STR("secret of hook"), text);
	struct str told = digest_base64url(arena,
	    (struct str){(const char *)digest.bytes, sizeof(digest.bytes)});

	assert_int_equal(receive(hook, "", arena_strf(arena, "%.*s.%.*s",
	    STR_ARG(text), STR_ARG(told)).at), WEBHOOK_ACCEPTED);
	assert_int_equal(hook->events.count, 1);
	return hook->event.id;
}

/* What names the delivery stands around the list, and an item may have a name
 * of its own. */
static void
test_item_without_a_name_has_that_of_its_delivery(void **state)
{
	struct hook hook;
	struct str first;

	(void)state;
	hook_open(&hook, HEAD
	    "webhooks:\n"
	    "  verify: {scheme: jws, secret: {secret: hook}}\n"
	    "  each: = body.list\n"
	    "  events: [{type: bank.paid, subject: = string(item.a)}]\n");
	first = receive_jws(&hook, "{\"jti\":\"j1\",\"list\":[{\"a\":1}]}");
	assert_true(str_has_prefix(first, STR("j1-")));
	assert_int_equal(hook.event.former_id.bytes, 64);
	assert_false(str_equal(first, receive_jws(&hook,
	    "{\"jti\":\"j2\",\"list\":[{\"a\":1}]}")));
	assert_true(str_equal(first, receive_jws(&hook,
	    "{\"jti\":\"j1\",\"list\":[{\"a\":1}]}")));
	assert_string_equal(desk_str(&hook.desk, receive_jws(&hook,
	    "{\"jti\":\"j1\",\"list\":[{\"a\":1,\"jti\":\"own\"}]}")), "own");
	assert_int_equal(receive_jws(&hook, "{\"list\":[{\"a\":1}]}").bytes, 64);
	desk_close(&hook.desk);
}

static void
test_subject_that_is_a_number_has_one_text(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, hubspot);
	assert_int_equal(
	    receive_hubspot(&hook, "[{\"order\":7.10},{\"order\":1E+3}]"),
	    WEBHOOK_ACCEPTED);
	assert_string_equal(
	    desk_str(&hook.desk, hook.events.items[0].subject), "7.1");
	assert_string_equal(
	    desk_str(&hook.desk, hook.events.items[1].subject), "1000");
	desk_close(&hook.desk);
}

static void
test_connection_without_webhooks_takes_none(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, HEAD);
	assert_int_equal(receive(&hook, "", "{}"), WEBHOOK_FORGED);
	desk_close(&hook.desk);
}

static void
test_missing_secret_is_no_forgery(void **state)
{
	struct hook hook;

	(void)state;
	hook_open(&hook, WEBHOOKS("github", "unknown"));
	assert_int_equal(receive(&hook, signed_by(&hook, "X-Hub-Signature-256",
	    "sha256=", "", "{}"), "{}"), WEBHOOK_SECRETLESS);
	assert_true(
	    str_equal(hook.events.missing_secret, STR("unknown")));
	desk_close(&hook.desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stripe_is_verified_by_the_vector),
		cmocka_unit_test(test_stripe_forgeries),
		cmocka_unit_test(test_old_signature_is_a_replay),
		cmocka_unit_test(test_standard_webhooks_by_the_vector),
		cmocka_unit_test(test_github_by_the_vector),
		cmocka_unit_test(test_github_event_has_the_delivery_as_id),
		cmocka_unit_test(test_hmac_may_be_hex_or_base64),
		cmocka_unit_test(
		    test_event_without_id_gets_the_digest_of_its_body),
		cmocka_unit_test(
		    test_genuine_message_that_no_rule_maps_is_ignored),
		cmocka_unit_test(test_each_message_of_a_delivery_is_an_event),
		cmocka_unit_test(
		    test_item_without_a_name_has_that_of_its_delivery),
		cmocka_unit_test(test_subject_that_is_a_number_has_one_text),
		cmocka_unit_test(test_equal_items_are_events_of_their_own),
		cmocka_unit_test(test_connection_without_webhooks_takes_none),
		cmocka_unit_test(test_missing_secret_is_no_forgery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
