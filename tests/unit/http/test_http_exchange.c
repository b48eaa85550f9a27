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

/* ---- sinks ---- */

struct taken {
	struct buf bytes;
	int begun;
	int status;
	size_t bytes_max; /* more is not wanted */
};

static bool
begin_cb(const struct message_response *head, void *arg)
{
	struct taken *taken = arg;

	taken->begun++;
	taken->status = head->status;
	assert_true(str_equal(message_find_header(head->headers,
		head->header_count, STR("x-place")), STR("here")));
	return true;
}

static bool
take_cb(struct str bytes, void *arg)
{
	struct taken *taken = arg;

	buf_add_str(&taken->bytes, bytes);
	return taken->bytes.bytes <= taken->bytes_max;
}

static void
answer_at_length(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 200 OK\r\nX-Place: here\r\n"
	    "Content-Length: 30000\r\n\r\n");
	for (int i = 0; i < 3000; i++)
		wire_say(peer, "0123456789");
}

static void
answer_half(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 200 OK\r\nX-Place: here\r\n"
	    "Content-Length: 30\r\n\r\n0123456789");
	wire_hang_up(peer);
}

static void
answer_empty(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 200 OK\r\nX-Place: here\r\n"
	    "Content-Length: 0\r\n\r\n");
}

static void
answer_not_found(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 404 Not Found\r\n"
	    "Content-Length: 7\r\n\r\nnothing");
}

static struct message_response
exchange_into(struct arena *arena, wire_fn *answer, struct taken *taken)
{
	const struct http_sink sink = {begin_cb, take_cb, taken};
	struct server server;
	struct message_request request = {
		.method = STR_INIT("GET"),
		.timeout_ms = 5000,
		.response_bytes_max = 10, /* of what is kept */
	};
	struct message_response response;

	server_open(&server, answer);
	request.url = str_of(wire_url(&server.wire, "/"));
	response = http_exchange_into(arena, &request, &sink);
	server_close(&server);
	return response;
}

static void
test_body_of_any_length_goes_to_the_sink(void **state)
{
	struct arena *arena = arena_new();
	struct taken taken = {.bytes_max = SIZE_MAX};
	struct message_response response =
	    exchange_into(arena, answer_at_length, &taken);

	(void)state;
	assert_int_equal(response.failure, MESSAGE_OK);
	assert_int_equal(response.status, 200);
	assert_int_equal(response.body.bytes, 0);
	assert_int_equal(taken.begun, 1);
	assert_int_equal(taken.status, 200);
	assert_int_equal(taken.bytes.bytes, 30000);
	assert_true(str_has_suffix(buf_str(&taken.bytes), STR("0123456789")));
	buf_fini(&taken.bytes);

	taken = (struct taken){.bytes_max = SIZE_MAX};
	response = exchange_into(arena, answer_empty, &taken);
	assert_int_equal(response.failure, MESSAGE_OK);
	assert_int_equal(taken.begun, 1);
	assert_int_equal(taken.bytes.bytes, 0);
	arena_free(&arena);
}

static void
test_sink_gets_no_more_than_it_wants(void **state)
{
	struct arena *arena = arena_new();
	struct taken taken = {.bytes_max = 5};
	struct message_response response =
	    exchange_into(arena, answer_at_length, &taken);

	(void)state;
	assert_int_equal(response.failure, MESSAGE_TRUNCATED);
	assert_true(taken.bytes.bytes < 30000);
	buf_fini(&taken.bytes);
	arena_free(&arena);
}

static void
test_body_that_breaks_off_is_no_success(void **state)
{
	struct arena *arena = arena_new();
	struct taken taken = {.bytes_max = SIZE_MAX};
	struct message_response response =
	    exchange_into(arena, answer_half, &taken);

	(void)state;
	assert_int_not_equal(response.failure, MESSAGE_OK);
	assert_int_equal(taken.bytes.bytes, 10);
	buf_fini(&taken.bytes);
	arena_free(&arena);
}

static void
test_problem_is_not_for_the_sink(void **state)
{
	struct arena *arena = arena_new();
	struct taken taken = {.bytes_max = SIZE_MAX};
	struct message_response response =
	    exchange_into(arena, answer_not_found, &taken);

	(void)state;
	assert_int_equal(response.failure, MESSAGE_OK);
	assert_int_equal(response.status, 404);
	assert_true(str_equal(response.body, STR("nothing")));
	assert_int_equal(taken.begun, 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response_lives_in_the_arena),
		cmocka_unit_test(test_failure_comes_with_a_reason_for_people),
		cmocka_unit_test(test_body_of_any_length_goes_to_the_sink),
		cmocka_unit_test(test_sink_gets_no_more_than_it_wants),
		cmocka_unit_test(test_body_that_breaks_off_is_no_success),
		cmocka_unit_test(test_problem_is_not_for_the_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
