/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_wizard.c: account.payment.register, with its trap.
 *
 * The wizard creates, posts and reconciles in one call.  Only making a wizard
 * on a paid invoice is refused: running the same one again books a second
 * payment without a word, as recorded from version 18.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_decimal.h"
#include "sandbox_json.h"

static const char *
id_at(const json_t *ids, size_t index)
{
	const json_t *id = json_array_get(ids, index);

	return sandbox_json_is_number(id) ? json_string_value(id) + 1 : "";
}

static struct sandbox_decimal
residual_of(const json_t *invoice)
{
	struct sandbox_decimal residual = {0};

	if (!sandbox_decimal_parse(
		sandbox_json_text(invoice, "amount_residual"), &residual))
		residual = (struct sandbox_decimal){0};
	return residual;
}

static void
set_decimal(json_t *record, const char *field, struct sandbox_decimal amount)
{
	char text[SANDBOX_DECIMAL_BYTES];

	sandbox_decimal_format(amount, text);
	json_object_set_new(record, field, sandbox_json_number(text));
}

/* The invoice that the wizard was opened on. */
static json_t *
find_invoice(const struct odoo_call *call, const json_t *ids)
{
	const struct odoo_table *moves =
	    odoo_table_find(call->odoo, "account.move");

	return odoo_record_find(moves, id_at(ids, 0));
}

bool
odoo_wizard_create(struct odoo_call *call)
{
	json_t *ids = sandbox_json_at(call->args, "context.active_ids");
	json_t *invoice = find_invoice(call, ids);
	json_t *vals = json_object_get(call->args, "vals_list");

	if (json_is_array(vals))
		vals = json_array_get(vals, 0);
	if (invoice == NULL || !json_is_object(vals))
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "The register payment wizard should only be called on "
		    "account.move or account.move.line records.");
	if (residual_of(invoice).millionths == 0)
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "You can't register a payment because there is nothing "
		    "left to pay on the selected journal items.");
	if (json_object_get(vals, "amount") == NULL)
		json_object_set(vals, "amount",
		    json_object_get(invoice, "amount_residual"));
	if (json_object_get(vals, "communication") == NULL)
		json_object_set(vals, "communication",
		    json_object_get(invoice, "name"));
	json_object_set(vals, "line_ids", ids);
	return odoo_record_create(call);
}

/* A new, posted payment; its id, or NULL with the error set. */
static json_t *
book_payment(struct odoo_call *call, const json_t *wizard,
    const json_t *invoice)
{
	bool is_bill =
	    strncmp(sandbox_json_text(invoice, "move_type"), "in", 2) == 0;
	struct odoo_call create = {.odoo = call->odoo, .method = "create"};
	struct odoo_call post = {.odoo = call->odoo, .method = "action_post"};
	bool ok;

	create.table = post.table =
	    odoo_table_find(call->odoo, "account.payment");
	create.args = json_pack("{s:{s:s,s:s,s:O,s:O,s:O,s:O,s:O,s:O}}",
	    "vals_list",
	    "payment_type", is_bill ? "outbound" : "inbound",
	    "partner_type", is_bill ? "supplier" : "customer",
	    "partner_id", json_object_get(invoice, "partner_id"),
	    "amount", json_object_get(wizard, "amount"),
	    "memo", json_object_get(wizard, "communication"),
	    "date", json_object_get(wizard, "payment_date"),
	    "journal_id", json_object_get(wizard, "journal_id"),
	    "invoice_ids", json_object_get(wizard, "line_ids"));
	ok = odoo_record_create(&create);
	post.args = json_pack("{s:O?}", "ids", create.result);
	ok = ok && odoo_method_run(&post);
	if (!ok)
		odoo_fail(call, create.error ? create.error : post.error, "%s",
		    create.error ? create.message : post.message);
	json_decref(create.args);
	json_decref(post.args);
	json_decref(post.result);
	return create.result;
}

/* What is posted is paid, wholly or in part; a draft only notes it. */
static void
reconcile(json_t *invoice, json_t *payment)
{
	struct sandbox_decimal left = residual_of(invoice);
	struct sandbox_decimal amount = {0};
	bool known = sandbox_decimal_parse(sandbox_json_text(payment, "amount"),
	    &amount);

	json_array_append(json_object_get(invoice, "matched_payment_ids"),
	    json_object_get(payment, "id"));
	if (!known ||
	    strcmp(sandbox_json_text(invoice, "state"), "posted") != 0)
		return;
	left.millionths -= amount.millionths;
	if (left.millionths < 0)
		left.millionths = 0;
	set_decimal(invoice, "amount_residual", left);
	odoo_record_set(invoice, "payment_state",
	    left.millionths == 0 ? "\"paid\"" : "\"partial\"");
	if (left.millionths == 0)
		odoo_record_set(payment, "state", "\"paid\"");
	odoo_record_set(payment, "is_reconciled", "true");
}

bool
odoo_wizard_pay(struct odoo_call *call)
{
	const struct odoo_table *payments =
	    odoo_table_find(call->odoo, "account.payment");
	const json_t *wizard;
	json_t *invoice;
	json_t *id;
	json_t *ids;

	if (!odoo_record_ids(call, &ids))
		return false;
	wizard = odoo_record_find(call->table, id_at(ids, 0));
	json_decref(ids);
	invoice = find_invoice(call, json_object_get(wizard, "line_ids"));
	if (invoice == NULL)
		return odoo_fail_missing(call, "");
	id = book_payment(call, wizard, invoice);
	if (id == NULL)
		return false;
	reconcile(invoice,
	    odoo_record_find(payments, json_string_value(id) + 1));
	call->result = json_pack("{s:s,s:s,s:s,s:{s:b},s:s,s:o}",
	    "name", "Payments", "type", "ir.actions.act_window",
	    "res_model", "account.payment", "context", "create", 0,
	    "view_mode", "form", "res_id", id);
	return true;
}
