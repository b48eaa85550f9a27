/* SPDX-License-Identifier: Apache-2.0 */
/* world_office.c: what is done to the installation, and what is told of it. */
#include "world_priv.h"

#include "stated/library.h"

#include <stdlib.h>

/* What was asked for, until the engine answers. */
struct errand {
	struct world *world;
	enum { ERRAND_HOLD, ERRAND_RELEASE, ERRAND_PAUSE, ERRAND_RESUME,
		ERRAND_PUBLISH } kind;
	struct str id; /* of a hold; a workflow */
	int64_t version;
	int64_t resumes; /* that had been asked for before a pause was */
};

static void
reply_cb(const struct engine_reply *reply, void *arg)
{
	const struct errand *errand = arg;
	struct world *world = errand->world;
	bool is_done =
	    reply->status == ENGINE_OK || reply->status == ENGINE_CREATED;

	world_tell(world, "  done %d %.*s", (int)reply->status,
	    STR_ARG(errand->id));
	if (is_done && errand->kind == ERRAND_HOLD)
		auditor_hold_acknowledged(world->auditor, errand->id);
	if (is_done && errand->kind == ERRAND_PAUSE &&
	    errand->resumes == world->resumes)
		auditor_pause_acknowledged(world->auditor);
	if (errand->kind == ERRAND_RESUME)
		world->must_resume = reply->status == ENGINE_UNAVAILABLE;
	if (is_done && errand->kind == ERRAND_PUBLISH)
		auditor_published(
		    world->auditor, errand->id, errand->version);
}

static struct errand *
errand_new(struct world *world, int kind)
{
	struct errand *errand = ARENA_NEW(world->arena, struct errand);

	errand->world = world;
	errand->kind = (unsigned)kind;
	errand->id = STR("");
	return errand;
}

/* ---- holds ---- */

static bool
parse_scope(struct str name, enum engine_hold_scope *scope)
{
	for (int i = 0; i < HOLD_SCOPE_COUNT; i++)
		if (str_equal(name,
			engine_hold_scope_name((enum engine_hold_scope)i))) {
			*scope = (enum engine_hold_scope)i;
			return true;
		}
	return false;
}

/* absent: it is over nobody. */
static struct str
value_of(struct world *world, enum engine_hold_scope scope,
    const struct happening *happening)
{
	struct str k =
	    world_k(world, happening->workflow, happening->numbers[0]);
	char id[CHART_ID_BYTES];
	uint64_t instance;

	if (scope == HOLD_WORKFLOW)
		return str_of(happening->workflow);
	if (scope != HOLD_INSTANCE)
		return k;
	instance = auditor_find(world->auditor, k);
	return instance == 0
		   ? (struct str){NULL, 0}
		   : arena_str(world->arena,
			 engine_id_format(world->engine, instance, id));
}

void
world_keep(struct world *world, const struct happening *happening)
{
	struct errand *errand = errand_new(world, ERRAND_HOLD);
	struct engine_holding act = {
	    .reason = STR("a case"),
	    .actor = {.name = world_person(world)},
	};

	if (!parse_scope(str_of(happening->word), &act.scope))
		return;
	act.value = value_of(world, act.scope, happening);
	if (act.value.at == NULL)
		return;
	if (act.scope == HOLD_LABEL)
		act.label = STR("k");
	act.id = arena_strf(world->arena, "h%d", ++world->holds);
	errand->id = act.id;
	auditor_hold_asked(world->auditor,
	    &(struct auditor_hold){
		.id = act.id,
		.scope = str_of(happening->word),
		.value = act.value,
	    });
	engine_hold(world->engine, &act, reply_cb, errand);
}

static void
release(struct world *world, struct str id)
{
	struct errand *errand = errand_new(world, ERRAND_RELEASE);
	struct engine_holding act = {
	    .id = id,
	    .releases = true,
	    .reason = STR("it is over"),
	    .actor = {.name = world_person(world)},
	};

	errand->id = act.id;
	auditor_release_asked(world->auditor, act.id);
	engine_hold(world->engine, &act, reply_cb, errand);
}

