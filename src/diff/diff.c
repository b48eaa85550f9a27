/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.c: compares what two definitions say.
 *
 * A thing that is not there on the other side is told once, and not again
 * with all that it says.  A state that went and one that came are the same
 * one under another name where they say the same and no others do.
 */
#include "diff_priv.h"

#include "stated/map.h"

#include <stdlib.h>

#define NAMES_MAX 4096 /* of states; beyond, names are taken as they are */

struct side {
	struct diff_facts facts;
	struct map *keys; /* of facts, items and states → their text */
};

struct diff {
	struct arena *arena;
	struct side before;
	struct side after;
	struct diff_change *changes;
	size_t count;
	size_t capacity;
};

struct str
diff_kind_name(enum diff_kind kind)
{
	switch (kind) {
	case DIFF_ADDED:
		return STR("added");
	case DIFF_REMOVED:
		return STR("removed");
	case DIFF_CHANGED:
		return STR("changed");
	case DIFF_RENAMED:
		return STR("renamed");
	}
	unreachable("every kind is above");
}

static void
add(struct diff *diff, struct diff_change change)
{
	diff->changes = arena_grow(diff->arena, diff->changes, diff->count,
	    &diff->capacity, sizeof(*diff->changes));
	diff->changes[diff->count++] = change;
}

/* ---- what is there ---- */

static struct str
key_of(
    struct arena *arena, struct str state, struct str item, struct str aspect)
{
	return arena_strf(arena, "%.*s\x1f%.*s\x1f%.*s", STR_ARG(state),
	    STR_ARG(item), STR_ARG(aspect));
}

/* A second fact about the same ("a.b", and b of a) gets a number: none may
 * hide another. */
static struct str
aspect_of(const struct side *side, const struct diff_fact *fact)
{
	struct arena *arena = side->facts.arena;
	struct str aspect = fact->aspect;

	for (size_t nth = 2; map_find(side->keys, key_of(arena, fact->state,
		 fact->item, aspect)) != NULL; nth++)
		aspect = arena_strf(
		    arena, "%.*s (%zu)", STR_ARG(fact->aspect), nth);
	return aspect;
}

/* Aspects beside no fact about the item itself make it exist as well. */
static void
note(struct side *side, struct diff_fact *fact)
{
	struct arena *arena = side->facts.arena;
	struct str *text = ARENA_NEW(arena, struct str);

	*text = fact->text;
	fact->aspect = aspect_of(side, fact);
	(void)map_put(side->keys,
	    key_of(arena, fact->state, fact->item, fact->aspect), text);
	(void)map_put(side->keys,
	    arena_strf(arena, "%.*s\x1f%.*s", STR_ARG(fact->state),
		STR_ARG(fact->item)),
	    text);
	(void)map_put(side->keys, fact->state, text);
}

static void
gather(struct side *side, struct arena *arena,
    const struct definition *definition, const struct str *names)
{
	side->facts = (struct diff_facts){
	    .arena = arena, .definition = definition, .names = names};
	side->keys = map_new();
	diff_fact_gather(&side->facts);
	for (size_t i = 0; i < side->facts.count; i++)
		note(side, &side->facts.items[i]);
}

static bool
has_state(const struct side *side, struct str state)
{
	return state.bytes == 0 || map_find(side->keys, state) != NULL;
}

static bool
has_item(const struct side *side, const struct diff_fact *fact)
{
	struct str key = arena_strf(side->facts.arena, "%.*s\x1f%.*s",
	    STR_ARG(fact->state), STR_ARG(fact->item));

	return map_find(side->keys, key) != NULL;
}

static const struct str *
text_in(const struct side *side, const struct diff_fact *fact)
{
	return map_find(side->keys,
	    key_of(side->facts.arena, fact->state, fact->item, fact->aspect));
}

/* ---- renamed states ---- */

