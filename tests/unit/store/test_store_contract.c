/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What store.h promises, whatever the database.  Another backend runs these
 * tests by opening its own store in help_open().
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

static void
reopen(struct help_fixture *f)
{
	store_close(&f->store);
	f->store = help_open(&f->dir);
}

/* At what moment of a batch's life a test looks: before it is submitted,
 * while it is (or may be) under way, when it is durable, after a restart. */
enum moment { OPEN, UNDER_WAY, DURABLE, REOPENED, MOMENT_COUNT };

static void
advance_to(struct help_fixture *f, enum moment moment)
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
	struct help_fixture *f = *state;
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
	struct help_fixture *f = *state;
	struct store_instance row = help_instance(1), found;

	for (int i = 1; i <= 5; i++) {
		row.changed_ms = 1000 + i;
		row.due_ms = i % 2 ? 0 : 5000;
		row.busy = i % 3 == 0;
		row.incidents = i == 5;
		row.snapshot = i == 3 ? (struct str){0} : STR("snap");
		store_put_instance(store_batch(f->store), &row);
		if (i == 2 || i == 4)
			help_commit(f);
		assert_int_equal(store_find_instance(f->store, f->arena, 1,
		    &found), STORE_OK);
		assert_same_instance(&found, &row);
	}
	help_commit(f);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_same_instance(&found, &row);
}

static void
test_open_batch_lies_over_the_batch_under_way(void **state)
{
	struct help_fixture *f = *state;
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
	help_commit(f);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.state, STR("second")));
}

static void
test_batch_borrows_nothing_from_its_caller(void **state)
{
	struct help_fixture *f = *state;
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
	struct help_fixture *f = *state;
	struct store_instance three = help_instance(3);
	struct store_instance two = help_instance(2);

	assert_int_equal(store_last_number(f->store), 0);
	store_put_instance(store_batch(f->store), &three);
	store_put_instance(store_batch(f->store), &two);
	assert_int_equal(store_last_number(f->store), 0);
	help_commit(f);
	assert_int_equal(store_last_number(f->store), 3);
	store_put_instance(store_batch(f->store), &two);
	help_commit(f);
	assert_int_equal(store_last_number(f->store), 3);
	reopen(f);
	assert_int_equal(store_last_number(f->store), 3);
}

static void
test_identity_is_made_once(void **state)
{
	struct help_fixture *f = *state;
	struct store_identity first = store_identity(f->store), zeros = {{0}};

	assert_memory_not_equal(&first, &zeros, sizeof(first));
	reopen(f);
	struct store_identity second = store_identity(f->store);
	assert_memory_equal(&first, &second, sizeof(first));
}

static void
test_business_key_is_found_at_every_moment(void **state)
{
	struct help_fixture *f = *state;
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
assert_subscribers(struct help_fixture *f, const char *correlation,
    size_t count, const uint64_t *expected)
{
	struct help_numbers found = {0};

	assert_int_equal(store_each_subscriber(f->store, str_of(correlation),
	    help_gather_cb, &found), STORE_OK);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(found.at[i], expected[i]);
		assert_int_equal(store_find_subscription(f->store,
		    str_of(correlation), expected[i]), STORE_OK);
	}
	assert_int_equal(store_find_subscription(f->store,
	    str_of(correlation), 9), STORE_ABSENT);
}
#define ASSERT_SUBSCRIBERS(f, correlation, ...)                                \
	assert_subscribers((f), (correlation),                                 \
	    sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t),              \
	    (uint64_t[]){__VA_ARGS__})

static void
test_subscribers_are_found_at_every_moment(void **state)
{
	struct help_fixture *f = *state;
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
		assert_int_equal(store_find_subscription(f->store, STR("c"), 6),
		    STORE_ABSENT);
	}
}

static void
test_removed_subscription_is_gone_at_once(void **state)
{
	struct help_fixture *f = *state;

	store_add_subscription(store_batch(f->store), STR("c"), 5);
	store_add_subscription(store_batch(f->store), STR("c"), 6);
	help_commit(f);
	store_remove_subscription(store_batch(f->store), STR("c"), 5);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		ASSERT_SUBSCRIBERS(f, "c", 6);
	}
}

