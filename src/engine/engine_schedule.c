/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_schedule.c: instances that are started by time.
 *
 * For every schedule a row says up to which planned instant all has been
 * decided; it moves in the same commit as the start that it stands for, and
 * never back.  So an instant is started once or not at all, whether the engine
 * is killed or the clock is set back.
 *
 * Planned instants that the engine was there for are due as they come.  Those
 * before its beginning, or in a gap (the process or the store stood still),
 * are made up for as `catch-up` says.  What may not overlap and has to wait
 * stands in the row, too.
 */
#include "engine_priv.h"

#include "stated/cron.h"
#include "stated/json.h"

/* The loop looks at the clock every second.  Where the machine's has moved by
 * more than this, the process stood still, or the clock was set. */
#define GAP_MS 60000
/* The latest of those that were missed which are made up for, and how many
 * may wait: more than that nobody meant. */
#define WAITING_MAX 1000
#define HOUR_MS (3600LL * 1000)
#define TROUBLE_BYTES 400

struct schedule_row {
	struct schedule_row *next;
	struct str workflow; /* in the schedules' arena, as is rule */
	int64_t position;
	struct str rule; /* empty: there is no such schedule any more */
	int64_t decided_ms;
	int64_t planned_ms;
	uint64_t instance;
	int64_t *queued; /* WAITING_MAX of them; NULL: none so far */
	size_t queued_count;
	char trouble[TROUBLE_BYTES];
};

struct schedule {
	const struct definition *definition;
	const struct def_schedule *def;
	const struct zone *zone;
	struct schedule_row *row;
	int64_t next_ms; /* after row->decided_ms; CRON_NEVER */
};

struct schedules {
	struct arena *arena;
	struct schedule_row *rows;
	struct schedule *items;
	size_t count;
	size_t capacity;
	bool is_read;	/* the rows are what the store and the turns say */
	bool is_asked;	/* a REQUEST_SCHEDULE waits */
	bool has_ended; /* an instance that others wait for may have ended */
	int64_t there_since_ms; /* planned instants up to it were missed */
	int64_t looked_real_ms;
	int64_t next_ms; /* 0: none */
	uint64_t started;
	uint64_t failed;
};

/* ---- rows ---- */

static struct schedule_row *
find_row(struct schedules *schedules, struct str workflow, int64_t position)
{
	struct schedule_row *row = schedules->rows;

	while (row != NULL && (row->position != position ||
				  !str_equal(row->workflow, workflow)))
		row = row->next;
	return row;
}

static struct schedule_row *
add_row(struct schedules *schedules, struct str workflow, int64_t position)
{
	struct schedule_row *row =
	    ARENA_NEW(schedules->arena, struct schedule_row);

	row->workflow = arena_str(schedules->arena, workflow);
	row->position = position;
	row->rule = STR("");
	row->next = schedules->rows;
	schedules->rows = row;
	return row;
}

static void
set_trouble(struct schedule_row *row, struct str text)
{
	size_t bytes =
	    text.bytes < TROUBLE_BYTES ? text.bytes : TROUBLE_BYTES - 1;

	/* Not in the middle of a character. */
	while (
	    bytes > 0 && bytes < text.bytes && (text.at[bytes] & 0xc0) == 0x80)
		bytes--;
	memcpy(row->trouble, text.at ? text.at : "", bytes);
	row->trouble[bytes] = 0;
}

static bool
enqueue(
    struct schedules *schedules, struct schedule_row *row, int64_t planned_ms)
{
	if (row->queued == NULL)
		row->queued =
		    ARENA_ARRAY(schedules->arena, WAITING_MAX, int64_t);
	if (row->queued_count == WAITING_MAX)
		return false;
	row->queued[row->queued_count++] = planned_ms;
	return true;
}

static int64_t
dequeue(struct schedule_row *row)
{
	int64_t first = row->queued[0];

	must(row->queued_count > 0);
	row->queued_count--;
	memmove(row->queued, row->queued + 1,
	    row->queued_count * sizeof(*row->queued));
	return first;
}

