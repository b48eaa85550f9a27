/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_broker.c: messages to a real RabbitMQ and from it, over TCP and
 * TLS, and what is said of brokers that are none, silent or gone.
 */
#include "stated/http.h"
#include "stated/json.h"

#include "identity.h"
#include "rabbit.h"

#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct rabbit rabbit;
static struct identity identity; /* the broker's and ours: it trusts itself */
static bool has_rabbit;

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct message_broker broker;
	struct message_publish publish;
	struct message_request request;
	size_t answers;
	enum message_failure failure;
	int status;
	char text[512];
	/* of a queue */
	struct http_source *source;
	size_t delivered;
	size_t settled_later;
	int state; /* the last one told of */
	char last[256];
	char last_type[64];
	enum http_settlement settlement;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->base = event_base_new();
	fixture->client = http_client_new(
	    fixture->base, (struct http_client_options){0});
	fixture->broker = (struct message_broker){
		.host = STR_INIT("127.0.0.1"),
		.port = str_of(rabbit.ports[RABBIT_PORT]),
		.vhost = STR_INIT("/"),
		.user = STR_INIT("guest"),
		.password = STR_INIT("guest"),
		.heartbeat_ms = 4000,
	};
	fixture->publish = (struct message_publish){
		.exchange = STR_INIT(""),
		.routing_key = STR_INIT("plain"),
		.message_id = STR_INIT("m-1"),
		.content_type = STR_INIT("text/plain"),
		.is_mandatory = true,
	};
	fixture->request = (struct message_request){
		.broker = &fixture->broker,
		.publish = &fixture->publish,
		.method = STR_INIT("PUBLISH"),
		.url = STR_INIT("amqp://127.0.0.1"),
		.body = STR_INIT("hello"),
		.timeout_ms = 20000,
	};
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_source_close(&fixture->source);
	http_client_free(&fixture->client);
	event_base_free(fixture->base);
	free(fixture);
	return 0;
}

static void
done_cb(const struct message_response *response, void *arg)
{
	struct fixture *fixture = arg;
	struct str text = response->failure == MESSAGE_OK ? response->body
							   : response->detail;

	fixture->answers++;
	fixture->failure = response->failure;
	fixture->status = response->status;
	snprintf(fixture->text, sizeof(fixture->text), "%.*s", STR_ARG(text));
}

static void
run_until(struct fixture *fixture, const size_t *count, size_t wanted)
{
	for (int i = 0; i < 6000 && *count < wanted; i++) {
		struct timeval soon = {0, 10 * 1000};

		event_base_loopexit(fixture->base, &soon);
		event_base_dispatch(fixture->base);
	}
	assert_int_equal(*count, wanted);
}

static void
send_request(struct fixture *fixture)
{
	http_send(http_client_port(fixture->client), &fixture->request,
	    done_cb, fixture);
}

static void
exchange(struct fixture *fixture)
{
	size_t before = fixture->answers;

	send_request(fixture);
	run_until(fixture, &fixture->answers, before + 1);
}

static void
need_rabbit(void)
{
	if (!has_rabbit)
		skip();
}

/* ---- messages ---- */

static void
test_message_is_confirmed(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_int_equal(fixture->status, 200);
	assert_string_equal(fixture->text, "{\"message_id\":\"m-1\"}");
	assert_int_equal(rabbit_count(&rabbit, "plain"), 1);
}

static void
test_greeting_only_opens_a_channel(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	fixture->request.publish = NULL;
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
}

static void
test_what_the_broker_refuses_was_not_done(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	fixture->publish.routing_key = STR("no-such-queue");
	exchange(fixture);
	assert_int_equal(fixture->status, 312);
	fixture->publish.is_mandatory = false;
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
	fixture->publish.exchange = STR("no-such-exchange");
	exchange(fixture);
	assert_int_equal(fixture->status, 404);
	assert_non_null(strstr(fixture->text, "no-such-exchange"));
	/* The connection is as good as before. */
	fixture->publish.exchange = STR("");
	fixture->publish.routing_key = STR("plain");
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
}

