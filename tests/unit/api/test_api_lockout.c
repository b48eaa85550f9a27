/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses from which sign-ins fail, and how long they wait. */
#include "api_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND_US (1000LL * 1000)
#define NOW_US (1000 * SECOND_US)

static void
fail_times(struct api_lockout *lockout, const char *address, int times,
    int64_t now_us)
{
	for (int i = 0; i < times; i++)
		(void)api_lockout_note(lockout, address, now_us);
}

static void
test_address_waits_after_so_many_and_is_forgiven(void **state)
{
	struct api_lockout *lockout = api_lockout_new(6); /* 10 s each */

	(void)state;
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.1", NOW_US), 0);
	fail_times(lockout, "10.0.0.1", 5, NOW_US);
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.1", NOW_US), 0);
	assert_true(api_lockout_note(lockout, "10.0.0.1", NOW_US));
	assert_int_equal(
	    api_lockout_wait_ms(lockout, "10.0.0.1", NOW_US), 10000);
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.1",
			     NOW_US + 4 * SECOND_US), 6000);
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.1",
			     NOW_US + 10 * SECOND_US), 0);
	/* One more, and it waits again. */
	assert_true(api_lockout_note(
	    lockout, "10.0.0.1", NOW_US + 10 * SECOND_US));
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.1",
			     NOW_US + 80 * SECOND_US), 0);
	api_lockout_free(&lockout);
	assert_null(lockout);
}

static void
test_others_do_not_wait(void **state)
{
	struct api_lockout *lockout = api_lockout_new(2);

	(void)state;
	fail_times(lockout, "10.0.0.1", 9, NOW_US);
	assert_true(api_lockout_wait_ms(lockout, "10.0.0.1", NOW_US) > 0);
	assert_int_equal(api_lockout_wait_ms(lockout, "10.0.0.2", NOW_US), 0);
	assert_int_equal(
	    api_lockout_wait_ms(lockout, "nonsense", NOW_US), 0);
	assert_false(api_lockout_note(lockout, "nonsense", NOW_US));
	api_lockout_free(&lockout);
}

static void
test_of_six_the_network_counts(void **state)
{
	struct api_lockout *lockout = api_lockout_new(2);

	(void)state;
	fail_times(lockout, "2001:db8:1:2::1", 2, NOW_US);
	assert_true(api_lockout_wait_ms(
			lockout, "2001:db8:1:2:ffff::9", NOW_US) > 0);
	assert_int_equal(
	    api_lockout_wait_ms(lockout, "2001:db8:1:3::1", NOW_US), 0);
	/* An address of IPv4 is the same over either. */
	fail_times(lockout, "192.0.2.7", 2, NOW_US);
	assert_true(
	    api_lockout_wait_ms(lockout, "::ffff:192.0.2.7", NOW_US) > 0);
	api_lockout_free(&lockout);
}

/* 100,000 addresses take no more places than there are, and whoever fails
 * most among them still waits. */
static void
test_crowd_does_not_push_out_who_owes_most(void **state)
{
	struct api_lockout *lockout = api_lockout_new(10);
	char address[32];

	(void)state;
	fail_times(lockout, "10.0.0.1", 10, NOW_US);
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(address, sizeof(address), "11.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		fail_times(lockout, address, 1, NOW_US + i);
	}
	assert_true(api_lockout_wait_ms(lockout, "10.0.0.1", NOW_US) > 0);
	api_lockout_free(&lockout);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_waits_after_so_many_and_is_forgiven),
	    cmocka_unit_test(test_others_do_not_wait),
	    cmocka_unit_test(test_of_six_the_network_counts),
	    cmocka_unit_test(test_crowd_does_not_push_out_who_owes_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
