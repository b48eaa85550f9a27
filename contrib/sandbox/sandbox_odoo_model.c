/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_model.c: the models and fields there are.
 *
 * Only fields of the real version 18, so that a call with a wrong name fails
 * here as it would there.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_json.h"

#define COMMON_FIELDS                                                          \
	{"create_date", ODOO_CHAR, "false", NULL},                             \
	    {"write_date", ODOO_CHAR, "false", NULL},                          \
	    {"create_uid", ODOO_MANY2ONE, "2", "res.users"},                   \
	    {"write_uid", ODOO_MANY2ONE, "2", "res.users"},                    \
	{                                                                      \
		NULL, ODOO_CHAR, NULL, NULL                                    \
	}

static const struct odoo_field partner_fields[] = {
    {"name", ODOO_CHAR, "false", NULL},
    {"ref", ODOO_CHAR, "false", NULL},
    {"vat", ODOO_CHAR, "false", NULL},
    {"company_registry", ODOO_CHAR, "false", NULL},
    {"email", ODOO_CHAR, "false", NULL},
    {"phone", ODOO_CHAR, "false", NULL},
    {"street", ODOO_CHAR, "false", NULL},
    {"city", ODOO_CHAR, "false", NULL},
    {"zip", ODOO_CHAR, "false", NULL},
    {"country_id", ODOO_MANY2ONE, "false", "res.country"},
    {"is_company", ODOO_BOOLEAN, "false", NULL},
    {"company_type", ODOO_SELECTION, "\"person\"", "person|company"},
    {"customer_rank", ODOO_NUMBER, "0", NULL},
    {"supplier_rank", ODOO_NUMBER, "0", NULL},
    {"credit_limit", ODOO_NUMBER, "0.0", NULL},
    {"comment", ODOO_CHAR, "false", NULL},
    {"lang", ODOO_CHAR, "\"en_US\"", NULL},
    {"category_id", ODOO_LIST, "[]", NULL},
    {"active", ODOO_BOOLEAN, "true", NULL},
    {"company_id", ODOO_MANY2ONE, "false", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field move_fields[] = {
    {"name", ODOO_CHAR, "\"/\"", NULL},
    {"state", ODOO_SELECTION, "\"draft\"", "draft|posted|cancel"},
    {"move_type", ODOO_SELECTION, "\"entry\"",
	"entry|out_invoice|out_refund|in_invoice|in_refund|out_receipt|"
	"in_receipt"},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"ref", ODOO_CHAR, "false", NULL},
    {"invoice_origin", ODOO_CHAR, "false", NULL},
    {"payment_reference", ODOO_CHAR, "false", NULL},
    {"narration", ODOO_CHAR, "false", NULL},
    {"invoice_date", ODOO_CHAR, "false", NULL},
    {"invoice_date_due", ODOO_CHAR, "false", NULL},
    {"date", ODOO_CHAR, "false", NULL},
    {"amount_untaxed", ODOO_NUMBER, "0.0", NULL},
    {"amount_tax", ODOO_NUMBER, "0.0", NULL},
    {"amount_total", ODOO_NUMBER, "0.0", NULL},
    {"amount_residual", ODOO_NUMBER, "0.0", NULL},
    {"payment_state", ODOO_SELECTION, "\"not_paid\"",
	"not_paid|in_payment|paid|partial|reversed|blocked|invoicing_legacy"},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"journal_id", ODOO_MANY2ONE, "1", "account.journal"},
    {"invoice_line_ids", ODOO_LINES, "[]", NULL},
    {"line_ids", ODOO_LINES, "[]", NULL},
    {"auto_post", ODOO_SELECTION, "\"no\"",
	"no|at_date|monthly|quarterly|yearly"},
    {"posted_before", ODOO_BOOLEAN, "false", NULL},
    {"reversed_entry_id", ODOO_MANY2ONE, "false", "account.move"},
    {"matched_payment_ids", ODOO_LIST, "[]", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field payment_fields[] = {
    {"name", ODOO_CHAR, "false", NULL},
    {"state", ODOO_SELECTION, "\"draft\"",
	"draft|in_process|paid|canceled|rejected"},
    {"amount", ODOO_NUMBER, "0.0", NULL},
    {"memo", ODOO_CHAR, "false", NULL},
    {"payment_reference", ODOO_CHAR, "false", NULL},
    {"date", ODOO_CHAR, "false", NULL},
    {"payment_type", ODOO_SELECTION, "\"inbound\"", "inbound|outbound"},
    {"partner_type", ODOO_SELECTION, "\"customer\"", "customer|supplier"},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"partner_bank_id", ODOO_MANY2ONE, "false", "res.partner.bank"},
    {"move_id", ODOO_MANY2ONE, "false", "account.move"},
    {"journal_id", ODOO_MANY2ONE, "6", "account.journal"},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"payment_method_line_id", ODOO_MANY2ONE, "1",
	"account.payment.method.line"},
    {"is_reconciled", ODOO_BOOLEAN, "false", NULL},
    {"is_matched", ODOO_BOOLEAN, "false", NULL},
    {"invoice_ids", ODOO_LIST, "[]", NULL},
    {"reconciled_invoice_ids", ODOO_UNSTORED, "[]", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field company_fields[] = {
    {"name", ODOO_CHAR, "\"My Company\"", NULL},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"fiscalyear_lock_date", ODOO_CHAR, "false", NULL},
    {"tax_lock_date", ODOO_CHAR, "false", NULL},
    {"sale_lock_date", ODOO_CHAR, "false", NULL},
    {"purchase_lock_date", ODOO_CHAR, "false", NULL},
    {"hard_lock_date", ODOO_CHAR, "false", NULL},
    COMMON_FIELDS,
};

/* Belongs to an entry of its own there, whose `ref` it shows. */
static const struct odoo_field bank_line_fields[] = {
    {"ref", ODOO_CHAR, "false", NULL},
    {"date", ODOO_CHAR, "false", NULL},
    {"amount", ODOO_NUMBER, "0.0", NULL},
    {"payment_ref", ODOO_CHAR, "false", NULL},
    {"partner_name", ODOO_CHAR, "false", NULL},
    {"account_number", ODOO_CHAR, "false", NULL},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"journal_id", ODOO_MANY2ONE, "6", "account.journal"},
    {"move_id", ODOO_MANY2ONE, "false", "account.move"},
    {"is_reconciled", ODOO_BOOLEAN, "false", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

/* line_ids holds the invoices, not their journal items as there. */
static const struct odoo_field register_fields[] = {
    {"amount", ODOO_NUMBER, "0.0", NULL},
    {"communication", ODOO_CHAR, "false", NULL},
    {"payment_date", ODOO_CHAR, "false", NULL},
    {"journal_id", ODOO_MANY2ONE, "6", "account.journal"},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"payment_method_line_id", ODOO_MANY2ONE, "1",
	"account.payment.method.line"},
    {"group_payment", ODOO_BOOLEAN, "true", NULL},
    {"line_ids", ODOO_LIST, "[]", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field order_fields[] = {
    {"name", ODOO_CHAR, "\"New\"", NULL},
    {"state", ODOO_SELECTION, "\"draft\"", "draft|sent|sale|cancel"},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"client_order_ref", ODOO_CHAR, "false", NULL},
    {"origin", ODOO_CHAR, "false", NULL},
    {"note", ODOO_CHAR, "false", NULL},
    {"date_order", ODOO_CHAR, "false", NULL},
    {"order_line", ODOO_LINES, "[]", NULL},
    {"amount_untaxed", ODOO_NUMBER, "0.0", NULL},
    {"amount_tax", ODOO_NUMBER, "0.0", NULL},
    {"amount_total", ODOO_NUMBER, "0.0", NULL},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"invoice_status", ODOO_SELECTION, "\"no\"",
	"no|to invoice|invoiced|upselling"},
    {"invoice_ids", ODOO_LIST, "[]", NULL},
    {"locked", ODOO_BOOLEAN, "false", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field bank_fields[] = {
    {"acc_number", ODOO_CHAR, "false", NULL},
    {"acc_holder_name", ODOO_CHAR, "false", NULL},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"bank_id", ODOO_MANY2ONE, "false", "res.bank"},
    {"allow_out_payment", ODOO_BOOLEAN, "false", NULL},
    {"active", ODOO_BOOLEAN, "true", NULL},
    {"company_id", ODOO_MANY2ONE, "false", "res.company"},
    COMMON_FIELDS,
};

static const struct odoo_field purchase_fields[] = {
    {"name", ODOO_CHAR, "\"New\"", NULL},
    {"state", ODOO_SELECTION, "\"draft\"",
	"draft|sent|to approve|purchase|done|cancel"},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"partner_ref", ODOO_CHAR, "false", NULL},
    {"origin", ODOO_CHAR, "false", NULL},
    {"notes", ODOO_CHAR, "false", NULL},
    {"date_order", ODOO_CHAR, "false", NULL},
    {"date_planned", ODOO_CHAR, "false", NULL},
    {"order_line", ODOO_LINES, "[]", NULL},
    {"amount_untaxed", ODOO_NUMBER, "0.0", NULL},
    {"amount_tax", ODOO_NUMBER, "0.0", NULL},
    {"amount_total", ODOO_NUMBER, "0.0", NULL},
    {"currency_id", ODOO_MANY2ONE, "1", "res.currency"},
    {"invoice_status", ODOO_SELECTION, "\"no\"", "no|to invoice|invoiced"},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

/* What has come is written by whoever plays the warehouse; what was billed,
 * the bills count. */
static const struct odoo_field purchase_line_fields[] = {
    {"name", ODOO_CHAR, "false", NULL},
    {"order_id", ODOO_MANY2ONE, "false", "purchase.order"},
    {"product_id", ODOO_MANY2ONE, "false", "product.product"},
    {"product_qty", ODOO_NUMBER, "1.0", NULL},
    {"qty_received", ODOO_NUMBER, "0.0", NULL},
    {"qty_invoiced", ODOO_NUMBER, "0.0", NULL},
    {"price_unit", ODOO_NUMBER, "0.0", NULL},
    COMMON_FIELDS,
};

static const struct odoo_field lead_fields[] = {
    {"name", ODOO_CHAR, "false", NULL},
    {"type", ODOO_SELECTION, "\"opportunity\"", "lead|opportunity"},
    {"partner_id", ODOO_MANY2ONE, "false", "res.partner"},
    {"partner_name", ODOO_CHAR, "false", NULL},
    {"contact_name", ODOO_CHAR, "false", NULL},
    {"email_from", ODOO_CHAR, "false", NULL},
    {"phone", ODOO_CHAR, "false", NULL},
    {"description", ODOO_CHAR, "false", NULL},
    {"referred", ODOO_CHAR, "false", NULL},
    {"expected_revenue", ODOO_NUMBER, "0.0", NULL},
    {"probability", ODOO_NUMBER, "0.0", NULL},
    {"priority", ODOO_SELECTION, "\"0\"", "0|1|2|3"},
    {"stage_id", ODOO_MANY2ONE, "1", "crm.stage"},
    {"team_id", ODOO_MANY2ONE, "1", "crm.team"},
    {"user_id", ODOO_MANY2ONE, "2", "res.users"},
    {"lost_reason_id", ODOO_MANY2ONE, "false", "crm.lost.reason"},
    {"date_closed", ODOO_CHAR, "false", NULL},
    {"active", ODOO_BOOLEAN, "true", NULL},
    {"company_id", ODOO_MANY2ONE, "1", "res.company"},
    COMMON_FIELDS,
};

#define MANDATORY(model, field)                                                \
	"The operation cannot be completed:\n"                                 \
	"- Create/update: a mandatory field is not set.\n"                     \
	"- Delete: another model requires the record being deleted. "         \
	"If possible, archive it instead.\n\n"                                 \
	"Model: " model "\nField: " field "\n"

static const struct odoo_model partner = {"res.partner", "Contact", "name",
    "The operation cannot be completed: Contacts require a name", "ref", NULL,
    NULL, 7, partner_fields};
static const struct odoo_model move = {"account.move", "Journal Entry", NULL,
    NULL, "ref", "quantity", NULL, 1, move_fields};
static const struct odoo_model payment = {"account.payment", "Payments", NULL,
    NULL, "memo", NULL, NULL, 1, payment_fields};
static const struct odoo_model company = {"res.company", "Companies", NULL,
    NULL, "name", NULL, NULL, 1, company_fields};
static const struct odoo_model bank_line = {"account.bank.statement.line",
    "Bank Statement Line", NULL, NULL, "ref", NULL, NULL, 1, bank_line_fields};
static const struct odoo_model wizard = {"account.payment.register",
    "Register Payment", NULL, NULL, "communication", NULL, NULL, 1,
    register_fields};
static const struct odoo_model order = {"sale.order", "Sales Order",
    "partner_id",
    MANDATORY("Sales Order (sale.order)", "Customer (partner_id)"),
    "client_order_ref", "product_uom_qty", NULL, 1, order_fields};
static const struct odoo_model lead = {"crm.lead", "Lead/Opportunity", "name",
    MANDATORY("Lead/Opportunity (crm.lead)", "Opportunity (name)"), "referred",
    NULL, NULL, 1, lead_fields};
static const struct odoo_model bank = {"res.partner.bank", "Bank Accounts",
    "acc_number",
    MANDATORY("Bank Accounts (res.partner.bank)",
	"Account Number (acc_number)"),
    "acc_number", NULL, NULL, 1, bank_fields};
static const struct odoo_model purchase = {"purchase.order", "Purchase Order",
    "partner_id",
    MANDATORY("Purchase Order (purchase.order)", "Vendor (partner_id)"),
    "origin", "product_qty", "purchase.order.line", 1, purchase_fields};
static const struct odoo_model purchase_line = {"purchase.order.line",
    "Purchase Order Line", NULL, NULL, "name", NULL, NULL, 1,
    purchase_line_fields};

const struct odoo_model *const odoo_models[] = {&company, &partner, &move,
    &payment, &bank_line, &wizard, &order, &lead, &bank, &purchase,
    &purchase_line, NULL};

const struct odoo_field *
odoo_field_find(const struct odoo_model *model, const char *name)
{
	for (const struct odoo_field *field = model->fields; field->name;
	     field++) {
		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

struct odoo_table *
odoo_table_find(const struct sandbox_odoo *odoo, const char *model)
{
	for (size_t i = 0; i < odoo->table_count; i++) {
		if (strcmp(odoo->tables[i].model->name, model) == 0)
			return (struct odoo_table *)(uintptr_t)&odoo->tables[i];
	}
	return NULL;
}

/* Records of models that are not kept, but shown. */
static const struct {
	const char *model;
	const char *id;
	const char *name;
} known_names[] = {
    {"res.users", "2", "Administrator"},
    {"res.currency", "1", "USD"},
    {"res.currency", "2", "EUR"},
    {"res.currency", "3", "GBP"},
    {"res.currency", "4", "CHF"},
    {"account.journal", "1", "Customer Invoices"},
    {"account.journal", "2", "Vendor Bills"},
    {"account.journal", "3", "Miscellaneous Operations"},
    {"account.journal", "6", "Bank"},
    {"account.payment.method.line", "1", "Manual Payment (Bank)"},
    {"crm.stage", "1", "New"},
    {"crm.stage", "4", "Won"},
    {"crm.team", "1", "Sales"},
    {"crm.lost.reason", "1", "Too expensive"},
};

const char *
odoo_display_name(const struct sandbox_odoo *odoo, const char *model,
    const char *id)
{
	const struct odoo_table *table = odoo_table_find(odoo, model);

	if (table != NULL)
		return sandbox_json_text(odoo_record_find(table, id), "name");
	for (size_t i = 0; i < sizeof(known_names) / sizeof(known_names[0]);
	     i++) {
		if (strcmp(known_names[i].model, model) == 0 &&
		    strcmp(known_names[i].id, id) == 0)
			return known_names[i].name;
	}
	return "";
}
