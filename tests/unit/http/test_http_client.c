/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/http.h"

#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What one exchange gave, kept beyond its callback. */
struct answer {
	struct fixture *fixture;
	bool is_here;
	enum message_failure failure;
	int status;
	struct buf body;
	struct buf colour; /* header `x-colour` */
	struct buf detail;
};

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct wire wire;
	struct answer answer;
	size_t answer_count;
	bool is_sending;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->base = event_base_new();
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	wire_open(&fixture->wire, fixture->base, wire_answer_ok);
	*state = fixture;
	return 0;
}

static void
forget(struct answer *answer)
{
	buf_fini(&answer->body);
	buf_fini(&answer->colour);
	buf_fini(&answer->detail);
	*answer = (struct answer){0};
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_client_free(&fixture->client);
	wire_close(&fixture->wire);
	forget(&fixture->answer);
	event_base_free(fixture->base);
	free(fixture);
	return 0;
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct answer *answer = arg;

	assert_false(answer->is_here);
	assert_false(answer->fixture->is_sending);
	answer->is_here = true;
	answer->fixture->answer_count++;
	answer->failure = response->failure;
	answer->status = response->status;
	buf_add_str(&answer->body, response->body);
	buf_add_str(&answer->detail, response->detail);
	buf_add_str(&answer->colour, message_find_header(response->headers,
	    response->header_count, STR("x-colour")));
}

static struct message_request
request_of(const char *method, const char *url)
{
	return (struct message_request){
		.method = str_of(method),
		.url = str_of(url),
		.timeout_ms = 5000,
	};
}

static void
send_for(struct fixture *fixture, const struct message_request *request,
    struct answer *answer)
{
	*answer = (struct answer){.fixture = fixture};
	fixture->is_sending = true;
	http_send(http_client_port(fixture->client), request, answered_cb, answer);
	fixture->is_sending = false;
}

static void
run_until(struct fixture *fixture, size_t answer_count)
{
	while (fixture->answer_count < answer_count)
		assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE), 0);
}

/* One exchange from beginning to end. */
static struct answer *
exchange(struct fixture *fixture, const struct message_request *request)
{
	forget(&fixture->answer);
	send_for(fixture, request, &fixture->answer);
	run_until(fixture, fixture->answer_count + 1);
	return &fixture->answer;
}

static struct answer *
get_of(struct fixture *fixture, const char *url)
{
	struct message_request request = request_of("GET", url);
	return exchange(fixture, &request);
}

static struct answer *
get(struct fixture *fixture, const char *path)
{
	return get_of(fixture, wire_url(&fixture->wire, path));
}

static struct answer *
post(struct fixture *fixture, const char *path, const char *body)
{
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, path));
	request.body = str_of(body);
	return exchange(fixture, &request);
}

/* A GET that is answered by these bytes and then the end. */
static struct answer *
get_answered_by(struct fixture *fixture, const char *text)
{
	fixture->wire.answer = wire_answer_text_and_hang_up;
	fixture->wire.text = text;
	return get(fixture, "/");
}

static bool
was_said(struct fixture *fixture, const char *text)
{
	return str_find(buf_str(&fixture->wire.last), str_of(text)) != SIZE_MAX;
}

/* ------------------------------------------------------------ whole answers */

static void
test_answer_has_status_headers_and_body(void **state)
{
	struct fixture *fixture = *state;
	struct answer *answer = get_answered_by(fixture,
	    "HTTP/1.1 201 Created\r\nX-Colour:  blue \r\n"
	    "Content-Length: 5\r\n\r\nhello");

	assert_int_equal(answer->failure, MESSAGE_OK);
	assert_int_equal(answer->status, 201);
	assert_string_equal(buf_cstr(&answer->body), "hello");
	assert_string_equal(buf_cstr(&answer->colour), "blue");
}

static void
test_error_status_is_a_whole_answer(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad");

	assert_int_equal(answer->failure, MESSAGE_OK);
	assert_int_equal(answer->status, 500);
	assert_string_equal(buf_cstr(&answer->body), "bad");
}

