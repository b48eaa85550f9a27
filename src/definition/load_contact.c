/* SPDX-License-Identifier: Apache-2.0 */
/* load_contact.c: who is told, and how. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_contact, field)

static void
load_log_level(struct load *load, const struct yaml_node *node,
    struct def_channel *channel)
{
	static const struct load_word words[] = {
		{"info", 0, false}, {"warning", 1, false}, {"error", 2, false},
	};

	channel->kind = CHANNEL_LOG;
	channel->level = str_of(
	    words[LOAD_CHOOSE(load, node, words, "log")].name);
}

static void
load_email(struct load *load, const struct yaml_node *node,
    struct diag_span key, struct def_channel *channel)
{
	channel->kind = CHANNEL_EMAIL;
	channel->addresses = load_texts(load, node, "email",
	    &channel->address_count);
	diag_add(load->diags, DIAG_WARNING, LOAD_NOT_DELIVERED, key,
	    "`email` is not delivered by this version");
	diag_repair(load->diags, "use `call` or `log` beside it");
}

static void
load_call(struct load *load, const struct yaml_node *node,
    struct def_channel *channel)
{
	struct load_draft draft;

	channel->kind = CHANNEL_CALL;
	load_call_init(&draft, node->span);
	load_map(load, node, &load_channel_call_table, &draft);
	channel->call = load_call_keep(load, &draft, node);
}

static const struct load_key channel_keys[] = {
	{"email", KIND_OWN, LOAD_MAY, 0, NULL, NULL, "a list of addresses"},
	{"log", KIND_OWN, LOAD_MAY, 0, NULL, NULL, "info, warning or error"},
};
static const struct load_table channel_table =
    LOAD_TABLE("a channel", channel_keys);

static void
load_channel(struct load *load, const struct yaml_node *node,
    struct def_channel *channel)
{
	const struct load_key *row = NULL;
	struct str legal[] = {STR("call"), STR("email"), STR("log")};

	channel->kind = CHANNEL_LOG;
	channel->level = STR("warning");
	if (!load_is_kind(load, node, NODE_MAP, "notify",
	    "mappings such as {log: warning}"))
		return;
	if (yaml_tree_find(node, "call")) {
		load_call(load, node, channel);
		return;
	}
	if (node->count == 1)
		row = load_find_key(&channel_table, node->pairs[0].key->text);
	if (!row) {
		load_error(load, LOAD_UNKNOWN_KEY, node->count > 0 ?
		    node->pairs[0].key->span : node->span,
		    "a channel is one of call, email and log");
		if (node->count > 0)
			load_suggest(load, node->pairs[0].key->text, legal, 3);
		return;
	}
	if (row == &channel_keys[0])
		load_email(load, node->pairs[0].value,
		    node->pairs[0].key->span, channel);
	else
		load_log_level(load, node->pairs[0].value, channel);
}

static void
load_notify(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_contact *contact = into;
	struct def_channel *channels = ARENA_ARRAY(load->arena, node->count,
	    struct def_channel);

	for (size_t i = 0; i < node->count; i++)
		load_channel(load, node->items[i], &channels[i]);
	contact->channels = channels;
	contact->channel_count = node->count;
}

static const struct load_key contact_keys[] = {
	{"contact", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the contact's name"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "who it is"},
	{"notify", KIND_LIST, LOAD_MUST, 0, load_notify, &channel_table,
	    "its channels; all are used"},
};
const struct load_table load_contact_table =
    LOAD_TABLE("a contact", contact_keys);

struct def_contact *
load_contact(struct load *load)
{
	size_t count;
	const struct str *builtins = load_scope_builtins(&count);
	struct def_contact *contact =
	    ARENA_NEW(load->arena, struct def_contact);

	contact->span = load->document->root->span;
	load->scope = load_scope_new(load->arena);
	for (size_t i = 0; i < count; i++)
		load_scope_add(load->scope, builtins[i]);
	load_map(load, load->document->root, &load_contact_table, contact);
	load_scope_free(&load->scope);
	return contact;
}
