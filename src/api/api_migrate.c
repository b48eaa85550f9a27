/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_migrate.c: instances moved to another version of their workflow.
 *
 * Each is an act of its own, durable by itself: those that can't move stay
 * where they are and are told with the reason, and don't hold up the others.
 * Of many instances a page is moved at a time; `next` goes on behind it.
 */
#include "api_priv.h"

#define PAGE_MAX 200
#define LOOKED_MAX 20000

struct candidate {
	struct api_call *call;
	uint64_t number;
	struct str key;
	bool moved;
	struct str state;
	struct str detail;
};

struct move_page {
	struct engine_migrate migrate;
	struct candidate *items;
	size_t count;
	size_t capacity;
	size_t open;   /* not answered yet */
	uint64_t next; /* 0: there are no more */
};

/* ---- what is asked for ---- */

static int64_t
read_version(struct api_call *call, const struct value *body, const char *name)
{
	const struct value *value = value_field_or_null(body, name);
	int64_t version = 0;

	if (!value_to_int(value, &version) || version < 1)
		api_body_fault(call, arena_strf(call->arena, "/%s", name),
		    "type", "must be a whole number of at least 1");
	return version;
}

static void
check_name(struct api_call *call, const struct definition *definition,
    struct str name, const char *what)
{
	if (definition != NULL &&
	    definition_find_state(definition, name) == NULL)
		api_body_fault(call, STR("/map"), "enum",
		    arena_strf(call->arena, "%.*s is no state of %s",
			STR_ARG(name), what)
			.at);
}

static void
read_map(struct api_call *call, const struct value *map,
    const struct definition *from, const struct definition *to,
    struct engine_migrate *migrate)
{
	struct chart_rename *renames;

	if (map->type == VALUE_NULL)
		return;
	if (map->type != VALUE_CONTEXT) {
		api_body_fault(call, STR("/map"), "type",
		    "must be an object: a state's old name to its new one");
		return;
	}
	renames = ARENA_ARRAY(
	    call->arena, map->as.context.count + 1, struct chart_rename);
	for (size_t i = 0; i < map->as.context.count; i++) {
		struct chart_rename rename = {map->as.context.fields[i].key,
		    value_str(map->as.context.fields[i].value)};

		check_name(call, from, rename.from, "the version it leaves");
		check_name(call, to, rename.to, "the version it goes to");
		renames[migrate->rename_count++] = rename;
	}
	migrate->renames = renames;
}

/* NULL where answered. */
static const struct definition *
find_version(struct api_call *call, struct str workflow, int64_t version)
{
	const struct definition *definition = library_find_workflow(
	    engine_library(call->api->options.engine), workflow, version);

	if (definition != NULL && version > 0 &&
	    api_auth_reaches(call, definition->name))
		return definition;
	api_problem_reply(call, PROBLEM_UNKNOWN_WORKFLOW,
	    "No workflow %.*s of version %lld is served; /v1/definitions/%.*s "
	    "lists its versions.",
	    STR_ARG(workflow), (long long)version, STR_ARG(workflow));
	return NULL;
}

/* false where answered. */
static bool
read_migrate(struct api_call *call, const struct value *body,
    struct engine_migrate *migrate)
{
	const struct definition *from, *to;

	*migrate = (struct engine_migrate){
	    .workflow = api_body_text(call, body, "workflow"),
	    .from = read_version(call, body, "from"),
	    .to = read_version(call, body, "to"),
	    .dry_run = api_body_flag(call, body, "dry_run"),
	    .actor = call->actor,
	    .comment = api_body_text(call, body, "comment"),
	};
	if (migrate->workflow.bytes == 0)
		api_body_fault(
		    call, STR("/workflow"), "required", "is missing");
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return false;
	from = find_version(call, migrate->workflow, migrate->from);
	to = from != NULL ? find_version(call, migrate->workflow, migrate->to)
			  : NULL;
	if (to == NULL)
		return false;
	if (to == from)
		api_body_fault(
		    call, STR("/to"), "not", "is the version they leave");
	read_map(call, value_field_or_null(body, "map"), from, to, migrate);
	return api_body_is_sound(call, PROBLEM_INVALID_BODY);
}

/* ---- which instances ---- */

static void
add_candidate(struct api_call *call, uint64_t number, struct str key)
{
	struct move_page *page = call->state;

	page->items = arena_grow(call->arena, page->items, page->count,
	    &page->capacity, sizeof(*page->items));
	page->items[page->count++] = (struct candidate){
	    .call = call,
	    .number = number,
	    .key = key.at ? arena_str(call->arena, key) : key,
	};
}

static bool
open_cb(const struct store_instance *row, void *arg)
{
	struct api_call *call = arg;
	struct move_page *page = call->state;

	if (row->ended_ms == 0 && row->version == page->migrate.from &&
	    api_auth_reaches_row(call, row))
		add_candidate(call, row->number, row->business_key);
	return page->count < PAGE_MAX;
}

/* false where answered. */
static bool
list_open(struct api_call *call, uint64_t after)
{
	struct move_page *page = call->state;
	struct store_instance_filter filter = {
	    .workflow = page->migrate.workflow,
	    .has_incident = -1,
	    .after = after,
	    .limit = LOOKED_MAX,
	    .looked_max = LOOKED_MAX,
	    .resume_after = &page->next,
	};
	enum store_error error = store_list_instances(
	    engine_store(call->api->options.engine), &filter, open_cb, call);

	if (error != STORE_OK) {
		api_problem_store(call, error);
		return false;
	}
	if (page->count >= PAGE_MAX)
		page->next = page->items[page->count - 1].number;
	return true;
}

