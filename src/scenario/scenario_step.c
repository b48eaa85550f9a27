/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_step.c: what a step may be: one table.
 *
 * A step is a mapping with one key of the table and, beside it, what says more
 * about it.  An act goes to the simulation as it stands, once its expressions
 * are evaluated; an expectation is held against what is.
 */
#include "scenario_priv.h"

/* ---- mappings ---- */

#define FORM_ACTOR (FORM_TEXT | FORM_MAP)
#define WHO                                       \
	{"actor", FORM_ACTOR, false, NULL},       \
	{                                         \
		"comment", FORM_TEXT, false, NULL \
	}

static const struct form_key event_keys[] = {
    {"type", FORM_TEXT, true, scenario_check_event},
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
    {"state", FORM_TEXT, false, scenario_check_state},
    WHO,
};
static const struct form_key settle_keys[] = {
    {"how", FORM_TEXT, true, scenario_check_how},
    {"data", FORM_ANY, false, NULL},
    {"state", FORM_TEXT, false, scenario_check_state},
    {"step", FORM_TEXT, false, NULL},
    WHO,
};
static const struct form_key acknowledge_keys[] = {
    {"state", FORM_TEXT, false, scenario_check_state},
    WHO,
};
static const struct form_key verdict_keys[] = {
    {"step", FORM_TEXT, false, NULL},
    WHO,
};
static const struct form_key cancel_keys[] = {
    {"compensate", FORM_FLAG, false, NULL},
    WHO,
};
static const struct form_key operator_keys[] = {WHO};
static const struct form_key advance_keys[] = {
    {"to", FORM_TEXT, true, scenario_check_instant},
};
static const struct form_key instance_keys[] = {
    {"state", FORM_TEXT, false, scenario_check_state},
    {"states", FORM_LIST | FORM_TEXT, false, scenario_check_states},
    {"status", FORM_TEXT, false, NULL},
    {"data", FORM_MAP, false, NULL},
    {"outcome", FORM_TEXT, false, NULL},
    {"output", FORM_ANY, false, NULL},
    {"error", FORM_ANY, false, NULL},
    {"priority", FORM_TEXT, false, NULL},
    {"labels", FORM_MAP, false, NULL},
    {"initiator", FORM_TEXT, false, NULL},
    {"that", FORM_TEXT, false, scenario_check_condition},
};
static const struct form_key call_keys[] = {
    {"call", FORM_TEXT, true, scenario_check_operation},
    {"with", FORM_MAP, false, NULL},
    {"key", FORM_TEXT, false, NULL},
    {"attempt", FORM_NUMBER, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key escalation_keys[] = {
    {"to", FORM_TEXT, false, scenario_check_contact},
    {"level", FORM_NUMBER, false, NULL},
    {"severity", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, scenario_check_state},
    {"message", FORM_TEXT, false, NULL},
    {"fired", FORM_NUMBER, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key notice_keys[] = {
    {"to", FORM_TEXT, false, scenario_check_contact},
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
    {"workflow", FORM_TEXT, true, scenario_check_run},
    {"input", FORM_MAP, false, NULL},
    {"priority", FORM_TEXT, false, NULL},
    {"times", FORM_NUMBER, false, NULL},
};
static const struct form_key task_keys[] = {
    {"title", FORM_TEXT, false, NULL},
    {"description", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, scenario_check_state},
    {"role", FORM_TEXT | FORM_NOTHING, false, NULL},
    {"approvals", FORM_NUMBER, false, NULL},
    {"choices", FORM_LIST, false, NULL},
    {"decisions", FORM_LIST, false, NULL},
    {"due", FORM_TEXT, false, NULL},
};
static const struct form_key incident_keys[] = {
    {"kind", FORM_TEXT, false, NULL},
    {"state", FORM_TEXT, false, scenario_check_state},
    {"step", FORM_TEXT, false, NULL},
    {"message", FORM_TEXT, false, NULL},
    {"error", FORM_ANY, false, NULL},
    {"owner", FORM_TEXT, false, NULL},
};

static const struct form_key proposal_keys[] = {
    {"act", FORM_TEXT, false, NULL},
    {"step", FORM_TEXT, false, NULL},
    {"proposed_by", FORM_TEXT, false, NULL},
    {"comment", FORM_TEXT, false, NULL},
    {"compensate", FORM_FLAG, false, NULL},
    {"result", FORM_ANY, false, NULL},
};

static const struct form_table
    event_table = FORM_TABLE("an event", event_keys),
    decide_table = FORM_TABLE("a decision", decide_keys),
    settle_table = FORM_TABLE("a settlement", settle_keys),
    acknowledge_table = FORM_TABLE("an acknowledgement", acknowledge_keys),
    verdict_table = FORM_TABLE("a second person's act", verdict_keys),
    proposal_table = FORM_TABLE("an expected proposal", proposal_keys),
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
    ACT("reply", FORM_MAP, NULL, scenario_check_replies),
    ACT("event", FORM_SHORT, &event_table, scenario_check_event),
    ACT("decide", FORM_SHORT, &decide_table, NULL),
    ACT("advance", FORM_SHORT, &advance_table, scenario_check_span),
    ACT("settle", FORM_SHORT, &settle_table, scenario_check_how),
    ACT("acknowledge", FORM_OPTIONAL, &acknowledge_table, NULL),
    ACT("confirm", FORM_OPTIONAL, &verdict_table, NULL),
    ACT("reject", FORM_OPTIONAL, &verdict_table, NULL),
    ACT("cancel", FORM_OPTIONAL, &cancel_table, NULL),
    ACT("suspend", FORM_OPTIONAL, &operator_table, NULL),
    ACT("resume", FORM_OPTIONAL, &operator_table, NULL),
    ACT("child", FORM_MAP, NULL, scenario_check_children),
    EXPECT("expect", FORM_SHORT | FORM_LIST, &instance_table,
	scenario_check_states, scenario_expect_instance, "", NULL),
    EXPECT("expect-call", FORM_SHORT, &call_table, scenario_check_operations,
	scenario_expect_happening, "call", "call"),
    EXPECT("expect-no-call", FORM_WHETHER | FORM_LIST, &call_table,
	scenario_check_operations, scenario_expect_no_happening, "call",
	"call"),
    EXPECT("expect-escalation", FORM_SHORT, &escalation_table,
	scenario_check_contact, scenario_expect_happening, "escalation", "to"),
    EXPECT("expect-no-escalation", FORM_WHETHER, &escalation_table,
	scenario_check_contact, scenario_expect_no_happening, "escalation",
	"to"),
    EXPECT("expect-notice", FORM_SHORT, &notice_table, scenario_check_contact,
	scenario_expect_happening, "notice", "to"),
    EXPECT("expect-no-notice", FORM_WHETHER, &notice_table,
	scenario_check_contact, scenario_expect_no_happening, "notice", "to"),
    EXPECT("expect-event", FORM_SHORT, &emitted_table, NULL,
	scenario_expect_happening, "event", "type"),
    EXPECT("expect-no-event", FORM_WHETHER, &emitted_table, NULL,
	scenario_expect_no_happening, "event", "type"),
    EXPECT("expect-run", FORM_SHORT, &run_table, scenario_check_run,
	scenario_expect_happening, "run", "workflow"),
    EXPECT("expect-no-run", FORM_WHETHER, &run_table, scenario_check_run,
	scenario_expect_no_happening, "run", "workflow"),
    EXPECT("expect-task", FORM_SHORT, &task_table, NULL, scenario_expect_item,
	"tasks", "title"),
    EXPECT("expect-no-task", FORM_WHETHER, &task_table, NULL,
	scenario_expect_no_item, "tasks", "title"),
    EXPECT("expect-incident", FORM_SHORT, &incident_table, NULL,
	scenario_expect_item, "incidents", "kind"),
    EXPECT("expect-no-incident", FORM_WHETHER, &incident_table, NULL,
	scenario_expect_no_item, "incidents", "kind"),
    EXPECT("expect-proposal", FORM_SHORT, &proposal_table, NULL,
	scenario_expect_item, "proposals", "act"),
    EXPECT("expect-no-proposal", FORM_WHETHER, &proposal_table, NULL,
	scenario_expect_no_item, "proposals", "act"),
    EXPECT("expect-compensation", FORM_LIST, NULL, scenario_check_operations,
	scenario_expect_compensation, "", NULL),
    EXPECT("expect-history", FORM_LIST, NULL, scenario_check_records,
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

/* What belongs beside the step's own key, and was written below it. */
static bool
report_within(struct reader *reader, const struct value *what,
    struct str pointer, const struct step_row *row)
{
	bool has = false;

	for (size_t i = 0; i < what->as.context.count; i++) {
		struct str key = what->as.context.fields[i].key;

		if (find_beside(row, key) == NULL)
			continue;
		diag_add(reader->diags, DIAG_ERROR, SCENARIO_UNKNOWN_KEY,
		    yaml_place_of_key(
			reader->places, form_below(reader, pointer, key)),
		    "`%.*s` stands beside `%.*s`, not in it", STR_ARG(key),
		    STR_ARG(row->name));
		diag_repair(reader->diags, "write {%.*s: {…}, %.*s: …}",
		    STR_ARG(row->name), STR_ARG(key));
		has = true;
	}
	return has;
}

/* A mapping by its table, what stands for one by its check. */
static void
check_what(struct reader *reader, const struct value *what, struct str pointer,
    const struct step_row *row)
{
	if (!form_is(reader, what, pointer, row->name.at, row->forms) ||
	    form_is_expression(what))
		return;
	if (what->type == VALUE_CONTEXT && row->table != NULL &&
	    report_within(reader, what, pointer, row))
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
