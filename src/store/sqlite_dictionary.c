/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_dictionary.c: what the rows of one definition are packed against.
 *
 * A dictionary is made when the first row of a definition is written, from
 * what every record of a kind says and from the definition's own text: names
 * of states, steps and fields.  It holds nothing of what instances carry.  It
 * is stored in the database and never changed, so that what was packed can
 * be read for ever, whatever later programs put into theirs.
 *
 * The writer and the reader each keep those that they met.  If a commit fails
 * the writer forgets all: some may have been made in it.
 */
#include "sqlite_priv.h"

#include <stdlib.h>

#define SOURCE_BYTES_MAX 4096
/* A database has as many as definitions were ever run, and what is of use at
 * one time are few. */
#define KNOWN_MAX 256

/* Records as they are in a lean text (store_lean.h): 1 stands for instance, 2
 * for prev, 3 for seq and 4 for time. */
static const char of_all[] =
    "{\001,\"kind\":\"event-received\",\"id\":\"\",\002\003,"
    "\"source\":\"\",\"subject\":\"\",\004,\"type\":\"\n"
    "{\"due\":{\"dt\":\"2026-01-01T00:00:00.000Z\"},\001,"
    "\"kind\":\"task-opened\",\002,\"role\":\"approver\"\003,"
    "\"task\":\"approve\",\004}\n"
    "{\"actor\":\"\",\"comment\":\"\",\"decision\":\"approve\",\001,"
    "\"kind\":\"task-decided\",\"outcome\":\"decided\",\002\003,"
    "\"task\":\"\n"
    "{\"decision\":\"\",\"inputs\":{\"\":\"\"},\001,\"kind\":\"decided\","
    "\"outputs\":{\"\":\"\"},\002,\"rules\":[1]\003,\"step\":\"\n"
    "{\"error\":{\"code\":\"timeout\",\"message\":\"\"},\001,"
    "\"kind\":\"step-failed\",\002\003,\"step\":\"\n"
    "{\"attempt\":2,\001,\"kind\":\"call-waiting\",\"operation\":\"\","
    "\"outcome\":\"unknown\",\002,\"reason\":\"retry\"\003,\"step\":\"\n"
    "{\"actor\":\"anonymous\",\"business_key\":\"\",\"definition\":\"\","
    "\"environment\":\"development\","
    "\"input\":{\"amount\":\"currency\":\"EUR\",\"name\":\"\","
    "\"reference\":\"\"},\001,\"kind\":\"started\",\002\003,\004,"
    "\"version\":1,\"workflow\":\"\n"
    "{\001,\"kind\":\"entered\",\002\003,\004,\"to\":\"\n"
    "{\"attempt\":1,\001,\"key\":\"\",\"kind\":\"call-sent\","
    "\"operation\":\"\",\002,"
    "\"request\":{\"body\":\"{\\\"reference\\\":\\\"\\\",\\\"amount\\\":\","
    "\"headers\":{\"accept\":\"application/json\","
    "\"content-type\":\"application/json\"},\"method\":\"POST\","
    "\"url\":\"http://127.0.0.1:\"}\003,\"step\":\".entry.1\",\004}\n"
    "{\"attempt\":1,\001,\"kind\":\"call-replied\",\"operation\":\"\","
    "\"outcome\":\"done\",\002,"
    "\"reply\":{\"body\":\"{\\\"status\\\":\\\"\\\",\\\"id\\\":\\\"\\\"}\","
    "\"elapsed_ms\":1,\"headers\":{\"Content-Length\":\"10\","
    "\"Content-Type\":\"application/json\"},\"status\":200}\003,"
    "\"step\":\".entry.1\",\004}\n"
    "{\"assigned\":{\"\":\"\"},\001,\"kind\":\"step-done\",\002\003,"
    "\"step\":\".entry.1\",\004}\n"
    "{\"event\":\"done\",\"from\":\"\",\001,\"kind\":\"entered\",\002\003,"
    "\004,\"to\":\"completed\"}\n"
    "{\001,\"kind\":\"ended\",\"outcome\":\"success\",\002\003,"
    "\"state\":\"completed\",\004}\n";

/* ------------------------------------------------------------------ memory */

void
sqlite_dictionary_forget(struct map **known)
{
	size_t cursor = 0;
	void *entry;

	if (*known == NULL)
		return;
	while (map_next(*known, &cursor, NULL, &entry))
		free(entry);
	map_free(known);
}

/* The entry's bytes stand behind it. */
static const struct sqlite_dictionary *
remember(struct map **known, struct str key,
    const struct sqlite_dictionary *read)
{
	struct sqlite_dictionary *entry =
	    malloc(sizeof(*entry) + read->bytes.bytes);

	must(entry != NULL);
	if (*known != NULL && map_count(*known) >= KNOWN_MAX)
		sqlite_dictionary_forget(known);
	if (*known == NULL)
		*known = map_new();
	*entry = *read;
	entry->bytes.at = (const char *)(entry + 1);
	if (read->bytes.bytes > 0)
		memcpy(entry + 1, read->bytes.at, read->bytes.bytes);
	void *before = map_put(*known, key, entry);
	must(before == NULL);
	return entry;
}

static const struct sqlite_dictionary *
recall(const struct map *known, struct str key)
{
	return known != NULL ? map_find(known, key) : NULL;
}

/* ----------------------------------------------------------------- reading */

