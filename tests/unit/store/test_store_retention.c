/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_retention.c: what is kept for a time, held, erased and purged;
 * and that what is gone is gone from the files as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "test_store_help.h"

#include "stated/rng.h"

/* Texts that nothing packs away. */
#define SECRET "DE89370400440532013000"

/* ---- helpers ---- */

static void
put_ended(struct help_fixture *f, uint64_t number, size_t turns,
    struct audit_head *head, const char *snapshot)
{
	struct store_batch *batch = store_batch(f->store);
	struct store_instance row = help_instance(number);

	*head = (struct audit_head){0};
	for (size_t i = 0; i < turns; i++)
		help_add_turn(batch, f->arena, number, head, 2);
	row.status = STR("completed");
	row.state = STR("paid");
	row.labels = STR("{\"entity\":\"DE01\"}");
	row.business_key = arena_strf(f->arena, "K-%llu",
	    (unsigned long long)number);
	row.ended_ms = 3000;
	row.head = *head;
	row.snapshot = str_of(snapshot);
	store_put_instance(batch, &row);
}

static void
purge(struct help_fixture *f, uint64_t number, int64_t until_ms)
{
	store_add_purge(store_batch(f->store), &(struct store_purge){
	    .number = number,
	    .until_ms = until_ms,
	    .at_ms = 9000,
	    .left = STR("{\"certificate\":7}"),
	});
	help_commit(f);
}

struct retained {
	uint64_t numbers[16];
	int64_t until_ms[16];
	size_t count;
};

static void
retained_cb(uint64_t number, int64_t until_ms, void *arg)
{
	struct retained *retained = arg;

	assert_true(retained->count < 16);
	retained->numbers[retained->count] = number;
	retained->until_ms[retained->count++] = until_ms;
}

static struct retained
list_retained(struct help_fixture *f, int64_t until_ms)
{
	struct store_due_range range = {.until_ms = until_ms, .limit = 16};
	struct retained retained = {.count = 0};

	assert_int_equal(store_each_retained(f->store, &range, retained_cb,
	    &retained), STORE_OK);
	return retained;
}

struct told {
	size_t texts;
	size_t stubs;
	struct audit_head head;
	bool is_whole; /* each begins where the one before ended */
};

static bool
told_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct told *told = arg;

	(void)instance;
	if (record->purged_from != 0) {
		told->stubs++;
		told->is_whole &= record->purged_from == told->head.seq + 1;
		told->head = (struct audit_head){record->seq, record->hash};
		return true;
	}
	told->texts++;
	told->is_whole &= audit_verify_next(&told->head, record->canonical,
	    record->hash) == AUDIT_SOUND;
	return true;
}

static struct told
tell(struct help_fixture *f, uint64_t number)
{
	struct told told = {.is_whole = true};

	assert_int_equal(store_each_record(f->store, number, 1, told_cb, &told),
	    STORE_OK);
	return told;
}

static size_t
count_in(const char *path, const char *what)
{
	FILE *file = fopen(path, "rb");
	size_t bytes, found = 0, length = strlen(what);
	char *all;

	if (file == NULL)
		return 0;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	bytes = (size_t)ftell(file);
	rewind(file);
	all = malloc(bytes + 1);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, bytes, file), bytes);
	fclose(file);
	for (size_t i = 0; i + length <= bytes; i++)
		found += memcmp(all + i, what, length) == 0;
	free(all);
	return found;
}

/* In all files of the database. */
static size_t
count_everywhere(const struct help_fixture *f, const char *what)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[128];
	size_t found = 0;

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", f->dir.database,
		    suffixes[i]);
		found += count_in(path, what);
	}
	return found;
}

/* There must be none. */
static bool
item_cb(const struct store_item *item, void *arg)
{
	(void)arg;
	fail_msg("an item %llu is left", (unsigned long long)item->serial);
	return false;
}

/* ---- salts ---- */

static void
test_salt_is_found_in_batch_and_database_and_goes(void **state)
{
	struct help_fixture *f = *state;
	struct str salt;

	assert_int_equal(
	    store_find_salt(f->store, f->arena, 5, &salt), STORE_ABSENT);
	store_put_salt(store_batch(f->store), 5, STR("0123456789abcdef"));
	assert_int_equal(
	    store_find_salt(f->store, f->arena, 5, &salt), STORE_OK);
	help_commit(f);
	assert_int_equal(
	    store_find_salt(f->store, f->arena, 5, &salt), STORE_OK);
	assert_true(str_equal(salt, STR("0123456789abcdef")));
	store_put_salt(store_batch(f->store), 5, (struct str){NULL, 0});
	assert_int_equal(
	    store_find_salt(f->store, f->arena, 5, &salt), STORE_ABSENT);
	help_commit(f);
	assert_int_equal(
	    store_find_salt(f->store, f->arena, 5, &salt), STORE_ABSENT);
}

