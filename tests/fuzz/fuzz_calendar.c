/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_calendar.c: times that come again, business days and windows: what can
 * be read comes after now, goes on, and lies where it is allowed to.
 *
 * An input is lines: a zone, a schedule of cron, closed days parted by
 * spaces, hours with a cut-off, an instant, a number of days, the weekend's
 * bits.
 */
#include "fuzz_input.h"

#include "stated/calendar.h"
#include "stated/clock.h"
#include "stated/cron.h"

#define CLOSED_MAX 32
#define COMINGS 6

struct almanac {
	struct calendar calendar;
	struct closed_day closed[CLOSED_MAX];
	int64_t now_ms;
	int64_t days;
};

static void
take_closed(struct almanac *almanac, struct str line)
{
	struct calendar *calendar = &almanac->calendar;

	while (line.at != NULL && calendar->closed_count < CLOSED_MAX) {
		struct str word = str_split(line, ' ', &line);

		if (calendar_parse_closed(
			word, &almanac->closed[calendar->closed_count]))
			calendar->closed_count++;
	}
	calendar->closed = almanac->closed;
}

static void
take_hours(struct calendar_hours *hours, struct str line)
{
	struct str cut_off;
	struct str span = str_split(line, ' ', &cut_off);

	*hours = (struct calendar_hours){0, 86400, 86400};
	if (!calendar_parse_hours(span, hours))
		return;
	must(hours->opens >= 0);
	must(hours->opens < hours->closes);
	must(hours->closes <= 86400);
	hours->cut_off = hours->closes;
	if (calendar_parse_time(cut_off, &hours->cut_off) &&
	    (hours->cut_off <= hours->opens || hours->cut_off > hours->closes))
		hours->cut_off = hours->closes;
}

static void
take_instant(struct almanac *almanac, struct str line)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t again;

	almanac->now_ms = INT64_C(1700000000000);
	if (!clock_parse(line, &almanac->now_ms))
		return;
	must(clock_parse(clock_format(almanac->now_ms, text), &again));
	must(again == almanac->now_ms);
}

static void
take_rest(struct almanac *almanac, struct str days, struct str weekend)
{
	int64_t bits = 0x60;

	if (!str_parse_int(days, 0, INT64_MAX, &almanac->days))
		almanac->days = 1;
	if (!str_parse_int(weekend, 0, 0x7e, &bits))
		bits = 0x60;
	almanac->calendar.weekend = (uint8_t)bits;
}

/* ---- what must hold ---- */

static void
check_comings(const struct almanac *almanac, const struct cron *cron,
    const struct calendar *calendar)
{
	const struct zone *zone = almanac->calendar.zone;
	int64_t now_ms = almanac->now_ms;

	for (int i = 0; i < COMINGS; i++) {
		int64_t next_ms = cron_next(cron, zone, calendar, now_ms);

		if (next_ms == CRON_NEVER)
			return;
		must(next_ms > now_ms);
		now_ms = next_ms;
	}
}

static void
check_days(const struct almanac *almanac)
{
	const struct calendar *calendar = &almanac->calendar;
	int64_t same_ms =
	    calendar_add_business_days(calendar, almanac->now_ms, 0);
	int64_t later_ms = calendar_add_business_days(
	    calendar, almanac->now_ms, almanac->days);

	must(same_ms >= almanac->now_ms);
	must(later_ms >= same_ms);
	must(almanac->days == 0 || later_ms > same_ms || later_ms == INT64_MAX);
}

static void
check_opening(const struct almanac *almanac)
{
	const struct calendar *calendar = &almanac->calendar;
	int64_t open_ms = calendar_next_open(
	    calendar, &calendar->hours, almanac->now_ms);

	must(open_ms >= almanac->now_ms);
	if (open_ms != INT64_MAX)
		must(calendar_next_open(calendar, &calendar->hours, open_ms) ==
		     open_ms);
}

static void
check(struct arena *arena, struct str input)
{
	struct almanac almanac = {.calendar = {.name = STR("fuzz")}};
	const struct cron *cron;
	struct str why = {NULL, 0};
	struct str text, days;

	almanac.calendar.zone = zone_find(fuzz_take_line(&input));
	if (almanac.calendar.zone == NULL)
		almanac.calendar.zone = zone_find(STR("Europe/Berlin"));
	text = fuzz_take_line(&input);
	take_closed(&almanac, fuzz_take_line(&input));
	take_hours(&almanac.calendar.hours, fuzz_take_line(&input));
	take_instant(&almanac, fuzz_take_line(&input));
	days = fuzz_take_line(&input);
	take_rest(&almanac, days, fuzz_take_line(&input));
	if (cron_parse(arena, text, &cron, &why)) {
		check_comings(&almanac, cron, NULL);
		check_comings(&almanac, cron, &almanac.calendar);
	} else {
		must(why.bytes > 0);
	}
	check_days(&almanac);
	check_opening(&almanac);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();

	check(arena, (struct str){(const char *)data, size});
	arena_free(&arena);
	return 0;
}
