/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_access.c: paths and filters (DMN 1.5, sections 10.3.2.5 and 10.3.2.6,
 * tables 53 and 60).
 */
#include "feel_priv.h"

#define TYPE_BIT(type) (1u << (type))
#define DATES (TYPE_BIT(VALUE_DATE) | TYPE_BIT(VALUE_DATE_TIME))
#define TIMES (TYPE_BIT(VALUE_TIME) | TYPE_BIT(VALUE_DATE_TIME))
#define DURATIONS TYPE_BIT(VALUE_DURATION)
#define MONTHS TYPE_BIT(VALUE_MONTHS)
#define RANGES TYPE_BIT(VALUE_RANGE)

typedef const struct value *property_fn(struct arena *arena,
    const struct value *value);

/* -------------------------------------------------------------- properties */

static struct date
date_of(const struct value *value)
{
	return value->type == VALUE_DATE ? value->as.date :
	    value->as.date_time->date;
}

static const struct time_of_day *
time_of(const struct value *value)
{
	return value->type == VALUE_TIME ? &value->as.time :
	    &value->as.date_time->time;
}

static const struct value *
get_year(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, date_of(value).year);
}

static const struct value *
get_month(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, date_of(value).month);
}

static const struct value *
get_day(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, date_of(value).day);
}

static const struct value *
get_weekday(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, date_weekday(date_of(value)));
}

static const struct value *
get_hour(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, time_of(value)->hour);
}

static const struct value *
get_minute(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, time_of(value)->minute);
}

/* Seconds with a fraction, without zeros that nobody wrote. */
static const struct value *
make_seconds(struct arena *arena, int64_t seconds, int64_t nanoseconds)
{
	struct number fraction;
	struct number sum;

	if (nanoseconds == 0)
		return value_of_int(arena, seconds);
	if (number_divide(number_of_int(nanoseconds),
	    number_of_int(1000000000), &fraction) != NUMBER_OK ||
	    number_add(number_of_int(seconds), fraction, &sum) != NUMBER_OK)
		return &value_null;
	return value_of_number(arena, sum);
}

static const struct value *
get_second(struct arena *arena, const struct value *value)
{
	return make_seconds(arena, time_of(value)->second,
	    time_of(value)->nanosecond);
}

/* What the local clock is ahead of UTC at that moment; what it is in a zone
 * that sets its clocks, no time of day tells. */
static const struct value *
get_time_offset(struct arena *arena, const struct value *value)
{
	struct date_time local = {.date = {1970, 1, 1}};
	struct date_time moment;
	int64_t seconds[2];
	uint32_t nanoseconds;

	if (value->type == VALUE_DATE_TIME)
		local = *value->as.date_time;
	else
		local.time = time_without_date(&value->as.time);
	if (local.time.offset_kind == OFFSET_NONE ||
	    (value->type == VALUE_TIME &&
		local.time.offset_kind == OFFSET_ZONE))
		return &value_null;
	moment = local;
	local.time.offset_kind = OFFSET_NONE;
	date_time_to_utc(&moment, &seconds[0], &nanoseconds);
	date_time_to_utc(&local, &seconds[1], &nanoseconds);
	return value_of_duration(arena,
	    (struct duration){seconds[1] - seconds[0], 0});
}

static const struct value *
get_timezone(struct arena *arena, const struct value *value)
{
	if (time_of(value)->offset_kind != OFFSET_ZONE)
		return &value_null;
	return value_of_str(arena, zone_name(time_of(value)->zone));
}

static const struct value *
get_days(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, value->as.duration.seconds / 86400);
}

static const struct value *
get_hours(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, value->as.duration.seconds / 3600 % 24);
}

static const struct value *
get_minutes(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, value->as.duration.seconds / 60 % 60);
}

static const struct value *
get_seconds(struct arena *arena, const struct value *value)
{
	return make_seconds(arena, value->as.duration.seconds % 60,
	    value->as.duration.nanoseconds);
}

static const struct value *
get_years(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, value->as.months / 12);
}

static const struct value *
get_months(struct arena *arena, const struct value *value)
{
	return value_of_int(arena, value->as.months % 12);
}

