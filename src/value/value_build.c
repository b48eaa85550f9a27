/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_build.c: building lists and contexts by appending.
 *
 * A context must find a key while it grows, whatever keys an enemy chose, and
 * end up with its fields indexed in order of the keys.  So the index is a
 * merge sort that is done a bit at a time: of `count` fields, the last
 * count % 16 have no order yet; the others form runs of 16 * 2^k fields, one
 * for each bit k of count / 16, larger ones first, each run in order.  A key
 * is looked for by bisection in every run.  A full run of 16 merges with the
 * equally long one before it, and so on, like carries in a binary counter:
 * n fields cost n log n, with no hash that could be attacked.
 */
#include "stated/value.h"

#include "stated/clock.h"

#include "value_priv.h"

#define RUN VALUE_INDEX_MIN
#define BUILDER_MAGIC 0x6275696cu

struct value_builder {
	uint32_t magic;
	enum value_type type;
	struct arena *arena;
	bool built;
	size_t count;
	size_t capacity;
	const struct value **items; /* list */
	struct value_field *fields; /* context */
	/* positions in fields, in runs; none before there are RUN fields */
	uint32_t *order;
	size_t order_capacity;
	uint32_t *scratch; /* for merging; made when it is first needed */
	size_t scratch_capacity;
};

static struct value_builder *
builder_new(struct arena *arena, enum value_type type)
{
	must(arena);
	struct value_builder *builder = ARENA_NEW(arena, struct value_builder);
	builder->magic = BUILDER_MAGIC;
	builder->type = type;
	builder->arena = arena;
	return builder;
}

static void
assert_building(const struct value_builder *builder, enum value_type type)
{
	must(builder && builder->magic == BUILDER_MAGIC);
	must(builder->type == type);
	must(!builder->built);
}

struct value_builder *
value_build_context(struct arena *arena)
{
	return builder_new(arena, VALUE_CONTEXT);
}

struct value_builder *
value_build_list(struct arena *arena)
{
	return builder_new(arena, VALUE_LIST);
}

void
value_append(struct value_builder *list, const struct value *value)
{
	assert_building(list, VALUE_LIST);
	must(value);
	list->items = arena_grow(list->arena, list->items, list->count,
	    &list->capacity, sizeof(*list->items));
	list->items[list->count++] = value;
}

static int
compare_at(const struct value_builder *builder, uint32_t a, uint32_t b)
{
	return str_compare(builder->fields[a].key, builder->fields[b].key);
}

