/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_contact.c: who is told, and how.
 *
 * `email` and `webhook` become calls here, of operations that nobody wrote,
 * so that they are delivered as every other call is: durably, tried again,
 * and told in history.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_contact, field)
#define IN_DRAFT(field) offsetof(struct channel_draft, field)

/* What a channel's keys fill. */
struct channel_draft {
	struct def_channel channel;
	const struct template *to;           /* of email */
	const struct def_connection *mailer; /* of email's `by` */
	const struct template *url;          /* of webhook */
	struct str contact;
	size_t nth; /* among the contact's channels, from 1 */
};

/* ---- calls that we make ---- */

static void
give_call(struct load *load, struct def_channel *channel,
    const struct def_operation *operation, struct str target,
    const struct template *with)
{
	struct load_draft draft;
	struct def_call *call = ARENA_NEW(load->arena, struct def_call);

	load_call_init(&draft, with->span);
	*call = draft.call;
	call->target = target;
	call->connection = operation->connection;
	call->operation = operation;
	call->with = with;
	channel->kind = CHANNEL_CALL;
	channel->call = call;
}

static const struct template *
context_of_one(struct load *load, const char *key,
    const struct template *value)
{
	struct template *template = ARENA_NEW(load->arena, struct template);
	struct template_field *field =
	    ARENA_NEW(load->arena, struct template_field);

	field->key = str_of(key);
	field->value = value;
	template->kind = TEMPLATE_CONTEXT;
	template->span = value->span;
	template->fields = field;
	template->count = 1;
	return template;
}

/* ---- email ---- */

static void
check_address(struct load *load, const struct yaml_node *node)
{
	if (!yaml_scalar_is_string(node) || load_is_expression(node) ||
	    str_find(node->text, STR("@")) != SIZE_MAX)
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`%.*s` is no address of e-mail", STR_ARG(yaml_short(node->text)));
}

static void
load_addresses(struct load *load, const struct yaml_node *node, void *into)
{
	struct channel_draft *draft = into;

	draft->to = load_template(load, node);
	if (node->kind == NODE_MAP || load_is_nothing(node) ||
	    (node->kind == NODE_LIST && node->count == 0)) {
		load_error(load, LOAD_WRONG_KIND, node->span,
		    "`email` takes an address or a list of addresses");
		return;
	}
	check_address(load, node);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		check_address(load, node->items[i]);
}

static const struct str *
mailer_names(struct load *load, size_t *count)
{
	const struct def_connection *connection;
	struct str *names;

	*count = 0;
	for (size_t i = 0;
	     (connection = library_connection_at(load->library, i)); i++)
		*count += connection->kind == CONNECTION_SMTP;
	names = ARENA_ARRAY(load->arena, *count, struct str);
	*count = 0;
	for (size_t i = 0;
	     (connection = library_connection_at(load->library, i)); i++) {
		if (connection->kind == CONNECTION_SMTP)
			names[(*count)++] = connection->name;
	}
	return names;
}

static void
load_by(struct load *load, const struct yaml_node *node, void *into)
{
	struct channel_draft *draft = into;
	struct str name = load_name(load, node, "by");
	const struct def_connection *connection =
	    library_find_connection(load->library, name);
	size_t count;
	const struct str *names = mailer_names(load, &count);

	if (connection && connection->kind == CONNECTION_SMTP) {
		draft->mailer = connection;
		return;
	}
	if (name.bytes == 0 || library_is_unread(load->library,
	    DOCUMENT_CONNECTION, name))
		return;
	load_error(load, LOAD_UNKNOWN_CONNECTION, node->span,
	    "no connection `%.*s` of kind smtp", STR_ARG(name));
	load_suggest(load, name, names, count);
}

/* The only one that there is, where `by` says none. */
static void
find_mailer(struct load *load, const struct yaml_node *node,
    struct channel_draft *draft)
{
	struct diag_span span = load_key_span(node, "email");
	size_t count;
	const struct str *names = mailer_names(load, &count);

	if (draft->mailer || yaml_tree_find(node, "by"))
		return;
	if (count == 1) {
		draft->mailer =
		    library_find_connection(load->library, names[0]);
	} else if (count > 1) {
		load_error(load, LOAD_MISSING_KEY, span,
		    "there are several connections of kind smtp");
		load_repair(load, "say which: {email: …, by: %.*s}",
		    STR_ARG(names[0]));
	} else if (!library_has_unread(load->library, DOCUMENT_CONNECTION)) {
		diag_add(load->diags, DIAG_WARNING, LOAD_NO_MAIL, span,
		    "nothing delivers this e-mail: there is no connection of "
		    "kind smtp");
		diag_repair(load->diags,
		    "add one, or use `call`, `webhook` or `log` beside it");
	}
}

