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

	if (definition == NULL)
		return;
	put_common(built, definition);
	value_put(built, STR("input"),
	    definition->input_schema ? definition->input_schema : &value_null);
	value_put(built, STR("states"), state_names(call, definition));
	value_put(built, STR("events"), event_types(call, definition));
	value_put_str(built, "source", definition->source);
	api_reply_value(call, 200, value_built(built));
}
