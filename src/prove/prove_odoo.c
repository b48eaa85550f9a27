/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_odoo.c: calls that Odoo takes otherwise than they read.
 *
 * It drops a condition that it can't search by and finds everything; it does
 * again what it is asked again; it takes a state that is written past every
 * check; and what its buttons answer says nothing.  None of that is an error
 * to Odoo, so it is told before there is money in it.
 *
 * Only what is written down is judged: an expression may give anything, and
 * stands as null in the outline of the arguments.
 */
#include "prove_priv.h"

struct odoo_proof {
	const struct def_operation *operation;
	struct str model;
	struct str method;
	const struct value *args;   /* a list, or null where not known */
	const struct value *kwargs; /* a context, or null where not known */
	struct arena *arena;
	struct diag_list *diags;
};

/* ---- what is written ---- */

static const struct value *outline(
    struct arena *arena, const struct template *template);

static const struct value *
outline_context(struct arena *arena, const struct template *template)
{
	struct value_builder *context = value_build_context(arena);

	for (size_t i = 0; i < template->count; i++)
		value_put_kept(context, template->fields[i].key,
		    outline(arena, template->fields[i].value));
	return value_built(context);
}

static const struct value *
outline_list(struct arena *arena, const struct template *template)
{
	struct value_builder *list = value_build_list(arena);

	for (size_t i = 0; i < template->count; i++)
		value_append(list, outline(arena, template->items[i]));
	return value_built(list);
}

static const struct value *
outline(struct arena *arena, const struct template *template)
{
	switch (template->kind) {
	case TEMPLATE_LITERAL:
		return template->literal;
	case TEMPLATE_LIST:
		return outline_list(arena, template);
	case TEMPLATE_CONTEXT:
		return outline_context(arena, template);
	case TEMPLATE_FEEL:
	case TEMPLATE_SECRET:
		return &value_null;
	}
	return &value_null;
}

/* By its place, or by its name. */
static const struct value *
argument(const struct odoo_proof *self, size_t place, const char *name)
{
	if (self->args->type == VALUE_LIST &&
	    self->args->as.list.count > place)
		return self->args->as.list.items[place];
	return value_field_or_null(self->kwargs, name);
}

static const struct value *
item_at(const struct value *list, size_t index)
{
	return list->type == VALUE_LIST && list->as.list.count > index
	    ? list->as.list.items[index]
	    : &value_null;
}

static bool
is_method(const struct odoo_proof *self, const char *name)
{
	return str_equal(self->method, str_of(name));
}

static bool
is_search(const struct odoo_proof *self)
{
	return is_method(self, "search") || is_method(self, "search_read") ||
	    is_method(self, "search_count");
}

/* The method, of that model or, where NULL is written, of any. */
struct method_row {
	const char *model;
	const char *method;
	const char *context; /* what lets it act at once; NULL: nothing does */
};

static const struct method_row *
find_method(const struct odoo_proof *self, const struct method_row *rows,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_method(self, rows[i].method) && (!rows[i].model ||
		    str_equal(self->model, str_of(rows[i].model))))
			return &rows[i];
	return NULL;
}

/* Whether the call's context has that, or an expression may give it. */
static bool
may_have_in_context(const struct odoo_proof *self, const char *name)
{
	const struct value *context;

	if (self->kwargs->type != VALUE_CONTEXT)
		return true;
	context = value_get_cstr(self->kwargs, "context");
	return context != NULL &&
	    (context->type != VALUE_CONTEXT || value_get_cstr(context, name));
}

#define TELL(self, ...)                                                        \
	diag_add((self)->diags, DIAG_WARNING, PROVE_ODOO,                      \
	    (self)->operation->span, __VA_ARGS__)

/* ---- searches ---- */

/* Computed when they are read; Odoo keeps no column of them to search by. */
static const struct {
	const char *model;
	const char *field;
	const char *instead;
} computed_fields[] = {
	{"account.payment", "reconciled_invoice_ids", "`invoice_ids`"},
	{"account.payment", "reconciled_bill_ids", "`invoice_ids`"},
	{"account.payment", "reconciled_statement_line_ids",
	    "the statement lines' own `payment_ids`"},
	{"account.payment", "duplicate_payment_ids", "`memo`"},
	{"account.move", "duplicated_ref_ids", "`ref` and `partner_id`"},
};