/* ---- holds ---- */

static void
hold_cb(const struct store_hold *row, void *arg)
{
	struct str *told = arg;

	assert_true(row->at_ms > 0);
	told[row->releases] = (struct str){NULL, 0};
	if (row->releases)
		assert_true(str_equal(row->reason, STR("over")));
	else
		assert_true(str_equal(row->scope, STR("label")) &&
		    str_equal(row->label, STR("entity")) &&
		    str_equal(row->value, STR("DE01")));
}

static void
test_holds_are_told_as_they_were_said(void **state)
{
	struct help_fixture *f = *state;
	struct str told[2] = {STR("not told"), STR("not told")};
	struct store_hold row = {
	    .id = STR("hold_1"),
	    .at_ms = 10,
	    .actor = STR("ann"),
	    .reason = STR("court"),
	    .scope = STR("label"),
	    .label = STR("entity"),
	    .value = STR("DE01"),
	};

	store_add_hold(store_batch(f->store), &row);
	row = (struct store_hold){.id = STR("hold_1"), .releases = true,
	    .at_ms = 20, .reason = STR("over")};
	store_add_hold(store_batch(f->store), &row);
	help_commit(f);
	assert_int_equal(store_each_hold(f->store, hold_cb, told), STORE_OK);
	assert_null(told[0].at);
	assert_null(told[1].at);
}

/* ---- retention and purges ---- */

static void
test_retained_are_told_by_time(void **state)
{
	struct help_fixture *f = *state;
	struct retained retained;

	store_put_retention(store_batch(f->store), 3, 700);
	store_put_retention(store_batch(f->store), 1, 900);
	store_put_retention(store_batch(f->store), 2, 700);
	store_put_retention(store_batch(f->store), 2, 700);
	help_commit(f);
	retained = list_retained(f, 800);
	assert_int_equal(retained.count, 2);
	assert_int_equal(retained.numbers[0], 2);
	assert_int_equal(retained.numbers[1], 3);
	assert_int_equal(list_retained(f, 699).count, 0);
	assert_int_equal(list_retained(f, INT64_MAX).count, 3);
}

static void
test_purge_leaves_places_and_hashes(void **state)
{
	struct help_fixture *f = *state;
	struct store_item item = {
	    .kind = ITEM_TASK, .instance = 1, .serial = 1, .body = STR("{}")};
	struct store_item_filter items = {.kind = ITEM_TASK, .open = -1,
	    .instance = 1, .limit = 5};
	struct store_instance row;
	struct audit_head head, other;
	struct told told;
	struct str salt;
	uint64_t number;

	put_ended(f, 1, 5, &head, "what it was");
	put_ended(f, 2, 5, &other, "what it was");
	store_put_item(store_batch(f->store), &item);
	store_put_salt(store_batch(f->store), 1, STR("0123456789abcdef"));
	store_put_retention(store_batch(f->store), 1, 700);
	help_commit(f);
	purge(f, 1, 700);

	told = tell(f, 1);
	assert_int_equal(told.texts, 0);
	assert_int_equal(told.stubs, 5);
	assert_true(told.is_whole);
	assert_int_equal(told.head.seq, head.seq);
	assert_true(digest_equal(told.head.hash, head.hash));
	assert_int_equal(
	    store_find_instance(f->store, f->arena, 1, &row), STORE_OK);
	assert_true(str_equal(row.status, STR(STORE_PURGED)));
	assert_true(str_equal(row.state, STR("completed")));
	assert_true(str_equal(row.business_key, STR("K-1")));
	assert_true(str_equal(row.snapshot, STR("{\"certificate\":7}")));
	assert_null(row.labels.at);
	assert_null(row.initiator.at);
	assert_int_equal(row.ended_ms, 3000);
	assert_int_equal(row.changed_ms, 9000);
	assert_int_equal(store_find_key(f->store, STR("payment"), STR("K-1"),
	    &number), STORE_OK);
	assert_int_equal(
	    store_find_salt(f->store, f->arena, 1, &salt), STORE_ABSENT);
	assert_int_equal(
	    store_list_items(f->store, &items, item_cb, NULL), STORE_OK);
	assert_int_equal(list_retained(f, INT64_MAX).count, 0);
	/* and nobody else has lost anything */
	told = tell(f, 2);
	assert_int_equal(told.texts, 10);
	assert_true(told.is_whole);
}

