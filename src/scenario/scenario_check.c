/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_check.c: single values held against the workflow: names that have
 * to lead somewhere, and texts that have to be in a form.
 */
#include "scenario_priv.h"

#include "stated/clock.h"

/* ---- names ---- */

void
scenario_check_state(
    struct reader *reader, const struct value *value, struct str pointer)
{
	const struct definition *definition = reader->definition;
	struct str *legal;

	if (form_is_expression(value) ||
	    !form_is(reader, value, pointer, "state", FORM_TEXT) ||
	    definition_find_state(definition, value_str(value)) != NULL)
		return;
	legal = ARENA_ARRAY(reader->arena, definition->state_count, struct str);
	for (size_t i = 0; i < definition->state_count; i++)
		legal[i] = definition->states[i]->name;
	form_unknown(reader, pointer, "state", value_str(value), legal,
	    definition->state_count);
}

void
scenario_check_states(
    struct reader *reader, const struct value *value, struct str pointer)
{
	if (value->type != VALUE_LIST) {
		scenario_check_state(reader, value, pointer);
		return;
	}
	for (size_t i = 0; i < value->as.list.count; i++)
		scenario_check_state(reader, value->as.list.items[i],
		    form_item(reader, pointer, i));
}

/* What the workflow never does, at the place of a value or of a key. */
static void
report_never(struct reader *reader, struct diag_span span, const char *does,
    struct str name, const struct str *legal, size_t count)
{
	if (str_is_among(name, legal, count))
		return;
	diag_add(reader->diags, DIAG_ERROR, SCENARIO_UNKNOWN_NAME, span,
	    "the workflow never %s `%.*s`", does, STR_ARG(name));
	form_suggest(reader, name, legal, count);
}

void
scenario_check_operation(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal =
	    sim_operations(reader->definition, reader->arena, &count);

	if (!form_is_expression(value) &&
	    form_is(reader, value, pointer, "call", FORM_TEXT))
		report_never(reader, yaml_place(reader->places, pointer),
		    "calls", value_str(value), legal, count);
}

void
scenario_check_operations(
    struct reader *reader, const struct value *value, struct str pointer)
{
	if (value->type != VALUE_LIST) {
		scenario_check_operation(reader, value, pointer);
		return;
	}
	for (size_t i = 0; i < value->as.list.count; i++)
		scenario_check_operation(reader, value->as.list.items[i],
		    form_item(reader, pointer, i));
}

static void
check_outcome(struct reader *reader, const struct value *value,
    struct str pointer)
{
	struct str legal[] = {
	    outcome_name(OUTCOME_NOT_DONE),
	    outcome_name(OUTCOME_UNKNOWN),
	    outcome_name(OUTCOME_DONE_WITH_ERROR),
	};

	if (!form_is_expression(value) &&
	    !str_is_among(value_str(value), legal, COUNT_OF(legal)))
		form_unknown(reader, pointer, "outcome of an error",
		    value_str(value), legal, COUNT_OF(legal));
}

/* {error: {…}} alone is an error; beside other keys it is data. */
static void
check_error(struct reader *reader, const struct value *reply,
    struct str pointer)
{
	static const struct form_key keys[] = {
	    {"code", FORM_TEXT, false, NULL},
	    {"message", FORM_TEXT, false, NULL},
	    {"outcome", FORM_TEXT, false, check_outcome},
	    {"transient", FORM_FLAG, false, NULL},
	    {"status", FORM_NUMBER, false, NULL},
	    {"body", FORM_ANY, false, NULL},
	};
	static const struct form_table table = FORM_TABLE("an error", keys);
	const struct value *error = value_get_cstr(reply, "error");

	if (error != NULL && error->type == VALUE_CONTEXT &&
	    reply->as.context.count == 1)
		form_map(reader, error,
		    form_below(reader, pointer, STR("error")), &table);
}

void
scenario_check_replies(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal =
	    sim_operations(reader->definition, reader->arena, &count);

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];
		struct str at = form_below(reader, pointer, field->key);

		report_never(reader, yaml_place_of_key(reader->places, at),
		    "calls", field->key, legal, count);
		check_error(reader, field->value, at);
	}
}

/* A word that has to be among the names; `what` says of what kind. */
static void
check_among(struct reader *reader, const struct value *value,
    struct str pointer, const char *what, const struct str *legal, size_t count)
{
	if (!str_is_among(value_str(value), legal, count))
		form_unknown(
		    reader, pointer, what, value_str(value), legal, count);
}

/* Workflows that `run` steps start. */
static const struct str *
list_runs(struct reader *reader, size_t *count)
{
	const struct definition *definition = reader->definition;
	struct str *names =
	    ARENA_ARRAY(reader->arena, definition->step_count, struct str);

	*count = 0;
	for (size_t i = 0; i < definition->step_count; i++)
		if (definition->steps[i]->kind == STEP_RUN)
			names[(*count)++] = definition->steps[i]->workflow;
	return names;
}

