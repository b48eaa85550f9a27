/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_verify_bundle.c: proving that an evidence bundle is whole: its
 * records, by their chains, and every file, by the manifest.
 *
 * A bundle comes from outside: it is read as a stream, nothing of it is
 * written anywhere, and what is kept of it has a bound.
 */
#include "export_priv.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

#include "stated/json.h"
#include "stated/library.h"
#include "stated/map.h"

#define FILES_MAX 100000
#define TEXT_BYTES_MAX (64u * 1024 * 1024)
#define PIECE_BYTES (64u * 1024)

struct file {
	struct str path;
	uint64_t bytes;
	struct digest digest;
	bool is_listed; /* by the manifest */
};

struct reading {
	struct archive *archive;
	struct export_report *report;
	const struct export_against *against; /* may be NULL */
	struct arena *arena;
	struct map *files; /* by path */
	struct digest_stream *hash; /* of the file that is read */
	uint64_t bytes;
	struct buf manifest;
	bool has_records;
	bool is_damaged; /* the archive itself */
};

static void
fail(struct reading *reading, enum audit_fault fault, struct str what,
    const char *why)
{
	struct export_report first = {.fault = fault};

	export_report_fault(
	    reading->report, &first, "%.*s %s", STR_ARG(what), why);
}

/* ----------------------------------------------------------------- one file */

/* The next bytes of the file; 0 at its end. */
static ssize_t
read_cb(void *arg, char *out, size_t bytes)
{
	struct reading *reading = arg;
	la_ssize_t got = archive_read_data(reading->archive, out, bytes);

	if (got < 0) {
		reading->is_damaged = true;
		return 0;
	}
	digest_stream_add(reading->hash, (struct str){out, (size_t)got});
	reading->bytes += (uint64_t)got;
	return (ssize_t)got;
}

static void
skip(struct reading *reading)
{
	char piece[PIECE_BYTES];

	while (read_cb(reading, piece, sizeof(piece)) > 0)
		;
}

static enum store_error
read_records(struct reading *reading)
{
	cookie_io_functions_t functions = {.read = read_cb};
	FILE *file = fopencookie(reading, "r", functions);

	must(file != NULL);
	reading->has_records = true;
	enum store_error error = export_verify_lines(
	    file, reading->against, reading->report);
	fclose(file);
	if (error == STORE_OK && reading->report->fault == AUDIT_SOUND &&
	    !reading->report->is_closed)
		fail(reading, AUDIT_CUT, STR(EXPORT_RECORDS),
		    "ends without its closing line");
	return error;
}

/* What is beyond the bound is not kept. */
static void
read_text(struct reading *reading, struct buf *text)
{
	char piece[PIECE_BYTES];
	ssize_t got;

	while ((got = read_cb(reading, piece, sizeof(piece))) > 0)
		if (text->bytes < TEXT_BYTES_MAX)
			buf_add(text, piece, (size_t)got);
}

/* Records name definitions by their digest, and so does the file: the text
 * must say what has that digest. */
static void
read_definition(struct reading *reading, struct str path)
{
	struct str name = str_slice(
	    path, strlen(EXPORT_DEFINITIONS), DIGEST_HEX_BYTES - 1);
	struct digest named, found;
	struct buf text = {0};

	read_text(reading, &text);
	if (!digest_parse_hex(name, &named) ||
	    !library_digest(buf_str(&text), &found) ||
	    !digest_equal(named, found))
		fail(reading, AUDIT_CHANGED, path,
		    "is not the workflow that it is named by");
	buf_fini(&text);
}

/* The same of what workflows lean on: "decisions/<digest>.yaml". */
static void
read_document(struct reading *reading, struct str path)
{
	struct str name;
	struct digest named, found;
	struct buf text = {0};

	(void)str_split(path, '/', &name);
	read_text(reading, &text);
	if (!digest_parse_hex(
		str_slice(name, 0, DIGEST_HEX_BYTES - 1), &named) ||
	    !library_document_digest(buf_str(&text), &found) ||
	    !digest_equal(named, found))
		fail(reading, AUDIT_CHANGED, path,
		    "is not the document that it is named by");
	buf_fini(&text);
}

static bool
is_document(struct str path)
{
	static const struct str folders[] = {
	    STR_INIT("decisions/"),
	    STR_INIT("calendars/"),
	    STR_INIT("connections/"),
	    STR_INIT("contacts/"),
	    STR_INIT("schemas/"),
	};

	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (str_has_prefix(path, folders[i]))
			return true;
	return false;
}

static enum store_error
read_file(struct reading *reading, struct str path)
{
	struct file *file = ARENA_NEW(reading->arena, struct file);
	enum store_error error = STORE_OK;

	reading->hash = digest_stream_new();
	reading->bytes = 0;
	if (str_equal(path, STR(EXPORT_RECORDS)))
		error = read_records(reading);
	else if (str_has_prefix(path, STR(EXPORT_DEFINITIONS)))
		read_definition(reading, path);
	else if (is_document(path))
		read_document(reading, path);
	else if (str_equal(path, STR(EXPORT_MANIFEST)))
		read_text(reading, &reading->manifest);
	skip(reading);
	*file = (struct file){.path = arena_str(reading->arena, path),
	    .bytes = reading->bytes,
	    .digest = digest_stream_end(&reading->hash)};
	if (map_put(reading->files, file->path, file) != NULL)
		fail(reading, AUDIT_REORDERED, path,
		    "stands in the bundle a second time");
	return error;
}

