/* SPDX-License-Identifier: Apache-2.0 */
/* What store.h promises of lists, whatever the database. */
#include "stated/store.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_store_help.h"

static void
gather_due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	assert_true(due_ms > 0);
	help_gather_cb(number, arg);
}

/* How many there were. */
static size_t
each_due(struct help_fixture *f, int64_t after_ms, uint64_t after_number,
    int64_t until_ms, size_t limit, struct help_numbers *found)
{
	struct store_due_range range = {
	    .after_ms = after_ms,
	    .after_number = after_number,
	    .until_ms = until_ms,
	    .limit = limit,
	};

	found->count = 0;
	assert_int_equal(
	    store_each_due(f->store, &range, gather_due_cb, found), STORE_OK);
	return found->count;
}

static void
test_due_instances_are_told_earliest_first(void **state)
{
	static const int64_t due_ms[] = {300, 0, 100, 200, 400};
	struct help_fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 5; n++) {
		struct store_instance row = help_instance(n);
		row.due_ms = due_ms[n - 1];
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
	assert_int_equal(each_due(f, 0, 0, 300, 10, &found), 3);
	assert_int_equal(found.at[0], 3);
	assert_int_equal(found.at[1], 4);
	assert_int_equal(found.at[2], 1);
	assert_int_equal(each_due(f, 0, 0, INT64_MAX, 1, &found), 1);
}

static void
test_a_list_of_due_ones_goes_on_where_it_was_cut_short(void **state)
{
	struct help_fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 5; n++) {
		struct store_instance row = help_instance(n);
		row.due_ms = n < 4 ? 100 : 200;
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
	assert_int_equal(each_due(f, 0, 0, 200, 2, &found), 2);
	assert_int_equal(found.at[1], 2);
	assert_int_equal(each_due(f, 100, 2, 200, 2, &found), 2);
	assert_int_equal(found.at[0], 3);
	assert_int_equal(found.at[1], 4);
	assert_int_equal(each_due(f, 200, 4, 200, 2, &found), 1);
	assert_int_equal(found.at[0], 5);
	assert_int_equal(each_due(f, 200, 5, 200, 2, &found), 0);
}

static void
test_busy_instances_are_told_until_they_rest(void **state)
{
	struct help_fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 4; n++) {
		struct store_instance row = help_instance(n);
		row.busy = n != 2;
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
	struct store_instance three = help_instance(3);
	three.busy = false;
	store_put_instance(store_batch(f->store), &three);
	help_commit(f);
	assert_int_equal(store_each_busy(f->store, 0, SIZE_MAX,
	    help_gather_cb, &found), STORE_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.at[0], 1);
	assert_int_equal(found.at[1], 4);
}

static void
test_busy_instances_are_listed_a_few_at_a_time(void **state)
{
	struct help_fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 5; n++) {
		struct store_instance row = help_instance(n);
		row.busy = n != 3;
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
	assert_int_equal(store_each_busy(f->store, 1, 2, help_gather_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.at[0], 2);
	assert_int_equal(found.at[1], 4);
}

static bool
gather_instance_cb(const struct store_instance *row, void *arg)
{
	assert_null(row->snapshot.at);
	help_gather_cb(row->number, arg);
	return true;
}

/* Ten instances: number n started at 100 * n; see the body for the rest. */
static void
fill_ten(struct help_fixture *f)
{
	for (uint64_t n = 1; n <= 10; n++) {
		struct store_instance row = help_instance(n);
		char key[16];
		snprintf(key, sizeof(key), "K-%d", (int)n);
		row.business_key = str_of(key);
		row.workflow = n % 2 ? STR("payment") : STR("refund");
		row.status = n % 5 ? STR("waiting") : STR("completed");
		row.state = n == 4 ? STR("pay approve-all") :
		    n == 5 ? STR("approve") : STR("pay approve");
		row.labels = n == 7 ? (struct str){0} : n % 3 ?
		    STR("{\"entity\":\"DE01\",\"n\":1}") :
		    STR("{\"entity\":\"FR02\"}");
		row.started_ms = (int64_t)n * 100;
		row.incidents = n == 6 || n == 8 ? 2 : 0;
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
}

static void
assert_listed(struct help_fixture *f, struct store_instance_filter filter,
    size_t count, const uint64_t *expected)
{
	struct help_numbers found = {0};

	if (filter.limit == 0)
		filter.limit = 100;
	assert_int_equal(store_list_instances(f->store, &filter,
	    gather_instance_cb, &found), STORE_OK);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found.at[i], expected[i]);
}
#define FILTER_INCIDENT(has, ...)                                              \
	((struct store_instance_filter){.has_incident = (has), __VA_ARGS__})
#define FILTER(...) FILTER_INCIDENT(-1, __VA_ARGS__)
#define ASSERT_LISTED(filter, ...)                                             \
	assert_listed(f, (filter),                                             \
	    sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t),              \
	    (uint64_t[]){__VA_ARGS__})

