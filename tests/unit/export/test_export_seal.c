/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: an export proves itself by the one that it carries, a database
 * has to go through all of them, and who recomputes all of it is found.
 */
#include "stated/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "seal_help.h"

static int
set_up(void **state)
{
	struct seal *seal = test_calloc(1, sizeof(*seal));

	seal_build(seal);
	*state = seal;
	return 0;
}

static int
tear_down(void **state)
{
	struct seal *seal = *state;

	seal_clear(seal);
	test_free(seal);
	return 0;
}

static void
change(struct seal *seal, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(seal->dir.database, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}


static void
test_database_goes_through_its_checkpoints(void **state)
{
	struct seal *seal = *state;
	size_t turns = SEAL_INSTANCES * SEAL_TURNS + SEAL_TURNS;

	assert_true(seal_is_sound(seal, seal->dir.database));
	assert_int_equal(seal->report.turns, turns);
	assert_int_equal(seal->report.checkpoints, 2);
	assert_true(seal->report.is_signed);
	assert_int_equal(seal->report.instances, SEAL_INSTANCES);
	assert_int_equal(seal->report.journal, 2 * SEAL_TURNS);
}

static void
test_export_proves_itself(void **state)
{
	struct seal *seal = *state;
	const struct export_options cases[] = {
	    {.format = EXPORT_JSONL},
	    {.instance = 4},
	    {.workflow = STR("payment")},
	    {.from_ms = SEAL_FROM_MS + 3},
	    {.to_ms = SEAL_FROM_MS + 3},
	    {.from_ms = SEAL_FROM_MS + 3, .to_ms = SEAL_FROM_MS + 6},
	    {.instance = 9, .from_ms = SEAL_FROM_MS + 7},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		seal_export(seal, cases[i]);
		assert_true(seal_file_is_sound(seal, buf_str(&seal->text)));
		assert_int_equal(seal->report.checkpoints, 1);
		assert_true(seal->report.turns > 0);
		assert_true(seal->report.is_signed);
	}
	seal_export(seal, (struct export_options){.workflow = STR("none")});
	seal->against.checkpoint_count = 0;
	assert_true(seal_file_is_sound(seal, buf_str(&seal->text)));
}

static void
test_records_after_the_checkpoint_are_told_apart(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);

	seal_fill(seal, store, 1, "later");
	store_close(&store);
	seal_export(seal, (struct export_options){.instance = 3});
	assert_true(seal_file_is_sound(seal, buf_str(&seal->text)));
	assert_int_equal(seal->report.turns, SEAL_TURNS);
	assert_int_equal(seal->report.unproved, 2);
	assert_true(seal_is_sound(seal, seal->dir.database));
}

static void
test_large_log_is_proved_by_its_nodes(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);

	/* Two levels of stored nodes are more than a test has time for. */
	seal_fill(seal, store, 70, "much more");
	seal_make(seal, store);
	store_close(&store);
	seal->against.checkpoints = &seal->kept[2];
	assert_true(seal_is_sound(seal, seal->dir.database));
	seal_export(seal, (struct export_options){.instance = 5});
	assert_true(seal_file_is_sound(seal, buf_str(&seal->text)));
	/* A node that was made up doesn't help. */
	change(seal, "UPDATE tree SET hash = zeroblob(32) WHERE position = 1");
	seal_export(seal, (struct export_options){
	    .instance = 5, .to_ms = SEAL_FROM_MS + 5});
	assert_false(seal_file_is_sound(seal, buf_str(&seal->text)));
	assert_true(seal_is_sound(seal, seal->dir.database));
}

/* ------------------------------------------------------------------ proofs */

static struct store_checkpoint
find(struct seal *seal, struct store *store, uint64_t number)
{
	struct store_checkpoint row;

	assert_int_equal(
	    store_find_checkpoint(store, seal->arena, number, &row), STORE_OK);
	return row;
}

