/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_workflow.c: a workflow's document.
 *
 * What other parts of the text refer to is gathered before anything is
 * loaded: the calendar, the names that expressions may read, the events, the
 * states.  So a key may lean on one that comes later; where order means
 * something all the same, library_order.c says.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct definition, field)
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* ---- gathering ---- */

const struct calendar *
load_find_calendar(struct load *load, const struct yaml_node *node)
{
	const struct calendar *calendar =
	    library_find_calendar(load->library, node->text);
	const struct str *names;
	size_t count;

	if (calendar || library_is_unread(load->library, DOCUMENT_CALENDAR,
	    node->text))
		return calendar;
	names = library_names(load->library, DOCUMENT_CALENDAR, &count);
	load_error(load, LOAD_UNKNOWN_CALENDAR, node->span,
	    "no calendar `%.*s`", STR_ARG(node->text));
	load_suggest(load, node->text, names, count);
	return NULL;
}

static void
find_calendar(struct load *load, const struct yaml_node *root)
{
	const struct yaml_node *node = yaml_tree_find(root, "calendar");

	if (!node || !yaml_scalar_is_string(node))
		return;
	load->calendar = load_find_calendar(load, node);
	load->build->definition->calendar = load->calendar;
	load->is_calendar_amiss = !load->calendar;
}

static void
add_schema_cb(const struct yaml_node *schema, void *arg)
{
	load_scope_add_schema(arg, schema);
}

static void
make_scope(struct load *load, const struct yaml_node *root)
{
	const struct yaml_node *data = yaml_tree_find(root, "data");
	const struct yaml_node *states = yaml_tree_find(root, "states");
	const struct yaml_node *input = yaml_tree_find(root, "input");
	size_t count;
	const struct str *builtins = load_scope_builtins(&count);

	load->scope = load_scope_new(load->arena);
	for (size_t i = 0; i < count; i++)
		load_scope_add(load->scope, builtins[i]);
	for (size_t i = 0; data && data->kind == NODE_MAP && i < data->count;
	     i++)
		load_scope_add(load->scope, data->pairs[i].key->text);
	if (states)
		load_scope_add_targets(load->scope, states);
	if (input)
		load_schema_reach(load, input, add_schema_cb, load->scope);
	load_scope_set_input(load->scope, input);
}

static void
add_event(struct load *load, struct str name)
{
	struct load_build *build = load->build;

	build->events = arena_grow(load->arena, build->events,
	    build->event_count, &build->event_capacity, sizeof(struct str));
	build->events[build->event_count++] = name;
}

/* Events that steps raise and tasks are decided with. */
static void
gather_events(struct load *load, const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		gather_events(load, node->items[i]);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;
		const struct yaml_node *value = node->pairs[i].value;

		if (str_equal(key, STR("raise")) && value->kind == NODE_TEXT) {
			add_event(load, value->text);
		} else if (str_equal(key, STR("choices")) &&
		    value->kind == NODE_LIST) {
			for (size_t k = 0; k < value->count; k++)
				add_event(load, value->items[k]->text);
		} else {
			gather_events(load, value);
		}
	}
}

static const struct str builtin_events[] = {
	STR_INIT("done"), STR_INIT("error"), STR_INIT("approved"),
	STR_INIT("rejected"), STR_INIT("compensated"), STR_INIT("cancel"),
};
#define BUILTIN_EVENT_COUNT (sizeof(builtin_events) / sizeof(builtin_events[0]))

static void
gather_all_events(struct load *load, const struct yaml_node *root)
{
	const struct yaml_node *events = yaml_tree_find(root, "events");
	const struct yaml_node *states = yaml_tree_find(root, "states");

	for (size_t i = 0; i < BUILTIN_EVENT_COUNT; i++)
		add_event(load, builtin_events[i]);
	for (size_t i = 0; events && events->kind == NODE_MAP &&
	    i < events->count; i++)
		add_event(load, events->pairs[i].key->text);
	if (states)
		gather_events(load, states);
}

