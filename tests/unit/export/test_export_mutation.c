/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One change of an export or of a database, at random: a byte, a record that
 * is dropped, doubled or changes places, an end that is cut off, a chain that
 * is made anew.  Who has the public key and a checkpoint finds each.
 *
 * A few hundred unless STATED_MUTATIONS says how many.  A seed is printed
 * with what was not found, and STATED_SEED repeats it.
 */
#include "stated/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "seal_help.h"

#define MUTATIONS 300
#define SQL_BYTES 1024

/* xorshift: the same on every machine. */
static uint64_t seed;

static uint64_t
draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t
number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void
begin_seed(uint64_t round)
{
	seed = (number_of("STATED_SEED", 20261122) + round) *
		   0x9e3779b97f4a7c15u | 1;
	for (int i = 0; i < 8; i++)
		(void)draw(2);
}

/* ------------------------------------------------------------------- files */

struct lines {
	struct str at[1000];
	size_t count;
	size_t records; /* the first so many are no other lines … */
	size_t record[1000]; /* … but these are */
};

static struct lines
split(struct str text)
{
	struct lines lines = {.count = 0};

	while (text.bytes > 0) {
		struct str line = str_split(text, '\n', &text);

		if (str_find(line, STR("\"kind\":")) != SIZE_MAX)
			lines.record[lines.records++] = lines.count;
		lines.at[lines.count++] = line;
	}
	return lines;
}

static void
join(const struct lines *lines, struct buf *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		buf_add_str(out, lines->at[i]);
		buf_add_char(out, '\n');
	}
}

static void
change_byte(struct str text, struct buf *out)
{
	size_t at = draw(text.bytes);
	char with = (char)(text.at[at] ^ (1u << draw(8)));

	buf_add_str(out, str_slice(text, 0, at));
	buf_add_char(out, with);
	buf_add_str(out, str_slice(text, at + 1, text.bytes));
}

static size_t
any_record(const struct lines *lines)
{
	return lines->record[draw(lines->records)];
}

static void
drop_line(struct str text, struct buf *out)
{
	struct lines lines = split(text);
	size_t at = draw(2) ? any_record(&lines) : draw(lines.count);

	for (size_t i = at; i + 1 < lines.count; i++)
		lines.at[i] = lines.at[i + 1];
	lines.count--;
	join(&lines, out);
}

static void
double_line(struct str text, struct buf *out)
{
	struct lines lines = split(text);
	size_t at = draw(lines.count);

	for (size_t i = lines.count++; i > at; i--)
		lines.at[i] = lines.at[i - 1];
	join(&lines, out);
}

static void
swap_lines(struct str text, struct buf *out)
{
	struct lines lines = split(text);
	size_t a = any_record(&lines), b = draw(lines.count);
	struct str swapped = lines.at[a];

	if (a == b)
		b = (b + 1) % lines.count;
	lines.at[a] = lines.at[b];
	lines.at[b] = swapped;
	join(&lines, out);
}

static void
cut_end(struct str text, struct buf *out)
{
	buf_add_str(out, str_slice(text, 0, draw(text.bytes)));
}

/* The closing line tells what stands before it. */
static void
close_again(struct lines *lines, struct buf *out)
{
	struct str before;
	char hex[DIGEST_HEX_BYTES];

	lines->count--;
	join(lines, out);
	before = buf_str(out);
	buf_addf(out, "{\"export\":{\"excerpt\":false,\"instances\":%d,"
	    "\"records\":%zu,\"sha256\":\"%.*s\"}}\n", SEAL_INSTANCES,
	    lines->records,
	    STR_ARG(digest_hex(digest_sha256(before), hex)));
}

