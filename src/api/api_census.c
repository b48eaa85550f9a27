/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_census.c: who is connected, since when, and who is too slow.
 *
 * evhttp tells when a connection begins, and not when it ends.  So each
 * accepted socket is noted under its descriptor, with its inode; when the bound
 * is reached, those whose descriptor is no longer that socket are struck out.
 *
 * evhttp's own timeout is that of one reading or writing: who sends a byte a
 * minute, or takes one, is never late.  Here the whole request has to come,
 * and the whole answer has to be taken, within the same time and some more for
 * its size; who doesn't keep to that is disconnected.  Time is counted in
 * ticks of the loop, so that nobody is late because we stood still.
 *
 * When all places are taken, those make room who have been silent for the
 * longest time: connections that are kept and not used must not keep others
 * out.
 *
 * Places are never freed before the end: a buffer that is on its way out may
 * call back for a descriptor that has been given to another.
 */
#include "api_priv.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LOOK_AGAIN_MS 100
#define TICK_MS_MAX 1000
/* A tenth of the patience with the silent, in which they are not disturbed:
 * they may be just about to say something. */
#define GRACE_TICKS 6
#define PATIENCE_TICKS 60
/* The slowest that is taken, once the time for small ones is over. */
#define BYTES_PER_MS 16
/* How many make room at once. */
#define LEAVE_DIVISOR 8
/* Where all together hold too much, those who hold little are not meant. */
#define IN_BYTES_MIN (64 * 1024)

/* Something that has to be over some time: 0 where there is nothing. */
struct flow {
	uint64_t since; /* tick */
	size_t bytes;
};

struct guest {
	struct api_census *census;
	evutil_socket_t fd;
	ino_t inode;
	bool is_open; /* or was when we last looked */
	bool is_busy; /* a request of theirs is being answered */
	bool is_replacing;
	int refused;	 /* by evhttp, with that status; 0: not yet */
	uint64_t silent; /* tick of the last sign of life */
	struct flow in;	 /* of a request that is not whole yet */
	struct api_frame frame;
	bool is_cutting;
	struct flow out; /* of an answer that has not left yet */
};

struct api_census {
	struct guest **guests; /* by descriptor; NULL: none so far */
	size_t capacity;
	size_t count; /* that are open */
	size_t max;
	size_t in_bytes; /* of requests that are not whole yet */
	uint64_t tick;
	int64_t tick_ms;
	int64_t patience_ms;
	struct bufferevent *fresh; /* accepted, its socket not known yet */
	struct event *note;
	struct event *look;
	struct event *clock;
	void (*full)(void *arg);
	void (*room)(void *arg);
	void (*on_tick)(void *arg);
	void (*refused)(void *arg, int status);
	void *arg;
};

/* ---- who is there ---- */

static bool
is_there(const struct guest *guest)
{
	struct stat found;

	return fstat(guest->fd, &found) == 0 && S_ISSOCK(found.st_mode) &&
	       found.st_ino == guest->inode;
}

/* Its request is whole, or will never be. */
static void
end_input(struct guest *guest)
{
	must(guest->census->in_bytes >= guest->in.bytes);
	guest->census->in_bytes -= guest->in.bytes;
	guest->in = (struct flow){0};
}

static void
leave(struct guest *guest)
{
	must(guest->is_open);
	end_input(guest);
	must(guest->census->count > 0);
	guest->is_open = false;
	guest->census->count--;
}

/* evhttp reads the end of the connection, or fails to write, and ends it. */
static void
send_off(struct guest *guest)
{
	if (is_there(guest))
		shutdown(guest->fd, SHUT_RDWR);
	leave(guest);
}

static void
strike_out(struct api_census *census)
{
	for (size_t i = 0; i < census->capacity; i++) {
		struct guest *guest = census->guests[i];

		if (guest != NULL && guest->is_open && !is_there(guest))
			leave(guest);
	}
}

/* ---- making room ---- */

static bool
may_leave(const struct guest *guest)
{
	return guest != NULL && guest->is_open && !guest->is_busy &&
	       guest->out.since == 0 &&
	       guest->census->tick - guest->silent >= GRACE_TICKS;
}

void
api_census_make_room(struct api_census *census)
{
	size_t left = census->max / LEAVE_DIVISOR + 1;
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < census->capacity; i++)
		if (may_leave(census->guests[i]) &&
		    census->guests[i]->silent < oldest)
			oldest = census->guests[i]->silent;
	for (size_t i = 0; i < census->capacity && left > 0; i++) {
		if (!may_leave(census->guests[i]) ||
		    census->guests[i]->silent > oldest)
			continue;
		send_off(census->guests[i]);
		left--;
	}
}

void
api_census_look(struct api_census *census)
{
	struct timeval delay = {.tv_usec = LOOK_AGAIN_MS * 1000};

	if (census->count >= census->max)
		strike_out(census);
	if (census->count >= census->max)
		api_census_make_room(census);
	if (census->count < census->max) {
		census->room(census->arg);
		return;
	}
	evtimer_add(census->look, &delay);
	census->full(census->arg);
}

