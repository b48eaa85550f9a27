/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever somebody changes in a database or in an exported file, verifying
 * names the first break.
 */
#include "stated/clock.h"
#include "stated/export.h"
#include "stated/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../store/test_store_help.h"
#include "../store/test_store_old.h"

/* Of column `packed`, the byte at `at`: one more or less. */
#define CHANGED_BYTE(at)                                                       \
	" CAST(substr(packed, 1, " at " - 1) ||"                               \
	" CASE substr(packed, " at ", 1) WHEN x'65' THEN x'66' ELSE x'65' END" \
	" || substr(packed, " at " + 1) AS BLOB)"

struct fixture {
	struct help_dir dir;
	struct arena *arena;
	struct export_report report;
	struct buf text; /* of the file, as it is to be changed */
	char file[96];
};

/* Instances 1 to 4 with two turns of two records each. */
static void
fill(struct fixture *f)
{
	struct store *store = help_open(&f->dir);

	for (uint64_t n = 1; n <= 4; n++) {
		struct store_instance row = help_instance(n);
		row.head = (struct audit_head){0};
		help_add_turn(store_batch(store), f->arena, n, &row.head, 2);
		help_add_turn(store_batch(store), f->arena, n, &row.head, 2);
		store_put_instance(store_batch(store), &row);
	}
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

static void
export_all(struct fixture *f, bool closing_line)
{
	struct export *export = NULL;
	struct export_options options = {.path = str_of(f->dir.database),
	    .closing_line = closing_line};
	bool is_end = false;

	buf_clear(&f->text);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(export_next(export, &f->text, &is_end),
		    STORE_OK);
	export_close(&export);
}

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	snprintf(f->file, sizeof(f->file), "%s/export.jsonl", f->dir.path);
	fill(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->text);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

static void
assert_fault(struct fixture *f, enum audit_fault fault, uint64_t place,
    uint64_t seq)
{
	uint64_t at = f->report.number > 0 ? f->report.number : f->report.line;

	assert_int_equal(f->report.fault, fault);
	assert_int_equal(at, place);
	assert_int_equal(f->report.seq, seq);
	assert_true(f->report.explanation[0] != '\0');
	assert_true(f->report.broken > 0);
}

/* --------------------------------------------------------------- databases */

static void
verify_after(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(export_verify(str_of(f->dir.database), NULL, &f->report,
	    NULL), STORE_OK);
}

static void
test_numbers_that_a_restore_left_out_are_not_missed(void **state)
{
	struct fixture *f = *state;
	static const char left_out[] =
	    "INSERT INTO meta VALUES ('skipped-5', 900);"
	    "UPDATE meta SET value = 900 WHERE name = 'last_number'";

	verify_after(f, left_out);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.instances, 4);
	/* Those before and after it are. */
	verify_after(f, "UPDATE meta SET value = 902"
			" WHERE name = 'last_number'");
	assert_fault(f, AUDIT_MISSING, 901, 0);
	assert_int_equal(f->report.broken, 2);
	verify_after(f, "DELETE FROM instance WHERE number = 4");
	assert_fault(f, AUDIT_MISSING, 4, 0);
}

static void
test_database_as_written_is_sound(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.instances, 4);
	assert_int_equal(f->report.records, 16);
	assert_int_equal(f->report.broken, 0);
}

static void
test_changed_record_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET packed ="
	    CHANGED_BYTE("length(packed) - 6")
	    " WHERE instance = 2 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 2, 3);
	assert_string_equal(f->report.instance, "2");
	assert_int_equal(f->report.broken, 1);
	assert_int_equal(f->report.instances, 4);
}

static void
test_changed_hash_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET hashes = zeroblob(32)"
	    " WHERE instance = 3 AND first_seq = 1");
	assert_fault(f, AUDIT_CHANGED, 3, 2);
}

static void
test_removed_turn_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM history"
	    " WHERE instance = 1 AND first_seq = 1");
	assert_fault(f, AUDIT_MISSING, 1, 1);
}

static void
test_removed_end_of_a_history_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM history"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CUT, 1, 3);
}

static void
test_removed_hash_or_end_of_a_turn_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET hashes = x''"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 1, 4);
	verify_after(f, "UPDATE history SET packed = substr(packed, 1, 10)"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 1, 3);
	verify_after(f, "UPDATE history SET packed = x''"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 1, 3);
	verify_after(f, "UPDATE history SET hashes = x'', packed = NULL"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CUT, 1, 3);
}

