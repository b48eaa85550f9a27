/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c: one play: the engine's surroundings, happening after happening.
 *
 * Two threads take part, the loop's and the store's, and never at once: what
 * the store's does it does while the loop's waits for it (chaos_gate.h).  So
 * the same script always gives the same play.
 */
#include "world_priv.h"

#include "chaos_gate.h"
#include "stated/library.h"
#include "stated/log.h"
#include "stated/store_copy.h"
#include "stated/store_keys.h"

#include <event2/event.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BEGIN_MS 1764000000000 /* a Monday */
#define PASSES 4	       /* of the loop, in which it does what it can */
#define WAITING_MS_MAX (30 * 60 * 1000)
#define COMMITS_MAX 400 /* one after another, nothing happening meanwhile */
#define PROVED_ONE_IN 4 /* crashes */

/* The place of plays, one a process, and the database with which each begins:
 * made once, for it is always the same. */
static struct stage {
	char directory[64];
	char path[96];
	struct buf database;
	struct store_keys *keys; /* NULL: it is not encrypted */
} stage;

/* ---- telling ---- */

void
world_tell(struct world *world, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	digest_stream_add(world->seen, str_of(text));
	if (world->traces)
		printf("%s\n", text);
}

void
world_fail(struct world *world, const char *check, const char *text)
{
	struct world_result *result = world->result;

	(void)snprintf(result->check, sizeof(result->check), "%s", check);
	(void)snprintf(result->text, sizeof(result->text), "%s", text);
	world->failed();
	unreachable("who is told of a failure doesn't return");
}

static void
fail_cb(void *arg, const char *check, const char *text)
{
	world_fail(arg, check, text);
}

void
world_reads_cb(void *arg, bool begins)
{
	struct world *world = arg;

	world->reads += begins ? 1 : -1;
	gate_fail_reading(world->reads == 0 && world->is_unreadable);
}

static void
sees_cb(void *arg, struct str k, struct str canonical)
{
	const struct world *world = arg;

	if (world->traces)
		printf("    %.*s %.*s\n", STR_ARG(k), STR_ARG(canonical));
}

static bool
has_bytes_cb(void *arg, struct str bytes)
{
	const struct world *world = arg;

	return disk_contains(world->disk, bytes.at, bytes.bytes);
}

struct str
world_person(struct world *world)
{
	return arena_strf(world->arena, "p%d", ++world->people);
}

/* ---- the clock ---- */

static int64_t
now_cb(const struct clock *clock)
{
	const struct world *world =
	    (const void *)((const char *)clock - offsetof(struct world, clock));

	return world->now_ms;
}

/* Time passes between happenings only: what is not due has to wait. */
static int64_t
sleep_cb(const struct clock *clock, int64_t until_ms)
{
	return until_ms <= now_cb(clock) ? 0 : 24 * 3600 * 1000;
}

static bool
has_event_cb(void *arg, struct str workflow, int64_t version, struct str type)
{
	const struct world *world = arg;
	const struct definition *definition =
	    library_find_workflow(world->library, workflow, version);

	return definition != NULL &&
	       definition_find_event(definition, type) != NULL;
}

/* ---- the library ---- */

struct library *
world_load(struct world *world)
{
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();

	library_add_text(library, STR("script.yaml"),
	    buf_str(&world->script->definitions), diags);
	if (!library_link(library, diags)) {
		struct buf text = {0};

		diag_format(diags, &text, false);
		if (world->traces)
			printf("%s", buf_cstr(&text));
		buf_fini(&text);
		library_free(&library);
	}
	diag_list_free(&diags);
	return library;
}

static void
unload(struct world *world)
{
	library_free(&world->library);
	while (world->older != NULL) {
		struct older *older = world->older;

		world->older = older->next;
		library_free(&older->library);
		free(older);
	}
}

/* ---- the engine ---- */

static const struct value *
secret_cb(void *arg, struct str name)
{
	struct world *world = arg;

	(void)name;
	return value_of_str(world->arena, STR("stated:secret"));
}

static void
open_engine(struct world *world)
{
	struct store_options options = {
	    .path = str_of(stage.path), .keys = stage.keys};
	struct buf detail = {0};
	struct engine_options engine = {
	    .base = world->base = event_base_new(),
	    .library = world->library,
	    .http = &world->port,
	    .clock = &world->clock,
	    .rng = &world->rng.rng,
	    .environment = STR("simulation"),
	    .settings = value_built(value_build_context(world->arena)),
	    .secret = secret_cb,
	    .secret_arg = world,
	    .limits = world->limits,
	};

	gate_open();
	if (store_open(options, &world->store, &detail) != STORE_OK)
		world_fail(world, "can't be opened", buf_cstr(&detail));
	auditor_open(world->auditor, world->store);
	engine.store = world->store;
	world->engine = engine_new(&engine, &detail);
	if (world->engine == NULL)
		world_fail(world, "can't begin", buf_cstr(&detail));
	buf_fini(&detail);
	gate_hold();
}

