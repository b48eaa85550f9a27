/* SPDX-License-Identifier: Apache-2.0 */
#include "random_chart.h"

#include "fixed_chart.h"
#include "stated/digest.h"

#define STATES_MAX 4 /* side by side */
#define DEPTH_MAX 2
#define ROUNDS_MAX 3 /* how often a state that leads back is entered */

/* What is written of a workflow goes into two texts: the variables stand
 * before the states that use them. */
struct chart_writer {
	struct rng *rng;
	struct buf *out;
	struct buf data;
	struct buf states;
	int workflow;
	bool is_last; /* nobody runs it */
	int states_count;
	int steps_count;
	int level; /* of indentation */
	const char *const *tops; /* names of states that may be led to */
	int top_count;
	bool has_news; /* some step gives the variable `news` */
};

static int
below(struct chart_writer *writer, int bound)
{
	return (int)rng_below(writer->rng, (uint64_t)bound);
}

static bool
chance(struct chart_writer *writer, int percent)
{
	return below(writer, 100) < percent;
}

#define PICK(writer, words)                                                    \
	((words)[below(writer, (int)(sizeof(words) / sizeof((words)[0])))])

/* A line of the states' text. */
static void PRINTF_LIKE(2, 3)
line(struct chart_writer *writer, const char *format, ...)
{
	va_list args;

	for (int i = 0; i < writer->level; i++)
		buf_add_cstr(&writer->states, "  ");
	va_start(args, format);
	buf_addv(&writer->states, format, args);
	va_end(args);
	buf_add_char(&writer->states, '\n');
}

/* ---- steps ---- */

static const char *const spans[] = {"30s", "10m", "3h", "1d", "5d", "30d",
    "200d"};

static const char *
span(struct chart_writer *writer)
{
	return PICK(writer, spans);
}

static void
write_retry(struct chart_writer *writer)
{
	static const char *const backoffs[] = {"constant", "linear",
	    "exponential"};

	if (chance(writer, 25))
		return;
	line(writer,
	    "retry: {limit: %d, delay: %ds, backoff: %s, jitter: %d%%}",
	    1 + below(writer, 4), 1 + below(writer, 30), PICK(writer, backoffs),
	    below(writer, 30));
}

/* Where a call stands: whose counter tells one entry from the next (v), or one
 * leaving (o), and whether it stands in a loop. */
struct place {
	char counter;
	int state;
	bool in_loop;
};

/* The arguments by which the auditor knows a call. */
static void
write_with(struct chart_writer *writer, const char *step, struct place place,
    const char *more)
{
	line(writer, "with: {k: = input.k, at: %s, v: = %c%d, i: %s%s}", step,
	    place.counter, place.state, place.in_loop ? "= i" : "0", more);
}

static void
write_verify(struct chart_writer *writer, const char *finder, const char *step,
    struct place place, const char *output)
{
	line(writer, "verify:");
	writer->level++;
	line(writer, "call: desk.%s", finder);
	line(writer, "after: %s", chance(writer, 50) ? "1m" : "10s");
	write_with(writer, step, place, "");
	line(writer, "happened: = response.found");
	if (output[0] != 0)
		line(writer, "output: {%s: = response.ref}", output);
	if (chance(writer, 60))
		line(writer, "retry: {limit: %d, delay: 20s}",
		    1 + below(writer, 5));
	writer->level--;
}

static void
write_compensate(struct chart_writer *writer, const char *step,
    struct place place, const char *output)
{
	bool is_bare = chance(writer, 25);
	char more[48];

	(void)snprintf(more, sizeof(more), ", ref: = %s", output);
	line(writer, "compensate:");
	writer->level++;
	line(writer, "call: desk.%s", is_bare ? "unonce" : "undo");
	write_with(writer, step, place, more);
	write_retry(writer);
	if (is_bare && chance(writer, 70))
		write_verify(writer, "findun", step, place, "");
	writer->level--;
}

