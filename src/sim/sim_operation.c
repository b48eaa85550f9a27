/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_operation.c: which operations a workflow may call, and whom it tells.
 *
 * A contact's channels are calls as well, but nobody waits for their replies:
 * they are told as notices.
 */
#include "sim_priv.h"

struct names {
	struct arena *arena;
	struct str *items;
	size_t count;
	size_t capacity;
};

static void
add_name(struct names *names, struct str name)
{
	if (str_is_among(name, names->items, names->count))
		return;
	names->items = arena_grow(names->arena, names->items, names->count,
	    &names->capacity, sizeof(*names->items));
	names->items[names->count++] = name;
}

static void
add_call(struct names *names, const struct def_call *call)
{
	if (call != NULL)
		add_name(names, call->target);
}

static void
add_call_with_others(struct names *names, const struct def_call *call)
{
	add_call(names, call);
	if (call->verify != NULL)
		add_call(names, call->verify->call);
	if (call->compensate != NULL)
		add_call_with_others(names, call->compensate);
}

/* Calls fn for every contact that the definition names, some more than once;
 * stops where it gives true. */
typedef bool contact_fn(const struct def_contact *contact, void *arg);
static bool
each_contact(const struct definition *definition, contact_fn *fn, void *arg)
{
	if (definition->owner != NULL && fn(definition->owner, arg))
		return true;
	if (definition->incident_owner != NULL &&
	    fn(definition->incident_owner, arg))
		return true;
	for (size_t i = 0; i < definition->state_count; i++) {
		const struct def_state *state = definition->states[i];

		for (size_t j = 0; j < state->escalation_count; j++)
			if (fn(state->escalations[j].to, arg))
				return true;
	}
	for (size_t i = 0; i < definition->step_count; i++)
		if (definition->steps[i]->contact != NULL &&
		    fn(definition->steps[i]->contact, arg))
			return true;
	return false;
}

static bool
add_channels(const struct def_contact *contact, void *arg)
{
	for (size_t i = 0; i < contact->channel_count; i++)
		add_call(arg, contact->channels[i].call);
	return false;
}

const struct str *
sim_operations(
    const struct definition *definition, struct arena *arena, size_t *count)
{
	struct names names = {.arena = arena};

	for (size_t i = 0; i < definition->call_count; i++)
		add_call_with_others(&names, definition->calls[i]);
	(void)each_contact(definition, add_channels, &names);
	*count = names.count;
	return names.items;
}

static bool
add_contact(const struct def_contact *contact, void *arg)
{
	add_name(arg, contact->name);
	return false;
}

const struct str *
sim_contacts(
    const struct definition *definition, struct arena *arena, size_t *count)
{
	struct names names = {.arena = arena};

	(void)each_contact(definition, add_contact, &names);
	*count = names.count;
	return names.items;
}

struct search {
	const struct def_call *call;
	struct sim_channel found;
};

static bool
has_channel(const struct def_contact *contact, void *arg)
{
	struct search *search = arg;

	for (size_t i = 0; i < contact->channel_count; i++)
		if (contact->channels[i].call == search->call)
			search->found = (struct sim_channel){
			    contact, &contact->channels[i]};
	return search->found.contact != NULL;
}

struct sim_channel
sim_operation_channel(
    const struct definition *definition, const struct def_call *call)
{
	struct search search = {.call = call};

	(void)each_contact(definition, has_channel, &search);
	return search.found;
}
