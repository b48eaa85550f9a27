/* SPDX-License-Identifier: Apache-2.0 */
/* Places, rates, the breaker, the way back, and what endpoints ask for. */
#include "stated/throttle.h"

#include "stated/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct throttle *throttle;
static int64_t now_ms;
static const struct throttle_advice nothing;

static int
set_up(void **state)
{
	(void)state;
	throttle = throttle_new();
	now_ms = 1000000;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	throttle_free(&throttle);
	return 0;
}

static void
limit(const struct throttle_limits *limits)
{
	throttle_set_limits(throttle, limits);
}

static bool
may_begin(void)
{
	return throttle_may_begin(throttle, now_ms);
}

static struct throttle_pass
send_one(void)
{
	struct throttle_pass pass;

	assert_true(may_begin());
	pass = throttle_begin(throttle, now_ms);
	throttle_sent(throttle, &pass, now_ms);
	return pass;
}

static void
end(struct throttle_pass pass, enum throttle_result result)
{
	throttle_end(throttle, &pass, result, &nothing, now_ms);
}

static void
advise(struct throttle_pass pass, enum throttle_result result,
    struct throttle_advice advice)
{
	throttle_end(throttle, &pass, result, &advice, now_ms);
}

/* As many as may go now, each ending well at once. */
static int
run(int most)
{
	int count = 0;

	for (; count < most && may_begin(); count++)
		end(send_one(), THROTTLE_WELL);
	return count;
}

/* As many as may go now, and stay under way. */
static int
fill(struct throttle_pass *passes, int most)
{
	int count = 0;

	for (; count < most && may_begin(); count++)
		passes[count] = send_one();
	return count;
}

static int64_t
next_ms(void)
{
	return throttle_next_ms(throttle, now_ms);
}

static enum throttle_state
state_now(void)
{
	return throttle_look(throttle, now_ms).state;
}

/* ---- places ---- */

static void
test_no_more_are_under_way_than_there_are_places(void **state)
{
	struct throttle_pass passes[9];

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 3});
	assert_int_equal(fill(passes, 9), 3);
	assert_int_equal(next_ms(), 0);
	end(passes[0], THROTTLE_WELL);
	assert_int_equal(fill(passes, 9), 1);
}

static void
test_a_call_that_did_not_leave_has_used_nothing(void **state)
{
	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 1, .rate_count = 2, .rate_ms = 1000});
	for (int i = 0; i < 10; i++) {
		struct throttle_pass pass = throttle_begin(throttle, now_ms);

		assert_false(may_begin());
		throttle_give_back(throttle, &pass);
	}
	assert_int_equal(run(9), 2);
}

/* ---- rates ---- */

static void
test_a_call_that_leaves_once_more_counts_for_the_rate(void **state)
{
	struct throttle_pass first, second;

	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 9, .rate_count = 3, .rate_ms = 1000});
	first = send_one();
	now_ms += 100;
	second = send_one();
	assert_true(throttle_may_repeat(throttle, now_ms));
	throttle_repeated(throttle, now_ms);
	assert_false(may_begin());
	assert_false(throttle_may_repeat(throttle, now_ms));
	assert_int_equal(
	    throttle_repeat_ms(throttle, now_ms), now_ms + 900);
	now_ms += 900;
	assert_true(throttle_may_repeat(throttle, now_ms));
	throttle_repeated(throttle, now_ms);
	assert_false(may_begin());
	end(first, THROTTLE_WELL);
	end(second, THROTTLE_WELL);
	assert_int_equal(next_ms(), now_ms + 100);
}

/* It has its place, and doesn't ask for another. */
static void
test_a_call_that_leaves_once_more_needs_no_place(void **state)
{
	struct throttle_pass pass;

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 1});
	pass = send_one();
	assert_false(may_begin());
	assert_true(throttle_may_repeat(throttle, now_ms));
	throttle_repeated(throttle, now_ms);
	end(pass, THROTTLE_WELL);
	assert_true(may_begin());
}

