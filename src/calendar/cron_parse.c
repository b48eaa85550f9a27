/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron_parse.c: reads the five fields.
 *
 * What cron would take for something else than was meant is refused: a range
 * that runs backwards, a step beyond the field, a date that no year has.
 */
#include "cron_priv.h"

#define FIELDS 5

struct cron_field {
	struct str name;
	int min;
	int max;
	struct str names[12]; /* of `min` and on; absent ones match nothing */
};

static const struct cron_field fields[FIELDS] = {
    {.name = STR_INIT("minute"), .min = 0, .max = 59},
    {.name = STR_INIT("hour"), .min = 0, .max = 23},
    {.name = STR_INIT("day of the month"), .min = 1, .max = 31},
    {.name = STR_INIT("month"),
	.min = 1,
	.max = 12,
	.names = {STR_INIT("jan"), STR_INIT("feb"), STR_INIT("mar"),
	    STR_INIT("apr"), STR_INIT("may"), STR_INIT("jun"),
	    STR_INIT("jul"), STR_INIT("aug"), STR_INIT("sep"),
	    STR_INIT("oct"), STR_INIT("nov"), STR_INIT("dec")}},
    {.name = STR_INIT("day of the week"),
	.min = 0,
	.max = 7,
	.names = {STR_INIT("sun"), STR_INIT("mon"), STR_INIT("tue"),
	    STR_INIT("wed"), STR_INIT("thu"), STR_INIT("fri"),
	    STR_INIT("sat")}},
};

enum { FIELD_MINUTE, FIELD_HOUR, FIELD_DAY, FIELD_MONTH, FIELD_WEEKDAY };

static const struct cron_word {
	struct str word;
	struct str fields;
} words[] = {
    {STR_INIT("@hourly"), STR_INIT("0 * * * *")},
    {STR_INIT("@daily"), STR_INIT("0 0 * * *")},
    {STR_INIT("@weekly"), STR_INIT("0 0 * * 0")},
    {STR_INIT("@monthly"), STR_INIT("0 0 1 * *")},
    {STR_INIT("@yearly"), STR_INIT("0 0 1 1 *")},
};

/* What is being read: one field of the text. */
struct cron_reader {
	struct arena *arena;
	const struct cron_field *field;
	uint64_t set;
	bool last_day;
	struct str why; /* absent while nothing is wrong */
};

static bool
refuse(struct cron_reader *reader, struct str part, const char *what)
{
	must(reader->why.at == NULL);
	reader->why = arena_strf(reader->arena, "%.*s: `%.*s` %s",
	    STR_ARG(reader->field->name), STR_ARG(part), what);
	return false;
}

static bool
refuse_range(struct cron_reader *reader, struct str part)
{
	const struct cron_field *field = reader->field;
	const char *what = arena_cstr(reader->arena,
	    arena_strf(reader->arena, "is not within %d to %d%s", field->min,
		field->max, field->names[0].at ? ", and no name" : ""));

	return refuse(reader, part, what);
}

/* ASCII letters in either case; `lower` is lower case. */
static bool
is_name(struct str text, struct str lower)
{
	if (text.bytes != lower.bytes || lower.at == NULL)
		return false;
	for (size_t i = 0; i < text.bytes; i++) {
		if ((text.at[i] | 0x20) != lower.at[i])
			return false;
	}
	return true;
}

static bool
read_number(struct cron_reader *reader, struct str text, int *out)
{
	const struct cron_field *field = reader->field;
	int64_t number = 0;

	for (int i = 0; i < 12; i++) {
		if (is_name(text, field->names[i])) {
			*out = field->min + i;
			return true;
		}
	}
	if (!str_parse_int(text, field->min, field->max, &number))
		return refuse_range(reader, text);
	*out = (int)number;
	return true;
}

/* "*", "4" or "4-8"; a lone number with a step goes on to the field's end. */
static bool
read_span(struct cron_reader *reader, struct str text, bool stepped, int *from,
    int *to)
{
	struct str second;
	struct str first = str_split(text, '-', &second);

	if (str_equal(text, STR("*"))) {
		*from = reader->field->min;
		*to = reader->field->max;
		return true;
	}
	if (!read_number(reader, first, from))
		return false;
	*to = stepped ? reader->field->max : *from;
	if (second.at == NULL)
		return true;
	if (!read_number(reader, second, to))
		return false;
	/* A week may end with its Sunday. */
	if (reader->field == &fields[FIELD_WEEKDAY] && *to == 0 && *from > 0)
		*to = 7;
	return *from <= *to || refuse(reader, text, "runs backwards");
}