/* ---- events ---- */

static void
load_supersedes(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_event *event = into;

	event->supersedes = load_texts(load, node, "supersedes",
	    &event->supersedes_count);
}

static const struct load_key event_keys[] = {
	{"correlate", KIND_VALUE, LOAD_MAY, offsetof(struct def_event,
	    correlate),
	    NULL, NULL,
	    "the subject that this instance waits for; the business key unless "
	    "told"},
	{"supersedes", KIND_OWN, LOAD_MAY, 0, load_supersedes, &load_form_texts,
	    "earlier events that mean nothing once this one is taken"},
	{"data", KIND_SCHEMA, LOAD_MAY, offsetof(struct def_event, data), NULL,
	    NULL, "what it carries, a JSON Schema"},
	{"keep", KIND_BOOLEAN, LOAD_MAY, offsetof(struct def_event, keep), NULL,
	    NULL, "false: counts only at the moment when it comes"},
};
static const struct load_table event_table = LOAD_TABLE("an event", event_keys);
static const struct load_table event_form =
    LOAD_EITHER(&event_table, &load_form_nothing);
static const struct load_table events_form = LOAD_NAMED(&event_form);

static void
check_supersedes(struct load *load, const struct yaml_node *events,
    const struct def_event *event, const struct yaml_node *list)
{
	struct str *names = ARENA_ARRAY(load->arena, events->count, struct str);

	for (size_t i = 0; i < events->count; i++)
		names[i] = events->pairs[i].key->text;
	for (size_t i = 0; i < event->supersedes_count; i++) {
		const struct yaml_node *item =
		    list->kind == NODE_LIST ? list->items[i] : list;

		if (event->supersedes[i].bytes == 0 ||
		    yaml_tree_find(events, arena_cstr(load->arena,
		    event->supersedes[i])))
			continue;
		load_error(load, LOAD_UNKNOWN_EVENT, item->span,
		    "no event `%.*s` is declared",
		    STR_ARG(event->supersedes[i]));
		load_suggest(load, event->supersedes[i], names, events->count);
	}
}

static void
load_event(struct load *load, const struct yaml_node *events,
    const struct yaml_pair *pair, struct def_event *event)
{
	const struct yaml_node *list =
	    yaml_tree_find(pair->value, "supersedes");

	event->type = load_name(load, pair->key, "an event");
	event->span = pair->key->span;
	event->keep = true;
	for (size_t i = 0; i < BUILTIN_EVENT_COUNT; i++) {
		if (!str_equal(event->type, builtin_events[i]))
			continue;
		load_error(load, LOAD_BAD_NAME, pair->key->span,
		    "`%.*s` is an event of the engine and can't come from "
		    "outside",
		    STR_ARG(event->type));
	}
	if (!load_is_nothing(pair->value))
		load_map(load, pair->value, &event_table, event);
	if (list)
		check_supersedes(load, events, event, list);
}

static void
load_events(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;
	struct def_event *events = ARENA_ARRAY(load->arena, node->count,
	    struct def_event);

	for (size_t i = 0; i < node->count; i++)
		load_event(load, node, &node->pairs[i], &events[i]);
	definition->events = events;
	definition->event_count = node->count;
}

/* ---- invariants ---- */

static void
load_in(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_invariant *invariant = into;
	size_t count = node->kind == NODE_LIST ? node->count : 1;
	const struct def_state **states = ARENA_ARRAY(load->arena, count,
	    const struct def_state *);

	for (size_t i = 0; i < count; i++) {
		const struct def_state *state = load_find_state(load,
		    node->kind == NODE_LIST ? node->items[i] : node, "in");

		if (state)
			states[invariant->in_count++] = state;
	}
	invariant->in = states;
}

