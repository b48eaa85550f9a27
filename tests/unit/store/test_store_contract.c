/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What store.h promises, whatever the database.  Another backend runs these
 * tests by opening its own store in set_up().
 */
#include "stated/store.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_store_help.h"

/* ------------------------------------------------------------ the fixture */

struct fixture {
	struct help_dir dir;
	struct store *store;
	struct arena *arena;
};

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	f->store = help_open(&f->dir);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

static void
reopen(struct fixture *f)
{
	store_close(&f->store);
	f->store = help_open(&f->dir);
}

static void
commit(struct fixture *f)
{
	struct buf detail = {0};

	if (store_commit_now(f->store, &detail) != STORE_OK)
		fail_msg("commit: %s", buf_cstr(&detail));
	buf_fini(&detail);
}

/* At what moment of a batch's life a test looks: before it is submitted,
 * while it is (or may be) under way, when it is durable, after a restart. */
enum moment { OPEN, UNDER_WAY, DURABLE, REOPENED, MOMENT_COUNT };

static void
advance_to(struct fixture *f, enum moment moment)
{
	enum store_error error;
	bool is_finished;

	switch (moment) {
	case OPEN:
		break;
	case UNDER_WAY:
		store_submit(f->store);
		assert_true(store_is_committing(f->store));
		break;
	case DURABLE:
		help_wait(f->store);
		is_finished = store_finished(f->store, &error, NULL);
		assert_true(is_finished);
		assert_int_equal(error, STORE_OK);
		break;
	case REOPENED:
		reopen(f);
		break;
	case MOMENT_COUNT:
		fail();
	}
}

/* -------------------------------------------------------------- instances */

static void
assert_same_str(struct str a, struct str b)
{
	assert_true((a.at == NULL) == (b.at == NULL));
	assert_true(str_equal(a, b));
}

static void
assert_same_instance(const struct store_instance *a,
    const struct store_instance *b)
{
	assert_int_equal(a->number, b->number);
	assert_same_str(a->workflow, b->workflow);
	assert_int_equal(a->version, b->version);
	assert_true(digest_equal(a->definition, b->definition));
	assert_same_str(a->business_key, b->business_key);
	assert_same_str(a->status, b->status);
	assert_same_str(a->state, b->state);
	assert_same_str(a->initiator, b->initiator);
	assert_same_str(a->priority, b->priority);
	assert_same_str(a->labels, b->labels);
	assert_int_equal(a->started_ms, b->started_ms);
	assert_int_equal(a->changed_ms, b->changed_ms);
	assert_int_equal(a->ended_ms, b->ended_ms);
	assert_int_equal(a->due_ms, b->due_ms);
	assert_int_equal(a->busy, b->busy);
	assert_int_equal(a->incidents, b->incidents);
	assert_int_equal(a->head.seq, b->head.seq);
	assert_true(digest_equal(a->head.hash, b->head.hash));
	assert_same_str(a->snapshot, b->snapshot);
}

static void
test_instance_is_found_at_every_moment(void **state)
{
	struct fixture *f = *state;
	struct store_instance full = help_instance(1), sparse = {
		.number = 2,
		.workflow = STR("payment"),
		.status = STR("completed"),
	};

	full.labels = STR("{\"entity\":\"DE01\"}");
	full.snapshot = (struct str){"a\0b", 3};
	store_put_instance(store_batch(f->store), &full);
	store_put_instance(store_batch(f->store), &sparse);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		struct store_instance found;
		advance_to(f, m);
		assert_int_equal(store_find_instance(f->store, f->arena, 1,
		    &found), STORE_OK);
		assert_same_instance(&found, &full);
		assert_int_equal(store_find_instance(f->store, f->arena, 2,
		    &found), STORE_OK);
		assert_same_instance(&found, &sparse);
		assert_int_equal(store_find_instance(f->store, f->arena, 3,
		    &found), STORE_ABSENT);
	}
}

static void
test_latest_put_of_an_instance_counts(void **state)
{
	struct fixture *f = *state;
	struct store_instance row = help_instance(1), found;

	for (int i = 1; i <= 5; i++) {
		row.changed_ms = 1000 + i;
		row.due_ms = i % 2 ? 0 : 5000;
		row.busy = i % 3 == 0;
		row.incidents = i == 5;
		row.snapshot = i == 3 ? (struct str){0} : STR("snap");
		store_put_instance(store_batch(f->store), &row);
		if (i == 2 || i == 4)
			commit(f);
		assert_int_equal(store_find_instance(f->store, f->arena, 1,
		    &found), STORE_OK);
		assert_same_instance(&found, &row);
	}
	commit(f);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_same_instance(&found, &row);
}

