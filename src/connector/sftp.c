/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sftp.c: connections of kind sftp: an operation as what is asked of a server
 * of files, and what its answer means.
 *
 * A name comes from outside as often as not, so what could lead to another
 * folder is refused.
 */
#include "connector_priv.h"

#define PORT "22"

/* ---------------------------------------------------------------- request */

static bool
refuse_url(struct outcome *failure)
{
	return verdict_refuse(failure, "connector.url", false,
	    STR("the connection's url is sftp://HOST or sftp://HOST:PORT"));
}

static bool
read_host(struct call_scope *scope, const struct def_connection *connection,
    struct message_file *file, struct str *url, struct outcome *failure)
{
	struct str head = STR("sftp://");

	if (!call_scope_text(scope, connection->url, url))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url gives no text: is what it reads "
			"from `settings` in the configuration?"));
	file->port = STR(PORT);
	if (str_has_suffix(*url, STR("/")))
		url->bytes--;
	if (!str_has_prefix(*url, head) ||
	    !rest_split_host(str_slice(*url, head.bytes, SIZE_MAX),
		&file->host, &file->port))
		return refuse_url(failure);
	return true;
}

static bool
add_host_key(struct buf *out, const struct value *value)
{
	struct str text = value_str(value);

	if (!str_has_prefix(text, STR("SHA256:")) ||
	    str_find(text, STR(" ")) != SIZE_MAX)
		return false;
	if (out->bytes > 0)
		buf_add_char(out, ' ');
	buf_add_str(out, text);
	return true;
}

static bool
read_host_keys(struct call_scope *scope,
    const struct def_connection *connection, struct message_file *file,
    struct outcome *failure)
{
	const struct value *value =
	    call_scope_eval(scope, connection->host_key);
	struct buf out = buf_in(scope->arena);
	bool is_list = value->type == VALUE_LIST;
	bool are_keys = is_list ? value->as.list.count > 0
				: add_host_key(&out, value);

	for (size_t i = 0; is_list && i < value->as.list.count; i++)
		are_keys &= add_host_key(&out, value->as.list.items[i]);
	file->host_keys = buf_keep(&out);
	return are_keys ||
	    verdict_refuse(failure, "connector.host-key", false,
		STR("`host-key` is SHA256:…, as ssh-keygen -l shows the "
		    "server's key, or a list of such"));
}

static bool
read_login(struct call_scope *scope, const struct def_auth *auth,
    struct message_file *file, struct outcome *failure)
{
	bool is_key = auth->kind == AUTH_KEY;

	must(is_key || auth->kind == AUTH_BASIC);
	if (call_scope_text(scope, auth->user, &file->user) &&
	    call_scope_text(scope, auth->password,
		is_key ? &file->key : &file->password) &&
	    (auth->passphrase == NULL ||
		call_scope_text(scope, auth->passphrase, &file->passphrase)))
		return true;
	return verdict_refuse(failure, "connector.auth", true,
	    STR("there is no credential to call with"));
}

static bool
is_path(struct str path)
{
	struct str rest = path;

	for (size_t i = 0; i < path.bytes; i++)
		if ((unsigned char)path.at[i] < 0x20 || path.at[i] == 0x7f)
			return false;
	while (rest.at != NULL) {
		struct str name = str_split(rest, '/', &rest);
		if (str_equal(name, STR(".")) || str_equal(name, STR("..")))
			return false;
	}
	return path.bytes > 0;
}

static bool
read_path(struct call_scope *scope, const struct template *template,
    struct str *path, struct outcome *failure)
{
	if (template == NULL ||
	    (call_scope_text(scope, template, path) && is_path(*path)))
		return true;
	return verdict_refuse(failure, "connector.path", false,
	    STR("the path is no text, is empty, or has a control character "
		"or a part that is `.` or `..`"));
}

/* Only what is put has a body. */
static bool
read_body(struct call_scope *scope, const struct def_operation *operation,
    struct message_request *request, struct outcome *failure)
{
	struct rest_body body = {.content_type = operation->content_type};