static const struct load_key invariant_keys[] = {
	{"name", KIND_TEXT, LOAD_MUST, offsetof(struct def_invariant, name),
	    NULL,
	    NULL, "what is promised, in words"},
	{"in", KIND_OWN, LOAD_MAY, 0, load_in, &load_form_names,
	    "the states where it has to hold; everywhere unless told"},
	{"that", KIND_CONDITION, LOAD_MUST, offsetof(struct def_invariant,
	    that),
	    NULL, NULL, "the condition"},
};
static const struct load_table invariant_table =
    LOAD_TABLE("an invariant", invariant_keys);
static const struct load_table invariants_form = LOAD_LIST(&invariant_table);

static void
load_invariants(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;
	struct def_invariant *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_invariant);

	for (size_t i = 0; i < node->count; i++) {
		items[i].span = node->items[i]->span;
		load_map(load, node->items[i], &invariant_table, &items[i]);
	}
	definition->invariants = items;
	definition->invariant_count = node->count;
}

/* ---- small parts ---- */

static void
load_sensitive(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;
	size_t count;
	const struct str *known = load_scope_known(load->scope, &count);

	definition->sensitive = load_texts(load, node, "sensitive",
	    &definition->sensitive_count);
	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str rest;
		struct str first =
		    str_split(definition->sensitive[i], '.', &rest);

		if (first.bytes == 0 || load_scope_knows(load->scope, first))
			continue;
		load_error(load, LOAD_UNKNOWN_NAME, node->kind == NODE_LIST ?
		    node->items[i]->span : node->span, "nothing sets `%.*s`",
		    STR_ARG(first));
		if (str_equal(first, STR("data")) && rest.bytes > 0)
			load_repair(load, "write `%.*s`: variables stand here "
			    "by their own names", STR_ARG(rest));
		else
			load_suggest(load, first, known, count);
	}
}

static void
load_priority(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;

	definition->priority = load_level_value(load, node, "priority");
}

static void
load_owner(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;

	definition->owner = load_find_contact(load, node, "owner");
}

static void
load_incident_owner(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;

	definition->incident_owner = load_find_contact(load, node, "owner");
}

static void
load_input(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;

	definition->input = load_schema(load, node, &definition->input_schema);
	if (!definition->input)
		definition->input_schema = NULL;
}

/* The calendar was found before all else; only its form is left to judge. */
static void
check_calendar(struct load *load, const struct yaml_node *node, void *into)
{
	(void)into;
	(void)load_name(load, node, "calendar");
}

static void
load_first(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;

	definition->initial = load_targets(load, node, "initial");
}

/* ---- the table ---- */

static const struct load_key incident_keys[] = {
	{"owner", KIND_OWN, LOAD_MAY, 0, load_incident_owner, &load_form_name,
	    "the contact that incidents go to; the workflow's owner unless "
	    "told"},
	{"max-age", KIND_SPAN, LOAD_MAY, IN(incident_max_age), NULL, NULL,
	    "how long an incident may stay open"},
	{"runbook", KIND_TEXT, LOAD_MAY, IN(runbook), NULL, NULL,
	    "where it says what to do"},
};
static const struct load_table incident_table =
    LOAD_TABLE("`incident`", incident_keys);

