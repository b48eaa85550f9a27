/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/http.h"

#include "identity.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct wire wire;
	struct identity server;
	struct identity person;
	SSL_CTX *tls;
	bool is_answered;
	enum message_failure failure;
	int status;
};

/* ----------------------------------------------------------------- fixture */

static void
serve_as(struct fixture *fixture, const struct identity *identity)
{
	SSL_CTX_free(fixture->tls);
	fixture->tls = identity_server(identity);
	fixture->wire.tls = fixture->tls;
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->base = event_base_new();
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	wire_open(&fixture->wire, fixture->base, wire_answer_ok);
	identity_init(&fixture->server, "IP:127.0.0.1", 3600);
	identity_init(&fixture->person, "DNS:person", 3600);
	serve_as(fixture, &fixture->server);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_client_free(&fixture->client);
	wire_close(&fixture->wire);
	identity_fini(&fixture->server);
	identity_fini(&fixture->person);
	SSL_CTX_free(fixture->tls);
	event_base_free(fixture->base);
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
exchange(struct fixture *fixture, const struct message_request *request)
{
	fixture->is_answered = false;
	http_send(http_client_port(fixture->client), request, answered_cb,
	    fixture);
	while (!fixture->is_answered)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	return fixture->failure;
}

static struct message_request
post_to(struct fixture *fixture)
{
	return (struct message_request){
		.method = STR_INIT("POST"),
		.url = str_of(wire_url(&fixture->wire, "/")),
		.body = STR_INIT("{}"),
		.timeout_ms = 5000,
		.ca = buf_str(&fixture->server.certificate_pem),
	};
}

/* ------------------------------------------------------------------- tests */

static void
test_trusted_server_is_spoken_to(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	assert_int_equal(fixture->wire.connection_count, 1);
}

static void
test_server_that_nobody_vouches_for_gets_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	request.ca = (struct str){NULL, 0};
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	assert_int_equal(fixture->wire.request_count, 0);
}

static void
test_trust_of_one_request_is_not_lent_to_the_next(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	request.ca = (struct str){NULL, 0};
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	assert_int_equal(fixture->wire.request_count, 1);
}

static void
test_trust_may_be_a_file(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);
	char path[] = "/tmp/stated-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, request.ca.at, request.ca.bytes),
	    request.ca.bytes);
	close(fd);
	request.ca = str_of(path);
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	request.ca = (struct str){NULL, 0};
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	unlink(path);
	request.ca = STR("/nonexistent/ca.pem");
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
}

static void
test_certificate_of_another_host_is_not_accepted(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);
	struct identity other = {0};

	identity_init(&other, "DNS:other.example", 3600);
	serve_as(fixture, &other);
	request.ca = buf_str(&other.certificate_pem);
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	assert_int_equal(fixture->wire.request_count, 0);
	identity_fini(&other);
}

static void
test_expired_certificate_is_not_accepted(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);
	struct identity old = {0};

	identity_init(&old, "IP:127.0.0.1", -3600);
	serve_as(fixture, &old);
	request.ca = buf_str(&old.certificate_pem);
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	identity_fini(&old);
}

static void
test_handshake_without_a_common_cipher_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	serve_as(fixture, NULL);
	assert_int_equal(exchange(fixture, &request), MESSAGE_TLS);
	assert_int_equal(fixture->wire.request_count, 0);
}

static void
require_person(struct fixture *fixture, int version)
{
	X509_STORE *trusted = SSL_CTX_get_cert_store(fixture->tls);

	X509_STORE_add_cert(trusted, fixture->person.certificate);
	SSL_CTX_set_verify(fixture->tls,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_max_proto_version(fixture->tls, version);
}

static void
test_client_certificate_is_shown(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	require_person(fixture, TLS1_3_VERSION);
	request.client_certificate = buf_str(&fixture->person.both_pem);
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	assert_int_equal(fixture->wire.request_count, 1);
	/* Nor is a connection made with it used without it. */
	request.client_certificate = (struct str){NULL, 0};
	assert_int_not_equal(exchange(fixture, &request), MESSAGE_OK);
	assert_int_equal(fixture->wire.request_count, 1);
}

static void
test_missing_client_certificate_did_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	/* TLS 1.3 refuses after the handshake, when bytes may have left. */
	require_person(fixture, TLS1_3_VERSION);
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	SSL_CTX_set_max_proto_version(fixture->tls, TLS1_2_VERSION);
	assert_int_equal(exchange(fixture, &request), MESSAGE_TLS);
	assert_int_equal(fixture->wire.request_count, 0);
}

static void
test_client_certificate_of_a_stranger_did_nothing(void **state)
{
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);
	struct identity stranger = {0};

	identity_init(&stranger, "DNS:stranger", 3600);
	request.client_certificate = buf_str(&stranger.both_pem);
	for (size_t i = 0; i < 2; i++) {
		require_person(fixture, versions[i]);
		assert_int_equal(
		    exchange(fixture, &request), MESSAGE_CERTIFICATE);
	}
	assert_int_equal(fixture->wire.request_count, 0);
	identity_fini(&stranger);
}

static void
test_client_certificate_that_is_none_is_not_used(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	request.client_certificate = STR("not a certificate");
	assert_int_equal(exchange(fixture, &request), MESSAGE_CERTIFICATE);
	assert_int_equal(fixture->wire.request_count, 0);
}

static void
test_post_on_a_kept_tls_connection_arrives_once(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	fixture->wire.answer = wire_answer_first_then_hang_up;
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
	assert_int_equal(exchange(fixture, &request), MESSAGE_RESET);
	while (fixture->wire.open_count > 0)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	assert_int_equal(fixture->wire.request_count, 2);
}

/* Only the goodbye of TLS tells the end of a body without a length from a
 * connection that somebody cut. */
static void
test_body_that_was_cut_is_not_taken_for_a_whole_one(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	fixture->wire.answer = wire_answer_text_and_hang_up;
	fixture->wire.text = "HTTP/1.1 200 OK\r\n\r\n12345";
	assert_int_equal(exchange(fixture, &request), MESSAGE_TRUNCATED);
	fixture->wire.text =
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345";
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
}

static void
test_body_that_ends_with_a_goodbye_is_whole(void **state)
{
	struct fixture *fixture = *state;
	struct message_request request = post_to(fixture);

	fixture->wire.answer = wire_answer_text_and_hang_up;
	fixture->wire.says_goodbye = true;
	fixture->wire.text = "HTTP/1.1 200 OK\r\n\r\n12345";
	assert_int_equal(exchange(fixture, &request), MESSAGE_OK);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_trusted_server_is_spoken_to),
		CASE(test_server_that_nobody_vouches_for_gets_nothing),
		CASE(test_trust_of_one_request_is_not_lent_to_the_next),
		CASE(test_trust_may_be_a_file),
		CASE(test_certificate_of_another_host_is_not_accepted),
		CASE(test_expired_certificate_is_not_accepted),
		CASE(test_handshake_without_a_common_cipher_is_not_sent),
		CASE(test_client_certificate_is_shown),
		CASE(test_missing_client_certificate_did_nothing),
		CASE(test_client_certificate_of_a_stranger_did_nothing),
		CASE(test_client_certificate_that_is_none_is_not_used),
		CASE(test_post_on_a_kept_tls_connection_arrives_once),
		CASE(test_body_that_was_cut_is_not_taken_for_a_whole_one),
		CASE(test_body_that_ends_with_a_goodbye_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
