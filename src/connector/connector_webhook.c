/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_webhook.c: a provider's webhook, verified, then mapped.
 *
 * The signature is over the bytes as they came: nothing is parsed before it
 * holds.  Texts are compared in constant time.  A secret may be a list, for
 * the time of a rotation.  A scheme that signs its time is believed for five
 * minutes, in both directions; what is older could be a replay.
 */
#include "connector_priv.h"

#define TOLERANCE_SECONDS 300

struct hook {
	struct arena *arena;
	const struct def_connection *connection;
	const struct message_header *headers;
	size_t header_count;
	struct str body;
	int64_t now_ms;
};

static struct str
find_header(const struct hook *hook, const char *name)
{
	return message_find_header(hook->headers, hook->header_count,
	    str_of(name));
}

static bool
is_timely(const struct hook *hook, struct str timestamp)
{
	int64_t seconds;
	int64_t now = hook->now_ms / 1000;

	return str_parse_int(timestamp, 0, INT64_MAX / 2000, &seconds) &&
	    seconds >= now - TOLERANCE_SECONDS &&
	    seconds <= now + TOLERANCE_SECONDS;
}

static struct digest
sign(struct str key, const struct hook *hook, struct str before)
{
	struct buf text = {0};
	struct digest digest;

	buf_add_str(&text, before);
	buf_add_str(&text, hook->body);
	digest = digest_hmac_sha256(key, buf_str(&text));
	buf_fini(&text);
	return digest;
}

static bool
is_hex_of(struct str text, struct digest digest)
{
	struct digest told;

	return digest_parse_hex(text, &told) && digest_equal(told, digest);
}

static bool
is_base64_of(struct arena *arena, struct str text, struct digest digest)
{
	struct digest told;
	struct str bytes;

	if (!digest_parse_base64(arena, text, &bytes) ||
	    bytes.bytes != sizeof(told.bytes))
		return false;
	memcpy(told.bytes, bytes.at, sizeof(told.bytes));
	return digest_equal(told, digest);
}

/* ---------------------------------------------------------------- schemes */

/* Any header; hex or Base64; with or without "sha256=". */
static bool
verify_hmac(const struct hook *hook, struct str key)
{
	struct str told = message_find_header(hook->headers,
	    hook->header_count, hook->connection->webhook_header);
	struct digest digest = sign(key, hook, STR(""));

	told = str_trim(told);
	if (str_has_prefix(told, STR("sha256=")))
		told = str_slice(told, 7, told.bytes);
	return is_hex_of(told, digest) ||
	    is_base64_of(hook->arena, told, digest);
}

static bool
verify_github(const struct hook *hook, struct str key)
{
	struct str told = find_header(hook, "x-hub-signature-256");

	return str_has_prefix(told, STR("sha256=")) &&
	    is_hex_of(str_slice(told, 7, told.bytes), sign(key, hook, STR("")));
}

/* "t=1700000000,v1=…,v1=…,v0=…": the time and the body are signed. */
static bool
verify_stripe(const struct hook *hook, struct str key)
{
	struct str rest = find_header(hook, "stripe-signature");
	struct str timestamp = {NULL, 0};
	struct digest digest = {{0}};
	bool is_genuine = false;

	while (rest.at != NULL) {
		struct str item = str_trim(str_split(rest, ',', &rest));
		struct str value;
		struct str name = str_split(item, '=', &value);
		if (str_equal(name, STR("t")) && timestamp.at == NULL) {
			timestamp = value;
			digest = sign(key, hook, arena_strf(hook->arena,
			    "%.*s.", STR_ARG(timestamp)));
		} else if (str_equal(name, STR("v1")) && timestamp.at != NULL) {
			is_genuine |= is_hex_of(value, digest);
		}
	}
	return is_genuine && is_timely(hook, timestamp);
}

/* "v1,BASE64 v1,BASE64 v1a,…" over "id.timestamp.body"; the key is Base64
 * after "whsec_". */
static bool
verify_standard(const struct hook *hook, struct str secret)
{
	struct str id = find_header(hook, "webhook-id");
	struct str timestamp = find_header(hook, "webhook-timestamp");
	struct str rest = find_header(hook, "webhook-signature");
	struct digest digest;
	struct str key;
	bool is_genuine = false;

	if (str_has_prefix(secret, STR("whsec_")))
		secret = str_slice(secret, 6, secret.bytes);
	if (!digest_parse_base64(hook->arena, secret, &key) ||
	    key.bytes == 0 || id.bytes == 0 ||
	    memchr(id.at, '.', id.bytes) != NULL)
		return false;
	digest = sign(key, hook, arena_strf(hook->arena, "%.*s.%.*s.",
	    STR_ARG(id), STR_ARG(timestamp)));
	while (rest.at != NULL) {
		struct str value;
		struct str item = str_split(rest, ' ', &rest);
		struct str version = str_split(item, ',', &value);
		if (str_equal(version, STR("v1")))
			is_genuine |= is_base64_of(hook->arena, value, digest);
	}
	return is_genuine && is_timely(hook, timestamp);
}

