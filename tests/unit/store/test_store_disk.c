/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes at every operation on a file, and every operation fails, on
 * a disk that forgets and tears what was not synced: what the store told to
 * be durable is there afterwards, what it told to have failed is not, and no
 * batch is there by half.
 *
 * The disk is in memory (tests/sim/disk.h), so that the moments to try can be
 * many; test_store_faults.c does less on SQLite's own file system.
 */
#include "stated/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/disk.h"
#include "test_store_help.h"

#define BATCHES 4
#define BATCH_INSTANCES 3
/* Every so many moments is tried, and all of them with STATED_FAULTS=all;
 * STATED_FAULTS_SEED=n leaves the disk in other ways. */
#define STRIDE 17
/* So much a snapshot that the log is copied into the database while a batch
 * follows the other (sqlite_open.c). */
#define BULK_BYTES (7u << 18)
#define BULK_STRIDE 19997

struct scenario {
	struct help_dir dir;
	struct disk *disk;
	struct rng_seeded rng;
	struct store *store;
	struct arena *arena;
	struct buf detail;
	char *bulk; /* NULL: snapshots are short */
	bool is_durable[BATCHES], has_failed[BATCHES]; /* as the store told */
};

static long
stride(void)
{
	const char *all = getenv("STATED_FAULTS");

	return all != NULL && strcmp(all, "all") == 0 ? 1 : STRIDE;
}

static uint64_t
first_seed(void)
{
	const char *seed = getenv("STATED_FAULTS_SEED");

	return seed == NULL ? 0 : strtoull(seed, NULL, 10);
}

static void
begin(struct scenario *s, uint64_t seed)
{
	*s = (struct scenario){.arena = arena_new()};
	help_dir_make(&s->dir);
	rng_seeded_init(&s->rng, seed);
	s->disk = disk_new(seed);
}

static void
end(struct scenario *s)
{
	disk_free(&s->disk);
	help_dir_remove(&s->dir);
	arena_free(&s->arena);
	buf_fini(&s->detail);
	free(s->bulk);
}

/* What no packing makes shorter. */
static void
make_bulk(struct scenario *s)
{
	size_t bytes = BULK_BYTES + BATCHES * BATCH_INSTANCES + 1;

	s->bulk = malloc(bytes);
	assert_non_null(s->bulk);
	s->rng.rng.fill(&s->rng.rng, s->bulk, bytes);
}

static enum store_error
try_open(struct scenario *s)
{
	buf_clear(&s->detail);
	enum store_error error = store_open((struct store_options){
	    .path = str_of(s->dir.database), .create = true,
	    .keys = help_keys()}, &s->store,
	    &s->detail);
	assert_true(error == STORE_OK || s->store == NULL);
	return error;
}

static uint64_t
number_of(int batch, int i)
{
	return (uint64_t)(batch * BATCH_INSTANCES + i + 1);
}

static struct str
snapshot_of(const struct scenario *s, uint64_t number)
{
	if (s->bulk == NULL)
		return STR("snapshot");
	return (struct str){s->bulk + number, BULK_BYTES};
}

static void
put_instance(struct scenario *s, int batch, int i)
{
	struct store_instance row = help_instance(number_of(batch, i));
	char key[32];

	snprintf(key, sizeof(key), "K-%d-%d", batch, i);
	row.business_key = str_of(key);
	row.head = (struct audit_head){0};
	row.snapshot = snapshot_of(s, row.number);
	help_add_turn(store_batch(s->store), s->arena, row.number, &row.head,
	    2);
	store_put_instance(store_batch(s->store), &row);
}

/* Closed and opened in between: the log is copied into the database. */
static void
work(struct scenario *s)
{
	for (int batch = 0; batch < BATCHES; batch++) {
		if (batch == BATCHES / 2) {
			store_close(&s->store);
			if (try_open(s) != STORE_OK)
				return;
		}
		for (int i = 0; i < BATCH_INSTANCES; i++)
			put_instance(s, batch, i);
		enum store_error error =
		    store_commit_now(s->store, &s->detail);
		s->is_durable[batch] = error == STORE_OK;
		/* Without power nobody is told anything. */
		s->has_failed[batch] = error != STORE_OK &&
		    error != STORE_UNSURE && !disk_is_dead(s->disk);
	}
}

/* -------------------------------------------------------------- afterwards */

static bool
is_there(struct scenario *s, uint64_t number)
{
	struct store_instance row;
	struct audit_head head = help_history(s->store, number);
	enum store_error error = store_find_instance(s->store, s->arena,
	    number, &row);

	assert_true(error == STORE_OK || error == STORE_ABSENT);
	assert_int_equal(head.seq, error == STORE_OK ? 2 : 0);
	if (error == STORE_OK)
		assert_true(digest_equal(head.hash, row.head.hash) &&
		    str_equal(row.snapshot, snapshot_of(s, number)));
	arena_reset(s->arena);
	return error == STORE_OK;
}

