/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_webhook.c: a provider's delivery, proven, then mapped to events.
 *
 * An event needs a name of its own, by which the same delivery that comes
 * again is known: what the definition says, else what the provider gives, else
 * the digest of what came.
 */
#include "connector_priv.h"

#include "stated/map.h"

#define MESSAGES_MAX 10000

struct hook {
	struct arena *arena;
	const struct def_connection *connection;
	struct call_scope *scope;
	const struct message_response *delivery;
	struct map *counts; /* of equal items; NULL: it is no list */
};

const struct def_webhook_event *
connector_find_event(struct call_scope *scope,
    const struct def_webhook_event *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].guard == NULL ||
		    call_scope_is_true(scope, rules[i].guard))
			return &rules[i];
	return NULL;
}

/* -------------------------------------------------------------------- ids */

static struct str
find_header(const struct hook *hook, const char *name)
{
	return message_find_header(hook->delivery->headers,
	    hook->delivery->header_count, str_of(name));
}

static struct str
member(const struct hook *hook, const struct value *of, const char *name)
{
	struct str text;

	return value_text(hook->arena, value_field_or_null(of, name), &text)
	    ? text
	    : (struct str){NULL, 0};
}

/* A subscription tells of an event once. */
static struct str
hubspot_id(const struct hook *hook, const struct value *of)
{
	struct str event = member(hook, of, "eventId");
	struct str subscription = member(hook, of, "subscriptionId");

	if (event.bytes == 0)
		return event;
	return arena_strf(hook->arena, "%.*s-%.*s", STR_ARG(event),
	    STR_ARG(subscription));
}

/* of: the item, or the whole delivery.  Absent where it has none. */
static struct str
provider_id(const struct hook *hook, const struct value *of)
{
	switch (hook->connection->webhook_signature.scheme) {
	case SIGNED_STANDARD:
		return find_header(hook, "webhook-id");
	case SIGNED_GITHUB:
		return find_header(hook, "x-github-delivery");
	case SIGNED_HUBSPOT:
		return hubspot_id(hook, of);
	case SIGNED_STRIPE:
	case SIGNED_PAYPAL:
		return member(hook, of, "id");
	case SIGNED_JWS:
		return member(hook, of, "jti");
	case SIGNED_NONE:
	case SIGNED_HMAC:
	case SIGNED_HTTP:
		break;
	}
	return (struct str){NULL, 0};
}

static struct str
digest_of(const struct hook *hook, struct str text)
{
	char hex[DIGEST_HEX_BYTES];

	return arena_str(hook->arena, digest_hex(digest_sha256(text), hex));
}

/* How many times that item has come in this delivery. */
static size_t
count_of(const struct hook *hook, struct str digest)
{
	size_t *count = map_find(hook->counts, digest);

	if (count == NULL) {
		count = ARENA_NEW(hook->arena, size_t);
		(void)map_put(hook->counts, digest, count);
	}
	return ++*count;
}

/* Of one of many, which have the delivery's id in common: by what it is and not
 * by where it stands, and the second one like it is another event. */
static void
name_item(const struct hook *hook, struct str delivery,
    struct connector_event *event)
{
	struct buf text = {0};
	struct str digest;
	size_t count;

	json_write(hook->scope->reply->item, JSON_CANONICAL, &text);
	digest = digest_of(hook, buf_str(&text));
	buf_fini(&text);
	count = count_of(hook, digest);
	event->id = digest;
	if (count > 1)
		event->id = arena_strf(
		    hook->arena, "%.*s-%zu", STR_ARG(digest), count);
	if (delivery.at == NULL)
		return;
	event->former_id = digest;
	event->id = arena_strf(hook->arena, "%.*s-%.*s", STR_ARG(delivery),
	    STR_ARG(event->id));
}

static void
name_event(const struct hook *hook, struct connector_event *event)
{
	enum def_signature_scheme scheme =
	    hook->connection->webhook_signature.scheme;
	bool is_of_delivery =
	    scheme == SIGNED_STANDARD || scheme == SIGNED_GITHUB;
	struct str id = provider_id(hook, hook->scope->reply->item);

	if (id.bytes == 0 && hook->counts != NULL) {
		id = provider_id(hook, hook->scope->reply->body);
		is_of_delivery = true;
	}
	if (id.bytes == 0 || !str_is_utf8(id))
		id = (struct str){NULL, 0};
	if (hook->counts != NULL && (is_of_delivery || id.at == NULL))
		name_item(hook, id, event);
	else
		event->id = id.at != NULL
		    ? arena_str(hook->arena, id)
		    : digest_of(hook, hook->delivery->body);
}

