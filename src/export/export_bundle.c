/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_bundle.c: evidence in one file, a tar of:
 *
 *	index.html               the histories, to be read by a person
 *	records.jsonl            the same, to be proved
 *	definitions/<digest>.yaml  the workflows that the instances ran on
 *	decisions/<digest>.yaml, calendars/…, connections/…, contacts/…,
 *	schemas/…                what these lean on, in all their versions
 *	manifest.json            every file before it, with its SHA-256
 *
 * A tar says how long a file is before it begins, and what is exported may
 * be larger than memory.  So the records are gone through three times: to
 * measure, for the page, and for the records.
 */
#include "export_priv.h"

#include <archive.h>
#include <archive_entry.h>

#include "stated/clock.h"
#include "stated/json.h"
#include "stated/map.h"

enum pass { PASS_MEASURE, PASS_PAGE, PASS_RECORDS };

/* A file on its way into the bundle. */
struct part {
	const char *path;
	uint64_t bytes;
	uint64_t written;
	struct digest_stream *hash; /* of what was measured */
};

struct export_bundle {
	struct archive *archive;
	struct buf *out; /* of the call that is under way */
	struct buf piece;
	struct part page;
	struct part records;
	struct digest_stream *lines; /* the records without the closing line */
	struct buf closing; /* the closing line */
	uint64_t told; /* the instance that is open */
	enum store_error error; /* of what proves the records */
	uint64_t instances;
	uint64_t record_count;
	int64_t now_ms;
	struct value_builder *files; /* of the manifest */
	struct value_builder *documents; /* of the manifest */
};

/* ----------------------------------------------------------------- writing */

static la_ssize_t
write_cb(struct archive *archive, void *arg, const void *bytes, size_t count)
{
	struct export_bundle *bundle = arg;

	(void)archive;
	must(bundle->out != NULL);
	buf_add(bundle->out, bytes, count);
	return (la_ssize_t)count;
}

/* Writing to memory can't fail. */
static void
begin_file(struct export_bundle *bundle, const char *path, uint64_t bytes)
{
	struct archive_entry *entry = archive_entry_new();

	must(entry != NULL);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_size(entry, (la_int64_t)bytes);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, (time_t)(bundle->now_ms / 1000), 0);
	must(archive_write_header(bundle->archive, entry) == ARCHIVE_OK);
	archive_entry_free(entry);
}

static void
write_piece(struct export_bundle *bundle, struct str piece)
{
	must(archive_write_data(bundle->archive, piece.at, piece.bytes) ==
	    (la_ssize_t)piece.bytes);
}

