/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definition.c: looking things up in a definition, and the words of its enums.
 *
 * Look-ups are linear: definitions have tens of states, and what runs often
 * holds pointers instead of names.
 */
#include "stated/definition.h"

#define MINUTE_MS (60 * INT64_C(1000))
#define DAY_MS (24 * 60 * MINUTE_MS)
/* Never shorter than the calendar's: see def_span_parse(). */
#define MONTH_MS (31 * DAY_MS)
#define YEAR_MS (366 * DAY_MS)
/* Keeps every sum with an instant of this age far from overflow. */
#define SPAN_MS_MAX (1000 * YEAR_MS)
#define MONTHS_MAX (SPAN_MS_MAX / YEAR_MS * 12)

#define ENUM_NAME(constant, name) [constant] = STR_INIT(name),
static const struct str priority_names[] = {DEF_PRIORITIES(ENUM_NAME)};
static const struct str method_names[] = {DEF_METHODS(ENUM_NAME)};

static const struct str ending_names[] = {
    [ENDING_SUCCESS] = STR_INIT("success"),
    [ENDING_FAILURE] = STR_INIT("failure"),
    [ENDING_CANCELLED] = STR_INIT("cancelled"),
};

struct part_word {
	enum def_part part;
	struct str name;
};
#define PART_WORD(constant, name, bit) {constant, STR_INIT(name)},
static const struct part_word part_words[] = {DEF_PARTS(PART_WORD)};

struct span_unit {
	struct str name;
	int64_t ms;
};
/* A unit comes after those that end like it. */
static const struct span_unit span_units[] = {
	{STR_INIT("ms"), 1},
	{STR_INIT("s"), 1000},
	{STR_INIT("m"), MINUTE_MS},
	{STR_INIT("h"), 60 * MINUTE_MS},
	{STR_INIT("d"), DAY_MS},
	{STR_INIT("w"), 7 * DAY_MS},
	{STR_INIT("y"), YEAR_MS},
};

static struct str
name_at(const struct str *names, size_t count, size_t index)
{
	must(index < count);
	must(names[index].bytes > 0);
	return names[index];
}

struct str
def_ending_name(enum def_ending ending)
{
	return name_at(ending_names, COUNT_OF(ending_names), ending);
}

struct str
def_priority_name(enum def_priority priority)
{
	return name_at(priority_names, COUNT_OF(priority_names), priority);
}

bool
def_priority_parse(struct str text, enum def_priority *out)
{
	must(out != NULL);
	for (size_t i = 0; i < COUNT_OF(priority_names); i++) {
		if (!str_equal(text, priority_names[i]))
			continue;
		*out = (enum def_priority)i;
		return true;
	}
	return false;
}

struct str
def_method_name(enum def_method method)
{
	return name_at(method_names, COUNT_OF(method_names), method);
}

struct str
def_part_name(enum def_part part)
{
	for (size_t i = 0; i < COUNT_OF(part_words); i++) {
		if (part_words[i].part == part)
			return part_words[i].name;
	}
	unreachable("a part is exactly one of the listed bits");
}

/* "3 business days" */
static bool
parse_business_days(struct str text, int64_t *days)
{
	struct str unit = {0};
	struct str count = str_split(text, ' ', &unit);

	if (!str_equal(unit, STR("business days")) &&
	    !str_equal(unit, STR("business day")))
		return false;
	return str_parse_int(count, 0, CALENDAR_DAYS_MAX, days);
}

/* "30s" */
static bool
parse_units(struct str text, int64_t *ms)
{
	for (size_t i = 0; i < COUNT_OF(span_units); i++) {
		const struct span_unit *unit = &span_units[i];
		int64_t count = 0;

		if (!str_has_suffix(text, unit->name))
			continue;
		text.bytes -= unit->name.bytes;
		if (!str_parse_int(text, 0, SPAN_MS_MAX / unit->ms, &count))
			return false;
		*ms = count * unit->ms;
		return true;
	}
	return false;
}

bool
def_span_of_months(int64_t months, int64_t *ms)
{
	must(ms != NULL);
	if (months < -MONTHS_MAX || months > MONTHS_MAX)
		return false;
	*ms = months / 12 * YEAR_MS + months % 12 * MONTH_MS;
	return true;
}

static bool
parse_iso_months(struct str text, int64_t *ms)
{
	int64_t months = 0;

	return months_parse(text, &months) && months >= 0 &&
	    def_span_of_months(months, ms);
}

/* "PT4H"; what is finer than a millisecond counts as one more. */
static bool
parse_iso(struct str text, int64_t *ms)
{
	struct duration duration = {0};

	if (parse_iso_months(text, ms))
		return true;
	if (!duration_parse(text, &duration) || duration.seconds < 0 ||
	    duration.nanoseconds < 0 ||
	    duration.seconds > SPAN_MS_MAX / 1000)
		return false;
	*ms = duration.seconds * 1000 +
	    (duration.nanoseconds + 999999) / 1000000;
	return true;
}

bool
def_span_parse(struct str text, struct def_span *out)
{
	struct def_span span = {.text = text};

	must(out != NULL);
	if (parse_units(text, &span.fixed_ms) ||
	    parse_iso(text, &span.fixed_ms))
		span.kind = SPAN_FIXED;
	else if (parse_business_days(text, &span.business_days))
		span.kind = SPAN_BUSINESS_DAYS;
	else
		return false;
	*out = span;
	return true;
}

const struct def_state *
definition_find_state(const struct definition *definition, struct str name)
{
	for (size_t i = 0; i < definition->state_count; i++) {
		must(definition->states[i]->index == i);
		if (str_equal(definition->states[i]->name, name))
			return definition->states[i];
	}
	return NULL;
}

const struct def_event *
definition_find_event(const struct definition *definition, struct str type)
{
	for (size_t i = 0; i < definition->event_count; i++) {
		if (str_equal(definition->events[i].type, type))
			return &definition->events[i];
	}
	return NULL;
}

const struct def_step *
definition_find_step(const struct definition *definition, struct str id)
{
	for (size_t i = 0; i < definition->step_count; i++) {
		must(definition->steps[i]->index == i);
		if (str_equal(definition->steps[i]->id, id))
			return definition->steps[i];
	}
	return NULL;
}

bool
def_state_contains(const struct def_state *outer, const struct def_state *inner)
{
	must(outer != NULL);
	for (; inner != NULL; inner = inner->parent) {
		must(inner->parent == NULL ||
		    inner->parent->depth + 1 == inner->depth);
		if (inner == outer)
			return true;
	}
	return false;
}

bool
def_event_matches(struct str pattern, struct str type)
{
	if (str_equal(pattern, STR("*")))
		return true;
	if (!str_has_suffix(pattern, STR(".*")))
		return str_equal(pattern, type);
	pattern.bytes -= strlen(".*");
	return str_has_prefix(type, pattern) &&
	    (type.bytes == pattern.bytes || type.at[pattern.bytes] == '.');
}

const struct def_operation *
def_connection_find(const struct def_connection *connection,
    struct str operation)
{
	for (size_t i = 0; i < connection->operation_count; i++) {
		if (str_equal(connection->operations[i]->name, operation))
			return connection->operations[i];
	}
	return NULL;
}

bool
def_publication_takes(
    const struct def_publication *publication, struct str type)
{
	for (size_t i = 0; i < publication->event_count; i++)
		if (def_event_matches(publication->events[i], type))
			return true;
	return false;
}
