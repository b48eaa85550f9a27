/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_step.c: what a step may be: one table.
 *
 * A step is a mapping with one key of the table and, beside it, what says more
 * about it.  An act goes to the simulation as it stands, once its expressions
 * are evaluated; an expectation is held against what is.
 */
#include "scenario_priv.h"

#include "stated/clock.h"

/* ---- names ---- */

static void
check_state(
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

static void
check_states(
    struct reader *reader, const struct value *value, struct str pointer)
{
	if (value->type != VALUE_LIST) {
		check_state(reader, value, pointer);
		return;
	}
	for (size_t i = 0; i < value->as.list.count; i++)
		check_state(reader, value->as.list.items[i],
		    form_item(reader, pointer, i));
}

/* What the workflow never does, at the place of a value or of a key. */
static void
report_never(struct reader *reader, struct diag_span span, const char *does,
    struct str name, const struct str *legal, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(legal[i], name))
			return;
	diag_add(reader->diags, DIAG_ERROR, SCENARIO_UNKNOWN_NAME, span,
	    "the workflow never %s `%.*s`", does, STR_ARG(name));
	form_suggest(reader, name, legal, count);
}

static void
check_operation(
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

static void
check_operations(
    struct reader *reader, const struct value *value, struct str pointer)
{
	if (value->type != VALUE_LIST) {
		check_operation(reader, value, pointer);
		return;
	}
	for (size_t i = 0; i < value->as.list.count; i++)
		check_operation(reader, value->as.list.items[i],
		    form_item(reader, pointer, i));
}

void
scenario_step_check_replies(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal =
	    sim_operations(reader->definition, reader->arena, &count);

	for (size_t i = 0; i < value->as.context.count; i++) {
		struct str key = value->as.context.fields[i].key;

		report_never(reader,
		    yaml_place_of_key(
			reader->places, form_below(reader, pointer, key)),
		    "calls", key, legal, count);
	}
}

/* A word that has to be among the names; `what` says of what kind. */
static void
check_among(struct reader *reader, const struct value *value,
    struct str pointer, const char *what, const struct str *legal, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(legal[i], value_str(value)))
			return;
	form_unknown(reader, pointer, what, value_str(value), legal, count);
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

static void
check_run(struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal = list_runs(reader, &count);

	report_never(reader, yaml_place(reader->places, pointer), "runs",
	    value_str(value), legal, count);
}

static void
check_children(
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
static void
check_contact(
    struct reader *reader, const struct value *value, struct str pointer)
{
	size_t count;
	const struct str *legal =
	    sim_contacts(reader->definition, reader->arena, &count);

	check_among(reader, value, pointer, "contact", legal, count);
}

/* What comes from outside has to be declared. */
static void
check_event(
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

static void
check_records(
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

static void
check_span(struct reader *reader, const struct value *value, struct str pointer)
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

static void
check_instant(
    struct reader *reader, const struct value *value, struct str pointer)
{
	int64_t ms;

	if (clock_parse(value_str(value), &ms))
		return;
	form_error(reader, SCENARIO_BAD_FORM, pointer, "`%.*s` is no instant",
	    STR_ARG(value_str(value)));
	diag_repair(reader->diags, "write 2026-11-23T10:00:00+01:00");
}

static void
check_how(struct reader *reader, const struct value *value, struct str pointer)
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
static void
check_condition(
    struct reader *reader, const struct value *value, struct str pointer)
{
	form_error(
	    reader, SCENARIO_WRONG_KIND, pointer, "`that` takes an expression");
	diag_repair(reader->diags, "write '= %.*s'", STR_ARG(value_str(value)));
}

/* ---- mappings ---- */

#define FORM_ACTOR (FORM_TEXT | FORM_MAP)
#define WHO                                       \
	{"actor", FORM_ACTOR, false, NULL},       \
	{                                         \
		"comment", FORM_TEXT, false, NULL \
	}

static const struct form_key event_keys[] = {
    {"type", FORM_TEXT, true, check_event},
    {"subject", FORM_TEXT | FORM_NUMBER, false, NULL},
    {"data", FORM_ANY, false, NULL},
    {"id", FORM_TEXT, false, NULL},
    {"source", FORM_TEXT, false, NULL},
    {"time", FORM_TEXT, false, NULL},
    {"actor", FORM_ACTOR, false, NULL},
};
static const struct form_key decide_keys[] = {
    {"choice", FORM_TEXT, true, NULL},
    {"data", FORM_ANY, false, NULL},
    {"state", FORM_TEXT, false, check_state},
    WHO,
};
static const struct form_key settle_keys[] = {
    {"how", FORM_TEXT, true, check_how},
    {"data", FORM_ANY, false, NULL},
    {"state", FORM_TEXT, false, check_state},
    {"step", FORM_TEXT, false, NULL},
    WHO,
};
static const struct form_key acknowledge_keys[] = {
    {"state", FORM_TEXT, false, check_state},
    WHO,
};
static const struct form_key cancel_keys[] = {
    {"compensate", FORM_FLAG, false, NULL},
    WHO,
};
static const struct form_key operator_keys[] = {WHO};
static const struct form_key advance_keys[] = {
    {"to", FORM_TEXT, true, check_instant},
};
static const struct form_key instance_keys[] = {
    {"state", FORM_TEXT, false, check_state},
    {"states", FORM_LIST | FORM_TEXT, false, check_states},
    {"status", FORM_TEXT, false, NULL},
    {"data", FORM_MAP, false, NULL},
    {"outcome", FORM_TEXT, false, NULL},
    {"output", FORM_ANY, false, NULL},
    {"error", FORM_ANY, false, NULL},
    {"priority", FORM_TEXT, false, NULL},
    {"labels", FORM_MAP, false, NULL},
    {"initiator", FORM_TEXT, false, NULL},
    {"that", FORM_TEXT, false, check_condition},
};
static const struct form_key call_keys[] = {
    {"call", FORM_TEXT, true, check_operation},
    {"with", FORM_MAP, false, NULL},
    {"key", FORM_TEXT, false, NULL},
    {"attempt", FORM_NUMBER, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key escalation_keys[] = {
    {"to", FORM_TEXT, false, check_contact},
    {"level", FORM_NUMBER, false, NULL},
    {"severity", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, check_state},
    {"message", FORM_TEXT, false, NULL},
    {"fired", FORM_NUMBER, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key notice_keys[] = {
    {"to", FORM_TEXT, false, check_contact},
    {"by", FORM_TEXT, false, NULL},
    {"message", FORM_TEXT, false, NULL},
    {"level", FORM_TEXT, false, NULL},
    {"with", FORM_MAP, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key emitted_keys[] = {
    {"type", FORM_TEXT, true, NULL},
    {"subject", FORM_ANY, false, NULL},
    {"data", FORM_ANY, false, NULL},
    {"id", FORM_TEXT, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key run_keys[] = {
    {"workflow", FORM_TEXT, true, check_run},
    {"input", FORM_MAP, false, NULL},
    {"priority", FORM_TEXT, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key task_keys[] = {
    {"title", FORM_TEXT, false, NULL},
    {"description", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, check_state},
    {"role", FORM_TEXT | FORM_NOTHING, false, NULL},
    {"approvals", FORM_NUMBER, false, NULL},
    {"choices", FORM_LIST, false, NULL},
    {"decisions", FORM_LIST, false, NULL},
    {"due", FORM_TEXT, false, NULL},
};
static const struct form_key incident_keys[] = {
    {"kind", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, check_state},
    {"step", FORM_TEXT, false, NULL},
    {"message", FORM_TEXT, false, NULL},
    {"error", FORM_ANY, false, NULL},
    {"owner", FORM_TEXT, false, NULL},
};

static const struct form_table
    event_table = FORM_TABLE("an event", event_keys),
    decide_table = FORM_TABLE("a decision", decide_keys),
    settle_table = FORM_TABLE("a settlement", settle_keys),
    acknowledge_table = FORM_TABLE("an acknowledgement", acknowledge_keys),
    cancel_table = FORM_TABLE("a cancel", cancel_keys),
    operator_table = FORM_TABLE("an operator's act", operator_keys),
    advance_table = FORM_TABLE("an advance", advance_keys),
    instance_table = FORM_TABLE("an expectation", instance_keys),
    call_table = FORM_TABLE("an expected call", call_keys),
    escalation_table = FORM_TABLE("an expected escalation", escalation_keys),
    notice_table = FORM_TABLE("an expected notice", notice_keys),
    emitted_table = FORM_TABLE("an expected event", emitted_keys),
    run_table = FORM_TABLE("an expected run", run_keys),
    task_table = FORM_TABLE("an expected task", task_keys),
    incident_table = FORM_TABLE("an expected incident", incident_keys);

/* ---- the table ---- */

#define FORM_OPTIONAL (FORM_MAP | FORM_NOTHING)
#define FORM_SHORT (FORM_TEXT | FORM_MAP)
#define FORM_WHETHER (FORM_TEXT | FORM_MAP | FORM_FLAG | FORM_NOTHING)

#define ACT(name, forms, table, check)                                         \
	{                                                                      \
		STR_INIT(name), forms, table, check, false, scenario_play_act, \
		    {NULL, 0}, NULL                                            \
	}
#define EXPECT(name, forms, table, check, play, kind, main)      \
	{                                                        \
		STR_INIT(name), forms, table, check, true, play, \
		    STR_INIT(kind), main                         \
	}

static const struct step_row rows[] = {
    ACT("reply", FORM_MAP, NULL, scenario_step_check_replies),
    ACT("event", FORM_SHORT, &event_table, check_event),
    ACT("decide", FORM_SHORT, &decide_table, NULL),
    ACT("advance", FORM_SHORT, &advance_table, check_span),
    ACT("settle", FORM_SHORT, &settle_table, check_how),
    ACT("acknowledge", FORM_OPTIONAL, &acknowledge_table, NULL),
    ACT("cancel", FORM_OPTIONAL, &cancel_table, NULL),
    ACT("suspend", FORM_OPTIONAL, &operator_table, NULL),
    ACT("resume", FORM_OPTIONAL, &operator_table, NULL),
    ACT("child", FORM_MAP, NULL, check_children),
    EXPECT("expect", FORM_SHORT | FORM_LIST, &instance_table, check_states,
	scenario_expect_instance, "", NULL),
    EXPECT("expect-call", FORM_SHORT, &call_table, check_operations,
	scenario_expect_happening, "call", "call"),
    EXPECT("expect-no-call", FORM_WHETHER | FORM_LIST, &call_table,
	check_operations, scenario_expect_no_happening, "call", "call"),
    EXPECT("expect-escalation", FORM_SHORT, &escalation_table, check_contact,
	scenario_expect_happening, "escalation", "to"),
    EXPECT("expect-no-escalation", FORM_WHETHER, &escalation_table,
	check_contact, scenario_expect_no_happening, "escalation", "to"),
    EXPECT("expect-notice", FORM_SHORT, &notice_table, check_contact,
	scenario_expect_happening, "notice", "to"),
    EXPECT("expect-no-notice", FORM_WHETHER, &notice_table, check_contact,
	scenario_expect_no_happening, "notice", "to"),
    EXPECT("expect-event", FORM_SHORT, &emitted_table, NULL,
	scenario_expect_happening, "event", "type"),
    EXPECT("expect-no-event", FORM_WHETHER, &emitted_table, NULL,
	scenario_expect_no_happening, "event", "type"),
    EXPECT("expect-run", FORM_SHORT, &run_table, check_run,
	scenario_expect_happening, "run", "workflow"),
    EXPECT("expect-no-run", FORM_WHETHER, &run_table, check_run,
	scenario_expect_no_happening, "run", "workflow"),
    EXPECT("expect-task", FORM_SHORT, &task_table, NULL, scenario_expect_item,
	"tasks", "title"),
    EXPECT("expect-no-task", FORM_WHETHER, &task_table, NULL,
	scenario_expect_no_item, "tasks", "title"),
    EXPECT("expect-incident", FORM_SHORT, &incident_table, NULL,
	scenario_expect_item, "incidents", "kind"),
    EXPECT("expect-no-incident", FORM_WHETHER, &incident_table, NULL,
	scenario_expect_no_item, "incidents", "kind"),
    EXPECT("expect-compensation", FORM_LIST, NULL, check_operations,
	scenario_expect_compensation, "", NULL),
    EXPECT("expect-history", FORM_LIST, NULL, check_records,
	scenario_expect_history, "", NULL),
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* What may stand beside a step's own key. */
struct beside {
	struct str name;
	unsigned forms;
	struct str of[2]; /* these steps only; none: every act */
};

static const struct beside besides[] = {
    {STR_INIT("times"), FORM_NUMBER, {STR_INIT("reply"), STR_INIT("child")}},
    {STR_INIT("always"), FORM_FLAG, {STR_INIT("reply"), STR_INIT("child")}},
    {STR_INIT("fate"), FORM_TEXT, {STR_INIT("event")}},
    {STR_INIT("refused"), FORM_TEXT | FORM_FLAG, {{NULL, 0}}},
};

#define BESIDE_COUNT (sizeof(besides) / sizeof(besides[0]))

const struct step_row *
scenario_step_rows(size_t *count)
{
	*count = ROW_COUNT;
	return rows;
}

static const struct step_row *
find_row(struct str name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (str_equal(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static bool
is_beside(const struct beside *beside, const struct step_row *row)
{
	return !row->is_test && (beside->of[0].at == NULL ||
				    str_equal(beside->of[0], row->name) ||
				    str_equal(beside->of[1], row->name));
}

static const struct beside *
find_beside(const struct step_row *row, struct str name)
{
	for (size_t i = 0; i < BESIDE_COUNT; i++)
		if (str_equal(besides[i].name, name) &&
		    is_beside(&besides[i], row))
			return &besides[i];
	return NULL;
}

/* A word that means something, but not beside this step, is told as such. */
static void
report_key(struct reader *reader, struct str pointer, struct str key,
    const struct step_row *row)
{
	struct str legal[ROW_COUNT + BESIDE_COUNT];
	bool is_known = false;

	for (size_t i = 0; i < ROW_COUNT; i++)
		legal[i] = rows[i].name;
	for (size_t i = 0; i < BESIDE_COUNT; i++) {
		legal[ROW_COUNT + i] = besides[i].name;
		is_known |= str_equal(besides[i].name, key);
	}
	diag_add(reader->diags, DIAG_ERROR, SCENARIO_UNKNOWN_KEY,
	    yaml_place_of_key(reader->places, pointer),
	    is_known && row != NULL ? "`%.*s` says nothing beside `%.*s`"
				    : "unknown key `%.*s` in a step",
	    STR_ARG(key), STR_ARG(row != NULL ? row->name : STR("")));
	if (!is_known)
		form_suggest(reader, key, legal, ROW_COUNT + BESIDE_COUNT);
}

/* The row whose key the step has; NULL with an error. */
static const struct step_row *
choose_row(struct reader *reader, const struct value *map, struct str pointer)
{
	const struct step_row *found = NULL;

	for (size_t i = 0; i < map->as.context.count; i++) {
		const struct step_row *row =
		    find_row(map->as.context.fields[i].key);

		if (row != NULL && found != NULL) {
			form_error(reader, SCENARIO_NO_STEP, pointer,
			    "`%.*s` and `%.*s` are two steps",
			    STR_ARG(found->name), STR_ARG(row->name));
			diag_repair(reader->diags,
			    "begin each of them with a dash of its own");
			return NULL;
		}
		if (row != NULL)
			found = row;
	}
	if (found == NULL && map->as.context.count > 0)
		report_key(reader,
		    form_below(reader, pointer, map->as.context.fields[0].key),
		    map->as.context.fields[0].key, NULL);
	else if (found == NULL)
		form_error(reader, SCENARIO_NO_STEP, pointer,
		    "a step that says nothing");
	return found;
}

static void
check_besides(struct reader *reader, const struct value *map,
    struct str pointer, const struct step_row *row)
{
	for (size_t i = 0; i < map->as.context.count; i++) {
		const struct value_field *field = &map->as.context.fields[i];
		const struct beside *beside = find_beside(row, field->key);
		struct str at = form_below(reader, pointer, field->key);

		if (str_equal(field->key, row->name))
			continue;
		if (beside == NULL)
			report_key(reader, at, field->key, row);
		else
			form_is(reader, field->value, at, beside->name.at,
			    beside->forms);
	}
}

/* A mapping by its table, what stands for one by its check. */
static void
check_what(struct reader *reader, const struct value *what, struct str pointer,
    const struct step_row *row)
{
	if (!form_is(reader, what, pointer, row->name.at, row->forms) ||
	    form_is_expression(what))
		return;
	if (what->type == VALUE_CONTEXT && row->table != NULL)
		form_map(reader, what, pointer, row->table);
	else if (row->check != NULL && what->type != VALUE_NULL &&
		 what->type != VALUE_BOOLEAN)
		row->check(reader, what, pointer);
}

bool
scenario_step_read(struct reader *reader, const struct value *value,
    struct str pointer, struct scenario_step *step)
{
	struct str at;

	if (!form_is(reader, value, pointer, "steps", FORM_MAP) ||
	    value->type != VALUE_CONTEXT)
		return false;
	step->row = choose_row(reader, value, pointer);
	if (step->row == NULL)
		return false;
	at = form_below(reader, pointer, step->row->name);
	step->span = yaml_place_of_key(reader->places, at);
	check_besides(reader, value, pointer, step->row);
	check_what(reader, value_get(value, step->row->name), at, step->row);
	step->map = form_template(reader, value, pointer, step->row->is_test);
	step->what = form_field(step->map, step->row->name.at);
	return true;
}
