/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_text.c: small texts of other people's making: what is read from one
 * is written and read again as the same.
 *
 * The first byte says as what the rest is read.
 */
#include "fuzz_input.h"

#include "stated/clock.h"
#include "stated/digest.h"
#include "stated/number.h"
#include "stated/temporal.h"

static void
read_base64(struct arena *arena, struct str text)
{
	struct str bytes, again, encoded = digest_base64(arena, text);

	must(digest_parse_base64(arena, encoded, &bytes));
	must(str_equal(bytes, text));
	if (!digest_parse_base64(arena, text, &bytes))
		return;
	must(bytes.bytes <= text.bytes);
	encoded = digest_base64(arena, bytes);
	must(digest_parse_base64(arena, encoded, &again));
	must(str_equal(bytes, again));
}

static void
read_hex(struct arena *arena, struct str text)
{
	struct digest digest, again;
	char hex[DIGEST_HEX_BYTES];

	(void)arena;
	if (!digest_parse_hex(text, &digest))
		return;
	must(digest_parse_hex(digest_hex(digest, hex), &again));
	must(digest_equal(digest, again));
}

static void
read_number(struct arena *arena, struct str text)
{
	struct number number, again;
	char shown[NUMBER_TEXT_BYTES];
	struct buf plain = {0};

	(void)arena;
	if (number_parse(text, &number) != NUMBER_OK)
		return;
	must(number_parse_json(number_format(number, shown), &again) ==
	     NUMBER_OK);
	must(number_equal(number, again));
	number_format_plain(number, &plain);
	/* Without an exponent there may be more digits than are read. */
	if (number_parse(buf_str(&plain), &again) == NUMBER_OK)
		must(number_equal(number, again));
	buf_fini(&plain);
}

static void
read_date(struct arena *arena, struct str text)
{
	struct date date, again;
	struct buf shown = {0};

	(void)arena;
	if (!date_parse(text, &date))
		return;
	date_format(date, &shown);
	must(date_parse(buf_str(&shown), &again));
	must(date_to_days(date) == date_to_days(again));
	again = date_of_days(date_to_days(date));
	must(again.year == date.year && again.month == date.month &&
	     again.day == date.day);
	buf_fini(&shown);
}

static void
read_date_time(struct arena *arena, struct str text)
{
	struct date_time moment, again;
	struct buf shown = {0}, second = {0};

	(void)arena;
	if (!date_time_parse(text, &moment))
		return;
	date_time_format(&moment, &shown);
	must(date_time_parse(buf_str(&shown), &again));
	date_time_format(&again, &second);
	must(str_equal(buf_str(&shown), buf_str(&second)));
	buf_fini(&shown);
	buf_fini(&second);
}

static void
read_time(struct arena *arena, struct str text)
{
	struct time_of_day time, again;
	struct buf shown = {0}, second = {0};

	(void)arena;
	if (!time_parse(text, &time))
		return;
	time_format(&time, &shown);
	must(time_parse(buf_str(&shown), &again));
	time_format(&again, &second);
	must(str_equal(buf_str(&shown), buf_str(&second)));
	buf_fini(&shown);
	buf_fini(&second);
}

static void
read_duration(struct arena *arena, struct str text)
{
	struct duration duration, again;
	struct buf shown = {0};

	(void)arena;
	if (!duration_parse(text, &duration))
		return;
	duration_format(duration, &shown);
	must(duration_parse(buf_str(&shown), &again));
	must(duration.seconds == again.seconds &&
	     duration.nanoseconds == again.nanoseconds);
	buf_fini(&shown);
}

static void
read_months(struct arena *arena, struct str text)
{
	int64_t months, again;
	struct buf shown = {0};

	(void)arena;
	if (!months_parse(text, &months))
		return;
	months_format(months, &shown);
	must(months_parse(buf_str(&shown), &again));
	must(months == again);
	buf_fini(&shown);
}

static void
read_instant(struct arena *arena, struct str text)
{
	char shown[CLOCK_TEXT_BYTES];
	int64_t instant_ms, again;

	(void)arena;
	if (!clock_parse(text, &instant_ms))
		return;
	must(clock_parse(clock_format(instant_ms, shown), &again));
	must(instant_ms == again);
}

static void
read_zone(struct arena *arena, struct str text)
{
	const struct zone *zone = zone_find(text);

	(void)arena;
	if (zone != NULL)
		must(str_equal(zone_name(zone), text));
}

static void
read_utf8(struct arena *arena, struct str text)
{
	struct buf quoted = {0}, encoded = {0};
	size_t count = 0;

	(void)arena;
	buf_add_json_string(&quoted, text);
	must(str_is_utf8(buf_str(&quoted)));
	message_encode(text, &encoded);
	must(encoded.bytes >= text.bytes);
	buf_fini(&quoted);
	buf_fini(&encoded);
	if (!str_is_utf8(text))
		return;
	for (size_t offset = 0; offset < text.bytes; count++)
		must(str_next_codepoint(text, &offset) <= 0x10ffff);
	must(count == str_count_codepoints(text));
}

static void
read_varint(struct arena *arena, struct str text)
{
	struct buf packed = {0};
	uint64_t n, again;
	struct str in;

	(void)arena;
	if (!buf_take_varint(&text, &n))
		return;
	buf_add_varint(&packed, n);
	in = buf_str(&packed);
	must(buf_take_varint(&in, &again));
	must(n == again);
	buf_fini(&packed);
}

typedef void read_fn(struct arena *arena, struct str text);

static const struct {
	char letter;
	read_fn *read;
} forms[] = {
    {'6', read_base64},
    {'x', read_hex},
    {'n', read_number},
    {'d', read_date},
    {'D', read_date_time},
    {'t', read_time},
    {'p', read_duration},
    {'m', read_months},
    {'i', read_instant},
    {'z', read_zone},
    {'u', read_utf8},
    {'v', read_varint},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; size > 0 && i < sizeof(forms) / sizeof(forms[0]);
	     i++)
		if (data[0] == (uint8_t)forms[i].letter)
			forms[i].read(arena,
			    (struct str){(const char *)data + 1, size - 1});
	arena_free(&arena);
	return 0;
}
