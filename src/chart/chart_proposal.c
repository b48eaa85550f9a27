/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_proposal.c: corrections that want a second person.
 *
 *   (asked for) -> PROPOSED -> confirmed | rejected | lapsed
 *        |_______> DONE alone -> acknowledged
 *
 * Where `separate` names `confirm`, what would change the course of the
 * instance by hand waits for another person.  It is done when that person
 * confirms it, as if it had been asked for then.  Where what it was about is
 * settled otherwise it lapses.  An operator who can't wait does it alone, if
 * the environment names somebody who is told of that at once; and another
 * person has to look at it afterwards.
 */
#include "chart_priv.h"

/* ---- what wants a second person ---- */

bool
chart_wants_second(const struct chart *chart)
{
	return chart->definition->second_person && !chart->ended;
}

static bool
has_effect(const struct def_step *step)
{
	switch (step->kind) {
	case STEP_CALL:
		return !step->call->operation->safe;
	case STEP_RUN:
		return true;
	case STEP_FOR:
		for (size_t i = 0; i < step->body.count; i++)
			if (has_effect(step->body.items[i]))
				return true;
		return false;
	default:
		return false;
	}
}

/* Whether trying again may do something outside once more. */
static bool
repeats_effect(const struct chart *chart, const struct incident *incident)
{
	const struct call *call = chart_call_find(chart, incident->call);

	if (call != NULL)
		return !call->call->operation->safe;
	return incident->kind == INCIDENT_UNDO ||
	       (incident->kind == INCIDENT_FAILED &&
		   incident->step != SIZE_MAX &&
		   has_effect(chart->definition->steps[incident->step]));
}

/* Something that was done, or may have been, would be left as it is. */
static bool
leaves_standing(const struct chart *chart)
{
	if (chart->stands || chart->undos != NULL || chart->children != NULL)
		return true;
	for (const struct call *call = chart->calls; call; call = call->next)
		if (call->purpose != FOR_NOTICE &&
		    !call->call->operation->safe &&
		    (call->unknown || call->state == CALL_SENT))
			return true;
	return false;
}

static bool
wants_second(const struct chart *chart, const struct incident *incident,
    const struct chart_event *event)
{
	if (!chart->definition->second_person)
		return false;
	if (incident == NULL)
		return event->compensate || leaves_standing(chart);
	switch (event->settlement) {
	case SETTLE_RETRY:
		return repeats_effect(chart, incident);
	case SETTLE_CANCEL:
		return leaves_standing(chart);
	case SETTLE_SUPPLY:
	case SETTLE_SKIP:
	case SETTLE_COMPENSATE:
		return true;
	}
	unreachable("every settlement is listed");
}

/* ---- telling of one ---- */

static const struct incident *
incident_of(const struct chart *chart, const struct proposal *proposal)
{
	const struct incident *incident = chart->incidents;

	while (incident != NULL && incident->serial != proposal->incident)
		incident = incident->next;
	return incident;
}

struct str
chart_proposal_act(const struct proposal *proposal)
{
	if (proposal->is_replay)
		return STR("replay");
	return proposal->incident == 0
		   ? STR("cancel")
		   : chart_incident_settlement_name(proposal->settlement);
}

static bool
is_cancel(const struct proposal *proposal)
{
	return proposal->incident == 0 && !proposal->is_replay;
}

static struct str
item_id(const struct chart *chart, uint64_t serial, struct arena *arena)
{
	return arena_strf(arena, "%s.%llu", chart->id,
	    (unsigned long long)serial);
}

static struct value_builder *
begin_body(const struct chart *chart, const struct proposal *proposal,
    struct arena *arena, struct str status)
{
	const struct incident *incident = incident_of(chart, proposal);
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "id", item_id(chart, proposal->serial, arena));
	value_put_str(built, "act", chart_proposal_act(proposal));
	value_put_str(built, "status", status);
	value_put_str(built, "what", chart->definition->name);
	value_put_str(built, "instance", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(built, "state", chart_config_names(chart, arena));
	if (proposal->incident != 0)
		value_put_str(built, "incident",
		    item_id(chart, proposal->incident, arena));
	if (incident != NULL && incident->step != SIZE_MAX)
		value_put_str(built, "step",
		    chart->definition->steps[incident->step]->id);
	if (is_cancel(proposal))
		value_put(built, STR("compensate"),
		    value_of_boolean(proposal->compensate));
	if (proposal->data != NULL)
		value_put(
		    built, STR("result"), value_copy(arena, proposal->data));
	value_put_str(built, "proposed_by", proposal->by);
	value_put_str(built, "comment", proposal->comment);
	if (proposal->is_done)
		value_put_str(built, "break_glass", proposal->reason);
	value_put_instant(built, "created", proposal->created_ms);
	return built;
}

