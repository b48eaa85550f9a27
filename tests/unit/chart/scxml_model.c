/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scxml_model.c: appendix D of the SCXML recommendation, word for word; but
 * that a state which has stayed active is not entered a second time, which
 * the pseudo-code does where a history leads from within its parent back into
 * it.
 */
#include "scxml_model.h"

#include <string.h>

struct set {
	bool has[MODEL_STATES_MAX];
};

struct chosen_set {
	const struct def_transition *items[MODEL_STATES_MAX];
	size_t count;
};

static const struct def_state *
state_at(const struct model *model, size_t i)
{
	return model->definition->states[i];
}

static bool
is_atomic(const struct def_state *state)
{
	return state->kind == STATE_ATOMIC || state->kind == STATE_FINAL;
}

/* NULL is the whole. */
static bool
is_descendant(const struct def_state *state, const struct def_state *of)
{
	if (state == of)
		return false;
	return of == NULL || def_state_contains(of, state);
}

/* ---- executable content ---- */

static void
raise(struct model *model, struct str name, const struct def_state *only)
{
	must(model->last < MODEL_EVENTS_MAX);
	model->queue[model->last++] = (struct model_event){
	    .name = name,
	    .only = only,
	    .entry = only != NULL ? model->entries[only->index] : 0,
	};
}

static void
execute(struct model *model, const struct def_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct def_step *step = steps->items[i];
		struct feel_env env = {.arena = model->arena};

		if (step->kind == STEP_RAISE) {
			raise(model, step->event, NULL);
			continue;
		}
		must(step->kind == STEP_ATTEST);
		buf_addf(&model->log, "%.*s ",
		    STR_ARG(value_str(
			template_eval(step->message, &env, NULL, NULL))));
	}
}

static bool
condition_match(struct model *model, const struct def_transition *transition)
{
	struct feel_env env = {.arena = model->arena};

	return transition->guard == NULL ||
	       value_is_true(
		   template_eval(transition->guard, &env, NULL, NULL));
}

/* ---- transitions ---- */

static void
effective_targets(
    const struct model *model, struct def_targets targets, struct set *set)
{
	for (size_t i = 0; i < targets.count; i++) {
		const struct def_state *target = targets.items[i];

		if (target->kind != STATE_HISTORY)
			set->has[target->index] = true;
		else if (!model->has_history[target->index])
			effective_targets(model, target->initial, set);
		else
			for (size_t j = 0; j < MODEL_STATES_MAX; j++)
				if (model->history[target->index][j])
					set->has[j] = true;
	}
}

static bool
all_within(const struct model *model, const struct set *set,
    const struct def_state *state)
{
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (set->has[i] && !is_descendant(state_at(model, i), state))
			return false;
	return true;
}

static const struct def_state *
transition_domain(
    const struct model *model, const struct def_transition *transition)
{
	struct set targets = {0};
	const struct def_state *state = transition->source;

	effective_targets(model, transition->targets, &targets);
	if (transition->internal && state->kind == STATE_COMPOUND &&
	    all_within(model, &targets, state))
		return state;
	do
		state = state->parent;
	while (state != NULL && (state->kind != STATE_COMPOUND ||
				    !all_within(model, &targets, state)));
	return state;
}

static void
exit_set(const struct model *model, const struct def_transition *transition,
    struct set *set)
{
	const struct def_state *domain;

	if (transition->targets.count == 0)
		return;
	domain = transition_domain(model, transition);
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (model->active[i] &&
		    is_descendant(state_at(model, i), domain))
			set->has[i] = true;
}

static bool
exits_meet(const struct model *model, const struct def_transition *a,
    const struct def_transition *b)
{
	struct set of_a = {0}, of_b = {0};

	exit_set(model, a, &of_a);
	exit_set(model, b, &of_b);
	for (size_t i = 0; i < MODEL_STATES_MAX; i++)
		if (of_a.has[i] && of_b.has[i])
			return true;
	return false;
}

static void
remove_conflicting(const struct model *model, struct chosen_set *enabled)
{
	struct chosen_set filtered = {.count = 0};

	for (size_t i = 0; i < enabled->count; i++) {
		const struct def_transition *t1 = enabled->items[i];
		bool preempted = false, removed[MODEL_STATES_MAX] = {false};
		size_t count = 0;

		for (size_t j = 0; j < filtered.count && !preempted; j++) {
			const struct def_transition *t2 = filtered.items[j];

			if (!exits_meet(model, t1, t2))
				continue;
			if (is_descendant(t1->source, t2->source))
				removed[j] = true;
			else
				preempted = true;
		}
		if (preempted)
			continue;
		for (size_t j = 0; j < filtered.count; j++)
			if (!removed[j])
				filtered.items[count++] = filtered.items[j];
		filtered.items[count++] = t1;
		filtered.count = count;
	}
	*enabled = filtered;
}

