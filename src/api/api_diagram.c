/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_diagram.c: workflows as pictures, and where an instance stands in one.
 *
 * To lay a picture out takes a moment, in which the loop must not stand
 * still: a thread does it, one picture at a time, and the callers wait.  A
 * definition never changes, so its picture is kept by its digest, and where an
 * instance stands is marked when the answer is written.
 *
 *  PICTURE_QUEUED   waits for the thread
 *  PICTURE_DRAWING  is the thread's alone
 *  PICTURE_READY    has its places
 *  PICTURE_FAILED   can't be had: `why` says so; who asks a minute later has
 *                   it tried once more, for the system may have been short of
 *                   something
 */
#include "api_priv.h"

#include "stated/draw.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What is kept, and what may be asked for at the same time. */
#define PICTURES_MAX 64
#define TRY_AGAIN_US (60 * 1000000LL)

enum picture_state {
	PICTURE_QUEUED,
	PICTURE_DRAWING,
	PICTURE_READY,
	PICTURE_FAILED,
};

/* A caller that waits for a picture. */
struct onlooker {
	struct onlooker *next;
	struct api_call *call;
	struct draw_marks marks; /* in the call's arena */
};

struct picture {
	struct picture *older;
	enum picture_state state;
	struct digest digest;
	struct draw *draw;
	struct buf why;
	int64_t failed_us;
	struct onlooker *onlookers; /* in the arenas of their calls */
};

struct api_gallery {
	struct picture *pictures; /* newest first */
	size_t count;
	struct picture *drawing; /* NULL: no thread runs */
	pthread_t thread;
	int fd; /* the thread has ended */
	struct event *ended;
};

/* ---- the thread ---- */

struct errand {
	struct picture *picture;
	int fd;
};

static void *
draw_thread(void *arg)
{
	struct errand errand = *(struct errand *)arg;
	struct picture *picture = errand.picture;
	uint64_t one = 1;

	free(arg);
	if (!draw_place(picture->draw, &picture->why))
		must(picture->why.bytes > 0);
	must(write(errand.fd, &one, sizeof(one)) == sizeof(one));
	return NULL;
}

static bool
start_thread(struct api_gallery *gallery, struct picture *picture)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	int refused;

	must(errand != NULL);
	*errand = (struct errand){picture, gallery->fd};
	picture->state = PICTURE_DRAWING;
	refused =
	    pthread_create(&gallery->thread, NULL, draw_thread, errand);
	if (refused == 0) {
		gallery->drawing = picture;
		return true;
	}
	buf_addf(&picture->why, "no thread for it: %s", strerror(refused));
	free(errand);
	return false;
}

/* ---- answers ---- */

static void
answer(struct api_call *call, const struct picture *picture,
    const struct draw_marks *marks)
{
	struct buf svg = {0};

	if (picture->state == PICTURE_FAILED) {
		api_problem_reply(call, PROBLEM_INTERNAL,
		    "The picture can't be drawn; the server's log says why.");
		return;
	}
	must(picture->state == PICTURE_READY);
	draw_svg(picture->draw, marks, &svg);
	api_reply_bytes(call, 200, "image/svg+xml", buf_str(&svg));
	buf_fini(&svg);
}

static void
answer_all(struct picture *picture)
{
	struct onlooker *next;

	for (struct onlooker *onlooker = picture->onlookers; onlooker != NULL;
	     onlooker = next) {
		struct api_call *call = onlooker->call;

		next = onlooker->next;
		if (call->request != NULL)
			answer(call, picture, &onlooker->marks);
		api_call_unref(call); /* the onlooker goes with it */
	}
	picture->onlookers = NULL;
}

static struct picture *
find_oldest_queued(const struct api_gallery *gallery)
{
	struct picture *oldest = NULL;

	for (struct picture *picture = gallery->pictures; picture != NULL;
	     picture = picture->older)
		if (picture->state == PICTURE_QUEUED)
			oldest = picture;
	return oldest;
}

static void
settle(struct picture *picture)
{
	picture->state =
	    picture->why.bytes > 0 ? PICTURE_FAILED : PICTURE_READY;
	if (picture->state == PICTURE_FAILED) {
		picture->failed_us = clock_monotonic_us();
		log_warning("a picture can't be drawn", "why=\"%s\"",
		    buf_cstr(&picture->why));
	}
	answer_all(picture);
}

static void
draw_next(struct api_gallery *gallery)
{
	struct picture *next;

	must(gallery->drawing == NULL);
	while ((next = find_oldest_queued(gallery)) != NULL &&
	    !start_thread(gallery, next))
		settle(next);
}

static void
ended_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_gallery *gallery = arg;
	struct picture *picture = gallery->drawing;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	must(picture != NULL);
	must(pthread_join(gallery->thread, NULL) == 0);
	gallery->drawing = NULL;
	settle(picture);
	draw_next(gallery);
}

/* ---- what is kept ---- */

static void
free_picture(struct picture *picture)
{
	must(picture->onlookers == NULL);
	draw_free(&picture->draw);
	buf_fini(&picture->why);
	free(picture);
}

static bool
is_settled(const struct picture *picture)
{
	return picture->state == PICTURE_READY ||
	       picture->state == PICTURE_FAILED;
}

/* Makes room by what was last asked for longest ago. */
static bool
make_room(struct api_gallery *gallery)
{
	struct picture **oldest = NULL;

	if (gallery->count < PICTURES_MAX)
		return true;
	for (struct picture **link = &gallery->pictures; *link != NULL;
	     link = &(*link)->older)
		if (is_settled(*link))
			oldest = link;
	if (oldest != NULL) {
		struct picture *picture = *oldest;

		*oldest = picture->older;
		gallery->count--;
		free_picture(picture);
	}
	return oldest != NULL;
}

