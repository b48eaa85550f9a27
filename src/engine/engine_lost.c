/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_lost.c: stored versions that a library can't load any more.
 *
 * What a version calls may be in no file now.  Where all its instances have
 * ended that is the way of things: their histories need no definition.  An
 * open one would stand still, with events and replies that nobody takes; so a
 * library that loses its version is not taken at all.
 *
 * Who runs on a version is asked only when it is lost: nothing is started on
 * one, or moved to one, that isn't loaded.
 */
#include "engine_priv.h"

#include "stated/json.h"

/* Reasons told of a version. */
#define REASONS_MAX 5

struct lost_version {
	struct lost_version *next;
	struct digest digest;
	struct str workflow;
	int64_t version;
	struct str why;
	bool is_changed; /* its text, in the database */
	bool is_new; /* the library of before has it, or there is none */
	size_t open; /* instances */
};

void
lost_init(struct lost *lost)
{
	*lost = (struct lost){.arena = arena_new()};
	lost->end = &lost->first;
}

void
lost_fini(struct lost *lost)
{
	arena_free(&lost->arena);
}

/* ---- why ---- */

static bool
is_said(const struct diag *diags, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (diags[k].level == DIAG_ERROR &&
		    str_equal(diags[k].message, diags[i].message))
			return true;
	return false;
}

/* "connection `bank` has no operation `pay`, no calendar `de`" */
static struct str
why_of(struct diag_list *diags, struct arena *arena)
{
	struct buf text = buf_in(arena);
	size_t count, said = 0;
	const struct diag *sorted = diag_sorted(diags, &count);

	for (size_t i = 0; i < count; i++) {
		if (sorted[i].level != DIAG_ERROR || is_said(sorted, i))
			continue;
		if (++said > REASONS_MAX)
			continue;
		buf_addf(&text, "%s%.*s", said > 1 ? ", " : "",
		    STR_ARG(sorted[i].message));
	}
	if (said > REASONS_MAX)
		buf_addf(&text, " and %zu more", said - REASONS_MAX);
	return buf_keep(&text);
}

/* No files make good what the database itself doesn't have any more. */
static bool
is_changed(const struct store_definition *row)
{
	struct digest digest;

	return !library_digest(row->source, &digest) ||
	       !digest_equal(digest, row->digest);
}

void
lost_add(struct lost *lost, const struct engine *engine,
    const struct store_definition *row, struct diag_list *diags)
{
	struct lost_version *version =
	    ARENA_NEW(lost->arena, struct lost_version);

	*version = (struct lost_version){
	    .digest = row->digest,
	    .workflow = arena_str(lost->arena, row->name),
	    .version = row->version,
	    .is_changed = is_changed(row),
	    .is_new = engine->library == NULL ||
		      library_find_digest(engine->library, row->digest) != NULL,
	};
	version->why = version->is_changed
			   ? STR("its text in the database was changed")
			   : why_of(diags, lost->arena);
	*lost->end = version;
	lost->end = &version->next;
}

/* ---- who runs on them ---- */

static struct lost_version *
find(const struct lost *lost, struct digest digest)
{
	struct lost_version *version = lost->first;

	while (version != NULL && !digest_equal(version->digest, digest))
		version = version->next;
	return version;
}

/* As it is once all that was done to it is durable; NULL where it was done
 * something that isn't, but ended by it. */
static struct lost_version *
find_dirty(const struct lost *lost, const struct engine *engine,
    const struct instance *instance)
{
	if (!instance_is_dirty(engine, instance) ||
	    chart_status_is_end(chart_status(instance->chart)))
		return NULL;
	return find(lost, chart_definition(instance->chart)->digest);
}

struct counting {
	const struct engine *engine;
	const struct lost *lost;
};

/* Also one that has just ended, as long as that may not come to be. */
static bool
count_durable_cb(const struct store_instance *row, void *arg)
{
	const struct counting *counting = arg;
	struct lost_version *version = find(counting->lost, row->definition);
	const struct instance *instance;

	if (version == NULL)
		return true;
	instance =
	    map_find(counting->engine->instances, MAP_KEY_OF(&row->number));
	if (instance == NULL ||
	    find_dirty(counting->lost, counting->engine, instance) != version)
		version->open++;
	return true;
}

