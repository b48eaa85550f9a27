/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_census.c: how many connections are open.
 *
 * evhttp tells when a connection begins, and not when it ends.  So each
 * accepted socket is noted by its descriptor and inode; when the bound is
 * reached, those whose descriptor is no longer that socket are struck out.
 * It costs nothing until then, and is exact whenever it matters.
 */
#include "api_priv.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LOOK_AGAIN_MS 100

struct guest {
	evutil_socket_t fd;
	ino_t inode;
};

struct api_census {
	struct guest *guests;
	size_t count;
	size_t max;
	struct bufferevent *fresh; /* accepted, its socket not known yet */
	struct event *note;
	struct event *look;
	bool is_full;
	void (*full)(void *arg);
	void (*room)(void *arg);
	void *arg;
};

static bool
is_there(const struct guest *guest)
{
	struct stat found;

	return fstat(guest->fd, &found) == 0 && S_ISSOCK(found.st_mode) &&
	       found.st_ino == guest->inode;
}

static void
strike_out(struct api_census *census)
{
	size_t kept = 0;

	for (size_t i = 0; i < census->count; i++)
		if (is_there(&census->guests[i]))
			census->guests[kept++] = census->guests[i];
	census->count = kept;
}

static void
look(struct api_census *census)
{
	struct timeval delay = {.tv_usec = LOOK_AGAIN_MS * 1000};

	if (census->count >= census->max)
		strike_out(census);
	if (census->count >= census->max) {
		evtimer_add(census->look, &delay);
		if (!census->is_full)
			census->full(census->arg);
		census->is_full = true;
	} else if (census->is_full) {
		census->is_full = false;
		census->room(census->arg);
	}
}

/* By now evhttp has given the stream its socket. */
static void
note_fresh(struct api_census *census)
{
	struct bufferevent *fresh = census->fresh;
	struct guest guest;
	struct stat found;

	if (fresh == NULL)
		return;
	census->fresh = NULL;
	guest.fd = bufferevent_getfd(fresh);
	if (guest.fd >= 0 && fstat(guest.fd, &found) == 0 &&
	    census->count < census->max) {
		guest.inode = found.st_ino;
		census->guests[census->count++] = guest;
	}
	bufferevent_decref(fresh);
	look(census);
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
	look(arg);
}

struct api_census *
api_census_new(struct event_base *base, size_t max, void (*full)(void *arg),
    void (*room)(void *arg), void *arg)
{
	struct api_census *census = calloc(1, sizeof(*census));

	must(census != NULL);
	must(max > 0);
	census->guests = calloc(max, sizeof(*census->guests));
	must(census->guests != NULL);
	census->max = max;
	census->full = full;
	census->room = room;
	census->arg = arg;
	census->note = event_new(base, -1, 0, note_cb, census);
	census->look = evtimer_new(base, look_cb, census);
	must(census->note != NULL);
	must(census->look != NULL);
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
	free(census->guests);
	free(census);
}

void
api_census_add(struct api_census *census, struct bufferevent *stream)
{
	note_fresh(census);
	bufferevent_incref(stream);
	census->fresh = stream;
	event_active(census->note, EV_TIMEOUT, 0);
}