static void
test_many_at_once_are_each_answered_for_themselves(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	for (size_t i = 0; i < 200; i++) {
		fixture->publish.exchange =
		    i % 10 == 9 ? STR("no-such-exchange") : STR("");
		send_request(fixture);
	}
	assert_int_equal(http_client_active(fixture->client), 200);
	run_until(fixture, &fixture->answers, 200);
	assert_int_equal(http_client_active(fixture->client), 0);
}

static void
test_large_message_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	size_t bytes = 3 * 1024 * 1024;
	char *text = malloc(bytes);

	need_rabbit();
	memset(text, 'x', bytes);
	fixture->request.body = (struct str){text, bytes};
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
	free(text);
}

static void
test_who_is_not_known_is_not_let_in(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	fixture->broker.password = STR("wrong");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_OK);
	assert_int_equal(fixture->status, 401);
	fixture->broker.password = STR("guest");
	fixture->broker.vhost = STR("no-such-vhost");
	exchange(fixture);
	assert_int_equal(fixture->status, 530);
}

static void
test_broker_that_stands_still_leaves_a_doubt(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
	rabbit_halt(&rabbit);
	fixture->request.timeout_ms = 500;
	exchange(fixture);
	must(kill(rabbit.broker, SIGCONT) == 0);
	assert_int_equal(fixture->failure, MESSAGE_TIMEOUT);
	fixture->request.timeout_ms = 20000;
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
}

static void
test_broker_that_is_killed_leaves_a_doubt(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	exchange(fixture);
	rabbit_halt(&rabbit);
	send_request(fixture);
	for (int i = 0; i < 20; i++) {
		struct timeval soon = {0, 10 * 1000};

		event_base_loopexit(fixture->base, &soon);
		event_base_dispatch(fixture->base);
	}
	rabbit_kill(&rabbit);
	run_until(fixture, &fixture->answers, 2);
	assert_int_equal(fixture->failure, MESSAGE_RESET);
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_UNREACHABLE);
	rabbit_start(&rabbit);
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
}

/* ---- over TLS ---- */

static void
speak_tls(struct fixture *fixture)
{
	fixture->broker.is_tls = true;
	fixture->broker.port = str_of(rabbit.ports[RABBIT_TLS]);
	fixture->request.ca = buf_str(&identity.certificate_pem);
}

static void
test_broker_proves_itself(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	speak_tls(fixture);
	exchange(fixture);
	assert_string_equal(fixture->text, "{\"message_id\":\"m-1\"}");
	/* By its name, which isn't in the certificate. */
	fixture->broker.host = STR("localhost");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_CERTIFICATE);
	fixture->broker.host = STR("127.0.0.1");
	fixture->request.ca = (struct str){NULL, 0};
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_CERTIFICATE);
	fixture->request.ca = STR("no certificate");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_CERTIFICATE);
}

static void
test_we_are_who_our_certificate_says(void **state)
{
	struct fixture *fixture = *state;
	struct identity guest = {0}, nobody = {0};

	need_rabbit();
	speak_tls(fixture);
	identity_init_signed(&guest, &identity, "guest");
	identity_init_signed(&nobody, &identity, "nobody");
	fixture->broker.user = (struct str){NULL, 0};
	fixture->request.client_certificate = buf_str(&guest.both_pem);
	exchange(fixture);
	assert_int_equal(fixture->status, 200);
	fixture->request.client_certificate = buf_str(&nobody.both_pem);
	exchange(fixture);
	assert_int_equal(fixture->status, 401);
	identity_fini(&guest);
	identity_fini(&nobody);
	fixture->request.client_certificate = STR("no certificate");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_CERTIFICATE);
}

/* ---- queues ---- */

static void
delivered_cb(struct http_delivery *delivery,
    const struct message_response *message, void *arg)
{
	struct fixture *fixture = arg;
	struct str type = message_find_header(message->headers,
	    message->header_count, STR("content-type"));

	fixture->delivered++;
	snprintf(fixture->last, sizeof(fixture->last), "%.*s",
	    STR_ARG(message->body));
	snprintf(fixture->last_type, sizeof(fixture->last_type), "%.*s",
	    STR_ARG(type));
	http_delivery_settle(&delivery, fixture->settlement, 50);
}

