/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_client.c: curl's multi interface driven by a libevent loop.
 *
 * curl tells which sockets to watch and when to be woken; the loop tells curl
 * what happened; what has ended is then delivered.  Delivery is always from
 * the loop: adding a handle only sets curl's timer, so that no callback runs
 * inside http_send(), and a callback may send again.  It comes after all that
 * the loop has found to be ready: curl's code and ours, both large, run in
 * turns as long as can be, so that they find themselves in the caches.
 *
 * What finds no place waits here, so that curl doesn't count the waiting as
 * part of the time that an answer may take.  The same goes for what finds no
 * descriptor: it is not the endpoint's fault, and nothing has been sent.
 *
 * Where the loop stood still for a while (the process was stopped, the machine
 * slept), answers may have come meanwhile that nobody could read: what is
 * under way gets that time in addition, or they would be taken for lost.
 */
#include "amqp_priv.h"
#include "http_priv.h"

#include "stated/clock.h"
#include "stated/descriptor.h"
#include "stated/log.h"

#include <event2/event.h>
#include <libssh2.h>
#include <stdlib.h>

#define CLIENT_MAGIC 0x3c9e20b7u
#define CONNECTIONS_PER_HOST_MAX 256
#define IDLE_TRANSFERS_MAX 256
#define BEAT_MS 1000
/* A beat that is so late was missed. */
#define STOOD_STILL_MS (3 * BEAT_MS)
#define TRY_AGAIN_MS 200

struct http_client {
	uint32_t magic;
	struct http_port port;
	struct event_base *base;
	struct event *timer;
	struct event *ended; /* active while some may be delivered */
	CURLM *multi;
	struct http_sockets *sockets;
	struct http_mailer *mailer;   /* NULL before the first mail */
	struct http_mailer *filer;    /* NULL before the first file */
	struct http_broker *broker;   /* NULL before the first message */
	struct http_transfers active; /* added to multi */
	struct http_transfers waiting;
	struct http_transfers idle;
	size_t active_count; /* all that are under way */
	size_t added_count;
	size_t added_max;
	size_t idle_count;
	bool is_delivering;
	bool is_starved;    /* of descriptors; the retry is set */
	struct event *retry;
	struct event *beat; /* while something is added */
	int64_t beaten_ms;
	bool has_lenient;   /* some of those added */
};

static void client_send(struct http_port *port,
    const struct message_request *request, http_done_fn *done, void *arg);
static struct http_source *client_listen(struct http_port *port,
    const struct message_request *request,
    const struct http_listener *listener);
static int client_socket_cb(CURL *easy, curl_socket_t fd, int what,
    void *client_arg, void *socket_arg);
static int client_timer_cb(CURLM *multi, long timeout_ms, void *arg);
static void client_timer_fired_cb(evutil_socket_t fd, short what, void *arg);
static void client_socket_ready_cb(evutil_socket_t fd, short what, void *arg);
static void client_ended_cb(evutil_socket_t fd, short what, void *arg);
static void client_retry_cb(evutil_socket_t fd, short what, void *arg);
static void client_beat_cb(evutil_socket_t fd, short what, void *arg);
static void deliver_ended(struct http_client *client);

#define SET_MULTI(multi, option, value)                                        \
	must(curl_multi_setopt((multi), (option), (value)) == CURLM_OK)

static struct http_client *
client_of(void *pointer)
{
	struct http_client *client = pointer;

	must(client != NULL);
	must(client->magic == CLIENT_MAGIC);
	return client;
}

