/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_source.c: messages from a queue, each held until it is settled.
 *
 *           the thread            │            the loop
 *   queue ──► read ──► arrived ───┼──► delivered() ──► held ──┐
 *                                 │                           │
 *   broker ◄── ack, reject ◄──────┼───────── settled ◄────────┘
 *
 * The broker lets us have so many at a time as the listener's prefetch says,
 * and forgets none before it is acknowledged.  When a connection ends it gives
 * all that were not to whoever comes next, which may be us: so a message that
 * was read on an earlier connection is not settled on this one.
 */
#include "amqp_priv.h"

#include "stated/clock.h"

#include <amqp_framing.h>
#include <stdlib.h>

#define CHANNEL 1
#define CONNECT_MS 10000
#define BACKOFF_MS 1000
#define BACKOFF_MS_MAX 30000
#define MESSAGE_BYTES_MAX (16 * 1024 * 1024) /* where nothing else is said */

struct http_delivery {
	TAILQ_ENTRY(http_delivery) link; /* in one list at a time */
	struct http_source *source;
	struct arena *arena; /* this itself lives there */
	uint64_t connection; /* on which it was read */
	uint64_t tag;
	struct message_header *headers;
	size_t header_count;
	size_t header_capacity;
	struct buf body;
	size_t body_bytes; /* as it was announced */
	enum http_settlement settlement;
	int64_t not_before_us;
};
TAILQ_HEAD(deliveries, http_delivery);

struct http_source {
	struct http_worker worker;
	struct arena *arena;
	struct str queue;
	uint16_t prefetch;
	size_t bytes_max;
	struct http_listener listener;
	/* the lock's */
	struct deliveries arrived;
	struct deliveries settled;
	bool has_changed;
	enum message_failure failure;
	int status;
	struct buf detail;
	/* the loop's */
	struct deliveries held;
	bool is_closed;
	/* the thread's */
	struct http_amqp amqp;
	uint64_t connection; /* counts them */
	struct http_delivery *reading; /* not all of it is there; or NULL */
	struct deliveries waiting; /* to be settled, some of them later */
	int64_t backoff_ms;
};

static void
delivery_free(struct http_delivery *delivery)
{
	struct arena *arena = delivery->arena;

	buf_fini(&delivery->body);
	arena_free(&arena);
}

static void
free_deliveries(struct deliveries *list)
{
	struct http_delivery *delivery;

	while ((delivery = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, delivery, link);
		delivery_free(delivery);
	}
}

/* ------------------------------------------------------ what is told of it */

static void
tell_state(struct http_source *source, enum message_failure failure,
    int status, struct str detail)
{
	http_worker_lock(&source->worker);
	source->has_changed = true;
	source->failure = failure;
	source->status = status;
	buf_clear(&source->detail);
	buf_add_str(&source->detail, detail);
	http_worker_unlock(&source->worker);
	http_worker_tell(&source->worker);
}

static void
tell_failure(struct http_source *source)
{
	tell_state(source, source->amqp.failure, source->amqp.status,
	    buf_str(&source->amqp.detail));
}

/* -------------------------------------------------------------- connecting */

static void
disconnect(struct http_source *source, bool is_well)
{
	http_amqp_close(&source->amqp, is_well);
	if (source->reading != NULL)
		delivery_free(source->reading);
	source->reading = NULL;
}

static bool
is_ok(struct http_source *source)
{
	bool is_broken;

	return http_amqp_is_ok(&source->amqp,
	    amqp_get_rpc_reply(source->amqp.state), &is_broken);
}

static bool
subscribe(struct http_source *source)
{
	amqp_connection_state_t state = source->amqp.state;

	(void)amqp_channel_open(state, CHANNEL);
	if (!is_ok(source))
		return false;
	(void)amqp_basic_qos(state, CHANNEL, 0, source->prefetch, 0);
	if (!is_ok(source))
		return false;
	(void)amqp_basic_consume(state, CHANNEL,
	    http_amqp_bytes(source->queue), amqp_empty_bytes, 0, 0, 0,
	    amqp_empty_table);
	return is_ok(source);
}

