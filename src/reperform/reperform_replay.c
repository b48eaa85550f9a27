/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_replay.c: an instance goes through its history once more.
 *
 * Records tell what came of each step.  The first of a step tells, or lets
 * guess, what it was that happened: an event, a reply, a person's decision, or
 * that a time had come.  That is done to the instance, and what it then tells
 * is held against the records, which may explain several of them.
 */
#include "reperform_priv.h"

#include "stated/clock.h"

#include <string.h>

/* ---- records ---- */

int64_t
replay_instant(const struct value *of, const char *key)
{
	int64_t ms = 0;

	return clock_parse(value_field_str(of, key), &ms) ? ms : 0;
}

int64_t
replay_time(const struct value *record)
{
	return replay_instant(record, "time");
}

bool
replay_is(const struct value *record, enum audit_kind kind)
{
	return str_equal(
	    value_field_str(record, "kind"), audit_kind_name(kind));
}

struct str
replay_text(
    const struct replay *replay, const struct value *of, const char *key)
{
	const struct value *value = value_get_cstr(of, key);
	struct str text;

	return value != NULL &&
		       chart_sensitive_text(replay->turn, value, &text)
		   ? text
		   : (struct str){NULL, 0};
}

const struct asked_call *
replay_find_call(const struct replay *replay, uint64_t serial)
{
	for (size_t i = replay->call_count; i-- > 0;)
		if (replay->calls[i].serial == serial)
			return &replay->calls[i];
	return NULL;
}

const struct def_operation *
replay_operation(
    struct replay *replay, const struct asked_call *call, int64_t at_ms)
{
	const struct reperform_wanted wanted = {
	    .digest = replay->definition,
	    .at_ms = at_ms,
	    .alarm = replay->alarm,
	};

	if (call->operation != NULL)
		return call->operation;
	return replay->world->find_operation(
	    replay->world->arg, &wanted, call->connection, call->name);
}

/* Its definition's documents may go. */
static void
forget_operations(struct replay *replay)
{
	for (size_t i = 0; i < replay->call_count; i++)
		replay->calls[i].operation = NULL;
}

/* ---- what records don't tell ---- */

void
replay_begin_step(struct replay *replay, size_t at)
{
	replay->step_at = replay->told_at = at;
	replay->told = 0;
}

static const struct value *
next_cb(void *arg, size_t record_count)
{
	struct replay *replay = arg;

	if (record_count < replay->told)
		replay_begin_step(replay, replay->step_at);
	while (replay->told < record_count) {
		replay->told++;
		do
			replay->told_at++;
		while (compare_is_repeated(replay, replay->told_at));
	}
	return replay->told_at < replay->count
		   ? replay->inputs[replay->told_at]
		   : NULL;
}

/* What it gave when it was last taken for right, or gives now. */
bool
replay_last_answer(
    const struct replay *replay, struct str expression, bool given)
{
	for (size_t i = replay->answer_count; i-- > 0;)
		if (replay->answers[i].expression.at == expression.at)
			return replay->answers[i].holds;
	return given;
}

struct unknown
replay_kept(const struct replay *replay, struct unknown unknown)
{
	unknown.expression = arena_str(replay->arena, unknown.expression);
	return unknown;
}

/* Conditions are tried both ways, as the attempt's bits say. */
static bool
doubt_cb(void *arg, struct str expression, enum chart_doubt kind, bool given)
{
	struct replay *replay = arg;
	struct condition *condition;
	unsigned bit = replay->condition_count;
	bool is_order = kind == DOUBT_ORDER || kind == DOUBT_ORDER_UNTOLD;
	struct unknown unknown = {expression, is_order};

	/* Where the order counted and all agrees, it was the same. */
	if (!is_order && replay->doubt.at == NULL)
		replay->doubt = expression;
	if (kind != DOUBT_TOLD && replay->disturbed.expression.at == NULL)
		replay->disturbed = unknown;
	if ((kind == DOUBT_UNTOLD || kind == DOUBT_ORDER_UNTOLD) &&
	    replay->unknown.expression.at == NULL)
		replay->unknown = replay_kept(replay, unknown);
	if (kind != DOUBT_CONDITION)
		return given;
	given = replay_last_answer(replay, expression, given);
	if (bit == CONDITIONS_MAX)
		return given;
	condition = &replay->conditions[replay->condition_count++];
	condition->expression = expression;
	condition->holds = given != ((replay->turned >> bit & 1) != 0);
	return condition->holds;
}