static void
test_dictionary_that_is_changed_or_gone_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(
	    f, "UPDATE dictionary SET bytes = zeroblob(length(bytes))");
	assert_fault(f, AUDIT_MALFORMED, 1, 1);
	assert_int_equal(f->report.broken, 4);
	verify_after(f, "UPDATE dictionary SET bytes = x''");
	assert_fault(f, AUDIT_CHANGED, 1, 1);
}

/* Rows of schema 3 have the text of each record, and all hashes. */
static void
test_changes_of_what_an_older_program_wrote_are_found(void **state)
{
	struct fixture *f = *state;

	old_write_as_before(f->dir.database);
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.records, 16);
	verify_after(f, "UPDATE history SET records ="
	    " replace(records, 'entered', 'decided')"
	    " WHERE instance = 2 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 2, 3);
	assert_int_equal(f->report.broken, 1);
	verify_after(f, "UPDATE history SET hashes = substr(hashes, 1, 32)"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CHANGED, 1, 4);
	verify_after(f, "UPDATE history SET hashes = x'', records = ''"
	    " WHERE instance = 1 AND first_seq = 3");
	assert_fault(f, AUDIT_CUT, 1, 3);
}

static void
test_instance_row_set_back_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE instance SET head_seq = 2 WHERE number = 4");
	assert_fault(f, AUDIT_CHANGED, 4, 3);
	verify_after(f, "UPDATE instance SET head_seq = 4,"
	    " head_hash = zeroblob(32) WHERE number = 4");
	assert_fault(f, AUDIT_CHANGED, 4, 4);
}

