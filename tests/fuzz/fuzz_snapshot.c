/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_snapshot.c: a damaged snapshot is refused, or it is an instance: it
 * can be shown, stepped, cancelled, and saved and loaded again.
 *
 * The first byte says which snapshot of a played story is damaged, the others
 * how: four a time, where (two), how, and with what.  0 and 1 say that what
 * follows is a snapshot of its own, of "order" or of "batch".
 */
#include "fuzz_documents.h"
#include "fuzz_input.h"

#include "stated/json.h"
#include "stated/sim.h"
#include "../unit/definition/written_library.h"

#include <stdlib.h>

#define SERIALS_MAX 12
#define EFFECTS_MAX 200

/* Lines as sim_act() takes them. */
#define LONG "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöü"
#define VERY_LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG

static const char *const order_goes[] = {
    "{\"start\": {\"key\": \"A\"}, \"actor\": \"alice\"}",
    "{\"reply\": {\"shop.reserve\": {\"price\": 12.50}}}",
    "{\"event\": {\"type\": \"order.cut\", \"subject\": \"1\"}}",
    "{\"event\": {\"type\": \"order.paid\"}}",
    "{\"suspend\": {}}",
    "{\"resume\": {}}",
    "{\"decide\": {\"choice\": \"go\", \"actor\": \"bob\"}}",
    NULL,
};
static const char *const order_fails[] = {
    "{\"start\": {\"key\": \"A\"}}",
    "{\"reply\": {\"shop.reserve\": \"timeout\"}}",
    "{\"advance\": \"5m\"}",
    "{\"reply\": {\"shop.reserve\": {\"error\": {\"code\": \"x\", "
    "\"message\": \"m\", \"outcome\": \"not-done\", \"transient\": true}}}, "
    "\"times\": 9}",
    "{\"advance\": \"1d\"}",
    "{\"cancel\": {\"compensate\": true}}",
    NULL,
};
static const char *const order_undoes[] = {
    "{\"start\": {\"key\": \"A\"}}",
    "{\"reply\": {\"shop.reserve\": {\"price\": 1}}}",
    "{\"advance\": \"2h\"}",
    "{\"acknowledge\": {\"actor\": \"bob\"}}",
    "{\"advance\": \"3d\"}",
    "{\"reply\": {\"shop.release\": {\"error\": {\"code\": \"x\", "
    "\"message\": \"x" VERY_LONG "\", \"outcome\": \"not-done\"}}}}",
    "{\"settle\": {\"how\": \"retry\", \"actor\": \"bob\"}}",
    "{\"reply\": {\"shop.release\": {}}}",
    NULL,
};
static const char *const batch_goes[] = {
    "{\"start\": {\"key\": \"B\", \"lines\": [1, 2, 3]}}",
    "{\"child\": {\"order\": {\"outcome\": \"success\", "
    "\"output\": {\"on\": \"x\"}}}}",
    "{\"reply\": {\"shop.reserve\": {}}}",
    "{\"event\": {\"type\": \"batch.checked\"}}",
    "{\"child\": {\"order\": {\"outcome\": \"failure\"}}}",
    "{\"child\": {\"order\": {\"outcome\": \"success\"}}}",
    NULL,
};
static const char *const batch_is_held[] = {
    "{\"start\": {\"key\": \"B\", \"lines\": [1, 2, 3, 4]}}",
    "{\"child\": {\"order\": {\"outcome\": \"success\"}}, \"always\": true}",
    "{\"event\": {\"type\": \"batch.held\"}}",
    "{\"reply\": {\"shop.reserve\": \"timeout\"}}",
    "{\"reply\": {\"shop.reserve\": {}}, \"times\": 3}",
    "{\"advance\": \"2h\"}",
    "{\"event\": {\"type\": \"batch.back\"}}",
    "{\"advance\": \"2h\"}",
    "{\"cancel\": {\"compensate\": true}}",
    NULL,
};

static const struct {
	struct str workflow;
	const char *const *lines;
} stories[] = {
    {STR_INIT("order"), order_goes},
    {STR_INIT("order"), order_fails},
    {STR_INIT("order"), order_undoes},
    {STR_INIT("batch"), batch_goes},
    {STR_INIT("batch"), batch_is_held},
};
#define STORY_COUNT (sizeof(stories) / sizeof(stories[0]))

/* ---- what is damaged ---- */

struct page {
	const struct definition *definition;
	struct buf snapshot;
};

#define PAGES_MAX 64
struct book {
	struct library *library;
	struct page pages[PAGES_MAX];
	size_t count;
};

static const struct chart_identity identity = {.number = 1};

static void
add_page(struct book *book, const struct chart *chart)
{
	struct page *page = &book->pages[book->count++];

	must(book->count <= PAGES_MAX);
	page->definition = chart_definition(chart);
	chart_save(chart, &page->snapshot);
}