static void
test_subscription_may_come_and_go_within_batches(void **state)
{
	struct help_fixture *f = *state;
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
	help_commit(f);
	reopen(f);
	ASSERT_SUBSCRIBERS(f, "c", 5, 6);
}

/* Adds to the batch that is being read. */
static void
resubscribe_cb(uint64_t number, void *arg)
{
	struct help_fixture *f = arg;

	store_remove_subscription(store_batch(f->store), STR("c"), number);
	store_add_subscription(store_batch(f->store), STR("c"), number + 100);
}

static void
test_callback_may_write_while_subscribers_are_told(void **state)
{
	struct help_fixture *f = *state;

	store_add_subscription(store_batch(f->store), STR("c"), 1);
	help_commit(f);
	store_add_subscription(store_batch(f->store), STR("c"), 2);
	assert_int_equal(store_each_subscriber(f->store, STR("c"),
	    resubscribe_cb, f), STORE_OK);
	ASSERT_SUBSCRIBERS(f, "c", 101, 102);
}

/* ----------------------------------------------------------------- events */

static void
test_event_is_found_by_identity_and_by_id_at_every_moment(void **state)
{
	struct help_fixture *f = *state;
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
	help_gather_cb(row->id, arg);
}

static size_t
count_held(struct help_fixture *f, struct str subject, struct help_numbers *ids)
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
	struct help_fixture *f = *state;
	struct help_numbers ids;
	struct str subject = help_event("s", "1", EVENT_HELD).subject;
	enum store_error error;

	for (int i = 0; i < 6; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_event event = help_event("s", id, EVENT_HELD);
		store_put_event(store_batch(f->store), &event);
		if (i == 1)
			help_commit(f);
		if (i == 3)
			store_submit(f->store);
	}
	assert_int_equal(count_held(f, subject, &ids), 6);
	help_wait(f->store);
	assert_int_equal(count_held(f, subject, &ids), 6);
	assert_true(store_finished(f->store, &error, NULL));
	assert_int_equal(count_held(f, subject, &ids), 6);
	help_commit(f);
	reopen(f);
	assert_int_equal(count_held(f, subject, &ids), 6);
	assert_int_equal(count_held(f, STR("other"), &ids), 0);
	assert_int_equal(count_held(f, (struct str){0}, &ids), 0);
}

static void
test_matched_event_is_held_no_more(void **state)
{
	struct help_fixture *f = *state;
	struct store_event event = help_event("s", "1", EVENT_HELD), found;
	struct help_numbers ids;

	store_put_event(store_batch(f->store), &event);
	help_commit(f);
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
	struct help_fixture *f = *state;
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
	struct help_fixture *f = *state;
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
	struct help_fixture *f = *state;
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
	help_commit(f);
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
assert_forgotten(struct help_fixture *f, const char *source, const char *id)
{
	struct store_event found, same;

	assert_int_equal(store_find_event(f->store, f->arena, str_of(source),
	    str_of(id), &found), STORE_OK);
	assert_int_equal(found.status, EVENT_MATCHED);
	assert_null(found.body.at);
	assert_null(found.subject.at);
	assert_int_equal(store_find_event_id(f->store, f->arena, found.id,
	    &same), STORE_OK);
	assert_null(same.body.at);
}

/* One that was durable, one that is put with it, and one after it; and no
 * others that look like them. */
static void
test_events_of_an_instance_are_forgotten(void **state)
{
	static const enum store_event_status statuses[] = {
		EVENT_HELD, EVENT_DEAD, EVENT_REPLAYED};
	struct help_fixture *f = *state;
	const struct store_forgotten which[] = {
		{.type = STR("payment.settled"), .subject = STR("P-1")},
		{.source = STR("/workflows/w"), .id_prefix = STR("id-1/")},
	};
	struct store_event event = help_event("s", "other", EVENT_HELD), found;
	struct help_numbers ids;

	event.type = STR("payment.sent");
	store_put_event(store_batch(f->store), &event);
	event = help_event("/workflows/w", "id-10/1", EVENT_DEAD);
	event.subject = STR("P-2");
	store_put_event(store_batch(f->store), &event);
	event.event_id = STR("id-1/1");
	store_put_event(store_batch(f->store), &event);
	for (int i = 0; i < 3; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		event = help_event("s", id, statuses[i]);
		store_put_event(store_batch(f->store), &event);
		if (i == 0)
			help_commit(f);
	}
	for (int i = 0; i < 2; i++)
		store_forget_events(store_batch(f->store), &which[i]);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(count_held(f, STR("P-1"), &ids), 1);
		assert_forgotten(f, "s", "0");
		assert_forgotten(f, "s", "1");
		assert_forgotten(f, "s", "2");
		assert_forgotten(f, "/workflows/w", "id-1/1");
		assert_int_equal(store_find_event(f->store, f->arena,
		    STR("/workflows/w"), STR("id-10/1"), &found), STORE_OK);
		assert_non_null(found.body.at);
	}
	/* What comes then is another matter. */
	event = help_event("s", "3", EVENT_HELD);
	store_put_event(store_batch(f->store), &event);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(count_held(f, STR("P-1"), &ids), 2);
	}
}