static void
list_file(struct export_telling *telling, const char *path, uint64_t bytes,
    struct digest digest)
{
	struct value_builder *file = value_build_context(telling->arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(file, "path", str_of(path));
	value_put_int(file, "bytes", (int64_t)bytes);
	value_put_str(file, "sha256", digest_hex(digest, hex));
	value_append(telling->bundle->files, value_built(file));
}

/* A file that is in memory. */
static void
write_file(struct export_telling *telling, const char *path, struct str text)
{
	begin_file(telling->bundle, path, text.bytes);
	write_piece(telling->bundle, text);
	list_file(telling, path, text.bytes, digest_sha256(text));
}

/* The piece that was made belongs to the part: it is measured, or written. */
static void
take_piece(struct export_telling *telling, struct part *part)
{
	struct export_bundle *bundle = telling->bundle;
	struct str piece = buf_str(&bundle->piece);

	if (telling->pass == PASS_MEASURE) {
		part->bytes += piece.bytes;
		digest_stream_add(part->hash, piece);
	} else {
		part->written += piece.bytes;
		must(part->written <= part->bytes);
		write_piece(bundle, piece);
	}
	buf_clear(&bundle->piece);
}

/* The piece is of the records. */
static void
take_lines(struct export_telling *telling)
{
	struct export_bundle *bundle = telling->bundle;

	if (telling->pass == PASS_MEASURE)
		digest_stream_add(bundle->lines, buf_str(&bundle->piece));
	take_piece(telling, &bundle->records);
}

/* What proves them stands behind them. */
static void
take_seal(struct export_telling *telling)
{
	struct export_bundle *bundle = telling->bundle;
	bool is_end = bundle->record_count == 0;

	export_seal_again(telling);
	while (bundle->error == STORE_OK && !is_end) {
		bundle->error =
		    export_seal_end(telling, &bundle->piece, &is_end);
		take_lines(telling);
	}
}

static void
begin_part(struct export_telling *telling, struct part *part)
{
	begin_file(telling->bundle, part->path, part->bytes);
	list_file(telling, part->path, part->bytes,
	    digest_stream_end(&part->hash));
}

/* ----------------------------------------------------------------- the page */

static bool
is_paged(const struct export_telling *telling)
{
	return telling->pass == PASS_MEASURE || telling->pass == PASS_PAGE;
}

static bool
is_recorded(const struct export_telling *telling)
{
	return telling->pass == PASS_MEASURE || telling->pass == PASS_RECORDS;
}

static void
begin_page(struct export_telling *telling)
{
	export_page_begin(&telling->bundle->piece);
	take_piece(telling, &telling->bundle->page);
}

static void
end_page(struct export_telling *telling)
{
	export_page_end(&telling->bundle->piece);
	take_piece(telling, &telling->bundle->page);
}

/* -------------------------------------------------------------- definitions */

static void
note_definition(struct export_telling *telling, const struct value *record,
    const char *field)
{
	struct str hex = value_field_str(record, field);

	if (hex.bytes > 0 && map_find(telling->seen, hex) == NULL)
		map_put(telling->seen, arena_str(telling->arena, hex),
		    telling->seen);
}

static void
note_contact(struct export_telling *telling, const struct value *record)
{
	struct str kind = value_field_str(record, "kind");
	struct str name = value_field_str(record, "contact");
	struct str key;

	if (!str_equal(kind, audit_kind_name(AUDIT_GLASS_BROKEN)) ||
	    name.bytes == 0)
		return;
	key = arena_strf(
	    telling->scratch, EXPORT_CONTACT "%.*s", STR_ARG(name));
	if (map_find(telling->seen, key) == NULL)
		map_put(telling->seen, arena_str(telling->arena, key),
		    telling->seen);
}

static void
write_definition_cb(const struct store_definition *row, void *arg)
{
	struct export_telling *telling = arg;
	char hex[DIGEST_HEX_BYTES];
	struct str digest = digest_hex(row->digest, hex);

	if (map_find(telling->seen, digest) != NULL)
		write_file(telling, arena_strf(telling->arena,
		    EXPORT_DEFINITIONS "%.*s.yaml", STR_ARG(digest)).at,
		    row->source);
}

/* What says the same as before has the same file. */
static void
write_document_cb(const struct store_document *row, void *arg)
{
	struct export_telling *telling = arg;
	struct value_builder *document = value_build_context(telling->arena);
	char hex[DIGEST_HEX_BYTES];
	struct str path = arena_strf(telling->arena, "%.*ss/%.*s.yaml",
	    STR_ARG(row->kind), STR_ARG(digest_hex(row->digest, hex)));

	value_put_str(document, "kind", row->kind);
	value_put_str(document, "name", row->name);
	value_put_str(document, "digest", str_of(hex));
	value_put_instant(document, "since", row->since_ms);
	value_append(telling->bundle->documents, value_built(document));
	if (map_put(telling->seen, path, telling->seen) == NULL)
		write_file(telling, path.at, row->source);
}

/* --------------------------------------------------------------- the format */

static enum store_error
begin(struct export_telling *telling, struct buf *out)
{
	uint64_t newest = UINT64_MAX;
	struct export_bundle *bundle =
	    ARENA_NEW(telling->arena, struct export_bundle);

	telling->bundle = bundle;
	telling->seen = map_new();
	bundle->now_ms = clock_now_ms(clock_system());
	bundle->files = value_build_list(telling->arena);
	bundle->documents = value_build_list(telling->arena);
	bundle->page = (struct part){
	    .path = "index.html", .hash = digest_stream_new()};
	bundle->records = (struct part){
	    .path = EXPORT_RECORDS, .hash = digest_stream_new()};
	bundle->lines = digest_stream_new();
	bundle->archive = archive_write_new();
	must(bundle->archive != NULL);
	bundle->out = out;
	/* A ustar, but where a file is too large for one. */
	must(archive_write_set_format_pax_restricted(bundle->archive) ==
	    ARCHIVE_OK);
	must(archive_write_set_bytes_per_block(bundle->archive, 0) ==
	    ARCHIVE_OK);
	must(archive_write_open(bundle->archive, bundle, NULL, write_cb,
	    NULL) == ARCHIVE_OK);
	begin_page(telling);
	return export_seal_begin(telling, &newest, NULL);
}

static void
open(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	struct export_bundle *bundle = telling->bundle;

	bundle->out = out;
	bundle->told = row->instance->number;
	export_seal_open(telling);
	export_record_name(telling, row);
	if (telling->pass == PASS_MEASURE)
		bundle->instances += row->instance->number != STORE_JOURNAL;
	if (!is_paged(telling))
		return;
	export_page_open(telling, &bundle->piece, row);
	take_piece(telling, &bundle->page);
}

static void
shut(struct export_telling *telling, struct buf *out)
{
	struct export_bundle *bundle = telling->bundle;

	bundle->out = out;
	if (is_recorded(telling) && bundle->error == STORE_OK) {
		bundle->error = export_seal_shut(
		    telling, &bundle->piece, bundle->told);
		take_lines(telling);
	}
	if (!is_paged(telling))
		return;
	export_page_shut(&bundle->piece);
	take_piece(telling, &bundle->page);
}

static void
measure(struct export_telling *telling, const struct export_row *row)
{
	const struct value *record =
	    export_record_read_or_empty(telling->scratch, row);

	telling->bundle->record_count++;
	note_definition(telling, record, "definition");
	note_definition(telling, record, "to_definition");
	note_contact(telling, record);
}

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	struct export_bundle *bundle = telling->bundle;

