/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_call.c: the life of a call, and how each attempt comes to go out: its
 * key, its window, its turn.  chart_call_reply.c goes on with what comes of it.
 *
 * The rule on which money depends: once an attempt's outcome is unknown, only
 * a reply that says "done" or a verification settles it.  A later attempt's
 * refusal proves nothing about the earlier one (the second order may be
 * refused because the first took the money), so the call stays unknown.
 *
 * The transitions of enum call_state, with what performs each:
 *
 *   (none)       -> WINDOW        send(): the window is closed
 *   (none)       -> QUEUED        send(): DO_CALL goes out
 *   WINDOW       -> QUEUED        chart_call_due()
 *   QUEUED       -> SENT          chart_call_sent(): the intent is recorded
 *   SENT, QUEUED -> (gone)        replied(): done, or failed for good
 *   SENT, QUEUED -> DELAYED       again(): transient, or the key still lives
 *   SENT         -> ASKING_LATER  chart_call_in_doubt(): verify is asked
 *                                 after its delay
 *   SENT         -> STUCK         stick(): nobody can say
 *   DELAYED      -> QUEUED        chart_call_due()
 *   DELAYED, WINDOW -> (gone)     chart_call_due(): its strand ends, or is
 *                                 interrupted
 *   DELAYED, WINDOW -> ASKING_LATER  send(): the key has died
 *   QUEUED       -> ASKING_LATER  chart_call_due(): it died in the queue
 *   QUEUED       -> DELAYED       wait_anew(): the window closed before it
 *                                 was sent; on to WINDOW by send(); a reload
 *                                 may have brought about either
 *   QUEUED       -> DELAYED       chart_call_suspend()
 *   SENT, QUEUED -> DELAYED       put_off(): refused, and not sent anew
 *   ASKING_LATER -> ASKING        chart_call_ask()
 *   ASKING       -> ASKED         chart_call_sent()
 *   ASKING       -> ASKING_LATER  chart_call_suspend()
 *   ASKING, ASKED -> ASKING_LATER  chart_call_recover(), put_off()
 *   ASKED, ASKING -> (gone)       answered(): it happened
 *   ASKED, ASKING -> DELAYED      answered(): it did not; tried again
 *   ASKED, ASKING -> ASKING_LATER  answered(): still unknown, or a first no
 *   ASKED, ASKING -> STUCK        answered(): asked often enough, or no time
 *                                 to ask once more
 *   STUCK        -> DELAYED       chart_call_retry(): it did not happen
 *   STUCK        -> (gone)        chart_incident.c: a person settles it
 */
#include "chart_priv.h"

static const struct {
	struct str name;
	unsigned next; /* bits of enum call_state that may follow */
} states[] = {
#define BIT(state) (1u << CALL_##state)
    [CALL_WINDOW] = {STR_INIT("window"),
	BIT(QUEUED) | BIT(WINDOW) | BIT(ASKING_LATER) | BIT(STUCK)},
    [CALL_QUEUED] = {STR_INIT("queued"), BIT(SENT) | BIT(DELAYED) |
					     BIT(WINDOW) | BIT(ASKING_LATER) |
					     BIT(STUCK)},
    [CALL_SENT] = {STR_INIT("sent"),
	BIT(DELAYED) | BIT(ASKING_LATER) | BIT(STUCK)},
    [CALL_DELAYED] = {STR_INIT("delayed"),
	BIT(QUEUED) | BIT(WINDOW) | BIT(ASKING_LATER) | BIT(STUCK)},
    [CALL_ASKING_LATER] = {STR_INIT("asking-later"), BIT(ASKING) | BIT(STUCK)},
    [CALL_ASKING] = {STR_INIT("asking"),
	BIT(ASKED) | BIT(DELAYED) | BIT(ASKING_LATER) | BIT(STUCK)},
    [CALL_ASKED] = {STR_INIT("asked"),
	BIT(DELAYED) | BIT(ASKING_LATER) | BIT(STUCK)},
    [CALL_STUCK] = {STR_INIT("stuck"), BIT(DELAYED)},
#undef BIT
};

void
chart_call_move(struct call *call, enum call_state next)
{
	must(states[call->state].next & (1u << next));
	call->state = next;
}

struct call *
chart_call_find(const struct chart *chart, uint64_t serial)
{
	for (struct call *call = chart->calls; call != NULL; call = call->next)
		if (call->serial == serial)
			return call;
	return NULL;
}

