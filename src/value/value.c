/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c: making values, looking into them, comparing and copying them.
 *
 * Values never change once made, so that lists and contexts can share their
 * items and a turn that is thrown away leaves nothing behind.
 */
#include "stated/value.h"

#include "value_priv.h"
#include "stated/json.h"

const struct value value_null = {.type = VALUE_NULL};
const struct value value_true = {.type = VALUE_BOOLEAN, .as.boolean = true};
const struct value value_false = {.type = VALUE_BOOLEAN};

struct value *
value_new(struct arena *arena, enum value_type type)
{
	must(arena);
	struct value *value = ARENA_NEW(arena, struct value);
	value->type = type;
	return value;
}

const struct value *
value_of_boolean(bool boolean)
{
	return boolean ? &value_true : &value_false;
}

const struct value *
value_of_number(struct arena *arena, struct number number)
{
	struct value *value = value_new(arena, VALUE_NUMBER);
	value->as.number = number;
	return value;
}

const struct value *
value_of_int(struct arena *arena, int64_t n)
{
	return value_of_number(arena, number_of_int(n));
}

const struct value *
value_of_str(struct arena *arena, struct str string)
{
	must(string.at);
	struct value *value = value_new(arena, VALUE_STRING);
	value->as.string = string;
	return value;
}

const struct value *
value_copy_str(struct arena *arena, struct str string)
{
	must(string.at);
	/* The bytes stand behind the value: one piece of memory for both. */
	struct value *value =
	    arena_alloc_with(arena, sizeof(*value), string);
	value->type = VALUE_STRING;
	value->as.string = (struct str){(char *)(value + 1), string.bytes};
	return value;
}

const struct value *
value_of_date(struct arena *arena, struct date date)
{
	struct value *value = value_new(arena, VALUE_DATE);
	value->as.date = date;
	return value;
}

const struct value *
value_of_time(struct arena *arena, struct time_of_day time)
{
	struct value *value = value_new(arena, VALUE_TIME);
	value->as.time = time;
	return value;
}

const struct value *
value_of_date_time(struct arena *arena, struct date_time date_time)
{
	struct date_time *copy = ARENA_NEW(arena, struct date_time);
	*copy = date_time;
	struct value *value = value_new(arena, VALUE_DATE_TIME);
	value->as.date_time = copy;
	return value;
}

const struct value *
value_of_duration(struct arena *arena, struct duration duration)
{
	struct value *value = value_new(arena, VALUE_DURATION);
	value->as.duration = duration;
	return value;
}

const struct value *
value_of_months(struct arena *arena, int64_t months)
{
	struct value *value = value_new(arena, VALUE_MONTHS);
	value->as.months = months;
	return value;
}

const struct value *
value_of_instant(struct arena *arena, int64_t instant_ms)
{
	return value_of_date_time(arena, date_time_of_instant(instant_ms));
}

const struct value *
value_of_range(struct arena *arena, struct value_range range)
{
	must(range.low || range.high);
	struct value_range *copy = ARENA_NEW(arena, struct value_range);
	*copy = range;
	struct value *value = value_new(arena, VALUE_RANGE);
	value->as.range = copy;
	return value;
}

static bool
is_scalar(const struct value *value)
{
	return value == NULL ||
	       (value->type != VALUE_LIST && value->type != VALUE_CONTEXT &&
		   value->type != VALUE_RANGE);
}

bool
value_may_end_range(const struct value *value)
{
	bool may = true;

	switch (value->type) {
	case VALUE_RANGE:
		return is_scalar(value->as.range->low) &&
		       is_scalar(value->as.range->high);
	case VALUE_LIST:
		for (size_t i = 0; may && i < value->as.list.count; i++)
			may = value_may_end_range(value->as.list.items[i]);
		return may;
	case VALUE_CONTEXT:
		for (size_t i = 0; may && i < value->as.context.count; i++)
			may = value_may_end_range(
			    value->as.context.fields[i].value);
		return may;
	default:
		return true;
	}
}

const struct value *
value_of_list(struct arena *arena, const struct value *const *items,
    size_t count)
{
	must(items || count == 0);
	const struct value **copy =
	    ARENA_ARRAY(arena, count, const struct value *);
	for (size_t i = 0; i < count; i++) {
		must(items[i]);
		copy[i] = items[i];
	}
	struct value *value = value_new(arena, VALUE_LIST);
	value->as.list.items = copy;
	value->as.list.count = count;
	return value;
}