static const struct value *
get_start(struct arena *arena, const struct value *value)
{
	(void)arena;
	return value->as.range->low != NULL ? value->as.range->low :
	    &value_null;
}

static const struct value *
get_end(struct arena *arena, const struct value *value)
{
	(void)arena;
	return value->as.range->high != NULL ? value->as.range->high :
	    &value_null;
}

static const struct value *
get_start_included(struct arena *arena, const struct value *value)
{
	(void)arena;
	return value_of_boolean(value->as.range->low_closed);
}

static const struct value *
get_end_included(struct arena *arena, const struct value *value)
{
	(void)arena;
	return value_of_boolean(value->as.range->high_closed);
}

struct property {
	struct str name;
	unsigned types;
	property_fn *get;
};

static const struct property properties[] = {
	{STR_INIT("year"), DATES, get_year},
	{STR_INIT("month"), DATES, get_month},
	{STR_INIT("day"), DATES, get_day},
	{STR_INIT("weekday"), DATES, get_weekday},
	{STR_INIT("hour"), TIMES, get_hour},
	{STR_INIT("minute"), TIMES, get_minute},
	{STR_INIT("second"), TIMES, get_second},
	{STR_INIT("time offset"), TIMES, get_time_offset},
	{STR_INIT("timezone"), TIMES, get_timezone},
	{STR_INIT("days"), DURATIONS, get_days},
	{STR_INIT("hours"), DURATIONS, get_hours},
	{STR_INIT("minutes"), DURATIONS, get_minutes},
	{STR_INIT("seconds"), DURATIONS, get_seconds},
	{STR_INIT("years"), MONTHS, get_years},
	{STR_INIT("months"), MONTHS, get_months},
	{STR_INIT("start"), RANGES, get_start},
	{STR_INIT("end"), RANGES, get_end},
	{STR_INIT("start included"), RANGES, get_start_included},
	{STR_INIT("end included"), RANGES, get_end_included},
};

static const struct value *
get_property(struct feel_run *run, const struct value *value, struct str name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]);
	     i++) {
		const struct property *property = &properties[i];

		if ((property->types & TYPE_BIT(value->type)) != 0 &&
		    str_equal(property->name, name))
			return property->get(run->arena, value);
	}
	return NULL;
}

/* ------------------------------------------------------------------- paths */

/* Other languages have there what is a function here: "text.length". */
static const struct value *
fail_property(struct feel_run *run, const struct feel_node *node,
    const struct value *object, struct str name)
{
	struct str type = value_type_name(object->type);
	char repair[120];
	char who[60];

	if (!feel_is_told(run))
		return &value_null;
	str_write(who, sizeof(who), object->type == VALUE_LIST ?
	    "no item of the %.*s has" : "`%.*s` has no", STR_ARG(type));
	if (!feel_habit_known(name, repair, sizeof(repair)))
		return feel_null(run, node, "%s `%.*s`", who, STR_ARG(name));
	return feel_null(run, node, "%s `%.*s`: %s", who, STR_ARG(name),
	    repair);
}

/* The field of each item; null where an item has none. */
static const struct value *
map_items(struct feel_run *run, const struct feel_node *node,
    const struct value *list, struct str name)
{
	size_t count = list->as.list.count;
	const struct value **items;
	bool is_found = count == 0;

	items = feel_items_new(run, count);
	if (items == NULL)
		return &value_null;
	for (size_t i = 0; i < count; i++) {
		const struct value *item = list->as.list.items[i];

		items[i] = value_get(item, name);
		if (items[i] == NULL)
			items[i] = get_property(run, item, name);
		is_found |= items[i] != NULL;
		if (items[i] == NULL)
			items[i] = &value_null;
	}
	if (!is_found)
		(void)fail_property(run, node, list, name);
	return feel_list_take(run, items, count);
}

#define FIELDS_LOOKED_AT 100

