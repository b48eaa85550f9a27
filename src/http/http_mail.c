/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_mail.c: a transfer that hands a mail to its server (RFC 5321).
 *
 * Until the end of the data has been sent a server has taken nothing, so a
 * mail is in doubt only once curl has been given all of it.  A reply of 4xx
 * or 5xx is an answer, wherever in the dialogue it comes.
 *
 * When a dialogue is over curl says QUIT and waits for the reply to that, for
 * as long as the server likes.  So each mail has a connection of its own, and
 * we close its writing side as soon as the reply that decides has come: curl's
 * QUIT fails at once then.
 */
#include "http_priv.h"

#include <sys/socket.h>
#include <unistd.h>

static size_t
mail_read_cb(char *at, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = http_transfer_of(arg);
	size_t left = transfer->request_body.bytes - transfer->mail_bytes_read;
	size_t bytes = size * count < left ? size * count : left;

	if (bytes > 0)
		memcpy(at,
		    transfer->request_body.at + transfer->mail_bytes_read,
		    bytes);
	transfer->mail_bytes_read += bytes;
	return bytes;
}

static curl_socket_t
mail_open_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *transfer = http_transfer_of(arg);
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);

	(void)purpose;
	for (size_t i = 0; i < MAIL_SOCKETS && fd > 0; i++) {
		if (transfer->mail_sockets[i] != 0)
			continue;
		transfer->mail_sockets[i] = fd;
		break;
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int
mail_close_cb(void *arg, curl_socket_t fd)
{
	struct http_transfer *transfer = http_transfer_of(arg);

	for (size_t i = 0; i < MAIL_SOCKETS; i++)
		if (transfer->mail_sockets[i] == fd)
			transfer->mail_sockets[i] = 0;
	return close(fd);
}

static void
set_recipients(struct http_transfer *transfer, const struct message_mail *mail)
{
	for (size_t i = 0; i < mail->to_count; i++) {
		struct curl_slist *more;

		must(http_is_one_line(mail->to[i]));
		buf_clear(&transfer->head);
		buf_add_str(&transfer->head, mail->to[i]);
		more = curl_slist_append(transfer->recipients,
		    buf_cstr(&transfer->head));
		must(more != NULL);
		transfer->recipients = more;
	}
	buf_clear(&transfer->head);
	SET(transfer->easy, CURLOPT_MAIL_RCPT, transfer->recipients);
}

void
http_mail_begin(struct http_transfer *transfer,
    const struct message_request *request)
{
	const struct message_mail *mail = request->mail;
	CURL *easy = transfer->easy;
	bool is_greeting = mail->to_count == 0;

	must(transfer->recipients == NULL);
	must(http_is_one_line(mail->from) && mail->from.bytes > 0);
	transfer->is_mail = true;
	http_transfer_set_protocols(transfer, HTTP_MAIL_PROTOCOLS);
	SET(easy, CURLOPT_HTTPGET, 1L); /* undoes NOBODY and POST of before */
	SET(easy, CURLOPT_CUSTOMREQUEST, is_greeting ? "NOOP" : NULL);
	SET(easy, CURLOPT_HTTPHEADER, NULL);
	SET(easy, CURLOPT_OPENSOCKETFUNCTION, mail_open_cb);
	SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
	SET(easy, CURLOPT_CLOSESOCKETFUNCTION, mail_close_cb);
	SET(easy, CURLOPT_CLOSESOCKETDATA, transfer);
	SET(easy, CURLOPT_FRESH_CONNECT, 1L);
	SET(easy, CURLOPT_FORBID_REUSE, 1L);
	SET(easy, CURLOPT_UPLOAD, is_greeting ? 0L : 1L);
	SET(easy, CURLOPT_READFUNCTION, mail_read_cb);
	SET(easy, CURLOPT_READDATA, transfer);
	SET(easy, CURLOPT_INFILESIZE_LARGE,
	    (curl_off_t)transfer->request_body.bytes);
	SET(easy, CURLOPT_USE_SSL, (long)(mail->is_tls_required
	    ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	http_transfer_set_text(transfer, CURLOPT_MAIL_FROM, mail->from);
	http_transfer_set_text(transfer, CURLOPT_USERNAME, mail->user);
	http_transfer_set_text(transfer, CURLOPT_PASSWORD, mail->password);
	set_recipients(transfer, mail);
}

static int
mail_progress_cb(void *arg, curl_off_t get_total, curl_off_t got,
    curl_off_t put_total, curl_off_t put)
{
	const atomic_bool *is_stopping = arg;

	(void)get_total, (void)got, (void)put_total, (void)put;
	return atomic_load(is_stopping) ? 1 : 0;
}

void
http_mail_perform(struct http_transfer *transfer,
    const atomic_bool *is_stopping)
{
	must(transfer->is_mail && transfer->state == TRANSFER_UNDER_WAY);
	SET(transfer->easy, CURLOPT_NOPROGRESS, 0L);
	SET(transfer->easy, CURLOPT_XFERINFOFUNCTION, mail_progress_cb);
	SET(transfer->easy, CURLOPT_XFERINFODATA, is_stopping);
	transfer->mail_result = curl_easy_perform(transfer->easy);
}

/* Before the recipients are freed. */
void
http_mail_forget(struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	if (!transfer->is_mail)
		return;
	http_transfer_set_socket(transfer);
	SET(easy, CURLOPT_FRESH_CONNECT, 0L);
	SET(easy, CURLOPT_FORBID_REUSE, 0L);
	SET(easy, CURLOPT_UPLOAD, 0L);
	SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)-1);
	SET(easy, CURLOPT_READFUNCTION, NULL);
	SET(easy, CURLOPT_READDATA, NULL);
	SET(easy, CURLOPT_NOPROGRESS, 1L);
	SET(easy, CURLOPT_XFERINFOFUNCTION, NULL);
	SET(easy, CURLOPT_XFERINFODATA, NULL);
	SET(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
	SET(easy, CURLOPT_MAIL_FROM, NULL);
	SET(easy, CURLOPT_MAIL_RCPT, NULL);
	SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
	SET(easy, CURLOPT_USERNAME, NULL);
	SET(easy, CURLOPT_PASSWORD, NULL);
	http_transfer_set_protocols(transfer, HTTP_WEB_PROTOCOLS);
	transfer->is_mail = false;
	transfer->mail_is_decided = false;
	transfer->mail_bytes_read = 0;
}

bool
http_mail_may_be_sent(const struct http_transfer *transfer)
{
	return transfer->recipients != NULL &&
	    transfer->mail_bytes_read == transfer->request_body.bytes;
}

void
http_mail_heard(struct http_transfer *transfer, struct str line)
{
	bool is_refusal = line.bytes > 3 && line.at[3] != '-' &&
	    (line.at[0] == '4' || line.at[0] == '5');

	if (!is_refusal && !http_mail_may_be_sent(transfer))
		return;
	transfer->mail_is_decided = true;
	for (size_t i = 0; i < MAIL_SOCKETS; i++)
		if (transfer->mail_sockets[i] > 0)
			(void)shutdown(transfer->mail_sockets[i], SHUT_WR);
}

/* The last line of all that the server said. */
static struct str
last_reply(const struct http_transfer *transfer)
{
	struct str rest = str_trim(buf_str(&transfer->head));
	struct str line = rest;

	while (rest.bytes > 0)
		line = str_split(rest, '\n', &rest);
	return str_trim(line);
}

/* curl gives these up for what a server replied. */
static bool
is_reply(CURLcode result)
{
	return result == CURLE_OK || result == CURLE_SEND_ERROR ||
	    result == CURLE_LOGIN_DENIED || result == CURLE_RECV_ERROR ||
	    result == CURLE_REMOTE_ACCESS_DENIED ||
	    result == CURLE_WEIRD_SERVER_REPLY;
}

enum message_failure
http_mail_failure(struct http_transfer *transfer, CURLcode result, int *status,
    struct str *text)
{
	*text = last_reply(transfer);
	if (result == CURLE_OK)
		return MESSAGE_OK;
	if (is_reply(result) && *status >= 400 && *status <= 599)
		return MESSAGE_OK;
	*status = 0;
	return http_failure_of(result, http_mail_may_be_sent(transfer));
}