/* Instance 5 begins as the engine lets one begin. */
static void
add_started(struct fixture *f)
{
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(5);
	struct value_builder *started = value_build_context(f->arena);
	struct audit_record record;

	value_put_str(started, "kind", STR("started"));
	value_put_str(started, "time", STR("2026-11-22T09:30:00.000Z"));
	value_put_str(started, "instance", STR("5"));
	value_put_str(started, "workflow", row.workflow);
	value_put_str(started, "business_key", row.business_key);
	assert_true(clock_parse(
	    STR("2026-11-22T09:30:00.000Z"), &row.started_ms));
	row.head = (struct audit_head){0};
	record = audit_seal(f->arena, value_built(started), &row.head);
	store_add_history(store_batch(store), 5, &record, 1);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

static void
test_row_under_another_key_than_its_first_record_is_found(void **state)
{
	struct fixture *f = *state;

	add_started(f);
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, "UPDATE instance SET business_key = 'another'"
	    " WHERE number = 5");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

/* Capital letters stand for digests: H for that of 2026.00, W of success, T of
 * the workflow `transfer`, and U for the bare one of 0815. */
static struct str
masked(struct arena *arena, const char *key, struct str salt)
{
	struct buf text = buf_in(arena);
	char hex[DIGEST_HEX_BYTES];

	for (; *key != '\0'; key++) {
		struct str value = *key == 'H' ? STR("2026.00")
		    : *key == 'W' ? STR("success") : STR("transfer");

		if (*key == 'H' || *key == 'W' || *key == 'T')
			buf_addf(&text, "hmac-sha256:%s", digest_hex(
			    digest_hmac_sha256(salt, value), hex).at);
		else if (*key == 'U')
			buf_addf(&text, "sha256:%s", digest_hex(
			    digest_sha256(STR("0815")), hex).at);
		else
			buf_add_char(&text, *key);
	}
	return buf_keep(&text);
}

/* What is masked in instance 5's records. */
struct masked {
	const char *workflow, *key, *outcome;
	bool is_erased;
};

/* Its key is P-2026-0815; it ends, and may be erased. */
static void
add_masked(struct fixture *f, struct str salt, struct masked said)
{
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(5);
	struct audit_record records[3];
	const struct str kinds[] = {
	    STR("started"), STR("ended"), STR("erased")};
	size_t count = said.is_erased ? 3 : 2;

	row.workflow = STR("transfer");
	row.business_key = STR("P-2026-0815");
	row.status = STR("completed");
	assert_true(clock_parse(
	    STR("2026-11-22T09:30:00.000Z"), &row.started_ms));
	row.ended_ms = row.started_ms;
	row.head = (struct audit_head){0};
	for (size_t i = 0; i < count; i++) {
		struct value_builder *built = value_build_context(f->arena);

		value_put_str(built, "kind", kinds[i]);
		value_put_str(built, "time", STR("2026-11-22T09:30:00.000Z"));
		value_put_str(built, "instance", STR("5"));
		if (i == 0)
			value_put_str(built, "workflow",
			    masked(f->arena, said.workflow, salt));
		if (i == 0)
			value_put_str(built, "business_key",
			    masked(f->arena, said.key, salt));
		if (i == 1)
			value_put_str(built, "outcome",
			    masked(f->arena, said.outcome, salt));
		records[i] =
		    audit_seal(f->arena, value_built(built), &row.head);
	}
	store_add_history(store_batch(store), 5, records, count);
	store_put_salt(store_batch(store), 5, salt);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

#define SALT STR("0123456789abcdef")
#define SET_KEY(key) \
	"UPDATE instance SET business_key = '" key "' WHERE number = 5"
#define FORGET "DELETE FROM salt WHERE instance = 5;"

static void
test_sensitive_value_in_the_midst_of_a_key_is_sound(void **state)
{
	struct fixture *f = *state;

	add_masked(f, SALT, (struct masked){
	    "transfer", "P-H-0815", "success", false});
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, SET_KEY("P-2026.0-0815"));
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, SET_KEY("P-2027-0815"));
	assert_fault(f, AUDIT_CHANGED, 5, 1);
	verify_after(f, SET_KEY("P-2026-0816"));
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

/* In the row, with capital letters for digests. */
static void
set_masked(struct fixture *f, const char *column, const char *pattern)
{
	struct buf sql = {0};

	buf_addf(&sql, "UPDATE instance SET %s = '%.*s' WHERE number = 5",
	    column, STR_ARG(masked(f->arena, pattern, SALT)));
	verify_after(f, buf_cstr(&sql));
	buf_fini(&sql);
}

static void
assert_key_is_found(struct fixture *f, const char *pattern)
{
	set_masked(f, "business_key", pattern);
	if (f->report.fault == AUDIT_SOUND)
		fail_msg("%s", pattern);
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

/* Under a digest in its place the key would be free for a second start. */
static void
test_digest_in_a_row_that_its_record_lacks_is_found(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = {"P-2026-U", "P-H-U", "P-UH-0815",
	    "U", "H", "P-T-0815", "P-H-0815x"};

	add_masked(f, SALT, (struct masked){
	    "transfer", "P-H-0815", "success", false});
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_key_is_found(f, keys[i]);
	set_masked(f, "business_key", "P-2026-0815");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	set_masked(f, "workflow", "T");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

/* There is no salt, either. */
static void
test_digest_in_a_row_without_anything_sensitive_is_found(void **state)
{
	struct fixture *f = *state;

	add_masked(f, SALT, (struct masked){
	    "transfer", "P-2026-0815", "success", false});
	verify_after(f, FORGET);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_key_is_found(f, "P-2026-U");
	assert_key_is_found(f, "P-H-0815");
}

static void
test_erased_row_has_the_digests_of_its_record(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = {"P-2026-0815", "P-2026-0816",
	    "P-other-0815", "P-T-0815", "P-H-U", "H", "T", "P-H-0816"};

	add_masked(f, SALT, (struct masked){
	    "transfer", "P-H-0815", "success", true});
	verify_after(f, FORGET);
	assert_fault(f, AUDIT_CHANGED, 5, 1);
	set_masked(f, "business_key", "P-H-0815");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_key_is_found(f, keys[i]);
	set_masked(f, "business_key", "P-H-0815");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	set_masked(f, "workflow", "T");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

static void
test_salt_that_is_missing_was_erased(void **state)
{
	struct fixture *f = *state;

	add_masked(f, SALT, (struct masked){
	    "transfer", "P-H-0815", "success", false});
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, FORGET);
	assert_fault(f, AUDIT_CHANGED, 5, 2);
}

/* Of a workflow that calls `input.people.pin` and `copy` sensitive, or nothing;
 * its first or its second record has the text there. */
static void
add_digest(struct fixture *f, uint64_t number, bool is_sensitive,
    bool is_assigned, struct str text)
{
	struct buf source = {0};
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(number);
	struct store_definition definition = {.name = STR("pay"),
	    .version = (int64_t)number, .published_ms = 1,
	    .published_by = STR("engine")};
	struct audit_record records[2];
	char hex[DIGEST_HEX_BYTES];

	buf_addf(&source, "workflow: pay\nversion: %llu\n%sdata: {copy: null}\n"
	    "initial: a\nstates: {a: {type: final, outcome: success}}\n",
	    (unsigned long long)number,
	    is_sensitive ? "sensitive: [input.people.pin, copy]\n" : "");
	definition.source = buf_str(&source);
	assert_true(library_digest(definition.source, &definition.digest));
	store_put_definition(store_batch(store), &definition);
	row.head = (struct audit_head){0};
	for (size_t i = 0; i < COUNT_OF(records); i++) {
		struct value_builder *built = value_build_context(f->arena),
		    *input = value_build_context(f->arena),
		    *people = value_build_list(f->arena),
		    *one = value_build_context(f->arena);
		const struct value *said;

		value_put_int(built, "instance", (int64_t)number);
		value_put_str(
		    built, "kind", i == 0 ? STR("started") : STR("entered"));
		if (i == 0)
			value_put_str(built, "definition",
			    digest_hex(definition.digest, hex));
		value_put(one, is_assigned ? STR("copy") : STR("pin"),
		    value_of_str(f->arena, text));
		said = value_built(one);
		value_append(people, said);
		value_put(input, STR("people"), value_built(people));
		if (i == 1 && is_assigned)
			value_put(built, STR("assigned"), said);
		else if (i == 0)
			value_put(built, STR("input"), value_built(input));
		value_put_str(built, "time", STR("2026-11-22T09:30:00.000Z"));
		value_put_str(built, "workflow", row.workflow);
		records[i] =
		    audit_seal(f->arena, value_built(built), &row.head);
	}
	assert_true(clock_parse(
	    STR("2026-11-22T09:30:00.000Z"), &row.started_ms));
	row.business_key = (struct str){NULL, 0};
	store_add_history(store_batch(store), number, records, 2);
	store_put_salt(store_batch(store), number, SALT);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	buf_fini(&source);
}

/* Also where nothing that the row shows hangs on it. */
static void
test_salt_that_is_missing_is_wanted_by_digests_alone(void **state)
{
	struct fixture *f = *state;
	struct str digest = masked(f->arena, "H", SALT);

	add_digest(f, 5, true, false, digest);
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, FORGET);
	assert_fault(f, AUDIT_CHANGED, 5, 2);
}

static void
test_salt_is_wanted_by_what_was_assigned(void **state)
{
	struct fixture *f = *state;

	add_digest(f, 5, true, true, masked(f->arena, "H", SALT));
	verify_after(f, FORGET);
	assert_fault(f, AUDIT_CHANGED, 5, 2);
}

static void
test_what_looks_like_a_digest_wants_no_salt(void **state)
{
	struct fixture *f = *state;

	add_digest(f, 5, false, false, masked(f->arena, "H", SALT));
	verify_after(f, FORGET);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
}

/* As programs without salts wrote them. */
static void
test_bare_digest_wants_no_salt(void **state)
{
	struct fixture *f = *state;

	add_digest(f, 5, true, false, masked(f->arena, "U", SALT));
	verify_after(f, FORGET);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
}

/* Older programs did so with their own words, which an erasure left as they
 * are in the row. */
static void
test_words_that_were_masked_are_sound(void **state)
{
	struct fixture *f = *state;

	add_masked(f, SALT, (struct masked){"T", "P-2026-0815", "W", true});
	verify_after(f, "");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f,
	    "UPDATE instance SET status = 'faulted' WHERE number = 5");
	assert_fault(f, AUDIT_CHANGED, 5, 3);
	verify_after(f, FORGET
	    "UPDATE instance SET status = 'completed' WHERE number = 5");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	set_masked(f, "workflow", "H");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

static void
test_row_that_moves_its_records_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET first_seq = 4"
	    " WHERE instance = 2 AND first_seq = 3");
	assert_fault(f, AUDIT_MISSING, 2, 3);
}