/* ---------------------------------------------------------------- mapping */

typedef bool text_fn(
    struct arena *arena, const struct value *value, struct str *text);

/* Absent where there is no template or it gives null; false where it gives
 * what is no text. */
static bool
map_text(struct call_scope *scope, const struct template *template,
    text_fn *text_of, struct str *out)
{
	const struct value *value;

	*out = (struct str){NULL, 0};
	if (template == NULL)
		return true;
	value = call_scope_eval(scope, template);
	return value->type == VALUE_NULL ||
	    text_of(scope->arena, value, out);
}

bool
connector_map_event(struct call_scope *scope,
    const struct def_webhook_event *rule, struct connector_event *event)
{
	*event = (struct connector_event){.data = scope->reply->item};
	if (!map_text(scope, rule->type, value_text, &event->type) ||
	    !map_text(scope, rule->subject, value_key_text, &event->subject) ||
	    !map_text(scope, rule->id, value_text, &event->id) ||
	    !map_text(scope, rule->source, value_text, &event->source) ||
	    !map_text(scope, rule->time, value_text, &event->time) ||
	    event->type.bytes == 0)
		return false;
	if (rule->data != NULL)
		event->data = call_scope_eval(scope, rule->data);
	return true;
}

/* What `item` is, as an event. */
static enum webhook_result
map(const struct hook *hook, struct connector_event *event)
{
	const struct def_connection *connection = hook->connection;
	const struct def_webhook_event *rule = connector_find_event(
	    hook->scope, connection->webhook_events,
	    connection->webhook_event_count);

	if (rule == NULL)
		return WEBHOOK_IGNORED;
	if (!connector_map_event(hook->scope, rule, event))
		return WEBHOOK_MALFORMED;
	if (rule->id == NULL)
		name_event(hook, event);
	return event->id.bytes == 0 ? WEBHOOK_MALFORMED : WEBHOOK_ACCEPTED;
}

static enum webhook_result
map_list(const struct hook *hook, const struct value *list,
    struct connector_events *events)
{
	size_t count = list->as.list.count;

	if (count > MESSAGES_MAX)
		return WEBHOOK_MALFORMED;
	events->is_list = true;
	events->items = ARENA_ARRAY(hook->arena, count, struct connector_event);
	for (size_t i = 0; i < count; i++) {
		hook->scope->reply->item = list->as.list.items[i];
		switch (map(hook, &events->items[events->count])) {
		case WEBHOOK_ACCEPTED:
			events->count++;
			break;
		case WEBHOOK_MALFORMED:
			events->malformed++;
			break;
		default:
			break;
		}
	}
	return WEBHOOK_ACCEPTED;
}

static enum webhook_result
map_all(struct hook *hook, struct connector_events *events)
{
	const struct template *each = hook->connection->webhook_each;
	const struct value *list;
	enum webhook_result result;

	if (each != NULL) {
		list = call_scope_eval(hook->scope, each);
		if (list->type != VALUE_LIST)
			return WEBHOOK_MALFORMED;
		hook->counts = map_new();
		result = map_list(hook, list, events);
		map_free(&hook->counts);
		return result;
	}
	events->items = ARENA_NEW(hook->arena, struct connector_event);
	result = map(hook, events->items);
	events->count = result == WEBHOOK_ACCEPTED;
	return result;
}

enum webhook_result
connector_webhook(const struct def_connection *connection,
    const struct message_header *headers, size_t header_count, struct str body,
    const struct connector_context *context, struct connector_events *events)
{
	const struct message_response delivery = {
		.headers = headers,
		.header_count = header_count,
		.body = body,
	};
	struct reply reply = {.response = &delivery, .body = &value_null};
	struct call_scope scope;
	struct proof proof = {
		.signature = &connection->webhook_signature,
		.scope = &scope,
		.method = STR("POST"),
		.headers = headers,
		.header_count = header_count,
		.body = body,
	};
	struct json_error error;

	*events = (struct connector_events){0};
	call_scope_init(&scope, context, NULL);
	if (!proof_holds(&proof)) {
		events->missing_secret = scope.missing_secret;
		return scope.missing_secret.at != NULL ? WEBHOOK_SECRETLESS
						       : WEBHOOK_FORGED;
	}
	reply.body = json_read(context->arena, proof.payload, &error);
	if (reply.body == NULL)
		return WEBHOOK_MALFORMED;
	reply.item = reply.body;
	scope.reply = &reply;
	return map_all(&(struct hook){
	    .arena = context->arena,
	    .connection = connection,
	    .scope = &scope,
	    .delivery = &delivery,
	}, events);
}