static void
put_row(struct engine *engine, const struct schedule_row *row)
{
	struct buf queued = {0};
	struct store_schedule stored = {
	    .workflow = row->workflow,
	    .position = row->position,
	    .rule = row->rule,
	    .decided_ms = row->decided_ms,
	    .planned_ms = row->planned_ms,
	    .instance = row->instance,
	};

	for (size_t i = 0; i < row->queued_count; i++)
		buf_add_varint(&queued, (uint64_t)row->queued[i]);
	if (row->queued_count > 0)
		stored.queued = buf_str(&queued);
	if (row->trouble[0] != 0)
		stored.trouble = str_of(row->trouble);
	store_put_schedule(store_batch(engine->store), &stored);
	buf_fini(&queued);
}

static void
row_cb(const struct store_schedule *stored, void *arg)
{
	struct schedules *schedules = arg;
	struct schedule_row *row =
	    add_row(schedules, stored->workflow, stored->position);
	struct str queued = stored->queued;
	uint64_t planned_ms;

	row->rule = arena_str(schedules->arena, stored->rule);
	row->decided_ms = stored->decided_ms;
	row->planned_ms = stored->planned_ms;
	row->instance = stored->instance;
	set_trouble(row, stored->trouble);
	while (queued.bytes > 0 && buf_take_varint(&queued, &planned_ms) &&
	       enqueue(schedules, row, (int64_t)planned_ms))
		continue;
}

/* ---- the library's schedules ---- */

static int64_t
after(const struct schedule *schedule, int64_t instant_ms)
{
	return cron_next(schedule->def->cron, schedule->zone,
	    schedule->def->calendar, instant_ms);
}

static void
set_next(struct schedules *schedules, struct schedule *schedule)
{
	schedule->next_ms = after(schedule, schedule->row->decided_ms);
	if (schedule->next_ms != CRON_NEVER &&
	    (schedules->next_ms == 0 || schedule->next_ms < schedules->next_ms))
		schedules->next_ms = schedule->next_ms;
}

static void
set_all_next(struct schedules *schedules)
{
	schedules->next_ms = 0;
	for (size_t i = 0; i < schedules->count; i++)
		set_next(schedules, &schedules->items[i]);
}

/* What makes it the same schedule as before: the times that it means. */
static struct str
rule_of(const struct def_schedule *def, struct arena *arena)
{
	return arena_strf(arena, "%.*s %.*s %.*s", STR_ARG(def->text),
	    STR_ARG(def->timezone),
	    STR_ARG(def->calendar ? def->calendar->name : STR("-")));
}

/* A schedule that is new, or means other times, begins now: what it would have
 * started before nobody has asked for. */
static void
begin_row(struct engine *engine, struct schedule_row *row, struct str rule)
{
	int64_t now_ms = engine_now_ms(engine);

	if (str_equal(row->rule, rule))
		return;
	row->rule = rule;
	row->queued_count = 0;
	set_trouble(row, STR(""));
	if (row->decided_ms < now_ms)
		row->decided_ms = now_ms;
	put_row(engine, row);
}

static void
add_item(struct engine *engine, const struct definition *definition, size_t i)
{
	struct schedules *schedules = engine->schedules;
	const struct def_schedule *def = &definition->schedules[i];
	struct schedule *item;
	struct schedule_row *row =
	    find_row(schedules, definition->name, (int64_t)i);

	if (row == NULL)
		row = add_row(schedules, definition->name, (int64_t)i);
	begin_row(engine, row, rule_of(def, schedules->arena));
	schedules->items = arena_grow(schedules->arena, schedules->items,
	    schedules->count, &schedules->capacity, sizeof(*schedules->items));
	item = &schedules->items[schedules->count++];
	*item = (struct schedule){
	    .definition = definition,
	    .def = def,
	    .zone = zone_find(def->timezone),
	    .row = row,
	};
	must(item->zone != NULL);
}