static void
test_interim_answer_is_not_the_answer(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 103 Early Hints\r\nX-Colour: red\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

	assert_int_equal(answer->status, 200);
	assert_string_equal(buf_cstr(&answer->colour), "");
}

static void
test_redirect_is_not_followed(void **state)
{
	struct fixture *fixture = *state;
	struct answer *answer = get_answered_by(fixture,
	    "HTTP/1.1 302 Found\r\nLocation: /other\r\n"
	    "Content-Length: 0\r\n\r\n");

	assert_int_equal(answer->failure, MESSAGE_OK);
	assert_int_equal(answer->status, 302);
	assert_int_equal(fixture->wire.request_count, 1);
}

static void
test_proxy_of_the_environment_is_not_used(void **state)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	struct answer *answer = get(*state, "/");
	unsetenv("http_proxy");
	assert_int_equal(answer->failure, MESSAGE_OK);
}

static void
test_host_may_be_an_address_of_ipv6(void **state)
{
	struct fixture *fixture = *state;
	struct wire wire;
	char host[64];

	wire_open_on(&wire, fixture->base, wire_answer_ok, "::1");
	assert_int_equal(get_of(fixture, wire_url(&wire, "/"))->status, 200);
	snprintf(host, sizeof(host), "\r\nHost: [::1]:%u\r\n", wire.port);
	assert_non_null(strstr(buf_cstr(&wire.last), host));
	wire_close(&wire);
}

static void
test_chunked_answer_is_joined(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");

	assert_int_equal(answer->failure, MESSAGE_OK);
	assert_string_equal(buf_cstr(&answer->body), "abcde");
}

/* ----------------------------------------------------------------- requests */

static void
test_post_sends_body_and_headers_as_given(void **state)
{
	struct fixture *fixture = *state;
	const struct message_header headers[] = {
		{.name = STR_INIT("content-type"),
		    .value = STR_INIT("application/json")},
		{.name = STR_INIT("x-empty"), .value = STR_INIT("")},
	};
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/a%20b?c=d"));

	request.headers = headers;
	request.header_count = 2;
	request.body = STR("{\"amount\":1234.10}");
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "POST /a%20b?c=d HTTP/1.1\r\n"));
	assert_true(was_said(fixture, "\r\ncontent-type: application/json\r\n"));
	assert_true(was_said(fixture, "\r\nx-empty:\r\n"));
	assert_true(was_said(fixture, "\r\n\r\n{\"amount\":1234.10}"));
	assert_false(was_said(fixture, "Expect"));
	assert_false(was_said(fixture, "x-www-form-urlencoded"));
}

static void
test_post_without_body_says_its_length(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(post(fixture, "/", "")->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "POST / "));
	assert_true(was_said(fixture, "\r\nContent-Length: 0\r\n"));
}

static void
test_a_handle_forgets_the_request_before(void **state)
{
	struct fixture *fixture = *state;

	post(fixture, "/one", "{}");
	assert_int_equal(get(fixture, "/two")->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "GET /two "));
	assert_false(was_said(fixture, "Content-Length"));
	assert_false(was_said(fixture, "{}"));
}

static void
test_a_handle_goes_where_each_request_says(void **state)
{
	static const char *const addresses[] = {"/one?a=b", "/two", "/one?a=b",
	    "/one?a=b"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 4; i++) {
		char start[32];
		post(fixture, addresses[i], "{}");
		snprintf(start, sizeof(start), "POST %s ", addresses[i]);
		assert_true(was_said(fixture, start));
	}
	assert_int_equal(get_of(fixture, "http://[::1/")->failure,
	    MESSAGE_UNSENT);
	post(fixture, "/two", "{}");
	assert_true(was_said(fixture, "POST /two "));
}

static void
test_each_header_is_said_once(void **state)
{
	struct fixture *fixture = *state;
	const struct message_header own[] = {
		{.name = STR("user-agent"), .value = STR("mine")},
		{.name = STR("accept-encoding"), .value = STR("identity")},
	};
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	get(fixture, "/");
	assert_true(was_said(fixture, "\r\nUser-Agent: stated/"));
	assert_true(was_said(fixture, "\r\nAccept-Encoding: gzip, deflate\r\n"));
	request.headers = own;
	request.header_count = 2;
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "\r\nuser-agent: mine\r\n"));
	assert_true(was_said(fixture, "\r\naccept-encoding: identity\r\n"));
	assert_false(was_said(fixture, "stated/"));
	assert_false(was_said(fixture, "gzip"));
}

