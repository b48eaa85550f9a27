/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_refusal.c: what evhttp refuses by itself, said in our words.
 *
 * A request that can't be read, or whose method or size evhttp doesn't take,
 * never gets to us: evhttp answers it with a page of HTML (2.1 knows no other
 * way).  That page is put together in the buffer of what goes out, which tells
 * of each piece; there it is replaced by a problem like all others.  Nothing
 * else is known of such a request, not even its path.
 */
#include "api_priv.h"

#include <event2/buffer.h>
#include <stdlib.h>

#define STATUS_AT 9 /* "HTTP/1.1 400 Bad Request" */
#define STATUS_DIGITS 3

/* evhttp knows a few ways to refuse. */
static enum api_problem
problem_of(int status)
{
	if (status == 413)
		return PROBLEM_TOO_LARGE;
	return status == 501 ? PROBLEM_UNKNOWN_METHOD : PROBLEM_BAD_REQUEST;
}

static const char *
detail_of(enum api_problem problem)
{
	if (problem == PROBLEM_TOO_LARGE)
		return "The body is far too large (limits.body).";
	if (problem == PROBLEM_UNKNOWN_METHOD)
		return "No resource takes this method; /openapi.json lists "
		       "what each one takes.";
	return "Send HTTP as RFC 9112 has it, with at most 32 KiB of "
	       "headers and one length of the body.";
}

/* Its first line is put into the buffer in one piece. */
int
api_refusal_status(struct evbuffer *buffer)
{
	char line[STATUS_AT + STATUS_DIGITS + 1] = "";
	struct evbuffer_iovec piece;
	int status;

	if (evbuffer_peek(buffer, sizeof(line) - 1, NULL, &piece, 1) != 1 ||
	    piece.iov_len < sizeof(line) - 1)
		return 0;
	memcpy(line, piece.iov_base, sizeof(line) - 1);
	if (strncmp(line, "HTTP/1.", 7) != 0)
		return 0;
	status = atoi(line + STATUS_AT);
	/* "100 Continue" is what is meant. */
	return status >= 400 ? status : 0;
}

/* The front of a buffer may belong to who sends it, and be frozen for others.
 * Over TLS it is not, and frozen it would be sent again and again. */
void
api_refusal_drop(struct evbuffer *buffer)
{
	size_t bytes = evbuffer_get_length(buffer);

	if (evbuffer_drain(buffer, bytes) == 0)
		return;
	evbuffer_unfreeze(buffer, 1);
	must(evbuffer_drain(buffer, bytes) == 0);
	evbuffer_freeze(buffer, 1);
}

int
api_refusal_put(struct evbuffer *buffer, int status)
{
	enum api_problem problem = problem_of(status);
	struct buf body = {0};
	char bytes[16], hex[2 * sizeof(bytes) + 1];
	struct str id;

	must(status >= 400);
	rng_system()->fill(rng_system(), bytes, sizeof(bytes));
	id = digest_format_hex((struct str){bytes, sizeof(bytes)}, hex);
	api_problem_format(problem, str_of(detail_of(problem)), id, &body);
	api_refusal_drop(buffer);
	evbuffer_add_printf(buffer,
	    "HTTP/1.1 %d %s\r\n"
	    "Content-Type: application/problem+json\r\n"
	    "Content-Length: %zu\r\n"
	    "X-Request-Id: %s\r\n"
	    "Content-Security-Policy: " API_REPLY_POLICY "\r\n",
	    api_problem_status(problem), api_problem_title(problem),
	    body.bytes, id.at);
	for (size_t i = 0; i < COUNT_OF(api_reply_always); i++)
		evbuffer_add_printf(buffer, "%s: %s\r\n",
		    api_reply_always[i].name, api_reply_always[i].value);
	evbuffer_add_printf(
	    buffer, "Connection: close\r\n\r\n%s", buf_cstr(&body));
	buf_fini(&body);
	return api_problem_status(problem);
}