const struct value *
value_of_strs(struct arena *arena, const struct str *strings, size_t count)
{
	struct value_builder *list = value_build_list(arena);

	for (size_t i = 0; i < count; i++)
		value_append(list, value_of_str(arena, strings[i]));
	return value_built(list);
}

const struct value *
value_of_fields(struct arena *arena, const struct value_field *fields,
    size_t count)
{
	must(fields || count == 0);
	if (count >= VALUE_INDEX_MIN) {
		struct value_builder *builder = value_build_context(arena);
		for (size_t i = 0; i < count; i++)
			value_put_kept(builder, fields[i].key, fields[i].value);
		return value_built(builder);
	}
	struct value *value = value_new(arena, VALUE_CONTEXT);
	value->as.context.fields = fields;
	value->as.context.count = count;
	return value;
}

/* Position of the key, or SIZE_MAX. */
static size_t
find_sorted(const struct value *context, struct str key)
{
	const struct value_field *fields = context->as.context.fields;
	const uint32_t *sorted = context->as.context.sorted;
	size_t low = 0;
	size_t high = context->as.context.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(fields[sorted[middle]].key, key);
		if (order == 0)
			return sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

size_t
value_index_of(const struct value *context, struct str key)
{
	must(context->type == VALUE_CONTEXT);
	if (context->as.context.sorted)
		return find_sorted(context, key);
	const struct value_field *fields = context->as.context.fields;
	for (size_t i = 0; i < context->as.context.count; i++) {
		struct str other = fields[i].key;
		/* Most keys of one length differ in their first byte. */
		if (other.bytes == key.bytes &&
		    (key.bytes == 0 || (other.at[0] == key.at[0] &&
			memcmp(other.at, key.at, key.bytes) == 0)))
			return i;
	}
	return SIZE_MAX;
}

const struct value *
value_get(const struct value *value, struct str key)
{
	if (value == NULL || value->type != VALUE_CONTEXT)
		return NULL;
	size_t index = value_index_of(value, key);
	if (index == SIZE_MAX)
		return NULL;
	return value->as.context.fields[index].value;
}

const struct value *
value_get_cstr(const struct value *value, const char *key)
{
	return value_get(value, str_of(key));
}

const struct value *
value_field_or_null(const struct value *value, const char *key)
{
	const struct value *field = value_get_cstr(value, key);
	return field ? field : &value_null;
}

struct str
value_str(const struct value *value)
{
	return value != NULL && value->type == VALUE_STRING
	    ? value->as.string : (struct str){0};
}

struct str
value_field_str(const struct value *value, const char *key)
{
	return value_str(value_get_cstr(value, key));
}

const struct str *
value_strs(struct arena *arena, const struct value *list, size_t *count)
{
	struct str *strings;

	*count = list != NULL && list->type == VALUE_LIST
	    ? list->as.list.count : 0;
	strings = ARENA_ARRAY(arena, *count, struct str);
	for (size_t i = 0; i < *count; i++)
		strings[i] = value_str(list->as.list.items[i]);
	return strings;
}

bool
value_to_int(const struct value *value, int64_t *out)
{
	return value != NULL && value->type == VALUE_NUMBER &&
	    number_to_int(value->as.number, out);
}

int64_t
value_field_int(const struct value *value, const char *key)
{
	int64_t n = 0;

	return value_to_int(value_get_cstr(value, key), &n) ? n : 0;
}

bool
value_is_null(const struct value *value)
{
	must(value);
	return value->type == VALUE_NULL;
}

bool
value_is_true(const struct value *value)
{
	must(value);
	return value->type == VALUE_BOOLEAN && value->as.boolean;
}

/* The context with the field at `index` replaced: its order stays. */
static const struct value *
replace_field(struct arena *arena, const struct value *context, size_t index,
    const struct value *value)
{
	size_t count = context->as.context.count;
	struct value_field *fields =
	    ARENA_ARRAY(arena, count, struct value_field);
	memcpy(fields, context->as.context.fields, count * sizeof(*fields));
	fields[index].value = value;
	struct value *copy = value_new(arena, VALUE_CONTEXT);
	copy->as.context = context->as.context;
	copy->as.context.fields = fields;
	return copy;
}

/* The context with one field more, of so few that they need no index. */
static const struct value *
add_field(struct arena *arena, const struct value *context, struct str key,
    const struct value *value)
{
	size_t count = context->as.context.count;
	struct value_field *fields =
	    ARENA_ARRAY(arena, count + 1, struct value_field);
	if (count > 0)
		memcpy(fields, context->as.context.fields,
		    count * sizeof(*fields));
	fields[count] = (struct value_field){arena_str(arena, key), value};
	struct value *copy = value_new(arena, VALUE_CONTEXT);
	copy->as.context.fields = fields;
	copy->as.context.count = count + 1;
	return copy;
}

const struct value *
value_with(struct arena *arena, const struct value *context, struct str key,
    const struct value *value)
{
	must(context->type == VALUE_CONTEXT);
	must(value);
	size_t index = value_index_of(context, key);
	if (index != SIZE_MAX)
		return replace_field(arena, context, index, value);
	if (context->as.context.count + 1 < VALUE_INDEX_MIN)
		return add_field(arena, context, key, value);
	struct value_builder *builder = value_build_context(arena);
	for (size_t i = 0; i < context->as.context.count; i++)
		value_put_kept(builder, context->as.context.fields[i].key,
		    context->as.context.fields[i].value);
	value_put(builder, key, value);
	return value_built(builder);
}

static bool
dates_equal(struct date a, struct date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

static bool
times_equal(const struct time_of_day *a, const struct time_of_day *b)
{
	return a->hour == b->hour && a->minute == b->minute &&
	    a->second == b->second && a->nanosecond == b->nanosecond &&
	    a->offset_kind == b->offset_kind &&
	    (a->offset_kind != OFFSET_SECONDS ||
		a->offset_seconds == b->offset_seconds) &&
	    (a->offset_kind != OFFSET_ZONE || a->zone == b->zone);
}

static bool
lists_equal(const struct value *a, const struct value *b)
{
	if (a->as.list.count != b->as.list.count)
		return false;
	for (size_t i = 0; i < a->as.list.count; i++)
		if (!value_equal(a->as.list.items[i], b->as.list.items[i]))
			return false;
	return true;
}

static bool
contexts_equal(const struct value *a, const struct value *b)
{
	if (a->as.context.count != b->as.context.count)
		return false;
	for (size_t i = 0; i < a->as.context.count; i++) {
		const struct value_field *field = &a->as.context.fields[i];
		const struct value *other = value_get(b, field->key);
		if (!other || !value_equal(field->value, other))
			return false;
	}
	return true;
}

static bool
ends_equal(const struct value *a, const struct value *b)
{
	return a && b ? value_equal(a, b) : a == b;
}

static bool
ranges_equal(const struct value_range *a, const struct value_range *b)
{
	return a->low_closed == b->low_closed &&
	    a->high_closed == b->high_closed && ends_equal(a->low, b->low) &&
	    ends_equal(a->high, b->high);
}

bool
value_equal(const struct value *a, const struct value *b)
{
	must(a && b);
	if (a == b)
		return true;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOLEAN:
		return a->as.boolean == b->as.boolean;
	case VALUE_NUMBER:
		return number_equal(a->as.number, b->as.number);
	case VALUE_STRING:
		return str_equal(a->as.string, b->as.string);
	case VALUE_DATE:
		return dates_equal(a->as.date, b->as.date);
	case VALUE_TIME:
		return times_equal(&a->as.time, &b->as.time);
	case VALUE_DATE_TIME:
		return dates_equal(a->as.date_time->date,
			   b->as.date_time->date) &&
		    times_equal(&a->as.date_time->time, &b->as.date_time->time);
	case VALUE_DURATION:
		return a->as.duration.seconds == b->as.duration.seconds &&
		    a->as.duration.nanoseconds == b->as.duration.nanoseconds;
	case VALUE_MONTHS:
		return a->as.months == b->as.months;
	case VALUE_LIST:
		return lists_equal(a, b);
	case VALUE_CONTEXT:
		return contexts_equal(a, b);
	case VALUE_RANGE:
		return ranges_equal(a->as.range, b->as.range);
	case VALUE_FUNCTION:
		return a->as.function == b->as.function;
	}
	unreachable("all types are listed");
}

typedef const struct value *copy_fn(
    struct arena *arena, const struct value *value);

static const struct value *
copy_list(struct arena *arena, const struct value *list, copy_fn *copy_item)
{
	size_t count = list->as.list.count;
	const struct value **items =
	    ARENA_ARRAY(arena, count, const struct value *);
	for (size_t i = 0; i < count; i++)
		items[i] = copy_item(arena, list->as.list.items[i]);
	struct value *copy = value_new(arena, VALUE_LIST);
	copy->as.list.items = items;
	copy->as.list.count = count;
	return copy;
}

static const struct value *
copy_context(
    struct arena *arena, const struct value *context, copy_fn *copy_item)
{
	size_t count = context->as.context.count;
	const struct value_field *from = context->as.context.fields;
	struct value_field *fields =
	    ARENA_ARRAY(arena, count, struct value_field);
	for (size_t i = 0; i < count; i++)
		fields[i] = (struct value_field){arena_str(arena, from[i].key),
		    copy_item(arena, from[i].value)};
	struct value *copy = value_new(arena, VALUE_CONTEXT);
	copy->as.context.fields = fields;
	copy->as.context.count = count;
	if (context->as.context.sorted) {
		uint32_t *sorted = ARENA_ARRAY(arena, count, uint32_t);
		memcpy(sorted, context->as.context.sorted,
		    count * sizeof(*sorted));
		copy->as.context.sorted = sorted;
	}
	return copy;
}

static const struct value *
copy_range(struct arena *arena, const struct value_range *range,
    copy_fn *copy_item)
{
	struct value_range copy = *range;
	if (range->low)
		copy.low = copy_item(arena, range->low);
	if (range->high)
		copy.high = copy_item(arena, range->high);
	return value_of_range(arena, copy);
}

static const struct value *
copy_with(struct arena *arena, const struct value *value, copy_fn *copy_item)
{
	must(value);
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_FUNCTION:
		return &value_null;
	case VALUE_BOOLEAN:
		return value_of_boolean(value->as.boolean);
	case VALUE_STRING:
		return value_copy_str(arena, value->as.string);
	case VALUE_DATE_TIME:
		return value_of_date_time(arena, *value->as.date_time);
	case VALUE_LIST:
		return copy_list(arena, value, copy_item);
	case VALUE_CONTEXT:
		return copy_context(arena, value, copy_item);
	case VALUE_RANGE:
		return copy_range(arena, value->as.range, copy_item);
	case VALUE_NUMBER:
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
		break;
	}
	struct value *copy = value_new(arena, value->type);
	*copy = *value;
	return copy;
}

