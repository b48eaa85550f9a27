/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted databases: nothing of what is in them is on the disk in plain,
 * whatever is changed is noticed, what was torn is forgotten, and keys come
 * and go.
 */
#include "stated/rng.h"
#include "stated/store_copy.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_store_help.h"

/* The layout that decision 20 tells. */
#define HEAD_BYTES 64
#define PAGE_BYTES 2048
#define SLOT_BYTES (PAGE_BYTES + 52)
#define LOG_HEAD_BYTES 128
#define FRAME_BYTES (24 + 28 + PAGE_BYTES + 28)

#define PLANTED "DE89370400440532013000"

struct fixture {
	struct help_dir dir;
	struct store_keys *keys;
	struct arena *arena;
	struct store *store;
	struct buf detail;
};

static const struct cipher_key old_key = {"the key of last year: 32 bytes!!"};
static const struct cipher_key new_key = {"the key of this year: 32 bytes!!"};

/* ---------------------------------------------------------------- utilities */

static struct store_keys *
ring_of(const struct cipher_key *first, const struct cipher_key *second)
{
	struct store_keys *keys = store_keys_new();

	assert_true(store_keys_add(
	    keys, first == &old_key ? STR("old") : STR("new"), first));
	if (second != NULL)
		assert_true(store_keys_add(keys,
		    second == &old_key ? STR("old") : STR("new"), second));
	return keys;
}

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	f->keys = ring_of(&old_key, NULL);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	store_keys_free(&f->keys);
	arena_free(&f->arena);
	buf_fini(&f->detail);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

static void
give(struct fixture *f, const struct cipher_key *first,
    const struct cipher_key *second)
{
	must(f->store == NULL);
	store_keys_free(&f->keys);
	if (first != NULL)
		f->keys = ring_of(first, second);
}

static enum store_error
try_open(struct fixture *f, bool read_only)
{
	buf_clear(&f->detail);
	return store_open((struct store_options){
	    .path = str_of(f->dir.database), .create = !read_only,
	    .read_only = read_only, .keys = f->keys}, &f->store, &f->detail);
}

static void
open_store(struct fixture *f)
{
	enum store_error error = try_open(f, false);

	if (error != STORE_OK)
		fail_msg("open: %.*s: %s", STR_ARG(store_error_text(error)),
		    buf_cstr(&f->detail));
}

/* `count` instances with what must not be seen. */
static void
put(struct fixture *f, uint64_t first, uint64_t count)
{
	char key[64], snapshot[600];
	struct rng_seeded rng;

	rng_seeded_init(&rng, first);
	for (uint64_t n = first; n < first + count; n++) {
		struct store_instance row = help_instance(n);

		snprintf(key, sizeof(key), "KEY-%llu-" PLANTED,
		    (unsigned long long)n);
		rng.rng.fill(&rng.rng, snapshot, sizeof(snapshot));
		row.business_key = str_of(key);
		row.state = STR("waits_for_" PLANTED);
		row.snapshot = (struct str){snapshot, sizeof(snapshot)};
		row.head = (struct audit_head){0};
		help_add_turn(
		    store_batch(f->store), f->arena, n, &row.head, 2);
		store_put_instance(store_batch(f->store), &row);
	}
	if (store_commit_now(f->store, &f->detail) != STORE_OK)
		fail_msg("commit: %s", buf_cstr(&f->detail));
}

static bool
is_there(struct fixture *f, uint64_t number)
{
	struct store_instance row;
	enum store_error error =
	    store_find_instance(f->store, f->arena, number, &row);

	assert_true(error == STORE_OK || error == STORE_ABSENT);
	if (error == STORE_OK)
		assert_int_equal(help_history(f->store, number).seq, 2);
	return error == STORE_OK;
}

static void
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");

	buf_clear(out);
	assert_non_null(file);
	assert_true(buf_add_file(out, file, 1 << 26));
	fclose(file);
}

static void
write_file(const char *path, struct str bytes)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.at, 1, bytes.bytes, file), bytes.bytes);
	assert_int_equal(fclose(file), 0);
}

static const char *
part_of(struct fixture *f, const char *suffix)
{
	return arena_strf(
	    f->arena, "%s%s", f->dir.database, suffix).at;
}

/* As a kill would leave it: the files of a store that is still open. */
static void
snatch(struct fixture *f, struct buf *database, struct buf *log)
{
	read_file(f->dir.database, database);
	read_file(part_of(f, "-wal"), log);
	store_close(&f->store);
}