static void
write_call(struct chart_writer *writer, struct place place)
{
	static const char *const operations[] = {
	    "put", "put", "put", "brief", "once", "once", "once", "ask"};
	const char *operation = PICK(writer, operations);
	bool is_asking = operation[0] == 'a';
	bool is_undone = !is_asking && chance(writer, 65);
	char step[16], output[16] = "r";

	writer->steps_count++;
	(void)snprintf(step, sizeof(step), "c%d%s%s", writer->steps_count,
	    place.counter == 'o' ? "o" : "", is_undone ? "u" : "");
	if (!place.in_loop) {
		(void)snprintf(output, sizeof(output), "r%d",
		    writer->steps_count);
		buf_addf(&writer->data, "  %s: null\n", output);
	}
	line(writer, "- call: desk.%s", operation);
	writer->level++;
	line(writer, "id: %s", step);
	write_with(writer, step, place, "");
	if (!place.in_loop && !is_asking && !writer->has_news) {
		line(writer,
		    "output: {%s: = response.ref, news: = response.ref}",
		    output);
		writer->has_news = true;
	} else {
		line(writer, "output: {%s: = response.ref}", output);
	}
	write_retry(writer);
	if (chance(writer, 8))
		line(writer, "window: day");
	if (!is_asking && chance(writer, operation[0] == 'o' ? 60 : 30))
		write_verify(writer, "find", step, place, output);
	if (is_undone)
		write_compensate(writer, step, place, output);
	writer->level--;
}

static void
write_run(struct chart_writer *writer, struct place place)
{
	int child = 1 + below(writer, writer->workflow - 1);

	writer->steps_count++;
	if (!place.in_loop)
		buf_addf(&writer->data, "  r%d: null\n", writer->steps_count);
	line(writer, "- run: w%d", child);
	writer->level++;
	line(writer, "id: x%d", writer->steps_count);
	if (chance(writer, 80))
		line(writer,
		    "with: {k: '= input.k + \"/%d.\" + string(%c%d)%s', xs: = "
		    "input.xs}",
		    writer->steps_count, place.counter, place.state,
		    place.in_loop ? " + \".\" + string(i)" : "");
	else /* one that others run, and callers start, too */
		line(writer, "with: {k: 'w%d:%d', xs: [1, 2]}", child,
		    below(writer, 4));
	if (chance(writer, 15))
		line(writer, "wait: false");
	if (place.in_loop)
		line(writer, "output: {r: = response.id}");
	else
		line(writer, "output: {r%d: = response.id}",
		    writer->steps_count);
	writer->level--;
}

static void write_step(struct chart_writer *writer, struct place place);

static void
write_loop(struct chart_writer *writer, struct place place)
{
	int number = ++writer->steps_count;

	buf_addf(&writer->data, "  l%d: null\n", number);
	line(writer, "- for: {each: x, at: i, in: = input.xs}");
	writer->level++;
	line(writer, "id: l%d", number);
	if (chance(writer, 60))
		line(writer, "parallel: %d", 1 + below(writer, 4));
	if (chance(writer, 40))
		line(writer, "on-error: continue");
	line(writer, "do:");
	writer->level++;
	place.in_loop = true;
	for (int i = 0; i <= below(writer, 2); i++)
		write_step(writer, place);
	writer->level--;
	line(writer, "output: {l%d: = results}", number);
	writer->level--;
}

static void
write_small_step(struct chart_writer *writer, struct place place)
{
	static const char *const small[] = {"- set: {n: = n + 1}",
	    "- raise: m1", "- raise: m2", "- attest: seen", "- notify: crew",
	    "- emit", "- require: = n < 9",
	    "- require: = count(input.xs) < 4", "- decide", "- fail"};
	const char *chosen = PICK(writer, small);

	if (strcmp(chosen, "- decide") == 0) {
		line(writer, "- decide: %s",
		    chance(writer, 50) ? "size" : "total");
		line(writer, "  with: {n: = count(input.xs)}");
		line(writer, "  output: {n: = decision}");
	} else if (strcmp(chosen, "- emit") == 0) {
		line(writer, "- emit: e3");
		line(writer, "  with: {subject: 'w%d:%d', data: {n: = n}}",
		    1 + below(writer, writer->workflow), below(writer, 4));
	} else if (strcmp(chosen, "- fail") == 0) {
		line(writer, "- fail: no.good");
		line(writer, "  if: = %c%d = 1 and count(input.xs) = %d",
		    place.counter, place.state, below(writer, 4));
	} else {
		line(writer, "%s", chosen);
	}
}

