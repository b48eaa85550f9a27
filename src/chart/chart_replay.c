/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_replay.c: an instance that is gone through again by its records.
 *
 * Most of what comes of a step follows from what happened.  What does not (the
 * lot that jitter drew, and what expressions made of values of which history
 * has the digests only) is taken from the record that is to come next; where
 * that doesn't fit, the records differ, and that is found.
 *
 * Events name calls, tasks, incidents and children by serials, which records
 * don't have: they tell the step, the item of its `for`, the operation and the
 * attempt, or the state.  Two may look the same in all of that; who goes
 * through a history again tries them one after another.
 */
#include "chart_priv.h"

/* ---- what the records say instead ---- */

static const struct value *
next_record(const struct run *run)
{
	const struct chart_replay *replay = run->context->replay;

	return replay->next(replay->arg, run->effects->record_count);
}

static bool
is_of_kind(const struct value *record, enum audit_kind kind)
{
	return str_equal(value_field_str(record, "kind"),
	    audit_kind_name(kind));
}

/* Without a record of such a wait, that was too long for the key. */
int64_t
chart_replay_delay(const struct run *run, struct str what, int64_t least_ms,
    int64_t most_ms)
{
	const struct value *record = next_record(run);
	int64_t until_ms;

	if (!is_of_kind(record, AUDIT_CALL_WAITING) ||
	    !str_equal(value_field_str(record, "for"), what) ||
	    !clock_parse(
		value_field_str(record, "until"), &until_ms))
		return most_ms;
	until_ms -= run->context->now_ms;
	if (until_ms < least_ms)
		return least_ms;
	return until_ms < most_ms ? until_ms : most_ms;
}

static bool
doubt(const struct run *run, struct str expression, enum chart_doubt kind,
    bool given)
{
	const struct chart_replay *replay = run->context->replay;

	return replay->doubt(replay->arg, expression, kind, given);
}

/* How a list is put together says nothing of what is in it. */
static bool
hands_on(struct str function)
{
	static const struct str names[] = {
	    STR_INIT("append"),
	    STR_INIT("concatenate"),
	    STR_INIT("count"),
	    STR_INIT("flatten"),
	    STR_INIT("insert before"),
	    STR_INIT("remove"),
	    STR_INIT("reverse"),
	    STR_INIT("string"),
	    STR_INIT("sublist"),
	};

	return str_is_among(function, names, COUNT_OF(names));
}

/* Not even whether it is a list. */
static bool
is_unknown(const struct value *value)
{
	return str_equal(value_str(value), STR(CHART_UNKNOWN));
}

static bool
has_digest(const struct value *value)
{
	switch (value->type) {
	case VALUE_STRING:
		return chart_mask_is_in(value->as.string);
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			if (has_digest(value->as.list.items[i]))
				return true;
		return false;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			if (has_digest(value->as.context.fields[i].value))
				return true;
		return false;
	default:
		return false;
	}
}

bool
chart_replay_is_masked(const struct run *run, const struct value *value)
{
	const struct chart_replay *replay = run->context->replay;

	return replay != NULL && replay->has_digests && has_digest(value);
}

/* Records have the members of all contexts sorted (RFC 8785), and not as they
 * came in. */
static bool
asks_for_order(struct str function)
{
	return str_equal(function, STR("string")) ||
	       str_equal(function, STR("get entries"));
}

static bool
has_order(const struct value *value)
{
	bool has = value->type == VALUE_CONTEXT && value->as.context.count > 1;

	if (value->type == VALUE_LIST)
		for (size_t i = 0; i < value->as.list.count && !has; i++)
			has = has_order(value->as.list.items[i]);
	else if (value->type == VALUE_CONTEXT && !has)
		has = value->as.context.count == 1 &&
		      has_order(value->as.context.fields[0].value);
	return has;
}

void
chart_replay_look_cb(
    void *arg, struct str function, const struct value *value)
{
	struct run *run = arg;

	if (asks_for_order(function) && has_order(value))
		run->ordered = true;
	if (!run->looked && chart_replay_is_masked(run, value) &&
	    (!hands_on(function) || is_unknown(value)))
		run->looked = true;
}

/* As it is written, or of one of several the place. */
static struct str
written(const struct template *template, struct str otherwise)
{
	return template->kind == TEMPLATE_FEEL ? template->text : otherwise;
}

void
chart_replay_ordered(const struct run *run, struct str expression)
{
	(void)doubt(run, expression, DOUBT_ORDER, false);
}

void
chart_replay_text(struct run *run, const struct template *template,
    const struct value *value)
{
	if (run->context->replay != NULL && has_order(value))
		chart_replay_ordered(run, written(template, STR("a text")));
}

void
chart_replay_kept(const struct run *run, const struct def_assign *assign)
{
	const struct value *said = value_get(
	    value_get_cstr(next_record(run), "assigned"), assign->name);

	if (said == NULL)
		(void)doubt(run, written(assign->value, assign->name),
		    DOUBT_ORDER_UNTOLD, false);
}

