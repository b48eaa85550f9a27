/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_goodbye.c: bodies that end where their connection ends.
 *
 * Where an answer tells no length, only the goodbye of TLS (close_notify) tells
 * its end from a connection that broke or was cut: half a statement would be
 * read as a whole one (RFC 9112, section 9.8).  curl takes both for an end, so
 * we listen on its session for ourselves.  Such a session is of no further use
 * and goes before its transfer does, whatever comes; nothing is left behind.
 */
#include "http_priv.h"

#include <pthread.h>

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

/* Where a session keeps its transfer: curl has places of its own. */
static int place = -1;

static void
reserve_place_cb(void)
{
	place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	must(place >= 0);
}

static void
heard_cb(const SSL *session, int where, int what)
{
	struct http_transfer *transfer;

	if (where != SSL_CB_READ_ALERT ||
	    (what & 0xff) != SSL_AD_CLOSE_NOTIFY)
		return;
	transfer = http_transfer_of(SSL_get_ex_data(session, place));
	transfer->awaits_goodbye = false;
}

void
http_goodbye_expect(struct http_transfer *transfer)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct curl_tlssessioninfo *about = NULL;
	SSL *session;

	if (!transfer->is_tls || !is_endless(transfer))
		return;
	curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &about);
	if (about == NULL || about->internals == NULL ||
	    about->backend != CURLSSLBACKEND_OPENSSL)
		return; /* others don't take one for the other */
	must(pthread_once(&once, reserve_place_cb) == 0);
	session = about->internals;
	transfer->awaits_goodbye =
	    (SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN) == 0;
	must(SSL_set_ex_data(session, place, transfer) == 1);
	SSL_set_info_callback(session, heard_cb);
}