void
chart_call_remove(struct chart *chart, struct call *call)
{
	struct call **link = &chart->calls;

	while (*link != call)
		link = &(*link)->next;
	LIST_UNLINK(link);
	chart_key_keep(chart, call);
}

void
chart_call_forget(struct chart *chart, struct call *call)
{
	if (call->unknown)
		chart->stands = true;
	chart_call_remove(chart, call);
}

struct strand *
chart_call_strand(const struct chart *chart, const struct call *call)
{
	return call->purpose == FOR_NOTICE
		   ? NULL
		   : chart_strand_awaiting(chart, call->serial);
}

/* Effects of an earlier step are with the engine already, which asks whether
 * a call is still wanted. */
void
chart_call_drop(struct run *run, struct call *call)
{
	struct chart_effects *effects = run->effects;

	for (size_t i = run->effects_first; i < effects->count; i++)
		if (effects->items[i].kind == DO_CALL &&
		    effects->items[i].serial == call->serial) {
			chart_effect_remove(run, i);
			break;
		}
	chart_call_forget(run->chart, call);
}

bool
chart_call_is_asking(const struct call *call)
{
	return call->state == CALL_ASKING || call->state == CALL_ASKED;
}

struct str
chart_call_state_name(enum call_state state)
{
	return states[state].name;
}

static bool
is_put_off(const struct call *call)
{
	return !call->unknown &&
	       (call->state == CALL_WINDOW || call->state == CALL_DELAYED);
}

bool
chart_call_is_idle(const struct call *call)
{
	return is_put_off(call) ||
	       (call->state == CALL_QUEUED && !call->unknown);
}

/* Which items of the `for` steps around it; empty where there are none. */
static struct str
path_of(struct run *run)
{
	const struct chart *chart = run->chart;
	const struct strand *strand = run->strand;
	struct arena *arena = run->context->arena;
	struct str path = STR("");

	while (strand != NULL && strand->parent != 0) {
		path = arena_strf(arena, "%llu.%.*s",
		    (unsigned long long)strand->position, STR_ARG(path));
		strand = chart_strand_find(chart, strand->parent);
	}
	return path;
}

/* Unique over all instances of all stores; in the shape of a UUID (36
 * characters), which every endpoint's limit leaves room for. */
static struct str
make_key(struct run *run, const char *what, size_t step, uint64_t nth)
{
	struct chart *chart = run->chart;
	uint64_t numbers[] = {chart->identity.number, step, nth};
	struct str parts[] = {
	    str_of(what),
	    {(const char *)chart->identity.store, 16},
	    {(const char *)numbers, sizeof(numbers)},
	    path_of(run),
	};
	struct digest digest = digest_sha256_parts(parts, 4);
	uint8_t *b = digest.bytes;
	char text[DIGEST_UUID_BYTES];

	/* Version 8, and the variant before what is left of its byte. */
	b[6] = (uint8_t)(0x80 | (b[6] & 15));
	b[8] = (uint8_t)((8 | (b[8] & 3)) << 4 | b[8] >> 4);
	return arena_str(chart->arena, digest_uuid(b, text));
}

/*
 * The same for all attempts of a step; new each time its state is entered
 * anew or its transition is taken anew, and for steps of `exit` each time that
 * they were done and the state stayed: or what is done on purpose for the
 * second time would pass for a repetition.
 */
struct str
chart_call_key(struct run *run, enum call_purpose purpose,
    const struct def_call *definition, size_t step)
{
	struct chart *chart = run->chart;
	struct str given = chart_env_text(
	    run, definition->idempotency_key, (struct str){NULL, 0});
	const struct strand *root;
	const struct plan_item *item;
	const struct active *active;

	if (given.at != NULL)
		return arena_str(chart->arena, given);
	if (purpose != FOR_STEP) /* one undo, one notice: one key */
		return make_key(run, purpose == FOR_UNDO ? "undo" : "notice",
		    step, ++chart->serial_last - chart->withdrawn);
	root = chart_strand_root(chart, run->strand);
	item = &root->plan[root->plan_next];
	if (item->kind == PLAN_DO)
		return make_key(run, "do", step, root->taking);
	active =
	    chart_config_find(chart, chart->definition->states[item->index]);
	must(active != NULL);
	if (item->kind == PLAN_EXIT && active->stayed != 0)
		return make_key(run, "exit", step, active->stayed);
	return make_key(run, "state", step, active->entry);
}