static void
write_step(struct chart_writer *writer, struct place place)
{
	int what = below(writer, 100);

	if (what < (place.in_loop ? 40 : 60))
		write_call(writer, place);
	else if (what < 70 && writer->workflow > 1)
		write_run(writer, place);
	else if (what < 76 && !place.in_loop)
		write_loop(writer, place);
	else if (what < 84 && !place.in_loop)
		line(writer, "- wait: %s", span(writer));
	else
		write_small_step(writer, place);
}

/* Each entry has its number before anything else, so that what is done on
 * purpose once more can be told from what was repeated, and nothing leads back
 * for ever. */
static void
write_entry(struct chart_writer *writer, int state, int steps)
{
	struct place place = {.counter = 'v', .state = state};

	buf_addf(&writer->data, "  v%d: 0\n", state);
	line(writer, "entry:");
	writer->level++;
	line(writer, "- set: {v%d: = v%d + 1}", state, state);
	for (int i = 0; i < steps; i++)
		write_step(writer, place);
	writer->level--;
}

/* Decided by what is written so far and by no dice: the other states of a seed
 * stay as they are. */
static void
write_exit(struct chart_writer *writer, int state)
{
	struct place place = {.counter = 'o', .state = state};
	struct digest digest = digest_sha256(buf_str(&writer->states));
	struct rng *dice = writer->rng;
	struct rng_seeded seeded;
	uint64_t seed;

	memcpy(&seed, digest.bytes, sizeof(seed));
	rng_seeded_init(&seeded, seed);
	writer->rng = &seeded.rng;
	if (chance(writer, 15)) {
		buf_addf(&writer->data, "  o%d: 0\n", state);
		line(writer, "exit:");
		writer->level++;
		/* Else nothing tells what became of the event that it was left
		 * for, where the next step fails. */
		line(writer, "- set: {o%d: = o%d + 1, seen: = event.id}",
		    state, state);
		for (int i = 0; i <= below(writer, 2); i++)
			write_step(writer, place);
		writer->level--;
	}
	writer->rng = dice;
}

/* ---- transitions ---- */

static const char *
undoing(struct chart_writer *writer)
{
	static const char *const words[] = {", compensate: all",
	    ", compensate: all", ", compensate: to sa", "", ""};

	return PICK(writer, words);
}

static void
write_taking(struct chart_writer *writer, const char *event, int state,
    const char *next)
{
	line(writer, "%s:", event);
	writer->level++;
	line(writer, "target: %s", next);
	line(writer, "do:");
	writer->level++;
	/* Else nothing tells what became of it where the next step fails. */
	if (event[0] == 'e')
		line(writer, "- set: {seen: = event.id}");
	write_step(writer, (struct place){.counter = 'v', .state = state});
	writer->level -= 2;
}

/* Where it leads back, a bound on how often. */
static void
write_target(struct chart_writer *writer, const char *event, int state,
    const char *next)
{
	const char *other = writer->tops[below(writer, writer->top_count)];

	if (chance(writer, 15)) {
		write_taking(writer, event, state, next);
		return;
	}
	if (chance(writer, 70)) {
		line(writer, "%s: {target: %s}", event, next);
		return;
	}
	line(writer, "%s:", event);
	writer->level++;
	line(writer, "- {if: = v%d < %d, target: %s%s}", state,
	    1 + below(writer, ROUNDS_MAX), other, undoing(writer));
	line(writer, "- {target: %s}", next);
	writer->level--;
}

/* next: where its region goes on, which leaves others as they are. */
static void
write_extras(struct chart_writer *writer, int state, const char *next)
{
	if (chance(writer, 15))
		line(writer,
		    "e2: {if: = v%d < 3, target: %s, interrupt: true%s}", state,
		    writer->tops[below(writer, writer->top_count)],
		    undoing(writer));
	if (chance(writer, 8))
		line(writer, "m1: {if: = v%d < 3, target: %s}", state,
		    writer->tops[below(writer, writer->top_count)]);
	switch (below(writer, 20)) {
	case 0:
		line(writer, "cancel: {target: undone, compensate: all}");
		break;
	case 1:
		line(writer, "cancel: {target: %s}", next);
		break;
	case 2:
		line(writer, "e5: {target: %s, interrupt: true%s}", next,
		    undoing(writer));
		break;
	case 3:
		write_taking(writer, "e5", state, next);
		break;
	case 4:
		line(writer,
		    "e5: {do: [{set: {seen: = event.id}}], interrupt: true}");
		break;
	default:
		break;
	}
}

