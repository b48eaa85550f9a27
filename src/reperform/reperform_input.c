/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_input.c: what may have brought a record about.
 *
 * A record that begins a step tells of what came from outside; one of another
 * kind comes of a time that was reached, or of the engine's beginning anew.
 */
#include "reperform_priv.h"

typedef bool input_fn(struct replay *replay, const struct value *record,
    size_t nth, struct act *act);

static const struct value *
field(const struct value *record, const char *key)
{
	const struct value *value = value_get_cstr(record, key);

	return value != NULL && value_is_null(value) ? NULL : value;
}

/* false where the instance has nothing that it could be about. */
static bool
find_serial(struct replay *replay, const struct value *record, size_t nth,
    uint64_t *serial)
{
	*serial =
	    chart_serial_of(replay->chart, record, nth, replay->turn);
	return *serial != 0;
}

/* ---- calls ---- */

static bool
call_sent(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	act->kind = ACT_SENT;
	act->request = field(record, "request");
	return find_serial(replay, record, nth, &act->serial);
}

static bool
call_replied(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	/* All that was under way was given up at once. */
	if (str_equal(value_field_str(record, "code"), STR("engine.crashed"))) {
		act->event.kind = EV_RECOVERED;
		return nth == 0;
	}
	act->event.kind = EV_REPLY_ARRIVED;
	act->event.reply = field(record, "reply");
	act->event.is_for_others =
	    value_is_true(value_field_or_null(record, "for_others"));
	act->event.is_put_off =
	    value_is_true(value_field_or_null(record, "put_off"));
	if (!find_serial(replay, record, nth / 2, &act->event.serial))
		return false;
	replay_outcome(replay, record,
	    replay_find_call(replay, act->event.serial), nth % 2 == 1,
	    &act->outcome);
	act->event.outcome = &act->outcome;
	return true;
}

/* ---- events ---- */

/* Of an event and a deadline at once the earlier goes first: it came now, or
 * long before. */
static bool
event_received(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	struct chart_event *event = &act->event;

	event->kind = EV_EVENT_RECEIVED;
	event->type = replay_text(replay, record, "type");
	event->subject = replay_text(replay, record, "subject");
	event->id = replay_text(replay, record, "event_id");
	event->source = replay_text(replay, record, "source");
	event->time = value_field_str(record, "event_time");
	event->data = field(record, "data");
	event->proposed_by = replay_text(replay, record, "proposed_by");
	if (nth > 0)
		event->received_ms = 0;
	return nth < 2 &&
	       definition_find_event(
		   chart_definition(replay->chart), event->type) != NULL;
}

/* ---- people ---- */

static bool
task_decided(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	act->event.kind = EV_TASK_DECIDED;
	act->event.choice = replay_text(replay, record, "choice");
	act->event.data = field(record, "data");
	if (field(record, "on_behalf_of") != NULL) {
		act->mandate.from = replay_text(replay, record, "on_behalf_of");
		act->event.actor.roles_checked = true;
		act->event.actor.mandates = &act->mandate;
		act->event.actor.mandate_count = 1;
	}
	return find_serial(replay, record, nth, &act->event.serial);
}

static bool
incident_resolved(struct replay *replay, const struct value *record,
    size_t nth, struct act *act)
{
	act->event.kind = EV_INCIDENT_SETTLED;
	act->event.data = field(record, "supplied");
	return chart_settlement_parse(
		   value_field_str(record, "how"), &act->event.settlement) &&
	       find_serial(replay, record, nth, &act->event.serial);
}

static bool
escalation_acknowledged(struct replay *replay, const struct value *record,
    size_t nth, struct act *act)
{
	act->event.kind = EV_ESCALATION_ACKNOWLEDGED;
	return find_serial(replay, record, nth, &act->event.serial);
}

static bool
cancelled(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	uint64_t parent = 0;

	act->event.kind = EV_CANCELLED;
	act->event.compensate =
	    value_is_true(value_field_or_null(record, "compensate"));
	if (chart_id_parse(value_field_str(record, "parent"),
		replay->identity.store, &parent))
		act->event.awaiter.number = parent;
	return nth == 0;
}

static bool
suspended(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	(void)replay, (void)record;
	act->event.kind = EV_SUSPENDED;
	return nth == 0;
}

static bool
resumed(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	(void)replay, (void)record;
	act->event.kind = EV_RESUMED;
	return nth == 0;
}

static bool
erased(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	(void)replay;
	act->event.kind = EV_ERASED;
	act->event.comment = replay_text(replay, record, "reason");
	return nth == 0;
}

/* ---- two people ---- */

/* Of the instance; one of an incident says nothing of compensating. */
static bool
is_cancel(const struct value *record)
{
	return field(record, "compensate") != NULL;
}

/* What a record names by `act`.  Nobody without a name proposes, or breaks the
 * glass. */
static bool
corrected(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	if (act->event.actor.name.at == NULL)
		return false;
	if (!is_cancel(record)) {
		act->event.kind = EV_INCIDENT_SETTLED;
		return chart_settlement_parse(value_field_str(record, "act"),
			   &act->event.settlement) &&
		       find_serial(replay, record, nth, &act->event.serial);
	}
	act->event.kind = EV_CANCELLED;
	act->event.compensate =
	    value_is_true(value_field_or_null(record, "compensate"));
	return nth == 0;
}

static bool
proposed(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	act->event.data = field(record, "result");
	return corrected(replay, record, nth, act);
}

/* The record of what was done alone follows, once somebody is told. */
static const struct value *
done_alone(const struct replay *replay)
{
	size_t at = replay->at + 1;

	while (at < replay->count &&
	       replay_is(replay->records[at], AUDIT_NOTIFIED))
		at++;
	return at < replay->count ? replay->inputs[at] : &value_null;
}

