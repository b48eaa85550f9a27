/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_pack.c: the compact form of values in snapshots.
 *
 * A byte for the type, then its content: numbers in their 16 bytes of BID,
 * counts and lengths as varints, signed integers zigzagged so that small
 * ones stay short, zones by name.  Snapshots outlive programs: the order of
 * the types here is fixed, whatever happens to enum value_type.
 */
#include "stated/value.h"

#include "value_priv.h"

enum pack_tag {
	PACK_NULL = 0,
	PACK_FALSE = 1,
	PACK_TRUE = 2,
	PACK_NUMBER = 3,
	PACK_STRING = 4,
	PACK_DATE = 5,
	PACK_TIME = 6,
	PACK_DATE_TIME = 7,
	PACK_DURATION = 8,
	PACK_MONTHS = 9,
	PACK_LIST = 10,
	PACK_CONTEXT = 11,
	PACK_RANGE = 12,
};

static void
pack_tag(struct buf *out, enum pack_tag tag)
{
	buf_add_char(out, (char)tag);
}

static void
pack_int(struct buf *out, int64_t n)
{
	buf_add_varint(out, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

static void
pack_str(struct buf *out, struct str s)
{
	buf_add_varint(out, s.bytes);
	buf_add_str(out, s);
}

static void
pack_number(struct buf *out, struct number number)
{
	char bytes[16];
	for (int i = 0; i < 16; i++)
		bytes[i] = (char)(number.words[i / 8] >> (i % 8 * 8));
	buf_add(out, bytes, sizeof(bytes));
}

static void
pack_date(struct buf *out, struct date date)
{
	pack_int(out, date.year);
	buf_add_char(out, (char)date.month);
	buf_add_char(out, (char)date.day);
}

static void
pack_time(struct buf *out, const struct time_of_day *time)
{
	buf_add_char(out, (char)time->hour);
	buf_add_char(out, (char)time->minute);
	buf_add_char(out, (char)time->second);
	buf_add_varint(out, time->nanosecond);
	buf_add_char(out, (char)time->offset_kind);
	if (time->offset_kind == OFFSET_SECONDS)
		pack_int(out, time->offset_seconds);
	if (time->offset_kind == OFFSET_ZONE)
		pack_str(out, zone_name(time->zone));
}

static void
pack_list(struct buf *out, const struct value *list)
{
	buf_add_varint(out, list->as.list.count);
	for (size_t i = 0; i < list->as.list.count; i++)
		value_pack(list->as.list.items[i], out);
}

static void
pack_context(struct buf *out, const struct value *context)
{
	buf_add_varint(out, context->as.context.count);
	for (size_t i = 0; i < context->as.context.count; i++) {
		pack_str(out, context->as.context.fields[i].key);
		value_pack(context->as.context.fields[i].value, out);
	}
}

#define RANGE_LOW 1
#define RANGE_HIGH 2
#define RANGE_LOW_CLOSED 4
#define RANGE_HIGH_CLOSED 8
#define RANGE_FLAGS 15

static void
pack_range(struct buf *out, const struct value_range *range)
{
	int flags = (range->low ? RANGE_LOW : 0) |
	    (range->high ? RANGE_HIGH : 0) |
	    (range->low_closed ? RANGE_LOW_CLOSED : 0) |
	    (range->high_closed ? RANGE_HIGH_CLOSED : 0);
	buf_add_char(out, (char)flags);
	if (range->low)
		value_pack(range->low, out);
	if (range->high)
		value_pack(range->high, out);
}

void
value_pack(const struct value *value, struct buf *out)
{
	must(value);
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_FUNCTION:
		pack_tag(out, PACK_NULL);
		return;
	case VALUE_BOOLEAN:
		pack_tag(out, value->as.boolean ? PACK_TRUE : PACK_FALSE);
		return;
	case VALUE_NUMBER:
		pack_tag(out, PACK_NUMBER);
		pack_number(out, value->as.number);
		return;
	case VALUE_STRING:
		pack_tag(out, PACK_STRING);
		pack_str(out, value->as.string);
		return;
	case VALUE_DATE:
		pack_tag(out, PACK_DATE);
		pack_date(out, value->as.date);
		return;
	case VALUE_TIME:
		pack_tag(out, PACK_TIME);
		pack_time(out, &value->as.time);
		return;
	case VALUE_DATE_TIME:
		pack_tag(out, PACK_DATE_TIME);
		pack_date(out, value->as.date_time->date);
		pack_time(out, &value->as.date_time->time);
		return;
	case VALUE_DURATION:
		pack_tag(out, PACK_DURATION);
		pack_int(out, value->as.duration.seconds);
		pack_int(out, value->as.duration.nanoseconds);
		return;
	case VALUE_MONTHS:
		pack_tag(out, PACK_MONTHS);
		pack_int(out, value->as.months);
		return;
	case VALUE_LIST:
		pack_tag(out, PACK_LIST);
		pack_list(out, value);
		return;
	case VALUE_CONTEXT:
		pack_tag(out, PACK_CONTEXT);
		pack_context(out, value);
		return;
	case VALUE_RANGE:
		pack_tag(out, PACK_RANGE);
		pack_range(out, value->as.range);
		return;
	}
	unreachable("all types are listed");
}

/* ------------------------------------------------------------- unpacking */

struct unpack {
	struct arena *arena;
	struct str *in;
	int depth;
};

static bool
take_byte(struct unpack *unpack, unsigned *byte)
{
	struct str one;
	if (!buf_take_bytes(unpack->in, 1, &one))
		return false;
	*byte = (unsigned char)one.at[0];
	return true;
}

/* A byte in [min, max]. */
static bool
take_small(struct unpack *unpack, unsigned min, unsigned max, uint8_t *out)
{
	unsigned byte;
	if (!take_byte(unpack, &byte) || byte < min || byte > max)
		return false;
	*out = (uint8_t)byte;
	return true;
}

static bool
take_int(struct unpack *unpack, int64_t *n)
{
	uint64_t zigzag;
	if (!buf_take_varint(unpack->in, &zigzag))
		return false;
	*n = (int64_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0));
	return true;
}