static const struct load_table addresses_form = LOAD_SOME(&load_form_string);
static const struct load_key email_keys[] = {
	{"email", KIND_OWN, LOAD_MUST, 0, load_addresses, &addresses_form,
	    "addresses of e-mail: one, or a list"},
	{"by", KIND_OWN, LOAD_MAY, 0, load_by, &load_form_name,
	    "the connection of kind smtp, where there are several"},
};
static const struct load_table email_table =
    LOAD_TABLE("an `email`", email_keys);

static void
finish_email(struct load *load, const struct yaml_node *node,
    struct channel_draft *draft)
{
	draft->channel.kind = CHANNEL_NONE;
	find_mailer(load, node, draft);
	if (!draft->mailer || !draft->to)
		return;
	give_call(load, &draft->channel, draft->mailer->notice,
	    arena_strf(load->arena, "%.*s.notice",
	    STR_ARG(draft->mailer->name)),
	    context_of_one(load, "to", draft->to));
}

/* ---- webhook ---- */

/* It is read when the call is made, as a connection's address is. */
static void
load_hook_url(struct load *load, const struct yaml_node *node, void *into)
{
	struct channel_draft *draft = into;
	struct load_scope *outer = load->scope;

	load->scope = load_scope_new(load->arena);
	load_scope_add(load->scope, STR("settings"));
	load_scope_allow_secrets(load->scope);
	draft->url = load_template(load, node);
	load_scope_free(&load->scope);
	load->scope = outer;
	if (draft->url->kind == TEMPLATE_FEEL || load_is_expression(node) ||
	    draft->url->kind == TEMPLATE_SECRET)
		return;
	if (draft->url->kind == TEMPLATE_LITERAL &&
	    (str_has_prefix(value_str(draft->url->literal), STR("https://")) ||
	    str_has_prefix(value_str(draft->url->literal), STR("http://"))))
		return;
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`webhook` takes an address that begins with https://");
}

static const struct load_key webhook_keys[] = {
	{"webhook", KIND_OWN, LOAD_MUST, 0, load_hook_url, &load_form_string,
	    "where a JSON of the notice is sent to, by POST"},
};
static const struct load_table webhook_table =
    LOAD_TABLE("a `webhook`", webhook_keys);

static const struct str hook_arguments[] = {
	STR_INIT("contact"), STR_INIT("message"), STR_INIT("severity"),
	STR_INIT("workflow"), STR_INIT("instance"), STR_INIT("business_key"),
	STR_INIT("state"),
};
#define HOOK_ARGUMENT_COUNT (sizeof(hook_arguments) / sizeof(hook_arguments[0]))

/* Each argument under its own name. */
static const struct template *
hook_body(struct load *load, struct diag_span span)
{
	struct template *body = ARENA_NEW(load->arena, struct template);
	struct template_field *fields = ARENA_ARRAY(load->arena,
	    HOOK_ARGUMENT_COUNT, struct template_field);

	for (size_t i = 0; i < HOOK_ARGUMENT_COUNT; i++) {
		fields[i].key = hook_arguments[i];
		fields[i].value = load_made(load, hook_arguments[i].at,
		    hook_arguments, HOOK_ARGUMENT_COUNT, span);
	}
	body->kind = TEMPLATE_CONTEXT;
	body->span = span;
	body->fields = fields;
	body->count = HOOK_ARGUMENT_COUNT;
	return body;
}

static const struct template *
hook_headers(struct load *load, struct diag_span span)
{
	static const struct str names[] = {STR_INIT("idempotency_key")};

	return context_of_one(load, "idempotency-key",
	    load_made(load, names[0].at, names, 1, span));
}

/* A name with "/" is no name of a document: nothing else is called so. */
static const struct def_operation *
make_hook(struct load *load, const struct channel_draft *draft)
{
	struct diag_span span = draft->url->span;
	struct def_connection *connection =
	    load_connection_made(load, CONNECTION_HTTP, arena_strf(load->arena,
	    "%.*s/webhook-%zu", STR_ARG(draft->contact), draft->nth), span);
	struct def_operation *post = load_operation_made(load, connection,
	    STR("post"), hook_arguments, HOOK_ARGUMENT_COUNT, 0);
	struct str url = draft->url->kind == TEMPLATE_LITERAL ?
	    value_str(draft->url->literal) : STR("");

	connection->url = draft->url;
	post->method = METHOD_POST;
	/* A connection's address loses its last "/", and a path brings it. */
	post->path = load_literal(load, value_of_str(load->arena,
	    str_has_suffix(url, STR("/")) ? STR("/") : STR("")), span);
	post->headers = hook_headers(load, span);
	post->body = hook_body(load, span);
	return post;
}