static void
test_every_method_keeps_its_name(void **state)
{
	static const char *const methods[] = {"GET", "PUT", "PATCH", "DELETE"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 4; i++) {
		char start[32];
		struct message_request request =
		    request_of(methods[i], wire_url(&fixture->wire, "/"));
		assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
		snprintf(start, sizeof(start), "%s / HTTP/1.1\r\n", methods[i]);
		assert_true(was_said(fixture, start));
	}
}

static void
test_delete_may_have_a_body(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("DELETE", wire_url(&fixture->wire, "/"));

	request.body = STR("why");
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "DELETE / "));
	assert_true(was_said(fixture, "\r\n\r\nwhy"));
}

static void
test_head_waits_for_no_body(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("HEAD", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = wire_answer_text;
	fixture->wire.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
	assert_true(was_said(fixture, "HEAD / "));
}

/* -------------------------------------------------------------- connections */

static void
test_connection_is_used_again(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(post(fixture, "/", "{}")->failure, MESSAGE_OK);
	assert_int_equal(fixture->wire.request_count, 5);
	assert_int_equal(fixture->wire.connection_count, 1);
}

static void
answer_first_then_reset(struct wire_peer *peer, struct wire *wire)
{
	if (wire->request_count == 1)
		wire_answer_ok(peer, wire);
	else
		wire_reset(peer);
}

static void
assert_sent_once(struct fixture *fixture, const char *method, const char *body,
    wire_fn *answer_fn)
{
	struct message_request request;

	fixture->wire.answer = answer_fn;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	request = request_of(method, wire_url(&fixture->wire, "/pay"));
	request.body = str_of(body);
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_RESET);
	/* What a further connection may have brought is read to its end. */
	while (fixture->wire.open_count > 0)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	assert_int_equal(fixture->wire.request_count, 2);
}

static void
test_post_on_a_kept_connection_that_is_closed_arrives_once(void **state)
{
	assert_sent_once(*state, "POST", "{\"pay\":1}", wire_answer_first_then_hang_up);
}

static void
test_post_on_a_kept_connection_that_is_reset_arrives_once(void **state)
{
	assert_sent_once(*state, "POST", "{\"pay\":1}", answer_first_then_reset);
}

static void
test_post_without_body_on_a_kept_connection_arrives_once(void **state)
{
	assert_sent_once(*state, "POST", "", wire_answer_first_then_hang_up);
}

static void
test_delete_on_a_kept_connection_arrives_once(void **state)
{
	assert_sent_once(*state, "DELETE", "", answer_first_then_reset);
}

static void
answer_all_but_the_second(struct wire_peer *peer, struct wire *wire)
{
	if (wire->request_count == 2)
		wire_hang_up(peer);
	else
		wire_answer_ok(peer, wire);
}

static void
test_get_on_a_kept_connection_that_is_closed_is_sent_again(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_all_but_the_second;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	assert_int_equal(fixture->wire.request_count, 3);
}

static void
answer_ok_and_hang_up(struct wire_peer *peer, struct wire *wire)
{
	wire_answer_ok(peer, wire);
	wire_hang_up(peer);
}

static void
test_post_after_the_server_closed_goes_out_on_a_new_connection(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_ok_and_hang_up;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(post(fixture, "/", "{}")->failure, MESSAGE_OK);
		while (fixture->wire.open_count > 0)
			event_base_loop(fixture->base, EVLOOP_ONCE);
	}
	assert_int_equal(fixture->wire.request_count, 3);
	assert_int_equal(fixture->wire.connection_count, 3);
}

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	bool *is_over = arg;

	(void)fd, (void)what;
	*is_over = true;
}

