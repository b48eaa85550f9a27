/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_bundle.c: an evidence bundle is gone through.
 *
 * Its records stand before the definitions that they ran on, so the tar is
 * read twice: for the definitions and the manifest, and for the records.
 */
#include "reperform_priv.h"

#include "stated/json.h"
#include "stated/map.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define PIECE_BYTES (64u * 1024)
#define TEXT_BYTES_MAX (64u * 1024 * 1024)
#define MANIFEST STR("manifest.json")
#define RECORDS STR("records.jsonl")
#define DEFINITIONS STR("definitions/")

struct bundle {
	const struct reperform_options *options;
	struct archive *archive;
	struct arena *arena;
	struct shelf_of_past *past;
	struct map *texts; /* path -> char *: of what is no record */
	struct store_identity store;
	bool store_is_known;
	struct lines lines;
};

/* ---- the tar ---- */

/* false where the rest of the file can't be read. */
static bool
read_text(struct bundle *bundle, struct buf *text)
{
	char piece[PIECE_BYTES];
	la_ssize_t got;

	while ((got = archive_read_data(
		    bundle->archive, piece, sizeof(piece))) > 0)
		if (text->bytes < TEXT_BYTES_MAX)
			buf_add(text, piece, (size_t)got);
	return got == 0;
}

typedef bool file_fn(struct bundle *bundle, struct str path);

static enum store_error
each_file(struct bundle *bundle, file_fn *fn, struct buf *detail)
{
	struct archive_entry *entry;
	struct buf name = {0};
	int got = ARCHIVE_FAILED;
	bool is_read = true;

	bundle->archive = archive_read_new();
	must(bundle->archive != NULL);
	must(archive_read_support_format_tar(bundle->archive) == ARCHIVE_OK);
	buf_add_str(&name, bundle->options->path);
	if (archive_read_open_filename(
		bundle->archive, buf_cstr(&name), PIECE_BYTES) == ARCHIVE_OK)
		while (is_read &&
		       (got = archive_read_next_header(
			    bundle->archive, &entry)) == ARCHIVE_OK)
			is_read = fn(
			    bundle, str_of(archive_entry_pathname(entry)));
	if ((got != ARCHIVE_EOF || !is_read) && detail != NULL)
		buf_addf(detail, "%s can't be read to its end",
		    buf_cstr(&name));
	(void)archive_read_free(bundle->archive);
	buf_fini(&name);
	return got == ARCHIVE_EOF && is_read ? STORE_OK : STORE_CORRUPT;
}

/* ---- the definitions ---- */

static bool
keep_text(struct bundle *bundle, struct str path)
{
	struct buf text = {0};
	bool is_read = true;

	if (str_has_suffix(path, STR(".yaml")) || str_equal(path, MANIFEST)) {
		is_read = read_text(bundle, &text);
		(void)map_put(bundle->texts, path,
		    (void *)(uintptr_t)arena_str(
			bundle->arena, buf_str(&text))
			.at);
	}
	buf_fini(&text);
	return is_read;
}

static void
add_definitions(struct bundle *bundle)
{
	size_t cursor = 0;
	struct str path;
	void *text;

	while (map_next(bundle->texts, &cursor, &path, &text)) {
		struct digest digest;

		if (str_has_prefix(path, DEFINITIONS) &&
		    digest_parse_hex(str_slice(path, DEFINITIONS.bytes,
					 DIGEST_HEX_BYTES - 1),
			&digest))
			past_add_definition(
			    bundle->past, digest, str_of(text));
	}
}

static void
add_document(struct bundle *bundle, const struct value *listed)
{
	struct store_document row = {
	    .kind = value_field_str(listed, "kind"),
	    .name = value_field_str(listed, "name"),
	};
	struct str digest = value_field_str(listed, "digest");
	const char *text;

	text = map_find(bundle->texts,
	    arena_strf(bundle->arena, "%.*ss/%.*s.yaml", STR_ARG(row.kind),
		STR_ARG(digest)));
	row.since_ms = replay_instant(listed, "since");
	if (text == NULL || row.kind.at == NULL || row.name.at == NULL ||
	    !digest_parse_hex(digest, &row.digest))
		return;
	row.source = str_of(text);
	past_add_document(bundle->past, &row);
}

