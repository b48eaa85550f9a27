/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron_priv.h: for the files of src/calendar only.
 */
#ifndef CRON_PRIV_H
#define CRON_PRIV_H

#include "stated/cron.h"

#define CRON_EVERY_HOUR ((uint64_t)0xffffff)

/* Sets of numbers as bits: bit 7 of `hours` is 07. */
struct cron {
	uint64_t minutes;
	uint64_t hours;
	uint64_t days;
	uint64_t months;
	uint64_t weekdays; /* Sunday is bit 0 only */
	bool last_day;     /* `L` is one of the days */
	/* Whether the field begins with `*`: then the other alone decides. */
	bool days_starred;
	bool weekdays_starred;
};

#endif