/* Columns: id, definition, bytes. */
static bool
read_row(sqlite3_stmt *statement, struct sqlite_dictionary *row)
{
	row->id = (uint64_t)sqlite3_column_int64(statement, 0);
	row->bytes = sqlite_column_str(statement, 2);
	return row->id > 0 && row->bytes.bytes <= PACK_DICTIONARY_BYTES_MAX &&
	    sqlite_column_digest(statement, 1, &row->definition);
}

enum store_error
sqlite_dictionary_find(struct sqlite_store *store, uint64_t id,
    const struct sqlite_dictionary **found)
{
	struct sqlite_conn *conn = &store->reader;
	struct sqlite_dictionary row;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error;

	*found = recall(store->read_dictionaries, MAP_KEY_OF(&id));
	if (*found != NULL)
		return STORE_OK;
	error = sqlite_conn_take(conn, READ_DICTIONARY, &statement);
	if (error != STORE_OK)
		return error;
	sqlite_bind_int(statement, 1, (int64_t)id);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (error == STORE_OK && (!is_row || !read_row(statement, &row)))
		error = STORE_CORRUPT;
	if (error == STORE_OK)
		*found = remember(&store->read_dictionaries, MAP_KEY_OF(&id),
		    &row);
	sqlite_conn_give(conn, READ_DICTIONARY, statement);
	return error;
}

/* ----------------------------------------------------------------- writing */

static enum store_error
add_source(struct sqlite_store *store, const struct digest *definition,
    struct buf *bytes)
{
	struct sqlite_conn *conn = &store->writer;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, WRITE_READ_SOURCE,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_digest(statement, 1, definition);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row)
		buf_add_str(bytes, str_slice(sqlite_column_str(statement, 0),
		    0, SOURCE_BYTES_MAX));
	sqlite_conn_give(conn, WRITE_READ_SOURCE, statement);
	return error;
}

static enum store_error
insert(struct sqlite_store *store, const struct digest *definition,
    struct str bytes)
{
	struct sqlite_conn *conn = &store->writer;
	sqlite3_stmt *statement;
	enum store_error error = sqlite_conn_take(conn, WRITE_DICTIONARY,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_digest(statement, 1, definition);
	sqlite_bind_blob(statement, 2, bytes);
	error = sqlite_conn_run(conn, statement);
	sqlite_conn_give(conn, WRITE_DICTIONARY, statement);
	return error;
}

static enum store_error
make(struct sqlite_store *store, const struct digest *definition)
{
	struct buf bytes = {0};
	char hex[DIGEST_HEX_BYTES];
	enum store_error error = add_source(store, definition, &bytes);

	buf_add_str(&bytes, digest_hex(*definition, hex));
	buf_add_str(&bytes, STR(of_all));
	must(bytes.bytes <= PACK_DICTIONARY_BYTES_MAX);
	if (error == STORE_OK)
		error = insert(store, definition, buf_str(&bytes));
	buf_fini(&bytes);
	return error;
}

static enum store_error
look_up(struct sqlite_store *store, const struct digest *definition,
    const struct sqlite_dictionary **found)
{
	struct sqlite_conn *conn = &store->writer;
	struct sqlite_dictionary row;
	sqlite3_stmt *statement;
	bool is_row = false;
	enum store_error error = sqlite_conn_take(conn, WRITE_READ_DICTIONARY,
	    &statement);

	if (error != STORE_OK)
		return error;
	sqlite_bind_digest(statement, 1, definition);
	error = sqlite_conn_step(conn, statement, &is_row);
	if (is_row && !read_row(statement, &row))
		error = STORE_CORRUPT;
	else if (is_row)
		*found = remember(&store->written_dictionaries,
		    MAP_KEY_OF(definition), &row);
	sqlite_conn_give(conn, WRITE_READ_DICTIONARY, statement);
	return error;
}

enum store_error
sqlite_dictionary_of(struct sqlite_store *store,
    const struct digest *definition, const struct sqlite_dictionary **found)
{
	enum store_error error = STORE_OK;

	*found = recall(store->written_dictionaries, MAP_KEY_OF(definition));
	if (*found == NULL)
		error = look_up(store, definition, found);
	if (error != STORE_OK || *found != NULL)
		return error;
	error = make(store, definition);
	if (error == STORE_OK)
		error = look_up(store, definition, found);
	must(error != STORE_OK || *found != NULL);
	return error;
}

/* ------------------------------------------------- numbers for definitions */

struct str
sqlite_dictionary_number(uint64_t id, char out[8])
{
	size_t bytes = 0;

	must(id > 0);
	for (int shift = 56; shift >= 0; shift -= 8)
		if (bytes > 0 || id >> shift != 0)
			out[bytes++] = (char)(id >> shift & 0xff);
	return (struct str){out, bytes};
}

enum store_error
sqlite_dictionary_definition(struct sqlite_store *store,
    struct str column, struct digest *definition)
{
	const struct sqlite_dictionary *dictionary;
	uint64_t id = 0;

	if (column.bytes == sizeof(definition->bytes)) {
		memcpy(definition->bytes, column.at, column.bytes);
		return STORE_OK;
	}
	if (column.bytes == 0 || column.bytes > 8)
		return STORE_CORRUPT;
	for (size_t i = 0; i < column.bytes; i++)
		id = id << 8 | (unsigned char)column.at[i];
	enum store_error error = sqlite_dictionary_find(store, id,
	    &dictionary);
	if (error == STORE_OK)
		*definition = dictionary->definition;
	return error;
}
