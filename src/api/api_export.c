/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_export.c: histories streamed to the caller.
 *
 * One chunk is made when the one before it has left: a slow caller holds a
 * reading connection of the store and one chunk of memory, and nothing else.
 * An error in the middle breaks the connection off, so that half an export
 * can't be taken for a whole one.
 */
#include "api_priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

#define CHUNK_BYTES (64u * 1024)
#define EXPORTS_MAX 8
#define SLICE_US 20000

struct stream {
	struct api *api;
	struct export *export;
	struct evhttp_request *request;
	struct evhttp_connection *connection;
	struct event *again; /* to look on, where nothing was found yet */
	struct buf lines;
	bool is_end;
};

static void
stream_free(struct stream *stream)
{
	export_close(&stream->export);
	if (stream->again != NULL)
		event_free(stream->again);
	buf_fini(&stream->lines);
	stream->api->export_count--;
	free(stream);
}

/* Where the caller has hung up, evhttp leaves the request to us: ending the
 * reply frees it then.  Else it goes with the connection. */
static void
closed_cb(struct evhttp_connection *connection, void *arg)
{
	struct stream *stream = arg;
	struct evhttp_request *request = stream->request;

	(void)connection;
	stream_free(stream);
	if (evhttp_request_get_connection(request) == NULL)
		evhttp_send_reply_end(request);
}

/* One chunk, or as much of it as is found in a slice of time: the engine has
 * other things to do. */
static enum store_error
fill(struct stream *stream)
{
	int64_t until_us = clock_monotonic_us() + SLICE_US;
	enum store_error error = STORE_OK;

	buf_clear(&stream->lines);
	while (error == STORE_OK && !stream->is_end &&
	       stream->lines.bytes < CHUNK_BYTES &&
	       clock_monotonic_us() < until_us)
		error = export_next(
		    stream->export, &stream->lines, &stream->is_end);
	return error;
}

static void
end(struct stream *stream)
{
	struct evhttp_request *request = stream->request;

	evhttp_connection_set_closecb(stream->connection, NULL, NULL);
	stream_free(stream);
	evhttp_send_reply_end(request);
}

static void
break_off(struct stream *stream, enum store_error error)
{
	struct evhttp_connection *connection = stream->connection;

	log_error(
	    "export", "broken off: %.*s", STR_ARG(store_error_text(error)));
	evhttp_connection_free(connection); /* closed_cb() does the rest */
}

static void next_cb(struct evhttp_connection *connection, void *arg);

static void
again_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream *stream = arg;

	(void)fd, (void)what;
	next_cb(stream->connection, stream);
}

/* Nothing was found: it is the end, or there is more to look at when others
 * have had their turn. */
static void
look_on(struct stream *stream)
{
	static const struct timeval now = {0, 0};

	if (stream->is_end) {
		end(stream);
		return;
	}
	if (stream->again == NULL)
		stream->again = evtimer_new(
		    stream->api->options.base, again_cb, stream);
	must(stream->again != NULL);
	evtimer_add(stream->again, &now);
}

static void
next_cb(struct evhttp_connection *connection, void *arg)
{
	struct stream *stream = arg;
	enum store_error error;
	struct evbuffer *chunk;

	(void)connection;
	if (stream->is_end) {
		end(stream);
		return;
	}
	error = fill(stream);
	if (error != STORE_OK) {
		break_off(stream, error);
		return;
	}
	if (stream->lines.bytes == 0) {
		look_on(stream);
		return;
	}
	chunk = evbuffer_new();
	must(chunk != NULL);
	evbuffer_add(chunk, stream->lines.at, stream->lines.bytes);
	evhttp_send_reply_chunk_with_cb(
	    stream->request, chunk, next_cb, stream);
	evbuffer_free(chunk);
}

/* ---- beginning ---- */

static bool
read_options(struct api_call *call, struct export_options *options)
{
	struct str format = api_query_text(call, "format");
	struct str instance = api_query_text(call, "instance");

	*options = (struct export_options){
	    .path = call->api->options.database,
	    .keys = call->api->options.keys,
	    .format = EXPORT_JSONL,
	    .workflow = api_query_text(call, "workflow"),
	    .status = api_query_text(call, "status"),
	    .state = api_query_text(call, "state"),
	    .from_ms = api_query_instant(call, "from"),
	    .to_ms = api_query_instant(call, "to"),
	};
	if (format.at != NULL && !export_format_parse(format, &options->format))
		api_query_fault(call, "format", "must be " EXPORT_FORMAT_NAMES);
	options->closing_line = options->format == EXPORT_JSONL;
	return api_query_is_sound(call) &&
	       (instance.at == NULL ||
		   api_instance_find(call, instance, &options->instance));
}