static void
test_proofs_hold_by_themselves_and_changed_ones_do_not(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct store_checkpoint first = find(seal, store, 1);
	struct store_checkpoint second = find(seal, store, 2);
	struct buf proofs[2] = {0};

	assert_int_equal(
	    export_prove_instance(store, &second, 6, &proofs[0]), STORE_OK);
	assert_int_equal(
	    export_prove_consistency(store, &first, &second, &proofs[1]),
	    STORE_OK);
	for (size_t i = 0; i < 2; i++) {
		char *text = proofs[i].at;

		assert_true(seal_file_is_sound(seal, buf_str(&proofs[i])));
		assert_true(seal->report.turns > 0);
		/* The last byte ends the line. */
		for (size_t at = 0; at + 1 < proofs[i].bytes; at += 13) {
			text[at] ^= 1;
			if (seal_file_is_sound(seal, buf_str(&proofs[i])))
				fail_msg("a change at %zu is not found", at);
			text[at] ^= 1;
		}
		buf_fini(&proofs[i]);
	}
	assert_int_equal(
	    export_prove_instance(store, &first, 700, &proofs[0]),
	    STORE_ABSENT);
	buf_fini(&proofs[0]);
	store_close(&store);
}

static bool
is_sound_with(struct seal *seal, const char *before, const char *line,
    const char *after)
{
	return seal_file_is_sound(seal, arena_strf(
	    seal->arena, "%s%s%s\n", before, line, after));
}

/* A turn counts once, and whatever else stands there is not proved. */
static void
test_proof_says_each_turn_once_and_nothing_more(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct store_checkpoint second = find(seal, store, 2);
	struct buf proof = {0};
	char *text, *turns, *end;

	assert_int_equal(
	    export_prove_instance(store, &second, 6, &proof), STORE_OK);
	store_close(&store);
	text = strdup(buf_cstr(&proof));
	buf_fini(&proof);
	turns = strstr(text, "\"turns\":[") + strlen("\"turns\":[");
	end = strstr(turns, "]}}");
	assert_non_null(end);
	*end = '\0';
	assert_true(is_sound_with(seal, text, "]}}", ""));
	assert_false(is_sound_with(seal, text,
	    arena_cstr(seal->arena, arena_strf(seal->arena, ",%s", turns)),
	    "]}}"));
	assert_int_equal(seal->report.fault, AUDIT_REORDERED);
	assert_false(is_sound_with(seal, text, "],\"word\":1}}", ""));
	assert_int_equal(seal->report.fault, AUDIT_MALFORMED);
	free(text);
}

static void
test_proof_by_another_checkpoint_than_was_kept_is_refused(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct store_checkpoint first = find(seal, store, 1);
	struct buf proof = {0};

	assert_int_equal(
	    export_prove_instance(store, &first, 6, &proof), STORE_OK);
	assert_false(seal_file_is_sound(seal, buf_str(&proof)));
	seal->against.checkpoints = &seal->kept[0];
	assert_true(seal_file_is_sound(seal, buf_str(&proof)));
	buf_fini(&proof);
	store_close(&store);
}

static bool
is_sound_between(struct seal *seal, struct str before, struct str line)
{
	return seal_file_is_sound(seal,
	    arena_strf(seal->arena, "%.*s\n%.*s\n%.*s\n", STR_ARG(before),
		STR_ARG(line), STR_ARG(before)));
}

static void
test_line_that_was_cut_is_named(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct str first = find(seal, store, 1).document;
	struct str second = find(seal, store, 2).document;

	seal->against.checkpoint_count = 0;
	for (size_t bytes = 1; bytes < second.bytes; bytes++) {
		assert_true(is_sound_between(
		    seal, first, str_slice(second, 0, bytes)));
		assert_int_equal(seal->report.cut, 1);
		assert_int_equal(seal->report.cut_line, 2);
		assert_int_equal(seal->report.checkpoints, 2);
		/* The first one of the file. */
		assert_true(seal_file_is_sound(seal,
		    arena_strf(seal->arena, "%.*s\n%.*s\n",
			STR_ARG(str_slice(second, 0, bytes)),
			STR_ARG(first))));
		assert_int_equal(seal->report.cut, 1);
		assert_int_equal(seal->report.cut_line, 1);
		assert_int_equal(seal->report.checkpoints, 1);
	}
	/* The only one. */
	assert_false(seal_file_is_sound(seal, str_slice(second, 0, 50)));
	assert_int_equal(seal->report.fault, AUDIT_CUT);
	store_close(&store);
}