static void
test_histories_exchanged_whole_are_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f,
	    "UPDATE history SET instance = 10 WHERE instance = 1;"
	    "UPDATE history SET instance = 1 WHERE instance = 2;"
	    "UPDATE history SET instance = 2 WHERE instance = 10;"
	    "CREATE TEMP TABLE heads AS SELECT number, head_hash AS hash"
	    "	FROM instance WHERE number < 3;"
	    "UPDATE instance SET head_hash = (SELECT hash FROM heads"
	    "	WHERE heads.number = 3 - instance.number) WHERE number < 3;");
	assert_fault(f, AUDIT_CHANGED, 1, 1);
	assert_int_equal(f->report.broken, 2);
}

/* A public identifier's last 62 bits are the number. */
static void
add_named(struct fixture *f, struct store *store, uint64_t number,
    const char *name)
{
	struct store_instance row = help_instance(number);
	struct value_builder *record = value_build_context(f->arena);

	row.head = (struct audit_head){0};
	value_put_str(record, "instance", str_of(name));
	struct audit_record sealed = audit_seal(f->arena, value_built(record),
	    &row.head);
	store_add_history(store_batch(store), number, &sealed, 1);
	store_put_instance(store_batch(store), &row);
}

static void
test_history_under_another_identifier_is_found(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);
	struct store_identity identity = store_identity(store);
	char id[AUDIT_ID_BYTES];

	(void)audit_id_format(identity.bytes, 5, id);
	add_named(f, store, 5, id);
	add_named(f, store, 6, "0af1b2c3-d4e5-8000-bfff-000000000006");
	add_named(f, store, 7, "in words");
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	verify_after(f, "");
	assert_fault(f, AUDIT_CHANGED, 6, 1);
	assert_string_equal(f->report.instance,
	    "0af1b2c3-d4e5-8000-bfff-000000000006");
	assert_int_equal(f->report.broken, 1);
}

