/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_amqp.c: connections of kind amqp: a broker that messages go to, and
 * events go to and come from.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)
#define IN_OUT(field) offsetof(struct def_publication, field)
#define IN_IN(field) offsetof(struct def_subscription, field)

#define PREFETCH 100
#define PREFETCH_MAX 10000
#define HEARTBEAT_MS (30 * 1000)
#define HEARTBEAT_MS_MAX (10 * 60 * 1000)

/* ---- events out ---- */

static void
load_event_names(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_publication *publication = into;

	publication->events =
	    load_texts(load, node, "events", &publication->event_count);
}

static const struct load_word mode_words[] = {
	{"binary", false},
	{"structured", true},
};
static const struct load_table mode_form = LOAD_WORDS(mode_words);

static void
load_mode(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_publication *publication = into;

	publication->is_structured =
	    LOAD_CHOOSE(load, node, mode_words, "mode") != 0;
}

static const struct load_key publication_keys[] = {
	{"events", KIND_OWN, LOAD_MUST, 0, load_event_names, &load_form_texts,
	    "the events that workflows `emit`: names, or bank.*"},
	{"if", KIND_CONDITION, LOAD_MAY, IN_OUT(guard), NULL, NULL,
	    "which of these; it reads `event`"},
	{"exchange", KIND_STRING, LOAD_MUST, IN_OUT(exchange), NULL, NULL,
	    "the exchange that gets them"},
	{"routing-key", KIND_STRING, LOAD_MAY, IN_OUT(routing_key), NULL, NULL,
	    "by which the exchange finds queues; the event's type unless told"},
	{"mode", KIND_OWN, LOAD_MAY, 0, load_mode, &mode_form,
	    "binary or structured, as CloudEvents has them; the first unless "
	    "told"},
};
static const struct load_table publication_table =
    LOAD_TABLE("what is published", publication_keys);
static const struct load_table publications_form =
    LOAD_LIST(&publication_table);

/* Only the event is known where it is published, not its instance. */
static void
load_publications(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;
	struct def_publication *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_publication);
	struct load_scope *outer = load->scope;

	load->scope = load_scope_new(load->arena);
	load_scope_add(load->scope, STR("settings"));
	load_scope_add(load->scope, STR("event"));
	for (size_t i = 0; i < node->count; i++) {
		load_map(load, node->items[i], &publication_table, &items[i]);
		if (!items[i].exchange)
			items[i].exchange = load_literal(load, &value_null,
			    node->items[i]->span);
	}
	load_scope_free(&load->scope);
	load->scope = outer;
	connection->publications = items;
	connection->publication_count = node->count;
}

/* ---- events in ---- */

static const struct load_key event_keys[] = {
	LOAD_ROWS_WEBHOOK_EVENT,
	{"id", KIND_STRING, LOAD_MAY, offsetof(struct def_webhook_event, id),
	    NULL, NULL,
	    "what tells it from others; the message's `message-id`, or its "
	    "digest, unless told"},
	{"source", KIND_STRING, LOAD_MAY,
	    offsetof(struct def_webhook_event, source), NULL, NULL,
	    "where it comes from, within which `id` is its own; the queue "
	    "unless told"},
};
static const struct load_table event_table =
    LOAD_TABLE("a message's event", event_keys);
static const struct load_table events_form = LOAD_LIST(&event_table);

static void
load_events(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_subscription *subscription = into;

	subscription->events = load_webhook_rules(load, node, &event_table);
	subscription->event_count = node->count;
}

static const struct load_key subscription_keys[] = {
	{"queue", KIND_STRING, LOAD_MUST, IN_IN(queue), NULL, NULL,
	    "the queue, which is there already"},
	{"prefetch", KIND_POSITIVE, LOAD_MAY, IN_IN(prefetch), NULL, NULL,
	    "messages that are at hand before any is confirmed; 100 unless "
	    "told"},
	{"events", KIND_LIST, LOAD_MAY, 0, load_events, &events_form,
	    "which messages are which events; where it is not written, each "
	    "is a CloudEvent"},
};
static const struct load_table subscription_table =
    LOAD_TABLE("a queue that is consumed", subscription_keys);