struct http_client *
http_client_new(struct event_base *base, struct http_client_options options)
{
	struct http_client *client = calloc(1, sizeof(*client));
	size_t all = options.connections_max;
	size_t per_host = options.connections_per_host_max;

	must(client != NULL && base != NULL);
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	must(libssh2_init(0) == 0);
	client->magic = CLIENT_MAGIC;
	client->port.send = client_send;
	client->port.listen = client_listen;
	client->base = base;
	client->timer = evtimer_new(base, client_timer_fired_cb, client);
	client->multi = curl_multi_init();
	must(client->timer != NULL && client->multi != NULL);
	client->ended = evtimer_new(base, client_ended_cb, client);
	must(client->ended != NULL);
	client->retry = evtimer_new(base, client_retry_cb, client);
	client->beat = evtimer_new(base, client_beat_cb, client);
	must(client->retry != NULL && client->beat != NULL);
	client->sockets =
	    http_sockets_new(base, client_socket_ready_cb, client);
	TAILQ_INIT(&client->active);
	TAILQ_INIT(&client->waiting);
	TAILQ_INIT(&client->idle);
	if (all == 0)
		all = HTTP_CONNECTIONS_MAX;
	if (per_host == 0)
		per_host = CONNECTIONS_PER_HOST_MAX;
	client->added_max = all;
	SET_MULTI(client->multi, CURLMOPT_MAXCONNECTS, (long)all);
	SET_MULTI(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)all);
	SET_MULTI(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host);
	SET_MULTI(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	SET_MULTI(client->multi, CURLMOPT_SOCKETFUNCTION, client_socket_cb);
	SET_MULTI(client->multi, CURLMOPT_SOCKETDATA, client);
	SET_MULTI(client->multi, CURLMOPT_TIMERFUNCTION, client_timer_cb);
	SET_MULTI(client->multi, CURLMOPT_TIMERDATA, client);
	return client;
}

static void
free_transfers(struct http_client *client, struct http_transfers *list)
{
	struct http_transfer *transfer;

	while ((transfer = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, transfer, link);
		if (list == &client->active)
			curl_multi_remove_handle(client->multi, transfer->easy);
		http_transfer_free(&transfer);
	}
}

void
http_client_free(struct http_client **client_take)
{
	struct http_client *client;

	if (*client_take == NULL)
		return;
	client = client_of(*client_take);
	must(!client->is_delivering);
	http_mailer_free(&client->mailer);
	http_mailer_free(&client->filer);
	http_broker_free(&client->broker);
	free_transfers(client, &client->active);
	free_transfers(client, &client->waiting);
	free_transfers(client, &client->idle);
	curl_multi_cleanup(client->multi);
	http_sockets_free(&client->sockets);
	event_free(client->timer);
	event_free(client->ended);
	event_free(client->retry);
	event_free(client->beat);
	client->magic = 0;
	free(client);
	*client_take = NULL;
	libssh2_exit();
	curl_global_cleanup();
}

struct http_port *
http_client_port(struct http_client *client)
{
	return &client_of(client)->port;
}

size_t
http_client_active(const struct http_client *client)
{
	must(client->magic == CLIENT_MAGIC);
	return client->active_count + (client->broker != NULL
		? http_broker_active(client->broker) : 0);
}

static int64_t
monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static void
set_timer(struct event *timer, int64_t delay_ms)
{
	struct timeval delay = {
		.tv_sec = delay_ms / 1000,
		.tv_usec = delay_ms % 1000 * 1000,
	};

	must(evtimer_add(timer, &delay) == 0);
}

/* -------------------------------------------------------------- transfers */

static struct http_transfer *
take_idle_transfer(struct http_client *client)
{
	struct http_transfer *transfer = TAILQ_FIRST(&client->idle);

	if (transfer == NULL)
		return http_transfer_new(client->sockets);
	TAILQ_REMOVE(&client->idle, transfer, link);
	client->idle_count--;
	return transfer;
}

static void
release_transfer(struct http_client *client, struct http_transfer *transfer)
{
	client->active_count--;
	http_transfer_recycle(transfer);
	if (client->idle_count >= IDLE_TRANSFERS_MAX) {
		http_transfer_free(&transfer);
		return;
	}
	/* The last one used is the warmest in the caches. */
	TAILQ_INSERT_HEAD(&client->idle, transfer, link);
	client->idle_count++;
}