static void
write_escalation(struct chart_writer *writer, int percent)
{
	if (!chance(writer, percent))
		return;
	line(writer, "escalate:");
	writer->level++;
	line(writer, "- {after: %s, to: crew}", span(writer));
	if (chance(writer, 40))
		line(writer, "- {after: %s, to: crew, every: 40d}",
		    span(writer));
	writer->level--;
}

/* ---- states ---- */

static void
write_work(struct chart_writer *writer, int state, const char *next)
{
	write_entry(writer, state, 1 + below(writer, 3));
	line(writer, "on:");
	writer->level++;
	write_target(writer, "done", state, next);
	if (chance(writer, 55))
		line(writer, "error: {target: %s%s}",
		    chance(writer, 70) ? "undone" : next, undoing(writer));
	write_extras(writer, state, next);
	writer->level--;
	write_escalation(writer, 15);
	if (chance(writer, 10)) {
		line(writer, "after:");
		line(writer, "  %s: {target: %s, interrupt: true}",
		    span(writer), chance(writer, 50) ? "undone" : next);
	}
}

static void
write_waiting(struct chart_writer *writer, int state, const char *next)
{
	write_entry(writer, state, chance(writer, 30));
	line(writer, "on:");
	writer->level++;
	line(writer, "e1: {target: %s}", next);
	if (chance(writer, 50))
		line(writer, "news: {target: %s}", next);
	if (chance(writer, 50))
		line(writer, "e3: {target: %s}", next);
	if (chance(writer, 20))
		line(writer, "e4: {do: [{set: {seen: = event.id}}]}");
	write_extras(writer, state, next);
	writer->level--;
	line(writer, "after:");
	line(writer, "  %s: {target: %s%s}", span(writer),
	    chance(writer, 60) ? next : "undone", undoing(writer));
	write_escalation(writer, 40);
}

static void
write_task(struct chart_writer *writer, int state, const char *next)
{
	write_entry(writer, state, 0);
	line(writer, "user-task: {title: Decide, role: boss%s}",
	    chance(writer, 20) ? ", approvals: 2" : "");
	line(writer, "on:");
	writer->level++;
	line(writer, "approved: {target: %s}", next);
	line(writer, "rejected: {target: %s%s}",
	    chance(writer, 60) ? "undone" : next, undoing(writer));
	write_extras(writer, state, next);
	writer->level--;
	if (chance(writer, 50))
		line(writer, "after: {%s: {target: %s}}", span(writer), next);
	write_escalation(writer, 40);
}

static void write_chain(struct chart_writer *writer, const char *prefix,
    const char *end, int count, int depth);

static void
write_parts(struct chart_writer *writer, const char *name, int depth)
{
	char end[48], history[48];

	(void)snprintf(end, sizeof(end), "%sz", name);
	(void)snprintf(history, sizeof(history), "%sh", name);
	line(writer, "initial: %sa", name);
	line(writer, "states:");
	writer->level++;
	write_chain(writer, name, end, 1 + below(writer, 3), depth + 1);
	line(writer, "%s: {type: final}", end);
	if (chance(writer, 60))
		line(writer, "%s: {type: history, history: %s, target: %sa}",
		    history, chance(writer, 50) ? "deep" : "shallow", name);
	else
		line(writer, "%s: {type: final}", history);
	writer->level--;
}

/* A state around others is left by its end, and now and then for a while:
 * then its history leads back. */
static void
write_leaving(struct chart_writer *writer, int state, const char *name,
    const char *next, bool is_parallel)
{
	line(writer, "on:");
	writer->level++;
	line(writer, "done: {target: %s}", next);
	if (chance(writer, 40))
		line(writer, "error: {target: undone%s}", undoing(writer));
	if (chance(writer, 30))
		line(writer, "e4: {if: = v%d < 3, target: %s%s}", state,
		    is_parallel ? next : name, is_parallel ? "" : "h");
	write_extras(writer, state, next);
	writer->level--;
}

