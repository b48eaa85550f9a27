/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_state.c: the tree of states, in two passes.
 *
 * The first gives every state its name, number, parent and children; the
 * second fills them, so that a transition may name a state that comes later
 * in the text.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_state, field)

static const struct load_word type_words[] = {
	{"final", STATE_FINAL},
	{"parallel", STATE_PARALLEL},
	{"history", STATE_HISTORY},
};
static const struct load_table type_form = LOAD_WORDS(type_words);

/* ---- first pass ---- */

static enum def_state_kind
kind_of(const struct yaml_node *node)
{
	const struct yaml_node *type = yaml_tree_find(node, "type");

	for (size_t i = 0; type && type->kind == NODE_TEXT &&
	    i < sizeof(type_words) / sizeof(type_words[0]); i++) {
		if (str_equal(type->text, str_of(type_words[i].name)))
			return (enum def_state_kind)type_words[i].value;
	}
	return yaml_tree_find(node, "states") ? STATE_COMPOUND : STATE_ATOMIC;
}

static struct def_state *
add_state(struct load *load, const struct yaml_pair *pair,
    const struct def_state *parent)
{
	struct load_build *build = load->build;
	struct definition *definition = build->definition;
	struct def_state *state = ARENA_NEW(load->arena, struct def_state);
	size_t capacity = build->state_capacity;

	state->index = definition->state_count;
	state->kind = kind_of(pair->value);
	state->span = pair->key->span;
	state->name = load_name(load, pair->key, "a state");
	state->parent = parent;
	state->depth = parent ? parent->depth + 1 : 0;
	build->states = arena_grow(load->arena, build->states, state->index,
	    &build->state_capacity, sizeof(state));
	build->state_nodes = arena_grow(load->arena, build->state_nodes,
	    state->index, &capacity, sizeof(*build->state_nodes));
	must(capacity == build->state_capacity);
	build->states[state->index] = state;
	build->state_nodes[state->index] = pair->value;
	definition->state_count++;
	return state;
}

static void
name_state(struct load *load, struct def_state *state)
{
	const struct def_state *first =
	    map_find(load->build->state_names, state->name);

	if (!first) {
		(void)map_put(load->build->state_names, state->name, state);
		return;
	}
	load_error(load, LOAD_DUPLICATE_NAME, state->span,
	    "the state `%.*s` is defined twice", STR_ARG(state->name));
	load_repair(load,
	    "the first is in line %u; a name is unique at any depth",
	    first->span.line);
}

static void
walk_states(struct load *load, const struct yaml_node *states,
    const struct def_state *parent)
{
	for (size_t i = 0; states->kind == NODE_MAP && i < states->count; i++) {
		struct def_state *state = add_state(load, &states->pairs[i],
		    parent);
		const struct yaml_node *inner =
		    yaml_tree_find(states->pairs[i].value, "states");

		name_state(load, state);
		if (inner)
			walk_states(load, inner, state);
	}
}

/* A state comes after its parent, so its place among the children is known. */
static void
list_children(struct load *load)
{
	struct load_build *build = load->build;
	size_t count = build->definition->state_count;
	const struct def_state ***lists = ARENA_ARRAY(load->arena, count,
	    const struct def_state **);
	size_t *sizes = ARENA_ARRAY(load->arena, count, size_t);

	for (size_t i = 0; i < count; i++) {
		if (build->states[i]->parent)
			sizes[build->states[i]->parent->index]++;
	}
	for (size_t i = 0; i < count; i++) {
		struct def_state *state = build->states[i];

		lists[i] = ARENA_ARRAY(load->arena, sizes[i],
		    const struct def_state *);
		state->children = lists[i];
		state->child_count = sizes[i];
		sizes[i] = 0;
		if (state->parent)
			lists[state->parent->index]
			    [sizes[state->parent->index]++] = state;
	}
}

void
load_states(struct load *load, const struct yaml_node *states)
{
	walk_states(load, states, NULL);
	list_children(load);
	load->build->definition->states =
	    (const struct def_state *const *)load->build->states;
}

/* ---- second pass ---- */

/* The first pass has set it; here the word is checked. */
static void
load_type(struct load *load, const struct yaml_node *node, void *into)
{
	(void)into;
	(void)LOAD_CHOOSE(load, node, type_words, "type");
}

static void
load_initial(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	/* Without states it has no place here, which is told elsewhere. */
	if (state->kind != STATE_COMPOUND && state->kind != STATE_PARALLEL)
		return;
	state->initial = load_targets(load, node, "initial");
	for (size_t i = 0; i < state->initial.count; i++) {
		const struct def_state *first = state->initial.items[i];

		if (first != state && def_state_contains(state, first) &&
		    (first->kind != STATE_HISTORY || first->parent != state ||
		    state->kind == STATE_COMPOUND))
			continue;
		load_error(load, LOAD_BAD_INITIAL, node->span,
		    "the initial state `%.*s` is not within %s`%.*s`",
		    STR_ARG(first->name), state->kind == STATE_PARALLEL ?
		    "a region of " : "", STR_ARG(state->name));
		load_repair(load, "name one of the states under its `states:`");
		state->initial = (struct def_targets){0};
	}
}

