/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes next: deadlines, classes and their shares, age. */
#include "stated/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LOW 0u
#define NORMAL 1u
#define HIGH 2u
#define CRITICAL 3u

#define NOW_MS 1000000

static struct throttle_queue *queue;
static struct throttle_ticket tickets[2000];

static int
set_up(void **state)
{
	(void)state;
	queue = throttle_queue_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	throttle_queue_free(&queue);
	return 0;
}

static void
add(int ticket, unsigned class, int64_t deadline_ms, int64_t now_ms)
{
	throttle_queue_add(
	    queue, &tickets[ticket], class, deadline_ms, now_ms);
}

static void
assert_next(int ticket)
{
	assert_ptr_equal(throttle_queue_take(queue), &tickets[ticket]);
}

static void
test_equals_come_in_order_of_arrival(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		add(i, NORMAL, 0, NOW_MS);
	for (int i = 0; i < 1000; i++)
		assert_next(i);
	assert_null(throttle_queue_take(queue));
}

static void
test_the_earliest_deadline_comes_first(void **state)
{
	(void)state;
	add(0, NORMAL, 0, NOW_MS);
	add(1, NORMAL, NOW_MS + 9000, NOW_MS);
	add(2, NORMAL, NOW_MS + 3000, NOW_MS);
	add(3, NORMAL, NOW_MS + 6000, NOW_MS);
	assert_next(2);
	assert_next(3);
	assert_next(1);
	assert_next(0);
}

static void
test_who_has_come_of_age_is_not_overtaken(void **state)
{
	int64_t later_ms = NOW_MS + THROTTLE_AGE_MS;

	(void)state;
	add(0, NORMAL, INT64_MAX, NOW_MS);
	add(1, NORMAL, later_ms + 1000, later_ms - 1);
	add(2, NORMAL, NOW_MS + 5, later_ms + 1); /* it is over already */
	assert_next(0);
	assert_next(2);
	assert_next(1);
}

static void
test_who_has_no_deadline_has_an_hour(void **state)
{
	(void)state;
	add(0, NORMAL, 0, NOW_MS);
	add(1, NORMAL, NOW_MS + 2 * THROTTLE_PATIENCE_MS, NOW_MS);
	add(2, NORMAL, NOW_MS + THROTTLE_PATIENCE_MS / 2, NOW_MS);
	assert_next(2);
	assert_next(0);
	assert_next(1);
}

static void
test_the_most_important_need_not_wait_for_those_there(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		add(i, NORMAL, 0, NOW_MS);
	for (int i = 0; i < 10; i++)
		assert_next(i);
	add(200, CRITICAL, 0, NOW_MS);
	assert_next(200);
	assert_next(10);
}

static void
test_classes_share_by_weight(void **state)
{
	int taken[THROTTLE_CLASSES] = {0};

	(void)state;
	for (int i = 0; i < 2000; i++)
		add(i, (unsigned)i % THROTTLE_CLASSES, 0, NOW_MS);
	for (int i = 0; i < 425; i++)
		taken[throttle_queue_take(queue)->class]++;
	assert_in_range(taken[LOW], 4, 6);
	assert_in_range(taken[NORMAL], 19, 21);
	assert_in_range(taken[HIGH], 79, 81);
	assert_in_range(taken[CRITICAL], 319, 321);
}

/* Whatever comes, and however classes run empty in between. */
static void
test_nobody_starves(void **state)
{
	struct throttle_ticket *free_tickets[2000];
	size_t free_count = 2000;
	unsigned seed = 7;
	int others = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		free_tickets[i] = &tickets[i];
	for (int round = 0; round < 100000; round++) {
		struct throttle_ticket *next;

		seed = seed * 1103515245u + 12345u;
		for (unsigned class = 0; class < THROTTLE_CLASSES; class++)
			if (free_count > 0 &&
			    (class == LOW ||
				(seed >> (16 + class) & 1u) != 0))
				throttle_queue_add(queue,
				    free_tickets[--free_count], class, 0,
				    NOW_MS + round);
		next = throttle_queue_take(queue);
		others = next->class == LOW ? 0 : others + 1;
		assert_in_range(others, 0, THROTTLE_OTHERS_MAX);
		free_tickets[free_count++] = next;
	}
}

static void
test_a_class_that_was_empty_has_saved_nothing_up(void **state)
{
	int low = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(i, CRITICAL, 0, NOW_MS);
	for (int i = 0; i < 640; i++)
		assert_next(i);
	for (int i = 1000; i < 1100; i++)
		add(i, LOW, 0, NOW_MS);
	for (int i = 0; i < 130; i++)
		low += throttle_queue_take(queue)->class == LOW;
	assert_in_range(low, 1, 3);
}

static bool
is_odd(struct throttle_ticket *ticket, void *arg)
{
	(void)arg;
	return (ticket - tickets) % 2 == 1;
}

static void
test_those_that_are_dropped_leave_the_order_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		add(i, NORMAL, NOW_MS + 1000 - i, NOW_MS);
	throttle_queue_drop(queue, is_odd, NULL);
	assert_int_equal(throttle_queue_count(queue), 50);
	for (int i = 98; i >= 0; i -= 2)
		assert_next(i);
}

static void
test_the_longest_wait_is_told(void **state)
{
	(void)state;
	assert_int_equal(throttle_queue_since_ms(queue), 0);
	add(0, NORMAL, NOW_MS + 90, NOW_MS + 10);
	add(1, CRITICAL, NOW_MS + 80, NOW_MS + 20);
	add(2, LOW, NOW_MS + 70, NOW_MS + 30);
	add(3, LOW, NOW_MS + 60, NOW_MS + 40);
	assert_int_equal(throttle_queue_since_ms(queue), NOW_MS + 10);
	throttle_queue_drop(queue, is_odd, NULL);
	assert_next(0);
	assert_int_equal(throttle_queue_since_ms(queue), NOW_MS + 30);
	assert_next(2);
	assert_int_equal(throttle_queue_since_ms(queue), 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_equals_come_in_order_of_arrival),
	    ROW(test_the_earliest_deadline_comes_first),
	    ROW(test_who_has_come_of_age_is_not_overtaken),
	    ROW(test_who_has_no_deadline_has_an_hour),
	    ROW(test_the_most_important_need_not_wait_for_those_there),
	    ROW(test_classes_share_by_weight),
	    ROW(test_nobody_starves),
	    ROW(test_a_class_that_was_empty_has_saved_nothing_up),
	    ROW(test_those_that_are_dropped_leave_the_order_alone),
	    ROW(test_the_longest_wait_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
