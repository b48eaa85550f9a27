/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_target.c: states as other parts of the text name them.
 *
 * Several named together are entered together, so they have to lie in
 * different regions: the innermost state around any two of them is parallel.
 * A history stands for what its parent had, so it counts as its parent there.
 */
#include "load_priv.h"

/* More than a person would name, and few enough to compare all of them. */
#define TARGETS_MAX 100

static const struct def_state *
find_named(struct load *load, struct str name, struct diag_span span)
{
	struct load_build *build = load->build;
	size_t count = build->definition->state_count;
	const struct def_state *state = map_find(build->state_names, name);
	struct str *names;

	if (state)
		return state;
	names = load_candidates(load, &count);
	for (size_t i = 0; i < count; i++)
		names[i] = build->states[i]->name;
	load_error(load, LOAD_UNKNOWN_STATE, span, "no state `%.*s`",
	    STR_ARG(yaml_short(name)));
	load_suggest(load, name, names, count);
	return NULL;
}

static const struct def_state *
find_target(struct load *load, const struct yaml_node *node, const char *key)
{
	if (!load_is_kind(load, node, NODE_TEXT, key, "a state's name"))
		return NULL;
	return find_named(load, node->text, node->span);
}

static const struct def_state *
refuse_history(struct load *load, const struct def_state *state,
    struct diag_span span)
{
	if (!state || state->kind != STATE_HISTORY)
		return state;
	load_error(load, LOAD_BAD_HISTORY, span,
	    "`%.*s` is a history, which is never active itself",
	    STR_ARG(state->name));
	if (state->parent)
		load_repair(load, "name `%.*s`, or a state within it",
		    STR_ARG(state->parent->name));
	return NULL;
}

const struct def_state *
load_find_target(struct load *load, const struct yaml_node *node)
{
	return find_target(load, node, "target");
}

const struct def_state *
load_find_state(struct load *load, const struct yaml_node *node,
    const char *key)
{
	return refuse_history(load, find_target(load, node, key), node->span);
}

/* ---- several at once ---- */

/* What is entered at the latest where the target is reached. */
static const struct def_state *
place_of(const struct def_state *target)
{
	return target->kind == STATE_HISTORY && target->parent ?
	    target->parent : target;
}

static const struct def_state *
common_ancestor(const struct def_state *a, const struct def_state *b)
{
	while (a && !def_state_contains(a, b))
		a = a->parent;
	return a;
}

static bool
are_compatible(struct load *load, const struct def_state *a,
    const struct def_state *b, struct diag_span span)
{
	const struct def_state *around;

	if (def_state_contains(place_of(a), place_of(b)) ||
	    def_state_contains(place_of(b), place_of(a))) {
		load_error(load, LOAD_BAD_TARGETS, span,
		    "entering one of `%.*s` and `%.*s` already enters the "
		    "other", STR_ARG(a->name), STR_ARG(b->name));
		load_repair(load, "name one of them only");
		return false;
	}
	around = common_ancestor(place_of(a), place_of(b));
	if (around && around->kind == STATE_PARALLEL)
		return true;
	load_error(load, LOAD_BAD_TARGETS, span,
	    "`%.*s` and `%.*s` can't be active together", STR_ARG(a->name),
	    STR_ARG(b->name));
	load_repair(load,
	    "states entered together lie in different regions of a state of "
	    "`type: parallel`");
	return false;
}

static bool
fits_all(struct load *load, const struct def_targets *targets,
    const struct def_state *state, struct diag_span span)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (!are_compatible(load, targets->items[i], state, span))
			return false;
	}
	return true;
}

struct def_targets
load_targets(struct load *load, const struct yaml_node *node, const char *key)
{
	bool is_list = node->kind == NODE_LIST;
	size_t count = is_list ? node->count : 1;
	const struct def_state **items = ARENA_ARRAY(load->arena, count,
	    const struct def_state *);
	struct def_targets targets = {items, 0};

	if (count == 0)
		load_error(load, LOAD_MISSING_KEY, node->span,
		    "`%s` names no state", key);
	if (count > TARGETS_MAX) {
		load_error(load, LOAD_BAD_TARGETS, node->span,
		    "`%s` names more than %d states", key, TARGETS_MAX);
		return targets;
	}
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item = is_list ? node->items[i] : node;
		const struct def_state *state = find_target(load, item, key);

		if (state && fits_all(load, &targets, state, item->span))
			items[targets.count++] = state;
	}
	return targets;
}

/* ---- compensate ---- */

static const struct load_word undo_words[] = {
	{"all", COMPENSATE_ALL},
	{"to STATE", COMPENSATE_TO},
};
/* What the second stands for. */
static const struct load_table all_form = {
	.shape = SHAPE_WORDS, .words = undo_words, .count = 1,
};
static const struct load_table to_form =
    LOAD_PATTERN("^to [A-Za-z0-9._-]+$");
const struct load_table load_form_compensate =
    LOAD_EITHER(&all_form, &to_form);

void
load_compensate(struct load *load, const struct yaml_node *node,
    enum def_compensate *kind, const struct def_state **to)
{
	size_t prefix = strlen("to ");
	struct diag_span span;

	if (node->kind != NODE_TEXT ||
	    !str_has_prefix(node->text, STR("to "))) {
		*kind = (enum def_compensate)LOAD_CHOOSE(load, node,
		    undo_words, "compensate");
		return;
	}
	span = yaml_locate_span(load->document->source, node, prefix,
	    node->text.bytes - prefix);
	*to = refuse_history(load, find_named(load, str_trim(str_slice(
	    node->text, prefix, SIZE_MAX)), span), span);
	*kind = *to ? COMPENSATE_TO : COMPENSATE_ALL;
	if (*to)
		((struct def_state *)(uintptr_t)*to)->is_undone_to = true;
}