/* Laid over one another, since each tells what was read and no more. */
static const struct value *
merged(struct arena *arena, const struct value *under, const struct value *over)
{
	if (under == NULL || under->type != VALUE_CONTEXT ||
	    over->type != VALUE_CONTEXT)
		return over;
	for (size_t i = 0; i < over->as.context.count; i++) {
		const struct value_field *field = &over->as.context.fields[i];

		under = value_with(arena, under, field->key,
		    merged(arena, value_get(under, field->key), field->value));
	}
	return under;
}

/* The next record that tells of settings tells what is read from now on. */
static void
look_for_settings(struct replay *replay)
{
	size_t at = replay->at;
	const struct value *settings = NULL;

	if (replay->settings_at != SIZE_MAX && replay->settings_at >= at &&
	    at > 0)
		return;
	for (; at < replay->count && settings == NULL; at++)
		settings = value_get_cstr(replay->records[at], "settings");
	replay->settings_at = settings != NULL ? at - 1 : replay->count;
	if (settings != NULL)
		replay->settings =
		    merged(replay->arena, replay->settings, settings);
}

/* Whom a record of what was done alone names goes for the others, too, until
 * the next one names another. */
static void
look_for_alarm(struct replay *replay)
{
	size_t at = replay->at;

	if (at > 0 && !replay_is(replay->records[at], AUDIT_GLASS_BROKEN))
		return;
	while (at < replay->count &&
	       !replay_is(replay->records[at], AUDIT_GLASS_BROKEN))
		at++;
	if (at < replay->count)
		replay->alarm = value_field_str(replay->records[at], "contact");
}

const struct definition *
replay_find(struct replay *replay, struct digest digest, int64_t at_ms,
    struct str *why)
{
	const struct reperform_wanted wanted = {
	    .digest = digest, .at_ms = at_ms, .alarm = replay->alarm};
	const struct definition *found = replay->world->find(
	    replay->world->arg, &wanted, replay->arena, why);

	if (found != NULL && found->sensitive_count > 0)
		replay->seam.has_digests = true;
	return found;
}

static struct chart_context
context_at(struct replay *replay, int64_t now_ms)
{
	return (struct chart_context){
	    .now_ms = now_ms,
	    .arena = replay->turn,
	    .settings = replay->settings,
	    .environment = replay->environment,
	    .replay = &replay->seam,
	};
}

/* ---- acting ---- */

static void
note_calls(struct replay *replay, int64_t at_ms,
    const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		const struct chart_effect *effect = &effects->items[i];
		const struct def_operation *operation;

		if (effect->kind != DO_CALL)
			continue;
		operation = effect->call->operation;
		replay->calls = arena_grow(replay->arena, replay->calls,
		    replay->call_count, &replay->call_capacity,
		    sizeof(*replay->calls));
		replay->calls[replay->call_count++] = (struct asked_call){
		    .serial = effect->serial,
		    .operation = operation,
		    .connection = arena_str(
			replay->arena, operation->connection->name),
		    .name = arena_str(replay->arena, operation->name),
		    .at_ms = at_ms,
		    .args = value_copy(replay->arena, effect->args),
		    .key = arena_str(replay->arena, effect->key),
		    .attempt = effect->attempt,
		};
	}
}

void
replay_perform(struct replay *replay, const struct act *act,
    struct chart_effects *effects)
{
	struct chart_context context = context_at(replay, act->at_ms);

