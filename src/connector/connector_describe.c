/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_describe.c: an exchange as history shows it.
 *
 * A request brings what may be shown of its parts that hold secrets; an
 * answer's cookies are credentials too.  Large bodies are told by digest, so
 * that history stays small and still proves which bytes they were.  A header
 * that came several times is a list of what it said, so that the answer can be
 * judged once more as it was.
 */
#include "connector_priv.h"

#include "stated/map.h"

#define SHOWN_BYTES_MAX (16 * 1024)

bool
connector_is_credential(const struct message_header *header)
{
	static const struct str names[] = {
		STR_INIT("authorization"),
		STR_INIT("proxy-authorization"),
		STR_INIT("cookie"),
		STR_INIT("set-cookie"),
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (message_name_equal(header->name, names[i]))
			return true;
	return header->secret;
}

/* Headers of one name, whatever its case. */
struct told {
	struct told *next;
	struct str name; /* as it came first */
	const struct value **values;
	size_t count;
	size_t capacity;
};

static void
tell(struct arena *arena, struct told *told, struct str value)
{
	told->values = arena_grow(arena, told->values, told->count,
	    &told->capacity, sizeof(*told->values));
	told->values[told->count++] = value_copy_str(arena, value);
}

/* Each is looked at once: an endpoint may send very many. */
static struct told *
gather(struct arena *arena, const struct message_header *headers, size_t count)
{
	struct map *names = map_new();
	struct told *first = NULL, **link = &first;

	for (size_t i = 0; i < count; i++) {
		struct str name = message_name_lower(arena, headers[i].name);
		struct str value = connector_is_credential(&headers[i])
		    ? STR("***")
		    : headers[i].value;
		struct told *told = map_find(names, name);

		if (!str_is_utf8(name) || !str_is_utf8(value))
			continue;
		if (told == NULL) {
			told = *link = ARENA_NEW(arena, struct told);
			told->name = headers[i].name;
			link = &told->next;
			map_put(names, name, told);
		}
		tell(arena, told, value);
	}
	map_free(&names);
	return first;
}

static const struct value *
describe_headers(struct arena *arena, const struct message_header *headers,
    size_t count)
{
	struct value_builder *context = value_build_context(arena);

	for (struct told *told = gather(arena, headers, count); told != NULL;
	     told = told->next)
		value_put(context, told->name, told->count == 1
			? told->values[0]
			: value_of_list(arena, told->values, told->count));
	return value_built(context);
}

static const struct value *
describe_body(struct arena *arena, struct str body)
{
	char hex[DIGEST_HEX_BYTES];
	struct value_builder *context;

	if (body.bytes == 0)
		return &value_null;
	if (body.bytes <= SHOWN_BYTES_MAX && reply_is_text(body))
		return value_copy_str(arena, body);
	context = value_build_context(arena);
	value_put_str(context, "sha256", digest_hex(digest_sha256(body), hex));
	value_put_int(context, "bytes", (int64_t)body.bytes);
	return value_built(context);
}

static struct str
shown(struct str masked, struct str plain)
{
	return masked.at != NULL ? masked : plain;
}

const struct value *
connector_describe_request(struct arena *arena,
    const struct message_request *request)
{
	struct value_builder *context = value_build_context(arena);

	value_put_str(context, "method", request->method);
	value_put_str(context, "url", shown(request->url_shown, request->url));
	value_put(context, STR("headers"), describe_headers(arena,
	    request->headers, request->header_count));
	value_put(context, STR("body"), describe_body(arena,
	    shown(request->body_shown, request->body)));
	return value_built(context);
}

const struct value *
connector_describe_response(struct arena *arena,
    const struct message_response *response)
{
	struct value_builder *context = value_build_context(arena);

	if (response->failure != MESSAGE_OK) {
		value_put_str(context, "failure",
		    message_failure_name(response->failure));
		value_put_str(context, "detail", response->detail);
	}
	if (response->status != 0)
		value_put_int(context, "status", response->status);
	value_put(context, STR("headers"), describe_headers(arena,
	    response->headers, response->header_count));
	value_put(context, STR("body"), describe_body(arena, response->body));
	value_put_int(context, "elapsed_ms", response->elapsed_ms);
	return value_built(context);
}
