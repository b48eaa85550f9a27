/* SPDX-License-Identifier: Apache-2.0 */
#include "random_script.h"

#include "random_chart.h"
#include "random_office.h"
#include "stated/rng.h"

#define KEYS 4	/* of each workflow */
#define TICKS_MIN 20
#define TICKS_MAX 90
#define EVENTS 12 /* identities of events, few enough to come twice */
#define CALLERS 6 /* Idempotency-Keys */

struct script_writer {
	struct rng *rng;
	struct script *script;
	int workflows;
	int troubles; /* percent of ticks with trouble of the engine's own */
	int lies;     /* percent of answers that are none */
	int patience; /* how far time goes at once: less or more */
	struct random_office *office; /* NULL: nobody is in */
};

static int
below(struct script_writer *writer, int bound)
{
	return (int)rng_below(writer->rng, (uint64_t)bound);
}

static bool
chance(struct script_writer *writer, int percent)
{
	return below(writer, 100) < percent;
}

#define PICK(writer, items)                                                    \
	((items)[below(writer, (int)(sizeof(items) / sizeof((items)[0])))])

static struct happening *
add(struct script_writer *writer, enum happening_kind kind, const char *word)
{
	struct happening *happening = script_add(writer->script, kind);

	(void)snprintf(happening->word, sizeof(happening->word), "%s", word);
	return happening;
}

static void
number(struct happening *happening, int64_t a, int64_t b, int64_t c)
{
	happening->numbers[0] = a;
	happening->numbers[1] = b;
	happening->numbers[2] = c;
}

static struct happening *
add_about(
    struct script_writer *writer, enum happening_kind kind, const char *word)
{
	struct happening *happening = add(writer, kind, word);

	(void)snprintf(happening->workflow, sizeof(happening->workflow), "w%d",
	    1 + below(writer, writer->workflows));
	number(happening, below(writer, KEYS), below(writer, EVENTS), 0);
	return happening;
}

/* About who has a key: the word is the workflow. */
static struct happening *
add_of(struct script_writer *writer, enum happening_kind kind)
{
	struct happening *happening = add(writer, kind, "");

	(void)snprintf(happening->word, sizeof(happening->word), "w%d",
	    1 + below(writer, writer->workflows));
	happening->numbers[0] = below(writer, KEYS);
	return happening;
}

static void
add_start(struct script_writer *writer)
{
	struct happening *start = add_of(writer, HAPPENING_START);

	start->numbers[1] = start->numbers[0] == 3 ? 6 : start->numbers[0] % 3;
	if (chance(writer, 4)) /* the same key, another input */
		start->numbers[1]++;
	if (chance(writer, 50))
		start->numbers[2] = 1 + below(writer, CALLERS);
}

static void
add_event(struct script_writer *writer)
{
	static const char *const types[] = {"e1", "e1", "e2", "e3", "e4",
	    "e5"};

	if (chance(writer, 20))
		add_about(writer, HAPPENING_NEWS, "news");
	else
		add_about(writer, HAPPENING_EVENT, PICK(writer, types));
}

static void
add_answer(struct script_writer *writer)
{
	static const char *const lies[] = {"timeout", "timeout-done", "500",
	    "500-done", "cut-done", "reset", "reset-done", "unreachable",
	    "busy", "away", "unauthorized", "refused", "garbage-done",
	    "garbled"};
	struct happening *answer = add(writer, HAPPENING_ANSWER,
	    chance(writer, writer->lies) ? PICK(writer, lies) : "ok");

	number(answer, below(writer, 5), 1 + below(writer, 9), 0);
}

static void
add_act(struct script_writer *writer)
{
	int what = below(writer, 100);

	if (what < 40)
		add(writer, HAPPENING_DECIDE,
		    chance(writer, 75) ? "approved" : "rejected")
		    ->numbers[0] = below(writer, 5);
	else if (what < 75)
		number(add(writer, HAPPENING_SETTLE, ""), below(writer, 5),
		    below(writer, 100), 0);
	else if (what < 80)
		add(writer, HAPPENING_ACKNOWLEDGE, "")->numbers[0] =
		    below(writer, 5);
	else if (what < 86)
		add_of(writer, HAPPENING_CANCEL)->numbers[1] =
		    below(writer, 2);
	else if (what < 90)
		add(writer, HAPPENING_REPLAY, "")->numbers[0] =
		    below(writer, 3);
	else if (what < 94)
		add_of(writer, HAPPENING_SUSPEND);
	else
		add_of(writer, HAPPENING_RESUME);
}

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)