static void
write_regions(struct chart_writer *writer, const char *name, int depth)
{
	int count = 2 + below(writer, 2);

	line(writer, "type: parallel");
	line(writer, "states:");
	writer->level++;
	for (int i = 0; i < count; i++) {
		char region[48];

		(void)snprintf(region, sizeof(region), "%s%c", name, 'p' + i);
		line(writer, "%s:", region);
		writer->level++;
		write_parts(writer, region, depth + 1);
		writer->level--;
	}
	writer->level--;
}

static void
write_state(struct chart_writer *writer, const char *name, const char *next,
    int depth)
{
	int number = ++writer->states_count;
	int kind = below(writer, depth < DEPTH_MAX ? 100 : 75);

	line(writer, "%s:", name);
	writer->level++;
	if (kind < 45) {
		write_work(writer, number, next);
	} else if (kind < 63) {
		write_waiting(writer, number, next);
	} else if (kind < 75) {
		write_task(writer, number, next);
	} else {
		bool is_parallel = kind >= 88;

		write_entry(writer, number, chance(writer, 25));
		write_leaving(writer, number, name, next, is_parallel);
		if (is_parallel)
			write_regions(writer, name, depth);
		else
			write_parts(writer, name, depth);
	}
	write_exit(writer, number);
	writer->level--;
}

/* States one after another, to the end. */
static void
write_chain(struct chart_writer *writer, const char *prefix, const char *end,
    int count, int depth)
{
	for (int i = 0; i < count; i++) {
		char name[48], next[48];

		(void)snprintf(name, sizeof(name), "%s%c", prefix, 'a' + i);
		(void)snprintf(next, sizeof(next), "%s%c", prefix, 'b' + i);
		write_state(writer, name, i + 1 < count ? next : end, depth);
	}
}

/* ---- workflows ---- */

static void
write_workflow(struct chart_writer *writer)
{
	static const char *const tops[] = {"sa", "sb", "sc", "sd"};
	int count = 1 + below(writer, STATES_MAX);

	writer->tops = tops;
	writer->top_count = count;
	writer->level = 1;
	write_chain(writer, "s", chance(writer, 85) ? "ended" : "undone", count,
	    0);
	line(writer, "ended: {type: final, outcome: success}");
	line(writer,
	    "undone: {type: final, outcome: failure, compensate: all}");
	buf_addf(writer->out,
	    "workflow: w%d\nversion: 1\nowner: crew\ncalendar: office\n"
	    "%slabels: {k: = input.k}\n"
	    "hold: %s\nincident: {owner: crew, max-age: 9d}\n",
	    writer->workflow,
	    writer->is_last && chance(writer, 30)
		? ""
		: "business-key: = input.k\n",
	    chance(writer, 70) ? "7d" : "2h");
	/* No dice: what the other seeds play stays as it is. */
	if (count == 2)
		buf_add_cstr(
		    writer->out, "separate: [[correct, confirm]]\n");
	buf_addf(writer->out,
	    "events:\n"
	    "  e1: {correlate: = input.k}\n"
	    "  e2: {correlate: = input.k%s}\n"
	    "  e3: {correlate: = input.k%s}\n"
	    "  e4: {correlate: = input.k, keep: %s}\n"
	    "  e5: {correlate: = input.k}\n"
	    "  news: {correlate: = news}\n"
	    "data:\n  n: 0\n  seen: null\n  news: null\n",
	    chance(writer, 30) ? ", supersedes: [e1]" : "",
	    chance(writer, 20) ? ", supersedes: [e1, e4]" : "",
	    chance(writer, 50) ? "true" : "false");
	buf_add_str(writer->out, buf_str(&writer->data));
	buf_add_cstr(writer->out, "initial: sa\nstates:\n");
	buf_add_str(writer->out, buf_str(&writer->states));
	buf_add_cstr(writer->out, "---\n");
	buf_fini(&writer->data);
	buf_fini(&writer->states);
}