static void
skip_states(struct load *load, const struct yaml_node *node, void *into)
{
	const struct def_state *state = into;

	if (node->count == 0) {
		load_error(load, LOAD_MISSING_KEY, state->span,
		    "`states` of `%.*s` is empty", STR_ARG(state->name));
	}
}

static void
load_entry(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	state->entry = load_steps(load, node, arena_strf(load->arena,
	    "%.*s.entry", STR_ARG(state->name)));
}

static void
load_exit(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	state->exit = load_steps(load, node, arena_strf(load->arena,
	    "%.*s.exit", STR_ARG(state->name)));
}

static void
load_undo(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	load_compensate(load, node, &state->compensate, &state->compensate_to);
}

static const struct load_key state_keys[] = {
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the name that people read"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what is true while it is active"},
	{"type", KIND_OWN, LOAD_MAY, 0, load_type, &type_form,
	    "final, parallel or history; left out for all others"},
	{"initial", KIND_OWN, LOAD_MAY, 0, load_initial, &load_form_names,
	    "the state inside that is entered first, at any depth; a list for "
	    "several regions"},
	{"states", KIND_MAP, LOAD_MAY, 0, skip_states, &load_states_form,
	    "the states inside; of a parallel one, its regions"},
	{"entry", KIND_OWN, LOAD_MAY, 0, load_entry, &load_form_steps,
	    "steps that run when it is entered"},
	{"exit", KIND_OWN, LOAD_MAY, 0, load_exit, &load_form_steps,
	    "steps that run when it is left"},
	{"on", KIND_MAP, LOAD_MAY, 0, load_on, &load_form_by_event,
	    "events and the transitions that take them"},
	{"always", KIND_OWN, LOAD_MAY, 0, load_always, &load_form_transitions,
	    "transitions that need no event"},
	{"after", KIND_MAP, LOAD_MAY, 0, load_after, &load_form_by_event,
	    "deadlines and the transitions that they lead to"},
	{"user-task", KIND_MAP, LOAD_MAY, 0, load_task, &load_task_table,
	    "what a person has to decide"},
	{"escalate", KIND_LIST, LOAD_MAY, 0, load_escalations,
	    &load_escalations_form, "whom to tell when it takes too long"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, &load_form_compensate,
	    "all: undo what was done, latest first, when it is entered; to "
	    "STATE: back to where that state was entered"},
};
const struct load_table load_state_table = LOAD_TABLE("a state", state_keys);

/* ---- final states ---- */

static const struct load_word outcome_words[] = {
	{"success", ENDING_SUCCESS},
	{"failure", ENDING_FAILURE},
	{"cancelled", ENDING_CANCELLED},
};
static const struct load_table outcome_form = LOAD_WORDS(outcome_words);

static void
load_outcome(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	state->outcome = (enum def_ending)LOAD_CHOOSE(load, node, outcome_words,
	    "outcome");
}

static const struct load_key final_keys[] = {
	{"type", KIND_OWN, LOAD_MUST, 0, load_type, &type_form,
	    "final: who enters it ends the state around it, or the instance"},
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the name that people read"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what is true in the end"},
	{"outcome", KIND_OWN, LOAD_MAY, 0, load_outcome, &outcome_form,
	    "success, failure or cancelled; success unless told"},
	{"output", KIND_FIELDS, LOAD_MAY, IN(output), NULL, NULL,
	    "the instance's result, names and values"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, &load_form_compensate,
	    "all: undo what was done, latest first; to STATE: back to where "
	    "that state was entered"},
};
const struct load_table load_final_table =
    LOAD_TABLE("a final state", final_keys);

/* ---- histories ---- */

static const struct load_word history_words[] = {
	{"shallow", false}, {"deep", true},
};
static const struct load_table history_form = LOAD_WORDS(history_words);

static void
load_history(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	state->deep = LOAD_CHOOSE(load, node, history_words, "history") != 0;
}

static void
load_first_time(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	state->initial = load_targets(load, node, "target");
	for (size_t i = 0; i < state->initial.count; i++) {
		const struct def_state *first = state->initial.items[i];

		if (first->kind != STATE_HISTORY && (!state->parent ||
		    (first != state->parent &&
		    def_state_contains(state->parent, first))))
			continue;
		load_error(load, LOAD_BAD_HISTORY, node->span,
		    first->kind == STATE_HISTORY ?
		    "a history leads to states, and `%.*s` is a history" :
		    "`%.*s` is not beside the history, nor within what is",
		    STR_ARG(first->name));
		state->initial = (struct def_targets){0};
	}
}

static const struct load_key history_keys[] = {
	{"type", KIND_OWN, LOAD_MUST, 0, load_type, &type_form,
	    "history: stands for the states that its parent had when it was "
	    "left"},
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the name that people read"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what is found again, for people"},
	{"history", KIND_OWN, LOAD_MAY, 0, load_history, &history_form,
	    "shallow: the state beside it that was active last; deep: the "
	    "states within that one too; shallow unless told"},
	{"target", KIND_OWN, LOAD_MAY, 0, load_first_time, &load_form_names,
	    "where it leads the first time; where its parent begins unless "
	    "told"},
};
const struct load_table load_history_table =
    LOAD_TABLE("a history", history_keys);

