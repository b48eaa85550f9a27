/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_mail.c: connections of kind smtp, and operations that we make.
 *
 * A mail server is asked one thing, so its one operation is not written in
 * the document: `send`.  Beside it stands `notice`, which no step can call:
 * it makes a mail of what a contact's call is given.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)

/* What calls of a contact are given, and the addresses. */
static const struct str notice_arguments[] = {
	STR_INIT("to"), STR_INIT("message"), STR_INIT("severity"),
	STR_INIT("instance"), STR_INIT("workflow"), STR_INIT("business_key"),
	STR_INIT("state"),
};
static const struct str send_arguments[] = {
	STR_INIT("to"), STR_INIT("subject"), STR_INIT("text"),
	STR_INIT("cc"), STR_INIT("reply-to"),
};

static const char send_schema[] =
    "{\"type\":\"object\",\"required\":[\"to\",\"subject\",\"text\"],"
    "\"$defs\":{\"addresses\":{\"anyOf\":["
    "{\"type\":\"string\",\"minLength\":1},"
    "{\"type\":\"array\",\"minItems\":1,"
    "\"items\":{\"type\":\"string\",\"minLength\":1}}]}},"
    "\"properties\":{\"to\":{\"$ref\":\"#/$defs/addresses\"},"
    "\"cc\":{\"$ref\":\"#/$defs/addresses\"},"
    "\"reply-to\":{\"$ref\":\"#/$defs/addresses\"},"
    "\"subject\":{\"type\":\"string\"},\"text\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false}";

static const char notice_subject[] =
    "\"[\" + severity + \"] \" + workflow + \" \" + "
    "(if business_key = null then instance else business_key)";
static const char notice_text[] =
    "message + \"\\n\\nworkflow: \" + workflow + \"\\ninstance: \" + instance"
    " + (if business_key = null then \"\" else \"\\nkey: \" + business_key)"
    " + (if state = null then \"\" else \"\\nstate: \" + state) + \"\\n\"";

/* ---- what we write ourselves ---- */

const struct template *
load_made(struct load *load, const char *text, const struct str *names,
    size_t count, struct diag_span span)
{
	struct template *template = ARENA_NEW(load->arena, struct template);
	struct feel_names *known = feel_names_new(load->arena);
	struct feel_error error;

	for (size_t i = 0; i < count; i++)
		feel_names_add(known, names[i]);
	template->kind = TEMPLATE_FEEL;
	template->span = span;
	template->text = str_of(text);
	template->feel = feel_parse(load->arena, template->text, known, &error);
	must(template->feel);
	return template;
}

static const struct schema *
read_schema(struct load *load)
{
	struct schema_errors errors = {.arena = load->arena};
	struct json_error error;
	const struct value *document =
	    json_read(load->arena, str_of(send_schema), &error);
	const struct schema *schema;

	must(document);
	schema = schema_compile(load->arena, document, &errors);
	must(schema);
	return schema;
}

static const struct template *
send_part(struct load *load, const char *name, struct diag_span span)
{
	return load_made(load, name, send_arguments, COUNT_OF(send_arguments),
	    span);
}

static void
add_send(struct load *load, struct def_connection *connection)
{
	struct diag_span span = connection->span;
	struct def_operation *send = load_operation_made(load, connection,
	    STR("send"), send_arguments, COUNT_OF(send_arguments), 3);
	const struct def_operation **items =
	    ARENA_NEW(load->arena, const struct def_operation *);

	send->description = STR("sends a mail");
	send->input = read_schema(load);
	send->idempotent = connection->is_idempotent;
	send->to = send_part(load, "to", span);
	send->cc = send_part(load, "cc", span);
	send->reply_to = send_part(load, "reply-to", span);
	send->subject = send_part(load, "subject", span);
	send->text = send_part(load, "text", span);
	*items = send;
	connection->operations = items;
	connection->operation_count = 1;
}

static void
add_notice(struct load *load, struct def_connection *connection)
{
	size_t count = COUNT_OF(notice_arguments);
	struct def_operation *notice = load_operation_made(load, connection,
	    STR("notice"), notice_arguments, count, 1);

	notice->to = load_made(load, "to", notice_arguments, count,
	    connection->span);
	notice->subject = load_made(load, notice_subject, notice_arguments,
	    count, connection->span);
	notice->text = load_made(load, notice_text, notice_arguments, count,
	    connection->span);
	notice->idempotent = connection->is_idempotent;
	connection->notice = notice;
}

/* ---- the document ---- */

static void
load_smtp_auth(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;

	connection->auth.kind = AUTH_BASIC;
	connection->is_tls_required = true;
	load_map(load, node, &load_smtp_auth_table, &connection->auth);
	load_doubt_secret(load, connection->auth.password);
}

static void
load_smtp_tls(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;

	connection->is_tls_required = true;
	load_map(load, node, &load_tls_table, connection);
}

static const struct load_key smtp_keys[] = {
	LOAD_ROWS_CONNECTION(
	    "smtp: a mail server, with the one operation `send`"),
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "the mail server: smtp://HOST:PORT, or smtps:// where TLS comes "
	    "first"},
	{"from", KIND_STRING, LOAD_MUST, IN(from), NULL, NULL,
	    "who mails are from: an address, or a name and <address>"},
	{"auth", KIND_MAP, LOAD_MAY, 0, load_smtp_auth, &load_smtp_auth_table,
	    "who we are to it; nothing is sent without TLS then"},
	{"tls", KIND_MAP, LOAD_MAY, 0, load_smtp_tls, &load_tls_table,
	    "certificates; nothing is sent without TLS then"},
	LOAD_ROWS_CONNECTION_LIMITS(
	    "how long a mail may take; 30s unless told"),
	{"idempotent", KIND_BOOLEAN, LOAD_MAY, IN(is_idempotent), NULL, NULL,
	    "true: a mail that comes twice is no harm, so one in doubt is sent "
	    "again"},
};
const struct load_table load_smtp_table =
    LOAD_TABLE("a connection of kind smtp", smtp_keys);

void
load_mail_operations(struct load *load, struct def_connection *connection)
{
	must(connection->kind == CONNECTION_SMTP);
	add_send(load, connection);
	add_notice(load, connection);
	if (!connection->from)
		connection->from =
		    load_literal(load, &value_null, connection->span);
}
