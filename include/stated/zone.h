/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h: IANA time zones, read from the system's TZif files (RFC 8536).
 *
 * A zone is loaded once and never freed; looking it up is thread-safe.  The
 * C library's TZ variable is not touched: it is a global of the process.
 */
#ifndef STATED_ZONE_H
#define STATED_ZONE_H

#include "stated/str.h"

struct zone;

/* NULL where the system knows no zone of that name.  "UTC" always works. */
const struct zone *zone_find(struct str name);
struct str zone_name(const struct zone *zone);
/* Seconds east of UTC in force at an instant (seconds since 1970 in UTC);
 * the footer's rule is followed after the last transition. */
int32_t zone_offset_at(const struct zone *zone, int64_t utc_seconds);
/* Whether it has had one offset since 2020 and keeps it, as far as is known:
 * then a time of day has that offset, whatever its date. */
bool zone_is_steady(const struct zone *zone, int32_t *offset_seconds);
/*
 * The instant that local clocks show as `local_seconds` (seconds since
 * 1970-01-01T00:00:00 on the local clock).  In a gap (spring) the instant as
 * if the clock had not yet jumped, so 02:30 becomes 03:30; in an overlap
 * (autumn) the earlier of the two.
 */
int64_t zone_utc_of_local(const struct zone *zone, int64_t local_seconds);

#endif