/* Before it is durable, too: else whoever looks meanwhile would go on with
 * what is gone. */
static void
test_purge_in_a_batch_is_seen(void **state)
{
	struct help_fixture *f = *state;
	struct store_instance row;
	struct audit_head head;

	put_ended(f, 1, 1, &head, "what it was");
	store_put_retention(store_batch(f->store), 1, 700);
	help_commit(f);
	store_add_purge(store_batch(f->store), &(struct store_purge){
	    .number = 1, .until_ms = 700, .at_ms = 9000, .left = STR("{}"),
	    .labels = STR("{\"entity\":\"DE\"}")});
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_find_instance(
		    f->store, f->arena, 1, &row), STORE_OK);
		assert_true(str_equal(row.status, STR(STORE_PURGED)));
		assert_true(str_equal(row.state, STR("completed")));
		assert_true(str_equal(row.snapshot, STR("{}")));
		assert_true(str_equal(
		    row.labels, STR("{\"entity\":\"DE\"}")));
		if (i == 0)
			store_submit(f->store);
	}
	help_wait(f->store);
	assert_true(store_finished(f->store, &(enum store_error){0}, NULL));
	assert_int_equal(store_find_instance(
	    f->store, f->arena, 1, &row), STORE_OK);
	assert_true(str_equal(row.labels, STR("{\"entity\":\"DE\"}")));
}

/* Some turns with each batch, the last ones first: in between all that is
 * told is sound, and a process that is gone begins again where it stopped. */
static void
test_long_history_is_purged_by_portions(void **state)
{
	struct help_fixture *f = *state;
	struct audit_head head;
	struct told told;
	size_t portions = 0;

	put_ended(f, 1, 2500, &head, "what it was");
	store_put_retention(store_batch(f->store), 1, 700);
	help_commit(f);
	while (list_retained(f, INT64_MAX).count > 0) {
		assert_true(portions++ < 10);
		purge(f, 1, 700);
		told = tell(f, 1);
		assert_true(told.is_whole);
		assert_true(digest_equal(told.head.hash, head.hash));
		assert_int_equal(told.texts / 2 + told.stubs, 2500);
		assert_true(told.stubs >= 1000 || told.texts == 0);
		if (portions == 1) {
			store_close(&f->store);
			f->store = help_open(&f->dir);
		}
	}
	assert_int_equal(told.texts, 0);
	assert_int_equal(portions, 3);
}