static bool
read_step(struct cron_reader *reader, struct str text, int *step)
{
	int64_t number = 1;

	if (text.at != NULL &&
	    !str_parse_int(text, 1, reader->field->max, &number))
		return refuse(reader, text, "is no step that this field has");
	*step = (int)number;
	return true;
}

static bool
read_item(struct cron_reader *reader, struct str item)
{
	struct str step_text;
	struct str span = str_split(item, '/', &step_text);
	int from = 0, to = 0, step = 1;

	if (item.bytes == 0)
		return refuse(reader, item, "is empty");
	if (reader->field == &fields[FIELD_DAY] && is_name(item, STR("l"))) {
		reader->last_day = true;
		return true;
	}
	if (!read_step(reader, step_text, &step) ||
	    !read_span(reader, span, step_text.at != NULL, &from, &to))
		return false;
	for (int n = from; n <= to; n += step)
		reader->set |= (uint64_t)1 << n;
	return true;
}

static bool
read_field(struct cron_reader *reader, struct str text)
{
	struct str rest = text;

	while (rest.at != NULL) {
		struct str item = str_split(rest, ',', &rest);

		if (!read_item(reader, item))
			return false;
	}
	must(reader->set != 0 || reader->last_day);
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How many words the text has; the first five of them go to `out`. */
static size_t
split_fields(struct str text, struct str out[FIELDS])
{
	size_t count = 0;

	for (size_t i = 0; i < text.bytes;) {
		size_t begin = i;

		while (i < text.bytes && !is_blank(text.at[i]))
			i++;
		if (i > begin && count++ < FIELDS)
			out[count - 1] = str_slice(text, begin, i - begin);
		while (i < text.bytes && is_blank(text.at[i]))
			i++;
	}
	return count;
}

/* Whether some month that is meant has one of the days that are meant. */
static bool
is_possible(const struct cron *cron)
{
	if (cron->last_day || !cron->weekdays_starred)
		return true;
	for (int month = 1; month <= 12; month++) {
		for (int day = 1; day <= 31; day++) {
			if ((cron->months >> month & 1) != 0 &&
			    (cron->days >> day & 1) != 0 &&
			    date_is_valid(2000, month, day))
				return true;
		}
	}
	return false;
}

static bool
read_fields(struct arena *arena, const struct str texts[FIELDS],
    struct cron *cron, struct str *why)
{
	uint64_t *sets[FIELDS] = {&cron->minutes, &cron->hours, &cron->days,
	    &cron->months, &cron->weekdays};

	for (size_t i = 0; i < FIELDS; i++) {
		struct cron_reader reader = {
		    .arena = arena, .field = &fields[i]};

		if (!read_field(&reader, texts[i])) {
			*why = reader.why;
			return false;
		}
		*sets[i] = reader.set;
		cron->last_day = cron->last_day || reader.last_day;
	}
	/* 7 is Sunday, as 0 is. */
	cron->weekdays = (cron->weekdays | cron->weekdays >> 7) & 0x7f;
	cron->days_starred = texts[FIELD_DAY].at[0] == '*';
	cron->weekdays_starred = texts[FIELD_WEEKDAY].at[0] == '*';
	return true;
}

/* "@daily" as fields; other text as it is. */
static bool
expand_word(struct arena *arena, struct str *text, struct str *why)
{
	if (!str_has_prefix(*text, STR("@")))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(*text, words[i].word)) {
			*text = words[i].fields;
			return true;
		}
	}
	*why = arena_strf(arena, "`%.*s` is none of @hourly, @daily, @weekly, "
	    "@monthly and @yearly", STR_ARG(*text));
	return false;
}

bool
cron_parse(struct arena *arena, struct str text, const struct cron **cron,
    struct str *why)
{
	struct str texts[FIELDS] = {0};
	struct cron *out = ARENA_NEW(arena, struct cron);
	size_t count;

	must(cron != NULL && why != NULL);
	text = str_trim(text);
	if (!expand_word(arena, &text, why))
		return false;
	count = split_fields(text, texts);
	if (count != FIELDS) {
		*why = arena_strf(arena, "five fields are expected (minute "
		    "hour day-of-month month day-of-week), there %s %zu",
		    count == 1 ? "is" : "are", count);
		return false;
	}
	if (!read_fields(arena, texts, out, why))
		return false;
	if (!is_possible(out)) {
		*why = STR("day of the month: no month that is meant has such "
			   "a day");
		return false;
	}
	*cron = out;
	return true;
}