/* The largest number within any stretch of that length. */
static int
most_within(const int64_t *instants, int count, int64_t window_ms)
{
	int most = 0;

	for (int i = 0, first = 0; i < count; i++) {
		while (instants[i] - instants[first] >= window_ms)
			first++;
		if (i - first + 1 > most)
			most = i - first + 1;
	}
	return most;
}

static void
test_no_stretch_of_time_holds_more_than_the_rate(void **state)
{
	static int64_t instants[20000];
	int count = 0;
	unsigned seed = 3;

	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 1000, .rate_count = 50, .rate_ms = 1000});
	for (int i = 0; i < 60000; i++, now_ms++) {
		seed = seed * 1103515245u + 12345u;
		for (unsigned wanted = seed >> 29; wanted > 0 && may_begin();
		     wanted--) {
			end(send_one(), THROTTLE_WELL);
			instants[count++] = now_ms;
		}
	}
	assert_int_equal(most_within(instants, count, 1000), 50);
	assert_int_equal(count, 60 * 50); /* and none was given away */
}

static void
test_a_rate_counts_from_when_a_call_leaves(void **state)
{
	struct throttle_pass slow;

	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 9, .rate_count = 1, .rate_ms = 1000});
	slow = throttle_begin(throttle, now_ms);
	now_ms += 5000;
	assert_false(may_begin());
	assert_int_equal(next_ms(), 0);
	throttle_sent(throttle, &slow, now_ms);
	assert_int_equal(next_ms(), now_ms + 1000);
	now_ms += 999;
	assert_false(may_begin());
	now_ms += 1;
	assert_true(may_begin());
}

static void
test_a_large_rate_is_kept_within_a_thousandth(void **state)
{
	int count = 0;

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 1000000,
	    .rate_count = 123456, .rate_ms = 1000});
	for (int i = 0; i < 3000; i++, now_ms++)
		count += run(1000);
	assert_in_range(count, 3 * 123456 - 3 * 124, 3 * 123456);
}

static void
test_a_rate_goes_on_where_the_clock_is_set_back(void **state)
{
	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 9, .rate_count = 2, .rate_ms = 60000});
	assert_int_equal(run(9), 2);
	now_ms -= 3600 * 1000;
	assert_int_equal(run(9), 2);
	assert_int_equal(run(9), 0);
}

/* ---- the breaker ---- */

static const struct throttle_limits with_breaker = {
    .concurrency = 8,
    .breaker_failures = 3,
    .breaker_within_ms = 30000,
    .breaker_open_ms = 20000,
};

static void
open_breaker(void)
{
	limit(&with_breaker);
	for (int i = 0; i < 3; i++)
		end(send_one(), THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_OPEN);
}

static void
test_failures_in_a_row_open_the_breaker(void **state)
{
	(void)state;
	open_breaker();
	assert_false(may_begin());
	assert_int_equal(next_ms(), now_ms + 20000);
}

static void
test_failures_that_are_far_apart_do_not(void **state)
{
	(void)state;
	limit(&with_breaker);
	for (int i = 0; i < 20; i++, now_ms += 20000)
		end(send_one(), THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_CLOSED);
}

/* The first is too old for the third, and not the second for the fourth. */
static void
test_any_stretch_of_time_may_open_the_breaker(void **state)
{
	static const int64_t instants[] = {0, 1590, 2310, 2890};
	int64_t began_ms = now_ms;

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 9,
	    .breaker_failures = 3,
	    .breaker_within_ms = 2000,
	    .breaker_open_ms = 1000});
	for (int i = 0; i < 4; i++) {
		assert_int_equal(state_now(), THROTTLE_CLOSED);
		now_ms = began_ms + instants[i];
		end(send_one(), THROTTLE_ILL);
	}
	assert_int_equal(state_now(), THROTTLE_OPEN);
	/* The one that goes to see, and then a row that begins anew. */
	now_ms += 1000;
	end(send_one(), THROTTLE_WELL);
	for (int i = 0; i < 2; i++) {
		now_ms += 500;
		end(send_one(), THROTTLE_ILL);
	}
	assert_int_equal(state_now(), THROTTLE_CLOSED);
	now_ms += 1500; /* to the millisecond `within` */
	end(send_one(), THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_OPEN);
}

