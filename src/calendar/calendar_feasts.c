/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_feasts.c: Easter and the feasts that move with it.
 *
 * Every feast is a fixed number of days from Easter Sunday, so one table
 * gives their names, their parsing and the words of messages.
 */
#include "calendar_priv.h"

#define FEASTS(X)                                                              \
	X("carnival", -48)                                                     \
	X("carnival-monday", -48)                                              \
	X("rose-monday", -48)                                                  \
	X("carnival-tuesday", -47)                                             \
	X("shrove-tuesday", -47)                                               \
	X("ash-wednesday", -46)                                                \
	X("palm-sunday", -7)                                                   \
	X("maundy-thursday", -3)                                               \
	X("good-friday", -2)                                                   \
	X("holy-saturday", -1)                                                 \
	X("easter-sunday", 0)                                                  \
	X("easter-monday", 1)                                                  \
	X("ascension", 39)                                                     \
	X("pentecost", 49)                                                     \
	X("whit-sunday", 49)                                                   \
	X("pentecost-monday", 50)                                              \
	X("whit-monday", 50)                                                   \
	X("trinity-sunday", 56)                                                \
	X("corpus-christi", 60)                                                \
	X("sacred-heart", 68)

#define FEAST_NAME(name, offset) STR_INIT(name),
#define FEAST_OFFSET(name, offset) offset,

static const struct str feast_names[] = {FEASTS(FEAST_NAME)};
static const int feast_offsets[] = {FEASTS(FEAST_OFFSET)};

#define FEAST_COUNT (sizeof(feast_names) / sizeof(feast_names[0]))

const struct str *
calendar_feasts(size_t *count)
{
	must(count != NULL);
	*count = FEAST_COUNT;
	return feast_names;
}

bool
calendar_feasts_find(struct str name, int *offset)
{
	must(offset != NULL);
	for (size_t i = 0; i < FEAST_COUNT; i++) {
		if (!str_equal(name, feast_names[i]))
			continue;
		*offset = feast_offsets[i];
		return true;
	}
	return false;
}

/*
 * The Gregorian computus: the lunar cycle of 19 years, corrected for the leap
 * days that centuries drop (solar) and for the cycle's own drift (lunar),
 * gives the full moon on or after 21 March; Easter is the Sunday after it.
 */
struct date
calendar_easter(int32_t year)
{
	/* All repeats after 5,700,000 years; this makes every year, also
	 * those before 0, positive for the divisions below. */
	int32_t cycle = (year % 5700000 + 5700000) % 5700000;
	int32_t golden = cycle % 19;
	int32_t century = cycle / 100;
	int32_t solar = century - century / 4;
	int32_t lunar = (century - (century + 8) / 25 + 1) / 3;
	int32_t moon = (19 * golden + solar - lunar + 15) % 30;
	int64_t full_moon = date_to_days((struct date){year, 3, 21});
	int weekday = 0;

	/* The cycle's moons have 30 places on 29 days. */
	if (moon == 29 || (moon == 28 && golden > 10))
		moon--;
	must(moon >= 0 && moon <= 28);
	full_moon += moon;
	weekday = date_weekday(date_of_days(full_moon));
	return date_of_days(full_moon + 7 - weekday % 7);
}
