/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's Odoo against bytes recorded from a real version 18: requests
 * and replies below are such pairs, but for ids and times.
 */
#include "sandbox_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct client odoo;

static int
start(void **state)
{
	static const char *const arguments[] = {"--odoo-bills", "3", NULL};

	(void)state;
	client_start(&odoo, arguments);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	client_stop(&odoo);
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	client_text(&odoo, 200, &(struct call){"POST", "/control/reset"});
	return 0;
}

static const char *
rpc(const char *body)
{
	return client_text(&odoo, 200,
	    &(struct call){"POST", "/odoo/jsonrpc", {NULL}, body});
}

/* execute_kw of model, method and arguments, given as JSON. */
static const char *
run(const char *what)
{
	static char body[1024];

	snprintf(body, sizeof(body),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,\"params\":"
	    "{\"service\":\"object\",\"method\":\"execute_kw\",\"args\":"
	    "[\"demo\",2,\"admin\",%s]}}", what);
	return rpc(body);
}

static void
expect(const char *what, const char *result)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "{\"jsonrpc\": \"2.0\", \"id\": 1%s%s}",
	    result[0] ? ", \"result\": " : "", result);
	assert_string_equal(run(what), whole);
}

static void
expect_error(const char *what, const char *name, const char *message)
{
	const char *text = run(what);
	char part[700];

	snprintf(part, sizeof(part),
	    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"error\": {\"code\": 200, "
	    "\"message\": \"Odoo Server Error\", \"data\": {\"name\": \"%s\", "
	    "\"debug\": \"", name);
	assert_true(text_has(text, part));
	snprintf(part, sizeof(part),
	    "\"message\": \"%s\", \"arguments\": [\"%s\"], \"context\": {}}}}",
	    message, message);
	assert_true(text_has(text, part));
}

static void
test_the_version_is_told_byte_for_byte(void **state)
{
	(void)state;
	assert_string_equal(
	    rpc("{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,\"params\":"
		"{\"service\":\"common\",\"method\":\"version\",\"args\":[]}}"),
	    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"server_version\": "
	    "\"18.0\", \"server_version_info\": [18, 0, 0, \"final\", 0, \"\"], "
	    "\"server_serie\": \"18.0\", \"protocol_version\": 1}}");
}

static void
test_wrong_credentials_are_a_false_and_not_an_error(void **state)
{
	(void)state;
	assert_string_equal(
	    rpc("{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":2,\"params\":"
		"{\"service\":\"common\",\"method\":\"authenticate\",\"args\":"
		"[\"demo\",\"admin\",\"admin\",{}]}}"),
	    "{\"jsonrpc\": \"2.0\", \"id\": 2, \"result\": 2}");
	assert_string_equal(
	    rpc("{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":4,\"params\":"
		"{\"service\":\"common\",\"method\":\"authenticate\",\"args\":"
		"[\"demo\",\"admin\",\"wrong\",{}]}}"),
	    "{\"jsonrpc\": \"2.0\", \"id\": 4, \"result\": false}");
}

static void
test_a_body_that_is_no_rpc_is_a_400_in_plain_words(void **state)
{
	(void)state;
	assert_string_equal(client_text(&odoo, 400, &(struct call){"POST",
	    "/odoo/jsonrpc", {NULL}, "{\"jsonrpc\":"}), "Invalid JSON data");
	assert_string_equal(client_text(&odoo, 400, &(struct call){"POST",
	    "/odoo/jsonrpc", {NULL}, "[]"}), "Invalid JSON-RPC data");
}