static void
test_open_batch_lies_over_the_batch_under_way(void **state)
{
	struct fixture *f = *state;
	struct store_instance row = help_instance(1), found;
	enum store_error error;

	row.state = STR("first");
	store_put_instance(store_batch(f->store), &row);
	store_submit(f->store);
	row.state = STR("second");
	store_put_instance(store_batch(f->store), &row);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.state, STR("second")));
	help_wait(f->store);
	assert_true(store_finished(f->store, &error, NULL));
	assert_int_equal(error, STORE_OK);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.state, STR("second")));
	commit(f);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.state, STR("second")));
}

static void
test_batch_borrows_nothing_from_its_caller(void **state)
{
	struct fixture *f = *state;
	struct store_instance row = help_instance(1), found;
	char text[] = "as it was";

	row.state = str_of(text);
	store_put_instance(store_batch(f->store), &row);
	text[0] = 'X';
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.state, STR("as it was")));
}

static void
test_last_number_counts_what_is_durable(void **state)
{
	struct fixture *f = *state;
	struct store_instance three = help_instance(3);
	struct store_instance two = help_instance(2);

	assert_int_equal(store_last_number(f->store), 0);
	store_put_instance(store_batch(f->store), &three);
	store_put_instance(store_batch(f->store), &two);
	assert_int_equal(store_last_number(f->store), 0);
	commit(f);
	assert_int_equal(store_last_number(f->store), 3);
	store_put_instance(store_batch(f->store), &two);
	commit(f);
	assert_int_equal(store_last_number(f->store), 3);
	reopen(f);
	assert_int_equal(store_last_number(f->store), 3);
}

static void
test_identity_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct store_identity first = store_identity(f->store), zeros = {{0}};

	assert_memory_not_equal(&first, &zeros, sizeof(first));
	reopen(f);
	struct store_identity second = store_identity(f->store);
	assert_memory_equal(&first, &second, sizeof(first));
}

static void
test_business_key_is_found_at_every_moment(void **state)
{
	struct fixture *f = *state;
	struct store_instance a = help_instance(1), b = help_instance(2);
	struct store_instance without = help_instance(3);

	a.business_key = STR("K-1");
	b.business_key = STR("K-1");
	b.workflow = STR("refund");
	without.business_key = (struct str){0};
	store_put_instance(store_batch(f->store), &a);
	store_put_instance(store_batch(f->store), &b);
	store_put_instance(store_batch(f->store), &without);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		uint64_t number = 0;
		advance_to(f, m);
		assert_int_equal(store_find_key(f->store, a.workflow,
		    STR("K-1"), &number), STORE_OK);
		assert_int_equal(number, 1);
		assert_int_equal(store_find_key(f->store, STR("refund"),
		    STR("K-1"), &number), STORE_OK);
		assert_int_equal(number, 2);
		assert_int_equal(store_find_key(f->store, (struct str){0},
		    STR("K-1"), &number), STORE_OK);
		assert_int_equal(store_find_key(f->store, STR("other"),
		    STR("K-1"), &number), STORE_ABSENT);
		assert_int_equal(store_find_key(f->store, a.workflow,
		    STR("K-2"), &number), STORE_ABSENT);
	}
}

/* ---------------------------------------------------------- subscriptions */

static void
gather_cb(uint64_t number, void *arg)
{
	struct help_numbers *numbers = arg;

	assert_true(numbers->count < HELP_NUMBERS_MAX);
	numbers->at[numbers->count++] = number;
}

static void
assert_subscribers(struct fixture *f, const char *correlation, size_t count,
    const uint64_t *expected)
{
	struct help_numbers found = {0};

	assert_int_equal(store_each_subscriber(f->store, str_of(correlation),
	    gather_cb, &found), STORE_OK);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found.at[i], expected[i]);
}
#define ASSERT_SUBSCRIBERS(f, correlation, ...)                                \
	assert_subscribers((f), (correlation),                                 \
	    sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t),              \
	    (uint64_t[]){__VA_ARGS__})

