/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_event.c: CloudEvents 1.0 in, by the HTTP binding: binary, structured
 * and batched.
 *
 * A batch is answered as a whole, when all of its events are durable.  Where
 * one can't be taken the sender repeats the batch: what was taken before is a
 * duplicate then, and does nothing.  It is fed to the engine by and by, or one
 * that is longer than the engine's queue would never be taken.
 */
#include "api_priv.h"

#define ATTRIBUTE_BYTES_MAX 1024
#define PENDING_MAX 1000 /* of a batch's events, at the engine */

struct receipt {
	struct api_call *call;
	struct str id;
	struct str source;
	struct str fate;
};

struct batch {
	struct chart_event *events;
	struct receipt *receipts;
	size_t count;
	size_t next;    /* to be fed */
	size_t pending; /* fed, and not answered yet */
	bool feeding;
	bool full; /* the queue is: what was fed has to leave it first */
	bool failed;
	struct engine_reply failure; /* the first one; its texts are copied */
};

/* Where the attributes of one event are to be found. */
struct reader {
	struct api_call *call;
	const struct value *event; /* NULL: headers */
	struct str prefix;	   /* of the pointer: "/3" in a batch */
};

/* ---- attributes ---- */

static void
fault(const struct reader *reader, const char *name, const char *keyword,
    const char *message)
{
	struct arena *arena = reader->call->arena;
	struct str pointer = reader->event ? arena_strf(arena, "%.*s/%s",
						 STR_ARG(reader->prefix), name)
					   : arena_strf(arena, "ce-%s", name);

	api_body_fault(reader->call, pointer, keyword, message);
}

/* What stands in double quotes, without them (RFC 9110, section 5.6.4). */
static struct str
unquote(struct arena *arena, struct str text)
{
	struct buf out = buf_in(arena);

	if (text.bytes < 2 || text.at[0] != '"' ||
	    text.at[text.bytes - 1] != '"')
		return text;
	for (size_t i = 1; i < text.bytes - 1; i++) {
		if (text.at[i] == '\\' && i + 1 < text.bytes - 1)
			i++;
		buf_add_char(&out, text.at[i]);
	}
	return out.bytes > 0 ? buf_keep(&out) : STR("");
}

/* Unquoted first, then percent-decoded: HTTP binding, section 3.1.3.2. */
static struct str
find_in_headers(const struct reader *reader, const char *name)
{
	struct arena *arena = reader->call->arena;
	struct str encoded =
	    api_call_header(reader->call, arena_strf(arena, "ce-%s", name).at);
	struct str text;

	if (encoded.at == NULL)
		return encoded;
	encoded = unquote(arena, encoded);
	if (!api_query_decode(arena, encoded, false, &text))
		fault(reader, name, "format", "must be percent-encoded UTF-8");
	return text;
}

static struct str
find_in_object(const struct reader *reader, const char *name)
{
	const struct value *value = value_field_or_null(reader->event, name);

	if (value->type != VALUE_STRING && value->type != VALUE_NULL)
		fault(reader, name, "type", "must be a string");
	return value_str(value);
}

static struct str
attribute(const struct reader *reader, const char *name, bool required)
{
	struct str text = reader->event ? find_in_object(reader, name)
					: find_in_headers(reader, name);

	if (text.at == NULL && required)
		fault(reader, name, "required", "is missing");
	else if (text.at != NULL && text.bytes == 0)
		fault(reader, name, "minLength", "must not be empty");
	else if (text.bytes > ATTRIBUTE_BYTES_MAX)
		fault(reader, name, "maxLength", "is longer than 1024 bytes");
	return text;
}

static void
read_attributes(const struct reader *reader, struct chart_event *event)
{
	struct str version = attribute(reader, "specversion", true);
	int64_t instant_ms;

	if (version.at != NULL && !str_equal(version, STR("1.0")))
		fault(reader, "specversion", "const", "must be \"1.0\"");
	*event = (struct chart_event){
	    .kind = EV_EVENT_RECEIVED,
	    .actor = reader->call->actor,
	    .id = attribute(reader, "id", true),
	    .source = attribute(reader, "source", true),
	    .type = attribute(reader, "type", true),
	    .subject = attribute(reader, "subject", false),
	    .time = attribute(reader, "time", false),
	    .received_ms = api_now_ms(reader->call),
	};
	if (event->actor.limits == NULL &&
	    str_find(event->source, STR(ENGINE_LIMITED)) != SIZE_MAX)
		fault(reader, "source", "not",
		    "must not contain `" ENGINE_LIMITED "`: what stands before "
		    "it is the source");
	if (event->time.at != NULL && !clock_parse(event->time, &instant_ms))
		fault(reader, "time", "format",
		    "must be an instant as RFC 3339 has it");
}

