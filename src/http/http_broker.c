/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_broker.c: all that one client has to do with brokers.
 *
 * Messages to the same broker, by the same credentials, share a connection.
 * Queues have one each: a broker that is slow in taking messages stops reading
 * from the connection that they come on, and confirmations of what was
 * consumed would wait behind them.
 *
 * Threads are waited for when they have ended: nothing here keeps the loop.
 */
#include "amqp_priv.h"

#include "stated/clock.h"

#include <event2/event.h>
#include <stdlib.h>

/* A publisher that nobody has used for so long goes. */
#define UNUSED_US (120 * 1000 * 1000LL)
#define SWEEP_S 5

struct sender {
	struct sender *next;
	struct http_publisher *publisher;
	bool is_stopping;
};

struct reader {
	struct reader *next;
	struct http_source *source;
};

struct http_broker {
	struct event_base *base;
	struct sender *senders;
	struct reader *readers;
	struct event *sweep;
};

static void
sweep_senders(struct http_broker *broker)
{
	int64_t now_us = clock_monotonic_us();
	struct sender **link = &broker->senders, *sender;

	while ((sender = *link) != NULL) {
		bool is_unused =
		    http_publisher_active(sender->publisher) == 0 &&
		    now_us - http_publisher_used_us(sender->publisher) >
			UNUSED_US;

		if (is_unused && !sender->is_stopping) {
			sender->is_stopping = true;
			http_publisher_stop(sender->publisher);
		}
		if (!sender->is_stopping ||
		    !http_publisher_has_ended(sender->publisher)) {
			link = &sender->next;
			continue;
		}
		*link = sender->next;
		http_publisher_free(&sender->publisher);
		free(sender);
	}
}

static void
sweep_readers(struct http_broker *broker)
{
	struct reader **link = &broker->readers, *reader;

	while ((reader = *link) != NULL) {
		http_source_begin(reader->source, broker->base);
		if (!http_source_is_over(reader->source)) {
			link = &reader->next;
			continue;
		}
		*link = reader->next;
		http_source_free(&reader->source);
		free(reader);
	}
}

static void
broker_sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_broker *broker = arg;

	(void)fd, (void)what;
	sweep_senders(broker);
	sweep_readers(broker);
}

struct http_broker *
http_broker_new(struct event_base *base)
{
	struct http_broker *broker = calloc(1, sizeof(*broker));
	const struct timeval period = {SWEEP_S, 0};

	must(broker != NULL && base != NULL);
	broker->base = base;
	broker->sweep =
	    event_new(base, -1, EV_PERSIST, broker_sweep_cb, broker);
	must(broker->sweep != NULL);
	must(event_add(broker->sweep, &period) == 0);
	return broker;
}

/* All are asked first, so that they end side by side. */
static void
stop_all(struct http_broker *broker)
{
	for (struct sender *sender = broker->senders; sender != NULL;
	     sender = sender->next)
		http_publisher_stop(sender->publisher);
	for (struct reader *reader = broker->readers; reader != NULL;
	     reader = reader->next)
		http_source_stop(reader->source);
}

void
http_broker_free(struct http_broker **broker_take)
{
	struct http_broker *broker = *broker_take;
	struct sender *sender;
	struct reader *reader;

	if (broker == NULL)
		return;
	stop_all(broker);
	while ((sender = broker->senders) != NULL) {
		broker->senders = sender->next;
		http_publisher_free(&sender->publisher);
		free(sender);
	}
	while ((reader = broker->readers) != NULL) {
		broker->readers = reader->next;
		http_source_free(&reader->source);
		free(reader);
	}
	event_free(broker->sweep);
	free(broker);
	*broker_take = NULL;
}

static struct http_publisher *
publisher_for(struct http_broker *broker,
    const struct message_request *request)
{
	struct sender *sender;

	for (sender = broker->senders; sender != NULL; sender = sender->next)
		if (!sender->is_stopping &&
		    http_publisher_is_for(sender->publisher, request))
			return sender->publisher;
	sender = calloc(1, sizeof(*sender));
	must(sender != NULL);
	sender->publisher = http_publisher_new(broker->base, request);
	sender->next = broker->senders;
	broker->senders = sender;
	return sender->publisher;
}

void
http_broker_send(struct http_broker *broker,
    const struct message_request *request, http_done_fn *done, void *arg)
{
	must(request->broker != NULL);
	http_publisher_send(publisher_for(broker, request), request, done,
	    arg);
}

struct http_source *
http_broker_listen(struct http_broker *broker,
    const struct message_request *request,
    const struct http_listener *listener)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	must(reader != NULL && request->broker != NULL);
	reader->source = http_source_new(broker->base, request, listener);
	reader->next = broker->readers;
	broker->readers = reader;
	return reader->source;
}

size_t
http_broker_active(const struct http_broker *broker)
{
	size_t active = 0;

	for (const struct sender *sender = broker->senders; sender != NULL;
	     sender = sender->next)
		active += http_publisher_active(sender->publisher);
	return active;
}
