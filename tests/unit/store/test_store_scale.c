/* SPDX-License-Identifier: Apache-2.0 */
/* A large database costs no more than a small one, and what is removed from
 * it makes room. */
#include "stated/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "test_store_help.h"

/* ------------------------------------------------- what SQLite has to do */

/* Of its machine, in all connections. */
static long steps;

static int
step_cb(void *arg)
{
	(void)arg;
	steps++;
	return 0;
}

static int
connection_cb(sqlite3 *db, char **message, const void *api)
{
	(void)message;
	(void)api;
	sqlite3_progress_handler(db, 1, step_cb, NULL);
	return SQLITE_OK;
}

static void
put_instances(struct help_fixture *f, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++) {
		struct store_instance row = help_instance(n);
		char key[32];

		snprintf(key, sizeof(key), "K%llu", (unsigned long long)n);
		row.business_key = str_of(key);
		row.due_ms = 1000 + (int64_t)n % 7;
		row.busy = n % 3 == 0;
		store_put_instance(store_batch(f->store), &row);
		store_add_subscription(store_batch(f->store), str_of(key), n);
	}
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
}

static void
count_due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	(void)number;
	(void)due_ms;
	++*(int *)arg;
}

static void
count_number_cb(uint64_t number, void *arg)
{
	(void)number;
	++*(int *)arg;
}

/* What an engine does before it serves, and looks up all the time. */
static long
count_beginning(struct help_fixture *f)
{
	struct store_due_range range = {.until_ms = INT64_MAX, .limit = 10};
	int64_t expires_ms;
	uint64_t number;
	int due = 0, busy = 0, subscribed = 0;

	store_close(&f->store);
	steps = 0;
	f->store = help_open(&f->dir);
	assert_int_equal(store_each_busy(f->store, 0, 10, count_number_cb,
	    &busy), STORE_OK);
	assert_int_equal(store_each_busy(f->store, 100, 10, count_number_cb,
	    &busy), STORE_OK);
	assert_int_equal(store_each_due(f->store, &range, count_due_cb,
	    &due), STORE_OK);
	range.after_ms = 1003;
	range.after_number = 70;
	assert_int_equal(store_each_due(f->store, &range, count_due_cb,
	    &due), STORE_OK);
	assert_int_equal(store_next_expiry(f->store, &expires_ms), STORE_OK);
	assert_int_equal(store_find_key(f->store, STR("payment"), STR("K50"),
	    &number), STORE_OK);
	assert_int_equal(store_each_subscriber(f->store, STR("K60"),
	    count_number_cb, &subscribed), STORE_OK);
	assert_int_equal(due + busy, 40);
	assert_int_equal(subscribed, 1);
	return steps;
}

static void
test_beginning_costs_the_same_however_many_instances_there_are(void **state)
{
	struct help_fixture *f = *state;
	long few;

	put_instances(f, 1, 500);
	few = count_beginning(f);
	put_instances(f, 501, 20000);
	assert_in_range(count_beginning(f), few / 2, 2 * few);
}

/* ------------------------------------------------------------------ space */

static void
put_expiring(struct help_fixture *f, unsigned round)
{
	for (unsigned i = 0; i < 400; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%08x-%u", i * 2654435761u, round);
		struct store_event event =
		    help_event("s", name, EVENT_MATCHED);
		struct store_idempotency key = {
		    .key = str_of(name),
		    .request = digest_sha256(STR("body")),
		    .status = 201,
		    .response = STR("{\"id\": \"an answer of some length\"}"),
		    .expires_ms = 1,
		};
		event.received_ms = 1;
		store_put_event(store_batch(f->store), &event);
		store_put_idempotency(store_batch(f->store), &key);
	}
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
}

static off_t
file_bytes(struct help_fixture *f)
{
	struct stat status;

	store_close(&f->store); /* the log becomes a part of it */
	assert_int_equal(stat(f->dir.database, &status), 0);
	f->store = help_open(&f->dir);
	return status.st_size;
}

static void
test_space_of_what_expired_is_used_again(void **state)
{
	struct help_fixture *f = *state;
	off_t after_two = 0;

	for (unsigned round = 0; round < 12; round++) {
		put_expiring(f, round);
		do {
			store_add_cleaning(
			    store_batch(f->store), 1000000, 1000000);
			assert_int_equal(store_commit_now(f->store, NULL),
			    STORE_OK);
		} while (store_needs_cleaning(f->store));
		if (round == 1)
			after_two = file_bytes(f);
	}
	assert_true(file_bytes(f) <= after_two + 8 * 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_beginning_costs_the_same_however_many_instances_there_are,
		    help_set_up, help_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_space_of_what_expired_is_used_again, help_set_up,
		    help_tear_down),
	};

	assert_int_equal(
	    sqlite3_auto_extension((void (*)(void))connection_cb), SQLITE_OK);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