static void
test_held_event_of_an_emitter_is_found(void **state)
{
	struct help_fixture *f = *state;
	struct store_event event =
	    help_event("/workflows/w", "id-1/7", EVENT_HELD);

	assert_int_equal(store_find_held_from(f->store, event.source,
	    STR("id-1/")), STORE_ABSENT);
	store_put_event(store_batch(f->store), &event);
	for (enum moment m = OPEN; m < MOMENT_COUNT; m++) {
		advance_to(f, m);
		assert_int_equal(store_find_held_from(f->store, event.source,
		    STR("id-1/")), STORE_OK);
		assert_int_equal(store_find_held_from(f->store, event.source,
		    STR("id-2/")), STORE_ABSENT);
		assert_int_equal(store_find_held_from(f->store, STR("s"),
		    STR("id-1/")), STORE_ABSENT);
	}
	event.status = EVENT_DEAD;
	store_put_event(store_batch(f->store), &event);
	help_commit(f);
	assert_int_equal(store_find_held_from(f->store, event.source,
	    STR("id-1/")), STORE_ABSENT);
}

static void
test_events_are_listed_by_status_in_pages(void **state)
{
	static const enum store_event_status statuses[] = {
		EVENT_MATCHED, EVENT_DEAD, EVENT_HELD, EVENT_REPLAYED};
	struct help_fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%d", i);
		struct store_event event = help_event("s", id,
		    statuses[i % 4]);
		store_put_event(store_batch(f->store), &event);
	}
	help_commit(f);
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
	struct help_fixture *f = *state;
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
	struct help_fixture *f = *state;
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
	help_commit(f);
	store_add_cleaning(store_batch(f->store), 200, 50);
	assert_false(store_batch_is_empty(store_batch(f->store)));
	help_commit(f);
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

/* So many events and keys that are over at once. */
static void
put_expiring(struct help_fixture *f, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u", i);
		struct store_event event =
		    help_event("s", name, EVENT_MATCHED);
		struct store_idempotency key = help_idempotency(name);
		event.received_ms = i + 1;
		key.expires_ms = i + 1;
		store_put_event(store_batch(f->store), &event);
		store_put_idempotency(store_batch(f->store), &key);
	}
}