static void
changed_cb(const struct message_response *state, void *arg)
{
	struct fixture *fixture = arg;

	fixture->state = state->failure == MESSAGE_OK ? state->status : -1;
}

static void
listen_to(struct fixture *fixture, const char *queue)
{
	struct http_port *port = http_client_port(fixture->client);
	const struct http_listener listener = {
		.queue = str_of(queue),
		.prefetch = 3,
		.delivered = delivered_cb,
		.changed = changed_cb,
		.arg = fixture,
	};

	fixture->request.response_bytes_max = 1000;
	fixture->source = port->listen(port, &fixture->request, &listener);
}

static void
run_until_state(struct fixture *fixture, int state)
{
	for (int i = 0; i < 3000 && fixture->state != state; i++) {
		struct timeval soon = {0, 10 * 1000};

		event_base_loopexit(fixture->base, &soon);
		event_base_dispatch(fixture->base);
	}
	assert_int_equal(fixture->state, state);
}

static bool
five_cb(struct rabbit_message *message, size_t index, void *arg)
{
	(void)arg;
	strcpy(message->type, "text/plain");
	snprintf(message->text, sizeof(message->text), "text %zu", index);
	return index < 5;
}

static void
test_messages_come_and_are_settled(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	rabbit_send(&rabbit, "in", five_cb, NULL);
	fixture->settlement = SETTLE_TAKEN;
	listen_to(fixture, "in");
	run_until(fixture, &fixture->delivered, 5);
	assert_string_equal(fixture->last, "text 4");
	assert_string_equal(fixture->last_type, "text/plain");
	fixture->settlement = SETTLE_REFUSED;
	rabbit_send(&rabbit, "in", five_cb, NULL);
	run_until(fixture, &fixture->delivered, 10);
	/* One that is larger than we take goes the same way. */
	fixture->publish.routing_key = STR("in");
	fixture->request.body = (struct str){calloc(2000, 1), 2000};
	exchange(fixture);
	free((char *)(uintptr_t)fixture->request.body.at);
	fixture->settlement = SETTLE_TAKEN;
	for (int i = 0; i < 500 && rabbit_count(&rabbit, "dead") < 6; i++)
		usleep(10 * 1000);
	assert_int_equal(rabbit_count(&rabbit, "dead"), 6);
	assert_int_equal(rabbit_count(&rabbit, "in"), 0);
	assert_int_equal(fixture->delivered, 10);
}

static void
test_what_is_put_off_comes_again(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	fixture->settlement = SETTLE_LATER;
	listen_to(fixture, "again");
	rabbit_send(&rabbit, "again", five_cb, NULL);
	for (int i = 0; i < 3000 && fixture->delivered < 12; i++) {
		struct timeval soon = {0, 10 * 1000};

		event_base_loopexit(fixture->base, &soon);
		event_base_dispatch(fixture->base);
	}
	assert_true(fixture->delivered >= 12);
	/* What is not settled is the next one's. */
	http_source_close(&fixture->source);
	for (int i = 0; i < 500 && rabbit_count(&rabbit, "again") < 5; i++)
		usleep(10 * 1000);
	assert_int_equal(rabbit_count(&rabbit, "again"), 5);
}

static void
test_queue_that_is_not_there_is_told(void **state)
{
	struct fixture *fixture = *state;

	need_rabbit();
	listen_to(fixture, "no-such-queue");
	run_until_state(fixture, 404);
	rabbit_declare(&rabbit, "no-such-queue", NULL);
	run_until_state(fixture, 200);
	rabbit_remove(&rabbit, "no-such-queue");
	run_until_state(fixture, 404);
}

/* ---- what is no broker ---- */

/* A socket that takes connections and never says a word. */
static int
listen_in_silence(char port[8])
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&at, bytes) == 0);
	must(listen(fd, 16) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &bytes) == 0);
	snprintf(port, 8, "%u", ntohs(at.sin_port));
	return fd;
}