static const struct load_key workflow_keys[] = {
	{"workflow", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the name under which it is started and listed"},
	{"version", KIND_POSITIVE, LOAD_MUST, IN(version), NULL, NULL,
	    "a whole number, raised with every change"},
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the name that people read"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "from what to what it leads"},
	{"owner", KIND_OWN, LOAD_MAY, 0, load_owner, &load_form_name,
	    "the contact that answers for it"},
	{"calendar", KIND_OWN, LOAD_MAY, 0, check_calendar, &load_form_name,
	    "the calendar of its business days"},
	{"priority", KIND_OWN, LOAD_MAY, 0, load_priority,
	    &load_form_level_value,
	    "low, normal, high or critical, or an expression"},
	{"retention", KIND_SPAN, LOAD_MAY, IN(retention), NULL, NULL,
	    "how long a finished instance's history is kept"},
	{"hold", KIND_TERM, LOAD_MAY, IN(hold), NULL, NULL,
	    "how long an event that fits no instance is held; 7d unless told"},
	{"separate", KIND_LIST, LOAD_MAY, 0, load_separate, &load_separate_form,
	    "parts, tasks and roles that no person may hold together"},
	{"labels", KIND_FIELDS, LOAD_MAY, IN(labels), NULL, NULL,
	    "values to find, count and limit access by"},
	{"sensitive", KIND_OWN, LOAD_MAY, 0, load_sensitive, &load_form_texts,
	    "paths of values that are masked and can be erased"},
	{"input", KIND_OWN, LOAD_MAY, 0, load_input, &load_form_schema,
	    "what an instance is started with, a JSON Schema"},
	{"business-key", KIND_VALUE, LOAD_MAY, IN(business_key), NULL, NULL,
	    "one instance per key, for ever"},
	{"data", KIND_VARIABLES, LOAD_MAY, IN(data), NULL, NULL,
	    "variables and their first values"},
	{"events", KIND_MAP, LOAD_MAY, 0, load_events, &events_form,
	    "what may come from outside"},
	{"invariants", KIND_LIST, LOAD_MAY, 0, load_invariants,
	    &invariants_form,
	    "conditions that hold after every transition"},
	{"incident", KIND_MAP, LOAD_MAY, 0, NULL, &incident_table,
	    "who looks after what stands still"},
	{"initial", KIND_OWN, LOAD_MUST, 0, load_first, &load_form_names,
	    "the state where an instance begins, at any depth; a list for "
	    "several regions"},
	{"states", KIND_MAP, LOAD_MUST, 0, load_state_contents,
	    &load_states_form,
	    "the states by name, which is unique at any depth"},
	{"schedule", KIND_OWN, LOAD_MAY, 0, load_schedules,
	    &load_schedules_form,
	    "when instances are started by time: a schedule, or a list"},
};
const struct load_table load_workflow_table =
    LOAD_TABLE("a workflow", workflow_keys);

/* ---- the whole ---- */

static struct digest
digest_document(struct load *load)
{
	/* What can't be a value was told already while loading. */
	struct diag_list *unheard = diag_list_new();
	struct digest digest =
	    library_digest_value(load_schema_identity(load,
		yaml_scalar_value(
		    load->arena, load->document->root, unheard)));

	diag_list_free(&unheard);
	return digest;
}

static void
finish(struct load *load)
{
	struct load_build *build = load->build;
	struct definition *definition = build->definition;

	definition->transitions = build->transitions;
	definition->steps = build->steps;
	definition->calls = build->calls;
	if (!definition->incident_owner)
		definition->incident_owner = definition->owner;
	definition->source = load_schema_source(load);
	definition->digest = digest_document(load);
}

struct definition *
load_workflow(struct load *load)
{
	const struct yaml_node *root = load->document->root;
	const struct yaml_node *states = yaml_tree_find(root, "states");
	struct definition *definition =
	    ARENA_NEW(load->arena, struct definition);
	struct load_build build = {.definition = definition};

	build.state_names = map_new();
	build.step_ids = map_new();
	load->build = &build;
	definition->span = load_key_span(root, "workflow");
	definition->file = load->document->source->diag.file;
	definition->hold = (struct def_span){
		.kind = SPAN_FIXED, .fixed_ms = 7 * DAY_MS, .text = STR("7d"),
	};
	definition->alarm = library_alarm(load->library);
	find_calendar(load, root);
	make_scope(load, root);
	gather_all_events(load, root);
	if (states)
		load_states(load, states);
	load_map(load, root, &load_workflow_table, definition);
	if (states && states->kind == NODE_MAP && states->count == 0)
		load_error(
		    load, LOAD_MISSING_KEY, states->span, "`states` is empty");
	load_check_circles(load);
	load_check_schedules(load);
	finish(load);
	map_free(&build.state_names);
	map_free(&build.step_ids);
	load_scope_free(&load->scope);
	load->build = NULL;
	return definition;
}
