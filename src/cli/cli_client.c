/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_client.c: an engine over HTTP.
 *
 * What went wrong is told here, once for all commands: a problem (RFC 9457)
 * as its title, its detail and its errors.
 */
#include "cli_priv.h"

#include "stated/http.h"

#include <stdlib.h>

#define DEFAULT_URL "http://127.0.0.1:8380"
#define HEADERS_MAX 8
#define PATIENCE_MS 30000
#define REPORT_PATIENCE_MS (60 * 60 * 1000)
#define REPLY_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct str
cli_client_path(
    struct cli *cli, const char *before, struct str name, const char *after)
{
	struct buf path = {0};
	struct str result;

	buf_add_cstr(&path, before);
	message_encode(name, &path);
	buf_add_cstr(&path, after);
	result = arena_str(cli->arena, buf_str(&path));
	buf_fini(&path);
	return result;
}

struct str
cli_client_instance(struct cli *cli, const char *after)
{
	struct buf path = buf_in(cli->arena);

	buf_add_str(&path, cli_client_path(cli, "/v1/instances/",
			       cli_argument(cli, 0), after));
	cli_client_query(&path, "workflow", cli_option_str(cli, "workflow"));
	return buf_keep(&path);
}

void
cli_client_query(struct buf *path, const char *key, struct str value)
{
	if (value.at == NULL)
		return;
	buf_add_char(
	    path, str_find(buf_str(path), STR("?")) == SIZE_MAX ? '?' : '&');
	message_encode(str_of(key), path);
	buf_add_char(path, '=');
	message_encode(value, path);
}

static const char *
base_url(void)
{
	const char *url = getenv("STATED_URL");

	return url != NULL && url[0] != '\0' ? url : DEFAULT_URL;
}

/* ---- the request ---- */

struct headers {
	struct message_header items[HEADERS_MAX];
	size_t count;
};

static void
add_header(
    struct headers *headers, const char *name, struct str value, bool is_secret)
{
	if (value.at == NULL)
		return;
	must(headers->count < HEADERS_MAX);
	headers->items[headers->count++] =
	    (struct message_header){str_of(name), value, is_secret};
}

static void
add_headers(
    struct cli *cli, const struct cli_request *request, struct headers *headers)
{
	const char *token = getenv("STATED_TOKEN");

	add_header(headers, "Accept",
	    STR("application/json, application/problem+json"), false);
	add_header(headers, "User-Agent", STR("stated/" STATED_VERSION), false);
	add_header(headers, "X-Stated-Actor", cli_option_str(cli, "as"), false);
	add_header(headers, "Idempotency-Key", request->idempotency_key, false);
	if (token != NULL && token[0] != '\0')
		add_header(headers, "Authorization",
		    arena_strf(cli->arena, "Bearer %s", token), true);
	if (request->body != NULL)
		add_header(headers, "Content-Type",
		    request->content_type.at != NULL ? request->content_type
						     : STR("application/json"),
		    false);
}

static struct str
body_of(struct cli *cli, const struct value *value)
{
	struct buf text = {0};
	struct str body;

	if (value == NULL)
		return (struct str){NULL, 0};
	json_write(value, JSON_PLAIN, &text);
	body = arena_str(cli->arena, buf_str(&text));
	buf_fini(&text);
	return body;
}

/* Who has signed the engine's certificate, where the system doesn't know. */
static struct str
ca_of(struct cli *cli)
{
	const char *path = getenv("STATED_CA");
	char *real =
	    path != NULL && path[0] != '\0' ? realpath(path, NULL) : NULL;
	struct str ca = arena_str(cli->arena, str_of(real));

	free(real);
	return ca;
}

/* What goes into a line of the request must be one; false where told. */
static bool
is_line(struct cli *cli, const char *what, struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
			cli_usage(cli, "%s has a control character (a line's "
			    "end?): take it out", what);
			return false;
		}
	return true;
}

static bool
are_lines(struct cli *cli, const struct cli_request *request)
{
	const char *token = getenv("STATED_TOKEN");

	return is_line(cli, "STATED_URL", str_of(base_url())) &&
	       is_line(cli, "STATED_TOKEN", str_of(token)) &&
	       is_line(cli, "--as", cli_option_str(cli, "as")) &&
	       is_line(cli, "--idempotency-key", request->idempotency_key);
}

static struct message_response
exchange(struct cli *cli, const struct cli_request *request,
    const struct http_sink *sink)
{
	struct str base = str_of(base_url());
	struct headers headers = {.count = 0};
	struct message_request message = {
	    .method = str_of(request->method),
	    .body = body_of(cli, request->body),
	    .timeout_ms =
		request->patience_ms > 0 ? request->patience_ms : PATIENCE_MS,
	    .response_bytes_max = REPLY_BYTES_MAX,
	    .ca = ca_of(cli),
	};

	while (base.bytes > 0 && base.at[base.bytes - 1] == '/')
		base.bytes--;
	message.url = arena_strf(
	    cli->arena, "%.*s%.*s", STR_ARG(base), STR_ARG(request->path));
	add_headers(cli, request, &headers);
	message.headers = headers.items;
	message.header_count = headers.count;
	return http_exchange_into(cli->arena, &message, sink);
}