static void
test_subscribers_are_found_at_every_moment(void **state)
{
	struct fixture *f = *state;
	struct store_batch *batch = store_batch(f->store);

	store_add_subscription(batch, STR("c"), 7);
	store_add_subscription(batch, STR("c"), 5);
	store_add_subscription(batch, STR("c"), 5);
	store_add_subscription(batch, STR("d"), 6);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		ASSERT_SUBSCRIBERS(f, "c", 5, 7);
		ASSERT_SUBSCRIBERS(f, "d", 6);
		assert_subscribers(f, "e", 0, NULL);
	}
}

static void
test_removed_subscription_is_gone_at_once(void **state)
{
	struct fixture *f = *state;

	store_add_subscription(store_batch(f->store), STR("c"), 5);
	store_add_subscription(store_batch(f->store), STR("c"), 6);
	commit(f);
	store_remove_subscription(store_batch(f->store), STR("c"), 5);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		ASSERT_SUBSCRIBERS(f, "c", 6);
	}
}

static void
test_subscription_may_come_and_go_within_batches(void **state)
{
	struct fixture *f = *state;
	enum store_error error;

	store_add_subscription(store_batch(f->store), STR("c"), 5);
	store_submit(f->store);
	store_remove_subscription(store_batch(f->store), STR("c"), 5);
	store_add_subscription(store_batch(f->store), STR("c"), 6);
	ASSERT_SUBSCRIBERS(f, "c", 6);
	help_wait(f->store);
	ASSERT_SUBSCRIBERS(f, "c", 6);
	assert_true(store_finished(f->store, &error, NULL));
	ASSERT_SUBSCRIBERS(f, "c", 6);
	store_add_subscription(store_batch(f->store), STR("c"), 5);
	ASSERT_SUBSCRIBERS(f, "c", 5, 6);
	commit(f);
	reopen(f);
	ASSERT_SUBSCRIBERS(f, "c", 5, 6);
}

/* Adds to the batch that is being read. */
static void
resubscribe_cb(uint64_t number, void *arg)
{
	struct fixture *f = arg;

	store_remove_subscription(store_batch(f->store), STR("c"), number);
	store_add_subscription(store_batch(f->store), STR("c"), number + 100);
}

static void
test_callback_may_write_while_subscribers_are_told(void **state)
{
	struct fixture *f = *state;

	store_add_subscription(store_batch(f->store), STR("c"), 1);
	commit(f);
	store_add_subscription(store_batch(f->store), STR("c"), 2);
	assert_int_equal(store_each_subscriber(f->store, STR("c"),
	    resubscribe_cb, f), STORE_OK);
	ASSERT_SUBSCRIBERS(f, "c", 101, 102);
}

/* ----------------------------------------------------------------- events */

static void
test_event_is_found_by_identity_and_by_id_at_every_moment(void **state)
{
	struct fixture *f = *state;
	struct store_event event = help_event("bank", "e-1", EVENT_HELD);
	struct store_event found;
	uint64_t id = 0;

	event.body = (struct str){"packed\0", 7};
	event.workflow = STR("payment");
	store_put_event(store_batch(f->store), &event);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(store_find_event(f->store, f->arena,
		    STR("bank"), STR("e-1"), &found), STORE_OK);
		assert_true(found.id > 0);
		assert_true(id == 0 || id == found.id);
		id = found.id;
		assert_same_str(found.type, event.type);
		assert_same_str(found.subject, event.subject);
		assert_same_str(found.workflow, event.workflow);
		assert_same_str(found.body, event.body);
		assert_int_equal(found.status, EVENT_HELD);
		assert_int_equal(found.expires_ms, event.expires_ms);
		assert_int_equal(found.received_ms, event.received_ms);
		assert_int_equal(store_find_event_id(f->store, f->arena, id,
		    &found), STORE_OK);
		assert_same_str(found.event_id, STR("e-1"));
		assert_int_equal(store_find_event(f->store, f->arena,
		    STR("ban"), STR("ke-1"), &found), STORE_ABSENT);
		assert_int_equal(store_find_event_id(f->store, f->arena,
		    id + 1, &found), STORE_ABSENT);
	}
}

static void
gather_event_cb(const struct store_event *row, void *arg)
{
	gather_cb(row->id, arg);
}

static size_t
count_held(struct fixture *f, struct str subject, struct help_numbers *ids)
{
	ids->count = 0;
	assert_int_equal(store_each_held_event(f->store, f->arena, subject,
	    gather_event_cb, ids), STORE_OK);
	for (size_t i = 1; i < ids->count; i++)
		assert_true(ids->at[i - 1] < ids->at[i]);
	return ids->count;
}

