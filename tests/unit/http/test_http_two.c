/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_two.c: HTTP/2 with a real server, nghttpd, which speaks nothing
 * else: what arrives there has come by it.
 */
#include "stated/http.h"

#include "daemon.h"
#include "identity.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "/usr/sbin/nghttpd"

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct identity identity;
	char folder[64];
	pid_t server;
	uint16_t port;
	size_t answer_count;
	enum message_failure failure;
	int status;
	struct buf body;
	struct buf sent;
};

static const char *
path_of(const struct fixture *fixture, const char *name)
{
	static char paths[2][128];
	static size_t next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->folder, name);
	return path;
}

static void
write_file(const char *path, struct str text)
{
	FILE *file = fopen(path, "w");

	must(file != NULL);
	must(fwrite(text.at, 1, text.bytes, file) == text.bytes);
	must(fclose(file) == 0);
}

static void
serve(struct fixture *fixture)
{
	const char *const arguments[] = {
		SERVER, "--address=127.0.0.1", "--echo-upload", "0",
		path_of(fixture, "key.pem"), path_of(fixture, "cert.pem"),
		NULL,
	};

	daemon_need(SERVER, "nghttp2-server");
	write_file(path_of(fixture, "key.pem"),
	    buf_str(&fixture->identity.both_pem));
	write_file(path_of(fixture, "cert.pem"),
	    buf_str(&fixture->identity.certificate_pem));
	fixture->server = daemon_start(arguments);
	fixture->port = daemon_port(fixture->server);
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/stated-two-XXXXXX");
	must(mkdtemp(fixture->folder) != NULL);
	fixture->base = event_base_new();
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	identity_init(&fixture->identity, "IP:127.0.0.1", 3600);
	*state = fixture;
	serve(fixture);
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_client_free(&fixture->client);
	daemon_stop(fixture->server);
	(void)unlink(path_of(fixture, "key.pem"));
	(void)unlink(path_of(fixture, "cert.pem"));
	(void)rmdir(fixture->folder);
	identity_fini(&fixture->identity);
	event_base_free(fixture->base);
	buf_fini(&fixture->body);
	buf_fini(&fixture->sent);
	free(fixture);
	return 0;
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct fixture *fixture = arg;

	fixture->answer_count++;
	fixture->failure = response->failure;
	fixture->status = response->status;
	buf_clear(&fixture->body);
	buf_add_str(&fixture->body, response->body);
}

static void
send_it(struct fixture *fixture, const char *method, struct str body,
    size_t bytes_max)
{
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%u/x", fixture->port);
	http_send(http_client_port(fixture->client),
	    &(struct message_request){
		.method = str_of(method),
		.url = str_of(url),
		.body = body,
		.timeout_ms = 20000,
		.response_bytes_max = bytes_max,
		.ca = buf_str(&fixture->identity.certificate_pem),
	    },
	    answered_cb, fixture);
}

static void
run_until(struct fixture *fixture, size_t count)
{
	while (fixture->answer_count < count)
		assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE), 0);
}

static struct str
long_body(struct fixture *fixture, size_t bytes)
{
	buf_clear(&fixture->sent);
	while (fixture->sent.bytes < bytes)
		buf_add_cstr(&fixture->sent, "0123456789abcdef");
	return buf_str(&fixture->sent);
}

static void
test_answer_comes_with_its_status(void **state)
{
	struct fixture *fixture = *state;

	send_it(fixture, "GET", (struct str){NULL, 0}, 0);
	run_until(fixture, 1);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_int_equal(fixture->status, 404);
}

static void
test_body_arrives_whole_and_comes_back_whole(void **state)
{
	struct fixture *fixture = *state;
	struct str body = long_body(fixture, 300 * 1000);

	send_it(fixture, "POST", body, 0);
	run_until(fixture, 1);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_int_equal(fixture->status, 200);
	assert_true(str_equal(buf_str(&fixture->body), body));
}

static void
test_many_share_a_connection(void **state)
{
	struct fixture *fixture = *state;

	send_it(fixture, "POST", STR("first"), 0);
	run_until(fixture, 1);
	for (size_t i = 0; i < 50; i++)
		send_it(fixture, "POST", STR("{}"), 0);
	run_until(fixture, 51);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_string_equal(buf_cstr(&fixture->body), "{}");
}

static void
test_answer_over_the_bound_is_given_up_alone(void **state)
{
	struct fixture *fixture = *state;

	send_it(fixture, "POST", long_body(fixture, 300 * 1000), 1000);
	run_until(fixture, 1);
	assert_int_equal(fixture->failure, MESSAGE_TOO_LARGE);
	send_it(fixture, "POST", STR("after"), 1000);
	run_until(fixture, 2);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_string_equal(buf_cstr(&fixture->body), "after");
}

static void
test_server_that_is_gone_gives_no_answer(void **state)
{
	struct fixture *fixture = *state;

	send_it(fixture, "POST", STR("{}"), 0);
	run_until(fixture, 1);
	daemon_stop(fixture->server);
	fixture->server = 0;
	send_it(fixture, "POST", STR("{}"), 0);
	run_until(fixture, 2);
	assert_int_not_equal(fixture->failure, MESSAGE_OK);
	assert_int_equal(fixture->status, 0);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_answer_comes_with_its_status),
		CASE(test_body_arrives_whole_and_comes_back_whole),
		CASE(test_many_share_a_connection),
		CASE(test_answer_over_the_bound_is_given_up_alone),
		CASE(test_server_that_is_gone_gives_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