struct question
chart_call_question(struct run *run, const struct def_call *definition)
{
	const struct def_verify *verify = definition->verify;

	if (verify == NULL)
		return (struct question){NULL, NULL};
	return (struct question){
	    .args =
		chart_env_keep(run, chart_env_eval(run, verify->call->with)),
	    .scope = chart_env_scope(run, verify->happened),
	};
}

struct call *
chart_call_begin(struct run *run, enum call_purpose purpose,
    const struct def_call *definition, size_t step, const struct value *args)
{
	struct chart *chart = run->chart;
	struct call *call = ARENA_NEW(chart->arena, struct call);

	call->serial = ++chart->serial_last;
	call->purpose = purpose;
	call->call = definition;
	call->step = step;
	call->contact_level = SIZE_MAX;
	call->contact_state = SIZE_MAX;
	call->args = args->type == VALUE_CONTEXT
			 ? chart_env_keep(run, args)
			 : value_built(value_build_context(chart->arena));
	if (purpose != FOR_UNDO) { /* an undo brings its own */
		call->question = chart_call_question(run, definition);
		call->key = chart_call_key(run, purpose, definition, step);
	}
	LIST_APPEND(chart->calls, call);
	return call;
}

void
chart_call_record_key(struct value_builder *record, const struct call *call)
{
	if (call->purpose == FOR_NOTICE)
		value_put_str(record, "key", call->key);
}

void
chart_call_record_waiting(
    struct run *run, const struct call *call, const char *why)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_CALL_WAITING);

	chart_record_step(run, record, call->step);
	value_put_str(record, "operation", call->call->target);
	value_put_int(record, "attempt", call->attempt);
	chart_call_record_key(record, call);
	value_put_str(record, "for", str_of(why));
	value_put_instant(record, "until", call->due_ms);
	chart_record_end(run, record);
}

static int64_t
sooner(int64_t one_ms, int64_t other_ms)
{
	if (one_ms == 0 || other_ms == 0)
		return one_ms + other_ms;
	return one_ms < other_ms ? one_ms : other_ms;
}

static int64_t
deadline_of(const struct chart *chart, const struct call *call)
{
	int64_t deadline_ms = call->due_ms;

	for (const struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer->kind == TIMER_AFTER)
			deadline_ms = sooner(deadline_ms, timer->due_ms);
	return deadline_ms;
}

static void
fill_call(const struct chart *chart, const struct call *call,
    struct chart_effect *effect)
{
	effect->kind = DO_CALL;
	effect->serial = call->serial;
	effect->call = call->call;
	effect->args = call->args;
	effect->key = call->key;
	effect->attempt = call->attempt;
	effect->timeout_ms = call->call->timeout_ms;
	effect->priority = chart->priority;
	effect->deadline_ms = deadline_of(chart, call);
}

static void
emit_call(struct run *run, const struct call *call)
{
	fill_call(run->chart, call, chart_effect_add(run, DO_CALL));
}

/* The same about the call that is asked with. */
void
chart_call_emit_question(struct run *run, const struct call *call,
    const struct def_call *verify, const struct value *args)
{
	struct chart_effect *effect = chart_effect_add(run, DO_CALL);

	fill_call(run->chart, call, effect);
	effect->call = verify;
	effect->args = args;
	effect->attempt = call->asked;
	effect->timeout_ms = verify->timeout_ms;
}

/* ---- the key ---- */

/* Whether the same key may be sent at that time, although an earlier attempt
 * may have done it.  Where the clock has been set back to before the first
 * one, nobody can tell how old the key is. */
bool
chart_call_key_lives_at(const struct call *call, int64_t at_ms)
{
	const struct def_operation *operation = call->call->operation;

	if (!operation->safe && !operation->idempotent)
		return false;
	return chart_key_dies_ms(call) == 0 ||
	       (at_ms >= call->first_sent_ms &&
		   at_ms < chart_key_dies_ms(call));
}

/* What nobody wants any more is asked about, and not sent once more. */
bool
chart_call_is_given_up(const struct call *call)
{
	return call->given_up && !call->call->operation->safe;
}

static bool
has_window(const struct chart *chart, const struct call *call)
{
	return call->call->window_hours != NULL &&
	       chart->definition->calendar != NULL;
}

static int64_t
opens_at(const struct chart *chart, const struct call *call, int64_t now_ms)
{
	if (!has_window(chart, call))
		return now_ms;
	return calendar_next_open(chart->definition->calendar,
	    &call->call->window_hours->hours, now_ms);
}