static void
check_batch(struct scenario *s, int batch)
{
	bool is_first_there = is_there(s, number_of(batch, 0));

	for (int i = 1; i < BATCH_INSTANCES; i++)
		assert_int_equal(is_there(s, number_of(batch, i)),
		    is_first_there);
	assert_true(is_first_there || !s->is_durable[batch]);
	assert_false(is_first_there && s->has_failed[batch]);
}

static void
check_afterwards(struct scenario *s)
{
	enum store_error error = try_open(s);

	if (error != STORE_OK)
		fail_msg("%.*s: %s", STR_ARG(store_error_text(error)),
		    buf_cstr(&s->detail));
	for (int batch = 0; batch < BATCHES; batch++)
		check_batch(s, batch);
	store_close(&s->store);
}

static bool
run_with(const struct disk_plan *plan, uint64_t seed, bool has_bulk)
{
	struct scenario s;

	begin(&s, seed);
	if (has_bulk)
		make_bulk(&s);
	disk_set_plan(s.disk, *plan);
	if (try_open(&s) == STORE_OK)
		work(&s);
	store_close(&s.store);
	bool is_struck = disk_faults(s.disk) > 0;
	disk_crash(s.disk, &s.rng.rng);
	check_afterwards(&s);
	/* What was found must last as well. */
	disk_cut(s.disk);
	disk_crash(s.disk, &s.rng.rng);
	check_afterwards(&s);
	end(&s);
	return is_struck;
}

/* Returns whether anything was struck, so that there may be more to try. */
static bool
run(const struct disk_plan *plan, uint64_t seed)
{
	return run_with(plan, seed, false);
}

/* ---------------------------------------------------------------- the tests */

/* Returns how many moments there were; each is tried twice, as the disk may
 * be left in many ways. */
static long
run_all(struct disk_plan plan)
{
	uint64_t seed = first_seed();

	plan.nth = 1;
	while (run(&plan, seed++)) {
		(void)run(&plan, seed++);
		plan.nth += stride();
	}
	return plan.nth;
}

static void
test_power_may_go_at_any_operation(void **state)
{
	(void)state;
	long moments = run_all((struct disk_plan){
	    .operations = ~0u, .fault = DISK_DIES});
	print_message("%ld moments\n", moments);
	assert_true(moments > 100);
}

static void
test_any_operation_may_fail_once_and_then_the_power_go(void **state)
{
	(void)state;
	for (int i = 0; i < DISK_OPERATION_COUNT; i++) {
		long moments = run_all((struct disk_plan){
		    .operations = 1u << i, .fault = DISK_FAILS});
		print_message("%ld of %s\n", moments,
		    disk_operation_name((enum disk_operation)i));
		assert_true(moments > 1);
	}
}

static void
test_disk_may_be_full_from_any_change_on(void **state)
{
	unsigned changes = 1u << DISK_WRITE | 1u << DISK_TRUNCATE |
	    1u << DISK_MAP;

	(void)state;
	for (int for_good = 0; for_good < 2; for_good++)
		assert_true(run_all((struct disk_plan){
		    .operations = changes, .fault = DISK_IS_FULL,
		    .for_good = for_good == 1}) > 1);
}

static void
test_disk_may_fail_for_good_from_any_operation_on(void **state)
{
	(void)state;
	assert_true(run_all((struct disk_plan){
	    .operations = ~0u, .fault = DISK_FAILS, .for_good = true}) > 1);
}

static void
test_power_may_go_while_the_log_is_copied(void **state)
{
	static const unsigned kinds[] = {1u << DISK_SYNC,
	    1u << DISK_WRITE | 1u << DISK_TRUNCATE};
	static const enum disk_fault faults[] = {DISK_DIES, DISK_FAILS};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct disk_plan plan = {.operations = kinds[i / 2],
			.fault = faults[i % 2]};
		uint64_t seed = first_seed();
		long step = i < 2 ? (stride() == 1 ? 1 : 9) :
		    stride() == 1 ? 97 : BULK_STRIDE;

		plan.nth = 1;
		while (run_with(&plan, seed++, true))
			plan.nth += step;
		print_message("%ld moments\n", plan.nth);
		assert_true(plan.nth > 10);
	}
}

