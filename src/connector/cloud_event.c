/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloud_event.c: CloudEvents 1.0 as messages of a broker, by the AMQP
 * binding's names: binary, the attributes as headers and the data as the body,
 * and structured, all of it as one JSON document.
 *
 * The binding is for AMQP 1.0; what it calls application properties are the
 * headers of AMQP 0-9-1.
 */
#include "connector_priv.h"

#define ATTRIBUTE_BYTES_MAX 1024
#define STRUCTURED_TYPE "application/cloudevents+json"

/* Both are written by others; we write the first. */
static const char *const prefixes[] = {"cloudEvents_", "cloudEvents:"};

/* ---------------------------------------------------------------- writing */

static const struct value *
document_of(struct arena *arena, const struct connector_event *event)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "specversion", STR("1.0"));
	value_put_str(built, "id", event->id);
	value_put_str(built, "source", event->source);
	value_put_str(built, "type", event->type);
	if (event->subject.bytes > 0)
		value_put_str(built, "subject", event->subject);
	value_put_str(built, "time", event->time);
	if (event->data->type != VALUE_NULL) {
		value_put_str(built, "datacontenttype",
		    STR("application/json"));
		value_put(built, STR("data"), event->data);
	}
	return value_built(built);
}

static struct str
json_of(struct arena *arena, const struct value *value)
{
	struct buf out = buf_in(arena);

	json_write(value, JSON_SENT, &out);
	return buf_keep(&out);
}

static void
write_binary(struct arena *arena, const struct connector_event *event,
    struct message_request *request, struct message_publish *publish)
{
	const struct {
		const char *name;
		struct str value;
	} attributes[] = {
		{"specversion", STR("1.0")},
		{"id", event->id},
		{"source", event->source},
		{"type", event->type},
		{"subject", event->subject},
		{"time", event->time},
	};
	struct message_header *headers =
	    ARENA_ARRAY(arena, COUNT_OF(attributes), struct message_header);

	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		if (attributes[i].value.bytes > 0)
			headers[request->header_count++] =
			    (struct message_header){
				.name = arena_strf(arena, "%s%s", prefixes[0],
				    attributes[i].name),
				.value = attributes[i].value,
			    };
	request->headers = headers;
	if (event->data->type == VALUE_NULL)
		return;
	publish->content_type = STR("application/json");
	request->body = json_of(arena, event->data);
}

void
cloud_event_write(struct arena *arena, const struct connector_event *event,
    bool is_structured, struct message_request *request,
    struct message_publish *publish)
{
	must(event->data != NULL && event->id.bytes > 0);
	if (!is_structured) {
		write_binary(arena, event, request, publish);
		return;
	}
	publish->content_type = STR(STRUCTURED_TYPE "; charset=utf-8");
	request->body = json_of(arena, document_of(arena, event));
}

/* ---------------------------------------------------------------- reading */

/* Where the attributes of an event are to be found. */
struct source {
	struct arena *arena;
	const struct message_response *delivery;
	const struct value *document; /* NULL: the headers */
};

static struct str
find(const struct source *source, const char *name)
{
	const struct message_response *delivery = source->delivery;
	struct str found = {NULL, 0};

	if (source->document != NULL)
		return value_field_str(source->document, name);
	for (size_t i = 0; i < COUNT_OF(prefixes) && found.at == NULL; i++)
		found = message_find_header(delivery->headers,
		    delivery->header_count,
		    arena_strf(source->arena, "%s%s", prefixes[i], name));
	return found;
}

static bool
read_attribute(const struct source *source, const char *name, bool is_needed,
    struct str *out)
{
	struct str text = find(source, name);

	*out = text;
	if (text.at == NULL)
		return !is_needed;
	*out = arena_str(source->arena, text);
	return text.bytes > 0 && text.bytes <= ATTRIBUTE_BYTES_MAX &&
	    str_is_utf8(text);
}

static bool
read_attributes(const struct source *source, struct connector_event *event)
{
	int64_t instant_ms;

	return str_equal(find(source, "specversion"), STR("1.0")) &&
	    read_attribute(source, "id", true, &event->id) &&
	    read_attribute(source, "source", true, &event->source) &&
	    read_attribute(source, "type", true, &event->type) &&
	    read_attribute(source, "subject", false, &event->subject) &&
	    read_attribute(source, "time", false, &event->time) &&
	    (event->time.at == NULL || clock_parse(event->time, &instant_ms));
}

/* JSON unless it says that it is text; NULL where we can't carry it. */
static const struct value *
value_of_bytes(struct arena *arena, struct str type, struct str bytes)
{
	struct json_error error;

	if (bytes.bytes == 0)
		return &value_null;
	if (type.bytes == 0 || rest_is_json(type))
		return json_read(arena, bytes, &error);
	return str_has_prefix(type, STR("text/")) && str_is_utf8(bytes)
	    ? value_copy_str(arena, bytes)
	    : NULL;
}

static const struct value *
data_of_document(struct arena *arena, const struct value *document)
{
	struct str encoded =
	    value_field_str(document, "data_base64");
	struct str type =
	    value_field_str(document, "datacontenttype");
	struct str bytes;

	if (encoded.at == NULL)
		return value_field_or_null(document, "data");
	return digest_parse_base64(arena, encoded, &bytes)
	    ? value_of_bytes(arena, type, bytes)
	    : NULL;
}

bool
cloud_event_read(struct arena *arena, const struct message_response *delivery,
    struct connector_event *event)
{
	struct source source = {.arena = arena, .delivery = delivery};
	struct str type = message_find_header(delivery->headers,
	    delivery->header_count, STR("content-type"));
	struct json_error error;

	if (message_name_equal(rest_media_type(type), STR(STRUCTURED_TYPE))) {
		source.document = json_read(arena, delivery->body, &error);
		if (source.document == NULL ||
		    source.document->type != VALUE_CONTEXT)
			return false;
		event->data = data_of_document(arena, source.document);
	} else {
		event->data = value_of_bytes(arena, type, delivery->body);
	}
	return event->data != NULL && read_attributes(&source, event);
}