static void
test_partners_are_created_found_and_read(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Acme\",\"ref\":\"C-1\","
	    "\"credit_limit\":1234.10}]", "7");
	expect("\"res.partner\",\"create\",[[{\"name\":\"Béta & <GmbH>\","
	    "\"ref\":\"C-2\"},{\"name\":\"Gamma\",\"ref\":\"C-3\"}]]", "[8, 9]");
	expect("\"res.partner\",\"search_read\",[[[\"ref\",\"=\",\"C-2\"]]],"
	    "{\"fields\":[\"name\"]}",
	    "[{\"id\": 8, \"name\": \"Béta & <GmbH>\"}]");
	expect("\"res.partner\",\"read\",[[7],[\"credit_limit\",\"vat\","
	    "\"create_uid\"]]", "[{\"id\": 7, \"credit_limit\": 1234.10, "
	    "\"vat\": false, \"create_uid\": [2, \"Administrator\"]}]");
	expect("\"res.partner\",\"read\",[[7],[\"create_uid\"]],"
	    "{\"load\":null}", "[{\"id\": 7, \"create_uid\": 2}]");
	expect("\"res.partner\",\"search\",[[\"|\",[\"ref\",\"in\",[\"C-1\"]],"
	    "[\"name\",\"ilike\",\"gam\"]]],{\"order\":\"id desc\"}", "[9, 7]");
	expect("\"res.partner\",\"search\",[[\"&\",[\"ref\",\"!=\",\"C-1\"],"
	    "\"!\",[\"name\",\"=\",\"Gamma\"]]]", "[8]");
	expect("\"res.partner\",\"search\",[[]],{\"limit\":1,\"offset\":1}",
	    "[8]");
	expect(
	    "\"res.partner\",\"search_count\",[[[\"vat\",\"=\",false]]]", "3");
	expect("\"res.partner\",\"read\",[[999999],[\"name\"]]", "[]");
}

static void
test_a_write_is_all_or_nothing(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Acme\"}]", "7");
	expect_error(
	    "\"res.partner\",\"write\",[[7,999999],{\"name\":\"HALF\"}]",
	    "odoo.exceptions.MissingError",
	    "Record does not exist or has been deleted.\\n"
	    "(Record: res.partner(999999,), User: 2)");
	expect("\"res.partner\",\"read\",[[7],[\"name\"]]",
	    "[{\"id\": 7, \"name\": \"Acme\"}]");
	expect("\"res.partner\",\"write\",[[7],{\"active\":false}]", "true");
	expect("\"res.partner\",\"search_count\",[[]]", "0");
	expect("\"res.partner\",\"search_count\",[[]],"
	    "{\"context\":{\"active_test\":false}}", "1");
}

static void
test_wrong_names_fail_as_recorded(void **state)
{
	(void)state;
	expect_error("\"res.partner\",\"create\",[{\"ref\":\"C-noname\"}]",
	    "odoo.exceptions.ValidationError",
	    "The operation cannot be completed: Contacts require a name");
	expect_error(
	    "\"res.partner\",\"create\",[{\"name\":\"X\",\"nosuch\":1}]",
	    "builtins.ValueError",
	    "Invalid field 'nosuch' on model 'res.partner'");
	expect_error("\"res.partner\",\"search\",[[[\"nosuch\",\"=\",1]]]",
	    "builtins.ValueError",
	    "Invalid field res.partner.nosuch in leaf ('nosuch', '=', 1)");
	expect_error("\"res.partner\",\"search\",[[[\"ref\",\"~~\",\"C\"]]]",
	    "builtins.ValueError", "Invalid leaf ('ref', '~~', 'C')");
	expect_error("\"no.such.model\",\"search\",[[]]",
	    "odoo.exceptions.UserError", "Object no.such.model doesn't exist");
	expect_error("\"res.partner\",\"nosuch\",[[7]]",
	    "builtins.AttributeError",
	    "The method 'nosuch' does not exist on the model 'res.partner'");
	expect_error("\"account.move\",\"_post\",[[1]]",
	    "odoo.exceptions.AccessError",
	    "Private methods (such as _post) cannot be called remotely.");
}

static void
test_an_invoice_is_posted_once(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Acme\"}]", "7");
	expect("\"account.move\",\"create\",[{\"move_type\":\"out_invoice\","
	    "\"partner_id\":7,\"ref\":\"SUM\",\"invoice_line_ids\":"
	    "[[0,0,{\"name\":\"a\",\"quantity\":3,\"price_unit\":0.145}],"
	    "[0,0,{\"name\":\"b\",\"price_unit\":\"1000.2\"}]]}]", "4");
	expect("\"account.move\",\"read\",[[4],[\"name\",\"state\","
	    "\"amount_total\",\"partner_id\"]]", "[{\"id\": 4, \"name\": \"/\", "
	    "\"state\": \"draft\", \"amount_total\": 1000.65, "
	    "\"partner_id\": [7, \"Acme\"]}]");
	expect("\"account.move\",\"action_post\",[[4]]", "false");
	assert_true(text_has(run("\"account.move\",\"action_post\",[[4]]"),
	    "(id 4) must be in draft."));
	expect("\"account.move\",\"button_draft\",[[4]]", "");
	expect_error("\"account.move\",\"button_draft\",[[4]]",
	    "odoo.exceptions.UserError",
	    "Only posted/cancelled journal entries can be reset to draft.");
	expect("\"account.move\",\"button_cancel\",[[4]]", "");
	expect_error("\"account.move\",\"button_cancel\",[[4]]",
	    "odoo.exceptions.UserError",
	    "Only draft journal entries can be cancelled.");
}

