/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_publisher.c: messages to one broker, each until it is confirmed.
 *
 *       the loop            │             the thread
 *   send ──► waiting ───────┼─► taken ──write──► written ──confirmed──┐
 *                           │     │                                   │
 *   done() ◄────── ended ◄──┼─────┴───────────────────────────────────┘
 *
 * waiting  in the list between the two, which the lock guards
 * taken    not a byte of it has left: whatever fails now, it was not done
 * written  on a channel that has no other: what the broker says on it is about
 *          this message.  Where the connection breaks nobody knows.
 *
 * A broker answers what it can't do by closing the channel, so that of several
 * messages on one it would not be known which of them was meant, and what
 * became of those before it.  Channels cost next to nothing.
 */
#include "amqp_priv.h"

#include "stated/clock.h"
#include "stated/json.h"

#include <amqp_framing.h>
#include <event2/event.h>
#include <stdlib.h>

#define CHANNELS_MAX 64
#define CONNECT_MS 10000
/* An idle connection is closed after this time. */
#define IDLE_MS 60000
/* How much later than it should a thread may end what is late. */
#define STUCK_MS 2000
#define LOOK_MS 1000

struct parcel {
	TAILQ_ENTRY(parcel) link; /* in one list at a time */
	TAILQ_ENTRY(parcel) all;  /* the loop's */
	struct arena *arena;
	struct message_publish publish;
	bool is_greeting;
	struct message_header *headers;
	size_t header_count;
	struct str body;
	int64_t begun_us;
	int64_t deadline_us;
	http_done_fn *done;
	void *arg;
	/* what the broker said of it so far */
	int returned; /* its code; 0: it has a queue */
	/* what became of it */
	enum message_failure failure;
	int status;
	struct buf text; /* the answer's body, or a failure's detail */
};
TAILQ_HEAD(parcels, parcel);

struct channel {
	bool is_open;
	bool is_spent; /* what is said on it next is about one that was late */
	struct parcel *parcel;
};

struct http_publisher {
	struct http_worker worker;
	struct event_base *base;
	struct arena *arena;
	struct digest key;
	/* the lock's */
	struct parcels waiting;
	struct parcels ended;
	/* the loop's */
	struct parcels all;
	size_t active;
	int64_t used_us;
	struct event *look;
	/* the thread's */
	struct http_amqp amqp;
	struct parcels taken;
	struct channel channels[CHANNELS_MAX];
	size_t channel_count; /* that the broker allows */
	size_t written;
	int64_t idle_us; /* since then nothing was written */
	bool is_blocked;  /* the broker takes nothing for the moment */
};

/* ---------------------------------------------------------------- parcels */

static void
copy_publish(struct parcel *parcel, const struct message_publish *publish)
{
	struct arena *arena = parcel->arena;

	parcel->publish = *publish;
	parcel->publish.exchange = arena_str(arena, publish->exchange);
	parcel->publish.routing_key = arena_str(arena, publish->routing_key);
	parcel->publish.message_id = arena_str(arena, publish->message_id);
	parcel->publish.content_type = arena_str(arena, publish->content_type);
	parcel->publish.type = arena_str(arena, publish->type);
}

static struct parcel *
parcel_new(const struct message_request *request)
{
	struct arena *arena = arena_new();
	struct parcel *parcel = ARENA_NEW(arena, struct parcel);

	parcel->arena = arena;
	parcel->is_greeting = request->publish == NULL;
	if (request->publish != NULL)
		copy_publish(parcel, request->publish);
	parcel->headers = ARENA_ARRAY(arena, request->header_count,
	    struct message_header);
	parcel->header_count = request->header_count;
	for (size_t i = 0; i < request->header_count; i++) {
		parcel->headers[i].name =
		    arena_str(arena, request->headers[i].name);
		parcel->headers[i].value =
		    arena_str(arena, request->headers[i].value);
	}
	parcel->body = arena_str(arena, request->body);
	parcel->begun_us = clock_monotonic_us();
	parcel->deadline_us = parcel->begun_us + request->timeout_ms * 1000;
	return parcel;
}

static void
parcel_free(struct parcel *parcel)
{
	struct arena *arena = parcel->arena;

	buf_fini(&parcel->text);
	arena_free(&arena);
}

static void
free_parcels(struct parcels *list)
{
	struct parcel *parcel;

	while ((parcel = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, parcel, link);
		parcel_free(parcel);
	}
}