static void
test_one_failure_may_be_enough(void **state)
{
	(void)state;
	limit(&(struct throttle_limits){.concurrency = 9,
	    .breaker_failures = 1,
	    .breaker_within_ms = 2000,
	    .breaker_open_ms = 1000});
	end(send_one(), THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_OPEN);
}

static void
test_a_success_ends_the_row(void **state)
{
	(void)state;
	limit(&with_breaker);
	for (int i = 0; i < 20; i++) {
		end(send_one(), THROTTLE_ILL);
		end(send_one(), THROTTLE_ILL);
		end(send_one(), THROTTLE_WELL);
	}
	assert_int_equal(state_now(), THROTTLE_CLOSED);
}

static void
test_one_call_goes_to_see(void **state)
{
	struct throttle_pass passes[8];

	(void)state;
	open_breaker();
	now_ms += 20000;
	assert_int_equal(fill(passes, 8), 1);
	assert_int_equal(state_now(), THROTTLE_HALF_OPEN);
	end(passes[0], THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_OPEN);
	assert_int_equal(next_ms(), now_ms + 20000);
}

static void
test_another_goes_where_the_one_to_see_did_not_leave(void **state)
{
	struct throttle_pass pass;

	(void)state;
	open_breaker();
	now_ms += 20000;
	assert_true(may_begin());
	pass = throttle_begin(throttle, now_ms);
	assert_false(may_begin());
	throttle_give_back(throttle, &pass);
	assert_true(may_begin());
}

static void
test_stragglers_neither_open_nor_close_it(void **state)
{
	struct throttle_pass passes[8];

	(void)state;
	limit(&with_breaker);
	assert_int_equal(fill(passes, 8), 8);
	for (int i = 0; i < 3; i++)
		end(passes[i], THROTTLE_ILL);
	end(passes[3], THROTTLE_WELL);
	assert_int_equal(state_now(), THROTTLE_OPEN);
	now_ms += 20000;
	end(passes[4], THROTTLE_ILL);
	end(passes[5], THROTTLE_WELL);
	assert_int_equal(state_now(), THROTTLE_HALF_OPEN);
	end(send_one(), THROTTLE_WELL);
	for (int i = 6; i < 8; i++)
		end(passes[i], THROTTLE_ILL);
	assert_int_equal(state_now(), THROTTLE_CLOSED);
}

/* ---- the way back ---- */

/* Within one step, as many as may go, each ending well at once. */
static int
run_step(void)
{
	int64_t end_ms = now_ms + THROTTLE_STEP_MS;
	int count = 0;

	for (; now_ms < end_ms; now_ms++)
		count += run(99);
	return count;
}

static void
test_calls_come_back_by_and_by(void **state)
{
	static const int expected[] = {1, 2, 4, 8, 10, 12, 14, 16, 19};

	(void)state;
	open_breaker();
	throttle_set_backlog(throttle, true);
	now_ms += 20000;
	end(send_one(), THROTTLE_WELL);
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_int_equal(run_step(), expected[i]);
	throttle_set_backlog(throttle, false); /* nobody waits any more */
	assert_int_equal(run(99), 99);
}

static void
test_a_step_is_used_evenly(void **state)
{
	struct throttle_pass passes[9];

	(void)state;
	open_breaker();
	throttle_set_backlog(throttle, true);
	now_ms += 20000;
	end(send_one(), THROTTLE_WELL);
	for (int i = 0; i < 3; i++)
		run_step();
	/* eight begin in the next */
	for (int i = 0; i < 7; i++) {
		assert_int_equal(fill(&passes[i], 9), 1);
		assert_in_range(next_ms() - now_ms, THROTTLE_STEP_MS / 8,
		    THROTTLE_STEP_MS / 8 + 1);
		now_ms = next_ms();
	}
	assert_int_equal(fill(&passes[7], 9), 1);
}

