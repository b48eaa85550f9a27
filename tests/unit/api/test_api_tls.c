/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: the server's own, renewed under way, and those of clients. */
#include "api_server.h"
#include "provider.h"

#include "../http/identity.h"
#include "stated/digest.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a client that does as it is told ---- */

struct peer {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static bool
peer_open(struct peer *peer, struct api_server *server,
    const struct identity *identity, int version, const char *ciphers)
{
	peer->context = SSL_CTX_new(TLS_client_method());
	/* Else the library itself would not speak what is old. */
	SSL_CTX_set_security_level(peer->context, 0);
	if (version != 0) {
		SSL_CTX_set_min_proto_version(peer->context, version);
		SSL_CTX_set_max_proto_version(peer->context, version);
	}
	if (ciphers != NULL)
		assert_int_equal(
		    SSL_CTX_set_cipher_list(peer->context, ciphers), 1);
	if (identity != NULL) {
		SSL_CTX_use_certificate(peer->context, identity->certificate);
		SSL_CTX_use_PrivateKey(peer->context, identity->key);
	}
	peer->ssl = SSL_new(peer->context);
	peer->fd = api_server_connect(server);
	SSL_set_fd(peer->ssl, peer->fd);
	return SSL_connect(peer->ssl) == 1;
}

static void
peer_close(struct peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
	close(peer->fd);
	ERR_clear_error();
}

/* The answer's status and text; 0 where none came. */
static int
peer_ask(struct peer *peer, const char *target, const char *token,
    char text[8192])
{
	char request[4096];
	int bytes, have = 0;

	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: x\r\n%s%s%s\r\n", target,
	    token ? "Authorization: Bearer " : "", token ? token : "",
	    token ? "\r\n" : "");
	text[0] = '\0';
	if (SSL_write(peer->ssl, request, (int)strlen(request)) <= 0)
		return 0;
	do {
		bytes = SSL_read(peer->ssl, text + have, 8191 - have);
		have += bytes > 0 ? bytes : 0;
		text[have] = '\0';
	} while (bytes > 0 && strstr(text, "}\n") == NULL &&
		 strstr(text, "# EOF") == NULL);
	return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

static int
ask_once(struct api_server *server, const struct identity *identity,
    const char *target, const char *token, char text[8192])
{
	struct peer peer;
	int status = 0;

	if (peer_open(&peer, server, identity, 0, NULL))
		status = peer_ask(&peer, target, token, text);
	peer_close(&peer);
	return status;
}

/* ---- the server ---- */

static const struct str audits[] = {STR_INIT("auditor")};
static const struct str operates[] = {STR_INIT("operator")};
static const struct str administers[] = {STR_INIT("admin")};
static const struct str refunds[] = {STR_INIT("refund")};

static const struct api_certificate table[] = {
    {.san = STR_INIT("URI:spiffe://bank/ops"),
	.grant = {.name = STR_INIT("ops"), .roles = operates,
	    .role_count = 1}},
    {.san = STR_INIT("DNS:audit.example"),
	.grant = {.name = STR_INIT("audit"), .roles = audits, .role_count = 1,
	    .workflows = refunds, .workflow_count = 1}},
};

struct house {
	struct api_server *server;
	struct identity own, ops, audit, unknown, stranger;
	const char *certificate, *key, *clients;
	struct api_token token;
};

static void
write_text(const char *path, struct str text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text.at, 1, text.bytes, file), text.bytes);
	assert_int_equal(fclose(file), 0);
}

static void
write_own(const struct house *house, const struct identity *identity)
{
	write_text(house->certificate, buf_str(&identity->certificate_pem));
	write_text(house->key, buf_str(&identity->both_pem));
}

static void
write_clients(const struct house *house)
{
	struct buf all = {0};

	buf_add_str(&all, buf_str(&house->ops.certificate_pem));
	buf_add_str(&all, buf_str(&house->audit.certificate_pem));
	buf_add_str(&all, buf_str(&house->unknown.certificate_pem));
	write_text(house->clients, buf_str(&all));
	buf_fini(&all);
}