/* ---- data ---- */

static bool
is_json(struct str type)
{
	struct str rest;
	struct str media = str_trim(str_split(type, ';', &rest));

	return message_name_equal(media, STR("application/json")) ||
	       (media.bytes > 5 &&
		   message_name_equal(
		       str_slice(media, media.bytes - 5, 5),
		       STR("+json")));
}

static bool
is_text(struct str type)
{
	return type.bytes >= 5 &&
	       message_name_equal(str_slice(type, 0, 5), STR("text/"));
}

/* Bytes of a declared type as a value; NULL where we can't carry them. */
static const struct value *
value_of_bytes(const struct reader *reader, struct str type, struct str bytes)
{
	struct arena *arena = reader->call->arena;
	struct json_error error;
	const struct value *value;

	if (type.at == NULL || is_json(type)) {
		value = json_read(arena, bytes, &error);
		if (value == NULL)
			fault(reader, "data", "format",
			    arena_strf(arena, "line %u, column %u: %s",
				error.line, error.column, error.message)
				.at);
		return value;
	}
	if (is_text(type) && str_is_utf8(bytes))
		return value_of_str(arena, bytes);
	fault(reader, "data", "contentMediaType",
	    "must be JSON, or text in UTF-8");
	return NULL;
}

static const struct value *
data_of_object(const struct reader *reader)
{
	struct str type = find_in_object(reader, "datacontenttype");
	struct str encoded = find_in_object(reader, "data_base64");
	const struct value *data = value_field_or_null(reader->event, "data");
	struct str bytes;

	if (encoded.at == NULL)
		return data;
	if (data->type != VALUE_NULL)
		fault(reader, "data_base64", "not",
		    "stands beside `data`: only one of them can be meant");
	if (!digest_parse_base64(reader->call->arena, encoded, &bytes)) {
		fault(reader, "data_base64", "contentEncoding", "is no Base64");
		return NULL;
	}
	return value_of_bytes(reader, type, bytes);
}

static void
read_object(struct api_call *call, const struct value *object,
    struct str prefix, struct chart_event *event)
{
	struct reader reader = {call, object, prefix};

	if (object->type != VALUE_CONTEXT) {
		api_body_fault(call, prefix, "type", "must be an object");
		return;
	}
	read_attributes(&reader, event);
	event->data = data_of_object(&reader);
}

static void
read_binary(struct api_call *call, struct chart_event *event)
{
	struct reader reader = {call, NULL, STR("")};

	read_attributes(&reader, event);
	event->data = &value_null;
	if (call->body.bytes > 0)
		event->data = value_of_bytes(
		    &reader, api_call_header(call, "Content-Type"), call->body);
}

/* ---- which of the three it is ---- */

static void
read_batch(struct api_call *call, const struct value *list, struct batch *batch)
{
	batch->count = list->as.list.count;
	batch->events =
	    ARENA_ARRAY(call->arena, batch->count, struct chart_event);
	for (size_t i = 0; i < batch->count; i++)
		read_object(call, list->as.list.items[i],
		    arena_strf(call->arena, "/%zu", i), &batch->events[i]);
}

static bool
read_json(struct api_call *call, bool object_is_meant, bool list_is_meant,
    struct batch *batch)
{
	const struct value *body = api_body_json(call);

	if (body == NULL)
		return false;
	if (body->type == VALUE_LIST && list_is_meant) {
		read_batch(call, body, batch);
	} else if (body->type == VALUE_CONTEXT && object_is_meant) {
		batch->count = 1;
		batch->events = ARENA_NEW(call->arena, struct chart_event);
		read_object(call, body, STR(""), batch->events);
	} else {
		api_body_fault(call, STR(""), "type",
		    list_is_meant ? "must be an array of events"
				  : "must be an object");
	}
	return true;
}

