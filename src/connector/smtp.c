/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.c: connections of kind smtp: an operation as a mail, and what the
 * server's last reply means.
 *
 * A server that has answered the end of a mail has decided: 250 took it, 4xx
 * and 5xx (RFC 5321, section 4.2.1) did not.  Where that answer is missing the
 * mail may have gone out.
 */
#include "connector_priv.h"

#define RECIPIENTS_MAX 1000

/* ---------------------------------------------------------------- request */

static bool
refuse_address(struct call_scope *scope, const char *what, struct str text,
    struct outcome *failure)
{
	return verdict_refuse(failure, "connector.address", false,
	    arena_strf(scope->arena, "`%s`: `%.*s` is no address of e-mail",
		what, STR_ARG(text)));
}

static bool
add_address(struct call_scope *scope, const char *what,
    const struct value *value, struct mail_addresses *list,
    struct outcome *failure)
{
	struct str text = value_str(value);
	struct mail_address address;

	if (!mail_address_parse(text, &address))
		return refuse_address(scope, what, text, failure);
	list->items = arena_grow(scope->arena, list->items, list->count,
	    &list->capacity, sizeof(*list->items));
	list->items[list->count++] = address;
	return true;
}

/* A text, or a list of texts; null is nobody. */
static bool
read_addresses(struct call_scope *scope, const char *what,
    const struct template *template, struct mail_addresses *list,
    struct outcome *failure)
{
	const struct value *value =
	    template != NULL ? call_scope_eval(scope, template) : &value_null;

	if (value->type == VALUE_NULL)
		return true;
	if (value->type != VALUE_LIST)
		return add_address(scope, what, value, list, failure);
	if (value->as.list.count > RECIPIENTS_MAX)
		return verdict_refuse(failure, "connector.address", false,
		    STR("more than 1000 addresses"));
	for (size_t i = 0; i < value->as.list.count; i++)
		if (!add_address(scope, what, value->as.list.items[i], list,
			failure))
			return false;
	return true;
}

static bool
read_from(struct call_scope *scope, const struct def_connection *connection,
    struct mail_address *from, struct outcome *failure)
{
	struct str text = STR("");

	if (!call_scope_text(scope, connection->from, &text) ||
	    !mail_address_parse(text, from))
		return refuse_address(scope, "from", text, failure);
	return true;
}

static bool
read_text(struct call_scope *scope, const char *what,
    const struct template *template, struct str *text, struct outcome *failure)
{
	if (call_scope_text(scope, template, text))
		return true;
	return verdict_refuse(failure, "connector.arguments", false,
	    arena_strf(scope->arena, "the mail's %s is no text", what));
}

static bool
read_mail(const struct connector_call *call, struct call_scope *scope,
    struct mail *mail, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;

	if (!read_from(scope, connection, &mail->from, failure) ||
	    !read_addresses(scope, "to", operation->to, &mail->to, failure) ||
	    !read_addresses(scope, "cc", operation->cc, &mail->cc, failure) ||
	    !read_addresses(scope, "reply-to", operation->reply_to,
		&mail->reply_to, failure) ||
	    !read_text(scope, "subject", operation->subject, &mail->subject,
		failure) ||
	    !read_text(scope, "text", operation->text, &mail->text, failure))
		return false;
	if (mail->to.count == 0)
		return refuse_address(scope, "to", STR(""), failure);
	mail->date = mail_date(scope->arena, scope->context->now_ms);
	mail->id = mail_id(scope->arena, call->idempotency_key,
	    mail->from.address);
	return true;
}

static bool
read_url(struct call_scope *scope, const struct def_connection *connection,
    struct str *url, struct outcome *failure)
{
	struct str host;

	if (!call_scope_text(scope, connection->url, url))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url gives no text: is what it reads "
			"from `settings` in the configuration?"));
	if (str_has_suffix(*url, STR("/")))
		url->bytes--;
	host = str_slice(*url, str_find(*url, STR("//")) + 2, SIZE_MAX);
	if ((str_has_prefix(*url, STR("smtp://")) ||
		str_has_prefix(*url, STR("smtps://"))) &&
	    rest_is_host(host))
		return true;
	return verdict_refuse(failure, "connector.url", false,
	    STR("the connection's url is smtp://HOST:PORT or "
		"smtps://HOST:PORT"));
}

/* A server is shown them in these forms (AUTH PLAIN and LOGIN), and may repeat
 * them. */
static void
keep_secret(struct call_scope *scope, const struct message_mail *envelope)
{
	struct arena *arena = scope->arena;
	struct buf plain = buf_in(arena);

	buf_add_char(&plain, '\0');
	buf_add_str(&plain, envelope->user);
	buf_add_char(&plain, '\0');
	buf_add_str(&plain, envelope->password);
	connector_mask_add(scope, digest_base64(arena, buf_str(&plain)));
	connector_mask_add(scope, digest_base64(arena, envelope->password));
}