/* The number is its own, but the chain began in another database. */
static void
test_history_of_another_database_is_found(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);
	uint8_t other[16] = {0x0a, 0xf1, 0xb2, 0xc3, 0xd4, 0xe5, 0, 1};
	struct store_identity identity = store_identity(store);
	char id[AUDIT_ID_BYTES];

	(void)audit_id_format(identity.bytes, 5, id);
	add_named(f, store, 5, id);
	(void)audit_id_format(other, 6, id);
	add_named(f, store, 6, id);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	verify_after(f, "");
	assert_fault(f, AUDIT_CHANGED, 6, 1);
	assert_string_equal(f->report.instance, id);
	assert_int_equal(f->report.broken, 1);
	verify_after(f, "UPDATE meta SET value ="
	    " x'000102030405060708090a0b0c0d0e0f' WHERE name = 'identity'");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
}

static void
test_removed_instance_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM instance WHERE number = 2;"
	    "DELETE FROM history WHERE instance = 2");
	assert_fault(f, AUDIT_MISSING, 2, 0);
	/* Its turns are missing in the log, too. */
	assert_int_equal(f->report.broken, 2);
}

static void
test_removed_last_instances_are_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM instance WHERE number > 2");
	assert_fault(f, AUDIT_MISSING, 3, 0);
	assert_int_equal(f->report.broken, 2);
}

/* Numbers forgotten with their rows: the log remembers. */
static void
test_rows_removed_with_their_numbers_are_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM instance WHERE number = 4;"
	    "UPDATE meta SET value = 3 WHERE name = 'last_number'");
	assert_fault(f, AUDIT_MISSING, 4, 0);
	assert_int_equal(f->report.broken, 1);
}

static void
test_row_that_was_skipped_by_nobody_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "DELETE FROM instance WHERE number = 3;"
	    "INSERT INTO meta VALUES ('skipped-3', 3)");
	assert_fault(f, AUDIT_MISSING, 3, 0);
	assert_int_equal(f->report.broken, 1);
}

static void
test_row_that_shows_another_course_is_found(void **state)
{
	struct fixture *f = *state;

	add_started(f);
	verify_after(f, "UPDATE instance SET started_ms = 5 WHERE number = 5");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
	verify_after(f, "UPDATE instance SET started_ms = 1795339800000,"
	    " status = 'completed' WHERE number = 5");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
	verify_after(f, "UPDATE instance SET status = 'waiting',"
	    " ended_ms = 1795339800000 WHERE number = 5");
	assert_fault(f, AUDIT_CHANGED, 5, 1);
	verify_after(f, "UPDATE instance SET ended_ms = 0 WHERE number = 5");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
}

static void
test_purged_turn_in_an_impossible_place_is_found(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET first_seq = -5, count = 10,"
	    " packed = x'', records = '' WHERE instance = 1"
	    " AND first_seq = 3");
	assert_int_equal(f->report.number, 1);
	assert_int_not_equal(f->report.fault, AUDIT_SOUND);
}