static void
put_first(struct api_gallery *gallery, struct picture *picture)
{
	picture->older = gallery->pictures;
	gallery->pictures = picture;
}

/* The picture, moved to the front of those that are kept; NULL: none. */
static struct picture *
find(struct api_gallery *gallery, struct digest digest)
{
	for (struct picture **link = &gallery->pictures; *link != NULL;
	     link = &(*link)->older) {
		struct picture *picture = *link;

		if (!digest_equal(picture->digest, digest))
			continue;
		*link = picture->older;
		put_first(gallery, picture);
		return picture;
	}
	return NULL;
}

/* NULL where answered. */
static struct picture *
add(struct api_call *call, const struct definition *definition)
{
	struct api_gallery *gallery = call->api->gallery;
	struct picture *picture;

	if (draw_is_large(definition)) {
		api_problem_reply(call, PROBLEM_TOO_MANY_STATES,
		    "%.*s has more states and transitions than are drawn here; "
		    "`stated draw` draws it, and takes its time.",
		    STR_ARG(definition->name));
		return NULL;
	}
	if (!make_room(gallery)) {
		api_reply_header(call, "Retry-After", STR("2"));
		api_problem_reply(call, PROBLEM_BUSY,
		    "Other pictures are being drawn; try again in a moment.");
		return NULL;
	}
	picture = calloc(1, sizeof(*picture));
	must(picture != NULL);
	picture->digest = definition->digest;
	picture->draw = draw_new(definition);
	put_first(gallery, picture);
	gallery->count++;
	return picture;
}

static void
show(struct api_call *call, const struct definition *definition,
    struct draw_marks marks)
{
	struct api_gallery *gallery = call->api->gallery;
	struct picture *picture = find(gallery, definition->digest);
	struct onlooker *onlooker;

	if (picture == NULL)
		picture = add(call, definition);
	if (picture == NULL)
		return;
	if (picture->state == PICTURE_FAILED &&
	    clock_monotonic_us() - picture->failed_us >= TRY_AGAIN_US) {
		picture->state = PICTURE_QUEUED;
		buf_clear(&picture->why);
	}
	if (is_settled(picture)) {
		answer(call, picture, &marks);
		return;
	}
	onlooker = ARENA_NEW(call->arena, struct onlooker);
	*onlooker = (struct onlooker){picture->onlookers, call, marks};
	picture->onlookers = onlooker;
	api_call_ref(call);
	if (gallery->drawing == NULL)
		draw_next(gallery);
}

/* ---- life ---- */

struct api_gallery *
api_gallery_new(struct event_base *base, struct buf *detail)
{
	struct api_gallery *gallery = calloc(1, sizeof(*gallery));

	must(gallery != NULL);
	gallery->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gallery->fd < 0) {
		buf_addf(detail, "%.*s: %s",
		    STR_ARG(store_error_text(STORE_STARVED)), strerror(errno));
		free(gallery);
		return NULL;
	}
	gallery->ended = event_new(
	    base, gallery->fd, EV_READ | EV_PERSIST, ended_cb, gallery);
	must(gallery->ended != NULL);
	must(event_add(gallery->ended, NULL) == 0);
	return gallery;
}

void
api_gallery_free(struct api_gallery **gallery_pointer)
{
	struct api_gallery *gallery = *gallery_pointer;
	struct picture *older;

	*gallery_pointer = NULL;
	if (gallery == NULL)
		return;
	if (gallery->drawing != NULL)
		must(pthread_join(gallery->thread, NULL) == 0);
	event_free(gallery->ended);
	(void)close(gallery->fd);
	for (struct picture *picture = gallery->pictures; picture != NULL;
	     picture = older) {
		older = picture->older;
		/* Their calls were dropped: nobody is left to be answered. */
		picture->onlookers = NULL;
		free_picture(picture);
	}
	free(gallery);
}

/* ---- handlers ---- */

void
api_diagram_definition(struct api_call *call)
{
	const struct definition *definition = api_definition_find(call);

	if (definition != NULL)
		show(call, definition, (struct draw_marks){NULL, 0});
}

static struct draw_marks
marks_of(struct api_call *call, const struct value *view)
{
	const struct value *states = value_get_cstr(view, "states");
	struct draw_marks marks = {NULL, 0};
	struct str *active;

	if (states == NULL || states->type != VALUE_LIST)
		return marks;
	active = ARENA_ARRAY(call->arena, states->as.list.count, struct str);
	for (size_t i = 0; i < states->as.list.count; i++)
		active[marks.active_count++] =
		    arena_str(call->arena, value_str(states->as.list.items[i]));
	marks.active = active;
	return marks;
}

static void
look_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);
	const struct definition *definition = NULL;
	struct digest digest;

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		if (digest_parse_hex(
			value_field_str(reply->view, "definition"),
			&digest))
			definition = library_find_digest(
			    engine_library(call->api->options.engine), digest);
		if (definition != NULL)
			show(call, definition, marks_of(call, reply->view));
		else
			api_problem_reply(call, PROBLEM_UNKNOWN_WORKFLOW,
			    "The version that the instance runs on can't be "
			    "loaded; the server's log says why.");
	}
	api_call_unref(call);
}

void
api_diagram_instance(struct api_call *call)
{
	uint64_t number;

	if (!api_instance_find(call, call->params[0], &number))
		return;
	api_call_ref(call);
	engine_look(call->api->options.engine, number, look_cb, call);
}