/* What is repeated, by a key that is dead; or outside of its window. */
bool
chart_call_is_too_late(
    const struct chart *chart, const struct call *call, int64_t now_ms)
{
	return (call->unknown && !chart_call_key_lives_at(call, now_ms)) ||
	       opens_at(chart, call, now_ms) > now_ms;
}

bool
chart_call_is_barred(
    const struct chart *chart, const struct call *call, int64_t now_ms)
{
	return call->state == CALL_QUEUED &&
	       chart_call_is_too_late(chart, call, now_ms);
}

/* Until when a call that is queued now may be sent; 0: for ever. */
static int64_t
good_until_ms(const struct run *run, const struct call *call)
{
	int64_t until_ms = call->unknown ? chart_key_dies_ms(call) : 0;

	if (!has_window(run->chart, call))
		return until_ms;
	return sooner(
	    until_ms, calendar_cut_off(run->chart->definition->calendar,
			  &call->call->window_hours->hours,
			  run->context->now_ms));
}

/* The next attempt, or the wait for the window. */
static void
send(struct run *run, struct call *call)
{
	int64_t now_ms = run->context->now_ms;
	int64_t opens_ms = opens_at(run->chart, call, now_ms);

	if (call->unknown &&
	    (chart_call_is_given_up(call) ||
		!chart_call_key_lives_at(call, opens_ms))) {
		chart_call_in_doubt(run, call);
		return;
	}
	if (opens_ms > now_ms) {
		chart_call_move(call, CALL_WINDOW);
		call->due_ms = opens_ms;
		chart_call_record_waiting(run, call, "window");
		return;
	}
	chart_call_move(call, CALL_QUEUED);
	call->due_ms = good_until_ms(run, call);
	call->attempt++;
	call->tries++;
	emit_call(run, call);
}

void
chart_call_start(struct run *run, struct call *call)
{
	call->tries = 0;
	call->unknown = false;
	send(run, call);
}

/* What stands in a queue under the old number is not wanted any more. */
static void
withdraw(struct run *run, struct call *call)
{
	struct chart *chart = run->chart;
	const struct chart_replay *replay = run->context->replay;
	struct strand *strand = chart_strand_awaiting(chart, call->serial);

	must(call->state == CALL_QUEUED || call->state == CALL_ASKING);
	call->serial = ++chart->serial_last;
	if (replay == NULL || !replay->counts_withdrawn)
		chart->withdrawn++;
	if (strand != NULL)
		strand->awaits = call->serial;
}

/* It was not sent, and that attempt was none. */
static void
wait_anew(struct run *run, struct call *call)
{
	withdraw(run, call);
	chart_call_move(call, CALL_DELAYED);
	call->due_ms = run->context->now_ms;
	call->attempt--;
	call->tries--;
}

/* The same of a question. */
static void
ask_anew(struct run *run, struct call *call)
{
	withdraw(run, call);
	chart_call_move(call, CALL_ASKING_LATER);
	call->due_ms = run->context->now_ms;
	call->asked--;
}

/* People are told still. */
bool
chart_call_is_suspended(const struct chart *chart, const struct call *call)
{
	return chart->suspended && call->purpose != FOR_NOTICE;
}

/* An operator stops the instance: what was not sent yet is not sent now, but
 * as soon as it goes on. */
void
chart_call_suspend(struct run *run, struct call *call)
{
	if (!chart_call_is_suspended(run->chart, call))
		return;
	if (call->state == CALL_QUEUED)
		wait_anew(run, call);
	else if (call->state == CALL_ASKING)
		ask_anew(run, call);
}

/* What may have happened is asked about, and its repetition called back. */
void
chart_call_give_up(struct run *run, struct call *call)
{
	struct strand *before = run->strand;

	if (call->purpose != FOR_STEP)
		return;
	call->given_up = true;
	if (call->state != CALL_QUEUED || !call->unknown ||
	    !chart_call_is_given_up(call))
		return;
	run->strand = chart_call_strand(run->chart, call);
	withdraw(run, call);
	chart_call_in_doubt(run, call);
	run->strand = before;
}

/* It surely isn't happening, and nobody knows yet whether it still should: an
 * incident holds its strand, or the outcome of what a cancel leaves is waited
 * for. */
bool
chart_call_stands_still(const struct chart *chart, const struct call *call)
{
	if (call->purpose != FOR_STEP || !is_put_off(call))
		return false;
	return chart->cancelling ||
	       (chart->incidents != NULL &&
		   chart_strand_is_held(chart, chart_call_strand(chart, call)));
}

/* One more attempt, unless nobody wants it any more: whoever is about to send
 * looks first at what would keep it from that. */