static bool
has_item(const struct schedules *schedules, const struct schedule_row *row)
{
	for (size_t i = 0; i < schedules->count; i++)
		if (schedules->items[i].row == row)
			return true;
	return false;
}

/* The newest version of each workflow says when it is started. */
static void
add_items(struct engine *engine)
{
	const struct library *library = engine->library;
	const struct definition *definition;

	for (size_t w = 0; (definition = library_workflow_at(library, w)); w++)
		if (library_find_workflow(library, definition->name, 0) ==
		    definition)
			for (size_t i = 0; i < definition->schedule_count; i++)
				add_item(engine, definition, i);
}

static void
end_rows(struct engine *engine)
{
	struct schedules *schedules = engine->schedules;

	for (struct schedule_row *row = schedules->rows; row != NULL;
	     row = row->next) {
		if (row->rule.bytes == 0 || has_item(schedules, row))
			continue;
		row->rule = STR("");
		row->queued_count = 0;
		put_row(engine, row);
	}
}

void
schedule_reload(struct engine *engine)
{
	struct schedules *schedules = engine->schedules;

	if (!schedules->is_read)
		return; /* the next check does it */
	schedules->items = NULL;
	schedules->count = schedules->capacity = 0;
	add_items(engine);
	end_rows(engine);
	set_all_next(schedules);
	schedules->has_ended = true;
}

/* ---- life ---- */

static void
forget(struct schedules *schedules)
{
	arena_reset(schedules->arena);
	schedules->rows = NULL;
	schedules->items = NULL;
	schedules->count = schedules->capacity = 0;
	schedules->next_ms = 0;
}

static enum store_error
read_rows(struct engine *engine)
{
	struct schedules *schedules = engine->schedules;
	enum store_error error;

	forget(schedules);
	error = store_each_schedule(engine->store, row_cb, schedules);
	if (error != STORE_OK) {
		forget(schedules);
		return error;
	}
	schedules->is_read = true;
	schedules->is_asked = false;
	schedules->there_since_ms = engine_now_ms(engine);
	schedules->looked_real_ms = engine_now_real_ms();
	schedule_reload(engine);
	return STORE_OK;
}

enum store_error
schedule_init(struct engine *engine)
{
	struct arena *arena = arena_new();

	engine->schedules = ARENA_NEW(engine->arena, struct schedules);
	engine->schedules->arena = arena;
	return read_rows(engine);
}

void
schedule_fini(struct engine *engine)
{
	if (engine->schedules != NULL)
		arena_free(&engine->schedules->arena);
}

/* They are shown as they were until they can be read. */
void
schedule_revoke(struct engine *engine)
{
	engine->schedules->is_read = false;
	engine->schedules->is_asked = false;
}

/* ---- when ---- */

static bool
may_go_on(const struct schedules *schedules)
{
	for (size_t i = 0; i < schedules->count; i++)
		if (schedules->items[i].row->queued_count > 0)
			return true;
	return false;
}

static void
note_gap(struct engine *engine)
{
	struct schedules *schedules = engine->schedules;
	int64_t real_ms = engine_now_real_ms();

	if (real_ms - schedules->looked_real_ms > GAP_MS)
		schedules->there_since_ms = engine_now_ms(engine);
	schedules->looked_real_ms = real_ms;
}

void
schedule_check(struct engine *engine)
{
	struct schedules *schedules = engine->schedules;

	if (engine->stopping || schedules->is_asked)
		return;
	if (!schedules->is_read && !engine_found(engine, read_rows(engine)))
		return;
	note_gap(engine);
	if ((schedules->next_ms == 0 ||
		schedules->next_ms > engine_now_ms(engine)) &&
	    !(schedules->has_ended && may_go_on(schedules)))
		return;
	schedules->is_asked = true;
	engine_add(engine, request_new(REQUEST_SCHEDULE));
}

int64_t
schedule_next_ms(const struct engine *engine)
{
	return engine->schedules->next_ms;
}