static void
test_cleaning_says_whether_it_left_something_and_keeps_pace(void **state)
{
	struct help_fixture *f = *state;
	unsigned rounds = 0, added = 1000;

	put_expiring(f, 0, added);
	help_commit(f);
	do {
		put_expiring(f, added, 50);
		added += 50;
		store_add_cleaning(store_batch(f->store), 1000000, 1000000);
		help_commit(f);
		rounds++;
	} while (store_needs_cleaning(f->store));
	assert_in_range(rounds, 2, 10);
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
	struct help_fixture *f = *state;
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
	help_commit(f);
	reopen(f);
	assert_int_equal(store_each_definition(f->store, gather_definition_cb,
	    &found), STORE_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.versions[0], 1);
	assert_int_equal(found.versions[1], 2);
}

struct schedules {
	size_t count;
	struct store_schedule rows[4];
	struct arena *arena;
};

static void
gather_schedule_cb(const struct store_schedule *row, void *arg)
{
	struct schedules *found = arg;
	struct store_schedule *mine = &found->rows[found->count++];

	assert_true(found->count <= 4);
	*mine = *row;
	mine->workflow = arena_str(found->arena, row->workflow);
	mine->rule = arena_str(found->arena, row->rule);
	mine->queued = arena_str(found->arena, row->queued);
	mine->trouble = arena_str(found->arena, row->trouble);
}

static void
test_schedules_are_kept_by_workflow_and_position(void **state)
{
	struct help_fixture *f = *state;
	struct schedules found = {.arena = f->arena};

	for (int64_t i = 0; i < 4; i++) {
		struct store_schedule row = {
			.workflow = i < 3 ? STR("sweep") : STR("close"),
			.position = i % 2,
			.rule = STR("0 7 * * *"),
			.decided_ms = 100 + i,
			.planned_ms = 50 + i,
			.instance = (uint64_t)i,
			.queued = i == 1 ? STR("[1, 2]") : (struct str){0},
			.trouble = i == 2 ? STR("no such") : (struct str){0},
		};
		store_put_schedule(store_batch(f->store), &row);
		assert_false(store_batch_is_empty(store_batch(f->store)));
		if (i == 1)
			help_commit(f);
	}
	help_commit(f);
	reopen(f);
	assert_int_equal(store_each_schedule(f->store, gather_schedule_cb,
	    &found), STORE_OK);
	/* close 1, sweep 0 (the third row replaced the first), sweep 1 */
	assert_int_equal(found.count, 3);
	assert_true(str_equal(found.rows[0].workflow, STR("close")));
	assert_int_equal(found.rows[1].decided_ms, 102);
	assert_int_equal(found.rows[1].instance, 2);
	assert_true(str_equal(found.rows[1].trouble, STR("no such")));
	assert_null(found.rows[1].queued.at);
	assert_int_equal(found.rows[2].position, 1);
	assert_int_equal(found.rows[2].planned_ms, 51);
	assert_true(str_equal(found.rows[2].queued, STR("[1, 2]")));
	assert_null(found.rows[2].trouble.at);
	assert_true(str_equal(found.rows[2].rule, STR("0 7 * * *")));
}

/* ----------------------------------------------------------------- outbox */

struct posts {
	struct arena *arena;
	struct store_post rows[8];
	size_t count;
	size_t total;
};

static void
gather_post_cb(const struct store_post *row, void *arg)
{
	struct posts *found = arg;
	struct store_post *copied = &found->rows[found->count++];

	assert_in_range(found->count, 1, 8);
	*copied = *row;
	copied->body = arena_str(found->arena, row->body);
}

static void
count_posts_cb(struct str connection, size_t count, void *arg)
{
	struct posts *found = arg;

	if (str_equal(connection, STR("broker")))
		found->total = count;
}

static void
gather_posts(struct help_fixture *f, uint64_t after, size_t limit,
    struct posts *found)
{
	*found = (struct posts){.arena = f->arena};
	assert_int_equal(store_each_post(f->store, STR("broker"), after,
	    limit, gather_post_cb, found), STORE_OK);
	assert_int_equal(
	    store_count_posts(f->store, count_posts_cb, found), STORE_OK);
}