static void
add_time(struct script_writer *writer)
{
	static const int64_t most_ms[] = {100, 2000, 20 * 1000, 90 * 1000,
	    15 * 60 * 1000, 4 * HOUR_MS, 2 * DAY_MS, 9 * DAY_MS, 60 * DAY_MS,
	    250 * DAY_MS};
	int64_t most = most_ms[below(writer, writer->patience)];

	add(writer, HAPPENING_PASS, "")->numbers[0] =
	    1 + (int64_t)rng_below(writer->rng, (uint64_t)most);
	if (chance(writer, 3))
		add(writer, HAPPENING_BACK, "")->numbers[0] =
		    1 + (int64_t)rng_below(writer->rng, 3 * HOUR_MS);
}

static void
add_failure(struct script_writer *writer)
{
	static const char *const disk[] = {"write", "sync", "full"};

	if (chance(writer, 50))
		add(writer, HAPPENING_FAIL, "stop")->numbers[0] =
		    below(writer, 400);
	else
		add(writer, HAPPENING_FAIL, PICK(writer, disk))->numbers[0] =
		    below(writer, 4);
}

static void
add_trouble(struct script_writer *writer)
{
	int what = below(writer, 100);

	if (what < 35)
		add(writer, HAPPENING_HOLD, "")->numbers[0] =
		    1 + below(writer, 5);
	else if (what < 55)
		add_failure(writer);
	else if (what < 65)
		add(writer, HAPPENING_UNREADABLE, "");
	else
		number(add(writer, HAPPENING_CRASH,
			   chance(writer, 50) ? "killed" : "power"),
		    below(writer, 1 << 20), 0, 0);
}

static void
add_tick(struct script_writer *writer)
{
	int what = below(writer, 100);

	if (chance(writer, writer->troubles))
		add_trouble(writer);
	if (writer->office != NULL)
		random_office_tick(writer->office, writer->script);
	if (what < 12)
		add_start(writer);
	else if (what < 24)
		add_event(writer);
	else if (what < 36)
		add_act(writer);
	else if (what < 56)
		add_time(writer);
	else
		for (int i = 0; i <= below(writer, 4); i++)
			add_answer(writer);
}

static void
add_bounds(struct script_writer *writer)
{
	if (chance(writer, 30))
		number(add(writer, HAPPENING_ENGINE, ""), 1 + below(writer, 4),
		    1 + below(writer, 5), 1 + below(writer, 4));
	add(writer, HAPPENING_RANDOM, "")->numbers[0] =
	    1 + below(writer, 1 << 20);
}

void
random_script_make(uint64_t seed, struct script *script)
{
	struct rng_seeded rng;
	struct script_writer writer = {.rng = &rng.rng, .script = script};
	struct random_office office;
	int ticks;

	rng_seeded_init(&rng, seed);
	buf_addf(&script->definitions, "# seed %llu\n",
	    (unsigned long long)seed);
	writer.workflows = random_chart_make(&rng.rng, &script->definitions);
	if (random_office_init(
		&office, seed, writer.workflows, &script->definitions))
		writer.office = &office;
	writer.troubles = below(&writer, 20);
	writer.lies = below(&writer, 60);
	writer.patience = 3 + below(&writer, 8);
	ticks = TICKS_MIN + below(&writer, TICKS_MAX - TICKS_MIN);
	add_bounds(&writer);
	/* What a batch that fails has learned of the first rows of all. */
	if (chance(&writer, 25))
		add_failure(&writer);
	for (int i = below(&writer, 4); i >= 0; i--)
		add_start(&writer);
	for (int i = 0; i < ticks; i++)
		add_tick(&writer);
}
