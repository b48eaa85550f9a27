/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_refusal.c: who was refused, for the journal.
 *
 * Callers who are refused could fill the disk with records.  So the first
 * refusal of a caller at a route is recorded at once, and those that follow
 * are counted and told once a minute; beyond a number of callers and routes
 * all others are counted together.
 */
#include "engine_priv.h"

#define WINDOW_MS (60LL * 1000)
#define REFUSALS_MAX 64 /* in a window, by caller and route */
#define TEXT_BYTES_MAX 200

/* Of a caller at a route within the window. */
struct refusal {
	struct arena *arena; /* this itself lives there */
	enum journal_kind kind;
	struct str actor;
	struct str address;
	struct str route;
	struct str problem;
	struct str path; /* of the first */
	uint64_t count;	 /* that no record tells of yet */
	int64_t first_ms;
	int64_t last_ms;
};

/* What callers send may be long, and anything: a record is text. */
static struct str
cut(struct str text)
{
	struct str left = str_slice(text, 0, TEXT_BYTES_MAX);

	while (left.bytes > 0 && !str_is_utf8(left))
		left.bytes--;
	return left;
}

static struct refusal *
refusal_new(const struct engine_refusal *told)
{
	struct arena *arena = arena_new();
	struct refusal *refusal = ARENA_NEW(arena, struct refusal);

	*refusal = (struct refusal){
	    .arena = arena,
	    .kind = told->kind,
	    .actor = arena_str(arena, cut(told->actor)),
	    .address = arena_str(arena, cut(told->address)),
	    .route = arena_str(arena, cut(told->route)),
	    .problem = arena_str(arena, cut(told->problem)),
	};
	return refusal;
}

static void
refusal_free(struct refusal *refusal)
{
	struct arena *arena = refusal->arena;

	arena_free(&arena);
}

/* ---- telling ---- */

/* What has been counted. */
static void
refusal_flush(struct engine *engine, struct refusal *refusal)
{
	struct request *request;
	struct value_builder *fields;

	if (refusal->count == 0)
		return;
	request = request_new(REQUEST_JOURNAL);
	fields = value_build_context(request->arena);
	value_put_str(fields, "route", refusal->route);
	value_put_str(fields, "problem", refusal->problem);
	if (refusal->address.bytes > 0)
		value_put_str(fields, "address", refusal->address);
	if (refusal->path.bytes > 0)
		value_put_str(fields, "path", refusal->path);
	value_put_int(fields, "count", (int64_t)refusal->count);
	if (refusal->count > 1) {
		value_put_instant(fields, "first", refusal->first_ms);
		value_put_instant(fields, "last", refusal->last_ms);
	}
	request->entry = (struct engine_entry){
	    .kind = refusal->kind,
	    .actor = arena_str(request->arena, refusal->actor),
	    .fields = value_built(fields),
	};
	engine_add(engine, request);
	refusal->count = 0;
}

/* ---- counting ---- */

static struct refusal *
refusal_of(struct engine *engine, const struct engine_refusal *told)
{
	static const struct engine_refusal others = {
	    .kind = JOURNAL_SIGN_IN_FAILED,
	    .route = STR_INIT("any"),
	    .problem = STR_INIT("others, too many to be told one by one"),
	};
	struct buf key = {0};
	struct refusal *refusal;
	bool is_full = map_count(engine->refusals) >= REFUSALS_MAX;

	buf_addf(&key, "%d\n%.*s\n%.*s\n%.*s\n%.*s", (int)told->kind,
	    STR_ARG(cut(told->actor)), STR_ARG(cut(told->address)),
	    STR_ARG(cut(told->route)), STR_ARG(cut(told->problem)));
	refusal = map_find(engine->refusals, buf_str(&key));
	if (refusal == NULL && is_full) {
		told = &others;
		buf_clear(&key);
		refusal = map_find(engine->refusals, buf_str(&key));
	}
	if (refusal == NULL) {
		refusal = refusal_new(told);
		map_put(engine->refusals, buf_str(&key), refusal);
	}
	buf_fini(&key);
	return refusal;
}

void
engine_refused(struct engine *engine, const struct engine_refusal *told)
{
	struct refusal *refusal = refusal_of(engine, told);
	int64_t now_ms = engine_now_ms(engine);
	bool is_first = refusal->first_ms == 0;

	if (engine->refusals_until_ms == 0) {
		engine->refusals_until_ms = now_ms + WINDOW_MS;
		loop_wake(engine->loop);
	}
	if (refusal->count++ == 0)
		refusal->first_ms = now_ms;
	refusal->last_ms = now_ms;
	if (is_first) {
		refusal->path = arena_str(refusal->arena, cut(told->path));
		refusal_flush(engine, refusal);
	}
}

void
refusal_tell(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(engine->refusals, &cursor, &key, &value)) {
		refusal_flush(engine, value);
		refusal_free(value);
	}
	map_clear(engine->refusals);
	engine->refusals_until_ms = 0;
}

/* Within a turn: while the store can't write there is none, and the window
 * stays as it is. */
void
refusal_check(struct engine *engine)
{
	if (engine->refusals_until_ms != 0 &&
	    !engine_is_ahead(engine->refusals_until_ms, WINDOW_MS,
		engine_now_ms(engine)))
		refusal_tell(engine);
}

/* ---- life ---- */

void
refusal_init(struct engine *engine)
{
	engine->refusals = map_new();
}

void
refusal_fini(struct engine *engine)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(engine->refusals, &cursor, &key, &value))
		refusal_free(value);
	map_free(&engine->refusals);
}
