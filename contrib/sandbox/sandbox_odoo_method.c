/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_method.c: the methods there are, and what the buttons do.
 *
 * A button is a row: on which model, from which states, to which, what it
 * returns, and the words of its refusal, all as recorded from version 18.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_json.h"

#include <stdio.h>

#define PARAMS_MAX 6

typedef bool (*method_fn)(struct odoo_call *call);

struct method {
	const char *name;
	method_fn run;
	const char *params[PARAMS_MAX];
};

static const struct method methods[] = {
    {"create", odoo_record_create, {"vals_list"}},
    {"write", odoo_record_write, {"ids", "vals"}},
    {"unlink", odoo_record_unlink, {"ids"}},
    {"read", odoo_record_read, {"ids", "fields", "load"}},
    {"exists", odoo_record_exists, {"ids"}},
    {"search", odoo_search, {"domain", "offset", "limit", "order"}},
    {"search_count", odoo_search_count, {"domain", "limit"}},
    {"search_read", odoo_search_read,
	{"domain", "fields", "offset", "limit", "order"}},
};

static bool cancel_orders(struct odoo_call *call);

/* What one model does in a way of its own. */
static const struct {
	const char *model;
	const char *name;
	method_fn run;
} specials[] = {
    {"sale.order", "action_cancel", cancel_orders},
    {"account.payment.register", "create", odoo_wizard_create},
    {"account.payment.register", "action_create_payments", odoo_wizard_pay},
};

#define NO_CHANGE NULL

enum gives { GIVES_NONE, GIVES_TRUE, GIVES_FALSE };

struct button {
	const char *model;
	const char *name;
	const char *from; /* states, a|b; NULL: any */
	const char *to; /* state; NULL: the record has none to change */
	const char *idle; /* states in which nothing happens, a|b; or NULL */
	enum gives gives;
	/* NULL: "The entry NAME (id N) must be in draft." */
	const char *refusal;
	bool (*check)(struct odoo_call *call, const json_t *record);
	void (*effect)(struct odoo_call *call, json_t *record);
};

static bool check_move(struct odoo_call *call, const json_t *record);
static void number_move(struct odoo_call *call, json_t *record);
static void number_payment(struct odoo_call *call, json_t *record);
static void win_lead(struct odoo_call *call, json_t *record);
static void lose_lead(struct odoo_call *call, json_t *record);
static void invoice_order(struct odoo_call *call, json_t *record);

static const char not_draft[] = "Only draft journal entries can be cancelled.";
static const char not_reset[] =
    "Only posted/cancelled journal entries can be reset to draft.";
static const char not_confirmed[] =
    "Some orders are not in a state requiring confirmation.";
static const char no_entry[] = "A payment with an outstanding account cannot "
			       "be confirmed without having a journal entry.";

static const struct button buttons[] = {
    {"account.move", "action_post", "draft", "posted", NULL, GIVES_FALSE, NULL,
	check_move, number_move},
    {"account.move", "button_draft", "posted|cancel", "draft", NULL, GIVES_NONE,
	not_reset, NULL, NULL},
    {"account.move", "button_cancel", "draft|posted", "cancel", NULL,
	GIVES_NONE, not_draft, NULL, NULL},
    {"account.payment", "action_post", "draft", "in_process", "paid",
	GIVES_NONE, NULL, NULL, number_payment},
    {"account.payment", "action_draft", NULL, "draft", NULL, GIVES_NONE, NULL,
	NULL, NULL},
    {"account.payment", "action_cancel", NULL, "canceled", NULL, GIVES_NONE,
	NULL, NULL, NULL},
    {"account.payment", "action_validate", "in_process|paid", "paid", NULL,
	GIVES_NONE, no_entry, NULL, NULL},
    {"account.payment", "action_reject", "in_process|paid", "rejected", NULL,
	GIVES_NONE, no_entry, NULL, NULL},
    {"sale.order", "action_confirm", "draft|sent", "sale", NULL, GIVES_TRUE,
	not_confirmed, NULL, invoice_order},
    {"sale.order", "action_draft", "cancel|sent", "draft", "draft|sale",
	GIVES_TRUE, NULL, NULL, NULL},
    {"purchase.order", "button_confirm", "draft|sent", "purchase",
	"to approve|purchase|done|cancel", GIVES_TRUE, NULL, NULL, NULL},
    {"purchase.order", "button_cancel", NULL, "cancel", NULL, GIVES_NONE, NULL,
	NULL, NULL},
    {"crm.lead", "action_set_won", NULL, NO_CHANGE, NULL, GIVES_TRUE, NULL,
	NULL, win_lead},
    {"crm.lead", "action_set_lost", NULL, NO_CHANGE, NULL, GIVES_NONE, NULL,
	NULL, lose_lead},
};