static void
finish_webhook(struct load *load, struct channel_draft *draft)
{
	draft->channel.kind = CHANNEL_NONE;
	if (!draft->url)
		return;
	give_call(load, &draft->channel, make_hook(load, draft),
	    arena_strf(load->arena, "%.*s.webhook", STR_ARG(draft->contact)),
	    context_of_one(load, "contact", load_literal(load,
	    value_of_str(load->arena, draft->contact), draft->url->span)));
}

/* ---- call and log ---- */

static const struct load_word log_words[] = {
	{"info", 0}, {"warning", 1}, {"error", 2},
};
static const struct load_table log_form = LOAD_WORDS(log_words);

static void
load_log_level(struct load *load, const struct yaml_node *node, void *into)
{
	struct channel_draft *draft = into;

	draft->channel.level = str_of(
	    log_words[LOAD_CHOOSE(load, node, log_words, "log")].name);
}

static const struct load_key log_keys[] = {
	{"log", KIND_OWN, LOAD_MUST, 0, load_log_level, &log_form,
	    "a line in the engine's log: info, warning or error"},
};
static const struct load_table log_table = LOAD_TABLE("a `log`", log_keys);

static void
load_call(struct load *load, const struct yaml_node *node,
    struct def_channel *channel)
{
	struct load_draft draft;

	channel->kind = CHANNEL_CALL;
	channel->word = STR("call");
	load_call_init(&draft, node->span);
	load_map(load, node, &load_channel_call_table, &draft);
	channel->call = load_call_keep(load, &draft, node);
}

/* ---- channels ---- */

static const struct load_case channel_words[] = {
	{"call", NULL, CHANNEL_CALL, &load_channel_call_table},
	{"email", NULL, CHANNEL_NONE, &email_table},
	{"webhook", NULL, CHANNEL_NONE, &webhook_table},
	{"log", NULL, CHANNEL_LOG, &log_table},
};
#define CHANNEL_WORD_COUNT COUNT_OF(channel_words)
static const struct load_table channel_form =
    LOAD_CASES("a channel", channel_words);
static const struct load_table channels_form = LOAD_LIST(&channel_form);

/* NULL with an error. */
static const struct load_case *
choose_word(struct load *load, const struct yaml_node *node)
{
	struct str legal[CHANNEL_WORD_COUNT];

	for (size_t i = 0; i < CHANNEL_WORD_COUNT; i++) {
		legal[i] = str_of(channel_words[i].key);
		if (yaml_tree_find(node, channel_words[i].key))
			return &channel_words[i];
	}
	load_error(load, LOAD_UNKNOWN_KEY, node->count > 0 ?
	    node->pairs[0].key->span : node->span,
	    "a channel is one of call, email, webhook and log");
	if (node->count > 0)
		load_suggest(load, node->pairs[0].key->text, legal,
		    CHANNEL_WORD_COUNT);
	return NULL;
}

static void
load_channel(struct load *load, const struct yaml_node *node,
    struct channel_draft *draft)
{
	const struct load_case *word;

	draft->channel.kind = CHANNEL_LOG;
	draft->channel.word = STR("log");
	draft->channel.level = STR("warning");
	if (!load_is_kind(load, node, NODE_MAP, "notify",
	    "mappings such as {log: warning}"))
		return;
	word = choose_word(load, node);
	if (!word)
		return;
	if (word->table == &load_channel_call_table) {
		load_call(load, node, &draft->channel);
		return;
	}
	draft->channel.word = str_of(word->key);
	load_map(load, node, word->table, draft);
	if (word->table == &email_table)
		finish_email(load, node, draft);
	if (word->table == &webhook_table)
		finish_webhook(load, draft);
}

static void
load_notify(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_contact *contact = into;
	struct def_channel *channels = ARENA_ARRAY(load->arena, node->count,
	    struct def_channel);

	for (size_t i = 0; i < node->count; i++) {
		struct channel_draft draft = {
			.contact = contact->name, .nth = i + 1,
		};

		load_channel(load, node->items[i], &draft);
		channels[i] = draft.channel;
	}
	contact->channels = channels;
	contact->channel_count = node->count;
}

static const struct load_key contact_keys[] = {
	{"contact", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the name under which it is told: `to`, `owner`, `notify`"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "who it is"},
	{"notify", KIND_LIST, LOAD_MUST, 0, load_notify, &channels_form,
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