static void
add_once(struct chosen_set *set, const struct def_transition *transition)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] == transition)
			return;
	set->items[set->count++] = transition;
}

static const struct def_transition *
first_enabled(struct model *model, const struct def_state *state,
    const struct model_event *event)
{
	const struct def_transitions *list =
	    event != NULL ? &state->on : &state->always;

	for (size_t i = 0; i < list->count; i++)
		if ((event == NULL || def_event_matches(list->items[i]->event,
					  event->name)) &&
		    condition_match(model, list->items[i]))
			return list->items[i];
	return NULL;
}

/* selectTransitions, and selectEventlessTransitions where event is NULL. */
static struct chosen_set
select_transitions(struct model *model, const struct model_event *event)
{
	struct chosen_set enabled = {.count = 0};

	for (size_t i = 0; i < model->definition->state_count; i++) {
		const struct def_state *state = state_at(model, i);
		const struct def_transition *transition = NULL;

		if (!model->active[i] || !is_atomic(state))
			continue;
		for (; state != NULL && transition == NULL;
		     state = state->parent)
			if (event == NULL || event->only == NULL ||
			    event->only == state)
				transition = first_enabled(model, state, event);
		if (transition != NULL)
			add_once(&enabled, transition);
	}
	remove_conflicting(model, &enabled);
	return enabled;
}

/* ---- microsteps ---- */

static void
record_history(struct model *model, const struct def_state *left)
{
	for (size_t i = 0; i < left->child_count; i++) {
		const struct def_state *history = left->children[i];

		if (history->kind != STATE_HISTORY)
			continue;
		model->has_history[history->index] = true;
		for (size_t j = 0; j < model->definition->state_count; j++) {
			const struct def_state *state = state_at(model, j);

			model->history[history->index][j] =
			    model->active[j] &&
			    (history->deep ? is_atomic(state) &&
						 is_descendant(state, left)
					   : state->parent == left);
		}
	}
}

static void
exit_states(struct model *model, const struct chosen_set *enabled)
{
	struct set set = {0};
	size_t count = model->definition->state_count;

	for (size_t i = 0; i < enabled->count; i++)
		exit_set(model, enabled->items[i], &set);
	for (size_t i = count; i-- > 0;)
		if (set.has[i])
			record_history(model, state_at(model, i));
	for (size_t i = count; i-- > 0;) {
		if (!set.has[i])
			continue;
		execute(model, &state_at(model, i)->exit);
	}
	for (size_t i = 0; i < count; i++)
		if (set.has[i])
			model->active[i] = false;
}

static void add_ancestors(const struct model *model, struct set *set,
    const struct def_state *state, const struct def_state *up_to);

static bool
some_within(const struct model *model, const struct set *set,
    const struct def_state *state)
{
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (set->has[i] && is_descendant(state_at(model, i), state))
			return true;
	return false;
}

static void
add_descendants(
    const struct model *model, struct set *set, const struct def_state *state)
{
	struct set effective = {0};

	if (state->kind != STATE_HISTORY)
		set->has[state->index] = true;
	effective_targets(model,
	    state->kind == STATE_HISTORY
		? (struct def_targets){.items = &state, .count = 1}
		: state->initial,
	    &effective);
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (effective.has[i])
			add_descendants(model, set, state_at(model, i));
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (effective.has[i])
			add_ancestors(model, set, state_at(model, i),
			    state->kind == STATE_HISTORY ? state->parent
							 : state);
	if (state->kind != STATE_PARALLEL)
		return;
	for (size_t i = 0; i < state->child_count; i++)
		if (state->children[i]->kind != STATE_HISTORY &&
		    !some_within(model, set, state->children[i]))
			add_descendants(model, set, state->children[i]);
}

static void
add_ancestors(const struct model *model, struct set *set,
    const struct def_state *state, const struct def_state *up_to)
{
	for (state = state->parent;
	     state != NULL && state != up_to && !model->active[state->index];
	     state = state->parent) {
		set->has[state->index] = true;
		if (state->kind != STATE_PARALLEL)
			continue;
		for (size_t i = 0; i < state->child_count; i++)
			if (state->children[i]->kind != STATE_HISTORY &&
			    !some_within(model, set, state->children[i]))
				add_descendants(model, set, state->children[i]);
	}
}