static bool
read_login(struct call_scope *scope, const struct def_auth *auth,
    struct message_mail *envelope, struct outcome *failure)
{
	if (auth->kind != AUTH_BASIC)
		return true;
	if (!call_scope_text(scope, auth->user, &envelope->user) ||
	    !call_scope_text(scope, auth->password, &envelope->password))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("there is no credential to call with"));
	keep_secret(scope, envelope);
	return true;
}

static const struct message_mail *
envelope_of(struct call_scope *scope, const struct mail *mail,
    const struct message_mail *about)
{
	struct message_mail *envelope =
	    ARENA_NEW(scope->arena, struct message_mail);
	size_t count = mail->to.count + mail->cc.count;
	struct str *to = ARENA_ARRAY(scope->arena, count, struct str);

	for (size_t i = 0; i < mail->to.count; i++)
		to[i] = mail->to.items[i].address;
	for (size_t i = 0; i < mail->cc.count; i++)
		to[mail->to.count + i] = mail->cc.items[i].address;
	*envelope = *about;
	envelope->from = mail->from.address;
	envelope->to = to;
	envelope->to_count = count;
	return envelope;
}

static struct str
join(struct arena *arena, const struct mail_addresses *list)
{
	struct buf out = buf_in(arena);

	for (size_t i = 0; i < list->count; i++)
		buf_addf(&out, "%s%.*s", i > 0 ? ", " : "",
		    STR_ARG(list->items[i].address));
	return buf_keep(&out);
}

/* What history shows of the envelope and the headers. */
static void
show(struct call_scope *scope, const struct mail *mail, bool is_secret,
    struct message_request *request)
{
	const struct message_header shown[] = {
		{STR("from"), mail->from.address, is_secret},
		{STR("to"), join(scope->arena, &mail->to), false},
		{STR("cc"), join(scope->arena, &mail->cc), false},
		{STR("subject"), mail->subject, false},
		{STR("message-id"), mail->id, is_secret},
	};
	struct message_header *headers = ARENA_ARRAY(scope->arena,
	    COUNT_OF(shown), struct message_header);

	for (size_t i = 0; i < COUNT_OF(shown); i++)
		if (shown[i].value.bytes > 0)
			headers[request->header_count++] = shown[i];
	request->headers = headers;
	request->body_shown = mail->text;
}

/* The dialogue without a mail: the server says who it is, and takes the
 * login. */
static bool
prepare_greeting(const struct def_connection *connection,
    struct call_scope *scope, struct message_mail *about,
    struct message_request *request, struct outcome *failure)
{
	struct mail mail = {.id = STR("")};

	if (!read_from(scope, connection, &mail.from, failure) ||
	    !read_url(scope, connection, &request->url, failure) ||
	    !read_login(scope, &connection->auth, about, failure) ||
	    !rest_certificates(scope, connection, request, failure))
		return false;
	request->method = STR("NOOP");
	request->mail = envelope_of(scope, &mail, about);
	request->body = STR("");
	return true;
}

bool
smtp_prepare(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_connection *connection = call->operation->connection;
	struct message_mail about = {
		.is_tls_required = connection->is_tls_required,
	};
	struct mail mail = {.id = STR("")};

	if (call->operation->to == NULL)
		return prepare_greeting(
		    connection, scope, &about, request, failure);
	if (!read_mail(call, scope, &mail, failure) ||
	    !read_url(scope, connection, &request->url, failure) ||
	    !read_login(scope, &connection->auth, &about, failure) ||
	    !rest_certificates(scope, connection, request, failure))
		return false;
	request->method = STR("MAIL");
	request->mail = envelope_of(scope, &mail, &about);
	request->body = mail_write(scope->arena, &mail);
	show(scope, &mail, template_has_secret(connection->from), request);
	return true;
}

/* ----------------------------------------------------------------- answer */

static const struct value *
response_of(const struct connector_call *call, struct call_scope *scope)
{
	struct value_builder *response = value_build_context(scope->arena);
	struct mail_address from;
	struct outcome unused;

	if (read_from(scope, call->operation->connection, &from, &unused))
		value_put_str(response, "message_id", mail_id(scope->arena,
		    call->idempotency_key, from.address));
	return value_built(response);
}

struct outcome
smtp_judge(const struct connector_call *call, struct call_scope *scope)
{
	int status = scope->reply->response->status;
	struct str said = str_trim(value_str(scope->reply->body));
	bool is_refused = status >= 400 && status <= 599;

	if (status == 250)
		return connector_done(call, scope, response_of(call, scope));
	return (struct outcome){
		.kind = is_refused ? OUTCOME_NOT_DONE : OUTCOME_UNKNOWN,
		.transient = is_refused && status <= 499,
		.code = arena_strf(scope->arena, "smtp.%d", status),
		.message = arena_strf(scope->arena,
		    "the mail server answered %.*s", STR_ARG(said)),
	};
}