static void
test_held_events_come_in_order_of_arrival(void **state)
{
	struct fixture *f = *state;
	struct help_numbers ids;
	struct str subject = help_event("s", "1", EVENT_HELD).subject;
	enum store_error error;

	for (int i = 0; i < 6; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_event event = help_event("s", id, EVENT_HELD);
		store_put_event(store_batch(f->store), &event);
		if (i == 1)
			commit(f);
		if (i == 3)
			store_submit(f->store);
	}
	assert_int_equal(count_held(f, subject, &ids), 6);
	help_wait(f->store);
	assert_int_equal(count_held(f, subject, &ids), 6);
	assert_true(store_finished(f->store, &error, NULL));
	assert_int_equal(count_held(f, subject, &ids), 6);
	commit(f);
	reopen(f);
	assert_int_equal(count_held(f, subject, &ids), 6);
	assert_int_equal(count_held(f, STR("other"), &ids), 0);
	assert_int_equal(count_held(f, (struct str){0}, &ids), 0);
}

static void
test_matched_event_is_held_no_more(void **state)
{
	struct fixture *f = *state;
	struct store_event event = help_event("s", "1", EVENT_HELD), found;
	struct help_numbers ids;

	store_put_event(store_batch(f->store), &event);
	commit(f);
	assert_int_equal(store_find_event(f->store, f->arena, event.source,
	    event.event_id, &found), STORE_OK);
	uint64_t id = found.id;
	found.status = EVENT_MATCHED;
	found.body = (struct str){0};
	found.expires_ms = 0;
	store_put_event(store_batch(f->store), &found);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(count_held(f, event.subject, &ids), 0);
		assert_int_equal(store_find_event(f->store, f->arena,
		    event.source, event.event_id, &found), STORE_OK);
		assert_int_equal(found.id, id);
		assert_int_equal(found.status, EVENT_MATCHED);
		assert_null(found.body.at);
	}
}

static void
test_event_held_and_matched_in_one_batch_is_matched(void **state)
{
	struct fixture *f = *state;
	struct store_event event = help_event("s", "1", EVENT_HELD);
	struct help_numbers ids;

	store_put_event(store_batch(f->store), &event);
	event.status = EVENT_MATCHED;
	store_put_event(store_batch(f->store), &event);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(count_held(f, event.subject, &ids), 0);
	}
}

static void
test_event_without_subject_is_held_too(void **state)
{
	struct fixture *f = *state;
	struct store_event event = help_event("s", "1", EVENT_HELD);
	struct help_numbers ids;

	event.subject = (struct str){0};
	store_put_event(store_batch(f->store), &event);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(count_held(f, (struct str){0}, &ids), 1);
	}
}

static void
test_expired_events_are_told_earliest_first(void **state)
{
	struct fixture *f = *state;
	struct help_numbers ids = {0};
	int64_t expires_ms = 0;

	assert_int_equal(store_next_expiry(f->store, &expires_ms), STORE_OK);
	assert_int_equal(expires_ms, INT64_MAX);
	for (int i = 0; i < 5; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_event event = help_event("s", id, EVENT_HELD);
		event.expires_ms = 1000 - i * 100;
		if (i == 4)
			event.status = EVENT_DEAD;
		store_put_event(store_batch(f->store), &event);
	}
	commit(f);
	assert_int_equal(store_next_expiry(f->store, &expires_ms), STORE_OK);
	assert_int_equal(expires_ms, 700);
	assert_int_equal(store_each_expired_event(f->store, f->arena, 900, 10,
	    gather_event_cb, &ids), STORE_OK);
	assert_int_equal(ids.count, 3);
	assert_true(ids.at[0] > ids.at[1] && ids.at[1] > ids.at[2]);
	ids.count = 0;
	assert_int_equal(store_each_expired_event(f->store, f->arena, 900, 2,
	    gather_event_cb, &ids), STORE_OK);
	assert_int_equal(ids.count, 2);
}