static void
lay(struct fixture *f, const struct buf *database, const struct buf *log)
{
	write_file(f->dir.database, buf_str(database));
	write_file(part_of(f, "-wal"), buf_str(log));
	(void)unlink(part_of(f, "-shm"));
}

/* ------------------------------------------------------------------- plain */

static void
assert_nothing_in(struct str bytes)
{
	static const char *const words[] = {PLANTED, "KEY-", "waits_for",
	    "alice", "payment", "SQLite format", "CREATE TABLE", "instance"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		assert_int_equal(str_find(bytes, str_of(words[i])), SIZE_MAX);
}

static void
test_nothing_is_on_the_disk_in_plain(void **state)
{
	struct fixture *f = *state;
	struct buf database = {0}, log = {0};

	open_store(f);
	put(f, 1, 200);
	read_file(f->dir.database, &database);
	read_file(part_of(f, "-wal"), &log);
	assert_true(log.bytes > 200 * 600);
	assert_nothing_in(buf_str(&database));
	assert_nothing_in(buf_str(&log));
	store_close(&f->store);
	read_file(f->dir.database, &database);
	assert_true(database.bytes > 200 * 600);
	assert_int_equal((database.bytes - HEAD_BYTES) % SLOT_BYTES, 0);
	assert_nothing_in(buf_str(&database));
	assert_int_not_equal(access(part_of(f, "-journal"), F_OK), 0);
	open_store(f);
	assert_true(is_there(f, 1) && is_there(f, 200));
	buf_fini(&database);
	buf_fini(&log);
}

/* Two pages, and two writings of one, have nothing in common. */
static void
test_the_same_is_never_encrypted_alike(void **state)
{
	struct fixture *f = *state;
	struct buf first = {0}, second = {0};

	for (int i = 0; i < 2; i++) {
		open_store(f);
		store_close(&f->store);
		read_file(f->dir.database, i == 0 ? &first : &second);
		assert_int_equal(unlink(f->dir.database), 0);
	}
	size_t alike = 0;
	for (size_t i = 0; i + 8 <= first.bytes && i + 8 <= second.bytes; i++)
		alike += i >= HEAD_BYTES &&
		    memcmp(first.at + i, second.at + i, 8) == 0;
	/* Of each page the key's id, and by chance a byte beside it. */
	assert_true(alike >= (first.bytes - HEAD_BYTES) / SLOT_BYTES);
	assert_true(alike < 2 * (first.bytes - HEAD_BYTES) / SLOT_BYTES);
	buf_fini(&first);
	buf_fini(&second);
}

/* ------------------------------------------------------------------ damage */

static bool
go_on_cb(void *arg)
{
	(void)arg;
	return true;
}

/* All pages are read, the way a backup does it. */
static enum store_error
read_all(struct fixture *f)
{
	const char *to = part_of(f, ".copy");
	struct store_copy_target target = {.to = str_of(to),
	    .kind = COPY_BACKUP, .replaces = true, .now_ms = 1};
	struct store_copy_progress at = {0, 1};
	struct store_copy *copy = NULL;
	struct buf aside = {0};
	enum store_error error;

	buf_clear(&f->detail);
	error = store_copy_open(
	    str_of(f->dir.database), f->keys, &copy, &f->detail);
	if (error == STORE_OK)
		error = store_copy_begin(copy, &target, &f->detail);
	while (error == STORE_OK && at.bytes < at.bytes_all)
		error = store_copy_step(copy, &at, &f->detail);
	if (error == STORE_OK)
		error = store_copy_check(copy, go_on_cb, NULL, &f->detail);
	if (error == STORE_OK)
		error = store_copy_keep(copy, &aside, &f->detail);
	store_copy_close(&copy);
	(void)unlink(to);
	buf_fini(&aside);
	return error;
}

static void
test_any_changed_byte_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf whole = {0};

	open_store(f);
	put(f, 1, 20);
	store_close(&f->store);
	assert_int_equal(read_all(f), STORE_OK);
	read_file(f->dir.database, &whole);
	/* Every bit of the head and of what comes with a page, and one bit of
	 * every 101st byte; the simulated disk tries others. */
	for (size_t at = 0; at < whole.bytes; at++) {
		size_t in_slot = (at - HEAD_BYTES) % SLOT_BYTES;
		bool is_thorough = at < HEAD_BYTES ||
		    (at < HEAD_BYTES + SLOT_BYTES && in_slot >= PAGE_BYTES);

		for (size_t bit = 0; bit < 8; bit++) {
			if (!is_thorough && (at % 101 != 0 || bit != at % 8))
				continue;
			whole.at[at] ^= (char)(1u << bit);
			write_file(f->dir.database, buf_str(&whole));
			enum store_error error = read_all(f);
			if (error != STORE_CORRUPT && error != STORE_SEALED &&
			    error != STORE_FOREIGN)
				fail_msg("byte %zu, bit %zu: %.*s", at, bit,
				    STR_ARG(store_error_text(error)));
			whole.at[at] ^= (char)(1u << bit);
		}
	}
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_OK);
	buf_fini(&whole);
}