/* ---- what goes to and fro ---- */

static void
begin(const struct guest *guest, struct flow *flow)
{
	if (flow->since != 0)
		return;
	flow->since = guest->census->tick;
	flow->bytes = 0;
}

/* Puts what evhttp refuses in place of all behind the first `kept` bytes; NULL
 * where it has that already. */
static void
cut(struct guest *guest, struct evbuffer *buffer, size_t kept,
    const char *refused)
{
	struct evbuffer *front = evbuffer_new();

	must(front != NULL);
	guest->is_cutting = true;
	evbuffer_unfreeze(buffer, 0);
	must(evbuffer_remove_buffer(buffer, front, kept) == (int)kept);
	evbuffer_drain(buffer, evbuffer_get_length(buffer));
	must(evbuffer_add_buffer(buffer, front) == 0);
	if (refused != NULL)
		must(evbuffer_add(buffer, refused, strlen(refused)) == 0);
	guest->is_cutting = false;
	evbuffer_free(front);
}

/* The bytes from `at` on; the index of the first that is not good, or
 * SIZE_MAX. */
static size_t
find_fault(struct guest *guest, struct evbuffer *buffer, size_t at)
{
	struct evbuffer_iovec piece;
	struct evbuffer_ptr place;
	size_t end = evbuffer_get_length(buffer), good;

	while (at < end) {
		must(evbuffer_ptr_set(
			 buffer, &place, at, EVBUFFER_PTR_SET) == 0);
		must(evbuffer_peek(buffer, -1, &place, &piece, 1) > 0);
		if (!api_frame_take(&guest->frame,
			(struct str){piece.iov_base, piece.iov_len}, &good))
			return at + good;
		at += piece.iov_len;
	}
	return SIZE_MAX;
}

/* Looked at before evhttp reads any of it. */
static void
look_at_input(struct guest *guest, struct evbuffer *buffer, size_t before)
{
	size_t fault;

	if (guest->frame.state == FRAME_FAULTY) {
		cut(guest, buffer, before, NULL);
		return;
	}
	fault = find_fault(guest, buffer, before);
	if (fault != SIZE_MAX)
		cut(guest, buffer, fault,
		    guest->frame.is_in_line ? "\r\n?\r\n" : "?\r\n");
}

static void
input_cb(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct guest *guest = arg;

	if (info->n_added == 0 || guest->is_cutting)
		return;
	look_at_input(guest, buffer, info->orig_size);
	guest->silent = guest->census->tick;
	if (guest->is_busy || !guest->is_open)
		return; /* the next one, sent ahead; or the last words */
	begin(guest, &guest->in);
	guest->in.bytes += info->n_added;
	guest->census->in_bytes += info->n_added;
	/* Who brings the last straw has to go. */
	if (guest->in.bytes > IN_BYTES_MIN &&
	    guest->census->in_bytes > API_CENSUS_BYTES_MAX)
		send_off(guest);
}

/* An answer to nothing that we were asked is evhttp's own.  It comes piece by
 * piece; ours takes the place of the first, and of whatever follows. */
static void
replace_refusal(
    struct guest *guest, struct evbuffer *buffer, size_t bytes_added)
{
	/* Over TLS a piece goes out at once. */
	bool is_first = guest->refused == 0;
	bool has_left = !is_first &&
			evbuffer_get_length(buffer) == bytes_added;
	int status;

	if (is_first)
		guest->refused = api_refusal_status(buffer);
	if (guest->refused == 0)
		return;
	/* evhttp takes a chunk that it can't read for one that is too long. */
	if (guest->frame.state == FRAME_FAULTY)
		guest->refused = 400;
	guest->is_replacing = true;
	if (has_left) {
		api_refusal_drop(buffer);
	} else {
		status = api_refusal_put(buffer, guest->refused);
		if (is_first)
			guest->census->refused(guest->census->arg, status);
	}
	guest->is_replacing = false;
}

static void
output_cb(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct guest *guest = arg;

	if (guest->is_replacing)
		return;
	if (info->n_added > 0) {
		begin(guest, &guest->out);
		guest->out.bytes += info->n_added;
		if (!guest->is_busy)
			replace_refusal(guest, buffer, info->n_added);
	}
	if (info->n_deleted == 0 || evbuffer_get_length(buffer) > 0)
		return;
	guest->out.since = 0; /* of a long answer there is more to come */
	guest->silent = guest->census->tick;
	if (guest->refused != 0)
		shutdown(guest->fd, SHUT_WR);
}

/* NULL: there is none. */
static struct guest *
guest_at(struct api_census *census, evutil_socket_t fd)
{
	return fd >= 0 && (size_t)fd < census->capacity ? census->guests[fd]
							: NULL;
}

void
api_census_asked(struct api_census *census, evutil_socket_t fd)
{
	struct guest *guest = guest_at(census, fd);

	if (guest == NULL)
		return;
	end_input(guest);
	guest->is_busy = true;
}

void
api_census_answered(struct api_census *census, evutil_socket_t fd)
{
	struct guest *guest = guest_at(census, fd);

	if (guest != NULL)
		guest->is_busy = false;
}