static void
test_the_way_back_waits_for_a_slow_endpoint(void **state)
{
	struct throttle_pass pass;

	(void)state;
	open_breaker();
	now_ms += 20000;
	end(send_one(), THROTTLE_WELL);
	pass = send_one();
	now_ms += 10 * THROTTLE_STEP_MS;
	assert_false(may_begin());
	end(pass, THROTTLE_WELL);
	now_ms += THROTTLE_STEP_MS;
	assert_int_equal(run_step(), 2);
}

static void
test_a_failure_on_the_way_back_halves_it(void **state)
{
	(void)state;
	open_breaker();
	now_ms += 20000;
	end(send_one(), THROTTLE_WELL);
	for (int i = 1; i <= 2; i *= 2)
		assert_int_equal(run_step(), i);
	assert_int_equal(throttle_look(throttle, now_ms).places, 4);
	end(send_one(), THROTTLE_ILL);
	assert_int_equal(throttle_look(throttle, now_ms).places, 2);
}

/* ---- what endpoints ask for ---- */

static void
test_who_is_told_to_wait_waits_with_all(void **state)
{
	struct throttle_pass passes[8];

	(void)state;
	limit(&with_breaker);
	assert_int_equal(fill(passes, 8), 8);
	advise(passes[0], THROTTLE_REFUSED,
	    (struct throttle_advice){.has_wait = true, .wait_ms = 7000});
	for (int i = 1; i < 8; i++) /* refused for the same reason */
		advise(passes[i], THROTTLE_REFUSED,
		    (struct throttle_advice){
			.has_wait = true, .wait_ms = 5000});
	assert_int_equal(state_now(), THROTTLE_CLOSED);
	assert_false(may_begin());
	assert_int_equal(next_ms(), now_ms + 7000);
	now_ms += 7000;
	assert_int_equal(run_step(), 4); /* half of what it was */
}

static void
test_an_absurd_wait_is_cut_short(void **state)
{
	static const int64_t waits_ms[] = {
	    INT64_C(86400000), INT64_C(315360000000), INT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(waits_ms); i++) {
		advise(send_one(), THROTTLE_REFUSED,
		    (struct throttle_advice){
			.has_wait = true, .wait_ms = waits_ms[i]});
		assert_int_equal(next_ms(), now_ms + THROTTLE_WAIT_MS_MAX);
		now_ms += THROTTLE_WAIT_MS_MAX;
	}
	assert_true(may_begin());
}

static void
test_a_refusal_without_a_time_slows_down(void **state)
{
	(void)state;
	limit(&(struct throttle_limits){.concurrency = 8});
	end(send_one(), THROTTLE_REFUSED);
	assert_int_equal(run(99), 1);
	assert_int_equal(next_ms(), now_ms + THROTTLE_STEP_MS);
}

static void
test_a_quota_is_not_overdrawn(void **state)
{
	struct throttle_pass passes[8];
	const struct throttle_advice three_more = {
	    .has_quota = true, .quota = 3, .quota_ms = 60000};

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 8});
	advise(send_one(), THROTTLE_WELL, three_more);
	assert_int_equal(fill(passes, 8), 3);
	assert_int_equal(next_ms(), now_ms + 60000);
	advise(passes[0], THROTTLE_WELL,
	    (struct throttle_advice){
		.has_quota = true, .quota = 2, .quota_ms = 60000});
	assert_false(may_begin()); /* two are under way */
	now_ms += 60000;
	assert_true(may_begin());
}

/* Hours, where the endpoint counts by hours; a day, where it means years. */
static void
test_a_quota_is_heeded_until_it_is_new(void **state)
{
	static const int64_t told_ms[] = {
	    2 * 3600000, THROTTLE_QUOTA_MS_MAX, INT64_C(99999999999)};

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 8});
	for (size_t i = 0; i < 3; i++) {
		int64_t left_ms = told_ms[i] < THROTTLE_QUOTA_MS_MAX
				      ? told_ms[i]
				      : THROTTLE_QUOTA_MS_MAX;

		advise(send_one(), THROTTLE_WELL,
		    (struct throttle_advice){
			.has_quota = true, .quota_ms = told_ms[i]});
		assert_int_equal(next_ms(), now_ms + left_ms);
		now_ms += left_ms - 1;
		assert_false(may_begin());
		now_ms++;
		assert_true(may_begin());
	}
}