static void
test_events_are_listed_by_status_in_pages(void **state)
{
	static const enum store_event_status statuses[] = {
		EVENT_MATCHED, EVENT_DEAD, EVENT_HELD, EVENT_REPLAYED};
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_event event = help_event("s", id,
		    statuses[i % 4]);
		store_put_event(store_batch(f->store), &event);
	}
	commit(f);
	for (int i = 0; i < 4; i++) {
		struct help_numbers ids = {0};
		assert_int_equal(store_list_events(f->store, f->arena,
		    statuses[i], 0, 3, gather_event_cb, &ids), STORE_OK);
		assert_int_equal(ids.count, 3);
		assert_int_equal(store_list_events(f->store, f->arena,
		    statuses[i], ids.at[2], 3, gather_event_cb, &ids),
		    STORE_OK);
		assert_int_equal(ids.count, 5);
	}
}

/* ------------------------------------------- idempotency keys, definitions */

static void
test_idempotency_key_is_found_at_every_moment(void **state)
{
	struct fixture *f = *state;
	struct store_idempotency row = help_idempotency("alice /start k1");
	struct store_idempotency found;

	store_put_idempotency(store_batch(f->store), &row);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(store_find_idempotency(f->store, f->arena,
		    row.key, &found), STORE_OK);
		assert_same_str(found.key, row.key);
		assert_true(digest_equal(found.request, row.request));
		assert_int_equal(found.status, 201);
		assert_same_str(found.response, row.response);
		assert_same_str(found.location, row.location);
		assert_int_equal(found.expires_ms, row.expires_ms);
		assert_int_equal(store_find_idempotency(f->store, f->arena,
		    STR("k2"), &found), STORE_ABSENT);
	}
}

static void
test_cleaning_removes_what_is_over_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct store_idempotency old = help_idempotency("old");
	struct store_idempotency young = help_idempotency("young");
	struct store_event gone = help_event("s", "gone", EVENT_MATCHED);
	struct store_event recent = help_event("s", "recent", EVENT_MATCHED);
	struct store_event held = help_event("s", "held", EVENT_HELD);
	struct store_event found;

	old.expires_ms = 100;
	young.expires_ms = 300;
	gone.received_ms = 40;
	held.received_ms = 40;
	recent.received_ms = 60;
	store_put_idempotency(store_batch(f->store), &old);
	store_put_idempotency(store_batch(f->store), &young);
	store_put_event(store_batch(f->store), &gone);
	store_put_event(store_batch(f->store), &held);
	store_put_event(store_batch(f->store), &recent);
	commit(f);
	store_add_cleaning(store_batch(f->store), 200, 50);
	assert_false(store_batch_is_empty(store_batch(f->store)));
	commit(f);
	assert_int_equal(store_find_idempotency(f->store, f->arena, old.key,
	    &old), STORE_ABSENT);
	assert_int_equal(store_find_idempotency(f->store, f->arena, young.key,
	    &young), STORE_OK);
	assert_int_equal(store_find_event(f->store, f->arena, STR("s"),
	    STR("gone"), &found), STORE_ABSENT);
	assert_int_equal(store_find_event(f->store, f->arena, STR("s"),
	    STR("held"), &found), STORE_OK);
	assert_int_equal(store_find_event(f->store, f->arena, STR("s"),
	    STR("recent"), &found), STORE_OK);
}

struct definitions {
	size_t count;
	int64_t versions[4];
};

static void
gather_definition_cb(const struct store_definition *row, void *arg)
{
	struct definitions *found = arg;

	assert_true(found->count < 4);
	assert_true(str_equal(row->name, STR("payment")));
	assert_true(str_equal(row->source, STR("name: payment\n")));
	assert_true(str_equal(row->published_by, STR("alice")));
	assert_int_equal(row->published_ms, 77);
	found->versions[found->count++] = row->version;
}

