/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_mail.c: mails over real sockets, and servers that fail. */
#include "stated/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <cmocka.h>

#include "identity.h"

#define HANG_UP NULL /* in place of a reply */
#define SILENCE ""

enum stage { AT_CONNECT, AT_EHLO, AT_MAIL, AT_RCPT, AT_DATA, AT_END, STAGES };

static const char *const honest[STAGES] = {
    [AT_CONNECT] = "220 here ESMTP",
    [AT_EHLO] = "250 here",
    [AT_MAIL] = "250 Ok",
    [AT_RCPT] = "250 Ok",
    [AT_DATA] = "354 Go on",
    [AT_END] = "250 Ok: queued",
};

/* What one exchange gave, kept beyond its callback. */
struct answer {
	bool is_here;
	enum message_failure failure;
	int status;
	struct buf body;
};

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct evconnlistener *listener;
	struct bufferevent *peer; /* the last that came; NULL: none */
	const char *replies[STAGES];
	bool is_data;
	bool is_login; /* the next line is a credential */
	struct identity server;
	SSL_CTX *tls;
	bool is_tls_first;
	size_t connections;
	struct buf said; /* by the client, whole */
	struct answer answer;
	char url[64];
};

/* ---- the server ---- */

static void
drop_peer(struct fixture *fixture)
{
	if (fixture->peer != NULL)
		bufferevent_free(fixture->peer);
	fixture->peer = NULL;
}

/* false where the connection is over. */
static bool
reply(struct fixture *fixture, enum stage stage)
{
	const char *text = fixture->replies[stage];

	if (text == HANG_UP) {
		drop_peer(fixture);
		return false;
	}
	if (text[0] != '\0')
		evbuffer_add_printf(bufferevent_get_output(fixture->peer),
		    "%s\r\n", text);
	return true;
}

static void
say(struct fixture *fixture, const char *text)
{
	evbuffer_add_printf(bufferevent_get_output(fixture->peer), "%s\r\n",
	    text);
}

static void read_cb(struct bufferevent *peer, void *arg);
static void event_cb(struct bufferevent *peer, short what, void *arg);

static void
start_tls(struct fixture *fixture)
{
	say(fixture, "220 Go ahead");
	fixture->peer = bufferevent_openssl_filter_new(fixture->base,
	    fixture->peer, SSL_new(fixture->tls), BUFFEREVENT_SSL_ACCEPTING,
	    BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(fixture->peer);
	bufferevent_setcb(fixture->peer, read_cb, NULL, event_cb, fixture);
	bufferevent_enable(fixture->peer, EV_READ | EV_WRITE);
}

/* false where it is none of these. */
static bool
take_login(struct fixture *fixture, struct str line)
{
	if (fixture->is_login) {
		fixture->is_login = false;
		say(fixture, "235 Welcome");
	} else if (str_equal(line, STR("AUTH PLAIN"))) {
		fixture->is_login = true;
		say(fixture, "334 ");
	} else {
		return false;
	}
	return true;
}

static bool
take_line(struct fixture *fixture, struct str line)
{
	static const struct {
		const char *word;
		enum stage stage;
	} words[] = {
	    {"EHLO", AT_EHLO}, {"HELO", AT_EHLO}, {"MAIL", AT_MAIL},
	    {"RCPT", AT_RCPT}, {"DATA", AT_DATA},
	};

	if (fixture->is_data) {
		if (!str_equal(line, STR(".")))
			return true;
		fixture->is_data = false;
		return reply(fixture, AT_END);
	}
	if (take_login(fixture, line))
		return true;
	if (str_equal(line, STR("STARTTLS"))) {
		start_tls(fixture);
		return false;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_has_prefix(line, str_of(words[i].word)))
			continue;
		fixture->is_data = words[i].stage == AT_DATA;
		return reply(fixture, words[i].stage);
	}
	say(fixture, "221 Bye");
	return true;
}

static void
read_cb(struct bufferevent *peer, void *arg)
{
	struct fixture *fixture = arg;
	struct evbuffer *input = bufferevent_get_input(peer);
	bool goes_on = true;
	size_t bytes;
	char *line;

	while (goes_on && (line = evbuffer_readln(input, &bytes,
			       EVBUFFER_EOL_CRLF)) != NULL) {
		buf_add(&fixture->said, line, bytes);
		buf_add_cstr(&fixture->said, "\n");
		goes_on = take_line(fixture, (struct str){line, bytes});
		free(line);
	}
}

