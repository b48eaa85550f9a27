/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_house.h"

#include "stated/json.h"
#include "stated/log.h"
#include "../definition/written_library.h"

#include <event2/event.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the network ---- */

struct exchange {
	struct house *house;
	struct arena *arena;
	struct message_request request;
	http_done_fn *done;
	void *arg;
};

bool
house_answer_ok(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	static const struct message_header json[] = {
	    {.name = STR_INIT("content-type"),
		.value = STR_INIT("application/json")},
	};

	(void)house;
	(void)request;
	response->headers = json;
	response->header_count = 1;
	response->body = STR("{\"ok\": true}");
	return true;
}

bool
house_answer_nothing(struct house *house,
    const struct message_request *request, struct message_response *response)
{
	(void)house;
	(void)request;
	(void)response;
	return false;
}

static void
exchange_cb(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *exchange = arg;
	struct arena *arena = exchange->arena;
	struct message_response response = {.status = 200};

	(void)fd;
	(void)what;
	if (exchange->house->answer(
		exchange->house, &exchange->request, &response))
		exchange->done(&response, exchange->arg);
	arena_free(&arena);
}

static const struct message_header *
copy_headers(struct arena *arena, const struct message_request *request)
{
	struct message_header *headers = ARENA_ARRAY(
	    arena, request->header_count, struct message_header);

	for (size_t i = 0; i < request->header_count; i++) {
		headers[i].name = arena_str(arena, request->headers[i].name);
		headers[i].value = arena_str(arena, request->headers[i].value);
	}
	return headers;
}

static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct house *house =
	    (void *)((char *)port - offsetof(struct house, port));
	struct arena *arena = arena_new();
	struct exchange *exchange = ARENA_NEW(arena, struct exchange);
	struct timeval now = {0, 0};

	if (house->sent < 64)
		snprintf(house->bodies[house->sent], sizeof(house->bodies[0]),
		    "%.*s", STR_ARG(request->body));
	house->sent++;
	exchange->house = house;
	exchange->arena = arena;
	exchange->request = *request;
	exchange->request.url = arena_str(arena, request->url);
	exchange->request.body = arena_str(arena, request->body);
	exchange->request.headers = copy_headers(arena, request);
	exchange->done = done;
	exchange->arg = arg;
	must(event_base_once(house->base, -1, EV_TIMEOUT, exchange_cb, exchange,
		 &now) == 0);
}

/* ---- the house ---- */

static void
keep(char *out, size_t bytes, struct str text)
{
	snprintf(out, bytes, "%.*s", STR_ARG(text));
}

static const struct value *
secret_cb(void *arg, struct str name)
{
	struct house *house = arg;

	(void)name;
	return value_of_str(house->arena,
	    str_of(house->secret != NULL ? house->secret : "stated:secret"));
}

bool
house_try_engine(struct house *house)
{
	struct store_options options = {
	    .path = str_of(house->path),
	    .create = true,
	};
	struct buf detail = {0};
	struct engine_options engine = {
	    .base = house->base,
	    .library = house->library,
	    .http = &house->port,
	    .clock = &house->clock.clock,
	    .rng = &house->rng.rng,
	    .environment = STR("test"),
	    .secret = secret_cb,
	    .secret_arg = house,
	    .limits = house->limits,
	};

	house->engine = NULL;
	enum store_error error = store_open(options, &house->store, &detail);
	if (error != STORE_OK) {
		buf_add_str(&detail, store_error_text(error));
	} else {
		engine.store = house->store;
		engine.settings =
		    value_built(value_build_context(house->arena));
		house->engine = engine_new(&engine, &detail);
	}
	keep(house->detail, sizeof(house->detail), buf_str(&detail));
	buf_fini(&detail);
	return house->engine != NULL;
}

void
house_open_engine(struct house *house)
{
	bool is_open = house_try_engine(house);

	if (!is_open)
		fprintf(stderr, "%s\n", house->detail);
	must(is_open);
}

void
house_close_engine(struct house *house)
{
	engine_free(&house->engine);
	store_close(&house->store);
}

bool
house_try_start(struct house *house, const char *definitions)
{
	struct library *before = house->library;
	bool is_started;

	house_close_engine(house);
	house->library = written_library(definitions);
	is_started = house_try_engine(house);
	if (is_started) {
		library_free(&before);
	} else {
		library_free(&house->library);
		store_close(&house->store);
		house->library = before;
	}
	return is_started;
}

void
house_lock(struct house *house)
{
	must(house->locker == NULL);
	must(sqlite3_open(house->path, &house->locker) == SQLITE_OK);
	must(sqlite3_exec(house->locker, "BEGIN IMMEDIATE", NULL, NULL, NULL) ==
	     SQLITE_OK);
}

void
house_unlock(struct house *house)
{
	must(sqlite3_exec(house->locker, "COMMIT", NULL, NULL, NULL) ==
	     SQLITE_OK);
	must(sqlite3_close(house->locker) == SQLITE_OK);
	house->locker = NULL;
}

static void
free_libraries(struct house *house)
{
	library_free(&house->library);
	for (size_t i = 0; i < 8; i++)
		library_free(&house->libraries_before[i]);
}

static void
keep_library(struct house *house)
{
	size_t i = 0;

	while (house->libraries_before[i] != NULL)
		i++;
	must(i < 8);
	house->libraries_before[i] = house->library;
}

bool
house_try_replace(struct house *house, const char *definitions)
{
	struct library *library = written_library(definitions);
	struct buf detail = {0};
	bool is_taken = engine_reload(house->engine, library, &detail);

	must(is_taken == (detail.bytes == 0));
	keep(house->detail, sizeof(house->detail), buf_str(&detail));
	buf_fini(&detail);
	if (is_taken) {
		keep_library(house);
		house->library = library;
	} else {
		library_free(&library);
	}
	return is_taken;
}