void
schedule_note_touched(struct engine *engine, const struct turn *turn)
{
	struct schedules *schedules = engine->schedules;

	for (size_t i = 0; i < schedules->count; i++) {
		const struct schedule_row *row = schedules->items[i].row;

		if (row->queued_count == 0 ||
		    !turn_has_touched(turn, row->instance))
			continue;
		schedules->has_ended = true;
		loop_wake(engine->loop);
	}
}

/* ---- starting ---- */

struct input_scope {
	const struct value *at;
	const struct value *settings;
};

static const struct value *
input_lookup_cb(void *arg, struct str name)
{
	const struct input_scope *scope = arg;

	if (str_equal(name, STR("at")))
		return scope->at;
	return str_equal(name, STR("settings")) ? scope->settings : NULL;
}

/* The planned instant as the schedule's local clock shows it. */
static const struct value *
local_instant(
    const struct schedule *schedule, struct arena *arena, int64_t planned_ms)
{
	struct time_of_day like = {
	    .offset_kind = OFFSET_SECONDS,
	    .offset_seconds = zone_offset_at(schedule->zone, planned_ms / 1000),
	};
	struct date_time at;

	if (!date_time_of_utc(planned_ms / 1000, 0, &like, &at))
		return value_of_instant(arena, planned_ms);
	return value_of_date_time(arena, at);
}

static const struct value *
input_of(struct engine *engine, struct turn *turn,
    const struct schedule *schedule, int64_t planned_ms)
{
	struct input_scope scope = {
	    .at = local_instant(schedule, turn->arena, planned_ms),
	    .settings = engine->options.settings,
	};
	struct feel_env env = {
	    .arena = turn->arena,
	    .lookup = input_lookup_cb,
	    .arg = &scope,
	    .now_ms = engine_now_ms(engine),
	    .zone = schedule->zone,
	};

	return start_plain(
	    turn, template_eval(schedule->def->input, &env, NULL, NULL));
}

static void
note_failure(struct engine *engine, struct turn *turn,
    const struct schedule *schedule, int64_t planned_ms, struct str why)
{
	char text[CLOCK_TEXT_BYTES];

	engine->schedules->failed++;
	set_trouble(schedule->row, why);
	turn_log(turn, LOG_ERROR,
	    arena_strf(turn->arena,
		"schedule: workflow=%.*s planned=%.*s was not started: %.*s",
		STR_ARG(schedule->definition->name),
		STR_ARG(clock_format(planned_ms, text)), STR_ARG(why)));
}

static void
note_start(struct engine *engine, struct turn *turn,
    const struct schedule *schedule, int64_t planned_ms,
    const struct start_result *result)
{
	char text[CLOCK_TEXT_BYTES];
	char id[CHART_ID_BYTES];

	engine->schedules->started++;
	schedule->row->planned_ms = planned_ms;
	schedule->row->instance = result->instance->number;
	set_trouble(schedule->row, STR(""));
	turn_log(turn, LOG_INFO,
	    arena_strf(turn->arena,
		"schedule: workflow=%.*s planned=%.*s instance=%.*s%s",
		STR_ARG(schedule->definition->name),
		STR_ARG(clock_format(planned_ms, text)),
		STR_ARG(engine_id_format(engine, result->instance->number, id)),
		result->fate == START_FOUND ? " (was there)" : ""));
}

/* The row is put by the caller. */
static void
start(struct engine *engine, struct turn *turn, const struct schedule *schedule,
    int64_t planned_ms)
{
	const struct chart_actor actor = {.name = STR(CHART_SCHEDULE)};
	const struct start_wish wish = {
	    .workflow = schedule->definition->name,
	    .input = input_of(engine, turn, schedule, planned_ms),
	};
	struct start_result result = start_prepare(engine, turn, &wish);

	if (result.fate == START_UNREAD)
		return; /* the turn is given up */
	if (result.fate != START_CREATED && result.fate != START_FOUND) {
		note_failure(engine, turn, schedule, planned_ms,
		    start_detail(engine, turn, &wish, &result));
		return;
	}
	note_start(engine, turn, schedule, planned_ms, &result);
	if (result.fate == START_CREATED)
		start_begin(engine, turn, result.instance, &actor, 0);
}