static void
client_mailed_cb(struct http_transfer *transfer, void *arg)
{
	struct http_client *client = client_of(arg);
	struct message_response response =
	    http_transfer_end(transfer, transfer->mail_result);

	transfer->done(&response, transfer->arg);
	release_transfer(client, transfer);
}

static void
send_mail(struct http_client *client, struct http_transfer *transfer)
{
	if (client->mailer == NULL)
		client->mailer = http_mailer_new(client->base,
		    http_mail_perform, client_mailed_cb, client);
	http_mailer_send(client->mailer, transfer);
}

static void
perform_file(struct http_transfer *transfer, const atomic_bool *is_stopping)
{
	http_file_perform(transfer->file, is_stopping);
}

/* Servers of files that don't answer cost mails no thread. */
static void
send_file(struct http_client *client, struct http_transfer *transfer)
{
	if (client->filer == NULL)
		client->filer = http_mailer_new(client->base, perform_file,
		    client_mailed_cb, client);
	http_mailer_send(client->filer, transfer);
}

static void
add_waiting(struct http_client *client)
{
	struct http_transfer *transfer;

	while (!client->is_starved && client->added_count < client->added_max &&
	    (transfer = TAILQ_FIRST(&client->waiting)) != NULL) {
		TAILQ_REMOVE(&client->waiting, transfer, link);
		TAILQ_INSERT_TAIL(&client->active, transfer, link);
		client->added_count++;
		must(curl_multi_add_handle(client->multi, transfer->easy) ==
		    CURLM_OK);
	}
	if (client->added_count > 0 && !evtimer_pending(client->beat, NULL)) {
		client->beaten_ms = monotonic_ms();
		set_timer(client->beat, BEAT_MS);
	}
}

/* The port is a member of the client that it belongs to. */
static struct http_client *
client_of_port(struct http_port *port)
{
	return client_of((char *)port - offsetof(struct http_client, port));
}

static struct http_broker *
broker_of(struct http_client *client)
{
	if (client->broker == NULL)
		client->broker = http_broker_new(client->base);
	return client->broker;
}

static struct http_source *
client_listen(struct http_port *port, const struct message_request *request,
    const struct http_listener *listener)
{
	return http_broker_listen(broker_of(client_of_port(port)), request,
	    listener);
}

static void
client_send(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	http_client_send(client_of_port(port), request, NULL, done, arg);
}

void
http_client_send(struct http_client *client,
    const struct message_request *request, const struct http_sink *sink,
    http_done_fn *done, void *arg)
{
	struct http_transfer *transfer;

	must(done != NULL);
	if (request->broker != NULL) {
		http_broker_send(broker_of(client), request, done, arg);
		return;
	}
	transfer = take_idle_transfer(client);
	http_transfer_begin(transfer, request, sink);
	transfer->done = done;
	transfer->arg = arg;
	client->active_count++;
	if (request->mail != NULL) {
		send_mail(client, transfer);
		return;
	}
	if (request->file != NULL) {
		send_file(client, transfer);
		return;
	}
	TAILQ_INSERT_TAIL(&client->waiting, transfer, link);
	add_waiting(client);
}

/* ------------------------------------------------------ out of descriptors */

/* Names are resolved, and certificates read, with descriptors that are not
 * ours to see: so we look whether there are any. */
static bool
had_no_descriptor(const struct http_transfer *transfer, CURLcode result)
{
	return result != CURLE_OK && !http_transfer_may_be_sent(transfer) &&
	    (transfer->found_no_socket || !descriptor_is_left());
}

static void
wait_for_descriptor(struct http_client *client, struct http_transfer *transfer)
{
	http_transfer_begin_anew(transfer);
	TAILQ_INSERT_HEAD(&client->waiting, transfer, link);
	if (client->is_starved)
		return;
	log_warning("no descriptors",
	    "calls wait until the system gives some (LimitNOFILE, ulimit -n)");
	client->is_starved = true;
	set_timer(client->retry, TRY_AGAIN_MS);
}

