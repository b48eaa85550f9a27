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

static void
load_undo(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	load_compensate(load, node, &draft->transition.compensate,
	    &draft->transition.compensate_to);
}

static void
load_target(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	draft->transition.targets = load_targets(load, node, "target");
}

static void
load_do(struct load *load, const struct yaml_node *node, void *into)
{
	struct transition_draft *draft = into;

	draft->transition.steps = load_steps(load, node, draft->where);
}

static const struct load_key transition_keys[] = {
	{"target", KIND_OWN, LOAD_MAY, 0, load_target, &load_form_names,
	    "the state to go to, or a list of states of different regions; "
	    "left out: nothing is left"},
	{"if", KIND_CONDITION, LOAD_MAY, IN(guard), NULL, NULL,
	    "taken only where this is true"},
	{"do", KIND_OWN, LOAD_MAY, 0, load_do, &load_form_steps,
	    "steps that run before the target is entered"},
	{"compensate", KIND_OWN, LOAD_MAY, 0, load_undo, &load_form_compensate,
	    "all: undo what was done, latest first; to STATE: back to where "
	    "that state was entered"},
	{"interrupt", KIND_BOOLEAN, LOAD_MAY, IN(interrupt), NULL, NULL,
	    "taken at the next step's end, not after all steps"},
	{"internal", KIND_BOOLEAN, LOAD_MAY, IN(internal), NULL, NULL,
	    "true: the state that it starts from stays entered, with what "
	    "lies around the target"},
};
const struct load_table load_transition_table =
    LOAD_TABLE("a transition", transition_keys);
static const struct load_table one_form =
    LOAD_EITHER(&load_form_name, &load_transition_table);
const struct load_table load_form_transitions = LOAD_SOME(&one_form);
const struct load_table load_form_by_event =
    LOAD_NAMED(&load_form_transitions);

/* Only a compound state has an inside to move in; elsewhere the word says
 * nothing (SCXML, section 3.5). */
static void
check_internal(struct load *load, const struct def_transition *transition,
    const struct yaml_node *node)
{
	const struct def_state *source = transition->source;
	bool stays = source->kind == STATE_COMPOUND;

	for (size_t i = 0; i < transition->targets.count; i++) {
		const struct def_state *target = transition->targets.items[i];

		stays = stays && target != source &&
		    def_state_contains(source, target);
	}
	if (!transition->internal || transition->targets.count == 0 || stays)
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_NOT_INTERNAL,
	    load_key_span(node, "internal"),
	    source->kind == STATE_COMPOUND ?
	    "the transition leaves `%.*s` all the same" :
	    source->kind == STATE_PARALLEL ?
	    "`%.*s` is parallel, not compound, and is left all the same" :
	    "`%.*s` has no states inside, and is left all the same",
	    STR_ARG(source->name));
	diag_repair(load->diags, "leave `internal` out");
}

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
		transition->targets = load_targets(load, node, "target");
	else
		load_map(load, node, &load_transition_table, draft);
	check_internal(load, transition, node);
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

/* A warning: what can never come does no harm by itself, and whether all that
 * is awaited is declared is one of the proofs. */
static void
check_event(struct load *load, const struct yaml_node *key)
{
	struct load_build *build = load->build;

	if (is_awaitable(build, key->text) || load_is_full(load))
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_UNKNOWN_EVENT, key->span,
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
