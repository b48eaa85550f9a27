/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library_order.c: where the order of keys means something.
 *
 * A digest is of what a text says in canonical form, which has the keys of
 * every mapping sorted.  Most of them may be written in any order.  In some
 * places the order is part of what is said: there two texts of one digest may
 * say different things.  These places stand in the tables below; all that is
 * in none of them may be in any order.
 */
#include "stated/library.h"

#include "yaml_priv.h"

/* More patterns of events than a person would write in one state, and few
 * enough to compare each with each. */
#define PATTERNS_MAX 1000

enum order {
	ORDER_FREE,
	ORDER_FIXED,   /* done, listed or asked one after another */
	ORDER_MATCHED, /* as fixed, among the patterns that take one event */
};

struct key_place;
struct place {
	enum order order;
	/* of the values: by these keys, or else each alike; none: within
	 * them all is free */
	const struct key_place *keys;
	size_t key_count;
	const struct place *each;
};

struct key_place {
	const char *key;
	const struct place *place;
};
#define BY_KEYS(rows) .keys = (rows), .key_count = COUNT_OF(rows)

static const struct place step, state;

/* Whoever reads a value can tell the order of its fields. */
static const struct place value = {.order = ORDER_FIXED, .each = &value};
/* But arguments are taken by name: all but those of `run`, which are the input
 * of another instance. */
static const struct place arguments = {.each = &value};

static const struct key_place call_keys[] = {
	{"with", &arguments}, {"output", &value},
};
static const struct place call = {BY_KEYS(call_keys)};

static const struct key_place undo_keys[] = {
	{"with", &arguments}, {"verify", &call},
};
static const struct place undo = {BY_KEYS(undo_keys)};

static const struct key_place output_keys[] = {{"default", &value}};
static const struct place output = {BY_KEYS(output_keys)};
static const struct key_place table_keys[] = {
	{"outputs", &output}, {"rules", &value},
};
static const struct place table = {BY_KEYS(table_keys)};

static const struct key_place loop_keys[] = {{"in", &value}};
static const struct place loop = {BY_KEYS(loop_keys)};

/* A later expression sees what an earlier one has set. */
static const struct key_place step_keys[] = {
	{"set", &value}, {"output", &value}, {"with", &arguments},
	{"decide", &table}, {"verify", &call}, {"compensate", &undo},
	{"for", &loop}, {"do", &step},
};
static const struct place step = {BY_KEYS(step_keys)};

static const struct key_place move_keys[] = {{"do", &step}};
static const struct place move = {BY_KEYS(move_keys)};
/* The first that takes the event; the first of those that fall due. */
static const struct place by_event = {ORDER_MATCHED, .each = &move};
static const struct place by_time = {ORDER_FIXED, .each = &move};

/* Regions are entered and left, and take what comes, in their order. */
static const struct place states = {.each = &state};
static const struct place regions = {ORDER_FIXED, .each = &state};
static const struct key_place state_keys[] = {
	{"on", &by_event}, {"always", &move}, {"after", &by_time},
	{"entry", &step}, {"exit", &step}, {"output", &value},
	{"states", &states},
};
static const struct place state = {BY_KEYS(state_keys)};

/* What is held for several of them is given to an instance in their order. */
static const struct place events = {ORDER_FIXED};
static const struct key_place schedule_keys[] = {{"input", &value}};
static const struct place schedule = {BY_KEYS(schedule_keys)};
static const struct key_place workflow_keys[] = {
	{"data", &value}, {"events", &events}, {"states", &states},
	{"schedule", &schedule},
};
static const struct place workflow = {BY_KEYS(workflow_keys)};

/* ---- one mapping ---- */

static bool
is_sequence_same(const struct value *one, const struct value *other)
{
	for (size_t i = 0; i < one->as.context.count; i++)
		if (!str_equal(one->as.context.fields[i].key,
		    other->as.context.fields[i].key))
			return false;
	return true;
}

static size_t
position_of(const struct value *context, struct str key)
{
	size_t i = 0;

	while (i < context->as.context.count &&
	    !str_equal(context->as.context.fields[i].key, key))
		i++;
	return i;
}

/* Patterns go by their beginnings: one of two takes all that both do. */
static bool
take_one_event(struct str a, struct str b)
{
	return def_event_matches(a, b) || def_event_matches(b, a);
}