	switch (act->kind) {
	case ACT_EVENT:
		chart_step(replay->chart, &act->event, &context, effects);
		break;
	case ACT_SENT:
		chart_call_sent(replay->chart, act->serial, act->request,
		    &context, effects);
		break;
	case ACT_CHILD:
		chart_run_started(
		    replay->chart, &act->child, &context, effects);
		break;
	}
	note_calls(replay, act->at_ms, effects);
}

/* ---- from record to record ---- */

static void
could_not(struct replay *replay, struct str why)
{
	replay->finding->result = REPERFORM_COULD_NOT;
	replay->finding->explanation = why;
	if (replay->at < replay->count)
		replay->finding->seq = replay->at + 1;
}

/* Documents may have changed since the last record: from then on it runs on
 * what it is linked with now. */
static bool
follow_documents(struct replay *replay)
{
	struct str why = {NULL, 0};
	struct buf snapshot = {0};
	const struct value *record = replay->records[replay->at];
	const struct definition *definition = replay_find(
	    replay, replay->definition, replay_time(record), &why);

	if (definition == NULL) {
		could_not(replay, why);
		return false;
	}
	if (replay_is(record, AUDIT_GLASS_BROKEN) &&
	    definition->alarm == NULL) {
		could_not(replay,
		    STR("the contact that was told of what was done without a "
			"second person isn't here"));
		return false;
	}
	if (definition == chart_definition(replay->chart))
		return true;
	chart_save(replay->chart, &snapshot);
	chart_free(&replay->chart);
	replay->chart =
	    chart_load(definition, replay->identity, buf_str(&snapshot));
	buf_fini(&snapshot);
	if (replay->chart == NULL) {
		could_not(replay,
		    STR("what its definition leans on was changed, and it "
			"doesn't fit what there is now"));
		return false;
	}
	chart_set_salt(replay->chart, replay->salt);
	forget_operations(replay);
	return true;
}

static bool
explain_all(struct replay *replay)
{
	struct trail *trail = trail_new();
	bool is_explained = true;

	while (is_explained && replay->at < replay->count) {
		look_for_settings(replay);
		look_for_alarm(replay);
		is_explained = follow_documents(replay) &&
			       trail_explain(trail, replay);
	}
	trail_free(&trail);
	return is_explained;
}

/* ---- the beginning ---- */

/* Older programs took a number as it was written. */
static struct str
key_of_then(const struct replay *replay, const struct value *record,
    const struct chart_handle *key)
{
	struct str recorded = replay_text(replay, record, "business_key");

	return audit_masked_agrees(recorded, key->written, replay->salt)
		   ? key->written
		   : key->text;
}

void
replay_start(struct replay *replay, const struct value *record,
    struct chart_start *start, struct chart_event *event)
{
	struct chart_context context =
	    context_at(replay, replay_time(record));
	struct chart_identity parent = replay->identity;
	struct chart_handle key;

	start->identity = replay->identity;
	start->input = value_field_or_null(record, "input");
	start->priority = replay_text(replay, record, "priority");
	start->initiator = replay_text(replay, record, "initiator");
	start->trace = value_field_str(record, "trace");
	start->business_key = replay_text(replay, record, "business_key");
	if (chart_business_key(
		start->definition, start->input, &context, &key) &&
	    replay->doubt.at == NULL)
		start->business_key = arena_str(
		    replay->arena, key_of_then(replay, record, &key));
	event->kind = EV_STARTED;
	event->actor.name = replay_text(replay, record, "actor");
	event->actor.issuer = replay_text(replay, record, "issuer");
	event->received_ms = replay_time(record);
	if (chart_id_parse(value_field_str(record, "parent"), parent.store,
		&parent.number))
		event->awaiter.number = parent.number;
}

static bool
start(struct replay *replay)
{
	struct str why = {NULL, 0};
	const struct definition *definition = replay_find(replay,
	    replay->definition, replay_time(replay->records[0]), &why);

	if (definition == NULL) {
		could_not(replay, why);
		return false;
	}
	look_for_settings(replay);
	return search_start(replay, definition);
}