static void
connect_again(struct http_source *source)
{
	if (http_amqp_open(&source->amqp, CONNECT_MS)) {
		source->connection++;
		if (subscribe(source)) {
			source->backoff_ms = 0;
			tell_state(source, MESSAGE_OK, 200,
			    (struct str){NULL, 0});
			return;
		}
	}
	tell_failure(source);
	disconnect(source, false);
}

/* Longer each time, and over at once where it has to stop. */
static void
back_off(struct http_source *source)
{
	int64_t until_us;

	source->backoff_ms = source->backoff_ms == 0
	    ? BACKOFF_MS : source->backoff_ms * 2;
	if (source->backoff_ms > BACKOFF_MS_MAX)
		source->backoff_ms = BACKOFF_MS_MAX;
	until_us = clock_monotonic_us() + source->backoff_ms * 1000;
	while (!atomic_load(&source->worker.is_stopping) &&
	    clock_monotonic_us() < until_us)
		http_worker_wait(&source->worker, -1,
		    (until_us - clock_monotonic_us()) / 1000 + 1);
}

/* ----------------------------------------------------------------- reading */

static void
add_header(struct http_delivery *delivery, struct str name, struct str value)
{
	delivery->headers = arena_grow(delivery->arena, delivery->headers,
	    delivery->header_count, &delivery->header_capacity,
	    sizeof(delivery->headers[0]));
	delivery->headers[delivery->header_count++] = (struct message_header){
		.name = arena_str(delivery->arena, name),
		.value = arena_str(delivery->arena, value),
	};
}

static void
add_property(struct http_delivery *delivery, bool is_there, const char *name,
    amqp_bytes_t value)
{
	if (is_there)
		add_header(delivery, str_of(name), http_amqp_str(value));
}

/* What is no text and no number is left out. */
static void
add_field(struct http_delivery *delivery, const amqp_table_entry_t *entry)
{
	const amqp_field_value_t *value = &entry->value;
	struct str text = {NULL, 0};
	char number[32];

	switch (value->kind) {
	case AMQP_FIELD_KIND_UTF8:
	case AMQP_FIELD_KIND_BYTES:
		text = http_amqp_str(value->value.bytes);
		break;
	case AMQP_FIELD_KIND_BOOLEAN:
		text = value->value.boolean ? STR("true") : STR("false");
		break;
	case AMQP_FIELD_KIND_I8:
		str_write(number, sizeof(number), "%d", value->value.i8);
		text = str_of(number);
		break;
	case AMQP_FIELD_KIND_I16:
		str_write(number, sizeof(number), "%d", value->value.i16);
		text = str_of(number);
		break;
	case AMQP_FIELD_KIND_I32:
		str_write(number, sizeof(number), "%d", value->value.i32);
		text = str_of(number);
		break;
	case AMQP_FIELD_KIND_I64:
		str_write(number, sizeof(number), "%lld",
		    (long long)value->value.i64);
		text = str_of(number);
		break;
	default:
		break;
	}
	if (text.at != NULL)
		add_header(delivery, http_amqp_str(entry->key), text);
}

