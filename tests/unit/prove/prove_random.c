/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_random.c: what is proved never to happen doesn't.
 *
 * Each seed makes a workflow with regions, histories, loops and all kinds of
 * transitions, proves it, and plays it on the simulator: no transition is
 * taken that was found never to be taken, no state entered that was found out
 * of reach, and nothing ends once it was where no end is reached.  A seed that
 * fails is printed with its workflow.
 *
 *	prove_random [FIRST [COUNT]]
 */
#include "stated/json.h"
#include "stated/prove.h"
#include "stated/sim.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS 80
#define ACTS 40
#define STATES_MAX 24

static const char surroundings[] =
    "contact: desk\nnotify: [{log: warning}]\n---\n"
    "connection: bank\nkind: http\nurl: http://bank.test\noperations:\n"
    "  pay: {request: {post: /pay, body: {n: = n, key: = idempotency_key}}, "
    "idempotent: true}\n"
    "  ask: {request: {post: /ask, body: {n: = n}}, safe: true}\n"
    "  cancel: {request: {delete: = \"/pay/\" + string(n)}}\n---\n"
    "workflow: random\nversion: 1\nbusiness-key: = input.key\n"
    "incident: {owner: desk, max-age: 4h}\n"
    "data: {a: null, b: 0, c: 7}\n"
    "events: {e1: {}, e2: {}, e3: {}, r1: {}}\n";

/* ---- making a workflow ---- */

struct making {
	struct rng_seeded rng;
	struct buf text;
	size_t states;
};

static size_t
pick(struct making *making, size_t below)
{
	return (size_t)rng_below(&making->rng.rng, below);
}

static bool
chance(struct making *making, size_t percent)
{
	return pick(making, 100) < percent;
}

#define PICK(making, words) ((words)[pick((making), \
	sizeof(words) / sizeof((words)[0]))])

static const char *
guard(struct making *making)
{
	static const char *const guards[] = {"", "", "", "if: = input.n > 1, ",
	    "if: = a != null, ", "if: = b > 1, ", "if: = false, ",
	    "if: = error.code = \"poor\", "};

	return PICK(making, guards);
}

static const char *
step_guard(struct making *making)
{
	static const char *const guards[] = {"", "", ", if: = input.n > 1",
	    ", if: = b > 1"};

	return PICK(making, guards);
}

static void
add_step(struct making *making, bool nests)
{
	static const char *const steps[] = {
	    "call: bank.pay, with: {n: 1}, compensate: {call: bank.cancel, "
	    "with: {n: 1}}",
	    "call: bank.pay, with: {n: = b}, output: {a: = response.x}",
	    "call: bank.ask, with: {n: = c}, output: {b: = response.x}",
	    "set: {b: = b + 1}", "set: {a: = c}", "raise: r1", "raise: r2",
	    "wait: 1h", "require: = input.n > 2", "emit: told"};

	if (nests && chance(making, 15)) {
		buf_add_cstr(&making->text,
		    "{for: {each: line, in: = input.items}, do: [");
		add_step(making, false);
		buf_addf(&making->text, "]%s}",
		    chance(making, 30) ? ", on-error: continue" : "");
		return;
	}
	buf_addf(&making->text, "{%s%s}", PICK(making, steps),
	    step_guard(making));
}

static void
add_steps(struct making *making, const char *before)
{
	size_t count = 1 + pick(making, 2);

	buf_add_cstr(&making->text, before);
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(&making->text, i > 0 ? ", " : "");
		add_step(making, true);
	}
	buf_add_cstr(&making->text, "]");
}

/* States are numbered as they are made, so that most numbers will do. */
static void
add_transition(struct making *making, size_t child, size_t leaves_percent)
{
	buf_addf(&making->text, "{%s", guard(making));
	if (child > 0 && chance(making, 25))
		buf_addf(&making->text, "internal: true, target: s%zu, ",
		    child - 1);
	else if (chance(making, leaves_percent))
		buf_addf(&making->text, "target: s%zu, ",
		    pick(making, STATES_MAX));
	if (chance(making, 15))
		buf_add_cstr(&making->text, "interrupt: true, ");
	if (chance(making, 10))
		buf_add_cstr(&making->text, "compensate: all, ");
	if (chance(making, 20))
		add_steps(making, "do: [");
	buf_add_cstr(&making->text, "}");
}

static void
add_transitions(struct making *making, const char *before, size_t child,
    size_t leaves_percent)
{
	size_t count = 1 + pick(making, 2);

	buf_addf(&making->text, "%s[", before);
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(&making->text, i > 0 ? ", " : "");
		add_transition(making, child, leaves_percent);
	}
	buf_add_cstr(&making->text, "]");
}

