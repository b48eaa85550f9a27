/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_time.c: how long a call can take at the longest, with its retries, the
 * time that its window is closed, and the questions whether it happened.
 */
#include "prove_priv.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)
#define YEAR_HOURS (366 * 24)

int64_t
call_add_ms(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t
times_ms(int64_t a, int64_t times)
{
	int64_t product;

	return __builtin_mul_overflow(a, times, &product) ? INT64_MAX :
	    product;
}

static int64_t
timeout_of(const struct def_call *call)
{
	if (call->timeout_ms > 0)
		return call->timeout_ms;
	return call->operation->timeout_ms > 0 ? call->operation->timeout_ms :
	    call->connection->timeout_ms;
}

/* The longest wait before the nth retry: what retry.c gives, and of the jitter
 * as much as the bound leaves. */
static int64_t
delay_before(const struct def_retry *retry, int64_t nth)
{
	int64_t bound = retry->max_delay_ms > 0 ? retry->max_delay_ms :
	    INT64_MAX / 200;
	int64_t delay = retry->delay_ms;

	if (bound < delay)
		bound = delay;
	if (retry->backoff == BACKOFF_LINEAR)
		delay = times_ms(delay, nth);
	for (int64_t i = 1; retry->backoff == BACKOFF_EXPONENTIAL && i < nth &&
	     delay < bound; i++)
		delay *= 2;
	if (delay > bound)
		delay = bound;
	delay = call_add_ms(delay, delay / 100 * retry->jitter_percent +
	    delay % 100 * retry->jitter_percent / 100);
	return retry->max_delay_ms >= retry->delay_ms && delay > bound ? bound :
	    delay;
}

int64_t
call_retries_last(const struct def_call *call)
{
	const struct def_retry *retry = &call->retry;
	int64_t span = 0;
	int64_t before = -1;

	for (int64_t nth = 1; nth <= retry->limit; nth++) {
		int64_t delay = delay_before(retry, nth);
		int64_t one = call_add_ms(timeout_of(call), delay);

		if (delay == before) /* it doesn't grow any more */
			return call_add_ms(span,
			    times_ms(one, retry->limit - nth + 1));
		span = call_add_ms(span, one);
		before = delay;
	}
	return span;
}

int64_t
call_window_closes(
    const struct definition *definition, const struct def_call *call)
{
	const struct calendar *calendar = definition->calendar;
	int64_t longest = 0;

	if (!calendar || !call->window_hours)
		return 0;
	for (int64_t hour = 0; hour < YEAR_HOURS; hour++) {
		int64_t at = hour * HOUR_MS;
		int64_t opens = calendar_next_open(
		    calendar, &call->window_hours->hours, at);

		if (opens - at > longest)
			longest = opens - at;
	}
	return longest;
}

/* ---- all of it ---- */

int64_t
call_span_ms(const struct def_span *span)
{
	if (span->kind == SPAN_NONE)
		return 0;
	return span->kind == SPAN_FIXED ? span->fixed_ms : INT64_MAX;
}

/* What is asked after an attempt, and asked again where a no has to be
 * confirmed. */
static int64_t
question_lasts(const struct def_verify *verify)
{
	if (!verify)
		return 0;
	return call_add_ms(call_span_ms(&verify->after),
	    call_add_ms(call_span_ms(&verify->confirm),
		times_ms(call_retries_last(verify->call), 2)));
}

int64_t
call_attempts_last(const struct def_call *call)
{
	return call_add_ms(call_retries_last(call),
	    times_ms(question_lasts(call->verify), call->retry.limit));
}

int64_t
call_lasts(const struct def_call *call)
{
	return call_add_ms(
	    call_attempts_last(call), question_lasts(call->verify));
}
