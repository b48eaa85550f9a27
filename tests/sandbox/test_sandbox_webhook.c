/* SPDX-License-Identifier: Apache-2.0 */
/* The bank's webhooks: their order, signature, repetition and faults. */
#include "sandbox_client.h"

#include "stated/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PAYMENTS "/bank/domestic-payments"
#define SECRET "hook-secret"
#define SOON_MS 3000
#define LONG_ENOUGH_MS 700

static struct client bank;
static struct receiver receiver;

static int
start(void **state)
{
	const char *arguments[] = {"--webhooks", receiver.url,
	    "--webhook-secret", SECRET, "--webhook-retry", "20",
	    "--webhook-retry-max", "100", "--delay-accepted", "50",
	    "--delay-settling", "100", "--delay-settled", "150",
	    "--delay-matched", "250", NULL};

	(void)state;
	receiver_open(&receiver);
	client_start(&bank, arguments);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	client_stop(&bank);
	receiver_close(&receiver);
	return 0;
}

/* A connection that the last test left in the queue of the listener is not
 * answered any more. */
static int
reset(void **state)
{
	struct delivery delivery;

	(void)state;
	client_text(&bank, 200, &(struct call){"POST", "/control/reset"});
	while (receiver_take(&receiver, 200, 50, &delivery))
		continue;
	return 0;
}

static void
pay(const char *reference, const char *creditor, const char *fault)
{
	char body[300];
	char header[128];

	snprintf(body, sizeof(body),
	    "{\"Data\":{\"Initiation\":{\"InstructionIdentification\":\"%s\","
	    "\"InstructedAmount\":{\"Amount\":\"250.10\",\"Currency\":\"EUR\"},"
	    "\"CreditorAccount\":{\"Name\":\"%s\"}}}}", reference, creditor);
	snprintf(header, sizeof(header), "x-sandbox-fault: %s",
	    fault ? fault : "");
	client_text(&bank, 201, &(struct call){"POST", PAYMENTS,
	    {fault ? header : NULL}, body});
}

/* The next webhook must be of this type; it is answered with status. */
static void
expect(const char *type, int status, struct delivery *delivery)
{
	char part[80];

	snprintf(part, sizeof(part), "\"type\":\"%s\"", type);
	assert_true(receiver_take(&receiver, status, SOON_MS, delivery));
	assert_true(text_has(delivery->body, part));
}

static bool
is_signed(const struct delivery *delivery)
{
	char hex[DIGEST_HEX_BYTES];
	struct digest mac =
	    digest_hmac_sha256(STR(SECRET), str_of(delivery->body));

	digest_hex(mac, hex);
	return strcmp(hex, delivery->signature) == 0;
}

static void
copy_id(const struct delivery *delivery, char out[64])
{
	assert_int_equal(
	    sscanf(delivery->body, "{\"id\":\"%63[^\"]\"", out), 1);
}

static const char *
webhooks_of(const char *reference)
{
	char path[128];
	const char *text;

	snprintf(path, sizeof(path), "/control/ledger?reference=%s", reference);
	text = client_text(&bank, 200, &(struct call){"GET", path});
	return strstr(text, "\"webhooks\":");
}

static void
test_a_payment_is_told_of_in_order_and_signed(void **state)
{
	static const char *const types[] = {"payment.accepted",
	    "payment.settling", "payment.settled", "statement.matched"};
	struct delivery delivery;

	(void)state;
	pay("W-1", "ACME", NULL);
	for (size_t i = 0; i < 4; i++) {
		expect(types[i], 200, &delivery);
		assert_true(is_signed(&delivery));
		assert_true(text_has(delivery.body,
		    "\"reference\":\"W-1\",\"amount\":\"250.10\""));
	}
	usleep(50000);
	assert_int_equal(count_of(webhooks_of("W-1"), "\"acknowledged\":true"),
	    4);
}

static void
test_a_webhook_is_repeated_with_its_id_until_it_is_acknowledged(void **state)
{
	struct delivery delivery;
	char first[64];
	char again[64];

	(void)state;
	pay("W-2", "REJECT-LATER", NULL);
	expect("payment.rejected", 500, &delivery);
	copy_id(&delivery, first);
	expect("payment.rejected", 0, &delivery);
	expect("payment.rejected", 302, &delivery);
	expect("payment.rejected", 204, &delivery);
	copy_id(&delivery, again);
	assert_string_equal(first, again);
	assert_false(receiver_take(&receiver, 200, 300, &delivery));
	assert_true(text_has(webhooks_of("W-2"),
	    "\"attempts\":4,\"deliveries\":1,\"acknowledged\":true"));
}

static void
test_nothing_is_lost_while_the_receiver_is_down(void **state)
{
	struct delivery delivery;
	struct receiver second;
	char target[128];

	(void)state;
	receiver_open(&second);
	snprintf(target, sizeof(target), "{\"url\":\"%s\"}", second.url);
	receiver_close(&second);
	client_text(&bank, 200,
	    &(struct call){"POST", "/control/webhooks", {NULL}, target});
	pay("W-3", "REJECT-LATER", NULL);
	usleep(300000);
	snprintf(target, sizeof(target), "{\"url\":\"%s\"}", receiver.url);
	client_text(&bank, 200,
	    &(struct call){"POST", "/control/webhooks", {NULL}, target});
	expect("payment.rejected", 200, &delivery);
	assert_true(is_signed(&delivery));
}

