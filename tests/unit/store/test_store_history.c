/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histories as rows: from any record on, after an older program, through
 * dropped batches, and with rows that somebody damaged.
 */
#include "stated/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "stated/rng.h"
#include "test_store_help.h"
#include "test_store_old.h"

/* ----------------------------------------------------------------- reading */

/* What has been told of one instance, checked as it comes. */
struct told {
	uint64_t from;
	struct audit_head head; /* before the first record asked for */
	size_t count;
	enum audit_fault fault; /* the first */
};

static bool
told_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct told *told = arg;
	enum audit_fault fault = audit_verify_next(&told->head,
	    record->canonical, record->hash);

	assert_true(instance > 0);
	assert_true(record->seq >= told->from);
	told->count++;
	if (told->fault == AUDIT_SOUND)
		told->fault = fault;
	return true;
}

static struct told
read_from(struct help_fixture *f, uint64_t number, uint64_t from,
    struct audit_head before)
{
	struct told told = {.from = from, .head = before};

	assert_int_equal(store_each_record(f->store, number, from, told_cb,
	    &told), STORE_OK);
	return told;
}

static void
assert_sound(struct help_fixture *f, uint64_t number, struct audit_head head)
{
	struct told told = read_from(f, number, 0, (struct audit_head){0});

	assert_int_equal(told.fault, AUDIT_SOUND);
	assert_int_equal(told.count, head.seq);
	assert_true(digest_equal(told.head.hash, head.hash));
}

/* Each turn has one record more than the one before. */
static void
add_turns(struct help_fixture *f, struct store_instance *row, size_t turns)
{
	for (size_t i = 0; i < turns; i++) {
		help_add_turn(store_batch(f->store), f->arena, row->number,
		    &row->head, i % 4 + 1);
		store_put_instance(store_batch(f->store), row);
		help_commit(f);
	}
}

static struct store_instance
begin(struct help_fixture *f, uint64_t number)
{
	struct store_instance row = help_instance(number);

	row.head = (struct audit_head){0};
	row.busy = true;
	add_turns(f, &row, 4);
	return row;
}

static void
reopen(struct help_fixture *f)
{
	store_close(&f->store);
	f->store = help_open(&f->dir);
}

static void
run_sql(struct help_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	old_run(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool
one_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct audit_head *head = arg;

	(void)instance;
	assert_int_equal(audit_verify_next(head, record->canonical,
	    record->hash), AUDIT_SOUND);
	return false;
}

static void
test_history_is_read_from_any_record_on(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1);
	struct audit_head before = {0};

	assert_int_equal(row.head.seq, 10);
	for (uint64_t from = 1; from <= 10; from++) {
		struct told told = read_from(f, 1, from, before);
		assert_int_equal(told.fault, AUDIT_SOUND);
		assert_int_equal(told.count, 11 - from);
		assert_int_equal(store_each_record(f->store, 1, from, one_cb,
		    &before), STORE_OK);
		assert_int_equal(before.seq, from);
	}
	assert_int_equal(read_from(f, 1, 11, row.head).count, 0);
}

#define LONG_TURN 20000
#define STEP 16

struct step {
	struct audit_head head;
	size_t left;
};

static bool
step_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct step *step = arg;

	(void)instance;
	assert_int_equal(audit_verify_next(&step->head, record->canonical,
	    record->hash), AUDIT_SOUND);
	return --step->left > 0;
}

static void
read_step(struct help_fixture *f, uint64_t number, struct step *step)
{
	step->left = STEP;
	assert_int_equal(store_each_record(f->store, number,
	    step->head.seq + 1, step_cb, step), STORE_OK);
}

/* Some at a time, as exports do, in the midst of it all the time: were each
 * step to begin with the turn, it would hash twelve million records. */
static void
test_long_turn_is_read_in_steps(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1);
	struct step step = {.left = 0};

	help_add_turn(store_batch(f->store), f->arena, 1, &row.head,
	    LONG_TURN);
	store_put_instance(store_batch(f->store), &row);
	help_commit(f);
	while (step.head.seq < row.head.seq)
		read_step(f, 1, &step);
	assert_true(digest_equal(step.head.hash, row.head.hash));
}

