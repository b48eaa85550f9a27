/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_publish.c: workflows sent to be served.
 *
 * The texts come as they are written (application/yaml), or several files of
 * them in one JSON object; they are published all or none.
 */
#include "api_priv.h"

#define FILES_MAX 1000

static bool
is_yaml(const struct api_call *call)
{
	return api_body_is_type(call, "application/yaml") ||
	       api_body_is_type(call, "application/x-yaml") ||
	       api_body_is_type(call, "text/yaml");
}

static void
read_yaml(struct api_call *call, struct engine_publish *publish)
{
	struct engine_document *document =
	    ARENA_NEW(call->arena, struct engine_document);
	struct str file = api_query_text(call, "file");

	document->file = file.bytes > 0 ? file : STR("(sent)");
	document->text = call->body;
	publish->documents = document;
	publish->count = 1;
}

static struct str
member_of(struct api_call *call, const struct value *file, size_t index,
    const char *name)
{
	const struct value *value = value_field_or_null(file, name);

	if (value->type != VALUE_STRING)
		api_body_fault(call,
		    arena_strf(call->arena, "/files/%zu/%s", index, name),
		    "type", "must be a string");
	return value_str(value);
}

static void
read_files(struct api_call *call, const struct value *files,
    struct engine_publish *publish)
{
	static const char *const members[] = {"name", "text", NULL};
	struct engine_document *documents;
	size_t count;

	if (files->type != VALUE_LIST || files->as.list.count == 0 ||
	    files->as.list.count > FILES_MAX) {
		api_body_fault(call, STR("/files"), "type",
		    "must be a list of 1 to 1000 files, each {name, text}");
		return;
	}
	count = files->as.list.count;
	documents = ARENA_ARRAY(call->arena, count, struct engine_document);
	for (size_t i = 0; i < count; i++) {
		const struct value *file = files->as.list.items[i];

		if (file->type == VALUE_CONTEXT)
			api_body_members(call, file,
			    arena_strf(call->arena, "/files/%zu", i), members);
		documents[i].file = member_of(call, file, i, "name");
		documents[i].text = member_of(call, file, i, "text");
	}
	publish->documents = documents;
	publish->count = count;
}

/* false where answered. */
static bool
read_publish(struct api_call *call, struct engine_publish *publish)
{
	static const char *const members[] = {"files", NULL};
	const struct value *body;

	publish->dry_run = api_query_flag(call, "dry_run") == 1;
	publish->actor = call->actor;
	if (!api_query_is_sound(call))
		return false;
	if (is_yaml(call)) {
		read_yaml(call, publish);
		return true;
	}
	if (!api_body_is_type(call, "application/json")) {
		api_problem_reply(call, PROBLEM_MEDIA_TYPE,
		    "Send YAML with `Content-Type: application/yaml`, or JSON: "
		    "{\"files\": [{\"name\": …, \"text\": …}]}.");
		return false;
	}
	body = api_body_object(call, members);
	if (body == NULL)
		return false;
	read_files(call, value_field_or_null(body, "files"), publish);
	return api_body_is_sound(call, PROBLEM_INVALID_BODY);
}

/* What is wrong, each with its place and its repair. */
static void
reply_findings(struct api_call *call, enum api_problem problem,
    const struct engine_reply *reply)
{
	struct value_builder *more = value_build_context(call->arena);

	value_put(more, STR("errors"), reply->view);
	api_problem_with(call, problem, reply->detail, value_built(more));
}

bool
api_publish_findings(struct api_call *call, const struct engine_reply *reply)
{
	if (reply->status == ENGINE_FAULTY)
		reply_findings(call, PROBLEM_FAULTY, reply);
	else if (reply->status == ENGINE_UNPROVED)
		reply_findings(call, PROBLEM_UNPROVED, reply);
	else
		return false;
	return true;
}

static void
published_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	api_problem_note(call, reply);
	if (call->request != NULL && !api_publish_findings(call, reply) &&
	    !api_problem_of_engine(call, reply)) {
		if (reply->status == ENGINE_PROPOSED)
			api_proposal_reply(call, reply);
		else
			api_reply_value(call,
			    reply->status == ENGINE_CREATED ? 201 : 200,
			    reply->view);
	}
	api_call_unref(call);
}

static void
publish(struct api_call *call, bool proposes)
{
	struct engine_publish publish = {.proposes = proposes};

	if (!read_publish(call, &publish))
		return;
	api_call_ref(call);
	engine_publish(call->api->options.engine, &publish, published_cb, call);
}

void
api_publish_post(struct api_call *call)
{
	publish(call, false);
}

void
api_publish_propose(struct api_call *call)
{
	publish(call, true);
}