static void
test_a_closed_idle_connection_leaves_the_loop_in_peace(void **state)
{
	struct fixture *fixture = *state;
	const struct timeval while_idle = {.tv_usec = 50 * 1000};
	bool is_over = false;
	int rounds = 0;

	fixture->wire.answer = answer_ok_and_hang_up;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	event_base_once(fixture->base, -1, EV_TIMEOUT, end_cb, &is_over,
	    &while_idle);
	for (; !is_over; rounds++)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	assert_true(rounds < 20);
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	assert_int_equal(fixture->wire.connection_count, 2);
}

/* What a client no longer watches, another may: the numbers of sockets are
 * used again. */
static void
test_closed_sockets_are_free_for_others(void **state)
{
	struct fixture *fixture = *state;
	struct http_client *other;

	fixture->wire.answer = answer_ok_and_hang_up;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
		other = fixture->client;
		fixture->client = http_client_new(fixture->base,
		    (struct http_client_options){0});
		assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
		http_client_free(&other);
		assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	}
}

#define MANY 300

static void
test_many_at_once_are_all_answered(void **state)
{
	static struct answer answers[MANY];
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));

	request.body = STR("{}");
	for (size_t i = 0; i < MANY; i++)
		send_for(fixture, &request, &answers[i]);
	assert_int_equal(http_client_active(fixture->client), MANY);
	run_until(fixture, MANY);
	assert_int_equal(http_client_active(fixture->client), 0);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(answers[i].failure, MESSAGE_OK);
		forget(&answers[i]);
	}
	assert_int_equal(fixture->wire.request_count, MANY);
	assert_true(fixture->wire.connection_count <= 256);
}

static void
test_connections_per_host_are_bounded(void **state)
{
	static struct answer answers[20];
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	http_client_free(&fixture->client);
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){.connections_per_host_max = 2});
	for (size_t i = 0; i < 20; i++)
		send_for(fixture, &request, &answers[i]);
	run_until(fixture, 20);
	for (size_t i = 0; i < 20; i++)
		forget(&answers[i]);
	assert_int_equal(fixture->wire.request_count, 20);
	assert_true(fixture->wire.connection_count <= 2);
}

static void
test_calls_over_the_bound_wait_and_their_time_does_not_run(void **state)
{
	static struct answer answers[3];
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	http_client_free(&fixture->client);
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){.connections_max = 1});
	fixture->wire.answer = wire_answer_nothing;
	request.timeout_ms = 100;
	for (size_t i = 0; i < 3; i++)
		send_for(fixture, &request, &answers[i]);
	run_until(fixture, 3);
	assert_int_equal(fixture->wire.request_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(answers[i].failure, MESSAGE_TIMEOUT);
		forget(&answers[i]);
	}
}

/* ---------------------------------------------------------- no descriptors */

static void
pass_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	*(bool *)arg = true;
}

static void
run_for(struct fixture *fixture, int milliseconds)
{
	struct timeval delay = {.tv_usec = milliseconds * 1000};
	bool is_over = false;

	event_base_once(fixture->base, -1, EV_TIMEOUT, pass_cb, &is_over,
	    &delay);
	while (!is_over)
		event_base_loop(fixture->base, EVLOOP_ONCE);
}

static struct rlimit
take_descriptors(void)
{
	struct rlimit before, none;
	int next = dup(0);

	assert_true(next > 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static void
test_calls_wait_while_there_are_no_descriptors(void **state)
{
	static struct answer answers[5];
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));
	struct rlimit before = take_descriptors();

	request.timeout_ms = 2000;
	for (size_t i = 0; i < 5; i++)
		send_for(fixture, &request, &answers[i]);
	run_for(fixture, 400);
	assert_int_equal(fixture->answer_count, 0);
	assert_int_equal(http_client_active(fixture->client), 5);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	run_until(fixture, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(answers[i].failure, MESSAGE_OK);
		forget(&answers[i]);
	}
	assert_int_equal(fixture->wire.request_count, 5);
}

static void
test_a_client_that_waits_for_descriptors_can_be_freed(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));
	struct rlimit before = take_descriptors();

	send_for(fixture, &request, &fixture->answer);
	run_for(fixture, 50);
	http_client_free(&fixture->client);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(fixture->answer.is_here);
}