/* ---- those who come ---- */

static struct guest *
place_of(struct api_census *census, evutil_socket_t fd)
{
	size_t at = (size_t)fd, capacity = census->capacity;

	if (at >= capacity) {
		capacity = at + at / 2 + 64;
		census->guests = reallocarray(
		    census->guests, capacity, sizeof(struct guest *));
		must(census->guests != NULL);
		memset(census->guests + census->capacity, 0,
		    (capacity - census->capacity) * sizeof(struct guest *));
		census->capacity = capacity;
	}
	if (census->guests[at] == NULL)
		census->guests[at] = calloc(1, sizeof(struct guest));
	must(census->guests[at] != NULL);
	return census->guests[at];
}

static void
take_in(struct api_census *census, struct bufferevent *stream,
    evutil_socket_t fd, ino_t inode)
{
	struct guest *guest = place_of(census, fd);

	if (guest->is_open)
		leave(guest); /* who had the descriptor before */
	*guest = (struct guest){
	    .census = census,
	    .fd = fd,
	    .inode = inode,
	    .is_open = true,
	    .silent = census->tick,
	};
	/* Its first request is waited for from now on: over TLS it can take
	 * its time before there is a byte of it. */
	begin(guest, &guest->in);
	census->count++;
	evbuffer_add_cb(bufferevent_get_input(stream), input_cb, guest);
	evbuffer_add_cb(bufferevent_get_output(stream), output_cb, guest);
}

/* By now evhttp has given the stream its socket. */
static void
note_fresh(struct api_census *census)
{
	struct bufferevent *fresh = census->fresh;
	evutil_socket_t fd;
	struct stat found;

	if (fresh == NULL)
		return;
	census->fresh = NULL;
	fd = bufferevent_getfd(fresh);
	if (fd >= 0 && fstat(fd, &found) == 0)
		take_in(census, fresh, fd, found.st_ino);
	bufferevent_decref(fresh);
	if (census->count >= census->max)
		api_census_look(census);
}

void
api_census_add(struct api_census *census, struct bufferevent *stream)
{
	note_fresh(census);
	bufferevent_incref(stream);
	census->fresh = stream;
	event_active(census->note, EV_TIMEOUT, 0);
}

/* ---- time ---- */

static bool
is_late(const struct api_census *census, const struct flow *flow)
{
	uint64_t allowed_ms =
	    (uint64_t)census->patience_ms + flow->bytes / BYTES_PER_MS;

	return flow->since != 0 &&
	       (census->tick - flow->since) * (uint64_t)census->tick_ms >
		   allowed_ms;
}

static void
tick(struct api_census *census)
{
	census->tick++;
	for (size_t i = 0; i < census->capacity; i++) {
		struct guest *guest = census->guests[i];

		if (guest != NULL && guest->is_open &&
		    (is_late(census, &guest->in) ||
			is_late(census, &guest->out)))
			send_off(guest);
	}
	census->on_tick(census->arg);
}

static void
note_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	note_fresh(arg);
}

static void
look_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	api_census_look(arg);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	tick(arg);
}

/* ---- life ---- */

static void
start_clock(struct api_census *census, struct event_base *base)
{
	int64_t tick_ms = census->patience_ms / PATIENCE_TICKS;
	struct timeval step;

	if (tick_ms > TICK_MS_MAX)
		tick_ms = TICK_MS_MAX;
	if (tick_ms < 1)
		tick_ms = 1;
	census->tick = 1; /* 0 is for none */
	census->tick_ms = tick_ms;
	step = (struct timeval){
	    .tv_sec = (time_t)(tick_ms / 1000),
	    .tv_usec = (suseconds_t)(tick_ms % 1000 * 1000),
	};
	census->clock = event_new(base, -1, EV_PERSIST, tick_cb, census);
	must(census->clock != NULL);
	must(event_add(census->clock, &step) == 0);
}

struct api_census *
api_census_new(const struct api_census_options *options)
{
	struct api_census *census = calloc(1, sizeof(*census));

	must(census != NULL);
	must(options->max > 0);
	must(options->patience_ms > 0);
	census->max = options->max;
	census->patience_ms = options->patience_ms;
	census->full = options->full;
	census->room = options->room;
	census->on_tick = options->tick;
	census->refused = options->refused;
	census->arg = options->arg;
	census->note = event_new(options->base, -1, 0, note_cb, census);
	census->look = evtimer_new(options->base, look_cb, census);
	must(census->note != NULL);
	must(census->look != NULL);
	start_clock(census, options->base);
	return census;
}

void
api_census_free(struct api_census **census_pointer)
{
	struct api_census *census = *census_pointer;

	if (census == NULL)
		return;
	*census_pointer = NULL;
	if (census->fresh != NULL)
		bufferevent_decref(census->fresh);
	event_free(census->note);
	event_free(census->look);
	event_free(census->clock);
	for (size_t i = 0; i < census->capacity; i++)
		free(census->guests[i]);
	free(census->guests);
	free(census);
}
