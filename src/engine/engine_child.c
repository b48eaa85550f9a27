/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_child.c: instances that run others.
 *
 * A child is made, stepped for the first time and known to its parent within
 * the turn in which the parent asked for it, and so is the parent told of its
 * end: one commit holds both sides, and where it fails neither has happened.
 *
 * A child begins at once, inside its parent's step; what goes to an instance
 * that may be in the middle of its own step (an end, a cancel, one more who
 * waits) goes through the turn's list of things to do, as published events do.
 * Two bounds keep a turn from lasting for ever.  Workflows that run one
 * another deeper than any process is meant are refused.  And where a turn has
 * got long, what is run further is made but begins in a turn of its own: it
 * is durable, and due.
 */
#include "engine_priv.h"

/* No process is meant to be nested so deep. */
#define DEPTH_MAX 64
/* So many are looked through for who waits for whom: nobody nests waiting so
 * deep. */
#define CHAIN_MAX 1000
/* Turns of this many times the usual length begin nothing more. */
#define LONG_TURN 2

static struct request *
tell(struct engine *engine, uint64_t number, enum chart_event_kind kind)
{
	struct request *request = request_new(REQUEST_CHILD);

	must(number != 0);
	request->answers = engine->answering;
	request->number = number;
	request->event.kind = kind;
	inbox_add(&engine->emitted, request);
	return request;
}

/* ---- running ---- */