typedef bool verify_fn(const struct hook *hook, struct str secret);

static verify_fn *const verify_fns[] = {
	[WEBHOOK_HMAC] = verify_hmac,
	[WEBHOOK_STRIPE] = verify_stripe,
	[WEBHOOK_GITHUB] = verify_github,
	[WEBHOOK_STANDARD] = verify_standard,
};

/* A webhook that nothing verifies is nobody's: it is never taken. */
static bool
is_genuine(const struct hook *hook, struct call_scope *scope)
{
	const struct def_connection *connection = hook->connection;
	const struct value *secret;
	bool is_any = false;

	if (connection->webhook_scheme == WEBHOOK_NONE ||
	    connection->webhook_secret == NULL)
		return false;
	must((size_t)connection->webhook_scheme < COUNT_OF(verify_fns));
	verify_fn *verify = verify_fns[connection->webhook_scheme];
	secret = call_scope_eval(scope, connection->webhook_secret);
	if (value_str(secret).bytes > 0)
		return verify(hook, value_str(secret));
	for (size_t i = 0; secret->type == VALUE_LIST &&
	     i < secret->as.list.count; i++) {
		struct str one = value_str(secret->as.list.items[i]);
		is_any |= one.bytes > 0 && verify(hook, one);
	}
	return is_any;
}

/* ---------------------------------------------------------------- mapping */

static const struct def_webhook_event *
find_rule(const struct def_connection *connection, struct call_scope *scope)
{
	for (size_t i = 0; i < connection->webhook_event_count; i++) {
		const struct def_webhook_event *rule =
		    &connection->webhook_events[i];
		if (rule->guard == NULL ||
		    call_scope_is_true(scope, rule->guard))
			return rule;
	}
	return NULL;
}

/* The provider's own id where its scheme has one, else the body's digest. */
static struct str
default_id(const struct hook *hook)
{
	char hex[DIGEST_HEX_BYTES];
	struct str id = {NULL, 0};

	if (hook->connection->webhook_scheme == WEBHOOK_STANDARD)
		id = find_header(hook, "webhook-id");
	if (hook->connection->webhook_scheme == WEBHOOK_GITHUB)
		id = find_header(hook, "x-github-delivery");
	if (id.bytes > 0 && str_is_utf8(id))
		return arena_str(hook->arena, id);
	return arena_str(hook->arena,
	    digest_hex(digest_sha256(hook->body), hex));
}

/* Absent where there is no template or it gives null; false where it gives
 * what is no text. */
static bool
map_text(struct call_scope *scope, const struct template *template,
    struct str *out)
{
	const struct value *value;

	*out = (struct str){NULL, 0};
	if (template == NULL)
		return true;
	value = call_scope_eval(scope, template);
	return value->type == VALUE_NULL ||
	    value_text(scope->arena, value, out);
}

static enum webhook_result
map(const struct hook *hook, struct call_scope *scope,
    struct connector_event *event)
{
	const struct def_webhook_event *rule =
	    find_rule(hook->connection, scope);

	if (rule == NULL)
		return WEBHOOK_IGNORED;
	*event = (struct connector_event){.data = scope->reply->body};
	if (!map_text(scope, rule->type, &event->type) ||
	    !map_text(scope, rule->subject, &event->subject) ||
	    !map_text(scope, rule->id, &event->id) ||
	    !map_text(scope, rule->time, &event->time) ||
	    event->type.bytes == 0)
		return WEBHOOK_MALFORMED;
	if (rule->id == NULL)
		event->id = default_id(hook);
	if (event->id.bytes == 0)
		return WEBHOOK_MALFORMED;
	if (rule->data != NULL)
		event->data = call_scope_eval(scope, rule->data);
	return WEBHOOK_ACCEPTED;
}

enum webhook_result
connector_webhook(const struct def_connection *connection,
    const struct message_header *headers, size_t header_count, struct str body,
    const struct connector_context *context, struct connector_event *event)
{
	const struct hook hook = {
		.arena = context->arena,
		.connection = connection,
		.headers = headers,
		.header_count = header_count,
		.body = body,
		.now_ms = context->now_ms,
	};
	const struct message_response as_answer = {
		.headers = headers,
		.header_count = header_count,
		.body = body,
	};
	struct reply reply = {.response = &as_answer, .body = &value_null};
	struct json_error error;
	struct call_scope scope;

	call_scope_init(&scope, context, NULL);
	if (!is_genuine(&hook, &scope))
		return WEBHOOK_FORGED;
	reply.body = json_read(context->arena, body, &error);
	if (reply.body == NULL)
		return WEBHOOK_MALFORMED;
	scope.reply = &reply;
	return map(&hook, &scope, event);
}
