/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_model.c: charts made at random, run by the interpreter and by the
 * algorithm of the recommendation (scxml_model.c), which must agree on which
 * states are active and on the order in which everything was done.
 *
 *	chart_model [FIRST [COUNT]]
 *
 * A seed that fails is printed with its definition.
 */
#include "scxml_model.h"

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/library.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS 12 /* a chart */
#define DEPTH_MAX 4
#define STATES_MAX 24

static const char *const words[] = {"a", "b", "b.c", "d"};
static const char *const patterns[] = {
    "a", "b", "b.*", "b.c", "d", "done", "*"};

/* ---- making a chart ---- */

enum shape { ATOMIC, COMPOUND, PARALLEL, FINAL, SHALLOW, DEEP };

struct sketch {
	enum shape shape;
	int parent; /* -1: the top */
	int depth;
};

struct maker {
	struct rng *rng;
	struct buf out;
	struct sketch states[STATES_MAX];
	int count;
	int texts;
};

static int
below(struct maker *maker, int bound)
{
	return (int)rng_below(maker->rng, (uint64_t)bound);
}

static bool
holds(const struct maker *maker, int outer, int inner)
{
	while (inner != -1 && inner != outer)
		inner = maker->states[inner].parent;
	return inner == outer;
}

static enum shape
pick_shape(struct maker *maker, int parent, int depth)
{
	int pick = below(maker, 10);

	if (depth < DEPTH_MAX && maker->count < STATES_MAX - 6) {
		if (pick < 3)
			return COMPOUND;
		if (pick < 5)
			return PARALLEL;
	}
	if (parent != -1 && maker->states[parent].shape == COMPOUND &&
	    pick == 9)
		return FINAL;
	return ATOMIC;
}

static int
add_state(struct maker *maker, enum shape shape, int parent, int depth)
{
	maker->states[maker->count] = (struct sketch){shape, parent, depth};
	return maker->count++;
}

/* Document order: a state, then all that is within it. */
static void
sketch_state(struct maker *maker, int parent, int depth, bool first)
{
	enum shape shape = first ? ATOMIC : pick_shape(maker, parent, depth);
	int children = 2 + below(maker, 2), self;

	if (first && depth < DEPTH_MAX && below(maker, 3) == 0 &&
	    maker->count < STATES_MAX - 6)
		shape = COMPOUND;
	self = add_state(maker, shape, parent, depth);
	if (shape != COMPOUND && shape != PARALLEL)
		return;
	for (int i = 0; i < children && maker->count < STATES_MAX - 2; i++)
		sketch_state(maker, self, depth + 1, i == 0);
	if (below(maker, 3) == 0 && maker->count < STATES_MAX)
		add_state(
		    maker, below(maker, 2) ? DEEP : SHALLOW, self, depth + 1);
}

/* ---- writing it ---- */

static void
write_steps(struct maker *maker, const char *key)
{
	if (below(maker, 3) == 0)
		return;
	buf_addf(&maker->out, "%s: [{attest: t%d}", key, ++maker->texts);
	if (below(maker, 9) == 0)
		buf_addf(&maker->out, ", {raise: %s}",
		    words[below(maker, COUNT_OF(words))]);
	buf_add_cstr(&maker->out, "], ");
}

static int
pick_within(struct maker *maker, int outer)
{
	int state;

	do
		state = below(maker, maker->count);
	while (state == outer || !holds(maker, outer, state));
	return state;
}

static int
parallel_above(const struct maker *maker, int a, int b)
{
	int above = maker->states[a].parent;

	if (holds(maker, a, b) || holds(maker, b, a))
		return -1;
	while (above != -1 && !holds(maker, above, b))
		above = maker->states[above].parent;
	return above != -1 && maker->states[above].shape == PARALLEL ? above
								     : -1;
}

static bool
is_history(const struct maker *maker, int state)
{
	return maker->states[state].shape == SHALLOW ||
	       maker->states[state].shape == DEEP;
}