/* What is kept of one reading is not told in another. */
static void
test_steps_of_several_readers_do_not_mix(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance rows[] = {begin(f, 1), begin(f, 2)};
	struct step steps[2] = {0}, again = {0};

	for (size_t i = 0; i < 2; i++) {
		help_add_turn(store_batch(f->store), f->arena, i + 1,
		    &rows[i].head, 100);
		store_put_instance(store_batch(f->store), &rows[i]);
	}
	help_commit(f);
	for (size_t n = 0; n < 10; n++)
		for (size_t i = 0; i < 2; i++) {
			read_step(f, i + 1, &steps[i]);
			if (n == 2)
				again = steps[0];
		}
	for (size_t i = 0; i < 2; i++)
		assert_true(digest_equal(
		    steps[i].head.hash, rows[i].head.hash));
	read_step(f, 1, &again);
	read_step(f, 1, &again);
	assert_int_equal(again.head.seq, 5 * STEP);
}

/* Another reader has nothing in memory yet. */
static void
test_history_is_read_by_who_has_seen_nothing_of_it(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1), found;

	reopen(f);
	assert_sound(f, 1, row.head);
	reopen(f);
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_true(str_equal(found.snapshot, row.snapshot));
	assert_true(digest_equal(found.definition, row.definition));
	/* And its writer has forgotten the first turn. */
	add_turns(f, &row, 3);
	assert_sound(f, 1, row.head);
}

static void
test_instance_goes_on_after_an_older_program(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1), other = begin(f, 2), found;

	store_close(&f->store);
	old_write_as_before(f->dir.database);
	f->store = help_open(&f->dir);
	assert_sound(f, 1, row.head);
	assert_int_equal(store_find_instance(f->store, f->arena, 2, &found),
	    STORE_OK);
	assert_true(str_equal(found.snapshot, other.snapshot));
	assert_true(digest_equal(found.definition, other.definition));
	add_turns(f, &row, 6);
	reopen(f);
	assert_sound(f, 1, row.head);
	assert_sound(f, 2, other.head);
	struct audit_head before = {0};
	for (uint64_t from = 1; from <= row.head.seq; from++)
		assert_int_equal(store_each_record(f->store, 1, from, one_cb,
		    &before), STORE_OK);
}