/* ------------------------------------------------------------------ errors */

bool
odoo_fail(struct odoo_call *call, const char *error, const char *format, ...)
{
	va_list arguments;

	call->error = error;
	va_start(arguments, format);
	vsnprintf(call->message, sizeof(call->message), format, arguments);
	va_end(arguments);
	return false;
}

bool
odoo_fail_missing(struct odoo_call *call, const char *id)
{
	return odoo_fail(call, "odoo.exceptions.MissingError",
	    "Record does not exist or has been deleted.\n"
	    "(Record: %s(%s,), User: 2)", call->table->model->name, id);
}

/* ----------------------------------------------------------------- buttons */

static bool
is_among(const char *states, const char *state)
{
	struct str rest = str_of(states);

	while (rest.at != NULL) {
		if (str_equal(str_split(rest, '|', &rest), str_of(state)))
			return true;
	}
	return false;
}

static bool
refuse(struct odoo_call *call, const struct button *button,
    const json_t *record)
{
	if (button->refusal == no_entry)
		return odoo_fail(call, "odoo.exceptions.ValidationError", "%s",
		    no_entry);
	if (button->refusal != NULL)
		return odoo_fail(call, "odoo.exceptions.UserError", "%s",
		    button->refusal);
	return odoo_fail(call, "odoo.exceptions.UserError",
	    "The entry %s (id %s) must be in draft.",
	    sandbox_json_text(record, "name"), sandbox_json_text(record, "id"));
}

static json_t *
record_at(const struct odoo_call *call, const json_t *ids, size_t i)
{
	const char *id = json_string_value(json_array_get(ids, i));

	return odoo_record_find(call->table, id + 1);
}

static bool
check_button(struct odoo_call *call, const struct button *button,
    const json_t *record)
{
	const char *state = sandbox_json_text(record, "state");

	if (button->idle != NULL && is_among(button->idle, state))
		return true;
	if (button->from != NULL && !is_among(button->from, state))
		return refuse(call, button, record);
	return button->check == NULL || button->check(call, record);
}

static void
push(struct odoo_call *call, const struct button *button, json_t *record)
{
	const char *state = sandbox_json_text(record, "state");

	if (button->idle != NULL && is_among(button->idle, state))
		return;
	if (button->effect != NULL)
		button->effect(call, record);
	if (button->to != NULL)
		json_object_set_new(record, "state", json_string(button->to));
	odoo_purchase_recount(call->odoo, record);
}

/* All records or none, as one transaction. */
static bool
run_button(struct odoo_call *call, const struct button *button)
{
	json_t *ids;
	bool ok = odoo_record_ids(call, &ids);

	for (size_t i = 0; ok && i < json_array_size(ids); i++)
		ok = check_button(call, button, record_at(call, ids, i));
	for (size_t i = 0; ok && i < json_array_size(ids); i++)
		push(call, button, record_at(call, ids, i));
	if (ok) {
		odoo_record_log(call, ids, NULL);
		if (button->gives != GIVES_NONE)
			call->result =
			    json_boolean(button->gives == GIVES_TRUE);
	}
	json_decref(ids);
	return ok;
}

static bool
check_move(struct odoo_call *call, const json_t *record)
{
	const char *type = sandbox_json_text(record, "move_type");

	if (json_array_size(json_object_get(record, "invoice_line_ids")) == 0 &&
	    json_array_size(json_object_get(record, "line_ids")) == 0)
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "You need to add a line before posting.");
	if (strcmp(type, "entry") != 0 &&
	    json_is_false(json_object_get(record, "partner_id")))
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "The field '%s' is required, please complete it to "
		    "validate the %s.",
		    strncmp(type, "in", 2) == 0 ? "Vendor" : "Customer",
		    strncmp(type, "in", 2) == 0 ? "Vendor Bill"
						: "Customer Invoice");
	if (sandbox_json_text(record, "amount_total")[0] == '-')
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "You cannot validate an invoice with a negative total "
		    "amount. You should create a credit note instead. Use the "
		    "action menu to transform it into a credit note or "
		    "refund.");
	if (strcmp(type, "in_invoice") == 0 &&
	    json_is_false(json_object_get(record, "invoice_date")))
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "The Bill/Refund date is required to validate this "
		    "document.");
	return true;
}