bool
chart_replay_holds(
    const struct run *run, const struct template *guard, bool given)
{
	return doubt(run, written(guard, STR("a condition")), DOUBT_CONDITION,
	    given);
}

/* The record of another deadline may come first: of what it says only the one
 * that is written alike is sure. */
int64_t
chart_replay_due(
    struct run *run, const struct template *template, struct str after)
{
	const struct value *record = next_record(run);
	bool is_told = is_of_kind(record, AUDIT_DEADLINE_SET) &&
	    after.at != NULL &&
	    str_equal(value_field_str(record, "after"), after);
	int64_t due_ms;

	if (!is_of_kind(record, AUDIT_DEADLINE_SET) ||
	    !clock_parse(value_field_str(record, "due"), &due_ms)) {
		is_told = false;
		due_ms = INT64_MAX;
	}
	run->by_calendar = value_get_cstr(record, "calendar") != NULL;
	(void)doubt(run, written(template, STR("a time")),
	    is_told ? DOUBT_TOLD : DOUBT_UNTOLD, false);
	return due_ms;
}

const struct value *
chart_replay_assigned(
    const struct run *run, const struct def_assign *assign)
{
	const struct value *said = value_get(
	    value_get_cstr(next_record(run), "assigned"), assign->name);

	(void)doubt(run, written(assign->value, assign->name),
	    said != NULL ? DOUBT_TOLD : DOUBT_UNTOLD, false);
	if (said != NULL)
		return said;
	/* No record tells it: whatever reads it is in doubt as well. */
	return value_of_str(run->context->arena, STR(CHART_UNKNOWN));
}

/* Whether it failed, or which rules held, is there to be read. */
void
chart_replay_decided(const struct run *run, struct str decision,
    struct decision_result *result)
{
	const struct value *record = next_record(run);
	const struct value *rules = value_get_cstr(record, "rules");
	size_t *matched;

	(void)doubt(run, decision, DOUBT_TOLD, false);
	if (!is_of_kind(record, AUDIT_DECIDED) || rules == NULL ||
	    rules->type != VALUE_LIST)
		return;
	matched = ARENA_ARRAY(
	    run->context->arena, rules->as.list.count, size_t);
	for (size_t i = 0; i < rules->as.list.count; i++) {
		const struct value *rule = rules->as.list.items[i];
		int64_t n = 0;

		if (value_to_int(rule, &n))
			matched[i] = (size_t)n;
	}
	*result = (struct decision_result){
	    .outcome = value_field_or_null(record, "outcome"),
	    .inputs = value_field_or_null(record, "inputs"),
	    .matched = matched,
	    .matched_count = rules->as.list.count,
	};
}

bool
chart_replay_ignored(
    const struct run *run, struct str type, const char *reason)
{
	const struct value *record = next_record(run);

	return is_of_kind(record, AUDIT_EVENT_IGNORED) &&
	       str_equal(value_field_str(record, "reason"), str_of(reason)) &&
	       doubt(run, type, DOUBT_TOLD, true);
}

/* ---- what a record tells of ---- */

struct looking {
	const struct chart *chart;
	const struct value *record;
	struct arena *arena;
	size_t nth;	 /* still to be passed over */
	uint64_t serial; /* 0: not found yet */
};

static struct str
text_of(const struct looking *looking, const char *key)
{
	return value_field_str(looking->record, key);
}

static bool
says(const struct looking *looking, const char *key, struct str text)
{
	return str_equal(text_of(looking, key), text);
}

static bool
says_number(const struct looking *looking, const char *key, int64_t number)
{
	const struct value *value = value_get_cstr(looking->record, key);
	int64_t said;

	return value_to_int(value, &said) && said == number;
}

static void
found(struct looking *looking, uint64_t serial)
{
	if (looking->serial != 0)
		return;
	if (looking->nth > 0)
		looking->nth--;
	else
		looking->serial = serial;
}

/* SIZE_MAX: of no step. */
static bool
is_step(const struct looking *looking, size_t step)
{
	struct str said = text_of(looking, "step");

	if (step == SIZE_MAX)
		return said.at == NULL;
	return str_equal(looking->chart->definition->steps[step]->id, said);
}

/* Older programs didn't tell that of an undo. */
static bool
is_item(const struct looking *looking, const struct strand *strand)
{
	const struct value *said = value_get_cstr(looking->record, "item");
	const struct value *item =
	    chart_record_item(looking->chart, strand, looking->arena);

	if (said == NULL)
		return strand == NULL || strand->parent == 0;
	return item != NULL && value_is_true(feel_equal(said, item));
}

static bool
is_state(const struct looking *looking, size_t state)
{
	return says(looking, "state",
	    looking->chart->definition->states[state]->name);
}

/* ---- one function a kind of thing ---- */

