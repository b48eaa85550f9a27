/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor_curl.c: an exchange with the stub by bare libcurl: its multi
 * interface on libevent, connections kept, one thread.
 */
#include "bench_priv.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdlib.h>

#define EXCHANGES 16 /* at a time */
#define BODY_BYTES 400
#define URL_BYTES 64

struct call {
	struct call *next; /* of all */
	struct call *next_idle;
	CURL *easy;
	bare_called_fn *called;
	void *arg;
};

struct bare_calls {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	struct curl_slist *headers;
	struct call *all;
	struct call *idle;
	char url[URL_BYTES];
	char body[BODY_BYTES];
};

/* ---- libcurl on libevent ---- */

static void
take_done(struct bare_calls *calls)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(calls->multi, &left)) != NULL) {
		bool is_done = message->data.result == CURLE_OK;
		struct call *call;

		must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
			 (char **)&call) == CURLE_OK);
		must(curl_multi_remove_handle(calls->multi, call->easy) ==
		    CURLM_OK);
		call->next_idle = calls->idle;
		calls->idle = call;
		call->called(is_done, call->arg);
	}
}

static void
act(struct bare_calls *calls, curl_socket_t fd, int what)
{
	int running;

	(void)curl_multi_socket_action(calls->multi, fd, what, &running);
	take_done(calls);
}

static void
socket_cb(evutil_socket_t fd, short what, void *arg)
{
	act(arg, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) |
		(what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
watch_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct bare_calls *calls = arg;
	struct event *event = watched;
	short wanted = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what & CURL_POLL_IN)
		wanted |= EV_READ;
	if (what & CURL_POLL_OUT)
		wanted |= EV_WRITE;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(calls->base, fd, wanted, socket_cb, calls);
		must(event != NULL && event_add(event, NULL) == 0);
	}
	(void)curl_multi_assign(calls->multi, fd, event);
	return 0;
}

static int
arm_cb(CURLM *multi, long ms, void *arg)
{
	struct bare_calls *calls = arg;
	const struct timeval span = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		(void)event_del(calls->timer);
	else
		must(event_add(calls->timer, &span) == 0);
	return 0;
}

static size_t
body_cb(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * count;
}

/* ---- calls ---- */

struct bare_calls *
bare_calls_new(struct event_base *base, uint16_t port)
{
	struct bare_calls *calls = calloc(1, sizeof(*calls));

	must(calls != NULL);
	calls->base = base;
	calls->timer = event_new(base, -1, 0, timer_cb, calls);
	calls->multi = curl_multi_init();
	calls->headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	must(calls->timer != NULL && calls->multi != NULL &&
	    calls->headers != NULL);
	memset(calls->body, 'b', sizeof(calls->body));
	snprintf(calls->url, sizeof(calls->url), "http://127.0.0.1:%u/call",
	    port);
	curl_multi_setopt(calls->multi, CURLMOPT_SOCKETFUNCTION, watch_cb);
	curl_multi_setopt(calls->multi, CURLMOPT_SOCKETDATA, calls);
	curl_multi_setopt(calls->multi, CURLMOPT_TIMERFUNCTION, arm_cb);
	curl_multi_setopt(calls->multi, CURLMOPT_TIMERDATA, calls);
	curl_multi_setopt(calls->multi, CURLMOPT_MAXCONNECTS, (long)EXCHANGES);
	return calls;
}

void
bare_calls_free(struct bare_calls **calls)
{
	struct call *call;

	while ((call = (*calls)->all) != NULL) {
		(*calls)->all = call->next;
		(void)curl_multi_remove_handle((*calls)->multi, call->easy);
		curl_easy_cleanup(call->easy);
		free(call);
	}
	curl_multi_cleanup((*calls)->multi);
	event_free((*calls)->timer);
	curl_slist_free_all((*calls)->headers);
	free(*calls);
	*calls = NULL;
}

static struct call *
new_call(struct bare_calls *calls)
{
	struct call *call = calloc(1, sizeof(*call));
	CURL *easy = curl_easy_init();

	must(call != NULL && easy != NULL);
	call->easy = easy;
	call->next = calls->all;
	calls->all = call;
	curl_easy_setopt(easy, CURLOPT_URL, calls->url);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, calls->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)BODY_BYTES);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, calls->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)call);
	return call;
}

void
bare_calls_make(struct bare_calls *calls, bare_called_fn *called, void *arg)
{
	struct call *call = calls->idle;

	if (call != NULL)
		calls->idle = call->next_idle;
	else
		call = new_call(calls);
	call->called = called;
	call->arg = arg;
	must(curl_multi_add_handle(calls->multi, call->easy) == CURLM_OK);
}

/* ---- what one costs ---- */

struct costing {
	struct event_base *base;
	struct bare_calls *calls;
	int64_t until_us;
	int64_t done;
	size_t under_way;
	bool failed;
};

static void
called_cb(bool is_done, void *arg)
{
	struct costing *costing = arg;

	costing->done++;
	costing->failed = costing->failed || !is_done;
	if (clock_monotonic_us() < costing->until_us && !costing->failed)
		bare_calls_make(costing->calls, called_cb, costing);
	else if (--costing->under_way == 0)
		event_base_loopbreak(costing->base);
}

int64_t
floor_curl(struct event_base *base, uint16_t port, int64_t ms)
{
	struct costing costing = {.base = base,
	    .calls = bare_calls_new(base, port),
	    .until_us = clock_monotonic_us() + ms * 1000,
	    .under_way = EXCHANGES};
	int64_t cpu_us = bench_clock_cpu_us();

	for (size_t i = 0; i < EXCHANGES; i++)
		bare_calls_make(costing.calls, called_cb, &costing);
	event_base_dispatch(base); /* a signal breaks it off, too */
	cpu_us = bench_clock_cpu_us() - cpu_us;
	bare_calls_free(&costing.calls);
	return costing.failed || costing.done == 0
		   ? 0
		   : cpu_us * 1000 / costing.done;
}
