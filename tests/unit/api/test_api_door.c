/* SPDX-License-Identifier: Apache-2.0 */
/* The server's bounds, its addresses and TLS. */
#include "api_server.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const char health[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static bool
is_answered(int fd)
{
	char bytes[2048];

	return read(fd, bytes, sizeof(bytes)) > 0;
}

static void
test_connections_over_the_bound_wait_for_room(void **state)
{
	struct api_server *server = api_server_new();
	int fds[3], late;

	(void)state;
	server->options.limits.connections_max = 3;
	api_server_open(server);
	for (int i = 0; i < 3; i++) {
		fds[i] = api_server_connect(server);
		say(fds[i], health);
		assert_true(is_answered(fds[i]));
	}
	late = api_server_connect(server);
	say(late, health);
	assert_false(is_answered(late)); /* for a second */
	close(fds[1]);
	assert_true(is_answered(late));
	close(late);
	close(fds[0]);
	close(fds[2]);
	api_server_free(&server);
}

static void
test_requests_over_the_bound_are_429(void **state)
{
	struct api_server *server = api_server_new();
	struct answer answer;
	int fd;

	(void)state;
	server->options.limits.requests_max = 1;
	api_server_open(server);
	fd = api_server_connect(server);
	say(fd, "POST /v1/workflows/slow/instances?wait=5s HTTP/1.1\r\n"
		"Host: x\r\nContent-Type: application/json\r\n"
		"Content-Length: 12\r\n\r\n{\"input\":{}}");
	usleep(100 * 1000);
	answer = api_server_get(server, "/v1/tasks");
	answer_must_be_problem(&answer, 429, "overloaded");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	close(fd);
	api_server_free(&server);
}

/* 8 MiB together; what is small finds room all the same. */
static void
test_large_bodies_over_the_bound_are_429(void **state)
{
	struct api_server *server = api_server_new();
	struct buf body = {0}, request = {0};
	struct answer answer;
	int fds[8];

	(void)state;
	api_server_open(server);
	buf_add_cstr(&body, "{\"input\":{\"text\":\"");
	while (body.bytes < 1040000)
		buf_add_cstr(&body, "a text that is long, as there are many, ");
	buf_add_cstr(&body, "\"}}");
	buf_addf(&request,
	    "POST /v1/workflows/slow/instances?wait=5m HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n", body.bytes);
	buf_add_str(&request, buf_str(&body));
	for (int i = 0; i < 8; i++) {
		fds[i] = api_server_connect(server);
		say(fds[i], buf_cstr(&request));
	}
	do
		answer = api_server_post(server,
		    "/v1/workflows/refund/instances", buf_cstr(&body));
	while (answer.status != 429 && usleep(20 * 1000) == 0);
	answer_must_be_problem(&answer, 429, "overloaded");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	answer = api_server_post(server, "/v1/workflows/refund/instances",
	    "{\"input\":{\"reference\":\"small\"}}");
	answer_must_be(&answer, 201);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	buf_fini(&body);
	buf_fini(&request);
	api_server_free(&server);
}

static void
test_silent_connection_is_closed(void **state)
{
	struct api_server *server = api_server_new();
	char byte;
	int fd;

	(void)state;
	server->options.limits.idle_ms = 200;
	api_server_open(server);
	fd = api_server_connect(server);
	say(fd, "GET /healthz HTTP/1.1\r\nHost:");
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
	api_server_free(&server);
}

static void
test_request_that_comes_byte_by_byte_is_not_waited_for(void **state)
{
	struct api_server *server = api_server_new();
	struct pollfd peer = {.events = POLLIN};
	size_t bytes = 0;

	(void)state;
	server->options.limits.idle_ms = 500;
	api_server_open(server);
	peer.fd = api_server_connect(server);
	say(peer.fd, "GET /healthz HTTP/1.1\r\nX-Slow: ");
	while (poll(&peer, 1, 50) == 0 && ++bytes < 400)
		(void)!write(peer.fd, "x", 1);
	assert_true(bytes < 400);
	assert_false(is_answered(peer.fd));
	close(peer.fd);
	api_server_free(&server);
}