static void
test_nothing_leaves_where_there_is_no_broker(void **state)
{
	struct fixture *fixture = *state;
	char port[8];
	int fd = listen_in_silence(port);

	fixture->broker.port = str_of(port);
	fixture->request.timeout_ms = 300;
	exchange(fixture);
	assert_true(fixture->failure == MESSAGE_UNREACHABLE ||
	    fixture->failure == MESSAGE_UNSENT);
	fixture->broker.is_tls = true;
	exchange(fixture);
	assert_true(fixture->failure == MESSAGE_TLS ||
	    fixture->failure == MESSAGE_UNREACHABLE);
	close(fd);
	fixture->broker.is_tls = false;
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_UNREACHABLE);
	fixture->broker.host = STR("no-such-host.invalid");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_UNRESOLVED);
}

static void
test_client_ends_while_all_is_silent(void **state)
{
	struct fixture *fixture = *state;
	char port[8];
	int fd = listen_in_silence(port);

	fixture->broker.port = str_of(port);
	fixture->request.timeout_ms = 1000;
	send_request(fixture);
	listen_to(fixture, "a");
	http_client_free(&fixture->client);
	fixture->source = NULL;
	assert_int_equal(fixture->answers, 0);
	close(fd);
	fixture->client = http_client_new(
	    fixture->base, (struct http_client_options){0});
}

/* All that the system gives us; returns how many. */
static size_t
hoard_descriptors(int *hoard, size_t max)
{
	size_t count = 0;

	while (count < max &&
	    (hoard[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	assert_in_range(count, 1, max - 1);
	return count;
}

static void
test_it_begins_when_the_system_has_descriptors_again(void **state)
{
	struct fixture *fixture = *state;
	int hoard[512];
	struct rlimit before, few;
	size_t count;
	char port[8];

	close(listen_in_silence(port));
	fixture->broker.port = str_of(port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	count = hoard_descriptors(hoard, 512);
	fixture->request.timeout_ms = 100;
	listen_to(fixture, "a");
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_UNSENT);
	while (count > 0)
		close(hoard[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	fixture->request.timeout_ms = 5000;
	exchange(fixture);
	assert_int_equal(fixture->failure, MESSAGE_UNREACHABLE);
	run_until_state(fixture, -1);
}

static int
open_rabbit(void **state)
{
	(void)state;
	identity_init(&identity, "IP:127.0.0.1", 3600);
	has_rabbit = rabbit_is_there();
	if (!has_rabbit)
		return 0;
	rabbit_open(&rabbit, buf_cstr(&identity.both_pem));
	rabbit_declare(&rabbit, "plain", NULL);
	rabbit_declare(&rabbit, "dead", NULL);
	rabbit_declare(&rabbit, "in", "dead");
	rabbit_declare(&rabbit, "again", NULL);
	return 0;
}

static int
close_rabbit(void **state)
{
	(void)state;
	if (has_rabbit)
		rabbit_close(&rabbit);
	identity_fini(&identity);
	return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_message_is_confirmed),
		TEST(test_greeting_only_opens_a_channel),
		TEST(test_what_the_broker_refuses_was_not_done),
		TEST(test_many_at_once_are_each_answered_for_themselves),
		TEST(test_large_message_arrives_whole),
		TEST(test_who_is_not_known_is_not_let_in),
		TEST(test_broker_proves_itself),
		TEST(test_we_are_who_our_certificate_says),
		TEST(test_messages_come_and_are_settled),
		TEST(test_what_is_put_off_comes_again),
		TEST(test_queue_that_is_not_there_is_told),
		TEST(test_broker_that_stands_still_leaves_a_doubt),
		TEST(test_broker_that_is_killed_leaves_a_doubt),
		TEST(test_nothing_leaves_where_there_is_no_broker),
		TEST(test_client_ends_while_all_is_silent),
		TEST(test_it_begins_when_the_system_has_descriptors_again),
	};

	return cmocka_run_group_tests(tests, open_rabbit, close_rabbit);
}