static void
add_post(struct help_fixture *f, struct str connection, int64_t at_ms)
{
	struct store_post row = {
		.connection = connection,
		.instance = (uint64_t)at_ms % 2 + 1,
		.at_ms = at_ms,
		.body = STR("\0bytes"),
	};

	store_add_post(store_batch(f->store), &row);
	assert_false(store_batch_is_empty(store_batch(f->store)));
}

static void
test_posts_wait_until_they_are_removed(void **state)
{
	struct help_fixture *f = *state;
	struct posts found;
	uint64_t second;

	for (int64_t i = 0; i < 4; i++)
		add_post(f, i == 2 ? STR("other") : STR("broker"), 100 + i);
	/* Nobody sees what is not durable. */
	gather_posts(f, 0, 8, &found);
	assert_int_equal(found.count, 0);
	help_commit(f);
	gather_posts(f, 0, 8, &found);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.total, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(i == 0 || found.rows[i].id > found.rows[i - 1].id);
	assert_int_equal(found.rows[2].at_ms, 103);
	assert_int_equal(found.rows[2].instance, 2);
	assert_true(str_equal(found.rows[2].body, STR("\0bytes")));
	second = found.rows[1].id;
	gather_posts(f, found.rows[0].id, 1, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].id, second);
	store_remove_post(store_batch(f->store), second);
	add_post(f, STR("broker"), 104);
	help_commit(f);
	reopen(f);
	gather_posts(f, 0, 8, &found);
	assert_int_equal(found.total, 3);
	assert_int_equal(found.rows[1].at_ms, 103);
	assert_int_equal(found.rows[2].at_ms, 104);
	/* Its number is above all that are there. */
	add_post(f, STR("broker"), 105);
	help_commit(f);
	gather_posts(f, found.rows[2].id, 8, &found);
	assert_int_equal(found.count, 1);
}

/* --------------------------------------------------------------- switches */

struct switches {
	struct arena *arena;
	struct store_switch rows[8];
	size_t count;
};

static void
gather_switch_cb(const struct store_switch *row, void *arg)
{
	struct switches *found = arg;
	struct store_switch *copied = &found->rows[found->count++];

	assert_in_range(found->count, 1, 8);
	*copied = *row;
	copied->connection = arena_str(found->arena, row->connection);
	copied->actor = arena_str(found->arena, row->actor);
	copied->reason = arena_str(found->arena, row->reason);
}

static void
test_switches_are_kept_in_their_order(void **state)
{
	struct help_fixture *f = *state;
	struct switches found = {.arena = f->arena};

	for (int64_t i = 0; i < 4; i++) {
		struct store_switch row = {
			.connection = i < 3 ? STR("bank") : STR("odoo"),
			.pauses = i % 2 == 0,
			.at_ms = 100 + i,
			.actor = i == 0 ? STR("olga") : (struct str){0},
			.reason = i == 2 ? STR("they asked") : (struct str){0},
		};
		store_add_switch(store_batch(f->store), &row);
		assert_false(store_batch_is_empty(store_batch(f->store)));
		if (i == 1)
			help_commit(f);
	}
	help_commit(f);
	reopen(f);
	assert_int_equal(store_each_switch(f->store, gather_switch_cb, &found),
	    STORE_OK);
	assert_int_equal(found.count, 4);
	for (int64_t i = 0; i < 4; i++) {
		assert_int_equal(found.rows[i].at_ms, 100 + i);
		assert_int_equal(found.rows[i].pauses, i % 2 == 0);
	}
	assert_true(str_equal(found.rows[0].actor, STR("olga")));
	assert_null(found.rows[1].actor.at);
	assert_true(str_equal(found.rows[2].reason, STR("they asked")));
	assert_true(str_equal(found.rows[3].connection, STR("odoo")));
}

/* ----------------------------------------------------------------- tokens */

struct tokens {
	struct arena *arena;
	struct store_token rows[4];
	size_t count;
};

static void
gather_token_cb(const struct store_token *row, void *arg)
{
	struct tokens *found = arg;
	struct store_token *copied = &found->rows[found->count++];

	assert_in_range(found->count, 1, 4);
	*copied = *row;
	copied->id = arena_str(found->arena, row->id);
	copied->actor = arena_str(found->arena, row->actor);
	copied->name = arena_str(found->arena, row->name);
	copied->grant = arena_str(found->arena, row->grant);
}

