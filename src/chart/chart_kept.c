/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_kept.c: events from outside: taken, kept for later, or set aside.
 *
 * An event that no state takes yet is kept; one that a busy region may want
 * waits without a word.  What a later event has overtaken is ignored, whether
 * it came before or comes after.
 */
#include "chart_priv.h"

/* More than so many that nobody takes are a sender gone wild. */
#define KEPT_MAX 1000

static void
record_event(struct run *run, enum audit_kind kind, const struct kept *kept,
    const char *reason)
{
	struct value_builder *record = chart_record_begin(run, kind);

	value_put_str(record, "type", kept->type);
	value_put_str(record, "subject", kept->subject);
	chart_record_value(
	    record, "event_id", value_get_cstr(kept->event, "id"));
	if (reason != NULL)
		value_put_str(record, "reason", str_of(reason));
	chart_record_end(run, record);
}

/* The caller is told of the event that it brought, and of no other. */
static void
set_fate(struct run *run, const struct kept *kept, struct str fate)
{
	if (kept == run->arrived)
		run->effects->event_fate = fate;
}

static bool
is_superseded(const struct def_event *by, struct str type)
{
	return str_is_among(type, by->supersedes, by->supersedes_count);
}

/* A number is met by two texts. */
static bool
is_same(struct run *run, const struct def_event *event, struct str subject,
    struct str other)
{
	return str_equal(subject, other) ||
	       (chart_is_matched(run, event, subject) &&
		   chart_is_matched(run, event, other));
}

static bool
has_passed(struct run *run, const struct def_event *event, struct str type,
    struct str subject)
{
	for (const struct passed *passed = run->chart->passed; passed;
	     passed = passed->next)
		if (str_equal(passed->type, type) &&
		    is_same(run, event, passed->subject, subject))
			return true;
	return false;
}

/* What the event overtakes is set aside now, and when it comes later. */
static void
supersede(struct run *run, const struct kept *taken)
{
	struct chart *chart = run->chart;
	const struct def_event *by =
	    definition_find_event(chart->definition, taken->type);

	if (by == NULL)
		return;
	for (struct kept **link = &chart->kept; *link != NULL;) {
		struct kept *kept = *link;

		if (is_superseded(by, kept->type) &&
		    is_same(run, by, kept->subject, taken->subject)) {
			record_event(
			    run, AUDIT_EVENT_IGNORED, kept, "superseded");
			set_fate(run, kept, STR("ignored"));
			LIST_UNLINK(link);
		} else {
			link = &kept->next;
		}
	}
	for (size_t i = 0; i < by->supersedes_count; i++) {
		struct passed *passed;

		if (has_passed(run, by, by->supersedes[i], taken->subject))
			continue;
		passed = ARENA_NEW(chart->arena, struct passed);
		passed->type = by->supersedes[i];
		passed->subject = taken->subject;
		LIST_APPEND(chart->passed, passed);
	}
}

void
chart_kept_take(struct run *run, struct kept **link,
    const struct chosen *chosen, struct strand *instead)
{
	struct kept *kept = *link;

	LIST_UNLINK(link);
	run->microsteps = 0; /* it came from outside, and there is an end of them */
	supersede(run, kept);
	set_fate(run, kept, STR("taken"));
	chart_plan_take(run, chosen, instead, kept->type, kept->event);
}

/* The value that an instance waits for may have changed since an event came:
 * what was said of a former order doesn't hold for the present one. */
static bool
is_for_now(struct run *run, const struct kept *kept)
{
	const struct def_event *declared =
	    definition_find_event(run->chart->definition, kept->type);

	return declared != NULL &&
	       chart_is_matched(run, declared, kept->subject);
}

static enum selected
select_kept(struct run *run, const struct kept *kept, enum select_mode mode,
    struct chosen *chosen)
{
	const struct signal signal = {
	    .name = kept->type,
	    .event = kept->event,
	    .only = SIZE_MAX,
	    .from = SIZE_MAX,
	};

	return chart_select(run, &signal, mode, chosen);
}

struct kept **
chart_kept_find(struct run *run, struct kept **from, enum select_mode mode,
    struct chosen *chosen)
{
	struct kept **link = from;

	for (; *link != NULL; link = &(*link)->next)
		if (select_kept(run, *link, mode, chosen) == SELECTED_NOW &&
		    is_for_now(run, *link))
			return link;
	return NULL;
}

/* The one that has just come is not kept where too many are: the caller makes
 * a dead letter of it. */
static void
refuse_beyond(struct run *run)
{
	struct kept **link = &run->chart->kept;
	size_t count = 0;

	if (run->arrived == NULL)
		return;
	for (; *link != NULL && *link != run->arrived; link = &(*link)->next)
		count++;
	if (*link == NULL || count < KEPT_MAX)
		return;
	record_event(
	    run, AUDIT_EVENT_IGNORED, *link, "too many are kept already");
	set_fate(run, *link, STR("refused"));
	LIST_UNLINK(link);
}

/* Whether what is busy now may want it.  Steps may lead to a state that does;
 * what counts only now doesn't wait for that. */
static bool
is_wanted(struct run *run, const struct kept *kept, bool counts_now)
{
	struct chosen chosen;

	return run->chart->strands != NULL &&
	       (!counts_now || chart_select_is_named(run->chart, kept->type)) &&
	       select_kept(run, kept, SELECT_FREE, &chosen) == SELECTED_LATER;
}

