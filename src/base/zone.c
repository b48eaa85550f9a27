/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c: time zones by name, and the way between UTC and local clocks.
 *
 * Zones that were found are kept for the life of the process: there are few,
 * and so everybody may hold a plain pointer to one.  A zone does not change
 * once it is in the list.
 */
#include "stated/zone.h"

#include "stated/arena.h"
#include "stated/buf.h"
#include "stated/must.h"
#include "zone_priv.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define ZONE_FILE_BYTES_MAX (256 * 1024)
#define ZONE_NAME_BYTES_MAX 64

struct known_zone {
	struct known_zone *older;
	struct zone zone;
};

static const struct zone utc = {.name = STR_INIT("UTC")};

/* Only ever grows; the arena belongs to whoever holds the lock. */
static struct {
	pthread_mutex_t lock;
	struct arena *arena;
	struct known_zone *newest;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---------------------------------------------------------------- finding */

/* Names come from outside and become part of a path. */
static bool
is_zone_name(struct str name)
{
	bool starts_part = true;

	if (name.bytes == 0 || name.bytes > ZONE_NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.at[i];
		bool is_letter = (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z');
		bool is_inner = (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("+-_/", c) != NULL);
		if (!is_letter && (starts_part || !is_inner))
			return false;
		starts_part = c == '/';
	}
	return !starts_part;
}

static bool
read_file(const char *path, struct buf *bytes)
{
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return false;
	bool is_read = buf_add_file(bytes, file, ZONE_FILE_BYTES_MAX) &&
	    bytes->bytes <= ZONE_FILE_BYTES_MAX;
	(void)fclose(file);
	return is_read;
}

static const struct zone *
load_zone(struct str name)
{
	char path[sizeof(ZONE_DIRECTORY) + ZONE_NAME_BYTES_MAX];
	struct known_zone *loaded = NULL;
	struct buf bytes = {0};

	if (known.arena == NULL)
		known.arena = arena_new();
	(void)snprintf(path, sizeof(path), ZONE_DIRECTORY "%.*s",
	    STR_ARG(name));
	if (read_file(path, &bytes)) {
		loaded = ARENA_NEW(known.arena, struct known_zone);
		if (!zone_tzif_parse(known.arena, buf_str(&bytes),
			&loaded->zone))
			loaded = NULL;
	}
	buf_fini(&bytes);
	if (loaded == NULL)
		return NULL;
	loaded->zone.name = arena_str(known.arena, name);
	loaded->older = known.newest;
	known.newest = loaded;
	return &loaded->zone;
}

static const struct zone *
find_known(struct str name)
{
	for (struct known_zone *k = known.newest; k != NULL; k = k->older)
		if (str_equal(k->zone.name, name))
			return &k->zone;
	return NULL;
}

const struct zone *
zone_find(struct str name)
{
	if (str_equal(name, utc.name))
		return &utc;
	if (!is_zone_name(name))
		return NULL;
	must(pthread_mutex_lock(&known.lock) == 0);
	const struct zone *zone = find_known(name);
	if (zone == NULL)
		zone = load_zone(name);
	must(pthread_mutex_unlock(&known.lock) == 0);
	return zone;
}

struct str
zone_name(const struct zone *zone)
{
	return zone->name;
}

/* ------------------------------------------------------------- converting */

/* How many transitions have come at `utc_seconds`. */
static size_t
count_passed(const struct zone *zone, int64_t utc_seconds)
{
	size_t low = 0, high = zone->transition_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->transitions[middle].at <= utc_seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t
zone_offset_at(const struct zone *zone, int64_t utc_seconds)
{
	size_t passed = count_passed(zone, utc_seconds);

	if (zone->has_rule && passed == zone->transition_count)
		return zone_rule_offset_at(&zone->rule, utc_seconds);
	if (passed == 0)
		return zone->first_offset;
	return zone->transitions[passed - 1].offset;
}

/* The first change of offset after `utc_seconds`; INT64_MAX for none. */
static int64_t
next_change(const struct zone *zone, int64_t utc_seconds)
{
	size_t passed = count_passed(zone, utc_seconds);
	int64_t next;

	if (passed < zone->transition_count)
		return zone->transitions[passed].at;
	if (zone->has_rule && zone_rule_next(&zone->rule, utc_seconds, &next))
		return next;
	return INT64_MAX;
}

bool
zone_is_steady(const struct zone *zone, int32_t *offset_seconds)
{
	int64_t at = 1577836800; /* 2020-01-01 */

	*offset_seconds = zone_offset_at(zone, at);
	/* Some tables have changes that change nothing. */
	while ((at = next_change(zone, at)) != INT64_MAX)
		if (zone_offset_at(zone, at) != *offset_seconds)
			return false;
	return true;
}

/*
 * Between two changes the local clock runs evenly, so each stretch has one
 * candidate.  Stretches are tried from the earliest that can matter; the first
 * whose candidate lies before its end is the answer.  If it lies in the
 * stretch, that is the earliest instant with this local time.  If it lies
 * before it, the local time was jumped over, and the stretch before names the
 * instant as if the clock had not jumped.
 */
int64_t
zone_utc_of_local(const struct zone *zone, int64_t local_seconds)
{
	int64_t start = local_seconds - ZONE_OFFSET_MAX;
	int64_t before = start;

	for (;;) {
		int64_t candidate = local_seconds - zone_offset_at(zone, start);
		int64_t end = next_change(zone, start);
		if (candidate < start)
			return before;
		if (candidate < end)
			return candidate;
		before = candidate;
		start = end;
	}
}