static void
test_first_of_several_breaks_is_told(void **state)
{
	struct fixture *f = *state;

	verify_after(f, "UPDATE history SET packed = x'78'"
	    " WHERE instance > 1");
	assert_fault(f, AUDIT_CHANGED, 2, 1);
	assert_int_equal(f->report.broken, 3);
}

/* ------------------------------------------------------------------- files */

static void
write_text(struct fixture *f)
{
	FILE *file = fopen(f->file, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(f->text.at, 1, f->text.bytes, file),
	    f->text.bytes);
	assert_int_equal(fclose(file), 0);
}

static void
verify_text(struct fixture *f)
{
	write_text(f);
	assert_int_equal(export_verify(str_of(f->file), NULL, &f->report, NULL),
	    STORE_OK);
}

/* Line `n` of the text, counted from 1, with its newline. */
static struct str
line_of(struct fixture *f, size_t n)
{
	struct str rest = buf_str(&f->text), line = {0};

	for (size_t i = 0; i < n; i++)
		line = str_split(rest, '\n', &rest);
	line.bytes++;
	return line;
}

static void
remove_lines(struct fixture *f, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str line = line_of(f, first);
		char *at = (char *)line.at;
		size_t after = f->text.bytes -
		    (size_t)(at + line.bytes - f->text.at);
		memmove(at, at + line.bytes, after);
		f->text.bytes -= line.bytes;
	}
}

static void
test_file_as_exported_is_sound(void **state)
{
	struct fixture *f = *state;

	export_all(f, true);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.instances, 4);
	assert_int_equal(f->report.records, 16);
	assert_true(f->report.is_closed);
	export_all(f, false);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_false(f->report.is_closed);
}

static void
test_changed_byte_anywhere_in_a_file_is_found(void **state)
{
	struct fixture *f = *state;

	export_all(f, true);
	for (size_t at = 0; at < f->text.bytes; at += 13) {
		char before = f->text.at[at];
		f->text.at[at] = before == 'z' ? 'y' : 'z';
		verify_text(f);
		assert_int_not_equal(f->report.fault, AUDIT_SOUND);
		f->text.at[at] = before;
	}
}

static void
test_removed_line_is_found(void **state)
{
	struct fixture *f = *state;

	export_all(f, false);
	remove_lines(f, 6, 1);
	verify_text(f);
	assert_fault(f, AUDIT_MISSING, 6, 2);
	assert_string_equal(f->report.instance, "2");
	assert_int_equal(f->report.broken, 1);
}

static void
test_exchanged_lines_are_found(void **state)
{
	struct fixture *f = *state;
	struct buf changed = {0};

	export_all(f, false);
	buf_add_str(&changed, line_of(f, 1));
	buf_add_str(&changed, line_of(f, 3));
	buf_add_str(&changed, line_of(f, 2));
	buf_clear(&f->text);
	buf_add_str(&f->text, buf_str(&changed));
	buf_fini(&changed);
	verify_text(f);
	assert_fault(f, AUDIT_MISSING, 2, 2);
}

static void
test_repeated_line_is_found(void **state)
{
	struct fixture *f = *state;
	struct str line;

	export_all(f, false);
	line = arena_str(f->arena, line_of(f, 2));
	buf_add_str(&f->text, line);
	verify_text(f);
	assert_fault(f, AUDIT_REORDERED, 17, 5);
}

static void
test_chains_may_stand_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct buf changed = {0};

	export_all(f, false);
	for (size_t record = 1; record <= 4; record++)
		for (size_t chain = 0; chain < 4; chain++)
			buf_add_str(&changed,
			    line_of(f, chain * 4 + record));
	buf_clear(&f->text);
	buf_add_str(&f->text, buf_str(&changed));
	buf_fini(&changed);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.records, 16);
}

static void
test_file_cut_short_is_found_by_its_closing_line(void **state)
{
	struct fixture *f = *state;

	export_all(f, true);
	remove_lines(f, 16, 1);
	verify_text(f);
	assert_fault(f, AUDIT_CUT, 16, 0);
	export_all(f, true);
	remove_lines(f, 17, 1);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_false(f->report.is_closed);
	f->text.bytes -= 5;
	verify_text(f);
	assert_fault(f, AUDIT_CUT, 16, 0);
}