/* Everything that follows from a record that says something else. */
static void
forge_chain(struct str text, struct buf *out)
{
	struct arena *arena = arena_new();
	struct lines lines = split(text);
	size_t at = any_record(&lines);
	struct str instance = {NULL, 0};
	struct audit_head head = {0};

	for (size_t i = at; i < lines.count; i++) {
		struct str line = lines.at[i];
		size_t word = str_find(line, STR("\"word\":\"as"));
		size_t from = str_find(line, STR("\"instance\":\""));
		size_t prev = str_find(line, STR("\"prev\":\""));
		struct buf record = buf_in(arena);
		char hex[DIGEST_HEX_BYTES];

		if (word == SIZE_MAX)
			continue;
		if (instance.at == NULL)
			instance = str_slice(line, from + 12, 36);
		if (!str_equal(instance, str_slice(line, from + 12, 36)))
			continue;
		buf_add_str(&record, str_slice(line, 0, prev + 8));
		buf_add_str(&record, i == at ? str_slice(line, prev + 8, 64)
					     : digest_hex(head.hash, hex));
		buf_add_str(&record, str_slice(line, prev + 72,
		    line.bytes - prev - 72 - 76 + 1));
		struct str canonical = buf_str(&record);
		((char *)(uintptr_t)canonical.at)[word + 8] = 'x';
		head.hash = digest_sha256((struct str){
		    arena_strf(arena, "%.*s}", STR_ARG(canonical)).at,
		    canonical.bytes + 1});
		lines.at[i] = arena_strf(arena, "%.*s,\"hash\":\"%.*s\"}",
		    STR_ARG(canonical), STR_ARG(digest_hex(head.hash, hex)));
	}
	close_again(&lines, out);
	arena_free(&arena);
}

/* All that a file tells of an instance, and what it says of itself. */
static void
drop_instance(struct str text, struct buf *out)
{
	struct lines lines = split(text), left = {.count = 0};
	struct str line = lines.at[any_record(&lines)];
	size_t from = str_find(line, STR("\"instance\":\""));
	struct str instance = str_slice(line, from + 12, 36);

	for (size_t i = 0; i < lines.count; i++) {
		if (str_find(lines.at[i], instance) != SIZE_MAX)
			continue;
		if (str_find(lines.at[i], STR("\"kind\":")) != SIZE_MAX)
			left.records++;
		left.at[left.count++] = lines.at[i];
	}
	close_again(&left, out);
}

typedef void change_fn(struct str text, struct buf *out);
static const struct {
	const char *name;
	change_fn *change;
} file_changes[] = {
    {"a byte", change_byte},
    {"a line dropped", drop_line},
    {"a line doubled", double_line},
    {"two lines swapped", swap_lines},
    {"the end cut off", cut_end},
    {"a chain made anew", forge_chain},
    {"an instance left out", drop_instance},
};

static void
test_every_change_of_a_file_is_found(void **state)
{
	uint64_t rounds = number_of("STATED_MUTATIONS", MUTATIONS);
	struct seal seal;

	(void)state;
	seal_build(&seal);
	seal_export(&seal, (struct export_options){.format = EXPORT_JSONL});
	assert_true(seal_file_is_sound(&seal, buf_str(&seal.text)));
	assert_int_equal(seal.report.unproved, 0);
	for (uint64_t round = 0; round < rounds; round++) {
		struct buf changed = {0};

		begin_seed(round);
		size_t which = draw(COUNT_OF(file_changes) + 3);
		/* Bytes are what there is most of. */
		if (which >= COUNT_OF(file_changes))
			which = 0;
		file_changes[which].change(buf_str(&seal.text), &changed);
		if (str_equal(buf_str(&changed), buf_str(&seal.text)))
			fail_msg("%s changed nothing",
			    file_changes[which].name);
		if (seal_file_is_sound(&seal, buf_str(&changed)) &&
		    seal.report.unproved == 0)
			fail_msg("not found: %s, STATED_SEED=%llu",
			    file_changes[which].name,
			    (unsigned long long)(number_of("STATED_SEED",
				20261122) + round));
		buf_fini(&changed);
	}
	seal_clear(&seal);
}

/* --------------------------------------------------------------- databases */