/* A number once given stays over button_draft. */
static void
number_move(struct odoo_call *call, json_t *record)
{
	bool is_bill =
	    strncmp(sandbox_json_text(record, "move_type"), "in", 2) == 0;
	struct tm now = odoo_clock();
	unsigned long long number;

	json_object_set_new(record, "posted_before", json_true());
	if (json_is_false(json_object_get(record, "invoice_date")))
		json_object_set_new(record, "invoice_date", odoo_today());
	if (strcmp(sandbox_json_text(record, "name"), "/") != 0)
		return;
	number = (unsigned long long)++call->table->numbers;
	json_object_set_new(record, "name",
	    is_bill ? json_sprintf("BILL/%04d/%02d/%04llu", now.tm_year + 1900,
			  now.tm_mon + 1, number)
		    : json_sprintf("INV/%04d/%05llu", now.tm_year + 1900,
			  number));
	json_object_set(record, "payment_reference",
	    json_object_get(record, "name"));
}

static void
number_payment(struct odoo_call *call, json_t *record)
{
	struct tm now = odoo_clock();

	if (json_is_string(json_object_get(record, "name")))
		return;
	json_object_set_new(record, "name",
	    json_sprintf("PBNK1/%04d/%05llu", now.tm_year + 1900,
		(unsigned long long)++call->table->numbers));
}

static void
win_lead(struct odoo_call *call, json_t *record)
{
	(void)call;
	odoo_record_set(record, "stage_id", "4");
	odoo_record_set(record, "probability", "100.0");
	odoo_record_set(record, "active", "true");
	odoo_record_set(record, "lost_reason_id", "false");
	json_object_set_new(record, "date_closed", odoo_now());
}

static void
lose_lead(struct odoo_call *call, json_t *record)
{
	json_t *reason = json_object_get(call->args, "lost_reason_id");

	odoo_record_set(record, "probability", "0.0");
	odoo_record_set(record, "active", "false");
	if (reason != NULL)
		json_object_set(record, "lost_reason_id", reason);
}

static void
invoice_order(struct odoo_call *call, json_t *record)
{
	(void)call;
	odoo_record_set(record, "invoice_status", "\"to invoice\"");
}

/* On a confirmed order it only offers a wizard, unless told not to. */
static bool
cancel_orders(struct odoo_call *call)
{
	static const struct button cancel = {"sale.order", "action_cancel",
	    NULL, "cancel", NULL, GIVES_TRUE, NULL, NULL, NULL};
	json_t *ids;
	bool warns = false;

	if (!odoo_record_ids(call, &ids))
		return false;
	for (size_t i = 0; i < json_array_size(ids); i++)
		warns |= strcmp(sandbox_json_text(record_at(call, ids, i),
		    "state"), "sale") == 0;
	json_decref(ids);
	if (!warns || json_is_true(sandbox_json_at(call->args,
		"context.disable_cancel_warning")))
		return run_button(call, &cancel);
	call->result = json_pack("{s:s,s:s,s:s,s:s,s:s}",
	    "name", "Cancel Sales Order", "view_mode", "form",
	    "res_model", "sale.order.cancel",
	    "type", "ir.actions.act_window", "target", "new");
	return true;
}

/* ----------------------------------------------------------------- methods */

static const struct method *
method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	}
	return NULL;
}

static method_fn
special_find(const char *model, const char *name)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (strcmp(specials[i].model, model) == 0 &&
		    strcmp(specials[i].name, name) == 0)
			return specials[i].run;
	}
	return NULL;
}

static const struct button *
button_find(const char *model, const char *name)
{
	for (size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
		if (strcmp(buttons[i].model, model) == 0 &&
		    strcmp(buttons[i].name, name) == 0)
			return &buttons[i];
	}
	return NULL;
}

bool
odoo_method_bind(struct odoo_call *call, const json_t *positional,
    const json_t *named)
{
	static const char *const ids_only[PARAMS_MAX] = {"ids"};
	const struct method *method = method_find(call->method);
	const char *const *params = method ? method->params : ids_only;
	size_t count = json_array_size(positional);
	size_t limit = 0;

	if (call->method[0] == '_')
		return odoo_fail(call, "odoo.exceptions.AccessError",
		    "Private methods (such as %s) cannot be called remotely.",
		    call->method);
	while (limit < PARAMS_MAX && params[limit] != NULL)
		limit++;
	if (count > limit)
		return odoo_fail(call, "builtins.TypeError",
		    "%s() takes %zu positional arguments but %zu were given",
		    call->method, limit + 1, count + 1);
	call->args = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set(call->args, params[i],
		    json_array_get(positional, i));
	json_object_update(call->args, (json_t *)(uintptr_t)named);
	return true;
}

bool
odoo_method_run(struct odoo_call *call)
{
	const char *model = call->table->model->name;
	const struct method *method = method_find(call->method);
	const struct button *button = button_find(model, call->method);
	method_fn special = special_find(model, call->method);

	if (special != NULL)
		return special(call);
	if (method != NULL)
		return method->run(call);
	if (button != NULL)
		return run_button(call, button);
	return odoo_fail(call, "builtins.AttributeError",
	    "The method '%s' does not exist on the model '%s'", call->method,
	    model);
}