static void
close_engine(struct world *world)
{
	auditor_close(world->auditor);
	engine_free(&world->engine);
	store_close(&world->store);
	event_base_free(world->base);
}

/* ---- commits ---- */

static void
pass(struct world *world)
{
	for (int i = 0; i < PASSES; i++)
		event_base_loop(world->base, EVLOOP_NONBLOCK);
}

static void
wait_for_store(struct world *world)
{
	struct pollfd fd = {.fd = store_fd(world->store), .events = POLLIN};

	while (poll(&fd, 1, -1) < 1)
		continue;
}

static struct disk_plan
plan_of(const struct happening *failure)
{
	struct disk_plan plan = {
	    .operations = 1u << DISK_WRITE,
	    .nth = failure->numbers[0] + 1,
	    .fault = DISK_FAILS,
	};

	if (strcmp(failure->word, "sync") == 0) {
		plan.operations = 1u << DISK_SYNC;
		plan.nth = 1;
	} else if (strcmp(failure->word, "full") == 0) {
		plan.fault = DISK_IS_FULL;
	}
	return plan;
}

/* The batch at the gate ends, well or as was said; the engine hears of it. */
static void
end_commit(struct world *world)
{
	bool fails = world->fails;
	bool stops = strcmp(world->failure.word, "stop") == 0;

	world->fails = false;
	world->result->commits++;
	if (fails && !stops)
		disk_set_plan(world->disk, plan_of(&world->failure));
	if (fails && stops)
		gate_fail((int)world->failure.numbers[0]);
	else
		gate_open();
	wait_for_store(world);
	gate_hold();
	disk_set_plan(world->disk, (struct disk_plan){0});
	pass(world);
}

/* The engine tries by itself whether the store can write again. */
static void
wait_writable(struct world *world)
{
	while (!engine_health(world->engine).writable)
		if (store_is_committing(world->store))
			end_commit(world);
		else
			event_base_loop(world->base, EVLOOP_ONCE);
}

static void
look_cb(const struct engine_reply *reply, void *arg)
{
	(void)reply;
	(void)arg;
}

void
world_go_on(struct world *world)
{
	/* A turn looks at the clock. */
	engine_look(world->engine, 0, look_cb, NULL);
	pass(world);
	world_reads_cb(world, true);
	world->is_unreadable = false;
	world_reads_cb(world, false);
	wait_writable(world);
	pass(world);
	if (world->held > 0) {
		world->held--;
		return;
	}
	for (int i = 0; store_is_committing(world->store); i++) {
		if (i == COMMITS_MAX)
			world_fail(world, "no rest",
			    "the engine goes on committing");
		end_commit(world);
		wait_writable(world);
	}
	auditor_tidy(world->auditor);
}

bool
world_is_quiet(struct world *world)
{
	return !store_is_committing(world->store) &&
	       engine_health(world->engine).inbox == 0;
}

/* ---- crashes ---- */

/* The batch at the gate gets through, or not at all, or half-way. */
static void
cut_commit(struct world *world, struct rng *rng)
{
	switch (rng_below(rng, 3)) {
	case 0:
		disk_cut(world->disk);
		break;
	case 1:
		disk_set_plan(world->disk,
		    (struct disk_plan){
			.operations = ~0u,
			.nth = 1 + (long)rng_below(rng, 60),
			.for_good = true,
			.fault = DISK_DIES,
		    });
		break;
	default:
		break;
	}
	gate_open();
	wait_for_store(world);
}

static void
crash(struct world *world, const struct happening *happening)
{
	struct rng_seeded rng;

	rng_seeded_init(&rng, (uint64_t)happening->numbers[0]);
	world->result->crashes++;
	world_lose_answers(world, &rng.rng);
	if (store_is_committing(world->store))
		cut_commit(world, &rng.rng);
	disk_cut(world->disk);
	gate_open();
	close_engine(world);
	if (strcmp(happening->word, "power") == 0)
		disk_crash(world->disk, &rng.rng);
	else
		disk_revive(world->disk);
	if (rng_below(&rng.rng, PROVED_ONE_IN) == 0)
		world_prove(world, str_of(stage.path), stage.keys);
	world->held = 0;
	world->fails = false;
	if (world->is_stale) {
		unload(world);
		world->library = world_load(world);
		must(world->library != NULL);
		world->is_stale = false;
	}
	open_engine(world);
}

/* ---- happenings ---- */

