/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/http.h"

#include "wire.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* http_exchange() blocks, so the server runs on a thread of its own; the pipe
 * tells it to stop. */
struct server {
	struct event_base *base;
	struct event *stop;
	struct wire wire;
	int pipe[2];
	pthread_t thread;
};

static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd, (void)what;
	event_base_loopbreak(server->base);
}

static void *
serve(void *arg)
{
	struct server *server = arg;

	event_base_loop(server->base, 0);
	return NULL;
}

static void
server_open(struct server *server, wire_fn *answer)
{
	assert_int_equal(pipe(server->pipe), 0);
	server->base = event_base_new();
	server->stop = event_new(server->base, server->pipe[0], EV_READ,
	    stop_cb, server);
	event_add(server->stop, NULL);
	wire_open(&server->wire, server->base, answer);
	assert_int_equal(
	    pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
server_close(struct server *server)
{
	assert_int_equal(write(server->pipe[1], "x", 1), 1);
	pthread_join(server->thread, NULL);
	event_free(server->stop);
	wire_close(&server->wire);
	event_base_free(server->base);
	close(server->pipe[0]);
	close(server->pipe[1]);
}

static void
test_response_lives_in_the_arena(void **state)
{
	struct server server;
	struct arena *arena = arena_new();
	struct message_request request = {
		.method = STR_INIT("GET"),
		.timeout_ms = 5000,
	};
	struct message_response response;

	(void)state;
	server_open(&server, wire_answer_ok);
	request.url = str_of(wire_url(&server.wire, "/"));
	response = http_exchange(arena, &request);
	server_close(&server);
	assert_int_equal(response.failure, MESSAGE_OK);
	assert_int_equal(response.status, 200);
	assert_true(str_equal(response.body, STR("ok")));
	assert_true(str_equal(message_find_header(response.headers,
		response.header_count, STR("content-length")), STR("2")));
	arena_free(&arena);
}

static void
test_failure_comes_with_a_reason_for_people(void **state)
{
	struct arena *arena = arena_new();
	struct message_request request = {
		.method = STR_INIT("GET"),
		.url = STR_INIT("http://127.0.0.1:1/"),
		.timeout_ms = 5000,
	};
	struct message_response response = http_exchange(arena, &request);

	(void)state;
	assert_int_equal(response.failure, MESSAGE_UNREACHABLE);
	assert_true(response.detail.bytes > 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response_lives_in_the_arena),
		cmocka_unit_test(test_failure_comes_with_a_reason_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