static void
run(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define ROWS (SEAL_TURNS * (SEAL_INSTANCES + 1))

static uint64_t
any_row(void)
{
	return 1 + draw(ROWS);
}

static void
sql_byte(char *sql)
{
	static const char *const columns[] = {"packed", "hashes"};
	const char *column = columns[draw(2)];
	int at = 1 + (int)draw(32);
	unsigned long long row = any_row();

	/* Another byte than stands there, wherever the column ends. */
	snprintf(sql, SQL_BYTES,
	    "UPDATE history SET %s = CAST(substr(%s, 1, min(%d,"
	    "	length(%s)) - 1) || CASE hex(substr(%s, min(%d, length(%s)),"
	    "	1)) WHEN '41' THEN x'42' ELSE x'41' END || substr(%s, min(%d,"
	    "	length(%s)) + 1) AS BLOB) WHERE id = %llu",
	    column, column, at, column, column, at, column, column, at,
	    column, row);
}

static void
sql_number(char *sql)
{
	static const char *const changes[] = {
	    "UPDATE OR REPLACE history SET first_seq = first_seq + 1",
	    "UPDATE history SET count = count + 1",
	    "UPDATE OR REPLACE history SET instance = instance + 1",
	    "UPDATE history SET id = id + 1000",
	};

	snprintf(sql, SQL_BYTES, "%s WHERE id = %llu", changes[draw(4)],
	    (unsigned long long)any_row());
}

static void
sql_drop(char *sql)
{
	snprintf(sql, SQL_BYTES, "DELETE FROM history WHERE id = %llu",
	    (unsigned long long)any_row());
}

static void
sql_double(char *sql)
{
	snprintf(sql, SQL_BYTES,
	    "INSERT INTO history (instance, first_seq, count, records, hashes,"
	    " packed) SELECT instance, first_seq + 100 * %llu, count, records,"
	    " hashes, packed FROM history WHERE id = %llu",
	    (unsigned long long)draw(3) + 1, (unsigned long long)any_row());
}

static void
sql_swap(char *sql)
{
	uint64_t a = any_row(), b = any_row();

	if (a == b)
		b = a % ROWS + 1;
	/* What they say, or where they stand in the log. */
	if (draw(2))
		snprintf(sql, SQL_BYTES,
		    "UPDATE history SET id = -1 WHERE id = %llu;"
		    "UPDATE history SET id = %llu WHERE id = %llu;"
		    "UPDATE history SET id = %llu WHERE id = -1",
		    (unsigned long long)a, (unsigned long long)a,
		    (unsigned long long)b, (unsigned long long)b);
	else
		snprintf(sql, SQL_BYTES,
		    "CREATE TEMP TABLE two AS SELECT id, packed, hashes FROM"
		    " history WHERE id IN (%llu, %llu);"
		    "UPDATE history SET (packed, hashes) = (SELECT packed,"
		    " hashes FROM two WHERE two.id = %llu) WHERE id = %llu;"
		    "UPDATE history SET (packed, hashes) = (SELECT packed,"
		    " hashes FROM two WHERE two.id = %llu) WHERE id = %llu",
		    (unsigned long long)a, (unsigned long long)b,
		    (unsigned long long)b, (unsigned long long)a,
		    (unsigned long long)a, (unsigned long long)b);
}

/* With the head that is right for what is left. */
static void
sql_cut_chain(char *sql)
{
	unsigned long long instance = 1 + draw(SEAL_INSTANCES);
	unsigned long long left = 2 * (1 + draw(SEAL_TURNS - 1));

	snprintf(sql, SQL_BYTES,
	    "DELETE FROM history WHERE instance = %llu AND first_seq > %llu;"
	    "UPDATE instance SET head_seq = %llu, head_hash = (SELECT"
	    " substr(hashes, -32) FROM history WHERE instance = %llu ORDER BY"
	    " first_seq DESC LIMIT 1) WHERE number = %llu",
	    instance, left, left, instance, instance);
}

static void
sql_cut_log(char *sql)
{
	unsigned long long left = 1 + draw(ROWS - 1);

	snprintf(sql, SQL_BYTES, "DELETE FROM history WHERE id > %llu", left);
}

/* As if it had never been. */
static void
sql_drop_last_instance(char *sql)
{
	snprintf(sql, SQL_BYTES,
	    "DELETE FROM history WHERE instance = %d;"
	    "DELETE FROM instance WHERE number = %d;"
	    "UPDATE meta SET value = %d WHERE name = 'last_number'",
	    SEAL_INSTANCES, SEAL_INSTANCES, SEAL_INSTANCES - 1);
}

static void
sql_head(char *sql)
{
	static const char *const changes[] = {
	    "UPDATE instance SET head_seq = head_seq + 1 WHERE number = 3",
	    "UPDATE instance SET head_hash = zeroblob(32) WHERE number = 5",
	    "UPDATE instance SET workflow = 'other' WHERE number = -1;"
	    "UPDATE meta SET value = zeroblob(40) WHERE name = 'journal_head'",
	    "DELETE FROM meta WHERE name = 'journal_head'",
	    "DELETE FROM instance WHERE number = 4",
	    "UPDATE meta SET value = value + 1 WHERE name = 'last_number'",
	    "UPDATE checkpoint SET size = size - 1 WHERE number = 2",
	    "UPDATE checkpoint SET document = replace(document, 'a', 'b')"
	    " WHERE number = 1",
	    "UPDATE checkpoint SET number = 7 WHERE number = 1",
	    "UPDATE dictionary SET bytes = zeroblob(length(bytes))",
	    "UPDATE meta SET value = randomblob(16) WHERE name = 'identity'",
	};

	snprintf(sql, SQL_BYTES, "%s", changes[draw(COUNT_OF(changes))]);
}

typedef void sql_fn(char *sql);
static const struct {
	const char *name;
	sql_fn *change;
} row_changes[] = {
    {"a byte", sql_byte},
    {"a number", sql_number},
    {"a turn dropped", sql_drop},
    {"a turn doubled", sql_double},
    {"two turns swapped", sql_swap},
    {"a chain's end cut off", sql_cut_chain},
    {"the log's end cut off", sql_cut_log},
    {"an instance left out", sql_drop_last_instance},
    {"a head", sql_head},
};

/* One instance's chain is made anew, its head too. */
static void
forge_instance(struct seal *seal)
{
	unsigned long long n = 1 + draw(SEAL_INSTANCES);
	struct store *store;
	struct store_instance row = help_instance(n);
	char sql[SQL_BYTES];

	/* Its rows make place, others take their ids afterwards. */
	snprintf(sql, sizeof(sql),
	    "CREATE TABLE ids AS SELECT id, first_seq FROM history"
	    " WHERE instance = %llu;"
	    "DELETE FROM history WHERE instance = %llu", n, n);
	run(seal->dir.database, sql);
	store = help_open(&seal->dir);
	row.started_ms = SEAL_FROM_MS;
	row.head = (struct audit_head){0};
	for (int turn = 0; turn < SEAL_TURNS; turn++)
		seal_add_turn(seal->arena, store, n, &row.head, "as forged");
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	snprintf(sql, sizeof(sql),
	    "UPDATE history SET id = -id WHERE instance = %llu;"
	    "UPDATE history SET id = (SELECT id FROM ids WHERE"
	    " ids.first_seq = history.first_seq) WHERE instance = %llu;"
	    "DROP TABLE ids", n, n);
	run(seal->dir.database, sql);
}

static void
copy_file(const char *from, const char *to)
{
	struct buf bytes = {0};
	FILE *file = fopen(from, "r");

	assert_non_null(file);
	assert_true(buf_add_file(&bytes, file, SIZE_MAX / 2));
	fclose(file);
	file = fopen(to, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.at, 1, bytes.bytes, file), bytes.bytes);
	assert_int_equal(fclose(file), 0);
	buf_fini(&bytes);
}

