/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_goodbye.c: bodies that end where their connection ends.
 *
 * Where an answer tells no length, only the goodbye of TLS (close_notify) tells
 * its end from a connection that broke or was cut: half a statement would be
 * read as a whole one (RFC 9112, section 9.8).  curl takes both for an end, so
 * we listen on its session for ourselves.  Session and transfer share what was
 * heard, and whichever goes last takes it along.
 */
#include "http_priv.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/ssl.h>

static bool
has_field(const struct buf *head, struct str name)
{
	struct str rest = buf_str(head);

	while (rest.bytes > 0) {
		struct str value;
		struct str line = str_split(rest, '\n', &rest);

		if (message_name_equal(str_split(line, ':', &value), name))
			return true;
	}
	return false;
}

/* RFC 9112, section 6.3: none of the cases before the last. */
static bool
is_endless(struct http_transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return str_has_prefix(buf_str(&transfer->head), STR("HTTP/1.")) &&
	    status >= 200 && status != 204 && status != 304 &&
	    strcmp(transfer->method, "HEAD") != 0 &&
	    !has_field(&transfer->head, STR("content-length")) &&
	    !has_field(&transfer->head, STR("transfer-encoding"));
}

struct http_goodbye {
	int holders;
	bool was_heard;
};

static void
release(struct http_goodbye *goodbye)
{
	must(goodbye->holders > 0);
	if (--goodbye->holders == 0)
		free(goodbye);
}

/* Where a session keeps it: curl has places of its own. */
static int place = -1;

static void
session_gone_cb(void *session, void *held, CRYPTO_EX_DATA *data, int index,
    long number, void *arg)
{
	(void)session, (void)data, (void)index, (void)number, (void)arg;
	if (held != NULL)
		release(held);
}

static void
reserve_place_cb(void)
{
	place = SSL_get_ex_new_index(0, NULL, NULL, NULL, session_gone_cb);
	must(place >= 0);
}

static void
heard_cb(const SSL *session, int where, int what)
{
	struct http_goodbye *goodbye = SSL_get_ex_data(session, place);

	must(goodbye != NULL);
	goodbye->was_heard |= where == SSL_CB_READ_ALERT &&
	    (what & 0xff) == SSL_AD_CLOSE_NOTIFY;
}

static void
listen_to(SSL *session, struct http_transfer *transfer)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_goodbye *goodbye = calloc(1, sizeof(*goodbye));
	struct http_goodbye *before;

	must(goodbye != NULL);
	must(pthread_once(&once, reserve_place_cb) == 0);
	before = SSL_get_ex_data(session, place);
	if (before != NULL)
		release(before); /* should curl go on with it after all */
	must(SSL_set_ex_data(session, place, goodbye) == 1);
	goodbye->holders = 2;
	goodbye->was_heard =
	    (SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN) != 0;
	transfer->goodbye = goodbye;
	SSL_set_info_callback(session, heard_cb);
}

void
http_goodbye_expect(struct http_transfer *transfer)
{
	struct curl_tlssessioninfo *about = NULL;

	if (!transfer->is_tls || transfer->goodbye != NULL ||
	    !is_endless(transfer))
		return;
	curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &about);
	/* Other backends don't take one for the other. */
	if (about != NULL && about->internals != NULL &&
	    about->backend == CURLSSLBACKEND_OPENSSL)
		listen_to(about->internals, transfer);
}

bool
http_goodbye_is_missing(const struct http_transfer *transfer)
{
	return transfer->goodbye != NULL && !transfer->goodbye->was_heard;
}

void
http_goodbye_forget(struct http_transfer *transfer)
{
	if (transfer->goodbye != NULL)
		release(transfer->goodbye);
	transfer->goodbye = NULL;
}
