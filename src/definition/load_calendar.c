/* SPDX-License-Identifier: Apache-2.0 */
/* load_calendar.c: business days, hours and windows. */
#include "load_priv.h"

#define IN(field) offsetof(struct calendar, field)
#define DAY_SECONDS (24 * 60 * 60)

const struct zone *
load_zone(struct load *load, const struct yaml_node *node)
{
	struct str name = load_text(load, node, "timezone");
	const struct zone *zone = zone_find(name);

	if (zone || name.bytes == 0)
		return zone;
	load_error(load, LOAD_WRONG_WORD, node->span, "no time zone `%.*s`",
	    STR_ARG(name));
	load_repair(
	    load, "write a name of the IANA database, such as Europe/Berlin");
	return NULL;
}

static void
load_timezone(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar *calendar = into;
	const struct zone *zone = load_zone(load, node);

	if (zone)
		calendar->zone = zone;
}

static const struct load_word day_words[] = {
	{"mon", 0}, {"tue", 1}, {"wed", 2},
	{"thu", 3}, {"fri", 4}, {"sat", 5},
	{"sun", 6},
};
static const struct load_table day_form = LOAD_WORDS(day_words);
static const struct load_table weekend_form = LOAD_LIST(&day_form);

static void
load_weekend(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar *calendar = into;

	calendar->weekend = 0;
	for (size_t i = 0; i < node->count; i++) {
		calendar->weekend |= (uint8_t)(1 << LOAD_CHOOSE(load,
		    node->items[i], day_words, "weekend"));
	}
	if (calendar->weekend != 0x7f)
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "a week without a business day");
	calendar->weekend = 0;
}

static void
load_closed(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar *calendar = into;
	struct closed_day *days = ARENA_ARRAY(load->arena, node->count,
	    struct closed_day);
	size_t feast_count;
	const struct str *feasts = calendar_feasts(&feast_count);

	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = node->items[i];

		if (!load_is_kind(load, item, NODE_TEXT, "closed", "days"))
			continue;
		if (calendar_parse_closed(item->text,
		    &days[calendar->closed_count])) {
			calendar->closed_count++;
			continue;
		}
		load_error(load, LOAD_BAD_FORM, item->span,
		    "`%.*s` is no day", STR_ARG(yaml_short(item->text)));
		if (str_nearest(item->text, feasts, feast_count).at)
			load_suggest(load, item->text, feasts, feast_count);
		else
			load_repair(
			    load, "write 12-25, 2026-05-25 or good-friday");
	}
	calendar->closed = days;
}

static const struct load_table closed_form = LOAD_LIST(&load_form_text);

/* ---- hours ---- */

static const struct load_table hours_form =
    LOAD_PATTERN("^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$");
static const struct load_table time_form =
    LOAD_PATTERN("^[0-9]{2}:[0-9]{2}$");

static void
read_hours(struct load *load, const struct yaml_node *node,
    struct calendar_hours *hours)
{
	if (node->kind == NODE_TEXT && calendar_parse_hours(node->text, hours))
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "hours are written as 07:00-18:00");
}

static void
load_hours(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar *calendar = into;

	read_hours(load, node, &calendar->hours);
}

static void
load_window_hours(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar_window *window = into;

	read_hours(load, node, &window->hours);
}

static void
check_cut_off(struct load *load, const struct yaml_node *node, void *into)
{
	int32_t unused;

	(void)into;
	if (node->kind == NODE_TEXT && calendar_parse_time(node->text, &unused))
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "a time of day is written as '16:00'");
}

static const struct load_key window_keys[] = {
	{"hours", KIND_OWN, LOAD_MUST, 0, load_window_hours, &hours_form,
	    "from when to when, as 07:00-17:00"},
	{"cut-off", KIND_OWN, LOAD_MAY, 0, check_cut_off, &time_form,
	    "what starts later waits for the next business day"},
};
static const struct load_table window_table =
    LOAD_TABLE("a window", window_keys);
static const struct load_table windows_form = LOAD_NAMED(&window_table);

static void
load_window(struct load *load, const struct yaml_pair *pair,
    struct calendar_window *window)
{
	const struct yaml_node *cut_off =
	    yaml_tree_find(pair->value, "cut-off");
	int32_t seconds;

	window->name = load_name(load, pair->key, "a window");
	window->hours = (struct calendar_hours){0, DAY_SECONDS, DAY_SECONDS};
	load_map(load, pair->value, &window_table, window);
	window->hours.cut_off = window->hours.closes;
	if (!cut_off || cut_off->kind != NODE_TEXT ||
	    !calendar_parse_time(cut_off->text, &seconds))
		return;
	window->hours.cut_off = seconds;
	if (seconds > window->hours.opens && seconds <= window->hours.closes)
		return;
	load_error(load, LOAD_RANGE, cut_off->span,
	    "the cut-off lies outside the window's hours");
	window->hours.cut_off = window->hours.closes;
}

static void
load_windows(struct load *load, const struct yaml_node *node, void *into)
{
	struct calendar *calendar = into;
	struct calendar_window *windows = ARENA_ARRAY(load->arena, node->count,
	    struct calendar_window);

	for (size_t i = 0; i < node->count; i++)
		load_window(load, &node->pairs[i], &windows[i]);
	calendar->windows = windows;
	calendar->window_count = node->count;
}

static const struct load_key calendar_keys[] = {
	{"calendar", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the name under which workflows refer to it"},
	{"version", KIND_POSITIVE, LOAD_MAY, IN(version), NULL, NULL,
	    "raised with every change; 1 unless told"},
	{"timezone", KIND_OWN, LOAD_MAY, 0, load_timezone, &load_form_text,
	    "a name of the IANA database; UTC unless told"},
	{"weekend", KIND_LIST, LOAD_MAY, 0, load_weekend, &weekend_form,
	    "days of the week that are free; [sat, sun] unless told"},
	{"closed", KIND_LIST, LOAD_MAY, 0, load_closed, &closed_form,
	    "days of the year, dates and feasts that are free"},
	{"hours", KIND_OWN, LOAD_MAY, 0, load_hours, &hours_form,
	    "from when to when a business day lasts, as 07:00-18:00"},
	{"windows", KIND_MAP, LOAD_MAY, 0, load_windows, &windows_form,
	    "hours with a cut-off, by name"},
};
const struct load_table load_calendar_table =
    LOAD_TABLE("a calendar", calendar_keys);

struct calendar *
load_calendar(struct load *load)
{
	struct calendar *calendar = ARENA_NEW(load->arena, struct calendar);

	calendar->version = 1;
	calendar->zone = zone_find(STR("UTC"));
	calendar->weekend = 0x60;
	calendar->hours = (struct calendar_hours){0, DAY_SECONDS, DAY_SECONDS};
	load_map(load, load->document->root, &load_calendar_table, calendar);
	return calendar;
}
