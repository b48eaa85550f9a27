/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_export.c: histories streamed to the caller.
 *
 * One chunk is made when the one before it has left: a slow caller holds a
 * reading connection of the store and one chunk of memory, and nothing else.
 * An error in the middle breaks the connection off, so that half an export
 * can't be taken for a whole one.
 *
 *	finding ──► sending ──► (gone)
 *
 * finding  an export that was broken off goes on: whether it can is looked
 *          at, and what the caller has of it is made once more and dropped.
 *          No answer has begun: what is wrong is told by its status
 * sending  the answer's head has left
 *
 * Where an export was JSON lines, its answer's Content-Location says how the
 * same is asked for again: of the same moment.
 */
#include "api_priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <time.h>

#define CHUNK_BYTES (128u * 1024)
#define EXPORTS_MAX 8
#define SLICE_US 2000
/* Where the loop has others to serve, rest is so many times the work. */
#define REST_TIMES 3

struct api_stream {
	struct api *api;
	struct api_stream *next; /* of those that are finding */
	struct export *export;
	struct evhttp_request *request; /* and what follows: while sending */
	struct evhttp_connection *connection;
	struct event *again; /* to look on, where nothing was found yet */
	struct buf lines;
	uint64_t skip; /* so many bytes the caller has, and gets no more */
	bool is_looked;
	bool is_end;
	/* of the last slice: */
	int64_t worked_us;
	int64_t ended_us;
	int64_t ended_cpu_us; /* by the thread's own clock */
};

/* What was asked for. */
struct asked {
	struct export_options options;
	uint64_t skip;
	struct api_stream *stream; /* NULL before it is recorded */
};

static void
leave_finding(struct api_stream *stream)
{
	struct api_stream **link = &stream->api->finding;

	while (*link != NULL && *link != stream)
		link = &(*link)->next;
	if (*link == stream)
		*link = stream->next;
}

static void
stream_free(struct api_stream *stream)
{
	leave_finding(stream);
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
	struct api_stream *stream = arg;
	struct evhttp_request *request = stream->request;

	(void)connection;
	stream_free(stream);
	if (evhttp_request_get_connection(request) == NULL)
		evhttp_send_reply_end(request);
}

static int64_t
cpu_us(void)
{
	struct timespec used;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
	return used.tv_sec * INT64_C(1000000) + used.tv_nsec / 1000;
}

/* What is owed to others: since the last slice the loop has worked for them,
 * and not only sent what it made. */
static int64_t
rest_ms(const struct api_stream *stream)
{
	int64_t others_us = cpu_us() - stream->ended_cpu_us;
	int64_t owed_us = REST_TIMES * stream->worked_us -
			  (clock_monotonic_us() - stream->ended_us);

	if (2 * others_us < stream->worked_us || owed_us <= 0)
		return 0;
	return (owed_us + 999) / 1000;
}

/* One chunk, or as much of it as is found in a slice of time: the engine has
 * other things to do. */
static enum store_error
fill(struct api_stream *stream)
{
	int64_t began_us = clock_monotonic_us();
	int64_t until_us = began_us + SLICE_US;
	enum store_error error = STORE_OK;

	buf_clear(&stream->lines);
	while (error == STORE_OK && !stream->is_end &&
	       stream->lines.bytes < CHUNK_BYTES &&
	       clock_monotonic_us() < until_us) {
		error = export_next(
		    stream->export, &stream->lines, &stream->is_end);
		if (stream->lines.bytes <= stream->skip) {
			stream->skip -= stream->lines.bytes;
			buf_clear(&stream->lines);
		}
	}
	stream->ended_us = clock_monotonic_us();
	stream->worked_us = stream->ended_us - began_us;
	stream->ended_cpu_us = cpu_us();
	return error;
}

static void
end(struct api_stream *stream)
{
	struct evhttp_request *request = stream->request;

	evhttp_connection_set_closecb(stream->connection, NULL, NULL);
	stream_free(stream);
	evhttp_send_reply_end(request);
}

static void
break_off(struct api_stream *stream, enum store_error error)
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
	struct api_stream *stream = arg;

	(void)fd, (void)what;
	next_cb(stream->connection, stream);
}