/* The first batch is committed while syncs fail, once or for good. */
static enum store_error
fail_sync(struct scenario *s, bool for_good)
{
	begin(s, first_seed());
	assert_int_equal(try_open(s), STORE_OK);
	put_instance(s, 0, 0);
	disk_set_plan(s->disk, (struct disk_plan){
	    .operations = 1u << DISK_SYNC, .nth = 1, .for_good = for_good,
	    .fault = DISK_FAILS});
	return store_commit_now(s->store, &s->detail);
}

/* All that was written is there: only the process has gone. */
static void
test_commit_whose_sync_failed_is_not_there_after_a_crash(void **state)
{
	struct scenario s;

	(void)state;
	assert_int_equal(fail_sync(&s, false), STORE_IO);
	disk_cut(s.disk);
	store_close(&s.store);
	disk_revive(s.disk);
	assert_int_equal(try_open(&s), STORE_OK);
	assert_false(is_there(&s, number_of(0, 0)));
	store_close(&s.store);
	end(&s);
}

static void
test_commit_that_can_t_be_taken_back_is_told_as_unsure(void **state)
{
	struct scenario s;

	(void)state;
	assert_int_equal(fail_sync(&s, true), STORE_UNSURE);
	/* The next one stands where it stood. */
	disk_set_plan(s.disk, (struct disk_plan){0});
	put_instance(&s, 1, 0);
	assert_int_equal(store_commit_now(s.store, NULL), STORE_OK);
	disk_cut(s.disk);
	store_close(&s.store);
	disk_revive(s.disk);
	assert_int_equal(try_open(&s), STORE_OK);
	assert_false(is_there(&s, number_of(0, 0)));
	assert_true(is_there(&s, number_of(1, 0)));
	store_close(&s.store);
	end(&s);
}

/* One read fails, and may be well the next time: nobody shall be told to
 * restore a backup for it. */
static void
test_read_that_fails_is_no_damage(void **state)
{
	struct disk_plan plan = {.operations = 1u << DISK_READ, .nth = 1,
		.fault = DISK_FAILS};
	struct store_instance row;
	struct scenario s;
	bool is_struck;

	(void)state;
	do {
		begin(&s, first_seed());
		assert_int_equal(try_open(&s), STORE_OK);
		work(&s);
		store_close(&s.store);
		disk_set_plan(s.disk, plan);
		enum store_error error = try_open(&s);
		for (int batch = 0; batch < BATCHES && error == STORE_OK;
		     batch++)
			error = store_find_instance(s.store, s.arena,
			    number_of(batch, 0), &row);
		assert_true(error == STORE_OK || error == STORE_IO);
		is_struck = disk_faults(s.disk) > 0;
		store_close(&s.store);
		end(&s);
		plan.nth++;
	} while (is_struck);
	assert_true(plan.nth > 10);
}

/* A disk that lies may leave a wreck, or less than was told. */
static bool
is_damaged(struct scenario *s)
{
	struct store_instance row;
	enum store_error error = try_open(s);

	for (int batch = 0; batch < BATCHES && error == STORE_OK; batch++)
		error = store_find_instance(s->store, s->arena,
		    number_of(batch, 0), &row);
	if (error != STORE_OK && error != STORE_ABSENT &&
	    error != STORE_PARTED && error != STORE_FOREIGN)
		assert_int_equal(error, STORE_CORRUPT);
	store_close(&s->store);
	return error != STORE_OK;
}

/* That these tests would notice a sync that was left out. */
static void
test_syncs_that_did_nothing_are_noticed(void **state)
{
	struct disk_plan plan = {.operations = 1u << DISK_SYNC, .nth = 1,
		.for_good = true, .fault = DISK_LIES};
	struct scenario s;
	int noticed = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		begin(&s, first_seed() + seed);
		disk_set_plan(s.disk, plan);
		assert_int_equal(try_open(&s), STORE_OK);
		work(&s);
		disk_cut(s.disk);
		store_close(&s.store);
		disk_crash(s.disk, &s.rng.rng);
		noticed += is_damaged(&s);
		end(&s);
	}
	print_message("noticed in %d of 20\n", noticed);
	assert_true(noticed > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_may_go_at_any_operation),
		cmocka_unit_test(
		    test_any_operation_may_fail_once_and_then_the_power_go),
		cmocka_unit_test(test_disk_may_be_full_from_any_change_on),
		cmocka_unit_test(
		    test_disk_may_fail_for_good_from_any_operation_on),
		cmocka_unit_test(test_power_may_go_while_the_log_is_copied),
		cmocka_unit_test(
		    test_commit_whose_sync_failed_is_not_there_after_a_crash),
		cmocka_unit_test(
		    test_commit_that_can_t_be_taken_back_is_told_as_unsure),
		cmocka_unit_test(test_read_that_fails_is_no_damage),
		cmocka_unit_test(test_syncs_that_did_nothing_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
