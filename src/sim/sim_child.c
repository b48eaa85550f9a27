/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_child.c: instances that the instance starts.
 *
 * They run in the script only: it says how they end.  What would keep the
 * engine from starting one is looked at all the same, where there is a library
 * to look in: that the workflow is there, and that it takes the input.
 */
#include "sim_priv.h"

/* The instance itself is number 1. */
#define NUMBER_FIRST 1

/* What was told for once first, then the latest of those that stand. */
static struct sim_ending **
find_ending(struct sim *sim, struct str workflow)
{
	struct sim_ending **standing = NULL, **link = &sim->endings;

	for (; *link != NULL; link = &(*link)->next) {
		if (!str_equal((*link)->workflow, workflow))
			continue;
		if (!(*link)->always)
			return link;
		standing = link;
	}
	return standing;
}

/* The script's, if the next that it tells of this workflow is one. */
static struct str
refusal_told(struct sim *sim, struct str workflow)
{
	struct sim_ending **link = find_ending(sim, workflow);
	struct str refusal = {NULL, 0};

	if (link == NULL)
		return refusal;
	refusal = value_field_str((*link)->end, "refused");
	if (refusal.at != NULL && !(*link)->always)
		*link = (*link)->next;
	return refusal;
}

static struct str
refusal_of(struct sim *sim, const struct chart_effect *effect)
{
	struct schema_errors errors = {.arena = sim->arena};
	const struct definition *definition;
	struct str told = refusal_told(sim, effect->workflow);

	if (told.at != NULL || sim->library == NULL)
		return told;
	definition = library_find_workflow(sim->library, effect->workflow, 0);
	if (definition == NULL)
		return arena_strf(sim->arena, "there is no workflow `%.*s`",
		    STR_ARG(effect->workflow));
	if (definition->input == NULL ||
	    schema_validate(definition->input, effect->data, &errors))
		return (struct str){NULL, 0};
	must(errors.count > 0);
	return arena_strf(sim->arena, "the input is not valid: %.*s%s%.*s",
	    STR_ARG(errors.items[0].pointer),
	    errors.items[0].pointer.bytes > 0 ? ": " : "",
	    STR_ARG(errors.items[0].message));
}

static void
add_child(struct sim *sim, struct sim_child *child)
{
	struct sim_child **end = &sim->children;

	while (*end != NULL)
		end = &(*end)->next;
	*end = child;
}

void
sim_child_start(struct sim *sim, const struct chart_effect *effect,
    struct chart_effects *effects)
{
	struct chart_context context = sim_context(sim);
	struct sim_child *child = ARENA_NEW(sim->arena, struct sim_child);
	struct chart_identity identity = {
	    .number = NUMBER_FIRST + ++sim->child_count};
	char id[CHART_ID_BYTES];

	child->serial = effect->serial;
	child->number = identity.number;
	child->workflow = arena_str(sim->arena, effect->workflow);
	child->id = arena_str(sim->arena, chart_id_format(identity, id));
	child->refusal = refusal_of(sim, effect);
	if (child->refusal.at == NULL)
		chart_run_started(sim->chart,
		    &(struct chart_child_start){.serial = child->serial,
			.number = child->number,
			.id = child->id},
		    &context, effects);
	if (child->refusal.at != NULL || effect->waits)
		add_child(sim, child);
}

void
sim_child_cancel(struct sim *sim, const struct chart_effect *effect)
{
	for (struct sim_child *child = sim->children; child != NULL;
	     child = child->next)
		if (child->number == effect->child)
			child->is_cancelled = true;
}

struct str
sim_child_workflow(const struct sim *sim, uint64_t number)
{
	for (const struct sim_child *child = sim->children; child != NULL;
	     child = child->next)
		if (child->number == number)
			return child->workflow;
	return (struct str){NULL, 0};
}

/* ---- ends ---- */

static const enum chart_status statuses[] = {
    [ENDING_SUCCESS] = CHART_COMPLETED,
    [ENDING_FAILURE] = CHART_FAULTED,
    [ENDING_CANCELLED] = CHART_CANCELLED,
};

static enum def_ending
ending_of(struct str outcome)
{
	if (str_equal(outcome, def_ending_name(ENDING_FAILURE)))
		return ENDING_FAILURE;
	if (str_equal(outcome, def_ending_name(ENDING_CANCELLED)))
		return ENDING_CANCELLED;
	return ENDING_SUCCESS;
}

/* Where it ends, if the script doesn't say: the first state that ends so. */
static struct str
state_of(const struct sim *sim, const struct sim_child *child,
    enum def_ending ending)
{
	const struct definition *definition =
	    sim->library == NULL
		? NULL
		: library_find_workflow(sim->library, child->workflow, 0);

	for (size_t i = 0; definition != NULL && i < definition->state_count;
	     i++)
		if (definition->states[i]->kind == STATE_FINAL &&
		    definition->states[i]->parent == NULL &&
		    definition->states[i]->outcome == ending)
			return definition->states[i]->name;
	return STR("its last state");
}

static struct chart_child_end
end_of(const struct sim *sim, const struct sim_child *child,
    const struct value *end)
{
	const struct value *state = value_get_cstr(end, "state");
	enum def_ending ending =
	    ending_of(value_field_str(end, "outcome"));

	return (struct chart_child_end){
	    .id = child->id,
	    .status = statuses[ending],
	    .state =
		state != NULL ? value_str(state) : state_of(sim, child, ending),
	    .output = value_get_cstr(end, "output"),
	    .refusal = value_field_str(end, "refused"),
	};
}

/* The end that is known; false where the child still runs. */
static bool
find_end(
    struct sim *sim, const struct sim_child *child, struct chart_child_end *end)
{
	struct sim_ending **link;

	*end = (struct chart_child_end){
	    .id = child->id,
	    .status = CHART_CANCELLED,
	    .state = state_of(sim, child, ENDING_CANCELLED),
	    .refusal = child->refusal,
	};
	if (child->refusal.at != NULL)
		return true;
	link = find_ending(sim, child->workflow);
	if (link == NULL)
		return child->is_cancelled;
	*end = end_of(sim, child, (*link)->end);
	if (!(*link)->always)
		*link = (*link)->next;
	return true;
}

bool
sim_child_end(struct sim *sim)
{
	for (struct sim_child **link = &sim->children; *link != NULL;
	     link = &(*link)->next) {
		struct chart_effects effects = {0};
		struct chart_event event = {
		    .kind = EV_CHILD_ENDED,
		    .serial = (*link)->serial,
		    .received_ms = sim->now_ms,
		};

		if (!find_end(sim, *link, &event.child))
			continue;
		*link = (*link)->next;
		sim_perform(sim, &event, &effects);
		return true;
	}
	return false;
}