static void
test_a_policy_becomes_the_rate(void **state)
{
	struct throttle_view view;

	(void)state;
	limit(&(struct throttle_limits){
	    .concurrency = 99, .rate_count = 50, .rate_ms = 1000});
	advise(send_one(), THROTTLE_WELL,
	    (struct throttle_advice){
		.policy_count = 10, .policy_ms = 1000});
	now_ms += 1000;
	assert_int_equal(run(99), 10);
	view = throttle_look(throttle, now_ms);
	assert_true(view.is_rate_learned);
	assert_int_equal(view.rate_count, 10);
	now_ms += THROTTLE_POLICY_MS;
	assert_int_equal(run(99), 50); /* it was not told again */
}

static void
test_an_absurd_policy_is_ignored(void **state)
{
	static const struct throttle_advice absurd[] = {
	    {.policy_count = 0, .policy_ms = 1000},
	    {.policy_count = -5, .policy_ms = 1000},
	    {.policy_count = 1, .policy_ms = INT64_C(86400000) * 365},
	    {.policy_count = INT64_MAX, .policy_ms = 1},
	    {.policy_count = 10, .policy_ms = 0},
	};

	(void)state;
	limit(&(struct throttle_limits){.concurrency = 99});
	for (size_t i = 0; i < COUNT_OF(absurd); i++)
		advise(send_one(), THROTTLE_WELL, absurd[i]);
	assert_int_equal(run(999), 999);
}

/* ---- operators ---- */

static void
test_nothing_begins_while_paused(void **state)
{
	struct throttle_pass pass;

	(void)state;
	limit(&with_breaker);
	pass = send_one();
	throttle_pause(throttle);
	assert_false(may_begin());
	assert_int_equal(next_ms(), 0);
	end(pass, THROTTLE_WELL); /* what was under way comes home */
	throttle_resume(throttle, now_ms);
	assert_int_equal(run(99), 1);
}

static void
test_resuming_ends_what_was_found_out(void **state)
{
	(void)state;
	open_breaker();
	throttle_resume(throttle, now_ms);
	assert_int_equal(state_now(), THROTTLE_CLOSED);
	assert_true(may_begin());
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_no_more_are_under_way_than_there_are_places),
	    ROW(test_a_call_that_did_not_leave_has_used_nothing),
	    ROW(test_a_call_that_leaves_once_more_counts_for_the_rate),
	    ROW(test_a_call_that_leaves_once_more_needs_no_place),
	    ROW(test_no_stretch_of_time_holds_more_than_the_rate),
	    ROW(test_a_rate_counts_from_when_a_call_leaves),
	    ROW(test_a_large_rate_is_kept_within_a_thousandth),
	    ROW(test_a_rate_goes_on_where_the_clock_is_set_back),
	    ROW(test_failures_in_a_row_open_the_breaker),
	    ROW(test_failures_that_are_far_apart_do_not),
	    ROW(test_any_stretch_of_time_may_open_the_breaker),
	    ROW(test_one_failure_may_be_enough),
	    ROW(test_a_success_ends_the_row),
	    ROW(test_one_call_goes_to_see),
	    ROW(test_another_goes_where_the_one_to_see_did_not_leave),
	    ROW(test_stragglers_neither_open_nor_close_it),
	    ROW(test_calls_come_back_by_and_by),
	    ROW(test_a_step_is_used_evenly),
	    ROW(test_the_way_back_waits_for_a_slow_endpoint),
	    ROW(test_a_failure_on_the_way_back_halves_it),
	    ROW(test_who_is_told_to_wait_waits_with_all),
	    ROW(test_an_absurd_wait_is_cut_short),
	    ROW(test_a_refusal_without_a_time_slows_down),
	    ROW(test_a_quota_is_not_overdrawn),
	    ROW(test_a_quota_is_heeded_until_it_is_new),
	    ROW(test_a_policy_becomes_the_rate),
	    ROW(test_an_absurd_policy_is_ignored),
	    ROW(test_nothing_begins_while_paused),
	    ROW(test_resuming_ends_what_was_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