const struct value *
chart_proposal_body(const struct chart *chart, const struct proposal *proposal,
    struct arena *arena)
{
	return value_built(begin_body(chart, proposal, arena,
	    proposal->is_done ? STR("done") : STR("proposed")));
}

/* status absent: it is open. */
static void
put_item(
    struct run *run, const struct proposal *proposal, struct str status)
{
	struct chart *chart = run->chart;
	struct arena *arena = run->context->arena;
	struct chart_effect *effect = chart_effect_add(run, DO_PUT_ITEM);
	const struct def_contact *owner = chart->definition->incident_owner;
	struct value_builder *closed;

	effect->item = CHART_PROPOSAL;
	effect->serial = proposal->serial;
	effect->open = status.at == NULL;
	effect->created_ms = proposal->created_ms;
	effect->closed_ms = effect->open ? 0 : run->context->now_ms;
	effect->owner = owner ? owner->name : (struct str){NULL, 0};
	if (effect->open) {
		effect->body = chart_proposal_body(chart, proposal, arena);
		return;
	}
	closed = begin_body(chart, proposal, arena, status);
	if (run->actor != NULL)
		value_put_str(closed, "closed_by", run->actor->name);
	effect->body = value_built(closed);
}

static struct value_builder *
begin_record(
    struct run *run, enum audit_kind kind, const struct proposal *proposal)
{
	struct value_builder *record = chart_record_begin(run, kind);
	const struct incident *incident = incident_of(run->chart, proposal);

	value_put_int(record, "proposal", (int64_t)proposal->serial);
	value_put_str(record, "act", chart_proposal_act(proposal));
	if (incident != NULL) {
		value_put_str(record, "incident",
		    chart_incident_kind_name(incident->kind));
		chart_record_step_of(run, record, incident->step,
		    chart_strand_find(run->chart, incident->strand));
	}
	if (is_cancel(proposal))
		value_put(record, STR("compensate"),
		    value_of_boolean(proposal->compensate));
	return record;
}