static void
event_cb(struct bufferevent *peer, short what, void *arg)
{
	struct fixture *fixture = arg;

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return; /* TLS stands */
	assert_ptr_equal(peer, fixture->peer);
	drop_peer(fixture);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int bytes, void *arg)
{
	struct fixture *fixture = arg;

	(void)listener, (void)address, (void)bytes;
	drop_peer(fixture);
	fixture->connections++;
	fixture->is_data = false;
	fixture->is_login = false;
	fixture->peer = fixture->is_tls_first
	    ? bufferevent_openssl_socket_new(fixture->base, fd,
		  SSL_new(fixture->tls), BUFFEREVENT_SSL_ACCEPTING,
		  BEV_OPT_CLOSE_ON_FREE)
	    : bufferevent_socket_new(fixture->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(fixture->peer, read_cb, NULL, event_cb, fixture);
	bufferevent_enable(fixture->peer, EV_READ | EV_WRITE);
	(void)reply(fixture, AT_CONNECT);
}

/* ---- the fixture ---- */

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sockaddr_in at = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(at);

	assert_non_null(fixture);
	fixture->base = event_base_new();
	fixture->client =
	    http_client_new(fixture->base, (struct http_client_options){0});
	fixture->listener = evconnlistener_new_bind(fixture->base, accept_cb,
	    fixture, LEV_OPT_CLOSE_ON_FREE, 4, (struct sockaddr *)&at,
	    sizeof(at));
	assert_non_null(fixture->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(fixture->listener),
			     (struct sockaddr *)&at, &bytes),
	    0);
	snprintf(fixture->url, sizeof(fixture->url), "smtp://127.0.0.1:%d",
	    ntohs(at.sin_port));
	memcpy(fixture->replies, honest, sizeof(honest));
	identity_init(&fixture->server, "IP:127.0.0.1", 3600);
	fixture->tls = identity_server(&fixture->server);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	drop_peer(fixture);
	http_client_free(&fixture->client);
	evconnlistener_free(fixture->listener);
	event_base_free(fixture->base);
	SSL_CTX_free(fixture->tls);
	identity_fini(&fixture->server);
	buf_fini(&fixture->said);
	buf_fini(&fixture->answer.body);
	free(fixture);
	return 0;
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct answer *answer = arg;

	answer->is_here = true;
	answer->failure = response->failure;
	answer->status = response->status;
	buf_clear(&answer->body);
	buf_add_str(&answer->body, response->body);
}

static void
exchange(struct fixture *fixture, const struct message_request *request)
{
	fixture->answer.is_here = false;
	http_send(http_client_port(fixture->client), request, answered_cb,
	    &fixture->answer);
	while (!fixture->answer.is_here)
		assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE),
		    0);
}

static void
send_mail(struct fixture *fixture, struct message_mail envelope)
{
	static const struct str to[] = {STR_INIT("a@example.com"),
	    STR_INIT("b@example.com")};
	struct message_request request = {
	    .mail = &envelope,
	    .method = STR("MAIL"),
	    .url = str_of(fixture->url),
	    .body = STR("Subject: hello\r\n\r\n.dots\r\nand more\r\n"),
	    .timeout_ms = 2000,
	    .ca = buf_str(&fixture->server.certificate_pem),
	};

	envelope.from = STR("me@example.com");
	envelope.to = to;
	envelope.to_count = 2;
	exchange(fixture, &request);
}

static void
send_plain(struct fixture *fixture)
{
	send_mail(fixture, (struct message_mail){.is_tls_required = false});
}

static void
assert_answer(const struct fixture *fixture, enum message_failure failure,
    int status)
{
	assert_int_equal(fixture->answer.failure, failure);
	assert_int_equal(fixture->answer.status, status);
}

static bool
was_said(struct fixture *fixture, const char *text)
{
	return str_find(buf_str(&fixture->said), str_of(text)) != SIZE_MAX;
}

/* ---- tests ---- */