static bool
read_events(struct api_call *call, struct batch *batch)
{
	if (api_body_is_type(call, "application/cloudevents+json"))
		return read_json(call, true, false, batch);
	if (api_body_is_type(call, "application/cloudevents-batch+json"))
		return read_json(call, false, true, batch);
	if (api_call_header(call, "ce-specversion").at != NULL ||
	    api_call_header(call, "ce-id").at != NULL) {
		batch->count = 1;
		batch->events = ARENA_NEW(call->arena, struct chart_event);
		read_binary(call, batch->events);
		return true;
	}
	if (api_body_is_type(call, "application/json"))
		return read_json(call, true, true, batch);
	api_problem_reply(call, PROBLEM_MEDIA_TYPE,
	    "Send application/cloudevents+json, "
	    "application/cloudevents-batch+json, or the data with ce- "
	    "headers.");
	return false;
}

/* ---- posting and answering ---- */

static void
reply_batch(struct api_call *call, const struct batch *batch)
{
	struct value_builder *list = value_build_list(call->arena);
	struct value_builder *built = value_build_context(call->arena);

	for (size_t i = 0; i < batch->count; i++) {
		const struct receipt *receipt = &batch->receipts[i];
		struct value_builder *one = value_build_context(call->arena);

		value_put_str(one, "id", receipt->id);
		value_put_str(one, "source", receipt->source);
		value_put_str(one, "status", receipt->fate);
		value_append(list, value_built(one));
	}
	value_put(built, STR("events"), value_built(list));
	if (call->actor.limits != NULL)
		value_put(built, STR("limited_to"),
		    engine_limits_value(call->actor.limits, call->arena));
	api_reply_value(call, 202, value_built(built));
}

static void
finish(struct api_call *call)
{
	struct batch *batch = call->state;

	if (call->request == NULL)
		return;
	if (batch->failed)
		must(api_problem_of_engine(call, &batch->failure));
	else
		reply_batch(call, batch);
}

static void
fail(struct api_call *call, const struct engine_reply *reply)
{
	struct batch *batch = call->state;

	if (batch->failed)
		return;
	batch->failed = true;
	batch->failure = (struct engine_reply){
	    .status = reply->status,
	    .refusal = reply->refusal,
	    .detail = arena_str(call->arena, reply->detail),
	    .retry_after_ms = reply->retry_after_ms,
	};
}

static void feed(struct api_call *call);

/* Where the queue is full it says so at once, and what others have put there
 * can't be waited for. */
static void
posted_cb(const struct engine_reply *reply, void *arg)
{
	struct receipt *receipt = arg;
	struct api_call *call = api_call_of(receipt->call);
	struct batch *batch = call->state;

	must(batch->pending > 0);
	batch->pending--;
	if (reply->status == ENGINE_ACCEPTED)
		receipt->fate = arena_str(call->arena, reply->fate);
	else if (reply->status == ENGINE_OVERLOADED && batch->feeding &&
		 batch->pending > 0)
		batch->full = true;
	else
		fail(call, reply);
	if (!batch->feeding)
		feed(call);
	api_call_unref(call);
}

static void
feed_one(struct api_call *call, struct batch *batch)
{
	struct receipt *receipt = &batch->receipts[batch->next];
	const struct chart_event *event = &batch->events[batch->next];

	*receipt = (struct receipt){
	    .call = call, .id = event->id, .source = event->source};
	batch->pending++;
	api_call_ref(call);
	engine_event(
	    call->api->options.engine, event, posted_cb, receipt);
	if (!batch->full)
		batch->next++;
}

/* In their order: the next ones wait behind one that the queue has no room
 * for. */
static void
feed(struct api_call *call)
{
	struct batch *batch = call->state;

	if (batch->full && batch->pending > 0)
		return;
	batch->full = false;
	batch->feeding = true;
	while (batch->next < batch->count && batch->pending < PENDING_MAX &&
	       !batch->full && !batch->failed)
		feed_one(call, batch);
	batch->feeding = false;
	if (batch->pending == 0)
		finish(call);
}

static void
deliver(struct api_call *call, struct batch *batch)
{
	batch->receipts =
	    ARENA_ARRAY(call->arena, batch->count, struct receipt);
	call->state = batch;
	api_call_ref(call);
	feed(call);
	api_call_unref(call);
}

void
api_event_post(struct api_call *call)
{
	struct batch *batch = ARENA_NEW(call->arena, struct batch);

	if (read_events(call, batch) &&
	    api_body_is_sound(call, PROBLEM_INVALID_EVENT))
		deliver(call, batch);
}

void
api_event_deliver(
    struct api_call *call, struct chart_event *events, size_t count)
{
	struct batch *batch = ARENA_NEW(call->arena, struct batch);

	batch->events = events;
	batch->count = count;
	deliver(call, batch);
}
