/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_exchange.c: one exchange, blocking, for programs without a loop.
 *
 * It has a loop of its own for as long as it takes, so that there is one
 * client and one reading of failures.
 */
#include "http_priv.h"

#include <event2/event.h>

struct exchange {
	struct arena *arena;
	struct message_response response;
	bool is_done;
};

static const struct message_header *
copy_headers(struct arena *arena, const struct message_header *headers,
    size_t count)
{
	struct message_header *copies =
	    ARENA_ARRAY(arena, count, struct message_header);

	for (size_t i = 0; i < count; i++)
		copies[i] = (struct message_header){
			.name = arena_str(arena, headers[i].name),
			.value = arena_str(arena, headers[i].value),
			.secret = headers[i].secret,
		};
	return copies;
}

static void
exchange_done_cb(const struct message_response *response, void *arg)
{
	struct exchange *exchange = arg;
	struct arena *arena = exchange->arena;

	must(!exchange->is_done);
	exchange->is_done = true;
	exchange->response = *response;
	exchange->response.headers =
	    copy_headers(arena, response->headers, response->header_count);
	exchange->response.body = arena_str(arena, response->body);
	exchange->response.detail = arena_str(arena, response->detail);
}

struct message_response
http_exchange(struct arena *arena, const struct message_request *request)
{
	return http_exchange_into(arena, request, NULL);
}

struct message_response
http_exchange_into(struct arena *arena, const struct message_request *request,
    const struct http_sink *sink)
{
	struct exchange exchange = {.arena = arena};
	struct event_base *base = event_base_new();
	struct http_client *client;

	must(base != NULL);
	client = http_client_new(base, (struct http_client_options){0});
	http_client_send(client, request, sink, exchange_done_cb, &exchange);
	while (!exchange.is_done)
		must(event_base_loop(base, EVLOOP_ONCE) == 0);
	http_client_free(&client);
	event_base_free(base);
	return exchange.response;
}