static void
test_mail_reaches_its_server_with_its_envelope(void **state)
{
	struct fixture *fixture = *state;

	send_plain(fixture);
	assert_answer(fixture, MESSAGE_OK, 250);
	assert_string_equal(buf_cstr(&fixture->answer.body), "250 Ok: queued");
	assert_true(was_said(fixture, "MAIL FROM:<me@example.com>"));
	assert_true(was_said(fixture, "RCPT TO:<a@example.com>\n"));
	assert_true(was_said(fixture, "RCPT TO:<b@example.com>\n"));
	assert_true(
	    was_said(fixture, "Subject: hello\n\n..dots\nand more\n.\n"));
}

static void
test_each_mail_has_a_connection_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	send_plain(fixture);
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_OK, 250);
	assert_int_equal(fixture->connections, 2);
}

static void
test_refusals_are_answers_wherever_they_come(void **state)
{
	static const struct {
		enum stage stage;
		const char *reply;
		int status;
	} rows[] = {
	    {AT_CONNECT, "554 Not you", 554},
	    {AT_MAIL, "550 5.7.1 No", 550},
	    {AT_RCPT, "450 4.2.0 Later", 450},
	    {AT_DATA, "451 4.3.0 Later", 451},
	    {AT_END, "552 5.3.4 Too big", 552},
	    {AT_END, "452 4.3.1 Full", 452},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(fixture->replies, honest, sizeof(honest));
		fixture->replies[rows[i].stage] = rows[i].reply;
		send_plain(fixture);
		assert_answer(fixture, MESSAGE_OK, rows[i].status);
		assert_string_equal(buf_cstr(&fixture->answer.body),
		    rows[i].reply);
		drop_peer(fixture);
	}
}

static void
test_connection_lost_before_the_data_sent_nothing(void **state)
{
	static const enum stage stages[] = {AT_CONNECT, AT_EHLO, AT_MAIL,
	    AT_RCPT};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		memcpy(fixture->replies, honest, sizeof(honest));
		fixture->replies[stages[i]] = HANG_UP;
		send_plain(fixture);
		assert_answer(fixture, MESSAGE_UNSENT, 0);
	}
}

static void
test_connection_lost_after_the_data_is_in_doubt(void **state)
{
	struct fixture *fixture = *state;

	fixture->replies[AT_END] = HANG_UP;
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_RESET, 0);
}

static void
test_silence_after_the_data_is_in_doubt(void **state)
{
	struct fixture *fixture = *state;

	fixture->replies[AT_END] = SILENCE;
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_TIMEOUT, 0);
}

static void
test_silence_before_the_data_is_a_server_out_of_reach(void **state)
{
	struct fixture *fixture = *state;

	fixture->replies[AT_RCPT] = SILENCE;
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_UNREACHABLE, 0);
}

static void
test_nobody_there_is_unreachable(void **state)
{
	struct fixture *fixture = *state;

	snprintf(fixture->url, sizeof(fixture->url), "smtp://127.0.0.1:1");
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_UNREACHABLE, 0);
}

static void
test_password_never_goes_in_the_clear(void **state)
{
	struct fixture *fixture = *state;

	fixture->replies[AT_EHLO] = "250-here\r\n250 AUTH PLAIN LOGIN";
	send_mail(fixture, (struct message_mail){
	    .user = STR("me"),
	    .password = STR("s3cret"),
	    .is_tls_required = true,
	});
	assert_answer(fixture, MESSAGE_TLS, 0);
	assert_false(was_said(fixture, "AUTH"));
	assert_false(was_said(fixture, "MAIL"));
}

static const struct message_mail treasury = {
    .user = STR_INIT("me"),
    .password = STR_INIT("s3cret"),
    .is_tls_required = true,
};
static const char login[] = "\nAUTH PLAIN\nAG1lAHMzY3JldA==\nMAIL";

static void
test_password_goes_once_starttls_stands(void **state)
{
	struct fixture *fixture = *state;

	fixture->replies[AT_EHLO] =
	    "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN";
	send_mail(fixture, treasury);
	assert_answer(fixture, MESSAGE_OK, 250);
	assert_true(was_said(fixture, "STARTTLS\nEHLO"));
	assert_true(was_said(fixture, login));
}

