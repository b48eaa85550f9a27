/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_tzif.c: reads a TZif file (RFC 8536).
 *
 * From version 2 on a file has its data twice, with times of 4 and of 8
 * bytes; the first copy is skipped and after the second comes the footer with
 * the rule for all later times.  Zones that count leap seconds are refused:
 * our instants do not.
 */
#include "zone_priv.h"

#include "stated/buf.h"
#include "stated/must.h"

#define HEADER_BYTES 44
#define TYPE_BYTES 6
/* No real zone has a tenth of it. */
#define TRANSITIONS_MAX 65536

struct tzif_header {
	int version; /* 1 for the oldest, which writes a zero byte */
	uint32_t utc_flag_count;
	uint32_t standard_flag_count;
	uint32_t leap_count;
	uint32_t time_count;
	uint32_t type_count;
	uint32_t name_bytes;
};

/* A big-endian number of `bytes` bytes, with its sign. */
static int64_t
big_endian(const char *at, size_t bytes)
{
	uint64_t n = (at[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)at[i];
	return (int64_t)n;
}

static bool
take_header(struct str *in, struct tzif_header *header)
{
	struct str bytes;
	uint32_t counts[6];

	if (!buf_take_bytes(in, HEADER_BYTES, &bytes) ||
	    !str_has_prefix(bytes, STR("TZif")))
		return false;
	for (size_t i = 0; i < 6; i++)
		counts[i] = (uint32_t)big_endian(bytes.at + 20 + i * 4, 4);
	*header = (struct tzif_header){
	    .version = bytes.at[4] == '\0' ? 1 : bytes.at[4] - '0',
	    .utc_flag_count = counts[0],
	    .standard_flag_count = counts[1],
	    .leap_count = counts[2],
	    .time_count = counts[3],
	    .type_count = counts[4],
	    .name_bytes = counts[5],
	};
	return header->version >= 1 && header->type_count > 0 &&
	    header->type_count <= 256 && header->time_count <= TRANSITIONS_MAX;
}

/* The data of one copy, each part as the bytes it is made of. */
struct tzif_data {
	struct str times;
	struct str type_indices;
	struct str types;
};

static bool
take_data(struct str *in, const struct tzif_header *header, size_t time_bytes,
    struct tzif_data *data)
{
	struct str unused;
	size_t rest = (size_t)header->leap_count * (time_bytes + 4) +
	    header->standard_flag_count + header->utc_flag_count;

	return buf_take_bytes(in, header->time_count * time_bytes,
		   &data->times) &&
	    buf_take_bytes(in, header->time_count, &data->type_indices) &&
	    buf_take_bytes(in, header->type_count * (size_t)TYPE_BYTES,
		&data->types) &&
	    buf_take_bytes(in, header->name_bytes, &unused) &&
	    buf_take_bytes(in, rest, &unused);
}

static bool
find_offset(const struct tzif_data *data, size_t type, int32_t *offset)
{
	if ((type + 1) * TYPE_BYTES > data->types.bytes)
		return false;
	int64_t seconds = big_endian(data->types.at + type * TYPE_BYTES, 4);
	*offset = (int32_t)seconds;
	return seconds >= ZONE_OFFSET_MIN && seconds <= ZONE_OFFSET_MAX;
}

static bool
load_transitions(struct arena *arena, const struct tzif_data *data,
    size_t time_bytes, struct zone *zone)
{
	size_t count = data->type_indices.bytes;

	/* Before the first transition the first type holds. */
	if (!find_offset(data, 0, &zone->first_offset))
		return false;
	zone->transitions = ARENA_ARRAY(arena, count, struct zone_transition);
	zone->transition_count = count;
	for (size_t i = 0; i < count; i++) {
		struct zone_transition *transition = &zone->transitions[i];
		unsigned char type = (unsigned char)data->type_indices.at[i];
		transition->at =
		    big_endian(data->times.at + i * time_bytes, time_bytes);
		if (!find_offset(data, type, &transition->offset))
			return false;
		if (i > 0 && transition->at <= transition[-1].at)
			return false;
	}
	return true;
}

/* "\n", TZ string, "\n"; an empty one says that the future is not known. */
static bool
load_footer(struct str in, struct zone *zone)
{
	struct str before, rule, rest;

	before = str_split(in, '\n', &rest);
	if (before.bytes > 0 || rest.at == NULL)
		return false;
	rule = str_split(rest, '\n', &rest);
	if (rest.at == NULL)
		return false;
	zone->has_rule = rule.bytes > 0;
	return rule.bytes == 0 || zone_rule_parse(rule, &zone->rule);
}

bool
zone_tzif_parse(struct arena *arena, struct str bytes, struct zone *zone)
{
	struct tzif_header header;
	struct tzif_data data;
	size_t time_bytes = 4;

	if (!take_header(&bytes, &header) ||
	    !take_data(&bytes, &header, time_bytes, &data))
		return false;
	bool has_footer = header.version >= 2;
	if (has_footer) {
		time_bytes = 8;
		if (!take_header(&bytes, &header) ||
		    !take_data(&bytes, &header, time_bytes, &data))
			return false;
	}
	if (header.leap_count > 0 ||
	    !load_transitions(arena, &data, time_bytes, zone))
		return false;
	return !has_footer || load_footer(bytes, zone);
}