static const struct value *
fail_field(struct feel_run *run, const struct feel_node *node,
    const struct value *context, struct str name)
{
	struct str names[FIELDS_LOOKED_AT];
	struct str near;
	size_t count = context->as.context.count;

	if (!feel_is_told(run))
		return &value_null;
	if (count > FIELDS_LOOKED_AT)
		count = FIELDS_LOOKED_AT;
	for (size_t i = 0; i < count; i++)
		names[i] = context->as.context.fields[i].key;
	near = str_nearest(name, names, count);
	if (near.at == NULL)
		return feel_null(run, node, "the context has no `%.*s`",
		    STR_ARG(name));
	return feel_null(run, node,
	    "the context has no `%.*s`: did you mean `%.*s`?", STR_ARG(name),
	    STR_ARG(near));
}

static const struct value *
get(struct feel_run *run, const struct feel_node *node,
    const struct value *object, struct str name)
{
	const struct value *value;

	if (object->type == VALUE_CONTEXT) {
		value = value_get(object, name);
		return value != NULL ? value :
		    fail_field(run, node, object, name);
	}
	if (object->type == VALUE_LIST)
		return map_items(run, node, object, name);
	value = get_property(run, object, name);
	if (value == NULL)
		return fail_property(run, node, object, name);
	return value;
}

const struct value *
feel_access_path(struct feel_run *run, const struct feel_node *node)
{
	const struct value *object =
	    feel_eval_node(run, node->as.path.object);

	/* Of a context or a list a part is taken; of a text it is expected. */
	if (object->type == VALUE_STRING)
		feel_look(run, (struct str){NULL, 0}, object);
	return get(run, node, object, node->as.path.name);
}

/* ----------------------------------------------------------------- filters */

struct filter {
	struct feel_run *run;
	const struct feel_node *node;
	const struct value *const *items;
	size_t count;
};

/* One value counts as the list of it, null as the empty list. */
static struct filter
make_filter(struct feel_run *run, const struct feel_node *node,
    const struct value *const *list)
{
	struct filter filter = {run, node, list, 1};

	if ((*list)->type == VALUE_LIST) {
		filter.items = (*list)->as.list.items;
		filter.count = (*list)->as.list.count;
	} else if (value_is_null(*list)) {
		filter.count = 0;
	}
	return filter;
}

/* Counted from 1, or from -1 at the end. */
static const struct value *
item_at(const struct filter *filter, struct number number)
{
	int64_t index;

	if (!number_to_int(number, &index))
		return feel_null(filter->run, filter->node,
		    "the index is no whole number");
	if (index < 0 && index >= -(int64_t)filter->count)
		index += (int64_t)filter->count + 1;
	if (index < 1 || index > (int64_t)filter->count)
		return feel_null(filter->run, filter->node,
		    "the list has no item of that index");
	return filter->items[index - 1];
}

static const struct value *
condition_at(const struct filter *filter, size_t index)
{
	filter->run->slots[filter->node->as.filter.slot] =
	    index < filter->count ? filter->items[index] : &value_null;
	return feel_eval_node(filter->run, filter->node->as.filter.condition);
}

/* The first answer is known already; a condition that does not look at the
 * item answers the same for all. */
static const struct value *
select_items(const struct filter *filter, const struct value *first)
{
	struct feel_items chosen = {NULL, 0, 0};

	for (size_t i = 0; i < filter->count; i++) {
		if (!feel_spend(filter->run, 1))
			return &value_null;
		if (i > 0 && filter->node->as.filter.uses_item)
			first = condition_at(filter, i);
		feel_look(filter->run, (struct str){NULL, 0}, first);
		if (value_is_true(first))
			feel_items_add(filter->run, &chosen, filter->items[i]);
		else if (first->type != VALUE_BOOLEAN && !value_is_null(first))
			(void)feel_null(filter->run,
			    filter->node->as.filter.condition,
			    "a `%.*s` chooses no item",
			    STR_ARG(value_type_name(first->type)));
	}
	return feel_items_list(filter->run, &chosen);
}

const struct value *
feel_access_filter(struct feel_run *run, const struct feel_node *node)
{
	const struct value *list = feel_eval_node(run, node->as.filter.list);

	if (list->type == VALUE_STRING)
		feel_look(run, (struct str){NULL, 0}, list);
	struct filter filter = make_filter(run, node, &list);
	const struct value *first = condition_at(&filter, 0);

	if (first->type == VALUE_NUMBER)
		return item_at(&filter, first->as.number);
	return select_items(&filter, first);
}