static void
test_instances_are_listed_by_every_filter(void **state)
{
	struct help_fixture *f = *state;

	fill_ten(f);
	ASSERT_LISTED(FILTER(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
	ASSERT_LISTED(FILTER(.workflow = STR("refund")), 2, 4, 6, 8, 10);
	ASSERT_LISTED(FILTER(.status = STR("completed")), 5, 10);
	ASSERT_LISTED(FILTER(.business_key = STR("K-3")), 3);
	assert_listed(f, FILTER(.business_key = STR("K-3"),
	    .workflow = STR("refund")), 0, NULL);
	assert_listed(f, FILTER(.business_key = STR("K")), 0, NULL);
	ASSERT_LISTED(FILTER(.label = STR("entity"),
	    .label_value = STR("FR02")), 3, 6, 9);
	assert_listed(f, FILTER(.label = STR("entity"),
	    .label_value = STR("FR")), 0, NULL);
	assert_listed(f, FILTER(.label = STR("owner"),
	    .label_value = STR("FR02")), 0, NULL);
	ASSERT_LISTED(FILTER(.started_from_ms = 900), 9, 10);
	ASSERT_LISTED(FILTER(.started_to_ms = 300), 1, 2);
	ASSERT_LISTED(FILTER(.started_from_ms = 200, .started_to_ms = 400),
	    2, 3);
	ASSERT_LISTED(FILTER_INCIDENT(1), 6, 8);
	ASSERT_LISTED(FILTER_INCIDENT(0), 1, 2, 3, 4, 5, 7, 9, 10);
	ASSERT_LISTED(FILTER_INCIDENT(1, .status = STR("waiting"),
	    .workflow = STR("refund"), .started_from_ms = 700), 8);
}

/* As people write them, and numbers however they do. */
static void
test_labels_that_are_no_text_are_found_by_theirs(void **state)
{
	static const char *const labels[] = {
	    "{\"a\":true,\"n\":10.50}", "{\"a\":false,\"n\":1e3}",
	    "{\"a\":\"true\",\"n\":12345678901234567890.123}",
	    "{\"a\":1,\"n\":null}", "{\"a\":[1]}"};
	struct help_fixture *f = *state;

	for (uint64_t n = 1; n <= COUNT_OF(labels); n++) {
		struct store_instance row = help_instance(n);

		row.labels = str_of(labels[n - 1]);
		store_put_instance(store_batch(f->store), &row);
	}
	help_commit(f);
#define LABEL(name, text)                                                      \
	FILTER(.label = STR(name), .label_value = STR(text))
	ASSERT_LISTED(LABEL("a", "true"), 1, 3);
	ASSERT_LISTED(LABEL("a", "false"), 2);
	ASSERT_LISTED(LABEL("a", "1"), 4);
	ASSERT_LISTED(LABEL("n", "10.50"), 1);
	ASSERT_LISTED(LABEL("n", "10.5"), 1);
	ASSERT_LISTED(LABEL("n", "1000"), 2);
	ASSERT_LISTED(LABEL("n", "1E+3"), 2);
	assert_listed(f, LABEL("n", "1E+4"), 0, NULL);
	ASSERT_LISTED(LABEL("n", "12345678901234567890.123"), 3);
	assert_listed(f, LABEL("n", "null"), 0, NULL);
#undef LABEL
}

static void
test_state_matches_whole_names_only(void **state)
{
	struct help_fixture *f = *state;

	fill_ten(f);
	ASSERT_LISTED(FILTER(.state = STR("approve")),
	    1, 2, 3, 5, 6, 7, 8, 9, 10);
	ASSERT_LISTED(FILTER(.state = STR("approve-all")), 4);
	ASSERT_LISTED(FILTER(.state = STR("pay")), 1, 2, 3, 4, 6, 7, 8, 9, 10);
	assert_listed(f, FILTER(.state = STR("pa")), 0, NULL);
}

static void
test_lists_page_by_cursor_in_both_directions(void **state)
{
	struct help_fixture *f = *state;
	uint64_t resume = 0;

	fill_ten(f);
	ASSERT_LISTED(FILTER(.limit = 3, .resume_after = &resume), 1, 2, 3);
	assert_int_equal(resume, 3);
	ASSERT_LISTED(FILTER(.after = 3, .limit = 3), 4, 5, 6);
	ASSERT_LISTED(FILTER(.newest_first = true, .limit = 3,
	    .resume_after = &resume), 10, 9, 8);
	assert_int_equal(resume, 8);
	ASSERT_LISTED(FILTER(.newest_first = true, .after = 3,
	    .resume_after = &resume), 2, 1);
	assert_int_equal(resume, 0);
	ASSERT_LISTED(FILTER(.newest_first = true,
	    .status = STR("completed")), 10, 5);
	ASSERT_LISTED(FILTER_INCIDENT(1, .newest_first = true), 8, 6);
	ASSERT_LISTED(FILTER(.newest_first = true,
	    .business_key = STR("K-3")), 3);
}

static void
test_list_may_look_at_few_rows_and_be_resumed(void **state)
{
	struct help_fixture *f = *state;
	uint64_t resume = 0;

	fill_ten(f);
	ASSERT_LISTED(FILTER(.label = STR("entity"),
	    .label_value = STR("FR02"), .looked_max = 4,
	    .resume_after = &resume), 3);
	assert_int_equal(resume, 4);
	ASSERT_LISTED(FILTER(.label = STR("entity"),
	    .label_value = STR("FR02"), .looked_max = 4, .after = resume,
	    .resume_after = &resume), 6);
	assert_int_equal(resume, 8);
	ASSERT_LISTED(FILTER(.label = STR("entity"),
	    .label_value = STR("FR02"), .looked_max = 4, .after = resume,
	    .resume_after = &resume), 9);
	assert_int_equal(resume, 0);
}

static bool
find_within_cb(const struct store_instance *row, void *arg)
{
	struct help_fixture *f = arg;
	struct store_instance found;
	struct help_numbers others = {0};

	assert_int_equal(store_find_instance(f->store, f->arena, row->number,
	    &found), STORE_OK);
	assert_listed(f, FILTER(.limit = 2), 2, (uint64_t[]){1, 2});
	assert_int_equal(store_each_busy(f->store, 0, SIZE_MAX,
	    help_gather_cb, &others), STORE_OK);
	return row->number < 3;
}

static void
test_callback_may_find_and_list_and_stop(void **state)
{
	struct help_fixture *f = *state;
	uint64_t resume = 0;
	struct store_instance_filter filter = FILTER(.limit = 100,
	    .resume_after = &resume);

	fill_ten(f);
	assert_int_equal(store_list_instances(f->store, &filter,
	    find_within_cb, f), STORE_OK);
	assert_int_equal(resume, 3);
}

static bool
gather_item_cb(const struct store_item *row, void *arg)
{
	assert_true(row->body.bytes > 0);
	help_gather_cb(row->instance * 10 + row->serial, arg);
	return true;
}

static void
assert_items(struct help_fixture *f, struct store_item_filter filter,
    size_t count, const uint64_t *expected)
{
	struct help_numbers found = {0};

	if (filter.limit == 0)
		filter.limit = 100;
	assert_int_equal(store_list_items(f->store, &filter, gather_item_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found.at[i], expected[i]);
}
#define ASSERT_ITEMS(filter, ...)                                              \
	assert_items(f, (struct store_item_filter)filter,                      \
	    sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t),              \
	    (uint64_t[]){__VA_ARGS__})
#define WITH(...) {__VA_ARGS__}

static void
test_items_are_listed_by_every_filter(void **state)
{
	struct help_fixture *f = *state;

	for (uint64_t i = 1; i <= 3; i++) {
		for (uint64_t serial = 1; serial <= 2; serial++) {
			struct store_item item = {
				.kind = ITEM_TASK,
				.instance = i,
				.serial = serial,
				.open = true,
				.created_ms = 50,
				.owner = i == 2 ? STR("cfo") : STR("clerk"),
				.body = STR("{}"),
			};
			store_put_item(store_batch(f->store), &item);
			item.kind = ITEM_INCIDENT;
			item.owner = (struct str){0};
			if (serial == 1)
				store_put_item(store_batch(f->store), &item);
		}
	}
	help_commit(f);
	struct store_item closed = {
		.kind = ITEM_TASK, .instance = 1, .serial = 1,
		.closed_ms = 60, .owner = STR("clerk"), .body = STR("{}")};
	store_put_item(store_batch(f->store), &closed);
	help_commit(f);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = -1),
	    11, 12, 21, 22, 31, 32);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 1), 12, 21, 22, 31, 32);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 0), 11);
	ASSERT_ITEMS(WITH(.kind = ITEM_INCIDENT, .open = 1), 11, 21, 31);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 1, .owner = STR("cfo")),
	    21, 22);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = -1, .instance = 1),
	    11, 12);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 1, .instance = 1), 12);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 1, .limit = 2), 12, 21);
	ASSERT_ITEMS(WITH(.kind = ITEM_TASK, .open = 1, .limit = 2,
	    .after_instance = 2, .after_serial = 1), 22, 31);
	assert_items(f, (struct store_item_filter){.kind = ITEM_ESCALATION,
	    .open = -1}, 0, NULL);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, help_set_up, help_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_due_instances_are_told_earliest_first),
		TEST(test_a_list_of_due_ones_goes_on_where_it_was_cut_short),
		TEST(test_busy_instances_are_told_until_they_rest),
		TEST(test_busy_instances_are_listed_a_few_at_a_time),
		TEST(test_instances_are_listed_by_every_filter),
		TEST(test_labels_that_are_no_text_are_found_by_theirs),
		TEST(test_state_matches_whole_names_only),
		TEST(test_lists_page_by_cursor_in_both_directions),
		TEST(test_list_may_look_at_few_rows_and_be_resumed),
		TEST(test_callback_may_find_and_list_and_stop),
		TEST(test_items_are_listed_by_every_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