/* As on a full disk, after all rows were made in memory. */
static enum store_error
commit_without_space(struct help_fixture *f)
{
	struct rlimit before, none;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){1, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	enum store_error error = store_commit_now(f->store, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	return error;
}

/* The definition's dictionary, and the first turn, were in a batch that never
 * was. */
static void
test_dropped_batch_leaves_nothing_that_later_rows_lean_on(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = help_instance(1);

	row.head = (struct audit_head){0};
	row.busy = true;
	help_add_turn(store_batch(f->store), f->arena, 1, &row.head, 3);
	store_put_instance(store_batch(f->store), &row);
	assert_int_equal(commit_without_space(f), STORE_FULL);
	/* Its number is given again. */
	row = begin(f, 1);
	reopen(f);
	assert_sound(f, 1, row.head);
}

static void
test_turn_of_megabytes_comes_back(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = help_instance(1);
	size_t bytes = 5 * 1024 * 1024;
	char *input = arena_alloc(f->arena, bytes);

	row.head = (struct audit_head){0};
	row.ended_ms = 3000;
	for (size_t i = 0; i < bytes; i++)
		input[i] = (char)('a' + i % 23);
	for (int turn = 0; turn < 3; turn++) {
		struct value_builder *fields = value_build_context(f->arena);
		value_put_str(fields, "instance", STR("1"));
		value_put_str(fields, "input", (struct str){input, bytes});
		struct audit_record record = audit_seal(f->arena,
		    value_built(fields), &row.head);
		store_add_history(store_batch(f->store), 1, &record, 1);
		store_put_instance(store_batch(f->store), &row);
		help_commit(f);
	}
	assert_sound(f, 1, row.head);
}

/* ------------------------------------------------------------------ damage */

/* Sets one byte of a column of a random row to anything, or cuts it. */
static void
damage(sqlite3 *db, struct rng *rng, const char *table, const char *column)
{
	char sql[512];

	if (rng_below(rng, 4) == 0)
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = CAST(substr(%s,"
		    " 1, %d) AS BLOB) WHERE rowid = %d", table, column, column,
		    (int)rng_below(rng, 60), (int)rng_below(rng, 5) + 1);
	else
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = CAST("
		    "substr(%s, 1, %d) || x'%02x' || substr(%s, %d) AS BLOB)"
		    " WHERE rowid = %d", table, column, column,
		    (int)rng_below(rng, 60), (unsigned)rng_below(rng, 256),
		    column, (int)rng_below(rng, 60) + 2,
		    (int)rng_below(rng, 5) + 1);
	old_run(db, sql);
}

static void
test_damaged_rows_are_told_and_do_no_harm(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1), found;
	struct rng_seeded seeded;
	size_t faults = 0;
	sqlite3 *db = NULL;

	rng_seeded_init(&seeded, 20261122);
	store_close(&f->store);
	for (int i = 0; i < 300; i++) {
		static const char *const places[][2] = {
			{"history", "packed"}, {"history", "packed"},
			{"history", "hashes"}, {"dictionary", "bytes"},
			{"instance", "snapshot"}, {"instance", "definition"},
		};
		const char *const *place =
		    places[rng_below(&seeded.rng, 6)];
		assert_int_equal(sqlite3_open(f->dir.database, &db),
		    SQLITE_OK);
		old_run(db, "BEGIN");
		damage(db, &seeded.rng, place[0], place[1]);
		old_run(db, "COMMIT");
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		f->store = help_open(&f->dir);
		struct told told = read_from(f, 1, 0, (struct audit_head){0});
		faults += told.fault != AUDIT_SOUND ||
		    told.head.seq != row.head.seq;
		enum store_error error = store_find_instance(f->store,
		    f->arena, 1, &found);
		assert_true(error == STORE_OK || error == STORE_CORRUPT);
		store_close(&f->store);
	}
	assert_true(faults > 200);
	f->store = help_open(&f->dir);
}

static void
test_damaged_snapshot_is_that_instances_alone(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row = begin(f, 1), other = begin(f, 2), found;

	run_sql(f, "UPDATE instance SET snapshot = x'0104ff' WHERE number = 1");
	assert_int_equal(store_find_instance(f->store, f->arena, 1, &found),
	    STORE_OK);
	assert_null(found.snapshot.at);
	assert_sound(f, 1, row.head);
	assert_int_equal(store_find_instance(f->store, f->arena, 2, &found),
	    STORE_OK);
	assert_true(str_equal(found.snapshot, other.snapshot));
	run_sql(f, "UPDATE instance SET form = 17 WHERE number = 2");
	assert_int_equal(store_find_instance(f->store, f->arena, 2, &found),
	    STORE_CORRUPT);
	run_sql(f, "UPDATE instance SET definition = x'7f' WHERE number = 2");
	assert_int_equal(store_find_instance(f->store, f->arena, 2, &found),
	    STORE_CORRUPT);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, help_set_up, help_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_history_is_read_from_any_record_on),
		TEST(test_long_turn_is_read_in_steps),
		TEST(test_steps_of_several_readers_do_not_mix),
		TEST(test_history_is_read_by_who_has_seen_nothing_of_it),
		TEST(test_instance_goes_on_after_an_older_program),
		TEST(test_dropped_batch_leaves_nothing_that_later_rows_lean_on),
		TEST(test_turn_of_megabytes_comes_back),
		TEST(test_damaged_rows_are_told_and_do_no_harm),
		TEST(test_damaged_snapshot_is_that_instances_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