static struct house *
build(void **state)
{
	static struct house house;
	struct api_server *server = api_server_new();

	memset(&house, 0, sizeof(house));
	house.server = server;
	identity_init(&house.own, "IP:127.0.0.1", 3600);
	identity_init_as(&house.ops, "ops", "URI:spiffe://bank/ops", 3600);
	identity_init_as(&house.audit, "audit", "DNS:audit.example", 3600);
	identity_init_as(&house.unknown, "unknown", "DNS:nobody.example", 3600);
	identity_init_as(
	    &house.stranger, "ops", "URI:spiffe://bank/ops", 3600);
	house.certificate =
	    arena_strf(server->arena, "%s/own.pem", server->directory).at;
	house.key =
	    arena_strf(server->arena, "%s/own.key", server->directory).at;
	house.clients =
	    arena_strf(server->arena, "%s/ca.pem", server->directory).at;
	write_own(&house, &house.own);
	write_clients(&house);
	house.token = (struct api_token){.name = STR("root"),
	    .sha256 = digest_sha256(STR("t-root")), .roles = administers,
	    .role_count = 1};
	server->options.auth_required = true;
	server->options.tokens = &house.token;
	server->options.token_count = 1;
	server->options.certificates = table;
	server->options.certificate_count = COUNT_OF(table);
	server->options.tls_certificate = str_of(house.certificate);
	server->options.tls_key = str_of(house.key);
	server->options.tls_client_ca = str_of(house.clients);
	*state = &house;
	return &house;
}

static int
tear_down(void **state)
{
	struct house *house = *state;

	api_server_free(&house->server);
	identity_fini(&house->own);
	identity_fini(&house->ops);
	identity_fini(&house->audit);
	identity_fini(&house->unknown);
	identity_fini(&house->stranger);
	return 0;
}

/* ---- clients ---- */

static void
test_certificate_says_who_calls(void **state)
{
	struct house *house = build(state);
	struct api_server *server = house->server;
	char text[8192];

	api_server_open(server);
	assert_int_equal(
	    ask_once(server, &house->ops, "/v1/connections", NULL, text), 200);
	/* What its roles don't let it do it may not. */
	assert_int_equal(
	    ask_once(server, &house->ops, "/v1/tokens", NULL, text), 403);
	/* Limited as a token would be. */
	assert_int_equal(
	    ask_once(server, &house->audit, "/v1/connections", NULL, text),
	    403);
	assert_int_equal(
	    ask_once(server, &house->audit, "/v1/instances", NULL, text), 200);
	assert_int_equal(ask_once(server, &house->audit,
			     "/v1/definitions/payment", NULL, text), 404);
}

static void
test_certificate_that_nobody_has_opens_nothing(void **state)
{
	struct house *house = build(state);
	char text[8192];

	api_server_open(house->server);
	assert_int_equal(ask_once(house->server, &house->unknown,
			     "/v1/instances", NULL, text), 401);
	assert_non_null(strstr(text, "auth.certificates"));
	/* The same name by another authority: not even a handshake. */
	assert_int_equal(ask_once(house->server, &house->stranger,
			     "/v1/instances", NULL, text), 0);
	assert_int_equal(ask_once(house->server, &house->stranger,
			     "/healthz", NULL, text), 0);
}

static void
test_who_shows_none_needs_a_token(void **state)
{
	struct house *house = build(state);
	char text[8192];

	api_server_open(house->server);
	assert_int_equal(
	    ask_once(house->server, NULL, "/v1/instances", NULL, text), 401);
	assert_int_equal(ask_once(house->server, NULL, "/v1/instances",
			     "t-root", text), 200);
}

static void
test_certificate_may_be_required_of_all(void **state)
{
	struct house *house = build(state);
	char text[8192];

	house->server->options.tls_client_required = true;
	api_server_open(house->server);
	assert_int_equal(ask_once(house->server, NULL, "/v1/instances",
			     "t-root", text), 0);
	assert_int_equal(
	    ask_once(house->server, NULL, "/healthz", NULL, text), 0);
	assert_int_equal(ask_once(house->server, &house->unknown,
			     "/v1/instances", "t-root", text), 200);
}