static bool
are_texts(const struct value *names)
{
	if (names->type != VALUE_LIST || names->as.list.count > PAGE_MAX)
		return false;
	for (size_t i = 0; i < names->as.list.count; i++)
		if (names->as.list.items[i]->type != VALUE_STRING)
			return false;
	return true;
}

/* By its identifier and its business key, say: it moves once. */
static bool
is_candidate(const struct move_page *page, uint64_t number)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->items[i].number == number)
			return true;
	return false;
}

/* Identifiers or business keys; false where answered. */
static bool
find_named(struct api_call *call, const struct value *names)
{
	struct engine *engine = call->api->options.engine;
	const struct move_page *page = call->state;

	if (!are_texts(names)) {
		api_body_fault(call, STR("/instances"), "type",
		    "must be a list of at most 200 identifiers or business "
		    "keys, each a string");
		return api_body_is_sound(call, PROBLEM_INVALID_BODY);
	}
	for (size_t i = 0; i < names->as.list.count; i++) {
		struct str name = value_str(names->as.list.items[i]);
		uint64_t number = 0;
		enum store_error error = STORE_OK;
		bool reaches = true;

		if (!engine_id_parse(engine, name, &number))
			error = api_instance_find_key(call,
			    page->migrate.workflow, name, &number);
		if (error == STORE_OK)
			error = api_auth_asks_number(call, number, &reaches);
		if (error != STORE_OK || !reaches) {
			api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
			    "No instance of %.*s has the identifier or "
			    "business key %.*s; nothing was moved.",
			    STR_ARG(page->migrate.workflow), STR_ARG(name));
			return false;
		}
		if (!is_candidate(page, number))
			add_candidate(call, number, name);
	}
	return true;
}

/* ---- the answer ---- */

static const struct value *
describe(struct api_call *call, const struct candidate *item, bool dry_run)
{
	struct value_builder *built = value_build_context(call->arena);
	char id[CHART_ID_BYTES];

	value_put_str(built, "instance",
	    engine_id_format(call->api->options.engine, item->number, id));
	value_put_str(built, "business_key", item->key);
	value_put_str(built, "fate",
	    !item->moved ? STR("stranded")
	    : dry_run	 ? STR("would-move")
			 : STR("moved"));
	value_put_str(built, "state", item->state);
	value_put_str(built, "detail", item->detail);
	return value_built(built);
}

static void
answer(struct api_call *call)
{
	const struct move_page *page = call->state;
	struct value_builder *built = value_build_context(call->arena);
	struct value_builder *items = value_build_list(call->arena);

	for (size_t i = 0; i < page->count; i++)
		value_append(items,
		    describe(call, &page->items[i], page->migrate.dry_run));
	value_put(built, STR("items"), value_built(items));
	value_put(
	    built, STR("dry_run"), value_of_boolean(page->migrate.dry_run));
	value_put(built, STR("next"),
	    page->next == 0 ? &value_null
			    : value_of_int(call->arena, (int64_t)page->next));
	api_reply_value(call, 200, value_built(built));
}

static void
moved_cb(const struct engine_reply *reply, void *arg)
{
	struct candidate *item = arg;
	struct api_call *call = api_call_of(item->call);
	struct move_page *page = call->state;

	must(page->open > 0);
	item->moved = reply->status == ENGINE_OK;
	if (item->moved) {
		item->state = arena_str(call->arena,
		    value_field_str(reply->view, "state"));
		item->key = arena_str(call->arena,
		    value_field_str(reply->view, "business_key"));
	} else {
		item->detail = arena_str(call->arena, reply->detail);
	}
	if (--page->open == 0 && call->request != NULL)
		answer(call);
	api_call_unref(call);
}

/* Those that are refused at once call back at once. */
static void
move_all(struct api_call *call)
{
	struct move_page *page = call->state;

	if (page->count == 0) {
		answer(call);
		return;
	}
	page->open = page->count;
	api_call_ref(call);
	for (size_t i = 0; i < page->count; i++) {
		api_call_ref(call);
		engine_migrate(call->api->options.engine, page->items[i].number,
		    &page->migrate, moved_cb, &page->items[i]);
	}
	api_call_unref(call);
}

void
api_migrate_post(struct api_call *call)
{
	static const char *const members[] = {"workflow", "from", "to", "map",
	    "instances", "after", "comment?", "dry_run", NULL};
	const struct value *body = api_body_object(call, members);
	struct move_page *page = ARENA_NEW(call->arena, struct move_page);
	const struct value *names, *after;
	int64_t number = 0;

	if (body == NULL || !read_migrate(call, body, &page->migrate))
		return;
	call->state = page;
	names = value_field_or_null(body, "instances");
	after = value_field_or_null(body, "after");
	if (after->type != VALUE_NULL &&
	    (!value_to_int(after, &number) || number < 0))
		api_body_fault(call, STR("/after"), "type",
		    "must be `next` of the answer before");
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	if (names->type == VALUE_NULL ? list_open(call, (uint64_t)number)
				      : find_named(call, names))
		move_all(call);
}