static void
add_moves(struct making *making, const char *blanks, size_t child)
{
	static const char *const events[] = {"e1", "e2", "e3", "r1", "r2",
	    "done", "done", "error", "cancel", "compensated", "approved",
	    "rejected", "'*'"};
	size_t first = pick(making, 4);
	bool has_any = false;

	for (size_t i = first; i < sizeof(events) / sizeof(events[0]); i++) {
		char before[32];

		if (!chance(making, 22) ||
		    (i > 0 && strcmp(events[i], events[i - 1]) == 0))
			continue;
		if (!has_any)
			buf_addf(&making->text, "%son: {", blanks);
		(void)snprintf(before, sizeof(before), "%s%s: ",
		    has_any ? ", " : "", events[i]);
		add_transitions(making, before, child, 85);
		has_any = true;
	}
	if (has_any)
		buf_add_cstr(&making->text, "}\n");
	if (chance(making, 12)) {
		buf_add_cstr(&making->text, blanks);
		add_transitions(making, "always: ", child, 100);
		buf_add_cstr(&making->text, "\n");
	}
	if (chance(making, 25)) {
		buf_add_cstr(&making->text, blanks);
		add_transitions(making, "after: {2h: ", child, 85);
		buf_add_cstr(&making->text, "}\n");
	}
	if (chance(making, 20))
		buf_addf(&making->text,
		    "%sescalate: [{after: 1h, to: desk, target: s%zu}]\n",
		    blanks, pick(making, STATES_MAX));
}

static void
add_state(struct making *making, size_t depth)
{
	char blanks[32];
	size_t number = making->states++;
	size_t kind = depth < 3 ? pick(making, 100) : 0;
	size_t children = 1 + pick(making, 3);
	bool has_states = kind >= 65 && making->states + 8 < STATES_MAX;
	bool is_parallel = has_states && kind >= 85;

	(void)snprintf(
	    blanks, sizeof(blanks), "%*s", (int)(4 + 4 * depth), "");
	buf_addf(&making->text, "%ss%zu:\n%stitle: a state\n", blanks + 2,
	    number, blanks);
	if (chance(making, 50)) {
		buf_add_cstr(&making->text, blanks);
		add_steps(making, "entry: [");
		buf_add_cstr(&making->text, "\n");
	}
	if (chance(making, 10)) {
		buf_add_cstr(&making->text, blanks);
		add_steps(making, "exit: [");
		buf_add_cstr(&making->text, "\n");
	}
	add_moves(making, blanks,
	    has_states && !is_parallel ? making->states + 1 : 0);
	if (!has_states) {
		if (chance(making, 30))
			buf_addf(&making->text,
			    "%suser-task: {title: = b}\n", blanks);
		return;
	}
	if (is_parallel)
		buf_addf(&making->text, "%stype: parallel\n", blanks);
	else
		buf_addf(&making->text, "%sinitial: s%zu\n", blanks,
		    making->states);
	buf_addf(&making->text, "%sstates:\n", blanks);
	number = making->states;
	for (size_t i = 0; i < children; i++)
		add_state(making, depth + 1);
	if (!is_parallel && chance(making, 40))
		buf_addf(&making->text,
		    "%s  s%zu: {type: history, history: %s, target: s%zu}\n",
		    blanks, making->states++,
		    chance(making, 50) ? "deep" : "shallow", number);
	if (!is_parallel && chance(making, 60))
		buf_addf(&making->text, "%s  s%zu: {type: final}\n", blanks,
		    making->states++);
}

static void
make(struct making *making, uint64_t seed)
{
	*making = (struct making){0};
	rng_seeded_init(&making->rng, seed);
	buf_add_cstr(&making->text, surroundings);
	buf_add_cstr(&making->text, "initial: s0\nstates:\n");
	while (making->states + 2 < STATES_MAX)
		add_state(making, 0);
	while (making->states < STATES_MAX)
		buf_addf(&making->text, "  s%zu: {type: final%s}\n",
		    making->states++,
		    chance(making, 50) ? ", outcome: failure" : "");
}

/* ---- playing it ---- */

struct play {
	struct library *library;
	const struct definition *definition;
	struct diag_list *findings;
	struct arena *arena;
	struct sim *sim;
	bool is_stranded; /* where no end was said to be reached */
	const char *failure;
	struct diag_span where;
};

static bool
is_found(const struct play *play, const char *code, struct diag_span span)
{
	size_t count;
	const struct diag *found = diag_sorted(play->findings, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(found[i].code, code) == 0 &&
		    found[i].span.line == span.line &&
		    found[i].span.column == span.column)
			return true;
	return false;
}

static void
took(void *arg, const struct def_transition *transition)
{
	struct play *play = arg;

	if (!is_found(play, "P114", transition->span))
		return;
	play->failure = "takes what is never taken";
	play->where = transition->span;
}

