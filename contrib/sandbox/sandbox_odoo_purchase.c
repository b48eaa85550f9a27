/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_purchase.c: what bills say of the order lines that they are for.
 *
 * A bill counts from its draft on and until it is cancelled, as there.  What
 * its lines say is kept with it, under a name that is no field of the model:
 * lines of entries are no records here.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_decimal.h"
#include "sandbox_json.h"

bool
odoo_purchase_take(struct odoo_call *call, json_t *move, const json_t *vals)
{
	const struct odoo_table *table =
	    odoo_table_find(call->odoo, "purchase.order.line");
	const json_t *commands = json_object_get(vals, "invoice_line_ids");
	json_t *lines = json_array();

	for (size_t i = 0; i < json_array_size(commands); i++) {
		json_t *line = json_array_get(json_array_get(commands, i), 2);
		const char *id = sandbox_json_text(line, "purchase_line_id");

		if (id[0] == '\0')
			continue;
		if (odoo_record_find(table, id) == NULL) {
			json_decref(lines);
			return odoo_fail(call,
			    "odoo.exceptions.ValidationError",
			    "The operation cannot be completed: another model "
			    "requires the record being deleted. If possible, "
			    "archive it instead.\n\nModel: Journal Item "
			    "(account.move.line)\nConstraint: "
			    "account_move_line_purchase_line_id_fkey\n");
		}
		json_array_append(lines, line);
	}
	if (json_array_size(lines) > 0)
		json_object_set_new(move, "billed",
		    json_pack("{s:b,s:O}", "counted", 0, "lines", lines));
	json_decref(lines);
	return true;
}

/* Adds the quantity of a bill's line to its order line, or takes it away. */
static void
count_line(json_t *ordered, const json_t *line, bool is_added)
{
	const char *text = sandbox_json_text(line, "quantity");
	struct sandbox_decimal quantity = {1000000};
	struct sandbox_decimal sum = {0};
	char digits[SANDBOX_DECIMAL_BYTES];

	if (ordered == NULL ||
	    (text[0] && !sandbox_decimal_parse(text, &quantity)) ||
	    !sandbox_decimal_parse(
		sandbox_json_text(ordered, "qty_invoiced"), &sum))
		return;
	if (!is_added)
		quantity.millionths = -quantity.millionths;
	sandbox_decimal_format(sandbox_decimal_add(sum, quantity), digits);
	json_object_set_new(ordered, "qty_invoiced",
	    sandbox_json_number(digits));
}

void
odoo_purchase_recount(const struct sandbox_odoo *odoo, const json_t *move)
{
	const struct odoo_table *table =
	    odoo_table_find(odoo, "purchase.order.line");
	const char *type = sandbox_json_text(move, "move_type");
	bool counts = strcmp(sandbox_json_text(move, "state"), "cancel") != 0;
	bool is_bill = strcmp(type, "in_invoice") == 0;
	json_t *billed = json_object_get(move, "billed");
	const json_t *lines = json_object_get(billed, "lines");

	if (billed == NULL || (!is_bill && strcmp(type, "in_refund") != 0) ||
	    json_is_true(json_object_get(billed, "counted")) == counts)
		return;
	json_object_set_new(billed, "counted", json_boolean(counts));
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);

		count_line(odoo_record_find(table, sandbox_json_text(line,
			       "purchase_line_id")),
		    line, counts == is_bill);
	}
}