/* What is known of its sensitive values is put where their digests are. */
static void
disclose(struct replay *replay)
{
	const struct reperform_world *world = replay->world;
	struct reperform_disclosure known;
	const struct value **inputs;

	if (world->disclose == NULL)
		return;
	known = world->disclose(
	    world->disclose_arg, replay->finding->instance, replay->arena);
	replay->salt = known.salt;
	if (known.values == NULL)
		return;
	struct disclosed *disclosed =
	    disclosed_new(replay->arena, known.salt);
	disclosed_add(disclosed, known.values);
	inputs = ARENA_ARRAY(
	    replay->arena, replay->count, const struct value *);
	for (size_t i = 0; i < replay->count; i++)
		inputs[i] = disclosed_record(disclosed, replay->records[i]);
	replay->inputs = inputs;
	disclosed_free(&disclosed);
}

static bool
can_begin(struct replay *replay)
{
	const struct value *first = replay->records[0];

	if (!replay_is(first, AUDIT_STARTED)) {
		could_not(replay,
		    STR("its history doesn't begin with its start: an excerpt "
			"can't be gone through again"));
		return false;
	}
	if (!digest_parse_hex(
		value_field_str(first, "definition"), &replay->definition) ||
	    !record_identity(replay->finding->instance, &replay->identity)) {
		could_not(replay,
		    STR("its first record names no definition, or its "
			"identifier is of another kind"));
		return false;
	}
	if (replay->world->store != NULL)
		memcpy(replay->identity.store, replay->world->store->bytes,
		    sizeof(replay->identity.store));
	disclose(replay);
	return true;
}

static bool
is_erased(const struct replay *replay)
{
	for (size_t i = replay->count; i-- > 0;)
		if (replay_is(replay->records[i], AUDIT_ERASED))
			return true;
	return false;
}

static void
go_through(struct replay *replay)
{
	if (!can_begin(replay))
		return;
	look_for_alarm(replay);
	if (!start(replay) || !explain_all(replay))
		return;
	if (is_erased(replay))
		could_not(replay,
		    STR("its records agree, but it was erased: what digests "
			"stand for in them can't be found out any more"));
	else if (replay->doubted.at != NULL)
		could_not(replay,
		    arena_strf(replay->arena,
			"its records agree, but what `%.*s` gave was taken "
			"from them: it looks into a sensitive value, of which "
			"history has the digest only",
			STR_ARG(replay->doubted)));
}

static void
reperform_so(const struct reperform_world *world,
    const struct value *const *records, size_t record_count, bool is_as_older,
    struct arena *arena, struct reperform_finding *finding)
{
	struct replay replay = {
	    .world = world,
	    .finding = finding,
	    .arena = arena,
	    .turn = arena_new(),
	    .records = records,
	    .inputs = records,
	    .count = record_count,
	    .settings = value_built(value_build_context(arena)),
	    .seam = {.next = next_cb,
		.doubt = doubt_cb,
		.counts_withdrawn = is_as_older},
	};

	replay.seam.arg = &replay;
	replay.environment = value_field_str(records[0], "environment");
	*finding = (struct reperform_finding){
	    .instance = value_field_str(records[0], "instance"),
	    .workflow = value_field_str(records[0], "workflow"),
	};
	go_through(&replay);
	chart_free(&replay.chart);
	arena_free(&replay.turn);
}

/* What an older program did in another way is no difference. */
void
reperform_instance(const struct reperform_world *world,
    const struct value *const *records, size_t record_count,
    struct arena *arena, struct reperform_finding *finding)
{
	struct reperform_finding older;

	must(record_count > 0);
	reperform_so(world, records, record_count, false, arena, finding);
	if (finding->result != REPERFORM_DIFFERS)
		return;
	reperform_so(world, records, record_count, true, arena, &older);
	if (older.result != REPERFORM_DIFFERS)
		*finding = older;
}