	if (operation->body == NULL)
		return true;
	if (body.content_type.at == NULL)
		body.content_type = STR("application/octet-stream");
	if (!rest_make_body(scope, operation->body, &body, failure))
		return false;
	if (body.bytes.at == NULL)
		return verdict_refuse(failure, "connector.body", false,
		    STR("the body is null: there is nothing to put"));
	request->body = body.bytes;
	return rest_show_body(scope, operation->body, body.content_type,
	    request, failure);
}

static struct str
method_of(enum message_file_verb verb)
{
	static const struct str names[] = {
		[FILE_PUT] = STR_INIT("PUT"),
		[FILE_GET] = STR_INIT("GET"),
		[FILE_LIST] = STR_INIT("LIST"),
		[FILE_STAT] = STR_INIT("STAT"),
		[FILE_RENAME] = STR_INIT("RENAME"),
		[FILE_REMOVE] = STR_INIT("REMOVE"),
	};

	must((size_t)verb < COUNT_OF(names));
	return names[verb];
}

/* What history shows of it. */
static void
show(struct call_scope *scope, const struct def_operation *operation,
    const struct message_file *file, struct message_request *request)
{
	struct message_header *to = ARENA_NEW(scope->arena,
	    struct message_header);
	bool is_folder_missing = file->path.at[0] != '/';

	request->url = arena_strf(scope->arena, "%.*s%s%.*s",
	    STR_ARG(request->url), is_folder_missing ? "/~/" : "",
	    STR_ARG(file->path));
	if (template_has_secret(operation->path))
		request->url_shown = STR("***");
	if (operation->to == NULL)
		return;
	*to = (struct message_header){STR("to"), file->to,
		template_has_secret(operation->to)};
	request->headers = to;
	request->header_count = 1;
}

bool
sftp_prepare(const struct connector_call *call, struct call_scope *scope,
    struct message_request *request, struct outcome *failure)
{
	const struct def_operation *operation = call->operation;
	const struct def_connection *connection = operation->connection;
	struct message_file *file =
	    ARENA_NEW(scope->arena, struct message_file);

	file->verb = operation->file_verb;
	if (!read_host(scope, connection, file, &request->url, failure) ||
	    !read_host_keys(scope, connection, file, failure) ||
	    !read_login(scope, &connection->auth, file, failure) ||
	    !read_path(scope, operation->path, &file->path, failure) ||
	    !read_path(scope, operation->to, &file->to, failure) ||
	    !read_body(scope, operation, request, failure))
		return false;
	request->method = method_of(file->verb);
	request->file = file;
	show(scope, operation, file, request);
	return true;
}

/* ----------------------------------------------------------------- answer */

static const struct verdict_refusal refusals[] = {
	{401, false, "sftp.access-denied"},
	{403, false, "sftp.permission-denied"},
	{404, false, "sftp.not-found"},
	{409, false, "sftp.exists"},
	{501, false, "sftp.unsupported"},
	{507, true, "sftp.no-space"},
};

static struct outcome
refused(const struct reply *reply)
{
	struct str said = value_str(reply->body);

	return verdict_of_refusal(refusals, COUNT_OF(refusals),
	    reply->response->status, STR("sftp.failure"),
	    said.at != NULL ? said : STR("the server said no"));
}

/* A file that is read has to be what the operation reads of it. */
static bool
is_readable(const struct def_operation *operation, const struct reply *reply)
{
	if (!rest_reads_body(operation))
		return true;
	return operation->xml != NULL ? reply->kind == REPLY_XML
				      : reply->kind != REPLY_BINARY;
}

struct outcome
sftp_judge(const struct connector_call *call, struct call_scope *scope)
{
	const struct def_operation *operation = call->operation;
	const struct reply *reply = scope->reply;
	bool is_done = reply->response->status == 200;
	bool is_success = operation->success != NULL
	    ? call_scope_is_true(scope, operation->success)
	    : is_done;

	if (is_done && !is_readable(operation, reply))
		return verdict_unknown("sftp.garbled",
		    STR("the file is not what the operation needs"));
	if (is_success)
		return connector_done(call, scope, reply->body);
	if (is_done)
		return verdict_unsuccessful("sftp.unsuccessful");
	return refused(reply);
}