	bundle->out = out;
	if (telling->pass == PASS_MEASURE)
		measure(telling, row);
	if (is_paged(telling)) {
		export_page_add(telling, &bundle->piece, row);
		take_piece(telling, &bundle->page);
	}
	if (is_recorded(telling)) {
		export_format_jsonl.add(telling, &bundle->piece, row);
		export_seal_note(telling, row->record.seq);
		take_lines(telling);
	}
}

/* What was measured is now known as a whole: the closing line goes with it. */
static void
end_measuring(struct export_telling *telling)
{
	struct export_bundle *bundle = telling->bundle;
	const struct export_options *options = telling->options;
	struct export_closing closing = {
		.instances = bundle->instances,
		.records = bundle->record_count,
		.purged = telling->purged,
		.is_excerpt = options->from_ms > 0 || options->to_ms > 0,
	};

	telling->pass = PASS_MEASURE;
	end_page(telling);
	take_seal(telling);
	closing.hash = digest_stream_end(&bundle->lines);
	export_jsonl_close(&bundle->closing, &closing);
	buf_add_str(&bundle->piece, buf_str(&bundle->closing));
	take_piece(telling, &bundle->records);
	telling->pass = PASS_PAGE;
}

static void
turn(struct export_telling *telling, struct buf *out)
{
	struct export_bundle *bundle = telling->bundle;

	bundle->out = out;
	if (telling->pass == PASS_PAGE) {
		end_measuring(telling);
		begin_part(telling, &bundle->page);
		begin_page(telling);
		return;
	}
	telling->pass = PASS_PAGE;
	end_page(telling);
	telling->pass = PASS_RECORDS;
	must(bundle->page.written == bundle->page.bytes);
	begin_part(telling, &bundle->records);
}

static void
write_manifest(struct export_telling *telling)
{
	struct export_bundle *bundle = telling->bundle;
	struct value_builder *built = value_build_context(telling->arena);
	struct store_identity store = store_identity(telling->store);
	char hex[2 * sizeof(store.bytes) + 1];
	struct buf text = {0};

	digest_format_hex(
	    (struct str){(const char *)store.bytes, sizeof(store.bytes)}, hex);
	value_put_int(built, "bundle", 1);
	value_put_str(built, "program", STR("stated " STATED_VERSION));
	value_put_instant(built, "exported_at", bundle->now_ms);
	value_put_int(built, "instances", (int64_t)bundle->instances);
	value_put_int(built, "records", (int64_t)bundle->record_count);
	value_put_str(built, "store", str_of(hex));
	value_put(built, STR("documents"), value_built(bundle->documents));
	value_put(built, STR("files"), value_built(bundle->files));
	json_write_pretty(value_built(built), &text);
	buf_add_char(&text, '\n');
	begin_file(bundle, EXPORT_MANIFEST, text.bytes);
	write_piece(bundle, buf_str(&text));
	buf_fini(&text);
}

static enum store_error
end(struct export_telling *telling, struct buf *out)
{
	struct export_bundle *bundle = telling->bundle;

	bundle->out = out;
	take_seal(telling);
	if (bundle->error != STORE_OK)
		return bundle->error;
	buf_add_str(&bundle->piece, buf_str(&bundle->closing));
	take_piece(telling, &bundle->records);
	must(bundle->records.written == bundle->records.bytes);
	enum store_error error = store_each_definition(
	    telling->store, write_definition_cb, telling);
	if (error == STORE_OK)
		error = export_leant_each(telling->store, telling->seen,
		    write_document_cb, telling);
	write_manifest(telling);
	must(archive_write_close(bundle->archive) == ARCHIVE_OK);
	return error;
}

void
export_bundle_free(struct export_telling *telling)
{
	struct export_bundle *bundle = telling->bundle;
	struct buf rest = {0};

	if (bundle == NULL)
		return;
	/* An export that is given up still writes its last bytes. */
	bundle->out = &rest;
	(void)archive_write_free(bundle->archive);
	buf_fini(&rest);
	buf_fini(&bundle->piece);
	buf_fini(&bundle->closing);
	if (bundle->lines != NULL)
		(void)digest_stream_end(&bundle->lines);
	if (bundle->page.hash != NULL)
		(void)digest_stream_end(&bundle->page.hash);
	if (bundle->records.hash != NULL)
		(void)digest_stream_end(&bundle->records.hash);
	telling->bundle = NULL;
}

const struct export_format_functions export_format_bundle = {
    .passes = 3,
    .begin = begin,
    .open = open,
    .shut = shut,
    .add = add,
    .turn = turn,
    .end = end,
};
