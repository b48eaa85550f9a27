/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_mail.c: steps, escalations and contacts that send e-mail and post
 * to webhooks, over real sockets.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options plain = {.quiet_bank = true};

static const char definitions[] =
    "workflow: letter\n"
    "version: 1\n"
    "owner: clerk\n"
    "business-key: = input.reference\n"
    "input: {type: object, required: [reference, to]}\n"
    "initial: writing\n"
    "states:\n"
    "  writing:\n"
    "    entry:\n"
    "      - call: office.send\n"
    "        with:\n"
    "          to: = input.to\n"
    "          subject: = \"Zahlung \" + input.reference + \" über 5 €\"\n"
    "          text: '= \"Betrag: 1.234,50 €\"'\n"
    "        retry: {limit: 2, delay: 100ms, backoff: constant, jitter: 0%}\n"
    "        output: {message_id: = response.message_id}\n"
    "    on: {done: waiting, error: failed}\n"
    "  waiting:\n"
    "    user-task: {title: Well?}\n"
    "    escalate: [{after: 500ms, to: clerk, severity: high,\n"
    "                message: '= \"No answer to \" + input.reference'}]\n"
    "    on: {approved: ended, rejected: failed}\n"
    "  ended: {type: final}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "workflow: note\n"
    "version: 1\n"
    "initial: telling\n"
    "states:\n"
    "  telling:\n"
    "    entry: [{notify: clerk, message: = \"Mind \" + input.what}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final}\n"
    "---\n"
    "connection: office\n"
    "kind: smtp\n"
    "url: = settings.mail.url\n"
    "from: Office <office@example.com>\n"
    "timeout: 5s\n"
    "---\n"
    "contact: clerk\n"
    "notify:\n"
    "  - {email: [Clerk <clerk@example.com>, second@example.com]}\n"
    "  - {webhook: '= settings.chat.url + \"/post\"'}\n";

static json_t *
mails(struct house *house)
{
	struct reply *reply = house_ask(house,
	    &(struct ask){.url = house->sandbox_url, .path = "/control/mail"});

	assert_status(reply, 200);
	return reply->json;
}

static struct house *
open_office(void)
{
	struct house *house = house_build(&plain);
	char *settings;

	assert_true(asprintf(&settings, "settings:\n"
			"  mail: {url: 'smtp://127.0.0.1:%lld'}\n",
			integer_at(mails(house), "port")) > 0);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	free(settings);
	house_write(house, "workflows/letter.yaml", definitions);
	house_start_engine(house);
	return house;
}

static const char *
start(struct house *house, const char *reference, const char *to)
{
	struct reply *reply = house_post(house,
	    "/v1/workflows/letter/instances",
	    "{\"input\":{\"reference\":\"%s\",\"to\":\"%s\"}}", reference, to);

	assert_int_equal(reply->status, 201);
	return text_at(reply->json, "id");
}

static json_t *
await(struct house *house, const char *id, const char *path, const char *text)
{
	int64_t until_ms = time_ms() + 15000;

	for (;;) {
		json_t *shown = house_get(house, "/v1/instances/%s", id)->json;

		if (strcmp(text_at(shown, path), text) == 0)
			return shown;
		if (time_ms() > until_ms)
			fail_msg("%s is no %s: %s", path, text,
			    json_dumps(shown, 0));
		time_sleep(20);
	}
}

static json_t *
await_mails(struct house *house, size_t count)
{
	int64_t until_ms = time_ms() + 15000;

	for (;;) {
		json_t *kept = json_at(mails(house), "mails");

		if (json_array_size(kept) >= count)
			return kept;
		assert_true(time_ms() < until_ms);
		time_sleep(20);
	}
}