static void
client_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = client_of(arg);

	(void)fd, (void)what;
	if (!descriptor_is_left()) {
		set_timer(client->retry, TRY_AGAIN_MS);
		return;
	}
	client->is_starved = false;
	add_waiting(client);
}

/* ------------------------------------------------------------------ results */

static void
deliver(struct http_client *client, CURL *easy, CURLcode result)
{
	char *private = NULL;
	struct http_transfer *transfer;
	struct message_response response;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	transfer = http_transfer_of(private);
	must(curl_multi_remove_handle(client->multi, easy) == CURLM_OK);
	TAILQ_REMOVE(&client->active, transfer, link);
	client->added_count--;
	if (had_no_descriptor(transfer, result)) {
		wait_for_descriptor(client, transfer);
		return;
	}
	response = http_transfer_end(transfer, result);
	transfer->done(&response, transfer->arg);
	release_transfer(client, transfer);
}

static void
deliver_ended(struct http_client *client)
{
	CURLMsg *message;
	int left;

	must(!client->is_delivering);
	client->is_delivering = true;
	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		must(message->msg == CURLMSG_DONE);
		deliver(client, message->easy_handle, message->data.result);
	}
	client->is_delivering = false;
	add_waiting(client);
}

/* --------------------------------------------------------------- the loop */

/* Called before curl looks at its own clock. */
static void
allow_for_standstill(struct http_client *client)
{
	int64_t now_ms = monotonic_ms();
	int64_t missed_ms = now_ms - client->beaten_ms;
	struct http_transfer *transfer;

	if (client->added_count == 0 || missed_ms < STOOD_STILL_MS)
		return;
	client->beaten_ms = now_ms;
	client->has_lenient = true;
	log_warning("stood still",
	    "for %lld ms: %zu calls get that time in addition",
	    (long long)missed_ms, client->added_count);
	TAILQ_FOREACH(transfer, &client->active, link)
		http_transfer_extend(transfer, missed_ms);
}

/* curl has forgotten when to look at those whose time was extended. */
static void
client_beat_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = client_of(arg);
	int running;

	(void)fd, (void)what;
	allow_for_standstill(client);
	client->beaten_ms = monotonic_ms();
	if (client->has_lenient) {
		must(curl_multi_perform(client->multi, &running) == CURLM_OK);
		deliver_ended(client);
	}
	if (client->added_count > 0)
		set_timer(client->beat, BEAT_MS);
	else
		client->has_lenient = false;
}

static void
wake_curl(struct http_client *client, curl_socket_t fd, int what)
{
	int running;

	allow_for_standstill(client);
	must(curl_multi_socket_action(client->multi, fd, what, &running) ==
	    CURLM_OK);
	if ((size_t)running < client->added_count)
		event_active(client->ended, EV_TIMEOUT, 0);
}

static void
client_ended_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	deliver_ended(client_of(arg));
}

static void
client_timer_fired_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	wake_curl(client_of(arg), CURL_SOCKET_TIMEOUT, 0);
}

static void
client_socket_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	wake_curl(client_of(arg), fd,
	    ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static int
client_timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *client = client_of(arg);

	(void)multi;
	if (timeout_ms < 0)
		evtimer_del(client->timer);
	else if (timeout_ms == 0)
		/* In this round of the loop, after what is ready already. */
		event_active(client->timer, EV_TIMEOUT, 0);
	else
		set_timer(client->timer, timeout_ms);
	return 0;
}

static int
client_socket_cb(CURL *easy, curl_socket_t fd, int what, void *client_arg,
    void *socket_arg)
{
	struct http_client *client = client_of(client_arg);
	short events = 0; /* CURL_POLL_REMOVE is neither */

	(void)easy, (void)socket_arg;
	events |= (what & CURL_POLL_IN) != 0 ? EV_READ : 0;
	events |= (what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0;
	http_sockets_want(client->sockets, fd, events);
	return 0;
}
