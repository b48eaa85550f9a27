/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/descriptor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static struct rlimit
limit_now(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit;
}

static void
set_soft(rlim_t soft)
{
	struct rlimit limit = limit_now();

	limit.rlim_cur = soft;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
test_the_limit_is_raised_as_far_as_it_may_be(void **state)
{
	rlim_t before = limit_now().rlim_cur;

	(void)state;
	set_soft(32);
	assert_true(descriptor_raise_limit() == limit_now().rlim_max);
	assert_true(limit_now().rlim_cur == limit_now().rlim_max);
	set_soft(before);
}

static void
test_it_is_seen_when_no_descriptor_is_left(void **state)
{
	rlim_t before = limit_now().rlim_cur;
	bool was_left;
	int error;

	(void)state;
	assert_true(descriptor_is_left());
	/* Those that are open stay so. */
	set_soft(0);
	was_left = descriptor_is_left();
	error = errno;
	set_soft(before);
	assert_false(was_left);
	assert_int_equal(error, EMFILE);
	assert_true(descriptor_is_left());
}

static void
test_it_is_seen_when_too_few_descriptors_are_left(void **state)
{
	rlim_t before = limit_now().rlim_cur;
	int next = dup(0);
	bool are_three, are_four, are_three_again;

	(void)state;
	assert_true(next > 0);
	assert_int_equal(close(next), 0);
	set_soft((rlim_t)next + 3);
	are_three = descriptor_are_left(3);
	are_four = descriptor_are_left(4);
	are_three_again = descriptor_are_left(3);
	set_soft(before);
	assert_true(are_three);
	assert_false(are_four);
	assert_true(are_three_again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_limit_is_raised_as_far_as_it_may_be),
	    cmocka_unit_test(test_it_is_seen_when_no_descriptor_is_left),
	    cmocka_unit_test(test_it_is_seen_when_too_few_descriptors_are_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
