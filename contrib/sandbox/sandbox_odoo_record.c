/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_record.c: creating, writing, reading, deleting.
 *
 * A call is one transaction: all is checked before anything is changed.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_decimal.h"
#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define INT4_MAX 2147483647

/* ---------------------------------------------------------------- helpers */

static struct tm
parts_of(int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm parts;

	must(gmtime_r(&seconds, &parts) != NULL);
	return parts;
}

struct tm
odoo_clock(void)
{
	return parts_of(sandbox_now_ms());
}

json_t *
odoo_today(void)
{
	struct tm now = odoo_clock();

	return json_sprintf("%04d-%02d-%02d", now.tm_year + 1900,
	    now.tm_mon + 1, now.tm_mday);
}

json_t *
odoo_time(int64_t at_ms)
{
	struct tm at = parts_of(at_ms);

	return json_sprintf("%04d-%02d-%02d %02d:%02d:%02d", at.tm_year + 1900,
	    at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
}

json_t *
odoo_now(void)
{
	return odoo_time(sandbox_now_ms());
}

static const char *
digits_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && sandbox_json_is_number(value) ? text + 1 : "";
}

json_t *
odoo_record_find(const struct odoo_table *table, const char *id)
{
	return json_object_get(table->records, id);
}

void
odoo_record_set(json_t *record, const char *field, const char *json)
{
	json_t *value = sandbox_json_read(str_of(json));

	must(value != NULL);
	json_object_set_new(record, field, value);
}

static json_t *
list_of(json_t *value)
{
	if (json_is_array(value))
		return json_incref(value);
	return value != NULL ? json_pack("[O]", value) : json_array();
}

bool
odoo_record_ids(struct odoo_call *call, json_t **ids)
{
	*ids = list_of(json_object_get(call->args, "ids"));
	for (size_t i = 0; i < json_array_size(*ids); i++) {
		const char *id = digits_of(json_array_get(*ids, i));

		if (odoo_record_find(call->table, id) == NULL) {
			odoo_fail_missing(call, id);
			json_decref(*ids);
			*ids = NULL;
			return false;
		}
	}
	return true;
}

void
odoo_record_log(struct odoo_call *call, const json_t *ids, const json_t *values)
{
	sandbox_ledger_add_take(call->odoo->ledger, "odoo",
	    json_pack("{s:s,s:s,s:O,s:O?}", "model", call->table->model->name,
		"method", call->method, "ids", ids, "values", values));
}

/* ------------------------------------------------------------- conversion */

static bool
convert_number(struct odoo_call *call, const json_t *value, json_t **out)
{
	const char *text = json_string_value(value);
	json_t *number;

	if (sandbox_json_is_number(value)) {
		*out = json_incref((json_t *)(uintptr_t)value);
		return true;
	}
	if (text == NULL) {
		*out = sandbox_json_number("0.0");
		return true;
	}
	number = sandbox_json_read(str_of(text));
	if (!sandbox_json_is_number(number)) {
		json_decref(number);
		return odoo_fail(call, "builtins.ValueError",
		    "could not convert string to float: '%s'", text);
	}
	*out = number;
	return true;
}

static bool
is_choice(const char *choices, const char *text)
{
	struct str rest = str_of(choices);

	while (rest.at != NULL) {
		if (str_equal(str_split(rest, '|', &rest), str_of(text)))
			return true;
	}
	return false;
}

static bool
convert_selection(struct odoo_call *call, const struct odoo_field *field,
    const json_t *value, json_t **out)
{
	const char *text = json_string_value(value);

	if (text != NULL && !is_choice(field->detail, text))
		return odoo_fail(call, "builtins.ValueError",
		    "Wrong value for %s.%s: '%s'", call->table->model->name,
		    field->name, text);
	*out = text ? json_incref((json_t *)(uintptr_t)value) : json_false();
	return true;
}

/* A record that is not there breaks a foreign key; of models that are not
 * kept, any id will do. */