/* What an act comes to is no matter: most can't be done at that time. */
static void
act(struct play *play, struct making *making)
{
	static const char *const acts[] = {
	    "{\"event\": {\"type\": \"e1\", \"data\": {}}}",
	    "{\"event\": {\"type\": \"e2\", \"data\": {}}}",
	    "{\"event\": {\"type\": \"e3\", \"data\": {}}}",
	    "{\"event\": {\"type\": \"r1\", \"data\": {}}}",
	    "{\"reply\": {\"bank.pay\": {\"x\": 1}}}",
	    "{\"reply\": {\"bank.pay\": {\"x\": 5}}}",
	    "{\"reply\": {\"bank.pay\": {\"error\": {\"code\": \"poor\"}}}}",
	    "{\"reply\": {\"bank.ask\": {\"x\": 3}}}",
	    "{\"reply\": {\"bank.ask\": {\"error\": {\"code\": \"no\"}}}}",
	    "{\"reply\": {\"bank.cancel\": {}}}",
	    "{\"decide\": {\"choice\": \"approved\", \"actor\": \"ann\"}}",
	    "{\"decide\": {\"choice\": \"rejected\", \"actor\": \"bob\"}}",
	    "{\"settle\": {\"how\": \"retry\", \"actor\": \"cyd\"}}",
	    "{\"advance\": \"30m\"}", "{\"advance\": \"2h\"}"};
	struct json_error error;
	struct buf why = {0};

	if (!sim_act(play->sim, json_read(play->arena,
	    str_of(PICK(making, acts)), &error), &why))
		buf_clear(&why);
	buf_fini(&why);
}

static void
check_state(struct play *play, const struct def_state *state)
{
	if (is_found(play, "P102", state->span))
		play->is_stranded = true;
	for (; state; state = state->parent)
		if (is_found(play, "P101", state->span))
			play->failure = "enters what can't be reached";
}

static void
check(struct play *play)
{
	struct str rest =
	    chart_state_names(sim_chart(play->sim), play->arena);

	while (rest.bytes > 0) {
		struct str name = str_split(rest, ' ', &rest);
		const struct def_state *state =
		    definition_find_state(play->definition, name);

		if (state)
			check_state(play, state);
	}
	if (play->is_stranded && chart_status_is_end(
	    chart_status(sim_chart(play->sim))))
		play->failure = "ends where no end is reached";
}

static void
run(struct play *play, struct making *making)
{
	static const char *const starts[] = {
	    "{\"start\": {\"key\": \"K\", \"n\": 1, \"items\": [1, 2]}}",
	    "{\"start\": {\"key\": \"K\", \"n\": 3, \"items\": []}}"};
	struct sim_options options = {
	    .definition = play->definition,
	    .library = play->library,
	    .took = took,
	    .took_arg = play,
	};
	struct json_error error;
	struct buf why = {0};

	play->sim = sim_new(&options);
	if (sim_act(play->sim, json_read(play->arena,
	    str_of(PICK(making, starts)), &error), &why))
		for (int i = 0; i < ACTS && !play->failure &&
		     chart_incident_count(sim_chart(play->sim)) < 3; i++) {
			check(play);
			act(play, making);
		}
	buf_fini(&why);
	sim_free(&play->sim);
}

/* 0: could not be loaded, 1: fine, 2: failed. */
static int
play_seed(uint64_t seed)
{
	struct making making;
	struct play play = {
	    .library = library_new(),
	    .findings = diag_list_new(),
	    .arena = arena_new(),
	};
	struct diag_list *diags = diag_list_new();
	int result = 0;

	make(&making, seed);
	library_add_text(play.library, STR("random.yaml"),
	    buf_str(&making.text), diags);
	if (library_link(play.library, diags)) {
		play.definition = library_workflow_at(play.library, 0);
		prove_library(play.library, play.findings);
		run(&play, &making);
		result = play.failure ? 2 : 1;
	}
	if (play.failure)
		printf("%s\nseed %llu %s: %u:%u\n", buf_cstr(&making.text),
		    (unsigned long long)seed, play.failure, play.where.line,
		    play.where.column);
	buf_fini(&making.text);
	diag_list_free(&diags);
	diag_list_free(&play.findings);
	arena_free(&play.arena);
	library_free(&play.library);
	return result;
}

int
main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : SEEDS;
	size_t results[3] = {0};

	for (uint64_t i = 0; i < count; i++)
		results[play_seed(first + i)]++;
	printf("%zu played, %zu not loaded, %zu failed\n", results[1],
	    results[0], results[2]);
	return results[2] > 0 || results[1] < results[0];
}
