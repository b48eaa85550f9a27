/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor_curl.c: an exchange with the stub by bare libcurl: its multi
 * interface on libevent, connections kept, one thread.
 */
#include "bench_priv.h"

#include <curl/curl.h>
#include <event2/event.h>

#define EXCHANGES 16 /* at a time */
#define BODY_BYTES 400

struct bare {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	int64_t until_us;
	int64_t done;
	int64_t done_us; /* when the last one was */
	struct histogram latency_us; /* meaningful of one at a time */
	size_t under_way;
	bool failed;
};

static void
go_on(struct bare *bare, CURL *easy)
{
	must(curl_multi_remove_handle(bare->multi, easy) == CURLM_OK);
	if (clock_monotonic_us() < bare->until_us && !bare->failed)
		must(curl_multi_add_handle(bare->multi, easy) == CURLM_OK);
	else if (--bare->under_way == 0)
		event_base_loopbreak(bare->base);
}

static void
take_done(struct bare *bare)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(bare->multi, &left)) != NULL) {
		if (message->data.result != CURLE_OK)
			bare->failed = true;
		bare->done++;
		histogram_add(
		    &bare->latency_us, clock_monotonic_us() - bare->done_us);
		bare->done_us = clock_monotonic_us();
		go_on(bare, message->easy_handle);
	}
}

static void
act(struct bare *bare, curl_socket_t fd, int what)
{
	int running;

	(void)curl_multi_socket_action(bare->multi, fd, what, &running);
	take_done(bare);
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
	struct bare *bare = arg;
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
		event = event_new(bare->base, fd, wanted, socket_cb, bare);
		must(event != NULL && event_add(event, NULL) == 0);
	}
	(void)curl_multi_assign(bare->multi, fd, event);
	return 0;
}

static int
arm_cb(CURLM *multi, long ms, void *arg)
{
	struct bare *bare = arg;
	const struct timeval span = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		(void)event_del(bare->timer);
	else
		must(event_add(bare->timer, &span) == 0);
	return 0;
}

static size_t
body_cb(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * count;
}

static CURL *
new_exchange(const char *url, const char *body, struct curl_slist *headers)
{
	CURL *easy = curl_easy_init();

	must(easy != NULL);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)BODY_BYTES);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	return easy;
}

/* So many at a time. */
static void
exchange_for(struct bare *bare, const char *url, size_t count, int64_t ms)
{
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	CURL *exchanges[EXCHANGES];
	char body[BODY_BYTES];

	must(count <= EXCHANGES);
	memset(body, 'b', sizeof(body));
	bare->done = 0;
	bare->under_way = 0; /* a signal may have broken off the one before */
	bare->latency_us = (struct histogram){0};
	bare->done_us = clock_monotonic_us();
	bare->until_us = bare->done_us + ms * 1000;
	for (size_t i = 0; i < count; i++) {
		exchanges[i] = new_exchange(url, body, headers);
		bare->under_way++;
		must(curl_multi_add_handle(bare->multi, exchanges[i]) ==
		    CURLM_OK);
	}
	event_base_dispatch(bare->base);
	for (size_t i = 0; i < count; i++) {
		(void)curl_multi_remove_handle(bare->multi, exchanges[i]);
		curl_easy_cleanup(exchanges[i]);
	}
	curl_slist_free_all(headers);
}

static void
set_up(struct bare *bare)
{
	bare->timer = event_new(bare->base, -1, 0, timer_cb, bare);
	bare->multi = curl_multi_init();
	must(bare->timer != NULL && bare->multi != NULL);
	curl_multi_setopt(bare->multi, CURLMOPT_SOCKETFUNCTION, watch_cb);
	curl_multi_setopt(bare->multi, CURLMOPT_SOCKETDATA, bare);
	curl_multi_setopt(bare->multi, CURLMOPT_TIMERFUNCTION, arm_cb);
	curl_multi_setopt(bare->multi, CURLMOPT_TIMERDATA, bare);
	curl_multi_setopt(bare->multi, CURLMOPT_MAXCONNECTS, (long)EXCHANGES);
}

struct floor_cost
floor_curl(struct event_base *base, uint16_t port, int64_t ms)
{
	struct bare bare = {.base = base};
	struct floor_cost cost = {0};
	int64_t cpu_us;
	char url[64];

	set_up(&bare);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/call", port);
	cpu_us = bench_clock_cpu_us();
	exchange_for(&bare, url, EXCHANGES, ms);
	cpu_us = bench_clock_cpu_us() - cpu_us;
	if (!bare.failed && bare.done > 0)
		cost.cpu_ns = cpu_us * 1000 / bare.done;
	exchange_for(&bare, url, 1, ms / 4 + 1);
	if (!bare.failed && bare.done > 0)
		cost.alone_us =
		    (int64_t)histogram_quantile(&bare.latency_us, 500);
	curl_multi_cleanup(bare.multi);
	event_free(bare.timer);
	return cost;
}