static bool
has_place(struct api_call *call)
{
	if (call->api->export_count < EXPORTS_MAX)
		return true;
	api_reply_header(call, "Retry-After", STR("10"));
	api_problem_reply(call, PROBLEM_BUSY,
	    "%d exports are under way; try again when one has ended.",
	    EXPORTS_MAX);
	return false;
}

/* Of entities it gets what it reaches; one that is limited to workflows has to
 * name one of them. */
static bool
may_export(struct api_call *call, struct export_options *options)
{
	struct str workflow = options->workflow;

	if (!has_place(call))
		return false;
	if (call->token != NULL) {
		options->entities = call->token->entities;
		options->entity_count = call->token->entity_count;
	}
	return options->instance != 0 ||
	       (workflow.at != NULL && api_auth_reaches(call, workflow)) ||
	       api_auth_has_all_workflows(call);
}

static struct stream *
open_stream(struct api_call *call, const struct export_options *options)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct buf detail = {0};
	enum store_error error;

	must(stream != NULL);
	stream->api = call->api;
	error = export_open(options, &stream->export, &detail);
	if (error == STORE_OK) {
		call->api->export_count++;
		return stream;
	}
	log_error("export", "%.*s", STR_ARG(buf_str(&detail)));
	buf_fini(&detail);
	free(stream);
	api_problem_store(call, error);
	return NULL;
}

static void
begin_stream(struct api_call *call, const struct export_options *options)
{
	struct stream *stream = open_stream(call, options);

	if (stream == NULL)
		return;
	api_reply_begin(
	    call, 200, export_format_media_type(options->format).at);
	api_reply_header(call, "Content-Disposition",
	    arena_strf(call->arena, "attachment; filename=\"history.%.*s\"",
		STR_ARG(export_format_suffix(options->format))));
	stream->request = call->request;
	stream->connection = evhttp_request_get_connection(call->request);
	call->request = NULL;
	api_call_settle(call);
	if (stream->connection == NULL) { /* gone before it began */
		struct evhttp_request *request = stream->request;

		stream_free(stream);
		evhttp_send_reply_end(request);
		return;
	}
	evhttp_connection_set_closecb(stream->connection, closed_cb, stream);
	evhttp_send_reply_start(stream->request, 200, NULL);
	next_cb(stream->connection, stream);
}

/* ---- the journal tells of it before the first byte leaves ---- */

static void
recorded_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL && !api_problem_of_engine(call, reply) &&
	    has_place(call))
		begin_stream(call, call->state);
	api_call_unref(call);
}

/* All that was asked for, as it was asked. */
static const struct value *
fields_of(struct api_call *call, const struct export_options *options)
{
	struct value_builder *fields = value_build_context(call->arena);
	struct value_builder *filter = value_build_context(call->arena);

	for (size_t i = 0; i < call->query_count; i++)
		if (!str_equal(call->query[i].name, STR("format")))
			value_put(filter, call->query[i].name,
			    value_copy_str(call->arena, call->query[i].value));
	value_put_str(fields, "format", export_format_name(options->format));
	value_put(fields, STR("filter"), value_built(filter));
	return value_built(fields);
}

void
api_export_get(struct api_call *call)
{
	struct export_options *options =
	    ARENA_NEW(call->arena, struct export_options);

	if (!read_options(call, options) || !may_export(call, options))
		return;
	if (str_equal(call->method, STR("HEAD"))) {
		api_reply_bytes(call, 200,
		    export_format_media_type(options->format).at, STR(""));
		return;
	}
	call->state = options;
	api_call_ref(call);
	engine_journal(call->api->options.engine, &(struct engine_entry){
	    .kind = JOURNAL_EXPORT_BEGUN,
	    .actor = call->actor.name,
	    .fields = fields_of(call, options),
	}, recorded_cb, call);
}