static void
test_damage_is_told_with_its_page(void **state)
{
	struct fixture *f = *state;
	struct buf whole = {0};

	open_store(f);
	put(f, 1, 20);
	store_close(&f->store);
	read_file(f->dir.database, &whole);
	whole.at[HEAD_BYTES + 4 * SLOT_BYTES + 17] ^= 1;
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_CORRUPT);
	whole.at[HEAD_BYTES + 17] ^= 1;
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(try_open(f, false), STORE_CORRUPT);
	assert_true(str_find(buf_str(&f->detail),
	    STR("page 1 was changed, or does not belong there")) != SIZE_MAX);
	buf_fini(&whole);
}

static void
test_swapped_replaced_and_missing_pages_are_refused(void **state)
{
	struct fixture *f = *state;
	struct buf whole = {0}, other = {0};
	char *three, *four, kept[SLOT_BYTES];

	for (int i = 0; i < 2; i++) {
		open_store(f);
		put(f, 1, 20);
		store_close(&f->store);
		read_file(f->dir.database, i == 0 ? &other : &whole);
		if (i == 0)
			assert_int_equal(unlink(f->dir.database), 0);
	}
	three = whole.at + HEAD_BYTES + 2 * SLOT_BYTES;
	four = three + SLOT_BYTES;
	/* Two pages swapped. */
	memcpy(kept, three, SLOT_BYTES);
	memcpy(three, four, SLOT_BYTES);
	memcpy(four, kept, SLOT_BYTES);
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_CORRUPT);
	memcpy(four, three, SLOT_BYTES);
	memcpy(three, kept, SLOT_BYTES);
	/* The same page of another database under the same key. */
	memcpy(kept, four, SLOT_BYTES);
	memcpy(four, other.at + HEAD_BYTES + 3 * SLOT_BYTES, SLOT_BYTES);
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_CORRUPT);
	/* Zeros. */
	memset(four, 0, SLOT_BYTES);
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_CORRUPT);
	memcpy(four, kept, SLOT_BYTES);
	/* The last one cut off. */
	write_file(f->dir.database,
	    str_slice(buf_str(&whole), 0, whole.bytes - SLOT_BYTES));
	assert_int_equal(read_all(f), STORE_CORRUPT);
	write_file(f->dir.database, buf_str(&whole));
	assert_int_equal(read_all(f), STORE_OK);
	buf_fini(&whole);
	buf_fini(&other);
}

/* --------------------------------------------------------------------- log */

/* Batches of one instance each; where the log ends after each. */
#define BATCHES 6

static void
make_log(struct fixture *f, struct buf *database, struct buf *log,
    size_t ends[BATCHES])
{
	struct stat status;

	open_store(f);
	for (size_t i = 0; i < BATCHES; i++) {
		put(f, i + 1, 1);
		assert_int_equal(stat(part_of(f, "-wal"), &status), 0);
		ends[i] = (size_t)status.st_size;
	}
	snatch(f, database, log);
}

static size_t
count_there(struct fixture *f)
{
	size_t count = 0;

	open_store(f);
	for (uint64_t n = 1; n <= BATCHES; n++) {
		bool is_found = is_there(f, n);

		assert_true(!is_found || count == n - 1);
		count += is_found;
	}
	store_close(&f->store);
	return count;
}

