/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_priv.h: shared inside src/http only: one transfer, and what curl's
 * ways of failing say about it.
 */
#ifndef STATED_HTTP_PRIV_H
#define STATED_HTTP_PRIV_H

#include "stated/http.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/queue.h>

/* Options are valid by construction; only a bug of ours fails to set one. */
#define SET(easy, option, value)                                               \
	must(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* http_socket.c: the sockets of one client's connections. */
struct event_base;
struct http_sockets;
typedef void http_ready_fn(int fd, short what, void *arg);
struct http_sockets *http_sockets_new(struct event_base *base,
    http_ready_fn *ready, void *arg);
void http_sockets_free(struct http_sockets **sockets);
/* EV_READ, EV_WRITE: ready() is called when it is; 0: not any more. */
void http_sockets_want(struct http_sockets *sockets, curl_socket_t fd,
    short events);
/* It will be closed by the function after this, and no other way. */
void http_sockets_opened(struct http_sockets *sockets, curl_socket_t fd);
int http_sockets_close_cb(void *sockets, curl_socket_t fd);

/*
 * A transfer is an easy handle with all that one exchange needs; it is kept
 * and used again, since making a handle costs more than a short exchange.
 *
 *     new ──► idle ──begin──► under way ──end──► ended ──recycle──► idle
 *
 * idle       nothing of a request or response is held, but for the options
 *            that the next one may need as they are: they are set on change
 * under way  options point into the transfer's own copies
 * ended      the response given out points into the transfer
 */
enum transfer_state { TRANSFER_IDLE, TRANSFER_UNDER_WAY, TRANSFER_ENDED };

/* curl may try several addresses of a mail server side by side. */
#define MAIL_SOCKETS 4

struct http_transfer {
	uint32_t magic;
	enum transfer_state state;
	TAILQ_ENTRY(http_transfer) link; /* in one of the client's two lists */
	CURL *easy;
	struct http_sockets *sockets; /* the client's */
	http_done_fn *done;
	void *arg;
	const struct http_sink *sink; /* NULL: the body is kept */

	/* options as they are set now */
	struct buf url;
	CURLU *address; /* the same, parsed */
	int64_t timeout_set_ms;
	int64_t silence_set_s;
	char method[16]; /* empty: none of the web's */
	bool has_body;
	bool has_blobs;
	bool has_proxy;

	/* of the request */
	struct buf header_text;    /* lines, each with its zero byte */
	struct curl_slist *lines; /* in it */
	size_t line_count;
	size_t line_capacity;
	struct curl_slist *recipients; /* of a mail */
	struct buf request_body;
	struct buf certificate;
	struct buf ca;
	struct buf proxy_ca;
	char *default_ca; /* curl's */
	bool has_ca_path; /* set in place of it */
	bool is_tls;
	bool is_safe; /* GET, HEAD: may be sent again by curl itself */
	bool is_mail;

	/* of its progress */
	bool handed_over;    /* the connection stood; sending could begin */
	bool resend_refused; /* curl wanted to send it a second time */
	bool found_no_socket; /* the system had none */
	int64_t timeout_ms;
	int64_t extra_ms; /* in addition, for a loop that stood still */
	bool is_too_large;
	bool is_unmeasured; /* its head tells no length to go by */
	bool is_sinking;  /* the sink has seen the head */
	bool is_unwanted; /* by the sink */
	struct http_file *file; /* NULL: it is about none */
	size_t mail_bytes_read; /* of request_body, by curl */
	CURLcode mail_result;   /* of http_mail_perform() */
	bool mail_is_decided;   /* what comes after is about QUIT */
	curl_socket_t mail_sockets[MAIL_SOCKETS]; /* open ones; 0: none */

	/* of the response */
	struct buf head; /* header lines as they came */
	struct buf body;
	struct http_coding *coding; /* NULL: the body comes as it is */
	bool is_body_begun;
	struct message_header *fields;
	size_t field_count;
	size_t field_capacity;
	struct http_goodbye *goodbye; /* NULL: none is needed */
	char error[CURL_ERROR_SIZE];
};
TAILQ_HEAD(http_transfers, http_transfer);

/* http_client.c: the port's send(), for bodies that go to a sink as well,
 * which has to stay where it is. */
void http_client_send(struct http_client *client,
    const struct message_request *request, const struct http_sink *sink,
    http_done_fn *done, void *arg);

struct http_transfer *http_transfer_new(struct http_sockets *sockets);
void http_transfer_free(struct http_transfer **transfer);
/* Copies the request into the handle, which is then ready to be added.  sink
 * may be NULL. */
void http_transfer_begin(struct http_transfer *transfer,
    const struct message_request *request, const struct http_sink *sink);
/* What came of it; points into the transfer until it is recycled. */
struct message_response http_transfer_end(struct http_transfer *transfer,
    CURLcode result);
void http_transfer_recycle(struct http_transfer *transfer);
/* Nothing of it was sent: as if it had just begun. */
void http_transfer_begin_anew(struct http_transfer *transfer);
/* An answer may take so much longer. */
void http_transfer_extend(struct http_transfer *transfer, int64_t more_ms);
bool http_transfer_may_be_sent(const struct http_transfer *transfer);
/* The checked cast. */
struct http_transfer *http_transfer_of(void *pointer);

/* What an address may lead to; set as constants for what most are. */
#define HTTP_WEB_PROTOCOLS "http,https"
#define HTTP_MAIL_PROTOCOLS "smtp,smtps"
void http_transfer_set_protocols(struct http_transfer *transfer,
    const char *protocols);
/* An option that curl copies; the absent string unsets it. */
void http_transfer_set_text(struct http_transfer *transfer, CURLoption option,
    struct str text);
/* http_proxy.c: NULL undoes what was set before. */
void http_proxy_set(struct http_transfer *transfer,
    const struct message_proxy *proxy);
/* http_goodbye.c: the head of an answer is whole. */
void http_goodbye_expect(struct http_transfer *transfer);
/* Then what came is no whole answer. */
bool http_goodbye_is_missing(const struct http_transfer *transfer);
void http_goodbye_forget(struct http_transfer *transfer);
/*
 * http_coding.c: the body of an answer that is compressed.
 *
 * head: the lines of the answer's head.  NULL: the body comes as it is.
 */
struct http_coding;
typedef bool http_piece_fn(struct str bytes, void *arg);
struct http_coding *http_coding_new(struct str head);
void http_coding_free(struct http_coding **coding);
/* Gives take() what it unpacks; false: it can't be unpacked, or take() wants no
 * more of it. */
MUST_USE bool http_coding_unpack(struct http_coding *coding, struct str in,
    http_piece_fn *take, void *arg);
/* All that came was unpacked, and the end was not in it. */
bool http_coding_is_cut(const struct http_coding *coding);
/* Why it can't be unpacked; absent where that isn't so. */
struct str http_coding_detail(const struct http_coding *coding);
/* How its sockets are made, where it is no mail. */
void http_transfer_set_socket(struct http_transfer *transfer);
bool http_is_one_line(struct str text);

/* http_mail.c: for requests with an envelope. */
void http_mail_begin(struct http_transfer *transfer,
    const struct message_request *request);
/* Takes as long as it takes; ends early where it is stopping. */
void http_mail_perform(struct http_transfer *transfer,
    const atomic_bool *is_stopping);
void http_mail_forget(struct http_transfer *transfer);
/* A line of the server's. */
void http_mail_heard(struct http_transfer *transfer, struct str line);
bool http_mail_may_be_sent(const struct http_transfer *transfer);
/* *status is the last reply's, and 0 where that doesn't count. */
enum message_failure http_mail_failure(struct http_transfer *transfer,
    CURLcode result, int *status, struct str *text);

/*
 * http_file.c: a transfer about a file on a server (SFTP).
 *
 * It is set apart from what curl needs: the handle stays as it is.
 */
struct http_file *http_file_new(const struct message_request *request);
void http_file_free(struct http_file **file);
/* Takes as long as it takes; ends early where it is stopping. */
void http_file_perform(struct http_file *file, const atomic_bool *is_stopping);
/* Points into the file. */
struct message_response http_file_response(const struct http_file *file);

/*
 * http_ssh.c: a session of SFTP, of which the server is who it has to be.
 *
 * What fails to be, leaves in `failure` why: MESSAGE_OK where the server
 * refused us (401).
 */
struct http_ssh {
	const struct message_file *file;
	const atomic_bool *is_stopping;
	int64_t deadline_us; /* by the monotonic clock */
	struct buf *detail;  /* for people */
	CURL *easy;          /* has the socket */
	int fd;
	struct _LIBSSH2_SESSION *session;
	struct _LIBSSH2_SFTP *sftp;
	enum message_failure failure;
};
MUST_USE bool http_ssh_open(struct http_ssh *ssh);
void http_ssh_close(struct http_ssh *ssh);
/* Waits for the socket, after LIBSSH2_ERROR_EAGAIN; false: no longer. */
MUST_USE bool http_ssh_wait(struct http_ssh *ssh);
bool http_ssh_is_late(const struct http_ssh *ssh);
/* What the session says of its last failure. */
void http_ssh_tell(struct http_ssh *ssh);

/* http_mailer.c: what would keep the loop waiting, on threads of its own. */
struct http_mailer;
typedef void http_perform_fn(struct http_transfer *transfer,
    const atomic_bool *is_stopping);
typedef void http_mailed_fn(struct http_transfer *transfer, void *arg);
/* perform() is called on a thread, and then mailed() from the loop. */
struct http_mailer *http_mailer_new(struct event_base *base,
    http_perform_fn *perform, http_mailed_fn *mailed, void *arg);
/* Takes the transfer, until it is given to mailed(). */
void http_mailer_send(struct http_mailer *mailer,
    struct http_transfer *transfer);
/* What is under way is broken off, and freed. */
void http_mailer_free(struct http_mailer **mailer);

/* What curl's result means, given whether a byte of the request may have
 * left.  Not for CURLE_OK. */
enum message_failure http_failure_of(CURLcode result, bool may_be_sent);
/* Whether the peer said, in the midst of TLS, that it doesn't take the
 * certificate that we showed, or wants one.  error: curl's own text. */
bool http_failure_refuses_us(CURLcode result, const char *error);
/* Whether what arrived are no chunks.  error: curl's own text. */
bool http_failure_is_of_chunks(CURLcode result, const char *error);

/* http_length.c.  Whether the whole head of an answer tells lengths that
 * contradict each other, or that nobody can count to. */
bool http_length_is_garbled(struct str head);

#endif
