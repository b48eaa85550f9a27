/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle_rate.c: so many calls in any stretch of time, and never more.
 *
 * A bucket that fills again lets twice its contents through in one stretch:
 * first what was in it, then what has dripped.  Endpoints count otherwise, so
 * we keep the instants of the last `count` calls: one more may go when the
 * oldest of them lies a whole stretch back.  Where that would be many, several
 * calls share an entry, that of the last of them, which errs to the endpoint's
 * favour by less than a thousandth.
 *
 * A call has its place some time before it leaves; what counts is when it
 * leaves.  Those that have not left yet are counted as if they left now.
 */
#include "throttle_priv.h"

#include <stdlib.h>

#define SLOTS_MAX 4096

void
throttle_rate_set(struct throttle_rate *rate, int64_t count, int64_t window_ms)
{
	int64_t pending = rate->pending;

	must(count >= 0 && (count == 0 || window_ms > 0));
	if (count == rate->count && window_ms == rate->window_ms)
		return;
	free(rate->sent_ms);
	*rate = (struct throttle_rate){.pending = pending};
	if (count == 0)
		return;
	rate->count = count;
	rate->window_ms = window_ms;
	rate->group = (count + SLOTS_MAX - 1) / SLOTS_MAX;
	rate->slots = count / rate->group;
	rate->sent_ms = calloc((size_t)rate->slots, sizeof(*rate->sent_ms));
	must(rate->sent_ms != NULL);
}

void
throttle_rate_forget(struct throttle_rate *rate)
{
	rate->sent = 0;
}

void
throttle_rate_fini(struct throttle_rate *rate)
{
	free(rate->sent_ms);
	*rate = (struct throttle_rate){0};
}

/* The group whose place the next call takes; negative: none is in its way. */
static int64_t
group_before(const struct throttle_rate *rate)
{
	int64_t next = rate->sent + rate->pending;

	if (next % rate->group != 0)
		return -1; /* it joins a group that has begun */
	return next / rate->group - rate->slots;
}

static bool
is_complete(const struct throttle_rate *rate, int64_t group)
{
	return (group + 1) * rate->group <= rate->sent;
}

bool
throttle_rate_allows(const struct throttle_rate *rate, int64_t now_ms)
{
	int64_t group, elapsed_ms;

	if (rate->count == 0)
		return true;
	group = group_before(rate);
	if (group < 0)
		return true;
	if (!is_complete(rate, group))
		return false;
	/* What lies ahead is of a clock that has been set back since. */
	elapsed_ms = now_ms - rate->sent_ms[group % rate->slots];
	return elapsed_ms < 0 || elapsed_ms >= rate->window_ms;
}

int64_t
throttle_rate_next_ms(const struct throttle_rate *rate)
{
	int64_t group = group_before(rate);

	must(rate->count > 0 && group >= 0);
	if (!is_complete(rate, group))
		return 0;
	return rate->sent_ms[group % rate->slots] + rate->window_ms;
}

void
throttle_rate_begin(struct throttle_rate *rate)
{
	rate->pending++;
}

void
throttle_rate_give_back(struct throttle_rate *rate)
{
	must(rate->pending > 0);
	rate->pending--;
}

void
throttle_rate_sent(struct throttle_rate *rate, int64_t now_ms)
{
	must(rate->pending > 0);
	rate->pending--;
	if (rate->count == 0)
		return;
	rate->sent_ms[rate->sent / rate->group % rate->slots] = now_ms;
	rate->sent++;
}