const struct value *
value_copy(struct arena *arena, const struct value *value)
{
	return copy_with(arena, value, value_copy);
}

const struct value *
value_keep(struct arena *arena, const struct value *value)
{
	return arena_holds(arena, value)
		   ? value
		   : copy_with(arena, value, value_keep);
}

struct str
value_type_name(enum value_type type)
{
	static const struct str names[] = {
	    [VALUE_NULL] = STR_INIT("null"),
	    [VALUE_BOOLEAN] = STR_INIT("boolean"),
	    [VALUE_NUMBER] = STR_INIT("number"),
	    [VALUE_STRING] = STR_INIT("string"),
	    [VALUE_DATE] = STR_INIT("date"),
	    [VALUE_TIME] = STR_INIT("time"),
	    [VALUE_DATE_TIME] = STR_INIT("date and time"),
	    [VALUE_DURATION] = STR_INIT("days and time duration"),
	    [VALUE_MONTHS] = STR_INIT("years and months duration"),
	    [VALUE_LIST] = STR_INIT("list"),
	    [VALUE_CONTEXT] = STR_INIT("context"),
	    [VALUE_RANGE] = STR_INIT("range"),
	    [VALUE_FUNCTION] = STR_INIT("function"),
	};
	must((size_t)type < sizeof(names) / sizeof(names[0]));
	return names[type];
}

