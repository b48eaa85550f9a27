/* SPDX-License-Identifier: Apache-2.0 */
/* api_definition.c: the workflows that are served, with their text. */
#include "api_priv.h"

static void
put_common(struct value_builder *built, const struct definition *definition)
{
	char hex[DIGEST_HEX_BYTES];

	value_put_str(built, "name", definition->name);
	value_put_int(built, "version", definition->version);
	value_put_str(built, "digest", digest_hex(definition->digest, hex));
	value_put_str(built, "title", definition->title);
	value_put_str(built, "description", definition->description);
	value_put_str(built, "owner",
	    definition->owner ? definition->owner->name
			      : (struct str){NULL, 0});
}

void
api_definition_list(struct api_call *call)
{
	const struct library *library =
	    engine_library(call->api->options.engine);
	const struct definition *definition;
	struct api_page page;

	api_page_begin(&page, call, SIZE_MAX);
	for (size_t i = 0; (definition = library_workflow_at(library, i));
	     i++) {
		struct value_builder *built = value_build_context(call->arena);

		if (!api_auth_reaches(call, definition->name))
			continue;
		put_common(built, definition);
		json_write(
		    value_built(built), JSON_PLAIN, api_page_item(&page));
	}
	api_page_end(&page, "cursor", (struct str){NULL, 0});
}

static const struct value *
state_names(struct api_call *call, const struct definition *definition)
{
	struct value_builder *list = value_build_list(call->arena);

	for (size_t i = 0; i < definition->state_count; i++)
		value_append(list,
		    value_of_str(call->arena, definition->states[i]->name));
	return value_built(list);
}

static const struct value *
event_types(struct api_call *call, const struct definition *definition)
{
	struct value_builder *list = value_build_list(call->arena);

	for (size_t i = 0; i < definition->event_count; i++)
		value_append(list,
		    value_of_str(call->arena, definition->events[i].type));
	return value_built(list);
}

/* ---- versions ---- */

/* Instances are counted while somebody waits: so many are looked at. */
#define OPEN_MAX 10000

struct versions {
	struct api_call *call;
	struct str workflow;
	struct store_definition *rows;
	int64_t *open;
	size_t count;
	size_t capacity;
	size_t open_capacity;
	size_t looked;
};

static void
version_cb(const struct store_definition *row, void *arg)
{
	struct versions *versions = arg;
	struct arena *arena = versions->call->arena;
	struct store_definition *mine;

	if (!str_equal(row->name, versions->workflow))
		return;
	versions->rows = arena_grow(arena, versions->rows, versions->count,
	    &versions->capacity, sizeof(*versions->rows));
	versions->open = arena_grow(arena, versions->open, versions->count,
	    &versions->open_capacity, sizeof(*versions->open));
	mine = &versions->rows[versions->count++];
	*mine = *row;
	mine->published_by = arena_str(arena, row->published_by);
}

static bool
open_cb(const struct store_instance *row, void *arg)
{
	struct versions *versions = arg;

	if (api_auth_reaches_row(versions->call, row))
		for (size_t i = 0; i < versions->count; i++)
			if (digest_equal(
				versions->rows[i].digest, row->definition))
				versions->open[i]++;
	return ++versions->looked < OPEN_MAX;
}

static enum store_error
count_open(struct versions *versions)
{
	static const enum chart_status statuses[] = {
	    CHART_RUNNING, CHART_WAITING, CHART_SUSPENDED};
	enum store_error error = STORE_OK;

	for (size_t i = 0; i < 3 && error == STORE_OK; i++) {
		struct store_instance_filter filter = {
		    .workflow = versions->workflow,
		    .status = chart_status_name(statuses[i]),
		    .has_incident = -1,
		    .limit = OPEN_MAX,
		};

		error = store_list_instances(
		    engine_store(versions->call->api->options.engine), &filter,
		    open_cb, versions);
	}
	return error;
}

static const struct value *
describe_version(const struct versions *versions, size_t index)
{
	struct arena *arena = versions->call->arena;
	const struct store_definition *row = &versions->rows[index];
	struct value_builder *built = value_build_context(arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_int(built, "version", row->version);
	value_put_str(built, "digest", digest_hex(row->digest, hex));
	value_put_instant(built, "published_at", row->published_ms);
	value_put_str(built, "published_by", row->published_by);
	value_put(built, STR("open"),
	    versions->looked < OPEN_MAX
		? value_of_int(arena, versions->open[index])
		: &value_null);
	return value_built(built);
}

/* NULL where answered. */
static const struct value *
list_versions(struct api_call *call, struct str workflow)
{
	struct versions versions = {.call = call, .workflow = workflow};
	struct value_builder *list = value_build_list(call->arena);
	enum store_error error = store_each_definition(
	    engine_store(call->api->options.engine), version_cb, &versions);

	if (error == STORE_OK)
		error = count_open(&versions);
	if (error != STORE_OK) {
		api_problem_store(call, error);
		return NULL;
	}
	for (size_t i = 0; i < versions.count; i++)
		value_append(list, describe_version(&versions, i));
	return value_built(list);
}

const struct definition *
api_definition_find(struct api_call *call)
{
	int64_t version = api_query_int(call, "version", 1, INT64_MAX, 0);
	const struct definition *definition;

	if (!api_query_is_sound(call))
		return NULL;
	definition =
	    library_find_workflow(engine_library(call->api->options.engine),
		call->params[0], version);
	if (definition != NULL && api_auth_reaches(call, definition->name))
		return definition;
	api_problem_reply(call, PROBLEM_UNKNOWN_WORKFLOW,
	    "No workflow %.*s of that version is served; /v1/definitions lists "
	    "those that are.",
	    STR_ARG(call->params[0]));
	return NULL;
}

void
api_definition_get(struct api_call *call)
{
	struct value_builder *built = value_build_context(call->arena);
	const struct definition *definition = api_definition_find(call);
	const struct value *versions;

	if (definition == NULL)
		return;
	versions = list_versions(call, definition->name);
	if (versions == NULL)
		return;
	put_common(built, definition);
	value_put(built, STR("input"),
	    definition->input_schema ? definition->input_schema : &value_null);
	value_put(built, STR("states"), state_names(call, definition));
	value_put(built, STR("events"), event_types(call, definition));
	value_put_str(built, "source", definition->source);
	value_put(built, STR("versions"), versions);
	api_reply_value(call, 200, value_built(built));
}
