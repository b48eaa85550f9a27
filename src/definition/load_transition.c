/* SPDX-License-Identifier: Apache-2.0 */
/* load_transition.c: on, always and after. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_transition, field)

struct transition_place {
	struct def_state *state;
	struct str event;      /* of `on` */
	struct def_span after; /* of `after` */
	const char *word;      /* "on", "always", "after" */
	size_t nth;            /* among those of the state under that word */
};

/* What a transition's keys fill: it, and where its steps' ids begin. */
struct transition_draft {
	struct def_transition transition; /* first: rows point into it */
	struct str where;
};

enum def_compensate
load_compensate(struct load *load, const struct yaml_node *node)
{
	static const struct load_word words[] = {
		{"all", COMPENSATE_ALL, false},
	};

	if (node->kind == NODE_TEXT && str_has_prefix(node->text, STR("to "))) {
		load_not_yet(load, node->span, "compensate", node->text);
		return COMPENSATE_ALL;
	}
	return (enum def_compensate)LOAD_CHOOSE(load, node, words,
	    "compensate");
}

static void
load_undo(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	draft->transition.compensate = load_compensate(load, node);
}

static void
load_target(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	if (node->kind == NODE_LIST && node->count == 1) {
		node = node->items[0];
	} else if (node->kind == NODE_LIST) {
		load_error(load, LOAD_LATER, node->span,
		    "a transition to several states is not available in this "
		    "version");
		return;
	}
	draft->transition.targets = load_target_of(load, node);
}

static void
load_do(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	draft->transition.steps = load_steps(load, node, draft->where);
}

static const struct load_key transition_keys[] = {
	{"target", KIND_OWN, LOAD_MAY, 0, load_target, NULL,
	    "the state to go to; left out: nothing is left"},
	{"if", KIND_CONDITION, LOAD_MAY, IN(guard), NULL, NULL,
	    "taken only where this is true"},
	{"do", KIND_OWN, LOAD_MAY, 0, load_do, NULL,
	    "steps on the way"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, NULL,
	    "all: undo what was done, latest first"},
	{"interrupt", KIND_BOOLEAN, LOAD_MAY, IN(interrupt), NULL, NULL,
	    "taken at the next step's end, not after all steps"},
	{"internal", KIND_BOOLEAN, LOAD_MAY, IN(internal), NULL, NULL,
	    "a compound source stays entered"},
};
const struct load_table load_transition_table =
    LOAD_TABLE("a transition", transition_keys);

static void
load_transition(struct load *load, const struct yaml_node *node,
    const struct transition_place *place, const struct def_transition **out)
{
	struct load_build *build = load->build;
	struct definition *definition = build->definition;
	struct transition_draft *draft =
	    ARENA_NEW(load->arena, struct transition_draft);
	struct def_transition *transition = &draft->transition;

	draft->where = arena_strf(load->arena, "%.*s.%s%s%.*s.%zu",
	    STR_ARG(place->state->name), place->word,
	    place->event.bytes ? "." : "", STR_ARG(place->event), place->nth);
	transition->span = node->span;
	transition->source = place->state;
	transition->event = place->event;
	transition->after = place->after;
	if (node->kind == NODE_TEXT)
		transition->targets = load_target_of(load, node);
	else
		load_map(load, node, &load_transition_table, draft);
	build->transitions = arena_grow(load->arena, build->transitions,
	    definition->transition_count, &build->transition_capacity,
	    sizeof(transition));
	transition->index = definition->transition_count++;
	build->transitions[transition->index] = transition;
	*out = transition;
}

/* A state's name, a mapping, or a list of these; appends to *into. */
static void
load_choices(struct load *load, const struct yaml_node *node,
    struct transition_place *place, struct def_transitions *into)
{
	size_t more = node->kind == NODE_LIST ? node->count : 1;
	const struct def_transition **items = ARENA_ARRAY(load->arena,
	    into->count + more, const struct def_transition *);

	for (size_t i = 0; i < into->count; i++)
		items[i] = into->items[i];
	for (size_t i = 0; i < more; i++) {
		place->nth = place->event.at ? i + 1 : into->count + i + 1;
		load_transition(load,
		    node->kind == NODE_LIST ? node->items[i] : node, place,
		    &items[into->count + i]);
	}
	into->items = items;
	into->count += more;
}

/* ---- events ---- */

static bool
is_awaitable(const struct load_build *build, struct str pattern)
{
	for (size_t i = 0; i < build->event_count; i++) {
		if (def_event_matches(pattern, build->events[i]))
			return true;
	}
	return false;
}

static void
check_event(struct load *load, const struct yaml_node *key)
{
	struct load_build *build = load->build;

	if (is_awaitable(build, key->text))
		return;
	load_error(load, LOAD_UNKNOWN_EVENT, key->span,
	    "no event `%.*s` is declared or raised",
	    STR_ARG(yaml_short(key->text)));
	if (str_nearest(key->text, build->events, build->event_count).at)
		load_suggest(
		    load, key->text, build->events, build->event_count);
	else
		load_repair(load, "declare it under `events:` of the workflow");
}

void
load_on(struct load *load, const struct yaml_node *node, void *state)
{
	struct transition_place place = {.state = state, .word = "on"};

	for (size_t i = 0; i < node->count; i++) {
		check_event(load, node->pairs[i].key);
		place.event = node->pairs[i].key->text;
		load_choices(load, node->pairs[i].value, &place,
		    &place.state->on);
	}
}

void
load_always(struct load *load, const struct yaml_node *node, void *state)
{
	struct transition_place place = {.state = state, .word = "always"};

	load_choices(load, node, &place, &place.state->always);
}

void
load_after(struct load *load, const struct yaml_node *node, void *state)
{
	struct transition_place place = {.state = state, .word = "after"};

	for (size_t i = 0; i < node->count; i++) {
		place.after = load_span(load, node->pairs[i].key, "after");
		load_choices(load, node->pairs[i].value, &place,
		    &place.state->after);
	}
}