static void
test_tls_may_come_first(void **state)
{
	struct fixture *fixture = *state;

	fixture->is_tls_first = true;
	fixture->replies[AT_EHLO] = "250-here\r\n250 AUTH PLAIN";
	memmove(fixture->url + 5, fixture->url + 4, strlen(fixture->url) - 3);
	fixture->url[4] = 's';
	send_mail(fixture, treasury);
	assert_answer(fixture, MESSAGE_OK, 250);
	assert_true(was_said(fixture, login));
}

static void
test_server_that_nobody_vouches_for_gets_no_mail(void **state)
{
	struct fixture *fixture = *state;
	struct identity other = {0};

	identity_init(&other, "IP:127.0.0.1", 3600);
	SSL_CTX_free(fixture->tls);
	fixture->tls = identity_server(&other);
	fixture->replies[AT_EHLO] = "250-here\r\n250 STARTTLS";
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_CERTIFICATE, 0);
	assert_false(was_said(fixture, "MAIL"));
	identity_fini(&other);
}

static void
test_client_goes_while_a_mail_is_under_way(void **state)
{
	struct fixture *fixture = *state;
	static const struct str to[] = {STR_INIT("a@example.com")};
	struct message_mail envelope = {
	    .from = STR("me@example.com"), .to = to, .to_count = 1,
	};
	struct message_request request = {
	    .mail = &envelope,
	    .method = STR("MAIL"),
	    .url = str_of(fixture->url),
	    .body = STR("Subject: hello\r\n\r\n"),
	    .timeout_ms = 60000,
	};

	fixture->replies[AT_END] = SILENCE;
	http_send(http_client_port(fixture->client), &request, answered_cb,
	    &fixture->answer);
	while (!was_said(fixture, "\n.\n"))
		assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE),
		    0);
	assert_int_equal(http_client_active(fixture->client), 1);
	http_client_free(&fixture->client);
	assert_false(fixture->answer.is_here);
}

static void
give_back_cb(evutil_socket_t fd, short what, void *arg)
{
	struct rlimit *before = arg;

	(void)fd, (void)what;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, before), 0);
}

static void
test_mail_waits_while_there_are_no_descriptors(void **state)
{
	struct fixture *fixture = *state;
	const struct timeval pause = {.tv_usec = 100000};
	struct rlimit before, none;
	int next = dup(0);

	assert_true(next > 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(event_base_once(fixture->base, -1, EV_TIMEOUT,
	    give_back_cb, &before, &pause), 0);
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_OK, 250);
}

static void
test_web_and_mail_take_turns_on_one_handle(void **state)
{
	struct fixture *fixture = *state;
	char url[64];
	struct message_request request = {
	    .method = STR("GET"), .timeout_ms = 2000,
	};

	snprintf(url, sizeof(url), "http%s", fixture->url + strlen("smtp"));
	request.url = str_of(url);
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_OK, 250);
	/* What greets by itself is no web server. */
	exchange(fixture, &request);
	assert_int_equal(fixture->answer.failure, MESSAGE_GARBLED);
	assert_true(was_said(fixture, "GET / HTTP/1.1\n"));
	send_plain(fixture);
	assert_answer(fixture, MESSAGE_OK, 250);
	/* Nor does a web request lead to a mail server's protocol. */
	request.url = str_of(fixture->url);
	exchange(fixture, &request);
	assert_int_equal(fixture->answer.failure, MESSAGE_UNSENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(test_mail_reaches_its_server_with_its_envelope),
	    TEST(test_each_mail_has_a_connection_of_its_own),
	    TEST(test_refusals_are_answers_wherever_they_come),
	    TEST(test_connection_lost_before_the_data_sent_nothing),
	    TEST(test_connection_lost_after_the_data_is_in_doubt),
	    TEST(test_silence_after_the_data_is_in_doubt),
	    TEST(test_silence_before_the_data_is_a_server_out_of_reach),
	    TEST(test_nobody_there_is_unreachable),
	    TEST(test_password_never_goes_in_the_clear),
	    TEST(test_password_goes_once_starttls_stands),
	    TEST(test_tls_may_come_first),
	    TEST(test_server_that_nobody_vouches_for_gets_no_mail),
	    TEST(test_client_goes_while_a_mail_is_under_way),
	    TEST(test_mail_waits_while_there_are_no_descriptors),
	    TEST(test_web_and_mail_take_turns_on_one_handle),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