static void
test_empty_line_is_no_cut_one(void **state)
{
	static const struct {
		const char *before, *after;
	} forms[] = {{"\n", "\n"}, {"", "\n\n"}, {"\n\n", "\n\n\n"}};
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct str first = find(seal, store, 1).document;

	seal->against.checkpoint_count = 0;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		assert_true(seal_file_is_sound(seal,
		    arena_strf(seal->arena, "%s%.*s%s", forms[i].before,
			STR_ARG(first), forms[i].after)));
		assert_int_equal(seal->report.cut, 0);
		assert_int_equal(seal->report.checkpoints, 1);
	}
	assert_true(is_sound_between(seal, first, STR("")));
	assert_int_equal(seal->report.cut, 0);
	/* The lines are counted all the same. */
	assert_false(seal_file_is_sound(seal,
	    arena_strf(seal->arena, "%.*s\n\nx\n", STR_ARG(first))));
	assert_int_equal(seal->report.line, 3);
	store_close(&store);
}

static void
test_line_that_was_changed_is_no_cut_one(void **state)
{
	struct seal *seal = *state;
	struct store *store = help_open(&seal->dir);
	struct str first = find(seal, store, 1).document;
	struct str second = arena_str(seal->arena,
	    find(seal, store, 2).document);
	char *text = (char *)second.at;

	for (size_t at = 0; at < second.bytes; at++) {
		text[at] ^= 1;
		assert_false(is_sound_between(seal, first, second));
		assert_int_equal(seal->report.cut, 0);
		text[at] ^= 1;
	}
	assert_false(is_sound_between(seal, first,
	    str_slice(second, 1, second.bytes)));
	assert_int_equal(seal->report.fault, AUDIT_MALFORMED);
	assert_int_equal(seal->report.line, 2);
	assert_int_equal(seal->report.broken, 1);
	store_close(&store);
}

/* -------------------------------------------------------- who changes all */

static void
copy_identity(const struct seal *from, const struct seal *to)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "ATTACH '%s' AS other;"
	    "UPDATE meta SET value = (SELECT value FROM other.meta"
	    "	WHERE name = 'identity') WHERE name = 'identity'",
	    from->dir.database);
	change((struct seal *)(uintptr_t)to, sql);
}

/* Everything is recomputed, heads and checkpoints too: only what was kept
 * elsewhere tells. */
static void
test_database_that_was_replaced_whole_is_found(void **state)
{
	struct seal *seal = *state;
	struct seal forged;
	struct store *store;

	seal_set_up(&forged);
	store = help_open(&forged.dir);
	store_close(&store);
	copy_identity(seal, &forged);
	store = help_open(&forged.dir);
	seal_fill(&forged, store, SEAL_TURNS, "as they would have it");
	store_close(&store);
	forged.against.checkpoint_count = 0;
	assert_true(seal_is_sound(&forged, forged.dir.database));
	forged.against = seal->against;
	assert_false(seal_is_sound(&forged, forged.dir.database));
	assert_int_equal(forged.report.fault, AUDIT_CHANGED);
	assert_non_null(strstr(forged.report.explanation, "checkpoint 2"));
	seal_clear(&forged);
}

static void
test_checkpoint_of_another_key_is_found(void **state)
{
	struct seal *seal = *state;
	struct signature_key *own = seal->key, *other;
	struct str pem = STR(
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	    "-----END PRIVATE KEY-----\n");
	struct store *store = help_open(&seal->dir);

	other = signature_key_read(pem);
	assert_non_null(other);
	seal->key = other;
	seal_make(seal, store);
	seal->key = own;
	store_close(&store);
	signature_key_free(&other);
	assert_false(seal_is_sound(seal, seal->dir.database));
	/* Without a key nobody knows whose it should be. */
	seal->against.key_count = 0;
	assert_true(seal_is_sound(seal, seal->dir.database));
	assert_false(seal->report.is_signed);
}

static void
test_break_is_named_behind_the_last_checkpoint_that_holds(void **state)
{
	struct seal *seal = *state;

	seal->against.checkpoints = seal->kept;
	seal->against.checkpoint_count = 2;
	/* The last turn of the log, one of the journal's, is cut off, and
	 * nothing else knows of it. */
	change(seal, "DELETE FROM history WHERE id = (SELECT max(id) FROM"
		     " history);"
		     "UPDATE meta SET value = CAST(x'0000000000000006' ||"
		     " (SELECT substr(hashes, -32) FROM history WHERE"
		     " instance = 0 ORDER BY first_seq DESC LIMIT 1) AS BLOB)"
		     " WHERE name = 'journal_head'");
	assert_false(seal_is_sound(seal, seal->dir.database));
	assert_int_equal(seal->report.fault, AUDIT_CUT);
	assert_non_null(strstr(seal->report.explanation, "turns up to 20 "));
}