void
world_let_go(struct world *world, const struct happening *happening)
{
	struct str id = auditor_hold_at(
	    world->auditor, (size_t)happening->numbers[0]);

	if (id.at != NULL)
		release(world, id);
}

struct finding {
	struct world *world;
	struct str id; /* of a hold that is not released */
};

static void
find_cb(const struct engine_hold *hold, void *arg)
{
	struct finding *finding = arg;

	if (hold->released_ms == 0)
		finding->id = arena_str(finding->world->arena, hold->id);
}

bool
world_release_any(struct world *world)
{
	struct finding finding = {.world = world};

	engine_each_hold(world->engine, find_cb, &finding);
	if (finding.id.at != NULL)
		release(world, finding.id);
	return finding.id.at != NULL;
}

void
world_erase(struct world *world, const struct happening *happening)
{
	struct chart_event event = {
	    .kind = EV_ERASED, .comment = STR("somebody asked for it")};
	uint64_t instance = auditor_find(world->auditor,
	    world_k(world, happening->word, happening->numbers[0]));

	if (instance != 0)
		world_act(world, instance, &event, "erased");
}

/* ---- the connection ---- */

void
world_switch(struct world *world, bool pauses)
{
	struct errand *errand =
	    errand_new(world, pauses ? ERRAND_PAUSE : ERRAND_RESUME);
	struct engine_switch act = {
	    .connection = STR("desk"),
	    .pauses = pauses,
	    .actor = {.name = world_person(world)},
	};

	if (!pauses) {
		auditor_resume_asked(world->auditor);
		world->resumes++;
	}
	errand->resumes = world->resumes;
	engine_switch(world->engine, &act, reply_cb, errand);
}

/* ---- versions ---- */

/* The first version's text, under another number. */
static bool
write_version(const struct world *world, const char *workflow, int64_t version,
    struct buf *out)
{
	struct str text = buf_str(&world->script->definitions), mark;
	struct buf begin = {0};
	size_t at;

	buf_addf(&begin, "workflow: %s\nversion: 1\n", workflow);
	mark = buf_str(&begin);
	at = str_find(text, mark);
	if (at != SIZE_MAX) {
		text = str_slice(text, at + mark.bytes, SIZE_MAX);
		buf_addf(out, "workflow: %s\nversion: %lld\n", workflow,
		    (long long)version);
		buf_add_str(out, str_slice(text, 0, str_find(text, STR("---\n"))));
	}
	buf_fini(&begin);
	return at != SIZE_MAX;
}

void
world_publish(struct world *world, const struct happening *happening)
{
	struct errand *errand = errand_new(world, ERRAND_PUBLISH);
	struct buf text = {0};
	struct engine_document document = {.file = STR("published.yaml")};
	struct engine_publish publish = {
	    .documents = &document,
	    .count = 1,
	    .actor = {.name = world_person(world)},
	};

	errand->id = arena_str(world->arena, str_of(happening->word));
	errand->version = happening->numbers[0];
	if (errand->version > 1 &&
	    write_version(
		world, happening->word, errand->version, &text)) {
		document.text = buf_str(&text);
		auditor_publish_asked(
		    world->auditor, errand->id, errand->version);
		world->is_stale = true;
		engine_publish(world->engine, &publish, reply_cb, errand);
	}
	buf_fini(&text);
}

void
world_reload(struct world *world)
{
	struct library *library = world_load(world);
	struct buf detail = {0};
	struct older *older;

	must(library != NULL);
	if (engine_reload(world->engine, library, &detail)) {
		older = calloc(1, sizeof(*older));
		must(older != NULL);
		*older = (struct older){world->older, world->library};
		world->older = older;
		world->library = library;
	} else {
		world_tell(world, "  not reloaded: %s", buf_cstr(&detail));
		library_free(&library);
	}
	world->is_stale = true;
	buf_fini(&detail);
}
