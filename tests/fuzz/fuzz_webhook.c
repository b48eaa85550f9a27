/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_webhook.c: whatever a provider, or somebody who claims to be one,
 * sends: it is an event only where it is signed, and then a whole one.
 *
 * An input is the connection's name on a line, header lines, an empty line
 * and the body.  Where a header holds "{sign}" the right signature is put
 * there, so that what comes after it is reached: over "{before}" (a line of
 * its own among the headers, empty unless told) and the body.
 */
#include "fuzz_input.h"

#include "stated/connector.h"
#include "stated/json.h"
#include "../unit/definition/written_library.h"

#define NOW_MS INT64_C(1700000000000)
#define KEY "hush"
#define KEY_BASE64 "aHVzaA=="

#define HOOK(name, verify)                                                   \
	"connection: " name "\n"                                             \
	"kind: http\n"                                                       \
	"url: https://api.example\n"                                         \
	"operations: {ping: {request: {get: /}}}\n"                          \
	"webhooks:\n"                                                        \
	"  verify: " verify "\n"                                             \
	"  events:\n"                                                        \
	"    - {if: '= body.kind = \"paid\"', type: shop.paid,\n"            \
	"       subject: = body.subject, id: = body.id, time: = body.at,\n"  \
	"       data: '= {n: body.n + 1, from: headers.from}'}\n"            \
	"    - {if: '= body.list[1].n > 0', type: '= body.type',\n"          \
	"       data: '= body.list'}\n"                                      \
	"    - {if: '= count(body.list) > 3', type: '= headers.kind'}\n"

static const char documents[] =
    HOOK("hmac", "{scheme: hmac, secret: {secret: key}, header: x-sign}")
	"---\n" HOOK("stripe", "{scheme: stripe, secret: {secret: keys}}")
	    "---\n" HOOK("github", "{scheme: github, secret: {secret: key}}")
		"---\n" HOOK("standard",
		    "{scheme: standard-webhooks, secret: {secret: key64}}")
		    "---\n" HOOK("timed",
			"{scheme: hmac, secret: {secret: key},\n"
			"    timestamp-header: x-time, header: x-sign}\n"
			"  each: = body")
			"---\n" HOOK("jws", "{scheme: jws, secret: {secret: key}}")
			    "---\n" HOOK("hubspot",
				"{scheme: hubspot, url: https://a.example/h,\n"
				"    secret: {secret: key}}\n"
				"  each: = body");

static const struct value *
secret_cb(void *arg, struct str name)
{
	struct arena *arena = arg;
	const struct value *keys[] = {
	    value_of_str(arena, STR("old")), value_of_str(arena, STR(KEY))};

	if (str_equal(name, STR("key")))
		return keys[1];
	if (str_equal(name, STR("keys")))
		return value_of_list(arena, keys, 2);
	if (str_equal(name, STR("key64")))
		return value_of_str(arena, STR("whsec_" KEY_BASE64));
	return NULL;
}

/* ---- signing ---- */

static struct str
signature(struct arena *arena, struct str before, struct str body, bool base64)
{
	struct str text =
	    arena_strf(arena, "%.*s%.*s", STR_ARG(before), STR_ARG(body));
	struct buf bytes = {0};
	struct digest digest;
	char hex[DIGEST_HEX_BYTES];

	buf_add_str(&bytes, before);
	buf_add_str(&bytes, body);
	text = buf_str(&bytes);
	digest = digest_hmac_sha256(STR(KEY), text);
	buf_fini(&bytes);
	if (base64)
		return digest_base64(arena,
		    (struct str){(const char *)digest.bytes,
			sizeof(digest.bytes)});
	return arena_str(arena, digest_hex(digest, hex));
}

static struct str
replace(struct arena *arena, struct str text, struct str what, struct str by)
{
	size_t at = str_find(text, what);
	struct buf out = {0};
	struct str result = text;

	if (at != SIZE_MAX) {
		buf_add(&out, text.at, at);
		buf_add_str(&out, by);
		buf_add_str(&out, str_slice(text, at + what.bytes, text.bytes));
		result = arena_str(arena, buf_str(&out));
	}
	buf_fini(&out);
	return result;
}

/* The headers of *rest, signed where they ask for it. */
static const struct message_header *
take_headers(struct arena *arena, struct str *rest, size_t *count)
{
	const struct message_header *given =
	    fuzz_take_headers(arena, rest, count);
	struct message_header *headers =
	    ARENA_ARRAY(arena, *count, struct message_header);
	struct str body = rest->at != NULL ? *rest : STR("");
	struct str before =
	    message_find_header(given, *count, STR("{before}"));

	if (before.at == NULL)
		before = STR("");
	for (size_t i = 0; i < *count; i++) {
		struct str value = given[i].value;

		value = replace(arena, value, STR("{sign}"),
		    signature(arena, before, body, false));
		value = replace(arena, value, STR("{sign64}"),
		    signature(arena, before, body, true));
		headers[i] = given[i];
		headers[i].value = value;
	}
	return headers;
}

/* ---- one message ---- */

static void
check_event(const struct connector_event *event)
{
	must(event->type.bytes > 0);
	must(event->id.bytes > 0);
	fuzz_check_text(event->type);
	fuzz_check_text(event->id);
	if (event->subject.at != NULL)
		fuzz_check_text(event->subject);
	if (event->time.at != NULL)
		fuzz_check_text(event->time);
	fuzz_check_value(event->data);
}

/* Without the signature the same message is nobody's. */
static void
check_stripped(const struct def_connection *connection, struct str body,
    const struct connector_context *context)
{
	struct connector_events events;

	must(connector_webhook(connection, NULL, 0, body, context, &events) ==
	     WEBHOOK_FORGED);
}

static void
receive(struct library *library, struct arena *arena, struct str input)
{
	struct str name = fuzz_take_line(&input);
	const struct def_connection *connection =
	    library_find_connection(library, name);
	struct connector_context context = {
	    .arena = arena,
	    .now_ms = NOW_MS,
	    .settings = &value_null,
	    .secret = secret_cb,
	    .secret_arg = arena,
	};
	struct connector_events events;
	const struct message_header *headers;
	struct str body;
	size_t count;

	if (connection == NULL)
		return;
	headers = take_headers(arena, &input, &count);
	body = input.at != NULL ? input : STR("");
	if (connector_webhook(connection, headers, count, body, &context,
		&events) == WEBHOOK_ACCEPTED)
		for (size_t i = 0; i < events.count; i++)
			check_event(&events.items[i]);
	check_stripped(connection, body, &context);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct library *library;
	struct arena *arena = arena_new();

	if (library == NULL)
		library = written_library(documents);
	receive(library, arena, (struct str){(const char *)data, size});
	arena_free(&arena);
	return 0;
}