static void
test_torn_log_ends_with_the_last_commit(void **state)
{
	struct fixture *f = *state;
	struct buf database = {0}, log = {0};
	size_t ends[BATCHES];

	make_log(f, &database, &log, ends);
	assert_int_equal((log.bytes - LOG_HEAD_BYTES) % FRAME_BYTES, 0);
	lay(f, &database, &log);
	assert_int_equal(count_there(f), BATCHES);
	for (size_t bytes = log.bytes; bytes > ends[0]; bytes -= 997) {
		struct buf cut = {0};
		size_t expected = 0;

		buf_add(&cut, log.at, bytes);
		lay(f, &database, &cut);
		while (expected < BATCHES && ends[expected] <= bytes)
			expected++;
		assert_int_equal(count_there(f), expected);
		buf_fini(&cut);
	}
	buf_fini(&database);
	buf_fini(&log);
}

static void
test_changed_log_is_never_taken_for_a_commit(void **state)
{
	struct fixture *f = *state;
	struct buf database = {0}, log = {0};
	size_t ends[BATCHES];

	make_log(f, &database, &log, ends);
	for (size_t at = ends[0]; at < log.bytes; at += 613) {
		size_t expected = 0;

		log.at[at] ^= 0x10;
		lay(f, &database, &log);
		while (expected < BATCHES && ends[expected] <= at)
			expected++;
		assert_int_equal(count_there(f), expected);
		log.at[at] ^= 0x10;
	}
	/* Frames of one batch in the place of others: nothing is had twice. */
	memcpy(log.at + ends[2], log.at + ends[1], ends[2] - ends[1]);
	lay(f, &database, &log);
	assert_int_equal(count_there(f), 3);
	buf_fini(&database);
	buf_fini(&log);
}

static void
test_log_under_another_key_is_not_dropped(void **state)
{
	struct fixture *f = *state;
	struct buf database = {0}, log = {0};
	size_t ends[BATCHES];

	make_log(f, &database, &log, ends);
	/* Its key is there, its log was begun under one that isn't. */
	lay(f, &database, &log);
	give(f, &new_key, &old_key);
	assert_int_equal(count_there(f), BATCHES);
	store_keys_free(&f->keys);
	f->keys = ring_of(&new_key, NULL);
	lay(f, &database, &log);
	assert_int_equal(try_open(f, false), STORE_SEALED);
	assert_int_equal(try_open(f, true), STORE_SEALED);
	read_file(part_of(f, "-wal"), &database);
	assert_int_equal(database.bytes, log.bytes);
	buf_fini(&database);
	buf_fini(&log);
}

/* -------------------------------------------------------------------- keys */

static void
test_missing_and_wrong_keys_are_refused(void **state)
{
	struct fixture *f = *state;
	struct buf before = {0}, after = {0};
	char id[STORE_KEY_ID_BYTES];

	open_store(f);
	put(f, 1, 3);
	store_close(&f->store);
	read_file(f->dir.database, &before);
	give(f, NULL, NULL);
	assert_int_equal(try_open(f, false), STORE_SEALED);
	assert_int_equal(try_open(f, true), STORE_SEALED);
	give(f, &new_key, NULL);
	assert_int_equal(try_open(f, false), STORE_SEALED);
	/* Both are named by what tells nothing about them. */
	assert_true(str_find(buf_str(&f->detail),
	    store_key_id(&old_key, id)) != SIZE_MAX);
	assert_true(str_find(buf_str(&f->detail),
	    store_key_id(&new_key, id)) != SIZE_MAX);
	assert_int_equal(try_open(f, true), STORE_SEALED);
	read_file(f->dir.database, &after);
	assert_true(str_equal(buf_str(&before), buf_str(&after)));
	give(f, &old_key, NULL);
	open_store(f);
	assert_true(is_there(f, 3));
	buf_fini(&before);
	buf_fini(&after);
}

static void
test_plain_database_is_not_gone_on_with_where_keys_are_given(void **state)
{
	struct fixture *f = *state;

	store_keys_free(&f->keys);
	open_store(f);
	put(f, 1, 3);
	store_close(&f->store);
	give(f, &old_key, NULL);
	assert_int_equal(try_open(f, false), STORE_UNSEALED);
	/* Who only reads may have keys for other databases. */
	assert_int_equal(try_open(f, true), STORE_OK);
	assert_true(is_there(f, 3));
}

struct uses {
	struct store_key_use items[4];
	size_t count;
};

static void
gather_use_cb(const struct store_key_use *use, void *arg)
{
	struct uses *uses = arg;

	assert_true(uses->count < COUNT_OF(uses->items));
	uses->items[uses->count++] = *use;
}

static struct uses
uses_of(struct fixture *f)
{
	struct uses uses = {.count = 0};

	assert_int_equal(store_keys_each_use(f->keys, str_of(f->dir.database),
	    gather_use_cb, &uses, NULL), STORE_OK);
	return uses;
}