/* ---- what went wrong ---- */

static enum cli_status
tell_failure(struct cli *cli, const struct message_response *response,
    bool is_begun)
{
	bool is_absent = response->failure == MESSAGE_UNREACHABLE ||
			 response->failure == MESSAGE_UNRESOLVED;

	cli_fail(cli, "%s %s: %.*s",
	    is_begun ? "the answer broke off, from" : "no answer from",
	    base_url(),
	    STR_ARG(response->detail.bytes > 0
			? cli_text_clean(cli->arena, response->detail)
			: message_failure_name(response->failure)));
	if (is_absent)
		fprintf(cli->err,
		    "  Is `stated serve` running there?  STATED_URL says "
		    "where to look.\n");
	return CLI_FAILED;
}

/* Of a document that was sent: as `stated check` tells it. */
static void
tell_finding(struct cli *cli, const struct value *finding)
{
	static const char *const parts[] = {"file", "line", "column"};
	const struct value *repair = value_field_or_null(finding, "repair");

	fputs("  ", cli->err);
	for (size_t i = 0; i < 3; i++)
		fprintf(cli->err, "%.*s:",
		    STR_ARG(cli_text_of(cli->arena,
			value_field_or_null(finding, parts[i]))));
	fprintf(cli->err, " %.*s [%.*s]\n",
	    STR_ARG(cli_text_of(
		cli->arena, value_field_or_null(finding, "message"))),
	    STR_ARG(cli_text_of(
		cli->arena, value_field_or_null(finding, "code"))));
	if (repair->type == VALUE_STRING)
		fprintf(cli->err, "    %.*s\n",
		    STR_ARG(cli_text_of(cli->arena, repair)));
}

/* Of a body by its pointer, of a query by the parameter's name. */
static struct str
place_of(const struct value *error)
{
	struct str pointer = value_field_str(error, "pointer");
	struct str parameter = value_field_str(error, "parameter");

	if (pointer.bytes > 0)
		return pointer;
	return parameter.bytes > 0 ? parameter : STR("(the whole)");
}

/* But for what the detail has said. */
static void
tell_errors(struct cli *cli, const struct value *errors, struct str detail)
{
	for (size_t i = 0;
	     errors->type == VALUE_LIST && i < errors->as.list.count; i++) {
		const struct value *error = errors->as.list.items[i];
		struct str text = arena_strf(cli->arena, "%.*s: %.*s",
		    STR_ARG(place_of(error)),
		    STR_ARG(value_field_str(error, "message")));

		if (value_get_cstr(error, "file") != NULL)
			tell_finding(cli, error);
		else if (!str_equal(text, detail))
			fprintf(cli->err, "  %.*s\n",
			    STR_ARG(cli_text_clean(cli->arena, text)));
	}
}

/* Whether "limit" or "/priority" is what an option said; of JSON, and of what
 * may be given often, it is the business that something is wrong with. */
static bool
is_option(const struct cli *cli, struct str place)
{
	const struct cmd_option *option = cli->cmd->options;

	if (place.bytes > 0 && place.at[0] == '/')
		place = str_slice(place, 1, place.bytes);
	for (; option != NULL && option->name != NULL; option++)
		if (str_equal(str_of(option->name), place))
			return cli_option(cli, option->name) != NULL &&
			       option->argument != NULL && !option->repeats &&
			       strncmp(option->argument, "JSON", 4) != 0;
	return false;
}

/* Whether it was the options that the engine couldn't take. */
static bool
is_usage(const struct cli *cli, const struct cli_reply *reply)
{
	const struct value *errors = value_field_or_null(reply->body, "errors");

	if (reply->status != 400 &&
	    !str_equal(value_field_str(reply->body, "type"),
		STR("urn:stated:problem:invalid-body")))
		return false;
	if (errors->type != VALUE_LIST)
		return reply->status == 400;
	for (size_t i = 0; i < errors->as.list.count; i++)
		if (!is_option(cli, place_of(errors->as.list.items[i])))
			return false;
	return true;
}

static enum cli_status
tell_problem(struct cli *cli, const struct cli_reply *reply)
{
	const struct value *problem = reply->body;
	struct str title = value_field_str(problem, "title");
	struct str detail = value_field_str(problem, "detail");

	if (cli->is_json && problem->type == VALUE_CONTEXT)
		cli_value_print(cli, problem);
	if (title.at == NULL)
		return cli_fail(
		    cli, "%s answered %d", base_url(), reply->status);
	cli_fail(cli, "%.*s", STR_ARG(cli_text_clean(cli->arena, title)));
	if (detail.bytes > 0)
		fprintf(cli->err, "  %.*s\n",
		    STR_ARG(cli_text_clean(cli->arena, detail)));
	tell_errors(cli, value_field_or_null(problem, "errors"), detail);
	return is_usage(cli, reply) ? CLI_USAGE : CLI_FAILED;
}