/* All that a state says, but for names that the other side doesn't have. */
static struct str
signature(struct arena *arena, const struct definition *definition,
    const struct definition *other, const struct def_state *state)
{
	struct str *names =
	    ARENA_ARRAY(arena, definition->state_count, struct str);
	struct diff_facts facts = {
	    .arena = arena, .definition = definition, .names = names};
	struct buf text = {0};
	struct str kept;

	for (size_t i = 0; i < definition->state_count; i++)
		names[i] = definition_find_state(
			       other, definition->states[i]->name) != NULL
			       ? definition->states[i]->name
			       : STR("?");
	names[state->index] = STR("this");
	diff_fact_gather(&facts);
	for (size_t i = 0; i < facts.count; i++)
		if (str_equal(facts.items[i].state, STR("this")))
			buf_addf(&text, "%.*s\x1f%.*s\x1f%.*s\n",
			    STR_ARG(facts.items[i].item),
			    STR_ARG(facts.items[i].aspect),
			    STR_ARG(facts.items[i].text));
	kept = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return kept;
}

/* The only state of `in` that `other` doesn't have and that says this; NULL
 * where there is none, or more than one. */
static const struct def_state *
find_alike(struct arena *arena, const struct definition *in,
    const struct definition *other, struct str says)
{
	const struct def_state *found = NULL;

	for (size_t i = 0; i < in->state_count; i++) {
		const struct def_state *state = in->states[i];

		if (definition_find_state(other, state->name) != NULL ||
		    !str_equal(signature(arena, in, other, state), says))
			continue;
		if (found != NULL)
			return NULL;
		found = state;
	}
	return found;
}

/* What the old states are called in the new definition. */
static const struct str *
find_names(struct diff *diff, const struct definition *before,
    const struct definition *after)
{
	struct str *names =
	    ARENA_ARRAY(diff->arena, before->state_count, struct str);
	struct arena *scratch = arena_new();

	for (size_t i = 0; i < before->state_count; i++) {
		const struct def_state *state = before->states[i], *alike;
		struct str says;

		names[i] = state->name;
		if (definition_find_state(after, state->name) != NULL ||
		    before->state_count + after->state_count > NAMES_MAX)
			continue;
		arena_reset(scratch);
		says = signature(scratch, before, after, state);
		alike = find_alike(scratch, after, before, says);
		if (alike == NULL ||
		    find_alike(scratch, before, after, says) != state)
			continue;
		names[i] = alike->name;
		add(diff, (struct diff_change){.kind = DIFF_RENAMED,
			      .state = alike->name,
			      .before = state->name,
			      .after = alike->name});
	}
	arena_free(&scratch);
	return names;
}

/* ---- comparing ---- */

/* Whether the fact was the first about what is not there on the other side:
 * the rest of it goes without saying. */
static bool
is_first_about(const struct diff_facts *facts, size_t index, bool with_item)
{
	const struct diff_fact *fact = &facts->items[index];

	for (size_t i = index; i-- > 0;) {
		const struct diff_fact *other = &facts->items[i];

		if (str_equal(other->state, fact->state) &&
		    (!with_item || str_equal(other->item, fact->item)))
			return false;
	}
	return true;
}

/* A fact that the other side doesn't have in these words. */
static void
tell(struct diff *diff, const struct side *side, const struct side *other,
    size_t index, bool is_old)
{
	const struct diff_fact *fact = &side->facts.items[index];
	const struct str *text = text_in(other, fact);
	struct diff_change change = {
	    .kind = is_old ? DIFF_REMOVED : DIFF_ADDED, .state = fact->state};
	bool has_item_there;

	if (!has_state(other, fact->state)) {
		if (is_first_about(&side->facts, index, false))
			add(diff, change);
		return;
	}
	has_item_there = has_item(other, fact);
	if (!has_item_there && !is_first_about(&side->facts, index, true))
		return;
	change.item = fact->item;
	if (has_item_there) {
		change.aspect = fact->aspect;
		change.kind = text != NULL ? DIFF_CHANGED : change.kind;
	}
	if (!has_item_there && fact->aspect.bytes > 0) {
		add(diff, change); /* it has no words of its own */
		return;
	}
	change.before = is_old ? fact->text : (struct str){NULL, 0};
	change.after =
	    is_old ? (text ? *text : (struct str){NULL, 0}) : fact->text;
	add(diff, change);
}

