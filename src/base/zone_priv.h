/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_priv.h: shared inside base only: the parts of a time zone.
 */
#ifndef ZONE_PRIV_H
#define ZONE_PRIV_H

#include "stated/arena.h"
#include "stated/str.h"

/* A day of each year, as POSIX's TZ variable writes it. */
enum zone_day_kind {
	ZONE_DAY_JULIAN,  /* Jn: 1 to 365, the 29th of February not counted */
	ZONE_DAY_ORDINAL, /* n: 0 to 365, counted */
	ZONE_DAY_WEEKDAY, /* Mm.w.d: the w-th weekday d of month m; 5 is last */
};

struct zone_switch {
	enum zone_day_kind kind;
	int32_t day;   /* of the year, or of the week with Sunday as 0 */
	int32_t month; /* 1 to 12, ZONE_DAY_WEEKDAY only */
	int32_t week;  /* 1 to 5, ZONE_DAY_WEEKDAY only */
	int32_t second; /* on the local clock before the switch; may be < 0 */
};

/* What holds after the last transition of a file, for ever. */
struct zone_rule {
	int32_t standard_offset; /* seconds east of UTC */
	bool has_summer;
	int32_t summer_offset;
	struct zone_switch to_summer;
	struct zone_switch to_standard;
};

struct zone_transition {
	int64_t at; /* the first second in UTC with the new offset */
	int32_t offset;
};

struct zone {
	struct str name;
	int32_t first_offset; /* before the first transition */
	struct zone_transition *transitions;
	size_t transition_count;
	bool has_rule;
	struct zone_rule rule;
};

/* Offsets beyond this are refused (RFC 8536 section 3.2 names the bounds). */
#define ZONE_OFFSET_MIN (-89999)
#define ZONE_OFFSET_MAX 93599

/* The TZ string of a footer, without the newlines around it. */
MUST_USE bool zone_rule_parse(struct str text, struct zone_rule *rule);
int32_t zone_rule_offset_at(const struct zone_rule *rule, int64_t utc);
/* The first switch after `utc`; false where the rule has none. */
bool zone_rule_next(const struct zone_rule *rule, int64_t utc, int64_t *next);

/* Reads the bytes of a TZif file (RFC 8536); the name is left alone. */
MUST_USE bool zone_tzif_parse(struct arena *arena, struct str bytes,
    struct zone *zone);

#endif
