/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform.c: a file is gone through, a bundle or a database.
 *
 * First the file's own proofs are checked: to do again what somebody has made
 * up proves nothing.
 */
#include "reperform_priv.h"

#include "stated/export.h"

#include <string.h>

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
read_definitions(struct store *store, struct shelf_of_past *past)
{
	enum store_error error =
	    store_each_definition(store, keep_definition_cb, past);

	if (error == STORE_OK)
		error = store_each_document(store, keep_document_cb, past);
	return error;
}

static bool
purged_cb(const struct store_instance *row, void *arg)
{
	struct lines *lines = arg;
	struct chart_identity identity = {.number = row->number};
	char id[CHART_ID_BYTES];

	memcpy(identity.store, lines->world.store->bytes,
	    sizeof(identity.store));
	lines_add_purged(lines, chart_id_format(identity, id), row->workflow,
	    row->business_key);
	return true;
}

/* Those of which the database has no records any more.  number: of the only
 * one that is asked for; 0: all are. */
static enum store_error
tell_purged(struct store *store, uint64_t number, struct lines *lines)
{
	const struct store_instance_filter filter = {
	    .workflow = lines->options->workflow,
	    .status = STR(STORE_PURGED),
	    .has_incident = -1,
	    .after = number > 0 ? number - 1 : 0,
	    .limit = number > 0 ? 1 : SIZE_MAX,
	};

	return store_list_instances(store, &filter, purged_cb, lines);
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

/* ---- what a database knows of sensitive values ---- */

struct known {
	struct store *store;
	struct shelf_of_past *past;
};

/* All that the instance has now; NULL: its snapshot can't be read. */
static const struct value *
values_of(const struct definition *definition,
    struct chart_identity identity, const struct store_instance *row,
    struct arena *arena)
{
	struct chart *chart =
	    chart_load(definition, identity, row->snapshot);
	const struct value *values = NULL;

	if (chart != NULL)
		values = disclosed_values(arena, chart_describe(chart, arena));
	chart_free(&chart);
	return values;
}

static struct reperform_disclosure
disclose_cb(void *arg, struct str instance, struct arena *arena)
{
	const struct known *known = arg;
	struct store_identity store = store_identity(known->store);
	struct reperform_disclosure disclosure = {.values = NULL};
	struct chart_identity identity = {.number = 0};
	struct reperform_wanted wanted;
	const struct definition *definition;
	struct store_instance row;
	struct str why;

	memcpy(identity.store, store.bytes, sizeof(identity.store));
	if (!chart_id_parse(instance, store.bytes, &identity.number) ||
	    store_find_instance(known->store, arena, identity.number, &row) !=
		STORE_OK)
		return disclosure;
	wanted = (struct reperform_wanted){
	    .digest = row.definition, .at_ms = row.changed_ms};
	definition = past_find(known->past, &wanted, arena, &why);
	if (definition == NULL || definition->sensitive_count == 0)
		return disclosure;
	if (store_find_salt(known->store, arena, identity.number,
		&disclosure.salt) != STORE_OK ||
	    disclosure.salt.bytes != CHART_SALT_BYTES)
		disclosure.salt = (struct str){NULL, 0};
	disclosure.values = values_of(definition, identity, &row, arena);
	return disclosure;
}

/* ---- which instance is meant ---- */

/* Those that have the number for their key, in its one spelling: not many, one
 * a workflow. */
struct equal_keys {
	struct arena *arena;
	uint64_t *numbers;
	size_t count;
	size_t capacity;
};

static bool
equal_cb(const struct store_instance *row, void *arg)
{
	struct equal_keys *equal = arg;

	equal->numbers = arena_grow(equal->arena, equal->numbers, equal->count,
	    &equal->capacity, sizeof(row->number));
	equal->numbers[equal->count++] = row->number;
	return true;
}

/* The snapshot has the input, which tells. */
static bool
has_number_key(struct known *known, struct arena *arena, uint64_t number,
    struct str written)
{
	struct chart_identity identity = {.number = number};
	struct store_identity store = store_identity(known->store);
	struct chart_context context = {
	    .arena = arena,
	    .settings = value_built(value_build_context(arena)),
	};
	const struct definition *definition;
	struct store_instance row;
	struct chart *chart;
	struct str why;
	bool has;

	memcpy(identity.store, store.bytes, sizeof(identity.store));
	if (store_find_instance(known->store, arena, number, &row) != STORE_OK)
		return false;
	definition = past_find(known->past,
	    &(struct reperform_wanted){
		.digest = row.definition, .at_ms = row.changed_ms},
	    arena, &why);
	if (definition == NULL)
		return false;
	chart = chart_load(definition, identity, row.snapshot);
	has = chart != NULL && chart_has_number_key(chart, &context, written);
	chart_free(&chart);
	return has;
}

static enum store_error
find_number(struct known *known, struct arena *arena, struct str workflow,
    struct str written, uint64_t *number)
{
	struct equal_keys equal = {.arena = arena};
	struct buf key = buf_in(arena);
	struct store_instance_filter filter = {
	    .workflow = workflow, .has_incident = -1, .limit = SIZE_MAX};
	enum store_error error;

	if (!chart_number_key(written, &key))
		return STORE_ABSENT;
	filter.business_key = buf_keep(&key);
	error = store_list_instances(known->store, &filter, equal_cb, &equal);
	if (error == STORE_OK && equal.count > 0)
		error = read_definitions(known->store, known->past);
	for (size_t i = 0; error == STORE_OK && i < equal.count; i++) {
		*number = equal.numbers[i];
		if (has_number_key(known, arena, *number, written))
			return STORE_OK;
	}
	return error == STORE_OK ? STORE_ABSENT : error;
}

enum store_error
reperform_find(struct store *store, struct str workflow, struct str name,
    uint64_t *number)
{
	struct store_identity identity = store_identity(store);
	struct known known = {.store = store};
	struct arena *arena;
	enum store_error error;

	if (chart_id_parse(name, identity.bytes, number))
		return STORE_OK;
	error = store_find_key(store, workflow, name, number);
	if (error != STORE_ABSENT)
		return error;
	arena = arena_new();
	known.past = past_new();
	error = find_number(&known, arena, workflow, name, number);
	past_free(&known.past);
	arena_free(&arena);
	return error;
}

/* The one that is asked for is told by its identifier from here on. */
static enum store_error
find_wanted(struct store *store, struct reperform_options *wanted,
    char id[CHART_ID_BYTES], uint64_t *number)
{
	struct store_identity store_id = store_identity(store);
	struct chart_identity identity;
	enum store_error error;

	if (wanted->instance.at == NULL)
		return STORE_OK;
	error = reperform_find(
	    store, wanted->workflow, wanted->instance, number);
	if (error != STORE_OK)
		return error;
	identity.number = *number;
	memcpy(identity.store, store_id.bytes, sizeof(identity.store));
	wanted->instance = chart_id_format(identity, id);
	return STORE_OK;
}

/* Of an open database; number: of the only one that is asked for, or 0. */
static enum store_error
reperform_store(struct store *store, uint64_t number, struct lines *lines,
    struct buf *detail)
{
	struct shelf_of_past *past = lines->world.arg;
	enum store_error error = read_definitions(store, past);

	if (error == STORE_OK)
		error = tell_purged(store, number, lines);
	if (error == STORE_OK)
		error = go_through(lines->options, number, lines, detail);
	return error;
}

static enum store_error
database_reperform(const struct reperform_options *options, reperform_fn *fn,
    void *arg, struct buf *detail)
{
	struct store *store = NULL;
	struct shelf_of_past *past;
	enum store_error error = store_open(
	    (struct store_options){.path = options->path, .read_only = true,
		.keys = options->keys},
	    &store, detail);

	if (error != STORE_OK)
		return error;
	past = past_new();
	struct store_identity identity = store_identity(store);
	struct known known = {.store = store, .past = past};
	struct reperform_options wanted = *options;
	char id[CHART_ID_BYTES];
	uint64_t number = 0;
	struct lines lines = {
	    .options = &wanted,
	    .fn = fn,
	    .arg = arg,
	    .world = {.find = past_find,
		.find_operation = past_find_operation, .arg = past,
		.store = &identity, .disclose = disclose_cb,
		.disclose_arg = &known},
	};
	lines_init(&lines);
	error = find_wanted(store, &wanted, id, &number);
	if (error == STORE_OK)
		error = reperform_store(store, number, &lines, detail);
	lines_end(&lines);
	if (error == STORE_OK && options->instance.at != NULL &&
	    lines.told == 0)
		error = STORE_ABSENT;
	past_free(&past);
	store_close(&store);
	return error;
}

/* ---- either ---- */

static enum store_error
refuse_broken(const struct export_report *report, struct buf *detail)
{
	static const char *const what[] = {
	    [EXPORT_FROM_LINES] = "it is no bundle and no database, and as "
		"records in lines it is broken, too",
	    [EXPORT_FROM_BUNDLE] = "it is a bundle, and its own proofs don't "
		"hold, so nothing of it is done again",
	    [EXPORT_FROM_DATABASE] = "its own proofs don't hold, so nothing "
		"of it is done again",
	};

	must(report->source < COUNT_OF(what));
	buf_addf(detail, "%s: %s%s%s (`stated verify` tells more)",
	    what[report->source], report->explanation,
	    report->instance[0] != '\0' ? ", instance " : "",
	    report->instance);
	if (report->source == EXPORT_FROM_DATABASE)
		return STORE_CORRUPT;
	buf_add_cstr(detail, "; take a bundle as `stated export` wrote it");
	return STORE_FOREIGN;
}

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
	return report.fault == AUDIT_SOUND ? STORE_OK
					   : refuse_broken(&report, detail);
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