static bool
text_in(struct arena *arena, const struct value *value, enum json_form form,
    struct str *out)
{
	struct buf text = buf_in(arena);

	switch (value->type) {
	case VALUE_STRING:
		*out = value->as.string;
		return true;
	case VALUE_NUMBER:
		number_format_plain(value->as.number, &text);
		*out = buf_keep(&text);
		return true;
	case VALUE_BOOLEAN:
		*out = value->as.boolean ? STR("true") : STR("false");
		return true;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
		/* ISO 8601 needs no escapes: JSON's quotes are all to lose. */
		json_write(value, form, &text);
		must(text.bytes >= 2);
		*out = buf_keep(&text);
		*out = str_slice(*out, 1, out->bytes - 2);
		return true;
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_CONTEXT:
	case VALUE_RANGE:
	case VALUE_FUNCTION:
		return false;
	}
	unreachable("every type of value is listed");
}

bool
value_text(struct arena *arena, const struct value *value, struct str *out)
{
	return text_in(arena, value, JSON_PLAIN, out);
}

bool
value_sent_text(struct arena *arena, const struct value *value, struct str *out)
{
	return text_in(arena, value, JSON_SENT, out);
}

bool
value_key_text(struct arena *arena, const struct value *value, struct str *out)
{
	struct buf text = buf_in(arena);

	if (value->type != VALUE_NUMBER)
		return value_text(arena, value, out);
	number_format_key(value->as.number, &text);
	*out = buf_keep(&text);
	return true;
}
