/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_describe.c: an exchange as history shows it.
 *
 * A request brings what may be shown of its parts that hold secrets; an
 * answer's cookies are credentials too.  Large bodies are told by digest, so
 * that history stays small and still proves which bytes they were.
 */
#include "connector_priv.h"

#define SHOWN_BYTES_MAX (16 * 1024)

static bool
is_credential(const struct message_header *header)
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

static const struct value *
describe_headers(struct arena *arena, const struct message_header *headers,
    size_t count)
{
	struct value_builder *context = value_build_context(arena);

	for (size_t i = 0; i < count; i++) {
		struct str value = headers[i].value;
		if (is_credential(&headers[i]))
			value = STR("***");
		if (!str_is_utf8(headers[i].name) || !str_is_utf8(value))
			continue;
		value_put(context, headers[i].name,
		    value_copy_str(arena, value));
	}
	return value_built(context);
}

static const struct value *
describe_body(struct arena *arena, struct str body)
{
	char hex[DIGEST_HEX_BYTES];
	struct value_builder *context;

	if (body.bytes == 0)
		return &value_null;
	if (body.bytes <= SHOWN_BYTES_MAX && str_is_utf8(body))
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
