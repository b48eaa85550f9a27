/* SPDX-License-Identifier: Apache-2.0 */
/* load_task.c: what people are asked, and whom a delay is told to. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_task, field)
#define IN_ESCALATION(field) offsetof(struct def_escalation, field)

/* ---- contacts ---- */

const struct def_contact *
load_find_contact(struct load *load, const struct yaml_node *node,
    const char *key)
{
	struct str name = load_name(load, node, key);
	const struct def_contact *contact =
	    library_find_contact(load->library, name);
	const struct str *names;
	size_t count;

	if (contact || name.bytes == 0 ||
	    library_is_unread(load->library, DOCUMENT_CONTACT, name))
		return contact;
	names = library_names(load->library, DOCUMENT_CONTACT, &count);
	load_error(load, LOAD_UNKNOWN_CONTACT, node->span, "no contact `%.*s`",
	    STR_ARG(name));
	load_suggest(load, name, names, count);
	if (count == 0)
		load_repair(load, "add a document `contact: %.*s` with "
		    "`notify: [{log: warning}]`", STR_ARG(name));
	return NULL;
}

/* ---- tasks ---- */

/* The names of the states that have a task, and "initiator". */
static const struct str *
find_deciders(struct load *load, size_t *count)
{
	struct load_build *build = load->build;
	size_t states = build->definition->state_count;
	struct str *names = ARENA_ARRAY(load->arena, states + 1, struct str);

	names[0] = STR("initiator");
	*count = 1;
	for (size_t i = 0; i < states; i++) {
		if (yaml_tree_find(build->state_nodes[i], "user-task"))
			names[(*count)++] = build->states[i]->name;
	}
	return names;
}

static void
load_exclude(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_task *task = into;
	size_t count;
	const struct str *legal = find_deciders(load, &count);

	task->exclude = load_texts(load, node, "exclude", &task->exclude_count);
	for (size_t i = 0; i < task->exclude_count; i++) {
		const struct yaml_node *item =
		    node->kind == NODE_LIST ? node->items[i] : node;
		bool found = task->exclude[i].bytes == 0;

		for (size_t k = 0; !found && k < count; k++)
			found = str_equal(task->exclude[i], legal[k]);
		if (found)
			continue;
		load_error(load, LOAD_UNKNOWN_STATE, item->span,
		    "no task `%.*s` to exclude the deciders of",
		    STR_ARG(task->exclude[i]));
		load_suggest(load, task->exclude[i], legal, count);
	}
}

static void
load_choices(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_task *task = into;

	task->choices = load_texts(load, node, "choices", &task->choice_count);
	for (size_t i = 0; i < task->choice_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!str_equal(task->choices[i], task->choices[k]))
				continue;
			load_error(load, LOAD_DUPLICATE_NAME,
			    node->items[i]->span,
			    "the choice `%.*s` stands here twice",
			    STR_ARG(task->choices[i]));
		}
	}
}

static const struct load_key task_keys[] = {
	{"title", KIND_STRING, LOAD_MUST, IN(title), NULL, NULL,
	    "what is asked, in one line"},
	{"description", KIND_STRING, LOAD_MAY, IN(description), NULL, NULL,
	    "what the decider should know"},
	{"role", KIND_STRING, LOAD_MAY, IN(role), NULL, NULL,
	    "who may decide; anyone unless told"},
	{"approvals", KIND_NUMBER, LOAD_MAY, IN(approvals), NULL, NULL,
	    "how many different people have to approve"},
	{"exclude", KIND_OWN, LOAD_MAY, 0, load_exclude, &load_form_texts,
	    "who may not: initiator, or who decided an earlier task"},
	{"choices", KIND_OWN, LOAD_MAY, 0, load_choices, &load_form_texts,
	    "the answers; approved and rejected unless told"},
	{"form", KIND_SCHEMA, LOAD_MAY, IN(form), NULL, NULL,
	    "what the decider fills in, a JSON Schema"},
	{"due", KIND_SPAN, LOAD_MAY, IN(due), NULL, NULL,
	    "when it should be decided"},
};
const struct load_table load_task_table = LOAD_TABLE("a user-task", task_keys);

/* What an expression gives is known at run time only. */
static void
check_approvals(struct load *load, const struct template *approvals)
{
	int64_t count;

	if (!approvals || approvals->kind != TEMPLATE_LITERAL ||
	    approvals->literal->type != VALUE_NUMBER ||
	    (number_to_int(approvals->literal->as.number, &count) &&
		count >= 1))
		return;
	load_error(load, LOAD_RANGE, approvals->span,
	    "`approvals` has to be a whole number from 1");
}

void
load_task(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct str usual[] = {
		STR_INIT("approved"), STR_INIT("rejected"),
	};
	struct def_state *state = into;
	struct def_task *task = ARENA_NEW(load->arena, struct def_task);

	task->span = node->span;
	load_map(load, node, &load_task_table, task);
	check_approvals(load, task->approvals);
	if (!task->choices) {
		task->choices = usual;
		task->choice_count = 2;
	}
	if (!task->title)
		task->title = load_literal(load, value_of_str(load->arena,
		    state->name), node->span);
	state->task = task;
}

/* ---- escalations ---- */

static void
load_to(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_escalation *escalation = into;

	escalation->to = load_find_contact(load, node, "to");
}

static void
load_severity(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_escalation *escalation = into;

	escalation->severity =
	    def_priority_name(load_level(load, node, "severity"));
}

static void
load_target(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_escalation *escalation = into;

	escalation->target = load_find_target(load, node);
}

static const struct load_key escalation_keys[] = {
	{"after", KIND_SPAN, LOAD_MAY, IN_ESCALATION(after), NULL, NULL,
	    "how long after the state was entered"},
	{"at", KIND_STRING, LOAD_MAY, IN_ESCALATION(at), NULL, NULL,
	    "an expression that gives a date and time"},
	{"to", KIND_OWN, LOAD_MUST, 0, load_to, &load_form_name,
	    "the contact that is told"},
	{"message", KIND_STRING, LOAD_MAY, IN_ESCALATION(message), NULL, NULL,
	    "what the contact is told"},
	{"severity", KIND_OWN, LOAD_MAY, 0, load_severity, &load_form_level,
	    "low, normal, high or critical; normal unless told"},
	{"every", KIND_SPAN, LOAD_MAY, IN_ESCALATION(every), NULL, NULL,
	    "told again so often until somebody acknowledges"},
	{"if", KIND_CONDITION, LOAD_MAY, IN_ESCALATION(guard), NULL, NULL,
	    "told only where this is true"},
	{"target", KIND_OWN, LOAD_MAY, 0, load_target, &load_form_name,
	    "the state to go to as well"},
};
const struct load_table load_escalation_table =
    LOAD_TABLE("an escalation", escalation_keys);
const struct load_table load_escalations_form =
    LOAD_LIST(&load_escalation_table);

void
load_escalations(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;
	struct def_escalation *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_escalation);

	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = node->items[i];

		items[i].index = i;
		items[i].span = item->span;
		items[i].severity = def_priority_name(PRIORITY_NORMAL);
		load_map(load, item, &load_escalation_table, &items[i]);
		if (item->kind != NODE_MAP ||
		    (!yaml_tree_find(item, "after") !=
			!yaml_tree_find(item, "at")))
			continue;
		load_error(load, LOAD_EXCLUSIVE, item->span,
		    "an escalation needs either `after` or `at`");
	}
	state->escalations = items;
	state->escalation_count = node->count;
}