#define ENTRY(debit, credit) \
	"\"account.move\",\"create\",[{\"move_type\":\"entry\"," \
	"\"ref\":\"C-1\",\"line_ids\":[[0,0,{\"debit\":" debit "," \
	"\"credit\":0}],[0,0,{\"debit\":0,\"credit\":" credit "}]]}]"

static void
test_an_entry_is_balanced_and_posted(void **state)
{
	(void)state;
	expect_error(ENTRY("10.10", "10.00"), "odoo.exceptions.UserError",
	    "The entry is not balanced.");
	expect(ENTRY("10.10", "10.10"), "4");
	expect("\"account.move\",\"action_post\",[[4]]", "false");
	expect("\"account.move\",\"search_read\",[[[\"ref\",\"=\",\"C-1\"]]],"
	    "{\"fields\":[\"state\",\"amount_total\"]}",
	    "[{\"id\": 4, \"state\": \"posted\", \"amount_total\": 10.1}]");
}

static void
test_the_company_has_no_lock_date_until_it_gets_one(void **state)
{
	(void)state;
	expect("\"res.company\",\"read\",[[1],[\"fiscalyear_lock_date\"]]",
	    "[{\"id\": 1, \"fiscalyear_lock_date\": false}]");
	run("\"res.company\",\"write\",[[1],"
	    "{\"fiscalyear_lock_date\":\"2026-01-31\"}]");
	expect("\"res.company\",\"read\",[[1],[\"fiscalyear_lock_date\"]]",
	    "[{\"id\": 1, \"fiscalyear_lock_date\": \"2026-01-31\"}]");
}

static void
test_a_bank_line_is_found_by_its_reference(void **state)
{
	(void)state;
	expect("\"account.bank.statement.line\",\"create\",[{\"ref\":\"S/1\","
	    "\"journal_id\":6,\"amount\":-10.10,\"payment_ref\":\"x\"}]", "1");
	expect("\"account.bank.statement.line\",\"search_read\","
	    "[[[\"ref\",\"=\",\"S/1\"]]],{\"fields\":[\"amount\"]}",
	    "[{\"id\": 1, \"amount\": -10.10}]");
	expect("\"account.bank.statement.line\",\"unlink\",[[1]]", "true");
}

static void
test_an_order_is_confirmed_once_and_cancelled_only_when_told(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Acme\"}]", "7");
	expect("\"sale.order\",\"create\",[{\"partner_id\":7,"
	    "\"client_order_ref\":\"PO-77\",\"order_line\":[[0,0,"
	    "{\"product_uom_qty\":3,\"price_unit\":0.1}]]}]", "1");
	expect("\"sale.order\",\"action_confirm\",[[1]]", "true");
	expect_error("\"sale.order\",\"action_confirm\",[[1]]",
	    "odoo.exceptions.UserError",
	    "Some orders are not in a state requiring confirmation.");
	assert_true(text_has(run("\"sale.order\",\"action_cancel\",[[1]]"),
	    "\"res_model\": \"sale.order.cancel\""));
	expect("\"sale.order\",\"read\",[[1],[\"state\",\"amount_total\","
	    "\"name\"]]", "[{\"id\": 1, \"state\": \"sale\", "
	    "\"amount_total\": 0.3, \"name\": \"S00001\"}]");
	expect("\"sale.order\",\"action_cancel\",[[1]],"
	    "{\"context\":{\"disable_cancel_warning\":true}}", "true");
}