static void
test_new_key_is_used_from_then_on(void **state)
{
	struct fixture *f = *state;
	struct uses uses;

	open_store(f);
	put(f, 1, 50);
	store_close(&f->store);
	uses = uses_of(f);
	assert_int_equal(uses.count, 1);
	assert_true(uses.items[0].is_first && uses.items[0].pages > 20);
	assert_string_equal(uses.items[0].name, "old");
	uint64_t all = uses.items[0].pages;
	/* While it is open. */
	open_store(f);
	put(f, 51, 1);
	assert_true(store_keys_lead(f->keys, STR("new"), &new_key));
	put(f, 52, 50);
	assert_true(is_there(f, 1) && is_there(f, 51) && is_there(f, 101));
	store_close(&f->store);
	uses = uses_of(f);
	assert_int_equal(uses.count, 2);
	assert_string_equal(uses.items[0].name, "new");
	assert_true(uses.items[0].is_first && !uses.items[1].is_first);
	assert_true(uses.items[0].pages > 20);
	assert_true(uses.items[1].pages > 0 && uses.items[1].pages < all);
	/* Both are needed, in either order. */
	give(f, &old_key, &new_key);
	open_store(f);
	assert_true(is_there(f, 1) && is_there(f, 101));
	store_close(&f->store);
	give(f, &new_key, NULL);
	uses = uses_of(f);
	assert_int_equal(uses.count, 2);
	assert_string_equal(uses.items[1].name, "");
	assert_int_equal(read_all(f), STORE_SEALED);
	/* Told before anything begins, though the first page is readable. */
	assert_int_equal(try_open(f, false), STORE_SEALED);
	assert_true(str_find(buf_str(&f->detail), STR("page 1 ")) == SIZE_MAX);
	assert_true(str_find(buf_str(&f->detail),
	    STR("is encrypted under the key")) != SIZE_MAX);
}

/* ---------------------------------------------------------------- rewriting */

static enum store_error
rekey(struct fixture *f, bool unseals, struct buf *aside)
{
	struct store_copy_target target = {.to = str_of(f->dir.database),
	    .kind = COPY_REKEY, .replaces = true, .unseals = unseals,
	    .now_ms = 1795339800000};
	struct store_copy_progress at = {0, 1};
	struct store_copy *copy = NULL;
	enum store_error error;

	buf_clear(&f->detail);
	error = store_copy_open(
	    str_of(f->dir.database), f->keys, &copy, &f->detail);
	if (error == STORE_OK)
		error = store_copy_begin(copy, &target, &f->detail);
	while (error == STORE_OK && at.bytes < at.bytes_all)
		error = store_copy_step(copy, &at, &f->detail);
	if (error == STORE_OK)
		error = store_copy_check(copy, go_on_cb, NULL, &f->detail);
	if (error == STORE_OK)
		error = store_copy_keep(copy, aside, &f->detail);
	store_copy_close(&copy);
	return error;
}

static void
remove_aside(struct fixture *f, struct buf *aside)
{
	assert_int_equal(unlink(buf_cstr(aside)), 0);
	(void)unlink(arena_strf(f->arena, "%s-wal", buf_cstr(aside)).at);
}

static void
test_database_is_encrypted_rekeyed_and_decrypted(void **state)
{
	struct fixture *f = *state;
	struct buf aside = {0}, bytes = {0};
	uint64_t last;

	store_keys_free(&f->keys);
	open_store(f);
	put(f, 1, 50);
	last = store_last_number(f->store);
	store_close(&f->store);
	/* Encrypted: and what was there is kept. */
	give(f, &old_key, NULL);
	assert_int_equal(rekey(f, false, &aside), STORE_OK);
	read_file(f->dir.database, &bytes);
	assert_nothing_in(buf_str(&bytes));
	read_file(buf_cstr(&aside), &bytes);
	assert_true(str_find(buf_str(&bytes), STR(PLANTED)) != SIZE_MAX);
	remove_aside(f, &aside);
	open_store(f);
	assert_int_equal(store_last_number(f->store), last);
	put(f, 51, 1);
	/* Not while an engine has it. */
	buf_clear(&aside);
	assert_int_equal(rekey(f, false, &aside), STORE_LOCKED);
	store_close(&f->store);
	/* Another key, and then only that one. */
	give(f, &new_key, &old_key);
	buf_clear(&aside);
	assert_int_equal(rekey(f, false, &aside), STORE_OK);
	remove_aside(f, &aside);
	assert_int_equal(uses_of(f).items[1].pages, 0);
	give(f, &new_key, NULL);
	open_store(f);
	assert_true(is_there(f, 1) && is_there(f, 51));
	store_close(&f->store);
	/* Back to plain. */
	buf_clear(&aside);
	assert_int_equal(rekey(f, true, &aside), STORE_OK);
	read_file(f->dir.database, &bytes);
	assert_true(str_find(buf_str(&bytes), STR(PLANTED)) != SIZE_MAX);
	struct uses none = {.count = 0};
	assert_int_equal(store_keys_each_use(f->keys, str_of(f->dir.database),
	    gather_use_cb, &none, NULL), STORE_UNSEALED);
	assert_int_equal(none.count, 0);
	store_keys_free(&f->keys);
	open_store(f);
	assert_true(is_there(f, 1) && is_there(f, 51));
	buf_fini(&aside);
	buf_fini(&bytes);
}