static bool
take_int_within(struct unpack *unpack, int64_t min, int64_t max, int32_t *out)
{
	int64_t n;
	if (!take_int(unpack, &n) || n < min || n > max)
		return false;
	*out = (int32_t)n;
	return true;
}

/* A view of the input. */
static bool
take_str(struct unpack *unpack, struct str *out)
{
	uint64_t bytes;
	return buf_take_varint(unpack->in, &bytes) &&
	    buf_take_bytes(unpack->in, bytes, out);
}

static const struct value *
unpack_number(struct unpack *unpack)
{
	struct str bytes;
	if (!buf_take_bytes(unpack->in, 16, &bytes))
		return NULL;
	struct number number = {{0, 0}};
	for (size_t i = 0; i < 16; i++)
		number.words[i / 8] |= (uint64_t)(unsigned char)bytes.at[i]
		    << (i % 8 * 8);
	if (!number_is_valid(number))
		return NULL;
	return value_of_number(unpack->arena, number);
}

static const struct value *
unpack_string(struct unpack *unpack)
{
	struct str string;
	if (!take_str(unpack, &string) || !str_is_utf8(string))
		return NULL;
	return value_copy_str(unpack->arena, string);
}

static bool
take_date(struct unpack *unpack, struct date *date)
{
	return take_int_within(unpack, INT32_MIN, INT32_MAX, &date->year) &&
	    take_small(unpack, 1, 12, &date->month) &&
	    take_small(unpack, 1, 31, &date->day) &&
	    date_is_valid(date->year, date->month, date->day);
}

static bool
take_offset(struct unpack *unpack, struct time_of_day *time)
{
	struct str name;
	switch (time->offset_kind) {
	case OFFSET_NONE:
		return true;
	case OFFSET_SECONDS:
		return take_int_within(unpack, -86399, 86399,
		    &time->offset_seconds);
	case OFFSET_ZONE:
		if (!take_str(unpack, &name))
			return false;
		time->zone = zone_find(name);
		return time->zone != NULL;
	}
	unreachable("the kind was checked");
}

static bool
take_time(struct unpack *unpack, struct time_of_day *time)
{
	uint64_t nanosecond;
	uint8_t kind;
	if (!take_small(unpack, 0, 23, &time->hour) ||
	    !take_small(unpack, 0, 59, &time->minute) ||
	    !take_small(unpack, 0, 59, &time->second) ||
	    !buf_take_varint(unpack->in, &nanosecond) ||
	    nanosecond > 999999999 ||
	    !take_small(unpack, OFFSET_NONE, OFFSET_ZONE, &kind))
		return false;
	time->nanosecond = (uint32_t)nanosecond;
	time->offset_kind = (enum offset_kind)kind;
	return take_offset(unpack, time);
}

static const struct value *
unpack_date(struct unpack *unpack)
{
	struct date date;
	if (!take_date(unpack, &date))
		return NULL;
	return value_of_date(unpack->arena, date);
}