void
scenario_check_run(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal = list_runs(reader, &count);

	report_never(reader, yaml_place(reader->places, pointer), "runs",
	    value_str(value), legal, count);
}

void
scenario_check_children(
    struct reader *reader, const struct value *value, struct str pointer)
{
	static const struct form_key keys[] = {
	    {"outcome", FORM_TEXT, false, NULL},
	    {"state", FORM_TEXT, false, NULL},
	    {"output", FORM_ANY, false, NULL},
	    {"refused", FORM_TEXT, false, NULL},
	};
	static const struct form_table table =
	    FORM_TABLE("a child's end", keys);
	size_t count;
	const struct str *legal = list_runs(reader, &count);

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];
		struct str at = form_below(reader, pointer, field->key);

		report_never(reader, yaml_place_of_key(reader->places, at),
		    "runs", field->key, legal, count);
		if (form_is(reader, field->value, at, "child", FORM_MAP) &&
		    field->value->type == VALUE_CONTEXT)
			form_map(reader, field->value, at, &table);
	}
}

/* Contacts that the workflow tells. */
void
scenario_check_contact(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal =
	    sim_contacts(reader->definition, reader->arena, &count);

	check_among(reader, value, pointer, "contact", legal, count);
}

/* What comes from outside has to be declared. */
void
scenario_check_event(
    struct reader *reader, const struct value *value, struct str pointer)
{
	const struct definition *definition = reader->definition;
	struct str *legal;

	if (definition_find_event(definition, value_str(value)) != NULL)
		return;
	legal = ARENA_ARRAY(reader->arena, definition->event_count, struct str);
	for (size_t i = 0; i < definition->event_count; i++)
		legal[i] = definition->events[i].type;
	form_error(reader, SCENARIO_UNKNOWN_NAME, pointer,
	    "the workflow declares no event `%.*s`", STR_ARG(value_str(value)));
	form_suggest(reader, value_str(value), legal, definition->event_count);
}

static void
check_kind(struct reader *reader, const struct value *value, struct str pointer)
{
	struct str legal[AUDIT_KIND_COUNT];

	for (size_t i = 0; i < AUDIT_KIND_COUNT; i++)
		legal[i] = audit_kind_name((enum audit_kind)i);
	check_among(
	    reader, value, pointer, "kind of record", legal, AUDIT_KIND_COUNT);
}

void
scenario_check_records(
    struct reader *reader, const struct value *value, struct str pointer)
{
	for (size_t i = 0; i < value->as.list.count; i++) {
		const struct value *item = value->as.list.items[i];
		struct str at = form_item(reader, pointer, i);

		if (!form_is(reader, item, at, "expect-history",
			FORM_TEXT | FORM_MAP))
			continue;
		if (item->type == VALUE_STRING)
			check_kind(reader, item, at);
		else if (value_get_cstr(item, "kind") != NULL)
			check_kind(reader, value_field_or_null(item, "kind"),
			    form_below(reader, at, STR("kind")));
	}
}

/* ---- forms of texts ---- */

void
scenario_check_span(
    struct reader *reader, const struct value *value, struct str pointer)
{
	struct def_span span;

	if (value->type != VALUE_STRING || form_is_expression(value) ||
	    def_span_parse(value_str(value), &span))
		return;
	form_error(reader, SCENARIO_BAD_FORM, pointer, "`%.*s` is no duration",
	    STR_ARG(value_str(value)));
	diag_repair(
	    reader->diags, "write 31m, 4h, 2d, PT4H or 3 business days");
}

void
scenario_check_instant(
    struct reader *reader, const struct value *value, struct str pointer)
{
	int64_t ms;

	if (clock_parse(value_str(value), &ms))
		return;
	form_error(reader, SCENARIO_BAD_FORM, pointer, "`%.*s` is no instant",
	    STR_ARG(value_str(value)));
	diag_repair(reader->diags, "write 2026-11-23T10:00:00+01:00");
}

void
scenario_check_how(
    struct reader *reader, const struct value *value, struct str pointer)
{
	static const struct str legal[] = {STR_INIT("retry"),
	    STR_INIT("supply"), STR_INIT("skip"), STR_INIT("compensate"),
	    STR_INIT("cancel")};
	enum chart_settlement settlement;

	if (value->type != VALUE_STRING || form_is_expression(value) ||
	    chart_settlement_parse(value_str(value), &settlement))
		return;
	form_error(reader, SCENARIO_UNKNOWN_NAME, pointer,
	    "nothing is settled by `%.*s`", STR_ARG(value_str(value)));
	form_suggest(
	    reader, value_str(value), legal, sizeof(legal) / sizeof(legal[0]));
}

/* Asked of what is no expression only. */
void
scenario_check_condition(
    struct reader *reader, const struct value *value, struct str pointer)
{
	form_error(
	    reader, SCENARIO_WRONG_KIND, pointer, "`that` takes an expression");
	diag_repair(reader->diags, "write '= %.*s'", STR_ARG(value_str(value)));
}