static void
play(struct book *book, struct str workflow, const char *const *lines)
{
	struct sim_options options = {
	    .definition = library_find_workflow(book->library, workflow, 0),
	    .library = book->library,
	};
	struct sim *sim = sim_new(&options);
	struct arena *arena = arena_new();
	struct json_error error;
	struct buf why = {0};

	for (; *lines != NULL; lines++) {
		const struct value *act =
		    json_read(arena, str_of(*lines), &error);

		must(act != NULL);
		/* Some are refused: what they leave is a snapshot, too. */
		(void)!sim_act(sim, act, &why);
		add_page(book, sim_chart(sim));
	}
	buf_fini(&why);
	arena_free(&arena);
	sim_free(&sim);
}

static const struct book *
book_new(void)
{
	struct book *book = calloc(1, sizeof(*book));

	must(book != NULL);
	book->library = written_library(fuzz_documents);
	for (size_t i = 0; i < STORY_COUNT; i++)
		play(book, stories[i].workflow, stories[i].lines);
	return book;
}

enum damage { SET, FLIP, ADD, DELETE, INSERT, CUT, DAMAGE_COUNT };

static void
damage(struct buf *bytes, struct str how)
{
	size_t at = (uint8_t)how.at[0] | (size_t)(uint8_t)how.at[1] << 8;
	uint8_t with = (uint8_t)how.at[3];
	size_t count = with;

	if (bytes->bytes == 0)
		return;
	at %= bytes->bytes;
	switch ((enum damage)((uint8_t)how.at[2] % DAMAGE_COUNT)) {
	case SET:
		bytes->at[at] = (char)with;
		break;
	case FLIP:
		bytes->at[at] ^= (char)(1 << with % 8);
		break;
	case ADD:
		bytes->at[at] = (char)(bytes->at[at] + with);
		break;
	case DELETE:
		if (count > bytes->bytes - at)
			count = bytes->bytes - at;
		memmove(bytes->at + at, bytes->at + at + count,
		    bytes->bytes - at - count);
		bytes->bytes -= count;
		break;
	case INSERT:
		buf_add_char(bytes, 0);
		memmove(bytes->at + at + 1, bytes->at + at,
		    bytes->bytes - at - 1);
		bytes->at[at] = (char)with;
		break;
	case CUT:
		bytes->bytes = at;
		break;
	case DAMAGE_COUNT:
		break;
	}
}

/* ---- what must be possible with it ---- */

struct stage {
	struct chart *chart;
	struct arena *arena;
	struct rng_seeded rng;
	int64_t now_ms;
};

static struct chart_context
context_of(struct stage *stage)
{
	return (struct chart_context){
	    .now_ms = stage->now_ms,
	    .arena = stage->arena,
	    .rng = &stage->rng.rng,
	    .settings = &value_null,
	    .environment = STR("fuzz"),
	};
}

/* What was saved is loaded, and saved again as the same. */
static void
check_saved(const struct chart *chart)
{
	struct buf saved = {0}, again = {0};
	struct chart *loaded;

	chart_save(chart, &saved);
	loaded =
	    chart_load(chart_definition(chart), identity, buf_str(&saved));
	must(loaded != NULL);
	chart_save(loaded, &again);
	must(str_equal(buf_str(&saved), buf_str(&again)));
	chart_free(&loaded);
	buf_fini(&saved);
	buf_fini(&again);
}

static void
check_shown(struct stage *stage)
{
	const struct chart *chart = stage->chart;
	struct chart_context context = context_of(stage);
	struct str *correlations;
	const void *cursor = NULL;
	uint64_t number;

	fuzz_check_value(chart_describe(chart, stage->arena));
	fuzz_check_text(chart_state_names(chart, stage->arena));
	fuzz_check_text(chart_status_name(chart_status(chart)));
	fuzz_check_value(chart_data(chart));
	fuzz_check_value(chart_input(chart));
	(void)chart_correlations(chart, &context, &correlations);
	while (chart_awaiter_next(chart, &cursor, &number))
		must(cursor != NULL);
}

/* As the engine does it: intents are recorded, children begin at once. */
static void
perform(struct stage *stage, struct chart_effects *effects)
{
	struct chart_context context = context_of(stage);

	for (size_t i = 0; i < effects->count && i < EFFECTS_MAX; i++) {
		struct chart_effect effect = effects->items[i];

		if (effect.kind == DO_CALL &&
		    chart_call_is_wanted(
			stage->chart, effect.serial, stage->now_ms))
			chart_call_sent(stage->chart, effect.serial,
			    &value_null, &context, effects);
		if (effect.kind == DO_RUN)
			chart_run_started(stage->chart,
			    &(struct chart_child_start){.serial = effect.serial,
				.number = 100 + effect.serial,
				.id = STR("child"),
				.is_found = effect.serial % 2 == 0},
			    &context, effects);
	}
	for (size_t i = 0; i < effects->record_count; i++)
		fuzz_check_value(effects->records[i]);
}