/* One that can't be loaded may have ended on a version that is lost. */
static bool
has_ended(struct engine *engine, uint64_t number)
{
	struct arena *arena = arena_new();
	struct store_instance row;
	bool ended = engine_found(engine,
			 store_find_instance(
			     engine->store, arena, number, &row)) &&
		     row.ended_ms != 0;

	arena_free(&arena);
	return ended;
}

/* Else it stands still, and counts as running. */
static bool
is_running(struct engine *engine, const struct schedule_row *row)
{
	const struct instance *instance;

	if (row->instance == 0)
		return false;
	instance = instance_find(engine, row->instance);
	if (instance == NULL)
		return !has_ended(engine, row->instance);
	return !chart_status_is_end(chart_status(instance->chart));
}

static void
note_skip(struct turn *turn, const struct schedule *schedule,
    int64_t planned_ms, const char *why)
{
	char text[CLOCK_TEXT_BYTES];

	turn_log(turn, LOG_WARNING,
	    arena_strf(turn->arena,
		"schedule: workflow=%.*s planned=%.*s is left out: %s",
		STR_ARG(schedule->definition->name),
		STR_ARG(clock_format(planned_ms, text)), why));
}

/* An instant has come.  `made_up`: all that was missed has been asked for, so
 * it waits where others would be left out. */
static void
take(struct engine *engine, struct turn *turn, const struct schedule *schedule,
    int64_t planned_ms, bool made_up)
{
	struct schedule_row *row = schedule->row;
	enum def_overlap overlap = schedule->def->overlap;

	if (overlap == OVERLAP_ALLOW ||
	    (row->queued_count == 0 && !is_running(engine, row)))
		start(engine, turn, schedule, planned_ms);
	else if (overlap == OVERLAP_SKIP && !made_up)
		note_skip(
		    turn, schedule, planned_ms, "the one before it still runs");
	else if (!enqueue(engine->schedules, row, planned_ms))
		note_skip(turn, schedule, planned_ms, "too many wait already");
}

/* ---- which ---- */

/* The latest planned instants in (from, to], at most `max`; in order. */
static size_t
find_latest(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
    int64_t *out, size_t max, struct arena *arena)
{
	int64_t *ring = ARENA_ARRAY(arena, max, int64_t);
	int64_t span_ms = HOUR_MS, begin_ms;
	size_t count, kept;

	/* Looks back farther and farther, so that a schedule of every minute
	 * that was not looked at for years costs no more than another. */
	do {
		begin_ms =
		    to_ms - from_ms > span_ms ? to_ms - span_ms : from_ms;
		span_ms *= 4;
		count = 0;
		for (int64_t next_ms = after(schedule, begin_ms);
		     next_ms != CRON_NEVER && next_ms <= to_ms;
		     next_ms = after(schedule, next_ms))
			ring[count++ % max] = next_ms;
	} while (count < max && begin_ms > from_ms);
	kept = count < max ? count : max;
	for (size_t i = 0; i < kept; i++)
		out[i] = ring[(count - kept + i) % max];
	return kept;
}

/* Of those that were planned all but the latest, where these are too many. */
static void
note_older(struct turn *turn, const struct schedule *schedule, int64_t from_ms,
    int64_t taken_ms)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t first_ms = after(schedule, from_ms);

	if (first_ms < taken_ms)
		note_skip(turn, schedule, first_ms,
		    arena_strf(turn->arena,
			"with all before %.*s: so many are not made up for at "
			"a time", STR_ARG(clock_format(taken_ms, text)))
			.at);
}

