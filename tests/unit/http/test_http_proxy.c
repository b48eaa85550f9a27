/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_proxy.c: what a proxy gets to see, and what its word counts. */
#include "stated/http.h"

#include "identity.h"
#include "wire.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct wire proxy;
	struct wire target;
	struct identity server;
	SSL_CTX *tls;
	struct message_proxy way;
	bool is_answered;
	enum message_failure failure;
	int status;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char url[64];

	fixture->base = event_base_new();
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	wire_open(&fixture->proxy, fixture->base, wire_answer_ok);
	wire_open(&fixture->target, fixture->base, wire_answer_ok);
	identity_init(&fixture->server, "IP:127.0.0.1", 3600);
	fixture->tls = identity_server(&fixture->server);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", fixture->proxy.port);
	fixture->way = (struct message_proxy){
		.url = str_of(strdup(url)),
		.except = STR_INIT(""),
	};
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_client_free(&fixture->client);
	wire_close(&fixture->proxy);
	wire_close(&fixture->target);
	identity_fini(&fixture->server);
	SSL_CTX_free(fixture->tls);
	event_base_free(fixture->base);
	free((char *)(uintptr_t)fixture->way.url.at);
	free(fixture);
	return 0;
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct fixture *fixture = arg;

	fixture->is_answered = true;
	fixture->failure = response->failure;
	fixture->status = response->status;
}

static enum message_failure
post(struct fixture *fixture, const struct message_proxy *way)
{
	static const struct message_header header = {
		.name = STR_INIT("authorization"),
		.value = STR_INIT("Bearer of-ours"),
		.secret = true,
	};
	const struct message_request request = {
		.method = STR_INIT("POST"),
		.url = str_of(wire_url(&fixture->target, "/pay")),
		.headers = &header,
		.header_count = 1,
		.body = STR_INIT("{}"),
		.timeout_ms = 5000,
		.ca = buf_str(&fixture->server.certificate_pem),
		.proxy = way,
	};

	fixture->is_answered = false;
	http_send(http_client_port(fixture->client), &request, answered_cb,
	    fixture);
	while (!fixture->is_answered)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	return fixture->failure;
}

static bool
was_said(const struct wire *wire, const char *text)
{
	return str_find(buf_str(&wire->last), str_of(text)) != SIZE_MAX;
}

/* ------------------------------------------------------------------- tests */

static void
test_plain_request_is_told_to_the_proxy_whole(void **state)
{
	struct fixture *fixture = *state;
	char line[128];

	fixture->way.user = STR("us");
	fixture->way.password = STR("them");
	assert_int_equal(post(fixture, &fixture->way), MESSAGE_OK);
	assert_int_equal(fixture->target.connection_count, 0);
	snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n",
	    wire_url(&fixture->target, "/pay"));
	assert_true(was_said(&fixture->proxy, line));
	assert_true(was_said(&fixture->proxy,
	    "Proxy-Authorization: Basic dXM6dGhlbQ=="));
}

static void
test_next_request_without_a_proxy_goes_straight(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(post(fixture, &fixture->way), MESSAGE_OK);
	assert_int_equal(post(fixture, NULL), MESSAGE_OK);
	assert_int_equal(fixture->proxy.request_count, 1);
	assert_int_equal(fixture->target.request_count, 1);
	assert_false(was_said(&fixture->target, "Proxy-"));
}

static void
test_host_that_is_excepted_is_asked_straight(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1", "example.com,127.0.0.1", "127.0.0.0/8", "*",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		fixture->way.except = str_of(hosts[i]);
		assert_int_equal(post(fixture, &fixture->way), MESSAGE_OK);
		assert_int_equal(fixture->target.request_count, i + 1);
	}
	fixture->way.except = STR("example.com");
	assert_int_equal(post(fixture, &fixture->way), MESSAGE_OK);
	assert_int_equal(fixture->proxy.request_count, 1);
}

static void
test_refusal_of_a_tunnel_is_no_answer(void **state)
{
	struct fixture *fixture = *state;

	fixture->target.tls = fixture->tls;
	fixture->proxy.answer = wire_answer_text;
	fixture->proxy.text = "HTTP/1.1 403 Forbidden\r\n"
	    "Content-Length: 0\r\n\r\n";
	assert_int_equal(post(fixture, &fixture->way), MESSAGE_UNSENT);
	assert_int_equal(fixture->status, 0);
	assert_int_equal(fixture->target.connection_count, 0);
	assert_true(was_said(&fixture->proxy, "CONNECT 127.0.0.1:"));
	assert_false(was_said(&fixture->proxy, "of-ours"));
}