static bool
convert_many2one(struct odoo_call *call, const struct odoo_field *field,
    const json_t *value, json_t **out)
{
	const struct odoo_model *model = call->table->model;
	const struct odoo_table *table =
	    odoo_table_find(call->odoo, field->detail);
	const char *id = digits_of(value);
	int64_t n;

	if (id[0] == '\0') {
		*out = json_false();
		return true;
	}
	if (!str_parse_int(str_of(id), 1, INT4_MAX, &n))
		return odoo_fail(call, "psycopg2.errors.NumericValueOutOfRange",
		    "integer out of range\n");
	if (table != NULL && odoo_record_find(table, id) == NULL)
		return odoo_fail(call, "odoo.exceptions.ValidationError",
		    "The operation cannot be completed: another model requires "
		    "the record being deleted. If possible, archive it instead."
		    "\n\nModel: %s (%s)\nConstraint: %s_%s_fkey\n",
		    model->label, model->name, model->name, field->name);
	*out = json_incref((json_t *)(uintptr_t)value);
	return true;
}

/* Commands [4, id] and [6, 0, ids], or plain ids. */
static json_t *
convert_list(const json_t *value)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *item = json_array_get(value, i);
		const char *command = digits_of(json_array_get(item, 0));

		if (strcmp(command, "6") == 0)
			json_array_extend(ids, json_array_get(item, 2));
		else if (strcmp(command, "4") == 0)
			json_array_append(ids, json_array_get(item, 1));
		else if (sandbox_json_is_number(item))
			json_array_append(ids, item);
	}
	return ids;
}

static bool
convert(struct odoo_call *call, const struct odoo_field *field,
    const json_t *value, json_t **out)
{
	switch (field->type) {
	case ODOO_CHAR:
		*out = json_is_string(value)
		    ? json_incref((json_t *)(uintptr_t)value)
		    : json_false();
		return true;
	case ODOO_BOOLEAN:
		*out = json_boolean(json_is_true(value));
		return true;
	case ODOO_NUMBER:
		return convert_number(call, value, out);
	case ODOO_SELECTION:
		return convert_selection(call, field, value, out);
	case ODOO_MANY2ONE:
		return convert_many2one(call, field, value, out);
	case ODOO_LIST:
	case ODOO_LINES:
	case ODOO_UNSTORED:
		*out = convert_list(value);
		return true;
	}
	unreachable("every type is named");
}

/* Every value of vals, converted; NULL with the error set. */
static json_t *
convert_all(struct odoo_call *call, const json_t *vals)
{
	json_t *converted = json_object();
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)vals, name, value) {
		const struct odoo_field *field =
		    odoo_field_find(call->table->model, name);
		json_t *own = NULL;

		if (field == NULL)
			odoo_fail(call, "builtins.ValueError",
			    "Invalid field '%s' on model '%s'", name,
			    call->table->model->name);
		if (field == NULL || !convert(call, field, value, &own)) {
			json_decref(converted);
			return NULL;
		}
		json_object_set_new(converted, name, own);
	}
	return converted;
}

/* ------------------------------------------------------------------ lines */

/* The number there; 0 where there is none. */
static bool
line_number(struct odoo_call *call, const json_t *line, const char *field,
    struct sandbox_decimal *number)
{
	const char *text = sandbox_json_text(line, field);

	*number = (struct sandbox_decimal){0};
	return text[0] == '\0' || sandbox_decimal_parse(text, number) ||
	    odoo_fail(call, "builtins.ValueError",
	    "could not convert string to float: '%s'", text);
}

/* What an entry's lines add up to on either side, which has to be the same. */
static bool
check_balance(struct odoo_call *call, const json_t *commands)
{
	struct sandbox_decimal debits = {0};
	struct sandbox_decimal credits = {0};

	for (size_t i = 0; i < json_array_size(commands); i++) {
		const json_t *line =
		    json_array_get(json_array_get(commands, i), 2);
		struct sandbox_decimal debit;
		struct sandbox_decimal credit;

		if (!line_number(call, line, "debit", &debit) ||
		    !line_number(call, line, "credit", &credit))
			return false;
		debits = sandbox_decimal_add(debits, debit);
		credits = sandbox_decimal_add(credits, credit);
	}
	return sandbox_decimal_compare(debits, credits) == 0 ||
	    odoo_fail(call, "odoo.exceptions.UserError",
	    "The entry is not balanced.");
}