/* Half as many bytes as a digest has; false where the digits are others. */
static bool
read_half(struct arena *arena, struct str hex, struct digest *twice)
{
	return hex.bytes == DIGEST_HEX_BYTES / 2 &&
	       digest_parse_hex(arena_strf(arena, "%.*s%.*s", STR_ARG(hex),
				    STR_ARG(hex)),
		   twice);
}

static void
read_manifest(struct bundle *bundle)
{
	struct json_error error;
	const char *text = map_find(bundle->texts, MANIFEST);
	const struct value *manifest =
	    text != NULL ? json_read(bundle->arena, str_of(text), &error)
			 : NULL;
	const struct value *documents = value_get_cstr(manifest, "documents");
	struct digest twice;
	struct str store = value_field_str(manifest, "store");

	for (size_t i = 0; documents != NULL &&
			   documents->type == VALUE_LIST &&
			   i < documents->as.list.count;
	     i++)
		add_document(bundle, documents->as.list.items[i]);
	bundle->store_is_known = read_half(bundle->arena, store, &twice);
	if (bundle->store_is_known)
		memcpy(bundle->store.bytes, twice.bytes,
		    sizeof(bundle->store.bytes));
}

/* ---- what was disclosed beside it ---- */

static struct reperform_disclosure
disclose_cb(void *arg, struct str instance, struct arena *arena)
{
	const struct reperform_options *options = arg;
	struct reperform_disclosure disclosure = {.values = NULL};
	const struct value *sensitive;
	struct digest twice;

	for (size_t i = 0; i < options->disclosed_count; i++) {
		const struct value *told = options->disclosed[i];

		if (!str_equal(value_field_str(told, "id"), instance))
			continue;
		disclosure.values = disclosed_values(arena, told);
		sensitive = value_get_cstr(told, "sensitive");
		if (read_half(arena, value_field_str(sensitive, "salt"),
			&twice))
			disclosure.salt = arena_str(arena,
			    (struct str){(const char *)twice.bytes,
				CHART_SALT_BYTES});
	}
	return disclosure;
}

/* ---- the records ---- */

static void
add_lines(struct bundle *bundle, struct buf *rest, struct str piece)
{
	while (piece.bytes > 0) {
		struct str next, line = str_split(piece, '\n', &next);

		buf_add_str(rest, line);
		if (next.at == NULL)
			return;
		lines_add(&bundle->lines, buf_str(rest));
		buf_clear(rest);
		piece = next;
	}
}

static bool
go_through_records(struct bundle *bundle, struct str path)
{
	char piece[PIECE_BYTES];
	struct buf rest = {0};
	la_ssize_t got = 0;

	if (str_equal(path, RECORDS))
		while ((got = archive_read_data(
			    bundle->archive, piece, sizeof(piece))) > 0)
			add_lines(bundle, &rest,
			    (struct str){piece, (size_t)got});
	buf_fini(&rest);
	return got == 0;
}

enum store_error
bundle_reperform(const struct reperform_options *options, reperform_fn *fn,
    void *arg, struct buf *detail)
{
	struct bundle bundle = {
	    .options = options,
	    .arena = arena_new(),
	    .past = past_new(),
	    .texts = map_new(),
	    .lines = {.options = options, .fn = fn, .arg = arg,
		.tells_purged = true},
	};
	enum store_error error = each_file(&bundle, keep_text, detail);

	if (error == STORE_OK) {
		add_definitions(&bundle);
		read_manifest(&bundle);
		bundle.lines.world = (struct reperform_world){
		    .find = past_find,
		    .find_operation = past_find_operation,
		    .arg = bundle.past,
		    .store =
			bundle.store_is_known ? &bundle.store : NULL,
		    .disclose = disclose_cb,
		    .disclose_arg = (void *)(uintptr_t)options,
		};
		lines_init(&bundle.lines);
		error = each_file(&bundle, go_through_records, detail);
		lines_end(&bundle.lines);
		if (error == STORE_OK && options->instance.at != NULL &&
		    bundle.lines.told == 0)
			error = STORE_ABSENT;
	}
	map_free(&bundle.texts);
	past_free(&bundle.past);
	arena_free(&bundle.arena);
	return error;
}