/* What came and was not taken is told of once; what a busy region may want is
 * not told of yet.  What stands still makes what counts only now wait for
 * nothing else. */
void
chart_kept_tell(struct run *run)
{
	struct chart *chart = run->chart;
	bool stands_still = chart->suspended || chart->cancelling;

	if (chart->ended)
		return;
	refuse_beyond(run);
	for (struct kept **link = &chart->kept; *link != NULL;) {
		struct kept *kept = *link;
		const struct def_event *event =
		    definition_find_event(chart->definition, kept->type);
		bool counts_now = event != NULL && !event->keep;

		if ((stands_still && !counts_now) ||
		    is_wanted(run, kept, counts_now)) {
			link = &kept->next;
			continue;
		}
		if (counts_now) {
			record_event(
			    run, AUDIT_EVENT_IGNORED, kept, "not expected now");
			set_fate(run, kept, STR("ignored"));
			LIST_UNLINK(link);
			continue;
		}
		if (!kept->told)
			record_event(run, AUDIT_EVENT_KEPT, kept, NULL);
		kept->told = true;
		link = &kept->next;
	}
}

void
chart_kept_end(struct run *run)
{
	struct kept *kept = run->chart->kept;

	for (; kept != NULL; kept = kept->next) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "ended");
		set_fate(run, kept, STR("ignored"));
	}
	run->chart->kept = NULL;
}

/* A transition that had to wait for its turn had taken it, and comes to
 * nothing. */
void
chart_kept_overtaken(struct run *run, const struct value *event)
{
	const struct kept taken = {
	    .type = value_field_str(event, "type"),
	    .subject = value_field_str(event, "subject"),
	    .event = event,
	};

	record_event(run, AUDIT_EVENT_IGNORED, &taken, "overtaken");
}

/* ---- coming in ---- */

static const struct value *
event_value(struct run *run, const struct chart_event *event)
{
	struct value_builder *built = value_build_context(run->chart->arena);

	value_put_str(built, "type", event->type);
	value_put_str(built, "subject", event->subject);
	value_put_str(built, "id", event->id);
	value_put_str(built, "source", event->source);
	value_put_str(built, "time", event->time);
	value_put(built, STR("data"),
	    event->data != NULL ? chart_env_keep(run, event->data)
				: &value_null);
	value_put_str(built, "actor", event->actor.name);
	return value_built(built);
}

static void
record_received(struct run *run, const struct kept *kept)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_EVENT_RECEIVED);

	value_put_str(record, "type", kept->type);
	value_put_str(record, "subject", kept->subject);
	chart_record_value(
	    record, "event_id", value_get_cstr(kept->event, "id"));
	chart_record_value(
	    record, "source", value_get_cstr(kept->event, "source"));
	chart_record_value(
	    record, "event_time", value_get_cstr(kept->event, "time"));
	chart_record_value(record, "data", value_get_cstr(kept->event, "data"));
	chart_record_end(run, record);
}

static const char data_fails[] = "its data fails the schema";

static bool
data_is_valid(struct run *run, const struct def_event *declared,
    const struct chart_event *event)
{
	const struct value *data = event->data ? event->data : &value_null;
	struct schema_errors errors = {.arena = run->context->arena};

	if (declared->data == NULL)
		return true;
	/* A digest has another form than what it stands for. */
	if (chart_replay_is_masked(run, data))
		return !chart_replay_ignored(run, declared->type, data_fails);
	return schema_validate(declared->data, data, &errors);
}

/* An event that a person delivers again, and another has confirmed; or that
 * one delivers alone. */
static void
take_parts(struct run *run, const struct chart_event *event)
{
	const struct chart_actor proposer = {.name = event->proposed_by};

	if (event->break_glass.bytes > 0) {
		chart_duty_take(run, &event->actor, PART_CORRECT);
		chart_proposal_alone(run, NULL, event);
	} else if (event->proposed_by.at != NULL) {
		run->proposed_by = event->proposed_by;
		chart_duty_take(run, &proposer, PART_CORRECT);
		chart_duty_take(run, &event->actor, PART_CONFIRM);
	}
}

void
chart_kept_receive(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	const struct def_event *declared =
	    definition_find_event(chart->definition, event->type);
	struct kept *kept = ARENA_NEW(chart->arena, struct kept);

	must(declared != NULL);
	if (chart_wants_second(chart))
		take_parts(run, event);
	kept->type = declared->type;
	kept->subject = arena_str(chart->arena, event->subject);
	kept->received_ms = event->received_ms;
	if (kept->received_ms > run->context->now_ms) /* the clock went back */
		kept->received_ms = run->context->now_ms;
	kept->event = event_value(run, event);
	record_received(run, kept);
	run->effects->event_fate = STR("ignored");
	if (chart->ended) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "ended");
	} else if (!data_is_valid(run, declared, event)) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, data_fails);
	} else if (has_passed(run, declared, kept->type, kept->subject)) {
		record_event(run, AUDIT_EVENT_IGNORED, kept, "superseded");
	} else {
		run->arrived = kept;
		set_fate(run, kept, STR("kept"));
		LIST_APPEND(chart->kept, kept);
	}
}
