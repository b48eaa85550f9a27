/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform.c: a file is gone through, a bundle or a database.
 *
 * First the file's own proofs are checked: to do again what somebody has made
 * up proves nothing.
 */
#include "reperform_priv.h"

#include "stated/export.h"

#define CHUNK_BYTES (256u * 1024)

struct str
reperform_result_name(enum reperform_result result)
{
	static const struct str names[] = {
	    [REPERFORM_AGREES] = STR_INIT("agrees"),
	    [REPERFORM_DIFFERS] = STR_INIT("differs"),
	    [REPERFORM_COULD_NOT] = STR_INIT("could-not"),
	};

	must(result < COUNT_OF(names));
	return names[result];
}

/* ---- a database ---- */

static void
keep_definition_cb(const struct store_definition *row, void *arg)
{
	past_add_definition(arg, row->digest, row->source);
}

static void
keep_document_cb(const struct store_document *row, void *arg)
{
	past_add_document(arg, row);
}

static enum store_error
find_instance(struct store *store, const struct reperform_options *options,
    uint64_t *number)
{
	struct store_identity identity = store_identity(store);

	if (options->instance.at == NULL ||
	    chart_id_parse(options->instance, identity.bytes, number))
		return STORE_OK;
	return store_find_key(
	    store, options->workflow, options->instance, number);
}

static enum store_error
read_definitions(const struct reperform_options *options,
    struct shelf_of_past *past, struct store_identity *identity,
    uint64_t *number, struct buf *detail)
{
	struct store *store = NULL;
	enum store_error error = store_open(
	    (struct store_options){.path = options->path, .read_only = true,
		.keys = options->keys},
	    &store, detail);

	if (error != STORE_OK)
		return error;
	*identity = store_identity(store);
	error = find_instance(store, options, number);
	if (error == STORE_OK)
		error = store_each_definition(store, keep_definition_cb, past);
	if (error == STORE_OK)
		error = store_each_document(store, keep_document_cb, past);
	store_close(&store);
	return error;
}

static void
take_lines(struct lines *lines, struct buf *text)
{
	struct str rest = buf_str(text);

	while (rest.bytes > 0) {
		struct str line = str_split(rest, '\n', &rest);

		lines_add(lines, line);
	}
	buf_clear(text);
}

static enum store_error
go_through(const struct reperform_options *options, uint64_t number,
    struct lines *lines, struct buf *detail)
{
	const struct export_options what = {
	    .path = options->path,
	    .keys = options->keys,
	    .format = EXPORT_JSONL,
	    .instance = number,
	    .workflow = options->workflow,
	};
	struct export *export = NULL;
	struct buf text = {0};
	bool is_end = false;
	enum store_error error = export_open(&what, &export, detail);

	while (error == STORE_OK && !is_end) {
		error = export_next(export, &text, &is_end);
		if (text.bytes >= CHUNK_BYTES || is_end)
			take_lines(lines, &text);
	}
	export_close(&export);
	buf_fini(&text);
	return error;
}

static enum store_error
database_reperform(const struct reperform_options *options, reperform_fn *fn,
    void *arg, struct buf *detail)
{
	struct shelf_of_past *past = past_new();
	struct store_identity store;
	struct lines lines = {
	    .options = options,
	    .fn = fn,
	    .arg = arg,
	    .world = {.find = past_find, .arg = past, .store = &store},
	};
	uint64_t number = 0;
	enum store_error error =
	    read_definitions(options, past, &store, &number, detail);

	if (error == STORE_OK) {
		lines_init(&lines);
		error = go_through(options, number, &lines, detail);
		lines_end(&lines);
		if (error == STORE_OK && number != 0 && lines.told == 0)
			error = STORE_ABSENT;
	}
	past_free(&past);
	return error;
}

/* ---- either ---- */

static enum store_error
check_proofs(const struct reperform_options *options,
    enum export_source *source, struct buf *detail)
{
	struct export_report report;
	enum store_error error =
	    export_verify(options->path, options->keys, &report, detail);

	if (error != STORE_OK)
		return error;
	*source = report.source;
	if (report.fault != AUDIT_SOUND) {
		buf_addf(detail,
		    "its own proofs don't hold, so there is nothing to be "
		    "done again: %s%s%s (`stated verify` tells more)",
		    report.explanation,
		    report.instance[0] != '\0' ? ", instance " : "",
		    report.instance);
		return STORE_CORRUPT;
	}
	return STORE_OK;
}

enum store_error
reperform_file(const struct reperform_options *options, reperform_fn *fn,
    void *arg, struct buf *detail)
{
	enum export_source source;
	enum store_error error =
	    check_proofs(options, &source, detail);

	if (error != STORE_OK)
		return error;
	switch (source) {
	case EXPORT_FROM_BUNDLE:
		return bundle_reperform(options, fn, arg, detail);
	case EXPORT_FROM_DATABASE:
		return database_reperform(options, fn, arg, detail);
	case EXPORT_FROM_LINES:
		break;
	}
	buf_add_cstr(detail,
	    "records alone don't say what was to be done: take a bundle, "
	    "which has the definitions, or the database");
	return STORE_FOREIGN;
}
