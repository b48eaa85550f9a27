/* SPDX-License-Identifier: Apache-2.0 */
/* schema_list.c: keywords about lists. */
#include "stated/schema.h"

#include <stdlib.h>

#include "schema_priv.h"

static bool
is_list(const struct schema_at *at)
{
	return at->value->type == VALUE_LIST;
}

bool
schema_list_max_items(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at) || at->value->as.list.count <= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at most %llu items", (unsigned long long)check->limit);
}

bool
schema_list_min_items(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at) || at->value->as.list.count >= check->limit)
		return true;
	return schema_validate_fail(at, check->keyword, at->place,
	    "must have at least %llu items", (unsigned long long)check->limit);
}

/* ---------------------------------------------------------- uniqueItems */

/*
 * Items are the same exactly where their normal forms are the same bytes:
 * numbers reduced, keys in order.  Sorting these finds twins in n log n
 * steps, whatever the items are; a hash would have to fear collisions.
 */
struct item {
	size_t index;
	size_t from; /* in the normal forms */
	struct str form;
};

static int
compare_fields(const void *a, const void *b)
{
	const struct value_field *const *x = a;
	const struct value_field *const *y = b;
	return str_compare((*x)->key, (*y)->key);
}

static void
add_text(struct buf *out, struct str text)
{
	buf_add_varint(out, text.bytes);
	buf_add_str(out, text);
}

static void normalise(struct arena *arena, const struct value *value,
    struct buf *out);

static void
normalise_context(struct arena *arena, const struct value *context,
    struct buf *out)
{
	size_t count = context->as.context.count;
	const struct value_field **sorted =
	    ARENA_ARRAY(arena, count, const struct value_field *);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &context->as.context.fields[i];
	qsort(sorted, count, sizeof(const struct value_field *),
	    compare_fields);
	buf_add_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		add_text(out, sorted[i]->key);
		normalise(arena, sorted[i]->value, out);
	}
}

static void
normalise(struct arena *arena, const struct value *value, struct buf *out)
{
	struct number number;
	buf_add_char(out, (char)value->type);
	switch (value->type) {
	case VALUE_NUMBER:
		number = number_reduce(value->as.number);
		buf_add(out, number.words, sizeof(number.words));
		return;
	case VALUE_STRING:
		add_text(out, value->as.string);
		return;
	case VALUE_LIST:
		buf_add_varint(out, value->as.list.count);
		for (size_t i = 0; i < value->as.list.count; i++)
			normalise(arena, value->as.list.items[i], out);
		return;
	case VALUE_CONTEXT:
		normalise_context(arena, value, out);
		return;
	default:
		/* The rest has one exact form. */
		value_pack(value, out);
		return;
	}
}

static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int order = str_compare(x->form, y->form);
	if (order != 0)
		return order;
	return (x->index > y->index) - (x->index < y->index);
}

/* All items in order of their normal forms, which `forms` keeps. */
static struct item *
sort_items(struct schema_at *at, struct buf *forms)
{
	size_t count = at->value->as.list.count;
	struct item *items = ARENA_ARRAY(at->run->arena, count, struct item);
	for (size_t i = 0; i < count; i++) {
		items[i].index = i;
		items[i].from = forms->bytes;
		normalise(at->run->arena, at->value->as.list.items[i], forms);
		items[i].form.bytes = forms->bytes - items[i].from;
	}
	for (size_t i = 0; i < count; i++)
		items[i].form.at = forms->at + items[i].from;
	qsort(items, count, sizeof(*items), compare_items);
	return items;
}

bool
schema_list_unique(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at) || !check->value->as.boolean ||
	    at->value->as.list.count < 2)
		return true;
	struct buf forms = {0};
	const struct item *items = sort_items(at, &forms);
	bool valid = true;
	for (size_t i = 1; valid && i < at->value->as.list.count; i++)
		if (str_equal(items[i - 1].form, items[i].form))
			valid = schema_validate_fail(at, check->keyword,
			    at->place, "the items %zu and %zu are the same",
			    items[i - 1].index, items[i].index);
	buf_fini(&forms);
	return valid;
}

/* -------------------------------------------------- schemas of the items */

static bool
check_item(struct schema_at *at, const struct schema *schema, size_t index)
{
	struct schema_place place = {.outer = at->place, .index = index};
	schema_validate_see(at, index);
	return schema_validate_child(at, schema,
	    at->value->as.list.items[index], &place);
}

bool
schema_list_prefix(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < check->count; i++) {
		if (i == at->value->as.list.count)
			break;
		if (!check_item(at, check->members[i].schema, i))
			valid = false;
	}
	return valid;
}

bool
schema_list_items(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at))
		return true;
	const struct schema_check *prefix =
	    at->schema->checks[SCHEMA_PREFIX_ITEMS];
	bool valid = true;
	for (size_t i = prefix ? prefix->count : 0;
	     i < at->value->as.list.count; i++) {
		if (!check_item(at, check->schema, i))
			valid = false;
		if (!valid && (at->run->quiet || at->run->stopped))
			break;
	}
	return valid;
}

/* Notes the items that match as seen, and returns how many there are. */
static size_t
count_matches(struct schema_at *at, const struct schema *schema)
{
	size_t matches = 0;
	at->run->quiet++;
	for (size_t i = 0; i < at->value->as.list.count; i++) {
		if (!schema_validate_child(at, schema,
			at->value->as.list.items[i], at->place))
			continue;
		matches++;
		schema_validate_see(at, i);
	}
	at->run->quiet--;
	return matches;
}

bool
schema_list_contains(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at))
		return true;
	struct schema_check *const *checks = at->schema->checks;
	const struct schema_check *min = checks[SCHEMA_MIN_CONTAINS];
	const struct schema_check *max = checks[SCHEMA_MAX_CONTAINS];
	uint64_t least = min ? min->limit : 1;
	size_t matches = count_matches(at, check->schema);
	if (at->run->stopped)
		return false;
	if (matches < least)
		return schema_validate_fail(at,
		    min ? SCHEMA_MIN_CONTAINS : SCHEMA_CONTAINS, at->place,
		    "%zu items match what at least %llu must", matches,
		    (unsigned long long)least);
	if (max && matches > max->limit)
		return schema_validate_fail(at, SCHEMA_MAX_CONTAINS, at->place,
		    "%zu items match what at most %llu may", matches,
		    (unsigned long long)max->limit);
	return true;
}

bool
schema_list_unevaluated(struct schema_at *at, const struct schema_check *check)
{
	if (!is_list(at))
		return true;
	bool valid = true;
	for (size_t i = 0; i < at->value->as.list.count; i++)
		if (!schema_validate_has_seen(at, i) &&
		    !check_item(at, check->schema, i))
			valid = false;
	return valid;
}