/* ------------------------------------------------------------ sending again */

static void
send_next_cb(const struct message_response *response, void *arg)
{
	struct fixture *fixture = arg;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	assert_int_equal(response->failure, MESSAGE_OK);
	if (++fixture->answer_count < 10)
		http_send(http_client_port(fixture->client), &request,
		    send_next_cb, fixture);
}

static void
test_a_callback_may_send_again(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	http_send(http_client_port(fixture->client), &request, send_next_cb,
	    fixture);
	run_until(fixture, 10);
	assert_int_equal(fixture->wire.request_count, 10);
}

static void
test_freeing_the_client_drops_what_is_under_way(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = wire_answer_nothing;
	send_for(fixture, &request, &fixture->answer);
	while (fixture->wire.request_count == 0)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	http_client_free(&fixture->client);
	event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_false(fixture->answer.is_here);
}

/* ----------------------------------------------------------- broken answers */

static void
test_silence_is_a_timeout(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = wire_answer_nothing;
	request.timeout_ms = 50;
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_TIMEOUT);
	assert_true(fixture->answer.detail.bytes > 0);
	assert_int_equal(fixture->wire.request_count, 1);
}

struct drip {
	struct wire_peer *peer;
	struct event *timer;
};
static struct drip drip;

static void
drip_cb(evutil_socket_t fd, short what, void *arg)
{
	struct wire *wire = arg;

	(void)fd, (void)what;
	if (wire->open_count > 0)
		wire_say(drip.peer, "x");
}

static void
answer_by_drops(struct wire_peer *peer, struct wire *wire)
{
	struct timeval every = {.tv_usec = 5000};

	wire_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	drip.peer = peer;
	drip.timer = event_new(wire->base, -1, EV_PERSIST, drip_cb, wire);
	event_add(drip.timer, &every);
}

static void
test_slow_drip_does_not_outlast_the_timeout(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("POST", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = answer_by_drops;
	request.timeout_ms = 100;
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_TIMEOUT);
	event_free(drip.timer);
}

static void
answer_by_reset(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_reset(peer);
}

static void
test_reset_before_an_answer(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_by_reset;
	assert_int_equal(post(fixture, "/", "{}")->failure, MESSAGE_RESET);
	assert_int_equal(fixture->answer.status, 0);
	assert_int_equal(fixture->wire.request_count, 1);
}

static void
test_close_before_an_answer_is_a_reset(void **state)
{
	assert_int_equal(get_answered_by(*state, "")->failure, MESSAGE_RESET);
}

static void
test_body_shorter_than_its_length_is_truncated(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");

	assert_int_equal(answer->failure, MESSAGE_TRUNCATED);
	assert_int_equal(answer->status, 200);
}

static void
test_chunked_body_without_its_end_is_truncated(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n");

	assert_int_equal(answer->failure, MESSAGE_TRUNCATED);
}

static void
test_chunks_that_are_none_are_garbled(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "zz\r\nabc\r\n0\r\n\r\n");

	assert_int_equal(answer->failure, MESSAGE_GARBLED);
}

/* Nobody knows where it ends, so that it may have been cut. */
static void
test_length_that_nobody_can_go_by_is_garbled(void **state)
{
	static const struct {
		const char *head;
		enum message_failure failure;
	} rows[] = {
		{"Content-Length: 99999999999999999999\r\n",
		    MESSAGE_GARBLED},
		{"Content-Length: 3\r\nContent-Length: 5\r\n",
		    MESSAGE_GARBLED},
		{"Content-Length: 5\r\ncontent-length: 3\r\n",
		    MESSAGE_GARBLED},
		{"Content-Length: 3, 5\r\n", MESSAGE_GARBLED},
		{"Content-Length: 3\r\nContent-Length: x\r\n",
		    MESSAGE_GARBLED},
		{"Content-Length: 3\r\nContent-Length: 3\r\n", MESSAGE_OK},
		{"Content-Length: 3, 3\r\n", MESSAGE_OK},
		{"Content-Length: 003\r\n", MESSAGE_OK},
		{"X-Content-Length: 9\r\nContent-Length: 3\r\n",
		    MESSAGE_OK},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];

		snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\nabc",
		    rows[i].head);
		assert_int_equal(get_answered_by(fixture, text)->failure,
		    rows[i].failure);
	}
	assert_int_equal(get_answered_by(fixture,
			     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
			     "Content-Length: 5\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n0\r\n\r\n")->failure,
	    MESSAGE_OK);
}