static void
write_connection(struct chart_writer *writer)
{
	static const struct {
		const char *name;
		const char *more;
		const char *keyed;
	} operations[] = {
	    {"put", "", "idempotent: true"},
	    {"brief", "", "idempotent: {lifetime: 1m}"},
	    {"once", "", ""},
	    {"ask", "", "safe: true"},
	    {"find", "", "safe: true"},
	    {"findun", "", "safe: true"},
	    {"undo", ", ref: = ref", "idempotent: true"},
	    {"unonce", ", ref: = ref", ""},
	};

	buf_add_cstr(writer->out,
	    "connection: desk\nkind: http\nurl: http://desk.invalid\n");
	if (chance(writer, 25))
		buf_add_cstr(writer->out,
		    "auth: {oauth2: {token-url: http://desk.invalid/token, "
		    "client: {secret: desk}}}\n");
	if (chance(writer, 40))
		buf_addf(writer->out, "limits: {concurrency: %d, rate: %d/s}\n",
		    1 + below(writer, 6), 1 + below(writer, 20));
	if (chance(writer, 25))
		buf_addf(writer->out,
		    "breaker: {failures: %d, within: 1m, open: 20s}\n",
		    2 + below(writer, 6));
	buf_add_cstr(writer->out, "operations:\n");
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		buf_addf(writer->out,
		    "  %s:\n    request: {post: /%s, body: {k: = k, at: = at, "
		    "v: = v, i: = i%s, key: = idempotency_key}}\n%s%s%s",
		    operations[i].name, operations[i].name, operations[i].more,
		    operations[i].keyed[0] ? "    " : "", operations[i].keyed,
		    operations[i].keyed[0] ? "\n" : "");
	buf_add_cstr(writer->out,
	    "  page:\n    request: {post: /page, body: {key: = "
	    "idempotency_key}}\n---\n");
}

/* Started by time and by nothing else, every month once. */
static void
write_sweep(struct chart_writer *writer)
{
	static const char definition[] =
	    "workflow: sweep\nversion: 1\nowner: crew\n"
	    "labels: {k: = input.k}\nincident: {owner: crew}\n"
	    "schedule: {cron: '@monthly', overlap: allow, catch-up: all, "
	    "input: {k: '= \"sweep:\" + string(at)'}}\n"
	    "data:\n  r1: null\n"
	    "initial: sweeping\nstates:\n"
	    "  sweeping:\n    entry:\n"
	    "      - call: desk.put\n"
	    "        id: c1\n"
	    "        with: {k: = input.k, at: c1, v: 1, i: 0}\n"
	    "        output: {r1: = response.ref}\n"
	    "    on: {done: swept}\n"
	    "  swept: {type: final, outcome: success}\n---\n";

	buf_add_cstr(writer->out, definition);
}

static void
write_workflows(struct chart_writer *writer, int count)
{
	for (int i = 1; i <= count; i++) {
		struct chart_writer one = {
		    .rng = writer->rng,
		    .out = writer->out,
		    .workflow = i,
		    .is_last = i == count,
		};

		write_workflow(&one);
	}
}

int
random_chart_make(struct rng *rng, struct buf *out)
{
	static const char *const policies[] = {"sum", "min", "max", "count"};
	struct chart_writer writer = {.rng = rng, .out = out};
	int count = 1 + below(&writer, RANDOM_CHART_WORKFLOWS_MAX);

	write_connection(&writer);
	buf_addf(out, "contact: crew\nnotify:\n  - log: info\n%s---\n",
	    chance(&writer, 40) ? "  - call: desk.page\n" : "");
	buf_add_cstr(out,
	    "decision: size\nhit-policy: first\ninputs: [= n]\n"
	    "outputs: [size]\nrules:\n  - ['< 2', 0]\n  - ['-', 2]\n---\n");
	buf_addf(out,
	    "decision: total\nhit-policy: collect %s\ninputs: [= n]\n"
	    "outputs: [part]\nrules:\n  - ['< 2', 0]\n  - ['-', 2]\n"
	    "  - ['-', '= n - n']\n---\n",
	    PICK(&writer, policies));
	buf_add_cstr(out,
	    "calendar: office\ntimezone: Europe/Berlin\nhours: 08:00-17:00\n"
	    "windows: {day: {hours: 06:00-20:00}}\n---\n");
	if (chance(&writer, 15))
		write_sweep(&writer);
	if (chance(&writer, 10))
		return fixed_chart_make(out);
	write_workflows(&writer, count);
	return count;
}