/* ------------------------------------------------- what became of a parcel */

/* It is in none of the thread's lists any more. */
static void
end(struct http_publisher *publisher, struct parcel *parcel,
    enum message_failure failure, int status, struct str text)
{
	parcel->failure = failure;
	parcel->status = status;
	buf_add_str(&parcel->text, text);
	http_worker_lock(&publisher->worker);
	TAILQ_INSERT_TAIL(&publisher->ended, parcel, link);
	http_worker_unlock(&publisher->worker);
	http_worker_tell(&publisher->worker);
}

static void
end_taken(struct http_publisher *publisher, struct parcel *parcel,
    enum message_failure failure, int status, struct str text)
{
	TAILQ_REMOVE(&publisher->taken, parcel, link);
	end(publisher, parcel, failure, status, text);
}

/* Nobody knows what became of it. */
static void
end_in_doubt(struct http_publisher *publisher, struct channel *channel,
    enum message_failure failure, struct str text)
{
	struct parcel *parcel = channel->parcel;

	channel->parcel = NULL;
	publisher->written--;
	end(publisher, parcel, failure, 0, text);
}

static void
end_answered(struct http_publisher *publisher, struct channel *channel,
    int status, struct str text)
{
	struct parcel *parcel = channel->parcel;

	channel->parcel = NULL;
	publisher->written--;
	end(publisher, parcel, MESSAGE_OK, status, text);
}

static void
end_confirmed(struct http_publisher *publisher, struct channel *channel)
{
	const struct parcel *parcel = channel->parcel;
	struct value_builder *built = value_build_context(parcel->arena);
	struct buf text = buf_in(parcel->arena);

	value_put_str(built, "message_id", parcel->publish.message_id);
	json_write(value_built(built), JSON_PLAIN, &text);
	end_answered(publisher, channel, 200, buf_keep(&text));
}

/* ---------------------------------------------------------- the connection */

static void
forget_connection(struct http_publisher *publisher, bool is_well)
{
	http_amqp_close(&publisher->amqp, is_well);
	for (size_t i = 0; i < CHANNELS_MAX; i++) {
		struct channel *channel = &publisher->channels[i];

		if (channel->parcel != NULL)
			end_in_doubt(publisher, channel, MESSAGE_RESET,
			    buf_str(&publisher->amqp.detail));
		*channel = (struct channel){0};
	}
	must(publisher->written == 0);
	publisher->is_blocked = false;
}

/* What has not left fails as the connection did. */
static void
fail_taken(struct http_publisher *publisher)
{
	const struct http_amqp *amqp = &publisher->amqp;
	struct parcel *parcel;

	while ((parcel = TAILQ_FIRST(&publisher->taken)) != NULL)
		end_taken(publisher, parcel, amqp->failure, amqp->status,
		    buf_str(&amqp->detail));
}

/* The time that the most patient of them has. */
static int64_t
patience_ms(const struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us(), longest_ms = 1;
	const struct parcel *parcel;

	TAILQ_FOREACH(parcel, &publisher->taken, link) {
		int64_t left_ms = (parcel->deadline_us - now_us) / 1000;

		if (left_ms > longest_ms)
			longest_ms = left_ms;
	}
	return longest_ms < CONNECT_MS ? longest_ms : CONNECT_MS;
}

static void
connect_if_wanted(struct http_publisher *publisher)
{
	struct http_amqp *amqp = &publisher->amqp;
	int channels;

	if (amqp->state != NULL || TAILQ_EMPTY(&publisher->taken))
		return;
	if (!http_amqp_open(amqp, patience_ms(publisher))) {
		fail_taken(publisher);
		return;
	}
	channels = amqp_get_channel_max(amqp->state);
	publisher->channel_count = channels > 0 && channels < CHANNELS_MAX
	    ? (size_t)channels : CHANNELS_MAX;
	publisher->idle_us = clock_monotonic_us();
}

static amqp_channel_t
number_of(const struct http_publisher *publisher,
    const struct channel *channel)
{
	return (amqp_channel_t)(channel - publisher->channels + 1);
}

/* Of no number that we have not given; NULL: the connection's own. */
static struct channel *
channel_of(struct http_publisher *publisher, amqp_channel_t number)
{
	return number >= 1 && number <= CHANNELS_MAX
	    ? &publisher->channels[number - 1] : NULL;
}