static void
test_missing_beginning_of_a_whole_file_is_found(void **state)
{
	struct fixture *f = *state;

	export_all(f, false);
	remove_lines(f, 5, 1);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_int_equal(f->report.excerpts, 1);
}

static void
test_lines_after_the_closing_line_are_found(void **state)
{
	struct fixture *f = *state;

	export_all(f, true);
	buf_add_str(&f->text, arena_str(f->arena, line_of(f, 1)));
	verify_text(f);
	assert_fault(f, AUDIT_REORDERED, 18, 0);
}

static void
test_excerpt_by_time_is_sound(void **state)
{
	struct fixture *f = *state;
	struct export *export = NULL;
	struct export_options options = {.path = str_of(f->dir.database),
	    .from_ms = 1, .closing_line = true};
	bool is_end = false;

	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(export_next(export, &f->text, &is_end),
		    STORE_OK);
	export_close(&export);
	verify_text(f);
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	assert_true(f->report.is_closed);
}

static void
test_other_files_are_malformed(void **state)
{
	static const char *const texts[] = {
		"{}\n", "hello\n{}\n", "{\"export\":1}\n",
		"{\"seq\":1,\"hash\":\"00\"}\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		buf_clear(&f->text);
		buf_add_cstr(&f->text, texts[i]);
		verify_text(f);
		assert_fault(f, AUDIT_MALFORMED, 1, 0);
	}
	/* Nobody has changed the past where no line is like a record. */
	buf_clear(&f->text);
	buf_add_cstr(&f->text, "date,amount\n2026-11-22,10\n");
	write_text(f);
	assert_int_equal(export_verify(str_of(f->file), NULL, &f->report, NULL),
	    STORE_FOREIGN);
	assert_int_equal(export_verify(STR("/nonexistent"), NULL, &f->report, NULL),
	    STORE_ABSENT);
}

#define WORKFLOW(last)                                          \
	"workflow: payment\nversion: 3\ninput: {type: object}\n" \
	"initial: open\nstates:\n  open: {on: {go: " last "}}\n"  \
	"  paid: {type: final, outcome: success}\n"               \
	"  lost: {type: final, outcome: failure}\n"
#define CONTACT(line) "contact: desk\nnotify: [{log: " line "}]\n"

