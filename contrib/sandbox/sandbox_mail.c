/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_mail.c: the dialogue of a mail server, see sandbox_mail.h.
 *
 *     command ──DATA──► data ──"."──► command
 *        └───────QUIT────────────────► closing
 *
 * command  a line is a command
 * data     a line is part of the message
 * closing  the last reply goes out, then the connection is closed
 * mute     a fault: nothing is said any more
 */
#include "sandbox_mail.h"

#include "sandbox_fault.h"
#include "sandbox_ledger.h"
#include "sandbox_listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#define MESSAGE_BYTES_MAX (4 << 20)

enum client_state { CLIENT_COMMAND, CLIENT_DATA, CLIENT_CLOSING, CLIENT_MUTE };

struct client {
	TAILQ_ENTRY(client) link;
	struct sandbox_mail *mail;
	struct bufferevent *stream;
	enum client_state state;
	char *from; /* NULL before MAIL */
	json_t *to;
	struct buf data;
};

struct sandbox_mail {
	struct sandbox *sandbox;
	struct evconnlistener *listener;
	uint16_t port;
	json_t *mails;
	TAILQ_HEAD(, client) clients;
};

/* ---------------------------------------------------------------- clients */

static void
client_forget(struct client *client)
{
	free(client->from);
	client->from = NULL;
	json_array_clear(client->to);
	buf_clear(&client->data);
}

static void
client_free(struct client *client)
{
	TAILQ_REMOVE(&client->mail->clients, client, link);
	client_forget(client);
	json_decref(client->to);
	buf_fini(&client->data);
	bufferevent_free(client->stream);
	free(client);
}

static void
say(struct client *client, const char *line)
{
	evbuffer_add_printf(bufferevent_get_output(client->stream), "%s\r\n",
	    line);
}

/* What stands between < and >. */
static char *
read_path(struct str argument)
{
	struct str path;

	(void)str_split(argument, '<', &path);
	path = str_split(path, '>', &argument);
	return argument.at != NULL && str_is_utf8(path)
	    ? strndup(path.bytes > 0 ? path.at : "", path.bytes)
	    : NULL;
}

/* --------------------------------------------------------------- commands */

static void
do_hello(struct client *client, struct str argument)
{
	(void)argument;
	say(client, "250-sandbox\r\n250-8BITMIME\r\n250 SIZE 4194304");
}

static void
do_from(struct client *client, struct str argument)
{
	client_forget(client);
	client->from = read_path(argument);
	say(client, client->from ? "250 2.1.0 Ok" : "501 5.1.7 Bad sender");
}

static void
do_to(struct client *client, struct str argument)
{
	char *to = read_path(argument);

	if (client->from == NULL || to == NULL) {
		say(client, "503 5.5.1 Who is it from?");
	} else if (strncmp(to, "nobody@", 7) == 0) {
		say(client, "550 5.1.1 No such user here");
	} else if (strncmp(to, "later@", 6) == 0) {
		say(client, "450 4.2.0 Greylisted, come again");
	} else {
		json_array_append_new(client->to, json_string(to));
		say(client, "250 2.1.5 Ok");
	}
	free(to);
}

static void
do_data(struct client *client, struct str argument)
{
	(void)argument;
	if (json_array_size(client->to) == 0) {
		say(client, "503 5.5.1 Whom is it to?");
		return;
	}
	client->state = CLIENT_DATA;
	say(client, "354 End data with <CR><LF>.<CR><LF>");
}

static void
do_reset(struct client *client, struct str argument)
{
	(void)argument;
	client_forget(client);
	say(client, "250 2.0.0 Ok");
}

static void
do_nothing(struct client *client, struct str argument)
{
	(void)argument;
	say(client, "250 2.0.0 Ok");
}

static void
do_quit(struct client *client, struct str argument)
{
	(void)argument;
	say(client, "221 2.0.0 Bye");
	client->state = CLIENT_CLOSING;
}

static const struct {
	const char *word;
	void (*run)(struct client *client, struct str argument);
} commands[] = {
    {"EHLO", do_hello},
    {"HELO", do_hello},
    {"MAIL", do_from},
    {"RCPT", do_to},
    {"DATA", do_data},
    {"RSET", do_reset},
    {"NOOP", do_nothing},
    {"QUIT", do_quit},
};

static void
take_command(struct client *client, struct str line)
{
	struct str argument = {0};
	struct str word = str_split(line, ' ', &argument);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (word.bytes == 4 &&
		    strncasecmp(word.at, commands[i].word, 4) == 0) {
			commands[i].run(client, argument);
			return;
		}
	}
	say(client, "502 5.5.2 Command not implemented");
}

/* ------------------------------------------------------------------- mails */