/* The regions of a parallel parent: entering all of them is its beginning. */
static struct def_targets
regions_of(struct load *load, const struct def_state *state)
{
	const struct def_state **items = ARENA_ARRAY(load->arena,
	    state->child_count, const struct def_state *);
	size_t count = 0;

	for (size_t i = 0; i < state->child_count; i++) {
		if (state->children[i]->kind != STATE_HISTORY)
			items[count++] = state->children[i];
	}
	return (struct def_targets){items, count};
}

static void
finish_history(struct load *load, struct def_state *state,
    const struct yaml_node *node)
{
	const struct def_state *parent = state->parent;

	if (!parent) {
		load_error(load, LOAD_BAD_HISTORY, state->span,
		    "nothing leaves the whole workflow and comes back to it");
		load_repair(load,
		    "put the history into the state that it belongs to");
		return;
	}
	if (yaml_tree_find(node, "target"))
		return;
	state->initial = parent->kind == STATE_PARALLEL ?
	    regions_of(load, parent) : parent->initial;
	for (size_t i = 0; i < state->initial.count; i++) {
		if (state->initial.items[i]->kind != STATE_HISTORY)
			continue;
		load_error(load, LOAD_BAD_HISTORY, state->span,
		    "`%.*s` begins with a history, so `%.*s` needs `target`",
		    STR_ARG(parent->name), STR_ARG(state->name));
		load_repair(load, "target: where it leads the first time");
		state->initial = (struct def_targets){0};
	}
}

/* ---- what the keys of a state mean together ---- */

static void
check_regions(struct load *load, const struct def_state *state,
    const struct yaml_node *node)
{
	if (!yaml_tree_find(node, "states")) {
		load_error(load, LOAD_MISSING_KEY, state->span,
		    "`%.*s` is parallel and needs `states`, its regions",
		    STR_ARG(state->name));
		return;
	}
	if (state->child_count > 0 && regions_of(load, state).count == 0)
		load_error(load, LOAD_BAD_REGION, state->span,
		    "`%.*s` has a history, but no region",
		    STR_ARG(state->name));
	for (size_t i = 0; i < state->child_count; i++) {
		if (state->children[i]->kind != STATE_FINAL)
			continue;
		load_error(load, LOAD_BAD_REGION, state->children[i]->span,
		    "a region can't be a final state: it would be over at "
		    "once");
		load_repair(load, "put it into one of the regions");
	}
}

static void
check_state(struct load *load, const struct def_state *state,
    const struct yaml_node *node)
{
	if (state->kind == STATE_COMPOUND && !yaml_tree_find(node, "initial")) {
		load_error(load, LOAD_MISSING_KEY, state->span,
		    "`%.*s` has states and needs `initial`",
		    STR_ARG(state->name));
	}
	if (state->kind == STATE_PARALLEL)
		check_regions(load, state, node);
	if (state->kind == STATE_FINAL && state->parent &&
	    state->output.count > 0) {
		diag_add(load->diags, DIAG_WARNING, LOAD_UNREAD_OUTPUT,
		    load_key_span(node, "output"),
		    "nothing reads this `output`: the state ends `%.*s`, and "
		    "not the instance", STR_ARG(state->parent->name));
		diag_repair(load->diags,
		    "set variables instead, on the way here");
	}
	if (state->kind != STATE_ATOMIC && state->task) {
		load_error(load, LOAD_EXCLUSIVE,
		    load_key_span(node, "user-task"),
		    "a state with states of its own can't have a user-task");
		load_repair(load, "move it into one of its states");
	}
	if (state->kind == STATE_ATOMIC && yaml_tree_find(node, "initial")) {
		load_error(load, LOAD_EXCLUSIVE, load_key_span(node, "initial"),
		    "`initial` needs `states` beside it");
	}
}

/* What a state may have goes by its type. */
static const struct load_case state_cases[] = {
	{"type", "final", STATE_FINAL, &load_final_table},
	{"type", "history", STATE_HISTORY, &load_history_table},
	{NULL, NULL, STATE_ATOMIC, &load_state_table},
};
static const struct load_table state_form =
    LOAD_CASES("a state of any type", state_cases);
const struct load_table load_states_form = LOAD_NAMED(&state_form);

static const struct load_table *
table_of(const struct def_state *state)
{
	const struct load_case *one = state_cases;

	while (one->key && one->value != (int)state->kind)
		one++;
	return one->table;
}

void
load_state_contents(struct load *load, const struct yaml_node *states,
    void *into)
{
	struct load_build *build = load->build;

	(void)states;
	(void)into;
	for (size_t i = 0; i < build->definition->state_count; i++) {
		struct def_state *state = build->states[i];
		const struct yaml_node *node = build->state_nodes[i];

		load_map(load, node, table_of(state), state);
		if (node->kind != NODE_MAP)
			continue;
		check_state(load, state, node);
		/* Its parent is loaded: it comes first. */
		if (state->kind == STATE_HISTORY)
			finish_history(load, state, node);
	}
}