/* One that is open, as long as there is any. */
static struct channel *
find_free_channel(struct http_publisher *publisher)
{
	struct channel *closed = NULL;

	for (size_t i = 0; i < publisher->channel_count; i++) {
		struct channel *channel = &publisher->channels[i];

		if (channel->parcel != NULL || channel->is_spent)
			continue;
		if (channel->is_open)
			return channel;
		if (closed == NULL)
			closed = channel;
	}
	return closed;
}

/* false where it can't be used, and the connection is given up where that is
 * the reason. */
static bool
open_channel(struct http_publisher *publisher, struct channel *channel)
{
	struct http_amqp *amqp = &publisher->amqp;
	amqp_channel_t number = number_of(publisher, channel);
	bool is_broken;

	if (channel->is_open)
		return true;
	(void)amqp_channel_open(amqp->state, number);
	if (http_amqp_is_ok(amqp, amqp_get_rpc_reply(amqp->state),
		&is_broken)) {
		(void)amqp_confirm_select(amqp->state, number);
		channel->is_open = http_amqp_is_ok(amqp,
		    amqp_get_rpc_reply(amqp->state), &is_broken);
	}
	if (!channel->is_open) {
		fail_taken(publisher);
		forget_connection(publisher, !is_broken);
	}
	return channel->is_open;
}

/* ---------------------------------------------------------------- writing */

static void
set_bytes(amqp_basic_properties_t *properties, amqp_flags_t flag,
    amqp_bytes_t *field, struct str text)
{
	if (text.at == NULL)
		return;
	properties->_flags |= flag;
	*field = http_amqp_bytes(text);
}

static amqp_basic_properties_t
properties_of(const struct parcel *parcel)
{
	const struct message_publish *publish = &parcel->publish;
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
	};
	amqp_table_entry_t *entries = ARENA_ARRAY(parcel->arena,
	    parcel->header_count, amqp_table_entry_t);

	for (size_t i = 0; i < parcel->header_count; i++) {
		entries[i].key = http_amqp_bytes(parcel->headers[i].name);
		entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
		entries[i].value.value.bytes =
		    http_amqp_bytes(parcel->headers[i].value);
	}
	properties.headers.num_entries = (int)parcel->header_count;
	properties.headers.entries = entries;
	if (parcel->header_count > 0)
		properties._flags |= AMQP_BASIC_HEADERS_FLAG;
	if (publish->at_ms > 0) {
		properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
		properties.timestamp = (uint64_t)(publish->at_ms / 1000);
	}
	set_bytes(&properties, AMQP_BASIC_CONTENT_TYPE_FLAG,
	    &properties.content_type, publish->content_type);
	set_bytes(&properties, AMQP_BASIC_MESSAGE_ID_FLAG,
	    &properties.message_id, publish->message_id);
	set_bytes(&properties, AMQP_BASIC_TYPE_FLAG, &properties.type,
	    publish->type);
	return properties;
}

static void
write_parcel(struct http_publisher *publisher, struct channel *channel,
    struct parcel *parcel)
{
	const struct message_publish *publish = &parcel->publish;
	const amqp_basic_properties_t properties = properties_of(parcel);
	int status;

	TAILQ_REMOVE(&publisher->taken, parcel, link);
	channel->parcel = parcel;
	publisher->written++;
	status = amqp_basic_publish(publisher->amqp.state,
	    number_of(publisher, channel), http_amqp_bytes(publish->exchange),
	    http_amqp_bytes(publish->routing_key), publish->is_mandatory, 0,
	    &properties, http_amqp_bytes(parcel->body));
	if (status == AMQP_STATUS_OK)
		return;
	http_amqp_note(&publisher->amqp, status);
	/* These are found before the first byte of it. */
	if (status == AMQP_STATUS_TABLE_TOO_BIG) {
		end_answered(publisher, channel, AMQP_CONTENT_TOO_LARGE,
		    STR("the headers are too large for a frame"));
		status = AMQP_STATUS_OK;
	}
	forget_connection(publisher, status == AMQP_STATUS_OK);
}