static bool
glass_broken(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	const struct value *done = done_alone(replay);

	act->event.break_glass = replay_text(replay, record, "reason");
	if (act->event.actor.name.at == NULL ||
	    act->event.break_glass.at == NULL)
		return false;
	if (replay_is(done, AUDIT_EVENT_RECEIVED))
		return event_received(replay, done, nth, act);
	act->event.comment = replay_text(replay, done, "comment");
	act->event.data = field(done, "supplied");
	return corrected(replay, record, nth, act);
}

static bool
of_proposal(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	if (replay_is(record, AUDIT_CONFIRMED))
		act->event.kind = EV_PROPOSAL_CONFIRMED;
	else if (replay_is(record, AUDIT_PROPOSAL_REJECTED))
		act->event.kind = EV_PROPOSAL_REJECTED;
	else
		act->event.kind = EV_GLASS_ACKNOWLEDGED;
	return find_serial(replay, record, nth, &act->event.serial);
}

/* Whatever was asked for and refused: that it changes nothing is what is done
 * again, and not why it was refused. */
static bool
refused(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	(void)replay, (void)record;
	act->event.kind = EV_ESCALATION_ACKNOWLEDGED;
	act->event.serial = 0;
	return nth == 0;
}

static bool
migrated(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	const struct value *map = field(record, "map");
	struct chart_rename *renames;
	struct digest digest;
	struct str why;
	size_t count = map != NULL && map->type == VALUE_CONTEXT
			   ? map->as.context.count
			   : 0;

	if (nth > 0 ||
	    !digest_parse_hex(
		value_field_str(record, "to_definition"), &digest))
		return false;
	renames = ARENA_ARRAY(replay->turn, count, struct chart_rename);
	for (size_t i = 0; i < count; i++)
		renames[i] = (struct chart_rename){
		    .from = map->as.context.fields[i].key,
		    .to = value_str(map->as.context.fields[i].value)};
	act->migration = (struct chart_migration){
	    .to = replay_find(replay, digest, act->at_ms, &why),
	    .renames = renames,
	    .rename_count = count,
	};
	act->event.kind = EV_MIGRATED;
	act->event.migration = &act->migration;
	return act->migration.to != NULL;
}

/* ---- children ---- */

static bool
child_started(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	act->kind = ACT_CHILD;
	act->child.id = value_field_str(record, "child");
	act->child.is_found =
	    value_is_true(value_field_or_null(record, "found"));
	return chart_id_parse(act->child.id, replay->identity.store,
		   &act->child.number) &&
	       act->child.number != 0 &&
	       find_serial(replay, record, nth, &act->child.serial);
}

static enum chart_status
status_of(struct str outcome)
{
	if (str_equal(outcome, def_ending_name(ENDING_FAILURE)))
		return CHART_FAULTED;
	if (str_equal(outcome, def_ending_name(ENDING_CANCELLED)))
		return CHART_CANCELLED;
	return CHART_COMPLETED;
}

static bool
child_ended(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	act->event.kind = EV_CHILD_ENDED;
	act->event.child = (struct chart_child_end){
	    .id = value_field_str(record, "child"),
	    .status = status_of(value_field_str(record, "outcome")),
	    .state = replay_text(replay, record, "state"),
	    .output = field(record, "output"),
	    .refusal = replay_text(replay, record, "refused"),
	};
	return find_serial(replay, record, nth, &act->event.serial);
}

static const struct {
	enum audit_kind kind;
	input_fn *read;
} inputs[] = {
    {AUDIT_CALL_SENT, call_sent},
    {AUDIT_CALL_REPLIED, call_replied},
    {AUDIT_EVENT_RECEIVED, event_received},
    {AUDIT_TASK_DECIDED, task_decided},
    {AUDIT_INCIDENT_RESOLVED, incident_resolved},
    {AUDIT_ESCALATION_ACKNOWLEDGED, escalation_acknowledged},
    {AUDIT_CANCELLED, cancelled},
    {AUDIT_SUSPENDED, suspended},
    {AUDIT_RESUMED, resumed},
    {AUDIT_ERASED, erased},
    {AUDIT_PROPOSED, proposed},
    {AUDIT_GLASS_BROKEN, glass_broken},
    {AUDIT_CONFIRMED, of_proposal},
    {AUDIT_PROPOSAL_REJECTED, of_proposal},
    {AUDIT_GLASS_ACKNOWLEDGED, of_proposal},
    {AUDIT_REFUSED, refused},
    {AUDIT_MIGRATED, migrated},
    {AUDIT_CHILD_STARTED, child_started},
    {AUDIT_CHILD_ENDED, child_ended},
};

/* Nothing from outside: a time was reached, or the engine began. */
static bool
by_itself(size_t nth, struct act *act)
{
	act->event.kind = nth == 0 ? EV_TIME_PASSED : EV_RECOVERED;
	act->event.actor = (struct chart_actor){.name = {NULL, 0}};
	return nth < 2;
}

bool
replay_input(struct replay *replay, const struct value *record, size_t nth,
    struct act *act)
{
	*act = (struct act){
	    .kind = ACT_EVENT,
	    .at_ms = replay_time(record),
	    .event = {.actor = {.name = replay_text(replay, record, "actor"),
			  .issuer = replay_text(replay, record, "issuer")},
		.comment = replay_text(replay, record, "comment"),
		.received_ms = replay_time(record)},
	};
	for (size_t i = 0; i < COUNT_OF(inputs); i++)
		if (replay_is(record, inputs[i].kind))
			return inputs[i].read(replay, record, nth, act);
	return by_itself(nth, act);
}