static bool
is_in_final_state(const struct model *model, const struct def_state *state)
{
	if (state->kind != STATE_COMPOUND && state->kind != STATE_PARALLEL)
		return false;
	for (size_t i = 0; i < state->child_count; i++) {
		const struct def_state *child = state->children[i];

		if (state->kind == STATE_COMPOUND &&
		    child->kind == STATE_FINAL && model->active[child->index])
			return true;
		if (state->kind == STATE_PARALLEL &&
		    child->kind != STATE_HISTORY &&
		    !is_in_final_state(model, child))
			return false;
	}
	return state->kind == STATE_PARALLEL;
}

/* Beyond the recommendation: an atomic state is done when it is entered, and
 * `done` goes on outwards through parallel states. */
static void
raise_done(struct model *model, const struct def_state *leaf)
{
	const struct def_state *state = leaf->parent;

	if (leaf->kind != STATE_FINAL) {
		raise(model, STR("done"), leaf);
		return;
	}
	if (state == NULL) {
		model->ended = true;
		return;
	}
	raise(model, STR("done"), state);
	for (state = state->parent;
	     state != NULL && state->kind == STATE_PARALLEL &&
	     is_in_final_state(model, state);
	     state = state->parent)
		raise(model, STR("done"), state);
}

static void
enter_set(struct model *model, const struct set *set)
{
	model->microsteps++;
	for (size_t i = 0; i < model->definition->state_count; i++) {
		if (!set->has[i])
			continue;
		model->active[i] = true;
		model->entries[i] = model->microsteps;
		execute(model, &state_at(model, i)->entry);
		if (is_atomic(state_at(model, i)))
			raise_done(model, state_at(model, i));
	}
}

static void
add_targets(const struct model *model, struct set *set,
    struct def_targets targets, const struct def_state *domain)
{
	struct set effective = {0};

	for (size_t i = 0; i < targets.count; i++)
		add_descendants(model, set, targets.items[i]);
	effective_targets(model, targets, &effective);
	for (size_t i = 0; i < model->definition->state_count; i++)
		if (effective.has[i])
			add_ancestors(model, set, state_at(model, i), domain);
}

static void
microstep(struct model *model, const struct chosen_set *enabled)
{
	const struct def_state *domains[MODEL_STATES_MAX] = {NULL};
	struct set set = {0};

	for (size_t i = 0; i < enabled->count; i++)
		if (enabled->items[i]->targets.count > 0)
			domains[i] =
			    transition_domain(model, enabled->items[i]);
	exit_states(model, enabled);
	for (size_t i = 0; i < enabled->count; i++)
		execute(model, &enabled->items[i]->steps);
	for (size_t i = 0; i < enabled->count; i++)
		if (enabled->items[i]->targets.count > 0)
			add_targets(model, &set, enabled->items[i]->targets,
			    domains[i]);
	enter_set(model, &set);
}

static bool
is_void(const struct model *model, const struct model_event *event)
{
	return event->only != NULL &&
	       (!model->active[event->only->index] ||
		   model->entries[event->only->index] != event->entry);
}

static void
macrostep(struct model *model)
{
	unsigned before = model->microsteps;

	while (!model->ended) {
		struct chosen_set enabled = select_transitions(model, NULL);

		if (model->microsteps - before > MODEL_STEPS_MAX) {
			model->circles = true;
			return;
		}
		if (enabled.count == 0 && model->first < model->last) {
			const struct model_event *event =
			    &model->queue[model->first++];

			if (!is_void(model, event))
				enabled = select_transitions(model, event);
		} else if (enabled.count == 0) {
			return;
		}
		if (enabled.count > 0)
			microstep(model, &enabled);
	}
}

void
model_start(struct model *model)
{
	struct set set = {0};

	must(model->definition->state_count <= MODEL_STATES_MAX);
	add_targets(model, &set, model->definition->initial, NULL);
	enter_set(model, &set);
	macrostep(model);
}

void
model_event(struct model *model, struct str name)
{
	struct model_event event = {.name = name};
	struct chosen_set enabled;

	model->first = model->last = 0;
	enabled = select_transitions(model, &event);
	if (enabled.count > 0)
		microstep(model, &enabled);
	macrostep(model);
}

struct str
model_names(const struct model *model)
{
	struct str names = STR("");

	for (size_t i = 0; i < model->definition->state_count; i++) {
		const struct def_state *state = state_at(model, i);

		if (!model->active[i] || !is_atomic(state))
			continue;
		names = names.bytes == 0
			    ? state->name
			    : arena_strf(model->arena, "%.*s %.*s",
				  STR_ARG(names), STR_ARG(state->name));
	}
	return names;
}