/* The space is for others: as many again don't make the file larger. */
static void
test_space_of_purged_ones_is_used_again(void **state)
{
	struct help_fixture *f = *state;
	struct audit_head head;
	uint64_t number = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t pages[3];

	for (int round = 0; round < 3; round++) {
		uint64_t first = number + 1;

		for (int i = 0; i < 300; i++) {
			char snapshot[600];

			rng_system()->fill(rng_system(), snapshot, 599);
			for (size_t j = 0; j < 599; j++)
				snapshot[j] = (char)('a' + (snapshot[j] & 15));
			snapshot[599] = '\0';
			put_ended(f, ++number, 4, &head, snapshot);
			store_put_retention(
			    store_batch(f->store), number, 700);
			help_commit(f);
		}
		for (uint64_t n = first; n <= number; n++)
			purge(f, n, 700);
		assert_int_equal(sqlite3_open_v2(f->dir.database, &db,
		    SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA page_count",
		    -1, &statement, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		pages[round] = sqlite3_column_int64(statement, 0);
		sqlite3_finalize(statement);
		sqlite3_close(db);
	}
	/* What is left of 300: rows without texts. */
	assert_true(pages[1] - pages[0] < pages[0] / 2);
	assert_true(pages[2] - pages[1] < pages[0] / 2);
}

/* ---- erasing ---- */

static void
erase(struct help_fixture *f, uint64_t number)
{
	struct store_instance row;

	assert_int_equal(
	    store_find_instance(f->store, f->arena, number, &row), STORE_OK);
	row.snapshot = STR("nothing of it");
	row.labels = (struct str){NULL, 0};
	store_put_instance(store_batch(f->store), &row);
	store_add_erasure(store_batch(f->store), number);
	help_commit(f);
}

/* One in the midst of many, which was written several times, short and long,
 * as a row and in pieces. */
static void
test_what_is_erased_is_in_no_file(void **state)
{
	struct help_fixture *f = *state;
	struct store_item item = {.kind = ITEM_TASK, .instance = 100,
	    .serial = 1, .owner = STR("boss"), .body = STR("\"" SECRET "\"")};
	static char large[120 * 1024];
	struct audit_head head;

	for (size_t i = 0; i < sizeof(large) - 1; i++)
		large[i] = (char)('a' + (i * i + i / 7) % 26);
	memcpy(large + 50000, SECRET, sizeof(SECRET) - 1);
	for (uint64_t n = 1; n <= 300; n++) {
		put_ended(f, n, 2, &head,
		    n == 100 ? "first " SECRET " and more" : "another one");
		if (n % 10 == 0)
			help_commit(f);
	}
	for (int round = 0; round < 3; round++) {
		struct store_instance row = help_instance(100);

		row.business_key = STR("K-100");
		row.head = head;
		row.labels = STR("{\"iban\":\"" SECRET "\"}");
		row.snapshot = round == 1 ? str_of(large)
		    : STR("a longer one, that begins otherwise, " SECRET);
		store_put_instance(store_batch(f->store), &row);
		store_put_item(store_batch(f->store), &item);
		for (uint64_t n = 90; n < 110; n++) {
			struct store_instance near = help_instance(n);

			if (n == 100)
				continue;
			near.business_key = arena_strf(f->arena, "K-%llu",
			    (unsigned long long)n);
			near.snapshot = round % 2 == 0
			    ? arena_strf(f->arena, "%01000d", round)
			    : STR("x");
			store_put_instance(store_batch(f->store), &near);
		}
		help_commit(f);
	}
	assert_true(count_everywhere(f, SECRET) > 0);
	erase(f, 100);
	assert_true(store_is_scrubbed(f->store));
	assert_int_equal(count_everywhere(f, SECRET), 0);
}

/* A reader keeps the log; when it is gone, the next batch empties it, also
 * one of another process. */
static void
test_log_is_emptied_when_nobody_reads_it(void **state)
{
	struct help_fixture *f = *state;
	struct store *reader = NULL;
	struct audit_head head;

	put_ended(f, 1, 2, &head, "first " SECRET " and more");
	help_commit(f);
	assert_int_equal(store_open((struct store_options){
	    .path = str_of(f->dir.database), .read_only = true}, &reader, NULL),
	    STORE_OK);
	assert_int_equal(store_freeze(reader), STORE_OK);
	erase(f, 1);
	assert_false(store_is_scrubbed(f->store));
	assert_true(count_everywhere(f, SECRET) > 0);
	store_add_probe(store_batch(f->store));
	help_commit(f);
	assert_false(store_is_scrubbed(f->store));
	store_thaw(reader);
	store_close(&reader);
	store_add_probe(store_batch(f->store));
	help_commit(f);
	assert_true(store_is_scrubbed(f->store));
	assert_int_equal(count_everywhere(f, SECRET), 0);
}

/* What an older program freed it left as it was. */
static void
test_free_pages_of_an_older_program_are_wiped(void **state)
{
	struct help_fixture *f = *state;
	struct audit_head head;
	sqlite3 *db = NULL;

	put_ended(f, 1, 2, &head, "nothing in it");
	help_commit(f);
	store_close(&f->store);
	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA secure_delete = OFF;"
	    "CREATE TABLE before (bytes TEXT);"
	    "INSERT INTO before SELECT replace(hex(zeroblob(4000)), '00',"
	    "	'" SECRET " ');"
	    "DROP TABLE before;"
	    "INSERT INTO meta VALUES ('unwiped', 1)", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_true(count_everywhere(f, SECRET) > 1000);
	f->store = help_open(&f->dir);
	erase(f, 1);
	assert_true(store_is_scrubbed(f->store));
	assert_int_equal(count_everywhere(f, SECRET), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, help_set_up,          \
    help_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_salt_is_found_in_batch_and_database_and_goes),
	    TEST(test_holds_are_told_as_they_were_said),
	    TEST(test_retained_are_told_by_time),
	    TEST(test_purge_leaves_places_and_hashes),
	    TEST(test_purge_in_a_batch_is_seen),
	    TEST(test_long_history_is_purged_by_portions),
	    TEST(test_space_of_purged_ones_is_used_again),
	    TEST(test_what_is_erased_is_in_no_file),
	    TEST(test_log_is_emptied_when_nobody_reads_it),
	    TEST(test_free_pages_of_an_older_program_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
