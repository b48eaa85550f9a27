/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_state.c: the tree of states, in two passes.
 *
 * The first gives every state its name, number and parent; the second fills
 * them, so that a transition may name a state that comes later in the text.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_state, field)

/* ---- first pass ---- */

static enum def_state_kind
kind_of(const struct yaml_node *node)
{
	const struct yaml_node *type = yaml_tree_find(node, "type");

	if (type && type->kind == NODE_TEXT &&
	    str_equal(type->text, STR("final")))
		return STATE_FINAL;
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

void
load_states(struct load *load, const struct yaml_node *states)
{
	walk_states(load, states, NULL);
	load->build->definition->states =
	    (const struct def_state *const *)load->build->states;
}

const struct def_state *
load_find_state(struct load *load, const struct yaml_node *node)
{
	struct load_build *build = load->build;
	size_t count = build->definition->state_count;
	const struct def_state *state;
	struct str *names;

	if (!load_is_kind(load, node, NODE_TEXT, "target", "a state's name"))
		return NULL;
	state = map_find(build->state_names, node->text);
	if (state)
		return state;
	names = ARENA_ARRAY(load->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		names[i] = build->states[i]->name;
	load_error(load, LOAD_UNKNOWN_STATE, node->span, "no state `%.*s`",
	    STR_ARG(yaml_short(node->text)));
	load_suggest(load, node->text, names, count);
	return NULL;
}

struct def_targets
load_target_of(struct load *load, const struct yaml_node *node)
{
	const struct def_state *state = load_find_state(load, node);
	const struct def_state **items =
	    ARENA_NEW(load->arena, const struct def_state *);

	*items = state;
	return (struct def_targets){items, state ? 1 : 0};
}

/* ---- second pass ---- */

static void
load_type(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_word words[] = {
		{"final", STATE_FINAL, false},
		{"parallel", STATE_COMPOUND, true},
		{"history", STATE_ATOMIC, true},
	};

	/* The first pass has set it; here the word is checked. */
	(void)into;
	(void)LOAD_CHOOSE(load, node, words, "type");
}

static void
load_initial(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_state *state = into;

	if (node->kind == NODE_LIST) {
		load_error(load, LOAD_LATER, node->span,
		    "a list of initial states is not available in this "
		    "version");
		return;
	}
	/* Without states it has no place here, which is told elsewhere. */
	if (state->kind != STATE_COMPOUND)
		return;
	state->initial = load_target_of(load, node);
	if (state->initial.count == 0 || (state->initial.items[0] != state &&
	    def_state_contains(state, state->initial.items[0])))
		return;
	load_error(load, LOAD_BAD_INITIAL, node->span,
	    "the initial state `%.*s` is not within `%.*s`",
	    STR_ARG(node->text), STR_ARG(state->name));
	load_repair(load, "name one of the states under its `states:`");
	state->initial = (struct def_targets){0};
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

	state->compensate = load_compensate(load, node);
}

static const struct load_key state_keys[] = {
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the state's name for people"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what is true while it is active"},
	{"type", KIND_OWN, LOAD_MAY, 0, load_type, NULL,
	    "final; left out for all others"},
	{"initial", KIND_OWN, LOAD_MAY, 0, load_initial, NULL,
	    "the state inside that is entered first"},
	{"states", KIND_MAP, LOAD_MAY, 0, skip_states, NULL,
	    "the states inside"},
	{"entry", KIND_OWN, LOAD_MAY, 0, load_entry, NULL,
	    "steps that run when it is entered"},
	{"exit", KIND_OWN, LOAD_MAY, 0, load_exit, NULL,
	    "steps that run when it is left"},
	{"on", KIND_MAP, LOAD_MAY, 0, load_on, NULL,
	    "events and the transitions that take them"},
	{"always", KIND_OWN, LOAD_MAY, 0, load_always, NULL,
	    "transitions that need no event"},
	{"after", KIND_MAP, LOAD_MAY, 0, load_after, NULL,
	    "deadlines and the transitions that they lead to"},
	{"user-task", KIND_MAP, LOAD_MAY, 0, load_task, &load_task_table,
	    "what a person has to decide"},
	{"escalate", KIND_LIST, LOAD_MAY, 0, load_escalations,
	    &load_escalation_table, "whom to tell when it takes too long"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, NULL,
	    "all: undo what was done, latest first, when it is entered"},
	{"history", KIND_OWN, LOAD_NOT_YET, 0, NULL, NULL,
	    "shallow or deep"},
};
const struct load_table load_state_table = LOAD_TABLE("a state", state_keys);

/* ---- final states ---- */

static void
load_outcome(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_word words[] = {
		{"success", ENDING_SUCCESS, false},
		{"failure", ENDING_FAILURE, false},
		{"cancelled", ENDING_CANCELLED, false},
	};
	struct def_state *state = into;

	state->outcome = (enum def_ending)LOAD_CHOOSE(load, node, words,
	    "outcome");
}

static const struct load_key final_keys[] = {
	{"type", KIND_OWN, LOAD_MUST, 0, load_type, NULL, "final"},
	{"title", KIND_TEXT, LOAD_MAY, IN(title), NULL, NULL,
	    "the state's name for people"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what is true in the end"},
	{"outcome", KIND_OWN, LOAD_MAY, 0, load_outcome, NULL,
	    "success, failure or cancelled; success unless told"},
	{"output", KIND_FIELDS, LOAD_MAY, IN(output), NULL, NULL,
	    "the instance's result"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, NULL,
	    "all: undo what was done, latest first"},
};
const struct load_table load_final_table =
    LOAD_TABLE("a final state", final_keys);

static void
check_state(struct load *load, const struct def_state *state,
    const struct yaml_node *node)
{
	if (state->kind == STATE_COMPOUND && !yaml_tree_find(node, "initial")) {
		load_error(load, LOAD_MISSING_KEY, state->span,
		    "`%.*s` has states and needs `initial`",
		    STR_ARG(state->name));
	}
	if (state->kind == STATE_COMPOUND && state->task) {
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

		load_map(load, node, state->kind == STATE_FINAL ?
		    &load_final_table : &load_state_table, state);
		if (node->kind == NODE_MAP)
			check_state(load, state, node);
	}
}
