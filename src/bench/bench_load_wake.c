/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_wake.c: what comes in bulk, while starts go on.
 *
 * wake: many that sleep come due.
 * The database holds them when the engine starts.  For a while nothing comes
 * due, and starts are measured alone; then all come due, evenly over the time,
 * and starts are measured beside them: how much later they are answered is
 * what deadlines cost other work.  As with timers, each makes a call that
 * tells when it should have come.
 *
 * sleep: the same, and each ends at once.  Nobody outside hears of that: how
 * late it was, the histories tell.
 *
 * recover: many have a call under way when the engine is killed.
 * It is begun anew, sends them again, and answers starts meanwhile.
 */
#include "bench_priv.h"

#include "stated/json.h"

#define RATE 200
/* Of the time, where --waiting tells no number. */
#define COUNT_A_SECOND 1000
#define QUIET_SHARE 4
#define SAMPLE 2000
/* Between filling and the first deadline, beside the quiet time. */
#define LEAD_MS 1500
/* Without a turn for so long, nothing is due any more. */
#define IDLE_MS 500

#define OTHER                                                                  \
	"---\n"                                                                \
	"workflow: other\n"                                                    \
	"version: 1\n"                                                         \
	"initial: waiting\n"                                                   \
	"states:\n"                                                            \
	"  waiting: {user-task: {title: Other work, role: other},\n"           \
	"    on: {done: completed}}\n"                                         \
	"  completed: {type: final, outcome: success}\n"

#define DOCUMENTS(concurrency)                                                 \
	"workflow: wake\n"                                                     \
	"version: 1\n"                                                         \
	"input:\n"                                                             \
	"  type: object\n"                                                     \
	"  required: [due, due_ms]\n"                                          \
	"  properties: {due: {type: string}, due_ms: {type: integer}}\n"       \
	"initial: sleeping\n"                                                  \
	"states:\n"                                                            \
	"  sleeping: {after: {'= date and time(input.due)': woken}}\n"         \
	"  woken:\n"                                                           \
	"    entry:\n"                                                         \
	"      - {call: stub.late, with: {due_ms: = input.due_ms}}\n"          \
	"    on: {done: completed, error: failed}\n"                           \
	"  completed: {type: final, outcome: success}\n"                       \
	"  failed: {type: final, outcome: failure}\n"                          \
	OTHER                                                                  \
	"---\n"                                                                \
	"connection: stub\n"                                                   \
	"kind: http\n"                                                         \
	"url: = settings.stub.url\n"                                           \
	"limits: {concurrency: " concurrency "}\n"                             \
	"operations:\n"                                                        \
	"  late:\n"                                                            \
	"    request: {post: '= \"/late/\" + string(due_ms)', body: {}}\n"     \
	"    idempotent: true\n"

static const char documents[] = DOCUMENTS("250");
/* So many are on their way when the engine is killed. */
static const char documents_killed[] = DOCUMENTS("2000");
/* For `sleep`, under the same name. */
static const char documents_silent[] =
    "workflow: wake\n"
    "version: 1\n"
    "input: {type: object, required: [due]}\n"
    "initial: sleeping\n"
    "states:\n"
    "  sleeping: {after: {'= date and time(input.due)': completed}}\n"
    "  completed: {type: final, outcome: success}\n" OTHER;

static void
ask(const struct operation *operation, struct buf *out)
{
	(void)operation;
	wire_put_post(
	    out, "/v1/workflows/other/instances", STR("{\"input\":{}}"));
}

static uint64_t
count_of(const struct bench *bench)
{
	const struct bench_options *options = bench->options;

	return options->waiting > 0
		   ? options->waiting
		   : (uint64_t)(options->ms * COUNT_A_SECOND / 1000 + 1);
}

/* How long it takes to make so many, by making a few. */
static bool
estimate_filling(struct bench *bench, const struct load *load, uint64_t count,
    int64_t *ms)
{
	const struct fill sample = {
	    .documents = load->documents,
	    .workflow = "wake",
	    .count = SAMPLE,
	    .first_ms = bench_clock_wall_us() / 1000 + 86400000,
	    .span_ms = SAMPLE,
	};
	int64_t began_us = clock_monotonic_us();
	bool is_made = fill_run(bench, &sample);

	*ms =
	    (clock_monotonic_us() - began_us) * (int64_t)count / SAMPLE / 1000;
	engine_child_remove(bench->store);
	return is_made;
}