static const struct load_table subscriptions_form =
    LOAD_LIST(&subscription_table);

static void
load_subscription(struct load *load, const struct yaml_node *node,
    struct def_subscription *subscription)
{
	subscription->prefetch = PREFETCH;
	load_map(load, node, &subscription_table, subscription);
	if (!subscription->queue)
		subscription->queue =
		    load_literal(load, &value_null, node->span);
	if (subscription->prefetch <= PREFETCH_MAX)
		return;
	load_error(load, LOAD_BAD_FORM, load_key_span(node, "prefetch"),
	    "`prefetch` is at most %d: so many messages are held in memory",
	    PREFETCH_MAX);
	subscription->prefetch = PREFETCH;
}

static void
load_subscriptions(struct load *load, const struct yaml_node *node,
    void *into)
{
	struct def_connection *connection = into;
	struct def_subscription *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_subscription);

	for (size_t i = 0; i < node->count; i++)
		load_subscription(load, node->items[i], &items[i]);
	connection->subscriptions = items;
	connection->subscription_count = node->count;
}

/* ---- the connection ---- */

static void
load_heartbeat(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;
	int64_t ms = load_duration(load, node, "heartbeat");

	if (ms >= 1000 && ms <= HEARTBEAT_MS_MAX && ms % 1000 == 0) {
		connection->heartbeat_ms = ms;
		return;
	}
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`heartbeat` takes whole seconds, at most 10m");
	load_repair(load, "write 30s");
}

static const struct load_table heartbeat_form = LOAD_KIND(KIND_DURATION);

static const struct load_key amqp_keys[] = {
	LOAD_ROWS_CONNECTION("amqp: a broker of AMQP 0-9-1, such as RabbitMQ"),
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "the broker: amqp://HOST:PORT/VHOST, or amqps://"},
	{"auth", KIND_MAP, LOAD_MUST, IN(auth), load_amqp_auth,
	    &load_amqp_auth_table, "who we are to it, and how we prove it"},
	{"tls", KIND_MAP, LOAD_MAY, 0, NULL, &load_tls_table,
	    "our certificate, and whom we trust"},
	{"heartbeat", KIND_OWN, LOAD_MAY, 0, load_heartbeat, &heartbeat_form,
	    "how often each side hears from the other; 30s unless told"},
	LOAD_ROWS_CONNECTION_LIMITS(
	    "how long to wait for a confirmation; 30s unless told"),
	{"operations", KIND_MAP, LOAD_MAY, 0, load_operations,
	    &load_form_amqp_operations, "what it can be asked to do"},
	LOAD_ROW_CONNECTION_ERRORS,
	{"publishes", KIND_LIST, LOAD_MAY, 0, load_publications,
	    &publications_form,
	    "which events of ours it gets, each by the first that takes it"},
	{"consumes", KIND_LIST, LOAD_MAY, 0, load_subscriptions,
	    &subscriptions_form, "the queues that events come from"},
};
const struct load_table load_amqp_table =
    LOAD_TABLE("a connection of kind amqp", amqp_keys);

void
load_amqp_check(struct load *load, const struct def_connection *connection)
{
	if (connection->auth.kind == AUTH_EXTERNAL &&
	    connection->client_certificate == NULL)
		load_error(load, LOAD_MISSING_KEY, connection->span,
		    "`auth: {external: true}` needs `tls.client-certificate`, "
		    "which says who we are");
	if (connection->operation_count == 0 &&
	    connection->publication_count == 0 &&
	    connection->subscription_count == 0)
		load_error(load, LOAD_MISSING_KEY, connection->span,
		    "the connection needs `operations`, `publishes` or "
		    "`consumes`");
}