static void
test_what_is_not_http_is_garbled(void **state)
{
	struct answer *answer =
	    get_answered_by(*state, "SSH-2.0-OpenSSH_9.2\r\n");

	assert_int_equal(answer->failure, MESSAGE_GARBLED);
}

static void
test_broken_compression_is_garbled(void **state)
{
	struct answer *answer = get_answered_by(*state,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 12\r\n\r\nnot any gzip");

	assert_int_equal(answer->failure, MESSAGE_GARBLED);
}

static void
test_too_large_body_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = wire_answer_text;
	fixture->wire.text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
			     "0123456789";
	request.response_bytes_max = 9;
	assert_int_equal(exchange(fixture, &request)->failure,
	    MESSAGE_TOO_LARGE);
	request.response_bytes_max = 10;
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
}

/* 65536 zero bytes, by gzip. */
static const unsigned char zipped_zeros[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1,
	0x01, 0x01, 0x00, 0x00, 0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00,
};

static void
say_zipped(struct wire_peer *peer, size_t bytes)
{
	char head[128];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: %zu\r\n\r\n", bytes);
	wire_say(peer, head);
	wire_say_bytes(peer, (struct str){(const char *)zipped_zeros, bytes});
}

static void
answer_zipped(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	say_zipped(peer, sizeof(zipped_zeros));
}

static void
answer_zipped_and_cut(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	say_zipped(peer, sizeof(zipped_zeros) / 2);
}

static void
answer_zipped_of_nothing(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	say_zipped(peer, 0);
}

static void
test_compressed_body_that_stops_before_its_end_is_truncated(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_zipped_and_cut;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_TRUNCATED);
	/* The next one on the same handle has nothing of it. */
	fixture->wire.answer = answer_zipped;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	assert_int_equal(fixture->answer.body.bytes, 65536);
	fixture->wire.answer = wire_answer_ok;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
}

static void
test_no_body_at_all_is_whole_whatever_its_coding(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_zipped_of_nothing;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_OK);
	assert_int_equal(fixture->answer.body.bytes, 0);
}

static void
test_compressed_answer_is_unpacked_and_bounded_unpacked(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request =
	    request_of("GET", wire_url(&fixture->wire, "/"));

	fixture->wire.answer = answer_zipped;
	assert_int_equal(exchange(fixture, &request)->failure, MESSAGE_OK);
	assert_int_equal(fixture->answer.body.bytes, 65536);
	request.response_bytes_max = 65535;
	assert_int_equal(exchange(fixture, &request)->failure,
	    MESSAGE_TOO_LARGE);
}

static void
answer_with_endless_headers(struct wire_peer *peer, struct wire *wire)
{
	(void)wire;
	wire_say(peer, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 30000; i++)
		wire_say(peer, "X-Flood: 0123456789\r\n");
	wire_say(peer, "Content-Length: 0\r\n\r\n");
}

static void
test_flood_of_headers_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	fixture->wire.answer = answer_with_endless_headers;
	assert_int_equal(get(fixture, "/")->failure, MESSAGE_TOO_LARGE);
}

/* -------------------------------------------------------------- never sent */

/* A port that was free a moment ago, and on which nobody listens. */
static uint16_t
dead_port(int *fd)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(address);

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(
	    getsockname(*fd, (struct sockaddr *)&address, &bytes), 0);
	return ntohs(address.sin_port);
}

static void
test_refused_connection_is_unreachable(void **state)
{
	int fd;
	char url[64];
	struct message_request request;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", dead_port(&fd));
	request = request_of("POST", url);
	assert_int_equal(exchange(*state, &request)->failure,
	    MESSAGE_UNREACHABLE);
	close(fd);
}