static bool
fill_sleeping(struct bench *bench, const struct load *load, int64_t *first_ms)
{
	struct fill fill = {
	    .documents = load->documents,
	    .workflow = "wake",
	    .count = count_of(bench),
	    .span_ms = bench->options->ms,
	};
	int64_t filling_ms = 0;

	if (!estimate_filling(bench, load, fill.count, &filling_ms))
		return false;
	fill.first_ms = bench_clock_wall_us() / 1000 + filling_ms + LEAD_MS +
			bench->options->ms / QUIET_SHARE;
	*first_ms = fill.first_ms;
	if (!fill_run(bench, &fill))
		return false;
	bench->waiting = fill.count;
	return true;
}

/* Starts alone, then until the first deadline, then beside all of them. */
static bool
drive(struct round *round, const struct load *load, struct generated *quiet,
    void (*wait)(struct round *round))
{
	struct bench *bench = round->bench;
	int64_t left_ms;

	if (!round_drive(
		round, load, bench->options->ms / QUIET_SHARE, NULL))
		return false;
	*quiet = round->generated;
	left_ms = round->first_ms - bench_clock_wall_us() / 1000;
	if (left_ms > 0)
		bench_pause(bench, left_ms);
	round_edge(round, false);
	if (!round_drive(round, load, bench->options->ms, NULL))
		return false;
	wait(round);
	round_edge(round, true);
	return true;
}

static void
wait_for_calls(struct round *round)
{
	struct bench *bench = round->bench;

	(void)load_timers_wait(bench, bench->waiting);
}

static struct value_builder *
report_of(struct round *round, const char *unit, uint64_t fired)
{
	struct value_builder *report;

	round->unit = unit;
	round->units = (int64_t)round->bench->waiting;
	report = round_report(round);
	round_report_rate(round, report);
	value_put_int(report, "due", (int64_t)round->bench->waiting);
	value_put_int(report, "fired", (int64_t)fired);
	return report;
}

static bool
begin(struct round *round, struct bench *bench, const struct load *load)
{
	bench->stub.tally->lateness_us = (struct histogram){0};
	if (!round_begin(round, bench, load))
		return false;
	if (round->rate == 0)
		round->rate = RATE;
	return true;
}

/* From filling to the end of the engine. */
static bool
drive_all(struct round *round, struct bench *bench, const struct load *load,
    struct generated *quiet, void (*wait)(struct round *round))
{
	int64_t first_ms = 0;
	bool is_driven;

	if (!fill_sleeping(bench, load, &first_ms) ||
	    !begin(round, bench, load))
		return false;
	round->first_ms = first_ms;
	is_driven = drive(round, load, quiet, wait);
	round_end(round);
	return is_driven;
}

static const struct value *
report_lateness(struct round *round, const struct generated *quiet,
    uint64_t fired, const struct histogram *lateness_us)
{
	struct arena *arena = round->bench->arena;
	struct value_builder *report = report_of(round, "deadlines", fired);

	value_put(report, STR("quiet_us"),
	    histogram_report(arena, &quiet->latency_us));
	value_put(report, STR("lateness_us"),
	    histogram_report(arena, lateness_us));
	return value_built(report);
}

static const struct value *
run(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	const struct histogram *lateness_us = &bench->stub.tally->lateness_us;
	struct generated quiet = {0};

	if (!drive_all(round, bench, load, &quiet, wait_for_calls))
		return NULL;
	return report_lateness(
	    round, &quiet, lateness_us->count, lateness_us);
}

const struct load load_wake = {
    .name = "wake",
    .summary = "many sleep and come due, while others are started",
    .documents = documents,
    .floor = {.requests = 0, .calls = 1, .turns = 2},
    .script = {.ask = ask, .hear = operation_hear_created},
    .sleepers = true,
    .run = run,
};

/* ---- sleep ---- */

/* What the histories tell of deadlines. */
struct told {
	struct arena *arena; /* for a record */
	struct histogram lateness_us;
	unsigned of_instance;
};

