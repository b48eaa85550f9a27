/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_priv.h: shared inside src/http only: one transfer, and what curl's
 * ways of failing say about it.
 */
#ifndef STATED_HTTP_PRIV_H
#define STATED_HTTP_PRIV_H

#include "stated/http.h"

#include <curl/curl.h>
#include <sys/queue.h>

/*
 * A transfer is an easy handle with all that one exchange needs; it is kept
 * and used again, since making a handle costs more than a short exchange.
 *
 *     new ──► idle ──begin──► under way ──end──► ended ──recycle──► idle
 *
 * idle       nothing of a request or response is held
 * under way  options point into the transfer's own copies
 * ended      the response given out points into the transfer
 */
enum transfer_state { TRANSFER_IDLE, TRANSFER_UNDER_WAY, TRANSFER_ENDED };

struct http_transfer {
	uint32_t magic;
	enum transfer_state state;
	TAILQ_ENTRY(http_transfer) link; /* in one of the client's two lists */
	CURL *easy;
	http_done_fn *done;
	void *arg;

	/* of the request */
	struct curl_slist *headers;
	struct buf request_body;
	struct buf certificate;
	struct buf ca;
	char *default_ca; /* curl's */
	bool has_ca_path; /* set in place of it */
	bool is_tls;
	bool is_safe; /* GET, HEAD: may be sent again by curl itself */

	/* of its progress */
	bool handed_over;    /* the connection stood; sending could begin */
	bool resend_refused; /* curl wanted to send it a second time */
	bool is_too_large;

	/* of the response */
	struct buf head; /* header lines as they came */
	struct buf body;
	struct message_header *fields;
	size_t field_count;
	size_t field_capacity;
	char error[CURL_ERROR_SIZE];
};
TAILQ_HEAD(http_transfers, http_transfer);

struct http_transfer *http_transfer_new(void);
void http_transfer_free(struct http_transfer **transfer);
/* Copies the request into the handle, which is then ready to be added. */
void http_transfer_begin(struct http_transfer *transfer,
    const struct message_request *request);
/* What came of it; points into the transfer until it is recycled. */
struct message_response http_transfer_end(struct http_transfer *transfer,
    CURLcode result);
void http_transfer_recycle(struct http_transfer *transfer);
/* The checked cast. */
struct http_transfer *http_transfer_of(void *pointer);

/* What curl's result means, given whether a byte of the request may have
 * left.  Not for CURLE_OK. */
enum message_failure http_failure_of(CURLcode result, bool may_be_sent);

#endif
