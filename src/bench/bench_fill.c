/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_fill.c: a database with many instances in it, made fast.
 *
 *	fill (child): engine on a store, asked by function call
 *
 * It is the engine that makes them, turn by turn and sync by sync, so that
 * rows are what they would be: only HTTP is left out.  Calls that it makes
 * are never answered.
 */
#include "bench_priv.h"

#include "stated/engine.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Asked for at a time: two turns' worth. */
#define UNDER_WAY 4000
#define LOOK_MS 10

/* What the child tells. */
struct filled {
	uint64_t count;
	char trouble[256];
};

struct filling {
	const struct fill *fill;
	const char *store_path;
	struct store_keys *keys;
	struct filled *filled;
	struct event_base *base;
	struct store *store;
	struct library *library;
	struct engine *engine;
	struct arena *arena;
	uint64_t asked;
	uint64_t answered;
};

/* A start under way, and its input. */
struct asked {
	struct filling *filling;
	struct arena *arena;
};

/* ---- in the child ---- */

static void
fail(struct filling *filling, const char *what, struct str detail)
{
	snprintf(filling->filled->trouble, sizeof(filling->filled->trouble),
	    "%s: %.*s", what, STR_ARG(detail));
	_exit(1);
}

static const struct value *
input_of(const struct fill *fill, struct arena *arena, uint64_t number)
{
	struct value_builder *input = value_build_context(arena);
	int64_t due_ms = fill->first_ms +
			 (int64_t)number * fill->span_ms /
			     (int64_t)fill->count;
	char due[CLOCK_TEXT_BYTES];

	value_put_str(input, "reference",
	    arena_strf(arena, "W%012" PRIu64, number));
	value_put_str(input, "due",
	    arena_str(arena, clock_format(due_ms, due)));
	value_put_int(input, "due_ms", due_ms);
	return value_built(input);
}

static void started_cb(const struct engine_reply *reply, void *arg);

static void
ask(struct filling *filling)
{
	struct arena *arena = arena_new();
	struct asked *asked = ARENA_NEW(arena, struct asked);
	struct engine_start start = {
	    .workflow = str_of(filling->fill->workflow),
	    .actor = {.name = STR("bench")},
	};

	asked->filling = filling;
	asked->arena = arena;
	start.input = input_of(filling->fill, arena, filling->asked++);
	engine_start(filling->engine, &start, started_cb, asked);
}

static void
started_cb(const struct engine_reply *reply, void *arg)
{
	struct asked *asked = arg;
	struct filling *filling = asked->filling;
	struct arena *arena = asked->arena;

	arena_free(&arena); /* with `asked` */
	if (reply->status != ENGINE_CREATED)
		fail(filling, "an instance can't be started", reply->detail);
	filling->filled->count = ++filling->answered;
	if (filling->asked < filling->fill->count)
		ask(filling);
	else if (filling->answered == filling->asked)
		event_base_loopbreak(filling->base);
}

static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	(void)port;
	(void)request;
	(void)done;
	(void)arg;
}

static const struct value *
settings_of(struct filling *filling)
{
	struct value_builder *settings = value_build_context(filling->arena);
	struct value_builder *stub = value_build_context(filling->arena);

	value_put_str(stub, "url", STR("http://127.0.0.1:9"));
	value_put(settings, STR("stub"), value_built(stub));
	return value_built(settings);
}

static void
open_all(struct filling *filling, struct http_port *port)
{
	struct diag_list *diags = diag_list_new();
	struct engine_options options = {
	    .base = filling->base,
	    .http = port,
	    .clock = clock_system(),
	    .rng = rng_system(),
	    .settings = settings_of(filling),
	};
	struct buf detail = {0};

	if (store_open(
		(struct store_options){
		    .path = str_of(filling->store_path),
		    .create = true,
		    .keys = filling->keys},
		&filling->store, &detail) != STORE_OK)
		fail(filling, filling->store_path, buf_str(&detail));
	filling->library = library_new();
	library_add_text(filling->library, STR("documents.yaml"),
	    str_of(filling->fill->documents), diags);
	must(library_link(filling->library, diags));
	diag_list_free(&diags);
	options.store = filling->store;
	options.library = filling->library;
	filling->engine = engine_new(&options, &detail);
	if (filling->engine == NULL)
		fail(filling, filling->store_path, buf_str(&detail));
	buf_fini(&detail);
}

static void
fill_body(void *arg)
{
	struct filling *filling = arg;
	struct http_port port = {.send = send_cb};

	filling->base = event_base_new();
	filling->arena = arena_new();
	open_all(filling, &port);
	while (filling->asked < filling->fill->count &&
	       filling->asked < UNDER_WAY)
		ask(filling);
	event_base_dispatch(filling->base);
	if (!filling->fill->is_killed) {
		engine_free(&filling->engine);
		store_close(&filling->store);
	}
	_exit(0);
}

/* ---- beside it ---- */

bool
fill_run(struct bench *bench, const struct fill *fill)
{
	struct filled *filled = mmap(NULL, sizeof(*filled),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct filling filling = {
	    .fill = fill,
	    .store_path = bench->store,
	    .keys = bench->keys,
	    .filled = filled};
	pid_t pid;
	bool is_full;

	must(filled != MAP_FAILED);
	must(fill->count > 0);
	*filled = (struct filled){0};
	pid = child_fork(fill_body, &filling);
	while (!child_has_ended(&pid) && !bench->interrupted)
		bench_pause(bench, LOOK_MS);
	child_stop(&pid);
	is_full = filled->count == fill->count && filled->trouble[0] == '\0';
	if (!is_full && !bench->interrupted)
		buf_addf(bench->detail, "the database can't be filled: %s",
		    filled->trouble);
	munmap(filled, sizeof(*filled));
	return is_full;
}

/* ---- what waits ---- */

/* It waits for an event or a month, as most do. */
static const char waiting_documents[] =
    "workflow: waiting\n"
    "version: 1\n"
    "business-key: = input.reference\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference, due]\n"
    "  properties: {reference: {type: string}, due: {type: string}}\n"
    "events: {bench.freed: {correlate: = input.reference}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on: {bench.freed: completed}\n"
    "    after: {'= date and time(input.due)': completed}\n"
    "  completed: {type: final, outcome: success}\n";

#define MONTH_MS (30LL * 86400 * 1000)

bool
fill_waiting(struct bench *bench)
{
	struct fill fill = {
	    .documents = waiting_documents,
	    .workflow = "waiting",
	    .count = bench->options->waiting,
	    .first_ms = bench_clock_wall_us() / 1000 + MONTH_MS,
	    .span_ms = MONTH_MS,
	};

	if (!fill_run(bench, &fill))
		return false;
	bench->waiting = fill.count;
	return true;
}