/* One state, or two of different regions. */
static void
write_target(struct maker *maker, int source)
{
	int one = below(maker, maker->count),
	    other = below(maker, maker->count);
	bool internal = source != -1 &&
			maker->states[source].shape == COMPOUND &&
			below(maker, 3) == 0;

	if (internal)
		one = pick_within(maker, source);
	if (!internal && parallel_above(maker, one, other) != -1 &&
	    !is_history(maker, one) && !is_history(maker, other))
		buf_addf(&maker->out, "target: [s%d, s%d], ", one, other);
	else
		buf_addf(&maker->out, "target: s%d, ", one);
	if (internal)
		buf_add_cstr(&maker->out, "internal: true, ");
}

static void
write_transition(struct maker *maker, int source, const char *pattern)
{
	buf_addf(&maker->out, "'%s': {", pattern);
	if (below(maker, 4) == 0)
		buf_addf(&maker->out, "if: = %s, ",
		    below(maker, 2) ? "true" : "1 = 2");
	if (below(maker, 6) != 0)
		write_target(maker, source);
	buf_addf(&maker->out, "do: [{attest: t%d}]}, ", ++maker->texts);
}

static void
write_transitions(struct maker *maker, int self)
{
	bool used[COUNT_OF(patterns)] = {false};
	int count = below(maker, 4);

	buf_add_cstr(&maker->out, "on: {");
	for (int i = 0; i < count; i++) {
		int pattern = below(maker, COUNT_OF(patterns));

		if (pattern >= 5 && below(maker, 3) != 0)
			continue;
		if (!used[pattern])
			write_transition(maker, self, patterns[pattern]);
		used[pattern] = true;
	}
	buf_add_cstr(&maker->out, "}, ");
	if (self + 1 < maker->count && below(maker, 16) == 0)
		buf_addf(&maker->out,
		    "always: {target: s%d, do: [{attest: t%d}]}, ",
		    self + 1 + below(maker, maker->count - self - 1),
		    ++maker->texts);
}

static void write_state(struct maker *maker, int self);

static void
write_children(struct maker *maker, int self)
{
	int child = self + 1;

	if (maker->states[self].shape == COMPOUND) {
		if (below(maker, 3) == 0)
			child = pick_within(maker, self);
		if (is_history(maker, child))
			child = self + 1;
		buf_addf(&maker->out, "initial: s%d, ", child);
	} else {
		buf_add_cstr(&maker->out, "type: parallel, ");
	}
	buf_add_cstr(&maker->out, "states: {");
	for (child = self + 1; child < maker->count; child++)
		if (maker->states[child].parent == self)
			write_state(maker, child);
	buf_add_cstr(&maker->out, "}, ");
}

static void
write_state(struct maker *maker, int self)
{
	enum shape shape = maker->states[self].shape;

	buf_addf(&maker->out, "s%d: {", self);
	if (shape == FINAL) {
		buf_add_cstr(&maker->out, "type: final}, ");
		return;
	}
	if (shape == SHALLOW || shape == DEEP) {
		buf_addf(&maker->out, "type: history, history: %s}, ",
		    shape == DEEP ? "deep" : "shallow");
		return;
	}
	write_steps(maker, "entry");
	write_steps(maker, "exit");
	write_transitions(maker, self);
	if (shape != ATOMIC)
		write_children(maker, self);
	buf_add_cstr(&maker->out, "}, ");
}

static void
make_chart(struct maker *maker)
{
	for (int i = 0; i < 3 && maker->count < STATES_MAX - 4; i++)
		sketch_state(maker, -1, 0, false);
	buf_add_cstr(&maker->out,
	    "workflow: w\nversion: 1\nowner: team\nbusiness-key: = input\n"
	    "events: {a: {keep: false}, b: {keep: false}, "
	    "b.c: {keep: false}, d: {keep: false}}\n"
	    "initial: s0\nstates: {");
	for (int i = 0; i < maker->count; i++)
		if (maker->states[i].parent == -1)
			write_state(maker, i);
	buf_add_cstr(
	    &maker->out, "}\n---\ncontact: team\nnotify: [{log: warning}]\n");
}

/* ---- playing it ---- */

struct player {
	struct arena *arena;
	struct chart *chart;
	struct rng_seeded rng;
	struct buf log;
};

static void
collect(struct player *player, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->record_count; i++) {
		const struct value *record = effects->records[i];

		if (str_equal(value_field_str(record, "kind"),
			STR("attested")))
			buf_addf(&player->log, "%.*s ",
			    STR_ARG(value_field_str(record, "text")));
	}
}

