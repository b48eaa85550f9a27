/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_odoo.c: an invoice is paid once, by a wizard that would pay twice.
 *
 * Odoo's wizard for payments does its work again whenever it is asked again,
 * on a paid invoice too.  Whatever becomes of the answer, the books hold one
 * payment.
 */
#include "house.h"

#include <stdio.h>

static const struct house_options hasty = {.clock = "600x"};

static const char paying_a_bill[] =
    "workflow: bill-payment\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "incident: {owner: treasury-desk, max-age: 4h}\n"
    "input:\n"
    "  type: object\n"
    "  required: [invoice, amount, memo]\n"
    "  properties:\n"
    "    invoice: {type: integer}\n"
    "    amount: {type: number}\n"
    "    memo: {type: string}\n"
    "business-key: = input.memo\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: odoo.read-invoice\n"
    "        with: {invoice: = input.invoice}\n"
    "        output: {state: = response.state, open: = response.open}\n"
    "      - require: = state = \"posted\" and open >= input.amount\n"
    "        code: nothing-to-pay\n"
    "        message: the bill is no open one\n"
    "      - call: odoo.open-payment\n"
    "        with: {invoice: = input.invoice, amount: = input.amount,"
    " memo: = input.memo, dated: '2026-11-22'}\n"
    "        output: {wizard: = response.id}\n"
    "      - call: odoo.pay-invoice\n"
    "        with: {wizard: = wizard, invoice: = input.invoice}\n"
    "        output: {payment: = response.payment}\n"
    "        irreversible: money is on its way\n"
    "        verify:\n"
    "          call: odoo.find-invoice-payment\n"
    "          after: 30s\n"
    "          confirm: 5m\n"
    "          with: {invoice: = input.invoice, memo: = input.memo}\n"
    "          happened: = response.payment != null\n"
    "          output: {payment: = response.payment}\n"
    "    on: {done: paid, error: refused}\n"
    "  paid: {type: final}\n"
    "  refused: {type: final, outcome: failure}\n";

static struct house *
open_house(void)
{
	return house_open_with(
	    &hasty, "workflows/bill-payment.yaml", paying_a_bill);
}

static void
pay(struct house *house, int invoice, const char *memo, const char *amount)
{
	assert_status(house_post(house, "/v1/workflows/bill-payment/instances",
			  "{\"input\":{\"invoice\":%d,\"amount\":%s,"
			  "\"memo\":\"%s\"}}", invoice, amount, memo), 201);
}

static json_t *
payments(struct house *house)
{
	return json_object_get(
	    json_at(payment_ledger(house, NULL), "odoo"), "account.payment");
}

static void
lose(struct house *house, const char *fault, const char *method)
{
	assert_status(house_control(house, "/control/faults",
			  "{\"fault\":\"%s\",\"times\":1,\"path\":\"/odoo\","
			  "\"milliseconds\":200,\"match\":\"%s\"}",
			  fault, method), 200);
}

static void
test_bill_is_paid_once_whatever_becomes_of_the_answer(void **state)
{
	static const char *const faults[] = {"reset-after-commit",
	    "502-after-commit", "truncated-json", "empty-200",
	    "wrong-content-type", "reset-before-commit", "error-in-200",
	    "late-commit"};
	struct house *house = open_house();
	char memo[32];

	(void)state;
	for (int i = 0; i < 8; i++) {
		lose(house, faults[i], "action_create_payments");
		snprintf(memo, sizeof(memo), "B-%d", i);
		pay(house, i + 1, memo, "1000");
		payment_await_end(house, memo, "paid");
		assert_int_equal(
		    json_count_with(payments(house), "memo", memo), 1);
	}
	house_close(&house);
}

static void
test_paid_bill_is_not_paid_again(void **state)
{
	struct house *house = open_house();

	(void)state;
	pay(house, 1, "B-1", "400.10");
	payment_await_end(house, "B-1", "paid");
	pay(house, 1, "B-2", "599.90");
	payment_await_end(house, "B-2", "paid");
	pay(house, 1, "B-3", "0.01");
	payment_await_end(house, "B-3", "refused");
	assert_int_equal(json_array_size(payments(house)), 2);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_bill_is_paid_once_whatever_becomes_of_the_answer),
	    HOUSE_TEST(test_paid_bill_is_not_paid_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