static void
put_texts(struct fixture *f)
{
	struct store *store = help_open(&f->dir);
	struct store_definition definition = {.name = STR("payment"),
	    .version = 3, .source = STR(WORKFLOW("paid")), .published_ms = 1,
	    .published_by = STR("engine")};
	struct store_document document = {.kind = STR("contact"),
	    .name = STR("desk"), .source = STR(CONTACT("info")), .since_ms = 1};

	assert_true(library_digest(definition.source, &definition.digest));
	assert_true(
	    library_document_digest(document.source, &document.digest));
	store_put_definition(store_batch(store), &definition);
	store_add_document(store_batch(store), &document);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

/* What instances go by is named by its digest. */
static void
test_changed_text_of_a_definition_is_found(void **state)
{
	struct fixture *f = *state;

	put_texts(f);
	verify_after(f, "SELECT 1");
	assert_int_equal(f->report.fault, AUDIT_SOUND);
	verify_after(f, "UPDATE document SET"
	    " source = replace(source, 'info', 'error')");
	assert_fault(f, AUDIT_CHANGED, 0, 0);
	assert_non_null(strstr(f->report.explanation, "contact `desk`"));
	verify_after(f, "UPDATE definition SET"
	    " source = replace(source, 'go: paid', 'go: lost')");
	assert_fault(f, AUDIT_CHANGED, 0, 0);
	assert_non_null(strstr(
	    f->report.explanation, "workflow `payment` version 3"));
	assert_int_equal(f->report.broken, 2);
	verify_after(f, "UPDATE definition SET source = 'gone: ['");
	assert_fault(f, AUDIT_CHANGED, 0, 0);
}

static long
query(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_open(f->dir.database, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	long found = (long)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return found;
}

/* The first two cells of a leaf of rows change places: who goes through all of
 * them meets each, who looks for one by its number doesn't. */
static void
test_row_that_cannot_be_found_by_its_number_is_found(void **state)
{
	struct fixture *f = *state;
	long root = query(f,
	    "SELECT rootpage FROM sqlite_schema WHERE name = 'instance'");
	long page = (root - 1) * query(f, "PRAGMA page_size");
	unsigned char head[12], first[2];
	FILE *file = fopen(f->dir.database, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, page, SEEK_SET), 0);
	assert_int_equal(fread(head, 1, sizeof(head), file), sizeof(head));
	assert_int_equal(head[0], 0x0d);
	memcpy(first, head + 8, 2);
	memcpy(head + 8, head + 10, 2);
	memcpy(head + 10, first, 2);
	assert_int_equal(fseek(file, page, SEEK_SET), 0);
	assert_int_equal(fwrite(head, 1, sizeof(head), file), sizeof(head));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(export_verify(str_of(f->dir.database), NULL,
	    &f->report, NULL), STORE_OK);
	assert_fault(f, AUDIT_MISSING, 1, 0);
	assert_true(f->report.broken >= 3);
}

/* A database cut to nothing is taken for no lines of records. */
static void
test_empty_file_is_not_sound(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(truncate(f->dir.database, 0), 0);
	assert_int_equal(export_verify(str_of(f->dir.database), help_keys(),
	    &f->report, NULL), STORE_OK);
	assert_fault(f, AUDIT_CUT, 0, 0);
}

static void
test_folder_is_no_database(void **state)
{
	struct fixture *f = *state;
	struct buf detail = {0};

	assert_int_equal(export_verify(str_of(f->dir.path), NULL, &f->report,
	    &detail), STORE_FOREIGN);
	assert_true(str_find(buf_str(&detail), STR("Is a directory")) !=
	    SIZE_MAX);
	buf_fini(&detail);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_numbers_that_a_restore_left_out_are_not_missed),
		TEST(test_database_as_written_is_sound),
		TEST(test_changed_record_is_found),
		TEST(test_changed_hash_is_found),
		TEST(test_removed_turn_is_found),
		TEST(test_removed_end_of_a_history_is_found),
		TEST(test_removed_hash_or_end_of_a_turn_is_found),
		TEST(test_dictionary_that_is_changed_or_gone_is_found),
		TEST(test_changes_of_what_an_older_program_wrote_are_found),
		TEST(test_instance_row_set_back_is_found),
		TEST(test_row_under_another_key_than_its_first_record_is_found),
		TEST(test_sensitive_value_in_the_midst_of_a_key_is_sound),
		TEST(test_digest_in_a_row_that_its_record_lacks_is_found),
		TEST(test_digest_in_a_row_without_anything_sensitive_is_found),
		TEST(test_erased_row_has_the_digests_of_its_record),
		TEST(test_salt_that_is_missing_was_erased),
		TEST(test_salt_that_is_missing_is_wanted_by_digests_alone),
		TEST(test_salt_is_wanted_by_what_was_assigned),
		TEST(test_what_looks_like_a_digest_wants_no_salt),
		TEST(test_bare_digest_wants_no_salt),
		TEST(test_words_that_were_masked_are_sound),
		TEST(test_row_that_moves_its_records_is_found),
		TEST(test_histories_exchanged_whole_are_found),
		TEST(test_history_under_another_identifier_is_found),
		TEST(test_history_of_another_database_is_found),
		TEST(test_removed_instance_is_found),
		TEST(test_rows_removed_with_their_numbers_are_found),
		TEST(test_row_that_was_skipped_by_nobody_is_found),
		TEST(test_row_that_shows_another_course_is_found),
		TEST(test_purged_turn_in_an_impossible_place_is_found),
		TEST(test_removed_last_instances_are_found),
		TEST(test_first_of_several_breaks_is_told),
		TEST(test_file_as_exported_is_sound),
		TEST(test_changed_byte_anywhere_in_a_file_is_found),
		TEST(test_removed_line_is_found),
		TEST(test_exchanged_lines_are_found),
		TEST(test_repeated_line_is_found),
		TEST(test_chains_may_stand_in_any_order),
		TEST(test_file_cut_short_is_found_by_its_closing_line),
		TEST(test_missing_beginning_of_a_whole_file_is_found),
		TEST(test_lines_after_the_closing_line_are_found),
		TEST(test_excerpt_by_time_is_sound),
		TEST(test_other_files_are_malformed),
		TEST(test_changed_text_of_a_definition_is_found),
		TEST(test_row_that_cannot_be_found_by_its_number_is_found),
		TEST(test_empty_file_is_not_sound),
		TEST(test_folder_is_no_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