static void
count_dirty(const struct engine *engine, const struct lost *lost)
{
	for (const struct instance *instance = engine->oldest;
	     instance != NULL; instance = instance->newer) {
		struct lost_version *version =
		    find_dirty(lost, engine, instance);

		if (version != NULL)
			version->open++;
	}
}

static MUST_USE enum store_error
count_open(const struct engine *engine, const struct lost *lost)
{
	struct counting counting = {engine, lost};
	enum store_error error = STORE_OK;

	count_dirty(engine, lost);
	for (enum chart_status status = CHART_RUNNING;
	     error == STORE_OK && !chart_status_is_end(status); status++)
		error = store_list_instances(engine->store,
		    &(struct store_instance_filter){
			.status = chart_status_name(status),
			.has_incident = -1,
			.limit = SIZE_MAX,
		    },
		    count_durable_cb, &counting);
	return error;
}

/* ---- what comes of it ---- */

static bool
has_new(const struct lost *lost)
{
	for (const struct lost_version *version = lost->first;
	     version != NULL; version = version->next)
		if (version->is_new)
			return true;
	return false;
}

static void
refuse_changed(const struct lost_version *version, struct buf *detail)
{
	buf_addf(detail,
	    "%s%zu open instance%s on workflow `%.*s` version %lld, and the "
	    "database's own text of it was changed: keep the file, restore a "
	    "backup",
	    detail->bytes > 0 ? "; " : "", version->open,
	    version->open == 1 ? " runs" : "s run",
	    STR_ARG(version->workflow), (long long)version->version);
}

static void
refuse(const struct lost_version *version, struct buf *detail)
{
	buf_addf(detail,
	    "%s%zu open instance%s on workflow `%.*s` version %lld, which "
	    "can't be loaded with these definitions: %.*s: put back what it "
	    "needs; that may go once they have ended, or `stated migrate "
	    "%.*s --from %lld --to VERSION` has moved them",
	    detail->bytes > 0 ? "; " : "", version->open,
	    version->open == 1 ? " runs" : "s run",
	    STR_ARG(version->workflow), (long long)version->version,
	    STR_ARG(version->why), STR_ARG(version->workflow),
	    (long long)version->version);
}

enum store_error
lost_check(
    const struct lost *lost, const struct engine *engine, struct buf *detail)
{
	enum store_error error = STORE_OK;

	if (has_new(lost))
		error = count_open(engine, lost);
	for (const struct lost_version *version = lost->first;
	     error == STORE_OK && version != NULL; version = version->next)
		if (version->open > 0 && version->is_changed)
			refuse_changed(version, detail);
		else if (version->open > 0)
			refuse(version, detail);
	return error;
}

void
lost_tell(const struct lost *lost)
{
	for (const struct lost_version *version = lost->first;
	     version != NULL; version = version->next)
		log_info("a stored version can't be loaded",
		    "workflow=%.*s version=%lld: %.*s; its instances have all "
		    "ended",
		    STR_ARG(version->workflow), (long long)version->version,
		    STR_ARG(version->why));
}

/* ---- what ended on one ---- */

static const struct value *
labels_of(const struct store_instance *row, struct arena *arena)
{
	struct json_error error;
	const struct value *labels =
	    row->labels.at != NULL ? json_read(arena, row->labels, &error)
				   : NULL;

	return labels != NULL ? labels : &value_null;
}

const struct value *
lost_describe(const struct engine *engine, struct arena *arena,
    const struct store_instance *row)
{
	struct value_builder *built = value_build_context(arena);
	char id[CHART_ID_BYTES], hex[DIGEST_HEX_BYTES];

	must(row->ended_ms != 0);
	value_put_str(built, "id", engine_id_format(engine, row->number, id));
	value_put_str(built, "workflow", row->workflow);
	value_put_int(built, "version", row->version);
	value_put_str(built, "definition", digest_hex(row->definition, hex));
	value_put_str(built, "business_key", row->business_key);
	value_put_str(built, "status", row->status);
	value_put_str(built, "state", row->state);
	value_put_str(built, "priority", row->priority);
	value_put_str(built, "initiator", row->initiator);
	value_put_instant(built, "started_at", row->started_ms);
	value_put_instant(built, "ended_at", row->ended_ms);
	value_put(built, STR("labels"), labels_of(row, arena));
	value_put_int(built, "records", (int64_t)row->head.seq);
	value_put_str(built, "hash", digest_hex(row->head.hash, hex));
	value_put(built, STR("unloaded"), value_of_boolean(true));
	return value_built(built);
}