static int
print_cb(void *arg, int count, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < count; i++)
		buf_addf(arg, "%s|", values[i] != NULL ? values[i] : "");
	return 0;
}

static bool
tell_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	char hex[DIGEST_HEX_BYTES];

	buf_addf(arg, "%llu %.*s %.*s\n", (unsigned long long)instance,
	    STR_ARG(digest_hex(record->hash, hex)),
	    STR_ARG(record->canonical));
	return true;
}

/* What records say: packed, the same may be written in two ways. */
static bool
dump_records(const char *path, struct buf *out)
{
	struct store *store = NULL;
	enum store_error error = store_open((struct store_options){
	    .path = str_of(path), .read_only = true}, &store, NULL);

	for (uint64_t n = 0; n <= SEAL_INSTANCES && error == STORE_OK; n++)
		error = store_each_record(store, n, 1, tell_cb, out);
	store_close(&store);
	return error == STORE_OK;
}

/* All that verifying is about; false where it can't be read. */
static bool
dump(const char *path, struct buf *out)
{
	static const char sql[] =
	    "SELECT id, instance, first_seq, count, records, hex(hashes)"
	    "	FROM history ORDER BY id;"
	    "SELECT number, workflow, business_key, head_seq, hex(head_hash)"
	    "	FROM instance ORDER BY number;"
	    "SELECT name, hex(value) FROM meta WHERE name IN ('identity',"
	    "	'journal_head', 'last_number') ORDER BY name;"
	    "SELECT number, size, at_ms, document FROM checkpoint"
	    "	ORDER BY number;";
	sqlite3 *db = NULL;
	bool is_read = sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_exec(db, sql, print_cb, out, NULL) == SQLITE_OK;

	sqlite3_close(db);
	return is_read && dump_records(path, out);
}