static void
write_all(struct http_publisher *publisher)
{
	struct parcel *parcel;
	struct channel *channel;

	while (publisher->amqp.state != NULL && !publisher->is_blocked &&
	    (parcel = TAILQ_FIRST(&publisher->taken)) != NULL &&
	    (channel = find_free_channel(publisher)) != NULL) {
		if (!open_channel(publisher, channel))
			return;
		if (parcel->is_greeting)
			end_taken(publisher, parcel, MESSAGE_OK, 200,
			    STR("{}"));
		else
			write_parcel(publisher, channel, parcel);
	}
}

/* ---------------------------------------------------------------- reading */

/* 500 and above, the broker's own trouble, may have come half-way. */
static void
hear_channel_close(struct http_publisher *publisher, struct channel *channel,
    const amqp_method_t *method)
{
	struct http_amqp *amqp = &publisher->amqp;
	amqp_channel_close_ok_t ok = {0};
	amqp_channel_t number = number_of(publisher, channel);

	http_amqp_note_close(amqp, method);
	if (channel->parcel != NULL && amqp->status < 500)
		end_answered(publisher, channel, amqp->status,
		    buf_str(&amqp->detail));
	else if (channel->parcel != NULL)
		end_in_doubt(publisher, channel, MESSAGE_RESET,
		    buf_str(&amqp->detail));
	*channel = (struct channel){0};
	(void)amqp_send_method(amqp->state, number,
	    AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
}

static void
hear_decision(struct http_publisher *publisher, struct channel *channel,
    bool is_taken)
{
	channel->is_spent = false;
	if (channel->parcel == NULL)
		return; /* it was late */
	if (!is_taken)
		end_answered(publisher, channel, AMQP_RESOURCE_ERROR,
		    STR("the broker did not take the message"));
	else if (channel->parcel->returned != 0)
		end_answered(publisher, channel, channel->parcel->returned,
		    STR("no queue gets the message"));
	else
		end_confirmed(publisher, channel);
}

static void
hear_return(struct channel *channel, const amqp_basic_return_t *said)
{
	if (channel->parcel != NULL)
		channel->parcel->returned = said->reply_code;
}

/* false: the connection is over. */
static bool
hear(struct http_publisher *publisher, const amqp_frame_t *frame)
{
	const amqp_method_t *method = &frame->payload.method;
	struct channel *channel = channel_of(publisher, frame->channel);

	if (frame->frame_type != AMQP_FRAME_METHOD)
		return true; /* of a message that was returned */
	switch (method->id) {
	case AMQP_CONNECTION_BLOCKED_METHOD:
	case AMQP_CONNECTION_UNBLOCKED_METHOD:
		publisher->is_blocked =
		    method->id == AMQP_CONNECTION_BLOCKED_METHOD;
		return true;
	case AMQP_CONNECTION_CLOSE_METHOD:
		http_amqp_note_close(&publisher->amqp, method);
		return false;
	default:
		break;
	}
	if (channel == NULL)
		return true;
	if (method->id == AMQP_BASIC_ACK_METHOD)
		hear_decision(publisher, channel, true);
	else if (method->id == AMQP_BASIC_NACK_METHOD)
		hear_decision(publisher, channel, false);
	else if (method->id == AMQP_BASIC_RETURN_METHOD)
		hear_return(channel, method->decoded);
	else if (method->id == AMQP_CHANNEL_CLOSE_METHOD)
		hear_channel_close(publisher, channel, method);
	return true;
}

static void
read_all(struct http_publisher *publisher)
{
	amqp_frame_t frame;
	int found;

	if (publisher->amqp.state == NULL)
		return;
	while ((found = http_amqp_next(&publisher->amqp, &frame)) > 0)
		if (!hear(publisher, &frame)) {
			found = -1;
			break;
		}
	if (found < 0)
		forget_connection(publisher, false);
}

/* ------------------------------------------------------------- the thread */

static void
take_waiting(struct http_publisher *publisher)
{
	http_worker_lock(&publisher->worker);
	TAILQ_CONCAT(&publisher->taken, &publisher->waiting, link);
	http_worker_unlock(&publisher->worker);
}

/* What is late is not waited for any more.  Its channel is, for what may be
 * said on it is about no other. */
static void
end_late(struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us();
	struct parcel *parcel, *next;

	for (parcel = TAILQ_FIRST(&publisher->taken); parcel != NULL;
	    parcel = next) {
		next = TAILQ_NEXT(parcel, link);
		if (parcel->deadline_us <= now_us)
			end_taken(publisher, parcel, MESSAGE_UNSENT, 0,
			    STR("its time was up before the broker took "
				"any"));
	}
	for (size_t i = 0; i < CHANNELS_MAX; i++) {
		struct channel *channel = &publisher->channels[i];

		if (channel->parcel == NULL ||
		    channel->parcel->deadline_us > now_us)
			continue;
		channel->is_spent = true;
		end_in_doubt(publisher, channel, MESSAGE_TIMEOUT,
		    STR("the broker did not confirm it in time"));
	}
}

/* Where all channels are spent the broker is as good as gone. */
static void
give_up_if_spent(struct http_publisher *publisher)
{
	if (publisher->amqp.state == NULL)
		return;
	for (size_t i = 0; i < publisher->channel_count; i++)
		if (!publisher->channels[i].is_spent)
			return;
	forget_connection(publisher, false);
}

static void
close_if_idle(struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us();

	if (publisher->amqp.state == NULL)
		return;
	if (publisher->written > 0 || !TAILQ_EMPTY(&publisher->taken))
		publisher->idle_us = now_us;
	else if (now_us - publisher->idle_us > IDLE_MS * 1000LL)
		forget_connection(publisher, true);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* -1: until somebody wants something. */
static int64_t
wait_ms(const struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us(), until_us;
	const struct parcel *parcel;

	if (publisher->amqp.state == NULL)
		return TAILQ_EMPTY(&publisher->taken) ? -1 : 0;
	until_us = now_us + http_amqp_beat_ms(&publisher->amqp) * 1000;
	TAILQ_FOREACH(parcel, &publisher->taken, link)
		until_us = earlier(until_us, parcel->deadline_us);
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		if (publisher->channels[i].parcel != NULL)
			until_us = earlier(until_us,
			    publisher->channels[i].parcel->deadline_us);
	return until_us <= now_us ? 0 : (until_us - now_us) / 1000 + 1;
}

static void
publisher_run(void *arg)
{
	struct http_publisher *publisher = arg;
	struct http_worker *worker = &publisher->worker;

	while (!atomic_load(&worker->is_stopping)) {
		take_waiting(publisher);
		connect_if_wanted(publisher);
		write_all(publisher);
		read_all(publisher);
		end_late(publisher);
		give_up_if_spent(publisher);
		close_if_idle(publisher);
		/* What came while we wrote is read already. */
		if (publisher->amqp.state == NULL ||
		    publisher->is_blocked ||
		    TAILQ_EMPTY(&publisher->taken) ||
		    find_free_channel(publisher) == NULL)
			http_worker_wait(worker,
			    http_amqp_fd(&publisher->amqp),
			    wait_ms(publisher));
	}
	forget_connection(publisher, true);
}

/* --------------------------------------------------------------- the loop */

static void
deliver(struct http_publisher *publisher, struct parcel *parcel)
{
	bool is_ok = parcel->failure == MESSAGE_OK;
	struct str text = buf_str(&parcel->text);
	struct message_response response = {
		.failure = parcel->failure,
		.status = parcel->status,
		.body = is_ok ? text : (struct str){NULL, 0},
		.detail = is_ok ? (struct str){NULL, 0} : text,
		.elapsed_ms =
		    (clock_monotonic_us() - parcel->begun_us) / 1000,
	};

	TAILQ_REMOVE(&publisher->all, parcel, all);
	publisher->active--;
	publisher->used_us = clock_monotonic_us();
	parcel->done(&response, parcel->arg);
	parcel_free(parcel);
}

static void
publisher_told_cb(void *arg)
{
	struct http_publisher *publisher = arg;
	struct parcels ended = TAILQ_HEAD_INITIALIZER(ended);
	struct parcel *parcel;

	http_worker_lock(&publisher->worker);
	TAILQ_CONCAT(&ended, &publisher->ended, link);
	http_worker_unlock(&publisher->worker);
	while ((parcel = TAILQ_FIRST(&ended)) != NULL) {
		TAILQ_REMOVE(&ended, parcel, link);
		deliver(publisher, parcel);
	}
}

static void
look_again(struct http_publisher *publisher)
{
	const struct timeval delay = {LOOK_MS / 1000, 0};

	if (publisher->active > 0 && !evtimer_pending(publisher->look, NULL))
		must(evtimer_add(publisher->look, &delay) == 0);
}

/* There is no thread: what is late has not been sent. */
static void
end_late_here(struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us();
	struct parcel *parcel, *next;

	for (parcel = TAILQ_FIRST(&publisher->waiting); parcel != NULL;
	    parcel = next) {
		next = TAILQ_NEXT(parcel, link);
		if (parcel->deadline_us > now_us)
			continue;
		TAILQ_REMOVE(&publisher->waiting, parcel, link);
		parcel->failure = MESSAGE_UNSENT;
		buf_add_cstr(&parcel->text,
		    "the system gives no more threads or descriptors");
		deliver(publisher, parcel);
	}
}

/* The thread may be stuck in writing to a broker that reads no more. */
static void
cut_if_stuck(struct http_publisher *publisher)
{
	int64_t now_us = clock_monotonic_us();
	const struct parcel *parcel;

	TAILQ_FOREACH(parcel, &publisher->all, all)
		if (parcel->deadline_us + STUCK_MS * 1000LL < now_us) {
			http_worker_cut(&publisher->worker);
			break;
		}
}

static void
publisher_look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_publisher *publisher = arg;

	(void)fd, (void)what;
	if (http_worker_begin(&publisher->worker, publisher->base))
		cut_if_stuck(publisher);
	else
		end_late_here(publisher);
	look_again(publisher);
}

struct http_publisher *
http_publisher_new(
    struct event_base *base, const struct message_request *request)
{
	struct http_publisher *publisher = calloc(1, sizeof(*publisher));

	must(publisher != NULL);
	publisher->arena = arena_new();
	publisher->key = message_broker_key(request);
	publisher->used_us = clock_monotonic_us();
	TAILQ_INIT(&publisher->waiting);
	TAILQ_INIT(&publisher->ended);
	TAILQ_INIT(&publisher->all);
	TAILQ_INIT(&publisher->taken);
	publisher->look = evtimer_new(base, publisher_look_cb, publisher);
	must(publisher->look != NULL);
	http_amqp_init(&publisher->amqp, publisher->arena, request,
	    &publisher->worker);
	publisher->worker.run = publisher_run;
	publisher->worker.told_cb = publisher_told_cb;
	publisher->worker.arg = publisher;
	publisher->base = base;
	http_worker_init(&publisher->worker);
	return publisher;
}

bool
http_publisher_is_for(const struct http_publisher *publisher,
    const struct message_request *request)
{
	struct digest key = message_broker_key(request);

	return memcmp(&key, &publisher->key, sizeof(key)) == 0;
}

void
http_publisher_send(struct http_publisher *publisher,
    const struct message_request *request, http_done_fn *done, void *arg)
{
	struct parcel *parcel = parcel_new(request);

	must(done != NULL);
	parcel->done = done;
	parcel->arg = arg;
	TAILQ_INSERT_TAIL(&publisher->all, parcel, all);
	publisher->active++;
	publisher->used_us = clock_monotonic_us();
	http_worker_lock(&publisher->worker);
	TAILQ_INSERT_TAIL(&publisher->waiting, parcel, link);
	http_worker_unlock(&publisher->worker);
	if (http_worker_begin(&publisher->worker, publisher->base))
		http_worker_wake(&publisher->worker);
	look_again(publisher);
}

size_t
http_publisher_active(const struct http_publisher *publisher)
{
	return publisher->active;
}

int64_t
http_publisher_used_us(const struct http_publisher *publisher)
{
	return publisher->used_us;
}

void
http_publisher_stop(struct http_publisher *publisher)
{
	http_worker_stop(&publisher->worker);
}

bool
http_publisher_has_ended(struct http_publisher *publisher)
{
	return http_worker_has_ended(&publisher->worker);
}

void
http_publisher_free(struct http_publisher **publisher_take)
{
	struct http_publisher *publisher = *publisher_take;

	if (publisher == NULL)
		return;
	http_worker_stop(&publisher->worker);
	if (publisher->active > 0)
		http_worker_cut(&publisher->worker);
	http_worker_fini(&publisher->worker);
	free_parcels(&publisher->waiting);
	free_parcels(&publisher->taken);
	free_parcels(&publisher->ended);
	event_free(publisher->look);
	http_amqp_fini(&publisher->amqp);
	arena_free(&publisher->arena);
	free(publisher);
	*publisher_take = NULL;
}