/* Its own checkpoints are of what was put in its place. */
static void
test_turns_of_a_fork_are_not_as_they_were(void **state)
{
	struct seal *seal = *state;
	struct store *store;

	change(seal, "DELETE FROM checkpoint WHERE number = 2;"
		     "DELETE FROM history WHERE id > 20;"
		     "UPDATE instance SET (head_seq, head_hash) ="
		     " (SELECT first_seq + count - 1, substr(hashes, -32) FROM"
		     " history WHERE instance = number ORDER BY first_seq DESC"
		     " LIMIT 1);"
		     "UPDATE meta SET value = CAST(x'0000000000000004' ||"
		     " (SELECT substr(hashes, -32) FROM history WHERE"
		     " instance = 0 ORDER BY first_seq DESC LIMIT 1) AS BLOB)"
		     " WHERE name = 'journal_head'");
	store = help_open(&seal->dir);
	seal_fill(seal, store, 1, "in its place");
	seal_make(seal, store);
	seal_fill(seal, store, 1, "and on");
	store_close(&store);
	seal->against.checkpoints = seal->kept;
	seal->against.checkpoint_count = 2;
	assert_false(seal_is_sound(seal, seal->dir.database));
	assert_int_equal(seal->report.fault, AUDIT_CHANGED);
	assert_non_null(strstr(seal->report.explanation, "turns up to 20 "));
	assert_non_null(strstr(seal->report.explanation, "were kept"));
}

/* What no turn proves stands in an export, too. */
static void
test_chain_of_another_database_has_no_place_in_an_export(void **state)
{
	static const char *const names[] = {"in words", "",
	    "0af1b2c3-d4e5-8607-8000-000000000001",
	    "0AF1B2C3-D4E5-8607-8000-000000000001"};
	struct seal *seal = *state;
	struct str own;

	seal_export(seal, (struct export_options){.instance = 4});
	own = arena_str(seal->arena, buf_str(&seal->text));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct value_builder *built = value_build_context(seal->arena);
		struct audit_head head = {0};
		struct audit_record record;
		char hex[DIGEST_HEX_BYTES];

		value_put_str(built, "instance", str_of(names[i]));
		record = audit_seal(seal->arena, value_built(built), &head);
		assert_false(seal_file_is_sound(seal,
		    arena_strf(seal->arena, "%.*s,\"hash\":\"%s\"}\n%.*s",
			STR_ARG(str_slice(record.canonical, 0,
			    record.canonical.bytes - 1)),
			digest_hex(record.hash, hex).at, STR_ARG(own))));
		assert_int_equal(seal->report.broken, 2);
	}
}

static void
test_journal_whose_end_is_cut_is_found_without_a_checkpoint(void **state)
{
	struct seal *seal = *state;

	change(seal, "DELETE FROM checkpoint; DELETE FROM history WHERE id ="
		     " (SELECT max(id) FROM history WHERE instance = 0)");
	seal->against = (struct export_against){.key_count = 0};
	assert_false(seal_is_sound(seal, seal->dir.database));
	assert_int_equal(seal->report.fault, AUDIT_CUT);
	assert_non_null(strstr(seal->report.explanation, "journal"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_database_goes_through_its_checkpoints),
	    TEST(test_export_proves_itself),
	    TEST(test_records_after_the_checkpoint_are_told_apart),
	    TEST(test_large_log_is_proved_by_its_nodes),
	    TEST(test_proofs_hold_by_themselves_and_changed_ones_do_not),
	    TEST(test_proof_says_each_turn_once_and_nothing_more),
	    TEST(test_proof_by_another_checkpoint_than_was_kept_is_refused),
	    TEST(test_line_that_was_cut_is_named),
	    TEST(test_empty_line_is_no_cut_one),
	    TEST(test_line_that_was_changed_is_no_cut_one),
	    TEST(test_database_that_was_replaced_whole_is_found),
	    TEST(test_checkpoint_of_another_key_is_found),
	    TEST(test_break_is_named_behind_the_last_checkpoint_that_holds),
	    TEST(test_turns_of_a_fork_are_not_as_they_were),
	    TEST(test_chain_of_another_database_has_no_place_in_an_export),
	    TEST(test_journal_whose_end_is_cut_is_found_without_a_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