static void
set_bounds(struct world *world, const struct happening *happening)
{
	world->limits.cache_max = (size_t)happening->numbers[0];
	world->limits.batch_max = (size_t)happening->numbers[1];
	world->limits.window_max = (size_t)happening->numbers[2];
	world->limits.bulk_max = (size_t)happening->numbers[2];
}

/* What has been asked for waits for a commit, but not for days: it would be
 * done at a time at which nobody would ask for it any more. */
static void
pass_time(struct world *world, int64_t ms)
{
	if (world->keeps)
		auditor_look(world->auditor);
	world->now_ms += world_is_quiet(world) ? ms : ms % WAITING_MS_MAX;
}

static void
perform(struct world *world, const struct happening *happening)
{
	switch (happening->kind) {
	case HAPPENING_ENGINE:
	case HAPPENING_RANDOM:
		return; /* before all others */
	case HAPPENING_START:
		world_start(world, happening);
		return;
	case HAPPENING_EVENT:
		world_event(world, happening);
		return;
	case HAPPENING_NEWS:
		world_news(world, happening);
		return;
	case HAPPENING_ANSWER:
		world_answer(world, happening);
		return;
	case HAPPENING_DECIDE:
		world_decide(world, happening);
		return;
	case HAPPENING_SETTLE:
		world_settle(world, happening);
		return;
	case HAPPENING_ACKNOWLEDGE:
		world_acknowledge(world, happening);
		return;
	case HAPPENING_CANCEL:
	case HAPPENING_SUSPEND:
	case HAPPENING_RESUME:
		world_operate(world, happening);
		return;
	case HAPPENING_REPLAY:
		world_replay(world, happening);
		return;
	case HAPPENING_PASS:
		pass_time(world, happening->numbers[0]);
		return;
	case HAPPENING_BACK:
		auditor_set_back(world->auditor);
		world->now_ms -= happening->numbers[0];
		return;
	case HAPPENING_HOLD:
		world->held = happening->numbers[0] + 1;
		return;
	case HAPPENING_FAIL:
		world->fails = true;
		world->failure = *happening;
		return;
	case HAPPENING_UNREADABLE:
		world->is_unreadable = true;
		world_reads_cb(world, true);
		world_reads_cb(world, false);
		return;
	case HAPPENING_CRASH:
		crash(world, happening);
		return;
	case HAPPENING_KEEP:
		world_keep(world, happening);
		return;
	case HAPPENING_LET_GO:
		world_let_go(world, happening);
		return;
	case HAPPENING_ERASE:
		world_erase(world, happening);
		return;
	case HAPPENING_PAUSE:
	case HAPPENING_UNPAUSE:
		world_switch(world, happening->kind == HAPPENING_PAUSE);
		return;
	case HAPPENING_PUBLISH:
		world_publish(world, happening);
		return;
	case HAPPENING_MIGRATE:
		world_migrate(world, happening);
		return;
	case HAPPENING_RELOAD:
		world_reload(world);
		return;
	case HAPPENING_COUNT:
		break;
	}
	unreachable("every kind of happening is listed");
}

static void
tell_happening(struct world *world, const struct happening *happening)
{
	struct buf line = {0};

	happening_format(happening, &line);
	world_tell(world, "%.*s", (int)line.bytes - 1, buf_cstr(&line));
	buf_fini(&line);
}

/* ---- a play ---- */

static void
lay_database(void)
{
	FILE *file = fopen(stage.path, "w");

	must(file != NULL);
	must(fwrite(stage.database.at, 1, stage.database.bytes, file) ==
	     stage.database.bytes);
	must(fclose(file) == 0);
}

static void
world_begin(struct world *world, const struct script *script)
{
	const struct auditor_options options = {
	    .fail = fail_cb,
	    .reads = world_reads_cb,
	    .sees = sees_cb,
	    .has_bytes = has_bytes_cb,
	    .has_event = has_event_cb,
	    .arg = world,
	    .now_ms = &world->now_ms,
	};
	int64_t seed = 1;

	for (size_t i = 0; i < script->count; i++)
		if (script->happenings[i].kind == HAPPENING_ENGINE)
			set_bounds(world, &script->happenings[i]);
		else if (script->happenings[i].kind == HAPPENING_RANDOM)
			seed = script->happenings[i].numbers[0];
	world->arena = arena_new();
	world->seen = digest_stream_new();
	world->clock = (struct clock){now_cb, sleep_cb};
	world->now_ms = BEGIN_MS;
	world->limits.probe_ms = 1;
	world->port.send = world_send_cb;
	rng_seeded_init(&world->rng, (uint64_t)seed);
	rng_seeded_init(&world->luck, (uint64_t)seed + 1);
	world->auditor = auditor_new(&options);
	lay_database();
	world->disk = disk_new((uint64_t)seed);
	disk_lay(world->disk, stage.path);
	open_engine(world);
}

