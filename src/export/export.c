/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c: walking over histories, a page of instances and a handful of
 * records at a time.
 *
 *	EXPORT_BEGINNING ─► EXPORT_TELLING ─► EXPORT_SEALING ─► EXPORT_CLOSING
 *	   header row          records        what proves it    closing line
 *	                                                        ─► EXPORT_OVER
 *
 * A format that needs to know all before it tells the first of it has the
 * records told to it in several passes, which all show the same.
 *
 * Instances are told by number and records by seq, so that a chain stands in
 * one place of the file, in order.
 */
#include "stated/export.h"

#include <stdlib.h>

#include "export_priv.h"
#include "stated/clock.h"
#include "stated/map.h"

#define PAGE_INSTANCES 256
#define CHUNK_RECORDS 64
/* Rows looked at in one go where few of them fit. */
#define PAGE_LOOKED 20000
/* Of a call that finds nothing to tell. */
#define STEPS_MAX 64

/* ---------------------------------------------------------------- formats */

static const struct format {
	struct str name;
	struct str suffix;
	struct str media_type;
	const struct export_format_functions *does;
} formats[EXPORT_FORMAT_COUNT] = {
#define X(symbol, text, end, type)                                             \
	[EXPORT_##symbol] = {.name = STR_INIT(text), .suffix = STR_INIT(end),  \
	    .media_type = STR_INIT(type), .does = EXPORT_FUNCTIONS_##symbol},
#define EXPORT_FUNCTIONS_JSONL &export_format_jsonl
#define EXPORT_FUNCTIONS_CSV &export_format_csv
#define EXPORT_FUNCTIONS_XES &export_format_xes
#define EXPORT_FUNCTIONS_OCEL &export_format_ocel
#define EXPORT_FUNCTIONS_OCEL_XML &export_format_ocel_xml
#define EXPORT_FUNCTIONS_AS_AT &export_format_as_at
#define EXPORT_FUNCTIONS_AS_AT_CSV &export_format_as_at_csv
#define EXPORT_FUNCTIONS_BUNDLE &export_format_bundle
	EXPORT_FORMATS(X)
#undef X
};

struct str
export_format_name(enum export_format format)
{
	must(format < EXPORT_FORMAT_COUNT);
	return formats[format].name;
}

struct str
export_format_suffix(enum export_format format)
{
	must(format < EXPORT_FORMAT_COUNT);
	return formats[format].suffix;
}

struct str
export_format_media_type(enum export_format format)
{
	must(format < EXPORT_FORMAT_COUNT);
	return formats[format].media_type;
}

bool
export_format_parse(struct str name, enum export_format *format)
{
	for (enum export_format i = 0; i < EXPORT_FORMAT_COUNT; i++) {
		if (str_equal(name, formats[i].name)) {
			*format = i;
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------- life */

enum export_stage {
	EXPORT_BEGINNING,
	EXPORT_TELLING,
	EXPORT_SEALING,
	EXPORT_CLOSING,
	EXPORT_OVER
};

struct export {
	struct store *store;
	struct arena *arena; /* for the options' texts */
	struct export_options options;
	const struct export_format_functions *does;
	struct export_telling telling;
	enum export_stage stage;

	struct arena *page_arena;
	struct export_instance *page;
	size_t page_count;
	size_t page_at;     /* the instance being told */
	uint64_t page_next; /* cursor */
	bool is_last_page;

	struct arena *chunk_arena;
	struct audit_record *chunk;
	size_t chunk_count;
	size_t chunk_at;
	uint64_t chunk_next; /* seq */
	bool is_last_chunk;

	struct arena *scratch; /* of one record */
	struct arena *own; /* of one instance */
	struct digest_stream *hash;
	uint64_t instances;
	uint64_t purged;
	uint64_t records;
	bool is_open;  /* an instance, or the journal: */
	uint64_t told; /* its number */

	/* Where it goes on with one that was broken off: */
	bool goes_on;
	uint64_t told_before; /* what has a lower number */
	bool is_looked; /* all that is to be told is there */
	uint64_t look_next; /* cursor */
	bool is_late; /* what it was to tell was purged meanwhile */
};

static struct export_options
copy_options(struct arena *arena, const struct export_options *options)
{
	struct export_options copied = *options;

	copied.path = arena_str(arena, options->path);
	copied.workflow = arena_str(arena, options->workflow);
	copied.status = arena_str(arena, options->status);
	copied.state = arena_str(arena, options->state);
	copied.entities =
	    arena_strs(arena, options->entities, options->entity_count);
	return copied;
}

bool
export_is_purged(const struct export_instance *instance)
{
	return str_equal(instance->status, STR(STORE_PURGED));
}

/* Nothing is told of it, or that it was there. */
static void
pass_purged(struct export *export, const struct export_instance *instance)
{
	int64_t to_ms = export->options.to_ms;

	export->is_last_chunk = true;
	if (!export->does->tells_purged) {
		export->purged++;
		return;
	}
	if (to_ms > 0 && instance->started_ms >= to_ms)
		return;
	arena_reset(export->chunk_arena);
	export->chunk = ARENA_NEW(export->chunk_arena, struct audit_record);
	*export->chunk = (struct audit_record){
		.seq = instance->head.seq,
		.hash = instance->head.hash,
		.canonical = STR(""),
		.purged_from = 1,
	};
	export->chunk_count = 1;
}

static void
start_instance(struct export *export)
{
	const struct export_instance *instance =
	    &export->page[export->page_at];

	must(export->page_at < export->page_count);
	export->chunk_count = 0;
	export->chunk_at = 0;
	export->chunk_next = 1;
	export->is_last_chunk = false;
	if (export_is_purged(instance))
		pass_purged(export, instance);
}

/* Where no instances are chosen, and what leaves can be proved. */
static bool
has_journal(const struct export_options *options)
{
	bool is_chosen = options->instance != 0 ||
	    options->workflow.at != NULL || options->status.at != NULL ||
	    options->state.at != NULL || options->started_from_ms != 0 ||
	    options->started_to_ms != 0 || options->entity_count != 0;

	return !is_chosen && (options->format == EXPORT_JSONL ||
		options->format == EXPORT_BUNDLE);
}

/* It stands where its number does: before all instances. */
static void
start_journal(struct export *export)
{
	arena_reset(export->page_arena);
	export->page = ARENA_NEW(export->page_arena, struct export_instance);
	*export->page = (struct export_instance){
	    .number = STORE_JOURNAL,
	    .workflow = STR("journal"),
	};
	export->page_count = 1;
	start_instance(export);
}

static bool
is_wanted(
    const struct export_options *options, const struct store_instance *row)
{
	return options->entity_count == 0 ||
	    store_has_label(row, STR("entity"), options->entities,
		options->entity_count);
}

static struct store_instance_filter
filter_of(const struct export_options *options)
{
	return (struct store_instance_filter){
		.workflow = options->workflow,
		.status = options->status,
		.state = options->state,
		.started_from_ms = options->started_from_ms,
		.started_to_ms = options->started_to_ms,
		.has_incident = -1,
	};
}

/* What stands in the file was told, up to the last instance in it. */
static void
go_on_after(struct export *export, const struct export_progress *after)
{
	must(after->number > 0);
	export->instances = after->instances;
	export->records = after->records;
	if (after->number > export->page_next)
		export->page_next = after->number - 1;
}

static void
start_pass(struct export *export)
{
	const struct export_options *options = &export->options;

	export->page_count = 0;
	export->page_at = 0;
	export->page_next = options->instance > 0 ? options->instance - 1 : 0;
	export->is_last_page = false;
	export->chunk_count = 0;
	export->chunk_at = 0;
	export->is_last_chunk = true;
	export->instances = 0;
	export->purged = 0;
	export->records = 0;
	export->is_open = false;
	if (options->after != NULL && options->after->number > 0)
		go_on_after(export, options->after);
	else if (has_journal(options))
		start_journal(export);
}

static bool
is_sealed(const struct export *export)
{
	return export->options.closing_line &&
	    export->options.format == EXPORT_JSONL;
}

static enum store_error
begin(struct export *export, struct buf *detail)
{
	const struct export_progress *after = export->options.after;
	struct export_moment *moment = &export->options.moment;
	enum store_error error =
	    export_moment_find(export->store, moment, detail);

	if (error == STORE_OK && export->goes_on)
		store_bound_history(export->store, moment->history_place);
	if (error == STORE_OK && is_sealed(export))
		error = export_seal_begin(&export->telling,
		    &moment->checkpoint,
		    after != NULL ? &after->leaves : NULL);
	if (error == STORE_OK)
		start_pass(export);
	return error;
}

static struct export *
export_new(struct store *store, const struct export_options *options)
{
	struct export *export = calloc(1, sizeof(*export));

	must(export != NULL);
	export->store = store;
	export->arena = arena_new();
	export->options = copy_options(export->arena, options);
	export->page_arena = arena_new();
	export->chunk_arena = arena_new();
	export->scratch = arena_new();
	export->own = arena_new();
	export->goes_on = options->moment.began_ms != 0;
	export->is_looked = !export->goes_on;
	if (options->after != NULL)
		export->told_before = options->after->number;
	if (options->after == NULL) {
		export->hash = digest_stream_new();
	} else {
		export->hash = options->after->hash;
		options->after->hash = NULL;
	}
	export->does = formats[options->format].does;
	export->telling = (struct export_telling){
		.options = &export->options,
		.store = store,
		.scratch = export->scratch,
		.arena = export->arena,
		.own = export->own,
	};
	return export;
}

enum store_error
export_open(const struct export_options *options, struct export **opened,
    struct buf *detail)
{
	struct store *store = NULL;
	struct export *export;

	must(options->format < EXPORT_FORMAT_COUNT);
	must(options->moment.began_ms == 0 ||
	    (options->format == EXPORT_JSONL && options->status.at == NULL &&
		options->state.at == NULL));
	must(options->after == NULL || options->moment.began_ms != 0);
	enum store_error error = store_open((struct store_options){
	    .path = options->path, .read_only = true, .keys = options->keys},
	    &store, detail);
	if (error == STORE_OK)
		error = store_freeze(store);
	if (error != STORE_OK) {
		store_close(&store);
		return error;
	}
	export = export_new(store, options);
	error = begin(export, detail);
	export->options.after = NULL; /* it is the caller's, and used up */
	if (error == STORE_OK)
		*opened = export;
	else
		export_close(&export);
	return error;
}

void
export_close(struct export **closed)
{
	struct export *export = *closed;

	if (export == NULL)
		return;
	must(export->store != NULL);
	store_thaw(export->store);
	store_close(&export->store);
	if (export->hash != NULL)
		(void)digest_stream_end(&export->hash);
	export_bundle_free(&export->telling);
	export_seal_free(&export->telling);
	buf_fini(&export->telling.name);
	buf_fini(&export->telling.states);
	if (export->telling.seen != NULL)
		map_free(&export->telling.seen);
	arena_free(&export->arena);
	arena_free(&export->page_arena);
	arena_free(&export->chunk_arena);
	arena_free(&export->scratch);
	arena_free(&export->own);
	free(export);
	*closed = NULL;
}

/* ---- what was purged meanwhile ---- */

/* Those that were purged before, of which nothing was told; and those of which
 * nothing can be told any more. */
static bool
passed_cb(const struct store_instance *row, void *arg)
{
	struct export *export = arg;
	const struct export_options *options = &export->options;

	if (!is_wanted(options, row) ||
	    (options->instance != 0 && options->instance != row->number))
		return true;
	if (row->changed_ms <= options->moment.began_ms)
		export->purged += row->number < export->told_before;
	else if (row->number >= export->told_before)
		export->is_late = true;
	return !export->is_late;
}

enum store_error
export_look(struct export *export, bool *is_done, struct buf *detail)
{
	struct store_instance_filter filter = filter_of(&export->options);
	enum store_error error = STORE_OK;

	must(export->stage == EXPORT_BEGINNING);
	*is_done = export->is_looked;
	if (export->is_looked)
		return STORE_OK;
	filter.status = STR(STORE_PURGED);
	filter.after = export->look_next;
	filter.limit = PAGE_LOOKED;
	filter.looked_max = PAGE_LOOKED;
	filter.resume_after = &export->look_next;
	error = store_list_instances(export->store, &filter, passed_cb, export);
	if (error == STORE_OK && export->is_late)
		return export_moment_refuse(detail,
		    "histories that it had yet to tell were purged since it "
		    "began");
	export->is_looked = export->look_next == 0;
	*is_done = export->is_looked;
	return error;
}

struct export_moment
export_moment(const struct export *export)
{
	must(export != NULL);
	return export->options.moment;
}

struct store_identity
export_identity(const struct export *export)
{
	must(export != NULL);
	return store_identity(export->store);
}

uint64_t
export_instances(const struct export *export)
{
	must(export != NULL);
	return export->instances;
}

uint64_t
export_records(const struct export *export)
{
	must(export != NULL);
	return export->records;
}

uint64_t
export_purged(const struct export *export)
{
	must(export != NULL);
	return export->purged;
}

/* ------------------------------------------------------------------- pages */

static bool
add_instance_cb(const struct store_instance *row, void *arg)
{
	struct export *export = arg;

	if (!is_wanted(&export->options, row))
		return true;
	must(export->page_count < PAGE_INSTANCES);
	export->page[export->page_count++] = (struct export_instance){
	    .number = row->number,
	    .workflow = arena_str(export->page_arena, row->workflow),
	    .version = row->version,
	    .business_key = arena_str(export->page_arena, row->business_key),
	    .status = arena_str(export->page_arena, row->status),
	    .state = arena_str(export->page_arena, row->state),
	    .started_ms = row->started_ms,
	    .changed_ms = row->changed_ms,
	    .ended_ms = row->ended_ms,
	    .head = row->head,
	};
	return true;
}

/* The next page of instances that fit; it may be empty and not the last,
 * where few of many fit. */
static enum store_error
load_page(struct export *export)
{
	const struct export_options *options = &export->options;
	bool is_one = options->instance > 0;
	uint64_t resume = 0;
	struct store_instance_filter filter = filter_of(options);

	filter.after = export->page_next;
	filter.limit = is_one ? 1 : PAGE_INSTANCES;
	filter.looked_max = is_one ? 1 : PAGE_LOOKED;
	filter.resume_after = &resume;
	arena_reset(export->page_arena);
	export->page = ARENA_ARRAY(export->page_arena, PAGE_INSTANCES,
	    struct export_instance);
	export->page_count = 0;
	export->page_at = 0;
	enum store_error error = store_list_instances(export->store, &filter,
	    add_instance_cb, export);
	export->page_next = resume;
	export->is_last_page = is_one || resume == 0;
	/* Asked for one that isn't there, the list begins at the next. */
	if (is_one && export->page_count > 0 &&
	    export->page[0].number != options->instance)
		export->page_count = 0;
	return error;
}

static bool
add_record_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct export *export = arg;
	struct audit_record *added = &export->chunk[export->chunk_count++];

	must(number == export->page[export->page_at].number);
	must(export->chunk_count <= CHUNK_RECORDS);
	*added = *record;
	added->canonical = arena_str(export->chunk_arena, record->canonical);
	return export->chunk_count < CHUNK_RECORDS;
}

static enum store_error
load_chunk(struct export *export)
{
	arena_reset(export->chunk_arena);
	export->chunk = ARENA_ARRAY(export->chunk_arena, CHUNK_RECORDS,
	    struct audit_record);
	export->chunk_count = 0;
	export->chunk_at = 0;
	enum store_error error = store_each_record(export->store,
	    export->page[export->page_at].number, export->chunk_next,
	    add_record_cb, export);
	export->is_last_chunk = export->chunk_count < CHUNK_RECORDS;
	if (export->chunk_count > 0)
		export->chunk_next =
		    export->chunk[export->chunk_count - 1].seq + 1;
	return error;
}

enum place { PLACE_RECORD, PLACE_BETWEEN, PLACE_END };

/* Moves to the next record, whether it fits or not, or some of the way: where
 * few of many instances fit, the next may be far. */
static enum store_error
advance(struct export *export, enum place *place)
{
	enum store_error error = STORE_OK;

	*place = PLACE_BETWEEN;
	if (export->chunk_at < export->chunk_count) {
		*place = PLACE_RECORD;
	} else if (!export->is_last_chunk) {
		error = load_chunk(export);
	} else if (export->page_at + 1 < export->page_count) {
		export->page_at++;
		start_instance(export);
	} else if (!export->is_last_page) {
		error = load_page(export);
		if (error == STORE_OK && export->page_count > 0)
			start_instance(export);
	} else {
		*place = PLACE_END;
	}
	return error;
}

/* ----------------------------------------------------------------- telling */

static bool
has_period(const struct export_options *options)
{
	return options->from_ms > 0 || options->to_ms > 0;
}

/* A record whose time can't be read is told rather than left out: whoever
 * damaged it must not have hidden it. */
static bool
is_in_period(const struct export_telling *telling, struct str canonical)
{
	const struct export_options *options = telling->options;
	int64_t time_ms;

	if (!has_period(options))
		return true;
	const struct value *record = export_record_read(telling->scratch,
	    canonical);
	if (record == NULL || !export_record_time(record, &time_ms))
		return true;
	return time_ms >= options->from_ms &&
	    (options->to_ms == 0 || time_ms < options->to_ms);
}

/* ---- of an instance that others name ---- */

struct asking {
	struct export_telling *telling;
	uint64_t number;
	bool tells;
};

static bool
is_asked_cb(const struct store_instance *row, void *arg)
{
	struct asking *asking = arg;

	asking->tells = row->number == asking->number &&
	    !str_equal(row->status, STR(STORE_PURGED)) &&
	    is_wanted(asking->telling->options, row);
	return false;
}

static bool
look_in_period_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct asking *asking = arg;

	must(number == asking->number);
	asking->tells = is_in_period(asking->telling, record->canonical);
	return !asking->tells;
}

enum store_error
export_tells(struct export_telling *telling, uint64_t number, bool *tells)
{
	const struct export_options *options = telling->options;
	struct asking asking = {.telling = telling, .number = number};
	struct store_instance_filter filter = filter_of(options);
	enum store_error error = STORE_OK;

	must(number > 0);
	filter.after = number - 1;
	filter.limit = 1;
	filter.looked_max = 1;
	if (options->instance == 0 || options->instance == number)
		error = store_list_instances(telling->store, &filter,
		    is_asked_cb, &asking);
	if (error == STORE_OK && asking.tells && has_period(options)) {
		asking.tells = false;
		error = store_each_record(telling->store, number, 1,
		    look_in_period_cb, &asking);
	}
	*tells = asking.tells;
	return error;
}

/* ---- records ---- */

/* Whether it is one of JSON lines that can be proved by itself. */
static enum store_error
shut_instance(struct export *export, struct buf *out)
{
	enum store_error error = STORE_OK;

	if (export->is_open && is_sealed(export))
		error = export_seal_shut(&export->telling, out, export->told);
	if (export->is_open && export->does->shut != NULL)
		export->does->shut(&export->telling, out);
	export->is_open = false;
	return error;
}

static enum store_error
open_instance(struct export *export, struct buf *out,
    const struct export_row *row)
{
	enum store_error error = shut_instance(export, out);

	arena_reset(export->own);
	export_seal_open(&export->telling);
	export->instances += row->instance->number != STORE_JOURNAL;
	export->is_open = true;
	export->told = row->instance->number;
	if (export->does->open != NULL)
		export->does->open(&export->telling, out, row);
	return error;
}

static enum store_error
add_row(struct export *export, struct buf *out)
{
	const struct export_instance *instance =
	    &export->page[export->page_at];
	struct export_row row = {
		.instance = instance,
		.record = export->chunk[export->chunk_at],
		.is_first =
		    !export->is_open || export->told != instance->number,
	};
	enum store_error error = STORE_OK;

	if (row.is_first)
		error = open_instance(export, out, &row);
	export->does->add(&export->telling, out, &row);
	if (is_sealed(export))
		export_seal_note(&export->telling, row.record.seq);
	export->records++;
	return error;
}

/* All records were told once. */
static enum store_error
end_pass(struct export *export, struct buf *out)
{
	enum store_error error = shut_instance(export, out);

	must(export->stage == EXPORT_TELLING);
	if (export->telling.pass + 1 >= export->does->passes) {
		export->stage = EXPORT_SEALING;
		return error;
	}
	export->telling.pass++;
	export->telling.purged = export->purged;
	export->does->turn(&export->telling, out);
	if (error == STORE_OK)
		start_pass(export);
	return error;
}

static enum store_error
tell_record(struct export *export, struct buf *out)
{
	enum place place;
	enum store_error error = advance(export, &place);

	must(export->stage == EXPORT_TELLING);
	if (error != STORE_OK || place == PLACE_BETWEEN)
		return error;
	if (place == PLACE_END)
		return end_pass(export, out);
	arena_reset(export->scratch);
	if (is_in_period(&export->telling,
		export->chunk[export->chunk_at].canonical))
		error = add_row(export, out);
	export->chunk_at++;
	return error;
}

static enum store_error
tell_beginning(struct export *export, struct buf *out)
{
	must(export->stage == EXPORT_BEGINNING);
	enum store_error error = STORE_OK;

	export->stage = EXPORT_TELLING;
	if (export->does->begin != NULL)
		error = export->does->begin(&export->telling, out);
	return error;
}

static enum store_error
tell_seal(struct export *export, struct buf *out)
{
	enum store_error error = STORE_OK;
	bool is_end = true;

	must(export->stage == EXPORT_SEALING);
	/* What proves nothing is left out. */
	if (is_sealed(export) && export->records > 0)
		error = export_seal_end(&export->telling, out, &is_end);
	if (is_end)
		export->stage = EXPORT_CLOSING;
	return error;
}

static enum store_error
tell_closing(struct export *export, struct buf *out)
{
	must(export->stage == EXPORT_CLOSING);
	struct export_closing closing = {
		.instances = export->instances,
		.records = export->records,
		.purged = export->purged,
		.is_excerpt = has_period(&export->options),
		.hash = digest_stream_end(&export->hash),
	};
	enum store_error error = STORE_OK;
	if (export->does->end != NULL)
		error = export->does->end(&export->telling, out);
	if (export->options.closing_line &&
	    export->options.format == EXPORT_JSONL)
		export_jsonl_close(out, &closing);
	export->stage = EXPORT_OVER;
	return error;
}

enum store_error
export_next(struct export *export, struct buf *out, bool *is_end)
{
	size_t before = out->bytes;
	enum store_error error = STORE_OK;

	must(export->is_looked);
	for (int steps = 0; steps < STEPS_MAX && error == STORE_OK &&
	    out->bytes == before && export->stage != EXPORT_OVER; steps++) {
		switch (export->stage) {
		case EXPORT_BEGINNING:
			error = tell_beginning(export, out);
			break;
		case EXPORT_TELLING:
			error = tell_record(export, out);
			break;
		case EXPORT_SEALING:
			error = tell_seal(export, out);
			break;
		case EXPORT_CLOSING:
			error = tell_closing(export, out);
			break;
		case EXPORT_OVER:
			unreachable("the loop ends there");
		}
	}
	if (export->stage != EXPORT_OVER && !buf_is_over(out))
		digest_stream_add(export->hash, (struct str){
		    out->at + before, out->bytes - before});
	*is_end = error == STORE_OK && out->bytes == before &&
	    export->stage == EXPORT_OVER;
	return error;
}