/* Whether it says the same as the other. */
static bool
is_same(const char *path, const char *whole)
{
	struct buf before = {0}, after = {0};
	bool same;

	assert_true(dump(whole, &before));
	same = dump(path, &after) &&
	    str_equal(buf_str(&before), buf_str(&after));
	buf_fini(&before);
	buf_fini(&after);
	return same;
}

static void
flip(const char *path)
{
	FILE *file = fopen(path, "r+");
	long at;
	int byte;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	at = (long)draw((uint64_t)ftell(file));
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	byte = fgetc(file) ^ 1 << draw(8);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fputc(byte, file), byte);
	assert_int_equal(fclose(file), 0);
}

/* What isn't in use, or has no meaning, is no change: another one. */
static void
flip_used(const char *path, const char *whole)
{
	do {
		copy_file(whole, path);
		flip(path);
	} while (is_same(path, whole));
}

/* The round's change, and what it is called. */
static const char *
change(struct seal *seal, const char *whole)
{
	size_t which = draw(COUNT_OF(row_changes) + 4);
	char sql[SQL_BYTES];

	copy_file(whole, seal->dir.database);
	if (which < COUNT_OF(row_changes)) {
		row_changes[which].change(sql);
		run(seal->dir.database, sql);
		return row_changes[which].name;
	}
	if (which > COUNT_OF(row_changes)) {
		flip_used(seal->dir.database, whole);
		return "a byte of the file";
	}
	forge_instance(seal);
	run(seal->dir.database, "PRAGMA journal_mode = DELETE");
	return "a chain made anew";
}

static void
test_every_change_of_a_database_is_found(void **state)
{
	uint64_t rounds = number_of("STATED_MUTATIONS", MUTATIONS);
	char whole[128];
	struct seal seal;

	(void)state;
	seal_build(&seal);
	run(seal.dir.database, "PRAGMA journal_mode = DELETE; VACUUM");
	snprintf(whole, sizeof(whole), "%s/whole.db", seal.dir.path);
	copy_file(seal.dir.database, whole);
	assert_true(seal_is_sound(&seal, seal.dir.database));
	for (uint64_t round = 0; round < rounds; round++) {
		begin_seed(round);
		const char *name = change(&seal, whole);
		if (seal_is_sound(&seal, seal.dir.database) &&
		    !is_same(seal.dir.database, whole))
			fail_msg("not found: %s, STATED_SEED=%llu", name,
			    (unsigned long long)(number_of("STATED_SEED",
				20261122) + round));
	}
	seal_clear(&seal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_change_of_a_file_is_found),
	    cmocka_unit_test(test_every_change_of_a_database_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