static void
test_dead_proxy_is_unreachable(void **state)
{
	struct fixture *fixture = *state;
	char url[64];
	struct wire gone;

	wire_open(&gone, fixture->base, wire_answer_ok);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", gone.port);
	wire_close(&gone);
	struct message_proxy way = {.url = str_of(url), .except = STR("")};
	assert_int_equal(post(fixture, &way), MESSAGE_UNREACHABLE);
	assert_int_equal(fixture->target.connection_count, 0);
}

static void
test_proxy_may_speak_tls_itself(void **state)
{
	struct fixture *fixture = *state;
	char url[64];
	struct message_proxy way = {
		.except = STR_INIT(""),
		.ca = buf_str(&fixture->server.certificate_pem),
	};

	fixture->proxy.tls = fixture->tls;
	snprintf(url, sizeof(url), "https://127.0.0.1:%u",
	    fixture->proxy.port);
	way.url = str_of(url);
	assert_int_equal(post(fixture, &way), MESSAGE_OK);
	assert_int_equal(fixture->proxy.request_count, 1);
	/* Nobody vouches for it there. */
	way.ca = (struct str){NULL, 0};
	http_client_free(&fixture->client);
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	assert_int_equal(post(fixture, &way), MESSAGE_CERTIFICATE);
}

/* ----------------------------------------------------------------- a tunnel */

/* A proxy of one connection, which hands on what comes after CONNECT. */
struct tunnel {
	int listener;
	uint16_t port; /* its own */
	uint16_t target;
	char request[1024];
	pthread_t thread;
};

static int
connect_to(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(fd >= 0 && connect(fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0);
	return fd;
}

static bool
hand_on(int from, int to)
{
	char bytes[4096];
	ssize_t got = read(from, bytes, sizeof(bytes));

	return got > 0 && write(to, bytes, (size_t)got) == got;
}

static void *
run_tunnel(void *arg)
{
	static const char welcome[] = "HTTP/1.1 200 Connected\r\n"
				      "X-Colour: of the proxy\r\n\r\n";
	struct tunnel *tunnel = arg;
	int ours = accept(tunnel->listener, NULL, NULL);
	int theirs = connect_to(tunnel->target);
	size_t bytes = 0;
	fd_set ready;

	while (strstr(tunnel->request, "\r\n\r\n") == NULL) {
		ssize_t got = read(ours, tunnel->request + bytes,
		    sizeof(tunnel->request) - bytes - 1);
		must(got > 0);
		bytes += (size_t)got;
	}
	must(write(ours, welcome, sizeof(welcome) - 1) > 0);
	do {
		FD_ZERO(&ready);
		FD_SET(ours, &ready);
		FD_SET(theirs, &ready);
		must(select((ours > theirs ? ours : theirs) + 1, &ready, NULL,
			 NULL, NULL) > 0);
	} while ((!FD_ISSET(ours, &ready) || hand_on(ours, theirs)) &&
	    (!FD_ISSET(theirs, &ready) || hand_on(theirs, ours)));
	close(ours);
	close(theirs);
	return NULL;
}

static void
start_tunnel(struct tunnel *tunnel, uint16_t target)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(address);

	*tunnel = (struct tunnel){.target = target};
	tunnel->listener = socket(AF_INET, SOCK_STREAM, 0);
	must(tunnel->listener >= 0);
	must(bind(tunnel->listener, (struct sockaddr *)&address, bytes) == 0);
	must(listen(tunnel->listener, 1) == 0);
	must(getsockname(tunnel->listener, (struct sockaddr *)&address,
		 &bytes) == 0);
	tunnel->port = ntohs(address.sin_port);
	must(pthread_create(&tunnel->thread, NULL, run_tunnel, tunnel) == 0);
}

static void
test_https_goes_through_a_tunnel_that_sees_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct tunnel tunnel;
	char url[64];
	struct message_proxy way = {.except = STR_INIT("")};

	fixture->target.tls = fixture->tls;
	start_tunnel(&tunnel, fixture->target.port);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", tunnel.port);
	way.url = str_of(url);
	assert_int_equal(post(fixture, &way), MESSAGE_OK);
	assert_int_equal(fixture->status, 200);
	assert_true(was_said(&fixture->target, "Bearer of-ours"));
	assert_false(was_said(&fixture->target, "Proxy-"));
	http_client_free(&fixture->client);
	must(pthread_join(tunnel.thread, NULL) == 0);
	close(tunnel.listener);
	assert_null(strstr(tunnel.request, "of-ours"));
	assert_memory_equal(tunnel.request, "CONNECT 127.0.0.1:", 18);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_plain_request_is_told_to_the_proxy_whole),
		CASE(test_next_request_without_a_proxy_goes_straight),
		CASE(test_host_that_is_excepted_is_asked_straight),
		CASE(test_refusal_of_a_tunnel_is_no_answer),
		CASE(test_dead_proxy_is_unreachable),
		CASE(test_proxy_may_speak_tls_itself),
		CASE(test_https_goes_through_a_tunnel_that_sees_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