static void
test_answer_that_is_not_taken_is_not_waited_for(void **state)
{
	struct api_server *server = api_server_new();
	char bytes[65536];
	ssize_t got;
	int fd;

	(void)state;
	server->options.limits.idle_ms = 300;
	api_server_open(server);
	fd = api_server_connect(server);
	/* More than the kernel keeps for us. */
	for (int i = 0; i < 2000; i++)
		say(fd, "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
	sleep(2);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		continue;
	/* What the kernel had, and then the end. */
	assert_true(got == 0 || errno == ECONNRESET);
	close(fd);
	api_server_free(&server);
}

static void
test_the_longest_silent_makes_room(void **state)
{
	struct api_server *server = api_server_new();
	int fds[3], late;

	(void)state;
	server->options.limits.connections_max = 3;
	server->options.limits.idle_ms = 6000; /* a tenth is left in peace */
	api_server_open(server);
	for (int i = 0; i < 3; i++) {
		fds[i] = api_server_connect(server);
		say(fds[i], health);
		assert_true(is_answered(fds[i]));
		usleep(300 * 1000);
	}
	late = api_server_connect(server);
	say(late, health);
	assert_true(is_answered(late));
	assert_false(is_answered(fds[0])); /* its end */
	say(fds[2], health);
	assert_true(is_answered(fds[2]));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(late);
	api_server_free(&server);
}

static void
test_stopping_engine_is_503(void **state)
{
	struct api_server *server = api_server_new();
	struct answer answer;

	(void)state;
	api_server_open(server);
	api_server_drain_engine(server);
	usleep(50 * 1000);
	answer = api_server_post(
	    server, "/v1/workflows/late/instances", "{\"input\":{}}");
	answer_must_be_problem(&answer, 503, "unavailable");
	assert_true(answer_header(&answer, "Retry-After").bytes > 0);
	answer = api_server_post(server, "/v1/events",
	    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
	    "\"type\":\"bank.settled\",\"subject\":\"x\"}");
	answer_must_be_problem(&answer, 503, "unavailable");
	answer = api_server_get(server, "/readyz");
	answer_must_be_problem(&answer, 503, "unavailable");
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
	api_server_free(&server);
}

/* ---- addresses ---- */

static void
expect_refusal(struct api_server *server, const char *address, const char *why)
{
	struct api_options options = server->options;
	struct api_listener listener = {.address = str_of(address)};
	struct buf detail = {0};

	options.base = event_base_new();
	options.listeners = &listener;
	options.listener_count = 1;
	assert_null(api_new(&options, &detail));
	if (str_find(buf_str(&detail), str_of(why)) == SIZE_MAX)
		fail_msg("%s: %s", address, buf_cstr(&detail));
	buf_fini(&detail);
	event_base_free(options.base);
}

static void
test_addresses_that_cannot_be_had_are_told(void **state)
{
	struct api_server *server = api_server_new();

	(void)state;
	api_server_open(server);
	api_server_rest(server);
	expect_refusal(server, "8380", "HOST:PORT");
	expect_refusal(server, "127.0.0.1:", "HOST:PORT");
	expect_refusal(server, "127.0.0.1:http", "is no address");
	expect_refusal(server,
	    arena_strf(server->arena, "127.0.0.1:%u", server->port).at,
	    "another program listens there");
	server->options.tls_certificate = STR("/nowhere.pem");
	server->options.tls_key = STR("/nowhere.pem");
	expect_refusal(server, "127.0.0.1:0", "/nowhere.pem");
	server->options.tls_certificate = (struct str){NULL, 0};
	api_server_free(&server);
}

static void
test_inherited_socket_is_served(void **state)
{
	struct api_server *server = api_server_new();
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct api_listener listener = {
	    .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	struct answer answer;

	(void)state;
	assert_int_equal(
	    bind(listener.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener.fd, 8), 0);
	server->options.listeners = &listener;
	server->options.listener_count = 1;
	api_server_open(server);
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
	api_server_free(&server);
}

/* Who opened it keeps it for the next one. */
static void
test_draining_server_leaves_an_inherited_socket_alone(void **state)
{
	struct api_server *server = api_server_new();
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct api_listener listener = {
	    .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	int kept, caller, taken;

	(void)state;
	assert_int_equal(
	    bind(listener.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener.fd, 8), 0);
	kept = dup(listener.fd);
	server->options.listeners = &listener;
	server->options.listener_count = 1;
	api_server_open(server);
	api_server_drain(server);
	usleep(50 * 1000);
	caller = api_server_connect(server);
	taken = accept(kept, NULL, NULL);
	assert_true(taken >= 0);
	close(taken);
	close(caller);
	close(kept);
	api_server_free(&server);
}

/* ---- TLS ---- */

static void
sign(X509 *certificate, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *address = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"stated test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_add_ext(certificate, address, -1);
	X509_EXTENSION_free(address);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
}

static void
write_pair(const char *certificate_path, const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	FILE *file;

	sign(certificate, key);
	file = fopen(certificate_path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	file = fopen(key_path, "w");
	assert_non_null(file);
	assert_int_equal(
	    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void
test_tls_is_spoken_where_there_is_a_certificate(void **state)
{
	struct api_server *server = api_server_new();
	struct str certificate, key;
	struct answer answer;

	(void)state;
	certificate =
	    arena_strf(server->arena, "%s/certificate.pem", server->directory);
	key = arena_strf(server->arena, "%s/key.pem", server->directory);
	write_pair(certificate.at, key.at);
	server->options.tls_certificate = certificate;
	server->options.tls_key = key;
	api_server_open(server);
	answer = api_server_get(server, "/healthz");
	answer_must_be(&answer, 200);
	assert_true(
	    answer_header(&answer, "Strict-Transport-Security").bytes > 0);
	api_server_start(server, "r-1");
	answer = api_server_get(server, "/v1/export");
	answer_must_be(&answer, 200);
	answer = api_server_ask(server, "BREW", "/v1/tasks", NULL, NULL);
	answer_must_be_problem(&answer, 501, "unknown-method");
	api_server_free(&server);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connections_over_the_bound_wait_for_room),
	    cmocka_unit_test(test_requests_over_the_bound_are_429),
	    cmocka_unit_test(test_large_bodies_over_the_bound_are_429),
	    cmocka_unit_test(test_silent_connection_is_closed),
	    cmocka_unit_test(
		test_request_that_comes_byte_by_byte_is_not_waited_for),
	    cmocka_unit_test(test_answer_that_is_not_taken_is_not_waited_for),
	    cmocka_unit_test(test_the_longest_silent_makes_room),
	    cmocka_unit_test(test_stopping_engine_is_503),
	    cmocka_unit_test(test_addresses_that_cannot_be_had_are_told),
	    cmocka_unit_test(test_inherited_socket_is_served),
	    cmocka_unit_test(
		test_draining_server_leaves_an_inherited_socket_alone),
	    cmocka_unit_test(test_tls_is_spoken_where_there_is_a_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