/* ---------------------------------------------------------------- all files */

static enum store_error
read_files(struct reading *reading)
{
	struct archive_entry *entry;
	enum store_error error = STORE_OK;
	int got = ARCHIVE_OK;

	while (error == STORE_OK && !reading->is_damaged &&
	    (got = archive_read_next_header(reading->archive, &entry)) ==
		ARCHIVE_OK) {
		struct str path = str_of(archive_entry_pathname(entry));

		if (path.bytes == 0 ||
		    archive_entry_filetype(entry) != AE_IFREG ||
		    map_count(reading->files) >= FILES_MAX) {
			fail(reading, AUDIT_MALFORMED, path,
			    "has no place in a bundle");
			return STORE_OK;
		}
		error = read_file(reading, path);
	}
	if (error == STORE_OK && (reading->is_damaged || got != ARCHIVE_EOF))
		fail(reading, AUDIT_MALFORMED, STR("the archive"),
		    "can't be read to its end");
	return error;
}

/* ------------------------------------------------------------- the manifest */

static bool
says_count(const struct value *from, const char *key, uint64_t count)
{
	int64_t n;

	return value_to_int(value_get_cstr(from, key), &n) && n >= 0 &&
	    (uint64_t)n == count;
}

static void
check_listed(struct reading *reading, const struct value *listed)
{
	struct str path = value_field_str(listed, "path");
	struct file *file = map_find(reading->files, path);
	struct digest digest;

	if (file == NULL) {
		fail(reading, AUDIT_MISSING, path,
		    "stands in the manifest and is not here");
		return;
	}
	file->is_listed = true;
	if (!digest_parse_hex(
		value_field_str(listed, "sha256"), &digest) ||
	    !digest_equal(digest, file->digest) ||
	    !says_count(listed, "bytes", file->bytes))
		fail(reading, AUDIT_CHANGED, path,
		    "does not give the hash that the manifest has");
}

static void
check_unlisted(struct reading *reading)
{
	size_t cursor = 0;
	struct str path;
	void *found;

	while (map_next(reading->files, &cursor, &path, &found)) {
		const struct file *file = found;
		if (!file->is_listed &&
		    !str_equal(path, STR(EXPORT_MANIFEST)))
			fail(reading, AUDIT_MALFORMED, path,
			    "does not stand in the manifest");
	}
}

static void
check_manifest(struct reading *reading)
{
	struct json_error error;
	const struct value *manifest = json_read(
	    reading->arena, buf_str(&reading->manifest), &error);
	const struct value *files = value_get_cstr(manifest, "files");

	if (files == NULL || files->type != VALUE_LIST ||
	    !reading->has_records) {
		fail(reading, AUDIT_MISSING, STR("the bundle"),
		    "has no manifest that can be read, or no records");
		return;
	}
	for (size_t i = 0; i < files->as.list.count; i++)
		check_listed(reading, files->as.list.items[i]);
	check_unlisted(reading);
	if (!says_count(manifest, "records", reading->report->records) ||
	    !says_count(manifest, "instances", reading->report->instances))
		fail(reading, AUDIT_CUT, STR("the manifest"),
		    "counts other records than there are");
}

/* ---------------------------------------------------------------- the whole */

enum store_error
export_verify_bundle(struct str path, const struct export_against *against,
    struct export_report *report, struct buf *detail)
{
	struct reading reading = {.report = report, .against = against};
	struct buf name = {0};
	enum store_error error = STORE_IO;

	*report = (struct export_report){0};
	reading.archive = archive_read_new();
	must(reading.archive != NULL);
	must(archive_read_support_format_tar(reading.archive) == ARCHIVE_OK);
	reading.arena = arena_new();
	reading.files = map_new();
	buf_add_str(&name, path);
	if (archive_read_open_filename(
		reading.archive, buf_cstr(&name), PIECE_BYTES) == ARCHIVE_OK)
		error = read_files(&reading);
	else if (detail != NULL)
		buf_addf(detail, "%s: %s", buf_cstr(&name),
		    strerrordesc_np(archive_errno(reading.archive)));
	if (error == STORE_OK)
		check_manifest(&reading);
	(void)archive_read_free(reading.archive);
	map_free(&reading.files);
	arena_free(&reading.arena);
	buf_fini(&reading.manifest);
	buf_fini(&name);
	return error;
}

bool
export_is_bundle(struct str beginning)
{
	return beginning.bytes >= EXPORT_BUNDLE_BYTES &&
	    str_equal(str_slice(beginning, 257, 5), STR("ustar"));
}