static void
compare(struct diff *diff)
{
	const struct side *before = &diff->before, *after = &diff->after;

	for (size_t i = 0; i < before->facts.count; i++) {
		const struct str *text =
		    text_in(after, &before->facts.items[i]);

		if (text == NULL ||
		    !str_equal(*text, before->facts.items[i].text))
			tell(diff, before, after, i, true);
	}
	for (size_t i = 0; i < after->facts.count; i++)
		if (text_in(before, &after->facts.items[i]) == NULL)
			tell(diff, after, before, i, false);
}

/* Items, and the rules of tables, have an order that means something. */
static bool
is_in_order(const struct diff_fact *fact, struct str state,
    const struct side *other)
{
	bool is_rule = fact->aspect.bytes > 0 &&
	    str_has_prefix(fact->item, STR(DIFF_DECISION));

	return str_equal(fact->state, state) && fact->item.bytes > 0 &&
	       (fact->aspect.bytes == 0 || is_rule) &&
	       text_in(other, fact) != NULL;
}

/* What both sides have, in an order of their own. */
static void
compare_order(struct diff *diff, struct str state)
{
	const struct diff_facts *old = &diff->before.facts;
	const struct diff_facts *new = &diff->after.facts;
	size_t j = 0;

	for (size_t i = 0; i < old->count; i++) {
		const struct diff_fact *fact = &old->items[i], *there;

		if (!is_in_order(fact, state, &diff->after))
			continue;
		while (j < new->count &&
		       !is_in_order(&new->items[j], state, &diff->before))
			j++;
		must(j < new->count);
		there = &new->items[j++];
		if (str_equal(there->item, fact->item) &&
		    str_equal(there->aspect, fact->aspect))
			continue;
		add(diff, (struct diff_change){
			.kind = DIFF_CHANGED,
			.state = state,
			.item = fact->aspect.bytes > 0 ? fact->item
						       : (struct str){NULL, 0},
			.aspect = STR("order"),
			.before = fact->aspect.bytes > 0 ? fact->aspect
							 : fact->item,
			.after = there->aspect.bytes > 0 ? there->aspect
							 : there->item,
		});
		return;
	}
}

/* ---- in document order ---- */

/* Where a state stands: the whole first, then as in the new definition; what
 * was removed stands where it stood. */
static size_t
rank_of(const struct diff *diff, struct str state)
{
	const struct definition *after = diff->after.facts.definition;
	const struct definition *before = diff->before.facts.definition;
	const struct def_state *found;

	if (state.bytes == 0)
		return 0;
	found = definition_find_state(after, state);
	if (found == NULL)
		found = definition_find_state(before, state);
	must(found != NULL);
	return found->index + 1;
}

/* Stable: changes of one state keep the order in which they were found. */
static void
sort(struct diff *diff)
{
	for (size_t i = 1; i < diff->count; i++) {
		struct diff_change change = diff->changes[i];
		size_t rank = rank_of(diff, change.state), j = i;

		for (;
		     j > 0 && rank_of(diff, diff->changes[j - 1].state) > rank;
		     j--)
			diff->changes[j] = diff->changes[j - 1];
		diff->changes[j] = change;
	}
}

struct diff *
diff_new(const struct definition *before, const struct definition *after)
{
	struct arena *arena = arena_new();
	struct diff *diff = ARENA_NEW(arena, struct diff);

	diff->arena = arena;
	gather(&diff->before, arena, before, find_names(diff, before, after));
	gather(&diff->after, arena, after, NULL);
	compare(diff);
	compare_order(diff, STR(""));
	for (size_t i = 0; i < after->state_count; i++)
		compare_order(diff, after->states[i]->name);
	sort(diff);
	return diff;
}

void
diff_free(struct diff **diff_pointer)
{
	struct diff *diff = *diff_pointer;
	struct arena *arena;

	if (diff == NULL)
		return;
	*diff_pointer = NULL;
	map_free(&diff->before.keys);
	map_free(&diff->after.keys);
	arena = diff->arena;
	arena_free(&arena);
}

const struct diff_change *
diff_at(const struct diff *diff, size_t index)
{
	return index < diff->count ? &diff->changes[index] : NULL;
}

bool
diff_is_empty(const struct diff *diff)
{
	return diff->count == 0;
}