static void
test_name_without_address_is_unresolved(void **state)
{
	struct message_request request =
	    request_of("POST", "http://no-such-host.invalid/");

	assert_int_equal(exchange(*state, &request)->failure,
	    MESSAGE_UNRESOLVED);
}

static void
test_tls_with_a_server_that_speaks_none_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	char url[64];
	struct message_request request;

	/* The server takes the greeting for the beginning of a request. */
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", fixture->wire.port);
	request = request_of("POST", url);
	request.timeout_ms = 50;
	assert_int_equal(exchange(fixture, &request)->failure,
	    MESSAGE_UNREACHABLE);
	assert_int_equal(fixture->wire.request_count, 0);
}

static void
test_other_protocols_are_not_spoken(void **state)
{
	struct message_request request =
	    request_of("GET", "file:///etc/hostname");

	assert_int_equal(exchange(*state, &request)->failure, MESSAGE_UNSENT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_answer_has_status_headers_and_body),
		CASE(test_error_status_is_a_whole_answer),
		CASE(test_interim_answer_is_not_the_answer),
		CASE(test_redirect_is_not_followed),
		CASE(test_proxy_of_the_environment_is_not_used),
		CASE(test_host_may_be_an_address_of_ipv6),
		CASE(test_chunked_answer_is_joined),
		CASE(test_post_sends_body_and_headers_as_given),
		CASE(test_post_without_body_says_its_length),
		CASE(test_a_handle_forgets_the_request_before),
		CASE(test_a_handle_goes_where_each_request_says),
		CASE(test_each_header_is_said_once),
		CASE(test_every_method_keeps_its_name),
		CASE(test_delete_may_have_a_body),
		CASE(test_head_waits_for_no_body),
		CASE(test_connection_is_used_again),
		CASE(test_post_on_a_kept_connection_that_is_closed_arrives_once),
		CASE(test_post_on_a_kept_connection_that_is_reset_arrives_once),
		CASE(test_post_without_body_on_a_kept_connection_arrives_once),
		CASE(test_delete_on_a_kept_connection_arrives_once),
		CASE(test_get_on_a_kept_connection_that_is_closed_is_sent_again),
		CASE(test_post_after_the_server_closed_goes_out_on_a_new_connection),
		CASE(test_a_closed_idle_connection_leaves_the_loop_in_peace),
		CASE(test_closed_sockets_are_free_for_others),
		CASE(test_many_at_once_are_all_answered),
		CASE(test_connections_per_host_are_bounded),
		CASE(test_calls_over_the_bound_wait_and_their_time_does_not_run),
		CASE(test_calls_wait_while_there_are_no_descriptors),
		CASE(test_a_client_that_waits_for_descriptors_can_be_freed),
		CASE(test_a_callback_may_send_again),
		CASE(test_freeing_the_client_drops_what_is_under_way),
		CASE(test_silence_is_a_timeout),
		CASE(test_slow_drip_does_not_outlast_the_timeout),
		CASE(test_reset_before_an_answer),
		CASE(test_close_before_an_answer_is_a_reset),
		CASE(test_body_shorter_than_its_length_is_truncated),
		CASE(test_chunked_body_without_its_end_is_truncated),
		CASE(test_chunks_that_are_none_are_garbled),
		CASE(test_length_that_nobody_can_go_by_is_garbled),
		CASE(test_what_is_not_http_is_garbled),
		CASE(test_broken_compression_is_garbled),
		CASE(test_too_large_body_is_given_up),
		CASE(test_compressed_answer_is_unpacked_and_bounded_unpacked),
		CASE(test_compressed_body_that_stops_before_its_end_is_truncated),
		CASE(test_no_body_at_all_is_whole_whatever_its_coding),
		CASE(test_flood_of_headers_is_given_up),
		CASE(test_refused_connection_is_unreachable),
		CASE(test_name_without_address_is_unresolved),
		CASE(test_tls_with_a_server_that_speaks_none_is_not_sent),
		CASE(test_other_protocols_are_not_spoken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