static void
test_token_counts_where_both_are_shown(void **state)
{
	struct house *house = build(state);
	char text[8192];

	api_server_open(house->server);
	assert_int_equal(ask_once(house->server, &house->audit, "/v1/tokens",
			     "t-root", text), 200);
	/* A bad one isn't made good by the certificate. */
	assert_int_equal(ask_once(house->server, &house->ops,
			     "/v1/connections", "guess", text), 401);
}

static void
test_certificate_by_its_subject(void **state)
{
	static const struct api_certificate by_subject[] = {
	    {.subject = STR_INIT("CN=op"),
		.grant = {.name = STR_INIT("no"), .roles = administers,
		    .role_count = 1}},
	    {.subject = STR_INIT("CN=ops"),
		.grant = {.name = STR_INIT("it"), .roles = audits,
		    .role_count = 1}},
	};
	struct house *house = build(state);
	char text[8192];

	house->server->options.certificates = by_subject;
	api_server_open(house->server);
	assert_int_equal(ask_once(house->server, &house->ops,
			     "/v1/instances", NULL, text), 200);
	assert_int_equal(
	    ask_once(house->server, &house->ops, "/v1/tokens", NULL, text),
	    403);
}

static void
test_certificate_taken_out_of_the_table_opens_nothing(void **state)
{
	struct house *house = build(state);
	struct peer peer;
	char text[8192];

	api_server_open(house->server);
	assert_true(peer_open(&peer, house->server, &house->ops, 0, NULL));
	assert_int_equal(peer_ask(&peer, "/v1/instances", NULL, text), 200);
	api_server_revoke(house->server);
	usleep(50 * 1000);
	/* On the connection that is there, too. */
	assert_int_equal(peer_ask(&peer, "/v1/instances", NULL, text), 401);
	peer_close(&peer);
}

static void
test_bound_token_goes_with_its_certificate(void **state)
{
	struct house *house = build(state);
	struct api_server *server = house->server;
	struct provider *provider = provider_open();
	struct api_oidc oidc = {
	    .issuer = {.url = str_of(provider->url),
		.audience = STR("stated"), .skew_ms = 60000},
	    .name_claim = STR("sub"),
	    .roles_claim = STR("roles"),
	};
	unsigned char digest[32];
	unsigned int bytes = sizeof(digest);
	const char *token;
	struct str print;
	char text[8192];

	assert_int_equal(X509_digest(house->ops.certificate, EVP_sha256(),
			     digest, &bytes), 1);
	print = digest_base64url(
	    server->arena, (struct str){(char *)digest, bytes});
	token = provider_token(provider,
	    arena_strf(server->arena,
		",\"sub\":\"alice\",\"roles\":[\"auditor\"],"
		"\"cnf\":{\"x5t#S256\":\"%.*s\"}",
		STR_ARG(print))
		.at);
	server->options.oidc = &oidc;
	api_server_open(server);
	assert_int_equal(ask_once(server, &house->ops, "/v1/instances",
			     token, text), 200);
	assert_int_equal(ask_once(server, &house->audit, "/v1/instances",
			     token, text), 401);
	assert_int_equal(
	    ask_once(server, NULL, "/v1/instances", token, text), 401);
	provider_close(&provider);
}

/* ---- downgrade ---- */

static bool
is_spoken(struct house *house, int version, const char *ciphers)
{
	struct peer peer;
	bool is_open =
	    peer_open(&peer, house->server, NULL, version, ciphers);

	peer_close(&peer);
	return is_open;
}