static void
take_all(struct engine *engine, struct turn *turn,
    const struct schedule *schedule, int64_t from_ms, int64_t to_ms, size_t max,
    bool made_up)
{
	int64_t *planned_ms = ARENA_ARRAY(turn->arena, max, int64_t);
	size_t count =
	    find_latest(schedule, from_ms, to_ms, planned_ms, max, turn->arena);

	if (count == WAITING_MAX)
		note_older(turn, schedule, from_ms, planned_ms[0]);
	for (size_t i = 0; i < count && engine->unread == STORE_OK; i++)
		take(engine, turn, schedule, planned_ms[i], made_up);
}

/* What was planned while the engine was not there. */
static void
catch_up(struct engine *engine, struct turn *turn,
    const struct schedule *schedule, int64_t from_ms, int64_t to_ms)
{
	switch (schedule->def->catch_up) {
	case CATCH_UP_NONE:
		note_skip(turn, schedule, schedule->next_ms,
		    "the engine was not there, and none is made up for");
		return;
	case CATCH_UP_LAST:
		take_all(engine, turn, schedule, from_ms, to_ms, 1, false);
		return;
	case CATCH_UP_ALL:
		take_all(
		    engine, turn, schedule, from_ms, to_ms, WAITING_MAX, true);
		return;
	}
}

static void
decide(struct engine *engine, struct turn *turn, struct schedule *schedule)
{
	struct schedule_row *row = schedule->row;
	int64_t now_ms = engine_now_ms(engine);
	int64_t there_ms = engine->schedules->there_since_ms;
	int64_t from_ms = row->decided_ms;

	if (schedule->next_ms == CRON_NEVER || schedule->next_ms > now_ms)
		return;
	if (there_ms > now_ms)
		there_ms = now_ms; /* the clock was set back */
	if (schedule->next_ms <= there_ms) {
		catch_up(engine, turn, schedule, from_ms, there_ms);
		from_ms = there_ms;
	}
	if (from_ms < now_ms)
		take_all(engine, turn, schedule, from_ms, now_ms, WAITING_MAX,
		    false);
	row->decided_ms = now_ms;
	put_row(engine, row);
}

/* Those that waited for the one before them to end. */
static void
go_on(struct engine *engine, struct turn *turn, struct schedule *schedule)
{
	struct schedule_row *row = schedule->row;
	bool allowed = schedule->def->overlap == OVERLAP_ALLOW;
	size_t before = row->queued_count;

	while (row->queued_count > 0 && engine->unread == STORE_OK &&
	       (allowed || !is_running(engine, row)))
		start(engine, turn, schedule, dequeue(row));
	if (row->queued_count != before)
		put_row(engine, row);
}

void
schedule_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct schedules *schedules = engine->schedules;

	(void)request;
	schedules->is_asked = false;
	schedules->has_ended = false;
	for (size_t i = 0; i < schedules->count; i++) {
		go_on(engine, turn, &schedules->items[i]);
		decide(engine, turn, &schedules->items[i]);
	}
	set_all_next(schedules);
}

/* ---- looking ---- */

static int64_t
next_of(const struct schedule *schedule)
{
	return schedule->next_ms == CRON_NEVER ? 0 : schedule->next_ms;
}

void
engine_each_schedule(
    const struct engine *engine, engine_schedule_fn *fn, void *arg)
{
	const struct schedules *schedules = engine->schedules;

	for (size_t i = 0; i < schedules->count; i++) {
		const struct schedule *item = &schedules->items[i];
		const struct schedule_row *row = item->row;
		struct engine_schedule shown = {
		    .definition = item->definition,
		    .schedule = item->def,
		    .position = row->position,
		    .next_ms = next_of(item),
		    .planned_ms = row->planned_ms,
		    .instance = row->instance,
		    .queued = row->queued_count,
		    .trouble = str_of(row->trouble),
		};

		fn(&shown, arg);
	}
}

void
schedule_count(const struct engine *engine, uint64_t *started, uint64_t *failed)
{
	*started = engine->schedules->started;
	*failed = engine->schedules->failed;
}