static const struct value *
unpack_time(struct unpack *unpack)
{
	struct time_of_day time = {0};
	if (!take_time(unpack, &time))
		return NULL;
	return value_of_time(unpack->arena, time);
}

static const struct value *
unpack_date_time(struct unpack *unpack)
{
	struct date_time both = {0};
	if (!take_date(unpack, &both.date) || !take_time(unpack, &both.time))
		return NULL;
	return value_of_date_time(unpack->arena, both);
}

static const struct value *
unpack_duration(struct unpack *unpack)
{
	struct duration duration;
	if (!take_int(unpack, &duration.seconds) ||
	    !take_int_within(unpack, -999999999, 999999999,
		&duration.nanoseconds))
		return NULL;
	if ((duration.seconds < 0 && duration.nanoseconds > 0) ||
	    (duration.seconds > 0 && duration.nanoseconds < 0))
		return NULL;
	return value_of_duration(unpack->arena, duration);
}

static const struct value *
unpack_months(struct unpack *unpack)
{
	int64_t months;
	if (!take_int(unpack, &months))
		return NULL;
	return value_of_months(unpack->arena, months);
}

static const struct value *unpack_any(struct unpack *unpack);

/* Every item takes a byte at least, so a count that was made up costs no
 * more memory than the input has bytes. */
static const struct value *
unpack_list(struct unpack *unpack)
{
	uint64_t count;
	if (!buf_take_varint(unpack->in, &count) || count > unpack->in->bytes)
		return NULL;
	struct value_builder *list = value_build_list(unpack->arena);
	for (uint64_t i = 0; i < count; i++) {
		const struct value *item = unpack_any(unpack);
		if (!item)
			return NULL;
		value_append(list, item);
	}
	return value_built(list);
}

static const struct value *
unpack_context(struct unpack *unpack)
{
	uint64_t count;
	if (!buf_take_varint(unpack->in, &count) || count > unpack->in->bytes)
		return NULL;
	struct value_builder *context = value_build_context(unpack->arena);
	for (uint64_t i = 0; i < count; i++) {
		struct str key;
		if (!take_str(unpack, &key) || !str_is_utf8(key) ||
		    value_has(context, key))
			return NULL;
		const struct value *value = unpack_any(unpack);
		if (!value)
			return NULL;
		value_put(context, key, value);
	}
	return value_built(context);
}

static const struct value *
unpack_range(struct unpack *unpack)
{
	unsigned flags;
	if (!take_byte(unpack, &flags) || flags > RANGE_FLAGS ||
	    !(flags & (RANGE_LOW | RANGE_HIGH)))
		return NULL;
	struct value_range range = {
	    .low_closed = flags & RANGE_LOW_CLOSED,
	    .high_closed = flags & RANGE_HIGH_CLOSED,
	};
	if (flags & RANGE_LOW && (!(range.low = unpack_any(unpack)) ||
				     !value_may_end_range(range.low)))
		return NULL;
	if (flags & RANGE_HIGH && (!(range.high = unpack_any(unpack)) ||
				      !value_may_end_range(range.high)))
		return NULL;
	return value_of_range(unpack->arena, range);
}

static const struct value *
unpack_tagged(struct unpack *unpack, unsigned tag)
{
	switch (tag) {
	case PACK_NULL:
		return &value_null;
	case PACK_FALSE:
		return &value_false;
	case PACK_TRUE:
		return &value_true;
	case PACK_NUMBER:
		return unpack_number(unpack);
	case PACK_STRING:
		return unpack_string(unpack);
	case PACK_DATE:
		return unpack_date(unpack);
	case PACK_TIME:
		return unpack_time(unpack);
	case PACK_DATE_TIME:
		return unpack_date_time(unpack);
	case PACK_DURATION:
		return unpack_duration(unpack);
	case PACK_MONTHS:
		return unpack_months(unpack);
	case PACK_LIST:
		return unpack_list(unpack);
	case PACK_CONTEXT:
		return unpack_context(unpack);
	case PACK_RANGE:
		return unpack_range(unpack);
	default:
		return NULL;
	}
}

static const struct value *
unpack_any(struct unpack *unpack)
{
	unsigned tag;
	if (unpack->depth == VALUE_DEPTH_MAX || !take_byte(unpack, &tag))
		return NULL;
	unpack->depth++;
	const struct value *value = unpack_tagged(unpack, tag);
	unpack->depth--;
	return value;
}

const struct value *
value_unpack(struct arena *arena, struct str *in)
{
	must(arena);
	must(in);
	struct unpack unpack = {.arena = arena, .in = in};
	return unpack_any(&unpack);
}