static void
step(struct player *player, const struct chart_event *event)
{
	struct chart_context context = {
	    .now_ms = INT64_C(1795424400000),
	    .arena = player->arena,
	    .rng = &player->rng.rng,
	    .settings = &value_null,
	    .environment = STR("test"),
	};
	struct chart_effects effects = {0};

	chart_step(player->chart, event, &context, &effects);
	collect(player, &effects);
}

static bool
agree(const struct player *player, struct model *model, const char *after)
{
	struct str names = chart_state_names(player->chart, player->arena);

	if (str_equal(names, model_names(model)) &&
	    str_equal(buf_str(&player->log), buf_str(&model->log)))
		return true;
	printf("after %s:\n  chart: %.*s: %s\n  model: %.*s: %s\n", after,
	    STR_ARG(names), buf_cstr((struct buf *)(uintptr_t)&player->log),
	    STR_ARG(model_names(model)), buf_cstr(&model->log));
	return false;
}

static void
start(struct player *player, const struct definition *definition)
{
	struct chart_event event = {.kind = EV_STARTED};
	struct chart_start begin = {
	    .definition = definition,
	    .identity = {.number = 1},
	    .input = value_of_str(player->arena, STR("A")),
	    .business_key = STR("A"),
	};

	player->chart = chart_new(&begin);
	step(player, &event);
}

static void
send(struct player *player, const char *word)
{
	struct chart_event event = {
	    .kind = EV_EVENT_RECEIVED,
	    .type = str_of(word),
	    .subject = STR("A"),
	    .id = STR("1"),
	    .source = STR("test"),
	};

	step(player, &event);
}

/* Both from the beginning, through the same events. */
static bool
play(const struct definition *definition, struct maker *maker,
    struct arena *arena)
{
	struct player player = {.arena = arena};
	struct model *model = ARENA_NEW(arena, struct model);
	const char *after = "the start";
	bool same = true;

	model->definition = definition;
	model->arena = arena;
	model_start(model);
	if (!model->circles) {
		rng_seeded_init(&player.rng, 1);
		start(&player, definition);
		same = agree(&player, model, after);
	}
	for (int i = 0; i < EVENTS && same && !model->circles && !model->ended;
	     i++) {
		after = words[below(maker, COUNT_OF(words))];
		model_event(model, str_of(after));
		if (model->circles)
			break;
		send(&player, after);
		same = agree(&player, model, after);
	}
	chart_free(&player.chart);
	buf_fini(&player.log);
	buf_fini(&model->log);
	return same;
}

enum result { SAME, DIFFERENT, REFUSED };

static enum result
play_seed(uint64_t seed)
{
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();
	struct arena *arena = arena_new();
	struct rng_seeded rng;
	struct maker maker = {.rng = &rng.rng};
	enum result result = REFUSED;

	rng_seeded_init(&rng, seed);
	make_chart(&maker);
	library_add_text(library, STR("w"), buf_str(&maker.out), diags);
	if (library_link(library, diags))
		result = play(library_workflow_at(library, 0), &maker, arena)
			     ? SAME
			     : DIFFERENT;
	if (result == DIFFERENT)
		printf("seed %llu:\n%s\n", (unsigned long long)seed,
		    buf_cstr(&maker.out));
	else if (result == REFUSED && getenv("CHART_MODEL_WHY") != NULL) {
		struct buf why = {0};

		diag_format(diags, &why, false);
		printf("seed %llu:\n%s\n", (unsigned long long)seed,
		    buf_cstr(&why));
		buf_fini(&why);
	}
	buf_fini(&maker.out);
	arena_free(&arena);
	library_free(&library);
	diag_list_free(&diags);
	return result;
}

int
main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 400;
	uint64_t refused = 0;

	for (uint64_t seed = first; seed < first + count; seed++)
		switch (play_seed(seed)) {
		case SAME:
			break;
		case REFUSED:
			refused++;
			break;
		case DIFFERENT:
			return 1;
		}
	printf("%llu charts, %llu of them refused\n", (unsigned long long)count,
	    (unsigned long long)refused);
	return refused > count / 2 ? 1 : 0;
}