static bool
is_among(const uint64_t *numbers, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static void
refuse_run(struct engine *engine, struct turn *turn, struct instance *parent,
    uint64_t serial, struct str why, struct chart_effects *effects)
{
	struct chart_context context = turn_context_of(engine, turn, parent);
	struct chart_event event = {
	    .kind = EV_CHILD_ENDED,
	    .serial = serial,
	    .child = {.refusal = why},
	};

	must(why.at != NULL);
	chart_step(parent->chart, &event, &context, effects);
}

static void
note_run(struct engine *engine, struct turn *turn, struct instance *parent,
    uint64_t serial, const struct start_result *result,
    struct chart_effects *effects)
{
	struct chart_context context = turn_context_of(engine, turn, parent);
	char id[CHART_ID_BYTES];
	struct chart_child_start start = {
	    .serial = serial,
	    .number = result->instance->number,
	    .id = arena_str(turn->arena,
		engine_id_format(engine, result->instance->number, id)),
	    .is_found = result->fate == START_FOUND,
	};

	chart_run_started(parent->chart, &start, &context, effects);
}

static void
begin_child(struct engine *engine, struct turn *turn, struct instance *child,
    uint64_t parent)
{
	const struct chart_actor nobody = {.name = {NULL, 0}};

	if (turn->stepped > LONG_TURN * engine->options.limits.batch_max)
		return; /* its row says that it is due */
	turn->depth++;
	start_begin(engine, turn, child, &nobody, parent);
	turn->depth--;
}

/* Instances that are looked through, one after the other. */
struct chain {
	uint64_t numbers[CHAIN_MAX];
	size_t count;
};

static void
chain_add(struct chain *chain, uint64_t number)
{
	if (chain->count < CHAIN_MAX &&
	    !is_among(chain->numbers, chain->count, number))
		chain->numbers[chain->count++] = number;
}

typedef bool next_fn(
    const struct chart *chart, const void **cursor, uint64_t *number);

/* Whether one leads to the other, itself or through others. */
static bool
leads_to(struct engine *engine, const struct instance *one,
    const struct instance *other, next_fn *next)
{
	struct chain chain = {{one->number}, 1};

	for (size_t i = 0; i < chain.count; i++) {
		const struct instance *instance =
		    instance_find(engine, chain.numbers[i]);
		const void *cursor = NULL;
		uint64_t number;

		while (instance != NULL &&
		       next(instance->chart, &cursor, &number)) {
			if (number == other->number)
				return true;
			chain_add(&chain, number);
		}
	}
	return false;
}

/* Whether the instance waits for the other's end: then the other must not wait
 * for its.  Those who have told that they wait are few for each; what it waits
 * for may not have been told yet. */
static bool
waits_for(struct engine *engine, const struct instance *instance,
    const struct instance *other)
{
	return leads_to(engine, other, instance, chart_awaiter_next) ||
	       leads_to(engine, instance, other, chart_awaited_next);
}

/* Somebody else began it: this one waits for its end, too. */
static void
await(struct engine *engine, const struct instance *parent,
    const struct chart_effect *effect, const struct instance *child)
{
	struct request *request;

	if (!effect->waits)
		return;
	request = tell(engine, child->number, EV_AWAITED);
	request->event.awaiter = (struct chart_awaiter){
	    .number = parent->number, .serial = effect->serial};
}

void
child_run(struct engine *engine, struct turn *turn, struct instance *parent,
    const struct chart_effect *effect, struct chart_effects *effects)
{
	struct start_wish wish = {
	    .workflow = effect->workflow,
	    .input = start_plain(turn, effect->data),
	    .priority = def_priority_name(effect->priority),
	    .trace = chart_trace(parent->chart),
	    .initiator = chart_initiator(parent->chart),
	};
	struct start_result result;
	struct str why = {NULL, 0};

	must(effect->kind == DO_RUN);
	if (effect->waits)
		wish.awaiter = (struct chart_awaiter){
		    .number = parent->number, .serial = effect->serial};
	if (turn->depth >= DEPTH_MAX) {
		refuse_run(engine, turn, parent, effect->serial,
		    STR("workflows run one another without end"), effects);
		return;
	}
	result = start_prepare(engine, turn, &wish);
	if (result.fate == START_UNREAD)
		return; /* the turn is given up */
	if (result.fate == START_FOUND && effect->waits &&
	    (result.instance == parent ||
		waits_for(engine, result.instance, parent)))
		why = STR("it waits for this instance, and neither would end");
	else if (result.fate != START_CREATED && result.fate != START_FOUND)
		why = start_detail(engine, turn, &wish, &result);
	if (why.at != NULL) {
		refuse_run(engine, turn, parent, effect->serial, why, effects);
		return;
	}
	note_run(engine, turn, parent, effect->serial, &result, effects);
	if (result.fate == START_CREATED)
		begin_child(engine, turn, result.instance, parent->number);
	else
		await(engine, parent, effect, result.instance);
}

/* ---- ending ---- */

void
child_cancel(struct engine *engine, const struct instance *parent,
    const struct chart_effect *effect)
{
	struct request *request = tell(engine, effect->child, EV_CANCELLED);

	must(effect->kind == DO_CANCEL_RUN);
	request->event.compensate = effect->compensate;
	request->event.awaiter = (struct chart_awaiter){
	    .number = parent->number, .serial = effect->serial};
}

void
child_report(struct engine *engine, const struct chart_effect *effect)
{
	struct request *request =
	    tell(engine, effect->awaiter.number, EV_CHILD_ENDED);
	struct chart_child_end *end = &request->event.child;

	must(effect->kind == DO_REPORT);
	request->event.serial = effect->awaiter.serial;
	*end = effect->end;
	end->id = arena_str(request->arena, effect->end.id);
	end->state = arena_str(request->arena, effect->end.state);
	end->refusal = arena_str(request->arena, effect->end.refusal);
	if (effect->end.output != NULL)
		end->output = value_copy(request->arena, effect->end.output);
}

/* REQUEST_CHILD: what one instance has to tell another. */
void
child_tell(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = instance_find(engine, request->number);
	struct chart_effects effects = {0};

	if (instance == NULL) {
		if (engine->unread == STORE_OK)
			log_error("an instance can't be told",
			    "number=%llu: it can't be loaded, and what it "
			    "waits for has ended or is cancelled without it",
			    (unsigned long long)request->number);
		return;
	}
	instance_begin_if_new(engine, turn, instance);
	instance_step(engine, turn, instance, &request->event, &effects);
}