static void
add_properties(struct http_delivery *delivery,
    const amqp_basic_properties_t *properties)
{
	amqp_flags_t flags = properties->_flags;

	add_property(delivery, (flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0,
	    "content-type", properties->content_type);
	add_property(delivery, (flags & AMQP_BASIC_CONTENT_ENCODING_FLAG) != 0,
	    "content_encoding", properties->content_encoding);
	add_property(delivery, (flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0,
	    "message_id", properties->message_id);
	add_property(delivery, (flags & AMQP_BASIC_CORRELATION_ID_FLAG) != 0,
	    "correlation_id", properties->correlation_id);
	add_property(delivery, (flags & AMQP_BASIC_REPLY_TO_FLAG) != 0,
	    "reply_to", properties->reply_to);
	add_property(delivery, (flags & AMQP_BASIC_TYPE_FLAG) != 0,
	    "type", properties->type);
	add_property(delivery, (flags & AMQP_BASIC_APP_ID_FLAG) != 0,
	    "app_id", properties->app_id);
	if ((flags & AMQP_BASIC_HEADERS_FLAG) == 0)
		return;
	for (int i = 0; i < properties->headers.num_entries; i++)
		add_field(delivery, &properties->headers.entries[i]);
}

static void
begin_reading(struct http_source *source, const amqp_basic_deliver_t *said)
{
	struct arena *arena = arena_new();
	struct http_delivery *delivery =
	    ARENA_NEW(arena, struct http_delivery);

	delivery->arena = arena;
	delivery->source = source;
	delivery->connection = source->connection;
	delivery->tag = said->delivery_tag;
	add_header(delivery, STR("exchange"), http_amqp_str(said->exchange));
	add_header(delivery, STR("routing_key"),
	    http_amqp_str(said->routing_key));
	add_header(delivery, STR("redelivered"),
	    said->redelivered ? STR("true") : STR("false"));
	source->reading = delivery;
}

static void
hand_over(struct http_source *source)
{
	struct http_delivery *delivery = source->reading;

	source->reading = NULL;
	/* No part of one that is too large is kept: nobody could read it. */
	if (delivery->body_bytes > source->bytes_max) {
		delivery->settlement = SETTLE_REFUSED;
		TAILQ_INSERT_TAIL(&source->waiting, delivery, link);
		tell_state(source, MESSAGE_TOO_LARGE, 0,
		    STR("a message was larger than `limits.answer` and has "
			"been rejected"));
		return;
	}
	http_worker_lock(&source->worker);
	TAILQ_INSERT_TAIL(&source->arrived, delivery, link);
	http_worker_unlock(&source->worker);
	http_worker_tell(&source->worker);
}

/* Its announced size bounds what is taken. */
static void
read_content(struct http_source *source, const amqp_frame_t *frame,
    size_t *left)
{
	struct http_delivery *delivery = source->reading;
	bool is_header = frame->frame_type == AMQP_FRAME_HEADER;

	if (is_header) {
		*left = delivery->body_bytes =
		    frame->payload.properties.body_size;
		add_properties(delivery, frame->payload.properties.decoded);
	} else {
		amqp_bytes_t part = frame->payload.body_fragment;

		if (delivery->body_bytes <= source->bytes_max)
			buf_add_str(&delivery->body, http_amqp_str(part));
		*left = part.len < *left ? *left - part.len : 0;
	}
	if (*left == 0)
		hand_over(source);
}

/* false: it is over with this connection. */
static bool
hear_method(struct http_source *source, const amqp_method_t *method)
{
	switch (method->id) {
	case AMQP_BASIC_DELIVER_METHOD:
		if (source->reading != NULL) {
			http_amqp_note(&source->amqp,
			    AMQP_STATUS_BAD_AMQP_DATA);
			return false; /* the last one has no end */
		}
		begin_reading(source, method->decoded);
		return true;
	case AMQP_CONNECTION_CLOSE_METHOD:
	case AMQP_CHANNEL_CLOSE_METHOD:
		http_amqp_note_close(&source->amqp, method);
		return false;
	case AMQP_BASIC_CANCEL_METHOD:
		source->amqp.failure = MESSAGE_OK;
		source->amqp.status = AMQP_NOT_FOUND;
		buf_clear(&source->amqp.detail);
		buf_add_cstr(&source->amqp.detail, "the queue was removed");
		return false;
	default:
		return true;
	}
}

static bool
read_all(struct http_source *source, size_t *left)
{
	amqp_frame_t frame;
	int found;

	while ((found = http_amqp_next(&source->amqp, &frame)) > 0)
		if (frame.frame_type == AMQP_FRAME_METHOD) {
			if (!hear_method(source, &frame.payload.method))
				return false;
		} else if (source->reading != NULL) {
			read_content(source, &frame, left);
		}
	return found == 0;
}

/* ---------------------------------------------------------------- settling */

static int
settle_one(struct http_source *source, const struct http_delivery *delivery)
{
	amqp_connection_state_t state = source->amqp.state;

	if (delivery->connection != source->connection)
		return AMQP_STATUS_OK; /* the broker has it again */
	if (delivery->settlement == SETTLE_TAKEN)
		return amqp_basic_ack(state, CHANNEL, delivery->tag, 0);
	return amqp_basic_reject(state, CHANNEL, delivery->tag,
	    delivery->settlement == SETTLE_LATER);
}

static bool
settle_all(struct http_source *source)
{
	int64_t now_us = clock_monotonic_us();
	struct http_delivery *delivery, *next;

	http_worker_lock(&source->worker);
	TAILQ_CONCAT(&source->waiting, &source->settled, link);
	http_worker_unlock(&source->worker);
	for (delivery = TAILQ_FIRST(&source->waiting); delivery != NULL;
	    delivery = next) {
		int status;

		next = TAILQ_NEXT(delivery, link);
		if (delivery->not_before_us > now_us)
			continue;
		status = settle_one(source, delivery);
		TAILQ_REMOVE(&source->waiting, delivery, link);
		delivery_free(delivery);
		if (status == AMQP_STATUS_OK)
			continue;
		http_amqp_note(&source->amqp, status);
		return false;
	}
	return true;
}

static int64_t
wait_ms(const struct http_source *source)
{
	int64_t now_us = clock_monotonic_us();
	int64_t until_us = now_us + http_amqp_beat_ms(&source->amqp) * 1000;
	const struct http_delivery *delivery;

	TAILQ_FOREACH(delivery, &source->waiting, link)
		if (delivery->not_before_us < until_us)
			until_us = delivery->not_before_us;
	return until_us <= now_us ? 0 : (until_us - now_us) / 1000 + 1;
}

/* ------------------------------------------------------------- the thread */

static void
consume(struct http_source *source)
{
	size_t left = 0;
	bool is_well = true;

	while (is_well && !atomic_load(&source->worker.is_stopping)) {
		is_well = read_all(source, &left) && settle_all(source);
		if (is_well)
			http_worker_wait(&source->worker,
			    http_amqp_fd(&source->amqp), wait_ms(source));
	}
	if (!is_well)
		tell_failure(source);
	disconnect(source, is_well);
}

static void
source_run(void *arg)
{
	struct http_source *source = arg;

	while (!atomic_load(&source->worker.is_stopping)) {
		connect_again(source);
		if (source->amqp.state != NULL)
			consume(source);
		back_off(source);
	}
}

/* --------------------------------------------------------------- the loop */

static void
tell_listener(struct http_source *source)
{
	struct message_response state;
	struct buf detail = {0};
	bool has_changed;

	http_worker_lock(&source->worker);
	has_changed = source->has_changed;
	source->has_changed = false;
	state = (struct message_response){
		.failure = source->failure, .status = source->status};
	buf_add_str(&detail, buf_str(&source->detail));
	http_worker_unlock(&source->worker);
	if (state.failure == MESSAGE_OK)
		state.body = buf_str(&detail);
	else
		state.detail = buf_str(&detail);
	if (has_changed && !source->is_closed)
		source->listener.changed(&state, source->listener.arg);
	buf_fini(&detail);
}

static void
deliver(struct http_source *source, struct http_delivery *delivery)
{
	const struct message_response message = {
		.status = 200,
		.headers = delivery->headers,
		.header_count = delivery->header_count,
		.body = buf_str(&delivery->body),
	};

	TAILQ_INSERT_TAIL(&source->held, delivery, link);
	source->listener.delivered(delivery, &message, source->listener.arg);
}

/* The listener may close the source meanwhile. */
static void
source_told_cb(void *arg)
{
	struct http_source *source = arg;
	struct deliveries arrived = TAILQ_HEAD_INITIALIZER(arrived);
	struct http_delivery *delivery;

	http_worker_lock(&source->worker);
	TAILQ_CONCAT(&arrived, &source->arrived, link);
	http_worker_unlock(&source->worker);
	while ((delivery = TAILQ_FIRST(&arrived)) != NULL) {
		TAILQ_REMOVE(&arrived, delivery, link);
		if (source->is_closed)
			delivery_free(delivery);
		else
			deliver(source, delivery);
	}
	tell_listener(source);
}

struct arena *
http_delivery_arena(struct http_delivery *delivery)
{
	return delivery->arena;
}

void
http_delivery_settle(struct http_delivery **delivery_take,
    enum http_settlement settlement, int64_t delay_ms)
{
	struct http_delivery *delivery = *delivery_take;
	struct http_source *source = delivery->source;

	*delivery_take = NULL;
	TAILQ_REMOVE(&source->held, delivery, link);
	if (source->is_closed) {
		delivery_free(delivery);
		return;
	}
	delivery->settlement = settlement;
	delivery->not_before_us = delay_ms > 0
	    ? clock_monotonic_us() + delay_ms * 1000 : 0;
	http_worker_lock(&source->worker);
	TAILQ_INSERT_TAIL(&source->settled, delivery, link);
	http_worker_unlock(&source->worker);
	http_worker_wake(&source->worker);
}

struct http_source *
http_source_new(struct event_base *base, const struct message_request *request,
    const struct http_listener *listener)
{
	struct http_source *source = calloc(1, sizeof(*source));

	must(source != NULL);
	must(listener->delivered != NULL && listener->changed != NULL);
	must(listener->prefetch > 0 && listener->prefetch <= UINT16_MAX);
	source->arena = arena_new();
	source->listener = *listener;
	source->queue = arena_str(source->arena, listener->queue);
	source->prefetch = (uint16_t)listener->prefetch;
	source->bytes_max = request->response_bytes_max > 0
	    ? request->response_bytes_max : MESSAGE_BYTES_MAX;
	TAILQ_INIT(&source->arrived);
	TAILQ_INIT(&source->settled);
	TAILQ_INIT(&source->held);
	TAILQ_INIT(&source->waiting);
	http_amqp_init(&source->amqp, source->arena, request,
	    &source->worker);
	source->worker.run = source_run;
	source->worker.told_cb = source_told_cb;
	source->worker.arg = source;
	http_worker_init(&source->worker);
	http_source_begin(source, base);
	return source;
}

void
http_source_begin(struct http_source *source, struct event_base *base)
{
	if (!source->is_closed)
		(void)http_worker_begin(&source->worker, base);
}

void
http_source_close(struct http_source **source_take)
{
	struct http_source *source = *source_take;

	if (source == NULL)
		return;
	*source_take = NULL;
	source->is_closed = true;
	http_worker_stop(&source->worker);
}

void
http_source_stop(struct http_source *source)
{
	http_worker_stop(&source->worker);
}

bool
http_source_is_over(struct http_source *source)
{
	return source->is_closed && TAILQ_EMPTY(&source->held) &&
	    http_worker_has_ended(&source->worker);
}

void
http_source_free(struct http_source **source_take)
{
	struct http_source *source = *source_take;

	if (source == NULL)
		return;
	http_worker_fini(&source->worker);
	free_deliveries(&source->arrived);
	free_deliveries(&source->settled);
	free_deliveries(&source->held);
	free_deliveries(&source->waiting);
	buf_fini(&source->detail);
	http_amqp_fini(&source->amqp);
	arena_free(&source->arena);
	free(source);
	*source_take = NULL;
}