/* Position of the key among order[from, from + count), or SIZE_MAX. */
static size_t
find_in_run(const struct value_builder *builder, size_t from, size_t count,
    struct str key)
{
	size_t low = from;
	size_t high = from + count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t index = builder->order[middle];
		int compared = str_compare(builder->fields[index].key, key);
		if (compared == 0)
			return index;
		if (compared < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

static size_t
find_key(const struct value_builder *builder, struct str key)
{
	size_t from = 0;
	size_t ordered = builder->count - builder->count % RUN;
	while (from < ordered) {
		/* The largest power of two in what is left is the next run. */
		size_t run = RUN;
		while (run * 2 <= ordered - from)
			run *= 2;
		size_t found = find_in_run(builder, from, run, key);
		if (found != SIZE_MAX)
			return found;
		from += run;
	}
	for (size_t i = from; i < builder->count; i++)
		if (str_equal(builder->fields[i].key, key))
			return i;
	return SIZE_MAX;
}

/* Puts the last `count` positions, which have no order yet, in order. */
static void
sort_tail(struct value_builder *builder, size_t count)
{
	uint32_t *tail = builder->order + builder->count - count;
	for (size_t i = 1; i < count; i++) {
		uint32_t moved = tail[i];
		size_t to = i;
		for (; to > 0 && compare_at(builder, moved, tail[to - 1]) < 0;
		     to--)
			tail[to] = tail[to - 1];
		tail[to] = moved;
	}
}

static uint32_t *
get_scratch(struct value_builder *builder)
{
	if (builder->scratch_capacity < builder->order_capacity) {
		builder->scratch_capacity = builder->order_capacity;
		builder->scratch = ARENA_ARRAY(builder->arena,
		    builder->scratch_capacity, uint32_t);
	}
	return builder->scratch;
}

/* Merges the last two runs, of `left` and `right` positions. */
static void
merge_tail(struct value_builder *builder, size_t left, size_t right)
{
	must(left + right <= builder->count);
	uint32_t *to = builder->order + builder->count - right - left;
	uint32_t *b = to + left;
	uint32_t *a = get_scratch(builder);
	memcpy(a, to, left * sizeof(*a));
	uint32_t *a_end = a + left;
	uint32_t *b_end = b + right;
	while (a < a_end) {
		if (b < b_end && compare_at(builder, *b, *a) < 0)
			*to++ = *b++;
		else
			*to++ = *a++;
	}
}

/* The position that was added last; of the first RUN, all at once: most
 * contexts never have as many. */
static void
add_order(struct value_builder *builder)
{
	size_t first = builder->count == RUN ? 0 : builder->count - 1;

	for (size_t i = first; i < builder->count; i++) {
		builder->order = arena_grow(builder->arena, builder->order, i,
		    &builder->order_capacity, sizeof(*builder->order));
		builder->order[i] = (uint32_t)i;
	}
}

static void
add_field(struct value_builder *builder, struct value_field field)
{
	size_t count = builder->count;
	must(count < UINT32_MAX);
	builder->fields = arena_grow(builder->arena, builder->fields, count,
	    &builder->capacity, sizeof(*builder->fields));
	builder->fields[count] = field;
	builder->count++;
	if (builder->count < RUN)
		return;
	add_order(builder);
	if (builder->count % RUN)
		return;
	sort_tail(builder, RUN);
	for (size_t run = RUN; !(builder->count & run); run *= 2)
		merge_tail(builder, run, run);
}

/* Replaces, or adds under `key`, which `is_kept` for as long as the arena. */
static void
put(struct value_builder *context, struct str key, bool is_kept,
    const struct value *value)
{
	assert_building(context, VALUE_CONTEXT);
	must(key.at);
	must(value);
	size_t index = find_key(context, key);
	if (index != SIZE_MAX) {
		context->fields[index].value = value;
		return;
	}
	if (!is_kept)
		key = arena_str(context->arena, key);
	add_field(context, (struct value_field){key, value});
}

void
value_put(struct value_builder *context, struct str key,
    const struct value *value)
{
	put(context, key, false, value);
}

void
value_put_kept(struct value_builder *context, struct str key,
    const struct value *value)
{
	put(context, key, true, value);
}

void
value_put_kept_str(
    struct value_builder *context, struct str key, struct str string)
{
	put(context, key, true,
	    string.at ? value_copy_str(context->arena, string) : &value_null);
}

void
value_put_kept_int(struct value_builder *context, struct str key, int64_t n)
{
	put(context, key, true, value_of_int(context->arena, n));
}

void
value_put_kept_instant(
    struct value_builder *context, struct str key, int64_t instant_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (instant_ms != 0)
		value_put_kept_str(
		    context, key, clock_format(instant_ms, text));
}

bool
value_has(const struct value_builder *context, struct str key)
{
	assert_building(context, VALUE_CONTEXT);
	return find_key(context, key) != SIZE_MAX;
}

/* Merges all runs, smallest first, into one. */
static void
finish_order(struct value_builder *builder)
{
	size_t ordered = builder->count % RUN;
	sort_tail(builder, ordered);
	for (size_t run = RUN; ordered < builder->count; run *= 2) {
		if (!(builder->count & run))
			continue;
		merge_tail(builder, run, ordered);
		ordered += run;
	}
}

const struct value *
value_built(struct value_builder *builder)
{
	assert_building(builder, builder->type);
	builder->built = true;
	struct value *value = value_new(builder->arena, builder->type);
	if (builder->type == VALUE_LIST) {
		value->as.list.items = builder->items;
		value->as.list.count = builder->count;
		return value;
	}
	value->as.context.fields = builder->fields;
	value->as.context.count = builder->count;
	if (builder->count >= VALUE_INDEX_MIN) {
		finish_order(builder);
		value->as.context.sorted = builder->order;
	}
	return value;
}