static void
test_definitions_are_kept_by_digest(void **state)
{
	struct fixture *f = *state;
	struct definitions found = {0};

	for (int i = 2; i >= 1; i--) {
		struct store_definition row = {
			.digest = digest_sha256(i == 1 ? STR("1") : STR("2")),
			.name = STR("payment"),
			.version = i,
			.source = STR("name: payment\n"),
			.published_ms = 77,
			.published_by = STR("alice"),
		};
		store_put_definition(store_batch(f->store), &row);
		store_put_definition(store_batch(f->store), &row);
	}
	commit(f);
	reopen(f);
	assert_int_equal(store_each_definition(f->store, gather_definition_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.versions[0], 1);
	assert_int_equal(found.versions[1], 2);
}

/* ------------------------------------------------------------------- lists */

static void
gather_due_cb(uint64_t number, int64_t due_ms, void *arg)
{
	assert_true(due_ms > 0);
	gather_cb(number, arg);
}

static void
test_due_instances_are_told_earliest_first(void **state)
{
	static const int64_t due_ms[] = {300, 0, 100, 200, 400};
	struct fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 5; n++) {
		struct store_instance row = help_instance(n);
		row.due_ms = due_ms[n - 1];
		store_put_instance(store_batch(f->store), &row);
	}
	commit(f);
	assert_int_equal(store_each_due(f->store, 300, 10, gather_due_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.at[0], 3);
	assert_int_equal(found.at[1], 4);
	assert_int_equal(found.at[2], 1);
	found.count = 0;
	assert_int_equal(store_each_due(f->store, INT64_MAX, 1, gather_due_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, 1);
}

static void
test_busy_instances_are_told_until_they_rest(void **state)
{
	struct fixture *f = *state;
	struct help_numbers found = {0};

	for (uint64_t n = 1; n <= 4; n++) {
		struct store_instance row = help_instance(n);
		row.busy = n != 2;
		store_put_instance(store_batch(f->store), &row);
	}
	commit(f);
	struct store_instance three = help_instance(3);
	three.busy = false;
	store_put_instance(store_batch(f->store), &three);
	commit(f);
	assert_int_equal(store_each_busy(f->store, gather_cb, &found),
	    STORE_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.at[0], 1);
	assert_int_equal(found.at[1], 4);
}

static bool
gather_instance_cb(const struct store_instance *row, void *arg)
{
	assert_null(row->snapshot.at);
	gather_cb(row->number, arg);
	return true;
}

/* Ten instances: number n started at 100 * n; see the body for the rest. */
static void
fill_ten(struct fixture *f)
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
	commit(f);
}

static void
assert_listed(struct fixture *f, struct store_instance_filter filter,
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
	struct fixture *f = *state;

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

static void
test_state_matches_whole_names_only(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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
	struct fixture *f = arg;
	struct store_instance found;
	struct help_numbers others = {0};

	assert_int_equal(store_find_instance(f->store, f->arena, row->number,
	    &found), STORE_OK);
	assert_listed(f, FILTER(.limit = 2), 2, (uint64_t[]){1, 2});
	assert_int_equal(store_each_busy(f->store, gather_cb, &others),
	    STORE_OK);
	return row->number < 3;
}

static void
test_callback_may_find_and_list_and_stop(void **state)
{
	struct fixture *f = *state;
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
	gather_cb(row->instance * 10 + row->serial, arg);
	return true;
}

static void
assert_items(struct fixture *f, struct store_item_filter filter, size_t count,
    const uint64_t *expected)
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
	struct fixture *f = *state;

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
	commit(f);
	struct store_item closed = {
		.kind = ITEM_TASK, .instance = 1, .serial = 1,
		.closed_ms = 60, .owner = STR("clerk"), .body = STR("{}")};
	store_put_item(store_batch(f->store), &closed);
	commit(f);
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

/* ---------------------------------------------------------------- history */

struct records {
	size_t count;
	size_t stop_after;
	struct audit_head head;
	uint64_t seq_first;
};

static bool
check_record_cb(uint64_t instance, const struct audit_record *record,
    void *arg)
{
	struct records *found = arg;

	assert_int_equal(instance, 9);
	if (found->count == 0)
		found->seq_first = record->seq;
	if (found->seq_first == 1)
		assert_int_equal(audit_verify_next(&found->head,
		    record->canonical, record->hash), AUDIT_SOUND);
	found->count++;
	return found->count != found->stop_after;
}

static void
test_history_is_told_in_order_as_it_was_sealed(void **state)
{
	struct fixture *f = *state;
	struct audit_head head = {0}, other = {0};

	for (size_t turn = 1; turn <= 6; turn++) {
		help_add_turn(store_batch(f->store), f->arena, 9, &head, turn);
		help_add_turn(store_batch(f->store), f->arena, 10, &other, 1);
		if (turn % 2 == 0)
			commit(f);
	}
	store_add_history(store_batch(f->store), 9, NULL, 0);
	reopen(f);
	struct records all = {0};
	assert_int_equal(store_each_record(f->store, 9, 0, check_record_cb,
	    &all), STORE_OK);
	assert_int_equal(all.count, 21);
	assert_true(digest_equal(all.head.hash, head.hash));
	struct records some = {0};
	assert_int_equal(store_each_record(f->store, 9, 5, check_record_cb,
	    &some), STORE_OK);
	assert_int_equal(some.seq_first, 5);
	assert_int_equal(some.count, 17);
	struct records few = {.stop_after = 2};
	assert_int_equal(store_each_record(f->store, 9, 20, check_record_cb,
	    &few), STORE_OK);
	assert_int_equal(few.seq_first, 20);
	assert_int_equal(few.count, 2);
	struct records none = {0};
	assert_int_equal(store_each_record(f->store, 9, 22, check_record_cb,
	    &none), STORE_OK);
	assert_int_equal(none.count, 0);
}

/* ---------------------------------------------------------------- batches */

static void
test_fd_tells_when_a_batch_is_done(void **state)
{
	struct fixture *f = *state;
	struct pollfd watched = {store_fd(f->store), POLLIN, 0};
	enum store_error error = STORE_IO;

	assert_int_equal(poll(&watched, 1, 0), 0);
	assert_false(store_finished(f->store, &error, NULL));
	store_add_probe(store_batch(f->store));
	store_submit(f->store);
	assert_int_equal(poll(&watched, 1, 10000), 1);
	assert_true(store_finished(f->store, &error, NULL));
	assert_int_equal(error, STORE_OK);
	assert_int_equal(poll(&watched, 1, 0), 0);
	assert_false(store_is_committing(f->store));
	assert_false(store_finished(f->store, &error, NULL));
}

static void
test_batch_is_empty_until_something_is_put(void **state)
{
	struct fixture *f = *state;

	assert_true(store_batch_is_empty(store_batch(f->store)));
	store_add_probe(store_batch(f->store));
	assert_false(store_batch_is_empty(store_batch(f->store)));
	commit(f);
	assert_true(store_batch_is_empty(store_batch(f->store)));
	commit(f);
}

static void
test_batch_under_way_is_committed_by_closing(void **state)
{
	struct fixture *f = *state;
	struct store_instance row = help_instance(1), found;

	store_put_instance(store_batch(f->store), &row);
	store_submit(f->store);
	row = help_instance(2);
	store_put_instance(store_batch(f->store), &row);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_int_equal(store_find_instance(f->store, f->arena, 2, &found),
	    STORE_ABSENT);
}

static void
test_every_error_has_a_text(void **state)
{
	(void)state;
	for (int i = STORE_OK; i <= STORE_IO; i++)
		assert_true(store_error_text(i).bytes > 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_instance_is_found_at_every_moment),
		TEST(test_latest_put_of_an_instance_counts),
		TEST(test_open_batch_lies_over_the_batch_under_way),
		TEST(test_batch_borrows_nothing_from_its_caller),
		TEST(test_last_number_counts_what_is_durable),
		TEST(test_identity_is_made_once),
		TEST(test_business_key_is_found_at_every_moment),
		TEST(test_subscribers_are_found_at_every_moment),
		TEST(test_removed_subscription_is_gone_at_once),
		TEST(test_subscription_may_come_and_go_within_batches),
		TEST(test_callback_may_write_while_subscribers_are_told),
		TEST(test_event_is_found_by_identity_and_by_id_at_every_moment),
		TEST(test_held_events_come_in_order_of_arrival),
		TEST(test_matched_event_is_held_no_more),
		TEST(test_event_held_and_matched_in_one_batch_is_matched),
		TEST(test_event_without_subject_is_held_too),
		TEST(test_expired_events_are_told_earliest_first),
		TEST(test_events_are_listed_by_status_in_pages),
		TEST(test_idempotency_key_is_found_at_every_moment),
		TEST(test_cleaning_removes_what_is_over_and_nothing_else),
		TEST(test_definitions_are_kept_by_digest),
		TEST(test_due_instances_are_told_earliest_first),
		TEST(test_busy_instances_are_told_until_they_rest),
		TEST(test_instances_are_listed_by_every_filter),
		TEST(test_state_matches_whole_names_only),
		TEST(test_lists_page_by_cursor_in_both_directions),
		TEST(test_list_may_look_at_few_rows_and_be_resumed),
		TEST(test_callback_may_find_and_list_and_stop),
		TEST(test_items_are_listed_by_every_filter),
		TEST(test_history_is_told_in_order_as_it_was_sealed),
		TEST(test_fd_tells_when_a_batch_is_done),
		TEST(test_batch_is_empty_until_something_is_put),
		TEST(test_batch_under_way_is_committed_by_closing),
		TEST(test_every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
