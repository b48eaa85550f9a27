/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.h: times that come again, as cron's five fields say them.
 *
 *     minute hour day-of-month month day-of-week
 *
 * A field is `*` or a list of numbers, ranges and names (jan to dec, sun to
 * sat), each with a step: "0,30 7-18/2 1,L * mon-fri".  Sunday is 0 and 7, `L`
 * the last day of the month.  Where both days are restricted (neither begins
 * with `*`) one of them suffices, as cron has it.  @hourly, @daily, @weekly,
 * @monthly and @yearly stand for what they say.
 */
#ifndef STATED_CRON_H
#define STATED_CRON_H

#include "stated/calendar.h"

struct cron;

/* Where nothing comes any more. */
#define CRON_NEVER INT64_MIN

/* False, and *why in the arena says which field is wrong and how: "hour: `25`
 * is not within 0 to 23".  Dates that no year has (30 February) are refused.
 * *cron is valid as long as the arena. */
MUST_USE bool cron_parse(struct arena *arena, struct str text,
    const struct cron **cron, struct str *why);

/*
 * The first instant after `after_ms` at which the schedule comes, by the local
 * clock of `zone`; only on the business days of `calendar` where that is not
 * NULL.  CRON_NEVER where the next forty years have none.
 *
 * A local time that summer time skips comes at the jump, once however many
 * were skipped; one that the clock shows twice comes the first time only.
 * What comes in every hour (`*`) keeps its pace through both: it goes by the
 * hours that pass, not by those that the clock shows.
 */
int64_t cron_next(const struct cron *cron, const struct zone *zone,
    const struct calendar *calendar, int64_t after_ms);

#endif