static void
prove_condition(const struct odoo_proof *self, const struct value *condition)
{
	struct str field = value_str(item_at(condition, 0));

	for (size_t i = 0; i < COUNT_OF(computed_fields); i++) {
		if (!str_equal(self->model, str_of(computed_fields[i].model)) ||
		    !str_equal(field, str_of(computed_fields[i].field)))
			continue;
		TELL(self, "Odoo can't search by `%.*s`: it drops the "
		    "condition and finds every record", STR_ARG(field));
		diag_repair(self->diags, "search by %s",
		    computed_fields[i].instead);
	}
	if (str_equal(field, STR("write_date")) &&
	    str_equal(value_str(item_at(condition, 1)), STR(">"))) {
		TELL(self, "whoever polls by `%.*s` misses what was written "
		    "slowly: it is when a transaction began", STR_ARG(field));
		diag_repair(self->diags, "search from some minutes before "
		    "(`>=`), and remember the pairs of id and write_date");
	}
}

static void
prove_domain(const struct odoo_proof *self)
{
	const struct value *domain = argument(self, 0, "domain");

	for (size_t i = 0; is_search(self) && domain->type == VALUE_LIST &&
	     i < domain->as.list.count; i++)
		prove_condition(self, domain->as.list.items[i]);
}

static void
prove_limit(const struct odoo_proof *self)
{
	const struct value *limit = value_field_or_null(self->kwargs, "limit");
	int64_t n;

	if (!is_search(self) || !value_to_int(limit, &n) || n != 0)
		return;
	TELL(self, "`limit: 0` of `%.*s` is no limit: Odoo gives all records",
	    STR_ARG(self->method));
	diag_repair(self->diags,
	    "leave the call out where nothing is wanted, or write how many");
}

/* ---- what changes something ---- */

static const struct method_row repeated_methods[] = {
	{NULL, "create", NULL},
	{NULL, "copy", NULL},
	{NULL, "message_post", NULL},
	{"account.payment.register", "action_create_payments", NULL},
	{"account.move.reversal", "refund_moves", NULL},
	{"account.move.reversal", "modify_moves", NULL},
};

static void
prove_repetition(const struct odoo_proof *self)
{
	/* What a wizard is opened with goes by itself. */
	bool is_wizard = is_method(self, "create") &&
	    (str_equal(self->model, STR("account.payment.register")) ||
		str_equal(self->model, STR("account.move.reversal")));

	if (is_wizard || !self->operation->idempotent ||
	    !find_method(self, repeated_methods, COUNT_OF(repeated_methods)))
		return;
	TELL(self, "Odoo does `%.*s` again each time: it is not `idempotent`",
	    STR_ARG(self->method));
	diag_repair(self->diags, "give it a reference of your own, and the "
	    "steps that call it a `verify` that searches for that");
}

static void
prove_state(const struct odoo_proof *self)
{
	const struct value *values = is_method(self, "write")
	    ? argument(self, 1, "vals") : argument(self, 0, "vals_list");

	if (!is_method(self, "write") && !is_method(self, "create"))
		return;
	if (values->type == VALUE_LIST)
		values = item_at(values, 0);
	if (!value_get_cstr(values, "state"))
		return;
	TELL(self, "`%.*s` sets `state` past the checks of the method that "
	    "leads there", STR_ARG(self->method));
	diag_repair(self->diags, "call that method, such as action_post, and "
	    "read `state` afterwards");
}

static bool
is_line_field(struct str field, struct str *line)
{
	size_t slash = str_find(field, STR("/"));

	*line = str_slice(field, 0, slash);
	return slash != SIZE_MAX && slash > 0;
}

static bool
has_line_id(const struct value *fields, struct str line)
{
	for (size_t i = 0; i < fields->as.list.count; i++) {
		struct str field = value_str(fields->as.list.items[i]);
		struct str other;

		if (is_line_field(field, &other) && str_equal(other, line) &&
		    str_has_suffix(field, STR("/id")))
			return true;
	}
	return false;
}

static void
prove_load(const struct odoo_proof *self)
{
	const struct value *fields = argument(self, 0, "fields");

	for (size_t i = 0; is_method(self, "load") &&
	     fields->type == VALUE_LIST && i < fields->as.list.count; i++) {
		struct str field = value_str(fields->as.list.items[i]);
		struct str line;

		if (!is_line_field(field, &line) || has_line_id(fields, line))
			continue;
		TELL(self, "`load` adds the `%.*s` once more each time it is "
		    "repeated", STR_ARG(line));
		diag_repair(self->diags, "give each line an external id of its "
		    "own: `%.*s/id`", STR_ARG(line));
		return;
	}
}