void
house_replace(struct house *house, const char *definitions)
{
	bool is_taken = house_try_replace(house, definitions);

	if (!is_taken)
		fprintf(stderr, "%s\n", house->detail);
	must(is_taken);
}

void
house_reload(struct house *house, const char *definitions)
{
	house_replace(house, definitions);
	house_run(house);
}

struct house *
house_new(const char *definitions, house_answer_fn *answer)
{
	struct house *house = calloc(1, sizeof(*house));

	must(house != NULL);
	log_setup(LOG_ERROR, LOG_TEXT);
	house->base = event_base_new();
	house->arena = arena_new();
	house->answer = answer;
	house->port.send = send_cb;
	house->limits.probe_ms = 20;
	clock_virtual_init(&house->clock, 1764000000000); /* a Monday */
	rng_seeded_init(&house->rng, 1);
	strcpy(house->directory, "/tmp/stated-engine-XXXXXX");
	must(mkdtemp(house->directory) != NULL);
	snprintf(
	    house->path, sizeof(house->path), "%s/stated.db", house->directory);
	house->library = written_library(definitions);
	house_open_engine(house);
	house_run(house);
	return house;
}

void
house_free(struct house **house)
{
	char command[128];

	if ((*house)->engine != NULL)
		house_close_engine(*house);
	free_libraries(*house);
	event_base_free((*house)->base);
	arena_free(&(*house)->arena);
	snprintf(command, sizeof(command), "rm -rf %s", (*house)->directory);
	must(system(command) == 0);
	free(*house);
	*house = NULL;
}

void
house_crash(struct house *house)
{
	struct event_base *base = house->base;

	house_close_engine(house);
	/* What was on its way is never answered. */
	house->base = event_base_new();
	event_base_free(base);
	if (house->crash != NULL)
		house->crash(house);
	house_open_engine(house);
}

void
house_run_ms(struct house *house, int ms)
{
	struct timeval limit = {ms / 1000, ms % 1000 * 1000};

	event_base_loopexit(house->base, &limit);
	event_base_dispatch(house->base);
}

void
house_run(struct house *house)
{
	for (int quiet = 0; quiet < 3;) {
		struct engine_health health;

		house_run_ms(house, 3);
		health = engine_health(house->engine);
		/* While the store can't write, what waits goes on waiting. */
		quiet =
		    !health.writable || (health.inbox == 0 &&
					    !store_is_committing(house->store))
			? quiet + 1
			: 0;
	}
}

void
house_advance(struct house *house, int64_t ms)
{
	house->clock.now_ms += ms;
	/* Any request is a reason for a turn, and a turn looks at the clock. */
	engine_look(house->engine, 0, house_reply_cb, house);
	house_run(house);
	house_run(house);
}

void
house_reply_cb(const struct engine_reply *reply, void *arg)
{
	struct house *house = arg;

	house->replies++;
	house->status = reply->status;
	house->instance = reply->instance;
	house->refusal = reply->refusal;
	keep(house->fate, sizeof(house->fate), reply->fate);
	keep(house->detail, sizeof(house->detail), reply->detail);
	if (reply->view == NULL)
		return;
	keep(house->state, sizeof(house->state),
	    value_field_str(reply->view, "state"));
	keep(house->state_status, sizeof(house->state_status),
	    value_field_str(reply->view, "status"));
}

void
house_start(struct house *house, const char *workflow, const char *input)
{
	struct json_error error;
	struct engine_start start = {
	    .workflow = str_of(workflow),
	    .input = json_read(house->arena, str_of(input), &error),
	    .actor = {.name = STR("alice")},
	};

	must(start.input != NULL);
	engine_start(house->engine, &start, house_reply_cb, house);
	house_run(house);
}

void
house_event(
    struct house *house, const char *type, const char *subject, const char *id)
{
	struct chart_event event = {
	    .type = str_of(type),
	    .subject = str_of(subject),
	    .id = str_of(id),
	    .source = STR("/test"),
	};

	engine_event(house->engine, &event, house_reply_cb, house);
	house_run(house);
}

void
house_act(struct house *house, const struct chart_event *event)
{
	engine_act(
	    house->engine, house->instance, event, house_reply_cb, house);
	house_run(house);
}

void
house_look(struct house *house, uint64_t instance)
{
	engine_look(house->engine, instance, house_reply_cb, house);
	house_run(house);
}

/* ---- history ---- */

struct count {
	const char *kind;
	int found;
	struct audit_head head;
	bool sound;
};

static bool
record_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct count *count = arg;
	char text[64];

	(void)instance;
	snprintf(text, sizeof(text), "\"kind\":\"%s\"", count->kind);
	if (str_find(record->canonical, str_of(text)) != SIZE_MAX)
		count->found++;
	if (audit_verify_next(&count->head, record->canonical, record->hash) !=
	    AUDIT_SOUND)
		count->sound = false;
	return true;
}

int
house_count(struct house *house, uint64_t instance, const char *kind)
{
	struct count count = {.kind = kind};

	must(store_each_record(house->store, instance, 1, record_cb, &count) ==
	     STORE_OK);
	return count.found;
}

bool
house_chain_is_sound(struct house *house, uint64_t instance)
{
	struct count count = {.kind = "", .sound = true};
	struct store_instance row;

	must(store_each_record(house->store, instance, 1, record_cb, &count) ==
	     STORE_OK);
	must(store_find_instance(house->store, house->arena, instance, &row) ==
	     STORE_OK);
	return count.sound && count.head.seq == row.head.seq &&
	       digest_equal(count.head.hash, row.head.hash);
}