static void
test_only_what_is_safe_is_spoken(void **state)
{
	static const char *const weak[] = {"AES128-SHA", "AES256-GCM-SHA384",
	    "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
	    "aNULL:@SECLEVEL=0", "eNULL:@SECLEVEL=0"};
	struct house *house = build(state);

	api_server_open(house->server);
	assert_true(is_spoken(house, TLS1_3_VERSION, NULL));
	assert_true(is_spoken(house, TLS1_2_VERSION, NULL));
	assert_false(is_spoken(house, TLS1_1_VERSION, NULL));
	assert_false(is_spoken(house, TLS1_VERSION, NULL));
	assert_false(is_spoken(house, TLS1_1_VERSION, "ALL:@SECLEVEL=0"));
	assert_true(is_spoken(
	    house, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"));
	for (size_t i = 0; i < COUNT_OF(weak); i++)
		assert_false(is_spoken(house, TLS1_2_VERSION, weak[i]));
}

/* The beginning of a handshake, a byte now and then. */
static void
test_handshake_that_comes_byte_by_byte_is_not_waited_for(void **state)
{
	static const char hello[] = "\x16\x03\x01\x3f\xff\x01";
	struct house *house = build(state);
	time_t begun = time(NULL);
	bool is_open = true;
	int fd;

	house->server->options.limits.idle_ms = 500;
	api_server_open(house->server);
	fd = api_server_connect(house->server);
	assert_int_equal(write(fd, hello, sizeof(hello) - 1), 6);
	while (is_open && time(NULL) - begun < 20) {
		is_open = write(fd, "", 1) == 1;
		usleep(50 * 1000);
	}
	assert_false(is_open);
	close(fd);
}

static void
test_plain_http_is_not_answered_where_tls_is_spoken(void **state)
{
	struct house *house = build(state);
	struct str text;

	api_server_open(house->server);
	text = api_server_say(
	    house->server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(str_find(text, STR("HTTP/1.")) == SIZE_MAX);
}

/* ---- what is sent is sent once ---- */

#define HEARD_MAX (4u * 1024 * 1024)

/* All that comes until the server ends the connection, which it has to. */
static struct str
hear_out(struct peer *peer, struct arena *arena)
{
	struct buf heard = buf_in(arena);
	char bytes[16384];
	int got;

	while ((got = SSL_read(peer->ssl, bytes, sizeof(bytes))) > 0) {
		buf_add(&heard, bytes, (size_t)got);
		assert_true(heard.bytes < HEARD_MAX);
	}
	assert_int_not_equal(SSL_get_error(peer->ssl, got),
	    SSL_ERROR_WANT_READ); /* it is silent */
	return buf_keep(&heard);
}

static struct str
say_and_hear_out(struct house *house, const char *text)
{
	struct peer peer;
	struct str heard;

	assert_true(peer_open(&peer, house->server, &house->ops, 0, NULL));
	assert_int_equal(SSL_write(peer.ssl, text, (int)strlen(text)),
	    (int)strlen(text));
	heard = hear_out(&peer, house->server->arena);
	peer_close(&peer);
	return heard;
}

static size_t
count_of(struct str text, const char *what)
{
	size_t count = 0, at;

	while ((at = str_find(text, str_of(what))) != SIZE_MAX) {
		text = str_slice(text, at + 1, text.bytes - at - 1);
		count++;
	}
	return count;
}

/* The beginning of its input says which one it is. */
static void
start_large(struct house *house, size_t i)
{
	struct answer answer;
	struct buf body = {0};

	buf_addf(&body, "{\"input\":{\"text\":\"mark-%zu-", i);
	while (body.bytes < 100000)
		buf_add_cstr(&body, "a text that is long, as there are many, ");
	buf_add_cstr(&body, "\"}}");
	answer = api_server_post(house->server,
	    "/v1/workflows/slow/instances", buf_cstr(&body));
	answer_must_be(&answer, 201);
	buf_fini(&body);
}

#define LARGE_COUNT 8 /* several chunks of 128 KiB */

static void
test_export_of_many_chunks_is_sent_once(void **state)
{
	struct house *house = build(state);
	struct str text;
	char mark[32];

	house->server->token = "t-root";
	api_server_open(house->server);
	for (size_t i = 0; i < LARGE_COUNT; i++)
		start_large(house, i);
	text = say_and_hear_out(house,
	    "GET /v1/export HTTP/1.1\r\nHost: x\r\n"
	    "Authorization: Bearer t-root\r\n\r\n"
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n");
	assert_int_equal(count_of(text, "HTTP/1.1 200 "), 2);
	assert_int_equal(count_of(text, "\r\n0\r\n\r\nHTTP/1.1 200 "), 1);
	for (size_t i = 0; i < LARGE_COUNT; i++) {
		snprintf(mark, sizeof(mark), "\"mark-%zu-", i);
		assert_int_equal(count_of(text, mark), 1);
	}
}

static void
expect_refusal(struct house *house, const char *request, const char *status)
{
	struct str text = say_and_hear_out(house, request);

	assert_int_equal(count_of(text, status), 1);
	assert_int_equal(count_of(text, "HTTP/1."),
	    str_has_prefix(text, str_of(status)) ? 1 : 2);
	assert_true(str_has_suffix(text, STR("\"}\n")));
	assert_int_equal(count_of(text, "HTML"), 0);
}

static void
test_refusal_is_sent_once_and_ends_the_connection(void **state)
{
	struct house *house = build(state);

	api_server_open(house->server);
	expect_refusal(house, "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n",
	    "HTTP/1.1 501 ");
	expect_refusal(
	    house, "GET /x HTTP/1.1\r\nHost x\r\n\r\n", "HTTP/1.1 400 ");
	expect_refusal(house,
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 99999999999\r\n\r\n", "HTTP/1.1 413 ");
	/* After one that is answered. */
	expect_refusal(house,
	    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	    "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501 ");
}

/* ---- renewal ---- */

static bool
shows(const struct peer *peer, const struct identity *identity)
{
	X509 *shown = SSL_get1_peer_certificate(peer->ssl);
	bool is_same =
	    shown != NULL && X509_cmp(shown, identity->certificate) == 0;

	X509_free(shown);
	return is_same;
}

static bool
is_shown_to_new_ones(struct house *house, const struct identity *identity)
{
	struct peer peer;
	bool is_shown;

	assert_true(peer_open(&peer, house->server, NULL, 0, NULL));
	is_shown = shows(&peer, identity);
	peer_close(&peer);
	return is_shown;
}

static void
test_renewed_certificate_is_shown_and_nobody_is_dropped(void **state)
{
	struct house *house = build(state);
	struct identity renewed = {0};
	struct peer peer;
	char text[8192];

	api_server_open(house->server);
	assert_true(peer_open(&peer, house->server, NULL, 0, NULL));
	assert_int_equal(peer_ask(&peer, "/healthz", NULL, text), 200);
	assert_true(shows(&peer, &house->own));
	identity_init(&renewed, "IP:127.0.0.1", 7200);
	write_own(house, &renewed);
	assert_true(api_server_reload_tls(house->server));
	assert_true(is_shown_to_new_ones(house, &renewed));
	assert_int_equal(peer_ask(&peer, "/healthz", NULL, text), 200);
	assert_int_equal(
	    peer_ask(&peer, "/v1/instances", "t-root", text), 200);
	peer_close(&peer);
	identity_fini(&renewed);
}

static void
test_renewed_certificate_is_found_without_being_told(void **state)
{
	struct house *house = build(state);
	struct identity renewed = {0};

	api_server_open(house->server);
	assert_true(is_shown_to_new_ones(house, &house->own));
	identity_init(&renewed, "IP:127.0.0.1", 7200);
	write_own(house, &renewed);
	for (int i = 0; i < 150; i++) {
		if (is_shown_to_new_ones(house, &renewed))
			break;
		usleep(100 * 1000);
	}
	assert_true(is_shown_to_new_ones(house, &renewed));
	identity_fini(&renewed);
}

static void
test_certificate_that_cannot_be_used_replaces_none(void **state)
{
	struct house *house = build(state);
	struct identity renewed = {0};

	api_server_open(house->server);
	identity_init(&renewed, "IP:127.0.0.1", 7200);
	/* The key of another one. */
	write_text(
	    house->certificate, buf_str(&renewed.certificate_pem));
	assert_false(api_server_reload_tls(house->server));
	assert_true(is_shown_to_new_ones(house, &house->own));
	write_text(house->certificate, STR("nonsense"));
	assert_false(api_server_reload_tls(house->server));
	assert_int_equal(unlink(house->certificate), 0);
	assert_false(api_server_reload_tls(house->server));
	assert_true(is_shown_to_new_ones(house, &house->own));
	write_own(house, &renewed);
	assert_true(api_server_reload_tls(house->server));
	assert_true(is_shown_to_new_ones(house, &renewed));
	identity_fini(&renewed);
}

static void
test_authorities_of_clients_are_renewed(void **state)
{
	struct house *house = build(state);
	char text[8192];

	api_server_open(house->server);
	write_text(
	    house->clients, buf_str(&house->stranger.certificate_pem));
	assert_true(api_server_reload_tls(house->server));
	assert_int_equal(ask_once(house->server, &house->ops,
			     "/v1/instances", NULL, text), 0);
	assert_int_equal(ask_once(house->server, &house->stranger,
			     "/v1/instances", NULL, text), 200);
}

static const struct value *
key_cb(void *arg, struct str name)
{
	struct house *house = arg;

	return str_equal(name, STR("tls_key"))
	    ? value_of_str(
		  house->server->arena, buf_str(&house->own.both_pem))
	    : NULL;
}

static void
test_key_may_be_a_secret(void **state)
{
	struct house *house = build(state);

	house->server->options.tls_key = (struct str){NULL, 0};
	house->server->options.tls_key_secret = STR("tls_key");
	house->server->options.secret = key_cb;
	house->server->options.secret_arg = house;
	assert_int_equal(unlink(house->key), 0);
	api_server_open(house->server);
	assert_true(is_shown_to_new_ones(house, &house->own));
}

static void
test_end_of_the_certificate_is_measured(void **state)
{
	struct house *house = build(state);
	long long wanted = (long long)time(NULL) + 3600, told;
	const char *at;
	char text[8192];
	struct peer peer;

	api_server_open(house->server);
	assert_true(peer_open(&peer, house->server, NULL, 0, NULL));
	(void)peer_ask(&peer, "/metrics", "t-root", text);
	while ((at = strstr(text,
		    "\nstated_tls_certificate_expires_seconds ")) == NULL) {
		int bytes = SSL_read(peer.ssl, text, sizeof(text) - 1);

		assert_true(bytes > 0);
		text[bytes] = '\0';
	}
	told = atoll(strchr(at, ' ') + 1);
	assert_true(told >= wanted - 60 && told <= wanted + 60);
	peer_close(&peer);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_certificate_says_who_calls),
	    TEST(test_certificate_that_nobody_has_opens_nothing),
	    TEST(test_who_shows_none_needs_a_token),
	    TEST(test_certificate_may_be_required_of_all),
	    TEST(test_token_counts_where_both_are_shown),
	    TEST(test_certificate_by_its_subject),
	    TEST(test_certificate_taken_out_of_the_table_opens_nothing),
	    TEST(test_bound_token_goes_with_its_certificate),
	    TEST(test_only_what_is_safe_is_spoken),
	    TEST(test_handshake_that_comes_byte_by_byte_is_not_waited_for),
	    TEST(test_plain_http_is_not_answered_where_tls_is_spoken),
	    TEST(test_export_of_many_chunks_is_sent_once),
	    TEST(test_refusal_is_sent_once_and_ends_the_connection),
	    TEST(test_renewed_certificate_is_shown_and_nobody_is_dropped),
	    TEST(test_renewed_certificate_is_found_without_being_told),
	    TEST(test_certificate_that_cannot_be_used_replaces_none),
	    TEST(test_authorities_of_clients_are_renewed),
	    TEST(test_key_may_be_a_secret),
	    TEST(test_end_of_the_certificate_is_measured),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