static void
step(struct stage *stage, struct chart_event event)
{
	struct chart_context context = context_of(stage);
	struct chart_effects effects = {0};

	event.received_ms = stage->now_ms;
	if (event.data == NULL)
		event.data = &value_null;
	chart_step(stage->chart, &event, &context, &effects);
	perform(stage, &effects);
}

static void
let_time_pass(struct stage *stage, int times)
{
	for (int i = 0; i < times; i++) {
		int64_t due_ms = chart_due_ms(stage->chart);

		if (due_ms == 0)
			return;
		if (due_ms > stage->now_ms)
			stage->now_ms = due_ms;
		step(stage, (struct chart_event){.kind = EV_TIME_PASSED});
	}
}

/* Everybody answers everything. */
static void
answer(struct stage *stage, uint64_t serial)
{
	static const struct outcome done = {
	    .kind = OUTCOME_DONE, .response = &value_null};
	static const struct outcome unknown = {
	    .kind = OUTCOME_UNKNOWN,
	    .code = STR_INIT("http.timeout"),
	    .message = STR_INIT("no answer"),
	    .body = &value_null,
	};

	step(stage,
	    (struct chart_event){.kind = EV_REPLY_ARRIVED,
		.serial = serial,
		.outcome = serial % 2 ? &done : &unknown});
	step(stage,
	    (struct chart_event){.kind = EV_CHILD_ENDED,
		.serial = serial,
		.child = {.id = STR("child"), .status = CHART_COMPLETED}});
	step(stage,
	    (struct chart_event){.kind = EV_TASK_DECIDED,
		.serial = serial,
		.actor = {.name = STR("bob")},
		.choice = STR("go")});
	step(stage,
	    (struct chart_event){.kind = EV_INCIDENT_SETTLED,
		.serial = serial,
		.actor = {.name = STR("bob")},
		.settlement =
		    (enum chart_settlement)(serial % (SETTLE_CANCEL + 1))});
	step(stage,
	    (struct chart_event){.kind = EV_ESCALATION_ACKNOWLEDGED,
		.serial = serial,
		.actor = {.name = STR("bob")}});
}

static void
post(struct stage *stage, const char *type, const char *subject)
{
	struct chart_context context = context_of(stage);

	if (chart_takes(
		stage->chart, str_of(type), str_of(subject), &context))
		step(stage,
		    (struct chart_event){.kind = EV_EVENT_RECEIVED,
			.type = str_of(type),
			.subject = str_of(subject),
			.id = STR("e"),
			.source = STR("fuzz")});
}

static void
go_on(struct stage *stage)
{
	check_shown(stage);
	check_saved(stage->chart);
	step(stage, (struct chart_event){.kind = EV_RECOVERED});
	check_saved(stage->chart);
	let_time_pass(stage, 3);
	for (uint64_t serial = 1; serial <= SERIALS_MAX; serial++)
		answer(stage, serial);
	check_saved(stage->chart);
	post(stage, "order.cut", "1");
	post(stage, "order.paid", "A");
	post(stage, "batch.checked", "B");
	post(stage, "batch.held", "B");
	post(stage, "batch.back", "B");
	let_time_pass(stage, 3);
	check_saved(stage->chart);
	step(stage, (struct chart_event){.kind = EV_SUSPENDED});
	step(stage, (struct chart_event){.kind = EV_RESUMED});
	step(stage,
	    (struct chart_event){.kind = EV_CANCELLED, .compensate = true});
	let_time_pass(stage, 3);
	check_saved(stage->chart);
	check_shown(stage);
}

static void
load(const struct definition *definition, struct str snapshot)
{
	struct stage stage = {
	    .chart = chart_load(definition, identity, snapshot),
	    .now_ms = SIM_NOW_MS,
	};

	if (stage.chart == NULL)
		return;
	stage.arena = arena_new();
	rng_seeded_init(&stage.rng, 1);
	go_on(&stage);
	chart_free(&stage.chart);
	arena_free(&stage.arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct book *book;
	struct str how = {(const char *)data + 1, size - 1};
	const struct page *page;
	struct buf bytes = {0};

	if (book == NULL)
		book = book_new();
	if (size == 0)
		return 0;
	if (data[0] < 2) {
		load(library_find_workflow(book->library,
			 data[0] ? STR("batch") : STR("order"), 0),
		    how);
		return 0;
	}
	page = &book->pages[(data[0] - 2u) % book->count];
	buf_add_str(&bytes, buf_str(&page->snapshot));
	for (; how.bytes >= 4; how = str_slice(how, 4, how.bytes))
		damage(&bytes, how);
	load(page->definition, buf_str(&bytes));
	buf_fini(&bytes);
	return 0;
}