static bool
note_deadline_cb(
    uint64_t instance, const struct audit_record *record, void *arg)
{
	struct told *told = arg;
	const struct value *fields;
	struct json_error error;
	int64_t due_ms, reached_ms;

	(void)instance;
	if (str_find(record->canonical, STR("\"deadline-reached\"")) == SIZE_MAX)
		return true;
	arena_reset(told->arena);
	fields = json_read(told->arena, record->canonical, &error);
	if (fields != NULL &&
	    clock_parse(value_field_str(fields, "due"), &due_ms) &&
	    clock_parse(value_field_str(fields, "time"), &reached_ms)) {
		histogram_add(
		    &told->lateness_us, (reached_ms - due_ms) * 1000);
		told->of_instance++;
	}
	return true;
}

/* How many instances tell of their deadline, each of them once.  Those that
 * slept were the first: their numbers say so. */
static bool
read_histories(struct bench *bench, struct told *told, uint64_t *fired)
{
	struct store_options options = {.path = str_of(bench->store),
	    .read_only = true,
	    .keys = bench->keys};
	struct store *store;
	bool is_read;

	is_read = store_open(options, &store, bench->detail) == STORE_OK;
	if (!is_read)
		return false;
	told->arena = arena_new();
	for (uint64_t i = 1; is_read && i <= bench->waiting; i++) {
		told->of_instance = 0;
		is_read = store_each_record(store, i, 1, note_deadline_cb,
			      told) == STORE_OK;
		*fired += told->of_instance == 1;
	}
	if (!is_read)
		buf_add_cstr(bench->detail, "the histories can't be read");
	arena_free(&told->arena);
	store_close(&store);
	return is_read;
}

static void
wait_until_idle(struct round *round)
{
	struct metrics metrics = {0};
	int64_t steps;

	do {
		steps = metrics.steps;
		bench_pause(round->bench, IDLE_MS);
	} while (!round->bench->interrupted &&
		 metrics_read(&metrics, round->engine.port) &&
		 metrics.steps != steps);
}

static const struct value *
run_sleep(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	struct told *told = ARENA_NEW(bench->arena, struct told);
	struct generated quiet = {0};
	uint64_t fired = 0;

	if (!drive_all(round, bench, load, &quiet, wait_until_idle) ||
	    !read_histories(bench, told, &fired))
		return NULL;
	return report_lateness(round, &quiet, fired, &told->lateness_us);
}

const struct load load_sleep = {
    .name = "sleep",
    .summary = "many sleep, come due and end, while others are started",
    .documents = documents_silent,
    .floor = {.requests = 0, .calls = 0, .turns = 1},
    .script = {.ask = ask, .hear = operation_hear_created},
    .sleepers = true,
    .run = run_sleep,
};

/* ---- recover ---- */

static bool
fill_under_way(struct bench *bench)
{
	struct fill fill = {
	    .documents = documents_killed,
	    .workflow = "wake",
	    .count = count_of(bench),
	    .first_ms = bench_clock_wall_us() / 1000,
	    .is_killed = true,
	};

	if (!fill_run(bench, &fill))
		return false;
	bench->waiting = fill.count;
	return true;
}

static const struct value *
run_recover(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	struct value_builder *report;
	bool is_driven;
	int64_t us;

	if (!fill_under_way(bench) || !begin(round, bench, load))
		return NULL;
	round_edge(round, false);
	is_driven = round_drive(round, load, bench->options->ms, NULL);
	if (is_driven)
		us = load_timers_wait(bench, bench->waiting) -
		     round->engine.forked_us;
	round_edge(round, true);
	round_end(round);
	if (!is_driven)
		return NULL;
	report = report_of(
	    round, "recoveries", bench->stub.tally->lateness_us.count);
	value_put_int(report, "recovered_us", us);
	return value_built(report);
}

const struct load load_recover = {
    .name = "recover",
    .summary = "many have a call under way when an engine is killed",
    .documents = documents,
    .floor = {.requests = 0, .calls = 1, .turns = 3},
    .script = {.ask = ask, .hear = operation_hear_created},
    .sleepers = true,
    .run = run_recover,
};