static bool
line_total(struct odoo_call *call, const json_t *line,
    struct sandbox_decimal *total)
{
	const char *price_text = sandbox_json_text(line, "price_unit");
	const char *quantity_text =
	    sandbox_json_text(line, call->table->model->quantity);
	struct sandbox_decimal price = {0};
	struct sandbox_decimal quantity = {1000000};

	if (json_object_get(line, "debit") != NULL)
		return line_number(call, line, "debit", total);
	if ((price_text[0] && !sandbox_decimal_parse(price_text, &price)) ||
	    (quantity_text[0] &&
		!sandbox_decimal_parse(quantity_text, &quantity)))
		return odoo_fail(call, "builtins.ValueError",
		    "could not convert string to float: '%s'", price_text);
	/* The price is rounded before it is multiplied, as there. */
	price = sandbox_decimal_round(price, 2);
	*total = sandbox_decimal_round(
	    sandbox_decimal_multiply(price, quantity), 2);
	return true;
}

static void
set_totals(json_t *record, struct sandbox_decimal total)
{
	static const char *const fields[] = {"amount_untaxed", "amount_total",
	    "amount_residual"};
	char text[SANDBOX_DECIMAL_BYTES];

	sandbox_decimal_format(total, text);
	for (size_t i = 0; i < 3; i++) {
		if (json_object_get(record, fields[i]) != NULL)
			json_object_set_new(record, fields[i],
			    sandbox_json_number(text));
	}
}

/* New lines, as commands [0, 0, vals], add to the record's total. */
static bool
add_lines(struct odoo_call *call, json_t *record, const char *name,
    const json_t *commands)
{
	json_t *ids = json_object_get(record, name);
	struct sandbox_decimal sum;
	char id[24];

	if (!sandbox_decimal_parse(sandbox_json_text(record, "amount_total"),
		&sum))
		return odoo_fail(call, "psycopg2.errors.NumericValueOutOfRange",
		    "numeric field overflow\n");
	for (size_t i = 0; i < json_array_size(commands); i++) {
		const json_t *command = json_array_get(commands, i);
		struct sandbox_decimal total;

		if (strcmp(digits_of(json_array_get(command, 0)), "0") != 0)
			continue;
		if (!line_total(call, json_array_get(command, 2), &total))
			return false;
		sum = sandbox_decimal_add(sum, total);
		snprintf(id, sizeof(id), "%lld",
		    (long long)++call->odoo->last_line_id);
		json_array_append_new(ids, sandbox_json_number(id));
	}
	set_totals(record, sum);
	return true;
}