/* ---- buttons ---- */

static const struct method_row asking_buttons[] = {
	{"sale.order", "action_cancel", "disable_cancel_warning"},
	{"stock.picking", "button_validate", "skip_backorder"},
};

static void
prove_button(const struct odoo_proof *self)
{
	const struct method_row *row = find_method(self, asking_buttons,
	    COUNT_OF(asking_buttons));

	if (!row || may_have_in_context(self, row->context))
		return;
	TELL(self, "`%.*s` may only ask back, and do nothing",
	    STR_ARG(self->method));
	diag_repair(self->diags, "add `kwargs: {context: {%s: true}}`, and "
	    "read `state` afterwards", row->context);
}

/* What a button answers is taken for its success. */
static void
prove_success(const struct odoo_proof *self)
{
	static const struct str answers[] = {
		STR_INIT("body"), STR_INIT("body = true"),
		STR_INIT("body != null"), STR_INIT("body != false"),
		STR_INIT("result"), STR_INIT("result = true"),
		STR_INIT("result != null"), STR_INIT("result != false"),
	};
	const struct template *success = self->operation->success;

	if (!success || success->kind != TEMPLATE_FEEL ||
	    !(str_has_prefix(self->method, STR("action_")) ||
		str_has_prefix(self->method, STR("button_"))))
		return;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		if (!str_equal(str_trim(success->text), answers[i]))
			continue;
		TELL(self, "what `%.*s` answers doesn't say whether it did "
		    "anything", STR_ARG(self->method));
		diag_repair(self->diags, "leave `success` out, and read "
		    "`state` by an operation of its own");
	}
}

/* ---- verify ---- */

static const char *const archived_models[] = {
	"res.partner", "res.partner.bank", "crm.lead", "product.product",
	"product.template", "account.journal",
};

static bool
is_archived_model(struct str model)
{
	for (size_t i = 0; i < COUNT_OF(archived_models); i++)
		if (str_equal(model, str_of(archived_models[i])))
			return true;
	return false;
}

static bool
sees_archived(const struct odoo_proof *self)
{
	const struct value *domain = argument(self, 0, "domain");

	if (may_have_in_context(self, "active_test") ||
	    domain->type != VALUE_LIST)
		return true;
	for (size_t i = 0; i < domain->as.list.count; i++)
		if (str_equal(value_str(item_at(domain->as.list.items[i], 0)),
			STR("active")))
			return true;
	return false;
}

/* ---- an operation ---- */

static bool
odoo_proof_init(struct odoo_proof *self, const struct def_operation *operation,
    struct arena *arena, struct diag_list *diags)
{
	*self = (struct odoo_proof){
		.operation = operation,
		.arena = arena,
		.diags = diags,
	};
	if (operation->connection->kind != CONNECTION_ODOO)
		return false;
	self->model = value_str(outline(arena, operation->model));
	self->method = value_str(outline(arena, operation->odoo_method));
	self->args = operation->args ? outline(arena, operation->args)
				     : &value_null;
	self->kwargs = operation->kwargs
	    ? outline(arena, operation->kwargs)
	    : value_built(value_build_context(arena));
	return true;
}

void
prove_connection(const struct def_connection *connection, struct arena *arena,
    struct diag_list *diags)
{
	struct odoo_proof self;

	for (size_t i = 0; i < connection->operation_count; i++) {
		if (!odoo_proof_init(&self, connection->operations[i], arena,
			diags))
			return;
		prove_domain(&self);
		prove_limit(&self);
		prove_repetition(&self);
		prove_state(&self);
		prove_load(&self);
		prove_button(&self);
		prove_success(&self);
	}
}

/* Who asks whether it happened must see what was archived since. */
void
prove_odoo(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; i < definition->call_count; i++) {
		const struct def_verify *verify = definition->calls[i]->verify;
		struct odoo_proof self;

		if (!verify || !odoo_proof_init(&self, verify->call->operation,
			proof->arena, proof->diags) || !is_search(&self) ||
		    !is_archived_model(self.model) || sees_archived(&self))
			continue;
		diag_add(proof->diags, DIAG_WARNING, PROVE_ODOO,
		    verify->call->span, "`%.*s` doesn't find a `%.*s` that was "
		    "archived since", STR_ARG(verify->call->target),
		    STR_ARG(self.model));
		diag_repair(proof->diags,
		    "add `kwargs: {context: {active_test: false}}` to it");
	}
}