static void
test_tokens_are_kept_in_their_order(void **state)
{
	struct help_fixture *f = *state;
	struct tokens found = {.arena = f->arena};
	struct digest digest = digest_sha256(STR("s3cret"));

	store_add_token(store_batch(f->store), &(struct store_token){
	    .id = STR("tok_1"), .at_ms = 100, .actor = STR("olga"),
	    .name = STR("alice"), .sha256 = digest,
	    .grant = STR("{\"roles\":[]}"), .expires_ms = 500});
	assert_false(store_batch_is_empty(store_batch(f->store)));
	help_commit(f);
	store_add_token(store_batch(f->store), &(struct store_token){
	    .id = STR("tok_1"), .revokes = true, .at_ms = 200});
	help_commit(f);
	reopen(f);
	assert_int_equal(
	    store_each_token(f->store, gather_token_cb, &found), STORE_OK);
	assert_int_equal(found.count, 2);
	assert_true(str_equal(found.rows[0].id, STR("tok_1")));
	assert_true(str_equal(found.rows[0].name, STR("alice")));
	assert_true(str_equal(found.rows[0].actor, STR("olga")));
	assert_true(digest_equal(found.rows[0].sha256, digest));
	assert_true(str_equal(found.rows[0].grant, STR("{\"roles\":[]}")));
	assert_int_equal(found.rows[0].expires_ms, 500);
	assert_true(found.rows[1].revokes);
	assert_null(found.rows[1].name.at);
	assert_int_equal(found.rows[1].at_ms, 200);
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
	struct help_fixture *f = *state;
	struct audit_head head = {0}, other = {0};

	for (size_t turn = 1; turn <= 6; turn++) {
		help_add_turn(store_batch(f->store), f->arena, 9, &head, turn);
		help_add_turn(store_batch(f->store), f->arena, 10, &other, 1);
		if (turn % 2 == 0)
			help_commit(f);
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
	struct help_fixture *f = *state;
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

/* The thread may not have gone to sleep yet: until it has. */
static void
commit_here(struct help_fixture *f, uint64_t number)
{
	enum store_error error = STORE_IO;

	for (bool is_here = false; !is_here;) {
		struct store_instance row = help_instance(number);

		store_put_instance(store_batch(f->store), &row);
		is_here = store_submit_here(f->store);
		assert_true(store_is_committing(f->store));
		if (!is_here)
			help_wait(f->store);
		assert_true(store_finished(f->store, &error, NULL));
		assert_int_equal(error, STORE_OK);
	}
}

static void
test_batch_can_be_committed_where_it_was_made(void **state)
{
	struct help_fixture *f = *state;
	struct pollfd watched = {store_fd(f->store), POLLIN, 0};
	struct store_instance found;
	enum store_error error;

	for (uint64_t number = 1; number <= 50; number++)
		commit_here(f, number);
	assert_int_equal(poll(&watched, 1, 0), 0);
	assert_true(store_took_us(f->store) >= 0);
	assert_false(store_finished(f->store, &error, NULL));
	help_commit(f);
	reopen(f);
	assert_int_equal(store_last_number(f->store), 50);
	assert_int_equal(store_find_instance(f->store, f->arena, 50, &found),
	    STORE_OK);
}

static void
test_batch_is_empty_until_something_is_put(void **state)
{
	struct help_fixture *f = *state;

	assert_true(store_batch_is_empty(store_batch(f->store)));
	store_add_probe(store_batch(f->store));
	assert_false(store_batch_is_empty(store_batch(f->store)));
	help_commit(f);
	assert_true(store_batch_is_empty(store_batch(f->store)));
	help_commit(f);
}

static void
test_batch_under_way_is_committed_by_closing(void **state)
{
	struct help_fixture *f = *state;
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

/* ----------------------------------------------------------------- journal */

static void
add_to_journal(struct help_fixture *f, const char *word)
{
	struct value_builder *record = value_build_context(f->arena);

	value_put_str(record, "kind",
	    audit_journal_name(JOURNAL_ENGINE_STARTED));
	value_put_str(record, "word", str_of(word));
	store_add_journal(store_batch(f->store), value_built(record));
}

static void
assert_journal(struct help_fixture *f, uint64_t seq)
{
	struct audit_head known, told = help_history(f->store, STORE_JOURNAL);

	assert_int_equal(store_find_journal(f->store, &known), STORE_OK);
	assert_int_equal(known.seq, seq);
	assert_int_equal(told.seq, seq);
	assert_true(digest_equal(known.hash, told.hash));
}

static void
test_journal_goes_on_over_batches(void **state)
{
	struct help_fixture *f = *state;
	enum store_error error;

	assert_journal(f, 0);
	add_to_journal(f, "one");
	add_to_journal(f, "two");
	store_submit(f->store);
	add_to_journal(f, "three");
	help_wait(f->store);
	assert_true(store_finished(f->store, &error, NULL));
	assert_int_equal(error, STORE_OK);
	assert_journal(f, 2);
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_journal(f, 3);
	/* What never was has no place in it. */
	add_to_journal(f, "dropped");
	store_drop(f->store);
	add_to_journal(f, "four");
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_journal(f, 4);
	store_close(&f->store);
	f->store = help_open(&f->dir);
	add_to_journal(f, "five");
	assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	assert_journal(f, 5);
}

static bool
count_turn_cb(const struct store_turn *turn, void *arg)
{
	uint64_t *next = arg;

	assert_int_equal(turn->index, (*next)++);
	return true;
}

static void
test_log_has_every_turn_in_order(void **state)
{
	struct help_fixture *f = *state;
	struct audit_head heads[3] = {{0}};
	struct store_log log;
	uint64_t next = 0;

	for (int round = 0; round < 4; round++) {
		for (uint64_t n = 1; n <= 3; n++)
			help_add_turn(store_batch(f->store), f->arena, n,
			    &heads[n - 1], n);
		add_to_journal(f, "a turn, too");
		assert_int_equal(store_commit_now(f->store, NULL), STORE_OK);
	}
	assert_int_equal(store_each_turn(f->store, 0, 100, count_turn_cb,
	    &next), STORE_OK);
	assert_int_equal(next, 16);
	next = 5;
	assert_int_equal(store_each_turn(f->store, 5, 3, count_turn_cb, &next),
	    STORE_OK);
	assert_int_equal(next, 8);
	assert_int_equal(store_find_log(f->store, &log), STORE_OK);
	assert_int_equal(log.size, 16);
	assert_int_equal(log.journal.seq, 4);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, help_set_up, help_tear_down)
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
		TEST(test_events_of_an_instance_are_forgotten),
		TEST(test_held_event_of_an_emitter_is_found),
		TEST(test_events_are_listed_by_status_in_pages),
		TEST(test_idempotency_key_is_found_at_every_moment),
		TEST(test_cleaning_removes_what_is_over_and_nothing_else),
		TEST(test_cleaning_says_whether_it_left_something_and_keeps_pace),
		TEST(test_definitions_are_kept_by_digest),
		TEST(test_schedules_are_kept_by_workflow_and_position),
		TEST(test_switches_are_kept_in_their_order),
		TEST(test_posts_wait_until_they_are_removed),
		TEST(test_tokens_are_kept_in_their_order),
		TEST(test_history_is_told_in_order_as_it_was_sealed),
		TEST(test_fd_tells_when_a_batch_is_done),
		TEST(test_batch_can_be_committed_where_it_was_made),
		TEST(test_batch_is_empty_until_something_is_put),
		TEST(test_batch_under_way_is_committed_by_closing),
		TEST(test_journal_goes_on_over_batches),
		TEST(test_log_has_every_turn_in_order),
		TEST(test_every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
