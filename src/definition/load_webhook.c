/* SPDX-License-Identifier: Apache-2.0 */
/* load_webhook.c: what an endpoint may send us, and how it proves itself. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)
static const struct load_key event_keys[] = {
	LOAD_ROWS_WEBHOOK_EVENT,
	{"id", KIND_STRING, LOAD_MAY, offsetof(struct def_webhook_event, id),
	    NULL, NULL,
	    "what tells it from others; the body's digest unless told"},
};
static const struct load_table event_table =
    LOAD_TABLE("a webhook's event", event_keys);
static const struct load_table events_form = LOAD_LIST(&event_table);

/* What is mapped goes into histories: no secret may stand there. */
struct def_webhook_event *
load_webhook_rules(struct load *load, const struct yaml_node *node,
    const struct load_table *table)
{
	struct def_webhook_event *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_webhook_event);
	struct load_scope *outer = load->scope;

	load->scope = load_scope_within(outer);
	load_scope_add(load->scope, STR("item"));
	for (size_t i = 0; i < node->count; i++) {
		load_map(load, node->items[i], table, &items[i]);
		if (!items[i].type)
			items[i].type = load_literal(load, &value_null,
			    node->items[i]->span);
	}
	load_scope_free(&load->scope);
	load->scope = outer;
	return items;
}

static void
load_events(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;

	connection->webhook_events =
	    load_webhook_rules(load, node, &event_table);
	connection->webhook_event_count = node->count;
}

static const struct load_key webhooks_keys[] = {
	{"verify", KIND_MAP, LOAD_MUST, IN(webhook_signature),
	    load_signature_verify, &load_signature_verify_table,
	    "how a message proves where it comes from"},
	{"each", KIND_VALUE, LOAD_MAY, IN(webhook_each), NULL, NULL,
	    "the list of messages that one delivery has: = body; each is "
	    "`item`"},
	{"events", KIND_LIST, LOAD_MUST, 0, load_events, &events_form,
	    "which messages are which events"},
};
const struct load_table load_webhooks_table =
    LOAD_TABLE("`webhooks`", webhooks_keys);
