/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_server.c: request in, fault chosen, work done or not, reply out.
 *
 * The order is what makes the faults true: a fault "before" means that the
 * handler was never called, one "after" that it was, and what it did stands in
 * the ledger, before the first byte of any answer.
 */
#include "sandbox_server.h"

#include "sandbox_fault.h"
#include "sandbox_late.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"
#include "sandbox_route.h"
#include "sandbox_spoil.h"
#include "sandbox_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#define BODY_BYTES_MAX (4 << 20)
#define HEADERS_BYTES_MAX (64 << 10)
#define STALE_MS 1000

struct sandbox_server {
	struct sandbox *sandbox;
	struct evhttp *http;
	int fd;
};

static const char *
method_name(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "OTHER";
	}
}

/* What came, before anything is done about it. */
static void
keep_journal(struct sandbox *sandbox, const struct sandbox_request *request,
    const struct sandbox_fault *fault)
{
	bool is_text =
	    request->body.bytes > 0 && str_is_utf8(request->body);

	sandbox_ledger_add_take(sandbox->journal, "request",
	    json_pack("{s:s,s:s,s:s,s:s,s:b,s:o}", "method", request->method,
		"target", request->target, "key",
		sandbox_request_header(request, "x-idempotency-key"), "fault",
		fault->name ? fault->name : "", "commits", fault->commits,
		"body", is_text ? json_stringn(request->body.at,
				      request->body.bytes)
				: json_string("")));
}

static void
answer(struct sandbox *sandbox, struct sandbox_request *request,
    struct sandbox_reply *reply, struct sandbox_fault *fault)
{
	int status;
	const struct sandbox_route *route =
	    sandbox_route_find(request, &status);
	bool controls = str_has_prefix(str_of(request->path), STR("/control/"));
	const char *why = NULL;

	if (route == NULL) {
		sandbox_reply_error(
		    reply, status, sandbox_reply_reason(status));
		return;
	}
	sandbox_calls_add(sandbox->calls, route);
	if (!controls &&
	    !sandbox_fault_pick(sandbox->faults, request, fault, &why)) {
		sandbox_reply_error(reply, 400, why);
		sandbox_route_free_params(request);
		return;
	}
	if (!controls)
		keep_journal(sandbox, request, fault);
	if (fault->shape == SANDBOX_FAULT_STALE)
		request->stale_ms = fault->duration_ms > 0 ? fault->duration_ms
							   : STALE_MS;
	if (fault->shape == SANDBOX_FAULT_LATE)
		sandbox_late_add(sandbox->late, route->handler, request,
		    fault->duration_ms);
	if (fault->commits)
		route->handler(sandbox, request, reply);
	else
		sandbox_reply_error(reply, 200, "nothing was done: a fault");
	sandbox_spoil(request, fault, reply);
	sandbox_route_free_params(request);
}

/* Texts of the request go into JSON, which must be UTF-8; %00 would cut. */
static bool
is_clean(const struct evkeyvalq *query, const char *path)
{
	const struct evkeyval *pair;
	char *decoded;
	size_t bytes;
	bool clean;

	for (pair = query->tqh_first; pair != NULL;
	     pair = pair->next.tqe_next) {
		if (!str_is_utf8(str_of(pair->value)))
			return false;
	}
	decoded = evhttp_uridecode(path, 0, &bytes);
	must(decoded != NULL);
	clean = bytes == strlen(decoded) && str_is_utf8(str_of(decoded));
	free(decoded);
	return clean;
}

static void
request_cb(struct evhttp_request *from, void *arg)
{
	struct sandbox_server *server = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(from);
	const char *path = evhttp_uri_get_path(uri);
	const char *query_text = evhttp_uri_get_query(uri);
	struct evbuffer *body = evhttp_request_get_input_buffer(from);
	struct evkeyvalq query = {0};
	struct sandbox_reply reply = {0};
	struct sandbox_fault fault = {.commits = true};
	struct sandbox_request request = {
	    .method = method_name(from),
	    .target = evhttp_request_get_uri(from),
	    .path = path ? path : "/",
	    .query = &query,
	    .headers = evhttp_request_get_input_headers(from),
	    .body = {(const char *)evbuffer_pullup(body, -1),
		evbuffer_get_length(body)},
	};

	if (evhttp_parse_query_str(query_text ? query_text : "", &query) != 0 ||
	    !is_clean(&query, request.path))
		sandbox_reply_error(&reply, 400, "the URL is malformed");
	else
		answer(server->sandbox, &request, &reply, &fault);
	sandbox_wire_send(server->sandbox->wire, from, &reply, &fault);
	evhttp_clear_headers(&query);
	sandbox_reply_fini(&reply);
}

struct sandbox_server *
sandbox_server_open(struct sandbox *sandbox, const char *host, uint16_t port)
{
	struct sandbox_server *server = calloc(1, sizeof(*server));
	struct evhttp_bound_socket *bound;

	must(server != NULL);
	server->sandbox = sandbox;
	server->http = evhttp_new(sandbox->base);
	must(server->http != NULL);
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET |
	    EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
	    EVHTTP_REQ_DELETE);
	evhttp_set_max_body_size(server->http, BODY_BYTES_MAX);
	evhttp_set_max_headers_size(server->http, HEADERS_BYTES_MAX);
	evhttp_set_gencb(server->http, request_cb, server);
	bound = evhttp_bind_socket_with_handle(server->http, host, port);
	if (bound == NULL) {
		int saved = errno;
		evhttp_free(server->http);
		free(server);
		errno = saved;
		return NULL;
	}
	server->fd = evhttp_bound_socket_get_fd(bound);
	return server;
}

int
sandbox_server_fd(const struct sandbox_server *server)
{
	return server->fd;
}

void
sandbox_server_close(struct sandbox_server **server)
{
	if (*server == NULL)
		return;
	evhttp_free((*server)->http);
	free(*server);
	*server = NULL;
}