/* What an engine wrote between the opening and the beginning is in it. */
static void
test_rekey_copies_what_is_there_when_it_has_the_lock(void **state)
{
	struct fixture *f = *state;
	struct store_copy_target target = {.to = str_of(f->dir.database),
	    .kind = COPY_REKEY, .replaces = true, .now_ms = 1795339800000};
	struct store_copy_progress at = {0, 1};
	struct store_copy *copy = NULL;
	struct buf aside = {0};

	open_store(f);
	put(f, 1, 1);
	assert_int_equal(store_copy_open(str_of(f->dir.database), f->keys,
	    &copy, NULL), STORE_OK);
	put(f, 2, 1);
	store_close(&f->store);
	assert_int_equal(store_copy_begin(copy, &target, NULL), STORE_OK);
	while (at.bytes < at.bytes_all)
		assert_int_equal(
		    store_copy_step(copy, &at, NULL), STORE_OK);
	assert_int_equal(
	    store_copy_check(copy, go_on_cb, NULL, NULL), STORE_OK);
	assert_int_equal(store_copy_keep(copy, &aside, NULL), STORE_OK);
	store_copy_close(&copy);
	remove_aside(f, &aside);
	open_store(f);
	assert_true(is_there(f, 1) && is_there(f, 2));
	buf_fini(&aside);
}

static void
test_ring_has_a_bound_and_no_twins(void **state)
{
	struct fixture *f = *state;
	struct cipher_key key = old_key;
	char id[STORE_KEY_ID_BYTES], first[STORE_KEY_ID_BYTES];

	/* The one that is there, twice more. */
	assert_true(store_keys_add(f->keys, STR("old"), &key));
	assert_true(store_keys_lead(f->keys, STR("old"), &key));
	for (int i = 1; i < STORE_KEYS_MAX; i++) {
		key.bytes[0] = (uint8_t)i;
		assert_true(store_keys_add(f->keys, STR("more"), &key));
	}
	key.bytes[0] = STORE_KEYS_MAX;
	assert_false(store_keys_add(f->keys, STR("one more"), &key));
	assert_false(store_keys_lead(f->keys, STR("one more"), &key));
	assert_true(str_equal(store_key_id(&old_key, id),
	    store_keys_first_id(f->keys, first)));
	key.bytes[0] = 5;
	assert_true(store_keys_lead(f->keys, STR("fifth"), &key));
	assert_true(str_equal(store_key_id(&key, id),
	    store_keys_first_id(f->keys, first)));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_on_the_disk_in_plain),
		TEST(test_the_same_is_never_encrypted_alike),
		TEST(test_any_changed_byte_is_refused),
		TEST(test_damage_is_told_with_its_page),
		TEST(test_swapped_replaced_and_missing_pages_are_refused),
		TEST(test_torn_log_ends_with_the_last_commit),
		TEST(test_changed_log_is_never_taken_for_a_commit),
		TEST(test_log_under_another_key_is_not_dropped),
		TEST(test_missing_and_wrong_keys_are_refused),
		TEST(test_plain_database_is_not_gone_on_with_where_keys_are_given),
		TEST(test_new_key_is_used_from_then_on),
		TEST(test_database_is_encrypted_rekeyed_and_decrypted),
		TEST(test_rekey_copies_what_is_there_when_it_has_the_lock),
		TEST(test_ring_has_a_bound_and_no_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