static bool
is_call(const struct looking *looking, const struct call *call, bool is_sent)
{
	bool asks = chart_call_is_asking(call);

	if (call->state != (asks ? CALL_ASKING : CALL_QUEUED) &&
	    (is_sent || call->state != (asks ? CALL_ASKED : CALL_SENT)))
		return false;
	return says(looking, "operation",
		   asks ? call->call->verify->call->target
			: call->call->target) &&
	       says_number(
		   looking, "attempt", asks ? call->asked : call->attempt) &&
	       is_step(looking, call->step) &&
	       is_item(looking,
		   call->purpose == FOR_NOTICE
		       ? NULL
		       : chart_strand_awaiting(looking->chart, call->serial));
}

/* Older programs said the key only of what was sent, and where the database's
 * identity isn't known it is another one. */
static void
find_call(struct looking *looking)
{
	bool is_sent = says(looking, "kind", STR("call-sent"));
	bool has_key = false;

	for (const struct call *call = looking->chart->calls; call != NULL;
	     call = call->next)
		has_key = has_key || (is_call(looking, call, is_sent) &&
					 says(looking, "key", call->key));
	for (const struct call *call = looking->chart->calls; call != NULL;
	     call = call->next)
		if (is_call(looking, call, is_sent) &&
		    (!has_key || says(looking, "key", call->key)))
			found(looking, call->serial);
}

static void
find_task(struct looking *looking)
{
	for (const struct task *task = looking->chart->tasks; task != NULL;
	     task = task->next)
		if (task->open && is_state(looking, task->state))
			found(looking, task->serial);
}

static void
find_incident(struct looking *looking)
{
	const struct chart *chart = looking->chart;

	for (const struct incident *incident = chart->incidents;
	     incident != NULL; incident = incident->next)
		if (says(looking, "incident",
			chart_incident_kind_name(incident->kind)) &&
		    is_step(looking, incident->step))
			found(looking, incident->serial);
}

/* Records number proposals as serials are given, which what happened without a
 * word may have raised: the same number goes first, then whatever looks the
 * same. */
static void
find_proposal(struct looking *looking)
{
	const struct chart *chart = looking->chart;
	bool is_done = says(looking, "kind",
	    audit_kind_name(AUDIT_GLASS_ACKNOWLEDGED));

	for (int same = 1; same >= 0; same--)
		for (const struct proposal *proposal = chart->proposals;
		     proposal != NULL; proposal = proposal->next)
			if (proposal->is_done == is_done &&
			    says_number(looking, "proposal",
				(int64_t)proposal->serial) == (same == 1) &&
			    says(looking, "act", chart_proposal_act(proposal)))
				found(looking, proposal->serial);
}

static void
find_escalation(struct looking *looking)
{
	for (const struct escalated *fired = looking->chart->escalations;
	     fired != NULL; fired = fired->next)
		if (is_state(looking, fired->state) &&
		    says_number(looking, "level", (int64_t)fired->level + 1))
			found(looking, fired->serial);
}

/* One that is not there yet has no identifier. */
static void
find_child(struct looking *looking)
{
	bool is_new = says(looking, "kind", STR("child-started")) ||
		      text_of(looking, "child").at == NULL;

	for (const struct child *child = looking->chart->children;
	     child != NULL; child = child->next)
		if (is_step(looking, child->step) &&
		    (is_new ? child->number == 0
			    : says(looking, "child", child->id)) &&
		    is_item(looking,
			chart_strand_awaiting(looking->chart, child->serial)))
			found(looking, child->serial);
}

typedef void find_fn(struct looking *looking);
static const struct {
	enum audit_kind kind;
	find_fn *find;
} finders[] = {
    {AUDIT_CALL_SENT, find_call},
    {AUDIT_CALL_REPLIED, find_call},
    {AUDIT_TASK_DECIDED, find_task},
    {AUDIT_INCIDENT_RESOLVED, find_incident},
    {AUDIT_PROPOSED, find_incident},
    {AUDIT_GLASS_BROKEN, find_incident},
    {AUDIT_CONFIRMED, find_proposal},
    {AUDIT_PROPOSAL_REJECTED, find_proposal},
    {AUDIT_GLASS_ACKNOWLEDGED, find_proposal},
    {AUDIT_ESCALATION_ACKNOWLEDGED, find_escalation},
    {AUDIT_CHILD_STARTED, find_child},
    {AUDIT_CHILD_ENDED, find_child},
};

uint64_t
chart_serial_of(const struct chart *chart, const struct value *record,
    size_t nth, struct arena *arena)
{
	struct looking looking = {
	    .chart = chart, .record = record, .arena = arena, .nth = nth};

	for (size_t i = 0; i < COUNT_OF(finders); i++)
		if (says(&looking, "kind", audit_kind_name(finders[i].kind)))
			finders[i].find(&looking);
	return looking.serial;
}