static void
test_a_payment_is_registered_on_a_bill_that_was_there(void **state)
{
	(void)state;
	expect("\"account.payment\",\"create\",[{\"payment_type\":\"outbound\","
	    "\"partner_type\":\"supplier\",\"amount\":250.10,"
	    "\"memo\":\"P-1\",\"invoice_ids\":[[6,0,[2]]]}]", "1");
	expect("\"account.payment\",\"action_post\",[[1]]", "");
	expect("\"account.payment\",\"search_read\",[[[\"memo\",\"=\",\"P-1\"],"
	    "[\"invoice_ids\",\"in\",[2]]]],{\"fields\":[\"amount\",\"state\"]}",
	    "[{\"id\": 1, \"amount\": 250.10, \"state\": \"in_process\"}]");
	assert_true(text_has(run("\"account.payment\",\"action_post\",[[1]]"),
	    "must be in draft."));
	expect("\"account.payment\",\"action_cancel\",[[1]]", "");
	assert_true(text_has(client_text(&odoo, 200,
	    &(struct call){"GET", "/control/ledger?reference=P-1"}),
	    "\"account.payment\":[{\"id\":1,"));
	assert_true(text_has(client_text(&odoo, 200,
	    &(struct call){"GET", "/control/ledger"}),
	    "\"account.move\":[]"));
}

static void
test_the_wizard_pays_a_second_time_when_run_again(void **state)
{
	static const char on_bill[] =
	    "{\"context\":{\"active_model\":\"account.move\",\"active_ids\":[2]}}";
	char what[300];

	(void)state;
	snprintf(what, sizeof(what), "\"account.payment.register\",\"create\","
	    "[{\"journal_id\":6,\"payment_date\":\"2026-11-21\"}],%s", on_bill);
	expect(what, "1");
	for (int i = 1; i <= 2; i++) {
		char result[200];

		snprintf(result, sizeof(result), "{\"name\": \"Payments\", "
		    "\"type\": \"ir.actions.act_window\", \"res_model\": "
		    "\"account.payment\", \"context\": {\"create\": false}, "
		    "\"view_mode\": \"form\", \"res_id\": %d}", i);
		expect("\"account.payment.register\","
		    "\"action_create_payments\",[[1]]", result);
	}
	expect("\"account.move\",\"read\",[[2],[\"payment_state\","
	    "\"amount_residual\",\"matched_payment_ids\"]]",
	    "[{\"id\": 2, \"payment_state\": \"paid\", "
	    "\"amount_residual\": 0.0, \"matched_payment_ids\": [1, 2]}]");
	expect("\"account.payment\",\"search_read\",[[[\"invoice_ids\",\"in\","
	    "[2]]]],{\"fields\":[\"state\",\"amount\",\"date\"],\"limit\":1}",
	    "[{\"id\": 1, \"state\": \"paid\", \"amount\": 1000.0, "
	    "\"date\": \"2026-11-21\"}]");
	expect_error(what, "odoo.exceptions.UserError",
	    "You can't register a payment because there is nothing left to pay "
	    "on the selected journal items.");
}

static void
test_a_domain_on_a_computed_field_fits_everything(void **state)
{
	(void)state;
	run("\"account.payment\",\"create\",[{\"memo\":\"P-2\"}]");
	expect("\"account.payment\",\"search_count\","
	    "[[[\"reconciled_invoice_ids\",\"in\",[999]]]]", "1");
}

static void
test_a_lost_lead_is_hidden_from_searches(void **state)
{
	(void)state;
	expect("\"crm.lead\",\"create\",[{\"name\":\"Big deal\","
	    "\"expected_revenue\":1234.1,\"referred\":\"engine-1\"}]", "1");
	expect("\"crm.lead\",\"action_set_won\",[[1]]", "true");
	expect("\"crm.lead\",\"action_set_lost\",[[1]],{\"lost_reason_id\":1}",
	    "");
	expect("\"crm.lead\",\"search_count\","
	    "[[[\"referred\",\"=\",\"engine-1\"]]]", "0");
}

static void
test_an_error_comes_inside_a_200_when_told(void **state)
{
	(void)state;
	assert_true(text_has(client_text(&odoo, 200, &(struct call){"POST",
	    "/odoo/jsonrpc", {"x-sandbox-fault: error-in-200"},
	    "{\"id\":\"k-1\"}"}), "{\"jsonrpc\": \"2.0\", \"id\": \"k-1\", "
	    "\"error\": {\"code\": 200, \"message\": \"Odoo Server Error\", "
	    "\"data\": {\"name\": \"psycopg2.errors.SerializationFailure\""));
}