static void
wait_on(struct api_stream *stream, int64_t ms)
{
	const struct timeval delay = {
	    .tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	if (stream->again == NULL)
		stream->again = evtimer_new(
		    stream->api->options.base, again_cb, stream);
	must(stream->again != NULL);
	evtimer_add(stream->again, &delay);
}

static void
send_lines(struct api_stream *stream)
{
	struct evbuffer *chunk = evbuffer_new();

	must(chunk != NULL && stream->skip < stream->lines.bytes);
	evbuffer_add(chunk, stream->lines.at + stream->skip,
	    stream->lines.bytes - stream->skip);
	stream->skip = 0;
	buf_clear(&stream->lines);
	evhttp_send_reply_chunk_with_cb(
	    stream->request, chunk, next_cb, stream);
	evbuffer_free(chunk);
}

static void
next_cb(struct evhttp_connection *connection, void *arg)
{
	struct api_stream *stream = arg;
	enum store_error error = STORE_OK;
	int64_t rest = stream->is_end ? 0 : rest_ms(stream);

	(void)connection;
	if (rest > 0) {
		wait_on(stream, rest);
		return;
	}
	if (!stream->is_end)
		error = fill(stream);
	if (error != STORE_OK)
		break_off(stream, error);
	else if (stream->lines.bytes > 0)
		send_lines(stream);
	else if (stream->is_end)
		end(stream);
	else
		wait_on(stream, 0); /* there is more to look at */
}

/* ---- what was asked for ---- */

/* A moment says how much there is in the whole database: that is not for who
 * may see a part. */
static bool
is_lasting(
    const struct api_call *call, const struct export_options *options)
{
	return options->format == EXPORT_JSONL && options->status.at == NULL &&
	       options->state.at == NULL && !api_auth_is_limited(call);
}

static void
read_moment(struct api_call *call, struct asked *asked)
{
	struct str moment = api_query_text(call, "moment");
	struct str skip = api_query_text(call, "skip");
	int64_t bytes = 0;

	if (moment.at != NULL &&
	    !export_moment_parse(moment, &asked->options.moment))
		api_query_fault(call, "moment",
		    "must be as the answer's Content-Location had it");
	else if (moment.at != NULL && !is_lasting(call, &asked->options))
		api_query_fault(call, "moment",
		    "is for JSON lines, and not with status or state, which "
		    "change, nor with a token for some workflows or entities");
	if (skip.at != NULL && !str_parse_int(skip, 0, INT64_MAX, &bytes))
		api_query_fault(call, "skip", "must be a number of bytes");
	else if (skip.at != NULL && moment.at == NULL)
		api_query_fault(call, "skip",
		    "needs the moment of the export that it goes on with");
	asked->skip = (uint64_t)bytes;
}

static bool
read_options(struct api_call *call, struct asked *asked)
{
	struct export_options *options = &asked->options;
	struct str format = api_query_text(call, "format");
	struct str instance = api_query_text(call, "instance");

	*options = (struct export_options){
	    .path = call->api->options.database,
	    .keys = call->api->options.keys,
	    .format = EXPORT_JSONL,
	    .workflow = api_query_text(call, "workflow"),
	    .status = api_query_status(call),
	    .state = api_query_text(call, "state"),
	};
	api_query_period(call, 0, &options->from_ms, &options->to_ms);
	options->entities = api_auth_entities(call, &options->entity_count);
	if (format.at != NULL && !export_format_parse(format, &options->format))
		api_query_fault(call, "format", "must be " EXPORT_FORMAT_NAMES);
	options->closing_line = options->format == EXPORT_JSONL;
	read_moment(call, asked);
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
may_export(struct api_call *call, const struct export_options *options)
{
	struct str workflow = options->workflow;

	if (!has_place(call))
		return false;
	return options->instance != 0 ||
	       (workflow.at != NULL && api_auth_reaches(call, workflow)) ||
	       api_auth_has_all_workflows(call);
}

/* ---- the answer's head ---- */

/* The same question, of the moment of this answer. */
static void
tell_location(struct api_call *call, const struct export *export)
{
	struct export_moment moment = export_moment(export);
	char text[EXPORT_MOMENT_BYTES];
	struct buf location = buf_in(call->arena);

	buf_addf(&location, "%.*s?moment=%.*s", STR_ARG(call->path),
	    STR_ARG(export_moment_format(&moment, text)));
	for (size_t i = 0; i < call->query_count; i++) {
		const struct api_pair *pair = &call->query[i];

		if (str_equal(pair->name, STR("moment")) ||
		    str_equal(pair->name, STR("skip")))
			continue;
		buf_add_char(&location, '&');
		message_encode(pair->name, &location);
		buf_add_char(&location, '=');
		message_encode(pair->value, &location);
	}
	api_reply_header(call, "Content-Location", buf_keep(&location));
}

static void
begin_head(struct api_call *call, const struct export_options *options)
{
	api_reply_begin(
	    call, 200, export_format_media_type(options->format).at);
	api_reply_header(call, "Content-Disposition",
	    arena_strf(call->arena, "attachment; filename=\"history.%.*s\"",
		STR_ARG(export_format_suffix(options->format))));
}

static void
begin_sending(struct api_call *call, struct api_stream *stream)
{
	const struct asked *asked = call->state;
	const struct export_options *options = &asked->options;

	begin_head(call, options);
	if (is_lasting(call, options))
		tell_location(call, stream->export);
	leave_finding(stream);
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
	if (stream->lines.bytes > 0)
		send_lines(stream);
	else
		next_cb(stream->connection, stream);
}

/* ---- finding where to go on ---- */

void
api_export_drop(struct api *api)
{
	while (api->finding != NULL)
		stream_free(api->finding);
}

/* Nothing more is to be looked at or dropped. */
static bool
has_found(const struct api_stream *stream)
{
	return stream->is_looked &&
	       (stream->skip == 0 || stream->lines.bytes > stream->skip);
}

/* STORE_ABSENT: the detail says why it can't go on. */
static enum store_error
find_on(struct api_stream *stream, struct buf *detail)
{
	enum store_error error;

	if (!stream->is_looked)
		return export_look(stream->export, &stream->is_looked, detail);
	error = fill(stream);
	if (error == STORE_OK && stream->is_end && !has_found(stream)) {
		buf_add_cstr(detail, "it has fewer bytes than are to be "
		    "skipped.  Begin a new export");
		return STORE_ABSENT;
	}
	return error;
}

static void
refuse(struct api_call *call, enum store_error error, const struct buf *detail)
{
	if (error == STORE_ABSENT)
		api_problem_reply(call, PROBLEM_MOMENT_GONE,
		    "The database can't tell the export of then again: %.*s.",
		    STR_ARG(buf_str(detail)));
	else
		api_problem_store(call, error);
}

static void
go_on_finding(struct api_call *call)
{
	struct asked *asked = call->state;
	struct api_stream *stream = asked->stream;
	struct buf detail = {0};
	enum store_error error = STORE_OK;
	int64_t rest = rest_ms(stream);
	bool is_gone = api_call_is_gone(call);

	if (rest == 0 && !is_gone && !has_found(stream))
		error = find_on(stream, &detail);
	if (is_gone) {
		stream_free(stream);
		api_problem_reply(call, PROBLEM_UNAVAILABLE,
		    "The caller has not waited for the answer.");
	} else if (error != STORE_OK) {
		stream_free(stream);
		refuse(call, error, &detail);
	} else if (has_found(stream)) {
		begin_sending(call, stream);
	} else {
		api_call_wait(call, rest, go_on_finding);
	}
	buf_fini(&detail);
	if (call->request == NULL)
		api_call_unref(call);
}

static void
begin_finding(struct api_call *call)
{
	struct api *api = call->api;
	struct asked *asked = call->state;
	struct buf detail = {0};
	struct export *export = NULL;
	enum store_error error =
	    export_open(&asked->options, &export, &detail);

	if (error == STORE_OK) {
		asked->stream = calloc(1, sizeof(*asked->stream));
		must(asked->stream != NULL);
		*asked->stream = (struct api_stream){
		    .api = api,
		    .next = api->finding,
		    .export = export,
		    .skip = asked->skip,
		};
		api->finding = asked->stream;
		api->export_count++;
		api_call_ref(call); /* until its answer begins */
		go_on_finding(call);
	} else {
		if (error != STORE_ABSENT)
			log_error("export", "%.*s", STR_ARG(buf_str(&detail)));
		refuse(call, error, &detail);
	}
	buf_fini(&detail);
}

/* ---- the journal tells of it before the first byte leaves ---- */

static void
recorded_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL && !api_problem_of_engine(call, reply) &&
	    has_place(call))
		begin_finding(call);
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
	struct asked *asked = ARENA_NEW(call->arena, struct asked);
	const struct export_options *options = &asked->options;

	if (!read_options(call, asked) || !may_export(call, options))
		return;
	if (str_equal(call->method, STR("HEAD"))) {
		begin_head(call, options);
		api_reply_head(call, 200);
		return;
	}
	call->state = asked;
	api_call_ref(call);
	engine_journal(call->api->options.engine, &(struct engine_entry){
	    .kind = JOURNAL_EXPORT_BEGUN,
	    .actor = call->actor.name,
	    .fields = fields_of(call, options),
	}, recorded_cb, call);
}