static void
send_anew(struct run *run, struct call *call)
{
	if (!chart_call_stands_still(run->chart, call) &&
	    (call->purpose != FOR_STEP || !chart_step_cut(run, run->strand)))
		send(run, call);
}

void
chart_call_due(struct run *run, struct call *call)
{
	run->strand = chart_call_strand(run->chart, call);
	switch (call->state) {
	case CALL_WINDOW:
	case CALL_DELAYED:
		send_anew(run, call);
		return;
	case CALL_QUEUED: /* its key has died there, or its window closed */
		if (call->unknown &&
		    !chart_call_key_lives_at(call, run->context->now_ms)) {
			withdraw(run, call);
			chart_call_in_doubt(run, call);
			return;
		}
		wait_anew(run, call);
		send_anew(run, call);
		return;
	case CALL_ASKING_LATER:
		chart_call_ask(run, call);
		return;
	default:
		unreachable("only these states wait for a time");
	}
}

void
chart_call_retry(struct run *run, struct call *call)
{
	must(call->state == CALL_STUCK);
	call->tries = 0;
	call->unknown = false;
	chart_call_move(call, CALL_DELAYED);
	call->due_ms = run->context->now_ms;
	/* what would keep it from being sent is not the person's act */
	run->actor = NULL;
	run->proposed_by = (struct str){NULL, 0};
	chart_call_due(run, call);
}

bool
chart_call_is_wanted(const struct chart *chart, uint64_t serial, int64_t now_ms)
{
	const struct call *call = chart_call_find(chart, serial);

	if (call == NULL)
		return false;
	if (call->state == CALL_QUEUED)
		return call->due_ms == 0 || now_ms < call->due_ms;
	return call->state == CALL_ASKING;
}

bool
chart_call_may_be_sent(
    const struct chart *chart, uint64_t serial, int64_t now_ms)
{
	const struct call *call = chart_call_find(chart, serial);

	return call != NULL && !chart_call_is_barred(chart, call, now_ms);
}

const struct def_operation *
chart_call_asks_with(const struct chart *chart, uint64_t serial)
{
	const struct call *call = chart_call_find(chart, serial);

	must(call != NULL && chart_call_is_asking(call));
	return call->call->verify->call->operation;
}

bool
chart_call_again(
    const struct chart *chart, uint64_t serial, struct chart_effect *effect)
{
	const struct call *call = chart_call_find(chart, serial);

	*effect = (struct chart_effect){0};
	if (call == NULL || call->state != CALL_QUEUED)
		return false;
	fill_call(chart, call, effect);
	return true;
}

void
chart_call_sent(struct chart *chart, uint64_t serial,
    const struct value *request, struct chart_context *context,
    struct chart_effects *effects)
{
	struct run run = {
	    .chart = chart, .context = context, .effects = effects};
	struct call *call = chart_call_find(chart, serial);
	struct value_builder *record;

	must(call != NULL);
	must(call->state == CALL_QUEUED || call->state == CALL_ASKING);
	run.strand = chart_call_strand(chart, call);
	record = chart_record_begin(&run, AUDIT_CALL_SENT);
	chart_record_step(&run, record, call->step);
	if (call->state == CALL_ASKING) {
		chart_call_move(call, CALL_ASKED);
		value_put_str(
		    record, "operation", call->call->verify->call->target);
		value_put_int(record, "attempt", call->asked);
	} else {
		chart_call_move(call, CALL_SENT);
		call->due_ms = 0;
		if (call->first_sent_ms == 0 || !call->unknown)
			call->first_sent_ms =
			    chart_key_since(chart, call, context->now_ms);
		value_put_str(record, "operation", call->call->target);
		value_put_int(record, "attempt", call->attempt);
		value_put_str(record, "key", call->key);
	}
	chart_record_value(record, "request", request);
	chart_record_end(&run, record);
}

void
chart_call_each(struct run *run, call_is_fn *is_meant, call_fn *act)
{
	struct chart *chart = run->chart;
	uint64_t *serials = NULL;
	size_t count = 0, capacity = 0;

	for (struct call *call = chart->calls; call; call = call->next) {
		if (is_meant != NULL && !is_meant(run, call))
			continue;
		serials = arena_grow(run->context->arena, serials, count,
		    &capacity, sizeof(*serials));
		serials[count++] = call->serial;
	}
	for (size_t i = 0; i < count; i++) {
		struct call *call = chart_call_find(chart, serials[i]);

		if (call != NULL)
			act(run, call);
	}
}