static void
test_json2_has_bare_values_and_real_statuses(void **state)
{
	static const char key[] = "Authorization: bearer admin";

	(void)state;
	assert_string_equal(client_text(&odoo, 200, &(struct call){"POST",
	    "/odoo/json/2/res.partner/create", {key},
	    "{\"vals_list\":{\"name\":\"Vendor 88\",\"ref\":\"V-88\"}}"}), "[7]");
	assert_string_equal(client_text(&odoo, 200, &(struct call){"POST",
	    "/odoo/json/2/res.partner/search_read", {key},
	    "{\"domain\":[[\"ref\",\"=\",\"V-88\"]],\"fields\":[\"ref\"]}"}),
	    "[{\"id\": 7, \"ref\": \"V-88\"}]");
	assert_string_equal(client_text(&odoo, 200, &(struct call){"POST",
	    "/odoo/json/2/account.move/button_draft", {key},
	    "{\"ids\":[1]}"}), "null");
	assert_true(text_has(client_text(&odoo, 422, &(struct call){"POST",
	    "/odoo/json/2/account.move/button_draft", {key},
	    "{\"ids\":[1]}"}), "{\"name\": \"odoo.exceptions.UserError\", "
	    "\"message\": \"Only posted/cancelled"));
	client_text(&odoo, 404, &(struct call){"POST",
	    "/odoo/json/2/res.partner/write", {key}, "{\"ids\":[99]}"});
	client_text(&odoo, 401, &(struct call){"POST",
	    "/odoo/json/2/res.partner/search", {NULL}, "{}"});
}

/* The lines of a purchase are records, and what came is written to them. */
static void
test_purchase_has_lines_that_are_received(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Chairs\"}]", "7");
	expect_error("\"purchase.order\",\"create\",[{\"partner_id\":7,"
	    "\"order_line\":[[0,0,{\"colour\":\"red\"}]]}]",
	    "builtins.ValueError",
	    "Invalid field 'colour' on model 'purchase.order.line'");
	expect("\"purchase.order\",\"create\",[{\"partner_id\":7,"
	    "\"order_line\":[[0,0,{\"name\":\"Chair\",\"product_qty\":10,"
	    "\"price_unit\":50}]]}]", "1");
	expect("\"purchase.order\",\"button_confirm\",[[1]]", "true");
	expect("\"purchase.order\",\"button_confirm\",[[1]]", "true");
	expect("\"purchase.order\",\"read\",[[1],[\"name\",\"state\","
	    "\"amount_total\",\"order_line\"]]",
	    "[{\"id\": 1, \"name\": \"P00001\", \"state\": \"purchase\", "
	    "\"amount_total\": 500.0, \"order_line\": [1]}]");
	expect("\"purchase.order.line\",\"write\",[[1],{\"qty_received\":6}]",
	    "true");
	expect(
	    "\"purchase.order.line\",\"search_read\",[[[\"order_id\",\"=\",1]],"
	    "[\"product_qty\",\"qty_received\"]]",
	    "[{\"id\": 1, \"product_qty\": 10, \"qty_received\": 6}]");
	expect("\"purchase.order\",\"button_cancel\",[[1]]", "");
}

static void
expect_billed(const char *quantity)
{
	char result[80];

	snprintf(result, sizeof(result), "[{\"id\": 1, \"qty_invoiced\": %s}]",
	    quantity);
	expect("\"purchase.order.line\",\"read\",[[1],[\"qty_invoiced\"]]",
	    result);
}

#define LINE(quantity, line)                                                   \
	"[0,0,{\"name\":\"Desk\",\"quantity\":" quantity                         \
	",\"price_unit\":100,\"purchase_line_id\":" line "}]"

