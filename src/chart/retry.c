/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c: how long to wait before the next attempt. */
#include "chart_priv.h"

/* The delay after `attempt` attempts (from 1), without jitter. */
static int64_t
base_delay_ms(const struct def_retry *retry, int64_t attempt)
{
	int64_t delay = retry->delay_ms;
	int64_t bound =
	    retry->max_delay_ms > 0 ? retry->max_delay_ms : INT64_MAX / 200;

	if (bound < delay) /* the first delay is as it is written */
		bound = delay;

	switch (retry->backoff) {
	case BACKOFF_CONSTANT:
		break;
	case BACKOFF_LINEAR:
		if (__builtin_mul_overflow(delay, attempt, &delay))
			delay = bound;
		break;
	case BACKOFF_EXPONENTIAL:
		for (int64_t i = 1; i < attempt && delay < bound; i++)
			delay *= 2;
		break;
	}
	return delay < bound ? delay : bound;
}

void
retry_delay_range(const struct def_retry *retry, int64_t attempt,
    int64_t *least_ms, int64_t *most_ms)
{
	int64_t delay, width;

	must(attempt >= 1);
	must(retry->jitter_percent >= 0 && retry->jitter_percent <= 100);
	delay = base_delay_ms(retry, attempt);
	width = delay / 100 * retry->jitter_percent +
		delay % 100 * retry->jitter_percent / 100;
	*least_ms = delay - width;
	*most_ms = delay + width;
}

/* `max-delay` is the longest wait, whatever the lot says; a first delay above
 * it is as it is written. */
static int64_t
longest_ms(const struct def_retry *retry)
{
	return retry->max_delay_ms >= retry->delay_ms ? retry->max_delay_ms
						      : INT64_MAX;
}

int64_t
retry_delay_ms(const struct def_retry *retry, int64_t attempt, struct rng *rng)
{
	int64_t least, most;

	retry_delay_range(retry, attempt, &least, &most);
	if (most > longest_ms(retry))
		most = longest_ms(retry);
	must(least <= most);
	if (least == most)
		return least;
	/* Evenly between them. */
	return least + (int64_t)rng_below(rng, (uint64_t)(most - least) + 1);
}