static void
test_a_returned_payment_is_told_of_after_its_settlement(void **state)
{
	static const char *const types[] = {"payment.accepted",
	    "payment.settling", "payment.settled", "payment.returned"};
	struct delivery delivery;

	(void)state;
	pay("W-4", "RETURN LTD", NULL);
	for (size_t i = 0; i < 4; i++)
		expect(types[i], 200, &delivery);
}

static void
test_a_silent_payment_sends_nothing(void **state)
{
	struct delivery delivery;

	(void)state;
	pay("W-5", "SILENT LTD", NULL);
	assert_false(receiver_take(&receiver, 200, LONG_ENOUGH_MS, &delivery));
	assert_true(text_has(client_text(&bank, 200,
	    &(struct call){"GET", "/control/ledger"}),
	    "\"status\":\"matched\""));
}

static void
test_a_duplicate_has_the_same_id(void **state)
{
	struct delivery delivery;
	char first[64];
	char second[64];

	(void)state;
	pay("W-6", "REJECT-LATER", "duplicate-webhook");
	expect("payment.rejected", 200, &delivery);
	copy_id(&delivery, first);
	expect("payment.rejected", 200, &delivery);
	copy_id(&delivery, second);
	assert_string_equal(first, second);
	assert_false(receiver_take(&receiver, 200, 200, &delivery));
}

static void
test_out_of_order_tells_of_the_settlement_before_the_acceptance(void **state)
{
	static const char *const types[] = {"payment.settling",
	    "payment.settled", "payment.accepted", "statement.matched"};
	struct delivery delivery;

	(void)state;
	client_text(&bank, 200,
	    &(struct call){
		"POST", "/control/delays", {NULL}, "{\"matched\":600}"});
	pay("W-7", "ACME", "out-of-order-webhook");
	for (size_t i = 0; i < 4; i++)
		expect(types[i], 200, &delivery);
	client_text(&bank, 200,
	    &(struct call){
		"POST", "/control/delays", {NULL}, "{\"matched\":250}"});
}

static void
test_a_late_webhook_comes_late(void **state)
{
	struct delivery delivery;

	(void)state;
	pay("W-8", "REJECT-LATER", "late-webhook;milliseconds=500");
	assert_false(receiver_take(&receiver, 200, 400, &delivery));
	expect("payment.rejected", 200, &delivery);
}

static void
test_a_dropped_webhook_never_comes(void **state)
{
	struct delivery delivery;

	(void)state;
	pay("W-9", "REJECT-LATER", "drop-webhook");
	assert_false(receiver_take(&receiver, 200, LONG_ENOUGH_MS, &delivery));
	assert_true(text_has(webhooks_of("W-9"), "\"dropped\":true"));
}

static void
test_a_forged_webhook_comes_before_the_true_one(void **state)
{
	struct delivery delivery;

	(void)state;
	pay("W-10", "REJECT-LATER", "forged-webhook");
	expect("payment.rejected", 401, &delivery);
	assert_false(is_signed(&delivery));
	expect("payment.rejected", 200, &delivery);
	assert_true(is_signed(&delivery));
	usleep(50000);
	assert_true(text_has(webhooks_of("W-10"), "\"forgeries_taken\":0"));
}

static void
test_two_hundred_payments_lose_no_webhook(void **state)
{
	struct delivery delivery;
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		char reference[16];

		snprintf(reference, sizeof(reference), "M-%d", i);
		pay(reference, "REJECT-LATER", NULL);
	}
	while (taken < 200 &&
	    receiver_take(&receiver, 200, SOON_MS, &delivery))
		taken++;
	assert_int_equal(taken, 200);
	usleep(100000);
	assert_int_equal(count_of(client_text(&bank, 200,
	    &(struct call){"GET", "/control/ledger"}),
	    "\"acknowledged\":true"), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		test_a_payment_is_told_of_in_order_and_signed, reset),
	    cmocka_unit_test_setup(
		test_a_webhook_is_repeated_with_its_id_until_it_is_acknowledged,
		reset),
	    cmocka_unit_test_setup(
		test_nothing_is_lost_while_the_receiver_is_down, reset),
	    cmocka_unit_test_setup(
		test_a_returned_payment_is_told_of_after_its_settlement, reset),
	    cmocka_unit_test_setup(test_a_silent_payment_sends_nothing, reset),
	    cmocka_unit_test_setup(test_a_duplicate_has_the_same_id, reset),
	    cmocka_unit_test_setup(
		test_out_of_order_tells_of_the_settlement_before_the_acceptance,
		reset),
	    cmocka_unit_test_setup(test_a_late_webhook_comes_late, reset),
	    cmocka_unit_test_setup(test_a_dropped_webhook_never_comes, reset),
	    cmocka_unit_test_setup(
		test_a_forged_webhook_comes_before_the_true_one, reset),
	    cmocka_unit_test_setup(test_two_hundred_payments_lose_no_webhook,
		reset),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