/* ---- sending ---- */

/* A sink, and what became of it. */
struct relay {
	const struct http_sink *to;
	bool is_begun;
	bool is_refused; /* it wants no more, and has told why */
};

static bool
begin_cb(const struct message_response *head, void *arg)
{
	struct relay *relay = arg;

	relay->is_begun = true;
	relay->is_refused = !relay->to->begin(head, relay->to->arg);
	return !relay->is_refused;
}

static bool
take_cb(struct str bytes, void *arg)
{
	struct relay *relay = arg;

	relay->is_refused = !relay->to->take(bytes, relay->to->arg);
	return !relay->is_refused;
}

/* An answer of the engine's is JSON; what says that it went well, and can't be
 * read, might be anybody's. */
static enum cli_status
tell_unreadable(struct cli *cli, const struct json_error *malformed)
{
	cli_fail(cli, "the answer of %s is no JSON (%u:%u: %s)", base_url(),
	    malformed->line, malformed->column, malformed->message);
	fprintf(cli->err,
	    "  Is it `stated serve` that answers there?  STATED_URL says where "
	    "to look.\n");
	return CLI_FAILED;
}

/* A body that can't be read is NULL, one that isn't there null. */
static const struct value *
read_body(struct cli *cli, struct str body, struct json_error *malformed)
{
	if (body.bytes == 0)
		return &value_null;
	return json_read_written(cli->arena, body, malformed);
}

enum cli_status
cli_client_send(
    struct cli *cli, const struct cli_request *request, struct cli_reply *reply)
{
	return cli_client_send_into(cli, request, NULL, reply);
}

enum cli_status
cli_client_send_into(struct cli *cli, const struct cli_request *request,
    const struct http_sink *sink, struct cli_reply *reply)
{
	struct relay relay = {.to = sink};
	struct http_sink relaying = {begin_cb, take_cb, &relay};
	struct message_response response;
	struct json_error malformed;

	*reply = (struct cli_reply){.body = &value_null};
	if (!are_lines(cli, request))
		return CLI_USAGE;
	response = exchange(cli, request, sink != NULL ? &relaying : NULL);
	if (relay.is_refused)
		return CLI_FAILED;
	if (response.failure != MESSAGE_OK)
		return tell_failure(cli, &response, relay.is_begun);
	reply->status = response.status;
	reply->text = response.body;
	const struct value *body = read_body(cli, response.body, &malformed);
	if (body != NULL)
		reply->body = body;
	if (response.status < 200 || response.status > 299)
		return tell_problem(cli, reply);
	if (body == NULL && !request->wants_text)
		return tell_unreadable(cli, &malformed);
	return CLI_OK;
}

enum cli_status
cli_client_get(struct cli *cli, struct str path, struct cli_reply *reply)
{
	struct cli_request request = {.method = "GET", .path = path};

	return cli_client_send(cli, &request, reply);
}

enum cli_status
cli_client_post(struct cli *cli, struct str path, const struct value *body,
    struct cli_reply *reply)
{
	struct cli_request request = {
	    .method = "POST", .path = path, .body = body};

	return cli_client_send(cli, &request, reply);
}

/* ---- reports ---- */

enum cli_status
cli_client_report(struct cli *cli, const char *path,
    const char *const *options, const struct value **report)
{
	struct buf asked = {0};
	struct cli_request request = {
	    .method = "GET", .patience_ms = REPORT_PATIENCE_MS};
	struct cli_reply reply;

	buf_add_cstr(&asked, path);
	for (; *options != NULL; options++)
		cli_client_query(
		    &asked, *options, cli_option_str(cli, *options));
	request.path = arena_str(cli->arena, buf_str(&asked));
	buf_fini(&asked);
	enum cli_status status = cli_client_send(cli, &request, &reply);
	if (status == CLI_OK)
		*report = reply.body;
	return status;
}

/* ---- pages ---- */

enum cli_status
cli_client_pages(struct cli *cli, struct str path, const char *cursor_key,
    const struct value **items, struct str *next)
{
	struct value_builder *all = value_build_list(cli->arena);
	struct str cursor = cli_option_str(cli, cursor_key);
	bool takes_all = next == NULL;

	do {
		struct buf page = {0};
		struct cli_reply reply;
		const struct value *list;
		enum cli_status status;

		buf_add_str(&page, path);
		cli_client_query(&page, cursor_key, cursor);
		status = cli_client_get(
		    cli, arena_str(cli->arena, buf_str(&page)), &reply);
		buf_fini(&page);
		if (status != CLI_OK)
			return status;
		list = value_field_or_null(reply.body, "items");
		for (size_t i = 0;
		     list->type == VALUE_LIST && i < list->as.list.count; i++)
			value_append(all, list->as.list.items[i]);
		cursor = value_field_str(reply.body, "next");
	} while (takes_all && cursor.at != NULL);
	*items = value_built(all);
	if (next != NULL)
		*next = cursor;
	return CLI_OK;
}