/* Whether another pattern comes first for some event. */
static bool
is_match_same(const struct value *one, const struct value *other)
{
	const struct value_field *fields = one->as.context.fields;

	if (one->as.context.count > PATTERNS_MAX)
		return false;
	for (size_t i = 0; i < one->as.context.count; i++) {
		size_t place = position_of(other, fields[i].key);

		for (size_t k = 0; k < place; k++) {
			struct str before = other->as.context.fields[k].key;

			if (take_one_event(fields[i].key, before) &&
			    position_of(one, before) > i)
				return false;
		}
	}
	return true;
}

static bool
is_order_same(enum order order, const struct value *one,
    const struct value *other)
{
	if (order == ORDER_FREE || is_sequence_same(one, other))
		return true;
	return order == ORDER_MATCHED && is_match_same(one, other);
}

/* ---- the whole ---- */

static bool
is_parallel(const struct value *context)
{
	const struct value *type = value_get(context, STR("type"));

	return type && type->type == VALUE_STRING &&
	    str_equal(type->as.string, STR("parallel"));
}

/* What is said of the key, and what the mapping makes of that. */
static const struct place *
place_within(const struct place *place, const struct value *context,
    struct str key)
{
	const struct place *found = place->each;

	for (size_t i = 0; i < place->key_count; i++)
		if (str_equal(str_of(place->keys[i].key), key))
			found = place->keys[i].place;
	if (found == &states && is_parallel(context))
		return &regions;
	if (found == &arguments && value_get(context, STR("run")))
		return &value;
	return found;
}

static bool differs(const struct place *place, const struct value *one,
    const struct value *other, struct buf *where);

static bool
items_differ(const struct place *place, const struct value *one,
    const struct value *other, struct buf *where)
{
	size_t bytes = where->bytes;

	for (size_t i = 0; i < one->as.list.count; i++) {
		buf_addf(where, "[%zu]", i + 1);
		if (differs(place, one->as.list.items[i],
		    other->as.list.items[i], where))
			return true;
		where->bytes = bytes;
	}
	return false;
}

static bool
fields_differ(const struct place *place, const struct value *one,
    const struct value *other, struct buf *where)
{
	size_t bytes = where->bytes;

	for (size_t i = 0; i < one->as.context.count; i++) {
		const struct value_field *field = &one->as.context.fields[i];
		const struct value *its = value_get(other, field->key);

		buf_addf(where, "%s%.*s", bytes > 0 ? "." : "",
		    STR_ARG(field->key));
		if (its && differs(place_within(place, one, field->key),
		    field->value, its, where))
			return true;
		where->bytes = bytes;
	}
	return false;
}

/* Both say the same, but for the order of keys.  Documents are at most 64
 * levels deep. */
static bool
differs(const struct place *place, const struct value *one,
    const struct value *other, struct buf *where)
{
	if (!place || one->type != other->type)
		return false;
	if (one->type == VALUE_LIST)
		return one->as.list.count == other->as.list.count &&
		    items_differ(place, one, other, where);
	return one->type == VALUE_CONTEXT &&
	    one->as.context.count == other->as.context.count &&
	    (!is_order_same(place->order, one, other) ||
	    fields_differ(place, one, other, where));
}

/* The workflow, which comes before what it refers to. */
static const struct value *
read_first(struct arena *arena, struct str text)
{
	struct diag_list *unheard = diag_list_new();
	struct yaml_source *source = ARENA_NEW(arena, struct yaml_source);
	const struct yaml_document *document = NULL;
	const struct value *said = NULL;
	struct str part;
	size_t offset = 0;

	if (yaml_source_init(source, arena, STR("workflow"), text, unheard) &&
	    yaml_source_next(source, &offset, &part))
		document = yaml_tree_read(arena, source, part, unheard);
	if (document)
		said = yaml_scalar_value(arena, document->root, unheard);
	diag_list_free(&unheard);
	return said;
}

bool
library_is_reordered(struct str one, struct str other, struct buf *where)
{
	struct arena *arena;
	const struct value *first, *second;
	bool is_reordered;

	if (str_equal(one, other))
		return false;
	arena = arena_new();
	first = read_first(arena, one);
	second = read_first(arena, other);
	is_reordered =
	    first && second && differs(&workflow, first, second, where);
	arena_free(&arena);
	return is_reordered;
}