/* A draft counts, as recorded: a second bill of it is refused there. */
static void
test_what_was_billed_is_counted_from_the_draft_on(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[{\"name\":\"Desks\"}]", "7");
	expect("\"purchase.order\",\"create\",[{\"partner_id\":7,"
	    "\"order_line\":[[0,0,{\"name\":\"Desk\",\"product_qty\":10,"
	    "\"price_unit\":100}]]}]", "1");
	expect("\"account.move\",\"create\",[{\"move_type\":\"in_invoice\","
	    "\"partner_id\":7,\"invoice_date\":\"2026-11-20\","
	    "\"invoice_line_ids\":[" LINE("4", "1") "," LINE("2.5", "1")
	    ",[0,0,{\"name\":\"Freight\",\"price_unit\":9}]]}]", "4");
	expect_billed("6.5");
	expect("\"account.move\",\"action_post\",[[4]]", "false");
	expect_billed("6.5");
	expect("\"account.move\",\"button_cancel\",[[4]]", "");
	expect_billed("0.0");
	expect("\"account.move\",\"button_draft\",[[4]]", "");
	expect_billed("6.5");
	expect("\"account.move\",\"create\",[{\"move_type\":\"in_refund\","
	    "\"partner_id\":7,\"invoice_line_ids\":[" LINE("1", "1") "]}]",
	    "5");
	expect_billed("5.5");
	expect("\"account.move\",\"write\",[[5],{\"state\":\"cancel\"}]",
	    "true");
	expect_billed("6.5");
	expect("\"account.move\",\"unlink\",[[4]]", "true");
	expect_billed("0.0");
	assert_true(text_has(run("\"account.move\",\"create\",[{\"move_type\":"
	    "\"in_invoice\",\"invoice_line_ids\":[" LINE("1", "2") "]}]"),
	    "account_move_line_purchase_line_id_fkey"));
}

static void
test_a_partner_has_an_account_once(void **state)
{
	(void)state;
	expect("\"res.partner\",\"create\",[[{\"name\":\"A\"},"
	    "{\"name\":\"B\"}]]", "[7, 8]");
	expect("\"res.partner.bank\",\"create\",[{\"partner_id\":7,"
	    "\"acc_number\":\"DE02120300000000202051\"}]", "1");
	expect_error("\"res.partner.bank\",\"create\",[{\"partner_id\":7,"
	    "\"acc_number\":\"de02 1203 0000 0000 2020 51\"}]",
	    "odoo.exceptions.ValidationError",
	    "The operation cannot be completed: The combination Account "
	    "Number/Partner must be unique.");
	expect("\"res.partner.bank\",\"create\",[{\"partner_id\":7,"
	    "\"acc_number\":\"DE0212030000000020205\"}]", "2");
	expect("\"res.partner.bank\",\"create\",[{\"partner_id\":8,"
	    "\"acc_number\":\"DE02120300000000202051\"}]", "3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_the_version_is_told_byte_for_byte,
		reset),
	    cmocka_unit_test_setup(
		test_wrong_credentials_are_a_false_and_not_an_error, reset),
	    cmocka_unit_test_setup(
		test_a_body_that_is_no_rpc_is_a_400_in_plain_words, reset),
	    cmocka_unit_test_setup(test_partners_are_created_found_and_read,
		reset),
	    cmocka_unit_test_setup(test_a_write_is_all_or_nothing, reset),
	    cmocka_unit_test_setup(test_wrong_names_fail_as_recorded, reset),
	    cmocka_unit_test_setup(test_an_invoice_is_posted_once, reset),
	    cmocka_unit_test_setup(test_an_entry_is_balanced_and_posted, reset),
	    cmocka_unit_test_setup(
		test_the_company_has_no_lock_date_until_it_gets_one, reset),
	    cmocka_unit_test_setup(
		test_a_bank_line_is_found_by_its_reference, reset),
	    cmocka_unit_test_setup(
		test_an_order_is_confirmed_once_and_cancelled_only_when_told,
		reset),
	    cmocka_unit_test_setup(
		test_a_payment_is_registered_on_a_bill_that_was_there, reset),
	    cmocka_unit_test_setup(
		test_the_wizard_pays_a_second_time_when_run_again, reset),
	    cmocka_unit_test_setup(
		test_a_domain_on_a_computed_field_fits_everything, reset),
	    cmocka_unit_test_setup(test_a_lost_lead_is_hidden_from_searches,
		reset),
	    cmocka_unit_test_setup(test_an_error_comes_inside_a_200_when_told,
		reset),
	    cmocka_unit_test_setup(test_purchase_has_lines_that_are_received,
		reset),
	    cmocka_unit_test_setup(
		test_what_was_billed_is_counted_from_the_draft_on, reset),
	    cmocka_unit_test_setup(test_a_partner_has_an_account_once, reset),
	    cmocka_unit_test_setup(
		test_json2_has_bare_values_and_real_statuses, reset),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