static void
test_step_and_escalation_send_mails(void **state)
{
	struct house *house = open_office();
	const char *id = start(house, "L-1", "a@example.com");
	json_t *kept = await_mails(house, 2), *shown, *chat;
	const char *data = text_at(kept, "0.data");

	(void)state;
	assert_string_equal(text_at(kept, "0.from"), "office@example.com");
	assert_string_equal(text_at(kept, "0.to.0"), "a@example.com");
	assert_non_null(
	    strstr(data, "From: \"Office\" <office@example.com>\n"));
	assert_non_null(strstr(data, "Subject: =?utf-8?B?"));
	assert_non_null(strstr(data, "\n\nBetrag: 1.234,50 =E2=82=AC\n"));
	shown = await(house, id, "state", "waiting");
	assert_non_null(strstr(data, text_at(shown, "data.message_id")));
	/* The escalation's, to both of the contact. */
	data = text_at(kept, "1.data");
	assert_string_equal(text_at(kept, "1.to.1"), "second@example.com");
	assert_non_null(strstr(data, "Subject: [high] letter L-1\n"));
	assert_non_null(strstr(data, "\n\nNo answer to L-1\n"));
	assert_non_null(strstr(data, "\nstate: waiting\n"));
	chat = json_at(payment_ledger(house, ""), "chat");
	assert_string_equal(text_at(chat, "0.message"), "No answer to L-1");
	assert_string_equal(text_at(chat, "0.contact"), "clerk");
	assert_string_equal(text_at(chat, "0.severity"), "high");
	assert_string_equal(text_at(chat, "0.workflow"), "letter");
	assert_string_equal(text_at(chat, "0.business_key"), "L-1");
	assert_string_equal(text_at(chat, "0.state"), "waiting");
	house_verify(house);
	house_close(&house);
}

static void
test_notify_goes_on_at_once_and_reaches_all_channels(void **state)
{
	struct house *house = open_office();
	struct reply *reply = house_post(house, "/v1/workflows/note/instances",
	    "{\"input\":{\"what\":\"the gap\"}}");
	json_t *kept;

	(void)state;
	assert_int_equal(reply->status, 201);
	await(house, text_at(reply->json, "id"), "status", "completed");
	kept = await_mails(house, 1);
	assert_string_equal(text_at(kept, "0.to.0"), "clerk@example.com");
	assert_non_null(strstr(text_at(kept, "0.data"),
	    "Subject: [normal] note "));
	assert_non_null(strstr(text_at(kept, "0.data"), "\n\nMind the gap\n"));
	assert_string_equal(text_at(json_at(payment_ledger(house, ""), "chat"),
				"0.message"),
	    "Mind the gap");
	house_close(&house);
}

static void
test_refusal_that_passes_is_tried_again(void **state)
{
	struct house *house = open_office();
	json_t *kept;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"451\",\"path\":\"/mail\",\"times\":2}");
	await(house, start(house, "L-1", "a@example.com"), "state", "waiting");
	kept = await_mails(house, 1);
	assert_string_equal(text_at(kept, "0.to.0"), "a@example.com");
	house_close(&house);
}

static void
test_refusal_for_good_is_an_error(void **state)
{
	struct house *house = open_office();

	(void)state;
	await(house, start(house, "L-1", "nobody@example.com"), "state",
	    "failed");
	assert_int_equal(json_array_size(json_at(mails(house), "mails")), 0);
	house_close(&house);
}

static void
test_mail_in_doubt_is_never_sent_twice(void **state)
{
	struct house *house = open_office();
	const char *id;
	json_t *shown;

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"reset\",\"path\":\"/mail\",\"times\":1}");
	id = start(house, "L-1", "a@example.com");
	shown = await(house, id, "incidents.0.kind", "outcome-unknown");
	assert_string_equal(text_at(shown, "incidents.0.error.code"),
	    "smtp.reset");
	time_sleep(500);
	/* The one that went out, and what tells the owner. */
	assert_int_equal(json_count_with(json_at(mails(house), "mails"), "to.0",
			     "a@example.com"),
	    1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_step_and_escalation_send_mails),
	    HOUSE_TEST(test_notify_goes_on_at_once_and_reaches_all_channels),
	    HOUSE_TEST(test_refusal_that_passes_is_tried_again),
	    HOUSE_TEST(test_refusal_for_good_is_an_error),
	    HOUSE_TEST(test_mail_in_doubt_is_never_sent_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