static void
world_finish(struct world *world)
{
	struct world_result *result = world->result;
	struct buf heads = {0};

	auditor_add_heads(world->auditor, &heads);
	digest_stream_add(world->seen, buf_str(&heads));
	if (world->traces)
		printf("%s", buf_cstr(&heads));
	buf_fini(&heads);
	result->instances = (int64_t)auditor_instances(world->auditor);
	result->lived_ms = auditor_lived_ms(world->auditor);
	gate_open();
	close_engine(world);
	world_prove(world, str_of(stage.path), stage.keys);
	disk_free(&world->disk);
	auditor_free(&world->auditor);
}

void
world_play(const struct script *script, bool traces, void (*failed)(void),
    struct world_result *result)
{
	struct world *world = calloc(1, sizeof(*world));

	must(world != NULL);
	world->result = result;
	world->failed = failed;
	world->traces = traces;
	*result = (struct world_result){.instances = 0};
	world->script = script;
	world->keeps = str_find(buf_str(&script->definitions),
			   STR("\nretention:")) != SIZE_MAX;
	world->library = world_load(world);
	result->is_invalid = world->library == NULL;
	if (!result->is_invalid) {
		world_begin(world, script);
		for (size_t i = 0; i < script->count; i++) {
			tell_happening(world, &script->happenings[i]);
			perform(world, &script->happenings[i]);
			world_go_on(world);
		}
		world_grow_honest(world);
		world_finish(world);
		result->digest = digest_stream_end(&world->seen);
		arena_free(&world->arena);
	}
	unload(world);
	free(world);
}

/* ---- the stage ---- */

/* Its identity goes into names and keys: with one by chance no play would be
 * like another. */
static void
fix_identity(void)
{
	sqlite3 *db;

	must(sqlite3_open(stage.path, &db) == SQLITE_OK);
	must(sqlite3_exec(db,
		 "UPDATE meta SET value = x'00112233445566778899aabbccddeeff' "
		 "WHERE name = 'identity'",
		 NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_changes(db) == 1);
	must(sqlite3_close(db) == SQLITE_OK);
}

static bool
go_on_cb(void *arg)
{
	(void)arg;
	return true;
}

/* With STATED_SEALED in the environment the database is encrypted, and every
 * play goes as it does without. */
static void
seal(void)
{
	static const struct cipher_key key = {"a key of 32 bytes, as it is made"};
	struct store_copy_target target = {.to = str_of(stage.path),
	    .kind = COPY_REKEY, .replaces = true, .now_ms = 1};
	struct store_copy_progress at = {0, 1};
	struct store_copy *copy;
	struct buf aside = {0};

	if (getenv("STATED_SEALED") == NULL)
		return;
	stage.keys = store_keys_new();
	must(store_keys_add(stage.keys, STR("stage"), &key));
	must(store_copy_open(
		 str_of(stage.path), stage.keys, &copy, NULL) == STORE_OK);
	must(store_copy_begin(copy, &target, NULL) == STORE_OK);
	while (at.bytes < at.bytes_all)
		must(store_copy_step(copy, &at, NULL) == STORE_OK);
	must(store_copy_check(copy, go_on_cb, NULL, NULL) == STORE_OK);
	must(store_copy_keep(copy, &aside, NULL) == STORE_OK);
	store_copy_close(&copy);
	(void)unlink(buf_cstr(&aside));
	buf_add_cstr(&aside, "-wal");
	(void)unlink(buf_cstr(&aside));
	buf_fini(&aside);
}

void
world_init(void)
{
	struct store_options options = {.path = str_of(stage.path),
	    .create = true};
	struct store *store;
	FILE *file;

	log_setup(LOG_ERROR, LOG_TEXT);
	(void)strcpy(stage.directory, "/tmp/stated-sim-XXXXXX");
	must(mkdtemp(stage.directory) != NULL);
	(void)snprintf(stage.path, sizeof(stage.path), "%s/stated.db",
	    stage.directory);
	options.path = str_of(stage.path);
	must(store_open(options, &store, NULL) == STORE_OK);
	store_close(&store);
	fix_identity();
	seal();
	file = fopen(stage.path, "r");
	must(file != NULL);
	must(buf_add_file(&stage.database, file, 1 << 24));
	must(fclose(file) == 0);
	gate_install();
}

void
world_fini(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-lock",
	    "-journal"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char path[128];

		(void)snprintf(
		    path, sizeof(path), "%s%s", stage.path, suffixes[i]);
		(void)unlink(path);
	}
	must(rmdir(stage.directory) == 0);
	store_keys_free(&stage.keys);
	buf_fini(&stage.database);
}