static void
keep(struct client *client)
{
	struct sandbox_mail *mail = client->mail;
	json_t *text = json_stringn(buf_cstr(&client->data),
	    client->data.bytes);
	json_t *kept = json_pack("{s:s,s:o,s:o}", "from", client->from, "to",
	    json_deep_copy(client->to), "data",
	    text ? text : json_string("not UTF-8"));

	json_array_append(mail->mails, kept);
	sandbox_ledger_add_take(mail->sandbox->ledger, "mail", kept);
}

/* Zero linger makes the close an RST. */
static void
break_off(struct client *client)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(bufferevent_getfd(client->stream), SOL_SOCKET,
	    SO_LINGER, &none, sizeof(none));
	client->state = CLIENT_MUTE;
}

/* The reply to the end of a message; false where the connection is over. */
static bool
take_message(struct client *client)
{
	struct evkeyvalq no_headers = {0};
	struct sandbox_request request = {
	    .method = "MAIL",
	    .path = "/mail",
	    .headers = &no_headers,
	    .body = buf_str(&client->data),
	};
	struct sandbox_fault fault = {.commits = true};
	const char *why;
	char line[64];

	client->state = CLIENT_COMMAND;
	must(sandbox_fault_pick(client->mail->sandbox->faults, &request, &fault,
	    &why));
	if (fault.commits)
		keep(client);
	client_forget(client);
	switch (fault.shape) {
	case SANDBOX_FAULT_STATUS:
		snprintf(line, sizeof(line), "%d %d.3.0 A fault, as asked for",
		    fault.status, fault.status / 100);
		say(client, line);
		return true;
	case SANDBOX_FAULT_RESET:
		break_off(client);
		return false;
	case SANDBOX_FAULT_TIMEOUT:
		client->state = CLIENT_MUTE;
		return true;
	default:
		say(client, "250 2.0.0 Ok: queued");
		return true;
	}
}

static bool
take_line(struct client *client, struct str line)
{
	if (client->state == CLIENT_COMMAND) {
		take_command(client, line);
		return true;
	}
	if (client->state != CLIENT_DATA)
		return true;
	if (str_equal(line, STR(".")))
		return take_message(client);
	if (str_has_prefix(line, STR(".")))
		line = str_slice(line, 1, SIZE_MAX);
	if (client->data.bytes < MESSAGE_BYTES_MAX) {
		buf_add_str(&client->data, line);
		buf_add_cstr(&client->data, "\n");
	}
	return true;
}

/* --------------------------------------------------------------- the wire */

static void
read_cb(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t bytes;
	char *line;
	bool goes_on = true;

	while (goes_on && client->state != CLIENT_CLOSING &&
	    (line = evbuffer_readln(input, &bytes, EVBUFFER_EOL_CRLF))) {
		goes_on = take_line(client, (struct str){line, bytes});
		free(line);
	}
	if (!goes_on)
		client_free(client);
}

static void
written_cb(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;

	(void)stream;
	if (client->state == CLIENT_CLOSING)
		client_free(client);
}

static void
event_cb(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		client_free(arg);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int bytes, void *arg)
{
	struct sandbox_mail *mail = arg;
	struct client *client = calloc(1, sizeof(*client));

	(void)listener;
	(void)address;
	(void)bytes;
	must(client != NULL);
	client->mail = mail;
	client->to = json_array();
	client->stream = bufferevent_socket_new(mail->sandbox->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	must(client->stream != NULL);
	TAILQ_INSERT_TAIL(&mail->clients, client, link);
	bufferevent_setcb(
	    client->stream, read_cb, written_cb, event_cb, client);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	say(client, "220 sandbox ESMTP");
}

/* -------------------------------------------------------------- the server */

struct sandbox_mail *
sandbox_mail_open(struct sandbox *sandbox, const char *host)
{
	struct sandbox_mail *mail = calloc(1, sizeof(*mail));

	must(mail != NULL);
	TAILQ_INIT(&mail->clients);
	mail->sandbox = sandbox;
	mail->mails = json_array();
	mail->listener = sandbox_listen(sandbox->base, host, accept_cb, mail);
	if (mail->listener == NULL) {
		int saved = errno;
		sandbox_mail_close(&mail);
		errno = saved;
		return NULL;
	}
	mail->port = sandbox_listen_port(evconnlistener_get_fd(mail->listener));
	return mail;
}

void
sandbox_mail_close(struct sandbox_mail **mail_take)
{
	struct sandbox_mail *mail = *mail_take;

	if (mail == NULL)
		return;
	while (!TAILQ_EMPTY(&mail->clients))
		client_free(TAILQ_FIRST(&mail->clients));
	if (mail->listener != NULL)
		evconnlistener_free(mail->listener);
	json_decref(mail->mails);
	free(mail);
	*mail_take = NULL;
}

void
sandbox_mail_reset(struct sandbox_mail *mail)
{
	json_array_clear(mail->mails);
}

uint16_t
sandbox_mail_port(const struct sandbox_mail *mail)
{
	return mail->port;
}

json_t *
sandbox_mail_list(const struct sandbox_mail *mail)
{
	return json_incref(mail->mails);
}