static void
put_comment(struct value_builder *record, const struct chart_event *event)
{
	if (event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
}

/* ---- proposing ---- */

const struct proposal *
chart_proposal_of(const struct chart *chart, uint64_t incident)
{
	const struct proposal *proposal = chart->proposals;

	while (proposal != NULL &&
	       (proposal->is_done || proposal->incident != incident))
		proposal = proposal->next;
	return proposal;
}

static struct proposal *
add(struct run *run, const struct incident *incident,
    const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct arena *arena = chart->arena;
	struct proposal *proposal = ARENA_NEW(arena, struct proposal);

	must(event->actor.name.at != NULL);
	proposal->serial = ++chart->serial_last;
	proposal->incident = incident != NULL ? incident->serial : 0;
	proposal->is_replay = event->kind == EV_EVENT_RECEIVED;
	proposal->settlement = event->settlement;
	proposal->compensate = event->compensate;
	proposal->by = arena_str(arena, event->actor.name);
	proposal->comment = arena_str(arena, event->comment);
	if (event->data != NULL && incident != NULL)
		proposal->data = chart_env_keep(run, event->data);
	proposal->created_ms = run->context->now_ms;
	proposal->entries = chart->entries;
	LIST_APPEND(chart->proposals, proposal);
	return proposal;
}

static void
propose(struct run *run, const struct incident *incident,
    const struct chart_event *event)
{
	const struct proposal *proposal = chart_proposal_of(
	    run->chart, incident != NULL ? incident->serial : 0);
	struct value_builder *record;

	if (proposal != NULL) {
		chart_step_refuse(run, REFUSED_STATE,
		    "%.*s has proposed to %.*s already: confirm or reject "
		    "proposal %.*s first",
		    STR_ARG(proposal->by),
		    STR_ARG(chart_proposal_act(proposal)),
		    STR_ARG(item_id(run->chart, proposal->serial,
			run->context->arena)));
		return;
	}
	chart_duty_take(run, &event->actor, PART_CORRECT);
	proposal = add(run, incident, event);
	run->effects->proposal = proposal->serial;
	record = begin_record(run, AUDIT_PROPOSED, proposal);
	put_comment(record, event);
	chart_record_value(record, "result", proposal->data);
	chart_record_end(run, record);
	put_item(run, proposal, (struct str){NULL, 0});
	if (incident != NULL)
		chart_incident_renew(run, incident->serial);
}

/* ---- alone ---- */

static bool
may_alone(struct run *run, const struct chart_event *event)
{
	if (run->chart->definition->alarm == NULL) {
		chart_step_refuse(run, REFUSED_STATE,
		    "nobody may do this alone here: the configuration has no "
		    "`break-glass.contact` that is told of it");
		return false;
	}
	if (!chart_actor_has(&event->actor, STR("operator"))) {
		chart_step_refuse(run, REFUSED_ROLE,
		    "to do this alone takes the role `operator`");
		return false;
	}
	return true;
}

static void
alarm(struct run *run, const struct proposal *proposal)
{
	struct chart *chart = run->chart;
	struct str key =
	    chart->business_key.at ? chart->business_key : str_of(chart->id);
	struct notice notice = {
	    .to = chart->definition->alarm,
	    .message = arena_strf(run->context->arena,
		"%.*s %.*s: %.*s did `%.*s` without a second person: %.*s",
		STR_ARG(chart->definition->name), STR_ARG(key),
		STR_ARG(proposal->by),
		STR_ARG(chart_proposal_act(proposal)),
		STR_ARG(proposal->reason)),
	    .severity = STR("critical"),
	    .state = SIZE_MAX,
	    .level = NOTICE_ALARM,
	    .step = SIZE_MAX,
	};

	chart_escalation_notify(run, &notice);
}

/* What it is about is still there to be told of. */
void
chart_proposal_alone(struct run *run, const struct incident *incident,
    const struct chart_event *event)
{
	struct proposal *proposal = add(run, incident, event);
	struct value_builder *record;

	must(run->chart->definition->alarm != NULL);
	proposal->is_done = true;
	proposal->reason = arena_str(run->chart->arena, event->break_glass);
	record = begin_record(run, AUDIT_GLASS_BROKEN, proposal);
	value_put_str(record, "reason", proposal->reason);
	value_put_str(record, "contact", run->chart->definition->alarm->name);
	chart_record_end(run, record);
	put_item(run, proposal, (struct str){NULL, 0});
	alarm(run, proposal);
}

bool
chart_proposal_pass(struct run *run, const struct incident *incident,
    const struct chart_event *event)
{
	if (!wants_second(run->chart, incident, event))
		return true;
	if (event->break_glass.bytes == 0) {
		propose(run, incident, event);
		return false;
	}
	if (!may_alone(run, event))
		return false;
	chart_proposal_alone(run, incident, event);
	return true;
}

/* ---- what becomes of it ---- */

static struct proposal **
find(struct chart *chart, uint64_t serial, bool is_done)
{
	struct proposal **link = &chart->proposals;

	while (*link != NULL &&
	       ((*link)->serial != serial || (*link)->is_done != is_done))
		link = &(*link)->next;
	return link;
}

/* The open one that the event is about; else refuses, and gives NULL. */
static struct proposal **
find_or_refuse(
    struct run *run, const struct chart_event *event, bool is_done)
{
	struct proposal **link = find(run->chart, event->serial, is_done);

	if (*link != NULL)
		return link;
	chart_step_refuse(run, REFUSED_ABSENT,
	    is_done ? "there is nothing of that kind to be acknowledged"
		    : "there is no such open proposal");
	return NULL;
}

/* Whether it is another person, and a known one. */
static bool
is_another(struct run *run, const struct proposal *proposal,
    const struct chart_event *event)
{
	if (!chart_person_is_known(event->actor.name)) {
		chart_step_refuse(run, REFUSED_EXCLUDED,
		    "say who you are: another person than %.*s is needed",
		    STR_ARG(proposal->by));
		return false;
	}
	if (!chart_person_is(event->actor.name, proposal->by))
		return true;
	chart_step_refuse(run, REFUSED_EXCLUDED,
	    "%.*s %s: another person is needed", STR_ARG(event->actor.name),
	    proposal->is_done ? "did this alone" : "proposed this");
	return false;
}

/* Takes it off the list first: what is done may lead anywhere. */
static void
perform(struct run *run, const struct proposal *proposal,
    const struct chart_event *event)
{
	struct chart_event act = {
	    .kind = proposal->incident != 0 ? EV_INCIDENT_SETTLED
					    : EV_CANCELLED,
	    .actor = event->actor,
	    .comment = proposal->comment,
	    .serial = proposal->incident,
	    .settlement = proposal->settlement,
	    .compensate = proposal->compensate,
	    .data = proposal->data,
	};

	run->proposed_by = proposal->by;
	if (proposal->incident == 0)
		chart_cancel_begin(run, &act);
	else
		chart_incident_perform(run, &act);
}

void
chart_proposal_confirm(struct run *run, const struct chart_event *event)
{
	struct proposal **link = find_or_refuse(run, event, false);
	const struct proposal *proposal;
	struct value_builder *record;

	if (link == NULL || !is_another(run, *link, event) ||
	    !chart_duty_may(run, &event->actor, PART_CONFIRM))
		return;
	proposal = *link;
	if (proposal->incident != 0 &&
	    !chart_incident_may_confirm(run, proposal, event->actor.name))
		return;
	chart_duty_take(run, &event->actor, PART_CONFIRM);
	record = begin_record(run, AUDIT_CONFIRMED, proposal);
	value_put_str(record, "proposed_by", proposal->by);
	put_comment(record, event);
	chart_record_end(run, record);
	put_item(run, proposal, STR("confirmed"));
	LIST_UNLINK(link);
	perform(run, proposal, event);
}

/* Also by whoever proposed it. */
void
chart_proposal_reject(struct run *run, const struct chart_event *event)
{
	struct proposal **link = find_or_refuse(run, event, false);
	struct value_builder *record;
	uint64_t incident;

	if (link == NULL)
		return;
	incident = (*link)->incident;
	record = begin_record(run, AUDIT_PROPOSAL_REJECTED, *link);
	value_put_str(record, "proposed_by", (*link)->by);
	put_comment(record, event);
	chart_record_end(run, record);
	put_item(run, *link, STR("rejected"));
	LIST_UNLINK(link);
	chart_incident_renew(run, incident);
}

void
chart_proposal_acknowledge(struct run *run, const struct chart_event *event)
{
	struct proposal **link = find_or_refuse(run, event, true);
	struct value_builder *record;

	if (link == NULL || !is_another(run, *link, event))
		return;
	record = begin_record(run, AUDIT_GLASS_ACKNOWLEDGED, *link);
	value_put_str(record, "done_by", (*link)->by);
	put_comment(record, event);
	chart_record_end(run, record);
	put_item(run, *link, STR("acknowledged"));
	LIST_UNLINK(link);
}

bool
chart_proposal_waits(const struct chart *chart)
{
	for (const struct proposal *proposal = chart->proposals;
	     proposal != NULL; proposal = proposal->next)
		if (proposal->is_done)
			return true;
	return false;
}

/* What was done alone still waits for another person, without what is sensitive
 * in its words. */
void
chart_proposal_erase(struct run *run, const struct mask *mask)
{
	struct arena *arena = run->context->arena;

	for (struct proposal *proposal = run->chart->proposals;
	     proposal != NULL; proposal = proposal->next) {
		struct str *texts[] = {&proposal->comment, &proposal->reason};

		for (size_t i = 0; i < COUNT_OF(texts); i++)
			if (texts[i]->at != NULL)
				*texts[i] = arena_str(run->chart->arena,
				    chart_mask_text(mask, arena, *texts[i]));
		proposal->data = NULL;
		put_item(run, proposal, (struct str){NULL, 0});
	}
}

/* A cancel was proposed for where the instance stood; one that is under way
 * already may wait for what only another one gives up. */
static bool
has_lapsed(const struct chart *chart, const struct proposal *proposal)
{
	if (proposal->is_done)
		return false;
	if (chart->ended)
		return true;
	return proposal->incident != 0
		   ? incident_of(chart, proposal) == NULL
		   : chart->entries != proposal->entries;
}

void
chart_proposal_sweep(struct run *run)
{
	for (struct proposal **link = &run->chart->proposals; *link != NULL;) {
		const struct proposal *proposal = *link;

		if (!has_lapsed(run->chart, proposal)) {
			link = &(*link)->next;
			continue;
		}
		chart_record_end(run,
		    begin_record(run, AUDIT_PROPOSAL_LAPSED, proposal));
		put_item(run, proposal, STR("lapsed"));
		LIST_UNLINK(link);
	}
}
