/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_help.h: a database with a journal and signed checkpoints, for tests
 * that change it.  Include it after cmocka.h.
 */
#ifndef SEAL_HELP_H
#define SEAL_HELP_H

#include "../store/test_store_help.h"
#include "stated/clock.h"
#include "stated/export.h"
#include "stated/export_proof.h"

#define SEAL_INSTANCES 9
#define SEAL_TURNS 4 /* of each, and of the journal */
/* 2026-11-01T00:00:00Z */
#define SEAL_FROM_MS ((int64_t)1793491200000)

static const char seal_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

struct seal {
	struct help_dir dir;
	struct arena *arena;
	struct signature_key *key;
	const struct signature_key *keys[1];
	struct audit_signed kept[4]; /* every checkpoint that was made */
	size_t kept_count;
	struct export_against against; /* the key, and the last of them */
	struct export_report report;
	struct buf text; /* of the export */
	char file[96];
};

/* A turn of two records; `word` is what it says. */
static inline void
seal_add_turn(struct arena *arena, struct store *store, uint64_t instance,
    struct audit_head *head, const char *word)
{
	struct store_identity identity = store_identity(store);
	struct audit_record records[2];
	char id[AUDIT_ID_BYTES], time[CLOCK_TEXT_BYTES];

	for (int i = 0; i < 2; i++) {
		struct value_builder *record = value_build_context(arena);

		value_put_str(record, "instance",
		    audit_id_format(identity.bytes, instance, id));
		bool is_start = instance != STORE_JOURNAL && head->seq == 0;
		value_put_str(record, "kind",
		    audit_kind_name(is_start ? AUDIT_STARTED : AUDIT_ENTERED));
		if (is_start)
			value_put_str(record, "workflow", STR("payment"));
		value_put_str(record, "word", str_of(word));
		value_put_str(record, "time",
		    clock_format(SEAL_FROM_MS + (int64_t)head->seq, time));
		const struct value *built = value_built(record);
		if (instance == STORE_JOURNAL)
			store_add_journal(store_batch(store), built);
		records[i] = audit_seal(arena, built, head);
	}
	if (instance != STORE_JOURNAL)
		store_add_history(store_batch(store), instance, records, 2);
}

/* A checkpoint of all that there is, as an engine makes it, but that the
 * journal says nothing of it. */
static inline void
seal_make(struct seal *seal, struct store *store)
{
	struct export_maker *maker = NULL;
	struct audit_checkpoint made;
	struct store_checkpoint row;
	bool is_done = false;
	size_t count;

	assert_int_equal(export_maker_begin(store, &maker), STORE_OK);
	while (!is_done)
		assert_int_equal(
		    export_maker_step(maker, 7, &is_done), STORE_OK);
	made = export_maker_checkpoint(maker);
	made.time_ms = SEAL_FROM_MS;
	row = (struct store_checkpoint){
	    .number = made.number,
	    .size = made.size,
	    .at_ms = made.time_ms,
	    .document = audit_checkpoint_sign(seal->arena, &made, seal->key),
	};
	const struct store_node *nodes = export_maker_nodes(maker, &count);
	store_add_nodes(store_batch(store), nodes, count);
	store_add_checkpoint(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	export_maker_free(&maker);
	assert_true(audit_checkpoint_read(
	    seal->arena, row.document, &seal->kept[seal->kept_count++]));
}

/* `rounds` turns of every instance and of the journal, one after another. */
static inline void
seal_fill(struct seal *seal, struct store *store, int rounds, const char *word)
{
	for (int round = 0; round < rounds; round++) {
		for (uint64_t n = 0; n <= SEAL_INSTANCES; n++) {
			struct store_instance row = help_instance(n);

			row.started_ms = SEAL_FROM_MS;
			row.head = help_history(store, n);
			seal_add_turn(
			    seal->arena, store, n, &row.head, word);
			if (n != STORE_JOURNAL)
				store_put_instance(store_batch(store), &row);
		}
		assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	}
}

static inline void
seal_set_up(struct seal *seal)
{
	*seal = (struct seal){.arena = arena_new()};
	help_dir_make(&seal->dir);
	snprintf(seal->file, sizeof(seal->file), "%s/export.jsonl",
	    seal->dir.path);
	seal->key = signature_key_read(str_of(seal_private));
	assert_non_null(seal->key);
	seal->keys[0] = seal->key;
	seal->against = (struct export_against){
	    .keys = seal->keys, .key_count = 1};
}

/* With two checkpoints, the last of all of it. */
static inline void
seal_build(struct seal *seal)
{
	struct store *store;

	seal_set_up(seal);
	store = help_open(&seal->dir);
	seal_fill(seal, store, SEAL_TURNS / 2, "as it was");
	seal_make(seal, store);
	seal_fill(seal, store, SEAL_TURNS / 2, "as it was");
	seal_make(seal, store);
	store_close(&store);
	seal->against.checkpoints = &seal->kept[1];
	seal->against.checkpoint_count = 1;
}

static inline void
seal_clear(struct seal *seal)
{
	signature_key_free(&seal->key);
	buf_fini(&seal->text);
	arena_free(&seal->arena);
	help_dir_remove(&seal->dir);
}

static inline void
seal_export(struct seal *seal, struct export_options options)
{
	struct export *export = NULL;
	bool is_end = false;

	options.path = str_of(seal->dir.database);
	options.closing_line = true;
	buf_clear(&seal->text);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(export_next(export, &seal->text, &is_end),
		    STORE_OK);
	export_close(&export);
}

static inline void
seal_write(struct seal *seal, struct str text)
{
	FILE *file = fopen(seal->file, "w");

	assert_non_null(file);
	assert_int_equal(
	    fwrite(text.at, 1, text.bytes, file), text.bytes);
	assert_int_equal(fclose(file), 0);
}

/* false where something is wrong, or where it can't even be read. */
static inline bool
seal_is_sound(struct seal *seal, const char *path)
{
	enum store_error error = export_verify_against(
	    str_of(path), &seal->against, &seal->report, NULL);

	return error == STORE_OK && seal->report.fault == AUDIT_SOUND;
}

static inline bool
seal_file_is_sound(struct seal *seal, struct str text)
{
	seal_write(seal, text);
	return seal_is_sound(seal, seal->file);
}

#endif
