/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_help.h: rows and directories for tests that need a store.
 *
 * Include it after cmocka.h: what goes wrong here fails the test.
 */
#ifndef TEST_STORE_HELP_H
#define TEST_STORE_HELP_H

#include "stated/store_keys.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HELP_NUMBERS_MAX 64

struct help_numbers {
	uint64_t at[HELP_NUMBERS_MAX];
	size_t count;
};

/* ------------------------------------------------------------ directories */

struct help_dir {
	char path[64];
	char database[96];
};

static inline void
help_dir_make(struct help_dir *dir)
{
	strcpy(dir->path, "/tmp/stated-test-XXXXXX");
	assert_non_null(mkdtemp(dir->path));
	snprintf(dir->database, sizeof(dir->database), "%s/stated.db",
	    dir->path);
}

static inline void
help_dir_remove(struct help_dir *dir)
{
	DIR *listed = opendir(dir->path);
	const struct dirent *entry;
	char path[512];

	assert_non_null(listed);
	while ((entry = readdir(listed)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir->path,
		    entry->d_name);
		assert_int_equal(unlink(path), 0);
	}
	closedir(listed);
	assert_int_equal(rmdir(dir->path), 0);
}

/* -------------------------------------------------------------------- keys */

/* With STATED_SEALED in the environment databases are encrypted, and all must
 * be as it is without: tests/unit/store/sealed.sh. */
static inline struct store_keys *
help_keys(void)
{
	static struct store_keys *keys;
	static const struct cipher_key key = {"a key of 32 bytes, as it is made"};

	if (getenv("STATED_SEALED") == NULL)
		return NULL;
	if (keys == NULL) {
		keys = store_keys_new();
		assert_true(store_keys_add(keys, STR("test"), &key));
	}
	return keys;
}

/* ------------------------------------------------------------------ stores */

static inline struct store *
help_open(const struct help_dir *dir)
{
	struct store *store = NULL;
	struct buf detail = {0};
	enum store_error error = store_open((struct store_options){
	    .path = str_of(dir->database), .create = true,
	    .keys = help_keys()}, &store, &detail);

	if (error != STORE_OK)
		fail_msg("open: %.*s %s", STR_ARG(store_error_text(error)),
		    buf_cstr(&detail));
	buf_fini(&detail);
	return store;
}

/* Until the batch under way is done. */
static inline void
help_wait(struct store *store)
{
	struct pollfd watched = {store_fd(store), POLLIN, 0};

	assert_int_equal(poll(&watched, 1, 10000), 1);
}

/* -------------------------------------------------------------------- rows */

static inline struct store_instance
help_instance(uint64_t number)
{
	return (struct store_instance){
		.number = number,
		.workflow = STR("payment"),
		.version = 3,
		.definition = digest_sha256(STR("definition")),
		.status = STR("waiting"),
		.state = STR("approve"),
		.initiator = STR("alice"),
		.priority = STR("normal"),
		.started_ms = 1000,
		.changed_ms = 2000,
		.head = {4, digest_sha256(STR("head"))},
		.snapshot = STR("snapshot"),
	};
}

static inline struct store_event
help_event(const char *source, const char *id, enum store_event_status status)
{
	return (struct store_event){
		.source = str_of(source),
		.event_id = str_of(id),
		.type = STR("payment.settled"),
		.subject = STR("P-1"),
		.status = status,
		.received_ms = 500,
		.expires_ms = status == EVENT_HELD ? 900 : 0,
		.body = STR("body"),
	};
}

static inline struct store_idempotency
help_idempotency(const char *key)
{
	return (struct store_idempotency){
		.key = str_of(key),
		.request = digest_sha256(STR("request")),
		.status = 201,
		.response = STR("{\"id\":1}"),
		.location = STR("/v1/instances/1"),
		.expires_ms = 1000,
	};
}

/* Seals `count` records and adds them as one turn. */
static inline void
help_add_turn(struct store_batch *batch, struct arena *arena, uint64_t instance,
    struct audit_head *head, size_t count)
{
	struct audit_record *records =
	    ARENA_ARRAY(arena, count, struct audit_record);

	for (size_t i = 0; i < count; i++) {
		struct value_builder *record = value_build_context(arena);
		value_put_int(record, "instance", (int64_t)instance);
		value_put_str(record, "kind", audit_kind_name(AUDIT_ENTERED));
		value_put_str(record, "time", STR("2026-11-22T09:30:00.000Z"));
		records[i] = audit_seal(arena, value_built(record), head);
	}
	store_add_history(batch, instance, records, count);
}

static inline bool
help_verify_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	(void)instance;
	assert_int_equal(audit_verify_next(arg, record->canonical,
	    record->hash), AUDIT_SOUND);
	return true;
}

/* Where an instance's history ends, which must be sound; zeros: none. */
static inline struct audit_head
help_history(struct store *store, uint64_t instance)
{
	struct audit_head head = {0};

	assert_int_equal(store_each_record(store, instance, 1, help_verify_cb,
	    &head), STORE_OK);
	return head;
}

/* ------------------------------------------------------------ the fixture */

struct help_fixture {
	struct help_dir dir;
	struct store *store;
	struct arena *arena;
};

static inline int
help_set_up(void **state)
{
	struct help_fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	f->store = help_open(&f->dir);
	*state = f;
	return 0;
}

static inline int
help_tear_down(void **state)
{
	struct help_fixture *f = *state;

	store_close(&f->store);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

static inline void
help_commit(struct help_fixture *f)
{
	struct buf detail = {0};

	if (store_commit_now(f->store, &detail) != STORE_OK)
		fail_msg("commit: %s", buf_cstr(&detail));
	buf_fini(&detail);
}

static inline void
help_gather_cb(uint64_t number, void *arg)
{
	struct help_numbers *numbers = arg;

	assert_true(numbers->count < HELP_NUMBERS_MAX);
	numbers->at[numbers->count++] = number;
}

#endif