static bool
add_all_lines(struct odoo_call *call, json_t *record, const json_t *vals)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)vals, name, value) {
		if (odoo_field_find(call->table->model, name)->type ==
			ODOO_LINES &&
		    (!check_balance(call, value) ||
			!add_lines(call, record, name, value)))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------- create */

static json_t *
blank_record(const struct odoo_model *model)
{
	json_t *record = json_object();

	for (const struct odoo_field *field = model->fields; field->name;
	     field++)
		odoo_record_set(record, field->name, field->initial);
	json_object_set_new(record, "create_date", odoo_now());
	json_object_set_new(record, "write_date", odoo_now());
	if (json_object_get(record, "date_order") != NULL)
		json_object_set_new(record, "date_order", odoo_now());
	if (json_object_get(record, "date") != NULL)
		json_object_set_new(record, "date", odoo_today());
	if (json_object_get(record, "payment_date") != NULL)
		json_object_set_new(record, "payment_date", odoo_today());
	return record;
}

/* As it is compared there: letters and digits only, in upper case. */
static bool
is_same_account(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (toupper((unsigned char)*a) != toupper((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

/* An archived account takes its number, too. */
static bool
check_account(struct odoo_call *call, const json_t *record)
{
	const char *partner = sandbox_json_text(record, "partner_id");
	const char *number = sandbox_json_text(record, "acc_number");
	const char *id;
	json_t *other;

	json_object_foreach (call->table->records, id, other) {
		if (strcmp(partner, sandbox_json_text(other, "partner_id")) ==
			0 &&
		    is_same_account(number,
			sandbox_json_text(other, "acc_number")))
			return odoo_fail(call,
			    "odoo.exceptions.ValidationError",
			    "The operation cannot be completed: The "
			    "combination Account Number/Partner must be "
			    "unique.");
	}
	return true;
}

static bool
check_new(struct odoo_call *call, const json_t *record)
{
	const struct odoo_model *model = call->table->model;

	if (model->required != NULL &&
	    json_is_false(json_object_get(record, model->required)))
		return odoo_fail(call, "odoo.exceptions.ValidationError", "%s",
		    model->required_message);
	if (strcmp(model->name, "account.move") == 0 &&
	    strcmp(sandbox_json_text(record, "state"), "posted") == 0)
		return odoo_fail(call, "odoo.exceptions.UserError",
		    "You cannot create a move already in the posted state. "
		    "Please create a draft move and post it after.");
	return strcmp(model->name, "res.partner.bank") != 0 ||
	    check_account(call, record);
}

/* Two fields of a partner tell the same. */
static void
set_company_type(json_t *record)
{
	if (json_is_true(json_object_get(record, "is_company")))
		odoo_record_set(record, "company_type", "\"company\"");
	else if (strcmp(sandbox_json_text(record, "company_type"),
		     "company") == 0)
		odoo_record_set(record, "is_company", "true");
}

/* ------------------------------------------- lines that are records */

/* The new lines that vals hold, as their values, to be freed. */
static json_t *
new_lines(const struct odoo_model *model, const json_t *vals)
{
	json_t *lines = json_array();
	const struct odoo_field *field = model->fields;
	const json_t *commands;

	while (field->name != NULL && field->type != ODOO_LINES)
		field++;
	commands = json_object_get(vals, field->name ? field->name : "");
	for (size_t i = 0; i < json_array_size(commands); i++) {
		const json_t *command = json_array_get(commands, i);

		if (strcmp(digits_of(json_array_get(command, 0)), "0") == 0)
			json_array_append(lines, json_array_get(command, 2));
	}
	return lines;
}

static struct odoo_call
call_on_lines(const struct odoo_call *call)
{
	return (struct odoo_call){.odoo = call->odoo,
	    .table =
		odoo_table_find(call->odoo, call->table->model->line_model),
	    .method = call->method};
}

static bool
check_lines(struct odoo_call *call, const json_t *vals)
{
	struct odoo_call own;
	json_t *lines;

	if (call->table->model->line_model == NULL)
		return true;
	own = call_on_lines(call);
	lines = new_lines(call->table->model, vals);
	for (size_t i = 0; own.error == NULL && i < json_array_size(lines); i++)
		json_decref(convert_all(&own, json_array_get(lines, i)));
	json_decref(lines);
	return own.error == NULL ||
	    odoo_fail(call, own.error, "%s", own.message);
}

/* A record, not yet in its table; NULL with the error set. */
static json_t *
prepare(struct odoo_call *call, const json_t *vals)
{
	json_t *converted = convert_all(call, vals);
	json_t *record;

	if (converted == NULL)
		return NULL;
	record = blank_record(call->table->model);
	json_object_update(record, converted);
	json_decref(converted);
	set_company_type(record);
	if (!check_new(call, record) || !check_lines(call, vals) ||
	    !add_all_lines(call, record, vals) ||
	    !odoo_purchase_take(call, record, vals)) {
		json_decref(record);
		return NULL;
	}
	return record;
}

static char
order_letter(const struct odoo_model *model)
{
	return strcmp(model->name, "sale.order") == 0 ? 'S' : 'P';
}

static const char *
table_insert(struct odoo_table *table, json_t *record, char id[24])
{
	json_t *with_id;
	int failed;

	snprintf(id, 24, "%lld", (long long)++table->last_id);
	if (strcmp(sandbox_json_text(record, "name"), "New") == 0)
		json_object_set_new(record, "name",
		    json_sprintf("%c%05lld", order_letter(table->model),
			(long long)table->last_id));
	with_id = json_pack("{s:o}", "id", sandbox_json_number(id));
	failed = json_object_update(with_id, record);
	must(failed == 0);
	json_decref(record);
	json_object_set_new(table->records, id, with_id);
	return id;
}

/* They have been checked. */
static void
insert_lines(
    const struct odoo_call *call, const char *order, const json_t *vals)
{
	struct odoo_call own;
	json_t *lines;
	json_t *ids;
	char id[24];

	if (call->table->model->line_model == NULL)
		return;
	own = call_on_lines(call);
	lines = new_lines(call->table->model, vals);
	ids = json_array();
	for (size_t i = 0; i < json_array_size(lines); i++) {
		json_t *line = blank_record(own.table->model);
		json_t *values = convert_all(&own, json_array_get(lines, i));

		json_object_update(line, values);
		json_decref(values);
		odoo_record_set(line, "order_id", order);
		table_insert(own.table, line, id);
		json_array_append_new(ids, sandbox_json_number(id));
	}
	json_object_set_new(odoo_record_find(call->table, order), "order_line",
	    ids);
	json_decref(lines);
}

static bool
create_all(struct odoo_call *call, const json_t *list, json_t *ids)
{
	json_t *records = json_array();
	bool ok = true;
	char id[24];

	for (size_t i = 0; ok && i < json_array_size(list); i++) {
		json_t *record = prepare(call, json_array_get(list, i));
		ok = record != NULL;
		if (ok)
			json_array_append_new(records, record);
	}
	for (size_t i = 0; ok && i < json_array_size(records); i++) {
		table_insert(call->table,
		    json_incref(json_array_get(records, i)), id);
		insert_lines(call, id, json_array_get(list, i));
		odoo_purchase_recount(call->odoo,
		    odoo_record_find(call->table, id));
		json_array_append_new(ids, sandbox_json_number(id));
	}
	json_decref(records);
	return ok;
}

bool
odoo_record_create(struct odoo_call *call)
{
	json_t *vals = json_object_get(call->args, "vals_list");
	json_t *list = list_of(vals);
	json_t *ids = json_array();
	bool ok;

	if (vals == NULL)
		ok = odoo_fail(call, "builtins.TypeError", "create() missing 1 "
		    "required positional argument: 'vals_list'");
	else
		ok = create_all(call, list, ids);
	if (ok) {
		odoo_record_log(call, ids, vals);
		call->result = json_is_array(vals)
		    ? json_incref(ids)
		    : json_incref(json_array_get(ids, 0));
	}
	json_decref(ids);
	json_decref(list);
	return ok;
}

static void
seed_company(struct sandbox_odoo *odoo)
{
	struct odoo_table *table = odoo_table_find(odoo, "res.company");
	char id[24];

	table_insert(table, blank_record(table->model), id);
	table->last_seeded_id = table->last_id;
}

static void
seed_bills(struct sandbox_odoo *odoo)
{
	struct odoo_table *table = odoo_table_find(odoo, "account.move");
	char id[24];

	for (int64_t i = 1; i <= odoo->bills; i++) {
		json_t *record = blank_record(table->model);

		json_object_set_new(record, "name",
		    json_sprintf("BILL/2026/01/%04lld", (long long)i));
		odoo_record_set(record, "move_type", "\"in_invoice\"");
		odoo_record_set(record, "state", "\"posted\"");
		odoo_record_set(record, "posted_before", "true");
		odoo_record_set(record, "amount_untaxed", "1000.0");
		odoo_record_set(record, "amount_total", "1000.0");
		odoo_record_set(record, "amount_residual", "1000.0");
		table_insert(table, record, id);
	}
	table->last_seeded_id = table->last_id;
	table->numbers = (uint64_t)odoo->bills;
}

void
odoo_record_seed(struct sandbox_odoo *odoo)
{
	seed_company(odoo);
	seed_bills(odoo);
}

/* ------------------------------------------------------------------ write */

static void
write_one(const struct odoo_call *call, json_t *record,
    const json_t *converted)
{
	json_object_update(record, (json_t *)(uintptr_t)converted);
	json_object_set_new(record, "write_date", odoo_now());
	odoo_purchase_recount(call->odoo, record);
}

bool
odoo_record_write(struct odoo_call *call)
{
	json_t *vals = json_object_get(call->args, "vals");
	json_t *converted = NULL;
	json_t *ids = NULL;
	bool ok = odoo_record_ids(call, &ids) &&
	    (converted = convert_all(call, vals)) != NULL;

	for (size_t i = 0; ok && i < json_array_size(ids); i++)
		write_one(call,
		    odoo_record_find(call->table,
			digits_of(json_array_get(ids, i))),
		    converted);
	if (ok) {
		odoo_record_log(call, ids, vals);
		call->result = json_true();
	}
	json_decref(ids);
	json_decref(converted);
	return ok;
}

bool
odoo_record_unlink(struct odoo_call *call)
{
	json_t *ids;

	if (!odoo_record_ids(call, &ids))
		return false;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const json_t *record = odoo_record_find(call->table,
		    digits_of(json_array_get(ids, i)));

		if (strcmp(sandbox_json_text(record, "state"), "posted") == 0) {
			json_decref(ids);
			return odoo_fail(call, "odoo.exceptions.UserError",
			    "You can't delete a posted journal item. Don’t "
			    "play games with your accounting records; reset "
			    "the journal entry to draft before deleting it.");
		}
	}
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = digits_of(json_array_get(ids, i));
		json_t *record = odoo_record_find(call->table, id);

		odoo_record_set(record, "state", "\"cancel\"");
		odoo_purchase_recount(call->odoo, record);
		json_object_del(call->table->records, id);
	}
	odoo_record_log(call, ids, NULL);
	call->result = json_true();
	json_decref(ids);
	return true;
}

/* ------------------------------------------------------------------- read */

static json_t *
show_value(struct odoo_call *call, const struct odoo_field *field,
    json_t *value, bool names)
{
	const char *id = digits_of(value);

	if (field->type != ODOO_MANY2ONE || !names || id[0] == '\0')
		return json_incref(value);
	return json_pack("[O,s]", value,
	    odoo_display_name(call->odoo, field->detail, id));
}

static json_t *
show_record(struct odoo_call *call, const json_t *record, const json_t *fields)
{
	json_t *load = json_object_get(call->args, "load");
	bool names = load == NULL || !json_is_null(load);
	json_t *shown = json_pack("{s:O}", "id", json_object_get(record, "id"));

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const char *name = json_string_value(json_array_get(fields, i));
		const struct odoo_field *field =
		    odoo_field_find(call->table->model, name);

		if (field != NULL)
			json_object_set_new(shown, name, show_value(call, field,
			    json_object_get(record, name), names));
	}
	return shown;
}

/* The fields asked for, or all; NULL with the error set. */
static json_t *
fields_wanted(struct odoo_call *call)
{
	const struct odoo_model *model = call->table->model;
	json_t *fields = json_object_get(call->args, "fields");
	json_t *all;

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const char *name = json_string_value(json_array_get(fields, i));

		if (name == NULL || (strcmp(name, "id") != 0 &&
		    odoo_field_find(model, name) == NULL)) {
			odoo_fail(call, "builtins.ValueError",
			    "Invalid field '%s' on model '%s'",
			    name ? name : "", model->name);
			return NULL;
		}
	}
	if (json_array_size(fields) > 0)
		return json_incref(fields);
	all = json_array();
	for (const struct odoo_field *field = model->fields; field->name;
	     field++)
		json_array_append_new(all, json_string(field->name));
	return all;
}

bool
odoo_record_show(struct odoo_call *call, const json_t *ids)
{
	json_t *fields = fields_wanted(call);

	if (fields == NULL)
		return false;
	call->result = json_array();
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const json_t *record = odoo_record_find(call->table,
		    digits_of(json_array_get(ids, i)));
		if (record != NULL)
			json_array_append_new(call->result,
			    show_record(call, record, fields));
	}
	json_decref(fields);
	return true;
}

/* What is not there is left out, without an error. */
bool
odoo_record_read(struct odoo_call *call)
{
	json_t *ids = list_of(json_object_get(call->args, "ids"));
	bool ok = odoo_record_show(call, ids);

	json_decref(ids);
	return ok;
}

bool
odoo_record_exists(struct odoo_call *call)
{
	json_t *ids = list_of(json_object_get(call->args, "ids"));

	call->result = json_array();
	for (size_t i = 0; i < json_array_size(ids); i++) {
		json_t *id = json_array_get(ids, i);
		if (odoo_record_find(call->table, digits_of(id)) != NULL)
			json_array_append(call->result, id);
	}
	json_decref(ids);
	return true;
}
